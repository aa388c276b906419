local worlds = require "spec.support.worlds"
local fixtures = require "spec.fixtures.vrm"

local new, started, next_poll = worlds.new, worlds.started, worlds.next_poll
local BATTERY, DIAGNOSTICS, GATEWAY = worlds.BATTERY, worlds.DIAGNOSTICS, worlds.GATEWAY

after_each(function() _G.host = nil end)

describe("failures", function()
    it("the first leaves the values, the second in a row takes them offline", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { status = 502, body = "<html>" }
        next_poll(world)
        assert.equal(6, world:value("controller", "GV0"))
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.is_nil(world.notices.vrm)
        world:run(6)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.is_true(world.nodes[BATTERY].stale)
        assert.equal(0, world:value(GATEWAY, "ST"))
        assert.equal(0, world:value(GATEWAY, "GV3"))
        assert.truthy(world.notices.vrm:find("502", 1, true))
        assert.is_nil(world.notices.site_151734)                   -- one installation: one notice is enough
    end)

    -- Fault: VRM is back, all values are fresh, and for five minutes more a notice says that it is not.
    -- Expected: The notice goes as soon as the installations answer.
    it("of an hour are over with the first answers, and so is their notice", function()
        local world = started()
        world.vrm.fail["/"] = { err = { kind = "connect", text = "No connection." } }
        for minute = 1, 60 do
            world:run(60)
            if minute % 2 == 0 then world:fire "shortpoll" end
            if minute % 10 == 0 then world:fire "longpoll" end
        end
        assert.truthy(world.notices.vrm)
        world.vrm.fail = {}
        world:run(20)
        world.vrm:refresh(3620)
        world:fire "shortpoll"
        world:run(1)
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.same({}, world.notices)
    end)

    -- Fault: VRM refuses the token of a running plugin; until the next long poll the notice says beside what
    --        to do that the plugin tries again by itself.
    -- Expected: The account is asked at once, and the notice is that of a refused token.
    it("of the token at an installation are the account's at once", function()
        local world = started()
        world.vrm.fail["/"] = { status = 401, json = { success = false, errors = "Token is invalid" } }
        next_poll(world)
        assert.equal(2, world:value("controller", "GV0"))
        assert.truthy(world.notices.vrm:find("create a token", 1, true))
        assert.is_nil(world.notices.vrm:find("by itself", 1, true), world.notices.vrm)
    end)

    it("of the names alone do not keep the measurements away", function()
        local world = new()
        world.vrm.fail["/system-overview"] = { status = 500 }
        world:start()
        world:run(60)
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal(1, #world:logged("no device names"))
    end)

    -- Fault: Once VRM's list of devices was empty; each node lost the name that its owner gave the device,
    -- and the logging interval became a quarter of an hour.
    -- Expected: What was listed before stays.
    it("of the list of devices are an empty one, too, where there were some", function()
        for _, devices in ipairs { {}, false } do
            local world = started()
            local site = world.vrm.sites[151734]
            local name = world.nodes[BATTERY].name
            site.devices = devices
            world:fire("discover")
            world:run(15)
            assert.equal(name, world.nodes[BATTERY].name)
            assert.equal(60, world:value(GATEWAY, "GV16"))
            assert.equal(3, world:value(GATEWAY, "GV2"))
            assert.equal(1, #world:logged("no device names"))
        end
    end)

    -- Fault: at a start one broken or empty list of devices was believed: for ten minutes a device had the
    --        type and name of its kind, whatever script its product has, and those of a GlobalLink no node.
    -- Expected: it is asked for again in seconds; measurements come without it when that fails, too.
    it("of the list of devices are asked for again at a start", function()
        local broken = { status = 200, json_error = "broken" }
        for _, reply in ipairs { broken, { status = 200, json = { success = true, records = {} } } } do
            local world = new()
            world.vrm.fail["/system-overview"] = reply
            world:start():run(2)
            assert.is_nil(world.nodes[BATTERY])
            world.vrm.fail = {}
            world:run(10)
            assert.equal("House bank", world.nodes[BATTERY].name)
            assert.equal(0, #world:logged("no device names"))
            world = new()
            world.vrm.fail["/system-overview"] = reply
            world:start():run(30)
            assert.equal(1, world:value(BATTERY, "GV30"))
            assert.equal(1, #world:logged("no device names"))
        end
    end)

    -- Fault: VRM's list of devices lacked one, or a name, once: nodes were renamed in the ISY, twice, a
    --        script for a product did not fit any more, the logging interval became a quarter of an hour.
    -- Expected: What one list lacks is as it was; what two lack is gone, but a device without any name keeps
    --           that of its node.
    it("of the list of devices are what it lacks once", function()
        local function lacking(change)
            local world, shown = started(), {}
            for i = 1, 2 do
                world.vrm.sites[151734] = fixtures.boat()
                change(world.vrm.sites[151734].devices)
                world:fire("discover")
                world:run(15)
                shown[i] = world.nodes[BATTERY].name .. " " .. world:value(GATEWAY, "GV16")
            end
            return shown
        end
        local was = "House bank 60"
        assert.same({ was, was }, lacking(function(list) table.remove(list, 3) end))
        assert.same({ was, "SmartShunt 500A 60" }, lacking(function(list) list[3].customName = nil end))
        assert.same({ was, "House bank 900" }, lacking(function(list) table.remove(list, 1) end))
        assert.same({ was, "House bank 900" }, lacking(function(list) list[1].loggingInterval = false end))
        assert.same({ "Shed 60", "Shed 60" }, lacking(function(list) list[3].customName = "Shed" end))
    end)

    it("a long pause VRM asks for lets the data grow old", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { status = 429, retry_after = 3600 }
        for _ = 1, 12 do next_poll(world, true) end
        assert.equal(4, world:value("controller", "GV0"))
        assert.not_equal(1, world:value(BATTERY, "GV30"))
    end)

    it("one answer without measurements is a failure like another", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { status = 200, json = { success = true, records = {} } }
        next_poll(world)
        assert.equal(1, world:value(BATTERY, "GV30"))
        world.vrm.fail = {}
        next_poll(world)
        assert.equal(1, world:value("controller", "GV0"))
    end)

    it("a new token is tried at once although VRM wanted quiet", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { status = 429, retry_after = 3600 }
        next_poll(world)
        assert.equal(4, world:value("controller", "GV0"))
        local before = #world.requests
        world.vrm.fail = {}
        world:set_params { vrm_token = ("b"):rep(64) }
        assert.is_true(#world.requests > before)
    end)

    it("an empty list of installations is believed the second time, and asked again", function()
        local world = started()
        world.vrm.fail["/installations?extended"] = { status = 200, json = { success = true, records = {} } }
        world:fire("longpoll")
        world:run(1)
        assert.equal(1, world:value(BATTERY, "GV30"))
        world:run(6)
        assert.equal(7, world:value("controller", "GV0"))
        world.vrm.fail = {}
        next_poll(world)
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    -- Fault: One list of VRM's lacks an installation: all of its nodes report that they are lost, its live
    --        data ends, and what is known of it is forgotten.
    -- Expected: A list that lacks one is believed the second time, some seconds later.
    it("a list without one of the installations is believed the second time", function()
        local world = started { sites = { [1] = fixtures.boat(), [2] = fixtures.boat() } }
        local function state() return world:value("2_bm288", "GV30") end
        local sites = world.vrm.sites
        assert.equal(1, state())
        world.vrm.sites = { [1] = sites[1] }
        world:fire("longpoll")
        world:run(1)
        assert.equal(1, state())
        world.vrm.sites = sites
        world:run(6)
        assert.equal(1, state())
        assert.equal(1, world:value("controller", "GV0"))
        world.vrm.sites = { [1] = sites[1] }
        world:fire("longpoll")
        world:run(20)
        assert.equal(3, state())
        assert.equal(1, world:value("controller", "GV0"))
    end)

    it("are tried again after 5, 10, 20 ... 300 seconds, by itself", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { err = { kind = "timeout", text = "VRM did not answer in time." } }
        world:fire("shortpoll")
        world:run(2000)
        local times = {}
        for _, request in ipairs(world.requests) do times[#times + 1] = request.time end
        local gaps = {}
        for i = 6, #times do gaps[#gaps + 1] = times[i] - times[i - 1] end
        assert.same({ 5, 10, 20, 40, 80, 160, 300, 300 }, { table.unpack(gaps, 1, 8) })
        assert.equal(8, world:value("controller", "GV0"))
        world.vrm.fail = {}
        world.vrm:refresh(2000)
        for _ = 1, 300 do                   -- until the next one of those tries
            if world:value("controller", "GV0") ~= 1 then world:run(1) end
        end
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.is_nil(world.notices.vrm)
    end)

    it("that are over are forgotten: the next one is a first one again", function()
        local world = started()
        for _ = 1, 3 do
            world.vrm.fail[DIAGNOSTICS] = { status = 500 }
            next_poll(world)
            assert.equal(1, world:value(BATTERY, "GV30"))
            world.vrm.fail = {}
            world:run(10)
            assert.equal(1, world:value("controller", "GV0"))
        end
        assert.equal(3, #world:logged("warning"))
    end)

    it("are logged once, with the number of tries when it is over", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { err = { kind = "dns", text = "The name could not be resolved." } }
        world:fire("shortpoll")
        world:run(100)
        assert.equal(1, #world:logged("warning"))
        world.vrm.fail[DIAGNOSTICS] = { status = 500 }
        world:run(100)
        assert.equal(2, #world:logged("warning"))
        assert.equal(1, #world:logged("repeated 4 times"))
        world.vrm.fail = {}
        world:run(300)
        assert.equal(1, #world:logged("answers again after"))
    end)

    -- Fault: The log says "VRM: VRM does not accept the access token", the name of VRM twice.
    -- Expected: A line about the account is a sentence; one about an installation begins with its name.
    it("are told in sentences", function()
        local world = new()
        world.vrm.fail["/users/me"] = { status = 500 }
        world:start()
        assert.equal("VRM has a problem of its own (500).", world:logged("problem of its own")[1])
        world.vrm.fail = { [DIAGNOSTICS] = { status = 500 } }
        world:run(7)
        assert.equal("VRM answers again after 1 failed try.", world:logged("VRM answers again")[1])
        world:run(20)
        world.vrm.fail = {}
        world:run(300)
        local again = world:logged("VRM answers again")[2]
        assert.truthy(again:find("^Boat: VRM answers again after %d failed tries%.$"), again)
    end)

    it("at the start are found out too, and known nodes go offline", function()
        local known = { { address = GATEWAY, name = "Cerbo GX", type = "VICGW", primary = GATEWAY,
            enabled = true },
                        { address = BATTERY, name = "House", type = "VICBATT", primary = GATEWAY,
                            enabled = true } }
        local world = new { known = known }
        world.vrm.fail["/users/me"] = { err = { kind = "connect", text = "No connection." } }
        world:start()
        assert.equal(5, world:value("controller", "GV0"))
        assert.same({ "controller" }, world.added)
        world:run(6)
        assert.same({ "controller", GATEWAY, BATTERY }, world.added)
        assert.equal(3, world:value(BATTERY, "GV30"))
        world.vrm.fail = {}
        world:run(60)
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal("House", world.nodes[BATTERY].name)
    end)

    -- Fault: Different troubles show one state and one advice; a large answer blames the internet connection.
    -- Expected: Each kind has a state and a sentence that says what to do.
    it("every kind has its state and says what to do", function()
        local said = { success = false, errors = "No." }
        for _, case in ipairs {
            { { status = 401, json = said }, 2, "create a token" },
            { { status = 403, json = said }, 7, "may see the installation" },
            { { status = 429 }, 4, "other programs" }, { { status = 500 }, 6, "nothing to do" },
            { { status = 404, json = said }, 11, "report this message" },
            { { status = 200, json = said }, 11, "report this message" },
            { { status = 200, json_error = "cut" }, 10, "login page" },
            { { status = 200, json_error = "found T_END at character 1" }, 10, "but empty." },
            { { status = 200, json_error = "found T_END at character 12" }, 10, "broken text" },
            { { status = 302 }, 10, "login page" }, { { status = 403 }, 10, "login page" },
            { { status = 200, json = { success = true, records = "none" } }, 13, "report this message" },
            { { status = 200, json = {} }, 13, "report this message" },
            { { err = { kind = "dns", text = "No name." } }, 5, "No name" },
            { { err = { kind = "connect", text = "No connection." } }, 5, "No connection" },
            { { err = { kind = "tls", text = "Bad certificate." } }, 9, "Bad certificate" },
            { { err = { kind = "timeout", text = "Too slow." } }, 8, "Too slow" },
            { { err = { kind = "cut", text = "The transfer was cut." } }, 8, "cut" },
            { { err = { kind = "too_big", text = "Too much." } }, 12, "report this message" },
        } do
            local world = new()
            world.vrm.fail["/installations?extended"], world.vrm.fail["/installations"] = case[1], case[1]
            world:start()
            assert.equal(case[2], world:value("controller", "GV0"))
            world:run(7)
            assert.truthy(world.notices.vrm:find(case[3], 1, true), world.notices.vrm)
            if case[2] ~= 5 then assert.is_nil(world.notices.vrm:find("internet connection", 1, true)) end
            world.vrm.fail = {}
            world:run(90)
            assert.equal(1, world:value("controller", "GV0"))
            assert.same({}, world.notices)
            assert.same({}, world.errors)
        end
    end)

    -- Fault: A 403 page of something on the way takes all values at once and asks for a new token.
    -- Expected: Values stay until the second failure in a row, and the token is not blamed.
    it("of something on the way leave the values at first", function()
        for _, where in ipairs { DIAGNOSTICS, "/installations?extended", "/system-overview" } do
            local world = started()
            world.vrm.fail[where] = { status = 403, json_error = "invalid token" }
            world:fire("longpoll")
            world:run(1)
            assert.equal(1, world:value(BATTERY, "GV30"), where)
            assert.not_equal(2, world:value("controller", "GV0"))
            world.vrm.fail = {}
            world:run(6)
            assert.equal(1, world:value("controller", "GV0"))
            assert.equal(1, world:value(BATTERY, "GV30"))
        end
        local world = new()
        world.vrm.fail["/users/me"] = { status = 403, json_error = "invalid token" }
        world:start()
        world:run(7)
        assert.equal(10, world:value("controller", "GV0"))
        assert.is_nil(world.notices.vrm:find("create a token", 1, true))
    end)

    it("an error of the plugin itself becomes a failure like any other", function()
        local world = started()
        local put = world.host.set
        world.host.set = function() error("a bug") end
        world:fire("shortpoll")
        world:run(1)
        world.host.set = put
        world:run(30)
        assert.equal(1, world:value("controller", "GV0"))
        assert.is_true(#world:logged("a bug") > 0)
    end)
end)

describe("an outage", function()
    -- Fault: Where the account and one installation fail alike, the notice blames that installation alone.
    -- Expected: It names none, for it is of all.
    it("of the account is not one of an installation", function()
        local connection, health = require "sources.connection", require "sources.health"
        local failing = health.new()
        failing.kind, failing.text, failing.since, failing.failures = "timeout", "No answer.", 5, 2
        local session = { health = failing, sites = { { name = "A", health = failing },
                                                      { name = "B", health = health.new() } } }
        assert.is_nil(connection.outage(session).parts[1].names)
        session.health = health.new()
        assert.same({ "A" }, connection.outage(session).parts[1].names)
    end)

    local function many(count)
        local sites = {}
        for i = 1, count do
            sites[i] = fixtures.boat()
            sites[i].name = "Customer " .. i
        end
        return sites
    end

    -- Fault: An outage of a hundred installations floods the log and PG3's notices.
    -- Expected: A few lines and one notice, which says since when and goes when it is over.
    it("of a hundred installations is one notice and a few lines", function()
        local world = started { sites = many(100) }
        world:run(300)                      -- VRM's limit of requests
        world.vrm:refresh(300)
        world.notice_log, world.lines = {}, {}
        local since = world.now
        world.vrm.fail["/"] = { err = { kind = "connect", text = "No connection to VRM can be made." } }
        world:fire("shortpoll")
        world:run(1000)
        world:fire("longpoll")
        world:run(1000)
        for key in pairs(world.notices) do assert.equal("vrm", key) end
        assert.truthy(world.notices.vrm:find(os.date("Since %Y-%m-%d %H:%M.", since), 1, true))
        assert.is_nil(world.notices.vrm:find("Customer", 1, true))
        assert.is_true(#world.notice_log <= 5, #world.notice_log)
        assert.is_true(#world:logged("warning") <= 12, #world:logged("warning"))
        world.vrm.fail = {}
        world:run(400)
        assert.same({}, world.notices)
        assert.is_true(#world.notice_log <= 10, #world.notice_log)
        assert.is_true(#world:logged("info") <= 12, #world:logged("info"))
        assert.equal(1, world:value("controller", "GV0"))
    end)

    -- Fault: For a minute the notice says that one installation fails, when all do: it was the first of them.
    -- Expected: After a few seconds it says what all have.
    it("of all installations names none", function()
        local world = started { sites = many(2) }
        world.vrm.fail["/"] = { err = { kind = "connect", text = "No connection to VRM can be made." } }
        next_poll(world)
        world:run(25)
        assert.truthy(world.notices.vrm:find("^No connection to VRM"), world.notices.vrm)
    end)

    it("of some installations names the first of them", function()
        local sites = many(6)
        sites[6].name = "<b>"
        local world = started { sites = sites }
        for i = 2, 6 do world.vrm.fail["/installations/" .. i .. "/"] = { status = 500 } end
        next_poll(world)
        world:run(100)
        world:run(60)
        assert.truthy(world.notices.vrm:find("Installations <bdi>Customer 2</bdi>, <bdi>Customer 3</bdi>, "
            .. "<bdi>Customer 4</bdi> and 2 more: ", 1, true))
        assert.is_nil(world.notices.vrm:find("<b>", 1, true))
        assert.equal(1, world:value("controller", "GV0"))
    end)

    -- Fault: Different requests that fail in one outage have a notice each.
    -- Expected: One notice tells each reason once.
    it("with different reasons is one notice", function()
        local world = started { sites = many(2) }
        world.vrm.fail["/installations/1/"] = { err = { kind = "timeout", text = "Too slow." } }
        world.vrm.fail["/installations/2/"] = { status = 500 }
        next_poll(world)
        world:run(100)
        local text = world.notices.vrm
        assert.truthy(text:find("Installation <bdi>Customer 1</bdi>: Too slow.", 1, true), text)
        assert.truthy(text:find("Installation <bdi>Customer 2</bdi>: VRM has a problem", 1, true))
        assert.equal(1, select(2, text:gsub("Since ", "")))
    end)
end)

describe("an installation that was renamed in VRM", function()
    -- Fault: the log calls it as it was called when the plugin was started
    -- Expected: as it is called now
    it("fails under its new name", function()
        local world = started()
        world.vrm.sites[151734].name = "Yacht"
        world:run(10)
        world:fire("longpoll")
        world:run(10)
        world.vrm.fail[DIAGNOSTICS] = { status = 500 }
        next_poll(world)
        assert.equal(0, #world:logged("Boat: VRM has a problem"))
        assert.equal(1, #world:logged("Yacht: VRM has a problem"))
    end)
end)

describe("an installation whose name VRM's list lacks once", function()
    -- Fault: Its gateway was called "Installation 151734", in the ISY too, and then by its name again.
    -- Expected: It keeps the name it had.
    it("keeps it", function()
        local world = started()
        local site = world.vrm.sites[151734]
        for _, name in ipairs { false, "Boat", false, "Yacht" } do
            site.name = name
            world:run(60)
            world:fire("longpoll")
            world:run(10)
            assert.equal(name or "Boat", world.nodes[GATEWAY].name)
        end
    end)
end)

describe("429", function()
    it("with Retry-After: nothing leaves until then, then it goes on", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { status = 429, retry_after = 50, json = { success = false } }
        world:fire("shortpoll")
        world:run(1)
        assert.equal(4, world:value("controller", "GV0"))
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.near(world.now + 49, world.hold_until, 1.5)
        world.vrm.fail = {}
        local before = #world.requests
        world:fire("shortpoll")
        world:fire("query", BATTERY, "")
        world:fire("discover")
        world:run(48)
        assert.equal(before, #world.requests)
        world:run(3)
        assert.equal(before + 3, #world.requests)                  -- the discovery that was wanted
        assert.equal(1, world:value("controller", "GV0"))
    end)

    it("twice at once: the longer pause counts, and data grows old in it", function()
        local world = started { sites = { [1] = fixtures.boat(), [2] = fixtures.boat() } }
        world.vrm.fail["/installations/1/diagnostics"] = { status = 429, retry_after = 900 }
        world.vrm.fail["/installations/2/diagnostics"] = { status = 429 }
        world:fire("shortpoll")
        world:run(1)
        world.vrm.fail = {}
        local before = #world.requests
        for _ = 1, 6 do next_poll(world, true) end
        assert.equal(before, #world.requests)
        assert.equal(2, world:value("1_bm288", "GV30"))
        world:run(300)
        assert.is_true(#world.requests > before)
    end)

    -- Fault: The account's own 429 is asked for again only by the long poll: its notice outlives the pause.
    -- Expected: When the pause is over the account is asked again, and all is well.
    it("to the list of installations is over with its pause", function()
        local world = started()
        world.vrm.fail["/installations?extended"] = { status = 429, retry_after = 50 }
        world:fire("longpoll")
        world:run(1)
        assert.equal(4, world:value("controller", "GV0"))
        assert.truthy(world.notices.vrm:find("429", 1, true))
        world.vrm.fail = {}
        world:run(51)
        assert.equal(1, world:value("controller", "GV0"))
        assert.same({}, world.notices)
    end)

    -- Fault: The same, when the timer that ends the pause was lost.
    -- Expected: The first poll a while after the pause asks for the account again.
    it("to the list of installations is over though nothing tells that its pause is", function()
        local world = started()
        world.vrm.fail["/installations?extended"] = { status = 429, retry_after = 50 }
        local timer = require "tasks.timer"
        local after = timer.after
        timer.after = function() return 0 end
        world:fire("longpoll")
        world:run(1)
        timer.after = after
        world.vrm.fail = {}
        for _ = 1, 2 do next_poll(world) end
        assert.equal(1, world:value("controller", "GV0"))
        assert.same({}, world.notices)
    end)

    it("of more than an hour is kept", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { status = 429, retry_after = 7200 }
        world:fire("shortpoll")
        world:run(1)
        local before = #world.requests
        world:run(7100)
        assert.equal(before, #world.requests)
    end)

    it("before the first answer: what an earlier run showed goes offline", function()
        local world = new { known = {
            { address = GATEWAY, name = "Cerbo", type = "VICGW", primary = GATEWAY, enabled = true },
            { address = BATTERY, name = "Bank", type = "VICBATT", primary = GATEWAY, enabled = true } } }
        world.vrm.fail["/users/me"] = { status = 429, retry_after = 3600 }
        world:start()
        next_poll(world)
        assert.equal(4, world:value("controller", "GV0"))
        assert.equal(3, world:value(BATTERY, "GV30"))
    end)

    it("at the first measurements of another token: the old token's are not believed", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { status = 429, retry_after = 3600 }
        world.vrm.token = ("b"):rep(64)
        world:set_params { vrm_token = ("b"):rep(64) }
        next_poll(world)
        assert.equal(3, world:value(BATTERY, "GV30"))
    end)

    it("to a script's request makes a pause too", function()
        local world = started()
        world.vrm.fail["/stats"] = { status = 429, retry_after = 100 }
        world:fire("script_get", 1, "devices/x.lua", "/installations/151734/stats")
        world:run(1)
        local before = #world.requests
        world:fire("shortpoll")
        world:run(50)
        assert.equal(before, #world.requests)
        assert.equal(4, world:value("controller", "GV0"))
    end)

    -- Fault: VRM asks the token before for a pause when another one is there already: that one waits
    -- Expected: the pause is not the new token's
    it("to a script's request with the token before makes no pause", function()
        local world = started()
        world.vrm.fail["/stats"], world.vrm.slow["/stats"] = { status = 429, retry_after = 100 }, 5
        world:fire("script_get", 1, "devices/x.lua", "/installations/151734/stats")
        world:run(1)
        world.vrm.token = ("b"):rep(64)
        world:set_params { vrm_token = ("b"):rep(64) }
        world:run(10)
        assert.truthy(world.answers[1].err)
        local before = world:count(DIAGNOSTICS)
        world:fire("shortpoll")
        world:run(60)
        assert.equal(before + 1, world:count(DIAGNOSTICS))
        assert.equal(1, world:value("controller", "GV0"))
    end)

    it("without Retry-After: its own growing pause", function()
        local world = started()
        world.vrm.fail[DIAGNOSTICS] = { status = 429 }
        world:fire("shortpoll")
        world:run(40)
        assert.equal(1 + 4, world:count(DIAGNOSTICS))           -- the poll, and after 5, 10 and 20 s
        world.vrm.fail = {}
        world:run(60)
        assert.equal(1, world:value("controller", "GV0"))
    end)

    it("of one installation is shown, though another answers", function()
        local world = started { sites = { [1] = fixtures.boat(), [2] = fixtures.boat() } }
        world.vrm.fail["/installations/1/diagnostics"] = { status = 429, retry_after = 30 }
        world:fire("shortpoll")
        world:run(1)
        assert.equal(4, world:value("controller", "GV0"))
    end)

    it("at the very first request", function()
        local world = new()
        world.vrm.fail["/users/me"] = { status = 429, retry_after = 20 }
        world:start()
        assert.equal(4, world:value("controller", "GV0"))
        world.vrm.fail = {}
        world:run(25)
        assert.equal(1, world:value("controller", "GV0"))
    end)
end)

describe("an account whose list is too large", function()
    local TOO_BIG = { err = { kind = "too_big", text = "The answer is larger than the plugin accepts." } }

    local function world_of(count)
        local sites = {}
        for i = 1, count do
            sites[i] = fixtures.boat()
            sites[i].name = "Customer " .. i
        end
        local world = new { sites = sites }
        local answer = world.answer
        world.answer = function(request)
            if request.path:find("extended=1$") then return nil, TOO_BIG.err end
            return answer(request)
        end
        return world, sites
    end

    -- Fault: An account of 120 installations shows nothing.
    -- Expected: The list is asked for without values; each installation's alarms are asked for by themselves.
    it("is asked for without values, and the large one no more", function()
        local world, sites = world_of(120)
        sites[7].alarms = 3
        world:start():run(300)              -- VRM's limit of requests
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(120, world:value("controller", "GV1"))
        assert.same({}, world.notices)
        world.vrm:refresh(300)
        next_poll(world)
        world:run(120)
        assert.equal(1, world:value("3c_bm288", "GV30"))
        assert.equal(3, world:value("7_gw0", "GV1"))
        world:fire("longpoll")
        world:run(300)
        assert.equal(3, world:value("7_gw0", "GV1"))
        assert.equal(1, world:count("extended=1") - world:count("idSite="))
        assert.same({}, world.errors)
    end)

    -- Fault: Of 300 installations that log each minute a third shows Stale, and few show their energy: each
    --        long poll asks for the devices and alarms of all, for which VRM's limit leaves no room.
    -- Expected: A long poll looks for the devices of 50, those of longest ago first. Polls follow each other
    --           in turn, so that all stay fresh; energy is asked for as well. The list has no pages.
    it("of 300 installations is polled in turn, and all stay fresh", function()
        local world, sites = world_of(300)
        local site_of = "^/installations/(%d+)/diagnostics"
        for _, site in ipairs(sites) do
            site.devices = { fixtures.gateway(60), fixtures.device("Battery Monitor", 2, 288, "SmartShunt") }
            site.rows = fixtures.join(fixtures.system(), fixtures.battery(288))
        end
        local answer, looks = world.answer, {}
        world.answer = function(request)
            local site = sites[tonumber(request.path:match(site_of))]
            for _, row in ipairs(site and site.rows or {}) do row.timestamp = world.now // 60 * 60 end
            local looked = request.path:match "^/installations/(%d+)/system%-overview"
            if looked then looks[tonumber(looked)] = (looks[tonumber(looked)] or 0) + 1 end
            assert(not request.path:find "[?&]page=%d" or site, request.path)
            return answer(request)
        end
        world:start():run(300)
        local function all_fresh()
            for number = 1, #sites do
                local address = ("%s_bm288"):format(worlds.base36(number))
                assert.equal(1, world:value(address, "GV30"), address)
            end
        end
        all_fresh()
        for minute = 6, 24 do
            if minute % 2 == 0 then world:fire("shortpoll") end
            if minute % 10 == 0 then world:fire("longpoll") end
            world:run(60)
            if minute > 10 then all_fresh() end
        end
        for number = 1, #sites do assert.equal(number <= 100 and 2 or 1, looks[number], "of " .. number) end
        assert.is_true(#world.beside > 300)
        assert.equal(1, world:count("extended=1") - world:count("idSite="))
        assert.same({}, world.errors)
        assert.same({}, world.notices)
    end)

    it("without its details is shown all the same", function()
        local world = world_of(2)
        world.vrm.fail["idSite="] = { status = 500 }
        world:start()
        next_poll(world)
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(1, world:value("1_bm288", "GV30"))
        assert.same({}, world.notices)
        world.vrm.fail["idSite="] = { status = 429, retry_after = 30 }
        world:run(15)
        world:fire("longpoll")
        world:run(1)
        assert.equal(4, world:value("controller", "GV0"))
        assert.same({}, world.errors)
    end)
end)
