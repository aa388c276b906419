"""The soak's clock: the machine's time, ahead by what `leap` has added. The plugin sees it too (clock.c)."""

import mmap
import os
import struct
import subprocess
import time

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock.c")

NO_TRANSFER = 2         # descriptors the plugin's loop always waits for: its wake and the signals


def reaches(program):
    """Whether clock.c can be preloaded into a program: one for Linux that glibc's linker loads."""
    with open(program, "rb") as file:
        return b"/ld-linux" in file.read(4096)


class Clock:
    """`environment` goes to the plugin. Seconds everywhere."""

    def __init__(self, folder):
        library, path = os.path.join(str(folder), "clock.so"), os.path.join(str(folder), "clock")
        subprocess.run(["cc", "-std=c11", "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
        with open(path, "wb") as file:
            file.write(bytes(32))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 32)
        self.environment = {"LD_PRELOAD": library, "SOAK_CLOCK": path}
        self.ahead = 0.0
        self.began = time.time()

    def leap(self, seconds, running, patience=30):
        """Asks the plugin's clock to leap and waits until it has, while running() is true; at most so many real
        seconds. -> whether it has."""
        self.ahead += seconds
        wanted = struct.pack("=q", int(self.ahead * 1e9))
        self.page[8:16] = wanted
        until = time.monotonic() + patience
        while self.page[:8] != wanted and running() and time.monotonic() < until:
            time.sleep(0.0003)
        return self.page[:8] == wanted

    def transfers(self):
        """How many of its requests to VRM the plugin waited for at the last leap."""
        return struct.unpack("=q", self.page[16:24])[0] - NO_TRANSFER

    def disk_full(self, full):
        self.page[24:] = struct.pack("=q", int(full))

    def elapsed(self):
        """Virtual seconds since the clock was made."""
        return time.time() - self.began + self.ahead

    def name(self):
        """The moment for people: "day 3 07:12:40"."""
        day, rest = divmod(int(self.elapsed()), 86400)
        return f"day {day} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
