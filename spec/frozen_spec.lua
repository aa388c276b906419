--- What is released and never changes its meaning: node ids, driver ids, address codes, the plugin's own
-- numbers. Users' programs stand on them. Adding lines is fine; changing or removing one breaks somebody.

local fake = require "spec.support.fake_host"
local check = require "types.check"
local discovery = require "model.discovery"
local names = require "types.names"

--- node id = its drivers: id, unit of measure, meaning.
local NODES = {
    VICBATT = [[
        ST        51 State of charge
        BATLVL    51 Battery charge
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
        ALARM     25 Alarm, any
        GV6       25 Alarm: low charge
        GV7       25 Alarm: low voltage
        GV8       25 Alarm: high voltage
        GV9       25 Alarm: low temp.
        GV10      25 Alarm: high temp.
        GV11      25 Relay
        GV12      33 Energy charged, total
        GV13      33 Energy discharged, total
        GV14      56 Charge cycles
        GV15      20 Time since last full charge
        GV16      56 Deepest discharge (Ah)
        GV30      25 Data state
        TIME     151 Last data
    ]],
    VICBATTC = [[
        ST        72 Lowest cell voltage
        CV        72 Highest cell voltage
        CLITEMP    4 Coldest cell
        GV0        4 Warmest cell
        GV1       56 Modules online
        GV2       56 Modules offline
        GV3       56 Modules blocking charge
        GV4       56 Modules blocking discharge
        GV5       72 Cell 1 voltage
        GV6       72 Cell 2 voltage
        GV7       72 Cell 3 voltage
        GV8       72 Cell 4 voltage
        GV9       72 Cell 5 voltage
        GV10      72 Cell 6 voltage
        GV11      72 Cell 7 voltage
        GV12      72 Cell 8 voltage
        GV13      72 Cell 9 voltage
        GV14      72 Cell 10 voltage
        GV15      72 Cell 11 voltage
        GV16      72 Cell 12 voltage
        GV17      72 Cell 13 voltage
        GV18      72 Cell 14 voltage
        GV19      72 Cell 15 voltage
        GV20      72 Cell 16 voltage
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
        CV        72 Battery voltage
        CC         1 Battery current, + charging
        CPW       73 Battery power, + charging
        BATLVL    51 State of charge
        CLITEMP    4 Temperature
        GV1       72 AC output voltage L1
        GV2        1 AC output current L1
        FREQ      90 AC output frequency
        GV3       73 AC input power
        GV4       72 AC input voltage L1
        GV5       90 AC input frequency
        GV6       25 Active AC input
        GV7        1 AC input current limit
        ERR       25 VE.Bus error
        GV8       25 Error (RS)
        ALARM     25 Alarm, any
        GV9       25 Alarm: low battery
        GV10      25 Alarm: overload
        GV11      25 Alarm: temperature
        GV12      73 Solar power (RS)
        GV13      25 Relay
        GV30      25 Data state
        TIME     151 Last data
    ]],
    VICINVP = [[
        ST        73 AC output power
        CPW       73 AC output power L1
        GV1       73 AC output power L2
        GV2       73 AC output power L3
        CV        72 AC output voltage L1
        GV3       72 AC output voltage L2
        GV4       72 AC output voltage L3
        CC         1 AC output current L1
        GV5        1 AC output current L2
        GV6        1 AC output current L3
        GV7       73 AC input power L1
        GV8       73 AC input power L2
        GV9       73 AC input power L3
        GV10      72 AC input voltage L1
        GV11      72 AC input voltage L2
        GV12      72 AC input voltage L3
        GV30      25 Data state
        TIME     151 Last data
    ]],
    VICSOLAR = [[
        ST        73 PV power
        GV0       25 Charge state
        CV        72 Battery voltage
        CC         1 Battery current, + charging
        CPW       73 Charge power, + charging
        GV1       72 PV voltage
        GV2        1 PV current
        GV3       33 Yield today
        GV4       73 Peak power today
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
    VICSOLART = [[
        ST        73 PV power
        CPW       73 Tracker 1 power
        GV1       73 Tracker 2 power
        GV2       73 Tracker 3 power
        GV3       73 Tracker 4 power
        CV        72 Tracker 1 voltage
        GV4       72 Tracker 2 voltage
        GV5       72 Tracker 3 voltage
        GV6       72 Tracker 4 voltage
        CC         1 Tracker 1 current
        GV7        1 Tracker 2 current
        GV8        1 Tracker 3 current
        GV9        1 Tracker 4 current
        GV10      25 Tracker 1
        GV11      25 Tracker 2
        GV12      25 Tracker 3
        GV13      25 Tracker 4
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
        for _, one in ipairs(check.types(type_)) do types[one.id] = one end
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
