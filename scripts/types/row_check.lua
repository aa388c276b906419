--- Checks one row of a device table: { "CV", unit.volt, "Battery voltage", "/Dc/0/Voltage", "V" }.
-- A mistake raises { text = where, what is wrong, what to write }.

local alarms = require "types.alarms"
local codes = require "types.codes"
local limits = require "types.limits"
local form = require "types.form"
local is_list = require("types.lists").is_list
local units = require "types.units"
local name_lists = require "types.names"
local slips = require "types.slips"
local wording = require "types.wording"

local row_check = {}

--- "a b" -> { a = true, b = true }
function row_check.set(text)
    local result = {}
    for word in text:gmatch("%S+") do result[word] = true end
    return result
end

local ROW_FIELDS = row_check.set [[first sum product quotient worst from by_script by_pg3
    values scale sign map places min max zero measured while_negative daily on_change events
    day_max day_min total rate held_for set]]
local ROW_ENTRIES = 5               -- driver, kind, label, path, code

local LARGEST_INDEX, LARGEST_NUMBER = 65535, 1e12

--- The plugin's parameters that are a level (pg3.params).
local LEVELS = row_check.set "battery_level"

--- The unit of a list of states: IoX shows the text of a number.
local STATES = { name = "list", uom = 25, places = 0, min = 0, max = LARGEST_INDEX }

