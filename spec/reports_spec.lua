--- What owners of other programs for Victron's devices have reported, played through this one: the rows of
-- their devices, and what the ISY shows.

local device_cases = require "spec.support.device_cases"
local names = require "types.names"
local worlds = require "spec.support.worlds"

local NONE, check = device_cases.NONE, device_cases.check
local world_of, text = device_cases.world_of, device_cases.text

after_each(function() _G.host = nil end)

local function null(format) return { nil, format, "" } end

describe("the output of a switch", function()
    -- Fault: One that is on and too hot, or on by another's control, had the status "code 13" or "code 137".
    -- Expected: Its bits are told together: 8 and 1 are On.
    it("is on beside whatever else it is", function()
        local path = "/SwitchableOutput/0/Status"
        local world, addresses = world_of {
            { "switch", { [path] = 13 } }, { "switch", { [path] = 137 } }, { "switch", { [path] = 73 } },
            { "switch", { ["/SwitchableOutput/output_1/Status"] = 41 } }, { "switch", { [path] = 45 } },
        }
        local texts = {}
        for i, address in ipairs(addresses) do texts[i] = text(world, address .. "a", "ST") end
        assert.same({ "On, over temperature", "External control, on", "Bypassed, on", "Disabled but on",
                      "Disabled but on, over temperature" }, texts)
    end)
end)

describe("a charger", function()
    -- Fault: An Orion XS that its switch and a stopped engine keep off was off for "code 136"; so was one for
    --        "code 12", and a solar charger at night whose BMS forbids charging for "code 65".
    -- Expected: The number has a bit for each reason: all of them are named.
    it("that is off for several reasons names them all", function()
        local world, addresses = world_of {
            { "dcdc", { ["/DeviceOffReason"] = 136 } }, { "dcdc", { ["/DeviceOffReason"] = 12 } },
            { "solarcharger", { ["/DeviceOffReason"] = 65 } }, { "alternator", { ["/DeviceOffReason"] = 5 } },
            { "charger", { ["/DeviceOffReason"] = 1552 } }, { "inverter", { ["/DeviceOffReason"] = 2056 } },
            { "multi", { ["/DeviceOffReason"] = 0 } }, { "inverter", { ["/DeviceOffReason"] = 16384 + 8 } },
            { "alternator", { ["/DeviceOffReason"] = 9 } },
        }
        local reasons, numbers = {}, {}
        for i, address in ipairs(addresses) do
            reasons[i], numbers[i] = text(world, address, "GV19"), world:value(address, "GV19")
        end
        assert.same({ "Remote input, engine shutdown on low input voltage", "Device mode, remote input",
                      "No or low input power, signal from the BMS", "No or low input power, device mode",
                      "Protection active, low temperature, no or low panel power",
                      "Remote input, no or low battery power", "None", "code 16392",
                      "No or low input power, remote input" }, reasons)
        assert.same({ 136, 12, 65, 5, 1552, 2056, 0, 16392, 9 }, numbers)
        assert.equal(reasons[9], names.off_reason[9])               -- the ISY has those that were seen
    end)

    -- Fault: A Phoenix Smart charger in its low-power mode was in "code 1", a solar charger that waits in
    --        sustain in "code 244".
    -- Expected: Victron's words.
    it("has a text for each of its states", function()
        local world, addresses = world_of {
            { "charger", { ["/State"] = 1 } }, { "solarcharger", { ["/State"] = 244 } },
            { "alternator", { ["/State"] = 250 } }, { "dcdc", { ["/State"] = 245 } },
        }
        local states = {}
        for i, address in ipairs(addresses) do states[i] = text(world, address, "GV0") end
        assert.same({ "Low power", "Sustain", "Blocked", "Off" }, states)
    end)
end)

--- A world with one device, and what makes its next answer have these values -> what a driver shows then.
local function device_of(service, rows, driver)
    local world, addresses = world_of { { service, rows } }
    return world, function(values)
        for _, row in ipairs(world.vrm.sites[1].rows) do
            local value = values[row.dbusPath]
            if value ~= nil then row.rawValue, row.formattedValue = value or nil, tostring(value) end
        end
        worlds.next_poll(world)
        return world:value(addresses[1], driver)
    end
end

