--- Checks where the value of a row comes from. A mistake is raised as by check.fields.

local fields = require "check.fields"
local form = require "types.form"
local members = require "check.members"
local values = require "check.values"
local wording = require "types.wording"

local source_check = {}

local fail, is_path, shown = fields.fail, form.is_path, wording.shown

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
local function check_path(place, what, path)
    what = ("%s, %s, "):format(what, shown(path))
    if not is_path(path) then
        fail(place, what .. "does not begin with '/'.", path_meant(path))
    elseif path:gsub("{[^{}]*}", ""):find("[^!-~]") or path:gsub("{[^{}]*}", ""):find("[\\{}$%%*]") then
        local meant = path:gsub("\\", "/"):gsub("%%[ds]", "{n}"):gsub("%*", "{n}"):gsub("[^!-~]", "")
            :gsub("[$%%]", "")
        fail(place, what .. "has a blank, a \\ or a letter that no path has.", meant ~= path
            and ("Did you mean \"%s\"?"):format(meant) or "Several of a kind are {n}, with both braces.")
    elseif path:find("/$") then
        fail(place, what .. "ends with '/'.",
            "Write it in full; worst = \"/Alarms/\" takes all that begin so.")
    elseif path:find("//", 1, true) then
        fail(place, what .. "has two / beside each other.",
            ("Did you mean \"%s\"?"):format((path:gsub("//+", "/"))))
    end
    return path
end

--- A text or a list of texts, each a path or a code -> a list; nil: there is none.
function source_check.list(place, field, value)
    if value == nil then return nil end
    fields.value(place, field, values.TEXTS, value)
    local keys = type(value) == "table" and value or { value }
    for _, key in ipairs(keys) do
        if key:find("[/\\]") then check_path(place, field, key) end
    end
    return keys
end

local function check_code(place, code)
    if type(code) ~= "string" or code == "" or code:find("/", 1, true) then
        fail(place, ("the code (fifth entry), %s, is not one of VRM's."):format(shown(code)),
            type(code) == "number" and "Is it of a number? Its decimals come after a point: 0.1."
                or "Codes look like \"ScV\" or \"#521\"; several paths go into first = { ... }.", nil,
            type(code) == "number")
    end
    return code
end

--- Where a row's value is looked up, in this order: the path and code of its fourth and fifth entry, or the
-- paths and codes of `first`.
function source_check.keys(place, row)
    if row.first ~= nil then
        if row[4] ~= nil or row[5] ~= nil then
            fail(place, "there are a path and first.", "Put all of them into first = { ... }.")
        end
        return form.inputs(source_check.list(place, "first", row.first))
    end
    local keys = {}
    if row[4] ~= nil then keys[1] = check_path(place, "the path (fourth entry)", row[4]) end
    if row[5] ~= nil then keys[#keys + 1] = check_code(place, row[5]) end
    return form.inputs(keys)
end

--- A term -> a list of keys; its `product`: those of the two to multiply where they have no number.
local function term_keys(place, op, term)
    if type(term) == "number" then
        fail(place, ("%s has the number %s."):format(op, shown(term)),
            ("Write scale = %s for a factor, map = function(value) return value + %s end to add."):format(
                shown(term), shown(term)))
    end
    if op ~= "sum" or type(term) ~= "table" or term.product == nil then
        return form.inputs(source_check.list(place, op, term))
    end
    local own = {}
    for key, part in pairs(term) do own[key] = key ~= "product" and part or nil end
    local keys, factors = form.inputs(source_check.list(place, op, own)), {}
    fields.member(place, members.row, "product", term.product)
    for i, factor in ipairs(term.product) do
        factors[i] = term_keys(place, "product", factor)
    end
    keys.product = factors
    return keys
end

local OPERATIONS = { "sum", "product", "quotient" }

--- sum = { "/a", { "/b", "code of b" } } -> "sum", a list of key lists, how many of them are the word's own;
-- nil if the row has no such word. The lists of keys of products in terms come last.
function source_check.terms(place, row)
    for _, op in ipairs(OPERATIONS) do
        if row[op] ~= nil then
            local terms = {}
            for i, term in ipairs(op == "sum" and form.terms(row.sum) or row[op]) do
                terms[i] = term_keys(place, op, term)
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

local COMPUTED = { "sum", "product", "quotient", "worst", "from" }
local SET_ELSEWHERE = { "by_pg3", "by_script" }

--- A value has a path, or is worked out, or both: then it is worked out where the path has no number. of: see
-- rows.row.
function source_check.only_one(place, row, keys, of)
    local given, most = { #keys > 0 and "the path" or nil }, #keys > 0 and 2 or 1
    for _, word in ipairs(COMPUTED) do given[#given + 1] = row[word] ~= nil and word or nil end
    for _, word in ipairs(SET_ELSEWHERE) do
        if row[word] then given[#given + 1], most = word, 1 end
    end
    if row.by_pg3 and of.kind ~= "controller" then
        fail(place, "by_pg3 is for the controller only.", "Remove it.")
    elseif #given > most then
        fail(place, ("there is more than one source: %s."):format(table.concat(given, ", ")),
            "Keep one of them.")
    elseif #given == 0 then
        local name, called = of.written():match("%f[%w_]from%s*=%s*([%w_.]+)%s*(%(?)")
        if called == "(" then
            fail(place, ("from is nil: %s was called there."):format(name), ("Write from = %s."):format(name))
        elseif name and name ~= "nil" then
            fail(place, ("from is nil: there is no %s."):format(name), "Is it misspelt?")
        end
        fail(place, "nothing says where the value comes from.", "Add its path, \"/...\", as the fourth entry,"
            .. " or one of first, sum, product, quotient, worst, from (a function of the rows), or"
            .. " by_script = true for node:set.")
    end
end

return source_check
