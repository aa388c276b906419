--- How often a node shows what is told live: states at once, powers and currents every two seconds at most,
-- everything else every half minute. What comes sooner waits, and the newest of it is shown.
--
-- node.waiting = { [driver] = host.time() from which on it may be shown }, node.next_due = the least of them,
-- node.shown_at = { [driver id] = when it was shown live last }

local device = require "model.device"

local pace = {}

local FAST = { watt = true, kilowatt = true, va = true, var = true, ampere = true }
local FAST_SECONDS, SLOW_SECONDS = 2, 30

--- Seconds between two values of a driver.
function pace.seconds(driver)
    if driver.names then return 0 end
    return FAST[driver.unit.name] and FAST_SECONDS or SLOW_SECONDS
end

--- Rows of a node have other values, by the set of their keys -> whether it has something to show.
function pace.wait(node, changed, now)
    local waiting, shown_at = node.waiting or {}, node.shown_at or {}
    for driver in pairs(device.direct_readers(node.type, changed)) do
        if not waiting[driver] then
            local before = shown_at[driver.id]
            local left = before and pace.seconds(driver) - math.abs(now - before) or 0  -- clocks are set back
            waiting[driver] = now + math.max(left, 0)
            node.next_due = math.min(node.next_due or math.huge, waiting[driver])
        end
    end
    node.waiting, node.shown_at = waiting, shown_at
    return next(waiting) ~= nil
end

--- The drivers of a node whose time has come, as a set; nil: none. The second result: the seconds until the
-- next are due, nil: nothing waits.
function pace.due(node, now)
    local soonest, due = node.next_due, nil
    if not (node.waiting and soonest) then return nil end
    if soonest > now and soonest - now <= SLOW_SECONDS then return nil, soonest - now end
    soonest = nil
    for driver, at in pairs(node.waiting) do
        if at <= now or at - now > SLOW_SECONDS then
            due = due or {}
            due[driver], node.waiting[driver], node.shown_at[driver.id] = true, nil, now
        else
            soonest = math.min(soonest or at, at)
        end
    end
    node.next_due = soonest
    return due, soonest and soonest - now
end

--- An answer of VRM's has shown everything, or the node shows nothing now.
function pace.clear(node)
    node.waiting, node.next_due = nil, nil
end

return pace
