--- The value of a driver: from rows, by the words and functions of its row in the table.

local alarms = require "types.alarms"
local codes = require "types.codes"
local diagnostics = require "types.diagnostics"
local name_lists = require "types.names"
local over_time = require "types.over_time"
local unit_table = require "types.units"

local reading = {}

local type = type                   -- asked of each row at each poll

local NONE = {}
local MOST_FULL = 1.1               -- times what it holds: a sensor may show more than 100 %

--- Whether a row was measured before a time. One without a timestamp was not, as far as anybody knows.
function reading.before(row, time)
    return row.timestamp ~= nil and row.timestamp < time
end

--- When the day of an installation began by its gateway's clock; nil: the day is not known.
function reading.since(memory) return memory.midnight and memory.midnight - (memory.shift or 0) end

local ALARM_LISTS = { [name_lists.alarm] = true, [name_lists.grid_alarm] = true }

--- Lists whose numbers have a bit for each state: several may be there at once.
local LISTS_OF_BITS = { [name_lists.off_reason] = true }

--- Whether a row's number says that there is none (see types.alarms and types.codes), also where VRM names no
-- unit, or one that types.read does not know. A percentage is none of volts or liters.
function reading.says_none(row, driver)
    if driver.names and ALARM_LISTS[driver.names] and not (driver.values or driver.map) then
        return alarms.level(row.value) == nil
    end
    local unit = driver.unit
    if unit.vrm and row.unit == "%" then return true end
    local is_code = codes.OF[unit.sentinels]
    return is_code and is_code(row.value)
end

--- Where VRM says which AC input is active: 0 the first, 1 the second, else none.
reading.ACTIVE_INPUT = { "/Ac/ActiveIn/ActiveInput", "AI" }

local function number_row(rows, key)
    local row = rows[key]
    return row and type(row.value) == "number" and row or nil
end

--- The AC input that is active, 0 or 1; nil: none, or nobody knows.
local function active_input(rows)
    for _, key in ipairs(reading.ACTIVE_INPUT) do
        local row = number_row(rows, key)
        if row then return (row.value == 0 or row.value == 1) and row.value or nil end
    end
    return nil
end

--- Whether a path of one AC input stands for both (see form.inputs): it does if that input is active. Where
-- none is known to be, it does unless the other one has another number.
local function stands_for_both(input, row, rows)
    local active = active_input(rows)
    if active then return active == input.index end
    local other = number_row(rows, input.other)
    return not other or other.value == row.value
end

--- The first of the alternatives that has a number, its key. since: rows measured before that do not count,
-- nil: all. driver: whose limits of what is a number count, nil: any is one.
local function find_row(rows, keys, driver, since)
    for i = 1, #keys do                     -- ipairs is slower, and nothing is called as often
        local key = keys[i]
        local row = rows[key]
        if row and type(row.value) == "number" and not (driver and reading.says_none(row, driver))
            and not (since and reading.before(row, since)) then
            local input = keys.inputs and keys.inputs[key]
            if not input or stands_for_both(input, row, rows) then return row, key end
        end
    end
    return nil
end

--- Whether what was taken for cubic meters (see types.read) is liters: no tank has more than it holds.
local function is_in_liters(row, rows)
    local capacity = number_row(rows, "/Capacity")
    local liters = capacity and unit_table.liter.vrm[capacity.unit]
    return liters and 1000 * row.value > MOST_FULL * liters * capacity.value
end

--- The number of a row in the driver's unit. rows: among which it stands; nil: that says nothing.
local function in_unit(driver, row, rows)
    local factors, unit = driver.unit.vrm, row.unit
    if not (factors and unit) then return row.value end
    if unit == "m3" and rows and is_in_liters(row, rows) then unit = "L" end
    local factor = factors[unit]
    return factor and factor ~= 1 and row.value * factor or row.value
end

--- Whether a driver of numbers cannot show a row's: it passes the limits.
local function passes_limits(driver, row)
    if driver.names or driver.values or driver.factor or driver.map then return false end
    local value = in_unit(driver, row)
    return value < driver.min or value > driver.max
end

--- Of what a product or a quotient is made: it is not of the driver's unit.
local OF_A_TERM = { mV = 0.001, mA = 0.001, kW = 1000 }

local function term_in_unit(driver, row)
    local factor = OF_A_TERM[row.unit]
    return factor and row.value * factor or in_unit(driver, row)
end

