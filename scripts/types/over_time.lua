--- The words of a row that look at time: what they make of a value, by what was before. What was before is
-- kept for each driver, also over restarts: { word, and of it what its function below notes }. Times are
-- those of measurements, by VRM's clock, as far as it is known how wrong the gateway's is.

local over_time = {}

local HOUR, HALF_DAY = 3600, 43200

--- The highest or the lowest value since midnight. At night, when a device says nothing, it is what it was.
local function extreme(pick)
    return function(_, kept, value, memory)
        local day = memory.midnight or kept.day or 0
        if math.abs(day - (kept.day or day)) > HALF_DAY then kept.value = nil end  -- a clock may be set
        kept.day = day
        if value then kept.value = pick(kept.value or value, value) end
        return kept.value
    end
end

local MOST = 1e7                    -- of something an hour: no unit shows more of it

--- What has come together of something an hour, as kWh of kW. Nothing is known of longer pauses; an older
-- answer adds nothing, but far back goes only a clock that is put back.
local function total(_, kept, value, memory, at)
    if value and math.abs(value) > MOST then value = nil end
    local before, seconds = kept.value, at - (kept.at or at)
    local longest = memory.longest or HOUR
    if value and before and seconds > 0 and seconds <= longest then
        kept.sum = (kept.sum or 0) + (before + value) / 2 * seconds / HOUR
    end
    if value and (seconds >= 0 or seconds < -longest) then
        kept.value, kept.at, kept.sum = value, at, kept.sum or 0
    end
    if not value then kept.value = nil end
    return kept.sum
end

--- The change an hour, over the driver's seconds at least and twice as long at most, as far as values come.
-- Nothing is known of longer pauses.
local function rate(driver, kept, value, memory, at)
    if not value then return nil end
    local span = at - (kept.at or at)
    local is_pause = span > 2 * driver.seconds + (memory.longest or HOUR)
    if not (kept.at and kept.value and kept.next_at and kept.next_value) or span < 0 or is_pause then
        kept.value, kept.at, kept.next_value, kept.next_at, span = value, at, value, at, 0
        kept.rate = not is_pause and kept.rate or nil
    end
    if span >= driver.seconds then kept.rate = (value - kept.value) / span * HOUR end
    if at - kept.next_at >= driver.seconds then
        kept.value, kept.at, kept.next_value, kept.next_at = kept.next_value, kept.next_at, value, at
    end
    return kept.rate
end

--- A state once it has been the same for the driver's seconds; the one before it until then.
local function held_for(driver, kept, value, _, at)
    if not value then return nil end
    if value ~= kept.other or not kept.since or at < kept.since then kept.other, kept.since = value, at end
    if not kept.value or at - kept.since >= driver.seconds then kept.value = value end
    return kept.value
end

--- What was kept of a node over a restart, as far as it can be that.
function over_time.restored(over)
    local good = {}
    for id, kept in pairs(type(over) == "table" and over or {}) do
        good[id] = type(kept) == "table" and type(kept.word) == "string" and kept or nil
        for name, value in pairs(good[id] or {}) do
            if name ~= "word" and type(value) ~= "number" then good[id] = nil end
        end
    end
    return next(good) and good or nil
end

local WORDS = { day_max = extreme(math.max), day_min = extreme(math.min), total = total, rate = rate,
                held_for = held_for }

--- Those of them that work with what `map` leaves and not with what may be shown: what they make has another
-- unit.
over_time.OF_ANOTHER_UNIT = { total = true, rate = true }

--- What a driver's word makes of a value (nil: there is none). measured_at: when it was measured, by the
-- gateway's clock; nil: the device's newest time counts. memory: of the node, see device.memory.
function over_time.value(driver, value, measured_at, memory)
    memory.over = memory.over or {}
    if value and value - value ~= 0 then value = nil end       -- not finite
    local kept = memory.over[driver.id]
    if not kept or kept.word ~= driver.over then
        kept = { word = driver.over }
        memory.over[driver.id] = kept
    end
    local at = math.max((measured_at or 0) + (memory.shift or 0), memory.newest or 0)
    return WORDS[driver.over](driver, kept, value, memory, at)
end

return over_time
