"""Traces of real programs for bench/heap.py: made when they are not there yet, never committed.

Each program is run once under libguestrt-preload.so; what it allocates depends on the files in
bench/programs and on nothing else of this tree. bench_events makes a trace into a file of events,
which the benchmark replays without decoding anything.
"""
import glob
import os
import shutil
import subprocess
import sys

PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
NAMES = ["cc1", "git", "lua", "pack", "perl", "python", "sqlite"]
EVENTS_AT_MOST = 1000000

FUNCTION = """
struct node_{n} {{ struct node_{n} *next; double weight[{w}]; int tag; }};
static int count_{n}(const struct node_{n} *node, int wanted)
{{
    int found = 0;
    for (; node; node = node->next) {{
        for (int i = 0; i < {w}; i++)
            found += node->weight[i] > {n}.5 * i && node->tag == wanted;
        switch (node->tag % {w}) {{
        case 0: found ^= {n}; break;
        case 1: found += wanted * {n}; break;
        default: found -= i_{p}(found);
        }}
    }}
    return found;
}}
int i_{n}(int value)
{{
    struct node_{n} list[{w}] = {{{{0}}}};
    for (int i = 0; i + 1 < {w}; i++)
        list[i].next = &list[i + 1], list[i].tag = value * i;
    return count_{n}(list, value % {w}) + (value > 9 ? i_{p}(value / 2) : value);
}}
"""


# What a user configured, a locale, a date or a random seed must not change a trace. Python's own
# pool would hide nearly all of its blocks.
FIXED = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0", "PERL_HASH_SEED": "0", "LC_ALL": "C",
         "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
         "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z"}


def c_program(functions):
    text = "int i_0(int value) { return value; }\n"
    return text + "".join(FUNCTION.format(n=n, p=n - 1, w=3 + n % 6) for n in range(1, functions))


def run(command, directory, **environment):
    done = subprocess.run(command, cwd=directory, env=dict(os.environ, **FIXED, **environment), stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit("traces: %s failed:\n%s" % (" ".join(command), done.stderr[-2000:]))


def write(directory, name, text):
    with open(os.path.join(directory, name), "w") as file:
        file.write(text)


def make_history(directory):
    """A git repository of one program that grows and is edited."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"]
    run(git + ["init", "-q", "."], directory)
    for step in range(1, 61):
        for part in range(12):
            lines = c_program(90 + step + part).split("\n")
            kept = [line for i, line in enumerate(lines) if (i * 7 + part) % 61 != step]
            write(directory, "part%d.c" % part, "\n".join(kept))
        run(git + ["add", "."], directory)
        run(git + ["commit", "-q", "-m", "step %d" % step], directory)


def command_of(name, directory):
    """Prepares [directory] for the program and says how it is started there."""
    def program(file):
        return os.path.join(PROGRAMS, file)
    if name == "cc1":
        write(directory, "program.c", c_program(45))
        cc1 = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True).stdout.strip()
        return [cc1, "-quiet", "-O2", "program.c", "-o", "program.s"]
    if name in ("git", "pack"):
        make_history(directory)
    return {
        "git": ["git", "--no-pager", "log", "-p", "--stat"],
        "pack": ["git", "pack-objects", "--all", "--stdout", "-q", "--window=50", "--threads=1"],
        "lua": ["lua5.4", program("lua.lua")],
        "perl": ["perl", program("perl.pl")],
        "python": [sys.executable, program("python.py")],
        "sqlite": ["sqlite3", ":memory:", ".read " + program("sqlite.sql")],
    }[name]


def record(name, preload, trace):
    """Runs the program once; its heap calls end up in [trace]."""
    print("traces: recording " + name, file=sys.stderr)
    directory = trace + ".run"
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    command = command_of(name, directory)
    run(command, directory, LD_PRELOAD=preload, GUESTRT_TRACE=trace)
    shutil.rmtree(directory)


def convert(build, trace, events):
    command = [os.path.join(build, "bench", "bench_events"), trace, events, str(EVENTS_AT_MOST)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("traces: %s: %s" % (trace, done.stderr.strip()))


def is_older(events, sources):
    return not os.path.exists(events) or any(os.path.getmtime(s) > os.path.getmtime(events) for s in sources)


def recorded(build):
    """Files of events of all programs; recorded when they are missing or their sources are newer."""
    directory = os.path.join(build, "bench", "traces")
    os.makedirs(directory, exist_ok=True)
    sources = [__file__] + glob.glob(os.path.join(PROGRAMS, "*"))
    for name in NAMES:
        trace, events = os.path.join(directory, name + ".trace"), os.path.join(directory, name + ".events")
        if is_older(events, sources):
            record(name, os.path.join(build, "libguestrt-preload.so"), trace)
            convert(build, trace, events)
            os.remove(trace)
    return [os.path.join(directory, name + ".events") for name in NAMES]


def given(build, directory):
    """Files of events of the traces (*.trace) that somebody else recorded, and those of events."""
    found = {name: os.path.join(directory, name) for name in sorted(os.listdir(directory))}
    out = os.path.join(build, "bench", "traces", "given")
    os.makedirs(out, exist_ok=True)
    for name in [name for name in found if name.endswith(".trace")]:
        events = name[:-len(".trace")] + ".events"
        convert(build, found[name], os.path.join(out, events))
        found[events] = os.path.join(out, events)
    return [path for name, path in sorted(found.items()) if name.endswith(".events")]
