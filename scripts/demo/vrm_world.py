"""The installations behind the VRM stand-in: what they own, how a day passes over them, and VRM's records of them.

Values come from the tables of vrm_rows.py, then from the installation's own list of devices, then (in the demo) from the
simulated day, then from what a test has set. Time stamps are unix seconds.
"""
import copy
import functools
import math
import time

from vrm_rows import BITMASKS, BOOT, ENUMS, GRID_LOST, KINDS, LIVE, NO_SERVICE, OWN

HOUSE = 100101
VAN = 100102
USER = {"id": 300200, "name": "Demo User", "email": "demo@example.com", "country": "Portugal",
        "idAccessToken": 4711, "accessLevel": 1}

# What stands in the place of a row or device that a test has dropped.
DROPPED = object()

# The installations: name, gateway's product and code, portal id, the gateway's rows that differ, and the devices as
# (service, instance, fields of system-overview, rows that differ).
SITES = {
    HOUSE: ("Harbour House", "Cerbo GX", "C00A", "c0619ab1d2e3",
            {"bv": 53.12, "bp": 658.7},
            [("battery", 289, {"customName": "House bank"},
              {"V": 53.12, "zP": 658.7, "H7": 49.21, "H8": 57.72, "H21": 785.87, "H22": 863.6}),
             ("solarcharger", 288, {"productName": "SmartSolar Charger MPPT 250/60", "productCode": "a058"},
              {"ScV": 53.25, "ScI": 9.5, "PVV": 148.6}),
             ("solarcharger", 256, {"productName": "SmartSolar Charger MPPT 150/35", "productCode": "A05A"},
              {"ScV": 53.22, "ScI": 5.6, "PVV": 96.4, "PVP": 303.5, "ScW": 298, "ScS": 4, "YT": 0.81, "MCPT": 402}),
             ("vebus", 276, {}, {"CV": 53.08, "CI": -6.3}),
             ("temperature", 24, {"customName": "Engine room"}, {})]),
    VAN: ("Workshop Van", "Venus GX", "C003", "c0619ab1d2e4",
          {"bv": 12.87, "bs": 58, "bc": -3.2, "bp": -41.2, "bst": 2, "bT": 27.5, "Pdc": 64, "a1": 138,
           "abs": "com.victronenergy.battery/0", "v": "v3.42"},
          [("battery", 0, {"productName": "BMV-712 Smart", "productCode": "a381", "firmwareVersion": "v4.16"},
            {"V": 12.87, "I": -3.2, "zP": -41.2, "SOC": 58, "CE": -84, "TTG": 30.5, "BT": 27.5}),
           ("solarcharger", 279, {"customName": "Roof"}, {"PVP": 64, "ScW": 62, "ScI": 4.8, "ScV": 12.91, "PVV": 35.5}),
           ("inverter", 257, {"customName": "Tools"}, {}),
           ("tank", 20, {"customName": "Fresh water"}, {})]),
}


# The day.

STEPS = 720             # moments a day that the simulation knows: one for two minutes
FIRST_HOUR = 9          # the demo begins in the morning
AWAY = (18.0, 30.0)     # the van's water sensor is out of reach between these hours (30 = 6 o'clock of the next day)
AWAY_DEVICE = (VAN, "tank", 20)
SWITCHED_OFF = 4        # /Mode of an inverter or a charger
ALARM_ABOVE = 43        # degrees Celsius of the van's battery
MPPT_EFFICIENCY = 0.98  # what a solar charger gives of what the panels give
IDLE_POWER = 30         # W, within which a gateway says that the battery is idle


def house_load(hour):
    """Watts of the house: fridge, breakfast, lunch, evening, oven. Returns (AC, DC)."""
    watts = 220 + (120 if hour * 2 % 1 < 0.35 else 0)
    for begin, end, more in ((7, 7.4, 1900), (12.2, 12.7, 1200), (18, 23, 650), (18.5, 19.2, 2100)):
        watts += more if begin <= hour < end else 0
    return watts, 40


def van_load(hour):
    """Watts of the van: tools in bursts during the working day, a compressor fridge. Returns (AC, DC)."""
    working = 8 <= hour < 12 or 13 <= hour < 17
    tool = 560 if working and hour * 0.8 % 1 < 0.3 else 0
    return 14 + tool, 38 if hour * 3 % 1 < 0.5 else 9


