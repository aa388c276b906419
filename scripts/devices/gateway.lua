-- Gateway (Cerbo GX, Venus GX): one node for each installation, with the totals of the whole system.
-- `site` holds what the plugin knows about the installation:
--   online, connected (to VRM), devices (alive), warnings and alarms (faults that rows tell, each once),
--   vrm_alarms (those and what VRM lists beyond them), interval (seconds between two logs), name,
--   source (where values come from, see names.data_source), delay (seconds from the measurement until it is
--   here; nil: not known), last_command (what became of it), timed (commands for a time that run),
--   settings_written (by commands).
-- Its rows are those of the services of which each installation has one: system, settings, platform, hub4.
local energy = use "energy"
local ess = use "ess"
local generator_rules = use "generator_rules"
local settings = use "settings"

local UNKNOWN, OK, WARNING, ALARM = 0, 1, 2, 3

local function online(_, site)    return site.online end
local function connected(_, site) return site.connected end
local function devices(_, site)   return site.devices end
local function interval(_, site)  return site.interval end
local function source(_, site)    return site.source end
local function delay(_, site)     return site.delay end
local function last_command(_, site)     return site.last_command or 0 end
local function timed(_, site)            return site.timed or 0 end
local function settings_written(_, site) return site.settings_written or 0 end

--- Whether its values are known, from VRM or live.
local function is_known(site) return site.connected or (site.source or 0) > 0 end

local function active_alarms(_, site)                 -- both lists may hold the same alarm
    if not is_known(site) then return 0 end
    return math.max(site.vrm_alarms, site.warnings + site.alarms)
end

local function system_status(_, site)
    if not (is_known(site) and site.online) then return UNKNOWN end
    if site.alarms > 0 or site.vrm_alarms > site.warnings then return ALARM end
    if site.warnings > 0 then return WARNING end
    return OK
end

local PV_ON_AC = { { "/Ac/PvOnOutput/L1/Power", "P" }, { "/Ac/PvOnOutput/L2/Power", "P2" },
                   { "/Ac/PvOnOutput/L3/Power", "P3" }, { "/Ac/PvOnGrid/L1/Power", "Pi" },
                   { "/Ac/PvOnGrid/L2/Power", "Pi2" }, { "/Ac/PvOnGrid/L3/Power", "Pi3" },
                   "/Ac/PvOnGenset/{phase}/Power" }
local PV = { { "/Dc/Pv/Power", "Pdc" }, table.unpack(PV_ON_AC) }
local CONSUMPTION = { { "/Ac/Consumption/{phase}/Power", "a{n}" } }

-- What the gateway's own node does not show. Most systems have one phase, and no solar power on AC.
local MORE_THAN_TOTALS = { "/Ac/Consumption/L2/Power", "a2", "/Ac/Consumption/L3/Power", "a3",
    "/Ac/Grid/L2/Power", "g2", "/Ac/Grid/L3/Power", "g3", "/Ac/Genset/L2/Power", "gs2",
    "/Ac/Genset/L3/Power", "gs3", "/Ac/Consumption/L1/Current", "/Ac/Grid/L1/Current",
    "/Ac/ConsumptionOnInput/L1/Power", "/Ac/ConsumptionOnOutput/L1/Power" }
