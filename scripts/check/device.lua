--- Checks a device table and turns it into a node type. A mistake is told with file, line, row and what to
-- write.
--
-- type = { id, name, icon, kind = nil|"controller"|"gateway", file, start, update,
--          asked = what that asks for, as of drivers,
--          settings = { [name] = { default, min, max } } or nil, given = their values (see pg3.settings),
--          match = function, or { kind }, or { service, product, type } as lists in small letters (but for
--                  service each may be nil),
--          drivers = { { id, unit, label, places, min, max, zero, measured, on_change,
--                        while_negative = list of keys, names, keys, op, terms, added, worst, fault, from,
--                        values, factor, map, by_pg3, by_script, daily,
--                        over = the word that looks at time, and its seconds (see types.over_time),
--                        events = nil, or { of = { [value] = event }, quiet = the event that counts as
--                                 told at first }, or { level = name of a parameter, below = event,
--                                 above = event, quiet = event }, set = nil, or see check.set,
--                        asks = keys that its function surely reads, nil: none is known,
--                        asked = what its `from` asks for, see why.asked, nil: nobody has looked } },
--          reporting = those of the drivers that have events,
--          commands = { { id, name, params, run, or driver = what it writes, timed = bool } },
--          keys = { [path or code] = true }, those of parts too,
--          numbered = whether there is one like "#521" among them,
--          parts = list of types as well: further nodes of the same device, each with
--                  { part = letter, main = type, suffix = words, when = list of keys|nil } }
-- What is false in a driver, and a factor of 1, is left out: there are some two thousand.

local command_check = require "check.commands"
local data_state = require "types.data_state"
local event_check = require "check.events"
local fields = require "check.fields"
local hints = require "check.hints"
local limits = require "types.limits"
local lines = require "check.lines"
local lists = require "types.lists"
local match_check = require "check.match"
local members = require "check.members"
local name_lists = require "types.names"
local params = require "pg3.params"
local proof = require "check.proof"
local reading = require "types.reading"
local row_check = require "check.rows"
local sample_check = require "check.samples"
local set_check = require "check.set"
local settings = require "pg3.settings"
local shortage = require "tasks.shortage"
local source_check = require "check.sources"
local units = require "types.units"
local values = require "check.values"
local why = require "types.why"
local wording = require "types.wording"

local check = {}

local fail = fields.fail

--- What host.declare and pg3.profile take of a type.
function check.declaration(type_)
    local drivers = {}
    for i, d in ipairs(type_.drivers) do
        local ranged = d.names == nil
        drivers[i] = { id = d.id, label = d.label, uom = d.unit.uom, places = d.places,
                       zero = d.zero or false, by_script = d.by_script, sure = type_.kind == "controller",
                       min = ranged and d.min or nil, max = ranged and d.max or nil,
                       names_id = d.names_id, names = d.names, alt = d.unit.alt }
    end
    if type_.kind ~= "controller" then
        drivers[#drivers + 1] = { id = "GV30", label = "Data state", uom = 25, places = 0, zero = false,
                                  names_id = "DATA_STATE", names = name_lists.data_state,
                                  sure = true, fresh = data_state.FRESH }
        drivers[#drivers + 1] = { id = "TIME", label = "Last data", uom = units.time.uom, places = 0,
                                  zero = false, min = units.time.min, max = units.time.max }
    end
    return { id = type_.id, name = type_.name, icon = type_.icon, drivers = drivers,
             commands = type_.commands, events = type_.events }
end

local MOST_PROBLEMS = 50            -- of one table; looking for what was meant takes its time

--- Runs one step of the check, fn(place, ...) -> whether there was no mistake, what fn gave. A mistake of the
-- author is noted, and the check goes on; not for ever. job: the script, see build_type.
local function try(job, fn, place, ...)
    if #job.problems >= MOST_PROBLEMS then return false end
    local ok, result = pcall(fn, place, ...)
    if ok then return true, result end
    shortage.pass_on(result)
    if type(result) ~= "table" then error(result, 0) end
    local written = result.stray and lines.comma(job, result.place)
    local text = written and ("%s: %s has a comma, and Lua's decimals have a point. Write %s."):format(
        result.place.name, written, written:gsub("%s*,%s*", ".")) or result.text
    table.insert(job.problems, lines.at(job, result.place, result.inside) .. ": " .. text)
    return false
end

local function use_keys(type_, driver)
    for _, list in ipairs { driver.keys, driver.asks or {}, table.unpack(driver.terms or {}) } do
        for _, key in ipairs(list) do type_.keys[key] = true end
    end
end

