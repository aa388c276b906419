"""How a day passes over the farm, an ESS on three phases. In each moment

    on each phase   grid meter = loads on the AC input + what the inverters take from the grid
                    what the inverters take from grid or genset = their AC output + their conversion, + charging
                    loads on the AC output = PV inverter + AC output
    on the DC side  solar charger + inverters = DC loads + battery

Counters are the sums of the powers shown. vrm_check.py proves it of the rows.
Powers are in W, energies in kWh, temperatures in degrees Celsius, hours those of the day.
"""
import collections
import functools
import math
from types import SimpleNamespace

from vrm_world import STEPS, SWITCHED_OFF, sunshine

STEP = 24 / STEPS               # hours
PHASES = (1, 2, 3)

GRID_LOST = (18.6, 21.6)        # hours between which the grid is lost
SETPOINT = 50                   # what ESS leaves to the grid
INVERTERS = 18000               # the most that the three inverter/chargers convert
EFFICIENCY, IDLE = 0.94, 55     # of the inverter/chargers; what they use themselves, from the DC side
MPPT_EFFICIENCY, PV_EFFICIENCY = 0.97, 0.96
PV_INVERTER = 12000             # peak power of its panels
TRACKERS = ((4600, 0.9), (4200, -0.9))      # peak power, and how many hours its panels are ahead of the sun
PANELS = PV_INVERTER + sum(watts for watts, _ in TRACKERS)

CAPACITY = 600                  # Ah
CELLS = 16
RESISTANCE = 0.006              # ohm, of the battery
CCL, DCL = 300, 400             # the most that the BMS allows
MINIMUM_SOC = 30                # of ESS, as long as there is the grid
KEEP_CHARGED = 9                # the state of ESS that does
SETTINGS, EV = "settings/0/Settings/", "evcharger/40/"

GENSET_LIMIT, GENSET_CHARGE = 15000, 9000   # the most that it gives; that goes into the battery
START_SOC, STOP_SOC = 65, 85    # of generator start/stop
STOPPED, RUNNING, WARM_UP, COOL_DOWN = 0, 1, 2, 3

DIESEL, DIESEL_COMES = 300, 10.5            # litres, hour of the day
WATER, WATER_LOW = 5000, 1600               # litres: of the tank, and in it at midnight
WATER_PUMP = (1.0, 1.8)                     # when the pump fills it
DOOR_OPEN = ((10.9, 11.1), (17.9, 18.1))

# Electric vehicles: plugged in from, to, charges from, kWh, mode. Hours above 24 are of the next day.
MANUAL, AUTO, SCHEDULED = 0, 1, 2
SESSIONS = ((10.5, 15.5, 10.5, 22, AUTO), (22.5, 31.5, 24.5, 14, SCHEDULED))
EV_AMPS = (6, 16)               # the least and the most on each phase

MILKING = ((5.5, 7.5), (17, 19.2))
MILK_COOLING = ((7, 9.5), (18, 21))
# When the heat pump and the cold store's compressor run.
HEAT_PUMP = ((0.5, 1.2), (3, 3.7), (5, 6.6), (7.6, 8.4), (11, 12), (14, 14.6), (17, 18.6), (21.6, 23))
COMPRESSOR = tuple((number * 2 / 3, number * 2 / 3 + (0.35 if 15 <= number < 29 else 0.25)) for number in range(36))


def within(hour, spans):
    return any(begin <= hour < end for begin, end in spans)


def thermostat(hour, runs, first, last):
    """The temperature of what is heated or cooled in these runs: first at the begin of each, last at its end."""
    for (begin, end), (following, _) in zip(runs, runs[1:] + ((runs[0][0] + 24, None),)):
        for now in (hour, hour + 24):
            if begin <= now < end:
                return first + (last - first) * (now - begin) / (end - begin)
            if end <= now < following:
                return last - (last - first) * (now - end) / (following - end)
    raise ValueError("runs do not cover the day")


