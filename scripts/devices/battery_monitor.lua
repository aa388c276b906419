-- Battery monitor (SmartShunt, BMV, BMS, CAN batteries): one node for each that VRM reports.
-- Positive current and power mean that the battery is being charged.
local measured = use "quantity".measured

local IDLE, CHARGING, DISCHARGING = 0, 1, 2
local IDLE_POWER = 30                                 -- watt, as the GX decides for the system's battery
local IDLE_CURRENT = 0.1                              -- ampere, if there is no voltage

local function battery_status(rows)
    local current = measured(rows, "/Dc/0/Current", "I")
    local voltage = measured(rows, "/Dc/0/Voltage", "V")
    local power = current and voltage and current * voltage
    if not current then power = measured(rows, "/Dc/0/Power") end
    local flow = current or power
    if not flow then return nil end
    if current and math.abs(current) <= IDLE_CURRENT then return IDLE end
    if power and math.abs(power) <= IDLE_POWER then return IDLE end
    return flow > 0 and CHARGING or DISCHARGING
end

--- What is left of the capacity: /Capacity is, beside what is installed. Alone it is that (as on the GX).
local function capacity_left(rows)
    local installed = measured(rows, "/InstalledCapacity")
    return installed and installed > 0 and measured(rows, "/Capacity") or nil
end

