--- victron-host --demo and --watch: what is shown of the nodes, where to, and when it ends.

local fake = require "spec.support.fake_host"
local worlds = require "spec.support.worlds"

local NODES = { "controller", worlds.BATTERY, worlds.SOLAR, worlds.INVERTER, worlds.GATEWAY }

--- watch.lua in a world, begun. options: as for worlds.new, and once, terminal, demo.
local function watch(options)
    options = options or {}
    options.env = options.env or { VICTRON_VRM_TOKEN = worlds.TOKEN, COLUMNS = "80", LINES = "24" }
    local world = worlds.new(options)
    local host = world.host
    host.once, host.demo = options.once or false, options.demo or false
    host.colours, world.watched = options.terminal or false, true
    if options.answer then world.answer = options.answer end
    package.loaded.main = nil
    assert(loadfile("scripts/tools/watch.lua", "t"))()
    return world
end

--- Lets time pass; what was printed then.
local function printed(world, seconds)
    world.printed = {}
    world:run(seconds)
    assert.same({}, world.errors)
    return world.printed
end

local function has(text, part)
    assert.is_truthy(text:find(part, 1, true), part .. " is not in:\n" .. text)
end

local function lines_of(text)
    local lines = {}
    for line in (text .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
    return lines
end

--- The lines of the last picture on a terminal, without what a terminal obeys.
local function picture(texts)
    return lines_of((texts[#texts]:gsub("\27%[[?%d]*%a", "")))
end

describe("--once", function()
    it("prints one table when the first values are there, and leaves with 0", function()
        local world = watch { once = true }
        local texts = printed(world, 30)
        assert.equal(1, #texts)
        assert.equal(0, world.code)
        for _, address in ipairs(NODES) do has(texts[1], address .. ")") end
        has(texts[1], "PG3 connection Connected   System status Connected")
        has(texts[1], "Data state Fresh")
        assert.is_nil(texts[1]:find("\27", 1, true))
        for _, line in ipairs(lines_of(texts[1])) do assert.is_nil(line:find(" $"), line) end
    end)

    it("shows what is wrong instead, when something is", function()
        local world = watch { once = true, answer = function() return { status = 401 } end }
        local texts = printed(world, 30)
        assert.equal(1, #texts)
        has(texts[1], "Notice: ")
        assert.is_nil(texts[1]:find("<", 1, true), "HTML is in:\n" .. texts[1])
    end)

    -- Fault: what a device does not send fills the table, and what it does send is hard to find
    -- Expected: a node's values that are there, and how many are without data
    it("counts what is without data", function()
        local text = table.concat(printed(watch { once = true }, 30), "\n")
        has(text, "State of charge")
        assert.is_truthy(text:find("Without data %d+\n"), text)
        assert.is_nil(text:find(" no data", 1, true), text)
    end)

    it("waits a minute in vain, then leaves with 1", function()
        local world = watch { once = true, answer = function() return fake.wait(1000) end }
        assert.same({}, printed(world, 59))
        assert.is_nil(world.code)
        local texts = printed(world, 2)
        assert.equal(1, #texts)
        has(texts[1], "System status Connecting")
        assert.equal(1, world.code)
    end)
end)

describe("a pipe", function()
    it("gets a line for each change, and for each warning", function()
        local world = watch()
        local all = printed(world, 5)
        assert.is_true(#all > 20)
        for _, line in ipairs(all) do
            assert.is_truthy(line:find("^[%w_]+ +%S.- +[A-Z][A-Z0-9]* +[^:]+: .+$"), line)
        end
        has(table.concat(all, "\n"), "392u_bm288     ")
        assert.same({}, printed(world, 5))
        world.host.set(worlds.BATTERY, "CV", 11)
        world.host.set(worlds.BATTERY, "CV", 12)
        world.host.log("info", "nothing to see")
        world.host.log("warning", "a\27warning")
        local lines = printed(world, 0.2)
        assert.equal(2, #lines)
        assert.equal("WARNING vrm: a warning", lines[1])
        assert.is_truthy(lines[2]:find(worlds.BATTERY .. " .* CV     .+: 12%.00 V$"), lines[2])
        assert.is_nil(world.code)
    end)

    it("that nobody reads any more ends it with 0", function()
        local world = watch()
        printed(world, 5)
        world.closed = true
        world.host.set(worlds.BATTERY, "CV", 11)
        printed(world, 1)
        assert.equal(0, world.code)
    end)

    it("gets new measurements at each poll", function()
        local world = watch { demo = true }
        printed(world, 1)
        local asked = world:count(worlds.DIAGNOSTICS)
        printed(world, 10)
        assert.equal(5, world:count(worlds.DIAGNOSTICS) - asked)
    end)
end)

describe("a terminal", function()
    it("shows a table that stays in its place and fits", function()
        local world = watch { terminal = true }
        local texts = printed(world, 5)
        for _, text in ipairs(texts) do
            assert.is_truthy(text:find("^\27%[%?7l\27%[H.*\27%[J\27%[%?7h$"))
            assert.is_true(#lines_of(text) < 24)
        end
        for _, address in ipairs(NODES) do has(table.concat(picture(texts), "\n"), address .. ")") end
        assert.same({}, printed(world, 5))              -- nothing new: nothing drawn
        world.host.set(worlds.BATTERY, "CV", 12)
        has(table.concat(picture(printed(world, 1)), "\n"), "Battery voltage 12.00 V")
    end)

    it("has warnings and notices under the table, the last ones", function()
        local world = watch { terminal = true }
        printed(world, 5)
        for i = 1, 6 do world.host.log("error", "number " .. i) end
        world.host.notice("x", "Do <b>this</b> &amp; that")
        local table_, count = picture(printed(world, 1)), 0
        assert.is_true(#table_ < 24)
        for _, line in ipairs(table_) do count = count + (line:find("^Log: ") and 1 or 0) end
        assert.equal(4, count)
        assert.equal("Log: ERROR vrm: number 6", table_[#table_])
        assert.equal("Notice: Do this & that", table_[#table_ - 4])
        world.host.notice("x", nil)
        assert.is_nil(table.concat(picture(printed(world, 1)), "\n"):find("Notice", 1, true))
    end)

    -- Fault: of an installation with many nodes a terminal showed the first ones, with a line of values each,
    --        and not the others
    -- Expected: all nodes come first, then values, of the first ones; only where it has fewer rows than nodes
    --        the last ones are left out
    it("shows as many nodes as it has rows for", function()
        local function shown(rows)
            local world = watch { terminal = true, env = { VICTRON_VRM_TOKEN = worlds.TOKEN, COLUMNS = "80",
                                                           LINES = rows } }
            return picture(printed(world, 5))
        end
        local count = 0
        for _, line in ipairs(shown "99") do
            if line:find(", %w+_?%w*%)") then count = count + 1 end
        end
        local table_ = shown(tostring(count + 3))
        assert.equal(count + 2, #table_)
        has(table_[2], "(Victron Energy, controller)")
        for _, address in ipairs(NODES) do has(table.concat(table_, "\n"), address .. ")") end
        has(table_[3], "PG3 connection")
        table_ = shown "4"
        assert.equal(3, #table_)
        has(table_[2], "(Victron Energy, controller)")
    end)

    -- Fault: of many nodes the last ones were not shown, while each of the first had a line of values
    -- Expected: each node has a line with its name, then the first ones have values, as far as there is room
    it("shows all nodes before it shows values of them", function()
        local env = { VICTRON_VRM_TOKEN = worlds.TOKEN, COLUMNS = "80" }
        local nodes = 0
        local function named(lines)
            env.LINES = lines
            local world = watch { terminal = true, env = env }
            local text, count = table.concat(picture(printed(world, 5)), "\n"), 0
            nodes = 0
            for address in pairs(world.nodes) do
                nodes = nodes + 1
                if text:find(address .. ")", 1, true) then count = count + 1 end
            end
            return count, text
        end
        named "99"
        local count, text = named(tostring(nodes + 3))
        assert.equal(nodes, count)
        has(text, "PG3 connection")
        assert.equal(nodes - 1, (named(tostring(nodes + 1))))
    end)
end)

describe("the watch", function()
    it("leaves the profile of an installed plugin alone", function()
        local world = watch()
        printed(world, 5)
        assert.equal(0, world.installs)
    end)

    it("shows the notices of device scripts", function()
        local world = watch { terminal = true }
        printed(world, 5)
        world:fire("notice", "392u_bm288_full", "<p>Battery is full</p>")
        has(table.concat(picture(printed(world, 1)), "\n"), "Notice: Battery is full")
    end)
end)

describe("a value", function()
    local TYPE = { id = "MYX", name = "Thing", events = {}, commands = {}, drivers = {
        { id = "ST", label = "Power", uom = 73, places = 0, min = 0, max = 1 },
        { id = "GV0", label = "State", uom = 25, places = 0, names = { [0] = "Off", [3] = "On" } },
        { id = "GV1", label = "Count", uom = 56, places = 1, min = 0, max = 1 },
        { id = "GV2", label = "At", uom = 151, places = 0, min = 0, max = 1 },
        { id = "GV3", label = "Temperature", uom = 4, places = 1, min = 0, max = 1 },
    } }

    --- What the line of a change says after the label.
    local function shows(world, id, value, text)
        world.host.set("x", id, value, text)
        return require("tools.console").change("x", id):match(": (.*)$")
    end

    it("has its unit, its text or its time of day", function()
        local world = fake.new {}
        require("pg3.profile").declare(function() return TYPE end)
        world.host.add { address = "x", type = "MYX", name = "A\27[2Jb", primary = "x" }
        assert.equal("212 W", shows(world, "ST", 212))
        assert.equal("no data", shows(world, "ST", nil, "no data"))
        assert.equal("On", shows(world, "GV0", 3))
        assert.equal("9", shows(world, "GV0", 9))
        assert.equal("1.5", shows(world, "GV1", 1.5))
        assert.equal("19.1 °C", shows(world, "GV3", 19.1))
        assert.equal(os.date("%H:%M:%S", 1776515900), shows(world, "GV2", 1776515900))
        assert.equal("0", shows(world, "GV2", 0))
        assert.equal("a b", shows(world, "ST", 1, "a\nb"))
        assert.equal("x              A [2Jb                   ST     Power: a b",
            require("tools.console").change("x", "ST"))
    end)
end)
