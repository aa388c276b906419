--- Checks where the value of a row comes from. A mistake is raised as by field_check.fail.

local alarms = require "types.alarms"
local field_check = require "check.fields"
local form = require "types.form"
local lists = require "types.lists"
local wording = require "types.wording"

local source_check = {}

local fail, is_path, shown = field_check.fail, form.is_path, wording.shown

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

--- what: how the message calls the path.
local function check_path(where, what, path)
    what = ("%s, %s, "):format(what, shown(path))
    if not is_path(path) then
        fail(where, what .. "does not begin with '/'.", path_meant(path))
    elseif path:gsub("{[^{}]*}", ""):find("[^!-~]") or path:gsub("{[^{}]*}", ""):find("[\\{}$%%*]") then
        local meant = path:gsub("\\", "/"):gsub("%%[ds]", "{n}"):gsub("%*", "{n}"):gsub("[^!-~]", "")
            :gsub("[$%%]", "")
        fail(where, what .. "has a blank, a \\ or a letter that no path has.", meant ~= path
            and ("Did you mean \"%s\"?"):format(meant) or "Several of a kind are {n}, with both braces.")
    elseif path:find("/$") then
        fail(where, what .. "ends with '/'.",
            "Write it in full; worst = \"/Alarms/\" takes all that begin so.")
    elseif path:find("//", 1, true) then
        fail(where, what .. "has two / beside each other.",
            ("Did you mean \"%s\"?"):format((path:gsub("//+", "/"))))
    end
    return path
end

