--- VRM's answers, and what comes live, without what is personal, for --record.
--
-- What is known to be harmless is kept: numbers that were measured, times, codes, words of Victron's. All
-- else is replaced, a name, a serial or an id by another one of its kind, the same by the same in a whole
-- recording; what nobody reads by "-" or 0. So what is new in VRM's answers is left out until it is known.

local diagnostics = require "types.diagnostics"
local json_tree = require "tools.json_tree"
local lists = require "types.lists"
local paint = require "tools.paint"
local read = require "types.read"
local words = require "tools.dbus_words"

local anonymous = {}
anonymous.__index = anonymous

anonymous.MOST_BYTES = 2 * 1024 * 1024      -- of an answer; what is longer takes too much memory
---------------------------------------------------------------------------------------- replacements

--- What stands for the first, second ... of a kind.
local KINDS = {
    name = function(n) return "Name " .. n end,
    serial = function(n) return ("SN%06d"):format(n) end,
    email = function(n) return ("user%d@example.invalid"):format(n) end,
    portal = function(n) return ("%012x"):format(n) end,
    host = function(n) return ("mqtt%d.example.invalid"):format(n) end,
    text = function(n) return "Text " .. n end,
    part = function(n) return "Part" .. n end,
    user = function(n) return 500 + n end,
    site = function(n) return 1000 + n end,
    instance = function(n) return 90000 + n end,
}
--- What is looked for in texts that are kept, too, if it has so many letters or digits.
local SHORTEST = 3
local TELLING = { name = SHORTEST, serial = SHORTEST, email = SHORTEST, portal = SHORTEST, host = SHORTEST,
                  site = 5 }

--- A pattern for a text, in letters of any size, that stands alone, and is no part of a word.
local function whole(text)
    local escaped = text:gsub("%p", "%%%0"):gsub("%a", function(letter)
        return ("[%s%s]"):format(letter:upper(), letter:lower())
    end)
    return (text:find "^%w" and "%f[%w]" or "") .. escaped .. (text:find "%w$" and "%f[%W]" or "")
end

--- token: is in no text either.
function anonymous.new(token)
    local self = { given = {}, counts = {}, portals = {}, personal = {}, looked_at = {}, measures = {},
                   count = 0 }
    if #token >= SHORTEST then self.personal[1] = { whole(token), "-" } end
    return setmetatable(self, anonymous)
end

--- What stands for a value of a kind. A portal id is the same in capitals, and where it is a serial.
function anonymous:other(kind, value)
    local key, lower = kind .. "\0" .. tostring(value), type(value) == "string" and value:lower() or ""
    if not self.given[key] then
        local other = self.portals[lower]
        if not other then
            self.counts[kind] = (self.counts[kind] or 0) + 1
            other = KINDS[kind](self.counts[kind])
        end
        if kind == "portal" then self.portals[lower] = other end
        self.given[key] = other
        local text = tostring(value)
        local telling = TELLING[kind] and #text >= TELLING[kind] and not words[text:lower()]
        if telling then table.insert(self.personal, { whole(text), tostring(other) }) end
    end
    return self.given[key]
end

--- A text that is kept, without what was replaced elsewhere.
function anonymous:kept(text)
    local known = self.looked_at[text] or { text, 0 }
    for i = known[2] + 1, #self.personal do
        known[1] = known[1]:gsub(self.personal[i][1], (self.personal[i][2]:gsub("%%", "%%%%")))
    end
    known[2] = #self.personal
    self.looked_at[text] = known
    return known[1]
end

