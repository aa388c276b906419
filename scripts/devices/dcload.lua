-- DC load (a SmartShunt or BMV that measures one): one node for each.
local meter = use "dc_meter"

return meter({
    api = 2,
    id = "VICDCLOAD", name = "DC Load", icon = "EnergyMonitor",
    match = { service = "dcload" },

    { "TPW", unit.kwh, "Energy consumed, total",  "/History/EnergyIn", min = 0 },
    { "GV0", unit.kwh, "Energy delivered, total", "/History/EnergyOut", min = 0 },

    samples = {
        { rows   = { ["/Dc/0/Voltage"] = 13.25, ["/Dc/0/Current"] = 4, ["/Dc/0/Temperature"] = 21.5,
                     ["/History/EnergyIn"] = 12.5, ["/Alarms/LowVoltage"] = 1, ["/Alarms/HighVoltage"] = 0 },
          expect = { ST = 53, CV = 13.25, CC = 4, CLITEMP = 21.5, TPW = 12.5, ALARM = 1, GV7 = 1, GV8 = 0,
                     GV2 = "no data" } },
        { rows   = { ["/Dc/0/Power"] = 50, ["/Dc/0/Voltage"] = 13.2, ["/Dc/0/Current"] = 65535,    -- none
                     ["/Dc/1/Voltage"] = 655.35 },
          expect = { ST = 50, CC = "no data", GV2 = "no data", TPW = "no data", ALARM = "no data" } },
    },
})
