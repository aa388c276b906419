--- Commands with parameters: what a table may declare, and what of PG3's words reaches a script.

local check = require "check.device"
local commands = require "types.commands"
local unit = require "types.units"

local function run() end

--- A tank with these commands -> type | nil, problem.
local function tank(list)
    return check.device("tank.lua", {
        api = 2, id = "MYTANK", name = "Tank", match = { service = "tank" }, commands = list,
        { "ST", unit.percent, "Level", "/Level" },
    })
end

local function limit(change)
    local param = { id = "", label = "Limit", kind = unit.ampere, min = 0, max = 50, places = 1 }
    for key, value in pairs(change or {}) do param[key] = value end
    return { SETLIMIT = { name = "Set limit", run = run, params = { param } } }
end

describe("declared commands", function()
    it("are in the declaration with their units and limits", function()
        local type_ = assert(tank(limit()))
        assert.equal("QUERY", check.declaration(type_).commands[1].id)
        local command = check.declaration(type_).commands[2]
        assert.same({ "SETLIMIT", "Set limit" }, { command.id, command.name })
        local param = command.params[1]
        assert.same({ "", "Limit", 1, 0, 50, 1 },
            { param.id, param.label, param.uom, param.min, param.max, param.places })
    end)

    it("may choose from names", function()
        local type_ = assert(tank { SWITCH = { run = run, params = {
            { id = "STATE", label = "State", kind = { [0] = "Off", [1] = "On" } },
            { id = "MODE", label = "Mode", kind = "charger_mode" } } } })
        local params = check.declaration(type_).commands[2].params
        assert.same({ "MYTANK_SWITCH_STATE", "CHARGER_MODE" }, { params[1].names_id, params[2].names_id })
        assert.equal("On", params[1].names[1])
    end)

    local mistakes = {
        { "'reset' is no name for a command", { reset = run } },
        { "commands: a function stands there without a name", { run } },
        { "'" .. ("X"):rep(17) .. "' is no name", { [("X"):rep(17)] = run } },
        { "'DISCOVER' is no name for a command", { DISCOVER = run } },
        { "'RELOAD' is no name for a command", { RELOAD = run } },
        { "command RESET: run is missing. Write run = function(node, args) ... end",
          { RESET = { name = "Reset" } } },
        { "command RESET: RESET is \"reset\", not a function. Write RESET = reset, without quotes",
          { RESET = "reset" } },
        { "command RESET: the field 'rum' is unknown", { RESET = { rum = run } } },
        { "command RESET: name is \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\", which has 41 characters", {
            RESET = { run = run, name = ("x"):rep(41) } } },
        { "command RESET: params is {}. Name one", { RESET = { run = run, params = {} } } },
        { "command SETLIMIT, parameter 1: id is \"level\", not \"\" for the only parameter, else", limit {
            id = "level" } },
        { "command SETLIMIT, parameter 1: label is empty", limit { label = "" } },
        { "command SETLIMIT, parameter 1: kind, \"amps\", is no unit and no list of states", limit {
            kind = "amps" } },
        { "parameter 1: the field 'unit' is unknown", limit { unit = unit.ampere } },
        { "command A, parameter 1: max is missing",
            { A = { run = run, params = { { id = "", label = "L", kind = unit.ampere, min = 0 } } } } },
        { "command SETLIMIT, parameter 1: min, 51, is greater than max, 50. Swap them.", limit { min = 51 } },
        { "parameter 1: min is 0 / 0, not a number", limit { min = 0 / 0 } },
        { "command SETLIMIT, parameter 1: the limits, 0 to 1000000, are too wide", limit { max = 1e6 } },
        { "command SETLIMIT, parameter 1: places is 9", limit { places = 9 } },
        { "command SETLIMIT, parameter 1: kind is a table without states", limit { kind = {} } },
        { "parameter 1: min and max are not for a list of states", limit { kind = "alarm" } },
        { "parameter 1: the field 'init' is unknown", limit { init = "ST" } },
        { "parameter 2: the id '' is used twice", { SETLIMIT = { run = run, params = {
            limit().SETLIMIT.params[1], limit().SETLIMIT.params[1] } } } },
        { "another command calls '' 'Limit'",
            { A = limit().SETLIMIT, B = limit({ label = "Other" }).SETLIMIT } },
    }
    for i, mistake in ipairs(mistakes) do
        it(("tell mistake %d: %s"):format(i, mistake[1]), function()
            local type_, problem = tank(mistake[2])
            assert.is_nil(type_)
            assert.truthy(problem:find("tank.lua: ", 1, true), problem)
            assert.truthy(problem:find(mistake[1], 1, true), problem)
            assert.truthy(problem:find("%. %u.*[.?]$") or problem:find("refused%.$"), "no advice: "
                .. problem)
        end)
    end

    it("are at most twenty", function()
        local list = {}
        for n = 1, 21 do list["C" .. n] = run end
        local _, problem = tank(list)
        assert.truthy(problem:find("there are 21", 1, true))
    end)
end)

