#!/usr/bin/env bash
# Prints when the clocks of every time zone change, as an oracle outside the program has it.
#
# The version of tzdata is that of the rules in the program: IANA 2026e. Whoever raises jiff raises it.
# What is needed is put into a temporary folder, which goes at the end.
set -euo pipefail

here=$(realpath "$(dirname "$0")")
folder=$(mktemp -d "${TMPDIR:-/tmp}/medilink-zones.XXXXXX")
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tzdata==2026.5
"$folder/venv/bin/python" "$here/oracle.py" >"$folder/transitions.txt"
mv "$folder/transitions.txt" "$here/transitions.txt"
