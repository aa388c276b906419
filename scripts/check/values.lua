--- What a value in a device table may be: rules. A rule is { what = how such a value is called,
-- is = function(value, name) -> whether it is one; else, where that says more than `what` and an example:
-- what it is, what to write }.

local is_path = require("types.form").is_path
local limits = require "types.limits"
local lists = require "types.lists"
local wording = require "types.wording"

local values = {}

local shown = wording.shown

local PATH = "A path is the fourth entry of the row, without a name"
values.BESIDE_PATH = PATH .. "; the word goes beside it."
local LARGEST, LONGEST_ID = 1e12, 16

local function rule(what, is) return { what = what, is = is } end

values.rule = rule

function values.is_number(value) return type(value) == "number" and value == value end     -- nor 0 / 0
local is_number = values.is_number

local function is_text(value) return type(value) == "string" and value ~= "" end

--- Whether something is a path that can be read and written.
function values.is_path(value) return type(value) == "string" and value:find("^/[^%s\\]*[^%s\\/]$") ~= nil end

--- Whether something is an id: up to 16 capitals, digits and _.
function values.is_id(id)
    return type(id) == "string" and #id <= LONGEST_ID and id:find("^[A-Z][A-Z0-9_]*$") ~= nil
end

--- What was written as such an id, else `example`.
function values.as_id(written, example)
    local id = type(written) == "string" and written:upper():gsub("[^%u%d_]", ""):gsub("^[%d_]+", "") or ""
    return id ~= "" and id:sub(1, LONGEST_ID) or example
end

--- A number for which `fits` holds, too. for_path: what to write where there is a path, may be nil.
function values.number(what, fits, for_path)
    return rule(what, function(value, name)
        local written = type(value) == "string" and tonumber((value:gsub(",", ".")))
        if written then return false, nil, ("Write %s = %s, without quotes."):format(name, written) end
        if not is_number(value) then return false, nil, is_path(value) and for_path or nil end
        if math.abs(value) > LARGEST then
            return false, "is too large", "The ISY shows numbers up to 1e12."
        end
        return not fits or fits(value)
    end)
end

--- A text on one line, of at most `longest` characters.
function values.text(longest)
    return rule(("a text of 1 to %d characters"):format(longest), function(value)
        if type(value) ~= "string" then return false, nil, "Write it in quotes." end
        local length = utf8.len(value)
        if not length then return false, "has letters that are not UTF-8", "Save the file as UTF-8." end
        if not value:find("%S") then return false, "is empty" end
        if length > longest then
            return false, ("is %s, which has %d characters"):format(shown(value), length),
                ("It may have %d."):format(longest)
        end
        return not value:find("%c"), ("is %s, which is on several lines, or has a tab"):format(shown(value)),
            "Write it on one line."
    end)
end

function values.id(example)
    return rule("an id of up to 16 capitals and digits", function(value)
        return values.is_id(value), nil, ("Write id = \"%s\"."):format(values.as_id(value, example))
    end)
end

--- One of the words of a set. what: how they are called, nil: by themselves.
function values.one_of(words, what)
    local all = what and ("There are: %s."):format(wording.listed(words)) or nil
    what = what or '"' .. wording.listed(words):gsub(", ", '" or "') .. '"'
    return rule(what, function(value)
        if words[value] then return true end
        return false, nil, wording.did_you_mean(value, words, "\"%s\"", all)
    end)
end

--- A table; is(key, value): whether both may be in it -> else also what it has; what: both of them.
function values.entries(what, is)
    return rule("a table of " .. what, function(value)
        if type(value) ~= "table" or next(value) == nil then return false end
        for _, key in ipairs(lists.sorted_keys(value)) do
            local good, has = is(key, value[key])
            if not good then
                return false, has or ("has [%s] = %s; it is a table of %s"):format(shown(key),
                    shown(value[key]), what)
            end
        end
        return true
    end)
end

--- Whether a list has no holes, which a variable that is nil leaves -> also what it has else.
function values.whole(list)
    local last = 0
    for key in pairs(list) do last = math.type(key) == "integer" and math.max(last, key) or last end
    for i = 1, last do
        if list[i] == nil then
            return false, ("has nil as number %d of %d"):format(i, last),
                "Write it, or remove the comma before it."
        end
    end
    return true
end

--- A list. one: what has to be in it, "term"; is: whether something is that; shows: names that it has and no
-- list, may be nil.
function values.list(one, is, shows)
    return rule(("a list of %ss"):format(one), function(value)
        if type(value) ~= "table" then return false end
        for _, name in ipairs(lists.words(shows or "")) do
            if value[name] ~= nil then return false, ("is one %s, not a list of them"):format(one) end
        end
        local whole, has, fix = values.whole(value)
        if not whole then return false, has, fix end
        for _, key in ipairs(lists.sorted_keys(value)) do
            if math.type(key) ~= "integer" then
                return false, ("has the field '%s', and is a list"):format(tostring(key))
            elseif not is(value[key]) then
                return false, ("has %s as number %d, not a %s"):format(shown(value[key]), key, one)
            end
        end
        return shows ~= nil or #value > 0
    end)
end

local function is_function(value, name)
    if type(value) == "function" then return true end
    local named = type(value) == "string" and value:match("^([%a_][%w_.]*)[()]*$")
    if named then
        return false, nil, ("Write %s = %s, without quotes and (): the name of a function."):format(name,
            named)
    elseif is_path(value) then
        return false, nil, PATH .. "."
    elseif name == "map" and type(value) == "table" then
        return false, nil, "Write values = { [240] = 0 } for numbers that stand for others."
    elseif name == "map" and type(value) == "number" then
        return false, nil, ("Write map = function(value) return value + 10 end; to multiply, scale = %s.")
            :format(shown(value))
    end
    return false
end

values.TRUE = rule("true", function(value, name)
    return value == true, nil, is_path(value) and values.BESIDE_PATH
        or ("Write %s = true, or remove it."):format(name)
end)
values.ANY = rule("a value", function() return true end)
values.BOOLEAN = rule("true or false", function(value, name)
    return type(value) == "boolean", nil, ("Write %s = true or %s = false."):format(name, name)
end)
function values.is_table(value) return type(value) == "table" end
values.TABLE = rule("a table", values.is_table)
values.FUNCTION = rule("a function", is_function)
values.NUMBER = values.number("a number")
values.ABOVE_0 = values.number("a number above 0", function(value) return value > 0 end)
values.PLACES = values.number("the number of decimals shown, 0 to 4", function(value)
    return math.type(value) == "integer" and value >= 0 and value <= 4
end)
values.NAME = values.text(limits.name)
values.TEXT = rule("a text", is_text)
local list_of_texts = values.list("text", is_text)
values.TEXTS = rule("a text or a list of texts", function(value)
    if is_text(value) then return true end
    return list_of_texts.is(value)
end)
values.PATH = rule("a path", values.is_path)
values.NUMBERS = values.entries("numbers for numbers", function(key, value)
    return is_number(key) and is_number(value)
end)
values.NUMBERS_BY = values.entries("tables of numbers for numbers", function(key, value)
    if not is_number(key) then return false end
    return values.NUMBERS.is(value)
end)

return values