def away_at(hour):
    """Whether AWAY_DEVICE is away at this hour of the day."""
    return hour >= AWAY[0] or hour + 24 < AWAY[1]


# Battery: `volts` as a multiple of a 12 V battery, capacity in Wh; chargers: instance and the panels' peak power in W.
PLANS = {
    HOUSE: {"volts": 4, "capacity": 15400, "panels": {288: 2900, 256: 1100}, "load": house_load, "battery": 289,
            "panel_volts": {288: 150, 256: 98}, "warmest": 26, "inverter": "vebus/276"},
    VAN: {"volts": 1, "capacity": 2560, "panels": {279: 400}, "load": van_load, "battery": 0,
          "panel_volts": {279: 37}, "warmest": 47, "inverter": "inverter/257"},
}


def sunshine(hour):
    """The share of the panels' peak power that the sun gives: an arc from 6:30 to 20:00, with passing clouds."""
    arc = math.sin(math.pi * (hour - 6.5) / 13.5) if 6.5 < hour < 20 else 0
    cloud = max(0, math.sin(3.1 * hour) * math.sin(1.7 * hour + 0.8))
    return max(0, arc) ** 1.3 * (1 - 0.7 * cloud)


def charge_stage(stage, soc, light):
    """The next charge state of the solar chargers: 0 off, 3 bulk, 4 absorption, 5 float."""
    if light <= 0.005:
        return 0
    if stage in (0, 5) and soc < 95:
        return 3
    if soc >= 99.6:
        return 5
    return 4 if soc >= 97 and stage != 5 else stage or 3


def battery_volts(plan, stage, soc, watts):
    """The battery's voltage as a lithium battery has it: flat, and lifted by the charger near the end."""
    if stage >= 4:
        return plan["volts"] * (14.2 if stage == 4 else 13.5)
    return plan["volts"] * (12.75 + 0.007 * soc + max(-0.4, min(0.4, watts / plan["capacity"])))


def next_moment(plan, step, last, written):
    """The moment that follows another one, at a step of the day; written: as Site has it."""
    hour, soc = step * 24 / STEPS, last["soc"]
    light = sunshine(hour)
    stage = charge_stage(last["stage"], soc, light)
    harvest, peak = ({charger: 0.0 for charger in plan["panels"]} if step == 0 else dict(last[name])
                     for name in ("harvest", "peak"))
    ac, dc = plan["load"](hour)
    off = {name for name in [plan["inverter"], *("solarcharger/%d" % charger for charger in plan["panels"])]
           if written.get(name + "/Mode") == SWITCHED_OFF}
    ac = 0 if plan["inverter"] in off else ac
    load = ac / 0.93 + dc
    accepts = {3: 1e9, 4: plan["capacity"] * max(0.0, 100.5 - soc) / 10.5}.get(stage, 0)
    offered = {charger: watts * light * ("solarcharger/%d" % charger not in off)
               for charger, watts in plan["panels"].items()}
    used = min(1, (load + accepts) / max(1, MPPT_EFFICIENCY * sum(offered.values())))
    solar = {charger: watts * used for charger, watts in offered.items()}
    watts = MPPT_EFFICIENCY * sum(solar.values()) - load
    soc = min(100, max(5, soc + watts * 24 / STEPS / plan["capacity"] * 100))
    for charger, power in solar.items():
        harvest[charger] += power * 24 / STEPS / 1000
        peak[charger] = max(peak[charger], power)
    warmth = math.exp(-((hour - 15) / 3) ** 2)
    yesterday = {"harvest": last["harvest"], "peak": last["peak"]} if step == 0 else last["yesterday"]
    return {"hour": hour, "light": light, "stage": stage, "ac": ac, "dc": dc, "solar": solar, "soc": soc, "watts": watts,
            "volts": battery_volts(plan, stage, soc, watts), "harvest": harvest, "peak": peak,
            "celsius": 19 + (plan["warmest"] - 19) * warmth, "yesterday": yesterday, "off": off}


def simulate_day(plan):
    """Returns the STEPS moments of a day that ends as full as it began: some days are played, the last one is kept."""
    nothing = dict.fromkeys(plan["panels"], 0.0)
    moments = [{"soc": 70.0, "stage": 0, "harvest": nothing, "peak": nothing}]
    for _ in range(4):
        last, moments = moments[-1], []
        for step in range(STEPS):
            last = next_moment(plan, step, last, {})
            moments.append(last)
    return moments