def outdoors(hour):
    return 16 + 7 * math.sin((hour - 9) * math.pi / 12)


def humidity(celsius, dew_point=9):
    """Relative humidity in percent of air with this dew point (Magnus' formula)."""
    def pressure(degrees):
        return math.exp(17.62 * degrees / (243.12 + degrees))
    return min(100, 100 * pressure(dew_point) / pressure(celsius))


# The inverter/chargers: power on their AC side (+ charging) to that on their DC side, and back.

def to_dc(watts):
    return watts * EFFICIENCY - IDLE if watts > 0 else watts / EFFICIENCY - IDLE


def to_ac(watts):
    watts += IDLE
    return watts / EFFICIENCY if watts > 0 else watts * EFFICIENCY


# The battery.

def open_circuit(soc):
    """Its voltage without a current: flat, and steep near the end."""
    return CELLS * (3.2 + 0.0012 * soc + 0.02 * max(0, soc - 94))


def battery_amps(soc, watts):
    """The current at which it takes (gives, if negative) so much power."""
    volts = open_circuit(soc)
    return (math.sqrt(volts * volts + 4 * RESISTANCE * watts) - volts) / (2 * RESISTANCE)


def battery_watts(soc, amps):
    return (open_circuit(soc) + RESISTANCE * amps) * amps


# A moment.

def water_use(hour):
    """Litres an hour."""
    return 20 + (300 if within(hour, MILKING) else 0) + (100 if 8 <= hour < 18 else 0)


WATER_DAY = sum(water_use(step * STEP) * STEP for step in range(STEPS))


def output_loads(m):
    """What the loads on the AC output take on each phase: house, cold store, water pump, dairy."""
    hour, three = m.hour, 0
    three += 1800 if within(hour, MILKING) else 0
    three += 1200 if within(hour, MILK_COOLING) else 0
    house = 320 + (2100 if 12 <= hour < 12.6 else 0) + (700 if 18 <= hour < 22.5 else 0)
    return [house + m.pump + three, 260 + (2400 if m.compressor else 0) + three, 180 + three]


def ev_charger(m, state, spare, written):
    """The charger: in the mode Auto it takes the solar power that the others leave. Sets m.ev."""
    mode = written.get(EV + "Mode")
    ev = m.ev = SimpleNamespace(status=0, mode=AUTO, amps=0, limit=EV_AMPS[1], kwh=state.ev_kwh, hours=state.ev_hours)
    for begin, end, starts, kwh, ev.mode in SESSIONS:
        ev.mode = ev.mode if mode is None else mode
        for hour in (m.hour, m.hour + 24):
            if not begin <= hour < end:
                continue
            ev.plugged = begin
            if written.get(EV + "StartStop") == 0:
                ev.status = 1                   # connected
            elif ev.mode == MANUAL:
                ev.status, ev.amps = 2, written.get(EV + "SetCurrent", EV_AMPS[1])
            elif hour < starts:
                ev.status = 6                   # waiting for start
            elif state.ev_kwh >= kwh:
                ev.status = 3                   # charged
            elif ev.mode == SCHEDULED:
                ev.status, ev.amps = 2, EV_AMPS[1]
            else:
                amps = spare / sum(m.volts)
                ev.status, ev.amps = (2, min(EV_AMPS[1], math.floor(amps))) if amps >= EV_AMPS[0] else (4, 0)
            return
    ev.plugged, ev.mode = None, AUTO if mode is None else mode


