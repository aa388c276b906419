--- What reloads must keep, node.state, and what they must not leave behind.

local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"

local BATTERY, SOLAR = worlds.BATTERY, worlds.SOLAR
local USER, SECONDS, GONE = script_world.USER, script_world.SECONDS, script_world.GONE
local MILL, VOLTS = script_world.MILL, script_world.VOLTS
local started, text = script_world.started, script_world.text
local solar, with_more, saved = script_world.solar, script_world.with_more, script_world.saved
local has, well, in_trouble = script_world.has, script_world.well, script_world.in_trouble

describe("node.state", function()
    local COUNTS = [[
        update = function(node) node.state.polls = (node.state.polls or 0) + 1 end,]]

    local function polls(world)
        return world:serving("solar_charger").states[SOLAR].polls
    end

    local function state_of(code)
        return solar(nil, "update = function(node) " .. code .. " end,")
    end

    it("outlives a reload", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, COUNTS) } }
        worlds.next_poll(world)
        assert.equal(2, polls(world))
        saved(world, "solar_charger", solar(VOLTS, COUNTS))
        assert.equal(3, polls(world))
        world:fire("command", "controller", "RELOAD", {})
        world:run(1)
        assert.equal(4, polls(world))
    end)

    it("outlives a restart, and goes over when a user's file comes and goes", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, COUNTS) } }
        world:fire("stop")
        assert.same({ state = { solar_charger = { [SOLAR] = { polls = 1 } } },
                      script_ids = { solar_charger = "VICSOLAR" } }, world.saved)
        world = started { saved = world.saved }
        assert.equal(1, polls(world))
        saved(world, "solar_charger", solar(nil, COUNTS))
        assert.equal(2, polls(world))
        world:delete(USER .. "solar_charger.lua")
        world:run(GONE)
        assert.equal(2, polls(world))
    end)

    -- Fault: What PG3 keeps is no JSON: it is never written over, and each restart loses what was kept.
    -- Expected: It is said once, the owner has a copy, and what is kept from now on outlives a restart.
    it("is kept again where PG3 keeps what is no JSON", function()
        for _, full in ipairs { false, true } do
            local world = script_world.new { files = { [USER .. "solar_charger.lua"] = solar(nil, COUNTS) } }
            world.unreadable, world.no_copies = '{ "state": { "a', full
            world:start()
            world:run(200)
            assert.equal(1, #world:logged "is no JSON")
            has(full and "There is no copy of what was there: No space left on device."
                or "What was there is in the file persist/unreadable.txt of the plugin's folder.",
                world:logged("is no JSON")[1])
            has("is no JSON.", world.notices.kept)
            assert.equal(not full and '{ "state": { "a' or nil, world.written["persist/unreadable.txt"])
            assert.truthy(world.saved.state.solar_charger[SOLAR].polls)
        end
    end)

    it("is told once to be no JSON, also while PG3 takes nothing", function()
        local world = script_world.new {}
        world.unreadable = "{"
        world:start()
        _G.host.save = function() return false end
        world:run(200)
        assert.equal(1, #world:logged "is no JSON")
    end)

    it("is not wanted for it to be mended", function()
        local world = worlds.new()
        world.unreadable = ""
        world:start()
        world:run(70)
        assert.same({ state = {}, script_ids = {} }, world.saved)
    end)

    it("is there for a script that could only be loaded some time after the start", function()
        local kept = { state = { windmill = { ["392u_zl20"] = { total = 7 } } } }
        local world = started { saved = kept, files = { [USER .. "windmill.lua"] = "return {" } }
        world:run(120)
        saved(world, "windmill", MILL)
        assert.equal(7, world:serving("windmill").states["392u_zl20"].total)
        world:run(120)
        assert.same(kept, world.saved)
    end)

    it("is stored at most once a minute, only if it changed, and at the stop", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, COUNTS) } }
        for _ = 1, 100 do
            world:run(3)
            world.vrm:refresh(3)                -- `update` is called for what is new
            world:fire("query", SOLAR, "")
        end
        assert.is_true(#world.saves >= 4 and #world.saves <= 6, #world.saves)
        for i = 2, #world.saves do
            assert.is_true(world.saves[i].time - world.saves[i - 1].time >= 60)
        end
        world:run(120)
        local save, refusals = world.host.save, 0
        world.host.save = function()                        -- PG3 has not told yet what it has
            refusals = refusals + 1
            return false
        end
        world.vrm:refresh(120)
        world:fire("query", SOLAR, "")
        world:run(180)
        assert.equal(3, refusals)
        world.host.save = save
        local given = #world.saves
        world:run(60)
        assert.equal(given + 1, #world.saves)
        local count = #world.saves
        world:run(600)
        assert.equal(count, #world.saves)
        world.vrm:refresh(600)
        world:fire("query", SOLAR, "")
        world:run(1)
        world:fire("stop")
        assert.equal(count + 1, #world.saves)
        assert.equal(polls(world), world.saved.state.solar_charger[SOLAR].polls)
    end)

    it("is not overwritten by a stop before PG3 has said what it keeps, nor when that comes late", function()
        local kept = { state = { solar_charger = { [SOLAR] = { polls = 70 } } } }
        local files = { [USER .. "solar_charger.lua"] = solar(nil, COUNTS) }
        local world = script_world.new { saved = kept, files = files }
        fake.load_main()
        world:fire("stop")
        assert.equal(0, #world.saves)
        world = started { files = files }
        world.saved = kept
        world:run(70)
        assert.equal(70, polls(world))
        assert.same(kept, world.saved)
    end)

    local UNFIT = {
        { "a function", "node.state.f = function() end", "node.state.f would be a function" },
        { "itself", "node.state.me = node.state", "node.state.me would be a node, or another" },
        { "not a number", "node.state.n = 0/0", ":12: node.state.n would be no finite number" },
        { "infinity", "node.state.n = math.huge", "no finite number" },
        { "a list with holes", "node.state.list = { [289] = 1 }", "has the key 289" },
        { "a key that is true", "node.state[true] = 1", "has the key true" },
        { "bytes that are no text", 'node.state.s = "\\xff\\0"', "not UTF-8" },
        { "too deep a table", "local t = node.state for i = 1, 20 do t.t = {} t = t.t end", "deeper" },
    }
    for _, case in ipairs(UNFIT) do
        local what, code, part = table.unpack(case)
        it("that holds " .. what .. " is the author's error, and nothing stored is lost", function()
            local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, COUNTS),
                [USER .. "battery_monitor.lua"] = with_more(text "battery_monitor", COUNTS) } }
            world:run(60)
            assert.equal(1, polls(world))
            saved(world, "solar_charger", state_of(code))
            world:run(60)
            in_trouble(world, part)
            assert.same({ polls = 1 }, world.saved.state.solar_charger[SOLAR])
            for _ = 1, 5 do worlds.next_poll(world) end
            world:run(60)
            assert.equal(7, world.saved.state.battery_monitor[BATTERY].polls)
            assert.equal(1, #world:logged(part))
            assert.equal(1, world:value(SOLAR, "GV30"))
            saved(world, "solar_charger", solar(nil, COUNTS))
            well(world)
            world:run(60)
            assert.same({}, world.errors)
        end)
    end

    -- Fault: a value that cannot be kept stays in node.state when its script is mended, and is told for ever.
    -- Expected: the mended script is rid of it, and keeps the rest.
    it("is rid of what cannot be kept when its script is mended", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = state_of [[
            node.state.good, node.state.list = 7, {}
            node.state.list[1] = 0/0]] } }
        world:run(60)
        in_trouble(world, "list.1 is not a finite number")
        saved(world, "solar_charger", solar(nil, COUNTS))
        world:run(60)
        well(world)
        assert.same({ good = 7, polls = world.saved.state.solar_charger[SOLAR].polls },
            world.saved.state.solar_charger[SOLAR])
    end)

    it("that is too large is the author's error, and nothing stored is lost", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, COUNTS),
            [USER .. "battery_monitor.lua"] = with_more(text "battery_monitor", COUNTS) } }
        world:run(60)
        saved(world, "solar_charger", state_of [[
            node.state.list = node.state.list or {}
            for i = 1, 9000 do node.state.list[i] = "0123456789" end]])
        world:run(60)
        in_trouble(world, "all scripts together may keep 60 KiB")
        assert.same({ polls = 1 }, world.saved.state.solar_charger[SOLAR])
        for _ = 1, 5 do worlds.next_poll(world) end
        world:run(60)
        assert.equal(7, world.saved.state.battery_monitor[BATTERY].polls)
        assert.equal(1, #world:logged("all scripts together"))
        saved(world, "solar_charger", state_of "node.state.list = nil")
        world:run(60)
        well(world)
    end)

    -- Fault: the file of a script with too much in node.state was deleted: each save had an error,
    --        and nothing was kept any more.
    -- Expected: What that script has too much is left out, and the others are kept.
    it("that is too large ends with its script", function()
        local LARGE = [[    start = function(node)
            node.state.list = {}
            for i = 1, 9000 do node.state.list[i] = "0123456789" end
        end,
]]
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, { fixtures.row("windmill", 20, "/Speed", nil, 5) })
        local world = started { sites = { [151734] = site }, files = {
            [USER .. "solar_charger.lua"] = solar(nil, COUNTS),
            [USER .. "windmill.lua"] = with_more(MILL, LARGE) } }
        world:run(10)
        world:delete(USER .. "windmill.lua")
        world:run(120)
        assert.same({}, world.errors)
        assert.is_nil(world.saved.state.windmill)
        assert.truthy(world.saved.state.solar_charger[SOLAR].polls)
    end)

    -- Fault: the serials of two thousand devices took all that scripts may keep: one of a few bytes was told
    --        to keep less. So was it for what words that look at time keep, which is no node.state.
    -- Expected: what the plugin itself keeps is no fault of a script's node.state.
    it("is kept beside much that the plugin itself keeps", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, COUNTS) } }
        require("serve.state").keep("over_time", function() end, function()
            return { serials = ("x"):rep(70000) }
        end)
        world:run(60)
        well(world)
        assert.same({ polls = 1 }, world.saved.state.solar_charger[SOLAR])
    end)

    it("of texts that grow in JSON is measured as JSON", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = state_of [[
            node.state.s = (" \1"):rep(2000)
            for i = 1, 9 do node.state["s" .. i] = node.state.s end]] } }
        world:run(60)
        in_trouble(world, "all scripts together may keep 60 KiB")
        assert.is_nil(world.saved)
    end)
