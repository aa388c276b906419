--- Scripts that change while the plugin runs: what their users do, what goes wrong, and what must stay.

local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"

local BATTERY, SOLAR, GATEWAY = worlds.BATTERY, worlds.SOLAR, worlds.GATEWAY
local USER, SECONDS, GONE = script_world.USER, script_world.SECONDS, script_world.GONE
local BUILT_IN_SECONDS = script_world.BUILT_IN_SECONDS
local KEPT = USER .. ".last-good/"
local MILL, VOLTS = script_world.MILL, script_world.VOLTS
local started, text = script_world.started, script_world.text
local solar, saved = script_world.solar, script_world.saved
local told, has = script_world.told, script_world.has
local well, in_trouble = script_world.well, script_world.in_trouble

------------------------------------------------------------------------------------------------ changes

describe("a built-in script", function()
    local TANK = "392u_tk7"

    --- A boat to which a tank comes with a poll.
    local function with_tank(options)
        local site = fixtures.boat()
        options = options or {}
        options.sites, options.devices = { [151734] = site }, fake.DEVICES
        local world = started(options)
        world:run(15)
        table.insert(site.rows, fixtures.row("tank", 7, "/Level", "tl", 40))
        return world
    end

    -- Fault: each of the built-in scripts is kept, few of which have a device: that is most of the memory
    -- Expected: those of no device wait; one serves from its first device on
    it("waits for its first device", function()
        local world = with_tank()
        assert.equal(5, world:figures().scripts)        -- the plugin's, the gateway's, those of three devices
        worlds.next_poll(world)
        world:fire("discover")
        world:run(5)
        assert.equal("devices/tank.lua", world:serving("tank").file)
        assert.same({ "VICTANK", 40 }, { world.nodes[TANK].type, world:value(TANK, "ST") })
        assert.equal(6, world:figures().scripts)
        assert.equal(1, world.installs)                 -- it was in the profile from the beginning
        well(world)
    end)

    -- Fault: a node of an earlier run whose device VRM does not send now has no type, and is left alone
    -- Expected: its script serves, and the node shows Offline
    it("serves for a node that PG3 knows", function()
        local world = with_tank { known = { { address = TANK, name = "Diesel", type = "VICTANK",
                                              primary = GATEWAY, enabled = true } } }
        assert.equal("devices/tank.lua", world:serving("tank").file)
        assert.equal(3, world:value(TANK, "GV30"))
        worlds.next_poll(world)
        world:fire("discover")
        world:run(5)
        assert.same({ 1, 40 }, { world:value(TANK, "GV30"), world:value(TANK, "ST") })
        well(world)
    end)

    -- Fault: the file of a script that waits cannot be used when its device comes: no device is shown
    -- Expected: it is told, the others go on; the mended file serves
    it("that waits and is broken by then is told, and serves once it is mended", function()
        local world = with_tank()
        local path = "scripts/devices/tank.lua"
        world:write(path, "return {")
        worlds.next_poll(world)
        world:fire("discover")
        world:run(5)
        assert.is_nil(world.nodes[TANK])
        assert.equal(1, world:value(BATTERY, "GV30"))
        in_trouble(world, "devices/tank.lua:1:", 1)
        world:write(path, text "tank")
        world:run(BUILT_IN_SECONDS)
        assert.equal(40, world:value(TANK, "ST"))
        well(world)
    end)

    -- Fault: the file of a script that waits cannot be read when its device comes, for too many files are
    --        open: its devices are not shown until somebody saves it
    -- Expected: it is tried again
    it("that waits and cannot be read just then serves a moment later", function()
        local world = with_tank()
        local load_script, fails = world.host.load_script, true
        world.host.load_script = function(path, ...)
            if fails and path:find("/tank.lua", 1, true) then return nil, "Too many open files", true end
            return load_script(path, ...)
        end
        worlds.next_poll(world)
        world:fire("discover")
        world:run(5)
        assert.is_nil(world.nodes[TANK])
        fails = false
        world:run(5)
        assert.equal(40, world:value(TANK, "ST"))
        well(world)
    end)
end)

