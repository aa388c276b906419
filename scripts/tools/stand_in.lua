--- In PG3's place, for who shows the nodes without it: answers what main.lua asks of PG3, and starts it.

local account = require "sources.account"
local own_account = require "tools.account"
local copies = require "serve.copies"
local gx = require "sources.gx"
local notices = require "pg3.notices"
local paint = require "tools.paint"
local record = require "tools.record"
local replay = require "tools.replay"
local timer = require "tasks.timer"

local stand_in = {}

local options = host.options
local sleep = host.sleep            -- the terminal's time is none of a recording

--- Seconds between PG3's polls. The demo's stand-in for VRM has new values all the time, whatever its logging
-- interval; a recording without live data leaps from answer to answer.
local SHORT_POLL, LONG_POLL = 60, 600
local FAST_POLL, FAST_LONG_POLL = 2, 30

--- Seconds between two looks at what changes all the time.
stand_in.SAMPLE = (options.demo or options.replay) and FAST_POLL or SHORT_POLL

local ENTITIES = { lt = "<", gt = ">", amp = "&", quot = '"' }

local function plain(html)
    return (html:gsub("<br>", " "):gsub("<[^>]*>", ""):gsub("&(%a+);", ENTITIES))
end

--- What was given for a password, @FILE -> the first line of FILE | nil, sentence. All on this machine may
-- read a command line.
local function password_of(name, value)
    local path = value:match "^@(.+)$"
    if not path then
        return nil, ("--param %s: others on this machine could read it. Write it into a file, and --param"
            .. " %s=@FILE."):format(name, name)
    end
    local file, why = io.open(paint.absolute(path))
    local line = file and file:read "l"
    if file then file:close() end
    if line then return line end
    return nil, ("--param %s: %s."):format(name, why or path .. " is empty")
end

--- What was given with --param -> { [name] = value } | nil, sentence.
local function given_params()
    local given = {}
    for _, word in ipairs(options.params) do
        local name, value = word:match "^([^=]*)=(.*)$"
        local key, problem = name:lower(), nil
        if key:find "token" or key:find "key" then
            problem = ("--param %s: others on this machine could read it. The token belongs into the file of"
                .. " --token-file."):format(name)
        elseif key:find "password" then
            value, problem = password_of(name, value)
        end
        if problem then return nil, problem end
        given[name] = value
    end
    return given
end

--- The parameters of a recording with live values. What is told once has no use for them.
local function of_recording() return not (options.once or options.get) and replay.params() or {} end

--- Files that live data needs stand where the system keeps what is for a while; the end removes them.
local temporary = setmetatable({}, { __gc = function(paths)
    for _, path in pairs(paths) do os.remove(path) end
end })

local function write_elsewhere(write)
    function gx.write(name, text)
        temporary[name] = temporary[name] or os.tmpname()
        local path = temporary[name]
        local ok, why = write(path, text)
        return ok and path or nil, why and ("%s cannot be written: %s."):format(path, why)
    end
end

--- on = { added = function(address) of each new node, renamed = the same of one with another name | nil,
-- notice = function(key, text | nil) of PG3's notices, params = the parameters beside the token | nil }
-- given: those that were given with --param, which count before these
-- -> events, { [event] = main.lua's function for it }
local function take_place(on, given)
    local events = {}
    local real = { on = host.on, add = host.add, rename = host.rename }

    function host.on(event, fn)
        events[event] = fn
        real.on(event, fn)
    end

    function host.params()
        local params = { vrm_token = host.token }
        for _, list in ipairs { of_recording(), on.params or {}, given } do
            for name, value in pairs(list) do params[name] = value end
        end
        return params
    end

    notices.place_of_token = "write it into the file of --token-file, or into VICTRON_VRM_TOKEN, and start"
        .. " again."

    -- Nothing is installed, and the files of an installed plugin stay as they are.
    write_elsewhere(host.write)
    function host.profile() return false end
    function host.write() return nil, "only the plugin in PG3 writes device scripts" end
    function copies.keep() end          -- nor is a copy kept, and nobody has to see to that
    function notices.polls() end        -- whose pauses are not PG3's

    function host.add(node)
        local fresh = host.node(node.address) == nil
        local ok, why = real.add(node)
        if ok and fresh then
            on.added(node.address)
            -- PG3 shows there whether the plugin is connected.
            if node.address == account.CONTROLLER then host.set(node.address, "ST", 1) end
        end
        return ok, why
    end

    function host.rename(address, name)
        real.rename(address, name)
        if on.renamed then on.renamed(address) end
    end

    function host.notice(key, html) on.notice(key, html and plain(html)) end
    return events
end

stand_in.left = false               -- the end was asked for

--- The end -> the exit code. Unless one is given it tells how it went: 0 when an installation answered last.
function stand_in.leave(code)
    code = code or host.get(account.CONTROLLER, "GV0") == 1 and 0 or 1
    stand_in.left = true
    host.leave(code)
    return code
end

local PATIENCE_SECONDS = 60         -- for what is shown once: not longer

--- Has who shows the nodes look again and again, until the end.
local function keep_looking(on)
    while not stand_in.left do
        local ok, why = pcall(on.look)
        if not ok then
            on.leave(1)
            host.complain("An error in the plugin: " .. tostring(why))
        end
        sleep(on.seconds)
    end
end

--- What keeps the plugin from starting, in a sentence; else what comes is recorded or comes from a recording
-- from now on, if that was asked for, and given is what was given with --param.
local function prepare()
    local given, problem = given_params()
    local ready = given ~= nil
    if ready and options.replay then
        ready, problem = replay.begin(options.replay)
    elseif ready then
        ready, problem = own_account.take()
    end
    if ready and options.record then ready, problem = record.begin(options.record, given) end
    return not ready and problem or nil, given
end

--- Starts the plugin -> whether it has started; else that is told, and the end. Waits. on: see take_place,
-- and { look = function called each so many seconds, leave = function(code|nil) that ends it, late = function
-- for when what is shown once does not come | nil }.
function stand_in.begin(on)
    local problem, given = prepare()
    if problem then
        host.complain(problem)
        host.leave(1)
        return false
    end
    local events = take_place(on, given)
    require "main"
    stand_in.command = events.command   -- as from the ISY; must run in a task
    host.spawn(function()
        events.params()
        events.start()
        events.ready()
    end)
    -- What is told once ends when nothing new comes, which on a slow machine is never while the demo goes on.
    local goes_on = options.demo and not (options.once or options.get)
    local fast = goes_on or options.replay and not replay.is_live()
    local ask_all = function() events.query("all") end
    timer.every(fast and FAST_POLL or SHORT_POLL, fast and ask_all or events.shortpoll)
    timer.every(fast and FAST_LONG_POLL or LONG_POLL, events.longpoll)
    host.on("stop", function()          -- Ctrl-C, or the system wants it
        if not stand_in.left then on.leave() end
    end)
    host.spawn(keep_looking, on)
    if on.late then
        timer.after(PATIENCE_SECONDS, function()
            if not stand_in.left then on.late() end
        end)
    end
    return true
end

return stand_in
