-- What a Multi RS, an Inverter RS and a system of several have in common.
local panels = use "panels"

local rs = {}

rs.OUTPUT_POWER = { "/Ac/Out/{phase}/P" }
rs.INPUT_POWER = { { "/Ac/In/{input}/{phase}/P", "/Ac/In/{phase}/P" } }

rs.TRACKER_POWER = { "/Pv/0/P", "/Pv/1/P", "/Pv/2/P", "/Pv/3/P" }

rs.HAS_TRACKERS = { "/Pv/V", "/Pv/0/P", "/Pv/0/V", "/Pv/1/P", "/Pv/1/V", "/Pv/2/P", "/Pv/2/V", "/Pv/3/P",
                    "/Pv/3/V" }

-- Rows of the parts for trackers, and for alarms beside those of the main node.
rs.TRACKERS = {
    { "GV18",                unit.volt,       "PV voltage",             "/Pv/V",
      from = panels.voltage, min = -0.5, max = 600 },
    { "CPW GV1 GV2 GV3",     unit.watt,       "Tracker {n} power",      "/Pv/{n-1}/P",
      min = -0.5, max = 30000 },
    { "CV GV4 GV5 GV6",      unit.volt,       "Tracker {n} voltage",    "/Pv/{n-1}/V",
      min = -0.5, max = 600 },
    { "CC GV7 GV8 GV9",      unit.ampere,     "Tracker {n} current",
      quotient = { "/Pv/{n-1}/P", "/Pv/{n-1}/V" } },
    { "GV10 GV11 GV12 GV13", "tracker_state", "Tracker {n}",            "/Pv/{n-1}/MppOperationMode" },
    { "GV14 GV15 GV16 GV17", "disabled_enabled", "Tracker {n} input",   "/Pv/{n-1}/Enabled" },
}

rs.MORE_ALARMS = {
    { "ST",   "alarm", "Alarm, any",             worst = "/Alarms/" },
    { "GV2",  "alarm", "Ripple",                 "/Alarms/Ripple" },
    { "GV7",  "alarm", "Low AC output voltage",  "/Alarms/LowVoltageAcOut" },
    { "GV8",  "alarm", "High AC output voltage", "/Alarms/HighVoltageAcOut" },
    { "GV9",  "alarm", "Low temperature",        "/Alarms/LowTemperature" },
    { "GV6",  "alarm", "Low state of charge",    "/Alarms/LowSoc" },
    { "GV10", "alarm", "Short circuit",          "/Alarms/ShortCircuit" },
}

--- The part with the phases, of what has more than one, or not L1.
function rs.phases(id)
    return {
        part = "p", id = id, name = "phases",
        when = { "/Ac/Out/L2/P", "/Ac/Out/L2/V", "/Ac/Out/L3/P", "/Ac/Out/L3/V" },
        { "ST",             unit.watt,   "AC output power, + supplied",           sum = rs.OUTPUT_POWER },
        { "GV0",            unit.count,  "Phases",                                "/Ac/NumberOfPhases",
          min = 1, max = 3, zero = false },
        { "CPW GV1 GV2",    unit.watt,   "AC output power {phase}, + supplied",   "/Ac/Out/{phase}/P" },
        { "CV GV3 GV4",     unit.volt,   "AC output voltage {phase}",             "/Ac/Out/{phase}/V",
          places = 1, min = -0.5, max = 500 },
        { "CC GV5 GV6",     unit.ampere, "AC output current {phase}, + supplied", "/Ac/Out/{phase}/I" },
        { "GV7 GV8 GV9",    unit.watt,   "AC input power {phase}, + drawn",
          first = { "/Ac/In/{input}/{phase}/P", "/Ac/In/{phase}/P" } },
        { "GV10 GV11 GV12", unit.volt,   "AC input voltage {phase}",
          first = { "/Ac/In/{input}/{phase}/V" }, places = 1, min = -0.5, max = 500 },
        { "GV13 GV14 GV15", unit.ampere, "AC input current {phase}, + drawn",
          first = { "/Ac/In/{input}/{phase}/I" } },
    }
end

return rs
