-- What a Multi RS and a system of several have in common: their AC inputs and outputs.
local rs = {}

rs.OUTPUT_POWER = { "/Ac/Out/{phase}/P" }
rs.INPUT_POWER = { { "/Ac/In/{input}/{phase}/P", "/Ac/In/{phase}/P" } }

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
