--- Samples with steps, as victron-host --check runs them: rows, time, commands; values, events, notices,
-- state.

local tools = require "spec.support.tools"

local PUMP = [[
local function show(node)
    local count, limit = node.state.count, node.state.limit or 3
    node:set("GV1", count)
    if count and count >= limit then
        node:event("FULL")
        node:notice("full", "It is **full**")
    else
        node:notice("full")
    end
end

return {
    api = 2, id = "MYPUMP", name = "Pump", match = { service = "pump" },
    events = { FULL = "Full", DON = "On", DOF = "Off" },
    { "ST", "off_on", "State", "/State", events = { [0] = "DOF", [1] = "DON" } },
    { "GV1", unit.counter, "Count", by_script = true },
    { "ALARM", "alarm", "Alarm", "/Alarm" }, { "GV2", unit.raw, "L", "/Level", set = { min = 0, max = 10 } },
    parts = { { part = "t", id = "MYPUMPT", name = "top", { "GV2", unit.volt, "Top", "/Top" } } },

    start = function(node)
        timer.every(60, function() node.state.minutes = (node.state.minutes or 0) + 1 end)
    end,
    update = function(node, rows)
        sleep(5)
        node.state.count = number(rows, "/Count")
        show(node)
    end,
    commands = {
        SETLIMIT = { run = function(node, args) node.state.limit = args.value show(node) end,
                     params = { { id = "", label = "Limit", kind = unit.counter, min = 1, max = 10 } } },
        BREAK = function() error("oops") end,
        ASK = function(node) node.state.answer = (vrm.get("/stats") or {}).total or "none" end,
        SAY = function(node) print("said", 1, nil) end,
    },
    samples = {
        { vrm = { ["/stats"] = { total = 7 } }, steps = {
            STEPS
        } },
    },
}
]]

--- What --check prints of the script with these steps, and its exit code.
local function check(steps, options)
    local text = PUMP:gsub("STEPS", function() return steps end)
    if options and options.instead then text = text:gsub('print%("said", 1, nil%)', options.instead) end
    return tools.with_files({ ["pump.lua"] = text }, function(folder)
        options = options or {}
        options.args = { folder .. "/pump.lua" }
        local printed, code, world = tools.run("check", options)
        return (printed:gsub(folder:gsub("%p", "%%%0") .. "/", "")), code, world
    end)
end

local function has(text, part)
    assert.truthy(text:find(part, 1, true), part .. "\nis not in\n" .. text)
end

