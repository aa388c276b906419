--- Checks the commands of a device table:
--   commands = { RESET = function(node, args) ... end,
--                SETLIMIT = { name = "Set limit", run = function(node, args) ... end, params = {
--                    { id = "", label = "Limit", kind = unit.ampere, min = 0, max = 50 } } } }

local limits = require "types.limits"
local field_check = require "check.fields"
local kind_check = require "check.kinds"
local lists = require "types.lists"
local slips = require "check.slips"
local wording = require "types.wording"

local command_check = {}

local fail, shown, sorted_keys = field_check.fail, wording.shown, lists.sorted_keys

local COMMAND_FIELDS = field_check.words_of("a command", "name params run")
local PARAM_FIELDS = field_check.words_of("a parameter", "id label kind min max places")

--- Raises if an id is none. given: what has it; what: "a command", "an event"; with: how one is written.
local function check_name(where, id, given, what, with)
    if math.type(id) == "integer" then
        fail(where, ("%s stands there without a name."):format(shown(given)), ("Write %s."):format(with))
    elseif not field_check.is_id(id) then
        fail(where, ("'%s' is no name for %s."):format(tostring(id), what),
            ("Use up to 16 capitals and digits: %s."):format(field_check.as_id(id, "RESET")))
    end
end

--- The plugin answers these commands itself.
local RESERVED = { QUERY = true, DISCOVER = true, RELOAD = true, CLEANUP = true }

local function check_id(id, command, kind)
    check_name("commands", id, command, "a command", "RESET = function(node, args) ... end")
    if id:find "^SET_" or id:find "^FOR_" then
        fail("commands", "'" .. id .. "' is no name for a command.",
            "SET_ and FOR_ are those of rows with the word set; write SETLIMIT, say.")
    elseif RESERVED[id] and (id == "QUERY" or kind ~= "controller") then
        fail("commands", "'" .. id .. "' is no name for a command.",
            "The plugin has QUERY for every node, DISCOVER, RELOAD and CLEANUP for the controller; choose"
            .. " another.")
    end
end

local function check_param_id(where, id, seen)
    if id ~= "" and not field_check.is_id(id) then
        local what = id == nil and "id is missing."
            or ("id, %s, is neither \"\" nor capitals and digits."):format(shown(id))
        fail(where, what, ("Write id = \"\" for the only parameter, else id = \"%s\"."):format(
            field_check.as_id(id, "LEVEL")))
    elseif seen[id] then
        fail(where, "the id '" .. id .. "' is used twice.", "Give each parameter its own id.")
    end
    seen[id] = true
end

--- The limits: a command is obeyed, so its script says what may be asked for.
local function check_limits(where, param, unit)
    local min = field_check.number(where, "min", param.min)
    local max = field_check.number(where, "max", param.max)
    if not (min and max) then
        fail(where, (min and "max" or "min") .. " is missing.",
            "Write min = 0, max = 50: other numbers are refused.")
    elseif min > max then
        fail(where, ("min, %s, is greater than max, %s."):format(shown(min), shown(max)), "Swap them.")
    elseif min < unit.min or max > unit.max then
        fail(where, ("the limits, %s to %s, are wider than those of unit.%s."):format(shown(min), shown(max),
            unit.name),
            ("Stay within %s to %s."):format(shown(unit.min), shown(unit.max)))
    end
    return min, max
end

local function check_param(where, param, seen, of, cmd)
    field_check.table(where, param, "a parameter",
        "{ id = \"\", label = \"Limit\", kind = unit.ampere, min = 0, max = 50 }")
    field_check.fields(where, param, PARAM_FIELDS, nil, slips.param)
    check_param_id(where, param.id, seen)
    local label = field_check.text(where, "label", param.label, limits.name)
    local unit, names, names_id = kind_check.kind(where, "kind", param.kind,
        ("%s_%s_%s"):format(of.id, cmd, param.id == "" and "VALUE" or param.id), of.written)
    local min, max = unit.min, unit.max
    if names then
        kind_check.no_limits(where, param)
    else
        min, max = check_limits(where, param, unit)
    end
    return { id = param.id, label = label, uom = unit.uom, alt = unit.alt, unit = unit, min = min, max = max,
             places = kind_check.places(where, param.places, unit), names = names, names_id = names_id }
end

--- The profile has one name for a parameter id in a node type: two commands cannot call it differently.
local function check_label(where, param, labels)
    local other = labels[param.id]
    if other and other ~= param.label then
        fail(where, ("the label is '%s', but another command calls '%s' '%s'."):format(
            param.label, param.id, other), "Use one label, or another id.")
    end
    labels[param.id] = param.label
end

