-- Solar charger (MPPT): one node for each that VRM reports.
local function value(rows, path, code)
    local row = rows[path] or rows[code]
    return row and tonumber(row.value)
end

local function pv_current(rows)                       -- VRM often gives no PV current: P / U
    local current = value(rows, "/Pv/I", "PVI")
    if current then return current end
    local power, voltage = value(rows, "/Yield/Power", "PVP"), value(rows, "/Pv/V", "PVV")
    if not (power and voltage) then return nil end
    return voltage > 0 and power / voltage or 0
end

local function charge_power(rows)                     -- into the battery: VRM's own figure, else U * I
    local power = value(rows, "ScW")
    if power then return power end
    local voltage, current = value(rows, "/Dc/0/Voltage", "ScV"), value(rows, "/Dc/0/Current", "ScI")
    return voltage and current and voltage * current
end

return {
    api = 1,
    id = "VICSOLAR", name = "Solar Charger", icon = "EnergyMonitor",
    match = { service = "solarcharger" },

    drivers = {
        { "ST",   unit.watt,   "PV power",                    path = "/Yield/Power", code = "PVP" },
        { "GV0",  unit.index,  "Charge state",                path = "/State", code = "ScS",
                                                              names = "charge_state" },
        { "CV",   unit.volt,   "PV voltage",                  path = { "/Pv/V", "/Pv/0/V" },
                                                              code = { "PVV", "PVV0" } },
        { "CC",   unit.ampere, "PV current",                  from = pv_current },
        { "GV1",  unit.volt,   "Battery voltage",             path = "/Dc/0/Voltage", code = "ScV" },
        { "GV2",  unit.ampere, "Battery current, + charging", path = "/Dc/0/Current", code = "ScI" },
        { "GV3",  unit.kwh,    "Yield today",                 path = "/History/Daily/0/Yield", code = "YT" },
        { "GV4",  unit.watt,   "Peak power today",            path = "/History/Daily/0/MaxPower",
                                                              code = "MCPT", zero = false },
        { "CPW",  unit.watt,   "Charge power, + charging",    from = charge_power },
        { "GV5",  unit.kwh,    "Yield yesterday",             path = "/History/Daily/1/Yield", code = "YY" },
        { "GV6",  unit.watt,   "Peak power yesterday",        path = "/History/Daily/1/MaxPower",
                                                              code = "MCPY", zero = false },
        { "TPW",  unit.kwh,    "Yield, total",                path = "/Yield/User", code = "YU" },
        { "ERR",  unit.index,  "Error",                       path = "/ErrorCode", code = "ScERR",
                                                              names = "charger_error" },
        { "MODE", unit.index,  "Switch",                      path = "/Mode", code = "Scs",
                                                              names = "charger_mode" },
        { "GV7",  unit.index,  "Tracker",                     path = "/MppOperationMode",
                                                              names = "tracker_state" },
        { "GV8",  unit.index,  "Load output",                 path = "/Load/State", code = "SLs",
                                                              names = "off_on" },
        { "GV9",  unit.ampere, "Load current",                path = "/Load/I", code = "SLI" },
        { "GV10", unit.index,  "Relay",                       path = "/Relay/0/State", code = "SRelay",
                                                              names = "open_closed" },
    },

    samples = {
        { rows   = { ["/Yield/Power"] = 212, ["/Pv/V"] = 36.2, ["/State"] = 3, ["/Dc/0/Voltage"] = 13.4,
                     ["/Dc/0/Current"] = 15.5, ["/History/Daily/0/Yield"] = 0.84,
                     ["/History/Daily/0/MaxPower"] = 390 },
          expect = { ST = 212, CV = 36.2, CC = 5.9, GV0 = 3, GV1 = 13.4, GV2 = 15.5, GV3 = 0.84, GV4 = 390,
                     CPW = 208 } },
        { rows   = { PVP = 0, PVV = 0, ScS = 0, ScW = 0, ScV = 13.1, YT = 1.2, Scs = 4 },    -- night
          expect = { ST = 0, CC = 0, GV0 = 0, CPW = 0, GV1 = 13.1, GV3 = 1.2, MODE = 4, TPW = "no data" } },
        { rows   = { ["/Yield/Power"] = 100, ["/Pv/I"] = 3.1 },
          expect = { CC = 3.1, CPW = "no data" } },
    },
}
