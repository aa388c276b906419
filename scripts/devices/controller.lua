-- The plugin itself: its connection to VRM and what it found there.
local function connection(_, site)    return site.status end
local function installations(_, site) return site.installations end
local function devices(_, site)       return site.devices end
local function script_errors(_, site) return site.script_errors end
local function last_answer(_, site)   return site.last_answer end

local beat = "DOF"

--- Called at each long poll: a program that hears neither event for too long knows that the plugin is gone.
local function heartbeat(node)
    beat = beat == "DOF" and "DON" or "DOF"
    node:event(beat)
end

return {
    api = 2,
    id = "VICCTRL", name = "Victron Energy", icon = "GenericCtl",
    match = { kind = "controller" },

    { "ST",   "pg3_connection",    "PG3 connection",          by_pg3 = true },
    { "GV0",  "system_connection", "System status",           from = connection, zero = false },
    { "GV1",  unit.count,          "Installations",           from = installations, zero = false },
    { "GV2",  unit.count,          "Devices",                 from = devices, zero = false },
    { "GV3",  unit.count,          "Device scripts in error", from = script_errors, zero = false },
    { "TIME", unit.time,           "Last answer from VRM",    from = last_answer },

    commands = {
        DISCOVER = { name = "Discover devices" },
        RELOAD = { name = "Reload device scripts" },
        CLEANUP = { name = "Remove nodes that are gone" },
    },

    events = { DON = "Heartbeat on", DOF = "Heartbeat off" },
    update = heartbeat,

    samples = {
        { rows   = {},
          site   = { status = 1, installations = 2, devices = 5, script_errors = 0,
                     last_answer = 1776515873 },
          expect = { GV0 = 1, GV1 = 2, GV2 = 5, GV3 = 0, TIME = 1776515873 } },
    },
}
