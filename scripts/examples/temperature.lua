-- Temperature sensor (Ruuvi, wired): one node for each. The dew point is worked out.
local TYPES = {
    [0] = "Battery", [1] = "Fridge", [2] = "Generic", [3] = "Room", [4] = "Outdoor", [5] = "Water heater",
    [6] = "Freezer",
}

local function dew_point(rows)                        -- Magnus formula
    local temperature = number(rows, "/Temperature", "tsT")
    local humidity = number(rows, "/Humidity", "tsH")
    if not (temperature and humidity and humidity > 0) then return nil end
    local gamma = math.log(humidity / 100) + 17.62 * temperature / (243.12 + temperature)
    return 243.12 * gamma / (17.62 - gamma)
end

return {
    api = 2,
    id = "MYTEMP", name = "Temperature sensor", icon = "TempSensor",
    match = { service = "temperature" },

    { "ST",     unit.celsius, "Temperature",    "/Temperature", "tsT" },
    { "CLIHUM", unit.percent, "Humidity",       "/Humidity", "tsH", places = 0 },
    { "DEWPT",  unit.celsius, "Dew point",      from = dew_point },
    { "CV",     unit.volt,    "Sensor battery", "/BatteryVoltage" },
    { "GV0",    TYPES,        "Sensor type",    "/TemperatureType", "tst" },

    samples = {
        { rows   = { ["/Temperature"] = 20, ["/Humidity"] = 50, ["/TemperatureType"] = 3 },
          expect = { ST = 20, CLIHUM = 50, DEWPT = 9.3, GV0 = 3, CV = "no data" } },
        { rows   = { tsT = -18 },
          expect = { ST = -18, DEWPT = "no data" } },
    },
}
