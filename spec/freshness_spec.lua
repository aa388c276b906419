--- How old data is, by device: VRM's signs of life, stamps that move, the logging interval.

local fixtures = require "spec.fixtures.vrm"
local freshness = require "model.freshness"
local worlds = require "spec.support.worlds"

local BATTERY, SOLAR, GATEWAY = worlds.BATTERY, worlds.SOLAR, worlds.GATEWAY
local CELLS = BATTERY .. "c"
local row, NOW, SITE = fixtures.row, fixtures.NOW, 151734
local FRESH, STALE, OFFLINE = freshness.FRESH, freshness.STALE, freshness.OFFLINE

--- A world of one boat whose gateway's clock is wrong by so many seconds, some rows changed by fn.
local function boat(wrong, fn)
    local site = fixtures.boat()
    for _, one in ipairs(site.rows) do
        if one.timestamp == NOW - 20 then one.timestamp = one.timestamp + wrong end
    end
    if fn then fn(site) end
    return site
end

local function started(site) return worlds.started { sites = { [SITE] = site } } end

--- Two minutes pass and PG3 polls; moving: the gateway logs meanwhile (all rows of today, or those accepted).
local function poll(world, moving, accept)
    world:run(119)
    for _, one in ipairs(world.vrm.sites[SITE].rows) do
        if moving and one.timestamp > NOW - 86400 and (not accept or accept(one)) then
            one.timestamp = one.timestamp + 120
        end
    end
    world:fire("shortpoll")
    world:run(1)
    assert.same({}, world.errors)
end

