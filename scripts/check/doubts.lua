--- What may be a mistake in a device script and need not be one: it is told, and the script serves.

local alarms = require "types.alarms"
local codes = require "types.codes"
local form = require "types.form"
local lines = require "check.lines"
local match_check = require "check.match"
local with_id = require("types.lists").with_id
local why = require "types.why"
local wording = require "types.wording"

local doubts = {}

local shown = wording.shown

--- A row that looks like a mistake -> sentence without a full stop | nil. driver: the first of the row's.

local function of_sign(row)
    if row.sign == nil or row.sign == 1 or row.sign == -1 then return nil end
    return ("sign is %s; sign = -1 turns a value around, scale = %s is a factor"):format(shown(row.sign),
        shown(row.sign))
end

local function of_worst(_, driver)
    if not driver.worst or driver.names or not alarms.fault(driver.worst .. "x") then return nil end
    return ("worst = %s is 0, 1 or 2, and is shown in unit.%s; the list of alarms is \"alarm\""):format(
        shown(driver.worst), driver.unit.name)
end

--- A list without numbers counts from 1, as it is where somebody forgot them.
local function of_states(_, driver, script)
    local names = driver.names
    if not names or names[0] or not (names[1] and names[2]) then return nil end
    local function quoted(text) return "[\"']" .. text:gsub("%p", "%%%0") .. "[\"']" end
    local both = "{%s*" .. quoted(names[1]) .. "%s*,%s*" .. quoted(names[2])
    if not lines.code(script):find(both) then return nil end
    return ("the states count from 1 = %s, as nothing else is said; from 0 it is { [0] = %s, [1] = %s }")
        :format(shown(names[1]), shown(names[1]), shown(names[2]))
end

local function of_from(_, driver, script, place)
    for _, word in ipairs { "from", "map" } do
        local body = driver[word] and lines.body_of(script, place, word)
        if body and not body:find("%f[%w_]return%f[^%w_]") then
            return ("its %s never gives anything: there is no return in it"):format(word)
        end
    end
    local silent = script.silent[driver]            -- see proof.run
    return silent and "there is no value in any sample: " .. silent
end

--- What a function gives beside its first value is left out -> sentence without a full stop | nil.
local function of_results(script, place, word)
    local body = lines.body_of(script, place, word)
    local results = body and lines.results_of(body)
    return results and ("%s returns %s, of which the first alone counts; take off the rest"):format(word,
        results)
end

local function of_values(_, driver, script, place)
    return driver.from and of_results(script, place, "from")
        or driver.map and of_results(script, place, "map")
end

