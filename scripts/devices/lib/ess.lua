-- ESS: its settings and limits, what controls charging (DVCC), its charge schedule, Dynamic ESS. Four parts.
local settings = use "settings"

local CGWACS = "/Settings/CGwacs/"
local SLOT = CGWACS .. "BatteryLife/Schedule/Charge/{n-1}/"
local DESS, DESS_SET = "/DynamicEss/", "/Settings/DynamicEss/"

local DESS_IN_CHARGE = { "settings/0" .. DESS_SET .. "Mode", { 1, 2, 3, 4 }, "Dynamic ESS is in charge" }
local EXTERNAL = { CGWACS .. "Hub4Mode", 3, "the ESS mode is External control" }
local DVCC = "system/0/Control/Dvcc"
-- Which states the GX makes of the three that may be written.
local STATES = { [1] = { 1, 2, 3, 4, 5, 6, 7, 8 }, [9] = { 9 }, [10] = { 10, 11, 12 } }

local function power(max, guards)                     -- a limit in watt, -1 for none
    return { min = -1, max = max, step = 1, timed = "also", unless = guards }
end

-- A day that is negative is one that is off. It keeps which it was; Sunday, which is 0, has -10.
local OFF, OFF_OF = {}, { [0] = -10 }
for day = 1, 11 do OFF[-day], OFF_OF[day] = 99, -day end

local system = settings {
    part = "s", id = "VICGWS", name = "ESS",
    when = { CGWACS .. "Hub4Mode", CGWACS .. "BatteryLife/State", CGWACS .. "BatteryLife/MinimumSocLimit",
             CGWACS .. "AcPowerSetPoint", "/Control/ActiveSocLimit", "/Overrides/Setpoint",
             "/PvPowerLimiterActive" },
    { "ST",   "ess_state",   "ESS state",                       CGWACS .. "BatteryLife/State",
      set = { choices = { 1, 9, 10 }, becomes = STATES, timed = "also", unless = { EXTERNAL } } },
    { "MODE", "ess_mode",    "ESS mode",                        CGWACS .. "Hub4Mode",
      set = { choices = { 1, 2 } } },
    { "GV0",  unit.percent,  "Minimum SoC",                     CGWACS .. "BatteryLife/MinimumSocLimit",
      min = 0, max = 100, set = { min = 0, max = 100, step = 5, timed = "also" } },
    { "GV1",  unit.percent,  "SoC limit in effect",             "/Control/ActiveSocLimit",
      min = 0, max = 100 },
    { "GV2",  unit.percent,  "BatteryLife SoC limit",           CGWACS .. "BatteryLife/SocLimit",
      min = 0, max = 100 },

    { "GV3",  unit.watt,     "Grid set-point, + from the grid", CGWACS .. "AcPowerSetPoint" },
    { "GV4",  unit.watt,     "Max. charge power, -1 no limit",  CGWACS .. "MaxChargePower", min = -1,
      set = power(200000, { { DVCC, 1, "DVCC is on, which does not look at it: set the charge current" } }) },
    { "GV5",  unit.watt,     "Max. inverter power, -1 no limit", CGWACS .. "MaxDischargePower", min = -1,
      set = power(300000) },
    { "GV6",  unit.percent,  "Max. charge",                     CGWACS .. "MaxChargePercentage",
      min = 0, max = 100 },
    { "GV7",  unit.percent,  "Max. discharge",                  CGWACS .. "MaxDischargePercentage",
      min = 0, max = 100 },
    { "GV8",  unit.watt,     "Max. feed-in power, -1 no limit", CGWACS .. "MaxFeedInPower", min = -1,
      set = power(300000) },
    { "GV9",  "off_on",      "Feed in DC-coupled PV",           CGWACS .. "OvervoltageFeedIn",
      set = { choices = { 0, 1 } } },
    { "GV10", "off_on",      "Feed in AC-coupled PV",           CGWACS .. "PreventFeedback",
      values = { [0] = 1, [1] = 0 },                  -- Victron's 1 prevents it
      set = { choices = { 0, 1 } } },
    { "GV11", "inactive_active", "Feed-in is being limited",    "/PvPowerLimiterActive" },

    { "GV12", unit.ampere,   "Max. input current, -1 no limit",  CGWACS .. "AcInputLimit", min = -1 },
    { "GV13", unit.ampere,   "Max. export current, -1 no limit", CGWACS .. "AcExportLimit", min = -1 },
    { "GV14", "peak_shaving", "Peak shaving",                   CGWACS .. "AlwaysPeakShave",
      set = { choices = { 0, 1 } } },
    { "GV15", "ess_loads",   "Self-consumption from battery",   CGWACS .. "BatteryUse" },
    { "GV16", "ess_meter",   "Grid metering",                   CGWACS .. "RunWithoutGridMeter" },

    { "GV17", "off_on",      "Forced charge",                   "/Overrides/ForceCharge",
      set = { value = 1, service = "hub4", timed = "only", resend = 60, release = "0",
              unless = { DESS_IN_CHARGE } } },
    { "GV18", unit.watt,     "Set-point override, + from the grid", "/Overrides/Setpoint",
      set = { min = -30000, max = 30000, step = 1, service = "hub4", timed = "only", resend = 30,
              release = "null", unless = { DESS_IN_CHARGE, EXTERNAL } } },
    { "GV19", unit.watt,     "Charge override, -1 no limit",    "/Overrides/MaxChargePower", min = -1 },
    { "GV20", unit.watt,     "Discharge override, -1 no limit", "/Overrides/MaxDischargePower", min = -1 },
    { "GV21", "dess_mode",   "Dynamic ESS",                     DESS_SET .. "Mode", "dem",
      set = { choices = { 0, 1 } } },
}

