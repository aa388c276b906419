local fake = require "spec.support.fake_host"
local worlds = require "spec.support.worlds"
local script_world = require "spec.support.script_world"
local fixtures = require "spec.fixtures.vrm"

local new, started, next_poll = worlds.new, worlds.started, worlds.next_poll
local BATTERY, DIAGNOSTICS, GATEWAY, INVERTER, SOLAR = worlds.BATTERY, worlds.DIAGNOSTICS, worlds.GATEWAY,
    worlds.INVERTER, worlds.SOLAR
local row = fixtures.row

after_each(function() _G.host = nil end)

describe("devices", function()
    it("of instance 0 and above 255, and several of a kind", function()
        local site = fixtures.boat()
        site.rows = fixtures.join(fixtures.battery(0), fixtures.battery(512), fixtures.battery(1),
            fixtures.vebus(276))
        local world = started { sites = { [151734] = site } }
        for _, address in ipairs { "392u_bm0", "392u_bm512", "392u_bm1", "392u_vb276" } do
            assert.truthy(world.nodes[address], address)
        end
        assert.equal(87.5, world:value("392u_bm0", "ST"))
    end)

    it("seen twice are one node with the newest value", function()
        local site = fixtures.boat()
        site.rows[#site.rows + 1] = row("battery", 288, "/Soc", "SOC", 11, { timestamp = fixtures.NOW - 500 })
        site.rows[#site.rows + 1] = row("battery", 288, "/Dc/0/Voltage", "V", 12.5,
            { timestamp = fixtures.NOW - 5 })
        local world = started { sites = { [151734] = site } }
        assert.equal(87.5, world:value(BATTERY, "ST"))
        assert.equal(12.5, world:value(BATTERY, "CV"))
    end)

    it("that disappear keep their node and go offline; when they return they are back", function()
        local world = started()
        local rows = world.vrm.sites[151734].rows
        world.vrm.sites[151734].rows = fixtures.join(fixtures.system(), fixtures.vebus(257))
        next_poll(world)
        next_poll(world)
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.is_true(world.nodes[BATTERY].stale)
        assert.equal(1, world:value(INVERTER, "GV30"))
        world.vrm.sites[151734].rows = rows
        world.vrm:refresh(120)
        next_poll(world)
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.is_false(world.nodes[BATTERY].stale)
    end)

    -- Fault: VRM left a battery out of one answer: it was lost with a charge of 0 %, and programs heard so.
    -- Expected: As with a value that is missing once: it is gone when the next answer lacks it, too. Whoever
    --           removes nodes in between does not lose it.
    it("that one answer lacks are as they were", function()
        local world = started()
        local site = world.vrm.sites[151734]
        local rows = site.rows
        local function next_of(list)
            site.rows = list
            for _, one in ipairs(list) do one.timestamp = world.now // 1 + 110 end
            next_poll(world, true)
            return { world:value(BATTERY, "GV30"), world.nodes[BATTERY].stale or false,
                     world:value(GATEWAY, "GV2"), #world:logged("reports LOST") }
        end
        local without = fixtures.join(fixtures.system(), fixtures.vebus(257), fixtures.solar(256))
        assert.same({ 1, false, 3, 0 }, next_of(without))
        world:fire("command", "controller", "CLEANUP", 1)
        world:run(1)
        assert.same({}, world.removed)
        assert.same({ 1, false, 3, 0 }, next_of(rows))
        assert.same({ 1, false, 3, 0 }, next_of(without))
        assert.same({ 3, true, 3, 1 }, next_of(without))
        assert.same({ 3, true, 3, 1 }, next_of(without))
        assert.same({ 1, false, 3, 1 }, next_of(rows))
    end)

    it("that PG3 does not take are in a notice within a minute, until it takes them", function()
        local world = started()
        world.refused = { { address = BATTERY, name = "House bank", why = "no room" } }
        world:run(60)
        assert.truthy(world.notices.refused:find("House bank</bdi> (" .. BATTERY .. "): no room.", 1, true))
        world.refused = {}
        world:run(60)
        assert.is_nil(world.notices.refused)
    end)

    -- Fault: A part whose rows were there without a number has no node until devices are looked for again.
    -- Expected: It has one with the first number, whether `when` narrows that or not.
    it("have further nodes as soon as there is a number for them", function()
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, { row("battery", 288, "/System/MinCellVoltage", "mcV"),
            row("vebus", 257, "/Ac/Out/L2/P", "OP2") })
        local world = started { sites = { [151734] = site } }
        assert.is_nil(world.nodes[BATTERY .. "c"])
        assert.is_nil(world.nodes[INVERTER .. "p"])
        site.rows[#site.rows - 1].rawValue, site.rows[#site.rows].rawValue = 3.31, 250
        next_poll(world)
        assert.equal(3.31, world:value(BATTERY .. "c", "ST"))
        assert.equal(250, world:value(INVERTER .. "p", "GV1"))
    end)

    it("that are new appear on the long poll and on DISCOVER", function()
        local world = started()
        local site = world.vrm.sites[151734]
        site.rows = fixtures.join(site.rows, fixtures.battery(289))
        next_poll(world)
        assert.is_nil(world.nodes["392u_bm289"])
        world:fire("discover")
        world:run(1)
        assert.equal("Battery Monitor", world.nodes["392u_bm289"].name)
        site.rows = fixtures.join(site.rows, fixtures.battery(290))
        world:fire("longpoll")
        world:run(15)
        assert.truthy(world.nodes["392u_bm290"])
        assert.equal(5, world:value("controller", "GV2"))
    end)

    it("PG3 knows and VRM does not are added again and shown offline", function()
        local world = started { known = {
            { address = "392u_bm7", name = "Old", type = "VICBATT", primary = GATEWAY, enabled = true },
            { address = "392u_bm8", name = "Disabled", type = "VICBATT", primary = GATEWAY, enabled = false },
            { address = "zzz_bm1", name = "Sold", type = "VICBATT", primary = "zzz_gw0", enabled = true },
            { address = "zzz_gw0", name = "Sold GX", type = "VICGW", primary = "zzz_gw0", enabled = true },
            { address = "controller", name = "Victron Energy", type = "VICCTRL", primary = "controller",
                enabled = true },
            { address = "other", name = "Not ours", type = "SOMETHING", primary = "other", enabled = true },
            { address = "392u_bm9", name = "Cerbo GX", type = "VICBATT", primary = GATEWAY, enabled = true },
            { address = BATTERY, name = "My bank", type = "VICBATT", primary = GATEWAY, enabled = true },
        } }
        for _, address in ipairs { "392u_bm7", "zzz_bm1", "zzz_gw0" } do
            assert.equal(3, world:value(address, "GV30"), address)
        end
        assert.equal("zzz_gw0", world.nodes["zzz_bm1"].primary)
        assert.is_nil(world.nodes["392u_bm8"])
        assert.is_nil(world.nodes.other)
        assert.equal("My bank", world.nodes[BATTERY].name)
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal(3, world:value("controller", "GV2"))
    end)

    -- Fault: A gateway that is no GX sends no D-Bus names: its devices have no nodes, and nothing tells it.
    -- Expected: Each has a node by VRM's own list of devices, with the values that its codes name; rows of
    --           what the list does not have make none.
    it("whose rows name no service are those of VRM's list", function()
        local function of(device, instance, code, value)
            return row(nil, instance, nil, code, value, { Device = device })
        end
        local battery, charger = "Battery Monitor", "Solar Charger"
        local world = started { sites = { [151734] = { name = "Mast", devices = {
            { name = "Gateway", productName = "GlobalLink 520", lastConnection = fixtures.NOW - 20 },
            fixtures.device(battery, 2, 1, "BMV-712 Smart", "Mast bank"),
            fixtures.device(charger, 4, 2, "SmartSolar MPPT 75-15"),
        }, rows = { of(battery, 1, "SOC", 78.5), of(battery, 1, "V", 12.71), of(charger, 2, "PVP", 41),
                    of(charger, 2, "V", 12.8), of("Tank", 3, "tl", 5), of(battery, 9, "SOC", 1) } } } }
        assert.equal("Mast bank", world.nodes["392u_bm1"].name)
        assert.same({ 78.5, 12.71, 41 }, { world:value("392u_bm1", "ST"), world:value("392u_bm1", "CV"),
                                           world:value("392u_sc2", "ST") })
        assert.same({ 2, 2 }, { world:value(GATEWAY, "GV2"), world:value("controller", "GV2") })
        world.vrm.sites[151734].rows[1].rawValue = 79
        for _ = 1, 2 do next_poll(world) end        -- it tells no logging interval: 15 minutes
        assert.equal(79, world:value("392u_bm1", "ST"))
    end)

    -- Fault: a device that the list gives no number of its type, or one that nobody knows, had no node.
    -- Expected: the name of the type tells it, too.
    it("whose rows name no service are known by the names of their types", function()
        local devices, rows = { fixtures.gateway() }, {}
        for i, one in ipairs { { "Battery Monitor", "SOC", 78.5 }, { "PV Inverter", "pP1", 612 },
                               { "solar charger", "PVP", 41 }, { "Charger", "c0V", 13.5 } } do
            devices[#devices + 1] = fixtures.device(one[1], i == 2 and 99 or nil, i, "")
            rows[i] = row(nil, i, nil, one[2], one[3], { Device = one[1] })
        end
        local world = started {
            sites = { [151734] = { name = "Mast", devices = devices, rows = rows } }, devices = fake.DEVICES }
        assert.same({ 78.5, 612, 41, 13.5 }, { world:value("392u_bm1", "ST"), world:value("392u_pv2", "ST"),
            world:value("392u_sc3", "ST"), world:value("392u_ch4", "CV") })
    end)

    it("with one address are told, and the first is added", function()
local services = require "types.services"
        local by_code, first, second = {}, nil, nil
        for n = 1, 1000 do
            local code = services.code("svc" .. n)
            if by_code[code] and not second then first, second = by_code[code], "svc" .. n end
            by_code[code] = by_code[code] or "svc" .. n
        end
        local text = ([[return { api = 2, id = "VICX", name = "X", match = { service = { "%s", "%s" } },
            { "ST", unit.watt, "Power", "/P" } }]]):format(first, second)
        local script = { file = "scripts/devices/x.lua", name = "x", table = fake.load_text(text, "x") }
        local site = fixtures.boat()
        site.rows = { row(first, 5, "/P", "p", 1), row(second, 5, "/P", "p", 2) }
        local world = started { sites = { [151734] = site }, extra_scripts = { script } }
        world:fire("longpoll")
        world:run(1)
        assert.equal(1, world:value(services.address(151734, first, 5), "ST"))
        assert.equal(1, #world:logged("would both be node"))
    end)

    it("PG3 refuses are told once and do not stop the others", function()
        local world = new()
        world.refuse = { [BATTERY] = "the address is taken" }
        world:start()
        next_poll(world)
        world:fire("longpoll")
        world:run(1)
        assert.equal(1, #world:logged("the address is taken"))
        assert.equal(212, world:value(SOLAR, "ST"))
    end)
end)

describe("freshness", function()
    it("goes from fresh to stale to offline when the gateway stops logging", function()
        local world = started()
        next_poll(world, true)
        assert.equal(1, world:value(BATTERY, "GV30"))           -- 140 s old
        next_poll(world, true)
        assert.equal(2, world:value(BATTERY, "GV30"))           -- 260 s old; the gateway logs each 60 s
        assert.is_true(world.nodes[BATTERY].stale)
        for _ = 1, 10 do next_poll(world, true) end
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.equal(0, world:value(GATEWAY, "ST"))
        assert.equal(1, world:value(GATEWAY, "GV3"))
        assert.equal(1, world:value("controller", "GV0"))
        world.vrm:refresh(12 * 120)
        next_poll(world)
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal(1, world:value(GATEWAY, "ST"))
    end)

    -- Fault: where only the gateway's own numbers are old, each poll shows it online and then offline.
    -- Expected: it is online while any device sends data; that its numbers are old is their data state.
    it("of the gateway's own numbers does not make it offline while devices send data", function()
        local site = fixtures.boat()
        for _, one in ipairs(site.rows) do
            if one.dbusServiceType == "system" then one.timestamp = fixtures.NOW - 86400 end
        end
        local world = started { sites = { [151734] = site } }
        next_poll(world)
        assert.equal(1, world:value(GATEWAY, "ST"))
        assert.equal(3, world:value(GATEWAY, "GV30"))
        for _, set in ipairs(world.sets) do
            if set.address == GATEWAY and set.driver == "ST" then assert.equal(1, set.value) end
        end
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    it("is not spoiled by attributes that are logged once in a while", function()
        local site = fixtures.boat()
        site.rows[#site.rows + 1] = row("battery", 288, "/History/ChargedEnergy", "H22", 120,
            { timestamp = 1600000000 })
        local world = started { sites = { [151734] = site } }
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal(120, world:value(BATTERY, "GV12"))
    end)

    it("of a dead device among living ones is offline, though VRM repeats its last values", function()
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, fixtures.solar(279, { timestamp = fixtures.NOW - 86400 * 400 }))
        local world = started { sites = { [151734] = site } }
        assert.equal(3, world:value("392u_sc279", "GV30"))
        assert.equal(1, world:value(SOLAR, "GV30"))
    end)

    it("counts 15 minutes as the interval if the gateway does not tell", function()
        for _, interval in ipairs { false, "none" } do
            local site = fixtures.boat()
            site.devices[1].loggingInterval = interval
            for _, one in ipairs(site.rows) do one.timestamp = fixtures.NOW - 1500 end
            local world = started { sites = { [151734] = site } }
            assert.equal(1, world:value(BATTERY, "GV30"))
            assert.equal(900, world:value(GATEWAY, "GV16"))
        end
    end)

    it("does not depend on this box's clock", function()
        for _, wrong in ipairs { -86400 * 365, 86400 * 365 } do
            local world = new()
            world.clock_error = wrong
            world:start()
            assert.equal(1, world:value(BATTERY, "GV30"))
            world.vrm.fail[DIAGNOSTICS] = { status = 500 }
            world:fire("shortpoll")
            world:run(1)
            assert.equal(1, world:value(BATTERY, "GV30"))
            world:run(300)
            assert.same({}, world.errors)
        end
    end)

    it("is that of the measurements shown, not of counters that came later", function()
        local site = fixtures.boat()
        local old = { timestamp = fixtures.NOW - 86400 }
        site.rows = fixtures.join(fixtures.system(), fixtures.battery(288, old),
            { row("battery", 288, "/History/ChargedEnergy", "H22", 120) })
        local world = started { sites = { [151734] = site } }
        assert.equal(3, world:value(BATTERY, "GV30"))
        assert.equal(fixtures.NOW - 86400, world:value(BATTERY, "TIME"))
    end)

    it("of a device that only has counters is judged by those", function()
        local site = fixtures.boat()
        local counter = row("battery", 288, "/History/ChargedEnergy", "H22", 120)
        site.rows = fixtures.join(fixtures.system(), { counter })
        local world = started { sites = { [151734] = site } }
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    it("of a device without any timestamps is that of its installation", function()
        local site = fixtures.boat()
        for _, record in ipairs(site.rows) do
            if record.dbusServiceType == "battery" then record.timestamp = 0 end
        end
        local world = started { sites = { [151734] = site } }
        for _ = 1, 3 do
            next_poll(world)
            assert.equal(1, world:value(BATTERY, "GV30"))
        end
    end)

    it("passes while VRM fails once", function()
        local world = started()
        world:run(300)
        world.vrm.fail[DIAGNOSTICS] = { status = 500 }
        world:fire("shortpoll")
        world:run(1)
        assert.equal(2, world:value(BATTERY, "GV30"))
    end)
end)

describe("the node of a part", function()
    local PHASES = INVERTER .. "p"

    local function second_phase(site, power)
        table.insert(site.rows, row("vebus", 257, "/Ac/Out/L2/P", "OP2", power))
    end

    it("is not there while VRM sends none of its rows", function()
        local world = started()
        assert.is_nil(world.nodes[PHASES])
        assert.is_nil(world.nodes[BATTERY .. "c"])
    end)

    it("appears with the first of its rows, under its device's primary, and then stays", function()
        local site = fixtures.boat()
        local world = started { sites = { [151734] = site } }
        second_phase(site, 13)
        next_poll(world)
        local node = world.nodes[PHASES]
        assert.same({ "VICVEBUSP", GATEWAY, "MultiPlus 12-3000-120-50 phases" },
            { node.type, node.primary, node.name })
        assert.same({ 1000, 987, 13, 1 }, { world:value(PHASES, "ST"), world:value(PHASES, "CPW"),
            world:value(PHASES, "GV1"), world:value(PHASES, "GV30") })
        assert.equal(1000, world:value(INVERTER, "ST"))
        table.remove(site.rows)
        next_poll(world)
        next_poll(world)
        assert.equal(987, world:value(PHASES, "CPW"))
        assert.is_nil(world:value(PHASES, "GV1"))
    end)

    it("is no device of its own", function()
        local site = fixtures.boat()
        local before = started():value("controller", "GV2")
        second_phase(site, 13)
        assert.equal(before, started({ sites = { [151734] = site } }):value("controller", "GV2"))
    end)

    it("that PG3 knows is there after a restart, also while VRM sends nothing of it", function()
        local world = started { known = {
            { address = PHASES, name = "Phases of mine", type = "VICVEBUSP", primary = GATEWAY,
              enabled = true },
        } }
        assert.equal("Phases of mine", world.nodes[PHASES].name)
        assert.equal(1, world:value(PHASES, "GV30"))
        assert.equal(987, world:value(PHASES, "CPW"))
    end)

    -- Fault: A device that PG3 knows comes back at a poll with rows of a part: its installation stops.
    -- Expected: The device and the part are shown.
    it("appears with a device that was away at the start", function()
        local site, away = fixtures.boat(), {}
        for i = #site.rows, 1, -1 do
            if site.rows[i].dbusServiceType == "vebus" then away[#away + 1] = table.remove(site.rows, i) end
        end
        local world = started { sites = { [151734] = site }, known = {
            { address = INVERTER, name = "Multi", type = "VICVEBUS", primary = GATEWAY, enabled = true } } }
        for _, record in ipairs(away) do table.insert(site.rows, record) end
        second_phase(site, 13)
        next_poll(world)
        assert.same({ 1, 987, 13 }, { world:value("controller", "GV0"), world:value(INVERTER, "ST") - 13,
            world:value(PHASES, "GV1") })
        assert.equal("Multi phases", world.nodes[PHASES].name)
    end)

    it("goes offline with its device", function()
        local site = fixtures.boat()
        second_phase(site, 13)
        local world = started { sites = { [151734] = site } }
        for i = #site.rows, 1, -1 do
            if site.rows[i].dbusServiceType == "vebus" then table.remove(site.rows, i) end
        end
        next_poll(world)
        next_poll(world)
        assert.same({ 3, 3 }, { world:value(INVERTER, "GV30"), world:value(PHASES, "GV30") })
    end)
end)

describe("measurements", function()
    local function record_of(site, path)
        for _, record in ipairs(site.rows) do
            if record.dbusPath == path then return record end
        end
    end

    it("that VRM only repeats are no data beside living ones; states and counters stay", function()
        local site = fixtures.boat()
        local long_ago = { timestamp = fixtures.NOW - 30 * 86400 }
        for _, record in ipairs {
            row("system", 0, "/Ac/Genset/L1/Power", "gs1", 3200, long_ago),
            row("vebus", 257, "/Ac/ActiveIn/L1/V", "IV1", 231, long_ago),
            row("battery", 288, "/TimeToGo", "TTG", 3.5, long_ago),
            row("battery", 288, "/Alarms/LowSoc", "ASoc", 2, long_ago),
            row("battery", 288, "/History/ChargeCycles", "H4", 212, long_ago),
        } do site.rows[#site.rows + 1] = record end
        local world = started { sites = { [151734] = site } }
        assert.is_nil(world:value(GATEWAY, "GV10"))
        assert.is_nil(world:value(INVERTER, "GV4"))
        assert.is_nil(world:value(BATTERY, "TIMEREM"))
        assert.same({ 2, 212 }, { world:value(BATTERY, "GV6"), world:value(BATTERY, "GV14") })
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    -- Fault: A monitor that lost its power did not know what was consumed; the Ah of before were shown for
    --        days, as fresh. A receiver without a fix was where it had been last.
    -- Expected: As all that is logged in each interval: what VRM only repeats is no data.
    it("that VRM only repeats are no data, also the Ah consumed and a position", function()
        local site = fixtures.boat()
        local long_ago = { timestamp = fixtures.NOW - 7200 }
        for _, record in ipairs {
            row("battery", 288, "/ConsumedAmphours", "CE", -35.1, long_ago),
            row("system", 0, "/Dc/Battery/ConsumedAmphours", "ba", -35.1, long_ago),
            row("solarcharger", 256, "/Equalization/TimeRemaining", "EqT", 3600, long_ago),
            row("gps", 0, "/Position/Latitude", "lt", 52.377956, long_ago),
            row("gps", 0, "/Position/Longitude", "lg", 4.89707, long_ago),
            row("gps", 0, "/NrOfSatellites", nil, 2), row("gps", 0, "/Fix", nil, 0),
        } do site.rows[#site.rows + 1] = record end
        local world = started { sites = { [151734] = site },
                                devices = { "gps", table.unpack(worlds.DEVICES) } }
        assert.same({}, { world:value(BATTERY, "GV1"), world:value(GATEWAY .. "d", "GV1"),
                          world:value(SOLAR, "GV17"), world:value("392u_gp0", "GV0"),
                          world:value("392u_gp0", "GV1") })
        assert.same({ 1, 2, 0 }, { world:value("392u_gp0", "GV30"), world:value("392u_gp0", "GV4"),
                                   world:value("392u_gp0", "ST") })
        for _, record in ipairs(site.rows) do record.timestamp = fixtures.NOW - 20 end
        world.vrm:refresh(120)
        next_poll(world)
        assert.same({ -35.1, -35.1, 3600 }, { world:value(BATTERY, "GV1"),
            world:value(GATEWAY .. "d", "GV1"), world:value(SOLAR, "GV17") })
        assert.equal(52.378, world:value("392u_gp0", "GV0"))
    end)

    -- Fault: a grid meter is dead without its grid; VRM repeats its last power, which was shown for an hour
    -- Expected: a value is lost when it is as far behind its device as a device that counts as offline
    it("that VRM repeats for twenty minutes are no data", function()
        local site = fixtures.boat()
        for phase, age in ipairs { 1180, 1300 } do
            site.rows[#site.rows + 1] = row("system", 0, ("/Ac/Grid/L%d/Power"):format(phase), "g" .. phase,
                500, { timestamp = fixtures.NOW - age })
        end
        local world = started { sites = { [151734] = site } }
        assert.equal(500, world:value(GATEWAY, "GV9"))          -- it never was that of two phases
        assert.same({ 500 }, { world:value(GATEWAY .. "p", "GV10"), world:value(GATEWAY .. "p", "GV11") })
    end)

    -- Fault: the power of an inverter that lost a phase was that of the other one
    -- Expected: it keeps its number for one answer, is no data then, and is back with the phase
    it("of several phases are whole or no data", function()
        local site = fixtures.boat()
        local second = row("vebus", 257, "/Ac/Out/L2/P", "OP2", 40)
        site.rows[#site.rows + 1] = second
        local world = started { sites = { [151734] = site } }
        local function next_one(power)
            second.rawValue = power
            next_poll(world)
            return world:value(INVERTER, "ST")
        end
        assert.equal(1027, world:value(INVERTER, "ST"))
        assert.equal(1027, next_one(nil))
        assert.is_nil(next_one(nil))
        assert.is_nil(next_one(nil))
        assert.equal(1017, next_one(30))
    end)

    -- Fault: the plugin was started anew while a phase was missing; the power of the other one was all of it.
    -- Expected: what sums were made of outlives a restart. A part that is gone for a week is not missed any
    --           more, and one that was never there is not.
    it("of several phases are whole or no data after a restart, too", function()
        local site = fixtures.boat()
        local second = row("vebus", 257, "/Ac/Out/L2/P", "OP2", 40)
        site.rows[#site.rows + 1] = second
        local world = started { sites = { [151734] = site } }
        next_poll(world)
        assert.equal(1027, world:value(INVERTER, "ST"))
        local function again(power, days)
            world:run(61)
            local options = { sites = { [151734] = site }, saved = world.saved, known = world.known }
            second.rawValue = power
            world = worlds.new(options)
            world.vrm:refresh(days * 86400)
            world.now = world.now + days * 86400
            world:start()
            world:run(15)
            return world:value(INVERTER, "ST")
        end
        assert.is_nil(again(nil, 0))
        next_poll(world)
        assert.is_nil(world:value(INVERTER, "ST"))
        assert.is_table(world.saved.sums[INVERTER .. "p"])            -- whose node comes with a second phase
        assert.equal(1017, again(30, 0))
        assert.is_nil(again(nil, 1))
        assert.is_nil(again(nil, 6))
        again(nil, 8)
        next_poll(world)
        assert.equal(987, world:value(INVERTER, "ST"))
    end)

    -- Fault: A gateway's clock was set by a year while a phase was missing: it was given up as one gone
    --        for a week, and the power of the other one was all of it.
    -- Expected: The week is one of the installation's days.
    it("of several phases are whole or no data when the gateway's clock is set, too", function()
        for _, set in ipairs { 365 * 86400, -365 * 86400 } do
            local site = fixtures.boat()
            local second = row("vebus", 257, "/Ac/Out/L2/P", "OP2", 40)
            site.rows[#site.rows + 1] = second
            for _, one in ipairs(site.rows) do one.timestamp = one.timestamp - set end
            local world = started { sites = { [151734] = site } }
            for _ = 1, 3 do next_poll(world) end
            second.rawValue = nil
            for _ = 1, 2 do next_poll(world) end
            assert.is_nil(world:value(INVERTER, "ST"))
            for _, one in ipairs(site.rows) do one.timestamp = one.timestamp + set end
            for _ = 1, 3 do next_poll(world) end
            assert.is_nil(world:value(INVERTER, "ST"))
            assert.equal(1, world:value(INVERTER, "GV30"))
        end
    end)

    -- Fault: a script was saved, or its device was away, while a phase was missing: it was not missed then.
    -- Expected: it is, until its node is gone; what is no node's is not kept.
    it("of several phases are whole or no data with another script, and after a time away", function()
        local MILL = [[return { api = 2, id = "MYMILL", name = "Windmill", match = { service = "windmill" },
            { "ST", unit.watt, "Power", sum = { "/Ac/{phase}/P" } } }]]
        local site, ADDRESS = fixtures.boat(), "392u_zl7"
        local before, second = site.rows, row("windmill", 7, "/Ac/L2/P", nil, 40)
        local all = fixtures.join(before, { row("windmill", 7, "/Ac/L1/P", nil, 300), second })
        local options = { sites = { [151734] = site }, files = { ["persist/scripts/windmill.lua"] = MILL } }
        local function start()
            local world = script_world.started(options)
            world:run(120)
            options.saved, options.known = world.saved, {}
            for address, node in pairs(world.nodes) do
                table.insert(options.known, { address = address, name = node.name, type = node.type,
                                              primary = node.primary })
            end
            return world
        end
        site.rows = all
        local world = start()
        assert.equal(340, world:value(ADDRESS, "ST"))
        second.rawValue = nil
        script_world.saved(world, "windmill", MILL:gsub("Windmill", "Mill"))
        next_poll(world)
        next_poll(world)
        assert.is_nil(world:value(ADDRESS, "ST"))
        site.rows = before
        options.saved.sums["392u_zl99"], options.saved.sums[BATTERY] = { ST = "11" }, 5
        assert.equal(87.5, start():value(BATTERY, "ST"))
        assert.is_nil(options.saved.sums["392u_zl99"])
        site.rows = all
        assert.is_nil(start():value(ADDRESS, "ST"))
    end)

    it("of an AC input follow the one that is active", function()
        local site = fixtures.boat()
        local active = row("multi", 5, "/Ac/ActiveIn/ActiveInput", "AI", 0)
        site.rows = fixtures.join(site.rows, { active, row("multi", 5, "/Ac/In/1/L1/P", "mi1", 120),
            row("multi", 5, "/Ac/In/2/L1/P", "mi2", 640) })
        local world = started { sites = { [151734] = site }, devices = fake.DEVICES }
        local rs
        for address, node in pairs(world.nodes) do
            if node.type == "VICMULTI" then rs = address end
        end
        assert.equal(120, world:value(rs, "GV3"))
        active.rawValue = 1
        next_poll(world)
        assert.equal(640, world:value(rs, "GV3"))
    end)

    -- Fault: a charger began, and for one answer more the battery had the time to go of before.
    -- Expected: that is no slip of VRM's: the current says that there is none.
    it("that count while another is negative go with it at once, and come back", function()
        local site = fixtures.boat()
        site.rows[#site.rows + 1] = row("battery", 288, "/TimeToGo", "TTG", 14, { formatWithUnit = "%.2F h" })
        local world = started { sites = { [151734] = site } }
        local function at(current)
            record_of(site, "/Dc/0/Current").rawValue = current
            next_poll(world)
            return world:value(BATTERY, "TIMEREM") or "no data"
        end
        assert.equal(14, world:value(BATTERY, "TIMEREM"))
        assert.same({ "no data", "no data", 14 }, { at(22), at(0), at(-3) })
    end)

    it("that are missing in one answer keep their value, in two are no data", function()
        local site = fixtures.boat()
        local world = started { sites = { [151734] = site } }
        record_of(site, "/Soc").rawValue = nil
        next_poll(world)
        assert.equal(87.5, world:value(BATTERY, "ST"))
        next_poll(world)
        assert.is_nil(world:value(BATTERY, "ST"))
        record_of(site, "/Soc").rawValue = 80
        next_poll(world)
        assert.equal(80, world:value(BATTERY, "ST"))
    end)
end)

describe("the gateway", function()
    it("does not take a warning that is over for an alarm, though VRM's count is older", function()
        local site = fixtures.boat()
        local warning = row("battery", 288, "/Alarms/LowSoc", "ASoc", 1)
        site.rows[#site.rows + 1], site.alarms = warning, 1
        local world = started { sites = { [151734] = site } }
        assert.same({ 2, 1 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
        warning.rawValue = 0
        next_poll(world)
        assert.same({ 1, 0 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
    end)

    -- Fault: An alarm that only VRM lists is over, and is shown up to ten minutes longer.
    -- Expected: While there is one, each poll asks whether it is still there.
    it("shows an alarm that only VRM lists, and asks at each poll whether it is over", function()
        local site = fixtures.boat()
        site.alarms = 1
        local world = started { sites = { [151734] = site } }
        next_poll(world)
        assert.same({ 3, 1 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
        world.vrm.fail["idSite="] = { status = 500 }
        next_poll(world)
        assert.same({ 3, 1, 1 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1"),
            world:value(BATTERY, "GV30") })
        world.vrm.fail["idSite="], site.alarms = nil, 0
        next_poll(world)
        assert.same({ 1, 0 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
        local asked = world:count("idSite=")
        next_poll(world)
        assert.equal(asked, world:count("idSite="))
    end)

    -- Fault: An alarm whose row says that it is over counts as long as VRM lists it.
    -- Expected: What has a row is what its row says.
    it("believes the row of an alarm that VRM still lists", function()
        local site = fixtures.boat()
        local alarm = row("battery", 288, "/Alarms/LowSoc", "ASoc", 1)
        site.rows[#site.rows + 1], site.alarms = alarm, 1
        site.current_alarms = { { idDataAttribute = alarm.idDataAttribute, instance = 288 } }
        local world = started { sites = { [151734] = site } }
        assert.same({ 2, 1 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
        alarm.rawValue = 0
        next_poll(world)
        assert.same({ 1, 0 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
        world:fire("longpoll")
        world:run(15)
        assert.same({ 1, 0 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
    end)

    -- Fault: An alarm that VRM lists before a row shows it is counted twice when the row comes.
    -- Expected: Once.
    it("counts an alarm once whose row comes later", function()
        local site = fixtures.boat()
        local alarm = row("battery", 288, "/Alarms/LowSoc", "ASoc", 0)
        site.rows[#site.rows + 1], site.alarms = alarm, 1
        local world = started { sites = { [151734] = site } }
        assert.same({ 3, 1 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
        alarm.rawValue = 1
        next_poll(world)
        assert.same({ 2, 1 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
    end)

    -- Fault: An alarm logged when it began: the battery shows it, its gateway says OK and 0.
    -- Expected: Both show it.
    it("counts the alarm that a device shows, however old its row is", function()
        local site = fixtures.boat()
        site.rows[#site.rows + 1] = row("battery", 288, "/Alarms/LowSoc", "ASoc", 2,
            { timestamp = fixtures.NOW - 7200 })
        local world = started { sites = { [151734] = site } }
        assert.same({ 3, 1, 2 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1"),
            world:value(BATTERY, "ALARM") })
    end)

    it("counts its devices as alive while their measurements come, though the list is old", function()
        local world = started()
        for _ = 1, 20 do next_poll(world) end
        assert.equal(3, world:value(GATEWAY, "GV2"))
    end)

    it("counts alarms and shows the system's status", function()
        local site = fixtures.boat()
        site.rows[#site.rows + 1] = row("battery", 288, "/Alarms/LowSoc", "ASoc", 1)
        local world = started { sites = { [151734] = site } }
        assert.same({ 2, 1 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
        site.rows[#site.rows + 1] = row("vebus", 257, "/Alarms/Overload", "eO", 2)
        next_poll(world)
        assert.same({ 3, 2 }, { world:value(GATEWAY, "GV0"), world:value(GATEWAY, "GV1") })
    end)

    it("of a system without any other data has a node too", function()
        local world = started { sites = { [7] = { name = "Empty", devices = {}, rows = {} } } }
        assert.equal("Empty", world.nodes["7_gw0"].name)
        assert.equal(1, world:value("controller", "GV0"))
    end)
end)

describe("several installations", function()
    local function two()
        return { [1] = fixtures.boat(), [2] = fixtures.boat() }
    end

    it("are all there, the names told apart", function()
        local sites = two()
        sites[2].name = "Cabin"
        local world = started { sites = sites }
        assert.equal(2, world:value("controller", "GV1"))
        assert.equal(6, world:value("controller", "GV2"))
        assert.equal("Boat", world.nodes["1_gw0"].name)
        assert.equal("Cabin", world.nodes["2_gw0"].name)
        assert.equal("House bank 288", world.nodes["2_bm288"].name)
        assert.equal("2_gw0", world.nodes["2_bm288"].primary)
    end)

    -- Fault: Two nodes of one name: two installations that are called alike, one that is called like the
    --        plugin's own node, a device like one that PG3 keeps of an earlier run.
    -- Expected: Each has its name to itself: a gateway by VRM's number of the installation; where instance
    --           and installation tell nothing, by its address.
    it("and what PG3 has already are never called alike", function()
        local sites = { [1] = fixtures.boat(), [2] = fixtures.boat(), [3] = fixtures.boat() }
        sites[3].name = "Victron Energy"
        local world = started { sites = sites, known = {
            { address = "1_bm9", name = "House bank 288", type = "VICBATT", primary = "1_gw0",
              enabled = true },
            { address = "2_bm9", name = "House bank 288 Boat", type = "VICBATT", primary = "2_gw0",
              enabled = false },
        } }
        assert.equal("Boat", world.nodes["1_gw0"].name)
        assert.equal("Boat 2", world.nodes["2_gw0"].name)
        assert.equal("Victron Energy 3", world.nodes["3_gw0"].name)
        local seen = { ["House bank 288 Boat"] = "2_bm9" }
        for address, node in pairs(world.nodes) do
            assert.is_nil(seen[node.name], node.name)
            seen[node.name] = address
        end
    end)

    -- Fault: An installation that the token may not see from the start on takes the others offline.
    -- Expected: The others are fresh.
    it("one that is refused from the start does not take the other offline", function()
        local sites = two()
        local world = worlds.new { sites = sites }
        world.vrm.fail["/installations/1/"] = { status = 403, json = { success = false } }
        world:start()
        world:run(30)
        assert.equal(1, world:value("2_bm288", "GV30"))
        assert.equal(1, world:value("controller", "GV0"))
    end)

    it("one that answers 403 or 5xx does not stop the other", function()
        for _, status in ipairs { 403, 500 } do
            local sites = two()
            sites[2].name = "Cabin"
            local world = started { sites = sites }
            world.vrm.fail["/installations/1/"] = { status = status, json = { success = false } }
            next_poll(world)
            assert.equal(status == 403 and 3 or 1, world:value("1_bm288", "GV30"))
            world:run(10)
            assert.equal(1, world:value("controller", "GV0"))
            assert.equal(3, world:value("1_bm288", "GV30"))
            assert.equal(1, world:value("2_bm288", "GV30"))
            assert.truthy(world.notices.vrm:find("Installation <bdi>Boat</bdi>: ", 1, true))
            assert.is_nil(world.notices.vrm:find("Cabin", 1, true))
            world.vrm.fail = {}
            world:run(300)
            world.vrm:refresh(400)
            next_poll(world)
            assert.equal(1, world:value("1_bm288", "GV30"))
            assert.same({}, world.notices)
        end
    end)

    it("one that is withdrawn goes offline, the other stays", function()
        local world = started { sites = two() }
        world.vrm.sites[1] = nil
        world:fire("longpoll")
        world:run(6)                        -- the first list without it may be a slip
        assert.equal(3, world:value("1_bm288", "GV30"))
        assert.equal(1, world:value("2_bm288", "GV30"))
        assert.same({ 1, 3 }, { world:value("controller", "GV1"), world:value("controller", "GV2") })
        world:fire("query", "1_bm288", "")
        world:run(1)
        assert.same({}, world.errors)
    end)

    -- Fault: an installation that is withdrawn is looked after for ever.
    -- Expected: its nodes go offline, and it keeps no timer.
    it("one that is withdrawn is not looked after any more", function()
        local world = started { sites = two() }
        local function timers()
            local count = 0
            for _ in pairs(world.timers) do count = count + 1 end
            return count
        end
        local before = timers()
        world.vrm.sites[1] = nil
        world:fire("longpoll")
        world:run(30)
        assert.equal(before - 1, timers())
    end)

    it("one that is withdrawn during its poll goes offline and is asked no more", function()
        for _, reply in ipairs { false, { status = 403 } } do
            local world = started { sites = two() }
            world.vrm.slow["/installations/1/diagnostics"] = 12    -- longer than until a second list
            world.vrm.fail["/installations/1/diagnostics"] = reply or nil
            world:fire("shortpoll")
            world:run(1)
            world.vrm.sites[1], world.vrm.slow = nil, {}
            world:fire("longpoll")
            world:run(20)
            local before = #world.requests
            for _ = 1, 6 do next_poll(world) end
            assert.equal(before + 6, #world.requests)
            assert.equal(3, world:value("1_bm288", "GV30"))
            assert.same({}, world.notices)
        end
    end)

    it("none at all has its own state and notice", function()
        local world = started { sites = {} }
        assert.equal(7, world:value("controller", "GV0"))
        assert.truthy(world.notices.vrm:find("no installation", 1, true))
    end)
end)
