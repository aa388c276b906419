--- Checks one row of a device table: { "CV", unit.volt, "Battery voltage", "/Dc/0/Voltage", "V" }.
-- A mistake raises { text = where, what is wrong, what to write }.

local codes = require "types.codes"
local drivers = require "types.drivers"
local event_check = require "check.events"
local field_check = require "check.fields"
local form = require "types.form"
local kind_check = require "check.kinds"
local limits = require "types.limits"
local name_lists = require "types.names"
local set_check = require "check.set"
local slips = require "check.slips"
local source_check = require "check.sources"
local units = require "types.units"
local wording = require "types.wording"

local row_check = {}

local fail, is_path, shown = field_check.fail, form.is_path, wording.shown

local ROW_FIELDS = field_check.words_of("a row", [[first sum product quotient worst from by_script by_pg3
    values scale sign map places min max zero measured while_negative daily on_change events
    day_max day_min total rate held_for set]])
local ROW_ENTRIES = 5               -- driver, kind, label, path, code

local function row_limits(where, row, unit)
    local min = field_check.number(where, "min", row.min, unit.min)
    local max = field_check.number(where, "max", row.max, unit.max)
    if min > max then
        local which = row.min and row.max and "Swap them." or ("The unit's own %s is %s: write both."):format(
            row.min and "max" or "min", shown(row.min and max or min))
        fail(where, ("min, %s, is greater than max, %s."):format(shown(min), shown(max)), which)
    end
    return min, max
end

--- Words that look at time (see types.over_time): true, or how many seconds.
local OVER_TIME = { day_max = "true", day_min = "true", total = "true", rate = "3600", held_for = "600" }
local LONGEST_SECONDS = 86400

--- The word of a row that looks at time, and its seconds; nil: none.
local function row_over(where, row, names)
    local over
    for word, example in pairs(OVER_TIME) do
        local given, wants_true = row[word], example == "true"
        local is_good = wants_true and given == true
            or not wants_true and type(given) == "number" and given > 0 and given <= LONGEST_SECONDS
        if given ~= nil and not is_good then
            fail(where, ("%s is %s, not %s."):format(word, shown(given), wants_true and "true"
                or ("a number of seconds up to %d"):format(LONGEST_SECONDS)),
                ("Write %s = %s, or remove it."):format(word, example))
        elseif given ~= nil and (over or row.by_script or row.by_pg3) then
            fail(where, ("%s does not go with %s."):format(word, over or "by_script"), "Remove one of them.")
        end
        over = given ~= nil and word or over
    end
    if over and (over == "held_for") ~= (names ~= nil) then
        fail(where, over == "held_for" and "held_for is for states." or over .. " is not for states.",
            over == "held_for" and "Give the row a list as its kind, \"no_yes\" for example."
            or "Give the row a unit as its kind.")
    end
    return over, over and type(row[over]) == "number" and row[over] or nil
end

--- Whether it is a value of one day: rows of another day give it nothing.
local function row_daily(where, row)
    local of_rows = not (row.from or row.worst)
    if row.daily == nil then return (row.day_max or row.day_min) and of_rows or nil end
    field_check.flag(where, "daily", row.daily)
    for _, word in ipairs { "from", "worst", "by_script", "by_pg3" } do
        if row[word] then
            fail(where, "daily does not go with " .. word .. ".",
                "A row of VRM's tells its day: name its path, or use first, sum, product or quotient.")
        end
    end
    if row.zero then
        fail(where, "daily and zero are both true.", "Keep one: what counts for a day is not momentary.")
    end
    return true
end

--- Whether it is a momentary value (see types.units).
local function row_zero(where, row, unit, names)
    local zero, has_zero = row.zero, names == nil or names[0] ~= nil
    local counts = row.daily or row.day_max or row.day_min or row.total
    if zero == nil then zero = not counts and (unit.zero or (names ~= nil and has_zero)) end
    if type(zero) ~= "boolean" then
        fail(where, ("zero is %s."):format(shown(zero)), "Write zero = true or zero = false.")
    end
    if zero and not has_zero then
        fail(where, "zero is true, but the list has no text for 0.", "Add one, or remove zero.")
    end
    return zero
