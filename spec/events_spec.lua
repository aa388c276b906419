--- Events that ISY programs react to: each once when it begins and once when it ends, also over a restart.

local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local worlds = require "spec.support.worlds"

local BATTERY, GATEWAY, INVERTER, TOKEN = worlds.BATTERY, worlds.GATEWAY, worlds.INVERTER, worlds.TOKEN
local next_poll, row = worlds.next_poll, fixtures.row

after_each(function() _G.host = nil end)

--- A boat whose battery and inverter tell alarms and whose system tells where its AC comes from.
local function boat()
    local site = fixtures.boat()
    site.rows = fixtures.join(site.rows, {
        row("battery", 288, "/Alarms/LowSoc", "ASoc", 0), row("vebus", 257, "/Alarms/Overload", "AO", 0),
        row("system", 0, "/Ac/ActiveIn/Source", nil, 240), row("system", 0, "/Ac/Alarms/GridLost", "Agl", 0),
    })
    return site
end

local function set(world, path, value)
    for _, one in ipairs(world.vrm.sites[151734].rows) do
        if one.dbusPath == path then one.rawValue, one.timestamp = value, world.now - 5 end
    end
end

local function new(options)
    options = options or {}
    options.sites = options.sites or { [151734] = boat() }
    return worlds.new(options)
end

local function started(options)
    local world = new(options):start()
    world:run(15)
    return world
end

--- The world with a plugin that was stopped (crashed: without a word) and started again.
local function restarted(before, options)
    options = options or {}
    if not options.crashed then
        before:fire("stop")
        before:run(1)
    end
    local known = {}
    for address, node in pairs(before.nodes) do
        known[#known + 1] = { address = address, name = node.name, type = node.type, primary = node.primary,
                              enabled = true }
    end
    local world = new { sites = before.vrm.sites, known = known, params = before.params }
    world.now, world.saved = before.now, before.saved
    if options.before then options.before(world) end
    for _, device in ipairs(world.vrm.sites[151734].devices) do device.lastConnection = world.now - 5 end
    if not options.down then world.vrm:refresh(2) end
    world:start()
    world:run(15)
    return world
end

