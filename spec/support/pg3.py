"""A stand-in for PG3: a real mosquitto, and behind it a client that answers as PG3 does.

Two wire forms (docs/pg3.md, Connection, User data): "pg3x" (today's) and "2021" (the last public core).
Everything the plugin sends is judged by pg3_rules.Rules; see `Pg3.violations`."""

import base64
import collections
import dataclasses
import json
import os
import shutil
import subprocess
import threading
import time

import paho.mqtt.client as paho

from .broker import Broker
from .certs import self_signed
from .pg3_rules import Rules
from .profile import Profile

UUID = "00:0d:b9:52:ce:50"
SLOT = 2
PASSWORD = "vuXtqI5ILW**A&Zf"
ISY_PASSWORD = "isy-Sekret!4711"

Message = collections.namedtuple("Message", "at kind data")      # at: time.monotonic()
Reading = collections.namedtuple("Reading", "at value uom text source")   # source: set | addnode


@dataclasses.dataclass
class Node:
    """A node as PG3 keeps it."""
    address: str
    name: str
    nodedef: str
    primary: str
    enabled: int = 1
    drivers: dict = dataclasses.field(default_factory=dict)      # id -> Reading


@dataclasses.dataclass
class Behaviour:
    """How this PG3 behaves; the defaults are those of a well one."""
    wire: str = "pg3x"
    echo: bool = None                   # sends a plugin's own custom set back to it (2021: always)
    config: str = "full"                # full | empty | no_nodes | never
    config_delay: float = 0
    getall: str = "full"                # full | never | objects (values as objects, not text)
    # What the first questions get in place of an answer, one value each.
    config_first: list = dataclasses.field(default_factory=list)
    getall_first: list = dataclasses.field(default_factory=list)
    # PG3 answers an addnode message when it is through with all of its nodes; apart: each node by itself.
    addnode_apart: bool = False
    addnode_delay: float = 0
    addnode_late: dict = dataclasses.field(default_factory=dict)      # address -> seconds
    addnode_errors: dict = dataclasses.field(default_factory=dict)    # address -> how often
    addnode_silent: dict = dataclasses.field(default_factory=dict)    # added, but the answer is lost; how often
    numbers_as_strings: bool = False    # in PG3INIT and config
    unknown_keys: bool = False          # strangers in every message

    def __post_init__(self):
        if self.echo is None:
            self.echo = self.wire == "2021"


