--- Readers of VRM's answers (docs/vrm.md): any value in, a plain record or nil out. They never raise.
--
-- Texts may be as long as an answer. Nothing here may cost more than in proportion to their length:
-- patterns are single classes, plain or at the beginning, so that they never go back and forth
-- (spec/cost_spec.lua counts).

local alarms = require "types.alarms"
local codes = require "types.codes"
local unit_table = require "types.units"

local read = {}

local type, math_type, byte = type, math.type, string.byte      -- what is asked of each row at each poll

local LONGEST_TEXT = 4096       -- bytes; what is longer is cut
local LONGEST_NUMBER = 64       -- bytes of a number as text, or of a format; what is longer is neither

--- A finite number from a number or a numeric text ("25.32"), else nil. false, "n/a", "0x10" are no data.
function read.number(value)
    local kind = math_type(value)
    if kind == "integer" or kind == "float" and value % 1 ~= 0 and value - value == 0 then return value end
    if type(value) == "string" and #value <= LONGEST_NUMBER and not value:find("[xX]") then
        value = tonumber(value)
    end
    if type(value) ~= "number" or value ~= value or value == math.huge or value == -math.huge then
        return nil
    end
    return math.tointeger(value) or value
end

--- A whole number, else nil.
function read.integer(value)
    if math_type(value) == "integer" then return value end
    return math.tointeger(read.number(value))
end

--- Where the text ends without the characters of a class ("[%s#]") at its end; 0 if there are no others.
function read.last(text, class)
    local last = #text
    while last > 0 and text:find("^" .. class, last) do last = last - 1 end
    return last
end

--- text without blanks at its beginning and end.
function read.trim(text)
    local first = text:find("%S")
    return first and text:sub(first, read.last(text, "%s")) or ""
end

--- A text that is not blank, trimmed and of 4,096 bytes at most, else nil.
function read.text(value)
    if type(value) ~= "string" then return nil end
    if #value > LONGEST_TEXT then value = read.cut(value, LONGEST_TEXT) end
    local first, last = byte(value, 1), byte(value, -1)
    if first and first > 32 and last > 32 then return value end     -- nearly always; patterns are slow
    local trimmed = read.trim(value)
    return trimmed ~= "" and trimmed or nil
end

--- Bytes that the memories below may hold: a real account needs a tenth of it. What comes when one is full is
-- read anew each time.
local WORD_BYTES, UNIT_BYTES, ENUM_BYTES = 512 * 1024, 64 * 1024, 1024 * 1024
local ENTRY_BYTES = 64              -- what an entry takes beside its texts, or a little more

--- read.text of what is the same in every answer (services, paths, codes, formats): each read once.
local words, word_bytes = {}, 0

function read.word(value)
    local known = words[value]
    if known ~= nil then return known or nil end
    local text = read.text(value)
    local bytes = type(value) == "string" and 2 * #value + ENTRY_BYTES
    if bytes and #value <= LONGEST_TEXT and word_bytes + bytes <= WORD_BYTES then
        words[value], word_bytes = text or false, word_bytes + bytes
    end
    return text
end

--- text in at most `bytes` bytes, no UTF-8 character cut in two.
function read.cut(text, bytes)
    if #text <= bytes then return text end
    local last = bytes
    while last > 0 and text:byte(last + 1) >= 0x80 and text:byte(last + 1) < 0xC0 do last = last - 1 end
    return text:sub(1, last)
end

--- A text for people, which is kept: a name of more than 200 bytes is none.
local function name_text(value)
    local text = read.text(value)
    return text and read.cut(text, 200)
end

