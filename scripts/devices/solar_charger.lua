-- Solar charger (MPPT): one node for each that VRM reports.
return {
    api = 2,
    id = "VICSOLAR", name = "Solar Charger", icon = "EnergyMonitor",
    match = { service = "solarcharger" },

    { "ST",   unit.watt,       "PV power",                    "/Yield/Power", "PVP" },
    { "GV0",  "charge_state",  "Charge state",                "/State", "ScS" },
    { "CV",   unit.volt,       "PV voltage",                  first = { "/Pv/V", "/Pv/0/V", "PVV", "PVV0" } },
    { "CC",   unit.ampere,     "PV current",                  "/Pv/I", "PVI",          -- VRM often has none
              quotient = { { "/Yield/Power", "PVP" }, { "/Pv/V", "PVV" } } },
    { "GV1",  unit.volt,       "Battery voltage",             "/Dc/0/Voltage", "ScV" },
    { "GV2",  unit.ampere,     "Battery current, + charging", "/Dc/0/Current", "ScI" },
    { "GV3",  unit.kwh,        "Yield today",                 "/History/Daily/0/Yield", "YT" },
    { "GV4",  unit.watt,       "Peak power today",            "/History/Daily/0/MaxPower", "MCPT",
              zero = false },
    { "CPW",  unit.watt,       "Charge power, + charging",    nil, "ScW",              -- into the battery
              product = { { "/Dc/0/Voltage", "ScV" }, { "/Dc/0/Current", "ScI" } } },
    { "GV5",  unit.kwh,        "Yield yesterday",             "/History/Daily/1/Yield", "YY" },
    { "GV6",  unit.watt,       "Peak power yesterday",        "/History/Daily/1/MaxPower", "MCPY",
              zero = false },
    { "TPW",  unit.kwh,        "Yield, total",                "/Yield/User", "YU" },
    { "ERR",  "charger_error", "Error",                       "/ErrorCode", "ScERR" },
    { "MODE", "charger_mode",  "Switch",                      "/Mode", "Scs" },
    { "GV7",  "tracker_state", "Tracker",                     "/MppOperationMode" },
    { "GV8",  "off_on",        "Load output",                 "/Load/State", "SLs" },
    { "GV9",  unit.ampere,     "Load current",                "/Load/I", "SLI" },
    { "GV10", "open_closed",   "Relay",                       "/Relay/0/State", "SRelay" },

    samples = {
        { rows   = { ["/Yield/Power"] = 212, ["/Pv/V"] = 36.2, ["/State"] = 3, ["/Dc/0/Voltage"] = 13.4,
                     ["/Dc/0/Current"] = 15.5, ["/History/Daily/0/Yield"] = 0.84,
                     ["/History/Daily/0/MaxPower"] = 390 },
          expect = { ST = 212, CV = 36.2, CC = 5.9, GV0 = 3, GV1 = 13.4, GV2 = 15.5, GV3 = 0.84, GV4 = 390,
                     CPW = 208 } },
        { rows   = { PVP = 0, PVV = 0, ScS = 0, ScW = 0, ScV = 13.1, YT = 1.2, Scs = 4 },    -- night
          expect = { ST = 0, CC = 0, GV0 = 0, CPW = 0, GV1 = 13.1, GV3 = 1.2, MODE = 4, TPW = "no data" } },
        { rows   = { ["/Yield/Power"] = 100, ["/Pv/I"] = 3.1 },
          expect = { CC = 3.1, CPW = "no data" } },
    },
}
