"""The README's first command: victron-host --demo, as one table and into a pipe. On a terminal: test_terminal.py."""

import json
import os
import re
import ssl
import select
import shutil
import signal
import subprocess
import threading
import time

import paho.mqtt.client as paho
import pytest
import vrm_check
from vrm import FARM, HOUSE, VAN, Vrm
from vrm_broker import Broker
from vrm_world import USER

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
ESS, FARM_PORTAL = "settings/0/Settings/CGwacs/", "c0619ab1d2e5"
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


# Fault: an author's script is warned about in the demo, each time it is saved: no copy of it could be kept, and its
#        folder's permissions are to be checked. Only the plugin in PG3 keeps copies; nothing is wrong.
# Expected: the script serves, and there is no warning.
def test_a_script_of_the_owners_serves_without_a_warning(demo):
    own = os.path.join(demo.folder, "persist", "scripts")
    os.makedirs(own)
    shutil.copy(os.path.join(demo.folder, "scripts", "examples", "tank.lua"), own)
    process = begin(demo, "--once", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    shown = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, shown
    assert "Capacity 5000" not in shown and "Level 6" in shown, shown
    assert "WARNING" not in shown and "Log:" not in shown, shown
    assert os.listdir(own) == ["tank.lua"]


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


# Fault: More solar power reaches the battery of the house and the van than their chargers give: what the panels give, without
#        what is lost.
#        Or the gateway says that the battery is discharged by a few watts, and its monitor, as a GX would, that it is idle.
#        Or a bank of 48 V has had 14.43 V at most, and gave twice the energy of the ampere hours that were drawn.
# Expected: What chargers give is what inverter, loads and battery take, to 1 %; the gateway's state is that of the power.
def test_what_the_house_and_the_van_show_adds_up():
    assert vrm_check.small_problems() == []


# Fault: The farm shows more power or energy than there can be: a phase gives what nobody takes, a counter runs ahead.
# Expected: At every moment of two days sources are loads, losses and charge, and counters are the sums of the powers shown.
def test_what_the_farm_shows_adds_up():
    assert vrm_check.problems() == []
    assert vrm_check.problems({ESS + "BatteryLife/MinimumSocLimit": 60, ESS + "MaxDischargePower": 4000,
                               "evcharger/40/Mode": 0, "evcharger/40/SetCurrent": 10}) == []


class Listener:
    """A client of the demo's broker."""

    def __init__(self, vrm, port, password):
        self.code, self.told, self.news = None, {}, threading.Condition()
        self.client = paho.Client()
        self.client.tls_set_context(ssl.create_default_context(cafile=vrm.ca))
        self.client.username_pw_set(USER["email"], password)
        self.client.on_connect = lambda *args: self.note(lambda: setattr(self, "code", args[-1]))
        self.client.on_message = lambda _client, _data, message: self.note(
            lambda: self.told.update({message.topic: json.loads(message.payload)}))
        self.client.connect("localhost", port)
        self.client.loop_start()
        self.until(lambda: self.code is not None)

    def note(self, change):
        with self.news:
            change()
            self.news.notify_all()

    def until(self, there):
        with self.news:
            assert self.news.wait_for(there, PATIENCE), (self.code, self.told)

    def value(self, path):
        return self.told.get(f"N/{FARM_PORTAL}/{path}", {}).get("value")

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


# Fault: What is written to a gateway of the demo shows on its broker and not in VRM's answers, or changes nothing else.
# Expected: Login by the token only; all is told once, then what changes; a write is so at both, and power follows.
def test_the_demos_gateways_take_writes():
    with Vrm(world="demo", token="a token of the tests", day=1e6) as vrm:
        broker = Broker(vrm, USER["email"])
        stranger = Listener(vrm, broker.port, "Token another")
        assert stranger.code == 5
        stranger.close()
        client = Listener(vrm, broker.port, "Token " + vrm.token)
        client.client.subscribe([(f"N/{FARM_PORTAL}/settings/+/Settings/#", 0), (f"N/{FARM_PORTAL}/vebus/+/State/#", 0),
                                 (f"N/{FARM_PORTAL}/+", 0), ("N/another/#", 0)])
        client.client.publish(f"R/{FARM_PORTAL}/keepalive", "")
        client.until(lambda: client.value("full_publish_completed") and client.value("heartbeat"))
        minimum, mode = ESS + "BatteryLife/MinimumSocLimit", "vebus/276/Mode"
        assert client.told[f"N/{FARM_PORTAL}/{minimum}"] == {"value": 30, "min": 0, "max": 100}
        assert client.value("vebus/276/State") == 252 and client.value("battery/512/Soc") is None
        for path, value in ((minimum, 60), (minimum, 101), (mode, 4)):
            client.client.publish(f"W/{FARM_PORTAL}/{path}", json.dumps({"value": value}))
        client.until(lambda: client.value(minimum) == 60)
        vrm.ahead = 5000                        # some moments of a day that passes slowly
        client.until(lambda: client.value("vebus/276/State") == 0)
        values = {record["dbusPath"]: record["rawValue"] for record in vrm.sites[FARM].rows(*vrm.clock())}
        assert values["/Settings/CGwacs/BatteryLife/MinimumSocLimit"] == values["/Control/ActiveSocLimit"] == 60
        assert values["/Mode"] is not None and values["/Ac/Out/L1/P"] == 0
        client.close()
