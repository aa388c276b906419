-- Digital input of a GX device (door, bilge pump, alarm): one node for each.
return {
    api = 2,
    id = "VICINPUT", name = "Digital Input", icon = "Input",
    match = { service = "digitalinput" },

    { "ST",    "input_state", "State",         "/State" },
    { "GV0",   unit.counter,  "Count",         "/Count", max = 4e9 },
    { "GV1",   "input_type",  "Type",          "/Type", zero = false },
    { "GV2",   "input_level", "Input",         "/InputState" },
    { "GV3",   "no_yes",      "Text inverted", "/Settings/InvertTranslation", zero = false },
    { "ALARM", "alarm",       "Alarm",         "/Alarm" },

    samples = {
        { rows   = { ["/State"] = 9, ["/Count"] = 42, ["/Type"] = 5, ["/InputState"] = 1, ["/Alarm"] = 2,
                     ["/Settings/InvertTranslation"] = 0 },
          expect = { ST = 9, GV0 = 42, GV1 = 5, GV2 = 1, ALARM = 2, GV3 = 0 } },
        { rows   = { ["/State"] = 6, ["/Type"] = 2, ["/Count"] = {}, ["/Alarm"] = 65535 },
          expect = { ST = 6, GV1 = 2, GV0 = "no data", ALARM = "no data" } },
    },
}
