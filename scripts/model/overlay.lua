--- Live values over the rows of VRM's answers. Each stands in the place of VRM's row until that is newer: a
-- value of a connection that lives is of now, else of when it was told last.
--
-- store.live = { [key of a home] = { home, entries = { [path] = entry }, count = those that are not gone } }
-- store.live_stamp = the time to which the connection lives, by the gateway's clock; nil: it does not
-- entry = { row = what was told, under = VRM's row of this path|nil, gone = the device left the D-Bus }

local device = require "model.device"
local discovery = require "model.discovery"
local read = require "sources.read"

local overlay = {}

function overlay.key_of(home)
    return home.service and home.service .. "/" .. home.instance or "gateway"
end

--- The keys in a home under which a row stands that is there by its path.
local function keys_of(home, path, row)
    local _, code, id
    if row then _, code, id = discovery.keys_of(home, row) end
    return path, code, id
end

--- Puts one row in the place of another in a home, wherever that stands.
local function swap(home, path, old, row)
    local first, code, id = keys_of(home, path, old or row)
    home.rows[first] = row
    if code and home.rows[code] == old then home.rows[code] = row end
    if id and home.rows[id] == old then home.rows[id] = row end
end

--- Each live value of a store: its home, path and entry.
local function each(store, fn)
    for _, of_home in pairs(store.live) do
        for path, entry in pairs(of_home.entries) do fn(of_home, path, entry) end
    end
end

--- VRM's rows are where they were, for an answer to take their place.
function overlay.uncover(store)
    each(store, function(of_home, path, entry)
        if of_home.home.rows[path] == entry.row then swap(of_home.home, path, entry.row, entry.under) end
    end)
end

local function forget(of_home, path, entry)
    of_home.entries[path] = nil
    of_home.count = of_home.count - (entry.gone and 0 or 1)
end

--- Live values stand over VRM's rows again, but for those that VRM knows better by now.
function overlay.cover(store)
    local alive = store.live_stamp
    each(store, function(of_home, path, entry)
        local home, row = of_home.home, entry.row
        local under = home.rows[path]
        local newest = under and under.timestamp or 0
        entry.under = under
        if alive and not entry.gone then        -- what did not change is as new as the connection
            local stamp = math.max(alive, newest)
            entry.row = read.live_row(home.service, home.instance, path, row.value, stamp, under or row)
        elseif newest > row.timestamp then
            home.changed[path] = true
            return forget(of_home, path, entry)
        end
        swap(home, path, under, entry.row)
    end)
end

--- The homes are others, of the same devices or not.
function overlay.adopt(store)
    local homes = {}
    for home in store:each() do homes[overlay.key_of(home)] = home end
    for key, of_home in pairs(store.live) do
        of_home.home = homes[key]
        if not of_home.home then store.live[key] = nil end
    end
end

--- Whether anybody would see a path of a home: else it is not kept, so that a flood of paths leaves nothing.
local function is_read(home, path)
    local type_, changed = home.type, { [path] = true }
    if not type_ then return false end
    if home.rows[path] or next(device.direct_readers(type_, changed)) then return true end
    for _, part in ipairs(type_.parts or {}) do
        if next(device.direct_readers(part, changed)) then return true end
    end
    return false
end

local function home_of(store, key, is_gateway)
    local of_home = store.live[key]
    if of_home then return of_home end
    for home in store:each() do
        if (is_gateway and home == store.gateway) or overlay.key_of(home) == key then
            of_home = { home = home, entries = {}, count = 0 }
            store.live[key] = of_home
            return of_home
        end
    end
    return nil
end

--- What was told of a path, at a time of the gateway's clock -> its home, the set of keys that have another
-- value now. nil: it is of no device that VRM has sent, or nobody reads it.
function overlay.hear(store, service, instance, path, value, stamp)
    local is_gateway = discovery.is_gateway(service)
    local of_home = store.gateway and home_of(store, is_gateway and "gateway" or service .. "/" .. instance,
        is_gateway)
    local home = of_home and of_home.home
    local entry = home and of_home.entries[path]
    if not entry and not (home and is_read(home, path)) then return nil end
    if not entry then
        entry = { under = home.rows[path], gone = true }
        of_home.entries[path] = entry
    end
    if entry.gone then of_home.count, entry.gone = of_home.count + 1, nil end
    local before = home.rows[path]
    if entry.row and entry.row.value == value then return home, {} end
    entry.row = read.live_row(service, instance, path, value, stamp, entry.under)
    swap(home, path, before, entry.row)
    if before and before.value == value and before.unit == entry.row.unit then return home, {} end
    local changed = {}
    for _, key in pairs { keys_of(home, path, entry.under) } do
        changed[key], home.changed[key] = true, true
    end
    return home, changed
end

--- A path has left the D-Bus: what was told of it stays until VRM has something newer.
function overlay.leave(store, service, instance, path)
    local of_home = store.live[discovery.is_gateway(service) and "gateway" or service .. "/" .. instance]
    local entry = of_home and of_home.entries[path]
    if entry and not entry.gone then
        entry.gone, of_home.count = true, of_home.count - 1
    end
end

--- Whether the connection tells of a home's values now.
function overlay.lives(store, home)
    local of_home = store.live[overlay.key_of(home)]
    return of_home ~= nil and of_home.count > 0
end

return overlay