--- What tells of somebody by its form: e-mail, web, network and hardware addresses, ids, phone numbers,
-- places.
local HARDWARE = ("%x"):rep(12)
local FORMS = { "[%w._%+%-]+@[%w.%-]+", "%a+://%S+", "%d+%.%d+%.%d+%.%d+", "%x+:%x*:%x[%x:]*", "%d+°%d+",
                HARDWARE .. "%x*", "%+%d[%d ()/.%-]+%d", "%(?%f[%d]0%d+%)?[%d ()/.%-]+%d",
                "%d%d%d[%-. ]%d%d%d[%-. ]%d%d%d%d", "%d%d%d%d%d%d%d+", "%-?%d+[.,]%d%d%d%d+" }
local FEW_DIGITS = 5                -- a phone number or a place has more

--- A sentence or word of VRM's without what has such a form.
local function without_forms(text)
    for _, form in ipairs(FORMS) do
        text = text:gsub(form, function(part)
            local _, digits = part:gsub("%d", "")
            return (digits > FEW_DIGITS or part:find "[@:°]" or part:find(HARDWARE)) and "-" or nil
        end)
    end
    return text
end

--- Whether a text is made of known words and three digits at most: "VE.Bus System", "MaxChargeCurrent".
local function is_known(text)
    local _, digits = text:gsub("%d", "")
    if digits > 3 or #text > 100 or text:find "[\x80-\xFF]" then return false end
    local spaced = text:gsub("(%l)(%u)", "%1 %2"):gsub("(%u)(%u%l)", "%1 %2")
    for word in spaced:gmatch "%a%a+" do
        if not words[word:lower()] then return false end
    end
    return true
end

--- A D-Bus path, its parts that somebody may have written replaced.
function anonymous:dbus_path(path)
    return (path:gsub("[^/]+", function(part)
        return not is_known(part) and self:other("part", part) or nil
    end))
end

-------------------------------------------------------------------------------------------- the rules

-- A rule is a function that gives a scalar's replacement, or the name of one of these; or
-- { [member] = rule }, for an object and each of a list; or { of = a function of self and the members that
-- gives such a table }. What has no rule is replaced by what says nothing.

local scalars = {}

function scalars.keep(_, value)
    return value.text and { text = value.text, kept = true } or value
end

--- A text of VRM's own, for people.
function scalars.prose(_, value)
    return value.text and { text = without_forms(value.text), kept = true } or value
end

--- A number that says nothing, for it is within limits: of a kind of thing, a count, a time; a boolean.
local function within(least, most)
    return function(_, value)
        local number = tonumber(value.text or value)
        if value.text == "" or not number and not value.text then return value end
        if number and number % 1 == 0 and (number >= least and number <= most or number == 0) then
            return value
        end
        return value.text and { text = "-" } or "0"
    end
end
scalars.small = within(-99999, 99999)
scalars.time = within(1000000000, 4000000000)

--- More digits than a device's own number has are a serial.
function scalars.number(self, value)
    local small = tonumber(value.text or value) and scalars.small(self, value) == value
    if small or value == "null" then return value end
    return tostring(self:other("instance", value.text or value))
end

function scalars.numbers(_, value)
    return value.text and value.text ~= "" and not read.number(value.text) and { text = "-" } or value
end

--- Kinds of devices and the like: kept, if they are Victron's words.
function scalars.words(self, value)
    if not value.text or is_known(value.text) then return value end
    return { text = self:other("text", value.text) }
end

--- Services and codes are given by those who write drivers.
local function is_code(text)
    local _, digits = text:gsub("%d", "")
    return #text <= 20 and digits <= 4 and text:find "^%a[%w_]*$" and not text:find(HARDWARE)
end

function scalars.code(self, value)
    if not value.text or is_code(value.text) then return scalars.keep(self, value) end
    return { text = self:other("part", value.text):lower() }
end

function scalars.firmware(_, value)
    local text = value.text
    local version = text and text:find "^v?[%d.~%-]+%w?$" and not text:find "%d%d%d%d%d%d%d%d"
        and not text:find "%.%d%d%d%d" and not text:find "^%d+%.%d+%.%d+%.%d+$"
    if not text or text == "" then return value end
    return { text = version and text or "-", kept = true }
