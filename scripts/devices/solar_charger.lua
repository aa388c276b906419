-- Solar charger (MPPT): one node for each that VRM reports.
local TRACKERS = 4
local TRACKER_POWER = { { "/Pv/0/P", "PVP0" }, { "/Pv/1/P", "PVP1" }, { "/Pv/2/P", "PVP2" },
                        { "/Pv/3/P", "PVP3" } }
local TOLERANCE = 0.1                                 -- of the power: trackers and their sum are rounded

local function pv_current(rows)                       -- of all trackers: power by voltage of each
    local all = number(rows, "/Yield/Power", "PVP")
    local current, power
    for n = 0, TRACKERS - 1 do
        local watts = number(rows, "/Pv/" .. n .. "/P", "PVP" .. n)
        local volts = number(rows, "/Pv/" .. n .. "/V", "PVV" .. n)
        if watts and watts ~= 0 and (volts or 0) == 0 then return nil end
        if watts then
            current, power = (current or 0) + (watts == 0 and 0 or watts / volts), (power or 0) + watts
        end
    end
    if current then
        local whole = not all or math.abs(all - power) <= TOLERANCE * math.abs(all) + 10
        return whole and current or nil
    end
    local volts = number(rows, "/Pv/V", "PVV")        -- of a charger with one tracker
    if not (all and volts) then return nil end
    if volts == 0 then return all == 0 and 0 or nil end         -- at night
    return all / volts
end