local function sorted(list)
    list = table.move(list, 1, #list, 1, {})
    table.sort(list)
    return list
end

--- What was reported since the last call.
local function reported(world)
    assert(#world.errors == 0, table.concat(world.errors, "\n"))
    local list = world.events
    world.events = {}
    local own = {}
    for _, event in ipairs(list) do
        if not event:find "^controller" then own[#own + 1] = event end
    end
    table.sort(own)
    return own
end

--- Changes a value of VRM's and polls -> what was reported.
local function after(world, path, value)
    set(world, path, value)
    next_poll(world)
    return reported(world)
end

local LEVEL = { vrm_token = TOKEN, battery_level = "20" }
local ALL = { BATTERY, GATEWAY, worlds.SOLAR, INVERTER }

--- The event of several nodes, in order.
local function of(addresses, event)
    local list = {}
    for i, address in ipairs(addresses) do list[i] = address .. " " .. event end
    table.sort(list)
    return list
end

local BOTH = { BATTERY, GATEWAY }

describe("an alarm", function()
    -- Fault: A program learns of an alarm only while it looks at a value, and not when it is over.
    -- Expected: Its device reports Warning, Alarm and Alarm over, each once, and so does the gateway for all.
    it("is told when it begins, changes and ends", function()
        local world = started()
        assert.same({}, reported(world))
        assert.same(of(BOTH, "WARNING"), after(world, "/Alarms/LowSoc", 1))
        next_poll(world)
        assert.same({}, reported(world))
        assert.same(of(BOTH, "ALARM"), after(world, "/Alarms/LowSoc", 2))
        assert.same(of(BOTH, "WARNING"), after(world, "/Alarms/LowSoc", 1))
        assert.same(of(BOTH, "OVER"), after(world, "/Alarms/LowSoc", 0))
    end)

    -- Fault: In the morning nothing in the log tells of an alarm at night, unless its level was Debug.
    -- Expected: One line when it begins and one when it is over, as of all trouble.
    it("is in the log", function()
        local world = started()
        after(world, "/Alarms/LowSoc", 2)
        after(world, "/Alarms/LowSoc", 0)
        local lines, begin = {}, ("Node %s (%s) reports "):format(BATTERY, world.nodes[BATTERY].name)
        for _, line in ipairs(world.lines) do
            if line.text:find(begin, 1, true) then lines[#lines + 1] = line.level .. " " .. line.text end
        end
        assert.same({ "info " .. begin .. "ALARM.", "info " .. begin .. "OVER." }, lines)
    end)

    -- Fault: An alarm whose value is missing for a while is told to be over.
    -- Expected: No data changes nothing: it is over when VRM says so.
    it("that has no data goes on", function()
        local world = started()
        after(world, "/Alarms/Overload", 2)
        for _ = 1, 3 do
            assert.is_nil((table.concat(after(world, "/Alarms/Overload", "unknown")):find(INVERTER, 1, true)))
        end
        assert.same({ INVERTER .. " OVER" }, after(world, "/Alarms/Overload", 0))
    end)

    it("of a first start is told, once PG3 has the node", function()
        local world = new()
        set(world, "/Alarms/LowSoc", 2)
        world.away = true
        world:start()
        world:run(5)
        assert.same({}, reported(world))
        world.away = false
        world:run(30)
        assert.same(of(BOTH, "ALARM"), reported(world))
    end)

    it("that is over before PG3 is back is not told", function()
        local world = started()
        world.away = true
        after(world, "/Alarms/LowSoc", 2)
        after(world, "/Alarms/LowSoc", 0)
        world.away = false
        next_poll(world)
        assert.same({}, reported(world))
    end)

    -- Fault: A program hears of an alarm before the value is there, looks at it and finds none.
    -- Expected: The event comes behind the values of the answer that tells it.
    it("is told behind its values", function()
        local world, order = started(), {}
        local event, set_value = world.host.event, world.host.set
        world.host.event = function(...)
            order[#order + 1] = "event"
            return event(...)
        end
        world.host.set = function(address, id, ...)
            if address == BATTERY and id == "ALARM" then order[#order + 1] = "value" end
            return set_value(address, id, ...)
        end
        after(world, "/Alarms/LowSoc", 2)
        assert.same({ "value", "event", "event" }, order)
    end)
end)

describe("events and a restart", function()
    -- Fault: A restart tells every alarm again, or forgets that one began and never tells its end.
    -- Expected: What was told is kept: a restart tells nothing, and the end is told after it.
    it("tell what was told no more, and the end", function()
        local world = started()
        after(world, "/Alarms/LowSoc", 2)
        world = restarted(world)
        assert.same({}, reported(world))
        world = restarted(world, { before = function(next) set(next, "/Alarms/LowSoc", 0) end })
        assert.same(of(BOTH, "OVER"), reported(world))
        assert.same({ state = {}, script_ids = {} }, restarted(world).saved)
    end)

    it("are kept a moment after they left, and told twice when it crashed before", function()
        local world = started()
        set(world, "/Alarms/LowSoc", 2)
        next_poll(world)
        assert.same(of(BOTH, "ALARM"), reported(world))
        assert.same(of(BOTH, "ALARM"), reported(restarted(world, { crashed = true })))
        world = started()
        after(world, "/Alarms/LowSoc", 2)
        world:run(3)
        assert.same({}, reported(restarted(world, { crashed = true })))
    end)

    -- Fault: With a hundred installations alarms come and go all the time, and all that is kept is put
    --        together and sent to PG3 each two seconds.
    -- Expected: At most each twenty seconds, the first of them after a moment.
    it("are kept at most each twenty seconds where they come and go all the time", function()
        local world = started()
        for turn = 1, 30 do
            set(world, "/Alarms/LowSoc", turn % 2 * 2)
            world:fire("query", BATTERY, "")
            world:run(4)
        end
        assert.is_true(#reported(world) > 30)
        for i = 2, #world.saves do
            assert.is_true(world.saves[i].time - world.saves[i - 1].time >= 20)
        end
        assert.is_true(#world.saves >= 5, #world.saves)
        world:run(21)
        assert.same({}, reported(restarted(world, { crashed = true })))
    end)

    it("tell an alarm that began while the plugin was stopped", function()
        local world = restarted(started(), { before = function(next) set(next, "/Alarms/LowSoc", 1) end })
        assert.same(of(BOTH, "WARNING"), reported(world))
    end)

    it("survive a record with nonsense in it", function()
        for _, kept in ipairs { "text", { [BATTERY] = 5 }, { [BATTERY] = { ALARM = {} } }, { { 1 } } } do
            local world = restarted(started(), { before = function(next)
                next.saved = { state = {}, events = kept }
            end })
            reported(world)
            assert.same(of(BOTH, "ALARM"), after(world, "/Alarms/LowSoc", 2))
        end
    end)
end)

describe("a device", function()
    -- Fault: A program does not learn that a device is lost; or each stop and start of the plugin tells it.
    -- Expected: Every node reports lost when it shows Offline and back when it is fresh again; a stop, a
    --           start and a failure that is over before anything shows Offline report nothing.
    it("is lost and back", function()
        local world = started()
        local rows = world.vrm.sites[151734].rows
        world.vrm.sites[151734].rows = fixtures.join(fixtures.system(), fixtures.vebus(257))
        next_poll(world)
        next_poll(world)
        assert.same(of({ BATTERY, worlds.SOLAR }, "LOST"), reported(world))
        next_poll(world)
        world = restarted(world)
        assert.same({}, reported(world))
        world.vrm.sites[151734].rows = rows
        for _, one in ipairs(rows) do one.timestamp = world.now - 5 end
        world:run(120)
        world:fire("shortpoll")
        world:run(20)
        assert.same(of({ BATTERY, worlds.SOLAR }, "BACK"), reported(world))
    end)

    it("that was lost while the plugin was stopped is told", function()
        local world = restarted(started(), { before = function(next)
            next.vrm.sites[151734].rows = fixtures.join(fixtures.system(), fixtures.vebus(257))
        end })
        assert.same(of({ BATTERY, worlds.SOLAR }, "LOST"), reported(world))
    end)

    it("is not lost at a stop, nor by one failure", function()
        local world = started()
        world.vrm.fail.diagnostics = { status = 500, json = {} }
        world:run(120)
        world:fire("shortpoll")
        world:run(1)
        world.vrm.fail = {}
        world.vrm:refresh(120)
        world:run(10)
        next_poll(world)
        assert.same({}, reported(world))
        world:fire("stop")
        world:run(5000)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.same({}, reported(world))
    end)

    it("is lost when VRM is, and back with it", function()
        local world = started()
        world.vrm.fail[""] = { status = 500, json = {} }
        world:run(120)
        world:fire("shortpoll")
        world:run(30)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.same(of(ALL, "LOST"), reported(world))
        world.vrm.fail = {}
        world.vrm:refresh(150)
        world:run(300)
        assert.same(of(ALL, "BACK"), reported(world))
    end)

    it("that was there before the restart is not lost because VRM cannot be asked yet", function()
        local before = started()
        local world = restarted(before, { down = true, before = function(next)
            next.vrm.fail[""] = { status = 500, json = {} }
        end })
        world:run(600)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.same({}, reported(world))
        world.vrm.fail = {}
        world.vrm:refresh(600)
        world:run(400)
        assert.same({}, reported(world))
    end)
end)

describe("the system", function()
    -- Fault: A lost grid and a generator that starts are seen only by a program that looks at the values.
    -- Expected: The gateway reports each when it begins and when it ends; another AC input without the
    --           generator is none of its starts.
    it("tells of grid and generator", function()
        local world = started()
        assert.same({ GATEWAY .. " ALARM", GATEWAY .. " GRIDLOST" }, after(world, "/Ac/Alarms/GridLost", 2))
        assert.same({ GATEWAY .. " GENSTART" }, after(world, "/Ac/ActiveIn/Source", 2))
        assert.same({ GATEWAY .. " GENSTOP" }, after(world, "/Ac/ActiveIn/Source", 1))
        assert.same({ GATEWAY .. " GRIDBACK", GATEWAY .. " OVER" }, after(world, "/Ac/Alarms/GridLost", 0))
        assert.same({}, after(world, "/Ac/ActiveIn/Source", 240))
    end)
end)

describe("a generator", function()
    it("tells of its start and its stop, with warm-up and cool-down", function()
        local site = boat()
        site.rows = fixtures.join(site.rows, { row("generator", 0, "/State", nil, 0),
            row("genset", 3, "/StatusCode", nil, 0) })
        local world = started { sites = { [151734] = site }, devices = fake.DEVICES }
        assert.same({ "392u_gn0 GENSTART" }, after(world, "/State", 2))
        assert.same({}, after(world, "/State", 1))
        assert.same({}, after(world, "/State", 3))
        assert.same({ "392u_gn0 GENSTOP" }, after(world, "/State", 0))
        assert.same({}, after(world, "/StatusCode", 3))
        assert.same({ "392u_gs3 GENSTART" }, after(world, "/StatusCode", 8))
        assert.same({}, after(world, "/StatusCode", 9))
        assert.same({ "392u_gs3 GENSTOP" }, after(world, "/StatusCode", 10))
    end)

    -- Fault: VRM has no state of a generator, only why it runs: without live data its start was never told.
    -- Expected: One that runs for a reason is running, and stopped without one.
    it("tells of its start and its stop by why it runs, where nobody tells its state", function()
        local site, reason = boat(), "/RunningByConditionCode"
        site.rows = fixtures.join(site.rows, { row("generator", 0, reason, "gaRC", 0) })
        local world = started { sites = { [151734] = site }, devices = fake.DEVICES }
        assert.equal(0, world:value("392u_gn0", "ST"))
        assert.same({ "392u_gn0 GENSTART" }, after(world, reason, 4))
        assert.equal(1, world:value("392u_gn0", "ST"))
        assert.same({}, after(world, reason, 1))
        assert.same({ "392u_gn0 GENSTOP" }, after(world, reason, 0))
        assert.same({}, after(world, reason, 10))
    end)
end)

describe("the battery's level", function()
    -- Fault: A charge around the level tells below and above with every poll.
    -- Expected: Below the level, and above it by one percent; nothing without a level.
    it("is told below and above, with a gap", function()
        local world = started { params = LEVEL }
        assert.same({}, reported(world))
        assert.same({}, after(world, "/Soc", 20))
        assert.same({ BATTERY .. " BATLOW" }, after(world, "/Soc", 19.9))
        assert.same({}, after(world, "/Soc", 20.9))
        assert.same({}, after(world, "/Soc", 19))
        world = restarted(world)
        assert.same({}, reported(world))
        assert.same({ BATTERY .. " BATOK" }, after(world, "/Soc", 21))
        assert.same({ GATEWAY .. " BATLOW" }, after(world, "/Dc/Battery/Soc", 5))
    end)

    -- Fault: A BMS that starts sends a charge of 0 % once: "battery below the level" starts a generator.
    -- Expected: A charge that falls to 0 at once is believed when a newer one says so.
    it("is not told of one answer with 0 %", function()
        local world = started { params = LEVEL }
        assert.same({}, after(world, "/Soc", 0))
        assert.equal(87.5, world:value(BATTERY, "ST"))
        assert.same({}, after(world, "/Soc", 87))
        assert.same({}, after(world, "/Soc", 0))
        next_poll(world, true)                              -- the same, which VRM repeats
        assert.same({}, reported(world))
        next_poll(world)
        assert.same({ BATTERY .. " BATLOW" }, reported(world))
        assert.equal(0, world:value(BATTERY, "ST"))
        assert.same({ BATTERY .. " BATOK" }, after(world, "/Soc", 21))
        assert.same({ BATTERY .. " BATLOW" }, after(world, "/Soc", 15))
        assert.same({}, after(world, "/Soc", 0))
        assert.equal(0, world:value(BATTERY, "ST"))
    end)

    it("is told when the level is set, and not without one", function()
        local world = started()
        assert.same({}, after(world, "/Soc", 1))
        world:set_params { vrm_token = TOKEN, battery_level = " 50 % " }
        assert.same({ BATTERY .. " BATLOW" }, reported(world))
        world:set_params { vrm_token = TOKEN, battery_level = "" }
        assert.same({}, after(world, "/Soc", 60))
    end)

    it("that is no percentage is named, and none", function()
        for _, text in ipairs { "low", "0", "100", "-5", "1e1", "20 30", "nan", "0x10" } do
            local world = started { params = { vrm_token = TOKEN, battery_level = text } }
            assert.truthy(world.notices.params:find("The parameter battery_level is", 1, true), text)
            assert.truthy(world.notices.params:find("Write a number from 1 to 99, or nothing.", 1, true))
            assert.same({}, after(world, "/Soc", 1))
        end
        for _, text in ipairs { "", "  ", "15,5", "15.5%" } do
            local world = started { params = { vrm_token = TOKEN, battery_level = text } }
            assert.is_nil(world.notices.params)
        end
    end)
end)

describe("a message to phones", function()
    -- Fault: Who is not at home learns of an alarm only if he wrote a program for each device.
    -- Expected: With the parameter push = alarms UD Mobile tells each alarm of a device once, and a lost
    --           grid; without it nothing.
    it("tells alarms by the device's name, if the owner wants it", function()
        local world = started { params = { vrm_token = TOKEN, push = "Alarms" } }
        set(world, "/Alarms/LowSoc", 2)
        set(world, "/Ac/Alarms/GridLost", 2)
        next_poll(world)
        assert.same({ "Boat: Grid lost", "House bank: Alarm (Boat)" }, sorted(world.pushed))
        set(world, "/Alarms/LowSoc", 0)
        set(world, "/Ac/Alarms/GridLost", 0)
        next_poll(world)
        assert.same({ "Boat: Grid back", "Boat: Grid lost", "House bank: Alarm (Boat)",
                      "House bank: Alarm over (Boat)" }, sorted(world.pushed))
        world:set_params { vrm_token = TOKEN, push = "off" }
        set(world, "/Alarms/LowSoc", 1)
        next_poll(world)
        assert.equal(4, #world.pushed)
        world:set_params { vrm_token = TOKEN, push = "all" }
        assert.truthy(world.notices.params:find("Choose off or alarms", 1, true))
    end)

    it("is sent ten times in ten minutes at most", function()
        local world = started { params = { vrm_token = TOKEN, push = "alarms" } }
        local function flap(times)
            for number = 1, times do
                set(world, "/Alarms/LowSoc", number % 2 * 2)
                world.vrm:refresh(11)
                world:run(11)
                world:fire("query", worlds.BATTERY, "")
                world:run(1)
            end
        end
        flap(20)
        assert.equal(10, #world.pushed)
        assert.truthy(world.pushed[10]:find("More of them are not told for a while", 1, true))
        world:run(600)
        world.vrm:refresh(600)
        flap(1)
        assert.equal(11, #world.pushed)
    end)
end)
