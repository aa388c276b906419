"""A GX device behind a broker, as its MQTT plugin makes it look (docs/vrm.md, Live data), and VRM's broker: a real
mosquitto with TLS and users. What a client does there is judged: see Cloud.violations."""

import base64
import glob
import hashlib
import json
import os
import re
import threading
import time

import paho.mqtt.client as paho

from .broker import Broker

KEPT_ALIVE = 60.0           # seconds after a keepalive in which changes are told
INTEREST = 130.0            # seconds after the last question or write in which anything is forwarded to VRM
HEARTBEAT = 3.0
REPUBLISHES = 3             # a second, of all clients together
OFF, READ_ONLY, FULL = 0, 1, 2          # settings/0/Settings/Network/VrmPortal
PORTAL_MODE = "settings/0/Settings/Network/VrmPortal"


def dynamic_security():
    """The path of mosquitto's plugin for users and rights."""
    for folder in ("/usr/lib/*", "/usr/local/lib", "/usr/lib"):
        for path in glob.glob(folder + "/mosquitto_dynamic_security.so"):
            return path
    raise RuntimeError("mosquitto's dynamic security plugin was not found")


def hashed(password):
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101, 64)
    return {"password": base64.b64encode(digest).decode(), "salt": base64.b64encode(salt).decode(), "iterations": 101}


class Cloud:
    """One of VRM's brokers. `users`: {e-mail: (token, {portal id: right})}, where "full" may write, "monitor" ask and
    "watch" only listen; a login is the e-mail and "Token <token>"."""

    def __init__(self, folder, authority, users, name="localhost"):
        self.folder = os.path.join(str(folder), "cloud")
        os.makedirs(self.folder, exist_ok=True)
        self.users, self.ca_file = dict(users), authority.ca_file
        certificate, key = authority.issue(name, f"DNS:{name}")
        self.rights_file = os.path.join(self.folder, "rights.json")
        self.broker = Broker(self.folder, [
            f"certfile {certificate}", f"keyfile {key}", "max_queued_messages 0", f"plugin {dynamic_security()}",
            f"plugin_opt_config_file {self.rights_file}"], web=True)
        self.port, self.web_port = self.broker.port, self.broker.web_port
        self.devices = {}               # portal id -> Gx
        self.found = []                 # violations that a Gx has seen

    def write_rights(self):
        def acl(kind, topic):
            return {"acltype": kind, "topic": topic, "allow": True}
        clients, roles = [], []
        for email, (token, portals) in self.users.items():
            acls = [acl("subscribePattern", f"N/{portal}/#") for portal in portals]
            acls += [acl("publishClientSend", f"R/{portal}/#") for portal, right in portals.items() if right != "watch"]
            acls += [acl("publishClientSend", f"W/{portal}/#") for portal, right in portals.items() if right == "full"]
            acls += [acl("publishClientReceive", f"N/{portal}/#") for portal in portals]
            roles.append({"rolename": email, "acls": acls})
            clients.append({"username": email, **hashed("Token " + token), "roles": [{"rolename": email}]})
        access = {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True}
        with open(self.rights_file, "w", encoding="utf-8") as file:
            json.dump({"defaultACLAccess": access, "clients": clients, "groups": [], "roles": roles}, file)

    def start(self):
        self.write_rights()
        self.broker.start()
        for device in self.devices.values():
            device.connect()
        return self

    def stop(self):
        for device in self.devices.values():
            device.disconnect()
        self.broker.stop()

    def restart(self, pause=0.0, users=None):
        """With other users or rights, if they are given: that is how a token is revoked."""
        self.stop()
        self.users = dict(users) if users is not None else self.users
        time.sleep(pause)
        self.start()

    def close(self):
        for device in self.devices.values():
            device.close()
        self.broker.stop()

    def add(self, portal, values, **how):
        """A GX of this portal id -> Gx. Before or after the start."""
        self.devices[portal] = device = Gx(self, portal, values, **how)
        if self.broker.process is not None:
            device.connect()
        return device

    # -- the judge -------------------------------------------------------------------------------

    def logins(self):
        """How often a client was let in."""
        return len([name for name in re.findall(r"New client connected from \S+ as (\S+)", self.broker.log_text())
                    if not name.startswith("gx-")])

    def refused_logins(self):
        return len(re.findall(r"not authorised", self.broker.log_text()))

    def subscriptions(self):
        """The topics that clients have asked for, in order."""
        return [topic for client, topic in self.requests() if client]

    def requests(self):
        """-> (client, topic) of each subscription."""
        client = None
        for line in self.broker.log_text().splitlines():
            begin = re.search(r": Received SUBSCRIBE from (\S+)", line)
            if begin:
                client = begin[1]
            asked = re.search(r": \t(.*) \(QoS \d\)$", line)
            if asked and client and not client.startswith("gx-"):
                yield client, asked[1]
            if not (begin or asked):
                client = None

    def published(self):
        """-> (topic, retained, QoS) of each message of a client."""
        pattern = r"(?:Received|Denied) PUBLISH from (\S+) \(d\d, q(\d), r(\d), m\d+, '([^']*)'"
        return [(topic, retained == "1", int(qos))
                for client, qos, retained, topic in re.findall(pattern, self.broker.log_text())
                if not client.startswith("gx-")]

    @property
    def violations(self):
        """What a client did that VRM's brokers refuse, or that harms a GX: sentences."""
        said = list(self.found)
        for topic in self.subscriptions():
            levels = topic.split("/")
            if len(levels) < 3 or levels[0] != "N" or levels[1] in ("+", "#"):
                said.append(f"a subscription that VRM refuses: {topic}")
            elif levels[1] not in self.devices:
                said.append(f"a subscription to an installation that is not the user's: {topic}")
        for topic, retained, qos in self.published():
            levels = topic.split("/")
            if retained:
                said.append(f"a retained message: {topic}")
            if qos > 0:
                said.append(f"a message of quality {qos}: {topic}")
            if levels[0] not in ("R", "W") or len(levels) < 3 or levels[1] not in self.devices:
                said.append(f"a message that nobody but the GX may send: {topic}")
            elif "+" in levels or "#" in levels:
                said.append(f"a wildcard in a question or write: {topic}")
        if self.refused_logins() > len(self.devices):
            said.append(f"{self.refused_logins()} logins with what was refused before")
        return said


