"""One test's world: VRM, PG3 and the plugin between them."""

import os
import time

from vrm import HOUSE, VAN

from .net import SilentServer
from .pg3 import PASSWORD, ISY_PASSWORD, Behaviour, Pg3
from .plugin import Plugin, busy

NO_DATA, FRESH, STALE, OFFLINE = 0, 1, 2, 3                    # GV30 of a device node
DISCONNECTED, CONNECTED, AUTHENTICATION_FAILED = 0, 1, 2       # GV0 of the controller
CONTROLLER = "controller"
# VRM's token for the tests; it must turn up nowhere but in VRM's header and PG3's parameters.
TOKEN = "e0planted3ec962d5209774e8b48e501396e2a8eddf073284dfb82086c6ba479"
PATIENCE = 60.0         # seconds; a bound for "now": only what fails waits so long, also on a busy machine


def base36(number):
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


def address(site, kind, instance=0):
    """The node address of a device: kind is one of gw bm sc vb iv mr."""
    return f"{base36(site)}_{kind}{instance}"


class World:
    """`vrm` is the running VRM stand-in; PG3 and the plugin are made by `setup` or `start`."""

    PG3 = Pg3

    def __init__(self, work, plugin_source, vrm, authority):
        self.work, self.vrm, self.authority = str(work), vrm, authority
        self.plugin = Plugin(plugin_source, self.work)
        self.pg3 = None
        self.environment = {"VICTRON_VRM_URL": vrm.url, "VICTRON_CA_FILE": vrm.ca}
        self.params = {"vrm_token": vrm.token}
        self.secrets = [PASSWORD, ISY_PASSWORD, vrm.token]
        self.silent_servers = []
        self.started = 0.0                  # monotonic; the last start of the plugin

    # -- start -----------------------------------------------------------------------------------

    def setup(self, mode="plain", behaviour=None, params=None, **more):
        """PG3 with these parameters stored; the plugin is not started. params: default
        `self.params`; False: PG3 has none stored."""
        if params is None:
            params = self.params
        self.pg3 = self.PG3(os.path.join(self.work, "pg3"), self.plugin.folder, mode,
                       authority=self.authority, behaviour=behaviour, **more)
        if params is not False:
            self.pg3.customs["customparams"] = dict(params)
        self.pg3.rules.tokens.append(self.vrm.token)
        self.pg3.start()
        return self.pg3

    def start_plugin(self, init_text=None, **environment):
        if self.pg3.ca_file:
            environment = {"PG3_CA_FILE": self.pg3.ca_file, **environment}
        self.started = time.monotonic()
        self.pg3.rules.new_run()
        self.plugin.start(init_text or self.pg3.init_text(), **{**self.environment, **environment})

    def start(self, mode="plain", behaviour=None, params=None, **environment):
        """PG3 and the plugin; does not wait for anything."""
        self.setup(mode, behaviour, params)
        self.start_plugin(**environment)
        return self.pg3

    def restart(self, **environment):
        """Stops the plugin as PG3 does and starts it again; PG3 keeps what it knows."""
        self.stop()
        self.pg3.messages.clear()
        self.pg3.history.clear()
        self.pg3.controller_driver = None
        self.start_plugin(**environment)
        self.wait_subscribed()

    def running(self, **how):
        """Starts with the defaults and waits until every device of VRM's has fresh data."""
        self.start(**how)
        self.wait_fresh()
        return self.pg3

    def silent_server(self):
        server = SilentServer()
        self.silent_servers.append(server)
        return server

    # -- wait --------------------------------------------------------------------------------------

    def wait(self, predicate, what, timeout=PATIENCE):
        """-> the predicate's first true value; fails after `timeout` (on a busy machine longer), or once the plugin
        died."""
        died = object()
        try:
            found = self.pg3.wait_for(lambda: predicate() or (died if self.plugin.died() else None),
                                      timeout * busy(), what)
            assert found is not died, f"{what}: the plugin ended, {self.plugin.process.returncode}"
            return found
        except AssertionError as error:
            raise AssertionError(f"{error}\nLog:\n{self.plugin.log_tail()}") from None

    def wait_subscribed(self):
        """Until the plugin started last has asked for its configuration: from then on it hears."""
        self.wait(lambda: self.pg3.received("system", "config", self.started), "config's question")

    def wait_defaults(self):
        """Until the plugin has offered its parameters' names; what the user saves after that is
        not crossed by the plugin's own message on its way."""
        def offered():
            stored = self.pg3.customs.get("customparams", {})
            return {"vrm_token", "temp_unit", "stale_values"} <= set(stored)
        self.wait(offered, "the parameters' names")
        time.sleep(0.1)

    def wait_node(self, node, timeout=PATIENCE):
        self.wait(lambda: node in self.pg3.nodes, f"the node {node}", timeout)

    def wait_value(self, node, driver, value, timeout=PATIENCE):
        """Until the driver shows `value` (±0.0001)."""
        def there():
            now = self.pg3.value(node, driver)
            return now is not None and abs(now - value) < 0.0001
        self.wait(there, f"{node} {driver} = {value}", timeout)

    def wait_state(self, node, *states, timeout=PATIENCE):
        """Until the node's data state (GV30) is one of `states`."""
        self.wait(lambda: self.pg3.value(node, "GV30") in states,
                  f"{node} data state {states}", timeout)

    def wait_system(self, *states, timeout=PATIENCE):
        """Until the controller's system status (GV0) is one of `states`."""
        self.wait(lambda: self.pg3.value(CONTROLLER, "GV0") in states,
                  f"system status {states}", timeout)

    def wait_fresh(self, nodes=None, timeout=PATIENCE):
        """Until these nodes (default: all devices of the two sites and the parts of their gateways) have fresh data
        from the plugin started last."""
        def fresh(node):
            state = self.pg3.reading(node, "GV30")
            return state and float(state.value) == FRESH and state.at >= self.started
        for node in nodes or self.device_addresses() + self.part_addresses():
            self.wait(lambda node=node: fresh(node), f"fresh data of {node}", timeout)

    def wait_energy(self):
        """Until the gateways' energy, which is asked for beside the polls, is there to the last."""
        def there(node):
            reading = self.pg3.reading(node, "TPW")
            return reading and reading.uom == 33
        for node in self.energy_addresses():
            self.wait(lambda node=node: there(node), f"the energy of {node}")
        time.sleep(0.3)                         # its other values' way to PG3

    def wait_log(self, *texts, timeout=PATIENCE):
        """Until one log line holds all texts (in any case)."""
        def there():
            return any(all(text.lower() in line.lower() for text in texts)
                       for line in self.plugin.log_lines())
        self.wait(there, f"a log line with {texts}", timeout)

    def poll_until(self, predicate, what, timeout=20.0, pause=1.0):
        """Sends short polls and queries, as a user who wants it now, until `predicate` holds."""
        until = time.monotonic() + timeout * busy()
        while time.monotonic() < until:
            self.pg3.short_poll()
            self.pg3.query("all")
            assert not self.plugin.died(), f"{what}: the plugin ended\n{self.plugin.log_tail()}"
            try:
                return self.pg3.wait_for(predicate, pause, what)
            except AssertionError:
                continue
        return self.wait(predicate, what, 0)

    def poll(self, times=1):
        """Has VRM asked for each installation, now: a short poll would wait until it is due. What comes while the
        plugin asks anyway is sent again."""
        for _ in range(times):
            asked = self.vrm.count("diagnostics")
            for _ in range(12):
                self.pg3.query(CONTROLLER)
                if self.vrm.wait_for_requests("diagnostics", asked + 2, timeout=PATIENCE / 12):
                    break
            assert self.vrm.count("diagnostics") >= asked + 2, \
                f"the query asked VRM for nothing\n{self.plugin.log_tail()}"
            time.sleep(0.3)                     # the answers' way through the plugin

    def recover(self, timeout=20.0):
        """VRM is well again: all devices become fresh and the status Connected, without restart."""
        def well():
            return (self.pg3.value(CONTROLLER, "GV0") == CONNECTED and
                    all(self.pg3.value(node, "GV30") == FRESH for node in self.device_addresses()))
        self.poll_until(well, "recovery without a restart", timeout)

    # -- ask ---------------------------------------------------------------------------------------

    def device_addresses(self):
        """The device nodes of VRM's two constant sites, and those of their parts."""
        return [address(HOUSE, "bm", 289), address(HOUSE, "sc", 288), address(HOUSE, "sc", 256),
                address(HOUSE, "vb", 276), address(HOUSE, "ts", 24), address(VAN, "bm", 0),
                address(VAN, "sc", 279), address(VAN, "iv", 257), address(VAN, "tk", 20), address(VAN, "gp", 0)] + \
            [address(site, "bm", instance) + part for site, instance in ((HOUSE, 289), (VAN, 0)) for part in "ha"]

    def part_addresses(self):
        """The further nodes of the gateways of VRM's two constant sites."""
        return [address(site, "gw") + part for site in (HOUSE, VAN) for part in "dov"]

    def energy_addresses(self):
        """The gateways' second nodes of the two sites."""
        return [address(HOUSE, "gw") + "e", address(VAN, "gw") + "e"]

    def system_status(self):
        """The text of the controller's system status ("Connected")."""
        return self.pg3.value_name(CONTROLLER, "GV0")

    def labelled(self, node, *labels):
        """The number a node shows under a label."""
        return self.pg3.value(node, self.pg3.driver(node, *labels))

    # -- end ---------------------------------------------------------------------------------------

    def stop(self, how=None):
        """Stops the plugin (default: PG3's stop message) within the limit -> seconds. Where the
        broker runs, the retained message must then say `disconnected`."""
        seconds = self.plugin.end_within(how or self.pg3.stop_plugin)
        if self.pg3.mode != "legacy" and self.pg3.broker.process is not None:
            self.pg3.broker.thaw()
            # A busy broker may still read what the plugin left behind.
            self.wait(lambda: self.pg3.retained_connection() == {"disconnected": [{}]}, "the retained message of the end")
        return seconds

    def stop_asking_nothing(self, how):
        """Stops the plugin while the broker cannot be asked -> seconds."""
        return self.plugin.end_within(how)

    def finish(self):
        """What must hold at the end of every test."""
        try:
            if self.plugin.running():
                self.stop()
            self.plugin.check_silence(self.secrets)
            if self.pg3 is not None:
                broken = self.pg3.violations
                assert not broken, f"{len(broken)} broken rules of PG3:\n" + "\n".join(broken[:20])
        finally:
            self.close()

    def close(self):
        if self.plugin.running():
            self.plugin.kill()
        if self.pg3 is not None:
            self.pg3.close()
        for server in self.silent_servers:
            server.close()


__all__ = ["World", "Behaviour", "address", "base36", "CONTROLLER", "PATIENCE", "TOKEN",
           "NO_DATA", "FRESH", "STALE", "OFFLINE",
           "DISCONNECTED", "CONNECTED", "AUTHENTICATION_FAILED"]
