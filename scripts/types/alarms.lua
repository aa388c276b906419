--- What is an alarm: by path, by VRM's code where it gives no path, and by value. The drivers that show
-- alarms and the gateway that counts them ask here.

local alarms = {}

--- VRM's codes of alarms by service, for rows without a path: codes are unique.
local CODES = {
    battery = {
        AL = "/Alarms/LowVoltage", AH = "/Alarms/HighVoltage", AM = "/Alarms/MidVoltage",
        ALS = "/Alarms/LowStarterVoltage", AHS = "/Alarms/HighStarterVoltage",
        ALF = "/Alarms/LowFusedVoltage", AHF = "/Alarms/HighFusedVoltage", AFB = "/Alarms/FuseBlown",
        ALT = "/Alarms/LowTemperature", AHT = "/Alarms/HighTemperature",
        AHIT = "/Alarms/HighInternalTemperature", ASoc = "/Alarms/LowSoc",
    },
    solarcharger = { SceL = "/Alarms/LowVoltage", SceH = "/Alarms/HighVoltage" },
    charger = { cAl = "/Alarms/LowVoltage", cAh = "/Alarms/HighVoltage" },
    vebus = { eL = "/Alarms/LowBattery", eO = "/Alarms/Overload", eT = "/Alarms/HighTemperature" },
    generator = { gasr = "/Alarms/ServiceIntervalExceeded", gaNG = "/Alarms/NoGeneratorAtAcIn" },
    system = { Agl = "/Ac/Alarms/GridLost" },
}

local paths, services = {}, {}
for service, of_service in pairs(CODES) do
    for code, path in pairs(of_service) do paths[code], services[code] = path, service end
end

--- Alarms whose path does not have the form of the others.
local OTHERS = { ["/Alarm"] = "Alarm" }                        -- a digital input

--- How settings of an alarm end: "/Alarms/LowSocEnable", "/Alarms/LowVoltage/Set".
local SETTINGS = { "Enable", "Enabled", "Delay", "Set", "Clear", "Level", "Threshold", "Limit", "Setting",
                   "Settings" }

--- Alarms that end like one: of a genset, of an EV charger.
local NO_SETTINGS = { LowFuelLevel = true, LowOilLevel = true, LowCoolantLevel = true,
                      ExternalCurrentLimit = true, SystemCausedCurrentLimit = true }

--- Alarms that tell what another one does: "/Distributor/A/Fuse/0/Alarms/Blown", of each fuse.
local SAME = { Blown = "FuseBlown" }

--- How the path of an alarm begins; one of a part of a device has it within:
-- "/Distributor/A/Alarms/ConnectionLost".
alarms.ALL = "/Alarms/"

--- Where devices of other makes say what is wrong, as texts (see alarms.level): one alarm, however many they
-- are.
alarms.OF_OTHER_MAKES = "/Error/"

--- The alarm that says only that there is one; it is nothing more where another says which.
alarms.ANY = "Alarm"

--- What the whole installation has once, whoever tells it: the VE.Bus system, the RS system, the gateway.
alarms.OF_ALL = { GridLost = true, PhaseRotation = true }

--- The path that a key of rows (a path or a code) stands for.
function alarms.path(key)
    return paths[key] or key
end

--- The service whose alarm has this code; nil if no alarm has it.
function alarms.service(code)
    return code and services[code]
end

local function is_setting(name)
    if NO_SETTINGS[name] then return false end
    for _, word in ipairs(SETTINGS) do
        if name:sub(-#word) == word then return true end
    end
    return false
end

local function fault_of(path)
    if OTHERS[path] then return OTHERS[path] end
    if path:find "^/Error/%d+/Id$" then return "Error" end
    local _, last = path:find(alarms.ALL, 1, true)
    if not last or path:find("/Settings/", 1, true) then return nil end
    local name = path:sub(last + 1):gsub("^L?%d/", ""):gsub("/State$", "")
    if name == "" or name:find("/", 1, true) or is_setting(name) then return nil end
    return SAME[name] or name
end

local MOST_KNOWN = 4000             -- paths whose fault is remembered: nothing is asked as often
local known, count = {}, 0          -- [path] = its fault, false for none

--- The name of the fault that a path tells, the same for each phase: "Overload" of "/Alarms/L1/Overload". nil
-- for what is no alarm.
function alarms.fault(path)
    local fault = known[path]
    if fault == nil then
        fault = fault_of(path) or false
        if count < MOST_KNOWN then known[path], count = fault, count + 1 end
    end
    return fault or nil
end

--- The same by a key of rows, a path or a code; false for what is no alarm. Nothing is asked as often: each
-- row, at each poll.
alarms.of_key = setmetatable({}, { __index = function(list, key)
    local fault = alarms.fault(alarms.path(key)) or false
    if count < MOST_KNOWN then rawset(list, key, fault) end
    return fault
end })

--- Whether a path is among alarms but is none: what an alarm is set to.
function alarms.is_setting(path)
    return path:find(alarms.ALL, 1, true) ~= nil and alarms.fault(path) == nil
end

local LEVELS = { [0] = 0, 1, 2 }

--- What a letter says in "fischerpanda:e-17": an error, a warning, or something to know.
local OF_LETTER = { e = 2, w = 1, i = 0 }

--- 0 for no alarm, 1 for a warning, 2 for an alarm; nil for every other value, which says that there is none
-- to be had (65535). An empty text is no alarm: see alarms.OF_OTHER_MAKES.
function alarms.level(value)
    local level = LEVELS[value]
    if level or type(value) ~= "string" then return level end
    if value == "" then return 0 end
    return OF_LETTER[value:match "^([ewi])%-" or value:match "^[^:]*:%s*([ewi])%-"]
end

return alarms
