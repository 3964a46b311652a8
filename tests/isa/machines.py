"""Assembles the stubs and runs them: on the oracles, and translated by the recompiler."""

import concurrent.futures
import glob
import os
import struct
import subprocess

import record

ASSEMBLERS = {"m32": ("powerpc-linux-gnu-", ["-a32", "--defsym", "OUT32=1"], ["qemu-ppc"]),
              "m64": ("powerpc64-linux-gnu-", ["-a64", "--defsym", "OUT64=1"], ["qemu-ppc64", "-cpu", "970"]),
              "p7": ("powerpc64-linux-gnu-", ["-a64", "--defsym", "OUT64=1"], ["qemu-ppc64", "-cpu", "power7"]),
              "ours": ("powerpc-linux-gnu-", ["-a32"], None)}
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def run(command, **arguments):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **arguments)
    if done.returncode:
        text = done.stderr.decode(errors="replace") or done.stdout.decode(errors="replace")
        raise SystemExit(f"isa: {' '.join(command)} ended with {done.returncode}\n{text[:4000]}")
    return done.stdout


def stub_text(stub, oracle):
    body = stub.oracle_body if oracle and stub.oracle_body else stub.body
    align = 6 if stub.oracle_body else 2
    lines = [f"    .p2align {align}", f".type stub_{stub.index}, @function", f"stub_{stub.index}:"]
    lines += [f"    .long 0x{line:08x}" if isinstance(line, int) else f"    {line}" for line in body]
    lines += ["    blr", f".size stub_{stub.index}, . - stub_{stub.index}", f"    .p2align {align}"]
    return lines


def write_source(stubs, path, machine):
    """The stubs and the table of them. For qemu-ppc64 the file says that functions have no
    descriptors (ABI 2)."""
    oracle = machine != "ours"
    lines = [".abiversion 2"] if machine in ("m64", "p7") else []
    lines += ['.section .stubs, "ax"', ".globl isa_callee", ".type isa_callee, @function", "isa_callee:",
              "    li 3, 1", "    blr", ".size isa_callee, . - isa_callee"]
    for stub in stubs:
        lines += stub_text(stub, oracle)
    lines += [".section .rodata", ".globl stub_table", "stub_table:"]
    lines += [f"    .long stub_{stub.index}" for stub in stubs]
    lines += [f".globl low_window", '.section .low, "aw", @nobits', "low_window:", "    .space 64"]
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


def link(stubs, directory, machine):
    """Builds the program for [machine] and returns its path."""
    tools, flags, _ = ASSEMBLERS[machine]
    source = os.path.join(directory, f"stubs_{machine}.s")
    write_source(stubs, source, machine)
    objects = []
    for name in (os.path.join(HERE, "harness.s"), source):
        objects.append(os.path.join(directory, f"{os.path.basename(name)[:-2]}_{machine}.o"))
        run([tools + "as", "-many", *flags, "-o", objects[-1], name])
    program = os.path.join(directory, f"isa_{machine}.elf")
    run([tools + "ld", "-o", program, "--build-id=none", "-z", "noexecstack", "-z", "max-page-size=4096",
         "--emit-relocs",
         "-Ttext=0x10000000", f"--section-start=.stubs={record.STUBS:#x}", "--section-start=.rodata=0x10800000",
         "--section-start=.data=0x10a00000", f"--section-start=.low={record.LOW_WINDOW:#x}",
         f"--section-start=.vectors={record.BUFFER:#x}", *objects])
    return program


def runnable(stub_oracles, vector, machine):
    return machine in stub_oracles and not (vector.low_only and machine != "m32")


def run_oracle(catalogue, directory, machine):
    """Runs every vector that [machine] can decide; returns the raw buffer."""
    program = link(catalogue.stubs, directory, machine)
    data = record.pack_all(catalogue.vectors, lambda v: runnable(v.stub.oracles, v, machine))
    output = run(ASSEMBLERS[machine][2] + [program], input=data)
    if len(output) != len(data):
        raise SystemExit(f"isa: {machine}: {len(output)} bytes came back of {len(data)}")
    return output


def words_of(program, stubs):
    """stub index -> its instruction words without the final blr, read from the linked program."""
    symbols = {}
    for line in run(["powerpc-linux-gnu-nm", "-S", program]).decode().splitlines():
        parts = line.split()
        if len(parts) == 4 and parts[3].startswith("stub_") and parts[3] != "stub_table":
            symbols[int(parts[3][5:])] = (int(parts[0], 16), int(parts[1], 16))
    text = program + ".stubs"
    run(["powerpc-linux-gnu-objcopy", "-O", "binary", "-j", ".stubs", program, text])
    with open(text, "rb") as file:
        code = file.read()
    words = {}
    for stub in stubs:
        address, size = symbols[stub.index]
        offset = address - record.STUBS
        words[stub.index] = (address, struct.unpack_from(f">{size // 4 - 1}I", code, offset))
    return words


# ---- our side --------------------------------------------------------------------------------------------

