--- The fake host with the files of device scripts, which come and go.
--
--   local world = script_world.started()          one boat of worlds.lua, its nodes there
--   world:write("persist/scripts/windmill.lua", text) world:delete(path)
--   world:serving("solar_charger")                the loaded script of that name: { file, text, states, ... }
--   world.saves = { { time, data } }, world.installs, world.readded = list of addresses
--   script_world.saved(world, "windmill", script_world.MILL)      the user saves a script, and it is there
--   script_world.well(world)                      no script has a fault; in_trouble: one has, and it is told

local assert = require "luassert"
local scripts = require "spec.support.fake_scripts"
local worlds = require "spec.support.worlds"

local script_world = {}

local BUILT_IN = "scripts/devices"

---------------------------------------------------------------------------------------------- the host

--- Writes down which nodes PG3 is told of anew.
local function note_readded(world, host)
    local add, declare = host.add, host.declare
    host.declare = function(declaration)
        local before = world.types[declaration.id]
        declare(declaration)
        for address, node in pairs(world.nodes) do
            if before and node.type == declaration.id
                and scripts.signature(before.drivers) ~= scripts.signature(declaration.drivers) then
                table.insert(world.readded, address)
            end
        end
    end
    host.add = function(node)
        local present = world.nodes[node.address]
        if present and present.type ~= node.type then table.insert(world.readded, node.address) end
        return add(node)
    end
end

------------------------------------------------------------------------------------------------ files

local methods = {}

--- Saves a file.
function methods.write(world, path, text)
    local folder, name = path:match("^(.*)/([^/]*)%.lua$")
    world.last_stamp = world.last_stamp + 1
    world.files[folder] = world.files[folder] or {}
    world.files[folder][name] = { text = text, stamp = tostring(world.last_stamp) }
end

function methods.delete(world, path)
    local folder, name = path:match("^(.*)/([^/]*)%.lua$")
    world.files[folder][name] = nil
end

--- The loaded script whose file ends like this.
function methods.serving(world, name)
    for _, script in pairs(world.loaded) do
        if script.file:sub(-#name - 5) == "/" .. name .. ".lua" then return script end
    end
end

--- How many of everything there are: nothing may grow.
function methods.figures(world)
    local count = { scripts = 0, timers = 0, tasks = 0, nodes = 0, functions = 0, types = 0, notices = 0 }
    for _ in pairs(world.loaded) do count.scripts = count.scripts + 1 end
    for _ in pairs(world.timers) do count.timers = count.timers + 1 end
    for _ in pairs(world.tasks) do count.tasks = count.tasks + 1 end
    for _ in pairs(world.nodes) do count.nodes = count.nodes + 1 end
    for _ in pairs(world.functions) do count.functions = count.functions + 1 end
    for _ in pairs(world.types) do count.types = count.types + 1 end
    for _ in pairs(world.notices) do count.notices = count.notices + 1 end
    return count
end

--- A world like worlds.new, not started. options.files = { [path] = text } are there from the beginning.
function script_world.new(options)
    options = options or {}
    local world = worlds.new(options)
    world.scripts, world.readded, world.last_stamp, world.saved = nil, {}, 0, options.saved
    for name, method in pairs(methods) do world[name] = method end
    for _, name in ipairs(options.devices or worlds.DEVICES) do
        world:write(BUILT_IN .. "/" .. name .. ".lua", script_world.text(name))
    end
    for path, text in pairs(options.files or {}) do world:write(path, text) end
    note_readded(world, world.host)
    return world
end

function script_world.started(options)
    local world = script_world.new(options):start()
    assert(#world.errors == 0, table.concat(world.errors, "\n"))
    return world
end

--- The text of a built-in script.
function script_world.text(name)
    local file = assert(io.open(BUILT_IN .. "/" .. name .. ".lua"))
    local text = file:read("a")
    file:close()
    return text
end

-------------------------------------------------------------------------------- what users do, what must be

script_world.USER = "persist/scripts/"
script_world.SECONDS = 3            -- saved, and there
script_world.BUILT_IN_SECONDS = 61  -- the same for a file of the plugin's own
script_world.GONE = 12              -- a file missing for so long is meant to be gone

--- A script of the user's for a service that no built-in one knows.
script_world.MILL = [[
return {
    api = 2, id = "MYMILL", name = "Windmill", icon = "Sensor",
    match = { service = "windmill" },
    { "ST", unit.count, "Speed", "/Speed" },
}
]]

function script_world.with_more(script, more)
    return (script:gsub("\n    { \"ST\"", function(found) return "\n" .. more .. found end))
end

--- The built-in solar charger with a row more, or with other additions to its table.
function script_world.solar(row, more)
    local changed = script_world.text "solar_charger"
    if row then
        changed = changed:gsub("    samples = {\n", function(found) return row .. ",\n" .. found end)
    end
    return more and script_world.with_more(changed, more) or changed
end

script_world.VOLTS = '{ "GV20", unit.volt, "Bus voltage", "/Dc/0/Voltage", places = 1 }'

function script_world.saved(world, name, content)
    world:write(script_world.USER .. name .. ".lua", content)
    world:run(script_world.SECONDS)
end

--- The notices about scripts, all in one text.
function script_world.told(world)
    local parts = {}
    for key, html in pairs(world.notices) do
        if key:find("^script_") then parts[#parts + 1] = html end
    end
    return table.concat(parts, "\n")
end

function script_world.has(part, where)
    assert(where:find(part, 1, true), ("%s\nis not in\n%s"):format(part, where))
end

function script_world.well(world)
    assert.same({}, world.errors)
    assert.equal("", script_world.told(world))
    assert.equal(0, world:value("controller", "GV3"))
end

--- The script has a fault that is told in the log, in a notice and on the controller.
function script_world.in_trouble(world, part, count)
    assert.same({}, world.errors)
    script_world.has(part, script_world.told(world))
    script_world.has(part, table.concat(world:logged("error"), "\n"))
    assert.equal(count or 1, world:value("controller", "GV3"))
end

return script_world
