"""What the plugin needs to be measured: VRM's stand-in in a process of its own, PG3's and its broker, and the bare program.

    python3 stand_ins.py SITES DEVICES      VRM's stand-in; each line it reads is a command, each answer a line of JSON

Both answer at once. VRM's answers are the same at each poll, to the byte, until they are told to change."""

import glob
import itertools
import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "spec"), os.path.join(ROOT, "scripts", "demo")]

from gx_device import values_of  # noqa: E402  (needs the path above)
from vrm import HOUSE, USER, Vrm  # noqa: E402
from vrm_world import make_fleet, shown  # noqa: E402

from support.certs import Authority  # noqa: E402
from support.gx import Cloud  # noqa: E402
from support.pg3 import Pg3  # noqa: E402
from support.plugin import Plugin  # noqa: E402
from support.world import FRESH  # noqa: E402

OF_NO_DEVICE = ("VICCTRL", "VICGW", "VICGWE")   # the plugin's own node and the gateways


# VRM.

def hold_still(vrm):
    """All rows as they are now, for good -> the rows of each installation."""
    held = []
    for site in vrm.sites.values():
        rows = site.rows(*vrm.clock())
        site.rows = lambda *_, rows=rows: rows
        held.append(rows)
    return held


def counts_up(row):
    """Whether a row is of what a device counts: that does not go back."""
    path = row["dbusPath"] or ""
    return "kWh" in row["formatWithUnit"] or path.startswith(("/History/", "/Yield/")) or "/Energy/" in path


def change(rows, turn):
    """Another value in each row that has a number: of a measurement the first or the second in turns, of a state the next
    that VRM names; what is counted is one more. Measurements come with a new time stamp."""
    newest = max(row["timestamp"] or 0 for row in rows)
    for row in rows:
        raw = row["rawValue"]
        if row["timestamp"] == newest:
            row["timestamp"] += 1
        if not isinstance(raw, (int, float)) or row["bitmask"]:
            continue
        states = [entry["valueEnum"] for entry in row.get("dataAttributeEnumValues", ())]
        if states:
            row["rawValue"] = states[(states.index(raw) + 1) % len(states)] if raw in states else states[0]
        else:
            row["rawValue"] = round(raw + (1 if turn % 2 or counts_up(row) else -1), 3)
        row["formattedValue"] = shown(row)


def serve_vrm(sites, devices):
    """The process of VRM's stand-in."""
    turns = itertools.count(1)
    with Vrm() as vrm:
        vrm.settings["rate_limit"] = False
        vrm.set_fleet(sites, devices)
        for site in vrm.sites:
            vrm.set_site(site, mqtt_host="localhost")
        held = hold_still(vrm)
        print(json.dumps({"url": vrm.url, "ca": vrm.ca, "token": vrm.token, "rows": len(held[0])}), flush=True)
        for line in sys.stdin:
            if line == "change\n":
                turn = next(turns)
                for rows in held:
                    change(rows, turn)
            print(json.dumps({"polls": vrm.count("diagnostics"), "requests": len(vrm.polls()),
                              "beside": vrm.count("stats")}), flush=True)


class VrmProcess:
    """`url`, `ca`, `token` and `rows` (of one installation) of a stand-in that takes no time of this process."""

    def __init__(self, sites, devices):
        self.sites, self.arguments = sites, [str(sites), str(devices)]

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, *self.arguments], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.__dict__.update(json.loads(self.process.stdout.readline()))
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def tell(self, command):
        """`change`, or anything else -> {polls, requests, beside}: so far the diagnostics, all requests but those beside the
        polls, and those."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


# PG3 and the plugin.

class QuickPg3(Pg3):
    """Judges nothing, keeps no history, and has the log at the level that an installation has. `told` is how many values
    came; `first` is when (monotonic) a device's node had fresh data for the first time, `fresh` the nodes that have it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.first, self.fresh, self.told = None, set(), 0
        self.log_level = "INFO"
        self.rules.check = lambda _, payload: json.loads(payload)

    def _store(self, node, item, source):
        super()._store(node, item, source)
        self.history.clear()
        self.told += 1
        if item.get("driver") == "GV30" and node.nodedef not in OF_NO_DEVICE and float(item["value"]) == FRESH:
            self.first = self.first or time.monotonic()
            self.fresh.add(node.address)

    def _on_message(self, *arguments):
        super()._on_message(*arguments)
        self.messages.clear()


POLLS_FILE = "scripts/sources/account.lua"
ENERGY_FILE = "scripts/sources/energy.lua"


