-- Battery monitor (SmartShunt, BMV, BMS, CAN batteries): one node for each that VRM reports.
-- Positive current and power mean that the battery is being charged.
local IDLE, CHARGING, DISCHARGING = 0, 1, 2
local IDLE_CURRENT = 0.1                              -- ampere; a shunt at rest is never exactly 0

local function value(rows, path, code)
    local row = rows[path] or rows[code]
    return row and tonumber(row.value)
end

local function battery_status(rows)
    local current = value(rows, "/Dc/0/Current", "I")
    if not current then return nil end
    if math.abs(current) <= IDLE_CURRENT then return IDLE end
    return current > 0 and CHARGING or DISCHARGING
end

local function battery_power(rows)                    -- VRM often gives no battery power: U * I
    local power = value(rows, "/Dc/0/Power")
    if power then return power end
    local voltage, current = value(rows, "/Dc/0/Voltage", "V"), value(rows, "/Dc/0/Current", "I")
    return voltage and current and voltage * current
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
    id = "VICBATT", name = "Battery Monitor", icon = "EnergyMonitor",
    match = { service = "battery" },

    drivers = {
        { "ST",      unit.percent,   "State of charge",             path = "/Soc", code = "SOC" },
        { "GV0",     unit.index,     "Battery status",              from = battery_status,
                                                                    names = "battery_state" },
        { "CV",      unit.volt,      "Battery voltage",             path = "/Dc/0/Voltage", code = "V" },
        { "CC",      unit.ampere,    "Battery current, + charging", path = "/Dc/0/Current",
                                                                    code = "I", places = 2 },
        { "CPW",     unit.watt,      "Battery power, + charging",   from = battery_power },
        { "CLITEMP", unit.celsius,   "Battery temperature",         path = "/Dc/0/Temperature", code = "BT" },
        { "GV1",     unit.amp_hours, "Consumed (Ah)",               path = "/ConsumedAmphours", code = "CE" },
        { "TIMEREM", unit.hours,     "Time to go",                  path = "/TimeToGo",
                                                                    code = "TTG", places = 2, zero = true },
        { "GV2",     unit.volt,      "Starter battery voltage",     path = "/Dc/1/Voltage", code = "VS" },
        { "GV3",     unit.volt,      "Mid-point voltage",           path = "/Dc/0/MidVoltage", code = "VM" },
        { "GV4",     unit.percent,   "Mid-point deviation",         path = "/Dc/0/MidVoltageDeviation",
                                                                    code = "VMD" },
        { "GV5",     unit.percent,   "State of health",             path = "/Soh", code = "SOH" },
        { "GV6",     unit.volt,      "Lowest cell voltage",         path = "/System/MinCellVoltage",
                                                                    code = "mcV", places = 3 },
        { "GV7",     unit.volt,      "Highest cell voltage",        path = "/System/MaxCellVoltage",
                                                                    code = "McV", places = 3 },

        { "ALARM",   unit.index,     "Alarm, any",          from = worst_alarm, names = "alarm" },
        { "GV8",     unit.index,     "Alarm: low charge",   path = "/Alarms/LowSoc", code = "ASoc",
                                                            names = "alarm" },
        { "GV9",     unit.index,     "Alarm: low voltage",  path = "/Alarms/LowVoltage", code = "AL",
                                                            names = "alarm" },
        { "GV10",    unit.index,     "Alarm: high voltage", path = "/Alarms/HighVoltage", code = "AH",
                                                            names = "alarm" },
        { "GV11",    unit.index,     "Alarm: low temp.",    path = "/Alarms/LowTemperature", code = "ALT",
                                                            names = "alarm" },
        { "GV12",    unit.index,     "Alarm: high temp.",   path = "/Alarms/HighTemperature", code = "AHT",
                                                            names = "alarm" },
        { "GV13",    unit.index,     "Relay",               path = "/Relay/0/State", code = "Relay",
                                                            names = "open_closed" },

        { "GV14",    unit.kwh,       "Energy charged, total",       path = "/History/ChargedEnergy",
                                                                    code = "H22" },
        { "GV15",    unit.kwh,       "Energy discharged, total",    path = "/History/DischargedEnergy",
                                                                    code = "H21" },
        { "GV16",    unit.counter,   "Charge cycles",               path = "/History/ChargeCycles",
                                                                    code = "H4" },
        { "GV17",    unit.hours,     "Time since last full charge", path = "/History/TimeSinceLastFullCharge",
                                                                    code = "H9" },
        { "GV18",    unit.amp_hours, "Deepest discharge (Ah)",      path = "/History/DeepestDischarge",
                                                                    code = "H1" },
        { "GV19",    unit.amp_hours, "Last discharge (Ah)",         path = "/History/LastDischarge" },
    },

    samples = {
        { rows   = { ["/Soc"] = 87.5, ["/Dc/0/Voltage"] = 26.31, ["/Dc/0/Current"] = -4.2,
                     ["/Dc/0/Temperature"] = 21.3, ["/ConsumedAmphours"] = -35.1,
                     ["/TimeToGo"] = { value = 51.5, unit = "h" }, ["/Alarms/LowSoc"] = 1 },
          expect = { ST = 87.5, GV0 = 2, CV = 26.31, CC = -4.2, CPW = -111, CLITEMP = 21.3, GV1 = -35.1,
                     TIMEREM = 51.5, GV8 = 1, ALARM = 1, GV2 = "no data" } },
        { rows   = { SOC = 100, V = 13.2, I = 0.1 },     -- VRM gave only codes; at rest
          expect = { ST = 100, CV = 13.2, CC = 0.1, GV0 = 0, CPW = 1, ALARM = "no data" } },
        { rows   = { ["/Dc/0/Current"] = 0.11, ["/Dc/0/Power"] = 3, ["/Dc/0/Voltage"] = 13.2 },
          expect = { GV0 = 1, CPW = 3 } },
        { rows   = { ["/TimeToGo"] = { value = 7200, unit = "s" } },
          expect = { TIMEREM = 2, GV0 = "no data", CPW = "no data" } },
    },
}
