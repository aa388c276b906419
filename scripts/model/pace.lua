--- How often nodes show what is told live, so that neither PG3 nor the ISY drowns in it.
--
-- A state is shown at once. Powers and currents that changed by more than a trifle wait until some seconds
-- after they were shown last, everything else until half a minute after. What comes in between is not lost:
-- the newest of it is shown when the pause is over. All together stay below what PG3 hands the ISY
-- (docs/pg3.md, Topics and limits): nodes take turns, and none has more than its share. What a function gives
-- waits like the others, and the function is not called more often than every two seconds.
--
-- node.waiting = { [driver] = host.steady() from which on it may be shown }; nil: nothing waits,
-- node.states = set of drivers that are shown at once; nil: none,
-- node.rests = until when it has had its share,
-- node.held = set of the drivers that wait for the long pause,
-- node.worked_at, node.shown_at = { [driver id] = when it was worked out, and when it was shown last }

local device = require "model.device"

local pace = {}

--- What of a power or current is a trifle, by the name of its unit, and so is a hundredth of it.
local BAND, PART = { watt = 2, kilowatt = 0.002, va = 2, var = 2, ampere = 0.1 }, 0.01

local STATE_SECONDS = 1             -- one that changes all the time is not shown each time
local FUNCTION_SECONDS = 2          -- between two calls of a function
local SLOW_SECONDS = 30
local LOOK_SECONDS = 0.5            -- between two looks at all that waits
local RATE, DEPTH = 8, 24           -- values a second of all nodes; at once, after a pause
local RESERVE = 16                  -- states that may be shown beyond those
local SHARE = 5                     -- values of a node in a second

local fast_seconds = 2
local limited = true
local queue, first, last = {}, 1, 0 -- of the nodes where values wait, in the order of their turns
local with_states = {}              -- set of the nodes that have states to show at once
local left, left_at = DEPTH, nil    -- values that may be shown now; when that was worked out
local looked_at                     -- when the queue was looked at last

--- Seconds between two values of a power or current.
function pace.use(seconds)
    fast_seconds = seconds
end

--- Where a person looks at the nodes, and neither PG3 nor the ISY, all is shown as it comes.
function pace.unlimited()
    limited = false
end

local function slow_seconds() return math.max(SLOW_SECONDS, fast_seconds) end

--- Seconds between two values of a driver; between two calls of `update`.
local function pause_of(driver)
    local least = driver.from and FUNCTION_SECONDS or 0
    if not limited or driver == device.UPDATE then return least end
    if driver.names then return math.max(STATE_SECONDS, least) end
    return math.max(BAND[driver.unit.name] and fast_seconds or slow_seconds(), least)
end

local function join(node)
    last = last + 1
    queue[last] = node
end

local function plan(node, driver, at)
    if not node.waiting then
        node.waiting = {}
        join(node)
    end
    local before = node.waiting[driver]
    if not before or at < before then node.waiting[driver] = at end
end

--- A driver of a node has another value to show.
function pace.wait(node, driver, now)
    if not node.held then node.held, node.worked_at, node.shown_at = {}, {}, {} end
    local at = node.worked_at[driver.id]
    local pause = at and pause_of(driver) - (now - at) or 0
    if pause > 0 or not driver.names then return plan(node, driver, now + math.max(pause, 0)) end
    node.states = node.states or {}
    node.states[driver], with_states[node] = true, true
end

--- The same of a list of a node, its driver, the next node ... Most of them wait already.
function pace.wait_all(list, now)
    for i = 1, #list, 2 do
        local node, driver = list[i], list[i + 1]
        local waiting = node.waiting
        if not (waiting and waiting[driver]) or node.held[driver] then
            if node.home and not node.lost then pace.wait(node, driver, now) end
        end
    end
end

--- Whether a value of a driver whose time has come has to wait until the long pause is over: it is nearly the
-- one that is shown. If not, it is shown now.
function pace.holds(node, driver, value, shown, now)
    local band, shown_at = not driver.names and BAND[driver.unit.name], node.shown_at[driver.id]
    local rest = shown_at and slow_seconds() - (now - shown_at) or 0
    if limited and band and value and shown and rest > 0
        and math.abs(value - shown) < math.max(band, math.abs(shown) * PART) then
        plan(node, driver, now + rest)
        node.held[driver] = true
        return true
    end
    node.shown_at[driver.id], node.held[driver] = now, nil
    return false
end

--- Nothing of a node waits any more: an answer of VRM's has shown everything, or it shows nothing now.
function pace.clear(node)
    with_states[node], node.states = nil, nil
    if node.waiting then node.waiting, node.held = {}, {} end       -- it leaves when it is its turn
end

--- Notes that drivers of a node are worked out now.
local function note(node, drivers, now)
    for driver in pairs(drivers) do node.worked_at[driver.id] = now end
end

--- Takes the values of a node that may be shown now, at most so many, who waits longest first -> a set.
local function take(node, now, most)
    local list, waiting, due = {}, node.waiting, {}
    for driver, at in pairs(waiting) do
        if at <= now then list[#list + 1] = driver end
    end
    if #list > most then
        table.sort(list, function(a, b)
            if waiting[a] ~= waiting[b] then return waiting[a] < waiting[b] end
            return a.id < b.id
        end)
    end
    for i = 1, math.min(#list, most) do
        due[list[i]], waiting[list[i]] = true, nil
    end
    return due
end

local function show_states(now, show)
    for node in pairs(with_states) do
        if left <= -RESERVE then return end
        local states = node.states
        with_states[node], node.states = nil, nil
        note(node, states, now)
        local told = show(node, states)
        if limited then left = left - told end
    end
end

--- A node whose turn it is shows what it may. It leaves the queue at the turn that finds nothing waiting, for
-- what shows it may fail.
local function show_values(node, now, show)
    if next(node.waiting) == nil then
        node.waiting = nil
        return
    end
    join(node)
    local rests = node.rests and node.rests > now
    local most = limited and math.min(math.ceil(left), SHARE) or math.huge
    local due = rests and {} or take(node, now, most)
    if next(due) == nil then return end
    note(node, due, now)
    local told = show(node, due)
    if limited then left, node.rests = left - told, told >= SHARE and now + 1 or nil end
end

--- Shows what may be shown now. show(node, drivers as a set) -> how many values PG3 is told then. Returns the
-- seconds until it is to be called again; nil: nothing waits.
function pace.show(now, show)
    left, left_at = math.min(DEPTH, left + (now - (left_at or now)) * RATE), now
    if next(with_states) then show_states(now, show) end
    if now - (looked_at or -math.huge) >= LOOK_SECONDS then
        looked_at = now
        local turns = last - first + 1
        while turns > 0 and left > 0 do
            local node = queue[first]
            queue[first], first, turns = nil, first + 1, turns - 1
            show_values(node, now, show)
        end
    end
    return (first <= last or next(with_states)) and LOOK_SECONDS or nil
end

return pace
