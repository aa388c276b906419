--- Events of nodes for programs of the ISY: each once when something begins and once when it ends.
--
-- What was told of a driver last is kept over restarts (serve.state), and stored when it has left: a crash in
-- between tells it twice rather than never. Before anything was told, a driver counts as quiet: no alarm, the
-- device is there, the battery is above its level.

local freshness = require "model.freshness"
local scripts = require "serve.scripts"
local state = require "serve.state"
local timer = require "tasks.timer"

local events = {}

--- The data state as a driver that reports events.
local STATE = { id = "GV30", events = { of = { [freshness.FRESH] = "BACK", [freshness.OFFLINE] = "LOST" },
                                        quiet = "BACK" } }
local HYSTERESIS = 1                -- above a level is so far above it
local WAIT_SECONDS = 5              -- until nodes that PG3 did not have are looked at again

--- What is pushed to the owner's phones, if he wants it, and what it says there; the log has it in any case.
-- Of a gateway's node only the grid is pushed: its alarms are those of its devices, each with its name.
local PUSHED = { WARNING = "Warning", ALARM = "Alarm", OVER = "Alarm over", GRIDLOST = "Grid lost",
                 GRIDBACK = "Grid back" }
local OF_GATEWAYS = { GRIDLOST = true, GRIDBACK = true }
local MOST_PUSHES, PUSHES_SECONDS = 10, 600         -- an alarm that comes and goes is not to ring all night

local pushes = false                -- the owner wants them
local pushed = { since = 0, count = 0 }
local told = {}                     -- [address] = { [driver] = event } of those that are not quiet
local levels = {}                   -- [parameter] = number; nil: the owner gives none
local waiting = {}                  -- [address] = node that PG3 did not have yet
local planned = false               -- those are looked at again
local closed = false                -- the plugin ends

--- What a value means by the events of its driver (see check.device); nil: nothing.
local function event_of(its, value)
    if value == nil then return nil end
    if its.of then return its.of[value] end
    local level = levels[its.level]
    if not level then return nil end
    if value < level then return its.below end
    return value >= level + HYSTERESIS and its.above or nil
end

local function remember(address, id, event, quiet)
    local mine = told[address] or {}
    mine[id] = event ~= quiet and event or nil
    told[address] = next(mine) and mine or nil
    state.save_seldom()
end

local function look_at_waiting()
    local list = waiting
    waiting, planned = {}, false
    for _, node in pairs(list) do events.look(node) end
end

local function wait(node)
    waiting[node.address] = node
    if not planned then timer.after(WAIT_SECONDS, look_at_waiting) end
    planned = true
end

--- Tells the owner's phones of an event.
local function push(node, event)
    local of_gateway = node.primary == node.address
    if not (pushes and PUSHED[event]) or of_gateway and not OF_GATEWAYS[event] then return end
    if host.steady() - pushed.since >= PUSHES_SECONDS then
        pushed = { since = host.steady(), count = 0 }
    end
    pushed.count = pushed.count + 1
    if pushed.count > MOST_PUSHES then return end
    local text = of_gateway and PUSHED[event] or ("%s (%s)"):format(PUSHED[event], node.site.name)
    if pushed.count == MOST_PUSHES then text = text .. ". More of them are not told for a while." end
    if not host.push(node.name, text) then
        host.log("warning", ("%s: %s could not be sent to UD Mobile."):format(node.name, PUSHED[event]))
    end
end

local function report(node, driver, value)
    local address, id, its = node.address, driver.id, driver.events
    local event = event_of(its, value)
    if not event or event == (told[address] and told[address][id] or its.quiet) then return end
    if not host.event(address, event) then return wait(node) end
    local level = PUSHED[event] and "info" or "debug"
    host.log(level, ("Node %s (%s) reports %s."):format(address, node.name, event))
    remember(address, id, event, its.quiet)
    push(node, event)
end

--- Reports what has begun or ended at a node since the last look. Values count while they are fresh.
function events.look(node)
    if closed or not node.state then return end
    if not node.type.part then report(node, STATE, node.state) end
    if node.state ~= freshness.FRESH or scripts.current(node.type) ~= node.type then return end
    local reported = node.memory.reported or {}
    for _, driver in ipairs(node.type.reporting) do report(node, driver, reported[driver.id]) end
end

--- The levels that the owner gives, { [parameter] = number }, and whether alarms are pushed.
function events.use(given, pushes_alarms)
    levels, pushes = given, pushes_alarms
end

--- A node was taken out of PG3.
function events.forget(address)
    told[address], waiting[address] = nil, nil
end

--- Nothing is reported any more: what a stop shows has not happened.
function events.close()
    closed = true
end

state.keep_of_nodes("events", function(kept) told = kept end, function() return told end)

return events
