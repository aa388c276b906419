--- victron-host --rows [SAVED.json]: what VRM offers for each device, and which driver shows it already.
-- From a saved answer of VRM's diagnostics, else from the account of the token. --find TEXT: only what has
-- that text. --lines, --json, --new SERVICE: lines for a script, JSON, a whole script. Leaves with 0, or with
-- 1 and one sentence.

local account = require "tools.account"
local check = require "check.device"
local diagnostics = require "types.diagnostics"
local discovery = require "model.discovery"
local energy = require "sources.energy"
local generic = require "serve.generic"
local match_check = require "check.match"
local paint = require "tools.paint"
local read = require "types.read"
local reading = require "types.reading"
local replay = require "tools.replay"
local row_writer = require "tools.row_writer"
local script_api = require "serve.script_api"
local scripts = require "serve.scripts"
local sorted_keys = require("types.lists").sorted_keys
local vrm = require "sources.vrm"
local wording = require "types.wording"

local options = host.options

----------------------------------------------------------------------------------------- who shows it

local function names_row(driver, row)
    if driver.worst and reading.is_worst(driver, row.path or row.code or "") then return true end
    local number = row.id and "#" .. row.id
    for _, keys in ipairs { driver.keys, table.unpack(driver.terms or {}) } do
        for _, key in ipairs(keys) do
            if key == row.path or key == row.code or key == number then return true end
        end
    end
    return false
end

--- What a function of the script makes of the rows; an error is a value like any other.
local function outcome(driver, rows, site)
    local ok, value = pcall(reading.of, driver, rows, site)
    return ok and (value or "no data") or "error"
end

--- The rows without one row, or with another in its place.
local function rows_with(rows, row, other)
    local copy = {}
    for key, one in pairs(rows) do
        if one ~= row then copy[key] = one else copy[key] = other end
    end
    return copy
end

--- Whether a `from` function looks at a row: its value changes with the row gone, or one higher.
local function depends(driver, row, group)
    local number = type(row.value) == "number" and row.value
    if not driver.from or not number then return false end
    local higher = diagnostics.flat(row)
    higher.value = number + 1
    local function differs(other)
        return outcome(driver, rows_with(group.rows, row, other), group.facts) ~= group.usual[driver]
    end
    return differs(nil) or differs(higher)
end

