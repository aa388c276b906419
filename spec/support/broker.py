"""A real mosquitto on a free port of 127.0.0.1, with a second, open listener for the tests' side."""

import collections
import os
import random
import signal
import socket
import subprocess
import time


WORKERS, PORTS = 32, 680    # processes that run tests, ports of each
_given = collections.deque(maxlen=PORTS // 4)       # nobody may listen on one yet


def _first_port():
    """Of this process: in another's a broker that restarts would find its port taken."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    return 10000 + PORTS * (int(worker) % (WORKERS - 1) if worker.isdigit() else WORKERS - 1)


def free_port():
    """A TCP port nobody listens on, and no call gave a short while ago, below those that the system gives to outgoing
    connections: one of these could be taken before mosquitto listens, or while it restarts."""
    while True:
        port = _first_port() + random.SystemRandom().randrange(PORTS)
        with socket.socket() as s:
            if port not in _given and s.connect_ex(("127.0.0.1", port)) != 0:
                _given.append(port)
                return port


def port_answers(port):
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """`settings` are mosquitto's lines for the plugin's listener. Two ports: `port` for the plugin,
    `test_port` (plain, anonymous) for the stand-in of PG3. web: with a third, `web_port`, the same for websockets."""

    def __init__(self, folder, settings, web=False):
        self.folder = str(folder)
        self.port = free_port()
        self.test_port = free_port()
        self.log_file = os.path.join(self.folder, "mosquitto.log")
        self.config_file = os.path.join(self.folder, "mosquitto.conf")
        self.process = None
        lines = ["per_listener_settings true", "user root", "persistence false",
                 "log_type all", f"log_dest file {self.log_file}", "sys_interval 0",
                 f"listener {self.test_port} 127.0.0.1", "allow_anonymous true",
                 f"listener {self.port} 127.0.0.1", *settings]
        if web:
            self.web_port = free_port()
            lines += [f"listener {self.web_port} 127.0.0.1", "protocol websockets", *settings]
        with open(self.config_file, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def start(self):
        self.process = subprocess.Popen(["mosquitto", "-c", self.config_file],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while not (port_answers(self.port) and port_answers(self.test_port)):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"mosquitto did not start:\n{self.log_text()}")
            time.sleep(0.01)

    def stop(self):
        """Ends mosquitto; its retained messages are gone with it."""
        if self.process is None:
            return
        self.thaw()
        self.process.terminate()
        try:
            self.process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def freeze(self):
        """From now on it neither reads nor answers; connections stay open."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def log_text(self):
        try:
            with open(self.log_file, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""
