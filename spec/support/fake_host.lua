--- The `host` of the trusted scripts in plain Lua, on a virtual clock, for specs.
--
--   local world = fake.new { params = {...}, known = {...}, env = {...}, answer = function(request) end }
--   world:start()            loads scripts/main.lua and plays PG3's start: params, start, ready
--   world:fire("shortpoll")  an event, its handler runs at once until it waits
--   world:run(seconds)       lets time pass
--   world:value("controller", "GV0"), world.nodes, world.notices, world.lines, world.requests
--   (those of the polls), world.beside (those with a priority below 0)
--   world.clock_error        so much the machine's clock is ahead of the right time, world.now
--
-- `answer(request)` gives a reply, nil and an error, or fake.wait(seconds, reply, err) for a slow one.

local dkjson = require "dkjson"
local arguments = require "spec.support.arguments"
local days = require "spec.support.days"
local network = require "spec.support.fake_network"
local scripts = require "spec.support.fake_scripts"

local check_type, text_of = arguments.check_type, arguments.text_of
local number_of, integer_of, seconds_of = arguments.number_of, arguments.integer_of, arguments.seconds_of
local copy = scripts.copy
local fake = setmetatable({}, { __index = network })
fake.__index = fake

local START_TIME = 1776515900

fake.sandbox, fake.load_text, fake.adopt = scripts.sandbox, scripts.run, scripts.adopt

--- What the host raises when memory is short.
fake.NO_MEMORY = setmetatable({ kind = "memory", text = "The plugin has too little memory." },
    { __tostring = function(problem) return problem.text end })

