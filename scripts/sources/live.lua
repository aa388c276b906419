--- Live data of installations, by MQTT brokers (docs/vrm.md, Live data): one connection for each.
--
-- What is told goes into the installation's store by its path, over the rows of VRM's answers; the polls go
-- on, more slowly. The heartbeat is the proof of life: where it is silent, the polls are all there is.
--
-- link = { site, portal = the portal id that it was made for, broker = see sources.brokers,
--          id = of host.mqtt_open, up = when it was connected|false,
--          way = which of the broker's ways it goes, failures = of that way since it was taken,
--          best_at = when the best was tried last, all_failed = each of them failed,
--          probe = id of a connection that tries whether the best goes again,
--          topics = set of those it asks for, asked_at,
--          wants_all = everything is to be told once more: until its end is told,
--          all_at = when that was asked for last, tries = how often in a row it was not told to its end,
--          echo = what marks the end of that, heard_at = when anything was told last, alive,
--          beats = when the heartbeat was heard last; nil: it is not heard,
--          questioned_at = when ANSWER was asked for; nil: it has come,
--          delay = seconds until its answer came; nil: not known,
--          other = the portal id that the gateway has, where it is another; false: it is the right one,
--          questions = set of those of live.ask that wait: { wanted = set of topics, answers, waits = task },
--          proved_at, closed_for = when it was given up for a while, said,
--          trouble = what the notice says of it, timer }

local alarms = require "types.alarms"
local brokers = require "sources.brokers"
local check = require "check.device"
local device = require "model.device"
local live_values = require "model.live_values"
local notices = require "pg3.notices"
local read = require "types.read"
local timer = require "tasks.timer"

local live = {}

local ECHO, SUPPRESS = "full-publish-completed-echo", '"suppress-republish"'

local LOOK_SECONDS = 5
local KEEP_SECONDS = 30             -- between keepalives; the gateway forgets who asked after 60
local ANSWER = "/system/0/SystemState/State"        -- to a question; it changes seldom
local SERIAL = "/system/0/Serial"   -- the portal id
local GAP_SECONDS = 8               -- two heartbeats are missing, and what else came then may be
local SILENT_SECONDS = 15           -- five heartbeats
local BEATLESS_SECONDS = 75         -- the same where none is heard: two answers
local WAIT_SECONDS = 60             -- for the first of a connection
local PROOF_SECONDS = 30            -- between two times of the data that nodes show
local TRIES = 2                     -- to get everything; after that, without a heartbeat, it counts as told
local PATIENT_SECONDS = 900         -- between later ones
local REFUSED_SECONDS = 3600        -- until a login that was refused is tried again
local WAY_TRIES = 2                 -- until another way to a broker is tried
local PROBE_SECONDS = 1800          -- until it is tried whether the best goes again

local links = {}                    -- [id of an installation] = link
local by_id = {}                    -- [id of a connection, or of one that only tries a way] = link
local show_timer                    -- for what waits to be shown

---------------------------------------------------------------------------------------- what is asked

--- A part of the D-Bus that holds a path: its first level, of settings the first two. Histories of days are
-- most of all that a gateway tells; VRM's answers have what is shown of them.
local function part_of(path)
    if path:find "^/History/" then return nil end
    return path:match "^/Settings/[^/]+" or path:match "^/[^/+#]+"
end

--- The topics whose values a device's type and its parts show; all that VRM sends of it, if functions may
-- read that. "x/#" is x as well.
local function add_topics(topics, portal, home)
    local function add(key)
        local row = home.rows[key]
        local service, part = home.service or row and row.service, part_of(key)
        if service and part then topics[("N/%s/%s/+%s/#"):format(portal, service, part)] = true end
    end
    local read_by_functions = home.askers
    for _, type_ in ipairs(home.type and check.types(home.type) or {}) do
        read_by_functions = read_by_functions or device.reads_any(type_)
        for key in pairs(type_.keys) do add(key) end
        for _, driver in ipairs(type_.drivers) do
            add(driver.worst or "")
            if driver.worst == alarms.ALL then add(alarms.OF_OTHER_MAKES) end
        end
    end
    for key in pairs(home.rows) do
        if read_by_functions or alarms.of_key[key] then add(key) end
    end
