--- Worlds for the specs of main.lua: the fake host with a small VRM behind it.

local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"

local worlds = { TOKEN = fixtures.TOKEN, BATTERY = "392u_bm288", SOLAR = "392u_sc256",
                 INVERTER = "392u_vb257", GATEWAY = "392u_gw0", DIAGNOSTICS = "/diagnostics" }

--- The built-in scripts of a world that names no others: each more costs each world a hundredth of a second.
worlds.DEVICES = { "battery_monitor", "controller", "gateway", "solar_charger", "vebus" }

--- A world with a VRM of these sites (default: one boat, 151734), not started yet.
function worlds.new(options)
    options = options or {}
    local vrm = fixtures.vrm(options.sites or { [151734] = fixtures.boat() })
    local world = fake.new {
        devices = options.devices or worlds.DEVICES,
        params = options.params or { vrm_token = worlds.TOKEN }, known = options.known, answer = vrm.answer,
        extra_scripts = options.extra_scripts, env = options.env, chosen = options.chosen,
        broker = options.broker, on_send = options.on_send, lan = options.lan,
        found = options.found, saved = options.saved,
    }
    world.vrm = vrm
    vrm.clock = function() return world.now end
    return world
end

--- The same, started so long ago that the next poll is due.
function worlds.started(options)
    local world = worlds.new(options):start()
    world:run(15)
    assert(#world.errors == 0, table.concat(world.errors, "\n"))
    return world
end

--- Two minutes later: new measurements, PG3's short poll.
function worlds.next_poll(world, stale)
    world:run(119)
    if not stale then world.vrm:refresh(120) end
    world:fire("shortpoll")
    world:run(1)
    assert(#world.errors == 0, table.concat(world.errors, "\n"))
end

--- A number as addresses begin with.
function worlds.base36(number)
    local digits, text = "0123456789abcdefghijklmnopqrstuvwxyz", ""
    repeat
        local place = number % 36 + 1
        text, number = digits:sub(place, place) .. text, number // 36
    until number == 0
    return text
end

return worlds
