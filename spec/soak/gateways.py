"""VRM's broker and the gateways of both installations behind it, for live data on the soak's clock."""

import os
import threading
import time

import paho.mqtt.client as paho
from gx_device import REPUBLISHES, values_of
from vrm import HOUSE, USER, VAN

from support.gx import Cloud

REAL_SECONDS = 30       # a bound for what takes milliseconds
OPEN = ("01", "02")     # of the system's table of connections: there, or about to be


class Gateways:
    """`gx`: {installation: its gateway}. Their hearts beat when they are told to; all else they do as ever. They keep
    the machine's time: an hour of the soak takes them a second, in which nothing of theirs ends."""

    def __init__(self, world):
        self.world, self.up, self.heart = world, False, True
        sites = {site: world.vrm.sites[site] for site in (HOUSE, VAN)}
        self.rights = {site.portal: "full" for site in sites.values()}
        self.cloud = Cloud(world.work, world.authority, self.users())
        with open(self.cloud.broker.config_file, "a", encoding="utf-8") as file:
            file.write("set_tcp_nodelay true\n")
        self.gx = {number: self.cloud.add(site.portal, values_of(site, world.vrm.clock))
                   for number, site in sites.items()}
        for number, gx in self.gx.items():
            gx.heart = False
            world.vrm.set_site(number, mqtt_host="localhost", mqtt_webhost="localhost")
        self.environment = {"VICTRON_MQTT_PORT": str(self.cloud.port), "VICTRON_MQTT_CA": self.cloud.ca_file,
                            "VICTRON_MQTT_WEB_PORT": str(self.cloud.web_port)}
        self.listener, self.changed, self.marks, self.mark = None, threading.Condition(), set(), 0
        self.connected, self.asked = set(), 0   # when logins were looked for last

    def users(self, token=None):
        return {USER["email"]: (token or self.world.vrm.token, self.rights)}

    def start(self, token=None):
        """token: that of the account at VRM's broker, if it is another."""
        self.cloud.users = self.users(token)
        self.cloud.start()
        self._listen()
        self.up = True

    def stop(self):
        self.up = False
        self.listener.disconnect()
        self.listener.loop_stop()
        self.cloud.stop()

    def judge(self):
        """-> what the plugin did since the last look that it may not, as sentences. While the broker is down."""
        wrong = self.cloud.violations
        self.cloud.found.clear()
        os.remove(self.cloud.broker.log_file)   # it has a line for each message
        return wrong

    def freeze(self):
        self.up = False
        self.cloud.broker.freeze()

    def thaw(self):
        self.cloud.broker.thaw()
        self.up = True

    def close(self):
        self.cloud.close()

    def _listen(self):
        """Connects who hears that the broker has passed on what the gateways have sent."""
        ready = threading.Event()
        self.listener = paho.Client(client_id="gx-listener")
        self.listener.on_connect = lambda client, *_: client.subscribe("passed/#")
        self.listener.on_subscribe = lambda *_: ready.set()
        self.listener.on_message = self._on_mark
        self.listener.connect("127.0.0.1", self.cloud.broker.test_port)
        self.listener.loop_start()
        assert ready.wait(REAL_SECONDS), "the listener could not subscribe"

    def _on_mark(self, _client, _data, message):
        with self.changed:
            self.marks.add(message.topic)
            self.changed.notify_all()

    def pass_on(self):
        """Until the broker, if it is up, has passed on what the gateways have sent."""
        if not self.up:
            return
        self.mark += 1
        with self.changed:
            self.marks.clear()
        topics = {f"passed/{self.mark}/{gx.portal}": gx for gx in self.gx.values()}
        for topic, gx in topics.items():
            gx.client.publish(topic)
        with self.changed:
            assert self.changed.wait_for(lambda: self.marks >= set(topics), REAL_SECONDS), "the broker is stuck"

    def beat(self):
        """What a few seconds bring: a heartbeat, and room for all to be told three times more."""
        for gx in self.gx.values():
            gx.tokens, gx.tokens_at = REPUBLISHES, time.monotonic()
            if self.heart and self.up:
                gx.set("heartbeat", int(self.world.clock.elapsed()))
                gx.values.pop("heartbeat")      # it is not among what is told when all is asked for

    def say(self, topic, payload):
        """A message, as it stands, of each gateway."""
        for gx in self.gx.values():
            gx.client.publish(f"N/{gx.portal}/{topic}", payload)

    def _connections(self):
        """The plugin's, as the set of its own ports."""
        found = set()
        with open("/proc/net/tcp", encoding="ascii") as file:
            for line in list(file)[1:]:
                _, local, remote, state = line.split()[:4]
                if int(remote.split(":")[1], 16) in (self.cloud.port, self.cloud.web_port) and state in OPEN:
                    found.add(local)
        return found

    def _asked(self):
        """How often the plugin has kept the gateways alive: it does so at once when it is connected."""
        return sum(len(gx.keepalives) for gx in self.gx.values())

    def let_log_in(self, seconds):
        """A login takes real time, in which the soak's clock must not leap: until those that have begun since the
        last call are taken or refused."""
        until = time.monotonic() + (seconds if self.up else 0)
        while time.monotonic() < until:
            new = self._connections() - self.connected
            if self._asked() >= self.asked + len(new):
                break
            time.sleep(0.001)
        self.connected, self.asked = self._connections(), self._asked()
