--- Live values over the rows of VRM's answers. Each stands in the place of VRM's row until that is newer: a
-- value of a connection that lives is of now, else of when it was told last.
--
-- store.live = { [key of a home] = { home, entries = { [path] = entry }, count = those that are not gone,
-- left = when the last of them left the D-Bus, by VRM's clock; nil: it did not } }
-- store.heard = { [topic, from its service on] = entry, or false: nobody shows it }, store.unread = how many
-- of them are false
-- store.live_stamp = the time to which the connection lives, by the gateway's clock; nil: it does not
-- entry = { topic, path, of = of which home, row = what was told, under = VRM's row of this path|nil,
--           gone = the device left the D-Bus ("left"), or the connection ended since,
--           told = it has changed since the last answer,
--           readers = who shows it, for the owner, until the next answer }

local device = require "model.device"
local diagnostics = require "types.diagnostics"
local discovery = require "model.discovery"
local services = require "types.services"

local overlay = {}

local MOST_UNREAD = 1000            -- topics of which is remembered that nobody shows them

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

--- The keys under which a row stands in whose place an entry's does, as a set.
function overlay.keys_of(entry)
    local keys = {}
    for _, key in pairs { keys_of(entry.of.home, entry.path, entry.under) } do keys[key] = true end
    return keys
end

--- Each live value of a store: its home, path and entry.
local function each(store, fn)
    for _, of_home in pairs(store.live) do
        for path, entry in pairs(of_home.entries) do fn(of_home, path, entry) end
    end
end

--- VRM's rows are where they were, for an answer to take their place. What has changed over them is noted.
function overlay.uncover(store)
    each(store, function(of_home, path, entry)
        if entry.told then
            for key in pairs(overlay.keys_of(entry)) do of_home.home.changed[key] = true end
        end
        entry.told = nil
        if of_home.home.rows[path] == entry.row then swap(of_home.home, path, entry.row, entry.under) end
    end)
end

local function forget(store, entry)
    entry.of.entries[entry.path], store.heard[entry.topic] = nil, nil
    entry.of.count = entry.of.count - (entry.gone and 0 or 1)
end

--- Others may show a topic than before.
function overlay.look_anew(store)
    for topic, entry in pairs(store.heard) do
        if entry then entry.readers = nil else store.heard[topic] = nil end
    end
    store.unread = 0
end

--- Live values stand over VRM's rows again, but for those that VRM knows better by now.
function overlay.cover(store)
    local alive = store.live_stamp
    overlay.look_anew(store)
    each(store, function(of_home, path, entry)
        local home, row = of_home.home, entry.row
        local under = home.rows[path]
        local newest = under and under.timestamp or 0
        entry.under = under
        if alive and not entry.gone then        -- what did not change is as new as the connection
            local stamp = math.max(alive, newest)
            entry.row = diagnostics.live_row(home.service, home.instance, path, row.value, stamp,
                under or row)
        elseif newest > row.timestamp then
            home.changed[path] = true
            return forget(store, entry)
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
        if not of_home.home then
            for _, entry in pairs(of_home.entries) do forget(store, entry) end
            store.live[key] = nil
        end
    end
end

--- Whether anybody would see a path of a home: else it is not kept, so that a flood of paths leaves nothing.
local function is_read(home, path)
    local type_, changed = home.type, { [path] = true }
    if home.rows[path] and home.askers then return true end
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

--- The entry of a topic that was not heard before; false: it is of no device that VRM has sent, or nobody
-- shows it, or what another service of the gateway told of the path counts.
local function begin(store, topic)
    local service, instance, path = topic:match "^/([^/]+)/(%d+)(/.+)$"
    if not (service and store.gateway) then return false end
    local is_gateway = services.is_gateway(service)
    local of_home = home_of(store, is_gateway and "gateway" or service .. "/" .. instance, is_gateway)
    if not (of_home and is_read(of_home.home, path)) or of_home.entries[path] then return false end
    local entry = { topic = topic, path = path, of = of_home, gone = true }
    of_home.entries[path] = entry
    return entry
end

local function find(store, topic)
    local entry = begin(store, topic)
    if entry or store.unread < MOST_UNREAD then
        store.heard[topic], store.unread = entry, store.unread + (entry and 0 or 1)
    end
    return entry
end

--- Puts what was told in the place of what stands there -> whether it is another.
local function put(entry, value, stamp)
    local home, path, row = entry.of.home, entry.path, entry.row
    local before = home.rows[path]
    if row and row == before then
        row.value, row.timestamp = value, stamp
        return true
    end
    local service, instance = entry.topic:match "^/([^/]+)/(%d+)/"
    instance = math.tointeger(tonumber(instance))
    entry.row = diagnostics.live_row(service, instance, path, value, stamp, entry.under)
    swap(home, path, before, entry.row)
    return not (before and before.value == value and before.unit == entry.row.unit)
end

--- What VRM only repeated is measured again, with the same value or another -> whether it was repeated.
local function revive(entry)
    local repeated = entry.of.home.repeated
    if not (repeated and repeated[entry.path]) then return false end
    for key in pairs(overlay.keys_of(entry)) do repeated[key] = nil end
    return true
end

--- What was told of a topic, at a time of the gateway's clock -> its entry, if the value is another than
-- before. nil: it is not, or nobody shows it; then its entry, if it was gone and is as it was.
function overlay.hear(store, topic, value, stamp)
    local entry = store.heard[topic]
    if entry == nil then entry = find(store, topic) end
    if not entry then return nil end
    local of_home, row, was_gone = entry.of, entry.row, entry.gone
    if was_gone then
        entry.gone, of_home.count, of_home.left = nil, of_home.count + 1, nil
        entry.under = row and entry.under or of_home.home.rows[entry.path]
    end
    local was_old = revive(entry)
    if row and row.value == value and not was_old then return nil, was_gone and entry or nil end
    if not (put(entry, value, stamp) or was_old) then return nil end
    entry.told = true
    return entry
end

--- A topic has left the D-Bus at a time: what was told of it stays until VRM has something newer.
function overlay.leave(store, topic, time)
    local entry = store.heard[topic]
    if not entry then return end
    local of_home = entry.of
    if not entry.gone then of_home.count = of_home.count - 1 end
    entry.gone = "left"
    if of_home.count == 0 then of_home.left = of_home.left or time end
end

--- The connection has ended: of what it told nothing is of now until it is told again.
function overlay.silence(store)
    for _, of_home in pairs(store.live) do of_home.count, of_home.left = 0, nil end
    each(store, function(_, _, entry) entry.gone = true end)
end

--- Whether the connection tells of a home's values now.
function overlay.lives(store, home)
    local of_home = store.live[overlay.key_of(home)]
    return of_home ~= nil and of_home.count > 0
end

--- When all that the connection told of a home left the D-Bus, by VRM's clock; nil: it is there, or nobody
-- knows.
function overlay.left_at(store, home)
    local of_home = store.live[overlay.key_of(home)]
    return of_home and of_home.left
end

--- Whether a path of a home has left the D-Bus.
function overlay.has_left(store, home, path)
    local of_home = store.live[overlay.key_of(home)]
    local entry = of_home and of_home.entries[path]
    return entry ~= nil and entry.gone == "left"
end

return overlay
