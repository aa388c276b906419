local fake = require "spec.support.fake_host"
local worlds = require "spec.support.worlds"
local fixtures = require "spec.fixtures.vrm"

local new, started, next_poll = worlds.new, worlds.started, worlds.next_poll
local BATTERY, DIAGNOSTICS, GATEWAY, INVERTER, SOLAR, TOKEN = worlds.BATTERY, worlds.DIAGNOSTICS,
    worlds.GATEWAY, worlds.INVERTER, worlds.SOLAR, worlds.TOKEN

after_each(function() _G.host = nil end)

describe("start", function()
    -- Fault: All device scripts are loaded in one turn: on a slow machine, or with more scripts, that passes
    --        its budget, and some of them, the gateway's among them, are taken for faulty.
    -- Expected: The plugin serves others, and has its budget anew, between two scripts.
    it("loads one device script a turn, the built-in ones and those of devices found too", function()
        local world, most, loaded = new(), 0, 0
        local load, sleep = world.host.load_script, world.host.sleep
        world.host.load_script = function(...)
            loaded = loaded + 1
            most = math.max(most, loaded)
            return load(...)
        end
        world.host.sleep = function(...)
            loaded = 0
            return sleep(...)
        end
        world:start()
        world:run(15)
        assert.equal(1, most)
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    it("without the script of its own node is of no use, and says so", function()
        local world = new()
        for i, script in ipairs(world.scripts) do
            if script.name == "controller" then table.remove(world.scripts, i) break end
        end
        world:start()
        world:run(15)
        assert.equal(1, world.code)
        assert.equal(1, #world:logged("controller.lua is missing or faulty: install the plugin again."))
    end)

    it("goes from the token to values", function()
        local world = started()
        assert.same({ "controller", GATEWAY, INVERTER, BATTERY, SOLAR, GATEWAY .. "o" }, world.added)
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(1, world:value("controller", "GV1"))
        assert.equal(3, world:value("controller", "GV2"))
        assert.equal(0, world:value("controller", "GV3"))
        assert.equal(87.5, world:value(BATTERY, "ST"))
        assert.equal(2, world:value(BATTERY, "GV0"))
        assert.equal(212, world:value(SOLAR, "ST"))
        assert.equal(5.9, world:value(SOLAR, "GV2"))
        assert.equal(987, world:value(INVERTER, "ST"))
        for _, address in ipairs { BATTERY, SOLAR, INVERTER, GATEWAY } do
            assert.equal(1, world:value(address, "GV30"), address)
            assert.equal(fixtures.NOW - 20, world:value(address, "TIME"))
            assert.equal(GATEWAY, world.nodes[address].primary)
            assert.is_false(world.nodes[address].stale)
        end
        assert.same({}, world.notices)
    end)

    it("names nodes by custom name, else product; the gateway by its installation", function()
        local world = started()
        assert.equal("House bank", world.nodes[BATTERY].name)
        assert.equal("SmartSolar Charger MPPT 100-50", world.nodes[SOLAR].name)
        assert.equal("Boat", world.nodes[GATEWAY].name)
        assert.equal("Victron Energy", world.nodes.controller.name)
        assert.same({ 1, 1, 0, 3, 1, 9 }, {
            world:value(GATEWAY, "ST"), world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1"),
            world:value(GATEWAY, "GV2"), world:value(GATEWAY, "GV3"), world:value(GATEWAY, "GV4") })
    end)

    it("never writes the controller's ST: it is PG3's", function()
        local world = started()
        for _, set in ipairs(world.sets) do
            assert.is_false(set.address == "controller" and set.driver == "ST")
        end
    end)

    it("asks one request an installation a poll, the rest only at start and on the long poll", function()
        local world = started()
        assert.equal(4, #world.requests)
        next_poll(world)
        assert.equal(5, #world.requests)
        assert.equal(2, world:count(DIAGNOSTICS))
        world:run(15)
        world:fire("longpoll")
        world:run(1)
        assert.equal(1, world:count("/users/me"))
        assert.equal(2, world:count("/installations?extended"))
        assert.equal(2, world:count("/system-overview"))
    end)

    -- Fault: A program cannot tell that the plugin crashed: its last values stay.
    -- Expected: At each long poll the plugin's node reports DON and DOF in turn, whatever VRM says.
    it("is followed by a heartbeat at each long poll", function()
        local world = started()
        world.vrm.fail["/"] = { status = 500 }
        for _ = 1, 3 do
            world:fire("longpoll")
            world:run(600)
        end
        local beats = {}
        for _, event in ipairs(world.events) do
            if event:find("controller", 1, true) then beats[#beats + 1] = event end
        end
        assert.same({ "controller DON", "controller DOF", "controller DON" }, beats)
    end)

    -- Fault: What PG3 kept is of another version or was written by hand; the plugin ends at each start.
    -- Expected: A module for which it is no good begins without it, which the log tells.
    it("goes on without what PG3 kept, where that is no good", function()
        local nonsense = { count = 5, at = { { {} } }, [5] = { 5 }, ["392u_bm288"] = { { 1 }, ST = {} },
                           ["392u_bm"] = "x", state = "x" }
        local names = { "state", "script_ids", "writes", "timed", "serials", "events", "over_time", "sums",
                        "day_before", "gx" }
        for _, kept in ipairs { nonsense, { nonsense, nonsense }, { nonsense, a = nonsense }, "x" } do
            local all = {}
            for _, name in ipairs(names) do all[name] = kept end
            local world = started { saved = all }
            assert.equal(1, world:value("controller", "GV0"))
            world:run(120)
            assert.same({}, world.errors)
            _G.host = nil
        end
    end)

    it("does nothing before PG3 is ready", function()
        local world = new()
        fake.load_main()
        for _, event in ipairs { "shortpoll", "longpoll", "discover" } do world:fire(event) end
        world:fire("query", "all", "")
        world:run(5)
        assert.equal(0, #world.requests)
        assert.same({}, world.errors)
    end)

    it("sets the rate limit and offers the parameters", function()
        local world = started()
        assert.same({ depth = 40, interval_ms = 400 }, world.limit)
        assert.same({ temp_unit = "C", stale_values = "zero", battery_level = "", live = "off",
                       live_seconds = "2", push = "off", control = "off" }, world.defaults)
    end)

    it("does not offer again what the user wrote in another way, and takes the one with a value", function()
        local world = started { params = { ["VRM Token"] = worlds.TOKEN, Temp_Unit = "F", vrm_token = "" } }
        assert.same({ stale_values = "zero", battery_level = "", live = "off", live_seconds = "2",
                      push = "off", control = "off" }, world.defaults)
        assert.is_true(world.alt)
        assert.equal(1, world:value("controller", "GV0"))
    end)

    -- Fault: PG3 tells the parameters late, and beside a "Temp Unit" of F there is a temp_unit of C.
    -- Expected: what is not there is found anew; what the user deletes later stays away.
    it("offers anew what is not there when PG3 tells late what is", function()
        local world = new { params = {} }
        world.params_untold = true
        world:start():run(15)
        assert.equal("", world.defaults.vrm_token)
        world.params_untold = nil
        world:set_params { ["VRM Token"] = worlds.TOKEN, ["Temp-Unit"] = "F" }
        assert.same({ stale_values = "zero", battery_level = "", live = "off", live_seconds = "2",
                      push = "off", control = "off" }, world.defaults)
        world.defaults = nil
        world:set_params { ["VRM Token"] = worlds.TOKEN }
        assert.is_nil(world.defaults)
        assert.same({}, world.errors)
    end)
end)

describe("the token", function()
    it("missing: exactly one node, disconnected, a notice that says what to do", function()
        local world = started { params = {} }
        assert.same({ "controller" }, world.added)
        assert.equal(0, world:value("controller", "GV0"))
        assert.equal(0, #world.requests)
        assert.truthy(world.notices.vrm:find("vrm_token", 1, true))
        assert.truthy(world.notices.vrm:find("vrm.victronenergy.com", 1, true))
        assert.equal(1, #world:logged "There is no VRM access token yet.")
    end)

    it("rejected: authentication failed, a notice; the right one helps without a restart", function()
        local world = started { params = { vrm_token = ("0"):rep(64) } }
        assert.equal(2, world:value("controller", "GV0"))
        assert.same({ "controller" }, world.added)
        assert.truthy(world.notices.vrm:find("401", 1, true))
        world:set_params { vrm_token = TOKEN }
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(87.5, world:value(BATTERY, "ST"))
        assert.is_nil(world.notices.vrm)
    end)

    it("malformed: its own notice, and VRM is not asked", function()
        for _, bad in ipairs { "me@example.com", "192.168.1.20", "https://vrm.victronenergy.com", "abc",
            "Ünïcodetoken" } do
            local world = started { params = { vrm_token = bad } }
            assert.equal(2, world:value("controller", "GV0"), bad)
            assert.equal(0, #world.requests)
            assert.truthy(world.notices.vrm:find("cannot be right", 1, true))
        end
    end)

    -- Fault: A token that was pasted badly made the numbers of installations and devices 0, one that VRM
    --        refuses did not.
    -- Expected: Nobody was asked: they stay as they were. Without a token there are none.
    it("malformed: how many installations and devices there are is not known", function()
        local world = started()
        assert.equal(1, world:value("controller", "GV1"))
        for token, count in pairs { abc = "none", [""] = 0, [("0"):rep(64)] = "none" } do
            world:set_params { vrm_token = token }
            for _, driver in ipairs { "GV1", "GV2" } do
                assert.equal(count, world:value("controller", driver) or "none", token)
            end
        end
    end)

    it("is taken as pasted, and under its other names", function()
        for _, params in ipairs {
            { vrm_token = "\n " .. TOKEN:sub(1, 30) .. "\n" .. TOKEN:sub(31) .. " \t" },
                { vrm_token = "Token " .. TOKEN },
            { vrm_token = "token  " .. TOKEN }, { vrm_token = "Bearer " .. TOKEN }, { api_key = TOKEN },
            { API_KEY = '"' .. TOKEN .. '"', vrm_token = "" }, { ["VRM API Token"] = TOKEN },
        } do
            assert.equal(1, started({ params = params }):value("controller", "GV0"))
        end
    end)

    -- Fault: A token that was pasted with marks that nobody sees, or the words before it, "contains a
    --        character no token has"; in the notice, words that came along are taken for a secret.
    -- Expected: It is taken; the notice about one that cannot be right can be read.
    it("is taken with what came along from a page", function()
        for _, pasted in ipairs {
            "\u{201C}" .. TOKEN .. "\u{201D}", TOKEN .. "\u{A0}", "\u{200B}" .. TOKEN,
            "\u{FEFF}" .. TOKEN .. ",",
            "<" .. TOKEN .. ">", "`" .. TOKEN .. "`", "Access token: " .. TOKEN, "Token\u{A0}" .. TOKEN,
            "X-Authorization: Token " .. TOKEN, "token=" .. TOKEN, '{"token":"' .. TOKEN .. '"}',
            TOKEN .. "\n" .. TOKEN, TOKEN .. ".", "(" .. TOKEN .. ")", "eisy\t" .. TOKEN .. "\t30 Nov 2026",
            "me@example.com " .. TOKEN, "curl -H 'X-Authorization: Token " .. TOKEN
                .. "' https://vrmapi.victronenergy.com/v2/users/me",
        } do
            local world = started { params = { vrm_token = pasted } }
            assert.equal(1, world:value("controller", "GV0"), pasted)
            for _, secret in ipairs(world.masked) do
                assert.is_nil(secret:find "Access", secret)
                assert.is_nil(secret:find "^https:", secret)
            end
            _G.host = nil
        end
    end)

    it("removed: everything offline; given again: everything back", function()
        local world = started()
        world:set_params { vrm_token = "" }
        assert.equal(0, world:value("controller", "GV0"))
        assert.equal(0, world:value("controller", "GV1"))
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.is_true(world.nodes[BATTERY].stale)
        assert.equal(0, world:value(GATEWAY, "GV3"))
        world:set_params { vrm_token = TOKEN }
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.is_false(world.nodes[BATTERY].stale)
        assert.equal(1, world:value(GATEWAY, "GV3"))
    end)

    it("withdrawn while running: offline at once, tried again, back by itself", function()
        local world = started()
        world.vrm.fail["/"] = { status = 401, json = { success = false } }
        next_poll(world)
        assert.equal(2, world:value("controller", "GV0"))
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.truthy(world.notices.vrm)
        world.vrm.fail = {}
        world:run(100)
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.is_nil(world.notices.vrm)
    end)

    it("changed during a slow request: the old answer is dropped", function()
        for _, seconds in ipairs { 5, 15, 25, 35 } do         -- me, installations, overview, diagnostics
            local world = new()
            world.vrm.slow["/"] = 10
            world:start()
            world:run(seconds - 1)
            world.vrm.slow = {}
            world:set_params { vrm_token = ("0"):rep(64) }
            world:run(30)
            assert.equal(2, world:value("controller", "GV0"))
            assert.same({ "controller" }, world.added)
            assert.same({}, world.errors)
        end
    end)

    it("changed during a slow failure: the old failure is dropped", function()
        for _, path in ipairs { "/users/me", DIAGNOSTICS } do
            local world = new { params = { vrm_token = TOKEN } }
            world.vrm.slow[path], world.vrm.fail[path] = 10, { status = 500 }
            world:start()
            world.vrm.slow, world.vrm.fail = {}, {}
            world:set_params {}
            world:run(60)
            assert.equal(0, world:value("controller", "GV0"))
            assert.equal(0, #world:logged("problem of its own"))
        end
    end)

    it("changed to another good one during a poll: a second poll follows the first", function()
        local world = started()
        world.vrm.slow[DIAGNOSTICS] = 10
        world:fire("shortpoll")
        world:run(1)
        world.params = { vrm_token = TOKEN .. "x" }
        world:fire("params")
        world.params = { vrm_token = TOKEN }
        world:fire("params")
        world:run(5)
        assert.equal(2, world:count(DIAGNOSTICS))
        world:run(20)
        assert.equal(3, world:count(DIAGNOSTICS))
        assert.equal(1, world:value("controller", "GV0"))
    end)

    it("accepted for the account but refused for its installations: back with the next poll", function()
        local world = started()
        world.vrm.fail["/installations?extended"] = { status = 401, json = { success = false } }
        world:fire("longpoll")
        world:run(1)
        assert.equal(2, world:value("controller", "GV0"))
        assert.equal(3, world:value(BATTERY, "GV30"))
        world.vrm.fail = {}
        world:fire("shortpoll")
        world:run(15)
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    it("refused with 403 for the account itself counts as rejected", function()
        local world = new()
        world.vrm.fail["/users/me"] = { status = 403, json = { success = false } }
        world:start()
        assert.equal(2, world:value("controller", "GV0"))
    end)

    it("never appears in the log, a notice or the saved data", function()
        local world = started()
        world.vrm.fail["/"] = { status = 400, json = { success = false,
            errors = "token " .. TOKEN .. " is odd" } }
        next_poll(world)
        next_poll(world)
        assert.same(TOKEN, world.masked[1])
        for _, line in ipairs(world.lines) do assert.is_nil(line.raw:find(TOKEN, 1, true)) end
        for _, notice in ipairs(world.notice_log) do
            assert.is_nil((notice.html or ""):find(TOKEN, 1, true))
        end
        assert.is_nil(require("dkjson").encode(world.saved):find(TOKEN, 1, true))
    end)

    -- Fault: The token is pasted into the field of another parameter: its notice and the log show half of it.
    -- Expected: What has the form of a token is a secret in each.
    it("is masked in the field of another parameter, too", function()
        local other = ("b7"):rep(32)
        for _, name in ipairs { "battery_level", "control", "script_folder", "stale_values", "mine" } do
            local world = started { params = { vrm_token = TOKEN, [name] = " " .. other } }
            local masked = table.concat(world.masked, " ")
            assert.truthy(masked:find(other, 1, true), name)
            _G.host = nil
        end
        local world = started { params = { vrm_token = TOKEN, gx_fingerprint = other } }
        assert.is_nil(table.concat(world.masked, " "):find(other, 1, true))
    end)

    -- Fault: The address of VRM's page, or the parameter's name, is pasted in the token's place: from then on
    --        notices have *** where they say what to do, and a link that leads nowhere.
    -- Expected: What notices say themselves is no secret.
    it("does not take words of notices for secrets", function()
        for _, pasted in ipairs {
            "https://vrm.victronenergy.com", "https://vrm.victronenergy.com/access-tokens", "vrm_token",
            "Preferences, Integrations, Access tokens",
        } do
            local world = started { params = { vrm_token = pasted } }
            assert.equal(2, world:value("controller", "GV0"), pasted)
            local html = world.notices.vrm
            for _, secret in ipairs(world.masked) do
                assert.is_nil(html:find(secret, 1, true), secret)
            end
            _G.host = nil
        end
    end)

    it("is never sent to anything but https", function()
        local world = started { env = { VICTRON_VRM_URL = "http://127.0.0.1:8080/v2" } }
        assert.equal(0, #world.requests)
        assert.equal(1, #world:logged("https"))
    end)
end)

describe("parameters", function()
    it("take effect at once, in any case of letters", function()
        local world = started()
        assert.is_false(world.alt)
        assert.is_true(world.zero)
        world:set_params { vrm_token = TOKEN, temp_unit = "f", stale_values = "KEEP" }
        assert.is_true(world.alt)
        assert.is_false(world.zero)
        assert.equal(4, #world.requests)                          -- the token is the same: no new session
        world:set_params { vrm_token = TOKEN, temp_unit = "Celsius" }
        assert.is_false(world.alt)
        for _, unit in ipairs { "°F", "ºF", "˚ f" } do
            world:set_params { vrm_token = TOKEN, temp_unit = unit }
            assert.is_true(world.alt, unit)
            world:set_params { vrm_token = TOKEN, temp_unit = "C" }
        end
        assert.is_true(world.zero)
    end)

    it("of two spellings of one name the right one counts, and a notice says so", function()
        local world = started { params = { ["VRM Token"] = ("0"):rep(64), vrm_token = worlds.TOKEN,
                                           ["Temp Unit"] = "C", temp_unit = "F" } }
        assert.equal(1, world:value("controller", "GV0"))
        assert.is_true(world.alt)
        local told = world.notices.params
        assert.truthy(told:find("VRM Token and vrm_token mean the same; vrm_token is used", 1, true))
        assert.is_nil(told:find(("0"):rep(64), 1, true))
        assert.truthy(table.concat(world.masked, " "):find(("0"):rep(64), 1, true))
    end)

    -- Fault: "vrm_tokn" or "temp_units" is saved, and nothing says that it is not used.
    -- Expected: A notice names it, and what may be meant; a token under such a name, or in the place of the
    --           name, is a secret all the same.
    it("that are unknown have a notice with what may be meant", function()
        local pasted = ("x1y2"):rep(16)                 -- not in VRM's form
        for typed, wanted in pairs {
            vrm_tokn = "\"vrm_tokn\" is unknown and not used. Did you mean vrm_token? Write its value there,"
                .. " and delete this one.",
            token = "Did you mean vrm_token?", apikey = "Did you mean api_key?",
            ["Temp Units"] = "Did you mean temp_unit?", stale_vlaues = "Did you mean stale_values?",
            scripts_folder = "Did you mean script_folder?", ["my own note"] = "if it is not a note of yours.",
            [("x"):rep(5000) .. " y"] = "is unknown",
        } do
            local world = started { params = { vrm_token = TOKEN, [typed] = pasted } }
            assert.truthy(world.notices.params:find(wanted, 1, true), world.notices.params)
            local is_token = wanted:find "vrm_token" or wanted:find "api_key"
            assert.equal(is_token ~= nil, table.concat(world.masked, " "):find(pasted, 1, true) ~= nil, typed)
            assert.is_nil(world.notices.params:find(pasted:sub(1, 8), 1, true))
        end
        local world = started { params = { vrm_token = "", [pasted] = "vrm_token" } }
        assert.is_nil(world.notices.params:find(pasted:sub(1, 8), 1, true))
        world = started { params = { vrm_token = TOKEN, a = "1", b = "2", c = "3", d = "4", e = " " } }
        assert.truthy(world.notices.params:find("Unknown parameters beside these: 1.", 1, true))
        world:set_params { vrm_token = TOKEN, empty = "" }
        assert.is_nil(world.notices.params)
    end)

    -- Fault: `control` set to yes, or to a name that no installation has, allows nothing, and nobody says so
    --        until a command fails; nor that it needs live data.
    -- Expected: A notice says so at once, and goes with what is wrong.
    it("control has a notice where it allows nothing", function()
        local world = started { params = { vrm_token = TOKEN, live = "vrm", control = "Yes, Boat, 151734" } }
        local told = world.notices.control_names
        assert.truthy(told:find("control names \"Yes\", which no installation", 1, true), told)
        world:set_params { vrm_token = TOKEN, live = "vrm", control = "Boat" }
        assert.is_nil(world.notices.control_names)
        world.vrm.sites[151734].name = "Ship"
        world:fire("discover")
        world:run(1)
        assert.truthy(world.notices.control_names:find("\"Boat\"", 1, true))
        for _, given in ipairs { { control = "on", live = "off" }, { control = "Ship" } } do
            given.vrm_token = TOKEN
            world:set_params(given)
            assert.is_nil(world.notices.control_names)
            assert.truthy(world.notices.params:find("control needs live data", 1, true))
        end
        for _, given in ipairs { { control = "off" }, { control = "on", live = "vrm" }, {} } do
            given.vrm_token = TOKEN
            world:set_params(given)
            assert.is_nil(world.notices.control_names)
            assert.is_nil(world.notices.params)
        end
    end)

    it("script_folder is used from / on; another is shown with what is right", function()
        local world = started { params = { vrm_token = TOKEN, script_folder = "my scripts<b>" } }
        assert.truthy(world.notices.params:find("script_folder is \"my scripts", 1, true))
        assert.truthy(world.notices.params:find("Write the whole path, beginning with /", 1, true))
        assert.is_nil(world.notices.params:find("<b>", 1, true))
        world:set_params { vrm_token = TOKEN, script_folder = "" }
        assert.is_nil(world.notices.params)
    end)

    it("that are not understood have a notice, and the default is used", function()
        local world = started { params = { vrm_token = TOKEN, temp_unit = "Kelvin", stale_values = "<b>" } }
        assert.is_false(world.alt)
        assert.is_true(world.zero)
        assert.truthy(world.notices.params:find("Kelvin", 1, true))
        assert.truthy(world.notices.params:find("zero or keep", 1, true))
        assert.is_nil(world.notices.params:find("<b>", 1, true))
        world:set_params { vrm_token = TOKEN, temp_unit = "C" }
        assert.is_nil(world.notices.params)
    end)
end)

describe("a start after a power cut", function()
    local function node(address, type_, state)
        return { address = address, name = address, type = type_, primary = GATEWAY, enabled = true,
                 values = { GV30 = state } }
    end

    local function cut_off(options)
        options.known = { node(GATEWAY, "VICGW", 1), node(BATTERY, "VICBATT", 1), node(SOLAR, "VICSOLAR", 2),
                          node(INVERTER, "VICVEBUS", 3), node("1_bm1", "VICBATT", 1) }
        return new(options)
    end

    -- Fault: The plugin ended without a word. Until VRM answers, which takes a minute where it hangs, each
    --        node shows what it did then as fresh; stopped meanwhile, for ever.
    -- Expected: What PG3 has as fresh or stale has no data yet; after a stop all is Offline.
    it("shows nothing as fresh that is of before, also when it is stopped again", function()
        local world = cut_off {}
        world.vrm.slow["/users/me"] = 100
        world:start()
        world:run(1)
        for _, address in ipairs { GATEWAY, BATTERY, SOLAR, "1_bm1" } do
            assert.equal(0, world:value(address, "GV30"), address)
            assert.is_false(world.nodes[address].stale)
        end
        assert.is_nil(world.nodes[INVERTER])
        world:fire("stop")
        for _, address in ipairs { GATEWAY, BATTERY, SOLAR, "1_bm1" } do
            assert.equal(3, world:value(address, "GV30"), address)
        end
        assert.same({}, world.errors)
    end)

    it("goes on as after any other, and what is gone is Offline", function()
        local world = cut_off {}:start()
        world:run(15)
        for _, address in ipairs { GATEWAY, BATTERY, SOLAR, INVERTER } do
            assert.equal(1, world:value(address, "GV30"), address)
        end
        assert.equal(3, world:value("1_bm1", "GV30"))
        assert.equal(3, world:value("controller", "GV2"))
        assert.same({}, world.errors)
    end)

    -- Fault: The power fails, and BMS and controller start together. The BMS says 0 % before it knows, and a
    --        program starts the generator.
    -- Expected: PG3 kept the charge of before: as without a start, a 0 counts once a newer one says so.
    it("does not believe one charge of 0 %", function()
        local world = cut_off { params = { vrm_token = TOKEN, battery_level = "30" } }
        for _, known in ipairs(world.known) do known.values.BATLVL, known.values.ST = 57, 57 end
        local site = world.vrm.sites[151734]
        for _, row in ipairs(site.rows) do
            if row.code == "SOC" or row.code == "bs" then row.rawValue = 0 end
        end
        world:start()
        world:run(15)
        for _, address in ipairs { BATTERY, GATEWAY } do
            assert.equal("57.0", (world.host.shown(address, "BATLVL")), address)
            assert.equal(1, world:value(address, "GV30"))
        end
        assert.is_nil(table.concat(world.events, ", "):find("BATLOW", 1, true))
        next_poll(world)
        assert.equal(0, world:value(BATTERY, "BATLVL"))
        assert.truthy(table.concat(world.events, ", "):find(BATTERY .. " BATLOW", 1, true))
    end)

    -- Fault: What a battery has been charged with was 0 after a start, for its monitor started as well; and
    --        it was less than before where live data had counted on since VRM's last answer.
    -- Expected: PG3 kept what it was: as without a start, a meter has that until it counts on.
    it("does not believe a meter that says less", function()
        local charged = "/History/ChargedEnergy"
        local function restarted(value)
            local world = cut_off {}
            for _, known in ipairs(world.known) do known.values.GV12 = 812.3 end
            local rows = world.vrm.sites[151734].rows
            local row = fixtures.row("battery", 288, charged, nil, value, { formatWithUnit = "%.1F kWh" })
            rows[#rows + 1] = row
            world:start()
            world:run(15)
            local first = world.host.shown(BATTERY, "GV12")
            return first, function(next_value)
                row.rawValue, row.formattedValue = next_value, next_value .. " kWh"
                next_poll(world)
                return world:value(BATTERY, "GV12")
            end
        end
        for _, less in ipairs { 0, 812.1 } do
            local first, next_with = restarted(less)
            assert.equal("812.30", first)
            assert.equal(812.4, next_with(812.4))
        end
        assert.equal("813.00", (restarted(813)))
        local _, next_with = restarted(0)
        assert.equal(0.4, next_with(0.4))                       -- it was reset
    end)

    -- Fault: VRM lists the installations and fails for the rest, and there are 0 devices.
    -- Expected: Their number stays what it was until one of the installations answered.
    it("does not count devices that no answer told", function()
        local world = cut_off {}
        world.vrm.fail[DIAGNOSTICS] = { status = 500 }
        world:start()
        world:run(15)
        assert.equal(1, world:value("controller", "GV1"))
        assert.is_nil(world:value("controller", "GV2"))
        world.vrm.fail = {}
        world:run(30)
        assert.equal(3, world:value("controller", "GV2"))
    end)

    it("says after the second failure that nothing can be believed", function()
        local world = cut_off {}
        world.vrm.fail["/"] = { status = 500 }
        world:start()
        world:run(15)
        for _, address in ipairs { GATEWAY, BATTERY, SOLAR, INVERTER, "1_bm1" } do
            assert.equal(3, world:value(address, "GV30"), address)
        end
    end)
end)

describe("stop", function()
    it("plans nothing any more", function()
        local world = started()
        world.vrm.fail["/"] = { err = { kind = "timeout", text = "VRM did not answer." } }
        world:fire("stop")
        world:fire("shortpoll")
        world:run(1000)
        assert.equal(4, #world.requests)
    end)

    -- Fault: A plugin that was stopped leaves its last values in the ISY, fresh and connected for ever.
    -- Expected: Every data state is Offline and the system status Disconnected, and both stay so.
    it("takes every node offline, and nothing brings one back", function()
        local world = started()
        local count = #world.sets
        world.vrm.slow[DIAGNOSTICS] = 5
        world:fire("shortpoll")
        world:run(1)
        world:fire("stop")
        for _ = 1, 2 do
            assert.equal(0, world:value("controller", "GV0"))
            for address, node in pairs(world.nodes) do
                if address ~= "controller" then
                    assert.equal(3, node.values.GV30)
                    assert.is_true(node.stale)
                end
            end
            world:fire("longpoll")
            world:fire("query", "all", "")
            world:run(400)
        end
        for i = count + 1, #world.sets do
            local set = world.sets[i]
            assert.is_true(set.address == "controller" or set.driver == "GV30"
                or set.address == worlds.GATEWAY, set.address .. " " .. set.driver)
        end
        assert.same({}, world.errors)
    end)

    it("before the connection, and with a token that cannot be one, says the same", function()
        for _, token in ipairs { "", "no token", worlds.TOKEN } do
            local world = new { params = { vrm_token = token } }
            world.vrm.slow["/users/me"] = 100
            world:start()
            world:fire("stop")
            world:run(200)
            assert.equal(0, world:value("controller", "GV0"))
            assert.same({}, world.errors)
        end
    end)

    it("asks nothing more, even with another token that comes then", function()
        local world = started()
        world:fire("stop")
        local before = #world.requests
        world.vrm.token = ("b"):rep(64)
        world:set_params { vrm_token = ("b"):rep(64) }
        world:fire("shortpoll")
        world:run(400)
        assert.equal(before, #world.requests)
        assert.equal(0, world:value("controller", "GV0"))
        assert.same({}, world.errors)
    end)

    it("adds no node, and leaves the notice of what failed", function()
        local world = new { known = { { address = BATTERY, name = "House", type = "VICBATT",
            primary = BATTERY, enabled = true } } }
        world.vrm.fail["/users/me"] = { status = 500 }
        world:start()
        world:fire("stop")
        world:run(100)
        assert.same({ "controller" }, world.added)
        world = started()
        world.vrm.fail["/"] = { status = 500 }
        worlds.next_poll(world)
        world:run(10)
        assert.truthy(world.notices.vrm)
        world:fire("stop")
        world:run(100)
        assert.truthy(world.notices.vrm)
    end)
end)