end

--- Another zone in which it is as late now, to the hour.
function scalars.zone(_, value)
    local midnight = value.text and host.midnight(value.text, host.time())
    if not midnight then return { text = "UTC" } end
    local hours = (86400 - midnight % 86400) % 86400 // 3600
    if hours > 14 then hours = hours - 24 end
    return { text = hours == 0 and "UTC" or ("Etc/GMT%+d"):format(-hours) }
end

function scalars.path(self, value)
    return value.text and { text = self:dbus_path(value.text) } or value
end

local function replaced(kind)
    return function(self, value)
        if value.text == "" or value == "null" or value == "false" or value == "true" then return value end
        if value.text then return { text = tostring(self:other(kind, value.text)) } end
        local other = self:other(kind, read.integer(value) or value)
        return type(other) == "number" and tostring(other) or paint.quoted(other)
    end
end

for kind in pairs(KINDS) do scalars[kind] = replaced(kind) end

--- A name whose parts stand for him, too.
function scalars.person(self, value)
    for part in (value.text or ""):gmatch "[%w\x80-\xFF]+" do self:other("name", part) end
    return scalars.name(self, value)
end

local function nothing(value)
    if value.text then return { text = value.text ~= "" and "-" or "" } end
    return tonumber(value) and "0" or value
end

local function member(members, name)
    for _, one in ipairs(members) do
        if one[1] == name then return one[2] end
    end
    return "null"
end

--- Parts of paths whose values are personal, whatever they are.
local PRIVATE = { "serial", "name", "latitude", "longitude", "altitude", "course", "vin$", "contact",
    "accesspoint", "ssid", "mac$", "address", "phone", "mail", "password", "token", "label", "description",
    "group", "identifier", "url", "host", "imei", "iccid", "timezone", "^ip$", "^lat$",
    "^lng$", "^lon$", "^pin$", "pincode" }
--- Words of what VRM calls such.
local PRIVATE_LABELS = { "serial", "latitude", "longitude", "phone", "e-mail", "ssid", "password",
    "pin code" }
--- Codes of such, of rows without a path: the position, names of tanks and sensors.
local PRIVATE_CODES = { lt = true, lg = true, la = true, lc = true, tcn = true, tscn = true, evcn = true }
local LONG_NUMBER = 100000          -- from here on a number without a unit may be a serial

local function is_private(path, code, label)
    if PRIVATE_CODES[code] then return true end
    for _, word in ipairs(PRIVATE_LABELS) do
        if label:lower():find(word, 1, true) then return true end
    end
    for part in path:lower():gmatch "[^/]+" do
        for _, pattern in ipairs(PRIVATE) do
            if part:find(pattern) then return true end
        end
    end
    return false
end

local function names_of(list)
    local names = {}
    for _, entry in ipairs(list.list or {}) do
        local name = entry.members and member(entry.members, "nameEnum").text
        if name then names[name:lower()] = true end
    end
    return names
end

--- Units as VRM writes them behind a number.
local UNITS = lists.set [[% W kW VA kVA var V mV A mA Hz Ah kWh Wh °C C °F F K h m min s d L l gal m³ m3 kPa
    bar hPa psi km m/s RPM rpm]]

