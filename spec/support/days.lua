--- host.midnight of the fake host: days of three time zones in 2026.

local days = {}

--- Seconds east of UTC, each from a time on.
local ZONES = {
    UTC = { { 0, 0 } },
    ["Europe/Berlin"] = { { 0, 3600 }, { 1774746000, 7200 }, { 1792890000, 3600 } },
    ["America/Los_Angeles"] = { { 0, -28800 }, { 1772964000, -25200 }, { 1793523600, -28800 } },
}

local function local_time(zone, time)
    local offset
    for _, change in ipairs(ZONES[zone]) do
        if time >= change[1] then offset = change[2] end
    end
    return time + (offset or 0)
end

local function date_at(zone, time) return local_time(zone, time) // 86400 end

--- The first second after `from` whose date is later than `date`. That of `to` is.
local function first_after(zone, date, from, to)
    while to - from > 1 do
        local middle = (from + to) // 2
        if date_at(zone, middle) > date then to = middle else from = middle end
    end
    return to
end

--- Which day of the month and of the year the day with a number (of those since 1970) is.
local function numbers_of(date)
    local utc = os.date("!*t", date * 86400)
    return utc.day, utc.yday
end

--- The last midnight and the next, the day of the month and of the year, the seconds of the clock; nil for
-- another zone.
function days.midnight(zone, now)
    if not ZONES[zone] then return nil end
    now = now // 1 | 0
    local date = date_at(zone, now)
    local of_month, of_year = numbers_of(date)
    return first_after(zone, date - 1, now - 180000, now), first_after(zone, date, now, now + 180000),
        of_month, of_year, local_time(zone, now) % 86400
end

return days