--- A text or a list of texts, each a path or a code.
function source_check.list(where, field, value)
    local keys = field_check.texts(where, field, value)
    for _, key in ipairs(keys) do
        if key:find("[/\\]") then check_path(where, field, key) end
    end
    return keys
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
function source_check.keys(where, row)
    if row.first ~= nil then
        if row[4] ~= nil or row[5] ~= nil then
            fail(where, "there are a path and first.", "Put all of them into first = { ... }.")
        end
        return form.inputs(source_check.list(where, "first", row.first))
    end
    local keys = {}
    if row[4] ~= nil then keys[1] = check_path(where, "the path (fourth entry)", row[4]) end
    if row[5] ~= nil then keys[#keys + 1] = check_code(where, row[5]) end
    return form.inputs(keys)
end

--- The words that work a value out from several rows: how they are written, least and most terms.
local OPERATIONS = {
    sum      = { "sum = { \"/Ac/L1/Power\", \"/Ac/L2/Power\" }", 1, math.huge },
    product  = { "product = { \"/Dc/0/Voltage\", \"/Dc/0/Current\" }", 2, 2 },
    quotient = { "quotient = { \"/Yield/Power\", \"/Pv/V\" }", 2, 2 },
}

local function terms_given(where, op, given)
    local rule = OPERATIONS[op]
    if type(given) ~= "table" or not lists.is_list(given) or #given < rule[2] or #given > rule[3] then
        local wanted = rule[3] == 2 and "two." or "terms, without names or nil."
        local is = type(given) ~= "table" and shown(given) or #given > 0 and "a list of " .. #given
            or next(given) and "a table with names" or "{}"
        fail(where, ("%s is %s, not a list of %s"):format(op, is, wanted),
            "Write " .. rule[1] .. "; alternatives of one are a list of their own.")
    end
    return op == "sum" and form.terms(given) or given
end

--- A term -> a list of keys; its `product`: those of the two to multiply where they have no number.
local function term_keys(where, op, term)
    if type(term) == "number" then
        fail(where, ("%s has the number %s."):format(op, shown(term)),
            ("Write scale = %s for a factor, map = function(value) return value + %s end to add."):format(
                shown(term), shown(term)))
    end
    if op ~= "sum" or type(term) ~= "table" or term.product == nil then
        return form.inputs(source_check.list(where, op, term))
    end
    local own = {}
    for key, part in pairs(term) do own[key] = key ~= "product" and part or nil end
    local keys, factors = form.inputs(source_check.list(where, op, own)), {}
    for i, factor in ipairs(terms_given(where, "product", term.product)) do
        factors[i] = term_keys(where, "product", factor)
    end
    keys.product = factors
    return keys
end

--- sum = { "/a", { "/b", "code of b" } } -> "sum", a list of key lists, how many of them are the word's own;
-- nil if the row has no such word. The lists of keys of products in terms come last.
function source_check.terms(where, row)
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
function source_check.worst(where, row)
    local worst = row.worst
    if worst == nil then return nil end
    local fault = is_path(worst) and alarms.fault(worst) or nil
    if not is_path(worst) or not fault and worst:sub(-1) ~= "/" then
        fail(where, "worst, " .. shown(worst) .. ", is not the beginning of paths, nor the path of an alarm.",
            "Write worst = \"/Alarms/\" or worst = \"/Alarms/Overload\".")
    end
    return worst, fault
end

local COMPUTED = { "sum", "product", "quotient", "worst", "from" }
local SET_ELSEWHERE = { "by_pg3", "by_script" }
local OVER_TIME_WORDS = { "day_max", "day_min", "total", "rate", "held_for" }

local function count_of(row, words)
    local count = 0
    for _, word in ipairs(words) do count = count + (row[word] ~= nil and 1 or 0) end
    return count
end

local function instead_of_function(field, value)
    if is_path(value) then
        return "A path is the fourth entry of the row, without a name."
    elseif field == "map" and type(value) == "table" then
        return "Write values = { [240] = 0 } for numbers that stand for others."
    elseif type(value) == "string" then
        return ("A function stands without quotes: %s = function(%s) return ... end, or the name of one.")
            :format(field, field == "from" and "rows" or "value")
    end
    local written = field == "from" and "from = function(rows) return number(rows, \"/Path\") end"
        or "map = function(value) return value + 10 end"
    local scaled = field == "map" and type(value) == "number"
    return ("It is a function: %s, or the name of one, without ().%s"):format(written,
        scaled and (" To multiply, write scale = %s."):format(shown(value)) or "")
end

--- A value has a path, or is worked out, or both: then it is worked out where the path has no number.
-- kind: of the table; written: a function that gives the row's text.
function source_check.only_one(where, row, keys, kind, written)
    local computed, elsewhere = count_of(row, COMPUTED), count_of(row, SET_ELSEWHERE)
    if row.by_pg3 and kind ~= "controller" then
        fail(where, "by_pg3 is for the controller only.", "Remove it.")
    end
    field_check.flag(where, "by_script", row.by_script)
    if #keys + computed + elsewhere == 0 then
        for _, word in ipairs(OVER_TIME_WORDS) do
            if is_path(row[word]) then
                fail(where, ("%s is %s."):format(word, shown(row[word])),
                    "A path is the fourth entry of the row, without a name; the word goes beside it.")
            end
        end
        local name = written():match("%f[%w_]from%s*=%s*([%w_.]+)")
        if name and name ~= "nil" then
            fail(where, ("from is nil: there is no %s."):format(name), "Is it misspelt?")
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
function source_check.values(where, values)
    if values == nil then return nil end
    if type(values) ~= "table" or next(values) == nil then
        fail(where, ("values is %s."):format(type(values) == "table" and "an empty table" or shown(values)),
            "Write values = { [240] = 0 }: 0 stands for 240.")
    end
    for _, from in ipairs(lists.sorted_keys(values)) do
        local to = values[from]
        if type(from) == "string" and type(to) == "table" then
            source_check.values(where, to)
        elseif type(from) ~= "number" or type(to) ~= "number" or to ~= to then
            local key = type(from) == "string" and '["%s"]' or "[%s]"
            fail(where, ("values has %s = %s."):format(key:format(tostring(from)), shown(to)),
                "It has numbers for numbers: values = { [240] = 0 }; texts are in a list of states.")
        end
    end
    return values
end

return source_check
