--- Devices that were replaced, and devices that have moved, told by their serials.

local fixtures = require "spec.fixtures.vrm"
local worlds = require "spec.support.worlds"

local BATTERY, GATEWAY = worlds.BATTERY, worlds.GATEWAY
local row = fixtures.row

after_each(function() _G.host = nil end)

local SITE = 151734

local function battery(instance, serial, extra)
    local rows = fixtures.battery(instance, extra)
    if serial then rows[#rows + 1] = row("battery", instance, "/Serial", "BSN", serial, extra) end
    return rows
end

local function rows_of(...)
    return fixtures.join(fixtures.system(), ...)
end

local function started(options)
    local site = fixtures.boat()
    site.rows = options.rows
    site.devices[1].machineSerialNumber = options.machine
    local world = worlds.new { sites = { [SITE] = site }, known = options.known,
                               devices = options.devices }
    world.now, world.saved = options.now or world.now, options.saved
    site.devices[1].lastConnection = world.now - 20
    for _, one in ipairs(site.rows) do one.timestamp = world.now - 20 end
    world:start()
    world:run(15)
    return world
end

--- PG3's long poll. The rows are of now, but for those of the silent instance.
--- The notice without its times and the page it names.
local function told(world)
    local notice = world.notices.devices
    return notice and (notice:gsub(" Since [%d-]+ [%d:]+%.", ""):gsub(" More: [^.]+%.md, [^.]+%.$", ""))
end

local function long_poll(world, rows, silent)
    local site = world.vrm.sites[SITE]
    world:run(silent and 600 or 120)
    if rows then site.rows = rows end
    for _, one in ipairs(site.rows) do
        if one.instance ~= silent then one.timestamp = world.now - 5 end
    end
    world:fire("longpoll")
    world:run(15)
    assert(#world.errors == 0, table.concat(world.errors, "\n"))
    return told(world)
end

--- Several of them -> the last notice.
local function long_polls(world, count, ...)
    for _ = 1, count do long_poll(world, ...) end
    return told(world)
end

local function restarted(before, rows)
    before:fire("stop")
    before:run(1)
    local known = {}
    for address, node in pairs(before.nodes) do
        known[#known + 1] = { address = address, name = node.name, type = node.type, primary = node.primary }
    end
    return started { rows = rows, known = known, saved = before.saved, now = before.now }
end

local REPLACED = "Boat: House bank was replaced by another device: its counters begin again. Its node is the"
    .. " same, and programs go on with it."
local MOVED = "Boat: House bank has moved from instance 288 to 289: it has a new node, 392u_bm289. Change"
    .. " programs to that node, or give the device its old instance in the GX; delete the old node,"
    .. " 392u_bm288, in PG3."

describe("a replaced device", function()
    -- Fault: A shunt is replaced by another of the same instance; counters jump back, and nobody knows why.
    -- Expected: The log, with both serials, and a notice for a day without them say so: once, also when
    --           the plugin was stopped meanwhile.
    it("is told once", function()
        local world = started { rows = rows_of(battery(288, "HQ2139AAAAA")) }
        assert.is_nil(long_polls(world, 2))
        assert.is_nil(long_poll(world, rows_of(battery(288, "HQ2224BBBBB"))))
        assert.equal(REPLACED, long_poll(world))
        local line = "(392u_bm288: serial HQ2224BBBBB in the place of HQ2139AAAAA)"
        assert.equal(1, #world:logged(line))
        long_polls(world, 3)
        assert.equal(1, #world:logged("was replaced"))
        world.now = world.now + 86400
        world:run(1)
        assert.is_nil(world.notices.devices)
    end)

    -- Fault: Where a system of two phases was, one of one phase has no power: the other phase is missed.
    -- Expected: What sums of the other device were made of is nothing of this one's.
    it("does not miss the phases of the other one", function()
        local function vebus(serial, second)
            local rows = { row("vebus", 257, "/Ac/Out/L1/P", "OP1", 300),
                           row("vebus", 257, "/Devices/0/SerialNumber", nil, serial) }
            rows[3] = second and row("vebus", 257, "/Ac/Out/L2/P", "OP2", second) or nil
            return rows_of(rows)
        end
        local world = started { rows = vebus("HQ2139AAAAA", 40) }
        long_polls(world, 2)
        assert.equal(340, world:value(worlds.INVERTER, "ST"))
        long_poll(world, vebus "HQ2224BBBBB")
        long_polls(world, 2)
        assert.equal(300, world:value(worlds.INVERTER, "ST"))
        world:run(60)
        assert.is_nil(world.saved.sums)                           -- nor of its phases' node
    end)

    -- Fault: A new grid meter has fed nothing in: what the old one had counted stayed, for one at 0 is not
    --        believed.
    -- Expected: Once it is known for another device, its meters are.
    it("is believed when it counts from 0", function()
        local function grid(serial, counted)
            return rows_of { row("grid", 30, "/Ac/Energy/Reverse", nil, counted),
                             row("grid", 30, "/Serial", nil, serial) }
        end
        local world = started { rows = grid("HQ2139AAAAA", 812),
                                devices = { "controller", "gateway", "grid" } }
        long_polls(world, 2)
        assert.equal(812, world:value("392u_gr30", "GV3"))
        long_poll(world, grid("HQ2224BBBBB", 0))
        assert.equal(812, world:value("392u_gr30", "GV3"))
        long_polls(world, 2)
        assert.equal(0, world:value("392u_gr30", "GV3"))
    end)

    it("is told when it was replaced while the plugin was stopped", function()
        local world = restarted(started { rows = rows_of(battery(288, "HQ2139AAAAA")) },
            rows_of(battery(288, "HQ2224BBBBB")))
        assert.equal(REPLACED, long_poll(world))
        world = restarted(world, rows_of(battery(288, "HQ2224BBBBB")))
        assert.is_nil(long_polls(world, 3))
    end)

    -- Fault: A GX device is replaced, and nothing says why some instances are others now.
    -- Expected: Its serial in VRM's list of devices tells it.
    it("may be the gateway", function()
        local world = started { rows = rows_of(battery(288)), machine = "HQ2139GGGGG" }
        world.vrm.sites[SITE].devices[1].machineSerialNumber = "HQ2224HHHHH"
        assert.equal("Boat: The GX device was replaced. Nodes and programs go on; see whether its devices"
            .. " have the same instances as before.", long_polls(world, 2))
        assert.equal(1, #world:logged("(" .. GATEWAY .. ": serial HQ2224HHHHH in the place of HQ2139GGGGG)"))
    end)

    -- Fault: A serial that is missing in an answer, or that is none, counts as another device.
    -- Expected: Only a serial that differs in two looks is another device.
    it("is not told of serials that are missing, none, or different once", function()
        local world = started { rows = rows_of(battery(288, "HQ2139AAAAA")) }
        for _ = 1, 3 do
            assert.is_nil(long_poll(world, rows_of(battery(288, "HQ2224BBBBB"))))
            assert.is_nil(long_poll(world, rows_of(battery(288, "HQ2139AAAAA"))))
        end
        for _, none in ipairs { "00000000", "0000", "123456789", "unknown", "-----", 0, "", false,
                                ("9A8B"):rep(20), "HQ\xff12345", { "x" } } do
            assert.is_nil(long_polls(world, 2, rows_of(battery(288, none))))
        end
        assert.is_nil(long_polls(world, 2, rows_of(battery(288))))
        assert.is_nil(long_polls(world, 2, rows_of(battery(288, "HQ2139AAAAA"))))
    end)

    it("is not told of two devices that VRM shows under one instance", function()
        local both = rows_of(battery(288, "HQ2139AAAAA"), battery(288, "HQ2224BBBBB"))
        local world = started { rows = rows_of(battery(288, "HQ2139AAAAA")) }
        assert.is_nil(long_polls(world, 4, both))
    end)

    it("has its serial under a code alone, or as a number", function()
        local function of(serial)
            return rows_of(fixtures.battery(288), { row("battery", 288, nil, "BSN", serial) })
        end
        local world = started { rows = of(100200300) }
        assert.equal(REPLACED, long_polls(world, 2, of("200300400")))
    end)

    it("is not told where there was no serial before", function()
        local world = started { rows = rows_of(battery(288)) }
        assert.is_nil(long_polls(world, 3, rows_of(battery(288, "HQ2139AAAAA"))))
        assert.same({ ["392u_bm"] = { ["288"] = "HQ2139AAAAA" } }, world.saved.serials)
    end)
end)

describe("a device that has moved", function()
    -- Fault: A device that was put to another port has a new node; programs go on to look at the dead one.
    -- Expected: The log and a notice name both nodes and what to do, once its old instance is silent.
    it("is told when its old instance is gone from VRM", function()
        local world = started { rows = rows_of(battery(288, "HQ2139AAAAA")) }
        assert.is_nil(long_poll(world, rows_of(battery(289, "HQ2139AAAAA"))))
        assert.equal(MOVED, long_poll(world))
        assert.equal(1, #world:logged("(serial HQ2139AAAAA)"))
        long_polls(world, 3)
        assert.equal(1, #world:logged("has moved"))
        assert.same({ ["392u_bm"] = { ["289"] = "HQ2139AAAAA" } }, world.saved.serials)
    end)

    it("is told when its old instance is only repeated by VRM, also over a restart", function()
        local both = rows_of(battery(288, "HQ2139AAAAA"), battery(289, "HQ2139AAAAA"))
        local world = started { rows = rows_of(battery(288, "HQ2139AAAAA")) }
        for _, one in ipairs(both) do one.timestamp = world.now - 5 end
        assert.is_nil(long_poll(world, both, 288))
        assert.equal(MOVED, long_polls(world, 3, nil, 288))
        long_polls(world, 3, nil, 288)
        assert.equal(1, #world:logged("has moved"))
        assert.equal(0, #world:logged("was replaced"))
    end)

    it("is told when it moved while the plugin was stopped, and another took its place", function()
        local world = restarted(started { rows = rows_of(battery(288, "HQ2139AAAAA")) },
            rows_of(battery(288, "HQ2224BBBBB"), battery(289, "HQ2139AAAAA")))
        local notice = long_polls(world, 2)
        assert.truthy(notice:find(REPLACED, 1, true), notice)
        assert.truthy(notice:find(MOVED, 1, true), notice)
    end)

    -- Fault: Two cheap devices with one serial count as one that moves to and fro.
    -- Expected: Devices that send side by side are two, also when one of them is gone later.
    it("is not told of two devices with one serial", function()
        local both = rows_of(battery(288, "HQ2139AAAAA"), battery(289, "HQ2139AAAAA"))
        local world = started { rows = both }
        assert.is_nil(long_polls(world, 3))
        assert.is_nil(long_polls(world, 6, nil, 288))
        world = started { rows = rows_of(battery(288, "HQ2139AAAAA")) }
        assert.is_nil(long_polls(world, 3, both))
        assert.is_nil(long_polls(world, 6, nil, 288))
        local three = rows_of(battery(288, "HQ2139AAAAA"), battery(289, "HQ2139AAAAA"),
            battery(290, "HQ2139AAAAA"))
        assert.is_nil(long_polls(world, 6, three, 288))
    end)

    it("is not told of one with another service, or in another installation", function()
        local charger = { row("solarcharger", 289, "/Yield/Power", "PVP", 5),
                          row("solarcharger", 289, "/Serial", "ScSN", "HQ2139AAAAA") }
        local world = started { rows = rows_of(battery(288, "HQ2139AAAAA")) }
        assert.is_nil(long_polls(world, 4, rows_of(charger)))
    end)

    it("survives nonsense in the record", function()
        for _, kept in ipairs { "text", { a = 5 }, { ["392u_bm"] = { ["288"] = {} } },
                                { ["?"] = { x = "HQ1234" } } } do
            local world = started { rows = rows_of(battery(288, "HQ2139AAAAA")),
                                    saved = { state = {}, serials = kept } }
            assert.is_nil(long_polls(world, 2))
            assert.same({ ["288"] = "HQ2139AAAAA" }, world.saved.serials["392u_bm"])
        end
    end)
end)

it("many devices that were replaced are one notice of a few lines", function()
    local before, after = {}, {}
    for i = 1, 7 do
        before[#before + 1] = battery(300 + i, "HQ2139AAAA" .. i)
        after[#after + 1] = battery(300 + i, "HQ2224BBBB" .. i)
    end
    local world = started { rows = rows_of(table.unpack(before)) }
    local notice = long_polls(world, 2, rows_of(table.unpack(after)))
    local _, lines = notice:gsub("was replaced", "")
    assert.equal(3, lines)
    assert.truthy(notice:find("Earlier ones, 4, are in the log.", 1, true))
    assert.equal(7, #world:logged("was replaced"))
    assert.is_nil(notice:find("HQ2", 1, true))
    assert.truthy(world.nodes[BATTERY] == nil)
end)
