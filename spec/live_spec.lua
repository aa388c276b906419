--- Live data by VRM's brokers: what is asked, what is shown and how often, and what happens when it is
-- silent.

local fixtures = require "spec.fixtures.vrm"
local live_world = require "spec.support.live_world"
local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"

local BATTERY, SOLAR, GATEWAY, VEBUS = worlds.BATTERY, worlds.SOLAR, worlds.GATEWAY, worlds.INVERTER
local PORTAL, boat = live_world.PORTAL, live_world.boat

after_each(function() _G.host = nil end)

--- The values a driver was set to so far.
local function sets_of(world, address, driver)
    local list = {}
    for _, one in ipairs(world.sets) do
        if one.address == address and one.driver == driver then list[#list + 1] = one.value end
    end
    return list
end

describe("live data", function()
    -- Fault: An owner who did not ask for it gets a connection that VRM and the gateway have to serve.
    -- Expected: There is none unless the parameter live is vrm; off ends it.
    it("is off unless it is asked for, and ends with the parameter", function()
        local world = boat("off")
        assert.equal(0, #world.connections)
        world:set_params { vrm_token = worlds.TOKEN, live = "VRM" }
        assert.equal(1, #world.connections)
        world:set_params { vrm_token = worlds.TOKEN, live = "off" }
        assert.is_true(world.connections[1].closed)
        assert.same({}, world.errors)
    end)

    it("logs in as VRM wants it, and keeps the token out of the log", function()
        local world, _, connection = boat()
        local config = connection.config
        assert.equal("mqtt7.victronenergy.com", config.host)
        assert.equal(8883, config.port)
        assert.equal(fixtures.EMAIL, config.user)
        assert.equal("Token " .. worlds.TOKEN, config.password)
        assert.equal("scripts/sources/victron-ca.crt", config.ca)
        assert.is_nil(config.check_name)                    -- which is checked then
        for _, line in ipairs(world.lines) do assert.is_nil(line.text:find(worlds.TOKEN, 1, true)) end
    end)

    it("finds the broker by the portal id where VRM has no host for it", function()
        local world, _, connection = boat()
        world.vrm.sites[151734].mqtt_host = nil
        world:fire("discover")
        world:run(15)
        assert.is_true(connection.closed)
        local sum = 0
        for i = 1, #PORTAL do sum = sum + PORTAL:byte(i) end
        assert.equal(("mqtt%d.victronenergy.com"):format(sum % 128), world.connections[2].config.host)
    end)

    -- Fault: where VRM tells no portal id, as of installations that are shared, or no e-mail of the account,
    --        there was no live data and nothing said why.
    -- Expected: the log says it once.
    it("that cannot be asked for is told once", function()
        local params = { vrm_token = worlds.TOKEN, live = "vrm" }
        for _, lacks in ipairs { "its portal id", "the e-mail of this account" } do
            local world = worlds.new { params = params }
            if lacks ~= "its portal id" then
                world.vrm.sites[151734].identifier = "c0619ab1d2e3"
                world.vrm.fail["/users/me"] = { status = 200, json = { success = true, user = { id = 22 } } }
            end
            world:start():run(15)
            worlds.next_poll(world)
            assert.equal(1, #world:logged("Boat: no live data: VRM does not tell " .. lacks .. ";"))
        end
    end)

    -- Fault: A gateway was replaced, and the old one put on another boat: what it told was still heard, by
    --        the topics of its portal id, and shown as of the installation where it had been.
    -- Expected: Another portal id is another gateway: the connection is made anew, what was told before ends.
    it("hears nothing of the gateway that was there before", function()
        local NEW = PORTAL:gsub(".$", "4")
        local world, gx, connection = boat("vrm", { values = { ["battery/288/Soc"] = 87.5 } })
        gx:live(9)
        gx:tell("battery/288/Soc", 64)
        world:run(5)
        assert.equal(64, world:value(BATTERY, "BATLVL"))
        world.vrm.sites[151734].identifier = NEW
        world.vrm:refresh(120)
        world:fire("longpoll")
        world:run(15)
        assert.is_true(connection.closed)
        worlds.next_poll(world)
        assert.equal(1, world:value(GATEWAY, "GV17"))
        assert.equal(87.5, world:value(BATTERY, "BATLVL"))
        for topic in pairs(world.connections[2].topics) do assert.is_nil(topic:find(PORTAL, 1, true)) end
        assert.truthy(world.connections[2].topics["N/" .. NEW .. "/heartbeat"])
    end)

    -- Fault: VRM's list lacked the portal id once: the gateway was kept alive at "R/nil/keepalive", and live
    --        data ended.
    -- Expected: It is the gateway that it was.
    it("goes on where VRM's list lacks the portal id once", function()
        local world, gx, connection = boat()
        gx:live(9)
        world.vrm.sites[151734].identifier = nil
        world:fire("longpoll")
        gx.asked = {}
        gx:live(90)
        assert.is_nil(connection.closed)
        assert.equal(2, world:value(GATEWAY, "GV17"))
        assert.is_true(#gx.asked > 0)
        for _, message in ipairs(gx.asked) do assert.truthy(message.topic:find(PORTAL, 1, true)) end
    end)

    -- Fault: A subscription that VRM refuses, or one to everything that a gateway has, a month of days too.
    -- Expected: Below the own portal id, what scripts show; no histories.
    it("asks for what is shown, below its own gateway only", function()
        local _, _, connection = boat()
        local some = {}
        for topic in pairs(connection.topics) do
            assert.truthy(topic:find("^N/" .. PORTAL .. "/%l[%w_]*"), topic)
            assert.is_nil(topic:find("History", 1, true))
            some[topic] = true
        end
        assert.is_true(some["N/" .. PORTAL .. "/battery/+/Soc/#"])
        assert.is_true(some["N/" .. PORTAL .. "/battery/+/Dc/#"])
        assert.is_true(some["N/" .. PORTAL .. "/solarcharger/+/Yield/#"])
        assert.is_true(some["N/" .. PORTAL .. "/system/+/Dc/#"])
        assert.is_true(some["N/" .. PORTAL .. "/heartbeat"])
    end)

    it("is kept alive every half minute; everything is asked for once", function()
        local world, gx = boat()
        gx:live(300)
        assert.equal(1, gx.all)
        local last
        for _, message in ipairs(gx.asked) do
            if message.topic == "R/" .. PORTAL .. "/keepalive" then
                local pause = message.time - (last or message.time - 30)
                assert.is_true(pause >= 29 and pause <= 36, pause)
                last = message.time
            elseif message.topic ~= "R/" .. PORTAL .. "/system/0/Serial" then
                assert.equal("R/" .. PORTAL .. "/system/0/SystemState/State", message.topic)
            end
        end
        assert.equal(1, #world:logged("values come live now"))
    end)

    -- Fault: A GX tells everything three times a second at most, and others had that, twice: it was asked no
    --        more, and what did not change was as old as VRM had it, beside what was fresh.
    -- Expected: It is asked until it tells the end; an old one, which has no heartbeat and never does, each
    --           quarter of an hour after two times.
    it("asks for everything until its end is told", function()
        for _, heart in ipairs { true, false } do
            local _, gx = boat("vrm", { ends = false, heart = heart })
            gx:live(300)
            assert.is_true(heart and gx.all >= 8 or gx.all == 2, gx.all)
            gx:live(900)
            assert.is_true(heart or gx.all == 3, gx.all)
            gx.ends = true
            gx:live(900)
            local count = gx.all
            gx:live(1800)
            assert.equal(count, gx.all)
        end
    end)

    -- Fault: Values of seconds ago are shown minutes later, in VRM's units, or over and over.
    -- Expected: Powers and currents within two seconds and not more often, states at once.
    it("shows states at once, powers every two seconds, the rest every half minute", function()
        local world, gx = boat()
        gx:live(10)
        gx:tell("solarcharger/256/State", 5)
        gx:tell("battery/288/Soc", 88)
        gx:tell("solarcharger/256/Yield/Power", 300)
        world:run(0.3)
        assert.equal(5, world:value(SOLAR, "GV0"))
        assert.equal(88, world:value(BATTERY, "BATLVL"))
        assert.equal(300, world:value(SOLAR, "ST"))
        local before = #sets_of(world, SOLAR, "ST")
        for i = 1, 20 do
            gx:tell("solarcharger/256/Yield/Power", 300 + 10 * i)
            gx:tell("battery/288/Soc", 88 + i / 4)
            world:run(0.5)
        end
        world:run(2)
        local shown = #sets_of(world, SOLAR, "ST") - before
        assert.is_true(shown >= 4 and shown <= 6, shown)
        assert.equal(500, world:value(SOLAR, "ST"))
        assert.equal(88, world:value(BATTERY, "BATLVL"))
        gx:live(30)
        assert.equal(93, world:value(BATTERY, "BATLVL"))
    end)

    -- Fault: A power that trembles by a watt is sent to PG3 thirty times a minute.
    -- Expected: Once in half a minute, and then the last; a change that is more comes as any other.
    it("shows trifles every half minute, the last of them", function()
        local world, gx = boat()
        gx:live(5)
        gx:tell("solarcharger/256/Yield/Power", 300)
        gx:live(40)
        gx:tell("solarcharger/256/Yield/Power", 302.4)
        world:run(0.5)
        local before = #sets_of(world, SOLAR, "ST")
        for i = 1, 24 do
            gx:tell("solarcharger/256/Yield/Power", 300 + i % 3)
            world:run(1)
        end
        gx:tell("solarcharger/256/Yield/Power", 301)
        assert.equal(before, #sets_of(world, SOLAR, "ST"))
        world:run(10)
        assert.equal(before + 1, #sets_of(world, SOLAR, "ST"))
        assert.equal(301, world:value(SOLAR, "ST"))
        gx:tell("solarcharger/256/Yield/Power", 310)
        world:run(3)
        assert.equal(310, world:value(SOLAR, "ST"))
    end)

    it("shows powers as often as the owner wants", function()
        local world, gx = boat()
        world:set_params { vrm_token = worlds.TOKEN, live = "vrm", live_seconds = "10 s" }
        gx:live(5)
        local before = #sets_of(world, SOLAR, "ST")
        for i = 1, 60 do
            gx:tell("solarcharger/256/Yield/Power", 300 + 100 * i)
            world:run(1)
        end
        local shown = #sets_of(world, SOLAR, "ST") - before
        assert.is_true(shown >= 5 and shown <= 7, shown)
    end)

    it("tells what is wrong with live_seconds in one sentence", function()
        for _, text in ipairs { "0", "often", "-3", "3601", "1e3" } do
            local world = boat()
            world:set_params { vrm_token = worlds.TOKEN, live = "vrm", live_seconds = text }
            assert.truthy(world.notices.params:find(('The parameter live_seconds is "%s"; 2 is used. Write a'
                .. ' number of seconds from 1 to 3600.'):format(text), 1, true), text)
        end
    end)

    it("takes numbers with the words that people write behind them", function()
        for name, texts in pairs { live_seconds = { "10", "10s", "10 sec", "10 Seconds" },
                                   control_pause = { "10", "10 m", "10min", "10 minutes" } } do
            for _, text in ipairs(texts) do
                local world = boat()
                world:set_params { vrm_token = worlds.TOKEN, live = "vrm", [name] = text }
                assert.is_nil(world.notices.params, name .. " " .. text)
            end
        end
    end)

    -- Fault: A storm of changes fills PG3's queue to the ISY, so that an alarm is seen minutes later.
    -- Expected: All nodes show eight values a second, states before the others; each value has its turn, and
    -- the last of each is shown.
    it("shows no more than PG3 hands on, states first, and loses nothing", function()
        local world, gx = boat()
        gx:live(40)
        local paths = { ST = "Yield/Power", CV = "Dc/0/Voltage", CC = "Dc/0/Current", GV6 = "Pv/V" }
        local begin = #world.sets
        for i = 1, 120 do
            for _, path in pairs(paths) do gx:tell("solarcharger/256/" .. path, 20 + i % 7 * 1.5) end
            for _, path in ipairs { "Power", "Current", "Voltage" } do
                gx:tell("battery/288/Dc/0/" .. path, 10 + i % 7)
                gx:tell("system/0/Dc/Battery/" .. path, 10 + i % 7)
            end
            for phase = 1, 3 do
                gx:tell(("vebus/257/Ac/Out/L%d/P"):format(phase), 100 * (1 + i % 5))
            end
            if i == 60 then gx:tell("solarcharger/256/State", 4) end
            world:run(0.5)
            if i == 60 then assert.equal(4, world:value(SOLAR, "GV0")) end
        end
        local shown, last = {}, {}
        for n, set in ipairs(world.sets) do
            local span, key = set.time // 10, set.address .. set.driver
            if n > begin and last[key] ~= set.value then shown[span] = (shown[span] or 0) + 1 end
            last[key] = set.value
        end
        for _, count in pairs(shown) do assert.is_true(count <= 8 * 10 + 24, count) end
        world:run(60)
        assert.equal(22, world:value(SOLAR, "ST"))
        assert.equal(10 + 120 % 7, world:value(BATTERY, "CPW"))
    end)

    -- Fault: VRM's answer, minutes old, takes the place of what came live seconds ago; or the time to go of
    -- D-Bus, in seconds, is shown as hours.
    -- Expected: The fresher one counts, in the unit of the node.
    it("counts more than VRM's older answer, in the units of the D-Bus", function()
        local world, gx = boat()
        table.insert(world.vrm.sites[151734].rows, fixtures.row("battery", 288, "/TimeToGo", "TTG", 5,
            { formatWithUnit = "%.1F h", formattedValue = "5.0 h" }))
        world:fire("discover")
        world:run(5)
        assert.equal(5, world:value(BATTERY, "TIMEREM"))
        gx:live(10)
        gx:tell("battery/288/TimeToGo", 7200)
        gx:tell("battery/288/Dc/0/Voltage", 25.5)
        world:run(1)
        assert.equal(2, world:value(BATTERY, "TIMEREM"))
        world.vrm.sites[151734].rows[9].rawValue = 26.9
        gx:live(125)
        world:fire("query", "all", "")
        world:run(2)
        assert.equal(2, world:value(BATTERY, "TIMEREM"))
        assert.equal(25.5, world:value(BATTERY, "CV"))
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    -- Fault: An alarm comes live, and beside its device the gateway says OK for five minutes; when it is
    --        over, the gateway goes on with it.
    -- Expected: The gateway counts what its devices show, and reports it.
    it("tells of an alarm on its device and on the gateway", function()
        local world, gx = boat()
        local function shown()
            return { world:value(BATTERY, "ALARM"), world:value(GATEWAY, "GV1"), world:value(GATEWAY, "GV0") }
        end
        gx:live(5)
        gx:tell("battery/288/Alarms/LowSoc", 2)
        gx:live(1)
        assert.same({ 2, 1, 3 }, shown())
        assert.equal(GATEWAY .. " ALARM", world.events[#world.events])
        gx:tell("battery/288/Alarms/LowSoc", 0)
        gx:live(2)
        assert.same({ 0, 0, 1 }, shown())
    end)

    -- Fault: VRM's answer had no value for a charger's alarm; the gateway kept it, as it does once, until
    --        another alarm came live, and then it was over.
    -- Expected: It is kept until VRM's next answer, whatever comes live between the two.
    it("keeps on the gateway what one answer has no value for, until the next", function()
        local function records(value)
            return { fixtures.row("solarcharger", 256, "/Alarms/HighVoltage", "SceH", value) }
        end
        local world, gx = boat("vrm", { rows = records(2) })
        local rows = world.vrm.sites[151734].rows
        assert.equal(1, world:value(GATEWAY, "GV1"))
        rows[#rows] = records(nil)[1]
        world.vrm:refresh(120)
        world:fire("query", "all", "")
        world:run(5)
        assert.equal(1, world:value(GATEWAY, "GV1"))
        gx:tell("battery/288/Alarms/LowSoc", 1)
        world:run(1)
        assert.equal(2, world:value(GATEWAY, "GV1"))
        world:fire("query", "all", "")
        world:run(5)
        assert.equal(1, world:value(GATEWAY, "GV1"))
    end)

    -- Fault: An answer of VRM's ends the pause of a node's values, and what waited is not shown at all.
    -- Expected: It is shown with the answer.
    it("shows what waited with VRM's next answer", function()
        local world, gx = boat()
        gx:live(10)
        gx:tell("battery/288/Soc", 88)
        world:run(0.3)
        gx:tell("battery/288/Soc", 91)
        world:fire("query", BATTERY, "")
        world:run(2)
        assert.equal(91, world:value(BATTERY, "BATLVL"))
        gx:live(40)
        assert.equal(91, world:value(BATTERY, "BATLVL"))
    end)

    it("a path without a value has no data, and no 0", function()
        local world, gx = boat()
        gx:live(5)
        gx:tell("battery/288/Dc/0/Temperature", nil)
        gx:live(31)
        assert.is_nil(world:value(BATTERY, "CLITEMP"))
    end)

    it("polls go on, more slowly", function()
        local world, gx = boat()
        gx:live(5)
        local before = world:count(worlds.DIAGNOSTICS)
        gx:live(1200)
        local polls = world:count(worlds.DIAGNOSTICS) - before
        assert.is_true(polls >= 3 and polls <= 5, polls)
    end)

    it("keeps data fresh whatever the logging interval, and its time no older than half a minute", function()
        local world, gx = boat()
        world.vrm.sites[151734].devices[1].loggingInterval = 900
        world:fire("discover")
        gx:live(60)
        gx:tell("battery/288/Soc", 50)
        gx:live(600)
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.is_true(world.now - world:value(BATTERY, "TIME") <= 40)
    end)

    -- Fault: A gateway that is off VRM, whose broker takes the login, shows its last live values for ever.
    -- Expected: After fifteen seconds without a heartbeat the polls count again; nothing jumps back.
    it("falls back to the polls when the heartbeat is silent, and comes back", function()
        local world, gx = boat()
        gx:live(10)
        gx:tell("battery/288/Dc/0/Voltage", 25.5)
        gx:tell("battery/288/Soc", 70)
        gx:live(40)
        gx.heart = false
        gx:live(30)
        assert.equal(1, #world:logged("live data has stopped"))
        assert.equal(25.5, world:value(BATTERY, "CV"))
        world.vrm.sites[151734].rows[9].rawValue = 26.9             -- the voltage, newer than what came live
        local before = world:count(worlds.DIAGNOSTICS)
        gx:live(480)
        assert.is_true(world:count(worlds.DIAGNOSTICS) - before >= 3)
        assert.equal(26.9, world:value(BATTERY, "CV"))
        assert.equal(1, gx.all)
        gx.heart = true
        gx:live(40)
        assert.equal(2, gx.all)
        assert.equal(2, #world:logged("values come live now"))
    end)

    -- Fault: A gateway started anew, which takes less than the fifteen seconds: nobody was told what changed
    --        until it was kept alive again, and the charge of before was fresh for minutes.
    -- Expected: Where heartbeats are missing something else may be: everything is told once more.
    it("is told once more what came while heartbeats were missing", function()
        local world, gx = boat("vrm", { values = { ["battery/288/Soc"] = 80 } })
        gx:live(100)
        assert.same({ 80, 1 }, { world:value(BATTERY, "BATLVL"), gx.all })
        gx.heart = false
        gx:live(9)
        gx.values["battery/288/Soc"] = 12                           -- nobody is told
        gx.heart = true
        gx:live(6)
        assert.same({ 12, 2 }, { world:value(BATTERY, "BATLVL"), gx.all })
        assert.equal(0, #world:logged("live data has stopped"))
        gx:live(300)
        assert.equal(2, gx.all)
    end)

    -- Fault: A gateway was off for half an hour. With its first heartbeat its battery is fresh, with the
    -- charge of before: a program for that starts the generator, or does not.
    -- Expected: Fresh comes after the values of now.
    it("that comes back is fresh when its values are shown", function()
        local world, gx = boat()
        local paths = { "battery/288/Soc", "battery/288/Dc/0/Voltage", "battery/288/Dc/0/Current",
                        "battery/288/Dc/0/Temperature" }
        for i, path in ipairs(paths) do gx:tell(path, 80 - i) end
        gx:live(40)
        assert.same({ 79, 1 }, { world:value(BATTERY, "BATLVL"), world:value(BATTERY, "GV30") })
        gx.heart = false
        for _ = 1, 16 do
            world:run(120)
            world:fire("shortpoll")
        end
        assert.equal(3, world:value(BATTERY, "GV30"))
        for i, path in ipairs(paths) do gx.values[path] = 30 - i end
        local first = #world.sets
        gx.heart, gx.kept = true, world.now
        gx:live(60)
        assert.same({ 29, 1 }, { world:value(BATTERY, "BATLVL"), world:value(BATTERY, "GV30") })
        local fresh
        for i = first + 1, #world.sets do
            local one = world.sets[i]
            if one.address == BATTERY then
                if one.driver == "GV30" and one.value == 1 then fresh = i end
                assert.is_false(fresh ~= nil and ("BATLVL CV CC CLITEMP"):find(one.driver, 1, true) ~= nil,
                    one.driver .. " is shown after Fresh")
            end
        end
        assert.truthy(fresh)
    end)

    -- Fault: VRM cannot be asked and the connection was lost for a while: when it was back its values were
    --        not shown, and everything stayed offline until VRM answered again.
    -- Expected: What comes live is shown, whether VRM answers or not.
    it("that comes back is shown while VRM cannot be asked", function()
        local world, gx = boat("vrm",
            { values = { ["battery/288/Soc"] = 80, ["system/0/Dc/Battery/Soc"] = 80 } })
        gx:live(60)
        world.vrm.fail = { ["/"] = { status = 500, text = "" } }
        gx.heart = false
        gx:live(1200)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.equal(0, world:value(GATEWAY, "GV17"))
        gx.heart = true
        gx:live(60)
        gx:tell("battery/288/Soc", 70)
        gx:live(40)
        assert.equal(70, world:value(BATTERY, "ST"))
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal(2, world:value(GATEWAY, "GV17"))
        assert.equal(1, world:value(GATEWAY, "ST"))
        assert.equal(0, world:value(GATEWAY, "GV3"))               -- nothing is known of VRM
        gx:live(900)
        assert.equal(1, world:value(BATTERY, "GV30"))
        world.vrm.fail = {}
        gx:live(600)
        assert.equal(1, world:value(GATEWAY, "GV3"))
    end)

    -- Fault: While VRM cannot be asked, and values come live again, the gateway's node says that there is no
    --        alarm, beside fresh; with the next alarm that VRM is connected.
    -- Expected: It counts what its devices show now; nothing is known of VRM.
    it("that comes back counts the alarms that there are, while VRM cannot be asked", function()
        local values = { ["system/0/Dc/Battery/Soc"] = 80, ["battery/288/Alarms/LowSoc"] = 2,
                         ["vebus/257/Alarms/HighTemperature"] = 1 }
        local world, gx = boat("vrm", { values = values })
        local function shown()
            return { world:value(GATEWAY, "GV30"), world:value(GATEWAY, "GV3"), world:value(GATEWAY, "GV0"),
                     world:value(GATEWAY, "GV1") }
        end
        gx:live(60)
        assert.same({ 1, 1, 3, 2 }, shown())
        world.vrm.fail = { ["/"] = { status = 500, text = "" } }
        gx.heart = false
        gx:live(1200)
        assert.same({ 3, 0, 0, 0 }, shown())
        gx.heart, gx.values["vebus/257/Alarms/HighTemperature"] = true, 0
        world.sets = {}
        gx:live(60)
        assert.same({ 1, 0, 3, 1 }, shown())
        for _, count in ipairs(sets_of(world, GATEWAY, "GV1")) do assert.equal(1, count) end
        gx:tell("battery/288/Alarms/LowVoltage", 2)
        gx:live(5)
        assert.same({ 1, 0, 3, 2 }, shown())
        world.vrm.fail = {}
        gx:live(600)
        assert.equal(1, world:value(GATEWAY, "GV3"))
    end)

    -- Fault: A device script was saved while VRM could not be asked, and its nodes were fresh with the values
    --        of that moment until VRM answered.
    -- Expected: What comes live is shown by the new one.
    it("is shown by a script that is saved while VRM cannot be asked", function()
        local world, gx = boat("vrm", { values = { ["solarcharger/256/Yield/Power"] = 300 }, files = {} })
        gx:live(60)
        assert.equal(300, world:value(SOLAR, "ST"))
        world.vrm.fail = { ["/"] = { status = 500, text = "" } }
        gx:live(300)
        script_world.saved(world, "solar_charger", script_world.solar(script_world.VOLTS))
        for _, watts in ipairs { 350, 400 } do
            gx:tell("solarcharger/256/Yield/Power", watts)
            gx:tell("solarcharger/256/Dc/0/Voltage", watts / 10)
            gx:live(45)
            assert.equal(watts, world:value(SOLAR, "ST"))
            assert.equal(watts / 10, world:value(SOLAR, "GV20"))
            assert.equal(1, world:value(SOLAR, "GV30"))
        end
    end)

    -- Fault: What had a number before the connection was lost, and has none now, kept that for a while, as if
    --        VRM had left it out once: an old number was fresh.
    -- Expected: What was old is no number of before.
    it("that comes back has no number of before where there is none", function()
        local values = { ["battery/288/Soc"] = 80, ["battery/288/Dc/0/Current"] = 5 }
        local world, gx = boat("vrm", { values = values })
        gx:live(60)
        assert.equal(5, world:value(BATTERY, "CC"))
        world.vrm.fail = { ["/"] = { status = 500, text = "" } }
        gx.heart = false
        gx:live(1200)
        gx.heart, gx.values = true, { ["battery/288/Soc"] = 70 }
        gx:tell("battery/288/Dc/0/Current", nil)
        gx:live(60)
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal(70, world:value(BATTERY, "ST"))
        assert.is_nil(world:value(BATTERY, "CC"))
    end)

    -- Fault: VRM could not be asked, and a gateway that was back had no time to tell everything: one value of
    --        a device was new, and all others, of long ago, were fresh, too.
    -- Expected: A device is fresh by live data when everything was told.
    it("that comes back is fresh when everything was told", function()
        local values = { ["battery/288/Soc"] = 80, ["battery/288/Dc/0/Current"] = 5 }
        local world, gx = boat("vrm", { values = values })
        gx:live(60)
        world.vrm.fail = { ["/"] = { status = 500, text = "" } }
        gx.heart = false
        gx:live(1200)
        gx.heart, gx.ends, gx.values = true, false, {}
        gx:live(20)
        gx:tell("battery/288/Soc", 70)
        gx:live(100)
        assert.equal(2, #world:logged("values come live now"))
        assert.equal(3, world:value(BATTERY, "GV30"))
        gx.ends, gx.values = true, { ["battery/288/Soc"] = 60, ["battery/288/Dc/0/Current"] = -9 }
        gx:live(60)
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal(-9, world:value(BATTERY, "CC"))
        assert.equal(60, world:value(BATTERY, "ST"))
    end)

    it("says what to look at when the gateway is silent from the start", function()
        local world, gx = boat("vrm", { heart = false, ends = false })
        gx:live(130)
        assert.equal(1, #world:logged("VRM portal is Off"))
        assert.equal(87.5, world:value(BATTERY, "BATLVL"))
    end)

    -- Fault: Live data of VRM's broker never comes, and only the log says why: the owner does not look there.
    -- Expected: The notice Live data says it until values come live, of what will not mend itself.
    it("that does not come has a notice", function()
        local function notice(world) return world.notices.live or "" end
        for says, options in pairs {
            ["VRM portal is Off"] = { heart = false, ends = false },
            ["refuses the login"] = { refuse = "rights" },
            ["by any port"] = { refuse = "unreachable" },
        } do
            local world, gx = boat("vrm", options)
            gx:live(130)
            assert.truthy(notice(world):find("<bdi>Boat</bdi>: ", 1, true), says)
            assert.truthy(notice(world):find(says, 1, true), notice(world))
            gx.refuse, gx.heart, gx.ends = nil, true, true
            gx:live(options.refuse == "rights" and 3600 or 100)
            assert.equal(2, world:value(GATEWAY, "GV17"))
            assert.equal("", notice(world))
        end
        local world, gx = boat()
        gx:live(20)
        gx.heart = false
        gx:live(300)
        assert.equal("", notice(world))                             -- the polls go on
        world, gx = boat("vrm", { refuse = "rights" })
        gx:live(20)
        world:set_params { vrm_token = worlds.TOKEN, live = "off" }
        assert.equal("", notice(world))
    end)

    it("that does not come has no notice where the gateway is offline", function()
        local world, gx = boat("vrm", { heart = false, ends = false, old = 86400 })
        gx:live(130)
        assert.equal("", world.notices.live or "")
    end)

    -- Fault: A token without rights there is tried every ten seconds: VRM counts wrong logins.
    -- Expected: Once, and once more in an hour; the polls go on.
    it("does not try a refused login again for an hour", function()
        local world, gx = boat("vrm", { refuse = "rights" })
        gx:live(1800)
        assert.equal(1, #world.connections)
        assert.equal(1, world.connections[1].logins)
        assert.is_true(world.connections[1].closed)
        assert.equal(1, #world:logged("refuses the login"))
        gx.refuse = nil
        gx:live(2400)
        assert.equal(2, #world.connections)
        assert.equal(1, #world:logged("values come live now"))
    end)

    -- Fault: What waited to be read when the connection was lost counts as a sign of life: values are said to
    -- come live while nobody is connected.
    -- Expected: It is shown, and the gateway's node says that the polls are all there is.
    it("does not live by what came before its end", function()
        local world, gx, connection = boat()
        gx:live(40)
        gx:tell("solarcharger/256/State", 4)
        gx.refuse = "unreachable"
        world:mqtt_state(connection, "lost")
        world:run(1)
        assert.equal(4, world:value(SOLAR, "GV0"))
        assert.equal(1, world:value(GATEWAY, "GV17"))
        assert.equal(1, #world:logged("values come live now"))
    end)

    -- Fault: A firewall that lets only web pages pass keeps live data away, or the log fills with tries.
    -- Expected: It comes by port 443, which is told once; when 8883 goes again, it changes back.
    it("goes by port 443 where 8883 is shut, and back when it is open", function()
        local shut = true
        local world, gx = boat("vrm", { refuse = function(connection)
            return shut and connection.config.port == 8883 and "unreachable" or nil
        end })
        gx:live(60)
        local by_web = world.connections[2]
        assert.same({ "webmqtt7.victronenergy.com", 443, true, "system" }, { by_web.config.host,
            by_web.config.port, by_web.config.websocket, by_web.config.ca })
        assert.equal(1, #world:logged("values come live now, by port 443, for port 8883 gives no"))
        assert.equal(2, world:value(GATEWAY, "GV17"))
        gx:live(3600)
        assert.is_true(#world.connections >= 3 and #world.connections <= 5, #world.connections)
        assert.is_true(by_web.up and not by_web.closed)
        assert.equal(2, world:value(GATEWAY, "GV17"))
        shut = false
        gx:live(1900)
        local last = world.connections[#world.connections]
        assert.is_true(by_web.closed)
        assert.equal(8883, last.config.port)
        assert.is_true(last.up and not last.closed)
        assert.equal(1, #world:logged("port 8883 gives a connection again"))
        assert.equal(2, world:value(GATEWAY, "GV17"))
        for _, connection in ipairs(world.connections) do
            assert.is_true(connection.closed or connection == last)
        end
    end)

    it("tries all ways in turns where none goes, and says so once", function()
        local refuse = "unreachable"
        local world, gx = boat("vrm", { refuse = function() return refuse end })
        gx:live(600)
        assert.equal(1, #world:logged("no connection to VRM's broker by any port"))
        assert.equal(1, world:value(GATEWAY, "GV17"))
        for i, connection in ipairs(world.connections) do
            assert.equal(i % 2 == 1 and 8883 or 443, connection.config.port)
            assert.equal(i > 2, connection.config.quiet or false)
        end
        refuse = nil
        gx:live(60)
        assert.equal(1, #world:logged("values come live now"))
    end)

    it("that ends whenever the gateway is asked is not tried again for an hour", function()
        local world, gx, connection = boat("vrm", { heart = false, ends = false })
        world:mqtt_state(connection, "lost")
        gx:live(11)
        world:mqtt_state(connection, "fought")
        gx:live(600)
        assert.is_true(connection.closed)
        assert.equal(1, #world.connections)
        assert.equal(1, #world:logged("ends the connection as soon as the gateway is asked"))
    end)

    it("a refused subscription ends it, without more", function()
        local world, gx, connection = boat()
        world:fire("mqtt_refused", connection.id, "N/" .. PORTAL .. "/heartbeat")
        assert.is_true(connection.closed)
        assert.equal(1, #world:logged("gives no live data of this installation"))
        gx:live(200)
        assert.equal(1, #world.connections)
    end)

    it("asks for everything again after a loss, a restart of the gateway, and lost messages", function()
        local world, gx, connection = boat()
        gx:live(40)
        assert.equal(1, gx.all)
        world:mqtt_state(connection, "lost")
        world:run(1)
        assert.equal(1, #world:logged("connection for live data was lost"))
        gx:live(20)
        assert.equal(2, gx.all)
        gx:live(60)
        gx.send("keepalive", "1")
        gx:live(5)
        assert.equal(3, gx.all)
        gx:live(60)
        world:fire("mqtt_lost", connection.id)
        gx:live(35)
        assert.equal(4, gx.all)
    end)

    -- Fault: A gateway whose broker starts again and again, or a bridge that sends back what it gets, is
    --        asked for everything each time: five times a second.
    -- Expected: Once in a while, as often as it is asked at all.
    it("does not ask for everything as fast as a gateway says that it has started", function()
        local world, gx = boat()
        gx:live(10)
        local on_send, count = world.on_send, 0
        world.on_send = function(connection, message)
            on_send(connection, message)
            if message.topic ~= "R/" .. PORTAL .. "/keepalive" then return end
            count = count + 1
            gx.send("keepalive", "1")
        end
        gx.send("keepalive", "1")
        gx:live(60)
        assert.is_true(count >= 2 and count <= 15, count)
        world.on_send = on_send
        gx:live(60)
        local all = gx.all
        gx:live(120)
        assert.equal(all, gx.all)
    end)

    -- Fault: A token is revoked while the broker's connection goes on: nodes show what nobody may see now.
    -- Expected: VRM's refusal ends live data as well; with a good answer it begins again.
    it("ends with a token that VRM refuses, and begins again with it", function()
        local world, gx, connection = boat()
        gx:live(40)
        gx:tell("battery/288/Dc/0/Current", 33)
        local answer = world.answer
        world.answer = function()
            return { status = 401, json = { success = false, errors = "no" } }
        end
        world:fire("longpoll")
        world:run(30)
        assert.is_true(connection.closed)
        assert.same({ 3, 0 }, { world:value(BATTERY, "GV30"), world:value(GATEWAY, "GV17") })
        gx:tell("battery/288/Dc/0/Current", 34)
        world:run(5)
        assert.equal(3, world:value(BATTERY, "GV30"))
        world.answer = answer
        gx:live(400)
        assert.same({ 1, 2 }, { world:value(BATTERY, "GV30"), world:value(GATEWAY, "GV17") })
    end)

    it("goes to another broker when VRM names one", function()
        local world, gx, connection = boat()
        gx:live(40)
        world.vrm.sites[151734].mqtt_host = "mqtt8.victronenergy.com"
        world:fire("longpoll")
        gx:live(40)
        assert.is_true(connection.closed)
        assert.equal("mqtt8.victronenergy.com", world.connections[2].config.host)
        assert.equal(2, world:value(GATEWAY, "GV17"))
        assert.equal(2, gx.all)
        assert.equal(1, #world:logged("values come from VRM's polls again"))
    end)

    -- Fault: A gateway with Venus 2.80 to 3.1x takes what stands in a keepalive for the topics that are
    --        wanted: it was live and told nothing but the answer to the question.
    -- Expected: It is kept alive as it wants it; one with a heartbeat is not asked so.
    it("comes from a gateway of before Venus 3.20, too", function()
        local function count(gx)
            local number = 0
            for _, message in ipairs(gx.asked) do
                if message.topic == "R/" .. PORTAL .. "/system/0/Serial" then
                    number = number + 1
                    assert.truthy(message.text:find("suppress-republish", 1, true))
                end
            end
            return number
        end
        local _, new = boat()
        new:live(120)
        assert.equal(1, count(new))
        local world, gx = boat("vrm", { selects = true, heart = false, ends = false,
                                        values = { ["battery/288/Soc"] = 80,
                                                   ["system/0/SystemState/State"] = 252 } })
        gx:live(40)
        assert.equal(80, world:value(BATTERY, "BATLVL"))
        gx:live(120)
        assert.equal(1, gx.all)
        assert.is_true(world.now - gx.kept < 40)
        assert.equal(2, world:value(GATEWAY, "GV17"))
    end)

    -- Fault: VRM's broker kept what gateways told before Venus 3.20. One that was off was live, and fresh
    --        with values of days ago, also of devices that were gone.
    -- Expected: What VRM's broker keeps is no news; what is told now is.
    it("is not what VRM's broker has kept", function()
        local world, gx, connection = boat("vrm", { heart = false, ends = false, old = 20000 })
        local state = world:value(BATTERY, "GV30")
        for path, value in pairs { ["battery/288/Soc"] = 33, ["vebus/257/Mode"] = 2 } do
            world:mqtt_message(connection, "N/" .. PORTAL .. "/" .. path, '{"value":' .. value .. "}", true)
        end
        gx:live(40)
        assert.equal(1, world:value(GATEWAY, "GV17"))
        assert.equal(state, world:value(BATTERY, "GV30"))
        assert.equal(0, #world:logged("values come live now"))
        gx:tell("battery/288/Soc", 34)
        gx:live(40)
        assert.equal(2, world:value(GATEWAY, "GV17"))
    end)

    -- Fault: A gateway without a heartbeat, or one whose heartbeat VRM keeps back, is live and silent in
    -- turns, and fills the log.
    -- Expected: The answer to a question each half minute is a sign of life, too.
    it("lives without a heartbeat", function()
        local world, gx = boat("vrm", { heart = false })
        gx.values["system/0/SystemState/State"] = 252
        gx:live(900)
        assert.equal(1, #world:logged("values come live now"))
        assert.same({}, world:logged("live data has stopped"))
        assert.equal(2, world:value(GATEWAY, "GV17"))
        gx.values = {}
        gx:live(100)
        assert.equal(1, #world:logged("live data has stopped"))
    end)

    it("is asked for everything as soon as the gateway is back", function()
        local world, gx = boat()
        gx:live(60)
        gx.heart = false
        gx:live(30)
        assert.equal(1, gx.all)
        gx.heart = true
        gx:live(4)
        assert.equal(2, gx.all)
        assert.equal(2, #world:logged("values come live now"))
    end)

    -- Fault: A device that left the D-Bus stays fresh because others are told.
    -- Expected: Its values stay until VRM has newer ones; it grows old.
    it("a device that is gone grows old, the others do not", function()
        local world, gx = boat()
        gx:live(10)
        gx:tell("battery/288/Soc", 55)
        gx:tell("solarcharger/256/Yield/Power", 100)
        gx:live(30)
        gx.send("battery/288/Soc", "")
        for _, one in ipairs(world.vrm.sites[151734].rows) do
            if one.dbusServiceType == "battery" then one.timestamp = fixtures.NOW - 4000 end
        end
        gx:live(1500)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.equal(1, world:value(SOLAR, "GV30"))
    end)

    -- Fault: A gateway that logs every quarter of an hour tells at once that a device has left the D-Bus, and
    --        the device was fresh with its last values for half an hour more.
    -- Expected: It is stale in two minutes and offline in ten, but fresh all the time if it is back before,
    --           a poll between or not; and fresh again when it is back.
    it("a device that is gone grows old soon, however seldom the gateway logs", function()
        local world, gx = boat()
        world.vrm.sites[151734].devices[1].loggingInterval = 900
        world:fire("shortpoll")
        gx:live(130)
        gx:tell("battery/288/Soc", 55)
        gx:tell("battery/288/Dc/0/Voltage", 25)
        gx:live(30)
        local function leave()
            gx.send("battery/288/Soc", "")
            gx.send("battery/288/Dc/0/Voltage", "")
        end
        leave()
        gx:live(60)
        assert.equal(1, world:value(BATTERY, "GV30"))
        gx:tell("battery/288/Soc", 55)
        gx:live(300)
        assert.equal(1, world:value(BATTERY, "GV30"))
        leave()
        for _, one in ipairs(world.vrm.sites[151734].rows) do
            if one.dbusServiceType == "battery" then one.timestamp = world.now - 1800 end
        end
        gx:live(110)
        world:fire("shortpoll")
        gx:live(2)
        assert.equal(1, world:value(BATTERY, "GV30"))
        gx:live(60)
        assert.equal(2, world:value(BATTERY, "GV30"))
        gx:live(500)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.equal(1, world:value(SOLAR, "GV30"))
        gx:tell("battery/288/Soc", 56)
        gx:live(40)
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    -- Fault: Ten thousand topics that nobody shows fill the memory.
    -- Expected: They leave nothing.
    it("keeps nothing of paths that nobody shows", function()
        local world, gx = boat()
        gx:live(10)
        collectgarbage()
        local before = collectgarbage "count"
        for i = 1, 10000 do
            gx.send("solarcharger/256/Dc/9/Flood" .. i, '{"value":1}')
            gx.send("unknown/" .. i .. "/Dc/0/Voltage", '{"value":1}')
            if i % 500 == 0 then world:run(1) end
        end
        gx.send("battery/no number/Soc", '{"value":1}')
        gx.send("battery/288/Soc", '{"value":[1]}')
        gx.send("battery/288/Soc", '<html>')
        gx:live(5)
        collectgarbage()
        assert.is_true(collectgarbage "count" - before < 1500)
        assert.equal(87.5, world:value(BATTERY, "BATLVL"))
    end)

    -- Fault: A driver on the gateway writes its numbers as text: VRM's rows show them, live they are no data.
    -- Expected: They are read as those of VRM's rows.
    it("may be numbers written as text", function()
        local world, gx = boat()
        gx:live(5)
        gx:tell("battery/288/Soc", "80.5")
        gx:tell("battery/288/Dc/0/Voltage", "13,2")
        gx:live(40)
        assert.same({ 80.5, 80.5 }, { world:value(BATTERY, "ST"), world:value(BATTERY, "BATLVL") })
        assert.is_nil(world:value(BATTERY, "CV"))
    end)

    -- Fault: A meter without a phase has NaN of it, which is no JSON: what that phase had stayed, as fresh.
    -- Expected: It is no number, as null is.
    it("is none where it is NaN", function()
        local world, gx = boat()
        gx:live(5)
        gx:tell("battery/288/Dc/0/Voltage", 13.2)
        gx:live(40)
        assert.equal(13.2, world:value(BATTERY, "CV"))
        for _, none in ipairs { "NaN", "-Infinity" } do
            gx:tell("battery/288/Dc/0/Voltage", 13.3)
            gx.send("battery/288/Dc/0/Voltage", '{"value": ' .. none .. "}")
            gx:live(40)
            assert.is_nil(world:value(BATTERY, "CV"))
        end
    end)

    -- Fault: Gateways before Venus 3.20 tell an empty list for what has no value: what it had stayed, as
    --        fresh.
    -- Expected: It is none, as null is.
    it("is none where it is an empty list", function()
        local world, gx = boat()
        gx:live(5)
        gx:tell("battery/288/Dc/0/Voltage", 13.2)
        gx:live(40)
        gx.send("battery/288/Dc/0/Voltage", '{"value": [ ]}')
        gx:live(40)
        assert.is_nil(world:value(BATTERY, "CV"))
    end)

    it("texts, booleans and unknown states do no harm", function()
        local world, gx = boat()
        gx:live(5)
        gx:tell("vebus/257/State", true)
        gx:tell("vebus/257/Mode", "on")
        gx:tell("system/0/SystemState/State", 9999)
        gx:live(40)
        assert.equal(1, world:value(VEBUS, "GV0") or 1)
        assert.is_not_nil(world:value(GATEWAY, "GV30"))
    end)

    -- Fault: Nobody sees whether a value is of seconds or of minutes ago, nor that live data has ended.
    -- Expected: The gateway's node names the source, and how long a question takes to the gateway and back.
    it("is seen on the gateway's node, with its delay", function()
        local world, gx = boat("vrm", { heart = false, ends = false, lag = 0.7 })
        assert.equal(1, world:value(GATEWAY, "GV17"))
        assert.equal(20, world:value(GATEWAY, "GV18"))          -- of VRM's rows at the start
        gx.values["system/0/SystemState/State"] = 252
        gx.heart, gx.ends = true, true
        gx:live(80)
        assert.equal(2, world:value(GATEWAY, "GV17"))
        local delay = world:value(GATEWAY, "GV18")
        assert.is_true(delay >= 0.7 and delay < 1, delay)
        gx.values["system/0/SystemState/State"] = nil           -- no answer comes
        gx:live(70)
        assert.is_nil(world:value(GATEWAY, "GV18"))
        gx.heart = false
        gx:live(20)
        assert.equal(1, world:value(GATEWAY, "GV17"))
        world.answer = function() return nil, { kind = "timeout", text = "No answer." } end
        gx:live(900)
        assert.equal(0, world:value(GATEWAY, "GV17"))
        assert.is_nil(world:value(GATEWAY, "GV18"))
    end)

    it("ends when the plugin stops", function()
        local world, gx, connection = boat()
        gx:live(10)
        world:fire("stop")
        assert.is_true(connection.closed)
        assert.equal(3, world:value(BATTERY, "GV30"))
        world:run(100)
        assert.same({}, world.errors)
    end)
end)
