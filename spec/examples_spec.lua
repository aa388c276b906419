--- The examples of the authors' page: good scripts, that do what the page says, and are quoted there exactly.

local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local script_world = require "spec.support.script_world"
local tools = require "spec.support.tools"
local worlds = require "spec.support.worlds"

local FOLDER = "scripts/examples/"

local function read_file(path)
    local file = assert(io.open(path))
    local text = file:read("a")
    file:close()
    return text
end

local page = read_file("docs/authors.md")

--- The built-in script for battery monitors with the row that the page adds.
local function with_one_more_row()
    local row = page:match "\n\n```lua\n(    { \"GV17\",.-)```\n"
    local built_in = read_file("scripts/devices/battery_monitor.lua")
    local _, last = built_in:find('\n    { "GV16",[^\n]*\n')
    return built_in:sub(1, last) .. row .. built_in:sub(last + 1)
end

describe("the examples", function()
    it("are all good", function()
        local printed, code = tools.run("check", { args = { FOLDER } })
        assert.equal(0, code, printed)
        assert.is_nil(printed:find("note:", 1, true), printed)
        assert.truthy(printed:find("4 of 4 scripts good", 1, true))
        assert.truthy(printed:find("setting pump_from: 9, 0 to 24", 1, true))
    end)

    -- Fault: Who followed the page saw No data: VRM has the highest voltage for hours, and the row said
    --        that it is one of now.
    -- Expected: The row shows its value.
    it("of one more row shows what VRM has for hours", function()
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, {
            fixtures.row("battery", 288, "/History/MaximumStarterVoltage", "H16", 14.1,
                { formatWithUnit = "%.1F V", timestamp = fixtures.NOW - 5 * 3600 }) })
        local text = with_one_more_row()
        local world = script_world.started { sites = { [151734] = site },
            files = { ["persist/scripts/battery_monitor.lua"] = text } }
        world:run(15)
        assert.equal(14.1, world:value(worlds.BATTERY, "GV17"))
        _G.host = nil
    end)

    -- Fault: Who followed the page saw a thousand times too many gallons: VRM sends liters, and the lib took
    --        them for cubic meters.
    -- Expected: What the page's lib gives to the page's row is right.
    it("of a lib gives what its row says", function()
        local lib, use, row = page:match
            "`persist/scripts/lib/tools.lua`:\n\n```\n(.-)```.-\n```\n(.-)```\n\n```\n(.-)```"
        local text = read_file "scripts/devices/battery_monitor.lua"
        local _, last = text:find('\n    { "GV16",[^\n]*\n')
        local world = script_world.started { files = {
            ["persist/scripts/lib/tools.lua"] = lib,
            ["persist/scripts/battery_monitor.lua"] =
                use .. text:sub(1, last) .. row .. text:sub(last + 1) } }
        world:run(15)
        local volts = world:value(worlds.BATTERY, "CV")
        assert.near(volts / 16, world:value(worlds.BATTERY, "GV17"), 5e-4)
        _G.host = nil
    end)
end)

-- What is refused at its first field teaches the fuzz target nothing.
it("the script that the fuzz target `script` begins with is good", function()
    local printed, code = tools.run("check", { args = { "spec/fuzz/corpus/script/smallest" } })
    assert.equal(0, code, printed)
end)

describe("the digital input of the examples", function()
    local tab = assert(fake.load_text(read_file(FOLDER .. "digital_input.lua"), "digital_input.lua"))

    --- A node that keeps what it is set to.
    local function new_node()
        local node = { state = {}, shown = {}, lines = {} }
        function node:set(driver, value) self.shown[driver] = value end
        function node:log(_, format, ...) table.insert(self.lines, format:format(...)) end
        return node
    end
    local function count(node, value) tab.update(node, { ["/Count"] = { value = value } }) end

    it("counts since the reset, and tells when the limit is reached", function()
        local node = new_node()
        tab.start(node)
        assert.same({ GV2 = 10, ALARM = 0 }, node.shown)
        count(node, 100)
        assert.equal(0, node.shown.GV1)
        count(node, 110)
        assert.same({ GV1 = 10, GV2 = 10, ALARM = 1 }, node.shown)
        tab.commands.SETLIMIT.run(node, { value = 20 })
        assert.same({ GV1 = 10, GV2 = 20, ALARM = 0 }, node.shown)
        tab.commands.RESET.run(node, {})
        assert.equal(0, node.shown.GV1)
        assert.equal("the count begins again at 110", node.lines[1])
    end)

    it("survives a restart, a device that counts anew, and rows without a count", function()
        local node, after = new_node(), new_node()
        count(node, 5)
        count(node, 8)
        after.state = node.state
        tab.start(after)
        assert.equal(3, after.shown.GV1)
        count(after, 2)
        assert.equal(0, after.shown.GV1)
        tab.update(after, {})
        tab.update(after, { ["/Count"] = { value = "n/a" } })
        assert.equal(0, after.shown.GV1)
        tab.commands.RESET.run(new_node(), {})
    end)
end)

describe("the authors' page", function()
    it("quotes the examples exactly", function()
        local from, quoted = 1, {}
        while true do
            local first, last, code = page:find("\n```lua\n(.-)```\n", from)
            if not first then break end
            local name
            for one in page:sub(1, first):gmatch("examples/([%w_]+)%.lua") do name = one end
            local text = name and read_file(FOLDER .. name .. ".lua") or with_one_more_row()
            assert.truthy(text:find(code, 1, true), tostring(name) .. " does not hold:\n" .. code)
            quoted[name or "one more row"], from = code == text and "all" or "part", last
        end
        assert.same({ ["one more row"] = "part", tank = "all", temperature = "all", digital_input = "all" },
            quoted)
    end)

    it("has every section it links to", function()
        for title in page:gmatch("%(#([%w-]+)%)") do
            local found = false
            for heading in page:gmatch("\n## ([^\n]+)") do
                found = found or heading:lower():gsub(" ", "-") == title
            end
            assert.is_true(found, title)
        end
    end)

    it("has the table of the limits that are built in", function()
        local limits = require "spec.limits"
        assert.equal(limits.table(), limits.on_page(), "run ./dev docs, which writes it")
    end)

    it("says about what was tried what the plugin says", function()
        local said = {}
        for _, name in ipairs { "host/lua/vm.c", "host/lua/sandbox.c", "host/lua/lib.c", "host/api/api.c",
                                "host/api/api_device.c",
                                "scripts/check/device.lua", "scripts/check/events.lua",
                                "scripts/check/fields.lua", "scripts/check/kinds.lua",
                                "scripts/check/rows.lua", "scripts/check/sources.lua",
                                "scripts/check/values.lua",
                                "scripts/model/device.lua", "scripts/types/commands.lua",
                                "scripts/serve/script_api.lua", "scripts/serve/scripts.lua",
                                "scripts/sources/vrm.lua",
                                "scripts/tasks/timer.lua" } do
            said[#said + 1] = read_file(name):gsub('"%s*\n%s*"', "")
        end
        said = table.concat(said, "\n")
        local rows = 0
        for cell in page:match("\n## What was tried\n(.-)\n## "):gmatch("\n|[^\n]+|([^|\n]+)|") do
            rows = rows + 1
            for text in cell:gmatch("`([^`]+)`") do
                local known = text:find("^[%w_.]+$") or said:find(text, 1, true)
                assert.truthy(known, "nobody says: " .. text)
            end
        end
        assert.is_true(rows > 30)
    end)
end)