end

local function topics_of(site, serial)
    local topics = { [("N/%s/heartbeat"):format(site.portal)] = true,
                     [("N/%s/keepalive"):format(site.portal)] = true,
                     [("N/%s/full_publish_completed"):format(site.portal)] = true }
    for home in site.store:each() do
        if home.type or home.askers then add_topics(topics, site.portal, home) end
    end
    if serial then topics["N/+" .. SERIAL] = true end
    return topics
end

--- Asks for the topics of devices that came since; then everything is told once more.
local function subscribe(link)
    for topic in pairs(topics_of(link.site, link.broker.serial)) do
        if not link.topics[topic] then
            link.topics[topic], link.wants_all, link.tries = true, true, 0
            host.mqtt_subscribe(link.id, topic)
        end
    end
end

local function show_source(link)
    live_values.set_source(link.site, link.alive and link.broker.source or nil, link.delay)
end

--- Asks for one value, to see how long its answer takes: nothing that is told says when it was measured.
local function measure(link)
    if link.questioned_at then                                      -- no answer came
        link.delay = nil
        show_source(link)
    end
    local asked = host.mqtt_send(link.id, ("R/%s%s"):format(link.site.portal, ANSWER), "")
    link.questioned_at = asked and host.steady() or nil
end

local function send_keepalive(link, path, option)
    local topic = ("R/%s%s"):format(link.site.portal, path)
    return host.mqtt_send(link.id, topic, ('{"keepalive-options":[%s]}'):format(option))
end

--- A keepalive; with everything told once, if that is wanted and was not asked for just now. Before Venus
-- 3.20, which is where there is no heartbeat, a gateway takes options for the topics that are wanted, but at
-- the other path it does not look at them.
local function keep_alive(link)
    local now = host.steady()
    local pause = (link.beats or link.tries < TRIES) and KEEP_SECONDS or PATIENT_SECONDS
    local all = link.wants_all and now - (link.all_at or -math.huge) >= pause
    local option = SUPPRESS
    if all then
        link.echo = ("%08x"):format(math.random(0, 0xFFFFFFFF))
        option = ('{"%s":"%s"}'):format(ECHO, link.echo)
    end
    measure(link)                                                   -- before everything is told
    if not send_keepalive(link, "/keepalive", option) then return end
    if not link.beats then send_keepalive(link, SERIAL, SUPPRESS) end
    link.asked_at = now
    if all then link.all_at, link.tries = now, link.tries + 1 end
end

--------------------------------------------------------------------------------------- what is told

local function say(link, level, text)
    if link.said == text then return end
    link.said = text
    host.log(level, ("%s: %s"):format(link.site.name, text))
end

