--- The account's story: the user's token -> the account -> its installations, each polled for its nodes.
--
-- A session belongs to one token. It asks VRM who the token's user is and which installations there are
-- (connect), then each installation for its devices and measurements (poll). Whatever fails is tried again
-- by itself, with growing pauses; each poll PG3 asks for is a try as well.

local brokers = require "sources.brokers"
local choices = require "pg3.choices"
local clock = require "tasks.clock"
local connection = require "sources.connection"
local device = require "model.device"
local energy = require "sources.energy"
local freshness = require "model.freshness"
local gx = require "sources.gx"
local health = require "sources.health"
local installation = require "model.installation"
local live = require "sources.live"
local nodes = require "model.nodes"
local notices = require "pg3.notices"
local orphans = require "model.orphans"
local pace = require "model.pace"
local params = require "pg3.params"
local polls = require "sources.polls"
local scripts = require "serve.scripts"
local store = require "model.store"
local timer = require "tasks.timer"
local vrm = require "sources.vrm"

local account = { CONTROLLER = "controller" }       -- the address of the plugin's own node; FROZEN

local settings = params.read {}
local begun_for                     -- the token that account.begin was done for; nil: for none yet
local stopping = false              -- then there is no session any more
local held                          -- { ends, connect, timer } while VRM asked us to be quiet
local session                       -- nil: no token; else { client, health, user_id, sites = list,
                                    -- over = there is another, or none, by now,
                                    -- task = the one that asks, round = the one that polls the sites,
                                    -- again = another round follows it,
                                    -- listed = the last list, with those that the owner hides,
                                    -- queries = [site, or how all are asked] = the task that waits,
                                    -- asked_at = host.steady() when it was asked for last,
                                    -- now = each site is polled after the next list, due or not, and its
                                    -- devices are looked for,
                                    -- timer, told = "Connected" is in the log,
                                    -- missed = set of those that the last list lacked }
local sites = {}                    -- [id] = site, kept over sessions. Beside what model.installation names:
                                    -- { session, listed = the list it was in last,
                                    --   task = the one that polls it, discover, again,
                                    --   asked = somebody waits for its next poll,
                                    --   asked_at = host.steady() when it was polled last,
                                    --   timer, nameless = failures of its names, had_rows }
local last_answer                   -- VRM's clock when it last answered

-------------------------------------------------------------------------------------- what is shown

local poll, poll_all, connect       -- see below: each starts a task, unless one is under way

--- How many installations and devices there are -> numbers; nil: VRM has yet to tell, or nobody asks now.
-- What the ISY shows stays then: after a start no program sees 0 of them.
local function counts()
    if stopping then return nil, nil end
    if not session then
        local none = begun_for == "" and 0 or nil           -- there is no token
        return none, none
    end
    local list = session.sites or {}
    local waiting, told = not session.sites, #list == 0
    for _, site in ipairs(list) do
        local answered = site.health.answered
        waiting, told = waiting or not (answered or site.health.kind), told or answered
    end
    return session.sites and #list, not waiting and told and nodes.count() or nil
end

local function show_controller(status)
    local installations, devices = counts()
    local problem, bug = health.guarded(device.apply, scripts.controller, account.CONTROLLER, {}, {
        status = status, installations = installations, devices = devices,
        script_errors = scripts.in_trouble(), last_answer = last_answer,
    }, device.memory())
    if bug then                             -- ours; the next minute shows them
        host.log("error", bug.text)
    elseif problem then
        scripts.failed(scripts.controller.file, problem, "values")
    else
        scripts.worked(scripts.controller.file, "values")
    end
end

--- The controller's values and the connection's notice; a notice outlives the stop, for so may its reason.
function account.show()
    if stopping then return end
    local status = connection.state(session, held ~= nil, settings.token_problem)
    notices.connection(session and connection.outage(session), settings, status == connection.STATE.NOTHING,
        session and session.hides_all)
    show_controller(status)
end

--------------------------------------------------------------------------------------- trying again

--- No next try of a site or the account is planned any more.
local function unplan(holder)
    timer.cancel(holder.timer)
    holder.timer = nil
end

local function retry(holder, seconds, fn)
    unplan(holder)
    holder.timer = timer.after(seconds, function()
        holder.timer = nil
        fn()
    end)
end

local LEAST_SECONDS = 10            -- between PG3's polls of one installation, and of the account's list
local LIVE_SECONDS = 300            -- between the polls of an installation whose values come live
local POLLS = 4                     -- of an installation in one of its logging intervals
local LONGEST_INTERVAL = 86400      -- that a gateway has; what VRM tells beyond is a mistake

