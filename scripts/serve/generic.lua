--- Device scripts for services that no script knows: the plugin writes one, of the first numbers that VRM
-- sends of such a device, into the owner's folder. From then on it is a script like any other, in use within
-- seconds (serve.scripts), and what a driver shows stands in the file: nothing moves when rows come and go.
-- While the file has its last line, numbers that VRM sends later are added above it.

local diagnostics = require "types.diagnostics"
local limits = require "types.limits"
local lists = require "types.lists"
local read = require "types.read"
local services = require "types.services"
local units = require "types.units"

local generic = {}

local FOLDER, PREFIX = "persist/scripts", "generic_"
local MARK = "    -- The plugin adds what VRM sends later above this line. Take the line out, and it does"
    .. " not.\n"
local MOST_SCRIPTS = 20             -- written in one run
local LONGEST_ID, LONGEST_SERVICE = 16, 30
local LARGEST_STATE = 65535         -- of the ISY's lists
local SELDOM = 3600                 -- a row so many seconds older than the newest is logged when it changes
local DRIVERS = { "ST" }
for n = 0, 29 do DRIVERS[#DRIVERS + 1] = "GV" .. n end

local written = {}                  -- [service] = true: nothing more is tried in this run
local served = {}                   -- [service] = true: there was one; its owner may have deleted it

--- VRM's unit of a row -> the unit of the form; what is not here is a bare number. So are pressures and
-- speeds of rotation: the form's units of them have the limits of engines and of the weather.
local UNITS = {
    W = "watt", kW = "watt", VA = "va", kVA = "va", V = "volt", mV = "volt", A = "ampere", mA = "ampere",
    Hz = "hertz", ["%"] = "percent", ["°C"] = "celsius", kWh = "kwh", Wh = "kwh", MWh = "kwh",
    Ah = "amp_hours", L = "liter", l = "liter", ["m³"] = "liter", m3 = "liter", gal = "liter", s = "seconds",
    min = "minutes", h = "hours", days = "hours", km = "kilometer", mi = "kilometer", m = "meter",
    ft = "meter", ["m/s"] = "meters_per_second", ["km/h"] = "meters_per_second", kn = "meters_per_second",
    mph = "meters_per_second",
}

--------------------------------------------------------------------------------------------- the text

local function quoted(text) return ("%q"):format(text):gsub("\\\n", " ") end

--- "/Ac/L1/Power" -> "Ac L1 Power"
local function words_of(path) return (path:gsub("[/_]+", " "):gsub("^ ", "")) end

--- VRM's text, if it can stand in a script.
local function plain(text)
    local line = text and utf8.len(text) and text:gsub("%c", " ")
    return line and line:find("%S") and line or nil
end

--- Whether a row can stand in a script: it is a number, under a path as D-Bus has them, or a code.
local function can_stand(row)
    local path, code = row.path, row.code
    if type(row.value) ~= "number" or code and code:find("/", 1, true) then return false end
    return path and path:find("^/[%w_/.:-]*[%w_]$") ~= nil or not path and code ~= nil
end

--- What a row is called: by VRM, else by its path or code; not like another of the node.
local function label_of(row, used)
    local place = row.path and words_of(row.path) or row.code
    local label = read.cut(plain(row.label) or place, limits.name)
    if used[label] then label = read.cut(place, limits.name) end
    if used[label] and row.code then
        label = read.cut(label, limits.name - #row.code - 1) .. " " .. row.code
    end
    return label
end

--- A list of states as VRM names them; nil for a row without, or with others or more than a list may have.
local function states_of(row)
    local texts, list = diagnostics.names(row), {}
    if not texts or math.type(row.value) ~= "integer" then return nil end
    for value, text in pairs(texts) do
        text = plain(text)
        if not text or value < 0 or value > LARGEST_STATE then return nil end
        list[#list + 1] = { value = value, text = read.cut(text, limits.state_name) }
    end
    if #list > limits.states then return nil end
    table.sort(list, function(a, b) return a.value < b.value end)
    for i, one in ipairs(list) do list[i] = ("[%d] = %s"):format(one.value, (quoted(one.text))) end
    return "{ " .. table.concat(list, ", ") .. " }"
end

--- When the newest of a table of rows was measured; 0: nobody knows.
function generic.newest(rows)
    local newest = 0
    for _, row in pairs(rows) do newest = math.max(newest, row.timestamp or 0) end
    return newest
end

--- What a row is, and the words that go with it. newest: of its device. What was measured long before that
-- would be taken for what VRM only repeats (see freshness), unless the line says that it is not momentary.
local function kind_of(row, newest)
    local states, unit = states_of(row), UNITS[row.unit or ""] or "raw"
    if states then return states, "" end
    local words = unit == "raw" and math.type(row.value) == "float" and ", places = 2" or ""
    local seldom = units[unit].zero and row.timestamp and row.timestamp < newest - SELDOM
    return "unit." .. unit, words .. (seldom and ", zero = false" or "")
end

--- The line of a row, under a driver.
local function line_of(driver, row, label, newest)
    local kind, words = kind_of(row, newest)
    local parts = { quoted(driver), kind, quoted(label), row.path and quoted(row.path) or "nil" }
    if row.code then parts[#parts + 1] = quoted(row.code) end
    return "    { " .. table.concat(parts, ", ") .. words .. " },\n"
end

--- The lines of rows that have none yet, under the drivers that are free -> list of lines, and of their rows.
-- known(row): whether a driver shows it. drivers, labels: sets of those in use; they are added to. newest: of
-- the device's rows, nil: these are all.
function generic.lines(rows, known, drivers, labels, newest)
    local lines, theirs, place = {}, {}, 1
    newest = newest or generic.newest(rows)
    for _, row in ipairs(rows) do
        while drivers[DRIVERS[place]] do place = place + 1 end
        if not DRIVERS[place] then break end
        if can_stand(row) and not known(row) then
            local label = label_of(row, labels)
            drivers[DRIVERS[place]], labels[label] = true, true
            lines[#lines + 1], theirs[#lines + 1] = line_of(DRIVERS[place], row, label, newest), row
        end
    end
    return lines, theirs
end

--- "wind_mill" -> "Wind mill"
local function name_of(service) return (words_of(service):gsub("^%l", string.upper)) end

local HEAD = [[
return {
    api = 2,
    id = %q, name = %q, icon = "Sensor",
    match = { service = %q%s },

]]

--- known(row), and whether it is asked for the same row a second time.
local function once(known)
    local seen = {}
    return function(row)
        local key = row.path or row.code
        local again = seen[key] or known(row)
        seen[key] = true
        return again
    end
end

--- The rows, before all the first that is measured: ST is what one looks at first, as in lists of nodes.
local function measured_first(rows)
    for i, row in ipairs(rows) do
        if type(row.value) == "number" and UNITS[row.unit or ""] and not states_of(row) then
            local list = table.move(rows, 1, #rows, 1, {})
            table.insert(list, 1, table.remove(list, i))
            return list
        end
    end
    return rows
end

--- The id of a table for a service; of two that begin alike one that is cut has its own.
local function id_of(beginning, service)
    local id = beginning .. service:upper():gsub("[^%u%d]", "")
    local code = services.code(service):upper()
    return #id <= LONGEST_ID and id or read.cut(id, LONGEST_ID - #code) .. code
end

--- A script's table of a service with these rows -> its text without the end, the rows it shows; nil if none
-- of them is a number. beginning: of its id; last: it gives way to others (see check.device, match).
function generic.table_of(service, rows, beginning, last)
    local lines, theirs = generic.lines(measured_first(rows), once(function() return false end), {}, {})
    if #lines == 0 then return nil end
    local id, name = id_of(beginning, service), read.cut(name_of(service), limits.name)
    return HEAD:format(id, name, service, last and ", last = true" or "") .. table.concat(lines), theirs
end

local WRITTEN = [[
-- Written by the plugin, because no device script knew the service %s. It is yours: change names, take
-- rows out, add others (docs/authors.md). Keep the ids of drivers: programs refer to them.
]]

--- The script that the plugin writes of a service with these rows; nil if none of them is a number.
function generic.text(service, rows)
    local text = generic.table_of(service, rows, "GEN", true)
    return text and WRITTEN:format(service) .. text .. MARK .. "}\n"
end

--- A script's text with rows that it does not show yet; nil if there are none, or it does not want more.
-- type_: as it was loaded from the text.
local function more(text, type_, rows)
    local at = text:find(MARK, 1, true)
    if not at then return nil end
    local drivers, labels = {}, {}
    for _, driver in ipairs(type_.drivers) do drivers[driver.id], labels[driver.label] = true, true end
    local lines = generic.lines(rows, once(function(row)
        return type_.keys[row.path or ""] or type_.keys[row.code or ""]
    end), drivers, labels)
    if #lines == 0 then return nil end
    return text:sub(1, at - 1) .. table.concat(lines) .. text:sub(at)
end

----------------------------------------------------------------------------------------------- the files

local function path_of(service) return ("%s/%s%s.lua"):format(FOLDER, PREFIX, service) end

local function put(service, text)
    local path = path_of(service)
    local ok, why = host.make_folder(FOLDER)
    if ok then ok, why = host.write(path, text) end
    if ok then return true end
    host.log("warning", ("%s could not be written: %s. Check the folder's permissions and the disk's room.")
        :format(path, tostring(why)))
    return false
end

--- A device of which no script knows the service: one is written for it, once in a run -> whether there is
-- one now. rows: those VRM sent of it, in their order (see diagnostics.row).
function generic.learn(service, rows)
    if written[service] then return true end
    local named = #service <= LONGEST_SERVICE and not service:find("[^%l%d_]")
    if not named or served[service] or host.read(path_of(service)) then return false end
    local text = lists.count(written) < MOST_SCRIPTS and generic.text(service, rows)
    if not text or not put(service, text) then return false end
    written[service] = true
    host.log("info", ("No device script knows the service %s: the plugin wrote %s with its first values. It"
        .. " is yours to change."):format(service, path_of(service)))
    return true
end

--- Whether a type's script is one that the plugin wrote and may add to.
function generic.wrote(type_)
    local serving = type_.slot.serving
    local match = type(type_.match) == "table" and type_.match
    return match and serving.type == type_ and serving.path == serving.place
        and serving.path == path_of(match.service[1])
        and serving.text:find(MARK, 1, true) ~= nil
end

--- A device with such a script: what VRM sends now and did not before is added.
function generic.extend(type_, rows)
    served[type_.match.service[1]] = true
    local serving = type_.slot.serving
    local text = more(serving.text, type_, rows)
    if text and host.read(serving.path) == serving.text then    -- else somebody is changing it
        put(type_.match.service[1], text)
    end
end

return generic
