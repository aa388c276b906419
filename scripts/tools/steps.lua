--- Samples with steps, for --check: a script at work, on a clock that leaps. Rows come, time passes, commands
-- are given; start, update, commands and timers run as in the plugin, and after each step the values, events,
-- notices and node.state are what the step expects.
--
--   { steps = {
--       { rows = { ["/Count"] = 9 },                     expect = { ALARM = 0 } },
--       { after = 600, rows = { ["/Count"] = 10 },       expect = { ALARM = 1, events = { "FULL" } } },
--       { command = "SETLIMIT", args = { value = 20 },   expect = { ALARM = 0, notices = {} } } } }

local about = require "types.about"
local check = require "check.device"
local commands = require "types.commands"
local device = require "model.device"
local diagnostics = require "types.diagnostics"
local events = require "model.events"
local freshness = require "model.freshness"
local lists = require "types.lists"
local notices = require "pg3.notices"
local proof = require "check.proof"
local reading = require "types.reading"
local requests = require "control.requests"
local sample_check = require "check.samples"
local script_api = require "serve.script_api"
local settings = require "pg3.settings"
local vrm = require "sources.vrm"

local steps = {}

local SETTLED_SECONDS = 0.001       -- the clock leaps only when nothing else is left to do

local run                           -- the sample that runs: see begin

------------------------------------------------------------------------------------------- one sample

local last = 0                      -- number of the last sample: each has nodes of its own

local DAY = 86400

--- The sample's time. Its days begin at midnight UTC.
local function now()
    return math.floor(about.begin_of(run.sample.site) + host.steady() - run.began + 0.5)
end

--- Lets everything run that is due now, until it waits.
local function settle() host.sleep(SETTLED_SECONDS) end

--- A node of the sample, in service.
local function add(type_, letter)
    local address = "sample" .. last .. (letter or "")
    type_.slot = { serving = { type = type_ } }
    host.declare(check.declaration(type_))
    assert(host.add { address = address, type = type_.id, name = type_.name, primary = "sample" .. last })
    run.nodes[letter or ""] = { address = address, name = type_.name, type = type_, state = freshness.FRESH,
                                memory = device.memory() }
end

--- Starts a sample of a script, loaded for it alone.
local function begin(script, sample)
    last = last + 1
    run = { sample = sample, began = host.steady(), id = script.id, nodes = {}, rows = {}, stamped = {},
            events = {}, notices = {}, problems = {} }
    run.source = proof.source(script.type, sample, run.rows, now)
    about.note(run.rows, run.source)
    settings.try(script.type, script.id, sample.settings)
    add(script.type)
    local start = script.type.start
    if start then host.start_script(start, run.nodes[""].address) end
    settle()
end

--- What VRM sends: the rows so far, those of the step with new values, all measured now unless they say
-- otherwise.
local function send(rows)
    for key, row in pairs(proof.rows(rows)) do
        run.rows[key] = diagnostics.flat(row)
        run.stamped[key] = row.timestamp ~= nil
    end
    for key, row in pairs(run.rows) do row.timestamp = run.stamped[key] and row.timestamp or now() end
end

