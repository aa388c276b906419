--- Memory or file descriptors run out for a while: nobody is to blame, nothing that was there is taken for
-- gone, and afterwards everything is as before without a restart.

local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"

local BATTERY, SOLAR, GATEWAY = worlds.BATTERY, worlds.SOLAR, worlds.GATEWAY
local USER = "persist/scripts/"
local CONTROLLER, FRESH = "controller", 1

local NO_FILES = "Too many open files"

local TANK = [[
return {
    api = 2, id = "MYTANK", name = "Tank", icon = "Sensor",
    match = function(found) return found.service == "battery" and 9 or nil end,
    { "ST", unit.percent, "Charge", "/Soc" },
    { "GV0", unit.count, "Set", by_script = true },
    start = function(node) node:set("GV0", 1) end,
    update = function(node) node:set("GV0", 2) end,
}
]]

local function fails() error(fake.NO_MEMORY, 0) end

--- Runs fn while these functions of the host find no memory.
local function while_short(world, names, fn)
    local kept = {}
    for name in names:gmatch("%S+") do
        kept[name] = world.host[name]
        world.host[name] = fails
    end
    fn()
    for name, was in pairs(kept) do world.host[name] = was end
end

local function polls(world, count)
    for _ = 1, count do
        world:run(119)
        world.vrm:refresh(120)
        world:fire("shortpoll")
        world:run(1)
    end
end

local function well(world)
    assert.equal(1, world:value(CONTROLLER, "GV0"))
    assert.equal(0, world:value(CONTROLLER, "GV3"))
    for _, address in ipairs { BATTERY, SOLAR, GATEWAY } do
        assert.equal(FRESH, world:value(address, "GV30"), address)
    end
    assert.equal(1, world:value(GATEWAY, "ST"))
    assert.same({}, world:logged("is not used until"))
end

