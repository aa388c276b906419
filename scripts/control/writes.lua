--- The story of a write to a device (docs/control.md): what was is read, the conditions are looked at, the
-- value is written once, read back at once and after some seconds, and what became of it is told. Nothing is
-- written twice for one command, and nothing that no row declares (check.set).
--
-- job = { site, node, driver, label = for messages, topic = what is written, shown = topic of what the row
--         reads, value = number to write, or nil: what releases it is written, set = of the driver,
--         remember = function(before) -> why not, called before the first write,
--         timer = { topic, seconds = until the device itself ends it, 0: it does not }, written before it,
--         restores = it puts back what was,
--         task = that does it, result, told = what became of it, joined = those are of a later job }

local clock = require "tasks.clock"
local form = require "types.form"
local health = require "sources.health"
local installation = require "model.installation"
local live = require "sources.live"
local nodes = require "model.nodes"
local notices = require "pg3.notices"
local state = require "serve.state"

local writes = {}

--- What became of the last command: texts in types.names, command_result. FROZEN.
local RESULT = { UNDER_WAY = 1, DONE = 2, OFF = 3, NO_LINK = 4, NOT_ALLOWED = 5, NOT_TAKEN = 6, LIMITED = 7,
                 TAKEN_BACK = 8, NOT_KNOWN = 9 }
writes.RESULT = RESULT

local ASK_SECONDS = 5               -- until an answer that does not come is not there
local LOOKS = 5                     -- until what is slow (VE.Bus) shows the new value
local LOOK_PAUSE = 1
local LINK_SECONDS = 30             -- until a connection that was lost is back
local KEPT_SECONDS = 10             -- after which the owner of a value has set it as it was
local NEAR = 0.001                  -- two numbers are the same: the D-Bus has floats
local NEAR_OF_IT = 1e-6             -- the same for large ones, of the number
local PORTAL_MODE = "settings/0/Settings/Network/VrmPortal"

local may_switch_off = false        -- what gives loads their power
local allowed = { all = false, names = {} }     -- see pg3.params
local pause_minutes = 15            -- between two writes of one setting: they wear flash memory
local running = {}                  -- [site id / topic] = the task whose command writes it
local newest = {}                   -- [the same] = the job that came last
local stored = { count = {}, at = {} }          -- settings written: [site id] = how many, [site id / topic] =
                                                -- when, host.steady(); kept over restarts, as dates
local noticed = setmetatable({}, { __mode = "k" })  -- [site with a notice] = whether control was on then

--- Whether the owner allows writes to an installation.
function writes.allowed(site)
    local names = allowed.names
    return allowed.all or (names[site.name:lower()] or names[tostring(site.id)]) ~= nil
end

--- The owner's parameters: control = { all, names = by installation, in small letters }, control_pause =
-- minutes between two writes of one setting, inverter_off = whether inverters may be switched off. Where
-- control is switched on or off, the notice of a command before that is out of date.
function writes.use(settings)
    allowed, pause_minutes, may_switch_off = settings.control, settings.control_pause, settings.inverter_off
    for site, was_allowed in pairs(noticed) do
        if writes.allowed(site) ~= was_allowed then
            notices.control(site, nil)
            noticed[site] = nil
        end
    end
end

-------------------------------------------------------------------------------------------- what is told

--- Notes what the gateway is to show, by the id of its site: { last_command, timed, settings_written }.
function writes.note(id, changes)
    local facts = installation.control_facts
    facts[id] = facts[id] or {}
    for name, value in pairs(changes) do facts[id][name] = value end
end

--- The same, and shows it.
function writes.show(site, changes)
    writes.note(site.id, changes)
    if not site.facts then return end
    for name, value in pairs(changes) do site.facts[name] = value end
    nodes.tell_facts(site)
end

--- Counts a write to flash memory.
local function count(site, key)
    local id = tostring(site.id)
    stored.count[id] = (stored.count[id] or 0) + 1
    stored.at[key] = host.steady()
    writes.show(site, { settings_written = stored.count[id] })
    state.save_soon()
