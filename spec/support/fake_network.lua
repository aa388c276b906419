--- The network of the fake host (fake_host.lua): VRM, devices on the LAN and brokers, which the spec plays.

local dkjson = require "dkjson"
local arguments = require "spec.support.arguments"
local scripts = require "spec.support.fake_scripts"

local check_type, text_of = arguments.check_type, arguments.text_of
local number_of, integer_of = arguments.number_of, arguments.integer_of
local copy = scripts.copy

--- A world has these, too.
local network = {}

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
        local headers = {}
        for _, line in ipairs(request.headers or {}) do
            local name, value = text_of(line):match "^([%w-]+): (.+)$"
            headers[name] = value
        end
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
        local entry = { path = path, headers = headers, time = self.now, running = true,
                        priority = request.priority or 0 }
        table.insert(entry.priority < 0 and self.beside or self.requests, entry)
        local page = tonumber(path:match("[?&]page=(%d+)"))
        local reply, err = self.answer { path = path, headers = headers, page = page }
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
function network.certificate(name)
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
    local is, values = read_payload(config, message.text)
    local rest = message.topic
    for i = 1, config.skip or 0 do
        local slash = rest and rest:find("/", i > 1 and 2 or 1, true)
        rest = slash and rest:sub(slash)
    end
    return is, rest, table.unpack(values, 1, values.n)
end

--- Lua is told that messages wait: at once, or when the time to gather is over.
function network:mqtt_tell(connection)
    if connection.timer or #connection.waiting == 0 then return end
    local since = self.now - connection.told_at
    connection.timer = self:at(math.max(0, connection.gather - since), function()
        connection.timer, connection.told_at = nil, self.now
        if not connection.closed then self:fire("mqtt_values", connection.id) end
    end)
end

--- A message of the broker's: to the connection, if it asked for the topic. is_kept: it is of before that.
function network:mqtt_message(connection, topic, text, is_kept)
    if is_kept and connection.config.kept == false then return end
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
function network:mqtt_state(connection, why)
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
function network:mqtt_connect(connection)
    if connection.closed then return end
    connection.logins = connection.logins + 1
    local why = "unreachable"
    if self.broker then why = self.broker(connection) end
    self:mqtt_state(connection, why)
end

--- world.connections, in the order of their opening: { config, topics = { [filter] = true }, up, logins,
-- closed, sent = { { topic, text, time } } }. world.on_send(connection, message) hears what is sent.
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
        for _, key in ipairs { "port", "skip", "gather" } do
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
    host.mqtt_send = function(id, topic, text)
        local connection = open_one(id)
        local message = { topic = text_of(topic), text = text_of(text), time = self.now }
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

--- Adds what a world has of host's functions for it.
function network:open_network(host)
    http_functions(self, host)
    lan_functions(self, host)
    mqtt_functions(self, host)
end

return network