local MORE_THAN_SOLAR = { "/Dc/Pv/Current", "/PV/Current", "/Ac/PvOnOutput/L1/Power", "P",
    "/Ac/PvOnOutput/L2/Power", "P2", "/Ac/PvOnOutput/L3/Power", "P3", "/Ac/PvOnGrid/L1/Power", "Pi",
    "/Ac/PvOnGrid/L2/Power", "Pi2", "/Ac/PvOnGrid/L3/Power", "Pi3", "/Ac/PvOnGenset/L1/Power",
    "/Ac/PvOnGenset/L2/Power", "/Ac/PvOnGenset/L3/Power" }

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
      max = 239.9, measured = true,                      -- 240 h is "without end"
      while_negative = { "/Dc/Battery/Current", "bc", "/Dc/Battery/Power", "bp" } },

    { "GV6",     unit.watt,        "Solar power, DC",             "/Dc/Pv/Power", "Pdc" },
    { "GV7",     unit.watt,        "Solar power, AC",             sum = PV_ON_AC },
    { "GV8",     unit.watt,        "AC consumption",              sum = CONSUMPTION },
    { "GV9",     unit.watt,        "Grid power, + from the grid",
      sum = { { "/Ac/Grid/{phase}/Power", "g{n}" } } },
    { "GV10",    unit.watt,        "Generator power",
      sum = { { "/Ac/Genset/{phase}/Power", "gs{n}" } } },
    { "GV11",    unit.watt,        "DC system power, + consumed", "/Dc/System/Power", "dc" },
    { "GV12",    "ac_source",      "AC input",                    "/Ac/ActiveIn/Source",
      events = { [0] = "GENSTOP", [1] = "GENSTOP", [2] = "GENSTART", [3] = "GENSTOP", [240] = "GENSTOP" } },
    { "GV13",    "grid_alarm",     "Grid alarm",                  "/Ac/Alarms/GridLost", "Agl",
      events = { [0] = "GRIDBACK", [2] = "GRIDLOST" } },
    { "GV14",    "open_closed",    "Relay 1",                     "/Relay/0/State",
      set = { choices = { 0, 1 }, timed = "also", stored = "counted",
              only = { { "/Settings/Relay/Function", 2, "its function is not Manual" } } } },
    { "GV15",    "open_closed",    "Relay 2",                     "/Relay/1/State",
      set = { choices = { 0, 1 }, timed = "also", stored = "counted",
              unless = { { "/Settings/Relay/1/Function", { -1, 0, 1, 3, 4, 5 },    -- before 2021: none
                           "its function is not Manual" } } } },
    { "GV16",    unit.seconds,     "Logging interval",            from = interval },
    { "GV17",    "data_source",    "Data source",                 from = source, zero = false },
    { "GV18",    unit.seconds,     "Data delay",                  from = delay, places = 1 },
    { "GV20",    "command_result", "Last command",                from = last_command, zero = false },
    { "GV21",    unit.count,       "Commands for a time, running", from = timed, zero = false },
    { "GV22",    unit.counter,     "Settings written by commands", from = settings_written },

    events = {
        WARNING = "Warning", ALARM = "Alarm", OVER = "Alarm over",               -- of any device
        GRIDLOST = "Grid lost", GRIDBACK = "Grid back",
        GENSTART = "Generator started", GENSTOP = "Generator stopped",           -- as the AC input
        BATLOW = "Battery below the level", BATOK = "Battery above the level",
    },

    parts = {
        { part = "p", id = "VICGWP", name = "phases", when = MORE_THAN_TOTALS,
          { "ST",             unit.watt,   "AC consumption",                 sum = CONSUMPTION },
          { "CPW GV0 GV1",    unit.watt,   "Consumption {phase}",
            "/Ac/Consumption/{phase}/Power", "a{n}" },
          { "CC GV2 GV3",     unit.ampere, "Consumption current {phase}",
            "/Ac/Consumption/{phase}/Current" },
          { "GV4 GV5 GV6",    unit.watt,   "Consumption on AC input {phase}",
            "/Ac/ConsumptionOnInput/{phase}/Power" },
          { "GV7 GV8 GV9",    unit.watt,   "Consumption on AC output {phase}",
            "/Ac/ConsumptionOnOutput/{phase}/Power" },
          { "GV10 GV11 GV12", unit.watt,   "Grid power {phase}, + from the grid",
            "/Ac/Grid/{phase}/Power", "g{n}" },
          { "GV13 GV14 GV15", unit.ampere, "Grid current {phase}, + from the grid",
            "/Ac/Grid/{phase}/Current" },
          { "GV16 GV17 GV18", unit.watt,   "Generator power {phase}",
            "/Ac/Genset/{phase}/Power", "gs{n}" },
          { "GV19",           unit.count,  "Phases of consumption",          "/Ac/Consumption/NumberOfPhases",
            max = 3, on_change = true },
          { "GV20",           unit.count,  "Phases of consumption on AC output",
            "/Ac/ConsumptionOnOutput/NumberOfPhases", max = 3, on_change = true },
          { "GV21",           unit.count,  "Phases of the grid",             "/Ac/Grid/NumberOfPhases",
            max = 3, on_change = true },
          { "GV22",           unit.count,  "Phases of the generator",        "/Ac/Genset/NumberOfPhases",
            max = 3, on_change = true },
        },

        { part = "v", id = "VICGWV", name = "solar", when = MORE_THAN_SOLAR,
          { "ST",             unit.watt,   "Solar power, DC and AC",      sum = PV },
          { "CC",             unit.ampere, "Solar current, DC",
            first = { "/Dc/Pv/Current", "/PV/Current" } },
          { "CPW",            unit.watt,   "Solar power on AC output L1", "/Ac/PvOnOutput/L1/Power", "P" },
          { "GV0",            unit.watt,   "Solar power on AC output L2", "/Ac/PvOnOutput/L2/Power", "P2" },
          { "GV1",            unit.watt,   "Solar power on AC output L3", "/Ac/PvOnOutput/L3/Power", "P3" },
          { "GV2 GV3 GV4",    unit.ampere, "Solar current on AC output {phase}",
            "/Ac/PvOnOutput/{phase}/Current" },
          { "GV5",            unit.watt,   "Solar power on AC input L1",  "/Ac/PvOnGrid/L1/Power", "Pi" },
          { "GV6",            unit.watt,   "Solar power on AC input L2",  "/Ac/PvOnGrid/L2/Power", "Pi2" },
          { "GV7",            unit.watt,   "Solar power on AC input L3",  "/Ac/PvOnGrid/L3/Power", "Pi3" },
          { "GV8 GV9 GV10",   unit.ampere, "Solar current on AC input {phase}",
            "/Ac/PvOnGrid/{phase}/Current" },
          { "GV11 GV12 GV13", unit.watt,   "Solar power on the generator {phase}",
            "/Ac/PvOnGenset/{phase}/Power" },
          { "GV14",           unit.count,  "Phases of solar on AC output",
            "/Ac/PvOnOutput/NumberOfPhases", max = 3, on_change = true },
          { "GV15",           unit.count,  "Phases of solar on AC input", "/Ac/PvOnGrid/NumberOfPhases",
            max = 3, on_change = true },
          { "GV16",           unit.count,  "Phases of solar on the generator",
            "/Ac/PvOnGenset/NumberOfPhases", max = 3, on_change = true },
        },

        { part = "d", id = "VICGWD", name = "details",
          { "ST",   unit.watt,      "Inverter/charger DC power, + charging",
            first = { "/Dc/InverterCharger/Power", "/Dc/Vebus/Power", "vp" } },
          { "CC",   unit.ampere,    "Inverter/charger current, + charging",
            first = { "/Dc/InverterCharger/Current", "/Dc/Vebus/Current", "vc" } },
          { "GV0",  unit.watt,      "AC charger power, DC",        "/Dc/Charger/Power", min = -0.5 },
          { "GV1",  unit.amp_hours, "Consumed (Ah)",               "/Dc/Battery/ConsumedAmphours", "ba",
                    measured = true },
          { "GV2",  unit.watt,      "Alternator power",            "/Dc/Alternator/Power" },
          { "GV3",  "no_yes",       "Low SoC",                     "/SystemState/LowSoc" },
          { "GV4",  "inactive_active", "BatteryLife",              "/SystemState/BatteryLife" },
          { "GV5",  "no_yes",       "Charge disabled",             "/SystemState/ChargeDisabled" },
          { "GV6",  "no_yes",       "Discharge disabled",          "/SystemState/DischargeDisabled" },
          { "GV7",  "no_yes",       "Slow charge",                 "/SystemState/SlowCharge" },
          { "GV8",  "no_yes",       "User limits charge",          "/SystemState/UserChargeLimited" },
          { "GV9",  "no_yes",       "User limits discharge",       "/SystemState/UserDischargeLimited" },
          { "GV10", "generator_reason", "Generator was started by",
            "/Ac/Genset/RunningByConditionCode", "gRC" },
          { "GV11", unit.seconds,   "Time on the grid",            "/Timers/TimeOnGrid" },
          { "GV12", unit.seconds,   "Time on the generator",       "/Timers/TimeOnGenerator" },
          { "GV13", unit.seconds,   "Time on the inverter",        "/Timers/TimeOnInverter" },
          { "GV14", unit.seconds,   "Time off",                    "/Timers/TimeOff" },
          { "GV15", "no_yes",       "Peak shaving",                "/SystemState/PeakShaving" },
          { "GV16", unit.ampere,    "DC system current, + consumed", "/Dc/System/Current" },
          { "GV17", unit.watt,      "Fuel cell power",             "/Dc/FuelCell/Power", min = -0.5 },
        },

        { part = "a", id = "VICGWA", name = "alarms",              -- what the GX itself tells
          { "ST",   unit.count,     "Active alarms on the GX",     "/Notifications/NumberOfActiveAlarms",
            max = 1000, on_change = true },
          { "GV0",  unit.count,     "Active warnings",             "/Notifications/NumberOfActiveWarnings",
            max = 1000, on_change = true },
          { "GV1",  unit.count,     "Active informations",
            "/Notifications/NumberOfActiveInformations", max = 1000, on_change = true },
          { "GV2",  unit.count,     "Active notifications",
            "/Notifications/NumberOfActiveNotifications", max = 1000, on_change = true },
          { "GV3",  unit.count,     "Alarms not acknowledged",
            "/Notifications/NumberOfUnAcknowledgedAlarms", max = 1000, on_change = true },
          { "GV4",  unit.count,     "Warnings not acknowledged",
            "/Notifications/NumberOfUnAcknowledgedWarnings", max = 1000, on_change = true },
          { "GV5",  unit.count,     "Notifications",               "/Notifications/NumberOfNotifications",
            max = 1000, on_change = true },
          { "GV6",  "no_yes",       "Any alarm not acknowledged",  "/Notifications/Alarm" },
          { "GV7",  "no_yes",       "Anything not acknowledged",   "/Notifications/Alert",
            set = { name = "Acknowledge notifications", service = "platform", value = 1, becomes = 0,
                    path = "/Notifications/AcknowledgeAll" } },
          { "GV8",  "alarm",        "Alarm: firmware too old for DVCC",
            "/Dvcc/Alarms/FirmwareInsufficient" },
          { "GV9",  "alarm",        "Alarm: several batteries, DVCC",
            "/Dvcc/Alarms/MultipleBatteries" },
          { "GV10", "alarm",        "Alarm: circuit breaker",
            "/Dc/Battery/Alarms/CircuitBreakerTripped" },
        },

        energy, ess.system, ess.charging, ess.schedule, ess.dynamic,
        generator_rules.relay, generator_rules.connected,

        settings { part = "r", id = "VICGWR", name = "relays",
          { "ST",   "relay_function", "Relay 1: function",         "/Settings/Relay/Function",
            values = { [-1] = 99 } },
          { "GV0",  "relay_function", "Relay 2: function",         "/Settings/Relay/1/Function",
            values = { [-1] = 99 } },
          { "GV1",  "relay_polarity", "Relay 1: polarity",         "/Settings/Relay/Polarity" },
          { "GV2",  "relay_polarity", "Relay 2: polarity",         "/Settings/Relay/1/Polarity" },
          { "GV3",  "open_closed",    "Relay 1: state at start",   "/Settings/Relay/0/InitialState" },
          { "GV4",  "open_closed",    "Relay 2: state at start",   "/Settings/Relay/1/InitialState" },
          { "GV5",  "open_closed",    "Relay 3",                   "/Relay/2/State" },
          { "GV6",  "open_closed",    "Relay 4",                   "/Relay/3/State" },
          { "GV7 GV8 GV9 GV10", "off_on", "Output {n}",            "/SwitchableOutput/{n-1}/State" },
          { "GV11", "off_on",         "Buzzer",                    "/Buzzer/State" },
          { "GV12", "off_on",         "Tank pump: auto start",     "/Settings/Pump0/AutoStartEnabled" },
          { "MODE", "pump_mode",      "Tank pump: mode",           "/Settings/Pump0/Mode" },
          { "GV13", unit.percent,     "Tank pump: start at level", "/Settings/Pump0/StartValue",
            min = 0, max = 100 },
          { "GV14", unit.percent,     "Tank pump: stop at level",  "/Settings/Pump0/StopValue",
            min = 0, max = 100 },
        },

        settings { part = "o", id = "VICGWO", name = "GX",
          { "ST",   "vrm_portal",     "VRM portal",                "/Settings/Network/VrmPortal", "vrm" },
          { "GV14", "ac_input_type",  "AC input 1 is",             "/Settings/SystemSetup/AcInput1", "si1" },
          { "GV15", "ac_input_type",  "AC input 2 is",             "/Settings/SystemSetup/AcInput2", "si2" },
          { "GV2",  "no_yes",         "Loads on AC input",
            "/Settings/SystemSetup/HasAcInLoads", "shai" },
          { "GV3",  "no_yes",         "DC system",
            "/Settings/SystemSetup/HasDcSystem", "shd" },
          { "GV4",  "firmware_update", "Firmware update",          "/Firmware/State" },
          { "GV5",  unit.percent,     "Firmware update: progress", "/Firmware/Progress", min = 0, max = 100 },
          { "GV6",  "off_on",         "Remote support",            "/Settings/System/RemoteSupport", "rss" },
          { "GV7",  "off_on",         "Two-way communication",     "/Settings/Services/MqttVrm", "tw" },
          { "GV8",  "mqtt_local",     "MQTT on the LAN",           "/Settings/Services/MqttLocal" },
          { "GV9",  "off_on",         "Modbus TCP",                "/Settings/Services/Modbus", "mb" },
          { "GV10", "node_red",       "Node-RED",                  "/Settings/Services/NodeRed", "nr" },
          { "GV11", "off_on",         "Signal K",                  "/Settings/Services/SignalK", "sk" },
          { "GV12", "off_on",         "Status LEDs",               "/Settings/LEDs/Enable" },
          { "GV13", "off_on",         "Audible alarm",             "/Settings/Alarm/Audible" },
          { "GV0",  "load_shedding",  "Load shedding",             "/LoadShedding/Active" },
          { "GV1",  unit.time,        "Load shedding: next",       "/LoadShedding/NextDisconnect", min = 1 },
          { "GV16", "off_on",         "Demo mode",                 "/Settings/Gui/DemoMode", "dm",
            values = { [2] = 1, [3] = 1 } },          -- which of the demos
          { "GV17", unit.raw,         "D-Bus round-trip time (ms)", nil, "rtt", min = 0, max = 1e6 },
        },
    },

    samples = {
        { rows   = { ["/SystemState/State"] = 256, ["/Dc/Battery/Soc"] = 81.5,
                     ["/Dc/Battery/Voltage"] = 26.47,
                     ["/Dc/Battery/Current"] = -12.3, ["/Dc/Battery/State"] = 2, Pdc = 430,
                     ["/Dc/Battery/TimeToGo"] = { value = 14400, unit = "s" },
                     ["/Ac/Consumption/L1/Power"] = 300, ["/Ac/Consumption/L2/Power"] = 120, g1 = -50 },
          site   = { online = true, connected = true, devices = 4, warnings = 0, alarms = 0,
                     vrm_alarms = 0, interval = 60, source = 2, delay = 0.34 },
          expect = { ST = 1, GV0 = 1, GV1 = 0, GV2 = 4, GV3 = 1, GV4 = 256, BATLVL = 81.5, CV = 26.47,
                     CC = -12.3, GV5 = 2, GV6 = 430, GV7 = "no data", GV8 = 420, GV9 = -50, TIMEREM = 4,
                     GV16 = 60, GV17 = 2, GV18 = 0.3 } },
        { rows   = {},                                   -- one warning, which VRM lists too
          site   = { online = true, connected = true, devices = 4, warnings = 1, alarms = 0, vrm_alarms = 1 },
          expect = { GV0 = 2, GV1 = 1 } },
        { rows   = {},
          site   = { online = true, connected = true, devices = 4, warnings = 1, alarms = 2, vrm_alarms = 1 },
          expect = { GV0 = 3, GV1 = 3 } },
        { rows   = { ["/Energy/Today/Solar"] = { value = 7.25, unit = "kWh" },     -- a site without a grid
                     ["/Energy/Month/Solar"] = 212.5, ["/Energy/Lifetime/Solar"] = 10875.25,
                     ["/Energy/Today/BatteryOut"] = 0, ["/Energy/Forecast/Today"] = 11.5,
                     ["/Energy/Lifetime/FromGenerator"] = 96.5 },
          expect = { e = { ST = 7.25, GV5 = 212.5, TPW = 10875.25, GV4 = 0, GV16 = 11.5, GV1 = "no data",
                           GV19 = "no data", GV21 = 96.5, GV7 = "no data", GV18 = "no data" } } },
        { rows   = {}, site = { online = false, connected = false, source = 0 },
          expect = { ST = 0, GV0 = 0, GV1 = 0, GV2 = "no data", GV3 = 0, GV17 = 0, GV18 = "no data" } },
        { rows   = { ["/Ac/Consumption/L1/Power"] = 410, ["/Ac/Consumption/L2/Power"] = 90, a3 = 120,
                     ["/Ac/Consumption/L1/Current"] = 1.8, ["/Ac/ConsumptionOnOutput/L2/Power"] = 60,
                     ["/Ac/ConsumptionOnInput/L2/Power"] = 30, ["/Ac/Consumption/NumberOfPhases"] = 3,
                     ["/Ac/Grid/L2/Power"] = -700, ["/Ac/Grid/L2/Current"] = -3.1, gs1 = 65535,
                     Pdc = 900, P2 = 300, ["/Ac/PvOnGrid/L1/Power"] = 200, ["/Ac/PvOnGrid/L1/Current"] = 0.9,
                     ["/Ac/PvOnGenset/L3/Power"] = {}, ["/PV/Current"] = 17.2 },
          expect = { GV8 = 620,
                     p = { ST = 620, CPW = 410, GV1 = 120, CC = 1.8, GV5 = 30, GV8 = 60, GV11 = -700,
                           GV14 = -3.1, GV16 = "no data", GV19 = 3, GV21 = "no data" },
                     v = { ST = 1400, CC = 17.2, GV0 = 300, GV5 = 200, GV8 = 0.9, GV13 = "no data" } } },
        { rows   = { vp = -1240, ["/Dc/Vebus/Current"] = -23.9, ["/SystemState/LowSoc"] = 0, ba = -38.5,
                     ["/SystemState/ChargeDisabled"] = 1, gRC = 4, ["/Timers/TimeOnGrid"] = 86400,
                     ["/Notifications/NumberOfActiveAlarms"] = 2, ["/Dvcc/Alarms/MultipleBatteries"] = 1,
                     ["/Dvcc/Alarms/FirmwareInsufficient"] = 65535 },
          expect = { d = { ST = -1240, CC = -23.9, GV1 = -38.5, GV3 = 0, GV5 = 1, GV10 = 4, GV11 = 86400,
                           GV2 = "no data" },
                     a = { ST = 2, GV9 = 1, GV8 = "no data" } } },
        { rows   = { ["/Settings/CGwacs/BatteryLife/State"] = 10, ["/Settings/CGwacs/Hub4Mode"] = 2, dem = 1,
                     ["/Settings/CGwacs/BatteryLife/MinimumSocLimit"] = 30, ["/Overrides/Setpoint"] = {},
                     ["/Settings/CGwacs/AcPowerSetPoint"] = -50, ["/Settings/CGwacs/MaxChargePower"] = -1,
                     ["/Settings/CGwacs/MaxDischargePower"] = 0, ["/Settings/CGwacs/PreventFeedback"] = 1,
                     ["/Control/Dvcc"] = 1, ["/Settings/Services/Bol"] = 3,
                     ["/Settings/SystemSetup/MaxChargeCurrent"] = 50,
                     ["/Settings/CGwacs/BatteryLife/Schedule/Charge/0/Day"] = 7,
                     ["/Settings/CGwacs/BatteryLife/Schedule/Charge/1/Day"] = -10,
                     ["/Settings/CGwacs/BatteryLife/Schedule/Charge/0/Start"] = 7200,
                     ["/DynamicEss/Strategy"] = 1, ["/DynamicEss/TargetSoc"] = 62.5,
                     ["/Settings/DynamicEss/GridImportLimit"] = 12.5,
                     ["/Settings/DynamicEss/BatteryChargeLimit"] = { value = 4500, unit = "W" } },
          expect = { s = { ST = 10, MODE = 2, GV0 = 30, GV3 = -50, GV4 = -1, GV5 = 0, GV10 = 0, GV21 = 1,
                           GV18 = "no data" },
                     i = { ST = 1, MODE = 3, GV0 = 50, GV1 = "no data" },
                     b = { GV1 = 7, GV2 = 99, GV6 = 7200, GV3 = "no data" },
                     y = { ST = 1, MODE = 1, GV2 = 62.5, GV19 = 4.5, GV21 = 12.5 } } },
        { rows   = { ["/Settings/Generator0/Soc/StartValue"] = 40, ["/Settings/Relay/Function"] = 2,
                     ["/Settings/Generator1/AutoStartEnabled"] = 1,
                     ["/Settings/Generator0/MinimumRuntime"] = 30,
                     ["/Settings/Relay/1/Function"] = -1, ["/SwitchableOutput/1/State"] = 1, vrm = 2, si1 = 1,
                     ["/Firmware/State"] = 1000, ["/LoadShedding/NextDisconnect"] = {}, nr = 0 },
          expect = { g = { BATLVL = 40, DUR = 30, ST = "no data" }, j = { ST = 1 },
                     r = { ST = 2, GV0 = 99, GV8 = 1 },
                     o = { ST = 2, GV14 = 1, GV4 = 1000, GV10 = 0, GV1 = "no data" } } },
    },
}
