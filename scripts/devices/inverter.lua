-- Inverters and inverter/chargers: MultiPlus, Quattro, EasySolar (vebus), Phoenix (inverter), RS (multi).
local OUTPUT_POWER = {                                -- of each phase; a small Phoenix gives no power: U * I
    { "/Ac/Out/{phase}/P", "OP{n}", product = { { "/Ac/Out/{phase}/V", "OV{n}" },
                                                { "/Ac/Out/{phase}/I", "OI{n}" } } },
}

return {
    api = 2,
    id = "VICINV", name = "Inverter", icon = "EnergyMonitor",
    match = { service = { "vebus", "inverter", "multi" } },

    { "ST",      unit.watt,        "AC output power",             sum = OUTPUT_POWER },
    { "GV0",     "inverter_state", "Inverter status",             "/State", "S" },
    { "MODE",    "inverter_mode",  "Switch",                      "/Mode", "s",
      values = { inverter = { [2] = 3 } } },             -- a Phoenix has no charger: its 2 is On

    { "CV",      unit.volt,        "Battery voltage",             "/Dc/0/Voltage", "CV",
      min = -0.5, max = 100 },
    { "CC",      unit.ampere,      "Battery current, + charging", "/Dc/0/Current", "CI" },
    { "CPW",     unit.watt,        "Battery power, + charging",   "/Dc/0/Power",
      product = { { "/Dc/0/Voltage", "CV" }, { "/Dc/0/Current", "CI" } } },
    { "BATLVL",  unit.percent,     "State of charge",             "/Soc", "VSOC", min = 0, max = 110 },
    { "CLITEMP", unit.celsius,     "Temperature", first = { "/Temperature", "/Dc/0/Temperature", "#521" },
      min = -60, max = 120 },

    { "GV1",     unit.volt,        "AC output voltage L1",        "/Ac/Out/L1/V", "OV1", places = 1,
      min = -0.5, max = 500 },
    { "GV2",     unit.ampere,      "AC output current L1",        "/Ac/Out/L1/I", "OI1" },
    { "FREQ",    unit.hertz,       "AC output frequency",
      first = { "/Ac/Out/L1/F", "OF", "/Ac/Out/L2/F", "/Ac/Out/L3/F" }, max = 100 },
    { "GV3",     unit.watt,        "AC input power",
      sum = { { "/Ac/In/{input}/{phase}/P", "/Ac/ActiveIn/{phase}/P", "IP{n}" } } },
    { "GV4",     unit.volt,        "AC input voltage L1",
      first = { "/Ac/In/{input}/L1/V", "/Ac/ActiveIn/L1/V", "IV1" }, places = 1, min = -0.5, max = 500 },
    { "GV5",     unit.hertz,       "AC input frequency",
      first = { "/Ac/In/{input}/L1/F", "/Ac/ActiveIn/L1/F", "IF1", "/Ac/In/{input}/L2/F",
                "/Ac/ActiveIn/L2/F", "IF2", "/Ac/In/{input}/L3/F", "/Ac/ActiveIn/L3/F", "IF3" },
      max = 100 },
    { "GV6",     "active_input",   "Active AC input",             "/Ac/ActiveIn/ActiveInput", "AI",
      values = { [0] = 1, [1] = 2, [240] = 0 } },        -- Victron counts from 0 and 240 is none; here 0 is
    { "GV7",     unit.ampere,      "AC input current limit",
      first = { "/Ac/In/{input}/CurrentLimit", "/Ac/ActiveIn/CurrentLimit", "AILIM" }, min = 0 },

    { "ERR",     "vebus_error",    "VE.Bus error",                "/VebusError", "ERR" },
    { "GV8",     "charger_error",  "Error (RS)",                  "/ErrorCode" },
    { "ALARM",   "alarm",          "Alarm, any",                  worst = "/Alarms/" },
    { "GV9",     "alarm",          "Alarm: low battery",          "/Alarms/LowVoltage",
      worst = "/Alarms/LowBattery" },
    { "GV10",    "alarm",          "Alarm: overload",             worst = "/Alarms/Overload" },
    { "GV11",    "alarm",          "Alarm: temperature",          worst = "/Alarms/HighTemperature" },
    { "GV12",    unit.watt,        "Solar power (RS)",            "/Yield/Power",
      sum = { "/Pv/0/P", "/Pv/1/P", "/Pv/2/P", "/Pv/3/P" }, min = -0.5, max = 30000 },
    { "GV13",    "open_closed",    "Relay",                       "/Relay/0/State" },

    parts = {
        { part = "p", id = "VICINVP", name = "phases",             -- of a system with more than one
          when = { "/Ac/Out/L2/P", "/Ac/Out/L2/V", "OP2", "OV2",
                   "/Ac/Out/L3/P", "/Ac/Out/L3/V", "OP3", "OV3" },
          { "ST",              unit.watt,   "AC output power",           sum = OUTPUT_POWER },
          { "CPW GV1 GV2",     unit.watt,   "AC output power {phase}",   "/Ac/Out/{phase}/P", "OP{n}" },
          { "CV GV3 GV4",      unit.volt,   "AC output voltage {phase}", "/Ac/Out/{phase}/V", "OV{n}",
            places = 1, min = -0.5, max = 500 },
          { "CC GV5 GV6",      unit.ampere, "AC output current {phase}", "/Ac/Out/{phase}/I", "OI{n}" },
          { "GV7 GV8 GV9",     unit.watt,   "AC input power {phase}",
            first = { "/Ac/In/{input}/{phase}/P", "/Ac/ActiveIn/{phase}/P", "IP{n}" } },
          { "GV10 GV11 GV12",  unit.volt,   "AC input voltage {phase}",
            first = { "/Ac/In/{input}/{phase}/V", "/Ac/ActiveIn/{phase}/V", "IV{n}" }, places = 1,
            min = -0.5, max = 500 },
        },
    },

    samples = {
        { rows   = { ["/State"] = 9, ["/Mode"] = 3, ["/Ac/Out/L1/V"] = 230.2, ["/Ac/Out/L1/I"] = 4.4,
                     ["/Ac/Out/L1/P"] = 987, ["/Ac/Out/L1/F"] = 50.02, ["/Dc/0/Voltage"] = 25.9,
                     ["/Dc/0/Current"] = -41.5, ["/VebusError"] = 0, ["/Alarms/Overload"] = 2,
                     ["/Ac/ActiveIn/ActiveInput"] = 240 },
          expect = { ST = 987, GV0 = 9, MODE = 3, GV1 = 230.2, GV2 = 4.4, FREQ = 50.02, CV = 25.9,
                     CC = -41.5, CPW = -1075, ERR = 0, GV10 = 2, ALARM = 2, GV3 = "no data", GV6 = 0 } },
        { rows   = { S = 3, s = 3, OP1 = 100, OP2 = -20, OP3 = 300,         -- three phases
                     IP1 = 500, IP2 = 0, IP3 = 400, AI = 0 },
          expect = { ST = 380, GV0 = 3, MODE = 3, GV3 = 900, GV6 = 1,
                     p = { ST = 380, CPW = 100, GV1 = -20, GV2 = 300, GV7 = 500, GV8 = 0, GV9 = 400 } } },
        { rows   = { ["/Ac/Out/L1/V"] = 230, ["/Ac/Out/L1/I"] = 0.5, ["/State"] = 1 },   -- Phoenix
          expect = { ST = 115, GV0 = 1, GV1 = 230 } },
        { rows   = { ["/Ac/In/1/L1/P"] = -250, ["/Ac/In/1/L1/V"] = 231, ["/ErrorCode"] = 0 },   -- RS
          expect = { GV3 = -250, GV4 = 231, GV8 = 0 } },
        { rows   = { ["/Ac/ActiveIn/ActiveInput"] = 1, ["/Ac/In/1/L1/P"] = 0, ["/Ac/In/1/L1/V"] = 0.4,
                     ["/Ac/In/1/CurrentLimit"] = 25, ["/Ac/In/2/L1/P"] = 1310,               -- RS, input 2
                     ["/Ac/In/2/L1/V"] = 234.5, ["/Ac/In/2/L1/F"] = 49.9, ["/Ac/In/2/CurrentLimit"] = 32 },
          expect = { GV3 = 1310, GV4 = 234.5, GV5 = 49.9, GV6 = 2, GV7 = 32 } },
        { rows   = { ["/Pv/0/P"] = 420, ["/Pv/1/P"] = 380 },
          expect = { GV12 = 800 } },
    },
}
