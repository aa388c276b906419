--- Control: what a command writes to a gateway, what it does not, and what is told of it.

local fixtures = require "spec.fixtures.vrm"
local control_world = require "spec.support.control_world"
local fake = require "spec.support.fake_host"

local ESS, MINIMUM, GATEWAY = control_world.ESS, control_world.MINIMUM, control_world.GATEWAY
local ON = { control = "on" }

local started = {}

--- control_world.started; after each test its gateway must have got nothing that it must not be sent.
local function start(params, options)
    local world, gx = control_world.started(params, options)
    started[#started + 1] = { world, gx }
    return world, gx
end

after_each(function()
    for _, one in ipairs(started) do
        assert.same({}, one[1].errors)
        assert.same({}, one[2].violations)
    end
    started = {}
    _G.host = nil
end)

--- Results of a command, on the gateway's node.
local DONE, OFF, NO_LINK, NOT_ALLOWED, NOT_TAKEN, LIMITED, TAKEN_BACK, NOT_KNOWN = 2, 3, 4, 5, 6, 7, 8, 9

local function result(world) return world:value(GATEWAY, "GV20") end

--- The notice of the last command that was not done.
local function notice(world) return world.notices["control_151734"] or "" end

local function set_minimum(world, percent)
    return world:command(ESS, "SET_GV0", { value = tostring(percent), uom = "51" })
end

describe("control", function()
    -- Fault: A plugin that was installed to read writes to the installation.
    -- Expected: Without the parameter control every such command is refused, with what to switch on.
    it("is off unless the owner switches it on", function()
        local world, gx = start()
        assert.is_false(set_minimum(world, 30))
        assert.same({}, gx.writes)
        assert.equal(OFF, result(world))
        assert.truthy(notice(world):find("Set the parameter control to on", 1, true), notice(world))
    end)

    -- Fault: "Boat: Boat ESS, Minimum SoC (...)": a node has the installation's name already.
    -- Expected: The notice and the log name the installation once.
    it("tells of a command with the name of the installation, once", function()
        local world = start()
        set_minimum(world, 30)
        local name = world.nodes[GATEWAY].name
        assert.equal(1, select(2, notice(world):gsub(name, "")), notice(world))
        for _, line in ipairs(world:logged "control is off") do
            assert.equal(1, select(2, line:gsub(name, "")), line)
        end
    end)

    it("may be on for named installations", function()
        local world, gx = start { control = "Cabin, boat" }
        assert.is_true(set_minimum(world, 30))
        assert.equal(1, #gx.writes)
        world:set_params { vrm_token = world.params.vrm_token, live = "vrm", control = "Cabin" }
        assert.is_false(set_minimum(world, 40))
        assert.equal(OFF, result(world))
        assert.equal(1, #gx.writes)
    end)

    it("writes a number once, reads it back at once and after ten seconds, and tells it is done", function()
        local world, gx = start(ON)
        local begun = world.now
        assert.is_true(set_minimum(world, 35))
        assert.is_true(world.now - begun >= 10)
        assert.equal(1, #gx.writes)
        assert.equal(MINIMUM, gx.writes[1].topic)
        assert.equal('{"value":35}', gx.writes[1].text)
        assert.equal(DONE, result(world))
        assert.equal(1, world:value(GATEWAY, "GV22"))
        gx:live(31)
        assert.equal(35, world:value(ESS, "GV0"))
        assert.equal("", notice(world))
    end)

    -- Fault: no memory is left when a command begins: each later one for this value waits for it for ever
    -- Expected: it is not done, and the next one is
    it("goes on after a command for which there was no memory", function()
        local world = start(ON)
        local set, short = world.host.set, true
        world.host.set = function(address, driver, ...)
            local fails = short and driver == "GV20"
            short = short and not fails
            if fails then error(fake.NO_MEMORY, 0) end
            return set(address, driver, ...)
        end
        assert.is_false(set_minimum(world, 30))
        assert.equal(NOT_KNOWN, result(world))
        assert.is_true(set_minimum(world, 35))
        assert.equal(DONE, result(world))
    end)

    it("says without a live connection what to switch on", function()
        local world, gx = start { control = "on", live = "off" }
        assert.is_false(set_minimum(world, 35))
        assert.equal(NO_LINK, result(world))
        assert.truthy(notice(world):find("Set the parameter live to vrm", 1, true), notice(world))
        assert.same({}, gx.writes)
    end)

    -- Fault: The notice of a command stays when control is switched off, "control is off" when it is on.
    -- Expected: Both go, and not because another parameter changes.
    it("has no notice of a command of before control was switched", function()
        local world = start { control = "on", live = "off" }
        local function save(control, unit)
            world:set_params { vrm_token = world.params.vrm_token, live = "off", control = control,
                               temp_unit = unit }
        end
        set_minimum(world, 35)
        save("on", "F")
        assert.truthy(notice(world):find("there is no live connection", 1, true))
        save "off"
        assert.equal("", notice(world))
        set_minimum(world, 35)
        save("off", "F")
        assert.truthy(notice(world):find("control is off", 1, true))
        save "Boat"
        assert.equal("", notice(world))
    end)

    -- Fault: The notice of a command stays for good when the account has the installation no more.
    -- Expected: It goes with it.
    it("has no notice of an installation that is gone", function()
        local world = start { control = "on", live = "off" }
        set_minimum(world, 35)
        assert.not_equal("", notice(world))
        world.vrm.sites[151735] = { name = "Van", rows = fixtures.system(), devices = { fixtures.gateway() } }
        world.vrm.sites[151734] = nil
        world:fire("longpoll")
        world:run(20)
        assert.equal("", notice(world))
    end)

    it("writes nothing where it is so already", function()
        local world, gx = start(ON)
        assert.is_true(set_minimum(world, 20))
        assert.same({}, gx.writes)
        assert.equal(DONE, result(world))
    end)

    it("keeps to the limits that the device sends", function()
        local world, gx = start(ON)
        gx.limits[MINIMUM] = { 0, 60 }
        assert.is_false(set_minimum(world, 70))
        assert.same({}, gx.writes)
        assert.equal(NOT_ALLOWED, result(world))
        assert.truthy(notice(world):find("takes 0 to 60", 1, true), notice(world))
    end)

    -- Fault: A device sent only the most that it takes; more than that was written.
    -- Expected: Each limit that it sends counts.
    it("keeps to a single limit that the device sends", function()
        local world, gx = start(ON)
        gx.limits[MINIMUM] = { nil, 60 }
        assert.is_false(set_minimum(world, 70))
        assert.truthy(notice(world):find("takes at most 60", 1, true), notice(world))
        gx.limits[MINIMUM] = { 40 }
        assert.is_false(set_minimum(world, 30))
        assert.truthy(notice(world):find("takes at least 40", 1, true), notice(world))
        assert.same({}, gx.writes)
    end)

    -- Fault: A VE.Bus system that does not know the most for an input told 0, and no least: no current limit
    --        could be set.
    -- Expected: As on the GX, a most of 0 is none.
    it("takes a most of 0 for none", function()
        local LIMIT = "vebus/257/Ac/In/1/CurrentLimit"
        local rows = { fixtures.row("vebus", 257, "/Ac/In/1/CurrentLimit", nil, 16) }
        local world, gx = start(ON, { rows = rows })
        gx.limits[LIMIT] = { nil, 0 }
        assert.is_true(world:command(control_world.VEBUS .. "i", "SET_GV1", { value = "10", uom = "1" }))
        assert.equal(DONE, result(world))
    end)

    -- Fault: A write that the gateway refuses, which nothing tells, counts as done.
    -- Expected: It is read back, and told as not taken, with what may be why; it is not tried again.
    it("tells what was not taken", function()
        local world, gx = start(ON)
        gx.refused[MINIMUM] = true
        assert.is_false(set_minimum(world, 30))
        assert.equal(NOT_TAKEN, result(world))
        assert.truthy(notice(world):find("may only monitor", 1, true), notice(world))
        gx:live(120)
        assert.equal(1, #gx.writes)
    end)

    it("tells what the device made of a number", function()
        local world, gx = start(ON)
        gx.most[MINIMUM] = 50
        assert.is_false(set_minimum(world, 80))
        assert.equal(LIMITED, result(world))
        assert.truthy(notice(world):find("made 50", 1, true), notice(world))
    end)

    -- Fault: A device takes a number and tells it as text: it is told as another that the device made of it.
    -- Expected: It is that number.
    it("knows a number that comes back as text", function()
        local world, gx = start(ON)
        function gx:tell(topic)
            self:send(topic, ('{"value":"%s"}'):format(self.values[topic]))
        end
        assert.is_true(set_minimum(world, 35))
        assert.equal(DONE, result(world))
    end)

    -- Fault: Another part of the gateway, as a BMS, sets its own value seconds later; it counts as done.
    -- Expected: After ten seconds it is read once more, and told as taken back.
    it("tells what its owner has taken back", function()
        local world, gx = start(ON)
        gx.taken_back[MINIMUM] = 3
        assert.is_false(set_minimum(world, 30))
        assert.equal(TAKEN_BACK, result(world))
        assert.equal(1, #gx.writes)
    end)

    it("waits for what is slow", function()
        local world, gx = start(ON)
        gx.slow = 3
        assert.is_true(set_minimum(world, 30))
        assert.equal(1, #gx.writes)
    end)

    -- Fault: An inverter took more than four seconds for a mode that was for a time: it counted as not taken,
    --        what was before was forgotten, and the mode stayed for good.
    -- Expected: After ten seconds it is looked at once more.
    it("waits ten seconds for what is very slow", function()
        local world, gx = start(ON)
        gx.slow = 8
        assert.is_true(world:command(ESS, "FOR_GV0", { query = { ["VALUE.uom51"] = "80",
                                                                 ["MINUTES.uom45"] = "10" } }))
        gx:live(660)
        assert.equal(20, gx.values[MINIMUM])
        assert.equal(2, #gx.writes)
    end)

    it("writes nothing where the gateway only tells, or does not answer", function()
        local world, gx = start(ON)
        gx.values["settings/0/Settings/Network/VrmPortal"] = 1
        assert.is_false(set_minimum(world, 30))
        assert.equal(NOT_ALLOWED, result(world))
        assert.truthy(notice(world):find("VRM portal is not Full", 1, true), notice(world))
        gx.values["settings/0/Settings/Network/VrmPortal"] = 2
        gx.values[MINIMUM] = nil
        assert.is_false(set_minimum(world, 30))
        assert.truthy(notice(world):find("no such value", 1, true), notice(world))
        assert.same({}, gx.writes)
    end)

    -- Fault: A device that is away tells null of its values: that was a value, and the device "made nil" of
    --        what was written.
    -- Expected: Nothing is written where there is no value, and no value after a write says nothing.
    it("takes null for no value", function()
        local world, gx = start(ON)
        gx:set(MINIMUM, nil)
        assert.is_false(set_minimum(world, 30))
        assert.truthy(notice(world):find("no such value", 1, true), notice(world))
        assert.same({}, gx.writes)
        gx:set(MINIMUM, 20)
        gx.write = function(self, topic, message)
            self.write = nil
            self:write(topic, message)
            self:set(topic, nil)
        end
        assert.is_false(set_minimum(world, 30))
        assert.equal(NOT_KNOWN, result(world))
    end)

    it("knows nothing of a write whose answers are lost", function()
        local world, gx = start(ON)
        local write = gx.write
        gx.write = function(self, ...)
            write(self, ...)
            self.deaf = true
        end
        assert.is_false(set_minimum(world, 30))
        assert.equal(NOT_KNOWN, result(world))
        assert.equal(1, #gx.writes)
    end)

    it("obeys the last of several commands", function()
        local world, gx = start { control = "on", control_pause = "0" }
        world:fire("command", ESS, "SET_GV0", { value = "30", uom = "51" }, "a")
        world:fire("command", ESS, "SET_GV0", { value = "40", uom = "51" }, "b")
        world:fire("command", ESS, "SET_GV0", { value = "50", uom = "51" }, "c")
        gx:live(60)
        local values = {}
        for i, one in ipairs(gx.writes) do values[i] = one.value end
        assert.same({ 30, 50 }, values)
        local success = {}
        for _, report in ipairs(world.reports) do success[report.request] = report.success end
        assert.same({ a = true, b = false, c = true }, success)
    end)

    -- Fault: A program whose condition has a power in it gives its command again with each new value; all but
    --        the last that come while it is done count as failed, with a notice.
    -- Expected: It is done once, and so is each of them.
    it("takes the same command, given again while it is done, for one", function()
        local world, gx = start(ON)
        for i = 1, 4 do
            world:fire("command", ESS, "SET_GV0", { value = "30", uom = "51" }, "request " .. i)
            gx:live(2)
            assert.equal("", notice(world))
        end
        gx:live(30)
        assert.equal(1, #gx.writes)
        assert.equal(4, #world.reports)
        for _, report in ipairs(world.reports) do assert.is_true(report.success) end
        assert.equal(DONE, result(world))
        assert.equal("", notice(world))
    end)

    -- Fault: The owner switches control off while a command asks the gateway, and it is written nonetheless.
    -- Expected: Nothing is written after that.
    it("ends at once when the owner switches it off", function()
        local world, gx = start(ON, { values = { ["vebus/257/Mode"] = 3 } })
        world:fire("command", control_world.VEBUS, "SET_MODE", { value = "1", uom = "25" }, "a")
        gx:live(3)
        world:set_params { vrm_token = world.params.vrm_token, live = "vrm", control = "off" }
        gx:live(60)
        assert.same({}, gx.writes)
        assert.equal(OFF, result(world))
    end)

    -- Fault: A program that sets a setting all the time wears the gateway's flash memory.
    -- Expected: One setting is written once in 15 minutes, over a restart too, and writes are counted.
    it("spares the flash memory", function()
        local world, gx = start(ON)
        assert.is_true(set_minimum(world, 30))
        assert.is_false(set_minimum(world, 40))
        assert.equal(NOT_ALLOWED, result(world))
        assert.truthy(notice(world):find("control_pause", 1, true), notice(world))
        gx:live(70)
        local again = start(ON, { gx = gx, saved = world.saved, now = world.now + 60 })
        assert.is_false(set_minimum(again, 40))
        assert.equal(1, #gx.writes)
        gx:live(900)
        assert.is_true(set_minimum(again, 40))
        assert.equal(2, #gx.writes)
        assert.equal(2, again:value(GATEWAY, "GV22"))
    end)
end)

--- The values written to a topic, in order.
local function written(gx, topic)
    local values = {}
    for _, one in ipairs(gx.writes) do
        if one.topic == topic then values[#values + 1] = one.text:match ':(.*)}$' end
    end
    return values
end

local function choose(world, address, cmd, number)
    return world:command(address, cmd, { value = tostring(number), uom = "25" })
end

describe("conditions of control", function()
    local RELAY, FUNCTION = "system/0/Relay/0/State", "settings/0/Settings/Relay/Function"
    local MODE = "vebus/257/Mode"

    -- Fault: A relay that the generator or the tank pump uses is switched: the GX flips it back.
    -- Expected: It is switched only where its function is Manual.
    it("are looked at before a relay is switched", function()
        local world, gx = start(ON, { values = { [RELAY] = 0, [FUNCTION] = 1 } })
        assert.is_false(choose(world, GATEWAY, "SET_GV14", 1))
        assert.equal(NOT_ALLOWED, result(world))
        assert.truthy(notice(world):find("its function is not Manual", 1, true), notice(world))
        gx:set(FUNCTION, nil)
        assert.is_false(choose(world, GATEWAY, "SET_GV14", 1))
        gx:set(FUNCTION, 2)
        assert.is_true(choose(world, GATEWAY, "SET_GV14", 1))
        assert.is_true(choose(world, GATEWAY, "SET_GV14", 0))     -- the pause is for settings
        assert.same({ "1", "0" }, written(gx, RELAY))
        assert.equal(2, world:value(GATEWAY, "GV22"))
    end)

    -- Fault: Relay 2 could not be switched with Venus of before 2021, where it has no function to choose.
    -- Expected: There it is switched by hand only. Where it has a function, that is Manual or it is refused.
    it("let relay 2 be switched where it has no function", function()
        local SECOND, ITS_FUNCTION = "system/0/Relay/1/State", "settings/0/Settings/Relay/1/Function"
        local world, gx = start(ON, { values = { [SECOND] = 0 } })
        assert.is_true(choose(world, GATEWAY, "SET_GV15", 1))
        for _, number in ipairs { -1, 0, 1, 3, 4, 5 } do
            gx:set(ITS_FUNCTION, number)
            assert.is_false(choose(world, GATEWAY, "SET_GV15", 0))
            assert.equal(NOT_ALLOWED, result(world))
        end
        gx:set(ITS_FUNCTION, 2)
        assert.is_true(choose(world, GATEWAY, "SET_GV15", 0))
        assert.same({ "1", "0" }, written(gx, SECOND))
    end)

    -- Fault: A genset whose remote start is off does not start: the command was done, and it started when
    --        somebody switched that on.
    -- Expected: As on the GX, none is started by hand while it has an error; one may be stopped.
    it("want a generator without an error before it is started", function()
        local START, STATE = "generator/0/ManualStart", "generator/0/State"
        local rows = { fixtures.row("generator", 0, "/ManualStart", nil, 0),
                       fixtures.row("generator", 0, "/State", nil, 10) }
        local world, gx = start(ON, { rows = rows, values = { ["generator/0/ManualStartTimer"] = 0 },
                                      devices = fake.DEVICES })
        local address = "392u_gn0"
        assert.is_false(choose(world, address, "SET_GV1", 1))
        assert.equal(NOT_ALLOWED, result(world))
        assert.same({}, written(gx, START))
        gx:set(STATE, 0)
        assert.is_true(choose(world, address, "SET_GV1", 1))
        gx:set(STATE, 10)
        assert.is_true(choose(world, address, "SET_GV1", 0))
        assert.same({ "1", "0" }, written(gx, START))
    end)

    -- Fault: The mode is written where a BMS or the configuration owns it; or a house goes dark by mistake.
    -- Expected: Only where ModeIsAdjustable is 1 or absent; off only if the owner says so.
    it("are looked at before an inverter gets another mode", function()
        local world, gx = start(ON, { values = { [MODE] = 3, ["vebus/257/ModeIsAdjustable"] = 0 } })
        assert.is_false(choose(world, control_world.VEBUS, "SET_MODE", 1))
        assert.equal(NOT_ALLOWED, result(world))
        gx.values["vebus/257/ModeIsAdjustable"] = nil
        assert.is_true(choose(world, control_world.VEBUS, "SET_MODE", 1))
        assert.is_false(choose(world, control_world.VEBUS, "SET_MODE", 4))
        assert.truthy(notice(world):find("inverter_off", 1, true), notice(world))
        assert.same({ "1" }, written(gx, MODE))
        world:set_params { vrm_token = world.params.vrm_token, live = "vrm", control = "on",
                           inverter_off = "Yes" }
        assert.is_true(choose(world, control_world.VEBUS, "SET_MODE", 4))
        assert.same({ "1", "4" }, written(gx, MODE))
    end)

    -- Fault: A house without grid is dark after "Charger only", for which no parameter is needed.
    -- Expected: It is refused while no AC input is in use; the other modes are not.
    it("are looked at before an inverter does nothing but charge", function()
        local INPUT = "vebus/257/Ac/ActiveIn/ActiveInput"
        local world, gx = start(ON, { values = { [MODE] = 3, [INPUT] = 240 } })
        local for_a_time = { ["VALUE.uom25"] = "1", ["MINUTES.uom45"] = "9" }
        for _, cmd in ipairs { { "SET_MODE", { value = "1", uom = "25" } },
                               { "FOR_MODE", { query = for_a_time } } } do
            assert.is_false(world:command(control_world.VEBUS, table.unpack(cmd)))
            assert.equal(NOT_ALLOWED, result(world))
            assert.truthy(notice(world):find("no AC input is in use", 1, true), notice(world))
        end
        assert.is_true(choose(world, control_world.VEBUS, "SET_MODE", 2))
        gx:set(INPUT, 0)
        assert.is_true(choose(world, control_world.VEBUS, "SET_MODE", 1))
        assert.same({ "2", "1" }, written(gx, MODE))
    end)

    -- Fault: The gateway did not say which AC input is in use, as one that starts does: "Charger only" was
    --        written, and a house without grid was dark.
    -- Expected: It is refused until an input is known to be in use.
    it("want to know of an AC input before an inverter does nothing but charge", function()
        local INPUT = "vebus/257/Ac/ActiveIn/ActiveInput"
        local world, gx = start(ON, { values = { [MODE] = 3 } })
        for _, silent in ipairs { true, false } do
            if silent then gx.values[INPUT] = nil else gx:set(INPUT, nil) end
            assert.is_false(choose(world, control_world.VEBUS, "SET_MODE", 1))
            assert.truthy(notice(world):find("no AC input is in use", 1, true), notice(world))
        end
        assert.is_true(choose(world, control_world.VEBUS, "SET_MODE", 2))
        assert.same({ "2" }, written(gx, MODE))
    end)

    -- Fault: On an Inverter RS 2 is Inverter only and 3 is On: "On" made it Inverter only, as 2 is what an
    --        inverter without a charger takes for On.
    -- Expected: The switch of an RS is left alone.
    it("leave the switch of an Inverter RS alone", function()
        local RS = "inverter/5/IsInverterCharger"
        local rows = { fixtures.row("inverter", 5, "/Mode", nil, 3),
                       fixtures.row("inverter", 5, "/State", nil, 9) }
        local world, gx = start(ON, { rows = rows, values = { [RS] = 1 }, devices = fake.DEVICES })
        assert.is_false(choose(world, "392u_iv5", "SET_MODE", 3))
        assert.truthy(notice(world):find("it is an RS", 1, true), notice(world))
        gx.values[RS] = 0
        assert.is_true(choose(world, "392u_iv5", "SET_MODE", 5))
        assert.is_true(choose(world, "392u_iv5", "SET_MODE", 3))
        assert.same({ "5", "2" }, written(gx, "inverter/5/Mode"))
    end)

    -- Fault: VRM sends no switch of an inverter, nor whether it is an RS; told live, both went unheard.
    -- Expected: The switch is shown as the device means it.
    it("show the switch of an inverter that only the gateway tells", function()
        local rows = { fixtures.row("inverter", 5, "/State", nil, 9) }
        local world, gx = start(ON, { rows = rows, devices = fake.DEVICES,
                                      values = { ["inverter/5/Mode"] = 2, ["inverter/5/State"] = 9 } })
        world:run(10)
        assert.equal(3, world:value("392u_iv5", "MODE"))
        gx:set("inverter/5/IsInverterCharger", 1)
        world:run(10)
        assert.equal(2, world:value("392u_iv5", "MODE"))
    end)

    -- Fault: A charging station did not tell its highest current: any was written, past what its wires take.
    -- Expected: Nothing is written without it.
    it("want the highest current that a charging station takes", function()
        local MOST, CURRENT = "evcharger/40/MaxCurrent", "evcharger/40/SetCurrent"
        local rows = { fixtures.row("evcharger", 40, "/Mode", nil, 0),
                       fixtures.row("evcharger", 40, "/SetCurrent", nil, 10) }
        local world, gx = start(ON, { rows = rows, devices = fake.DEVICES })
        local function set_current(amps)
            return world:command("392u_ev40", "SET_GV11", { value = tostring(amps), uom = "1" })
        end
        assert.is_false(set_current(90))
        assert.truthy(notice(world):find("does not tell how much", 1, true), notice(world))
        gx:set(MOST, 32)
        assert.is_false(set_current(33))
        assert.truthy(notice(world):find("takes at most 32", 1, true), notice(world))
        assert.is_true(set_current(32))
        gx:set("evcharger/40/MinCurrent", 16)
        gx:set(MOST, 16)
        assert.is_false(set_current(15))
        assert.truthy(notice(world):find("takes 16 to 16", 1, true), notice(world))
        assert.is_true(set_current(16))
        gx:set(MOST, 10)                                          -- less than the least
        assert.is_false(set_current(12))
        assert.truthy(notice(world):find("does not tell how much", 1, true), notice(world))
        assert.same({ "32", "16" }, written(gx, CURRENT))
    end)

    it("leave ESS alone where Dynamic ESS or external control is in charge", function()
        local world, gx = start(ON, { values = { ["settings/0/Settings/DynamicEss/Mode"] = 1 } })
        local watts = { query = { ["VALUE.uom73"] = "-500", ["MINUTES.uom45"] = "10" } }
        for mode = 1, 4 do                                        -- 2 and 3: it buys, it sells
            gx:set("settings/0/Settings/DynamicEss/Mode", mode)
            assert.is_false(world:command(ESS, "FOR_GV18", watts))
            assert.truthy(notice(world):find("Dynamic ESS is in charge", 1, true), notice(world))
        end
        gx:set("settings/0/Settings/DynamicEss/Mode", 0)
        gx:set("settings/0/Settings/CGwacs/Hub4Mode", 3)
        assert.is_false(world:command(ESS, "FOR_GV18", watts))
        assert.truthy(notice(world):find("External control", 1, true), notice(world))
        assert.same({}, gx.writes)
    end)

    -- Fault: The ESS mode, if neither VRM nor the gateway has told it yet, was asked for as a path of the
    --        service that is written to, which has none: external control forbade nothing.
    -- Expected: A setting is one of the settings.
    it("know whose path a setting is before it was told", function()
        local HUB4 = "settings/0/Settings/CGwacs/Hub4Mode"
        local world, gx = start(ON, { without = "/Settings/CGwacs/Hub4Mode" })
        gx.values[HUB4] = 3                                       -- so far untold
        local watts = { query = { ["VALUE.uom73"] = "-500", ["MINUTES.uom45"] = "10" } }
        assert.is_false(world:command(ESS, "FOR_GV18", watts))
        assert.truthy(notice(world):find("External control", 1, true), notice(world))
        assert.same({}, gx.writes)
    end)

    --- The gateway does not get the first so many questions whose topic has a text in it.
    local function lose(gx, text, count)
        local hear, left = gx.hear, count
        gx.hear = function(self, message)
            local is_lost = left > 0 and message.topic:find("^R/.*" .. text)
            left = left - (is_lost and 1 or 0)
            if not is_lost then return hear(self, message) end
        end
    end

    -- Fault: The answer to whether Dynamic ESS is on was lost: that counted as no Dynamic ESS, and a
    --        set-point was written over its own.
    -- Expected: What has no answer is asked once more.
    it("are asked for once more where no answer comes", function()
        local world, gx = start(ON, { values = { ["settings/0/Settings/DynamicEss/Mode"] = 1 } })
        local watts = { query = { ["VALUE.uom73"] = "-500", ["MINUTES.uom45"] = "10" } }
        lose(gx, "DynamicEss/Mode", 1)
        assert.is_false(world:command(ESS, "FOR_GV18", watts))
        assert.truthy(notice(world):find("Dynamic ESS is in charge", 1, true), notice(world))
        lose(gx, "Relay/Function", 1)
        gx.values[RELAY], gx.values[FUNCTION] = 0, 2
        assert.is_true(choose(world, GATEWAY, "SET_GV14", 1))
        assert.same({}, written(gx, "hub4/0/Overrides/Setpoint"))
    end)

    -- Fault: The gateway answers nothing, and there is no set-point either before the first: that was written
    --        without a look at what forbids it.
    -- Expected: Nothing is written.
    it("forbid a set-point where the gateway answers nothing", function()
        local world, gx = start(ON, { values = { ["settings/0/Settings/DynamicEss/Mode"] = 1 } })
        lose(gx, "", math.huge)
        assert.is_false(world:command(ESS, "FOR_GV18", { query = { ["VALUE.uom73"] = "-500",
                                                                   ["MINUTES.uom45"] = "10" } }))
        assert.equal(NOT_ALLOWED, result(world))
        assert.truthy(notice(world):find("does not answer", 1, true), notice(world))
        assert.same({}, gx.writes)
    end)

    it("know what the GX makes of an ESS state, and of numbers that stand for others", function()
        local STATE = "settings/0/Settings/CGwacs/BatteryLife/State"
        local world, gx = start(ON)
        gx.most[STATE] = 2                                        -- of 1 the GX makes 2, at noon say
        gx:set(STATE, 10)
        local write = gx.write
        gx.write = function(self, topic, message)
            write(self, topic, message)
            if topic == STATE then self:set(STATE, 2) end
        end
        assert.is_true(choose(world, ESS, "SET_ST", 1))
        assert.same({ "1" }, written(gx, STATE))
        assert.is_true(choose(world, ESS, "SET_GV10", 0))         -- feed-in off: Victron's 1
        assert.same({ "1" }, written(gx, "settings/0/Settings/CGwacs/PreventFeedback"))
    end)

    -- Fault: A schedule that was switched off was one for every day afterwards, whatever days it had: who
    --        switched it on at the gateway got another one. One that was off for Wednesdays was written anew.
    -- Expected: It keeps its days, as where the gateway's own screen switches it off; one that is off stays.
    it("let a schedule that is switched off keep its days", function()
        local DAY = "settings/0/Settings/CGwacs/BatteryLife/Schedule/Charge/0/Day"
        local world, gx = start({ control = "on", control_pause = "0" }, {
            rows = { fixtures.row("settings", 0, DAY:match "^settings/0(.*)$", nil, 3) },
        })
        for day, off in pairs { [0] = -10, [1] = -1, [3] = -3, [7] = -7, [8] = -8, [9] = -9, [11] = -11 } do
            gx:set(DAY, day)
            gx.writes = {}
            assert.is_true(choose(world, GATEWAY .. "b", "SET_GV1", 99))
            assert.same({ tostring(off) }, written(gx, DAY))
            assert.is_true(choose(world, GATEWAY .. "b", "SET_GV1", 99))
            assert.equal(1, #gx.writes)
            assert.equal(DONE, result(world))
        end
        gx:set(DAY, 12)                                             -- which is none
        assert.is_true(choose(world, GATEWAY .. "b", "SET_GV1", 99))
        assert.equal(-7, gx.values[DAY])
        assert.is_true(choose(world, GATEWAY .. "b", "SET_GV1", 3))
        assert.equal(3, gx.values[DAY])
    end)

    it("are looked at of an RS, too, before it does nothing but charge", function()
        for service, address in pairs { multi = "392u_mr0", acsystem = "392u_as0" } do
            local rows = { fixtures.row(service, 0, "/Mode", nil, 3),
                           fixtures.row(service, 0, "/State", nil, 9) }
            local world, gx = start(ON, { devices = fake.DEVICES, rows = rows,
                values = { [service .. "/0/Ac/ActiveIn/ActiveInput"] = 240 } })
            assert.is_false(choose(world, address, "SET_MODE", 1))
            assert.truthy(notice(world):find("no AC input is in use", 1, true), notice(world))
            assert.is_true(choose(world, address, "SET_MODE", 2))
            assert.same({ "2" }, written(gx, service .. "/0/Mode"))
        end
    end)

    it("acknowledge notifications, and see that they are", function()
        local ALERT, ALL = "platform/0/Notifications/Alert", "platform/0/Notifications/AcknowledgeAll"
        local rows = { require("spec.fixtures.vrm").row("platform", 0, "/Notifications/Alert", nil, 1) }
        local world, gx = start(ON, { rows = rows, values = { [ALL] = 0 } })
        local write = gx.write
        gx.write = function(self, topic, message)
            write(self, topic, message)
            self:set(ALERT, 0)
        end
        local address = GATEWAY .. "a"
        assert.is_true(world:command(address, "SET_GV7"))
        assert.is_true(world:command(address, "SET_GV7"))
        assert.same({ "1" }, written(gx, ALL))
    end)
end)

describe("control for a time", function()
    local SETPOINT, FORCE = "hub4/0/Overrides/Setpoint", "hub4/0/Overrides/ForceCharge"
    local VEBUS, MODE = control_world.VEBUS, "vebus/257/Mode"

    local function minimum(percent, minutes)
        return { "FOR_GV0", { query = { ["VALUE.uom51"] = tostring(percent),
                                        ["MINUTES.uom45"] = tostring(minutes) } } }
    end
    local function minimum_for(world, percent, minutes)
        return world:command(ESS, table.unpack(minimum(percent, minutes)))
    end
    local function setpoint_for(world, watts, minutes)
        return world:command(ESS, "FOR_GV18", { query = { ["VALUE.uom73"] = tostring(watts),
                                                          ["MINUTES.uom45"] = tostring(minutes) } })
    end

    --- Commands that come while the first of them is still done; live data goes on.
    local function give(world, gx, commands, address)
        for i, one in ipairs(commands) do
            world:fire("command", address or ESS, one[1], one[2], "request " .. i)
            gx:live(1)
        end
        gx:live(60)
    end
    --- A world with the same gateway and what PG3 has kept, so many seconds later.
    local function restarted(world, gx, seconds, params)
        return start(params or ON, { gx = gx, saved = world.saved, now = world.now + seconds })
    end

    it("puts back what was", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        assert.equal(1, world:value(GATEWAY, "GV21"))
        gx:live(540)
        assert.same({ "80" }, written(gx, MINIMUM))
        gx:live(90)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
        assert.equal(0, world:value(GATEWAY, "GV21"))
        assert.equal(DONE, result(world))
        gx:live(600)
        assert.equal(2, #gx.writes)
    end)

    -- Fault: While one value is being written, another is wanted for good, and then the same for a time. The
    --        first of these is told what became of the second, and ends its time: what was never comes back.
    -- Expected: What is wanted last counts.
    it("puts back what was when the same was wanted for good shortly before", function()
        local world, gx = start { control = "on", control_pause = "0" }
        local function for_good(percent) return { "SET_GV0", { value = percent, uom = "51" } } end
        give(world, gx, { for_good "60", for_good "80", minimum(80, 10) })
        gx:live(600)
        assert.same({ "60", "80", "60" }, written(gx, MINIMUM))
    end)

    -- Fault: The same value is wanted for an hour twice and then for ten minutes, while it is being written:
    --        the second is told what became of the last, and its hour counts.
    -- Expected: The time that is wanted last counts.
    it("lasts as long as was wanted last", function()
        local world, gx = start { control = "on", control_pause = "0" }
        give(world, gx, { minimum(80, 60), minimum(80, 60), minimum(80, 10) })
        gx:live(600)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
    end)

    -- Fault: A command for a time remembers what there was to put back when it came, not when its turn comes:
    --        what a command under way has changed meanwhile is not known.
    -- Expected: What was before the first that is for a time comes back; or what was wanted for good last.
    it("puts back what was when several commands came at once", function()
        local world, gx = start { control = "on", control_pause = "0" }
        for i, percent in ipairs { 80, 90 } do
            world:fire("command", ESS, "FOR_GV0", minimum(percent, 10)[2], "request " .. i)
        end
        gx:live(700)
        assert.same({ "80", "90", "20" }, written(gx, MINIMUM))
    end)

    it("puts back what was wanted for good while it waited", function()
        local world, gx = start { control = "on", control_pause = "0" }
        assert.is_true(minimum_for(world, 80, 10))
        give(world, gx, { { "SET_GV0", { value = "30", uom = "51" } }, minimum(90, 10) })
        gx:live(700)
        assert.same({ "80", "30", "90", "30" }, written(gx, MINIMUM))
    end)

    --- The command for the mode of an inverter, for a time. The gateway is asked what it does not answer:
    -- whether the mode may be set. So it is five seconds until anything is written.
    local function mode(number, minutes)
        return { "FOR_MODE", { query = { ["VALUE.uom25"] = tostring(number),
                                         ["MINUTES.uom45"] = tostring(minutes) } } }
    end

    -- Fault: The time of a command is over while the next one for the same value is being done: what was
    --        before is put back over what the second has just written, whose time runs on.
    -- Expected: The second counts, and what was before both is put back at its end.
    it("goes on with a command that comes just when the time of the one before is over", function()
        for seconds = 590, 612, 2 do
            local world, gx = start(ON, { values = { [MODE] = 3 } })
            world:fire("command", VEBUS, mode(1, 10)[1], mode(1, 10)[2], "a")
            gx:live(seconds)
            world:fire("command", VEBUS, mode(2, 10)[1], mode(2, 10)[2], "b")
            gx:live(300)
            local values = written(gx, MODE)
            assert.equal("2", values[#values], seconds)
            assert.equal(1, world:value(GATEWAY, "GV21"), seconds)
            gx:live(400)
            values = written(gx, MODE)
            assert.equal("3", values[#values], seconds)
        end
    end)

    -- Fault: 0 minutes while the command for a time is still being done ended nothing, and it went on.
    -- Expected: The last counts: it is ended as soon as it is done, and one that waits is not done.
    it("is ended by 0 minutes while it is still done", function()
        for _, commands in ipairs { { mode(1, 10), mode(1, 0) }, { mode(1, 10), mode(2, 10), mode(1, 0) } } do
            local world, gx = start(ON, { values = { [MODE] = 3 } })
            give(world, gx, commands, VEBUS)
            assert.same({ "1", "3" }, written(gx, MODE))
            assert.equal(0, world:value(GATEWAY, "GV21"))
            assert.equal(DONE, result(world))
            assert.is_true(world.reports[#world.reports].success)
        end
    end)

    -- Fault: The plugin is restarted, and what was before is forgotten: the battery stays as it was set.
    -- Expected: It is remembered before the first write, and put back when the time is over; once.
    it("puts back what was after a restart, too", function()
        local world, gx = start(ON)
        local given = { query = { ["VALUE.uom51"] = "80", ["MINUTES.uom45"] = "10" } }
        world:fire("command", ESS, "FOR_GV0", given, "x")
        for _ = 1, 100 do if #gx.writes == 0 then world:run(0.1) end end
        assert.truthy(world.saved.timed)                          -- it was stored before that
        local again = restarted(world, gx, 60)
        gx:live(300)
        assert.same({ "80" }, written(gx, MINIMUM))
        assert.equal(1, again:value(GATEWAY, "GV21"))
        gx:live(300)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
        gx:live(70)
        restarted(again, gx, 60)
        gx:live(600)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
    end)

    it("puts back what was long ago when the gateway is back", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        gx.deaf = true
        gx:live(1200)
        gx.deaf = false
        gx:live(120)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
    end)

    -- Fault: When the time was over the device was away and told null: that counted as a change of somebody
    --        else's, and what was before was never put back.
    -- Expected: It is put back once the device is there.
    it("puts back what was when the device is back", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        gx:live(300)
        gx:set(MINIMUM, nil)
        gx:live(600)
        assert.same({ "80" }, written(gx, MINIMUM))
        gx:set(MINIMUM, 80)
        gx:live(60)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
        assert.equal(0, #world:logged("has been changed meanwhile"))
    end)

    -- Fault: The connection is lost just when what was is put back, nobody knows what came of it, and nobody
    -- looks again: the battery stays as it was set.
    -- Expected: Once the gateway answers it is looked at, and put back if it is not; not written twice.
    it("sees that what was is back", function()
        for _, arrives in ipairs { false, true } do
            local world, gx = start(ON)
            assert.is_true(minimum_for(world, 80, 10))
            function gx.write(self, ...)
                self.write, self.deaf = nil, true
                if arrives then self:write(...) end
            end
            gx:live(660)
            assert.equal(NOT_KNOWN, result(world))
            assert.equal(1, world:value(GATEWAY, "GV21"))
            gx.deaf = false
            gx:live(150)
            assert.same({ "80", "20" }, written(gx, MINIMUM))
            assert.equal(0, world:value(GATEWAY, "GV21"))
            assert.equal(DONE, result(world))
            assert.equal("", notice(world))
            assert.equal(0, #world:logged("has been changed meanwhile"))
        end
    end)

    -- Fault: A slow device still tells what was, then nobody answers any more: that counted as not taken, and
    --        what was before was forgotten. The value came nonetheless, and stayed.
    -- Expected: What is asked last counts: it is not known, and put back when the time is over.
    it("puts back what was written, though the gateway fell silent before it was so", function()
        local world, gx = start(ON)
        gx.slow = 3
        world:fire("command", ESS, minimum(80, 10)[1], minimum(80, 10)[2], "a")
        gx:live(2)
        gx.deaf, gx.send = true, function() end
        gx:live(40)
        assert.equal(NOT_KNOWN, result(world))
        gx.deaf, gx.slow, gx.send = false, nil, nil
        assert.equal(80, gx.values[MINIMUM])
        gx:live(700)
        assert.equal(20, gx.values[MINIMUM])
        assert.equal(0, world:value(GATEWAY, "GV21"))
    end)

    -- Fault: The gateway does not answer when the time of a set-point is over: that counted as a set-point
    --        that is none any more, and it was not released.
    -- Expected: It is released, and looked at until that is seen; at the latest when the gateway has
    --           forgotten it by itself.
    it("releases a set-point of which the gateway tells nothing just then", function()
        local world, gx = start(ON)
        assert.is_true(setpoint_for(world, -500, 5))
        gx:live(286)
        gx.deaf = true
        gx:live(40)
        assert.equal(-500, gx.values[SETPOINT])
        gx.deaf = false
        gx:live(60)
        assert.equal("null", table.remove(written(gx, SETPOINT)))
        assert.equal(0, world:value(GATEWAY, "GV21"))
        assert.is_true(setpoint_for(world, -500, 5))
        local hear = gx.hear
        gx.hear = function(self, message)
            if not message.topic:find "^R/.*/Overrides/" then return hear(self, message) end
        end
        gx:live(800)
        assert.equal("null", table.remove(written(gx, SETPOINT)))
        assert.equal(1, world:value(GATEWAY, "GV21"))
        gx:live(200)
        assert.equal(0, world:value(GATEWAY, "GV21"))
    end)

    it("knows what is released by a number, too", function()
        local world, gx = start(ON)
        assert.is_true(world:command(ESS, "FOR_GV17", { query = { ["MINUTES.uom45"] = "5" } }))
        gx:live(330)
        assert.equal("0", table.remove(written(gx, FORCE)))
        assert.equal(1, #world:logged "): released.")
        assert.equal(DONE, result(world))
    end)

    it("is over where the gateway has forgotten a set-point already", function()
        local world, gx = start(ON)
        assert.is_true(setpoint_for(world, -500, 5))
        gx.write = function() end
        gx:set(SETPOINT, nil)
        gx:live(330)
        assert.equal(0, world:value(GATEWAY, "GV21"))
    end)

    -- Fault: What releases a set-point was lost on its way, and counted as done.
    -- Expected: It is read back, and released again.
    it("releases a set-point until that is seen", function()
        local world, gx = start(ON)
        assert.is_true(setpoint_for(world, -500, 5))
        local write, lost = gx.write, 0
        gx.write = function(self, topic, message)
            if not message.text:find "null" then return write(self, topic, message) end
            self.write, lost = nil, lost + 1
        end
        gx:live(340)
        assert.equal(1, lost)
        assert.equal("null", table.remove(written(gx, SETPOINT)))
        assert.equal(0, world:value(GATEWAY, "GV21"))
        assert.equal(DONE, result(world))
        assert.equal("", notice(world))
    end)

    it("tells that it could not be seen to be ended by 0 minutes", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        local hear = gx.hear
        gx.hear = function(self, message)
            if not message.topic:find(MINIMUM, 1, true) then return hear(self, message) end
        end
        assert.is_false(minimum_for(world, 80, 0))
        assert.equal(NOT_KNOWN, result(world))
        assert.truthy(notice(world):find("it is looked at again", 1, true), notice(world))
        gx.hear = nil
        gx:live(30)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
        assert.equal(DONE, result(world))
        assert.equal("", notice(world))
    end)

    -- Fault: When the time is over the gateway tells what is there, but not what it is asked next: that
    --        counts as a refusal, and what was before is never put back.
    -- Expected: It is put back when the gateway answers again.
    it("tries again where the gateway falls silent at the end of the time", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        local hear, asked = gx.hear, 0
        gx.hear = function(self, message)
            asked = asked + (message.topic:find(MINIMUM, 1, true) and 1 or 0)
            if asked ~= 2 then return hear(self, message) end       -- the second question has no answer
        end
        gx:live(660)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
        assert.equal(0, world:value(GATEWAY, "GV21"))
        assert.equal("", notice(world))
    end)

    -- Fault: The inverter was on for a time and is to do nothing but charge again: that was written without a
    --        look at the grid, which was lost meanwhile, and the house was dark.
    -- Expected: It is put back when an AC input is in use again; why not so far is told once.
    it("puts back nothing that may not be written just then", function()
        local INPUT = "vebus/257/Ac/ActiveIn/ActiveInput"
        local world, gx = start(ON, { values = { [MODE] = 1 } })
        assert.is_true(world:command(VEBUS, mode(3, 10)[1], mode(3, 10)[2]))
        gx:live(300)
        gx:set(INPUT, 240)
        gx:live(600)
        assert.same({ "3" }, written(gx, MODE))
        assert.equal(1, #world:logged "not put back yet: no AC input is in use")
        assert.truthy(notice(world):find("not put back yet", 1, true), notice(world))
        assert.is_false(world:command(VEBUS, mode(3, 0)[1], mode(3, 0)[2]))
        assert.equal(NOT_ALLOWED, result(world))
        gx:set(INPUT, 0)
        gx:live(60)
        assert.same({ "3", "1" }, written(gx, MODE))
        assert.equal("", notice(world))
    end)

    -- Fault: VRM portal was not Full when the time was over: what was before was never put back.
    -- Expected: It is when that is Full again.
    it("puts back what was when the gateway takes writes again", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        gx:set("settings/0/Settings/Network/VrmPortal", 1)
        gx:live(700)
        assert.truthy(notice(world):find("VRM portal is not Full", 1, true), notice(world))
        gx:set("settings/0/Settings/Network/VrmPortal", 2)
        gx:live(60)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
        assert.equal("", notice(world))
    end)

    -- Fault: What could not be put back for a day was in a line of the log only.
    -- Expected: It is in the notice, with the reason, and as the last command.
    it("tells in a notice what it could not put back for a day", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        gx.deaf = true
        world:run(86400 + 700)
        assert.truthy(notice(world):find("could not be put back", 1, true), notice(world))
        assert.equal(0, world:value(GATEWAY, "GV21"))
        assert.same({ "80" }, written(gx, MINIMUM))
    end)

    -- Fault: What PG3 kept is of another version or was written by hand; the plugin ends at each start.
    -- Expected: What cannot be used of it is left out; the rest counts, and the plugin serves.
    it("outlives a record that is broken", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        local timed = world.saved.timed
        for key, broken in pairs {
            none = { ends = 1, seconds = 2 }, text = "x",
            site = { ends = 1, seconds = 2, site = "x", topic = 5 },
            driver = { ends = 1, seconds = 2, site = 151734, topic = "a/0/B", address = ESS },
            value = { ends = 1, seconds = 2, site = 151734, topic = MINIMUM, address = ESS, driver = "GV0",
                      value = "x" },
            before = { ends = 1, seconds = 2, site = 151734, topic = MINIMUM, address = ESS, driver = "GV0",
                       value = 80, before = "x" },
        } do timed[key] = broken end
        world.saved.writes = { count = { x = 1, ["151734"] = "y" }, at = 5 }
        local again = restarted(world, gx, 60)
        assert.equal(1, again:value(GATEWAY, "GV21"))
        gx:live(600)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
        assert.is_nil(next(again.saved.timed or {}))
    end)

    -- Fault: The user changes the setting meanwhile, and the plugin puts its own idea back.
    -- Expected: What was changed by somebody else is left as it is.
    it("leaves what the user has changed meanwhile", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        gx:set(MINIMUM, 55)
        gx:live(700)
        assert.same({ "80" }, written(gx, MINIMUM))
        assert.equal(1, #world:logged("has been changed meanwhile"))
        assert.equal(0, world:value(GATEWAY, "GV21"))
    end)

    it("writes nothing that could not be remembered", function()
        local world, gx = start(ON)
        world.saved_now = false
        assert.is_false(minimum_for(world, 80, 10))
        assert.equal(NOT_ALLOWED, result(world))
        assert.same({}, gx.writes)
        gx:live(700)
        assert.same({}, gx.writes)
    end)

    -- Fault: What is kept has become too large, or memory is short: PG3 is given nothing new, and has
    --        confirmed what it was given last. That is taken for its word on what was before.
    -- Expected: Nothing is written, and a notice says why.
    it("writes nothing where PG3 has confirmed something else", function()
        for _, save in ipairs { function() error("host.save: it does not fit", 0) end,
                                function() return false end } do
            local world, gx = start(ON)
            _G.host.save = save
            assert.is_false(minimum_for(world, 80, 10))
            assert.same({}, gx.writes)
            assert.truthy(notice(world):find("PG3 does not store what was before", 1, true))
        end
    end)

    it("is changed by a second command, and ended by 0 minutes or a command without a time", function()
        local world, gx = start { control = "on", control_pause = "0" }
        assert.is_true(minimum_for(world, 80, 10))
        assert.is_true(minimum_for(world, 90, 20))
        gx:live(660)
        assert.same({ "80", "90" }, written(gx, MINIMUM))
        assert.is_true(minimum_for(world, 90, 0))
        assert.same({ "80", "90", "20" }, written(gx, MINIMUM))
        assert.is_true(minimum_for(world, 70, 10))
        assert.is_true(set_minimum(world, 30))
        gx:live(700)
        assert.same({ "80", "90", "20", "70", "30" }, written(gx, MINIMUM))
    end)

    -- Fault: The second of two commands for a time is lost on its way, or the plugin ends just before it is
    --        written: the first is still there at the end, which counted as changed by somebody else.
    -- Expected: What one of them has written is put back.
    it("puts back what was before the first where the second did not arrive", function()
        for _, ends in ipairs { false, true } do
            local world, gx = start { control = "on", control_pause = "0" }
            assert.is_true(minimum_for(world, 80, 10))
            function gx.write(self)
                self.write, self.deaf = nil, true
            end
            world:fire("command", ESS, minimum(90, 10)[1], minimum(90, 10)[2], "b")
            while rawget(gx, "write") do gx:live(1) end
            if ends then world = restarted(world, gx, 60) end
            gx:live(60)
            gx.deaf = false
            gx:live(700)
            assert.same({ "80", "20" }, written(gx, MINIMUM))
            assert.equal(0, world:value(GATEWAY, "GV21"))
        end
    end)

    -- Fault: Between two commands for a time the user has set another value at the gateway: at the end what
    --        was before the first came back.
    -- Expected: His counts.
    it("puts back what the user has set between two commands", function()
        local world, gx = start { control = "on", control_pause = "0" }
        assert.is_true(minimum_for(world, 80, 10))
        gx:set(MINIMUM, 55)
        assert.is_true(minimum_for(world, 90, 10))
        gx:live(700)
        assert.same({ "80", "90", "55" }, written(gx, MINIMUM))
    end)

    -- Fault: The second of two commands for a time is taken back by what is in charge: what was before the
    --        first is forgotten, though the first is what is there again.
    -- Expected: It is put back at the end of the first.
    it("puts back what was before the first where the second is taken back", function()
        local world, gx = start { control = "on", control_pause = "0" }
        assert.is_true(minimum_for(world, 80, 10))
        gx.taken_back[MINIMUM] = 3
        assert.is_false(minimum_for(world, 90, 20))
        gx.taken_back = {}
        gx:live(700)
        assert.same({ "80", "90", "20" }, written(gx, MINIMUM))
        assert.equal(0, world:value(GATEWAY, "GV21"))
    end)

    -- Fault: A set-point that the gateway forgets after a while is written once; or for ever.
    -- Expected: It is written again while its time runs, and released at its end.
    it("repeats a set-point that expires, and releases it", function()
        local world, gx = start(ON)
        assert.is_true(setpoint_for(world, -500, 5))              -- there is no such topic before
        gx:live(300)
        local values = written(gx, SETPOINT)
        assert.is_true(#values >= 9 and #values <= 12, #values)
        assert.equal("null", table.remove(values))
        for _, value in ipairs(values) do assert.equal("-500", value) end
        gx:live(300)
        assert.equal(#values + 1, #gx.writes)
        assert.equal(0, world:value(GATEWAY, "GV22"))             -- no flash memory
    end)

    -- Fault: Dynamic ESS is switched on while a set-point is written again and again: two masters fight.
    -- Expected: It is not written again; what Dynamic ESS has written stays, else it is released.
    it("ends what is repeated when something else takes charge", function()
        for _, writes in ipairs { true, false } do
            local world, gx = start(ON)
            assert.is_true(setpoint_for(world, -500, 60))
            gx:set("settings/0/Settings/DynamicEss/Mode", 1)
            local count = #written(gx, SETPOINT)
            if writes then gx:set(SETPOINT, 1200) end
            gx:live(120)
            local values = written(gx, SETPOINT)
            assert.equal(count + (writes and 0 or 1), #values)
            assert.equal(writes and "-500" or "null", values[#values])
            assert.equal(0, world:value(GATEWAY, "GV21"))
            assert.equal(1, #world:logged("not written again: Dynamic ESS is in charge"))
            assert.equal(TAKEN_BACK, result(world))
            assert.truthy(notice(world):find("Dynamic ESS is in charge", 1, true), notice(world))
        end
    end)

    it("stops repeating while PG3 is not there, and when the plugin stops", function()
        local world, gx = start(ON)
        assert.is_true(world:command(ESS, "FOR_GV17", { query = { ["MINUTES.uom45"] = "30" } }))
        world.pg3_up = false
        local before = #written(gx, FORCE)
        gx:live(300)
        assert.equal(before, #written(gx, FORCE))
        world.pg3_up = true
        gx:live(70)
        assert.is_true(#written(gx, FORCE) > before)
        world:fire("stop")
        world:run(1)
        local values = written(gx, FORCE)
        assert.equal("0", values[#values])
        local again = restarted(world, gx, 30)
        gx:live(60)
        values = written(gx, FORCE)
        assert.equal("1", values[#values])                        -- the rest of its time
        again:fire("stop")
        again:run(1)
        restarted(again, gx, 3600)
        gx:live(60)
        assert.equal(#values + 1, #written(gx, FORCE))            -- it is over
    end)

    it("ends with the parameter control", function()
        local world, gx = start(ON)
        assert.is_true(minimum_for(world, 80, 10))
        world:set_params { vrm_token = world.params.vrm_token, live = "vrm", control = "off" }
        gx:live(30)
        assert.same({ "80", "20" }, written(gx, MINIMUM))
        assert.equal(0, world:value(GATEWAY, "GV21"))
    end)

    -- Fault: Control is switched off while the plugin does not run; back, it writes what was for a time.
    -- Expected: It is put back, or released, as soon as the gateway is there.
    it("ends where control was switched off while the plugin did not run", function()
        local world, gx = start(ON)
        assert.is_true(setpoint_for(world, -500, 60))
        assert.is_true(minimum_for(world, 80, 60))
        local again = restarted(world, gx, 60, { control = "off" })
        gx:live(60)
        local count = #gx.writes
        assert.equal("null", table.remove(written(gx, SETPOINT)))
        assert.same({ "80", "20" }, written(gx, MINIMUM))
        gx:live(300)
        assert.equal(count, #gx.writes)
        assert.equal(0, again:value(GATEWAY, "GV21"))
    end)

    it("lets the gateway itself end a generator's run", function()
        local START, TIMER = "generator/0/ManualStart", "generator/0/ManualStartTimer"
        local row = require("spec.fixtures.vrm").row
        local rows = { row("generator", 0, "/ManualStart", nil, 0), row("generator", 0, "/State", nil, 0) }
        local world, gx = start(ON, { rows = rows, values = { [TIMER] = 0 }, devices = fake.DEVICES })
        local address = "392u_gn0"
        assert.is_true(world:command(address, "FOR_GV1", { query = { ["VALUE.uom25"] = "1",
                                                                     ["MINUTES.uom45"] = "20" } }))
        assert.equal(TIMER, gx.writes[1].topic)
        assert.same({ "1200" }, written(gx, TIMER))
        assert.same({ "1" }, written(gx, START))
        gx:live(1300)
        assert.equal(2, #gx.writes)
        assert.is_true(choose(world, address, "SET_GV1", 0))
        assert.same({ "1", "0" }, written(gx, START))
    end)

    -- Fault: A generator that runs for a time is to run on: "it is that already", and the gateway's timer
    --        stopped it nonetheless; so did one that was left over from a start that had failed.
    -- Expected: Without a time the timer is 0.
    it("takes the gateway's timer from a generator that is to run on", function()
        local START, TIMER = "generator/0/ManualStart", "generator/0/ManualStartTimer"
        local rows = { fixtures.row("generator", 0, "/ManualStart", nil, 0),
                       fixtures.row("generator", 0, "/State", nil, 0) }
        local world, gx = start(ON, { rows = rows, values = { [TIMER] = 0 }, devices = fake.DEVICES })
        local address = "392u_gn0"
        assert.is_true(world:command(address, "FOR_GV1", { query = { ["VALUE.uom25"] = "1",
                                                                     ["MINUTES.uom45"] = "20" } }))
        assert.is_true(choose(world, address, "SET_GV1", 1))
        assert.same({ "1200", "0" }, written(gx, TIMER))
        assert.same({ "1", "1" }, written(gx, START))
        assert.is_true(choose(world, address, "SET_GV1", 1))
        assert.equal(4, #gx.writes)
    end)
end)

describe("control of a gateway that tells odd things", function()
    local MOST = "settings/0/Settings/CGwacs/MaxDischargePower"
    local most_rows = { fixtures.row("settings", 0, "/Settings/CGwacs/MaxDischargePower", nil, 5000) }

    local function set_most(world, watts)
        return world:command(ESS, "SET_GV5", { value = tostring(watts), uom = "73" })
    end

    -- Fault: What was before a command for a time came as true or false: at its end no JSON was written, or
    --        nothing, and that counted as done.
    -- Expected: true is 1 and false is 0, as everywhere.
    it("puts back what came as true or false", function()
        local START = "evcharger/40/StartStop"
        for before, put_back in pairs { [true] = "1", [false] = "0" } do
            local world, gx = start(ON, { devices = fake.DEVICES, values = { [START] = before },
                rows = { fixtures.row("evcharger", 40, "/StartStop", nil, before and 1 or 0) } })
            local wanted = before and "0" or "1"
            assert.is_true(world:command("392u_ev40", "FOR_GV18", { query = { ["VALUE.uom25"] = wanted,
                                                                              ["MINUTES.uom45"] = "10" } }))
            gx:live(660)
            assert.same({ wanted, put_back }, written(gx, START))
        end
    end)

    -- Fault: A path of numbers has a text, as long as the gateway likes: it is in the notice, or what was
    --        before cannot be put back, which is tried every ten seconds for a day.
    -- Expected: That is no value.
    it("writes nothing over a value that is no number", function()
        local world, gx = start(ON)
        local long = '"' .. ("x"):rep(100000) .. '"'
        for _, odd in ipairs { '"on"', long, "[1,2]", '{"value":20}', '"1e999"' } do
            function gx:tell(topic)
                if topic == MINIMUM then self:send(topic, ('{"value":%s}'):format(odd)) end
            end
            assert.is_false(set_minimum(world, 30))
            assert.truthy(notice(world):find("no such value", 1, true), notice(world))
            assert.is_false(world:command(ESS, "FOR_GV0", { query = { ["VALUE.uom51"] = "80",
                                                                      ["MINUTES.uom45"] = "10" } }))
        end
        assert.same({}, gx.writes)
        assert.equal(0, world:value(GATEWAY, "GV21"))
    end)

    -- Fault: A device told its limits as texts, as some do with values: they did not count.
    -- Expected: They are numbers.
    it("keeps to limits that come as texts", function()
        local world, gx = start(ON)
        gx.limits[MINIMUM] = { "0", "60" }
        assert.is_false(set_minimum(world, 70))
        assert.truthy(notice(world):find("takes 0 to 60", 1, true), notice(world))
        assert.same({}, gx.writes)
        gx.limits[MINIMUM] = { 0, 0 }                               -- none are told
        set_minimum(world, 70)
        assert.same({ "70" }, written(gx, MINIMUM))
    end)

    -- Fault: Two numbers a thousandth apart counted as the same: 5004 W where 5000 were set was not written,
    --        and counted as done.
    -- Expected: Numbers are the same up to what a float keeps of them.
    it("tells large numbers apart", function()
        local world, gx = start({ control = "on", control_pause = "0" }, { rows = most_rows })
        assert.is_true(set_most(world, 5004))
        assert.same({ "5004" }, written(gx, MOST))
        gx:set(MOST, 250000.015625)                                 -- as a float has it
        assert.is_true(set_most(world, 250000))
        assert.equal(1, #gx.writes)
    end)
end)

describe("node:write of a device script", function()
    local function write(world, ...)
        world:fire("script_write", 7, ...)
        world.gx:live(20)
        local answer = world.answers[7]
        world.answers[7] = nil
        return answer.value, answer.err
    end

    it("waits for what became of it", function()
        local text = [[return {
            api = 2, id = "VICMILL", name = "Windmill", match = { service = "windmill" },
            { "ST", unit.percent, "Speed", "/Speed", set = { min = 0, max = 100 } },
            { "GV0", "no_yes", "Done", by_script = true },
            commands = { TRY = function(node)
                node:set("GV0", node:write("/Speed", 50) and 1 or 0)
                local _, problem = node:write("/Speed", 5000)
                node:log("info", "refused: %s", problem)
            end } }]]
        local file = "scripts/devices/windmill.lua"
        local script = { file = file, name = "windmill", table = fake.load_text(text, file) }
        local world, gx = start(ON, { extra_scripts = { script },
            rows = { require("spec.fixtures.vrm").row("windmill", 20, "/Speed", nil, 40) } })
        assert.is_true(world:command("392u_zl20", "TRY"))
        assert.equal(1, world:value("392u_zl20", "GV0"))
        assert.same({ "50" }, written(gx, "windmill/20/Speed"))
        assert.equal(1, #world:logged("refused: /Speed: 5000 is outside of 0 to 100"))
        assert.same({ "windmill/20/Speed: no row declares it" }, gx.violations)   -- none of the plugin's own
        gx.violations = {}
    end)

    -- Fault: Of two numbers that are shown as one state only that which is written counted as that: with the
    --        other one there the state was written again, and what the device made of it was not taken.
    -- Expected: What is shown as the state that is asked for is that state.
    it("knows a state by what is shown, whichever number is there", function()
        local text = [[return {
            api = 2, id = "VICMILL", name = "Windmill", match = { service = "windmill" },
            { "ST", { [0] = "Off", [9] = "Boost" }, "Mode", "/Mode", values = { [7] = 9 },
              set = { choices = { 0, 9 } } } }]]
        local file = "scripts/devices/windmill.lua"
        local script = { file = file, name = "windmill", table = fake.load_text(text, file) }
        local world, gx = start(ON, { extra_scripts = { script },
            rows = { require("spec.fixtures.vrm").row("windmill", 20, "/Mode", nil, 9) } })
        assert.is_true(write(world, "392u_zl20", "/Mode", 9))
        assert.same({}, gx.writes)
    end)

    -- Fault: A device script writes to any path, past the owner's word and past the limits.
    -- Expected: Only what a row declares with set, within its limits, if the owner allows control.
    it("does what a command does, and no more", function()
        local world, gx = start(ON)
        local path = "/Settings/CGwacs/BatteryLife/MinimumSocLimit"
        assert.is_true(write(world, GATEWAY, path, 35))
        assert.same({ "35" }, written(gx, MINIMUM))
        for _, wrong in ipairs { { "/Settings/CGwacs/AcInputLimit", 5, "no row of its table" },
                                 { path, 101, "outside of 0 to 100" },
                                 { "/Settings/CGwacs/Hub4Mode", 3, "none of its choices" },
                                 { "/Overrides/Setpoint", 100, "name the minutes" },
                                 { path, 30, "outside of 0 to 1440", 9999 } } do
            local done, problem = write(world, GATEWAY, wrong[1], wrong[2], wrong[4])
            assert.is_nil(done)
            assert.truthy(problem:find(wrong[3], 1, true), problem)
        end
        local _, problem = write(world, "nobody", path, 30)
        assert.truthy(problem:find("no row of its table", 1, true), problem)
        assert.equal(1, #gx.writes)
        assert.is_true(write(world, GATEWAY, "/Overrides/Setpoint", -200, 1))
        world:set_params { vrm_token = world.params.vrm_token, live = "vrm" }
        gx:live(30)
        local count = #gx.writes
        _, problem = write(world, GATEWAY, path, 40)
        assert.truthy(problem:find("control is off", 1, true), problem)
        assert.equal(count, #gx.writes)
    end)

    -- Fault: An error of the plugin's own came to the script as a table, and concatenating that was an error
    --        of the script's.
    -- Expected: It is a sentence like any other.
    it("gets a sentence for an error of the plugin, too", function()
        local world = start(ON)
        package.loaded["control.writes"].job = function() error "broken" end
        local done, problem = write(world, GATEWAY, "/Settings/CGwacs/BatteryLife/MinimumSocLimit", 30)
        assert.is_nil(done)
        assert.truthy(problem:find("An error in the plugin: .*broken"), problem)
    end)

    -- Fault: A number that a script has from a text fails as an error of the plugin; what comes of a division
    --        by 0 passes every limit, is no JSON, and a time of so many minutes never ends.
    -- Expected: The one is the number, the others are refused.
    it("takes numbers as texts, and none that is not finite", function()
        local world, gx = start(ON)
        local path = "/Settings/CGwacs/BatteryLife/MinimumSocLimit"
        assert.is_true(write(world, GATEWAY, path, "35", "10"))
        assert.same({ "35" }, written(gx, MINIMUM))
        for _, wrong in ipairs { { 0 / 0 }, { math.huge }, { 40, 0 / 0 } } do
            local done, problem = write(world, GATEWAY, path, wrong[1], wrong[2])
            assert.is_nil(done)
            assert.truthy(problem:find("outside of", 1, true), problem)
        end
        assert.equal(1, #gx.writes)
    end)
end)
