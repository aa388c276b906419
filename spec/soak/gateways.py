"""The gateways of live data on the soak's clock: those of both installations behind VRM's broker, and the first one's as a
GX on the LAN."""

import os
import threading
import time

import paho.mqtt.client as paho
from gx_device import REPUBLISHES, values_of
from vrm import HOUSE, USER, VAN

from support.gx import Cloud
from support.gx_lan import Lan

REAL_SECONDS = 30       # a bound for what takes milliseconds
OPEN = ("01", "02")     # of the system's table of connections: there, or about to be
PASSWORD = "correct horse"


class Gateways:
    """`side`: their broker and who judges, a Cloud or a Lan; `ports`: where the plugin comes to; `gx`: {installation: its
    gateway}; `params`: the parameters by which their values come live; `source`: what GV17 shows then. Their hearts beat
    when they are told to; all else they do as ever. They keep the machine's time: an hour of the soak takes them a second,
    in which nothing of theirs ends."""

    def __init__(self, world, side, ports, gx, params, source):
        self.world, self.side, self.ports, self.gx = world, side, ports, gx
        self.params, self.source = params, source
        self.up, self.heart = False, True
        with open(side.broker.config_file, "a", encoding="utf-8") as file:
            file.write("set_tcp_nodelay true\n")
        for one in gx.values():
            one.heart = False
        self.listener, self.changed, self.marks, self.mark = None, threading.Condition(), set(), 0
        self.connected, self.asked = set(), 0   # when logins were looked for last

    def start(self):
        self.side.start()
        self._listen()
        self.up = True

    def stop(self):
        self.up = False
        self.listener.disconnect()
        self.listener.loop_stop()
        self.side.stop()

    def judge(self):
        """-> what the plugin did since the last look that it may not, as sentences. While the broker is down."""
        wrong = self.side.violations
        self.side.found.clear()
        os.remove(self.side.broker.log_file)    # it has a line for each message
        return wrong

    def freeze(self):
        self.up = False
        self.side.broker.freeze()

    def thaw(self):
        self.side.broker.thaw()
        self.up = True

    def close(self):
        self.side.close()
    def _listen(self):
        """Connects who hears that the broker has passed on what the gateways have sent."""
        ready = threading.Event()
        self.listener = paho.Client(client_id="gx-listener")
        self.listener.on_connect = lambda client, *_: client.subscribe("passed/#")
        self.listener.on_subscribe = lambda *_: ready.set()
        self.listener.on_message = self._on_mark
        self.listener.connect("127.0.0.1", self.side.broker.test_port)
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
                if int(remote.split(":")[1], 16) in self.ports and state in OPEN:
                    found.add(local)
        return found

    def _asked(self):
        """How often the plugin has asked the gateways for everything: it does so at once when it is connected."""
        return sum("echo" in payload for gx in self.gx.values() for _, payload in list(gx.keepalives))

    def let_log_in(self, seconds):
        """A login takes real time, in which the soak's clock must not leap: until those that have begun since the
        last call are taken or refused."""
        until = time.monotonic() + (seconds if self.up else 0)
        asked, connections = self._asked(), self._connections()     # in this order: who has asked is connected
        while asked < self.asked + len(connections - self.connected) and time.monotonic() < until:
            time.sleep(0.005)
            asked, connections = self._asked(), self._connections()
        self.asked, self.connected = asked, connections


class VrmsGateways(Gateways):
    """Those of both installations, by VRM's broker."""

    def __init__(self, world):
        sites = {site: world.vrm.sites[site] for site in (HOUSE, VAN)}
        self.rights = {site.portal: "full" for site in sites.values()}
        cloud = Cloud(world.work, world.authority, {})
        gx = {number: cloud.add(site.portal, values_of(site, world.vrm.clock)) for number, site in sites.items()}
        super().__init__(world, cloud, {cloud.port, cloud.web_port}, gx, {"live": "vrm"}, 2)
        for number in gx:
            world.vrm.set_site(number, mqtt_host="localhost", mqtt_webhost="localhost")
        self.environment = {"VICTRON_MQTT_PORT": str(cloud.port), "VICTRON_MQTT_CA": cloud.ca_file,
                            "VICTRON_MQTT_WEB_PORT": str(cloud.web_port)}

    def start(self, token=None):
        """token: that of the account at VRM's broker, if it is another."""
        self.side.users = {USER["email"]: (token or self.world.vrm.token, self.rights)}
        super().start()


class GxOnLan(Gateways):
    """That of the first installation, by its own broker."""

    def __init__(self, world):
        site = world.vrm.sites[HOUSE]
        lan = Lan(world.work, site.portal, values_of(site, world.vrm.clock), PASSWORD)
        super().__init__(world, lan, {lan.broker.port}, {HOUSE: lan.gx},
                         {"live": "gx", "gx_host": f"{site.portal}=localhost", "gx_password": PASSWORD}, 3)
        self.environment = lan.environment
