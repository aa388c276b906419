-- Electric motor of a boat and its controller: one node for each.
return {
    api = 2,
    id = "VICMOTOR", name = "Motor Drive", icon = "EnergyMonitor",
    match = { service = "motordrive" },

    { "ST",      unit.watt,         "Power",                  "/Dc/0/Power", "coP",
                 product = { { "/Dc/0/Voltage", "coV" }, { "/Dc/0/Current", "coC" } } },
    { "GV0",     unit.rpm,          "Motor speed",            "/Motor/RPM", "mr", min = -20000, max = 20000 },
    { "CV",      unit.volt,         "Voltage",                "/Dc/0/Voltage", "coV", min = -0.5 },
    { "CC",      unit.ampere,       "Current",                "/Dc/0/Current", "coC" },
    { "CLITEMP", unit.celsius,      "Motor temperature",      "/Motor/Temperature", "mt",
                 min = -60, max = 250 },
    { "GV1",     unit.celsius,      "Controller temperature", "/Controller/Temperature", "coT",
                 min = -60, max = 250 },
    { "GV2",     unit.celsius,      "Coolant temperature",    "/Coolant/Temperature", min = -60, max = 250 },
    { "GV3",     "motor_direction", "Direction",              "/Motor/Direction" },
    { "GV4",     unit.raw,          "Torque (Nm)",            "/Motor/Torque", min = -10000, max = 10000 },

    samples = {
        { rows   = { ["/Dc/0/Voltage"] = 50.7, ["/Dc/0/Current"] = 58.1, ["/Dc/0/Power"] = 2945,
                     ["/Motor/RPM"] = 1411, ["/Motor/Direction"] = 2, ["/Motor/Torque"] = 85,
                     ["/Motor/Temperature"] = 41, ["/Controller/Temperature"] = 38 },
          expect = { ST = 2945, GV0 = 1411, CV = 50.7, CC = 58.1, CLITEMP = 41, GV1 = 38, GV3 = 2, GV4 = 85,
                     GV2 = "no data" } },
        { rows   = { coV = 50, coC = 10, mr = 1200, mt = 40, coT = 35 },       -- VRM gave only codes
          expect = { ST = 500, GV0 = 1200, CLITEMP = 40, GV1 = 35 } },
        { rows   = { mr = 65535, mt = {}, coV = 655.35 },
          expect = { GV0 = "no data", CLITEMP = "no data", CV = "no data", ST = "no data" } },
    },
}