--- A text of a row that is kept: the name of a state, a short number, a number with its unit, a version.
local function is_harmless(text, unit, names, path)
    local number, rest = text:match "^%s*([-+]?%d[%d.,]*)%s*(.*)$"
    local counts = number and (number:find "^[-+]?%d+[.,]%d+$" or #number <= 5 or unit)
    local bare = rest == "" or rest == unit or UNITS[rest]
    return names[text:lower()] or counts and bare or is_known(text) and text:find "%a%a"
        or text:find "^v%d[%d.~%-]*$" or path:find "Firmware" and text:find "^[%d.~%-]+%w?$"
end

local ROW = { idSite = "site", timestamp = "time", Device = "words", instance = "number",
    idDataAttribute = "small", description = "prose", formatWithUnit = "prose", dbusServiceType = "code",
    code = "code", dbusPath = "path", valueEnum = "prose", dataType = "code", idDeviceType = "small",
    customName = "name", dataAttributeEnumValues = { nameEnum = "prose", valueEnum = "prose" } }

--- What is known of a measurement beside its value, which decides about that.
local function measure_of(path, code, label, unit, names)
    local private = is_private(path, code, label)
    local kind = path:lower():find "serial" and "serial" or private and "name" or "text"
    return { path = path, unit = unit, names = names, private = private, kind = kind }
end

--- Whether a measurement's value is not to be seen, whatever it is. number: it, if it is one.
local function is_hidden(measure, number)
    local long = number and not measure.unit and number % 1 == 0 and math.abs(number) >= LONG_NUMBER
    return measure.private or long
end

--- The rule for a measurement.
local function row(self, members)
    local path, code = member(members, "dbusPath").text or "", member(members, "code").text or ""
    local measure = measure_of(path, code, member(members, "description").text or "",
        diagnostics.unit(member(members, "formatWithUnit").text),
        names_of(member(members, "dataAttributeEnumValues")))
    self.measures[(member(members, "dbusServiceType").text or "") .. path] = measure
    local raw = member(members, "rawValue")
    local number = type(raw) == "string" and tonumber(raw)
    local hidden = is_hidden(measure, number)
    local function value_rule(_, value)
        if value.text and (hidden or not is_harmless(value.text, measure.unit, measure.names, path)) then
            if value.text == "" then return value end
            if number then return { text = hidden and "-" or raw } end      -- it is how VRM shows the number
            return { text = self:other(measure.kind, value.text) }
        end
        return hidden and tonumber(value) and "0" or scalars.keep(self, value)
    end
    return setmetatable({ rawValue = value_rule, formattedValue = value_rule, textValue = value_rule },
        { __index = ROW })
end

--- Four digits, as a text or a number.
function scalars.product(self, value)
    if not value.text then return scalars.small(self, value) end
    return value.text:find "^%x?%x?%x?%x?$" and value or { text = "-" }
end

local DEVICE = { name = "words", customName = "name", productCode = "product", productId = "product",
    idSite = "site", firmwareVersion = "firmware", lastConnection = "time", loggingInterval = "small",
    instance = "number", idDeviceType = "small", identifier = "portal", machineSerialNumber = "serial",
    vmc = "words" }

--- A product that VRM has a code for has VRM's name.
local function device(_, members)
    local code = member(members, "productCode").text
    return setmetatable({ productName = code and code ~= "" and "prose" or "name" }, { __index = DEVICE })
end

local ALARM = { idSite = "site", idDataAttribute = "small", instance = "number", started = "time",
    cleared = "time", ended = "time", description = "prose", nameEnum = "prose", device = "words",
    customName = "name" }

local INSTALLATION = { idSite = "site", idUser = "user", name = "name", identifier = "portal",
    mqtt_host = "host", timezone = "zone", syscreated = "time", last_timestamp = "time", alarm = "small",
    num_alarms = "small", current_alarms = ALARM, extended = { of = row } }

local function answer_of(more)
    more.success, more.error_code, more.num_records = "small", "code", "small"
    return more
end

local ANSWERS = {
    { "/users/me", answer_of { user = { id = "user", name = "person", email = "email" } } },
    { "/installations$", answer_of { records = INSTALLATION } },
    { "/system%-overview$", answer_of { records = { devices = { of = device } } } },
    { "/diagnostics$", answer_of { records = { of = row } } },
    { "/stats$", answer_of { records = "numbers", totals = "numbers" } },
    { "", answer_of {} },
}

--- What a gateway tells of itself, as topics below its portal id: times, and what a client asked with.
local OF_THE_GATEWAY = { ["/heartbeat"] = true, ["/keepalive"] = true, ["/full_publish_completed"] = true }
local MOST_DIGITS = 5               -- of an instance; more may be a serial

--- The name of a member: a word, a short number; not a serial or a name.
function anonymous:key(key)
    return key:find "^%a[%a_]*%d?%d?$" and self:kept(key) or key:find "^%d%d?%d?$" and key
        or self:other("part", key)
end

local function apply(self, value, rule)
    json_tree.pause(self)
    if type(value) == "table" and value.list then
        for i, one in ipairs(value.list) do value.list[i] = apply(self, one, rule) end
    elseif type(value) == "table" and value.members then
        local rules = type(rule) == "table" and rule.of and rule.of(self, value.members) or rule
        for _, one in ipairs(value.members) do
            local of_member = rules
            if type(rules) == "table" then of_member = rules[one[1]] end
            one[1], one[2] = self:key(one[1]), apply(self, one[2], of_member)
        end
    else
        local fn = type(rule) == "function" and rule or scalars[rule]
        return fn and fn(self, value) or nothing(value)
    end
    return value
end

--------------------------------------------------------------------------------------------- to use

--- The path of a request, below the API's base.
function anonymous:path(path)
    local place, query = path:match "^([^?]*)%??(.*)$"
    local kinds = { users = "user", installations = "site" }
    place = place:gsub("/(%a+)/(%d+)", function(what, id)
        return ("/%s/%s"):format(what, self:other(kinds[what] or "user", math.tointeger(tonumber(id))))
    end)
    query = query:gsub("([^&=]+)=([^&]*)", function(name, value)
        local id = name == "idSite" and math.tointeger(tonumber(value))
        if id then return ("%s=%d"):format(name, self:other("site", id)) end
        return (#value > 12 or not value:find "^%w*$") and name .. "=-" or nil
    end)
    return self:kept(query ~= "" and place .. "?" .. query or place)
end

--- An answer to a request for a path (as it was sent), as JSON -> the same without what is personal; nil: it
-- is no JSON, or too long.
function anonymous:answer(path, json)
    local value = #json <= anonymous.MOST_BYTES and json_tree.read(json)
    if not value then return nil end
    local place, parts = path:match "^[^?]*", {}
    for _, answer in ipairs(ANSWERS) do
        if place:find(answer[1]) then
            json_tree.write(apply(self, value, answer[2]), parts, function(text)
                return self:kept(text)          -- now all names of the answer are known
            end)
            return table.concat(parts)
        end
    end
end

--- A topic below a portal id: "/battery/289/Soc".
function anonymous:topic(topic)
    if OF_THE_GATEWAY[topic] then return topic end
    local service, instance, path = topic:match "^/([^/]*)/?([^/]*)(.*)$"
    service = is_code(service) and self:kept(service) or self:other("part", service):lower()
    if not instance:find "^%d*$" or #instance > MOST_DIGITS then instance = self:other("part", instance) end
    return ("/%s/%s%s"):format(service, instance, self:dbus_path(path))
end

--- What is told of a topic: a number, a text, a boolean or nil -> JSON. Units and states are those of VRM's
-- row, if there was one.
function anonymous:told(topic, value)
    local service, path = topic:match "^/([^/]*)/[^/]*(/.*)$"
    local measure = self.measures[(service or "") .. (path or "")] or measure_of(topic, "", "", nil, {})
    local number = type(value) == "number" and value
    local hidden = is_hidden(measure, not OF_THE_GATEWAY[topic] and number)
    if number then return hidden and "0" or tostring(value) end
    if type(value) ~= "string" then return value == nil and "null" or tostring(value) end
    local plain = value == "" or not hidden and is_harmless(value, measure.unit, measure.names, measure.path)
    return paint.quoted(plain and self:kept(value) or self:other(measure.kind, value))
end

return anonymous
