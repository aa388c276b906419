--- What --rows writes for scripts and programs: lines to paste into a script, a whole script, JSON.

local check = require "check.device"
local generic = require "serve.generic"
local json = require "pg3.json"
local lists = require "types.lists"
local paint = require "tools.paint"
local reading = require "types.reading"

local row_writer = {}

------------------------------------------------------------------------------------------------ JSON

--- A value as JSON, the members of an object in order, each on a line of its own down to `depth` tables.
function row_writer.json(value, depth, indent)
    if type(value) ~= "table" then return json.encode(value) end
    local parts, list = {}, lists.is_list(value)
    depth, indent = depth or 0, indent or ""
    for i, key in ipairs(list and {} or lists.sorted_keys(value)) do
        parts[i] = json.quote(tostring(key)) .. ": " .. row_writer.json(value[key], depth - 1, indent .. "  ")
    end
    for i, member in ipairs(list and value or {}) do
        parts[i] = row_writer.json(member, depth - 1, indent .. "  ")
    end
    local first, last = list and "[" or "{", list and "]" or "}"
    if depth <= 0 or #parts == 0 then return first .. table.concat(parts, ", ") .. last end
    local line = "\n" .. indent .. "  "
    return first .. line .. table.concat(parts, "," .. line) .. "\n" .. indent .. last
end

----------------------------------------------------------------------------------------------- lines

--- The lines of rows that no driver of a type shows, under its free drivers, each with what it is now ->
-- list of lines, how many rows there was no driver for. newest: when the newest of all rows of the device was
-- measured. text_of(row): its value for people.
function row_writer.lines(type_, rows, newest, text_of)
    local drivers, labels = {}, {}
    for _, driver in ipairs(type_ and type_.drivers or {}) do
        drivers[driver.id], labels[driver.label] = true, true
    end
    local lines, theirs = generic.lines(rows, function() return false end, drivers, labels, newest)
    local numbers = 0
    for _, row in ipairs(rows) do
        local fits = type(row.value) == "number" and (row.path or row.code)
        numbers = numbers + (fits and 1 or 0)
    end
    for i, line in ipairs(lines) do
        local unit = theirs[i].unit and " " .. paint.clean(theirs[i].unit) or ""
        lines[i] = ("%s  -- %s%s"):format(line:sub(1, -2), text_of(theirs[i]), unit)
    end
    return lines, numbers - #lines
end

---------------------------------------------------------------------------------------- a whole script

--- A number as an author would write it.
local function number_text(value)
    return math.type(value) == "integer" and tostring(value) or ("%.10g"):format(value)
end

--- The sample of a script: the rows as they are, and what its drivers make of them.
local function sample_of(type_, rows)
    local given, expected, seen = {}, {}, {}
    for i, row in ipairs(rows) do
        local value = number_text(row.value)
        if row.unit then value = ("{ value = %s, unit = %q }"):format(value, row.unit) end
        given[i] = ("[%q] = %s"):format(row.path or row.code, value)
        seen[row.path or row.code] = { value = row.value, unit = row.unit }
    end
    for i, driver in ipairs(type_.drivers) do
        local value = reading.of(driver, seen)
        local text = value and number_text(tonumber(("%%.%df"):format(driver.places):format(value)))
        expected[i] = ("%s = %s"):format(driver.id, text or '"no data"')
    end
    return given, expected
end

--- Texts as the members of a table, as many on a line as fit.
local function members(list, indent)
    local lines, line = {}, ""
    for i, text in ipairs(list) do
        local more = text .. (i < #list and ", " or "")
        if #line > 0 and #indent + #line + #more > 105 then
            lines[#lines + 1], line = line:gsub(" $", ""), ""
        end
        line = line .. more
    end
    lines[#lines + 1] = line
    return table.concat(lines, "\n" .. indent)
end

local WRITTEN = [[
-- %s: the first values that VRM sends of it, as --rows --new wrote them. Change names and units,
-- take rows out, add others; keep the ids of drivers once programs refer to them.
]]

--- A whole script for a service with these rows, that passes --check; nil: none of them is a number. The
-- second result: how many more numbers there are than a node takes.
function row_writer.script(service, rows)
    local text, shown = generic.table_of(service, rows, "MY", false)
    if not text then return nil end
    local tab = assert(load(text .. "}", "=new", "t", { unit = require "types.units" }))()
    local type_, problem = check.device("new", tab)
    if not type_ then error(problem, 0) end
    local given, expected = sample_of(type_, shown)
    local whole = WRITTEN:format(service) .. text .. "\n    samples = {\n        { rows   = { "
        .. members(given, (" "):rep(21)) .. " },\n          expect = { " .. members(expected, (" "):rep(21))
        .. " } },\n    },\n}"
    local numbers = {}
    for _, row in ipairs(rows) do
        local key = type(row.value) == "number" and (row.path or row.code)
        if key then numbers[key] = true end
    end
    return whole, #lists.sorted_keys(numbers) - #shown
end

return row_writer
