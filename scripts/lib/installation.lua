--- One installation: from VRM's answer to its nodes and their values.
--
-- site = { id, name, alarms = VRM's count, alarms_beyond = of those, not in the rows; nil: not compared yet,
--          last_timestamp, overview = list, overview_at = VRM's time, interval = seconds,
--          clock = VRM's time - ours, facts = what the gateway's node shows,
--          nodes = { [address] = node }, those found in it, withdrawn = the account has it no more, health,
--          said = what was logged, ... (see lib.account) }

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
            host.log("info", ("%s: no device script for %s %s (%s): it has no node. A script of your own can"
                .. " give it one."):format(site.name, found.service, found.instance,
                found.product ~= "" and found.product or "no product name"))
        end
        return type_
    end
end

--- Names what was found: found.key at VRM; found.address of its node, nil where there is no script for it or
-- the address would be too long. The gateway comes back as such a thing too: { key, address, rows }.
local function name_all(site, devices, gateway_rows)
    for _, found in ipairs(devices) do
        found.key = ("%d/%s/%d"):format(site.id, found.service, found.instance)
        found.address = found.type and discovery.address(site.id, found.service, found.instance)
    end
    return { key = site.id .. "/gateway", address = discovery.gateway_address(site.id), rows = gateway_rows }
end

--- The gateway's node first: it is the primary of the others. known: the nodes PG3 has of this site.
local function add_nodes(site, gateway, devices, known)
    local names = { site.name }
    for _, entry in ipairs(site.overview) do
        if entry.gateway then names = { entry.custom_name or "", entry.product or "", site.name } end
    end
    if scripts.gateway then
        nodes.add_all({ { address = gateway.address, type = scripts.gateway, primary = gateway.address,
                          site = site, key = gateway.key, wanted = names } }, known)
    end
    local entries = {}
    for _, found in ipairs(devices) do
        if found.address then
            entries[#entries + 1] = {
                address = found.address, type = found.type, primary = gateway.address, site = site,
                key = found.key,
                wanted = { found.custom_name or "", found.product or "", found.type.name },
                instance = found.instance,
            }
        elseif found.type and site.said[key_of(found)] ~= "address" then
            say_once(site, key_of(found), "address")
            host.log("error", ("%s: %s %s cannot be a node, its address would be too long.")
                :format(site.name, found.service, found.instance))
        end
    end
    nodes.add_all(entries, known)
end

--- The part nodes of one device that are still missing, or have another type now: those of which VRM sends a
-- row, and those that PG3 knows from an earlier run.
local function missing_parts(entries, site, found, known)
    local node = nodes.all[found.address]
    for _, part in ipairs(node and node.type.parts or {}) do
        local its = found.address .. part.part
        local present = nodes.all[its]
        if present and present.type ~= part
            or not present and (known[its] or device.has_part(part, found.rows)) then
            entries[#entries + 1] = {
                address = its, type = part, primary = node.primary, site = site,
                key = found.key .. "/" .. part.part,
                wanted = { discovery.with_suffix(node.name, part.suffix) },
            }
        end
    end
end

--- A part's node appears when VRM first sends one of its rows, and then stays. known: as for add_nodes.
local function add_parts(site, gateway, devices, known)
    local entries = {}
    missing_parts(entries, site, gateway, known)
    for _, found in ipairs(devices) do
        if found.address then missing_parts(entries, site, found, known) end
    end
    nodes.add_all(entries, known)
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

--- What the gateway's node shows beside its rows -> timestamp of the site's newest data, nil: there is none.
local function set_facts(site, answer, devices, now)
    local _, offline_after = device.limits(site.interval)
    local warnings, alarms = discovery.alarms(answer.rows, now - offline_after)
    local newest = site.last_timestamp
    for _, found in ipairs(devices) do newest = math.max(newest or 0, found.newest or 0) end
    site.facts = {
        name = site.name, connected = true,
        online = device.judge(newest, now, site.interval) ~= device.OFFLINE,
        warnings = warnings, alarms = alarms, vrm_alarms = count_alarms(site, warnings + alarms),
        devices = discovery.alive(site.overview, devices, (site.overview_at or now) - offline_after,
            now - offline_after),
        interval = site.interval,
    }
    return newest
end

--- newest: timestamp of the site's newest data; nodes whose rows have none are judged by it.
local function show_nodes(site, gateway, devices, now, newest)
    local shown, show = {}, nil
    function show(address, rows, its_newest)
        local node = nodes.all[address]
        if not node or shown[address] then return end
        shown[address] = true
        nodes.belong(node, site)
        nodes.show(node, rows, site, now, its_newest)
        for _, part in ipairs(node.type.parts) do show(address .. part.part, rows, its_newest) end
    end
    show(gateway.address, gateway.rows, newest)
    for _, found in ipairs(devices) do
        if found.address then show(found.address, found.rows, found.newest or newest) end
    end
    for address, node in pairs(site.nodes) do
        if not shown[address] then nodes.offline(node, site.facts) end
    end
end

--- How the addresses of a site's nodes begin; of all sites' (nil).
local function prefix_of(site)
    return site and discovery.base36(site.id) .. "_" or ""
end

--- VRM's answer to one poll (see vrm:diagnostics) becomes values; with discover also new nodes.
-- now: VRM's clock. A node of the site that is not in the answer goes offline.
function installation.show(site, answer, now, discover)
    site.clock = now - host.time()
    set_interval(site)
    local devices, gateway_rows = discovery.devices(answer.rows, site.overview, picker(site),
        scripts.gateway and scripts.gateway.keys or {})
    local newest = set_facts(site, answer, devices, now)
    local gateway = name_all(site, devices, gateway_rows)
    local known = discover and nodes.known(prefix_of(site)) or {}
    if discover then add_nodes(site, gateway, devices, known) end
    add_parts(site, gateway, devices, known)
    show_nodes(site, gateway, devices, now, newest)
    if discover then nodes.adopt(prefix_of(site)) end
end

--- Without an answer time alone makes data old.
function installation.age(site)
    nodes.age(site, host.time() + (site.clock or 0))
end

--- Everything of a site (nil = everything there is) cannot be believed now.
function installation.lose(site)
    for _, node in pairs(site and site.nodes or nodes.all) do
        local facts = node.site and node.site.facts
        if facts then facts.connected, facts.online = false, false end
        nodes.offline(node, facts)
    end
    nodes.adopt(prefix_of(site))
end

--- Nodes PG3 knows of installations that are not among `list` (their access was withdrawn): added, offline.
function installation.adopt_others(list)
    local present = {}
    for _, site in ipairs(list) do present[discovery.base36(site.id) .. "_"] = true end
    nodes.adopt("", function(address) return not present[address:match("^[^_]*_") or ""] end)
end

return installation
