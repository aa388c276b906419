"""Speed and size of the plugin, beside those of another build of it; prints one table, judges nothing (Linux).

    ./dev bench [--against FOLDER] [--peer PYTHON] [--only NAME]...

FOLDER is another checkout (`git worktree add /tmp/old COMMIT`), whose build is made by its own ./dev build if it is missing,
or a plugin's folder as PG3 unpacks it. NAME is one of the figures:

poll     instructions (valgrind) of a poll of one installation, all its values changed, and the answer the same as before:
         from the end of the poll before it to its own, the median of POLLS. The time between is little and counts.
sites    processor time a poll and installation with 1, 2, 10 and 100 installations of 30 devices, everything changed. Without
         the plugin's own limit of requests, so that one poll follows the other. And the resident memory with 100 after it.
first    seconds from the start of python3 victron.py until PG3 has the first fresh device: parameters, account, names, rows,
         nodes and their answers. VRM and PG3 answer at once; the plugin's own limit of requests applies, VRM's does not.
         "Slow broker" is mosquitto's default set_tcp_nodelay false.
memory   resident memory after 30 polls, everything changed, and the same as a multiple of the bare program's (bench/bare.c:
         the same libraries, one HTTPS request for the same rows).
idle     processor time and wake-ups (voluntary context switches of all threads) a second with two installations while nobody
         asks anything; requests to VRM for one of them and poll; those beside the polls (energy) for one of them at a start.
live     processor time for 1,000 values told live, of 1 and of 10 installations of 30 devices, 100 a second in each, and 1,000
         a second in 1, ten at once: from the gateway over VRM's broker, with TLS, and as far as the pauses of nodes let them,
         to PG3. What a second takes beside that (heartbeats, idle) is in it, and measured before. How many of 1,000 PG3 is
         told; resident memory at the end. Not of a build without live values. PYTHON is one with victron_mqtt (pip install
         victron-mqtt), Home Assistant's library: the same of it, all installations in one process, told to nobody.
stop     from PG3's stop message until the process has ended; the median of five.
script   a function of a device script that computes, and the reload of one: bench/scripts.lua of either checkout.
size     lines of C and of Lua, the program without debug information, the plugin's folder.
"""

import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from stand_ins import ROOT, Gateways, Peer, Run, bare_resident, make_bare

POLLS = 5
FEW, MANY, FLEET = 4, 25, 30        # devices of an installation: some 170 rows, some 700 rows, and of one of many


