-- DC source (a SmartShunt or BMV that measures one, or a wind charger): one node for each.
return {
    api = 2,
    id = "VICDCSRC", name = "DC Source", icon = "EnergyMonitor",
    match = { service = "dcsource" },

    { "ST",      unit.watt,     "Power",                        "/Dc/0/Power",
                 product = { "/Dc/0/Voltage", "/Dc/0/Current" } },
    { "CV",      unit.volt,     "Voltage",                      "/Dc/0/Voltage", min = -0.5 },
    { "CC",      unit.ampere,   "Current",                      "/Dc/0/Current", places = 2 },
    { "CLITEMP", unit.celsius,  "Temperature",                  "/Dc/0/Temperature", min = -60, max = 120 },
    { "TPW",     unit.kwh,      "Energy delivered, total",      "/History/EnergyOut", min = 0 },
    { "GV0",     unit.kwh,      "Energy consumed, total",       "/History/EnergyIn", min = 0 },
    { "GV1",     unit.volt,     "Starter or auxiliary voltage", "/Dc/1/Voltage", min = -0.5, max = 100 },
    { "GV2",     "open_closed", "Relay",                        "/Relay/0/State" },

    { "ALARM",   "alarm",       "Alarm, any",                   worst = "/Alarms/" },
    { "GV3",     "alarm",       "Alarm: low voltage",           "/Alarms/LowVoltage" },
    { "GV4",     "alarm",       "Alarm: high voltage",          "/Alarms/HighVoltage" },
    { "GV5",     "alarm",       "Alarm: low starter voltage",   "/Alarms/LowStarterVoltage" },
    { "GV6",     "alarm",       "Alarm: high starter voltage",  "/Alarms/HighStarterVoltage" },
    { "GV7",     "alarm",       "Alarm: low temp.",             "/Alarms/LowTemperature" },
    { "GV8",     "alarm",       "Alarm: high temp.",            "/Alarms/HighTemperature" },

    samples = {
        { rows   = { ["/Dc/0/Voltage"] = 13.25, ["/Dc/0/Current"] = 4, ["/Dc/0/Temperature"] = 21.5,
                     ["/History/EnergyOut"] = 12.5, ["/Alarms/LowVoltage"] = 1, ["/Alarms/HighVoltage"] = 0 },
          expect = { ST = 53, CV = 13.25, CC = 4, CLITEMP = 21.5, TPW = 12.5, ALARM = 1, GV3 = 1, GV4 = 0,
                     GV1 = "no data" } },
        { rows   = { ["/Dc/0/Power"] = 50, ["/Dc/0/Voltage"] = 13.2, ["/Dc/0/Current"] = 65535,    -- none
                     ["/Dc/1/Voltage"] = 655.35 },
          expect = { ST = 50, CC = "no data", GV1 = "no data", TPW = "no data", ALARM = "no data" } },
    },
}
