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

local ROW_FIELDS = row_check.set "path code sum from map names places min max zero by_pg3"

--- The driver ids every ISY firmware knows, beside GV0 to GV29 (IoX's global language file).
local DRIVERS = row_check.set [[
    ST GPV ERR BUSY ALARM MODE TIMEREM DUR DELAY UOM AWAKE RESET CV CC CPW PPW TPW PF FREQ ELECCON
    ELECRES PULSCNT PCNT BATLVL CLITEMP CLIHUM CLISPH CLISPC CLIMD CLIFS CLIFSO CLIFRS CLIHCS CLISMD
    CLIEMD TTEMP TEMPOUT TEMPEXH DEWPT HEATIX WINDCH ATMPRES BARPRES WINDDIR SPEED GUST RAINRT PRECIP
    POP SOLRAD UV LUMIN MOON AIRFLOW AQI CO CO2LVL METHANE VOCLVL PM10 PM25 MOIST WATERF WATERP WATERT
    WATERTB WATERTD WVOL GVOL TANKCAP OL RR SVOL RFSS ANGLPOS ROTATE DISTANC ACCX ACCY ACCZ WEIGHT]]
for n = 0, 29 do DRIVERS["GV" .. n] = true end

--- Stops the check. where: file and row; what: what is wrong; fix: what to write.
function row_check.fail(where, what, fix)
    error({ text = where .. ": " .. what .. " " .. fix }, 0)
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
            fail(where, "the field '" .. tostring(key) .. "' is unknown.",
                "Fields are: " .. table.concat(known, ", ") .. ".")
        end
    end
end

--- A text on one line, at most `longest` bytes.
function row_check.text(where, field, value, longest)
    if type(value) ~= "string" or value == "" or #value > longest or value:find("%c") then
        fail(where, field .. " is not a text of 1 to " .. longest .. " characters.",
            "Write " .. field .. " = \"...\" on one line.")
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

local function row_unit(where, row)
    local named = row[2]
    local unit = type(named) == "table" and units[named.name] or units[named]
    if not unit then
        local known = {}
        for name in pairs(units) do known[#known + 1] = name end
        table.sort(known)
        fail(where, "the second entry is not a unit.",
            "Write one of unit." .. table.concat(known, ", unit.") .. ".")
    end
    return unit
end

--- The texts of an index row, and the id they have in the profile.
local function row_names(where, row, unit, type_id)
    if unit ~= units.index then
        if row.names ~= nil then
            fail(where, "names is only for unit.index.", "Remove names, or make the unit unit.index.")
        end
        return nil
    end
    local list, id = row.names, type_id .. "_" .. tostring(row[1])
    if type(list) == "string" then
        list, id = name_lists[list], list:upper()
        if not list then
            fail(where, "the names list '" .. row.names .. "' is unknown.",
                "Use a list of lib/names.lua, or write names = { [0] = \"Off\", [1] = \"On\" } here.")
        end
    end
    if type(list) ~= "table" or next(list) == nil then
        fail(where, "unit.index needs names.",
            "Write names = \"charge_state\" or names = { [0] = \"Off\", [1] = \"On\" }.")
    end
    for value, text in pairs(list) do
        if math.type(value) ~= "integer" or type(text) ~= "string" then
            fail(where, "names is not { [number] = \"text\" }.",
                "Write names = { [0] = \"Off\", [1] = \"On\" }.")
        end
    end
    return list, id
end

local function check_sources(where, row, keys, kind)
    local ways = (#keys > 0 and 1 or 0) + (row.from ~= nil and 1 or 0) + (row.sum ~= nil and 1 or 0)
    if row.by_pg3 then
        if kind ~= "controller" then fail(where, "by_pg3 is for the controller only.", "Remove it.") end
        ways = ways + 1
    end
    if ways == 0 then
        fail(where, "nothing says where the value comes from.",
            "Add path = \"/...\", code = \"...\", sum = { ... } or from = a function of the rows.")
    elseif ways > 1 then
        fail(where, "there is more than one source.", "Keep path and code, or sum, or from.")
    end
    for _, field in ipairs { "from", "map" } do
        if row[field] ~= nil and type(row[field]) ~= "function" then
            fail(where, field .. " is not a function.",
                "Write " .. field .. " = function(...) return ... end.")
        end
    end
end

local function check_number(where, field, value, default)
    if value == nil then return default end
    if type(value) ~= "number" or value ~= value then
        fail(where, field .. " is not a number.", "Write " .. field .. " = 1.")
    end
    return value
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
    local unit = row_unit(where, row)
    local label = row_check.text(where, "the label (third entry)", row[3], 40)
    local keys, sums = row_keys(where, row), row_sums(where, row)
    local list, names_id = row_names(where, row, unit, tab.id)
    check_sources(where, row, keys, kind)
    local places = check_number(where, "places", row.places, unit.places)
    if math.type(places) ~= "integer" or places < 0 or places > 4 then
        fail(where, "places is not a whole number from 0 to 4.", "Write places = 2.")
    end
    local zero = row.zero
    if zero == nil then zero = unit.zero or (list ~= nil and list[0] ~= nil) end
    if type(zero) ~= "boolean" then fail(where, "zero is not true or false.", "Write zero = false.") end
    return {
        id = row[1], unit = unit, label = label, places = places, zero = zero,
        names = list, names_id = names_id,
        min = check_number(where, "min", row.min, unit.min),
        max = check_number(where, "max", row.max, unit.max),
        keys = keys, sums = sums, from = row.from, map = row.map, by_pg3 = row.by_pg3,
    }
end

return row_check