--- The driver ids every ISY firmware knows, beside GV0 to GV29 (IoX's global language file).
local DRIVERS = row_check.set [[
    ST GPV ERR BUSY ALARM MODE TIMEREM DUR DELAY UOM AWAKE RESET CV CC CPW PPW TPW PF FREQ ELECCON
    ELECRES PULSCNT PCNT BATLVL CLITEMP CLIHUM CLISPH CLISPC CLIMD CLIFS CLIFSO CLIFRS CLIHCS CLISMD
    CLIEMD TTEMP TEMPOUT TEMPEXH DEWPT HEATIX WINDCH ATMPRES BARPRES WINDDIR SPEED GUST RAINRT PRECIP
    POP SOLRAD UV LUMIN MOON AIRFLOW AQI CO CO2LVL METHANE VOCLVL PM10 PM25 MOIST WATERF WATERP WATERT
    WATERTB WATERTD WVOL GVOL TANKCAP OL RR SVOL RFSS ANGLPOS ROTATE DISTANC ACCX ACCY ACCZ WEIGHT]]
for n = 0, 29 do DRIVERS["GV" .. n] = true end

--- Stops the check. where: the row or field ("" for the file as a whole); what: what is wrong; fix: what
-- to write; field: the name of the field in whose line it is, nil: that of the place that is checked.
function row_check.fail(where, what, fix, field)
    error({ text = (where ~= "" and where .. ": " or "") .. what .. " " .. fix, field = field }, 0)
end

local fail, shown = row_check.fail, wording.shown

--- What to write for a field that a table does not have. others: { [what people write] = a sentence, or the
-- field that is meant }, may be nil.
local function instead_of(key, allowed, others)
    local other = others and (others[key] or others[wording.plain(tostring(key))])
    if other and not allowed[other] then return other end
    local known = wording.listed(allowed)
    if known == "" then return "This is a list without names." end
    return wording.did_you_mean(key, allowed, "%s", "Fields are: " .. known .. ".", others)
end

--- The keys of a table in an order that is always the same.
local function sorted_keys(tab)
    local keys = {}
    for key in pairs(tab) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    return keys
end

--- Raises if tab has a field that is not in `allowed`; whole numbers up to also_numbers may be there too.
-- others: see instead_of.
function row_check.fields(where, tab, allowed, also_numbers, others)
    local wrong = {}
    for key in pairs(tab) do
        local numbered = also_numbers and math.type(key) == "integer" and key <= also_numbers
        if not (numbered or allowed[key]) then wrong[key] = true end
    end
    local key = sorted_keys(wrong)[1]
    if math.type(key) == "integer" then
        fail(where, ("%s stands there without the name of a field."):format(shown(tab[key])),
            instead_of(key, allowed, others))
    elseif key ~= nil then
        local is_row = others == slips.table and (DRIVERS[key] ~= nil) and type(tab[key]) == "table"
        fail(where, "the field '" .. tostring(key) .. "' is unknown.", is_row
            and ("A row has no name, its driver is its first entry: { \"%s\", ... }."):format(key)
            or instead_of(key, allowed, others), tostring(key))
    end
end

--- Raises if a list has names or holes. A variable that is nil, or a misspelt one, leaves a hole.
function row_check.list(where, list)
    local last = 0
    for _, key in ipairs(sorted_keys(list)) do
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

--- A text on one line, of at most `longest` characters.
function row_check.text(where, field, value, longest)
    local length = type(value) == "string" and utf8.len(value)
    if value == nil then
        fail(where, field .. " is missing.", ("Write a text of 1 to %d characters in quotes."):format(
            longest))
    elseif type(value) ~= "string" then
        fail(where, ("%s is %s, which is no text."):format(field, shown(value)), "Write it in quotes.")
    elseif not length then
        fail(where, field .. " has letters that are not UTF-8.", "Save the file as UTF-8.")
    elseif length == 0 then
        fail(where, field .. " is empty.", ("Write a text of 1 to %d characters."):format(longest))
    elseif length > longest then
        fail(where, ("%s, %s, has %d characters."):format(field, shown(value), length),
            ("It may have %d."):format(longest))
    elseif value:find("%c") then
        fail(where, ("%s, %s, is on several lines, or has a tab."):format(field, shown(value)),
            "Write it on one line.")
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
            local what = math.type(key) == "integer" and shown(text) or ("the field '%s'"):format(key)
            fail(where, ("%s has %s: it is a text or a list of texts."):format(field, what),
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

--- What was meant by a path that cannot be one.
local function path_meant(path)
    if type(path) == "function" then return "A function is written from = function(rows) ... end." end
    if type(path) == "table" then return "Several paths go into first = { ... }, or sum = { ... }." end
    if type(path) ~= "string" then return "D-Bus paths look like \"/Dc/0/Voltage\"." end
    local after = path:match("^com%.victronenergy%.[%w_.]+(/.*)$") or path:match("^[NRW]/[^/]+/%l+/%d+(/.*)$")
    local words = after or path:match("^%s*(/[^%s]*)%s*$") or path:find("[/\\]") and "/"
        .. path:gsub("\\", "/"):gsub("^[%s/]+", "")
    if words then return ("Did you mean \"%s\"?"):format(words) end
    return ("D-Bus paths look like \"/Dc/0/Voltage\"; VRM's code is the fifth entry: nil, \"%s\"."):format(
        path)
end

local function check_path(where, path)
    local whole = type(path) == "string" and path:sub(1, 1) == "/"
    if not whole then
        fail(where, ("the path (fourth entry), %s, does not begin with '/'."):format(shown(path)),
            path_meant(path))
    elseif path:find("[%s\\]") then
        fail(where, ("the path (fourth entry), %s, has a blank or a \\."):format(shown(path)),
            ("Did you mean \"%s\"?"):format((path:gsub("%s", ""):gsub("\\", "/"))))
    elseif #path > 1 and path:sub(-1) == "/" then
        fail(where, ("the path (fourth entry), %s, ends with '/'."):format(shown(path)),
            "Write it in full; worst = \"/Alarms/\" takes all that begin so.")
    end
    return path
end

local function check_code(where, code)
    if type(code) ~= "string" or code == "" or code:find("/", 1, true) then
        fail(where, ("the code (fifth entry), %s, is not one of VRM's."):format(shown(code)),
            type(code) == "number" and "Is it of a number? Its decimals come after a point: 0.1."
                or "Codes look like \"ScV\" or \"#521\"; several paths go into first = { ... }.")
    end
    return code
end

--- Where a row's value is looked up, in this order: the path and code of its fourth and fifth entry, or the
-- paths and codes of `first`.
local function row_keys(where, row)
    if row.first ~= nil then
        if row[4] ~= nil or row[5] ~= nil then
            fail(where, "there are a path and first.", "Put all of them into first = { ... }.")
        end
        return form.inputs(texts(where, "first", row.first))
    end
    local keys = {}
    if row[4] ~= nil then keys[1] = check_path(where, row[4]) end
    if row[5] ~= nil then keys[#keys + 1] = check_code(where, row[5]) end
    return form.inputs(keys)
end

--- The words that work a value out from several rows: how they are written, least and most terms.
local OPERATIONS = {
    sum      = { "sum = { \"/Ac/L1/Power\", \"/Ac/L2/Power\" }", 1, math.huge },
    product  = { "product = { \"/Dc/0/Voltage\", \"/Dc/0/Current\" }", 2, 2 },
    quotient = { "quotient = { \"/Yield/Power\", \"/Pv/V\" }", 2, 2 },
}

--- The terms that a word gives.
local function terms_given(where, op, given)
    local rule = OPERATIONS[op]
    if type(given) ~= "table" or not is_list(given) or #given < rule[2] or #given > rule[3] then
        local wanted = rule[3] == 2 and "two." or "terms, without names or nil."
        local is = type(given) ~= "table" and shown(given) or #given == 0 and "{}" or "a list of " .. #given
        fail(where, ("%s is %s, not a list of %s"):format(op, is, wanted),
            "Write " .. rule[1] .. "; alternatives of one are a list of their own.")
    end
    return op == "sum" and form.terms(given) or given
end

--- A term -> a list of keys; its `product`: those of the two to multiply where they have no number.
local function term_keys(where, op, term)
    if op ~= "sum" or type(term) ~= "table" or term.product == nil then
        return form.inputs(texts(where, op, term))
    end
    local own = {}
    for key, part in pairs(term) do own[key] = key ~= "product" and part or nil end
    local keys, factors = form.inputs(texts(where, op, own)), {}
    for i, factor in ipairs(terms_given(where, "product", term.product)) do
        factors[i] = term_keys(where, "product", factor)
    end
    keys.product = factors
    return keys
end

--- sum = { "/a", { "/b", "code of b" } } -> "sum", a list of key lists, how many of them are the word's own;
-- nil if the row has no such word. The lists of keys of products in terms come last.
local function row_terms(where, row)
    for op in pairs(OPERATIONS) do
        if row[op] ~= nil then
            local terms = {}
            for i, term in ipairs(terms_given(where, op, row[op])) do
                terms[i] = term_keys(where, op, term)
            end
            local own = #terms
            for i = 1, own do
                for _, factor in ipairs(terms[i].product or {}) do terms[#terms + 1] = factor end
            end
            return op, terms, own
        end
    end
    return nil
end

--- worst = "/Alarms/" -> that; worst = "/Alarms/Overload" -> that, the fault it tells.
local function row_worst(where, row)
    local worst = row.worst
    if worst == nil then return nil end
    local is_path = type(worst) == "string" and worst:sub(1, 1) == "/"
    local fault = is_path and alarms.fault(worst) or nil
    if not is_path or not fault and worst:sub(-1) ~= "/" then
        fail(where, "worst, " .. shown(worst) .. ", is not the beginning of paths, nor the path of an alarm.",
            "Write worst = \"/Alarms/\" or worst = \"/Alarms/Overload\".")
    end
    return worst, fault
end

--- What stood there when a row was written: { "ST", unit.percnt, ... } -> percnt; the value is nil by then.
-- written: the text from the row on, "" where it is not known.
local function unit_written(written)
    for name in written:gmatch("%f[%w_]unit%s*%.%s*([%w_]+)") do
        if not units[name] then return name end
    end
    return nil
end

--- The unit with a number of the ISY's; nil: none.
local function unit_of_number(uom)
    local names = {}
    for name, unit in pairs(units) do
        if unit.uom == uom then names[#names + 1] = name end
    end
    table.sort(names)
    return names[1]
end

--- A unit of types.units; what: how the message calls the entry; written: a function that gives what
-- unit_written looks at, may be nil.
function row_check.unit(where, what, named, written)
    local unit = type(named) == "table" and units[named.name] or units[named]
    if unit then return unit end
    local name = unit_of_number(named) or type(named) == "string" and named or nil
    if named == nil then name = unit_written(written and written() or "") end
    local given = named == nil and name and "unit." .. name or shown(named)
    local is = (", %s, is not a unit or a list."):format(given)
    if named == nil and not name then is = " is missing." end
    if type(named) == "table" then is = " is a table without states." end
    if type(named) == "number" and name then
        fail(where, what .. is, ("Write unit.%s."):format(name))
    end
    local all = "Write one of unit." .. wording.listed(units):gsub(", ", ", unit.")
        .. ", a list of types/names.lua such as \"alarm\", or { [0] = \"Off\", [1] = \"On\" }."
    fail(where, what .. is, wording.did_you_mean(name or "", units, "unit.%s", all, slips.unit))
end

local function check_names(where, list)
    local count = 0
    for _, value in ipairs(sorted_keys(list)) do
        local text = list[value]
        count = count + 1
        if math.type(value) ~= "integer" or type(text) ~= "string" then
            local key = type(value) == "string" and '["%s"]' or "[%s]"
            local fix = "It has numbers with texts: { [0] = \"Off\", [1] = \"On\" }."
            if type(value) == "string" and tonumber(value) then
                fix = ("Write the number without quotes: [%s] = %s."):format(value, shown(text))
            end
            key = key:format(tostring(value))
            fail(where, ("the list of states has %s = %s."):format(key, shown(text)), fix)
        elseif value < 0 or value > LARGEST_INDEX then
            fail(where, ("the state %d cannot be shown."):format(value),
                ("The ISY's lists go from 0 to %d: use values or map for others."):format(LARGEST_INDEX))
        end
        row_check.text(where, ("the text of state %d"):format(value), text, limits.state_name)
    end
    if count > limits.states then
        fail(where, ("the list has %d states."):format(count), ("Have at most %d."):format(limits.states))
    end
end

--- What a kind says -> unit, and for a list of states its texts { [number] = text } and their id in the
-- profile (own_id unless it is a list of types/names.lua). what: how the message calls the entry.
function row_check.kind(where, what, kind, own_id, written)
    if type(kind) == "string" and units[kind:match("^unit%.(.*)$")] then
        fail(where, ("%s, %s, is a text."):format(what, shown(kind)),
            ("Write %s, without quotes."):format(kind))
    elseif type(kind) == "string" and not units[kind] then
        local list = name_lists[kind]
        if not list then
            local write = wording.did_you_mean(kind, name_lists, "\"%s\"", nil)
                or wording.did_you_mean(kind, units, "unit.%s",
                    "Use a list of types/names.lua such as \"off_on\","
                    .. " or write { [0] = \"Off\", [1] = \"On\" } here.", slips.unit)
            fail(where, ("%s, %s, is no unit and no list of states."):format(what, shown(kind)), write)
        end
        return STATES, list, kind:upper()
    elseif type(kind) == "table" and kind.watt ~= nil then
        fail(where, what .. " is unit, all units at once.", "Write one of them: unit.percent.")
    elseif type(kind) == "table" and kind.name == nil and next(kind) ~= nil then
        check_names(where, kind)
        return STATES, kind, own_id
    end
    return row_check.unit(where, what, kind, written), nil, nil
end

local COMPUTED = { "sum", "product", "quotient", "worst", "from" }
local SET_ELSEWHERE = { "by_pg3", "by_script" }
local OVER_TIME_WORDS = { "day_max", "day_min", "total", "rate", "held_for" }

local function count_of(row, words)
    local count = 0
    for _, word in ipairs(words) do count = count + (row[word] ~= nil and 1 or 0) end
    return count
end

--- What to write where there is no function.
local function instead_of_function(field, value)
    if type(value) == "string" and value:sub(1, 1) == "/" then
        return "A path is the fourth entry of the row, without a name."
    elseif field == "map" and type(value) == "table" then
        return "Write values = { [240] = 0 } for numbers that stand for others."
    elseif type(value) == "string" then
        return ("A function stands without quotes: %s = function(%s) return ... end, or the name of one.")
            :format(field, field == "from" and "rows" or "value")
    elseif type(value) == "number" and field == "from" then
        return ("It is a function: from = function(rows) return %s end."):format(shown(value))
    end
    return ("It is a function: %s = function(%s) return ... end; its name is written without ()."):format(
        field,
        field == "from" and "rows" or "value")
end

--- A value has a path, or is worked out, or both: then it is worked out where the path has no number.
local function check_sources(where, row, keys, kind)
    local computed, elsewhere = count_of(row, COMPUTED), count_of(row, SET_ELSEWHERE)
    if row.by_pg3 and kind ~= "controller" then
        fail(where, "by_pg3 is for the controller only.", "Remove it.")
    end
    if row.by_script ~= nil and row.by_script ~= true then
        fail(where, ("by_script is %s."):format(shown(row.by_script)),
            "Write by_script = true, or remove it.")
    end
    if #keys + computed + elsewhere == 0 then
        for _, word in ipairs(OVER_TIME_WORDS) do
            if type(row[word]) == "string" and row[word]:sub(1, 1) == "/" then
                fail(where, ("%s is %s."):format(word, shown(row[word])),
                    "A path is the fourth entry of the row, without a name; the word goes beside it.")
            end
        end
        fail(where, "nothing says where the value comes from.", "Add its path, \"/...\", as the fourth entry,"
            .. " or one of first, sum, product, quotient, worst, from (a function of the rows), or"
            .. " by_script = true for node:set.")
    elseif computed > 1 or elsewhere > 1 or (elsewhere > 0 and #keys + computed > 0) then
        local given = {}
        for _, list in ipairs { COMPUTED, SET_ELSEWHERE } do
            for _, word in ipairs(list) do given[#given + 1] = row[word] ~= nil and word or nil end
        end
        if #keys > 0 then table.insert(given, 1, "the path") end
        fail(where, ("there is more than one source: %s."):format(table.concat(given, ", ")),
            "Keep one of them.")
    end
    for _, field in ipairs { "from", "map" } do
        if row[field] ~= nil and type(row[field]) ~= "function" then
            fail(where, ("%s is %s."):format(field, shown(row[field])), instead_of_function(field,
                row[field]))
        end
    end
end

--- values = { [240] = 0 }: numbers that stand for others; values = { inverter = { [2] = 3 } }: in rows of
-- that service.
local function row_values(where, values)
    if values == nil then return nil end
    if type(values) ~= "table" or next(values) == nil then
        fail(where, ("values is %s."):format(type(values) == "table" and "an empty table" or shown(values)),
            "Write values = { [240] = 0 }: 0 stands for 240.")
    end
    for _, from in ipairs(sorted_keys(values)) do
        local to = values[from]
        if type(from) == "string" and type(to) == "table" then
            row_values(where, to)
        elseif type(from) ~= "number" or type(to) ~= "number" then
            local key = type(from) == "string" and '["%s"]' or "[%s]"
            fail(where, ("values has %s = %s."):format(key:format(tostring(from)), shown(to)),
                "It has numbers for numbers: values = { [240] = 0 }; texts are in a list of states.")
        end
    end
    return values
end

--- A finite number, or `default` where there is none.
function row_check.number(where, field, value, default)
    if value == nil then return default end
    if type(value) ~= "number" or value ~= value then
        local number = type(value) == "string" and tonumber((value:gsub(",", ".")))
        fail(where, ("%s is not a number: it is %s."):format(field, shown(value)), number
            and ("Write %s = %s, without quotes."):format(field, number)
            or ("Write a number: %s = 1."):format(field))
    elseif math.abs(value) > LARGEST_NUMBER then
        fail(where, field .. " is too large.", "The ISY shows numbers up to 1e12.")
    end
    return value
end

--- Decimals shown.
function row_check.places(where, places, unit)
    places = row_check.number(where, "places", places, unit.places)
    if math.type(places) ~= "integer" or places < 0 or places > 4 then
        fail(where, ("places is %s."):format(shown(places)),
            "It is how many decimals are shown, 0 to 4: places = 2.")
    end
    return places
end

--- A list of states has no limits beside its numbers.
function row_check.no_limits(where, row)
    if row.min ~= nil or row.max ~= nil then
        fail(where, "min and max are not for a list of states.",
            "Remove them: the list says which there are.")
    end
end

local function row_limits(where, row, unit)
    local min = row_check.number(where, "min", row.min, unit.min)
    local max = row_check.number(where, "max", row.max, unit.max)
    if min > max then
        local which = row.min and row.max and "Swap them." or ("The unit's own %s is %s: write both."):format(
            row.min and "max" or "min", shown(row.min and max or min))
        fail(where, ("min, %s, is greater than max, %s."):format(shown(min), shown(max)), which)
    end
    return min, max
end

--- Words that look at time (see types.over_time): true, or how many seconds.
local OVER_TIME = { day_max = "true", day_min = "true", total = "true", rate = "3600", held_for = "600" }
local LONGEST_SECONDS = 86400

--- The word of a row that looks at time, and its seconds; nil: none.
local function row_over(where, row, names)
    local over
    for word, example in pairs(OVER_TIME) do
        local given, wants_true = row[word], example == "true"
        local is_good = wants_true and given == true
            or not wants_true and type(given) == "number" and given > 0 and given <= LONGEST_SECONDS
        if given ~= nil and not is_good then
            fail(where, ("%s is not %s."):format(word, wants_true and "true" or "a number of seconds"),
                ("Write %s = %s, or remove it."):format(word, example))
        elseif given ~= nil and (over or row.by_script or row.by_pg3) then
            fail(where, ("%s does not go with %s."):format(word, over or "by_script"), "Remove one of them.")
        end
        over = given ~= nil and word or over
    end
    if over and (over == "held_for") ~= (names ~= nil) then
        fail(where, over == "held_for" and "held_for is for states." or over .. " is not for states.",
            over == "held_for" and "Give the row a list as its kind, \"no_yes\" for example."
            or "Give the row a unit as its kind.")
    end
    return over, over and type(row[over]) == "number" and row[over] or nil
end

--- Whether it is a value of one day: rows of another day give it nothing.
local function row_daily(where, row)
    local of_rows = not (row.from or row.worst)
    if row.daily == nil then return (row.day_max or row.day_min) and of_rows or nil end
    if row.daily ~= true then
        fail(where, ("daily is %s."):format(shown(row.daily)), "Write daily = true, or remove it.")
    end
    for _, word in ipairs { "from", "worst", "by_script", "by_pg3" } do
        if row[word] then
            fail(where, "daily does not go with " .. word .. ".",
                "A row of VRM's tells its day: name its path, or use first, sum, product or quotient.")
        end
    end
    if row.zero then
        fail(where, "daily and zero are both true.", "Keep one: what counts for a day is not momentary.")
    end
    return true
end

--- Whether it is a momentary value (see types.units).
local function row_zero(where, row, unit, names)
    local zero, has_zero = row.zero, names == nil or names[0] ~= nil
    local counts = row.daily or row.day_max or row.day_min or row.total
    if zero == nil then zero = not counts and (unit.zero or (names ~= nil and has_zero)) end
    if type(zero) ~= "boolean" then
        fail(where, ("zero is %s."):format(shown(zero)), "Write zero = true or zero = false.")
    end
    if zero and not has_zero then
        fail(where, "zero is true, but the list has no text for 0.", "Add one, or remove zero.")
    end
    return zero
end

--- Whether it is measured anew in each interval is said with these words, where it is not as is usual (see
-- freshness).
local function check_measured(where, row)
    for _, word in ipairs { "measured", "on_change" } do
        if row[word] ~= nil and row[word] ~= true then
            fail(where, ("%s is %s."):format(word, shown(row[word])),
                ("Write %s = true, or remove it."):format(word))
        end
    end
    if row.measured and row.on_change then
        fail(where, "measured and on_change are both true.",
            "Keep one: what is logged when it changes is not measured anew in each interval.")
    end
end

--- The paths and codes whose number says whether there is a value; nil: there always may be.
local function row_while_negative(where, row)
    if row.while_negative == nil then return nil end
    local keys = row_check.texts(where, "while_negative", row.while_negative)
    if #keys == 0 then
        fail(where, "while_negative is empty.", "Write while_negative = \"/Dc/0/Current\", or remove it.")
    end
    return keys
end

--- What a row of an alarm reports if it does not say so itself.
local ALARM_EVENTS = { of = { [0] = "OVER", [1] = "WARNING", [2] = "ALARM" }, quiet = "OVER" }

local EVENTS_BY_STATE = "Write events = { [0] = \"STOPPED\", [1] = \"STARTED\" }"
local EVENTS_BY_LEVEL = "events = { level = \"battery_level\", below = \"BATLOW\", above = \"BATOK\" }"
local LEVEL_FIELDS = row_check.set "level below above"

--- An event that a row names has to be one of the table's.
local function check_declared(where, name, declared)
    if type(name) ~= "string" or type(declared) ~= "table" or declared[name] == nil then
        fail(where, ("events names %s, which the table does not declare."):format(tostring(name)),
            ("Write events = { %s = \"What happened\" } in the table."):format(
                type(name) == "string" and name or "STARTED"))
    end
end

--- events = { [0] = "STOPPED", [1] = "STARTED" }: which states report which event.
local function events_by_state(where, events, names, declared)
    local lowest, several = math.huge, false
    for _, value in ipairs(sorted_keys(events)) do
        local name = events[value]
        if math.type(value) ~= "integer" or not names[value] then
            fail(where, ("events has %s, which is no state of the list."):format(tostring(value)),
                EVENTS_BY_STATE .. ": numbers of the list.")
        end
        check_declared(where, name, declared)
        lowest = math.min(lowest, value)
    end
    for _, name in pairs(events) do several = several or name ~= events[lowest] end
    if not several then
        fail(where, "events names only one event.", EVENTS_BY_STATE .. ": one for the end, too.")
    end
    return { of = events, quiet = events[lowest] }
end

--- events = { level = "battery_level", below = "BATLOW", above = "BATOK" }: when a number passes a level that
-- is a parameter of the plugin.
local function events_by_level(where, events, declared)
    row_check.fields(where .. ", events", events, LEVEL_FIELDS)
    if not LEVELS[events.level] then
        fail(where, ("events has the level %s."):format(tostring(events.level)),
            "Write level = \"battery_level\": that parameter of the plugin.")
    end
    check_declared(where, events.below, declared)
    check_declared(where, events.above, declared)
    if events.below == events.above then
        fail(where, "below and above are the same event.", "Name two.")
    end
    return { level = events.level, below = events.below, above = events.above, quiet = events.above }
end

--- Which of its values report events to programs of the ISY (see types.check); nil: none.
local function row_events(where, row, names, declared)
    local events = row.events
    if events == nil then
        local is_alarm = row[1] == "ALARM" and names == name_lists.alarm and not row.by_script
        return is_alarm and ALARM_EVENTS or nil
    end
    if type(events) ~= "table" or next(events) == nil then
        fail(where, "events is not a table of events.",
            names and EVENTS_BY_STATE .. "." or "Write " .. EVENTS_BY_LEVEL .. ".")
    elseif row.by_script or row.by_pg3 then
        fail(where, "events does not go with by_script.", "Report it with node:event.")
    end
    if names then return events_by_state(where, events, names, declared) end
    if math.type(next(events)) == "integer" then
        fail(where, "events has numbers of states, and the row has no list of states.",
            "A number reports when it passes a level: " .. EVENTS_BY_LEVEL .. ".")
    end
    return events_by_level(where, events, declared)
end

--- What to write for a driver that there is not. entry: the row's first entry in full.
local function driver_meant(id, entry)
    if entry:find("[,;]") then
        return ("Part several by blanks: \"%s\"."):format((entry:gsub("%s*[,;]%s*", " ")))
    end
    if entry ~= id and wording.same(entry, DRIVERS) then
        return ("Did you mean \"%s\"?"):format(wording.same(entry, DRIVERS))
    end
    local number = id:match("^[Gg][Vv](%d+)$")
    if number and tonumber(number) > 29 then return "Use GV0 to GV29." end
    return wording.did_you_mean(id, DRIVERS, "\"%s\"",
        "Use ST, GV0 to GV29 or a named one in capitals (CV, CC,"
        .. " CPW, FREQ, CLITEMP, BATLVL ...).", slips.driver)
end

--- entry: the row's first entry in full; number: of the row.
local function check_id(where, id, seen, kind, entry)
    if id == "GV30" or (id == "TIME" and kind ~= "controller") then
        fail(where, id .. " is kept for the data state and the time of the last data.", "Use GV0 to GV29.")
    elseif not DRIVERS[id] and id ~= "TIME" then
        fail(where, "the driver id '" .. id .. "' is not one ISY knows.", driver_meant(id, entry))
    elseif seen[id] then
        local free = 0
        while seen["GV" .. free] do free = free + 1 end
        fail(where, ("the driver id '%s' is used twice%s."):format(id, seen[id] ~= where and ", in "
            .. seen[id] .. " too" or ""), ("Give each row its own id; GV%d is free so far."):format(free))
    end
    seen[id] = where
end

--- A number other than 0, `default` where there is none.
local function row_factor(where, field, value, default)
    local factor = row_check.number(where, field, value, default)
    if factor == 0 then fail(where, field .. " is 0.", "Remove it, or write the factor.") end
    return factor
end

--- Every {n} and {phase} was written out. sum: see form.left_over; n: which of the row's drivers, nil: the
-- only one.
local function check_written_out(where, row, sum, n)
    local left_over = form.left_over(row, sum)
    if not left_over then return end
    if n then
        fail(where, left_over .. " stands for nothing: there are three phases.",
            "Write at most three drivers as the first entry, or {n}.")
    end
    fail(where, left_over .. " stands for nothing: the first entry has one driver.",
        "Write one for each there: \"GV1 GV2 GV3\".")
end

--- Without what is false or 1 as usual: there are two thousand of them, and a table made in one has room for
-- all it may have.
local function compact(driver)
    local kept = {}
    if driver.factor == 1 then driver.factor = nil end
    for field, value in pairs(driver) do
        if value then kept[field] = value end
    end
    return kept
end

--- One driver of a row -> see types.check. first_id: of the row's drivers, for the id of its list of states;
-- n: which of them it is, nil: there is one only.
local function one_driver(where, row, seen, of, first_id, n)
    check_id(where, row[1], seen, of.kind, of.entry)
    where = where .. " (" .. row[1] .. ")"
    local unit, names, names_id = row_check.kind(where, "the kind (second entry)", row[2],
        of.id .. "_" .. first_id, of.written)
    local label = row_check.text(where, "the label (third entry)", row[3], limits.name)
    local keys = row_keys(where, row)
    local op, terms, own = row_terms(where, row)
    check_sources(where, row, keys, of.kind)
    check_written_out(where, row, op == "sum" and terms, n)
    if names then
        row_check.no_limits(where, row)
        if not row.by_script then names = codes.moved(names) end
    end
    local min, max = row_limits(where, row, unit)
    local worst, fault = row_worst(where, row)
    check_measured(where, row)
    local over, seconds = row_over(where, row, names)
    return compact {
        id = row[1], unit = unit, label = label, places = row_check.places(where, row.places, unit),
        zero = row_zero(where, row, unit, names), on_change = row.on_change,
        measured = row.measured or over == "total" and not row.on_change, over = over, seconds = seconds,
        names = names, names_id = names_id, min = min, max = max,
        keys = keys, op = op, terms = terms, added = own, worst = worst, fault = fault, from = row.from,
        map = row.map,
        values = row_values(where, row.values),
        factor = row_factor(where, "scale", row.scale, 1) * row_factor(where, "sign", row.sign, 1),
        while_negative = row_while_negative(where, row),
        by_pg3 = row.by_pg3, by_script = row.by_script, daily = row_daily(where, row),
        events = row_events(where, row, names, of.events), set = row.set,
    }
end

--- Entries that changed places.
local function check_order(where, row)
    if next(row, next(row)) == nil then
        fail(where, "the row has nothing but its driver.",
            "Write { \"ST\", unit.watt, \"Label\", \"/Path\" }.")
    end
    local has_path = type(row[4]) == "string" and row[4]:sub(1, 1) == "/"
    for place = 2, 3 do
        if type(row[place]) == "string" and row[place]:sub(1, 1) == "/" and not has_path then
            fail(where, ("the path, %s, stands in the %s place."):format(shown(row[place]),
                place == 2 and "second" or "third"), "The order is: driver, unit, label, path, code.")
        end
    end
    local label_first = type(row[2]) == "string" and not units[row[2]] and not name_lists[row[2]]
        and (type(row[3]) == "table" or units[row[3]] ~= nil)
    if label_first then
        fail(where, ("the label, %s, stands before the unit."):format(shown(row[2])),
            "The order is: driver, unit, label, path, code.")
    end
end

--- A row -> a list of drivers (see types.check), one for each id of its first entry. seen: the ids used so
-- far; of = what the row is of: { id = of the node type, kind = nil, "controller" or "gateway", events = what
-- its table declares, written = a function that gives the row's text, "" where
-- it is not known }.
function row_check.row(where, row, seen, of)
    if type(row) ~= "table" then
        fail(where, ("it is %s, not a row."):format(shown(row)),
            "Each row stands in { }: { \"ST\", unit.watt, \"Label\", \"/Path\" }, and what is no row needs a"
            .. " name: icon = \"Sensor\".")
    end
    local ids = form.ids(row[1])
    local here = #ids > 0 and where .. " (" .. row[1] .. ")" or where
    for key in pairs(row) do
        if type(key) == "string" and key:sub(1, 1) == "/" then
            fail(here, ("the path %s stands in [ ]."):format(key), slips.row.path)
        end
    end
    row_check.fields(here, row, ROW_FIELDS, ROW_ENTRIES, slips.row)
    if #ids == 0 then
        fail(where, ("the first entry, %s, is not a driver id."):format(shown(row[1])),
            "Begin the row with \"ST\", \"CV\", \"GV0\" ...")
    end
    check_order(here, row)
    of.entry = row[1]
    local drivers = {}
    for n, id in ipairs(ids) do
        local several = #ids > 1
        local one = several and form.nth(row, id, n) or row
        drivers[n] = one_driver(where, one, seen, of, ids[1], several and n)
    end
    return drivers
end

return row_check