describe("a shortage of memory", function()
    -- Fault: the functions of the gateway's script fail for want of memory, which suspends it for good
    -- Expected: no script is suspended, and the gateway is online with the first poll after the shortage
    it("in the functions of scripts is not their fault", function()
        local world = script_world.started()
        while_short(world, "call_all", function() polls(world, 5) end)
        assert.equal(0, world:value(CONTROLLER, "GV3"))
        polls(world, 2)
        well(world)
    end)

    -- Fault: a match function that fails for want of memory is counted as the script's error
    -- Expected: the script is not suspended, and its device keeps its node
    it("in a match function is not its fault", function()
        local short = false
        local world = script_world.new { files = { [USER .. "tank.lua"] = TANK } }
        local load_script = world.host.load_script
        world.host.load_script = function(...)
            local loaded, why = load_script(...)
            local match = loaded and loaded.table.match
            if type(match) == "function" then
                loaded.table.match = function(found)
                    if short then fails() end
                    return match(found)
                end
            end
            return loaded, why
        end
        world:start()
        short = true
        polls(world, 5)
        short = false
        polls(world, 2)
        well(world)
        assert.equal("MYTANK", world.nodes[BATTERY].type)
    end)

    -- Fault: start and update of a script that find no memory are lost and counted against it
    -- Expected: the script begins anew a few seconds later: start and update run again
    it("when tasks of a script are started lets it begin anew", function()
        local world = script_world.new { files = { [USER .. "tank.lua"] = TANK } }
        while_short(world, "run_script", function() world:start() end)
        assert.same({}, world.started)
        world:run(10)
        assert.same({ BATTERY, BATTERY }, world.started)       -- start, and update of the discovery
        assert.equal(0, world:value(CONTROLLER, "GV3"))
    end)

    -- Fault: a notice that finds no memory is taken for shown: the user never sees it
    -- Expected: it shows when the host, as after every such failure, fires the event again
    it("for a notice is made up for", function()
        local world = script_world.started()
        local given = { vrm_token = worlds.TOKEN, temp_unit = "Kelvin" }
        while_short(world, "notice", function() world:set_params(given) end)
        assert.is_nil(world.notices.params)
        world:set_params(given)
        assert.truthy(world.notices.params:find("Kelvin", 1, true))
    end)

    -- Fault: a new token that finds no memory for its beginning leaves the plugin disconnected for good
    -- Expected: it begins with it once there is memory
    it("when the token is another is made up for", function()
        local world = script_world.started { params = { vrm_token = "0" .. worlds.TOKEN:sub(2) } }
        assert.equal(2, world:value(CONTROLLER, "GV0"))
        while_short(world, "hold", function() world:set_params { vrm_token = worlds.TOKEN } end)
        world:run(10)
        well(world)
    end)

    -- Fault: a list of installations that finds no memory half way leaves some of them out, or all, until
    --        PG3's next long poll
    -- Expected: it is taken over whole, seconds later; what was listed before is polled on
    it("in the list of installations is made up for", function()
        local world = worlds.started()
        local store = package.loaded["model.store"]
        local new, calls = store.new, 0
        store.new = function()
            calls = calls + 1
            if calls == 2 then fails() end
            return new()
        end
        for id = 1, 3 do world.vrm.sites[id] = fixtures.boat() end
        world:fire("longpoll")
        world:run(10)
        for id = 1, 3 do assert.equal(FRESH, world:value(id .. "_bm288", "GV30")) end
        assert.equal(4, world:value(CONTROLLER, "GV1"))
        well(world)
    end)

    -- Fault: a task of a script that ends for want of memory is three errors after three polls
    -- Expected: it is none; it is told in the log once, and the script begins anew
    it("in a task of a script is told once and not counted", function()
        local world = script_world.started()
        local before = world:serving("gateway")
        before.starved = true
        world:run(10)
        assert.equal(1, #world:logged("too little memory"))
        assert.not_equal(before, world:serving("gateway"))
        polls(world, 1)
        well(world)
    end)

    --- A user's script serves, its file is broken since, and a task of it finds no memory.
    local function broken_and_starved(world)
        world:write(USER .. "tank.lua", "return {")
        world:run(5)
        local before, loads = world:serving("tank"), 0
        local load_script = world.host.load_script
        world.host.load_script = function(path, ...)
            if path:find(USER, 1, true) then loads = loads + 1 end
            return load_script(path, ...)
        end
        before.starved = true
        world:run(60)
        return before, loads
    end

    -- Fault: a script whose file is broken since never begins anew, and the broken file is loaded every 5 s
    -- Expected: its last good copy begins in its place, and the broken file is told of until it is mended
    it("in a task of a script whose file is broken begins its last good copy", function()
        local world = script_world.started { files = { [USER .. "tank.lua"] = TANK } }
        local before, loads = broken_and_starved(world)
        assert.not_equal(before, world:serving("tank"))
        assert.equal(TANK, world:serving("tank").text)
        assert.equal(2, loads)
        assert.equal("MYTANK", world.nodes[BATTERY].type)
        assert.equal(1, world:value(CONTROLLER, "GV3"))
        assert.truthy(world.notices.script_persist_scripts_tank_lua:find("tank.lua:1:", 1, true))
        world:write(USER .. "tank.lua", TANK)
        polls(world, 1)
        well(world)
    end)

    -- Fault: without a copy the broken file is loaded every 5 s
    -- Expected: what serves goes on, and the file is loaded again when it changes
    it("in a task of a script without a copy tries its broken file once", function()
        local world = script_world.new { files = { [USER .. "tank.lua"] = TANK } }
        world.no_copies = true
        world:start()
        local before, loads = broken_and_starved(world)
        assert.equal(before, world:serving("tank"))
        assert.equal(1, loads)
        world:write(USER .. "tank.lua", TANK)
        polls(world, 1)
        assert.not_equal(before, world:serving("tank"))
        well(world)
    end)

    -- Fault: a poll whose task ends at an error leaves its installation busy: it is never asked again
    -- Expected: the next poll asks it
    it("that ends the task of a poll leaves no installation busy", function()
        local world = script_world.started()
        while_short(world, "set log", function() polls(world, 3) end)
        world.errors = {}
        local asked = world:count(worlds.DIAGNOSTICS)
        polls(world, 2)
        assert.equal(asked + 2, world:count(worlds.DIAGNOSTICS))
        well(world)
    end)

    -- Fault: an answer that finds no memory half way counts as taken: what it changed is not shown until it
    --        changes again, and rows that moved are taken for those that were in their places.
    -- Expected: the next answer is shown, all of it
    for what, names in pairs { ["values"] = "put keys_of", ["other rows"] = "devices" } do
        it("while an answer of " .. what .. " is taken over loses nothing of it", function()
            local world, kept = script_world.started(), {}
            local discovery = require "model.discovery"         -- that of this world
            world:run(119)
            world.vrm:refresh(120)
            local rows = world.vrm.sites[151734].rows
            for _, row in ipairs(rows) do
                if row.dbusPath == "/Soc" then row.rawValue = 44 end
            end
            if what == "other rows" then table.insert(rows, table.remove(rows, 1)) end
            for name in names:gmatch("%S+") do kept[name], discovery[name] = discovery[name], fails end
            world:fire("shortpoll")
            world:run(1)
            for name, was in pairs(kept) do discovery[name] = was end
            world:run(10)
            assert.equal(44, world:value(BATTERY, "ST"))
            well(world)
        end)
    end

    -- Fault: values of an answer that found no memory half way stay, if the next one is as that before it:
    --        nothing in it has changed, it seems
    -- Expected: the values of the next answer are shown
    it("while an answer is taken over leaves nothing of it behind", function()
        local world, discovery = script_world.started(), require "model.discovery"
        local keys_of, soc = discovery.keys_of, nil
        for _, row in ipairs(world.vrm.sites[151734].rows) do
            if row.dbusPath == "/Soc" and row.dbusServiceType == "battery" then soc = row end
        end
        local before = soc.rawValue
        world:run(119)
        soc.rawValue, discovery.keys_of = 44, fails
        world:fire("shortpoll")
        world:run(1)
        soc.rawValue, discovery.keys_of = before, keys_of
        world:run(10)
        assert.equal(before, world:value(BATTERY, "ST"))
        well(world)
    end)

    -- Fault: a changed script that finds no memory is never loaded until its file changes again
    -- Expected: the old one serves, and the new one as soon as there is memory
    it("while a changed script is loaded only delays it", function()
        local world = script_world.started()
        while_short(world, "load_script", function()
            world:write(USER .. "solar_charger.lua", script_world.text "solar_charger")
            world:run(20)
            assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
        end)
        world:run(8)
        assert.equal(USER .. "solar_charger.lua", world:serving("solar_charger").file)
        assert.equal(0, world:value(CONTROLLER, "GV3"))
    end)

    -- Fault: an answer of PG3's start that finds no memory is lost: the plugin waits for ever
    -- Expected: what it was to do is done when there is memory
    it("in PG3's start only delays it", function()
        local world = script_world.new()
        while_short(world, "add params", function() world:start() end)
        assert.is_nil(world.nodes[CONTROLLER])
        world:run(3)
        polls(world, 1)
        well(world)
    end)

    -- Fault: a state that cannot be given to its script at the start is stored as empty a minute later
    -- Expected: it is given when there is memory, and nothing is stored over it before
    it("keeps no node.state from coming back", function()
        local saved = { state = { gateway = { [GATEWAY] = { count = 5 } } } }
        local world = script_world.new { saved = saved }
        local script_state = world.host.script_state
        world.host.script_state = function(id, states)
            if states and next(states) then fails() end
            return script_state(id, states)
        end
        world:start()
        world:run(130)
        world.host.script_state = script_state
        world:run(130)
        assert.same(saved.state, world.saved.state)
        assert.same({ [GATEWAY] = { count = 5 } }, world:serving("gateway").states)
    end)
end)

describe("a folder of scripts that cannot be read", function()
    --- Runs fn while every folder fails to open, though all are there.
    local function unreadable(world, fn)
        local script_files = world.host.script_files
        world.host.script_files = function() return nil, NO_FILES, true end
        fn()
        world.host.script_files = script_files
    end

    -- Fault: no file descriptor is left: folders count as empty, and nodes change their types
    -- Expected: all scripts serve on; the log says once what to do; afterwards nothing has changed
    it("keeps the scripts it had", function()
        local world = script_world.started { files = { [USER .. "tank.lua"] = TANK } }
        local serving = world:serving("tank")
        unreadable(world, function() world:run(60) end)
        assert.equal(serving, world:serving("tank"))
        assert.equal("MYTANK", world.nodes[BATTERY].type)
        assert.equal(0, #world:logged("is gone"))
        local told = world:logged("The folder " .. USER:sub(1, -2) .. " cannot be read now (" .. NO_FILES)
        assert.equal(1, #told)
        assert.truthy(told[1]:find("close programs that have many files open", 1, true))
        world:run(60)
        polls(world, 1)
        well(world)
        assert.equal(serving, world:serving("tank"))
    end)

    it("to its end, because there are too many, is told with how many there may be", function()
        local world = script_world.started { files = { [USER .. "tank.lua"] = TANK } }
        local script_files = world.host.script_files
        world.host.script_files = function(folder)
            local list, why = script_files(folder)
            return list, why, list and folder == USER:sub(1, -2) and 3 or 0
        end
        world:run(5)
        assert.equal(1, #world:logged("the last 3 scripts by name are not used: a folder may have 1. Take"))
        assert.equal("MYTANK", world.nodes[BATTERY].type)
    end)

    -- Fault: a script's file that cannot be read at its change is not looked at again
    -- Expected: the old one serves, the trouble is told once, and the new one serves when it can be read
    it("is tried again, and so is a file", function()
        local world = script_world.started()
        local load_script = world.host.load_script
        world.host.load_script = function(_, file) return nil, file .. " cannot be read now", true end
        world:write(USER .. "solar_charger.lua", script_world.text "solar_charger")
        world:run(20)
        assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
        assert.equal(1, #world:logged("cannot be read now"))
        world.host.load_script = load_script
        world:run(3)
        assert.equal(USER .. "solar_charger.lua", world:serving("solar_charger").file)
        polls(world, 1)
        well(world)
    end)

    -- Fault: a built-in script that could not be read at the start counts as in error until the next one,
    -- although the user's serves in its place and nobody looks at it any more
    -- Expected: what serves is well, so nothing is in error
    it("at the start is forgotten once the user's file serves in its place", function()
        local world = script_world.new { files = { [USER .. "tank.lua"] = TANK }, devices = fake.DEVICES }
        local load_script = world.host.load_script
        world.host.load_script = function(path, file, libs)
            if file ~= "devices/tank.lua" then return load_script(path, file, libs) end
            return nil, file .. " cannot be read now", true
        end
        world:start():run(60)
        assert.equal(1, #world:logged("cannot be read now"))
        assert.equal(USER .. "tank.lua", world:serving("tank").file)
        well(world)
    end)

    -- Fault: an owner's copy of a built-in script that could not be read at the start is refused for its id,
    -- which nobody has so far, and stays refused
    -- Expected: it serves once the built-in one can be read
    it("at the start does not keep the owner's copy of it from serving", function()
        local copy = script_world.text("tank"):gsub('name = "Tank', 'name = "My tank')
        local world = script_world.new { files = { [USER .. "tank.lua"] = copy }, devices = fake.DEVICES }
        local load_script = world.host.load_script
        world.host.load_script = function(path, file, libs)
            if file ~= "devices/tank.lua" then return load_script(path, file, libs) end
            return nil, file .. " cannot be read now", true
        end
        world:start():run(60)
        assert.truthy(script_world.told(world):find("the id VICTANK begins with VIC", 1, true))
        world.host.load_script = load_script
        world:run(70)
        assert.equal(USER .. "tank.lua", world:serving("tank").file)
        well(world)
    end)

    -- Fault: a profile that could not be written stays as it was until the plugin is restarted
    -- Expected: it is written within a minute after it can be
    it("does not keep the profile from being written later", function()
        local world = script_world.started()
        local profile = world.host.profile
        world.host.profile = function() return nil, NO_FILES end
        world:write(USER .. "tank.lua", TANK)
        world:run(70)
        assert.truthy(world.notices.profile:find(NO_FILES, 1, true))
        assert.equal(1, #world:logged("profile could not"))
        world.host.profile = profile
        world:run(61)
        assert.equal(2, world.installs)
        assert.falsy((world.notices.profile or ""):find(NO_FILES, 1, true))
    end)
end)
