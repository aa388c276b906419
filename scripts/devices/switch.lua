-- Switches: an IO extender, a smart switch, virtual ones. One node for each device.
-- A device numbers its outputs from 0, or names them output_1, output_2; an extender has pwm_1 and relay_1
-- beside them.
local SWITCHED = { choices = { 0, 1 }, timed = "also" }

return {
    api = 2,
    id = "VICSW", name = "Switch", icon = "Output",
    match = { service = "switch" },

    { "ST", "switch_state", "Module state",   "/State" },
    { "CV", unit.volt,      "Module voltage", "/ModuleVoltage", min = -0.5, max = 100 },
    { "GV0 GV1 GV2 GV3 GV4 GV5 GV6 GV7", "off_on", "Output {n}",
      first = { "/SwitchableOutput/{n-1}/State", "/SwitchableOutput/output_{n}/State" }, set = SWITCHED },
    { "GV8 GV9 GV10 GV11", "off_on", "PWM output {n}", "/SwitchableOutput/pwm_{n}/State", set = SWITCHED },
    { "GV12 GV13 GV14",    "off_on", "Relay {n}",      "/SwitchableOutput/relay_{n}/State", set = SWITCHED },

    parts = {
        { part = "a", id = "VICSWA", name = "output status",
          { "ST GV1 GV2 GV3 GV4 GV5 GV6 GV7", "output_status", "Output {n}",
            first = { "/SwitchableOutput/{n-1}/Status", "/SwitchableOutput/output_{n}/Status" } },
          { "GV8 GV9 GV10 GV11", "output_status", "PWM output {n}", "/SwitchableOutput/pwm_{n}/Status" },
          { "GV12 GV13 GV14",    "output_status", "Relay {n}",      "/SwitchableOutput/relay_{n}/Status" },
        },
        { part = "d", id = "VICSWD", name = "dimming",         -- in the unit of the output, mostly percent
          { "ST GV1 GV2 GV3 GV4 GV5 GV6 GV7", unit.raw, "Output {n}",
            first = { "/SwitchableOutput/{n-1}/Dimming", "/SwitchableOutput/output_{n}/Dimming" },
            places = 1, zero = false },
          { "GV8 GV9 GV10 GV11", unit.percent, "PWM output {n}", "/SwitchableOutput/pwm_{n}/Dimming",
            min = 0, max = 100, on_change = true },
          { "GV12 GV13 GV14 GV15 GV16 GV17 GV18 GV19", "manual_auto", "Output {n} is switched",
            first = { "/SwitchableOutput/{n-1}/Auto", "/SwitchableOutput/output_{n}/Auto" } },
        },
        { part = "s", id = "VICSWS", name = "output settings",
          { "ST GV1 GV2 GV3 GV4 GV5 GV6 GV7", "output_type", "Output {n} type", zero = false,
            first = { "/SwitchableOutput/{n-1}/Settings/Type",
                      "/SwitchableOutput/output_{n}/Settings/Type" } },
          { "GV8 GV9 GV10 GV11", "output_type", "PWM output {n} type",
            "/SwitchableOutput/pwm_{n}/Settings/Type", zero = false },
          { "GV12 GV13 GV14 GV15 GV16 GV17", unit.raw, "Output {n} lowest", places = 1, zero = false,
            first = { "/SwitchableOutput/{n-1}/Settings/DimmingMin",
                      "/SwitchableOutput/output_{n}/Settings/DimmingMin" } },
          { "GV18 GV19 GV20 GV21 GV22 GV23", unit.raw, "Output {n} highest", places = 1, zero = false,
            first = { "/SwitchableOutput/{n-1}/Settings/DimmingMax",
                      "/SwitchableOutput/output_{n}/Settings/DimmingMax" } },
          { "GV24 GV25 GV26 GV27 GV28 GV29", unit.raw, "Output {n} step", places = 2, zero = false,
            first = { "/SwitchableOutput/{n-1}/Settings/StepSize",
                      "/SwitchableOutput/output_{n}/Settings/StepSize" } },
        },
    },

    samples = {
        { rows   = { ["/State"] = 256, ["/SwitchableOutput/output_5/State"] = 0,       -- a GX IO extender
                     ["/SwitchableOutput/output_6/State"] = 1, ["/SwitchableOutput/pwm_1/State"] = 1,
                     ["/SwitchableOutput/pwm_1/Dimming"] = 23, ["/SwitchableOutput/pwm_1/Status"] = 9,
                     ["/SwitchableOutput/pwm_1/Settings/Type"] = 2, ["/SwitchableOutput/relay_2/State"] = 1,
                     ["/SwitchableOutput/output_5/Status"] = 0 },
          expect = { ST = 256, GV4 = 0, GV5 = 1, GV8 = 1, GV13 = 1, GV0 = "no data", CV = "no data",
                     a = { GV4 = 0, GV8 = 9, ST = "no data" }, d = { GV8 = 23, ST = "no data" },
                     s = { GV8 = 2, ST = "no data" } } },
        { rows   = { ["/State"] = 261, ["/ModuleVoltage"] = 24.1, ["/SwitchableOutput/0/State"] = 0,
                     ["/SwitchableOutput/1/State"] = 1, ["/SwitchableOutput/1/Dimming"] = 63,
                     ["/SwitchableOutput/1/Status"] = 2, ["/SwitchableOutput/1/Settings/Type"] = 2 },
          expect = { ST = 261, CV = 24.1, GV0 = 0, GV1 = 1, a = { GV1 = 2 }, d = { GV1 = 63 },
                     s = { GV1 = 2 } } },
        { rows   = { ["/SwitchableOutput/output_1/State"] = 1,     -- a virtual one, for a temperature
                     ["/SwitchableOutput/output_1/Dimming"] = 21.5, ["/SwitchableOutput/output_1/Auto"] = 1,
                     ["/SwitchableOutput/output_1/Settings/Type"] = 3,
                     ["/SwitchableOutput/output_1/Settings/DimmingMin"] = 5,
                     ["/SwitchableOutput/output_1/Settings/DimmingMax"] = 30,
                     ["/SwitchableOutput/output_1/Settings/StepSize"] = 0.5 },
          expect = { GV0 = 1, ST = "no data", d = { ST = 21.5, GV12 = 1 },
                     s = { ST = 3, GV12 = 5, GV18 = 30, GV24 = 0.5 } } },
        { rows   = { ["/ModuleVoltage"] = 655.35, ["/SwitchableOutput/0/State"] = {},
                     ["/SwitchableOutput/pwm_1/Dimming"] = 255 },
          expect = { CV = "no data", GV0 = "no data", d = { GV8 = "no data" } } },
    },
}
