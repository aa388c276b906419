--- victron-host --demo and --watch: what is shown of the nodes, where to, and when it ends.

local fake = require "spec.support.fake_host"
local worlds = require "spec.support.worlds"

local NODES = { "controller", worlds.BATTERY, worlds.SOLAR, worlds.INVERTER, worlds.GATEWAY }

--- watch.lua in a world, begun. options: as for worlds.new, and once, terminal, demo.
local function watch(options)
    options = options or {}
    options.env = { VICTRON_VRM_TOKEN = worlds.TOKEN, COLUMNS = "80" }
    local world = worlds.new(options)
    local host = world.host
    host.options = { once = options.once, demo = options.demo, params = {}, args = {} }
    host.colours, world.watched, world.size = options.size ~= nil, true, options.size
    world.terminal = {}
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

--- What a terminal shows after what was printed, as a list of lines without colours. It knows no more than
-- what the watch uses: an empty screen, and lines that are replaced as a whole.
local function shown(world, seconds)
    world:run(seconds or 0.2)
    assert.same({}, world.errors)
    for _, text in ipairs(world.printed) do
        if text == "\27[2J" then world.terminal = {} end
        text = text:gsub("\27%[(%d+);1H\27%[K", "\n%1:"):gsub("\27%[%d*[Hm]", "")
        for row, line in text:gmatch("\n(%d+):([^\n]*)") do world.terminal[tonumber(row)] = line end
    end
    world.printed = {}
    return table.concat(world.terminal, "\n")
end

