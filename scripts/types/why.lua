--- Why a driver shows no data, for the author of its script.

local reading = require "types.reading"
local wording = require "types.wording"

local why = {}

local is_path, shown = require("types.form").is_path, wording.shown

--- The key of a row as a sentence has it: paths as they are, codes in quotes.
local function named(key) return is_path(key) and key or shown(key) end

local function keys_of(rows)
    local keys = {}
    for key in pairs(rows) do
        if type(key) == "string" then keys[#keys + 1] = key end
    end
    return keys
end

--- The path that is the same but for case, blanks and signs. Codes are not looked at: S and s are two.
function why.same_path(key, keys)
    return is_path(key) and wording.same(key, keys) or nil
end

--- Whether something of a type, or of its parts, reads what is under a key, or asks for it.
local function reads(type_, key)
    if type_.keys[key] then return true end
    for _, one in ipairs { type_, table.unpack(type_.parts) } do
        local lists = { one.asked or {} }
        for _, driver in ipairs(one.drivers) do
            if driver.worst and reading.is_worst(driver, key) then return true end
            lists[#lists + 1] = driver.asked
        end
        for _, list in ipairs(lists) do
            for _, asked in ipairs(list) do
                if asked == key then return true end
            end
        end
    end
    return false
end

--- What finds the row that was probably meant at work, where VRM need not send all rows: the path that is
-- the same but for case; else the only path near it, or the same code but for case, that nothing of the type
-- reads.
function why.finder(type_)
    local main = type_.main or type_
    return function(key, keys)
        local found = why.same_path(key, keys)
        if found then return found end
        for _, one in ipairs(keys) do
            local near = is_path(key) and is_path(one) and wording.near_path(key, one)
                or not is_path(key) and one:lower() == key:lower()
            if near and not reads(main, one) then
                if found then return nil end
                found = one
            end
        end
        return found
    end
end

--- Why one key gives no number -> sentence, whether that is a slip of the author's; nil if it gives one.
-- asked = { driver, rows, since, find = why.same_path, wording.near or a why.finder, how much like it a key
-- must be to be meant }.
local function of_key(asked, key)
    local row = asked.rows[key]
    if not row then
        local there = asked.find(key, keys_of(asked.rows))
        local text = "there is no row " .. named(key)
        return there and ("%s; there is %s"):format(text, named(there)) or text, there ~= nil
    elseif type(row.value) ~= "number" then
        local is_text = type(row.value) == "string"
        return ("the row %s has %s, no number"):format(named(key), shown(row.value)), is_text
    elseif reading.says_none(row, asked.driver) then
        return ("%s in the row %s stands for \"not available\""):format(row.value, named(key)), false
    elseif asked.since and reading.before(row, asked.since) then
        return ("the row %s is of a day that is over"):format(named(key)), false
    end
    return nil
end

--- The same of a list: what is said of the first, unless another tells a slip. of: of one of it.
local function of_list(asked, list, of)
    local first
    for _, one in ipairs(list) do
        local text, slip = of(asked, one)
        if slip then return text, true end
        first = first or text
    end
    return first, false
end

--- The same of alternatives. What is no part of a sum by itself is only of interest for a slip.
local function of_keys(asked, keys) return of_list(asked, keys, of_key) end

local function of_terms(asked)
    local driver = asked.driver
    local text, slip = of_list(asked, driver.terms, of_keys)
    if slip or driver.op ~= "sum" then return text, slip end
    return of_list(asked, { table.unpack(driver.terms, 1, driver.added) }, of_keys)
end

--- The row that was meant by a key that is none; nil: none is like it.
local function meant_by(key, rows, find)
    local keys, path = keys_of(rows), "/" .. key
    if is_path(key) then return find(key, keys) end
    for _, one in ipairs(keys) do
        if is_path(one) and path:sub(-#one) == one then return one end     -- of "tank/20/Level", too
    end
    return why.same_path(path, keys)
end

--- Where code asks for rows: what has the keys in it, and how one is written there.
local ASKING = { { "(.+)", "[\"'](/[^\"']+)[\"']" }, { "number%s*(%b())", "[\"']([^\"']+)[\"']" },
                 { "%f[%w_]rows%s*(%b[])", "[\"']([^\"']+)[\"']" }, { "%f[%w_]rows%.([%w_]+)", "(.+)" } }

--- The keys that code asks for among the rows of its device, each once; may_be_nil: it speaks of nil, or asks
-- about more than these rows.
function why.asked(code)
    local may_be_nil = code:find("%f[%w_]nil%f[^%w_]") or code:find("%l_of%s*%(")
    local asked, seen = { may_be_nil = may_be_nil ~= nil }, {}
    for line in code:gmatch("[^\n]+") do
        local asks = line:find("[\"'.]") and not line:find("rows_of", 1, true)
        for _, asking in ipairs(asks and ASKING or {}) do
            for list in line:gmatch(asking[1]) do
                for key in list:gmatch(asking[2]) do
                    if not seen[key] then asked[#asked + 1], seen[key] = key, true end
                end
            end
        end
    end
    return asked
end

--- What the function of a driver, or `update` of a type, asks for that is not among the rows while something
-- like it is -> sentence | nil.
function why.misread(of, rows, find)
    local is_asked = {}
    for _, key in ipairs(of.asked or {}) do is_asked[key] = true end
    for _, key in ipairs(of.asked or {}) do
        local there = not rows[key] and meant_by(key, rows, find)
        if there and not is_asked[there] then
            return ("there is no row %s; there is %s"):format(named(key), named(there))
        end
    end
    return nil
end

--- Why there is nothing at the sources of a driver.
local function of_sources(asked)
    local driver, rows = asked.driver, asked.rows
    if not reading.applies(driver, rows) then return "what while_negative names is not below 0", false end
    local text, slip = of_keys(asked, driver.keys)
    if slip then return text, true end
    if driver.from then
        local misread = why.misread(driver, rows, asked.find)
        return misread or "from returned nothing (nil); is a return missing in it?", misread ~= nil
    end
    if driver.op then return of_terms(asked) end
    if not driver.worst then return text, false end
    local small, none = driver.worst:lower(), "there is no row whose path begins with " .. driver.worst
    for _, key in ipairs(keys_of(rows)) do
        if key:lower():sub(1, #small) == small then return ("%s; there is %s"):format(none, key), true end
    end
    return none, false
end

--- What a number may have to do with a comma in the functions of its driver, to end a sentence; "": nothing.
function why.comma(driver)
    local comma = driver.comma
    return comma and ("; if %s in its function is a decimal, write %s"):format(comma, (comma:gsub(",", ".")))
        or ""
end

local function of_result(word, value)
    if type(value) == "table" and value.value ~= nil then
        return word .. " returned a row; its number is row.value, and number(rows, \"/Path\") gives that",
            true
    end
    return ("%s returned %s; a number is shown"):format(word, shown(value)), true
end

local function of_limits(driver, value)
    if driver.names then
        if math.type(value) == "float" and value % 1 ~= 0 then
            return ("%s is no whole number, as states are"):format(value), true
        end
        return ("%s is no state"):format(value), false
    end
    if value ~= value then return "the result is no number (0 / 0)", true end
    local above = value > driver.max
    return ("%s is %s %s%s"):format(shown(value), above and "above max" or "below min",
        shown(above and driver.max or driver.min), why.comma(driver)), true
end

--- Why reading.of gives no value -> sentence without a full stop | nil where nobody knows, whether it is a
-- slip of the author's and no lack of VRM's. Arguments as for reading.of; find: see of_key. Raises what the
-- script raises.
function why.none(driver, rows, site, computed, midnight, find)
    local since = driver.daily and midnight or nil
    local value, row = reading.sourced(driver, rows, site, computed, since)
    if value == nil then
        return of_sources { driver = driver, rows = rows, since = since, find = find }
    end
    if driver.over then                             -- what it comes to is known only with what was before
        return driver.over .. " needs what was before: a sample with steps has that", false
    end
    local word = not row and driver.from and "from"
    if word and type(value) ~= "number" and type(value) ~= "boolean" then return of_result(word, value) end
    value = reading.converted(driver, value, row)
    if driver.map then
        local before = value
        value, word = driver.map(value), "map"
        if value == nil then return ("map returned nothing (nil) for %s"):format(shown(before)), false end
        if type(value) ~= "number" and type(value) ~= "boolean" then return of_result(word, value) end
    end
    if type(value) ~= "number" or reading.believable(driver, value) then return nil end
    return of_limits(driver, value)
end

return why