class Build:
    """A plugin's folder, and the checkout it was made of (None: not known)."""

    def __init__(self, folder):
        folder = os.path.abspath(folder)
        self.checkout = folder if os.path.exists(os.path.join(folder, "dev")) else None
        self.plugin = os.path.join(folder, "build", "release", "plugin") if self.checkout else folder
        if self.checkout and not os.path.exists(self.plugin):
            subprocess.run(["./dev", "build"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        if not os.path.exists(os.path.join(self.plugin, "server.json")):
            sys.exit(f"{folder} is neither a checkout nor a plugin's folder.")
        told = self.checkout and subprocess.run(["git", "describe", "--always", "--dirty"], cwd=folder, text=True,
                                                capture_output=True, check=False).stdout.strip()
        self.name = told or os.path.basename(folder)


class Bench:
    """The builds to measure, and the table of what was measured."""

    def __init__(self, builds, work, peer=None):
        self.builds, self.work, self.peer, self.rows, self.runs = builds, work, peer, [], 0

    def run(self, build, sites, devices, **how):
        self.runs += 1
        folder = os.path.join(self.work, str(self.runs))
        if how.pop("count", False):
            how["counted"] = folder + ".callgrind"
        return Run(build.plugin, folder, sites, devices, **how)

    def add(self, title, unit, places, values):
        """A line of the table; values: one for each build, None where it has none."""
        self.rows.append((title, unit, places, values))
        print(f"measured: {title}", file=sys.stderr)

    def each(self, function, together=False):
        """function(build) for each build, at the same time only where that does not matter -> the list of results."""
        with concurrent.futures.ThreadPoolExecutor(len(self.builds) if together else 1) as pool:
            return list(pool.map(function, self.builds))

    def table(self):
        head = ["", ""] + [build.name for build in self.builds] + ["ratio"] * (len(self.builds) - 1)
        lines = [head, ["---"] * len(head)]
        for title, unit, places, values in self.rows:
            cells = ["-" if value is None else f"{value:,.{places}f}" for value in values]
            if len(values) == 2:
                cells.append(f"{values[0] / values[1]:.2f}" if None not in values and values[1] else "-")
            lines.append([title, unit, *cells])
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)


# The figures.

def measure_poll(bench):
    def count(build):
        found = []
        for devices in (FEW, MANY):
            with bench.run(build, 1, devices, count=True) as run:
                run.started().polls(2)
                for name, changed in (("everything changed", True), ("nothing changed", False)):
                    run.polls(1, changed)
                    numbers = run.instructions(POLLS, changed)
                    found.append((f"poll of {run.vrm.rows} rows, {name}", statistics.median(numbers)))
        return found
    for figure in zip(*bench.each(count, together=True)):
        bench.add(figure[0][0], "million instructions", 1, [number / 1e6 for _, number in figure])


def measure_sites(bench):
    def cost(build, sites, polls):
        with bench.run(build, sites, FLEET) as run:
            run.started().polls(1)
            before = run.milliseconds()
            run.polls(polls)
            resident[sites, build] = run.resident()
            return (run.milliseconds() - before) / polls / sites
    found, resident = {}, {}
    for sites, polls in ((1, 10), (2, 10), (10, 6), (100, 3)):
        found[sites] = bench.each(lambda build, sites=sites, polls=polls: cost(build, sites, polls))
        bench.add(f"installations: {sites}, CPU of each and poll", "ms", 2, found[sites])
    bench.add("the same at 100 against 10", "times", 2, [many / few for many, few in zip(found[100], found[10])])
    bench.add(f"resident, 100 x {FLEET} devices", "MiB", 1, bench.each(lambda build: resident[100, build]))


def measure_first(bench):
    def first(build, sites, devices, runs, **how):
        times = []
        for _ in range(runs):
            with bench.run(build, sites, devices, limited=True, **how) as run:
                times.append(run.start())
        return statistics.median(times)
    bench.add("first device value, 1 installation", "s", 2, bench.each(lambda build: first(build, 1, FEW, 3)))
    bench.add("first device value, 1 installation, slow broker", "s", 2,
              bench.each(lambda build: first(build, 1, FEW, 3, nodelay=False)))
    for sites in (2, 10, 100):          # what takes seconds waits for the limit: others may run beside it
        bench.add(f"first device value, {sites} x {FLEET} devices", "s", 2,
                  bench.each(lambda build, sites=sites: first(build, sites, FLEET, 1), together=sites == 100))


def measure_memory(bench):
    def resident(build, sites, devices):
        with bench.run(build, sites, devices) as run:
            run.started().polls(30)
            return run.resident()
    bare = make_bare(bench.work)
    for name, sites, devices in (("1 installation", 1, FEW), ("2 installations", 2, FEW), ("700 rows", 1, MANY)):
        found = bench.each(lambda build, sites=sites, devices=devices: resident(build, sites, devices))
        least = bare_resident(bare, devices)
        bench.add(f"resident after 30 polls, {name}", "MiB", 1, found)
        bench.add(f"the same against the bare program's {least:.1f} MiB", "times", 2, [number / least for number in found])


def measure_idle(bench):
    def rest(build, seconds=10):
        with bench.run(build, 2, FEW) as run:
            run.started()
            asked = run.vrm.tell("")["requests"]
            run.polls(5)
            asked = (run.vrm.tell("")["requests"] - asked) / 5 / 2
            time.sleep(3)
            beside = run.vrm.tell("")["beside"] / 2
            before = run.milliseconds(), run.wake_ups()
            time.sleep(seconds)
            return (run.milliseconds() - before[0]) / seconds, (run.wake_ups() - before[1]) / seconds, asked, beside
    found = bench.each(rest, together=True)
    for place, (title, unit, places) in enumerate((("idle, CPU", "ms/s", 2), ("idle, wake-ups", "1/s", 1),
                                                   ("requests of an installation and poll", "", 2),
                                                   ("requests beside the polls at a start", "", 2))):
        bench.add(title, unit, places, [figures[place] for figures in found])


def measure_live(bench):
    def tell(build, sites, rate, seconds=20):
        with bench.run(build, sites, FLEET) as run, Gateways(run, os.path.join(run.plugin.work, "gateways")) as gateways:
            run.started()
            gateways.wait(run)
            before = run.milliseconds()
            time.sleep(seconds)
            beside = (run.milliseconds() - before) / seconds
            before, shown = run.milliseconds(), run.pg3.told
            told = gateways.tell(seconds, rate) / 1000
            return (run.milliseconds() - before) / told, beside, (run.pg3.told - shown) / told, run.resident()
    def tell_or_none(build, sites, rate):
        knows = os.path.exists(os.path.join(build.plugin, "scripts", "sources", "live.lua"))
        return tell(build, sites, rate) if knows else [None] * 4
    def tell_peer(sites, rate, seconds=20):
        with bench.run(bench.builds[0], sites, FLEET) as run, \
                Gateways(run, os.path.join(run.plugin.work, "gateways"), bridged=False) as gateways, \
                Peer(bench.peer, gateways) as peer:
            before = peer.milliseconds()
            told = gateways.tell(seconds, rate) / 1000
            return (peer.milliseconds() - before) / told, peer.version
    for sites, rate in ((1, 100), (10, 100), (1, 1000)):
        found = bench.each(lambda build, sites=sites, rate=rate: tell_or_none(build, sites, rate))
        for place, (title, unit, places) in enumerate((("CPU for 1,000 values told live", "ms", 1),
                                                       ("CPU while none is told", "ms/s", 2),
                                                       ("of which PG3 is told", "", 0), ("resident", "MiB", 1))):
            bench.add(f"live, installations: {sites}, {rate} values a second, {title}", unit, places,
                      [figures[place] for figures in found])
        if bench.peer:
            cost, version = tell_peer(sites, rate)
            bench.add(f"the same CPU of victron_mqtt {version}", "ms", 1, [cost] + [None] * (len(bench.builds) - 1))


def measure_stop(bench):
    def stop(build):
        times = []
        for _ in range(5):
            with bench.run(build, 2, FEW) as run:
                times.append(run.started().stop())
        return statistics.median(times)
    bench.add("stop", "s", 2, bench.each(stop))


def measure_script(bench):
    def ask(build):
        """The last number of each line that bench/scripts.lua prints, by its title and unit."""
        if not build.checkout:
            return {}
        program = os.path.join(build.plugin, "bin", "victron-host")
        text = subprocess.run([program, "--check", "--main", "bench/scripts.lua"], cwd=build.checkout, text=True,
                              capture_output=True, check=False).stdout
        return {(title.replace(" before, after", " after"), unit): float(number) for title, unit, number in
                re.findall(r"^(\S.*?) {2,}(\S+) .*?([\d.]+)$", text, re.MULTILINE)}
    found = bench.each(ask)
    for key in found[0]:
        bench.add(*key, 0, [numbers.get(key) for numbers in found])


def measure_size(bench):
    def lines(build, pattern):
        paths = build.checkout and glob.glob(os.path.join(build.checkout, pattern), recursive=True)
        return paths and sum(len(open(path, "rb").read().splitlines()) for path in paths)

    def program(build):
        stripped = os.path.join(bench.work, "stripped")
        shutil.copy(max(glob.glob(os.path.join(build.plugin, "bin", "victron-host*"))), stripped)
        subprocess.run(["strip", stripped], check=True)
        return os.path.getsize(stripped) / 1024

    def folder(build):
        paths = glob.glob(os.path.join(build.plugin, "**"), recursive=True)
        return sum(os.path.getsize(path) for path in paths if os.path.isfile(path)) / 1024
    bench.add("lines of C", "", 0, bench.each(lambda build: lines(build, "host/**/*.[ch]")))
    bench.add("lines of Lua", "", 0, bench.each(lambda build: lines(build, "scripts/**/*.lua")))
    bench.add("program, stripped", "KiB", 0, bench.each(program))
    bench.add("plugin's folder", "KiB", 0, bench.each(folder))


FIGURES = {"poll": measure_poll, "sites": measure_sites, "first": measure_first, "memory": measure_memory,
           "idle": measure_idle, "live": measure_live, "stop": measure_stop, "script": measure_script, "size": measure_size}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="FOLDER", help="another checkout, or a plugin's folder")
    parser.add_argument("--peer", metavar="PYTHON", help="a Python with victron_mqtt, for its live figures")
    parser.add_argument("--only", metavar="NAME", action="append", choices=FIGURES, help="one figure")
    options = parser.parse_args()
    builds = [Build(folder) for folder in (ROOT, options.against) if folder]
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(builds, work, options.peer)
        try:
            for name in options.only or FIGURES:
                FIGURES[name](bench)
        finally:
            print(bench.table())


if __name__ == "__main__":
    main()
