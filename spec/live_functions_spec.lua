--- What functions of device scripts make of live data, and what events do with it.

local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local live_world = require "spec.support.live_world"
local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"

local BATTERY, GATEWAY, row = worlds.BATTERY, worlds.GATEWAY, fixtures.row
local VEBUS = GATEWAY:gsub("gw0", "vb276")
local FILE = "persist/scripts/windmill.lua"

after_each(function() _G.host = nil end)

local function mill()
    return "392u_" .. require("types.services").code "windmill" .. 7
end

--- A boat with a windmill whose script this is, and live data. more: further options of live_world.boat.
local function with_mill(text, more)
    local options = { files = { [FILE] = text }, rows = {
        row("windmill", 7, "/Power/A", nil, 100), row("windmill", 7, "/Power/B", nil, 20),
        row("windmill", 7, "/Gust/Speed", nil, 5),
    } }
    for key, value in pairs(more or {}) do options[key] = value end
    local world, gx = live_world.boat("vrm", options)
    gx:live(6)
    return world, gx
end

local function script(rows, more)
    return ([[
local function sum(rows) return number(rows, "/Power/A") + number(rows, "/Power/B") end
return {
    api = 2, id = "MYMILL", name = "Windmill", match = { service = "windmill" },
    { "GV1", unit.watt, "A", "/Power/A" },
    { "GV2", unit.watt, "B", "/Power/B" },
%s
    %s
}]]):format(rows, more or "")
end

local SUM = '    { "ST", unit.watt, "Sum", from = sum },'

--- Counts the calls of functions of rows -> a function that gives the times of those since it was asked last.
local function calls_of(world)
    local times, call_all = {}, world.host.call_all
    world.host.call_all = function(functions, ...)
        for _ = 1, #functions do times[#times + 1] = world.now end
        return call_all(functions, ...)
    end
    return function()
        local list = times
        times = {}
        return list
    end
end

local function poll(world)
    world.vrm:refresh(120)
    world:fire("query", "all", "")
    world:run(2)
end