--- Whether a type asks for one of VRM's attributes by its number.
local function is_numbered(type_)
    for key in pairs(type_.keys) do
        if key:sub(1, 1) == "#" then return true end
    end
    return false
end

--- What a function asks for, `from` of a row or `update`; nil: it is not found. Rows may have the same.
local function asked_by(job, place, name)
    local code = lines.all_of(job, place, name)
    if code and not job.asked[code] then job.asked[code] = why.asked(code) end
    return job.asked[code or ""]
end

--- What may be a number with a comma in the functions of a row; nil: nothing.
local function comma_in(job, place, row)
    for _, word in ipairs { "from", "map" } do
        local code = row[word] and lines.all_of(job, place, word)
        local comma = code and lines.comma_in(code)
        if comma then return comma end
    end
    return nil
end

--- The rows of a table are a list, and there is one.
local function check_rows(place, tab)
    local good, is, fix = values.whole(tab)
    if not good then fail(place, "the list of rows " .. is .. ".", fix) end
    if #tab == 0 then
        fail(place, "there are no rows.",
            "Write { \"ST\", unit.watt, \"Label\", \"/...\" } for each value.")
    end
end

--- part: its number, nil for the device's own node.
local function build_drivers(job, type_, tab, part)
    local of = { seen = {}, id = type_.id, kind = type_.kind, events = job.good.events or {},
                 declares = function(name) return lines.declares(job, name) end }
    local whole = lines.place { part = part }
    if not try(job, check_rows, whole, tab) then return end
    for i, row in ipairs(tab) do
        local place = lines.place { part = part, row = i }
        of.written = function() return lines.from(job, place):match("^[^\n]*") end
        local ok, drivers = try(job, row_check.row, place, row, of)
        for _, driver in ipairs(ok and drivers or {}) do
            driver.asked = driver.from and job.closely and asked_by(job, place, "from") or nil
            driver.comma = job.closely and comma_in(job, place, row) or nil
            table.insert(type_.drivers, driver)
            if driver.events then table.insert(type_.reporting, driver) end
            for _, command in ipairs(driver.set and set_check.commands(driver) or {}) do
                table.insert(type_.commands, command)
            end
            use_keys(type_, driver)
        end
    end
    if #type_.drivers > limits.drivers then
        try(job, fail, whole, ("there are %d drivers."):format(#type_.drivers),
            ("A node has at most %d: leave some out, or make a second script with a node of its own.")
            :format(limits.drivers))
    end
end

--- A type and its parts in one list.
function check.types(type_)
    return { type_, table.unpack(type_.parts) }
end

--- The drivers of a type and its parts that show a number of a key as it is, by key.
local function owners_of(type_)
    local owners = {}
    for _, one in ipairs(check.types(type_)) do
        for _, driver in ipairs(one.drivers) do
            for _, key in ipairs(driver.keys) do owners[key] = owners[key] or driver end
        end
    end
    return owners
end

--- Says of each factor of a product or quotient which driver shows it by itself: keys.own, by key; of each
-- part of a sum, where a device says whether it has its phase: keys.phase = what reading.phases_of gives.
local function note_terms(type_)
    local owners = owners_of(type_)
    for _, one in ipairs(check.types(type_)) do
        for _, driver in ipairs(one.drivers) do
            for i, keys in ipairs(driver.terms or {}) do
                if driver.op == "sum" and i <= driver.added then
                    local phase = { reading.phases_of(keys[1]) }
                    keys.phase = phase[1] and phase
                else
                    keys.own = {}
                    for _, key in ipairs(keys) do keys.own[key] = owners[key] end
                end
            end
        end
    end
end

local function check_part(place, tab, seen)
    fields.check(place, members.part, tab)
    for _, field in ipairs { "part", "id" } do
        if seen[tab[field]] then
            fail(place, ("%s \"%s\" is used twice."):format(field, tab[field]), "Give each part its own.")
        end
        seen[tab[field]] = true
    end
    return source_check.list(place, "when", tab.when)
end

--- What can never work in a part: no function of the script gets its node, and rows without a path do not
-- tell whether it is there.
local function check_part_rows(place, part)
    for _, driver in ipairs(part.drivers) do
        if driver.by_script then
            fail(place, driver.id .. " has by_script, but node:set sets the device's own node only.",
                "Put the row into the table itself.")
        end
    end
    if not part.when and next(part.keys) == nil and #part.drivers > 0 then
        fail(place, "nothing says when the part is there.",
            "Write when = \"/Pv/1/V\", a path that only such devices have.")
    end
end

--- A type, or part of one, without its rows.
local function new_type(type_)
    type_.drivers, type_.reporting, type_.keys, type_.parts = {}, {}, {}, {}
    type_.commands = { { id = "QUERY", name = "Query" } }
    return type_
end

local function build_parts(job, type_)
    local seen = { [type_.id] = true }
    for i, tab in ipairs(job.good.parts or {}) do
        local place = lines.place { part = i }
        local ok, when = try(job, check_part, place, tab, seen)
        if ok then
            local part = new_type { id = tab.id, name = tostring(type_.name) .. " " .. tab.name,
                                    icon = type_.icon, file = job.file, part = tab.part, main = type_,
                                    suffix = tab.name, when = when }
            build_drivers(job, part, tab, i)
            try(job, check_part_rows, place, part)
            for key in pairs(part.keys) do type_.keys[key] = true end
            for _, key in ipairs(part.when or {}) do type_.keys[key] = true end
            table.insert(type_.parts, part)
        end
    end
end

local function build_commands(job, type_)
    local tab = job.good.commands or {}
    local of = { id = type_.id, kind = type_.kind, labels = {},
                 declares = function(name) return lines.declares(job, name) end }
    try(job, fields.at_most, { name = "commands", field = "commands" }, lists.count(tab), limits.commands)
    for _, id in ipairs(lists.sorted_keys(tab)) do
        local place = lines.place { command = tostring(id) }
        of.written = function() return lines.from(job, place) end
        local ok, command = try(job, command_check.one, place, id, tab[id], of)
        if ok then table.insert(type_.commands, command) end
    end
end

local function build_events(job, type_)
    local place = { name = "events", field = "events" }
    local ok, declared = try(job, event_check.declared, place, job.good.events, type_.kind)
    for _, one in ipairs(ok and check.types(type_) or {}) do
        one.events = event_check.of_type(one, declared)
    end
end

local function build_samples(job, type_)
    local samples, letters = job.good.samples or {}, {}
    for _, part in ipairs(type_.parts) do letters[part.part] = true end
    try(job, fields.at_most, { name = "samples", field = "samples" }, #samples, limits.samples)
    for i, sample in ipairs(samples) do
        try(job, sample_check.one, lines.place { sample = i }, sample, letters, job.good.settings)
        for number, step in ipairs(#job.problems == 0 and sample.steps or {}) do
            try(job, sample_check.step, lines.place { sample = i, step = number }, step, type_, letters)
        end
    end
end

--- What only the text has: Lua took the last of what stands there twice.
local function look_at_text(job)
    local root = lines.table_at(job, {})
    for _, tab in ipairs(lines.tables(job)) do
        local states = {}
        for _, one in ipairs(tab.entries) do
            if tab == root and one.again then
                try(job, fail, { at = one.at }, one.name
                    .. " stands twice in the table, and Lua takes the last.", "Make one of both.")
            elseif one.key and states[one.key] then
                try(job, fail, { at = one.at }, ("[%s] stands twice in this list, and Lua takes the last.")
                    :format(one.key), "Give each state its own number.")
            end
            states[one.key or ""] = true
        end
    end
end

--- The fields of a table beside its rows; a mistake in one does not hide those in others. job.good has those
-- that are right.
local function build_head(job)
    local tab = job.table
    if job.closely then look_at_text(job) end
    for _, name in ipairs(lists.sorted_keys(tab)) do
        if math.type(name) ~= "integer" and try(job, fields.member, {}, members.table, name, tab[name]) then
            job.good[name] = tab[name]
        end
    end
    for _, name in ipairs(members.table.needed) do
        if tab[name] == nil then try(job, fields.member, {}, members.table, name, nil) end
    end
end

local function build(job)
    local good, _ = job.good, build_head(job)
    local type_ = new_type { id = good.id or "", name = good.name, icon = good.icon, file = job.file,
                             start = good.start, update = good.update }
    if good.match then
        local _, match = try(job, match_check.built, { name = "match", field = "match" }, good.match)
        type_.match, type_.kind = match, type(match) == "table" and match.kind or nil
    end
    type_.asked = good.update and job.closely and asked_by(job, {}, "update") or nil
    build_drivers(job, type_, job.table)
    build_parts(job, type_)
    note_terms(type_)
    type_.numbered = is_numbered(type_)
    build_commands(job, type_)
    build_events(job, type_)
    local place = { name = "settings", field = "settings" }
    _, type_.settings = try(job, command_check.settings, place, good.settings, params.is_own)
    build_samples(job, type_)
    return type_
end

--- Why a file of this name cannot have a type of this kind; nil if it can.
local function kind_conflict(name, kind)
    local wanted = members.KINDS[name] and name or nil
    if kind == wanted then return nil end
    if wanted then
        return ("it takes the place of the built-in %s. Write match = { kind = \"%s\" }."):format(name, name)
    end
    return ("only %s.lua may match the kind %s. Rename the file, or match a service."):format(kind, kind)
end

local function controller_id(built_in)
    for id, name in pairs(built_in) do
        if name == "controller" then return id end
    end
    return nil
end

--- Why a file of this name cannot have an id; nil if it can. The built-in script that has it may be replaced,
-- its id not be taken by another.
local function id_conflict(name, id, beside)
    local owner = beside.built_in[id]
    if beside.user and not owner and id:find("^VIC") then
        return ("the id %s begins with VIC, as those of the plugin do. Choose another, MY%s for example.")
            :format(id, id:sub(4))
    end
    local other = owner and owner ~= name and "devices/" .. owner .. ".lua" or beside.holder(id)
    if other then return ("the id %s is already used by %s. Choose another id."):format(id, other) end
    local kept = name == "controller" and not owner and controller_id(beside.built_in)
    return kept and ("the controller keeps its id. Write id = \"%s\"."):format(kept) or nil
end

--- What keeps a type from serving under the name of its file -> list of { text, place (see check.lines) }.
-- beside = { user = the script is a user's, built_in = { [id] = name of the built-in script that has it },
--            holder = function(id) -> the file of another script that has it now, or nil }
function check.conflicts(type_, name, beside)
    local kind, list = kind_conflict(name, type_.kind), {}
    if kind then list[1] = { text = kind, place = { field = "match" } } end
    for i, one in ipairs(check.types(type_)) do
        local text = id_conflict(name, one.id, beside)
        list[#list + 1] = text and { text = text, place = i == 1 and { field = "id" } or { part = i - 1 } }
    end
    return list
end

--- All of a list of problems in one text: the first, and how many more.
local function summary(problems)
    if #problems == 1 then return problems[1] end
    return ("%s There are %d more."):format(problems[1], #problems - 1)
end

--- Takes a script (see check.lines) apart -> its type; nil: script.problems say why not. closely: the text
-- itself is looked at, too.
local function build_type(script, closely)
    script.problems, script.closely, script.asked, script.good = {}, closely, {}, {}
    if type(script.table) == "table" then
        local type_ = build(script)
        return #script.problems == 0 and type_ or nil
    end
    script.problems[1] = ("%s: the file returns %s. End it with return { api = 2, ... }."):format(script.file,
        wording.shown(script.table))
    return nil
end

--- Checks one device table. file: name for messages; text: the script's text, for the lines in them (may be
-- nil). Returns the type, or nil, a text with every fact needed to mend it, and the list of all problems.
function check.device(file, tab, text, closely)
    local script = { file = file, table = tab, text = text }
    local type_ = build_type(script, closely)
    if type_ then return type_ end
    return nil, summary(script.problems), script.problems
end

local function prove(loaded, file, closely)
    local script = { id = loaded.id, file = file, text = loaded.text, table = loaded.table,
                     libs = loaded.libs, notes = {} }
    local type_ = build_type(script, closely)
    script.type = type_
    if type_ then
        local function prepare(sample) settings.try(type_, script.id, sample and sample.settings) end
        script.problems[1] = match_check.problem(type_, script)
        local wrong, silent = proof.run(type_, script, prepare, closely)
        table.move(wrong, 1, #wrong, #script.problems + 1, script.problems)
        if closely then script.notes = require("check.doubts").of(type_, script, silent) end
    end
    script.problem = #script.problems > 0 and summary(script.problems) or nil
    return script
end

--- Loads, checks and proves a script as the plugin does. path: the file; file: its name for messages; libs:
-- what it may use (see serve.libs); closely: its text is looked at and what may be a mistake looked for, too,
-- which takes its time: for what may have been changed, not for the plugin's own scripts at each start.
-- Returns { id = of host.load_script, to be closed by the caller; nil if it could not be loaded,
--           type = nil if its table is wrong, file, table, text, problems = list,
--           libs = those it asked for, { [name] = text, "" where there is none },
--           problem = all of them in one text, nil if there are none,
--           notes = see doubts.of,
--           later = the file cannot be read now, which may pass }. Raises when the plugin has no memory.
function check.file(path, file, libs, closely)
    local loaded, told, later, used = host.load_script(path, file, libs)
    if not loaded then
        told = hints.add(told, file, not later and host.read(path) or "", libs)
        told = told:sub(1, #file) == file and told or file .. ": " .. told
        return { problems = { told }, problem = told, notes = {}, later = later, libs = used }
    end
    local ok, script = pcall(prove, loaded, file, closely)
    if ok then return script end
    host.close_script(loaded.id)
    error(script, 0)
end

return check
