--- The samples of a device table: rows, and the values they are to give.

local about = require "types.about"
local form = require "types.form"
local limits = require "types.limits"
local lines = require "check.lines"
local lists = require "types.lists"
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

--- A value as messages of samples have it: with the text of a state.
local function value_text(driver, value)
    if type(value) ~= "number" then return value == nil and "no data" or value end
    local name = driver.names and driver.names[value]
    return name and ("%s (%s)"):format(wording.shown(value), name) or wording.shown(value)
end

--- "ST is 79, expected 80"; nil: the value is the expected one, equal at the places shown.
function proof.difference(driver, value, expected)
    local wanted = expected ~= "no data" and expected or nil
    local both = type(value) == "number" and type(wanted) == "number"
    if value == wanted or both and math.abs(value - wanted) <= 0.5 * 10 ^ -driver.places + 1e-9 then
        return nil
    end
    return ("%s is %s, expected %s"):format(driver.id, value_text(driver, value),
        value_text(driver, expected))
end

local function no_driver(type_, id)
    local ids = {}
    for i, driver in ipairs(type_.drivers) do ids[i] = driver.id end
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
    local meant = wording.same(id, ids)
    return ("%s is expected, but no row has this driver. %s"):format(id, meant
        and ("Did you mean %s?"):format(meant) or "There are: " .. table.concat(ids, ", ") .. ".")
end

--- Adds to the results of a node what is expected of what is neither a driver nor a part. beside: a set of
-- what else may be expected.
function proof.add_unknown(results, type_, expect, beside)
    local parts = {}
    for _, part in ipairs(type_.parts) do parts[part.part] = type(expect[part.part]) == "table" end
    for _, id in ipairs(lists.sorted_keys(expect)) do
        if not (parts[id] or beside[id] or lists.with_id(type_.drivers, id)) then
            results[#results + 1] = { what = id, value = "", part = type_.part,
                                      problem = no_driver(type_, id) }
        end
    end
end

--- An error of a script -> where it was, "file:line", nil: nobody knows; what, with what helps.
function proof.located(problem, file, text)
    local told = hints.add(problem, file, text)
    local line = told:sub(1, #file) == file and told:match("^:%d+", #file + 1)
    if not line then return nil, told:sub(1, #file + 2) == file .. ": " and told:sub(#file + 3) or told end
    return file .. line, told:sub(#file + #line + 3)
end

--- A sentence of what is wrong with a sample: at: "file:line"; what: which one it is; result: of it.
function proof.sentence(at, what, result, problem)
    local told = ("%s: %s: %s%s"):format(at, what, result.part and result.part .. ": " or "", problem)
    return told:find("[.?!]$") and told or told .. "."
end

local TOO_LATE = { { late = true, problem = ("all samples together ran longer than %d ms"):format(
    limits.samples_ms) } }

--- Why a driver has no data in a trial -> sentence without a full stop (nil: nobody knows), whether it is a
-- slip. find: as for why.none.
local function reason_of(driver, trial, find)
    local site = trial.sample.site or {}
    local ok, reason, slip = pcall(why.none, driver, trial.rows, site, nil, site.midnight, find)
    if not ok then shortage.pass_on(reason) end
    return ok and reason or nil, ok and slip
end

--- Notes what a driver gives in a trial, and what is wrong with it.
local function try_driver(result, driver, trial)
    local site = trial.sample.site or {}
    local ok, value, name = pcall(reading.of, driver, trial.rows, site, nil, { midnight = site.midnight })
    if not ok then
        shortage.pass_on(value)
        local where, told = proof.located(tostring(value), trial.file, trial.text)
        local misread = told:find("nil value", 1, true) and why.misread(driver, trial.rows, wording.near)
        told = misread and ("%s In the sample %s."):format(told, misread) or told
        result.where, result.problem = where, driver.id .. ": " .. told
        result.late = host.excess(driver.map or driver.from) ~= nil
        return
    end
    result.value, result.text = value, name
    if result.expected ~= nil then
        result.problem = proof.difference(driver, value, result.expected)
        local reason = result.problem and value == nil and reason_of(driver, trial, wording.near)
        if reason then
            result.problem = result.problem .. ": " .. reason
        elseif result.problem then
            result.problem = result.problem .. why.comma(driver)
        end
    elseif value == nil and not trial.deadline then
        local reason, slip = reason_of(driver, trial, why.same_path)
        result.why = slip and reason or nil
    end
end

--- Tries the drivers of one node, see proof.try. expect: what is expected of them.
local function try_node(type_, trial, expect)
    local results = {}
    for _, driver in ipairs(type_.drivers) do
        if trial.deadline and os.clock() > trial.deadline then return TOO_LATE end
        local result = { driver = driver, expected = expect[driver.id], part = type_.part }
        local of_rows = not (driver.by_script or driver.by_pg3)
        if of_rows then
            try_driver(result, driver, trial)
        else
            result.problem = driver.id .. " is not set from rows, so a sample cannot expect it"
        end
        if result.late then return { result } end
        if of_rows or result.expected ~= nil then results[#results + 1] = result end
    end
    proof.add_unknown(results, type_, expect, {})
    return results
end

--- One sample -> list of { driver, part = letter|nil, value, text, expected, problem = sentence|nil, late =
-- it took too long, why = a slip for which it has no data|nil, where there is no deadline }, in the order of
-- the rows, then of the parts that the sample has rows of; expect = { ST = 1, t = { ST = 2 } } expects of
-- part t too. A driver that the script or PG3 sets is only in it when a value is expected. Of a script that
-- ran too long only that is told, and so when os.clock() passes the deadline (nil: none). text: of the
-- script, for hints (may be nil). Besides, the trial: { sample, rows as scripts see them }.
function proof.try(type_, sample, deadline, text)
    local rows = proof.rows(sample.rows)
    local trial = { sample = sample, rows = rows, deadline = deadline, file = type_.file, text = text or "" }
    about.note(rows, proof.source(type_, sample, rows))
    local results = try_node(type_, trial, sample.expect)
    for _, part in ipairs(type_.parts) do
        local expect = sample.expect[part.part]
        if type(expect) == "table" or reading.has_part(part, rows) then
            local more = try_node(part, trial, type(expect) == "table" and expect or {})
            table.move(more, 1, #more, #results + 1, results)
        end
    end
    return results, trial
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
local function note_silent(results, trial, seen)
    for _, result in ipairs(results) do
        local driver = result.driver
        if driver and result.value ~= nil then
            seen.given[driver] = true
        elseif driver and driver.asked and not result.problem and result.expected ~= "no data" then
            local all_there = has_rows(driver.asked, trial.sample.rows)
            local reason, slip = reason_of(driver, trial, all_there and wording.near or why.same_path)
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
        local place, results, trial = lines.place { sample = i }, {}, nil
        if prepare then prepare(sample) end
        if not sample.steps then results, trial = proof.try(type_, sample, deadline, script.text) end
        if closely then note_silent(results, trial, seen) end
        for _, result in ipairs(results) do
            if result.problem then
                problems[#problems + 1] = proof.sentence(result.where or lines.at(script, place), place.name,
                    result, result.problem)
            end
            if result.late then return problems, {} end
        end
    end
    if prepare then prepare() end
    for driver in pairs(seen.given) do seen.silent[driver] = nil end
    return problems, seen.silent
end

return proof
