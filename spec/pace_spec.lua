--- How many live values are shown, and which first: model/pace.lua alone, on a clock that is a number.

local WATT, VOLT = { name = "watt" }, { name = "volt" }

--- Nodes with so many drivers of a unit each, and who shows them: world.values = { [driver] = number },
-- world.shown = list of { driver, value, at }.
local function world_of(nodes, drivers, unit)
    package.loaded["model.pace"] = nil
    local pace = require "model.pace"
    local world = { now = 1000, nodes = {}, values = {}, shown = {}, on_node = {}, pace = pace }
    for i = 1, nodes do
        local node = { address = "node" .. i, drivers = {}, home = {} }
        for k = 1, drivers do node.drivers[k] = { id = "GV" .. k, unit = unit } end
        world.nodes[i] = node
    end
    function world:tell(node, driver, value)
        self.values[driver] = value
        pace.wait_all({ node, driver }, self.now)
    end
    local function show(node, set)
        local told = 0
        for driver in pairs(set) do
            local value, before = world.values[driver], world.on_node[driver]
            if not pace.holds(node, driver, value, before, world.now) and value ~= before then
                world.on_node[driver], told = value, told + 1
                world.shown[#world.shown + 1] = { driver = driver, value = value, at = world.now }
            end
        end
        return told
    end
    function world:run(seconds)
        for _ = 1, seconds * 2 do
            pace.show(self.now, show)
            self.now = self.now + 0.5
        end
        return pace.show(self.now, show)
    end
    return world
end

local function shown_between(world, from, to)
    local count = 0
    for _, one in ipairs(world.shown) do
        if one.at >= from and one.at < to then count = count + 1 end
    end
    return count
end

describe("the pace of live values", function()
    it("is none where a person looks at them: all is shown as it comes", function()
        local world = world_of(30, 6, VOLT)
        world.pace.unlimited()
        for second = 1, 3 do
            for _, node in ipairs(world.nodes) do
                for _, driver in ipairs(node.drivers) do world:tell(node, driver, second) end
            end
            world:run(1)
        end
        assert.equal(3 * 30 * 6, #world.shown)
    end)

    -- Fault: thirty devices whose powers change all the time pass what PG3 hands the ISY.
    -- Expected: eight values a second of all together; each has its turn, and the last of each is shown.
    it("is eight a second of all nodes, in turns", function()
        local world = world_of(30, 4, WATT)
        local begin = world.now
        for second = 1, 120 do
            for i, node in ipairs(world.nodes) do
                for k, driver in ipairs(node.drivers) do world:tell(node, driver, 100 * second + i + k) end
            end
            world:run(1)
        end
        for from = begin, begin + 110, 10 do
            local count = shown_between(world, from, from + 10)
            assert.is_true(count >= 70 and count <= 8 * 10 + 24 + 5, count)
        end
        local oldest = {}
        for _, one in ipairs(world.shown) do oldest[one.driver] = one.at end
        for _, node in ipairs(world.nodes) do
            for _, driver in ipairs(node.drivers) do
                assert.is_true(world.now - oldest[driver] <= 20, world.now - oldest[driver])
            end
        end
        assert.is_nil(world:run(60))
        for driver, value in pairs(world.values) do assert.equal(value, world.on_node[driver]) end
    end)

    it("is five a second of one node", function()
        local world = world_of(1, 40, WATT)
        local begin = world.now
        for second = 1, 20 do
            for _, driver in ipairs(world.nodes[1].drivers) do
                world:tell(world.nodes[1], driver, 100 * second)
            end
            world:run(1)
        end
        local count = shown_between(world, begin, begin + 20)
        assert.is_true(count >= 80 and count <= 105, count)
    end)

    -- Fault: no memory is left while a node shows a value: it is out of the queue, and shows none again
    -- Expected: what comes after that is shown
    it("goes on after what shows a value has failed", function()
        local world = world_of(1, 1, WATT)
        local node, driver = world.nodes[1], world.nodes[1].drivers[1]
        world:tell(node, driver, 1000)
        assert.is_false(pcall(world.pace.show, world.now, function() error("no memory") end))
        world.now = world.now + 10
        world:tell(node, driver, 2000)
        assert.is_nil(world:run(3))
        assert.equal(2000, world.on_node[driver])
    end)

    -- Fault: a state waits behind hundreds of powers.
    -- Expected: it is shown at once; one that flaps, once a second.
    it("is at once for states, but for one that flaps", function()
        local world = world_of(30, 4, WATT)
        local state = { id = "ST", unit = WATT, names = {} }
        for second = 1, 30 do
            for _, node in ipairs(world.nodes) do
                for _, driver in ipairs(node.drivers) do world:tell(node, driver, 100 * second) end
            end
            world:run(1)
        end
        world:tell(world.nodes[30], state, 3)
        local told_at = world.now
        world:run(0.5)
        for _, one in ipairs(world.shown) do
            if one.driver == state then assert.equal(told_at, one.at) end
        end
        assert.equal(3, world.on_node[state])
        world:run(10)
        local begin = world.now
        for i = 1, 100 do
            world:tell(world.nodes[30], state, i)
            world.now = world.now - 0.4
            world:run(0.5)
        end
        local count = 0
        for _, one in ipairs(world.shown) do
            if one.driver == state and one.at > begin then count = count + 1 end
        end
        assert.is_true(count >= 5 and count <= 11, count)
        world:run(2)
        assert.equal(100, world.on_node[state])
    end)

    it("takes what is more than a trifle out of the long pause", function()
        local world = world_of(1, 1, WATT)
        local node, driver = world.nodes[1], world.nodes[1].drivers[1]
        world:tell(node, driver, 1000)
        world:run(3)
        world:tell(node, driver, 1009)
        world:run(3)
        assert.equal(1000, world.on_node[driver])
        world:tell(node, driver, 1011)
        world:run(3)
        assert.equal(1011, world.on_node[driver])
        world:tell(node, driver, 1012)
        assert.is_nil(world:run(31))
        assert.equal(1012, world.on_node[driver])
    end)

    it("of a voltage is once in half a minute", function()
        local world = world_of(1, 1, VOLT)
        local node, driver = world.nodes[1], world.nodes[1].drivers[1]
        for second = 1, 59 do
            world:tell(node, driver, second)
            world:run(1)
        end
        assert.equal(2, #world.shown)
        world:tell(node, driver, 99)
        world:run(31)
        assert.equal(99, world.on_node[driver])
    end)

    it("is nothing for a node whose values were shown by an answer", function()
        local world = world_of(1, 2, WATT)
        world:tell(world.nodes[1], world.nodes[1].drivers[1], 5)
        world.pace.clear(world.nodes[1])
        assert.is_nil(world:run(5))
        assert.same({}, world.shown)
    end)
end)
