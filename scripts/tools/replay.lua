--- victron-host --replay FILE: what --record kept takes the place of VRM (tools/record has the form of FILE).
--
-- Each question gets the answer that came next to it in the recording, the last one again and again. The time
-- is that of the recording, and leaps to that of each answer: it does not matter how fast it is played.
-- Where something came live, time passes as it did, but faster, and sleeps are as much shorter: each message
-- and each event of a connection comes at its time, an answer not before it.

local live = require "sources.live"
local paint = require "tools.paint"
local record = require "tools.record"

local replay = {}

local SPEED = 10            -- of a recording with what came live
local SOON = 60             -- seconds in which an answer comes that a question waits for
local END = 10              -- seconds for what waits to be shown; less than a heart may stand still

local lists = {}            -- [what was asked for, without times] = { line, ... ; next }
local is_live = false       -- something came live
local of_gx = false         -- from a GX on the LAN
local seen = {}             -- set of the portal ids of which it came
local first                 -- when the first line came
local last_line, last_given -- of the measurements
local all_told = true       -- all that came live

------------------------------------------------------------------------------------------------ file

--- What a path asks for: spans of time begin and end elsewhere each time.
local function key_of(path)
    return (path:gsub("([?&])end=%d+", "%1end=-"))
end

local function key_without_times(path)
    return (key_of(path):gsub("([?&])start=%d+", "%1start=-"))
end

local function add(key, line)
    lists[key] = lists[key] or { next = 1 }
    table.insert(lists[key], line)
end

local function add_answer(path, line)
    add(key_of(path), line)
    if key_of(path) ~= key_without_times(path) then add(key_without_times(path), line) end
    if path:find "/diagnostics" then last_line = line end
end

--- A line -> when it came; what it begins with: "path" of an answer, "topic" of a message, or "portal" of an
-- event; that text. nil: it is none.
local function begin_of(line)
    local at, kind, text = line:match '^{"at":(%d+%.?%d*),"(%l+)":"([^"]*)"'
    return tonumber(at), kind, text
end

local function portal_in(text) return text:match "^N/([^/]+)" or text end

--- What a line of a kind says; nil: it was cut, or changed by hand so that it says nothing.
local function entry_of(line, kind)
    local entry = host.json(line)
    if type(entry) ~= "table" then return nil end
    local status, payload = math.type(entry.status), type(entry.payload)
    local says = kind == "path" and (status or type(entry.error) == "string")
        or kind == "topic" and (payload == "table" or math.type(entry.bytes))
        or kind == "portal" and type(entry.event) == "string"
    return says and entry or nil
end

--- Takes in all lines -> how many say nothing.
local function read(file)
    local wrong = 0
    for line in file:lines() do
        local at, kind, text = begin_of(line)
        if not (at and entry_of(line, kind)) then
            wrong = wrong + (line:find '^{"victron%-host":' and 0 or 1)
            kind = nil
        else
            first = first or at
        end
        of_gx = of_gx or line:match '^{"victron%-host":.*"live":"gx"' ~= nil
        if kind == "path" then add_answer(text, line) end
        if kind == "topic" or kind == "portal" then is_live, seen[portal_in(text)] = true, true end
    end
    return wrong
end

-------------------------------------------------------------------------------------------- the time

local ahead = 0             -- seconds that the recording's clock is ahead of the machine's
local speed                 -- how much faster its time passes
local begun                 -- the machine's time when it began to pass: at the first question
local latest                -- the clock does not pass what is not told yet

local machine, sleep = host.steady, host.sleep

local function passed() return first + (begun and (machine() - begun) * speed or 0) end

--- The clock leaps, or runs.
local function set_clock()
    if not is_live then
        ahead = first - machine()
        function host.time() return machine() + ahead end
    else
        latest, all_told = first, false
        function host.time() return math.min(passed(), latest) end
        function host.sleep(seconds) sleep(seconds / speed) end
    end
    host.steady = host.time
end

--------------------------------------------------------------------------------------------- answers

