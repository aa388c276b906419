-- Inverters without a charger from AC: Phoenix (VE.Direct, Smart) and Inverter RS, which has solar trackers.
local panels, rs = use "panels", use "rs"

-- Of each phase. A Phoenix gives no power: what the GX takes for it is the apparent one, else U * I, whose
-- current has steps of 25 VA.
local OUTPUT_POWER = {
    { "/Ac/Out/{phase}/P", "/Ac/Out/{phase}/S", product = { "/Ac/Out/{phase}/V", "/Ac/Out/{phase}/I" } },
}

-- Without a charger 2 is On. An RS is an inverter and charger, as a MultiPlus is: 2 is Inverter only, 3 On.
local INVERTER_ONLY, ON = 2, 3

local function is_rs(rows)
    local says = number(rows, "/IsInverterCharger")
    if says then return says == 1 end
    return number(rows, "/Yield/Power", "/Yield/User", "/Yield/System") ~= nil
end

local function switch(rows)
    local mode = number(rows, "/Mode")
    return mode == INVERTER_ONLY and not is_rs(rows) and ON or mode
end

return {
    api = 2,
    id = "VICINV", name = "Inverter", icon = "EnergyMonitor",
    match = { service = "inverter" },

    { "ST",      unit.watt,        "AC output power",             sum = OUTPUT_POWER },
    { "GV0",     "inverter_state", "Inverter status",             "/State" },
    { "MODE",    "inverter_mode",  "Switch",                      from = switch,
      set = { path = "/Mode", choices = { 3, 4, 5 }, send = { [3] = 2 }, off = 4, timed = "also",
              unless = { { "/IsInverterCharger", 1, "it is an RS, whose modes are others: use the GX" } } } },

    { "CV",      unit.volt,        "Battery voltage",             "/Dc/0/Voltage", min = -0.5, max = 100 },
    { "CC",      unit.ampere,      "Battery current, + charging", "/Dc/0/Current" },
    { "CPW",     unit.watt,        "Battery power, + charging",   "/Dc/0/Power",
      product = { "/Dc/0/Voltage", "/Dc/0/Current" } },
    { "BATLVL",  unit.percent,     "State of charge",             "/Soc", min = 0, max = 110 },
    { "CLITEMP", unit.celsius,     "Temperature", first = { "/Temperature", "/Dc/0/Temperature" },
      min = -60, max = 120 },

    { "GV1",     unit.volt,        "AC output voltage L1",        "/Ac/Out/L1/V", places = 1,
      min = -0.5, max = 500 },
    { "GV2",     unit.ampere,      "AC output current L1",        "/Ac/Out/L1/I" },
    { "FREQ",    unit.hertz,       "AC output frequency",
      first = { "/Ac/Out/L1/F", "/Ac/Out/L2/F", "/Ac/Out/L3/F" }, max = 100 },
    { "GV14",    unit.va,          "AC output apparent power",    sum = { "/Ac/Out/{phase}/S" } },

    { "GV12",    unit.watt,        "Solar power (RS)",            "/Yield/Power",
      sum = rs.TRACKER_POWER, min = -0.5, max = 30000 },
    { "GV15",    unit.kwh,         "Yield today (RS)",            "/History/Daily/0/Yield",
      sum = { "/History/Daily/0/Pv/0/Yield", "/History/Daily/0/Pv/1/Yield",
              "/History/Daily/0/Pv/2/Yield", "/History/Daily/0/Pv/3/Yield" },
      daily = true, min = 0, max = 600 },
    { "TPW",     unit.kwh,         "Yield, total (RS)",           "/Yield/User", min = 0 },

    { "ERR",     "charger_error",  "Error (RS)",                  "/ErrorCode" },
    { "ALARM",   "alarm",          "Alarm, any",                  worst = "/Alarms/" },
    { "GV9",     "alarm",          "Alarm: low battery",          "/Alarms/LowVoltage" },
    { "GV16",    "alarm",          "Alarm: high battery voltage", "/Alarms/HighVoltage" },
    { "GV13",    "alarm",          "Alarm: overload",             "/Alarms/Overload" },
    { "GV10",    "alarm",          "Alarm: temperature",          "/Alarms/HighTemperature" },
    { "GV11",    "open_closed",    "Relay",                       "/Relay/0/State" },
    { "GV19",    "off_reason",     "Off reason",                  "/DeviceOffReason" },
    { "TIMEREM", unit.hours,       "Time to go",                  "/TimeToGo", places = 2, max = 239.9,
      measured = true, while_negative = { "/Dc/0/Current", "/Dc/0/Power" } },

    parts = {
        { part = "p", id = "VICINVP", name = "phases",             -- of a system with more than one
          when = { "/Ac/Out/L2/P", "/Ac/Out/L2/V", "/Ac/Out/L3/P", "/Ac/Out/L3/V" },
          { "ST",             unit.watt,   "AC output power",                  sum = OUTPUT_POWER },
          { "CPW GV1 GV2",    unit.watt,   "AC output power {phase}",          "/Ac/Out/{phase}/P" },
          { "CV GV3 GV4",     unit.volt,   "AC output voltage {phase}",        "/Ac/Out/{phase}/V",
            places = 1, min = -0.5, max = 500 },
          { "CC GV5 GV6",     unit.ampere, "AC output current {phase}",        "/Ac/Out/{phase}/I" },
          { "GV16 GV17 GV18", unit.va,     "AC output apparent power {phase}", "/Ac/Out/{phase}/S" },
        },
        { part = "t", id = "VICINVT", name = "trackers",           -- of an Inverter RS
          when = rs.HAS_TRACKERS,
          { "ST", unit.watt, "Solar power", "/Yield/Power",
            sum = rs.TRACKER_POWER, min = -0.5, max = 30000 },
          table.unpack(rs.TRACKERS) },
        { part = "h", id = "VICINVH", name = "yields",             -- of an Inverter RS
          when = { "/History/Daily/0/Pv/0/Yield", "/History/Daily/1/Pv/0/Yield", "/Yield/System" },
          { "ST",                  unit.kwh,  "Yield, total",                 "/Yield/User",
            min = 0 },
          { "GV19",                unit.kwh,  "Yield, total, never reset",    "/Yield/System",
            min = 0 },
          table.unpack(panels.YIELDS) },
        { part = "e", id = "VICINVE", name = "energy",             -- of an Inverter RS
          { "ST",   unit.kwh, "Energy to AC output, in all", min = 0,
            sum = { "/Energy/InverterToAcOut", "/Energy/SolarToAcOut" } },
          { "GV8",  unit.kwh, "Battery to AC output", "/Energy/InverterToAcOut", min = 0 },
          { "GV9",  unit.kwh, "AC output to battery", "/Energy/OutToInverter",   min = 0 },
          { "GV12", unit.kwh, "Solar to AC output",   "/Energy/SolarToAcOut",    min = 0 },
          { "GV13", unit.kwh, "Solar to battery",     "/Energy/SolarToBattery",  min = 0 },
        },
        { part = "a", id = "VICINVA", name = "more alarms",        -- beside those of the inverter's own node
          table.unpack(rs.MORE_ALARMS) },
    },

    samples = {
        { rows   = { ["/Ac/Out/L1/V"] = 230, ["/Ac/Out/L1/I"] = 0.5, ["/State"] = 1, ["/Mode"] = 2,  -- small
                     ["/Dc/0/Voltage"] = 12.9, ["/Alarms/LowVoltage"] = 1 },
          expect = { ST = 115, GV0 = 1, MODE = 3, GV1 = 230, GV2 = 0.5, CV = 12.9, GV9 = 1, ALARM = 1,
                     GV12 = "no data" } },
        { rows   = { ["/Ac/Out/L1/P"] = 138, ["/Ac/Out/L1/V"] = 229.8, ["/Ac/Out/L1/I"] = 0.6,
                     ["/Ac/Out/L1/S"] = 145, ["/Ac/Out/L1/F"] = 50, ["/Mode"] = 5, ["/State"] = 9,
                     ["/Dc/0/Voltage"] = 13.19, ["/Dc/0/Current"] = -11.6,
                     ["/Temperature"] = { value = 33.5, unit = "°C" }, ["/Alarms/HighVoltage"] = 0 },
          expect = { ST = 138, GV14 = 145, FREQ = 50, MODE = 5, CPW = -153, CLITEMP = 33.5, GV16 = 0 } },
        { rows   = { ["/Ac/Out/L1/V"] = 6553.5, ["/Ac/Out/L1/I"] = {}, ["/Mode"] = 255 },
          expect = { ST = "no data", GV1 = "no data", GV2 = "no data", MODE = "no data",
                     ALARM = "no data" } },
        { rows   = { ["/Yield/Power"] = 900, ["/Pv/0/P"] = 600, ["/Pv/0/V"] = 300, ["/Pv/1/P"] = 300,   -- RS
                     ["/Pv/1/V"] = 150, ["/Pv/1/MppOperationMode"] = 2, ["/Pv/2/V"] = 655.35,
                     ["/Yield/User"] = 811.4, ["/Yield/System"] = 902.1, ["/ErrorCode"] = 0, ["/Mode"] = 2,
                     ["/History/Daily/0/Pv/0/Yield"] = 2.5, ["/History/Daily/0/Pv/1/Yield"] = 1.1,
                     ["/History/Daily/1/Pv/0/Yield"] = { value = 4.1, timestamp = 1776463199 },
                     ["/History/Daily/0/Pv/0/MaxPower"] = 1900, ["/Energy/SolarToBattery"] = 400.5,
                     ["/Energy/SolarToAcOut"] = 100, ["/Alarms/LowSoc"] = 2 },
          site   = { midnight = 1776463200 },
          expect = { GV12 = 900, GV15 = 3.6, TPW = 811.4, ERR = 0, ALARM = 2, MODE = 2,
                     t = { ST = 900, CPW = 600, GV1 = 300, CV = 300, GV4 = 150, CC = 2, GV7 = 2, GV11 = 2,
                           GV18 = 300, GV5 = "no data" },
                     h = { ST = 811.4, GV19 = 902.1, GV0 = 2.5, GV1 = 1.1, GV4 = "no data", GV8 = 1900 },
                     e = { ST = 100, GV12 = 100, GV13 = 400.5, GV8 = "no data" },
                     a = { ST = 2, GV6 = 2, GV2 = "no data" } } },
        { rows   = { ["/Ac/Out/L1/P"] = 400, ["/Ac/Out/L2/V"] = 230, ["/Ac/Out/L2/I"] = 2,
                     ["/Mode"] = 2, ["/IsInverterCharger"] = 1 },
          expect = { ST = 860, MODE = 2, p = { ST = 860, CPW = 400, GV1 = "no data", GV3 = 230, GV5 = 2 } } },
    },
}
