--- VRM API v2 client (docs/vrm.md): seven questions, answered as plain records, and those of device scripts.
--
-- Every function here waits (call it in a task) and returns its records, or nil and
--   { kind = ..., text = "One sentence a user understands.", retry_after = seconds|nil }
--   kind: "auth" 401 | "forbidden" 403 | "rate" 429 | "server" 5xx
--         | "refused" (another status, success:false)
--         | "bad_answer" (not what VRM documents) | "foreign" (not VRM's: a proxy, a login page on the way)
--         | "dns" "connect" "tls" "timeout" "cut" "too_big" "other" (the network's, from host.http)
--         | "misuse" (a device script asked for what it may not)
--
-- VRM's answers come from PHP: false, [] and null stand where an object is documented, numbers arrive as
-- text. The readers in sources.answers take any value and never raise.

local answers = require "sources.answers"
local diagnostics = require "types.diagnostics"
local limits = require "types.limits"
local lists = require "types.lists"
local read = require "types.read"

local vrm = {}
vrm.__index = vrm

local DEFAULT_URL = "https://vrmapi.victronenergy.com/v2"

--- VRM keeps a window of 200 requests and forgets one every 0.33 s. A burst of 40 and then one every
-- 0.4 s can never fill it, and leaves most of it to whatever else the user has on the same account.
vrm.LIMIT = { depth = 40, interval_ms = 400 }

local TIMEOUT = 20          -- seconds; clients of the live API use 10 to 20

--- Priorities of requests: a hundred installations wait half a minute for VRM's limit. What was begun is
-- ended before the next is begun; what somebody waits for comes before both. Others have 0, and what is asked
-- beside the polls comes last.
vrm.LAST, vrm.BEGUN, vrm.ASKED = -1, 1, 2

local PAGE_SIZE = 1000      -- rows; without `count` VRM sends only the first 100
local MAX_PAGES = 20

--- A client. options = { token =, url = base ending in /v2 | nil, ca_file = PEM bundle | nil }.
-- Returns nil and a sentence if the address is not https: the token must not travel in the clear.
function vrm.new(options)
    local url = options.url or DEFAULT_URL
    local last = #url
    while url:byte(last) == 47 do last = last - 1 end
    url = url:sub(1, last)
    if not url:lower():find("^https://[^/]") then
        return nil, "VRM's address must begin with https:// (VICTRON_VRM_URL is " .. url .. ")."
    end
    return setmetatable({ url = url, token = options.token, ca_file = options.ca_file, asked = {} }, vrm)
end

local STATUS_TEXT = {
    [401] = { "auth", "VRM does not accept the access token (401)" },
    [403] = { "forbidden", "VRM gives this access token no permission (403)" },
    [404] = { "refused", "VRM does not know what was asked for (404)" },
    [429] = { "rate", "VRM asks to send fewer requests (429)" },
}

--- Whether VRM itself answered: its errors are objects that say so. Pages of a proxy, a content network or a
-- login page on the way have any status, 401 and 403 too, and mean nothing for the token.
local function by_vrm(reply)
    return type(reply.json) == "table" and reply.json.success == false
end

--- An HTTP answer that is not a success, as an error. VRM's own text is in the account's language: it is
-- shown to the user and never decided on.
local function status_error(reply, token)
    local kind, text
    local busy = reply.status == 429 or reply.status >= 500 and reply.status ~= 511     -- 511: log in first
    if not (busy or by_vrm(reply)) then
        return { kind = "foreign", text = ("Not VRM answers but something on the way to it (status %d).")
            :format(reply.status) }
    end
    local known = STATUS_TEXT[reply.status]
    if known then
        kind, text = known[1], known[2]
    elseif reply.status >= 500 then
        kind, text = "server", "VRM has a problem of its own (" .. reply.status .. ")"
    else
        kind, text = "refused", "VRM answered with status " .. reply.status
    end
    local said = answers.error_text(reply.json, token)
    if said then text = text .. ": " .. said end
    return { kind = kind, text = text .. ".", retry_after = reply.retry_after }
end

local EMPTY = "T_END at character 1$"          -- what lua-cjson says of a text in which nothing is

--- One GET; returns the decoded JSON object and the reply, or nil and an error. options: priority, without
-- and list of host.http (nil: none).
function vrm:get(path, options)
    options = options or {}
    local since = host.steady()             -- of the wish: it may wait for VRM's limit
    local reply, err = host.http {
        url = self.url .. path,
        headers = { "X-Authorization: Token " .. self.token, "Accept: application/json" },
        timeout = TIMEOUT,
        ca_file = self.ca_file,
        priority = options.priority, without = options.without, list = options.list,
    }
    host.log("debug", ("GET %s: %s, after %.0f ms."):format(path,
        reply and "status " .. reply.status or "no answer, " .. err.kind, (host.steady() - since) * 1000))
    local problem
    if not reply then
        problem = { kind = err.kind, text = err.text }
    elseif reply.status < 200 or reply.status > 299 then
        problem = status_error(reply, self.token)
    elseif type(reply.json) ~= "table" then
        problem = { kind = reply.json == nil and "foreign" or "bad_answer",
                    text = ("The answer is not VRM's data but %s."):format(
                        (reply.json_error or ""):find(EMPTY) and "empty" or
                        ("a page or a broken text (%s)"):format(reply.json_error or "it is no object")) }
    elseif reply.json.success == false then
        local said = answers.error_text(reply.json, self.token) or "it gave no reason"
        problem = { kind = "refused", text = "VRM refused the request: " .. said .. "." }
    end
    if problem then
        problem.text = answers.without(problem.text, self.token)
        return nil, problem
    end
    return reply.json, reply
end

local function bad(what)
    return nil, { kind = "bad_answer", text = "VRM's answer holds no " .. what .. "." }
end

--- One question -> what a reader makes of VRM's answer, nil, VRM's clock when it answered, unix|nil; nil,
-- error. what: an answer of which it makes nothing lacks that.
local function ask(client, path, options, reader, what)
    local json, reply = client:get(path, options)
    if not json then return nil, reply end
    local found = reader(json)
    if not found then return bad(what) end
    return found, nil, reply.date
end

--- Whose token is it? -> { id = user id, email|nil }
function vrm:me()
    return ask(self, "/users/me", { priority = vrm.ASKED }, answers.user, "user")
end

--- All installations of the user -> list of { id, name, unnamed = VRM has no name of it, nil: it has,
-- alarms = count, last_timestamp = unix|nil,
-- zone = name of its time zone|nil, created = when it came to VRM, unix|nil, portal = its gateway's portal
-- id|nil, mqtt_host, mqtt_webhost = the broker of its live data, and that for websockets|nil }.
-- With all their values they are some 20 kB each, and VRM has no pages for them: a list that is too large is
-- asked for without, some 0.7 kB each. Then alarms is 0, last_timestamp nil, and self.bare true: vrm:details
-- has them.
function vrm:installations(user_id)
    local path = "/users/" .. user_id .. "/installations"
    local json, err
    if not self.bare then
        json, err = self:get(path .. "?extended=1", { without = { "extended" }, priority = vrm.ASKED })
    end
    if self.bare or err and err.kind == "too_big" then
        json, err = self:get(path, { priority = vrm.ASKED })
        self.bare = json ~= nil
    end
    if not json then return nil, err end
    local none = json.records == false or json.records == nil and json.success == true
    if type(json.records) ~= "table" and not none then
        return bad("list of installations")
    end
    return answers.installations(json)
end

--- One installation of the list, with what the list has without vrm.bare. priority: nil for 0.
function vrm:details(user_id, site_id, priority)
    local path = ("/users/%d/installations?extended=1&idSite=%d"):format(user_id, site_id)
    return ask(self, path, { without = { "extended" }, priority = priority },
        function(json) return lists.with_id(answers.installations(json), site_id) end, "such installation")
end

--- The devices VRM lists for one installation (no measurements) -> list of
-- { type, type_id, instance, custom_name, product, last_connection, gateway = bool, interval = seconds|nil };
-- any field but `gateway` may be nil. The third result is VRM's clock when it answered, unix|nil. priority:
-- nil for 0.
function vrm:overview(site_id, priority)
    return ask(self, ("/installations/%d/system-overview"):format(site_id), { priority = priority },
        answers.overview, "devices")
end

--- What a record is (diagnostics.place), by a hash of the text that says so.
local MOST_PLACES = 50000           -- one place may have several; those that are in use are learned again
local places, place_count

local function forget_places()
    places, place_count = setmetatable({}, { __mode = "v" }), 0
end

forget_places()

--- What a record is that nobody has seen yet; nil when nobody can say that.
local function learn_place(record, hash)
    local place = type(record) == "table" and diagnostics.place(record) or nil
    if place_count == MOST_PLACES then forget_places() end
    places[hash], place_count = place, place_count + 1
    return place
end

--- What host.http is to give of the records (see there). rows[number] becomes a row, or false for what is
-- none.
local function list_of(rows, names, known)
    local content = { table.unpack(diagnostics.CONTENT) }
    if not names then content[#content] = nil end
    local function take(number, place, hash, raw, formatted, timestamp, value_enum, enum)
        if hash then place = learn_place(place, hash) end
        rows[number] = place
            and diagnostics.row_at(place, raw, formatted, timestamp, value_enum, enum) or false
    end
    return { name = "records", place = diagnostics.PLACE, content = content, places = places, known = known,
             take = take }
end

--- A page of which only what changed has come so far is whole then: page = { rows = by record, marks = see
-- host.http|nil }.
local function complete(page, json, reply)
    for number = #page.rows, (reply.count or 0) + 1, -1 do page.rows[number] = nil end
    for number, record in ipairs(reply.marks and {} or read.items(json.records)) do
        page.rows[number] = diagnostics.row(record) or false
    end
    page.marks = reply.marks
end

--- Whether each record of a page is a row.
local function is_whole(page)
    local rows = page.rows
    for number = 1, #rows do
        if not rows[number] then return false end
    end
    return true
end

--- The rows of all pages as one list.
local function join(pages)
    if #pages == 1 and is_whole(pages[1]) then return pages[1].rows end
    local rows = {}
    for _, page in ipairs(pages) do
        for _, row in ipairs(page.rows) do
            if row then rows[#rows + 1] = row end
        end
    end
    return rows
end

--- A text that is the same for pages of so many records whose rows are in the same places, whatever their
-- values.
local function page_mark(rows)
    local parts = { #rows }
    for _, row in ipairs { rows[1] or {}, rows[#rows] or {} } do
        for _, name in ipairs { "service", "instance", "path", "code", "id" } do
            parts[#parts + 1] = tostring(row[name])
        end
    end
    return table.concat(parts, "|")
end

--- All measurements of one installation -> { rows = list (see diagnostics.row_at), date = unix|nil, pages }.
-- date: VRM's clock when it answered. Further pages are asked for only if VRM says there are more rows, or
-- says nothing of that and a page is full.
-- names = false: without the names of values, which are half of an answer and hardly ever change; those read
-- before stay (diagnostics.names). known: pages of the answer before, nil for none: a row that is as it was
-- the same table. priority: nil for vrm.BEGUN.
function vrm:diagnostics(site_id, names, known, priority)
    local pages, seen, fetched, date = {}, {}, 0, nil
    for number = 1, MAX_PAGES do
        local before = known and known[number] or { rows = {} }
        local page = { rows = table.move(before.rows, 1, #before.rows, 1, {}) }
        local json, reply = self:get(("/installations/%d/diagnostics?count=%d&page=%d")
            :format(site_id, PAGE_SIZE, number), { priority = priority or vrm.BEGUN,
            list = list_of(page.rows, names ~= false, before.marks) })
        if not json then return nil, reply end
        if number == 1 and type(json.records) ~= "table" and json.records ~= false then
            return bad("measurements")
        end
        date = reply.date or date
        complete(page, json, reply)
        local mark = page_mark(page.rows)
        if #page.rows == 0 or seen[mark] then break end     -- a server that ignores `page` repeats itself
        seen[mark], pages[number] = true, page
        fetched = fetched + #page.rows
        local told = read.integer(json.num_records)
        if told and fetched >= told or not told and #page.rows < PAGE_SIZE then break end
    end
    return { rows = join(pages), date = date, pages = pages }
end

--- The energy of one installation from one time to another (unix seconds, `to` not included) -> { [code] =
-- kWh } (see answers.energy). interval: "hours", "days", "months" or "years", of which VRM allows 31 days,
-- 180 days, 24 months and 5 years at once. The third result is VRM's clock when it answered, unix|nil.
function vrm:energy(site_id, interval, from, to)
    local path = ("/installations/%d/stats?type=kwh&interval=%s&start=%d&end=%d")
        :format(site_id, interval, from, to - 1)
    return ask(self, path, { without = { "records" }, priority = vrm.LAST }, answers.energy,
        "totals of energy")
end

--- The solar yield that VRM expects of one installation from one time to another -> see answers.forecast. The
-- third result is VRM's clock when it answered, unix|nil.
function vrm:forecast(site_id, from, to)
    local path = ("/installations/%d/stats?type=forecast&interval=hours&start=%d&end=%d")
        :format(site_id, from, to - 1)
    return ask(self, path, { priority = vrm.LAST }, answers.forecast, "forecast")
end

local function percent(text)
    return (tostring(text):gsub("[^%w%-._~]", function(char) return ("%%%02X"):format(char:byte()) end))
end

--- Whether a device script may ask now: VRM's limit is there for all.
local function allows(client, file)
    local now = host.steady()
    local asked = client.asked[file] or { level = 0, at = now }
    asked.level = math.max(asked.level - (now - asked.at) / limits.request_seconds, 0)
    asked.at, client.asked[file] = now, asked
    if asked.level > limits.requests - 1 then return false end
    asked.level = asked.level + 1
    return true
end

--- What is wrong with a path and query that a device script asks for; nil: nothing. Diagnostics are left
-- out: the plugin polls them, and never twice at once for one installation.
function vrm.misuse(path, query)
    if type(path) ~= "string" or not path:find("^/[%w/._-]+$") then
        return "vrm.get: write a path like \"/installations/1234/stats\"; the rest goes into query."
    end
    if (path .. "/"):find("/%.*/") then
        return "vrm.get: a path has no part that is empty, \".\" or \"..\"."
    end
    if path:lower():find("/diagnostics", 1, true) then
        return "vrm.get: diagnostics are polled already; use the rows given to update."
    end
    if query ~= nil and type(query) ~= "table" then
        return "vrm.get: the query is a table: vrm.get(\"/installations/1234/stats\", { type = \"kwh\" })."
    end
    return nil
end

--- A device script's vrm.get(path [, query]) -> VRM's answer as it is | nil, { kind, text, ... }.
function vrm:get_for_script(file, path, query)
    if not allows(self, file) then
        host.sleep(1)               -- or a loop of refusals would keep the box busy
        return nil, { kind = "misuse", text = ("vrm.get: a script can ask VRM %d times at once, then once in"
            .. " %d seconds."):format(limits.requests, limits.request_seconds) }
    end
    local misuse = vrm.misuse(path, query)
    if misuse then return nil, { kind = "misuse", text = misuse } end
    local parts = {}
    for name, value in pairs(query or {}) do
        parts[#parts + 1] = percent(name) .. "=" .. percent(value)
    end
    table.sort(parts)
    local json, reply = self:get(path .. (#parts > 0 and "?" .. table.concat(parts, "&") or ""),
        { priority = vrm.ASKED })
    return json, not json and reply or nil
end

return vrm
