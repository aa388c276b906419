--- Checks one row of a device table, { "CV", unit.volt, "Battery voltage", "/Dc/0/Voltage", "V" }, and makes
-- its drivers. A mistake is raised as by check.fields.

local alarms = require "types.alarms"
local codes = require "types.codes"
local drivers = require "types.drivers"
local event_check = require "check.events"
local fields = require "check.fields"
local form = require "types.form"
local by_words = require("types.lists").by_words
local kind_check = require "check.kinds"
local members = require "check.members"
local name_lists = require "types.names"
local set_check = require "check.set"
local source_check = require "check.sources"
local units = require "types.units"
local values = require "check.values"
local wording = require "types.wording"

local row_check = {}

local fail, is_path, shown = fields.fail, form.is_path, wording.shown

local OVER_TIME = { "day_max", "day_min", "total", "rate", "held_for" }     -- see types.over_time

--- The word of a row that looks at time, and its seconds; nil: none.
local function row_over(place, row, names)
    for _, word in ipairs(OVER_TIME) do
        if row[word] ~= nil then
            if (word == "held_for") ~= (names ~= nil) then
                fail(place, ("%s is %sfor states."):format(word, names and "not " or ""), names
                    and "Give the row a unit as its kind."
                    or "Give the row a list as its kind, \"no_yes\" for example.")
            end
            return word, row[word] ~= true and row[word] or nil
        end
    end
    return nil
end

--- Whether it is a momentary value (see types.units).
local function row_zero(place, row, unit, names)
    local has_zero = names == nil or names[0] ~= nil
    if row.zero and not has_zero then
        fail(place, "zero is true, but the list has no text for 0.", "Add one, or remove zero.")
    elseif row.zero ~= nil then
        return row.zero
    end
    local counts = row.daily or row.day_max or row.day_min or row.total
    return not counts and (unit.zero or (names ~= nil and has_zero))
end

--- What people write for drivers.
row_check.DRIVER_SLIPS = by_words {
    BATLVL = "soc", ST = "status state level", CV = "voltage volt", CC = "current", CPW = "power",
    CLITEMP = "temperature temp", CLIHUM = "humidity", FREQ = "frequency", TPW = "energy",
    BARPRES = "pressure", ERR = "error",
}

--- What to write for a driver that there is not. entry: the row's first entry in full.
local function driver_meant(id, entry)
    if entry:find("[,;]") then
        return ("Part several by blanks: \"%s\"."):format((entry:gsub("%s*[,;]%s*", " ")))
    end
    local first, last = id:match("^GV(%d+)%-GV(%d+)$")
    if first and tonumber(first) < tonumber(last) then
        return ("Write each: \"GV%d GV%d ...\"."):format(first, first + 1)
    end
    local joined = entry ~= id and wording.same(entry, drivers)
    if joined then return ("Did you mean \"%s\"?"):format(joined) end
    local number = id:match("^[Gg][Vv](%d+)$")
    if number and tonumber(number) > 29 then return "Use GV0 to GV29." end
    return wording.did_you_mean(id, drivers, "\"%s\"",
        "Use ST, GV0 to GV29 or a named one in capitals (CV, CC,"
        .. " CPW, FREQ, CLITEMP, BATLVL ...).", row_check.DRIVER_SLIPS)
end

--- entry: the row's first entry in full; of: see row_check.row.
local function check_id(place, id, entry, of)
    local seen, row = of.seen, place.name
    if id == "GV30" or (id == "TIME" and of.kind ~= "controller") then
        fail(place, id .. " is kept for the data state and the time of the last data.", "Use GV0 to GV29.")
    elseif not drivers[id] and id ~= "TIME" then
        fail(place, "the driver id '" .. id .. "' is not one ISY knows.", driver_meant(id, entry))
    elseif seen[id] then
        local free = 0
        while seen["GV" .. free] do free = free + 1 end
        fail(place, ("the driver id '%s' is used twice%s."):format(id, seen[id] ~= row and ", in "
            .. seen[id] .. " too" or ""), ("Give each row its own id; GV%d is free so far."):format(free))
    end
    seen[id] = row
end

--- All words in braces were written out. sum: see form.left_over; several: the row has several drivers.
local function check_written_out(place, row, sum, several)
    local left_over = form.left_over(row, sum)
    if not left_over then return end
    if not form.WORDS[left_over] then
        fail(place, left_over .. " stands for nothing.", wording.did_you_mean(left_over, form.WORDS, "%s",
            "There are {n}, {n-1}, {phase} and {input}."))
    end
    fail(place, left_over .. " stands for nothing: " .. (several and "there are three phases."
        or "the first entry has one driver."), several
        and "Write at most three drivers as the first entry, or {n}."
        or "Write one for each there: \"GV1 GV2 GV3\".")
