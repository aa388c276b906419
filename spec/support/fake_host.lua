--- The `host` of the trusted scripts in plain Lua, on a virtual clock, for specs.
--
--   local world = fake.new { params = {...}, known = {...}, env = {...}, answer = function(request) end }
--   world:start()            loads scripts/main.lua and plays PG3's start: params, start, ready
--   world:fire("shortpoll")  an event, its handlers run at once until they wait
--   world:run(seconds)       lets time pass
--   world:value("controller", "GV0"), world.nodes, world.notices, world.lines, world.requests
--
-- `answer(request)` gives a reply, nil and an error, or fake.wait(seconds, reply, err) for a slow one.

local fake = {}
fake.__index = fake

local START_TIME = 1776515900

--- What the host raises when memory is short.
fake.NO_MEMORY = setmetatable({ kind = "memory", text = "The plugin has too little memory." },
    { __tostring = function(problem) return problem.text end })

-------------------------------------------------------------------------------------------- sandbox

local function pick(from, names)
    local result = {}
    for name in names:gmatch("%S+") do result[name] = from[name] end
    return result
end

--- The globals of a device script: the allow-list of the design, and nothing else (an unknown name raises).
function fake.sandbox()
    local env = pick(_G, [[assert error ipairs next pairs pcall rawequal rawget rawlen select setmetatable
        tonumber tostring type math]])
    env.string = pick(string, "byte char find format len lower rep reverse sub upper")
    env.table = pick(table, "insert remove concat sort unpack")
    env.unit = require "lib.units"
    return setmetatable(env, {
        __index = function(_, name) error("there is no global '" .. tostring(name) .. "'", 2) end,
        __newindex = function(_, name) error("assignment to global '" .. tostring(name) .. "'", 2) end,
    })
end

--- Runs the text of a device script as the host does; its table, or nil and a text.
function fake.load_text(text, name)
    local chunk, problem = load(text, "@" .. name, "t", fake.sandbox())
    if not chunk then return nil, problem end
    local ok, result = pcall(chunk)
    if ok then return result end
    return nil, tostring(result)
end

fake.DEVICES = { "battery_monitor", "controller", "gateway", "inverter", "solar_charger" }

--- One of the shipped device scripts in the form of host.scripts().
function fake.load_device(name)
    local path = "scripts/devices/" .. name .. ".lua"
    local file = assert(io.open(path))
    local text = file:read("a")
    file:close()
    local tab, problem = fake.load_text(text, path)
    return { file = path, name = name, table = tab, error = problem, text = text }
end

---------------------------------------------------------------------------------------- tasks, time

--- A slow answer: world.answer returns this; the task waits.
function fake.wait(seconds, reply, err)
    return { fake_wait = seconds, reply = reply, err = err }
end

function fake:resume(task, ...)
    local ok, problem = coroutine.resume(task, ...)
    if not ok then
        table.insert(self.errors, debug.traceback(task, tostring(problem)))
    end
end

function fake:spawn(fn, ...)
    self:resume(coroutine.create(fn), ...)
end

function fake:at(seconds, fn)
    self.last_timer = self.last_timer + 1
    self.timers[self.last_timer] = { id = self.last_timer, time = self.now + seconds, fn = fn }
    return self.last_timer
end

--- Parks the running task; it goes on after `seconds`.
function fake:park(seconds)
    local task, main = coroutine.running()
    assert(not main, "a waiting call outside a task")
    self:at(seconds, function() self:resume(task) end)
    coroutine.yield()
end

local function next_timer(self, limit)
    local best
    for _, timer in pairs(self.timers) do
        if timer.time <= limit and (not best or timer.time < best.time
            or (timer.time == best.time and timer.id < best.id)) then
            best = timer
        end
    end
    return best
end

--- Lets virtual time pass.
function fake:run(seconds)
    local limit = self.now + seconds
    local timer = next_timer(self, limit)
    while timer do
        self.timers[timer.id] = nil
        self.now = math.max(self.now, timer.time)
        timer.fn()
        timer = next_timer(self, limit)
    end
    self.now = limit
end

------------------------------------------------------------------------------------- the host table

local function scrub(self, text)
    for _, secret in ipairs(self.masked) do
        local from, to = text:find(secret, 1, true)
        while from do
            text = text:sub(1, from - 1) .. "***" .. text:sub(to + 1)
            from, to = text:find(secret, 1, true)
        end
    end
    return text
end

