--- How old data is: data states, what they depend on, and measurements that VRM only repeats.

local freshness = {}

freshness.NO_DATA, freshness.FRESH, freshness.STALE, freshness.OFFLINE = 0, 1, 2, 3

--- Seconds after which data of a gateway that logs every `interval` seconds is stale, and offline.
-- Two intervals and the time VRM takes; ten intervals and ten minutes.
function freshness.limits(interval)
    return 2 * interval + 120, 10 * interval + 600
end

--- Data state (GV30) of data measured at `newest` (nil = never) at the time `now`, and the seconds until it
-- is another if no newer data comes (nil: it stays).
function freshness.judge(newest, now, interval)
    if not newest then return freshness.NO_DATA end
    local stale, offline = freshness.limits(interval)
    local age = now - newest
    if age > offline then return freshness.OFFLINE end
    if age > stale then return freshness.STALE, offline - age end
    return freshness.FRESH, stale - age
end

--- The keys of rows that a device's type and its parts show as momentary numbers.
local function measured_keys(main)
    local keys = {}
    for _, type_ in ipairs { main, table.unpack(main.parts) } do
        for _, driver in ipairs(type_.drivers) do
            for _, list in ipairs { driver.keys, table.unpack(driver.terms or {}) } do
                if driver.measured then table.move(list, 1, #list, #keys + 1, keys) end
            end
        end
    end
    return keys
end

local REPEATED_SECONDS = 3600

--- The keys of measurements that VRM only repeats, as a set.
local function repeated_keys(home, most)
    local type_, rows, newest, oldest, repeated = home.type, home.rows, 0, math.huge, {}
    type_.measured = type_.measured or measured_keys(type_)
    for _, key in ipairs(type_.measured) do
        local timestamp = rows[key] and rows[key].timestamp
        if timestamp then newest, oldest = math.max(newest, timestamp), math.min(oldest, timestamp) end
    end
    for _, key in ipairs(oldest < newest - most and type_.measured or {}) do
        if rows[key] and (rows[key].timestamp or newest) < newest - most then repeated[key] = true end
    end
    home.oldest = oldest
    return repeated
end

--- The rows of a home (model.store) without measurements that VRM only repeats, of a generator that is gone,
-- say: far older than the newest measurement of the same device. States, alarms and counters may be logged
-- only when they change: they stay however old they are. What comes and goes by that has changed, too.
function freshness.living(home, interval)
    local _, offline_after = freshness.limits(interval)
    local most = math.max(offline_after, REPEATED_SECONDS)
    local before = home.repeated or {}
    -- Nothing can be too old yet if nothing was when the stamps were looked at: they only grow, and when one
    -- does not, model.store forgets the oldest.
    local looked = home.oldest and next(before) == nil and (home.newest or 0) - home.oldest <= most
    if looked then return home.rows end
    local repeated = repeated_keys(home, most)
    for key in pairs(before) do home.changed[key] = home.changed[key] or not repeated[key] or nil end
    for key in pairs(repeated) do home.changed[key] = home.changed[key] or not before[key] or nil end
    home.repeated = repeated
    if next(repeated) == nil then return home.rows end
    local living = {}
    for key, row in pairs(home.rows) do living[key] = not repeated[key] and row or nil end
    return living
end

return freshness
