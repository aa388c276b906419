--- Checks which values of a row report events to programs of the ISY. A mistake is raised as by
-- field_check.fail.

local codes = require "types.codes"
local field_check = require "check.fields"
local lists = require "types.lists"
local name_lists = require "types.names"
local wording = require "types.wording"

local event_check = {}

local fail = field_check.fail

--- The plugin's parameters that are a level (pg3.params).
local LEVELS = lists.set "battery_level"

--- What a row of an alarm reports if it does not say so itself.
local ALARM_EVENTS = { of = { [0] = "OVER", [1] = "WARNING", [2] = "ALARM" }, quiet = "OVER" }

local EVENTS_BY_STATE = "Write events = { [0] = \"STOPPED\", [1] = \"STARTED\" }"
local EVENTS_BY_LEVEL = "events = { level = \"battery_level\", below = \"BATLOW\", above = \"BATOK\" }"
local LEVEL_FIELDS = lists.set "level below above"

--- An event that a row names has to be one of the table's.
local function check_declared(where, name, declared)
    if type(name) ~= "string" or type(declared) ~= "table" or declared[name] == nil then
        local known = {}
        for id in pairs(type(declared) == "table" and declared or {}) do
            known[#known + 1] = type(id) == "string" and id or nil
        end
        fail(where, ("events names %s, which the table does not declare."):format(tostring(name)),
            wording.did_you_mean(name, known, "%s",
                ("Write events = { %s = \"What happened\" } in the table."):format(
                    type(name) == "string" and name or "STARTED")))
    end
end

--- events = { [0] = "STOPPED", [1] = "STARTED" }: which states report which event.
local function events_by_state(where, events, names, declared)
    local lowest, several = math.huge, false
    for _, value in ipairs(lists.sorted_keys(events)) do
        local name = events[value]
        if math.type(value) ~= "integer" or not names[value] then
            fail(where, ("events has %s, which is no state of the list."):format(tostring(value)),
                type(value) == "string" and names[name] and ("Write events = { [%d] = \"%s\" }."):format(name,
                    value) or EVENTS_BY_STATE .. ": numbers of the list.")
        end
        check_declared(where, name, declared)
        lowest = math.min(lowest, value)
    end
    for _, name in pairs(events) do several = several or name ~= events[lowest] end
    if not several then
        fail(where, "events names only one event.", EVENTS_BY_STATE .. ": one for the end, too.")
    end
    return { of = events, quiet = events[lowest] }
end

--- events = { level = "battery_level", below = "BATLOW", above = "BATOK" }: when a number passes a level that
-- is a parameter of the plugin.
local function events_by_level(where, events, declared)
    field_check.fields(where .. ", events", events, LEVEL_FIELDS)
    for _, field in ipairs { "level", "below", "above" } do
        if events[field] == nil then
            fail(where, ("events has no %s."):format(field), "Write " .. EVENTS_BY_LEVEL .. ".")
        end
    end
    if not LEVELS[events.level] then
        fail(where, ("events has the level %s."):format(tostring(events.level)),
            "Write level = \"battery_level\", that parameter of the plugin; node:event reports all else.")
    end
    check_declared(where, events.below, declared)
    check_declared(where, events.above, declared)
    if events.below == events.above then
        fail(where, "below and above are the same event.", "Name two.")
    end
    return { level = events.level, below = events.below, above = events.above, quiet = events.above }
end

--- Which of its values report events to programs of the ISY (see check.device); nil: none.
function event_check.of_row(where, row, names, declared)
    local events = row.events
    if events == nil then
        local is_alarm = row[1] == "ALARM" and names == name_lists.alarm and not row.by_script
        return is_alarm and ALARM_EVENTS or nil
    end
    if type(events) ~= "table" or next(events) == nil then
        fail(where, ("events is %s, not a table of events."):format(type(events) == "table" and "empty"
            or wording.shown(events)),
            names and EVENTS_BY_STATE .. "." or "Write " .. EVENTS_BY_LEVEL .. ".")
    elseif row.by_script or row.by_pg3 then
        fail(where, "events does not go with by_script.", "Report it with node:event.")
    end
    if names then return events_by_state(where, codes.moved(events), names, declared) end
    if math.type(next(events)) == "integer" then
        fail(where, "events has numbers of states, and the row has no list of states.",
            "A number reports when it passes a level: " .. EVENTS_BY_LEVEL .. ".")
    end
    return events_by_level(where, events, declared)
end

return event_check
