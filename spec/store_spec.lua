--- What is known of an installation, and that only what is new of it is worked out.

local fake = require "spec.support.fake_host"
local discovery = require "model.discovery"
local fixtures = require "spec.fixtures.vrm"
local diagnostics = require "types.diagnostics"
local store = require "model.store"
local worlds = require "spec.support.worlds"

local BATTERY, INVERTER = worlds.BATTERY, worlds.INVERTER
local row, NOW = fixtures.row, fixtures.NOW
local TYPE = { name = "Battery", keys = { ["/Soc"] = true }, parts = {} }

after_each(function() _G.host = nil end)

--- Rows as an answer has them: { path, code, value [, timestamp] } of battery 288.
local function rows_of(list)
    local rows = {}
    for i, one in ipairs(list) do
        rows[i] = diagnostics.row(row("battery", 288, one[1], one[2], one[3], { timestamp = one[4],
            idDataAttribute = 100 + i }))
    end
    return rows
end

--- A store with these rows, all of which was shown -> store, the battery's home.
local function shown(list)
    local known = store.new()
    known:sort(rows_of(list), {}, function() return TYPE end)
    for home in known:each() do
        assert.is_true(store.is_new(home))
        store.was_shown(home)
    end
    return known, known.devices[1]
end

local function changed(home)
    local keys = {}
    for key in pairs(home.changed) do keys[#keys + 1] = key end
    table.sort(keys)
    return table.concat(keys, " ")
end

describe("the store", function()
    local SOME = { { "/Soc", "SOC", 80 }, { "/Dc/0/Voltage", "V", 12.5 }, { "/State", "s", 9 } }

    it("finds nothing new in an answer of the same rows", function()
        local known, home = shown(SOME)
        assert.is_true(known:take(rows_of(SOME)))
        assert.is_false(store.is_new(home))
        assert.equal(80, home.rows["/Soc"].value)
    end)

    it("notes the keys of a row that is another", function()
        local known, home = shown(SOME)
        assert.is_true(known:take(rows_of { SOME[1], { "/Dc/0/Voltage", "V", 12.6 }, SOME[3] }))
        assert.equal("/Dc/0/Voltage V", changed(home))
        assert.equal(12.6, home.rows.V.value)
        store.was_shown(home)
        assert.is_false(store.is_new(home))
    end)

    it("notes a row whose time alone is another, for its age", function()
        local known, home = shown(SOME)
        assert.is_true(known:take(rows_of { SOME[1], SOME[2], { "/State", "s", 9, NOW + 60 } }))
        assert.equal("/State s", changed(home))
        assert.equal(NOW + 60, home.newest)
    end)

    -- Fault: a gateway's clock is put back; its old data counts as fresh until the rows are sorted anew.
    -- Expected: the newest time is that of the rows there are.
    it("knows the newest time also when stamps go back", function()
        local known, home = shown { { "/Soc", "SOC", 80, NOW }, { "/State", "s", 9, NOW - 60 } }
        known:take(rows_of { { "/Soc", "SOC", 80, NOW - 900 }, { "/State", "s", 9, NOW - 60 } })
        assert.equal(NOW - 60, home.newest)
        known:take(rows_of { { "/Soc", "SOC", 80, NOW - 900 }, { "/State", "s", 9, NOW - 900 } })
        assert.equal(NOW - 900, home.newest)
    end)

    it("keeps what is new until it was shown", function()
        local known, home = shown(SOME)
        known:take(rows_of { { "/Soc", "SOC", 81 }, SOME[2], SOME[3] })
        known:take(rows_of { { "/Soc", "SOC", 81 }, SOME[2], { "/State", "s", 3 } })
        assert.equal("/Soc /State SOC s", changed(home))
    end)

    for what, list in pairs {
        ["a row more"] = { SOME[1], SOME[2], SOME[3], { "/Alarms/LowSoc", "ASoc", 0 } },
        ["a row less"] = { SOME[1], SOME[2] },
        ["another row in a place"] = { SOME[1], SOME[3], SOME[2] },
        ["no rows"] = {},
    } do
        it("leaves an answer with " .. what .. " to be sorted, and is what it was", function()
            local known, home = shown(SOME)
            assert.is_false(known:take(rows_of(list)))
            assert.equal(12.5, home.rows["/Dc/0/Voltage"].value)
            assert.is_false(store.is_new(home))
        end)
    end

    -- Fault: of two rows with one code the older is shown once it has changed.
    -- Expected: the newest is shown, whichever of them changed.
    it("shows the newest of rows with one key, whichever changes", function()
        local known, home = shown { { "/A", "c", 1, NOW }, { "/B", "c", 2, NOW - 100 } }
        assert.equal(1, home.rows.c.value)
        known:take(rows_of { { "/A", "c", 1, NOW }, { "/B", "c", 3, NOW - 50 } })
        assert.equal(1, home.rows.c.value)
        known:take(rows_of { { "/A", "c", 1, NOW }, { "/B", "c", 4, NOW + 50 } })
        assert.equal(4, home.rows.c.value)
        assert.equal(1, home.rows["/A"].value)
        known:take(rows_of { { "/A", "c", 5, NOW + 10 }, { "/B", "c", 4, NOW + 50 } })
        assert.equal(4, home.rows.c.value)
        assert.truthy(home.changed.c)
    end)

    it("sorts a row without a service to the device whose type names it, also when it changes", function()
        local type_ = { name = "Solar", keys = { ScW = true }, parts = {} }
        local function answer(watts)
            return { diagnostics.row(row("solarcharger", 256, "/Yield/Power", "PVP", 100,
                         { idDataAttribute = 1 })),
                     diagnostics.row(row(nil, 256, nil, "ScW", watts, { idDataAttribute = 2 })) }
        end
        local first = answer(55)
        local known = store.new()
        known:sort(first, {}, function() return type_ end)
        assert.is_true(known:take(answer(66)))
        assert.equal(66, known.devices[1].rows.ScW.value)
        assert.is_nil(known.gateway.rows.ScW)
    end)

    it("has no home for a row that names a device's service and no instance", function()
        local known = store.new()
        local function answer(percent)
            return { diagnostics.row { dbusServiceType = "battery", dbusPath = "/Soc", rawValue = percent } }
        end
        known:sort(answer(1), {}, function() return TYPE end)
        assert.same({}, known.devices)
        assert.is_true(known:take(answer(2)))
    end)
end)

describe("an answer of VRM", function()
    local function set_since(world, count)
        local list = {}
        for i = count + 1, #world.sets do
            if world.sets[i].address ~= "controller" then
                list[#list + 1] = world.sets[i].address .. " " .. world.sets[i].driver
            end
        end
        table.sort(list)
        return list
    end

    it("that is the same as before sets no value", function()
        local world = worlds.started()
        local before = #world.sets
        world:fire("shortpoll")
        world:run(1)
        assert.same({}, set_since(world, before))
    end)

    it("with one other value sets that and its time", function()
        local world = worlds.started()
        local before = #world.sets
        for _, one in ipairs(world.vrm.sites[151734].rows) do
            if one.dbusServiceType == "vebus" and one.dbusPath == "/State" then one.rawValue = 5 end
        end
        world:fire("shortpoll")
        world:run(1)
        assert.same({ INVERTER .. " GV0" }, set_since(world, before))
        assert.equal(5, world:value(INVERTER, "GV0"))
    end)

    -- Fault: after an outage nodes stay offline, for VRM has nothing new to say.
    -- Expected: they are fresh again with the first answer, with the values they had.
    it("after an outage makes nodes fresh again though nothing of it is new", function()
        local world = worlds.started()
        world.vrm.fail[worlds.DIAGNOSTICS] = { status = 500 }
        world:fire("shortpoll")
        world:run(10)
        assert.equal(3, world:value(BATTERY, "GV30"))
        world.vrm.fail = {}
        world:fire("shortpoll")
        world:run(15)
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal(87.5, world:value(BATTERY, "ST"))
        assert.is_false(world.nodes[BATTERY].stale)
    end)

    it("does not make devices look for their type again", function()
        local calls = 0
        local script = { file = "persist/scripts/x.lua", name = "x", table = fake.load_text([[
            return { api = 2, id = "MYX", name = "X", match = function(found) return nil end,
                { "ST", unit.watt, "Power", "/P" } }]], "x") }
        script.table.match = function() calls = calls + 1 end
        local world = worlds.started { extra_scripts = { script } }
        local before = calls
        assert.is_true(before > 0)
        worlds.next_poll(world)
        assert.equal(before, calls)
        world:fire("discover")
        world:run(1)
        assert.is_true(calls > before)
    end)
end)

describe("data", function()
    -- Fault: nobody polls, VRM and PG3 are silent, and values of an hour ago count as fresh.
    -- Expected: time alone makes them stale and offline, when they become so.
    it("grows old when nobody polls", function()
        local world = worlds.started()                      -- rows of 35 s ago, logged each 60 s
        world:run(204)
        assert.equal(1, world:value(BATTERY, "GV30"))
        world:run(3)
        assert.equal(2, world:value(BATTERY, "GV30"))
        world:run(957)
        assert.equal(2, world:value(BATTERY, "GV30"))
        world:run(5)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.equal(0, world:value(worlds.GATEWAY, "ST"))
    end)

    it("is not looked after once it is offline", function()
        local world = worlds.started()
        world:run(3000)
        local timers = 0
        for _ in pairs(world.timers) do timers = timers + 1 end
        world:run(3000)
        local later = 0
        for _ in pairs(world.timers) do later = later + 1 end
        assert.equal(timers, later)
    end)
end)

describe("rows of a home", function()
    it("are found by VRM's number of the attribute where its type asks for that", function()
        local type_ = { name = "X", keys = { ["#521"] = true }, numbered = true }
        local devices = discovery.devices({ diagnostics.row(row("solarcharger", 1, nil, "tmp", 41,
            { idDataAttribute = 521 })), diagnostics.row(row("solarcharger", 1, nil, "x", 42,
            { idDataAttribute = 522 })) }, {}, function() return type_ end)
        assert.equal(41, devices[1].rows["#521"].value)
        assert.is_nil(devices[1].rows["#522"])
    end)
end)

describe("a request", function()
    local function priorities(world, from)
        local list = {}
        for i = from + 1, #world.requests do
            local request = world.requests[i]
            list[#list + 1] = request.priority .. " " .. request.path:match("([%w-]+)[^/]*$")
        end
        return list
    end

    it("of the user comes before what was begun, and that before what is begun", function()
        local world = worlds.started()
        assert.same({ "2 me", "2 installations", "0 system-overview", "1 diagnostics" }, priorities(world, 0))
        local count = #world.requests
        world:fire("query", BATTERY, "1")
        world:run(1)
        assert.same({ "2 diagnostics" }, priorities(world, count))
        count = #world.requests
        world:fire("shortpoll")
        world:run(15)
        assert.same({ "1 diagnostics" }, priorities(world, count))
    end)
end)
