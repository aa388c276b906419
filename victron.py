#!/usr/bin/env python3
"""PG3 starts this file; it becomes the program in bin/ (docs/pg3.md, The launcher: PG3 starts python3 or node).

The program is bin/victron-host (built on this machine), else the released one for this system, for example
bin/victron-host-freebsd-amd64. exec keeps the process id. argv[0] stays "python3": the service scripts of
PG3x look for that name. Nothing may reach stdout or stderr: what fails here is one line in logs/debug.log.
Where there can be no log, the program starts nevertheless: it says so in PG3.
"""
import os
import stat
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def open_log():
    """PG3's account reads the log, whatever umask the plugin was started with. O_NONBLOCK: a FIFO in its
    place is not waited for. None: there can be none."""
    os.umask(0o022)
    try:
        os.makedirs("logs", exist_ok=True)
        log = os.open("logs/debug.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK, 0o644)
    except OSError:
        return None
    return log if stat.S_ISREG(os.fstat(log).st_mode) else None


def find_program():
    system = os.uname()
    machine = MACHINES.get(system.machine, system.machine)
    built = os.path.join(HERE, "bin", "victron-host")
    released = f"{built}-{system.sysname.lower()}-{machine}"
    program = built if os.path.exists(built) else released
    if not os.path.exists(program):
        raise OSError(f"there is no {released}, the program for {system.sysname} on {machine}")
    if not os.access(program, os.X_OK):
        os.chmod(program, 0o755)  # zip archives lose the run bit
    return program


def main():
    log = None
    try:
        os.chdir(HERE)
        log = open_log()
        out = os.open(os.devnull, os.O_WRONLY) if log is None else log
        os.dup2(out, 1)  # the dynamic linker's complaints too
        os.dup2(out, 2)
        os.execv(find_program(), ["python3"] + sys.argv[1:])
    except Exception as error:  # nobody is there to see it raised
        if log is not None:
            now = time.strftime("%Y-%m-%d %H:%M:%S.000")
            line = (f"{now} ERROR main: The plugin cannot be started ({error}). "
                    "Run 'sh install.sh' in the plugin's folder: it says what is wrong.\n")
            os.write(log, line.encode())
        os._exit(1)


main()
