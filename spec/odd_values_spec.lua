--- Values of another kind than a device table has them: each is told, or taken; none is an error of the
-- check.

local check = require "check.device"
local doubts = require "check.doubts"
local fake = require "spec.support.fake_host"

local function fn() return 5 end

--- A table with every word there is.
local function table_with_all()
    return {
        api = 2, id = "MYTANK", name = "Tank", icon = "Sensor",
        match = { service = "tank", product = "x", type = { "a" }, last = true },
        events = { LOW = "Low", OK = "Ok" },
        settings = { pump = 5, area = { default = 2, min = 0, max = 9 }, text = "x" },
        start = fn, update = fn,
        commands = { RESET = fn, SETLIMIT = { name = "Set", run = fn, params = {
            { id = "", label = "Limit", kind = "volt", min = 0, max = 5, places = 1 },
            { id = "K", label = "Way", kind = "off_on" } } } },
        { "ST", "percent", "Level", "/Level", "tl", min = 0, max = 100, places = 1, scale = 1, sign = -1,
          values = { [1] = 2, tank = { [3] = 4 } }, zero = true, measured = true, map = fn,
          while_negative = { "/A" }, events = { level = "battery_level", below = "LOW", above = "OK" } },
        { "GV0", { [0] = "Fuel", [1] = "Water" }, "Fluid", "/FluidType", held_for = 60,
          events = { [0] = "LOW", [1] = "OK" } },
        { "GV1", "percent", "Limit", "/S", set = { min = 0, max = 9, step = 1, places = 0, path = "/S",
            service = "hub4", name = "S", within = { "/Min", "/Max" }, send = { [1] = 2 },
            instead = { [2] = { [1] = 3 } }, becomes = { [1] = { 1 } }, stored = "counted", timed = "also",
            timer = "/T", resend = 30, release = "null", only = { { "/M", { 1, 2 }, "x" } },
            unless = { { "/M", 1, "x" } } } },
        { "GV2", "watt", "Sum", sum = { "/A", { "/B", product = { "/C", { "/D", "d" } } } } },
        { "GV3", "watt", "Product", product = { "/A", { "/B" } } },
        { "GV4", "watt", "Quotient", quotient = { "/A", "/B" } },
        { "GV5", "alarm", "Worst", worst = "/Alarms/" },
        { "GV6", "watt", "Function", from = fn },
        { "GV7", "watt", "Script's", by_script = true },
        { "GV8", "watt", "Highest", "/A", day_max = true },
        { "GV9", "kwh", "Total", "/A", total = true, scale = 0.001 },
        { "GV10", "watt", "Rate", "/A", rate = 60 },
        { "GV11", "watt", "Today", first = { "/A", "b" }, daily = true },
        { "GV12 GV13", "watt", "Cell {n}", "/A{n}", on_change = true },
        { "GV14", "off_on", "Mode", "/O", set = { choices = { 0, 1 }, off = 1 } },
        parts = { { part = "t", id = "MYT", name = "top", when = { "/Top" },
                    { "GV1", "volt", "Top", "/Top" } } },
        samples = {
            { rows = { ["/Level"] = 50, ["/Q"] = { value = 5, unit = "V", timestamp = 5, text = "x",
                                                   path = "/Q", code = "q" } },
              expect = { ST = 5, t = { GV1 = "no data" } }, settings = { pump = 6 },
              site = { clock = "2026-04-18 06:30", name = "x", midnight = 5, zone = "UTC", online = true },
              device = { service = "tank", instance = 5, product = "x", name = "y" },
              devices = { { service = "battery", instance = 1, product = "x", name = "y",
                            rows = { ["/Soc"] = 80, ["/X"] = { value = 5 } } } },
              vrm = { ["/x"] = { records = {} } } },
            { steps = { { after = 5, rows = { ["/Level"] = 5 }, command = "SETLIMIT",
                          args = { value = 5, K = 1 }, expect = { ST = 5, t = { GV1 = 5 },
                          events = { "LOW" }, notices = { full = "x" }, state = { a = 1 } } } } },
        },
    }
end

local ODD = { 5, "x", true, {}, { 5 }, { x = 5 }, { {} }, { [1.5] = 1 }, fn, 0 / 0, 1 / 0, { 0 / 0 } }

--- Where in a table something stands: list of lists of keys.
local function places(tab, at, list)
    for key, value in pairs(tab) do
        local place = { table.unpack(at) }
        place[#place + 1] = key
        list[#list + 1] = place
        if type(value) == "table" then places(value, place, list) end
    end
    return list
end

local function named(place)
    local names = {}
    for i, key in ipairs(place) do names[i] = tostring(key) end
    return table.concat(names, ".")
end

describe("a device table with a value of another kind", function()
    before_each(function() fake.new() end)

    it("is right without it", function()
        local type_, problem = check.device("tank.lua", table_with_all())
        assert.is_nil(problem)
        assert.same({}, doubts.of(type_, { file = "x.lua", table = table_with_all(), text = "" }, {}))
    end)

    -- Fault: A number where a list belongs, choices = 1 or rows = 5 of a sample's device.
    -- Expected: The check tells it, as everything else of the file; it does not end with an error of its own.
    it("is told or taken, wherever it stands", function()
        local failed, file = {}, assert(io.open("scripts/examples/pump_meter.lua"))
        local text = file:read("a")                 -- of another script, whose fields and ids are the same
        file:close()
        for _, place in ipairs(places(table_with_all(), {}, {})) do
            for _, odd in ipairs(ODD) do
                local tab = table_with_all()
                local at = tab
                for i = 1, #place - 1 do at = at[place[i]] end
                at[place[#place]] = odd
                local ok, why = pcall(function()
                    local type_ = check.device("tank.lua", tab, text, true)
                    if type_ then doubts.of(type_, { file = "x.lua", table = tab, text = text }, {}) end
                end)
                if not ok then failed[#failed + 1] = named(place) .. ": " .. tostring(why) end
            end
        end
        assert.equal("", table.concat(failed, "\n"))
    end)
end)
