"""Proves the rows of the demo: at every moment and on every phase sources are loads, losses and charge, and the farm's counters
are the sums of the powers that were shown.

It reads nothing but VRM's records, each value as it is sent.
"""
import vrm_world
from vrm_farm import VEBUS_FLOWS, Farm
from vrm_farm_day import CAPACITY, EFFICIENCY, IDLE, MPPT_EFFICIENCY, PHASES, STEP, STEPS

# Values have three places; a dozen of them are added.
BALANCED = 0.02         # W, V, Ah
COUNTED = 0.012         # kWh, Ah, seconds


def kwh(service, path, sign=None):
    """What a power comes to in an hour; with a sign, its positive (1) or negative (-1) part."""
    return lambda get: (get(service, path) if sign is None else max(0, sign * get(service, path))) / 1000


# Counters: service, path, and how much an hour comes of the values shown.
COUNTERS = [
    ("grid", "/Ac/Energy/Forward", kwh("grid", "/Ac/Power", 1)),
    ("grid", "/Ac/Energy/Reverse", kwh("grid", "/Ac/Power", -1)),
    *[("grid", "/Ac/L%d/Energy/Forward" % n, kwh("grid", "/Ac/L%d/Power" % n, 1)) for n in PHASES],
    *[("grid", "/Ac/L%d/Energy/Reverse" % n, kwh("grid", "/Ac/L%d/Power" % n, -1)) for n in PHASES],
    *[(service, "/Ac/Energy/Forward", kwh(service, "/Ac/Power"))
      for service in ("pvinverter", "genset", "evcharger", "heatpump", "acload")],
    *[(service, "/Ac/L%d/Energy/Forward" % n, kwh(service, "/Ac/L%d/Power" % n))
      for service in ("pvinverter", "genset", "evcharger", "heatpump") for n in PHASES],
    ("solarcharger", "/Yield/User", kwh("solarcharger", "/Yield/Power")),
    ("battery", "/History/ChargedEnergy", kwh("battery", "/Dc/0/Power", 1)),
    ("battery", "/History/DischargedEnergy", kwh("battery", "/Dc/0/Power", -1)),
    ("battery", "/Capacity", lambda get: get("battery", "/Dc/0/Current")),
    ("dcload", "/History/EnergyIn", kwh("dcload", "/Dc/0/Power")),
    ("genset", "/Engine/OperatingHours", lambda get: 3600 * (get("genset", "/Engine/Speed") > 0)),
    ("generator", "/AccumulatedRuntime", lambda get: 3600 * (get("generator", "/State") > 0)),
]
# VRM's flows of energy, and the counters that have the same.
FLOWS = {"Pb Pc Pg": [("pvinverter", "/Ac/Energy/Forward"), ("solarcharger", "/Yield/User")],
         "Gb Gc": [("grid", "/Ac/Energy/Forward")], "gb gc": [("genset", "/Ac/Energy/Forward")],
         "Pg Bg": [("grid", "/Ac/Energy/Reverse")], "Pb Gb gb": [("battery", "/History/ChargedEnergy")],
         "Bc Bg": [("battery", "/History/DischargedEnergy")]}
NAMES = [counter[:2] for counter in COUNTERS] + [("vebus", "/Energy/...")]


def reader(site, hours):
    """Returns get(service, path or code): a value of the farm at this hour."""
    site.hour = hours
    found = {}
    for record in site.rows(0, 0):
        for key in (record["dbusPath"], record["code"]):
            found[record["dbusServiceType"], key] = record["rawValue"]
    return lambda service, key: found[service, key]


def imbalances(get):
    """What has to be 0 in a moment, as (name, how much it is)."""
    def phase(service, n):
        return get(service, "/Ac/L%d/Power" % n)
    for n in PHASES:
        taken, given = get("vebus", "/Ac/ActiveIn/L%d/P" % n), get("vebus", "/Ac/Out/L%d/P" % n)
        loads_in = get("system", "/Ac/ConsumptionOnInput/L%d/Power" % n)
        loads_out = get("system", "/Ac/ConsumptionOnOutput/L%d/Power" % n)
        yield "AC input L%d" % n, phase("grid", n) + phase("genset", n) - loads_in - taken
        yield "loads on the AC input L%d" % n, phase("evcharger", n) + phase("heatpump", n) - loads_in
        yield "AC output L%d" % n, given + phase("pvinverter", n) - loads_out
        yield "consumption L%d" % n, get("system", "/Ac/Consumption/L%d/Power" % n) - loads_in - loads_out
        for service in ("grid", "genset", "evcharger", "heatpump", "pvinverter"):
            volts, amps = get(service, "/Ac/L%d/Voltage" % n), get(service, "/Ac/L%d/Current" % n)
            yield service + " L%d" % n, round((volts * amps - phase(service, n)) / 1000, 3)     # three places of an ampere
    inverters = sum(get("vebus", "/Ac/ActiveIn/L%d/P" % n) - get("vebus", "/Ac/Out/L%d/P" % n) for n in PHASES)
    to_dc = get("vebus", "/Dc/0/Power")
    yield "inverters", to_dc + IDLE - (inverters * EFFICIENCY if inverters > 0 else inverters / EFFICIENCY)
    yield "solar charger", get("solarcharger", "/Yield/Power") * MPPT_EFFICIENCY - get(None, "ScW")
    battery, dc_load = get("battery", "/Dc/0/Power"), get("dcload", "/Dc/0/Power")
    yield "DC", get(None, "ScW") + to_dc - dc_load - battery
    yield "DC of the system", (get("system", "/Dc/Pv/Power") + get("system", "/Dc/Vebus/Power")
                               - get("system", "/Dc/System/Power") - get("system", "/Dc/Battery/Power"))
    yield "cells", sum(get("battery", "/Voltages/Cell%d" % n) for n in range(1, 17)) - get("battery", "/Dc/0/Voltage")
    yield "charge", get("battery", "/Soc") / 100 * CAPACITY - get("battery", "/Capacity")

    solar = sum(phase("pvinverter", n) for n in PHASES) + get("solarcharger", "/Yield/Power")
    bought_now = sum(phase("grid", n) + phase("genset", n) for n in PHASES)
    losses = inverters - to_dc + get("solarcharger", "/Yield/Power") - get(None, "ScW")
    consumed = sum(get("system", "/Ac/Consumption/L%d/Power" % n) for n in PHASES)
    yield "all", solar + bought_now - consumed - dc_load - losses - battery