end

--- Whether it is measured anew in each interval is said with these words, where it is not as is usual (see
-- freshness).
local function check_measured(where, row)
    field_check.flag(where, "measured", row.measured)
    field_check.flag(where, "on_change", row.on_change)
    if row.measured and row.on_change then
        fail(where, "measured and on_change are both true.",
            "Keep one: what is logged when it changes is not measured anew in each interval.")
    end
end

--- The paths and codes whose number says whether there is a value; nil: there always may be.
local function row_while_negative(where, row)
    if row.while_negative == nil then return nil end
    local keys = source_check.list(where, "while_negative", row.while_negative)
    if #keys == 0 then
        fail(where, "while_negative is empty.", "Write while_negative = \"/Dc/0/Current\", or remove it.")
    end
    return keys
end

--- What to write for a driver that there is not. entry: the row's first entry in full.
local function driver_meant(id, entry)
    if entry:find("[,;]") then
        return ("Part several by blanks: \"%s\"."):format((entry:gsub("%s*[,;]%s*", " ")))
    end
    local first, last = id:match("^GV(%d+)%-GV(%d+)$")
    if first and tonumber(first) < tonumber(last) then
        return ("Write each: \"GV%d GV%d ...\"."):format(first, first + 1)
    end
    if entry ~= id and wording.same(entry, drivers) then
        return ("Did you mean \"%s\"?"):format(wording.same(entry, drivers))
    end
    local number = id:match("^[Gg][Vv](%d+)$")
    if number and tonumber(number) > 29 then return "Use GV0 to GV29." end
    return wording.did_you_mean(id, drivers, "\"%s\"",
        "Use ST, GV0 to GV29 or a named one in capitals (CV, CC,"
        .. " CPW, FREQ, CLITEMP, BATLVL ...).", slips.driver)
end

--- entry: the row's first entry in full; number: of the row.
local function check_id(where, id, seen, kind, entry)
    if id == "GV30" or (id == "TIME" and kind ~= "controller") then
        fail(where, id .. " is kept for the data state and the time of the last data.", "Use GV0 to GV29.")
    elseif not drivers[id] and id ~= "TIME" then
        fail(where, "the driver id '" .. id .. "' is not one ISY knows.", driver_meant(id, entry))
    elseif seen[id] then
        local free = 0
        while seen["GV" .. free] do free = free + 1 end
        fail(where, ("the driver id '%s' is used twice%s."):format(id, seen[id] ~= where and ", in "
            .. seen[id] .. " too" or ""), ("Give each row its own id; GV%d is free so far."):format(free))
    end
    seen[id] = where
end

--- A number other than 0, 1 where there is none.
local function row_factor(where, field, value)
    local factor = field_check.number(where, field, value, 1)
    if factor == 0 then fail(where, field .. " is 0.", "Remove it, or write the factor.") end
    return factor
end

--- All words in braces were written out. sum: see form.left_over; n: which of the row's drivers, nil: the
-- only one.
local function check_written_out(where, row, sum, n)
    local left_over = form.left_over(row, sum)
    if not left_over then return end
    if not form.WORDS[left_over] then
        fail(where, left_over .. " stands for nothing.", wording.did_you_mean(left_over, form.WORDS, "%s",
            "There are {n}, {n-1}, {phase} and {input}."))
    end
    if n then
        fail(where, left_over .. " stands for nothing: there are three phases.",
            "Write at most three drivers as the first entry, or {n}.")
    end
    fail(where, left_over .. " stands for nothing: the first entry has one driver.",
        "Write one for each there: \"GV1 GV2 GV3\".")
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

