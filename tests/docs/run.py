#!/usr/bin/env python3
"""Compares the documents with the headers, the command, the samples and what they print.

What is checked is marked in the pages by comments:
  <!-- table: NAME -->        the rows below are those that tables.c prints for NAME
  <!-- code: FILE -->         the fenced block below is part of FILE
  <!-- output: NAME -->       every line of the fenced block below is printed by run NAME (see RUNS, SHELL);
                              numbers may differ, "..." stands for lines left out
Links whose text is a test's name lead to the file that holds the test.
"""
import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = "tests/docs"
GUESTRT = os.path.abspath(os.environ.get("GUESTRT", os.path.join(ROOT, "build/guestrt")))
PRELOAD = os.path.join(os.path.dirname(GUESTRT), "libguestrt-preload.so")
LIBRARY = os.path.join(os.path.dirname(GUESTRT), "libguestrt.a")
PAGES = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"]
REFERENCE = "docs/reference.md"
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
GENERATED_FLAGS = ["-std=c11", "-O2", "-ffp-contract=off", "-fno-math-errno", "-w"]
# Guest programs: what the examples run. A path without the suffix .c.
GUESTS = {"mistakes": "examples/tutorial/mistakes", "game": "examples/embed/guest/game",
          "wild": "examples/embed/guest/wild", "many": "examples/embed/guest/many",
          "vmx": "examples/embed/guest/vmx", "hang": "examples/embed/guest/hang",
          "tour": "examples/tour", "failing": "tests/guest/failing", "polling": "tests/guest/polling",
          "hidden": "tests/cli/guest/hidden"}
# NAME: arguments of `guestrt run` or `guestrt recompile`, a limit of address space in KiB.
RUNS = {
    "tour": (["run", "tour.elf"], None),
    "mistakes": (["run", "mistakes.elf"], None),
    "wild": (["run", "wild.elf"], None),
    "wild-continue": (["run", "--continue", "wild.elf"], None),
    "missing": (["run", "game.elf"], None),
    "missing-stop": (["run", "--stop-on-missing", "game.elf"], None),
    "many": (["run", "--heap-budget=0x50000", "many.elf"], None),
    "summary": (["run", "--summary", "game.elf"], None),
    "vmx": (["run", "vmx.elf"], None),
    "vmx-trap": (["run", "--trap-untranslated", "vmx.elf"], None),
    "hang": (["run", "-vv", "hang.elf"], None),
    "host": (["run", "game.elf"], 3000000),
    "recompile": (["recompile", "game.elf", "-o", "generated"], None),
    "version": (["--version", "--verbose"], None),
    "failing": (["run", "failing.elf"], None),
    "polling": (["run", "polling.elf"], None),
    "imports": (["exports", "--image=game.elf"], None),
    "hidden": (["run", "hidden.elf", "1"], None),
    "hidden-recompile": (["recompile", "hidden.elf", "-o", "generated"], None),
}
# NAME: what a shell runs, in this order; $GUESTRT and $PRELOAD are the command and the library.
SHELL = {
    "preload": "LD_PRELOAD=$PRELOAD GUESTRT_STATS=1 ./program",
    "record": "LD_PRELOAD=$PRELOAD GUESTRT_TRACE=program.trace ./program",
    "replay": "$GUESTRT replay program.trace",
    "replay-check": "$GUESTRT replay --check program.trace",
    "replay-damaged": "head -c 5000 program.trace >cut.trace; $GUESTRT replay cut.trace",
    "preload-full": "LD_PRELOAD=$PRELOAD GUESTRT_TRACE=/dev/full ./program",
}
# The exit code of each run that is not 0; None: still running when time is up.
CODES = {"imports": 1, "mistakes": 139, "wild": 132, "wild-continue": 132, "missing": 3, "missing-stop": 1,
         "vmx": 3, "vmx-trap": 132, "hang": None, "host": 4, "summary": 3, "hidden": 132,
         "replay-damaged": 3}

results = []


def report(name, problems):
    results.append(not problems)
    print(("FAIL " if problems else "PASS ") + name)
    for problem in problems[:20]:
        print("  " + problem)


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", **options)


def differences(left, right):
    """Lines only in [left] begin with '-', those only in [right] with '+'."""
    return [line for line in difflib.ndiff(left, right) if line[0] in "-+"]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def pages():
    found = PAGES + sorted("docs/" + name for name in os.listdir(os.path.join(ROOT, "docs"))
                           if name.endswith(".md"))
    return {path: read(path) for path in found}


# ---- tables -------------------------------------------------------------------------------------