def through_vebus(get):
    """What goes through the inverter/chargers in kW: on each phase as much comes in as goes out."""
    total = 0
    for n in PHASES:
        taken, given = get("vebus", "/Ac/ActiveIn/L%d/P" % n), get("vebus", "/Ac/Out/L%d/P" % n)
        total += sum(max(0, watts) for watts in (taken, -given, given - taken)) / 1000
    return total


def problems(written=None):
    """What does not add up in two days, as sentences. written: what a client sets before (vrm_world.Site)."""
    site, found, begun, summed = Farm(), [], None, None
    site.written.update(written or {})
    for step in range(2 * STEPS + 1):
        get = reader(site, step * STEP)
        for name, amount in imbalances(get):
            if not abs(amount) <= BALANCED:
                found.append("%.2f h: %s is out of balance by %.3f" % (site.hour, name, amount))
        counts = [get(service, path) for service, path, _ in COUNTERS]
        counts.append(sum(get("vebus", "/Energy/" + name) for name in VEBUS_FLOWS))
        begun, summed = begun or counts, summed or [0] * len(counts)
        for (service, path), first, now, expected in zip(NAMES, begun, counts, summed):
            if not abs(now - first - expected) <= COUNTED:
                found.append("%.2f h: %s %s counted %.3f, not %.3f" % (site.hour, service, path, now - first, expected))
        rates = [rate(get) for _, _, rate in COUNTERS] + [through_vebus(get)]
        summed = [before + rate * STEP for before, rate in zip(summed, rates)]
    if written:
        return found                    # VRM's flows are those of a usual day
    in_two_days = {place: now - first for place, first, now in zip(NAMES, begun, counts)}
    for codes, places in FLOWS.items():
        told = 2 * sum(site.flows()[code] for code in codes.split())
        if not abs(told - sum(in_two_days[place] for place in places)) <= COUNTED:
            found.append("VRM's %s are %.3f kWh, the counters' %.3f" % (codes, told, sum(map(in_two_days.get, places))))
    return found


def small_imbalances(records):
    """The same of the house or the van, each with the power that it is a part of: what its voltages and currents, which
    differ by wires, and its losses come to."""
    rows, chargers = {}, 0
    for record in records:
        for key in (record["dbusPath"], record["code"]):
            rows[record["dbusServiceType"], key] = record["rawValue"]
        chargers += record["rawValue"] if record["code"] == "ScW" else 0
    inverter = "vebus" if ("vebus", "CI") in rows else "inverter"
    drawn = rows[inverter, "/Dc/0/Voltage"] * rows[inverter, "/Dc/0/Current"]
    solar, system = rows["system", "Pdc"], rows["system", "dc"]
    size = solar + abs(drawn) + system
    yield "DC of the system", solar + rows["system", "vp"] - system - rows["system", "bp"], size
    yield "DC of the devices", chargers + drawn - system - rows["battery", "/Dc/0/Power"], size
    yield "solar power", chargers - solar, size
    yield "battery", rows["battery", "V"] * rows["battery", "I"] - rows["battery", "/Dc/0/Power"], size
    volts, drawn_so_far = rows["battery", "V"], -rows["battery", "H6"] * rows["battery", "V"] / 1000
    yield "energy discharged so far, to a fifth", drawn_so_far - rows["battery", "H21"], 20 * drawn_so_far
    yield "lowest and highest voltage", 100 * max(0, rows["battery", "H7"] - volts, volts - rows["battery", "H8"]), 0
    watts = rows["battery", "/Dc/0/Power"]
    state = 1 if watts > vrm_world.IDLE_POWER else 2 if watts < -vrm_world.IDLE_POWER else 0
    yield "battery state", 100 * (rows["system", "bst"] - state), 0
    yield "AC", rows[inverter, "/Ac/Out/L1/V"] * rows[inverter, "/Ac/Out/L1/I"] - rows["system", "a1"], size


def small_problems():
    """What does not add up in a day of the house and the van to 1 %, as sentences. Their currents have one place."""
    day, found = vrm_world.Day(vrm_world.STEPS), []
    for site in vrm_world.make_sites(day).values():
        for step in range(vrm_world.STEPS):
            for name, amount, size in small_imbalances(site.rows(day.began + step, 0)):
                if not abs(amount) <= 0.01 * size + (12 if name == "AC" else 1):
                    found.append("%s, %d: %s is out of balance by %.1f of %.0f W" % (site.name, step, name, amount, size))
    return found
