--- victron-host --json and get: the plugin without PG3, for programs. Lines of values go to stdout, one for
-- each change or, with --once, one for each value; get prints one. Warnings and notices go to stderr.

local account = require "sources.account"
local paint = require "tools.paint"
local replay = require "tools.replay"
local stand_in = require "tools.stand_in"
local timer = require "tasks.timer"
local values = require "tools.values"

local TICK_SECONDS = 0.1
local QUIET_SECONDS = 1.2           -- nothing new for so long means that everything is there
local PATIENCE_SECONDS = 60         -- for what is told once: not longer

local options = host.options
local sleep = host.sleep            -- not a recording's
local once = options.once or options.get
local addresses = {}                -- of the nodes, in the order of their addition
local notices, logged = {}, ""      -- [key] = text | what the log said last
local there = false                 -- values of a device, or a notice
local quiet = 0                     -- seconds without anything new
local telling = false               -- all of it, which takes some turns
local left = false

local function leave(code)
    left = true
    host.leave(code)
end

--- -> the exit code: 0 when an installation answered last
local function how_it_went() return host.get(account.CONTROLLER, "GV0") == 1 and 0 or 1 end

--- Writes lines; when nobody reads any more this is the end.
local function say(lines)
    if not left and #lines > 0 and not host.print(table.concat(lines, "\n")) then leave(0) end
end

--- Ends get when its value is there; last: or when it is not.
local function give(last)
    local found = values.get(options.args[1], last, options.json)
    if not found then return end
    if found.problem then host.complain(found.problem) end
    say { found.text }
    if not left then leave(found.code) end
end

--- Tells what is there once, and ends. last: nothing more comes.
local function tell(last)
    if left or telling then return end
    if options.get then return give(last) end
    if not last then return end
    telling = true
    values.tell_all(addresses, say)
    if not left then leave(how_it_went()) end
end

--- Tells what the log says, without date and level, unless a notice has told it.
local function complain(line)
    line = paint.clean(line:match "%u%u+ +[%w_]+: (.*)" or line)
    for _, text in pairs(notices) do
        if text:find(line, 1, true) then return end
    end
    host.complain(line)
    logged = line
end

local function show()
    local lines, changes = host.lines(), host.changes()
    for _, line in ipairs(lines) do complain(line) end
    for _, change in ipairs(changes) do there = there or change.address ~= account.CONTROLLER end
    quiet = #lines + #changes > 0 and 0 or quiet + TICK_SECONDS
    local still = quiet >= QUIET_SECONDS
    if once then return tell(still and (there or next(notices) ~= nil)) end
    values.tell(changes, say)
    if not (left or host.print()) then leave(0) end
    if options.replay and still and replay.over() and not left then leave(0) end
end

local begun, problem = stand_in.begin {
    params = { stale_values = "keep" },     -- what is old says so: a 0 would be taken for measured
    added = function(address) addresses[#addresses + 1] = address end,
    notice = function(key, text)
        text = text and paint.clean(text)
        if text and text ~= notices[key] then
            local known = logged ~= "" and text:sub(1, #logged) == logged
            host.complain(known and text:sub(#logged + 2) or text)
        end
        notices[key] = text
    end,
}
if not begun then
    host.complain(problem)
    return host.leave(1)
end
host.on("stop", function()          -- Ctrl-C, or the system wants it
    if not left then leave(how_it_went()) end
end)
host.spawn(function()
    while not left do
        local ok, why = pcall(show)
        if not ok then
            host.complain("An error in the plugin: " .. tostring(why))
            leave(1)
        end
        sleep(TICK_SECONDS)
    end
end)
if once then timer.after(PATIENCE_SECONDS, function() tell(true) end) end