return {
    api = 2,
    id = "VICBATT", name = "Battery Monitor", icon = "EnergyMonitor",
    match = { service = { "battery", "bms" } },             -- the BMS of an old Venus OS is bms

    { "ST",      unit.percent,    "State of charge",             "/Soc", "SOC", min = 0, max = 110 },
    { "BATLVL",  unit.percent,    "Battery charge",              "/Soc", "SOC", min = 0, max = 110,
                 events = { level = "battery_level", below = "BATLOW", above = "BATOK" } },
    { "GV0",     "battery_state", "Battery status",              from = battery_status },
    { "CV",      unit.volt,       "Battery voltage",             "/Dc/0/Voltage", "V", min = -0.5 },
    { "CC",      unit.ampere,     "Battery current, + charging", "/Dc/0/Current", "I", places = 2 },
    { "CPW",     unit.watt,       "Battery power, + charging",   "/Dc/0/Power",        -- VRM often has none
                 product = { { "/Dc/0/Voltage", "V" }, { "/Dc/0/Current", "I" } } },
    { "CLITEMP", unit.celsius,    "Battery temperature",         "/Dc/0/Temperature", "BT",
                 min = -60, max = 120 },
    { "GV1",     unit.amp_hours,  "Consumed (Ah)",               "/ConsumedAmphours", "CE",
                 measured = true },
    { "TIMEREM", unit.hours,      "Time to go",                  "/TimeToGo", "TTG",
                 places = 2, max = 239.9, measured = true,          -- 240 h is "without end"
                 while_negative = { "/Dc/0/Current", "I", "/Dc/0/Power" } },
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
                 min = 0 },
    { "GV13",    unit.kwh,        "Energy discharged, total",    "/History/DischargedEnergy", "H21",
                 min = 0 },
    { "GV14",    unit.counter,    "Charge cycles",               "/History/ChargeCycles", "H4", max = 30000 },
    { "GV15",    unit.hours,      "Time since last full charge", "/History/TimeSinceLastFullCharge", "H9",
                 max = 1e5 },
    { "GV16",    unit.amp_hours,  "Deepest discharge (Ah)",      "/History/DeepestDischarge", "H1" },

    events = { BATLOW = "Battery below the level", BATOK = "Battery above the level" },

    parts = {
        { part = "c", id = "VICBATTC", name = "cells",             -- a BMS sends these, a shunt does not
          { "ST",      unit.volt,    "Lowest cell voltage",         "/System/MinCellVoltage", "mcV",
                       places = 3, min = 0, max = 5, on_change = true },
          { "CV",      unit.volt,    "Highest cell voltage",        "/System/MaxCellVoltage", "McV",
                       places = 3, min = 0, max = 5, on_change = true },
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
          { "GV5 GV6 GV7 GV8 GV9 GV10 GV11 GV12 GV13 GV14 GV15 GV16 "
                .. "GV17 GV18 GV19 GV20 GV21 GV22 GV23 GV24 GV25 GV26 GV27 GV28",
            unit.volt, "Cell {n} voltage", "/Voltages/Cell{n}",
            places = 3, min = 0, max = 5, on_change = true },
          { "GV29",    unit.volt,    "Cell voltage difference",     "/Voltages/Diff",
                       places = 3, min = 0, max = 5, on_change = true },
        },
        { part = "i", id = "VICBATTI", name = "limits",            -- what the BMS allows; 0 is "nothing"
          { "ST",  unit.ampere,       "Charge current limit (CCL)",    "/Info/MaxChargeCurrent",
                   min = 0, zero = false },
          { "GV0", unit.ampere,       "Discharge current limit (DCL)", "/Info/MaxDischargeCurrent",
                   min = 0, zero = false },
          { "GV1", unit.volt,         "Charge voltage limit (CVL)",    "/Info/MaxChargeVoltage",
                   min = 0, zero = false },
          { "GV2", unit.volt,         "Low voltage limit",             "/Info/BatteryLowVoltage",
                   min = 0, zero = false },
          { "GV3", "no_yes",          "Charging allowed",              "/Io/AllowToCharge", "aCh",
                   zero = false },
          { "GV4", "no_yes",          "Discharging allowed",           "/Io/AllowToDischarge", "aD",
                   zero = false },
          { "GV5", "inactive_active", "External relay",                "/Io/ExternalRelay", "eRelay" },
          { "GV6", "no_yes",          "Charging requested",            "/Info/ChargeRequest", zero = false },
        },
        { part = "h", id = "VICBATTH", name = "history",           -- since the monitor was reset
          { "ST",   unit.amp_hours, "Last discharge (Ah)",             "/History/LastDischarge", "H2" },
          { "GV0",  unit.amp_hours, "Average discharge (Ah)",          "/History/AverageDischarge", "H3" },
          { "GV1",  unit.amp_hours, "Total drawn (Ah)",                "/History/TotalAhDrawn", "H6" },
          { "GV2",  unit.counter,   "Full discharges",                 "/History/FullDischarges", "H5",
                    max = 30000 },
          { "GV3",  unit.counter,   "Automatic syncs",                 "/History/AutomaticSyncs", "H10",
                    max = 30000 },
          { "GV4",  unit.volt,      "Lowest voltage",                  "/History/MinimumVoltage", "H7",
                    min = -0.5, zero = false },
          { "GV5",  unit.volt,      "Highest voltage",                 "/History/MaximumVoltage", "H8",
                    min = -0.5, zero = false },
          { "GV6",  unit.volt,      "Lowest cell voltage",             "/History/MinimumCellVoltage", "liH1",
                    places = 3, min = 0, max = 5, zero = false },
          { "GV7",  unit.volt,      "Highest cell voltage",            "/History/MaximumCellVoltage", "liH2",
                    places = 3, min = 0, max = 5, zero = false },
          { "GV8",  unit.volt,      "Lowest starter voltage",
                    "/History/MinimumStarterVoltage", "H15", min = -0.5, max = 100, zero = false },
          { "GV9",  unit.volt,      "Lowest fused voltage",            "/History/MinimumFusedVoltage", "H19",
                    min = -0.5, zero = false },
          { "GV10", unit.volt,      "Highest fused voltage",           "/History/MaximumFusedVoltage", "H20",
                    min = -0.5, zero = false },
          { "GV11", unit.counter,   "Low voltage alarms so far",       "/History/LowVoltageAlarms", "H11",
                    max = 30000 },
          { "GV12", unit.counter,   "High voltage alarms so far",      "/History/HighVoltageAlarms", "H12",
                    max = 30000 },
          { "GV13", unit.counter,   "Low starter voltage alarms so far",
                    "/History/LowStarterVoltageAlarms", "H13", max = 30000 },
          { "GV14", unit.counter,   "High starter voltage alarms so far",
                    "/History/HighStarterVoltageAlarms", "H14", max = 30000 },
          { "GV15", unit.counter,   "Low fused voltage alarms so far",
                    "/History/LowFusedVoltageAlarms", "H17", max = 30000 },
          { "GV16", unit.counter,   "High fused voltage alarms so far",
                    "/History/HighFusedVoltageAlarms", "H18", max = 30000 },
          { "GV17", unit.celsius,   "Lowest temperature",              "/History/MinimumTemperature",
                    min = -60, max = 120, zero = false },
          { "GV18", unit.celsius,   "Highest temperature",             "/History/MaximumTemperature",
                    min = -60, max = 120, zero = false },
        },
        { part = "a", id = "VICBATTA", name = "more alarms",       -- beside those of the battery's own node
          { "ST",   "alarm", "Alarm, any",                    worst = "/Alarms/" },
          { "GV0",  "alarm", "Mid-point voltage",             "/Alarms/MidVoltage", "AM" },
          { "GV14", "alarm", "Low starter voltage",           "/Alarms/LowStarterVoltage", "ALS" },
          { "GV15", "alarm", "High starter voltage",          "/Alarms/HighStarterVoltage", "AHS" },
          { "GV3",  "alarm", "Low fused voltage",             "/Alarms/LowFusedVoltage", "ALF" },
          { "GV4",  "alarm", "High fused voltage",            "/Alarms/HighFusedVoltage", "AHF" },
          { "GV5",  "alarm", "Fuse blown",                    worst = "/Alarms/FuseBlown" },    -- any
          { "GV6",  "alarm", "High internal temperature",     "/Alarms/HighInternalTemperature", "AHIT" },
          { "GV7",  "alarm", "Low cell voltage",              "/Alarms/LowCellVoltage" },
          { "GV8",  "alarm", "High cell voltage",             "/Alarms/HighCellVoltage" },
          { "GV9",  "alarm", "Cell imbalance",                "/Alarms/CellImbalance" },
          { "GV10", "alarm", "High current",                  "/Alarms/HighCurrent" },
          { "GV11", "alarm", "High charge current",           "/Alarms/HighChargeCurrent" },
          { "GV12", "alarm", "High discharge current",        "/Alarms/HighDischargeCurrent" },
          { "GV13", "alarm", "Low charge temperature",        "/Alarms/LowChargeTemperature" },
          { "GV1",  "alarm", "High charge temperature",       "/Alarms/HighChargeTemperature" },
          { "GV2",  "alarm", "Charge blocked",                "/Alarms/ChargeBlocked" },
          { "GV16", "alarm", "Discharge blocked",             "/Alarms/DischargeBlocked" },
          { "GV17", "alarm", "State of health",               "/Alarms/StateOfHealth" },
          { "GV18", "alarm", "Contactor",                     "/Alarms/Contactor" },
          { "GV19", "alarm", "BMS cable",                     "/Alarms/BmsCable" },
          { "GV20", "alarm", "Internal failure",              "/Alarms/InternalFailure" },
          { "GV21", "alarm", "Cell measurements",             "/Alarms/CellMeasurementsFault" },
        },
        { part = "d", id = "VICBATTD", name = "details",           -- a bank with a BMS
          { "ST",   unit.amp_hours,     "Remaining capacity (Ah)", from = capacity_left, min = 0 },
          { "GV0",  unit.amp_hours,     "Installed capacity (Ah)",
            first = { "/InstalledCapacity", "/Capacity" }, min = 0 },
          { "GV1",  "bms_state",        "BMS state",               "/State", "liS", zero = false },
          { "MODE", "bms_mode",         "Switch",                  "/Mode" },
          { "ERR",  "bms_error",        "Error",                   "/ErrorCode", "liE" },
          { "GV2",  "disabled_enabled", "System switch",           "/SystemSwitch", "Sw",
                    zero = false },
          { "GV3",  "inactive_active",  "Balancing",               "/Balancing", "B" },
          { "GV4",  "balancer_state",   "Balancer status",         "/Balancer/Status" },
          { "GV5",  unit.count,         "Batteries",               "/System/NrOfBatteries", "nB",
                    max = 200, zero = false },
          { "GV6",  unit.count,         "Batteries in parallel",   "/System/BatteriesParallel", "BP",
                    max = 200, zero = false },
          { "GV7",  unit.count,         "Batteries in series",     "/System/BatteriesSeries", "BS",
                    max = 200, zero = false },
          { "GV8",  unit.count,         "Cells per battery",       "/System/NrOfCellsPerBattery", "NrC",
                    max = 200, zero = false },
          { "GV9",  unit.counter,       "Shutdowns due to error",  "/Diagnostics/ShutDownsDueError", "Se",
                    max = 30000 },
          { "GV10 GV11 GV12 GV13", "bms_error", "Last error {n}",
            "/Diagnostics/LastErrors/{n}/Error", "Le{n}", zero = false },
          { "GV14 GV15 GV16 GV17", unit.time, "Time of last error {n}",
            "/Diagnostics/LastErrors/{n}/Time", min = 1, max = 4e9 },      -- 0 and all bits set are no time
          { "GV18", "ok_error", "Smart Lithium: communication", "/Errors/SmartLithium/Communication" },
          { "GV19", "ok_error", "Smart Lithium: configuration", "/Errors/SmartLithium/InvalidConfiguration" },
          { "GV20", "ok_error", "Smart Lithium: batteries",     "/Errors/SmartLithium/NrOfBatteries" },
          { "GV21", "ok_error", "Smart Lithium: voltage",       "/Errors/SmartLithium/Voltage" },
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
        { rows   = { ["/Dc/0/Current"] = 2.4, ["/Dc/0/Power"] = 31, ["/Dc/0/Voltage"] = 13.2,  -- charging
                     ["/TimeToGo"] = { value = 14, unit = "h" } },
          expect = { GV0 = 1, CPW = 31, TIMEREM = "no data" } },
        { rows   = { ["/Dc/0/Current"] = -0.3, ["/Dc/0/Voltage"] = 53.1 },             -- a large bank at rest
          expect = { GV0 = 0, CPW = -16 } },
        { rows   = { ["/TimeToGo"] = { value = 7200, unit = "s" } },
          expect = { TIMEREM = 2, GV0 = "no data", CPW = "no data" } },
        { rows   = { ["/Soc"] = 55, mcV = 3.291, ["/System/MaxCellVoltage"] = 3.324,           -- BMS
                     ["/Voltages/Cell2"] = 3.3 },
          expect = { ST = 55, c = { ST = 3.291, CV = 3.324, GV6 = 3.3, GV5 = "no data" } } },
        { rows   = { ["/TimeToGo"] = { value = 240, unit = "h" }, ["/Capacity"] = 187.5,     -- charging
                     ["/InstalledCapacity"] = 200, ["/Info/MaxChargeCurrent"] = 0,
                     ["/Info/MaxDischargeCurrent"] = 220, ["/Info/MaxChargeVoltage"] = 56.8,
                     ["/Info/BatteryLowVoltage"] = 655.35, ["/Io/AllowToCharge"] = 0,
                     ["/Info/ChargeRequest"] = 1, ["/History/MinimumTemperature"] = -4,
                     ["/Io/AllowToDischarge"] = 1, ["/Voltages/Cell24"] = 3.301, ["/Voltages/Diff"] = 0.008,
                     ["/System/NrOfBatteries"] = 4, ["/System/NrOfCellsPerBattery"] = 255,
                     ["/Alarms/LowSoc"] = 0, ["/Alarms/CellImbalance"] = 1, ["/Alarms/BmsCable"] = 65535 },
          expect = { TIMEREM = "no data", ALARM = 1, GV6 = 0, c = { GV28 = 3.301, GV29 = 0.008 },
                     i = { ST = 0, GV0 = 220, GV1 = 56.8, GV2 = "no data", GV3 = 0, GV4 = 1, GV6 = 1 },
                     h = { GV17 = -4, GV18 = "no data" },
                     d = { ST = 187.5, GV0 = 200, GV5 = 4, GV8 = "no data" },
                     a = { ST = 1, GV9 = 1, GV19 = "no data" } } },
        { rows   = { ["/State"] = 10, ["/Mode"] = 3, ["/ErrorCode"] = 14, ["/SystemSwitch"] = 1,     -- Lynx
                     ["/Diagnostics/ShutDownsDueError"] = 2, ["/Diagnostics/LastErrors/1/Error"] = 14,
                     ["/Diagnostics/LastErrors/1/Time"] = 1776463200,
                     ["/Diagnostics/LastErrors/2/Time"] = 0 },
          expect = { GV0 = "no data",
                     d = { GV1 = 10, MODE = 3, ERR = 14, GV2 = 1, GV9 = 2, GV10 = 14, GV14 = 1776463200,
                           GV15 = "no data" } } },
        { rows   = { ["/Distributor/A/Fuse/0/Alarms/Blown"] = 0, ["/Distributor/B/Fuse/3/Alarms/Blown"] = 2,
                     ["/Distributor/A/Alarms/ConnectionLost"] = 1, ["/Alarms/CellImbalance"] = 0 },
          expect = { ALARM = 2, a = { ST = 2, GV5 = 2, GV9 = 0 } } },
        { rows   = { H2 = -52.1, H3 = -71.4, H6 = -15230, H7 = 11.02, H8 = 655.35, H10 = 198, H13 = 65535,
                     ALS = 2 },
          expect = { GV14 = "no data", a = { ST = 2, GV14 = 2, GV15 = "no data" },
                     h = { ST = -52.1, GV0 = -71.4, GV1 = -15230, GV4 = 11.02, GV5 = "no data", GV3 = 198,
                           GV13 = "no data" } } },
    },
}
