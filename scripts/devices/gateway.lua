-- Gateway (Cerbo GX, Venus GX): one node for each installation, with the totals of the whole system.
-- `site` holds what the plugin knows about the installation:
--   online, connected (to VRM), devices (alive), warnings and alarms (faults that rows tell, each once),
--   vrm_alarms (those and what VRM lists beyond them), interval (seconds between two logs), name.
local UNKNOWN, OK, WARNING, ALARM = 0, 1, 2, 3

local function online(_, site)    return site.online end
local function connected(_, site) return site.connected end
local function devices(_, site)   return site.devices end
local function interval(_, site)  return site.interval end

local function active_alarms(_, site)                 -- both lists may hold the same alarm
    if not site.connected then return 0 end
    return math.max(site.vrm_alarms, site.warnings + site.alarms)
end

local function system_status(_, site)
    if not (site.connected and site.online) then return UNKNOWN end
    if site.alarms > 0 or site.vrm_alarms > site.warnings then return ALARM end
    if site.warnings > 0 then return WARNING end
    return OK
end

return {
    api = 2,
    id = "VICGW", name = "Gateway", icon = "EnergyMonitor",
    match = { kind = "gateway" },

    { "ST",      "gateway_status", "Gateway status", from = online, zero = false },
    { "GV0",     "system_status",  "System status",  from = system_status, zero = false,
      events = { [OK] = "OVER", [WARNING] = "WARNING", [ALARM] = "ALARM" } },
    { "GV1",     unit.count,       "Active alarms",  from = active_alarms, zero = false },
    { "GV2",     unit.count,       "Devices",        from = devices, zero = false },
    { "GV3",     "vrm_connection", "VRM connection", from = connected, zero = false },
    { "GV4",     "system_state",   "System state",   "/SystemState/State", "ss" },

    { "BATLVL",  unit.percent,     "Battery charge",              "/Dc/Battery/Soc", "bs",
      min = 0, max = 110, events = { level = "battery_level", below = "BATLOW", above = "BATOK" } },
    { "GV5",     "battery_state",  "Battery status",              "/Dc/Battery/State", "bst" },
    { "CV",      unit.volt,        "Battery voltage",             "/Dc/Battery/Voltage", "bv", min = -0.5 },
    { "CC",      unit.ampere,      "Battery current, + charging", "/Dc/Battery/Current", "bc" },
    { "CPW",     unit.watt,        "Battery power, + charging",   "/Dc/Battery/Power", "bp" },
    { "CLITEMP", unit.celsius,     "Battery temperature",         "/Dc/Battery/Temperature", "bT",
      min = -60, max = 120 },
    { "TIMEREM", unit.hours,       "Battery time to go",          "/Dc/Battery/TimeToGo", "bt",
      measured = true },

    { "GV6",     unit.watt,        "Solar power, DC",             "/Dc/Pv/Power", "Pdc" },
    { "GV7",     unit.watt,        "Solar power, AC",
      sum = { { "/Ac/PvOnOutput/L1/Power", "P" }, { "/Ac/PvOnOutput/L2/Power", "P2" },
              { "/Ac/PvOnOutput/L3/Power", "P3" }, { "/Ac/PvOnGrid/L1/Power", "Pi" },
              { "/Ac/PvOnGrid/L2/Power", "Pi2" }, { "/Ac/PvOnGrid/L3/Power", "Pi3" },
              "/Ac/PvOnGenset/{phase}/Power" } },
    { "GV8",     unit.watt,        "AC consumption",
      sum = { { "/Ac/Consumption/{phase}/Power", "a{n}" } } },
    { "GV9",     unit.watt,        "Grid power, + from the grid",
      sum = { { "/Ac/Grid/{phase}/Power", "g{n}" } } },
    { "GV10",    unit.watt,        "Generator power",
      sum = { { "/Ac/Genset/{phase}/Power", "gs{n}" } } },
    { "GV11",    unit.watt,        "DC system power, + consumed", "/Dc/System/Power", "dc" },
    { "GV12",    "ac_source",      "AC input",                    "/Ac/ActiveIn/Source",
      events = { [0] = "GENSTOP", [1] = "GENSTOP", [2] = "GENSTART", [3] = "GENSTOP", [240] = "GENSTOP" } },
    { "GV13",    "grid_alarm",     "Grid alarm",                  "/Ac/Alarms/GridLost", "Agl",
      events = { [0] = "GRIDBACK", [2] = "GRIDLOST" } },
    { "GV14",    "open_closed",    "Relay 1",                     "/Relay/0/State" },
    { "GV15",    "open_closed",    "Relay 2",                     "/Relay/1/State" },
    { "GV16",    unit.seconds,     "Logging interval",            from = interval },

    events = {
        WARNING = "Warning", ALARM = "Alarm", OVER = "Alarm over",               -- of any device
        GRIDLOST = "Grid lost", GRIDBACK = "Grid back",
        GENSTART = "Generator started", GENSTOP = "Generator stopped",           -- as the AC input
        BATLOW = "Battery below the level", BATOK = "Battery above the level",
    },

    samples = {
        { rows   = { ["/SystemState/State"] = 256, ["/Dc/Battery/Soc"] = 81.5,
                     ["/Dc/Battery/Voltage"] = 26.47,
                     ["/Dc/Battery/Current"] = -12.3, ["/Dc/Battery/State"] = 2, Pdc = 430,
                     ["/Dc/Battery/TimeToGo"] = { value = 14400, unit = "s" },
                     ["/Ac/Consumption/L1/Power"] = 300, ["/Ac/Consumption/L2/Power"] = 120, g1 = -50 },
          site   = { online = true, connected = true, devices = 4, warnings = 0, alarms = 0,
                     vrm_alarms = 0, interval = 60 },
          expect = { ST = 1, GV0 = 1, GV1 = 0, GV2 = 4, GV3 = 1, GV4 = 256, BATLVL = 81.5, CV = 26.47,
                     CC = -12.3, GV5 = 2, GV6 = 430, GV7 = "no data", GV8 = 420, GV9 = -50, TIMEREM = 4,
                     GV16 = 60 } },
        { rows   = {},                                   -- one warning, which VRM lists too
          site   = { online = true, connected = true, devices = 4, warnings = 1, alarms = 0, vrm_alarms = 1 },
          expect = { GV0 = 2, GV1 = 1 } },
        { rows   = {},
          site   = { online = true, connected = true, devices = 4, warnings = 1, alarms = 2, vrm_alarms = 1 },
          expect = { GV0 = 3, GV1 = 3 } },
        { rows   = {}, site = { online = false, connected = false },
          expect = { ST = 0, GV0 = 0, GV1 = 0, GV2 = "no data", GV3 = 0 } },
    },
}
