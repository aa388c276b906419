-- Heat pump, or an energy meter at one.
local POWER = { "/Ac/{phase}/Power" }
local FORWARD = { "/Ac/{phase}/Energy/Forward" }

return {
    api = 2,
    id = "VICHEATPUMP", name = "Heat pump", icon = "EnergyMonitor",
    match = { service = "heatpump" },

    { "ST",      unit.watt,         "AC power, + consumed",          "/Ac/Power", sum = POWER },
    { "GV0",     "heat_pump_state", "State",                         "/State" },
    { "CLITEMP", unit.celsius,      "Temperature",                   "/Temperature", min = -60, max = 120 },
    { "TTEMP",   unit.celsius,      "Target temperature",            "/TargetTemperature",
      min = -60, max = 120, zero = false },
    { "TPW",     unit.kwh,          "Energy consumed, total",        "/Ac/Energy/Forward", sum = FORWARD,
      min = 0 },
    { "GV1",     unit.volt,         "AC voltage L1",                 "/Ac/L1/Voltage", places = 1,
      min = -0.5, max = 500 },
    { "GV2",     unit.ampere,       "AC current L1",                 "/Ac/L1/Current" },
    { "FREQ",    unit.hertz,        "AC frequency",                  "/Ac/Frequency", max = 100 },
    { "GV5",     unit.volt,         "AC voltage, as the meter says", "/Ac/Voltage", places = 1,
      min = -0.5, max = 500 },
    { "GV6",     unit.ampere,       "AC current, as the meter says", "/Ac/Current" },
    { "GV9",     "load_position",   "Position",                      "/Position", zero = false },
    { "ERR",     "device_error",    "Error",                         "/ErrorCode" },
    { "ALARM",   "alarm",           "Alarm, any",                    worst = "/Alarms/" },

    parts = {
        { part = "p", id = "VICHEATPUMPP", name = "phases",        -- of a heat pump with more than one
          when = { "/Ac/L2/Power", "/Ac/L2/Voltage", "/Ac/L3/Power", "/Ac/L3/Voltage" },
          { "ST",          unit.watt,   "AC power, + consumed",         "/Ac/Power", sum = POWER },
          { "CPW GV1 GV2", unit.watt,   "AC power {phase}, + consumed", "/Ac/{phase}/Power" },
          { "CV GV3 GV4",  unit.volt,   "AC voltage {phase}",           "/Ac/{phase}/Voltage",
            places = 1, min = -0.5, max = 500 },
          { "CC GV5 GV6",  unit.ampere, "AC current {phase}",           "/Ac/{phase}/Current" },
          { "GV7 GV8 GV9", unit.kwh,    "Energy consumed {phase}",      "/Ac/{phase}/Energy/Forward",
            min = 0 },
        },
    },

    samples = {
        { rows   = { ["/Ac/Current"] = 0, ["/Ac/Energy/Forward"] = 12345.8, ["/Ac/Frequency"] = 50,
                     ["/Ac/L1/Current"] = 10.1, ["/Ac/L1/Energy/Forward"] = 12345.7, ["/Ac/L1/Power"] = 311,
                     ["/Ac/L1/Voltage"] = 227.3, ["/Ac/L2/Power"] = 322, ["/Ac/L2/Voltage"] = 228,
                     ["/Ac/L3/Power"] = 0, ["/Ac/L3/Voltage"] = 0, ["/Ac/Power"] = 633,
                     ["/Ac/Voltage"] = 132.7, ["/ErrorCode"] = 0, ["/Position"] = 1 },
          expect = { ST = 633, TPW = 12345.8, FREQ = 50, GV1 = 227.3, GV2 = 10.1, GV5 = 132.7, GV6 = 0,
                     GV9 = 1, ERR = 0, GV0 = "no data", CLITEMP = "no data",
                     p = { ST = 633, CPW = 311, GV1 = 322, GV2 = 0, CV = 227.3, GV3 = 228, GV7 = 12345.7,
                           CC = 10.1, GV8 = "no data" } } },
        { rows   = { ["/Ac/L1/Power"] = 1840, ["/Ac/L1/Energy/Forward"] = 77.5, ["/State"] = 3,
                     ["/Temperature"] = { value = 46.5, unit = "°C" }, ["/TargetTemperature"] = 50 },
          expect = { ST = 1840, TPW = 77.5, GV0 = 3, CLITEMP = 46.5, TTEMP = 50 } },
        { rows   = { ["/State"] = 255, ["/Temperature"] = 3276.7, ["/TargetTemperature"] = -273.15,
                     ["/Ac/Power"] = {} },
          expect = { ST = "no data", GV0 = "no data", CLITEMP = "no data", TTEMP = "no data" } },
    },
}