end)

describe("two hundred reloads", function()
    local BUSY = [[
        start = function(node)
            timer.every(10, function() node.state.rings = (node.state.rings or 0) + 1 end)
            timer.after(1000, function() end)
            while true do sleep(30) end
        end,
        update = function(node) node.state.polls = (node.state.polls or 0) + 1 sleep(5) end,]]

    it("leave nothing behind", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, BUSY) } }
        world:run(120)
        local before = world:figures()
        for i = 1, 20 do
            world:write(USER .. "solar_charger.lua", solar(nil, BUSY) .. "-- " .. i .. "\n")
            world:run(SECONDS)
        end
        local script = world:serving("solar_charger")
        has("-- 20", script.text)
        world:run(60)
        local after = world:figures()
        assert.same(before, after)
        local tasks = 0
        for _ in pairs(script.tasks) do tasks = tasks + 1 end
        assert.equal(3, tasks)          -- start and two timers
        assert.equal(1, world.installs)
        assert.equal(21, script.states[SOLAR].polls)
        well(world)
    end)

    it("that each change a row install the profile once each, and leave nothing behind", function()
        local world = started()
        local before, installs = world:figures(), world.installs
        for i = 1, 20 do
            saved(world, "solar_charger", solar(('{ "GV20", unit.volt, "Row %d", "/Dc/0/Voltage" }')
                :format(i)))
        end
        assert.equal(installs + 20, world.installs)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        world:delete(USER .. "solar_charger.lua")
        world:run(GONE)
        local after = world:figures()
        assert.is_string(world.notices.profile)
        assert.equal(before.timers + 1, after.timers)       -- the one that takes the notice away
        for _, name in ipairs { "timers", "tasks", "notices" } do before[name], after[name] = nil, nil end
        assert.same(before, after)
        world:run(3600)
        assert.is_nil(world.notices.profile)
        well(world)
    end)

    it("that fail leave nothing behind", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(VOLTS) } }
        local before, id = world:figures(), world:serving("solar_charger").id
        for i = 1, 20 do
            saved(world, "solar_charger", i % 2 == 0 and "return { -- " .. i
                or (solar():gsub("GV3 = 0.84", "GV3 = " .. i)))
        end
        assert.equal(id, world:serving("solar_charger").id)
        local after = world:figures()
        assert.equal(before.notices + 1, after.notices)
        after.notices = before.notices
        assert.same(before, after)
        assert.equal(1, world:value("controller", "GV3"))
    end)
end)