def obey(m, written):
    """What a client of the broker has set."""
    setpoint = written.get("hub4/0/Overrides/Setpoint")
    m.setpoint = SETPOINT if setpoint is None else setpoint
    m.minimum_soc = written.get(SETTINGS + "CGwacs/BatteryLife/MinimumSocLimit", MINIMUM_SOC)
    m.force_charge = (written.get("hub4/0/Overrides/ForceCharge") == 1
                      or written.get(SETTINGS + "CGwacs/BatteryLife/State") == KEEP_CHARGED)
    m.charge_limit, m.inverter_limit = (
        most if written.get(SETTINGS + path, -1) < 0 else min(most, written[SETTINGS + path])
        for path, most in (("SystemSetup/MaxChargeCurrent", CCL), ("CGwacs/MaxDischargePower", INVERTERS)))
    m.manual_start = written.get("generator/1/ManualStart") == 1
    m.off = written.get("vebus/276/Mode") == SWITCHED_OFF
    m.mppt_off = written.get("solarcharger/290/Mode") == SWITCHED_OFF or m.off and m.soc > 99.5


def moment(hour, state, written):
    """What all is doing at this hour, in the state that has come of what was before it. written: as Site has it."""
    m = SimpleNamespace(hour=hour, state=state, soc=state.ah / CAPACITY * 100, generator=state.generator)
    obey(m, written)
    m.grid_ok = not within(hour, (GRID_LOST,))
    m.source = None if m.off else "grid" if m.grid_ok else "genset" if m.generator == RUNNING else None
    m.volts = {"grid": [230.6 + n * 0.7 + 1.2 * math.sin(hour * 1.7 + n) for n in PHASES],
               "genset": [229.4, 228.9, 229.7], None: [230.0, 230.1, 229.9]}[m.source]
    m.hertz = {"grid": 50 + 0.03 * math.sin(hour * 13), "genset": 50.4, None: 50.0}[m.source]

    m.light = sunshine(hour)
    m.irradiance, m.outdoor = 1020 * m.light, outdoors(hour)
    m.pv = [0.0 if m.off else PV_INVERTER * PV_EFFICIENCY * m.light / 3] * 3
    m.trackers = [0.0 if m.mppt_off else watts * sunshine(hour + ahead) for watts, ahead in TRACKERS]
    m.mppt = sum(m.trackers) * MPPT_EFFICIENCY
    m.dc_load = 95 + (140 if hour < 6 or hour >= 20 else 0)         # pumps and fences; lights at night

    m.compressor = within(hour, COMPRESSOR)
    m.cold_store = thermostat(hour, COMPRESSOR, 4.2, 2.4)
    m.buffer = thermostat(hour, HEAT_PUMP, 44, 50)
    m.pump = 1100 if within(hour, (WATER_PUMP,)) else 0
    m.door = within(hour, DOOR_OPEN)

    m.heat_pump = [900 if within(hour, HEAT_PUMP) and m.grid_ok else 0] * 3
    m.output_loads = [0.0] * 3 if m.off else output_loads(m)
    ev_charger(m, state, sum(m.pv) + m.mppt - sum(m.output_loads) - sum(m.heat_pump), written)
    m.ev_watts = [m.ev.amps * volts for volts in m.volts]
    m.input_loads = [heat + ev for heat, ev in zip(m.heat_pump, m.ev_watts)]
    m.output = [load - pv for load, pv in zip(m.output_loads, m.pv)]

    convert(m)
    m.active_in = [out + m.conversion / 3 if m.source else 0.0 for out in m.output]
    m.grid = [load + (power if m.source == "grid" else 0.0) for load, power in zip(m.input_loads, m.active_in)]
    m.genset = [power if m.source == "genset" else 0.0 for power in m.active_in]
    return m


