--- What a device type does with the rows of a device: which drivers they change, and setting those.

local belief = require "model.belief"
local reading = require "types.reading"
local shortage = require "tasks.shortage"
local sums = require "model.sums"
local why = require "types.why"

local device = {}

local MOST_PATHS = 2000             -- of which is remembered who reads them; a device has a tenth of that

--- The drivers that show the highest of all paths with a beginning, for one path.
local function add_worst(type_, list, key)
    for _, driver in ipairs(type_.drivers) do
        if driver.worst and reading.is_worst(driver, key) then list[#list + 1] = driver end
    end
    return list
end

--- Notes that a driver reads what is under keys.
local function add_reader(type_, by_key, keys, driver)
    for _, key in ipairs(keys) do
        by_key[key] = by_key[key] or add_worst(type_, {}, key)
        table.insert(by_key[key], driver)
    end
end

--- Stands for a script's `update` among the drivers that wait for their turn (model.pace).
device.UPDATE = { id = "update", unit = {}, from = true }

--- Who reads what: { by_key = { [path or code] = list of drivers }, paths = how many of them came later than
-- the table's own, shown = set of the drivers that rows or functions give a value, computed = list of the
-- drivers whose function may read any row, always = list of those and of the ones whose words look at time,
-- over = there are such words, facts = set of the computed that show what the plugin knows and not what a
-- device measured, daily = set of the drivers whose value is of one day, by_script = how many the script sets
-- by itself }.
function device.readers_of(type_)
    if type_.readers then return type_.readers end
    local readers = { by_key = {}, paths = 0, shown = {}, computed = {}, always = {}, facts = {},
                      daily = {}, by_script = 0 }
    for _, driver in ipairs(type_.drivers) do
        for _, keys in ipairs { driver.keys, driver.while_negative or {}, driver.asks or {},
                                table.unpack(driver.terms or {}) } do
            add_reader(type_, readers.by_key, keys, driver)
            if keys.inputs then add_reader(type_, readers.by_key, reading.ACTIVE_INPUT, driver) end
            local phases = driver.op == "sum" and keys[1] and reading.phases_of(keys[1])
            if phases then add_reader(type_, readers.by_key, { phases }, driver) end
        end
        readers.shown[driver] = not (driver.by_pg3 or driver.by_script) or nil
        if driver.from then table.insert(readers.computed, driver) end
        if driver.from or driver.over then table.insert(readers.always, driver) end
        readers.over = readers.over or driver.over ~= nil
        if driver.from and not driver.zero then readers.facts[driver] = true end
        readers.daily[driver] = driver.daily
        if driver.by_script then readers.by_script = readers.by_script + 1 end
    end
    type_.readers = readers
    return readers
end
local readers_of = device.readers_of

--- Who reads a path that no row names.
local function others(type_, readers, key)
    local list = add_worst(type_, {}, key)
    if readers.paths < MOST_PATHS then
        readers.by_key[key], readers.paths = list, readers.paths + 1
    end
    return list
end

--- The drivers of a type that read rows under `changed` ({ [path or code] = true }), as a set.
function device.direct_readers(type_, changed)
    local readers, set = readers_of(type_), {}
    for key in pairs(changed) do
        local list = readers.by_key[key] or others(type_, readers, key)
        for i = 1, #list do set[list[i]] = true end
    end
    return set
end

--- Those that such rows may change: also all whose function may read any row, or whose word looks at time.
function device.readers(type_, changed)
    local set = device.direct_readers(type_, changed)
    for _, driver in ipairs(readers_of(type_).always) do set[driver] = true end
    return set
end

--- Those of them that any row may change, as a list; with device.UPDATE if the type has an `update`.
function device.followers(type_)
    local list = table.move(readers_of(type_).always, 1, #readers_of(type_).always, 1, {})
    if type_.update then list[#list + 1] = device.UPDATE end
    return list
end

--- The drivers that a function of rows gives a value, as a set.
function device.computed(type_)
    local set = {}
    for _, driver in ipairs(readers_of(type_).computed) do set[driver] = true end
    return set
end

--- Whether any row may be read by a function of a type.
function device.reads_any(type_)
    return type_.update ~= nil or #readers_of(type_).computed > 0
end

--- What the `from` functions of a type give for rows -> { [driver] = { value = any, problem = text|nil } },
-- { problem, excess } of what took too much (host.excess): the other functions are not called after it.
local function compute(type_, rows, site, which)
    local functions, drivers, computed = {}, {}, {}
    for _, driver in ipairs(readers_of(type_).computed) do
        if which[driver] and reading.needs_function(driver, rows) then
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
    local last = ok and problems[#functions]
    local excess = last and host.excess(functions[1])
    return computed, excess and { problem = last, excess = excess } or nil
end

--- What reading.of gives for one driver with a function of its own for its number; before that what is wrong
-- with that, nil: nothing.
local function try_value(driver, rows, site, computed, memory)
    local ok, value, text, unknown, measured_at = pcall(reading.of, driver, rows, site, computed, memory)
    if ok then return nil, value, text, unknown, measured_at end
    shortage.pass_on(value)
    return tostring(value)
end

local MOST_LOOKS = 3                -- how often is looked for the reason why a driver has no data

--- Looks for a slip of a script's author (type_.explains), and tells of it, once. what: a driver, or
-- "update"; told: where it is; find() -> what is wrong, whether that is a slip.
local function explain(type_, what, rows, told, find)
    local looks = type_.looks or {}
    type_.looks, looks[what] = looks, (looks[what] or 0) + 1
    if looks[what] > MOST_LOOKS or next(rows) == nil then return end
    local ok, reason, slip = pcall(find)
    if not ok then return shortage.pass_on(reason) end
    if not (reason and slip) then return end
    looks[what] = MOST_LOOKS
    host.log("warning", ("Device script %s: %s: %s."):format(type_.file, told, reason))
end

local MOST_UNKNOWN = 50             -- states told of one type

--- A state that neither the list nor VRM has a text for is told once.
local function tell_unknown(type_, driver, address, text)
    local told = type_.unknown or { count = 0 }
    local key = driver.id .. " " .. text
    type_.unknown = told
    if told[key] or told.count >= MOST_UNKNOWN then return end
    told[key], told.count = true, told.count + 1
    host.log("info", ("%s %s (%s) shows %s: neither the plugin nor VRM has a text for that. Please report it."
        ):format(address, driver.id, driver.label, text))
end

--- What a node remembers of the values it shows, here and in model.belief; nil of what there is none.
-- { again = drivers to work out again in any case, with true or the time of a charge that is doubtful,
--   seen = what sums were made of so far, see reading.of; sum, sums = what model.sums knows of that,
--   told = how many values PG3 was to be told so far,
--   midnight = when the day of the installation began, VRM's time, shift = see model.freshness,
--   was_old = what it shows was old or lost until now,
--   and by driver id:
--   counts, counted_at = the values of counters, and their times,
--   doubts = { since when, by host.steady, what a meter says is not believed, and what that is },
--   day_before = the values of the day before, until the device begins another,
--   reported = the values of those that report events }
-- Where words look at time (types.over_time) also
-- { newest = when the newest of its rows was measured, VRM's time, longest = seconds after which the next
--   one is late, over = what they keep }.
function device.memory(over)
    return { seen = {}, told = 0, over = over }
end

--- Sets one driver of a node from rows -> what is wrong with its function, nil: nothing. The others as for
-- device.apply; computed: its own of compute; ended: what is wrong with one that took too much, see there.
local function apply_one(type_, driver, address, rows, site, computed, memory, holds, ended)
    local problem = computed and computed.problem or driver.map and ended
    local value, text, unknown, measured_at, stays
    if not problem and driver.map then
        problem, value, text, unknown, measured_at =
            try_value(driver, rows, site, computed, memory)
    elseif not problem then
        value, text, unknown, measured_at = reading.of(driver, rows, site, computed, memory)
    end
    value, stays = belief.of(driver, value, problem, measured_at, rows, address, memory)
    if value == nil and not problem and type_.explains then
        local told = ("%s (%s) of %s shows no data"):format(driver.id, driver.label, address)
        explain(type_, driver, rows, told, function()
            return why.none(driver, rows, site, computed, reading.since(memory), why.finder(type_))
        end)
    end
    if unknown then tell_unknown(type_, driver, address, text) end
    if driver.op == "sum" then sums.note(driver, value, memory) end
    if stays then return problem end
    if driver.events then
        memory.reported = memory.reported or {}
        memory.reported[driver.id] = value
    end
    if not (holds and holds(driver, value)) and host.set(address, driver.id, value, text) then
        memory.told = memory.told + 1
    end
    return problem
end

--- Sets drivers of a node from rows; which = a set of them, nil for all. memory: of the node. holds(driver,
-- value): whether one stays as it is; nil: none does.
-- Returns the first error of the script, nil if there is none, and what it took too much of (host.excess): a
-- driver whose function fails has no data, the others go on. Raises when the plugin has no memory for it.
function device.apply(type_, address, rows, site, memory, which, holds)
    local first_error
    which = which or readers_of(type_).shown
    local computed, over = compute(type_, rows, site, which)
    if type_.explains and type_.asked then
        explain(type_, "update", rows, "update at " .. address, function()
            return why.misread(type_, rows, why.finder(type_)), true
        end)
    end
    for _, driver in ipairs(type_.drivers) do
        if which[driver] then
            local problem = apply_one(type_, driver, address, rows, site, computed[driver], memory, holds,
                over and over.problem)
            first_error = first_error or problem
            local excess = problem and not over and driver.map and host.excess(driver.map)
            over = over or excess and { problem = problem, excess = excess }
        end
    end
    return first_error, over and over.excess
end

return device
