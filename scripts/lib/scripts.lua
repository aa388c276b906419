--- Which device scripts serve: finds their files, loads and proves them, swaps them while the plugin runs.
--
-- A name ("solar_charger") is a slot. Several files may have it: the user's folders go before
-- scripts/devices. A file that changed is loaded into a state of its own, checked and proved by its samples;
-- only then it takes the place of the one that serves (a transaction: any failure leaves the old one in
-- service). At the start a user's file that fails gives way to its last good copy, then to the built-in of
-- that name.

local check = require "lib.check"
local device = require "lib.device"
local trouble = require "lib.trouble"

local scripts = { types = {}, by_id = {} }

local BUILT_IN = "scripts/devices"
local USER_FOLDERS = { "persist/scripts", "data" }  -- what survives an update: PACKAGING.md section 5
local KEPT = ".last-good"                           -- in the folder of the script
local GONE_SCANS = 10                               -- a file missing for so many scans is meant to be gone
local KIND_OF = { controller = "controller", gateway = "gateway" }

local slots = {}    -- [name] = { name, serving = { id, type, file, path, stamp, user }, reloads, gone }
local tried = {}            -- [path] = stamp that was loaded or refused
local seen = {}             -- [path] = stamp at the last scan
local user_folders = USER_FOLDERS

------------------------------------------------------------------------------------------- files

--- Every script file: [name] = list of { path, file, stamp, user, folder }, the user's first.
local function find_files()
    local found = {}
    local function add(folder, user)
        for _, one in ipairs(host.script_files(folder) or {}) do
            found[one.name] = found[one.name] or {}
            table.insert(found[one.name], { path = one.path, stamp = one.stamp, user = user, folder = folder,
                file = (user and folder or "devices") .. "/" .. one.name .. ".lua" })
        end
    end
    for _, folder in ipairs(user_folders) do add(folder, true) end
    add(BUILT_IN, false)
    return found
end

