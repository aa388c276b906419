--- What is released and never changes its meaning: node ids, driver ids, address codes, the plugin's own
-- numbers. Users' programs stand on them. Adding lines is fine; changing or removing one breaks somebody.

local fake = require "spec.support.fake_host"
local check = require "lib.check"
local discovery = require "lib.discovery"
local names = require "lib.names"

--- node id = its drivers: id, unit of measure, meaning.
local NODES = {
    VICBATT = [[
        ST        51 State of charge
        GV0       25 Battery status
        CV        72 Battery voltage
        CC         1 Battery current, + charging
        CPW       73 Battery power, + charging
        CLITEMP    4 Battery temperature
        GV1       56 Consumed (Ah)
        TIMEREM   20 Time to go
        GV2       72 Starter battery voltage
        GV3       72 Mid-point voltage
        GV4       51 Mid-point deviation
        GV5       51 State of health
        GV6       72 Lowest cell voltage
        GV7       72 Highest cell voltage
        ALARM     25 Alarm, any
        GV8       25 Alarm: low charge
        GV9       25 Alarm: low voltage
        GV10      25 Alarm: high voltage
        GV11      25 Alarm: low temp.
        GV12      25 Alarm: high temp.
        GV13      25 Relay
        GV14      33 Energy charged, total
        GV15      33 Energy discharged, total
        GV16      56 Charge cycles
        GV17      20 Time since last full charge
        GV18      56 Deepest discharge (Ah)
        GV30      25 Data state
        TIME     151 Last data
    ]],
    VICCTRL = [[
        ST        25 PG3 connection
        GV0       25 System status
        GV1       56 Installations
        GV2       56 Devices
        GV3       56 Device scripts in error
        TIME     151 Last answer from VRM
    ]],
    VICGW = [[
        ST        25 Gateway status
        GV0       25 System status
        GV1       56 Active alarms
        GV2       56 Devices
        GV3       25 VRM connection
        GV4       25 System state
        BATLVL    51 Battery charge
        GV5       25 Battery status
        CV        72 Battery voltage
        CC         1 Battery current, + charging
        CPW       73 Battery power, + charging
        CLITEMP    4 Battery temperature
        TIMEREM   20 Battery time to go
        GV6       73 Solar power, DC
        GV7       73 Solar power, AC
        GV8       73 AC consumption
        GV9       73 Grid power, + from the grid
        GV10      73 Generator power
        GV11      73 DC system power, + consumed
        GV12      25 AC input
        GV13      25 Grid alarm
        GV14      25 Relay 1
        GV15      25 Relay 2
        GV16      58 Logging interval
        GV30      25 Data state
        TIME     151 Last data
    ]],
    VICINV = [[
        ST        73 AC output power
        GV0       25 Inverter status
        MODE      25 Switch
        CV        72 AC output voltage
        CC         1 AC output current
        CPW       73 AC output power L1
        FREQ      90 AC output frequency
        GV1       72 AC output voltage L2
        GV2        1 AC output current L2
        GV3       73 AC output power L2
        GV4       72 AC output voltage L3
        GV5        1 AC output current L3
        GV6       73 AC output power L3
        GV7       73 AC input power
        GV8       72 AC input voltage
        GV9       90 AC input frequency
        GV10      25 Active AC input
        GV11       1 AC input current limit
        GV12      72 Battery voltage
        GV13       1 Battery current, + charging
        GV14      51 State of charge
        CLITEMP    4 Temperature
        ERR       25 VE.Bus error
        GV15      25 Error (RS)
        ALARM     25 Alarm, any
        GV16      25 Alarm: low battery
        GV17      25 Alarm: overload
        GV18      25 Alarm: temperature
        GV19      73 Solar power (RS)
        GV20      25 Relay
        GV30      25 Data state
        TIME     151 Last data
    ]],
    VICSOLAR = [[
        ST        73 PV power
        GV0       25 Charge state
        CV        72 PV voltage
        CC         1 PV current
        GV1       72 Battery voltage
        GV2        1 Battery current, + charging
        GV3       33 Yield today
        GV4       73 Peak power today
        CPW       73 Charge power, + charging
        GV5       33 Yield yesterday
        GV6       73 Peak power yesterday
        TPW       33 Yield, total
        ERR       25 Error
        MODE      25 Switch
        GV7       25 Tracker
        GV8       25 Load output
        GV9        1 Load current
        GV10      25 Relay
        GV30      25 Data state
        TIME     151 Last data
    ]],
}

local CODES = {
    gateway = "gw", battery = "bm", solarcharger = "sc", vebus = "vb", inverter = "iv", multi = "mr",
    acsystem = "as", pvinverter = "pv", grid = "gr", acload = "al", tank = "tk", temperature = "ts",
    genset = "gs", generator = "gn", evcharger = "ev", ev = "ec", dcsystem = "ds", dcload = "dl",
    dcsource = "dc", alternator = "at", dcdc = "dd", charger = "ch", accharger = "ac", motordrive = "md",
    fuelcell = "fc", meteo = "me", digitalinput = "di", pulsemeter = "pm", heatpump = "hp", switch = "sw",
    gps = "gp", bms = "bs", hub4 = "hb", modem = "mo",
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

local function shipped()
    local types = {}
    for _, name in ipairs(fake.DEVICES) do
        local script = fake.load_device(name)
        local type_ = assert(check.device(script.file, script.table))
        types[type_.id] = type_
    end
    return types
end

describe("what is released", function()
    local types = shipped()

    for id, list in pairs(NODES) do
        it("keeps node " .. id .. " and its drivers", function()
            local type_ = assert(types[id], "the node id is gone")
            local drivers = {}
            for _, driver in ipairs(type_.declaration.drivers) do drivers[driver.id] = driver end
            for driver_id, uom, meaning in list:gmatch("(%u[%u%d]*) +(%d+) ([^\n]+)") do
                local driver = assert(drivers[driver_id], driver_id .. " is gone")
                assert.equal(tonumber(uom), driver.uom, driver_id)
                assert.equal(meaning, driver.label, driver_id)
                drivers[driver_id] = nil
            end
            assert.is_nil(next(drivers), "add the new driver to the list above: " .. tostring(next(drivers)))
        end)
    end

    it("knows every node there is", function()
        for id in pairs(types) do assert.truthy(NODES[id], "add " .. id .. " to the list above") end
    end)

    it("keeps the letters of addresses", function()
        for service, code in pairs(CODES) do assert.equal(code, discovery.SERVICE_CODES[service], service) end
        for service in pairs(discovery.SERVICE_CODES) do
            assert.truthy(CODES[service], "add " .. service .. " to the list above")
        end
        assert.equal("zh", discovery.service_code("an unknown service"))
        assert.equal("392u_bm288", discovery.address(151734, "battery", 288))
        assert.equal("392u_gw0", discovery.gateway_address(151734))
    end)

    for list, texts in pairs(OWN_NAMES) do
        it("keeps the numbers of " .. list, function()
            for number, text in texts:gmatch("(%d+) ([^,]+)") do
                assert.equal(text, names[list][tonumber(number)])
            end
        end)
    end
end)
