"""The farm, the demo's third installation: its devices and VRM's records of them, of the moments of vrm_farm_day.py.

Its rows are made anew for each moment. A row is one of vrm_rows.py's; where VRM's code is not known, it begins with the path, and
the code and the id are made up. A format can be a list of states.
"""
from types import SimpleNamespace

from vrm_farm_day import (CAPACITY, CELLS, DIESEL, EV_AMPS, MINIMUM_SOC, PANELS, PHASES, PV_INVERTER, RUNNING, SETPOINT,
                          START_SOC, STEP, STEPS, STOP_SOC, STOPPED, WARM_UP, WATER, flows, humidity, next_moment, simulate)
from vrm_rows import (ALARM, BOOT, CHANGED, ENUMS, GATEWAY, GRID_LOST, INSTALLED, ON_OFF, OPEN_CLOSED, PLATFORM,
                      RUN_REASON, SETTINGS, SYSTEM_ROWS)
from vrm_world import FIRST_HOUR, Course, Site

FARM = 100103
GENERATOR = "generator/1/"

# What the counters had when the demo began, by the names of vrm_farm_day.rates.
BEFORE = {"grid_in": 18240.31, "grid_in1": 5310.4, "grid_in2": 9120.75, "grid_in3": 4870.12, "grid_out": 15802.66,
          "grid_out1": 6620.08, "grid_out2": 3905.9, "grid_out3": 7410.5, "pv": 61250.4, "pv1": 20416.8, "pv2": 20416.8,
          "pv3": 20416.8, "mppt": 21840.5, "genset": 2210.8, "genset1": 760.2, "genset2": 820.4, "genset3": 630.2,
          "generator_hours": 214.5, "starts": 187, "ev": 8120.4, "ev1": 2706.8, "ev2": 2706.8, "ev3": 2706.8,
          "heat_pump": 6010.5, "heat_pump1": 2003.5, "heat_pump2": 2003.5, "heat_pump3": 2003.5, "pump": 412.6,
          "dc_load": 1340.2, "charged": 14210.5, "discharged": 13650.8, "drawn": 264800, "doors": 1462,
          "vebus_AcIn1ToAcOut": 9840.5, "vebus_AcIn1ToInverter": 1120.4, "vebus_AcIn2ToAcOut": 960.3,
          "vebus_AcIn2ToInverter": 1270.9, "vebus_AcOutToAcIn1": 14120.8, "vebus_InverterToAcIn1": 15930.1,
          "vebus_InverterToAcOut": 9310.6, "vebus_OutToInverter": 2870.3, "vebus_AcOutToAcIn2": 0, "vebus_InverterToAcIn2": 0}

CVL = 56.0              # the highest voltage that the BMS allows

# The counters of the inverter/chargers' energy.
VEBUS_FLOWS = ("AcIn1ToAcOut", "AcIn1ToInverter", "AcIn2ToAcOut", "AcIn2ToInverter", "AcOutToAcIn1", "AcOutToAcIn2",
               "InverterToAcIn1", "InverterToAcIn2", "InverterToAcOut", "OutToInverter")

NO_YES = {0: "No", 1: "Yes"}
DISABLED_ENABLED = {0: "Disabled", 1: "Enabled"}
FLUID = {0: "Fuel", 1: "Fresh water", 2: "Waste water", 3: "Live well", 4: "Oil", 5: "Black water (sewage)", 6: "Gasoline",
         7: "Diesel", 8: "LPG", 9: "LNG", 10: "Hydraulic oil", 11: "Raw water"}
SENSOR = {0: "Ok", 1: "Open circuit", 2: "Short circuited", 3: "Reverse polarity", 4: "Unknown"}
POSITION = {0: "AC output", 1: "AC input 1", 2: "AC input 2"}
WATTS, VOLTS, AMPS, KWH, HERTZ, CELSIUS, PERCENT = ("%.0F W", "%.1F V", "%.2F A", "%.2F kWh", "%.2F Hz", "%.1F °C", "%.1F %%")


