-- Temperature sensor, with what else it measures (Ruuvi: humidity, pressure, air): one node for each.

--- The pressure of a virtual sensor that is told it in kPa, and says hPa: there is no air of 100 hPa.
local function in_kilopascal(rows)
    local pressure = number(rows, "/Pressure")
    return pressure and pressure >= 30 and pressure <= 110 and 10 * pressure or nil
end

return {
    api = 2,
    id = "VICTEMP", name = "Temperature Sensor", icon = "TempSensor",
    match = { service = "temperature" },

    { "ST",      unit.celsius,         "Temperature",     "/Temperature", "tsT" },
    { "CLIHUM",  unit.percent,         "Humidity",        "/Humidity", "tsH", min = 0, max = 110 },
    { "BARPRES", unit.hectopascal,     "Pressure",        "/Pressure", measured = true,
                 from = in_kilopascal },
    { "GV0",     "temperature_type",   "Sensor type",     "/TemperatureType", "tst", zero = false },
    { "GV2",     "temperature_status", "Sensor status",   "/Status" },
    { "CV",      unit.volt,            "Sensor battery",  "/BatteryVoltage", min = 0, max = 15 },
    { "CO2LVL",  unit.ppm,             "CO2",             "/CO2", max = 50000, measured = true },
    { "VOCLVL",  unit.raw,             "VOC index",       "/VOC",
                 min = 0, max = 500, zero = false, measured = true },
    { "GV1",     unit.raw,             "NOx index",       "/NOX",
                 min = 0, max = 500, zero = false, measured = true },
    { "PM25",    unit.micrograms,      "Particles PM2.5", "/PM25", max = 1000, measured = true },
    { "LUMIN",   unit.lux,             "Luminosity",      "/Luminosity" },
    { "ALARM",   "alarm",              "Alarm, any",      worst = "/Alarms/" },

    parts = {
        { part = "d", id = "VICTEMPD", name = "details",           -- how it lies
          when = { "/AccelX", "/AccelY", "/AccelZ" },
          { "ST",   unit.raw, "Acceleration X (g)",             "/AccelX", places = 3, min = -20, max = 20 },
          { "ACCY", unit.raw, "Acceleration Y (g)",             "/AccelY", places = 3, min = -20, max = 20 },
          { "ACCZ", unit.raw, "Acceleration Z (g)",             "/AccelZ", places = 3, min = -20, max = 20 },
        },
        { part = "s", id = "VICTEMPS", name = "settings",
          { "ST",  unit.raw, "Offset, added (°C)",   "/Offset",
            places = 1, min = -200, max = 200, on_change = true, zero = false },
          { "GV0", unit.raw, "Scale, multiplied by", "/Scale",
            places = 2, min = -100, max = 100, on_change = true, zero = false },
        },
    },

    samples = {
        { rows   = { ["/Temperature"] = 18.1, ["/Humidity"] = 32.61, ["/BatteryVoltage"] = 3.175,
                     ["/Pressure"] = { value = 1001.9, unit = "hPa" }, ["/TemperatureType"] = 2,
                     ["/AccelX"] = 0.048, ["/AccelZ"] = 1.012, ["/Status"] = 0, ["/Alarms/LowBattery"] = 1 },
          expect = { ST = 18.1, CLIHUM = 32.61, CV = 3.175, BARPRES = 1001.9, GV0 = 2, GV2 = 0, ALARM = 1,
                     CO2LVL = "no data", d = { ST = 0.048, ACCZ = 1.012, ACCY = "no data" } } },
        { rows   = { ["/CO2"] = 640, ["/VOC"] = 78, ["/NOX"] = 1, ["/PM25"] = 4.2, ["/Luminosity"] = 310 },
          expect = { CO2LVL = 640, VOCLVL = 78, GV1 = 1, PM25 = 4.2, LUMIN = 310, ST = "no data" } },
        { rows   = { tsT = -18, tst = 6, ["/Offset"] = 0, ["/Scale"] = 1 },      -- a wired one
          expect = { ST = -18, GV0 = 6, s = { ST = 0, GV0 = 1 } } },
        { rows   = { ["/Temperature"] = 655.35, ["/Humidity"] = 163.83, ["/VOC"] = 511, ["/NOX"] = 511,
                     ["/CO2"] = 65535, ["/PM25"] = 6553.5, ["/Luminosity"] = {}, ["/Pressure"] = 0 },
          expect = { ST = "no data", CLIHUM = "no data", VOCLVL = "no data", GV1 = "no data",
                     CO2LVL = "no data", PM25 = "no data", LUMIN = "no data", BARPRES = "no data" } },
    },
}
