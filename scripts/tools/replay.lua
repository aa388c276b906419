--- victron-host --replay FILE: what --record kept takes the place of VRM (tools/record has the form of FILE).
--
-- Each question gets the answer that came next to it in the recording, the last one again and again. The time
-- is that of the recording, and leaps to that of each answer: it does not matter how fast it is played.

local paint = require "tools.paint"

local replay = {}

local lists = {}            -- [what was asked for, without times] = { line, ... ; next }
local ahead = 0             -- seconds that the recording's clock is ahead of the machine's
local last_line, last_given -- of the measurements

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

--- Reads the lines -> when the first answer came | nil.
local function read(file)
    local first
    for line in file:lines() do
        local at, path = line:match '^{"at":(%d+%.?%d*),"path":"([^"]*)"'
        if at then
            first = first or tonumber(at)
            add(key_of(path), line)
            if key_of(path) ~= key_without_times(path) then add(key_without_times(path), line) end
            if path:find "/diagnostics" then last_line = line end
        end
    end
    return first
end

local function next_answer(path)
    local list = lists[key_of(path)] or lists[key_without_times(path)]
    if not list then return nil end
    local line = list[math.min(list.next, #list)]
    list.next = list.next + 1
    if line == last_line then last_given = true end
    return host.json(line)
end

--- Whether all measurements of the recording were shown.
function replay.over() return last_given end

--- From now on VRM's answers come from the file, and the time is the recording's -> true | nil, sentence.
function replay.begin(path)
    local file, why = io.open(paint.absolute(path))
    if not file then return nil, why .. "." end
    local first = read(file)
    file:close()
    if not first then return nil, path .. " is no recording. victron-host --record FILE makes one." end
    local machine = host.time
    ahead, host.token = first - machine(), "replayed"
    function host.time() return machine() + ahead end
    function host.http(request)
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
    return true
end

return replay
