--- What is told live of an installation: into its store, over VRM's rows (model.overlay), and from there onto
-- its nodes when their turn comes (model.pace).

local alarms = require "types.alarms"
local clock = require "tasks.clock"
local device = require "model.device"
local events = require "model.events"
local freshness = require "model.freshness"
local installation = require "model.installation"
local nodes = require "model.nodes"
local overlay = require "model.overlay"
local pace = require "model.pace"

local live_values = {}

--- What time it is by the clock of a site's gateway.
function live_values.stamp_of(site)
    return math.floor(clock.of_vrm(site) - (site.shift or 0))
end

--- Who shows what is told of an entry (model.overlay): a list of a node, its driver, the next node ...
-- Nobody knows what a function reads: it may be any row of its device, and of those whose rows it asked for.
local function readers_of(entry)
    local list, keys, home = {}, overlay.keys_of(entry), entry.of.home
    local function add(node, driver) list[#list + 1], list[#list + 2] = node, driver end
    local function add_followers(node)
        for _, driver in ipairs(device.followers(node.type)) do add(node, driver) end
    end
    for _, node in ipairs(installation.nodes_of(home)) do
        for driver in pairs(device.direct_readers(node.type, keys)) do add(node, driver) end
        add_followers(node)
    end
    for node in pairs(home.askers or {}) do add_followers(node) end
    return list
end

--- VRM has the alarm of a lost grid as one of the system; live, no system tells it, but each inverter (Venus
-- 2.60 and later).
local GRID_LOST, GRID_LOST_OF_SYSTEM = "/Alarms/GridLost", "/system/0/Ac/Alarms/GridLost"

--- The system has lost the grid if an inverter that lives says so; where none is left, VRM knows it next.
local function hear_grid(site, now, stamp)
    local worst = -1
    for home in site.store:each() do
        local tells = overlay.lives(site.store, home) and not overlay.has_left(site.store, home, GRID_LOST)
        local row = tells and home.rows[GRID_LOST]
        worst = math.max(worst, row and alarms.level(row.value) or -1)
    end
    if worst < 0 then return overlay.leave(site.store, GRID_LOST_OF_SYSTEM, clock.of_vrm(site)) end
    live_values.hear(site, GRID_LOST_OF_SYSTEM, worst, now, stamp)
end

--- What was told live of a topic (from its service on): a number, a text, or nil: it has no value. Shown by
-- live_values.show_live. now: host.steady(); stamp: the same by the gateway's clock.
function live_values.hear(site, topic, value, now, stamp)
    local entry, back = overlay.hear(site.store, topic, value, stamp)
    local its = entry or back
    if its and its.path == GRID_LOST then hear_grid(site, now, stamp) end
    if not entry then return end
    site.alarms_changed = site.alarms_changed or alarms.of_key[entry.path] ~= false
    local readers = entry.readers or readers_of(entry)
    entry.readers, entry.of.home.told_at = readers, stamp + (site.shift or 0)
    pace.wait_all(readers, now)
end

--- A topic was told to be gone: its device left the D-Bus.
function live_values.leave_topic(site, topic, now, stamp)
    overlay.leave(site.store, topic, clock.of_vrm(site))
    if topic:sub(-#GRID_LOST) == GRID_LOST then hear_grid(site, now, stamp) end
end

--- The gateway counts an alarm as soon as its device shows it.
local function count_alarms(site)
    if not site.alarms_changed then return end
    site.alarms_changed = nil
    installation.set_facts(site, clock.of_vrm(site), false)
    nodes.tell_facts(site)
    nodes.report { nodes.all[site.store.gateway.address] }
end

--- Calls `update` of a node, unless that still runs -> how many values it may show.
local function update_waiting(node, rows, now)
    local called = nodes.call_update(node, rows)
    if called == false then pace.wait(node, device.UPDATE, now) end
    return called and device.readers_of(node.type).by_script or 0
end

--- Shows on a node what has waited -> how many values PG3 is told then.
local function show_waiting(node, drivers)
    local site, told, now = node.site, node.memory.told, host.steady()
    if node.lost or not (site and node.home and site.nodes[node.address] == node) then return 0 end
    local updates, rows = drivers[device.UPDATE], freshness.living(node.home)
    drivers[device.UPDATE] = nil
    nodes.update(node, node.home, rows, site, drivers, function(driver, value)
        return pace.holds(node, driver, value, host.get(node.address, driver.id), now)
    end)
    if updates then told = told - update_waiting(node, rows, now) end
    events.look(node)
    count_alarms(site)
    return node.memory.told - told
end

--- Shows what was told live and may be shown by now. Returns the seconds until it is to be called again; nil:
-- nothing waits.
function live_values.show_live()
    return pace.show(host.steady(), show_waiting)
end

--- Shows everything of homes whose values come live again after they were old or lost, what waited and what
-- functions work out, too: they are about to be fresh.
local function show_returned(site)
    for home in site.store:each() do
        local node = installation.nodes_of(home)[1]
        if node and (node.lost or node.state ~= freshness.FRESH) and overlay.lives(site.store, home)
            and freshness.judge(home.heard, site.live_at, site.interval) == freshness.FRESH then
            home.unshown = true
            installation.show_home(site, home)
        end
    end
end

--- A connection for live data lives, or lived until now (ends); is_whole: it has told everything.
function live_values.prove(site, is_whole, ends)
    site.live_at, site.store.live_stamp = clock.of_vrm(site), live_values.stamp_of(site)
    if is_whole then site.whole_at = site.live_at end
    if site.overview then
        freshness.hear_live(site)
        count_alarms(site)
        show_returned(site)
        installation.age(site)
    end
    if ends then
        overlay.silence(site.store)
        site.live_at, site.whole_at, site.store.live_stamp = nil, nil, nil
    end
end

--- Values come live from now on, source = "vrm" or "gx", or not any more (nil). delay: the seconds that a
-- question takes to the gateway and back; nil: it is not known.
function live_values.set_source(site, source, delay)
    site.live_source, site.live_delay = source, delay
    local facts = site.facts
    if not facts then return end
    local before = { facts.source, facts.delay }
    installation.add_source(site, facts)
    if facts.source ~= before[1] or facts.delay ~= before[2] then nodes.tell_facts(site) end
end

return live_values
