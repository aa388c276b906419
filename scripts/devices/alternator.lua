-- Alternator: its regulator (Wakespeed, Arco), or the DC-DC charger behind it (Orion XS). One node for each.
local errors = use "errors"

local any_error = errors.of "wakespeed"
local OF_CHARGER = 1000                               -- errors of chargers have their numbers above this
local MOST = 254                                      -- all bits of the register set are none

--- The error of a regulator, or of a DC-DC charger: those two count their errors in different lists.
local function error_of(rows)
    local code = any_error(rows)
    local is_charger = number(rows, "/Dc/In/V", "/DeviceOffReason") ~= nil
    if is_charger and code and code > 0 and code <= MOST then return OF_CHARGER + code end
    return code
end

return {
    api = 2,
    id = "VICALT", name = "Alternator", icon = "EnergyMonitor",
    match = { service = "alternator" },

    { "ST",      unit.watt,          "Output power",                "/Dc/0/Power",
                 product = { "/Dc/0/Voltage", "/Dc/0/Current" } },
    { "GV0",     "charge_state",     "State",                       "/State" },
    { "CV",      unit.volt,          "Output voltage",              "/Dc/0/Voltage", min = -0.5 },
    { "CC",      unit.ampere,        "Output current",              "/Dc/0/Current", places = 2 },
    { "CLITEMP", unit.celsius,       "Temperature",                 "/Dc/0/Temperature",
                 min = -60, max = 250 },
    { "MODE",    "charger_mode",     "Switch",                      "/Mode",
      set = { choices = { 1, 4 }, timed = "also" } },
    { "ERR",     "alternator_error", "Error",                       from = error_of },
    { "GV19",    "off_reason",       "Off reason",                  "/DeviceOffReason" },
    { "GV1",     unit.watt,          "Input power",                 "/Dc/In/P",
                 product = { "/Dc/In/V", "/Dc/In/I" } },
    { "GV2",     unit.volt,          "Input voltage",               "/Dc/In/V", min = -0.5 },
    { "GV3",     unit.ampere,        "Input current",               "/Dc/In/I", places = 2 },
    { "GV4",     unit.rpm,           "Alternator speed",            "/Speed", max = 30000 },
    { "GV5",     unit.rpm,           "Engine speed",                "/Engine/Speed" },
    { "GV6",     unit.percent,       "Field drive",                 "/FieldDrive", min = 0, max = 110 },
    { "GV12",    unit.ampere,        "Charge current limit",        "/Settings/ChargeCurrentLimit",
                 min = 0, max = 2000, on_change = true, zero = false },
    { "TPW",     unit.kwh,           "Energy delivered, total",     "/History/EnergyOut",
                 min = 0 },
    { "GV13",    unit.amp_hours,     "Charged, total (Ah)",         "/History/Cumulative/User/ChargedAh",
                 min = 0 },
    { "GV16",    unit.volt,          "Starter or auxiliary voltage", "/Dc/1/Voltage",
                 min = -0.5, max = 100 },
    { "GV17",    unit.ampere,        "Starter or auxiliary current", "/Dc/1/Current", places = 2 },
    { "GV18",    unit.celsius,       "Starter or auxiliary temperature", "/Dc/1/Temperature",
                 min = -60, max = 250 },

    { "ALARM",   "alarm",            "Alarm, any",                  worst = "/Alarms/" },
    { "GV7",     "alarm",            "Alarm: low voltage",          "/Alarms/LowVoltage" },
    { "GV8",     "alarm",            "Alarm: high voltage",         "/Alarms/HighVoltage" },
    { "GV14",    "alarm",            "Alarm: low starter voltage",  "/Alarms/LowStarterVoltage" },
    { "GV15",    "alarm",            "Alarm: high starter voltage", "/Alarms/HighStarterVoltage" },
    { "GV9",     "alarm",            "Alarm: low temp.",            "/Alarms/LowTemperature" },
    { "GV10",    "alarm",            "Alarm: high temp.",           "/Alarms/HighTemperature" },

    samples = {
        { rows   = { ["/Dc/0/Voltage"] = 13.49, ["/Dc/0/Current"] = 34.5, ["/Dc/0/Power"] = 466,
                     ["/Dc/0/Temperature"] = 67, ["/State"] = 3, ["/ErrorCode"] = 0, ["/FieldDrive"] = 33,
                     ["/Speed"] = 4300, ["/Engine/Speed"] = 1800, ["/Alarms/HighTemperature"] = 0 },
          expect = { ST = 466, CV = 13.49, CC = 34.5, CLITEMP = 67, GV0 = 3, ERR = 0, GV6 = 33, GV4 = 4300,
                     GV5 = 1800, ALARM = 0, GV10 = 0, GV1 = "no data", MODE = "no data" } },
        { rows   = { ["/Dc/0/Voltage"] = 13.5, ["/Dc/0/Current"] = 0.6, ["/State"] = 252, ["/Mode"] = 1,
                     ["/Dc/In/V"] = 14, ["/Dc/In/I"] = 0.6, ["/Settings/ChargeCurrentLimit"] = 30,
                     ["/History/Cumulative/User/ChargedAh"] = 630.9, ["/Speed"] = {},
                     ["/DeviceOffReason"] = 0, ["/ErrorCode"] = 17 },                        -- Orion XS
          expect = { ST = 8.1, GV0 = 252, MODE = 1, GV1 = 8.4, GV2 = 14, GV3 = 0.6, GV12 = 30, GV13 = 630.9,
                     GV4 = "no data", CLITEMP = "no data", ERR = 1017 } },
        { rows   = { ["/Dc/0/Power"] = 65535, ["/Speed"] = 65535, ["/FieldDrive"] = 255,
                     ["/Error/0/Id"] = "wakespeed:w-41" },
          expect = { ST = "no data", ERR = 41, ALARM = 1, GV4 = "no data", GV6 = "no data" } },
    },
}
