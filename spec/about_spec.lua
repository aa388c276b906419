--- What device scripts know: their device, its installation, its time, the other devices there; settings.

local script_world = require "spec.support.script_world"
local fixtures = require "spec.fixtures.vrm"
local worlds = require "spec.support.worlds"

local started, saved = script_world.started, script_world.saved
local well, has = script_world.well, script_world.has
local row = fixtures.row
local FILE = "persist/scripts/windmill.lua"

after_each(function() _G.host = nil end)

--- A script whose update notes what an expression gives.
local function mill(expression, more)
    return ([[
return {
    api = 2, id = "MYMILL", name = "Windmill", match = { service = "windmill" },
    { "ST", unit.watt, "Power", "/Power" },
    { "GV1", unit.raw, "From", from = function(rows) return rows_of(rows, "battery") and 1 or 0 end },
    %s
    update = function(node, rows) node.state.it = %s end,
}
]]):format(more or "", expression)
end

local function farm(text)
    local site = fixtures.boat()
    site.timezone = "Europe/Berlin"
    site.devices[#site.devices + 1] = fixtures.device("Wind Mill", 99, 7, "Mill 500", "North")
    site.rows = fixtures.join(site.rows, fixtures.battery(3), { row("windmill", 7, "/Power", nil, 500,
        { Device = "Wind Mill" }) })
    return { sites = { [151734] = site }, files = { [FILE] = text } }
end

local function address()
    return "392u_" .. require("types.services").code "windmill" .. 7
end

--- What an expression gives in update.
local function given(expression, options)
    local world = started(options or farm(mill(expression)))
    world:run(15)
    well(world)
    return world:serving("windmill").states[address()].it, world
end

describe("a script", function()
    it("knows its device", function()
        assert.same({ service = "windmill", instance = 7, product = "Mill 500", name = "North" },
            (given "device_of(node)"))
        assert.same("North", (given "device_of(rows).name"))
    end)

    it("knows its installation and the local time there", function()
        local site = given "site_of(node)"
        assert.equal(151734, site.id)
        assert.equal("Boat", site.name)
        assert.equal("Europe/Berlin", site.zone)
        assert.is_true(site.online and site.connected)
        assert.equal(60, site.interval)
        assert.is_true(math.abs(site.time - fixtures.NOW) < 60)
        assert.equal(1776463200, site.midnight)
        -- 1776515900 is 2026-04-18 14:38:20 in Berlin, a Saturday
        local clock = site.clock
        assert.same({ 2026, 4, 18, 6, 14 }, { clock.year, clock.month, clock.day, clock.weekday, clock.hour })
        assert.equal(site.time - site.midnight, (clock.hour * 60 + clock.minute) * 60 + clock.second)
    end)

    it("knows the other devices, and reads their rows", function()
        local list = given "devices_of(node)"
        local names = {}
        for i, one in ipairs(list) do names[i] = one.service .. "/" .. one.instance end
        assert.equal("gateway/0", names[3])
        assert.truthy(table.concat(names, " "):find("windmill/7", 1, true))
        assert.same({ 3, 288 }, (given [[(function()
            local ids = {}
            for i, one in ipairs(devices_of(rows, "battery")) do ids[i] = one.instance end
            return ids
        end)()]]))
        assert.equal(87.5, (given 'number(rows_of(node, "battery", 288), "/Soc")'))
        assert.equal(26.31, (given 'number(rows_of(rows, "battery"), "/Dc/0/Voltage")'))
        assert.equal(9, (given 'number(rows_of(node, "gateway"), "/SystemState/State")'))
        assert.equal(500, (given 'number(rows_of(node), "/Power")'))
        assert.equal("none", (given 'rows_of(node, "tank") or "none"'))
    end)

    it("reads them in functions of rows", function()
        local _, world = given "1"
        assert.equal(1, world:value(address(), "GV1"))
    end)

    -- Fault: what a device that is gone sent last looked like what is.
    -- Expected: its rows are not given.
    it("gets no rows of a device that is offline", function()
        local options = farm(mill 'rows_of(node, "battery", 3) and "there" or "none"')
        for _, one in ipairs(options.sites[151734].rows) do
            if one.instance == 3 then one.timestamp = one.timestamp - 86400 end
        end
        assert.equal("none", (given(nil, options)))
    end)
end)

describe("the local time", function()
    local about = require "types.about"

    local function clock(zone, time)
        _G.host = { midnight = require("spec.support.days").midnight, steady = function() return time end }
        local rows = {}
        about.note(rows, { site = { zone = zone, clock = 0 } })
        local its = about.answer("site", rows).clock
        return ("%d-%d-%d %d %d:%02d"):format(its.year, its.month, its.day, its.weekday, its.hour, its.minute)
    end

    it("is that of the zone, also where the clocks are changed", function()
        assert.equal("2026-3-29 7 14:00", clock("Europe/Berlin", 1774785600))
        assert.equal("2026-3-29 7 12:00", clock("UTC", 1774785600))
        assert.equal("2026-11-1 7 10:00", clock("America/Los_Angeles", 1793556000))
        assert.equal("2026-1-1 4 0:30", clock("Europe/Berlin", 1767223800))
        assert.equal("2025-12-31 3 15:30", clock("America/Los_Angeles", 1767223800))
        assert.equal("2026-3-29 7 12:00", clock("Europe/Nowhere", 1774785600))
    end)

    it("is read as a sample writes it", function()
        for text, time in pairs { ["1970-01-01 00:00"] = 0, ["2026-04-18 06:30"] = 1776493800,
                                  ["2028-02-29 23:59"] = 1835481540 } do
            assert.equal(time, about.time_of(text))
        end
        for _, text in ipairs { "", "06:30", "2026-04-18", 5 } do assert.is_nil(about.time_of(text)) end
    end)
end)

describe("a setting", function()
    local SETTINGS = 'settings = { mill_limit = { default = 10, min = 1, max = 20 }, mill_name = "x" },'

    local function with(params)
        local options = farm(mill('{ setting("mill_limit"), setting("mill_name") }', SETTINGS))
        options.params = params
        for name, value in pairs { vrm_token = fixtures.TOKEN } do
            if params then params[name] = params[name] or value end
        end
        return given(nil, options)
    end

    it("has its default, and PG3's page shows it", function()
        local values, world = with()
        assert.same({ 10, "x" }, values)
        assert.equal("10", world.defaults.mill_limit)
        assert.equal("x", world.defaults.mill_name)
    end)

    it("is what the owner writes, at once", function()
        local values, world = with { mill_limit = "12,5", ["Mill Name"] = " y " }
        assert.same({ 12.5, "y" }, values)
        world.params = { vrm_token = fixtures.TOKEN, mill_limit = "7" }
        world:fire("params")
        worlds.next_poll(world)
        assert.same({ 7, "x" }, world:serving("windmill").states[address()].it)
        assert.is_nil(world.defaults.mill_limit)
    end)

    -- Fault: a changed parameter was seen with the next value of VRM's that changed.
    -- Expected: functions of rows see it at once, like the plugin's own parameters.
    it("is worked out at once", function()
        local options = farm(mill("1", SETTINGS):gsub('from = .- end }', 'from = function() return setting '
            .. '"mill_limit" end }'))
        local world = started(options)
        world:run(15)
        well(world)
        assert.equal(10, world:value(address(), "GV1"))
        world.params = { vrm_token = fixtures.TOKEN, mill_limit = "7" }
        world:fire("params")
        assert.equal(7, world:value(address(), "GV1"))
    end)

    it("that cannot be used is the default, and a notice says so", function()
        for _, text in ipairs { "many", "21", "0" } do
            local values, world = with { mill_limit = text }
            assert.equal(10, values[1])
            has(("The parameter mill_limit of the device script %s is \"%s\", which is not used; 10 is."
                .. " Write a number from 1 to 20, or nothing."):format(FILE, text), world.notices.params)
        end
    end)

    it("comes with a script that is saved later", function()
        local world = started(farm(mill "1"))
        world:run(15)
        saved(world, "windmill", mill('setting("mill_limit")', SETTINGS))
        world:run(15)
        worlds.next_poll(world)
        well(world)
        assert.equal("10", world.defaults.mill_limit)
        assert.equal(10, world:serving("windmill").states[address()].it)
    end)

    it("is told what is wrong with it", function()
        local check = require "check.device"
        for text, settings in pairs {
            ["settings is 5, not a table. Write settings = { limit = 10 }."] = 5,
            ["settings: 'Limit' is no name for a setting."] = { Limit = 5 },
            ["settings: 'vrm_token' is a parameter of the plugin's. Choose"] = { vrm_token = "x" },
            ["settings: 'script_folder' is a parameter"] = { script_folder = "x" },
            ["setting limit: default is true, not a number or a text"] = { limit = true },
            ["setting limit: the default, 5, is above max, 4."] = { limit = { default = 5, max = 4 } },
            ['setting limit: the default is the text "x", and min'] = { limit = { default = "x", max = 4 } },
            ["setting limit: the field 'least' is unknown."] = { limit = { default = 5, least = 4 } },
        } do
            local _, problem = check.device("x.lua", { api = 2, id = "MYX", name = "X", settings = settings,
                match = { service = "x" }, { "ST", { name = "watt" }, "Power", "/X" } })
            has(text, tostring(problem))
        end
    end)
end)
