-- Digital input of a GX (bilge pump, door, pulse): counts how often it was on since the last reset, and
-- tells when that was too often. The ISY resets the count and sets the limit.
local DEFAULT_LIMIT = 10

local STATES = {
    [0] = "Low", [1] = "High", [2] = "Off", [3] = "On", [4] = "No", [5] = "Yes", [6] = "Open",
    [7] = "Closed", [8] = "Ok", [9] = "Alarm", [10] = "Running", [11] = "Stopped",
}

local function show(node)                             -- what no row of VRM has
    local state = node.state
    local times = state.count and state.count - state.first
    local limit = state.limit or DEFAULT_LIMIT
    node:set("GV1", times)
    node:set("GV2", limit)
    node:set("ALARM", times and times >= limit and 1 or 0)
end

local function update(node, rows)
    local count = number(rows, "/Count")
    if not count then return end
    node.state.count = count
    node.state.first = math.min(node.state.first or count, count)
    show(node)
end

local function reset(node)
    node.state.first = node.state.count
    show(node)
    node:log("info", "the count begins again at %d", node.state.count or 0)
end

local function set_limit(node, args)
    node.state.limit = args.value
    show(node)
end

return {
    api = 2,
    id = "MYINPUT", name = "Digital input", icon = "Input",
    match = { service = "digitalinput" },

    { "ST",    STATES,       "State",             "/State" },
    { "GV0",   unit.counter, "Count, in all",     "/Count" },
    { "GV1",   unit.counter, "Count since reset", by_script = true },
    { "GV2",   unit.counter, "Limit",             by_script = true },
    { "ALARM", "no_yes",     "Limit reached",     by_script = true },

    start  = show,
    update = update,
    commands = {
        RESET    = { name = "Reset count", run = reset },
        SETLIMIT = { name = "Set limit", run = set_limit,
                     params = { { id = "", label = "Limit", kind = unit.counter, min = 1, max = 10000 } } },
    },

    samples = {
        { rows   = { ["/State"] = 10, ["/Count"] = 42 },
          expect = { ST = 10, GV0 = 42 } },
        { steps = {
            { rows    = { ["/State"] = 11, ["/Count"] = 42 },
              expect  = { GV1 = 0, GV2 = 10, ALARM = 0, state = { first = 42 } } },
            { after   = 3600, rows = { ["/State"] = 10, ["/Count"] = 52 },
              expect  = { GV1 = 10, ALARM = 1 } },
            { command = "SETLIMIT", args = { value = 20 },
              expect  = { GV2 = 20, ALARM = 0 } },
            { command = "RESET",
              expect  = { GV1 = 0, state = { first = 52, limit = 20 } } },
        } },
    },
}
