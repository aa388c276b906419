--- The value of a driver: from rows, by the words and functions of its row in the table.

local alarms = require "types.alarms"
local codes = require "types.codes"
local name_lists = require "types.names"
local read = require "sources.read"

local reading = {}

--- Whether a row was measured before a time. One without a timestamp was not, as far as anybody knows.
function reading.before(row, time)
    return row.timestamp ~= nil and row.timestamp < time
end

local ALARM_LISTS = { [name_lists.alarm] = true, [name_lists.grid_alarm] = true }

--- Whether a row's number says that there is none (see types.alarms and types.codes), also where VRM names no
-- unit, or one that sources.read does not know.
local function says_none(row, driver)
    if ALARM_LISTS[driver.names] and not (driver.values or driver.map) then
        return alarms.level(row.value) == nil
    end
    return driver.unit.measured and codes.is(row.value)
end

--- The first of the alternatives that has a number. since: rows measured before that do not count, nil: all.
local function find_row(rows, keys, driver, since)
    for i = 1, #keys do                     -- ipairs is slower, and nothing is called as often
        local row = rows[keys[i]]
        if row and type(row.value) == "number" and not says_none(row, driver)
            and not (since and reading.before(row, since)) then
            return row
        end
    end
    return nil
end

local function in_unit(driver, row)
    local factor = driver.unit.vrm and row.unit and driver.unit.vrm[row.unit]
    return factor and factor ~= 1 and row.value * factor or row.value
end

--- The row of each term that has a number -> list (with holes), how many, the newest timestamp.
local function term_values(driver, rows, since)
    local values, count, newest = {}, 0, nil
    for i, keys in ipairs(driver.terms) do
        local row = find_row(rows, keys, driver, since)
        if row then
            values[i], count = in_unit(driver, row), count + 1
            if row.timestamp and row.timestamp > (newest or 0) then newest = row.timestamp end
        end
    end
    return values, count, newest
end

local OPERATIONS = {
    sum = function(values, terms)
        local total
        for i = 1, #terms do
            if values[i] then total = (total or 0) + values[i] end
        end
        return total
    end,
    product = function(values) return values[1] * values[2] end,
    quotient = function(values)
        if values[2] ~= 0 then return values[1] / values[2] end
        return values[1] == 0 and 0 or nil            -- at night no power comes at no voltage
    end,
}

--- A sum of what is there; a product or quotient of both or none.
local function work_out(driver, rows, since)
    local values, count, newest = term_values(driver, rows, since)
    if driver.op ~= "sum" and count < #driver.terms then return nil end
    return OPERATIONS[driver.op](values, driver.terms), { timestamp = newest }
end

--- Whether a row with this key counts for a driver that shows the worst of many.
function reading.is_worst(driver, key)
    local path = alarms.path(key)
    if driver.fault then return alarms.fault(path) == driver.fault end
    return path:sub(1, #driver.worst) == driver.worst and not alarms.is_setting(path)
end

--- A number as a state of a driver's list; nil for what is none.
local function state(driver, value)
    if ALARM_LISTS[driver.names] then return alarms.level(value) end
    local whole = math.tointeger(value)
    if whole and not driver.names[whole] and (whole < 0 or codes.NO_STATE[whole]) then return nil end
    return whole
end

--- The highest number of all rows whose paths begin so, or tell the same fault.
local function worst(driver, rows)
    local highest
    for key, row in pairs(rows) do
        local value = type(row.value) == "number" and reading.is_worst(driver, key) and row.value or nil
        if value and driver.names then value = state(driver, value) end
        if value then highest = math.max(highest or value, value) end
    end
    return highest
end

--- A value as it may be shown: a finite number inside the limits, a whole one for lists; else nil.
local function believable(driver, value)
    if value == true or value == false then value = value and 1 or 0 end
    if type(value) ~= "number" or value ~= value then return nil end
    if driver.names then return state(driver, value) end
    if value < driver.min or value > driver.max then return nil end
    return value
end

--- Which numbers stand for others: those for the row's service, if there are such.
local function values_of(driver, row)
    local of_service = row and row.service and driver.values[row.service]
    return of_service or driver.values
end

--- What the words values, scale and sign make of a number of a row (nil: it was worked out).
local function converted(driver, value, row)
    if type(value) ~= "number" then return value end
    if driver.values then value = values_of(driver, row)[value] or value end
    return driver.factor ~= 1 and value * driver.factor or value
end

--- What its function makes of rows; raises what that raises.
local function call_from(driver, rows, site)
    local values, problems = host.call_all({ driver.from }, rows, site)
    if problems[1] then error(problems[1], 0) end
    return values[1]
end

--- The value of one driver -> value | nil, text | nil, row it came from | nil. Raises what the script raises.
-- computed: what its `from` gave already, nil = call it now. midnight: when the day began there; rows of
-- another day give a daily driver nothing (nil: the day is not known, all do).
function reading.of(driver, rows, site, computed, midnight)
    local since = driver.daily and midnight or nil
    local row = find_row(rows, driver.keys, driver, since)
    local value = row and in_unit(driver, row)
    if value == nil then
        if driver.terms then
            value, row = work_out(driver, rows, since)
        elseif driver.worst then
            value = worst(driver, rows)
        elseif driver.from then
            if computed then value = computed.value else value = call_from(driver, rows, site) end
        end
    end
    local as_sent = value
    value = converted(driver, value, row)
    if driver.map and value ~= nil then value = driver.map(value) end
    value = believable(driver, value)
    local text
    if value and driver.names and not driver.names[value] then
        text = row and value == as_sent and (read.names(row) or {})[value] or "code " .. value
    end
    return value, text, row
end

local ANY_NUMBER = { unit = {} }         -- a driver that takes every number

--- Whether VRM sends a part: a number under one of the keys of its `when`, else under any of its rows'.
function reading.has_part(part, rows)
    if part.when then return find_row(rows, part.when, ANY_NUMBER) ~= nil end
    for key in pairs(part.keys) do
        if rows[key] and type(rows[key].value) == "number" then return true end
    end
    return false
end

--- Whether an error says that a script ran too long: its other functions are not tried after that.
function reading.ran_too_long(problem)
    return tostring(problem):find("ran longer than", 1, true) ~= nil
end

return reading
