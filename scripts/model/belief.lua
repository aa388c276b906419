--- Which values are believed at once. VRM leaves one out now and then, or sends an older answer; a meter or
-- a battery that starts says 0 before it knows, a meter is wrong for a moment; a device repeats what it
-- counted yesterday.
--
-- memory: what a node remembers, see device.memory.

local reading = require "types.reading"

local belief = {}

--- Notes that a driver is to be worked out again in any case (see device.memory), or is not (nil).
function belief.again(memory, driver, whether)
    local again = memory.again or {}
    again[driver] = whether
    memory.again = next(again) and again or nil
end

--- What a driver shows: its value, or before it has one after a start, the number that PG3 kept; nil: none.
local function shown_of(driver, address)
    local value = host.get(address, driver.id)
    if value then return value end
    local number, uom = host.shown(address, driver.id)
    return uom == driver.unit.uom and tonumber(number) or nil
end

--- Whether a value that is not there once may be a slip of VRM's: not one of a day that is over, of which
-- there is a number, nor what the plugin itself knows.
local function may_slip(driver, rows)
    if driver.daily then return reading.sourced(driver, rows) == nil end
    return driver.zero or not driver.from
end

local CHARGES = { ["/Soc"] = true, ["/Dc/Battery/Soc"] = true }
local FALL = 20                     -- percent that no battery loses from one answer to the next

--- Whether a driver shows a charge of 0: a BMS that starts sends that before it knows.
local function is_empty_charge(driver, value)
    return value == 0 and CHARGES[driver.keys[1]] or false
end

--- A counter as it may be shown: VRM's answer may be one of before, and an older number that is smaller is
-- what it was. One that begins anew, as in another device, has a newer time. last: the number before, nil:
-- there is none.
local function not_of_before(driver, value, last, measured_at, memory)
    local id = driver.id
    memory.counts, memory.counted_at = memory.counts or {}, memory.counted_at or {}
    local at = memory.counted_at[id]
    local older = last and measured_at and at and measured_at < at
    if older and value < last then return last end
    memory.counts[id], memory.counted_at[id] = value, measured_at
    return value
end

--- How the path of a counter ends or begins that begins at 0 only once, and whether it may be set back.
local METERS = { ["/Energy/Forward$"] = false, ["/Energy/Reverse$"] = false, ["^/Yield/"] = true,
                 ["^/History/"] = true }
-- VRM's code of what a charging station has charged: before Venus OS 3.70 that of a session.
local SESSION = "evf"
local DOUBTFUL = 900                -- seconds after which a meter that is doubted and stays there is believed
local AT_ONCE, AN_HOUR = 100, 1000  -- kWh that a meter may have counted more, and those for each hour besides

--- Whether a counter is a meter, and one that may be set back.
local function is_meter(driver)
    local key = driver.keys[1] or ""
    for pattern, is_reset in pairs(METERS) do
        if key:find(pattern) then return true, is_reset or driver.keys[2] == SESSION end
    end
    return false
end

--- What a meter that shows a number may say after these seconds (nil: not known).
local function may_say(driver, shown, seconds)
    if shown == 0 or not seconds or driver.unit.name ~= "kwh" then return math.huge end
    return shown + AT_ONCE + math.max(seconds, 0) / 3600 * AN_HOUR
end

--- Whether a meter says less than it had counted, or more than it can have. One that starts says 0 before it
-- knows, another is wrong for a moment. It is believed when it counts on from there, or stays there; at 0 it
-- counts nothing at all. last: what it said before, seconds ago.
local function is_doubted(driver, value, last, seconds, address, memory)
    local id, doubts = driver.id, memory.doubts
    local doubt = doubts and doubts[id]
    if last and value >= last and value <= last + AT_ONCE and not doubt then return false end -- nearly always
    local meter, is_reset = is_meter(driver)
    local shown = meter and shown_of(driver, address)
    local is_right = not shown
        or value >= shown - 0.5 * 10 ^ -driver.places and value <= may_say(driver, shown, seconds)
    local counts_on = doubt and value > doubt.value and value <= doubt.value + AT_ONCE
    if is_right or counts_on then
        if doubt then doubts[id] = nil end
        return false
    end
    if not doubt or value > doubt.value then doubt = { since = host.steady() } end
    doubt.value = value
    memory.doubts = doubts or {}
    memory.doubts[id] = doubt
    return value == 0 and not is_reset or host.steady() - doubt.since < DOUBTFUL
end

--- Whether a value of a device's day is still that of the day before, as shown: live it has more places.
local function is_of_day_before(driver, value, memory)
    local before = memory.day_before and memory.day_before[driver.id]
    if not (type(before) == "number" and value) then return false end
    local is_same = math.abs(value - before) <= 0.5 * 10 ^ -driver.places
    if not is_same then memory.day_before = nil end
    return is_same and value ~= 0
end

--- Whether a value is taken for a slip of VRM's, so that what is shown stays this once: none where there was
-- a number that was not old, or a charge that fell to 0, until there is a newer one -> what belief.again
-- notes of it | false.
local function is_slip(driver, value, measured_at, rows, address, memory)
    local before = memory.again and memory.again[driver]
    local empty = is_empty_charge(driver, value) and (not before or before == measured_at)
    local gone = value == nil and not (before or memory.was_old) and may_slip(driver, rows)
        and reading.applies(driver, rows)
    local shown = empty and shown_of(driver, address) or gone and host.get(address, driver.id)
    if not shown or empty and shown <= FALL then return false end
    return empty and measured_at or true
end

--- What is to be shown of a value that was worked out (nil: there is none, or its function failed: problem)
-- -> the value, whether what is shown stays as it is. measured_at: when its row was measured; nil: not known.
function belief.of(driver, value, problem, measured_at, rows, address, memory)
    local stays, is_old = false, false
    if value and driver.unit.counts and not (driver.daily or driver.over) then
        local last = memory.counts and memory.counts[driver.id]
        local before = measured_at and memory.counted_at and memory.counted_at[driver.id]
        value = not_of_before(driver, value, last, measured_at, memory)
        stays = is_doubted(driver, value, last, before and measured_at - before, address, memory)
    end
    if driver.daily and is_of_day_before(driver, value, memory) then value, is_old = nil, true end
    if (value == nil or value == 0) and not (stays or problem) then
        stays = is_slip(driver, value, measured_at, rows, address, memory)
    end
    local again = stays or problem ~= nil or is_old
    if again or memory.again then belief.again(memory, driver, again or nil) end
    return value, stays ~= false
end

--- The device was replaced: what its meters say is of another one than what they said before.
function belief.renew(address, memory)
    for id, doubt in pairs(memory.doubts or {}) do host.set(address, id, doubt.value) end
    memory.doubts, memory.counts, memory.counted_at = nil, nil, nil
end

--- A day of a device's installation has begun. The device begins its own when it takes it to be midnight,
-- which may be hours later, but with all of its values: until then they stay. drivers: set of those.
function belief.begin_day(address, memory, drivers)
    for driver in pairs(drivers) do
        local shown = shown_of(driver, address)
        if shown then
            memory.day_before = memory.day_before or {}
            memory.day_before[driver.id] = shown
        end
    end
end

return belief
