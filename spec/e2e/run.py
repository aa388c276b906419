#!/usr/bin/env python3
"""Runs the end-to-end tests, several files at once: they wait more than they compute.

    PLUGIN_DIR=... python3 spec/e2e/run.py [-j FILES_AT_ONCE] [arguments for pytest]

The exit code is 0 when every file passed."""

import glob
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# The files that take longest start first; the others follow in alphabetical order.
LONGEST = ["test_vrm_faults.py", "test_start.py", "test_nodes.py", "test_params.py",
           "test_reconnect.py", "test_freshness.py"]


class Run:
    """One pytest for one file; what it says goes to a file until it has finished."""

    def __init__(self, path, arguments):
        self.path, self.begin = path, time.monotonic()
        self.output = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path, *arguments],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT)

    def ended(self):
        return self.process.poll() is not None

    def passed(self):
        """Prints what pytest said -> whether all tests passed."""
        self.output.seek(0)
        seconds = time.monotonic() - self.begin
        print(f"== {os.path.basename(self.path)}: {seconds:.0f} s\n{self.output.read()}", flush=True)
        self.output.close()
        return self.process.returncode in (0, 5)        # 5: -k left no test in this file


def run_all(paths, at_once, arguments):
    """Runs a pytest for each path, `at_once` at a time -> whether all passed."""
    waiting, running, passed = list(paths), [], True
    while waiting or running:
        while waiting and len(running) < at_once:
            running.append(Run(waiting.pop(0), arguments))
        time.sleep(0.1)
        for one in [one for one in running if one.ended()]:
            running.remove(one)
            passed = one.passed() and passed
    return passed


def main(arguments):
    at_once = 4
    if arguments[:1] == ["-j"]:
        at_once, arguments = int(arguments[1]), arguments[2:]
    names = [os.path.basename(path) for path in glob.glob(os.path.join(HERE, "test_*.py"))]
    names.sort(key=lambda name: (LONGEST.index(name) if name in LONGEST else len(LONGEST), name))
    begin = time.monotonic()
    passed = run_all([os.path.join(HERE, name) for name in names], at_once, arguments)
    print(f"End-to-end tests {'passed' if passed else 'FAILED'} in "
          f"{time.monotonic() - begin:.0f} s.")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