class Gx:
    """`values` are {"battery/289/Soc": 76.5, ...}: None is a path without a value. `speed`: how much faster its times
    pass than the real ones. `refresh`: called now and then, gives the values of the moment. `bridged`: its broker is
    VRM's, not its own."""

    def __init__(self, cloud, portal, values, speed=1.0, firmware=3.55, refresh=None, limits=None, writable=(),
                 bridged=True):
        self.cloud, self.portal, self.speed, self.firmware, self.bridged = cloud, portal, speed, firmware, bridged
        self.values = {PORTAL_MODE: FULL, "system/0/Serial": portal, **values}
        self.refresh, self.limits, self.writable = refresh, dict(limits or {}), set(writable)
        self.refused = set()            # paths whose writes have no effect
        self.clamped = set()            # those whose values are brought within the limits; others are refused then
        self.released = set()           # those that may be written before they are there, and that null releases
        self.taken_back = {}            # path -> seconds after which its owner sets it as it was
        self.heart, self.online = True, True
        self.alive_until = self.interest_until = self.next_beat = 0.0
        self.tokens, self.tokens_at = REPUBLISHES, 0.0
        self.keepalives, self.writes, self.republished = [], [], 0
        self.lock = threading.RLock()
        self.client, self.thread, self.closing = None, None, threading.Event()

    # -- connection ------------------------------------------------------------------------------

    def connect(self):
        subscribed = threading.Event()
        self.client = paho.Client(client_id=f"gx-{self.portal}")
        self.client.max_queued_messages_set(0)
        self.client.on_connect = lambda client, *_: client.subscribe([(f"R/{self.portal}/#", 0),
                                                                      (f"W/{self.portal}/#", 0)])
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", self.cloud.broker.test_port)
        self.client.loop_start()
        assert subscribed.wait(10), "the GX could not subscribe"
        if not self.bridged:
            self.client.publish(f"N/{self.portal}/system/0/Serial", json.dumps({"value": self.portal}), retain=True)
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, daemon=True)
            self.thread.start()

    def disconnect(self):
        if self.client is not None:
            self.client.disconnect()
            self.client.loop_stop()
            self.client = None

    def close(self):
        self.closing.set()
        if self.thread is not None:
            self.thread.join(5)
        self.disconnect()

    # -- time ------------------------------------------------------------------------------------

    def _run(self):
        last = 0.0
        while not self.closing.wait(0.02):
            with self.lock:
                now = time.monotonic()
                if now >= self.next_beat:
                    self.next_beat = now + HEARTBEAT / self.speed
                    if self.alive() and self.heart:
                        self._send("heartbeat", {"value": int(time.time())})
                if self.refresh and now - last >= 1 / self.speed:
                    last = now
                    for path, value in self.refresh().items():
                        self.set(path, value)

    def alive(self):
        return time.monotonic() < self.alive_until

    # -- what it tells ---------------------------------------------------------------------------

    def _send(self, topic, payload):
        """Past the bridge: only while somebody at VRM is interested, and the portal mode allows it."""
        client = self.client
        forwards = not self.bridged or time.monotonic() < self.interest_until and self.values[PORTAL_MODE] != OFF
        if client is not None and self.online and forwards:
            text = "" if payload is None else json.dumps(payload)
            client.publish(f"N/{self.portal}/{topic}", text)

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

    def _on_message(self, _client, _data, message):
        kind, _, path = message.topic.split("/", 2)
        with self.lock:
            if not self.online or self.bridged and self.values[PORTAL_MODE] == OFF:
                return
            self.interest_until = time.monotonic() + INTEREST / self.speed
            if kind == "W":
                self._write(path, message.payload)
            elif path in ("keepalive", "system/0/Serial"):
                self._keepalive(message.payload)
            else:
                self._read(path)

    def _keepalive(self, payload):
        now = time.monotonic()
        self.keepalives.append((now, payload.decode()))
        if not self.alive():
            self.next_beat = now
        self.alive_until = now + KEPT_ALIVE / self.speed
        if b"suppress-republish" in payload:
            return
        if now - self.tokens_at >= 1:
            self.tokens, self.tokens_at = REPUBLISHES, now
        if self.tokens == 0:
            self.cloud.found.append(f"more than {REPUBLISHES} republishes in a second")
            return
        self.tokens -= 1
        self.republished += 1
        for path in list(self.values):
            self._tell(path)
        if self.firmware >= 3.2:
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
            self.cloud.found.append(f"a write that is no value: {path} {payload.decode()}")
            return
        before = self.values.get(path)
        if path not in self.writable:
            self.cloud.found.append(f"a write to a path that nobody declares: {path}")
        if isinstance(value, (str, bool, list, dict)) or value is None and isinstance(before, (int, float)) \
                and path not in self.released:
            self.cloud.found.append(f"a write of {json.dumps(value)} where a number belongs: {path}")
        known = path in self.values or path in self.released
        if self.bridged and self.values[PORTAL_MODE] != FULL or path in self.refused or not known:
            return
        low, high = self.limits.get(path, (None, None))
        if value is not None and low is not None and not low <= value <= high:
            if path not in self.clamped:
                return
            value = min(max(value, low), high)
        self.set(path, value)
        if path in self.taken_back:
            threading.Timer(self.taken_back[path], self.set, (path, before)).start()


# Of VRM's rows, what D-Bus counts otherwise: hours there, seconds here.
SECONDS = ("/TimeToGo", "/Dc/Battery/TimeToGo")


def values_of(site, clock):
    """The paths and values of a GX from an installation of VRM's stand-in (scripts/demo/vrm_world.py), and those that
    VRM does not keep: the history of a month."""
    values = {}
    for row in site.rows(*clock()):
        service, path, value = row["dbusServiceType"], row["dbusPath"], row["rawValue"]
        if not (service and path):
            continue
        if path in SECONDS and value is not None:
            value *= 3600
        values[f"{service}/{row['instance']}{path}"] = value
        if service == "solarcharger" and path == "/History/Daily/0/Yield":
            for day in range(2, 31):
                values[f"{service}/{row['instance']}/History/Daily/{day}/Yield"] = value
    return values
