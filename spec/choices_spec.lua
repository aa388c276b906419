--- What the owner chooses to see, what VRM calls it, and what is taken out of PG3 on command.

local worlds = require "spec.support.worlds"
local fixtures = require "spec.fixtures.vrm"

local new, started, next_poll = worlds.new, worlds.started, worlds.next_poll
local BATTERY, GATEWAY, INVERTER, SOLAR = worlds.BATTERY, worlds.GATEWAY, worlds.INVERTER, worlds.SOLAR
local OTHER = 151735
local OTHER_GATEWAY = "392v_gw0"

after_each(function() _G.host = nil end)

local function two_sites()
    local farm = fixtures.boat()
    farm.name = "Farm"
    return { [151734] = fixtures.boat(), [OTHER] = farm }
end

local function names_of(list)
    local names = {}
    for i, one in ipairs(list) do names[i] = one.name end
    return names
end

--- PG3 tells what the owner chose.
local function choose(world, chosen)
    world.chosen = chosen
    world:fire("params")
    world:run(1)
end

describe("choosing", function()
    it("offers every installation and kind of device there is, in order", function()
        local world = started { sites = two_sites() }
        local names = table.concat(names_of(world.offered), " ")
        assert.truthy(names:find("^show_site_151734 show_site_151735 show_kind_vicbatt "))
        assert.truthy(names:find(" show_kind_vicsolar show_kind_vicvebus$"))
        assert.equal("Installation Boat", world.offered[1].title)
        assert.equal("Nodes Battery Monitor", world.offered[3].title)
        for _, one in ipairs(world.offered) do
            assert.equal("BOOLEAN", one.type)
            assert.is_true(one.defaultValue)
        end
    end)

    -- Fault: Of two installations of one name nobody can tell which switch is whose; what is no name of a
    --        node stands on PG3's page as VRM has it.
    -- Expected: Each is called as its node is, those of one name with VRM's numbers.
    it("calls installations as their nodes are, and two of one name by their numbers", function()
        local sites = two_sites()
        sites[OTHER].name = "Boat"
        sites[3], sites[4] = fixtures.boat(), fixtures.boat()
        sites[3].name, sites[4].name = "<b>Farm</b>\u{202E}", "!!"
        local world, titles = started { sites = sites }, {}
        for _, one in ipairs(world.offered) do titles[one.name] = one.title end
        assert.equal("Installation Boat (151734)", titles.show_site_151734)
        assert.equal("Installation Boat (151735)", titles.show_site_151735)
        assert.equal("Installation b Farm -b", titles.show_site_3)
        assert.equal("Installation 4", titles.show_site_4)
    end)

    it("shows all that was not chosen otherwise, whatever PG3 keeps", function()
        for _, chosen in ipairs { {}, { show_site_151734 = true, show_kind_vicbatt = "true" }, { 1, 2 },
                                  { show_site_7 = false } } do
            local world = started { sites = two_sites(), chosen = chosen }
            for _, address in ipairs { BATTERY, OTHER_GATEWAY } do
                assert.equal(1, world:value(address, "GV30"), address)
            end
        end
    end)

    -- Fault: a query of a node whose installation is shown again, and has not answered yet, is reported done
    -- Expected: it waits for the answer
    it("shown again: a query waits for its first answer", function()
        local world = started { sites = two_sites() }
        choose(world, { show_site_151735 = false })
        world.vrm.slow["/installations/151735/diagnostics"] = 10
        choose(world, {})
        world:fire("query", OTHER_GATEWAY, "q1")
        world:run(2)
        assert.same({}, world.reports)
        world:run(20)
        assert.is_true(world.reports[1].success)
        assert.equal(1, world:value(OTHER_GATEWAY, "GV30"))
    end)

    -- Fault: An installer's account shows hundreds of nodes that the owner does not want.
    -- Expected: What is hidden is not asked for, has no nodes, and can be shown again with the same ids.
    it("hides an installation: it is not asked for and has no nodes", function()
        for _, no in ipairs { false, "false", 0, "0" } do
            local world = started { sites = two_sites(), chosen = { show_site_151735 = no } }
            assert.is_nil(world.nodes[OTHER_GATEWAY])
            assert.equal(0, world:count("/installations/151735/"))
            assert.equal(1, world:value(BATTERY, "GV30"))
            assert.equal(1, world:value("controller", "GV1"))
            assert.equal("show_site_151735", world.offered[2].name)
        end
    end)

    it("hides a kind in all installations", function()
        local world = started { sites = two_sites(), chosen = { show_kind_vicbatt = false } }
        assert.is_nil(world.nodes[BATTERY])
        assert.is_nil(world.nodes["392v_bm288"])
        assert.equal(1, world:value(SOLAR, "GV30"))
        assert.equal("show_kind_vicbatt", world.offered[3].name)
    end)

    it("hides a part alone, whose node goes offline and can be removed", function()
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, { fixtures.row("battery", 288, "/System/MinCellVoltage", "mcV",
            3.3) })
        local world = started { sites = { [151734] = site } }
        assert.equal(3.3, world:value(BATTERY .. "c", "ST"))
        assert.truthy(table.concat(names_of(world.offered), " "):find("show_kind_vicbattc", 1, true))
        choose(world, { show_kind_vicbattc = false })
        assert.equal(3, world:value(BATTERY .. "c", "GV30"))
        assert.equal(1, world:value(BATTERY, "GV30"))
        world:fire("command", "controller", "CLEANUP", {}, "1")
        world:run(15)
        assert.same({ BATTERY .. "c" }, world.removed)
        next_poll(world)
        assert.is_nil(world.nodes[BATTERY .. "c"])
        choose(world, {})
        assert.equal(3.3, world:value(BATTERY .. "c", "ST"))
    end)

    it("takes effect at once: hidden nodes go offline, shown ones have their values again", function()
        local world = started { sites = two_sites() }
        choose(world, { show_site_151735 = false, show_kind_vicsolar = false })
        assert.equal(3, world:value(OTHER_GATEWAY, "GV30"))
        assert.equal(3, world:value(SOLAR, "GV30"))
        assert.equal(1, world:value(BATTERY, "GV30"))
        choose(world, {})
        for _, address in ipairs { OTHER_GATEWAY, SOLAR, "392v_bm288" } do
            assert.equal(1, world:value(address, "GV30"), address)
        end
    end)

    it("says so when everything is hidden", function()
        local world = started { chosen = { show_site_151734 = false } }
        assert.equal(7, world:value("controller", "GV0"))
        assert.truthy(world.notices.vrm:find("All installations are hidden", 1, true))
        assert.same({ "show_site_151734" }, names_of(world.offered))
    end)

    it("is written once, not with every answer", function()
        local world, offers = started(), 0
        local offer = world.host.offer
        world.host.offer = function(list)
            offers = offers + 1
            offer(list)
        end
        world:fire("longpoll")
        world:run(15)
        next_poll(world)
        assert.equal(0, offers)
    end)
