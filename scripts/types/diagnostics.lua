--- VRM's diagnostics: a record -> a row, in the units of the D-Bus or those that VRM names (docs/vrm.md).
-- Nothing here raises, and it costs no more than in proportion to what comes (see types.read).

local alarms = require "types.alarms"
local codes = require "types.codes"
local read = require "types.read"
local unit_table = require "types.units"

local diagnostics = {}

local type, math_type, byte = type, math.type, string.byte      -- what is asked of each row at each poll
local LONGEST_NUMBER = read.LONGEST_NUMBER

--- text with spaces in the place of those that do not break, as some languages have them before a unit.
local function with_spaces(text)
    if not text:find("\u{A0}", 1, true) and not text:find("\u{202F}", 1, true) then return text end
    return (text:gsub("\u{A0}", " "):gsub("\u{202F}", " "))
end

--- The unit in a format like "%.1F °C" or "%.1F %%"; nil for "%s" and rubbish.
diagnostics.unit = read.remembered(function(format)
    if type(format) ~= "string" or #format > LONGEST_NUMBER then return nil end
    local at = format:match("^%s*%%()")
    at = at and format:match("^[-+ #0-9.]*()", at)
    local rest = at and format:match("^%a(.*)", at)
    return rest and read.text((with_spaces(rest):gsub("%%%%", "%%"))) or nil
end, LONGEST_NUMBER, 64 * 1024)

local ENUM_BYTES = 1024 * 1024      -- that names of values may take: a real account needs a tenth of it
local ENTRY_BYTES = 64              -- what one takes beside its text, or a little more

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
function diagnostics.names(row)
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
function diagnostics.live_row(service, instance, path, value, timestamp, before)
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
diagnostics.PLACE = { "dbusServiceType", "instance", "dbusPath", "code", "idDataAttribute", "Device",
               "formatWithUnit", "description" }
diagnostics.CONTENT = { "rawValue", "formattedValue", "timestamp", "valueEnum", "dataAttributeEnumValues" }

local function key_text(value)
    return read.word(value) or (type(value) == "number" and tostring(value)) or nil
end

--- The places there are, as long as a row has them: of one text one table, for all installations.
local places = setmetatable({}, { __mode = "v" })

--- What a record of diagnostics is, the same in every answer; nil when nobody can say that:
-- { service|nil, instance|nil, path|nil, code|nil, id|nil, device = VRM's device type name|nil, unit|nil,
--   label = what VRM calls it|nil }
function diagnostics.place(record)
    local path, code = read.word(record.dbusPath), key_text(record.code)
    path = path and (path:byte() == 47 and path or "/" .. path)
    local id = read.integer(record.idDataAttribute)
    if not (path or code or id) then return nil end
    local service, instance = read.word(record.dbusServiceType), read.integer(record.instance)
    local device, unit = read.word(record.Device), diagnostics.unit(record.formatWithUnit)
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

--- A row: at this place, with the values of diagnostics.CONTENT, whose last member is VRM's names of values.
-- { value = number|text|nil, timestamp = unix|nil, text = formatted, unless that is a number, too,
--   unit = if it is not the place's }, and everything of the place, its metatable. A hundred installations
-- have a hundred thousand rows: there is no room in them for what most do not have.
function diagnostics.row_at(place, raw, formatted, timestamp, value_enum, names)
    if names then learn_names(place.id or place.code, names) end
    local value, unit = value_of(place, raw, formatted, value_enum)
    if math_type(timestamp) ~= "integer" then timestamp = read.integer(timestamp) end
    local row = { value = value, timestamp = timestamp and timestamp > 0 and timestamp or nil }
    if not (type(value) == "number" and is_number(formatted)) then row.text = read.text(formatted) end
    if unit ~= place.unit then row.unit = unit end
    return setmetatable(row, place)
end

--- One record as a row (see diagnostics.row_at and diagnostics.names); nil when nobody can say what it is.
function diagnostics.row(record)
    local place = diagnostics.place(record)
    return place and diagnostics.row_at(place, record.rawValue, record.formattedValue, record.timestamp,
        record.valueEnum, record.dataAttributeEnumValues)
end

--- A row, its members and its place's, as one plain table.
function diagnostics.flat(row)
    local flat = {}
    for name, value in pairs(getmetatable(row) or {}) do flat[name] = value end
    for name, value in pairs(row) do flat[name] = value end
    flat.__index = nil
    return flat
end

return diagnostics