def compile_c(sources, output, extra=()):
    done = run(["cc", "-std=gnu11", *WARNINGS, "-I", os.path.join(ROOT, "include"), *extra,
                *[os.path.join(ROOT, source) for source in sources], LIBRARY, "-lm", "-pthread",
                "-o", output])
    return done.stderr.splitlines() if done.returncode else []


def printed_tables(work):
    program = os.path.join(work, "tables")
    problems = compile_c([HERE + "/tables.c"], program)
    report("the tables can be printed", problems)
    tables = {}
    if problems:
        return tables
    for line in run([program]).stdout.splitlines():
        if line.startswith("== "):
            name = line[3:]
            tables[name] = []
        else:
            tables[name].append(line)
    return tables


TABLE = re.compile(r"(<!-- table: ([a-z-]+) -->\n(?:\|[^\n]*\n){2})((?:\|[^\n]*\n)*)")


def check_tables(work, write):
    tables = printed_tables(work)
    text = read(REFERENCE)
    if write:
        text = TABLE.sub(lambda m: m[1] + "".join(r + "\n" for r in tables.get(m[2], [])), text)
        with open(os.path.join(ROOT, REFERENCE), "w", encoding="utf-8") as file:
            file.write(text)
    on_page = {match[2]: match[3].splitlines() for match in TABLE.finditer(text)}
    for name, rows in tables.items():
        report("table %s is on the page" % name, differences(on_page.get(name, []), rows))


# ---- the command's options ----------------------------------------------------------------------

def check_options():
    text = read(REFERENCE)
    for command in ["run", "recompile", "replay", "exports"]:
        options = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", run([GUESTRT, command, "--help"]).stdout)
        section = re.search(r"### guestrt %s\n(.*?)\n##" % command, text, re.S)
        missing = [o for o in dict.fromkeys(options) if not section or not re.search(
            r"(?<![\w-])%s(?![\w-])" % re.escape(o), section[1])]
        report("the options of `%s` are on the page" % command,
               missing if options else ["the command names no options"])
    variables = set()
    for folder in ["cli", "src/os/tool", "preload"]:
        for name in os.listdir(os.path.join(ROOT, folder)):
            variables |= set(re.findall(r'(?:getenv|preload_variable)\("(\w+)"\)',
                                        read(os.path.join(folder, name))))
    report("environment variables are on the page",
           ["%s is missing" % v for v in sorted(variables) if "`%s`" % v not in text])


def check_tags():
    tags = set()
    for folder, _, names in [*os.walk(os.path.join(ROOT, "src")),
                             *os.walk(os.path.join(ROOT, "preload"))]:
        for name in names:
            text = read(os.path.join(folder, name))
            tags |= set(re.findall(r'preload_say\("([A-Z_-]+)"', text))
            tags |= set(re.findall(r'GRT_LOG_(?:ERROR|WARN|INFO|DEBUG),\s*"([A-Z_-]+)"', text))
            tags |= set(re.findall(r'#define TAG "([A-Z_-]+)"', text))
    text = read(REFERENCE)
    report("log tags are on the page",
           ["[%s] is missing" % t for t in sorted(tags) if "`[%s]`" % t not in text])


# ---- samples ------------------------------------------------------------------------------------

def build_guests(work):
    problems = []
    for name, source in GUESTS.items():
        done = run([os.path.join(ROOT, "scripts/guest-cc"), "-I", os.path.join(ROOT, "tests/guest"),
                    "-o", name + ".elf", os.path.join(ROOT, source + ".c")], cwd=work)
        if done.returncode:
            problems += [name] + done.stderr.splitlines()
    report("the guest programs compile", problems)


def build_program(work):
    done = run(["cc", "-O1", *WARNINGS, "-Wno-use-after-free", "-o", "program",
                os.path.join(ROOT, "examples/preload/program.c")], cwd=work)
    report("the program for the preload library compiles",
           done.stderr.splitlines() if done.returncode else [])


def address_of(work, symbol):
    names = run(["powerpc-linux-gnu-nm", "game.elf"], cwd=work).stdout
    return re.search(r"^(\w{8}) T %s$" % symbol, names, re.M)[1].upper()


def build_generated(work):
    """The translated game as object files, and how to find its headers."""
    generated = os.path.join(work, "generated")
    done = run([GUESTRT, "recompile", "-q", "game.elf", "-o", generated], cwd=work)
    problems = done.stderr.splitlines() if done.returncode else []
    objects = []
    for name in sorted(os.listdir(generated)) if not problems else []:
        if name.endswith(".c"):
            objects.append(os.path.join(generated, name[:-2] + ".o"))
            done = run(["cc", *GENERATED_FLAGS, "-I", os.path.join(ROOT, "include"), "-c",
                        os.path.join(generated, name), "-o", objects[-1]])
            problems += done.stderr.splitlines() if done.returncode else []
    report("the game can be translated and compiled", problems)
    return objects, ["-I", generated, *objects]