describe("a user's script", function()
    it("takes the place of the built-in one at the start", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(VOLTS) } }
        assert.equal("persist/scripts/solar_charger.lua", world:serving("solar_charger").file)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("takes it while the plugin runs: its row has a value within 3 s, other values stay", function()
        local world = started()
        local before = world.installs
        saved(world, "solar_charger", solar(VOLTS))
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        assert.equal(212, world:value(SOLAR, "ST"))
        assert.equal(87.5, world:value(BATTERY, "ST"))
        assert.equal(before + 1, world.installs)
        assert.same({ SOLAR }, world.readded)
        has("Close an open Admin Console", world.notices.profile)
        well(world)
    end)

    it("with a new name is a new type with nodes of its own", function()
        local world = started()
        table.insert(world.vrm.sites[151734].rows, fixtures.row("windmill", 20, "/Speed", "ws", 42))
        worlds.next_poll(world)
        assert.is_nil(world.nodes["392u_zl20"])
        saved(world, "windmill", MILL)
        local node
        for _, one in pairs(world.nodes) do node = one.type == "MYMILL" and one or node end
        assert.equal(42, node and node.values.ST)
        assert.equal(GATEWAY, node.primary)
        well(world)
    end)

    it("of a closer match takes over the node of a device that another type has", function()
        local world = started()
        saved(world, "cerbo_solar", (solar(VOLTS):gsub("VICSOLAR", "MYSOLAR")
            :gsub('service = "solarcharger"', 'service = "solarcharger", product = "SmartSolar"')))
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("of a match equal to another of the user's is told, and the first serves on", function()
        local world = started { files = { [USER .. "one.lua"] = solar():gsub("VICSOLAR", "MYSOLAR") } }
        saved(world, "two", (solar():gsub("VICSOLAR", "MYSUN")))
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        assert.equal(1, #world:logged("equally well"))
        has("persist/scripts/two.lua", world:logged("equally well")[1])
    end)

    -- Fault: an owner's script for a service that the plugin comes to know too is put aside by an update.
    -- Expected: of two that fit equally well the owner's own serves, whatever the files are called.
    it("of a match equal to a built-in one's goes before it, silently", function()
        for _, name in ipairs { "a_sun", "zolar" } do
            local world = started()
            saved(world, name, (solar(VOLTS):gsub("VICSOLAR", "MYSOLAR")))
            assert.equal("MYSOLAR", world.nodes[SOLAR].type)
            assert.equal(13.4, world:value(SOLAR, "GV20"))
            assert.same({}, world:logged("equally well"))
            well(world)
        end
    end)

    it("of a looser match leaves the devices to a built-in one that fits closer", function()
        local world = started()
        world:write("scripts/devices/solar_charger.lua", (solar():gsub('service = "solarcharger"',
            '%0, product = "SmartSolar"')))
        saved(world, "zolar", (solar():gsub("VICSOLAR", "MYSOLAR")))
        assert.equal("VICSOLAR", world.nodes[SOLAR].type)
        well(world)
    end)

    -- Fault: the file of an owner's type is deleted, and it went on before the built-in one until a restart.
    -- Expected: its devices go to the built-in one that fits, and back when the file is there again.
    it("gives the devices back to the built-in one when it is deleted for good", function()
        local own = solar(VOLTS):gsub("VICSOLAR", "MYSOLAR")
        local world = started { files = { [USER .. "zolar.lua"] = own } }
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        world:delete(USER .. "zolar.lua")
        world:run(8)
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        world:run(GONE - 8)
        assert.equal("VICSOLAR", world.nodes[SOLAR].type)
        assert.equal(212, world:value(SOLAR, "ST"))
        assert.same({}, world:logged("equally well"))
        saved(world, "zolar", own)
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("that is suspended leaves its devices to the built-in one at the next discovery", function()
        local fails = '{ "GV20", unit.volt, "Bus voltage", from = function(rows)'      -- not in its samples
            .. ' local row = rows["/Yield/Power"] if row and row.timestamp then error("no") end end }'
        local own = solar(fails):gsub("VICSOLAR", "MYSOLAR")
        local world = started { files = { [USER .. "zolar.lua"] = own } }
        for _ = 1, 3 do worlds.next_poll(world) end
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        assert.equal(3, world:value(SOLAR, "GV30"))
        world:fire("discover")
        world:run(1)
        assert.equal("VICSOLAR", world.nodes[SOLAR].type)
        assert.equal(212, world:value(SOLAR, "ST"))
        saved(world, "zolar", (solar(VOLTS):gsub("VICSOLAR", "MYSOLAR")))
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        well(world)
    end)

    it("that is moved away and back unchanged has its devices back", function()
        local path = USER .. "zolar.lua"
        local world = started { files = { [path] = solar(VOLTS):gsub("VICSOLAR", "MYSOLAR") } }
        local folder = world.files["persist/scripts"]
        local file = folder.zolar
        folder.zolar = nil
        world:run(GONE)
        assert.equal("VICSOLAR", world.nodes[SOLAR].type)
        folder.zolar = file
        world:run(SECONDS)
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        well(world)
    end)

    it("that changes no driver changes no profile", function()
        local world = started()
        local before = world.installs
        saved(world, "solar_charger", solar() .. "-- only a comment\n")
        assert.equal("persist/scripts/solar_charger.lua", world:serving("solar_charger").file)
        assert.equal(before, world.installs)
        assert.same({}, world.readded)
        assert.is_nil(world.notices.profile)
    end)

    -- Fault: a script is replaced while VRM is being asked: its new row shows 0 beside fresh data.
    -- Expected: that answer gives it its value like all others.
    it("that is saved while VRM is being asked has its values with the answer", function()
        local world = started()
        world:run(15)
        world.vrm.slow[worlds.DIAGNOSTICS] = 10
        world:fire("shortpoll")
        world.vrm.slow[worlds.DIAGNOSTICS] = 30
        saved(world, "solar_charger", solar(VOLTS))
        world:run(10)
        assert.equal(1, world:value(SOLAR, "GV30"))
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    -- Fault: While VRM wants quiet, and cannot be asked, the nodes of a script that was saved stayed fresh
    --        for hours, and what it adds had no data.
    -- Expected: They show what is known, and grow old as the others do.
    it("that is saved while VRM cannot be asked shows what is known, and that grows old", function()
        local world = started()
        world:run(15)
        world.vrm.fail["/"] = { status = 429, retry_after = 20000 }
        world:fire("shortpoll")
        world:run(1)
        saved(world, "solar_charger", solar(VOLTS))
        assert.equal(1, world:value(SOLAR, "GV30"))
        assert.equal(212, world:value(SOLAR, "ST"))
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        world:run(3600)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.equal(3, world:value(SOLAR, "GV30"))
        assert.is_true(world.nodes[SOLAR].stale)
        well(world)
    end)

    it("is not loaded again when nothing changed", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar() } }
        local id = world:serving("solar_charger").id
        world:run(60)
        assert.equal(id, world:serving("solar_charger").id)
    end)

    -- Fault: the plugin wakes up each second and looks at every file each two, though nothing changes
    -- Expected: it looks each two seconds at a stamp of the owner's folders, once a minute at its own
    it("costs little while nothing changes", function()
        local world = started()
        world:run(61)
        local list, stamp, lists = world.host.script_files, world.host.folder_stamp, 0
        local looks, naps, sleep = {}, 0, world.host.sleep
        world.host.sleep = function(...)
            naps = naps + 1
            return sleep(...)
        end
        world.host.script_files = function(...)
            lists = lists + 1
            return list(...)
        end
        world.host.folder_stamp = function(folder)
            local before, its = lists, stamp(folder)            -- the fake one makes a list
            lists = before
            looks[folder] = (looks[folder] or 0) + 1
            return its
        end
        world:run(60)
        assert.equal(0, lists)
        assert.is_true(looks["persist/scripts"] <= 31)
        assert.equal(1, looks["scripts/devices"])
        assert.is_true(naps < 40)
        saved(world, "tank", script_world.text("tank") .. "\n")
        assert.is_true(lists > 0)
    end)

    it("is loaded anew by RELOAD, and so is every other", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar() } }
        local before, loaded, count = world:figures().scripts, {}, 0
        local load_script = world.host.load_script
        world.host.load_script = function(path, file, ...)
            count = count + (loaded[file] and 0 or 1)
            loaded[file] = true
            return load_script(path, file, ...)
        end
        world:fire("command", "controller", "RELOAD", {})
        world:run(1)
        assert.is_true(loaded["persist/scripts/solar_charger.lua"])
        assert.equal(#worlds.DEVICES, count)
        assert.equal(before, world:figures().scripts)
        assert.equal(1, #world:logged("persist/scripts/solar_charger.lua: memory"))
        well(world)
    end)

    -- Fault: a saved list has one state more, which the profile has a text for, but its editor does not allow
    -- Expected: the editor has the states of the list as it is saved
    it("has the states of its lists in the profile", function()
        local listed = script_world.with_more(MILL,
            '{ "GV0", { [0] = "Off", [1] = "On" }, "State", "/State" },')
        local world = started { files = { [USER .. "windmill.lua"] = listed } }
        has('subset="0-1,101" nls="MYMILL_GV0"', world.profile)
        saved(world, "windmill", (listed:gsub('"On" }', '"On", [5] = "Storm" }')))
        has("MYMILL_GV0-5 = Storm", world.profile)
        has('subset="0-1,5,101" nls="MYMILL_GV0"', world.profile)
        well(world)
    end)

    -- Fault: RELOAD comes while saved files are loaded: it waits for ever, and PG3 gets no answer
    -- Expected: it waits for those, then loads all of them
    it("is loaded anew by a RELOAD that comes while others are loaded", function()
        local world = started()
        local load_script, fired = world.host.load_script, false
        world.host.load_script = function(path, file, ...)
            if not fired then
                fired = true
                world:at(0, function() world:fire("command", "controller", "RELOAD", {}) end)
            end
            return load_script(path, file, ...)
        end
        world:write(USER .. "solar_charger.lua", solar(VOLTS))
        saved(world, "windmill", MILL)
        assert.is_true(fired)
        world:run(5)
        assert.same({ { address = "controller", success = true } }, world.reports)
        assert.equal(1, #world:logged("persist/scripts/solar_charger.lua: memory"))
        well(world)
    end)
end)

describe("a built-in script", function()
    it("that changes is loaded as well", function()
        local world = started()
        world:write("scripts/devices/solar_charger.lua", solar(VOLTS))
        world:run(BUILT_IN_SECONDS)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
    end)

    it("that breaks serves on as it was", function()
        local world = started()
        world:write("scripts/devices/solar_charger.lua", "return {")
        world:run(BUILT_IN_SECONDS)
        worlds.next_poll(world)
        assert.equal(212, world:value(SOLAR, "ST"))
        in_trouble(world, "devices/solar_charger.lua:1:")
    end)

    -- Fault: A file of the plugin's own is damaged, by a power cut, and its owner is told to write a return.
    -- Expected: He is told to install the plugin again; of a file of his own he is not.
    it("that is damaged wants the plugin installed again", function()
        local again = "The file is the plugin's own: install the plugin again."
        local world = started()
        world:write("scripts/devices/solar_charger.lua", "")
        world:write("persist/scripts/vebus.lua", "")
        world:run(BUILT_IN_SECONDS)
        assert.truthy(world.notices.script_devices_solar_charger_lua:find(again, 1, true))
        assert.is_nil(world.notices.script_persist_scripts_vebus_lua:find(again, 1, true))
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)
end)

------------------------------------------------------------------------------------- clumsy saving

describe("a save", function()
    it("in halves is waited for", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar() } }
        local whole = solar(VOLTS)
        for part = 1, 8 do
            world:write(USER .. "solar_charger.lua", whole:sub(1, #whole * part // 8))
            world:run(1)
            assert.equal("", told(world))
        end
        world:run(SECONDS)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        assert.same({}, world:logged("error"))
        well(world)
    end)

    local BROKEN = {
        { "an empty file", "", ": the file is empty. Write the table into it: return { api = 2, ... }." },
        { "comments alone", "-- A tank.\n", ": the file has nothing but comments. Write" },
        { "half a file", 'return {\n api = 2,\n', "persist/scripts/solar_charger.lua:" },
        { "an error while it runs", "local x = nil\nreturn x.y", "persist/scripts/solar_charger.lua:2:" },
        { "an undeclared global", "local a = 1\nreturn b", "persist/scripts/solar_charger.lua:2:" },
        { "no table", "return 7", "ends with 'return" },
        { "an unknown unit", solar '{ "GV20", unit.volts, "X", "/X" }', "Did you mean unit.volt?" },
        { "a driver id twice", solar '{ "ST", unit.volt, "X", "/X" }', "used twice" },
        { "a reserved driver id", solar '{ "GV30", unit.volt, "X", "/X" }', "GV30 is kept" },
        { "an illegal driver id", solar '{ "gv1x", unit.volt, "X", "/X" }', "'gv1x'" },
        { "an unknown field", solar(nil, "color = 3,"), "the field 'color' is unknown" },
        { "a sample that does not hold", (solar():gsub("GV3 = 0.84", "GV3 = 0.85")), "expected 0.85" },
        { "the id of another type", (solar():gsub("VICSOLAR", "VICBATT")), "already used by" },
        { "the match of a controller", (solar():gsub('service = "solarcharger"', 'kind = "controller"')),
          "only controller.lua" },
    }
    for _, case in ipairs(BROKEN) do
        local what, content, part = table.unpack(case)
        it("of " .. what .. " leaves the script that serves, tells why, and is over when mended", function()
            local world = started { files = { [USER .. "solar_charger.lua"] = solar(VOLTS) } }
            saved(world, "solar_charger", content)
            in_trouble(world, part)
            has("persist/scripts/solar_charger.lua", told(world))
            world.vrm.sites[151734].rows[1].rawValue = 50
            worlds.next_poll(world)
            assert.equal(13.4, world:value(SOLAR, "GV20"))
            assert.equal(1, world:value(SOLAR, "GV30"))
            in_trouble(world, part)
            assert.equal(1, #world:logged(part))
            saved(world, "solar_charger", solar(VOLTS))
            well(world)
        end)

        it("of " .. what .. " beside a built-in script leaves that one", function()
            local world = started()
            saved(world, "solar_charger", content)
            in_trouble(world, part)
            assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
            world:delete(USER .. "solar_charger.lua")
            world:run(SECONDS)
            well(world)
        end)

        it("of " .. what .. " before a start does not keep the plugin from starting", function()
            local world = started { files = { [USER .. "solar_charger.lua"] = content } }
            assert.equal(212, world:value(SOLAR, "ST"))
            in_trouble(world, part)
            saved(world, "solar_charger", solar(VOLTS))
            assert.equal(13.4, world:value(SOLAR, "GV20"))
            well(world)
        end)
    end

    it("that is taken back with its old stamp ends the trouble too", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(VOLTS) } }
        local before = world.files["persist/scripts"].solar_charger
        saved(world, "solar_charger", "return")
        in_trouble(world, "solar_charger.lua")
        world.files["persist/scripts"].solar_charger = before
        world:run(SECONDS)
        well(world)
    end)
end)

describe("a file that vanishes", function()
    it("and comes back is not missed", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(VOLTS) } }
        local before = world.files["persist/scripts"].solar_charger
        local id = world:serving("solar_charger").id
        for _ = 1, 5 do
            world.files["persist/scripts"].solar_charger = nil
            world:run(6)
            world.files["persist/scripts"].solar_charger = before
            world:run(2)
        end
        assert.equal(id, world:serving("solar_charger").id)
        well(world)
    end)

    it("and comes back as another is loaded", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar() } }
        world:delete(USER .. "solar_charger.lua")
        world:run(5)
        saved(world, "solar_charger", solar(VOLTS))
        assert.equal(13.4, world:value(SOLAR, "GV20"))
    end)

    it("for good gives way to the built-in one after some ten seconds", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(VOLTS) } }
        local before = world:figures().scripts
        world:delete(USER .. "solar_charger.lua")
        world:run(8)
        assert.equal("persist/scripts/solar_charger.lua", world:serving("solar_charger").file)
        world:run(GONE - 8)
        assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
        assert.equal(212, world:value(SOLAR, "ST"))
        assert.equal(before, world:figures().scripts)
        assert.same({ SOLAR }, world.readded)
        well(world)
        saved(world, "solar_charger", solar(VOLTS))
        assert.equal(13.4, world:value(SOLAR, "GV20"))
    end)

    it("for good after it broke takes its notice along", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(VOLTS) } }
        saved(world, "solar_charger", "return {")
        world:delete(USER .. "solar_charger.lua")
        world:run(GONE)
        assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
        well(world)
    end)

    -- Fault: a script whose file was deleted serves on until a restart, whenever that will be.
    -- Expected: it ends after ten seconds, which is told once with what becomes of its nodes; a file of that
    -- name takes over when it comes back.
    it("for good without a built-in one ends, and is there again when it comes back", function()
        local world = started { files = { [USER .. "windmill.lua"] = MILL } }
        world:delete(USER .. "windmill.lua")
        world:run(GONE)
        assert.is_nil(world:serving("windmill"))
        assert.equal(1, #world:logged("persist/scripts/windmill.lua was deleted and serves no more"))
        world:run(60)
        assert.equal(1, #world:logged("serves no more"))
        well(world)
        saved(world, "windmill", (MILL:gsub("Speed", "Pace")))
        has("Pace", world:serving("windmill").text)
        well(world)
    end)

    it("for good gives way to the file of that name in the other folder", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(),
                                          ["data/solar_charger.lua"] = solar(VOLTS) } }
        world:delete(USER .. "solar_charger.lua")
        world:run(GONE)
        assert.equal("data/solar_charger.lua", world:serving("solar_charger").file)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
    end)
