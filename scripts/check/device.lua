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

local units = require "types.units"
local name_lists = require "types.names"
local command_check = require "check.commands"
local doubts = require "check.doubts"
local data_state = require "types.data_state"
local proof = require "check.proof"
local reading = require "types.reading"
local limits = require "types.limits"
local params = require "pg3.params"
local field_check = require "check.fields"
local settings = require "pg3.settings"
local row_check = require "check.rows"
local set_check = require "check.set"
local shortage = require "tasks.shortage"
local sample_check = require "check.samples"
local source_check = require "check.sources"
local lines = require "check.lines"
local lists = require "types.lists"
local hints = require "check.hints"
local match_check = require "check.match"
local slips = require "check.slips"
local why = require "types.why"
local wording = require "types.wording"

local check = {}

local fail, texts = field_check.fail, field_check.texts
local shown = wording.shown

local TABLE_FIELDS = field_check.words_of("the table",
    "api id name icon match parts commands samples start update events settings")
local PART_FIELDS = field_check.words_of("a part", "part id name when")
local MATCH_FIELDS = field_check.words_of("match", "service product type kind last")
local KINDS = lists.set "controller gateway"

local ICONS = lists.set [[Alarm Arm DoorLock Electricity EnergyMonitor GenericCtl GenericRsp GenericRspCtl
    Input Irrigation Lamp LampAndSwitch MotionSensor Output PulseCounter Sensor Siren Switch SmokeSensor
    TempSensor Thermostat Weather]]

local function in_small_letters(words)
    local small = {}
    for i, word in ipairs(words) do small[i] = word:lower() end
    return small
end

local function build_match(match)
    if type(match) == "function" then return match end
    if match == nil then
        fail("", "match is missing.", "Write match = { service = \"solarcharger\" }.")
    elseif type(match) ~= "table" then
        fail("", ("match is %s."):format(shown(match)), ("Write match = { service = %s }."):format(
            type(match) == "string" and shown(match) or "\"solarcharger\""))
    end
    if type(match[1]) == "table" then
        fail("match", "a table stands there without the name of a field.",
            "Several services are match = { service = { \"tank\", \"battery\" } }.")
    elseif type(match[1]) == "string" then
        fail("match", ("%s stands there without the name of a field."):format(shown(match[1])),
            type(match.service) == "string" and ("Write match = { service = { %s, %s } }."):format(
                shown(match.service), shown(match[1]))
            or ("Write match = { service = %s }."):format(shown(match[1])))
    end
    field_check.fields("match", match, MATCH_FIELDS, nil, slips.match)
    if match.kind ~= nil then
        if not KINDS[match.kind] or match.service or match.product or match.type then
            fail("", ("match.kind is %s; it is \"controller\" or \"gateway\", and stands alone."):format(
                shown(match.kind)),
                "Write match = { kind = \"gateway\" }.")
        end
        return { kind = match.kind }
    end
    if match.service == nil then
        fail("", "match names no service.", "Write match = { service = \"solarcharger\" }.")
    end
    local built = { last = match.last or nil }
    for _, field in ipairs { "service", "product", "type" } do
        local words = in_small_letters(texts("match", field, match[field]))
        built[field] = #words > 0 and words or nil
    end
    if match.last ~= nil and type(match.last) ~= "boolean" then
        fail("match", ("last is %s."):format(shown(match.last)),
            "Write last = true if the script is for what no other fits as well, or leave it out.")
    end
    return built
end

local function check_type_id(where, id, example)
    if id == nil then
        fail(where, "id is missing.", ("Write id = \"%s\": up to 16 capitals and digits."):format(
            example or "MYTANK"))
    elseif not field_check.is_id(id) then
        fail(where, ("id, %s, is not a node type id."):format(shown(id)),
            ("Write up to 16 capitals and digits: id = \"%s\"."):format(field_check.as_id(id, "MYTANK")))
    end
end

local function check_api(api)
    if api == 2 then return end
    local what = api == nil and "api is missing." or ("api is %s."):format(shown(api))
    fail("", what, "Write api = 2: the form of tables that this plugin reads.")
end

local function check_icon(icon)
    if icon == nil or ICONS[icon] then return end
    fail("", ("the icon %s is unknown."):format(shown(icon)),
        wording.did_you_mean(icon, ICONS, "\"%s\"", "There are: " .. wording.listed(ICONS) .. "."))
end

local function check_function(field, value)
    if value == nil or type(value) == "function" then return end
    fail("", ("%s is %s, which is no function."):format(field, shown(value)),
        ("Write %s = function(node) ... end; the name of a function is written without () and quotes.")
            :format(field))
end

local function rows_of(tab)
    local rows, last = {}, 0
    for key, row in pairs(tab) do
        if math.type(key) == "integer" then rows[key], last = row, math.max(last, key) end
    end
    return rows, last
