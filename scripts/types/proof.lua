--- The samples of a device table: rows, and the values they are to give.

local about = require "serve.about"
local limits = require "types.limits"
local lines = require "types.lines"
local shortage = require "serve.shortage"
local reading = require "types.reading"

local proof = {}

--- A sample's rows as scripts see them: a value alone is short for a row.
function proof.rows(given)
    local rows = {}
    for key, row in pairs(given) do
        rows[key] = type(row) == "table" and row or { value = row, path = key, code = key }
    end
    return rows
end

--- What scripts are told of a sample when they ask (see serve.about). rows: its own; now: its time, nil: when
-- it begins.
function proof.source(type_, sample, rows, now)
    local match, devices = type_.match, {}
    local device = { service = type(match) == "table" and match.service and match.service[1] or "gateway",
                     instance = 0, product = "", name = type_.name }
    for name, value in pairs(sample.device or {}) do device[name] = value end
    for i, one in ipairs(sample.devices or {}) do
        devices[i] = { rows = proof.rows(one.rows or {}),
                       record = { service = one.service, instance = one.instance or 0,
                                  product = one.product or "", name = one.name or one.service } }
    end
    devices[#devices + 1] = { rows = rows, record = device }
    local begun = about.begin_of(sample.site)
    return { sample = true, site = sample.site or {}, device = device, devices = devices, rows = rows,
             now = now or function() return begun end }
end

--- Whether a driver's value in a sample is the expected one: equal at the places shown.
function proof.as_expected(driver, value, expected)
    local wanted = expected ~= "no data" and expected or nil
    if type(value) ~= "number" or type(wanted) ~= "number" then return value == wanted end
    return math.abs(value - wanted) <= 0.5 * 10 ^ -driver.places + 1e-9
end

local SAMPLES_LATE = ("all samples together ran longer than %d ms"):format(limits.samples_ms)

--- Tries the drivers of one node, see proof.try. expect: what is expected of them.
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
            local site = sample.site or {}
            local ok, value, text = pcall(reading.of, driver, rows, site, nil, { midnight = site.midnight })
            if not ok then
                shortage.pass_on(value)
                result.problem = driver.id .. ": " .. tostring(value)
                if reading.ran_too_long(value) then return { result } end
            else
                result.value, result.text = value, text
                if expected ~= nil and not proof.as_expected(driver, value, expected) then
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
function proof.try(type_, sample, deadline)
    local rows = proof.rows(sample.rows)
    about.note(rows, proof.source(type_, sample, rows))
    local results = try_node(type_, rows, sample, sample.expect, deadline)
    for _, part in ipairs(type_.parts) do
        local expect = sample.expect[part.part]
        if type(expect) == "table" or reading.has_part(part, rows) then
            local more = try_node(part, rows, sample, type(expect) == "table" and expect or {}, deadline)
            table.move(more, 1, #more, #results + 1, results)
        end
    end
    return results
end

--- Runs the samples of a type's table but for those with steps (tools.steps) -> list of sentences, empty when
-- all hold. `expect = "no data"` stands
-- for nil; a function that raises is a problem, expected or not. text: the script's text, for the lines (may
-- be nil). prepare(sample): called before each, and after the last without one; nil: there is nothing to do.
function proof.run(type_, tab, text, prepare)
    local problems, deadline = {}, os.clock() + limits.samples_ms / 1000
    for i, sample in ipairs(tab.samples or {}) do
        local where
        if prepare then prepare(sample) end
        for _, result in ipairs(sample.steps and {} or proof.try(type_, sample, deadline)) do
            if result.problem then
                where = where or lines.at(type_.file, text, tab, { sample = i })
                local part = result.part and result.part .. ": " or ""
                problems[#problems + 1] = ("%s: sample %d: %s%s."):format(where, i, part, result.problem)
                if reading.ran_too_long(result.problem) then return problems end
            end
        end
    end
    if prepare then prepare() end
    return problems
end

return proof
