--- victron-host --json and get: the plugin without PG3, for programs. Lines of values go to stdout, one for
-- each change or, with --once, one for each value; get prints one. Warnings and notices go to stderr.

local account = require "sources.account"
local paint = require "tools.paint"
local replay = require "tools.replay"
local stand_in = require "tools.stand_in"
local values = require "tools.values"

local TICK_SECONDS = 0.1
local QUIET_SECONDS = 1.2           -- nothing new for so long means that everything is there

local options = host.options
local once = options.once or options.get
local addresses = {}                -- of the nodes, in the order of their addition
local notices, logged = {}, ""      -- [key] = text | what the log said last
local there = false                 -- values of a device, or a notice
local quiet = 0                     -- seconds without anything new
local telling = false               -- all of it, which takes some turns

--- Writes lines; when nobody reads any more this is the end.
local function say(lines)
    if stand_in.left or #lines == 0 then return end
    if not host.print(table.concat(lines, "\n")) then stand_in.leave(0) end
end

--- Ends get when its value is there; last: or when it is not.
local function give(last)
    local found = values.get(options.args[1], last, options.json)
    if not found then return end
    if found.problem then host.complain(found.problem) end
    say { found.text }
    if not stand_in.left then stand_in.leave(found.code) end
end

--- Tells what is there once, and ends. last: nothing more comes.
local function tell(last)
    if stand_in.left or telling then return end
    if options.get then return give(last) end
    if not last then return end
    telling = true
    values.tell_all(addresses, say)
    if not stand_in.left then stand_in.leave() end
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
    local over = options.replay and still and replay.over()
    if not stand_in.left and (over or not host.print()) then stand_in.leave(0) end
end

stand_in.begin {
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
    seconds = TICK_SECONDS, look = show, leave = stand_in.leave,
    late = once and function() tell(true) end or nil,
}