def convert(m):
    """What the inverter/chargers convert, and the battery takes. On the grid ESS keeps the meter at its set-point as far as
    the battery can; beside the genset they charge; alone they give what the loads need."""
    m.ccl = min(CCL, max(0.0, 100 - m.soc) * 25)
    m.dcl = DCL
    least = -min(m.dcl, max(0.0, m.state.ah - m.minimum_soc / 100 * CAPACITY) / STEP)
    most = min(m.ccl, m.charge_limit)
    if m.source == "grid":
        wanted = INVERTERS if m.force_charge else m.setpoint - sum(m.input_loads) - sum(m.output)
        m.conversion = max(-m.inverter_limit, wanted)
    elif m.source == "genset":
        m.conversion, least = min(GENSET_CHARGE, GENSET_LIMIT - sum(m.output)), 0.0
    else:
        m.conversion, least, most = -sum(m.output), -DCL, CCL
    m.battery = to_dc(m.conversion) + m.mppt - m.dc_load
    allowed = max(battery_watts(m.soc, least), min(battery_watts(m.soc, most), m.battery))
    if allowed != m.battery:
        m.battery = allowed
        m.conversion = to_ac(m.battery - m.mppt + m.dc_load)
    m.inverter_dc = to_dc(m.conversion)
    m.battery_amps = battery_amps(m.soc, m.battery)
    m.battery_volts = open_circuit(m.soc) + RESISTANCE * m.battery_amps
    m.celsius = 18 + 0.00002 * m.battery_amps ** 2 + 0.25 * (m.outdoor - 16)


# What comes of it.

def flows(m):
    """VRM's flows in W: solar power goes to the consumers first, then into the battery, then to the grid. Losses count as
    consumption. Grid and generator never supply at once."""
    solar, grid = sum(m.pv) + sum(m.trackers), sum(m.grid)
    charge, discharge, export = max(0, m.battery), max(0, -m.battery), max(0, -grid)
    bought = max(0, grid) + sum(m.genset)
    consumed = solar + bought + discharge - charge - export
    found = {"Pc": min(solar, consumed)}
    found["Pb"] = min(solar - found["Pc"], charge)
    found["Pg"] = min(solar - found["Pc"] - found["Pb"], export)
    found["Bc"] = min(discharge, consumed - found["Pc"])
    found["Bg"] = export - found["Pg"]
    bought_flows = {"c": consumed - found["Pc"] - found["Bc"], "b": charge - found["Pb"]}
    for where, watts in bought_flows.items():
        found["G" + where], found["g" + where] = (0.0, watts) if m.source == "genset" else (watts, 0.0)
    return found


def vebus_flows(m):
    """What goes from where to where in the inverter/chargers, in W, by the names of their counters."""
    found = collections.Counter()
    active = "AcIn2" if m.source == "genset" else "AcIn1"
    for taken, out in zip(m.active_in, m.output):
        converted = taken - out
        sources = {active: taken, "AcOut": -out, "Inverter": -converted}
        sinks = {active: -taken, "AcOut": out, "Inverter": converted}
        for origin, given in sources.items():
            for to, wanted in sinks.items():
                if origin != to:
                    found[origin + "To" + to] += max(0, min(given, wanted))
    found["OutToInverter"] = found.pop("AcOutToInverter")
    return found


def rates(m):
    """What is counted, by name and hour: kWh of powers, Ah of currents, hours of what runs, litres."""
    watts = {"grid_in": max(0, sum(m.grid)), "grid_out": max(0, -sum(m.grid)), "pv": sum(m.pv), "mppt": sum(m.trackers),
             "genset": sum(m.genset), "ev": sum(m.ev_watts), "heat_pump": sum(m.heat_pump), "pump": m.pump,
             "dc_load": m.dc_load, "charged": max(0, m.battery), "discharged": max(0, -m.battery),
             "estimated": PANELS * m.light,
             **{"flow_" + code: watts for code, watts in flows(m).items()},
             **{"vebus_" + name: watts for name, watts in vebus_flows(m).items()}}
    for n in PHASES:
        watts.update({"grid_in%d" % n: max(0, m.grid[n - 1]), "grid_out%d" % n: max(0, -m.grid[n - 1]),
                      "pv%d" % n: m.pv[n - 1], "genset%d" % n: m.genset[n - 1], "ev%d" % n: m.ev_watts[n - 1],
                      "heat_pump%d" % n: m.heat_pump[n - 1]})
    watts.update(("tracker%d" % number, power) for number, power in enumerate(m.trackers))
    counts = {name: power / 1000 for name, power in watts.items()}
    counts.update(drawn=max(0, -m.battery_amps), on_grid=m.source == "grid", on_genset=m.source == "genset",
                  on_inverter=m.source is None, generator_hours=m.generator != STOPPED,
                  doors=m.door and not within(m.hour - STEP, DOOR_OPEN) and 1 / STEP,
                  starts=m.generator == WARM_UP and 1 / STEP)
    return counts