--- PG3's poll of a site or the account by fn: when so many seconds have passed since the last, and not if a
-- try is planned already.
local function when_due(holder, pause, fn)
    local passed = host.steady() - (holder.asked_at or -math.huge)
    local seconds = math.max(LEAST_SECONDS, pause) - passed
    if seconds <= 0 then return fn() end
    if not holder.timer then retry(holder, seconds, fn) end
end

--- PG3's poll of a site: more often than VRM can have something new is a waste, unless its devices are to be
-- looked for. A second less: a poll may come a moment early. Where values come live, polls are only for the
-- rest.
local function poll_when_due(site)
    local pause = math.min(site.interval or 0, LONGEST_INTERVAL) / POLLS - 1
    if live.is_alive(site) then pause = math.max(pause, LIVE_SECONDS) end
    when_due(site, site.discover and 0 or pause, function() poll(site) end)
end

local STEP_SECONDS = 0.5            -- from the poll of one installation to that of the next

--- The poll of all sites of a session, one after the other: neither VRM nor this controller has those of a
-- hundred installations at once. Where a round takes longer than PG3's pause between two polls, the next
-- follows it.
local function go_round(s)
    repeat
        s.again = false
        for place, site in ipairs(s.sites or {}) do
            if place > 1 then host.sleep(STEP_SECONDS) end
            if s.over or held then return end
            poll_when_due(site)
        end
    until not s.again
end

local function poll_in_turn()
    local s = session
    s.again = true
    if not host.running(s.round) then s.round = host.spawn(health.attempt, go_round, s) end
end

