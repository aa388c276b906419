--- Devices that no script knows: the plugin writes one, which is the owner's from then on.

local script_world = require "spec.support.script_world"
local fixtures = require "spec.fixtures.vrm"
local services = require "types.services"
local worlds = require "spec.support.worlds"

local started, saved = script_world.started, script_world.saved
local well, has = script_world.well, script_world.has
local next_poll = worlds.next_poll
local row = fixtures.row
local FILE = "persist/scripts/generic_windmill.lua"
local MILL = "392u_"            -- and the letters of a service that is not in the plugin's list

after_each(function() _G.host = nil end)

local function windmill(instance, more)
    return fixtures.join({
        row("windmill", instance, "/Ac/Power", "wP", 512.4, { formatWithUnit = "%.0F W",
            description = "Power, AC" }),
        row("windmill", instance, "/Name", "wN", "North"),
        row("windmill", instance, "/State", "wS", 1, { description = "State", dataAttributeEnumValues = {
            { valueEnum = 0, nameEnum = "Stopped" }, { valueEnum = 1, nameEnum = "Turning \"fast\"" } } }),
        row("windmill", instance, "/Rotor/Temperature", "wT", "12.5", { formatWithUnit = "%.1F °C",
            description = "State" }),
    }, more or {})
end

local function farm(rows)
    local site = fixtures.boat()
    site.rows = fixtures.join(site.rows, rows)
    return { sites = { [151734] = site } }
end

local function address(instance)
    return MILL .. services.code "windmill" .. instance
end

local function text(world) return world.files["persist/scripts"].generic_windmill.text end

