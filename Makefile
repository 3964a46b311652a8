# The two front doors. Everything behind them is CMake (see CMakePresets.json).
.PHONY: run test bench build setup format clean

setup:
	@scripts/setup

build: setup
	@scripts/build release

# Builds the library, the command and the example programs, and runs the tour.
run: build
	@build/guestrt run --summary build/examples/tour.elf

test: setup
	@scripts/test

bench: build
	@scripts/bench

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build
