--- From VRM's rows to devices: groups, owners, alarms. Pure functions, nothing is kept.

local alarms = require "types.alarms"
local services = require "types.services"

local discovery = {}

--- idDeviceType of system-overview -> D-Bus service (VRM's numbers).
local TYPE_SERVICES = {
    [1] = "vebus", [2] = "battery", [4] = "solarcharger", [5] = "tank", [9] = "motordrive",
    [16] = "generator", [17] = "temperature", [20] = "digitalinput", [25] = "evcharger", [29] = "dcsystem",
}

--- VRM's names of types of devices whose numbers it may not give, in small letters -> D-Bus service.
local TYPE_NAMES = {
    ["ve.bus system"] = "vebus", ["battery monitor"] = "battery", ["solar charger"] = "solarcharger",
    ["tank"] = "tank", ["temperature sensor"] = "temperature", ["pv inverter"] = "pvinverter",
    ["charger"] = "charger",
}

--- The D-Bus service of an entry of system-overview; nil: nobody knows.
local function service_of(entry)
    return TYPE_SERVICES[entry.type_id] or TYPE_NAMES[(entry.type or ""):lower()]
end

--------------------------------------------------------------------------------------------- groups

--- Whether a row counts more than another one with its key: it is newer, or of the same time and it alone has
-- a value, or tells a worse alarm.
local function counts_more(key, row, other)
    if not other then return true end
    local stamp, before = row.timestamp or 0, other.timestamp or 0
    if stamp ~= before then return stamp > before end
    if alarms.of_key[key] then return (alarms.level(row.value) or -1) > (alarms.level(other.value) or -1) end
    return other.value == nil and row.value ~= nil
end

--- What a row of a home is found by: its path, its code, and "#521" for VRM's attribute number 521 where the
-- home's type asks for that.
function discovery.keys_of(home, row)
    local type_ = home.type
    if not (type_ and type_.numbered and row.id) then return row.path, row.code end
    local id = "#" .. row.id
    return row.path, row.code, type_.keys[id] and id or nil
end

local function put(home, key, row)
    local other = home.rows[key]
    home.ambiguous = home.ambiguous or other ~= nil
    if counts_more(key, row, other) then home.rows[key] = row end
end

--- Adds a row to the rows of a home, by its keys. Of two rows with one key the newer stays, see counts_more.
function discovery.put(home, row)
    local path, code, id = discovery.keys_of(home, row)
    if path then put(home, path, row) end
    if code then put(home, code, row) end
    if id then put(home, id, row) end
    local stamp = row.timestamp
    if stamp and stamp > (home.newest or 0) then home.newest = stamp end
end

--- The devices of rows that name their service, in order of their first row, and the home of each row: a
-- device by (service, instance), the gateway for its own services, nil for a row without a service (it has to
-- find its owner). by_key: [service and instance] = device.
local function group(all, gateway)
    local devices, by_key, homes = {}, {}, {}
    for place, row in ipairs(all) do
        local service = row.service
        if service and services.is_gateway(service) then
            homes[place] = gateway
        elseif service and row.instance then
            local key = service .. "/" .. row.instance
            if not by_key[key] then
                by_key[key] = { service = service, instance = row.instance, device = row.device }
                devices[#devices + 1] = by_key[key]
            end
            homes[place] = by_key[key]
        end
    end
    return devices, homes, by_key
end

local TOGETHER = 300                -- seconds between the last connections of two devices that are both there

--- Whether a device of a list is shown rather than another one with its instance: it was connected later, or
-- of two that are both there always the same, in whatever order VRM lists them.
local function is_rather(one, other)
    local apart = (one.last_connection or 0) - (other.last_connection or 0)
    if math.abs(apart) > TOGETHER then return apart > 0 end
    return (one.custom_name or one.product or "") < (other.custom_name or other.product or "")
end

--- system-overview by what a device is known by: instance and type name, instance and service.
-- [key] = its place in the list; of several with one key, a device and those it took the place of, that of
-- the one that is there.
local function by_device(overview)
    local places = {}
    for i, entry in ipairs(overview) do
        if entry.instance and not entry.gateway then
            local service = service_of(entry)
            for _, key in pairs { entry.type and entry.instance .. " type " .. entry.type,
                                  service and entry.instance .. " service " .. service } do
                if not places[key] or is_rather(entry, overview[places[key]]) then places[key] = i end
            end
        end
    end
    return places
end

--- The entry of system-overview that is this device: same instance and the same type, by VRM's type name
-- or by the number of the type; nil if there is none.
local function overview_entry(overview, places, found)
    local by_type = found.device and places[found.instance .. " type " .. found.device]
    local by_service = places[found.instance .. " service " .. found.service]
    return overview[math.min(by_type or math.huge, by_service or math.huge)]
end

--- Adds the devices of which no row names a service, as those of a gateway that is no GX (a GlobalLink):
-- those that VRM lists with a type and an instance that its rows give, too.
local function add_listed(all, overview, places, devices, homes, by_key)
    local listed = {}
    for place, row in ipairs(all) do
        local type_key = not row.service and row.instance and row.device
            and row.instance .. " type " .. row.device
        local entry = type_key and overview[places[type_key]]
        local service = entry and service_of(entry)
        local key = service and service .. "/" .. row.instance
        if key and not by_key[key] then
            by_key[key] = { service = service, instance = row.instance, device = row.device }
            devices[#devices + 1], listed[key] = by_key[key], true
        end
        if key and listed[key] then homes[place] = by_key[key] end
    end
end

--- Which device has a row that names no service: [instance] = { [key of a device type] = the first of the
-- devices with that instance whose type names it }.
local function owners_of(devices)
    local owners, done = {}, {}
    for _, device in ipairs(devices) do
        local here = owners[device.instance] or {}
        owners[device.instance] = here
        local mark = device.type and device.instance .. " " .. tostring(device.type)
        if mark and not done[mark] then
            done[mark] = true
            for key in pairs(device.type.keys) do here[key] = here[key] or device end
        end
    end
    return owners
end

--- The device, of those with this row's instance, whose type names the row's code or whose alarm has it;
-- nil = the gateway's.
local function owner_of(row, owners, by_key)
    local here = row.instance and owners[row.instance] or {}
    local service = row.instance and alarms.service(row.code)
    return here[row.code] or row.id and here["#" .. row.id]
        or service and by_key[service .. "/" .. row.instance] or nil
end

--- Sorts one installation's rows to its devices.
-- pick(found) -> type | nil chooses the device type; gateway_type: the gateway's, nil for none.
-- Returns a list of homes { service, instance, type|nil, matched = what pick was given, rows = by path and by
-- code, entry, newest, ambiguous } (entry: its entry of system-overview, {} if there is none; newest: latest
-- timestamp of its rows, nil if they have none; ambiguous: several rows have one key), the gateway's home,
-- and the home of each row in their order.
function discovery.devices(all, overview, pick, gateway_type)
    local gateway = { type = gateway_type, rows = {} }
    local devices, homes, by_key = group(all, gateway)
    local places = by_device(overview)
    add_listed(all, overview, places, devices, homes, by_key)
    for _, found in ipairs(devices) do
        local entry = overview_entry(overview, places, found) or {}
        found.matched = { service = found.service, instance = found.instance, product = entry.product or "",
                       type = entry.type or found.device or "" }
        found.type = pick(found.matched)
        found.entry, found.rows, found.device = entry, {}, nil
    end
    local owners = owners_of(devices)
    for place, row in ipairs(all) do
        if not (homes[place] or row.service) then homes[place] = owner_of(row, owners, by_key) or gateway end
        if homes[place] then discovery.put(homes[place], row) end
    end
    return devices, gateway, homes
end

------------------------------------------------------------------------------------- alarms, counts

--- Those of a list of homes that gave a sign of life since `since` (see model.freshness).
function discovery.living(homes, since)
    local list = {}
    for _, home in ipairs(homes) do
        if home.alive and home.alive >= since then list[#list + 1] = home end
    end
    return list
end

--- The gateway's entry of system-overview; nil: VRM lists none.
function discovery.gateway_entry(overview)
    for _, entry in ipairs(overview) do
        if entry.gateway then return entry end
    end
    return nil
end

--- Adds the faults that a home's alarm rows tell. An alarm may be logged only when it begins and ends: how
-- old its row is says nothing. That there is one counts where none that is named is as bad.
local function add_faults(faults, home)
    local own, any, named = ("%s/%s/"):format(home.service or "gateway", home.instance or 0), nil, 0
    for key, row in pairs(home.rows) do
        local name = alarms.of_key[key]
        local level = name and (key == row.path or not row.path) and alarms.level(row.value)
        if level then
            local fault = alarms.OF_ALL[name] and name or own .. name
            faults.levels[fault] = math.max(faults.levels[fault] or 0, level)
            if row.id and row.instance then faults.told[row.id .. "/" .. row.instance] = fault end
            if name == alarms.ANY then any = fault else named = math.max(named, level) end
        end
    end
    if any and named > 0 and named >= faults.levels[any] then faults.levels[any] = 0 end
end

--- Leaves out what an RS system tells of its units that they tell as badly themselves.
local function leave_out_summaries(levels)
    local of_units = {}                 -- [name of a fault] = its worst level
    for fault, level in pairs(levels) do
        local name = fault:match "^multi/%d+/(.*)"
        if name then of_units[name] = math.max(of_units[name] or 0, level) end
    end
    if next(of_units) == nil then return end
    for fault, level in pairs(levels) do
        local name = fault:match "^acsystem/%d+/(.*)"
        if name and (of_units[name] or -1) >= level then levels[fault] = 0 end
    end
end

--- The faults of living homes -> { levels = { [fault] = 0, 1 or 2 }, told = { [as answers.installations names
-- an alarm] = fault }, kept = set }: each once, under however many paths it stands. before: what discovery.on
-- made of those of the last time, nil: none. What was on and has no row that tells it in the next answer is
-- kept until the one after it (answered: this is another answer than that of before): it may be VRM's slip.
function discovery.faults(homes, before, answered)
    local faults = { levels = {}, told = {}, kept = {} }
    for _, home in ipairs(homes) do add_faults(faults, home) end
    leave_out_summaries(faults.levels)
    for fault, level in pairs(before and before.levels or {}) do
        local was_kept = before.kept[fault] or false
        if level > 0 and not faults.levels[fault] and was_kept ~= answered then
            faults.levels[fault], faults.kept[fault] = level, true
        end
    end
    for key, fault in pairs(before and before.told or {}) do
        if faults.kept[fault] then faults.told[key] = fault end
    end
    return faults
end

--- Of faults what the next time needs: those that are on.
function discovery.on(faults)
    local on = { levels = {}, told = {}, kept = faults.kept }
    for fault, level in pairs(faults.levels) do on.levels[fault] = level > 0 and level or nil end
    for key, fault in pairs(faults.told) do on.told[key] = on.levels[fault] and fault end
    return on
end

--- How many of faults are warnings (1), and how many alarms (2).
function discovery.count_faults(faults)
    local warnings, count = 0, 0
    for _, level in pairs(faults.levels) do
        if level == 1 then warnings = warnings + 1 end
        if level == 2 then count = count + 1 end
    end
    return warnings, count
end

--- How many alarms VRM lists (site.listed_alarms = their keys) beyond the faults there are, those that no row
-- tells; and how many it counts (site.alarms) beyond the faults and does not list. What has a row is what its
-- row says.
function discovery.beyond(site, faults)
    local list, named, others = site.listed_alarms or {}, {}, 0
    for _, key in ipairs(list) do
        local fault = faults.told[key]
        if fault then named[fault] = true else others = others + 1 end
    end
    local unlisted = site.alarms - #list
    for fault, level in pairs(faults.levels) do
        if level > 0 and not named[fault] then unlisted = unlisted - 1 end
    end
    return others, math.max(unlisted, 0)
end

--- How many devices of an installation are alive since `since`: of those VRM lists, else of those
-- that have rows. A listed one without rows that was never connected is not.
function discovery.alive(overview, devices, since)
    local listed, count, groups, has_rows = 0, 0, 0, {}
    for _, found in ipairs(devices) do
        if found.alive and found.alive >= since then
            groups, has_rows[found.entry] = groups + 1, true
        end
    end
    for _, entry in ipairs(overview) do
        if not entry.gateway then
            listed = listed + 1
            if has_rows[entry] or entry.heard and entry.heard >= since then count = count + 1 end
        end
    end
    return listed > 0 and count or groups
end

return discovery