def next_state(m):
    """The state after this moment has lasted for a step."""
    old = m.state
    new = SimpleNamespace(**vars(old))
    new.ah = old.ah + m.battery_amps * STEP
    new.water = old.water - water_use(m.hour) * STEP
    if m.pump:
        new.water += WATER_DAY * STEP / (WATER_PUMP[1] - WATER_PUMP[0])
    burnt = (0.9 + 0.24 * sum(m.genset) / 1000) * STEP if m.generator else 0
    new.diesel = DIESEL if m.hour <= DIESEL_COMES < m.hour + STEP else old.diesel - burnt
    new.coolant = old.coolant + ((84 if m.generator else m.outdoor) - old.coolant) * 0.15
    charging = m.ev.amps > 0
    new.ev_kwh = old.ev_kwh + sum(m.ev_watts) / 1000 * STEP if m.ev.plugged else 0.0
    new.ev_hours = old.ev_hours + charging * STEP if m.ev.plugged else 0.0

    low = new.ah < (STOP_SOC if m.generator else START_SOC) / 100 * CAPACITY
    wanted = m.manual_start or not m.grid_ok and low
    new.generator = {STOPPED: WARM_UP if wanted else STOPPED, WARM_UP: RUNNING, COOL_DOWN: STOPPED,
                     RUNNING: RUNNING if wanted else COOL_DOWN}[m.generator]
    new.run_hours = old.run_hours + STEP if m.generator else 0.0
    return new


def next_moment(step, last, written):
    """The moment that follows another one, at a step of the day. Of it, `before` is what was counted until midnight."""
    m = moment(step * STEP, next_state(last), written)
    sums = with_rates(last.sums, last.counted)
    m.before, m.day, m.day_peaks, m.sums, m.peaks = last.before, last.day, last.day_peaks, sums, last.peaks
    if step == 0:
        m.before = with_rates(last.before, sums, 1)
        m.day, m.day_peaks, m.sums, m.peaks = sums, last.peaks, {}, {}
    m.counted = rates(m)
    m.peaks = highest(m)
    return m


def with_rates(sums, rates_, hours=STEP):
    """Sums after so many hours of these rates."""
    return collections.Counter({name: sums.get(name, 0) + rates_.get(name, 0) * hours for name in {**sums, **rates_}})


def highest(m):
    """The highest powers of a day until a moment, which has those until the one before it."""
    powers = {"mppt": sum(m.trackers), **dict(enumerate(m.trackers))}
    return {name: max(m.peaks.get(name, 0), watts) for name, watts in powers.items()}


@functools.lru_cache(None)
def simulate():
    """Returns the moments of a day that ends as it began, and its sums by the names of `rates`. Some days are played, the
    last one is kept. `sums` of a moment is what was counted since midnight, `peaks` the highest powers since then."""
    state = SimpleNamespace(ah=0.7 * CAPACITY, water=WATER_LOW, diesel=float(DIESEL), coolant=15.0, ev_kwh=0.0, ev_hours=0.0,
                            generator=STOPPED, run_hours=0.0)
    for _ in range(4):
        moments, sums, peaks = [], {}, {}
        state.water = WATER_LOW         # what is used is pumped; no rounding is to add up
        for step in range(STEPS):
            m = moment(step * STEP, state, {})
            m.sums, m.counted, m.peaks = sums, rates(m), peaks
            sums = with_rates(sums, m.counted)
            peaks = m.peaks = highest(m)
            moments.append(m)
            state = next_state(m)
    for m in moments:
        m.day, m.day_peaks = sums, peaks
    return moments
