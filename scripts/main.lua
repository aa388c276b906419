--- The plugin: what PG3 and the owner want, and who answers it. Parameters, device scripts and commands are
-- here; the way from the token to the nodes is in sources.account.

local account = require "sources.account"
local choices = require "pg3.choices"
local commands = require "types.commands"
local events = require "model.events"
local health = require "sources.health"
local markdown = require "pg3.markdown"
local nodes = require "model.nodes"
local notices = require "pg3.notices"
local params = require "pg3.params"
local profile = require "pg3.profile"
local requests = require "control.requests"
local script_api = require "serve.script_api"
local scripts = require "serve.scripts"
local settings_of_scripts = require "pg3.settings"
local shortage = require "tasks.shortage"
local state = require "serve.state"
local timed = require "control.timed"
local timer = require "tasks.timer"
local vrm = require "sources.vrm"
local writes = require "control.writes"

local CONTROLLER, NAME = account.CONTROLLER, "Victron Energy"

local started, ready = false, false -- the plugin's own node is there | PG3 has told what it has
local begun = false                 -- the account is asked
local offered = false               -- parameters that are not there, and PG3 had told those that are
local loading                       -- the task that loads device scripts
local adopting = false              -- nodes have yet to go on with scripts that serve already

--- What of the parameters cannot be used, and the settings of device scripts.
local function take_settings(given, problems)
    local more, types = settings_of_scripts.take(given, scripts.serving())
    for _, problem in ipairs(more) do problems[#problems + 1] = problem end
    notices.params(problems)
    nodes.work_out(types)
end

--- The parameters, once device scripts are there with those that are theirs.
local function read_params(given)
    return params.read(given, started and settings_of_scripts.defaults(scripts.types) or nil)
end

--- PG3's page shows parameters that are not there yet, those of device scripts too.
local function show_params()
    offered = host.default_params(params.missing(host.params(), settings_of_scripts.defaults(scripts.types)))
end

local function take_params(given)
    local settings = read_params(given)
    for _, secret in ipairs(settings.secrets) do host.mask(secret) end
    host.alt_units(settings.fahrenheit)
    host.zero_stale(settings.zero)
    take_settings(given, settings.problems)
    scripts.set_folder(settings.script_folder)
    events.use({ battery_level = settings.battery_level }, settings.push == "alarms")
    if started and (settings.live == "gx" or not offered) then show_params() end
    writes.use(settings)
    timed.look()
    nodes.report()
    local another, chosen = account.use(settings), choices.take(host.choices())
    if not begun then return end
    if another then
        account.begin()
    elseif chosen then
        account.choose()
    end
end

------------------------------------------------------------------------------------ device scripts

--- Nodes whose script was replaced go on with the new one, which may have other settings; new types get their
-- nodes.
local function use_new_scripts()
    adopting = true
    nodes.adopt_types()
    notices.profile(profile.write())
    if started then
        show_params()
        take_settings(host.params(), read_params(host.params()).problems)
    end
    account.rediscover()
    adopting = false
end

--- Loads scripts by fn(), one at a time with pauses in which PG3 and the timers are served. Nodes are not
-- added meanwhile: PG3 has to know the profile of their types first. Others wait for the end of the task.
local function load_scripts(fn)
    while host.running(loading) do host.await(loading) end
    loading = coroutine.running()
    host.hold_nodes(true)
    local _, problem = health.attempt(fn)
    host.hold_nodes(false)
    loading = nil
    return problem
end

--- All scripts, at the start. Without that of its own node the plugin is of no use. Raises when the plugin
-- has no memory for them; called again it goes on.
local function load_all()
    shortage.pass_on(load_scripts(scripts.load_built_in))
    if scripts.controller then return load_scripts(scripts.load_users) end
    host.log("error", "scripts/devices/controller.lua is missing or faulty: install the plugin again.")
    host.leave(1)
end

--- force: loads everything again; built_in: looks at the plugin's own scripts as well.
local function scan_scripts(force, built_in)
    if not (force or adopting or scripts.wants_scan(built_in)) then return end
    load_scripts(function()
        if scripts.scan(force) or adopting then use_new_scripts() end
    end)
    account.show()
end

--- The minute's work.
local function look_after_scripts()
    if not started then return end
    scan_scripts(false, true)
    state.save()
    scripts.forgive()
    notices.unused(scripts.unused())
    notices.refused(host.refused())
    notices.log_file(host.log_problem())
    if notices.profile_fails() then notices.profile(profile.write()) end
    notices.refresh()
    account.show()
end

------------------------------------------------------------------------------------------- commands

local function type_at(address)
    if address == CONTROLLER then return scripts.controller end
    return nodes.all[address] and nodes.all[address].type
end

local COMMAND_SECONDS = 60          -- PG3 is told after that at the latest

--- A command from the ISY -> a sentence on what became of it, nil: the log has it; whether it was done, which
-- the host wants last. A script sees only what its table declares, with numbers within its limits.
local function command(address, cmd, args)
    if address == CONTROLLER and cmd == "RELOAD" then
        scan_scripts(true)
        notices.unused(scripts.unused())
        scripts.log_figures()
        return nil, true
    elseif address == CONTROLLER and cmd == "CLEANUP" then
        return nil, account.clean_up()
    end
    local type_ = type_at(address)
    local found = type_ and commands.find(type_, cmd)
    local values, problem
    if not (found and (found.run or found.driver)) then
        problem = ("The command %s is unknown."):format(cmd)
    elseif scripts.suspended(type_) then
        problem = ("The command %s is not run: the device script %s is not used until it is corrected.")
            :format(cmd, type_.file)
    else
        values, problem = commands.validate(found, args)
    end
    if problem then
        host.log("warning", ("%s: %s"):format(address, problem))
        return problem, false
    end
    local run = found.driver and host.spawn(requests.command, address, found, values)
        or host.spawn(host.run_script, found.run, address, commands.given(type_, values), nil, "command")
    local ended, done, text = host.await(run, COMMAND_SECONDS)
    if ended == nil then
        host.log("warning", ("%s: the command %s still runs after %d s; PG3 is told that it is not done.")
            :format(address, cmd, COMMAND_SECONDS))
    end
    return found.driver and text or nil, ended and done or false
end

local BEAT_SECONDS = 1              -- between two heartbeats at least: a script may report few events
local beat_at = -BEAT_SECONDS

--- The controller's script reports that the plugin runs.
local function heartbeat()
    local now = host.steady()
    if not started or now - beat_at < BEAT_SECONDS then return end
    beat_at = now
    local update = scripts.controller.update
    if update and not scripts.rests(scripts.controller) then
        health.attempt(host.start_script, update, CONTROLLER, nil, nil, "update")
    end
end

------------------------------------------------------------------------------------- PG3's messages

local polls = { short = {}, long = {} }     -- when the last came, seconds before it, and before that one

local SILENCE_SECONDS = 1800        -- without any poll, before it is told that none come
local silence = 0                   -- seconds since the last poll in which there was a connection to PG3

--- Says so where PG3 polls so seldom that nodes are Stale meanwhile. A single pause counts for nothing.
local function look_at_pause(kind)
    silence = 0
    local now, pause = host.steady(), math.huge
    local its = polls[kind]
    its.before, its.pause, its.at = its.pause, its.at and now - its.at, now
    for _, one in pairs(polls) do
        pause = math.min(pause, one.before and math.min(one.pause, one.before) or math.huge)
    end
    notices.polls(pause < math.huge and pause > account.patience() and pause or nil)
end

local SCAN_SECONDS, SOON_SECONDS, SAVE_SECONDS = 2, 1, 60

--- Says so where PG3 does not poll any more, which it may forget. For the minute's work.
local function look_at_silence()
    silence = host.connected() and silence + SAVE_SECONDS or 0
    if silence > math.max(2 * account.patience(), SILENCE_SECONDS) then notices.polls(math.huge) end
end

--- The plugin's own node, what was kept over the restart, and what PG3 has to know.
local function come_up()
    load_all()
    if started or not scripts.controller then return end
    state.restore()
    local _, problem = profile.write()
    notices.profile(false, problem)
    host.add { address = CONTROLLER, type = scripts.controller.id, name = NAME, primary = CONTROLLER }
    nodes.take_name(NAME, CONTROLLER)
    show_params()
    local page = host.read("POLYGLOT_CONFIG.md")
    if page then host.doc(markdown.html(page)) end
    notices.unused(scripts.unused())
    notices.log_file(host.log_problem())
    started = true
end

local function begin()
    if not (started and ready) then return end
    take_params(host.params())
    if not begun then nodes.doubt() end
    begun = true
    account.begin()
end

host.limit(vrm.LIMIT)
scripts.devices = account.devices
script_api.type_at = type_at
script_api.begin()

--- Of these three, what finds no memory here is told again by the host.
host.on("params", function() take_params(host.params()) end)

host.on("start", function()
    if not started then come_up() end
    begin()
end)

host.on("ready", function()
    ready = true
    begin()
end)

host.on("shortpoll", function()
    look_at_pause "short"
    account.poll()
end)
host.on("longpoll", function()
    look_at_pause "long"
    heartbeat()
    account.connect()
end)
host.on("discover", account.discover)
host.on("query", account.query)
host.on("command", command)
host.on("script_error", function(file, text, address, what)
    if what == nodes.BETWEEN then return nodes.keep_error(address, text) end
    scripts.failed(file, text, address or "timer", true, what)
    account.show()
end)
host.on("script_get", function(id, file, path, with)
    host.answer(id, account.get_for_script(file, path, with))
end)
host.on("script_write", function(id, ...)
    local done, problem = health.attempt(requests.for_script, ...)
    host.answer(id, done, type(problem) == "table" and problem.text or problem)
end)
host.on("stop", function()
    health.attempt(timed.stop)
    health.attempt(account.stop)
    state.save()
    script_api.tell_left_out()
end)

host.spawn(function()
    while true do
        host.sleep(scripts.unsettled and SOON_SECONDS or SCAN_SECONDS)
        health.attempt(function()           -- a task that ends: see load_scripts
            if started then host.await(host.spawn(health.attempt, scan_scripts)) end
        end)
    end
end)
timer.every(SAVE_SECONDS, function()
    look_after_scripts()
    script_api.tell_left_out()
    if begun then look_at_silence() end
end)