describe("the solar power of a system", function()
    -- Fault: At dusk the PV inverters on the AC input go off, or one on a phase of its own, and the gateway
    --        has no power there any more. The sum with the others was no data until the next morning; where
    --        one was broken, until the plugin was started anew.
    -- Expected: As on the GX, the sum is of those that are there.
    it("is of the places that have PV inverters now", function()
        local count = "/Ac/PvOnGrid/NumberOfPhases"
        local l1, l2 = "/Ac/PvOnGrid/L1/Power", "/Ac/PvOnGrid/L2/Power"
        local _, shown = device_of("system", { [l1] = 30, [l2] = 40, [count] = 2,
            ["/Ac/PvOnOutput/L1/Power"] = 400, ["/Ac/PvOnOutput/NumberOfPhases"] = 1 }, "GV7")
        assert.equal(400, shown { [l1] = false, [l2] = false, [count] = false })
        assert.equal(410, shown { ["/Ac/PvOnOutput/L1/Power"] = 410 })
        assert.equal(510, shown { [l1] = 60, [l2] = 40, [count] = 2 })
        assert.equal(451, shown { [l1] = false, [l2] = 41 })
        assert.equal(410, shown { [l2] = false, [count] = false })
    end)

    -- Fault: Without live data VRM repeats for the night what the gateway had last: the sum was no data, too.
    -- Expected: What is so old is none.
    it("is of the places that have PV inverters now, also where VRM repeats what they had", function()
        local on_grid, on_output = "/Ac/PvOnGrid/L1/Power", "/Ac/PvOnOutput/L1/Power"
        local world, shown = device_of("system", { [on_grid] = 30, [on_output] = 400 }, "GV7")
        assert.equal(420, shown { [on_output] = 390 })
        for _, row in ipairs(world.vrm.sites[1].rows) do
            if row.dbusPath == on_grid then row.timestamp = row.timestamp - 7200 end
        end
        assert.equal(395, shown { [on_output] = 395 })
        assert.equal(0, shown { [on_output] = 0 })
    end)
end)

