"""A GX device on the LAN (docs/vrm.md, Live data): its own broker, a real mosquitto with TLS, passwords and tokens; its
web server, which gives tokens in pairing mode; its answers to a search. What a client does there is judged."""

import atexit
import base64
import functools
import hashlib
import http.server
import json
import os
import re
import signal
import socket
import ssl
import tempfile
import threading
import time
import urllib.parse

from .broker import Broker, free_port
from .certs import openssl
from .gx import BrokerGx, hashed

USER = "pg3-victron"            # a GX takes any user name; mosquitto has to know it
CARD = "c0:61:9a:b1:d2:e3"


@functools.cache
def _key():
    """A file with an RSA key, which takes long to make: one for all tests of a process."""
    with tempfile.NamedTemporaryFile(prefix="gx-", suffix=".key", delete=False) as file:
        atexit.register(os.remove, file.name)
    openssl("genrsa", "-out", file.name, "2048")
    return file.name


class Certificate:
    """As a GX makes it: RSA, signed by itself, for venus.local, whatever the address."""

    def __init__(self, folder, name):
        self.file, self.key = os.path.join(folder, name + ".crt"), _key()
        self.renew()

    def renew(self):
        """Another certificate, of the same key."""
        openssl("req", "-x509", "-new", "-key", self.key, "-out", self.file, "-days", "36500", "-subj", "/CN=venus.local")

    def fingerprint(self):
        """Its SHA-256, in upper case without colons."""
        with open(self.file, encoding="ascii") as file:
            return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest().upper()