end)

-------------------------------------------------------------------------------------------- fall back

describe("at a start a broken user's script", function()
    it("gives way to its last good copy, for as long as it is broken", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(VOLTS) } }
        has("GV20", world.files["persist/scripts/.last-good"].solar_charger.text)
        world = started { files = { [USER .. "solar_charger.lua"] = "return {",
                                    [KEPT .. "solar_charger.lua"] = solar(VOLTS) } }
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        world:run(60)
        worlds.next_poll(world)
        has("GV20", world:serving("solar_charger").text)
        in_trouble(world, "persist/scripts/solar_charger.lua:1:")
        world:fire("command", "controller", "RELOAD", {})
        world:run(1)
        has("GV20", world:serving("solar_charger").text)
        saved(world, "solar_charger", solar '{ "GV21", unit.volt, "Bus", "/Dc/0/Voltage" }')
        assert.equal(13.4, world:value(SOLAR, "GV21"))
        well(world)
    end)

    it("gives way to the built-in one when the copy is broken too", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = "return {",
                                          [KEPT .. "solar_charger.lua"] = "return }" } }
        assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
        in_trouble(world, "persist/scripts/solar_charger.lua:1:")
        assert.equal(1, #world:logged("The last good copy"))
        saved(world, "solar_charger", solar(VOLTS))
        well(world)
        has("GV20", world.files["persist/scripts/.last-good"].solar_charger.text)
    end)

    -- Fault: A script was deleted; when a new one of its name is saved with a mistake, the old one serves.
    -- Expected: What was deleted stays so; the mistake is told.
    it("that was deleted does not come back when another one of its name is broken", function()
        local own = solar(VOLTS):gsub("VICSOLAR", "MYSOLAR")
        local world = started { files = { [USER .. "zolar.lua"] = own } }
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        world:delete(USER .. "zolar.lua")
        world:run(GONE + SECONDS)
        assert.equal("VICSOLAR", world.nodes[SOLAR].type)
        saved(world, "zolar", "return {")
        world:run(GONE)
        assert.equal("VICSOLAR", world.nodes[SOLAR].type)
        assert.equal(0, #world:logged("last good copy"))
        saved(world, "zolar", own)
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        saved(world, "zolar", "return {")
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
    end)

    it("whose copy serves gives way to the built-in one when it is deleted", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = "return {",
                                          [KEPT .. "solar_charger.lua"] = solar(VOLTS) } }
        world:delete(USER .. "solar_charger.lua")
        world:run(GONE + SECONDS)
        assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
        well(world)
    end)

    it("in a folder of the user's choice gives way to its copy as well", function()
        local world = started { params = { vrm_token = fixtures.TOKEN, script_folder = "/mine" },
            files = { ["/mine/solar_charger.lua"] = "return {",
                      ["/mine/.last-good/solar_charger.lua"] = solar(VOLTS) } }
        world:run(SECONDS)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        in_trouble(world, "/mine/solar_charger.lua:1:")
    end)

    it("of a new type is no node, and one as soon as it is mended", function()
        local world = started { files = { [USER .. "windmill.lua"] = "return {" } }
        in_trouble(world, "persist/scripts/windmill.lua:1:")
        saved(world, "windmill", MILL)
        assert.truthy(world.types.MYMILL)
        well(world)
    end)

    it("is told once, however many there are", function()
        local files = {}
        for i = 1, 30 do files[USER .. "broken" .. i .. ".lua"] = "return {" end
        local world = started { files = files }
        assert.equal(30, world:value("controller", "GV3"))
        world:run(60)
        assert.equal(30, #world:logged("error"))
        assert.equal(212, world:value(SOLAR, "ST"))
    end)

    it("has a notice of its own, though its name is like another's", function()
        local world = started { files = { [USER .. "a-b.lua"] = "return 5",
                                          [USER .. "a_b.lua"] = "return 5" } }
        assert.equal(2, world:value("controller", "GV3"))
        has("a-b.lua", told(world))
        has("a_b.lua", told(world))
        saved(world, "a-b", MILL)
        assert.equal(1, world:value("controller", "GV3"))
        has("a_b.lua", told(world))
    end)
end)