describe("a meter that starts", function()
    -- Fault: A PV inverter that wakes up says for some minutes that it has made 0 kWh so far, each morning. A
    --        program that counts what is new counted all it ever made.
    -- Expected: A meter has what it had until it counts on, or from 0.
    it("has not counted 0", function()
        local energy = "/Ac/Energy/Forward"
        local _, shown = device_of("pvinverter", { [energy] = 32000.5, ["/Ac/Power"] = 0 }, "TPW")
        assert.equal(32000.5, shown { [energy] = 32000.5 })
        assert.equal(32000.5, shown { [energy] = 0 })
        assert.equal(32000.5, shown { [energy] = 0, ["/Ac/Power"] = 12 })
        assert.equal(32000.6, shown { [energy] = 32000.6 })
        assert.equal(32000.6, shown { [energy] = 0 })
        assert.equal(0.1, shown { [energy] = 0.1 })                -- another inverter in its place
    end)

    -- Fault: A battery monitor whose history was reset had the energy of before for good.
    -- Expected: One that stays at 0 for a quarter of an hour began anew.
    it("has counted 0 when it goes on saying so", function()
        local reset = "/History/ChargedEnergy"
        local world, shown = device_of("battery", { [reset] = 812.3, ["/Soc"] = 50 }, "GV12")
        assert.equal(812.3, shown { [reset] = 0 })
        for _ = 1, 6 do assert.equal(812.3, shown { ["/Soc"] = 51 }) end
        worlds.next_poll(world)
        assert.equal(0, shown { ["/Soc"] = 52 })
        assert.equal(0.2, shown { [reset] = 0.2 })
    end)

    -- Fault: A driver that restarted at night said until dawn that its inverters have made 0 kWh so far, and
    --        a program that counts what is new counted all they ever made.
    -- Expected: A meter that stands at 0 counts nothing: what it had stays until it does.
    it("has not counted 0 all night", function()
        local energy = "/Ac/Energy/Forward"
        local world, shown = device_of("pvinverter", { [energy] = 5900.5, ["/Ac/Power"] = 0 }, "TPW")
        assert.equal(5900.5, shown { [energy] = 0 })
        for _ = 1, 20 do worlds.next_poll(world) end
        assert.equal(5900.5, shown { ["/Ac/Power"] = 3 })
        assert.equal(5900.7, shown { [energy] = 5900.7 })
        assert.equal(5900.7, shown { [energy] = 0 })
        assert.equal(0.1, shown { [energy] = 0.1 })
    end)

    -- Fault: A grid meter at 1000 kWh stood at 900 kWh for some seconds, and 100 kWh were bought.
    -- Expected: A counter that fell is believed when it counts on from there, or stays there for a quarter of
    --           an hour, as one that was too high before.
    it("does not fall for a moment", function()
        local energy = "/Ac/Energy/Forward"
        local world, shown = device_of("grid", { [energy] = 1000, ["/Ac/Power"] = 300 }, "TPW")
        assert.equal(1000, shown { [energy] = 900 })
        assert.equal(1000, shown { ["/Ac/Power"] = 310 })
        assert.equal(1000.01, shown { [energy] = 1000.01 })
        assert.equal(1060, shown { [energy] = 1060 })
        assert.equal(1060, shown { [energy] = 1000.02 })
        assert.equal(1000.03, shown { [energy] = 1000.03 })          -- counts on
        assert.equal(1000.03, shown { [energy] = 0.4 })              -- another meter, that nobody uses
        for _ = 1, 7 do worlds.next_poll(world) end
        assert.equal(0.4, shown { ["/Ac/Power"] = 0 })
    end)

    -- Fault: A PV inverter that was switching off said twice in an evening that it had made 2000 kWh more,
    --        and was wrong.
    -- Expected: What no installation makes in that time is believed when it counts on from there, or stays.
    it("does not rise by more than can be", function()
        local energy = "/Ac/Energy/Forward"
        local world, shown = device_of("pvinverter", { [energy] = 41000.5, ["/Ac/Power"] = 900 }, "TPW")
        assert.equal(41000.5, shown { [energy] = 43012 })
        assert.equal(41000.5, shown { ["/Ac/Power"] = 800 })
        assert.equal(41000.6, shown { [energy] = 41000.6 })
        assert.equal(41017.6, shown { [energy] = 41017.6 })          -- told once an hour
        assert.equal(41017.6, shown { [energy] = 39000 })
        assert.equal(41017.6, shown { [energy] = 43012 })
        assert.equal(43012.1, shown { [energy] = 43012.1 })          -- counts on
        assert.equal(43012.1, shown { [energy] = 50000 })
        for _ = 1, 7 do worlds.next_poll(world) end
        assert.equal(50000, shown { ["/Ac/Power"] = 0 })
    end)

    -- Fault: What was made while nobody could see it would not be there until later.
    -- Expected: A meter that was at 0, or was not to be read for a day, has what it says.
    it("rises as it may", function()
        local energy = "/Ac/Energy/Forward"
        local world, shown = device_of("heatpump", { [energy] = 0, ["/Ac/Power"] = 0 }, "TPW")
        assert.equal(1400, shown { [energy] = 1400 })
        world:run(86400)
        world.vrm:refresh(86400)
        assert.equal(1900, shown { [energy] = 1900 })
    end)

    -- Fault: The energy of a session of charging was that of the one before.
    -- Expected: What begins at 0 each time does so.
    it("is not the session of a car", function()
        local session = "/Session/Energy"
        local _, shown = device_of("evcharger", { [session] = 22.5, ["/Ac/Power"] = 0 }, "GV14")
        assert.equal(0, shown { [session] = 0 })
    end)

    -- Fault: Gateways before Venus OS 3.70 have the energy of the session where newer ones have what a
    --        charging station has charged so far: between two sessions it was that of the first, not 0.
    -- Expected: One that stays at 0 for a quarter of an hour began anew, and counts on from there.
    it("is not the session of a car where an older gateway has it", function()
        local energy = "/Ac/Energy/Forward"
        local world, shown = device_of("evcharger", { [energy] = 20.17, ["/Ac/Power"] = 0 }, "TPW")
        assert.equal(20.17, shown { [energy] = 0 })
        for _ = 1, 7 do worlds.next_poll(world) end
        assert.equal(0, shown { ["/Ac/Power"] = 1 })
        assert.equal(0.4, shown { [energy] = 0.4 })
    end)
end)

describe("a battery's cells", function()
    -- Fault: A BMS that was not read well had a highest cell of 9.8 V; all were at 3.29 V.
    -- Expected: No cell has more than 5 V.
    it("have no voltage that none can have", function()
        check {
            { "battery", { ["/System/MaxCellVoltage"] = 9.8, ["/System/MinCellVoltage"] = 3.29,
                           ["/Voltages/Cell1"] = 5.4, ["/Voltages/Diff"] = 6.51,
                           ["/History/MaximumCellVoltage"] = 8.2 },
              { c = { CV = NONE, ST = 3.29, GV5 = NONE, GV29 = NONE }, h = { GV7 = NONE } } },
            { "battery", { ["/System/MaxCellVoltage"] = 4.31, ["/Voltages/Cell1"] = 2.02 },
              { c = { CV = 4.31, GV5 = 2.02 } } },
        }
    end)
end)

