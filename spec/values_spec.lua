--- victron-host --json and get: what programs are told of the nodes.

local dkjson = require "dkjson"
local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local worlds = require "spec.support.worlds"

--- stream.lua in a world, begun. options: as for worlds.new, and json, once, get = NODE.DRIVER, given = words
-- of --param.
local function watch(options)
    options.env = options.env or { VICTRON_VRM_TOKEN = worlds.TOKEN }
    local world = worlds.new(options)
    local host = world.host
    host.colours, world.watched = options.terminal or false, true
    host.options = { once = options.once, json = options.json, get = options.get ~= nil,
                     params = options.given or {}, args = { options.get } }
    if options.answer then world.answer = options.answer end
    package.loaded.main = nil
    assert(loadfile("scripts/tools/stream.lua", "t"))()
    return world
end

--- Lets time pass; the lines that were printed then, decoded.
local function told(world, seconds)
    world.printed = {}
    world:run(seconds)
    assert.same({}, world.errors)
    local list = {}
    for line in (table.concat(world.printed, "\n") .. "\n"):gmatch("([^\n]+)\n") do
        local value, _, problem = dkjson.decode(line, 1, dkjson.null)
        assert.is_nil(problem, line)
        list[#list + 1] = value
    end
    return list
end

--- The last line of a driver in a list.
local function line_of(list, node, driver)
    local found
    for _, line in ipairs(list) do
        if line.node == node and line.driver == driver then found = line end
    end
    return assert(found, node .. "." .. driver .. " was not told")
end

local null = dkjson.null
local FIELDS = { "time", "installation", "node", "name", "driver", "label", "value", "unit", "text", "state",
                 "measured" }

describe("--json", function()
    it("tells each change as a line with all fields", function()
        local list = told(watch { json = true }, 5)
        assert.is_true(#list > 20)
        for _, line in ipairs(list) do
            for _, field in ipairs(FIELDS) do assert.is_not_nil(line[field], field) end
        end
        local charge = line_of(list, worlds.BATTERY, "BATLVL")
        assert.equal(87.5, charge.value)
        assert.equal("%", charge.unit)
        assert.equal("Boat", charge.installation)
        assert.equal("House bank", charge.name)
        assert.equal("fresh", charge.state)
        assert.equal(null, charge.text)
        assert.is_truthy(charge.time:find "^2026%-04%-18T12:%d%d:%d%dZ$")
        assert.is_truthy(charge.measured:find "^2026%-04%-18T12:%d%d:%d%dZ$")
        assert.equal(null, line_of(list, "controller", "GV0").state)
        assert.equal("Connected", line_of(list, "controller", "GV0").text)
    end)

    it("tells only what changed after that", function()
        local world = watch { json = true }
        told(world, 5)
        assert.same({}, told(world, 5))
        world.host.set(worlds.BATTERY, "CV", 12)
        local list = told(world, 1)
        assert.equal(1, #list)
        assert.equal(12, list[1].value)
        assert.equal("V", list[1].unit)
    end)

    -- Fault: a program cannot tell a value that is not there from a 0, nor an old one from a measured one
    -- Expected: no data is null; what is old is the last value with the state stale or offline
    it("tells no data and old values apart", function()
        local world = watch { json = true }
        told(world, 5)
        world.host.set(worlds.BATTERY, "CV", nil)
        local none = line_of(told(world, 1), worlds.BATTERY, "CV")
        assert.equal(null, none.value)
        assert.equal("V", none.unit)
        assert.equal("fresh", none.state)
        local list = told(world, 3600)
        local charge = line_of(list, worlds.BATTERY, "BATLVL")
        assert.equal(87.5, charge.value)
        assert.equal("offline", charge.state)
        local states = {}
        for _, line in ipairs(list) do
            local is_charge = line.node == worlds.BATTERY and line.driver == "BATLVL"
            if is_charge then states[#states + 1] = line.state end
        end
        assert.same({ "stale", "offline" }, states)
        assert.is_false(world.zero)
    end)

    it("keeps JSON whole whatever a name holds", function()
        local world = watch { json = true }
        told(world, 5)
        world.nodes[worlds.BATTERY].name = 'a"b\\c\n\27d\xFF'
        world.host.set(worlds.BATTERY, "CV", 12)
        assert.equal('a"b\\c  d?', told(world, 1)[1].name)
    end)

    -- Fault: In a terminal a refused token is asked for in PG3's Configuration, which is not there.
    -- Expected: It says where it goes.
    it("has warnings and notices beside the lines, not among them", function()
        local world = watch { json = true, answer = function()
            return { status = 401, json = { success = false } }
        end }
        told(world, 30)
        local said = table.concat(world.complaints, "\n")
        assert.is_truthy(said:find("401", 1, true))
        assert.is_truthy(said:find("the file of --token-file, or into VICTRON_VRM_TOKEN", 1, true), said)
        assert.is_nil(said:find("Configuration", 1, true))
    end)

    -- Fault: The time of a recording leaps, and that is told as a PG3 that polls too seldom.
    -- Expected: Without PG3 nothing is said of its polls.
    it("says nothing of PG3's polls", function()
        local world = watch { json = true }
        told(world, 5)
        require("pg3.notices").polls(3600)
        told(world, 5)
        assert.same({}, world.complaints)
    end)

    -- Fault: What is wrong is said twice, by the notice and by the log.
    -- Expected: What the notice says is not said once more.
    it("says once what is wrong", function()
        local world = watch { json = true, given = { "liv=vrm" } }
        told(world, 30)
        assert.equal(1, #world.complaints, table.concat(world.complaints, "\n"))
        -- A notice that comes after the log goes on where that ended.
        local function fails() return nil, { kind = "network", text = "No way." } end
        world = watch { json = true, answer = fails }
        told(world, 60)
        assert.equal("No way.", world.complaints[1])
        assert.is_truthy(world.complaints[2]:find "^The plugin tries again by itself%. Since")
    end)

    it("--once tells everything once and leaves with 0", function()
        local world = watch { json = true, once = true }
        local list, seen = told(world, 30), {}
        assert.equal(0, world.code)
        assert.is_true(#list > 100 and #world.printed > 1)      -- many are told in more than one turn
        for _, line in ipairs(list) do
            local key = line.node .. "." .. line.driver
            assert.is_nil(seen[key], key)
            seen[key] = true
        end
        assert.equal("fresh", line_of(list, worlds.SOLAR, "GV30").state)
    end)

    it("is the same on a terminal", function()
        assert.is_true(#told(watch { json = true, terminal = true }, 5) > 20)
    end)
end)

--- A site that was heard of last so many seconds before.
local function aged(site, seconds)
    for _, row in ipairs(site.rows) do row.timestamp = row.timestamp - seconds end
    for _, device in ipairs(site.devices) do device.lastConnection = device.lastConnection - seconds end
    return site
end

describe("get", function()
    local function got(name, options)
        options = options or {}
        options.get = name
        local world = watch(options)
        world:run(options.seconds or 90)
        assert.same({}, world.errors)
        return table.concat(world.printed, "\n"), world.code, table.concat(world.complaints, "\n"), world
    end

    it("prints the number as soon as it is there and leaves with 0", function()
        local text, code, said = got(worlds.BATTERY .. ".BATLVL", { seconds = 1 })
        assert.equal("87.5", text)
        assert.equal(0, code)
        assert.equal("", said)
    end)

    it("prints a line of JSON with --json", function()
        local text = got(worlds.BATTERY .. ".BATLVL", { json = true })
        assert.equal(87.5, dkjson.decode(text).value)
    end)

    it("says that there is no data, with 3", function()
        local text, code, said = got(worlds.GATEWAY .. ".GV12")
        assert.equal("", text)
        assert.equal(3, code)
        assert.equal(worlds.GATEWAY .. ".GV12 has no data.", said)
    end)

    it("prints what is old, and says so, with 4", function()
        local text, code, said = got(worlds.BATTERY .. ".BATLVL",
            { sites = { [151734] = aged(fixtures.boat(), 86400) } })
        assert.equal("87.5", text)
        assert.equal(4, code)
        assert.is_truthy(said:find("is old (offline).", 1, true), said)
    end)

    it("says what is not there, with 1, and what is no name, with 2", function()
        local _, code, said = got("392u_bm999.ST")
        assert.equal(1, code)
        assert.is_truthy(said:find("there is no node 392u_bm999.", 1, true), said)
        _, code, said = got(worlds.BATTERY .. ".GV99")
        assert.equal(1, code)
        assert.is_truthy(said:find("has no driver GV99", 1, true), said)
        _, code, said = got(worlds.BATTERY .. ".batlvl")
        assert.equal(1, code)
        assert.is_truthy(said:find("has no driver batlvl. Did you mean BATLVL?", 1, true), said)
        _, code, said = got("battery")
        assert.equal(2, code)
        assert.is_truthy(said:find('"battery" is no NODE.DRIVER', 1, true), said)
    end)

    -- Fault: get says that there is no such node while VRM cannot be asked.
    -- Expected: that it is not known.
    it("does not say that a node is not there when VRM cannot be asked", function()
        local function bad() return { status = 502 } end
        local _, code, said = got(worlds.BATTERY .. ".ST", { answer = bad })
        assert.equal(1, code)
        assert.is_truthy(said:find(worlds.BATTERY .. " is not known: VRM cannot be asked.", 1, true), said)
    end)

    it("says why, when VRM refuses the token, and gives up after a minute of silence", function()
        local _, code, said = got(worlds.BATTERY .. ".ST", { answer = function() return { status = 401,
            json = { success = false } } end })
        assert.equal(1, code)
        assert.is_truthy(said:find("token", 1, true), said)
        _, code = got(worlds.BATTERY .. ".ST", { answer = function() return fake.wait(1000) end })
        assert.equal(1, code)
    end)
end)