--- A service beside match that nobody knows. Of a row it is in set, in its conditions, or in values.
local function of_services(row)
    local named = { type(row.set) == "table" and row.set.service or nil }
    for _, word in ipairs(type(row.set) == "table" and { "only", "unless" } or {}) do
        for _, guard in ipairs(row.set[word] or {}) do named[#named + 1] = guard[1]:match("^[^/]+") end
    end
    for service in pairs(row.values or {}) do
        named[#named + 1] = type(service) == "string" and service or nil
    end
    table.sort(named)
    for _, service in ipairs(named) do
        local told = match_check.unknown(service)
        if told then return told end
    end
    return nil
end

--- VRM's powers are in W. What a function gives may be anything.
local function of_total(row, driver)
    local unit = driver.unit and driver.unit.name
    if not row.total or row.map or row.from then return nil end
    if unit == "watt" then
        return "a total of W is Wh, and it is shown in unit.watt; write unit.kwh and scale = 0.001"
    elseif unit == "kwh" and not row.scale then
        return "a total of W is Wh, and it is shown in unit.kwh; write scale = 0.001"
    end
    return nil
end

local OF_ROWS = { "values", "scale", "sign", "map", "while_negative" }

--- What node:set gives is shown as it is.
local function of_by_script(row, driver)
    for _, word in ipairs(row.by_script and OF_ROWS or {}) do
        if row[word] ~= nil then
            return word .. " does nothing beside by_script; give node:set the value as it is to be shown"
        end
    end
    return row.by_script and driver.names and driver.names[codes.NO_DATA]
        and ("the state %d is No data where by_script sets it; give it another number"):format(codes.NO_DATA)
end

--- A number that stands for another one has a state there, or none at all.
local function of_stands(row, driver)
    for value, stands_for in pairs(driver.names and row.values or {}) do
        local is_state = type(stands_for) ~= "number" or driver.names[codes.shown(stands_for)]
        if not (is_state or codes.NO_STATE[stands_for]) then
            return ("values has [%s] = %s, and the list has no such state"):format(value, stands_for)
        end
    end
    return nil
end

local OF_ROW = { of_sign, of_worst, of_states, of_from, of_values, of_services, of_by_script,
                 of_stands, of_total }

local OF_ALL = { GV30 = {}, TIME = {} }        -- drivers of every node

--- Looks at the rows of a type or a part. number: of the part, nil for the device's own node.
local function look_at_rows(type_, tab, number, look, script)
    for i, row in ipairs(tab) do
        local driver = with_id(type_.drivers, form.ids(row[1])[1])
        local place = { part = number, row = i }
        for _, doubt in ipairs(OF_ROW) do
            local text = doubt(row, driver, script, place)
            local where = number and ("part %d, "):format(number) or ""
            if text then look(place, ("%srow %d (%s): %s"):format(where, i, row[1], text)) end
        end
    end
end

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
-- one shows.
local function look_at_pairs(type_, tab, number, look)
    local names, sources, rows = {}, {}, {}
    for i, row in ipairs(tab) do
        for _, id in ipairs(form.ids(row[1])) do rows[id] = i end
    end
    for _, driver in ipairs(type_.drivers) do
        local source, id = source_of(driver), driver.id
        local other = names[driver.label]
        if other then
            look({ part = number, row = rows[id] }, ("%s and %s have the same name, %s%s"):format(other, id,
                shown(driver.label), rows[other] == rows[id] and "; {n} in it counts" or ""))
        elseif source and sources[source] and id ~= "ST" then
            other = sources[source]
            look({ part = number, row = rows[id] }, ("%s and %s show the same, %s%s"):format(other, id,
                driver.keys[1], rows[other] == rows[id] and "; {n} or {n-1} in it counts" or ""))
        end
        names[driver.label] = id
        if source and id ~= "ST" then sources[source] = id end
    end
end

--- What a sample lacks that would hold anything -> sentence without a full stop | nil.
local function lack_of(sample)
    if sample.steps and #sample.steps == 0 then
        return "has no step; write steps = { { rows = { [\"/Soc\"] = 80 }, expect = { ST = 80 } } }"
    end
    for _, one in ipairs(sample.steps or { sample }) do
        if next(one.expect or {}) ~= nil then return nil end
    end
    return "expects nothing, so it does not show that the rows are right; write expect = { ST = 80 }"
end

--- The rows of a sample, or of all its steps.
local function rows_of(sample)
    local rows = {}
    for _, one in ipairs(sample.steps or { sample }) do
        for key, row in pairs(one.rows or {}) do rows[key] = row end
    end
    return rows
end

local function look_at_samples(type_, tab, look)
    local asked
    for i, sample in ipairs(tab.samples or {}) do
        local misread = not asked and why.misread(type_, rows_of(sample), why.same_path)
        if misread then look({ field = "update" }, ("update, in sample %d: %s"):format(i, misread)) end
        asked = asked or misread
        if sample.site and sample.site.time then
            look({ sample = i }, ("sample %d: site.time does nothing; the time is site = { clock ="
                .. " \"2026-04-18 06:30\" }"):format(i))
        end
        local lack = lack_of(sample)
        if lack then look({ sample = i }, ("sample %d %s"):format(i, lack)) end
        for _, device in ipairs { sample.device or {}, table.unpack(sample.devices or {}) } do
            local told = device.service and match_check.unknown(device.service)
            if told then look({ sample = i }, ("sample %d: %s"):format(i, told)) end
        end
    end
end

local function look_at_settings(type_, look)
    for name, setting in pairs(type_.settings or {}) do
        local number = type(setting.default) == "string" and tonumber(setting.default)
        if number then
            local told = "setting %s: the default is the text %s; a number has no quotes: %s"
            look({ field = "settings" }, told:format(name, shown(setting.default), number))
        end
    end
end

--- The ISY has one text for what a node sends and is sent under one name.
local function look_at_events(type_, look)
    for _, event in ipairs(type_.events) do
        for _, command in ipairs(type_.commands) do
            if command.id == event.id and command.name ~= event.name then
                look({ field = "events" }, event.id .. " is an event and a command, for which the ISY has"
                    .. " one name; give both the same, or one of them another id")
            end
        end
    end
end

--- A timer gives its function nothing: neither a method its node, nor what another one takes.
local function look_at_timers(code, look)
    for at, start, given in code:gmatch("()%f[%w_]timer%.(%l+)%s*(%b())") do
        local fn, inline = given:match(",%s*([%a_][%w_.]*)%s*%)$"), given:match(",%s*function%s*%(([^)]*)%)")
        local method = fn and fn:match("^node%.(%l+)$")
        local takes = inline or fn and code:match("%f[%w_]function%s+" .. fn .. "%s*%(([^)]*)%)") or ""
        local call = method and ("node:%s(...)"):format(method)
            or (takes:find("^node%f[^%w_]") or takes:find("^rows%f[^%w_]"))
            and (inline and "..." or ("%s(%s)"):format(fn, takes))
        if call then
            look({ at = at }, ("a timer gives %s nothing; write timer.%s(..., function() %s end)"):format(
                inline and "its function" or fn, start, call))
        end
    end
end

--- What functions name that the table does not have is an error only when they come to it.
local function look_at_names(type_, code, look)
    local events, settings = {}, type_.settings or {}
    for _, event in ipairs(type_.events) do events[event.id] = true end
    for at, method, id in code:gmatch("()%f[%w_]node:(%l+)%s*%(%s*[\"']([^\"'\n]*)[\"']") do
        local driver = with_id(type_.drivers, id) or OF_ALL[id]
        if method == "event" and not events[id] then
            look({ at = at }, ("the event %s is not declared; write events = { %s = \"...\" } in the table")
                :format(id, id))
        elseif (method == "set" or method == "get") and not driver then
            look({ at = at }, ("no row has the driver %s; write { \"%s\", unit.count, \"Label\", by_script ="
                .. " true }"):format(id, id))
        elseif method == "set" and not driver.by_script then
            look({ at = at }, ("the row of %s does not say by_script = true; what the script sets has a row"
                .. " of its own"):format(id))
        end
    end
    for at, name, more in code:gmatch("()%f[%w_]setting%s*%(%s*[\"']([^\"'\n]*)[\"']%s*(,?)") do
        if more ~= "" then
            look({ at = at }, ("setting gives what the owner wrote, else the default of the table; it takes"
                .. " a name alone: setting(\"%s\")"):format(name))
        elseif not settings[name] then
            look({ at = at }, ("there is no setting '%s'; write settings = { %s = 10 } in the table"):format(
                name, name))
        end
    end
end

--- The tables that are written in the code, by where they begin: { [position] = { table, what it is } }.
local function written(script, code)
    local tab = script.table
    local tables = { [lines.returned(code) or 0] = { tab, "" } }
    local function add(rows, where, part)
        for i, row in ipairs(rows) do
            local at = lines.position(script, { part = part, row = i })
            local text = at and code:match("^%b{}", at) or ""
            if text:find(row[3], 1, true) then      -- else it is of a lib
                tables[at] = { row, ("%srow %d (%s): "):format(where, i, row[1]) }
            end
        end
    end
    add(tab, "")
    for i, part in ipairs(tab.parts or {}) do add(part, ("part %d, "):format(i), i) end
    return tables
end

--- A field that is given a variable which is nil is not there for Lua.
local function look_at_nil(script, code, look)
    local tables = written(script, code)
    for _, one in ipairs(lines.fields(code)) do
        local of, where = table.unpack(tables[one.from] or {})
        if of and one.value and one.value ~= "nil" and of[one.name] == nil then
            look({ at = one.at }, ("%s%s is nil: there is no %s; is it misspelt?"):format(where, one.name,
                one.value))
        end
    end
end

--- Signs of the code that hardly anybody means.
local function look_at_code(code, look)
    for at, service in code:gmatch("()%f[%w_]%l+s_of%s*%(%s*[%w_]+%s*,%s*[\"'](%l+)[\"']") do
        local told = match_check.unknown(service)
        if told then look({ at = at }, told) end
    end
    for _, one in ipairs(lines.fields(code)) do
        if one.depth > 1 and one.nth == 2 then
            look({ at = one.at }, one.name .. " stands twice in one table, and Lua takes the last")
        end
    end
    for at, first, second in code:gmatch("[=({,]%s*()(\"[^\"\n]*\")%s+or%s+(\"[^\"\n]*\")") do
        look({ at = at }, ("%s or %s is %s alone; a list is { %s, %s }, and a comparison names both:"
            .. " x == %s or x == %s"):format(first, second, first, first, second, first, second))
    end
end

--- What is doubtful in a script whose table was built -> list of { at = "tank.lua:9", text }. silent: see
-- proof.run.
function doubts.of(type_, script, silent)
    local list, tab, code, place = {}, script.table, lines.code(script), { field = "match" }
    local function look(at, told) list[#list + 1] = { at = lines.at(script, at), text = told } end
    script.silent = silent
    local of_match = match_check.notes(type_, tab.match, lines.body_of(script, place, "match"))
    of_match[#of_match + 1] = of_results(script, place, "match")
    for _, told in ipairs(of_match) do look(place, told) end
    look_at_rows(type_, tab, nil, look, script)
    look_at_pairs(type_, tab, nil, look)
    for i, part in ipairs(type_.parts) do
        look_at_rows(part, tab.parts[i], i, look, script)
        look_at_pairs(part, tab.parts[i], i, look)
    end
    look_at_samples(type_, tab, look)
    look_at_settings(type_, look)
    look_at_events(type_, look)
    look_at_nil(script, code, look)
    look_at_timers(code, look)
    look_at_names(type_, code, look)
    look_at_code(code, look)
    return list
end

return doubts
