--- What a device type does with rows: match, read values, judge freshness, prove its samples.

local read = require "lib.vrm_read"
local shortage = require "lib.shortage"
local source = require "lib.source"

local device = {}

------------------------------------------------------------------------------------------- matching

--- Whether a text is one of a list of words in small letters.
local function listed(text, words)
    local small = text:lower()
    for _, word in ipairs(words) do
        if small == word then return true end
    end
    return false
end

--- Whether one of the words is somewhere in a text.
local function contains(text, words)
    local small = text:lower()
    for _, word in ipairs(words) do
        if small:find(word, 1, true) then return true end
    end
    return false
end

--- How well a type fits what was found; nil = not at all, a higher number = closer.
-- found = { service, instance, product = name|"", type = VRM's device type name|"" }
function device.rank(type_, found)
    local match = type_.match
    if type_.kind then return nil end
    if type(match) == "function" then
        local rank = match(found)
        if rank == nil or rank == false then return nil end
        if type(rank) ~= "number" or rank ~= rank or math.abs(rank) == math.huge then
            error("match returned " .. tostring(rank) .. ": return a number (higher is closer), or nil", 0)
        end
        return rank
    end
    if not listed(found.service, match.service) then return nil end
    if match.type and not listed(found.type or "", match.type) then return nil end
    if match.product and not contains(found.product or "", match.product) then return nil end
    return 1 + (match.type and 1 or 0) + (match.product and 2 or 0)
end

--- The best fitting type of a list -> type | nil, problem text | nil, { [type] = error text } | nil.
-- Of several that fit equally well the first is taken, and the text says so. A match function that raises
-- does not fit. Raises when the plugin has no memory for it.
function device.pick(types, found)
    local best, best_rank, problem, errors
    for _, type_ in ipairs(types) do
        local ok, rank = pcall(device.rank, type_, found)
        if not ok then
            shortage.pass_on(rank)
            errors = errors or {}
            errors[type_] = tostring(rank)
        elseif rank and (not best or rank > best_rank) then
            best, best_rank, problem = type_, rank, nil
        elseif rank and rank == best_rank then
            problem = ("%s and %s fit %s %s equally well; the first is used. Make one match closer.")
                :format(best.file, type_.file, found.service, found.instance)
        end
    end
    return best, problem, errors
end

--------------------------------------------------------------------------------------------- values

--- The first of the alternatives that has a number.
local function find_row(rows, keys)
    for i = 1, #keys do                     -- ipairs is slower, and nothing is called as often
        local row = rows[keys[i]]
        if row and type(row.value) == "number" then return row end
    end
    return nil
end

local function in_unit(driver, row)
    local factor = driver.unit.vrm and row.unit and driver.unit.vrm[row.unit]
    return factor and factor ~= 1 and row.value * factor or row.value
end

--- The row of each term that has a number -> list (with holes), how many, the newest timestamp.
local function term_values(driver, rows)
    local values, count, newest = {}, 0, nil
    for i, keys in ipairs(driver.terms) do
        local row = find_row(rows, keys)
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
local function work_out(driver, rows)
    local values, count, newest = term_values(driver, rows)
    if driver.op ~= "sum" and count < #driver.terms then return nil end
    return OPERATIONS[driver.op](values, driver.terms), { timestamp = newest }
end

--- The highest number of all rows whose paths begin so.
local function worst(driver, rows)
    local highest
    for key, row in pairs(rows) do
        if type(row.value) == "number" and key:sub(1, #driver.worst) == driver.worst then
            highest = math.max(highest or row.value, row.value)
        end
    end
    return highest
end

--- A value as it may be shown: a finite number inside the limits, a whole one for lists; else nil.
local function believable(driver, value)
    if value == true or value == false then value = value and 1 or 0 end
    if type(value) ~= "number" or value ~= value then return nil end
    if driver.names then return math.tointeger(value) end
    if value < driver.min or value > driver.max then return nil end
    return value
end

--- What the words values, scale and sign make of a number.
local function converted(driver, value)
    if type(value) ~= "number" then return value end
    if driver.values and driver.values[value] then value = driver.values[value] end
    return driver.factor ~= 1 and value * driver.factor or value
end

--- What its function makes of rows; raises what that raises.
local function call_from(driver, rows, site)
    local values, problems = host.call_all({ driver.from }, rows, site)
    if problems[1] then error(problems[1], 0) end
    return values[1]
end

--- The value of one driver -> value | nil, text | nil, row it came from | nil. Raises what the script raises.
-- computed: what its `from` gave already, nil = call it now.
function device.value(driver, rows, site, computed)
    local row = find_row(rows, driver.keys)
    local value = row and in_unit(driver, row)
    if value == nil then
        if driver.terms then
            value, row = work_out(driver, rows)
        elseif driver.worst then
            value = worst(driver, rows)
        elseif driver.from then
            if computed then value = computed.value else value = call_from(driver, rows, site) end
        end
    end
    local as_sent = value
    value = converted(driver, value)
    if driver.map and value ~= nil then value = driver.map(value) end
    value = believable(driver, value)
    local text
    if value and driver.names and not driver.names[value] then
        text = row and value == as_sent and (read.names(row) or {})[value] or "code " .. value
    end
    return value, text, row
end

--- Whether VRM sends a part: a number under one of the keys of its `when`, else under any of its rows'.
function device.has_part(part, rows)
    if part.when then return find_row(rows, part.when) ~= nil end
    for key in pairs(part.keys) do
        if rows[key] and type(rows[key].value) == "number" then return true end
    end
    return false
end

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
-- not what a device measured }.
local function readers_of(type_)
    if type_.readers then return type_.readers end
    local readers = { by_key = {}, paths = 0, shown = {}, computed = {}, facts = {} }
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

--- The keys of rows that a device's type and its parts show as momentary numbers.
local function measured_keys(main)
    local keys = {}
    for _, type_ in ipairs { main, table.unpack(main.parts) } do
        for _, driver in ipairs(type_.drivers) do
            for _, list in ipairs { driver.keys, table.unpack(driver.terms or {}) } do
                if driver.zero and not driver.names then table.move(list, 1, #list, #keys + 1, keys) end
            end
        end
    end
    return keys
end

local REPEATED_SECONDS = 3600

--- The keys of measurements that VRM only repeats, as a set.
local function repeated_keys(home, most)
    local type_, rows, newest, oldest, repeated = home.type, home.rows, 0, math.huge, {}
    type_.measured = type_.measured or measured_keys(type_)
    for _, key in ipairs(type_.measured) do
        local timestamp = rows[key] and rows[key].timestamp
        if timestamp then newest, oldest = math.max(newest, timestamp), math.min(oldest, timestamp) end
    end
    for _, key in ipairs(oldest < newest - most and type_.measured or {}) do
        if rows[key] and (rows[key].timestamp or newest) < newest - most then repeated[key] = true end
    end
    home.oldest = oldest
    return repeated
end

--- The rows of a home (lib.store) without measurements that VRM only repeats, of a generator that is gone,
-- say: far older than the newest measurement of the same device. States, alarms and counters may be logged
-- only when they change: they stay however old they are. What comes and goes by that has changed, too.
function device.living(home, interval)
    local _, offline_after = device.limits(interval)
    local most = math.max(offline_after, REPEATED_SECONDS)
    local before = home.repeated or {}
    -- Stamps only grow, so nothing can be too old yet if nothing was when they were looked at.
    local looked = home.oldest and next(before) == nil and (home.newest or 0) - home.oldest <= most
    if looked then return home.rows end
    local repeated = repeated_keys(home, most)
    for key in pairs(before) do home.changed[key] = home.changed[key] or not repeated[key] or nil end
    for key in pairs(repeated) do home.changed[key] = home.changed[key] or not before[key] or nil end
    home.repeated = repeated
    if next(repeated) == nil then return home.rows end
    local living = {}
    for key, row in pairs(home.rows) do living[key] = not repeated[key] and row or nil end
    return living
end

--- Whether an error says that a script ran too long: its other functions are not tried after that.
local function out_of_budget(problem)
    return tostring(problem):find("ran longer than", 1, true) ~= nil
end

--- The value of one driver, see device.value; before that what is wrong with its function, nil: nothing.
-- first_error: what was wrong with one before it.
local function try_value(driver, rows, site, computed, first_error)
    if computed and computed.problem then return computed.problem end
    if not driver.map then return nil, device.value(driver, rows, site, computed) end
    if out_of_budget(first_error) then return first_error end
    local ok, value, text, row = pcall(device.value, driver, rows, site, computed)
    if ok then return nil, value, text, row end
    shortage.pass_on(value)
    return tostring(value)
end

--- What a node remembers of the values it shows, for device.apply: { had = momentary drivers that had a
-- number last, again = drivers to work out again in any case, stamps = [driver] = timestamp of its momentary
-- row }.
function device.memory()
    return { had = {}, again = {}, stamps = {} }
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
            local problem, value, text, row = try_value(driver, rows, site, computed[driver], first_error)
            first_error = first_error or problem
            local slip = not problem and value == nil and memory.had[driver.id]
            memory.had[driver.id] = driver.zero and value ~= nil or nil
            memory.again[driver] = slip or problem and true or nil
            memory.stamps[driver] = value and row and driver.zero and row.timestamp or nil
            if not slip then host.set(address, driver.id, value, value == nil and "no data" or text) end
        end
    end
    return first_error
end

--- The newest timestamp of the momentary rows that a node shows; nil if there is none.
function device.newest(memory)
    local newest
    for _, timestamp in pairs(memory.stamps) do newest = math.max(newest or 0, timestamp) end
    return newest
end

------------------------------------------------------------------------------------------ freshness

device.NO_DATA, device.FRESH, device.STALE, device.OFFLINE = 0, 1, 2, 3

--- Seconds after which data of a gateway that logs every `interval` seconds is stale, and offline.
-- Two intervals and the time VRM takes; ten intervals and ten minutes.
function device.limits(interval)
    return 2 * interval + 120, 10 * interval + 600
end

--- Data state (GV30) of data measured at `newest` (nil = never) at the time `now`, and the seconds until it
-- is another if no newer data comes (nil: it stays).
function device.judge(newest, now, interval)
    if not newest then return device.NO_DATA end
    local stale, offline = device.limits(interval)
    local age = now - newest
    if age > offline then return device.OFFLINE end
    if age > stale then return device.STALE, offline - age end
    return device.FRESH, stale - age
end

-------------------------------------------------------------------------------------------- samples

local function sample_rows(sample)
    local rows = {}
    for key, row in pairs(sample.rows) do
        rows[key] = type(row) == "table" and row or { value = row, path = key, code = key }
    end
    return rows
end

--- Whether a driver's value in a sample is the expected one: equal at the places shown.
local function as_expected(driver, value, expected)
    local wanted = expected ~= "no data" and expected or nil
    if type(value) ~= "number" or type(wanted) ~= "number" then return value == wanted end
    return math.abs(value - wanted) <= 0.5 * 10 ^ -driver.places + 1e-9
end

local SAMPLES_SECONDS = 0.5         -- of processor time, for all samples of a script
local SAMPLES_LATE = ("all samples together ran longer than %d ms"):format(SAMPLES_SECONDS * 1000)

--- Tries the drivers of one node, see device.try_sample. expect: what is expected of them.
local function try_node(type_, rows, sample, expect, deadline)
    local results, known = {}, {}
    for _, part in ipairs(type_.parts) do known[part.part] = type(expect[part.part]) == "table" end
    for _, driver in ipairs(type_.drivers) do
        if deadline and os.clock() > deadline then return { { problem = SAMPLES_LATE } } end
        local expected = expect[driver.id]
        local result = { driver = driver, expected = expected, part = type_.part }
        known[driver.id] = true
        if driver.by_script or driver.by_pg3 then
            result.problem = driver.id .. " is not set from rows, so a sample cannot expect it"
        else
            local ok, value, text = pcall(device.value, driver, rows, sample.site or {})
            if not ok then
                shortage.pass_on(value)
                result.problem = driver.id .. ": " .. tostring(value)
                if out_of_budget(value) then return { result } end
            else
                result.value, result.text = value, text
                if expected ~= nil and not as_expected(driver, value, expected) then
                    result.problem = ("%s is %s, expected %s"):format(driver.id,
                        value == nil and "no data" or tostring(value), tostring(expected))
                end
            end
        end
        if expected ~= nil or not (driver.by_script or driver.by_pg3) then results[#results + 1] = result end
    end
    for id, expected in pairs(expect) do
        if not known[id] then
            results[#results + 1] = { expected = expected,
                problem = tostring(id) .. " is expected, but no row has this driver" }
        end
    end
    return results
end

--- One sample -> list of { driver, part = letter|nil, value, text, expected, problem = sentence|nil } in the
-- order of the rows, then of the parts that the sample has rows of; expect = { ST = 1, t = { ST = 2 } }
-- expects of part t too. A driver that the script or PG3 sets is only in it when a value is expected. Of a
-- script that ran too long only that is told, and so when os.clock() passes the deadline (nil: none).
function device.try_sample(type_, sample, deadline)
    local rows = sample_rows(sample)
    local results = try_node(type_, rows, sample, sample.expect, deadline)
    for _, part in ipairs(type_.parts) do
        local expect = sample.expect[part.part]
        if type(expect) == "table" or device.has_part(part, rows) then
            local more = try_node(part, rows, sample, type(expect) == "table" and expect or {}, deadline)
            table.move(more, 1, #more, #results + 1, results)
        end
    end
    return results
end

--- Runs a type's samples -> list of sentences, empty when all hold. `expect = "no data"` stands for nil; a
-- function that raises is a problem, expected or not. text: the script's text, for the lines (may be nil).
function device.run_samples(type_, text)
    local problems, deadline = {}, os.clock() + SAMPLES_SECONDS
    for i, sample in ipairs(type_.table.samples or {}) do
        local where
        for _, result in ipairs(device.try_sample(type_, sample, deadline)) do
            if result.problem then
                where = where or source.at(type_.file, text, type_.table, { sample = i })
                local part = result.part and result.part .. ": " or ""
                problems[#problems + 1] = ("%s: sample %d: %s%s."):format(where, i, part, result.problem)
                if out_of_budget(result.problem) then return problems end
            end
        end
    end
    return problems
end

return device
