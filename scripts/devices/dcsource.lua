-- DC source (a SmartShunt or BMV that measures one, or a wind charger): one node for each.
local meter = use "dc_meter"

return meter({
    api = 2,
    id = "VICDCSRC", name = "DC Source", icon = "EnergyMonitor",
    match = { service = "dcsource" },

    { "TPW", unit.kwh, "Energy delivered, total", "/History/EnergyOut", min = 0 },
    { "GV0", unit.kwh, "Energy consumed, total",  "/History/EnergyIn", min = 0 },

    samples = {
        { rows   = { ["/Dc/0/Voltage"] = 13.25, ["/Dc/0/Current"] = 4, ["/Dc/0/Temperature"] = 21.5,
                     ["/History/EnergyOut"] = 12.5, ["/Alarms/LowVoltage"] = 1, ["/Alarms/HighVoltage"] = 0 },
          expect = { ST = 53, CV = 13.25, CC = 4, CLITEMP = 21.5, TPW = 12.5, ALARM = 1, GV7 = 1, GV8 = 0,
                     GV2 = "no data" } },
    },
})
