"""The soak:  ./dev soak [DAYS] [SEED]

Runs the installed plugin (PLUGIN_DIR) for 30 simulated days of polls on a clock that leaps from poll to poll, with
faults from a dice. What must not grow is measured at some days; what was wrong is told with its moment and the fault
before it. The same seed gives the same faults and values."""

import os
import random
import sys
import tempfile
import time

SPEC = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [SPEC, os.path.join(os.path.dirname(SPEC), "scripts", "demo")]

from vrm import Vrm  # noqa: E402  (needs the path above)

from soak.faults import FAULTS  # noqa: E402
from soak.world import DAY, POLL, SoakWorld, Stuck  # noqa: E402
from support.certs import Authority  # noqa: E402
from support.world import TOKEN  # noqa: E402

FAULTS_A_DAY = 12
MARKS = (1, 5, 10, 20, 30)              # days at which is measured
LOG_FILES, LOG_BYTES = 15, 1 << 20      # docs/install.md, The log: the present one and 14 old ones
# Of resident memory, from the settled mark to the end: the room of the largest answer the plugin takes (2 MiB) comes
# and goes at the end of the heap. A hundred bytes lost with each request would be twice as much in 25 days.
GROWTH_KIB = 2048 + 512
KEPT_OPEN = 2           # connections to VRM: at times three are kept open for the next request, at times one
PROBLEMS_MAX = 40


class Soak:
    """Days of `day` virtual seconds each; faults: names, the first comes first; else each kind comes once, shuffled,
    before one comes again."""

    def __init__(self, world, days, faults_a_day=FAULTS_A_DAY, day=DAY, faults=(), told=lambda *_: None):
        self.world, self.days, self.day = world, days, day
        self.dice = random.Random(world.seed)
        self.faults_a_day, self.bag = faults_a_day, list(reversed(faults))
        self.marks, self.told = {}, told    # day: figures; told(day, figures, problems) as they come
        self.faults = 0

    def next_fault(self):
        if not self.bag:
            self.bag = sorted(FAULTS)
            self.dice.shuffle(self.bag)
        return self.bag.pop()

    def plan(self):
        """The virtual seconds of a day at which faults come, the last first."""
        polls = self.dice.sample(range(1, self.day // POLL), self.faults_a_day)
        return sorted((POLL * poll for poll in polls), reverse=True)

    def strike(self):
        world, name = self.world, self.next_fault()
        world.fault = name
        self.faults += 1
        dice = random.Random(f"{world.seed} {self.faults}")
        bound = FAULTS[name](world, dice)
        problem = world.recover(bound)
        if problem:
            world.expect(False, f"{bound} s after its end {problem}")
            if world.recover(4 * 3600):
                raise Stuck(f"and four hours later {world.unwell()}")
        world.judge_rules()
        world.fault = f"after: {name}"

    def run_day(self, day):
        world, faults, begin = self.world, self.plan(), (day - 1) * self.day
        while faults or world.clock.elapsed() < begin + self.day:
            if faults and begin + faults[-1] <= world.clock.elapsed():
                faults.pop()
                self.strike()
            world.poll()
            world.judge_rules()
            world.expect(not world.unwell(), world.unwell())
            if len(world.problems) > PROBLEMS_MAX:
                raise Stuck("too much is wrong")

    def run(self):
        """-> sentences about what was wrong."""
        world = self.world
        try:
            world.begin()
            for day in range(1, self.days + 1):
                self.run_day(day)
                if day in MARKS or day == self.days:
                    self.marks[day] = {**world.figures(), "faults": self.faults}
                    self.told(day, self.marks[day], world.problems)
            self.judge_growth()
            world.finish()
        except AssertionError as error:
            world.problems.append(f"{world.clock.name()}, {world.fault}: {error}")
        return world.problems

    def judge_growth(self):
        """From the first mark at which everything has happened once to the last."""
        settled = 5 if 5 in self.marks else min(self.marks)
        first, last = self.marks[settled], self.marks[self.days]
        self.world.fault = f"from day {settled} to day {self.days}"
        for what, more in {"threads": 0, "descriptors": KEPT_OPEN, "notices": 0}.items():
            self.world.expect(last[what] <= first[what] + more, f"{what} grew from {first[what]} to {last[what]}")
        self.world.expect(abs(last["customdata bytes"] - first["customdata bytes"]) <= 8,
                          f"customdata went from {first['customdata bytes']} to {last['customdata bytes']} bytes")
        for day, figures in self.marks.items():
            self.world.expect(figures["log files"] <= LOG_FILES, f"{figures['log files']} log files at day {day}")
            self.world.expect(figures["largest log"] <= LOG_BYTES,
                              f"a log of {figures['largest log']} bytes at day {day}")
        if self.days >= 10:         # the memory of a day still grows by what is used for the first time
            self.world.expect(last["resident KiB"] <= first["resident KiB"] + GROWTH_KIB,
                              f"resident memory grew from {first['resident KiB']} to {last['resident KiB']} KiB")

    def table(self):
        days = sorted(self.marks)
        lines = ["%-20s" % "day" + "".join("%12d" % day for day in days)]
        for name in self.marks[days[0]] if days else ():
            lines.append("%-20s" % name + "".join("%12d" % self.marks[day][name] for day in days))
        return "\n".join(lines)


def main(days=30, seed=None):
    seed, began = seed or str(int(time.time())), time.monotonic()

    def told(day, figures, problems):
        print(f"day {day} after {time.monotonic() - began:.0f} s: {figures['resident KiB']} KiB, "
              f"{len(problems)} wrong", *problems, sep="\n    ", flush=True)

    print(f"{days} days with seed {seed}; again: ./dev soak {days} {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as work, Vrm(token=TOKEN) as vrm:
        world = SoakWorld(os.path.join(work, "world"), os.path.abspath(os.environ["PLUGIN_DIR"]), vrm,
                          Authority(os.path.join(work, "authority"), "PG3 test CA"), seed)
        soak = Soak(world, days, told=told)
        try:
            problems = soak.run()
        finally:
            log = world.plugin.log_tail(40)
            world.close()
    print(soak.table())
    for problem in problems:
        print("WRONG:", problem)
    if problems:
        print("The end of the log:", log, sep="\n")
    print(f"{len(problems)} wrong, {time.monotonic() - began:.0f} s")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2]), *sys.argv[2:3]))
