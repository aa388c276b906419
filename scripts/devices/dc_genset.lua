-- DC genset: an engine that charges the battery.
local engine = use "engine"
local errors = use "errors"

local POWER = { "/Ac/{phase}/Power" }

return {
    api = 2,
    id = "VICDCGEN", name = "DC genset", icon = "EnergyMonitor",
    match = { service = "dcgenset" },

    { "ST",    unit.watt,       "DC power, + charging",      "/Dc/0/Power",
      product = { "/Dc/0/Voltage", "/Dc/0/Current" } },
    { "GV0",   "genset_status", "Status",                    "/StatusCode",
      events = { [0] = "GENSTOP", [8] = "GENSTART", [10] = "GENSTOP" } },
    { "ERR",   "genset_error",  "Error",                     from = errors.of "fischerpanda" },
    { "ALARM", "alarm",         "Alarm, any",                worst = "/Alarms/" },
    { "CV",    unit.volt,       "DC voltage",                "/Dc/0/Voltage", min = -0.5, max = 100 },
    { "CC",    unit.ampere,     "DC current, + charging",    "/Dc/0/Current" },
    { "TPW",   unit.kwh,        "DC energy produced, total", "/History/EnergyOut", min = 0 },
    { "GV10",  unit.volt,       "Starter battery voltage",   "/StarterVoltage", min = -0.5, max = 100 },
    { "GV11",  unit.hours,      "Operating time, total",     "/Engine/OperatingHours", max = 1e5 },
    { "GV12",  "off_on",        "Start requested",           "/Start" },
    { "GV13",  "off_on",        "Remote start mode",         zero = false,
      first = { "/RemoteStartModeEnabled", "/AutoStart" } },
    { "GV14",  "off_on",        "Remote start mode, as set", "/EnableRemoteStartMode", zero = false },
    { "GV15",  unit.count,      "Phases",                    "/NrOfPhases", min = 1, max = 3, zero = false },

    events = { GENSTART = "Generator started", GENSTOP = "Generator stopped" },

    parts = {
        { part = "p", id = "VICDCGENP", name = "AC output",        -- of one that has AC, too
          { "ST",          unit.watt,   "AC power",                  "/Ac/Power", sum = POWER },
          { "FREQ",        unit.hertz,  "AC frequency",              "/Ac/Frequency", max = 100 },
          { "TPW",         unit.kwh,    "AC energy produced, total", "/Ac/Energy/Forward",
            min = 0 },
          { "CPW GV1 GV2", unit.watt,   "AC power {phase}",          "/Ac/{phase}/Power" },
          { "CV GV3 GV4",  unit.volt,   "AC voltage {phase}",        "/Ac/{phase}/Voltage",
            places = 1, min = -0.5, max = 500 },
          { "CC GV5 GV6",  unit.ampere, "AC current {phase}",        "/Ac/{phase}/Current" },
        },
        engine.values "VICDCGEND",
        engine.alarms "VICDCGENA",
    },

    samples = {
        { rows   = { ["/Dc/0/Current"] = 21, ["/Dc/0/Power"] = 1131, ["/Dc/0/Voltage"] = 53.84,
                     ["/Engine/CoolantTemperature"] = 82.5, ["/Engine/ExhaustTemperature"] = 344.2,
                     ["/Engine/Load"] = 48, ["/Engine/OilPressure"] = 351, ["/Engine/OilTemperature"] = 75.3,
                     ["/Engine/OperatingHours"] = { value = 21960, unit = "s" }, ["/Engine/Speed"] = 1829,
                     ["/Engine/Starts"] = 1, ["/Engine/WindingTemperature"] = 64.9, ["/ErrorCode"] = 0,
                     ["/RemoteStartModeEnabled"] = 1, ["/Start"] = 1, ["/StarterVoltage"] = 12,
                     ["/StatusCode"] = 8, ["/History/EnergyOut"] = 512.6, ["/Alarms/EmergencyStop"] = 0,
                     ["/Alarms/LowOilPressure"] = 2 },
          expect = { ST = 1131, GV0 = 8, ERR = 0, ALARM = 2, CV = 53.84, CC = 21, TPW = 512.6, GV10 = 12,
                     GV11 = 6.1, GV12 = 1, GV13 = 1,
                     d = { ST = 1829, GV0 = 48, CLITEMP = 82.5, TEMPEXH = 344.2, GV1 = 64.9, GV3 = 75.3,
                           GV4 = 351, GV5 = 1, GV2 = "no data" },
                     a = { ST = 2, GV0 = 0, GV6 = 2 } } },
        { rows   = { ["/Dc/0/Voltage"] = 27.2, ["/Dc/0/Current"] = 50, ["/Ac/L1/Power"] = 800,
                     ["/Ac/L2/Power"] = 700, ["/Ac/L1/Voltage"] = 229.4, ["/Ac/Frequency"] = 50,
                     ["/Engine/ExaustTemperature"] = 67, ["/HeatsinkTemperature"] = 20,
                     ["/Error/0/Id"] = "fischerpanda:e-17" },
          expect = { ST = 1360, TPW = "no data", ERR = 17, ALARM = 2, d = { TEMPEXH = 67, GV2 = 20 },
                     p = { ST = 1500, CPW = 800, GV1 = 700, CV = 229.4, FREQ = 50 } } },
        { rows   = { ["/Dc/0/Power"] = {}, ["/Dc/0/Voltage"] = 655.35, ["/Dc/0/Current"] = 3276.7,
                     ["/StatusCode"] = 255, ["/Engine/Speed"] = 65535, ["/Alarms/HighTemperature"] = 65535 },
          expect = { ST = "no data", CV = "no data", CC = "no data", GV0 = "no data", ALARM = "no data",
                     d = { ST = "no data" } } },
    },
}
