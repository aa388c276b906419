-- DC system (a SmartShunt or BMV before all DC loads and sources): one node for each.
local meter = use "dc_meter"

return meter({
    api = 2,
    id = "VICDCSYS", name = "DC System", icon = "EnergyMonitor",
    match = { service = "dcsystem" },

    { "TPW", unit.kwh, "Energy consumed, total",  "/History/EnergyIn", min = 0 },
    { "GV0", unit.kwh, "Energy delivered, total", "/History/EnergyOut", min = 0 },

    samples = {
        { rows   = { ["/Dc/0/Voltage"] = 13.25, ["/Dc/0/Current"] = 4, ["/Dc/0/Temperature"] = 21.5,
                     ["/History/EnergyIn"] = 12.5, ["/Alarms/LowVoltage"] = 1, ["/Alarms/HighVoltage"] = 0 },
          expect = { ST = 53, CV = 13.25, CC = 4, CLITEMP = 21.5, TPW = 12.5, ALARM = 1, GV7 = 1, GV8 = 0,
                     GV2 = "no data" } },
        { rows   = { ["/Dc/0/Voltage"] = 26.5, ["/Dc/0/Current"] = -2, ["/History/EnergyOut"] = 0.07 },
          expect = { ST = -53, CC = -2, GV0 = 0.07, TPW = "no data" } },                   -- it delivers
    },
}, ", + consumed")
