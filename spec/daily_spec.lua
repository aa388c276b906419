--- Values of a day (daily = true in a table): no data once midnight of the installation has passed.

local fake = require "spec.support.fake_host"
local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"
local fixtures = require "spec.fixtures.vrm"

local check = require "check.device"
local proof = require "check.proof"
local unit = require "types.units"

local GATEWAY, SOLAR, row = worlds.GATEWAY, worlds.SOLAR, fixtures.row

after_each(function() _G.host = nil end)

--- Midnight between two days of April 2026 in unix seconds.
local MIDNIGHT = { UTC = 1776556800, ["Europe/Berlin"] = 1776549600, ["America/Los_Angeles"] = 1776582000 }
local DAY = 86400

--- All rows of a boat were measured at a time.
local function measured(site, time)
    for _, one in ipairs(site.rows) do one.timestamp = time end
end

--- A boat in a zone, whose charger has counted today and knows of yesterday, measured at a time.
local function boat(zone, time)
    local site = fixtures.boat()
    site.timezone = zone
    local function add(path, value)
        site.rows[#site.rows + 1] = row("solarcharger", 256, path, nil, value)
    end
    add("/History/Daily/0/Yield", 1.25)
    add("/History/Daily/0/MaxPower", 390)
    add("/History/Daily/1/Yield", 2.5)
    add("/History/Daily/1/MaxPower", 410)
    measured(site, time)
    return site
end

--- A world with it at the time `now`.
local function new(zone, now, time)
    local world = worlds.new { sites = { [151734] = boat(zone, time or now - 20) } }
    world.now = now
    return world
end

local function started(...)
    local world = new(...):start()
    assert.same({}, world.errors)
    return world
end

local function run_to(world, time) world:run(time - world.now) end

local function poll(world, event)
    world:fire(event or "shortpoll")
    world:run(15)                       -- until it is due
end

--- A charger that begins its day: what it counted is of the day before.
local function begin_charger_day(site, time)
    for _, one in ipairs(site.rows) do
        local path = one.dbusPath
        if path == "/History/Daily/0/Yield" or path == "/History/Daily/0/MaxPower" then one.rawValue = 0 end
        if path == "/History/Daily/1/Yield" then one.rawValue = 1.25 end
        if path == "/History/Daily/1/MaxPower" then one.rawValue = 390 end
    end
    measured(site, time)
end

--- The four values of a day; "-" stands for no data.
local function values(world)
    local list = {}
    for i, id in ipairs { "GV3", "GV4", "GV5", "GV6" } do
        local value = world:value(SOLAR, id)
        list[i] = value and ("%g"):format(value) or "-"
    end
    assert.same({}, world.errors)
    return table.concat(list, " ")
end

local ALL, NONE, NEXT = "1.25 390 2.5 410", "- - - -", "0 0 1.25 390"

describe("a value of a day", function()
    for zone, midnight in pairs(MIDNIGHT) do
        it("is there until midnight of " .. zone .. ", though VRM repeats it, then the next", function()
            local world = started(zone, midnight - 200)
            run_to(world, midnight - 2)
            assert.equal(ALL, values(world))
            run_to(world, midnight + 2)
            assert.equal(NONE, values(world))
            assert.equal(212, world:value(SOLAR, "ST"))
            poll(world)
            assert.equal(NONE, values(world))
            begin_charger_day(world.vrm.sites[151734], math.floor(world.now))
            poll(world)
            poll(world)
            assert.equal(NEXT, values(world))
        end)

        it("of a day before is none from the start in " .. zone, function()
            local noon = midnight + DAY // 2
            assert.equal(NONE, values(started(zone, noon, midnight - 1)))
            assert.equal(ALL, values(started(zone, noon, midnight)))
        end)
    end

    local UTC = MIDNIGHT.UTC

    it("goes at midnight when VRM does not answer", function()
        local world = started("UTC", UTC - 2500)
        world.vrm.fail["/diagnostics"] = { status = 503 }
        poll(world)
        run_to(world, UTC - 2)
        assert.equal(ALL, values(world))
        assert.equal(3, world:value(SOLAR, "GV30"))
        run_to(world, UTC + 2)
        assert.equal(NONE, values(world))
    end)

    it("goes at midnight when the device is gone", function()
        local world = started("UTC", UTC - 200)
        world.vrm.sites[151734].rows = fixtures.system { timestamp = UTC - 90 }
        for _, before in ipairs { 80, 60 } do
            run_to(world, UTC - before)
            poll(world)
        end
        assert.equal(ALL, values(world))
        assert.equal(3, world:value(SOLAR, "GV30"))
        run_to(world, UTC + 2)
        assert.equal(NONE, values(world))
    end)

    it("goes at midnight when the token is gone", function()
        local world = started("UTC", UTC - 200)
        world:set_params {}
        assert.equal(ALL, values(world))
        run_to(world, UTC + 2)
        assert.equal(NONE, values(world))
    end)

    it("goes at each further midnight as well", function()
        local world = started("UTC", UTC - 200)
        for day = 0, 1 do
            run_to(world, UTC + day * DAY - 100)
            if day == 1 then begin_charger_day(world.vrm.sites[151734], math.floor(world.now)) end
            poll(world)
            poll(world)
            assert.equal(day == 1 and NEXT or ALL, values(world))
            run_to(world, UTC + day * DAY + 2)
            assert.equal(NONE, values(world))
        end
    end)

    it("goes at midnight by VRM's clock, not by this machine's", function()
        local world = new("UTC", UTC - 200)
        world.clock_error = -6 * 3600
        world:start()
        run_to(world, UTC - 2)
        assert.equal(ALL, values(world))
        run_to(world, UTC + 2)
        assert.equal(NONE, values(world))
    end)

    it("is of the zone that the installation has now", function()
        local noon = UTC + DAY // 2
        local world = started("UTC", noon, UTC)
        assert.equal(ALL, values(world))
        for _, case in ipairs { { "America/Los_Angeles", NONE }, { "Europe/Berlin", ALL } } do
            world.vrm.sites[151734].timezone = case[1]
            poll(world, "longpoll")
            assert.equal(case[2], values(world))
        end
    end)

    -- Fault: VRM's list lacked the time zone once: the installation moved to UTC and back, and what is of
    --        the day was none meanwhile.
    -- Expected: It stays where it was.
    it("stays that of the zone which VRM named before", function()
        local of_utc = 1776556800                           -- 17:00 there
        local world = started("America/Los_Angeles", of_utc + 600, of_utc - 600)
        world.vrm.sites[151734].timezone = nil
        poll(world, "longpoll")
        assert.equal(ALL, values(world))
    end)

    it("goes on the days on which the clocks change", function()
        --- { zone, begin and end of the day }: 23 hours, 25 hours
        for _, day in ipairs { { "Europe/Berlin", 1774738800, 1774821600 },
                               { "America/Los_Angeles", 1793516400, 1793606400 } } do
            assert.equal(NONE, values(started(day[1], day[3] - 200, day[2] - 1)))
            local world = started(day[1], day[3] - 200, day[2])
            run_to(world, day[3] - 2)
            assert.equal(ALL, values(world))
            run_to(world, day[3] + 2)
            assert.equal(NONE, values(world))
        end
    end)

    it("follows UTC where the zone is not known, which is told once", function()
        local world = started("Mars/Olympus", UTC - 200)
        assert.equal(ALL, values(world))
        run_to(world, UTC + 2)
        poll(world, "longpoll")
        assert.equal(NONE, values(world))
        assert.equal(1, #world:logged("the time zone Mars/Olympus is not known here"))
        world.vrm.sites[151734].timezone = "Mars/Hellas"
        poll(world, "longpoll")
        assert.equal(1, #world:logged("Mars/Hellas is not known here"))
    end)

    it("follows UTC where VRM names no zone, and nothing is told", function()
        local world = started(nil, UTC - 200)
        assert.equal(0, #world:logged("warning"))
        run_to(world, UTC + 2)
        assert.equal(NONE, values(world))
    end)

    it("without a timestamp is there again when the device has begun its day", function()
        local world = started("UTC", UTC - 200, 0)
        assert.equal(ALL, values(world))
        run_to(world, UTC + 2)
        assert.equal(NONE, values(world))
        begin_charger_day(world.vrm.sites[151734], 0)
        poll(world)
        assert.equal(NEXT, values(world))
    end)

    -- Fault: A solar charger begins its day hours after midnight: until then the yield of the day before was
    --        that of today, with a new time.
    -- Expected: It is no data until one of the charger's values of the day is another.
    it("that the device only repeats after midnight is none until it begins its own day", function()
        local world = started("UTC", UTC - 200)
        local site = world.vrm.sites[151734]
        run_to(world, UTC + 2)
        for day = 1, 2 do               -- on the second, snow lies on the panels
            for _ = 1, 3 do
                measured(site, math.floor(world.now + 120))
                run_to(world, world.now + 150)
                poll(world)
                assert.equal(NONE, values(world))
            end
            if day == 1 then run_to(world, UTC + DAY + 2) end
        end
        assert.equal(212, world:value(SOLAR, "ST"))
        begin_charger_day(site, math.floor(world.now))
        poll(world)
        poll(world)
        assert.equal(NEXT, values(world))
    end)

    -- Fault: The first answer of a day came in the second before the plugin looked at the clock, with what
    --        was measured before midnight: what the charger repeated then was the yield of the new day.
    -- Expected: It is no data, as at any other midnight.
    it("that the device only repeats is none, whenever the first answer of the day comes", function()
        local world = started("UTC", UTC - 200)
        local site = world.vrm.sites[151734]
        run_to(world, UTC + 0.3)
        measured(site, UTC - 1)
        world:fire("query", GATEWAY)
        world:run(0.2)
        assert.equal(NONE, values(world))
        run_to(world, UTC + 150)
        measured(site, UTC + 120)
        poll(world)
        assert.equal(NONE, values(world))
        begin_charger_day(site, math.floor(world.now))
        poll(world)
        poll(world)
        assert.equal(NEXT, values(world))
    end)

    -- Fault: The controller restarts at two o'clock, or a script is saved, and until the charger wakes up the
    --        yield of yesterday is that of today.
    -- Expected: What was shown of the day before is kept over both.
    it("that the device only repeats is none after a restart and with another script, too", function()
        local world = script_world.new { sites = { [151734] = boat("UTC", UTC - 220) } }
        world.now = UTC - 200
        world:start()
        local site = world.vrm.sites[151734]
        run_to(world, UTC + 7200)
        local function repeated()
            measured(site, math.floor(world.now) - 5)
            poll(world, "longpoll")
            return values(world)
        end
        assert.equal(NONE, repeated())
        script_world.saved(world, "solar_charger", script_world.solar(script_world.VOLTS))
        assert.equal(NONE, repeated())
        world:fire("stop")
        world:run(1)
        local again = new("UTC", world.now, world.now - 5)
        again.saved = world.saved
        again.known = { { address = SOLAR, name = "x", type = "VICSOLAR", primary = GATEWAY } }
        world, site = again:start(), again.vrm.sites[151734]
        assert.equal(NONE, values(world))
        assert.equal(NONE, repeated())
        begin_charger_day(site, math.floor(world.now))
        poll(world)
        poll(world)
        assert.equal(NEXT, values(world))
    end)

    -- Fault: The plugin was off at midnight: until the charger woke up, the yield of yesterday was that of
    --        today, beside fresh.
    -- Expected: What PG3 shows of the day before is known to be of that, by the time of the data.
    it("that the device only repeats is none when the plugin was off at midnight, too", function()
        for stopped, shown in pairs { [UTC - 3600] = NONE, [UTC + 10] = ALL } do
            local world = new("UTC", UTC + 7200, UTC + 7190)
            world.known = {
                { address = GATEWAY, name = "x", type = "VICGW", primary = GATEWAY, values = {} },
                { address = SOLAR, name = "y", type = "VICSOLAR", primary = GATEWAY,
                  values = { TIME = stopped, GV3 = 1.25, GV4 = 390, GV5 = 2.5, GV6 = 410 } },
            }
            world:start()
            assert.equal(shown, values(world))
            poll(world)
            assert.equal(shown, values(world))
            begin_charger_day(world.vrm.sites[151734], math.floor(world.now))
            poll(world)
            poll(world)
            assert.equal(NEXT, values(world))
        end
    end)

    -- Fault: VRM left the yield of today out of one answer, and it was no data until the next.
    -- Expected: As other values: it is when two answers lack it. At midnight it goes, there or not.
    it("that one answer lacks stays, but not over midnight", function()
        local world = started("UTC", UTC - 900)
        local site = world.vrm.sites[151734]
        local function next_with(today, yesterday)
            for _, one in ipairs(site.rows) do
                if one.dbusPath == "/History/Daily/0/Yield" then one.rawValue = today end
                if one.dbusPath == "/History/Daily/1/Yield" then one.rawValue = yesterday end
            end
            run_to(world, world.now + 120)
            measured(site, math.floor(world.now))
            poll(world)
            return values(world)
        end
        assert.equal("1.25 390 2.5 410", next_with(nil, 2.5))
        assert.equal("- 390 2.5 410", next_with(nil, 2.5))
        for _ = 1, 3 do assert.equal("1.3 390 2.5 410", next_with(1.3, 2.5)) end
        assert.equal("1.3 390 2.5 410", next_with(nil, 2.5))
        run_to(world, UTC + 2)
        assert.equal(NONE, values(world))
    end)

    it("leaves no timer of an installation that comes and goes", function()
        local world = started("UTC", UTC - 3000)
        local site = world.vrm.sites[151734]
        local function timers()
            local count = 0
            for _ in pairs(world.timers) do count = count + 1 end
            return count
        end
        local function come_and_go()
            world.vrm.sites[151734] = nil
            for _ = 1, 2 do poll(world, "longpoll") end         -- the first empty list may be a slip
            world.vrm.sites[151734] = site
            poll(world, "longpoll")
        end
        come_and_go()
        run_to(world, UTC - 1500)
        local before = timers()
        for _ = 1, 5 do come_and_go() end
        run_to(world, UTC + 2000)
        assert.equal(before, timers())
    end)
end)

describe("the word daily", function()
    local function table_with(change, samples)
        local tab = { api = 2, id = "MYCOUNT", name = "Counter", match = { service = "acload" },
            { "ST", unit.kwh, "Energy today", "/Today", "t", daily = true },
            { "GV0", unit.kwh, "Both", sum = { { "/A", "a" }, "/B" }, daily = true },
            { "GV1", unit.kwh, "First", first = { "/A", "/B" }, daily = true },
            samples = samples }
        if change then change(tab) end
        return tab
    end

    local function device_with(...) return check.device("count.lua", table_with(...)) end

    local function proved(samples)
        local tab = table_with(nil, samples)
        return proof.run(assert(check.device("count.lua", tab)), { file = "count.lua", table = tab })
    end

    local function sample(time, expect)
        return { { rows = { ["/Today"] = { value = 1, timestamp = time },
                            ["/A"] = { value = 2, timestamp = time },
                            ["/B"] = { value = 3, timestamp = 100 } },
                   site = { midnight = 100 }, expect = expect } }
    end

    it("can be shown by a sample: timestamp of a row, midnight of the site", function()
        fake.new {}
        assert.same({}, proved(sample(100, { ST = 1, GV0 = 5, GV1 = 2 })))
        local other_day = { ST = "no data", GV0 = 3, GV1 = 3 }
        assert.same({}, proved(sample(99, other_day)))
        assert.equal(3, #proved(sample(99, { ST = 1, GV0 = 5, GV1 = 2 })))
    end)

    it("makes a value none that is momentary", function()
        local type_ = assert(device_with(function(tab) tab[1][2] = unit.watt end))
        assert.is_false(check.declaration(type_).drivers[1].zero)
    end)

    for problem, change in pairs {
        ["daily is 1"] = function(row_) row_.daily = 1 end,
        ["daily does not go with from."] = function(row_) row_.from = print end,
        ["daily does not go with worst."] = function(row_) row_.worst = "/Alarms/" end,
        ["daily does not go with zero."] = function(row_) row_.zero = true end,
        ["daily does not go with by_script."] = function(row_)
            row_[4], row_[5], row_.by_script = nil, nil, true
        end,
    } do
        it("has one way to be written: " .. problem, function()
            local type_, text = device_with(function(tab) change(tab[1]) end)
            assert.is_nil(type_)
            assert.truthy(text:find("count.lua: row 1 (ST): " .. problem, 1, true), text)
        end)
    end

    it("midnight of a sample's site is a number", function()
        local type_, text = device_with(nil, { { rows = {}, site = { midnight = "0:00" }, expect = {} } })
        assert.is_nil(type_)
        assert.truthy(text:find("sample 1, site: midnight is \"0:00\", not a number", 1, true), text)
    end)
end)
