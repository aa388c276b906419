-- Solar charger (MPPT): one node for each that VRM reports.
return {
    api = 2,
    id = "VICSOLAR", name = "Solar Charger", icon = "EnergyMonitor",
    match = { service = "solarcharger" },

    { "ST",   unit.watt,       "PV power",                    "/Yield/Power", "PVP",
              min = 0, max = 30000 },
    { "GV0",  "charge_state",  "Charge state",                "/State", "ScS" },
    { "CV",   unit.volt,       "Battery voltage",             "/Dc/0/Voltage", "ScV",
              min = 0, max = 100 },
    { "CC",   unit.ampere,     "Battery current, + charging", "/Dc/0/Current", "ScI" },
    { "CPW",  unit.watt,       "Charge power, + charging",    nil, "ScW",               -- into the battery
              product = { { "/Dc/0/Voltage", "ScV" }, { "/Dc/0/Current", "ScI" } } },
    { "GV1",  unit.volt,       "PV voltage",                  first = { "/Pv/V", "/Pv/0/V", "PVV", "PVV0" },
              min = 0, max = 600 },
    { "GV2",  unit.ampere,     "PV current",                  "/Pv/I", "PVI",           -- VRM often has none
              quotient = { { "/Yield/Power", "PVP" }, { "/Pv/V", "PVV" } } },
    { "GV3",  unit.kwh,        "Yield today",                 "/History/Daily/0/Yield", "YT",
              daily = true, min = 0, max = 600 },
    { "GV4",  unit.watt,       "Peak power today",            "/History/Daily/0/MaxPower", "MCPT",
              daily = true, min = 0, max = 30000 },
    { "GV5",  unit.kwh,        "Yield yesterday",             "/History/Daily/1/Yield", "YY",
              daily = true, min = 0, max = 600 },
    { "GV6",  unit.watt,       "Peak power yesterday",        "/History/Daily/1/MaxPower", "MCPY",
              daily = true, min = 0, max = 30000 },
    { "TPW",  unit.kwh,        "Yield, total",                "/Yield/User", "YU", min = 0, max = 1e6 },
    { "ERR",  "charger_error", "Error",                       "/ErrorCode", "ScERR" },
    { "MODE", "charger_mode",  "Switch",                      "/Mode", "Scs" },
    { "GV7",  "tracker_state", "Tracker",                     "/MppOperationMode" },
    { "GV8",  "off_on",        "Load output",                 "/Load/State", "SLs" },
    { "GV9",  unit.ampere,     "Load current",                "/Load/I", "SLI" },
    { "GV10", "open_closed",   "Relay",                       "/Relay/0/State", "SRelay" },

    parts = {
        { part = "t", id = "VICSOLART", name = "trackers",         -- of a charger that has more than one
          when = { "/Pv/1/P", "/Pv/1/V" },
          { "ST",                  unit.watt,       "PV power",             "/Yield/Power", "PVP",
            min = 0, max = 30000 },
          { "CPW GV1 GV2 GV3",     unit.watt,       "Tracker {n} power",    "/Pv/{n-1}/P",
            min = 0, max = 30000 },
          { "CV GV4 GV5 GV6",      unit.volt,       "Tracker {n} voltage",  "/Pv/{n-1}/V",
            min = 0, max = 600 },
          { "CC GV7 GV8 GV9",      unit.ampere,     "Tracker {n} current",
            quotient = { "/Pv/{n-1}/P", "/Pv/{n-1}/V" } },
          { "GV10 GV11 GV12 GV13", "tracker_state", "Tracker {n}",          "/Pv/{n-1}/MppOperationMode" },
        },
    },

    samples = {
        { rows   = { ["/Yield/Power"] = 212, ["/Pv/V"] = 36.2, ["/State"] = 3, ["/Dc/0/Voltage"] = 13.4,
                     ["/Dc/0/Current"] = 15.5, ["/History/Daily/0/Yield"] = 0.84,
                     ["/History/Daily/0/MaxPower"] = 390 },
          expect = { ST = 212, GV1 = 36.2, GV2 = 5.9, GV0 = 3, CV = 13.4, CC = 15.5, GV3 = 0.84, GV4 = 390,
                     CPW = 208 } },
        { rows   = { PVP = 0, PVV = 0, ScS = 0, ScW = 0, ScV = 13.1, YT = 1.2, Scs = 4 },    -- night
          expect = { ST = 0, GV2 = 0, GV0 = 0, CPW = 0, CV = 13.1, GV3 = 1.2, MODE = 4, TPW = "no data" } },
        { rows   = { ["/History/Daily/0/Yield"] = { value = 1.2, timestamp = 1776463199 },   -- of the evening
                     ["/History/Daily/1/Yield"] = { value = 2.4, timestamp = 1776463200 } },
          site   = { midnight = 1776463200 },
          expect = { GV3 = "no data", GV5 = 2.4 } },
        { rows   = { ["/Yield/Power"] = 100, ["/Pv/I"] = 3.1 },
          expect = { GV2 = 3.1, CPW = "no data" } },
        { rows   = { ["/Yield/Power"] = 900, ["/Pv/0/P"] = 600, ["/Pv/0/V"] = 120, ["/Pv/1/P"] = 300,
                     ["/Pv/1/V"] = 100 },                                                    -- MPPT RS
          expect = { ST = 900, t = { ST = 900, CPW = 600, GV1 = 300, CV = 120, GV4 = 100, CC = 5, GV7 = 3,
                                     GV2 = "no data" } } },
    },
}
