--- Readers of VRM's answers (docs/vrm.md), but for measurements (types.diagnostics): any value in, a plain
-- record or nil out. They never raise, and cost no more than in proportion to what comes (see types.read).

local read = require "types.read"
local unit_table = require "types.units"

local answers = {}

--- A text for people, which is kept: a name of more than 200 bytes is none.
local function name_text(value)
    local text = read.text(value)
    return text and read.cut(text, 200)
end

local MOST_PARTS = 20           -- of an error; the sentence made of them is cut anyway

local function join_texts(value, depth)
    if type(value) ~= "table" then return read.text(value) end
    if depth == 0 then return nil end
    local keys, parts = {}, {}
    for i = 1, math.min(#value, MOST_PARTS) do keys[i] = i end
    for key in pairs(#keys == 0 and value or {}) do
        if #keys == MOST_PARTS then break end
        keys[#keys + 1] = key
    end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(keys) do parts[#parts + 1] = join_texts(value[key], depth - 1) end
    return #parts > 0 and table.concat(parts, "; ") or nil
end

--- What VRM says went wrong: `errors` (or `error`) as text, list or object; at most 200 bytes and without
-- `secret`; or nil.
function answers.error_text(json, secret)
    if type(json) ~= "table" then return nil end
    local text = join_texts(json.errors, 3) or join_texts(json.error, 3) or read.text(json.error_code)
    if not text then return nil end
    text = answers.without(text, secret)           -- before the cut, which may go through it
    return read.cut((text:gsub("%c", " "):gsub("%.$", "")), 200)
end

--- text without `secret` in it, should a server repeat it to us.
function answers.without(text, secret)
    if secret == "" then return text end
    local parts, at = {}, 1
    local from, to = text:find(secret, 1, true)
    while from do
        parts[#parts + 1] = text:sub(at, from - 1)
        at = to + 1
        from, to = text:find(secret, at, true)
    end
    parts[#parts + 1] = text:sub(at)
    return table.concat(parts, "(token)")
end

function answers.user(json)
    local id = type(json.user) == "table" and read.integer(json.user.id)
    return id and { id = id, email = read.text(json.user.email) } or nil
end

--- Whether an entry of current_alarms is over: `cleared` is a time then, else null, or a time of zeros.
local function is_over(entry)
    for _, name in ipairs { "cleared", "ended" } do
        local over = type(entry) == "table" and entry[name]
        if type(over) == "number" then over = tostring(over) end
        if over == true or type(over) == "string" and over:find "[1-9]" then return true end
    end
    return false
end

--- The alarms of an installation -> how many are on, and what the rows of those that are listed are known by,
-- "123/288" for attribute 123 of instance 288; nil for none.
local function alarms_of(site)
    local on, over, listed = 0, 0, {}
    for _, entry in pairs(type(site.current_alarms) == "table" and site.current_alarms or {}) do
        local id = type(entry) == "table" and read.integer(entry.idDataAttribute)
        local instance = id and read.integer(entry.instance)
        if is_over(entry) then
            over = over + 1
        else
            on = on + 1
            if instance then listed[#listed + 1] = id .. "/" .. instance end
        end
    end
    local some = site.alarm == true and over == 0 and 1 or 0
    local counted = (read.integer(site.num_alarms) or 0) - over
    return math.max(counted, on, some), #listed > 0 and listed or nil
end

--- The portal id of a gateway: it stands in topics.
local function portal_id(value)
    local id = type(value) == "string" and read.trim(value):lower() or ""
    return id:find "^%x+$" and #id <= 32 and id or nil
end

local function host_name(value)
    return type(value) == "string" and value:find "^[%w%.%-]+$" and #value <= 253 and value or nil
end

--- The installations of an answer; what has no id is left out, what comes twice is taken once.
function answers.installations(json)
    local sites, known = {}, {}
    for _, site in ipairs(read.items(json.records)) do
        local id = read.integer(site.idSite)
        if id and id > 0 and not known[id] then
            known[id] = true
            local on, listed = alarms_of(site)
            local name = name_text(site.name)
            sites[#sites + 1] = {
                id = id,
                name = name or "Installation " .. id, unnamed = not name or nil,
                alarms = on, listed_alarms = listed,
                last_timestamp = read.integer(site.last_timestamp),
                zone = name_text(site.timezone),
                created = read.integer(site.syscreated),
                portal = portal_id(site.identifier),
                mqtt_host = host_name(site.mqtt_host), mqtt_webhost = host_name(site.mqtt_webhost),
            }
        end
    end
    return sites
end

--- Whether a gateway is there rather than another: it tells its logging interval, and was connected later.
local function is_rather(gateway, other)
    if (gateway.interval == nil) ~= (other.interval == nil) then return gateway.interval ~= nil end
    return (gateway.last_connection or 0) > (other.last_connection or 0)
end

--- The devices of a list without the gateways that were there before: VRM may go on listing one that was
-- replaced.
local function with_one_gateway(devices)
    local chosen, list = nil, {}
    for _, one in ipairs(devices) do
        if one.gateway and (not chosen or is_rather(one, chosen)) then chosen = one end
    end
    for _, one in ipairs(devices) do
        if one == chosen or not one.gateway then list[#list + 1] = one end
    end
    return list
end

--- The devices of a system-overview. The gateway is the one without instance and device type; of several the
-- one that is there.
function answers.overview(json)
    local records = type(json.records) == "table" and json.records or {}
    local devices = {}
    for _, device in ipairs(read.items(records.devices)) do
        local type_id, instance = read.integer(device.idDeviceType), read.integer(device.instance)
        local interval = read.integer(device.loggingInterval)
        devices[#devices + 1] = {
            type = name_text(device.name),
            type_id = type_id,
            instance = instance,
            custom_name = name_text(device.customName),
            product = name_text(device.productName),
            last_connection = read.integer(device.lastConnection),
            gateway = device.name == "Gateway" or type_id == 0
                or device.loggingInterval ~= nil and not (instance and type_id),
            interval = interval and interval > 0 and interval or nil,
            serial = device.machineSerialNumber,
        }
    end
    return with_one_gateway(devices)
end

--- What a device of a list is known by.
local function listed_as(device)
    return device.gateway and "gateway" or ("%s/%s"):format(device.type, device.instance)
end

--- The devices of a list by what they are known by; false: it is several, a device and those it took the
-- place of, say.
local function by_place(devices)
    local places = {}
    for _, one in ipairs(devices) do
        local place = listed_as(one)
        places[place] = places[place] == nil and one
    end
    return places
end

--- A list of devices with what VRM leaves out for the first time since the one before (nil: there is none): a
-- device, its names, how often the gateway logs.
function answers.with_omitted(devices, before)
    before = before or {}
    local known, listed = by_place(before), by_place(devices)
    for place, one in pairs(listed) do
        local old = one and known[place]
        for _, name in ipairs(old and not old.omitted and { "custom_name", "product", "interval" } or {}) do
            one.omitted = one.omitted or one[name] == nil and old[name] ~= nil or nil
            one[name] = one[name] or old[name]
        end
    end
    for _, old in ipairs(before) do
        if listed[listed_as(old)] == nil and not old.omitted then
            devices[#devices + 1], old.omitted = old, true
        end
    end
    return devices
end

--- VRM's codes for flows of energy: from solar (P), the grid (G), a generator (g) or the battery (B) to the
-- battery (b), the consumers (c) or the grid (g).
local FLOWS = { "Pb", "Pc", "Pg", "Gb", "Gc", "gb", "gc", "Bc", "Bg" }

local MOST_ENERGY = unit_table.kwh.max

local ROUNDING = 1                  -- kWh; a flow is not negative, but VRM works some of them out

--- A total as kWh; nil: VRM has nothing of it; false: what it has cannot be.
local function flow_of(total)
    if not total or type(total) == "table" then return nil end
    local number = read.number(total)
    if not number or number > MOST_ENERGY or number < -ROUNDING then return false end
    return math.max(number, 0)
end

--- The totals of an answer of stats -> { [code] = kWh, or false: it is no believable number }, without those
-- that VRM has nothing of; nil: it is no such answer.
function answers.energy(json)
    local totals = json.totals
    if totals == false then totals = {} end
    if type(totals) ~= "table" then return nil end
    local energy = {}
    for _, code in ipairs(FLOWS) do energy[code] = flow_of(totals[code]) end
    return energy
end

local MOST_POINTS = 200          -- of a forecast; the plugin asks for 50 at most

--- The forecast of the solar yield in an answer of stats -> list: begin of an hour in unix seconds, Wh ...
-- empty where VRM has none; nil: it is no such answer.
function answers.forecast(json)
    local records = json.records
    if records == false then records = {} end
    if type(records) ~= "table" then return nil end
    local hours = {}
    for _, entry in ipairs(read.items(records.solar_yield_forecast)) do
        local milliseconds, yield = read.number(entry[1]), read.number(entry[2])
        if milliseconds and yield and yield >= 0 and #hours < 2 * MOST_POINTS then
            hours[#hours + 1], hours[#hours + 2] = milliseconds // 1000, yield
        end
    end
    return hours
end

return answers
