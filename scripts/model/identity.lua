--- Which device is at an address, by its serial number, over restarts: whether one was replaced by another,
-- or has moved to another instance.
--
-- A serial is looked at when devices are looked for, and believed when it is there at two such looks that are
-- a logging interval apart. VRM goes on showing a device that has moved under its old instance, so a move is
-- told when that has fallen silent. While both send, they are two devices with one serial, which happens.

local discovery = require "model.discovery"
local freshness = require "model.freshness"
local nodes = require "model.nodes"
local notices = require "pg3.notices"
local read = require "types.read"
local services = require "types.services"
local state = require "serve.state"
local timer = require "tasks.timer"

local identity = {}

--- Where VRM has a device's serial: by path, or by its code in rows without one.
local PATHS = { ["/Serial"] = true, ["/Devices/0/SerialNumber"] = true }
local CODES = { battery = "BSN", solarcharger = "ScSN", pvinverter = "ps", charger = "cS", evcharger = "evS" }

local SHORTEST, LONGEST = 5, 40     -- characters of a serial
local LEAST_DIFFERENT = 3           -- of them: 00000000 is none
local SHOWN_SECONDS = 86400

local serials = {}                  -- [kind: how addresses of a site and service begin] = { [instance, as a
                                    -- text] = that of the device there }; PG3 keeps it so
local seen = {}                     -- [address] = { serial, at = VRM's time, stamp = of the device that had
                                    -- it before }: what is another, and is not believed yet
local shown = {}                    -- list of { text }: the notice

--- A value of a row as a serial; nil for what tells no device from another.
local function serial_of(value)
    local text = type(value) == "number" and ("%.0f"):format(value) or value
    text = type(text) == "string" and read.trim(text) or ""
    local different, count = {}, 0
    for character in text:gmatch "." do
        count = count + (different[character] and 0 or 1)
        different[character] = true
    end
    local counted_up = ("01234567890"):find(text, 1, true)
    if #text < SHORTEST or #text > LONGEST or count < LEAST_DIFFERENT or counted_up then return nil end
    return text:find "%d" and utf8.len(text) and text or nil
end

local function is_serial(row, home)
    if row.path then return PATHS[row.path] or false end
    return row.code ~= nil and row.code == CODES[home.service]
end

--- [home] = the serial that its rows name; false: several different ones.
local function serials_of(store)
    local found = {}
    for i, row in ipairs(store.rows) do
        local home = store:home_at(i)
        local serial = home and home.service and is_serial(row, home) and serial_of(row.value)
        if serial then found[home] = (found[home] == nil or found[home] == serial) and serial or false end
    end
    return found
end

--- An address -> its kind, its instance as a text.
local function parts_of(address)
    return address:match "^(%w+_%l%w)(%d+)"
end

--- What a site has now -> list of { address, kind, number = its instance as a text, is_gateway, serial|nil,
-- alive, stamp = of its newest row, has_node }.
local function devices_of(site, now)
    local list, found = {}, serials_of(site.store)
    local function add(home, address, serial, heard)
        local kind, number = parts_of(address)
        list[#list + 1] = {
            address = address, kind = kind, number = number, is_gateway = home == site.store.gateway,
            serial = serial or nil, stamp = home.stamp,
            has_node = home.address ~= nil and nodes.all[address] ~= nil,
            alive = heard ~= nil and freshness.judge(heard, now, site.interval) ~= freshness.OFFLINE,
        }
    end
    for _, home in ipairs(site.store.devices) do
        local address = services.address(site.id, home.service, home.instance)
        if address then add(home, address, found[home], home.heard) end
    end
    local entry = discovery.gateway_entry(site.overview)
    if entry then
        add(site.store.gateway, services.gateway_address(site.id), serial_of(entry.serial), site.heard)
    end
    return list
end

local function kept(address)
    local kind, number = parts_of(address)
    return serials[kind] and serials[kind][number]
end

local function keep(address, serial)
    local kind, number = parts_of(address)
    if not kind then return end
    local its = serials[kind] or {}
    its[number], seen[address] = serial, nil
    serials[kind] = next(its) and its or nil
end

local function name_of(address)
    return nodes.all[address] and nodes.all[address].name or address
