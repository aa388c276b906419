#!/bin/sh
# PG3 runs this once after unpacking: the run bits that zip archives lose, and a self-test.
cd "$(dirname "$0")" || exit 1
chmod 755 victron.py bin/victron-host || exit 1
if ! bin/victron-host --version; then
    echo "bin/victron-host does not run on this system ($(uname -sm))." >&2
    echo "Build it here as README.md says under 'Building', and install again." >&2
    exit 1
fi
