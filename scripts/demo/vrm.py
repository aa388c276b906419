#!/usr/bin/env python3
"""A stand-in for VRM's API (docs/vrm.md) over HTTPS on 127.0.0.1: for `victron-host --demo`, and for the tests.

    python3 vrm.py [--port N] [--day SECONDS] [--token T] [--sites N --devices N] [--customers N] [--selfcheck]

prints one line of JSON with its url, the path of its CA certificate, its token and the port of its broker for live data
(vrm_broker.py), and serves until its standard input ends or SIGTERM comes. Tests import the class Vrm, which also fails on request (vrm_faults.py) and checks its clients.
"""
import argparse
import collections
import http.server
import json
import math
import re
import secrets
import select
import signal
import socket
import struct
import sys
import threading
import time
import urllib.parse

import vrm_check
import vrm_faults
from vrm_broker import Broker
from vrm_certificates import Certificates
from vrm_farm import FARM, Farm
from vrm_faults import Reply, error
from vrm_world import DROPPED, HOUSE, USER, VAN, Day, Site, make_fleet, make_sites  # HOUSE and VAN also for tests

WINDOW = 200            # requests that VRM's rolling window holds
LEAVES = 0.33           # seconds after which one request leaves it
SETTINGS = {"latency": 0.0, "count_max": None, "default_count": 100, "rate_limit": True, "clock_offset": 0,
            "granularity": 5, "refused_status": 401, "keep_alive": True}

# Routes: each returns a Reply.

def get_me(vrm, ask):
    return Reply(200, {"success": True, "user": dict(USER)})


def get_installations(vrm, ask):
    if ask.user not in ("me", str(USER["id"])):
        return error(403, "You do not have permission to view this user.", "forbidden")
    if set(ask.query) - {"extended", "idSite"}:
        vrm.violate("The list of installations was asked for with %s, which VRM does not have." % ask.query)
    wanted = ask.query.get("idSite")
    if wanted is not None and not wanted.isdigit():
        return error(400, {"idSite": "idSite must be a number"}, "invalid_parameters")
    sites = [site for site in vrm.sites.values() if vrm.may_see(ask.token, site.id) and wanted in (None, str(site.id))]
    extended = ask.query.get("extended") not in (None, "0", "")
    return Reply(200, {"success": True, "records": [site.installation(*vrm.clock(), extended) for site in sites]})


def get_system_overview(vrm, ask):
    return Reply(200, {"success": True, "records": {"devices": vrm.sites[ask.site].overview(*vrm.clock())}})


def get_diagnostics(vrm, ask):
    try:
        count, page = int(ask.query.get("count", vrm.settings["default_count"])), int(ask.query.get("page", 1))
    except ValueError:
        return error(400, {"count": "count and page must be numbers"}, "invalid_parameters")
    if count < 1 or page < 1:
        return error(400, {"count": "count and page must be at least 1"}, "invalid_parameters")
    count = min(count, vrm.settings["count_max"] or count)
    rows = vrm.sites[ask.site].rows(*vrm.clock())
    return Reply(200, {"success": True, "records": rows[(page - 1) * count:page * count], "num_records": len(rows)})


# The seconds of an interval of stats, and the longest span that VRM gives it for.
INTERVALS = {"15mins": (900, 31 * 86400), "hours": (3600, 31 * 86400), "2hours": (7200, 31 * 86400),
             "days": (86400, 180 * 86400), "weeks": (604800, 140 * 86400), "months": (2629800, 24 * 2678400),
             "years": (31557600, 5 * 31622400)}


def get_stats(vrm, ask):
    now, kind, interval = vrm.clock()[0], ask.query.get("type", "live_feed"), ask.query.get("interval", "hours")
    try:
        start, end = int(ask.query.get("start", now - 86400)), int(ask.query.get("end", now))
    except ValueError:
        return error(400, {"start": "start and end must be numbers"}, "invalid_parameters")
    if interval not in INTERVALS or end - start > INTERVALS[interval][1]:
        return error(400, {"interval": "the period is too long for this interval"}, "invalid_parameters")
    site = vrm.sites[ask.site]
    if kind == "kwh":
        records, totals = site.energy(now, start, end, INTERVALS[interval][0])
    elif kind == "forecast":
        records, totals = site.forecast(start, end), {}
    else:
        return error(400, {"type": "this stand-in has kwh and forecast"}, "invalid_parameters")
    return Reply(200, {"success": True, "records": records, "totals": totals})


