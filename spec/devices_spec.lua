--- The shipped device scripts: right tables, samples that hold, and what the tables must cover.

local fake = require "spec.support.fake_host"
local check = require "types.check"
local reading = require "types.reading"
local proof = require "types.proof"

local types, files, world = {}, {}, nil

before_each(function()
    world = fake.new {}
    for _, name in ipairs(fake.DEVICES) do
        local script = fake.load_device(name)
        script.table = world:adopt(script.table)
        files[name], types[name] = script, check.device(script.file, script.table)
    end
end)

after_each(function() _G.host = nil end)

--- The value of a driver when these rows are there: { [path or code] = number or row }.
local function value(name, id, values, site)
    local rows = {}
    for key, one in pairs(values) do rows[key] = type(one) == "table" and one or { value = one } end
    for _, driver in ipairs(types[name].drivers) do
        if driver.id == id then return (reading.of(driver, rows, site)) end
    end
    error("no driver " .. id)
end

describe("every shipped device script", function()
    for _, name in ipairs(fake.DEVICES) do
        it(name .. " passes the check and its samples", function()
            assert.is_nil(files[name].error)
            local type_, problem = check.device(files[name].file, files[name].table)
            assert(type_, problem)
            assert.same({}, proof.run(type_))
            assert.is_true(#type_.table.samples > 0)
        end)

        it(name .. " says the sign in the label of every current and power that has one", function()
            for _, driver in ipairs(types[name].drivers) do
                local electric = driver.unit.name == "ampere" or driver.unit.name == "watt"
                if electric and (driver.label:find("Battery") or driver.label:find("Grid")) then
                    assert.truthy(driver.label:find(", + ", 1, true), driver.label)
                end
            end
        end)
    end

    -- Of a device's own node and of the system's; a script may show one of them as ST besides.
    local DRIVER_OF = { ["/Soc"] = "BATLVL", ["/Dc/Battery/Soc"] = "BATLVL", ["/Dc/0/Voltage"] = "CV",
        ["/Dc/Battery/Voltage"] = "CV", ["/Dc/0/Current"] = "CC", ["/Dc/Battery/Current"] = "CC",
        ["/Dc/0/Power"] = "CPW", ["/Dc/Battery/Power"] = "CPW", ["/Dc/0/Temperature"] = "CLITEMP",
        ["/Dc/Battery/Temperature"] = "CLITEMP", ["/TimeToGo"] = "TIMEREM",
        ["/Dc/Battery/TimeToGo"] = "TIMEREM",
        ["/Ac/Out/L1/F"] = "FREQ", ["/Mode"] = "MODE", ["/Yield/User"] = "TPW", ["/VebusError"] = "ERR" }

    it("has the same quantity under the same driver", function()
        local seen, wrong = {}, {}
        for _, name in ipairs(fake.DEVICES) do
            for _, driver in ipairs(types[name].drivers) do
                local wanted = driver.worst == "/Alarms/" and "ALARM" or DRIVER_OF[driver.keys[1]]
                if wanted and driver.id == wanted then seen[wanted] = true end
                if wanted and driver.id ~= wanted and driver.id ~= "ST" then
                    wrong[#wrong + 1] = ("%s: %s is %s, not %s"):format(name, driver.label, driver.id, wanted)
                end
            end
        end
        assert.same({}, wrong)
        for _, wanted in pairs(DRIVER_OF) do assert.is_true(seen[wanted], wanted) end
    end)

    it("is in the list of the fake host", function()
        local listed = {}
        for _, name in ipairs(fake.DEVICES) do listed[name .. ".lua"] = true end
        local lfs = require "lfs"
        for file in lfs.dir("scripts/devices") do
            if file:find("%.lua$") then assert.is_true(listed[file], file) end
        end
    end)

    it("survives rows with text, without values, and strange keys", function()
        local rows = { ["/Soc"] = { value = "n/a" }, ["/Alarms/LowSoc"] = { value = "x" }, ["/State"] = {},
                       ["/Dc/0/Current"] = { value = "" }, ["/Yield/Power"] = {}, ["/Pv/V"] = { value = 5 },
                       ["/Ac/Out/L1/V"] = { value = 230 }, S = { value = false } }
        for _, name in ipairs(fake.DEVICES) do
            for _, driver in ipairs(types[name].drivers) do
                assert.has_no.errors(function()
                    reading.of(driver, rows, { connected = false, online = false })
                end)
            end
        end
    end)
end)

describe("the battery monitor", function()
    it("is idle within 0.1 A, charging above, discharging below", function()
        for current, status in pairs { [0] = 0, [0.1] = 0, [-0.1] = 0, [0.11] = 1, [-0.11] = 2, [50] = 1,
            [-50] = 2 } do
            assert.equal(status, value("battery_monitor", "GV0", { ["/Dc/0/Current"] = current }))
            assert.equal(status, value("battery_monitor", "GV0", { I = current }))
        end
        assert.is_nil(value("battery_monitor", "GV0", {}))
    end)

    -- Fault: a large bank at rest, whose current is never zero, is discharging beside a gateway that is idle.
    -- Expected: the status is what the GX makes of the same numbers: within 30 W of zero it is Idle.
    it("is idle within 30 W where there is a voltage", function()
        for volts, currents in pairs { [13.2] = { 2.2, 2.4 }, [53] = { 0.5, 0.6 } } do
            for i, current in ipairs(currents) do
                local rows = { ["/Dc/0/Voltage"] = volts, ["/Dc/0/Current"] = current }
                assert.equal(i - 1, value("battery_monitor", "GV0", rows))
                assert.equal(2 * (i - 1), value("battery_monitor", "GV0", { V = volts, I = -current }))
            end
        end
    end)

    it("takes the power VRM gives, else voltage times current", function()
        assert.equal(7, value("battery_monitor", "CPW", { ["/Dc/0/Power"] = 7, V = 12, I = 3 }))
        assert.equal(-36, value("battery_monitor", "CPW", { V = 12, I = -3 }))
        assert.is_nil(value("battery_monitor", "CPW", { V = 12 }))
    end)

    it("shows the time to go in hours, whatever VRM sends", function()
        assert.equal(5, value("battery_monitor", "TIMEREM", { TTG = { value = 5, unit = "h" } }))
        assert.equal(5, value("battery_monitor", "TIMEREM", { ["/TimeToGo"] = { value = 18000,
            unit = "s" } }))
    end)

    it("shows the worst of all alarms, also those without a row of their own", function()
        assert.equal(2, value("battery_monitor", "ALARM", { ["/Alarms/LowSoc"] = 1,
            ["/Alarms/InternalFailure"] = 2 }))
        assert.equal(0, value("battery_monitor", "ALARM", { ["/Alarms/LowSoc"] = 0 }))
        assert.is_nil(value("battery_monitor", "ALARM", { ["/Soc"] = 2 }))
    end)
end)

describe("the solar charger", function()
    it("works out the PV current where VRM gives none", function()
        assert.equal(5, value("solar_charger", "GV2", { PVP = 200, PVV = 40 }))
        assert.equal(0, value("solar_charger", "GV2", { PVP = 0, PVV = 0 }))
        assert.equal(3, value("solar_charger", "GV2", { PVI = 3, PVP = 200, PVV = 40 }))
        assert.is_nil(value("solar_charger", "GV2", { PVP = 200 }))
    end)

    it("does not take one code for another that differs by case", function()
        assert.equal(3, value("solar_charger", "GV0", { ScS = 3, Scs = 1 }))
        assert.equal(1, value("solar_charger", "MODE", { ScS = 3, Scs = 1 }))
        assert.is_nil(value("solar_charger", "GV0", { Scs = 1 }))
    end)
end)

describe("the inverter", function()
    it("keeps state and switch apart (codes S and s)", function()
        assert.equal(9, value("inverter", "GV0", { S = 9, s = 3 }))
        assert.equal(3, value("inverter", "MODE", { S = 9, s = 3 }))
    end)

    it("adds the phases that are there", function()
        assert.equal(600, value("inverter", "ST", { OP1 = 100, OP2 = 200, OP3 = 300 }))
        assert.equal(330, value("inverter", "ST", { OP1 = 100, OV2 = 230, OI2 = 1 }))
        assert.is_nil(value("inverter", "ST", { OV1 = 230 }))
        assert.equal(-70, value("inverter", "GV3", { IP1 = -100, IP3 = 30 }))
    end)
end)

describe("the gateway", function()
    local function facts(change)
        local site = { online = true, connected = true, devices = 3, warnings = 0, alarms = 0,
            vrm_alarms = 0 }
        for key, fact in pairs(change or {}) do site[key] = fact end
        return site
    end

    it("is alarmed by the devices' values and by VRM's own list", function()
        for _, case in ipairs { { {}, 1, 0 }, { { warnings = 1 }, 2, 1 }, { { alarms = 1 }, 3, 1 },
                                { { vrm_alarms = 2 }, 3, 2 }, { { vrm_alarms = 1, warnings = 1 }, 2, 1 },
                                { { online = false }, 0, 0 }, { { connected = false, alarms = 2 }, 0, 0 } } do
            assert.equal(case[2], value("gateway", "GV0", {}, facts(case[1])))
            assert.equal(case[3], value("gateway", "GV1", {}, facts(case[1])))
        end
    end)

    it("adds consumption and grid over the phases", function()
        assert.equal(600, value("gateway", "GV8", { a1 = 100, ["/Ac/Consumption/L2/Power"] = 200, a3 = 300 }))
        assert.equal(-50, value("gateway", "GV9", { g1 = -150, g2 = 100 }))
        assert.is_nil(value("gateway", "GV9", {}))
    end)
end)
