--- Checks the events of a device table, { FILLED = "Filled up" }, and which values of a row report them to
-- programs of the ISY. A mistake is raised as by check.fields.

local codes = require "types.codes"
local fields = require "check.fields"
local limits = require "types.limits"
local lists = require "types.lists"
local members = require "check.members"
local name_lists = require "types.names"
local values = require "check.values"
local wording = require "types.wording"

local event_check = {}

local fail, shown = fields.fail, wording.shown

--- What the plugin reports of every device, by its first node.
local STATE_EVENTS = { LOST = "Device lost", BACK = "Device back" }
--- What a row of an alarm reports, unless the table calls it otherwise.
local ALARM_NAMES = { WARNING = "Warning", ALARM = "Alarm", OVER = "Alarm over" }
local ALARM_EVENTS = { of = { [0] = "OVER", [1] = "WARNING", [2] = "ALARM" }, quiet = "OVER" }

local BY_STATE = "Write events = { [0] = \"STOPPED\", [1] = \"STARTED\" }"
local BY_LEVEL = "Write events = { level = \"battery_level\", below = \"BATLOW\", above = \"BATOK\" }."

--- Raises if a name of a command or an event is none. given: what has it; what: "a command", "an event";
-- with: how one is written.
function event_check.name(place, id, given, what, with)
    if math.type(id) == "integer" then
        fail(place, ("%s stands there without a name."):format(shown(given)), ("Write %s."):format(with))
    elseif not values.is_id(id) then
        fail(place, ("'%s' is no name for %s."):format(tostring(id), what),
            ("Use up to 16 capitals and digits: %s."):format(values.as_id(id, "RESET")))
    end
end

--- The table's `events`: what node:event and rows may report -> list of { id, name }.
function event_check.declared(place, events, kind)
    local list = {}
    for _, id in ipairs(lists.sorted_keys(events or {})) do
        event_check.name(place, id, events[id], "an event", "FILLED = \"Filled up\"")
        if STATE_EVENTS[id] and kind ~= "controller" then
            fail(place, "'" .. id .. "' is the plugin's own.", "Every device has it; choose another.")
        end
        fields.value(place, id, values.NAME, events[id])
        list[#list + 1] = { id = id, name = events[id] }
    end
    fields.at_most(place, #list, limits.commands)
    return list
end

--- An event that a row names has to be one of the table's.
local function check_declared(place, name, declared)
    if type(name) == "string" and declared[name] ~= nil then return end
    fail(place, ("events names %s, which the table does not declare."):format(tostring(name)),
        wording.did_you_mean(name, declared, "%s", ("Write events = { %s = \"What happened\" } in the table.")
            :format(type(name) == "string" and name or "STARTED")))
end

--- events = { [0] = "STOPPED", [1] = "STARTED" }: which states report which event.
local function by_state(place, events, names, declared)
    local states = lists.sorted_keys(events)
    local quiet, several = events[states[1]], false
    for _, state in ipairs(states) do
        local name = events[state]
        if math.type(state) ~= "integer" or not names[state] then
            fail(place, ("events has %s, which is no state of the list."):format(tostring(state)),
                type(state) == "string" and names[name] and ("Write events = { [%d] = \"%s\" }."):format(name,
                    state) or BY_STATE .. ": numbers of the list.")
        end
        check_declared(place, name, declared)
        several = several or name ~= quiet
    end
    if not several then
        fail(place, "events names only one event.", BY_STATE .. ": one for the end, too.")
    end
    return { of = events, quiet = quiet }
end

--- events = { level = "battery_level", below = "BATLOW", above = "BATOK" }: when a number passes a level that
-- is a parameter of the plugin.
local function by_level(place, events, declared)
    if math.type(next(events)) == "integer" then
        fail(place, "events has numbers of states, and the row has no list of states.", BY_LEVEL)
    end
    fields.check(fields.within(place, ", events"), members.events, events)
    check_declared(place, events.below, declared)
    check_declared(place, events.above, declared)
    if events.below == events.above then fail(place, "below and above are the same event.", "Name two.") end
    return { level = events.level, below = events.below, above = events.above, quiet = events.above }
end

--- Which values of a row report events (see check.device); nil: none. declared: the table's.
function event_check.of_row(place, row, names, declared)
    local events = row.events
    if events == nil then
        local is_alarm = row[1] == "ALARM" and names == name_lists.alarm and not row.by_script
        return is_alarm and ALARM_EVENTS or nil
    elseif next(events) == nil then
        fail(place, "events is {}.", names and BY_STATE .. "." or BY_LEVEL)
    end
    if names then return by_state(place, codes.moved(events), names, declared) end
    return by_level(place, events, declared)
end

local function reported(driver)
    local set_, its = {}, driver.events
    for _, id in pairs(its.of or { its.below, its.above }) do set_[id] = true end
    return set_
end

--- All events of a type or part, by their ids -> list of { id, name }. declared: those of its table, of which
-- a part has the ones that its rows name.
function event_check.of_type(type_, declared)
    local names, used, list = {}, {}, {}
    for _, driver in ipairs(type_.reporting) do
        for id in pairs(reported(driver)) do used[id], names[id] = true, ALARM_NAMES[id] end
    end
    for _, event in ipairs(declared) do
        if used[event.id] or not type_.part then names[event.id] = event.name end
    end
    local of_device = type_.kind ~= "controller" and not type_.part
    for id, name in pairs(of_device and STATE_EVENTS or {}) do names[id] = name end
    for _, id in ipairs(lists.sorted_keys(names)) do list[#list + 1] = { id = id, name = names[id] } end
    return list
end

return event_check
