#!/bin/sh
# Compares every translated instruction with qemu; see README.md. Options: run.sh --help.
exec python3 -B "$(dirname "$0")/run.py" "$@"
