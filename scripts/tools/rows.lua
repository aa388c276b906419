--- victron-host --rows [SAVED.json]: what VRM offers for each device, and which driver shows it already.
-- From a saved answer of VRM's diagnostics, else from the account of the token. Leaves with 0, or with 1 and
-- one sentence.

local check = require "types.check"
local reading = require "types.reading"
local discovery = require "model.discovery"
local energy = require "sources.energy"
local paint = require "tools.paint"
local read = require "sources.read"
local scripts = require "serve.scripts"
local vrm = require "sources.vrm"

----------------------------------------------------------------------------------------- who shows it

--- The keys under which a script can ask for a row.
local function keys_of(row)
    return { row.path or false, row.code or false, row.id and "#" .. row.id or false }
end

local function names_row(driver, row)
    if driver.worst and reading.is_worst(driver, row.path or row.code or "") then return true end
    for _, keys in ipairs { driver.keys, table.unpack(driver.terms or {}) } do
        for _, key in ipairs(keys) do
            for _, own in ipairs(keys_of(row)) do
                if key == own then return true end
            end
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
    for key, one in pairs(rows) do copy[key] = one end
    for _, key in ipairs(keys_of(row)) do
        if key and copy[key] == row then copy[key] = other end
    end
    return copy
end

--- Whether a `from` function looks at a row: its value changes with the row gone, or one higher.
local function depends(driver, row, group)
    local number = type(row.value) == "number" and row.value
    if not driver.from or not number then return false end
    local higher = read.flat(row)
    higher.value = number + 1
    local function differs(other)
        return outcome(driver, rows_with(group.rows, row, other), group.facts) ~= group.usual[driver]
    end
    return differs(nil) or differs(higher)
end

--- "ST", "CPW, GV0", "t.CV" (of part t), "GV3 (another day's)" ... the drivers that show a row or work with
-- it; nil when there are none.
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
    return #ids > 0 and table.concat(ids, ", ") or nil
end

--------------------------------------------------------------------------------------------- showing

local LONGEST_TEXT = 40

local function value_text(row)
    local value = row.value
    local function cut(text) return read.cut(paint.clean(text), LONGEST_TEXT) end
    if value == nil then return row.text and "(" .. cut(row.text) .. ")" or "" end
    if type(value) ~= "number" then return '"' .. cut(value) .. '"' end
    local text = math.type(value) == "integer" and tostring(value) or ("%.10g"):format(value)
    local name = (read.names(row) or {})[value]
    return name and text .. " " .. cut(name) or text
end

local function age_text(seconds)
    if not seconds then return "" end
    if seconds < 120 then return ("%d s"):format(math.max(0, seconds)) end
    if seconds < 7200 then return ("%d min"):format(seconds // 60) end
    if seconds < 172800 then return ("%d h"):format(seconds // 3600) end
    return ("%d days"):format(seconds // 86400)
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
        return table.concat({ row.path or "~", row.code or "", row.id or "" }, "\0")
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

--- One device. group = { title, type|nil, rows, all = list|nil, facts|nil, midnight|nil }
local function show_group(group, now)
    group.usual = {}
    for _, type_ in ipairs(group.type and check.types(group.type) or {}) do
        for _, driver in ipairs(type_.drivers) do
            if driver.from then group.usual[driver] = outcome(driver, group.rows, group.facts) end
        end
    end
    local list, shown = distinct(group.rows, group.all), 0
    if #list == 0 then return end
    local lines, marks = { { "shown by", "value", "unit", "age", "path", "code" } }, { "grey" }
    for i, row in ipairs(list) do
        local by = shown_by(row, group)
        if by then shown = shown + 1 end
        local code = row.code or row.id and "#" .. row.id
        lines[i + 1] = { by or "-", value_text(row), paint.clean(row.unit or ""),
                         age_text(row.timestamp and now - row.timestamp),
                         paint.clean(row.path or ""), paint.clean(code or "") }
        marks[i + 1] = not by and "yellow" or nil
    end
    host.print(paint.colour("bold", group.title) .. "  " .. headline(group, #list, shown))
    for i, line in ipairs(paint.columns(lines)) do host.print("  " .. paint.colour(marks[i], line)) end
    host.print("")
    host.sleep(0)                           -- many devices are more than one turn may take
end

local function device_title(found)
    local names = {}
    for _, name in ipairs { found.entry.custom_name or "", found.entry.product or "" } do
        if name ~= "" then names[#names + 1] = paint.clean(name) end
    end
    return ("%s/%s %s"):format(paint.clean(found.service), found.instance, table.concat(names, ", "))
end

--- What main.lua would know of an installation, enough for the gateway's functions to run.
local FACTS = { online = true, connected = true, devices = 0, warnings = 0, alarms = 0, vrm_alarms = 0,
                interval = 60, source = 1, delay = 5 }

--- site = { title, rows = read.row records, overview, now, midnight = when its day began, nil: not known,
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
    host.print(paint.colour("bold", site.title))
    host.print("")
    for _, found in ipairs(devices) do
        show_group({ title = device_title(found), type = found.type, rows = found.rows, all = all[found],
                     midnight = site.midnight }, site.now)
    end
    for _, row in ipairs(site.told or {}) do gateway.rows[row.path] = row end
    show_group({ title = "gateway (system, settings, platform, hub4)", type = gateway.type,
                 rows = gateway.rows, all = all[gateway], facts = FACTS, midnight = site.midnight }, site.now)
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
        local row = read.row(record)
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
    local zone = host.midnight(record.zone, now) and record.zone or "UTC"
    local midnight, tomorrow, of_month, of_year = host.midnight(zone, now)
    local told = energy.all(client, {
        id = record.id, zone = zone, created = record.created, clock = now - host.time(), midnight = midnight,
        tomorrow = tomorrow, of_month = of_month, of_year = of_year,
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
    if host.args[1] then
        for _, path in ipairs(host.args) do
            local site, problem = saved_site(path)
            if not site then return nil, problem end
            show_site(site)
        end
        return true
    end
    if host.token == "" then
        return nil, "There is no VRM access token. Set VICTRON_VRM_TOKEN, use --token-file, name a saved "
            .. "answer, or try --demo --rows."
    end
    return show_account(host.token)
end

host.spawn(function()
    local ok, done, problem = pcall(function()
        scripts.pause = function() host.sleep(0) end
        scripts.load_built_in()
        scripts.load_users()
        host.sleep(0)
        return show_all()
    end)
    problem = problem or (not ok and "An error in the plugin: " .. tostring(done)) or nil
    if problem then
        host.print(paint.colour("red", problem))
    else
        host.print("To show a row marked -, add one line to the script named above it: docs/authors.md.")
    end
    host.leave(problem and 1 or 0)
end)
