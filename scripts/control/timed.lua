--- What is written for a time: what was before is remembered, over restarts too, before anything is written,
-- and put back when the time is over, unless somebody has changed it meanwhile. What the gateway itself
-- forgets after a while is written again until then, and released when the plugin stops.
--
-- entry = { site = id, address, driver = id, topic, value = as written, before = what was, nil: nothing,
--           replaces = value of the entry before it, which may still be there, nil: it is not,
--           seconds = for how long, ends = host.steady() when that is over, resend = seconds,
--           release = JSON that ends it, tried = it was tried to put back what was, held = why that may not
--           be done yet,
--           date = when it is over, if an earlier run has written it; PG3 keeps that in the place of ends }
--
-- An entry of an earlier run ends by the controller's clock, which may be set only later, but lasts no longer
-- in this run than it was to in all.

local clock = require "tasks.clock"
local lists = require "types.lists"
local live = require "sources.live"
local nodes = require "model.nodes"
local scripts = require "serve.scripts"
local state = require "serve.state"
local timer = require "tasks.timer"
local writes = require "control.writes"

local timed = {}

local RESULT = writes.RESULT
local LOOK_SECONDS = 10
local GIVEN_UP_SECONDS = 86400      -- after its end, for a gateway that has not come back
local FORGOTTEN_SECONDS = 600       -- after its end the gateway has forgotten by itself what is released

local entries = {}                  -- [site id / topic] = entry
local sent_at = {}                  -- [the same] = host.steady() when it was written last, in this run
local tasks = {}                    -- [the same] = puts it back, or writes it again
local looking                       -- the timer
local stopped = false               -- the plugin ends

local key_of = writes.key_of

local function site_of(entry)
    local node = nodes.all[entry.address]
    return node and node.site
end

local function count(id)
    local number = 0
    for _, entry in pairs(entries) do
        if entry.site == id then number = number + 1 end
    end
    return number
end

--- Looks at the entries now and then, as long as there are any.
local function plan()
    if next(entries) then
        looking = looking or timer.every(LOOK_SECONDS, timed.look)
    else
        timer.cancel(looking)
        looking = nil
    end
end

--- Puts an entry in the place of another, nil: of none, and stores that.
local function put(key, entry, site)
    entries[key] = entry
    state.save()
    if site then writes.show(site, { timed = count(site.id) }) end
    plan()
end

local SAVE_SECONDS = 10

--- Whether PG3 has stored what is remembered now: without that nothing is written for a time. Waits.
local function is_stored()
    for _ = 1, SAVE_SECONDS do
        if state.save() and host.saved() then return true end
        host.sleep(1)
    end
    return state.save() and host.saved()
end

--- Whether a value is what an entry has written.
local function is_own(entry, set, value)
    return writes.is_made_of(set, value, entry.value)
        or entry.replaces ~= nil and writes.is_made_of(set, value, entry.replaces)
end

--- The job that ends an entry; nil: its node or row is not there any more.
local function job_of(entry)
    local node = nodes.all[entry.address]
    local driver = node and lists.with_id(scripts.current(node.type).drivers, entry.driver)
    local job = driver and driver.set and writes.job(node, driver, 0)
    if not job then return nil end
    job.topic, job.shown, job.restores = entry.topic, entry.topic, true
    job.value = not entry.release and entry.before and writes.to_have(job.set, entry.before) or nil
    return job
end

local HELD = "what was before is not put back yet: %s."

--- The write that ends an entry -> whether it is over. What may not be written now (why) is left for later.
local function write_back(entry, job, why)
    local before = entry.held
    entry.held = why
    if why then
        if why ~= before then writes.tell(job, RESULT.NOT_ALLOWED, HELD:format(why)) end
        return false
    end
    local result = writes.run(job)
    entry.tried = true
    return not (result == RESULT.NOT_ALLOWED or result == RESULT.NO_LINK or result == RESULT.NOT_KNOWN)
end

