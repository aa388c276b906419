--- The controller's clock is set while the plugin runs, forward or back: nothing but dates looks at it.

local control_world = require "spec.support.control_world"
local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local worlds = require "spec.support.worlds"

local BATTERY, GATEWAY, DIAGNOSTICS = worlds.BATTERY, worlds.GATEWAY, worlds.DIAGNOSTICS
local ESS, MINIMUM = control_world.ESS, control_world.MINIMUM
local HOUR, DAY, YEAR = 3600, 86400, 31536000
local LEAPS = { HOUR, -HOUR, DAY, -DAY, 2 * YEAR, -2 * YEAR }

after_each(function() _G.host = nil end)

--- A script with words that look at time.
local WORDS = [[return {
    api = 2, id = "VICMILL", name = "Windmill", match = { service = "windmill" },
    { "ST", unit.watt, "Power", "/Power", "W" },
    { "GV0", unit.watt, "Most today", "/Power", day_max = true },
    { "GV1", unit.kwh, "Energy", "/Power", total = true },
    { "GV2", "no_yes", "On", "/On", held_for = 300 } }]]

local function windmill()
    local file = "scripts/devices/windmill.lua"
    return { file = file, name = "windmill", table = fake.load_text(WORDS, file), text = WORDS }
end

--- What PG3, VRM and the owner get of a world, and when: one line each. A notice that is set again with
-- another date counts once.
local function record_of(world)
    local list, shown = {}, {}
    local function add(...) list[#list + 1] = table.concat({ ... }, " ") end
    for _, one in ipairs(world.sets) do add(one.time, one.address, one.driver, tostring(one.value)) end
    for _, event in ipairs(world.events) do add("event", event) end
    for _, one in ipairs(world.notice_log) do
        local text = tostring(one.html):gsub(" Since [%d :-]+%.", "")
        if shown[one.key] ~= text then add("notice", one.key, text) end
        shown[one.key] = text
    end
    for _, line in ipairs(world.lines) do
        if line.level ~= "debug" then add("log", line.level, line.text) end
    end
    for _, one in ipairs(world.requests) do add(one.time, one.path) end
    for _, one in ipairs(world.beside) do add(one.time, one.path) end
    for _, write in ipairs(world.gx and world.gx.writes or {}) do add(write.time, write.topic, write.text) end
    assert.same({}, world.errors)
    table.sort(list)
    return list
end

--- The same story without a leap of the clock and with each: the same comes of it.
local function same_with_leaps(story)
    local function told(seconds)
        return record_of(story(function(world) world.clock_error = world.clock_error + seconds end))
    end
    local wanted = told(0)
    assert.is_true(#wanted > 20)
    for _, leap in ipairs(LEAPS) do
        local seen = told(leap)
        for i = 1, math.max(#wanted, #seen) do
            assert.equal(wanted[i], seen[i], ("the clock leaps by %d s, line %d"):format(leap, i))
        end
    end
end

local function poll(world, stale)
    if not stale then world.vrm:refresh(60) end
    world:run(60)
    world:fire("shortpoll")
    world:run(1)
end

describe("a clock that is set", function()
    -- Fault: The clock is set by an hour or more: every device is lost until the next poll (states, events,
    -- notices), days begin anew, and VRM is asked for everything.
    -- Expected: Ages, pauses and days go by the time that has passed; it is as if nothing were.
    it("changes nothing between two polls", function()
        same_with_leaps(function(leap)
            local site = fixtures.boat()
            site.stats = function() return { success = true, totals = { Pc = 2.5, Gc = 1 } } end
            site.rows = fixtures.join(site.rows, { fixtures.row("windmill", 20, "/Power", nil, 400),
                                                   fixtures.row("windmill", 20, "/On", nil, 0) })
            local world = worlds.new { sites = { [151734] = site }, extra_scripts = { windmill() } }
            world:start()
            for minute = 1, 12 do
                if minute == 6 then leap(world) end
                world:run(20)
                site.rows[#site.rows].rawValue = minute > 4 and 1 or 0
                poll(world)
                if minute % 5 == 0 then world:fire("longpoll") end
            end
            assert.equal(1, world:value(BATTERY, "GV30"))
            return world
        end)
    end)

    -- Fault: An answer came without a date, as through some proxies, while the controller's clock was wrong:
    --        the days of the installation were those of that clock, and all was lost until the next answer.
    -- Expected: It is as late as VRM's clock said before.
    it("changes nothing when VRM leaves out its date", function()
        for _, wrong in ipairs { -YEAR, DAY, 2 * YEAR } do
            local site = fixtures.boat()
            site.timezone = "UTC"
            site.rows[#site.rows + 1] = fixtures.row("solarcharger", 256, "/History/Daily/0/Yield", nil, 1.25)
            local world = worlds.new { sites = { [151734] = site } }
            world.clock_error = wrong
            world:start()
            local now = world.vrm.clock
            for minute = 1, 30 do
                world.vrm.clock = minute % 3 == 0 and function() return nil end or now
                poll(world)
                if minute % 5 == 0 then world:fire("longpoll") end
                assert.same({ 1, 1.25 }, { world:value(BATTERY, "GV30"), world:value(worlds.SOLAR, "GV3") })
                assert.near(world.now, world:value(BATTERY, "TIME"), 100)
            end
            assert.same({}, world.errors)
        end
    end)

    it("lets data grow old as it does, and notices come and go", function()
        same_with_leaps(function(leap)
            local world = worlds.started()
            world.vrm.fail[DIAGNOSTICS] = { status = 502 }
            for minute = 1, 20 do
                if minute == 2 or minute == 12 then leap(world) end
                poll(world, true)
            end
            assert.equal(3, world:value(BATTERY, "GV30"))
            world.vrm.fail = {}
            world.vrm:refresh(1260)
            for _ = 1, 10 do poll(world) end
            return world
        end)
    end)

    it("neither ends nor lengthens VRM's pause", function()
        same_with_leaps(function(leap)
            local world = worlds.started()
            world.vrm.fail[DIAGNOSTICS] = { status = 429, retry_after = 1800 }
            poll(world)
            world.vrm.fail = {}
            for minute = 1, 40 do
                if minute == 3 then leap(world) end
                poll(world)
            end
            return world
        end)
    end)

    it("changes nothing of live data", function()
        same_with_leaps(function(leap)
            local world, gx = control_world.started()
            for second = 1, 70 do
                if second == 20 or second == 60 then leap(world) end
                gx:set("battery/288/Dc/0/Voltage", 26 + second / 100)
                gx:set("vebus/257/Ac/Out/L1/P", 900 + second)
                gx:live(1)
            end
            gx.deaf = true
            gx:live(10)
            leap(world)
            gx:live(250)
            gx.deaf = false
            gx:live(40)
            assert.equal(1, world:value(BATTERY, "GV30"))
            return world
        end)
    end)
end)

describe("control for a time, when the clock is set", function()
    local FORCE = "hub4/0/Overrides/ForceCharge"

    local function charge_for(world, minutes)
        assert.is_true(world:command(ESS, "FOR_GV17", { query = { ["MINUTES.uom45"] = tostring(minutes) } }))
    end

    local function minimum_for(world, percent, minutes)
        assert.is_true(world:command(ESS, "FOR_GV0", { query = { ["VALUE.uom51"] = tostring(percent),
                                                                 ["MINUTES.uom45"] = tostring(minutes) } }))
    end

    --- The values that were written to a topic.
    local function written(gx, topic)
        local list = {}
        for _, write in ipairs(gx.writes) do
            if write.topic == topic then list[#list + 1] = tostring(write.value) end
        end
        return list
    end

    --- A world with the same gateway and what PG3 has kept, later, with another error of its clock.
    local function restarted(world, seconds, wrong)
        local params = { control = "on", control_pause = "0" }
        return (control_world.started(params, { gx = world.gx, saved = world.saved,
                                                now = world.now + seconds, clock_error = wrong }))
    end

    it("lasts as long as it was to", function()
        same_with_leaps(function(leap)
            local world, gx = control_world.started { control = "on" }
            charge_for(world, 5)
            minimum_for(world, 80, 10)
            gx:live(100)
            leap(world)
            gx:live(100)
            assert.is_false(world:command(ESS, "SET_GV0", { value = "30", uom = "51" }))    -- a pause
            gx:live(500)
            assert.equal(0, world:value(GATEWAY, "GV21"))
            return world
        end)
    end)

    -- Fault: A controller without a battery for its clock starts in 1970, and its clock is set then: what is
    -- written for a time is given up as a day old, and the battery stays as it was set.
    -- Expected: It is put back as soon as the right clock says that its time is over.
    it("ends by the right clock, when that was wrong at the start", function()
        for _, year in ipairs { 1970, 2020 } do
            local world = control_world.started { control = "on", control_pause = "0" }
            minimum_for(world, 80, 30)
            world:run(70)
            local wrong = os.time { year = year, month = 1, day = 1 } - world.now
            local again = restarted(world, 600, wrong)
            again.gx:live(100)
            assert.same({ "80" }, written(again.gx, MINIMUM))
            again.clock_error = 0
            again.gx:live(900)
            assert.same({ "80" }, written(again.gx, MINIMUM))
            again.gx:live(200)
            assert.same({ "80", "20" }, written(again.gx, MINIMUM))
        end
    end)

    it("ends after its time at the latest, if the clock stays wrong", function()
        local world = control_world.started { control = "on", control_pause = "0" }
        minimum_for(world, 80, 10)
        world:run(70)
        local again = restarted(world, 60, -2 * YEAR)
        again.gx:live(500)
        assert.same({ "80" }, written(again.gx, MINIMUM))
        again.gx:live(150)
        assert.same({ "80", "20" }, written(again.gx, MINIMUM))
    end)

    -- Fault: It began while the clock was wrong by years; after a restart with a right one it is given up.
    -- Expected: What was is put back.
    it("is put back after a restart, when it began by a wrong clock", function()
        for _, wrong in ipairs { -2 * YEAR, 2 * YEAR } do
            local world = control_world.started({ control = "on", control_pause = "0" },
                                                { clock_error = wrong })
            minimum_for(world, 80, 10)
            world:run(70)
            local again = restarted(world, 60, 0)
            again.gx:live(700)
            assert.same({ "80", "20" }, written(again.gx, MINIMUM))
        end
    end)

    it("is kept with a date by the clock that was set", function()
        local world, gx = control_world.started({ control = "on" }, { clock_error = -2 * YEAR })
        charge_for(world, 30)
        world.clock_error = 0
        gx:live(120)
        local _, entry = next(world.saved.timed)
        assert.near(world.now + 1800 - 120, entry.ends, 30)
        local saves = #world.saves
        gx:live(300)
        assert.equal(saves, #world.saves)
        assert.is_true(#written(gx, FORCE) > 5)
    end)
end)

describe("dates", function()
    -- Fault: A notice of a start with a wrong clock has the date of that clock, for as long as it stands.
    -- Expected: It has the right one soon after the clock was set.
    it("of notices are right once the clock is", function()
        local world = worlds.new { params = { vrm_token = worlds.TOKEN, live = "sometimes" } }
        local since = os.date(" Since %Y-%m-%d", fixtures.NOW)
        world.clock_error = 2 * YEAR
        world:start()
        assert.falsy(world.notices.params:find(since, 1, true))
        world.clock_error = 0
        world:run(70)
        assert.truthy(world.notices.params:find(since, 1, true), world.notices.params)
        local told = #world.notice_log
        world:run(600)
        assert.equal(told, #world.notice_log)
    end)
end)
