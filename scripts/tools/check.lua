--- victron-host --check FILE|FOLDER...: loads device scripts as the plugin does, shows what their samples
-- give, and says what is wrong with file and line. Leaves with 0: all are good, 1: there are problems,
-- 2: there was nothing to check.

local check = require "check.device"
local form = require "types.form"
local libs = require "serve.libs"
local lines = require "check.lines"
local matching = require "types.matching"
local paint = require "tools.paint"
local proof = require "check.proof"
local script_api = require "serve.script_api"
local settings = require "pg3.settings"
local sorted_keys = require("types.lists").sorted_keys
local steps = require "tools.steps"
local unused = require "serve.unused"

local BUILT_IN = "scripts/devices"

local built_in_types = {}       -- [type] = true: its script is, or is meant to be, a built-in one

------------------------------------------------------------------------------------------- the files

local function base_name(path)
    return path:match("([^/]*)%.lua$") or path:match("[^/]*$")
end

--- { name, path, file } of each script to check. file: the path as it was given, for messages.
local function find_scripts(args)
    local found = {}
    for _, given in ipairs(args) do
        local path, folder = paint.absolute(given), given:gsub("/+$", "") .. "/"
        local listed = host.script_files(path)
        for _, one in ipairs(listed or { { name = base_name(given), path = path } }) do
            found[#found + 1] = { name = one.name, path = one.path,
                                  file = listed and folder .. one.name .. ".lua" or given }
        end
    end
    return found
end

--- The stamp of a script of a folder; nil: it is not there.
local function stamp_of(folder, name)
    for _, one in ipairs(host.script_files(folder) or {}) do
        if one.name == name then return one.stamp end
    end
    return nil
end

--- Whether a file is one of the plugin's own folder scripts/devices. In another folder of that name it is a
-- user's: the plugin would take it for one.
local function is_built_in(path)
    local folder, name = path:match("^(.*)/([^/]*)%.lua$")
    if not (folder and ("/" .. folder):find("/" .. BUILT_IN .. "$")) then return false end
    local stamp = stamp_of(folder, name)
    return stamp ~= nil and stamp == stamp_of(BUILT_IN, name)
end

--- The libs that a script may use: those beside it, then the built-in ones.
local function libs_for(path, file)
    local places = { { folder = BUILT_IN, user = false, shown = "devices" } }
    if path then
        table.insert(places, 1, { folder = path:match("^(.*)/[^/]*$") or "", user = not is_built_in(path),
                                  shown = file:match("^(.*/)[^/]*$") or "" })
    end
    libs.find(places, function(folder) return host.script_files(folder) or {} end,
        function(place, folder, name)
            local before = place.shown:gsub("([^/])$", "%1/")
            return before .. folder .. "/" .. name .. ".lua"
        end)
    return libs.of(path and not is_built_in(path))
end

local paths, in_small = {}, {}  -- [path that a built-in script reads] = true; [in small letters] = the path

local function know_paths(type_)
    for key in pairs(type_.keys) do
        if form.is_path(key) then paths[key], in_small[key:lower()] = true, key end
    end
end