end

--- Tells what became of a job -> result, sentence.
function writes.tell(job, result, text)
    local site = job.site
    local done, sentence = result == RESULT.DONE, ("%s (%s): %s"):format(job.label, job.node, text)
    local whole = job.label:find(site.name, 1, true) == 1 and sentence
        or ("%s: %s"):format(site.name, sentence)
    host.log(done and "info" or "warning", whole)
    writes.show(site, { last_command = result })
    notices.control(site, not done and whole or nil)
    noticed[site] = nil
    if not done then noticed[site] = writes.allowed(site) end
    return result, sentence
end

------------------------------------------------------------------------------------------------- a job

--- A number as JSON: whole ones without a point, for the D-Bus tells integers from others.
local function json_of(value)
    local whole = math.tointeger(value)
    return whole and ("%d"):format(whole) or ("%.10g"):format(value)
end

local function same(a, b)
    if not (a and b) then return a == b end
    return math.abs(a - b) <= math.max(NEAR, NEAR_OF_IT * math.abs(b))
end

--- What is shown -> what is written.
local function sent(set, value)
    if set.send and set.send[value] then return set.send[value] end
    value = set.factor and value * set.factor or value
    return math.tointeger(value) or value
end

--- The topic of a path of a home: "vebus/276/Mode". service: for a path of a gateway that it has not told.
local function topic_of(home, path, service)
    local row = home.rows[path]
    local of_settings = path:find "^/Settings/" and "settings"
    service = row and row.service or home.service or of_settings or service or "system"
    return ("%s/%d%s"):format(service, math.tointeger(row and row.instance or home.instance or 0) or 0, path)
end

--- The path that a row reads: the first that the device has.
local function path_read(driver, home)
    local first
    for _, key in ipairs(driver.keys) do
        if form.is_path(key) then
            if home.rows[key] then return key end
            first = first or key
        end
    end
    return first
end

--- A job for a driver of a node, whose value (nil: that of its row) shall be the one shown | nil, sentence,
-- which is in the log then.
function writes.job(node, driver, value)
    local home, site, set = node.home, node.site, driver.set
    if not (home and site and site.store) then
        local text = "nothing is written: the device has not been seen since the start"
        host.log("warning", ("%s (%s): %s."):format(node.name, node.address, text))
        return nil, text
    end
    local path = set.path or path_read(driver, home)
    local read = set.becomes ~= nil and path_read(driver, home) or path
    local within = {}
    for i, limit in ipairs(set.within or {}) do within[i] = topic_of(home, limit) end
    local written = set.value ~= nil and set.value or sent(set, value)
    local timer = set.timer and written ~= 0 and { topic = topic_of(home, set.timer), seconds = 0 } or nil
    return { site = site, node = node.address, driver = driver, set = set, home = home,
             label = ("%s, %s"):format(node.name, driver.label), topic = topic_of(home, path, set.service),
             shown = topic_of(home, read, set.service), within = within,
             switches_off = set.off ~= nil and value == set.off, value = written, timer = timer }
end

--- The topic or service of a guard.
local function guard_topic(job, guard)
    if form.is_path(guard.key) then return topic_of(job.home, guard.key, job.set.service) end
    return guard.key
end

local function has_service(site, service)
    for home in site.store:each() do
        if home.service == service then return true end
    end
    return false
end

--- The value of a topic among the answers of live.ask; nil: it has none, or none came.
local function value_of(answers, topic)
    return answers[topic] and answers[topic].value
end

--- Why a guard forbids the write; nil if it does not. answers: of live.ask.
local function forbids(job, guard, answers)
    if guard.choice and sent(job.set, guard.choice) ~= job.value then return nil end
    local key = guard_topic(job, guard)
    local value
    if key:find("/", 1, true) then
        value = value_of(answers, key)
    else
        value = has_service(job.site, key) and 1 or 0
    end
    local met = value ~= nil and guard.values[value] or false
    return met ~= guard.only and guard.text or nil