def get_alarms(vrm, ask):
    """The rules for alarms, which are not the active alarms."""
    rule = {"AlarmEnabled": 1, "NotifyAfterSeconds": 60, "highAlarm": 0, "highAlarmHysteresis": 0, "lowAlarm": 30,
            "lowAlarmHysteresis": 5, "idDataAttribute": 51, "instance": 0, "idDataAttributeLimit": 7001}
    return Reply(200, {"success": True, "rateLimited": False, "alarms": [rule], "devices": [], "users": [],
                       "attributes": []})


def get_bare(vrm, ask):
    return error(400, "Bad request.", None)


ROUTES = [
    ("me", r"/users/me", get_me),
    ("installations", r"/users/(?P<user>\w+)/installations", get_installations),
    ("system-overview", r"/installations/(?P<site>\d+)/system-overview", get_system_overview),
    ("diagnostics", r"/installations/(?P<site>\d+)/diagnostics", get_diagnostics),
    ("stats", r"/installations/(?P<site>\d+)/stats", get_stats),
    ("alarms", r"/installations/(?P<site>\d+)/alarms", get_alarms),
    ("bare", r"/installations/(?P<site>\d+)", get_bare),
]


class Request:
    """One request as it was recorded: `time` is time.monotonic(), `path` is without /v2, `status` is None until answered."""

    def __init__(self, method, target):
        parts = urllib.parse.urlsplit(target)
        self.time, self.method, self.status, self.token = time.monotonic(), method, None, None
        self.done = False           # nothing more of its answer will be sent
        self.path = parts.path[3:] if parts.path.startswith("/v2/") else parts.path
        self.query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        self.where, self.site, self.user, self.route = "other", None, None, None
        for where, pattern, function in ROUTES:
            found = re.fullmatch(pattern, self.path)
            if found and parts.path.startswith("/v2/"):
                self.where, self.route = where, function
                names = found.groupdict()
                self.user, self.site = names.get("user"), names.get("site") and int(names["site"])
                break

    def __repr__(self):
        return "<%s %s %s %s>" % (self.method, self.path, self.query, self.status)


# The stand-in.

def make_demo(day):
    """The demo's installations, over which this day passes."""
    return {**make_sites(day), FARM: Farm(day)}


