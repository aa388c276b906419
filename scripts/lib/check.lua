--- Checks a device table and turns it into a node type. A mistake is told with file, row and what to write.
--
-- check.device(file, table) -> type | nil, text
-- type = { id, name, icon, kind = nil|"controller"|"gateway", match, file, table,
--          drivers = { { id, unit, label, places, min, max, zero, names, keys, sums, from, map, by_pg3 } },
--          keys = { [path or code] = true }, declaration = what host.declare takes }

local units = require "lib.units"
local name_lists = require "lib.names"
local row_check = require "lib.row_check"

local check = {}

local fail, texts, set = row_check.fail, row_check.texts, row_check.set

local TABLE_FIELDS = set "api id name icon match drivers commands samples start update"
local MATCH_FIELDS = set "service product type kind"
local SAMPLE_FIELDS = set "rows site expect"
local KINDS = set "controller gateway"
local ICONS = set [[Alarm Arm DoorLock Electricity EnergyMonitor GenericCtl GenericRsp GenericRspCtl Input
    Irrigation Lamp LampAndSwitch MotionSensor Output PulseCounter Sensor Siren Switch SmokeSensor TempSensor
    Thermostat Weather]]

local function check_match(where, match)
    if type(match) == "function" then return nil end
    if type(match) ~= "table" then
        fail(where, "match is missing.", "Write match = { service = \"solarcharger\" }.")
    end
    row_check.fields(where .. ", match", match, MATCH_FIELDS)
    if match.kind ~= nil then
        if not KINDS[match.kind] or match.service or match.product or match.type then
            fail(where, "match.kind is not \"controller\" or \"gateway\" alone.",
                "Write match = { kind = \"gateway\" }.")
        end
        return match.kind
    end
    if match.service == nil then
        fail(where, "match names no service.", "Write match = { service = \"solarcharger\" }.")
    end
    for _, field in ipairs { "service", "product", "type" } do
        texts(where .. ", match", field, match[field])
    end
    return nil
end

local function check_samples(where, samples)
    if samples == nil then return end
    if type(samples) ~= "table" then
        fail(where, "samples is not a list.", "Write samples = { { rows = ..., expect = ... } }.")
    end
    for i, sample in ipairs(samples) do
        local here = where .. ", sample " .. i
        if type(sample) ~= "table" or type(sample.rows) ~= "table" or type(sample.expect) ~= "table" then
            fail(here, "rows or expect is missing.",
                "Write { rows = { [\"/Soc\"] = 80 }, expect = { ST = 80 } }.")
        end
        row_check.fields(here, sample, SAMPLE_FIELDS)
    end
end

local function check_commands(where, commands)
    local declared = { { id = "QUERY", name = "Query" } }
    if commands ~= nil and type(commands) ~= "table" then
        fail(where, "commands is not a table.", "Write commands = { NAME = function(node, args) ... end }.")
    end
    local ids = {}
    for id in pairs(commands or {}) do ids[#ids + 1] = id end
    table.sort(ids, function(a, b) return tostring(a) < tostring(b) end)
    for _, id in ipairs(ids) do
        local command = commands[id]
        if type(id) ~= "string" or not id:find("^[A-Z][A-Z0-9_]*$") or id == "QUERY" then
            fail(where .. ", commands", "'" .. tostring(id) .. "' is no name for a command.",
                "Use capitals and digits; QUERY is there by itself.")
        end
        if type(command) == "function" then command = { run = command } end
        if type(command) ~= "table" then
            fail(where .. ", commands", id .. " is not a function.",
                "Write " .. id .. " = function(node, args) ... end.")
        end
        row_check.fields(where .. ", command " .. id, command, set "name params run")
        declared[#declared + 1] = { id = id, name = command.name or id, params = command.params }
    end
    return declared
end

local function declaration(type_)
    local drivers = {}
    for i, d in ipairs(type_.drivers) do
        local ranged = d.names == nil
        drivers[i] = { id = d.id, label = d.label, uom = d.unit.uom, places = d.places, zero = d.zero,
                       min = ranged and d.min or nil, max = ranged and d.max or nil,
                       names_id = d.names_id, names = d.names, alt = d.unit.alt }
    end
    if type_.kind ~= "controller" then
        drivers[#drivers + 1] = { id = "GV30", label = "Data state", uom = 25, places = 0, zero = false,
                                  names_id = "DATA_STATE", names = name_lists.data_state }
        drivers[#drivers + 1] = { id = "TIME", label = "Last data", uom = units.time.uom, places = 0,
                                  zero = false, min = units.time.min, max = units.time.max }
    end
    return { id = type_.id, name = type_.name, icon = type_.icon, drivers = drivers,
             commands = type_.commands }
end

local function build(file, tab)
    if type(tab) ~= "table" then
        fail(file, "the file returns no table.", "End it with return { api = 1, ... }.")
    end
    row_check.fields(file, tab, TABLE_FIELDS)
    if tab.api ~= 1 then fail(file, "api is not 1.", "Write api = 1.") end
    if type(tab.id) ~= "string" or not tab.id:find("^[A-Z][A-Z0-9_]*$") or #tab.id > 16 then
        fail(file, "id is not a node type id.", "Write id = \"VICTANK\": up to 16 capitals and digits.")
    end
    row_check.text(file, "name", tab.name, 40)
    if tab.icon ~= nil and not ICONS[tab.icon] then
        fail(file, "the icon '" .. tostring(tab.icon) .. "' is unknown.",
            "Use for example \"EnergyMonitor\" or \"Sensor\".")
    end
    local type_ = { id = tab.id, name = tab.name, icon = tab.icon, file = file, table = tab,
                    match = tab.match, kind = check_match(file, tab.match), drivers = {}, keys = {} }
    if type(tab.drivers) ~= "table" or #tab.drivers == 0 then
        fail(file, "drivers is missing.",
            "Write drivers = { { \"ST\", unit.watt, \"Label\", path = \"/...\" } }.")
    end
    row_check.fields(file .. ", drivers", tab.drivers, {}, #tab.drivers)
    local seen = {}
    for i, row in ipairs(tab.drivers) do
        local driver = row_check.row(file .. ", driver row " .. i, row, seen, tab, type_.kind)
        type_.drivers[i] = driver
        for _, list in ipairs { driver.keys, table.unpack(driver.sums or {}) } do
            for _, key in ipairs(list) do type_.keys[key] = true end
        end
    end
    check_samples(file, tab.samples)
    for _, field in ipairs { "start", "update" } do
        if tab[field] ~= nil and type(tab[field]) ~= "function" then
            fail(file, field .. " is not a function.", "Write " .. field .. " = function(node) ... end.")
        end
    end
    type_.commands = check_commands(file, tab.commands)
    type_.declaration = declaration(type_)
    return type_
end

--- Checks one device table. file: name for messages. Returns the type, or nil and a text with every fact
-- needed to mend it.
function check.device(file, tab)
    local ok, result = pcall(build, file, tab)
    if ok then return result end
    return nil, type(result) == "table" and result.text or tostring(result)
end

return check
