--- What the ISY shows for odd rows of VRM: its units, its "not available", its large and its small systems.

local device_cases = require "spec.support.device_cases"
local worlds = require "spec.support.worlds"
local fixtures = require "spec.fixtures.vrm"

after_each(function() _G.host = nil end)

local NONE, check, world_of = device_cases.NONE, device_cases.check, device_cases.world_of

describe("a number in another unit", function()
    -- Fault: 3.5 bar of oil were 4 kPa, 198 miles 198 km, a boat of 10 knots went at 36 km/h, five days since
    -- the last full charge were five hours.
    -- Expected: a number is shown in the node's unit, whatever unit VRM names.
    it("is shown in the node's", function()
        check {
            { "genset", { ["/Engine/OilPressure"] = { 3.5, "%.1F bar" } }, { d = { GV4 = 350 } } },
            { "dcgenset", { ["/Engine/OilPressure"] = { 50.8, "%.1F psi" } }, { d = { GV4 = 350 } } },
            { "ev", { ["/RangeToGo"] = { 198, "%d mi" }, ["/Odometer"] = { 28000, "%d mi" } },
              { GV11 = 319, GV12 = 45062 } },
            { "gps", { ["/Speed"] = { 36, "%.1F km/h" }, ["/Altitude"] = { 328, "%.0F ft" } },
              { SPEED = 10, GV2 = 100 } },
            { "gps", { ls = { 10, "%.1F kn" } }, { SPEED = 5.1 } },
            { "meteo", { ["/WindSpeed"] = { 20, "%.1F mph" } }, { SPEED = 8.9 } },
            { "temperature", { ["/Pressure"] = { 29.92, "%.2F inHg" } }, { BARPRES = 1013.2 } },
            { "battery", { ["/History/TimeSinceLastFullCharge"] = { 5, "%d days" } }, { GV15 = 120 } },
        }
    end)

    -- Fault: 1500 W that VRM shows as 1.5 kW were 1.5 MW, a cell of 3.35 V shown as 3350 mV had 3 mV, 840 Wh
    -- that were 0.84 kWh counted for nothing.
    -- Expected: where the format and the number come from two places, the text that VRM shows tells the unit.
    it("is what VRM shows", function()
        check {
            { "system", { ["/Dc/Battery/Power"] = { 1523.4, "%.1F kW", "1.5 kW" },
                          ["/Dc/System/Power"] = { 1.5, "%.1F kW", "1.5 kW" },
                          ["/Dc/Pv/Power"] = { 1523.4, "%s", "1.5 kW" },
                          ["/Dc/Battery/Voltage"] = { 52.1, "%d mV", "52100 mV" },
                          ["/Ac/Grid/L1/Power"] = { 0, "%.1F kW", "0.0 kW" } },
              { CPW = 1523, GV11 = 1500, GV6 = 1523, CV = 52.1, GV9 = 0 } },
            { "battery", { ["/System/MinCellVoltage"] = { 3.35, "%.0F mV", "3350 mV" },
                           ["/System/MaxCellVoltage"] = { 3351, "%.0F mV", "3351 mV" },
                           ["/Dc/0/Current"] = { -4.2, "%.0F mA", "-4200 mA" } },
              { CC = -4.2, c = { ST = 3.35, CV = 3.351 } } },
            { "solarcharger", { ["/History/Daily/0/Yield"] = { 0.84, "%.0F Wh", "840 Wh" },
                                ["/Yield/User"] = { 1234.5, "%.2F MWh", "1.23 MWh" },
                                ["/Yield/System"] = { 1.23, "%.2F MWh", "1.23 MWh" } },
              { GV3 = 0.84, TPW = 1234.5, GV10 = 1230 } },
            { "solarcharger", { ["/History/Daily/0/Yield"] = { 840, "%.2F kWh", "0.84 kWh" },
                                ["/Yield/User"] = { 1234500, "%.2F kWh", "1234.50 kWh" },
                                ["/Yield/System"] = { 1234.5, "%.2F kWh", "1.23 MWh" } },
              { GV3 = 0.84, TPW = 1234.5, GV10 = 1234.5 } },
            { "grid", { ["/Ac/Energy/Forward"] = { 0.4, "%.2F kWh", "0.40 kWh" },
                        ["/Ac/Energy/Reverse"] = { 0, "%.2F kWh", "0.00 kWh" } }, { TPW = 0.4, GV3 = 0 } },
        }
    end)

    -- Fault: An account has knots, feet or inches of mercury, and VRM's number is that of the D-Bus: a boat
    -- at 5 m/s that VRM shows as 9.7 kn went at 2.6 m/s, 30 m of altitude were 9 m, the air had no pressure.
    -- Expected: Here, too, what VRM shows tells the unit of the number.
    it("is what VRM shows, of speeds, distances and pressures too", function()
        local air, oil = "/Pressure", "/Engine/OilPressure"
        check {
            { "gps", { ["/Speed"] = { 5, "%.1F kn", "9.7 kn" }, ["/Altitude"] = { 30, "%.0F ft", "98 ft" } },
              { SPEED = 5, GV2 = 30 } },
            { "gps", { ["/Speed"] = { 18, "%.1F km/h", "18.0 km/h" },
                       ["/Altitude"] = { 98, "%.0F ft", "98 ft" } }, { SPEED = 5, GV2 = 30 } },
            { "gps", { ["/Speed"] = { 5, "%s", "11,2 mph" },
                       ["/Altitude"] = { 30, "%.0F m/s", "30 m/s" } },          -- Victron named it wrong once
              { SPEED = 5, GV2 = 30 } },
            { "gps", { ["/Speed"] = { 0, "%.1F kn", "0.0 kn" } }, { SPEED = 0 } },
            { "meteo", { ["/WindSpeed"] = { 7.4, "%.1F km/h", "26.6 km/h" } }, { SPEED = 7.4 } },
            { "temperature", { [air] = { 1013.2, "%.2F inHg", "29.92 inHg" } }, { BARPRES = 1013.2 } },
            { "temperature", { [air] = { 29.92, "%.2F inHg", "29.92 inHg" } }, { BARPRES = 1013.2 } },
            { "temperature", { [air] = { 1013.2, "%.1F kPa", "101.3 kPa" } }, { BARPRES = 1013.2 } },
            { "genset", { [oil] = { 350, "%.1F bar", "3.5 bar" } }, { d = { GV4 = 350 } } },
            { "dcgenset", { [oil] = { 350, "%.1F psi", "50.8 psi" } }, { d = { GV4 = 350 } } },
            { "ev", { ["/RangeToGo"] = { 319, "%d mi", "198 mi" },
                      ["/Odometer"] = { 28000, "%d mi", "28000 mi" } }, { GV11 = 319, GV12 = 45062 } },
        }
    end)

    -- Fault: Of an account with °F a sensor to whose temperature nothing is added had an offset of -17.8 °C.
    -- Expected: A difference of temperatures has no zero to be moved; its number is that of the D-Bus.
    it("is no temperature where it is a difference of two", function()
        check {
            { "temperature", { ["/Offset"] = { 0, "%.1F °F", "0.0 °F" } }, { s = { ST = 0 } } },
            { "temperature", { ["/Offset"] = { 2, "%.1F °F", "3.6 °F" } }, { s = { ST = 2 } } },
            { "temperature", { ["/Offset"] = { -1.5, "%.1F °C", "-1.5 °C" } }, { s = { ST = -1.5 } } },
        }
    end)

    -- Fault: 0.42 kW from panels at 36 V were 0.01 A; a meter of one phase that counts in Wh had a thousand
    -- times the energy.
    -- Expected: what is worked out is made of the numbers in their units, too.
    it("counts for what is worked out", function()
        check {
            { "solarcharger", { ["/Yield/Power"] = { 0.432, "%.3F kW" }, ["/Pv/V"] = { 36000, "%d mV" } },
              { ST = 432, GV1 = 36, GV2 = 12 } },
            { "solarcharger", { PVP = { 0.9, "%.1F kW" }, PVP0 = { 600, "%d W" }, PVV0 = { 120, "%d V" },
                                PVP1 = { 0.3, "%.1F kW" }, PVV1 = { 100, "%d V" } },
              { ST = 900, GV2 = 8, t = { GV7 = 3 } } },
            { "multi", { ["/Dc/0/Voltage"] = 50, ["/Dc/0/Current"] = { 2500, "%d mA" } }, { CPW = 125 } },
            { "grid", { ["/Ac/L2/Energy/Forward"] = { 812500, "%d Wh" },
                        ["/Ac/L2/Energy/Reverse"] = { 3.2, "%.1F MWh" } }, { TPW = 812.5, GV3 = 3200 } },
            { "battery", { ["/Dc/0/Current"] = { -4200, "%d mA" }, ["/Dc/0/Voltage"] = { 26300, "%d mV" } },
              { GV0 = 2, CC = -4.2, CPW = -110 } },
            { "battery", { I = { 800, "%d mA" }, V = { 13.2, "%.1F V" } }, { GV0 = 0 } },
        }
    end)
end)

