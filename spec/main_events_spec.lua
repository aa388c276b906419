local fake = require "spec.support.fake_host"
local worlds = require "spec.support.worlds"
local fixtures = require "spec.fixtures.vrm"

local started, next_poll = worlds.started, worlds.next_poll
local BATTERY, DIAGNOSTICS, SOLAR = worlds.BATTERY, worlds.DIAGNOSTICS, worlds.SOLAR
local row = fixtures.row

after_each(function() _G.host = nil end)

describe("queries", function()
    it("poll the device's installation at once", function()
        local world = started { sites = { [1] = fixtures.boat(), [2] = fixtures.boat() } }
        world.vrm.sites[1].rows[5].rawValue = 3
        world:fire("query", "1_bm288", "")
        world:run(1)
        assert.equal(3, world:count(DIAGNOSTICS))
        world:fire("query", "all", "")
        world:run(1)
        assert.equal(5, world:count(DIAGNOSTICS))
        world:fire("query", "controller", "")
        world:run(1)
        assert.equal(7, world:count(DIAGNOSTICS))
    end)

    it("join a poll that is under way: never two diagnostics of one installation at once", function()
        local world = started()
        world.vrm.slow[DIAGNOSTICS] = 5
        world:fire("shortpoll")
        world:run(1)
        world:fire("query", BATTERY, "")
        world:fire("query", "all", "")
        world:run(1)
        assert.equal(2, world:count(DIAGNOSTICS))
        world:run(20)
        assert.equal(2, world:count(DIAGNOSTICS))
    end)

    it("and discovery during a poll wait for its end", function()
        local world = started()
        world.vrm.slow[DIAGNOSTICS] = 5
        world:fire("shortpoll")
        world:run(1)
        world:fire("discover")
        for _ = 1, 40 do
            world:run(1)
            local running = 0
            for _, request in ipairs(world.requests) do
                if request.running and request.path:find(DIAGNOSTICS, 1, true) then running = running + 1 end
            end
            assert.is_true(running <= 1)
        end
        assert.equal(3, world:count(DIAGNOSTICS))
        assert.equal(2, world:count("/system-overview"))
    end)

    --- How often each request was answered, and with what: { [request] = { true | false ... } }.
    local function answers(world)
        local found = {}
        for _, report in ipairs(world.reports) do
            found[report.request] = found[report.request] or {}
            table.insert(found[report.request], report.success)
        end
        return found
    end

    -- Fault: Each of PG3's many queries waits by itself, and asks VRM again for an installation that answers.
    -- Expected: Queries of one installation join the one under way: one request to VRM, an answer to each.
    it("of all nodes at once ask VRM once for each installation, and each is answered", function()
        local world = started { sites = { [1] = fixtures.boat(), [2] = fixtures.boat() } }
        world.vrm.slow[DIAGNOSTICS] = 3
        for i = 1, 900 do
            world:fire("query", ({ "1_bm288", "1_sc256", "2_bm288" })[i % 3 + 1], "q" .. i)
        end
        world:run(10)
        assert.equal(4, world:count(DIAGNOSTICS))
        local found = answers(world)
        for i = 1, 900 do assert.same({ true }, found["q" .. i]) end
        assert.equal(900, #world.reports)
    end)

    -- Fault: While VRM hangs, queries wait as long as it likes.
    -- Expected: Each is answered as failed within a minute, and those that come later as well.
    it("are answered as failed while VRM hangs", function()
        local world = started()
        world.vrm.slow[DIAGNOSTICS] = 10000
        for i = 1, 300 do world:fire("query", i % 2 == 0 and BATTERY or "all", "q" .. i) end
        world:run(61)
        world:fire("query", SOLAR, "q301")
        world:run(61)
        local found = answers(world)
        for i = 1, 301 do assert.same({ false }, found["q" .. i]) end
    end)

    -- Fault: A query during the very first questions to VRM waits for them without end.
    -- Expected: It is answered as failed within a minute.
    it("are answered as failed while the account itself hangs", function()
        local world = worlds.new()
        world.vrm.slow["/users/me"] = 10000
        world:start()
        world:fire("query", "controller", "q1")
        world:run(61)
        assert.same({ q1 = { false } }, answers(world))
    end)

    -- Fault: A query under way when the token changes is answered as done, although nobody answered it.
    -- Expected: It is answered as failed, as one without a token is.
    it("are answered as failed without a token, and when the token changes", function()
        local world = started()
        world.vrm.slow[DIAGNOSTICS] = 5
        world:fire("query", BATTERY, "q1")
        world:run(1)
        world:set_params {}
        world:fire("query", BATTERY, "q2")
        world:run(1)
        assert.same({ q1 = { false }, q2 = { false } }, answers(world))
    end)

    it("of an unknown node and unknown commands do no harm", function()
        local world = started()
        world:fire("query", "nobody", "")
        world:fire("command", BATTERY, "EXPLODE", {})
        world:fire("command", "nobody", "EXPLODE", {})
        world:run(1)
        assert.same({}, world.errors)
        assert.equal(2, #world:logged("EXPLODE"))
    end)
end)

describe("PG3's polls", function()
    --- Polls of PG3's all the time for so long -> how many seconds lay between questions for a site.
    local function pauses(interval, seconds, event, sites)
        local world = started { sites = sites or { [1] = fixtures.boat() } }
        for _, entry in ipairs(world.vrm.sites[1].devices) do
            if not entry.instance then entry.loggingInterval = interval end
        end
        for _ = 1, 2 do -- what VRM's list lacks once stays
            world:fire("discover")
            world:run(1)
        end
        world.vrm:refresh(1)
        local from, list = #world.requests, {}
        local step = math.max(0.5, seconds / 1000)
        for _ = 1, seconds / step do
            world:fire(event or "shortpoll")
            world:run(step)
        end
        local last
        for i = from + 1, #world.requests do
            local request = world.requests[i]
            if request.path:find("/1" .. DIAGNOSTICS, 1, true) then
                list[#list + 1], last = last and request.time - last, request.time
            end
        end
        return list, world, #world.requests - from
    end

    -- Fault: A short poll of 0 s in PG3 makes a request as soon as the one before has ended, for ever.
    -- Expected: An installation is asked once in a quarter of its logging interval, and once in 10 s at most.
    it("ask no more often than the logging interval warrants", function()
        for _, case in ipairs { { 60, 14, 30 }, { 1, 10, 30 }, { 40, 10, 30 }, { 900, 224, 900 },
                                { false, 224, 900 }, { 86400, 21599, 60000 }, { 10 ^ 12, 21599, 60000 } } do
            local list, world = pauses(case[1], case[3])
            assert.is_true(#list >= 1, tostring(case[1]))
            for _, seconds in ipairs(list) do
                assert.is_true(seconds >= case[2] and seconds <= case[2] + 1, seconds .. " s")
            end
            assert.same({}, world.errors)
        end
    end)

    -- Fault: With a long poll of 0 s, or after many that waited, the heartbeat reports more events than a
    --        script may: the plugin's own script is in error, and there is no heartbeat any more.
    -- Expected: It is reported once a second at most.
    it("make no more heartbeats than a script may report", function()
        local world = started()
        local before = #world.started
        for _ = 1, 100 do world:fire("longpoll") end
        assert.equal(before + 1, #world.started)
        world:run(1)
        world:fire("longpoll")
        assert.equal(before + 2, #world.started)
    end)

    -- Fault: With a short poll of an hour nodes are Offline most of the time, are lost and come back each
    --        hour, and nothing says why.
    -- Expected: A notice does, after the second pause; it goes when PG3 polls as it should. A single pause
    --           counts for nothing, nor do polls that are not too rare for what the gateway logs.
    it("that are too rare are told", function()
        local world = started()
        local function poll_after(...)
            for _, seconds in ipairs { ... } do
                world:run(seconds)
                world.vrm:refresh(seconds)
                world:fire("shortpoll")
                world:fire("longpoll")
            end
            world:run(1)
        end
        poll_after(120, 120, 3600, 120, 200, 200)
        assert.is_nil(world.notices.polls)
        poll_after(3600, 3600)
        assert.truthy(world.notices.polls:find("every 60 minutes only: in between, nodes show Stale or"
            .. " Offline. Set the short poll to 120 seconds.", 1, true), world.notices.polls)
        assert.equal(1, #world:logged("every 60 minutes only"))
        poll_after(120)
        assert.is_nil(world.notices.polls)
    end)

    -- Fault: PG3 polls no more, as it may after a failure of its own. All devices become Offline, System
    --        status stays Connected, and nothing says why.
    -- Expected: A notice and the log do, once; not while PG3 is away.
    it("that do not come any more are told", function()
        local world = started()
        local none = "PG3 sends this plugin no polls any more"
        for _ = 1, 3 do next_poll(world) end
        world.pg3_up = false
        world:run(7200)
        world.pg3_up = true
        world:run(1500)
        assert.is_nil(world.notices.polls)
        world:run(7200)
        assert.truthy(world.notices.polls:find(none, 1, true))
        assert.equal(1, #world:logged(none))
        world:fire("shortpoll")
        assert.is_nil(world.notices.polls)
        world:run(1500)
        assert.is_nil(world.notices.polls)
        assert.same({}, world.errors)
    end)

    -- Fault: A long poll of 0 s asks for the list and for all devices without end.
    -- Expected: The list is asked for once in 10 s at most, and each installation as well.
    it("for devices do not either", function()
        local list, _, count = pauses(60, 60, "longpoll")
        for _, seconds in ipairs(list) do assert.is_true(seconds >= 10, seconds .. " s") end
        assert.is_true(#list >= 3)
        assert.is_true(count <= 7 + 2 * 6, count .. " requests")
    end)

    -- Fault: Short polls of 0 s while VRM fails undo the growing pauses between tries.
    -- Expected: Not more than one in 10 s beside the tries that are planned, for the account as well.
    it("do not hammer a VRM that fails", function()
        for _, where in ipairs { "/installations/1/", "/users/me" } do
            local world = worlds.new { sites = { [1] = fixtures.boat() } }
            world.vrm.fail[where] = { status = 500 }
            world:start()
            local before = #world.requests
            for _ = 1, 600 do
                world:fire("shortpoll")
                world:run(0.1)
            end
            assert.is_true(#world.requests - before <= 12, #world.requests - before .. " requests")
        end
    end)

    it("that are skipped let data grow old", function()
        local world = started()
        world:fire("shortpoll")
        world:run(1)
        world.vrm.slow[DIAGNOSTICS] = 100000
        for _ = 1, 12 do
            world:run(100)
            world:fire("shortpoll")
        end
        assert.equal(3, world:value(BATTERY, "GV30"))
    end)

    -- Fault: A poll that the rule skips is lost, and what it was to find comes with the next but one.
    -- Expected: It is made up for as soon as it is due; a query asks at once.
    it("that come too soon are made up for, and queries are not held back", function()
        local world = started()
        world:fire("shortpoll")
        world:run(1)
        local before = world:count(DIAGNOSTICS)
        world:fire("shortpoll")
        world:run(1)
        assert.equal(before, world:count(DIAGNOSTICS))
        world:fire("query", BATTERY, "")
        world:run(1)
        assert.equal(before + 1, world:count(DIAGNOSTICS))
        world:fire("query", "all", "")
        world:run(1)
        assert.equal(before + 2, world:count(DIAGNOSTICS))
        world:fire("shortpoll")
        world:run(15)
        assert.equal(before + 3, world:count(DIAGNOSTICS))
        world:run(60)
        assert.equal(before + 3, world:count(DIAGNOSTICS))
    end)

    -- Fault: Of a gateway that logs once a day, a new device is seen hours later.
    -- Expected: The long poll, which looks for devices, asks for every installation, once in 10 s at most.
    it("for devices do not wait for the logging interval", function()
        local sites = { [1] = fixtures.boat() }
        local _, world = pauses(86400, 30, nil, sites)
        local before = world:count(DIAGNOSTICS)
        next_poll(world, true)
        assert.equal(before, world:count(DIAGNOSTICS))
        world:fire("longpoll")
        world:run(1)
        assert.equal(before + 1, world:count(DIAGNOSTICS))
    end)

    -- Fault: The polls of a hundred installations come at once: a peak of memory and of requests each time.
    -- Expected: They are spread, each as often as before; one installation does not wait.
    it("of many installations are spread", function()
        local sites = {}
        for id = 1, 30 do
            sites[id] = fixtures.boat()
            sites[id].name = "Customer " .. id
        end
        local world = started { sites = sites }
        world:run(100)
        for _ = 1, 3 do
            world.requests = {}
            world:run(105)
            world.vrm:refresh(120)
            world:fire("shortpoll")
            world:run(0.1)
            assert.equal(1, world:count(DIAGNOSTICS))
            world:run(5)
            assert.equal(11, world:count(DIAGNOSTICS))
            world:run(10)
            assert.equal(30, world:count(DIAGNOSTICS))
        end
    end)

    -- Fault: A long and a short poll at one time ask for each installation twice, or look for no devices.
    -- Expected: One poll of each, with its devices; without the list the short poll alone is done.
    it("at one time are one", function()
        local world = started()
        local before, devices = world:count(DIAGNOSTICS), world:count("/system-overview")
        world.vrm.slow["/installations?extended"] = 2
        world:fire("longpoll")
        world:fire("shortpoll")
        world:run(30)
        assert.equal(before + 1, world:count(DIAGNOSTICS))
        assert.equal(devices + 1, world:count("/system-overview"))
        world.vrm.fail["/installations?extended"] = { status = 500 }
        world:fire("longpoll")
        world:fire("shortpoll")
        world:run(4)
        assert.equal(before + 2, world:count(DIAGNOSTICS))
        assert.equal(devices + 1, world:count("/system-overview"))
    end)
end)

describe("device scripts", function()
    local function script(text)
        local tab, problem = fake.load_text(text, "scripts/devices/windmill.lua")
        return { file = "scripts/devices/windmill.lua", name = "windmill", table = tab, error = problem }
    end
    local MILL = [[return { api = 2, id = "VICMILL", name = "Windmill", match = { service = "windmill" },
        { "ST", unit.percent, "Speed", "/Speed" }, { "GV0", unit.count, "X", from = function(rows)
            if rows["/Speed"].value > 50 then error("too fast") end
            return 1 end } }]]
    local function with_mill(text)
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, { row("windmill", 20, "/Speed", "ws", 40) })
        return started { sites = { [151734] = site }, extra_scripts = { script(text) } },
            site.rows[#site.rows]
    end

    it("of the user are nodes like the others", function()
        local world = with_mill(MILL)
        assert.equal(40, world:value("392u_zl20", "ST"))
        assert.equal(1, world:value("392u_zl20", "GV0"))
    end)

    it("that do not load are told; the others go on", function()
        for _, text in ipairs { "return {", "error('no')", "return 5", MILL:gsub("unit.percent",
            "unit.percnt"),
                                MILL:gsub("VICMILL", "VICBATT"), MILL:gsub("unit.count", "io.open"),
                                MILL:gsub("{ service = \"windmill\" }", "{ kind = \"gateway\" }"),
                                MILL:gsub("api = 2", "api = 2, samples = { { rows = { [\"/Speed\"] = 1 }, "
                                    .. "expect = { ST = 2 } } }") } do
            local world = with_mill(text)
            assert.is_nil(world.nodes["392u_zl20"])
            assert.equal(1, world:value("controller", "GV3"))
            assert.truthy(world.notices.script_devices_windmill_lua)
            assert.equal(87.5, world:value(BATTERY, "ST"))
        end
    end)

    it("that fail are contained, counted, and well again when they work", function()
        local world, speed = with_mill(MILL)
        speed.rawValue = 60
        next_poll(world)
        assert.equal(60, world:value("392u_zl20", "ST"))
        assert.is_nil(world:value("392u_zl20", "GV0"))
        assert.equal(1, world:value("controller", "GV3"))
        assert.equal(212, world:value(SOLAR, "ST"))
        assert.truthy(world.notices.script_devices_windmill_lua:find("too fast", 1, true))
        speed.rawValue = 30
        next_poll(world)
        assert.equal(0, world:value("controller", "GV3"))
        assert.same({}, world.notices)
    end)

    it("that fail three times in a row are suspended", function()
        local world, speed = with_mill(MILL)
        speed.rawValue = 60
        for _ = 1, 4 do next_poll(world) end
        assert.equal(1, #world:logged("is not used until"))
        assert.equal(3, world:value("392u_zl20", "GV30"))
        speed.rawValue = 30
        next_poll(world)
        assert.equal(60, world:value("392u_zl20", "ST"))
        assert.equal(1, world:value("controller", "GV3"))
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    it("that fail on one node only are told once, and suspended", function()
        local world, speed = with_mill(MILL)
        table.insert(world.vrm.sites[151734].rows, row("windmill", 21, "/Speed", "ws", 40))
        world:fire("discover")
        world:run(1)
        speed.rawValue = 60
        for _ = 1, 3 do next_poll(world) end
        assert.equal(1, #world:logged("too fast"))
        assert.equal(1, #world:logged("is not used until"))
    end)

    it("with equal matches are told", function()
        local world = with_mill((MILL:gsub('"windmill" }', '"battery" }')))
        assert.equal(1, #world:logged("fit battery 288 equally well"))
        assert.equal("VICBATT", world.nodes[BATTERY].type)
    end)

    it("run their start, update and commands", function()
        local text = MILL:gsub("api = 2", [[api = 2, start = function() end, update = function(node, rows)
            if rows["/Speed"].value == 41 then error("update failed") end end,
            commands = { FILL = function() end, DRAIN = { name = "Drain", run = function() end } }]])
        local world, speed = with_mill(text)
        assert.same({ "392u_zl20", "392u_zl20" }, world.started)
        world:fire("command", "392u_zl20", "FILL", {})
        world:fire("command", "392u_zl20", "DRAIN", {})
        assert.equal(4, #world.started)
        speed.rawValue = 41
        next_poll(world)
        assert.equal(1, world:value("controller", "GV3"))
        speed.rawValue = 42
        next_poll(world)
        next_poll(world)
        assert.equal(0, world:value("controller", "GV3"))
        speed.rawValue = 41
        for _ = 1, 3 do next_poll(world) end
        assert.equal(1, #world:logged("is not called until"))
        assert.equal(2, #world:logged("update failed"))
    end)
end)

describe("commands", function()
    local MILL = [[return { api = 2, id = "MYMILL", name = "Windmill", match = { service = "windmill" },
        { "ST", unit.percent, "Speed", "/Speed" }, { "GV0", unit.count, "X",
            from = function(rows) if rows["/Speed"].value > 50 then error("fast") end end },
        commands = { SETLIMIT = { run = function(node, args) error("limit " .. args.value, 0) end,
            params = { { id = "", label = "Limit", kind = unit.percent, min = 0, max = 80 } } } } }]]
    local function with_mill()
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, { row("windmill", 20, "/Speed", "ws", 40) })
        local script = { file = "scripts/devices/windmill.lua", name = "windmill",
                         table = fake.load_text(MILL, "windmill") }
        return started { sites = { [151734] = site }, extra_scripts = { script } }, site.rows[#site.rows]
    end
    local function send(world, address, cmd, args)
        world:fire("command", address, cmd, args)
        world:run(1)
        assert.same({}, world.errors)
    end

    it("reach the script with checked numbers", function()
        local world = with_mill()
        send(world, "392u_zl20", "SETLIMIT", { value = "12.5", uom = "51", query = {} })
        assert.equal(1, #world:logged("limit 12.5"))
    end)

    it("that are not as declared are refused with one line", function()
        local world = with_mill()
        for _, args in ipairs { {}, { value = "81" }, { value = "x" },
                                { value = "5", query = { A = "1" } } } do
            local before = #world:logged("392u_zl20: SETLIMIT")
            send(world, "392u_zl20", "SETLIMIT", args)
            assert.equal(before + 1, #world:logged("392u_zl20: SETLIMIT"))
        end
        assert.equal(0, #world.started)
    end)

    it("are not run by a script that is suspended", function()
        local world, speed = with_mill()
        speed.rawValue = 60
        for _ = 1, 3 do next_poll(world) end
        send(world, "392u_zl20", "SETLIMIT", { value = "5" })
        assert.equal(1, #world:logged("SETLIMIT is not run"))
        assert.equal(0, #world:logged("limit 5"))
    end)

    it("of the controller: RELOAD loads the scripts again and logs what they use", function()
        local world = with_mill()
        local before = world.last_script
        send(world, "controller", "RELOAD", {})
        assert.equal(before + #worlds.DEVICES + 1, world.last_script)
        assert.equal(6, #world:logged("thousand instructions"))   -- the plugin's, and those that have nodes
        assert.equal(40, world:value("392u_zl20", "ST"))
        send(world, "controller", "DISCOVER", {})         -- arrives as an event of its own
        assert.equal(1, #world:logged("DISCOVER is unknown"))
    end)

    -- Fault: Once values were there, RELOAD tells of sums that each "has another source".
    -- Expected: A script that is as it was says so.
    it("of the controller: RELOAD says that nothing changed", function()
        local world = started()
        send(world, "controller", "RELOAD", {})
        assert.equal(#worlds.DEVICES, #world:logged("is in use (save 1): nothing changed."))
    end)
end)

describe("vrm.get of a device script", function()
    it("is asked with the token and answered", function()
        local world = started()
        world.vrm.fail["/stats"] = { status = 200, json = { success = true, records = { kwh = false } } }
        world:fire("script_get", 1, "devices/x.lua", "/installations/151734/stats",
            { type = "custom", ["attributeCodes[]"] = "Pb c" })
        world:run(1)
        assert.same({ kwh = false }, world.answers[1].value.records)
        assert.equal("/installations/151734/stats?attributeCodes%5B%5D=Pb%20c&type=custom",
            world.requests[#world.requests].path)
    end)

    it("has an error in one sentence, also without a connection", function()
        local world = started()
        for id, path in ipairs { "/nothing", "/installations/151734/diagnostics", "https://x/", "/a b", 5 } do
            world:fire("script_get", id, "devices/x.lua", path)
            world:run(1)
            assert.is_nil(world.answers[id].value)
            assert.equal("string", type(world.answers[id].err))
        end
        assert.equal(5, #world.requests)                           -- the start's four, and /nothing
        world:set_params {}
        world:fire("script_get", 9, "devices/x.lua", "/users/me")
        assert.truthy(world.answers[9].err)
    end)

    -- Fault: an error of the plugin in a script's question to VRM is told to the script alone.
    -- Expected: the script gets a sentence, and the log has the error.
    it("that meets an error of the plugin gets a sentence, and the log has it", function()
        local world = started()
        world.host.http = function() error("oops", 0) end
        world:fire("script_get", 1, "devices/x.lua", "/users/me")
        world:run(1)
        assert.truthy(world.answers[1].err:find("oops", 1, true))
        assert.equal(1, #world:logged("An error in the plugin: oops"))
    end)
end)
