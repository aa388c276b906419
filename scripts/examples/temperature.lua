-- Temperature sensor (Ruuvi, wired): one node for each. The dew point is worked out.
local TYPES = {
    [0] = "Battery", [1] = "Fridge", [2] = "Generic", [3] = "Room", [4] = "Outdoor", [5] = "Water heater",
    [6] = "Freezer",
}

local function value(rows, path, code)
    local row = rows[path] or rows[code]
    return row and tonumber(row.value)
end

local function dew_point(rows)                        -- Magnus formula
    local temperature = value(rows, "/Temperature", "tsT")
    local humidity = value(rows, "/Humidity", "tsH")
    if not (temperature and humidity and humidity > 0) then return nil end
    local gamma = math.log(humidity / 100) + 17.62 * temperature / (243.12 + temperature)
    return 243.12 * gamma / (17.62 - gamma)
end

return {
    api = 1,
    id = "MYTEMP", name = "Temperature sensor", icon = "TempSensor",
    match = { service = "temperature" },

    drivers = {
        { "ST",     unit.celsius, "Temperature",    path = "/Temperature", code = "tsT" },
        { "CLIHUM", unit.percent, "Humidity",       path = "/Humidity", code = "tsH", places = 0 },
        { "DEWPT",  unit.celsius, "Dew point",      from = dew_point },
        { "CV",     unit.volt,    "Sensor battery", path = "/BatteryVoltage" },
        { "GV0",    unit.index,   "Sensor type",    path = "/TemperatureType", code = "tst", names = TYPES },
    },

    samples = {
        { rows   = { ["/Temperature"] = 20, ["/Humidity"] = 50, ["/TemperatureType"] = 3 },
          expect = { ST = 20, CLIHUM = 50, DEWPT = 9.3, GV0 = 3, CV = "no data" } },
        { rows   = { tsT = -18 },
          expect = { ST = -18, DEWPT = "no data" } },
    },
}