local LONGEST_PAUSE = 86400
local LATE_SECONDS = 60             -- after its end, a pause whose timer came to nothing is over (the host
                                    -- keeps VRM's pause itself)

local function end_pause()
    if held then unplan(held) end
    held = nil
end

--- VRM said 429: nothing leaves until the pause is over; then everything is asked again. Of several pauses
-- the last to end counts.
local function be_quiet(seconds)
    seconds = math.min(seconds, LONGEST_PAUSE)
    host.hold(seconds)
    held = held or { ends = -math.huge }
    if held.ends >= host.steady() + seconds then return end
    held.ends = host.steady() + seconds
    retry(held, seconds, function()
        local connects = held.connect
        held = nil
        if connects then connect(true) else poll_all() end
    end)
end

--- VRM said so to what was asked beside the polls.
local function be_quiet_after(err)
    be_quiet(err.retry_after or 60)
    account.show()
end

--- A failure of the account or of a site: count, log, plan the next try with fn.
local function failed(source, holder, err, fn)
    source:failed(err)
    if err.kind == "rate" then
        be_quiet(math.max(source:delay(), err.retry_after or 0))
    else
        retry(holder, source:delay(), fn)
    end
end

----------------------------------------------------------------------------------- one installation

--- Asks for what the list of a large account does not say, beside a poll.
local function add_details(s, site)
    local one, err = polls.ask_details(s, site, vrm.LAST)
    if not one and polls.counts(s, site) and err.kind == "rate" then be_quiet_after(err) end
end

--- Live data for an installation that answers, if the owner wants it.
local function follow_live(site)
    local broker, problem
    if settings.live == "vrm" then
        broker, problem = brokers.of_vrm(site, session.email, settings.token)
    elseif settings.live == "gx" then
        broker = gx.broker_of(site, session.sites, session.listed)
    end
    if problem and site.said.live ~= problem then site.health:say("warning", problem) end
    site.said.live = problem
    if broker then live.follow(site, broker) end
end

function gx.ready(site)
    if session and not site.withdrawn and site.health.answered then follow_live(site) end
end

local function poll_once(site)
    local s, discover = session, site.discover or not site.overview
    local priority = site.asked and vrm.ASKED or nil
    site.discover, site.asked, site.asked_at = false, false, host.steady()
    local answered_at, err = health.guarded(polls.ask, s, site, discover, priority)
    if not polls.counts(s, site) then return end
    if answered_at then
        last_answer = answered_at
        local was_failing = site.health.kind
        site.health:worked()
        if was_failing and s.health.kind and not s.health:refused() then connect() end
        unplan(site)
        follow_live(site)
        if discover and s.client.bare then host.spawn(add_details, s, site) end
    else
        site.store:doubt()
        site.discover = site.discover or discover
        failed(site.health, site, err, function() poll(site) end)
        local is_news = err.kind == "auth" and site.health.failures == 1 and not s.health:refused()
        if is_news then connect() end
        if site.health:refused() then live.leave(site.id) end
        if site.health:lost() and not live.is_alive(site) then
            installation.lose(site)
        else
            installation.age(site)
        end
    end
    account.show()
end

local function poll_until_done(site)
    repeat
        site.again = false
        health.attempt(poll_once, site)
    until not site.again or not session or held
end

--- Starts to poll a site. One that is being polled already is not asked twice at once, unless discovery
-- (which another token begins with) asks for more; then a second poll follows.
function poll(site, discover)
    if not session or held or site.withdrawn then return end
    site.discover = site.discover or discover
    if host.running(site.task) then
        site.again = site.again or discover
    else
        site.task = host.spawn(poll_until_done, site)
    end
end

--- The same of all sites of a session.
local function poll_each(s, discover)
    for _, site in ipairs(s.sites or {}) do poll(site, discover) end
end

---------------------------------------------------------------------------------------- the account

--- What is wrong with a list that lacks an installation which the one before had, the first time: it may be a
-- slip of VRM's. nil: nothing is.
local function lacks(s, list)
    local there, missed, first = {}, {}, nil
    for _, record in ipairs(list) do there[record.id] = true end
    for _, record in ipairs(s.listed or {}) do
        if not there[record.id] then missed[record.id] = true end
        if missed[record.id] and not s.missed[record.id] then first = first or record end
    end
    s.missed = missed
    return first and (#list == 0 and "VRM listed no installation."
        or ("VRM did not list the installation %s."):format(first.name))
end

local function ask_account(s)
    if not s.user_id then
        local user, err = s.client:me()
        if err and err.kind == "forbidden" then err.kind = "auth" end
        if not user then return nil, err end
        s.user_id, s.email = user.id, user.email
    end
    local list, err = s.client:installations(s.user_id)
    local problem = list and lacks(s, list)
    if problem then return nil, { kind = "bad_answer", text = problem } end
    return list, err
end

--- Tells of names in the parameter control that the account does not have.
local function look_at_control()
    local list = session and session.listed
    notices.control_names(list and params.strangers(settings, list) or {})
end

--- Takes over the list of installations, whole or not at all; those no longer in it go offline. What the
-- owner hides is as if it were not listed. What VRM omits once of one stays as it was: it does not move, nor
-- get another name or gateway.
local function use_installations(s, list)
    for _, record in ipairs(list) do
        local before = record.unnamed and sites[record.id]
        record.name = before and before.name or record.name
    end
    s.hides_all, s.listed = #list > 0, list
    look_at_control()
    list = choices.of_sites(list)
    s.hides_all = s.hides_all and #list == 0
    local listed = {}
    for i, record in ipairs(list) do
        local site = sites[record.id] or { id = record.id, said = {}, nodes = {}, store = store.new() }
        site.name, site.created = record.name, record.created or site.created
        site.portal = record.portal or site.portal
        site.mqtt_host, site.mqtt_webhost = record.mqtt_host, record.mqtt_webhost
        local zone = record.zone or site.zone or "UTC"
        if site.zone ~= zone then site.zone, site.tomorrow = zone, nil end
        if not (s.client.bare and site.alarms) then polls.take_details(site, record) end
        if site.session ~= s then site.session, site.health = s, health.new() end
        site.health.name = record.name              -- it may have another by now
        site.listed = list
        sites[record.id], listed[i] = site, site
    end
    for id, site in pairs(sites) do
        if site.listed ~= list then
            unplan(site)
            live.leave(id)
            installation.forget(site)
            notices.control(site, nil)
            sites[id] = nil
        end
    end
    s.sites = listed
    choices.offer()
    installation.adopt_others(listed)
end

local function take_account(s)
    local list, err = ask_account(s)
    if not list or s.over then return nil, err end
    use_installations(s, list)
    return list
end

local LOOKS = 50                    -- installations whose devices one long poll looks for

--- Those whose devices were looked for longest ago. For all of a hundred and more VRM's limit of requests is
-- not enough beside their measurements.
local function look_for_devices(s)
    local list = table.move(s.sites, 1, #s.sites, 1, {})
    table.sort(list, function(a, b)
        local one, other = a.overview_at or 0, b.overview_at or 0
        if one ~= other then return one < other end
        return a.id < b.id
    end)
    for i = 1, math.min(#list, LOOKS) do list[i].discover = true end
end

--- After the list the installations are asked for.
local function poll_listed(s)
    if s.now then
        poll_each(s, true)
    else
        look_for_devices(s)
        poll_in_turn()
    end
    s.now = false
end

local function ask_list(s)
    s.asked_at = host.steady()
    local list, err = health.guarded(take_account, s)
    if s.over then return end
    if list then
        s.health:worked()
        last_answer = last_answer or host.time()
        unplan(s)
        if not s.told then
            s.told = true
            host.log("info", ("Connected to VRM; installations: %d."):format(#list))
        end
        poll_listed(s)
    else
        failed(s.health, s, err, function() connect() end)
        if s.health:refused() then live.leave_all() end
        if s.health:refused() or (s.health:lost() and not s.sites) then
            installation.lose(nil)
        else
            poll_in_turn()
        end
    end
    account.show()
end

--- Starts to ask for the account and its installations. now: then all of them are polled, and their devices
-- looked for.
function connect(now)
    local s = session
    if held then held.connect = true end
    if not s then return end
    s.now = s.now or now
    if not (held or host.running(s.task)) then s.task = host.spawn(ask_list, s) end
end

--- PG3's long poll: asks for the list, but not all the time.
function account.connect()
    if session then when_due(session, 0, function() connect() end) end
end

------------------------------------------------------------------------------------ beside the polls

--- The installations of a session that answer, and whose day is known.
local function answering(s)
    local list = {}
    for _, site in ipairs(not (held or s.health:refused()) and s.sites or {}) do
        local answers = site.health.answered and not site.health.kind
        local known = site.tomorrow and clock.of_vrm(site) < site.tomorrow
        if answers and known and polls.counts(s, site) then list[#list + 1] = site end
    end
    return list
end

local function begin_energy(s)
    host.spawn(energy.serve, {
        client = s.client,
        over = function() return s.over end,
        sites = function() return answering(s) end,
        knows = function(site) return polls.counts(s, site) end,
        quiet = be_quiet_after,
    })
end

---------------------------------------------------------------------------------------- the session

--- Begins anew with the present token; without a usable one everything is disconnected.
function account.begin()
    if stopping then return end
    if session then
        session.over = true
        unplan(session)
        for _, task in pairs(session.queries) do host.drop(task) end
    end
    for _, site in pairs(sites) do unplan(site) end
    session, begun_for = nil, nil
    look_at_control()
    live.leave_all()
    end_pause()
    host.hold(0)                    -- VRM's pause was for the token before
    local client, problem
    if settings.token ~= "" and not settings.token_problem then
        client, problem = vrm.new { token = settings.token, url = host.env("VICTRON_VRM_URL"),
                                    ca_file = host.env("VICTRON_CA_FILE") }
    end
    if not client then
        if settings.token == "" then
            host.log("warning", "There is no VRM access token yet. Enter it as the parameter vrm_token.")
        else
            problem = problem or "The VRM access token cannot be right: " .. settings.token_problem .. "."
            host.log("error", problem)
        end
        installation.lose(nil)
        begun_for = settings.token
        account.show()
        return
    end
    begun_for = settings.token
    session = { client = client, health = health.new(), queries = {}, missed = {} }
    account.show()
    begin_energy(session)
    connect(true)
end

--- While VRM wants quiet nothing is asked, but data grows old; what an earlier run or token showed cannot be
-- believed.
local function age_all()
    if not session.sites then installation.lose(nil) end
    for _, site in ipairs(session.sites or {}) do
        if site.health.answered then installation.age(site) else installation.lose(site) end
    end
    account.show()
end

--- Whether the installations can be asked for only after the account. Of a 429 no next try is planned: it
-- comes when the pause is over.
local function needs_list()
    local whole = session.health
    return not session.sites or #session.sites == 0 or whole:refused() or whole.kind == "rate"
end

function poll_all()
    if not session or held then return end
    if needs_list() then return connect(true) end
    poll_each(session)
end

local POLL_SECONDS = 240            -- between PG3's polls: no installation's data is stale sooner

--- Seconds after which the data of an installation is stale, of that which logs most often; where values come
-- live, PG3's polls do not matter. math.huge: there is none.
function account.patience()
    local least = math.huge
    for _, site in ipairs(session and session.sites or {}) do
        local stale = site.interval and freshness.limits(site.interval) or math.huge
        if not live.is_alive(site) then least = math.min(least, math.max(stale, POLL_SECONDS)) end
    end
    return least
end

--- PG3's short poll: asks for what is due.
function account.poll()
    if not session then return end
    if held and host.steady() > held.ends + LATE_SECONDS then end_pause() end
    if held then return age_all() end
    if needs_list() then return account.connect() end
    local listing = host.running(session.task)          -- then the sites are polled after that
    if not listing then poll_in_turn() end
end

local QUERY_SECONDS = 60            -- PG3 is told after that at the latest

--- Begins to ask by ask_by(one) and waits until the answers are shown, also those of a poll that is under
-- way. one: the site that is asked for, nil: all are. Returns whether there are answers.
local function ask_for(s, ask_by, one)
    ask_by(one)
    if s.task then host.await(s.task) end
    local asked = one and { one } or s.sites or {}
    for _, site in ipairs(asked) do
        if site.task then host.await(site.task) end
    end
    for _, site in ipairs(asked) do
        if site.health.kind then return false end
    end
    return #asked > 0 and not (s.over or held)
end

--- ask_for; what is asked for already is not asked for again but joined.
local function answers(ask_by, one)
    local s, key = session, one or ask_by
    if not s then return false end
    if not host.running(s.queries[key]) then s.queries[key] = host.spawn(ask_for, s, ask_by, one) end
    local ended, answered = host.await(s.queries[key], QUERY_SECONDS)
    return ended and answered or false
end

local function poll_asked(site)
    site.asked = true
    poll(site)
end

--- Asks for a node's installation, or all of them. Returns whether there are answers, when they are shown, or
-- when there will be none.
function account.query(address)
    local site = nodes.all[address] and nodes.all[address].site
    local known = site and site.session == session and not site.withdrawn
    if known then return answers(poll_asked, site) end
    return answers(poll_all)
end

--- Asks for the account, its installations and their devices, as for those that the owner chose anew.
function account.choose() connect(true) end

--- The same. Returns what account.query does.
function account.discover() return answers(account.choose) end

--- Whether what VRM sent of an installation is whole and of now. Without the list of its devices those whose
-- rows name no service are not known.
local function is_whole(site)
    return site.health.answered and next(site.overview) ~= nil
        and not (site.health.kind or site.store.doubtful or site.missed)
end

local MOST_NAMED = 20               -- nodes that one line of the log names

--- Takes the nodes of devices that are gone or hidden out of PG3. False: VRM has to be asked first.
function account.clean_up()
    if not (session and session.sites) or session.health.kind or held then
        host.log("warning", "No node was removed: VRM cannot be asked now. Try it again when the plugin is"
            .. " connected.")
        return false
    end
    local gone, doubtful = orphans.find(session.sites, is_whole)
    local removed = orphans.remove(gone)
    if doubtful > 0 then
        host.log("warning", ("%d nodes were left alone: VRM does not tell all of their installations now. Try"
            .. " it again later."):format(doubtful))
    end
    host.log("info", ("Removed nodes of devices that are gone: %d%s."):format(removed,
        removed > 0 and " (" .. table.concat(gone, ", ", 1, math.min(removed, MOST_NAMED)) .. ")" or ""))
    account.show()
    return removed == #gone
end

--- Asks every installation for its devices again: there are new types for them.
function account.rediscover()
    if session then poll_each(session, true) end
end

--- The devices of all installations, for scripts.devices.
function account.devices()
    local list, whole = {}, next(sites) ~= nil
    for _, site in pairs(sites) do
        whole = whole and site.health.answered
        for _, home in ipairs(site.store.devices or {}) do
            list[#list + 1] = { seen = home.matched, now = home.type,
                                name = home.entry.custom_name or home.entry.product or site.name }
        end
    end
    return list, whole
end

--- A device script's question to VRM (see vrm:get_for_script) -> answer | nil, sentence.
function account.get_for_script(file, path, with)
    local s = session
    if not s or held then return nil, "VRM cannot be asked now" end
    local answer, err = health.attempt(s.client.get_for_script, s.client, file, path, with)
    if err and err.kind == "rate" and session == s then be_quiet_after(err) end
    return answer, err and err.text
end

--- The parameters as pg3.params read them -> whether the token is another: account.begin is needed.
function account.use(given)
    local before = settings
    settings = given
    look_at_control()
    pace.use(given.live_seconds)
    if not params.same_live(before, settings) then
        live.leave_all()
        gx.use(settings.live == "gx" and settings.gx or nil)
        for _, site in ipairs(session and session.sites or {}) do
            if site.health.answered and settings.token == begun_for then follow_live(site) end
        end
    end
    return settings.token ~= begun_for
end

--- Nothing is asked or planned any more, nor is anything shown: what comes from VRM now is outdated.
function account.stop()
    if session then session.over = true end
    stopping, session = true, nil
    live.leave_all()
    gx.use(nil)
    installation.leave()
    show_controller(connection.STATE.DISCONNECTED)
end

return account