class Pg3:
    """One PG3 with one plugin in slot SLOT.

    mode: "plain" (secure 0), "tls" (mosquitto form: client certificate and password),
    "legacy" (2021: self-signed TLS, no client certificate). `authority` (certs.Authority) signs
    in mode "tls"; `client_authority` may sign the plugin's certificate instead of it."""

    def __init__(self, work, plugin_folder, mode="plain", authority=None, client_authority=None,
                 behaviour=None, prefix=None):
        self.work, self.folder, self.mode = str(work), str(plugin_folder), mode
        os.makedirs(self.work, exist_ok=True)
        self.behaviour = behaviour or Behaviour(wire="2021" if mode == "legacy" else "pg3x")
        self.prefix = prefix            # of PG3INIT; None: it has none
        self.id = f"{prefix or UUID}_{SLOT}"
        self.user = self.id if mode == "legacy" else self.id.replace(":", "")
        self.authority = authority
        self.ca_file = authority.ca_file if authority else None
        self.nodes, self.messages, self.history = {}, [], collections.defaultdict(list)
        self.customs = {}
        self.deleted = set()            # addresses whose values PG3 drops without an answer
        self.foreign_notices = set()
        self.controller_driver = None
        self.log_level = "DEBUG"
        self.in_flight = set()          # addresses of the last addnode that are not answered
        self.in_flight_since = 0.0
        self.changed = threading.Condition(threading.RLock())
        self.rules = Rules(self, Profile(plugin_folder))
        self.rules.secrets += [PASSWORD, ISY_PASSWORD]
        self.broker = Broker(self.work, self._listener(client_authority or authority))
        self.client = None

    # -- set-up --------------------------------------------------------------------------------

    def _listener(self, client_authority):
        """mosquitto's lines for the plugin's side; writes the plugin's certificate files."""
        if self.mode == "legacy":
            certificate, key = self_signed(self.work, "pg3")
            return ["allow_anonymous true", f"certfile {certificate}", f"keyfile {key}"]
        password_file = os.path.join(self.work, "passwords")
        subprocess.run(["mosquitto_passwd", "-c", "-b", password_file, self.user, PASSWORD],
                       check=True, capture_output=True)
        lines = ["allow_anonymous false", f"password_file {password_file}"]
        if self.mode == "tls":
            # A name that is not the host's: PG3's certificates do not carry it either.
            certificate, key = self.authority.issue("eisy.pg3.broker")
            lines += [f"cafile {self.authority.ca_file}", f"certfile {certificate}",
                      f"keyfile {key}", "require_certificate true"]
            client_certificate, client_key = client_authority.issue(self.user)
            shutil.copy(client_certificate, os.path.join(self.folder, self.user + ".cert"))
            shutil.copy(client_key, os.path.join(self.folder, self.user + ".key"))
        return lines

    def start(self):
        self.broker.start()
        self.client = paho.Client(client_id="pg3-stand-in")
        self.client.reconnect_delay_set(min_delay=1, max_delay=1)
        self.client.on_connect = lambda client, *_: client.subscribe("udi/#")
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", self.broker.test_port)
        self.client.loop_start()
        assert subscribed.wait(60), "the stand-in could not subscribe"
        return self

    def close(self):
        if self.client is not None:
            self.client.disconnect()
            self.client.loop_stop()
        self.broker.stop()

    def init(self, **changes):
        """PG3INIT as an object; a field given as None is left out."""
        fields = {"uuid": UUID, "profileNum": SLOT, "logLevel": self.log_level, "token": PASSWORD,
                  "mqttHost": "localhost", "mqttPort": self.broker.port,
                  "secure": 0 if self.mode == "plain" else 1, "pg3Version": "3.1.21",
                  "isyVersion": "5.6.2", "edition": "Free", "prefix": self.prefix}
        fields.update(changes)
        if self.behaviour.numbers_as_strings:
            fields = {k: str(v) if isinstance(v, int) else v for k, v in fields.items()}
        return {key: value for key, value in fields.items() if value is not None}

    def init_text(self, **changes):
        return base64.b64encode(json.dumps(self.init(**changes)).encode()).decode()

    def seed_node(self, address, name, nodedef, primary, values):
        """A node PG3 already has from an earlier run; values: {driver: (value, uom)}."""
        drivers = {driver: Reading(0, str(value), int(uom), None, "seed")
                   for driver, (value, uom) in values.items()}
        self.nodes[address] = Node(address, name, nodedef, primary, drivers=drivers)

    def seed_notice(self, key, html):
        """A notice of PG3's own ("expired", for example)."""
        self.customs.setdefault("notices", {})[key] = html
        self.foreign_notices.add(key)

    # -- what the plugin sent --------------------------------------------------------------------

    @property
    def violations(self):
        return self.rules.violations

    def _on_message(self, _client, _userdata, packet):
        _udi, _pg3, *rest = packet.topic.split("/")
        if rest[:2] == ["ns", "clients"]:
            return                                              # our own
        with self.changed:
            if rest == ["connections", "ns", self.id]:
                self._connection(packet.payload)
            elif len(rest) == 3 and rest[0] == "ns" and rest[2] == self.id:
                data = self.rules.check(rest[1], packet.payload)
                if data is not None:
                    self.messages.append(Message(time.monotonic(), rest[1], data))
                    self._answer(rest[1], data)
            else:
                self.rules.broken(f"a message on the topic {packet.topic}")
            self.changed.notify_all()

    def _connection(self, payload):
        try:
            data = json.loads(payload)
        except ValueError:
            self.rules.broken(f"connections: not JSON: {payload!r}")
            return
        if data not in ({"connected": [{}]}, {"disconnected": [{}]}):
            self.rules.broken(f"connections: {payload!r}")
        self.messages.append(Message(time.monotonic(), "connections", data))

    def _answer(self, kind, data):
        handlers = {"config": self._got_config, "getAll": self._got_getall,
                    "addnode": self._got_addnode, "setController": self._got_controller,
                    "installprofile": self._got_installprofile,
                    "removenode": self._got_removenode, "renamenode": self._got_renamenode,
                    "getIsyInfo": lambda _: self.send({"getIsyInfo": self._isy_info()}),
                    "get": self._got_get, "getNsInfo": self._got_ns_info}
        for key, value in data.items():
            if key == "set":
                self._got_set(value) if kind == "status" else self._got_custom(value)
            elif key == "command":
                self.send({"command": [{"address": item.get("address"), "success": True}
                                       for item in value]})
            elif key in handlers:
                handlers[key](value)

    def _got_installprofile(self, _):
        """From now on the profile in the plugin's folder counts."""
        self.rules.profile = Profile(self.folder)
        self.send({"installprofile": {"success": True}})

    def _isy_info(self):
        return {"isy_ip_address": "192.168.1.10", "isy_username": "admin",
                "isy_password": ISY_PASSWORD, "isy_port": 8080, "isy_https": 0}

    def _got_ns_info(self, _):
        if self.behaviour.wire == "2021":
            self.send({"error": "No valid API calls provided", "message": '{"getNsInfo":{}}'})
        else:
            self.send({"getNsInfo": [{"profileNum": SLOT, "name": "Victron Energy"}]})

    def _got_controller(self, value):
        if self.behaviour.wire == "2021":
            self.send({"error": "No valid API calls provided", "message": json.dumps(value)})
            return
        node, driver = value.get("node"), value.get("driver")
        if node in self.deleted:
            return                      # the plugin does not know yet that PG3 lost it
        self.controller_driver = (node, driver)
        if node not in self.nodes:
            self.rules.broken(f"setController: PG3 has no node {node!r}")
        self.send({"setController": {"success": True}})

    def _got_config(self, _):
        how = self.behaviour.config
        if self.behaviour.config_first:
            self.send({"config": self.behaviour.config_first.pop(0)})
            return
        if how == "never":
            return
        full = self.config()
        if how == "no_nodes":
            del full["nodes"]
        self._later(self.behaviour.config_delay, {"config": {} if how == "empty" else full})

    def config(self):
        """The record PG3 keeps about the plugin (docs/pg3.md, Configuration)."""
        return {"id": "a1", "uuid": UUID, "token": PASSWORD, "name": "VictronEnergy",
                "profileNum": SLOT, "timeStarted": 1595552956711, "version": "1.0.0",
                "log": "logs/debug.log", "logLevel": self.log_level, "enabled": 1, "connected": 1,
                "logLevelList": json.dumps([{"id": 4, "name": "Debug", "value": "DEBUG"}]),
                "type": "python3", "shortPoll": 120, "longPoll": 600, "dbVersion": 1,
                "notices": self.customs.get("notices", {}),
                "nodes": [self._config_node(node) for node in list(self.nodes.values())]}

    def _config_node(self, node):
        as_text = self.behaviour.numbers_as_strings
        drivers = [{"id": "d", "uuid": UUID, "profileNum": SLOT, "address": node.address,
                    "driver": driver, "value": reading.value,
                    "uom": str(reading.uom) if as_text else reading.uom, "dbVersion": 1}
                   for driver, reading in node.drivers.items()]
        return {**self._node_record(node), "drivers": drivers}

    def _node_record(self, node):
        return {"id": "n", "uuid": UUID, "profileNum": SLOT, "address": node.address,
                "name": node.name, "nodeDefId": node.nodedef, "nls": None, "hint": "0x00000000",
                "controller": 0, "primaryNode": node.primary, "private": None,
                "isPrimary": int(node.primary == node.address), "enabled": node.enabled,
                "timeAdded": 1595552956711, "timeModified": 1595552956711, "dbVersion": 1}

    def _custom_row(self, key):
        value = self.customs[key]
        if self.behaviour.getall != "objects" and not isinstance(value, str):
            value = json.dumps(value)
        return {"id": "c", "uuid": UUID, "profileNum": SLOT, "key": key, "value": value,
                "dbVersion": 1}

    def _got_getall(self, _):
        if self.behaviour.getall_first:
            self.send({"getAll": self.behaviour.getall_first.pop(0)})
        elif self.behaviour.getall != "never":
            self.send({"getAll": [self._custom_row(key) for key in self.customs]})

    def _got_get(self, items):
        if isinstance(items, list) and items and "key" in items[0]:
            keys = [item["key"] for item in items if item["key"] in self.customs]
            self.send({"get": [self._custom_row(key) for key in keys]})

    def _got_custom(self, items):
        for item in items:
            key, value = item.get("key"), item.get("value")
            self.customs[key] = value
            self.send({"set": [{"success": True, "key": key}]})
            if self.behaviour.echo:
                self.push_custom(key, value)

    def _got_set(self, items):
        answers = []
        for item in items if isinstance(items, list) else []:
            if item.get("address") in self.deleted:
                continue
            node = self.nodes.get(item.get("address"))
            answer = {key: item.get(key) for key in ("address", "driver", "value", "uom")}
            if node is None:
                answer = {"address": item.get("address"), "driver": item.get("driver"),
                          "error": "could not set driver on ISY 404", "code": 404}
            else:
                self._store(node, item, "set")
            answers.append(answer)
        if answers:
            self.send({"set": answers})

    def _store(self, node, item, source):
        reading = Reading(time.monotonic(), str(item.get("value")), int(item.get("uom") or 0),
                          item.get("text"), source)
        node.drivers[item.get("driver")] = reading
        self.history[node.address, item.get("driver")].append(reading)

    def _got_removenode(self, items):
        answers = []
        for item in items:
            address = item["address"]
            children = [node.address for node in self.nodes.values()
                        if node.primary == address and node.address != address]
            if children:
                self.rules.broken(f"removenode {address}: it still has {children}")
            self.nodes.pop(address, None)
            self.deleted.add(address)
            answers.append({"address": address, "success": True})
        self.send({"removenode": answers})

    def _got_renamenode(self, items):
        for item in items:
            self.nodes[item["address"]].name = item["name"]
        self.send({"renamenode": [{**item, "success": True} for item in items]})

    def _got_addnode(self, items):
        addresses = {item.get("address") for item in items}
        if self.in_flight and time.monotonic() - self.in_flight_since < 3:
            self.rules.broken(f"addnode {addresses}: sent while {self.in_flight} is unanswered")
        self.in_flight, self.in_flight_since = addresses, time.monotonic()
        if self.behaviour.addnode_apart:
            for item in items:
                self._answer_addnode([item])
        else:
            self._answer_addnode(items)

    def _answer_addnode(self, items):
        addresses = [item.get("address") for item in items]
        if any([self._take(self.behaviour.addnode_silent, address) for address in addresses]):
            for item in items:
                self._add(item)                         # the answer got lost on its way
            return
        refused = {address for address in addresses if self._take(self.behaviour.addnode_errors, address)}
        late, delay = self.behaviour.addnode_late, self.behaviour.addnode_delay
        self._later(max(late.get(address, delay) for address in addresses), None,
                    lambda: self._confirm(items, refused))

    def _take(self, counters, address):
        """Whether one of the counted misbehaviours for this address is left; uses it up."""
        if counters.get(address, 0) <= 0:
            return False
        counters[address] -= 1
        return True

    def _add(self, item):
        address = item["address"]
        self.deleted.discard(address)
        node = self.nodes.get(address)
        if node is None:
            node = Node(address, item.get("name"), item.get("nodeDefId"), item.get("primaryNode"))
            self.nodes[address] = node
        node.nodedef = item.get("nodeDefId")
        for driver in item.get("drivers", []):
            self._store(node, driver, "addnode")
        return node

    def _confirm(self, items, refused):
        error = {"error": "could not add node on ISY", "code": 400}
        self.in_flight = self.in_flight - {item["address"] for item in items}
        self.send({"addnode": [{"address": item["address"], **error} if item["address"] in refused
                               else self._node_record(self._add(item)) for item in items]})

    # -- what PG3 sends --------------------------------------------------------------------------

    def _later(self, delay, message, before=None):
        """Sends after `delay` seconds; `before` runs first. Message None: only `before`."""
        def act():
            with self.changed:
                if before is not None:
                    before()
                if message is not None:
                    self.send(message)
                self.changed.notify_all()
        if delay > 0:
            timer = threading.Timer(delay, act)
            timer.daemon = True
            timer.start()
        else:
            act()

    def send(self, message):
        """To the plugin: an object, or bytes as they are."""
        if isinstance(message, dict):
            if self.behaviour.unknown_keys:
                message = {"aStranger": {"x": [1, None, True]}, **message, "another": None}
            message = json.dumps(message).encode()
        self.client.publish(f"udi/pg3/ns/clients/{self.id}", message)

    def push_custom(self, key, value, form="text"):
        """A change of user data; form: "text" (JSON text), "object", "value" ({value: ...})."""
        body = {"text": json.dumps(value), "object": value, "value": {"value": value}}[form]
        top_level = self.behaviour.wire == "2021"
        self.send({key: body} if top_level else {"custom": {key: body}})

    def set_params(self, params, form="text"):
        """The user saves these parameters in PG3."""
        with self.changed:
            self.customs["customparams"] = dict(params)
        self.push_custom("customparams", params, form)

    def choose(self, chosen):
        """The user saves these switches of the configuration page in PG3."""
        with self.changed:
            self.customs["customtypeddata"] = dict(chosen)
        self.push_custom("customtypeddata", chosen)

    def delete_node(self, address, told=True):
        """The user deletes a node; PG3x tells it."""
        with self.changed:
            del self.nodes[address]
            self.deleted.add(address)
        if told:
            self.send({"removenode": [{"address": address, "success": True}]})

    def lose_nodes(self):
        """PG3 is restored from a backup without the plugin's nodes; its configuration shows that."""
        with self.changed:
            self.deleted |= set(self.nodes)
            self.nodes.clear()
            self.controller_driver = None
            self.send({"config": self.config()})

    def short_poll(self):
        self.send({"shortPoll": {}})

    def long_poll(self):
        self.send({"longPoll": {}})

    def discover(self):
        self.send({"discover": {}})

    def query(self, address, **more):
        self.send({"query": {"address": address, **more}})

    def status(self, address, **more):
        self.send({"status": {"address": address, **more}})

    def command(self, address, cmd, **more):
        self.send({"command": {"address": address, "cmd": cmd, "query": {}, **more}})

    def stop_plugin(self):
        self.send({"stop": {}})

    # -- what tests ask --------------------------------------------------------------------------

    def wait_for(self, predicate, timeout, what="what the test waits for"):
        """-> the predicate's first true value. It is asked after each message and every 50 ms."""
        until = time.monotonic() + timeout
        with self.changed:
            while True:
                value = predicate()
                if value:
                    return value
                left = until - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{what}: not within {timeout} s. {self.summary()}")
                self.changed.wait(min(left, 0.05))

    def summary(self):
        """For messages of failed tests."""
        nodes = {node.address: {driver: reading.value for driver, reading in node.drivers.items()}
                 for node in self.nodes.values()}
        last = [f"{message.kind} {json.dumps(message.data)[:300]}" for message in self.messages[-6:]]
        return f"Nodes: {nodes}. Notices: {self.notices()}. Last messages: {last}. " \
               f"Broken rules: {self.violations[:5]}"

    def value(self, address, driver):
        """The driver's number; None when PG3 has none."""
        node = self.nodes.get(address)
        reading = node.drivers.get(driver) if node else None
        return float(reading.value) if reading else None

    def reading(self, address, driver):
        """The whole Reading; None when PG3 has none."""
        node = self.nodes.get(address)
        return node.drivers.get(driver) if node else None

    def driver(self, address, *labels):
        """The id of a node's driver by its label in the profile (regular expressions)."""
        return self.rules.profile.driver(self.nodes[address].nodedef, *labels)

    def value_name(self, address, driver):
        """The text IoX shows for an index value ("Connected"); None without one."""
        node = self.nodes.get(address)
        reading = node.drivers.get(driver) if node else None
        if reading is None:
            return None
        return self.rules.profile.value_name(node.nodedef, driver, reading.value)

    def notices(self):
        return dict(self.customs.get("notices") or {})

    def received(self, kind, key, since=0.0):
        """The values of `key` in all messages on topic `kind` after `since` (monotonic)."""
        return [message.data[key] for message in self.messages
                if message.kind == kind and key in message.data and message.at >= since]

    def sets(self, since=0.0):
        """All elements of the status `set` messages after `since`."""
        return [item for items in self.received("status", "set", since) for item in items]

    def reports(self, request=None):
        """All elements of the `report` messages; with a requestId those that answer it."""
        return [item for items in self.received("status", "report") for item in items
                if request is None or item.get("requestId") == request]

    def connected_count(self):
        """How often the plugin has logged in at the broker (its log tells)."""
        return self.broker.log_text().count(f" as {self.id} (")

    def login_line(self):
        """The broker's line about the plugin's last login; None before it."""
        lines = [line for line in self.broker.log_text().splitlines()
                 if f" as {self.id} (" in line]
        return lines[-1] if lines else None

    # -- the broker -----------------------------------------------------------------------------

    def restart_broker(self, pause=0.0):
        """Stops mosquitto and starts it on the same ports after `pause` seconds. The plugin's
        addnode on the way is lost with the connection."""
        self.broker.stop()
        time.sleep(pause)
        self.in_flight = set()
        self.broker.start()
        self.wait_for(self.client.is_connected, 60, "the stand-in's own reconnection")

    def retained(self, topic="udi/#"):
        """{topic: payload text} of the retained messages at the broker. They come before what is published after the
        subscription."""
        found, last = {}, threading.Event()

        def on_message(_client, _userdata, packet):
            if packet.topic == "last":
                last.set()
            elif packet.retain:
                found[packet.topic] = packet.payload.decode("utf-8", "replace")

        reader = paho.Client(client_id="reader")
        reader.on_connect = lambda client, *_: client.subscribe([(topic, 0), ("last", 0)])
        reader.on_subscribe = lambda client, *_: client.publish("last")
        reader.on_message = on_message
        reader.connect("127.0.0.1", self.broker.test_port)
        reader.loop_start()
        assert last.wait(60), "the broker does not answer"
        reader.disconnect()
        reader.loop_stop()
        return found

    def retained_connection(self):
        """The retained connection message as an object; None when there is none."""
        topic = f"udi/pg3/connections/ns/{self.id}"
        payload = self.retained(topic).get(topic)
        return json.loads(payload) if payload else None