--- One driver of a row -> see check.device. first_id: of the row's drivers, for the id of its list of states;
-- n: which of them it is, nil: there is one only.
local function one_driver(where, row, seen, of, first_id, n)
    check_id(where, row[1], seen, of.kind, of.entry)
    where = where .. " (" .. row[1] .. ")"
    local unit, names, names_id = kind_check.kind(where, "the kind (second entry)", row[2],
        of.id .. "_" .. first_id, of.written)
    local label = field_check.text(where, "the label (third entry)", row[3], limits.name)
    if names then kind_check.no_limits(where, row) end
    local min, max = row_limits(where, row, unit)
    local keys = source_check.keys(where, row)
    local op, terms, own = source_check.terms(where, row)
    source_check.only_one(where, row, keys, of.kind, of.written)
    check_written_out(where, row, op == "sum" and terms, n)
    if names and not row.by_script then names = codes.moved(names) end
    local worst, fault = source_check.worst(where, row)
    check_measured(where, row)
    local over, seconds = row_over(where, row, names)
    local driver = compact {
        id = row[1], unit = unit, label = label, places = kind_check.places(where, row.places, unit),
        zero = row_zero(where, row, unit, names), on_change = row.on_change,
        measured = row.measured or over == "total" and not row.on_change, over = over, seconds = seconds,
        names = names, names_id = names_id, min = min, max = max,
        keys = keys, op = op, terms = terms, added = own, worst = worst, fault = fault, from = row.from,
        map = row.map,
        values = source_check.values(where, row.values),
        factor = row_factor(where, "scale", row.scale) * row_factor(where, "sign", row.sign),
        while_negative = row_while_negative(where, row),
        by_pg3 = row.by_pg3, by_script = row.by_script, daily = row_daily(where, row),
        events = event_check.of_row(where, row, names, of.events), set = row.set,
    }
    set_check.add(where, driver)
    return driver
end

local ORDER = "The order is: driver, unit, label, path, code."

--- Entries that changed places.
local function check_order(where, row)
    if next(row, next(row)) == nil then
        fail(where, "the row has nothing but its driver.",
            "Write { \"ST\", unit.watt, \"Label\", \"/Path\" }.")
    end
    for place = 2, 3 do
        if is_path(row[place]) and not is_path(row[4]) then
            fail(where, ("the path, %s, stands in the %s place."):format(shown(row[place]),
                place == 2 and "second" or "third"), ORDER)
        end
    end
    for place = 2, 3 do
        if drivers[row[place]] and not drivers[row[1]:match("%S+")] then
            fail(where, ("the driver, %s, stands in the %s place."):format(shown(row[place]),
                place == 2 and "second" or "third"), ORDER)
        end
    end
    if drivers[row[2]] then
        fail(where, ("a second driver, %s, stands in the second place."):format(shown(row[2])),
            ("Several stand in one text: \"%s %s\"."):format(row[1], row[2]))
    end
    local label_first = type(row[2]) == "string" and not units[row[2]] and not name_lists[row[2]]
        and (type(row[3]) == "table" or units[row[3]] ~= nil)
    if label_first then
        fail(where, ("the label, %s, stands before the unit."):format(shown(row[2])), ORDER)
    end
end

--- A row -> a list of drivers (see check.device), one for each id of its first entry. seen: the ids used so
-- far; of = what the row is of: { id = of the node type, kind = nil, "controller" or "gateway", events = what
-- its table declares, written = a function that gives the row's text, "" where
-- it is not known }.
function row_check.row(where, row, seen, of)
    if type(row) ~= "table" then
        fail(where, ("it is %s, not a row."):format(shown(row)),
            "Each row stands in { }: { \"ST\", unit.watt, \"Label\", \"/Path\" }, and what is no row needs a"
            .. " name: icon = \"Sensor\".")
    end
    local ids = form.ids(row[1])
    local here = #ids > 0 and where .. " (" .. row[1] .. ")" or where
    for key in pairs(row) do
        if is_path(key) then
            fail(here, ("the path %s stands in [ ]."):format(key), slips.row.path)
        end
    end
    field_check.fields(here, row, ROW_FIELDS, ROW_ENTRIES, slips.row)
    if #ids == 0 then
        fail(where, ("the first entry, %s, is not a driver id."):format(shown(row[1])),
            "Begin the row with \"ST\", \"CV\", \"GV0\" ..., or several in one text: \"GV1 GV2\".")
    end
    check_order(here, row)
    of.entry = row[1]
    local list = {}
    for n, id in ipairs(ids) do
        local several = #ids > 1
        local one = several and form.nth(row, id, n) or row
        list[n] = one_driver(where, one, seen, of, ids[1], several and n)
    end
    return list
end

return row_check
