--- What a device type does with the rows of a device: which drivers they change, and setting those.

local shortage = require "serve.shortage"
local reading = require "types.reading"

local device = {}

local MOST_PATHS = 2000             -- of which is remembered who reads them; a device has a tenth of that

--- The drivers that show the highest of all paths with a beginning, for one path.
local function add_worst(type_, list, key)
    for _, driver in ipairs(type_.drivers) do
        if driver.worst and key:sub(1, #driver.worst) == driver.worst then list[#list + 1] = driver end
    end
    return list
end

--- Who reads what: { by_key = { [path or code] = list of drivers }, paths = how many of them came later than
-- the table's own, shown = set of the drivers that rows or functions give a value, computed = list of the
-- drivers whose function may read any row, facts = set of those of them that show what the plugin knows and
-- not what a device measured, daily = set of the drivers whose value is of one day }.
local function readers_of(type_)
    if type_.readers then return type_.readers end
    local readers = { by_key = {}, paths = 0, shown = {}, computed = {}, facts = {}, daily = {} }
    for _, driver in ipairs(type_.drivers) do
        for _, list in ipairs { driver.keys, table.unpack(driver.terms or {}) } do
            for _, key in ipairs(list) do
                readers.by_key[key] = readers.by_key[key] or add_worst(type_, {}, key)
                table.insert(readers.by_key[key], driver)
            end
        end
        readers.shown[driver] = not (driver.by_pg3 or driver.by_script) or nil
        if driver.from then table.insert(readers.computed, driver) end
        if driver.from and not driver.zero then readers.facts[driver] = true end
        readers.daily[driver] = driver.daily
    end
    type_.readers = readers
    return readers
end

--- Who reads a path that no row names.
local function others(type_, readers, key)
    local list = add_worst(type_, {}, key)
    if readers.paths < MOST_PATHS then
        readers.by_key[key], readers.paths = list, readers.paths + 1
    end
    return list
end

--- The drivers of a type that other rows under `changed` ({ [path or code] = true }) may change, as a set.
function device.readers(type_, changed)
    local readers, set = readers_of(type_), {}
    for key in pairs(changed) do
        local list = readers.by_key[key] or others(type_, readers, key)
        for i = 1, #list do set[list[i]] = true end
    end
    for _, driver in ipairs(readers.computed) do set[driver] = true end
    return set
end

--- The drivers that show what the plugin knows, not what a device measured, as a set.
function device.facts(type_)
    return readers_of(type_).facts
end

--- The drivers whose value is of one day, as a set.
function device.daily(type_)
    return readers_of(type_).daily
end

--- What the `from` functions of a type give for rows -> { [driver] = { value = any, problem = text|nil } }.
local function compute(type_, rows, site, which)
    local functions, drivers, computed = {}, {}, {}
    for _, driver in ipairs(readers_of(type_).computed) do
        if which[driver] then
            functions[#functions + 1], drivers[#drivers + 1] = driver.from, driver
        end
    end
    if #functions == 0 then return computed end
    local ok, values, problems = pcall(host.call_all, functions, rows, site)
    if not ok then shortage.pass_on(values) end
    for i, driver in ipairs(drivers) do
        computed[driver] = ok and { value = values[i], problem = problems[i] }
            or { problem = tostring(values) }
    end
    return computed
end

--- The value of one driver, see reading.of; before that what is wrong with its function, nil: nothing.
-- first_error: what was wrong with one before it.
local function try_value(driver, rows, site, computed, midnight, first_error)
    if computed and computed.problem then return computed.problem end
    if not driver.map then return nil, reading.of(driver, rows, site, computed, midnight) end
    if reading.ran_too_long(first_error) then return first_error end
    local ok, value, text, row = pcall(reading.of, driver, rows, site, computed, midnight)
    if ok then return nil, value, text, row end
    shortage.pass_on(value)
    return tostring(value)
end

--- What a node remembers of the values it shows, for device.apply: { had = momentary drivers that had a
-- number last, again = drivers to work out again in any case, midnight = when the day of the installation
-- began, nil: not known }.
function device.memory()
    return { had = {}, again = {} }
end

--- Sets drivers of a node from rows; which = a set of them, nil for all. memory: of the node.
-- A momentary one that had a number and has none now keeps it this once: a slip of VRM's must not show as 0.
-- Returns the first error of the script, nil if there is none: a driver whose function fails has no data, the
-- others go on. Raises when the plugin has no memory for it.
function device.apply(type_, address, rows, site, memory, which)
    local first_error
    which = which or readers_of(type_).shown
    local computed = compute(type_, rows, site, which)
    for _, driver in ipairs(type_.drivers) do
        if which[driver] then
            local problem, value, text = try_value(driver, rows, site, computed[driver],
                memory.midnight, first_error)
            first_error = first_error or problem
            local slip = not problem and value == nil and memory.had[driver.id]
            memory.had[driver.id] = driver.zero and value ~= nil or nil
            memory.again[driver] = slip or problem and true or nil
            if not slip then host.set(address, driver.id, value, value == nil and "no data" or text) end
        end
    end
    return first_error
end

return device