describe("an inverter of 2 x 120 V", function()
    -- Fault: It inverts, so that L1 has what goes to both outputs, and some firmware tells rubbish of L2
    --        beside it: -310 W were added.
    -- Expected: L2 is not added while the device says that it is in L1, or not connected.
    it("has the power of L1 while that is of both", function()
        local split, through = "/Ac/State/SplitPhaseL2L1OutSummed", "/Ac/State/SplitPhaseL2Passthru"
        check {
            { "vebus", { ["/Ac/Out/L1/P"] = 620, ["/Ac/Out/L2/P"] = -310, [split] = 1 }, { ST = 620 } },
            { "vebus", { ["/Ac/Out/L1/P"] = 620, ["/Ac/Out/L2/P"] = 110, [split] = 0 }, { ST = 730 } },
            { "vebus", { ["/Ac/Out/L1/P"] = 620, ["/Ac/Out/L2/P"] = 110 }, { ST = 730 } },
            { "vebus", { ["/Ac/ActiveIn/L1/P"] = 500, ["/Ac/ActiveIn/L2/P"] = 33, [through] = 0 },
              { GV3 = 500 } },
            { "vebus", { ["/Ac/ActiveIn/L1/P"] = 500, ["/Ac/ActiveIn/L2/P"] = 33, [through] = 1 },
              { GV3 = 533 } },
        }
    end)
end)

describe("a unit of 2 x 120 V", function()
    -- Fault: It had the power of its L1 alone: -7 W of 19 W supplied, 436 W of 462 W drawn.
    -- Expected: Victron tells its L2 beside that: both together, but where L2 is in L1 or not connected.
    it("has the power of both", function()
        local out, out2 = "/Devices/0/Ac/Out/P", "/Devices/0/Ac/Out/L2/P"
        local drawn, drawn2 = "/Devices/0/Ac/In/P", "/Devices/0/Ac/In/L2/P"
        local split, through = "/Ac/State/SplitPhaseL2L1OutSummed", "/Ac/State/SplitPhaseL2Passthru"
        check {
            { "vebus", { [out] = -7, [out2] = 26, [drawn] = 436, [drawn2] = 26, [split] = 0, [through] = 1,
                         ["/Devices/1/Ac/Out/P"] = 300 },
              { d = { GV0 = 19, GV6 = 462, GV1 = 300, GV7 = NONE } } },
            { "vebus", { [out] = 620, [out2] = -310, [drawn] = 500, [drawn2] = 33, [split] = 1,
                         [through] = 0 },
              { d = { GV0 = 620, GV6 = 500 } } },
        }
    end)
end)

describe("the UPS function of a VE.Bus system", function()
    -- Fault: It was shown as disabled while it was enabled, and the other way round.
    -- Expected: Victron has 1 for one that is disabled.
    it("is enabled where Victron has 0", function()
        local ups = "/Settings/UpsFunction"
        check {
            { "vebus", { [ups] = 0 }, { s = { GV19 = 1 } } },
            { "vebus", { [ups] = 1 }, { s = { GV19 = 0 } } },
            { "vebus", { [ups] = null "%s", ["/Ac/Out/NominalInverterPower"] = 2400 },
              { s = { GV19 = NONE } } },
        }
    end)
end)

describe("units of a VE.Bus system", function()
    -- Fault: Three units charge with what they draw beyond their loads (1718 W - 969 W = 749 W), and were
    --        shown to supply it.
    -- Expected: Victron counts what goes into the inverter of a unit; it supplies when that is negative.
    it("supply what Victron counts as negative", function()
        check {
            { "vebus", { ["/Devices/0/Ac/In/P"] = 1718, ["/Devices/0/Ac/Out/P"] = 969,
                         ["/Devices/0/Ac/Inverter/P"] = 749, ["/Dc/0/Power"] = 741 },
              { d = { ST = -749, GV0 = 969, GV6 = 1718, GV12 = -749 }, [""] = { CPW = 741 } } },
            { "vebus", { ["/Devices/0/Ac/In/P"] = 0, ["/Devices/0/Ac/Out/P"] = 480,
                         ["/Devices/0/Ac/Inverter/P"] = -480, ["/Devices/1/Ac/Inverter/P"] = -520 },
              { d = { ST = 1000, GV12 = 480, GV13 = 520 } } },
        }
    end)

    -- Fault: Of a system of nine units the power of all of them was that of the first six.
    -- Expected: It is that of all.
    it("have the power of all, however many", function()
        local rows = {}
        for n = 0, 8 do rows[("/Devices/%d/Ac/Inverter/P"):format(n)] = -100 - n end
        check { { "vebus", rows, { d = { ST = 936, GV12 = 100, GV17 = 105 } } } }
    end)
end)