--- The types of the built-in scripts that none of `found` replaces, and the ids of all: { [id] = name }.
local function load_built_in(found)
    local replaced, types, ids = {}, {}, {}
    for _, script in ipairs(found) do replaced[script.name] = true end
    for _, one in ipairs(host.script_files(BUILT_IN) or {}) do
        local type_ = check.file(one.path, "devices/" .. one.name .. ".lua", libs_for()).type
        for _, each in ipairs(type_ and check.types(type_) or {}) do
            ids[each.id] = ids[each.id] or one.name
            know_paths(each)
        end
        if type_ and not replaced[one.name] then
            types[#types + 1], built_in_types[type_] = type_, true
        end
    end
    return types, ids
end

--- Notes what may be a mistake in a script. place: see check.lines, nil: nowhere in it.
local function note(script, place, text)
    table.insert(script.notes, { at = place and lines.at(script, place) or script.file, text = text })
end

------------------------------------------------------------------------------------ beside other scripts

--- What might be found of a service, for which two scripts could both be made.
local function probes(match, service)
    local list = {}
    for _, product in ipairs { "", table.unpack(match.product or {}) } do
        for _, name in ipairs { "", table.unpack(match.type or {}) } do
            list[#list + 1] = { service = service, instance = 0, product = product, type = name }
        end
    end
    return list
end

--- The service of a device that both fit equally well; nil if there is none (functions are not tried).
local function equal_match(type_, other)
    local match = type_.match
    if type(match) ~= "table" or type(other.match) ~= "table" or type_.kind or other.kind then return nil end
    for _, service in ipairs(match.service) do
        for _, found in ipairs(probes(match, service)) do
            local mine = matching.rank(type_, found)
            if mine and mine == matching.rank(other, found) then return service end
        end
    end
    return nil
end

--- The file of another script that has an id; nil: none. Of those with one name only one serves.
local function holder(others, name, id)
    for _, other in ipairs(others) do
        for _, one in ipairs(base_name(other.file) ~= name and check.types(other) or {}) do
            if one.id == id then return other.file end
        end
    end
    return nil
end

--- What is wrong with a type beside others. built_in: the ids of the built-in scripts, { [id] = name }; one
-- that is checked in a folder scripts/devices is meant to be such a script. A script may fit as well as a
-- built-in one: it goes before it. What fits as well as another of the user's is noted, once.
local function conflicts(script, others, built_in)
    local type_, problems, noted = script.type, {}, false
    local function say(place, text)
        table.insert(problems, lines.at(script, place) .. ": " .. text)
    end
    for _, other in ipairs(others) do
        local same = base_name(other.file) == script.name or other.id == type_.id
        local ranked = built_in_types[type_] ~= built_in_types[other]
        local service = not (noted or same or ranked) and equal_match(type_, other)
        if service then
            noted = true
            note(script, { field = "match" }, ("it fits %s as well as %s does, and the first by name is used;"
                .. " make the match of one closer (product = ...)"):format(service, other.file))
        end
    end
    local beside = { built_in = built_in, user = not is_built_in(script.path),
                     holder = function(id) return holder(others, script.name, id) end }
    for _, conflict in ipairs(check.conflicts(type_, script.name, beside)) do
        say(conflict.place, conflict.text)
    end
    for _, one in ipairs(check.types(type_)) do
        local ok, why = pcall(host.declare, check.declaration(one))
        if not ok then say({ field = "id" }, tostring(why)) end
    end
    return problems
end

--------------------------------------------------------------------------------------------- showing

local function words(value)
    return table.concat(type(value) == "table" and value or { value }, ", ")
end

--- A match as its author wrote it.
local function match_text(match)
    if type(match) == "function" then return "whatever its match function ranks" end
    if match.kind then return "the " .. match.kind end
    return "service " .. words(match.service)
        .. (match.product and "; product with " .. words(match.product) or "")
        .. (match.type and "; type " .. words(match.type) or "")
end

local function value_text(driver, value, text)
    if value == nil then return "no data" end
    local shown = ("%." .. driver.places .. "f"):format(value)
    local name = text or (driver.names and driver.names[value])
    return name and shown .. " " .. name or shown
end

local function source_text(driver)
    if driver.by_pg3 then return "set by PG3" end
    if driver.by_script then return "node:set" end
    local sources = { table.unpack(driver.keys) }
    sources[#sources + 1] = driver.op or (driver.worst and "worst of " .. driver.worst)
        or (driver.from and "from")
    local text = table.concat(sources, ", ")
    text = driver.map and text .. ", map" or text
    return driver.over and ("%s, %s"):format(text, driver.over) or text
end

local function show_drivers(type_)
    local rows = {}
    for _, driver in ipairs(type_.drivers) do
        rows[#rows + 1] = { driver.id, driver.unit.name, driver.label, source_text(driver) }
    end
    if type_.part then host.print(("  part %s: %s (%s)"):format(type_.part, type_.name, type_.id)) end
    for _, line in ipairs(paint.columns(rows)) do host.print("  " .. line) end
end

local function show_commands(type_)
    for _, command in ipairs(type_.commands) do
        local params = {}
        for i, param in ipairs(command.params or {}) do
            params[i] = ("%s: %s %s to %s"):format(param.id == "" and param.label or param.id,
                param.unit.name, param.min, param.max)
            if param.names then params[i] = ("%s: a choice of %s"):format(param.id, param.names_id) end
        end
        local text = #params > 0 and ", " .. table.concat(params, "; ") or ""
        if command.id ~= "QUERY" then
            host.print(("  command %s (%s)%s"):format(command.id, command.name, text))
        end
    end
end

local function show_settings(type_)
    for _, name in ipairs(sorted_keys(type_.settings or {})) do
        local setting = type_.settings[name]
        local limits = setting.min and (", %s to %s"):format(setting.min, setting.max) or ""
        host.print(("  setting %s: %s%s"):format(name, setting.default, limits))
    end
end

--- The line of one result of a sample (see proof.try and steps.run): what, value, unit, expected; its colour.
local function line_of(result)
    local driver, line = result.driver, { result.what, result.value, "", result.why or "" }
    if driver then
        line[1] = result.part and result.part .. "." .. driver.id or driver.id
        line[2] = value_text(driver, result.value, result.text)
        line[3] = driver.names and "" or driver.unit.name
    end
    if result.expected ~= nil then line[4] = "expected " .. tostring(result.expected) end
    return line, result.problem and "red" or result.why and "yellow" or result.expected ~= nil and "green"
end

local function show_results(title, results)
    local rows, marks, silent = {}, {}, 0
    for _, result in ipairs(results) do
        local is_told = result.value ~= nil or result.expected ~= nil or result.problem or result.why
        if result.what or result.driver and is_told then
            rows[#rows + 1], marks[#rows + 1] = line_of(result)
        elseif result.driver then
            silent = silent + 1
        end
    end
    local rest = silent > 0 and (" (%d others: no data)"):format(silent) or ""
    host.print("  " .. paint.colour("bold", title) .. rest)
    for i, line in ipairs(paint.columns(rows)) do
        host.print("    " .. paint.colour(marks[i] or nil, line))
    end
end

--- Shows a sample, and adds to what failed at work that of its steps: the plugin, whose clock does not leap,
-- does not run them.
local function show_sample(script, number, sample)
    local title = "sample " .. number
    settings.try(script.type, script.id, sample.settings)
    if not sample.steps then return show_results(title, (proof.try(script.type, sample))) end
    for _, step in ipairs(steps.run(sample, script.load)) do
        local what = title .. ", " .. step.text
        local where = lines.at(script, { sample = number, step = step.number })
        show_results(what, step.results)
        for _, result in ipairs(step.results) do
            if result.problem then
                local at, told = proof.located(result.problem, script.file, script.text)
                table.insert(script.failed, proof.sentence(at or where, what, result, told))
            end
        end
    end
end

local function show_figures(script)
    local figures = host.script_figures(script.id)
    host.print(("  memory %d KiB, at most %d KiB; %d instructions"):format(
        figures.memory // 1024, figures.peak // 1024, figures.instructions))
end

--- What was found, each with what the plugin makes of it.
local function show_findings(script)
    local refused = #script.problems > 0
    local function list(title, colour, findings)
        if #findings > 0 then host.print("  " .. title) end
        for _, one in ipairs(findings) do host.print(paint.colour(colour, one)) end
    end
    local notes = {}
    for i, one in ipairs(script.notes) do notes[i] = ("%s: note: %s"):format(one.at, one.text) end
    list("the plugin refuses it:", "red", script.problems)
    list(refused and "found by --check alone, which runs steps:"
        or "the plugin uses it all the same, for only --check runs steps:", "red", script.failed)
    list(refused and "may be mistakes, too:" or "the plugin uses it; these may be mistakes:", "yellow", notes)
    if #script.problems + #script.failed == 0 then host.print(paint.colour("green", "  good")) end
end

--- Which functions only steps run, if no sample has any -> "start and update"; nil: nothing is untried.
local function untried(type_, samples)
    for _, sample in ipairs(samples) do
        if sample.steps then return nil end
    end
    local names, runs = {}, false
    for _, name in ipairs { "start", "update" } do names[#names + 1] = type_[name] and name end
    for _, command in ipairs(type_.commands) do runs = runs or command.run ~= nil end
    if runs then names[#names + 1] = "commands" end
    return #names > 0 and table.concat(names, " and ") or nil
end

local function show(script)
    local type_ = script.type
    local samples = type_ and script.table.samples or {}
    if not type_ then
        host.print(paint.colour("bold", script.file))
    else
        host.print(("%s  %s (%s), for %s"):format(paint.colour("bold", script.file), type_.name, type_.id,
            match_text(script.table.match)))
        for _, one in ipairs(check.types(type_)) do show_drivers(one) end
        show_commands(type_)
        show_settings(type_)
        for i, sample in ipairs(samples) do show_sample(script, i, sample) end
    end
    if script.id then show_figures(script) end
    if type_ and #samples == 0 then
        note(script, nil, "it has no samples, so nothing shows that its rows are right")
    end
    local functions = type_ and not is_built_in(script.path) and untried(type_, samples)
    if functions then
        note(script, nil, ("no sample runs its %s, so nothing shows that this works; a sample with steps"
            .. " does"):format(functions))
    end
    show_findings(script)
    host.print("")
end

---------------------------------------------------------------------------------------------- the run

--- Notes paths that only differ in case from one that a built-in script reads: VRM's are written in one way.
local function note_paths(script)
    for _, key in ipairs(sorted_keys(script.type.keys)) do
        local meant = not paths[key] and in_small[key:lower()]
        if meant then
            local at = lines.code(script):find(key, 1, true)
            note(script, at and { at = at } or { field = "match" }, ("the plugin's own scripts read %s, not"
                .. " %s; VRM's paths are found as they are written"):format(meant, key))
        end
    end
end

--- Checks all -> how many have problems.
local function run(found)
    local bad, types, built_in = 0, load_built_in(found)
    for _, one in ipairs(found) do
        local function load() return check.file(one.path, one.file, libs_for(one.path, one.file), true) end
        local script = load()
        script.load, script.name, script.path, script.file = load, one.name, one.path, one.file
        script.failed = {}
        if script.type then
            built_in_types[script.type] = is_built_in(script.path) or nil
            for _, problem in ipairs(conflicts(script, types, built_in)) do
                table.insert(script.problems, problem)
            end
            table.insert(types, script.type)
            note_paths(script)
        end
        show(script)
        host.sleep(0)                       -- many scripts are more than one turn may take
        if #script.problems + #script.failed > 0 then bad = bad + 1 end
    end
    return bad
end

--- Says which of the files, or of those in folders, the plugin would not use.
local function show_unused(args)
    for _, given in ipairs(args) do
        if (paint.absolute(given) .. "/"):find("/lib/+[^/]*/?$") then
            host.print(paint.colour("yellow", ("note: %s: what is in a folder lib is for scripts to use, and"
                .. " no script itself; check one that uses it"):format(given)))
        end
        local names = host.names(paint.absolute(given))
        for _, name in ipairs(names or { given:match("[^/]*$") }) do
            local file = names and given:gsub("/+$", "") .. "/" .. name or given
            local problem = unused.problem_of(name, paint.absolute(file))
            if not (names or problem or name == "" or name:find("^[^.].*%.lua$")) then
                problem = "names end in .lua and do not begin with a dot. Rename it."
            end
            if problem then
                host.print(paint.colour("yellow", ("note: the plugin does not use %s: %s"):format(file,
                    problem)))
            end
        end
    end
end

local function main()
    show_unused(host.options.args)
    local found = find_scripts(host.options.args)
    if #found == 0 then
        host.print("There is nothing to check. Name a device script, or a folder of them: --check tank.lua")
        return 2
    end
    local bad = run(found)
    local text = ("%d of %d scripts good"):format(#found - bad, #found)
    host.print(paint.colour(bad > 0 and "red" or "green", text))
    return bad > 0 and 1 or 0
end

script_api.begin()
host.spawn(function()
    local ok, result = pcall(main)
    if not ok then host.print(paint.colour("red", "An error in the plugin: " .. tostring(result))) end
    host.leave(ok and result or 1)
end)
