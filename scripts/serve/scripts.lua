--- Which device scripts serve: finds their files, loads and proves them, swaps them while the plugin runs.
--
-- A name ("solar_charger") is a slot. Several files may have it: the user's folders go before
-- scripts/devices. A file that changed is loaded into a state of its own, checked and proved by its samples;
-- only then it takes the place of the one that serves (a transaction: any failure leaves the old one in
-- service). A user's file that fails where nothing better serves gives way to its last good copy, then to the
-- built-in of that name. A lib that a script uses (serve.libs) is a part of its file: another lib is another
-- file, and a copy has its libs with it.
-- A file that got another name goes on in another slot, which it is known by: the id of its type. A file that
-- is deleted ends with its script.
-- Of a built-in script that was proved, only its match is kept until there is a device for it: installations
-- have a handful of kinds of devices, and the scripts of all others would take most of the plugin's memory.

local check = require "check.device"
local copies = require "serve.copies"
local difference = require "serve.difference"
local folders = require "serve.folders"
local hints = require "check.hints"
local libs = require "serve.libs"
local lines = require "check.lines"
local matching = require "types.matching"
local notices = require "pg3.notices"
local profile = require "pg3.profile"
local settings = require "pg3.settings"
local shortage = require "tasks.shortage"
local sorted_keys = require("types.lists").sorted_keys
local trouble = require "serve.trouble"
local unused = require "serve.unused"

local scripts = { types = {}, by_id = {} }

local GONE_SCANS = 10                               -- a file missing for so many scans counts as gone
local RESTART_SCANS = 5                             -- until a script whose task had no memory begins anew
local LONGEST_WAIT = 600                            -- seconds for all installations to answer after a start

