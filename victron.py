#!/usr/bin/env python3
"""PG3 starts this file; it becomes the program in bin/ (PACKAGING.md: PG3 starts python3 or node only).

exec keeps the process id. argv[0] stays "python3": the service scripts of PG3x look for that name.
Nothing may reach stdout or stderr, so whatever fails here is one line in logs/debug.log.
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "bin", "victron-host")


def open_log():
    os.makedirs("logs", exist_ok=True)
    return os.open("logs/debug.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def main():
    log = None
    try:
        os.chdir(HERE)
        log = open_log()
        os.dup2(log, 1)  # the dynamic linker's complaints too
        os.dup2(log, 2)
        if not os.access(PROGRAM, os.X_OK):
            os.chmod(PROGRAM, 0o755)  # zip archives lose the run bit
        os.execv(PROGRAM, ["python3"] + sys.argv[1:])
    except Exception as error:  # nobody is there to see it raised
        if log is not None:
            now = time.strftime("%Y-%m-%d %H:%M:%S.000")
            line = f"{now} ERROR main: {PROGRAM} cannot be started ({error}). Reinstall the plugin.\n"
            os.write(log, line.encode())
        os._exit(1)


main()