class Course:
    """How an installation goes on from a moment in which something was written: each one follows from the one before. Until
    then all days are alike."""

    def __init__(self, step, moment, follow):
        self.step, self.moment, self.follow = step, moment, follow

    def at(self, step, written):
        while self.step < step:
            self.step += 1
            self.moment = self.follow(self.step % STEPS, self.moment, written)
        return self.moment


# VRM's flows of energy, from and to P solar, G grid, B battery, c consumers.
FLOWS = ("Pb", "Pc", "Pg", "Gb", "Gc", "Bc", "Bg")
DAY_SECONDS = 86400


@functools.lru_cache(None)
def daily_flows(site):
    """The kWh of each flow on a day of the demo, None for those that the installation does not have: the van has no grid,
    and the house does not use its own. Installations without a plan are like the house, without a grid."""
    flows = dict.fromkeys(FLOWS, 0.0 if site == HOUSE else None)
    flows.update(Pb=0.0, Pc=0.0, Bc=0.0)
    for moment in simulate_day(PLANS.get(site, PLANS[HOUSE])):
        solar = sum(moment["solar"].values())
        load = solar - moment["watts"]                  # and what is lost
        for code, watts in (("Pc", min(solar, load)), ("Pb", max(0, solar - load)), ("Bc", max(0, load - solar))):
            flows[code] += watts * 24 / STEPS / 1000
    return flows


def battery_values(plan, now):
    """The values of the battery monitor in a moment of the day."""
    amps, missing = now["watts"] / now["volts"], 100 - now["soc"]
    hours = (now["soc"] - 10) / 100 * plan["capacity"] / -now["watts"] if now["watts"] < -10 else 240
    return {"V": now["volts"], "I": amps, "zP": now["watts"], "SOC": round(now["soc"], 1), "BT": round(now["celsius"], 1),
            "CE": -missing / 100 * plan["capacity"] / plan["volts"] / 12.8, "TTG": max(0, min(240, hours)),
            "VS": 12.7, "AHT": 2 if now["celsius"] > ALARM_ABOVE else 0}


def charger_values(plan, now, charger, day):
    """The values of one solar charger; the user's yield rises from day to day."""
    watts, last = now["solar"][charger], now["yesterday"]
    volts = plan["panel_volts"][charger] * (0.9 + 0.1 * now["light"]) if now["light"] > 0 else 0.4
    lifetime = 1200 + day * last["harvest"][charger] + now["harvest"][charger]
    return {"PVP": watts, "PVV": volts, "ScW": watts * MPPT_EFFICIENCY, "ScV": now["volts"] + 0.05, "ScS": 0 if "solarcharger/%d" % charger in now["off"] else now["stage"],
            "ScI": round(watts * MPPT_EFFICIENCY / now["volts"], 1), "ScT": round(now["celsius"]), "YU": lifetime,
            "YT": round(now["harvest"][charger], 2), "YY": round(last["harvest"][charger], 2),
            "MCPT": round(now["peak"][charger]), "MCPY": round(last["peak"][charger]),
            "zMPP": 0 if not now["light"] else 1 if now["stage"] == 5 else 2}


def system_values(now, battery):
    """The gateway's own view of the moment."""
    state = 1 if battery["zP"] > IDLE_POWER else 2 if battery["zP"] < -IDLE_POWER else 0
    solar = sum(now["solar"].values())
    return {"bv": battery["V"], "bc": battery["I"], "bp": battery["zP"], "bs": battery["SOC"], "bst": state,
            "bT": battery["BT"], "ba": battery["CE"], "bt": battery["TTG"] if battery["I"] < 0 else None, "a1": now["ac"],
            "dc": now["dc"], "Pdc": MPPT_EFFICIENCY * solar, "vp": -now["ac"] / 0.93,
            "vc": -now["ac"] / 0.93 / now["volts"], "Pb": max(0, now["watts"]) / 60000,
            "Pc": min(solar, solar - now["watts"]) / 60000}


