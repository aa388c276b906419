"""A GX device as its MQTT plugin makes it look to a client of VRM's broker or of its own (docs/vrm.md, Live data): for the
demo, and for the tests, which judge what a client does there.
"""
import json
import threading
import time

KEPT_ALIVE = 60.0           # seconds after a keepalive in which changes are told
INTEREST = 130.0            # seconds after the last question or write in which anything is forwarded to VRM
HEARTBEAT = 3.0
REFRESH = 1.0               # seconds after which values of the moment are taken
REPUBLISHES = 3             # a second, of all clients together
FLASHMQ = 3.2               # the Venus from which on all this is so; before, see victronenergy/dbus-mqtt
OFF, READ_ONLY, FULL = 0, 1, 2          # settings/0/Settings/Network/VrmPortal
PORTAL_MODE = "settings/0/Settings/Network/VrmPortal"
GRID_LOST = "/Ac/Alarms/GridLost"       # which VRM calls what inverters tell as /Alarms/GridLost
OF_THE_GATEWAY = ("settings/", "system/", "platform/", "hub4/")


def service_of(path):
    return "/".join(path.split("/")[:2])


class Gx:
    """`publish(topic, text)` hands a message to its broker, which gives `receive` those of clients. `judge(sentence)` is
    told what a client should not have done. `values` are {"battery/289/Soc": 76.5, ...}: None is a path without a value.
    `speed`: how much faster its times pass than the real ones. `refresh`: gives the values of the moment. `written(path,
    value)`: a client's write is taken. `bridged`: its broker is VRM's, not its own."""

    def __init__(self, portal, values, publish, judge, speed=1.0, firmware=3.55, refresh=None, written=None,
                 limits=None, writable=(), bridged=True):
        self.portal, self.publish, self.judge = portal, publish, judge
        self.speed, self.firmware, self.bridged = speed, firmware, bridged
        self.values = {PORTAL_MODE: FULL, "system/0/Serial": portal, **values}
        self.refresh, self.written, self.limits, self.writable = refresh, written, dict(limits or {}), set(writable)
        self.refused = set()            # paths whose writes have no effect
        self.clamped = set()            # those whose values are brought within the limits; others are refused then
        self.released = set()           # those that may be written before they are there, and that null releases
        self.taken_back = {}            # path -> seconds after which its owner sets it as it was
        self.heart, self.online = True, True
        self.alive_until = self.interest_until = self.next_beat = self.next_refresh = 0.0
        self.tokens, self.tokens_at = REPUBLISHES, 0.0
        self.keepalives, self.writes, self.republished = [], [], 0
        self.lock = threading.RLock()

    # -- time ------------------------------------------------------------------------------------

    def tick(self):
        """Does what is due by now: to be called some times a second."""
        with self.lock:
            now = time.monotonic()
            if now >= self.next_beat:
                self.next_beat = now + HEARTBEAT / self.speed
                if self.alive() and self.heart and self.firmware >= FLASHMQ:
                    self._send("heartbeat", {"value": int(time.time())})
            if self.refresh and self.alive() and now >= self.next_refresh:
                self.next_refresh = now + REFRESH / self.speed
                self._take(self.refresh())

    def _take(self, values):
        """The values of the moment; a device that is not among them has left the D-Bus."""
        for gone in {service_of(path) for path in self.values} - {service_of(path) for path in values}:
            if not gone.startswith(OF_THE_GATEWAY):
                self.remove(gone)
        for path, value in values.items():
            self.set(path, value)

    def alive(self):
        return time.monotonic() < self.alive_until

    # -- what it tells ---------------------------------------------------------------------------

    def _send(self, topic, payload):
        """Past the bridge: only while somebody at VRM is interested, and the portal mode allows it."""
        forwards = not self.bridged or time.monotonic() < self.interest_until and self.values[PORTAL_MODE] != OFF
        if self.online and forwards:
            self.publish(f"N/{self.portal}/{topic}", "" if payload is None else json.dumps(payload))

    def _tell(self, path):
        low, high = self.limits.get(path, (None, None))
        payload = {"value": self.values[path]}
        if low is not None:
            payload["min"] = low
        if high is not None:
            payload["max"] = high
        self._send(path, payload)

    def set(self, path, value):
        """A value changes, or comes; it is told if it is another."""
        with self.lock:
            known = path in self.values and self.values[path] == value
            self.values[path] = value
            if not known and self.alive():
                self._tell(path)

    def repeat(self, path):
        """Tells a value again, as a device does that writes the same to D-Bus."""
        with self.lock:
            if self.alive():
                self._tell(path)

    def remove(self, prefix):
        """A service (or all below a path) leaves the D-Bus: an empty message for each of its topics."""
        with self.lock:
            for path in [path for path in self.values if (path + "/").startswith(prefix.rstrip("/") + "/")]:
                del self.values[path]
                if self.alive():
                    self._send(path, None)

    def restart(self, seconds=0.0):
        """The GX starts anew: nobody has kept it alive, and it forgets who was interested."""
        with self.lock:
            self.online, self.alive_until, self.interest_until = False, 0.0, 0.0
        time.sleep(seconds)
        self.online = True

    def flood(self, count, below="solarcharger/0/Flood"):
        """So many topics in one go."""
        with self.lock:
            for number in range(count):
                self.set(f"{below}/{number}", number)

    # -- what it is asked ------------------------------------------------------------------------

    def receive(self, topic, payload):
        """A client's message to R/<portal>/... or W/<portal>/...; payload: bytes."""
        kind, _, path = topic.split("/", 2)
        with self.lock:
            if not self.online or self.bridged and self.values[PORTAL_MODE] == OFF:
                return
            self.interest_until = time.monotonic() + INTEREST / self.speed
            if kind == "W":
                self._write(path, payload)
            elif path in ("keepalive", "system/0/Serial"):
                self._keepalive(path, payload)
            else:
                self._read(path)

    def _keepalive(self, path, payload):
        now, was_alive = time.monotonic(), self.alive()
        self.keepalives.append((now, payload.decode()))
        if self.firmware < FLASHMQ and path == "keepalive" and payload:
            return                              # a list of topics, of which it has none of these names
        if not was_alive:
            self.next_beat = now
            if self.refresh:
                self._take(self.refresh())      # nobody has listened until now
        self.alive_until = now + KEPT_ALIVE / self.speed
        self.tick()
        if b"suppress-republish" in payload if self.firmware >= FLASHMQ else was_alive:
            return
        if now - self.tokens_at >= 1:
            self.tokens, self.tokens_at = REPUBLISHES, now
        if self.tokens == 0:
            self.judge(f"more than {REPUBLISHES} republishes in a second")
            return
        self.tokens -= 1
        self.republished += 1
        for path in list(self.values):
            self._tell(path)
        if self.firmware >= FLASHMQ:
            self._send("full_publish_completed", {"value": int(time.time()), **self._echo(payload)})

    def _echo(self, payload):
        try:
            options = json.loads(payload)["keepalive-options"]
        except (ValueError, KeyError, TypeError):
            return {}
        found = {}
        for option in options if self.firmware >= 3.5 else []:
            if isinstance(option, dict):
                found.update(option)
        return found

    def _read(self, path):
        for one in list(self.values):
            if (one + "/").startswith(path + "/"):
                self._tell(one)

    def _write(self, path, payload):
        self.writes.append((time.monotonic(), path, payload.decode()))
        try:
            value = json.loads(payload)["value"]
        except (ValueError, KeyError, TypeError):
            self.judge(f"a write that is no value: {path} {payload.decode()}")
            return
        before = self.values.get(path)
        if path not in self.writable:
            self.judge(f"a write to a path that nobody declares: {path}")
        if isinstance(value, (str, bool, list, dict)) or value is None and isinstance(before, (int, float)) \
                and path not in self.released:
            self.judge(f"a write of {json.dumps(value)} where a number belongs: {path}")
        known = path in self.values or path in self.released
        if self.bridged and self.values[PORTAL_MODE] != FULL or path in self.refused or not known:
            return
        low, high = self.limits.get(path, (None, None))
        if value is not None and low is not None and not low <= value <= high:
            if path not in self.clamped:
                return
            value = min(max(value, low), high)
        if self.written:
            self.written(path, value)
        self.set(path, value)
        if path in self.taken_back:
            threading.Timer(self.taken_back[path], self.set, (path, before)).start()


# Of VRM's rows, what D-Bus counts otherwise: hours and litres there, seconds and cubic metres here.
FACTORS = {"/TimeToGo": 3600, "/Dc/Battery/TimeToGo": 3600, "/Remaining": 0.001, "/Capacity": 0.001}


def values_of(site, clock):
    """The paths and values of a GX from an installation of VRM's stand-in (vrm_world.py), and those that VRM does not keep:
    the history of a month. A device that sends nothing to VRM is not on its D-Bus."""
    values, (now, fresh) = {}, clock()
    for row in site.rows(now, fresh):
        service, instance, path, value = (row[name] for name in ("dbusServiceType", "instance", "dbusPath", "rawValue"))
        if not (service and path) or path == GRID_LOST or site.stopped_at(service, instance, now):
            continue
        if path in FACTORS and value is not None and (service == "tank" or FACTORS[path] > 1):
            value = float(value) * FACTORS[path]
        values[f"{service}/{instance}{path}"] = value
        if service == "solarcharger" and path == "/History/Daily/0/Yield":
            for day in range(2, 31):
                values[f"{service}/{instance}/History/Daily/{day}/Yield"] = value
    return values
