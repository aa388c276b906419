--- victron-host --demo, --watch: the plugin without PG3, shown to a person. A terminal gets a table that
-- stays in its place, a pipe a line for each change; with --once it is one table when the first values are
-- there.

local account = require "sources.account"
local console = require "tools.console"
local paint = require "tools.paint"
local timer = require "tasks.timer"

local TICK_SECONDS = 0.1
local QUIET_SECONDS = 1.2           -- --once: nothing new for so long means that everything is there
local PATIENCE_SECONDS = 60         -- --once: not longer
local MOST_LINES, MOST_NOTICES = 4, 8

local SHORT_POLL, LONG_POLL = 60, 600
local TITLE = "victron-host: your installations as the ISY would show them. Ctrl-C ends it."
if host.demo then
    SHORT_POLL, LONG_POLL = 2, 30
    TITLE = "victron-host: three made-up installations, a day in 4 minutes. Ctrl-C ends it."
end

local in_place = host.colours and not host.once
local addresses = {}                -- of the nodes, in the order of their addition
local notices = {}                  -- [key] = text
local log = {}                      -- its last lines
local touched = false               -- there is something to draw
local values = false                -- a device's were there
local ticker                        -- the timer of the showing; nil after the end

------------------------------------------------------------------------------------- in PG3's place

local events = {}                   -- [event] = main.lua's function for it
local real = { on = host.on, add = host.add }

function host.on(event, fn)
    events[event] = fn
    real.on(event, fn)
end

function host.params() return { vrm_token = host.token } end

--- Nothing is installed, and the files of an installed plugin stay as they are.
function host.profile() return false end
function host.write() return nil, "only the plugin in PG3 writes device scripts" end

function host.add(node)
    local fresh = host.node(node.address) == nil
    local ok, why = real.add(node)
    if ok and fresh then
        addresses[#addresses + 1] = node.address
        touched = true
        -- PG3 shows there whether the plugin is connected.
        if node.address == account.CONTROLLER then host.set(node.address, "ST", 1) end
    end
    return ok, why
end

local ENTITIES = { lt = "<", gt = ">", amp = "&", quot = '"' }

--- HTML as plain text.
local function plain(html) return (html:gsub("<[^>]*>", ""):gsub("&(%a+);", ENTITIES)) end

function host.notice(key, html)
    notices[key] = html and plain(html)
    touched = true
end

real.on("notice", function(key, html) host.notice(key, html) end)       -- of a device script

--------------------------------------------------------------------------------------------- showing

--- The size of the terminal -> columns, rows (nil: any number): COLUMNS and LINES where they are set, else
-- what stty says.
local function size()
    local rows, columns = host.env("LINES"), host.env("COLUMNS")
    local pipe = host.colours and io.popen("stty size 2>/dev/null </dev/tty")
    if pipe then
        local its_rows, its_columns = (pipe:read("l") or ""):match("^(%d+) (%d+)$")
        pipe:close()
        rows, columns = rows or its_rows, columns or its_columns
    end
    rows, columns = math.tointeger(tonumber(rows)) or 0, math.tointeger(tonumber(columns)) or 0
    return columns >= 60 and columns <= 400 and columns or 100, rows > 0 and rows < 1000 and rows or nil
end

local columns, rows = size()
if not in_place then rows = nil end

local function notice_texts()
    local keys, texts = {}, {}
    for key in pairs(notices) do keys[#keys + 1] = key end
    table.sort(keys)
    for i = 1, math.min(#keys, MOST_NOTICES) do texts[i] = notices[keys[i]] end
    return texts
end

local function leave(code)
    if ticker then timer.cancel(ticker) end
    ticker = nil
    host.leave(code)
end

--- Writes a text with a newline; when nobody reads any more this is the end.
local function say(text)
    if not host.print(text) then leave(0) end
end

local function draw()
    local lines = console.table { title = TITLE, addresses = addresses, columns = columns, rows = rows,
                                  notices = notice_texts(), log = log }
    if not in_place then return say(table.concat(lines, "\n")) end
    -- Lines that are too long are cut, not wrapped: wrapped ones would push the first ones out.
    say("\27[?7l\27[H" .. table.concat(lines, "\27[K\n") .. "\27[K\27[J\27[?7h")
end

--- What is new since the last time, into a pipe at once.
local function look()
    local stream = not host.colours and not host.once
    for _, line in ipairs(host.lines()) do
        table.insert(log, line)
        if #log > MOST_LINES then table.remove(log, 1) end
        if stream then say(paint.clean(line)) end
        touched = true
    end
    for _, change in ipairs(host.changes()) do
        values = values or change.address ~= account.CONTROLLER
        if stream then say(console.change(change.address, change.driver)) end
        touched = true
    end
end

local quiet = 0                     -- seconds without anything new

local function show()
    look()
    quiet = touched and 0 or quiet + TICK_SECONDS
    if in_place and touched then draw() end
    touched = false
    if host.once and quiet >= QUIET_SECONDS and (values or next(notices)) then
        draw()
        leave(0)
    end
end

------------------------------------------------------------------------------------------- the course

require "main"

host.spawn(function()
    events.params(host.params())
    events.start()
    events.ready()
end)
-- The stand-in has new values all the time, whatever its logging interval.
timer.every(SHORT_POLL, host.demo and function() events.query("all") end or events.shortpoll)
timer.every(LONG_POLL, events.longpoll)
if in_place then say("\27[2J") end
ticker = timer.every(TICK_SECONDS, function()
    local ok, problem = pcall(show)
    if ok then return end
    host.print("An error in the plugin: " .. tostring(problem))
    leave(1)
end)
if host.once then
    timer.after(PATIENCE_SECONDS, function()
        if not ticker then return end
        draw()
        leave(1)
    end)
end