--- The tables of a JSON list, in order: also with holes (null is absent), or with the indices as text, as
-- PHP writes a list that lost an element. Anything else gives an empty list.
function read.items(list)
    local keys, result = {}, {}
    if type(list) ~= "table" then return result end
    local count = #list
    for i = 1, count do                                   -- nearly always it is a plain list of tables
        if type(list[i]) ~= "table" then count = -1 break end
    end
    if count > 0 and next(list, count) == nil then return list end
    for key, value in pairs(list) do
        local index = read.integer(key)
        if index and type(value) == "table" then keys[#keys + 1] = { index, value } end
    end
    table.sort(keys, function(a, b) return a[1] < b[1] end)
    for i, pair in ipairs(keys) do result[i] = pair[2] end
    return result
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
function read.error_text(json, secret)
    if type(json) ~= "table" then return nil end
    local text = join_texts(json.errors, 3) or join_texts(json.error, 3) or read.text(json.error_code)
    if not text then return nil end
    text = read.without(text, secret)           -- before the cut, which may go through it
    return read.cut((text:gsub("%c", " "):gsub("%.$", "")), 200)
end

--- text without `secret` in it, should a server repeat it to us.
function read.without(text, secret)
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

function read.user(json)
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
function read.installations(json)
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
function read.overview(json)
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
function read.energy(json)
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
function read.forecast(json)
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

--- text with spaces in the place of those that do not break, as some languages have them before a unit.
local function with_spaces(text)
    if not text:find("\u{A0}", 1, true) and not text:find("\u{202F}", 1, true) then return text end
    return (text:gsub("\u{A0}", " "):gsub("\u{202F}", " "))
end

--- The unit in a format like "%.1F °C" or "%.1F %%"; nil for "%s" and rubbish.
local units, unit_bytes = {}, 0

function read.unit(format)
    if type(format) ~= "string" then return nil end
    local known = units[format]
    if known ~= nil then return known or nil end
    if #format > LONGEST_NUMBER then return nil end
    local at = format:match("^%s*%%()")
    at = at and format:match("^[-+ #0-9.]*()", at)
    local rest = at and format:match("^%a(.*)", at)
    local unit = rest and read.text((with_spaces(rest):gsub("%%%%", "%%"))) or nil
    local bytes = 2 * #format + ENTRY_BYTES
    if unit_bytes + bytes <= UNIT_BYTES then
        units[format], unit_bytes = unit or false, unit_bytes + bytes
    end
    return unit
end

--- { names = { [number] = text }, numbers = { [text in small letters] = number } }; of several numbers with
-- one text the smallest.
local function enum_names(list)
    local names, numbers, bytes = {}, {}, 0
    for _, entry in ipairs(read.items(list)) do
        local value, text = read.integer(entry.valueEnum), read.text(entry.nameEnum)
        if value and text and not names[value] then
            local small = text:lower()
            names[value] = text
            numbers[small] = math.min(numbers[small] or value, value)
            bytes = bytes + 2 * (#text + ENTRY_BYTES)
        end
    end
    return { names = names, numbers = numbers }, bytes
end

--- VRM sends the names of an attribute's values with every answer; they are read again only when the list
-- looks different: [id or code] = { count, first, last, what enum_names made of it, bytes }.
local enums, enum_bytes = {}, 0

local function text_bytes(value)
    return type(value) == "string" and #value or 0
end

local function learn_names(key, list)
    if key == nil or type(list) ~= "table" then return end
    local first, last = list[1], list[#list]
    local first_name, last_name = type(first) == "table" and first.nameEnum,
        type(last) == "table" and last.nameEnum
    local known = enums[key]
    if known and known[1] == #list and known[2] == first_name and known[3] == last_name then return end
    local names, bytes = enum_names(list)
    if known then enum_bytes, enums[key] = enum_bytes - known[5], nil end
    bytes = bytes + 4 * ENTRY_BYTES + text_bytes(key) + text_bytes(first_name) + text_bytes(last_name)
    if enum_bytes + bytes <= ENUM_BYTES then
        enums[key], enum_bytes = { #list, first_name, last_name, names, bytes }, enum_bytes + bytes
    end
end

--- The names VRM gives the values of a row: { [number] = text }, or nil. Kept here and not in the row: VRM is
-- asked for them less often than for rows.
function read.names(row)
    local known = enums[row.id or row.code]
    return known and next(known[4].names) ~= nil and known[4].names or nil
end

--- Units in which a number may stand beside the name of another one: D-Bus counts in seconds, °C, m³, W, V, A
-- and kWh, what an account shows is another matter. VRM is known to send either of times and temperatures.
-- Each is { the unit it is counted in, how much of that one is, and how much lower its 0 is }.
local CONVERTED = {
    s = { "s", 1, 0 }, min = { "s", 60, 0 }, h = { "s", 3600, 0 },
    ["°C"] = { "°C", 1, 0 }, C = { "°C", 1, 0 }, ["°F"] = { "°C", 1 / 1.8, 32 }, F = { "°C", 1 / 1.8, 32 },
    K = { "°C", 1, 273.15 },
    W = { "W", 1, 0 }, kW = { "W", 1000, 0 }, V = { "V", 1, 0 }, mV = { "V", 0.001, 0 }, A = { "A", 1, 0 },
    mA = { "A", 0.001, 0 }, kWh = { "kWh", 1, 0 }, Wh = { "kWh", 0.001, 0 }, MWh = { "kWh", 1000, 0 },
}

for _, sign in ipairs { "º", "&deg;" } do                          -- how some write °
    CONVERTED[sign .. "C"], CONVERTED[sign .. "F"] = CONVERTED["°C"], CONVERTED["°F"]
end

--- Those of them that nearly all rows have, and that D-Bus counts in: such a format is believed without a
-- look at the text, which would be work for each row of each poll.
local OF_DBUS = { W = true, V = true, A = true }

--- Of these VRM has what the account prefers: a unit of the nodes, what it is counted in here, and how much
-- of that one is.
local PREFERRED = {
    { "liter", "L", 1 }, { "meters_per_second", "m/s", 1 }, { "meter", "m", 1 }, { "kilometer", "m", 1000 },
    { "hectopascal", "hPa", 1 }, { "kilopascal", "hPa", 10 },
}

for _, one in ipairs(PREFERRED) do
    for name, factor in pairs(unit_table[one[1]].vrm) do CONVERTED[name] = { one[2], factor * one[3], 0 } end
end

--- What D-Bus counts in seconds, for where VRM names no unit: by path, or by code where there is no path.
-- The number: more hours than these are none, but seconds under a wrong name.
local MOST_HOURS = {
    ["/TimeToGo"] = 240, TTG = 240,                     -- Victron's longest time to go
    ["/Dc/Battery/TimeToGo"] = 240, bt = 240,
    ["/History/TimeSinceLastFullCharge"] = 240, H9 = 240,
    ["/Engine/OperatingHours"] = 1e5, ["/AccumulatedRuntime"] = 1e5, ["/Runtime"] = 1e4,
    ["/TodayRuntime"] = 24, ["/TodayRunTime"] = 24, ["/TestRunIntervalRuntime"] = 1e4,
    ["/ServiceCounter"] = 1e5, ["/ServiceInterval"] = 1e5, gasi = 1e5, ["/ManualStartTimer"] = 240,
    ["/ChargingTime"] = 1000, evt = 1000, ["/Session/Time"] = 1000,
}

--- And what it counts in cubic meters. The number: a tank that has more is none, but liters without their
-- name, for VRM is known to send numbers as the account sees them.
local VOLUMES = { ["/Remaining"] = 20, tr = 20, ["/Capacity"] = 20, ["/Aggregate"] = math.huge }

--- A row of the D-Bus, in its units: where nothing is known of that, of none. before: a row of the same path,
-- nil: there is none.
function read.live_row(service, instance, path, value, timestamp, before)
    local unit = MOST_HOURS[path] and "s" or service == "tank" and VOLUMES[path] and "m3" or false
    local row = { value = value, timestamp = timestamp, unit = unit }
    if getmetatable(before) then return setmetatable(row, getmetatable(before)) end
    row.service, row.instance, row.path = service or before and before.service, instance, path
    return row
end

local function counted(value, unit)
    local rule = CONVERTED[unit]
    return (value - rule[3]) * rule[2]
end

--- "46.4 °F" -> 46.4, "°F", 0.1 (what its last decimal stands for); nil for what begins with no number,
-- and for one with marks between its thousands, or several of them ("2d 3h").
local function shown_number(formatted)
    if type(formatted) ~= "string" or #formatted > LONGEST_NUMBER then return nil end
    local digits, point, decimals, unit = formatted:match("^%s*([-+]?%d+)([.,]?)(%d*)(.*)")
    if not digits or (point == "," and #decimals > 2) or unit:find("^[.,]") then return nil end
    if unit:find "%d" and not unit:find "^%s*m3%s*$" then return nil end
    return tonumber(digits .. "." .. decimals), read.trim(with_spaces(unit)), 10.0 ^ -#decimals
end

--- The unit in which `value` is what VRM shows: `named` if that fits to the last decimal, else the one that
-- comes nearest.
local function agreeing(value, named, shown, last_decimal)
    local wanted = counted(shown, named)
    local function off(unit) return math.abs(counted(value, unit) - wanted) end
    if off(named) <= last_decimal * CONVERTED[named][2] then return named end
    local best = named
    for unit, rule in pairs(CONVERTED) do
        if rule[1] == CONVERTED[named][1] and off(unit) < off(best) then best = unit end
    end
    return best
end

--- Whether a text may name a unit behind a number; nearly none does where its format names none.
local function may_name_unit(formatted)
    if type(formatted) ~= "string" then return false end
    local first, last = byte(formatted, 1), byte(formatted, -1)
    return first ~= nil and first <= 57 and (last > 57 or byte(formatted, -2) == 109)      -- "9"; "m3"
end

--- A number in the unit that VRM names: in the text it shows, else in its format -> number, unit. unit: one
-- of CONVERTED, or nil. key: the path, or the code where there is none.
local function in_named_unit(value, unit, formatted, key)
    local most_hours = MOST_HOURS[key]
    local of_dbus = most_hours and "s" or VOLUMES[key] and (value > VOLUMES[key] and "L" or "m3") or nil
    if not (unit or may_name_unit(formatted)) then return value, of_dbus end
    local shown, text_unit, last_decimal = shown_number(formatted)
    local by_text = CONVERTED[text_unit]
    if by_text and most_hours and by_text[1] ~= "s" then by_text = nil end          -- "15 m" are no meters
    local named = by_text and text_unit or unit
    if not named then return value, of_dbus end
    local stands_in = named
    if shown then
        stands_in = agreeing(value, named, shown, last_decimal)
    elseif named == "h" and most_hours and value > most_hours then
        stands_in = "s"
    end
    local rule = CONVERTED[named]
    if rule[1] == "°C" then return counted(value, stands_in), "°C" end
    if CONVERTED[stands_in][2] == rule[2] then return value, named end
    return counted(value, stands_in) / rule[2], named
end

--- Members of a record of diagnostics: those that say what it is, and those that say what there is to know.
read.PLACE = { "dbusServiceType", "instance", "dbusPath", "code", "idDataAttribute", "Device",
               "formatWithUnit", "description" }
read.CONTENT = { "rawValue", "formattedValue", "timestamp", "valueEnum", "dataAttributeEnumValues" }

local function key_text(value)
    return read.word(value) or (type(value) == "number" and tostring(value)) or nil
end

--- The places there are, as long as a row has them: of one text one table, for all installations.
local places = setmetatable({}, { __mode = "v" })

--- What a record of diagnostics is, the same in every answer; nil when nobody can say that:
-- { service|nil, instance|nil, path|nil, code|nil, id|nil, device = VRM's device type name|nil, unit|nil,
--   label = what VRM calls it|nil }
function read.place(record)
    local path, code = read.word(record.dbusPath), key_text(record.code)
    path = path and (path:byte() == 47 and path or "/" .. path)
    local id = read.integer(record.idDataAttribute)
    if not (path or code or id) then return nil end
    local service, instance = read.word(record.dbusServiceType), read.integer(record.instance)
    local device, unit = read.word(record.Device), read.unit(record.formatWithUnit)
    local key = ("%s|%s|%s|%s|%s|%s|%s"):format(service, instance, path, code, id, device, unit)
    local place = places[key]
    if not place then
        place = { service = service, instance = instance, path = path, code = code, id = id, device = device,
                  unit = unit, label = read.text(record.description) }
        place.__index, places[key] = place, place
    end
    return place
end

local DIFFERENCE = "/Offset"        -- of two temperatures: what a sensor is corrected by

--- "12,5" -> 12.5, as some languages write a measurement; nil for others. "1,234" may be a thousand.
local function by_comma(text)
    local whole, decimals = text:match "^([-+]?%d+),(%d%d?)$"
    return whole and #text <= LONGEST_NUMBER and tonumber(whole .. "." .. decimals) or nil
end

--- What is no number as JSON: one with a decimal comma, the one that VRM's names have for it, or a text.
local function named_value(place, raw, value_enum)
    local text = read.text(raw)
    local number = text and place.unit and by_comma(text)
    if number then return number end
    if text then
        local known = enums[place.id or place.code]
        return known and known[4].numbers[text:lower()] or read.integer(value_enum) or text
    end
    local is_well = raw == "" and place.path and alarms.of_key[place.path]
    return is_well and raw or nil                       -- which says that nothing is wrong
end

--- A value -> value, its unit.
local function value_of(place, raw, formatted, value_enum)
    local value, unit = read.number(raw), place.unit
    if not value then
        value = named_value(place, raw, value_enum)
        if type(value) ~= "number" then return value, unit end
    end
    if unit and codes.is_in(value, unit) then return nil, unit end
    if unit and (OF_DBUS[unit] or not CONVERTED[unit]) or place.path == DIFFERENCE then return value, unit end
    return in_named_unit(value, unit, formatted, place.path or place.code)
end

local function is_number(formatted)
    local first = type(formatted) == "string" and byte(formatted)
    return first and first <= 57 and (first >= 48 or first == 45)       -- "0" to "9", "-"
end

--- A row: at this place, with the values of read.CONTENT, whose last member is VRM's names of values.
-- { value = number|text|nil, timestamp = unix|nil, text = formatted, unless that is a number, too,
--   unit = if it is not the place's }, and everything of the place, its metatable. A hundred installations
-- have a hundred thousand rows: there is no room in them for what most do not have.
function read.row_at(place, raw, formatted, timestamp, value_enum, names)
    if names then learn_names(place.id or place.code, names) end
    local value, unit = value_of(place, raw, formatted, value_enum)
    if math_type(timestamp) ~= "integer" then timestamp = read.integer(timestamp) end
    local row = { value = value, timestamp = timestamp and timestamp > 0 and timestamp or nil }
    if not (type(value) == "number" and is_number(formatted)) then row.text = read.text(formatted) end
    if unit ~= place.unit then row.unit = unit end
    return setmetatable(row, place)
end

--- One record of diagnostics as a row (see read.row_at and read.names); nil when nobody can say what it is.
function read.row(record)
    local place = read.place(record)
    return place and read.row_at(place, record.rawValue, record.formattedValue, record.timestamp,
        record.valueEnum, record.dataAttributeEnumValues)
end

--- A row, its members and its place's, as one plain table.
function read.flat(row)
    local flat = {}
    for name, value in pairs(getmetatable(row) or {}) do flat[name] = value end
    for name, value in pairs(row) do flat[name] = value end
    flat.__index = nil
    return flat
end

return read