describe("an error", function()
    -- Fault: The error of a Lynx Smart BMS was "code 36", that of an RS in a network "code 76", that of a
    --        solar charger whose input shut down "code 83".
    -- Expected: Victron's words.
    it("has a text", function()
        local world, addresses = world_of {
            { "battery", { ["/ErrorCode"] = 36 } }, { "battery", { ["/ErrorCode"] = 119 } },
            { "multi", { ["/ErrorCode"] = 76 } }, { "solarcharger", { ["/ErrorCode"] = 83 } },
            { "solarcharger", { ["/ErrorCode"] = 202 } }, { "vebus", { ["/VebusError"] = 128 } },
            { "alternator", { ["/ErrorCode"] = 57 } }, { "multi", { ["/ErrorCode"] = 222 } },
        }
        local texts = {}
        for i, address in ipairs(addresses) do
            texts[i] = text(world, i <= 2 and address .. "d" or address, "ERR")
        end
        assert.same({ "ATC or ATD failure", "Settings invalid", "#76 Network incomplete",
                      "#83 PV input shutdown", "#202 Internal error", "128 Failing relay test: no connection",
                      "57 Battery asked to disconnect", "#222 Solar connection failed" }, texts)
    end)
end)

describe("an EV charger", function()
    -- Fault: One whose current is limited by a switch, or for the inverter is too hot, had no alarm: their
    --        names end as what an alarm is set to.
    -- Expected: They are alarms as its others.
    it("has an alarm when its current is limited", function()
        local switch, heat = "/Alarms/ExternalCurrentLimit", "/Alarms/SystemCausedCurrentLimit"
        check {
            { "evcharger", { [switch] = 1, [heat] = 0 }, { ALARM = 1 } },
            { "evcharger", { [switch] = 0, [heat] = 2, ["/Alarms/WeldedContacts"] = 0 }, { ALARM = 2 } },
            { "evcharger", { [switch] = 0, ["/Alarms/GNDNotPresent"] = 2 }, { ALARM = 2 } },
        }
    end)
end)

describe("an alternator", function()
    -- Fault: An Orion XS that has lost its BMS had "code 67", and one with a bad current sensor an alternator
    --        that was too hot: its numbers were read by the list of regulators'.
    -- Expected: A DC-DC charger's errors are those of chargers, 1000 higher; a regulator's are its own, also
    --           where the GX tells them as a text beside a 0.
    it("has the error of what it is", function()
        local input, reason = "/Dc/In/V", "/DeviceOffReason"
        local world, addresses = world_of {
            { "alternator", { ["/ErrorCode"] = 67, [input] = 13.9 } },
            { "alternator", { ["/ErrorCode"] = 21, [reason] = 0 } },
            { "alternator", { ["/ErrorCode"] = 0, [input] = 13.9 } },
            { "alternator", { ["/ErrorCode"] = 21, ["/Speed"] = 4300 } },
            { "alternator", { ["/ErrorCode"] = 0, ["/Error/0/Id"] = "wakespeed:e-41" } },
            { "alternator", { ["/ErrorCode"] = 255, [input] = 13.9 } },
        }
        local texts, numbers = {}, {}
        for i, address in ipairs(addresses) do
            texts[i] = text(world, address, "ERR") or NONE
            numbers[i] = world:value(address, "ERR") or NONE
        end
        assert.same({ "#67 No BMS", "#21 Charger current sensor issue", "No error",
                      "21 Alternator temperature too high", "41 Field FET temperature too high", NONE },
            texts)
        assert.same({ 1067, 1021, 0, 21, 41, NONE }, numbers)
    end)
end)

describe("a genset", function()
    -- Fault: The GX tells the errors of a DEIF as texts, and leaves their number at 0: beside its alarm stood
    --        "No error".
    -- Expected: There is no error where neither the number nor a text tells one. One of another make than the
    --           list's has no number here, unless the GX gives it one.
    it("is not without an error beside its alarm", function()
        local code, first, second = "/ErrorCode", "/Error/0/Id", "/Error/1/Id"
        check {
            { "genset", { [code] = 0, [first] = "deif:e-12", [second] = "" }, { ERR = NONE, ALARM = 2 } },
            { "genset", { [code] = 0, [first] = "", [second] = "deif:w-913" }, { ERR = NONE, ALARM = 1 } },
            { "genset", { [code] = 0, [first] = "", [second] = "" }, { ERR = 0, ALARM = 0 } },
            { "genset", { [code] = 0, [first] = "deif:i-912" }, { ERR = 0, ALARM = 0 } },
            { "genset", { [code] = 8193, [first] = "cre:w-1" }, { ERR = 8193, ALARM = 1 } },
            { "genset", { [code] = 0, [first] = "fischerpanda:e-17" }, { ERR = 17, ALARM = 2 } },
            { "genset", { ["/StatusCode"] = 10, [second] = "hatz:e-4108" }, { ERR = NONE, ALARM = 2 } },
            { "dcgenset", { [code] = 0, [first] = "hatz:e-4108" }, { ERR = NONE, ALARM = 2 } },
            { "alternator", { [code] = 0, [first] = "arco:e-3" }, { ERR = NONE, ALARM = 2 } },
        }
    end)

    -- Fault: That a Fischer Panda has lost its BMS was "code 173", and another make's error a number alone.
    -- Expected: The words of VRM's list, else the GX's; of another make VRM's, where it has them.
    it("has a text for an error", function()
        local world, addresses = world_of {
            { "genset", { ["/Error/0/Id"] = "fischerpanda:e-28", ["/StatusCode"] = 10 } },
            { "dcgenset", { ["/ErrorCode"] = 173 } },
            { "genset", { ["/ErrorCode"] = 101 } },
            { "genset", { ["/ErrorCode"] = { 4098, "%s", "x", {
                dataAttributeEnumValues = { { valueEnum = 4098, nameEnum = "High coolant temperature" } },
            } } } },
        }
        local texts = {}
        for i, address in ipairs(addresses) do texts[i] = text(world, address, "ERR") end
        assert.same({ "Rotation too low", "Lost BMS", "AC power L3 too high", "High coolant temperature" },
            texts)
    end)
end)

