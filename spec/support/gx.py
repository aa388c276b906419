"""VRM's broker, a real mosquitto with TLS and users, and GX devices (scripts/demo/gx_device.py) behind it. What a client
does there is judged: see Cloud.violations."""

import base64
import glob
import hashlib
import json
import os
import re
import threading
import time

import paho.mqtt.client as paho
from gx_device import Gx

from .broker import Broker


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
        self.devices = {}               # portal id -> BrokerGx
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
        """A GX of this portal id -> BrokerGx. Before or after the start."""
        self.devices[portal] = device = BrokerGx(self, portal, values, **how)
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


class BrokerGx(Gx):
    """A GX behind the broker of a Cloud or Lan."""

    def __init__(self, cloud, portal, values, **how):
        super().__init__(portal, values, self._publish, cloud.found.append, **how)
        self.cloud, self.client, self.thread, self.closing = cloud, None, None, threading.Event()

    def _publish(self, topic, text):
        client = self.client
        if client is not None:
            client.publish(topic, text)

    def connect(self):
        subscribed = threading.Event()
        self.client = paho.Client(client_id=f"gx-{self.portal}")
        self.client.max_queued_messages_set(0)
        self.client.on_connect = lambda client, *_: client.subscribe([(f"R/{self.portal}/#", 0),
                                                                      (f"W/{self.portal}/#", 0)])
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = lambda _client, _data, message: self.receive(message.topic, message.payload)
        self.client.connect("127.0.0.1", self.cloud.broker.test_port)
        self.client.loop_start()
        assert subscribed.wait(10), "the GX could not subscribe"
        if not self.bridged:
            self.client.publish(f"N/{self.portal}/system/0/Serial", json.dumps({"value": self.portal}), retain=True)
        if self.thread is None:
            self.thread = threading.Thread(target=self.run, daemon=True)
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

    def run(self):
        while not self.closing.wait(0.02):
            self.tick()