describe("what PG3 sends with a command", function()
    local type_ = assert(tank {
        RESET = run,
        SETLIMIT = limit().SETLIMIT,
        HEAT = { run = run, params = {
            { id = "LEVEL", label = "Level", kind = unit.percent, min = 0, max = 100, places = 0 },
            { id = "TO", label = "To", kind = unit.celsius, min = -10, max = 60, places = 1 },
            { id = "HOW", label = "How", kind = { [0] = "Slow", [3] = "Fast" } } } },
    })
    local function validate(id, args) return commands.validate(commands.find(type_, id), args) end
    local function heat(query)
        local all = { ["LEVEL.uom51"] = "20", ["TO.uom4"] = "21.5", ["HOW.uom25"] = "3" }
        for key, text in pairs(query or {}) do all[key] = text or nil end
        return validate("HEAT", { query = all })
    end

    it("becomes numbers in the declared units", function()
        assert.same({}, validate("RESET", {}))
        assert.same({}, validate("RESET", { value = "", query = {} }))
        assert.same({ value = 12.3 }, validate("SETLIMIT", { value = "12.34", uom = "1" }))
        assert.same({ value = 0 }, validate("SETLIMIT", { value = "0" }))
        assert.same({ value = 50 }, validate("SETLIMIT", { value = 50, uom = "56" }))
        assert.same({ LEVEL = 20, TO = 21.5, HOW = 3 }, heat())
    end)

    it("is understood in the forms of older cores, and in °F", function()
        assert.same({ LEVEL = 20, TO = 20, HOW = 0 }, validate("HEAT",
            { query = { ["LEVEL.51"] = "20", ["TO.uom17"] = "68", HOW = "0" } }))
    end)

    local refused = {
        { "is missing", "SETLIMIT", {} },
        { "is missing", "SETLIMIT", { value = "", query = {} } },
        { "is not a number", "SETLIMIT", { value = "much" } },
        { "is not a number", "SETLIMIT", { value = "0x10" } },
        { "is not a number", "SETLIMIT", { value = "1e999" } },
        { "is not a number", "SETLIMIT", { value = "nan" } },
        { "is not a number", "SETLIMIT", { value = {} } },
        { "is 50.1, outside of 0 to 50", "SETLIMIT", { value = "50.1" } },
        { "is -1", "SETLIMIT", { value = "-1" } },
        { "came in unit 73 instead of 1", "SETLIMIT", { value = "5", uom = "73" } },
        { "came with a parameter LEVEL", "SETLIMIT", { value = "5", query = { ["LEVEL.uom51"] = "1" } } },
        { "came with a value", "RESET", { value = "1" } },
        { "with its parameter LEVEL twice", "HEAT",
            { query = { ["LEVEL.uom51"] = "1", ["LEVEL.51"] = "2" } } },
    }
    for _, case in ipairs(refused) do
        it("is refused in one sentence: " .. case[1], function()
            local values, problem = validate(case[2], case[3])
            assert.is_nil(values)
            assert.truthy(problem:find(case[1], 1, true), problem)
            assert.truthy(problem:find("^[^\n]*%.$"), problem)
        end)
    end

    it("is refused for a choice that is none, and for a named one that is missing", function()
        for _, query in ipairs { { ["HOW.uom25"] = "1" }, { ["HOW.uom25"] = "2.5" },
                                 { ["LEVEL.uom51"] = false }, { ["MORE.uom51"] = "1" } } do
            local values, problem = heat(query)
            assert.is_nil(values)
            assert.truthy(problem:find("%.$"))
        end
    end)
end)

