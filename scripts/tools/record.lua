--- victron-host --record FILE: keeps what VRM answers and what comes live, without what is personal
-- (tools/anonymous).
--
-- FILE has a line of JSON for each answer and message, in the order in which they came:
--   { "at": unix seconds, "path": what was asked for, "status":, "date":, "retry_after":, "answer": VRM's }
-- "bytes" in the place of "answer": that many which are no JSON, or too many; "error" in the place of
-- "status": no answer came, by kind of host.http's.
--   { "at":, "topic": "N/PORTAL/...", "payload": { "value":, ... } }     a message that sources.live took
-- "bytes" in the place of "payload": that many which are no object; 0: the device left the D-Bus.
--   { "at":, "portal": PORTAL, "event": "mqtt_up", "why": of "mqtt_down" }      host.mqtt_open's
-- The first line says of which version it is, and which parameter live:
--   { "victron-host": version, "live": "vrm" or "gx" | nil }

local anonymous = require "tools.anonymous"
local live = require "sources.live"
local paint = require "tools.paint"
local params = require "pg3.params"

--- ECHO: the member by which everything's end is told, with what it was asked with.
local record = { ECHO = "full-publish-completed-echo" }

record.MOST_BYTES = 64 * 1024 * 1024        -- of the file

--- One line of the file. members: list of { name, JSON | nil: it is left out }.
local function line_of(members)
    local parts = { ('{"at":%.3f'):format(host.time()) }
    for i = 1, #members do
        local name, json = members[i][1], members[i][2]
        if json then parts[#parts + 1] = (',"%s":%s'):format(name, json) end
    end
    return table.concat(parts) .. "}\n"
end

--- answer: anonymous JSON|nil.
local function line_of_answer(path, reply, err, answer)
    return line_of { { "path", paint.quoted(path) }, { "status", reply and reply.status },
        { "date", reply and reply.date }, { "retry_after", reply and reply.retry_after },
        { "bytes", reply and not answer and #reply.text }, { "answer", answer },
        { "error", not reply and paint.quoted(err.kind) } }
end

local function exists(path)
    local file = io.open(path)
    if file then file:close() end
    return file ~= nil
end

local function record_answers(made, put)
    local ask = host.http
    function host.http(request)
        local plain = { text = true }
        for name, value in pairs(request) do plain[name] = value end
        plain.list, plain.without = nil, nil
        local reply, err = ask(plain)
        local asked = request.url:match "^%a+://[^/]+/v%d+(/.*)$" or "/"
        local shown = made:path(asked)
        put(line_of_answer(shown, reply, err, reply and made:answer(asked, reply.text) or nil))
        return reply, err
    end
end

--- What a message to a gateway asks for everything with; nil: it does not.
function record.echo_in(text) return text:match '"full%-publish%-completed%-echo":"(%x+)"' end

--- The payload of a message as JSON: the members that were read of it, by name. own: what this client asked
-- with, which is another each time.
local function payload_of(made, topic, names, values, own)
    local parts = {}
    for i, name in ipairs(names) do
        local value = values[i]
        if name == record.ECHO then
            value = value ~= nil and (value == own and '"own"' or '"other"') or nil
        elseif value ~= nil or name == "value" then
            value = made:told(topic, value)
        end
        if value then parts[#parts + 1] = paint.quoted(name) .. ":" .. value end
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

--- What comes of a connection is an installation's that has asked for something by it: its portal id is in
-- the topic.
local function record_live(made, put)
    local open, subscribe, send, read, hear =
        host.mqtt_open, host.mqtt_subscribe, host.mqtt_send, host.mqtt_read, live.hear
    local connections = {}          -- [id] = { members = names, portal = its other, own = the last echo }
    function host.mqtt_open(config)
        local id, why = open(config)
        if id then connections[id] = { members = config.members } end
        return id, why
    end
    function host.mqtt_subscribe(id, topic)
        local portal = topic:match "^N/([^/+#]+)/"
        if portal then connections[id].portal = made:other("portal", portal) end
        return subscribe(id, topic)
    end
    function host.mqtt_send(id, topic, text)
        connections[id].own = record.echo_in(text) or connections[id].own
        return send(id, topic, text)
    end
    function host.mqtt_read(id)
        local its, message = connections[id], table.pack(read(id))
        local is, topic = message[1], message[2]
        if is and topic then
            local values = table.move(message, 3, message.n, 1, {})
            local told = is == "value"
            put(line_of { { "topic", paint.quoted("N/" .. its.portal .. made:topic(topic)) },
                { "payload", told and payload_of(made, topic, its.members, values, its.own)
                    or live.is_none(is, values[1]) and '{"value":null}' or is == "json" and '{"value":[]}' },
                { "bytes", is == "gone" and 0 or is == "text" and #values[1] } })
        end
        return table.unpack(message, 1, message.n)
    end
    function live.hear(event, id, why)
        local portal = connections[id] and connections[id].portal
        if portal and event ~= "mqtt_values" then
            put(line_of { { "portal", paint.quoted(portal) }, { "event", paint.quoted(event) },
                { "why", event == "mqtt_down" and paint.quoted(why) } })
        end
        return hear(event, id, why)
    end
end

--- From now on what host.http and sources.live get is recorded -> true | nil, sentence. given: parameters.
function record.begin(path, given)
    path = paint.absolute(path)
    if exists(path) then return nil, path .. " is there already. Name another file." end
    local file, why = io.open(path, "w")
    if not file then return nil, ("The file cannot be written: %s. Choose another place."):format(why) end
    local written = 0
    local function put(text)
        if not file then return end
        written = written + #text
        if written <= record.MOST_BYTES and file:write(text) and file:flush() then return end
        file:close()
        file = nil
        host.complain(("%s takes no more; the recording ends here."):format(path))
    end
    local way = params.read(given).live
    put(('{"victron-host":%s%s}\n'):format(paint.quoted(host.version),
        way ~= "off" and (',"live":"%s"'):format(way) or ""))
    local made = anonymous.new(host.token)
    record_answers(made, put)
    record_live(made, put)
    return true
end

return record