--- Names in the order they are loaded: built-in names first, so that a new script cannot take their ids.
local function ordered(found)
    local names = {}
    for name in pairs(found) do names[#names + 1] = name end
    local function built_in(name) return not found[name][#found[name]].user end
    table.sort(names, function(a, b)
        if built_in(a) ~= built_in(b) then return built_in(a) end
        return a < b
    end)
    return names
end

------------------------------------------------------------------------------------- the transaction

--- Why a checked type cannot serve in a slot; nil if it can.
local function conflict(slot, type_)
    local other = scripts.by_id[type_.id]
    if other and other.slot ~= slot then
        return ("the id %s is already used by %s. Choose another id."):format(type_.id, other.file)
    end
    if type_.kind ~= KIND_OF[slot.name] then
        if KIND_OF[slot.name] then
            return ("it takes the place of the built-in %s. Write match = { kind = \"%s\" }.")
                :format(slot.name, slot.name)
        end
        return ("only %s.lua may match the kind %s. Rename the file, or match a service.")
            :format(type_.kind, type_.kind)
    end
    local problems = device.run_samples(type_)
    return problems[1] and table.concat(problems, "; ")
end

--- Loads and proves a file -> { id, type, file, path, stamp, user } | nil, problem.
local function prepare(slot, from)
    local script, problem = host.load_script(from.path, from.file)
    if not script then return nil, problem end
    local type_
    type_, problem = check.device(from.file, script.table, script.text)
    problem = problem or conflict(slot, type_)
    if not problem then
        local ok, err = pcall(host.declare, type_.declaration)
        problem = not ok and tostring(err) or nil
    end
    if problem then
        host.close_script(script.id)
        return nil, problem
    end
    type_.slot = slot
    return { id = script.id, type = type_, file = from.file, path = from.path, stamp = from.stamp,
             user = from.user, folder = from.folder }
end

local function index_types()
    scripts.types, scripts.by_id = {}, {}
    local names = {}
    for name in pairs(slots) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
        local serving = slots[name].serving
        if serving then
            table.insert(scripts.types, serving.type)
            scripts.by_id[serving.type.id] = serving.type
        end
    end
    for kind, name in pairs(KIND_OF) do
        scripts[kind] = slots[name] and slots[name].serving and slots[name].serving.type
    end
end

--- Puts a prepared script into service; the old one hands over node.state and is closed.
local function swap(slot, fresh)
    local old = slot.serving
    slot.serving = fresh
    index_types()
    if not old then return end
    local ok, state = pcall(host.script_state, old.id)
    if ok then host.script_state(fresh.id, state) end
    host.close_script(old.id)
    if old.file ~= fresh.file then trouble.forget(old.file) end
    slot.reloads = slot.reloads + 1
end

--- A copy of a user's script that worked, for a start at which the file is broken.
local function keep_copy(fresh, name)
    if not fresh.user then return end
    local folder = fresh.folder .. "/" .. KEPT
    local ok, why = host.make_folder(folder)
    if ok then ok, why = host.keep_script(fresh.id, folder .. "/" .. name .. ".lua") end
    if not ok then host.log("warning", "No copy of " .. fresh.file .. " could be kept: " .. tostring(why)) end
end

--- Tries a file for a slot; true if it serves now.
local function try(slot, from)
    tried[from.path] = from.stamp
    local fresh, problem = prepare(slot, from)
    if not fresh then
        trouble.failed(from.file, problem, "file")
        return false
    end
    trouble.forget(from.file)
    swap(slot, fresh)
    keep_copy(fresh, slot.name)
    if slot.reloads > 0 or from.user then host.log("info", "Device script " .. from.file .. " is in use.") end
    return true
end

--------------------------------------------------------------------------------------------- start

local function slot_of(name)
    slots[name] = slots[name] or { name = name, reloads = 0, gone = 0 }
    return slots[name]
end

local function last_good(from, name)
    for _, kept in ipairs(host.script_files(from.folder .. "/" .. KEPT) or {}) do
        if kept.name == name then
            return { path = kept.path, stamp = kept.stamp, folder = from.folder,
                     file = from.folder .. "/" .. KEPT .. "/" .. name .. ".lua" }
        end
    end
    return nil
end

--- The first of a name's files that works, the last good copies of the user's included.
local function fill(slot, files)
    for _, from in ipairs(files) do
        if try(slot, from) then return end
        local copy = from.user and last_good(from, slot.name)
        if copy and try(slot, copy) then
            host.log("warning", ("The last good copy of %s serves until it is corrected."):format(from.file))
            return
        end
    end
end

--- Loads every script there is.
function scripts.load()
    local found = find_files()
    for _, name in ipairs(ordered(found)) do fill(slot_of(name), found[name]) end
end

--------------------------------------------------------------------------------------------- reload

--- Whether a file is new or changed and has been the same for two scans (nobody is writing it).
local function settled(from)
    local before = seen[from.path]
    seen[from.path] = from.stamp
    return from.stamp ~= tried[from.path] and from.stamp == before
end

--- Looks after one name -> true if another script serves now.
local function tend(slot, files, force)
    local serving = slot.serving
    for _, from in ipairs(files) do
        if serving and serving.path == from.path and not force and serving.stamp == from.stamp then
            slot.gone = 0
            return false
        end
        if force or settled(from) then
            if try(slot, from) then return true end
        elseif from.stamp ~= tried[from.path] then
            return false        -- being written: wait before looking at those behind it
        end
        if serving and serving.path == from.path then return false end  -- the old one serves on
    end
    return false
end

--- The file that serves is not there any more. Editors replace files; so only after a while the next one
-- of that name takes over, and without one the script serves on until the plugin restarts.
local function tend_gone(slot, files)
    for _, from in ipairs(files or {}) do
        if from.path == slot.serving.path then
            slot.gone = 0
            return false
        end
    end
    slot.gone = slot.gone + 1
    if slot.gone ~= GONE_SCANS then return false end
    for _, from in ipairs(files or {}) do
        if try(slot, from) then
            host.log("info", ("%s serves in the place of a file that is gone."):format(from.file))
            return true
        end
    end
    host.log("warning", slot.serving.file .. " is gone; it serves on until the plugin is restarted.")
    return false
end

--- Looks for changed, new and vanished files; force: loads everything again. -> true if types changed.
function scripts.scan(force)
    local found, changed = find_files(), false
    for _, name in ipairs(ordered(found)) do
        changed = tend(slot_of(name), found[name], force) or changed
    end
    for name, slot in pairs(slots) do
        if slot.serving and slot.serving.user then changed = tend_gone(slot, found[name]) or changed end
    end
    return changed
end

--- The folder of the user's choice, "" for none. Takes effect at the next scan.
function scripts.set_folder(folder)
    user_folders = { folder ~= "" and folder or nil, table.unpack(USER_FOLDERS) }
    if folder == "" then user_folders = USER_FOLDERS end
end

--- Logs what each script uses.
function scripts.log_figures()
    for _, type_ in ipairs(scripts.types) do
        local serving = type_.slot.serving
        local figures = host.script_figures(serving.id)
        host.log("info", ("%s: memory %d KiB, at most %d; %d thousand instructions; errors %d; reloads %d")
            :format(serving.file, figures.memory // 1024, figures.peak // 1024, figures.instructions // 1000,
                trouble.count(serving.file), type_.slot.reloads))
    end
end

------------------------------------------------------------------------------------------- the types

function scripts.suspended(type_)
    return trouble.suspended(type_.file)
end

--- The type for what was found; suspended ones do not count. Conflicts come back as text.
function scripts.pick(found)
    local usable = {}
    for _, type_ in ipairs(scripts.types) do
        if not scripts.suspended(type_) then usable[#usable + 1] = type_ end
    end
    return device.pick(usable, found)
end

--- The script in service now for a type that may have been replaced.
function scripts.current(type_)
    return type_.slot.serving and type_.slot.serving.type or type_
end

--- Calls fn(name, id, file) for each script in service.
function scripts.each(fn)
    for _, type_ in ipairs(scripts.types) do
        fn(type_.slot.name, type_.slot.serving.id, type_.slot.serving.file)
    end
end

scripts.failed, scripts.worked, scripts.in_trouble = trouble.failed, trouble.worked, trouble.scripts

return scripts
