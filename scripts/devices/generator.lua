-- Generator start/stop: when and why the GX runs a generator, by a relay or a connected genset.
local STOPPED, RUNNING, ERROR = 0, 1, 10
local LAST_START, LAST = 9, 12                        -- reasons: to start, and those to stop behind them

--- The state, of which VRM knows only why the generator runs.
local function state(rows)
    local reason = number(rows, "/RunningByConditionCode", "gaRC")
    if not reason or reason < 0 or reason > LAST then return nil end
    if reason > 0 and reason <= LAST_START then return RUNNING end
    return (number(rows, "/Error") or 0) > 0 and ERROR or STOPPED
end

return {
    api = 2,
    id = "VICGENERATOR", name = "Generator start/stop", icon = "Output",
    match = { service = "generator" },

    { "ST",      "generator_state",  "State",                        "/State", from = state,
      events = { [0] = "GENSTOP", [1] = "GENSTART", [2] = "GENSTART", [3] = "GENSTART", [4] = "GENSTART",
                 [5] = "GENSTOP", [10] = "GENSTOP" } },
    { "GV0",     "generator_reason", "Run reason",                   "/RunningByConditionCode", "gaRC" },
    { "ERR",     "generator_error",  "Error",                        "/Error" },
    { "ALARM",   "alarm",            "Alarm, any",                   worst = "/Alarms/" },
    { "GV1",     "off_on",           "Manual start",                 "/ManualStart",
      set = { choices = { 0, 1 }, timed = "also", timer = "/ManualStartTimer",
              unless = { { "/State", ERROR, "the generator has an error: it would start when that is over",
                           choice = 1 } } } },
    { "GV2",     "off_on",           "Auto start",                   "/AutoStartEnabled", zero = false,
      set = { choices = { 0, 1 }, stored = true } },
    { "GV3",     "no_yes",           "Quiet hours",                  "/QuietHours" },
    { "TIMEREM", unit.minutes,       "Manual start, time left",      "/ManualStartTimer", max = 14400,
      measured = true },
    { "GV4",     unit.minutes,       "Run time, this run",           "/Runtime", max = 6e5 },
    { "GV5",     unit.hours,         "Run time today",
      first = { "/TodayRuntime", "/TodayRunTime" }, places = 2, max = 25, daily = true },
    { "GV6",     unit.hours,         "Run time, total",              "/AccumulatedRuntime", max = 1e5 },
    { "GV7",     unit.hours,         "Time to service, - overdue",   "/ServiceCounter",
      min = -1e5, max = 1e5 },
    { "GV8",     unit.hours,         "Service interval, 0 = none",   "/ServiceInterval", "gasi", max = 1e5 },
    { "GV9",     unit.hours,         "Run time in test run interval", "/TestRunIntervalRuntime", max = 1e4 },
    { "GV10",    unit.time,          "Next test run",                "/NextTestRun", min = 1e9 },
    { "GV11",    "no_yes",           "Next test run is skipped",     "/SkipTestRun" },
    { "GV12",    "alarm",            "Alarm: service due",
      worst = "/Alarms/ServiceIntervalExceeded" },
    { "GV13",    "alarm",            "Alarm: no generator at AC input",
      worst = "/Alarms/NoGeneratorAtAcIn" },
    { "GV14",    "alarm",            "Alarm: no generator at DC input", "/Alarms/NoGeneratorAtDcIn" },
    { "GV15",    "alarm",            "Alarm: auto start is off",     "/Alarms/AutoStartDisabled" },
    { "GV16",    "alarm",            "Alarm: remote start mode is off",
      "/Alarms/RemoteStartModeDisabled" },
    { "GV17",    "alarm",            "Alarm: stopped by tank level", "/Alarms/StoppedByTankLevelCondition" },
    { "GV18",    "off_on",           "Digital input",                "/DigitalInput/Input" },
    { "GV19",    "no_yes",           "Digital input: running",       "/DigitalInput/Running" },
    { "GV20",    "no_yes",           "Start/stop function enabled",  "/Enabled", zero = false },

    events = { GENSTART = "Generator started", GENSTOP = "Generator stopped" },

    parts = {
        { part = "d", id = "VICGENERATORD", name = "gensets",      -- of several DC gensets, together
          { "ST",  unit.watt,   "DC power of all gensets",   "/MultipleGensets/Power" },
          { "CV",  unit.volt,   "DC voltage of all gensets", "/MultipleGensets/Voltage",
            min = -0.5, max = 100 },
          { "CC",  unit.ampere, "DC current of all gensets", "/MultipleGensets/Current" },
          { "GV0", unit.time,   "Gensets rotated last",      "/MultipleGensets/LastRotated", min = 1e9 },
        },
    },

    samples = {
        { rows   = { ["/State"] = 1, ["/RunningByConditionCode"] = 4, ["/Error"] = 0, ["/ManualStart"] = 0,
                     ["/AutoStartEnabled"] = 1, ["/QuietHours"] = 0,
                     ["/Runtime"] = { value = 480, unit = "s" },
                     ["/TodayRuntime"] = { value = 600, unit = "s" },
                     ["/AccumulatedRuntime"] = { value = 4413310, unit = "s" },
                     ["/ServiceCounter"] = { value = -7200, unit = "s" },
                     ["/ServiceInterval"] = { value = 1800000, unit = "s" },
                     ["/TestRunIntervalRuntime"] = { value = 1346018, unit = "s" },
                     ["/ManualStartTimer"] = { value = 0, unit = "s" }, ["/NextTestRun"] = 0,
                     ["/Alarms/ServiceIntervalExceeded"] = 1, ["/Alarms/AutoStartDisabled"] = 0,
                     ["/Alarms/NoGeneratorAtDcIn"] = {}, ["/DigitalInput/Running"] = 0, ["/Enabled"] = 1 },
          expect = { ST = 1, GV0 = 4, ERR = 0, ALARM = 1, GV1 = 0, GV2 = 1, GV3 = 0, TIMEREM = 0, GV4 = 8,
                     GV5 = 0.17, GV6 = 1225.9, GV7 = -2, GV8 = 500, GV9 = 373.9, GV10 = "no data", GV12 = 1,
                     GV14 = "no data", GV15 = 0, GV19 = 0, GV20 = 1 } },
        { rows   = { gaRC = 1, gasr = 0, gaNG = 2, gasi = { value = 0, unit = "s" },           -- codes only
                     ["/TodayRunTime"] = { value = 5400, unit = "s" }, ["/NextTestRun"] = 1776463200 },
          expect = { ST = 1, GV0 = 1, GV12 = 0, GV13 = 2, GV8 = 0, GV5 = 1.5, GV10 = 1776463200 } },
        { rows   = { gaRC = 0, ["/Error"] = 3 }, expect = { ST = 10, ERR = 3 } },
        { rows   = { gaRC = 255, ["/Runtime"] = {} }, expect = { ST = "no data" } },
        { rows   = { ["/State"] = 5, ["/ServiceCounter"] = {}, ["/MultipleGensets/Power"] = 3191.6,
                     ["/MultipleGensets/Voltage"] = 54.1, ["/MultipleGensets/Current"] = 60,
                     ["/MultipleGensets/LastRotated"] = {} },
          expect = { ST = 5, GV7 = "no data", GV5 = "no data",
                     d = { ST = 3192, CV = 54.1, CC = 60, GV0 = "no data" } } },
        { rows   = { ["/TodayRuntime"] = { value = 600, unit = "s", timestamp = 1776463199 } },   -- evening
          site   = { midnight = 1776463200 },
          expect = { GV5 = "no data" } },
    },
}
