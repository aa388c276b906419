--- How old data is: the one place where that is decided. docs/vrm.md has the table of cases.
--
-- A gateway stamps what it logs by its own clock, which may be wrong; VRM's clock is right. Signs of life are
-- VRM's word that the gateway was connected, and stamps that moved between two answers. The stamps that come
-- with a sign tell how wrong the clock is (site.shift). A device was heard of at its newest stamp by VRM's
-- clock, of what it logs in each interval. Where it logs nothing so, it lives as long as it is connected.

local data_state = require "types.data_state"
local diagnostics = require "types.diagnostics"
local discovery = require "model.discovery"
local overlay = require "model.overlay"
local reading = require "types.reading"
local store = require "model.store"

local freshness = {}

for name, state in pairs(data_state) do freshness[name] = state end

--- Seconds after which data of a gateway that logs every `interval` seconds is stale, and offline.
-- Two intervals and the time VRM takes; ten intervals and ten minutes.
function freshness.limits(interval)
    return 2 * interval + 120, 10 * interval + 600
end

--- Data state (GV30) of data heard of at `heard` (nil = never) at the time `now`, and the seconds until it
-- is another if no newer data comes (nil: it stays).
function freshness.judge(heard, now, interval)
    if not heard then return freshness.NO_DATA end
    local stale, offline = freshness.limits(interval)
    local age = now - heard
    if age > offline then return freshness.OFFLINE end
    if age > stale then return freshness.STALE, offline - age end
    return freshness.FRESH, stale - age
end

--- The interval that counts for a home: one that left the D-Bus is missed as soon as that is told.
function freshness.interval(site, home)
    return overlay.left_at(site.store, home) and 0 or site.interval
end

------------------------------------------------------------------------------- the gateway's clock