end

--- Without what is false or 1 as usual: there are two thousand of them, and a table made in one has room for
-- all it may have.
local function compact(driver)
    local kept = {}
    if driver.factor == 1 then driver.factor = nil end
    for field, value in pairs(driver) do
        if value then kept[field] = value end
    end
    return kept
end

--- One driver of a row -> see check.device. ids: all of the row's.
local function one_driver(place, row, ids, of)
    check_id(place, row[1], ids.entry, of)
    place = fields.within(place, " (" .. row[1] .. ")")
    local unit, names, names_id = kind_check.kind(place, "the kind (second entry)", row[2],
        of.id .. "_" .. ids[1], of)
    fields.value(place, "the label (third entry)", values.NAME, row[3])
    local min, max = fields.limits(place, row, unit, names)
    local keys = source_check.keys(place, row)
    local op, terms, own = source_check.terms(place, row)
    source_check.only_one(place, row, keys, of)
    check_written_out(place, row, op == "sum" and terms, #ids > 1)
    if names and not row.by_script then names = codes.moved(names) end
    local over, seconds = row_over(place, row, names)
    local of_rows = not (row.from or row.worst)
    local driver = compact {
        id = row[1], unit = unit, label = row[3], places = row.places or unit.places,
        zero = row_zero(place, row, unit, names), on_change = row.on_change,
        measured = row.measured or over == "total" and not row.on_change, over = over, seconds = seconds,
        names = names, names_id = names_id, min = min, max = max,
        keys = keys, op = op, terms = terms, added = own, worst = row.worst,
        fault = row.worst and alarms.fault(row.worst), from = row.from,
        map = row.map, values = row.values, factor = (row.scale or 1) * (row.sign or 1),
        while_negative = source_check.list(place, "while_negative", row.while_negative),
        by_pg3 = row.by_pg3, by_script = row.by_script,
        daily = row.daily or (row.day_max or row.day_min) and of_rows,
        events = event_check.of_row(place, row, names, of.events), set = row.set,
    }
    set_check.add(place, driver)
    return driver
end

local ORDER = "The order is: driver, unit, label, path, code."
local PLACES = { [2] = "second", [3] = "third" }

--- Entries that changed places.
local function check_order(place, row)
    if next(row, next(row)) == nil then
        fail(place, "the row has nothing but its driver.",
            "Write { \"ST\", unit.watt, \"Label\", \"/Path\" }.")
    end
    for at, name in pairs(PLACES) do
        local is = is_path(row[at]) and not is_path(row[4]) and "path"
            or drivers[row[at]] and not drivers[row[1]:match("%S+")] and "driver"
        if is then
            fail(place, ("the %s, %s, stands in the %s place."):format(is, shown(row[at]), name), ORDER)
        end
    end
    if drivers[row[2]] then
        fail(place, ("a second driver, %s, stands in the second place."):format(shown(row[2])),
            ("Several stand in one text: \"%s %s\"."):format(row[1], row[2]))
    end
    local label_first = type(row[2]) == "string" and not units[row[2]] and not name_lists[row[2]]
        and (type(row[3]) == "table" or units[row[3]] ~= nil)
    if label_first then
        fail(place, ("the label, %s, stands before the unit."):format(shown(row[2])), ORDER)
    end
end

--- A row -> a list of drivers (see check.device), one for each id of its first entry. of = what it is of:
-- { seen = the ids used so far, id = of the node type, kind = nil, "controller" or "gateway", events = those
-- that its table declares, written = a function that gives the row's text, "" where it is not known, declares
-- = one that says whether its script has a local of a name }.
function row_check.row(place, row, of)
    if type(row) ~= "table" then
        fail(place, ("it is %s, not a row."):format(shown(row)),
            "Each row stands in { }: { \"ST\", unit.watt, \"Label\", \"/Path\" }, and what is no row needs a"
            .. " name: icon = \"Sensor\".")
    end
    local ids = form.ids(row[1])
    local here = #ids > 0 and fields.within(place, " (" .. row[1] .. ")") or place
    for key in pairs(row) do
        if is_path(key) then
            fail(here, ("the path %s stands in [ ]."):format(key), members.row.meant.path)
        end
    end
    fields.check(here, members.row, #ids > 1 and form.nth(row, ids[1], 1) or row)
    if #ids == 0 then
        fail(place, ("the first entry, %s, is not a driver id."):format(shown(row[1])),
            "Begin the row with \"ST\", \"CV\", \"GV0\" ..., or several in one text: \"GV1 GV2\".")
    end
    check_order(here, row)
    ids.entry = row[1]
    local list = {}
    for n, id in ipairs(ids) do
        list[n] = one_driver(place, #ids > 1 and form.nth(row, id, n) or row, ids, of)
    end
    return list
end

return row_check