class Lan:
    """`password`: of the security profile; None: the profile is Unsecured, with a plain listener where any password
    passes. `gx` is the device behind the broker."""

    def __init__(self, folder, portal, values, password="correct horse", card=CARD):
        self.folder = os.path.join(str(folder), f"gx_{portal}")
        os.makedirs(self.folder, exist_ok=True)
        self.portal, self.card, self.found, self.devices = portal, card, [], {}
        self.mqtt, self.web = Certificate(self.folder, "mqtt"), Certificate(self.folder, "web")
        self.users = {USER: password} if password else {}
        self.pairing, self.asked_to_pair, self.searched, self.described = False, 0, 0, 0
        self.answers = None             # what a search gets, list of bytes; None: what a GX answers
        self.name = "Harbour GX"
        self.plain_port = free_port()
        self.password_file = os.path.join(self.folder, "passwords")
        self.write_users()
        plain = [] if password else [f"listener {self.plain_port} 127.0.0.1", "allow_anonymous true"]
        self.broker = Broker(self.folder, [
            f"certfile {self.mqtt.file}", f"keyfile {self.mqtt.key}", f"password_file {self.password_file}",
            "max_queued_messages 0", *plain])
        self.gx = BrokerGx(self, portal, values, bridged=False)
        self.servers, self.web_context = [], None
        self.web_port = self._serve(self._web_handler(), self.web)
        self.page_port = self._serve(self._web_handler(), None)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.search_port = self.udp.getsockname()[1]
        threading.Thread(target=self._answer_searches, daemon=True).start()

    @property
    def environment(self):
        """For the plugin: where this GX is."""
        return {"VICTRON_GX_PORT": str(self.broker.port), "VICTRON_GX_PLAIN_PORT": str(self.plain_port),
                "VICTRON_GX_WEB_PORT": str(self.web_port), "VICTRON_SSDP_ADDRESS": "127.0.0.1",
                "VICTRON_SSDP_PORT": str(self.search_port)}

    # -- broker ----------------------------------------------------------------------------------

    def write_users(self):
        with open(self.password_file, "w", encoding="ascii") as file:
            for user, password in self.users.items():
                made = hashed(password)
                file.write(f"{user}:$7$101${made['salt']}${made['password']}\n")

    def set_users(self, users):
        """These logins are good from now on; who is connected with another is thrown out."""
        self.users = dict(users)
        self.write_users()
        if self.broker.process is not None:
            self.broker.process.send_signal(signal.SIGHUP)

    def start(self):
        self.broker.start()
        self.gx.connect()
        return self

    def stop(self):
        self.gx.disconnect()
        self.broker.stop()

    def restart(self, pause=0.0):
        self.stop()
        time.sleep(pause)
        self.start()

    def close(self):
        self.gx.close()
        self.broker.stop()
        for server in self.servers:
            server.shutdown()
            server.server_close()
        self.udp.close()

    def _lines(self, pattern):
        return [found for found in re.findall(pattern, self.broker.log_text()) if not str(found).startswith("gx-")]

    def logins(self):
        """The users that were let in, in order."""
        return re.findall(r"New client connected from \S+ as pg3-\S+ \(.*u'([^']*)'", self.broker.log_text())

    def refused_logins(self):
        return len(self._lines(r"(not authorised)"))

    def sent(self):
        """The topics that clients published to."""
        return self._lines(r"(?:Received|Denied) PUBLISH from (?!gx-)\S+ \(d\d, q\d, r\d, m\d+, '([^']*)'")

    @property
    def violations(self):
        said = list(self.found)
        if self.refused_logins() > 1:
            said.append(f"{self.refused_logins()} logins with a wrong password")
        for topic in self.sent():
            if topic[:2] not in ("R/", "W/") or topic[2:].split("/")[0] != self.portal or "+" in topic or "#" in topic:
                said.append(f"a message that is not for this GX to answer: {topic}")
        return said

    # -- web server ------------------------------------------------------------------------------

    def _serve(self, handler, certificate):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        if certificate:
            self.web_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.web_context.load_cert_chain(certificate.file, certificate.key)
            server.socket = self.web_context.wrap_socket(server.socket, server_side=True,
                                                         do_handshake_on_connect=False)
        self.servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server.server_address[1]

    def _web_handler(self):
        lan = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """The two pages that a client asks for."""

            def log_message(self, *_):
                pass

            def answer(self, status, text=""):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def do_GET(self):
                lan.described += 1
                self.answer(200, lan.description()) if self.path == "/upnp.xml" else self.answer(404)

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                lan.asked_to_pair += 1
                if "Authorization" in self.headers:
                    lan.found.append("a password for pairing, which counts as a login")
                if self.path != "/auth/generate-token/" or not isinstance(self.connection, ssl.SSLSocket):
                    lan.found.append(f"a question that a GX refuses: {self.path}")
                    return self.answer(403)
                role, device = (form.get(name, [""])[0] for name in ("role", "device_id"))
                if not lan.pairing:
                    return self.answer(403)
                if not (re.fullmatch(r"\w+", role) and re.fullmatch(r"\w+", device)):
                    return self.answer(400, "can only contain alpha-numerics")
                return self.answer(200, json.dumps(lan.make_token(f"token/{role}/{device}")))

        return Handler

    def renew_web(self):
        """The web server gets another certificate."""
        self.web.renew()
        self.web_context.load_cert_chain(self.web.file, self.web.key)

    def make_token(self, name):
        token = base64.b32encode(os.urandom(20)).decode()
        self.set_users({**self.users, name: token})
        return {"token_name": name, "password": token}

    # -- search ----------------------------------------------------------------------------------

    def description(self):
        return ('<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>'
                "<deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>"
                f"<friendlyName>{self.name}</friendlyName><manufacturer>Victron Energy</manufacturer>"
                f"<X_VrmPortalId>{self.portal}</X_VrmPortalId><X_MqttOnLan>1</X_MqttOnLan></device></root>")

    def answer_of_gx(self):
        kind = "urn:schemas-upnp-org:device:Basic:1"
        return "\r\n".join(["HTTP/1.1 200 OK", f"Location: http://127.0.0.1:{self.page_port}/upnp.xml", "Ext:",
                            f"USN: uuid:com.victronenergy.ccgx.{self.card}::{kind}", f"ST: {kind}",
                            "Cache-Control: max-age=1800", "", ""]).encode()

    def _answer_searches(self):
        while True:
            try:
                question, sender = self.udp.recvfrom(2048)
            except OSError:
                return
            if not question.startswith(b"M-SEARCH * HTTP/1.1\r\n") or b"ssdp:discover" not in question:
                self.found.append(f"not a search: {question!r}")
            self.searched += 1
            for answer in [self.answer_of_gx()] if self.answers is None else self.answers:
                try:
                    self.udp.sendto(answer, sender)
                except OSError:
                    return                      # the test is over