--- Shows the rows as the plugin does: drivers, parts that are there now, events, then update.
local function show()
    local type_ = run.nodes[""].type
    for _, part in ipairs(type_.parts) do
        if not run.nodes[part.part] and reading.has_part(part, run.rows) then add(part, part.part) end
    end
    local list = { run.nodes[""] }
    for _, part in ipairs(type_.parts) do list[#list + 1] = run.nodes[part.part] end
    for _, node in ipairs(list) do
        node.memory.midnight, node.memory.newest = now() // DAY * DAY, now()
        local problem = device.apply(node.type, node.address, run.rows, run.sample.site or {}, node.memory)
        if problem then table.insert(run.problems, problem) end
        events.look(node)
    end
    if type_.update then host.start_script(type_.update, run.nodes[""].address, nil, run.rows) end
    settle()
end

local function command(step)
    local node = run.nodes[""]
    local found = commands.find(node.type, step.command)
    local values = sample_check.values(found, step)
    host.start_script(found.run, node.address, commands.given(node.type, values))
    settle()
end

------------------------------------------------------------------------------------- what is expected

--- A value as an author would write it.
local function written(value)
    if type(value) == "string" then return ("%q"):format(value) end
    if type(value) ~= "table" then return tostring(value) end
    local parts = {}
    for _, key in ipairs(lists.sorted_keys(value)) do
        local name = type(key) == "string" and key .. " = " or ""
        parts[#parts + 1] = name .. written(value[key])
    end
    return #parts > 0 and "{ " .. table.concat(parts, ", ") .. " }" or "{}"
end

--- Compares something that is no driver's value -> result, see steps.run.
local function compare(what, value, expected)
    local fits = lists.same(value, expected)
    return { what = what, value = written(value), expected = written(expected),
             problem = not fits and ("%s is %s, expected %s"):format(what, written(value), written(expected))
                 or nil }
end

--- Compares the drivers of a node of a type. node: nil, nothing has come of the part; beside: what can be
-- expected besides.
local function compare_node(results, type_, node, expect, beside)
    for _, driver in ipairs(type_.drivers) do
        local expected = expect[driver.id]
        if expected ~= nil then
            local value = node and host.get(node.address, driver.id)
            local differs = proof.difference(driver, value, expected)
            results[#results + 1] = { driver = driver, part = type_.part, value = value, expected = expected,
                problem = differs and (node and differs or differs .. ": no row of this part has come") }
        end
    end
    proof.add_unknown(results, type_, expect, beside)
end

--- Adds to the results what a step expects and what is.
local function judge(results, expect)
    local main = run.nodes[""]
    compare_node(results, main.type, main, expect, sample_check.BESIDE_DRIVERS)
    for _, part in ipairs(main.type.parts) do
        local its = expect[part.part]
        if type(its) == "table" then compare_node(results, part, run.nodes[part.part], its, {}) end
    end
    if expect.events then table.insert(results, compare("events", run.events, expect.events)) end
    if expect.notices then table.insert(results, compare("notices", run.notices, expect.notices)) end
    local its = expect.state and host.script_state(run.id)[main.address] or {}
    for _, name in ipairs(lists.sorted_keys(expect.state or {})) do
        local expected = expect.state[name]
        if expected == "no data" then expected = nil end
        table.insert(results, compare("state." .. tostring(name), its[name], expected))
    end
end

local function take(step)
    run.events, run.problems = {}, {}
    if step.after then host.sleep(step.after) end
    settle()
    if step.rows then
        send(step.rows)
        show()
    end
    if step.command then command(step) end
    local results = {}                              -- errors first: values that are missing come of them
    for i, problem in ipairs(run.problems) do results[i] = { problem = problem } end
    judge(results, step.expect or {})
    return results
end

------------------------------------------------------------------------------------ in PG3's place

--- What a script does beside its values comes here.
local function listen()
    host.event = function(address, event)
        table.insert(run.events, event)
        return address ~= nil
    end
    about.node_at = function(_) return run.source end
    function notices.of_script(key, text)
        local beginning = run.nodes[""].address .. "_"
        if key:sub(1, #beginning) == beginning then run.notices[key:sub(#beginning + 1)] = text end
    end
    function script_api.type_at(address)
        for _, node in pairs(run.nodes) do
            if node.address == address then return node.type end
        end
    end
    host.on("script_error", function(_, text) table.insert(run.problems, text) end)
    host.on("script_write", function(id, _, path, value, minutes)       -- nothing is written
        local driver, why = requests.asked(run.nodes[""].type, path, value, minutes)
        host.answer(id, driver and true or nil, not driver and why or nil)
    end)
    host.on("script_get", function(id, _, path, query)
        local answer, misuse = (run.sample.vrm or {})[path], vrm.misuse(path, query)
        if misuse then table.insert(run.problems, misuse) end
        host.answer(id, answer, misuse or answer == nil and "the sample has no answer of VRM's to " .. path
            or nil)
    end)
end

--- Runs a sample with steps. load() -> the script, loaded for it alone (see check.file).
-- Returns list of { number, text = "step 2 (after 600 s)", results = list of { driver, part, value, expected,
-- problem } as of proof.try, or { what, value, expected, problem } with texts }.
function steps.run(sample, load)
    local script, list = load(), {}
    listen()
    host.stand(true)
    begin(script, sample)
    local at_start = run.problems
    for i, step in ipairs(sample.steps) do
        local said = step.after and (" (after %s s)"):format(step.after) or ""
        local results = take(step)
        for _, problem in ipairs(i == 1 and at_start or {}) do
            table.insert(results, 1, { problem = problem })
        end
        list[i] = { number = i, text = "step " .. i .. said, results = results }
    end
    host.stand(false)
    host.close_script(script.id)
    return list
end

return steps
