"""The README's first command: victron-host --demo, as one table and into a pipe. On a terminal: test_terminal.py."""

import os
import re
import select
import signal
import subprocess
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
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "


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
        part = os.read(fd, 65536)
        assert part, f"it ended: {got[-3000:]!r}"
        got += part
    return got


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
        assert re.match(TIME + r"(\w+) +\S.* +[A-Z][A-Z0-9]* +[^:]+: .+$", line), line
        assert line.split()[2] in NODES and "\033" not in line
    process.stdout.close()
    assert process.wait(timeout=PATIENCE) == 0
    assert process.stderr.read() == b""
    nothing_left(demo, process)


# Fault: The farm shows more power or energy than there can be: a phase gives what nobody takes, a counter runs ahead.
# Expected: At every moment of two days sources are loads, losses and charge, and counters are the sums of the powers shown.
def test_what_the_farm_shows_adds_up():
    assert vrm_check.problems() == []