it("a copy that cannot be kept is a warning, the script serves", function()
    local world = script_world.new()
    world.no_copies = true
    world:start()
    saved(world, "solar_charger", solar(VOLTS))
    assert.equal(13.4, world:value(SOLAR, "GV20"))
    has("in persist/scripts/.last-good: ", world:logged("No copy of persist/scripts/solar_charger.lua")[1])
    has("Check the folder's permissions", world:logged("No copy of")[1])
    well(world)
end)

it("a copy that is there already is not written again", function()
    local world = script_world.new {
        files = { [USER .. "windmill.lua"] = MILL, [KEPT .. "windmill.lua"] = MILL },
    }
    local copy = world.files["persist/scripts/.last-good"].windmill
    world:start()
    world:fire("command", "controller", "RELOAD", {})
    assert.equal(copy, world.files["persist/scripts/.last-good"].windmill)
end)

------------------------------------------------------------------------------------------------- ids

describe("ids", function()
    it("of a built-in script cannot be taken by one that comes before it in the alphabet", function()
        local thief = MILL:gsub("MYMILL", "VICSOLAR")
        local world = started { files = { [USER .. "a_windmill.lua"] = thief,
                                          [USER .. "battery_monitor.lua"] = thief } }
        assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
        assert.equal(212, world:value(SOLAR, "ST"))
        assert.equal(87.5, world:value(BATTERY, "ST"))
        in_trouble(world, "the id VICSOLAR is already used by devices/solar_charger.lua", 2)
    end)

    it("of another user's script are told with its file; mended when one of them changes", function()
        local world = started { files = { [USER .. "one.lua"] = MILL, [USER .. "two.lua"] = MILL } }
        in_trouble(world, "the id MYMILL is already used by persist/scripts/one.lua")
        saved(world, "two", (MILL:gsub("MYMILL", "MYMILL2")))
        well(world)
    end)

    it("may change in a script that takes a built-in one's place: its nodes go over", function()
        local world = started()
        saved(world, "solar_charger", (solar(VOLTS):gsub("VICSOLAR", "MYSOLAR")))
        assert.equal("MYSOLAR", world.nodes[SOLAR].type)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        world:delete(USER .. "solar_charger.lua")
        world:run(GONE)
        assert.equal("VICSOLAR", world.nodes[SOLAR].type)
        assert.equal(212, world:value(SOLAR, "ST"))
        well(world)
    end)

    it("that begin as the plugin's are not for a type of the user's", function()
        local world = started()
        saved(world, "windmill", (MILL:gsub("MYMILL", "VICMILL")))
        in_trouble(world, "begins with VIC, as those of the plugin do. Choose another, MYMILL for example.")
    end)
end)

