--- The `host` of the trusted scripts in plain Lua, on a virtual clock, for specs.
--
--   local world = fake.new { params = {...}, known = {...}, env = {...}, answer = function(request) end }
--   world:start()            loads scripts/main.lua and plays PG3's start: params, start, ready
--   world:fire("shortpoll")  an event, its handler runs at once until it waits
--   world:run(seconds)       lets time pass
--   world:value("controller", "GV0"), world.nodes, world.notices, world.lines, world.requests
--   (those of the polls), world.beside (those with a priority below 0)
--
-- `answer(request)` gives a reply, nil and an error, or fake.wait(seconds, reply, err) for a slow one.

local dkjson = require "dkjson"
local days = require "spec.support.days"
local scripts = require "spec.support.fake_scripts"

local copy = scripts.copy
local fake = {}
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

local function check_type(value, wanted)
    assert(type(value) == wanted, wanted .. " expected")
end

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

--- One that sleeps or awaits another does not go on.
function fake:drop(task)
    local its = self.tasks[task]
    if not (its and (its.timer or its.awaits)) then return end
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
    its.waits, its.timer, its.awaits = nil, nil, nil
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

--- Mistakes in arguments raise, as in the real host. A number counts as a text, a numeric text as a number.
local function text_of(value, what)
    if type(value) == "number" then return tostring(value) end
    return type(value) == "string" and value or error((what or "value") .. ": string expected", 0)
end

local function number_of(value)
    return tonumber(value) or error("number expected", 0)
end

local function integer_of(value)
    return math.tointeger(tonumber(value)) or error("whole number expected", 0)
end

local function seconds_of(value)
    local seconds = number_of(value)
    assert(seconds >= 0 and seconds <= 1e7, "seconds from 0 to 10 million expected")
    return seconds
end

local function time_functions(self, host)
    host.time = function() return self.now + self.clock_error end
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
    host.sleep = function(seconds) self:park(seconds_of(seconds)) end
    host.stand = function(still) check_type(still, "boolean") end       -- it always does
end

--------------------------------------------------------------------------------------------- requests

--- Seconds until a request may leave: a bucket that loses one each interval, as in host/base/bucket.c.
local function limit_wait(self)
    local limit, window, wait = self.limit, self.window, 0
    if limit then
        window.level = math.max(window.level - (self.now - window.at) * 1000 / limit.interval_ms, 0)
        window.at = self.now
        wait = (window.level + 1 - limit.depth) * limit.interval_ms / 1000
    end
    return math.max(wait > 1e-6 and wait or 0, self.hold_until - self.now)
end

--- A copy without these members of its objects, { [name] = true }.
local function without(value, members)
    if type(value) ~= "table" then return value end
    local result = {}
    for key, one in pairs(value) do
        if not members[key] then result[key] = without(one, members) end
    end
    return result
end

--- Those members of an object.
local function members_of(value, names)
    if type(value) ~= "table" or value[1] ~= nil then return value end
    local result = {}
    for _, name in ipairs(names) do result[name] = value[name] end
    return result
end

