"""Speed and size of the plugin beside a bare program with the same libraries; prints, does not judge.

    python3 bench/measure.py PLUGIN_FOLDER BARE_PROGRAM [RUNS]          (called by bench/run; Linux)

Each run starts the plugin as PG3 does, with a plain mosquitto, the PG3 stand-in of the tests and, in a
process of its own, the VRM stand-in with two installations of about 170 rows each. Figures are medians of
RUNS (5) runs, with the least and the greatest in brackets:

first value       from the start of python3 victron.py until the broker has handed on the first value a
                  device measured: configuration, account, overviews, rows, three addnodes and their answers
all values        the same until each device of both installations shows fresh data
  by default      both again with mosquitto's default set_tcp_nodelay false, under which it keeps each
                  message back until the last one was acknowledged: some 40 ms each time two follow each
                  other. The other figures are taken with true, to show the plugin and not the waiting
memory            resident memory half a second after that; "own" is the part not backed by files (the
                  heap and the stacks), the rest are pages of programs and libraries, most of them shared
                  with other programs. For the bare program: after its one HTTPS request (the same rows)
memory at the end the same after the run's polls
CPU of the start  user and system time of the process until all values are there, python's included
CPU of a poll     of one short poll of both installations, averaged over the run's POLLS polls
requests          to VRM for each installation and poll
stop              from PG3's stop message until the process has ended
program           bin/victron-host as installed, and without its debug information
folder            all files of the plugin's folder"""

import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "spec"), os.path.join(ROOT, "scripts", "demo")]

from vrm import HOUSE, VAN, Vrm  # noqa: E402  (needs the path above)

from support.pg3 import Pg3  # noqa: E402
from support.plugin import Plugin  # noqa: E402
from support.world import FRESH, address  # noqa: E402

POLLS = 15              # with those of the start they fit into the plugin's burst of 40 requests
DEVICES = [address(HOUSE, "bm", 289), address(HOUSE, "sc", 288), address(HOUSE, "sc", 256),
           address(HOUSE, "vb", 276), address(VAN, "bm", 0), address(VAN, "sc", 279),
           address(VAN, "iv", 257)]


def serve_vrm():
    """The VRM stand-in's own process: tells where it is, then the number of diagnostics for each line."""
    with Vrm() as vrm:
        print(json.dumps({"url": vrm.url, "ca": vrm.ca, "token": vrm.token}), flush=True)
        for _ in sys.stdin:
            print(vrm.count("diagnostics"), vrm.count("*"), flush=True)
        if vrm.violations:
            sys.exit("\n".join(vrm.violations))


class VrmProcess:
    """`url`, `ca` and `token` of a VRM stand-in that takes no time of this process."""

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, "--vrm"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.__dict__.update(json.loads(self.process.stdout.readline()))
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(5)

    def requests(self):
        """-> (diagnostics, all) so far."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return tuple(int(word) for word in self.process.stdout.readline().split())


def memory(pid):
    """-> (resident, own) in MiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))


def cpu(pid):
    """User and system time so far, in ms, of all threads of a process."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e6


class Run:
    """A plugin, PG3 and its broker; `with` ends them all."""

    def __init__(self, source, work, vrm, nodelay):
        self.plugin, self.vrm = Plugin(source, work), vrm
        self.pg3 = Pg3(os.path.join(work, "pg3"), self.plugin.folder)
        self.pg3.customs["customparams"] = {"vrm_token": vrm.token}
        with open(self.pg3.broker.config_file, "a", encoding="utf-8") as file:
            file.write(f"set_tcp_nodelay {'true' if nodelay else 'false'}\n")

    def __enter__(self):
        self.pg3.start()
        return self

    def __exit__(self, *_):
        if self.plugin.running():
            self.plugin.kill()
        self.pg3.close()

    def start(self):
        """-> ms until the first value, ms until all."""
        begin = time.monotonic()
        self.plugin.start(self.pg3.init_text(), VICTRON_VRM_URL=self.vrm.url, VICTRON_CA_FILE=self.vrm.ca)
        times = []
        for enough in (any, all):
            self.pg3.wait_for(lambda: enough(self.shown()), 20, "values")
            times.append((time.monotonic() - begin) * 1000)
        return times

    def shown(self):
        """For each device, whether it has values of VRM's: its data state comes with the first ones."""
        return [self.pg3.value(node, "GV30") == FRESH for node in DEVICES]

    def stop(self):
        """-> ms."""
        milliseconds = self.plugin.end_within(self.pg3.stop_plugin) * 1000
        self.plugin.check_silence()
        return milliseconds


