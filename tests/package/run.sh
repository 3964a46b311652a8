#!/usr/bin/env bash
# A stranger's project uses the installed package: find_package and pkg-config, C and C++, static and
# shared, and as a subdirectory.
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$root/build/package
rm -rf "$work"
mkdir -p "$work"
passed=0 failed=0

try() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        echo "PASS $name"
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        tail -n 20 "$work/log"
    fi
}

says_hello() { # PROGRAM
    local said
    said=$(LD_LIBRARY_PATH="$work/shared/lib:$work/shared/lib/x86_64-linux-gnu" "$1")
    echo "$said"
    [ "$said" = "guestrt $(sed -n 's/^#define GRT_VERSION  *"\(.*\)"/\1/p' include/guestrt/version.h): block aligned, value 42" ]
}

install_as() { # KIND
    local shared=OFF
    [ "$1" = shared ] && shared=ON
    cmake -S . -B "$work/build-$1" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=$shared -DGUESTRT_BUILD_TESTS=OFF \
        -DGUESTRT_BUILD_EXAMPLES=OFF -DGUESTRT_BUILD_TOOLS=$([ "$1" = static ] && echo ON || echo OFF) \
        -DCMAKE_INSTALL_PREFIX="$work/$1" -DCMAKE_INSTALL_LIBDIR=lib &&
        cmake --build "$work/build-$1" -j2 && cmake --install "$work/build-$1"
}

with_find_package() { # KIND
    cmake -S tests/package/consumer -B "$work/consumer-$1" -G Ninja -DCMAKE_PREFIX_PATH="$work/$1" &&
        cmake --build "$work/consumer-$1" && says_hello "$work/consumer-$1/consumer_c" && says_hello "$work/consumer-$1/consumer_cpp"
}

with_pkg_config() { # KIND COMPILER SOURCE
    local static=() out="$work/pkg-$1-$2"
    [ "$1" = static ] && static=(--static)
    # shellcheck disable=SC2046
    PKG_CONFIG_PATH="$work/$1/lib/pkgconfig" "$2" -Wall -Wextra -Werror "tests/package/consumer/$3" -o "$out" \
        $(PKG_CONFIG_PATH="$work/$1/lib/pkgconfig" pkg-config --cflags --libs "${static[@]}" guestrt) && says_hello "$out"
}

as_subdirectory() {
    cmake -S tests/package/consumer -B "$work/subdirectory" -G Ninja -DGUESTRT_SOURCE="$root" &&
        cmake --build "$work/subdirectory" && says_hello "$work/subdirectory/consumer_c"
}

installed_command() {
    "$work/static/bin/guestrt" --version && "$work/static/bin/guestrt" --help | grep -q recompile
}

for kind in static shared; do
    try "install ($kind)" install_as $kind
    try "find_package, C and C++ ($kind)" with_find_package $kind
    try "pkg-config, C ($kind)" with_pkg_config $kind gcc consumer.c
    try "pkg-config, C++ ($kind)" with_pkg_config $kind g++ consumer.cpp
done
try "add_subdirectory" as_subdirectory
try "the installed command starts" installed_command
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