local function check_params(where, params, labels, of, cmd)
    if params == nil then return nil end
    local list = {}
    if type(params) == "table" and (params.id ~= nil or params.label ~= nil) then
        fail(where, "params is one parameter, not a list of them.",
            "Write params = { { id = \"\", label = ... } }.")
    elseif type(params) ~= "table" or #params == 0 or #params > limits.params then
        fail(where, "params is not a list of 1 to " .. limits.params .. " parameters.",
            "Write params = { { id = \"\", label = ... } }, or leave it out.")
    end
    field_check.fields(where .. ", params", params, {}, #params)
    local seen = {}
    for i, param in ipairs(params) do
        local here = ("%s, parameter %d"):format(where, i)
        list[i] = check_param(here, param, seen, of, cmd)
        check_label(here, list[i], labels)
    end
    return list
end

function command_check.all(commands)
    field_check.table("commands", commands, "a table", "commands = { NAME = function(node, args) ... end }")
    field_check.at_most("commands", lists.count(commands), limits.commands)
end

--- One command -> { id, name, params = list|nil, run = function|nil }. labels: [parameter id] = label so far;
-- of = what it is of: { id = of the node type, kind, written = a function that gives the text from
-- the command on }.
-- Only the controller's DISCOVER, RELOAD and CLEANUP have no function: the plugin does those.
function command_check.one(id, command, labels, of)
    check_id(id, command, of.kind)
    local where = "command " .. id
    if type(command) == "function" then command = { run = command } end
    if type(command) ~= "table" then
        fail(where, ("%s is %s, not a function."):format(id, shown(command)), "Write " .. id
            .. " = function(node, args) ... end.")
    end
    field_check.fields(where, command, COMMAND_FIELDS, nil, slips.command)
    if type(command.run) ~= "function" and not (command.run == nil and RESERVED[id]) then
        fail(where, ("run is %s, not a function."):format(shown(command.run)),
            "Write run = function(node, args) ... end.")
    end
    local name = command.name
    if name ~= nil then field_check.text(where, "name", name, limits.name) end
    return { id = id, name = name or id, run = command.run,
             params = check_params(where, command.params, labels, of, id) }
end

local SETTING_FIELDS = field_check.words_of("a setting", "default min max")

--- One setting -> { default, min, max }; the two for numbers only.
local function check_setting(where, setting)
    local fields = type(setting) == "table" and setting or { default = setting }
    field_check.fields(where, fields, SETTING_FIELDS, nil, slips.setting)
    local default = fields.default
    if type(default) == "string" then
        if fields.min ~= nil or fields.max ~= nil then
            fail(where,
                ("the default is the text %s, and min and max are for numbers."):format(shown(default)),
                tonumber(default) and ("Write default = %s, without quotes."):format(default)
                    or "Remove them.")
        end
        return { default = default }
    elseif type(default) ~= "number" then
        fail(where, ("the default is %s, neither a number nor a text."):format(shown(default)),
            "Write settings = { limit = 10 }, or limit = { default = 10, min = 1, max = 100 }.")
    end
    local min = field_check.number(where, "min", fields.min, -1e12)
    local max = field_check.number(where, "max", fields.max, 1e12)
    field_check.number(where, "the default", default)
    if default < min or default > max then
        local limit = default < min and "below min, " .. shown(min) or "above max, " .. shown(max)
        fail(where, ("the default, %s, is %s."):format(shown(default), limit), "Write limits that it fits.")
    end
    return { default = default, min = min, max = max }
end

--- The table's `settings` = { limit = 10, area = { default = 2, min = 0, max = 9 } }, parameters on PG3's
-- page -> { [name] = { default, min, max } }. is_own(name): the plugin has a parameter of that name.
function command_check.settings(settings, is_own)
    local list = {}
    field_check.table("settings", settings, "a table", "settings = { limit = 10 }")
    for _, name in ipairs(sorted_keys(settings)) do
        if math.type(name) == "integer" then
            fail("settings", ("%s stands there without a name."):format(shown(settings[name])),
                "Write settings = { limit = 10 }: its name, and its default.")
        elseif type(name) ~= "string" or not name:find("^%l[%l%d_]*$") or #name > 30 then
            local as = tostring(name):lower():gsub("[^%l%d]+", "_"):match("%l[%l%d_]*")
            fail("settings", "'" .. tostring(name) .. "' is no name for a setting.",
                ("Use up to 30 small letters, digits and _: %s."):format((as or "pump_limit"):sub(1, 30)))
        elseif is_own(name) then
            fail("settings", "'" .. name .. "' is a parameter of the plugin's.", "Choose another name.")
        end
        list[name] = check_setting("setting " .. name, settings[name])
    end
    field_check.at_most("settings", lists.count(list), limits.settings)
    return next(list) and list or nil
end

--- What the plugin reports of every device, by its first node.
local STATE_EVENTS = { LOST = "Device lost", BACK = "Device back" }
--- What a row of an alarm reports, unless the table calls it otherwise.
local ALARM_EVENTS = { WARNING = "Warning", ALARM = "Alarm", OVER = "Alarm over" }

--- The table's `events`, { NAME = "What happened" }: what node:event and rows may report -> list of
-- { id, name }.
function command_check.events(events, kind)
    local list = {}
    if events == nil then return list end
    field_check.table("events", events, "a table", "events = { DON = \"Filled up\" }")
    for _, id in ipairs(sorted_keys(events)) do
        check_name("events", id, events[id], "an event", "FILLED = \"Filled up\"")
        if STATE_EVENTS[id] and kind ~= "controller" then
            fail("events", "'" .. id .. "' is the plugin's own.", "Every device has it; choose another.")
        end
        list[#list + 1] = { id = id, name = field_check.text("events", id, events[id], limits.name) }
    end
    if #list > limits.commands then
        fail("events", "there are more than " .. limits.commands .. ".", "Report fewer different events.")
    end
    return list
end

local function reported(driver)
    local set_, its = {}, driver.events
    for _, id in pairs(its.of or { its.below, its.above }) do set_[id] = true end
    return set_
end

--- All events of a type or part, by their ids -> list of { id, name }. declared: those of its table, of which
-- a part has the ones that its rows name.
function command_check.events_of(type_, declared)
    local names, used, list = {}, {}, {}
    for _, driver in ipairs(type_.reporting) do
        for id in pairs(reported(driver)) do used[id] = true end
    end
    for id in pairs(used) do names[id] = ALARM_EVENTS[id] end
    for _, event in ipairs(declared) do
        if used[event.id] or not type_.part then names[event.id] = event.name end
    end
    local of_device = type_.kind ~= "controller" and not type_.part
    for id, name in pairs(of_device and STATE_EVENTS or {}) do names[id] = name end
    for _, id in ipairs(sorted_keys(names)) do list[#list + 1] = { id = id, name = names[id] } end
    return list
end

return command_check