class Now:
    """A moment, and what was counted until then, in days from the demo's begin."""

    def __init__(self, step, moment=None):
        self.moment = moment or simulate()[step % STEPS]
        self.before = self.moment.before if moment else {
            name: step // STEPS * count for name, count in self.moment.day.items()}

    def count(self, name):
        return BEFORE[name] + self.before[name] + self.moment.sums.get(name, 0)

    def today(self, name):
        return self.moment.sums.get(name, 0)


def table(first, *lines):
    """Rows of these lines; the ids of those without a code begin with `first`."""
    return [("z%d" % number, number) + line if line[0].startswith("/") else line for number, line in enumerate(lines, first)]


def phases(line):
    """The lines of three phases: `line` gives that of a phase by its number, from 1, and its place in a list."""
    return [line(n, n - 1) for n in PHASES]


def alarms(*names):
    return [("/Alarms/" + name, name + " alarm", ALARM, 0) for name in names]


# The gateway's own services.

def system_rows(now):
    m = now.moment
    rows = {row[0]: row for row in SYSTEM_ROWS}
    kwh = {code: watts / 60000 for code, watts in flows(m).items()}         # of one logging interval
    on_grid_discharging = m.source == "grid" and m.battery < -30
    values = {"P": m.pv[0], "Pdc": m.mppt, "dc": m.dc_load, "bv": m.battery_volts, "bs": round(m.soc, 1),
              "bc": m.battery_amps, "bst": battery_state(m), "bp": m.battery, "bT": m.celsius,
              "ba": (m.soc - 100) / 100 * CAPACITY, "bt": time_to_go(m), "vp": m.inverter_dc,
              "vc": m.inverter_dc / m.battery_volts, "st": "ESS", "abs": "com.victronenergy.battery/512",
              "ss": 0 if m.off else 256 if on_grid_discharging else 252 if m.source == "grid" else 3 if m.source else 9,
              "gRC": reason(m), "a1": m.input_loads[0] + m.output_loads[0], "g1": m.grid[0], "gs1": m.genset[0],
              "zR1": 0, "zR2": int(m.generator != STOPPED), **kwh}
    return [row[:5] + (values.get(code, row[5]),) + row[6:] for code, row in rows.items()] + table(
        9250,
        ("P2", 127, "/Ac/PvOnOutput/L2/Power", "PV - AC-coupled on output L2", WATTS, m.pv[1]),
        ("P3", 128, "/Ac/PvOnOutput/L3/Power", "PV - AC-coupled on output L3", WATTS, m.pv[2]),
        ("a2", 132, "/Ac/Consumption/L2/Power", "AC Consumption L2", WATTS, m.input_loads[1] + m.output_loads[1]),
        ("a3", 133, "/Ac/Consumption/L3/Power", "AC Consumption L3", WATTS, m.input_loads[2] + m.output_loads[2]),
        ("g2", 135, "/Ac/Grid/L2/Power", "Grid L2", WATTS, m.grid[1]),
        ("g3", 136, "/Ac/Grid/L3/Power", "Grid L3", WATTS, m.grid[2]),
        ("gs2", 9018, "/Ac/Genset/L2/Power", "Genset L2", WATTS, m.genset[1]),
        ("gs3", 9019, "/Ac/Genset/L3/Power", "Genset L3", WATTS, m.genset[2]),
        ("Pg", 9035, None, "PV to grid", KWH, kwh["Pg"]),
        ("Bg", 9036, None, "Battery to grid", KWH, kwh["Bg"]),
        *phases(lambda n, i: ("/Ac/ConsumptionOnInput/L%d/Power" % n, "Consumption on input L%d" % n, WATTS, m.input_loads[i])),
        *phases(lambda n, i: ("/Ac/ConsumptionOnOutput/L%d/Power" % n, "Consumption on output L%d" % n, WATTS,
                              m.output_loads[i])),
        *phases(lambda n, i: ("/Ac/Consumption/L%d/Current" % n, "Consumption current L%d" % n, AMPS,
                              (m.input_loads[i] + m.output_loads[i]) / m.volts[i])),
        *phases(lambda n, i: ("/Ac/Grid/L%d/Current" % n, "Grid current L%d" % n, AMPS, m.grid[i] / m.volts[i])),
        *phases(lambda n, i: ("/Ac/PvOnOutput/L%d/Current" % n, "PV current on output L%d" % n, AMPS, m.pv[i] / m.volts[i])),
        ("/Ac/Consumption/NumberOfPhases", "Consumption phases", "%.0F", 3, BOOT),
        ("/Ac/Grid/NumberOfPhases", "Grid phases", "%.0F", 3, BOOT),
        ("/Ac/Genset/NumberOfPhases", "Genset phases", "%.0F", 3, BOOT),
        ("/Ac/PvOnOutput/NumberOfPhases", "PV on output phases", "%.0F", 3, BOOT),
        ("/Ac/ActiveIn/Source", "AC-Input", {0: "Not available", 1: "Grid", 2: "Generator", 3: "Shore", 240: "Inverting"},
         {"grid": 1, "genset": 2, None: 240}[m.source]),
        ("/Dc/Pv/Current", "PV - DC-coupled current", AMPS, m.mppt / m.battery_volts),
        ("/Control/Dvcc", "DVCC", ON_OFF, 1, BOOT),
        ("/Control/BmsParameters", "BMS parameters in use", NO_YES, 1),
        ("/Control/EffectiveChargeVoltage", "Charge voltage in effect", VOLTS, CVL),
        ("/Control/ActiveSocLimit", "Active SoC limit", PERCENT, m.minimum_soc),
        ("/SystemState/LowSoc", "Low SoC", NO_YES, int(m.soc <= m.minimum_soc)),
        ("/Timers/TimeOnGrid", "Time on grid", "%.0F s", 3600 * now.today("on_grid")),
        ("/Timers/TimeOnGenerator", "Time on generator", "%.0F s", 3600 * now.today("on_genset")),
        ("/Timers/TimeOnInverter", "Time on inverter", "%.0F s", 3600 * now.today("on_inverter")))


def settings_rows(now):
    ess, generator = "/Settings/CGwacs/", "/Settings/Generator1/"
    values = {"si1": 1, "si2": 2, "sb": "com.victronenergy.battery/512", "shai": 1}
    below = now.moment.soc <= now.moment.minimum_soc
    return [row[:5] + (values.get(row[0], row[5]),) + row[6:] for row in SETTINGS] + table(
        9340,
        (ess + "Hub4Mode", "ESS mode", {1: "Phase compensation", 2: "No phase compensation", 3: "External control"}, 1, BOOT),
        (ess + "BatteryLife/State", "ESS battery life state",
         {10: "Self-consumption", 11: "Self-consumption, SoC below minimum"}, 11 if below else 10),
        (ess + "BatteryLife/MinimumSocLimit", "Minimum SoC", PERCENT, MINIMUM_SOC, BOOT),
        (ess + "AcPowerSetPoint", "Grid setpoint", WATTS, SETPOINT, BOOT),
        (ess + "MaxChargePower", "Maximum charge power", WATTS, -1, BOOT),
        (ess + "MaxDischargePower", "Maximum inverter power", WATTS, -1, BOOT),
        (ess + "MaxFeedInPower", "Maximum feed-in power", WATTS, -1, BOOT),
        (ess + "OvervoltageFeedIn", "Feed in DC-coupled PV", ON_OFF, 1, BOOT),
        (ess + "PreventFeedback", "Prevent feed-in of AC-coupled PV", ON_OFF, 0, BOOT),
        ("/Settings/Services/Bol", "DVCC", {0: "Off", 1: "On", 2: "Forced off", 3: "Forced on"}, 3, BOOT),
        ("/Settings/SystemSetup/MaxChargeCurrent", "Maximum charge current", "%.0F A", -1, BOOT),
        ("/Settings/Relay/Function", "Relay 1 function", {0: "Alarm", 1: "Genset", 2: "Manual"}, 2, BOOT),
        ("/Settings/Relay/1/Function", "Relay 2 function", {2: "Manual", 5: "Genset helper relay"}, 5, BOOT),
        (generator + "AutoStartEnabled", "Generator auto start", ON_OFF, 1, BOOT),
        (generator + "Soc/Enabled", "Generator: by SoC", ON_OFF, 1, BOOT),
        (generator + "Soc/StartValue", "Generator: start SoC", PERCENT, START_SOC, BOOT),
        (generator + "Soc/StopValue", "Generator: stop SoC", PERCENT, STOP_SOC, BOOT),
        (generator + "StopWhenAc1Available", "Generator: stop when AC-in 1 is available", ON_OFF, 1, BOOT),
        (generator + "WarmUpTime", "Generator: warm-up time", "%.0F s", 3600 * STEP, BOOT),
        (generator + "CoolDownTime", "Generator: cool-down time", "%.0F s", 3600 * STEP, BOOT),
        (generator + "QuietHours/Enabled", "Generator: quiet hours", ON_OFF, 0, BOOT))


# The devices.

def reason(m):
    """Why the generator runs, by RUN_REASON."""
    return 0 if not m.generator else 1 if m.manual_start else 4


def battery_state(m):
    return 1 if m.battery > 30 else 2 if m.battery < -30 else 0


def time_to_go(m):
    """Hours until the battery is as low as ESS lets it be; None while it is charged."""
    return None if m.battery_amps > -1 else max(0, m.soc - m.minimum_soc) / 100 * CAPACITY / -m.battery_amps


def battery_rows(now):
    m = now.moment
    # Cells differ a little, the more the fuller they are; together they are the battery.
    spread = 0.001 + 0.0004 * max(0, m.soc - 90)
    cells = [m.battery_volts / CELLS + spread * (number * 7 % CELLS - (CELLS - 1) / 2) / CELLS * 2 for number in range(CELLS)]
    return table(
        9380,
        ("V", 47, "/Dc/0/Voltage", "Voltage", "%.2F V", m.battery_volts),
        ("I", 49, "/Dc/0/Current", "Current", "%.2F A", m.battery_amps),
        ("/Dc/0/Power", "Power", WATTS, m.battery),
        ("CE", 50, "/ConsumedAmphours", "Consumed Amphours", "%.1F Ah", (m.soc - 100) / 100 * CAPACITY),
        ("SOC", 51, "/Soc", "State of charge", PERCENT, m.soc),
        ("TTG", 52, "/TimeToGo", "Time to go", "%.2F h", time_to_go(m)),
        ("BT", 115, "/Dc/0/Temperature", "Battery temperature", CELSIUS, m.celsius),
        ("SOH", 9381, None, "State of health", PERCENT, 97, CHANGED),
        ("mcV", 173, None, "Minimum cell voltage", "%.3F V", min(cells)),
        ("McV", 174, None, "Maximum cell voltage", "%.3F V", max(cells)),
        ("/System/MinCellTemperature", "Minimum cell temperature", CELSIUS, m.celsius - 0.8),
        ("/System/MaxCellTemperature", "Maximum cell temperature", CELSIUS, m.celsius + 1.1),
        ("/System/NrOfModulesOnline", "Modules online", "%.0F", 6, CHANGED),
        ("/System/NrOfModulesOffline", "Modules offline", "%.0F", 0, CHANGED),
        ("/System/NrOfModulesBlockingCharge", "Modules blocking charge", "%.0F", 0, CHANGED),
        ("/System/NrOfModulesBlockingDischarge", "Modules blocking discharge", "%.0F", 0, CHANGED),
        *[("/Voltages/Cell%d" % number, "Cell %d voltage" % number, "%.3F V", volts) for number, volts in enumerate(cells, 1)],
        ("/Voltages/Diff", "Cell voltage difference", "%.3F V", max(cells) - min(cells)),
        ("/Info/MaxChargeCurrent", "Charge current limit (CCL)", "%.1F A", m.ccl),
        ("/Info/MaxDischargeCurrent", "Discharge current limit (DCL)", "%.1F A", m.dcl),
        ("/Info/MaxChargeVoltage", "Charge voltage limit (CVL)", VOLTS, CVL),
        ("/Info/BatteryLowVoltage", "Low voltage limit", VOLTS, 46.0, CHANGED),
        ("/Io/AllowToCharge", "Allow to charge", NO_YES, 1),
        ("/Io/AllowToDischarge", "Allow to discharge", NO_YES, 1),
        ("/Capacity", "Capacity", "%.1F Ah", m.soc / 100 * CAPACITY),
        ("/InstalledCapacity", "Installed capacity", "%.0F Ah", CAPACITY, BOOT),
        ("/System/NrOfCellsPerBattery", "Cells per battery", "%.0F", CELLS, BOOT),
        ("/Balancing", "Balancing", {0: "Inactive", 1: "Active"}, int(m.soc > 99)),
        ("H21", 9061, "/History/DischargedEnergy", "Discharged Energy", KWH, now.count("discharged")),
        ("H22", 9062, "/History/ChargedEnergy", "Charged Energy", KWH, now.count("charged")),
        ("H6", 9046, "/History/TotalAhDrawn", "Total Ah drawn", "%.0F Ah", -now.count("drawn")),
        ("H1", 9041, "/History/DeepestDischarge", "Deepest discharge", "%.1F Ah", -491.5, CHANGED),
        ("H4", 58, "/History/ChargeCycles", "Charge cycles", "%.0F", 462, CHANGED),
        ("H7", 9047, "/History/MinimumVoltage", "Minimum voltage", "%.2F V", 48.61, CHANGED),
        ("H8", 9048, "/History/MaximumVoltage", "Maximum voltage", "%.2F V", 56.02, CHANGED),
        ("/History/MinimumCellVoltage", "Minimum cell voltage", "%.3F V", 3.021, CHANGED),
        ("/History/MaximumCellVoltage", "Maximum cell voltage", "%.3F V", 3.508, CHANGED),
        ("ASoc", 123, "/Alarms/LowSoc", "Low state-of-charge alarm", "%s", 0),
        ("AL", 119, "/Alarms/LowVoltage", "Low voltage alarm", "%s", 0),
        ("AH", 120, "/Alarms/HighVoltage", "High voltage alarm", "%s", 0),
        ("ALT", 124, "/Alarms/LowTemperature", "Low battery temperature alarm", "%s", 0),
        ("AHT", 125, "/Alarms/HighTemperature", "High battery temperature alarm", "%s", 0),
        *alarms("CellImbalance", "HighChargeCurrent", "HighDischargeCurrent", "InternalFailure"),
        ("BSN", 9071, "/Serial", "Serial", "%s", "HQ2317DEMO4", INSTALLED))


def solar_charger_rows(now):
    m, watts = now.moment, sum(now.moment.trackers)
    modes = ENUMS["zMPP"]
    amps = m.mppt / m.battery_volts

    def volts(number):
        power = m.trackers[number]
        return 310 + 15 * power / 4600 - 12 * number if power else 1.5
    lines = [("/Pv/%d/MppOperationMode" % n, "Tracker %d operation mode" % (n + 1), modes, 2 if m.trackers[n] else 0)
             for n in range(2)]
    for n in range(2):
        daily = "/History/Daily/%%d/Pv/%d/" % n
        lines += [(daily % 0 + "Yield", "Tracker %d yield today" % (n + 1), KWH, now.today("tracker%d" % n)),
                  (daily % 1 + "Yield", "Tracker %d yield yesterday" % (n + 1), KWH, m.day["tracker%d" % n]),
                  (daily % 0 + "MaxPower", "Tracker %d maximum power today" % (n + 1), WATTS, m.peaks.get(n, 0)),
                  (daily % 1 + "MaxPower", "Tracker %d maximum power yesterday" % (n + 1), WATTS, m.day_peaks[n])]
    return table(
        9450,
        ("ScV", 81, "/Dc/0/Voltage", "Voltage", "%.2F V", m.battery_volts),
        ("ScI", 9100, "/Dc/0/Current", "Current", "%.1F A", amps),
        ("ScW", 107, None, "Battery watts", WATTS, m.mppt),
        ("ScS", 85, "/State", "Charge state", "%s", 252 if watts else 0),
        ("PVP", 442, "/Yield/Power", "PV power", WATTS, watts),
        *[("PVP%d" % n, 9448 + n, "/Pv/%d/P" % n, "PV power %d" % n, WATTS, m.trackers[n]) for n in range(2)],
        *[("PVV%d" % n, 9446 + n, "/Pv/%d/V" % n, "PV voltage %d" % n, "%.2F V", volts(n)) for n in range(2)],
        ("YT", 94, "/History/Daily/0/Yield", "Yield today", KWH, now.today("mppt")),
        ("YY", 96, "/History/Daily/1/Yield", "Yield yesterday", KWH, m.day["mppt"]),
        ("MCPT", 9103, "/History/Daily/0/MaxPower", "Maximum charge power today", WATTS, m.peaks.get("mppt", 0)),
        ("MCPY", 9104, "/History/Daily/1/MaxPower", "Maximum charge power yesterday", WATTS, m.day_peaks["mppt"]),
        ("YU", 9105, "/Yield/User", "User yield", KWH, now.count("mppt")),
        ("ScERR", 9101, "/ErrorCode", "Error code", "%s", 0),
        ("Scs", 9102, "/Mode", "Charger on/off", "%s", 1),
        ("SRelay", 90, "/Relay/0/State", "Relay on the charger", "%s", 0),
        ("ScSN", 9112, "/Serial", "Serial", "%s", "HQ2231DEMO5", INSTALLED),
        ("/MppOperationMode", "Tracker operation mode", modes, 2 if watts else 0),
        *lines)


def vebus_rows(now):
    m = now.moment
    connected = m.source is not None
    state = 0 if m.off else {"grid": 252, "genset": 3, None: 9}[m.source]
    ids = {"IV2": 9136, "IV3": 9137, "II2": 9138, "II3": 9139, "IP2": 9140, "IP3": 9141, "OV2": 9142, "OV3": 9143,
           "OI2": 9144, "OI3": 9145, "OP2": 9146, "OP3": 9147, "IV1": 8, "II1": 9124, "IP1": 17, "OV1": 20, "OI1": 9126,
           "OP1": 29}

    def known(code, path, text, form, value):
        return (code, ids[code], path, text, form, value)
    lines = []
    for n, i in zip(PHASES, range(3)):
        volts, taken, out = m.volts[i], m.active_in[i], m.output[i]
        lines += [known("IV%d" % n, "/Ac/ActiveIn/L%d/V" % n, "Input voltage phase %d" % n, VOLTS, volts if connected else 0),
                  known("II%d" % n, "/Ac/ActiveIn/L%d/I" % n, "Input current phase %d" % n, "%.1F A", taken / volts),
                  known("IP%d" % n, "/Ac/ActiveIn/L%d/P" % n, "Input power %d" % n, WATTS, taken),
                  known("OV%d" % n, "/Ac/Out/L%d/V" % n, "Output voltage phase %d" % n, VOLTS, 0 if m.off else volts),
                  known("OI%d" % n, "/Ac/Out/L%d/I" % n, "Output current phase %d" % n, "%.1F A", out / volts),
                  known("OP%d" % n, "/Ac/Out/L%d/P" % n, "Output power %d" % n, WATTS, out)]
    return table(
        9500,
        *lines,
        ("IF1", 9123, "/Ac/ActiveIn/L1/F", "Input frequency 1", "%.1F Hz", m.hertz if connected else 0),
        ("OF", 9125, "/Ac/Out/L1/F", "Output frequency", HERTZ, 0 if m.off else m.hertz),
        ("CV", 32, "/Dc/0/Voltage", "Voltage", "%.2F V", m.battery_volts),
        ("CI", 33, "/Dc/0/Current", "Current", "%.2F A", m.inverter_dc / m.battery_volts),
        ("/Dc/0/Power", "DC power", WATTS, m.inverter_dc),
        ("S", 40, "/State", "VE.Bus state", "%s", state),
        ("s", 79, "/Mode", "Switch Position", "%s", 3),
        ("/VebusChargeState", "Charge state", {0: "Initialising", 1: "Bulk", 2: "Absorption", 3: "Float"},
         2 if m.soc > 98 else 1),
        ("AI", 9120, "/Ac/ActiveIn/ActiveInput", "Active input", "%s", {"grid": 0, "genset": 1, None: 240}[m.source]),
        ("PC", 9127, "/Ac/NumberOfPhases", "Phase count", "%.0F", 3, BOOT),
        ("/Ac/In/1/CurrentLimit", "AC input 1 current limit", "%.1F A", 50.0, BOOT),
        ("/Ac/In/2/CurrentLimit", "AC input 2 current limit", "%.1F A", 32.0, BOOT),
        ("/Bms/AllowToCharge", "BMS allows to charge", NO_YES, 1),
        ("/Bms/AllowToDischarge", "BMS allows to discharge", NO_YES, 1),
        ("zVT", 521, "/Dc/0/Temperature", "Battery temperature", CELSIUS, m.celsius),
        ("VSOC", 9128, "/Soc", "VE.Bus state of charge", PERCENT, m.soc),
        ("ERR", 9122, "/VebusError", "VE.Bus Error", "%s", 0),
        ("eL", 9129, "/Alarms/LowBattery", "Low battery", "%s", 0),
        ("eO", 9130, "/Alarms/Overload", "Overload", "%s", 0),
        ("eT", 9131, "/Alarms/HighTemperature", "Temperature", "%s", 0),
        ("/Alarms/GridLost", "Grid lost alarm", ALARM, 0 if m.grid_ok else 2),
        *phases(lambda n, i: ("/Hub4/L%d/AcPowerSetpoint" % n, "ESS setpoint L%d" % n, WATTS, m.active_in[i])),
        ("/Hub4/DisableCharge", "ESS: charging disabled", NO_YES, 0),
        ("/Hub4/DisableFeedIn", "ESS: feed-in disabled", NO_YES, 0),
        ("vvv", 9134, "/FirmwareVersion", "Firmware version", "%s", "2770510", INSTALLED),
        *[("/Energy/" + name, name, KWH, now.count("vebus_" + name)) for name in VEBUS_FLOWS])


def meter_lines(powers, volts, name, now, reverse=None):
    """The lines of an AC meter: power, voltage and current of each phase, and the counters of this name."""
    lines = [("/Ac/Power", "Power", WATTS, sum(powers))]
    for n, watts, voltage in zip(PHASES, powers, volts):
        place = "/Ac/L%d/" % n
        lines += [(place + "Power", "L%d Power" % n, WATTS, watts), (place + "Voltage", "L%d Voltage" % n, VOLTS, voltage),
                  (place + "Current", "L%d Current" % n, AMPS, watts / voltage if voltage else 0.0)]
    for name_, direction in ((name, "Forward"), (reverse, "Reverse")):
        if name_:
            lines.append(("/Ac/Energy/" + direction, "Energy " + direction.lower(), KWH, now.count(name_)))
            lines += phases(lambda n, _: ("/Ac/L%d/Energy/%s" % (n, direction), "L%d energy %s" % (n, direction.lower()), KWH,
                                          now.count("%s%d" % (name_, n))))
    return lines


def grid_rows(now):
    m = now.moment
    return table(9560, *meter_lines(m.grid, m.volts if m.grid_ok else [0, 0, 0], "grid_in", now, "grid_out"),
                 ("/Ac/Frequency", "Frequency", HERTZ, m.hertz if m.grid_ok else 0),
                 ("/ErrorCode", "Error code", "%.0F", 0), ("/Serial", "Serial", "%s", "118304D", INSTALLED))


def pv_inverter_rows(now):
    m, lines = now.moment, []
    for n, watts, volts in zip(PHASES, m.pv, m.volts):
        place, first = "/Ac/L%d/" % n, 199 + 4 * n
        lines += [("pV%d" % n, first, place + "Voltage", "L%d Voltage" % n, VOLTS, volts),
                  ("pI%d" % n, first + 1, place + "Current", "L%d Current" % n, AMPS, watts / volts),
                  ("pP%d" % n, first + 2, place + "Power", "L%d Power" % n, WATTS, watts),
                  ("pE%d" % n, first + 3, place + "Energy/Forward", "L%d Energy" % n, KWH, now.count("pv%d" % n))]
    return table(9590, *lines,
                 ("/Ac/Power", "Power", WATTS, sum(m.pv)), ("/Ac/Energy/Forward", "Energy", KWH, now.count("pv")),
                 ("/Ac/MaxPower", "Maximum power", WATTS, PV_INVERTER, BOOT),
                 ("pS", 246, "/StatusCode", "Status", {7: "Running", 8: "Standby", 11: "Running (MPPT)"}, 11 if m.light else 8),
                 ("pL", 9598, "/Position", "Position", {0: "AC input 1", 1: "AC output", 2: "AC input 2"}, 1, BOOT),
                 ("pE", 9599, "/ErrorCode", "Error", "%.0F", 0),
                 ("ps", 9600, "/Serial", "Serial", "%s", "30152207", INSTALLED))


def genset_rows(now):
    m, runs = now.moment, now.moment.generator != STOPPED
    hours = now.count("generator_hours")
    status = {STOPPED: 0, WARM_UP: 3, RUNNING: 8}.get(m.generator, 9)
    volts = m.volts if m.source == "genset" else [230.2 if runs else 0.0] * 3
    return table(
        9610, *meter_lines(m.genset, volts, "genset", now),
        ("/Ac/Frequency", "Frequency", HERTZ, (m.hertz if m.source == "genset" else 51.2) if runs else 0),
        ("/StatusCode", "Status", {0: "Standby", 3: "Startup 3", 8: "Running", 9: "Stopping", 10: "Error"}, status),
        ("/ErrorCode", "Error code", "%.0F", 0), ("/NrOfPhases", "Phases", "%.0F", 3, BOOT),
        ("/Start", "Start", ON_OFF, int(runs)), ("/RemoteStartModeEnabled", "Remote start mode", DISABLED_ENABLED, 1),
        ("/Engine/Speed", "Engine speed", "%.0F RPM", 1512 if runs else 0),
        ("/Engine/Load", "Engine load", "%.0F %%", sum(m.genset) / 160),
        ("/Engine/CoolantTemperature", "Coolant temperature", CELSIUS, m.state.coolant),
        ("/Engine/OilPressure", "Oil pressure", "%.0F kPa", 410 if runs else 0),
        ("/Engine/OperatingHours", "Operating hours", "%.0F s", 3600 * hours),
        ("/Engine/Starts", "Starts", "%.0F", round(now.count("starts"))),
        ("/StarterVoltage", "Starter voltage", "%.1F V", 13.9 if runs else 12.7),
        *alarms("HighTemperature", "LowOilPressure", "LowFuelLevel", "EmergencyStop"))


def generator_rows(now):
    m = now.moment
    return table(
        9660,
        ("/State", "Generator start/stop state", {0: "Stopped", 1: "Running", 2: "Warm-up", 3: "Cool-down", 10: "Error"},
         m.generator),
        ("/RunningByConditionCode", "Generator run reason", RUN_REASON, reason(m)),
        ("gaRC", 520, None, "Generator run reason", "%s", reason(m)),
        ("gasr", 1288, "/Alarms/ServiceIntervalExceeded", "Service due", {0: "No", 1: "Warning"}, 0),
        ("gasi", 1505, "/ServiceInterval", "Service interval", "%d s", 1800000, BOOT),
        ("/ServiceCounter", "Time to service", "%.0F s", 1800000 - 3600 * (now.count("generator_hours") - 120)),
        ("/Runtime", "Run time", "%.0F s", 3600 * m.state.run_hours),
        ("/TodayRuntime", "Run time today", "%.0F s", 3600 * now.today("generator_hours")),
        ("/AccumulatedRuntime", "Run time, lifetime", "%.0F s", 3600 * now.count("generator_hours")),
        ("/AutoStartEnabled", "Auto start", DISABLED_ENABLED, 1, BOOT), ("/ManualStart", "Manual start", ON_OFF, 0),
        ("/ManualStartTimer", "Manual run time left", "%.0F s", 0), ("/QuietHours", "Quiet hours active", NO_YES, 0),
        ("/Error", "Error", {0: "No error", 1: "Remote control disabled", 2: "Remote in fault condition"}, 0),
        ("/Enabled", "Start/stop function", DISABLED_ENABLED, 1, BOOT))


def ev_charger_rows(now):
    m, ev = now.moment, now.moment.ev
    lines = [line for line in meter_lines(m.ev_watts, m.volts if m.grid_ok else [0, 0, 0], "ev", now)
             if line[0] not in ("/Ac/Power", "/Ac/Energy/Forward")]         # which have codes
    return table(
        9680, *lines,
        ("evp", 820, "/Ac/Power", "Power", "%d W", sum(m.ev_watts)),
        ("evf", 816, "/Ac/Energy/Forward", "Forward energy", KWH, now.count("ev")),
        ("evi", 822, "/Current", "Current", "%.1F A", ev.amps), ("evmi", 815, "/MaxCurrent", "Max current", "%.0F A", 16, BOOT),
        ("evm", 823, "/Mode", "Mode", {0: "Manual", 1: "Auto", 2: "Scheduled charging"}, ev.mode),
        ("evs", 824, "/Status", "Status", {0: "EV Disconnected", 1: "Connected", 2: "Charging", 3: "Charged",
                                           4: "Waiting for sun", 5: "Waiting for RFID", 6: "Waiting for start"}, ev.status),
        ("eve", 1044, "/StartStop", "Whether the charger is presently switched on/active/enabled",
         {0: "Stopped", 1: "Charging"}, int(ev.plugged is not None)),
        ("evt", 821, "/ChargingTime", "Charging time", "%d", round(3600 * ev.hours)),
        ("evcn", 814, "/CustomName", "Custom name", "%s", "Pickup", BOOT),
        ("evS", 812, "/Serial", "Serial", "%s", "HQ2243DEMO6", INSTALLED),
        ("/MinCurrent", "Min current", "%.0F A", EV_AMPS[0], BOOT), ("/SetCurrent", "Set current", "%.0F A", EV_AMPS[1], BOOT),
        ("/Session/Energy", "Session energy", KWH, ev.kwh), ("/Session/Time", "Session time", "%.0F s", 3600 * ev.hours),
        ("/Position", "Position", POSITION, 1, BOOT), ("/AutoStart", "Auto start", ON_OFF, 1, BOOT),
        ("/Connected", "Connected", NO_YES, 1))


def heat_pump_rows(now):
    m = now.moment
    runs = sum(m.heat_pump) > 0
    return table(9720, *meter_lines(m.heat_pump, m.volts if m.grid_ok else [0, 0, 0], "heat_pump", now),
                 ("/State", "State", {0: "Off", 1: "Error", 2: "Startup", 3: "Heating", 4: "Cooling"}, 3 if runs else 0),
                 ("/Temperature", "Temperature", CELSIUS, m.buffer),
                 ("/TargetTemperature", "Target temperature", CELSIUS, 50, BOOT),
                 ("/Position", "Position", POSITION, 1, BOOT))


def pump_rows(now):
    m = now.moment
    return table(9750, ("/Ac/Power", "Power", WATTS, m.pump), ("/Ac/L1/Power", "L1 Power", WATTS, m.pump),
                 ("/Ac/L1/Voltage", "L1 Voltage", VOLTS, m.volts[0]), ("/Ac/L1/Current", "L1 Current", AMPS, m.pump / m.volts[0]),
                 ("/Ac/Energy/Forward", "Energy", KWH, now.count("pump")),
                 ("/Ac/L1/Energy/Forward", "L1 Energy", KWH, now.count("pump")),
                 ("/Position", "Position", POSITION, 0, BOOT))


def tank_rows(first, fluid, name, capacity, litres):
    """A tank. VRM gives what is left as a text."""
    return table(first, ("tf", 329, "/FluidType", "Tank fluid type", FLUID, fluid, BOOT),
                 ("tl", 330, "/Level", "Tank level", "%.0F %%", 100 * litres / capacity),
                 ("tr", 331, "/Remaining", "Tank remaining fluid", "%.0F L", "%.0f" % litres),
                 ("tcn", 638, "/CustomName", "Tank custom name", "%s", name, BOOT),
                 ("zTC", 328, "/Capacity", "Tank capacity", "%.0F L", capacity, BOOT),
                 ("zTS", 443, "/Status", "Tank status", SENSOR, 0))


def temperature_rows(first, kind, name, celsius, *more):
    return table(first, ("tst", 449, None, "Temperature type", "%s", kind, BOOT),
                 ("tsT", 450, "/Temperature", "Temperature", CELSIUS, celsius),
                 ("tscn", 637, None, "Temperature custom name", "%s", name, BOOT),
                 ("/Status", "Temperature status", SENSOR, 0), *more)


def outdoor_rows(now):
    outdoor = now.moment.outdoor
    return temperature_rows(9785, 4, "Yard", outdoor, ("tsH", 9789, None, "Humidity", PERCENT, humidity(outdoor)),
                            ("/Pressure", "Pressure", "%.1F hPa", 1012.4), ("/BatteryVoltage", "Sensor battery", "%.2F V", 2.98))


def meteo_rows(now):
    m = now.moment
    return table(9800, ("/Irradiance", "Irradiance", "%.0F W/m2", m.irradiance),
                 ("/CellTemperature", "Cell temperature", CELSIUS, m.outdoor + 0.028 * m.irradiance),
                 ("/ExternalTemperature", "External temperature", CELSIUS, m.outdoor),
                 ("/WindSpeed", "Wind speed", "%.1F m/s", 1.5 + 0.2 * max(0, m.outdoor - 9)),
                 ("/WindDirection", "Wind direction", "%.0F °", round(250 + m.outdoor)),
                 ("/InstallationPower", "Installation power", WATTS, 1000 * m.counted["estimated"]),
                 ("/TodaysYield", "Yield today", KWH, now.today("estimated")))


def dc_load_rows(now):
    m = now.moment
    return table(9820, ("/Dc/0/Voltage", "Voltage", "%.2F V", m.battery_volts),
                 ("/Dc/0/Current", "Current", AMPS, m.dc_load / m.battery_volts), ("/Dc/0/Power", "Power", WATTS, m.dc_load),
                 ("/History/EnergyIn", "Energy in", KWH, now.count("dc_load")),
                 ("/Relay/0/State", "Relay", OPEN_CLOSED, 1), *alarms("LowVoltage", "HighVoltage"))


def door_rows(now):
    door = now.moment.door
    return table(9840, ("/State", "State", {6: "Open", 7: "Closed"}, 6 if door else 7),
                 ("/Count", "Count", "%.0F", round(now.count("doors"))),
                 ("/Type", "Type", {2: "Door alarm", 10: "Generic"}, 2, BOOT),
                 ("/InputState", "Input", {0: "High or open", 1: "Low or closed"}, 0 if door else 1),
                 ("/Alarm", "Alarm", ALARM, 0))


def cold_store_rows(now):
    return temperature_rows(9780, 1, "Cold store", now.moment.cold_store)


def water_rows(now):
    return tank_rows(9760, 1, "Water", WATER, now.moment.state.water)


def diesel_rows(now):
    return tank_rows(9770, 7, "Diesel", DIESEL, now.moment.state.diesel)


def product(label, kind, name, product_name, code="", firmware=None):
    """The fields of a device in system-overview."""
    return {"name": label, "idDeviceType": kind, "customName": name, "productName": product_name, "productCode": code,
            "firmwareVersion": firmware}


# The devices: service, instance, fields of system-overview, and what gives the rows.
DEVICES = [
    ("vebus", 276, product("VE.Bus System", 1, "", "Quattro 48/8000/110-100/100", "2770", "2770510"), vebus_rows),
    ("battery", 512, product("Battery Monitor", 2, "Barn battery", "Lynx Smart BMS 1000", "A3E5", "v1.14"), battery_rows),
    ("solarcharger", 290, product("Solar Charger", 4, "Barn roof", "SmartSolar MPPT RS 450/200", "A111", "v1.18"),
     solar_charger_rows),
    ("pvinverter", 20, product("PV Inverter", 8, "Stable roof", "Fronius Symo 12.0-3-M", "A142"), pv_inverter_rows),
    ("grid", 30, product("Grid meter", 7, "", "Energy Meter EM540", "B017", "v1.6"), grid_rows),
    ("genset", 60, product("Genset", 36, "Diesel generator", "Genset controller", "B046"), genset_rows),
    ("generator", 1, product("Generator", 16, "", "Generator start/stop"), generator_rows),
    ("evcharger", 40, product("EV Charging Station", 25, "Pickup", "EV Charging Station", "C024", "v2.01"), ev_charger_rows),
    ("heatpump", 41, product("Heat pump", 39, "Dairy hot water", "Energy Meter EM540", "B017", "v1.6"), heat_pump_rows),
    ("acload", 42, product("AC load", 23, "Water pump", "Energy Meter EM112", "B00E"), pump_rows),
    ("tank", 21, product("Tank", 5, "Water", "Tank sensor (Built-in)", "a161"), water_rows),
    ("tank", 22, product("Tank", 5, "Diesel", "Tank sensor (Built-in)", "a161"), diesel_rows),
    ("temperature", 24, product("Temperature sensor", 17, "Cold store", "Generic Temperature Input", "a162"), cold_store_rows),
    ("temperature", 25, product("Temperature sensor", 17, "Yard", "RuuviTag", "C029"), outdoor_rows),
    ("meteo", 50, product("Meteo sensor", 28, "Stable roof sensor", "IMT Si-RS485 Series Solar Irradiance Sensor", "B030"), meteo_rows),
    ("dcload", 291, product("DC Load", 31, "Fences and lights", "SmartShunt 500A/50mV", "A389", "v4.12"), dc_load_rows),
    ("digitalinput", 1, product("Digital input", 20, "Cold store door", "Digital input", "A165"), door_rows),
]


class Farm(Site):
    """The farm in a Day, or standing still at an `hour`."""

    units_per_phase = {"L1": 1, "L2": 1, "L3": 1}

    def __init__(self, day=None, hour=None):
        self.hour = FIRST_HOUR if hour is None else hour
        super().__init__(FARM, "Ridge Farm", "Cerbo GX MK2", "C00A", "c0619ab1d2e5", {"v": "v3.65"},
                         [device[:3] for device in DEVICES], day)
        self.course = None          # how it goes on since something was written
        self.timer_ends = 0         # unix time; 0: it does not run

    def run_timer(self, now):
        """The generator's own timer ends a manual start."""
        left, started = (self.written.get(GENERATOR + name, 0) for name in ("ManualStartTimer", "ManualStart"))
        self.timer_ends = started and left and (self.timer_ends or now + left)
        if self.timer_ends:
            left = max(0, round(self.timer_ends - now))
            self.written.update({GENERATOR + "ManualStartTimer": left, GENERATOR + "ManualStart": int(left > 0)})

    def now(self, now):
        self.run_timer(now)
        step = self.day.step(now) if self.day else int(self.hour / STEP + 1e-6)
        if not self.written:
            return Now(step)
        if not self.course:
            last = Now(step - 1)
            self.course = Course(step - 1, SimpleNamespace(**vars(last.moment), before=last.before), next_moment)
        return Now(step, self.course.at(step, self.written))

    def tables(self, now):
        at = self.now(now)
        yield None, 0, "Gateway", [row[:5] + (self.own_values.get(row[0], row[5]),) + row[6:] for row in GATEWAY], {}
        yield "settings", 0, "Gateway", settings_rows(at), {}
        yield "platform", 0, "Gateway", PLATFORM, {}
        yield "system", 0, "System overview", system_rows(at), {}
        yield "system", 276, "System overview", [GRID_LOST], {"Agl": 0 if at.moment.grid_ok else 2}
        for service, instance, fields, rows in DEVICES:
            yield service, instance, fields["name"], rows(at), {}

    def flows(self):
        return {name[5:]: kwh for name, kwh in simulate()[0].day.items() if name.startswith("flow_")}

    def peak_power(self):
        return PANELS