HOST_FLAGS = ["-std=gnu17", "-O2", "-ffp-contract=off", "-frounding-math", "-fno-math-errno",
              "-I" + os.path.join(ROOT, "include"), "-I" + os.path.join(ROOT, "recomp"),
              "-I" + os.path.join(ROOT, "src"), "-I" + HERE]
# Generated code, with the flags of docs/abi.md; -O1 here, as there is much of it.
GUEST_FLAGS = ["-std=c11", "-O1", "-ffp-contract=off", "-frounding-math", "-fno-math-errno",
               "-fno-strict-aliasing", "-Wall", "-Wextra", "-Werror", "-I" + os.path.join(ROOT, "include")]
STUBS_PER_FILE = 450


def compile_all(compiler, flags, sources, directory):
    """Compiles [sources], two at a time; returns the object files."""
    names = [os.path.relpath(source, ROOT if source.startswith(ROOT) else directory) for source in sources]
    objects = [os.path.join(directory, name[:-2].replace(os.sep, "_") + ".o") for name in names]
    commands = [[compiler, *flags, "-c", source, "-o", object_]
                for source, object_ in zip(sources, objects)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        list(pool.map(run, commands))
    return objects


def sources_of(*patterns):
    return [path for pattern in patterns for path in sorted(glob.glob(os.path.join(ROOT, pattern)))]


class Ours:
    """Our side: the recompiler's sources, what generated code links with, and the linked stubs."""

    def __init__(self, catalogue, directory, compiler):
        self.catalogue, self.directory, self.compiler = catalogue, directory, compiler
        self.program = link(catalogue.stubs, directory, "ours")
        self.words = words_of(self.program, catalogue.stubs)
        self.trap_word = next(line.split()[0] for line in
                              run(["powerpc-linux-gnu-nm", self.program]).decode().splitlines()
                              if line.endswith(" trap_word"))
        self.support = compile_all(compiler, HOST_FLAGS, sources_of("src/ppc/*.c"), self.make("support"))
        self.support += compile_all(compiler, HOST_FLAGS, [os.path.join(HERE, "host.c")], self.make("support"))

    def make(self, name):
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def tool(self, name):
        """Builds a tool of this directory. The recompiler is an archive, so that the one that needs the
        emitter alone does not need the rest."""
        place = self.make("recomp")
        archive = os.path.join(place, "recomp.a")
        if not os.path.exists(archive):
            sources = sources_of("recomp/*.c", "recomp/*/*.c")
            run(["ar", "rcs", archive, *compile_all(self.compiler, HOST_FLAGS, sources, place)])
        path = os.path.join(place, name)
        own = compile_all(self.compiler, HOST_FLAGS, [os.path.join(HERE, name + ".c")], place)
        run([self.compiler, *own, archive, "-o", path])
        return path

    def direct(self, mode):
        """One C function a stub, made of the emitter's text alone."""
        tool = self.tool("emit_stubs")
        place = self.make("direct_" + mode)
        plain = [stub for stub in self.catalogue.stubs if not stub.branches]
        sources = []
        for start in range(0, len(plain), STUBS_PER_FILE):
            listing = "".join(f"{stub.index} {address:x} {len(words)} {' '.join(f'{w:x}' for w in words)}\n"
                              for stub in plain[start:start + STUBS_PER_FILE]
                              for address, words in (self.words[stub.index],))
            sources.append(os.path.join(place, f"stubs_{len(sources)}.c"))
            with open(sources[-1], "wb") as file:
                file.write(run([tool, mode], input=listing.encode()))
        sources.append(os.path.join(place, "table.c"))
        with open(sources[-1], "w", encoding="ascii") as file:
            file.write(self.table(plain))
        # effects.c may name a register that the text of a special case does not need.
        flags = GUEST_FLAGS + ["-Wno-unused-but-set-variable"]
        objects = compile_all(self.compiler, flags, sources, place)
        return self.host("run_direct", objects, place)

    def table(self, plain):
        names = {stub.index: f"stub_{stub.index}" for stub in plain}
        lines = ['#include "guestrt/ppc.h"'] + [f"grt_ppc_function {name};" for name in names.values()]
        lines += [f"const uint32_t isa_stub_count = {len(self.catalogue.stubs)};",
                  "grt_ppc_function *const isa_stubs[] = {"]
        lines += [f"    {names.get(stub.index, '0')}," for stub in self.catalogue.stubs]
        return "\n".join(lines + ["};", ""])

    def full_state(self, mode):
        """As translated(), with every register in the context at every instruction."""
        return self.translated(mode, "full_state")

    def translated(self, mode, state="locals"):
        """The linked program through the whole recompiler."""
        tool = self.tool("translate")
        place = self.make(f"program_{mode}_{state}")
        run([tool, mode, state, self.program, place])
        sources = sorted(glob.glob(os.path.join(place, "*.c")))
        return self.host("run_program", compile_all(self.compiler, GUEST_FLAGS, sources, place), place)

    def host(self, main, objects, place):
        path = os.path.join(place, main)
        own = compile_all(self.compiler, HOST_FLAGS, [os.path.join(HERE, main + ".c")], place)
        run([self.compiler, *own, *objects, *self.support, "-lm", "-o", path])
        return path

    def run(self, host, data):
        return run([host, self.trap_word], input=data)
