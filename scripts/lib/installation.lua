--- One installation: from VRM's answer to its nodes and their values.
--
-- site = { id, name, alarms = VRM's count, alarms_beyond = of those, not in the rows; nil: not compared yet,
--          last_timestamp, overview = list, overview_at = VRM's time, interval = seconds,
--          clock = VRM's time - ours, facts = what the gateway's node shows, newest = timestamp,
--          withdrawn = the account has it no more, health, said = what was logged, ... (see lib.account) }

local device = require "lib.device"
local discovery = require "lib.discovery"
local nodes = require "lib.nodes"
local read = require "lib.vrm_read"
local scripts = require "lib.scripts"

local installation = {}

local DEFAULT_INTERVAL = 900        -- seconds; what a gateway logs at if it does not tell

local MOST_SAID = 500               -- texts; one that changes with every answer must not fill the memory

local function key_of(found)
    return read.cut(found.service, 60) .. "/" .. found.instance
end

--- Remembers what was logged of an installation under a key.
local function say_once(site, key, text)
    site.said_count = (site.said_count or 0) + (site.said[key] == nil and 1 or 0)
    if site.said_count > MOST_SAID then site.said, site.said_count = {}, 1 end
    site.said[key] = text
end

--- The device type for what was found; conflicts and devices without a script are told once.
local function picker(site)
    return function(found)
        local type_, problem = scripts.pick(found)
        local key = key_of(found)
        if problem and site.said[key] ~= problem then
            say_once(site, key, problem)
            host.log("error", problem)
        elseif not type_ and not site.said[key] then
            say_once(site, key, "none")
            host.log("info", ("%s: no device script for %s %s (%s)."):format(
                site.name, found.service, found.instance, found.product))
        end
        return type_
    end
end

--- The gateway's node first: it is the primary of the others.
local function add_nodes(site, devices)
    local gateway = discovery.gateway_address(site.id)
    local names = { site.name }
    for _, entry in ipairs(site.overview) do
        if entry.gateway then names = { entry.custom_name or "", entry.product or "", site.name } end
    end
    if scripts.gateway then
        nodes.add_all { { address = gateway, type = scripts.gateway, primary = gateway, site = site,
                          key = site.id .. "/gateway", wanted = names } }
    end
    local entries = {}
    for _, found in ipairs(devices) do
        local address = found.type and discovery.address(site.id, found.service, found.instance)
        if address then
            entries[#entries + 1] = {
                address = address, type = found.type, primary = gateway, site = site,
                key = ("%d/%s/%d"):format(site.id, found.service, found.instance),
                wanted = { found.custom_name or "", found.product or "", found.type.name },
                instance = found.instance,
            }
        elseif found.type and site.said[key_of(found)] ~= "address" then
            say_once(site, key_of(found), "address")
            host.log("error", ("%s: %s %s cannot be a node, its address would be too long.")
                :format(site.name, found.service, found.instance))
        end
    end
    nodes.add_all(entries)
end

local function set_interval(site)
    site.interval = DEFAULT_INTERVAL
    for _, entry in ipairs(site.overview) do
        if entry.gateway and entry.interval then site.interval = entry.interval end
    end
end

--- VRM's count of alarms as it would be now. It is asked for less often than the rows: what it counted beyond
-- theirs then is added to what the rows show now.
local function count_alarms(site, from_rows)
    site.alarms_beyond = site.alarms_beyond or math.max(site.alarms - from_rows, 0)
    return from_rows + site.alarms_beyond
end

--- What the gateway's node shows beside its rows.
local function set_facts(site, answer, devices, now)
    local _, offline_after = device.limits(site.interval)
    local warnings, alarms = discovery.alarms(answer.rows, now - offline_after)
    site.newest = site.last_timestamp
    for _, found in ipairs(devices) do
        site.newest = math.max(site.newest or 0, found.newest or 0)
    end
    site.facts = {
        name = site.name, connected = true,
        online = device.judge(site.newest, now, site.interval) ~= device.OFFLINE,
        warnings = warnings, alarms = alarms, vrm_alarms = count_alarms(site, warnings + alarms),
        devices = discovery.alive(site.overview, devices, (site.overview_at or now) - offline_after,
            now - offline_after),
        interval = site.interval,
    }
end

local function show_nodes(site, devices, gateway_rows, now)
    local shown = {}
    local function show(address, rows, newest)
        local node = nodes.all[address]
        if not node or shown[address] then return end
        shown[address], node.site = true, site
        nodes.show(node, rows, site, now, newest)
    end
    show(discovery.gateway_address(site.id), gateway_rows, site.newest)
    for _, found in ipairs(devices) do
        local address = discovery.address(site.id, found.service, found.instance)
        if found.type and address then show(address, found.rows, found.newest or site.newest) end
    end
    for address, node in pairs(nodes.all) do
        if node.site == site and not shown[address] then nodes.offline(node, site.facts) end
    end
end

--- Nodes of a site (nil = of all) that PG3 knows from earlier and VRM does not show: added, offline.
local function adopt(site)
    local prefix = site and discovery.base36(site.id) .. "_" or ""
    nodes.adopt(function(address) return address:sub(1, #prefix) == prefix end)
end

--- VRM's answer to one poll (see vrm:diagnostics) becomes values; with discover also new nodes.
-- now: VRM's clock. A node of the site that is not in the answer goes offline.
function installation.show(site, answer, now, discover)
    site.clock = now - host.time()
    set_interval(site)
    local devices, gateway_rows = discovery.devices(answer.rows, site.overview, picker(site),
        scripts.gateway and scripts.gateway.keys or {})
    set_facts(site, answer, devices, now)
    if discover then add_nodes(site, devices) end
    show_nodes(site, devices, gateway_rows, now)
    if discover then adopt(site) end
end

--- Without an answer time alone makes data old.
function installation.age(site)
    nodes.age(site, host.time() + (site.clock or 0))
end

--- Everything of a site (nil = everything there is) cannot be believed now.
function installation.lose(site)
    for _, node in pairs(nodes.all) do
        if not site or node.site == site then
            local facts = node.site and node.site.facts
            if facts then facts.connected, facts.online = false, false end
            nodes.offline(node, facts)
        end
    end
    adopt(site)
end

--- Nodes PG3 knows of installations that are not among `list` (their access was withdrawn): added, offline.
function installation.adopt_others(list)
    local present = {}
    for _, site in ipairs(list) do present[discovery.base36(site.id) .. "_"] = true end
    nodes.adopt(function(address) return not present[address:match("^[^_]*_") or ""] end)
end

return installation
