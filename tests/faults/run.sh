#!/usr/bin/env bash
# Every planted fault is reported exactly as its program says, and the heap goes on after it.
#   tests/faults/run.sh [--build DIR] [--show] [NAME...]
exec python3 "$(dirname "$0")/run.py" "$@"
