--- Device scripts of the fake host, as the real one runs them: each with a copy of its table, with timers and
-- tasks that end with it, and a node.state that only copies cross.

local sandbox = require "spec.support.sandbox"

local fake_scripts = {}

--- The metatable of what a script is given with these known fields (host/lua/fields.h).
local function strict(known)
    local what, listed = known:match "^(.-): (.*)$"
    return { __fields = known, __name = what:gsub("^a ", ""), __index = function(_, name)
        if (", " .. listed .. ","):find(", " .. tostring(name) .. ",", 1, true) then return nil end
        error(("%s has no '%s'. It has %s."):format(what, tostring(name), listed), 2)
    end }
end

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
    local meta = getmetatable(value)
    return meta and meta.__fields and setmetatable(result, strict(meta.__fields)) or result
end

fake_scripts.copy = copy

--- The same text for tables of the same content.
function fake_scripts.signature(value)
    if type(value) ~= "table" then return type(value) .. tostring(value) end
    local parts = {}
    for key, member in pairs(value) do
        if type(member) ~= "function" then
            parts[#parts + 1] = tostring(key) .. "=" .. fake_scripts.signature(member)
        end
    end
    table.sort(parts)
    return "{" .. table.concat(parts, ",") .. "}"
end

--- A number for a text, as a hash is one.
function fake_scripts.number(text)
    local hash = #text
    text = text .. ("\0"):rep(-#text % 8)
    for at = 1, #text, 8 do
        hash = (hash ~ string.unpack("<i8", text, at)) * 0x5851F42D4C957F2D
        hash = hash ~ hash >> 29
    end
    return hash
end

-------------------------------------------------------------------------------------------- sandbox

--- The globals of a device script: those of docs/authors.md, and nothing else (an unknown name raises).
function fake_scripts.sandbox()
    local env = sandbox.globals()
    rawset(env, "unit", require "types.units")
    rawset(env, "number", function(rows, ...)
        if rows ~= nil and type(rows) ~= "table" then error("bad argument #1 to 'number'", 2) end
        for i = 1, math.max(select("#", ...), 1) do
            local got = type((select(i, ...)))
            if got ~= "string" then
                error(("bad argument #%d to 'number' (string expected, got %s)"):format(i + 1, got), 2)
            end
        end
        if rows == nil then return nil end
        for _, key in ipairs { ... } do
            if rows[key] and type(rows[key].value) == "number" then return rows[key].value end
        end
        return nil
    end)
    return env
end

--- use(name) of a script, which runs a lib once, and what ends it. with = { libs = what it may use, see
-- host.load_script, read = function(path) -> text, used = { [name] = text } of those it asked for }
local function user_of(env, with)
    local values, used, loading = {}, with.used, true
    local function use(name)
        if type(name) ~= "string" or not name:find("^[%w_-]+$") or #name >= 60 then
            error("use: write the name of a lib without folder and .lua: use \"tools\"", 2)
        end
        if not loading then error("use: write 'local x = use \"x\"' at the top of the file", 2) end
        if values[name] ~= nil then return values[name] end
        if used[name] then
            error(("the lib %s is not ready: it failed, or libs use each other in a circle"):format(name), 2)
        end
        used[name] = ""
        local lib = (with.libs or {})[name]
        if not lib then error(("there is no lib/%s.lua in the folders of scripts"):format(name), 2) end
        used[name] = with.read(lib.path) or error(lib.file .. " cannot be read", 2)
        local chunk, problem = sandbox.load(used[name], lib.file, env)
        if not chunk then error(problem, 0) end
        values[name] = chunk()
        if values[name] == nil then
            error(lib.file .. ": a lib ends with 'return' and what scripts get of it", 0)
        end
        return values[name]
    end
    return use, function() loading = false end
end

--- Runs the text of a device script as the host does; its table, or nil and a text. with: for `use`, see
-- user_of; nil: there are no libs.
function fake_scripts.run(text, file, env, with)
    env, with = env or fake_scripts.sandbox(), with or { used = {} }
    local use, done = user_of(env, with)
    rawset(env, "use", use)
    local chunk, problem = sandbox.load(text, file, env)
    if not chunk then return nil, problem end
    local ok, result = sandbox.run(pcall, chunk)
    done()
    if not ok then return nil, tostring(result) end
    if type(result) ~= "table" then
        return nil, file .. ": a device script ends with 'return { ... }', one table"
    end
    return result
end

------------------------------------------------------------------------------------ tasks and timers

--- A timer of a script: it ends with it.
local function script_timer(world, script, seconds, fn)
    local id
    id = world:at(seconds, function()
        script.timers[id] = nil
        fn()
    end)
    script.timers[id] = true
end

--- Starts a function of a script as a task of it -> the task. An error in it becomes the event, with from =
-- { address, what }; on_end(whether it returned, and not false) is called at its end.
local function start_task(world, script, from, on_end, fn, ...)
    local task = coroutine.create(fn)
    local function go(...)
        local values = table.pack(...)
        world:later(function()
            if not script.tasks[task] then return end
            local ok, result = sandbox.run(coroutine.resume, task, table.unpack(values, 1, values.n))
            if not ok then
                world:fire("script_error", script.file, tostring(result), from.address, from.what)
            end
            if coroutine.status(task) == "dead" then
                script.tasks[task] = nil
                if on_end then on_end(ok and result ~= false) end
            end
        end)
    end
    script.tasks[task] = { go = go, on_end = on_end }
    go(...)
    return task
end

--- What the script's state has for node.state.
local function node_state_of(script, env)
    return loadfile("scripts/serve/node_state.lua", "t", env)({}, function(tab)
        local meta = getmetatable(tab)                      -- of a node: it is no plain table
        return meta == nil or meta and meta.__fields ~= nil
    end, script)
end

local function script_globals(world, script, env)
    local function set(name, value) rawset(env, name, value) end
    local function spawn(fn, ...) return start_task(world, script, {}, nil, fn, ...) end
    local function sleep(seconds)
        local task = script.tasks[coroutine.running()]
        if not task then error("this call waits, which is not possible here", 2) end
        script_timer(world, script, seconds, task.go)
        coroutine.yield()
    end
    script.node_state = node_state_of(script, env)
    set("next", script.node_state.next)
    set("sleep", sleep)
    set("vrm", { get = function(path, query)
        return fake_scripts.ask(world, script, "script_get", script.file, path, query and copy(query))
    end })
    set("setting", function(name)
        return fake_scripts.answer(world, script, "setting", name)
    end)
    fake_scripts.about(world, set)
    set("print", function(...)
        local texts = table.pack(...)
        for i = 1, texts.n do texts[i] = tostring(texts[i]) end
        fake_scripts.answer(world, script, "print", table.concat(texts, " "))
    end)
    set("timer", loadfile("scripts/tasks/timer.lua", "t", env) {
        enter = spawn, ring = spawn, sleep = sleep, most = 20,
        drop = function(task) script.tasks[task] = nil end,
        running = function(task) return script.tasks[task] ~= nil end,
        loading = function() return script.id == nil end,
    })
end

--- What main.lua answers at once, event "script_asks". An error is one of the script's line that asks.
function fake_scripts.answer(world, script, what, ...)
    if not world.handlers.script_asks then return nil end
    local given = table.pack(...)
    for i = 1, given.n do given[i] = copy(given[i]) end
    local ok, answer = pcall(world.handlers.script_asks, what, script.id, script.file,
        table.unpack(given, 1, given.n))
    return ok and copy(answer) or not ok and error(answer, 3) or nil
end

local real_rows = setmetatable({}, { __mode = "k" })    -- [what a script reads rows through] = the rows

--- site_of, device_of, devices_of, rows_of of a script.
local function about_functions(world, set)
    for _, kind in ipairs { "site", "device", "devices", "rows" } do
        set(kind .. "_of", function(of, service, instance)
            if type(of) ~= "table" then error("a node, or the rows of a device, expected", 2) end
            local address = not real_rows[of] and of.address
            local answer = world.handlers.about
                and world.handlers.about(kind, address or real_rows[of], service, instance)
            if type(answer) ~= "table" then return nil end
            return kind == "rows" and fake_scripts.rows(answer) or copy(answer)
        end)
    end
end

fake_scripts.about = about_functions

--- Asks main.lua and waits for host.answer.
function fake_scripts.ask(world, script, event, ...)
    local task = script.tasks[coroutine.running()] or error("this call waits", 2)
    world.last_get = (world.last_get or 0) + 1
    local id = world.last_get
    world.waiting_gets[id] = function(...) task.go(...) end
    world:fire(event, id, ...)
    return coroutine.yield()
end

--- The node object a function of a script is given.
local function node_of(world, script, address)
    script.node_state = script.node_state or node_state_of(script, _G)      -- one that was no file
    local state = script.node_state.of(address)
    local methods = {}
    for _, name in ipairs { "set", "get", "param", "notice", "event" } do
        methods[name] = function(_, ...) return fake_scripts.answer(world, script, name, address, ...) end
    end
    function methods.log(_, level, format, ...)
        fake_scripts.answer(world, script, "log", address, level, format:format(...))
    end
    function methods.write(_, path, value, minutes)
        return fake_scripts.ask(world, script, "script_write", address, path, value, minutes)
    end
    return setmetatable({}, {
        __index = function(_, key)
            if key == "address" then return address end
            if key == "name" then return world.nodes[address].name end
            if key ~= "state" then return methods[key] or error("a node has no '" .. key .. "'", 2) end
            return state
        end,
        __newindex = function(_, key, value)
            if key ~= "state" or type(value) ~= "table" then
                fake_scripts.answer(world, script, "assign", address, key)
            end
            local problem = script.node_state.set(address, value)
            if problem then error(problem, 2) end
        end,
    })
end

-------------------------------------------------------------------------------------------- scripts

local REPLACED = "this function belongs to a script that was replaced"

local function living(world, id)
    assert(math.type(id) == "integer", "number expected")
    return world.loaded[id] or error(REPLACED, 0)
end

--- The function of a script that stands behind one its table has here.
local function function_of(world, fn)
    local one = world.functions[fn] or error("a function of a device script expected", 0)
    return world.loaded[one.script.id] == one.script and one or error(REPLACED, 0)
end

--- One of the world's scripts, or a file of the world or the folder -> table, text | nil, why.
local function find(world, path, file, script, libs)
    for _, one in ipairs(world.scripts or {}) do
        if one.file == path then return one.table, one.table and (one.text or "") or one.error end
    end
    local text = world.host.read(path)
    if not text then return nil, file .. " cannot be read: No such file or directory" end
    local env = fake_scripts.sandbox()
    script_globals(world, script, env)
    local tab, problem = fake_scripts.run(text, file, env,
        { libs = libs, read = world.host.read, used = script.libs })
    return tab, tab and text or problem
end

local BUDGET = 1000000              -- instructions of one call

local function without_hook(...)
    debug.sethook()
    return ...
end

--- Calls a function of a script as pcall does, within its budget; script.excess as host.excess tells it.
local function try(script, fn, ...)
    script.excess = nil
    debug.sethook(function()
        script.excess = "budget"
        error("ran longer than its budget", 2)
    end, "", BUDGET)
    return without_hook(sandbox.run(pcall, fn, ...))
end

local function results_of(ok, ...)
    if not ok then error((...), 0) end
    return ...
end

--- A script of the world with this table -> { id, table, text } | nil, why.
local function keep(world, script, tab, text)
    local file = script.file
    local function wrap(fn)
        local function call(...)
            if world.loaded[script.id] ~= script then error(REPLACED, 0) end
            return results_of(try(script, fn, table.unpack(copy { ... })))
        end
        world.functions[call] = { script = script, fn = fn }
        return call
    end
    local ok, copied = pcall(copy, tab, wrap)
    if not ok then return nil, file .. ": " .. copied end
    world.last_script = world.last_script + 1
    script.id, script.text = world.last_script, text
    world.loaded[script.id] = script
    return { id = script.id, table = copied, text = text, libs = copy(script.libs) }
end

local function new_script(file)
    return { file = file, states = {}, timers = {}, tasks = {}, libs = {} }
end

local function load_script(world, path, file, libs)
    assert(type(path) == "string" and type(file) == "string", "string expected")
    for name, lib in pairs(libs or {}) do
        assert(type(name) == "string" and type(lib) == "table", "a table of libs by name expected")
        assert(type(lib.path) == "string" and type(lib.file) == "string", "a lib needs a path and a file")
    end
    local script = new_script(file)
    local tab, text = find(world, path, file, script, libs)
    local loaded, problem
    if tab then loaded, problem = keep(world, script, tab, text) end
    if loaded then return loaded end
    return nil, problem or text, false, copy(script.libs)
end

--- The table of a script that was no file, as host.load_script would give it.
function fake_scripts.adopt(world, tab) return assert(keep(world, new_script("spec.lua"), tab, "")).table end

local function stop_script(world, id)
    local script = living(world, id)
    local tasks = script.tasks
    for timer in pairs(script.timers) do world.timers[timer] = nil end
    script.timers, script.tasks = {}, {}
    for _, task in pairs(tasks) do
        if task.on_end then task.on_end(false) end
    end
    world:fire("script_ended", id)
    return script
end

local function close_script(world, id)
    local script = stop_script(world, id)
    for call, one in pairs(world.functions) do
        if one.script == script then world.functions[call] = nil end
    end
    world.loaded[id] = nil
end

local ROW = strict "a row: code, device, id, instance, label, path, service, text, timestamp, unit, value"

--- A row with what its place says.
local function flat(row)
    local result = copy(row)
    for name, value in pairs(getmetatable(row) or {}) do
        if type(value) ~= "table" and result[name] == nil then result[name] = value end
    end
    return setmetatable(result, ROW)
end

--- What a script reads rows through, and what ends that.
local function rows_of(rows)
    local gone = false
    local function row_of(_, key)
        if type(key) == "number" then error("rows are found by path and by code, not by number", 2) end
        if gone then error("these rows were there for one call; keep the values, not the rows", 2) end
        return type(rows[key]) == "table" and flat(rows[key]) or nil
    end
    local function next_row(_, key)
        repeat key = next(rows, key) until key == nil or type(rows[key]) == "table"
        return key, row_of(nil, key)
    end
    local shown = setmetatable({}, { __index = row_of, __pairs = function() return next_row end,
        __newindex = function() error("rows are what VRM sent; they cannot be changed", 2) end })
    real_rows[shown] = rows
    return shown, function() gone = true end
end

fake_scripts.rows = rows_of

local function call_all(world, functions, rows, ...)
    local given = copy { ... }
    assert(type(functions) == "table" and type(rows) == "table", "table expected")
    local results, problems, script = {}, {}, nil
    local shown, done = rows_of(rows)
    for i, fn in ipairs(functions) do
        local one = function_of(world, fn)
        script = script or one.script
        assert(one.script == script, "functions of one device script expected")
        local ok, result
        if i > 1 and script.excess then
            result = problems[i - 1]        -- the others are not called then
        else
            ok, result = try(script, one.fn, shown, table.unpack(given))
        end
        if ok then results[i] = result else problems[i] = tostring(result) end
    end
    done()
    return results, problems
end

--- Adds what host has for device scripts.
function fake_scripts.open(world, host)
    host.load_script = function(path, file, libs) return load_script(world, path, file, libs) end
    host.close_script = function(id) close_script(world, id) end
    host.script_starved = function(id) return living(world, id).starved == true end
    host.stop_script = function(id) stop_script(world, id) end
    host.script_state = function(id, states)
        local script = living(world, id)
        if type(states) ~= "table" then return copy(script.states) end
        script.states = copy(states)
    end
    host.script_figures = function(id)
        living(world, id)
        return { memory = 20480, peak = 40960, instructions = 5000 }
    end
    host.call_all = function(functions, ...) return call_all(world, functions, ...) end
    host.excess = function(fn)
        local one = world.functions[fn]
        return one and world.loaded[one.script.id] == one.script and one.script.excess or nil
    end
    local function start(on_end, fn, address, arguments, rows, what)
        local one = function_of(world, fn)
        assert(type(address) == "string", "string expected")
        table.insert(world.started, address)
        local given = arguments ~= nil and copy(arguments) or rows and rows_of(rows) or nil
        start_task(world, one.script, { address = address, what = what or "" }, on_end, one.fn,
            node_of(world, one.script, address), given)
    end
    host.start_script = function(...) start(nil, ...) end
    host.run_script = function(...)
        local task, done = coroutine.running(), nil
        start(function(well)
            done = well
            world:wake(task)
        end, ...)
        world:park()
        return done
    end
    host.make_folder = function(path)
        assert(type(path) == "string", "string expected")
        world.files[path] = world.files[path] or {}
        return true
    end
end

return fake_scripts