describe("a SolarSense", function()
    -- Fault: One with nothing wrong had error "code 67113989": each pair of bits of that is the state of
    --        something, 1 for OK.
    -- Expected: An error is what is worse than that. One that is not set up says so.
    it("has no error while all is well", function()
        local world, addresses = world_of {
            { "meteo", { ["/ErrorCode"] = 67113989 } }, { "meteo", { ["/ErrorCode"] = 134222853 } },
            { "meteo", { ["/ErrorCode"] = 201326592 + 5125 } }, { "meteo", { ["/ErrorCode"] = 5125 } },
            { "meteo", { ["/ErrorCode"] = 0 } }, { "meteo", { ["/ErrorCode"] = 67113989 + 2048 } },
            { "meteo", { ["/ErrorCode"] = 3 } },
        }
        local texts = {}
        for i, address in ipairs(addresses) do texts[i] = text(world, address, "ERR") end
        assert.same({ "No error", "Not set up", "Not set up", "No error", "No error", "code 3072", "code 3" },
            texts)
        check { { "meteo", { ["/Irradiance"] = 3, ["/ErrorCode"] = {} }, { ERR = NONE } } }
    end)
end)

describe("a sensor", function()
    -- Fault: A virtual sensor that is told the pressure in kPa, as its help says, had none: its unit is hPa.
    -- Expected: There is no air of 100.2 hPa. The number is of kPa.
    it("has the pressure that there is", function()
        check {
            { "temperature", { ["/Pressure"] = { 100.2, "%.0F hPa", "100 hPa" } }, { BARPRES = 1002 } },
            { "temperature", { ["/Pressure"] = 101.325 }, { BARPRES = 1013.2 } },
            { "temperature", { ["/Pressure"] = { 1001.9, "%.0F hPa", "1002 hPa" } }, { BARPRES = 1001.9 } },
            { "temperature", { ["/Temperature"] = 5, ["/Pressure"] = 0 }, { BARPRES = NONE } },
            { "temperature", { ["/Temperature"] = 5, ["/Pressure"] = 200 }, { BARPRES = NONE } },
        }
    end)

    -- Fault: A gas scale that says how full its battery is, under the path of the voltage, had one of 85 V.
    -- Expected: What VRM calls a percentage is no voltage, and no sensor has a battery of 45 V.
    it("has no battery of 85 V", function()
        check {
            { "tank", { ["/Level"] = 70, ["/BatteryVoltage"] = { 9, "%.0F %%", "9 %" } }, { CV = NONE } },
            { "tank", { ["/Level"] = 70, ["/BatteryVoltage"] = 45 }, { CV = NONE } },
            { "tank", { ["/Level"] = 70, ["/BatteryVoltage"] = { 3.1, "%.2F V", "3.10 V" } }, { CV = 3.1 } },
            { "temperature", { ["/Temperature"] = 5, ["/BatteryVoltage"] = 85 }, { CV = NONE } },
        }
    end)
end)

describe("a PV inverter", function()
    -- Fault: One that does not tell its status, such as a Shelly, had the status "code 99".
    -- Expected: As on the GX: 99 says that the device has none. Another that is not known is its number.
    it("without a status has none", function()
        check {
            { "pvinverter", { ["/Ac/Power"] = 500, ["/StatusCode"] = { 99, "%s", "99" } },
              { ST = 500, GV0 = NONE } },
            { "pvinverter", { ["/Ac/Power"] = 500, ["/StatusCode"] = { 99, "%s", "Not supported" } },
              { GV0 = NONE } },
            { "pvinverter", { ["/StatusCode"] = 13 }, { GV0 = 13 } },
        }
    end)
end)