--- Gives a list's elements to who wants them -> marks: a table, the real ones are a text.
local function sieve(list, wanted)
    local marks = {}
    for i, element in ipairs(list) do
        local place = members_of(element, wanted.place)
        local content = type(element) == "table" and element or {}
        local hash = scripts.number(scripts.signature(place))
        marks[i] = hash .. scripts.signature(members_of(content, wanted.content))
        if not wanted.known or wanted.known[i] ~= marks[i] then
            local values = {}
            for n, name in ipairs(wanted.content) do values[n] = content[name] end
            local known = wanted.places[hash]
            wanted.take(i, known or place, known == nil and hash or nil,
                table.unpack(values, 1, #wanted.content))
        end
    end
    return marks
end

--- A reply as the request wants it.
local function sieved(request, reply)
    if not reply or not (request.without or request.list) then return reply end
    local result = {}
    for key, value in pairs(reply) do result[key] = value end
    local members = {}
    for _, name in ipairs(request.without or {}) do members[name] = true end
    result.json = without(reply.json, members)
    local name = request.list and request.list.name
    local list = name and type(result.json) == "table" and result.json[name]
    if type(list) == "table" and #list > 0 then
        result.json[name], result.count, result.marks = {}, #list, sieve(list, request.list)
    end
    return result
end

--- The reply with its body as a text, if that is wanted.
local function with_text(request, reply)
    if not reply or not request.text then return reply end
    local result = { text = reply.text or reply.json ~= nil and dkjson.encode(reply.json) or "" }
    for key, value in pairs(reply) do result[key] = value end
    return result
end

local function http_functions(self, host)
    host.limit = function(limit)
        check_type(limit, "table")
        self.limit = { depth = math.max(integer_of(limit.depth), 1),
                       interval_ms = math.max(integer_of(limit.interval_ms), 1) }
        self.window = { level = 0, at = self.now }
    end
    host.hold = function(seconds)
        seconds = number_of(seconds)
        if seconds == 0 then self.hold_until = 0 end
        self.hold_until = math.max(self.hold_until, self.now + seconds)
    end
    host.http = function(request)
        check_type(request, "table")
        local url = text_of(request.url, "url")
        for name, value in pairs(request.headers or {}) do text_of(name); text_of(value) end
        if request.timeout then number_of(request.timeout) end
        local wait = limit_wait(self)
        while wait > 0 do
            self:park(wait)
            wait = limit_wait(self)
        end
        if self.limit then self.window.level = self.window.level + 1 end
        local path = url:match("^https://[^/]+/v2(.*)$") or url:match("^https://[^/]+(.*)$")
        if not path then
            self:park(0)
            return nil, { kind = "other", text = "The address of " .. url .. " must begin with https://." }
        end
        local entry = { path = path, headers = request.headers, time = self.now, running = true,
                        priority = request.priority or 0 }
        table.insert(entry.priority < 0 and self.beside or self.requests, entry)
        local page = tonumber(path:match("[?&]page=(%d+)"))
        local reply, err = self.answer { path = path, headers = request.headers, page = page }
        local seconds = 0
        if reply and reply.fake_wait then seconds, reply, err = reply.fake_wait, reply.reply, reply.err end
        self:park(seconds)
        entry.running = false
        return with_text(request, sieved(request, reply)), err
    end
end

---------------------------------------------------------------------------------------- devices on the LAN

--- world.lan(request) gives a reply, or nil and an error; without it nobody is there. world.found: what
-- host.search gives, a list, or a function(text) that returns one. A certificate is made by fake.certificate.
local function lan_functions(self, host)
    host.lan = function(request)
        check_type(request, "table")
        local url = text_of(request.url, "url")
        for _, key in ipairs { "ca", "post" } do
            if request[key] ~= nil then text_of(request[key], key) end
        end
        if request.timeout then number_of(request.timeout) end
        local secure = request.certificate or request.ca
        self:park(0.1)
        if not url:find(secure and "^https://" or "^http://") then
            return nil, { kind = "other", text = "The address of " .. url .. " is not of that kind." }
        end
        table.insert(self.lan_requests, { url = url, post = request.post, ca = request.ca, time = self.now })
        if self.lan then return self.lan(request) end
        return nil, { kind = "connect", text = "No connection to " .. url .. " can be made." }
    end
    host.fingerprint = function(text)
        local base = text_of(text):match "%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-%s+(.-)%s+%-%-%-%-%-END"
        if not base then return nil end
        local sum, bytes = 5381, {}
        for i = 1, #base do sum = (sum * 33 + base:byte(i)) % 4294967296 end
        for i = 1, 32 do
            sum = (sum * 1664525 + 1013904223) % 4294967296
            bytes[i] = ("%02X"):format(sum >> 24)
        end
        return table.concat(bytes, ":")
    end
    host.search = function(address, port, text, seconds)
        assert(integer_of(port) > 0 and integer_of(port) <= 65535, "a port expected")
        seconds = number_of(seconds)
        assert(seconds > 0 and seconds <= 60, "seconds up to 60 expected")
        text_of(text)
        if not text_of(address):find "^%d+%.%d+%.%d+%.%d+$" then return nil, "Invalid argument" end
        self:park(seconds)
        self.searches = self.searches + 1
        local found = self.found or {}
        return type(found) == "function" and found(text) or copy(found)
    end
end

--- A certificate, so to speak.
function fake.certificate(name)
    return "-----BEGIN CERTIFICATE-----\n" .. name .. "\n-----END CERTIFICATE-----\n"
end

------------------------------------------------------------------------------------------------- MQTT

--- The levels of a topic as a list, its empty ones, too.
local function levels_of(topic)
    local levels = {}
    for level in (topic .. "/"):gmatch "([^/]*)/" do levels[#levels + 1] = level end
    return levels
end

--- Whether a topic is one of those that a subscription asks for.
local function subscribed(filter, topic)
    local wanted, levels = levels_of(filter), levels_of(topic)
    for i, level in ipairs(wanted) do
        if level == "#" then return true end
        if levels[i] ~= level and not (level == "+" and levels[i]) then return false end
    end
    return #wanted == #levels
end

--- What host.mqtt_read gives of a payload: what it is, and the members' values with their count.
local function read_payload(config, text)
    local members = config.members or {}
    if text == "" then return "gone", { n = 0 } end
    local value = dkjson.decode(text, 1, dkjson.null)
    if type(value) ~= "table" or not text:find "^%s*{" then return "text", { text, n = 1 } end
    local is, values = "value", { n = #members }
    for i, name in ipairs(members) do
        local one = value[name]
        if type(one) == "table" and one ~= dkjson.null then
            one = dkjson.encode(one)
            if i == 1 then is = "json" end
        end
        if math.type(one) == "float" then one = math.tointeger(one) or one end
        if one ~= dkjson.null then values[i] = one end
    end
    return is, values
end

local function read_message(config, message)
    local skip, count = config.skip or 0, config.levels or 0
    local levels, result = levels_of(message.topic), { n = count + 2 }
    for i = 1, count do result[i + 1] = levels[skip + i] end
    local rest = table.concat(levels, "/", math.min(skip + count + 1, #levels + 1))
    if #levels > skip + count then result[count + 2] = (skip + count > 0 and "/" or "") .. rest end
    local is, values = read_payload(config, message.text)
    result[1] = is
    return table.unpack(table.move(values, 1, values.n, count + 3, result), 1, count + 2 + values.n)
end

--- Lua is told that messages wait: at once, or when the time to gather is over.
function fake:mqtt_tell(connection)
    if connection.timer or #connection.waiting == 0 then return end
    local since = self.now - connection.told_at
    connection.timer = self:at(math.max(0, connection.gather - since), function()
        connection.timer, connection.told_at = nil, self.now
        if not connection.closed then self:fire("mqtt_values", connection.id) end
    end)
end

--- A message of the broker's: to the connection, if it asked for the topic.
function fake:mqtt_message(connection, topic, text)
    for _, part in ipairs(connection.config.without or {}) do
        if topic:find(part, 1, true) then return end
    end
    for filter in pairs(connection.topics) do
        if subscribed(filter, topic) then
            for i, waiting in ipairs(connection.waiting) do
                if waiting.topic == topic then table.remove(connection.waiting, i) break end
            end
            table.insert(connection.waiting, { topic = topic, text = text })
            return self:mqtt_tell(connection)
        end
    end
end

--- The connection is made, or (`why` is given) lost or refused; then it is tried again.
function fake:mqtt_state(connection, why)
    if connection.closed then return end
    connection.up = why == nil
    if why then
        connection.retry = self:at(10, function() self:mqtt_connect(connection) end)
        self:fire("mqtt_down", connection.id, why)
    else
        self:fire("mqtt_up", connection.id)
    end
end

--- Asks world.broker(connection): nothing = it is connected, else why not. Without one nobody listens.
function fake:mqtt_connect(connection)
    if connection.closed then return end
    connection.logins = connection.logins + 1
    local why = "unreachable"
    if self.broker then why = self.broker(connection) end
    self:mqtt_state(connection, why)
end

--- world.connections, in the order of their opening: { config, topics = { [filter] = true }, up, logins,
-- closed, sent = { { topic, text, retained, time } } }. world.on_send(connection, message) hears what is
-- sent.
local function mqtt_functions(self, host)
    local function open_one(id)
        local connection = self.connections[integer_of(id)]
        return connection and not connection.closed and connection or nil
    end
    host.mqtt_open = function(config)
        check_type(config, "table")
        for _, key in ipairs { "name", "host", "client_id" } do check_type(config[key], "string") end
        for _, key in ipairs { "user", "password", "ca" } do
            if config[key] ~= nil then check_type(config[key], "string") end
        end
        for _, key in ipairs { "port", "keep_alive", "skip", "levels", "gather" } do
            local number = config[key]
            if number ~= nil or key == "port" then
                assert(integer_of(number) >= 0 and number <= 65535, key .. ": a whole number expected")
            end
        end
        for _, key in ipairs { "members", "without" } do
            if config[key] ~= nil then check_type(config[key], "table") end
            for _, text in ipairs(config[key] or {}) do check_type(text, "string") end
        end
        if config.password then host.mask(config.password) end
        local gather = (config.gather or 200) / 1000
        local connection = { id = #self.connections + 1, config = copy(config), topics = {}, sent = {},
                             waiting = {}, logins = 0, gather = gather, told_at = self.now - gather }
        self.connections[connection.id] = connection
        self:at(0, function() self:mqtt_connect(connection) end)
        return connection.id
    end
    host.mqtt_close = function(id)
        local connection = open_one(id)
        if connection then connection.closed, connection.up = true, false end
    end
    host.mqtt_subscribe = function(id, topic)
        local connection = open_one(id)
        topic = text_of(topic)
        if connection then connection.topics[topic] = true end
        return connection ~= nil
    end
    host.mqtt_send = function(id, topic, text, retained)
        local connection = open_one(id)
        local message = { topic = text_of(topic), text = text_of(text), retained = retained or false,
                          time = self.now }
        if not (connection and connection.up) then return false end
        table.insert(connection.sent, message)
        if self.on_send then self:at(0, function() self.on_send(connection, message) end) end
        return true
    end
    host.mqtt_read = function(id)
        local connection = open_one(id)
        local message = connection and table.remove(connection.waiting, 1)
        if message then return read_message(connection.config, message) end
    end
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
        if not id or #id > 30 or not id:find("^%u[%u%d_]*$") then return "a bad driver id" end
        if known[id] then return "a driver id stands twice in one node type" end
        if not driver.label or places < 0 or places > 6 then return "a driver needs a label and places" end
        known[id] = true
    end
    for _, event in ipairs(declaration.events or {}) do
        if not event.id then return "an event needs an id" end
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
                  stale = false }
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
        rounded = math.floor(exact * scale + 0.5) / scale
        rounded = math.tointeger(rounded) or rounded
    end
    node.values[id], node.exact[id], node.texts[id] = rounded, exact, text
    table.insert(self.sets, { address = address, driver = id, value = rounded, time = self.now })
    return table.concat({ shown(node, driver) }, " ", 1, 2) .. (node.texts[id] or "") ~= before
end

--- A driver as PG3 would be told it.
function shown(node, driver)
    if not node.values[driver.id] and not driver.sure then return "101", 25, node.texts[driver.id] end
    return ("%%.%df"):format(driver.places or 0):format(node.values[driver.id] or 0), driver.uom or 56,
        node.texts[driver.id]
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
    host.known = function(prefix)
        local list = {}
        prefix = prefix ~= nil and text_of(prefix) or ""
        for _, node in ipairs(self.known) do
            if node.address:sub(1, #prefix) == prefix then list[#list + 1] = copy(node) end
        end
        return list
    end
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
        for _, event in ipairs(self.types[node.type].events or {}) do
            if event.id == text_of(id) then
                if self.away then return false end
                table.insert(self.events, address .. " " .. id)
                return true
            end
        end
        error(("the node %s (%s) has no event %s"):format(address, node.type, id), 0)
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
    host.read = function(path)
        local folder, name = text_of(path):match("^(.*)/([^/]*)%.lua$")
        local given = self.files[folder or ""] and self.files[folder][name]
        local file = not given and io.open(path, "rb")
        local text = given and given.text or file and file:read("a") or nil
        if file then file:close() end
        if not text then return nil, "cannot be read" end
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
    end
    host.data = function() return copy(self.saved) end
    host.save = function(data)
        check_type(data, "table")
        local ok, taken = pcall(copy, data)
        if not ok then error("host.save: " .. taken, 0) end
        local bytes = #dkjson.encode(taken)
        if bytes > MOST_DATA then error(("host.save: it does not fit %d bytes"):format(MOST_DATA), 0) end
        taken = scrub_all(self, taken)
        self.saved = taken
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
    host.log = function(level, text)
        level = level or "info"
        assert(({ debug = true, info = true, warning = true, error = true })[level], "invalid option")
        table.insert(self.lines, { level = level, text = scrub(self, text_of(text)), raw = text })
    end
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
local OURS = { sources = true, model = true, types = true, serve = true, pg3 = true, tasks = true,
               tools = true }

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
    local proof, profile = require "types.proof", require "pg3.profile"
    local run, files = proof.run, profile.files
    function profile.files(types)
        if next(self.files) or #self.scripts ~= #fake.DEVICES then return files(types) end
        profile_files = profile_files or files(types)
        return profile_files
    end
    function proof.run(type_, ...)
        if proven[type_.file] then return {} end
        local problems = run(type_, ...)
        proven[type_.file] = #problems == 0 and SHIPPED[type_.file]
        return problems
    end
end

--- A new world with a fresh copy of every trusted module, `host` set as global.
function fake.new(options)
    options = options or {}
    local self = setmetatable({
        events = {}, now = START_TIME, clock_error = 0, timers = {}, last_timer = 0, hold_until = 0,
        due = {},                   -- the timers, that which comes first last
        nodes = {}, once = {}, added = {}, types = {}, sets = {}, known = options.known or {},
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
    if not self.scripts then
        self.scripts = {}
        for i, name in ipairs(options.devices or fake.DEVICES) do self.scripts[i] = fake.load_device(name) end
        for _, extra in ipairs(options.extra_scripts or {}) do table.insert(self.scripts, extra) end
    end
    local host = {}
    time_functions(self, host)
    http_functions(self, host)
    lan_functions(self, host)
    mqtt_functions(self, host)
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