class Run:
    """One run of a plugin as PG3 starts it, with VRM's and PG3's stand-ins; `with` ends them all.

    limited   with the plugin's own limit of requests; without, as many as it wants
    nodelay   mosquitto's set_tcp_nodelay: with false, its default, the broker keeps each message back until the last one
              was acknowledged, some 40 ms each time two follow each other
    counted   path of a file for the instructions that valgrind counts"""

    def __init__(self, source, work, sites, devices, limited=False, nodelay=True, counted=None):
        self.plugin, self.sites, self.devices, self.counted = Plugin(source, work), sites, devices, counted
        self.environment, self.dumps = {}, 0
        self.vrm = VrmProcess(sites, devices)
        self.pg3 = QuickPg3(os.path.join(work, "pg3"), self.plugin.folder)
        with open(self.pg3.broker.config_file, "a", encoding="utf-8") as file:
            file.write(f"set_tcp_nodelay {'true' if nodelay else 'false'}\nmax_queued_messages 0\n")
        if os.path.exists(self.plugin.path(POLLS_FILE)):    # PG3's polls are not put off: one follows the other
            self._edit(POLLS_FILE, lambda text: text.replace("math.max(LEAST_SECONDS, pause) - passed", "0"))
        if os.path.exists(self.plugin.path(ENERGY_FILE)) and not limited:   # a start's questions are soon over
            self._edit(ENERGY_FILE, lambda text: text.replace("math.min(#sites * GAP, LONGEST_GAP)", "0"))
        if not limited:
            self._edit("scripts/main.lua", lambda text: "host.limit = function() end\n" + text)
        if counted:
            command = ["valgrind", "--tool=callgrind", "--log-file=/dev/null", "--callgrind-out-file=" + counted,
                       self.plugin.program()]
            self._edit(self.plugin.server["executable"], lambda _: f"import os\nos.execvp('valgrind', {command})\n")

    def _edit(self, name, change_text):
        path = self.plugin.path(name)
        with open(path, encoding="utf-8") as file:
            text = change_text(file.read())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def __enter__(self):
        self.vrm.__enter__()
        self.pg3.customs["customparams"] = {"vrm_token": self.vrm.token}
        self.pg3.start()
        return self

    def __exit__(self, *_):
        if self.plugin.running():
            self.plugin.kill()
        self.pg3.close()
        self.vrm.__exit__()

    def start(self):
        """-> seconds until the first device has fresh data."""
        begin = time.monotonic()
        self.plugin.start(self.pg3.init_text(), VICTRON_VRM_URL=self.vrm.url, VICTRON_CA_FILE=self.vrm.ca,
                          **self.environment)
        self._wait(lambda: self.pg3.first, "a device's first value")
        return self.pg3.first - begin

    def started(self):
        """Starts, and waits until every device has fresh data and nothing is left to do: what a start asks beside the polls
        is over, too."""
        self.start()
        self._wait(lambda: len(self.pg3.fresh) >= self.sites * self.devices, "fresh data of all devices")
        before = None
        while before != (before := self.vrm.tell("")["beside"]):
            time.sleep(2)
        self._wait_quiet()
        return self

    def polls(self, count, changed=True):
        """So many short polls, one after the other, each until the plugin is done with all answers."""
        for _ in range(count):
            before = self.vrm.tell("change" if changed else "")["polls"]
            self.pg3.short_poll()
            self._wait(lambda before=before: self.vrm.tell("")["polls"] >= before + self.sites, "a short poll's requests")
            self._wait_quiet()

    def stop(self):
        """-> seconds from PG3's stop message to the end."""
        self.plugin.ending = True
        begin = time.monotonic()
        self.pg3.stop_plugin()
        if self.plugin.wait(60 if self.counted else 10) is None:
            raise RuntimeError("the plugin did not stop")
        return time.monotonic() - begin

    def instructions(self, count, changed):
        """Of each of so many short polls, from the end of the one before it to its own."""
        def dump():
            """Of all threads since the last dump: valgrind writes them to a file with the next number."""
            subprocess.run(["callgrind_control", "--dump", str(self.plugin.process.pid)], check=True, capture_output=True,
                           env={**os.environ, "TMPDIR": self.plugin.home})     # where the plugin's valgrind listens
            self.dumps += 1
            with open(f"{self.counted}.{self.dumps}", encoding="utf-8", errors="replace") as file:
                return int(re.search(r"^totals: (\d+)", file.read(), re.MULTILINE).group(1))
        found = []
        dump()
        for _ in range(count):
            self.polls(1, changed)
            found.append(dump())
        return found

    def _wait(self, predicate, what):
        self.pg3.wait_for(lambda: predicate() or self.plugin.died(), 150, what)
        if self.plugin.died():
            raise RuntimeError(f"{what}: the plugin ended. {self.plugin.log_tail()}")

    def _wait_quiet(self):
        """Until the plugin has used almost no time in three looks: the answers' way through it is over."""
        quiet, before, pause = 0, self.milliseconds(), 0.1 if self.counted else 0.05
        while quiet < 3:
            time.sleep(pause)
            now = self.milliseconds()
            quiet, before = quiet + 1 if now - before < pause * 50 else 0, now

    # What Linux tells of the plugin's process.

    def milliseconds(self):
        """User and system time of all its threads so far."""
        return sum(int(text.split()[0]) for text in self._of_threads("schedstat")) / 1e6

    def wake_ups(self):
        """How often its threads have waited and gone on."""
        return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.MULTILINE).group(1))
                   for text in self._of_threads("status"))

    def resident(self):
        """MiB."""
        return self.plugin.rss_kib() / 1024

    def _of_threads(self, name):
        for path in glob.glob(f"/proc/{self.plugin.process.pid}/task/*/{name}"):
            with open(path, encoding="ascii") as file:
                yield file.read()