def ac_values(now, off):
    """The values of the VE.Bus system and of the VE.Direct inverter, which share no code."""
    if off:
        return dict.fromkeys(("OV1", "OP1", "OI1", "OF", "CI", "S", "zOV", "zOP", "zOS", "zOI", "zOF", "zDI", "zS"), 0)
    volts, hertz = 230 + 0.6 * math.sin(now["hour"] * 9), 50 + 0.03 * math.sin(now["hour"] * 13)
    amps, drawn = now["ac"] / volts, -now["ac"] / 0.93 / now["volts"]
    return {"OV1": volts, "OP1": now["ac"], "OI1": round(amps, 1), "OF": hertz, "CV": now["volts"] - 0.05, "CI": drawn,
            "zVT": round(now["celsius"] + 3, 1), "VSOC": round(now["soc"], 1),
            "zOV": volts, "zOP": now["ac"], "zOS": now["ac"] * 1.05, "zOI": amps, "zOF": round(hertz, 1),
            "zDV": now["volts"] - 0.08, "zDI": drawn, "zT": round(24 + now["ac"] / 30, 1)}


class Day:
    """A day that passes in `seconds`. It begins at FIRST_HOUR when it is made, and is the same every day."""

    def __init__(self, seconds):
        self.seconds, self.began = seconds, time.time()
        self.moments = {site: simulate_day(plan) for site, plan in PLANS.items()}
        self.courses = {}       # of the installations to which something was written

    def hours(self, now):
        """The hours since the midnight before the demo began, at a unix time."""
        return FIRST_HOUR + (now - self.began) / self.seconds * 24

    def step(self, now):
        """The same in steps."""
        return int(self.hours(now) * STEPS / 24 + 1e-6)

    def values(self, site, now, written):
        """Returns {(service, instance): {code: value}} of a demo installation at a unix time; {} for another one. written: as
        Site has it."""
        if site not in PLANS:
            return {}
        plan, step = PLANS[site], self.step(now)
        day, moment = step // STEPS, self.moments[site][step % STEPS]
        if written:
            begun = Course(step - 1, self.moments[site][(step - 1) % STEPS], functools.partial(next_moment, plan))
            moment = self.courses.setdefault(site, begun).at(step, written)
        off = plan["inverter"] in moment["off"]
        battery = battery_values(plan, moment)
        values = {("battery", plan["battery"]): battery, ("system", 0): system_values(moment, battery),
                  ("vebus", 276): ac_values(moment, off), ("inverter", 257): ac_values(moment, off),
                  ("temperature", 24): {"tsT": round(moment["celsius"] + 2, 1)}}
        for charger in plan["panels"]:
            values["solarcharger", charger] = charger_values(plan, moment, charger, day)
        return values

    def left_at(self, site, service, instance, now):
        """The unix time of the last data of a device that is away now, or None. A day of minutes would be over before a
        client with rules for hours notices that a device is away, so the demo's device is dated back by half an hour."""
        hours = self.hours(now)
        if (site, service, instance) != AWAY_DEVICE or not away_at(hours % 24):
            return None
        since = (hours - AWAY[0]) % 24
        return int(now - since / 24 * self.seconds) - 1800


# VRM's records.

def shown(record):
    """VRM's formattedValue: the enum's text, or the value in the C format."""
    raw = record["rawValue"]
    for entry in record.get("dataAttributeEnumValues") or []:
        if entry["valueEnum"] == raw:
            return str(entry["nameEnum"])
    if raw is None:
        return None
    try:
        return record["formatWithUnit"] % (float(raw) if "F" in record["formatWithUnit"] else raw)
    except (TypeError, ValueError):
        return str(raw)


def zone_at_noon():
    """A time zone in which it is about noon now. Today's values end at midnight; those that stand still do not know it."""
    return "Etc/GMT%+d" % (time.gmtime().tm_hour - 12)


