-- AC charger (Phoenix Smart, Skylla, Blue Smart IP43): one node for each.
local OUTPUTS = {
    { "/Dc/0/Power", product = { { "/Dc/0/Voltage", "c0V" }, { "/Dc/0/Current", "c0I" } } },
    { "/Dc/1/Power", product = { { "/Dc/1/Voltage", "c1V" }, { "/Dc/1/Current", "c1I" } } },
    { "/Dc/2/Power", product = { { "/Dc/2/Voltage", "c2V" }, { "/Dc/2/Current", "c2I" } } },
}
local AC_INPUT = { { "/Ac/In/L1/P", "cPo" }, "/Ac/In/L2/P", "/Ac/In/L3/P" }

return {
    api = 2,
    id = "VICCHG", name = "AC Charger", icon = "EnergyMonitor",
    match = { service = { "charger", "accharger" } },

    { "ST",              unit.watt,       "Charging power",         sum = OUTPUTS, min = -0.5, max = 30000 },
    { "GV0",             "charge_state",  "Charge state",           "/State", "cSt" },
    { "CV GV1 GV2",      unit.volt,       "Output {n} voltage",     "/Dc/{n-1}/Voltage", "c{n-1}V",
                         min = -0.5, max = 100 },
    { "CC GV3 GV4",      unit.ampere,     "Output {n} current",     "/Dc/{n-1}/Current", "c{n-1}I",
                         places = 2 },
    { "CLITEMP GV5 GV6", unit.celsius,    "Battery {n} temperature", "/Dc/{n-1}/Temperature", "c{n-1}T",
                         min = -60, max = 120 },
    { "MODE",            "charger_mode",  "Switch",                 "/Mode", "cM",
      set = { choices = { 1, 4 }, timed = "also" } },
    { "ERR",             "charger_error", "Error",                  "/ErrorCode", "cE" },
    { "GV19",            "off_reason",    "Off reason",             "/DeviceOffReason" },
    { "GV12",            unit.count,      "Outputs",                "/NrOfOutputs",
                         max = 10, on_change = true, zero = false },
    { "GV13",            unit.watt,       "AC input power",         sum = AC_INPUT,
                         min = -0.5, max = 100000 },
    { "GV9",             unit.ampere,     "AC input current L1",    "/Ac/In/L1/I", "cI",
                         min = -0.5, max = 500 },
    { "GV10",            unit.ampere,     "AC input current limit", "/Ac/In/CurrentLimit", "cIl",
                         min = 0, max = 500, on_change = true, zero = false },
    { "GV11",            "open_closed",   "Relay",                  "/Relay/0/State", "cR" },

    { "ALARM",           "alarm",         "Alarm, any",             worst = "/Alarms/" },
    { "GV7",             "alarm",         "Alarm: low voltage",     "/Alarms/LowVoltage", "cAl" },
    { "GV8",             "alarm",         "Alarm: high voltage",    "/Alarms/HighVoltage", "cAh" },

    parts = {
        { part = "p", id = "VICCHGP", name = "phases",             -- of a charger on more than one phase
          when = { "/Ac/In/L2/I", "/Ac/In/L3/I", "/Ac/In/L2/P", "/Ac/In/L3/P" },
          { "ST GV1 GV2", unit.watt,   "AC input power {phase}",   "/Ac/In/{phase}/P",
            min = -0.5, max = 50000 },
          { "CC GV3 GV4", unit.ampere, "AC input current {phase}", "/Ac/In/{phase}/I",
            min = -0.5, max = 500 },
        },
    },

    samples = {
        { rows   = { ["/Dc/0/Voltage"] = 26.42, ["/Dc/0/Current"] = 10, ["/Dc/1/Voltage"] = 27.4,
                     ["/Dc/1/Current"] = 0, ["/Ac/In/L1/I"] = 0.6, ["/Ac/In/L1/P"] = {}, ["/Mode"] = 1,
                     ["/State"] = 6, ["/ErrorCode"] = 65, ["/NrOfOutputs"] = 3, ["/Ac/In/CurrentLimit"] = 4,
                     ["/Alarms/LowVoltage"] = 0, ["/Alarms/HighVoltage"] = 2, ["/Relay/0/State"] = 0,
                     ["/DeviceOffReason"] = 0 },
          expect = { ST = 264.2, GV0 = 6, GV19 = 0, CV = 26.42, CC = 10, GV1 = 27.4, GV3 = 0, GV2 = "no data",
                     GV9 = 0.6, GV13 = "no data", MODE = 1, ERR = 65, GV12 = 3, GV10 = 4, GV7 = 0, GV8 = 2,
                     ALARM = 2, GV11 = 0 } },
        { rows   = { c0V = 13.5, c0I = 20, c0T = 21, cSt = 3, cM = 4, cE = 0, cI = 1.4, cPo = 310, cIl = 10,
                     cR = 1, cAl = 1 },                           -- VRM gave only codes
          expect = { ST = 270, CV = 13.5, CC = 20, CLITEMP = 21, GV0 = 3, MODE = 4, ERR = 0, GV9 = 1.4,
                     GV13 = 310, GV10 = 10, GV11 = 1, GV7 = 1, ALARM = 1 } },
        { rows   = { ["/Ac/In/L1/P"] = 900, ["/Ac/In/L2/P"] = 800, ["/Ac/In/L3/P"] = 850,
                     ["/Ac/In/L2/I"] = 3.6, ["/Dc/0/Voltage"] = 65535 },
          expect = { GV13 = 2550, CV = "no data", ST = "no data",
                     p = { ST = 900, GV1 = 800, GV2 = 850, GV3 = 3.6, CC = "no data" } } },
    },
}
