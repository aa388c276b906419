--- The shipped device scripts: right tables, samples that hold, and what the tables must cover.

local fake = require "spec.support.fake_host"
local check = require "check.device"
local reading = require "types.reading"
local proof = require "check.proof"

local types, files, world = {}, {}, nil

lazy_setup(function()
    world = fake.new {}
    for _, name in ipairs(fake.DEVICES) do
        local script = fake.load_device(name)
        script.table = world:adopt(script.table)
        files[name], types[name] = script, check.device(script.file, script.table)
    end
end)

lazy_teardown(function() _G.host = nil end)

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
            assert.same({}, proof.run(type_, { file = name, table = files[name].table }))
            assert.is_true(#files[name].table.samples > 0)
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
        ["/Ac/Out/L1/F"] = "FREQ", ["/Mode"] = "MODE", ["/Yield/User"] = "TPW", ["/VebusError"] = "ERR",
        ["/Ac/Energy/Forward"] = "TPW", ["/Ac/Frequency"] = "FREQ", ["/Ac/PowerFactor"] = "PF",
        ["/Ac/L1/Voltage"] = "GV1", ["/Ac/L1/Current"] = "GV2", ["/Ac/Energy/Reverse"] = "GV3",
        ["/Ac/Voltage"] = "GV5", ["/Ac/Current"] = "GV6", ["/Ac/Power"] = "CPW", ["/StatusCode"] = "GV0",
        ["/Temperature"] = "CLITEMP", ["/ErrorCode"] = "ERR",
        ["/Ac/Out/L1/V"] = "GV1", ["/Ac/Out/L1/I"] = "GV2",
        ["/BatteryVoltage"] = "CV", ["/Humidity"] = "CLIHUM", ["/Alarm"] = "ALARM",
        ["/Capacity"] = "TANKCAP", ["/Relay/0/State"] = "GV11", ["/Connected"] = "GV21",
        ["/DeviceOffReason"] = "GV19",
        ["/Settings/ChargeCurrentLimit"] = "GV12", ["/Settings/Ess/MinimumSocLimit"] = "GV0",
        ["/Settings/CGwacs/BatteryLife/MinimumSocLimit"] = "GV0", ["/Alarms/LowSoc"] = "GV6",
        ["/Alarms/LowTemperature"] = "GV9", ["/Alarms/HighTemperature"] = "GV10",
        ["/Alarms/LowStarterVoltage"] = "GV14", ["/Alarms/HighStarterVoltage"] = "GV15" }
    local OF_THE_INSTALLATION = { ["/Relay/0/State"] = true }      -- beside others on the gateway's node

    -- Fault: The relay of a solar charger is GV10, that of a battery monitor GV11, that of an inverter GV13.
    -- Expected: Programs and people find one quantity under one driver, whatever the device.
    it("has the same quantity under the same driver", function()
        local seen, wrong = {}, {}
        local function look(name, type_)
            for _, driver in ipairs(type_.drivers) do
                local key = driver.keys[1] or driver.worst
                if name == "gateway" and OF_THE_INSTALLATION[key] then key = nil end
                local wanted = driver.worst == "/Alarms/" and "ALARM"
                    or not (type_.part and key and key:find("/L1/")) and DRIVER_OF[key]     -- p has all
                if wanted and driver.id == wanted then seen[wanted] = true end
                if wanted and driver.id ~= wanted and driver.id ~= "ST" then
                    wrong[#wrong + 1] = ("%s: %s is %s, not %s"):format(name, driver.label, driver.id, wanted)
                end
            end
        end
        for _, name in ipairs(fake.DEVICES) do
            for _, one in ipairs(check.types(types[name])) do look(name, one) end
        end
        assert.same({}, wrong)
        for _, wanted in pairs(DRIVER_OF) do assert.is_true(seen[wanted], wanted) end
    end)

    it("of what is on DC has the alarms of its voltage under the same drivers", function()
        local ALARMS, found = { ["/Alarms/LowVoltage"] = "GV7", ["/Alarms/HighVoltage"] = "GV8" }, 0
        for _, name in ipairs { "battery_monitor", "solar_charger", "charger", "alternator", "dcload",
                                "dcsource", "dcsystem", "fuelcell" } do
            for _, driver in ipairs(types[name].drivers) do
                local wanted = ALARMS[driver.keys[1]]
                if wanted then
                    found = found + 1
                    assert.equal(wanted, driver.id, name .. ": " .. driver.label)
                end
            end
        end
        assert.equal(16, found)
    end)

    -- Fault: A GX that starts up shows "code 245" as the state of the system, a relay for an opportunity load
    --        "code 6", a generator that found no AC input "code 3".
    -- Expected: A list has each number that Victron's programs give.
    it("has a text for each state", function()
        local names, lacks = require "types.names", {}
        local STATES = {
            system_state = { 244, 245, 246, 247, 256, 257, 258, 259, 260, 261 },
            dess_reaction = { 1, 19, 20, 21, 91, 92, 99 }, relay_function = { 0, 5, 6, 99 },
            bms_state = { 0, 11, 17, 18 }, generator_reason = { 0, 11, 12 }, generator_error = { 0, 2, 3, 4 },
            micro_grid_error = { 0, 2, 3, 18 }, vebus_error = { 0, 19, 20, 21, 23, 27, 32 },
        }
        for list, states in pairs(STATES) do
            for _, state in ipairs(states) do
                if not names[list][state] then lacks[#lacks + 1] = ("%s %d"):format(list, state) end
            end
        end
        assert.same({}, lacks)
    end)

    -- Fault: A register's "not available" inside the wide limits of its unit is shown as measured.
    -- Expected: Each row has limits of its own kind: a cell is no string of panels.
    it("shows no register's \"not available\"", function()
        local cases = {
            battery_monitor = { ["/Soc"] = { 255, 127, -1, 6553.5 }, ["/Soh"] = { 255, 65535 },
                ["/Dc/0/Voltage"] = { -1, 655.35, 327.67 }, ["/Dc/0/Current"] = { 3276.7, 6553.5, -3276.8 },
                ["/Dc/0/Temperature"] = { 127, 255, 382.2, 6553.3, -273.15 },
                ["/Dc/1/Voltage"] = { 655.35, 65535 }, ["/Dc/0/MidVoltage"] = { 327.67, 655.35 },
                ["/History/ChargeCycles"] = { 65535, 4294967295, -1 },
                ["/History/ChargedEnergy"] = { 42949672.95, -1 },
                ["/System/MinCellVoltage"] = { 65.535, 255, -1 }, ["/Voltages/Cell3"] = { 65.535, 65535 },
                ["/System/MinCellTemperature"] = { 127, 255 },
                ["/System/NrOfModulesOnline"] = { 255, 65535 }, ["/System/NrOfBatteries"] = { 255, 65535 },
                ["/Voltages/Cell24"] = { 65.535, -1 }, ["/Voltages/Diff"] = { 65.535, 65535 },
                ["/Info/MaxChargeCurrent"] = { -1, 3276.7, 6553.5 },
                ["/Info/MaxDischargeCurrent"] = { -1, 6553.5 },
                ["/Info/MaxChargeVoltage"] = { -1, 655.35 }, ["/Io/AllowToCharge"] = { 255, -1 },
                ["/Capacity"] = { -1, 6553.5, 65535 }, ["/InstalledCapacity"] = { -1, 65535 },
                ["/History/MinimumVoltage"] = { -1, 655.35 },
                ["/History/MaximumCellVoltage"] = { 65.535, -1 },
                ["/History/MinimumStarterVoltage"] = { 655.35 }, ["/History/AutomaticSyncs"] = { 65535, -1 },
                ["/History/LowVoltageAlarms"] = { 65535, 4294967295 }, ["/History/TotalAhDrawn"] = { 65535 },
                ["/Mode"] = { 255 }, ["/State"] = { 255 }, ["/ErrorCode"] = { 255, 65535 },
                ["/Diagnostics/LastErrors/1/Error"] = { 255 },
                ["/Diagnostics/LastErrors/1/Time"] = { 0, -1, 4294967295 },
                ["/Alarms/CellImbalance"] = { 255, 65535, 3 } },
            solar_charger = { ["/Yield/Power"] = { 65535, 32767, -1 }, ["/Pv/V"] = { 655.35, 6553.5, -1 },
                ["/History/Daily/0/Yield"] = { 655.35, -1 }, ["/History/Daily/1/Yield"] = { -1 },
                ["/Yield/User"] = { 42949672.95, -1 },
                ["/Pv/1/V"] = { 655.35 }, ["/Yield/System"] = { 42949672.95, -1 },
                ["/Dc/0/Temperature"] = { 127, 655.35, -273.15 },
                ["/DeviceOffReason"] = { 65535, 4294967295 },
                ["/Settings/ChargeCurrentLimit"] = { 6553.5, 65535, -1 },
                ["/Load/I"] = { 6553.5, 3276.6 }, ["/Dc/0/Current"] = { -2057.9, 3276.6 },
                ["/Pv/I"] = { 3276.6, -1 },
                ["/Equalization/TimeRemaining"] = { 65535, 4294967295 },
                ["/History/Daily/0/TimeInBulk"] = { 65535, -1 }, ["/History/Daily/0/MaxPower"] = { 65535 },
                ["/History/Daily/0/MaxBatteryVoltage"] = { 655.35 },
                ["/History/Daily/1/MinBatteryVoltage"] = { 655.35, -1 },
                ["/History/Daily/0/Pv/1/Yield"] = { 655.35, -1 },
                ["/History/Daily/0/Pv/1/MaxPower"] = { 65535 },
                ["/History/Daily/0/Pv/1/MaxVoltage"] = { 655.35 },
                ["/History/Overall/LastError1"] = { 255, 65535 } },
            vebus = { ["/Ac/Out/L1/V"] = { 6553.5, 655.35, -1 }, ["/Ac/Out/L1/F"] = { 655.35, 327.67, -1 },
                ["/Dc/0/Voltage"] = { 655.35, 327.67 }, ["/Ac/ActiveIn/CurrentLimit"] = { -1, 6553.5 },
                ["/VebusError"] = { 255, 65535 }, ["/Mode"] = { 255 },
                ["/Dc/0/Temperature"] = { 6553.3, 127 },
                ["/Ac/ActiveIn/L2/P"] = { 65535, -32768 }, ["/Ac/ActiveIn/L1/S"] = { 65535 },
                ["/Ac/NumberOfPhases"] = { 0, 255, -1 }, ["/Ac/In/2/CurrentLimit"] = { -1, 6553.5, 3276.7 },
                ["/Ac/State/IgnoreAcIn1"] = { 255, 65535 }, ["/Bms/AllowToCharge"] = { 255, -1 },
                ["/Energy/AcIn1ToAcOut"] = { 42949672.95, 4294967295, -1 },
                ["/Alarms/L1/Ripple"] = { 255, 65535, 3 }, ["/Hub4/L1/AcPowerSetpoint"] = { 65535, 32767 },
                ["/Hub4/L2/MaxFeedInPower"] = { -1, 65535 },
                ["/Settings/AssistCurrentBoostFactor"] = { 255, 655.35, -1 },
                ["/Settings/InverterOutputVoltage"] = { 655.35, 6553.5, -1 },
                ["/Ac/Out/NominalInverterPower"] = { 65535, -1 }, ["/Devices/1/Ac/Out/P"] = { 65535, 32767 },
                ["/MicroGrid/DroopModeParameters/F0/Value"] = { 655.35, 6553.5 },
                ["/MicroGrid/DirectDrivePQ/P"] = { 655.35, 32767 }, ["/MicroGrid/Mode"] = { 255 } },
            multi = { ["/Ac/Out/L2/V"] = { 6553.5, 655.35, -1 }, ["/Ac/In/1/L1/V"] = { 6553.5, -1 },
                ["/Ac/In/1/L1/F"] = { 655.35, -1 }, ["/Ac/In/1/CurrentLimit"] = { -1, 6553.5 },
                ["/Ac/In/1/Type"] = { 255 }, ["/Ac/Out/1/L1/I"] = { 6553.5 }, ["/Soc"] = { 255, 127, -1 },
                ["/Yield/Power"] = { 65535, 32767, -1 }, ["/Pv/1/V"] = { 655.35, 6553.5, -1 },
                ["/Pv/0/Enabled"] = { 255 }, ["/History/Daily/0/Yield"] = { 655.35, -1 },
                ["/History/Daily/1/Pv/3/Yield"] = { 655.35 },
                ["/History/Daily/0/Pv/1/MaxPower"] = { 65535 }, ["/Yield/User"] = { 42949672.95, -1 },
                ["/Energy/SolarToBattery"] = { 42949672.95, -1 }, ["/Ess/AcPowerSetpoint"] = { 32767, 65535 },
                ["/Settings/Ess/MinimumSocLimit"] = { 255, -1, 127 }, ["/Settings/Ess/Mode"] = { 255 },
                ["/ErrorCode"] = { 255, 65535 }, ["/Relay/0/State"] = { 255 } },
            inverter = { ["/Ac/Out/L1/V"] = { 6553.5, 655.35, -1 }, ["/Ac/Out/L1/S"] = { 65535 },
                ["/Ac/Out/L1/F"] = { 655.35, 327.67, -1 }, ["/Dc/0/Voltage"] = { 655.35, 327.67 },
                ["/Temperature"] = { 6553.5, 127, -273.15 }, ["/Mode"] = { 255 }, ["/State"] = { 255 },
                ["/Yield/System"] = { 42949672.95, -1 }, ["/Pv/V"] = { 655.35, 6553.5, -1 },
                ["/Energy/OutToInverter"] = { 42949672.95, -1 } },
            acsystem = { ["/Ac/Out/L3/V"] = { 6553.5, -1 }, ["/Ac/In/1/L1/P"] = { 65535, -32768 },
                ["/Ac/In/1/CurrentLimit"] = { 6553.5, -1 }, ["/Ess/ActiveSocLimit"] = { 255, -1 },
                ["/Settings/Ac/In/CurrentLimitEnergyMeter"] = { 6553.5, -1 }, ["/Pv/Disable"] = { 255 },
                ["/State"] = { 255, 65535 } },
            grid = { ["/Ac/Power"] = { 65535, 32767, -32768, 2147483647 },
                ["/Ac/L1/Voltage"] = { 6553.5, 655.35, -1 }, ["/Ac/L2/Current"] = { 3276.7, 6553.5 },
                ["/Ac/Energy/Forward"] = { 4294967.295, 42949672.95, -1 },
                ["/Ac/L3/Energy/Reverse"] = { 4294967.295, -1 }, ["/Ac/Frequency"] = { 655.35, 6553.5, -1 },
                ["/Ac/PowerFactor"] = { 32.767, 1.27, 255 }, ["/Ac/L2/VoltageLineToLine"] = { 6553.5, -1 } },
            ac_load = { ["/Ac/L1/Power"] = { 65535, -32768 }, ["/Ac/Energy/Forward"] = { 4294967.295 },
                ["/PhaseSetting"] = { 255, -1 }, ["/Position"] = { 255, 65535 },
                ["/SwitchableOutput/0/Dimming"] = { 255, -1 } },
            pv_inverter = { ["/Ac/Power"] = { 65535, 32767 }, ["/Ac/PowerLimit"] = { 65535, -1 },
                ["/Ac/L1/Energy/Forward"] = { 4294967.295, -1 }, ["/StatusCode"] = { 255, 65535, -1 } },
            genset = { ["/Ac/L1/Power"] = { 65535, 32767 }, ["/StarterVoltage"] = { 655.35, 327.67 },
                ["/Engine/OperatingHours"] = { 4294967295 }, ["/Engine/Speed"] = { 65535, 8191.875 },
                ["/Engine/Load"] = { 255, 127, -1 },
                ["/Engine/CoolantTemperature"] = { 382.2, 6280.4, -273.15 },
                ["/Engine/ExaustTemperature"] = { 6280.4, 6553.5 },
                ["/Engine/OilPressure"] = { 6553.5, 65535 },
                ["/Engine/Starts"] = { 4294967295 }, ["/NrOfPhases"] = { 0, 255 },
                ["/ErrorCode"] = { 255, 65535 } },
            dc_genset = { ["/Dc/0/Power"] = { 65535, 32767 }, ["/Dc/0/Voltage"] = { 655.35 },
                ["/Dc/0/Current"] = { 3276.7 }, ["/History/EnergyOut"] = { 42949672.95, -1 } },
            generator = { ["/AccumulatedRuntime"] = { 4294967295, -1 }, ["/Runtime"] = { 4294967295 },
                ["/ServiceCounter"] = { 2147483647 }, ["/NextTestRun"] = { 0, -1 }, ["/State"] = { 255 } },
            ev_charger = { ["/Ac/Power"] = { 65535, 32767 }, ["/Current"] = { 6553.5, 3276.7 },
                ["/MaxCurrent"] = { 65535, -1 }, ["/Session/Energy"] = { 42949672.95, 6553.5 },
                ["/Session/Time"] = { 4294967295 }, ["/Status"] = { 255, 65535 }, ["/Mode"] = { 255 } },
            ev = { ["/Soc"] = { 255, 127, -1 }, ["/TargetSoc"] = { 255 }, ["/RangeToGo"] = { 65535, -1 },
                ["/Odometer"] = { 4294967295, -1 }, ["/BatteryTemperature"] = { 127, 255 },
                ["/Position/Latitude"] = { 214.748 }, ["/Position/Longitude"] = { 214.748 },
                ["/LastEvContact"] = { 0, -1 } },
            heat_pump = { ["/Ac/Power"] = { 65535, 32767 }, ["/Temperature"] = { 3276.7, 127, -273.15 },
                ["/TargetTemperature"] = { 255 }, ["/State"] = { 255 } },
            gateway = { ["/Dc/Battery/Soc"] = { 255, 127, -1 }, ["/Ac/Grid/L1/Power"] = { 65535, 32767 },
                ["/Ac/Grid/L1/Current"] = { 3276.7, 6553.5 }, ["/Ac/Grid/NumberOfPhases"] = { 255, -1 },
                ["/Dc/Pv/Current"] = { 3276.7 }, ["/Notifications/NumberOfActiveAlarms"] = { 65535, -1 },
                ["/Dvcc/Alarms/MultipleBatteries"] = { 65535, 255 },
                ["/Settings/CGwacs/BatteryLife/MinimumSocLimit"] = { 255, -1 },
                ["/Control/ActiveSocLimit"] = { 255, -1 }, ["/DynamicEss/TargetSoc"] = { 255, -1 },
                ["/Settings/CGwacs/Hub4Mode"] = { 255, 65535, -1 },
                ["/DynamicEss/LastScheduledEnd"] = { 0, -1 },
                ["/Control/EffectiveChargeVoltage"] = { 655.35, -1 },
                ["/Settings/SystemSetup/MaxChargeVoltage"] = { 655.35, 255, -1 },
                ["/Settings/Generator0/Soc/StartValue"] = { 255, -1 }, ["/Firmware/Progress"] = { 255, -1 },
                ["/Settings/Pump0/StartValue"] = { 255, -1 } },
            alternator = { ["/Dc/0/Voltage"] = { 655.35, -1 }, ["/Dc/In/V"] = { 655.35, -1 },
                ["/Dc/0/Temperature"] = { 255, 655.35 }, ["/Speed"] = { 65535, -1 }, ["/Mode"] = { 255 },
                ["/Engine/Speed"] = { 65535, 16383.75 }, ["/FieldDrive"] = { 255, 127.5, -1 },
                ["/Settings/ChargeCurrentLimit"] = { 6553.5, -1 }, ["/State"] = { 255, 65535 },
                ["/History/EnergyOut"] = { 42949672.95, -1 } },
            charger = { ["/Dc/0/Voltage"] = { 655.35, 327.67, -1 }, ["/Dc/2/Voltage"] = { 655.35, -1 },
                ["/Dc/0/Current"] = { 6553.5, 3276.7 }, ["/Dc/0/Temperature"] = { 127, 255, 655.35 },
                ["/Ac/In/L1/I"] = { 6553.5, -1 }, ["/Ac/In/CurrentLimit"] = { 6553.5, -1 },
                ["/Ac/In/L2/P"] = { 65535, -1 }, ["/ErrorCode"] = { 255, 65535 },
                ["/NrOfOutputs"] = { 255, -1 } },
            dcdc = { ["/Dc/In/V"] = { 655.35, -1 }, ["/Dc/0/Temperature"] = { 127, 255 },
                ["/History/Cumulative/User/ChargedAh"] = { -1, 429496729.5 } },
            dcload = { ["/Dc/0/Voltage"] = { 655.35, -1 }, ["/Dc/0/Current"] = { 3276.7, 2147483.647 },
                ["/Dc/0/Temperature"] = { 127, 255, 382.2 }, ["/Dc/1/Voltage"] = { 655.35, -1 },
                ["/History/EnergyIn"] = { 42949672.95, -1 }, ["/Alarms/LowVoltage"] = { 255, 65535 } },
            digital_input = { ["/State"] = { 255, 65535, -1 }, ["/Count"] = { 4294967295, -1 },
                ["/Type"] = { 255 }, ["/Alarm"] = { 255 } },
            gps = { ["/Speed"] = { 655.35, -1 }, ["/Course"] = { 655.35, 65535 },
                ["/Position/Latitude"] = { 91, 214.7483647 }, ["/Position/Longitude"] = { 214.7483647 },
                ["/NrOfSatellites"] = { 255, -1 }, ["/Altitude"] = { 2147483.647, -21474836.48 } },
            meteo = { ["/Irradiance"] = { 65535, 3276.7, -1 }, ["/CellTemperature"] = { 3276.7, 255 },
                ["/ExternalTemperature"] = { 3276.7, 127 }, ["/WindSpeed"] = { 6553.5, 655.35, -1 },
                ["/WindDirection"] = { 65535, -1 }, ["/TimeSinceLastSun"] = { 4294967295, -1 },
                ["/BatteryVoltage"] = { 655.35, -1 }, ["/TodaysYield"] = { 42949672.95, -1 } },
            motordrive = { ["/Motor/RPM"] = { 65535, 32767, -32768 }, ["/Motor/Torque"] = { 32767 },
                ["/Motor/Temperature"] = { 255, 655.35 }, ["/Controller/Temperature"] = { 255, 3276.7 } },
            pulse_meter = { ["/Count"] = { 4294967295, -1 }, ["/Aggregate"] = { -1 } },
            switch = { ["/ModuleVoltage"] = { 655.35, -1 }, ["/State"] = { 65535, -1 },
                ["/SwitchableOutput/0/State"] = { 255, -1 }, ["/SwitchableOutput/0/Status"] = { 255, 65535 },
                ["/SwitchableOutput/pwm_1/Dimming"] = { 255, -1 } },
            tank = { ["/Level"] = { 255, 127, -1, 655.35 }, ["/Remaining"] = { -1, 4294967295 },
                ["/FluidType"] = { 255, -1 }, ["/Status"] = { 255 }, ["/Temperature"] = { 127, 255 },
                ["/BatteryVoltage"] = { 65.535, 255, -1 } },
            temperature = { ["/Temperature"] = { 655.35, 327.67, -327.68 },
                ["/Humidity"] = { 163.83, 255, -1 }, ["/Pressure"] = { 65535, 1155.35, 0, -1 },
                ["/CO2"] = { 65535, -1 }, ["/VOC"] = { 511, 65535, -1 },
                ["/NOX"] = { 511, -1 }, ["/PM25"] = { 6553.5, -1 }, ["/Luminosity"] = { 4294967295, -1 },
                ["/AccelX"] = { 32.767, -32.768 }, ["/BatteryVoltage"] = { 255, -1 } },
        }
        for name, paths in pairs(cases) do
            for path, codes in pairs(paths) do
                for _, code in ipairs(codes) do
                    for _, one in ipairs(check.types(types[name])) do
                        for _, driver in ipairs(one.drivers) do
                            local shown = reading.of(driver, { [path] = { value = code } }, {})
                            local computed = driver.from ~= nil
                            assert(computed or shown == nil, ("%s %s %s"):format(path, code, driver.id))
                        end
                    end
                end
            end
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

    -- Fault: A virtual battery that is told its power alone is neither charged nor discharged nor idle.
    -- Expected: Its power says it, as on the GX.
    it("is charged and discharged by its power where there is no current", function()
        for power, status in pairs { [0] = 0, [30] = 0, [-30] = 0, [31] = 1, [-480] = 2 } do
            assert.equal(status, value("battery_monitor", "GV0", { ["/Dc/0/Power"] = power }))
        end
        assert.equal(2, value("battery_monitor", "GV0", { ["/Dc/0/Current"] = -5, ["/Dc/0/Power"] = 900 }))
        assert.equal(1, value("battery_monitor", "GV0", { I = 3276.7, ["/Dc/0/Power"] = 900 }))
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

    -- Fault: a battery that is charged, or whose data is old, showed a time to go of 0, as if it were empty
    -- Expected: there is no time to go then; nothing makes one of 0
    it("has no time to go of 0 unless VRM says so", function()
        for name, key in pairs { battery_monitor = "/TimeToGo", gateway = "/Dc/Battery/TimeToGo" } do
            assert.is_nil(value(name, "TIMEREM", { [key] = {} }))
            assert.equal(0, value(name, "TIMEREM", { [key] = 0 }))
            for _, driver in ipairs(types[name].drivers) do
                if driver.id == "TIMEREM" then assert.is_nil(driver.zero) end
            end
        end
    end)

    -- Fault: a battery that is charged or idle had 240 hours to go: the most that a battery monitor counts,
    --        which it sends for "without end"
    -- Expected: there is no time to go then; the longest that is shown is below
    it("has no time to go of 240 hours", function()
        for name, key in pairs { battery_monitor = "/TimeToGo", gateway = "/Dc/Battery/TimeToGo" } do
            for _, none in ipairs { { value = 240, unit = "h" }, { value = 864000, unit = "s" }, 900 } do
                assert.is_nil(value(name, "TIMEREM", { [key] = none }))
            end
            assert.equal(239, value(name, "TIMEREM", { [key] = { value = 239, unit = "h" } }))
        end
    end)

    -- Fault: a limit or permission of a BMS that was silent for a while was shown as 0, "nothing is allowed"
    -- Expected: limits, permissions, peaks and errors of the past keep their value while data is old
    it("shows nothing as forbidden because its data is old", function()
        local kept = 0
        for _, one in ipairs(check.types(types.battery_monitor)) do
            for _, driver in ipairs(one.drivers) do
                local key = driver.keys[1] or ""
                if key:find("^/Info/") or key:find("^/Io/AllowTo") or key:find("^/History/")
                    or key:find("^/Diagnostics/") then
                    assert.is_nil(driver.zero, driver.label)
                    kept = kept + 1
                end
            end
        end
        assert.is_true(kept > 30)
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

    -- Fault: a charger with several trackers had no PV current, and no voltage if the first one was off
    -- Expected: the current is the sum of power by voltage of each; the voltage is of the first that has one
    it("shows the current of all trackers and the voltage of the first that has one", function()
        local function shows(rows)
            local volts, amperes = value("solar_charger", "GV1", rows), value("solar_charger", "GV2", rows)
            return { volts or "-", amperes or "-" }
        end
        local both = { ["/Yield/Power"] = 1500, ["/Pv/0/P"] = 900, ["/Pv/0/V"] = 300, ["/Pv/1/P"] = 600,
            ["/Pv/1/V"] = 150 }
        assert.same({ 300, 7 }, shows(both))
        assert.same({ 150, 4 }, shows { PVP = 600, ["/Pv/0/P"] = 0, ["/Pv/0/V"] = {}, PVP1 = 600,
            PVV1 = 150 })
        assert.same({ 150, 4 }, shows { ["/Yield/Power"] = 600, ["/Pv/0/P"] = {}, ["/Pv/1/P"] = 600,
            ["/Pv/1/V"] = 150 })
        both["/Pv/1/P"] = nil
        assert.same({ 300, "-" }, shows(both))
        both["/Pv/1/P"], both["/Pv/0/V"] = 600, nil
        assert.same({ 150, "-" }, shows(both))
        assert.same({ 0, 0 }, shows { PVP = 0, ["/Pv/0/P"] = 0, ["/Pv/0/V"] = 0, ["/Pv/1/P"] = 0 })
        assert.equal(1500, value("solar_charger", "ST", { PVP0 = 900, PVP1 = 600 }))
    end)

    it("does not take one code for another that differs by case", function()
        assert.equal(3, value("solar_charger", "GV0", { ScS = 3, Scs = 1 }))
        assert.equal(1, value("solar_charger", "MODE", { ScS = 3, Scs = 1 }))
        assert.is_nil(value("solar_charger", "GV0", { Scs = 1 }))
    end)
end)

describe("the inverters", function()
    local KINDS = { "vebus", "multi", "inverter", "acsystem" }

    -- Fault: a program that was written for a MultiPlus reads another value at a Multi RS
    -- Expected: what has the same name has the same driver on all of them, and in the same part
    it("have the same quantity under the same driver", function()
        local seen, first = {}, {}
        for _, name in ipairs(KINDS) do
            for _, one in ipairs(check.types(types[name])) do
                for _, driver in ipairs(one.drivers) do
                    local label = driver.label:gsub(", %+ .*", ""):gsub(" %(RS%)$", "")
                    local key = (one.part or "") .. " " .. label
                    if driver.id ~= "ST" then
                        seen[key], first[key] = seen[key] or driver.id, first[key] or name
                        local text = ("%s: %s of %s and of %s"):format(key, driver.id, name, first[key])
                        assert.equal(seen[key], driver.id, text)
                    end
                end
            end
        end
        assert.equal("MODE", seen[" Switch"])
        assert.equal("GV12", seen["e Solar to AC output"])
    end)

    it("of the service inverter are on with 2", function()
        assert.equal(3, value("inverter", "MODE", { ["/Mode"] = 2 }))
        assert.equal(2, value("multi", "MODE", { ["/Mode"] = 2 }))
    end)

    it("keep state and switch apart (codes S and s)", function()
        assert.equal(9, value("vebus", "GV0", { S = 9, s = 3 }))
        assert.equal(3, value("vebus", "MODE", { S = 9, s = 3 }))
    end)

    -- Fault: a unit that ran from its second AC input showed the 0 of the first one
    -- Expected: power, voltage, frequency and limit are those of the input that is active
    it("show the AC input that is active", function()
        local rows = { ["/Ac/In/1/L1/P"] = 0, ["/Ac/In/1/L1/V"] = 3.2, ["/Ac/In/1/L1/F"] = {},
            ["/Ac/In/1/CurrentLimit"] = 40, ["/Ac/In/2/L1/P"] = 1800, ["/Ac/In/2/L2/P"] = 700,
            ["/Ac/In/2/L1/V"] = 228.5, ["/Ac/In/2/L1/F"] = 49.8, ["/Ac/In/2/CurrentLimit"] = 20 }
        local function shows(active, other)
            rows["/Ac/ActiveIn/ActiveInput"] = active
            for key, number in pairs(other or {}) do rows[key] = number end
            local got
            for _, name in ipairs { "multi", "acsystem" } do
                local one = {}
                for i, id in ipairs { "GV3", "GV4", "GV5", "GV7" } do
                    one[i] = value(name, id, rows) or "-"
                end
                assert.same(got or one, one)
                got = one
            end
            return got
        end
        assert.same({ 2500, 228.5, 49.8, 20 }, shows(1))
        assert.same({ 0, 3.2, "-", 40 }, shows(0))
        assert.same({ "-", "-", 49.8, "-" }, shows({}))          -- L1 and the limit differ
        assert.same({ 0, 0, "-", 20 }, shows(240, { ["/Ac/In/2/L1/P"] = 0, ["/Ac/In/2/L2/P"] = {},
            ["/Ac/In/1/L1/V"] = 0, ["/Ac/In/2/L1/V"] = 0, ["/Ac/In/2/L1/F"] = {},
            ["/Ac/In/1/CurrentLimit"] = 20 }))
    end)

    it("show the AC input of a unit that has one path for it, or one input", function()
        assert.equal(900, value("vebus", "GV3", { ["/Ac/ActiveIn/L1/P"] = 900, AI = 1 }))
        assert.equal(16, value("vebus", "GV7", { AILIM = 16, AI = 1 }))
        assert.equal(50.1, value("vebus", "GV5", { ["/Ac/ActiveIn/L2/F"] = 50.1 }))
        assert.equal(230, value("multi", "GV4", { ["/Ac/In/1/L1/V"] = 230 }))
        local active = "/Ac/ActiveIn/ActiveInput"
        assert.equal(230, value("multi", "GV4", { ["/Ac/In/1/L1/V"] = 230, [active] = 240 }))
        assert.is_nil(value("multi", "GV4", { ["/Ac/In/1/L1/V"] = 230, [active] = 1 }))
        assert.equal(60, value("multi", "FREQ", { ["/Ac/Out/L3/F"] = 60 }))
    end)

    -- Fault: a limit of the AC input was 0 A while the data was old, as if the input were switched off
    -- Expected: limits and setpoints keep their last value
    it("show no limit and no setpoint as 0 while their data is old", function()
        for _, name in ipairs(KINDS) do
            for _, one in ipairs(check.types(types[name])) do
                for _, driver in ipairs(one.drivers) do
                    local set = driver.label:find("limit$") or driver.label:find("setpoint", 1, true)
                    if set then assert.is_nil(driver.zero, name .. " " .. driver.label) end
                end
            end
        end
    end)

    it("add the phases that are there", function()
        assert.equal(600, value("vebus", "ST", { OP1 = 100, OP2 = 200, OP3 = 300 }))
        assert.equal(-70, value("vebus", "GV3", { IP1 = -100, IP3 = 30 }))
        assert.equal(330, value("inverter", "ST", { ["/Ac/Out/L1/P"] = 100, ["/Ac/Out/L2/V"] = 230,
            ["/Ac/Out/L2/I"] = 1 }))
        assert.is_nil(value("inverter", "ST", { ["/Ac/Out/L1/V"] = 230 }))
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

describe("the grid meter", function()
    -- Fault: a house that took on one phase and gave on another had bought and sold at once
    -- Expected: a total is the meter's own, or that of its only phase
    it("adds the power of the phases, but not their energy", function()
        local function shows(rows)
            local got = {}
            for i, id in ipairs { "ST", "TPW", "GV3" } do got[i] = value("grid", id, rows) or "-" end
            return got
        end
        local rows = { ["/Ac/L1/Power"] = 900, ["/Ac/L2/Power"] = -1300, ["/Ac/L1/Energy/Forward"] = 70,
            ["/Ac/L2/Energy/Forward"] = {}, ["/Ac/L1/Energy/Reverse"] = 5, ["/Ac/L2/Energy/Reverse"] = 8 }
        assert.same({ -400, "-", "-" }, shows(rows))
        rows["/Ac/Power"], rows["/Ac/Energy/Forward"], rows["/Ac/Energy/Reverse"] = -402, 61, 3
        assert.same({ -402, 61, 3 }, shows(rows))
        assert.same({ 900, 70, "-" }, shows { ["/Ac/L1/Power"] = 900, ["/Ac/L1/Energy/Forward"] = 70 })
        assert.same({ 20, 7, "-" }, shows { ["/Ac/L3/Power"] = 20, ["/Ac/L3/Energy/Forward"] = 7 })
    end)

    -- Fault: a meter of one phase for which VRM has rows of all three, without numbers, counted no energy
    -- Expected: a phase is one of which there is any number
    it("counts the energy of the only phase that has numbers", function()
        local rows = { ["/Ac/L1/Power"] = 900, ["/Ac/L1/Energy/Forward"] = 70 }
        for _, name in ipairs { "Power", "Voltage", "Current", "Energy/Forward", "Energy/Reverse" } do
            rows["/Ac/L2/" .. name], rows["/Ac/L3/" .. name] = {}, {}
        end
        assert.equal(70, value("grid", "TPW", rows))
        rows["/Ac/L3/Voltage"] = 0.2
        assert.is_nil(value("grid", "TPW", rows))
    end)
end)