--- Puts back what was before an entry, or releases it; value: what the gateway tells, nil: there is none,
-- why: it may not be written now, nil: it may -> whether the entry is over.
local function put_back(site, entry, job, value, why)
    if value == nil then return entry.release ~= nil end
    local is_back = job.value ~= nil and writes.is_made_of(job.set, value, job.value)
    if entry.tried and is_back then
        writes.tell(job, RESULT.DONE, "done.")
    elseif not is_own(entry, job.set, value) then
        host.log("info", ("%s: %s: it has been changed meanwhile and is left as it is."):format(site.name,
            job.label))
    elseif entry.release or entry.before ~= nil then
        return write_back(entry, job, why)
    end
    return true
end

--- Ends an entry whose time is over. What cannot be done or seen now is left for later.
local function finish(key, entry)
    local job, site = job_of(entry), site_of(entry)
    if not job then return end
    job.label = job.label .. ", time is over"
    local now, why = writes.look(job)
    if entries[key] ~= entry or writes.is_busy(key) then return end     -- a newer command
    local is_over = now ~= nil and put_back(site, entry, job, now.value, why)
    if not now and entry.release then writes.repeat_value(site, entry.topic, entry.release) end
    local is_forgotten = entry.release and host.steady() >= entry.ends + FORGOTTEN_SECONDS
    if (is_over or is_forgotten) and entries[key] == entry then put(key, nil, site) end
end

local function end_now(entry)
    entry.ends, entry.date = math.min(entry.ends, host.steady()), nil
end

--- Writes an entry again, unless something else is in charge of it by now: that ends it.
local function resend(key, entry)
    local job = job_of(entry)
    local in_charge = job and writes.in_charge(job)
    if stopped or entries[key] ~= entry then return end             -- or a newer command
    if in_charge then
        end_now(entry)
        finish(key, entry)
        local text = ("it is not written again: %s."):format(in_charge)
        return writes.tell(job, RESULT.TAKEN_BACK, text)
    end
    local site = site_of(entry)
    if site and writes.repeat_value(site, entry.topic, entry.value) then sent_at[key] = host.steady() end
end

--- Starts finish or resend, if neither is under way.
local function begin(what, key, entry)
    if host.running(tasks[key]) then return end
    tasks[key] = host.spawn(what, key, entry)
end

--- What could not be put back for a day is told, and left as it is.
local function give_up(key, entry)
    local job, site = job_of(entry), site_of(entry)
    local text = ("its time is over since a day, but what was before could not be put back: %s. Look at it"
        .. " on the gateway."):format(entry.held or "the gateway could not be reached")
    if job then
        writes.tell(job, RESULT.NOT_KNOWN, text)
    else
        host.log("warning", ("%s (%s): %s"):format(entry.address, entry.topic, text))
    end
    put(key, nil, site)
end

local function look_at(key, entry, now)
    local site = site_of(entry)
    local is_off = site and not writes.allowed(site)
    if is_off or entry.date and host.time() >= entry.date then end_now(entry) end
    local alive = site and live.is_alive(site)
    if now >= entry.ends + GIVEN_UP_SECONDS then
        give_up(key, entry)
    elseif alive and now >= entry.ends then
        begin(finish, key, entry)
    elseif alive and entry.resend and host.connected()
        and now - (sent_at[key] or -math.huge) >= entry.resend then
        begin(resend, key, entry)
    end
end

--- Ends what is over, or not allowed any more by the owner's parameters, and writes again what is resent.
function timed.look()
    local list = {}
    for key, entry in pairs(entries) do list[key] = entry end
    for key, entry in pairs(list) do look_at(key, entry, host.steady()) end
end

--- Ends at once what a job's path is written with for a time.
local function stop_one(key, job)
    writes.take_turn(job, key)
    local entry = entries[key]
    if not entry then return writes.tell(job, RESULT.DONE, "nothing is written for a time here.") end
    end_now(entry)
    if host.running(tasks[key]) then host.await(tasks[key]) end
    begin(finish, key, entry)
    host.await(tasks[key])
    if entries[key] ~= entry then return RESULT.DONE end
    if entry.held then return writes.tell(job, RESULT.NOT_ALLOWED, HELD:format(entry.held)) end
    return writes.tell(job, RESULT.NOT_KNOWN, "it is not seen that what was is back; it is looked at again.")
end

