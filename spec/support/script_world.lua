--- The fake host with device scripts as the real one runs them: files that come and go, each script with a
-- copy of its table, with timers and tasks that end with it, and a node.state that only copies cross.
--
--   local world = script_world.started()          one boat of worlds.lua, its nodes there
--   world:write("persist/scripts/tank.lua", text) world:delete(path)
--   world:serving("solar_charger")                the loaded script of that name: { file, text, states, ... }
--   world.saves = { { time, data } }, world.installs, world.readded = list of addresses

local fake = require "spec.support.fake_host"
local worlds = require "spec.support.worlds"

local script_world = {}

local BUILT_IN = "scripts/devices"

-------------------------------------------------------------------------------------------- crossing

--- A copy as it crosses from one state to the other; wrap(fn) gives what stands for a function.
local function copy(value, wrap, depth)
    depth = depth or 1
    if type(value) == "function" then
        return wrap and wrap(value) or error("a function cannot be passed on", 0)
    end
    if type(value) ~= "table" then return value end
    if depth > 32 then error("a table nested deeper than 32 levels (or in itself) cannot be passed on", 0) end
    local result = {}
    for key, member in pairs(value) do result[key] = copy(member, wrap, depth + 1) end
    return result
end

--- The same text for tables of the same content.
local function signature(value)
    if type(value) ~= "table" then return type(value) .. tostring(value) end
    local parts = {}
    for key, member in pairs(value) do
        if type(member) ~= "function" then parts[#parts + 1] = tostring(key) .. "=" .. signature(member) end
    end
    table.sort(parts)
    return "{" .. table.concat(parts, ",") .. "}"
end

--------------------------------------------------------------------------------------------- scripts

--- A timer of a script: it ends with it.
local function script_timer(world, script, seconds, fn)
    local id
    id = world:at(seconds, function()
        script.timers[id] = nil
        fn()
    end)
    script.timers[id] = true
    return id
end

--- Runs a function of a script as a task of it; an error in it becomes the event.
local function run_task(world, script, address, fn, ...)
    local task
    local function go(...)
        local ok, problem = coroutine.resume(task, ...)
        if coroutine.status(task) == "dead" then script.tasks[task] = nil end
        if not ok then world:fire("script_error", script.file, tostring(problem), address) end
    end
    task = coroutine.create(fn)
    script.tasks[task] = go
    go(...)
end

local function script_globals(world, script, env)
    local function set(name, value) rawset(env, name, value) end
    set("sleep", function(seconds)
        local go = assert(script.tasks[coroutine.running()], "this call waits, which is not possible here")
        script_timer(world, script, seconds, go)
        coroutine.yield()
    end)
    local function every(seconds, fn)
        local function ring()
            script_timer(world, script, seconds, ring)
            run_task(world, script, nil, fn)
        end
        return script_timer(world, script, seconds, ring)
    end
    set("timer", { every = every, after = function(seconds, fn)
        return script_timer(world, script, seconds, function() run_task(world, script, nil, fn) end)
    end })
end

local function node_of(world, script, address)
    script.states[address] = script.states[address] or {}
    return {
        address = address, name = world.nodes[address] and world.nodes[address].name,
        state = script.states[address],
        set = function(_, ...) world.host.set(address, ...) end,
        get = function(_, ...) return world.host.get(address, ...) end,
    }
end

local function load_script(world, path, file)
    local folder, name = path:match("^(.*)/([^/]*)%.lua$")
    local given = world.files[folder] and world.files[folder][name]
    if not given then return nil, file .. " cannot be read: No such file or directory" end
    local script = { file = file, text = given.text, states = {}, timers = {}, tasks = {}, calls = 0 }
    local env = fake.sandbox()
    script_globals(world, script, env)
    local chunk, problem = load(given.text, "@" .. file, "t", env)
    if not chunk then return nil, problem end
    local ok, tab = pcall(chunk)
    if not ok then return nil, tostring(tab) end
    if type(tab) ~= "table" then
        return nil, file .. ": a device script ends with 'return { ... }', one table"
    end
    world.last_script = world.last_script + 1
    local id = world.last_script
    world.loaded[id], script.id = script, id
    local function wrap(fn)
        local function call(...)
            if not world.loaded[id] then error("this function belongs to a script that was replaced", 0) end
            return fn(...)
        end
        world.functions[call] = { script = script, fn = fn }
        return call
    end
    return { id = id, table = copy(tab, wrap), text = given.text }
end

--- Its tasks and timers end.
local function stop_script(world, id)
    local script = assert(world.loaded[id], "no such script")
    for timer in pairs(script.timers) do world.timers[timer] = nil end
    script.timers, script.tasks = {}, {}
    return script
end

local function close_script(world, id)
    local script = stop_script(world, id)
    for call, one in pairs(world.functions) do
        if one.script == script then world.functions[call] = nil end
    end
    world.loaded[id] = nil
end

local function script_state(world, id, states)
    local script = assert(world.loaded[id], "no such script")
    if states then script.states = copy(states) end
    return copy(script.states)
end

local function script_files(world, folder)
    if not world.files[folder] then return nil, "No such file or directory" end
    local list = {}
    for name, file in pairs(world.files[folder]) do
        list[#list + 1] = { name = name, path = folder .. "/" .. name .. ".lua", stamp = file.stamp }
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
end

---------------------------------------------------------------------------------------------- the host

local function script_functions(world, host)
    host.script_files = function(folder) return script_files(world, folder) end
    host.load_script = function(path, file) return load_script(world, path, file) end
    host.close_script = function(id) close_script(world, id) end
    host.stop_script = function(id) stop_script(world, id) end
    host.script_state = function(id, states) return script_state(world, id, states) end
    host.keep_script = function(id, path)
        if world.no_copies then return nil, "No space left on device" end
        world:write(path, world.loaded[id].text)
        return true
    end
    host.call_all = function(functions, ...)
        local results, problems = {}, {}
        for i, fn in ipairs(functions) do
            local ok, result = pcall(fn, ...)
            if ok then results[i] = result else problems[i] = tostring(result) end
        end
        return results, problems
    end
    host.start_script = function(fn, address, ...)
        local one = world.functions[fn]
        if not one then error("this function belongs to a script that was replaced", 0) end
        table.insert(world.started, address)
        run_task(world, one.script, address, one.fn, node_of(world, one.script, address), ...)
    end
end

local function other_functions(world, host)
    local read, add = host.read, host.add
    host.read = function(path)
        local folder, name = path:match("^(.*)/([^/]*)%.lua$")
        local file = world.files[folder or ""] and world.files[folder][name]
        return file and file.text or read(path)
    end
    host.profile = function()
        local now = signature(world.types)
        if world.profile ~= now then world.installs = world.installs + 1 end
        local changed = world.profile ~= nil and world.profile ~= now
        world.profile = now
        return changed
    end
    host.declare = function(declaration)
        local before = world.types[declaration.id]
        world.types[declaration.id] = declaration
        for address, node in pairs(world.nodes) do
            if before and node.type == declaration.id
                and signature(before.drivers) ~= signature(declaration.drivers) then
                table.insert(world.readded, address)
            end
        end
    end
    host.add = function(node)
        local present = world.nodes[node.address]
        if present and present.type ~= node.type then
            present.type = node.type
            table.insert(world.readded, node.address)
        end
        return add(node)
    end
    host.data = function() return copy(world.saved) end
    host.save = function(data)
        world.saved = copy(data)
        table.insert(world.saves, { time = world.now, data = world.saved })
        return true
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
    local count = { scripts = 0, timers = 0, nodes = 0, functions = 0, types = 0, notices = 0 }
    for _ in pairs(world.loaded) do count.scripts = count.scripts + 1 end
    for _ in pairs(world.timers) do count.timers = count.timers + 1 end
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
    world.files, world.functions, world.saves, world.readded = {}, {}, {}, {}
    world.installs, world.last_stamp, world.saved = 0, 0, options.saved
    for name, method in pairs(methods) do world[name] = method end
    for _, name in ipairs(fake.DEVICES) do
        world:write(BUILT_IN .. "/" .. name .. ".lua", script_world.text(name))
    end
    for path, text in pairs(options.files or {}) do world:write(path, text) end
    script_functions(world, world.host)
    other_functions(world, world.host)
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

return script_world