local charging = settings {
    part = "i", id = "VICGWI", name = "charge control",
    { "ST",   "off_on",      "DVCC in control",                 "/Control/Dvcc" },
    { "MODE", "dvcc_mode",   "DVCC",                            "/Settings/Services/Bol" },
    { "GV0",  unit.ampere,   "Max. charge current, -1 no limit", "/Settings/SystemSetup/MaxChargeCurrent",
      min = -1, max = 10000,
      set = { min = -1, max = 10000, step = 1, timed = "also",
              only = { { DVCC, 1, "DVCC is off: the limit has no effect" } } } },
    { "GV1",  unit.volt,     "Max. charge voltage, 0 no limit", "/Settings/SystemSetup/MaxChargeVoltage",
      min = 0, max = 80 },
    { "CV",   unit.volt,     "Charge voltage in effect",        "/Control/EffectiveChargeVoltage", min = 0 },
    { "GV2",  unit.volt,     "Charge voltage of the battery",   "/Dc/Battery/ChargeVoltage", min = 0 },
    { "GV3",  "no_yes",      "BMS parameters in use",           "/Control/BmsParameters" },
    { "GV4",  "no_yes",      "Charge current is limited",       "/Control/MaxChargeCurrent" },
    { "GV5",  "no_yes",      "Solar charge current controlled", "/Control/SolarChargeCurrent" },
    { "GV6",  "no_yes",      "Solar charge voltage controlled", "/Control/SolarChargeVoltage" },
    { "GV7",  "dvcc_mode",   "Shared voltage sense",
      "/Settings/SystemSetup/SharedVoltageSense" },
    { "GV8",  "dvcc_mode",   "Shared temperature sense",
      "/Settings/SystemSetup/SharedTemperatureSense" },
    { "GV9",  "dvcc_mode",   "Shared current sense",            "/Settings/SystemSetup/BatteryCurrentSense" },
    { "GV10", "off_on",      "Control all VE.Bus systems",
      "/Settings/SystemSetup/DvccControlAllMultis" },
    { "GV11", unit.ampere,   "Generator input current limit",
      "/Settings/TransferSwitch/GeneratorCurrentLimit", min = 0 },
    { "GV12", "off_on",      "Battery voltage sense",           "/Control/BatteryVoltageSense" },
    { "GV13", "current_sense", "Battery current sense",         "/Control/BatteryCurrentSense" },
    { "GV14", "off_on",      "Solar voltage sense",             "/Control/SolarChargerVoltageSense" },
    { "GV15", "off_on",      "Solar temperature sense",         "/Control/SolarChargerTemperatureSense" },
}

local schedule = settings {
    part = "b", id = "VICGWB", name = "charge schedule",     -- "sca" is there without one, too
    when = { "/Control/ScheduledCharge", "/Control/ScheduledChargeStatus", "/Control/ScheduledSoc",
             CGWACS .. "BatteryLife/Schedule/Charge/0/Day", CGWACS .. "BatteryLife/Schedule/Charge/0/Soc" },
    { "ST",   "inactive_active", "Scheduled charge",            "/Control/ScheduledCharge", "sca" },
    { "MODE", "schedule_status", "Schedule status",             "/Control/ScheduledChargeStatus" },
    { "GV0",  unit.percent,  "SoC limit of the schedule",       "/Control/ScheduledSoc", min = 0, max = 100 },
    { "GV1 GV2 GV3 GV4 GV5", "charge_days",
      "Schedule {n}: days",                   SLOT .. "Day", values = OFF,
      set = { choices = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99 }, send = { [99] = -7 },
              instead = { [-7] = OFF_OF } } },
    { "GV6 GV7 GV8 GV9 GV10", unit.seconds,
      "Schedule {n}: start, after midnight",  SLOT .. "Start", max = 86400,
      set = { min = 0, max = 86399, step = 60 } },
    { "GV11 GV12 GV13 GV14 GV15", unit.seconds,
      "Schedule {n}: duration",               SLOT .. "Duration", max = 1e7,
      set = { min = 0, max = 86400, step = 60 } },
    { "GV16 GV17 GV18 GV19 GV20", unit.percent,
      "Schedule {n}: SoC limit",              SLOT .. "Soc", min = 0, max = 100,
      set = { min = 0, max = 100, step = 5 } },
    { "GV21 GV22 GV23 GV24 GV25", "self_consumption",
      "Schedule {n}: used above the limit",   SLOT .. "AllowDischarge",
      set = { choices = { 0, 1 } } },
}

