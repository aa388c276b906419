--- What may be a mistake in a device script and need not be one: it is told, and the script serves. Each
-- function here looks at something and says what it doubts, a sentence without a full stop: say(text, ...),
-- or look(place, text, ...), where a place with a name is named in it.

local alarms = require "types.alarms"
local codes = require "types.codes"
local fields = require "check.fields"
local form = require "types.form"
local lines = require "check.lines"
local match_check = require "check.match"
local with_id = require("types.lists").with_id
local why = require "types.why"
local wording = require "types.wording"

local doubts = {}

local shown = wording.shown

--- look(place, text, ...) for one place.
local function at(look, place)
    return function(...) look(place, ...) end
end

------------------------------------------------------------------------------------------------ rows

-- Each is given the row, the first of its drivers, the script and the place.

local function of_sign(say, row)
    if row.sign == nil or row.sign == 1 or row.sign == -1 then return end
    say("sign is %s; sign = -1 turns a value around, scale = %s is a factor", shown(row.sign),
        shown(row.sign))
end

local function of_worst(say, _, driver)
    if not driver.worst or driver.names or not alarms.fault(driver.worst .. "x") then return end
    say("worst = %s is 0, 1 or 2, and is shown in unit.%s; the list of alarms is \"alarm\"",
        shown(driver.worst), driver.unit.name)
end

--- A list without numbers counts from 1, as it is where somebody forgot them.
local function of_states(say, _, driver, script)
    local names = driver.names
    if not names or names[0] or not (names[1] and names[2]) then return end
    local function quoted(text) return "[\"']" .. text:gsub("%p", "%%%0") .. "[\"']" end
    if lines.code(script):find("{%s*" .. quoted(names[1]) .. "%s*,%s*" .. quoted(names[2])) then
        say("the states count from 1 = %s, as nothing else is said; from 0 it is { [0] = %s, [1] = %s }",
            shown(names[1]), shown(names[1]), shown(names[2]))
    end
end

--- What a function gives beside its first value is left out.
local function of_results(say, script, place, word)
    local body = lines.body_of(script, place, word)
    local results = body and lines.results_of(body)
    if results then
        local comma = lines.comma_in(results)
        say("%s returns %s, of which the first alone counts; %s", word, results, comma
            and ("a decimal has a point: %s"):format((comma:gsub(",", "."))) or "take off the rest")
    end
    return body
end

local function of_functions(say, _, driver, script, place)
    local silent = script.silent[driver]            -- see proof.run
    for _, word in ipairs { "from", "map" } do
        local body = driver[word] and of_results(say, script, place, word)
        if body and not body:find("%f[%w_]return%f[^%w_]") then
            say("its %s never gives anything: there is no return in it", word)
            silent = nil
        end
    end
    if silent then say("there is no value in any sample: %s", silent) end
end

local function of_service(say, service)
    local told = match_check.unknown(service)
    if told then say("%s", told) end
end

--- Services beside match. Of a row they are in set, in its conditions, or in values.
local function of_services(say, row, driver)
    local set, services = driver.set or {}, {}
    if set.service then services[set.service] = true end
    for _, guard in ipairs(set.guards or {}) do services[guard.key:match("^[^/]+") or false] = true end
    for service in pairs(row.values or {}) do services[type(service) == "string" and service] = true end
    services[false] = nil
    for service in pairs(services) do of_service(say, service) end
end

--- VRM's powers are in W. What a function gives may be anything.
local function of_total(say, row, driver)
    local unit = driver.unit.name
    if not row.total or row.map or row.from or not (unit == "watt" or unit == "kwh" and not row.scale) then
        return
    end
    say("a total of W is Wh, and it is shown in unit.%s; write %sscale = 0.001", unit,
        unit == "watt" and "unit.kwh and " or "")
end

--- What node:set gives is shown as it is.
local function of_by_script(say, row, driver)
    if not row.by_script then return end
    for _, word in ipairs { "values", "scale", "sign", "map", "while_negative" } do
        if row[word] ~= nil then
            say("%s does nothing beside by_script; give node:set the value as it is to be shown", word)
        end
    end
    if driver.names and driver.names[codes.NO_DATA] then
        say("the state %d is No data where by_script sets it; give it another number", codes.NO_DATA)
    end
end

--- A number that stands for another one has a state there, or none at all.
local function of_stands(say, row, driver)
    for value, stands_for in pairs(driver.names and row.values or {}) do
        local is_state = type(stands_for) ~= "number" or driver.names[codes.shown(stands_for)]
        if not (is_state or codes.NO_STATE[stands_for]) then
            say("values has [%s] = %s, and the list has no such state", value, stands_for)
        end
    end
end