--- What comes next to a path. A question is not answered before its time; where that is far, it was not asked
-- in the recording.
local function next_answer(path)
    local list = lists[key_of(path)] or lists[key_without_times(path)]
    if not list then return nil end
    local i = math.min(list.next, #list)
    while is_live and i < #list and begin_of(list[i + 1]) <= host.time() do i = i + 1 end
    local entry = host.json(list[i])
    local early = is_live and entry.at - host.time() or 0
    if early > SOON and i > 1 then return host.json(list[i - 1]) end
    list.next, last_given = i + 1, last_given or list[i] == last_line
    if early > 0 then host.sleep(math.min(early, SOON)) end
    return entry
end

local function ask(request)
    begun = begun or machine()
    host.sleep(0)
    local entry = next_answer(request.url:match "^%a+://[^/]+/v%d+(/.*)$" or "")
    if not entry then
        return { status = 404, json = { success = false, errors = "this is not in the recording" } }
    end
    ahead = math.max(ahead, entry.at - machine())
    if not entry.status then
        return nil, { kind = entry.error, text = ("No answer came (%s)."):format(entry.error) }
    end
    return { status = entry.status, date = entry.date, retry_after = entry.retry_after,
             json = entry.answer, json_error = not entry.answer and "the recording leaves it out" or nil }
end

------------------------------------------------------------------------------------------------ live

local portals = {}          -- [portal id] = { waiting = entries that no connection took, is_up, connection }
local connections = {}      -- [id] = { id, portal, members = names, told = entries to be read, is_up,
                            --          own = what it asked with last }
local last_id = 0

local function portal_of(id)
    portals[id] = portals[id] or { waiting = {} }
    return portals[id]
end

local function hear(connection, event, why)
    host.spawn(live.hear, event, connection.id, why)
end

--- Messages are heard together, as they came.
local function hear_told(connection)
    if #connection.told > 0 then hear(connection, "mqtt_values") end
end

--- An event or a message to the connection that asked for it.
local function tell(connection, entry)
    if entry.event then
        local is_up = entry.event == "mqtt_up"
        if is_up and connection.is_up then return end
        if is_up or entry.event == "mqtt_down" then connection.is_up = is_up end
        hear_told(connection)
        hear(connection, entry.event, entry.why)
    elseif connection.is_up ~= nil then
        table.insert(connection.told, entry)
    end
end

--- What came of a portal goes to its connection; until there is one it waits.
local function hand_over(portal)
    local connection, list = portal.connection, portal.waiting
    if not connection then return end
    portal.waiting = {}
    if portal.is_up then tell(connection, { event = "mqtt_up" }) end
    for _, entry in ipairs(list) do
        tell(connection, entry)
        portal.is_up = connection.is_up
    end
    hear_told(connection)
end

local function hand_over_all()
    for _, portal in pairs(portals) do hand_over(portal) end
end

--- Goes through the recording as its time passes. At its end that stands still: nothing grows old.
local function play(file)
    for line in file:lines() do
        local at, kind, text = begin_of(line)
        if at and at > latest then
            hand_over_all()
            latest = at
            sleep(math.max(0, latest - passed()) / speed)
        end
        local entry = kind ~= "path" and entry_of(line, kind)
        if entry then table.insert(portal_of(portal_in(text)).waiting, entry) end
    end
    hand_over_all()
    file:close()
    latest = latest + END
    sleep(END / speed)
    all_told = true
end

--- In the place of host.mqtt_...
local broker = {}

function broker.mqtt_open(config)
    last_id = last_id + 1
    connections[last_id] = { id = last_id, members = config.members, told = {} }
    return last_id
end

function broker.mqtt_close(id)
    local connection = connections[id]
    if connection and connection.portal then connection.portal.connection = nil end
    connections[id] = nil
end

function broker.mqtt_subscribe(id, topic)
    local connection, its = connections[id], topic:match "^N/([^/+#]+)/"
    if connection.portal or not its then return true end
    connection.portal = portal_of(its)
    connection.portal.connection = connection
    host.spawn(hand_over, connection.portal)
    return true
end

function broker.mqtt_send(id, _, text)
    local connection = connections[id]
    connection.own = record.echo_in(text) or connection.own
    return connection.is_up or false
end

function broker.mqtt_read(id)
    local connection = connections[id]
    local entry = connection and table.remove(connection.told, 1)
    if not entry then return nil end
    local topic, values = entry.topic:match "^N/[^/]+(/.*)$", {}
    if not entry.payload then return entry.bytes == 0 and "gone" or "text", topic end
    for i, name in ipairs(connection.members) do
        values[i] = entry.payload[name]
        if name == record.ECHO and values[i] == "own" then values[i] = connection.own end
    end
    local is = type(values[1]) == "table" and "json" or "value"
    return is, topic, table.unpack(values, 1, #connection.members)
end

---------------------------------------------------------------------------------------------- to use

--- Whether all of the recording was shown. With live data it is over when its time is: perhaps more was asked
-- for in the recording.
function replay.over() return (last_given or is_live) and all_told end

--- Whether there is something in it that came live.
function replay.is_live() return is_live end

--- The parameters by which that comes. A GX is one without encryption: there is no certificate and no login.
function replay.params()
    if not is_live then return {} end
    local hosts = {}
    for portal in pairs(seen) do hosts[#hosts + 1] = portal .. "=gx.example.invalid:1883" end
    return of_gx and { live = "gx", gx_host = table.concat(hosts, " ") } or { live = "vrm" }
end

--- From now on VRM's answers come from the file, and the time is the recording's -> true | nil, sentence.
-- faster: how much faster than it was time passes, where something came live; a spec's own clock wants 1.
function replay.begin(path, faster)
    path = paint.absolute(path)
    local file, why = io.open(path)
    if not file then return nil, why .. "." end
    local _, problem = file:read(0)
    if problem then return nil, ("%s: %s."):format(path, problem) end
    local wrong = read(file)
    if first and wrong > 0 then
        host.complain(("%s: lines that were cut or changed, and are left out: %d."):format(path, wrong))
    end
    if not first then
        file:close()
        return nil, path .. " is no recording. victron-host --record FILE makes one."
    end
    host.token, speed = "replayed", faster or SPEED
    set_clock()
    host.http = ask
    for name, fn in pairs(broker) do host[name] = fn end
    if is_live and file:seek "set" then host.spawn(play, file) else file:close() end
    return true
end

return replay