end

local function topics_of_guards(job)
    local topics = {}
    for _, guard in ipairs(job.set.guards) do
        local topic = guard_topic(job, guard)
        if topic:find("/", 1, true) then topics[#topics + 1] = topic end
    end
    return topics
end

local function topics_of(job)
    local topics = job.value and topics_of_guards(job) or {}
    if live.source(job.site) == "vrm" then topics[#topics + 1] = PORTAL_MODE end
    table.move(job.within, 1, #job.within, #topics + 1, topics)
    if job.timer then topics[#topics + 1] = job.timer.topic end
    topics[#topics + 1] = job.shown
    return topics
end

--- Asks the gateway for all that a job depends on. What has no answer is asked for once more, for answers get
-- lost; after that it is taken for what that gateway does not have.
local function ask(job)
    local topics, silent = topics_of(job), {}
    local answers = live.ask(job.site, topics, ASK_SECONDS)
    for _, topic in ipairs(topics) do
        if not answers[topic] then silent[#silent + 1] = topic end
    end
    local later = #silent > 0 and live.ask(job.site, silent, ASK_SECONDS) or {}
    for topic, its in pairs(later) do answers[topic] = its end
    return answers
end

--- The limits of a job's value, as the device tells them: each nil if it does not.
local function limits_of(job, answers)
    local own = answers[job.shown] or {}
    local min, max = own.min, own.max
    if #job.within > 0 then
        min, max = value_of(answers, job.within[1]), value_of(answers, job.within[2])
    end
    local least = min or 0
    local none = max and (least > max or least == max and #job.within == 0)     -- 0 and 0, say, or 0 alone
    if none then return nil end
    return min, max
end

local NO_VALUE = "the gateway has no such value now, or does not answer"

--- Why a job may not be done now; nil: it may. answers: what the gateway told of its topics.
local function refusal(job, answers)
    local mode, now = value_of(answers, PORTAL_MODE), value_of(answers, job.shown)
    if next(answers) == nil then return NO_VALUE end
    if mode == 0 or mode == 1 then
        return "the gateway's setting VRM portal is not Full; set it there, under Settings, VRM"
    end
    if job.switches_off and not (may_switch_off or job.restores) then
        return "that would leave loads without power; set the parameter inverter_off to yes if you want that"
    end
    for _, guard in ipairs(job.value and job.set.guards or {}) do       -- it may be released at any time
        local text = forbids(job, guard, answers)
        if text then return text end
    end
    if now == nil and not job.set.release then
        return NO_VALUE
    elseif now == nil or not job.value or job.set.becomes ~= nil then
        return nil
    end
    local min, max = limits_of(job, answers)
    if #job.within > 0 and not (max or job.restores) then
        return "the gateway does not tell how much the device may be set to"
    elseif min and job.value < min or max and job.value > max then
        local limits = min and max and ("%s to %s"):format(min, max) or min and "at least " .. min
            or "at most " .. max
        return ("the device takes %s, and %s was to be written"):format(limits, job.value)
    end
    return nil
end

--- What there is where a job would write, as live.ask has it, and why it would not be done now; nil: nothing.
-- Waits.
function writes.look(job)
    local answers = ask(job)
    return answers[job.shown], refusal(job, answers)
end

--- Why a setting may not be written again so soon; nil: it may.
local function too_soon(job, key)
    local at = job.set.stored == true and not job.restores and stored.at[key]
    local passed = at and host.steady() - at or math.huge
    if passed >= pause_minutes * 60 then return nil end
    return ("it was written %d minutes ago. The gateway keeps it in flash memory, which wears: wait %d"
        .. " minutes more, or change the parameter control_pause"):format(passed // 60,
        math.ceil((pause_minutes * 60 - passed) / 60))
end

--- The number that is shown for one of the device.
local function shown(set, number) return set.values and set.values[number] or number end

--- Whether a value is what the device makes of one that was written, or is shown as that is.
function writes.is_made_of(set, value, written)
    local becomes = set.becomes
    if type(becomes) ~= "table" then return same(shown(set, value), shown(set, becomes or written)) end
    for _, one in ipairs(becomes[written] or {}) do
        if same(value, one) then return true end
    end
    return false
end

--- What has to be written so that a device has a value again.
function writes.to_have(set, value)
    for written, list in pairs(type(set.becomes) == "table" and set.becomes or {}) do
        for _, one in ipairs(list) do
            if same(value, one) then return written end
        end
    end
    return value
end

--- Whether what was asked is there.
local function is_there(job, value)
    return writes.is_made_of(job.set, value, job.value)
end

--- Waits until a connection that was lost is back: some brokers end it at a write without the right to it.
-- ends: host.steady() when that is in vain.
local function wait_for_link(site, ends)
    while not live.is_alive(site) and host.steady() < ends do
        host.sleep(1)
    end
end

--- The value that a job's row shows now; nil: there is none. Whether the gateway answered.
local function look_once(job)
    local answers = live.ask(job.site, { job.shown }, ASK_SECONDS)
    return value_of(answers, job.shown), answers[job.shown] ~= nil
end

--- Reads back until the new value is there -> the value read last; nil: the last question had no answer.
local function read_back(job)
    local value
    local ends = host.steady() + LINK_SECONDS
    for look = 1, LOOKS do
        wait_for_link(job.site, ends)
        value = look_once(job)
        if value ~= nil and is_there(job, value) then break end
        if look < LOOKS then host.sleep(LOOK_PAUSE) end
    end
    return value
end

--- Whether what was written again and again is not there any more -> result, sentence.
local function judge_release(job, before)
    for look = 1, LOOKS do
        local now, answered = look_once(job)
        if answered and not same(now, before) then return RESULT.DONE, "released." end
        if look < LOOKS then host.sleep(LOOK_PAUSE) end
    end
    return RESULT.NOT_KNOWN, "it was released, which the gateway does not show yet."
end

local NOT_TAKEN = "it was not taken: it still is %s. The device may refuse the value"
local NO_RIGHT = ", or the VRM account may only monitor this installation"

--- Compares what was read back with what was asked -> result, sentence.
local function judge(job, before)
    local begun = host.steady()
    local value = read_back(job)
    local is_taken = value ~= nil and is_there(job, value)
    if is_taken or same(value, before) then                 -- it may be slow
        host.sleep(math.max(0, KEPT_SECONDS - (host.steady() - begun)))
        value = look_once(job)
    end
    if value == nil then
        return RESULT.NOT_KNOWN, is_taken and "it was taken; 10 s later the gateway tells no value."
            or "it was written, but the gateway tells no value now."
    elseif is_there(job, value) then
        return RESULT.DONE, "done."
    elseif is_taken then
        return RESULT.TAKEN_BACK, ("it was taken, and 10 s later is %s: something else on the gateway is in"
            .. " charge of it (a battery's BMS, DVCC, a schedule, Dynamic ESS)."):format(tostring(value))
    elseif same(value, before) then
        local by_vrm = live.source(job.site) == "vrm"
        return RESULT.NOT_TAKEN, NOT_TAKEN:format(tostring(value)) .. (by_vrm and NO_RIGHT or "") .. "."
    end
    job.took = value
    return RESULT.LIMITED, ("the device made %s of it."):format(tostring(value))
end

local IS_OFF = "control is off. Set the parameter control to on, or to this installation's name."

local function is_off(job) return not (job.restores or writes.allowed(job.site)) end

--- The write itself, after all that may forbid it.
local function write(job, key)
    local site, set = job.site, job.set
    if is_off(job) then
        return RESULT.OFF, IS_OFF
    elseif not live.is_alive(site) then
        return RESULT.NO_LINK, "there is no live connection to the gateway. Set the parameter live to vrm or"
            .. " gx, and look at the log for why it does not connect."
    end
    local answers = ask(job)
    local why = refusal(job, answers)
    if why then return RESULT.NOT_ALLOWED, ("not written: %s."):format(why) end
    local before = value_of(answers, job.shown)
    local timer = job.timer
    local same_again = set.resend or timer and value_of(answers, timer.topic) ~= timer.seconds
    if job.value and is_there(job, before) and not same_again then
        return RESULT.DONE, "it is that already."
    end
    why = too_soon(job, key) or job.remember and job.remember(before)
    if why then return RESULT.NOT_ALLOWED, ("not written: %s."):format(why) end
    if is_off(job) then return RESULT.OFF, IS_OFF end               -- by now
    local instead = set.instead and set.instead[job.value] or {}            -- by what is there
    local json = job.value and json_of(instead[before] or job.value) or set.release
    local has_left = not timer or live.write(site, timer.topic, json_of(timer.seconds))
    if not (has_left and live.write(site, job.topic, json)) then
        return RESULT.NO_LINK, "not written: the connection was lost."
    end
    job.written = true
    if set.stored then count(site, key) end
    return (job.value and judge or judge_release)(job, before)
end

--- What came of a later command for the same value; nil: the last that came wants another. Waits.
local function result_of_newest(job, key)
    while newest[key].value == job.value do
        local last = newest[key]
        job.joined = last.result ~= nil
        if job.joined then return last.result, last.told end
        if not host.running(last.task) then return nil end
        host.sleep(1)
    end
    return nil
end

--- By what jobs for the same value know each other: "site id/topic".
function writes.key_of(job) return ("%d/%s"):format(job.site.id, job.topic) end

--- Whether a job for a value is under way.
function writes.is_busy(key) return running[key] ~= nil end

--- A job is the newest for its value: those that wait are not done any more. Waits for the one under way.
function writes.take_turn(job, key)
    newest[key], job.task = job, coroutine.running()
    while running[key] do host.await(running[key]) end
end

--- Does a job, after the one of the same topic that is under way -> result, sentence. Must run in a task.
function writes.run(job)
    local key = writes.key_of(job)
    writes.take_turn(job, key)
    if newest[key] ~= job then
        local result, told = result_of_newest(job, key)
        if result then return result, told end
        return writes.tell(job, RESULT.NOT_ALLOWED, "not written: a newer command came.")
    end
    running[key] = coroutine.running()
    local result, text
    local _, problem = health.guarded(function()
        writes.show(job.site, { last_command = RESULT.UNDER_WAY })
        result, text = write(job, key)
    end)
    running[key] = nil
    if problem then result, text = RESULT.NOT_KNOWN, problem.text end
    job.result, job.told = writes.tell(job, result, text)
    return job.result, job.told
end

--- What is by now in charge of what is written again and again, so that it may not be, in a sentence; nil:
-- nothing. Waits.
function writes.in_charge(job)
    local answers = live.ask(job.site, topics_of_guards(job), ASK_SECONDS)
    for _, guard in ipairs(job.set.guards) do
        local text = answers[guard_topic(job, guard)] and forbids(job, guard, answers)
        if text then return text end
    end
    return nil
end

--- Writes once more what is resent while its time runs, or what ends it; nothing is read back.
function writes.repeat_value(site, topic, value)
    return live.write(site, topic, type(value) == "number" and json_of(value) or value)
end

local function numbers_of(kept)
    local numbers = {}
    for key, value in pairs(type(kept) == "table" and kept or {}) do
        if type(value) == "number" then numbers[key] = value end
    end
    return numbers
end

state.keep("writes", function(kept)
    stored = { count = numbers_of(kept.count), at = {} }
    for key, date in pairs(numbers_of(kept.at)) do
        stored.at[key] = math.min(clock.moment(date), host.steady())
    end
    for id, number in pairs(stored.count) do
        id = math.tointeger(tonumber(id))
        if id then writes.note(id, { settings_written = number }) end
    end
end, function()
    local dates = {}
    for key, moment in pairs(stored.at) do dates[key] = clock.date(moment) end
    return next(dates) and { count = stored.count, at = dates } or {}
end)

return writes
