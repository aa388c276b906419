--- Checks the commands and the settings of a device table. A mistake is raised as by check.fields.
--   commands = { RESET = function(node, args) ... end,
--                SETLIMIT = { name = "Set limit", run = function(node, args) ... end, params = {
--                    { id = "", label = "Limit", kind = unit.ampere, min = 0, max = 50 } } } }
--   settings = { limit = 10, area = { default = 2, min = 0, max = 9 } }

local event_check = require "check.events"
local fields = require "check.fields"
local kind_check = require "check.kinds"
local limits = require "types.limits"
local lists = require "types.lists"
local members = require "check.members"
local wording = require "types.wording"

local command_check = {}

local fail, shown = fields.fail, wording.shown

--- The plugin answers these commands itself.
local RESERVED = { QUERY = true, DISCOVER = true, RELOAD = true, CLEANUP = true }

local function check_id(place, id, command, kind)
    event_check.name(place, id, command, "a command", "RESET = function(node, args) ... end")
    local why = (id:find "^SET_" or id:find "^FOR_")
        and "SET_ and FOR_ are those of rows with the word set; write SETLIMIT, say."
        or RESERVED[id] and (id == "QUERY" or kind ~= "controller") and "The plugin has QUERY for every node,"
        .. " DISCOVER, RELOAD and CLEANUP for the controller; choose another."
    if why then fail(place, "'" .. id .. "' is no name for a command.", why) end
end

local function check_param(place, param, of, cmd)
    fields.check(place, members.parameter, param)
    local unit, names, names_id = kind_check.kind(place, "kind", param.kind,
        ("%s_%s_%s"):format(of.id, cmd, param.id == "" and "VALUE" or param.id), of)
    local min, max = fields.limits(place, param, unit, names, true)
    return { id = param.id, label = param.label, uom = unit.uom, alt = unit.alt, unit = unit, min = min,
             max = max, places = param.places or unit.places, names = names, names_id = names_id }
end

--- The profile has one name for a parameter id in a node type: two commands cannot call it differently.
-- labels: [parameter id] = label so far, of all commands.
local function check_label(place, param, labels)
    local other = labels[param.id]
    if other and other ~= param.label then
        fail(place, ("the label is '%s', but another command calls '%s' '%s'."):format(
            param.label, param.id, other), "Use one label, or another id.")
    end
    labels[param.id] = param.label
end

local function check_params(place, params, of, cmd)
    if params == nil then return nil end
    local list, seen = {}, {}
    if #params == 0 then fail(place, "params is {}.", "Name one, or leave it out.") end
    fields.at_most(fields.within(place, ", params"), #params, limits.params)
    for i, param in ipairs(params) do
        local here = fields.within(place, ", parameter " .. i)
        list[i] = check_param(here, param, of, cmd)
        if seen[param.id] then
            fail(here, "the id '" .. param.id .. "' is used twice.", "Give each parameter its own id.")
        end
        seen[param.id] = true
        check_label(here, list[i], of.labels)
    end
    return list
end

--- One command -> { id, name, params = list|nil, run = function|nil }. of = what it is of: { id = of the node
-- type, kind, labels = see check_label, written = a function that gives the text from the command on,
-- declares = see rows.row }.
-- Only the controller's DISCOVER, RELOAD and CLEANUP have no function: the plugin does those.
function command_check.one(place, id, command, of)
    check_id({ name = "commands", field = "commands" }, id, command, of.kind)
    if type(command) ~= "table" then
        local rule, example = table.unpack(members.command.members.run)
        fields.value(place, id, rule, command, example)
        command = { run = command }
    end
    fields.check(place, members.command, command)
    if not (command.run or RESERVED[id]) then fields.member(place, members.command, "run", nil) end
    return { id = id, name = command.name or id, run = command.run,
             params = check_params(place, command.params, of, id) }
end

--- One setting -> { default, min, max }; the two for numbers only.
local function check_setting(place, setting)
    local its = type(setting) == "table" and setting or { default = setting }
    fields.check(place, members.setting, its)
    local default = its.default
    if type(default) == "string" then
        if its.min ~= nil or its.max ~= nil then
            fail(place,
                ("the default is the text %s, and min and max are for numbers."):format(shown(default)),
                tonumber(default) and ("Write default = %s, without quotes."):format(default)
                    or "Remove them.")
        end
        return { default = default }
    end
    local min, max = fields.limits(place, its, { min = -1e12, max = 1e12 })
    if default < min or default > max then
        local limit = default < min and "below min, " .. shown(min) or "above max, " .. shown(max)
        fail(place, ("the default, %s, is %s."):format(shown(default), limit), "Write limits that it fits.")
    end
    return { default = default, min = min, max = max }
end

--- The table's `settings`, parameters on PG3's page -> { [name] = { default, min, max } }; nil: it has none.
-- is_own(name): the plugin has a parameter of that name.
function command_check.settings(place, settings, is_own)
    local list = {}
    for _, name in ipairs(lists.sorted_keys(settings or {})) do
        if math.type(name) == "integer" then
            fail(place, ("%s stands there without a name."):format(shown(settings[name])),
                "Write settings = { limit = 10 }: its name, and its default.")
        elseif type(name) ~= "string" or not name:find("^%l[%l%d_]*$") or #name > 30 then
            local as = tostring(name):lower():gsub("[^%l%d]+", "_"):match("%l[%l%d_]*")
            fail(place, "'" .. tostring(name) .. "' is no name for a setting.",
                ("Use up to 30 small letters, digits and _: %s."):format((as or "pump_limit"):sub(1, 30)))
        elseif is_own(name) then
            fail(place, "'" .. name .. "' is a parameter of the plugin's.", "Choose another name.")
        end
        list[name] = check_setting({ name = "setting " .. name, field = "settings" }, settings[name])
    end
    fields.at_most(place, lists.count(list), limits.settings)
    return next(list) and list or nil
end

return command_check