def sample_with_address(work, source):
    """A copy of the sample, with the address of score() as it is in this build of the game."""
    address = address_of(work, "score")
    copy = os.path.join(work, os.path.basename(source))
    with open(copy, "w", encoding="utf-8") as file:
        file.write(read(source).replace("82001028", address))
    return copy


def comparable(lines):
    """The counts of what was loaded change with the compiler."""
    return [without_numbers(line) if line.startswith("info") else line for line in lines]


def check_samples(work):
    _, extra = build_generated(work)
    for name in sorted(os.listdir(os.path.join(ROOT, "examples/embed"))):
        if not name.endswith(".c"):
            continue
        program = os.path.join(work, name[:-2])
        sources = [sample_with_address(work, "examples/embed/" + name)]
        if name == "override.c":
            sources.append("examples/embed/embed.c")
        problems = compile_c(sources, program, extra)
        if not problems:
            said = run([program], cwd=work, timeout=60).stdout.splitlines()
            wanted = read("%s/expected/%s.txt" % (HERE, name[:-2])).splitlines()
            problems = differences(comparable(wanted), comparable(said))
        report("sample %s compiles and prints what is expected" % name, problems)


# ---- quotations ---------------------------------------------------------------------------------

CODE = re.compile(r"(<!-- code: (\S+) -->\n```\w+\n)(.*?)(```)", re.S)
OUTPUT = re.compile(r"<!-- output: (\S+) -->\n```\w*\n(.*?)```", re.S)


def check_code():
    for path, text in pages().items():
        for match in CODE.finditer(text):
            source = read(match[2])
            problems = [] if match[3] in source else [
                line for line in match[3].splitlines() if line not in source.splitlines()
            ] or ["its lines are there, but not together"]
            report("%s quotes %s" % (path, match[2]), problems)


def without_numbers(line):
    """Addresses and counts change with every change of the program; words do not."""
    line = re.sub(r"0x[0-9A-Fa-f]+|\b[0-9A-F]{8,16}\b|\b\d+(\.\d+)?", "N", line)
    return re.sub(r"\s+", " ", line).strip()


def output_of(work, name):
    arguments, limit = RUNS[name]
    command = [GUESTRT, *arguments]
    if limit:
        command = ["bash", "-c", 'ulimit -v %d; exec "$0" "$@"' % limit, *command]
    try:
        done = run(command, cwd=work, timeout=2 if name == "hang" else 120)
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode() + (late.stderr or b"").decode()


def output_of_shell(work, name):
    done = run(["bash", "-c", SHELL[name]], cwd=work, timeout=120,
               env={**os.environ, "GUESTRT": GUESTRT, "PRELOAD": PRELOAD})
    return done.returncode, done.stdout + done.stderr


def check_outputs(work):
    outputs = {name: output_of(work, name) for name in RUNS}
    outputs.update((name, output_of_shell(work, name)) for name in SHELL)
    report("exit codes", ["%s: %s" % (name, code) for name, (code, _) in outputs.items()
                          if code != CODES.get(name, 0)])
    for path, text in pages().items():
        for match in OUTPUT.finditer(text):
            said = {without_numbers(line) for line in outputs[match[1]][1].splitlines()}
            problems = [line for line in match[2].splitlines()
                        if line.strip() not in ("", "...") and not line.startswith("$ ")
                        and without_numbers(line) not in said]
            report("%s quotes what %s prints" % (path, match[1]), problems)


TEST = re.compile(r"\[`(test_\w+)`\]\(([^)]+\.c)\)")


def check_test_links():
    for path, text in pages().items():
        problems, count = [], 0
        for name, target in TEST.findall(text):
            count += 1
            file = os.path.normpath(os.path.join(ROOT, os.path.dirname(path), target))
            if not os.path.exists(file) or not re.search(r"\bvoid %s\(" % name, read(file)):
                problems.append("%s is not in %s" % (name, target))
        if count:
            report("%s names tests that exist (%d)" % (path, count), problems)


def main():
    parser = argparse.ArgumentParser(description="checks the documents")
    parser.add_argument("--write", action="store_true", help="bring the tables up to date")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        os.environ["XDG_CACHE_HOME"] = os.path.join(work, "cache")
        check_tables(work, options.write)
        check_options()
        check_tags()
        build_guests(work)
        build_program(work)
        check_samples(work)
        check_code()
        check_outputs(work)
        check_test_links()
    print("%d passed, %d failed" % (sum(results), len(results) - sum(results)))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
