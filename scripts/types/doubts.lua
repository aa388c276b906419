--- What may be a mistake in a device script and need not be one: it is told, and the script serves.

local alarms = require "types.alarms"
local form = require "types.form"
local lines = require "types.lines"
local match_check = require "types.match_check"
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
local function of_states(_, driver, code)
    local names = driver.names
    if not names or names[0] or not (names[1] and names[2]) then return nil end
    local function quoted(text) return "[\"']" .. text:gsub("%p", "%%%0") .. "[\"']" end
    if not code:find("{%s*" .. quoted(names[1]) .. "%s*,%s*" .. quoted(names[2])) then return nil end
    return ("the states count from 1 = %s, as nothing else is said; from 0 it is { [0] = %s, [1] = %s }")
        :format(shown(names[1]), shown(names[1]), shown(names[2]))
end

--- silent: drivers whose `from` gave nothing where its rows were there (see proof.run).
local function of_from(_, driver, _, body, silent)
    if not driver.from then return nil end
    if body and not body:find("%f[%w_]return%f[^%w_]") then
        return "its from never gives anything: there is no return in it"
    elseif silent[driver] then
        return "its from gave nothing (nil) in each sample, though its rows are there; is a return missing?"
    end
    return nil
end

local OF_ROW = { of_sign, of_worst, of_states, of_from }

local function with_id(type_, id)
    for _, driver in ipairs(type_.drivers) do
        if driver.id == id then return driver end
    end
end

--- Looks at the rows of a type or a part. number: of the part, nil for the device's own node.
local function look_at_rows(type_, tab, number, look, script)
    for i, row in ipairs(tab) do
        local driver = with_id(type_, form.ids(row[1])[1])
        local place = { part = number, row = i }
        local body = driver.from and lines.body_of(script.code, script.table, place, "from")
        for _, doubt in ipairs(OF_ROW) do
            local text = doubt(row, driver, script.code, body, script.silent)
            local where = number and ("part %d, "):format(number) or ""
            if text then look(place, ("%srow %d (%s): %s"):format(where, i, row[1], text)) end
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

--- Signs of the code that hardly anybody means.
local function look_at_code(code, look)
    for _, one in ipairs(lines.twice(code)) do
        if one.depth > 1 then
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
function doubts.of(type_, tab, text, silent)
    local list, script = {}, { table = tab, silent = silent, code = lines.code_of(text or "") }
    local function look(place, told)
        list[#list + 1] = { at = lines.at(type_.file, text, tab, place), text = told }
    end
    for _, told in ipairs(match_check.notes(type_)) do look({ field = "match" }, told) end
    look_at_rows(type_, tab, nil, look, script)
    for i, part in ipairs(type_.parts) do look_at_rows(part, tab.parts[i], i, look, script) end
    look_at_settings(type_, look)
    look_at_events(type_, look)
    look_at_code(script.code, look)
    return list
end

return doubts
