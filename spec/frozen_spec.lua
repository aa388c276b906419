--- What is released and never changes its meaning: node ids, driver ids, address codes, the plugin's own
-- numbers. Users' programs stand on them. Adding lines is fine; changing or removing one breaks somebody.

local frozen = require "spec.frozen"
local services = require "types.services"
local names = require "types.names"

local CODES = {
    gateway = "gw", battery = "bm", solarcharger = "sc", vebus = "vb", inverter = "iv", multi = "mr",
    acsystem = "as", pvinverter = "pv", grid = "gr", acload = "al", tank = "tk", temperature = "ts",
    genset = "gs", generator = "gn", evcharger = "ev", ev = "ec", dcsystem = "ds", dcload = "dl",
    dcsource = "dc", alternator = "at", dcdc = "dd", charger = "ch", accharger = "ac", motordrive = "md",
    fuelcell = "fc", meteo = "me", digitalinput = "di", pulsemeter = "pm", heatpump = "hp", switch = "sw",
    gps = "gp", bms = "bs", hub4 = "hb", modem = "mo", dcgenset = "dg", pump = "pu",
}

local OWN_NAMES = {
    pg3_connection = "0 Disconnected, 1 Connected, 2 Failed",
    system_connection = "0 Disconnected, 1 Connected, 2 Authentication Failed, 3 Connecting, 4 Rate limited, "
        .. "5 VRM unreachable, 6 VRM error, 7 No installations or no permission, 8 No answer in time, "
        .. "9 Certificate not trusted, 10 Not VRM's answer, 11 Request refused, 12 Answer too large, "
        .. "13 Answer not understood, 14 Error in the plugin",
    data_state = "0 No data yet, 1 Fresh, 2 Stale, 3 Offline",
    gateway_status = "0 Offline, 1 Online",
    vrm_connection = "0 Disconnected, 1 Connected",
    system_status = "0 Unknown, 1 OK, 2 Warning, 3 Alarm",
    battery_state = "0 Idle, 1 Charging, 2 Discharging",
    alarm = "0 No alarm, 1 Warning, 2 Alarm",
}

describe("what is released", function()
    local shipped, released = frozen.shipped(), frozen.released()

    for id, text in pairs(released) do
        it("keeps node " .. id .. " and its drivers", function()
            assert(shipped[id], "the node id is gone")
            assert.same({}, frozen.missing(text, shipped[id]))
        end)
    end

    it("has every node and driver there is", function()
        for id, text in pairs(shipped) do
            assert.same({}, frozen.missing(text, released[id]), "lua5.4 spec/frozen.lua --write adds " .. id)
        end
    end)

    it("keeps the letters of addresses", function()
        for service, code in pairs(CODES) do assert.equal(code, services.CODES[service], service) end
        for service in pairs(services.CODES) do
            assert.truthy(CODES[service], "add " .. service .. " to the list above")
        end
        assert.equal("zh", services.code("an unknown service"))
        assert.equal("392u_bm288", services.address(151734, "battery", 288))
        assert.equal("392u_gw0", services.gateway_address(151734))
    end)

    for list, texts in pairs(OWN_NAMES) do
        it("keeps the numbers of " .. list, function()
            for number, text in texts:gmatch("(%d+) ([^,]+)") do
                assert.equal(text, names[list][tonumber(number)])
            end
        end)
    end
end)
