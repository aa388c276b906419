-- DC-DC charger or converter (Orion XS, Orion-Tr Smart): one node for each.
return {
    api = 2,
    id = "VICDCDC", name = "DC-DC Charger", icon = "EnergyMonitor",
    match = { service = "dcdc" },

    { "ST",      unit.watt,       "Output power",        "/Dc/0/Power",
                 product = { "/Dc/0/Voltage", "/Dc/0/Current" } },
    { "GV0",     "charge_state",  "State",               "/State" },
    { "CV",      unit.volt,       "Output voltage",      "/Dc/0/Voltage", min = -0.5 },
    { "CC",      unit.ampere,     "Output current",      "/Dc/0/Current", places = 2 },
    { "CLITEMP", unit.celsius,    "Temperature",         "/Dc/0/Temperature", min = -60, max = 120 },
    { "MODE",    "charger_mode",  "Switch",              "/Mode",
      set = { choices = { 1, 4 }, timed = "also" } },
    { "ERR",     "charger_error", "Error",               "/ErrorCode" },
    { "GV19",    "off_reason",    "Off reason",          "/DeviceOffReason" },
    { "GV1",     unit.watt,       "Input power",         "/Dc/In/P", product = { "/Dc/In/V", "/Dc/In/I" } },
    { "GV2",     unit.volt,       "Input voltage",       "/Dc/In/V", min = -0.5 },
    { "GV3",     unit.ampere,     "Input current",       "/Dc/In/I", places = 2 },
    { "GV13",    unit.amp_hours,  "Charged, total (Ah)", "/History/Cumulative/User/ChargedAh", min = 0 },

    samples = {
        { rows   = { ["/Dc/0/Voltage"] = 13.51, ["/Dc/0/Current"] = 10, ["/Dc/In/V"] = 14,
                     ["/Dc/In/I"] = 10.5, ["/State"] = 6, ["/Mode"] = 1, ["/ErrorCode"] = 0,
                     ["/Dc/0/Temperature"] = 64.7, ["/History/Cumulative/User/ChargedAh"] = 123.9 },
          expect = { ST = 135.1, CV = 13.51, CC = 10, GV1 = 147, GV2 = 14, GV3 = 10.5, GV0 = 6, MODE = 1,
                     ERR = 0, CLITEMP = 64.7, GV13 = 123.9 } },
        { rows   = { ["/Dc/0/Power"] = {}, ["/Dc/0/Voltage"] = 655.35, ["/Dc/In/V"] = 12.9, ["/Mode"] = 4,
                     ["/DeviceOffReason"] = 128 },                 -- the engine does not run
          expect = { ST = "no data", CV = "no data", GV1 = "no data", GV2 = 12.9, MODE = 4, GV19 = 128 } },
    },
}
