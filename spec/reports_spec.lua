--- What owners of other programs for Victron's devices have reported, played through this one: the rows of
-- their devices, and what the ISY shows.

local device_cases = require "spec.support.device_cases"

local world_of, text = device_cases.world_of, device_cases.text

after_each(function() _G.host = nil end)

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
        }
        local reasons, numbers = {}, {}
        for i, address in ipairs(addresses) do
            reasons[i], numbers[i] = text(world, address, "GV19"), world:value(address, "GV19")
        end
        assert.same({ "Remote input, engine shutdown on low input voltage", "Device mode, remote input",
                      "No or low input power, signal from the BMS", "No or low input power, device mode",
                      "Protection active, low temperature, no or low panel power",
                      "Remote input, no or low battery power", "None", "code 16392" }, reasons)
        assert.same({ 136, 12, 65, 5, 1552, 2056, 0, 16392 }, numbers)
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