--- What keeps live data away, for the notice; nil: nothing does. A broker's owner has one of his own.
local function note(link, text)
    if link.broker.told or link.trouble == text then return end
    link.trouble = text
    local troubles = {}
    for _, one in pairs(links) do
        if one.trouble then troubles[#troubles + 1] = { one.site.name, one.trouble } end
    end
    notices.live(troubles)
end

--- The broker's owner hears how it goes.
local function tell(link, how)
    if link.broker.told then link.broker.told(how) end
end

--- Shows what may be shown by now, and again as long as something waits.
local function show()
    local seconds = live_values.show_live()
    if show_timer or not seconds then return end
    show_timer = timer.after(seconds, function()
        show_timer = nil
        show()
    end)
end

--- A connection lives, or lived until now (ends). What it tells of a device is all that is shown of it when
-- everything was told once.
local function prove(link, ends)
    local is_whole = not link.wants_all or not link.beats and link.tries >= TRIES
    link.proved_at = host.steady()
    live_values.prove(link.site, is_whole, ends)
end

--- What was asked to see how long it takes has come, or it changed just now.
local function hear_answer(link)
    local delay = host.steady() - link.questioned_at
    link.questioned_at = nil
    link.delay = delay < KEEP_SECONDS and delay or nil
    show_source(link)
end

--- Everything is to be told once more, at once if that was not asked for just now.
local function ask_for_all(link)
    link.wants_all, link.tries = true, 0
    keep_alive(link)
end

--- Anything told is a sign of life.
local function hear(link, now)
    link.heard_at = now
    if link.alive then return end
    link.alive, link.tries = true, 0
    if link.was_alive then ask_for_all(link) end    -- it may have missed something
    link.was_alive = true
    note(link, nil)
    local way = link.broker.ways[link.way]
    say(link, "info", link.way == 1 and "values come live now." or ("values come live now, by port %d, for"
        .. " port %d gives no connection. Does a firewall keep it shut?"):format(way.port,
        link.broker.ways[1].port))
    tell(link, "alive")
    prove(link)
    show_source(link)
end

--- The connection does not live any more: what it told is as old as its last sign of life.
local function fall_silent(link, level, text)
    if not link.alive then return end
    prove(link, true)
    link.alive, link.beats, link.delay, link.questioned_at = false, nil, nil, nil
    show_source(link)
    say(link, level, text)
end

--- News of the gateway itself, by its topic below the portal id: what they mean for a link; echo: what was
-- asked with.
local NEWS = {}

--- A gateway that starts anew has told nobody what changed until it was kept alive again.
NEWS["/heartbeat"] = function(link)
    local now = host.steady()
    local gap = link.beats and now - link.beats > GAP_SECONDS
    link.beats = now
    if gap then ask_for_all(link) end
end

NEWS["/full_publish_completed"] = function(link, echo)
    if echo ~= nil and echo ~= link.echo then return end
    link.wants_all, link.tries = false, 0
    if link.alive then prove(link) end              -- of what was told just now
end

NEWS["/keepalive"] = function(link)                 -- it has started anew
    if link.all_at and host.steady() - link.all_at < LOOK_SECONDS then
        link.wants_all, link.tries = true, 0        -- the next keepalive asks again
    else
        link.all_at = nil
        ask_for_all(link)
    end
end

--- Whose gateway it is: the broker keeps this one message, so that it is no sign of life.
local function hear_serial(link, value)
    local portal = tostring(value):lower()
    if portal == link.site.portal then
        link.other = false
    elseif link.other ~= false then
        link.other = read.cut(portal, 40)
    end
end

--- What was asked for by live.ask has come, or changed just now.
local function answer(link, topic, value, min, max)
    local its = { value = read.number(value), min = read.number(min), max = read.number(max) }
    topic = topic:sub(2)
    for question in pairs(link.questions) do
        if question.wanted[topic] then
            question.wanted[topic], question.answers[topic] = nil, its
            if next(question.wanted) == nil then host.drop(question.waits) end
        end
    end
end

local TRUTHS = { [true] = 1, [false] = 0 }

--- What older gateways tell of a number where newer ones tell null: NaN, which is no JSON, or an empty list.
local NONE = { text = '^%s*{%s*"value"%s*:%s*%-?[NI][an]', json = "^%[%s*%]$" }

--- Whether a message says that a path has no value. is, value: of host.mqtt_read.
function live.is_none(is, value)
    return NONE[is] ~= nil and type(value) == "string" and value:find(NONE[is]) ~= nil
end

local function take(link)
    local site, now = link.site, host.steady()
    local stamp = live_values.stamp_of(site)
    for is, topic, value, echo, min, max in host.mqtt_read, link.id do
        if live.is_none(is, value) then is, value = "value", nil end
        local serial = topic == SERIAL and link.broker.serial
        if serial then
            hear_serial(link, value)
        elseif link.up then                             -- else it has waited since before its end
            hear(link, now)
        end
        if not serial then value = TRUTHS[value] or read.number(value) or value end     -- or it is a text
        if is == "value" and next(link.questions) then
            answer(link, topic, value, min, max)
        end
        if topic == ANSWER and link.questioned_at then hear_answer(link) end
        if NEWS[topic] then
            NEWS[topic](link, echo)
        elseif is == "value" and not serial then
            live_values.hear(site, topic, value, now, stamp)
        elseif is == "gone" then
            live_values.leave_topic(site, topic, now, stamp)
        end
    end
    show()
end

---------------------------------------------------------------------------------------- connections

local function end_probe(link)
    if not link.probe then return end
    host.mqtt_close(link.probe)
    by_id[link.probe], link.probe = nil, nil
end

--- why: for the log, where values come live now.
local function close(link, why)
    end_probe(link)
    fall_silent(link, "info", why or "values come from VRM's polls again.")
    timer.cancel(link.timer)
    link.timer, link.up = nil, false
    if link.id then
        host.mqtt_close(link.id)
        by_id[link.id] = nil
    end
    link.id = nil
end

--- What VRM's broker refused is not tried again all the time: it counts wrong logins.
local function give_up(link, text)
    close(link)
    link.closed_for = host.steady()
    say(link, "warning", text)
    note(link, text)
end

--- Starts to connect by one of the broker's ways -> id; nil, why.
local function connect(link, number, quiet)
    local site, broker = link.site, link.broker
    local way = broker.ways[number]
    if number == 1 then link.best_at = host.steady() end
    return host.mqtt_open {
        name = ("%s (%s)"):format(broker.name, site.name), host = way.host, port = way.port,
        websocket = way.websocket, tls = way.tls, ca = way.ca, check_name = way.check_name, quiet = quiet,
        client_id = ("pg3-victron-%08x%08x"):format(math.random(0, 0xFFFFFFFF), math.random(0, 0xFFFFFFFF)),
        user = broker.user, password = broker.password, kept = broker.kept,
        skip = 2, members = { "value", ECHO, "min", "max" }, without = { "/History/" },
    }
end

--- Tries now and then, beside a connection by another way, whether the best goes again.
local function look_for_best(link, now)
    if link.way == 1 or link.probe or now - link.best_at < PROBE_SECONDS then return end
    link.probe = connect(link, 1, true)
    if link.probe then by_id[link.probe] = link end
end

local function look(link)
    local now = host.steady()
    local heard = link.heard_at and now - link.heard_at
    if link.up and now - (link.asked_at or -math.huge) >= KEEP_SECONDS then keep_alive(link) end
    if link.alive and heard > (link.beats and SILENT_SECONDS or BEATLESS_SECONDS) then
        fall_silent(link, "warning", "live data has stopped; values come from VRM's polls until it is back.")
    elseif link.alive and now - (link.proved_at or -math.huge) >= PROOF_SECONDS then
        prove(link)
    elseif link.up and not heard and link.other then
        say(link, "warning", ("%s is of another installation: its portal id is %s, not %s."):format(
            link.broker.name, link.other, link.site.portal))
        tell(link, "other")
    elseif link.up and not heard and now - link.up >= WAIT_SECONDS then
        local text = ("%s took the login, but the gateway tells nothing. %s"):format(link.broker.name,
            link.broker.silent)
        tell(link, "silent")
        say(link, "warning", text)
        local online = link.site.facts and link.site.facts.online       -- else its nodes say that it is not
        if not link.was_alive then note(link, online and text or nil) end
    end
    if link.alive then look_for_best(link, now) end
end

local function open(link, number)
    link.way, link.failures = number, 0
    local id, problem = connect(link, number, link.all_failed)     -- then it was logged
    if not id then
        link.closed_for = host.steady()
        return say(link, "error", "no live data: " .. problem .. ".")
    end
    link.id, link.topics, link.closed_for = id, {}, nil
    by_id[id] = link
    subscribe(link)
    link.timer = timer.every(LOOK_SECONDS, function() look(link) end)
end

--- An installation has been asked for, and wants its live data of a broker (see sources.brokers).
function live.follow(site, broker)
    if not (site.portal and site.overview) then return end
    local link = links[site.id]
    local is_same = link and link.site == site and link.portal == site.portal
    if link and not (is_same and brokers.same(link.broker, broker)) then
        live.leave(site.id)
        link = nil
    end
    if not link then
        link = { site = site, portal = site.portal, broker = broker, questions = {} }
        links[site.id] = link
    end
    local resting = link.closed_for and host.steady() - link.closed_for < REFUSED_SECONDS
    if link.id then subscribe(link) elseif not resting then open(link, 1) end
end

function live.is_alive(site)
    return links[site.id] ~= nil and links[site.id].alive or false
end

--------------------------------------------------------------------------------------------- control

--- Asks the gateway for topics below its portal id ("settings/0/Settings/...") and waits for the answers, so
-- many seconds at most -> { [topic] = { value, min, max } } of those that came: numbers, nil where the
-- gateway sends none. Must run in a task.
function live.ask(site, topics, seconds)
    local link, question = links[site.id], { wanted = {}, answers = {} }
    if not (link and link.up) then return question.answers end
    for _, topic in ipairs(topics) do
        local told = ("N/%s/%s"):format(site.portal, topic)
        question.wanted[topic] = true
        if not link.topics[told] then
            link.topics[told] = true
            host.mqtt_subscribe(link.id, told)
        end
    end
    question.waits = host.spawn(host.sleep, seconds)
    link.questions[question] = true
    for _, topic in ipairs(topics) do host.mqtt_send(link.id, ("R/%s/%s"):format(site.portal, topic), "") end
    host.await(question.waits)
    link.questions[question] = nil
    return question.answers
end

--- Where the connection of an installation leads, see sources.brokers; nil: there is none.
function live.source(site)
    return links[site.id] and links[site.id].broker.source
end

--- Writes a value, as JSON, to a topic below the portal id -> whether it has left. Nothing answers: see
-- live.ask.
function live.write(site, topic, json)
    local link = links[site.id]
    if not (link and link.alive) then return false end
    return host.mqtt_send(link.id, ("W/%s/%s"):format(site.portal, topic), ('{"value":%s}'):format(json))
end

--- Ends the live data of an installation, by its id.
function live.leave(id)
    local link = links[id]
    if not link then return end
    links[id] = nil
    close(link)
    note(link, nil)
end

function live.leave_all()
    for id in pairs(links) do live.leave(id) end
    timer.cancel(show_timer)
    show_timer = nil
end

---------------------------------------------------------------------------------------------- events

local on = { mqtt_values = take }           -- [event of host.mqtt_open's] = what it means for a link
local on_probe = {}                         -- the same of a connection that only tries a way

function on.mqtt_up(link)
    link.up, link.heard_at, link.asked_at, link.all_at = host.steady(), nil, nil, nil
    link.failures, link.all_failed = 0, nil
    link.questioned_at, link.delay = nil, nil
    link.wants_all, link.tries = true, 0
    keep_alive(link)
end

function on_probe.mqtt_up(link)
    close(link, ("port %d gives a connection again."):format(link.broker.ways[1].port))
    open(link, 1)
end

on_probe.mqtt_down = end_probe

--- A connection could not be made. The host tries again by itself; after some tries another way is tried.
local function fail(link)
    local ways = link.broker.ways
    link.failures = link.failures + 1
    if link.failures < WAY_TRIES or not ways[2] then return end
    if link.way == #ways then
        link.all_failed = true
        local text = ("no connection to %s by any port; values come from VRM's polls. It is tried again and"
            .. " again."):format(link.broker.name)
        say(link, "warning", text)
        if not link.was_alive then note(link, text) end
    end
    close(link)
    open(link, link.way % #ways + 1)
end

function on.mqtt_down(link, why)
    local was_up = link.up
    link.up, link.other = false, nil
    tell(link, why)
    if why == "login" or why == "rights" or why == "id" then
        return give_up(link, ("%s refuses the login for live data; values come from VRM's polls. It is tried"
            .. " again in an hour. %s"):format(link.broker.name, link.broker.refused))
    end
    if why == "fought" and not link.was_alive then
        return give_up(link, ("%s ends the connection as soon as the gateway is asked; values come from VRM's"
            .. " polls. It is tried again in an hour. May this account only monitor the installation?")
            :format(link.broker.name))
    end
    fall_silent(link, "warning",
        "the connection for live data was lost; values come from VRM's polls until it is back.")
    if not was_up then fail(link) end
end

function on.mqtt_refused(link)
    tell(link, "rights")
    give_up(link, link.broker.name .. " gives no live data of this installation to this login; values come"
        .. " from VRM's polls. It is tried again in an hour.")
end

function on.mqtt_lost(link)
    link.wants_all, link.tries = true, 0
end

--- An event of a connection. All of them pass here: tools.record and tools.replay stand in this place.
function live.hear(event, id, ...)
    local link = by_id[id]
    local take_event = link and (id == link.id and on or on_probe)[event]
    if take_event then take_event(link, ...) end
end

for event in pairs(on) do
    host.on(event, function(...) live.hear(event, ...) end)
end

return live
