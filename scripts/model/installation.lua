--- One installation: from VRM's answer to its nodes and their values.
--
-- site = { id, name, alarms = VRM's count, listed_alarms = which of them it names|nil, alarms_beyond = of
--          those, not in the rows, alarms_unlisted = of these, not listed; nil: not compared yet,
--          last_timestamp, overview = list, overview_at = VRM's time, interval = seconds,
--          clock = VRM's time - host.steady(), dated = an answer had a date,
--          facts = what the gateway's node shows,
--          heard, shift, answered_at, logged_at = see model.freshness,
--          measured_at, delay = when VRM's newest measurement was made, and how old it was when it came,
--          live_source, live_delay = see live_values.set_source,
--          nodes = { [address] = node }, those found in it, withdrawn = the account has it no more, health,
--          missed = set of the nodes whose devices the last answer lacked, and no other; nil: none,
--          hidden = { [key] = true }: devices of a kind that the owner does not want,
--          store = see model.store, aging = timer for when data grows old, said = what was logged,
--          zone = name of its time zone, midnight, tomorrow = when its day began and ends, VRM's time; nil:
--          to be found out, of_month, of_year = which day of those it is, from 1,
--          live_at = VRM's time to which a connection for live data lives, nil: there is none that does,
--          whole_at = the same of one that has told everything once,
--          alarms_changed = an alarm was told live and is not counted yet,
--          ... (see sources.account) }

local choices = require "pg3.choices"
local clock = require "tasks.clock"
local discovery = require "model.discovery"
local events = require "model.events"
local freshness = require "model.freshness"
local generic = require "serve.generic"
local identity = require "model.identity"
local node_names = require "pg3.node_names"
local nodes = require "model.nodes"
local pace = require "model.pace"
local read = require "types.read"
local reading = require "types.reading"
local scripts = require "serve.scripts"
local services = require "types.services"
local store = require "model.store"
local timer = require "tasks.timer"

local installation = {}

--- What gateways' nodes show of commands to their sites, as control.writes has it: [id of a site] = facts.
installation.control_facts = {}

local DEFAULT_INTERVAL = 900        -- seconds; what a gateway logs at if it does not tell

local MOST_SAID = 500               -- texts; one that changes with every answer must not fill the memory

local function key_of(found)
    return read.cut(found.service, 60) .. "/" .. found.instance
end

--- Logs a text about an installation, unless that is what was said of it last under a key.
local function say_once(site, key, said, level, text)
    if site.said[key] == said then return end
    site.said_count = (site.said_count or 0) + (site.said[key] == nil and 1 or 0)
    if site.said_count > MOST_SAID then site.said, site.said_count = {}, 1 end
    site.said[key] = said
    host.log(level, text)
end

--- The device type for what was found, nil for what is hidden; conflicts are told once.
local function picker(site)
    site.hidden = {}
    return function(found)
        local type_, problem = scripts.pick(found)
        local key = key_of(found)
        if problem then say_once(site, key, problem, "error", problem) end
        if not type_ then return nil end
        choices.know_kind(type_)
        site.hidden[key] = choices.hides_kind(type_) or nil
        return not site.hidden[key] and type_ or nil
    end
end

--- Names the homes of a site: key at VRM; address of its node, nil where there is no script for it or the
-- address would be too long. Of two with one address (only possible for unknown services) add_nodes tells,
-- and the first is shown.
local function name_homes(site)
    local gateway = site.store.gateway
    gateway.key, gateway.address = site.id .. "/gateway", services.gateway_address(site.id)
    for _, home in ipairs(site.store.devices) do
        home.key = ("%d/%s/%d"):format(site.id, home.service, home.instance)
        home.address = home.type and services.address(site.id, home.service, home.instance)
    end
end