--- What became of a job that writes for so many seconds. entry: what was remembered for it, nil: nothing was,
-- for it was that already, or it was not written; present: the entry in whose place that came, nil: of none.
local function conclude(job, key, seconds, entry, present, result)
    local going_on = entries[key]
    if not entry and not job.joined and result == RESULT.DONE and going_on then
        going_on.seconds, going_on.ends, going_on.date = seconds, host.steady() + seconds, nil
        put(key, going_on, job.site)
    elseif entry and going_on == entry then
        if result == RESULT.DONE or result == RESULT.LIMITED then
            entry.value, entry.replaces = job.took or entry.value, nil
            put(key, entry, job.site)
        elseif result ~= RESULT.NOT_KNOWN or not job.written then
            local is_in_charge = result == RESULT.TAKEN_BACK and job.set.release    -- something else is
            put(key, not is_in_charge and present or nil, job.site)
        end
    end
end

--- Does a job for so many seconds, before which it is remembered what was there -> result, sentence.
local function run_for(job, key, seconds)
    local set, entry, present = job.set, nil, nil       -- present: what there is when its turn comes
    job.remember = function(before)
        local replaces
        present = entries[key]
        if present and before and is_own(present, set, before) then
            before, replaces = present.before, writes.to_have(set, before)
        end
        entry = { site = job.site.id, address = job.node, driver = job.driver.id, topic = job.topic,
                  value = job.value, before = before, replaces = replaces, seconds = seconds,
                  ends = host.steady() + seconds, resend = set.resend, release = set.release }
        sent_at[key] = host.steady()
        put(key, entry, job.site)
        if is_stored() and entries[key] == entry then return nil end    -- another: late from PG3
        return "PG3 does not store what was before, so that it could be put back"
    end
    local result, text = writes.run(job)
    conclude(job, key, seconds, entry, present, result)
    return result, text
end

--- Writes a value for some minutes; 0 ends what is written so now -> result, sentence. Must run in a task.
function timed.run(node, driver, value, minutes)
    local has_timer = driver.set.timer ~= nil           -- then the device itself ends it
    local job, problem = writes.job(node, driver, has_timer and minutes == 0 and 0 or value)
    if not job then return RESULT.NOT_ALLOWED, problem end
    if has_timer then
        if job.timer then job.timer.seconds = minutes * 60 end
        return writes.run(job)
    end
    local key = key_of(job)
    if minutes == 0 then return stop_one(key, job) end
    return run_for(job, key, minutes * 60)
end

--- A command without a time has written a job's path: what was before it is not put back.
function timed.forget(job)
    if entries[key_of(job)] then put(key_of(job), nil, job.site) end
end

--- The plugin ends: nothing is written again, so it is released. What remains of its time is used when the
-- plugin is back.
function timed.stop()
    stopped = true
    for _, entry in pairs(entries) do
        local site = entry.release and site_of(entry)
        if site then writes.repeat_value(site, entry.topic, entry.release) end
    end
end

local MEMBERS = { site = "number", address = "string", driver = "string", topic = "string",
                  value = "number", seconds = "number", ends = "number" }

local function is_whole(entry)
    for name, kind in pairs(MEMBERS) do
        if type(entry) ~= "table" or type(entry[name]) ~= kind then return false end
    end
    for _, name in ipairs { "before", "replaces" } do
        if entry[name] ~= nil and type(entry[name]) ~= "number" then return false end
    end
    return true
end

state.keep("timed", function(kept)
    entries = {}
    for key, entry in pairs(kept) do
        if type(key) == "string" and is_whole(entry) then
            entries[key] = entry
            entry.date, entry.held = entry.ends, nil
            local left = math.max(entry.date - host.time(), 0)
            entry.ends = host.steady() + math.min(left, entry.seconds)
        end
    end
    for _, entry in pairs(entries) do writes.note(entry.site, { timed = count(entry.site) }) end
    plan()
end, function()
    local list = {}
    for key, entry in pairs(entries) do
        local its = {}
        for name, value in pairs(entry) do its[name] = value end
        its.ends, its.date = entry.date or clock.date(entry.ends), nil
        list[key] = its
    end
    return list
end)

return timed
