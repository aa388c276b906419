--- The word `set` of a row: what a table may declare to be written, and the commands it makes.

local check = require "check.device"
local profile = require "pg3.profile"
local unit = require "types.units"

--- A device with one row for watts and one for states that have these `set` -> type | nil, problem.
local function device(number, states)
    return check.device("heater.lua", {
        api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
        { "ST", unit.watt, "Power", "/Power", min = 0, max = 3000, scale = 1000, set = number },
        { "MODE", { [0] = "Off", [1] = "On", [9] = "Boost" }, "Mode", "/Mode", values = { [7] = 9 },
          set = states },
    })
end

local function command(type_, id)
    for _, one in ipairs(type_.commands) do
        if one.id == id then return one end
    end
end

describe("the word set", function()
    it("makes a command of a row, with the limits of what may be asked for", function()
        local type_ = assert(device { min = 0, max = 2500, step = 50 })
        local one = command(type_, "SET_ST")
        assert.equal("Set Power", one.name)
        assert.is_nil(command(type_, "FOR_ST"))
        local param = one.params[1]
        assert.same({ "", 73, 0, 2500, 50, 0, "ST" },
            { param.id, param.uom, param.min, param.max, param.step, param.places, param.init })
        assert.equal(0.001, one.driver.set.factor)
        assert.is_false(one.driver.set.stored)
    end)

    it("makes one for a time, and one of a list with the texts that may be chosen", function()
        local type_ = assert(device(nil, { choices = { 0, 9 }, timed = "also" }))
        assert.same({ [0] = "Off", [9] = "Boost" }, command(type_, "SET_MODE").params[1].names)
        assert.same({ [9] = 7 }, command(type_, "SET_MODE").driver.set.send)
        local timed = command(type_, "FOR_MODE")
        assert.same({ "VALUE", "MINUTES" }, { timed.params[1].id, timed.params[2].id })
        assert.is_nil(command(assert(device { min = 0, max = 9, timed = "only" }), "SET_ST"))
    end)

    -- Fault: 101 is "No data" in the ISY's lists, so that a state 101 is 1101 there. A table that names its
    --        state 101 is told that it is no state of its list, and 1101 is written to the device.
    -- Expected: A table says 101, as the device does; that is written.
    it("writes the state 101, which is shown as 1101, as 101", function()
        local type_ = assert(check.device("heater.lua", {
            api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
            events = { ON = "Switched on", OFF = "Switched off" },
            { "MODE", { [0] = "Off", [101] = "On" }, "Mode", "/Mode", events = { [0] = "OFF", [101] = "ON" },
              set = { choices = { 0, 101 }, off = 0,
                      only = { { "/Ready", 1, "it is not", choice = 101 } } } },
        }))
        local one = command(type_, "SET_MODE")
        assert.same({ [0] = "Off", [1101] = "On" }, one.params[1].names)
        assert.same({ [1101] = 101 }, one.driver.set.send)
        assert.equal(1101, one.driver.set.guards[1].choice)
        assert.same({ [0] = "OFF", [1101] = "ON" }, one.driver.events.of)
    end)

    it("is in the profile: editors of their own, and what preselects", function()
        local type_ = assert(device({ min = 0, max = 2500, step = 50 }, { choices = { 0, 9 } }))
        local files = {}
        for _, file in ipairs(assert(profile.files { profile.of(check.declaration(type_)) })) do
            files[file.name] = table.concat(file.parts)
        end
        local nodedefs, editors, texts = files["nodedefs.xml"], files["editors.xml"], files["en_us.txt"]
        assert.truthy(nodedefs:find('<p id="" editor="U73_P0_0_2500_S50" init="ST" />', 1, true), nodedefs)
        assert.truthy(editors:find('min="0" max="2500" prec="0" step="50"', 1, true), editors)
        assert.truthy(nodedefs:find('<p id="" editor="MYHEATER_MODE_0_9" init="MODE" />', 1, true), nodedefs)
        assert.truthy(editors:find('subset="0,9" nls="MYHEATER_MODE"', 1, true), editors)
        assert.truthy(texts:find("CMD-MYHEATER-SET_MODE-NAME = Set Mode", 1, true), texts)
        assert.truthy(texts:find("MYHEATER_MODE-1 = On", 1, true), texts)
    end)

    local mistakes = {
        { "set is true, not a table", true }, { "set: min is missing", {} },
        { "the field 'mni' is unknown", { mni = 0, max = 9 } },
        { "max is missing", { min = 0 } },
        { "min and max are the same", { min = 9, max = 9 } },
        { "the limits, 0 to 5000, are too wide. Stay within 0 to 3000.", { min = 0, max = 5000 } },
        { "step is 0, not a number above 0", { min = 0, max = 9, step = 0 } },
        { "places is 7", { min = 0, max = 9, places = 7 } },
        { "timed is true, not \"also\" or \"only\"", { min = 0, max = 9, timed = true } },
        { "need timed", { min = 0, max = 9, resend = 30 } },
        { "only has \"/Mode\" as number 1, not a condition", { min = 0, max = 9, only = { "/Mode" } } },
        { "unless has a list of 2 as number 1, not a condition",
          { min = 0, max = 9, unless = { { "/Mode", 1 } } } },
        { "unit, \"parsec\", is not one the row's kind knows. There are: W, kW.",
          { min = 0, max = 9, unit = "parsec" } },
        { "off is 4, no number of the row's list", { min = 0, max = 9, off = 4 } },
        { "path is \"Power\", not a path", { min = 0, max = 9, path = "Power" } },
        { "/Security/Api is never written", { min = 0, max = 9, path = "/Security/Api" } },
        { "is never written", { min = 0, max = 2, path = "/Settings/Network/VrmPortal" } },
        { "/Settings/Network/VrmPortal is never written",
          { min = 0, max = 9, timed = "also", timer = "/Settings/Network/VrmPortal" } },
        { "name is empty", { min = 0, max = 9, name = "" } },
    }
    for i, mistake in ipairs(mistakes) do
        it(("tells mistake %d: %s"):format(i, mistake[1]), function()
            local type_, problem = device(mistake[2])
            assert.is_nil(type_)
            assert.truthy(problem:find("(ST)", 1, true), problem)
            assert.truthy(problem:find(mistake[1], 1, true), problem)
        end)
    end

    -- Fault: A path that is never written stood behind another, as the timer or the second of `first`, and
    --        was written where the device does not have the first.
    -- Expected: Each path that may be written is looked at.
    it("looks at each path of a row", function()
        local _, problem = check.device("heater.lua", {
            api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
            { "ST", unit.watt, "Power", first = { "/Power", "/Settings/Network/VrmPortal" },
              set = { min = 0, max = 2 } },
        })
        assert.truthy(problem:find("/Settings/Network/VrmPortal is never written", 1, true), problem)
    end)

    it("tells which choices there are not", function()
        local _, problem = device(nil, { choices = { 0, 4 } })
        assert.truthy(problem:find("choices has 4", 1, true), problem)
        _, problem = device(nil, { min = 0, max = 1 })
        assert.truthy(problem:find("choices is missing", 1, true), problem)
    end)

    it("goes with a function if it says which path is written", function()
        local function heater(set)
            return check.device("heater.lua", {
                api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
                { "MODE", { [0] = "Off", [1] = "On" }, "Mode", from = function() return 1 end, set = set },
            })
        end
        local _, problem = heater { choices = { 0, 1 } }
        assert.truthy(problem:find("set: path is missing. Write path = \"/Mode\"", 1, true), problem)
        local one = command(assert(heater { path = "/Mode", choices = { 0, 1 } }), "SET_MODE")
        assert.equal("/Mode", one.driver.set.path)
    end)

    -- Fault: Of two numbers that are shown as one none was known to be meant, and a number that is shown as
    --        another was written as it is: a choice wrote what is shown as something else.
    -- Expected: A choice is written as a number that is shown so.
    it("takes no choice that is written as something else", function()
        local function problem_of(values, set)
            return (select(2, check.device("heater.lua", {
                api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
                { "MODE", { [0] = "Off", [1] = "On", [9] = "Boost" }, "Mode", "/Mode", values = values,
                  set = set },
            })))
        end
        local function assert_told(number, written, shown, ...)
            local problem = problem_of(...)
            local text = ("%d would be written as %d, and that is shown as %d. Say what is"):format(
                number, written, shown)
            assert.truthy(problem and problem:find(text, 1, true), problem)
        end
        local boosts = { [7] = 9, [8] = 9 }
        assert_told(1, 1, 9, { [1] = 9 }, { choices = { 1 } })
        assert.is_nil(problem_of(boosts, { choices = { 9 } }))    -- 9 itself is shown as 9, too
        boosts[9] = 1
        assert_told(9, 9, 1, boosts, { choices = { 9 } })
        assert.is_nil(problem_of(boosts, { choices = { 9 }, send = { [9] = 7 } }))
        local sent = { choices = { 0, 9 }, send = { [9] = 0 } }
        assert_told(9, 0, 0, nil, sent)
        sent.becomes = { [0] = { 0, 9 } }
        assert.is_nil(problem_of(nil, sent))
        sent.becomes, sent.path = nil, "/Order"
        assert.is_nil(problem_of(nil, sent))
    end)

    -- Fault: A number that stands for another was turned around before the scale, not after it; and a number
    --        was written that is shown as another.
    -- Expected: What is written is shown as what was asked for, or the table is refused.
    it("writes numbers that stand for others as they are shown", function()
        local function heater(max, set)
            return check.device("heater.lua", {
                api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
                { "ST", unit.watt, "Power", "/Power", min = 0, max = 3000, scale = 10,
                  values = { [255] = 100 }, set = { min = 0, max = max, send = set } },
            })
        end
        local set = command(assert(heater(2000)), "SET_ST").driver.set
        assert.same({ [1000] = 255 }, set.send)
        local _, problem = heater(3000)
        local text = "2550 would be written as 255, and that is shown as 1000"
        assert.truthy(problem:find(text, 1, true), problem)
        assert(heater(3000, { [2550] = 254 }))
    end)

    -- Fault: A number was refused for what the row shows of another path, or for what the device makes of it.
    -- Expected: As with choices, what is written and what is shown need not be one then.
    it("writes any number where the row does not show what is written", function()
        for word, is in pairs { path = "/Order", becomes = 0 } do
            assert(check.device("heater.lua", {
                api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
                { "ST", unit.watt, "Power", "/Power", values = { [255] = 100 },
                  set = { min = 0, max = 300, [word] = is } },
            }), word)
        end
    end)

    -- Fault: 0 / 0 in a row that is written ended the check with an error of the plugin, or was taken.
    -- Expected: It is no number, wherever a table has it.
    it("takes 0 / 0 for no number", function()
        local function problem_of(values, set)
            set.min, set.max = 0, 100
            return select(2, check.device("heater.lua", {
                api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
                { "ST", unit.watt, "Power", "/Power", values = values, set = set },
            })) or ""
        end
        assert.truthy(problem_of({ [5] = 0 / 0 }, {}):find("values has [5] = 0 / 0; ", 1, true))
        local text = problem_of(nil, { send = { [5] = 0 / 0 } })
        assert.truthy(text:find("send has [5] = 0 / 0; it is a table of numbers for numbers", 1, true), text)
        local unless = { { "/Mode", { 0 / 0 }, "it is off" } }
        assert.truthy(problem_of(nil, { unless = unless }):find("as number 1, not a condition", 1, true))
    end)

    it("has conditions for one choice alone", function()
        local unless = { { "/Input", 240, "no input", choice = 9 } }
        local type_ = assert(device(nil, { choices = { 0, 9 }, unless = unless }))
        assert.equal(9, command(type_, "SET_MODE").driver.set.guards[1].choice)
        unless[1].choice = 1
        local _, problem = device(nil, { choices = { 0, 9 }, unless = unless })
        assert.truthy(problem:find("unless has the choice 1, which is none of its choices", 1, true), problem)
        _, problem = device { min = 0, max = 9, only = { { "/Input", 240, "no input", choice = 1 } } }
        assert.truthy(problem:find("only has the choice 1, which is none of its choices", 1, true), problem)
        unless[1].choice, unless[1].choise = nil, 9
        _, problem = device(nil, { choices = { 0, 9 }, unless = unless })
        assert.truthy(problem:find("choise", 1, true), problem)
    end)

    it("does not go with a value that the script or the plugin makes", function()
        local _, problem = check.device("heater.lua", {
            api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
            { "ST", unit.watt, "Power", by_script = true, set = { min = 0, max = 9 } },
        })
        assert.truthy(problem:find("set does not go with by_script", 1, true), problem)
    end)

    it("keeps its commands' names from those of scripts", function()
        local _, problem = check.device("heater.lua", {
            api = 2, id = "MYHEATER", name = "Heater", match = { service = "heater" },
            { "ST", unit.watt, "Power", "/Power" }, commands = { SET_ST = function() end },
        })
        assert.truthy(problem:find("'SET_ST' is no name for a command", 1, true), problem)
    end)
end)
