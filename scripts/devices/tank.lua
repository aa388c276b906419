-- Tank sensor: one node for each tank.
return {
    api = 2,
    id = "VICTANK", name = "Tank", icon = "Sensor",
    match = { service = "tank" },

    { "ST",      unit.percent,  "Level",             "/Level", "tl",
                 min = -0.9, max = 110 },                         -- a sensor may be a bit below empty
    { "GV0",     unit.liter,    "Remaining",         "/Remaining", "tr" },
    { "TANKCAP", unit.liter,    "Capacity",          "/Capacity",
                 on_change = true, zero = false },
    { "GV1",     "fluid",       "Fluid",             "/FluidType", "tf", zero = false },
    { "GV2",     "tank_status", "Sensor status",     "/Status" },
    { "CLITEMP", unit.celsius,  "Temperature",       "/Temperature", min = -60, max = 120 },
    { "CV",      unit.volt,     "Sensor battery",    "/BatteryVoltage", min = 0, max = 15 },
    { "ALARM",   "alarm",       "Alarm, any",        worst = "/Alarms/" },
    { "GV3",     "alarm",       "Alarm: low level",  "/Alarms/Low/State" },
    { "GV4",     "alarm",       "Alarm: high level", "/Alarms/High/State" },

    samples = {
        { rows   = { ["/Level"] = 79, ["/Remaining"] = { value = 103, unit = "L" }, ["/FluidType"] = 1,
                     ["/Capacity"] = { value = 0.13, unit = "m3" }, ["/Status"] = 0,
                     ["/Alarms/Low/State"] = 0, ["/Alarms/High/State"] = 2, ["/Alarms/High/Enable"] = 1 },
          expect = { ST = 79, GV0 = 103, GV1 = 1, TANKCAP = 130, GV2 = 0, GV3 = 0, GV4 = 2, ALARM = 2,
                     CV = "no data" } },
        { rows   = { tl = 12.5, tf = 0 },                         -- VRM gave only codes
          expect = { ST = 12.5, GV1 = 0, GV0 = "no data", ALARM = "no data" } },
        { rows   = { tr = { value = 15, unit = "m3" },            -- VRM named no unit, and it is liters
                     ["/Capacity"] = { value = 200, unit = "L" } },
          expect = { GV0 = 15, TANKCAP = 200 } },
        { rows   = { tr = { value = 0.15, unit = "m3" }, ["/Capacity"] = { value = 200, unit = "L" } },
          expect = { GV0 = 150 } },
        { rows   = { ["/Level"] = 255, ["/Status"] = 3, ["/Temperature"] = 21, ["/BatteryVoltage"] = 3.1 },
          expect = { ST = "no data", GV2 = 3, CLITEMP = 21, CV = 3.1 } },
    },
}