--- The drivers that show a row or work with it: "ST", "t.CV" (of part t), "GV3 (another day's)" ...
local function shown_by(row, group)
    local ids = {}
    for _, type_ in ipairs(group.type and check.types(group.type) or {}) do
        for _, driver in ipairs(type_.drivers) do
            if names_row(driver, row) or depends(driver, row, group) then
                local id = type_.part and type_.part .. "." .. driver.id or driver.id
                local over = driver.daily and group.midnight and reading.before(row, group.midnight)
                ids[#ids + 1] = over and id .. " (another day's)" or id
            end
        end
    end
    return ids
end

--------------------------------------------------------------------------------------------- showing

local LONGEST_TEXT, LONGEST_STATES = 40, 120

local function value_text(row)
    local value = row.value
    local function cut(text) return read.cut(paint.clean(text), LONGEST_TEXT) end
    if value == nil then return row.text and "(" .. cut(row.text) .. ")" or "" end
    if type(value) ~= "number" then return '"' .. cut(value) .. '"' end
    local text = math.type(value) == "integer" and tostring(value) or ("%.10g"):format(value)
    local name = (diagnostics.names(row) or {})[value]
    return name and text .. " " .. cut(name) or text
end

local function age_text(seconds)
    if not seconds then return "" end
    if seconds < 120 then return ("%d s"):format(math.max(0, seconds)) end
    if seconds < 7200 then return ("%d min"):format(seconds // 60) end
    if seconds < 172800 then return ("%d h"):format(seconds // 3600) end
    return ("%d days"):format(seconds // 86400)
end

--- What VRM calls a row, and the states it has: "Charge state: 0 Off, 3 Bulk".
local function description(row)
    local texts = diagnostics.names(row) or {}
    local states = sorted_keys(texts)
    for i, value in ipairs(states) do states[i] = value .. " " .. paint.clean(texts[value]) end
    local label = paint.clean(row.label or "")
    return #states == 0 and label or label .. ": " .. read.cut(table.concat(states, ", "), LONGEST_STATES)
end

--- The rows a script would get, each once, in the order of their paths; those without a path at the end.
-- all: rows among which may be some that only a "#521" in a script would get.
local function distinct(rows, all)
    local list, seen = {}, {}
    local function take(row)
        if not seen[row] then seen[row], list[#list + 1] = true, row end
    end
    for _, row in pairs(rows) do take(row) end
    for _, row in ipairs(all or {}) do
        if not (row.path or row.code) then take(row) end
    end
    local function order(row)
        return paint.by_number(table.concat({ row.path or "~", row.code or "", row.id or "" }, "\0"))
    end
    table.sort(list, function(a, b) return order(a) < order(b) end)
    return list
end

--- The first of GV0 to GV29 that a script has not used.
local function free_driver(type_)
    local used = {}
    for _, driver in ipairs(type_.drivers) do used[driver.id] = true end
    for n = 0, 29 do
        if not used["GV" .. n] then return "GV" .. n end
    end
    return nil
end

local function headline(group, count, shown)
    if not group.type then
        return ("no script shows it; rows: %d"):format(count)
    end
    local free = free_driver(group.type)
    return ("%s, %s; shown: %d of %d rows%s%s"):format(group.type.id, group.type.file, shown, count,
        group.type.update and ", and update may use any" or "",
        free and "; next free driver: " .. free or "")
end

--- Whether one of the texts has the one that was asked for, in capitals or small letters.
local function is_found(...)
    if not options.find then return true end
    for _, text in ipairs { ... } do
        if text:lower():find(options.find:lower(), 1, true) then return true end
    end
    return false
end

--- Those of the entries (see view) that were asked for.
local function found_of(group, entries)
    if is_found(group.title) then return entries end
    local list = {}
    for _, entry in ipairs(entries) do
        local row = entry.row
        if is_found(row.path or "", row.code or "", row.label or "", table.concat(entry.by, ", ")) then
            list[#list + 1] = entry
        end
    end
    return list
end

--- How --rows shows a device: views[form](group, entries, now). entries = list of { row, by = its drivers };
-- what shows everything at the end does so in finish[form]() -> a sentence if that is not possible, else nil.
local views, finish = {}, {}

local function print_title(group)
    host.print(paint.colour("bold", group.title) .. "  " .. headline(group, group.count, group.shown))
end

function views.table(group, entries, now)
    local lines = { { "shown by", "value", "unit", "age", "path", "code", "VRM calls it" } }
    local marks = { "grey" }
    for i, entry in ipairs(entries) do
        local row, code = entry.row, entry.row.code or entry.row.id and "#" .. entry.row.id
        lines[i + 1] = { #entry.by > 0 and table.concat(entry.by, ", ") or "-", value_text(row),
                         paint.clean(row.unit or ""), age_text(row.timestamp and now - row.timestamp),
                         paint.clean(row.path or ""), paint.clean(code or ""), description(row) }
        marks[i + 1] = #entry.by == 0 and "yellow" or nil
    end
    print_title(group)
    for i, line in ipairs(paint.columns(lines)) do host.print("  " .. paint.colour(marks[i], line)) end
    host.print("")
end

local any_line = false

function views.lines(group, entries)
    local rows = {}
    for _, entry in ipairs(entries) do
        if #entry.by == 0 then rows[#rows + 1] = entry.row end
    end
    local lines, more = row_writer.lines(group.type, rows, generic.newest(group.rows), value_text)
    if #lines + more == 0 then return end
    any_line = true
    host.print("-- " .. group.title .. "  " .. headline(group, group.count, group.shown))
    for _, line in ipairs(lines) do host.print(line) end
    if more > 0 then host.print(("-- %d more: no driver of GV0 to GV29 is free for them"):format(more)) end
    host.print("")
end

function finish.lines()
    if any_line then return end
    host.complain("A driver shows every number already, so there is no line to write."
        .. " Without --lines all rows are listed, with their drivers.")
end

local listed = {}                   -- what is shown as JSON

function views.json(group, entries)
    local rows = {}
    for i, entry in ipairs(entries) do
        local row, states = entry.row, {}
        for value, text in pairs(diagnostics.names(row) or {}) do states[tostring(value)] = text end
        rows[i] = { path = row.path, code = row.code, id = row.id, description = row.label, value = row.value,
                    unit = row.unit, timestamp = row.timestamp, text = row.text, shown_by = entry.by,
                    states = next(states) and states or nil }
    end
    local type_ = group.type or {}
    listed[#listed + 1] = { installation = group.site, service = group.service or "gateway",
                            instance = group.instance or 0, name = group.name, rows = rows,
                            script = type_.file, type = type_.id }
end

function finish.json() host.print(row_writer.json(listed, 4)) end

local wanted = {}                   -- rows of the devices that a script is to be made for
local services = {}                 -- { [service] = true } of all there are

function views.new(group, entries)
    if not group.service then return end
    services[group.service] = true
    for _, entry in ipairs(group.service == options.service and entries or {}) do
        wanted[#wanted + 1] = entry.row
    end
end

function finish.new()
    local text, more = row_writer.script(options.service, wanted)
    if text then
        host.print(text)
        if more > 0 then
            host.print(("-- VRM sends %d numbers more than a node has drivers for: see --rows.")
                :format(more))
        end
        return nil
    end
    local names = sorted_keys(services)
    for i, name in ipairs(names) do names[i] = paint.clean(name) end
    return ("VRM sends no number of a device of the service \"%s\". %s"):format(options.service,
        wording.did_you_mean(options.service, names, "%s",
            ("There are: %s."):format(#names > 0 and table.concat(names, ", ") or "none"), match_check.SLIPS))
end

local form = options.form or "table"
local view = views[form]

local found_any = false             -- whether a device has what was looked for

--- One device. group = { title, site = of the installation, service, instance, name, type|nil, rows,
-- all = list|nil, facts|nil, midnight|nil }
local function show_group(group, now)
    group.usual = {}
    for _, type_ in ipairs(group.type and check.types(group.type) or {}) do
        for _, driver in ipairs(type_.drivers) do
            if driver.from then group.usual[driver] = outcome(driver, group.rows, group.facts) end
        end
    end
    local list, entries = distinct(group.rows, group.all), {}
    group.count, group.shown = #list, 0
    for i, row in ipairs(list) do
        entries[i] = { row = row, by = shown_by(row, group) }
        group.shown = group.shown + (#entries[i].by > 0 and 1 or 0)
    end
    entries = found_of(group, entries)
    if #entries > 0 then view(group, entries, now) end
    found_any = found_any or #entries > 0
    host.sleep(0)                           -- many devices are more than one turn may take
end

local function device_name(found)
    local names = {}
    for _, name in ipairs { found.entry.custom_name or "", found.entry.product or "" } do
        if name ~= "" then names[#names + 1] = paint.clean(name) end
    end
    return table.concat(names, ", ")
end

--- What main.lua would know of an installation, enough for the gateway's functions to run.
local FACTS = { online = true, connected = true, devices = 0, warnings = 0, alarms = 0, vrm_alarms = 0,
                interval = 60, source = 1, delay = 5 }

--- site = { title, rows = of diagnostics.row, overview, now, midnight = when its day began, nil: not known,
-- told = those of sources.energy, nil: not asked for }
local function show_site(site)
    local devices, gateway, homes = discovery.devices(site.rows, site.overview, scripts.pick,
        scripts.gateway)
    local all = {}
    for place, row in ipairs(site.rows) do
        local home = homes[place]
        if home then
            all[home] = all[home] or {}
            table.insert(all[home], row)
        end
    end
    local comment = form == "lines" and "-- " or ""
    if form == "table" or form == "lines" then
        host.print(paint.colour("bold", comment .. site.title))
        host.print("")
    end
    for _, found in ipairs(devices) do
        local name = device_name(found)
        show_group({ title = ("%s/%s %s"):format(paint.clean(found.service), found.instance, name),
                     site = site.title, service = found.service, instance = found.instance, name = name,
                     type = found.type, rows = found.rows, all = all[found], midnight = site.midnight },
                   site.now)
    end
    for _, row in ipairs(site.told or {}) do gateway.rows[row.path] = row end
    show_group({ title = "gateway (system, settings, platform, hub4)", site = site.title,
                 type = gateway.type, rows = gateway.rows, all = all[gateway], facts = FACTS,
                 midnight = site.midnight }, site.now)
end

-------------------------------------------------------------------------------------------- sources

--- A saved answer -> site | nil, sentence. Ages count from its newest row.
local function saved_site(path)
    local text, unreadable = host.read(paint.absolute(path))
    if not text then return nil, ("%s %s."):format(path, unreadable) end
    local json, why = host.json(text)
    if type(json) ~= "table" then return nil, ("%s is not JSON: %s."):format(path, tostring(why)) end
    local rows, newest = {}, 0
    for _, record in ipairs(read.items(json.records)) do
        local row = diagnostics.row(record)
        rows[#rows + 1] = row
        newest = math.max(newest, row and row.timestamp or 0)
    end
    if #rows == 0 then
        return nil, path .. " holds no measurements. Save there what VRM answers to "
            .. "/installations/ID/diagnostics?count=1000."
    end
    return { title = path, rows = rows, overview = {}, now = newest }
end

local function ask_site(client, record)
    local overview = client:overview(record.id) or {}
    local answer, err = client:diagnostics(record.id)
    if not answer then return nil, paint.clean(record.name) .. ": " .. err.text end
    local now = answer.date or host.time()
    local zone = record.zone and host.midnight(record.zone, now) and record.zone or "UTC"
    local midnight, tomorrow, of_month, of_year = host.midnight(zone, now)
    local told = energy.all(client, {
        id = record.id, zone = zone, created = record.created, clock = now - host.steady(),
        midnight = midnight, tomorrow = tomorrow, of_month = of_month, of_year = of_year,
        store = { gateway = { type = scripts.gateway } },
    })
    return { title = ("%s (installation %d)"):format(paint.clean(record.name), record.id),
             rows = answer.rows, overview = overview, now = now,
             midnight = midnight, told = told }
end

--- Shows each installation of the account -> true | nil, sentence.
local function show_account(token)
    host.mask(token)
    host.limit(vrm.LIMIT)
    local client, problem = vrm.new { token = token, url = host.env("VICTRON_VRM_URL"),
                                      ca_file = host.env("VICTRON_CA_FILE") }
    if not client then return nil, problem end
    local user, err = client:me()
    local list
    if user then list, err = client:installations(user.id) end
    if not list then return nil, err.text end
    if #list == 0 then return nil, "VRM lists no installation for this access token." end
    local first_problem
    for _, record in ipairs(list) do
        local site, why = ask_site(client, record)
        if site then show_site(site) else first_problem = first_problem or why end
    end
    return not first_problem, first_problem
end

local function show_all()
    if options.replay then
        local begun, problem = replay.begin(options.replay)
        if not begun then return nil, problem end
    end
    if options.args[1] then
        for _, path in ipairs(options.args) do
            local site, problem = saved_site(path)
            if not site then return nil, problem end
            show_site(site)
        end
        return true
    end
    if not options.replay then
        local there, problem = account.take()
        if not there then return nil, problem end
    end
    return show_account(host.token)
end

script_api.begin()
host.spawn(function()
    local ok, done, problem = pcall(function()
        scripts.load_built_in()
        scripts.load_users()
        host.sleep(0)
        return show_all()
    end)
    problem = problem or (not ok and "An error in the plugin: " .. tostring(done)) or nil
    if not problem and found_any and finish[form] then problem = finish[form]() end
    if not problem and not found_any then
        problem = ("Nothing has \"%s\" in it. Without --find all is shown."):format(options.find)
    end
    if problem then
        host.complain(problem)
    elseif form == "table" then
        host.print("To show a row marked -, add one line to the script named above it: docs/authors.md.")
    end
    host.leave(problem and 1 or 0)
end)