def poll(pg3, vrm):
    """One short poll -> once the plugin has dealt with both answers."""
    before = vrm.requests()[0]
    pg3.short_poll()
    until = time.monotonic() + 10
    while vrm.requests()[0] < before + 2:
        if time.monotonic() > until:
            raise RuntimeError("the plugin asked VRM for nothing within 10 s of a short poll")
        time.sleep(0.02)
    time.sleep(0.1)


def run_plugin(source, work, vrm):
    """One run -> {name of figure: number}."""
    figures = {}
    with Run(source, os.path.join(work, "default"), vrm, nodelay=False) as run:
        figures["first value by default"], figures["all values by default"] = run.start()
        run.stop()
    with Run(source, os.path.join(work, "nodelay"), vrm, nodelay=True) as run:
        figures["first value"], figures["all values"] = run.start()
        time.sleep(0.5)
        pid = run.plugin.process.pid
        figures["memory"], figures["memory own"] = memory(pid)
        figures["CPU of the start"], asked = cpu(pid), vrm.requests()
        for _ in range(POLLS):
            poll(run.pg3, vrm)
        figures["CPU of a poll"] = (cpu(pid) - figures["CPU of the start"]) / POLLS
        figures["requests"] = (vrm.requests()[1] - asked[1]) / POLLS / 2
        figures["memory at the end"], figures["memory at the end own"] = memory(pid)
        figures["stop"] = run.stop()
    return figures


def run_bare(program, vrm):
    """The bare program asks VRM for one installation's rows -> its memory, (resident, own)."""
    url = f"{vrm.url}/installations/{HOUSE}/diagnostics?count=1000"
    process = subprocess.Popen([program, url, vrm.ca], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env={"VRM_HEADER_TOKEN": f"Token {vrm.token}", "PATH": os.environ["PATH"]})
    try:
        if not process.stdout.readline().startswith(b"answered"):
            raise RuntimeError("the bare program got no answer")
        time.sleep(0.2)
        return memory(process.pid)
    finally:
        process.stdin.close()
        process.wait(5)
        process.stdout.close()


def sizes(source, work):
    """-> KiB of the program, of the program without debug information, of the folder."""
    program, stripped = os.path.join(source, "bin", "victron-host"), os.path.join(work, "stripped")
    shutil.copy(program, stripped)
    subprocess.run(["strip", stripped], check=True)
    files = [path for path in glob.glob(source + "/**", recursive=True) if os.path.isfile(path)]
    return [number / 1024 for number in (os.path.getsize(program), os.path.getsize(stripped),
                                         sum(os.path.getsize(path) for path in files))]


def spread(runs, name, places):
    """"12.3 (12.1 to 12.9)" of one figure."""
    values = [figures[name] for figures in runs]
    return "{:.{p}f} ({:.{p}f} to {:.{p}f})".format(statistics.median(values), min(values), max(values),
                                                    p=places)


def report(runs, bare, size):
    """Prints the table."""
    def line(name, unit, plugin, other=""):
        print(f"{name:<24} {unit:<5} {plugin:<26} {other}".rstrip())
    line("", "", "plugin", "bare program")
    for name, index, title in (("memory", 0, "memory, first poll"), ("memory own", 1, "  of it own")):
        values = [pair[index] for pair in bare]
        line(title, "MiB", spread(runs, name, 1), f"{statistics.median(values):.1f}")
    line("memory at the end", "MiB", spread(runs, "memory at the end", 1))
    line("  of it own", "MiB", spread(runs, "memory at the end own", 1))
    line("CPU of a poll", "ms", spread(runs, "CPU of a poll", 2))
    line("CPU of the start", "ms", spread(runs, "CPU of the start", 0))
    line("requests", "", spread(runs, "requests", 2))
    line("first value", "ms", spread(runs, "first value", 0))
    line("  by default", "ms", spread(runs, "first value by default", 0))
    line("all values", "ms", spread(runs, "all values", 0))
    line("  by default", "ms", spread(runs, "all values by default", 0))
    line("stop", "ms", spread(runs, "stop", 0))
    line("program", "KiB", f"{size[0]:.0f}, stripped {size[1]:.0f}")
    line("folder", "KiB", f"{size[2]:.0f}")


def main(source, bare, count):
    runs, bare_runs = [], []
    with tempfile.TemporaryDirectory() as work:
        for number in range(count):
            with VrmProcess() as vrm:
                bare_runs.append(run_bare(bare, vrm))
                runs.append(run_plugin(source, os.path.join(work, str(number)), vrm))
        report(runs, bare_runs, sizes(source, work))


if __name__ == "__main__":
    if sys.argv[1:] == ["--vrm"]:
        serve_vrm()
    else:
        main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]),
             int(sys.argv[3]) if len(sys.argv) > 3 else 5)
