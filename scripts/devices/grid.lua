-- Grid meter: what comes from the grid is positive, what goes to it negative.
local counted = use "quantity".counted

local POWER = { "/Ac/{phase}/Power" }

local OF_A_PHASE = { "Power", "Voltage", "Current", "Energy/Forward", "Energy/Reverse" }

--- Whether a meter has a phase: any number of it.
local function has_phase(rows, n)
    for _, what in ipairs(OF_A_PHASE) do
        if number(rows, "/Ac/L" .. n .. "/" .. what) then return true end
    end
    return false
end

--- The counter of a meter of one phase that gives none for the whole. One of three phases counts over all of
-- them at once: its counters are not the sum of those of the phases.
local function of_one_phase(direction)
    return function(rows)
        local phases = {}
        for n = 1, 3 do
            if has_phase(rows, n) then phases[#phases + 1] = "/Ac/L" .. n end
        end
        return #phases == 1 and counted(rows, phases[1] .. "/Energy/" .. direction) or nil
    end
end

return {
    api = 2,
    id = "VICGRID", name = "Grid meter", icon = "EnergyMonitor",
    match = { service = "grid" },

    { "ST",    unit.watt,         "Power, + from the grid",       "/Ac/Power", sum = POWER },
    { "TPW",   unit.kwh,          "Energy from the grid, total",  "/Ac/Energy/Forward",
      from = of_one_phase "Forward", min = 0 },
    { "GV3",   unit.kwh,          "Energy to the grid, total",    "/Ac/Energy/Reverse",
      from = of_one_phase "Reverse", min = 0 },
    { "GV1",   unit.volt,         "AC voltage L1",                "/Ac/L1/Voltage", places = 1,
      min = -0.5, max = 500 },
    { "GV2",   unit.ampere,       "AC current L1",                "/Ac/L1/Current" },
    { "FREQ",  unit.hertz,        "AC frequency",                 "/Ac/Frequency", max = 100 },
    { "PF",    unit.power_factor, "Power factor",                 "/Ac/PowerFactor" },
    { "GV4",   unit.power_factor, "Power factor L1",              "/Ac/L1/PowerFactor" },
    { "GV5",   unit.volt,         "AC voltage, as the meter says", "/Ac/Voltage", places = 1,
      min = -0.5, max = 500 },
    { "GV6",   unit.ampere,       "AC current, as the meter says", "/Ac/Current" },
    { "GV7",   unit.ampere,       "Neutral current",              "/Ac/N/Current" },
    { "GV8",   unit.volt,         "PEN voltage",                  "/Ac/PENVoltage", min = -500, max = 500 },
    { "ERR",   "device_error",    "Error",                        "/ErrorCode" },
    { "ALARM", "alarm",           "Alarm, any",                   worst = "/Alarms/" },

    parts = {
        { part = "p", id = "VICGRIDP", name = "phases",            -- of a meter with more than one
          when = { "/Ac/L2/Power", "/Ac/L2/Voltage", "/Ac/L3/Power", "/Ac/L3/Voltage" },
          { "ST",             unit.watt,         "Power, + from the grid",         "/Ac/Power", sum = POWER },
          { "CPW GV1 GV2",    unit.watt,         "Power {phase}, + from the grid", "/Ac/{phase}/Power" },
          { "CV GV3 GV4",     unit.volt,         "AC voltage {phase}",             "/Ac/{phase}/Voltage",
            places = 1, min = -0.5, max = 500 },
          { "CC GV5 GV6",     unit.ampere,       "AC current {phase}",             "/Ac/{phase}/Current" },
          { "GV7 GV8 GV9",    unit.kwh,          "Energy from the grid {phase}",
            "/Ac/{phase}/Energy/Forward", min = 0 },
          { "GV10 GV11 GV12", unit.kwh,          "Energy to the grid {phase}",
            "/Ac/{phase}/Energy/Reverse", min = 0 },
          { "GV13 GV14 GV15", unit.power_factor, "Power factor {phase}",
            "/Ac/{phase}/PowerFactor" },
          { "GV16 GV17 GV18", unit.volt,         "Line-to-line voltage {phase}",
            "/Ac/{phase}/VoltageLineToLine", places = 1, min = -0.5, max = 900 },
          { "GV19",           "phase_sequence",  "Phase sequence",  "/PhaseSequence",
            zero = false },
        },
    },

    samples = {                                          -- of three phases, with totals and without; of one
        { rows   = { ["/Ac/Power"] = { value = 4642, unit = "W" }, ["/Ac/L1/Power"] = 1962,
                     ["/Ac/L2/Power"] = 972.5, ["/Ac/L3/Power"] = 1806, ["/Ac/Frequency"] = 50.01,
                     ["/Ac/L1/Voltage"] = 216.55, ["/Ac/L2/Voltage"] = 217.69,
                     ["/Ac/L1/Current"] = 10.71, ["/Ac/L3/Current"] = 9.9,
                     ["/Ac/Energy/Forward"] = 24214.27, ["/Ac/Energy/Reverse"] = 274.08,
                     ["/Ac/L1/Energy/Forward"] = 10328.15, ["/Ac/L2/Energy/Reverse"] = 431.45,
                     ["/Ac/PowerFactor"] = 0.75, ["/Ac/L3/PowerFactor"] = 0.81, ["/Ac/N/Current"] = 5.3,
                     ["/Ac/PENVoltage"] = 2.75, ["/Ac/L1/VoltageLineToLine"] = 376.24,
                     ["/PhaseSequence"] = 0, ["/ErrorCode"] = 0, ["/Alarms/PhaseRotation"] = 0 },
          expect = { ST = 4642, TPW = 24214.27, GV3 = 274.08, GV1 = 216.6, GV2 = 10.7, FREQ = 50.01,
                     PF = 0.75, GV4 = "no data", GV7 = 5.3, GV8 = 2.75, ERR = 0, ALARM = 0,
                     p = { ST = 4642, CPW = 1962, GV1 = 972, GV2 = 1806, CV = 216.6, GV3 = 217.7,
                           GV4 = "no data", CC = 10.7, GV6 = 9.9, GV7 = 10328.15, GV8 = "no data",
                           GV11 = 431.45, GV15 = 0.81, GV16 = 376.2, GV19 = 0 } } },
        { rows   = { ["/Ac/L1/Power"] = -1500, ["/Ac/L2/Power"] = 400, ["/Ac/L3/Power"] = 100,
                     ["/Ac/L1/Energy/Forward"] = 10, ["/Ac/L2/Energy/Forward"] = 20,
                     ["/Ac/L3/Energy/Forward"] = 30 },
          expect = { ST = -1000, TPW = "no data", GV3 = "no data",
                     p = { ST = -1000, CPW = -1500, GV7 = 10, GV9 = 30 } } },
        { rows   = { ["/Ac/L1/Power"] = 480, ["/Ac/L1/Voltage"] = 229.7, ["/Ac/L1/Current"] = 2.1,
                     ["/Ac/L1/Energy/Forward"] = 812.5,
                     ["/Ac/L1/Energy/Reverse"] = { value = 3200, unit = "Wh" } },
          expect = { ST = 480, GV1 = 229.7, GV2 = 2.1, TPW = 812.5, GV3 = 3.2, FREQ = "no data" } },
        { rows   = { ["/Ac/Power"] = {}, ["/Ac/L1/Power"] = 65535, ["/Ac/L1/Voltage"] = 6553.5,
                     ["/Ac/Energy/Forward"] = 4294967.295, ["/Ac/Frequency"] = 655.35,
                     ["/Alarms/PhaseRotation"] = 65535 },
          expect = { ST = "no data", GV1 = "no data", TPW = "no data", FREQ = "no data",
                     ALARM = "no data" } },
    },
}
