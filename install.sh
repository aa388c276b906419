#!/bin/sh
# PG3 runs this once after unpacking: the run bits that zip archives lose, and a self-test of the program
# for this system. victron.py finds the same program. Plain POSIX sh; no network, no packages, no root.
cd "$(dirname "$0")" || exit 1
system=$(uname -s | tr '[:upper:]' '[:lower:]')
machine=$(uname -m)
case $machine in
x86_64) machine=amd64 ;;
aarch64) machine=arm64 ;;
esac
chmod 755 victron.py install.sh
mkdir -p persist/scripts # for the owner's device scripts; PG3 keeps this folder over updates

program=bin/victron-host # built on this machine
[ -f "$program" ] || program=bin/victron-host-$system-$machine
if [ ! -f "$program" ]; then
    echo "This archive has no program for $system on $machine, only: $(ls bin)." >&2
    echo "Take the archive for this system, or build the program here (docs/architecture.md, Building)" >&2
    echo "and put it into $(pwd)/bin as victron-host. Then install again." >&2
    exit 1
fi
chmod 755 "$program"
if ! "./$program" --version; then
    echo "$program does not run on this system ($(uname -srm))." >&2
    echo "A released program needs FreeBSD 14.0 or later, or Linux: update the system. Or build the program" >&2
    echo "here (docs/architecture.md, Building) and put it into $(pwd)/bin as victron-host." >&2
    echo "Then install again." >&2
    exit 1
fi
