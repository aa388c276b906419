-- Pulse meter of a GX device (a water meter, say): one node for each.
return {
    api = 2,
    id = "VICPULSE", name = "Pulse Meter", icon = "PulseCounter",
    match = { service = "pulsemeter" },

    { "ST",  unit.cubic_meters, "Volume, total", "/Aggregate" },
    { "GV0", unit.counter,      "Count",         "/Count", max = 4e9 },

    samples = {
        { rows   = { ["/Aggregate"] = 12.345, ["/Count"] = 12345 },
          expect = { ST = 12.345, GV0 = 12345 } },
        { rows   = { ["/Aggregate"] = { value = 1500, unit = "L" }, ["/Count"] = {} },
          expect = { ST = 1.5, GV0 = "no data" } },
        { rows   = { ["/Aggregate"] = -1, ["/Count"] = 4294967295 },
          expect = { ST = "no data", GV0 = "no data" } },
    },
}