describe("a register's \"not available\"", function()
    -- Fault: rows that name no unit pass it on. A battery whose current is unknown was charging, panels gave
    -- 100 A (65535 W by 655.35 V).
    -- Expected: what is worked out of it is no data, or made of what else there is.
    it("is none for what is worked out", function()
        check {
            { "battery", { I = 3276.7, V = 13.1, SOC = 80 }, { CC = NONE, GV0 = NONE } },
            { "battery", { I = -655.36, V = 13.1 }, { CC = -655.36, GV0 = 2 } },
            { "battery", { I = 1.2, V = 655.35 }, { CV = NONE, GV0 = 1 } },
            { "battery", { I = -1e308, V = 13.1 }, { CC = NONE, GV0 = NONE } },
            { "solarcharger", { PVP = 1e38, PVV = 36 }, { ST = NONE, GV2 = NONE } },
            { "solarcharger", { PVP = 65535, PVV = 655.35, ScV = 13 },
              { ST = NONE, GV1 = NONE, GV2 = NONE } },
            { "solarcharger", { PVP = 420, PVV = 327.67 }, { GV1 = NONE, GV2 = NONE } },
            { "solarcharger", { PVP = 1880, PVP0 = 0, PVV0 = 0, PVP1 = 1880, PVV1 = 300, PVP2 = 65535,
                                PVV2 = 655.35 }, { GV2 = 6.3 } },
        }
    end)

    -- Fault: a car's last contact was in 2106 (all bits set), and in 2038.
    -- Expected: no data, as for every number of 32 bits that are all set.
    it("is no time", function()
        check {
            { "ev", { ["/LastEvContact"] = 4294967295, ["/ChargingStarted"] = 2147483647 },
              { d = { ST = NONE, GV2 = NONE } } },
            { "system", { ["/DynamicEss/LastScheduledStart"] = 4294967295, ["/DynamicEss/Strategy"] = 1 },
              { y = { GV10 = NONE } } },
        }
    end)

    -- Fault: 655.35 kWh fit into a car's battery and into a session of charging, whose current was 255 A; an
    -- engine had 65535 starts and an oil pressure of 655 kPa.
    -- Expected: no data. A counter may stand there.
    it("is nothing of a car or an engine", function()
        check {
            { "ev", { ["/BatteryCapacity"] = 655.35, ["/Soc"] = 50 }, { GV13 = NONE } },
            { "evcharger", { ["/Session/Energy"] = 655.35, ["/Ac/Energy/Forward"] = 655.35,
                             ["/MaxCurrent"] = 255, ["/Current"] = 255 },
              { GV14 = NONE, TPW = 655.35, GV10 = NONE, GV12 = NONE } },
            { "genset", { ["/Engine/Starts"] = 65535, ["/Engine/OilPressure"] = 655.35 },
              { d = { GV5 = NONE, GV4 = NONE } } },
        }
    end)
end)

