--- Checks one row of a device table: { "CV", unit.volt, "Battery voltage", path = "/Dc/0/Voltage" }.
-- A mistake raises { text = where, what is wrong, what to write }.

local units = require "lib.units"
local name_lists = require "lib.names"

local row_check = {}

--- "a b" -> { a = true, b = true }
function row_check.set(text)
    local result = {}
    for word in text:gmatch("%S+") do result[word] = true end
    return result
end

local ROW_FIELDS = row_check.set "path code sum from map names places min max zero by_pg3 by_script"

--- Bytes: longer texts are cut in the ISY's lists.
row_check.LONGEST_NAME = 40
local LONGEST_VALUE_NAME, MOST_VALUE_NAMES = 60, 200
local LARGEST_INDEX, LARGEST_NUMBER = 65535, 1e12

--- The driver ids every ISY firmware knows, beside GV0 to GV29 (IoX's global language file).
local DRIVERS = row_check.set [[
    ST GPV ERR BUSY ALARM MODE TIMEREM DUR DELAY UOM AWAKE RESET CV CC CPW PPW TPW PF FREQ ELECCON
    ELECRES PULSCNT PCNT BATLVL CLITEMP CLIHUM CLISPH CLISPC CLIMD CLIFS CLIFSO CLIFRS CLIHCS CLISMD
    CLIEMD TTEMP TEMPOUT TEMPEXH DEWPT HEATIX WINDCH ATMPRES BARPRES WINDDIR SPEED GUST RAINRT PRECIP
    POP SOLRAD UV LUMIN MOON AIRFLOW AQI CO CO2LVL METHANE VOCLVL PM10 PM25 MOIST WATERF WATERP WATERT
    WATERTB WATERTD WVOL GVOL TANKCAP OL RR SVOL RFSS ANGLPOS ROTATE DISTANC ACCX ACCY ACCZ WEIGHT]]
for n = 0, 29 do DRIVERS["GV" .. n] = true end

--- Stops the check. where: the row or field ("" for the file as a whole); what: what is wrong; fix: what
-- to write.
function row_check.fail(where, what, fix)
    error({ text = (where ~= "" and where .. ": " or "") .. what .. " " .. fix }, 0)
end

local fail = row_check.fail

--- Raises if tab has a field that is not in `allowed`; whole numbers up to also_numbers may be there too.
function row_check.fields(where, tab, allowed, also_numbers)
    for key in pairs(tab) do
        local numbered = also_numbers and math.type(key) == "integer" and key <= also_numbers
        if not allowed[key] and not numbered then
            local known = {}
            for word in pairs(allowed) do known[#known + 1] = word end
            table.sort(known)
            fail(where, "the field '" .. tostring(key) .. "' is unknown.", #known > 0
                and "Fields are: " .. table.concat(known, ", ") .. "." or "This is a list without names.")
        end
    end
end

--- Raises if a list has names or holes. A variable that is nil, or a misspelt one, leaves a hole.
function row_check.list(where, list)
    local last = 0
    for key in pairs(list) do
        if math.type(key) ~= "integer" or key < 1 then
            fail(where, "the field '" .. tostring(key) .. "' is unknown.",
                "This is a list of tables: " .. where .. " = { { ... }, { ... } }.")
        end
        last = math.max(last, key)
    end
    for i = 1, last do
        if list[i] == nil then
            fail(where, ("number %d of %d is nil."):format(i, last),
                "Write it, or remove the comma before it.")
        end
    end
end

--- A text on one line, at most `longest` bytes.
function row_check.text(where, field, value, longest)
    if type(value) ~= "string" or value == "" or #value > longest or value:find("%c") then
        fail(where, field .. " is not a text of 1 to " .. longest .. " characters.",
            "Write it in quotes, on one line.")
    elseif not utf8.len(value) then
        fail(where, field .. " has letters that are not UTF-8.", "Save the file as UTF-8.")
    end
    return value
end

--- A text or a list of texts -> a list of texts; nil -> an empty list.
function row_check.texts(where, field, value)
    if value == nil then return {} end
    local list = type(value) == "table" and value or { value }
    local count = 0
    for key, text in pairs(list) do
        count = count + 1
        if math.type(key) ~= "integer" or type(text) ~= "string" or text == "" then
            fail(where, field .. " is neither a text nor a list of texts.",
                "Write " .. field .. " = \"...\" or " .. field .. " = { \"...\", \"...\" }.")
        end
    end
    if count ~= #list or count == 0 then
        fail(where, field .. " is an empty list or has holes.",
            "Name at least one, without nil between them.")
    end
    return list
end
local texts = row_check.texts

local function check_path(where, path)
    if path:sub(1, 1) ~= "/" then
        fail(where, "the path '" .. path .. "' does not begin with '/'.",
            "D-Bus paths look like \"/Dc/0/Voltage\"; a VRM code goes into code = \"...\".")
    end
end

--- Where a row's value is looked up: paths first, then codes.
local function row_keys(where, row)
    local keys = {}
    for _, path in ipairs(texts(where, "path", row.path)) do
        check_path(where, path)
        keys[#keys + 1] = path
    end
    for _, code in ipairs(texts(where, "code", row.code)) do keys[#keys + 1] = code end
    return keys
end

--- sum = { "/a", { "/b", "code of b" } } -> a list of key lists.
local function row_sums(where, row)
    if row.sum == nil then return nil end
    if type(row.sum) ~= "table" or #row.sum == 0 then
        fail(where, "sum is not a list.", "Write sum = { \"/Ac/L1/Power\", \"/Ac/L2/Power\" }.")
    end
    local sums = {}
    for i, part in ipairs(row.sum) do sums[i] = texts(where, "sum", part) end
    return sums
end

--- A unit of lib.units; what: how the message calls the entry.
function row_check.unit(where, what, named)
    local unit = type(named) == "table" and units[named.name] or units[named]
    if not unit then
        local known = {}
        for name in pairs(units) do known[#known + 1] = name end
        table.sort(known)
        fail(where, what .. " is not a unit.",
            "Write one of unit." .. table.concat(known, ", unit.") .. ".")
    end
    return unit
end

local function check_names(where, list)
    local count = 0
    for value, text in pairs(list) do
        count = count + 1
        if math.type(value) ~= "integer" or type(text) ~= "string" then
            fail(where, "names is not { [number] = \"text\" }.",
                "Write names = { [0] = \"Off\", [1] = \"On\" }.")
        elseif value < 0 or value > LARGEST_INDEX then
            fail(where, ("names[%d] cannot be shown."):format(value),
                ("The ISY's lists go from 0 to %d: use map for others."):format(LARGEST_INDEX))
        end
        row_check.text(where, ("names[%d]"):format(value), text, LONGEST_VALUE_NAME)
    end
    if count > MOST_VALUE_NAMES then
        fail(where, ("names has %d texts."):format(count), ("Have at most %d."):format(MOST_VALUE_NAMES))
    end
end

--- The texts of an index -> { [number] = text }, their id in the profile (own_id unless it is a list of
-- lib/names.lua); nil for other units.
function row_check.names(where, names, unit, own_id)
    if unit ~= units.index then
        if names ~= nil then
            fail(where, "names is only for unit.index.", "Remove names, or make the unit unit.index.")
        end
        return nil
    end
    local list, id = names, own_id
    if type(list) == "string" then
        list, id = name_lists[list], list:upper()
        if not list then
            fail(where, "the names list '" .. names .. "' is unknown.",
                "Use a list of lib/names.lua, or write names = { [0] = \"Off\", [1] = \"On\" } here.")
        end
    end
    if type(list) ~= "table" or next(list) == nil then
        fail(where, "unit.index needs names.",
            "Write names = \"charge_state\" or names = { [0] = \"Off\", [1] = \"On\" }.")
    end
    check_names(where, list)
    return list, id
end

local function check_sources(where, row, keys, kind)
    local ways = (#keys > 0 and 1 or 0) + (row.from ~= nil and 1 or 0) + (row.sum ~= nil and 1 or 0)
    if row.by_pg3 then
        if kind ~= "controller" then fail(where, "by_pg3 is for the controller only.", "Remove it.") end
        ways = ways + 1
    end
    if row.by_script ~= nil then
        if row.by_script ~= true then fail(where, "by_script is not true.", "Write true, or remove it.") end
        ways = ways + 1
    end
    if ways == 0 then
        fail(where, "nothing says where the value comes from.", "Add path = \"/...\", code = \"...\", "
            .. "sum = { ... }, from = a function of the rows, or by_script = true for node:set.")
    elseif ways > 1 then
        fail(where, "there is more than one source.", "Keep path and code, or sum, or from, or by_script.")
    end
    for _, field in ipairs { "from", "map" } do
        if row[field] ~= nil and type(row[field]) ~= "function" then
            fail(where, field .. " is not a function.",
                "Write " .. field .. " = function(...) return ... end.")
        end
    end
end

--- A finite number, or `default` where there is none.
function row_check.number(where, field, value, default)
    if value == nil then return default end
    if type(value) ~= "number" or value ~= value then
        fail(where, field .. " is not a number.", "Write " .. field .. " = 1.")
    elseif math.abs(value) > LARGEST_NUMBER then
        fail(where, field .. " is too large.", "The ISY shows numbers up to 1e12.")
    end
    return value
end

--- Decimals shown.
function row_check.places(where, places, unit)
    places = row_check.number(where, "places", places, unit.places)
    if math.type(places) ~= "integer" or places < 0 or places > 4 then
        fail(where, "places is not a whole number from 0 to 4.", "Write places = 2.")
    end
    return places
end

--- An index has no limits beside its names.
function row_check.no_limits(where, row)
    if row.min ~= nil or row.max ~= nil then
        fail(where, "min and max are not for unit.index.", "Remove them: names says which values there are.")
    end
end

local function row_limits(where, row, unit)
    local min = row_check.number(where, "min", row.min, unit.min)
    local max = row_check.number(where, "max", row.max, unit.max)
    if min > max then fail(where, "min is greater than max.", "Swap them.") end
    return min, max
end

--- Whether it is a momentary value (see lib.units).
local function row_zero(where, row, unit, names)
    local zero, has_zero = row.zero, names == nil or names[0] ~= nil
    if zero == nil then zero = unit.zero or (names ~= nil and has_zero) end
    if type(zero) ~= "boolean" then fail(where, "zero is not true or false.", "Write zero = false.") end
    if zero and not has_zero then
        fail(where, "zero is true, but names has no text for 0.", "Add one, or remove zero.")
    end
    return zero
end

local function check_id(where, id, seen, kind)
    if type(id) ~= "string" then
        fail(where, "the first entry is not a driver id.", "Begin the row with \"ST\", \"CV\", \"GV0\" ...")
    elseif id == "GV30" or (id == "TIME" and kind ~= "controller") then
        fail(where, id .. " is kept for the data state and the time of the last data.", "Use GV0 to GV29.")
    elseif not DRIVERS[id] and id ~= "TIME" then
        fail(where, "the driver id '" .. id .. "' is not one ISY knows.",
            "Use ST, GV0 to GV29 or a named one in capitals (CV, CC, CPW, FREQ, CLITEMP, BATLVL ...).")
    elseif seen[id] then
        fail(where, "the driver id is used twice.", "Give each row its own id.")
    end
    seen[id] = true
end

--- A row -> a driver (see lib.check). seen: the ids used so far; kind: nil, "controller" or "gateway".
function row_check.row(where, row, seen, tab, kind)
    if type(row) ~= "table" then
        fail(where, "it is not a row.", "Write { \"ST\", unit.watt, \"Label\", path = \"/...\" }.")
    end
    check_id(where, row[1], seen, kind)
    where = where .. " (" .. row[1] .. ")"
    row_check.fields(where, row, ROW_FIELDS, 3)
    local unit = row_check.unit(where, "the second entry", row[2])
    local label = row_check.text(where, "the label (third entry)", row[3], row_check.LONGEST_NAME)
    local keys, sums = row_keys(where, row), row_sums(where, row)
    local names, names_id = row_check.names(where, row.names, unit, tab.id .. "_" .. row[1])
    check_sources(where, row, keys, kind)
    if names then row_check.no_limits(where, row) end
    local min, max = row_limits(where, row, unit)
    return {
        id = row[1], unit = unit, label = label, places = row_check.places(where, row.places, unit),
        zero = row_zero(where, row, unit, names), names = names, names_id = names_id, min = min, max = max,
        keys = keys, sums = sums, from = row.from, map = row.map, by_pg3 = row.by_pg3,
        by_script = row.by_script,
    }
end

return row_check
