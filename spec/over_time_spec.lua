--- The words of a row that look at time: day_max, day_min, total, rate, held_for; also over a restart.

local check = require "check.device"
local reading = require "types.reading"
local fixtures = require "spec.fixtures.vrm"
local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"

local started, saved = script_world.started, script_world.saved
local well, next_poll = script_world.well, worlds.next_poll

local DAY, HOUR = 86400, 3600
local MIDNIGHT = 20000 * DAY

local function table_with(row)
    row[1], row[3], row[4] = "GV1", "Value", "/X"
    row[2] = row[2] or { name = "watt" }
    return { api = 2, id = "MYX", name = "X", match = { service = "x" }, row }
end

local function problem(row)
    local _, text = check.device("x.lua", table_with(row))
    return text
end

--- What a row makes of values, each { time, value | "none" [, midnight] } -> list, "none" for no data.
local function series(row, values)
    local type_ = assert(check.device("x.lua", table_with(row)))
    local memory, list = { midnight = MIDNIGHT }, {}
    for i, one in ipairs(values) do
        local at, value = MIDNIGHT + one[1], one[2]
        memory.midnight, memory.newest = one[3] or memory.midnight, at
        local rows = value ~= "none" and { ["/X"] = { value = value, timestamp = at } } or {}
        list[i] = reading.of(type_.drivers[1], rows, nil, nil, memory) or "none"
    end
    return list
end

local function rounded(list)
    for i, value in ipairs(list) do
        list[i] = type(value) == "number" and math.floor(value * 1000 + 0.5) / 1000 or value
    end
    return list
end