describe("the controller and the gateway", function()
    local MORE = '{ "GV9", unit.count, "Devices again", from = devices, zero = false }'

    local function with_row(name, row)
        return (text(name):gsub("    samples = {\n", function(found) return row .. ",\n" .. found end))
    end

    it("can be replaced", function()
        local world = started()
        saved(world, "controller", with_row("controller", MORE))
        saved(world, "gateway", with_row("gateway", (MORE:gsub("GV9", "GV29"))))
        assert.equal(3, world:value("controller", "GV9"))
        assert.equal(3, world:value(GATEWAY, "GV29"))
        well(world)
    end)

    it("keep the old one when the new is something else", function()
        local world = started()
        saved(world, "controller", MILL)
        in_trouble(world, 'Write match = { kind = "controller" }')
        saved(world, "gateway", MILL)
        in_trouble(world, 'Write match = { kind = "gateway" }', 2)
        worlds.next_poll(world)
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(1, world:value(GATEWAY, "ST"))
    end)

    it("the controller keeps its id, before and after the start", function()
        local other = text("controller"):gsub("VICCTRL", "MYCTRL")
        local world = started()
        saved(world, "controller", other)
        in_trouble(world, 'Write id = "VICCTRL"')
        worlds.next_poll(world)
        world = started { files = { [USER .. "controller.lua"] = other } }
        assert.equal("VICCTRL", world.nodes.controller.type)
        assert.equal(1, world:value("controller", "GV0"))
        in_trouble(world, 'Write id = "VICCTRL"')
    end)

    it("an error in the controller's script is told, and the plugin goes on", function()
        local world = started()
        saved(world, "controller", (text("controller"):gsub("return site.devices end",
            "assert(site.devices ~= 3, 'three') return site.devices end")))
        worlds.next_poll(world)
        assert.equal(1, world:value("controller", "GV0"))
        assert.equal(212, world:value(SOLAR, "ST"))
        has("controller.lua:4:", told(world) .. table.concat(world:logged("error"), "\n"))
    end)
end)

