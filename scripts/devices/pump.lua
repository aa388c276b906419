-- Pump that a GX device switches by the level of a tank.
return {
    api = 2,
    id = "VICPUMP", name = "Pump", icon = "Output",
    match = { service = "pump" },

    { "ST", "off_on", "State", "/State" },

    samples = {
        { rows = { ["/State"] = 1 }, expect = { ST = 1 } },
        { rows = { ["/State"] = {} }, expect = { ST = "no data" } },
    },
}
