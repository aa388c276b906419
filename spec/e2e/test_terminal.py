"""victron-host --demo and --watch on a terminal: what the screen shows, keys, a resize, and each way to end."""

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

import pyte
import pytest

from support.plugin import Plugin

PATIENCE = 30.0         # seconds; python3 and openssl have to start
SITES = ["1 Harbour House", "2 Ridge Farm", "3 Workshop Van"]
TAKEN, GIVEN_BACK = b"\033[?1049h\033[?25l", b"\033[?25h\033[?1049l"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "


class Terminal:
    """A pseudo terminal with the program in it, and what a person sees there."""

    def __init__(self, plugin, columns, rows, *arguments, **environment):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.got = b""
        self.ours, self.its = pty.openpty()
        self.set_size(columns, rows)
        self.before = termios.tcgetattr(self.its)
        self.process = subprocess.Popen(
            [plugin.program(), *arguments], cwd=plugin.folder, stdin=self.its, stdout=self.its, stderr=self.its,
            env=plugin.environment(None, **{"TERM": "xterm-256color", **environment}), start_new_session=True,
            preexec_fn=self.take)

    @staticmethod
    def take():
        """In the new process: a terminal of its own, and its keys, also where the tests run in a shell's background."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for number in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)

    def set_size(self, columns, rows):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())

    def read(self, seconds):
        """What comes within so many seconds -> whether something came."""
        if not select.select([self.ours], [], [], max(seconds, 0))[0]:
            return False
        try:
            part = os.read(self.ours, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self.got += part
        self.stream.feed(part)
        return bool(part)

    def until(self, there):
        """Reads until `there()`; fails when that does not come."""
        until = time.monotonic() + PATIENCE
        while not there():
            assert time.monotonic() < until, f"not shown in time:\n{self.text()}"
            self.read(min(0.2, until - time.monotonic()))

    def until_text(self, *texts):
        self.until(lambda: all(text in self.text() for text in texts))

    def press(self, keys, *texts):
        os.write(self.ours, keys.encode())
        self.until_text(*texts)

    def end(self):
        """Waits for the end -> the exit code. The terminal must be as it was."""
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < until, "it does not end"
            self.read(0.05)
        while self.read(0.1):
            pass
        after = termios.tcgetattr(self.its)
        assert after == self.before
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.ours)
        os.close(self.its)


@pytest.fixture
def on_terminal(plugin_source, tmp_path):
    """begin(columns, rows, *arguments, **environment) -> a Terminal; nothing of it may be left at the end."""
    plugin = Plugin(plugin_source, tmp_path)
    terminals = []

    def begin(*arguments, **environment):
        terminals.append(Terminal(plugin, *arguments, **environment))
        return terminals[-1]

    yield begin
    until = time.monotonic() + PATIENCE
    for terminal in terminals:
        terminal.close()
        try:
            while time.monotonic() < until:
                os.killpg(terminal.process.pid, 0)
                time.sleep(0.05)
            pytest.fail("a process of its group is left")
        except ProcessLookupError:
            pass
    assert os.listdir(plugin.home) == []
    assert plugin.reports_text() == "", plugin.reports_text()


def demo(on_terminal, columns=80, rows=24, **environment):
    """The demo on a terminal, when all installations are there with what flows."""
    terminal = on_terminal(columns, rows, "--demo", **environment)
    terminal.until(lambda: "Connected" in terminal.text() and terminal.text().count("▶") >= 3 and
                   all(site in terminal.text() for site in SITES) and "↑↓ installation" in terminal.lines()[-1])
    return terminal


# Fault: On an ordinary terminal each redraw scrolled, and the top was never seen; the height was not used.
# Expected: At three sizes the title is in the first line, the keys in the last, and all installations between, in order.
@pytest.mark.parametrize("columns, rows", [(80, 24), (120, 40), (40, 12)])
def test_the_screen_fits(on_terminal, columns, rows):
    terminal = demo(on_terminal, columns, rows)
    assert terminal.screen.cursor.hidden and TAKEN in terminal.got
    lines = terminal.lines()
    assert lines[0].startswith(" Three made-up inst") and "Connected" in lines[0]
    assert lines[-1].startswith(" q quit  ↑↓ installation")
    places = [next(i for i, line in enumerate(lines) if site in line) for site in SITES]
    assert places == sorted(places) and places[0] == 1, lines
    assert [line for line in lines if "PV " in line and "Load" in line], lines
    if rows >= 24:
        terminal.until_text("House bank", "BMV-712 Smart", "SoC", "█")
    terminal.press("q")
    assert terminal.end() == 0
    assert terminal.got.rstrip().endswith(GIVEN_BACK) and not terminal.screen.cursor.hidden


# Fault: The table kept the size that the terminal had at the start.
# Expected: It follows a resize, smaller and larger.
def test_it_follows_a_resize(on_terminal):
    terminal = demo(on_terminal)
    for columns, rows in ((40, 12), (100, 30)):
        terminal.set_size(columns, rows)
        terminal.until(lambda: terminal.lines()[-1].startswith(" q quit") and
                       terminal.lines()[0].startswith(" Three made-up inst") and
                       all(site in terminal.text() for site in SITES))
    terminal.press("q")
    assert terminal.end() == 0


# Fault: Of many nodes only those were seen for which there was room.
# Expected: Keys lead to each installation, node and value, to the log, and back.
def test_keys_lead_everywhere(on_terminal):
    terminal = demo(on_terminal)
    terminal.press("1", "Harbour House (1 of 3)", "House bank", "── Harbour House Gateway, 258l_gw0")
    terminal.press("\033[B", "── House bank Battery Monitor, 258l_bm289")
    terminal.press("\r", "State of charge", "more without data")
    assert "no data" not in terminal.text()
    terminal.press("a", "BATLVL", "no data")
    terminal.press("\033", "MultiPlus 48-5000-70-100")
    terminal.press("\033[C", "Ridge Farm (2 of 3)")
    terminal.press("a", "── Ridge Farm Gateway, 258n_gw0", "GV0     System status")
    terminal.press("\033[F", "258n_gw0")
    terminal.press("l", "Log", "no warning in the log")
    terminal.press("0", "── Victron Energy", "Device scripts in error")
    terminal.press("\033", *SITES)
    terminal.press("q")
    assert terminal.end() == 0


# Fault: The demo can only be looked at: live data and control need a gateway.
# Expected: Its values come live, and a command of a node is sent from the screen; the rest of the installation follows.
def test_a_value_is_set(on_terminal):
    terminal = demo(on_terminal)
    terminal.press("2", "Ridge Farm (2 of 3)")
    terminal.press("\r", "VRM, live")
    terminal.press("\033", "↑↓ node")
    terminal.press("\033[F\033[A", "── Ridge Farm ESS Gateway ESS, 258n_gw0s")
    terminal.press("c", "Set Minimum SoC", "Minimum SoC, for a time")
    terminal.press("\033[B\033[B\033[B\r", "Value", "0 to 100 %, in steps of 5, now 30.0 %")
    terminal.press("450\r", "outside of 0 to 100")
    terminal.press("\x7f\r", "Set Minimum SoC: 45 %", "Under way")
    terminal.until_text("Ridge Farm ESS, Minimum SoC (258n_gw0s): done.")
    terminal.press("\033", "SoC limit in effect             45.0 %")
    terminal.press("q")
    assert terminal.end() == 0


# Fault: Ctrl-C leaves the demo's stand-in behind, or a terminal without a cursor that shows no keys.
# Expected: However it ends, but for SIGKILL, the terminal is as it was, and nothing is left.
@pytest.mark.parametrize("how", ["Ctrl-C", "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGALRM"])
def test_the_terminal_is_given_back(on_terminal, how):
    terminal = demo(on_terminal)
    assert not termios.tcgetattr(terminal.its)[3] & termios.ECHO
    if how == "Ctrl-C":
        os.write(terminal.ours, b"\x03")                 # reaches its whole group of processes
    else:
        terminal.process.send_signal(getattr(signal, how))
    crash = how in ("SIGQUIT", "SIGABRT", "SIGALRM")
    assert terminal.end() == (-getattr(signal, how) if crash else 0)
    assert terminal.got.endswith(GIVEN_BACK) and b"Traceback" not in terminal.got


# Fault: Ctrl-C ended the demo's stand-in before the demo, which found VRM unreachable and left with 1.
# Expected: The stand-in serves until the demo has gone.
def test_the_stand_in_goes_last(on_terminal):
    terminal = demo(on_terminal)
    with open("/proc/{0}/task/{0}/children".format(terminal.process.pid), encoding="ascii") as file:
        stand_in, = file.read().split()
    os.kill(int(stand_in), signal.SIGINT)
    seen = len(terminal.got)
    terminal.until(lambda: len(terminal.got) > seen + 3000)          # of several polls
    assert "unreachable" not in terminal.text()
    terminal.press("q")
    assert terminal.end() == 0


# Fault: Colours and moves of the cursor came also where the user or the terminal does not want them.
# Expected: With NO_COLOR, and on a terminal that is dumb or of no known kind, lines with a time, and no control code.
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}], ids=["NO_COLOR", "dumb", "none"])
def test_plain_lines_where_they_are_wanted(on_terminal, environment):
    terminal = on_terminal(80, 24, "--demo", **environment)
    terminal.until(lambda: b"State of charge: " in terminal.got)
    assert b"\033" not in terminal.got
    for line in terminal.got.decode().split("\r\n")[:-1]:
        assert re.match(TIME, line), line
    os.write(terminal.ours, b"\x03")
    assert terminal.end() == 0


# Fault: VRM was not reached, or refused the token, and a script that ran `--watch --once` was told that all is well.
# Expected: 0 only when an installation answers; what is wrong is said, on a terminal after it was given back.
@pytest.mark.parametrize("wrong", [None, "nobody", "token"])
def test_the_exit_code_tells(on_terminal, vrm, wrong):
    url = "https://127.0.0.1:1/v2" if wrong == "nobody" else vrm.url
    environment = {"VICTRON_VRM_URL": url, "VICTRON_CA_FILE": vrm.ca,
                   "VICTRON_VRM_TOKEN": "another0token0of0nobody" if wrong == "token" else vrm.token}
    state = {None: "Connected", "nobody": "VRM unreachable", "token": "Authentication Failed"}[wrong]
    for arguments, end in ((["--watch", "--once"], None), (["--watch"], "q"), (["--watch"], "\x03"),
                           (["--watch", "--json"], "\x03")):
        terminal = on_terminal(100, 30, *arguments, **environment)
        if "--json" in arguments:
            terminal.until(lambda: re.search(rf'"System status"[^}}]*"{state}"', terminal.got.decode()))
        elif end:
            terminal.until_text(state)
        if end:
            terminal.press(end)
        assert terminal.end() == (0 if wrong is None else 1), terminal.got
        if wrong or "--once" in arguments:
            assert state.encode() in terminal.got.split(GIVEN_BACK)[-1], terminal.got[-2000:]