describe("a service that no script knows", function()
    it("has a node with its first numbers within seconds, in VRM's words", function()
        local world = started(farm(windmill(7)))
        world:run(15)
        well(world)
        local mill = world.nodes[address(7)]
        assert.equal("GENWINDMILL", mill.type)
        assert.equal(512, world:value(address(7), "ST"))
        assert.equal(1, world:value(address(7), "GV0"))
        assert.equal(12.5, world:value(address(7), "GV1"))
        assert.equal(1, world:value(address(7), "GV30"))
        local labels, names = {}, nil
        for _, driver in ipairs(world.types.GENWINDMILL.drivers) do
            labels[#labels + 1] = driver.id .. " " .. driver.label
            names = names or driver.names
        end
        assert.same({ "ST Power, AC", "GV0 State", "GV1 Rotor Temperature" }, { table.unpack(labels, 1, 3) })
        assert.same({ [0] = "Stopped", "Turning \"fast\"" }, names)
        assert.equal(1, #world:logged("No device script knows the service windmill: the plugin wrote "
            .. FILE))
        assert.equal(0, #world:logged("is not one that is known"))      -- which is why it was written
    end)

    -- Fault: 3.5 bar and 0.4 of what has no unit were 4 and 0, 36 km/h a bare 36.
    -- Expected: numbers have the node's unit, or their decimals.
    it("shows numbers in the units there are, and the decimals of others", function()
        local function one(path, value, format)
            return row("windmill", 7, path, nil, value, { formatWithUnit = format, description = path })
        end
        local world = started(farm { one("/Wind", 36, "%.1F km/h"), one("/Oil", 3.5, "%.1F bar"),
            one("/Tank", 10, "%.1F gal"), one("/Ratio", 0.4, "%s"), one("/Turns", 12, "%s") })
        world:run(15)
        well(world)
        local shown = {}
        for i, driver in ipairs { "ST", "GV0", "GV1", "GV2", "GV3" } do
            shown[i] = world:value(address(7), driver)
        end
        assert.same({ 10, 3.5, 38, 0.4, 12 }, shown)
    end)

    -- Fault: A setting or a highest value that VRM has for hours was written as a momentary one, which it is
    --        not: it was no data from the first moment on.
    -- Expected: It is shown.
    it("shows what is logged only when it changes", function()
        local world = started(farm(windmill(7, {
            row("windmill", 7, "/Rotor/Limit", nil, 240, { formatWithUnit = "%.0F W",
                timestamp = fixtures.NOW - 5 * 3600 }) })))
        world:run(15)
        well(world)
        assert.equal(240, world:value(address(7), "GV2"))
        has('"/Rotor/Limit", zero = false },', text(world))
    end)

    it("has one script for all its devices", function()
        local world = started(farm(fixtures.join(windmill(7), windmill(8, {
            row("windmill", 8, "/Brake", nil, 0) }))))
        world:run(15)
        next_poll(world)
        world:fire("longpoll")
        world:run(30)
        well(world)
        assert.equal(512, world:value(address(7), "ST"))
        assert.equal(0, world:value(address(8), "GV2"))
        assert.is_nil(world:value(address(7), "GV2"))
    end)

    -- Fault: A row that comes or goes moves the others to other drivers, and programs read something else.
    -- Expected: What a driver shows stands in the file; later rows get drivers of their own.
    it("keeps its drivers when rows come and go, also over a restart", function()
        local world = started(farm(windmill(7)))
        world:run(15)
        local site = world.vrm.sites[151734]
        local all = site.rows
        site.rows = fixtures.join({ row("windmill", 7, "/Blade/Angle", "wB", 33) }, fixtures.boat().rows,
            { all[#all] })
        world:fire("discover")
        world:run(15)
        assert.equal(12.5, world:value(address(7), "GV1"))
        assert.equal(33, world:value(address(7), "GV2"))
        has('{ "GV2", unit.raw, "Voltage", "/Blade/Angle", "wB" },', text(world))
        local again = started { sites = world.vrm.sites, files = { [FILE] = text(world) } }
        again:run(15)
        well(again)
        assert.equal(33, again:value(address(7), "GV2"))
        assert.equal(0, again.writes)
    end)

    it("leaves the owner's changes as they are, and adds nothing once the last line is out", function()
        local world = started(farm(windmill(7)))
        world:run(15)
        local own = text(world):gsub('"Power, AC", "/Ac/Power"', '"Mill, + from the wind", "/Ac/Power"')
        saved(world, "generic_windmill", own)
        local site = world.vrm.sites[151734]
        site.rows = fixtures.join(site.rows, { row("windmill", 7, "/Brake", nil, 0) })
        world:fire("discover")
        world:run(15)
        has("Mill, + from the wind", text(world))
        has("/Brake", text(world))
        own = own:gsub("    %-%- The plugin adds[^\n]*\n", "")
        saved(world, "generic_windmill", own)
        world:fire("discover")
        world:run(15)
        assert.equal(own, text(world))
        well(world)
    end)

    -- Fault: What the owner saves while the plugin looks for devices is written over.
    -- Expected: A file that is another than the one in service is left alone.
    it("is not written over while the owner saves it", function()
        local world = started(farm(windmill(7)))
        world:run(15)
        local site, own = world.vrm.sites[151734], text(world):gsub('"Power, AC"', '"Mill"')
        site.rows = fixtures.join(site.rows, { row("windmill", 7, "/Brake", nil, 0) })
        world:write(FILE, own)
        world:fire("discover")
        world:run(0.5)
        assert.equal(own, text(world))
    end)

    it("that an owner's script knows is left to it", function()
        local world = started { sites = farm(windmill(7)).sites,
                                files = { ["persist/scripts/mill.lua"] = script_world.MILL } }
        world:run(15)
        assert.equal("MYMILL", world.nodes[address(7)].type)
        assert.equal(0, world.writes)
    end)

    -- Fault: While the owner's script is broken, its nodes become those of a script that the plugin wrote.
    -- Expected: Nothing is written; once it is mended, the owner's goes before one that was written.
    it("is not learned while a script is in trouble", function()
        local own = script_world.MILL
        local world = started { sites = farm(windmill(7)).sites,
                                files = { ["persist/scripts/zmill.lua"] = own:gsub("api = 2", "api = ") } }
        world:run(15)
        assert.equal(0, world.writes)
        assert.equal(1, #world:logged("no device script for windmill 7"))
        world:write(FILE, require "serve.generic".text("windmill", { { path = "/Ac/Power", value = 5 } }))
        saved(world, "zmill", own)
        world:run(15)
        assert.equal("MYMILL", world.nodes[address(7)].type)
        assert.equal(0, #world:logged("equally well"))
    end)

    it("has no node while it sends no number, or its name fits no file; that is told once", function()
        local world = started(farm {
            row("windmill", 7, "/Name", "wN", "North"), row("../mill", 8, "/Ac/Power", "wP", 5),
            row(("x"):rep(31), 9, "/Ac/Power", "wP", 5),
        })
        world:run(15)
        next_poll(world)
        assert.equal(3, #world:logged("it has no node. A script of your own can give it one."))
        assert.equal(0, world.writes)
        well(world)
    end)

    it("is told when its script cannot be written", function()
        local world = script_world.new(farm(windmill(7)))
        world.no_copies = true
        world:start()
        world:run(15)
        assert.equal(1, #world:logged("could not be written: No space left on device."))
        assert.is_nil(world.nodes[address(7)])
    end)

    it("that is hidden has no node, nor is it written for again", function()
        local site = farm(windmill(7))
        site.chosen = { show_kind_genwindmill = false, show_kind_vicbatt = false }
        local world = started(site)
        world:run(30)
        assert.is_nil(world.nodes[address(7)])
        assert.equal(1, world.writes)
        assert.equal(0, #world:logged("it has no node"))
    end)

    -- Fault: a device with a list of states below 0, as VRM has them of charge schedules, or with a path that
    --        no script may name, had no node but a notice of a mistake in the script that the plugin wrote.
    -- Expected: such a state is a number, a row that cannot stand in a script is left out.
    it("has a script without mistakes, whatever VRM names", function()
        local function named(path, names, value)
            local list = {}
            for number, name in pairs(names) do list[#list + 1] = { valueEnum = number, nameEnum = name } end
            return row("windmill", 7, path, "w" .. #path, value, { dataAttributeEnumValues = list })
        end
        local world = started(farm { row("windmill", 7, "/", "w1", 4), row("windmill", 7, "/A \\B", "w2", 5),
            row("windmill", 7, "/Slash", "w/3", 6),
            named("/Schedule", { [-7] = "Disabled", [7] = "Every day" }, -7),
            named("/Large", { [0] = "Off", [65536] = "On" }, 65536),
            named("/Lines", { [0] = "Off", "On\nand on" }, 1) })
        world:run(15)
        well(world)
        local shown = {}
        for i, driver in ipairs { "ST", "GV0", "GV1", "GV2" } do
            shown[i] = world:value(address(7), driver) or false
        end
        assert.same({ -7, 65536, 1, false }, shown)
    end)

    -- Fault: the scripts written for two services whose names begin alike had one id: the second device had
    --        no node but a notice of a mistake, and no further script was written.
    -- Expected: each has an id of its own.
    it("has another id than one whose long name begins alike", function()
        local world = started(farm { row("windgenerator_left", 3, "/Power", "wL", 13),
                                     row("windgenerator_right", 4, "/Power", "wR", 14) })
        world:run(15)
        well(world)
        assert.equal(13, world:value(services.address(151734, "windgenerator_left", 3), "ST"))
        assert.equal(14, world:value(services.address(151734, "windgenerator_right", 4), "ST"))
    end)

    it("has at most 31 values, each under a label of its own", function()
        local rows = {}
        for n = 1, 40 do
            rows[n] = row("windmill", 7, "/" .. ("Deep/"):rep(12) .. n, "w" .. n, n)
        end
        local world = started(farm(rows))
        world:run(15)
        well(world)
        assert.equal(31, world:value(address(7), "GV29"))
        local labels = {}
        for _, driver in ipairs(world.types.GENWINDMILL.drivers) do
            assert.is_nil(labels[driver.label], driver.label)
            labels[driver.label] = true
        end
    end)
end)