--- A mill from noon on, with a driver ST of these words, whose gateway's clock is wrong by some seconds and
-- that logs so often -> a function: what it measures then, by a clock that is set by so many seconds -> ST.
local function mill(words, wrong, interval)
    local text = [[return { api = 2, id = "MYMILL", name = "Windmill", match = { service = "windmill" },
        { "ST", %s } }]]
    local site, now = fixtures.boat(), MIDNIGHT + 12 * HOUR
    site.timezone = "UTC"
    site.rows = fixtures.join(site.rows, { fixtures.row("windmill", 7, "/Power", nil, 500) })
    local world = script_world.new { sites = { [151734] = site },
                                     files = { ["persist/scripts/windmill.lua"] = text:format(words) } }
    world.now = now
    local function log(at)
        for _, row in ipairs(site.rows) do row.timestamp = at + wrong - 20 end
        for _, one in ipairs(site.devices) do
            one.lastConnection = at - 20
            one.loggingInterval = one.loggingInterval and interval
        end
    end
    log(now)
    world:start()
    world:run(interval)
    return function(power, set)
        wrong, site.rows[#site.rows].rawValue = wrong + (set or 0), power
        log(world.now // 1)
        world:fire("shortpoll")
        world:run(interval)
        well(world)
        return world:value("392u_zl7", "ST")
    end
end

describe("day_max and day_min", function()
    it("are the highest and the lowest value since midnight", function()
        local values = { { 0, 5 }, { 60, 9 }, { 120, 7 }, { 180, 2 }, { 240, 3 } }
        assert.same({ 5, 9, 9, 9, 9 }, series({ day_max = true }, values))
        assert.same({ 5, 5, 5, 2, 2 }, series({ day_min = true }, values))
    end)

    it("begin anew with the first value after midnight", function()
        local next_day = MIDNIGHT + DAY
        assert.same({ 9, "none", 4, 6 }, series({ day_max = true },
            { { 60, 9 }, { 120, "none", next_day }, { DAY + 1, 4 }, { DAY + 2, 6 } }))
    end)

    it("take nothing of the day before", function()
        assert.same({ "none", 3 }, series({ day_max = true }, { { -60, 9 }, { 60, 3 } }))
    end)

    it("stay at night, and when a clock is set by an hour", function()
        assert.same({ 9, 9, 9 }, series({ day_max = true },
            { { 60, 9 }, { 7200, "none" }, { 7260, 1, MIDNIGHT + HOUR } }))
    end)

    -- Fault: A gateway's clock is set by a day or more: the highest value of today is gone.
    -- Expected: A day is that of the installation, whatever its gateway takes the time to be.
    it("stay when a gateway's clock is set by a day or more", function()
        for _, set in ipairs { DAY, -DAY, 400 * DAY } do
            local measured = mill([[unit.watt, "Highest", "/Power", day_max = true]], -set, 120)
            assert.same({ 500, 900, 900 }, { measured(500), measured(900), measured(300, set) })
        end
    end)
end)

describe("total", function()
    local kwh = { [2] = { name = "kwh" }, total = true, scale = 0.001 }

    it("is what has come together, a mean between two values", function()
        assert.same({ 0, 0.5, 1.5, 1.5 }, rounded(series(kwh,
            { { 0, 0 }, { HOUR, 1000 }, { 2 * HOUR, 1000 }, { 2 * HOUR, 5000 } })))
    end)

    it("knows nothing of a pause, nor of a time before", function()
        assert.same({ 0, 1, 1, 1, 2 }, rounded(series(kwh,
            { { 0, 1000 }, { HOUR, 1000 }, { 3 * HOUR, 1000 }, { 2 * HOUR, 9000 }, { 4 * HOUR, 1000 } })))
        assert.same({ 0, 0, 0, 1 }, rounded(series(kwh,
            { { 0, 1000 }, { 60, "none" }, { HOUR, 1000 }, { 2 * HOUR, 1000 } })))
    end)

    it("is that of what map leaves, also of true and false", function()
        local hours = { [2] = { name = "hours" }, total = true, map = function(value) return value > 50 end }
        assert.same({ 0, 1, 1.5, 1.5 }, rounded(series(hours,
            { { 0, 60 }, { HOUR, 90 }, { 2 * HOUR, 20 }, { 3 * HOUR, 0 } })))
    end)

    -- Fault: A gateway's clock is put on by a quarter of an hour: what came together then counts twice.
    -- Expected: Time is VRM's, as far as it is known how wrong the clock is.
    it("is that of the time that has passed, when a clock is set", function()
        local measured = mill([[unit.kwh, "Energy", "/Power", total = true, scale = 0.001]], 0, 900)
        local before, after = measured(500), measured(500, 1000)
        for _ = 1, 3 do after = measured(500) end
        assert.near(0.5, after - before, 0.02)
    end)

    -- Fault: one impossible number is added up, kept over restarts, and the sum is no data for good.
    -- Expected: nothing is known of the time about it, as about a pause.
    it("is not spoilt by an impossible number", function()
        assert.same({ 0, 1, 1, 1, 2 }, rounded(series(kwh, { { 0, 1000 }, { HOUR, 1000 },
            { HOUR + 60, 1e308 }, { HOUR + 120, 1000 }, { 2 * HOUR + 120, 1000 } })))
    end)

    -- Fault: A gateway's clock was a year ahead and is set right: nothing is added up for a year.
    -- Expected: It goes on as after a pause.
    it("goes on when a clock is put back", function()
        assert.same({ 0, 1, 1, 2 }, rounded(series(kwh, { { 365 * DAY, 1000 }, { 365 * DAY + HOUR, 1000 },
            { 2 * HOUR, 1000 }, { 3 * HOUR, 1000 } })))
    end)

    it("is not fooled by what is no finite number", function()
        local row = { [2] = { name = "kwh" }, total = true, map = function() return math.huge end }
        assert.same({ "none", "none" }, series(row, { { 0, 1 }, { HOUR, 1 } }))
    end)
end)

describe("rate", function()
    it("is the change an hour, over so many seconds at least", function()
        assert.same({ "none", "none", 20, 20, 10, 0 }, rounded(series({ rate = 1800 },
            { { 0, 100 }, { 600, 105 }, { 1800, 110 }, { 1890, 110.5 }, { 3600, 110 }, { 5400, 110 } })))
    end)

    it("goes down, too, and begins anew where the time goes back", function()
        assert.same({ "none", -60, -60, "none" }, rounded(series({ rate = 60 },
            { { 600, 10 }, { 660, 9 }, { 0, 8 }, { 60, "none" } })))
    end)
end)

describe("rate, after a pause,", function()
    -- Fault: What a tank lost in the ten hours that nobody could see it was, an hour, what it loses now.
    -- Expected: Nothing is known of a pause: the change is measured anew.
    it("is measured anew", function()
        assert.same({ "none", 20, "none", "none", -10, -9.18 }, rounded(series({ rate = 1800 },
            { { 0, 100 }, { 1800, 110 }, { 36000, 20 }, { 36900, 18 }, { 37800, 15 }, { 38000, 14.9 } })))
    end)
end)

describe("held_for", function()
    local row = { [2] = "off_on", held_for = 600 }

    it("shows a state that has been the same for so long, the one before until then", function()
        assert.same({ 0, 0, 0, 1, 1 }, series(row,
            { { 0, 0 }, { 60, 1 }, { 600, 1 }, { 660, 1 }, { 720, 1 } }))
    end)

    it("forgets a state that was there for a moment", function()
        assert.same({ 0, 0, 0, 0, 0 }, series(row,
            { { 0, 0 }, { 60, 1 }, { 120, 0 }, { 180, 1 }, { 700, 1 } }))
    end)

    -- Fault: A state came while a gateway's clock was a year ahead, which is set right then: the one before
    --        it is shown for a year.
    -- Expected: It counts from then on.
    it("counts anew when a clock is put back", function()
        assert.same({ 0, 0, 0, 1 }, series(row,
            { { 365 * DAY, 0 }, { 365 * DAY + 60, 1 }, { 120, 1 }, { 720, 1 } }))
    end)

    it("has no data where there is none", function()
        assert.same({ 0, "none", 0, 1 }, series(row, { { 0, 0 }, { 60, "none" }, { 120, 1 }, { 900, 1 } }))
    end)
end)

describe("a row with such a word", function()
    it("is told what is wrong with it", function()
        for text, row in pairs {
            ["day_max is 5, not true. Write day_max = true, or remove it."] = { day_max = 5 },
            ["total is \"yes\", not true."] = { total = "yes" },
            ["rate is true, not a number of seconds up to 86400. Write rate = 3600."] =
                { rate = true },
            ["held_for is -1, not a number of seconds up to 86400."] = { [2] = "off_on", held_for = -1 },
            ["held_for is for states. Give the row a list as its kind"] = { held_for = 60 },
            ["total is not for states. Give the row a unit as its kind."] = { [2] = "off_on", total = true },
            [" does not go with day_m"] = { day_max = true, day_min = true },
        } do
            assert.truthy((problem(row) or ""):find(text, 1, true), tostring(problem(row)))
        end
        local tab = table_with { total = true }
        tab[1][4], tab[1].by_script = nil, true
        local _, text = check.device("x.lua", tab)
        assert.truthy(text:find("total does not go with by_script.", 1, true))
    end)
end)

describe("what such words keep", function()
    local MILL = [[
return {
    api = 2, id = "MYMILL", name = "Windmill", match = { service = "windmill" },
    { "ST", unit.watt, "Power", "/Power" },
    { "GV1", unit.watt, "Highest", "/Power", day_max = true },
    { "TPW", unit.kwh, "Energy", "/Power", total = true, scale = 0.001 },
}
]]
    local FILE = "persist/scripts/windmill.lua"
    after_each(function() _G.host = nil end)

    local function farm(power)
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, { fixtures.row("windmill", 7, "/Power", nil, power) })
        return { sites = { [151734] = site }, files = { [FILE] = MILL } }
    end

    local function address()
        return "392u_" .. require("types.services").code "windmill" .. 7
    end

    local function measure(world, power)
        local rows = world.vrm.sites[151734].rows
        rows[#rows].rawValue = power
        next_poll(world)
    end

    -- Fault: a count of hours or energy that a script kept itself began at 0 after a restart.
    -- Expected: it goes on; what was between is not in it.
    it("outlives polls, a saved file, and a restart", function()
        local world = started(farm(60000))
        world:run(15)
        for _ = 1, 10 do measure(world, 60000) end
        local energy = world:value(address(), "TPW")
        assert.is_true(energy > 5, tostring(energy))
        measure(world, 90000)
        measure(world, 30000)
        assert.equal(90000, world:value(address(), "GV1"))
        energy = world:value(address(), "TPW")
        saved(world, "windmill", MILL:gsub("Windmill", "Mill"))
        well(world)
        world:run(120)
        assert.is_true(world:value(address(), "TPW") >= energy)
        assert.equal(90000, world:value(address(), "GV1"))
        local options = farm(20000)
        options.saved, options.known = world.saved, world.known
        local again = started(options)
        again:run(15)
        well(again)
        assert.equal(90000, again:value(address(), "GV1"))
        assert.is_true(again:value(address(), "TPW") >= energy)
    end)

    -- Fault: what was kept of nodes that their owner has deleted in PG3 is kept for ever
    -- Expected: it goes with the next start, as what was kept of events and serials does
    it("is not kept of a node that PG3 has no more", function()
        local options, kept = farm(500), { GV1 = { word = "day_max", value = 9, day = 5 } }
        options.known = { { address = "392u_gw0", name = "Boat", type = "VICGW", primary = "392u_gw0",
                            enabled = true } }
        options.saved = { over_time = { ["392u_zl99"] = kept, ["392u_gw0"] = kept } }
        local world = started(options)
        world:run(120)
        assert.is_nil(world.saved.over_time["392u_zl99"])
        well(world)
    end)

    it("is nothing that PG3 could break", function()
        local options = farm(500)
        options.saved = { over_time = { [address()] = { TPW = { word = "total", sum = "x" }, GV1 = 5,
                                                        ST = { word = 5 } }, x = 5 } }
        local world = started(options)
        world:run(15)
        measure(world, 600)
        well(world)
        assert.equal(600, world:value(address(), "GV1"))
    end)
end)