--- The rows of each device that no script knows, or whose script the plugin wrote: { [home] = list }.
local function rows_to_learn(site)
    local rows = {}
    for _, home in ipairs(site.store.devices) do
        if not home.type or generic.wrote(home.type) then rows[home] = {} end
    end
    for place, row in ipairs(next(rows) and site.store.rows or {}) do
        local its = rows[site.store:home_at(place)]
        if its then its[#its + 1] = row end
    end
    return rows
end

--- A device that no script knows gets one; where that cannot be, it is told once that it has no node. A
-- script in trouble may be the one that knows it: then nothing is written.
local function learn(site)
    local rows, well = rows_to_learn(site), scripts.in_trouble() == 0
    for _, home in ipairs(site.store.devices) do
        local key = key_of(home)
        if rows[home] and home.type then
            generic.extend(home.type, rows[home])
        elseif rows[home] and not site.hidden[key]
            and not (well and generic.learn(home.service, rows[home])) then
            local product = home.entry.product or "no product name"
            say_once(site, key, "none", "info", ("%s: no device script for %s %s (%s): it has no node. A"
                .. " script of your own can give it one."):format(site.name, home.service, home.instance,
                product))
        end
    end
end

--- The gateway's node first: it is the primary of the others. known: the nodes PG3 has of this site.
local function add_nodes(site, known)
    local gateway, entry = site.store.gateway, discovery.gateway_entry(site.overview) or {}
    local names = { site.name, entry.custom_name or "", entry.product or "" }
    if gateway.type then
        nodes.add_all({ { address = gateway.address, type = gateway.type, primary = gateway.address,
                          site = site, key = gateway.key, wanted = names, instance = site.id } }, known)
    end
    local entries = {}
    for _, found in ipairs(site.store.devices) do
        if found.address then
            entries[#entries + 1] = {
                address = found.address, type = found.type, primary = gateway.address, site = site,
                key = found.key,
                wanted = { found.entry.custom_name or "", found.entry.product or "", found.type.name },
                unnamed = not (found.entry.custom_name or found.entry.product), instance = found.instance,
            }
        elseif found.type then
            say_once(site, key_of(found) .. " address", true, "error", ("%s: %s %s cannot be a node, its"
                .. " address would be too long."):format(site.name, found.service, found.instance))
        end
    end
    nodes.add_all(entries, known)
end

--- The part nodes of one device that are still missing, or have another type now: those of which VRM sends a
-- row, and those that PG3 knows from an earlier run.
local function missing_parts(entries, site, home, known)
    local node = nodes.all[home.address]
    for _, part in ipairs(node and node.type.parts or {}) do
        local its = home.address .. part.part
        local present = nodes.all[its]
        local there = present or known[its] or reading.has_part(part, home.rows)
        if there then choices.know_kind(part) end
        if there and not choices.hides_kind(part) and not (present and present.type == part) then
            entries[#entries + 1] = {
                address = its, type = part, primary = node.primary, site = site,
                key = home.key .. "/" .. part.part,
                wanted = { node_names.with_suffix(node.name, part.suffix) },
            }
            home.unshown = true
        end
    end
end

--- A part's node appears when VRM first sends one of its rows, and then stays. known: as for add_nodes.
local function add_parts(site, known)
    local entries = {}
    for home in site.store:each() do
        if home.address and store.is_new(home) then missing_parts(entries, site, home, known) end
    end
    nodes.add_all(entries, known)
end

local function same_facts(a, b)
    for _, facts in ipairs { a, b } do
        for name in pairs(facts) do
            if a[name] ~= b[name] then return false end
        end
    end
    return true
end

--- The numbers of names.data_source. FROZEN.
local SOURCE = { none = 0, polled = 1, vrm = 2, gx = 3 }

--- Where what is shown comes from, and how old it is when it comes.
function installation.add_source(site, facts)
    local source = facts.connected and "polled" or "none"
    facts.source, facts.delay = SOURCE[site.live_source or source], facts.connected and site.delay or nil
    if site.live_source then facts.delay = site.live_delay end
end

--- What the gateway's node shows beside its rows. answered: whether VRM has just answered.
function installation.set_facts(site, now, answered)
    local devices, _, offline_after = site.store.devices, freshness.limits(site.interval)
    local living = discovery.living({ site.store.gateway, table.unpack(devices) }, now - offline_after)
    local faults = discovery.faults(living, site.faults, answered)
    site.faults = discovery.on(faults)
    local warnings, worse = discovery.count_faults(faults)
    -- VRM's count is older than the rows from the next poll on: what it has beyond them is worked out once.
    local listed, unlisted = discovery.beyond(site, faults)
    site.alarms_unlisted = site.alarms_unlisted or unlisted
    site.alarms_beyond = listed + site.alarms_unlisted
    local facts = {
        name = site.name, connected = answered or site.facts.connected,
        online = freshness.judge(site.heard, now, site.interval) ~= freshness.OFFLINE,
        warnings = warnings, alarms = worse, vrm_alarms = warnings + worse + site.alarms_beyond,
        devices = discovery.alive(site.overview, devices, now - offline_after),
        interval = site.interval,
    }
    installation.add_source(site, facts)
    for name, value in pairs(installation.control_facts[site.id] or {}) do facts[name] = value end
    if not same_facts(facts, site.facts or {}) then site.store.gateway.again = true end
    site.facts = facts
end

--- The nodes of a home: its own and those of its parts, as far as they are there.
function installation.nodes_of(home)
    local node = home.address and nodes.all[home.address]
    if not node or node.key and node.key ~= home.key then return {} end
    local list = { node }
    for _, part in ipairs(node.type.parts) do
        if not choices.hides_kind(part) then list[#list + 1] = nodes.all[home.address .. part.part] end
    end
    return list
end

--- Whether a part that is lost has to stay so: all that it shows is told beside the answers, and some of that
-- is not known.
local function waits(node, site)
    if not (node.lost and node.type.part) or site.store.told_all then return false end
    for _, driver in ipairs(node.type.drivers) do
        local key = driver.keys[1]
        if not (key and key:sub(1, #store.TOLD) == store.TOLD) then return false end
    end
    return true
end

--- Shows what is new of a home on its nodes.
function installation.show_home(site, home)
    local list = installation.nodes_of(home)
    local some, all = false, false              -- of it is shown again with the next answer
    local rows = list[1] and freshness.living(home)
    for _, node in ipairs(list) do
        nodes.belong(node, site)
        pace.clear(node)
        if not waits(node, site) then
            local again, fresh = nodes.show(node, home, rows, site)
            some, all = some or again, all or fresh
        end
    end
    store.was_shown(home, some, all)
end

--- Functions that asked for rows of a home of which something is new are to be called, too.
local function wake_askers(site)
    for home in site.store:each() do
        for node in pairs(store.is_new(home) and home.askers or {}) do
            if node.home then node.home.again = true end
        end
    end
end

--- Nodes whose devices VRM does not send any more. One that is not in one answer may be VRM's slip: until the
-- next it grows old as it is.
local function lose_missing(site)
    local present, here, missed = {}, {}, {}
    for home in site.store:each() do
        here[home.key] = true
        for _, node in ipairs(installation.nodes_of(home)) do present[node] = true end
    end
    for _, node in pairs(site.nodes) do
        local again = node.home == nil or here[node.home.key] or site.missed and site.missed[node]
        if not (present[node] or node.lost) then
            if again then nodes.offline(node, site.facts) else missed[node] = true end
        end
    end
    site.missed = next(missed) and missed or nil
end

--- How the addresses of a site's nodes begin; of all sites' (nil).
local function prefix_of(site)
    return site and services.base36(site.id) .. "_" or ""
end

--- The day of a site at a time, VRM's. Where its zone is not known, days are those of UTC.
local function find_day(site, now)
    local midnight, tomorrow, of_month, of_year = host.midnight(site.zone, now)
    if not midnight then
        say_once(site, "zone", site.zone, "warning", ("%s: the time zone %s is not known here; its days begin"
            .. " at midnight UTC. Choose another in VRM's settings of the installation, or install the time"
            .. " zones (tzdata)."):format(site.name, site.zone))
        midnight, tomorrow, of_month, of_year = host.midnight("UTC", now)
    end
    site.midnight, site.tomorrow, site.of_month, site.of_year = midnight, tomorrow, of_month, of_year
end

--- Looks at the clock -> whether another day has begun since the last look, whether by another time zone:
-- what was told is of days of the one before.
local function another_day(site, now)
    local before, moved = site.midnight, site.midnight and not site.tomorrow
    if not (site.tomorrow and now >= before and now < site.tomorrow) then find_day(site, now) end
    if moved then site.store:end_told(math.huge) end
    return before ~= nil and before ~= site.midnight, moved
end

--- Shows what changed of the gateway's rows between two answers; where there is anything to show it on.
local function show_told(site)
    local home = site.store.gateway
    local list = home and installation.nodes_of(home) or {}
    if not list[1] or list[1].lost or next(home.changed) == nil then return end
    local entries = {}
    missing_parts(entries, site, home, {})
    nodes.add_all(entries, {})
    if home.unshown then return installation.show_home(site, home) end
    for _, node in ipairs(list) do
        if not waits(node, site) then nodes.update(node, home, freshness.living(home), site) end
    end
end

--- Shows how old the data of a site is by now, and again when that changes or the day ends.
function installation.age(site)
    local now = clock.of_vrm(site)
    local begun, moved = another_day(site, now)
    local until_end = site.store:end_told(now)
    show_told(site)
    if begun then nodes.begin_day(site, moved) end
    local seconds = math.min(nodes.judge(site, now), until_end, site.tomorrow - now)
    nodes.report(site.nodes)
    if site.aging then timer.cancel(site.aging) end
    site.aging = next(site.nodes) and timer.after(seconds + 1, function() installation.age(site) end)
end

--- Shows what was asked beside the polls (see store:tell), and all on a part that waited for it.
function installation.tell(site, rows)
    local home = site.store.gateway
    for _, node in ipairs(home and installation.nodes_of(home) or {}) do
        home.unshown = home.unshown or waits(node, site)
    end
    site.store:tell(rows)
    show_told(site)
    installation.age(site)
end

--- VRM's answer to one poll (see vrm:diagnostics) becomes values; with discover also new nodes.
-- now: VRM's clock. A node of the site that is not in the answer goes offline.
function installation.show(site, answer, now, discover)
    clock.set(site, now)
    local begun, moved = another_day(site, now)
    if begun then nodes.begin_day(site, moved) end  -- by what is shown: the answer may be of the day before
    site.interval = (discovery.gateway_entry(site.overview) or {}).interval or DEFAULT_INTERVAL
    local sorted = discover or not site.store:take(answer.rows)
    if sorted then
        site.store:sort(answer.rows, site.overview, picker(site), scripts.gateway)
        name_homes(site)
    end
    site.store.pages = answer.pages
    freshness.hear(site, now)
    installation.set_facts(site, now, true)
    local known = discover and nodes.known(prefix_of(site)) or {}
    if discover then add_nodes(site, known) end
    add_parts(site, known)
    wake_askers(site)
    for home in site.store:each() do
        if store.is_new(home) then installation.show_home(site, home) end
    end
    if sorted or site.missed then lose_missing(site) end
    installation.age(site)
    if discover then
        nodes.adopt(prefix_of(site), nil, true)
        identity.look(site, now)
        learn(site)
    end
end

local function lose_nodes(list)
    for _, node in pairs(list) do
        local facts = node.site and node.site.facts
        if facts then
            facts.connected, facts.online = false, false
            installation.add_source(node.site, facts)
        end
        nodes.offline(node, facts)
    end
end

--- Everything of a site (nil = everything there is) cannot be believed now.
function installation.lose(site)
    lose_nodes(site and site.nodes or nodes.all)
    nodes.report(site and site.nodes)
    nodes.adopt(prefix_of(site))
end

--- The plugin ends: nothing of what it shows can be believed from now on, and nothing is added any more.
function installation.leave()
    events.close()
    lose_nodes(nodes.all)
end

--- The account has an installation no more: its nodes go offline, and nothing else of it stays.
function installation.forget(site)
    installation.lose(site)
    if site.aging then timer.cancel(site.aging) end
    for _, node in pairs(site.nodes) do node.home = nil end
    site.aging, site.store = false, store.new()
    nodes.withdraw(site)
end

--- Nodes PG3 knows of installations that are not among `list` (their access was withdrawn): added, offline.
function installation.adopt_others(list)
    local present = {}
    for _, site in ipairs(list) do present[services.base36(site.id) .. "_"] = true end
    nodes.adopt("", function(address) return not present[address:match("^[^_]*_") or ""] end, true)
end

return installation