describe("events of a device table", function()
    local function table_with(events)
        return { api = 2, id = "VICTANK", name = "Tank", match = { service = "tank" }, events = events,
                 { "ST", unit.percent, "Level", "/Level" } }
    end

    it("are declared by name", function()
        local type_ = assert(check.device("tank.lua", table_with { FULL = "Filled up", DON = "Filling" }))
        assert.same({ { id = "BACK", name = "Device back" }, { id = "DON", name = "Filling" },
                      { id = "FULL", name = "Filled up" }, { id = "LOST", name = "Device lost" } },
            check.declaration(type_).events)
    end)

    local NAMES = { EMPTY = "Empty", FULL = "Filled up" }

    --- A tank whose row has these words, with a part that has the same row.
    local function reporting(words, names, id)
        local function row()
            local one = { id or "GV0", { [0] = "Empty", [1] = "Some", [2] = "Full" }, "State", "/State" }
            for key, word in pairs(words) do one[key] = word end
            return one
        end
        return check.device("tank.lua", {
            api = 2, id = "MYTANK", name = "Tank", match = { service = "tank" }, events = names or NAMES,
            row(), parts = { { part = "p", id = "MYTANKP", name = "part", row() } },
        })
    end

    local function ids(type_)
        local list = {}
        for i, event in ipairs(check.declaration(type_).events) do list[i] = event.id end
        return list
    end

    it("are reported by states, the lowest being the quiet one", function()
        local type_ = assert(reporting { events = { [0] = "EMPTY", [2] = "FULL" } })
        assert.same({ of = { [0] = "EMPTY", [2] = "FULL" }, quiet = "EMPTY" }, type_.reporting[1].events)
        assert.same({ "BACK", "EMPTY", "FULL", "LOST" }, ids(type_))
        assert.same({ "EMPTY", "FULL" }, ids(type_.parts[1]))
    end)

    it("are of a part only if its rows report them", function()
        local type_ = assert(reporting {})
        assert.same({ "BACK", "EMPTY", "FULL", "LOST" }, ids(type_))
        assert.same({}, ids(type_.parts[1]))
    end)

    it("are those of an alarm for a row of that kind", function()
        local type_ = assert(reporting({ [2] = "alarm" }, { OVER = "All clear" }, "ALARM"))
        assert.same({ "ALARM", "BACK", "LOST", "OVER", "WARNING" }, ids(type_))
        assert.equal("All clear", check.declaration(type_).events[4].name)
        assert.same({ "BACK", "EMPTY", "FULL", "LOST" }, ids(assert(reporting({ [2] = "alarm" }))))
        local own = { [2] = "alarm", events = { [0] = "EMPTY", [2] = "FULL" } }
        assert.same({ "BACK", "EMPTY", "FULL", "LOST" }, ids(assert(reporting(own, NAMES, "ALARM"))))
    end)

    it("are reported by a level", function()
        local events = { level = "battery_level", below = "EMPTY", above = "FULL" }
        local type_ = assert(reporting { [2] = unit.percent, events = events })
        assert.same({ level = "battery_level", below = "EMPTY", above = "FULL", quiet = "FULL" },
            type_.reporting[1].events)
    end)

    local function level(change)
        local events = { level = "battery_level", below = "EMPTY", above = "FULL" }
        for key, word in pairs(change) do events[key] = word end
        return { [2] = unit.percent, events = events }
    end

    local MISTAKES = {
        { "row 1 (GV0): events is \"FULL\", not a table. Write events = { [0] =",
          { events = "FULL" } },
        { "events is {}. Write events = { [0] =", { events = {} } },
        { "events is {}. Write events = { level =",
          { [2] = unit.percent, events = {} } },
        { "events has 3, which is no state of the list", { events = { [0] = "EMPTY", [3] = "FULL" } } },
        { "events has empty, which is no state", { events = { empty = "EMPTY" } } },
        { 'events names GONE, which the table does not declare. Write events = { GONE = "What happened" }',
          { events = { [0] = "EMPTY", [1] = "GONE" } } },
        { "events names 5, which the table does not declare", { events = { [0] = 5 } } },
        { "events names only one event", { events = { [0] = "FULL", [1] = "FULL" } } },
        { "events does not go with by_script. Report it with node:event",
          { [4] = false, by_script = true, events = { [0] = "EMPTY", [2] = "FULL" } } },
        { "events has numbers of states, and the row has no list", { [2] = unit.percent, events = {
            [0] = "EMPTY" } } },
        { "events: level is \"my_level\", not a parameter of the plugin", level { level = "my_level" } },
        { "events: above is missing. Write above = \"BATOK\"",
          { [2] = unit.percent, events = { level = "battery_level", below = "EMPTY" } } },
        { "below and above are the same event", level { below = "FULL" } },
    }
    for i, mistake in ipairs(MISTAKES) do
        it(("tell mistake %d of a row: %s"):format(i, mistake[1]), function()
            local words = mistake[2]
            local type_, _, problems
            if words[4] == false then
                type_, _, problems = check.device("tank.lua", {
                    api = 2, id = "MYTANK", name = "Tank", match = { service = "tank" }, events = NAMES,
                    { "GV0", { [0] = "Empty", [2] = "Full" }, "State", by_script = true,
                      events = words.events },
                })
            else
                type_, _, problems = reporting(words)
            end
            assert.is_nil(type_)
            assert.truthy(problems[1]:find(mistake[1], 1, true), problems[1])
        end)
    end

    it("of the plugin are not a table's", function()
        local type_, problem = check.device("tank.lua", table_with { LOST = "Gone" })
        assert.is_nil(type_)
        assert.truthy(problem:find("'LOST' is the plugin's own. Every device has it; choose another.", 1,
            true))
    end)

    it("that cannot be are told", function()
        for _, wrong in ipairs { 5, { don = "x" }, { DON = 5 }, { DON = "" }, { [1] = "DON" } } do
            local type_, problem = check.device("tank.lua", table_with(wrong))
            assert.is_nil(type_)
            assert.truthy(problem:find("events", 1, true), problem)
        end
    end)
end)
