-- When the GX starts and stops a generator: the settings of the one that its relay 1 starts, number 0 on
-- D-Bus, and of a connected one, number 1. Two parts.
local settings = use "settings"

local function from_on_to(condition)                  -- paths of one condition's settings
    return function(name) return condition .. "/" .. name end
end

--- The part of one generator. number: the GX's, 0 or 1.
local function generator_rules(number, letter, id, name)
    local base = ("/Settings/Generator%d/"):format(number)
    local soc, voltage = from_on_to(base .. "Soc"), from_on_to(base .. "BatteryVoltage")
    local current, load = from_on_to(base .. "BatteryCurrent"), from_on_to(base .. "AcLoad")
    local heat, quiet = from_on_to(base .. "InverterHighTemp"), from_on_to(base .. "QuietHours")
    return settings {
        part = letter, id = id, name = name,
        { "ST",     "off_on",     "Auto start",                 base .. "AutoStartEnabled" },

        { "GV0",    "off_on",     "By SoC",                     soc "Enabled" },
        { "BATLVL", unit.percent, "Start at SoC below",         soc "StartValue", min = 0, max = 100 },
        { "GV1",    unit.percent, "Stop at SoC above",          soc "StopValue", min = 0, max = 100 },
        { "GV2",    unit.seconds, "SoC: start after",           soc "StartTimer", max = 86400 },
        { "GV3",    unit.seconds, "SoC: stop after",            soc "StopTimer", max = 86400 },
        { "GV4",    unit.percent, "Quiet hours: start at SoC below", soc "QuietHoursStartValue",
          min = 0, max = 100 },
        { "GV5",    unit.percent, "Quiet hours: stop at SoC above",  soc "QuietHoursStopValue",
          min = 0, max = 100 },

        { "GV6",    "off_on",     "By battery voltage",         voltage "Enabled" },
        { "CV",     unit.volt,    "Start at voltage below",     voltage "StartValue", min = 0, max = 150 },
        { "GV7",    unit.volt,    "Stop at voltage above",      voltage "StopValue", min = 0, max = 150 },
        { "GV8",    unit.seconds, "Voltage: start after",       voltage "StartTimer", max = 86400 },
        { "GV9",    unit.seconds, "Voltage: stop after",        voltage "StopTimer", max = 86400 },
        { "GV10",   unit.volt,    "Quiet hours: start at voltage below", voltage "QuietHoursStartValue",
          min = 0, max = 150 },
        { "GV11",   unit.volt,    "Quiet hours: stop at voltage above",  voltage "QuietHoursStopValue",
          min = 0, max = 150 },

        { "GV12",   "off_on",     "By battery current",         current "Enabled" },
        { "CC",     unit.ampere,  "Start at discharge current above", current "StartValue",
          min = 0, max = 10000 },
        { "GV13",   unit.ampere,  "Stop at discharge current below",  current "StopValue",
          min = 0, max = 10000 },
        { "GV14",   "off_on",     "By AC load",                 load "Enabled" },
        { "CPW",    unit.watt,    "Start at load above",        load "StartValue", min = 0 },
        { "GV15",   unit.watt,    "Stop at load below",         load "StopValue", min = 0 },
        { "GV16",   "off_on",     "By inverter overload",       base .. "InverterOverload/Enabled" },
        { "GV17",   "off_on",     "By inverter temperature",    heat "Enabled" },
        { "GV18",   unit.seconds, "Overheated: start after",    heat "StartTimer", max = 86400 },
        { "GV19",   unit.seconds, "Overheated: stop after",     heat "StopTimer", max = 86400 },
        { "MODE",   "lost_communication", "When communication is lost", base .. "OnLossCommunication" },

        { "GV20",   "off_on",     "Quiet hours",                quiet "Enabled" },
        { "GV21",   unit.seconds, "Quiet hours from, after midnight", quiet "StartTime", max = 86400 },
        { "GV22",   unit.seconds, "Quiet hours to, after midnight",   quiet "EndTime", max = 86400 },
        { "GV23",   "off_on",     "Test run",                   base .. "TestRun/Enabled" },
        { "GV24",   "off_on",     "Stop when AC input 1 has power", base .. "StopWhenAc1Available" },
        { "GV25",   "off_on",     "Stop when AC input 2 has power", base .. "StopWhenAc2Available" },
        { "GV26",   "off_on",     "Stop at a low tank",         base .. "TankLevel/Enabled" },
        { "TANKCAP", unit.percent, "Stop at tank level below",  base .. "TankLevel/StopValue",
          min = 0, max = 100 },
        { "DUR",    unit.minutes, "Minimum run time",           base .. "MinimumRuntime", max = 86400 },
        { "DELAY",  unit.seconds, "Warm-up time",               base .. "WarmUpTime", max = 86400 },
        { "GV28",   unit.seconds, "Cool-down time",             base .. "CoolDownTime", max = 86400 },
        { "GV29",   unit.seconds, "Stop time",                  base .. "GeneratorStopTime", max = 86400 },
        { "GV27",   unit.seconds, "Service interval",           base .. "ServiceInterval" },
    }
end

return {
    relay = generator_rules(0, "g", "VICGWG", "generator rules"),
    connected = generator_rules(1, "j", "VICGWJ", "generator 2 rules"),
}
