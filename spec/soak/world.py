"""The soak's world: the installed plugin on a clock that leaps from poll to poll, its VRM and its PG3."""

import glob
import os
import random
import time

from vrm import HOUSE, VAN

from support.world import CONNECTED, CONTROLLER, FRESH, World, address

from .clock import Clock
from .gateways import GxOnLan, VrmsGateways
from .watched_pg3 import WatchedPg3

POLL, LONG_POLL, DAY = 120, 600, 86400          # virtual seconds
REAL_SECONDS = 30       # a bound for what takes milliseconds
LOGIN_SECONDS = 5       # real; a bound for a login, generous for a busy machine
TRY_AGAIN = 11          # virtual seconds; more than the plugin's pause after a connection that lasted
LONGEST_PAUSE = 300     # virtual seconds; README: the plugin's own pauses double up to this
MOMENT = 1e-6           # the shortest leap
SPREAD = 0.6            # the second installation is polled half a second after the first
ROUND = 12              # virtual seconds of a poll of both; an installation that was asked just now is asked again
                        # after ten
STEP = 10               # virtual seconds of one leap while something is wrong
BEAT = 2.5              # of one while values come live: a heart beats every three seconds
GATHER = 0.3            # virtual seconds; the plugin takes what came live five times in one
AT_ONCE = 60            # virtual seconds until live data begins; a second or two, but for a busy machine
LIVE_COMES = 80         # virtual seconds; a value that has no hurry is shown once in half a minute, and a poll may
                        # bring another meanwhile
POLLED = 1              # GV17 of a gateway
BANK, ROOF = address(HOUSE, "bm", 289), address(VAN, "sc", 279)

# What is measured anew at each poll: node, driver, VRM's row, highest value.
MEASURED = [(BANK, "ST", (HOUSE, "battery", 289, "/Soc"), 100),
            (address(HOUSE, "sc", 288), "ST", (HOUSE, "solarcharger", 288, "/Yield/Power"), 3000),
            (address(VAN, "bm", 0), "ST", (VAN, "battery", 0, "/Soc"), 100),
            (ROOF, "ST", (VAN, "solarcharger", 279, "/Yield/Power"), 400)]

SCRIPT = "persist/scripts/battery_monitor.lua"  # the user's own; it replaces the built-in one
UPDATE = """
    update = function(node, rows)
        node.state.charge = rows["/Soc"] and rows["/Soc"].value
    end,
"""


class Stuck(AssertionError):
    """The plugin does not do what everything else stands on; the soak cannot go on."""