class Site:
    """One installation: what it owns and what a test has changed. `day` is a Day, or None for fixed values."""

    units_per_phase = {"L1": 1, "L2": 0, "L3": 0}       # of its VE.Bus system

    def __init__(self, number, name, gateway, code, portal, own_values, devices, day=None):
        self.id, self.name, self.day, self.began = number, name, day, int(time.time())
        self.zone = "Europe/Lisbon" if day else zone_at_noon()
        self.gateway, self.code, self.portal, self.own_values = gateway, code, portal, own_values
        self.devices = [(tuple(device) + ({}, {}))[:4] for device in devices]
        self.fields = {}            # of the installation's record, set by a test
        self.device_fields = {}     # (service, instance): fields of system-overview, set by a test
        self.row_changes = {}       # (service, instance, path or code): record fields, or DROPPED
        self.written = {}           # path on the D-Bus ("vebus/276/Mode"): value that a client of the broker has set
        self.last_data = {}         # (service, instance): unix time when the data stopped
        self.gone = {}              # (service, instance): whether it is still listed
        self.alarm_since = {}       # (service, instance, code): (alarm number, unix time)
        self.more_attributes = 0    # how many attributes its record has beside those of this program

    def stopped_at(self, service, instance, now):
        """The unix time of a device's last data, None while it sends. The gateway's silence is everybody's."""
        times = [self.last_data.get((service, instance)), self.last_data.get(("gateway", None)),
                 self.day and self.day.left_at(self.id, service, instance, now)]
        return min((moment for moment in times if moment), default=None)

    def rows(self, now, fresh):
        """VRM's diagnostics records at the unix time `now`; measurements carry the time stamp `fresh`. The order is by
        attribute, as in VRM's other answers, so that the rows of one device are scattered over the pages."""
        records = []
        for service, instance, label, rows, values in self.tables(now):
            stopped = self.stopped_at(service, instance, now)
            if (service, instance) not in self.gone:
                records += [self.record(service, instance, label, row, values, stopped, fresh) for row in rows]
        records = self.changed(records, fresh)
        records.sort(key=lambda record: (record["idDataAttribute"], record["instance"], record["code"]))
        for number, record in enumerate(records):
            record["id"] = self.id * 1000 + number
        return records

    def tables(self, now):
        """What has rows: (service, instance, Device in VRM, rows, values that differ by code)."""
        moving = self.day.values(self.id, now, self.written) if self.day else {}
        for service, (label, _, rows) in OWN.items():
            if service != "gps" or self.id == VAN:
                yield service, 0, label, rows, {**self.own_values, **moving.get((service, 0), {})}
        for service, instance, _, values in self.devices:
            label, _, rows = KINDS[service][:3]
            yield service, instance, label, rows, {**values, **moving.get((service, instance), {})}
            if service == "vebus" and (service, instance) not in self.gone:
                yield "system", instance, "System overview", [GRID_LOST], {}

    def record(self, service, instance, label, row, values, stopped, fresh):
        """One row of a table as VRM's record."""
        code, number, path, description, form, value = row[:6]
        texts, form = (form, "%s") if isinstance(form, dict) else (ENUMS.get(code), form)
        age = row[6] if len(row) > 6 else LIVE
        stamp = fresh if age == LIVE else age and self.began - age
        if stamp and stopped:
            stamp = min(stamp, stopped)
        raw = self.written.get("%s/%d%s" % (service, instance, path), values.get(code, value))
        service = None if code in NO_SERVICE else service
        record = {"idSite": self.id, "timestamp": stamp, "Device": label, "instance": instance,
                  "idDataAttribute": number, "description": description, "formatWithUnit": form,
                  "dbusServiceType": service, "dbusPath": path, "code": code, "bitmask": int(code in BITMASKS),
                  "formattedValue": None, "rawValue": round(raw, 3) if isinstance(raw, float) else raw}
        if texts:
            record["dataAttributeEnumValues"] = [{"nameEnum": text, "valueEnum": value} for value, text in texts.items()]
        record["formattedValue"] = shown(record)
        return record

    def changed(self, records, fresh):
        """Applies what a test has set or dropped; a row that is not there is added."""
        for (service, instance, key), fields in self.row_changes.items():
            found = [record for record in records if (record["dbusServiceType"], record["instance"]) == (service, instance)
                     and key in (record["dbusPath"], record["code"])]
            if fields is DROPPED:
                records = [record for record in records if record not in found]
                continue
            if not found:
                is_path = key.startswith("/")
                found = [self.record(service, instance, KINDS.get(service, OWN[None])[0],
                                     ("zNew" if is_path else key, 9900, key if is_path else None, "Added", "%s", 0),
                                     {}, None, fresh)]
                found[0]["dbusServiceType"] = service
                records += found
            for record in found:
                record.update(fields)
                if "formattedValue" not in fields:
                    record["formattedValue"] = shown(record)
        return records

    def overview(self, now, fresh):
        """VRM's list of devices (system-overview); the gateway has no instance and no idDeviceType."""
        gateway = {"name": "Gateway", "customName": None, "productCode": self.code, "idSite": self.id,
                   "productName": self.gateway, "firmwareVersion": self.own_values.get("v", "v3.55"),
                   "remoteOnLan": "192.0.2.10", "autoUpdate": "Check only", "updateTo": "Official release",
                   "lastConnection": self.stopped_at("gateway", None, now) or fresh, "class": "device-gateway",
                   "loggingInterval": 60, "identifier": self.portal, "lastPowerUpOrRestart": self.began - BOOT,
                   "vrm": 2, "guiV2Status": "Online", "vncStatus": "Disabled", "remoteSupport": "disabled", "settings": []}
        gateway.update(self.device_fields.get(("gateway", None), {}))
        listed = [gateway]
        for service, instance, fields, _ in self.devices:
            if self.gone.get((service, instance)) is False:
                continue
            label, kind, _, product, code, firmware = KINDS.get(service, (fields.get("name"),) + (None,) * 5)
            device = {"name": label, "customName": "", "productCode": code, "idSite": self.id, "productName": product,
                      "firmwareVersion": firmware, "lastConnection": self.stopped_at(service, instance, now) or fresh,
                      "class": "device-" + label.lower().replace(" ", "-").replace(".", "-"),
                      "instance": instance, "idDeviceType": kind, "settings": [],
                      **fields, **self.device_fields.get((service, instance), {})}
            if service == "vebus":
                units = self.units_per_phase
                device.update(productId=device["productCode"], vmc="VE.Bus",
                              vid={"enumValue": "Three phase" if units["L3"] else "Single unit", "devicesPerPhase": units})
            if device["firmwareVersion"] is None:
                del device["firmwareVersion"]
            listed.append(device)
        return listed

    def created(self):
        return self.fields.get("syscreated", self.began - 3 * 365 * DAY_SECONDS)

    def flows(self):
        """The kWh of VRM's flows on a day of the demo."""
        return daily_flows(self.id)

    def peak_power(self):
        """What its panels give at the most, in W."""
        return sum(PLANS.get(self.id, PLANS[HOUSE])["panels"].values())

    def energy(self, now, start, end, step):
        """VRM's stats of the type kwh: (records, totals) from `start` to `end`. Whatever the length of the demo's day, an
        installation has the energy of one on each real day, at an even rate, as long as its gateway sends."""
        begin = max(start, self.created())
        last = min(end, now, self.stopped_at("gateway", None, now) or now)
        records, totals = {}, {}
        for code, kwh in self.flows().items():
            moments = [] if kwh is None or last <= begin else range(int(start), int(last) + 1, step)
            spans = [(at, min(at + step, last) - max(at, begin)) for at in moments]
            series = [[at * 1000, kwh * seconds / DAY_SECONDS] for at, seconds in spans if seconds > 0]
            records[code] = series or False
            totals[code] = round(sum(value for _, value in series), 6) if series else False
        return records, totals

    def forecast(self, start, end):
        """VRM's stats of the type forecast: Wh for each hour, by the demo's sun."""
        peak = self.peak_power()
        hours = range(int(start) // 3600 * 3600, int(end) + 1, 3600)
        series = [[at * 1000, round(peak * sunshine((at // 3600 % 24) + 0.5), 1)] for at in hours if at >= start]
        return {"solar_yield_forecast": series or False, "vrm_consumption_fc": False}

    def alarms(self, now, fresh):
        """VRM's current_alarms: one object for each row of /Alarms/ that is not 0."""
        since, alarms = {}, []
        names = {(service, instance): fields.get("customName", "") for service, instance, fields, _ in self.devices}
        for record in self.rows(now, fresh):
            raw, owner = record["rawValue"], (record["dbusServiceType"], record["instance"])
            if "/Alarms/" not in (record["dbusPath"] or "") or not isinstance(raw, (int, float)) or raw <= 0:
                continue
            key = owner + (record["code"],)
            since[key] = self.alarm_since.get(key, (700000 + record["idDataAttribute"] + int(now) % 1000, fresh))
            alarms.append({"idField": "idAlarm", "idGenerated": True, "table": "alarmLog", "casts": None, "setCasts": None,
                           "idAlarm": since[key][0], "idSite": self.id, "instance": record["instance"], "type": "enum",
                           "description": record["description"], "started": since[key][1], "cleared": None,
                           "idDataAttribute": record["idDataAttribute"], "device": record["Device"],
                           "customName": names.get(owner, ""), "nameEnum": record["formattedValue"]})
        self.alarm_since = since
        return alarms

    def installation(self, now, fresh, extended):
        """VRM's record of the installation, with all its optional values when `extended`."""
        record = {"idSite": self.id, "accessLevel": 1, "owner": True, "is_admin": True, "name": self.name,
                  "identifier": self.portal, "idUser": USER["id"], "pvMax": 0, "timezone": self.zone,
                  "phonenumber": None, "notes": None, "geofence": None, "geofenceEnabled": False, "realtimeUpdates": True,
                  "restrictNodeRed": False, "hasMains": 0, "hasGenerator": 0, "noDataAlarmTimeout": None,
                  "alarmMonitoring": 1, "invalidVRMAuthTokenUsedInLogRequest": 0, "syscreated": self.created(),
                  "isPaygo": 0, "paygoCurrency": None, "paygoTotalAmount": None, "inverterChargerControl": 0,
                  "shared": False, "device_icon": "battery"}
        if extended:
            alarms = self.alarms(now, fresh)
            host = "mqtt%d.victronenergy.com" % (sum(map(ord, self.portal)) % 128)
            record.update({
                "alarm": bool(alarms), "last_timestamp": self.stopped_at("gateway", None, now) or fresh, "tags": False,
                "new_tags": False, "current_time": time.strftime("%H:%M", time.gmtime(now)), "timezone_offset": 0,
                "images": False, "view_permissions": {"update_settings": False, "settings": True, "diagnostics": False},
                "demo_mode": False, "mqtt_webhost": "web" + host, "mqtt_host": host, "high_workload": False,
                "current_alarms": alarms, "num_alarms": len(alarms), "last_location_timestamp": False,
                "avatar_url": None, "nodered_running": False, "extended": self.attributes(now, fresh)})
        record.update(self.fields)
        return record

    def attributes(self, now, fresh):
        """The list `extended` of an installation: some attributes, each with its instances; and a site summary."""
        found = {}
        for row in self.rows(now, fresh):
            if row["code"] not in ("v", "S", "s", "bv", "bs", "bc", "bst", "st", "ss", "ASoc", "Agl", "tl", "cp", "rtt"):
                continue
            value = {"rawValue": row["rawValue"], "formattedValue": row["formattedValue"], "textValue": None,
                     "timestamp": row["timestamp"]}
            attribute = {key: row[key] for key in ("idDataAttribute", "code", "description", "formatWithUnit", "instance",
                                                   "dbusServiceType", "dbusPath")}
            found.setdefault(row["code"], {**attribute, **value, "instances": {}})["instances"][str(row["instance"])] = value
        summary = {"rawValue": None, "formatWithUnit": "", "consistsOfAttributeCodes": ["g1", "g2", "g3"],
                   "dataAttributes": [], "timestamp": None, "code": "from_to_grid", "description": "From_to_grid",
                   "textValue": None, "formattedValue": "", "idDataAttribute": None}
        return list(found.values()) + [summary] + [self.other_attribute(number, fresh) for number in
                                                   range(self.more_attributes)]

    @staticmethod
    def other_attribute(number, fresh):
        """An attribute of the usual size, some 600 bytes."""
        value = {"rawValue": 1, "formattedValue": "On", "textValue": "On", "timestamp": fresh}
        return {"idDataAttribute": 5000 + number, "code": "c%d" % number, "description": "Some attribute with a description",
                "formatWithUnit": "%s", "dataType": "enum", "idDeviceType": 0, "instance": 0, "dbusServiceType": "system",
                "dbusPath": "/Some/Path/Of/An/Attribute", **value, "instances": {"0": value},
                "dataAttributeEnumValues": [{"nameEnum": "Value number %d" % one, "valueEnum": one} for one in range(4)]}


# The devices of a larger installation, again and again in this order: about 170 rows with the first four.
FLEET = ("battery", "solarcharger", "solarcharger", "vebus", "inverter")


def make_fleet(sites, devices):
    """`sites` installations by number, all alike and with fixed values, with so many `devices` each."""
    owned = [(FLEET[number % len(FLEET)], 256 + number) for number in range(devices)]
    return {number: Site(number, "Fleet %d" % number, "Cerbo GX", "C00A", "c0619a%06x" % number, {}, owned)
            for number in range(HOUSE, HOUSE + sites)}


def make_sites(day=None):
    """The demo's installations by number: moving when `day` is a Day, else with fixed values."""
    return {number: Site(number, *copy.deepcopy(parts), day) for number, parts in SITES.items()}
