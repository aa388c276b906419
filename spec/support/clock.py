"""The wall clock of the plugin, which a test sets while the plugin runs (shift.c)."""

import mmap
import os
import struct
import subprocess
import time

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shift.c")


class Clock:
    """`environment` goes to the plugin."""

    def __init__(self, folder):
        library, path = os.path.join(str(folder), "shift.so"), os.path.join(str(folder), "shift")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
        with open(path, "wb") as file:
            file.write(bytes(8))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": library, "SHIFT_FILE": path}

    def set(self, seconds):
        """So much the clock is ahead of this machine's from now on."""
        self.page[:] = struct.pack("=q", int(seconds))

    def set_year(self, year):
        """To one of its first days."""
        self.set(time.mktime((year, 1, 3, 0, 0, 0, 0, 1, 0)) - time.time())