local dynamic = settings {
    part = "y", id = "VICGWY", name = "Dynamic ESS",         -- its mode is there without it, too
    when = { DESS .. "Strategy", DESS .. "MinimumSoc", DESS .. "LastScheduledStart" },
    { "ST",   "dess_strategy", "Strategy",                      DESS .. "Strategy" },
    { "MODE", "dess_mode",   "Mode",                            DESS_SET .. "Mode", "dem" },
    { "ERR",  "dess_error",  "Error",                           DESS .. "ErrorCode" },
    { "GV0",  "dess_mode",   "Active",                          DESS .. "Active" },
    { "GV1",  "no_yes",      "Available",                       DESS .. "Available", "dea" },
    { "GV2",  unit.percent,  "Target SoC",                      DESS .. "TargetSoc", min = 0, max = 100 },
    { "GV3",  unit.percent,  "Minimum SoC",                     DESS .. "MinimumSoc", min = 0, max = 100 },
    { "GV4",  unit.percent,  "SoC of the window",               DESS .. "WindowSoc", min = 0, max = 100 },
    { "GV5",  unit.watt,     "Charge rate, + charging",         DESS .. "ChargeRate" },
    { "GV6",  unit.watt,     "Available overhead",              DESS .. "AvailableOverhead" },
    { "GV7",  "dess_reaction", "Reaction",                      DESS .. "ReactiveStrategy" },
    { "GV8",  "dess_restrictions", "Restrictions in effect",    DESS .. "Restrictions" },
    { "GV9",  "no_yes",      "Feed-in allowed",                 DESS .. "AllowGridFeedIn" },
    { "GV10", unit.time,     "Last schedule, start",            DESS .. "LastScheduledStart", min = 1 },
    { "GV11", unit.time,     "Last schedule, end",              DESS .. "LastScheduledEnd", min = 1 },
    { "GV12", unit.count,    "Schedules",                       DESS .. "NumberOfSchedules", max = 200 },
    { "GV13", unit.count,    "Window slot",                     DESS .. "WindowSlot", max = 200 },
    { "GV14", unit.percent,  "Charge hysteresis",               DESS .. "ChargeHysteresis",
      min = 0, max = 100 },
    { "GV15", unit.percent,  "Discharge hysteresis",            DESS .. "DischargeHysteresis",
      min = 0, max = 100 },

    { "GV16", "dess_operation", "Operating mode",               DESS_SET .. "OperatingMode" },
    { "GV17", "dess_restrictions", "Restrictions set",          DESS_SET .. "Restrictions" },
    { "GV18", unit.kwh,      "Battery capacity",                DESS_SET .. "BatteryCapacity",
      min = 0, max = 1000 },
    { "GV19", unit.kilowatt, "Max. charge power, -1 no limit",  DESS_SET .. "BatteryChargeLimit", min = -1 },
    { "GV20", unit.kilowatt, "Max. discharge power, -1 no limit",
      first = { DESS_SET .. "BatteryDischargeLimit", DESS_SET .. "BatteryDishargeLimit" }, min = -1 },
    { "GV21", unit.kilowatt, "Max. import power, -1 no limit",  DESS_SET .. "GridImportLimit", min = -1 },
    { "GV22", unit.kilowatt, "Max. export power, -1 no limit",  DESS_SET .. "GridExportLimit", min = -1 },
    { "GV23", unit.raw,      "Full charge interval (days)",     DESS_SET .. "FullChargeInterval",
      min = -1, max = 99 },
    { "GV24", unit.hours,    "Full charge duration",            DESS_SET .. "FullChargeDuration",
      min = 0, max = 99 },
    { "GV25", unit.percent,  "System efficiency",               DESS_SET .. "SystemEfficiency",
      min = 0, max = 100 },
    { "GV26", "dess_flags",  "Asked for",                       DESS .. "Flags" },
}

return { system = system, charging = charging, schedule = schedule, dynamic = dynamic }