return {
    api = 2,
    id = "VICSOLAR", name = "Solar Charger", icon = "EnergyMonitor",
    match = { service = "solarcharger" },

    { "ST",   unit.watt,       "PV power",                    "/Yield/Power", "PVP",
              sum = TRACKER_POWER, min = -0.5, max = 30000 },
    { "GV0",  "charge_state",  "Charge state",                "/State", "ScS" },
    { "CV",   unit.volt,       "Battery voltage",             "/Dc/0/Voltage", "ScV",
              min = -0.5, max = 100 },
    { "CC",   unit.ampere,     "Battery current, + charging", "/Dc/0/Current", "ScI" },
    { "CPW",  unit.watt,       "Charge power, + charging",    nil, "ScW",               -- into the battery
              product = { { "/Dc/0/Voltage", "ScV" }, { "/Dc/0/Current", "ScI" } } },
    { "GV1",  unit.volt,       "PV voltage",                  first = { "/Pv/V", "PVV", "/Pv/0/V", "PVV0",
                        "/Pv/1/V", "PVV1", "/Pv/2/V", "PVV2", "/Pv/3/V", "PVV3" },
              min = -0.5, max = 600 },
    { "GV2",  unit.ampere,     "PV current",                  "/Pv/I", "PVI",           -- VRM often has none
              from = pv_current },
    { "GV3",  unit.kwh,        "Yield today",                 "/History/Daily/0/Yield", "YT",
              daily = true, max = 600 },
    { "GV4",  unit.watt,       "Peak power today",            "/History/Daily/0/MaxPower", "MCPT",
              daily = true, min = -0.5, max = 30000 },
    { "GV5",  unit.kwh,        "Yield yesterday",             "/History/Daily/1/Yield", "YY",
              daily = true, max = 600 },
    { "GV6",  unit.watt,       "Peak power yesterday",        "/History/Daily/1/MaxPower", "MCPY",
              daily = true, min = -0.5, max = 30000 },
    { "TPW",  unit.kwh,        "Yield, total",                "/Yield/User", "YU", min = 0, max = 1e6 },
    { "ERR",  "charger_error", "Error",                       "/ErrorCode", "ScERR" },
    { "MODE", "charger_mode",  "Switch",                      "/Mode", "Scs" },
    { "GV7",  "tracker_state", "Tracker",                     "/MppOperationMode" },
    { "GV8",  "off_on",        "Load output",                 "/Load/State", "SLs" },
    { "GV9",  unit.ampere,     "Load current",                "/Load/I", "SLI" },
    { "GV10", "open_closed",   "Relay",                       "/Relay/0/State", "SRelay" },
    { "CLITEMP", unit.celsius, "Battery temperature",         "/Dc/0/Temperature", "ScT",
              min = -60, max = 120 },
    { "GV11", unit.kwh,        "Yield, total, never reset",   "/Yield/System", min = 0, max = 1e6 },
    { "GV12", unit.ampere,     "Charge current limit",        "/Settings/ChargeCurrentLimit",
              min = 0, max = 1000, zero = false },
    { "GV13", "off_reason",    "Off reason",                  "/DeviceOffReason" },
    { "ALARM", "alarm",        "Alarm, any",                  worst = "/Alarms/" },
    { "GV14", "alarm",         "Alarm: low voltage",          "/Alarms/LowVoltage", "SceL" },
    { "GV15", "alarm",         "Alarm: high voltage",         "/Alarms/HighVoltage", "SceH" },
    { "GV16", "equalization",  "Equalization pending",        "/Equalization/Pending", "EqP" },
    { "GV17", unit.seconds,    "Equalization time remaining", "/Equalization/TimeRemaining", "EqT",
              max = 60000 },

    parts = {
        { part = "t", id = "VICSOLART", name = "trackers",         -- of a charger that has more than one
          when = { "/Pv/1/P", "/Pv/1/V", "/Pv/2/P", "/Pv/2/V", "/Pv/3/P", "/Pv/3/V",
                   "PVP1", "PVV1", "PVP2", "PVV2", "PVP3", "PVV3" },
          { "ST",                  unit.watt,       "PV power",             "/Yield/Power", "PVP",
            sum = TRACKER_POWER, min = -0.5, max = 30000 },
          { "CPW GV1 GV2 GV3",     unit.watt,       "Tracker {n} power",    "/Pv/{n-1}/P", "PVP{n-1}",
            min = -0.5, max = 30000 },
          { "CV GV4 GV5 GV6",      unit.volt,       "Tracker {n} voltage",  "/Pv/{n-1}/V", "PVV{n-1}",
            min = -0.5, max = 600 },
          { "CC GV7 GV8 GV9",      unit.ampere,     "Tracker {n} current",
            quotient = { { "/Pv/{n-1}/P", "PVP{n-1}" }, { "/Pv/{n-1}/V", "PVV{n-1}" } } },
          { "GV10 GV11 GV12 GV13", "tracker_state", "Tracker {n}",          "/Pv/{n-1}/MppOperationMode" },
          { "GV14 GV15 GV16 GV17", "disabled_enabled", "Tracker {n} input", "/Pv/{n-1}/Enabled",
            zero = false },
        },
        { part = "e", id = "VICSOLARE", name = "tracker yields",   -- of the same chargers
          when = { "/History/Daily/0/Pv/1/Yield", "/History/Daily/0/Pv/2/Yield",
                   "/History/Daily/0/Pv/3/Yield" },
          { "ST",                  unit.kwh,  "Yield today", "/History/Daily/0/Yield", "YT",
            daily = true, max = 600 },
          { "GV0 GV1 GV2 GV3",     unit.kwh,  "Tracker {n} yield today",
            "/History/Daily/0/Pv/{n-1}/Yield", daily = true, min = 0, max = 600 },
          { "GV4 GV5 GV6 GV7",     unit.kwh,  "Tracker {n} yield yesterday",
            "/History/Daily/1/Pv/{n-1}/Yield", daily = true, min = 0, max = 600 },
          { "GV8 GV9 GV10 GV11",   unit.watt, "Tracker {n} peak power today",
            "/History/Daily/0/Pv/{n-1}/MaxPower", daily = true, min = -0.5, max = 30000 },
          { "GV12 GV13 GV14 GV15", unit.watt, "Tracker {n} peak power yesterday",
            "/History/Daily/1/Pv/{n-1}/MaxPower", daily = true, min = -0.5, max = 30000 },
          { "GV16 GV17 GV18 GV19", unit.volt, "Tracker {n} highest voltage today",
            "/History/Daily/0/Pv/{n-1}/MaxVoltage", daily = true, min = -0.5, max = 600 },
        },
        { part = "h", id = "VICSOLARH", name = "history",
          { "ST",  unit.minutes, "Time in bulk today",           "/History/Daily/0/TimeInBulk",
                   daily = true, max = 1440 },
          { "GV0", unit.minutes, "Time in absorption today",     "/History/Daily/0/TimeInAbsorption",
                   daily = true, max = 1440 },
          { "GV1", unit.minutes, "Time in float today",          "/History/Daily/0/TimeInFloat",
                   daily = true, max = 1440 },
          { "GV2", unit.minutes, "Time in bulk yesterday",       "/History/Daily/1/TimeInBulk",
                   daily = true, max = 1440 },
          { "GV3", unit.minutes, "Time in absorption yesterday", "/History/Daily/1/TimeInAbsorption",
                   daily = true, max = 1440 },
          { "GV4", unit.minutes, "Time in float yesterday",      "/History/Daily/1/TimeInFloat",
                   daily = true, max = 1440 },
          { "GV5", unit.volt,    "Lowest battery voltage today", "/History/Daily/0/MinBatteryVoltage",
                   daily = true, min = -0.5, max = 100 },
          { "GV6", unit.volt,    "Highest battery voltage today",
                   "/History/Daily/0/MaxBatteryVoltage", daily = true, min = -0.5, max = 100 },
          { "GV7", unit.volt,    "Lowest battery voltage yesterday",
                   "/History/Daily/1/MinBatteryVoltage", daily = true, min = -0.5, max = 100 },
          { "GV8", unit.volt,    "Highest battery voltage yesterday",
                   "/History/Daily/1/MaxBatteryVoltage", daily = true, min = -0.5, max = 100 },
          { "GV9 GV10 GV11 GV12", "charger_error", "Last error {n}", "/History/Overall/LastError{n}",
            zero = false },
        },
    },

    samples = {
        { rows   = { ["/Yield/Power"] = 212, ["/Pv/V"] = 36.2, ["/State"] = 3, ["/Dc/0/Voltage"] = 13.4,
                     ["/Dc/0/Current"] = 15.5, ["/History/Daily/0/Yield"] = 0.84,
                     ["/History/Daily/0/MaxPower"] = 390 },
          expect = { ST = 212, GV1 = 36.2, GV2 = 5.9, GV0 = 3, CV = 13.4, CC = 15.5, GV3 = 0.84, GV4 = 390,
                     CPW = 208 } },
        { rows   = { PVP = 0, PVV = 0, ScS = 0, ScW = 0, ScV = 13.1, YT = 1.2, Scs = 4 },    -- night
          expect = { ST = 0, GV2 = 0, GV0 = 0, CPW = 0, CV = 13.1, GV3 = 1.2, MODE = 4, TPW = "no data" } },
        { rows   = { ["/History/Daily/0/Yield"] = { value = 1.2, timestamp = 1776463199 },   -- of the evening
                     ["/History/Daily/1/Yield"] = { value = 2.4, timestamp = 1776463200 } },
          site   = { midnight = 1776463200 },
          expect = { GV3 = "no data", GV5 = 2.4 } },
        { rows   = { ["/Yield/Power"] = 100, ["/Pv/I"] = 3.1 },
          expect = { GV2 = 3.1, CPW = "no data" } },
        { rows   = { ["/Yield/Power"] = 900, ["/Pv/0/P"] = 600, ["/Pv/0/V"] = 120, ["/Pv/1/P"] = 300,
                     ["/Pv/1/V"] = 100 },                                                    -- MPPT RS
          expect = { ST = 900, GV1 = 120, GV2 = 8,
                     t = { ST = 900, CPW = 600, GV1 = 300, CV = 120, GV4 = 100, CC = 5, GV7 = 3,
                           GV2 = "no data" } } },
        { rows   = { ["/Pv/0/Enabled"] = 1, ["/Pv/1/P"] = 0, ["/Pv/1/Enabled"] = 0, ["/Pv/3/V"] = 655.35,
                     ["/History/Daily/0/Yield"] = 3.2, ["/History/Daily/0/Pv/0/Yield"] = 3.2,
                     ["/History/Daily/0/Pv/1/Yield"] = 0, ["/History/Daily/0/Pv/2/Yield"] = 655.35,
                     ["/History/Daily/0/Pv/0/MaxPower"] = 810, ["/History/Daily/0/Pv/0/MaxVoltage"] = 121.4,
                     ["/History/Daily/1/Pv/0/Yield"] = { value = 4.1, timestamp = 1776463199 } },
          site   = { midnight = 1776463200 },
          expect = { t = { GV14 = 1, GV15 = 0, GV16 = "no data", GV6 = "no data" },
                     e = { ST = 3.2, GV0 = 3.2, GV1 = 0, GV2 = "no data", GV4 = "no data", GV8 = 810,
                           GV16 = 121.4 } } },
        { rows   = { ["/Dc/0/Temperature"] = { value = 24, unit = "°C" }, ["/Yield/System"] = 2210.4,
                     ["/Settings/ChargeCurrentLimit"] = 35, ["/DeviceOffReason"] = 1,
                     EqT = { value = 3600, unit = "s" }, EqP = 0, SceL = 1, SceH = 0,
                     ["/History/Daily/0/TimeInBulk"] = 95, ["/History/Daily/0/TimeInFloat"] = 65535,
                     ["/History/Daily/0/MaxBatteryVoltage"] = 14.43, ["/History/Overall/LastError1"] = 2 },
          expect = { CLITEMP = 24, GV11 = 2210.4, GV12 = 35, GV13 = 1, GV16 = 0, GV17 = 3600, ALARM = 1,
                     GV14 = 1, GV15 = 0,
                     h = { ST = 95, GV1 = "no data", GV6 = 14.43, GV9 = 2, GV10 = "no data" } } },
    },
}