local function time_functions(self, host)
    host.time = function() return self.now + self.clock_error end
    host.spawn = function(fn, ...) self:spawn(fn, ...) end
    host.sleep = function(seconds) self:park(seconds) end
    host.after = function(seconds, fn)
        return self:at(seconds, function() self:spawn(fn) end)
    end
    host.every = function(seconds, fn)
        local id
        local function again()
            self:spawn(fn)
            self.timers[id] = { id = id, time = self.now + seconds, fn = again }
        end
        id = self:at(seconds, again)
        return id
    end
    host.cancel = function(id) self.timers[id] = nil end
    host.limit = function(limit) self.limit = limit end
    host.hold = function(seconds) self.hold_until = self.now + seconds end
end

local function http_function(self, host)
    host.http = function(request)
        local running = coroutine.running()
        assert(coroutine.isyieldable(running), "http outside a task")
        assert(request.url:find("^https://"), "not https: " .. request.url)
        if self.hold_until > self.now then self:park(self.hold_until - self.now) end
        local path = request.url:match("^https://[^/]+/v2(.*)$")
        local entry = { path = path, headers = request.headers, time = self.now, running = true }
        table.insert(self.requests, entry)
        local page = tonumber(path:match("[?&]page=(%d+)"))
        local reply, err = self.answer { path = path, headers = request.headers, page = page }
        local wait = 0
        if reply and reply.fake_wait then wait, reply, err = reply.fake_wait, reply.reply, reply.err end
        self:park(wait)
        entry.running = false
        return reply, err
    end
end

