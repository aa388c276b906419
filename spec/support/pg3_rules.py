"""What PG3 and IoX demand of each message (docs/pg3.md, Adding a node to Names and addresses).

Every broken rule becomes one sentence in `Rules.violations`."""

import json
import re

NUMBER = re.compile(r"-?\d+(\.\d+)?\Z")
ADDRESS = re.compile(r"[a-z0-9_]{1,14}\Z")
FORBIDDEN_IN_NAMES = set("<>`~!@#$%^&*(){}[]?/\\;:\"'")
KEYS = {
    "system": {"config", "getNsInfo", "getIsyInfo", "installprofile", "getprofile", "updateprofile",
               "setController", "setPoll", "setLogLevel", "setLogList", "push", "restart", "stop",
               "customResponse"},
    "custom": {"getAll", "get", "set"},
    "command": {"addnode", "removenode", "renamenode", "changenode", "command", "bonjour"},
    "status": {"set", "get", "report"},
    "portal": {"webhookStart", "webhook", "webhookStop"},
}


class RawNumber(str):
    """A JSON number as it was written."""


def refuse_constant(text):
    raise ValueError(f"{text} is no JSON")


def refuse_double_keys(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key occurs twice in {keys}")
    return dict(pairs)


def parse(payload, **options):
    """Strict JSON from bytes; raises ValueError."""
    return json.loads(payload.decode("utf-8"), parse_constant=refuse_constant,
                      object_pairs_hook=refuse_double_keys, **options)


def decimals(text):
    return len(text.partition(".")[2])


class Rules:
    """Judges messages against `profile` and the nodes PG3 knows (`pg3.nodes`, `pg3.customs`)."""

    def __init__(self, pg3, profile):
        self.pg3 = pg3
        self.profile = profile
        self.violations = []
        self.secrets = []           # these may stand in no message at all
        self.sent = {}              # key -> user data as this run of the plugin set it last
        self.tokens = []            # these may stand in customparams only (the user typed them)

    def new_run(self):
        """The plugin starts anew: it may say once more what it said before."""
        self.sent.clear()

    def broken(self, sentence):
        if sentence not in self.violations:
            self.violations.append(sentence)

    def check(self, kind, payload):
        """-> the message as an object, or None when it is none."""
        try:
            message = parse(payload)
            raw = parse(payload, parse_int=RawNumber, parse_float=RawNumber)
        except ValueError as error:
            self.broken(f"{kind}: not valid JSON ({error}): {payload[:200]!r}")
            return None
        if not isinstance(message, dict) or not message:
            self.broken(f"{kind}: not a JSON object with members: {payload[:200]!r}")
            return None
        for key in message:
            if key not in KEYS.get(kind, ()):
                self.broken(f"{kind}: PG3 knows no key {key!r} on this topic")
        self.check_secrets(kind, payload, message)
        if "set" in raw and kind == "status":
            self.check_list("set", raw["set"], self.check_value)
            self.check_order("set", raw["set"])
        if "report" in raw:
            self.check_list("report", raw["report"], self.check_report)
        if "addnode" in raw:
            self.check_list("addnode", raw["addnode"], self.check_addnode)
            self.check_size(raw["addnode"], payload)
        if "command" in raw:
            self.check_list("command", raw["command"], self.check_event)
        if "set" in raw and kind == "custom":
            self.check_list("set", raw["set"], lambda _: None)
            for item in message["set"]:
                self.check_custom(item)
        if "config" in raw:
            self.check_config(raw["config"])
        return message

    def check_secrets(self, kind, payload, message):
        text = payload.decode("utf-8", "replace")
        for secret in self.secrets:
            if secret in text:
                self.broken(f"{kind}: a secret of PG3 stands in {text[:200]}")
        if kind == "custom" and "set" in message:
            others = [item for item in message["set"] if item.get("key") != "customparams"]
            text = json.dumps(others)
        for token in self.tokens:
            if token in text:
                self.broken(f"{kind}: the VRM token stands in {text[:200]}")

    def check_list(self, key, items, check):
        if not isinstance(items, list) or not items:
            self.broken(f"{key}: must be an array with elements, not {items!r}")
            return
        for item in items:
            if isinstance(item, dict):
                check(item)
            else:
                self.broken(f"{key}: element is not an object: {item!r}")

    # -- values ------------------------------------------------------------------------------

    def check_value(self, item):
        """One element of `set`: for a node PG3 has, fit for that node's nodedef."""
        address, driver = item.get("address"), item.get("driver")
        where = f"set {address} {driver}"
        for key in ("address", "driver", "value", "uom"):
            if item.get(key) is None:
                self.broken(f"{where}: {key} is missing: {item!r}")
                return
        node = self.pg3.nodes.get(address)
        if node is None and address in self.pg3.deleted:
            return                      # on its way when PG3 lost the node, or PG3 did not tell
        if node is None:
            self.broken(f"{where}: PG3 has no such node (or has not answered its addnode yet)")
            return
        if (address, driver) == self.pg3.controller_driver:
            self.broken(f"{where}: this driver is PG3's own (setController)")
        text = item.get("text")
        if text is not None and type(text) is not str:          # a RawNumber is no text
            self.broken(f"{where}: text must be a string or null, not {text!r}")
        self.check_reading(where, node.nodedef, driver, item["value"], item["uom"])

    def check_reading(self, where, nodedef_id, driver, value, uom):
        """Value, unit and number of places against nodedef and editor."""
        if not isinstance(value, str) or not NUMBER.match(value):
            self.broken(f"{where}: value {value!r} is not a plain decimal number")
            return
        nodedef = self.profile.nodedefs.get(nodedef_id)
        if nodedef is None or driver not in nodedef.drivers:
            self.broken(f"{where}: nodedef {nodedef_id} has no such driver")
            return
        ranges = self.profile.editor_ranges(nodedef.drivers[driver])
        if not str(uom).isdigit() or int(uom) not in ranges:
            self.broken(f"{where}: uom {uom!r} is not in editor {nodedef.drivers[driver]}")
            return
        allowed = ranges[int(uom)]
        if allowed is not None and decimals(value) > allowed.prec:
            self.broken(f"{where}: {value} has more than {allowed.prec} decimal places")

    def check_report(self, item):
        for key in ("address", "requestId", "success"):
            if key not in item:
                self.broken(f"report: {key} is missing: {item!r}")

    def check_event(self, item):
        node = self.pg3.nodes.get(item.get("address"))
        nodedef = self.profile.nodedefs.get(node.nodedef) if node else None
        if nodedef is None or item.get("cmd") not in nodedef.sends:
            self.broken(f"command: not among the events its nodedef sends: {item!r}")
        if "value" in item and "uom" not in item:
            self.broken(f"command: a value without uom: {item!r}")

    # -- nodes -------------------------------------------------------------------------------

    def check_addnode(self, item):
        address, primary = item.get("address"), item.get("primaryNode")
        where = f"addnode {address}"
        if not isinstance(address, str) or not ADDRESS.match(address):
            self.broken(f"{where}: an address is 1 to 14 of a-z, 0-9, _")
        if not primary:
            self.broken(f"{where}: primaryNode is missing")
        elif primary != address and primary not in self.pg3.nodes:
            self.broken(f"{where}: its primary {primary} was not added before it")
        self.check_name(where, item.get("name"))
        hint = item.get("hint")
        if hint is not None and not isinstance(hint, str) and (
                not isinstance(hint, list) or len(hint) != 4):
            self.broken(f"{where}: hint must be four numbers or a string, not {hint!r}")
        if item.get("rename"):
            self.broken(f"{where}: rename would replace the user's own name")
        nodedef = self.profile.nodedefs.get(item.get("nodeDefId"))
        if nodedef is None:
            self.broken(f"{where}: the profile has no nodedef {item.get('nodeDefId')!r}")
            return
        drivers = item.get("drivers")
        if not isinstance(drivers, list):
            self.broken(f"{where}: drivers must be an array")
            return
        self.check_drivers(where, nodedef, drivers)
        self.check_order(where, [{**driver, "address": address} for driver in drivers])

    def check_size(self, items, payload):
        """Few nodes a message: PG3 answers it as a whole."""
        if len(items) > 10 or len(payload) > 40000:
            self.broken(f"addnode: {len(items)} nodes and {len(payload)} bytes in one message")
        addresses = [item.get("address") for item in items]
        if len(set(addresses)) < len(addresses):
            self.broken(f"addnode: one node twice in one message: {addresses}")

    def check_order(self, where, readings):
        """PG3 tells the ISY one value after the other: "fresh" is the last of a node's in a message, so that no
        program sees it beside the values before; any other data state is the first."""
        by_node = {}
        for item in readings:
            by_node.setdefault(item.get("address"), []).append((item.get("driver"), item.get("value")))
        for node, told in by_node.items():
            place = next((i for i, (driver, _) in enumerate(told) if driver == "GV30"), None)
            if place is not None and place != (len(told) - 1 if told[place][1] == "1" else 0):
                self.broken(f"{where}: the data state of {node} ({told[place][1]}) is number {place + 1} of {told}")

    def check_drivers(self, where, nodedef, drivers):
        names = [driver.get("driver") for driver in drivers]
        if sorted(names, key=str) != sorted(nodedef.drivers):
            self.broken(f"{where}: drivers {names} are not those of {nodedef.id}")
        for driver in drivers:
            self.check_reading(f"{where} {driver.get('driver')}", nodedef.id, driver.get("driver"),
                               driver.get("value"), driver.get("uom"))

    def check_name(self, where, name):
        if not isinstance(name, str) or not name.strip():
            self.broken(f"{where}: the node has no name")
        elif FORBIDDEN_IN_NAMES & set(name) or any(ord(c) < 32 for c in name):
            self.broken(f"{where}: characters PG3 does not take in the name {name!r}")
        elif len(name) > 50:
            self.broken(f"{where}: the name has more than 50 characters: {name!r}")

    # -- user data -----------------------------------------------------------------------------

    def check_custom(self, item):
        """`set` replaces the whole record: what others keep in it must be in the new one too."""
        key, value = item.get("key"), item.get("value")
        if not key or value is None or value == "":
            self.broken(f"custom set: key and value are needed: {str(item)[:200]}")
            return
        stored = self.pg3.customs.get(key)
        if key == "customparams":
            for name, typed in (stored or {}).items():
                if not isinstance(value, dict) or value.get(name) != typed:
                    self.broken(f"customparams: the user's {name!r} was lost or changed")
        if key == "notices":
            for name in self.pg3.foreign_notices:
                if not isinstance(value, dict) or name not in value:
                    self.broken(f"notices: {name!r}, which is not the plugin's, was lost")
        if key in self.sent and self.sent[key] == value:
            self.broken(f"{key}: was set to what it already is (an answer to an echo?)")
        self.sent[key] = value

    def check_config(self, item):
        """Asked at every connection: what was not answered before it may be written again."""
        self.sent.clear()
        if not isinstance(item, dict) or not isinstance(item.get("version"), str):
            self.broken(f"config: must tell the plugin's version: {item!r}")
