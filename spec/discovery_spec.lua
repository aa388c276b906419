local discovery = require "model.discovery"
local node_names = require "pg3.node_names"
local services = require "types.services"
local answers = require "sources.answers"
local diagnostics = require "types.diagnostics"
local fixtures = require "spec.fixtures.vrm"

local row, NOW = fixtures.row, fixtures.NOW

local TYPES = {
    battery = { name = "Battery", keys = { ["/Soc"] = true, V = true } },
    solarcharger = { name = "Solar", keys = { ScW = true, ["#521"] = true }, numbered = true },
}

local function sort(records, overview)
    local rows = {}
    for _, record in ipairs(records) do rows[#rows + 1] = diagnostics.row(record) end
    local devices, gateway, homes = discovery.devices(rows, overview or {},
        function(found) return TYPES[found.service] end, { keys = { bs = true } })
    return devices, gateway.rows, homes
end

local function keys(devices)
    local list = {}
    for _, found in ipairs(devices) do list[#list + 1] = found.service .. "/" .. found.instance end
    table.sort(list)
    return list
end

describe("devices", function()
    it("are pairs of service and instance, 0 and above 255 included", function()
        local devices = sort {
            row("battery", 0, "/Soc", "SOC", 1), row("battery", 512, "/Soc", "SOC", 2), row("battery", 1,
                "/Soc", "SOC", 3),
            row("tank", 20, "/Level", "tl", 1), row("temperature", 20, "/Temperature", "tsT", 1),
            row("battery", 0, "/Dc/0/Voltage", "V", 12),
        }
        assert.same({ "battery/0", "battery/1", "battery/512", "tank/20", "temperature/20" }, keys(devices))
    end)

    it("are not made from rows of the system, settings, platform, gateway, or without a service", function()
        local devices, gateway = sort {
            row("system", 276, "/Ac/Alarms/GridLost", "Agl", 0), row("settings", 0, "/Settings/x", "si1", 1),
            row("platform", 0, "/Gui/RunningVersion", "GUIv", 1), row("gateway", 0, nil, "rtt", 5), row(nil,
                0, nil, "v", "v3"),
            row("battery", nil, "/Soc", "SOC", 1),
        }
        assert.same({}, devices)
        assert.equal(0, gateway.Agl.value)
        assert.equal(1, gateway["/Settings/x"].value)
        assert.equal("v3", gateway.v.value)
        assert.is_nil(gateway.SOC)
    end)

    it("get their service-less rows by instance and code, exactly as written", function()
        local devices, gateway = sort {
            row("solarcharger", 256, "/Yield/Power", "PVP", 100), row("battery", 256, "/Soc", "SOC", 1),
            row("solarcharger", 288, "/Yield/Power", "PVP", 100),
            row(nil, 256, nil, "ScW", 55), row(nil, 256, nil, "scw", 66), row(nil, 300, nil, "ScW", 77),
            row(nil, 256, nil, "tmp", 41, { idDataAttribute = 521 }),
        }
        local by_key = {}
        for _, found in ipairs(devices) do by_key[found.service .. "/" .. found.instance] = found.rows end
        assert.equal(55, by_key["solarcharger/256"].ScW.value)
        assert.equal(41, by_key["solarcharger/256"]["#521"].value)
        assert.is_nil(by_key["battery/256"].ScW)
        assert.is_nil(by_key["solarcharger/288"].ScW)
        assert.equal(66, gateway.scw.value)
        assert.equal(77, gateway.ScW.value)
    end)

    it("show the newest of two rows with one path or code", function()
        for _, times in ipairs { { 10, 20 }, { 20, 10 } } do
            local devices = sort {
                row("battery", 1, "/Soc", "SOC", times[1], { timestamp = times[1] }),
                row("battery", 1, "/Soc", "SOC", times[2], { timestamp = times[2] }),
            }
            assert.equal(1, #devices)
            assert.equal(20, devices[1].rows["/Soc"].value)
            assert.equal(20, devices[1].rows.SOC.value)
            assert.equal(20, devices[1].newest)
        end
    end)

    -- Fault: of two rows with one path and one time the first has no number, and the value is no data.
    -- Expected: the one that has a number is shown, whichever comes first.
    it("show a number rather than none of the same time", function()
        for _, values in ipairs { { nil, 20 }, { 20, nil } } do
            local devices = sort { row("battery", 1, "/Soc", "SOC", values[1]),
                                   row("battery", 1, "/Soc", "SOC", values[2]) }
            assert.same({ 20, 20 }, { devices[1].rows["/Soc"].value, devices[1].rows.SOC.value })
        end
    end)

    it("are joined with the overview by type and instance", function()
        local overview = answers.overview { records = { devices = {
            fixtures.gateway(60), fixtures.device("Battery Monitor", 2, 288, "SmartShunt", "House"),
            fixtures.device("Solar Charger", 4, 288, "MPPT"), fixtures.device("Battery Monitor", 2, 0, "BMV"),
        } } }
        local devices = sort({
            row("battery", 288, "/Soc", "SOC", 1, { Device = "Akku" }), row("solarcharger", 288, "/State",
                "ScS", 1),
            row("battery", 0, "/Soc", "SOC", 1), row("battery", 5, "/Soc", "SOC", 1),
        }, overview)
        local names = {}
        for _, found in ipairs(devices) do
            names[found.service .. found.instance] = (found.entry.custom_name or "-")
                .. "," .. (found.entry.product or "-")
        end
        assert.same({ battery288 = "House,SmartShunt", solarcharger288 = "-,MPPT", battery0 = "-,BMV",
            battery5 = "-,-" }, names)
    end)

    -- Fault: A charger was replaced by another one of the same instance. VRM lists both, the old one first:
    --        the new one had its name, its product, and was as old as that.
    -- Expected: As with gateways, the one counts that was connected last.
    it("are the one of VRM's list that was connected last", function()
        local old = fixtures.device("Solar Charger", 4, 279, "BlueSolar 75/15", "Roof, old")
        local new = fixtures.device("Solar Charger", 4, 279, "SmartSolar 100/20")
        local never = fixtures.device("Solar Charger", 4, 279, "SmartSolar 150/35")
        old.lastConnection, never.lastConnection = fixtures.NOW - 86400, false
        for _, list in ipairs { { old, new, never }, { never, new, old }, { new, never, old } } do
            local overview = answers.overview { records = { devices = { fixtures.gateway(60),
                table.unpack(list) } } }
            local devices = sort({ row("solarcharger", 279, "/State", "ScS", 3) }, overview)
            assert.equal("SmartSolar 100/20", devices[1].entry.product)
            assert.equal("SmartSolar 100/20", devices[1].matched.product)
        end
    end)
end)

describe("addresses", function()
    it("are base36 of the installation, two letters and the instance", function()
        assert.equal("392u_bm288", services.address(151734, "battery", 288))
        assert.equal("392u_sc0", services.address(151734, "solarcharger", 0))
        assert.equal("392u_gw0", services.gateway_address(151734))
        assert.equal("0", services.base36(0))
        assert.equal("zz", services.base36(1295))
    end)

    it("of an unknown service have x, y or z and a character, always the same", function()
        local code = services.code("teleporter")
        assert.truthy(code:find("^[xyz][0-9a-z]$"))
        assert.equal(code, services.code("teleporter"))
        assert.equal("392u_" .. code .. "3", services.address(151734, "teleporter", 3))
    end)

    it("are at most 14 characters", function()
        assert.equal(14, #services.address(36 ^ 6 - 1 | 0, "battery", 12345))
        assert.is_nil(services.address(36 ^ 6 - 1 | 0, "battery", 123456))
    end)

    it("have a different code for each service", function()
        local seen = {}
        for service, code in pairs(services.CODES) do
            assert.truthy(code:find("^[a-w][a-z]$"), service)
            assert.is_nil(seen[code], service)
            seen[code] = service
        end
    end)
end)

describe("alarms and counts", function()
    --- Warnings and alarms in records of VRM, and what VRM counts beyond them. connected: when VRM last heard
    -- of devices, by "service/instance".
    local function count(records, connected, site)
        local rows = {}
        for _, record in ipairs(records) do rows[#rows + 1] = diagnostics.row(record) end
        local devices, gateway = discovery.devices(rows, {},
            function(found) return TYPES[found.service] end, nil)
        for _, home in ipairs { gateway, table.unpack(devices) } do
            local last = connected and home.service and connected[home.service .. "/" .. home.instance]
            home.alive = math.max(home.newest or NOW, last or 0)
        end
        local faults = discovery.faults(discovery.living({ gateway, table.unpack(devices) }, NOW - 600), nil,
            true)
        local warnings, alarms = discovery.count_faults(faults)
        site = site or { alarms = 0 }
        local listed, counted = discovery.beyond(site, faults)
        return { warnings, alarms, listed + counted }
    end

    it("count warnings and alarms once", function()
        assert.same({ 1, 2, 0 }, count {
            row("battery", 1, "/Alarms/LowSoc", "ASoc", 1), row("battery", 1, "/Alarms/LowSoc", "ASoc", 1),
            row("battery", 1, "/Alarms/LowSoc", "ASoc", 2, { timestamp = NOW - 90 }),
            row("battery", 2, "/Alarms/LowSoc", "ASoc", 2),
            row("system", 276, "/Ac/Alarms/GridLost", "Agl", 2),
            row("battery", 4, "/Alarms/LowSoc", "ASoc", 0), row("battery", 4, "/Soc", "SOC", 2),
            row("battery", 4, "/Alarms/High", "AH", "Alarm"),
        })
    end)

    -- Fault: An alarm that lasts for days, logged when it began, is not counted at the gateway.
    -- Expected: It counts until its row says 0, as long as its device is alive.
    it("count by the device's age, not by the alarm's", function()
        local long_ago = { timestamp = NOW - 86400 }
        assert.same({ 1, 1, 0 }, count({
            row("battery", 3, "/Alarms/LowSoc", "ASoc", 2, long_ago), row("battery", 3, "/Soc", "SOC", 4),
            row("generator", 1, "/Alarms/ServiceIntervalExceeded", "gasr", 1, long_ago),
            row("battery", 5, "/Alarms/LowSoc", "ASoc", 2, long_ago), row("battery", 5, "/Soc", "SOC", 4,
                long_ago),
        }, { ["generator/1"] = NOW - 30, ["battery/5"] = NOW - 90000 }))
    end)

    -- Fault: One fault is counted as two or four: for a phase and for all, by the inverter and by the system.
    -- Expected: Each fault once, as bad as its worst row; that there is an alarm at all is no further one.
    it("count a fault once that stands under several paths", function()
        assert.same({ 1, 2, 0 }, count {
            row("vebus", 257, "/Alarms/Overload", "eO", 1), row("vebus", 257, "/Alarms/L1/Overload", "x1", 2),
            row("vebus", 257, "/Alarms/L3/Overload", "x2", 0),
            row("vebus", 257, "/Alarms/GridLost", "x3", 2), row("system", 257, "/Ac/Alarms/GridLost", "Agl",
                2),
            row("acsystem", 0, "/Alarms/GridLost", "x4", 2),
            row("battery", 288, "/Alarms/Alarm", "x5", 1), row("battery", 288, "/Alarms/LowVoltage", "AL", 1),
        })
        assert.same({ 0, 1, 0 }, count { row("battery", 288, "/Alarms/Alarm", "x5", 2),
                                         row("battery", 288, "/Alarms/LowVoltage", "AL", 0) })
    end)

    -- Fault: An RS unit that was overloaded was two alarms: its own, and that of the RS system, which has the
    --        worst of its units.
    -- Expected: It is one; of two units two. What no unit tells as badly is the system's.
    it("count once what an RS system says of its units", function()
        local function overload(level) return row("acsystem", 0, "/Alarms/Overload", "x1", level) end
        local one, other = row("multi", 1, "/Alarms/Overload", "x2", 2), row("multi", 2, "/Alarms/Overload",
            "x3", 1)
        assert.same({ 0, 1, 0 }, count { overload(2), one })
        assert.same({ 1, 1, 0 }, count { overload(2), one, other })
        assert.same({ 1, 1, 0 }, count { overload(2), other })
        assert.same({ 0, 1, 0 }, count { overload(2), row("multi", 1, "/Alarms/Overload", "x2", 0) })
        assert.same({ 0, 2, 0 }, count { overload(2), row("multi", 1, "/Alarms/Ripple", "x2", 2) })
        assert.same({ 0, 1, 0 }, count({ overload(2), one }, nil, { alarms = 1 }))
    end)

    -- Fault: A fuse of a Lynx Distributor was one alarm more beside the battery's alarm for its fuses; the
    -- battery's own node had none of those of its distributors.
    -- Expected: A blown fuse is one fault of the battery, a lost distributor another.
    it("count a blown fuse of a distributor once", function()
        local rows = {
            row("battery", 288, "/Distributor/A/Fuse/0/Alarms/Blown", "x1", 2),
            row("battery", 288, "/Distributor/B/Fuse/3/Alarms/Blown", "x2", 2),
            row("battery", 288, "/Distributor/A/Alarms/ConnectionLost", "x3", 1),
            row("battery", 288, "/Distributor/A/Status", "x4", 2),
        }
        assert.same({ 1, 1, 0 }, count(rows))
        rows[5] = row("battery", 288, nil, "AFB", 2)
        assert.same({ 1, 1, 0 }, count(rows))
    end)

    -- Fault: What is wrong with a genset, which a GX tells as a text since Venus 3, was no alarm at all.
    -- Expected: An error is one, and a warning; what is only to be known, and an empty text, are none.
    it("count what a device of another make says is wrong", function()
        local function errors(...)
            local rows = {}
            for i, text in ipairs { ... } do
                rows[i] = row("genset", 40, ("/Error/%d/Id"):format(i - 1), "x" .. i, text)
            end
            return count(rows)
        end
        assert.same({ 0, 1, 0 }, errors("fischerpanda:e-17", "dse:w-1026", ""))
        assert.same({ 0, 1, 0 }, errors("e-17"))
        assert.same({ 1, 0, 0 }, errors("", "wakespeed:w-12"))
        assert.same({ 0, 0, 0 }, errors("dse:i-1026", "", "none", "a:x-1"))
    end)

    -- Fault: A battery has an alarm that no row names, and warns of something else: the gateway counted the
    -- warning only, while the battery's node said Alarm.
    -- Expected: Where what is named is less than that there is an alarm, the alarm counts, too.
    it("count an alarm without a name beside a warning with one", function()
        local any = row("battery", 288, "/Alarms/Alarm", "x5", 2)
        assert.same({ 1, 1, 0 }, count { any, row("battery", 288, "/Alarms/LowVoltage", "AL", 1) })
        assert.same({ 0, 1, 0 }, count { any, row("battery", 288, "/Alarms/LowVoltage", "AL", 2) })
        assert.same({ 1, 0, 0 }, count { row("battery", 288, "/Alarms/Alarm", "x5", 1),
                                         row("battery", 288, "/Alarms/LowVoltage", "AL", 1) })
    end)

    -- Fault: The gateway counts settings of alarms, and leaves out alarms whose rows have no such path.
    -- Expected: What is an alarm is one list, by path or by VRM's code.
    it("count what is an alarm, not what one is set to", function()
        assert.same({ 0, 0, 0 }, count {
            row("battery", 1, "/Alarms/LowSocEnable", "x1", 1),
            row("battery", 1, "/Alarms/LowSoc/Set", "x2", 2),
            row("tank", 3, "/Alarms/High/Delay", "x3", 2), row("tank", 3, "/Alarms/High/Enable", "x4", 1),
            row("battery", 1, "/AlarmsSettings/LowVoltage", "x5", 1),
            row("settings", 0, "/Settings/Generator0/Alarms/AutoStartDisabled", "x6", 1),
            row("settings", 0, "/Settings/Alarm/Vebus/LowBattery", "x7", 2),
            row("battery", 1, "/History/LowVoltageAlarms", "H11", 2),
            row("battery", 1, "/Alarms/HighVoltage", "AH", 65535),
            row("battery", 1, "/Alarms/LowVoltage", "AL", -1),
        })
        assert.same({ 1, 3, 0 }, count {
            row("digitalinput", 4, "/Alarm", "x1", 2), row("battery", 1, nil, "ASoc", 1),
            row("tank", 3, "/Alarms/High/State", "x2", 2),
            row("system", 0, "/Dc/Battery/Alarms/CircuitBreakerTripped", "x3", 2),
        })
    end)

    -- Fault: A genset that ran low on oil, fuel or coolant had no alarm: "Level" was taken for a setting.
    -- Expected: These three are alarms.
    it("count levels that are low, but no level that is set", function()
        assert.same({ 1, 2, 0 }, count {
            row("genset", 1, "/Alarms/LowFuelLevel", "x1", 1),
            row("genset", 1, "/Alarms/LowOilLevel", "x2", 2),
            row("genset", 1, "/Alarms/LowCoolantLevel", "x3", 2),
            row("tank", 1, "/Alarms/HighLevel", "x4", 2),
        })
    end)

    -- Fault: An alarm for which VRM gives neither service nor path is counted, and its device shows none.
    -- Expected: Its code and instance tell whose it is.
    it("belong to the device of their code", function()
        local devices, gateway = sort { row("battery", 288, "/Soc", "SOC", 4), row(nil, 288, nil, "ALF", 2),
                                        row(nil, 289, nil, "ALF", 1) }
        assert.equal(2, devices[1].rows.ALF.value)
        assert.equal(1, gateway.ALF.value)
    end)

    -- Fault: An alarm that VRM's list and a row tell is counted twice, or still counted when its row says 0.
    -- Expected: What VRM lists is known by its attribute and instance: the row decides.
    it("know which alarms VRM lists have rows", function()
        local on = row("battery", 288, "/Alarms/LowSoc", "ASoc", 1, { idDataAttribute = 123 })
        local off = row("battery", 288, "/Alarms/LowSoc", "ASoc", 0, { idDataAttribute = 123 })
        assert.same({ 1, 0, 0 }, count({ on }, nil, { alarms = 1, listed_alarms = { "123/288" } }))
        assert.same({ 1, 0, 0 }, count({ on }, nil, { alarms = 1 }))
        assert.same({ 0, 0, 0 }, count({ off }, nil, { alarms = 1, listed_alarms = { "123/288" } }))
        assert.same({ 0, 0, 1 }, count({ off }, nil, { alarms = 1, listed_alarms = { "123/289" } }))
        assert.same({ 1, 0, 1 }, count({ on }, nil, { alarms = 2, listed_alarms = { "47/288", "123/288" } }))
    end)

    -- Fault: VRM lists one alarm, by a rule of the owner's for a voltage (81/288), while a device warns of
    -- something that VRM does not list: one was counted, a warning.
    -- Expected: What is listed and has no row of an alarm is another one; what is counted may be the same.
    it("are others where VRM lists what is no row's", function()
        local on = row("battery", 288, "/Alarms/LowSoc", "ASoc", 1, { idDataAttribute = 123 })
        assert.same({ 1, 0, 1 }, count({ on }, nil, { alarms = 1, listed_alarms = { "81/288" } }))
        assert.same({ 1, 0, 1 }, count({ on }, nil, { alarms = 2, listed_alarms = { "81/288" } }))
        assert.same({ 1, 0, 2 }, count({ on }, nil, { alarms = 3, listed_alarms = { "81/288" } }))
    end)

    it("count the devices VRM lists as alive, else those with rows", function()
        local overview = answers.overview { records = { devices = { fixtures.gateway(60),
            fixtures.device("Tank", 5, 20), fixtures.device("Tank", 5, 21), { name = "DC System",
                lastConnection = false } } } }
        overview[2].heard, overview[3].heard = NOW - 20, NOW - 99999
        local since = NOW - 600
        assert.equal(1, discovery.alive(overview, {}, since))
        assert.equal(2, discovery.alive(overview, { { alive = NOW, entry = overview[3] } }, since))
        assert.equal(1, discovery.alive({}, { { alive = NOW, entry = {} },
            { alive = NOW - 999, entry = {} }, { entry = {} } }, since))
    end)
end)

describe("names", function()
    it("lose what PG3 and ISY do not take, and are at most 40 bytes", function()
        assert.equal("MPPT 100-50", node_names.clean_name(" MPPT  100/50\n"))
        assert.equal("Bob s boat", node_names.clean_name("Bob's <boat>"))
        assert.equal("", node_names.clean_name("<>&"))
        assert.equal("", node_names.clean_name(nil))
        assert.equal(("ä"):rep(20), node_names.clean_name(("ä"):rep(30)))
        assert.equal("x" .. ("ä"):rep(19), node_names.clean_name("x" .. ("ä"):rep(30)))
        assert.equal("ab", node_names.clean_name("a\xFFb"))
    end)

    -- Fault: a device whose name is of invisible characters has none that can be seen; one that turns the
    --        direction of writing turns what follows it as well.
    -- Expected: these characters are left out, and a name without others is none. Emoji stay whole.
    it("lose characters that nobody sees", function()
        assert.equal("", node_names.clean_name("\u{A0}\u{200B}\u{FEFF} \u{2060}"))
        assert.equal("gnp.exe", node_names.clean_name("\u{202E}gnp.exe\u{2066}\u{200F}"))
        assert.equal("My boat", node_names.clean_name("My\u{A0}boat\u{A0}"))
        assert.equal("👩\u{200D}🚀", node_names.clean_name("👩\u{200D}🚀"))
        assert.equal("à ‘x’", node_names.clean_name("à ‘x’"))
    end)

    -- Fault: a device whose name is of blanks as other keyboards have them, a full-width one for Japanese,
    --        had a node without a name that can be seen.
    -- Expected: they are blanks like any other: a name of nothing else is none.
    it("know blanks of all kinds", function()
        assert.equal("", node_names.clean_name("\u{3000}\u{2003}\u{202F}\u{AD}\u{61C}"))
        assert.equal("太陽光 1", node_names.clean_name("\u{3000}太陽光\u{3000}\u{2009}1"))
        assert.equal("Boat", node_names.base_name { "\u{3000}", "Boat" })
    end)

    it("give way to what follows them", function()
        assert.equal("Roof trackers", node_names.with_suffix("Roof", "trackers"))
        assert.equal(("x"):rep(31) .. " trackers", node_names.with_suffix(("x"):rep(40), "trackers"))
        assert.equal("Roof " .. ("ä"):rep(10), node_names.with_suffix("Roof", ("ä"):rep(20)))
    end)

    local function named(nodes, used)
        local names = {}
        for i, node in ipairs(nodes) do
            node.address, node.site = node.address or "n" .. i, node.site or { name = "Boat" }
        end
        node_names.give(nodes, used or {})
        for i, node in ipairs(nodes) do names[i] = node.name end
        return names
    end

    -- Fault: Of a hundred installations with the same devices, further nodes lose what tells them apart:
    --        "SmartShunt 500A-50mV 1 Cust Customer 100" is the history of one.
    -- Expected: Of a long name the words in the middle give way: its end and the suffix stay.
    it("keep their end when they are too long", function()
        local device = "SmartShunt 500A-50mV 1 Customer 100"
        assert.equal("SmartShunt 1 Customer 100 history", node_names.with_suffix(device, "history"))
        assert.equal("SmartShunt 1 Customer 100 more alarms", node_names.with_suffix(device, "more alarms"))
        assert.equal("SmartSolar MPPT 150-35 more alarms",
            node_names.with_suffix("SmartSolar Charger MPPT 150-35", "more alarms"))
        assert.equal(("x"):rep(20) .. " yyy more alarms",
            node_names.with_suffix(("x"):rep(20) .. " " .. ("z"):rep(20) .. " yyy", "more alarms"))
        assert.equal(("ä"):rep(13) .. " 1 more alarms",
            node_names.with_suffix(("ä"):rep(30) .. " 1", "more alarms"))
    end)

    it("are the custom name, else the product, else the type", function()
        assert.same({ "House", "SmartShunt", "Battery Monitor" }, named {
            { wanted = { "House", "SmartShunt", "x" }, instance = 1 }, { wanted = { "", "SmartShunt", "x" },
                instance = 2 },
            { wanted = { "<>", "", "Battery Monitor" }, instance = 3 } })
    end)

    it("that are alike get the instance, then the installation", function()
        assert.same({ "MPPT 256", "MPPT 0" }, named { { wanted = { "MPPT" }, instance = 256 },
            { wanted = { "MPPT" }, instance = 0 } })
        assert.same({ "MPPT 256" }, named({ { wanted = { "MPPT" }, instance = 256 } }, { MPPT = "other" }))
        assert.same({ "MPPT 256 Boat" }, named({ { wanted = { "MPPT" }, instance = 256 } }, { MPPT = "o",
            ["MPPT 256"] = "p" }))
        assert.same({ "Cerbo Boat" }, named({ { wanted = { "Cerbo" } } }, { Cerbo = "other" }))
        assert.same({ "MPPT" }, named({ { address = "me", wanted = { "MPPT" }, instance = 1 } },
            { MPPT = "me" }))
        local long = named { { wanted = { ("x"):rep(50) }, instance = 256 }, { wanted = { ("x"):rep(50) },
            instance = 257 } }
        assert.equal(40, #long[1])
        assert.truthy(long[1]:find(" 256$"))
    end)
end)