local function node_functions(self, host)
    host.declare = function(declaration)
        self.types[declaration.id] = declaration
    end
    host.add = function(node)
        assert(self.types[node.type], "unknown type " .. tostring(node.type))
        assert(#node.address <= 14 and node.address:find("^[a-z0-9_]+$"), "bad address " .. node.address)
        if self.refuse and self.refuse[node.address] then return nil, self.refuse[node.address] end
        if not self.nodes[node.address] then
            self.nodes[node.address] = { address = node.address, type = node.type, name = node.name,
                                         primary = node.primary, values = {}, texts = {}, stale = false }
            table.insert(self.added, node.address)
        end
        return true
    end
    host.known = function() return self.known end
    host.node = function(address) return self.nodes[address] end
    host.set = function(address, driver, value, text)
        local node = assert(self.nodes[address], "set on unknown node " .. tostring(address))
        local declared
        for _, d in ipairs(self.types[node.type].drivers) do
            if d.id == driver then declared = d end
        end
        assert(declared, "set on unknown driver " .. address .. "/" .. driver)
        if value then
            local scale = 10 ^ declared.places
            value = math.floor(value * scale + 0.5) / scale
            value = math.tointeger(value) or value
        end
        node.values[driver], node.texts[driver] = value, text
        table.insert(self.sets, { address = address, driver = driver, value = value, time = self.now })
    end
    host.get = function(address, driver) return self.nodes[address].values[driver] end
    host.stale = function(address, stale) self.nodes[address].stale = stale end
    host.hold_nodes = function(on) self.nodes_held = on end
    host.zero_stale = function(zero) self.zero = zero end
    host.alt_units = function(alt) self.alt = alt end
end

--- The script a node's type came from.
function fake:file_of(address)
    for _, script in pairs(self.loaded) do
        if script.id == self.nodes[address].type then return script.file end
    end
end

--- A script of the world, or the text of one of world.files[folder][name] = { text, stamp }.
function fake:load_script(path, file)
    local tab, problem, text = nil, "no such file", ""
    for _, script in ipairs(self.scripts) do
        if script.file == path then tab, problem, text = script.table, script.error, script.text or "" end
    end
    local folder, name = path:match("^(.*)/([^/]*)%.lua$")
    local given = self.files[folder] and self.files[folder][name]
    if given then
        text = given.text
        tab, problem = fake.load_text(text, file)
    end
    if type(tab) ~= "table" then return nil, problem or "it returned no table" end
    self.last_script = self.last_script + 1
    self.loaded[self.last_script] = { text = text, states = {}, file = file, id = tab.id }
    return { id = self.last_script, table = tab, text = text }
end

local function script_functions(self, host)
    host.script_files = function(folder)
        local list = {}
        for i, script in ipairs(folder == "scripts/devices" and self.scripts or {}) do
            list[i] = { name = script.name, path = script.file, stamp = "1" }
        end
        for name, file in pairs(self.files[folder] or {}) do
            list[#list + 1] = { name = name, path = folder .. "/" .. name .. ".lua", stamp = file.stamp }
        end
        table.sort(list, function(a, b) return a.name < b.name end)
        return list
    end
    host.load_script = function(path, file) return self:load_script(path, file) end
    host.close_script = function(id)
        assert(self.loaded[id], "closed twice")
        self.loaded[id] = nil
    end
    host.script_starved = function(id) return self.loaded[id].starved == true end
    host.stop_script = function(id) assert(self.loaded[id], "no such script") end
    host.keep_script = function(id, path)
        local folder, name = path:match("^(.*)/([^/]*)%.lua$")
        self.files[folder] = self.files[folder] or {}
        self.files[folder][name] = { text = self.loaded[id].text, stamp = "kept" .. id }
        return true
    end
    host.make_folder = function() return true end
    host.script_state = function(id, states)
        if states then self.loaded[id].states = states end
        return self.loaded[id].states
    end
    host.script_figures = function() return { memory = 20480, peak = 40960, instructions = 5000 } end
    host.profile = function()
        self.profiles = self.profiles + 1
        return self.profiles > 1
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
        local ok, problem = pcall(fn, { address = address }, ...)
        table.insert(self.started, address)
        if not ok then self:fire("script_error", self:file_of(address), tostring(problem), address) end
    end
end

local function other_functions(self, host)
    host.answer = function(id, value, err) self.answers[id] = { value = value, err = err } end
    host.version = "0.0.0"
    host.no_memory = fake.NO_MEMORY
    host.doc = function(html) self.doc = html end
    host.read = function(path)
        local file = io.open(path, "rb")
        if not file then return nil end
        local text = file:read("a")
        file:close()
        return text
    end
    host.env = function(name) return self.environment[name] end
    host.log = function(level, text)
        assert(({ debug = true, info = true, warning = true, error = true })[level], "log level " .. level)
        table.insert(self.lines, { level = level, text = scrub(self, text), raw = text })
    end
    host.mask = function(text) table.insert(self.masked, text) end
    host.on = function(event, fn)
        self.handlers[event] = self.handlers[event] or {}
        table.insert(self.handlers[event], fn)
    end
    host.params = function() return self.params end
    host.default_params = function(defaults) self.defaults = defaults end
    host.data = function() return self.saved end
    host.save = function(data)
        self.saved = data
        return true
    end
    host.notice = function(key, html)
        self.notices[key] = html
        table.insert(self.notice_log, { key = key, html = html })
    end
end

------------------------------------------------------------------------------------------ the world

--- A new world with a fresh copy of every trusted module, `host` set as global.
function fake.new(options)
    options = options or {}
    local self = setmetatable({
        now = START_TIME, clock_error = 0, timers = {}, last_timer = 0, hold_until = 0,
        nodes = {}, added = {}, types = {}, sets = {}, known = options.known or {},
        lines = {}, masked = {}, notices = {}, notice_log = {}, handlers = {}, requests = {},
        errors = {}, started = {}, answers = {}, files = {}, loaded = {}, last_script = 0, profiles = 0,
        params = options.params or {}, environment = options.env or {}, saved = nil, refuse = options.refuse,
        answer = options.answer or function() return { status = 500 } end, scripts = options.scripts,
    }, fake)
    for name in pairs(package.loaded) do
        if name:find("^lib%.") then package.loaded[name] = nil end
    end
    if not self.scripts then
        self.scripts = {}
        for i, name in ipairs(fake.DEVICES) do self.scripts[i] = fake.load_device(name) end
        for _, extra in ipairs(options.extra_scripts or {}) do table.insert(self.scripts, extra) end
    end
    local host = {}
    time_functions(self, host)
    http_function(self, host)
    node_functions(self, host)
    script_functions(self, host)
    other_functions(self, host)
    self.host = setmetatable(host, {
        __index = function(_, name) error("host has no '" .. tostring(name) .. "'", 2) end,
    })
    _G.host = self.host
    return self
end

--- An event from PG3; its handlers run until they wait.
function fake:fire(event, ...)
    for _, fn in ipairs(self.handlers[event] or {}) do self:spawn(fn, ...) end
end

function fake.load_main()
    assert(loadfile("scripts/main.lua", "t"))()
end

--- Loads main.lua and plays PG3's start; requests without delay are answered within the first second.
function fake:start()
    fake.load_main()
    self:fire("params", self.params)
    self:fire("start")
    self:fire("ready")
    self:run(1)
    return self
end

function fake:set_params(params)
    self.params = params
    self:fire("params", params)
    self:run(1)
end

function fake:value(address, driver)
    local node = self.nodes[address]
    return node and node.values[driver]
end

--- How many requests had a path containing `part`.
function fake:count(part)
    local count = 0
    for _, request in ipairs(self.requests) do
        if request.path:find(part, 1, true) then count = count + 1 end
    end
    return count
end

--- Log lines of a level ("warning") or with a text in them.
function fake:logged(part)
    local found = {}
    for _, line in ipairs(self.lines) do
        if line.level == part or line.text:find(part, 1, true) then found[#found + 1] = line.text end
    end
    return found
end

return fake