local function states(world, address)
    local list = {}
    for _, set in ipairs(world.sets) do
        if set.address == address and set.driver == "GV30" then list[#list + 1] = set.value end
    end
    return list
end

local function last_connection(site, value)
    for _, one in ipairs(site.devices) do one.lastConnection = value end
end

describe("a gateway whose clock is wrong", function()
    for _, wrong in ipairs { -7200, -620, -300, 3600, 86400, 400 * 86400 } do
        -- Fault: a gateway's clock is wrong by minutes or hours: data that flows is stale for ever.
        -- Expected: it is fresh from the first answer on, for VRM says that the gateway is connected.
        it("has fresh data from the start: " .. wrong .. " s", function()
            local world = started(boat(wrong))
            for _ = 1, 12 do poll(world, true) end
            assert.same({ { FRESH }, { FRESH } }, { states(world, BATTERY), states(world, GATEWAY) })
            assert.equal(87.5, world:value(BATTERY, "ST"))
            assert.same({ 1, 3 }, { world:value(GATEWAY, "ST"), world:value(GATEWAY, "GV2") })
            assert.is_true(math.abs(world.now - world:value(BATTERY, "TIME")) < 200)
            assert.is_nil(world:value(GATEWAY, "GV18"))         -- how late it comes nobody knows
        end)

        -- Fault: a gateway whose clock was an hour ahead fell silent: its data is fresh for that hour.
        -- Expected: it grows old from when it was heard of last.
        it("grows old when it falls silent: " .. wrong .. " s", function()
            local world = started(boat(wrong))
            for _ = 1, 3 do poll(world, true) end
            assert.equal(FRESH, world:value(BATTERY, "GV30"))
            for _ = 1, 2 do poll(world) end
            assert.equal(STALE, world:value(BATTERY, "GV30"))
            for _ = 1, 9 do poll(world) end
            assert.same({ OFFLINE, OFFLINE, 0 }, { world:value(BATTERY, "GV30"),
                world:value(GATEWAY, "GV30"), world:value(GATEWAY, "ST") })
        end)

        -- Fault: where VRM does not tell when a gateway was connected, its wrong clock makes its data old.
        -- Expected: stamps that move between two answers are a sign of life as well.
        it("has fresh data when its stamps move, whatever VRM says: " .. wrong .. " s", function()
            local site = boat(wrong)
            last_connection(site, false)
            local world = started(site)
            for _ = 1, 12 do poll(world, true) end
            assert.equal(FRESH, world:value(BATTERY, "GV30"))
            assert.equal(FRESH, states(world, BATTERY)[wrong < 0 and 2 or 1])
            assert.is_true(#states(world, BATTERY) <= 2)
        end)
    end

    it("and that logs each quarter of an hour has fresh data between its logs", function()
        for _, wrong in ipairs { -7200, 7200 } do
            local site = boat(wrong)
            site.devices[1].loggingInterval = 900
            local world = started(site)
            for i = 1, 40 do
                if i % 8 == 0 then
                    for _, one in ipairs(site.rows) do
                        if one.timestamp > NOW - 86400 then one.timestamp = one.timestamp + 960 end
                    end
                end
                poll(world)
            end
            assert.same({ FRESH }, states(world, BATTERY))
            for _ = 1, 16 do poll(world) end
            assert.equal(STALE, world:value(BATTERY, "GV30"))
        end
    end)

    -- Fault: with a gateway's clock behind, the yield of today is no data for long after midnight.
    -- Expected: the day of a row is that of VRM's clock.
    it("does not make values of today ones of yesterday", function()
        local midnight = NOW - NOW % 86400
        for _, case in ipairs { { -20 * 3600, 1.2 }, { 0, 1.2 }, { 20 * 3600, 1.2 } } do
            local site = boat(case[1], function(site)
                site.timezone = "UTC"
                site.rows[#site.rows + 1] = row("solarcharger", 256, "/History/Daily/0/Yield", "YT", 1.2,
                    { timestamp = NOW - 20 + case[1] })
                site.rows[#site.rows + 1] = row("solarcharger", 256, "/History/Daily/1/Yield", "YY", 3.4,
                    { timestamp = midnight - 600 + case[1] })
            end)
            local world = started(site)
            assert.equal(case[2], world:value(SOLAR, "GV3"))
            assert.is_nil(world:value(SOLAR, "GV5"))
        end
    end)

    it("and is set right has fresh data all along", function()
        for _, wrong in ipairs { -3600, 3600 } do
            local site = boat(wrong)
            local world = started(site)
            poll(world, true)
            for _, one in ipairs(site.rows) do
                if one.timestamp > NOW - 86400 then one.timestamp = one.timestamp - wrong end
            end
            for _ = 1, 5 do poll(world, true) end
            assert.same({ FRESH }, states(world, BATTERY))
        end
    end)

    it("because it was put back has fresh data again with the next answer", function()
        local site = boat(0)
        local world = started(site)
        poll(world, true)
        for _, one in ipairs(site.rows) do
            if one.timestamp > NOW - 86400 then one.timestamp = one.timestamp - 3600 end
        end
        poll(world, true)
        for _ = 1, 3 do
            poll(world, true)
            assert.equal(FRESH, world:value(BATTERY, "GV30"))
        end
    end)

    -- Fault: a device's last values come with older stamps (from another of VRM's servers): it seems to live.
    -- Expected: stamps that go back are no sign of life.
    it("is not supposed where stamps go back", function()
        local site = boat(0)
        local world = started(site)
        for _, one in ipairs(site.rows) do
            if one.timestamp > NOW - 86400 then one.timestamp = one.timestamp - 3600 end
        end
        poll(world)
        assert.equal(OFFLINE, world:value(BATTERY, "GV30"))
    end)

    -- Fault: while nobody can be asked, a wrong clock is forgotten; the first answer after that shows zeros.
    -- Expected: what was known of the clock stays.
    it("is known after an outage", function()
        local world = started(boat(-1000))
        for _ = 1, 3 do poll(world, true) end
        world.vrm.fail[worlds.DIAGNOSTICS] = { status = 500 }
        for _ = 1, 30 do poll(world, true) end
        world.vrm.fail = {}
        poll(world, true)
        assert.equal(FRESH, world:value(BATTERY, "GV30"))
    end)

    -- Fault: a gateway fell silent while VRM could not be asked: what it had logged before was Fresh after
    --        that.
    -- Expected: it is as old as it is; what was known of the clock stays.
    it("and fell silent during an outage is as old as it is", function()
        for _, wrong in ipairs { 0, -7200, 300, 7200 } do
            local world = started(boat(wrong))
            for _ = 1, 3 do poll(world, true) end
            world.vrm.fail["/diagnostics"] = { status = 500, json = {} }
            for turn = 1, 8 do poll(world, turn < 3) end
            world.vrm.fail = {}
            poll(world)
            world:run(60)
            assert.equal(STALE, world:value(BATTERY, "GV30"), wrong)
            assert.near(935, world.now - world:value(BATTERY, "TIME"), 60)
        end
    end)

    it("and was gone before the start is offline", function()
        for _, wrong in ipairs { -3600, 0, 3600 } do
            local site = boat(wrong - 3 * 86400)
            last_connection(site, NOW - 3 * 86400)
            assert.equal(OFFLINE, started(site):value(BATTERY, "GV30"))
        end
    end)

    -- Fault: a gateway was cut off for half an hour, and then sends what it logged meanwhile: values of then
    -- are fresh, for its clock counts as wrong.
    -- Expected: no clock goes so fast: they are as old as their stamps say, until it has sent the last ones.
    it("is not supposed while it sends what it logged when it was cut off", function()
        for _, wrong in ipairs { 0, -7200 } do
            local site = boat(wrong)
            local world = started(site)
            for _ = 1, 3 do poll(world, true) end
            for _ = 1, 14 do poll(world) end
            assert.same({ FRESH, STALE, OFFLINE }, states(world, BATTERY))
            for _, shown in ipairs { OFFLINE, STALE, STALE, FRESH, FRESH } do
                local most = shown == FRESH and world.now + 100 + wrong or math.huge
                for _, one in ipairs(site.rows) do
                    if one.timestamp > NOW - 86400 then
                        one.timestamp = math.min(one.timestamp + 600, most // 1)
                    end
                end
                poll(world)
                assert.equal(shown, world:value(BATTERY, "GV30"))
            end
        end
    end)

    -- Fault: VRM has a connection with a gateway that logs nothing more: its last values are fresh for ever.
    -- Expected: a connection tells nothing of the clock once stamps were seen; they grow old.
    it("is not supposed where it only logs nothing", function()
        local site = boat(0)
        local world = started(site)
        for i = 1, 15 do
            poll(world)
            site.devices[1].lastConnection = world.now - 5
            if i % 5 == 0 then world:fire("longpoll") end
        end
        world:run(1)
        assert.equal(OFFLINE, world:value(BATTERY, "GV30"))
        assert.equal(1, world:value(GATEWAY, "ST"))
    end)
end)

describe("a row of the future", function()
    for _, moving in ipairs { true, false } do
        for _, wrong in ipairs { 0, -620 } do
            -- Fault: one row has a stamp of tomorrow: all other values of its device are no data.
            -- Expected: they are shown, and the device is as fresh as they are.
            it("kills nothing: " .. wrong .. " s, " .. tostring(moving), function()
                local function is_late(one) return one.dbusPath == "/Dc/0/Temperature" end
                local site = boat(wrong, function(site)
                    for _, one in ipairs(site.rows) do
                        if is_late(one) then one.timestamp = NOW + 86400 end
                    end
                end)
                local world = started(site)
                for _ = 1, 12 do
                    poll(world, true, function(one) return moving or not is_late(one) end)
                end
                assert.same({ FRESH }, states(world, BATTERY))
                assert.same({ FRESH }, states(world, SOLAR))
                assert.same({ 87.5, 26.31 }, { world:value(BATTERY, "ST"), world:value(BATTERY, "CV") })
                assert.is_true(world:value(BATTERY, "TIME") <= world.now)
                for _ = 1, 2 do poll(world) end
                assert.equal(STALE, world:value(BATTERY, "GV30"))
            end)
        end
    end

    -- Fault: a device that was lost while the clock was ahead counts as fresh and alive until then.
    -- Expected: it grows old beside the others, also when its rows are sorted anew.
    it("of a device that is gone does not keep it fresh", function()
        local site = boat(0, function(site)
            for _, one in ipairs(site.rows) do
                if one.dbusServiceType == "solarcharger" then one.timestamp = NOW + 86400 end
            end
            site.devices[4].lastConnection = NOW - 86400
        end)
        local world = started(site)
        for i = 1, 15 do
            poll(world, true, function(one) return one.dbusServiceType ~= "solarcharger" end)
            if i % 5 == 0 then world:fire("longpoll") end
        end
        world:run(1)
        assert.same({ OFFLINE, FRESH, 2 }, { world:value(SOLAR, "GV30"), world:value(BATTERY, "GV30"),
            world:value(GATEWAY, "GV2") })
    end)
end)

describe("values that are logged when they change", function()
    local LONG_AGO = { timestamp = NOW - 9 * 3600 }

    -- Fault: cells, state of health and modules are no data after an hour without a change, and their node is
    -- stale.
    -- Expected: they live as long as their device.
    it("live as long as their device", function()
        local site = boat(0, function(site)
            for _, one in ipairs {
                row("battery", 288, "/Soh", "SOH", 99, LONG_AGO),
                row("battery", 288, "/System/MinCellVoltage", "mcV", 3.301, LONG_AGO),
                row("battery", 288, "/Voltages/Cell2", nil, 3.312, LONG_AGO),
                row("battery", 288, "/System/NrOfModulesOnline", nil, 4, LONG_AGO),
                row("battery", 288, "/Dc/1/Voltage", "VS", 12.9, LONG_AGO),
            } do site.rows[#site.rows + 1] = one end
        end)
        local world = started(site)
        for _ = 1, 3 do poll(world, true, function(one) return one.timestamp > NOW - 3600 end) end
        assert.same({ 99, 3.301, 3.312, 4 }, { world:value(BATTERY, "GV5"), world:value(CELLS, "ST"),
            world:value(CELLS, "GV6"), world:value(CELLS, "GV1") })
        assert.same({ { FRESH }, { FRESH } }, { states(world, CELLS), states(world, BATTERY) })
        assert.is_nil(world:value(BATTERY, "GV2"))      -- measured in each interval: only repeated
        for _ = 1, 2 do poll(world) end
        assert.equal(STALE, world:value(CELLS, "GV30"))
    end)

    -- Fault: an alarm that was logged once when it began counts no more an interval or ten later.
    -- Expected: it counts while its device lives, by its measurements or by VRM's word; not of a lost one.
    it("count as alarms while their device lives", function()
        local function generator(last)
            local site = boat(0, function(site)
                site.rows[#site.rows + 1] = row("battery", 288, "/Alarms/LowSoc", "ASoc", 2, LONG_AGO)
                site.rows[#site.rows + 1] = row("generator", 0, "/Alarms/ServiceIntervalExceeded", "gasr", 1,
                    LONG_AGO)
                site.devices[#site.devices + 1] = fixtures.device("Generator", 16, 0, "Generator start/stop")
                site.devices[#site.devices].lastConnection = last
            end)
            local world = started(site)
            for _ = 1, 12 do poll(world, true, function(one) return one.timestamp > NOW - 3600 end) end
            return { world:value(GATEWAY, "GV1"), world:value(GATEWAY, "GV2") }
        end
        assert.same({ 2, 4 }, generator(NOW - 20))
        assert.same({ 1, 3 }, generator(NOW - 40 * 86400))
        assert.same({ 1, 3 }, generator(false))
    end)

    -- Fault: a battery's measurements stop with an alarm; it does not count, for the battery is offline.
    -- Expected: an alarm that was logged lately counts.
    it("count as alarms while they are new, though the device measures nothing more", function()
        local site = boat(0, function(site)
            for _, one in ipairs(site.rows) do
                if one.dbusServiceType == "battery" then one.timestamp = NOW - 7200 end
            end
            site.devices[3].lastConnection = NOW - 7200
            site.rows[#site.rows + 1] = row("battery", 288, "/Alarms/BmsCable", "ABC", 2)
        end)
        local world = started(site)
        assert.same({ OFFLINE, 1, 3 }, { world:value(BATTERY, "GV30"), world:value(GATEWAY, "GV1"),
            world:value(GATEWAY, "GV0") })
    end)

    -- Fault: a device of which VRM gets a row only when it changes is stale between changes.
    -- Expected: it lives as long as VRM says that it is connected, and no longer than its gateway.
    it("are all that a device has: it lives as long as it is connected", function()
        local site = boat(0, function(site)
            for i = #site.rows, 1, -1 do
                if site.rows[i].dbusServiceType == "solarcharger" then table.remove(site.rows, i) end
            end
            site.rows[#site.rows + 1] = row("solarcharger", 256, "/State", "ScS", 3, LONG_AGO)
        end)
        local world = started(site)
        for _ = 1, 12 do poll(world, true, function(one) return one.timestamp > NOW - 3600 end) end
        assert.same({ FRESH }, states(world, SOLAR))
        for _ = 1, 12 do poll(world) end
        assert.equal(OFFLINE, world:value(SOLAR, "GV30"))
    end)
end)

describe("a gateway that was replaced", function()
    -- Fault: VRM goes on listing the GX device that was there before: beside it a gateway whose clock is
    --        wrong is offline, a device that fell silent is alive, and the logging interval is the old one's.
    -- Expected: the one that was connected last counts.
    it("is not looked at, before and behind the one that is there", function()
        for place = 1, 2 do
            local site, before = boat(-3600), fixtures.gateway(900)
            local tank = fixtures.device("Tank", 5, 20, "")
            before.lastConnection, tank.lastConnection = NOW - 90 * 86400, NOW - 30 * 86400
            table.insert(site.devices, place, before)
            site.devices[#site.devices + 1] = tank
            local world = started(site)
            assert.same({ FRESH, 60, 3 }, { world:value(BATTERY, "GV30"), world:value(GATEWAY, "GV16"),
                                            world:value(GATEWAY, "GV2") })
        end
    end)
end)

describe("a device that was never connected", function()
    -- Fault: devices that VRM lists and that never were connected count as alive.
    -- Expected: without rows and without a connection a device does not count.
    it("is not counted", function()
        local site = boat(0)
        for _, last in ipairs { false, "2019-05-01 10:00:00", "never", 0, NOW - 90 * 86400 } do
            local one = fixtures.device("Solar Charger", 4, 300 + #site.devices, "Old MPPT")
            one.lastConnection = last
            site.devices[#site.devices + 1] = one
        end
        site.devices[3].lastConnection = false          -- one with rows is alive, whatever VRM says
        assert.equal(3, started(site):value(GATEWAY, "GV2"))
    end)
end)
