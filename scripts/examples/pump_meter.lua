-- Energy meter of a water pump: what it did today, a warning when it runs without end, and advice to let it
-- wait for the sun. The owner sets the limits on PG3's configuration page.
local function runs(watts) return watts > setting("pump_watts") end

--- By day the pump may run, and by night only from a well-filled battery.
local function may_run(rows)
    local hour = site_of(rows).clock.hour
    local charge = number(rows_of(rows, "battery"), "/Soc", "SOC")
    if hour >= setting("pump_from") and hour < setting("pump_until") then return true end
    return charge and charge >= setting("pump_charge")
end

return {
    api = 2,
    id = "MYPUMP", name = "Water pump", icon = "EnergyMonitor",
    match = { service = "acload", product = "pump" },
    events = { LONG = "Runs too long", WELL = "Runs too long no more" },
    settings = {
        pump_watts  = { default = 50, min = 1, max = 5000 },
        pump_from   = { default = 9, min = 0, max = 24 },
        pump_until  = { default = 16, min = 0, max = 24 },
        pump_charge = { default = 80, min = 0, max = 100 },
    },

    { "ST",    unit.watt,  "Power",               "/Ac/Power" },
    { "GV0",   unit.watt,  "Highest power today", "/Ac/Power", day_max = true },
    { "TPW",   unit.kwh,   "Energy since then",   "/Ac/Power", total = true, scale = 0.001 },
    { "GV1",   unit.hours, "Running hours",       "/Ac/Power", total = true, map = runs },
    { "GV2",   unit.watt,  "Mean power, an hour", "/Ac/Energy/Forward", rate = 3600, scale = 1000 },
    { "ALARM", "no_yes",   "Runs too long",       "/Ac/Power", map = runs, held_for = 1800,
                           events = { [0] = "WELL", [1] = "LONG" } },
    { "GV3",   "no_yes",   "May run now",         from = may_run },

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
        { site     = { clock = "2026-04-18 20:30" },
          devices  = { { service = "battery", rows = { ["/Soc"] = 70 } } },
          settings = { pump_charge = 60 },
          rows     = { ["/Ac/Power"] = 0 },
          expect   = { GV3 = 1 } },
        { site     = { clock = "2026-04-18 20:30" },
          devices  = { { service = "battery", rows = { ["/Soc"] = 70 } } },
          rows     = { ["/Ac/Power"] = 0 },
          expect   = { GV3 = 0 } },
        { site     = { clock = "2026-04-18 09:00" },
          rows     = { ["/Ac/Power"] = 0 },
          expect   = { GV3 = 1 } },
    },
}
