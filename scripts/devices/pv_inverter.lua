-- PV inverter: solar power that is fed in as AC.
local POWER = { { "/Ac/{phase}/Power", "pP{n}" } }
local FORWARD = { { "/Ac/{phase}/Energy/Forward", "pE{n}" } }

return {
    api = 2,
    id = "VICPVINV", name = "PV inverter", icon = "EnergyMonitor",
    match = { service = "pvinverter" },

    { "ST",    unit.watt,      "PV power",               "/Ac/Power", sum = POWER },
    { "GV0",   "pv_status",    "Status",                 "/StatusCode", "pS",
      map = function(status) return status ~= 99 and status or nil end },              -- 99: it tells none
    { "TPW",   unit.kwh,       "Energy produced, total", "/Ac/Energy/Forward", sum = FORWARD,
      min = 0 },
    { "GV1",   unit.volt,      "AC voltage L1",          "/Ac/L1/Voltage", "pV1", places = 1,
      min = -0.5, max = 500 },
    { "GV2",   unit.ampere,    "AC current L1",          "/Ac/L1/Current", "pI1" },
    { "FREQ",  unit.hertz,     "AC frequency",           "/Ac/Frequency", max = 100 },
    { "PF",    unit.power_factor, "Power factor",        "/Ac/PowerFactor" },
    { "GV10",  unit.watt,      "Power limit",            "/Ac/PowerLimit", min = 0, zero = false },
    { "GV11",  unit.watt,      "Maximum power",          "/Ac/MaxPower", min = 0, zero = false },
    { "GV9",   "pv_position",  "Position",               "/Position", "pL", zero = false },
    { "ERR",   "device_error", "Error",                  "/ErrorCode", "pE" },
    { "ALARM", "alarm",        "Alarm, any",             worst = "/Alarms/" },

    parts = {
        { part = "p", id = "VICPVINVP", name = "phases",           -- of an inverter with more than L1
          when = { "/Ac/L2/Power", "/Ac/L2/Voltage", "pP2", "pV2",
                   "/Ac/L3/Power", "/Ac/L3/Voltage", "pP3", "pV3" },
          { "ST",          unit.watt,   "PV power",                "/Ac/Power", sum = POWER },
          { "CPW GV1 GV2", unit.watt,   "PV power {phase}",        "/Ac/{phase}/Power", "pP{n}" },
          { "CV GV3 GV4",  unit.volt,   "AC voltage {phase}",      "/Ac/{phase}/Voltage", "pV{n}",
            places = 1, min = -0.5, max = 500 },
          { "CC GV5 GV6",  unit.ampere, "AC current {phase}",      "/Ac/{phase}/Current", "pI{n}" },
          { "GV7 GV8 GV9", unit.kwh,    "Energy produced {phase}", "/Ac/{phase}/Energy/Forward", "pE{n}",
            min = 0 },
        },
    },

    samples = {
        { rows   = { ["/Ac/Power"] = 4743, ["/Ac/L1/Power"] = 1535.13, ["/Ac/L2/Power"] = 1646.56,
                     ["/Ac/L3/Power"] = 1561.31, ["/Ac/L1/Voltage"] = 216.3, ["/Ac/L2/Voltage"] = 232,
                     ["/Ac/L1/Current"] = 7.09, ["/Ac/L3/Current"] = 7.08,
                     ["/Ac/Energy/Forward"] = 105664.696, ["/Ac/L3/Energy/Forward"] = 35222.43,
                     ["/Ac/MaxPower"] = 25000, ["/Ac/PowerLimit"] = 25000, ["/Position"] = 1,
                     ["/StatusCode"] = 12, ["/Ac/PowerFactor"] = 0.97 },
          expect = { ST = 4743, PF = 0.97, GV0 = 12, TPW = 105664.7, GV1 = 216.3, GV2 = 7.1, GV10 = 25000,
                     GV11 = 25000, GV9 = 1, FREQ = "no data", ERR = "no data",
                     p = { ST = 4743, CPW = 1535, GV1 = 1647, GV2 = 1561, CV = 216.3, GV3 = 232,
                           CC = 7.1, GV6 = 7.1, GV9 = 35222.43, GV8 = "no data" } } },
        { rows   = { pP1 = { value = 612, unit = "W" }, pV1 = 231.4, pI1 = 2.65,     -- VRM gave only codes
                     pE1 = { value = 4031.27, unit = "kWh" }, pS = 7, pL = 0, pE = 0 },
          expect = { ST = 612, GV1 = 231.4, GV2 = 2.7, TPW = 4031.27, GV0 = 7, GV9 = 0, ERR = 0 } },
        { rows   = { pP2 = 300, pP3 = 250, pE2 = 5, pE3 = 6 },                       -- not on L1
          expect = { ST = 550, TPW = 11, p = { ST = 550, CPW = "no data", GV1 = 300, GV2 = 250 } } },
        { rows   = { ["/Ac/Power"] = 0, ["/StatusCode"] = 8, ["/ErrorCode"] = 65535,            -- at night
                     ["/Ac/PowerLimit"] = 65535, ["/Ac/L1/Voltage"] = {} },
          expect = { ST = 0, GV0 = 8, ERR = "no data", GV10 = "no data", GV1 = "no data" } },
    },
}
