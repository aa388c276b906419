local discovery = require "model.discovery"
local read = require "sources.read"
local fixtures = require "spec.fixtures.vrm"

local row, NOW = fixtures.row, fixtures.NOW

local TYPES = {
    battery = { name = "Battery", keys = { ["/Soc"] = true, V = true } },
    solarcharger = { name = "Solar", keys = { ScW = true, ["#521"] = true }, numbered = true },
}

local function sort(records, overview)
    local rows = {}
    for _, record in ipairs(records) do rows[#rows + 1] = read.row(record) end
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

    it("are joined with the overview by type and instance", function()
        local overview = read.overview { records = { devices = {
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
            names[found.service .. found.instance] = (found.custom_name or "-") .. ","
                .. (found.product or "-")
        end
        assert.same({ battery288 = "House,SmartShunt", solarcharger288 = "-,MPPT", battery0 = "-,BMV",
            battery5 = "-,-" }, names)
    end)
end)

describe("addresses", function()
    it("are base36 of the installation, two letters and the instance", function()
        assert.equal("392u_bm288", discovery.address(151734, "battery", 288))
        assert.equal("392u_sc0", discovery.address(151734, "solarcharger", 0))
        assert.equal("392u_gw0", discovery.gateway_address(151734))
        assert.equal("0", discovery.base36(0))
        assert.equal("zz", discovery.base36(1295))
    end)

    it("of an unknown service have x, y or z and a character, always the same", function()
        local code = discovery.service_code("teleporter")
        assert.truthy(code:find("^[xyz][0-9a-z]$"))
        assert.equal(code, discovery.service_code("teleporter"))
        assert.equal("392u_" .. code .. "3", discovery.address(151734, "teleporter", 3))
    end)

    it("are at most 14 characters", function()
        assert.equal(14, #discovery.address(36 ^ 6 - 1 | 0, "battery", 12345))
        assert.is_nil(discovery.address(36 ^ 6 - 1 | 0, "battery", 123456))
    end)

    it("have a different code for each service", function()
        local seen = {}
        for service, code in pairs(discovery.SERVICE_CODES) do
            assert.truthy(code:find("^[a-w][a-z]$"), service)
            assert.is_nil(seen[code], service)
            seen[code] = service
        end
    end)
end)

describe("alarms and counts", function()
    it("count warnings and alarms of living devices once", function()
        local rows, homes = {}, { [6] = { alive = NOW - 9999 }, [7] = { alive = NOW - 30 } }
        for _, record in ipairs {
            row("battery", 1, "/Alarms/LowSoc", "ASoc", 1), row("battery", 1, "/Alarms/LowSoc", "ASoc", 1),
            row("battery", 1, "/Alarms/LowSoc", "ASoc", 2, { timestamp = NOW - 90 }),
            row("battery", 2, "/Alarms/LowSoc", "ASoc", 2), row("system", 276, "/Ac/Alarms/GridLost", "Agl",
                2),
            row("battery", 3, "/Alarms/LowSoc", "ASoc", 2, { timestamp = NOW - 9999 }),
            row("battery", 5, "/Alarms/LowSoc", "ASoc", 1, { timestamp = NOW - 9999 }),
            row("battery", 4, "/Alarms/LowSoc", "ASoc", 0), row("battery", 4, "/Soc", "SOC", 2),
            row("battery", 4, "/Alarms/High", "AH", "Alarm"),
        } do rows[#rows + 1] = read.row(record) end
        assert.same({ 2, 2 }, { discovery.alarms(rows, homes, NOW - 600) })
    end)

    it("count the devices VRM lists as alive, else those with rows", function()
        local overview = read.overview { records = { devices = { fixtures.gateway(60),
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
        assert.equal("MPPT 100-50", discovery.clean_name(" MPPT  100/50\n"))
        assert.equal("Bob s boat", discovery.clean_name("Bob's <boat>"))
        assert.equal("", discovery.clean_name("<>&"))
        assert.equal("", discovery.clean_name(nil))
        assert.equal(("ä"):rep(20), discovery.clean_name(("ä"):rep(30)))
        assert.equal("x" .. ("ä"):rep(19), discovery.clean_name("x" .. ("ä"):rep(30)))
        assert.equal("ab", discovery.clean_name("a\xFFb"))
    end)

    it("give way to what follows them", function()
        assert.equal("Roof trackers", discovery.with_suffix("Roof", "trackers"))
        assert.equal(("x"):rep(31) .. " trackers", discovery.with_suffix(("x"):rep(40), "trackers"))
        assert.equal("Roof " .. ("ä"):rep(10), discovery.with_suffix("Roof", ("ä"):rep(20)))
    end)

    local function named(nodes, used)
        local names = {}
        for i, node in ipairs(nodes) do
            node.address, node.site = node.address or "n" .. i, node.site or { name = "Boat" }
        end
        discovery.name_nodes(nodes, used or {})
        for i, node in ipairs(nodes) do names[i] = node.name end
        return names
    end

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
