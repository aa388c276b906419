--- timer.after, timer.every and timer.cancel: of the plugin's own scripts, and of each device script in its
-- state. A timer is a task that sleeps from its first moment: it is there or was refused, and what memory is
-- short of later costs a ring and not the timer. What rings is a task with a budget of its own.

local given = ...                       -- to a device script's: what host would be
local own = type(given) == "string"     -- the name of the module
local base = own and host or given
local error, pairs, tonumber, type = error, pairs, tonumber, type       -- a script may set its globals

local LONGEST = 1e7

local timer = {}
local tasks, last = {}, 0               -- [id] = the task of a timer that has not rung for the last time

--- How many timers there are; those of a script that was stopped are gone.
local function count()
    local number = 0
    for id, task in pairs(tasks) do
        if base.running(task) then number = number + 1 else tasks[id] = nil end
    end
    return number
end

local function once(id, seconds, fn)
    base.sleep(seconds)
    tasks[id] = nil
    fn()
end

local function again(_, seconds, fn)
    while true do
        base.sleep(seconds)
        base.ring(fn)
    end
end

--- after and every end with this call, so that its errors are those of their caller.
local function start(name, task, least, seconds, fn)
    seconds = tonumber(seconds)
    if not (seconds and seconds >= least and seconds <= LONGEST) then
        error("bad argument #1 to '" .. name .. "' (seconds from " .. least .. " to 10 million expected)", 2)
    elseif type(fn) ~= "function" then
        error("bad argument #2 to '" .. name .. "' (function expected)", 2)
    elseif not own and base.loading() then
        error("timers are started by functions, not while the file is loaded", 2)
    elseif not own and count() >= base.most then
        error("a script can have " .. base.most .. " timers at once", 2)
    end
    last = last + 1
    tasks[last] = base.enter(task, last, seconds, fn)
    return last
end

--- Calls fn() once, some seconds from now, in a task of its own. Returns an id for cancel.
function timer.after(seconds, fn) return start("after", once, 0, seconds, fn) end

--- Calls fn() every so many seconds, at least 0.1, each time in a task of its own. Returns an id for cancel.
function timer.every(seconds, fn) return start("every", again, 0.1, seconds, fn) end

--- Ends a timer. One that has rung, and nil, are fine.
function timer.cancel(id)
    if id ~= nil and type(id) ~= "number" then
        error("bad argument #1 to 'cancel' (number expected)", 2)
    end
    local task = tasks[id or 0]
    if not task then return end
    tasks[id] = nil
    base.drop(task)
end

return timer