class Vrm:
    """The stand-in. All methods may be called from any thread and count from the next request on."""

    def __init__(self, world="static", token=None, port=0, certificate="ok", day=240):
        self.lock = threading.Condition(threading.RLock())
        self.day = Day(day) if world == "demo" else None
        self.token, self.port = token or secrets.token_hex(32), port
        self.server, self.plain, self.connections = None, None, set()
        self.certificates = Certificates()
        self.ca = self.certificates.ca
        self.set_certificate(certificate)
        self.reset()
        self.forget()


    def start(self):
        """Listens; after a stop() on the same port. Returns itself."""
        self.server = Server(self)
        self.port = self.server.server_address[1]
        self.url = "https://127.0.0.1:%d/v2" % self.port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.plain = socket.create_server(("127.0.0.1", 0))
        self.plain_url = "http://127.0.0.1:%d/v2" % self.plain.getsockname()[1]
        threading.Thread(target=self.watch_plain, args=(self.plain,), daemon=True).start()
        return self

    def stop(self):
        """Closes the listeners and every open connection."""
        if not self.server:
            return
        server, self.server = self.server, None
        server.shutdown()
        server.server_close()
        self.plain.close()
        with self.lock:
            open_now, self.connections = self.connections, set()
        for connection in open_now:
            cut_off(connection)

    def close(self):
        self.stop()
        self.certificates.remove()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def watch_plain(self, listener):
        """Writes down who comes by plain HTTP, and sends him away."""
        while True:
            try:
                if not select.select([listener], [], [], 0.2)[0]:
                    continue
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(1)
                    first = connection.recv(200).split(b"\r\n")[0].decode(errors="replace")
                    with self.lock:
                        self.plain_http_seen.append(first)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            except (OSError, ValueError):
                if listener.fileno() < 0:
                    return

    def set_certificate(self, kind):
        """ok, wrong-name, expired or untrusted; for the connections that come from now on."""
        self.context = self.certificates.context(kind)


    def reset(self):
        """Undoes all changes of the world, the faults, the settings and the tokens."""
        with self.lock:
            self.sites = make_demo(self.day) if self.day else make_sites()
            self.faults, self.denied, self.tokens = [], set(), {self.token: None}
            self.ahead = 0.0        # seconds its clocks are ahead of the machine's; a test may let them leap
            self.settings = dict(SETTINGS)

    def clock(self):
        """The stand-in's unix time, and the time stamp of a measurement that was logged just now."""
        now, grain = time.time() + self.ahead + self.settings["clock_offset"], self.settings["granularity"]
        return now, int(now // grain * grain)

    def set_row(self, site, service, instance, key, **fields):
        """Sets fields of a record (raw= is rawValue); `key` is its D-Bus path or its code. Adds the row if there is none."""
        if "raw" in fields:
            fields["rawValue"] = fields.pop("raw")
        with self.lock:
            changes, place = self.sites[site].row_changes, (service, instance, key)
            known = changes.get(place)
            changes[place] = fields if known in (None, DROPPED) else {**known, **fields}

    def drop_row(self, site, service, instance, key):
        with self.lock:
            self.sites[site].row_changes[service, instance, key] = DROPPED

    def row(self, site, service, instance, key):
        """The record as it would be sent now, or None."""
        with self.lock:
            for record in self.sites[site].rows(*self.clock()):
                if (record["dbusServiceType"], record["instance"]) == (service, instance):
                    if key in (record["dbusPath"], record["code"]):
                        return record
        return None

    def age_device(self, site, service, instance, seconds):
        """Its last data came `seconds` ago and no more comes; 0 = it sends again. ("gateway", None) is the whole site."""
        with self.lock:
            last = self.sites[site].last_data
            last.pop((service, instance), None)
            if seconds:
                last[service, instance] = int(self.clock()[0] - seconds)

    def set_device(self, site, service, instance, **fields):
        """Sets fields of its entry in system-overview; the gateway is ("gateway", None)."""
        with self.lock:
            self.sites[site].device_fields.setdefault((service, instance), {}).update(fields)

    def drop_device(self, site, service, instance, listed=False):
        """Its rows are gone; it stays in system-overview, an hour old, if `listed`."""
        with self.lock:
            self.sites[site].gone[service, instance] = listed
            self.age_device(site, service, instance, 3600)

    def add_device(self, site, service, instance, fields=None, values=None):
        """One more device; fields: of its entry in system-overview; values: by code."""
        with self.lock:
            self.sites[site].devices.append((service, instance, fields or {}, values or {}))

    def restore_device(self, site, service, instance):
        with self.lock:
            self.sites[site].gone.pop((service, instance), None)
            self.age_device(site, service, instance, 0)

    def set_site(self, site, **fields):
        """Sets fields of the installation's record."""
        with self.lock:
            self.sites[site].fields.update(fields)

    def add_site(self, name, devices, site=None):
        """Adds an installation with fixed values; devices are (service, instance[, overview fields[, values by code]])."""
        with self.lock:
            site = site or max(self.sites, default=HOUSE) + 1
            self.sites[site] = Site(site, name, "Cerbo GX", "C00A", "c0619a%06x" % site, {}, devices)
            return site

    def add_farm(self, hour=None):
        """Adds the demo's farm; it stands still at this hour of its day. Returns its number."""
        with self.lock:
            self.sites[FARM] = Farm(hour=hour)
            return FARM

    def set_fleet(self, sites, devices):
        """So many installations with so many devices each take the place of all others."""
        with self.lock:
            self.sites = make_fleet(sites, devices)

    def add_sites(self, count):
        """Adds an installer's customers: a battery each, and records of the size that VRM's have (20 kB). Returns them."""
        sites = [self.add_site("Customer %d" % number, [("battery", 1)]) for number in range(1, count + 1)]
        for site in sites:
            self.sites[site].more_attributes = 28
        return sites

    def remove_site(self, site):
        with self.lock:
            del self.sites[site]

    def set_tokens(self, tokens):
        """The tokens that are accepted: a list, or {token: list of its sites, None for all}."""
        with self.lock:
            self.tokens = dict(tokens) if isinstance(tokens, dict) else dict.fromkeys(tokens)

    def deny(self, site, denied=True):
        """Answers 403 to everything below /installations/SITE."""
        with self.lock:
            (self.denied.add if denied else self.denied.discard)(site)

    def may_see(self, token, site):
        allowed = self.tokens.get(token)
        return site in self.sites and (allowed is None or site in allowed)


    def fault(self, where, kind, times=None, site=None, page=None, **args):
        """Makes the next `times` matching requests fail (None: until cleared). The newest fault that matches is used."""
        if kind not in vrm_faults.ANSWERS and kind not in vrm_faults.CONNECTIONS:
            raise ValueError("There is no fault named " + kind)
        if kind == "redirect":
            args.setdefault("to", self.plain_url)
        with self.lock:
            self.faults.insert(0, {"where": where, "kind": kind, "times": times, "site": site, "page": page, "args": args})

    def clear_faults(self, where=None):
        with self.lock:
            self.faults = [fault for fault in self.faults if where not in (None, fault["where"])]

    def take_fault(self, ask):
        with self.lock:
            for fault in self.faults:
                if fault["where"] not in ("*", ask.where) or fault["times"] == 0:
                    continue
                if fault["site"] not in (None, ask.site) or str(fault["page"]) not in ("None", ask.query.get("page", "1")):
                    continue
                if fault["times"]:
                    fault["times"] -= 1
                return fault["kind"], dict(fault["args"])
        return None, {}


    def forget(self):
        """Empties everything that was recorded."""
        with self.lock:
            self.requests, self.violations, self.tls_failures, self.plain_http_seen = [], [], [], []
            self.handshakes, self.windows, self.under_way = 0, {}, collections.defaultdict(set)

    def violate(self, sentence):
        with self.lock:
            if sentence not in self.violations:
                self.violations.append(sentence)

    def count(self, where, site=None):
        """How many requests came; where is the name of a route, or "*"."""
        with self.lock:
            return sum(where in ("*", ask.where) and site in (None, ask.site) for ask in self.requests)

    def polls(self):
        """The requests that came, without those that the plugin sends beside its polls."""
        with self.lock:
            return [ask for ask in self.requests if ask.where != "stats"]

    def wait_for_requests(self, where, number, timeout=10, site=None):
        """Waits until `number` requests came in all; returns whether they did."""
        with self.lock:
            return self.lock.wait_for(lambda: self.count(where, site) >= number, timeout)


    def check(self, ask, headers, target):
        """Writes down what the client does wrong, and takes the token from its header."""
        header = headers.get("X-Authorization")
        form = re.fullmatch(r"Token (\S+)", header or "")
        ask.token = form and form.group(1)
        if header is None:
            self.violate("A request for %s came without the header X-Authorization." % ask.path)
        elif header.startswith("Bearer"):
            self.violate("A request for %s used the Bearer scheme." % ask.path)
        elif not form:
            self.violate("The header X-Authorization of a request for %s is not 'Token <token>'." % ask.path)
        if headers.get("Authorization"):
            self.violate("A request for %s carried the header Authorization." % ask.path)
        if any(token in urllib.parse.unquote(target) for token in self.tokens):
            self.violate("A request for %s carried the token in its URL." % ask.path)
        if ask.method != "GET":
            self.violate("A request for %s used the method %s." % (ask.path, ask.method))

    def too_many(self, token):
        """VRM's rate limit: returns the seconds after which the next request fits, 0 when this one does."""
        with self.lock:
            now = time.monotonic() + self.ahead
            level, last = self.windows.get(token, (0, now))
            level = max(0, level - (now - last) / LEAVES)
            fits = level + 1 <= WINDOW
            self.windows[token] = (level + fits, now)
        if fits or not self.settings["rate_limit"]:
            return 0
        self.violate("The client sent more than %d requests within VRM's rolling window." % WINDOW)
        return max(1, math.ceil((level + 1 - WINDOW) * LEAVES))

    def answer(self, ask):
        """The truthful answer to a request."""
        with self.lock:
            if ask.token not in self.tokens:
                return error(self.settings["refused_status"], "Login required", "invalid_credentials")
            if ask.route is None or ask.method != "GET":
                return error(404, "Could not find requested resource", "not_found")
            if ask.site is not None and (ask.site in self.denied or not self.may_see(ask.token, ask.site)):
                return error(403, "You do not have permission to view this installation.", "forbidden")
            return ask.route(self, ask)


# HTTPS.

def cut_off(connection, reset=False):
    """Ends a connection at once, also under a thread that reads it."""
    try:
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        pass
    if reset:
        connection.close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, vrm):
        self.vrm = vrm
        super().__init__(("127.0.0.1", vrm.port), Handler)

    def finish_request(self, request, client_address):
        """Shakes hands in the connection's own thread, so that a slow client keeps nobody waiting."""
        request.settimeout(30)
        try:
            connection = self.vrm.context.wrap_socket(request, server_side=True)
        except OSError as failure:
            if getattr(failure, "reason", None) == "HTTP_REQUEST":
                self.vrm.violate("A client spoke plain HTTP.")
            with self.vrm.lock:
                self.vrm.tls_failures.append(str(failure))
            return
        connection.settimeout(None)
        with self.vrm.lock:
            self.vrm.handshakes += 1
            self.vrm.connections.add(connection)
        try:
            self.RequestHandlerClass(connection, client_address, self)
        except (OSError, ValueError):
            pass        # the client went away
        finally:
            with self.vrm.lock:
                self.vrm.connections.discard(connection)
            connection.close()

    def handle_error(self, request, client_address):
        """A mistake of this program is a failed test, not a message in the demo's terminal."""
        self.vrm.violate("The stand-in failed: %r" % (sys.exc_info()[1],))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server_version, sys_version = "nginx", ""

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(self.server.vrm.clock()[0])

    def client_gone(self):
        """Whether the client has closed: it has nothing else to say while it waits for an answer."""
        try:
            return bool(select.select([self.connection], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def wait(self, seconds):
        """Waits, but not longer than the client does; returns whether it is still there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.client_gone():
                return False
            time.sleep(max(0, min(0.02, end - time.monotonic())))
        return True

    def begin_diagnostics(self, ask):
        with self.server.vrm.lock:
            others = self.server.vrm.under_way[ask.site]
            if ask.where == "diagnostics" and any(not other.client_gone() for other in others):
                self.server.vrm.violate("Two diagnostics requests of installation %s ran at once." % ask.site)
            if ask.where == "diagnostics":
                others.add(self)

    def end_diagnostics(self, ask):
        """Called before the last byte goes out: the client's next request may come on another connection at once."""
        with self.server.vrm.lock:
            self.server.vrm.under_way[ask.site].discard(self)

    def do_GET(self):
        vrm = self.server.vrm
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ask = Request(self.command, self.path)
        vrm.check(ask, self.headers, self.path)
        self.begin_diagnostics(ask)
        try:
            with vrm.lock:
                vrm.requests.append(ask)
                vrm.lock.notify_all()
            self.serve(vrm, ask)
        finally:
            self.end_diagnostics(ask)
            ask.done = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET

    def serve(self, vrm, ask):
        if not self.wait(vrm.settings["latency"]):
            self.close_connection = True
            return
        seconds = vrm.too_many(ask.token)
        if seconds:
            return self.send(ask, error(429, "Too many requests.", "rate_limited", **{"Retry-After": str(seconds)}))
        kind, args = vrm.take_fault(ask)
        if kind in vrm_faults.CONNECTIONS:
            return getattr(self, "fault_" + kind)(ask, vrm.answer(ask), **args)
        reply = vrm.answer(ask)
        self.send(ask, vrm_faults.ANSWERS[kind](reply, **args) if kind else reply)

    def send(self, ask, reply, part=1, seconds=0):
        """Sends an answer: the first `part` of its body only, or in pieces over some `seconds`."""
        body = reply.bytes()
        ask.status = reply.status
        self.close_connection = self.close_connection or part < 1 or not self.server.vrm.settings["keep_alive"]
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection and part == 1:
            self.send_header("Connection", "close")
        self.end_headers()
        for piece in range(20 if seconds else 0):
            begin, body = body[:len(body) // 20 + 1], body[len(body) // 20 + 1:]
            self.wfile.write(begin)
            self.wfile.flush()
            if not self.wait(seconds / 20):
                break
        self.end_diagnostics(ask)
        self.wfile.write(body[:int(len(body) * part)] if self.command != "HEAD" else b"")
        self.wfile.flush()

    def fault_hang(self, ask, reply):
        self.wait(3600)
        self.close_connection = True

    def fault_slow(self, ask, reply, seconds=1.0):
        if self.wait(seconds):
            self.send(ask, reply)
        else:
            self.close_connection = True

    def fault_drip(self, ask, reply, seconds=5.0):
        self.send(ask, reply, seconds=seconds)

    def fault_cut(self, ask, reply, part=0.5):
        self.send(ask, reply, part=part)

    def fault_reset(self, ask, reply):
        self.close_connection = True
        self.end_diagnostics(ask)
        cut_off(self.connection, reset=True)


# The program.

def stop_quietly(*_):
    raise SystemExit(0)


def serve(options):
    """Serves the demo until standard input ends or a signal comes that it was not started to ignore."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop_quietly)
    vrm = Vrm(world="demo", token=options.token, port=options.port, day=options.day)
    vrm.add_sites(options.customers)
    try:
        if options.sites:
            vrm.set_fleet(options.sites, options.devices)
        vrm.start()
        broker = Broker(vrm, USER["email"])
        print(json.dumps({"url": vrm.url, "ca": vrm.ca, "token": vrm.token, "mqtt_port": broker.port}), flush=True)
        while sys.stdin and sys.stdin.buffer.raw.read(4096):
            pass
    finally:
        vrm.close()


def main():
    parser = argparse.ArgumentParser(description="A stand-in for the VRM portal's API, on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    parser.add_argument("--day", type=float, default=240, help="seconds in which a day passes (default 240)")
    parser.add_argument("--token", help="access token to accept (default: a new one)")
    parser.add_argument("--sites", type=int, default=0, help="so many installations alike, in place of the demo's")
    parser.add_argument("--devices", type=int, default=4, help="devices of each of them: 4 send about 170 rows (default)")
    parser.add_argument("--customers", type=int, default=0, help="how many more installations (default none)")
    parser.add_argument("--selfcheck", action="store_true",
                        help="print the number of rows of each installation and what does not add up, and end")
    options = parser.parse_args()
    if options.selfcheck:
        fleet = options.sites and make_fleet(options.sites, options.devices)
        for site in (fleet or make_demo(Day(options.day))).values():
            print("%d %s: %d rows" % (site.id, site.name, len(site.rows(time.time(), int(time.time())))))
        problems = vrm_check.problems()
        print("\n".join(problems or ["The farm's powers and counters add up."]))
        return 1 if problems else 0
    try:
        serve(options)
    except (RuntimeError, OSError) as failure:
        print("The VRM stand-in cannot run: %s" % failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
