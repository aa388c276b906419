--- The nodes of installations and devices: adding them, showing rows, data states.
--
-- node = { address, name, base = what it is named after (see rename), type,
--          site = its installation (nil: only known to PG3), key = what it is at VRM,
--          home = where its rows are (model.store), memory = see device.memory,
--          heard = timestamp of its data, by VRM's clock|nil, state = data state as it is shown,
--          lost = it cannot be believed, whatever its age,
--          begun = the type whose start was run for it, updating = the task of its `update` that ran last,
--          failed = since the last answer: { values, update = the first error of its functions, of `update`,
--          rests = they are not called before the next answer }; nil: none }

local about = require "types.about"
local belief = require "model.belief"
local clock = require "tasks.clock"
local device = require "model.device"
local events = require "model.events"
local freshness = require "model.freshness"
local node_names = require "pg3.node_names"
local over_time = require "types.over_time"
local overlay = require "model.overlay"
local records = require "serve.state"
local scripts = require "serve.scripts"
local shortage = require "tasks.shortage"
local sums = require "model.sums"
local units = require "types.units"

local nodes = { all = {}, BETWEEN = "update between polls" }

local used_names = {}       -- [name] = address
local refused = {}          -- [address] = text logged already
local found                 -- what nodes.count counted; nil: nodes have come or gone since

--- What words that look at time, sums and values of a day kept of nodes that are not here yet: [member of a
-- memory] = { [address] = what it had }.
local kept = { over = {}, sums = {}, day_before = {} }

--- Whether a type's script shows something: it was neither replaced nor suspended.
local function works(type_)
    return scripts.current(type_) == type_ and not scripts.suspended(type_)
end

--- What a node is beside a device: "gateway" or "controller", parts of theirs too; nil: it is of a device.
local function kind_of(node) return (node.type.main or node.type).kind end

--- The nodes that PG3 has on record whose addresses begin with prefix, by address.
function nodes.known(prefix)
    local known = {}
    for _, node in ipairs(host.known(prefix)) do known[node.address] = node end
    return known
end

--- Starts a function of a node's script, "start" or "update" -> its task. What keeps it from starting is the
-- script's error, unless the plugin itself has no memory. named: what its error is told as, nil: what it is.
local function run_script(node, what, rows, named)
    local fn = node.type[what]
    local ok, task = pcall(host.enter, host.run_script, fn, node.address, nil, rows, named or what)
    if ok then return task end
    scripts.failed(node.type.file, shortage.is(task) and task or tostring(task), node.address, true, what)
end

local function begin(node)
    if node.type.start then run_script(node, "start") end
    node.begun = node.type
end

--- A node is of a site from now on.
function nodes.belong(node, site)
    if node.site and node.site ~= site then node.site.nodes[node.address] = nil end
    if node.site ~= site then found = nil end
    node.site, site.nodes[node.address] = site, node
end

--- The memory of a node that is new or of another type: with what words that look at time, sums and values of
-- a day keep of it from before.
local function new_memory(node)
    local address, before = node.address, node.memory or {}
    local memory = device.memory(before.over or over_time.restored(kept.over[address]))
    memory.day_before = before.day_before or kept.day_before[address]
    sums.take(node.type, memory, kept.sums[address] or {})
    for _, of_nodes in pairs(kept) do of_nodes[address] = nil end
    return memory
end

--- Adds one node to PG3; true if it is there now. Said once if it cannot be.
local function add(node)
    local ok, problem = host.add { address = node.address, type = node.type.id, name = node.name,
                                   primary = node.primary }
    if not ok then
        if refused[node.address] ~= problem then
            refused[node.address] = problem
            host.log("error", ("Node %s (%s) could not be added: %s"):format(
                node.address, node.name, tostring(problem)))
        end
        return false
    end
    nodes.all[node.address], node.memory, node.failed = node, new_memory(node), nil
    found = nil
    node.heard, node.state, node.lost = nil, nil, true
    if node.home then node.home.unshown = true end        -- rows that another type did not read
    if node.site then nodes.belong(node, node.site) end
    used_names[node.name] = node.address
    begin(node)
    return true
end

