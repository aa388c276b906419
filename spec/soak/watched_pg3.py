"""PG3's stand-in for the soak: it also sees what is sent twice, and loses answers on request."""

import collections
import json
import time
from socket import IPPROTO_TCP, TCP_NODELAY

from support.pg3 import Pg3

LOST_SECONDS = 2        # before a new connection: an answer to an addnode may have been lost with the one before


class WatchedPg3(Pg3):
    """A value may be sent again only after somebody asked for it, or when the connection is new: `owed` counts how
    often it may still come, until the last request is answered."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.owed = collections.Counter()   # by (address, driver)
        self.asked = set()              # requestIds without an answer
        self.added = {}                 # [address whose addnode was answered] = when
        self.unsure = set()             # (address, driver) told by an addnode whose answer was lost
        self.lose_set_answers = False
        self.seen = {"values": 0, "log-ins": 0, "notice writes": 0, "record writes": 0}

    def _listener(self, client_authority):
        return super()._listener(client_authority) + ["set_tcp_nodelay true"]

    def start(self):
        super().start()
        self.client.reconnect_delay_set(min_delay=0.02, max_delay=0.02)
        self.client.on_socket_open = lambda _client, _data, it: it.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self.client.socket().setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        return self

    def _owe(self, address):
        with self.changed:
            for node in self.nodes.values():
                if address in ("all", node.address):
                    self.owed.update((node.address, driver) for driver in node.drivers)

    def query(self, address, requestId):
        self._owe(address)
        self.asked.add(requestId)
        super().query(address, requestId=requestId)

    def status(self, address, requestId):
        self._owe(address)
        self.asked.add(requestId)
        super().status(address, requestId=requestId)

    def _answer(self, kind, data):
        for item in data.get("report", ()):
            self.asked.discard(item.get("requestId"))
            if not self.asked:
                self.owed.clear()
        super()._answer(kind, data)

    def _connection(self, payload):
        if b'"connected"' in payload:
            self.asked.clear()          # of the connection before
            self._owe("all")
            lost = time.monotonic() - LOST_SECONDS
            self.added = {address: at for address, at in self.added.items() if at < lost}
        super()._connection(payload)

    def _got_config(self, config):
        self.seen["log-ins"] += 1       # asked at once after each, when the plugin hears
        super()._got_config(config)

    def _got_custom(self, items):
        for item in items:
            self.seen["notice writes" if item.get("key") == "notices" else "record writes"] += 1
        super()._got_custom(items)

    def _got_set(self, items):
        twice, sound = set(), items if isinstance(items, list) else []
        for item in sound:
            self.seen["values"] += 1
            place = item.get("address"), item.get("driver")
            known = self.reading(*place)
            if place in twice:
                self.rules.broken(f"set {place}: twice in one message")
            twice.add(place)
            if place[0] not in self.nodes:
                self.added.pop(place[0], None)
            if known is None or (known.value, known.uom, known.text) != \
                    (str(item.get("value")), int(item.get("uom") or 0), item.get("text")):
                continue
            if self.owed[place] <= 0 and place not in self.unsure:
                self.rules.broken(f"set {place}: {known.value} was sent although PG3 has it")
            self.owed[place] -= 1
            self.unsure.discard(place)
        super()._got_set(items)

    def _got_addnode(self, items):
        for item in items:
            if item.get("address") in self.added:
                self.rules.broken(f"addnode {item.get('address')}: PG3 has answered it already")
        super()._got_addnode(items)

    def _answer_addnode(self, items):
        if any(self.behaviour.addnode_silent.get(item["address"]) for item in items):
            self.unsure |= {(item["address"], driver["driver"]) for item in items for driver in item["drivers"]}
        super()._answer_addnode(items)

    def _confirm(self, items, refused):
        self.added |= {address: time.monotonic() for address in {item["address"] for item in items} - refused}
        super()._confirm(items, refused)

    def send(self, message):
        if self.lose_set_answers and isinstance(message, dict) and "set" in message:
            return
        super().send(message)

    def delete_node(self, address):
        """The user deletes it in PG3, which tells nobody."""
        with self.changed:
            self.nodes.pop(address)
            self.added.pop(address, None)

    def forgive(self, *texts):
        """Takes out the broken rules that a fault brings with it."""
        self.violations[:] = [sentence for sentence in self.violations if not all(text in sentence for text in texts)]

    def forget(self):
        """What was received is judged; it would only fill the memory."""
        with self.changed:
            self.messages.clear()
            self.history.clear()

    def custom_size(self, key):
        return len(json.dumps(self.customs.get(key) or {}))