--- The names of the shipped device scripts, in order.
fake.DEVICES = {}
for file in require "lfs".dir "scripts/devices" do
    fake.DEVICES[#fake.DEVICES + 1] = file:match "^(.+)%.lua$"
end
table.sort(fake.DEVICES)

local LIBS = "scripts/devices/lib"

local function read_file(path)
    local file = assert(io.open(path))
    local text = file:read("a")
    file:close()
    return text
end

--- The shipped libs, as host.load_script takes them.
local function shipped_libs()
    local libs = {}
    for file in require "lfs".dir(LIBS) do
        local name, path = file:match "^(.+)%.lua$", LIBS .. "/" .. file
        if name then libs[name] = { path = path, file = path, stamp = "1" } end
    end
    return libs
end

--- One of the shipped device scripts in the form of host.scripts().
function fake.load_device(name)
    local path = "scripts/devices/" .. name .. ".lua"
    local text = read_file(path)
    local with = { libs = shipped_libs(), read = read_file, used = {} }
    local tab, problem = fake.load_text(text, path, nil, with)
    return { file = path, name = name, table = tab, error = problem, text = text }
end

---------------------------------------------------------------------------------------- tasks, time

--- A slow answer: world.answer returns this; the task waits.
function fake.wait(seconds, reply, err)
    return { fake_wait = seconds, reply = reply, err = err }
end

--- Calls fn: at once, or after what runs now has ended or waits, as the real host starts its tasks.
function fake:later(fn)
    table.insert(self.queue, fn)
    if self.busy then return end
    self.busy = true
    while self.queue[1] do table.remove(self.queue, 1)() end
    self.busy = false
end

--- A task's end: whoever awaits it goes on.
local function ended(self, task, results)
    local waiting = self.tasks[task].awaited
    self.tasks[task] = nil
    self.results[task] = results
    for _, one in ipairs(waiting) do self:wake(one) end
end

--- One that sleeps or awaits another does not go on; one that waits for an answer does.
function fake:drop(task)
    local its = self.tasks[task]
    if not (its and (its.sleeps or its.awaits)) then return end
    if its.timer then self.timers[its.timer] = nil end
    ended(self, task, { false, "dropped", n = 2 })
end

function fake:resume(task, ...)
    local values = table.pack(...)
    self:later(function()
        if not self.tasks[task] then return end         -- it was dropped
        local results = table.pack(coroutine.resume(task, table.unpack(values, 1, values.n)))
        local problem = not results[1] and results[2]
        local again = type(problem) == "table" and problem.kind == "memory" and self.once[task]
        if again then
            self:at(1, again)
        elseif problem then
            table.insert(self.errors, debug.traceback(task, tostring(problem)))
        end
        if coroutine.status(task) == "dead" then ended(self, task, results) end
    end)
end

function fake:new_task(fn)
    local task = coroutine.create(fn)
    self.tasks[task] = { awaited = {} }
    return task
end

--- Starts a task -> it.
function fake:spawn(fn, ...)
    local task = self:new_task(fn)
    self:resume(task, ...)
    return task
end

function fake:at(seconds, fn)
    self.last_timer = self.last_timer + 1
    local timer, low, high = { id = self.last_timer, time = self.now + seconds, fn = fn }, 1, #self.due + 1
    while low < high do
        local middle = (low + high) // 2
        if self.due[middle].time > timer.time then low = middle + 1 else high = middle end
    end
    table.insert(self.due, low, timer)
    self.timers[timer.id] = timer
    return timer.id
end

--- A task that waits goes on.
function fake:wake(task)
    local its = self.tasks[task]
    if not its or not its.waits then return end
    if its.timer then self.timers[its.timer] = nil end
    its.waits, its.timer, its.awaits, its.sleeps = nil, nil, nil, nil
    self:resume(task)
end

--- Parks the running task; it goes on after `seconds` (nil: never) or when fake:wake says so.
function fake:park(seconds)
    local task, main = coroutine.running()
    assert(not main and coroutine.isyieldable(), "this call waits, which is not possible here")
    local its = self.tasks[task]
    its.waits = true
    its.timer = seconds and self:at(seconds, function() self:wake(task) end)
    coroutine.yield()
end

--- Waits for the end of a task -> true and its results, or false and its error; nothing: not in time.
function fake:await(task, seconds)
    check_type(task, "thread")
    assert(task ~= coroutine.running(), "a task cannot await itself")
    if self.tasks[task] then
        local me = coroutine.running()
        table.insert(self.tasks[task].awaited, me)
        self.tasks[me].awaits = true
        self:park(seconds)
    end
    if self.tasks[task] then return end
    local results = self.results[task]
    return table.unpack(results, 1, results.n)
end

--- Of the timers that were not stopped the one that is due first.
local function next_timer(self, limit)
    local timer = self.due[#self.due]
    while timer and not self.timers[timer.id] do
        table.remove(self.due)
        timer = self.due[#self.due]
    end
    return timer and timer.time <= limit and timer or nil
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

--- The same of all texts of a value.
local function scrub_all(self, value)
    if type(value) == "string" then return scrub(self, value) end
    if type(value) ~= "table" then return value end
    local result = {}
    for key, one in pairs(value) do result[key] = scrub_all(self, one) end
    return result
end

local function time_functions(self, host)
    host.time = function() return self.now + self.clock_error end
    host.steady = function() return self.now - self.booted end
    host.midnight = function(zone, now)
        zone, now = text_of(zone), number_of(now)
        assert(now >= -1e12 and now <= 1e12, "unix seconds expected")
        return days.midnight(zone, now)
    end
    host.spawn = function(fn, ...)
        check_type(fn, "function")
        return self:spawn(fn, ...)
    end
    host.ring = function(fn) host.spawn(fn) end
    host.enter = function(fn, ...)
        check_type(fn, "function")
        local task = self:new_task(fn)
        local results = table.pack(coroutine.resume(task, ...))
        if coroutine.status(task) == "dead" then ended(self, task, results) end
        return results[1] and task or error(results[2], 0)
    end
    host.drop = function(task)
        check_type(task, "thread")
        self:drop(task)
    end
    host.running = function(task)
        if task ~= nil then check_type(task, "thread") end
        return self.tasks[task or 0] ~= nil
    end
    host.await = function(task, seconds) return self:await(task, seconds and seconds_of(seconds)) end
    host.sleep = function(seconds)
        seconds = seconds_of(seconds)
        local task = coroutine.running()
        if self.tasks[task] then self.tasks[task].sleeps = true end
        self:park(seconds)
    end
    host.stand = function(still) check_type(still, "boolean") end       -- it always does
end

------------------------------------------------------------------------------------------------ nodes

local function address_ok(address) return #address <= 14 and address:find("^[a-z0-9_]+$") ~= nil end

local function driver_of(declaration, id)
    for _, driver in ipairs(declaration.drivers or {}) do
        if driver.id == id then return driver end
    end
end

local function type_fault(declaration)
    if not declaration.id then return "a node type needs an id" end
    local known = {}
    for _, driver in ipairs(declaration.drivers or {}) do
        local id, places = driver.id, driver.places or 0
        if not id then return "a driver needs an id" end
        if known[id] then return "a driver id stands twice in one node type" end
        if not driver.label or places < 0 or places > 6 then return "a driver needs a label and places" end
        known[id] = true
    end
end

--- Drivers of the same id and unit keep their value.
local function retype(self, node, old, new)
    for id in pairs(node.values) do
        local before, after = driver_of(old, id), driver_of(new, id)
        if not (before and after and before.uom == after.uom) then
            node.values[id], node.exact[id], node.texts[id] = nil, nil, nil
        end
    end
    node.type = new.id
    self.types[new.id] = new
end

--- What PG3 kept of a node: what it shows until it has values of its own.
local function seeds_of(self, address)
    for _, node in ipairs(self.known) do
        if node.address == address then return copy(node.values or {}) end
    end
    return {}
end

local function add_node(self, node)
    for _, key in ipairs { "address", "type", "name", "primary" } do
        text_of(node[key], "host.add: " .. key)
    end
    if not (address_ok(node.address) and address_ok(node.primary)) then
        return nil, "a node address has 1 to 14 characters of a-z, 0-9 and _"
    end
    local declared = self.types[node.type]
    if not declared then return nil, "that node type is not declared" end
    if self.refuse and self.refuse[node.address] then return nil, self.refuse[node.address] end
    local known = self.nodes[node.address]
    if not known then
        known = { address = node.address, type = node.type, values = {}, exact = {}, texts = {},
                  stale = false, seeds = seeds_of(self, node.address) }
        self.nodes[node.address] = known
        table.insert(self.added, node.address)
    elseif known.type ~= node.type then
        retype(self, known, self.types[known.type], declared)
    end
    known.name, known.primary = node.name, node.primary
    return true
end

--- The node and the declaration of one of its drivers; what is not there raises and is named.
local function driver_at(self, address, id)
    local node = self.nodes[text_of(address)] or error("there is no node " .. address, 0)
    local driver = driver_of(self.types[node.type], text_of(id))
    return node, driver or error(("the node %s (%s) has no driver %s"):format(address, node.type, id), 0)
end

local shown

--- To the nearest whole number; a half to the even one.
local function rint(number)
    local below = math.floor(number)
    local above = number - below > 0.5 or number - below == 0.5 and below % 2 == 1
    return above and below + 1 or below
end

--- PG3 counts as told at once.
local function set_value(self, address, id, value, text)
    local node, driver = driver_at(self, address, id)
    local before = table.concat({ shown(node, driver) }, " ", 1, 2) .. (node.texts[id] or "")
    text = text ~= nil and text_of(text) or nil
    local exact = value ~= nil and number_of(value) or nil
    if exact and (exact ~= exact or math.abs(exact) > 1e15) then exact, text = nil, nil end
    local rounded = exact
    if exact then
        local scale = 10 ^ (driver.places or 0)
        rounded = rint(exact * scale) / scale
        rounded = math.tointeger(rounded) or rounded
    end
    node.values[id], node.exact[id], node.texts[id], node.seeds[id] = rounded, exact, text, nil
    table.insert(self.sets, { address = address, driver = id, value = rounded, time = self.now })
    return table.concat({ shown(node, driver) }, " ", 1, 2) .. (node.texts[id] or "") ~= before
end

--- A driver as PG3 would be told it.
function shown(node, driver)
    local value = node.values[driver.id] or node.seeds[driver.id]
    if not value and not driver.sure then return "101", 25, node.texts[driver.id] end
    return ("%%.%df"):format(driver.places or 0):format(value or 0), driver.uom or 56, node.texts[driver.id]
end

--- What shows something else than at the last call.
local function changes(self)
    local list = {}
    for _, address in ipairs(self.added) do
        local node = self.nodes[address]
        node.told = node.told or {}
        for _, driver in ipairs(self.types[node.type].drivers) do
            local number, uom, text = shown(node, driver)
            local now = ("%s %d %s"):format(number, uom, text or "")
            local before = node.told[driver.id] or ("%%.%df %%d "):format(driver.places or 0):format(0, uom)
            if now ~= before then list[#list + 1] = { address = address, driver = driver.id } end
            node.told[driver.id] = now
        end
    end
    return list
end

local function node_functions(self, host)
    host.declare = function(declaration)
        check_type(declaration, "table")
        local fault = type_fault(declaration)
        if fault then error("host.declare: " .. fault, 0) end
        local old = self.types[declaration.id]
        self.types[declaration.id] = declaration
        for _, node in pairs(self.nodes) do
            if node.type == declaration.id then retype(self, node, old, declaration) end
        end
    end
    host.add = function(node)
        check_type(node, "table")
        return add_node(self, node)
    end
    host.known = function(prefix, driver)
        local list = {}
        driver = driver ~= nil and text_of(driver) or nil
        prefix = prefix ~= nil and text_of(prefix) or ""
        for _, node in ipairs(self.known) do
            if node.address:sub(1, #prefix) == prefix then
                local one, values = copy(node), node.values or {}
                one.values, one.shown = nil, driver and values[driver]
                list[#list + 1] = one
            end
        end
        return list
    end
    host.refused = function() return copy(self.refused) end
    host.remove = function(list)
        check_type(list, "table")
        for _, address in ipairs(list) do
            self.nodes[text_of(address)] = nil
            for i, one in ipairs(self.added) do
                if one == address then table.remove(self.added, i) end
            end
            for i, one in ipairs(self.known) do
                if one.address == address then table.remove(self.known, i) end
            end
            table.insert(self.removed, address)
        end
        return true
    end
    host.rename = function(address, name)
        local node = self.nodes[text_of(address)] or error("there is no node " .. address, 0)
        node.name = text_of(name)
    end
    host.node = function(address)
        local node = self.nodes[text_of(address)]
        return node and { address = node.address, name = node.name, type = node.type, primary = node.primary }
    end
    host.set = function(...) return set_value(self, ...) end
    host.get = function(address, id)
        local node = driver_at(self, address, id)
        return node.exact[id]
    end
    host.shown = function(address, id)
        local node, driver = driver_at(self, address, id)
        return shown(node, driver)
    end
    host.changes = function() return changes(self) end
    host.stale = function(address, stale)
        local node = self.nodes[text_of(address)] or error("there is no node " .. address, 0)
        node.stale = stale
    end
    host.event = function(address, id)
        local node = self.nodes[text_of(address)] or error("there is no node " .. address, 0)
        if self.away then return false end
        table.insert(self.events, node.address .. " " .. text_of(id))
        return true
    end
    host.push = function(title, body)
        title, body = text_of(title), text_of(body)
        if self.away then return false end
        table.insert(self.pushed, title .. ": " .. body)
        return true
    end
    host.hold_nodes = function(on) self.nodes_held = on end
    host.zero_stale = function(zero) self.zero = zero end
    host.alt_units = function(alt) self.alt = alt end
    host.profile = function(files)
        check_type(files, "table")
        local now = ""
        for _, file in ipairs(files) do
            check_type(file, "table")
            check_type(file.parts, "table")
            assert(#file.parts > 0, "a file has parts")
            now = now .. text_of(file.folder) .. "/" .. text_of(file.name) .. "\n"
                .. table.concat(file.parts)
        end
        local changed = self.profile ~= nil and self.profile ~= now
        if self.profile ~= now then self.installs = self.installs + 1 end
        self.profile = now
        return changed
    end
end

------------------------------------------------------------------------------------- files and the rest

local function script_files(self, folder)
    local list = {}
    local built_in = folder == "scripts/devices" and self.scripts
    local shipped = folder == LIBS and shipped_libs() or {}
    if not self.files[folder] and not built_in and not next(shipped) then
        return nil, "No such file or directory"
    end
    for i, script in ipairs(built_in or {}) do
        list[i] = { name = script.name, path = script.file, stamp = "1" }
    end
    for name, lib in pairs(shipped) do
        list[#list + 1] = { name = name, path = lib.path, stamp = lib.stamp }
    end
    for name, file in pairs(self.files[folder] or {}) do
        list[#list + 1] = { name = name, path = folder .. "/" .. name .. ".lua", stamp = file.stamp }
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list, nil, 0
end

local function file_functions(self, host)
    host.script_files = function(folder) return script_files(self, text_of(folder)) end
    host.folder_stamp = function(folder)
        local list, _, there = host.script_files(text_of(folder))
        if not list then return not there and 0 or nil end
        local names = {}
        for i, file in ipairs(list) do names[i] = file.name .. " " .. file.stamp end
        return scripts.number(table.concat(names, " "))
    end
    host.names = function(folder)
        local list, inner, prefix = {}, {}, text_of(folder) .. "/"
        for name in pairs(self.files[folder] or {}) do list[#list + 1] = name .. ".lua" end
        for _, name in ipairs((self.other_names or {})[folder] or {}) do list[#list + 1] = name end
        for path in pairs(self.files) do
            local name = path:sub(1, #prefix) == prefix and path:sub(#prefix + 1):match("^([^./][^/]*)")
            if name and not inner[name] then inner[name], list[#list + 1] = true, name .. "/" end
        end
        if #list == 0 and not self.files[folder] then return nil, "No such file or directory" end
        table.sort(list)
        return list
    end
    host.read = function(path, most)
        local folder, name = text_of(path):match("^(.*)/([^/]*)%.lua$")
        local given = self.files[folder or ""] and self.files[folder][name]
        local file = not given and io.open(path, "rb")
        local text = given and given.text or file and file:read("a") or nil
        if file then file:close() end
        if not text or most and #text > most then return nil, "cannot be read" end
        return text
    end
    host.write = function(path, text)
        local folder, name = text_of(path):match("^(.*)/([^/]*)%.lua$")
        text_of(text)
        if self.no_copies then return nil, "No space left on device" end
        if not name then
            self.written[path] = text
            return true
        end
        if not self.files[folder or ""] then return nil, "No such file or directory" end
        self.writes = self.writes + (folder:find("/.last-good", 1, true) and 0 or 1)
        self.files[folder][name] = { text = text, stamp = "written" .. self.writes .. #text }
        return true
    end
    scripts.open(self, host)
end

local SHORTEST_SECRET, MOST_DATA = 8, 512 * 1024

local function record_functions(self, host)
    host.params = function()
        local params = {}
        for name, value in pairs(self.params) do
            params[name:match("^%s*(.-)%s*$")] = value:match("^%s*(.-)%s*$")
        end
        return params
    end
    host.default_params = function(defaults)
        check_type(defaults, "table")
        for name, value in pairs(defaults) do text_of(name); text_of(value) end
        self.defaults = defaults
        return not self.params_untold
    end
    host.data = function() return copy(self.saved) end
    host.unreadable = function() return self.unreadable end
    host.save = function(data)
        check_type(data, "table")
        local ok, taken = pcall(copy, data)
        if not ok then error("host.save: " .. taken, 0) end
        local bytes = #dkjson.encode(taken)
        if bytes > MOST_DATA then error(("host.save: it does not fit %d bytes"):format(MOST_DATA), 0) end
        taken = scrub_all(self, taken)
        self.saved, self.unreadable = taken, nil
        table.insert(self.saves, { time = self.now, data = taken })
        return true
    end
    host.saved = function() return self.saved_now ~= false end
    host.connected = function() return self.pg3_up ~= false end
    host.offer = function(list)
        check_type(list, "table")
        local ok, taken = pcall(copy, list)
        if not ok then error("host.offer: " .. taken, 0) end
        self.offered = taken
    end
    host.choices = function() return copy(self.chosen) end
    host.notice = function(key, html)
        self.notices[text_of(key)] = html ~= nil and text_of(html) or nil
        table.insert(self.notice_log, { key = key, html = html })
    end
    host.doc = function(html) self.doc = text_of(html) end
end

local function other_functions(self, host)
    host.version = "0.0.0"
    host.colours = false
    host.no_memory = fake.NO_MEMORY
    host.token = self.environment.VICTRON_VRM_TOKEN or ""
    host.answer = function(id, value, err)
        self.answers[integer_of(id)] = { value = value, err = err }
        local go = self.waiting_gets[id]
        self.waiting_gets[id] = nil
        if go then go(value, err) end
    end
    host.env = function(name)
        local value = self.environment[text_of(name)]
        return value ~= "" and value or nil
    end
    host.masks = function(text) return scrub(self, text_of(text)) ~= text end
    host.log = function(level, text)
        level = level or "info"
        assert(({ debug = true, info = true, warning = true, error = true })[level], "invalid option")
        table.insert(self.lines, { level = level, text = scrub(self, text_of(text)), raw = text })
    end
    host.log_problem = function() return self.log_problem end
    host.mask = function(text)
        if #text_of(text) >= SHORTEST_SECRET then table.insert(self.masked, text) end
    end
    host.on = function(event, fn)
        check_type(fn, "function")
        self.handlers[text_of(event)] = fn
    end
    host.print = function(text)
        if text ~= nil and not self.closed then table.insert(self.printed, text_of(text)) end
        return not self.closed
    end
    host.lines = function()
        local list = {}
        for i = self.lines_given + 1, self.watched and #self.lines or 0 do
            local line = self.lines[i]
            local serious = line.level == "warning" or line.level == "error"
            if serious then
                list[#list + 1] = ("2026-04-18 12:38:20.000 %s vrm: %s"):format(line.level:upper(), line.text)
            end
            self.lines_given = i
        end
        return list
    end
    host.size = function()
        if self.size then return self.size[1], self.size[2] end
    end
    host.screen = function(on)
        self.on_screen = on and host.colours or false
        return self.on_screen
    end
    host.keys = function()
        local keys = self.on_screen and self.pressed or ""
        self.pressed = nil
        return keys
    end
    host.complain = function(text) table.insert(self.complaints, text_of(text)) end
    host.options = { params = {}, args = {} }
    host.leave = function(code)
        code = integer_of(code)
        self.code = self.code or code
    end
    host.json = function(text)
        local value, _, problem = dkjson.decode(text_of(text))
        if problem then return nil, problem end
        return value
    end
end

------------------------------------------------------------------------------------------ the world

--- The folders of the trusted scripts: each world has modules of its own.
local OURS = { tasks = true, types = true, pg3 = true, check = true, serve = true, model = true,
               sources = true, control = true, tools = true }

local function is_ours(name) return OURS[name:match("^(%l+%d?)%.")] end

local chunks = {}                   -- [name of a module of ours] = its code: it is read once, and run anew

table.insert(package.searchers, 2, function(name)
    if not is_ours(name) then return nil end
    local path = not chunks[name] and package.searchpath(name, package.path)
    chunks[name] = chunks[name] or path and assert(loadfile(path)) or nil
    return chunks[name]
end)

local SHIPPED = {}                  -- [file] = true
for _, name in ipairs(fake.DEVICES) do SHIPPED["devices/" .. name .. ".lua"] = true end
local proven = {}                   -- [file] = a shipped script whose samples held in an earlier world

local profile_files                 -- those of the shipped scripts

--- What is the same in each world that has only the shipped scripts is done once: their samples and their
-- profile.
local function prove_once(self)
    local proof, profile = require "check.proof", require "pg3.profile"
    local run, files = proof.run, profile.files
    function profile.files(types)
        if next(self.files) or #self.scripts ~= #fake.DEVICES then return files(types) end
        profile_files = profile_files or files(types)
        return profile_files
    end
    function proof.run(type_, ...)
        if proven[type_.file] then return {}, {} end
        local problems, silent = run(type_, ...)
        proven[type_.file] = #problems == 0 and SHIPPED[type_.file]
        return problems, silent
    end
end

--- A new world with a fresh copy of every trusted module, `host` set as global.
function fake.new(options)
    options = options or {}
    local self = setmetatable({
        events = {}, now = START_TIME, booted = START_TIME - 5, clock_error = 0,
        timers = {}, last_timer = 0, hold_until = 0,
        due = {},                   -- the timers, that which comes first last
        nodes = {}, once = {}, added = {}, types = {}, sets = {}, known = options.known or {}, refused = {},
        lines = {}, masked = {}, notices = {}, notice_log = {}, handlers = {}, requests = {}, beside = {},
        pushed = {},
        errors = {}, reports = {}, tasks = {}, results = setmetatable({}, { __mode = "k" }),
        started = {}, answers = {}, waiting_gets = {}, files = {}, loaded = {}, functions = {},
        written = {}, searches = 0, lan = options.lan, lan_requests = {}, found = options.found,
        complaints = {}, writes = 0, removed = {}, chosen = options.chosen,
        last_script = 0, queue = {}, lines_given = 0, installs = 0, saves = {}, printed = {},
        params = options.params or {}, environment = options.env or {}, saved = options.saved,
        refuse = options.refuse,
        connections = {}, broker = options.broker, on_send = options.on_send,
        answer = options.answer or function() return { status = 500 } end, scripts = options.scripts,
    }, fake)
    for name in pairs(package.loaded) do
        if is_ours(name) then package.loaded[name] = nil end
    end
    package.loaded["tools.account"] = { take = function()       -- which starts a program
        local there = self.host.options.demo or self.host.token ~= ""
        return there or nil, not there and "Your VRM access token is needed." or nil
    end }
    if not self.scripts then
        self.scripts = {}
        for i, name in ipairs(options.devices or fake.DEVICES) do self.scripts[i] = fake.load_device(name) end
        for _, extra in ipairs(options.extra_scripts or {}) do table.insert(self.scripts, extra) end
    end
    local host = {}
    time_functions(self, host)
    self:open_network(host)
    node_functions(self, host)
    file_functions(self, host)
    record_functions(self, host)
    other_functions(self, host)
    self.host = setmetatable(host, {
        __index = function(_, name) error("host has no '" .. tostring(name) .. "'", 2) end,
    })
    _G.host = self.host
    return self
end

--- PG3's requests: where among the arguments of the event is the id that it wants an answer for.
local REQUEST = { query = 2, command = 4 }

--- What PG3 is told of a request, when its handler has ended: false as its last result is a refusal.
local function reported(self, handler, event, address, ...)
    local results = table.pack(pcall(handler, address, ...))
    table.insert(self.reports, { address = address, request = (select(REQUEST[event] - 1, ...)),
                                 success = results[1] and results[results.n] ~= false })
    if not results[1] then error(results[2], 0) end
end

--- What finds no memory is told again: what comes once must be done.
local ONCE = { params = true, start = true, ready = true }

--- An event from PG3; its handler runs until it waits.
function fake:fire(event, ...)
    local values = table.pack(...)
    local handler = self.handlers[event]
    if not handler then return end
    if REQUEST[event] then return self:spawn(reported, self, handler, event, ...) end
    local task = self:new_task(handler)
    self.once[task] = ONCE[event] and function() self:fire(event, table.unpack(values, 1, values.n)) end
    self:resume(task, ...)
end

function fake.load_main()
    assert(loadfile("scripts/main.lua", "t"))()
end

--- Loads main.lua and plays PG3's start; requests without delay are answered within the first second.
function fake:start()
    if self.scripts then prove_once(self) end
    fake.load_main()
    self:fire("params")
    self:fire("start")
    self:fire("ready")
    self:run(1)
    return self
end

function fake:set_params(params)
    self.params = params
    self:fire("params")
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
