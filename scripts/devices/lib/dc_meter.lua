-- A SmartShunt or BMV that measures a DC load, a source, or both: the rows all of them have.

--- A device's table with the rows of its energy -> the same with all rows. sign: what its power and current
-- are positive for, ", + consumed"; nil where no source says.
local function meter(device, sign)
    local measured = {
        { "ST",      unit.watt,     "Power" .. (sign or ""),        "/Dc/0/Power",
                     product = { "/Dc/0/Voltage", "/Dc/0/Current" } },
        { "CV",      unit.volt,     "Voltage",                      "/Dc/0/Voltage", min = -0.5 },
        { "CC",      unit.ampere,   "Current" .. (sign or ""),      "/Dc/0/Current", places = 2 },
        { "CLITEMP", unit.celsius,  "Temperature",                  "/Dc/0/Temperature",
                     min = -60, max = 120 },
    }
    local others = {
        { "GV2",     unit.volt,     "Starter or auxiliary voltage", "/Dc/1/Voltage", min = -0.5, max = 100 },
        { "GV11",    "open_closed", "Relay",                        "/Relay/0/State" },

        { "ALARM",   "alarm",       "Alarm, any",                   worst = "/Alarms/" },
        { "GV7",     "alarm",       "Alarm: low voltage",           "/Alarms/LowVoltage" },
        { "GV8",     "alarm",       "Alarm: high voltage",          "/Alarms/HighVoltage" },
        { "GV14",    "alarm",       "Alarm: low starter voltage",   "/Alarms/LowStarterVoltage" },
        { "GV15",    "alarm",       "Alarm: high starter voltage",  "/Alarms/HighStarterVoltage" },
        { "GV9",     "alarm",       "Alarm: low temp.",             "/Alarms/LowTemperature" },
        { "GV10",    "alarm",       "Alarm: high temp.",            "/Alarms/HighTemperature" },
    }
    for i, row in ipairs(measured) do table.insert(device, i, row) end
    for _, row in ipairs(others) do table.insert(device, row) end
    return device
end

return meter