class SoakWorld(World):
    PG3 = WatchedPg3

    def __init__(self, work, plugin_source, vrm, authority, seed):
        super().__init__(work, plugin_source, vrm, authority)
        self.clock = Clock(self.work)
        self.vrms_gateways, self.gx_on_lan = VrmsGateways(self), GxOnLan(self)
        self.gateways = self.vrms_gateways      # those that are to be live
        self.environment.update({**self.clock.environment, **self.vrms_gateways.environment,
                                 **self.gx_on_lan.environment})
        self.seed, self.measurements, self.requests = seed, 0, 0
        self.truth = {}                         # (node, driver): value
        self.next_poll = self.next_long_poll = 0.0
        self.polls = 0
        self.broker_up, self.vrm_hangs = True, False
        self.problems, self.fault, self.said = [], "the start", 0
        self.write_script(self.script())
        self.measure()

    def begin(self):
        self.setup(mode="tls")
        self.pg3.log_level = "INFO"
        self.start_plugin()
        self.wait_fresh(timeout=REAL_SECONDS)
        self.next_poll, self.next_long_poll = self.clock.elapsed() + POLL, self.clock.elapsed() + LONG_POLL
        self.settle()

    def close(self):
        super().close()
        self.vrms_gateways.close()
        self.gx_on_lan.close()

    # -- device scripts --------------------------------------------------------------------------

    def script(self):
        """The text of a good one, which keeps something in node.state."""
        with open(self.plugin.path("scripts/devices/battery_monitor.lua"), encoding="utf-8") as file:
            return file.read().replace("    samples = {", UPDATE + "    samples = {", 1)

    def write_script(self, text):
        os.makedirs(self.plugin.path(os.path.dirname(SCRIPT)), exist_ok=True)
        with open(self.plugin.path(SCRIPT), "w", encoding="utf-8") as file:
            file.write(text)

    # -- time --------------------------------------------------------------------------------------

    def leap(self, seconds):
        """VRM's clock goes first: the plugin may ask as soon as its own has leapt."""
        if seconds > 0:
            self.vrm.ahead = self.clock.ahead + seconds
            if not self.clock.leap(seconds, self.plugin.running):
                raise Stuck("the plugin never waits, or has ended")

    def measure(self):
        """New values for VRM, the same for a seed however long a fault took."""
        self.measurements += 1
        dice = random.Random(f"{self.seed} {self.measurements}")
        for node, driver, row, highest in MEASURED:
            value = float(dice.randrange(1, highest))
            value += value == self.truth.get((node, driver))        # always another one
            self.truth[node, driver] = value
            site, service, instance, path = row
            self.vrm.set_row(*row, raw=value)
            for gateways in (self.vrms_gateways, self.gx_on_lan):
                if site in gateways.gx:
                    gateways.gx[site].set(f"{service}/{instance}{path}", value)

    def settle(self):
        """Until the plugin has nothing to do at this moment: what PG3 sent is handled, VRM has answered all, and PG3
        has what there was to send."""
        if self.broker_up:
            self.ping()
        self.settle_transfers()
        if self.broker_up:
            self.ping()

    def settle_transfers(self):
        """Until VRM has answered all that the plugin asked, but for what hangs."""
        until = time.monotonic() + (0.02 if self.vrm_hangs else REAL_SECONDS)
        self.leap(MOMENT)
        while self.clock.transfers() > 0 and time.monotonic() < until:
            self.leap(MOMENT)

    def ping(self):
        request = f"ping {time.monotonic()}"
        self.pg3.status(CONTROLLER, requestId=request)
        self.must(lambda: self.pg3.reports(request), "answer to a status request")

    def must(self, predicate, what):
        try:
            return self.wait(predicate, what, REAL_SECONDS)
        except AssertionError as error:
            raise Stuck(f"no {what}: {error}") from None

    def poll_due(self, step=POLL):
        """The clock goes on to the next poll in leaps of `step`, and PG3 sends it. -> whether a long one too."""
        while self.clock.elapsed() + step < self.next_poll:
            self.leap(step)
            self.settle()
        self.leap(self.next_poll - self.clock.elapsed())
        return self.send_poll()

    def send_poll(self):
        self.forget()
        self.measure()
        is_long = self.next_poll >= self.next_long_poll
        self.next_poll += POLL
        self.polls += 1
        if is_long:
            self.next_long_poll += LONG_POLL
            self.pg3.long_poll()
        self.pg3.short_poll()
        if self.broker_up:
            self.ping()
        self.leap(SPREAD)
        return is_long

    def poll(self):
        """One poll while all is well: PG3 must show what VRM measured."""
        is_long = self.poll_due()
        until = self.clock.elapsed() + ROUND
        while is_long and self.vrm.count("system-overview") < 2 and self.clock.elapsed() < until:
            self.settle_transfers()             # VRM's list, and what is asked for already, come before
            self.leap(SPREAD)
        self.must(self.shows_truth, "new values after a poll")
        self.settle_transfers()
        self.ping()
        self.expect(not is_long or self.vrm.count("system-overview") >= 2, "a long poll does not ask for the devices")

    def poll_in_trouble(self, polls=1):
        """Some polls in small steps, nothing is expected of them."""
        for _ in range(polls):
            self.poll_due(STEP)
            self.settle()

    def go(self, seconds, step):
        """The clock goes on by some seconds, with the polls that are due."""
        until = self.clock.elapsed() + seconds
        while self.clock.elapsed() < until:
            self.leap(min(step, until - self.clock.elapsed()))
            if self.clock.elapsed() >= self.next_poll:
                self.send_poll()
            self.settle()

    def forget(self):
        """What was recorded and judged would only fill the soak's memory."""
        self.pg3.forget()
        with self.vrm.lock:
            self.requests += sum(ask.done for ask in self.vrm.requests)
            self.vrm.requests = [ask for ask in self.vrm.requests if not ask.done]

    # -- live data -------------------------------------------------------------------------------

    def live_goes(self, seconds):
        """The clock goes on in small steps, in which the gateways' hearts beat, with the polls that are due."""
        until = self.clock.elapsed() + seconds
        while self.clock.elapsed() < until:
            self.gateways.beat()
            self.gateways.pass_on()
            self.leap(GATHER)
            self.leap(BEAT - GATHER)
            if self.clock.elapsed() >= self.next_poll:
                self.send_poll()
            self.settle_transfers()
            self.gateways.let_log_in(LOGIN_SECONDS)

    def sources(self):
        """Where the values of the installations with these gateways come from."""
        return {self.pg3.value(address(site, "gw"), "GV17") for site in self.gateways.gx}

    def live_stops(self):
        """How often the log says that an installation's live data has stopped."""
        return self.plugin.log_text().count("live data has stopped")

    def live_comes(self, seconds):
        """Until values come live, at most for some virtual seconds."""
        until = self.clock.elapsed() + seconds
        while self.sources() != {self.gateways.source}:
            if self.clock.elapsed() >= until:
                return self.expect(False, f"values do not come live again within {seconds} s")
            self.live_goes(BEAT)
        return None

    def live_begins(self, **params):
        """-> the parameters as they were. params: others than the gateways want."""
        self.gateways.start()
        before = self.save_params(**{**self.gateways.params, **params})
        self.live_comes(AT_ONCE)
        return before

    def live_ends(self, before):
        self.save_all_params(before)
        self.gateways.stop()
        for sentence in self.gateways.judge():
            self.expect(False, sentence)
        self.expect(self.sources() == {POLLED}, "values are said to come live without live data")

    def expect_live_truth(self):
        """What is measured now comes live."""
        self.measure()
        until = self.clock.elapsed() + LIVE_COMES
        live = {(node, driver) for node, driver, row, _ in MEASURED if row[0] in self.gateways.gx}
        while not self.shows_truth(live) and self.clock.elapsed() < until:
            self.live_goes(BEAT)
            self.ping()
        self.expect(self.shows_truth(live), f"live {self.not_true()}")

    # -- what faults do --------------------------------------------------------------------------

    def broker_goes(self):
        self.settle()
        self.broker_up = False
        self.pg3.in_flight = None

    def broker_comes(self):
        """The broker is well; the plugin's own timer brings it back, if it has noticed anything. Its pauses double
        after connections that did not last, so the leaps do too. A login takes real time."""
        self.wait(self.pg3.client.is_connected, "the stand-in's own reconnection")
        log_ins, leap, answered = self.pg3.seen["log-ins"], TRY_AGAIN, False
        while not answered and leap < 2 * LONGEST_PAUSE:
            self.leap(leap)
            leap *= 2
            request = f"after {self.clock.elapsed()}"
            self.pg3.status(CONTROLLER, requestId=request)
            try:
                answered = self.pg3.wait_for(
                    lambda request=request: self.pg3.reports(request) or self.pg3.seen["log-ins"] > log_ins,
                    LOGIN_SECONDS)
            except AssertionError:
                pass                            # its pause is longer than that
        self.broker_up = True
        self.settle()

    def save_params(self, **changes):
        """The user changes these parameters -> all of them as they were."""
        before = dict(self.pg3.customs["customparams"])
        self.save_all_params({**before, **changes})
        return before

    def save_all_params(self, params):
        self.pg3.set_params(params)
        self.settle()

    def ask(self, asked):
        """A query; its answer comes when VRM has answered."""
        request = f"query {self.clock.elapsed()}"
        self.pg3.query(asked, requestId=request)
        for _ in range(200):
            if self.pg3.reports(request):
                break
            self.leap(0.2)                      # its task looks ten times a second
            self.settle_transfers()
        done = self.pg3.reports(request)
        self.expect(done and done[0]["success"] == "success", f"the query of {asked} was answered with {done}")

    def say_something(self):
        """Makes the plugin log a line that it has not logged before."""
        self.said += 1
        self.pg3.send({"setLogLevel": {"level": "DEBUG"}})
        self.pg3.send({f"word_{self.said}": 1})
        self.pg3.send({"setLogLevel": {"level": "INFO"}})
        self.settle()

    def expect_logged(self):
        self.say_something()
        self.expect(f"word_{self.said}" in self.plugin.log_text(), "the log does not go on after the fault")

    # -- judge -----------------------------------------------------------------------------------

    def expect(self, condition, sentence):
        """Writes a sentence down, with the moment, if the condition is not true."""
        if not condition:
            self.problems.append(f"{self.clock.name()}, {self.fault}: {sentence}")

    def expect_status(self, status):
        shown = self.pg3.value(CONTROLLER, "GV0")
        self.expect(shown == status, f"system status is {shown:g} instead of {status}")

    def judge_rules(self):
        """What the stand-ins have written down since the last look."""
        for rules in (self.pg3.violations, self.vrm.violations, self.vrm.plain_http_seen):
            for sentence in rules:
                self.expect(False, sentence)
            rules.clear()

    def shows_truth(self, places=None):
        """Whether PG3 shows there what was measured last; places: set of (node, driver), all if it is not given."""
        return all(self.pg3.value(*place) == self.truth[place] for place in places or self.truth)

    def not_true(self):
        return "PG3 does not show what was measured: " + ", ".join(
            f"{node} {driver} {self.pg3.value(node, driver)} for {value}"
            for (node, driver), value in self.truth.items() if self.pg3.value(node, driver) != value)

    def unwell(self):
        """What is not as it should be while nothing is wrong, as a sentence; None when all is well."""
        if not self.plugin.running():
            return "the plugin has ended"
        status = self.pg3.value(CONTROLLER, "GV0")
        if status != CONNECTED:
            return f"system status is {status:g}, not Connected"
        old = [node for node in self.device_addresses() if self.pg3.value(node, "GV30") != FRESH]
        if old:
            return f"not fresh: {', '.join(old)}"
        if not self.shows_truth():
            return self.not_true()
        if self.pg3.value(CONTROLLER, "GV3") != 0:
            return "a device script is still counted as faulty"
        if self.pg3.notices():
            return f"notices are left: {self.pg3.notices()}"
        return None

    def recover(self, seconds):
        """Until all is well, at most for some virtual seconds, with the polls that come. -> None, or a sentence."""
        until = self.clock.elapsed() + seconds
        self.settle()
        while self.unwell() and self.clock.elapsed() < until:
            self.go(2, 2)
        return self.unwell()

    # -- figures -----------------------------------------------------------------------------------

    def figures(self):
        """What must not grow."""
        process = f"/proc/{self.plugin.process.pid}"
        logs = [os.path.getsize(path) for path in glob.glob(self.plugin.path("logs", "*"))]
        return {"resident KiB": self.plugin.rss_kib(), "descriptors": len(os.listdir(process + "/fd")),
                "threads": len(os.listdir(process + "/task")), "log files": len(logs), "log bytes": sum(logs),
                "largest log": max(logs, default=0),
                "notices": len(self.pg3.notices()), "customdata bytes": self.pg3.custom_size("customdata"),
                "polls": self.polls, "requests": self.requests, **self.pg3.seen}