describe("a function of rows", function()
    -- Fault: A sum that a function makes is minutes old beside its parts, which are live.
    -- Expected: It follows them, at the pace of its unit.
    it("follows the rows it reads", function()
        local world, gx = with_mill(script(SUM))
        assert.equal(120, world:value(mill(), "ST"))
        gx:tell("windmill/7/Power/A", 300)
        world:run(2.5)
        assert.equal(300, world:value(mill(), "GV1"))
        assert.equal(320, world:value(mill(), "ST"))
        gx:tell("windmill/7/Power/B", 40)
        world:run(2.5)
        assert.equal(340, world:value(mill(), "ST"))
    end)

    -- Fault: What only a function reads is not asked for, so that it never comes.
    -- Expected: All that VRM sends of a device with functions is asked for.
    it("follows what no row of the table shows", function()
        local world, gx = with_mill(script [[
    { "ST", "no_yes", "Storm", from = function(rows) return number(rows, "/Gust/Speed") > 20 end },]])
        assert.equal(0, world:value(mill(), "ST"))
        gx:tell("windmill/7/Gust/Speed", 30)
        world:run(0.5)
        assert.equal(1, world:value(mill(), "ST"))
    end)

    -- Fault: A function is called for each value that comes, a hundred times a second.
    -- Expected: Every two seconds at most, and with the last of what came.
    it("is called every two seconds at most", function()
        local world, gx = with_mill(script(
            '    { "ST", "no_yes", "Odd", from = function(rows) return sum(rows) % 2 == 1 end },'))
        world:run(5)
        local calls = calls_of(world)
        for i = 1, 100 do
            gx:tell("windmill/7/Power/A", 100 + i)
            world:run(0.1)
        end
        gx:tell("windmill/7/Power/A", 201)
        world:run(3)
        local times = calls()
        assert.is_true(#times >= 5 and #times <= 7, #times)
        for i = 2, #times do assert.is_true(times[i] - times[i - 1] >= 1.99) end
        assert.equal(1, world:value(mill(), "ST"))
        world:run(10)
        assert.equal(0, #calls())
    end)

    -- Fault: A function of the gateway gets no installation, or VRM's rows beside live ones.
    -- Expected: It sees what is there, live or not, of its own device and of those it asks for, and follows.
    it("of the gateway sees what is live of all devices", function()
        local gateway = script_world.with_more(script_world.text "gateway", [[
    { "GV25", unit.watt, "Sum", from = function(rows, site)
        local all = number(rows, "/Dc/System/Power") or 0
        for _, one in ipairs(devices_of(rows, "windmill")) do
            all = all + (number(rows_of(rows, "windmill", one.instance), "/Power/A") or 0)
        end
        return site.connected and all
    end },
    { "GV26", unit.counter, "Rows", from = function(rows) return number(rows, "/Dc/System/Power") end },]])
        local world, gx = with_mill("", { heart = false, lag = 0.5,
            files = { [FILE] = script "", ["persist/scripts/gateway.lua"] = gateway },
            rows = { row("windmill", 7, "/Power/A", nil, 100),
                     row("system", 0, "/Dc/System/Power", "dc", 10) } })
        assert.equal(110, world:value(GATEWAY, "GV25"))
        gx:tell("windmill/7/Power/A", 300)
        world:run(2.5)
        assert.equal(310, world:value(GATEWAY, "GV25"))
        gx:tell("system/0/Dc/System/Power", 60)
        world:run(2.5)
        assert.equal(360, world:value(GATEWAY, "GV25"))
        gx:tell("battery/288/Alarms/LowSoc", 2)          -- the gateway's facts change
        gx.values["system/0/SystemState/State"] = 9      -- and its delay, soon
        gx.heart = true
        gx:live(40)
        assert.is_number(world:value(GATEWAY, "GV18"))
        assert.equal(60, world:value(GATEWAY, "GV26"))
        assert.equal(360, world:value(GATEWAY, "GV25"))
    end)

    it("follows the rows of others that it asked for with the polls, too", function()
        local world = with_mill(script [[
    { "ST", unit.volt, "Bank", from = function(rows)
        return number(rows_of(rows, "battery"), "/Dc/0/Voltage")
    end },]])
        assert.equal(26.31, world:value(mill(), "ST"))
        for _, one in ipairs(world.vrm.sites[151734].rows) do
            if one.code == "V" then one.rawValue, one.timestamp = 25, world.now - 5 end
        end
        world:fire("query", "all", "")
        world:run(2)
        assert.equal(25, world:value(mill(), "ST"))
    end)

    -- Fault: A function that fails is suspended within seconds, because live data calls it often.
    -- Expected: What fails between two answers of VRM's counts once, and is told with the second.
    it("that fails counts once between two polls", function()
        local world, gx = with_mill(script(SUM .. [[

    { "GV3", unit.watt, "Strict", from = function(rows)
        if sum(rows) > 200 then error("too much wind") end
        return sum(rows)
    end },]]))
        assert.equal(120, world:value(mill(), "GV3"))
        local function fail()
            for i = 1, 6 do
                gx:tell("windmill/7/Power/A", 300 + 10 * i)
                world:run(2.5)
            end
            gx:tell("windmill/7/Power/A", 100)
            world:run(2.5)
        end
        for _ = 1, 2 do
            fail()
            assert.equal(120, world:value(mill(), "GV3"))        -- it goes on
            poll(world)
            script_world.in_trouble(world, "too much wind")
            assert.equal(1, world:value(mill(), "GV30"))
        end
        fail()
        assert.equal(1, world:value(mill(), "GV30"))
        poll(world)
        assert.equal(3, world:value(mill(), "GV30"))             -- the third in a row
    end)

    it("that fails once is well again with the next answer", function()
        local world, gx = with_mill(script
            '    { "ST", unit.watt, "Sum", from = function(rows) return sum(rows) end },')
        gx:tell("windmill/7/Power/B", nil)
        world:run(2.5)
        assert.is_nil(world:value(mill(), "ST"))
        script_world.well(world)
        gx:tell("windmill/7/Power/B", 30)
        world:run(2.5)
        assert.equal(130, world:value(mill(), "ST"))
        poll(world)
        script_world.in_trouble(world, "nil value")
        poll(world)
        script_world.well(world)
    end)

    -- Fault: A function that takes all its time has that every two seconds.
    -- Expected: It rests until VRM's next answer; what is too much only because it is often counts nothing.
    it("that takes too long rests until the next answer", function()
        for excess, counts in pairs { budget = true, share = false } do
            local world, gx = with_mill(script(SUM))
            local text = "too much"
            world.host.excess = function() return excess end
            local call_all, called = world.host.call_all, 0
            world.host.call_all = function(functions, ...)
                called = called + 1
                if called > 1 then return call_all(functions, ...) end
                return {}, { FILE .. ": " .. text }
            end
            for i = 1, 5 do
                gx:tell("windmill/7/Power/A", 300 + i * 10)
                world:run(2.5)
            end
            assert.equal(1, called)
            assert.is_nil(world:value(mill(), "ST"))
            assert.equal(350, world:value(mill(), "GV1"))
            poll(world)
            assert.equal(370, world:value(mill(), "ST"))
            assert.equal(counts, script_world.told(world):find(text, 1, true) ~= nil)
            gx:tell("windmill/7/Power/A", 500)
            world:run(2.5)
            assert.equal(520, world:value(mill(), "ST"))
        end
    end)

    -- Fault: A script that fails with the words of the host, of a pump that ran longer than its budget of 50
    --        hours, rests as if it had itself run too long.
    -- Expected: Its own error is one like others, whatever it says: it is called again with what is new.
    it("that fails with words like those of its limits does not rest", function()
        local text = "the pump ran longer than its budget of 50 hours"
        local world, gx = with_mill(script(('    { "ST", unit.watt, "Sum", from = function(rows)'
            .. ' if sum(rows) > 500 then error(%q) end return sum(rows) end },'):format(text)))
        gx:tell("windmill/7/Power/A", 900)
        world:run(2.5)
        assert.is_nil(world:value(mill(), "ST"))
        gx:tell("windmill/7/Power/A", 30)
        world:run(2.5)
        assert.equal(50, world:value(mill(), "ST"))
        poll(world)
        script_world.in_trouble(world, text)
    end)

    it("has its limits and its events", function()
        local world, gx = with_mill(script([[
    { "ST", unit.watt, "Sum", from = sum, max = 1000 },
    { "GV3", { [0] = "Calm", [1] = "Storm" }, "Wind", from = function(rows) return sum(rows) > 500 end,
      events = { [0] = "CALM", [1] = "STORM" } },]], 'events = { CALM = "Calm", STORM = "Storm" },'))
        world.events = {}
        gx:tell("windmill/7/Power/A", 2000)
        world:run(2.5)
        assert.is_nil(world:value(mill(), "ST"))
        assert.same({ mill() .. " STORM" }, world.events)
        gx:tell("windmill/7/Power/A", 30)
        world:run(2.5)
        assert.equal(50, world:value(mill(), "ST"))
        assert.same({ mill() .. " STORM", mill() .. " CALM" }, world.events)
    end)

    -- Fault: A time that is looked at between two answers stands still, or leaps with the next one.
    -- Expected: A state is held for its seconds, whatever tells it.
    it("whose word looks at time has the time of what is live", function()
        local world, gx = with_mill(script [[
    { "ST", "no_yes", "Storm", from = function(rows) return sum(rows) > 500 end, held_for = 20 },]])
        gx:tell("windmill/7/Power/A", 2000)
        for i = 1, 25 do
            gx:tell("windmill/7/Power/A", 2000 + i)
            gx:live(1)
            if i < 17 then assert.equal(0, world:value(mill(), "ST")) end
        end
        assert.equal(1, world:value(mill(), "ST"))
    end)
end)

describe("update", function()
    local function counting(body)
        return script('    { "ST", unit.watt, "Last", by_script = true },', ([[
    update = function(node, rows)
        node.state.calls = (node.state.calls or 0) + 1
        %s
    end,]]):format(body))
    end

    local function calls(world) return world:serving("windmill").states[mill()].calls end

    -- Fault: What `update` shows is minutes old beside the rows it is of.
    -- Expected: It follows them every two seconds at most, and what it shows counts for the pace.
    it("follows live data", function()
        local world, gx = with_mill(counting 'node:set("ST", number(rows, "/Gust/Speed"))')
        assert.equal(5, world:value(mill(), "ST"))
        world:run(3)
        local before = calls(world)
        for i = 1, 100 do
            gx:tell("windmill/7/Gust/Speed", 100 + i)
            world:run(0.1)
        end
        world:run(3)
        assert.equal(200, world:value(mill(), "ST"))
        local more = calls(world) - before
        assert.is_true(more >= 4 and more <= 7, more)
    end)

    it("is not called while it waits", function()
        local world, gx = with_mill(counting 'sleep(30) node:set("ST", number(rows, "/Gust/Speed"))')
        world:run(40)
        local before = calls(world)
        for i = 1, 50 do
            gx:tell("windmill/7/Gust/Speed", 100 + i)
            world:run(1)
        end
        assert.equal(before + 2, calls(world))
        world:run(40)
        assert.equal(150, world:value(mill(), "ST"))
    end)

    -- Fault: An answer comes while `update` waits, and a second one of the node runs beside it.
    -- Expected: One at a time; the next answer finds it free again.
    it("is not called by an answer either while it waits", function()
        local world = with_mill(counting "sleep(30)")
        world:run(40)
        local before = calls(world)
        for _ = 1, 3 do poll(world) end
        assert.equal(before + 1, calls(world))
        world:run(40)
        poll(world)
        assert.equal(before + 2, calls(world))
    end)

    -- Fault: An `update` that fails is not called any more within seconds, because live data calls it often.
    -- Expected: It fails three polls in a row before that.
    it("that fails counts once between two polls", function()
        local world, gx = with_mill(counting
            'if number(rows, "/Gust/Speed") > 50 then error("a storm") end')
        for _ = 1, 3 do
            assert.is_nil(table.concat(world:logged("error"), "\n"):find("is not called", 1, true))
            for i = 1, 5 do
                gx:tell("windmill/7/Gust/Speed", 60 + i)
                world:run(2.5)
            end
            poll(world)
            script_world.in_trouble(world, "a storm")
        end
        assert.truthy(table.concat(world:logged("error"), "\n"):find("is not called", 1, true))
        assert.equal(1, world:value(mill(), "GV30"))
    end)
end)

describe("what is live", function()
    -- Fault: A row's limits hold for VRM's rows only.
    -- Expected: What passes them is no data, however it came.
    it("has the limits of its row", function()
        local world, gx = live_world.boat()
        gx:live(6)
        gx:tell("battery/288/Dc/0/Power", 655350)
        gx:tell("battery/288/Soc", 300)
        gx:live(32)
        assert.is_nil(world:value(BATTERY, "BATLVL"))
        gx:tell("battery/288/Soc", 60)
        gx:live(31)
        assert.equal(60, world:value(BATTERY, "BATLVL"))
    end)

    -- Fault: Programs hear of a lost grid or an empty battery with the next poll, minutes later: the plugin
    -- waited for /Ac/Alarms/GridLost of the system, which a GX tells no more.
    -- Expected: With the value; the grid is lost when one inverter says so.
    it("reports the grid, the generator and the battery's level", function()
        local world, gx = live_world.boat("vrm", { params = { battery_level = "20" }, rows = {
            row("battery", 288, "/Alarms/LowSoc", "ASoc", 0),
            row("system", 0, "/Ac/ActiveIn/Source", nil, 240),
            row("system", 276, "/Ac/Alarms/GridLost", "Agl", 0),
            row("vebus", 276, "/State", "S", 9), row("vebus", 277, "/State", "S", 9),
        } })
        gx:live(6)
        local function after(path, value, seconds)
            world.events = {}
            gx:tell(path, value)
            gx:live(seconds or 1)
            local list = {}
            for _, event in ipairs(world.events) do
                if not event:find "^controller" then list[#list + 1] = event end
            end
            table.sort(list)
            return list
        end
        assert.same({}, after("vebus/277/Alarms/GridLost", 0))
        assert.same({ GATEWAY .. " ALARM", GATEWAY .. " GRIDLOST", VEBUS .. " ALARM" },
            after("vebus/276/Alarms/GridLost", 2))
        assert.same({ GATEWAY .. " GENSTART" }, after("system/0/Ac/ActiveIn/Source", 2))
        assert.same({ GATEWAY .. " GRIDBACK", GATEWAY .. " OVER", VEBUS .. " OVER" },
            after("vebus/276/Alarms/GridLost", 0, 2))
        assert.same({ BATTERY .. " ALARM", GATEWAY .. " ALARM" }, after("battery/288/Alarms/LowSoc", 2))
        assert.same({ BATTERY .. " BATLOW" }, after("battery/288/Soc", 19, 32))
        assert.same({ GATEWAY .. " BATLOW" }, after("system/0/Dc/Battery/Soc", 19, 32))
        assert.same({ BATTERY .. " BATOK" }, after("battery/288/Soc", 25, 32))
    end)

    -- Fault: A genset that does not start tells why as a text, below no path of alarms: it had no alarm,
    -- and no error.
    -- Expected: It is one with the text, and over with an empty one; also where VRM sends no such row. The
    -- number is the error's if it is one of Fischer Panda, whose numbers the list has.
    it("has an alarm of a genset that tells an error as a text", function()
        local world, gx = live_world.boat("vrm", { devices = fake.DEVICES, rows = {
            row("genset", 40, "/StatusCode", nil, 0) } })
        local node = "392u_" .. require("types.services").code "genset" .. 40
        gx:live(6)
        for _, told in ipairs { { "fischerpanda:e-17", 2, 17 }, { "", 0, 0 }, { "dse:w-1026", 1 },
                                  { "", 0, 0 } } do
            gx:tell("genset/40/Error/0/Id", told[1])
            gx:live(2)
            assert.equal(told[2], world:value(node, "ALARM"))
            assert.equal(told[3], world:value(node, "ERR"))
        end
    end)

    -- Fault: The inverter that told a lost grid left the D-Bus, and the grid was lost for ever.
    -- Expected: What it said stays until VRM knows better.
    it("is a lost grid until VRM says that it is back", function()
        local world, gx = live_world.boat("vrm", { rows = {
            row("system", 276, "/Ac/Alarms/GridLost", "Agl", 0), row("vebus", 276, "/State", "S", 9),
        } })
        gx:live(6)
        gx:tell("vebus/276/Alarms/GridLost", 2)
        gx:live(1)
        assert.equal(2, world:value(GATEWAY, "GV13"))
        gx.send("vebus/276/Alarms/GridLost", "")
        gx:live(60)
        assert.equal(2, world:value(GATEWAY, "GV13"))
        gx:live(301)
        assert.equal(0, world:value(GATEWAY, "GV13"))
    end)

    -- Fault: Of two inverters without grid one left the D-Bus: the grid counted as back with the next poll,
    -- whose answer was older, until the other one told it anew.
    -- Expected: What those that are there say counts; a connection that was lost in between changes nothing.
    it("is a lost grid as long as another inverter tells it", function()
        local world, gx, connection = live_world.boat("vrm", { rows = {
            row("system", 276, "/Ac/Alarms/GridLost", "Agl", 0),
            row("vebus", 276, "/State", "S", 9), row("vebus", 277, "/State", "S", 9),
        } })
        local function leave(inverter)
            for _, path in ipairs { "Alarms/GridLost", "State" } do
                gx.send(inverter .. "/" .. path, "")
                gx.values[inverter .. "/" .. path] = nil
            end
        end
        gx:live(6)
        for _, inverter in ipairs { "vebus/276", "vebus/277" } do
            gx:tell(inverter .. "/State", 9)
            gx:tell(inverter .. "/Alarms/GridLost", 2)
        end
        leave "vebus/276"
        gx:live(400)
        assert.equal(2, world:value(GATEWAY, "GV13"))
        world:mqtt_state(connection, "unreachable")
        gx:live(400)
        assert.equal(2, world:value(GATEWAY, "GV13"))
        gx:tell("vebus/277/Alarms/GridLost", 0)
        gx:live(3)
        assert.equal(0, world:value(GATEWAY, "GV13"))
    end)

    -- Fault: The inverter that told a lost grid left, the other one has it: the grid stayed lost until VRM
    -- told more.
    -- Expected: It is back at once.
    it("is a grid that is back when the one inverter without it leaves", function()
        local world, gx = live_world.boat("vrm", { rows = {
            row("system", 276, "/Ac/Alarms/GridLost", "Agl", 0),
            row("vebus", 276, "/State", "S", 9), row("vebus", 277, "/State", "S", 9),
        } })
        gx:live(6)
        gx:tell("vebus/276/State", 9)
        gx:tell("vebus/277/Alarms/GridLost", 0)
        gx:tell("vebus/276/Alarms/GridLost", 2)
        gx:live(3)
        assert.equal(2, world:value(GATEWAY, "GV13"))
        gx.send("vebus/276/Alarms/GridLost", "")
        gx.send("vebus/276/State", "")
        gx:live(3)
        assert.equal(0, world:value(GATEWAY, "GV13"))
    end)

    -- Fault: A measurement that VRM only repeated, of a generator that stood still, comes live and is no data
    --        until VRM has it, too.
    -- Expected: It is shown as any other.
    it("is shown where VRM only repeats an old one", function()
        local old = { timestamp = fixtures.NOW - 40000 }
        local world, gx = live_world.boat("vrm", { rows = {
            row("battery", 288, "/Dc/1/Voltage", "VS", 12, old),
            row("battery", 288, "/TimeToGo", "TTG", 7200,
                { timestamp = old.timestamp, formatWithUnit = "%s s" }),
        } })
        gx:live(6)
        gx:tell("battery/288/Dc/0/Current", -3)
        gx:live(31)
        assert.is_nil(world:value(BATTERY, "GV2"))
        assert.is_nil(world:value(BATTERY, "TIMEREM"))
        gx:tell("battery/288/Dc/1/Voltage", 13)
        gx:tell("battery/288/TimeToGo", 7200)
        gx:live(2)
        assert.equal(13, world:value(BATTERY, "GV2"))
        assert.equal(2, world:value(BATTERY, "TIMEREM"))
    end)
end)
