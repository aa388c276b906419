-- GPS receiver: one node for each.
local NO_FIX = { [0] = 1000 }                         -- a place at 0° is none: past the limits, no data

return {
    api = 2,
    id = "VICGPS", name = "GPS", icon = "Sensor",
    match = { service = "gps" },

    { "ST",    "no_yes",               "Position known",    "/Fix" },
    { "SPEED", unit.meters_per_second, "Speed",             "/Speed", "ls" },
    { "GV0",   unit.degree,            "Latitude, + north", "/Position/Latitude", "lt",
               values = NO_FIX, min = -90, max = 90, measured = true },
    { "GV1",   unit.degree,            "Longitude, + east", "/Position/Longitude", "lg",
               values = NO_FIX, measured = true },
    { "GV2",   unit.meter,             "Altitude",
               first = { "/Altitude", "/Position/Altitude", "la" } },
    { "GV3",   unit.direction,         "Course",            "/Course", "lc", measured = true },
    { "GV4",   unit.count,             "Satellites",        "/NrOfSatellites", max = 200 },
    { "GV21",  "no_yes",               "Connected",         "/Connected" },

    samples = {
        { rows   = { ["/Fix"] = 1, ["/Speed"] = 8.79, ["/Position/Latitude"] = 52.377956, ["/Altitude"] = 27,
                     ["/Position/Longitude"] = 4.89707, ["/Course"] = -125.58, ["/NrOfSatellites"] = 8,
                     ["/Connected"] = 1 },
          expect = { ST = 1, SPEED = 8.79, GV0 = 52.378, GV1 = 4.8971, GV2 = 27, GV3 = -125.58, GV4 = 8,
                     GV21 = 1 } },
        { rows   = { lt = -33.9, lg = 18.4, ls = 0, la = 12, lc = 90 },        -- VRM gave only codes
          expect = { GV0 = -33.9, GV1 = 18.4, SPEED = 0, GV2 = 12, GV3 = 90, ST = "no data" } },
        { rows   = { ["/Fix"] = 0, ["/Position/Latitude"] = 0, ["/Position/Longitude"] = 0,
                     ["/Speed"] = 65.535, ["/Course"] = 655.35, ["/NrOfSatellites"] = 255 },
          expect = { ST = 0, GV0 = "no data", GV1 = "no data", SPEED = "no data", GV3 = "no data",
                     GV4 = "no data" } },
    },
}