describe("a large system", function()
    -- Fault: a meter of a site that draws 1 MW had no energy after half a year, fifteen Quattros of 225 kW no
    -- current.
    -- Expected: both are shown. 32 bits that are all set are no data.
    it("has its energy and its current", function()
        check {
            { "grid", { ["/Ac/Power"] = { 1050000, "%d W" }, ["/Ac/L1/Current"] = 1521.3,
                        ["/Ac/Energy/Forward"] = { 87600000.5, "%.2F kWh" },
                        ["/Ac/Energy/Reverse"] = { 42949672.95, "%.2F kWh" }, ["/Ac/L2/Power"] = 350000,
                        ["/Ac/L1/Energy/Forward"] = { 29200000, "%.2F kWh" },
                        ["/Ac/L2/Energy/Forward"] = 4294967.295 },
              { ST = 1050000, TPW = 87600000.5, GV3 = NONE, GV2 = 1521.3,
                p = { GV7 = 29200000, GV8 = NONE } } },
            { "vebus", { CV = 48.1, CI = { -4680, "%.1F A" }, ["/Energy/AcIn1ToAcOut"] = 1450000.5,
                         ["/Energy/InverterToAcOut"] = 21474836.47 },
              { CC = -4680, CPW = -225108, e = { GV0 = 1450000.5, GV8 = NONE } } },
            { "battery", { H22 = 1234567.5, H21 = 42949672.95, I = 702.4 },
              { GV12 = 1234567.5, GV13 = NONE, CC = 702.4 } },
            { "system", { ["/Dc/Battery/Current"] = -4680 }, { CC = -4680 } },
            { "pvinverter", { pE1 = 9876543.2 }, { TPW = 9876543.2 } },
        }
    end)
end)

