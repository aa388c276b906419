-- EV charging station, or an energy meter at one.
local POWER = { "/Ac/{phase}/Power" }
local FORWARD = { "/Ac/{phase}/Energy/Forward" }

return {
    api = 2,
    id = "VICEVCHG", name = "EV charger", icon = "EnergyMonitor",
    match = { service = "evcharger" },

    { "ST",    unit.watt,           "AC power, + charging",        "/Ac/Power", "evp", sum = POWER },
    { "GV0",   "ev_charger_status", "Status",                      "/Status", "evs" },
    { "MODE",  "ev_charger_mode",   "Mode",                        "/Mode", "evm", zero = false,
      set = { choices = { 0, 1, 2 } } },
    { "GV18",  "off_on",            "Charging enabled",            "/StartStop", "eve",
      set = { choices = { 0, 1 }, timed = "also" } },
    { "GV10",  unit.ampere,         "Charging current",            "/Current", "evi" },
    { "GV11",  unit.ampere,         "Charging current, as set",    "/SetCurrent",
      min = 0, max = 500, zero = false,
      set = { min = 1, max = 100, step = 1, timed = "also", within = { "/MinCurrent", "/MaxCurrent" },
              only = { { "/Mode", 0, "its mode is not Manual" } } } },
    { "GV12",  unit.ampere,         "Charging current, maximum",   "/MaxCurrent", "evmi",
      min = 0, max = 500, zero = false },
    { "GV13",  unit.ampere,         "Charging current, minimum",   "/MinCurrent",
      min = 0, max = 500, zero = false },
    { "GV14",  unit.kwh,            "Energy of the session",       "/Session/Energy", min = 0, max = 600 },
    { "GV15",  unit.minutes,        "Time of the session",         "/Session/Time", max = 60000 },
    { "GV22",  unit.minutes,        "Charging time",               "/ChargingTime", "evt",
      max = 60000, measured = true },               -- newer gateways send it no more, VRM repeats it
    { "GV16",  unit.raw,            "Cost of the session",         "/Session/Cost", places = 2,
      min = 0, max = 1e5, zero = false },
    { "GV17",  unit.raw,            "Saved cost of the session",   "/Session/SavedCost", places = 2,
      min = -1e5, max = 1e5, zero = false },
    { "TPW",   unit.kwh,            "Energy charged",              "/Ac/Energy/Forward", "evf",
      sum = FORWARD, min = 0 },                       -- of the session with old firmware
    { "GV1",   unit.volt,           "AC voltage L1",               "/Ac/L1/Voltage", places = 1,
      min = -0.5, max = 500 },
    { "GV2",   unit.ampere,         "AC current L1",               "/Ac/L1/Current" },
    { "FREQ",  unit.hertz,          "AC frequency",                "/Ac/Frequency", max = 100 },
    { "GV9",   "load_position",     "Position",                    "/Position", zero = false },
    { "GV19",  "off_on",            "Auto start",                  "/AutoStart", zero = false },
    { "GV20",  "locked_unlocked",   "Display",                     "/EnableDisplay", zero = false },
    { "GV21",  "no_yes",            "Connected to the GX",         "/Connected" },
    { "ERR",   "device_error",      "Error",                       "/ErrorCode" },
    { "ALARM", "alarm",             "Alarm, any",                  worst = "/Alarms/" },

    parts = {
        { part = "p", id = "VICEVCHGP", name = "phases",           -- of a charger with more than one
          when = { "/Ac/L2/Power", "/Ac/L2/Voltage", "/Ac/L3/Power", "/Ac/L3/Voltage" },
          { "ST",          unit.watt,   "AC power, + charging",         "/Ac/Power", "evp", sum = POWER },
          { "CPW GV1 GV2", unit.watt,   "AC power {phase}, + charging", "/Ac/{phase}/Power" },
          { "CV GV3 GV4",  unit.volt,   "AC voltage {phase}",           "/Ac/{phase}/Voltage",
            places = 1, min = -0.5, max = 500 },
          { "CC GV5 GV6",  unit.ampere, "AC current {phase}",           "/Ac/{phase}/Current" },
          { "GV7 GV8 GV9", unit.kwh,    "Energy charged {phase}",       "/Ac/{phase}/Energy/Forward",
            min = 0 },
        },
    },

    samples = {
        { rows   = { evp = { value = 7360, unit = "W" }, evi = { value = 32, unit = "A" }, evm = 0, evs = 2,
                     evmi = { value = 32, unit = "A" }, evf = { value = 2.84, unit = "kWh" }, eve = 1,
                     evt = { value = 1930, unit = "s" } },                           -- VRM gave only codes
          expect = { ST = 7360, GV10 = 32, MODE = 0, GV0 = 2, GV12 = 32, TPW = 2.84, GV18 = 1, GV22 = 32,
                     GV15 = "no data", GV14 = "no data", GV11 = "no data" } },
        { rows   = { ["/Ac/Energy/Forward"] = 17.26, ["/Ac/Power"] = 6927, ["/Ac/L1/Power"] = 6927,
                     ["/Ac/L2/Power"] = 0, ["/Ac/L3/Power"] = 0, ["/AutoStart"] = 1, ["/Connected"] = 1,
                     ["/Current"] = 22, ["/EnableDisplay"] = 1, ["/MaxCurrent"] = 32, ["/MinCurrent"] = 6,
                     ["/Mode"] = 1, ["/Position"] = 0, ["/Session/Energy"] = 3.45,
                     ["/Session/Time"] = { value = 8838, unit = "s" }, ["/ChargingTime"] = 0,
                     ["/Session/Cost"] = 1.234, ["/SetCurrent"] = 22, ["/StartStop"] = 1,
                     ["/Status"] = 4 },
          expect = { ST = 6927, TPW = 17.26, GV0 = 4, MODE = 1, GV9 = 0, GV10 = 22, GV11 = 22, GV12 = 32,
                     GV13 = 6, GV14 = 3.45, GV15 = 147, GV22 = 0, GV16 = 1.23, GV18 = 1, GV19 = 1, GV20 = 1,
                     GV21 = 1,
                     p = { ST = 6927, CPW = 6927, GV1 = 0, GV2 = 0, CV = "no data" } } },
        { rows   = { ["/Ac/L1/Power"] = 30, ["/Ac/L2/Power"] = 40, ["/Ac/L2/Voltage"] = 227.3,     -- a meter
                     ["/Ac/L1/Energy/Forward"] = 39868.7, ["/Status"] = {}, ["/Current"] = {},
                     ["/MaxCurrent"] = {}, ["/ChargingTime"] = {} },
          expect = { ST = 70, GV0 = "no data", GV10 = "no data", GV12 = "no data", GV22 = "no data",
                     TPW = 39868.7, p = { ST = 70, GV1 = 40, GV3 = 227.3, GV7 = 39868.7 } } },
        { rows   = { evp = 65535, evs = 65535, evt = { value = 4294967295, unit = "s" } },
          expect = { ST = "no data", GV0 = "no data", GV22 = "no data" } },
    },
}
