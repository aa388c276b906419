--- The samples of a device table: rows, and the values they are to give.

local about = require "types.about"
local form = require "types.form"
local limits = require "types.limits"
local lines = require "check.lines"
local sample_check = require "check.samples"
local shortage = require "tasks.shortage"
local hints = require "check.hints"
local reading = require "types.reading"
local why = require "types.why"
local wording = require "types.wording"

local proof = {}

--- A sample's rows as scripts see them: a value alone is short for a row.
function proof.rows(given)
    local rows = {}
    for key, row in pairs(given) do
        rows[key] = type(row) == "table" and row or { value = row, path = key, code = key }
    end
    return rows
end

--- What scripts are told of a sample when they ask (see types.about). rows: its own; now: its time, nil: when
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

--- A value as messages of samples have it: with the text of a state.
local function value_text(driver, value)
    if type(value) ~= "number" then return value == nil and "no data" or value end
    local name = driver.names and driver.names[value]
    return name and ("%s (%s)"):format(wording.shown(value), name) or wording.shown(value)
end

--- "ST is 79, expected 80".
function proof.differs(driver, value, expected)
    return ("%s is %s, expected %s"):format(driver.id, value_text(driver, value),
        value_text(driver, expected))
end

--- Why a driver has no data -> sentence without a full stop (nil: nobody knows), whether it is a slip. find:
-- as for why.none.
local function reason_of(driver, rows, site, find)
    local ok, reason, slip = pcall(why.none, driver, rows, site, nil, site.midnight, find)
    if not ok then shortage.pass_on(reason) end
    return ok and reason or nil, ok and slip
end

--- "ST is 79, expected 80", and why it is no data.
local function difference(driver, value, expected, rows, site)
    local differs = proof.differs(driver, value, expected)
    local reason = value == nil and reason_of(driver, rows, site, wording.near)
    return differs .. (reason and ": " .. reason or "")
end

