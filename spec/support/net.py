"""Bad networks: a server that never speaks, a name that never resolves."""

import os
import socket
import subprocess
import threading

SLOW_DNS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
    if (name && strstr(name, "hangs.invalid")) {
        sleep(60);
        return EAI_AGAIN;
    }
    lookup *real = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, result);
}
"""


def slow_dns(folder):
    """-> a library for LD_PRELOAD; with it, looking up hangs.invalid takes a minute. None without
    a C compiler."""
    source, library = os.path.join(str(folder), "slow.c"), os.path.join(str(folder), "slow.so")
    with open(source, "w", encoding="ascii") as file:
        file.write(SLOW_DNS)
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True,
                       capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return library


class SilentServer:
    """Accepts connections on 127.0.0.1:`port` and says nothing, for ever."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        self.accepted = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            self.accepted.set()

    def close(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()
