"""VRM's broker for live data (docs/vrm.md, Live data), on 127.0.0.1, with the gateways of the stand-in's installations behind
it: as much of MQTT 3.1.1 as a client needs that sends at quality 0.
"""
import socket
import socketserver
import threading
import time

from gx_device import Gx, values_of
from vrm_world import AWAY_DEVICE

CONNECT, CONNACK, PUBLISH, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP = 1, 2, 3, 8, 9, 12, 13
LET_IN, NOT_AUTHORISED, REFUSED = b"\0\0", b"\0\5", b"\x80"
LARGEST = 1 << 16       # bytes of a client's message
TICK = 0.1

# What D-Bus tells of the limits of a setting, and what may be written although no value is there.
LIMITS = {"settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit": (0, 100),
          "settings/0/Settings/CGwacs/Hub4Mode": (1, 3), "settings/0/Settings/CGwacs/BatteryLife/State": (0, 12)}
OVERRIDES = {"hub4/0/Overrides/Setpoint", "hub4/0/Overrides/ForceCharge"}


def packet(kind, body=b""):
    length, left = b"", len(body)
    while not length or left:
        left, digit = divmod(left, 128)
        length += bytes([digit | 128 * (left > 0)])
    return bytes([kind << 4]) + length + body


def text(words):
    return len(words).to_bytes(2, "big") + words


class Reader:
    """Takes apart a packet."""

    def __init__(self, body):
        self.body = body

    def take(self, count):
        part, self.body = self.body[:count], self.body[count:]
        if len(part) < count:
            raise ValueError("a packet that ends early")
        return part

    def bytes(self):
        return self.take(int.from_bytes(self.take(2), "big"))

    def text(self):
        return self.bytes().decode()


def matches(wanted, topic):
    """Whether a topic is one of those that a subscription asks for; both as lists of levels."""
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        topic = topic[:len(wanted)]
    return len(wanted) == len(topic) and all(level in ("+", its) for level, its in zip(wanted, topic))


class Client(socketserver.BaseRequestHandler):
    """A connection."""

    def handle(self):
        broker = self.server.broker
        self.wanted, self.lock = {}, threading.Lock()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with broker.vrm.context.wrap_socket(self.request, server_side=True) as self.connection:
                with self.connection.makefile("rb") as self.stream:
                    if self.let_in(*self.read()):
                        broker.clients.add(self)
                        while self.obey(*self.read()):
                            pass
        except (OSError, ValueError, IndexError):
            pass                    # it went away, or does not speak MQTT
        finally:
            broker.clients.discard(self)

    def send(self, kind, body=b""):
        with self.lock:
            self.connection.sendall(packet(kind, body))

    def read(self):
        """-> kind and flags of a packet, and its body."""
        first, length, shift, digit = self.stream.read(1), 0, 0, 128
        while first and digit & 128 and shift < 28:
            digit = self.stream.read(1)[0]
            length, shift = length | (digit & 127) << shift, shift + 7
        body = self.stream.read(length) if length <= LARGEST else b""
        if not first or len(body) < length:
            raise ValueError("the end, or too much")
        return first[0] >> 4, first[0] & 15, Reader(body)

    def let_in(self, kind, _, body):
        """Whether a packet is the login of an account of VRM's."""
        if kind != CONNECT or body.text() != "MQTT" or body.take(1) != b"\4" or body.take(1)[0] & 0xC4 != 0xC0:
            return False            # a will is not of use there
        body.take(2)
        _, user, password = body.text(), body.text(), body.text()
        known = self.server.broker.knows(user, password)
        self.send(CONNACK, LET_IN if known else NOT_AUTHORISED)
        return known

    def obey(self, kind, flags, body):
        """Does what a packet asks for -> whether the connection goes on."""
        if kind == PUBLISH and flags & 6 == 0:
            self.server.broker.receive(body.text(), body.body)
        elif kind == SUBSCRIBE:
            number, granted = body.take(2), b""
            while body.body:
                topic = body.text()
                body.take(1)
                allowed = self.server.broker.has(topic, "N")
                if allowed:
                    self.wanted[topic] = topic.split("/")
                granted += b"\0" if allowed else REFUSED
            self.send(SUBACK, number + granted)
        elif kind == PINGREQ:
            self.send(PINGRESP)
        else:
            return False            # the end, or what is not spoken here
        return True


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class Broker:
    """Serves until the program ends; `port` is where. What is written by a client is so in VRM's answers, too."""

    def __init__(self, vrm, email):
        self.vrm, self.email, self.clients, self.gateways = vrm, email, set(), {}
        for site in vrm.sites.values():
            vrm.set_site(site.id, mqtt_host="localhost")
            self.gateways[site.portal] = Gx(
                site.portal, {}, self.publish, lambda _: None, refresh=lambda site=site: self.values(site),
                written=site.written.__setitem__, limits=LIMITS)
            self.gateways[site.portal].released |= OVERRIDES
        server = Server(("127.0.0.1", 0), Client)
        server.broker, self.port = self, server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Thread(target=self.run, daemon=True).start()

    def values(self, site):
        """What its gateway tells. Not of the device that goes away: what was told live a day ago, which is minutes, is not old."""
        with self.vrm.lock:
            values = values_of(site, self.vrm.clock)
        number, service, instance = AWAY_DEVICE
        left_out = "%s/%d/" % (service, instance) if site.id == number else "/"
        return {path: value for path, value in values.items() if not path.startswith(left_out)}

    def run(self):
        while True:
            time.sleep(TICK)
            for gateway in self.gateways.values():
                gateway.tick()

    def knows(self, user, password):
        return user == self.email and password.startswith("Token ") and password[6:] in self.vrm.tokens

    def has(self, topic, kind):
        levels = topic.split("/")
        return len(levels) > 2 and levels[0] in kind and levels[1] in self.gateways

    def receive(self, topic, payload):
        if self.has(topic, "RW"):
            self.gateways[topic.split("/")[1]].receive(topic, payload)

    def publish(self, topic, payload):
        """To all who asked for it. Who does not take it is gone, and his own thread notices."""
        levels, message = topic.split("/"), text(topic.encode()) + payload.encode()
        for client in list(self.clients):
            if any(matches(wanted, levels) for wanted in list(client.wanted.values())):
                try:
                    client.send(PUBLISH, message)
                except OSError:
                    self.clients.discard(client)
