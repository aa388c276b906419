-- Battery monitor (SmartShunt, BMV, BMS, CAN batteries): one node for each that VRM reports.
-- Positive current and power mean that the battery is being charged.
local IDLE, CHARGING, DISCHARGING = 0, 1, 2
local IDLE_POWER = 30                                 -- watt, as the GX decides for the system's battery
local IDLE_CURRENT = 0.1                              -- ampere, if there is no voltage

local function battery_status(rows)
    local current, voltage = number(rows, "/Dc/0/Current", "I"), number(rows, "/Dc/0/Voltage", "V")
    if not current then return nil end
    if math.abs(current) <= IDLE_CURRENT then return IDLE end
    if voltage and math.abs(current * voltage) <= IDLE_POWER then return IDLE end
    return current > 0 and CHARGING or DISCHARGING
end

return {
    api = 2,
    id = "VICBATT", name = "Battery Monitor", icon = "EnergyMonitor",
    match = { service = { "battery", "bms" } },             -- the BMS of an old Venus OS is bms

    { "ST",      unit.percent,    "State of charge",             "/Soc", "SOC", min = 0, max = 110 },
    { "BATLVL",  unit.percent,    "Battery charge",              "/Soc", "SOC", min = 0, max = 110 },
    { "GV0",     "battery_state", "Battery status",              from = battery_status },
    { "CV",      unit.volt,       "Battery voltage",             "/Dc/0/Voltage", "V", min = -0.5 },
    { "CC",      unit.ampere,     "Battery current, + charging", "/Dc/0/Current", "I", places = 2 },
    { "CPW",     unit.watt,       "Battery power, + charging",   "/Dc/0/Power",        -- VRM often has none
                 product = { { "/Dc/0/Voltage", "V" }, { "/Dc/0/Current", "I" } } },
    { "CLITEMP", unit.celsius,    "Battery temperature",         "/Dc/0/Temperature", "BT",
                 min = -60, max = 120 },
    { "GV1",     unit.amp_hours,  "Consumed (Ah)",               "/ConsumedAmphours", "CE" },
    { "TIMEREM", unit.hours,      "Time to go",                  "/TimeToGo", "TTG",
                 places = 2, measured = true },
    { "GV2",     unit.volt,       "Starter battery voltage",     "/Dc/1/Voltage", "VS",
                 min = -0.5, max = 100 },
    { "GV3",     unit.volt,       "Mid-point voltage",           "/Dc/0/MidVoltage", "VM",
                 min = -0.5, max = 300 },
    { "GV4",     unit.percent,    "Mid-point deviation",         "/Dc/0/MidVoltageDeviation", "VMD",
                 min = -100, max = 100 },
    { "GV5",     unit.percent,    "State of health",             "/Soh", "SOH",
                 min = 0, max = 110, on_change = true },

    { "ALARM",   "alarm",         "Alarm, any",                  worst = "/Alarms/" },
    { "GV6",     "alarm",         "Alarm: low charge",           "/Alarms/LowSoc", "ASoc" },
    { "GV7",     "alarm",         "Alarm: low voltage",          "/Alarms/LowVoltage", "AL" },
    { "GV8",     "alarm",         "Alarm: high voltage",         "/Alarms/HighVoltage", "AH" },
    { "GV9",     "alarm",         "Alarm: low temp.",            "/Alarms/LowTemperature", "ALT" },
    { "GV10",    "alarm",         "Alarm: high temp.",           "/Alarms/HighTemperature", "AHT" },
    { "GV11",    "open_closed",   "Relay",                       "/Relay/0/State", "Relay" },

    { "GV12",    unit.kwh,        "Energy charged, total",       "/History/ChargedEnergy", "H22",
                 min = 0, max = 1e6 },
    { "GV13",    unit.kwh,        "Energy discharged, total",    "/History/DischargedEnergy", "H21",
                 min = 0, max = 1e6 },
    { "GV14",    unit.counter,    "Charge cycles",               "/History/ChargeCycles", "H4", max = 30000 },
    { "GV15",    unit.hours,      "Time since last full charge", "/History/TimeSinceLastFullCharge", "H9",
                 max = 1e5 },
    { "GV16",    unit.amp_hours,  "Deepest discharge (Ah)",      "/History/DeepestDischarge", "H1" },
    { "GV17",    unit.amp_hours,  "Last discharge (Ah)",         "/History/LastDischarge", "H2" },

    parts = {
        { part = "c", id = "VICBATTC", name = "cells",             -- a BMS sends these, a shunt does not
          { "ST",      unit.volt,    "Lowest cell voltage",         "/System/MinCellVoltage", "mcV",
                       places = 3, min = 0, max = 10, on_change = true },
          { "CV",      unit.volt,    "Highest cell voltage",        "/System/MaxCellVoltage", "McV",
                       places = 3, min = 0, max = 10, on_change = true },
          { "CLITEMP", unit.celsius, "Coldest cell",                "/System/MinCellTemperature",
                       min = -60, max = 120, on_change = true },
          { "GV0",     unit.celsius, "Warmest cell",                "/System/MaxCellTemperature",
                       min = -60, max = 120, on_change = true },
          { "GV1",     unit.count,   "Modules online",              "/System/NrOfModulesOnline",
                       max = 200, on_change = true },
          { "GV2",     unit.count,   "Modules offline",             "/System/NrOfModulesOffline",
                       max = 200, on_change = true },
          { "GV3",     unit.count,   "Modules blocking charge",     "/System/NrOfModulesBlockingCharge",
                       max = 200, on_change = true },
          { "GV4",     unit.count,   "Modules blocking discharge",  "/System/NrOfModulesBlockingDischarge",
                       max = 200, on_change = true },
          { "GV5 GV6 GV7 GV8 GV9 GV10 GV11 GV12 GV13 GV14 GV15 GV16 GV17 GV18 GV19 GV20",
            unit.volt, "Cell {n} voltage", "/Voltages/Cell{n}",
            places = 3, min = 0, max = 10, on_change = true },
        },
    },

    samples = {
        { rows   = { ["/Soc"] = 87.5, ["/Dc/0/Voltage"] = 26.31, ["/Dc/0/Current"] = -4.2,
                     ["/Dc/0/Temperature"] = 21.3, ["/ConsumedAmphours"] = -35.1,
                     ["/TimeToGo"] = { value = 51.5, unit = "h" }, ["/Alarms/LowSoc"] = 1 },
          expect = { ST = 87.5, GV0 = 2, CV = 26.31, CC = -4.2, CPW = -111, CLITEMP = 21.3, GV1 = -35.1,
                     TIMEREM = 51.5, GV6 = 1, ALARM = 1, GV2 = "no data" } },
        { rows   = { SOC = 100, V = 13.2, I = 0.1 },     -- VRM gave only codes; at rest
          expect = { ST = 100, BATLVL = 100, CV = 13.2, CC = 0.1, GV0 = 0, CPW = 1, ALARM = "no data" } },
        { rows   = { ["/Dc/0/Current"] = 2.4, ["/Dc/0/Power"] = 31, ["/Dc/0/Voltage"] = 13.2 },
          expect = { GV0 = 1, CPW = 31 } },
        { rows   = { ["/Dc/0/Current"] = -0.3, ["/Dc/0/Voltage"] = 53.1 },             -- a large bank at rest
          expect = { GV0 = 0, CPW = -16 } },
        { rows   = { ["/TimeToGo"] = { value = 7200, unit = "s" } },
          expect = { TIMEREM = 2, GV0 = "no data", CPW = "no data" } },
        { rows   = { ["/Soc"] = 55, mcV = 3.291, ["/System/MaxCellVoltage"] = 3.324,           -- BMS
                     ["/Voltages/Cell2"] = 3.3 },
          expect = { ST = 55, c = { ST = 3.291, CV = 3.324, GV6 = 3.3, GV5 = "no data" } } },
    },
}
