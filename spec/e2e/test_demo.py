"""The README's first command: victron-host --demo, into a pipe and on a terminal."""

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest
import vrm_check
from vrm import FARM, HOUSE, VAN

from support.plugin import Plugin
from support.world import CONTROLLER, address

FARM_NODES = [("gw", 0, "pvdsijroe"), ("vb", 276, "peis"), ("bm", 512, "cihad"), ("sc", 290, "te"), ("pv", 20, "p"),
              ("gr", 30, "p"), ("gs", 60, "pda"), ("gn", 1, ""), ("ev", 40, "p"), ("hp", 41, "p"), ("al", 42, ""),
              ("tk", 21, ""), ("tk", 22, ""), ("ts", 24, ""), ("ts", 25, ""), ("me", 50, ""), ("dl", 291, ""), ("di", 1, "")]
NODES = [CONTROLLER, address(HOUSE, "gw"), address(HOUSE, "bm", 289), address(HOUSE, "sc", 288),
         address(HOUSE, "sc", 256), address(HOUSE, "vb", 276), address(HOUSE, "ts", 24), address(VAN, "gw"),
         address(VAN, "bm", 0), address(VAN, "sc", 279), address(VAN, "iv", 257), address(VAN, "tk", 20),
         address(VAN, "gp", 0),
         *[address(site, "bm", instance) + part for site, instance in ((HOUSE, 289), (VAN, 0)) for part in "ha"],
         *(address(site, "gw") + part for site in (HOUSE, VAN) for part in "dove"),
         *(address(FARM, code, instance) + part for code, instance, parts in FARM_NODES for part in ("", *parts))]
PATIENCE = 30.0         # seconds; python3 and openssl have to start
ROWS, COLUMNS = 90, 80
CONTROL = re.compile(r"\033\[[0-9;]*[A-Za-z]")


@pytest.fixture
def demo(plugin_source, tmp_path):
    """An installed plugin whose --demo is started by `begin`; at the end nothing of it may be left."""
    made = Plugin(plugin_source, tmp_path)
    made.processes = []
    yield made
    for process in made.processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert made.reports_text() == "", made.reports_text()


def begin(demo, *arguments, **how):
    """--demo with these arguments as the leader of a group of processes."""
    process = subprocess.Popen([demo.program(), "--demo", *arguments], cwd=demo.folder, env=demo.environment(None),
                               start_new_session=True, **how)
    demo.processes.append(process)
    return process


def nothing_left(demo, process):
    """No process of its group and no file of its temporary folder is left."""
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert os.listdir(demo.home) == []


def read_until(fd, there):
    """What comes from fd until `there(all of it)`; fails when that does not come or fd ends before."""
    got, until = b"", time.monotonic() + PATIENCE
    while not there(got):
        left = until - time.monotonic()
        assert left > 0 and select.select([fd], [], [], left)[0], f"not shown in time: {got[-3000:]!r}"
        part = read_some(fd)
        assert part, f"it ended: {got[-3000:]!r}"
        got += part
    return got


def read_some(fd):
    """os.read; a terminal whose other side is closed has ended."""
    try:
        return os.read(fd, 65536)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return b""


# Fault: The README's first command fails on a new machine, and nobody notices.
# Expected: `--demo --once` prints one table of all nodes with fresh values and leaves with 0.
def test_once_prints_a_table_and_leaves(demo):
    process = begin(demo, "--once", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=PATIENCE)
    text = out.decode()
    assert process.returncode == 0 and err == b"", (text, err)
    for node in NODES:
        assert re.search(rf"\b{node}\)", text), f"{node} is not in\n{text}"
    assert text.count("Data state Fresh") == len(NODES) - 1, text
    assert "State of charge" in text and "°C" in text
    assert not [c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) < 0xA0], repr(text)
    nothing_left(demo, process)


# Fault: `--demo | head` runs for ever once head has gone.
# Expected: Into a pipe each change is a line; when nobody reads any more it ends with 0, and its stand-in with it.
def test_a_pipe_gets_lines_until_it_is_closed(demo):
    process = begin(demo, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    got = read_until(process.stdout.fileno(), lambda all: b"State of charge: " in all)
    for line in got.decode().splitlines()[:-1]:
        assert re.match(r"(\w+) +\S.* +[A-Z][A-Z0-9]* +[^:]+: .+$", line), line
        assert line.split()[0] in NODES and "\033" not in line
    process.stdout.close()
    assert process.wait(timeout=PATIENCE) == 0
    assert process.stderr.read() == b""
    nothing_left(demo, process)


# Fault: The farm shows more power or energy than there can be: a phase gives what nobody takes, a counter runs ahead.
# Expected: At every moment of two days sources are loads, losses and charge, and counters are the sums of the powers shown.
def test_what_the_farm_shows_adds_up():
    assert vrm_check.problems() == []


def on_terminal(demo):
    """--demo on a terminal of its own -> (process, the other side of the terminal)."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = begin(demo, stdin=its, stdout=its, stderr=its,
                    preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(its)
    return process, ours


def last_table(got):
    """The lines of the last whole table on the terminal, without what is bold in them; None before the first."""
    tables = re.findall(rb"\033\[H(.*?)\033\[J", got, re.DOTALL)
    return CONTROL.sub("", tables[-1].decode()).splitlines() if tables else None


def is_full(got):
    table = last_table(got)
    return table and all(any(f"{node})" in line for line in table) for node in NODES) and \
        sum("Data state Fresh" in line for line in table) == len(NODES) - 1


# Fault: On an ordinary terminal the demo's table scrolls away, or Ctrl-C leaves its stand-in behind.
# Expected: A table of all nodes stays in place and in its size; Ctrl-C ends it with 0, and nothing is left.
@pytest.mark.parametrize("how", ["Ctrl-C", "SIGINT"])
def test_a_terminal_shows_a_table_until_ctrl_c(demo, how):
    process, terminal = on_terminal(demo)
    got = read_until(terminal, is_full)
    table = last_table(got)
    assert len(table) <= ROWS and len(table[0]) <= COLUMNS, table
    assert got.count(b"\033[?7l\033[H") == got.count(b"\033[H"), "long lines would be wrapped"
    if how == "Ctrl-C":
        os.write(terminal, b"\x03")                 # reaches its whole group of processes
    else:
        process.send_signal(signal.SIGINT)
    rest, part = b"", read_some(terminal)
    while part:
        rest, part = rest + part, read_some(terminal)
    os.close(terminal)
    assert process.wait(timeout=PATIENCE) == 0
    assert b"Traceback" not in rest and (got + rest).rfind(b"\033[?7h") > (got + rest).rfind(b"\033[?7l"), rest
    nothing_left(demo, process)