--- A clock that is wrong by less is taken as right: logs come late, and once in an interval.
local function slack(interval)
    return math.max(interval // 2, 30)
end

--- How far a time is from a span.
local function distance(time, from, to)
    return math.max(from - time, time - to, 0)
end

local function nearest(stamps, from, to)
    local found
    for stamp in pairs(stamps) do
        if not found or distance(stamp, from, to) < distance(found, from, to) then found = stamp end
    end
    return found
end

--- The stamp that most rows got in the place of an earlier one: those of one log have the same. Of several
-- the nearest to a time; nil: there is none.
local function most_frequent(stamps, time)
    local most, list = 1, {}
    for _, count in pairs(stamps) do most = math.max(most, count) end
    for stamp, count in pairs(stamps) do list[stamp] = count == most or nil end
    return nearest(list, time, time)
end

--- What has to be added to the stamps of a gateway. stamps: those that came with a sign of life, see
-- model.store. sign = { at = its time, from, to = when a right clock stamped them, latest = the latest that
-- any clock can have stamped them, nil: not known, late = it may be long ago: what was known counts first };
-- before: what had to be added so far. Stamps that go back
-- tell at most that a clock is right; so do those that go faster than time: of a gateway that was cut off,
-- and sends what it logged meanwhile.
function freshness.shift(stamps, sign, before, interval)
    if next(stamps) == nil then return before end
    for _, shift in ipairs(sign.late and { before, 0 } or { 0, before }) do
        local stamp = nearest(stamps, sign.from - shift, sign.to - shift) + shift
        if distance(stamp, sign.from, sign.to) <= slack(interval) then return shift end
    end
    local stamp = most_frequent(stamps, sign.at)
    if not stamp or sign.latest and stamp > sign.latest then return before end
    return sign.at - stamp
end

--- When VRM last had a connection with the gateway, nil: it does not say so.
local function connected(site)
    local last = (discovery.gateway_entry(site.overview) or {}).last_connection
    return last and last <= (site.overview_at or last) + slack(site.interval) and last or nil
end

--- The sign of life that an answer gives, nil: none. Of the first answer nobody knows whether stamps moved,
-- after a pause not when, and after a long one the time between says nothing.
local function sign_of(site, now)
    local before, some, long = site.answered_at, freshness.limits(site.interval)
    if not before then
        local last = connected(site)
        return last and { at = last, from = last - site.interval, to = math.max(now, last) }
    end
    if now - before > long then return nil end
    local latest = site.logged_at and site.logged_at + now - before + site.interval + slack(site.interval)
    local late = now - before > some
    return { at = now, from = late and before or math.max(before, now - site.interval), to = now,
             latest = latest, late = late }
end

----------------------------------------------------------------------------------------- one device

local function keys_of(set)
    local keys = {}
    for key in pairs(set) do keys[#keys + 1] = key end
    return keys
end

--- Whether a driver shows what is logged in each interval: what shows 0 while it is old is, unless it is a
-- state or its row says otherwise.
local function is_measured(driver)
    return driver.measured or driver.zero and not (driver.names or driver.on_change)
end

--- The keys of rows that a device's type and its parts show as numbers logged in each interval.
local function measured_keys(main)
    local set = {}
    for _, type_ in ipairs { main, table.unpack(main.parts) } do
        for _, driver in ipairs(type_.drivers) do
            for _, list in ipairs { driver.keys, table.unpack(driver.terms or {}) } do
                for _, key in ipairs(list) do
                    if is_measured(driver) then set[key] = true end
                end
            end
        end
    end
    return keys_of(set)
end

--- The newest and the oldest stamp of rows. Those after `latest` are of the future: they count if there are
-- no others.
local function stamps_of(rows, keys, latest)
    local newest, ahead, oldest = nil, nil, nil
    for i = 1, #keys do                     -- without ipairs and math: this is done for every new row
        local row = rows[keys[i]]
        local stamp = row and row.timestamp
        if stamp and (not oldest or stamp < oldest) then oldest = stamp end
        if stamp and stamp <= latest and (not newest or stamp > newest) then newest = stamp end
        if stamp and stamp > latest and (not ahead or stamp > ahead) then ahead = stamp end
    end
    return newest or ahead, oldest
end

--- Takes out of a home's rows the measurements that VRM only repeats, of a generator that is gone, say: far
-- older than the newest measurement of the same device. States, alarms, counters and whatever else is logged
-- when it changes stay however old they are. What comes and goes by that has changed, too.
local function leave_out(home, keys, too_old)
    local before, repeated = home.repeated or {}, {}
    for _, key in ipairs(keys) do
        local row = home.rows[key]
        if row and row.timestamp and row.timestamp < too_old then repeated[key] = true end
    end
    for key in pairs(before) do home.changed[key] = home.changed[key] or not repeated[key] or nil end
    for key in pairs(repeated) do home.changed[key] = home.changed[key] or not before[key] or nil end
    home.repeated = repeated
end

--- Looks at a home (model.store) of which something is new: stamp = its newest, seen = VRM's time when that
-- came, measured = it is of what is logged in each interval; and see leave_out.
local function look_at(home, site, now)
    local type_, latest = home.type, now - site.shift + slack(site.interval)
    local keys = type_ and (type_.measured_keys or measured_keys(type_)) or {}
    if type_ then type_.measured_keys = keys end
    local stamp, oldest = stamps_of(home.rows, keys, latest)
    home.measured = stamp ~= nil
    if not stamp then stamp = stamps_of(home.rows, keys_of(home.rows), latest) end
    if stamp ~= home.stamp then home.stamp, home.seen = stamp, now end
    local _, offline_after = freshness.limits(site.interval)
    local too_old = (stamp or 0) - offline_after
    local some = home.measured and oldest < too_old
    if some or home.repeated then leave_out(home, some and keys or {}, too_old) end
end

--- A row as it is while the gateway has no value.
local function without_value(row)
    return diagnostics.live_row(row.service, row.instance, row.path, nil, row.timestamp, row)
end

--- The rows of a home without those that VRM only repeats. Of solar power it says by that that there is none.
function freshness.living(home)
    if next(home.repeated or {}) == nil then return home.rows end
    local living = {}
    for key, row in pairs(home.rows) do
        living[key] = not home.repeated[key] and row or reading.is_of_solar(key) and without_value(row) or nil
    end
    return living
end

----------------------------------------------------------------------------------- an installation

--- When a device of system-overview was connected: its gateway lives on since, and so does it. VRM gives that
-- by the gateway's clock or by its own. nil: it never was, or VRM does not say.
local function heard_by_vrm(entry, site, gateway_last)
    local last = entry.last_connection
    if not (last and site.heard) then return nil end
    return site.heard - math.max(gateway_last - math.max(last, last + site.shift), 0)
end

local function later(a, b)
    return a and b and math.max(a, b) or a or b
end

--- When any of a home's rows came last; nil if that is in the future.
local function any_stamp(home, site, now)
    local at = home.newest and home.newest + site.shift
    return at and at <= now + slack(site.interval) and at or nil
end

--- What is told live is of now as long as the connection lives: so is what tells it. Before everything was
-- told, that is not all that is shown of a device.
function freshness.hear_live(site)
    local at = site.live_at
    site.heard = later(site.heard, at)
    for home in site.store:each() do
        if overlay.lives(site.store, home) then
            home.heard, home.alive = later(home.heard, site.whole_at), later(home.alive, at)
        end
        home.heard = later(home.heard, overlay.left_at(site.store, home))
    end
end

--- Finds out when a site, its devices and those VRM lists were heard of last, by VRM's clock (`heard` of
-- each; nil: never), and when a device gave its last sign of life of any kind (`alive`; its measurements may
-- be older), from an answer that came at `now`.
function freshness.hear(site, now)
    local sign, last = sign_of(site, now), connected(site)
    site.shift = site.shift or 0
    if sign then site.shift = freshness.shift(site.store.stamps, sign, site.shift, site.interval) end
    site.logged_at = most_frequent(site.store.stamps, now) or site.logged_at
    site.answered_at = now
    for home in site.store:each() do
        if store.is_new(home) then look_at(home, site, now) end
    end
    site.heard = last and math.min(last, now)
    for home in site.store:each() do
        home.heard = home.stamp and math.min(home.stamp + site.shift, home.seen)
        if home.heard then site.heard = math.max(site.heard or 0, home.heard) end
    end
    site.heard = site.heard or site.last_timestamp and math.min(site.last_timestamp, now)
    if site.heard ~= site.measured_at then          -- by a clock that is not known to be wrong
        site.measured_at = site.heard
        site.delay = site.heard and site.shift == 0 and now - site.heard or nil
    end
    for _, entry in ipairs(site.overview) do
        entry.heard = heard_by_vrm(entry, site, last or site.overview_at or now)
    end
    for home in site.store:each() do
        local by_vrm = home == site.store.gateway and site.heard or home.entry and home.entry.heard or nil
        if not home.measured then home.heard = later(home.heard, by_vrm) end
        home.alive = later(later(home.heard, by_vrm), any_stamp(home, site, now))
    end
    if site.live_at then freshness.hear_live(site) end
end

return freshness