end)

describe("a name that changes in VRM", function()
    local function rename(world, index, name)
        world.vrm.sites[151734].devices[index].customName = name
        world:fire("longpoll")
        world:run(15)
    end

    local function look_again(world)
        world.vrm:refresh(120)
        world:run(120)
        world:fire("longpoll")
        world:run(15)
    end

    it("is the node's and that of its parts, unless those are called otherwise", function()
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, { fixtures.row("battery", 288, "/System/MinCellVoltage", "mcV",
            3.3) })
        local world = started { sites = { [151734] = site } }
        assert.equal("House bank", world.nodes[BATTERY].name)
        assert.equal("House bank cells", world.nodes[BATTERY .. "c"].name)
        rename(world, 3, "Starboard bank")
        assert.equal("Starboard bank", world.nodes[BATTERY].name)
        assert.equal("Starboard bank cells", world.nodes[BATTERY .. "c"].name)
        assert.equal("MultiPlus 12-3000-120-50", world.nodes[INVERTER].name)
    end)

    it("is not that of a node that the user called otherwise", function()
        local world = started { known = {
            { address = BATTERY, name = "My bank", type = "VICBATT", primary = GATEWAY, enabled = true },
        } }
        rename(world, 3, "Starboard bank")
        assert.equal("My bank", world.nodes[BATTERY].name)
    end)

    it("is that of a node which PG3 knows under the old one", function()
        local world = started { known = {
            { address = BATTERY, name = "House bank", type = "VICBATT", primary = GATEWAY, enabled = true },
        } }
        rename(world, 3, "Starboard bank")
        assert.equal("Starboard bank", world.nodes[BATTERY].name)
    end)

    it("is that of a node which an earlier run called by its kind", function()
        local world = new { known = { { address = BATTERY, name = "Battery Monitor", type = "VICBATT",
                                        primary = GATEWAY, enabled = true } } }
        local refused = { status = 403, json = { success = false, errors = "No." } }
        world.vrm.fail = { ["/diagnostics"] = { status = 503 }, ["system-overview"] = refused }
        world:start():run(15)
        world.vrm.fail = { ["system-overview"] = refused }
        world:run(60)
        assert.equal("Battery Monitor", world.nodes[BATTERY].name)
        world.vrm.fail = {}
        look_again(world)
        assert.equal("House bank", world.nodes[BATTERY].name)
    end)

    it("stays unique", function()
        local world = started()
        rename(world, 3, "SmartSolar Charger MPPT 100/50")
        assert.equal("SmartSolar Charger MPPT 100-50 288", world.nodes[BATTERY].name)
        rename(world, 3, "House bank")
        assert.equal("House bank", world.nodes[BATTERY].name)
    end)

    --- A world with two chargers of one instance, as VRM lists them in this order, and its charger's name.
    local function with_two(first, second)
        local world = started { sites = { [151734] = { name = "Boat",
            devices = { fixtures.gateway(), first, second },
            rows = { fixtures.row("solarcharger", 3, "/Yield/Power", "PVP", 13) } } } }
        return world, function() return world.nodes["392u_sc3"].name end
    end

    -- Fault: a charger was replaced by one with the same instance and no name of its own; VRM lists the new
    --        one first. From the second look on the node was called as the old one: its name was taken for
    --        one that VRM left out of the new one.
    -- Expected: what VRM left out of a device is not looked for at one that is listed beside it.
    it("is not that of a device that was replaced", function()
        local new_one = fixtures.device("Solar Charger", 4, 3, "SmartSolar", "")
        local old_one = fixtures.device("Solar Charger", 4, 3, "BlueSolar", "Roof")
        old_one.lastConnection = fixtures.NOW - 86400
        local world, name = with_two(new_one, old_one)
        assert.equal("SmartSolar", name())
        for _ = 1, 3 do
            look_again(world)
            assert.equal("SmartSolar", name())
        end
        world.vrm.sites[151734].devices[2], world.vrm.sites[151734].devices[3] = old_one, nil
        look_again(world)                           -- which VRM forgets once, or for good
        assert.equal("Roof", name())
    end)

    -- Fault: of two devices with one instance that both send, the node changed its name with each look at
    --        them: VRM has now the one, now the other a second later.
    -- Expected: it has the name of always the same.
    it("is not now the one's, now the other's of two with one instance", function()
        local one = fixtures.device("Solar Charger", 4, 3, "SmartSolar", "Roof")
        local other = fixtures.device("Solar Charger", 4, 3, "SmartSolar", "Barn")
        local world, name = with_two(one, other)
        for i = 1, 4 do
            one.lastConnection = fixtures.NOW + i * 135 - i % 2
            other.lastConnection = fixtures.NOW + i * 135 - (i + 1) % 2
            look_again(world)
            assert.equal("Barn", name())
        end
    end)

    -- Fault: devices that VRM's list had no more, while their measurements went on, were called as their
    --        kind is: "House bank" was "Battery Monitor".
    -- Expected: a device of which VRM has no name any more keeps its own.
    it("stays where VRM has none any more", function()
        local world = started()
        world.vrm.sites[151734].devices[3] = nil
        for _ = 1, 3 do look_again(world) end
        assert.equal("House bank", world.nodes[BATTERY].name)
        assert.equal(1, world:value(BATTERY, "GV30"))
    end)

    it("of an installation is its gateway's", function()
        local world = started()
        world.vrm.sites[151734].name = "Ketch"
        world:fire("longpoll")
        world:run(15)
        assert.equal("Ketch", world.nodes[GATEWAY].name)
    end)
