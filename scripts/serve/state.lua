--- What outlives a restart (in PG3's customdata): node.state, a table a script keeps for each node, which
-- outlives its reload as well; and what modules of the plugin remember.

local limits = require "types.limits"
local lists = require "types.lists"
local notices = require "pg3.notices"
local scripts = require "serve.scripts"
local shortage = require "tasks.shortage"
local timer = require "tasks.timer"

local state = {}

local DEPTH = 16            -- tables in tables
local SOON_SECONDS, SELDOM_SECONDS = 2, 20

local kept = {}             -- [script name] = { [address] = table }, as PG3 has it
local left = {}             -- [script name] = the same of a script that ended since it was stored
local ids = {}              -- [script name] = id of its type, by which a file is known that was renamed
local others = {}           -- list of { name, restore, get, kept = as PG3 has it }, see state.keep
local plan, plan_at         -- the timer of a save that is planned, and host.steady() of that; nil: none is
local saved_at              -- host.steady() of the last one
local restored = false      -- PG3 was asked for what it has
local from_pg3 = false      -- and it had something
local copied = false        -- what it had could not be read, and the owner has a copy of that

---------------------------------------------------------------------------------------- what can be kept

--- Why a value would not come back as it is; nil if it would. JSON has texts, finite numbers, lists, and
-- tables with texts as keys.
local function misfit(value, name, depth)
    if type(value) == "number" and (value ~= value or value == math.huge or value == -math.huge) then
        return name .. " is not a finite number"
    elseif type(value) == "string" and not utf8.len(value) then
        return name .. " is not UTF-8 text"
    elseif type(value) ~= "table" then
        return nil
    elseif depth > DEPTH then
        return ("%s is nested deeper than %d tables"):format(name, DEPTH)
    end
    local list = lists.is_list(value)
    for key, member in pairs(value) do
        if not list and not (type(key) == "string" and utf8.len(key)) then
            return ("%s has the key %s: use texts, or 1 to n without holes"):format(name, tostring(key))
        end
        local why = misfit(member, ("%s.%s"):format(name, key), depth + 1)
        if why then return why end
    end
    return nil
end

--- The states of nodes without fields that cannot be kept: a mended script is rid of what its old version
-- left.
local function without_misfits(states)
    local result = {}
    for address, its in pairs(states) do
        result[address] = its
        if misfit(its, "node.state", 0) then
            result[address] = {}
            for key, value in pairs(its) do
                local fits = type(key) == "string" and not misfit(value, "node.state", 1)
                if fits then result[address][key] = value end
            end
        end
    end
    return result
end

--- Bytes the value takes as JSON, or a little more.
local function size(value)
    if type(value) == "string" then
        local _, escaped = value:gsub("[%c\"\\/\127]", "")
        return #value + 5 * escaped + 4
    end
    if type(value) ~= "table" then return #tostring(value) + 2 end
    local sum = 4
    for key, member in pairs(value) do sum = sum + size(key) + size(member) end
    return sum
end

--- The states that hold anything; nil if none does.
local function used(states)
    local result = {}
    for address, value in pairs(states) do
        if next(value) ~= nil then result[address] = value end
    end
    return next(result) and result or nil
end

local function copy(value)
    if type(value) ~= "table" then return value end
    local result = {}
    for key, member in pairs(value) do result[key] = copy(member) end
    return result
end

------------------------------------------------------------------------------------------------ restore

local function serves(name)
    for _, its in ipairs(scripts.serving()) do
        if its.type.slot.name == name then return true end
    end
    return false
end

--- What is stored of a script: under its name, else under the one that its file had before.
local function stored(name, type_id)
    if left[name] or kept[name] then return left[name] or kept[name] end
    for its, id in pairs(ids) do
        local states = id == type_id and its ~= name and (left[its] or kept[its])
        if states and not serves(its) then
            left[its] = {}
            return states
        end
    end
    return {}
end

--- Keeps a table of a module over restarts: restore(table) is given what was kept, get() gives what to keep
-- now, with texts as keys and no functions in it. What is empty takes no place.
function state.keep(name, restore, get)
    others[#others + 1] = { name = name, restore = restore, get = get, kept = {} }
end

--- Whether PG3 has a node -> function(address): what was kept of others is of no use. Where it has none at
-- all, it may not have told of them.
function state.known()
    local known = {}
    for _, node in ipairs(host.known()) do known[node.address] = true end
    local none = next(known) == nil
    return function(address) return none or known[address] or false end
end

--- The same of tables by the addresses of nodes: those of nodes that PG3 has.
function state.keep_of_nodes(name, restore, get)
    state.keep(name, function(from)
        local is_known, of_nodes = state.known(), {}
        for address, its in pairs(from) do
            of_nodes[address] = type(its) == "table" and is_known(address) and its or nil
        end
        restore(of_nodes)
    end, get)
end

--- Gives a module what was kept for it; one that cannot use it begins without.
local function restore_module(its)
    local ok, why = pcall(its.restore, copy(its.kept))
    if ok then return end
    shortage.pass_on(why)
    host.log("warning", ("What PG3 kept under %s cannot be used and is left out: %s"):format(its.name,
        tostring(why)))
    its.restore {}
end

--- Gives every script what PG3 kept for it.
function state.restore()
    local data = host.data()
    kept = type(data) == "table" and type(data.state) == "table" and data.state or {}
    for name, states in pairs(kept) do
        if type(states) ~= "table" then kept[name] = nil end
    end
    ids = type(data) == "table" and type(data.script_ids) == "table" and data.script_ids or {}
    for _, its in ipairs(scripts.serving()) do
        local ok, why = pcall(host.script_state, its.id, stored(its.type.slot.name, its.type.id))
        if not ok then
            shortage.pass_on(why)
            host.log("error", ("node.state of %s could not be restored: %s"):format(its.file, why))
        end
    end
    for _, other in ipairs(others) do
        local its = type(data) == "table" and data[other.name]
        other.kept = type(its) == "table" and its or {}
        restore_module(other)
    end
    restored, from_pg3 = true, data ~= nil
end

--- A script that takes the place of another goes on with its node.state; where that cannot be taken over,
-- and for a script that comes later, with what was stored. Under another name it is stored there only.
function scripts.hand_over(name, fresh, old_name, old)
    local ok, states
    if old then ok, states = pcall(host.script_state, old.id) end
    if not ok then shortage.pass_on(states) end
    host.script_state(fresh.id, ok and without_misfits(states) or stored(old_name or name, fresh.type.id))
    left[name] = nil
    if old_name and old_name ~= name then left[old_name] = {} end
end

--- The node.state of a script that ends is stored as it is now.
function scripts.keep_state(name, id)
    local ok, states = pcall(host.script_state, id)
    if not ok then return shortage.pass_on(states) end
    if not misfit(states, "node.state", 0) then left[name] = states end
end

--------------------------------------------------------------------------------------------------- save

--- [name] = what to store, and [name] = { file, problem = text|nil } of the scripts in service. What cannot
-- be kept leaves what was stored as it is; so does a script that is not here now.
local function collect()
    local fresh, seen = {}, {}
    for name, states in pairs(kept) do fresh[name] = states end
    for name, states in pairs(left) do fresh[name] = used(states) end
    for _, its in ipairs(scripts.serving()) do
        local name, ok, states = its.type.slot.name, pcall(host.script_state, its.id)
        if ok or not shortage.is(states) then
            local problem = not ok and tostring(states) or misfit(states, "node.state", 0)
            seen[name] = { file = its.file, problem = problem and "node.state cannot be kept: " .. problem }
            if not problem then fresh[name] = used(states) end
        end
    end
    return fresh, seen
end

--- The largest state that is another than the stored one, and the size of all.
local function largest_change(fresh)
    local total, largest, bytes = 0, nil, 0
    for name, states in pairs(fresh) do
        local this = size(name) + size(states)
        total = total + this
        if this > bytes and not lists.same(states, kept[name]) then largest, bytes = name, this end
    end
    return largest, bytes, total
end

--- Takes out what is too much, the largest first.
local function shrink(fresh, seen)
    local largest, bytes, total = largest_change(fresh)
    while total > limits.state and largest do
        local problem = ("node.state takes %d KiB; all scripts together may keep %d KiB. Keep less.")
            :format(bytes // 1024, limits.state // 1024)
        if seen[largest] then seen[largest].problem = problem end       -- else its script has ended
        fresh[largest] = kept[largest]
        largest, bytes, total = largest_change(fresh)
    end
end

--- What the modules keep now -> { [name] = table }, whether it is another than PG3 has.
local function collect_others()
    local record, changed = {}, false
    for _, other in ipairs(others) do
        local its = other.get()
        record[other.name] = next(its) and its or nil
        changed = changed or not lists.same(its, other.kept)
    end
    return record, changed
end

local function ids_of(fresh)
    local result = {}
    for name in pairs(fresh) do result[name] = ids[name] end
    for _, its in ipairs(scripts.serving()) do
        local name = its.type.slot.name
        result[name] = fresh[name] and its.type.id or nil
    end
    return result
end

local FOLDER, COPY = "persist", "persist/unreadable.txt"

--- What PG3 keeps in the place of our record and is none is written over; the owner has a copy of it. ->
-- whether there is such.
local function set_aside()
    local text = host.unreadable()
    if not text or copied then return text ~= nil end
    local ok, why = host.make_folder(FOLDER)
    if ok then ok, why = host.write(COPY, text) end
    copied = true
    local told = "What PG3 kept of the plugin over the restart (customdata) is no JSON. The plugin goes on"
        .. " without: node.state of device scripts is empty, what control has set for a time is not put"
        .. " back, a GX may want to be paired again. " .. (ok
            and ("What was there is in the file %s of the plugin's folder."):format(COPY)
            or ("There is no copy of what was there: %s."):format(why))
    host.log("error", told)
    notices.kept(told)
    return true
end

--- Stores what changed -> whether PG3 was given what is kept now, by this or before (host.saved tells whether
-- it has confirmed it). Before PG3 was asked for what it has, nothing is stored over it.
function state.save()
    if not restored then return false end
    if not from_pg3 and host.data() then state.restore() end        -- it came late
    local bad = set_aside()
    local fresh, seen = collect()
    local record, changed = collect_others()
    shrink(fresh, seen)
    for _, script in pairs(seen) do
        if script.problem then
            scripts.failed(script.file, script.problem, "state")
        else
            scripts.worked(script.file, "state")
        end
    end
    if not (bad or changed) and lists.same(fresh, kept) then return true end
    record.state, record.script_ids = fresh, ids_of(fresh)
    local ok, taken = pcall(host.save, record)
    if not ok then
        host.log("error", "What outlives a restart could not be stored: " .. tostring(taken))
    end
    if not (ok and taken) then return false end
    kept, left, ids, from_pg3 = fresh, {}, record.script_ids, true
    for _, other in ipairs(others) do other.kept = copy(record[other.name] or {}) end
    saved_at = host.steady()
    return true
end

local function save_within(seconds)
    local at = host.steady() + seconds
    if plan and plan_at <= at then return end
    local earlier = timer.after(seconds, function()
        plan = nil
        state.save()
    end)
    timer.cancel(plan)
    plan, plan_at = earlier, at
end

--- Stores in a moment what should not wait for the minute's save.
function state.save_soon()
    save_within(SOON_SECONDS)
end

--- The same of what changes all the time where there are many installations, and may be lost in a crash: all
-- that is kept goes to PG3 with it.
function state.save_seldom()
    local passed = host.steady() - (saved_at or -math.huge)
    save_within(math.max(SOON_SECONDS, SELDOM_SECONDS - passed))
end

return state