--- An error of a script -> where it was, "file:line", nil: nobody knows; what, with what helps.
function proof.located(problem, file, text)
    local told = hints.add(problem, file, text)
    local line = told:sub(1, #file) == file and told:match("^:%d+", #file + 1)
    if not line then return nil, told:sub(1, #file + 2) == file .. ": " and told:sub(#file + 3) or told end
    return file .. line, told:sub(#file + #line + 3)
end

--- What a function raised: where it did, if that is known, and what.
local function raised(driver, problem, file, text, rows)
    local where, told = proof.located(problem, file, text)
    local misread = told:find("nil value", 1, true) and why.misread(driver, rows, wording.near)
    if misread then told = ("%s In the sample %s."):format(told, misread) end
    return where, driver.id .. ": " .. told
end

function proof.no_driver(type_, id, known)
    local ids = {}
    for _, driver in ipairs(type_.drivers) do ids[#ids + 1] = driver.id end
    local meant = wording.same(id, known)
    if sample_check.BESIDE_DRIVERS[id] then
        return id .. " is expected, which only a step can."
            .. " Write steps = { { rows = { ... }, expect = { ... } } }."
    end
    for _, part in ipairs(type_.parts) do
        if id == part.part or type_.name .. " " .. id == part.name then
            return ("%s is expected, which is a part. Write %s = { %s = 5 }."):format(id, part.part,
                part.drivers[1].id)
        end
    end
    return ("%s is expected, but no row has this driver. %s"):format(id, meant
        and ("Did you mean %s?"):format(meant) or "There are: " .. table.concat(ids, ", ") .. ".")
end

local SAMPLES_LATE = ("all samples together ran longer than %d ms"):format(limits.samples_ms)

--- Tries the drivers of one node, see proof.try. expect: what is expected of them.
local function try_node(type_, rows, sample, expect, deadline, text)
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
            local ok, value, name = pcall(reading.of, driver, rows, site, nil, { midnight = site.midnight })
            if not ok then
                shortage.pass_on(value)
                result.where, result.problem = raised(driver, tostring(value), type_.file, text or "", rows)
                if reading.ran_too_long(value) then return { result } end
            else
                result.value, result.text = value, name
                if expected ~= nil and not proof.as_expected(driver, value, expected) then
                    result.problem = difference(driver, value, expected, rows, site)
                elseif value == nil and expected == nil and not deadline then
                    local reason, slip = reason_of(driver, rows, site, why.same_path)
                    result.why = slip and reason or nil
                end
            end
        end
        if expected ~= nil or not (driver.by_script or driver.by_pg3) then results[#results + 1] = result end
    end
    for id, expected in pairs(expect) do
        if not known[id] then
            results[#results + 1] = { expected = expected,
                problem = proof.no_driver(type_, tostring(id), known) }
        end
    end
    return results
end

--- One sample -> list of { driver, part = letter|nil, value, text, expected, problem = sentence|nil, why = a
-- slip for which it has no data|nil, where there is no deadline } in the
-- order of the rows, then of the parts that the sample has rows of; expect = { ST = 1, t = { ST = 2 } }
-- expects of part t too. A driver that the script or PG3 sets is only in it when a value is expected. Of a
-- script that ran too long only that is told, and so when os.clock() passes the deadline (nil: none). text:
-- the script's text, for hints (may be nil). Besides, the rows as scripts see them.
function proof.try(type_, sample, deadline, text)
    local rows = proof.rows(sample.rows)
    about.note(rows, proof.source(type_, sample, rows))
    local results = try_node(type_, rows, sample, sample.expect, deadline, text)
    for _, part in ipairs(type_.parts) do
        local expect = sample.expect[part.part]
        if type(expect) == "table" or reading.has_part(part, rows) then
            local more = try_node(part, rows, sample, type(expect) == "table" and expect or {}, deadline,
                text)
            table.move(more, 1, #more, #results + 1, results)
        end
    end
    return results, rows
end

--- Whether all rows are there whose paths a function asks for.
local function has_rows(asked, rows)
    for _, key in ipairs(asked) do
        if form.is_path(key) and not rows[key] then return false end
    end
    return next(rows) ~= nil
end

--- Notes why drivers have no value whose `from` has its rows in a sample, and which drivers have one. A
-- function that speaks of nil means it.
local function note_silent(results, rows, sample, seen)
    for _, result in ipairs(results) do
        local driver = result.driver
        if driver and result.value ~= nil then
            seen.given[driver] = true
        elseif driver and driver.asked and not result.problem and result.expected ~= "no data" then
            local all_there = has_rows(driver.asked, sample.rows)
            local reason, slip = reason_of(driver, rows, sample.site or {}, all_there and wording.near
                or why.same_path)
            local meant = not all_there or driver.asked.may_be_nil
            seen.silent[driver] = (slip or not meant) and reason or nil
        end
    end
end

--- Runs the samples of a script but for those with steps (tools.steps) -> list of sentences, empty when
-- all hold; the drivers of which no sample has a value though the rows of their `from` are there,
-- { [driver] = why }. `expect = "no data"` stands for nil; a function that raises is a problem, expected or
-- not. prepare(sample): called before each, and after the last without one; nil: there is nothing to do.
-- closely: those drivers are looked for, which takes its time.
function proof.run(type_, script, prepare, closely)
    local problems, deadline = {}, os.clock() + limits.samples_ms / 1000
    local seen = { given = {}, silent = {} }
    for i, sample in ipairs(script.table.samples or {}) do
        local where
        if prepare then prepare(sample) end
        local results, rows = {}, {}
        if not sample.steps then results, rows = proof.try(type_, sample, deadline, script.text) end
        if closely then note_silent(results, rows, sample, seen) end
        for _, result in ipairs(results) do
            if result.problem then
                where = where or lines.at(script, { sample = i })
                local part = result.part and result.part .. ": " or ""
                local told = ("%s: sample %d: %s%s"):format(result.where or where, i, part, result.problem)
                problems[#problems + 1] = told:find("[.?!]$") and told or told .. "."
                if reading.ran_too_long(result.problem) then return problems, {} end
            end
        end
    end
    if prepare then prepare() end
    for driver in pairs(seen.given) do seen.silent[driver] = nil end
    return problems, seen.silent
end

return proof