end)

describe("CLEANUP", function()
    local function clean(world)
        world:fire("command", "controller", "CLEANUP", {}, "1")
        world:run(1)
        return world.reports[#world.reports].success
    end

    local function known(address, type_, primary)
        return { address = address, name = address, type = type_, primary = primary, enabled = true }
    end

    it("removes nodes whose device is gone, gateways last, and nothing else", function()
        local world = started { known = {
            known("392u_bm7", "VICBATT", GATEWAY), known("zzz_bm1", "VICBATT", "zzz_gw0"),
            known("zzz_gw0", "VICGW", "zzz_gw0"), known("392u_tk3", "OLDTYPE", GATEWAY),
            known("392u_bm288q", "VICBATTQ", GATEWAY), known(BATTERY, "VICBATT", GATEWAY),
            known("controller", "VICCTRL", "controller"), known("other", "SOMETHING", "other"),
        } }
        assert.is_true(clean(world))
        assert.same({ "392u_bm288q", "392u_bm7", "392u_tk3", "zzz_bm1", "zzz_gw0" }, world.removed)
        for _, address in ipairs { BATTERY, GATEWAY, SOLAR, INVERTER, "controller" } do
            assert.truthy(world.nodes[address], address)
        end
        assert.is_true(clean(world))
        assert.equal(5, #world.removed)
    end)

    it("removes hidden ones; shown again they have the same address", function()
        local world = started { sites = two_sites() }
        choose(world, { show_site_151735 = false, show_kind_vicbatt = false })
        assert.is_true(clean(world))
        local removed = table.concat(world.removed, " ")
        for _, address in ipairs { "392u_bm288", "392v_bm288", "392v_sc256", "392v_vb257", "392v_gw0o" } do
            assert.truthy(removed:find(address, 1, true), address)
        end
        assert.equal("392v_gw0", world.removed[#world.removed])
        choose(world, {})
        assert.equal(1, world:value(BATTERY, "GV30"))
        assert.equal(1, world:value(OTHER_GATEWAY, "GV30"))
        assert.equal("House bank", world.nodes[BATTERY].name)
    end)

    -- Fault: Nodes are removed because VRM did not answer just then.
    -- Expected: Only what VRM's whole answer lacks is removed; the log says what was left alone.
    it("leaves alone what VRM cannot tell of now", function()
        local world = started { sites = two_sites(),
                                known = { known("392v_bm7", "VICBATT", OTHER_GATEWAY) } }
        world.vrm.fail = { ["/151735/diagnostics"] = { status = 503 } }
        next_poll(world)
        assert.is_true(clean(world))
        assert.same({}, world.removed)
        assert.equal(1, #world:logged("nodes were left alone"))
        world.vrm.fail = { ["/users/me"] = { status = 401 }, ["/installations"] = { status = 401 } }
        world:fire("longpoll")
        world:run(15)
        assert.is_false(clean(world))
        assert.same({}, world.removed)
    end)

    -- Fault: after a start, while VRM did not give the list of devices, the command removed all nodes of an
    --        installation whose rows name no service, as those of a GlobalLink.
    -- Expected: without that list, or with an empty one, nothing of the installation is removed.
    it("leaves alone what only VRM's list of devices tells", function()
        local site = { name = "Mast", devices = {}, rows = {
            fixtures.row(nil, 1, nil, "SOC", 78.5, { Device = "Battery Monitor" }) } }
        for _, overview in ipairs { { status = 403, json = { success = false, errors = "No." } }, false } do
            local world = new { sites = { [151734] = site },
                known = { known(GATEWAY, "VICGW", GATEWAY), known("392u_bm1", "VICBATT", GATEWAY) } }
            world.vrm.fail = { ["system-overview"] = overview or nil }
            world:start()
            world:run(60)
            clean(world)
            assert.same({}, world.removed)
            world.vrm.fail = {}
            site.devices = { fixtures.gateway(), fixtures.device("Battery Monitor", 2, 1, "BMV-712") }
            world:fire("longpoll")
            world:run(15)
            assert.equal(78.5, world:value("392u_bm1", "ST"))
            site.devices = {}
        end
    end)

    it("does nothing before VRM was asked", function()
        local world = new { params = {} }:start()
        world:run(15)
        assert.is_false(clean(world))
    end)
end)