--- Presses keys one after the other; what is shown then.
local function press(world, ...)
    local text
    for _, keys in ipairs { ... } do
        world.pressed = keys
        text = shown(world)
    end
    return text
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

    -- Fault: `--once` left with 0 when VRM refused the token or was not reached
    -- Expected: it says what is wrong, and leaves with 1
    it("shows what is wrong instead, when something is, and leaves with 1", function()
        local world = watch { once = true, answer = function() return { status = 401 } end }
        local texts = printed(world, 30)
        assert.equal(1, #texts)
        assert.equal(1, world.code)
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

    -- Fault: what is said of a node's data goes beyond the terminal's columns, and is broken within a word
    -- Expected: no line is longer than the terminal, but a name
    it("keeps to the columns that there are", function()
        local text = table.concat(printed(watch { once = true }, 30), "\n")
        for _, line in ipairs(lines_of(text)) do assert.is_true(utf8.len(line) <= 80, line) end
        has(text, "\n    Last data ")
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

local TIME = "%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d "

describe("a pipe", function()
    it("gets a line for each change, and for each warning", function()
        local world = watch()
        local all = printed(world, 5)
        assert.is_true(#all > 20)
        for _, line in ipairs(all) do
            assert.is_truthy(line:find("^" .. TIME .. "[%w_]+ +%S.- +[A-Z][A-Z0-9]* +[^:]+: .+$"), line)
        end
        has(table.concat(all, "\n"), "392u_bm288     ")
        assert.same({}, printed(world, 5))
        world.host.set(worlds.BATTERY, "CV", 11)
        world.host.set(worlds.BATTERY, "CV", 12)
        world.host.log("info", "nothing to see")
        world.host.log("warning", "a\27warning")
        local lines = printed(world, 0.2)
        assert.equal(2, #lines)
        assert.is_truthy(lines[1]:find("^" .. TIME:sub(1, -2) .. "%.000 WARNING vrm: a warning$"), lines[1])
        assert.is_truthy(lines[2]:find("^" .. TIME .. worlds.BATTERY .. " .* CV     .+: 12%.00 V$"), lines[2])
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

    -- Fault: a pipe is closed while nothing changes, VRM being out of reach say, and the program runs on.
    -- Expected: it asks each second, and ends.
    it("that nobody reads any more ends it also when there is nothing to say", function()
        local world = watch()
        printed(world, 5)
        world.closed = true
        printed(world, 3)
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
    it("is taken, shows what there is, and only lines that change are written", function()
        local world = watch { size = { 80, 24 } }
        local text = shown(world, 5)
        assert.is_true(world.on_screen)
        assert.equal(24, #lines_of(text))
        has(text, " Boat (1 of 1)")
        has(text, "Connected")
        has(lines_of(text)[24], "q quit")
        assert.same({}, printed(world, 5))              -- nothing new: nothing drawn
        world.host.set(worlds.GATEWAY, "GV9", 1234)
        local texts = printed(world, 0.2)
        assert.equal(1, #texts)
        assert.is_true(select(2, texts[1]:gsub("\27%[K", "")) < 12, texts[1])
        has(texts[1], "1234 W")
    end)

    it("follows a resize, and draws all anew on Ctrl-L", function()
        local world = watch { size = { 80, 24 } }
        shown(world, 5)
        world.size = { 40, 12 }
        assert.equal(12, #lines_of(shown(world)))
        has(shown(world), "q quit")
        world.pressed, world.terminal = "\f", {}
        assert.equal(12, #lines_of(shown(world)))
    end)

    it("goes to an installation, a node, all values, the log and back", function()
        local world = watch { size = { 80, 24 } }
        shown(world, 5)
        has(press(world, "1"), "(1 of 1)")
        has(press(world, "\27[B", "\r"), worlds.BATTERY)
        has(shown(world), "more without data")
        has(press(world, "a"), " no data")
        has(press(world, "\27", "a"), worlds.GATEWAY)
        world.host.log("error", "something")
        has(press(world, "l"), "ERROR vrm: something")
        has(press(world, "0"), "System status")
        assert.is_nil(world.code)
    end)

    it("is given back at the end, which q asks for; the exit code tells how it went", function()
        local world = watch { size = { 80, 24 } }
        shown(world, 5)
        world.pressed = "q"
        printed(world, 1)
        assert.is_false(world.on_screen)
        assert.equal(0, world.code)
        world = watch { size = { 80, 24 }, answer = function() return { status = 401 } end }
        shown(world, 5)
        world.pressed = "q"
        local texts = printed(world, 1)
        assert.equal(1, world.code)
        has(texts[#texts], "Not VRM answers")           -- the reason is read where the screen was
        assert.is_nil(texts[#texts]:find("\27", 1, true))
    end)

    -- Fault: Sentences of a notice about several installations run into one another.
    -- Expected: A blank is between them.
    it("shows notices above the keys", function()
        local world = watch { size = { 80, 24 } }
        shown(world, 5)
        world.host.notice("x", "Do <b>this</b> &amp; that.<br>And that.")
        has(shown(world), " ! Do this & that. And that.")
        world.host.notice("x", nil)
        assert.is_nil(shown(world):find("! Do", 1, true))
    end)

    it("tells the state of a node: how old its data is, else its worst alarm, else what it does", function()
        local world = watch { size = { 100, 24 } }
        shown(world, 5)
        local function state()
            local text = press(world, "1")
            return text:match("House bank +(%a+) ")
        end
        assert.equal("Discharging", state())
        world.host.set(worlds.BATTERY, "ALARM", 1)
        assert.equal("Warning", state())
        world.host.set(worlds.BATTERY, "GV9", 2)
        assert.equal("Alarm", state())
        has(lines_of(press(world, "\27"))[2], "Alarm")
        world.host.set(worlds.BATTERY, "GV30", 2)
        assert.equal("Stale", state())
        world.host.set(worlds.BATTERY, "GV30", 3)
        assert.equal("Offline", state())
    end)

    it("has sparklines of what flowed", function()
        local world = watch { size = { 100, 24 }, demo = true }
        shown(world, 5)
        for i = 1, 6 do
            world.host.set(worlds.GATEWAY, "GV6", i * 100)
            world:run(2)
        end
        has(shown(world), "▂▃▅▆▇█ max 600 W")
    end)

    it("follows a node that is renamed", function()
        local world = watch { size = { 80, 24 } }
        shown(world, 5)
        world.host.rename(worlds.GATEWAY, "Yacht")
        has(shown(world), " Yacht (1 of 1)")
    end)
end)

describe("the watch", function()
    it("leaves the profile of an installed plugin alone", function()
        local world = watch()
        printed(world, 5)
        assert.equal(0, world.installs)
    end)

    it("shows the notices of device scripts", function()
        local world = watch { size = { 80, 24 } }
        shown(world, 5)
        world:fire("script_asks", "notice", 1, "devices/battery_monitor.lua", "392u_bm288", "full",
            "**Battery** is full")
        has(shown(world), "! Battery is full")
    end)
end)

describe("a value", function()
    local TYPE = { id = "MYX", name = "Thing", events = {}, commands = {}, drivers = {
        { id = "ST", label = "Power", uom = 73, places = 0, min = 0, max = 1 },
        { id = "GV0", label = "State", uom = 25, places = 0, names_id = "MYX_GV0",
          names = { [0] = "Off", [3] = "On" } },
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
        assert.equal("no data", shows(world, "GV2", 0))     -- never
        assert.equal("a b", shows(world, "ST", 1, "a\nb"))
        assert.equal("x              A [2Jb                   ST      Power: a b",
            require("tools.console").change("x", "ST"))
        world.host.rename("x", "☀\u{FE0F} 👨\u{200D}👩\u{200D}👧 \u{644}\u{200D}")
        assert.equal("☀ 👨👩👧 \u{644}\u{200D}", require("tools.console").refresh({ address = "x" }).name)
    end)
end)