end

--- Shows a text in the notice for a day, and writes it to the log, with what the notice does not have.
local function tell(site, text, of_serials)
    host.log("warning", ("%s: %s %s"):format(site.name, text, of_serials))
    local entry = { text = ("%s: %s"):format(site.name, text), at = host.steady() }
    table.insert(shown, entry)
    notices.devices(shown)
    timer.after(SHOWN_SECONDS, function()
        for i, other in ipairs(shown) do
            if other == entry then table.remove(shown, i) break end
        end
        notices.devices(shown)
    end)
end

local function tell_replaced(site, device)
    local text = "The GX device was replaced. Nodes and programs go on; see whether its devices have the same"
        .. " instances as before."
    if not device.is_gateway then
        text = ("%s was replaced by another device: its counters begin again. Its node is the same, and"
            .. " programs go on with it."):format(name_of(device.address))
    end
    tell(site, text, ("(%s: serial %s in the place of %s)"):format(device.address, device.serial,
        kept(device.address)))
end

local function tell_moved(site, device, before)
    local _, number = parts_of(before)
    tell(site, ("%s has moved from instance %s to %s: it has a new node, %s. Change programs to that node, or"
        .. " give the device its old instance in the GX; delete the old node, %s, in PG3."):format(
        name_of(before), number, device.number, device.address, before),
        ("(serial %s)"):format(device.serial))
end

--- Whether a serial that is new at an address is believed: it was there at a look before.
local function is_settled(site, device, now, stamp)
    local before = seen[device.address]
    if not before or before.serial ~= device.serial then
        seen[device.address] = { serial = device.serial, at = now, stamp = stamp }
        return false
    end
    return now - before.at >= site.interval
end

--- The addresses of the same kind that had this serial.
local function addresses_with(device)
    local list = {}
    for number, serial in pairs(serials[device.kind] or {}) do
        if serial == device.serial then list[#list + 1] = device.kind .. number end
    end
    return list
end

--- A device at an address that had none. before: where its serial was; other: the device that is there now,
-- nil for none.
local function has_come(site, device, before, other, now)
    local stays = other and other.alive and (other.serial or device.serial) == device.serial
    local settled = is_settled(site, device, now, other and other.stamp)
    if stays then               -- it has not fallen silent yet, or is another one with that serial
        if other.stamp ~= seen[device.address].stamp then keep(device.address, device.serial) end
    elseif settled then
        tell_moved(site, device, before)
        keep(device.address, device.serial)
        if not (other and other.serial ~= device.serial) then keep(before, nil) end
    end
end

local function look_at_new(site, device, by_address, now)
    local before = addresses_with(device)
    if #before ~= 1 then return keep(device.address, device.serial) end
    has_come(site, device, before[1], by_address[before[1]], now)
end

local function look_at_known(site, device, now)
    if kept(device.address) == device.serial then
        seen[device.address] = nil
    elseif is_settled(site, device, now) then
        tell_replaced(site, device)
        keep(device.address, device.serial)
        nodes.renew(device.address)
    end
end

--- Looks at the devices of a site's answer, in which devices were looked for. New ones first: what took the
-- place of one that has moved is not to be known before that.
function identity.look(site, now)
    local by_address, new, known = {}, {}, {}
    for _, device in ipairs(devices_of(site, now)) do
        by_address[device.address] = device
        if device.serial and device.alive and device.has_node then
            table.insert(kept(device.address) and known or new, device)
        end
    end
    for _, device in ipairs(new) do look_at_new(site, device, by_address, now) end
    for _, device in ipairs(known) do look_at_known(site, device, now) end
end

--- A node was taken out of PG3.
function identity.forget(address)
    if not address:find "%l$" then keep(address, nil) end       -- a part has none
end

--- What an earlier run knew, as PG3 kept it; of nodes that PG3 has no more, nothing.
local function restore(given)
    local is_known = state.known()
    serials = {}
    for kind, its in pairs(given) do
        for number, serial in pairs(type(its) == "table" and its or {}) do
            local address = kind .. number
            if is_known(address) then keep(address, serial_of(serial)) end
        end
    end
end

state.keep("serials", restore, function() return serials end)

return identity