local OPERATIONS = {
    product = function(a, b) return a * b end,
    quotient = function(a, b)
        if b ~= 0 then return a / b end
        return a == 0 and 0 or nil                    -- at night no power comes at no voltage
    end,
}

--- The row of a factor. What the row of its own in the table does not show (check.device) is none.
local function factor_row(driver, rows, keys, since)
    local row, key = find_row(rows, keys, driver, since)
    local own = row and keys.own and keys.own[key]
    return not (own and passes_limits(own, row)) and row or nil
end

--- A product or quotient of both or none -> number | nil, the row of the one that is there alone.
local function of_two(driver, op, rows, terms, since)
    local a, b = factor_row(driver, rows, terms[1], since), factor_row(driver, rows, terms[2], since)
    if not (a and b) then return nil, a or b end
    return OPERATIONS[op](term_in_unit(driver, a), term_in_unit(driver, b))
end

-- Which number of a MultiPlus-II of 2x120 V says that L2 is not told alone: on one phase, or inverting.
local SUMMED = { "/Ac/State/SplitPhaseL2L1OutSummed", 1 }               -- L1's is that of both
local NOT_CONNECTED = { "/Ac/State/SplitPhaseL2Passthru", 0 }           -- nothing comes in there
local WITHOUT_L2 = {
    ["/Ac/Out/"] = SUMMED, ["/Devices/Ac/Out/"] = SUMMED,
    ["/Ac/ActiveIn/"] = NOT_CONNECTED, ["/Devices/Ac/In/"] = NOT_CONNECTED,
}

--- Where a device says whether it has the phase of a path: "/Ac/Grid/NumberOfPhases" for
-- "/Ac/Grid/L2/Power" | which phase that is | the number there that says no (nil: a lower one than the
-- phase); nil: it is of no phase.
function reading.phases_of(path)
    local base, phase = path:match "^(.*/)L([123])/"
    local split = phase == "2" and WITHOUT_L2[base:gsub("^/Devices/%d+", "/Devices")]
    if split then return split[1], 2, split[2] end
    return base and base .. "NumberOfPhases", tonumber(phase)
end

--- The phase of a term's first key, and the number at the place where the device says whether it has that;
-- nil: it does not say. keys.phase: see check.device.
local function phase_said(keys, rows)
    local of = keys.phase
    local row = of and number_row(rows, of[1])
    return row and of, row and row.value
end

--- Whether a path is of solar power on AC, at one place and phase. A gateway adds up what it has there, and
-- what is off at night is not there.
function reading.is_of_solar(path) return path:find "^/Ac/PvOn" ~= nil end

--- Whether a gateway says that there is none now.
local function has_no_solar(keys, rows)
    local row = reading.is_of_solar(keys[1]) and rows[keys[1]]
    return row and row.value == nil or false
end

--- Whether a device says that it does not have the phase of a term.
local function is_of_no_phase(keys, rows)
    local of, said = phase_said(keys, rows)
    if not of then return has_no_solar(keys, rows) end
    if of[3] then return said == of[3] end
    return of[2] > said or has_no_solar(keys, rows)
end

--- Whether a device counts its phases up to that of a term. One below need not be there: what is on L3 only
-- has three.
local function is_last_phase(keys, rows)
    local of, said = phase_said(keys, rows)
    return of and not of[3] and said == of[2]
end

--- Whether one of the keys, which give no number now, gave one before, or would if it was known which AC
-- input is active. That of an input that is not active is not missed, nor that of a phase that is not there.
local function missed(keys, rows, seen)
    for _, key in ipairs(keys) do
        local input, active = keys.inputs and keys.inputs[key], nil
        if input then active = active_input(rows) end
        local of_other = active and active ~= input.index
        if not of_other and (seen[key] or input and number_row(rows, key))
            and not is_of_no_phase(keys, rows) then
            return true
        end
    end
    return false
end

--- Whether a device says that what it tells of the phase of a term is in another's, or of none.
local function is_told_elsewhere(keys, rows)
    local of, said = phase_said(keys, rows)
    return of and of[3] ~= nil and said == of[3]
end

--- A term of a sum -> number | nil, whether a part of the sum is missing: one that was there, or is of the
-- last of the phases. seen: of the driver, see reading.of.
local function term_value(driver, term, rows, since, seen)
    if is_told_elsewhere(term, rows) then return nil, false end
    local row, key = find_row(rows, term, driver, since)
    if row then
        seen[key] = true
        return in_unit(driver, row), false
    end
    if missed(term, rows, seen) then return nil, true end
    local value, alone
    if term.product then value, alone = of_two(driver, "product", rows, term.product, since) end
    if value then
        seen[term.product] = true
    elseif alone and alone.value == 0 then
        value = 0                                     -- a phase without voltage, or without current
    end
    return value, not value and (alone ~= nil or seen[term.product] == true or is_last_phase(term, rows))
