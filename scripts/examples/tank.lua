-- Tank sensor: one node for each tank that VRM reports.
local FLUIDS = {
    [0] = "Fuel", [1] = "Fresh water", [2] = "Waste water", [3] = "Live well", [4] = "Oil",
    [5] = "Black water", [6] = "Gasoline", [7] = "Diesel", [8] = "LPG", [9] = "LNG",
    [10] = "Hydraulic oil", [11] = "Raw water",
}

return {
    api = 2,
    id = "MYTANK", name = "Tank", icon = "Sensor",
    match = { service = "tank" },

    { "ST",  unit.percent, "Level",     "/Level", "tl" },
    { "GV0", unit.liter,   "Remaining", "/Remaining", "tr" },
    { "GV1", FLUIDS,       "Fluid",     "/FluidType", "tf" },

    samples = {
        { rows   = { ["/Level"] = 79, ["/Remaining"] = { value = 103, unit = "L" }, ["/FluidType"] = 1 },
          expect = { ST = 79, GV0 = 103, GV1 = 1 } },
        { rows   = { tl = 12.5 },                     -- VRM gave only a code
          expect = { ST = 12.5, GV0 = "no data" } },
    },
}