end

--- "part 1" and "row 2" -> "part 1, row 2".
local function joined(where, within)
    return where == "" and within or where .. ", " .. within
end

local function check_row_list(where, rows, last)
    if last == 0 then
        fail(where, "there are no rows.", "Write { \"ST\", unit.watt, \"Label\", \"/...\" } for each value.")
    end
    field_check.list(joined(where, "the rows"), rows)
end

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

--- Runs one step of the check. A mistake of the author is noted with its place, and the check goes on; not
-- for ever. job: the script, see build_type.
local function try(job, place, fn, ...)
    if #job.problems >= MOST_PROBLEMS then return false end
    local ok, result = pcall(fn, ...)
    if ok then return true, result end
    shortage.pass_on(result)
    if type(result) ~= "table" then error(result, 0) end
    place.inside = result.field
    table.insert(job.problems, lines.at(job, place) .. ": " .. result.text)
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

--- number: of the part, nil for the device's own node.
local function build_drivers(job, type_, tab, number)
    local rows, last = rows_of(tab)
    local seen, of = {}, { id = type_.id, kind = type_.kind, events = job.table.events }
    local where = number and "part " .. number or ""
    if not try(job, { part = number }, check_row_list, where, rows, last) then return end
    for i, row in ipairs(rows) do
        local place = { part = number, row = i }
        of.written = function() return lines.from(job, place):match("^[^\n]*") end
        local ok, drivers = try(job, place, row_check.row, joined(where, "row " .. i), row, seen, of)
        for _, driver in ipairs(ok and drivers or {}) do
            driver.asked = driver.from and job.closely and asked_by(job, place, "from") or nil
            table.insert(type_.drivers, driver)
            if driver.events then table.insert(type_.reporting, driver) end
            for _, command in ipairs(driver.set and set_check.commands(driver) or {}) do
                table.insert(type_.commands, command)
            end
            use_keys(type_, driver)
        end
    end
    if #type_.drivers > limits.drivers then
        try(job, { part = number }, fail, where, ("there are %d drivers."):format(#type_.drivers),
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

local function check_part(where, tab, seen)
    field_check.table(where, tab, "a part",
        "{ part = \"t\", id = \"MYTANKT\", name = \"trackers\", rows ... }")
    field_check.fields(where, tab, PART_FIELDS, math.maxinteger, slips.part)
    if type(tab.part) ~= "string" or not tab.part:find("^%l$") then
        fail(where, ("part is %s, not a small letter."):format(shown(tab.part)),
            "Write part = \"t\": it ends the node's address.")
    end
    check_type_id(where, tab.id, "MYTANKT")
    for _, field in ipairs { "part", "id" } do
        if seen[tab[field]] then
            fail(where, ("%s \"%s\" is used twice."):format(field, tab[field]), "Give each part its own.")
        end
        seen[tab[field]] = true
    end
    field_check.text(where, "name", tab.name, limits.part_name)
    if tab.when ~= nil then source_check.list(where, "when", tab.when) end
end

--- What can never work in a part: no function of the script gets its node, and rows without a path do not
-- tell whether it is there.
local function check_part_rows(where, part)
    for _, driver in ipairs(part.drivers) do
        if driver.by_script then
            fail(where, driver.id .. " has by_script, but node:set sets the device's own node only.",
                "Put the row into the table itself.")
        end
    end
    if not part.when and next(part.keys) == nil and #part.drivers > 0 then
        fail(where, "nothing says when the part is there.",
            "Write when = \"/Pv/1/V\", a path that only such devices have.")
    end
end

local function check_part_list(parts)
    local is_one = type(parts) == "table" and (parts.part ~= nil or parts.id ~= nil)
    if is_one or type(parts) ~= "table" then
        fail("", is_one and "parts is one part, not a list of them." or ("parts is %s."):format(shown(parts)),
            "Write parts = { { part = \"t\", id = ..., name = ..., rows } }.")
    end
    field_check.list("parts", parts)
end

--- A type, or part of one, without its rows.
local function new_type(fields)
    fields.drivers, fields.reporting, fields.keys, fields.parts = {}, {}, {}, {}
    fields.commands = { { id = "QUERY", name = "Query" } }
    return fields
end

local function build_parts(job, type_)
    local parts, seen = job.table.parts, { [type_.id] = true }
    if parts == nil or not try(job, { field = "parts" }, check_part_list, parts) then return end
    for i, tab in ipairs(parts) do
        if try(job, { part = i }, check_part, "part " .. i, tab, seen) then
            local part = new_type { id = tab.id, name = tostring(type_.name) .. " " .. tab.name,
                                    icon = type_.icon, file = job.file, part = tab.part, main = type_,
                                    suffix = tab.name, when = tab.when and texts("", "when", tab.when) }
            build_drivers(job, part, tab, i)
            try(job, { part = i }, check_part_rows, "part " .. i, part)
            for key in pairs(part.keys) do type_.keys[key] = true end
            for _, key in ipairs(part.when or {}) do type_.keys[key] = true end
            table.insert(type_.parts, part)
        end
    end
end

local function build_commands(job, type_)
    local tab, labels = job.table, {}
    if tab.commands == nil then return end
    if not try(job, { field = "commands" }, command_check.all, tab.commands) then return end
    for _, id in ipairs(lists.sorted_keys(tab.commands)) do
        local place = { command = tostring(id) }
        local ok, command = try(job, place, command_check.one, id, tab.commands[id], labels,
            { id = type_.id, kind = type_.kind, written = function() return lines.from(job, place) end })
        if ok then table.insert(type_.commands, command) end
    end
end

local function build_settings(job, type_)
    if job.table.settings == nil then return end
    local ok, list = try(job, { field = "settings" }, command_check.settings, job.table.settings,
        params.is_own)
    type_.settings = ok and list or nil
end

local function build_events(job, type_)
    local ok, declared = try(job, { field = "events" }, command_check.events, job.table.events, type_.kind)
    for _, one in ipairs(ok and check.types(type_) or {}) do
        one.events = command_check.events_of(one, declared)
    end
end

local function part_letters(tab)
    local letters = {}
    for _, part in pairs(type(tab.parts) == "table" and tab.parts or {}) do
        if type(part) == "table" and type(part.part) == "string" then letters[part.part] = true end
    end
    return letters
end

local function build_samples(job, type_)
    local samples = job.table.samples
    if samples == nil or not try(job, { field = "samples" }, sample_check.list, samples) then return end
    for i, sample in ipairs(samples) do
        try(job, { sample = i }, sample_check.one, "sample " .. i, sample, part_letters(job.table),
            job.table.settings)
        local steps = #job.problems == 0 and sample.steps or {}
        for number, step in ipairs(steps) do
            try(job, { sample = i, step = number }, sample_check.step,
                ("sample %d, step %d"):format(i, number), step, type_, part_letters(job.table))
        end
    end
end

--- What only the text has: Lua took the last of what stands there twice.
local function look_at_text(job)
    local code = lines.code(job)
    for _, one in ipairs(lines.fields(code)) do
        if one.depth == 1 and one.nth == 2 then
            try(job, { at = one.at }, fail, "", one.name .. " stands twice in the table, and Lua takes the"
                .. " last.", "Make one of both.")
        end
    end
    for _, one in ipairs(lines.states_twice(code)) do
        try(job, { at = one.at }, fail, "", ("[%s] stands twice in this list, and Lua takes the last.")
            :format(one.state), "Give each state its own number.")
    end
end

--- The fields of a table beside its rows; a mistake in one does not hide those in others.
local function build_head(job)
    local tab = job.table
    if job.closely then look_at_text(job) end
    for key in pairs(tab) do
        if math.type(key) ~= "integer" then
            try(job, {}, field_check.fields, "", { [key] = tab[key] }, TABLE_FIELDS, nil, slips.table)
        end
    end
    try(job, { field = "api" }, check_api, tab.api)
    try(job, { field = "id" }, check_type_id, "", tab.id)
    try(job, { field = "name" }, field_check.text, "", "name", tab.name, limits.name)
    try(job, { field = "icon" }, check_icon, tab.icon)
    for _, field in ipairs { "start", "update" } do
        try(job, { field = field }, check_function, field, tab[field])
    end
end

local function build(job)
    local tab = job.table
    local type_ = new_type { id = type(tab.id) == "string" and tab.id or "", name = tab.name, icon = tab.icon,
                             file = job.file, start = tab.start, update = tab.update }
    build_head(job)
    local _, match = try(job, { field = "match" }, build_match, tab.match)
    type_.match, type_.kind = match, type(match) == "table" and match.kind or nil
    type_.asked = tab.update and job.closely and asked_by(job, { field = "update" }, "update") or nil
    build_drivers(job, type_, tab)
    build_parts(job, type_)
    note_terms(type_)
    type_.numbered = is_numbered(type_)
    build_commands(job, type_)
    build_events(job, type_)
    build_settings(job, type_)
    build_samples(job, type_)
    return type_
end

--- Why a file of this name cannot have a type of this kind; nil if it can.
local function kind_conflict(name, kind)
    local wanted = KINDS[name] and name or nil
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
    script.problems, script.closely, script.asked = {}, closely, {}
    if type(script.table) == "table" then
        local type_ = build(script)
        return #script.problems == 0 and type_ or nil
    end
    script.problems[1] = ("%s: the file returns %s. End it with return { api = 2, ... }."):format(script.file,
        shown(script.table))
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
        if closely then script.notes = doubts.of(type_, script, silent) end
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