describe("a sample with steps", function()
    it("runs update, timers and commands on a clock that leaps", function()
        local printed, code = check [[
            { rows = { ["/State"] = 0, ["/Count"] = 1 }, expect = { ST = 0, GV1 = "no data", events = {} } },
            { after = 5, expect = { GV1 = 1, notices = {}, events = {} } },
            { after = 3600, expect = { state = { minutes = 60, count = 1, limit = "no data" } } },
            { rows = { ["/Count"] = 3 }, expect = { ST = 0, GV1 = 1 } },
            { after = 10, expect = { GV1 = 3, events = { "FULL" }, notices = { full = "It is **full**" } } },
            { command = "SETLIMIT", args = { value = 5 }, expect = { notices = {}, state = { limit = 5 } } },
            { command = "ASK", expect = { state = { answer = 7 } } },]]
        assert.equal(0, code, printed)
        has(printed, "sample 1, step 3 (after 3600 s)")
        has(printed, "state.minutes  60")
    end)

    -- Fault: A script wrote what no row of its table declares, or a number outside of its row's limits: in
    -- --check that was done, and the plugin refuses it.
    -- Expected: Both give the same answer.
    it("refuses a write that the plugin refuses", function()
        local steps = '{ command = "SAY", expect = { state = { done = %s, why = "%s" } } },'
        local try = "local done, why = node:write(%s) node.state.done, node.state.why = done, why or 'none'"
        for arguments, expected in pairs {
            ['"/Level", 5'] = { "true", "none" },
            ['"/Level", 11'] = { '"no data"', "/Level: 11 is outside of 0 to 10" },
            ['"/Level", 5, 30'] = { '"no data"', "/Level: its row does not say timed" },
            ['"/State", 1'] = { '"no data"', "/State: no row of its table with this path has the word set" },
        } do
            local printed, code = check(steps:format(table.unpack(expected)),
                { instead = try:format(arguments) })
            assert.equal(0, code, printed)
        end
    end)

    -- Fault: A command got the numbers of a step as they stood there; from the ISY they are rounded.
    -- Expected: It gets what it would get from the ISY.
    it("gives a command what the ISY would give it", function()
        local printed, code = check [[
            { command = "SETLIMIT", args = { value = 5.2 }, expect = { state = { limit = 5 } } },]]
        assert.equal(0, code, printed)
    end)

    it("reports the events of rows, and shows parts that are there", function()
        local printed, code = check [[
            { rows = { ["/State"] = 0 }, expect = { events = {}, t = { GV2 = "no data" } } },
            { rows = { ["/State"] = 1, ["/Alarm"] = 2, ["/Top"] = 12 },
              expect = { events = { "DON", "ALARM" }, t = { GV2 = 12 } } },
            { rows = { ["/Alarm"] = 0 }, expect = { events = { "OVER" }, ST = 1 } },]]
        assert.equal(0, code, printed)
    end)

    it("has the script anew for each sample", function()
        local printed, code = check [[
            { rows = { ["/Count"] = 3 } }, { after = 5, expect = { state = { count = 3 } } },
        } }, { steps = {
            { expect = { state = { count = "no data" }, notices = {} } },]]
        assert.equal(0, code, printed)
    end)

    it("prints what the script prints", function()
        local _, code, world = check [[{ command = "SAY" },]]
        assert.equal(0, code)
        has(world:logged("info")[1], "pump.lua: said 1 nil")
    end)

    local WRONG = {
        { '{ rows = { ["/State"] = 1 }, expect = { ST = 0 } }', "step 1: ST is 1 (On), expected 0 (Off)." },
        { '{ rows = { ["/State"] = 1 }, expect = { events = {} } }',
          'step 1: events is { "DON" }, expected {}.' },
        { '{ expect = { notices = { full = "x" } } }', 'step 1: notices is {}, expected { full = "x" }.' },
        { '{ after = 60, expect = { state = { minutes = 2 } } }',
          "step 1 (after 60 s): state.minutes is 1, expected 2." },
        { '{ expect = { GV7 = 1 } }', "step 1: GV7 is expected, but no row has this driver. There are: ST," },
        { '{ expect = { st = 1 } }', "st is expected, but no row has this driver. Did you mean ST?" },
        { '{ expect = { t = { GV7 = 1 } } }', "t: GV7 is expected, but no row has this driver. There are:" },
        { '{ expect = { t = 5 } }', "step 1: t is expected, which is a part. Write t = { GV2 = 5 }." },
        { '{ expect = { t = { GV2 = 5 } } }',
          "step 1: t: GV2 is no data, expected 5: no row of this part has come." },
        { '{ expect = { ST = "1" } }', 'ST = "1" is expected, which no driver can show. Write the' },
        { '{ expect = { ST = true } }', "ST = true is expected, which no driver can show. Values are" },
        { '{ command = "BREAK" }', "sample 1, step 1: oops." },
        { '{ command = "STOP" }', "step 1: the command STOP is none of the table's. Write command" },
        { '{ command = "QUERY" }', "step 1: the command QUERY is none of the table's." },
        { '{ command = "SETLIMIT" }', "SETLIMIT: the parameter 'Limit' is missing. Write args" },
        { '{ command = "SETLIMIT", args = { value = 11 } }', "is 11, outside of 1 to 10." },
        { '{ command = "SETLIMIT", args = { value = "5" } }',
          'args has ["value"] = "5"; it is a table of numbers by the ids of parameters. Write args' },
        { '{ command = "SETLIMIT", args = 5 }',
          "args is 5, not a table of numbers by the ids of parameters. Write args = { value = 5 }" },
        { '{ args = { value = 11 } }', "there are args, but no command." },
        { '{ wait = 5 }', "the field 'wait' is unknown. Did you mean after?" },
        { '{ after = -1 }', "after is -1, not a number of seconds up to" },
        { '{ after = "soon" }', "after is \"soon\", not a number of seconds up to" },
        { '{ rows = 5 }', "rows is 5, not a table." },
        { '{ rows = { "/State", 1 } }', "step 1: rows has \"/State\" without a path." },
        { '{ rows = { ["/State"] = "5" } }', "row /State: value is a text. Write the number without" },
        { '{ expect = { events = "DON" } }',
          'expect.events is "DON", not a table. Write expect.events = { "FULL" }' },
    }
    for _, case in ipairs(WRONG) do
        it("tells of " .. case[1], function()
            local printed, code = check(case[1])
            assert.equal(1, code)
            has(printed, case[2])
            assert.truthy(printed:find("pump%.lua:3[167]: sample 1, step 1"), printed)
        end)
    end

    -- Fault: An error at work is told with two lines, the step's first, and without what helps.
    -- Expected: As an error of a sample: the line where it was, and what to write.
    it("tells an error at work with its own line and what helps", function()
        local printed, code = check('{ command = "BREAK" }')
        assert.equal(1, code)
        has(printed, "\npump.lua:31: sample 1, step 1: oops.\n")
        printed = check('{ command = "SAY" }', { instead = "node:notify('x')" })
        has(printed, "sample 1, step 1: a node has no 'notify'. Did you mean node:notice?")
    end)

    -- Fault: The values that are missing because a function failed stand above its error, which is read last.
    -- Expected: The error comes first.
    it("tells an error before the values that are missing for it", function()
        local printed = check('{ command = "BREAK", expect = { GV1 = 5 } }')
        local oops, missing = printed:find("step 1: oops", 1, true), printed:find("step 1: GV1 is", 1, true)
        assert.is_true(oops and missing and oops < missing, printed)
    end)

    -- Fault: --check calls a file bad whose steps fail, and the plugin uses it: nobody knows which of both
    --        counts.
    -- Expected: --check says that the plugin uses it, and fails; what is misspelt in steps both refuse.
    it("that fails keeps the plugin from nothing; one that is misspelt is refused", function()
        local printed, code = check('{ rows = { ["/State"] = 1 }, expect = { ST = 0 } }')
        assert.equal(1, code)
        has(printed, "the plugin uses it all the same, for only --check runs steps:\npump.lua:3")
        local loaded = require "check.device"
        local text = PUMP:gsub("STEPS", '{ rows = { ["/State"] = 1 }, expect = { ST = 0 } }')
        local sandbox = require "spec.support.fake_scripts"
        assert.truthy(loaded.device("pump.lua", sandbox.run(text, "pump.lua"), text))
        text = text:gsub("expect", "expcet")
        local _, problem = loaded.device("pump.lua", sandbox.run(text, "pump.lua"), text)
        has(problem, "sample 1, step 1: the field 'expcet' is unknown. Did you mean expect?")
    end)

    it("tells the line of a step", function()
        local printed = check([[
            { rows = { ["/State"] = 0 }, expect = { ST = 0 } },
            { after = 5,
              expect = { ST = 0 } },
            { rows = { ["/State"] = 1 }, expect = { ST = 0 } },]])
        has(printed, "pump.lua:40: sample 1, step 3: ST is 1")
    end)

    it("has no rows beside its steps", function()
        local printed, code = check("} , rows = {}, steps = {")
        assert.equal(1, code)
        has(printed, "pump.lua:36: sample 1: steps does not go with rows. Put those into a step.")
    end)

    it("has steps that are tables", function()
        has(check("5"), "pump.lua:36: sample 1: steps has 5 as number 1, not a step. Write steps = { { rows")
    end)

    local program = os.getenv("VICTRON_HOST")
    local test = program and it or pending

    test("runs in the real program as on the fake host", function()
        local text = PUMP:gsub("STEPS", function()
            return [[
            { rows = { ["/State"] = 1, ["/Count"] = 3 }, expect = { GV1 = "no data", events = { "DON" } } },
            { after = 864000, expect = { GV1 = 3, events = { "FULL" }, state = { minutes = 14400 },
                                         notices = { full = "It is **full**" } } },
            { command = "SAY" },
            { command = "BREAK" },]]
        end)
        tools.with_files({ ["pump.lua"] = text }, function(folder)
            local run = io.popen(("'%s' --check '%s/pump.lua' 2>&1"):format(program, folder))
            local printed = run:read("a")
            run:close()
            has(printed, "pump.lua: said 1 nil")
            has(printed, "sample 1, step 4: ")
            has(printed, "oops")
            assert.is_nil(printed:find(" is %S+, expected"))
        end)
    end)
end)
