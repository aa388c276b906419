-- Energy meter of a water pump: what it did today, and a warning when it runs dry or without end.
return {
    api = 2,
    id = "MYPUMP", name = "Water pump", icon = "EnergyMonitor",
    match = { service = "acload", product = "pump" },
    events = { LONG = "Runs too long", WELL = "Runs too long no more" },

    { "ST",    unit.watt,  "Power",               "/Ac/Power" },
    { "GV0",   unit.watt,  "Highest power today", "/Ac/Power", day_max = true },
    { "TPW",   unit.kwh,   "Energy since then",   "/Ac/Power", total = true, scale = 0.001 },
    { "GV1",   unit.hours, "Running hours",       "/Ac/Power", total = true,
                           map = function(watts) return watts > 50 end },
    { "GV2",   unit.watt,  "Mean power, an hour", "/Ac/Energy/Forward", rate = 3600, scale = 1000 },
    { "ALARM", "no_yes",   "Runs too long",       "/Ac/Power", held_for = 1800,
                           map = function(watts) return watts > 50 end,
                           events = { [0] = "WELL", [1] = "LONG" } },

    samples = {
        { steps = {
            { rows = { ["/Ac/Power"] = 0, ["/Ac/Energy/Forward"] = 10 },
              expect = { GV0 = 0, TPW = 0, GV1 = 0, GV2 = "no data", ALARM = 0 } },
            { after = 600, rows = { ["/Ac/Power"] = 800 },
              expect = { GV0 = 800, ALARM = 0 } },
            { after = 1200, rows = { ["/Ac/Power"] = 600 },
              expect = { GV0 = 800, TPW = 0.3, GV1 = 0.4, ALARM = 0, events = {} } },
            { after = 1800, rows = { ["/Ac/Power"] = 600, ["/Ac/Energy/Forward"] = 10.5 },
              expect = { TPW = 0.6, GV2 = 500, ALARM = 1, events = { "LONG" } } },
            { after = 43200, rows = { ["/Ac/Power"] = 200 },    -- the next day; nobody knows what was between
              expect = { GV0 = 200, TPW = 0.6, GV1 = 0.9 } },
        } },
    },
}
