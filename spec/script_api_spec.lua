--- What device scripts ask of main.lua, and what it allows them (scripts/serve/script_api.lua).

local assert = require "luassert"
local fake = require "spec.support.fake_host"

local world, script_api
local FILE, ID = "devices/loud.lua", 7

local function ask(what, ...) return world.handlers.script_asks(what, ID, FILE, ...) end

local function refused(...) return tostring(select(2, pcall(ask, ...))) end

before_each(function()
    world = fake.new {}
    script_api = require "serve.script_api"
    local type_ = { id = "LOUD", events = { { id = "DON" } }, drivers = {
        { id = "ST", label = "x", uom = 56, by_script = true, min = 0, max = 9 },
        { id = "GV0", label = "x", uom = 25, by_script = true, names = { [0] = "Off", [3] = "On" } },
        { id = "GV1", label = "x", uom = 56 } } }
    function script_api.type_at() return type_ end
    script_api.begin()
    world.host.declare(type_)
    assert(world.host.add { address = "n_1", type = "LOUD", name = "Loud", primary = "n_1" })
end)

describe("what a script asks", function()
    it("node:set takes what fits a row of the script's, else it is no data", function()
        ask("set", "n_1", "ST", 5)
        ask("set", "n_1", "GV0", 3.0)
        assert.equal(5, ask("get", "n_1", "ST"))
        assert.equal(3, ask("get", "n_1", "GV0"))
        ask("set", "n_1", "ST", 10)
        ask("set", "n_1", "GV0", 1)
        assert.is_nil(ask("get", "n_1", "ST"))
        assert.is_nil(ask("get", "n_1", "GV0"))
        assert.truthy(refused("set", "n_1", "GV1", 1):find("GV1 does not say by_script = true", 1, true))
        assert.truthy(refused("set", "n_1", "GV9", 1):find("has no driver GV9", 1, true))
        assert.truthy(refused("set", "n_1", "ST", {}):find("number expected, got table", 1, true))
    end)

    it("node:param has no secrets", function()
        world.params = { limit = "5", vrm_token = "a-long-secret" }
        world.host.mask("a-long-secret")
        assert.equal("5", ask("param", "n_1", "limit"))
        assert.is_nil(ask("param", "n_1", "vrm_token"))
    end)

    it("a field of a node is not set, and what is right is told", function()
        assert.truthy(refused("assign", "n_1", "ST"):find('node:set("ST", 5)', 1, true))
        assert.truthy(refused("assign", "n_1", "state"):find("node.state is a table", 1, true))
        assert.truthy(refused("assign", "n_1", "limit"):find("write node.state.limit", 1, true))
    end)
end)

describe("what a script may do", function()
    -- Fault: a script that prints without end fills the log
    -- Expected: 60 lines a minute; how many were left out is told, once
    it("is 60 lines a minute", function()
        for i = 1, 70 do ask("print", "line " .. i) end
        assert.equal(60, #world.lines)
        script_api.tell_left_out()
        script_api.tell_left_out()
        assert.equal(61, #world.lines)
        assert.truthy(world.lines[61].text:find("loud.lua: 10 more lines were left out", 1, true))
        ask("log", "n_1", "warning", "full")
        assert.same({ "warning", "n_1: full" }, { world.lines[62].level, world.lines[62].text })
    end)

    it("is 20 events at once, then one a second; of those that its table declares", function()
        for _ = 1, 20 do ask("event", "n_1", "DON") end
        assert.truthy(refused("event", "n_1", "DON"):find("20 events at once", 1, true))
        world:run(1)
        ask("event", "n_1", "DON")
        assert.truthy(refused("event", "n_1", "DON"):find("20 events at once", 1, true))
        assert.truthy(refused("event", "n_1", "DOF"):find("the event DOF is not declared", 1, true))
        assert.equal(21, #world.events)
    end)

    it("is five notices at once, and all scripts 30; they go with the script", function()
        for i = 1, 5 do ask("notice", "n_1", "k" .. i, "text") end
        for i = 1, 9 do ask("notice", "n_1", "k1", "text " .. i) end
        assert.truthy(refused("notice", "n_1", "k6", "text"):find("can show 5 notices at once", 1, true))
        assert.truthy(refused("notice", "n_1", "k 6", "text"):find("a key has no blanks", 1, true))
        ask("notice", "n_1", "k1")
        ask("notice", "n_1", "none")
        ask("notice", "n_1", "k6", "text")
        for id = 11, 15 do
            for i = 1, 5 do world.handlers.script_asks("notice", id, FILE, "n_" .. id, "k" .. i, "text") end
        end
        local ok, why = pcall(world.handlers.script_asks, "notice", 16, FILE, "n_1", "k", "text")
        assert.is_false(ok)
        assert.truthy(why:find("all scripts together can show 30 notices", 1, true))
        world.handlers.script_ended(ID)
        assert.is_nil(world.notices.n_1_k6)
        assert.truthy(world.notices.n_11_k1)
        world.handlers.script_asks("notice", 16, FILE, "n_1", "k", "text")
        assert.truthy(world.notices.n_1_k)
    end)
end)