--- Adds a node once more, as one of another type. Without memory for it, it stays what it was.
local function retype(node, type_)
    local before = node.type
    kept.sums[node.address] = node.memory.sums
    node.type = type_
    local ok, problem = pcall(add, node)
    if ok then return end
    node.type = before
    error(problem, 0)
end

--- A second device with the address of a node that is there: said once.
local function report_collision(entry, present)
    if not present.key then present.key = entry.key end       -- PG3 knew it, now it was found
    if present.key ~= entry.key and not refused[entry.key] then
        refused[entry.key] = true
        host.log("error", ("%s and %s would both be node %s; the second is not added.")
            :format(present.key, entry.key, entry.address))
    end
end

--- A node that the user renamed in PG3 keeps that name: the host asks PG3 for it.
local function give_name(node, name)
    if used_names[node.name] == node.address then used_names[node.name] = nil end
    used_names[name], node.name = node.address, name
    host.rename(node.address, name)
end

--- A device that has another name in VRM now gives it to its nodes, unless they are called otherwise. One of
-- which VRM has no name any more keeps its own.
local function rename(entry, present)
    if entry.unnamed and present.base then return end
    local base, before = node_names.base_name(entry.wanted), present.base
    present.base = base
    if not before or base == before or base == "" then return end
    local old = present.name
    if old ~= before and old:sub(1, #before + 1) ~= before .. " " then return end
    node_names.give({ entry }, used_names)
    give_name(present, entry.name)
    for _, part in ipairs(present.type.parts or {}) do
        local node = nodes.all[present.address .. part.part]
        if node and node.name == node_names.with_suffix(old, part.suffix) then
            give_name(node, node_names.with_suffix(present.name, part.suffix))
        end
    end
end

--- A device that is there already: it has the closest type there is now.
local function refresh(entry, present)
    report_collision(entry, present)
    if present.key == entry.key then rename(entry, present) end
    if present.key ~= entry.key or present.type == entry.type then return end
    retype(present, entry.type)
end

--- A name that no other node gets.
function nodes.take_name(name, address)
    used_names[name] = used_names[name] or address
end

--- Adds those of a list that are not there yet, the names made unique together; a node that PG3 knows (known,
-- by address) keeps its name. entry = { address, type, primary, site, key, wanted, instance (see
-- node_names.give), unnamed = VRM has no name of it }. Two with one address (only possible for unknown
-- services): the first is added.
function nodes.add_all(entries, known)
    local new, names = {}, {}
    local here = setmetatable({}, { __index = nodes.all })
    for _, entry in ipairs(entries) do
        if not here[entry.address] then
            here[entry.address], new[#new + 1] = entry, entry
            entry.base = node_names.base_name(entry.wanted)
            entry.name = known[entry.address] and known[entry.address].name
            if entry.name then
                nodes.take_name(entry.name, entry.address)
            else
                names[#names + 1] = entry
            end
        else
            refresh(entry, here[entry.address])
        end
    end
    node_names.give(names, used_names)
    for _, entry in ipairs(new) do
        entry.wanted = nil
        if add(entry) then host.log("info", ("Node %s: %s"):format(entry.address, entry.name)) end
    end
end

--- A node that was taken out of PG3.
function nodes.forget(address)
    local node = nodes.all[address]
    if not node then return end
    if used_names[node.name] == address then used_names[node.name] = nil end
    if node.site then node.site.nodes[address] = nil end
    nodes.all[address], found = nil, nil
    for _, of_nodes in pairs(kept) do of_nodes[address] = nil end
    events.forget(address)
end

local function show_state(node, state)
    if node.state == state then return end
    node.state = state
    host.set(node.address, "GV30", state)
    host.stale(node.address, state == freshness.STALE or state == freshness.OFFLINE)
end

--- Sets drivers of a site's node from rows -> what device.apply gives.
local function apply(node, site, rows, which, holds)
    local memory, home, readers = node.memory, node.home or {}, device.readers_of(node.type)
    memory.midnight, memory.shift = site.midnight, site.shift
    if #readers.computed > 0 then about.serve(rows, node) end
    if node.type.update then about.note(rows, node) end
    if readers.over then
        memory.newest = math.max((home.stamp or home.newest or 0) + (site.shift or 0), home.told_at or 0)
        memory.longest = freshness.limits(site.interval)
    end
    local facts = kind_of(node) and site.facts
    return device.apply(node.type, node.address, rows, facts, memory, which, holds)
end

local function tell(node, problem)
    if problem then scripts.failed(node.type.file, problem, node.address) end
end

--- Keeps an error between two answers for the second: however often functions are called in between, there is
-- one. What takes too much (excess, see host.excess) rests until then; too large a share of the processor is
-- none of its errors, for with the answers alone it may not be.
local function keep_error(node, what, problem, excess)
    local failed = node.failed or {}
    node.failed, failed.rests = failed, failed.rests or excess ~= nil
    if excess ~= "share" then failed[what] = failed[what] or problem end
    if node.home then node.home.again = true end
end

--- The same of an `update` that was called as nodes.BETWEEN.
function nodes.keep_error(address, problem)
    local node = nodes.all[address]
    if node then keep_error(node, "update", problem, host.excess(node.type.update)) end
end

--- Whether its functions are not called before the next answer.
local function rests(node) return node.failed ~= nil and node.failed.rests end

local function is_updating(node)
    return node.updating and host.running(node.updating)
end

--- Calls a node's `update` for an answer, if it does not run still: two of them would undo each other's
-- work. problem: it failed since the last one, nil: it did not. That counts then, and for the next answer
-- what fails from now on.
local function update_anew(node, rows, problem)
    local file = node.type.file
    if problem then
        scripts.failed(file, problem, node.address, false, "update")
    else
        scripts.worked(file, node.address, "update")
    end
    if scripts.rests(node.type) or is_updating(node) then return end
    node.updating = run_script(node, "update", rows, problem and nodes.BETWEEN)
end

--- What PG3 shows of a node that is shown for the first time is of a day before, if its data is.
local function recall_day(node, site)
    local time, uom = host.shown(node.address, "TIME")
    if kind_of(node) == nil and uom == units.time.uom and (tonumber(time) or 0) < (site.midnight or 0) then
        belief.begin_day(node.address, node.memory, device.readers_of(node.type).daily)
    end
end

--- Shows what is new of a home (model.store) on one of its nodes; rows: its rows that can be believed.
-- Returns whether something is to be worked out again with the next answer, and whether everything is.
function nodes.show(node, home, rows, site)
    local type_ = node.type
    if scripts.current(type_) ~= type_ then return false, true end  -- replaced just now: rediscovery shows it
    if scripts.suspended(type_) then
        nodes.offline(node)
        return false, true
    end
    if node.begun ~= type_ then begin(node) end
    if not node.home then recall_day(node, site) end
    node.home = home
    local which
    if not home.unshown then
        which = device.readers(type_, home.changed)
        for driver in pairs(node.memory.again or {}) do which[driver] = true end
    end
    local failed = node.failed or {}
    node.failed = nil
    node.memory.was_old = node.lost or node.state ~= freshness.FRESH or nil
    local problem = apply(node, site, rows, which) or failed.values
    node.memory.was_old = nil
    if not problem then scripts.worked(type_.file, node.address) end
    tell(node, problem)
    node.lost = false
    if type_.update and not (problem or scripts.rests(type_)) then update_anew(node, rows, failed.update) end
    return node.memory.again ~= nil, false
end

--- Shows on a node what changed of its rows between two answers. which: the drivers, nil = those that may
-- read what changed since the last answer. holds: see device.apply.
function nodes.update(node, home, rows, site, which, holds)
    local type_ = node.type
    if node.home ~= home or not works(type_) then return end
    which = which or device.readers(type_, home.changed)
    for driver in pairs(which) do
        if rests(node) and (driver.from or driver.map) then which[driver] = nil end
        belief.again(node.memory, driver, true)                             -- here no slip of VRM's
    end
    local problem, excess = apply(node, site, rows, which, holds)
    if problem then keep_error(node, "values", problem, excess) end
end

--- Calls a node's `update` between two answers -> whether it was called; false: it still runs, nil: it rests.
function nodes.call_update(node, rows)
    if not works(node.type) or scripts.rests(node.type) or rests(node) then return nil end
    if is_updating(node) then return false end
    about.note(rows, node)
    node.updating = run_script(node, "update", rows, nodes.BETWEEN)
    return true
end

--- The functions of a gateway's node see what is known of its site beside its rows.
local function show_facts(node, site)
    if kind_of(node) ~= "gateway" or node.lost then return end
    nodes.update(node, node.home, freshness.living(node.home), site, device.computed(node.type))
end

--- What is known of a site beside its rows has changed.
function nodes.tell_facts(site)
    for _, node in pairs(site.nodes) do show_facts(node, site) end
end

--- The device at an address was replaced by another: what its sums were made of, and what its meters had
-- counted, is nothing of that one.
function nodes.renew(address)
    local main = nodes.all[address]
    for _, part in ipairs { { part = "" }, table.unpack(main and main.type.parts or {}) } do
        local node = nodes.all[address .. part.part]
        local memory = node and node.memory
        if memory then
            memory.seen, memory.sum, memory.sums = {}, nil, nil
            belief.renew(node.address, memory)
        end
    end
end

--- A node that is not there any more, or whose values cannot be believed.
function nodes.offline(node, facts)
    if node.type.kind == "gateway" and not scripts.suspended(node.type) then
        facts = facts or { online = false, connected = false, source = 0 }
        device.apply(node.type, node.address, {}, facts, node.memory,
            device.readers_of(node.type).facts)
    end
    node.lost = true
    if node.home then node.home.unshown = true end
    show_state(node, freshness.OFFLINE)
end

--- A day of a site has begun: values of the day before are no data, whether VRM sends anything or not. moved:
-- it has another time zone, which says nothing of a device's day. What VRM counts begins with the site's.
function nodes.begin_day(site, moved)
    for _, node in pairs(site.nodes) do
        local daily = device.readers_of(node.type).daily
        if not moved and kind_of(node) == nil then belief.begin_day(node.address, node.memory, daily) end
        if node.home and works(node.type) then
            node.memory.was_old = true
            tell(node, apply(node, site, node.home.rows, daily))
            node.memory.was_old = nil
        end
    end
end

--- Works out anew what nodes show whose types are in a set: their scripts have other settings.
function nodes.work_out(types)
    for _, node in pairs(next(types) and nodes.all or {}) do
        local home, site = node.home, node.site
        if types[node.type.main or node.type] and home and site and not node.lost and works(node.type) then
            tell(node, apply(node, site, freshness.living(home)))
        end
    end
end

--- Judges by the time, VRM's, how old the data of a site's nodes is, and whether its gateway is online, and
-- shows that. Returns the seconds until something of it changes without newer data; math.huge: nothing will.
function nodes.judge(site, now)
    local state_of_site, seconds_of_site = freshness.judge(site.heard, now, site.interval)
    local online, soonest = state_of_site ~= freshness.OFFLINE, seconds_of_site or math.huge
    for _, node in pairs(site.nodes) do
        if not node.lost and scripts.suspended(node.type) then nodes.offline(node) end
        if not node.lost then
            local heard = node.home.heard or site.heard or node.heard
            if heard ~= node.heard then host.set(node.address, "TIME", heard) end
            node.heard = heard
            local state, seconds = freshness.judge(heard, now, freshness.interval(site, node.home))
            if node.type.kind == "gateway" and site.facts.online ~= online then
                site.facts.online = online
                show_facts(node, site)
            end
            show_state(node, state)
            soonest = math.min(soonest, seconds or math.huge)
        end
    end
    return soonest
end

--- Reports events of nodes (nil: all) that were found in this run: what the others are is not known.
function nodes.report(list)
    for _, node in pairs(list or nodes.all) do
        if node.site then events.look(node) end
    end
end

--- Adds those of a list of host.known that are not here yet and for which accept(its entry) is true -> the
-- nodes. Gateways first: they are the primaries of the others.
local function add_known(from_pg3, accept)
    local list, added = {}, {}
    for _, known in ipairs(from_pg3) do
        if known.name then nodes.take_name(known.name, known.address) end
        local type_ = scripts.find(known.type)
        if type_ and type_.kind ~= "controller" and known.enabled ~= false
            and not nodes.all[known.address] and accept(known) then
            list[#list + 1] = { address = known.address, name = known.name, type = type_,
                                primary = known.primary }
        end
    end
    table.sort(list, function(a, b)
        local first, second = a.type.kind == "gateway", b.type.kind == "gateway"
        if first ~= second then return first end
        return a.address < b.address
    end)
    for _, node in ipairs(list) do
        if not host.node(node.primary or "") then node.primary = node.address end
        if add(node) then added[#added + 1] = node end
    end
    return added
end

--- Adds the nodes PG3 knows from earlier runs whose addresses begin with prefix, for which accept(address) is
-- true (nil: all) and that are not here yet, and shows all that were not found in this run offline. gone: VRM
-- does not have them, so that they are lost; else it was not asked.
function nodes.adopt(prefix, accept, gone)
    local from_pg3 = host.known(prefix)
    local function accepts(known) return not accept or accept(known.address) end
    add_known(from_pg3, accepts)
    for _, known in ipairs(from_pg3) do
        local node = nodes.all[known.address]
        if node and not node.site and accepts(known) then
            if node.state ~= freshness.OFFLINE then nodes.offline(node) end
            if gone then events.look(node) end
        end
    end
end

--- A run before that ended without a word, as by a power cut, left its nodes as they were: until VRM answers
-- nothing is known of those that PG3 has as fresh or stale.
function nodes.doubt()
    local list = add_known(host.known("", "GV30"), function(known)
        return known.shown == freshness.FRESH or known.shown == freshness.STALE
    end)
    for _, node in ipairs(list) do show_state(node, freshness.NO_DATA) end
end

--- Shows what is known on a node that got another type and is as new as it was.
local function show_known(node)
    node.lost = false
    tell(node, apply(node, node.site, freshness.living(node.home)))
end

--- Nodes whose script was replaced go on with the one in service, which is started for them, and show what is
-- known: until VRM can be asked again that grows old.
function nodes.adopt_types()
    local stores = {}
    for _, node in pairs(nodes.all) do
        local type_, is_lost = scripts.current(node.type), node.lost
        if type_ ~= node.type then
            retype(node, type_)
            if not node.site then
                nodes.offline(node)
            else
                stores[node.site.store] = true
                if not is_lost and works(type_) then show_known(node) end
            end
        end
    end
    for store in pairs(stores) do overlay.look_anew(store) end
end

--- What scripts ask about is a node here; rows of a device that is offline are none.
function about.node_at(address) return nodes.all[address] end

function about.living(site, home)
    local now = clock.of_vrm(site)
    local state = freshness.judge(home.heard, now, freshness.interval(site, home))
    return (state == freshness.FRESH or state == freshness.STALE) and freshness.living(home) or nil
end

--- Keeps a member of the memories over restarts. take(node, its): gives a node that is here already what was
-- kept.
local function keep(name, member, take)
    records.keep_of_nodes(name, function(from)
        for address, its in pairs(from) do
            if nodes.all[address] then take(nodes.all[address], its) else kept[member][address] = its end
        end
    end, function()
        local all = {}
        for address, its in pairs(kept[member]) do all[address] = its end
        for address, node in pairs(nodes.all) do all[address] = node.memory[member] end
        return all
    end)
end

keep("over_time", "over", function(node, its)
    node.memory.over = node.memory.over or over_time.restored(its)
end)
keep("sums", "sums", function(node, its) sums.take(node.type, node.memory, its) end)
keep("day_before", "day_before", function(node, its)
    node.memory.day_before = node.memory.day_before or its
end)

--- The account has an installation no more: its nodes do not count.
function nodes.withdraw(site)
    site.withdrawn, found = true, nil
end

--- How many devices (nodes that are no gateways and no parts) were found in this run, of the installations
-- the account has. Asked after each answer of any installation.
function nodes.count()
    if found then return found end
    found = 0
    for _, node in pairs(nodes.all) do
        local is_device = node.type.kind == nil and not node.type.part
        if is_device and node.site and not node.site.withdrawn then found = found + 1 end
    end
    return found
end

return nodes