--------------------------------------------------------------------------------------------- the folder

describe("the parameter script_folder", function()
    local function params(folder) return { vrm_token = fixtures.TOKEN, script_folder = folder } end

    it("adds a folder that goes before the others, live", function()
        local world = started { files = { ["/mine/solar_charger.lua"] = solar(VOLTS),
                                          [USER .. "solar_charger.lua"] = solar() } }
        world:set_params(params "/mine")
        world:run(SECONDS)
        assert.equal("/mine/solar_charger.lua", world:serving("solar_charger").file)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        world:set_params(params "")
        world:run(GONE)
        assert.equal("persist/scripts/solar_charger.lua", world:serving("solar_charger").file)
        well(world)
    end)

    it("that cannot be read is told, and is over when it can", function()
        local world = started { params = params "/nowhere" }
        world:run(SECONDS)
        in_trouble(world, "The folder /nowhere, the parameter script_folder, cannot be read")
        assert.equal(1, #world:logged("The folder /nowhere, the parameter script_folder, cannot be read"))
        assert.same({}, world:logged("serve on"))
        world:write("/nowhere/solar_charger.lua", solar(VOLTS))
        world:run(SECONDS)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        well(world)
        world:set_params(params "/elsewhere")
        world:run(1)
        world:set_params(params "")
        world:run(1)
        well(world)
    end)

    it("may be as long as a path can be: trouble is told and ends", function()
        local folder = "/" .. ("deep/"):rep(40) .. "scripts"
        local path = folder .. "/windmill.lua"
        local world = started { params = params(folder), files = { [path] = "return {" } }
        world:run(SECONDS)
        in_trouble(world, "scripts/windmill.lua")
        assert.is_true(#world:logged("error")[1] < 400)
        world:write(path, MILL)
        world:run(SECONDS)
        assert.is_true(#world:serving("windmill").file <= 90)
        well(world)
    end)
end)

------------------------------------------------------------------------------------------------ errors

describe("an error in a script that serves", function()
    local FAILS = [[update = function(node) error("no luck") end,]]
    local FAILING_ROW = '{ "GV20", unit.volt, "Bus voltage", from = function(rows)'     -- not in its samples
        .. ' local row = rows["/Yield/Power"] if row and row.timestamp then error("no luck") end end }'

    it("suspends it after the third in a row; an edit lets it run again", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(FAILING_ROW) } }
        in_trouble(world, "no luck")
        assert.equal(1, #world:logged("no luck. It happened at 392u_sc256."))
        for _ = 1, 3 do worlds.next_poll(world) end
        has("no luck. It is not used until it is corrected", told(world))
        assert.equal(3, world:value(SOLAR, "GV30"))
        assert.equal(1, world:value(BATTERY, "GV30"))
        saved(world, "solar_charger", solar(VOLTS))
        assert.equal(1, world:value(SOLAR, "GV30"))
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("stays suspended while the edit is broken, and until then only", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(FAILING_ROW) } }
        for _ = 1, 3 do worlds.next_poll(world) end
        saved(world, "solar_charger", "return {")
        has("not used until it is corrected", told(world))
        assert.equal(3, world:value(SOLAR, "GV30"))
        saved(world, "solar_charger", solar())
        assert.equal(1, world:value(SOLAR, "GV30"))
        well(world)
    end)

    -- Fault: an update that fails three times takes the values away that rows give without it.
    -- Expected: only update is not called any more until the file changes; that is told.
    it("in update costs update alone", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(VOLTS, FAILS) } }
        for _ = 1, 5 do worlds.next_poll(world) end
        has("no luck. Its update is not called until it is corrected; all else of it goes on", told(world))
        assert.equal(1, #world:logged("update of device script persist/scripts/solar_charger.lua is not"))
        assert.equal(1, world:value(SOLAR, "GV30"))
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        local before = #world.started
        worlds.next_poll(world)
        assert.equal(before, #world.started)
        world:run(3700)
        has("Its update is not called", told(world))
        saved(world, "solar_charger", solar(VOLTS))
        well(world)
    end)

    it("of a timer is forgotten after an hour without another, and three in an hour are too many", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, [[
            start = function(node)
                timer.after(10, function() error("a bad day") end)
                timer.after(5000, function() error("a bad day") end)
                timer.after(10000, function() error("a bad day") end)
                for n = 1, 3 do timer.after(20000 + n, function() error("a bad hour") end) end
            end,]]) } }
        world:run(20)
        in_trouble(world, "a bad day")
        world:run(3700)
        well(world)
        world:run(15000)
        well(world)
        world:run(2000)
        in_trouble(world, "a bad hour")
        has("It is not used until it is corrected", told(world))
    end)

    local function without(world, service)
        local rows = world.vrm.sites[151734].rows
        for i = #rows, 1, -1 do
            if rows[i].dbusServiceType == service then table.remove(rows, i) end
        end
    end

    -- Fault: trouble at a device that is gone is told until the script is loaded anew; nobody ends it.
    -- Expected: it is forgotten after an hour; what is wrong with a file is not.
    it("at a device that is gone is forgotten after an hour, that of a file is not", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, FAILS) } }
        in_trouble(world, "no luck")
        without(world, "solarcharger")
        worlds.next_poll(world)
        in_trouble(world, "no luck")
        saved(world, "battery_monitor", "return {")
        world:run(3700)
        in_trouble(world, "battery_monitor.lua:1:")
        assert.falsy(told(world):find("no luck", 1, true))
    end)

    it("in match at a device that is gone is forgotten after an hour", function()
        local world = started { files = { [USER .. "windmill.lua"] = (MILL:gsub('{ service = "windmill" }',
            'function(found) if found.instance == 256 then error("no luck") end end')) } }
        in_trouble(world, "no luck")
        assert.equal(1, #world:logged("no luck. It happened at solarcharger/256."))
        without(world, "solarcharger")
        worlds.next_poll(world)
        in_trouble(world, "no luck")
        world:run(3700)
        well(world)
    end)

    it("in match is one like any other, and suspends the script", function()
        local world = started { files = { [USER .. "windmill.lua"] = (MILL:gsub('{ service = "windmill" }',
            "function(found) if found.instance > 0 then return found.servce:len() end end")) } }
        in_trouble(world, "servce")
        for _ = 1, 3 do
            world:fire("longpoll")              -- devices are matched when they are looked for
            world:run(120)
        end
        has("It is not used until it is corrected", told(world))
        worlds.next_poll(world)
        assert.equal(87.5, world:value(BATTERY, "ST"))
        saved(world, "windmill", MILL)
        well(world)
    end)

    it("is counted for good, and told no more, when it is over", function()
        local failing = solar(nil, [[
            update = function(node, rows)
                node.state.polls = (node.state.polls or 0) + 1
                if node.state.polls == 2 then error("a bad day") end
            end,]])
        local world = started { files = { [USER .. "solar_charger.lua"] = failing } }
        worlds.next_poll(world)
        in_trouble(world, "a bad day")
        worlds.next_poll(world)
        worlds.next_poll(world)
        well(world)
        world:fire("command", "controller", "RELOAD", {})
        world:run(1)
        assert.equal(1, #world:logged("errors 1; reloads 1"))
    end)
end)

describe("a command of a script", function()
    local COMMANDS = [[
        commands = {
            QUICK = function() end,
            SLOW = function(node) sleep(10) node.state.done = true end,
            LONG = function(node) sleep(100) node.state.done = true end,
            REFUSE = function() sleep(1) return false end,
            FAIL = function() sleep(1) error("as ordered") end,
            WASTE = function() sleep(1) timer.after(-1, 5) end,
        },]]

    --- The world, a second after these commands.
    local function sent(...)
        local world = started { files = { [USER .. "solar_charger.lua"] = solar(nil, COMMANDS) } }
        for _, name in ipairs { ... } do world:fire("command", SOLAR, name, {}, name) end
        world:run(1.5)
        return world
    end

    --- What PG3 is told: "SLOW done QUICK failed"
    local function became(world)
        local list = {}
        for _, one in ipairs(world.reports) do
            table.insert(list, one.request .. (one.success and " done" or " failed"))
        end
        return table.concat(list, " ")
    end

    -- Fault: A command is reported as done when it is started; that it fails later PG3 never hears.
    -- Expected: It is reported when its function has ended: done, or failed if it failed or returned false.
    it("is reported as what became of it", function()
        assert.equal("QUICK done", became(sent "QUICK"))
        assert.equal("REFUSE failed", became(sent "REFUSE"))
        assert.equal("FAIL failed", became(sent "FAIL"))
        assert.equal("WASTE failed", became(sent "WASTE"))
        assert.equal("NONE failed", became(sent "NONE"))
    end)

    it("is reported when its function has ended, also beside others", function()
        local world = sent("SLOW", "QUICK")
        assert.equal("QUICK done", became(world))
        world:run(10)
        assert.equal("QUICK done SLOW done", became(world))
        assert.is_true(world:serving("solar_charger").states[SOLAR].done)
    end)

    -- Fault: PG3 waits for the answer to a command for as long as its function likes to run.
    -- Expected: It is told within a minute, the log says what still runs, and the function goes on.
    it("that runs for minutes is reported as failed after one", function()
        local world = sent "LONG"
        world:run(57)
        assert.equal("", became(world))
        world:run(2)
        assert.equal("LONG failed", became(world))
        assert.equal(1, #world:logged("the command LONG still runs"))
        world:run(50)
        assert.equal("LONG failed", became(world))
        assert.is_true(world:serving("solar_charger").states[SOLAR].done)
    end)

    it("whose script is replaced has failed", function()
        local world = sent "SLOW"
        saved(world, "solar_charger", solar(VOLTS, COMMANDS))
        assert.equal("SLOW failed", became(world))
        world:run(10)
        assert.equal("SLOW failed", became(world))
        well(world)
    end)
end)
