-- The engine of a genset, AC or DC: two parts.
local engine = {}

function engine.values(id)
    return {
        part = "d", id = id, name = "engine",
        { "ST",      unit.rpm,        "Engine speed",         "/Engine/Speed" },
        { "GV0",     unit.percent,    "Engine load",          "/Engine/Load", min = 0, max = 125 },
        { "CLITEMP", unit.celsius,    "Coolant temperature",  "/Engine/CoolantTemperature",
          min = -60, max = 200 },
        { "TEMPEXH", unit.celsius,    "Exhaust temperature",              -- Victron has both
          first = { "/Engine/ExaustTemperature", "/Engine/ExhaustTemperature" }, min = -60, max = 900 },
        { "GV1",     unit.celsius,    "Winding temperature",  "/Engine/WindingTemperature",
          min = -60, max = 250 },
        { "GV2",     unit.celsius,    "Heatsink temperature", "/HeatsinkTemperature", min = -60, max = 200 },
        { "GV3",     unit.celsius,    "Oil temperature",      "/Engine/OilTemperature",
          min = -60, max = 250 },
        { "GV4",     unit.kilopascal, "Oil pressure",         "/Engine/OilPressure" },
        { "GV5",     unit.counter,    "Engine starts",        "/Engine/Starts", max = 60000 },
    }
end

function engine.alarms(id)
    return {
        part = "a", id = id, name = "alarms",
        { "ST",   "alarm", "Alarm, any",                  worst = "/Alarms/" },
        { "GV0",  "alarm", "Alarm: emergency stop",       "/Alarms/EmergencyStop" },
        { "GV1",  "alarm", "Alarm: generic",              "/Alarms/GenericAlarm" },
        { "GV10", "alarm", "Alarm: temperature",          "/Alarms/HighTemperature" },
        { "GV3",  "alarm", "Alarm: low coolant level",    "/Alarms/LowCoolantLevel" },
        { "GV4",  "alarm", "Alarm: low fuel level",       "/Alarms/LowFuelLevel" },
        { "GV5",  "alarm", "Alarm: low oil level",        "/Alarms/LowOilLevel" },
        { "GV6",  "alarm", "Alarm: low oil pressure",     "/Alarms/LowOilPressure" },
        { "GV14", "alarm", "Alarm: low starter voltage",  "/Alarms/LowStarterVoltage" },
        { "GV15", "alarm", "Alarm: high starter voltage", "/Alarms/HighStarterVoltage" },
        { "GV2",  "alarm", "Alarm: service needed",       "/Alarms/ServicesNeeded" },
    }
end

return engine
