#!/usr/bin/env python3
"""Size and memory of programs beside each other (Linux): release/figures.py PROGRAM...

Each runs its demo for a while: three installations, a poll every two seconds. Prints, does not judge."""

import os
import signal
import subprocess
import sys
import time

SECONDS = 8


def memory(pid):
    """{"RssAnon": kB, ...} of /proc's status."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        rows = (line.split() for line in file)
        return {row[0].rstrip(":"): int(row[1]) for row in rows if row[0].startswith(("Rss", "VmHWM", "VmRSS"))}


def measure(program):
    with subprocess.Popen([program, "--demo"], cwd=os.path.dirname(os.path.dirname(program)),
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        time.sleep(SECONDS)
        found = memory(process.pid)
        process.send_signal(signal.SIGTERM)
    return found


def main(*programs):
    print("size MB  memory MB  own MB  peak MB  program")
    for program in map(os.path.abspath, programs):
        found = measure(program)
        columns = [os.path.getsize(program) / 1e6, *(found[name] / 1024 for name in ("VmRSS", "RssAnon", "VmHWM"))]
        print("{:7.2f}  {:9.1f}  {:6.1f}  {:7.1f}  {}".format(*columns, os.path.basename(program)))


main(*sys.argv[1:])