local slots = {}        -- [name] = { name, serving, reloads, gone = scans its file has been missing,
                        --            told = how often it was told that it is in use, vacant = what served
                        --            goes on in another slot, so that another file of that name may serve,
                        --            waits = until when its copy may wait for devices, nil: no more,
                        --            restart = scans until it is loaded again, nil: as it is,
                        --            aside = { type = what a match looks at, from } of a built-in script that
                        --            nothing needs yet, needed = something does }
                        -- serving = { id, type, file, path, stamp, user, folder, text, libs (of a user's),
                        --             place = path of the file it serves for (its own, but for a copy),
                        --             last = there is nothing to begin anew from, it goes on as it is }
local scanned = {}      -- [path] = { file, name, seen = stamp at the last scan, tried = stamp loaded or
                        --            refused,
                        --            libs = what it asked for when it was tried, as a set, nil: not yet }
local built_in_ids = {} -- [id] = name of the built-in script it belongs to
local fitting = {}      -- the types in service, and those put aside, by the names of their slots
local known_types = {}  -- [id] = true: at the start PG3 had a node of this type

--- How node.state goes from one script to the next (fresh: { id, type }); serve.state sets it. old_name, old:
-- of the one that serves until now, nil for the first.
scripts.hand_over = function(_, _, _, _) end

--- That of a script which ends is kept; serve.state sets it.
scripts.keep_state = function(_, _) end

--- The devices there are: list of { seen = as a match sees it, now = the type it has|nil, name }, whether all
-- installations have been asked; main.lua sets it.
scripts.devices = function() return {}, false end

------------------------------------------------------------------------------------------- files

--- What is another text when the file is another, or a lib that it asked for when it was tried.
local function stamp_of(from)
    local memory = scanned[from.path]
    return from.own .. libs.stamp(from.user, memory and memory.libs)
end

--- Every script file, see folders.find; stamp = with its libs'.
local function find_files()
    local found = folders.find()
    for _, list in pairs(found) do
        for _, from in ipairs(list) do from.stamp = stamp_of(from) end
    end
    return found
end

--- What is remembered of a file between scans.
local function memory_of(from)
    scanned[from.path] = scanned[from.path] or { file = from.file, name = from.name }
    return scanned[from.path]
end

------------------------------------------------------------------------------------- the transaction

--- Whether what serves is the owner's: a file, or the copy of one.
local function is_owners(serving)
    return serving ~= nil and serving.folder ~= folders.BUILT_IN
end

--- Whether the file of what serves in another slot is not there any more: it has another name now.
local function was_renamed(slot)
    return slot.gone > 0 and is_owners(slot.serving)
end

--- Why a checked script cannot serve in a slot, with its line; nil if it can.
local function conflict(slot, script, from)
    local first = check.conflicts(script.type, slot.name, { user = from.user, built_in = built_in_ids,
        holder = function(id)
            local other = scripts.by_id[id]
            return other and other.slot ~= slot and not was_renamed(other.slot) and other.file or nil
        end })[1]
    return first and lines.at(script, first.place) .. ": " .. first.text
end

--- The slot whose file has another name now: that of a slot for a type with its id; nil: there is none.
local function renamed_from(slot, type_)
    local other = scripts.by_id[type_.id]
    return other and other.slot ~= slot and was_renamed(other.slot) and other.slot or nil
end

--- The types that devices may get.
local function usable_types()
    local usable = {}
    for _, type_ in ipairs(fitting) do
        if type_.slot.aside or not scripts.suspended(type_) then usable[#usable + 1] = type_ end
    end
    return usable
end

--- The first of the devices that a new version would leave without any script; nil: there is none.
local function first_lost(old, type_)
    local after = { type_ }
    for _, other in ipairs(usable_types()) do
        if other.slot ~= old.slot then after[#after + 1] = other end
    end
    for _, device in ipairs(scripts.devices()) do
        local its = device.now and device.now.slot == old.slot
        if its and not matching.pick(after, device.seen) then return device end
    end
    return nil
end

--- A new version that would lose devices does not take over.
local function check_lost(old, script)
    local lost = old and first_lost(old.type, script.type)
    if not lost then return end
    local seen = lost.seen
    local where = lines.at(script, { field = "match" })
    error(("%s: match does not fit %s %s (%s) any more, nor does another script's, so that it would be lost."
        .. " Write a match that fits it, such as match = { service = \"%s\" }; or, to give it up, delete the"
        .. " file and save it ten seconds later."):format(where, seen.service, seen.instance,
        lost.name, seen.service), 0)
end

local function index_types()
    local types, by_id, all = {}, {}, {}
    for _, name in ipairs(sorted_keys(slots)) do
        local serving, aside = slots[name].serving, slots[name].aside
        if serving then
            table.insert(types, serving.type)
            for _, type_ in ipairs(check.types(serving.type)) do by_id[type_.id] = type_ end
        end
        all[#all + 1] = serving and serving.type or aside and aside.type
    end
    scripts.types, scripts.by_id, fitting = types, by_id, all
    for _, kind in ipairs { "controller", "gateway" } do
        scripts[kind] = slots[kind] and slots[kind].serving and slots[kind].serving.type
    end
end

--- What served in a slot goes on in another one.
local function leave(slot, old, other)
    for _, type_ in ipairs(check.types(old.type)) do type_.slot = other end
    slot.gone, slot.vacant = 0, true
    host.close_script(old.id)
    trouble.forget(old.file)
end

--- An id is a built-in script's. If its file could not be read before, the owner's files of that name may
-- have been refused for this id: they are tried again.
local function take_built_in_id(id, slot)
    for _, memory in pairs(built_in_ids[id] and {} or scanned) do
        if memory.name == slot.name then memory.tried = nil end
    end
    built_in_ids[id] = slot.name
end

--- Changes what slots have, each { slot, serving, aside }: all of it or, where memory is short, nothing.
local function put(changes)
    local before = {}
    for i, change in ipairs(changes) do
        local slot = change[1]
        before[i] = { slot, slot.serving, slot.aside }
        slot.serving, slot.aside = change[2], change[3]
    end
    local ok, why = pcall(index_types)
    if ok then return end
    for _, was in ipairs(before) do was[1].serving, was[1].aside = was[2], was[3] end
    error(why, 0)
end

--- Puts a proved script into service: node.state is in it, its type is declared. before: the slot whose file
-- has this name now, nil: none. Raises what forbids it, and then the old one serves on.
local function serve(slot, script, from, before)
    local old = (before or slot).serving
    check_lost(old, script)
    local fresh = { id = script.id, type = script.type, file = from.file, path = from.path,
                    stamp = from.stamp, user = from.user, folder = from.folder,
                    place = from.place or from.path,
                    text = from.user and script.text or nil, libs = from.user and script.libs or nil }
    scripts.hand_over(slot.name, script, old and (before or slot).name, old)
    settings.give(script.type, script.id)
    for _, type_ in ipairs(check.types(script.type)) do
        type_.slot, type_.explains = slot, from.user or nil
        profile.declare(function() return check.declaration(type_) end)
        if not (from.user or from.place) then take_built_in_id(type_.id, slot) end
    end
    put { { slot, fresh }, before and { before } }
    if before then leave(before, old, slot) end
end

--- Whether a proved script has something to do before there is a device for it.
local function is_needed(slot, script, from)
    local type_ = script.type
    for _, one in ipairs(check.types(type_)) do
        if known_types[one.id] then return true end
    end
    return from.folder ~= folders.BUILT_IN or slot.serving or slot.needed or type_.kind or type_.settings
        or type(type_.match) == "function"
end

--- Closes a proved script until something needs it: see wake.
local function put_aside(slot, script, from)
    local type_ = script.type
    for _, one in ipairs(check.types(type_)) do
        profile.add(check.declaration(one))
        take_built_in_id(one.id, slot)
    end
    put { { slot, slot.serving, { from = from,
        type = { id = type_.id, file = type_.file, match = type_.match, slot = slot } } } }
    host.close_script(script.id)
end

--- What changed in what serves now. was: what served before, nil: nothing did.
local function news(fresh, was)
    if not was then return ("a new type of node, %s"):format(fresh.type.id) end
    local text = difference.of(was.type, fresh.type)
    if text == "" then
        local known = was.text and fresh.text
        local same = known and was.text == fresh.text or not known and was.stamp == fresh.stamp
        text = not same and "its code or comments changed" or known and was.stamp ~= fresh.stamp
            and "its text is the same" or "nothing changed"
    end
    return was.place ~= fresh.place and ("in the place of %s: %s"):format(was.file, text) or text
end

--- Puts a loaded script into service in the place of the old one, or aside. Raises what is wrong with it.
local function swap(slot, script, from)
    local problem = script.problem or conflict(slot, script, from)
    if problem then error(problem, 0) end
    if not is_needed(slot, script, from) then return put_aside(slot, script, from) end
    local old, before = slot.serving, renamed_from(slot, script.type)
    local was = before and before.serving or old
    serve(slot, script, from, before)
    slot.gone, slot.notes = 0, script.notes
    slot.news = news(slot.serving, was)
    if not old then return end
    host.close_script(old.id)
    if old.file ~= from.file and old.path ~= from.place then trouble.forget(old.file) end
    slot.reloads = slot.reloads + 1
end

--- Loads and proves a file -> what check.file makes of it. What it was made of is noted.
local function load_file(from)
    local script = check.file(from.path, from.file, from.libs or libs.of(from.user), from.user)
    if from.place then return script end
    local asked = {}
    for name in pairs(script.libs or {}) do asked[name] = true end
    memory_of(from).libs = asked
    from.stamp = stamp_of(from)
    return script
end

--- Tries a file for a slot -> true if it serves now | false, problem, whether the file cannot be read now.
-- Raises when the plugin has no memory for it.
local function try(slot, from)
    local script = {}
    local ok, problem = pcall(function()
        script = load_file(from)
        swap(slot, script, from)
    end)
    if not ok then
        local serves = slot.serving and slot.serving.id == script.id
        if script.id and not serves then host.close_script(script.id) end
        shortage.pass_on(problem)
        return false, tostring(problem), script.later
    end
    trouble.forget(from.file)
    if from.user then
        trouble.forget(folders.shown("devices", slot.name)) -- it serves no more, so nobody looks at it again
        copies.keep(slot.serving, slot.name)
    end
    return true
end

--- Said at each save. The number makes no line like the one before, of which the log would only count
-- repeats.
local function tell_in_use(slot)
    slot.told = (slot.told or 0) + 1
    host.log("info", ("Device script %s is in use (save %d): %s."):format(slot.serving.file, slot.told,
        slot.news))
    for _, note in ipairs(slot.notes) do
        host.log("warning", ("Device script %s: %s."):format(note.at, note.text))
    end
end

--- What is wrong with a file of the plugin's own is nothing that its owner would mend.
local REMEDY = " The file is the plugin's own: install the plugin again."

--- A file that is new or changed, or its last good copy, comes into service -> whether one of them did.
-- What is wrong with the file is told in any case. One that cannot be read now is tried again. anew: what
-- serves for that file has to begin anew, so a broken file does not leave it as it is.
local function use_at_once(slot, from, anew)
    local memory = memory_of(from)
    local ok, problem, later = try(slot, from)
    memory.tried = not later and from.stamp or nil
    scripts.unsettled = scripts.unsettled or later
    if later and memory.problem == problem then return false end
    memory.problem = later and problem
    if ok then
        if from.user or slot.reloads > 0 then
            tell_in_use(slot)
        end
        return true
    end
    trouble.failed(from.file, (from.user or later) and problem or notices.sentence(problem) .. REMEDY, "file")
    local serves = slot.serving and slot.serving.place == from.path
    if anew and serves then slot.serving.last = true end
    local copy = from.user and (anew or not serves) and copies.of(from, slot.name)
    if not copy then return false end
    ok, problem = try(slot, copy)
    host.log("warning", ok and ("The last good copy of %s serves until it is corrected."):format(from.file)
        or ("The last good copy of %s cannot be used: %s"):format(from.file, problem))
    return ok
end

--- Lets other work go on, if a task loads scripts: many may take long.
local function pause()
    if coroutine.isyieldable() then host.sleep(0) end
end

--- The same for one of many files.
local function use(slot, from, anew)
    pause()
    return use_at_once(slot, from, anew)
end

--- A script that was put aside comes into service -> its type; nil: it cannot, which is told, and a scan that
-- finds another file tries again. Raises when the plugin has no memory for it.
local function wake(slot)
    slot.needed = true
    if not use_at_once(slot, slot.aside.from) then
        slot.aside = nil
        index_types()
    end
    return slot.serving and slot.serving.type
end

--------------------------------------------------------------------------------------------- start

local function slot_of(name)
    slots[name] = slots[name] or { name = name, reloads = 0, gone = 0 }
    return slots[name]
end

--- fn(slot, ...) -> whether devices may have another type after it. Without memory for it the slot stays as
-- it is, and the next scan tries again.
local function look_after(slot, fn, ...)
    local before = slot.serving
    local ok, result = pcall(fn, slot, ...)
    if not ok and not shortage.is(result) then error(result, 0) end
    if not ok then
        trouble.no_memory(result)
        slot.restart = slot.restart or RESTART_SCANS
    end
    return slot.serving ~= before or ok and result
end

--- Loads the built-in scripts. They come first, so that a user's script can neither take the id of a built-in
-- one nor keep it from serving. Raises when the plugin has no memory for one; called again it goes on.
function scripts.load_built_in()
    local found = find_files()
    for _, node in ipairs(host.known()) do known_types[node.type] = true end
    for _, name in ipairs(sorted_keys(found)) do
        local last, slot = found[name][#found[name]], slot_of(name)
        if not (last.user or slot.serving or slot.aside) then use(slot, last) end
    end
end

--- A good file that was changed while the plugin did not run is like one that is saved now: the copy of what
-- served goes before it until the devices are known, of which it may lose none -> whether that serves.
local function begin_with_copy(slot, from)
    local copy = copies.of(from, slot.name)
    if not copy or host.read(copy.path) == host.read(from.path) then return false end
    local script = check.file(from.path, from.file, libs.of(true), true)
    if script.id then host.close_script(script.id) end
    if script.problem or not try(slot, copy) then return false end
    slot.waits = host.steady() + LONGEST_WAIT
    host.log("info", ("Device script %s is another than when it served last: its last good copy serves until"
        .. " the devices are known."):format(from.file))
    return true
end

--- Then the user's, in their place.
function scripts.load_users()
    local found = find_files()
    local function begin(slot, from) return begin_with_copy(slot, from) or use(slot, from) end
    for _, name in ipairs(sorted_keys(found)) do
        for _, from in ipairs(found[name]) do
            if not from.user or look_after(slot_of(name), begin, from) then break end
        end
    end
    for _, slot in pairs(slots) do slot.reloads = 0 end
end

--------------------------------------------------------------------------------------------- reload

--- Whether a file is another than the one tried -> "settled": and the same for two scans (nobody is writing
-- it), "fresh": not yet.
local function change_of(from)
    local memory = memory_of(from)
    local before = memory.seen
    memory.seen = from.stamp
    if from.stamp == memory.tried then return nil end
    scripts.unsettled = true
    return from.stamp == before and "settled" or "fresh"
end

--- Whether the file that serves is missing. Editors replace files, so that means little for a while.
local function missing(slot, files)
    for _, from in ipairs(files) do
        if from.path == slot.serving.place then
            slot.gone = 0
            return false
        end
    end
    slot.gone = slot.gone + 1
    scripts.unsettled = scripts.unsettled or slot.gone <= GONE_SCANS
    return true
end

--- Whether the file of what serves in a slot is gone for good.
local function is_gone(slot)
    return slot.gone >= GONE_SCANS
end

--- The script whose file was deleted ends: its devices go to others that fit, or have no script.
local function finish(slot)
    local old = slot.serving
    scripts.keep_state(slot.name, old.id)
    slot.serving, slot.gone = nil, 0
    index_types()
    host.close_script(old.id)
    copies.forget(old.place, slot.name)
    trouble.forget(old.file)
    host.log("warning", old.place:gsub("^%./", "")
        .. " was deleted and serves no more. Its devices go to other scripts that fit;"
        .. " where none does, their nodes show Offline, and Remove nodes that are gone takes them out.")
end

--- The file that serves is gone for good: the next one of that name takes over; without one the script ends
-- -> true.
local function replace_gone(slot, files)
    local file = slot.serving.file
    for _, from in ipairs(files) do
        if use(slot, from) then
            host.log("info", ("%s serves in the place of %s, which is gone."):format(slot.serving.file, file))
            return true
        end
    end
    if #files == 0 and is_owners(slot.serving) then
        finish(slot)
    else
        host.log("warning", file .. " is gone, and nothing else of that name can be used: it serves on until"
            .. " the plugin is restarted.")
    end
    return true
end

--- What serves is in the file as it was tried: what may have been wrong with the file in between is over.
local function same_again(from)
    local memory = memory_of(from)
    memory.seen = from.stamp
    if memory.tried == from.stamp then return end
    memory.tried = from.stamp
    trouble.forget(from.file)
end

--- Whether it is time to begin a script anew, one of whose tasks or timers had no memory.
local function restarts(slot)
    local serving = slot.serving
    if serving and not (slot.restart or serving.last) and host.script_starved(serving.id) then
        scripts.failed(serving.file, host.no_memory)
    end
    if not slot.restart then return false end
    scripts.unsettled = true
    slot.restart = slot.restart > 1 and slot.restart - 1 or nil
    return slot.restart == nil
end

--- Whether a copy has to serve on, for the devices are not known yet.
local function has_to_wait(slot)
    local waits = slot.waits and host.steady() < slot.waits and not select(2, scripts.devices())
    slot.waits = waits and slot.waits or nil
    return waits
end

--- Scans the files of one name -> true if devices may have another type now.
local function scan_slot(slot, files, force)
    local serving, was_gone = slot.serving, is_gone(slot)
    local anew = restarts(slot)
    force = anew or force or slot.vacant
    slot.vacant = nil
    if serving and missing(slot, files) and not force then
        if slot.gone < GONE_SCANS then return false end
        if slot.gone == GONE_SCANS then return replace_gone(slot, files) end
    end
    for _, from in ipairs(files) do
        local serves = serving and serving.place == from.path
        if serves and serving.path == from.path and serving.stamp == from.stamp and not force then
            same_again(from)
            return was_gone
        end
        local change = change_of(from)
        local ready = force or change == "settled" and not (serves and has_to_wait(slot))
        if ready and use(slot, from, anew) then return true end
        if serves or (change == "fresh" and not force) then return false end
    end
    return false
end

--- Files that are not there any more, and what was wrong with them, are forgotten; what serves is not.
local function forget_missing(found)
    local there = {}
    for _, files in pairs(found) do
        for _, from in ipairs(files) do there[from.path] = true end
    end
    for _, slot in pairs(slots) do
        if slot.serving then there[slot.serving.place] = true end
    end
    for path, memory in pairs(scanned) do
        if not there[path] then
            scanned[path] = nil
            trouble.forget(memory.file)
        end
    end
end

--- Whether a script has to begin anew, or will.
local function any_restarts()
    for _, slot in pairs(slots) do
        if slot.restart or slot.serving and host.script_starved(slot.serving.id) then return true end
    end
    return false
end

--- Whether a scan may find something: a script waits for the next one, or a file of the owner's is another;
-- built_in: or one of the plugin's own, which seldom are.
function scripts.wants_scan(built_in)
    local differs = folders.differ(built_in)
    return differs or scripts.unsettled or any_restarts()
end

--- Looks for changed, new and vanished files; force: loads everything again. -> true if types changed.
-- scripts.unsettled: the next scan should follow soon.
function scripts.scan(force)
    local found, changed = find_files(), false
    scripts.unsettled = false
    for name in pairs(slots) do found[name] = found[name] or {} end
    forget_missing(found)           -- first: what finds no memory here must not hide what changed
    for _, name in ipairs(sorted_keys(found)) do
        changed = look_after(slot_of(name), scan_slot, found[name], force) or changed
    end
    return changed
end

--- The folder of the user's choice, "" for none. Takes effect at the next scan.
function scripts.set_folder(folder)
    scripts.unsettled = folders.choose(folder) or scripts.unsettled
end

--- Files of the owner's that are not used, see unused.find.
function scripts.unused()
    return unused.find(folders.of_users())
end

function scripts.log_figures()
    for _, serving in ipairs(scripts.serving()) do
        local figures = host.script_figures(serving.id)
        host.log("info", ("%s: memory %d KiB, at most %d; %d thousand instructions; errors %d; reloads %d")
            :format(serving.file, figures.memory // 1024, figures.peak // 1024, figures.instructions // 1000,
                trouble.count(serving.file), serving.type.slot.reloads))
    end
end

------------------------------------------------------------------------------------------- the types

--- Whether a type's script does nothing now: for its errors, or because its file was deleted.
function scripts.suspended(type_)
    return type_.slot.serving == nil or trouble.suspended(type_.file)
end

--- Of two types that fit a device equally well the higher one has it: an owner's own goes before a built-in
-- one, and what has no file any more after it.
local function layer(type_)
    if is_gone(type_.slot) then return 0 end
    return is_owners(type_.slot.serving) and 2 or 1
end

--- Brings what was put aside into service for the devices of these rows, one script after the other with
-- pauses: who asks for a type by scripts.pick or scripts.find does not wait. Raises when the plugin has no
-- memory.
function scripts.prepare(rows)
    local services = {}
    for _, row in ipairs(rows) do services[row.service or ""] = true end
    for _, type_ in ipairs(usable_types()) do
        local slot = type_.slot
        if slot.aside and matching.serves(type_, services) then
            pause()
            if slot.aside then wake(slot) end
        end
    end
end

--- The type for what was found; suspended ones do not count. Conflicts come back as text. What a script's
-- match raises is its error at that device.
function scripts.pick(found)
    local usable = usable_types()
    local best, problem, errors = matching.pick(usable, found, layer)
    if errors or trouble.scripts() > 0 then
        local place = ("match %s/%s"):format(found.service, found.instance)
        for _, type_ in ipairs(usable) do
            local text = errors and errors[type_]
            if text then scripts.failed(type_.file, text, place) else scripts.worked(type_.file, place) end
        end
    end
    if best and best.slot.aside then best = wake(best.slot) end
    return best, problem
end

--- The type, or part of one, with an id; nil: there is none.
function scripts.find(id)
    local slot = slots[built_in_ids[id]]
    if slot and slot.aside then wake(slot) end
    return scripts.by_id[id]
end

--- The type in service now for one that may have been replaced; a part that is in it no more stays as it was.
function scripts.current(type_)
    local now = type_.slot.serving and type_.slot.serving.type or type_
    if not type_.part then return now end
    for _, part in ipairs(now.parts) do
        if part.part == type_.part then return part end
    end
    return type_
end

--- The scripts in service: list of what serves, see slots. The name of each is its type's slot's.
function scripts.serving()
    local list = {}
    for i, type_ in ipairs(scripts.types) do list[i] = type_.slot.serving end
    return list
end

--- Whether `update` of a type's script is not called any more, for its errors; all else of it goes on.
function scripts.rests(type_) return trouble.rests(type_.file) end

--- See trouble.failed. A script that is not used from now on has no tasks and timers either. One that had no
-- memory did nothing wrong; it is begun anew, for what it was doing is lost.
function scripts.failed(file, text, place, task, what)
    local slot
    for _, its in ipairs(scripts.serving()) do slot = its.file == file and its.type.slot or slot end
    if shortage.is(text) then
        trouble.no_memory(text)
        if slot then slot.restart = slot.restart or RESTART_SCANS end
        return
    end
    if slot then text = hints.add(text, file, slot.serving.text or "") end
    local is_suspended = trouble.failed(file, text, place, task, what)
    if slot and is_suspended then host.stop_script(slot.serving.id) end
end

scripts.worked, scripts.in_trouble = trouble.worked, trouble.scripts
scripts.forgive = trouble.forgive

return scripts