TOLD_AT_ONCE = 10                   # a device of a GX tells what it has measured in one go


def measurements(site):
    """The paths of an installation whose numbers are measured, device by device."""
    return [f"{row['dbusServiceType']}/{row['instance']}{row['dbusPath']}" for row in site.rows(time.time(), 0)
            if isinstance(row["rawValue"], (int, float)) and row["dbusPath"] and row["dbusServiceType"] not in (None, "settings")
            and not row.get("dataAttributeEnumValues") and "/History/" not in row["dbusPath"]]


class Gateways:
    """VRM's broker of live data, and behind it the gateways of the installations of a run; `with` ends them. bridged: as VRM's
    tell them; else as on the LAN, where who listens need not ask for the first."""

    def __init__(self, run, work, bridged=True):
        self.sites, self.bridged = make_fleet(run.sites, run.devices).values(), bridged
        portals = {site.portal: "full" for site in self.sites}
        os.makedirs(work)
        authority = Authority(work, "Victron")
        self.login = [authority.ca_file, USER["email"], f"Token {run.vrm.token}", *portals]
        self.cloud = Cloud(work, authority, {USER["email"]: (run.vrm.token, portals)})
        run.pg3.customs["customparams"]["live"] = "vrm"
        run.environment = {"VICTRON_MQTT_PORT": str(self.cloud.port), "VICTRON_MQTT_CA": authority.ca_file}

    def __enter__(self):
        self.cloud.start()
        for site in self.sites:
            self.cloud.add(site.portal, values_of(site, lambda: (time.time(), 0)), bridged=self.bridged)
        return self

    def __exit__(self, *_):
        self.cloud.close()

    def wait(self, run):
        """Until all of them were asked for everything, and VRM for the energy."""
        until = time.monotonic() + 150
        while (any(device.republished == 0 for device in self.cloud.devices.values())
               or run.vrm.tell("")["beside"] < 5 * run.sites):
            if time.monotonic() > until:
                raise RuntimeError("nobody asks the gateways")
            time.sleep(0.5)
        time.sleep(3)

    def tell(self, seconds, rate):
        """Measurements of each gateway change, so many a second, those of a device at once -> how many did in all."""
        begin, told, devices = time.monotonic(), 0, self.cloud.devices.values()
        turns = [itertools.cycle(measurements(site)) for site in self.sites]
        while told < seconds * rate * len(devices):
            for device, turn in zip(devices, turns):
                for path in itertools.islice(turn, TOLD_AT_ONCE):
                    device.set(path, device.values[path] + (5 if told // 1000 % 2 else -5))
                    told += 1
            time.sleep(max(0.0, begin + told / rate / len(devices) - time.monotonic()))
        return told


class Peer:
    """What peer.py measures in a Python; `with` ends it."""

    def __init__(self, python, gateways):
        self.process = subprocess.Popen(
            [python, os.path.join(ROOT, "bench", "peer.py"), str(gateways.cloud.port), *gateways.login],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.version = self.process.stdout.readline().strip()
        if not self.version:
            raise RuntimeError(f"victron_mqtt does not run: {python} -m pip install victron-mqtt")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def milliseconds(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline().split()[0])


# The bare program.

LIBRARIES = "$(pkg-config --cflags --libs libcurl lua5.4 lua5.4-cjson openssl) -lpaho-mqtt3as"


def make_bare(work):
    """Compiles bench/bare.c -> its path."""
    path, source = os.path.join(work, "bare"), os.path.join(ROOT, "bench", "bare.c")
    subprocess.run(f"cc -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Werror -o '{path}' '{source}' {LIBRARIES}",
                   shell=True, check=True)
    return path


def bare_resident(program, devices):
    """MiB of the bare program that has asked once for the rows of an installation."""
    with VrmProcess(1, devices) as vrm:
        url = f"{vrm.url}/installations/{HOUSE}/diagnostics?count=1000"
        process = subprocess.Popen([program, url, vrm.ca], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env={"VRM_HEADER_TOKEN": f"Token {vrm.token}", "PATH": os.environ["PATH"]})
        try:
            if not process.stdout.readline().startswith(b"answered"):
                raise RuntimeError("the bare program got no answer")
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                return int(re.search(r"^VmRSS:\s+(\d+)", file.read(), re.MULTILINE).group(1)) / 1024
        finally:
            process.stdin.close()
            process.wait(5)
            process.stdout.close()


if __name__ == "__main__":
    serve_vrm(int(sys.argv[1]), int(sys.argv[2]))
