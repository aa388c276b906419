-- Irradiance sensor, weather station (SolarSense, IMT): one node for each.

--- A SolarSense's error is the states of many things, two bits each: 0 not known, 1 OK, 2 warning, 3 alarm.
-- Those that are OK are none.
local function error_of(rows)
    local code = number(rows, "/ErrorCode")
    if not code or code < 1024 then return code end
    code = code // 1 | 0
    local bad = code & 0xAAAAAAAA
    return bad | code & bad >> 1
end

return {
    api = 2,
    id = "VICMETEO", name = "Meteo Sensor", icon = "Weather",
    match = { service = "meteo" },

    { "ST",      unit.irradiance,        "Irradiance",             "/Irradiance" },
    { "CLITEMP", unit.celsius,           "Cell temperature",       "/CellTemperature", min = -60, max = 150 },
    { "TEMPOUT", unit.celsius,           "External temperature",   "/ExternalTemperature",
                 min = -60, max = 120 },
    { "GV0",     unit.celsius,           "External temperature 2", "/ExternalTemperature2",
                 min = -60, max = 120 },
    { "SPEED",   unit.meters_per_second, "Wind speed",             "/WindSpeed", max = 120 },
    { "WINDDIR", unit.direction,         "Wind direction",         "/WindDirection",
                 min = 0, measured = true },
    { "CPW",     unit.watt,              "Estimated PV power",     "/InstallationPower", min = -0.5 },
    { "GV1",     unit.kwh,               "Yield today",            "/TodaysYield", daily = true,
                 min = 0, max = 100000 },
    { "GV2",     unit.seconds,           "Time since last sun",    "/TimeSinceLastSun",
                 max = 1e8, measured = true },
    { "CV",      unit.volt,              "Sensor battery",         "/BatteryVoltage", min = 0, max = 15 },
    { "ERR",     "meteo_error",          "Error",                  from = error_of },
    { "ALARM",   "alarm",                "Alarm, any",             worst = "/Alarms/" },
    { "GV3",     "alarm",                "Alarm: low battery",     "/Alarms/LowBattery" },

    samples = {
        { rows   = { ["/Irradiance"] = 523, ["/CellTemperature"] = 17.9, ["/BatteryVoltage"] = 3.8,
                     ["/InstallationPower"] = 1230, ["/TodaysYield"] = 4.2, ["/TimeSinceLastSun"] = 80,
                     ["/Alarms/LowBattery"] = 0, ["/ErrorCode"] = 0 },
          expect = { ST = 523, CLITEMP = 17.9, CV = 3.8, CPW = 1230, GV1 = 4.2, GV2 = 80, ERR = 0, ALARM = 0,
                     GV3 = 0, SPEED = "no data", TEMPOUT = "no data" } },
        { rows   = { ["/ErrorCode"] = 134222853 }, expect = { ERR = 134217728 } },
        { rows   = { ["/Irradiance"] = 0, ["/WindSpeed"] = 7.4, ["/WindDirection"] = 275,
                     ["/ExternalTemperature"] = 11, ["/ExternalTemperature2"] = 12,
                     ["/TimeSinceLastSun"] = { value = 2, unit = "h" } },
          expect = { ST = 0, SPEED = 7.4, WINDDIR = 275, TEMPOUT = 11, GV0 = 12, GV2 = 7200 } },
        { rows   = { ["/Irradiance"] = 65535, ["/WindDirection"] = -1, ["/WindSpeed"] = {},
                     ["/TodaysYield"] = { value = 5, timestamp = 1776463199 } },             -- of yesterday
          site   = { midnight = 1776463200 },
          expect = { ST = "no data", WINDDIR = "no data", SPEED = "no data", GV1 = "no data" } },
    },
}
