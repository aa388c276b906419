--- Who wants something written: a command of PG3's, or a device script with node:write. Both only reach what
-- a row declares with the word `set` (check.set).

local check = require "check.device"
local codes = require "types.codes"
local nodes = require "model.nodes"
local scripts = require "serve.scripts"
local timed = require "control.timed"
local writes = require "control.writes"

local requests = {}

--- Writes the value that a driver is to show; minutes: for a time, nil: for good -> result, sentence.
local function write(node, driver, value, minutes)
    if minutes then return timed.run(node, driver, value, minutes) end
    local job, problem = writes.job(node, driver, value)
    if not job then return writes.RESULT.NOT_ALLOWED, problem end
    local result, text = writes.run(job)
    if result == writes.RESULT.DONE and not job.joined then timed.forget(job) end
    return result, text
end

--- A command of a row -> whether it was done, what became of it in a sentence. values: of commands.validate.
-- Waits.
function requests.command(address, command, values)
    local minutes = command.timed and values.MINUTES or nil
    local value = command.timed and values.VALUE or values.value
    local result, text = write(nodes.all[address], command.driver, value, minutes)
    return result == writes.RESULT.DONE, text
end

local function has_path(driver, path)
    if driver.set.path then return driver.set.path == path end
    for _, key in ipairs(driver.keys) do
        if key == path then return true end
    end
    return false
end

--- The driver of a type or its parts that declares a path; nil: none does.
local function declared(type_, path)
    for _, one in ipairs(check.types(type_)) do
        for _, driver in ipairs(one.drivers) do
            if driver.set and has_path(driver, path) then return driver end
        end
    end
    return nil
end

--- Why a row does not take a number for so many minutes; nil: it does.
local function refusal(driver, value, minutes)
    local set = driver.set
    if set.value ~= nil and value ~= set.value then
        return ("it takes %s only"):format(set.value)
    elseif set.choices and not set.choices[math.tointeger(value)] then
        return ("%s is none of its choices"):format(value)
    elseif set.min and not (value >= set.min and value <= set.max) then     -- nor 0 / 0
        return ("%s is outside of %s to %s"):format(value, set.min, set.max)
    elseif minutes and not set.timed then
        return "its row does not say timed"
    elseif not minutes and set.timed == "only" then
        return "its row says timed = \"only\": name the minutes"
    elseif minutes and not (minutes >= 0 and minutes <= 1440) then
        return "the minutes are outside of 0 to 1440"
    end
    return nil
end

--- What node:write asks for, by the table of a type (nil: there is none any more) -> the driver, value in the
-- unit of the row, minutes | nil, sentence.
function requests.asked(type_, path, value, minutes)
    value, minutes = tonumber(value), minutes and tonumber(minutes)     -- Lua takes "5" for a number, too
    local driver = type_ and declared(type_, path)
    if not driver then
        return nil, ("%s: no row of its table with this path has the word set"):format(path)
    end
    if driver.names then value = codes.shown(value) end
    local why = refusal(driver, value, minutes)
    if why then return nil, ("%s: %s"):format(path, why) end
    return driver, value, minutes
end

--- node:write of a script -> true | nil, sentence. Waits.
function requests.for_script(address, path, value, minutes)
    local node = nodes.all[address]
    local type_ = node and scripts.current(node.type)
    local driver, its, time = requests.asked(type_, path, value, minutes)
    if not driver then return nil, its end
    local result, text = write(node, driver, its, time)
    if result == writes.RESULT.DONE then return true end
    return nil, text
end

return requests