local OF_ROW = { of_sign, of_worst, of_states, of_functions, of_services, of_by_script, of_stands, of_total }

--- What a driver shows, as a text; nil: it is not a plain row, or may be written.
local function source_of(driver)
    if #driver.keys == 0 or driver.op or driver.from or driver.values or driver.set then return nil end
    local parts = { table.concat(driver.keys, " "), driver.unit.name, driver.factor or 1 }
    for _, field in ipairs { "names", "map", "over", "seconds", "while_negative", "min", "max" } do
        parts[#parts + 1] = tostring(driver[field])
    end
    return table.concat(parts, "\n")
end

--- Two drivers that nobody can tell apart: of one name, or of one source. ST may show once more what another
-- one shows. seen: the drivers so far, by both.
local function of_pairs(say, driver, of_row, seen)
    local source = driver.id ~= "ST" and source_of(driver)
    local namesake, twin = seen[driver.label], source and seen[source]
    local function counts(other, how)
        return with_id(of_row, other.id) and "; " .. how .. " in it counts" or ""
    end
    if namesake then
        say("%s and %s have the same name, %s%s", namesake.id, driver.id, shown(driver.label),
            counts(namesake, "{n}"))
    elseif twin then
        say("%s and %s show the same, %s%s", twin.id, driver.id, driver.keys[1], counts(twin, "{n} or {n-1}"))
    end
    seen[driver.label] = driver
    if source then seen[source] = driver end
end

--- A field that is given a variable which is nil, or what a function gives that gives nothing, is not there
-- for Lua. place: where the table is.
local function look_at_nil(script, tab, place, look)
    local written = lines.table_at(script, place)
    for _, one in ipairs(written and written.entries or {}) do
        local is_nil = tab[one.name] == nil
        if is_nil and one.called then
            look({ at = one.at, name = place.name }, "%s is nil: %s was called there and gave nothing; for"
                .. " the function itself write %s = %s", one.name, one.called, one.name, one.called)
        elseif is_nil and one.value and one.value ~= "nil" then
            look({ at = one.at, name = place.name }, "%s is nil: there is no %s; is it misspelt?", one.name,
                one.value)
        end
    end
end

local function place_of(row, number, part)
    return fields.within(lines.place { part = part, row = number }, " (" .. row[1] .. ")")
end

--- Looks at the rows of a type or a part. part: its number, nil for the device's own node.
local function look_at_rows(type_, tab, part, look, script)
    local seen = {}
    for i, row in ipairs(tab) do
        local place, drivers = place_of(row, i, part), {}
        for n, id in ipairs(form.ids(row[1])) do drivers[n] = with_id(type_.drivers, id) end
        look_at_nil(script, row, place, look)
        for _, doubt in ipairs(OF_ROW) do doubt(at(look, place), row, drivers[1], script, place) end
        for _, driver in ipairs(drivers) do
            of_pairs(at(look, { part = part, row = i }), driver, drivers, seen)
        end
    end
end

--------------------------------------------------------------------------------- samples, and the rest

--- The rows of a sample, or of all its steps; whether it expects anything.
local function contents_of(sample)
    local rows, expects = {}, false
    for _, one in ipairs(sample.steps or { sample }) do
        for key, row in pairs(one.rows or {}) do rows[key] = row end
        expects = expects or next(one.expect or {}) ~= nil
    end
    return rows, expects
end

local function look_at_samples(type_, samples, look)
    local misread
    for i, sample in ipairs(samples) do
        local say, rows, expects = at(look, lines.place { sample = i }), contents_of(sample)
        local told = not misread and why.misread(type_, rows, why.same_path)
        if told then look({ field = "update" }, "update, in sample %d: %s", i, told) end
        misread = misread or told
        if sample.site and sample.site.time then
            say("site.time does nothing; the time is site = { clock = \"2026-04-18 06:30\" }")
        end
        if sample.steps and #sample.steps == 0 then
            say("it has no step; write steps = { { rows = { [\"/Soc\"] = 80 }, expect = { ST = 80 } } }")
        elseif not expects then
            say("it expects nothing, so it does not show that the rows are right; write expect = { ST = 80 }")
        end
        for _, device in ipairs { sample.device or {}, table.unpack(sample.devices or {}) } do
            if device.service then of_service(say, device.service) end
        end
    end
end

local function look_at_settings(type_, look)
    for name, setting in pairs(type_.settings or {}) do
        if type(setting.default) == "string" and tonumber(setting.default) then
            look({ field = "settings" }, "setting %s: the default is the text %s; a number has no quotes:"
                .. " %s", name, shown(setting.default), setting.default)
        end
    end
end

--- The ISY has one text for what a node sends and is sent under one name.
local function look_at_events(type_, look)
    for _, event in ipairs(type_.events) do
        local command = with_id(type_.commands, event.id)
        if command and command.name ~= event.name then
            look({ field = "events" }, "%s is an event and a command, for which the ISY has one name;"
                .. " give both the same, or one of them another id", event.id)
        end
    end
end

--- A timer gives its function nothing: neither a method its node, nor what another one takes.
local function look_at_timers(code, look)
    for from, start, given in code:gmatch("()%f[%w_]timer%.(%l+)%s*(%b())") do
        local fn, inline = given:match(",%s*([%a_][%w_.]*)%s*%)$"), given:match(",%s*function%s*%(([^)]*)%)")
        local method = fn and fn:match("^node%.(%l+)$")
        local takes = inline or fn and code:match("%f[%w_]function%s+" .. fn .. "%s*%(([^)]*)%)") or ""
        local call = method and ("node:%s(...)"):format(method)
            or (takes:find("^node%f[^%w_]") or takes:find("^rows%f[^%w_]"))
            and (inline and "..." or ("%s(%s)"):format(fn, takes))
        if call then
            look({ at = from }, "a timer gives %s nothing; write timer.%s(..., function() %s end)",
                inline and "its function" or fn, start, call)
        end
    end
end

local OF_ALL = { GV30 = {}, TIME = {} }        -- drivers of every node

--- What functions name that the table does not have is an error only when they come to it.
local function look_at_names(type_, code, look)
    local settings = type_.settings or {}
    for from, method, id in code:gmatch("()%f[%w_]node:(%l+)%s*%(%s*[\"']([^\"'\n]*)[\"']") do
        local driver, say = with_id(type_.drivers, id) or OF_ALL[id], at(look, { at = from })
        if method == "event" and not with_id(type_.events, id) then
            say("the event %s is not declared; write events = { %s = \"...\" } in the table", id, id)
        elseif (method == "set" or method == "get") and not driver then
            say("no row has the driver %s; write { \"%s\", unit.count, \"Label\", by_script = true }", id, id)
        elseif method == "set" and not driver.by_script then
            say("the row of %s does not say by_script = true; what the script sets has a row of its own", id)
        end
    end
    for from, name, more in code:gmatch("()%f[%w_]setting%s*%(%s*[\"']([^\"'\n]*)[\"']%s*(,?)") do
        local say = at(look, { at = from })
        if more ~= "" then
            say("setting gives what the owner wrote, else the default of the table; it takes a name alone:"
                .. " setting(\"%s\")", name)
        elseif not settings[name] then
            say("there is no setting '%s'; write settings = { %s = 10 } in the table", name, name)
        end
    end
end

--- Signs of the code that hardly anybody means.
local function look_at_code(script, code, look)
    local root = lines.table_at(script, {})
    for from, service in code:gmatch("()%f[%w_]%l+s_of%s*%(%s*[%w_]+%s*,%s*[\"'](%l+)[\"']") do
        of_service(at(look, { at = from }), service)
    end
    for _, tab in ipairs(lines.tables(script)) do
        for _, one in ipairs(tab.entries) do
            if tab ~= root and one.again then
                look({ at = one.at }, "%s stands twice in one table, and Lua takes the last", one.name)
            end
        end
    end
    for from, first, second in code:gmatch("[=({,]%s*()(\"[^\"\n]*\")%s+or%s+(\"[^\"\n]*\")") do
        look({ at = from }, "%s or %s is %s alone; a list is { %s, %s }, and a comparison names both:"
            .. " x == %s or x == %s", first, second, first, first, second, first, second)
    end
end

--- What is doubtful in a script whose table was built -> list of { at = "tank.lua:9", text }. silent: see
-- proof.run.
function doubts.of(type_, script, silent)
    local list, tab, code = {}, script.table, lines.code(script)
    local function look(place, text, ...)
        local where = place.name and place.name .. ": " or ""
        list[#list + 1] = { at = lines.at(script, place), text = where .. text:format(...) }
    end
    script.silent = silent
    local of_match = at(look, { field = "match" })
    match_check.doubt(of_match, type_, tab.match, of_results(of_match, script, {}, "match"))
    look_at_rows(type_, tab, nil, look, script)
    for i, part in ipairs(type_.parts) do look_at_rows(part, tab.parts[i], i, look, script) end
    look_at_samples(type_, tab.samples or {}, look)
    look_at_settings(type_, look)
    look_at_events(type_, look)
    look_at_nil(script, tab, {}, look)
    if tab.commands then look_at_nil(script, tab.commands, { field = "commands" }, look) end
    look_at_timers(code, look)
    look_at_names(type_, code, look)
    look_at_code(script, code, look)
    return list
end

return doubts
