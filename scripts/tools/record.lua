--- victron-host --record FILE: keeps what VRM answers, without what is personal (tools/anonymous).
--
-- FILE has a line of JSON for each answer, in the order in which they came:
--   { "at": unix seconds, "path": what was asked for, "status":, "date":, "retry_after":, "answer": VRM's }
-- "bytes" in the place of "answer": that many which are no JSON, or too many; "error" in the place of
-- "status": no answer came, by kind of host.http's. The first line says of which version it is.

local anonymous = require "tools.anonymous"
local paint = require "tools.paint"

local record = {}

local MOST_BYTES = 64 * 1024 * 1024         -- of the file

--- One line of the file. answer: anonymous JSON|nil.
local function line_of(path, reply, err, answer)
    local parts = { ('{"at":%.3f,"path":%s'):format(host.time(), paint.quoted(path)) }
    local function add(name, value)
        if value then parts[#parts + 1] = (',"%s":%s'):format(name, value) end
    end
    if reply then
        add("status", reply.status)
        add("date", reply.date)
        add("retry_after", reply.retry_after)
        add("bytes", not answer and #reply.text)
        add("answer", answer)
    else
        add("error", paint.quoted(err.kind))
    end
    return table.concat(parts) .. "}\n"
end

--- Whether a file is there.
local function exists(path)
    local file = io.open(path)
    if file then file:close() end
    return file ~= nil
end

--- From now on what host.http gives is recorded -> true | nil, sentence.
function record.begin(path)
    path = paint.absolute(path)
    if exists(path) then return nil, path .. " is there already. Name another file." end
    local file, why = io.open(path, "w")
    if not file then return nil, ("%s cannot be written. Choose another place."):format(why) end
    local made, written, ask = anonymous.new(host.token), 0, host.http
    local function put(text)
        if not file then return end
        written = written + #text
        if written <= MOST_BYTES and file:write(text) and file:flush() then return end
        file:close()
        file = nil
        host.complain(("%s takes no more; the recording ends here."):format(path))
    end
    put(('{"victron-host":%s}\n'):format(paint.quoted(host.version)))
    function host.http(request)
        local plain = { text = true }
        for name, value in pairs(request) do plain[name] = value end
        plain.list, plain.without = nil, nil
        local reply, err = ask(plain)
        local asked = request.url:match "^%a+://[^/]+/v%d+(/.*)$" or "/"
        local shown = made:path(asked)
        put(line_of(shown, reply, err, reply and made:answer(asked, reply.text) or nil))
        return reply, err
    end
    return true
end

return record
