-- Inverters and inverter/chargers: MultiPlus, Quattro, EasySolar (vebus), Phoenix (inverter), RS (multi).
local PHASES = { "L1", "L2", "L3" }

local function value(rows, path, code)
    local row = rows[path] or rows[code]
    return row and tonumber(row.value)
end

local function output_power(rows)                     -- all phases; a small Phoenix gives no power: U * I
    local total
    for i, phase in ipairs(PHASES) do
        local out = "/Ac/Out/" .. phase
        local power = value(rows, out .. "/P", "OP" .. i)
        if not power then
            local voltage, current = value(rows, out .. "/V", "OV" .. i), value(rows, out .. "/I", "OI" .. i)
            power = voltage and current and voltage * current
        end
        if power then total = (total or 0) + power end
    end
    return total
end

local function input_number(input)                    -- Victron counts from 0 and 240 is none; here 0 is
    return input == 240 and 0 or input + 1
end

local function worst_alarm(rows)                      -- of all its alarms, also those without a row
    local worst
    for name, row in pairs(rows) do
        if string.sub(name, 1, 8) == "/Alarms/" and tonumber(row.value) then
            worst = math.max(worst or 0, tonumber(row.value))
        end
    end
    return worst
end

return {
    api = 1,
    id = "VICINV", name = "Inverter", icon = "EnergyMonitor",
    match = { service = { "vebus", "inverter", "multi" } },

    drivers = {
        { "ST",      unit.watt,    "AC output power", from = output_power },
        { "GV0",     unit.index,   "Inverter status", path = "/State", code = "S", names = "inverter_state" },
        { "MODE",    unit.index,   "Switch",          path = "/Mode", code = "s", names = "inverter_mode" },

        { "CV",      unit.volt,    "AC output voltage",    path = "/Ac/Out/L1/V", code = "OV1", places = 1 },
        { "CC",      unit.ampere,  "AC output current",    path = "/Ac/Out/L1/I", code = "OI1" },
        { "CPW",     unit.watt,    "AC output power L1",   path = "/Ac/Out/L1/P", code = "OP1" },
        { "FREQ",    unit.hertz,   "AC output frequency",  path = "/Ac/Out/L1/F", code = "OF" },
        { "GV1",     unit.volt,    "AC output voltage L2", path = "/Ac/Out/L2/V", code = "OV2", places = 1 },
        { "GV2",     unit.ampere,  "AC output current L2", path = "/Ac/Out/L2/I", code = "OI2" },
        { "GV3",     unit.watt,    "AC output power L2",   path = "/Ac/Out/L2/P", code = "OP2" },
        { "GV4",     unit.volt,    "AC output voltage L3", path = "/Ac/Out/L3/V", code = "OV3", places = 1 },
        { "GV5",     unit.ampere,  "AC output current L3", path = "/Ac/Out/L3/I", code = "OI3" },
        { "GV6",     unit.watt,    "AC output power L3",   path = "/Ac/Out/L3/P", code = "OP3" },

        { "GV7",     unit.watt,    "AC input power",
          sum = { { "/Ac/ActiveIn/L1/P", "/Ac/In/1/L1/P", "IP1" },
                  { "/Ac/ActiveIn/L2/P", "/Ac/In/1/L2/P", "IP2" },
                  { "/Ac/ActiveIn/L3/P", "/Ac/In/1/L3/P", "IP3" } } },
        { "GV8",     unit.volt,    "AC input voltage",       path = { "/Ac/ActiveIn/L1/V", "/Ac/In/1/L1/V" },
                                                             code = "IV1", places = 1 },
        { "GV9",     unit.hertz,   "AC input frequency",     path = { "/Ac/ActiveIn/L1/F", "/Ac/In/1/L1/F" },
                                                             code = "IF1" },
        { "GV10",    unit.index,   "Active AC input",        path = "/Ac/ActiveIn/ActiveInput", code = "AI",
                                                             map = input_number, names = "active_input" },
        { "GV11",    unit.ampere,  "AC input current limit", path = "/Ac/ActiveIn/CurrentLimit",
                                                             code = "AILIM" },

        { "GV12",    unit.volt,    "Battery voltage",             path = "/Dc/0/Voltage", code = "CV" },
        { "GV13",    unit.ampere,  "Battery current, + charging", path = "/Dc/0/Current", code = "CI" },
        { "GV14",    unit.percent, "State of charge",             path = "/Soc", code = "VSOC" },
        { "CLITEMP", unit.celsius, "Temperature",                 path = { "/Temperature",
                                                                           "/Dc/0/Temperature" },
                                                                  code = "#521" },

        { "ERR",     unit.index,   "VE.Bus error",       path = "/VebusError", code = "ERR",
                                                         names = "vebus_error" },
        { "GV15",    unit.index,   "Error (RS)",         path = "/ErrorCode", names = "charger_error" },
        { "ALARM",   unit.index,   "Alarm, any",         from = worst_alarm, names = "alarm" },
        { "GV16",    unit.index,   "Alarm: low battery", path = { "/Alarms/LowBattery",
                                                                  "/Alarms/LowVoltage" },
                                                         code = "eL", names = "alarm" },
        { "GV17",    unit.index,   "Alarm: overload",    path = "/Alarms/Overload", code = "eO",
                                                         names = "alarm" },
        { "GV18",    unit.index,   "Alarm: temperature", path = "/Alarms/HighTemperature", code = "eT",
                                                         names = "alarm" },
        { "GV19",    unit.watt,    "Solar power (RS)",   path = "/Yield/Power" },
        { "GV20",    unit.index,   "Relay",              path = "/Relay/0/State", names = "open_closed" },
    },

    samples = {
        { rows   = { ["/State"] = 9, ["/Mode"] = 3, ["/Ac/Out/L1/V"] = 230.2, ["/Ac/Out/L1/I"] = 4.4,
                     ["/Ac/Out/L1/P"] = 987, ["/Ac/Out/L1/F"] = 50.02, ["/Dc/0/Voltage"] = 25.9,
                     ["/Dc/0/Current"] = -41.5, ["/VebusError"] = 0, ["/Alarms/Overload"] = 2,
                     ["/Ac/ActiveIn/ActiveInput"] = 240 },
          expect = { ST = 987, GV0 = 9, MODE = 3, CV = 230.2, CC = 4.4, CPW = 987, FREQ = 50.02, GV12 = 25.9,
                     GV13 = -41.5, ERR = 0, GV17 = 2, ALARM = 2, GV7 = "no data",
                     GV10 = 0 } },
        { rows   = { S = 3, s = 3, OP1 = 100, OP2 = -20, OP3 = 300,         -- three phases
                     IP1 = 500, IP2 = 0, IP3 = 400, AI = 0 },
          expect = { ST = 380, GV0 = 3, MODE = 3, CPW = 100, GV3 = -20, GV6 = 300, GV7 = 900,
                     GV10 = 1 } },
        { rows   = { ["/Ac/Out/L1/V"] = 230, ["/Ac/Out/L1/I"] = 0.5, ["/State"] = 1 },   -- Phoenix
          expect = { ST = 115, GV0 = 1, CPW = "no data" } },
        { rows   = { ["/Ac/In/1/L1/P"] = -250, ["/Ac/In/1/L1/V"] = 231, ["/ErrorCode"] = 0 },   -- RS
          expect = { GV7 = -250, GV8 = 231, GV15 = 0 } },
    },
}