describe("an inverter that gives no power", function()
    -- Fault: A Phoenix that supplies 18 W had 0 W or 23 W: the current it gives has steps of 0.1 A.
    -- Expected: Its apparent power, as on the GX; without one, voltage by current.
    it("has its apparent power", function()
        check {
            { "inverter", { ["/Ac/Out/L1/S"] = { 18, "%d VA" }, ["/Ac/Out/L1/V"] = 230.1,
                            ["/Ac/Out/L1/I"] = 0 }, { ST = 18, GV14 = 18 } },
            { "inverter", { ["/Ac/Out/L1/P"] = 17, ["/Ac/Out/L1/S"] = 18, ["/Ac/Out/L1/V"] = 230,
                            ["/Ac/Out/L1/I"] = 0.1 }, { ST = 17, GV14 = 18 } },
            { "inverter", { ["/Ac/Out/L1/S"] = 65535, ["/Ac/Out/L1/V"] = 230, ["/Ac/Out/L1/I"] = 0.5 },
              { ST = 115, GV14 = NONE } },
        }
    end)
end)

describe("a charger with several trackers", function()
    -- Fault: the first tracker has no panels; its 0 V stood as PV voltage beside the power of the second.
    -- Expected: the voltage of the first that has one. At night it is that of the first.
    it("shows the voltage of one that has panels", function()
        local cases = {}
        for service, of in pairs { solarcharger = "", multi = "t", inverter = "t" } do
            local driver = of == "" and "GV1" or "GV18"
            local function add(voltage, rows)
                rows["/Pv/0/P"], rows["/Pv/1/P"] = 0, 1880
                cases[#cases + 1] = { service, rows, { [of] = { [driver] = voltage } } }
            end
            add(298, { ["/Pv/0/V"] = 0.4, ["/Pv/1/V"] = 298 })
            add(298, { ["/Pv/0/V"] = 655.35, ["/Pv/1/V"] = 298 })
            add(0.4, { ["/Pv/0/V"] = 0.4, ["/Pv/1/V"] = 0.2 })
            add(36.2, { ["/Pv/V"] = 36.2, ["/Pv/0/V"] = 0.4, ["/Pv/1/V"] = 298 })
            add(NONE, { ["/Pv/0/V"] = 655.35 })
        end
        check(cases)
    end)
end)

describe("a battery's time to go", function()
    -- Fault: The current is not available (3276.7 A), the power says that the battery is charged; it had a
    -- time to go.
    -- Expected: No data: the first that is known tells it.
    it("is not there if the power alone tells that it is charged", function()
        check {
            { "battery", { ["/TimeToGo"] = { 2, "%.2F h" }, ["/Dc/0/Current"] = 3276.7,
                           ["/Dc/0/Power"] = 500 }, { TIMEREM = NONE } },
            { "system", { ["/Dc/Battery/TimeToGo"] = { 2, "%.2F h" }, ["/Dc/Battery/Current"] = 3276.7,
                          ["/Dc/Battery/Power"] = -500 }, { TIMEREM = 2 } },
        }
    end)

    -- Fault: Some BMS, and a Multi RS, send one while they are charged and at rest: 14 h to go beside
    -- Charging.
    -- Expected: No data, unless the battery is being discharged, or nobody knows.
    it("is there while the battery is discharged", function()
        local cases = {}
        local function add(hours, current, of_battery, of_system)
            local battery = { ["/TimeToGo"] = { 14, "%.2F h" }, [of_battery or "/Dc/0/Current"] = current }
            local system = { ["/Dc/Battery/TimeToGo"] = { 14, "%.2F h" },
                             [of_system or "/Dc/Battery/Current"] = current }
            cases[#cases + 1] = { "battery", battery, { TIMEREM = hours } }
            cases[#cases + 1] = { "system", system, { TIMEREM = hours } }
            for _, service in ipairs(of_battery == "I" and {} or { "multi", "inverter" }) do
                cases[#cases + 1] = { service, battery, { TIMEREM = hours } }
            end
        end
        add(NONE, 12.5)
        add(NONE, 0)
        add(14, -1.8)
        add(14, nil)
        add(NONE, 620, "/Dc/0/Power", "/Dc/Battery/Power")
        add(14, -620, "/Dc/0/Power", "bp")
        add(14, -4.2, "I", "bc")
        add(14, 3276.7)
        check(cases)
    end)
end)

describe("a number past the limits of its row", function()
    -- Fault: A battery's power of 1e9 W, and a charger's of 99999 W, were no data although voltage and
    -- current, and the trackers, told it.
    -- Expected: What it is made of, where that is there.
    it("is not missed where others tell the value", function()
        local current, trackers = { ["/Dc/0/Voltage"] = 50, ["/Dc/0/Current"] = 10 }, { ["/Pv/1/P"] = 100 }
        current["/Dc/0/Power"], trackers["/Pv/0/P"], trackers["/Yield/Power"] = 1e9, 400, 99999
        check {
            { "battery", current, { CPW = 500 } },
            { "battery", { ["/Dc/0/Power"] = 1e9, ["/Dc/0/Voltage"] = 50 }, { CPW = NONE } },
            { "solarcharger", trackers, { ST = 500, t = { ST = 500 } } },
            { "solarcharger", { ["/Pv/I"] = 3276.6, ["/Yield/Power"] = 100, ["/Pv/V"] = 50 }, { GV2 = 2 } },
        }
    end)

    -- Fault: A charger's current of 3276.6 A at night was no data, and its power, made of it, 41 kW.
    -- Expected: What the row of its own would not show makes nothing else, either.
    it("is not what others are made of", function()
        check {
            { "solarcharger", { ["/Dc/0/Current"] = 3276.6, ["/Dc/0/Voltage"] = 12.67 },
              { CC = NONE, CPW = NONE, CV = 12.67 } },
            { "solarcharger", { ["/Dc/0/Current"] = 2, ["/Dc/0/Voltage"] = 13 }, { CPW = 26 } },
            { "solarcharger", { ScI = -2057.9, ScV = 12.67 }, { CC = NONE, CPW = NONE } },
            { "solarcharger", { PVP = -1, PVV = 12 }, { ST = NONE, GV1 = 12, GV2 = NONE } },
            { "solarcharger", { PVP = 100, PVV = 999 }, { ST = 100, GV1 = NONE, GV2 = NONE } },
            { "solarcharger", { PVP = 40000, PVV = 36 }, { ST = NONE, GV1 = 36, GV2 = NONE } },
            { "multi", { ["/Pv/0/P"] = 45000, ["/Pv/0/V"] = 300, ["/Pv/1/P"] = 900, ["/Pv/1/V"] = 999 },
              { t = { CPW = NONE, CC = NONE, GV1 = 900, GV7 = NONE } } },
            { "charger", { ["/Dc/0/Voltage"] = 300, ["/Dc/0/Current"] = 10, ["/Dc/1/Voltage"] = 13,
                           ["/Dc/1/Current"] = 2 }, { ST = NONE, CV = NONE, GV1 = 13 } },
        }
    end)
end)

describe("an alarm that VRM tells twice", function()
    --- What the battery's alarm and the gateway show where two rows of one time tell the same one.
    local function shown(first, second)
        local rows = { fixtures.row("battery", 1, "/Alarms/LowSoc", "ASoc", first),
                       fixtures.row("battery", 1, "/Alarms/LowSoc", "ASoc", second),
                       fixtures.row("system", 257, "/Ac/Alarms/GridLost", "Agl", first),
                       fixtures.row("system", 276, "/Ac/Alarms/GridLost", "Agl", second) }
        local world = worlds.started { sites = { [1] = { name = "Boat", timezone = "UTC", rows = rows,
            devices = { fixtures.gateway(), fixtures.device("Battery Monitor", 2, 1, "") } } } }
        return { world:value("1_bm1", "GV6"), world:value("1_bm1", "ALARM"), world:value("1_gw0", "GV13"),
                 world:value("1_gw0", "GV0"), world:value("1_gw0", "GV1") }
    end

    -- Fault: two batteries have one instance, two VE.Bus systems tell of the grid; the first row stood, and
    -- hid the alarm of the second.
    -- Expected: of one time the worse one counts, in whatever order VRM has them.
    it("is the worse one", function()
        assert.same({ 2, 2, 2, 3, 2 }, shown(0, 2))
        assert.same({ 2, 2, 2, 3, 2 }, shown(2, 0))
        assert.same({ 2, 2, 2, 3, 2 }, shown(65535, 2))
        assert.same({ 0, 0, 0, 1, 0 }, shown(0, 0))
    end)
end)

describe("an alarm that is not in one answer", function()
    -- Fault: One answer had no value for an alarm: the battery's node kept it, as it does with all values,
    -- and the gateway said OK, and then Alarm again.
    -- Expected: The gateway keeps it this once as well; with the second such answer it is none.
    it("stays on the gateway as on its device", function()
        local alarm = fixtures.row("battery", 1, "/Alarms/LowSoc", "ASoc", 2)
        local world = worlds.started { sites = { [1] = { name = "Boat", timezone = "UTC",
            rows = { alarm, fixtures.row("battery", 1, "/Soc", "SOC", 4) },
            devices = { fixtures.gateway(), fixtures.device("Battery Monitor", 2, 1, "") } } } }
        local function shown(value)
            alarm.rawValue = value
            worlds.next_poll(world)
            return { world:value("1_bm1", "ALARM") or NONE, world:value("1_gw0", "GV0"),
                     world:value("1_gw0", "GV1") }
        end
        assert.same({ 2, 3, 1 }, shown(2))
        assert.same({ 2, 3, 1 }, shown(nil))
        assert.same({ 2, 3, 1 }, shown(2))
        assert.same({ 2, 3, 1 }, shown(nil))
        assert.same({ NONE, 1, 0 }, shown(nil))
        assert.same({ 2, 3, 1 }, shown(2))
        assert.same({ 0, 1, 0 }, shown(0))
    end)

    -- Fault: VRM's list names an alarm whose row has no value: it counted as one more beside what was kept,
    -- and beside the row's, once that had its value, until VRM was asked for the list again.
    -- Expected: It is one alarm, by its row or, where that has no value, by the list.
    it("is no second one where VRM lists it", function()
        local alarm = fixtures.row("battery", 1, "/Alarms/LowSoc", "ASoc", nil, { idDataAttribute = 123 })
        local site = { name = "Boat", timezone = "UTC", alarms = 1,
            current_alarms = { { idAlarm = 1, idDataAttribute = 123, instance = 1 } },
            rows = { alarm, fixtures.row("battery", 1, "/Soc", "SOC", 4) },
            devices = { fixtures.gateway(), fixtures.device("Battery Monitor", 2, 1, "") } }
        local world = worlds.started { sites = { [1] = site } }
        assert.same({ 3, 1 }, { world:value("1_gw0", "GV0"), world:value("1_gw0", "GV1") })
        local function shown(value)
            alarm.rawValue = value
            world.vrm:refresh(120)
            world:fire("longpoll")
            world:run(20)
            return { world:value("1_gw0", "GV0"), world:value("1_gw0", "GV1") }
        end
        assert.same({ 2, 1 }, shown(1))
        assert.same({ 2, 1 }, shown(nil))
        assert.same({ 3, 1 }, shown(nil))
        assert.same({ 2, 1 }, shown(1))
        assert.same({ 1, 0 }, shown(0))
    end)

    -- Fault: A battery has rows of many alarms. One answer had no value for the one that is on, and the
    -- battery had none for that answer, while the gateway kept it.
    -- Expected: The worst of several keeps what was on once, too.
    it("stays on a device with other alarms", function()
        local alarm = fixtures.row("battery", 1, "/Alarms/LowSoc", "ASoc", 2)
        local world = worlds.started { sites = { [1] = { name = "Boat", timezone = "UTC",
            rows = { alarm, fixtures.row("battery", 1, "/Soc", "SOC", 4),
                     fixtures.row("battery", 1, "/Alarms/HighVoltage", "AH", 0) },
            devices = { fixtures.gateway(), fixtures.device("Battery Monitor", 2, 1, "") } } } }
        local function shown(value)
            alarm.rawValue = value
            worlds.next_poll(world)
            return { world:value("1_bm1", "ALARM"), world:value("1_gw0", "GV0") }
        end
        assert.same({ 2, 3 }, shown(2))
        assert.same({ 2, 3 }, shown(nil))
        assert.same({ 2, 3 }, shown(2))
        assert.same({ 2, 3 }, shown(nil))
        assert.same({ 0, 1 }, shown(nil))
        assert.same({ 2, 3 }, shown(2))
        assert.same({ 0, 1 }, shown(0))
    end)
end)

describe("a state", function()
    -- Fault: Victron counts AC inputs from 0 and the plugin from 1: a third one, 2, was shown as AC input 2.
    -- Expected: There is no third input: no data.
    it("is no other one's that VRM counts otherwise", function()
        local cases = {}
        for value, shown in pairs { [0] = 1, [1] = 2, [2] = NONE, [240] = 0 } do
            for _, service in ipairs { "vebus", "multi", "acsystem" } do
                cases[#cases + 1] = { service, { ["/Ac/ActiveIn/ActiveInput"] = value }, { GV6 = shown } }
            end
        end
        check(cases)
    end)

    -- Fault: The switch of an Inverter RS at Inverter only was shown as On, as an inverter without a charger
    --        means it.
    -- Expected: 2 is On without a charger, Inverter only with one: as the device says, or has a solar yield.
    it("is of an inverter with or without a charger", function()
        local function mode(value, rows)
            rows["/Mode"] = value
            return rows
        end
        check {
            { "inverter", mode(2, {}), { MODE = 3 } },
            { "inverter", mode(2, { ["/IsInverterCharger"] = 0, ["/Yield/User"] = 5 }), { MODE = 3 } },
            { "inverter", mode(2, { ["/IsInverterCharger"] = 1 }), { MODE = 2 } },
            { "inverter", mode(2, { ["/Yield/User"] = 811.4 }), { MODE = 2 } },
            { "inverter", mode(3, { ["/IsInverterCharger"] = 1 }), { MODE = 3 } },
            { "inverter", mode(1, { ["/IsInverterCharger"] = 1 }), { MODE = 1 } },
            { "inverter", mode(5, {}), { MODE = 5 } },
            { "inverter", mode(251, {}), { MODE = 251 } },
        }
    end)

    -- Fault: Node-RED in its safe mode, and a grid alarm that is a warning, were shown as numbers.
    -- Expected: Victron's words.
    it("has its text", function()
        local world = world_of { { "system", { Agl = 1 } }, { "settings", { nr = 2 } } }
        assert.equal("Warning", device_cases.text(world, "1_gw0", "GV13"))
        assert.equal("On (safe mode)", device_cases.text(world, "2_gw0o", "GV10"))
    end)
end)
