#!/usr/bin/env bash
# The documents say what is true: tables, options, samples, quoted code, quoted output, test names.
#   tests/docs/run.sh            checks
#   tests/docs/run.sh --write    also brings the tables up to date
# Takes the command from $GUESTRT (default build/guestrt), and the library beside it.
exec python3 "$(dirname "$0")/run.py" "$@"