end

local function seen_of(driver, seen)
    if not seen then return {} end
    seen[driver.id] = seen[driver.id] or {}
    return seen[driver.id]
end

--- The sum of its terms, whole or not at all: what never was is not missed.
local function add_up(driver, rows, since, seen)
    local total, whole = nil, true
    for i = 1, driver.added do              -- to the end: all that is there has been seen
        local value, missing = term_value(driver, driver.terms[i], rows, since, seen)
        if missing then whole = false end
        if value then total = (total or 0) + value end
    end
    return whole and total or nil
end

local function counts(driver, key)
    local path = alarms.path(key)
    local fault = alarms.fault(path)
    if driver.fault then return fault == driver.fault end
    if driver.worst == alarms.ALL and fault then return true end
    return path:sub(1, #driver.worst) == driver.worst and not alarms.is_setting(path)
end

local MOST_JUDGED = 2000            -- keys of which a driver remembers whether they count

--- Whether a row with this key counts for a driver that shows the worst of many.
function reading.is_worst(driver, key)
    local judged = driver.judged or { of = {}, count = 0 }
    driver.judged = judged
    local is = judged.of[key]
    if is == nil then
        is = counts(driver, key)
        if judged.count < MOST_JUDGED then judged.of[key], judged.count = is, judged.count + 1 end
    end
    return is
end

--- A number as a state of a driver's list; nil for what is none.
local function state(driver, value)
    if ALARM_LISTS[driver.names] then return alarms.level(value) end
    local whole = codes.shown(math.tointeger(value))
    if whole and not driver.names[whole] and (whole < 0 or codes.NO_STATE[whole]) then return nil end
    return whole
end

--- The number of a row among those of which the worst is shown; nil: it has none.
local function judged_value(driver, row)
    local value = row and row.value
    if value == nil or ALARM_LISTS[driver.names] then return alarms.level(value) end
    if type(value) ~= "number" then return nil end
    if driver.names then return state(driver, value) end
    return value
end

--- The highest number of all rows whose paths begin so, or tell the same fault. Where one that was above it
-- gives none any more, nil, this once: it may be a slip of VRM's. seen: see reading.of.
local function worst(driver, rows, seen)
    local highest, above, slip
    local judged = driver.judged and driver.judged.of or NONE
    for key, row in pairs(rows) do              -- every row of a device, at every poll
        local is = judged[key]
        if is == nil then is = reading.is_worst(driver, key) end
        local value = is and judged_value(driver, row)
        if value then
            if not highest or value > highest then highest = value end
            if value > 0 then
                above = above or {}
                above[key] = value
            end
        end
    end
    for key, value in pairs(seen and seen[driver.id] or NONE) do
        if not judged_value(driver, rows[key]) then slip = slip or value > (highest or 0) end
    end
    if seen then seen[driver.id] = above end
    return not slip and highest or nil
end

--- What functions give as a number; nil: it is none.
local function number_of(value)
    if value == true or value == false then return value and 1 or 0 end
    return type(value) == "number" and value == value and value or nil
end

--- A value as it may be shown: a finite number inside the limits, a whole one for lists; else nil.
function reading.believable(driver, value)
    if type(value) ~= "number" or value ~= value then value = number_of(value) end
    if not value then return nil end
    if driver.names then return state(driver, value) end
    if value < driver.min or value > driver.max then return nil end
    return value
end

--- Which numbers stand for others: those for the row's service, if there are such.
local function values_of(driver, row)
    local of_service = row and row.service and driver.values[row.service]
    return of_service or driver.values
end

--- What the words values, scale and sign make of a number of a row (nil: it was worked out).
function reading.converted(driver, value, row)
    if type(value) ~= "number" then return value end
    if driver.values then value = values_of(driver, row)[value] or value end
    return driver.factor and value * driver.factor or value
end

--- What its function makes of rows; raises what that raises.
local function call_from(driver, rows, site)
    local values, problems = host.call_all({ driver.from }, rows, site)
    if problems[1] then error(problems[1], 0) end
    return values[1]
end

--- What the sources of a driver beside its paths give, as for reading.sourced.
local function worked_out(driver, rows, site, computed, since, seen)
    if driver.op == "sum" then return add_up(driver, rows, since, seen_of(driver, seen)) end
    if driver.op then return (of_two(driver, driver.op, rows, driver.terms, since)) end
    if driver.worst then return worst(driver, rows, seen) end
    if not driver.from then return nil end
    if computed then return computed.value end
    return call_from(driver, rows, site)
end

--- Whether a driver shows anything now: not while the number that says so is 0 or above (while_negative).
function reading.applies(driver, rows)
    if not driver.while_negative then return true end
    for _, key in ipairs(driver.while_negative) do
        local row = number_row(rows, key)
        if row and not codes.is(row.value) then return row.value < 0 end
    end
    return true
end

--- Whether what a driver's function gives counts: its path has no number that it could show.
function reading.needs_function(driver, rows)
    local row = find_row(rows, driver.keys, driver)
    return not row or passes_limits(driver, row)
end

--- What the sources of a driver give: a number, or what its `from` returned | nil, the row of its path | nil.
-- Raises what the script raises. since: rows measured before that give it nothing, nil: all do; the others as
-- for reading.of.
function reading.sourced(driver, rows, site, computed, since, seen)
    if driver.while_negative and not reading.applies(driver, rows) then return nil end
    local row = find_row(rows, driver.keys, driver, since)
    if not row then return worked_out(driver, rows, site, computed, since, seen) end
    if (driver.op or driver.from) and passes_limits(driver, row) then
        local value = worked_out(driver, rows, site, computed, since, seen)
        if value ~= nil then return value end
    end
    return in_unit(driver, row, rows), row
end

--- The texts of all bits of a number as one; nil: the list is none of bits, or one of them has no text.
local function text_of_bits(names, number)
    if not LISTS_OF_BITS[names] or number <= 0 then return nil end
    local texts, bit = {}, 1
    while bit <= number do
        if number & bit ~= 0 then
            local text = names[bit]
            if not text then return nil end
            texts[#texts + 1] = #texts == 0 and text or text:sub(1, 1):lower() .. text:sub(2)
        end
        bit = bit << 1
    end
    return table.concat(texts, ", ")
end

--- The row for whose numbers VRM has names that a state may have: the one of its path, or of the error that a
-- function tells.
local function named_row(driver, rows, row, number)
    if row or driver.id ~= "ERR" then return row end
    row = number_row(rows, "/ErrorCode")
    return row and row.value == number and row or nil
end

--- The value of one driver -> value | nil, text | nil, whether it is a state that neither the list nor VRM
-- has a text for, when its row was measured | nil. Raises what the script raises.
-- computed: what its `from` gave already, nil = call it now. memory: what is known of before, see
-- device.memory; nil: nothing. Of it: midnight, when the day began there; rows of another day give a daily
-- driver nothing (nil: the day is not known, all do). seen: by the id of a driver the set of what its sum was
-- made of so far, which is added to; without one of them it has no value. Of one that shows the worst of many
-- those that were above 0.
function reading.of(driver, rows, site, computed, memory)
    memory = memory or NONE
    local since = driver.daily and reading.since(memory) or nil
    local as_sent, row = reading.sourced(driver, rows, site, computed, since, memory.seen)
    local measured_at, over = row and row.timestamp, driver.over
    local value = as_sent
    if driver.values or driver.factor then value = reading.converted(driver, as_sent, row) end
    if driver.map and value ~= nil then value = driver.map(value) end
    local is_other = over and over_time.OF_ANOTHER_UNIT[over]
    if is_other then value = over_time.value(driver, number_of(value), measured_at, memory) end
    value = reading.believable(driver, value)
    if over and not is_other then value = over_time.value(driver, value, measured_at, memory) end
    if not (value and driver.names) or driver.names[value] then return value, nil, false, measured_at end
    local number = value == codes.MOVED and as_sent ~= codes.MOVED and codes.NO_DATA or value
    local named = number == as_sent and named_row(driver, rows, row, number)
    local text = text_of_bits(driver.names, number)
        or named and (diagnostics.names(named) or {})[number] or nil
    return value, text or "code " .. number, text == nil, measured_at
end

--- Whether VRM sends a part: a number under one of the keys of its `when`, else under any of its rows'.
function reading.has_part(part, rows)
    if part.when then return find_row(rows, part.when) ~= nil end
    for key in pairs(part.keys) do
        if rows[key] and type(rows[key].value) == "number" then return true end
    end
    return false
end

return reading