describe("a battery's capacity", function()
    -- Fault: A Lynx Smart BMS, whose batteries have 800 Ah in all, had 800 Ah left at 19 %.
    -- Expected: As on the GX: what is left is told beside what is installed. Told alone it is the whole.
    it("is what is left where the whole is told, too", function()
        check {
            { "battery", { ["/Capacity"] = 800, ["/Soc"] = 19.2, ["/System/NrOfBatteries"] = 4 },
              { d = { ST = NONE, GV0 = 800 } } },
            { "battery", { ["/Capacity"] = 187.5, ["/InstalledCapacity"] = 200 },
              { d = { ST = 187.5, GV0 = 200 } } },
            { "battery", { ["/InstalledCapacity"] = 222, ["/Soc"] = 50 }, { d = { ST = NONE, GV0 = 222 } } },
            { "battery", { ["/Capacity"] = 280, ["/InstalledCapacity"] = 6553.5 },
              { d = { ST = NONE, GV0 = 280 } } },
            { "battery", { ["/Capacity"] = 0, ["/InstalledCapacity"] = 100 }, { d = { ST = 0, GV0 = 100 } } },
        }
    end)
end)

describe("what other programs had wrong", function()
    -- Fault: Other programs showed the power of a PV inverter at night without its sign, 0 V for a phase that
    --        is not there, a charge of -903 %, a speed of 655 m/s without satellites, three times the largest
    --        phase as the sum, no power where no phase had any, 32400 h of a generator, 0 m3 for a tank
    --        without a capacity, a tenth of a starter battery's voltage.
    -- Expected: What the device says, or no data.
    it("is right here", function()
        local phase = { "/Ac/L1/Power", "/Ac/L2/Power", "/Ac/L3/Power" }
        check {
            { "pvinverter", { [phase[1]] = -3, [phase[2]] = -2, [phase[3]] = -3 }, { ST = -8 } },
            { "pvinverter", { [phase[2]] = 340, ["/Ac/L2/Voltage"] = 230.4, [phase[1]] = null "%.0F W" },
              { [""] = { ST = 340, GV1 = NONE },
                p = { CPW = NONE, GV1 = 340, GV2 = NONE, CV = NONE, GV3 = 230.4 } } },
            { "grid", { [phase[1]] = -800, [phase[2]] = -670, [phase[3]] = 1840 }, { ST = 370 } },
            { "vebus", { ["/Ac/Out/L1/P"] = null "%.0F W", ["/Ac/Out/L3/P"] = 310, ["/Ac/Out/L1/V"] = 230 },
              { [""] = { ST = 310, GV1 = 230 }, p = { CPW = NONE, GV2 = 310 } } },
            { "pvinverter", { ["/Ac/Power"] = 3000, [phase[1]] = null "%.0F W", [phase[2]] = null "%.0F W",
                              ["/Ac/L1/Voltage"] = 121, ["/Ac/L2/Voltage"] = 121, ["/Ac/L1/Current"] = 12.4 },
              { [""] = { ST = 3000, GV1 = 121 }, p = { CPW = NONE, GV1 = NONE, GV3 = 121, CC = 12.4 } } },
            { "acload", { ["/Ac/Power"] = -50, ["/Ac/L1/Power"] = -50, ["/Ac/Energy/Forward"] = 0.1,
                          ["/Ac/Energy/Reverse"] = 4 }, { ST = -50, TPW = 0.1, GV3 = 4 } },
            { "generator", { ["/State"] = 1, ["/TodayRuntime"] = { 90000, "%s" },
                             ["/AccumulatedRuntime"] = { 32400, "%s" } }, { ST = 1, GV5 = 25, GV6 = 9 } },
            { "multi", { ["/Ac/In/1/L1/P"] = -1129, ["/Ac/In/1/L2/P"] = 123, ["/Ac/In/1/L3/P"] = 1038,
                         ["/Ac/ActiveIn/ActiveInput"] = 0 }, { GV3 = 32, GV4 = NONE } },
            { "battery", { ["/Soc"] = -903, ["/Dc/0/Voltage"] = 52.1 },
              { ST = NONE, BATLVL = NONE, CV = 52.1 } },
            { "battery", { ["/Soc"] = 80, ["/Dc/0/Current"] = -5,
                           ["/TimeToGo"] = { "3 days, 4:12", "%s", "3 days, 4:12" } }, { TIMEREM = NONE } },
            { "battery", { ["/Dc/0/Voltage"] = 12.8,
                           ["/Dc/0/Temperature"] = { 382.2, "%.0F °C", "382 °C" } }, { CLITEMP = NONE } },
            { "alternator", { ["/Dc/0/Power"] = -1, ["/Dc/0/Voltage"] = 12.6 }, { ST = -1, CC = NONE } },
            { "tank", { ["/Level"] = 45, ["/Capacity"] = null "%.3F m3", ["/Remaining"] = null "%.3F m3" },
              { ST = 45, GV0 = NONE, TANKCAP = NONE } },
            { "tank", { ["/Level"] = null "%.0F %%", ["/Status"] = 5, ["/Capacity"] = 0.2 },
              { ST = NONE, GV2 = 5, TANKCAP = 200 } },
            { "gps", { ["/Speed"] = 655.34, ["/Course"] = 375.5, ["/NrOfSatellites"] = 0, ["/Fix"] = 0 },
              { ST = 0, SPEED = NONE, GV3 = NONE, GV4 = 0 } },
            { "dcsystem", { ["/Dc/0/Voltage"] = 49.43, ["/Dc/1/Voltage"] = 24.28, ["/Dc/0/Power"] = -120 },
              { ST = -120, GV2 = 24.28, CC = NONE } },
            { "evcharger", { ["/Ac/L1/Power"] = 2300, ["/Ac/L2/Power"] = 2200, ["/Ac/L3/Power"] = 2100,
                             ["/Session/Time"] = 8838, ["/Status"] = 24 }, { ST = 6600, GV15 = 147 } },
        }
    end)

    -- Fault: Others lost the energy of an RS that passed 6553.5 kWh, ended at a number that no list has (a
    --        balancer's 12339, a Lynx' error 44), turned a load's current round, had 104 of 105 liters, no
    --        level of a tank with a bit more or less in it than it can have, 0 °C of a sensor that is
    --        unplugged, no value that came as a text, and waited for the dimming of a relay.
    -- Expected: What the device says, or no data.
    it("is right here, of DC and sensors", function()
        check {
            { "solarcharger", { ["/Yield/User"] = 6553.5, ["/Yield/System"] = 6635.27, ["/Load/I"] = -0.4,
                                ["/Alarms/LowVoltage"] = 65535, ["/MppOperationMode"] = 255 },
              { TPW = 6553.5, GV10 = 6635.27, GV9 = -0.4, GV7 = NONE, GV14 = 255 } },
            { "solarcharger", { ["/Dc/0/Voltage"] = 13.25, ["/Dc/0/Current"] = 4 },    -- a SmartShunt at one
              { ST = NONE, CPW = 53, GV1 = NONE } },
            { "battery", { ["/Balancer/Status"] = 12339, ["/ErrorCode"] = 44, ["/Soc"] = "87.5",
                           ["/Alarms/CellMeasurementsFault"] = 2 },
              { [""] = { ST = 87.5, ALARM = 2 }, d = { ERR = 44, GV4 = 12339 }, a = { GV21 = 2 } } },
            { "tank", { ["/Level"] = 99.9, ["/Remaining"] = 0.104999, ["/Capacity"] = 0.105 },
              { GV0 = 105, TANKCAP = 105 } },
            { "tank", { ["/Level"] = 100.1, ["/Remaining"] = 0.15142, ["/Capacity"] = 0.1514164714 },
              { ST = 100.1, GV0 = 151, TANKCAP = 151 } },
            { "tank", { ["/Level"] = -0.4, ["/Capacity"] = 0.2 }, { ST = -0.4 } },       -- empty, and a bit
            { "tank", { ["/Level"] = -1, ["/Capacity"] = 0.2 }, { ST = NONE } },
            { "temperature", { ["/Temperature"] = null "%.1F °C", ["/Status"] = 1, ["/Humidity"] = "41" },
              { ST = NONE, GV2 = 1, CLIHUM = 41 } },
            { "switch", { ["/SwitchableOutput/0/State"] = 1, ["/SwitchableOutput/0/Status"] = 9 },
              { [""] = { GV0 = 1 }, a = { ST = 9 } } },
            { "pulsemeter", { ["/Aggregate"] = 0.001, ["/Count"] = 0 }, { ST = 0.001, GV0 = 0 } },
            { "dcsource", { ["/Dc/0/Power"] = null "%.0F W", ["/Dc/0/Voltage"] = 13.48,
                            ["/Dc/0/Current"] = 17.29 }, { ST = 233, CC = 17.29 } },
            { "motordrive", { ["/Dc/0/Power"] = -340, ["/Motor/RPM"] = -800, ["/Motor/Direction"] = 1 },
              { ST = -340, GV0 = -800, GV3 = 1 } },
            { "meteo", { ["/WindSpeed"] = 0, ["/WindDirection"] = 360 }, { SPEED = 0, WINDDIR = 360 } },
        }
    end)
end)
