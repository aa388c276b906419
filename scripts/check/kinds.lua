--- Checks what a value is: a unit, or a list of states. A mistake is raised as by field_check.fail.

local field_check = require "check.fields"
local limits = require "types.limits"
local name_lists = require "types.names"
local slips = require "check.slips"
local sorted_keys = require("types.lists").sorted_keys
local units = require "types.units"
local wording = require "types.wording"

local kind_check = {}

local LARGEST_INDEX = 65535         -- of a list of the ISY's

local fail, shown = field_check.fail, wording.shown

--- The unit of a list of states: IoX shows the text of a number.
local STATES = { name = "list", uom = 25, places = 0, min = 0, max = LARGEST_INDEX }

--- What stood there when a row was written: { "ST", unit.percnt, ... } -> percnt; the value is nil by then.
-- written: the text from the row on, "" where it is not known.
local function unit_written(written)
    for name in written:gmatch("%f[%w_]unit%s*%.%s*([%w_]+)") do
        if not units[name] then return name end
    end
    return nil
end

local function unit_of_number(uom)
    for _, name in ipairs(sorted_keys(units)) do
        if units[name].uom == uom then return name end
    end
    return nil
end

--- A unit of types.units; what: how the message calls the entry; written: a function that gives what
-- unit_written looks at, may be nil.
local function check_unit(where, what, named, written)
    local unit = type(named) == "table" and units[named.name] or units[named]
    if unit then return unit end
    local name = unit_of_number(named) or type(named) == "string" and named or nil
    local text = named == nil and written and written() or ""
    if named == nil then name = unit_written(text) end
    local given = named == nil and name and "unit." .. name or shown(named)
    local is = (", %s, is not a unit or a list."):format(given)
    local variable = text:match("^{%s*[\"'][^\"']*[\"']%s*,%s*([%a_][%w_.]*)")
        or text:match("%f[%w_]kind%s*=%s*([%a_][%w_.]*)")
    if named == nil and not name then
        if variable and variable ~= "nil" then
            fail(where, ("%s is nil: there is no %s."):format(what, variable), "Is it misspelt?")
        end
        is = " is missing."
    end
    if type(named) == "table" then is = " is a table without states." end
    if type(named) == "number" and name then
        fail(where, what .. is, ("Write unit.%s."):format(name))
    end
    local all = "Write one of unit." .. wording.listed(units):gsub(", ", ", unit.")
        .. ", a list of types/names.lua such as \"alarm\", or { [0] = \"Off\", [1] = \"On\" }."
    fail(where, what .. is, wording.did_you_mean(name or "", units, "unit.%s", all, slips.unit))
end

local function check_names(where, list)
    local count = 0
    for _, value in ipairs(sorted_keys(list)) do
        local text = list[value]
        count = count + 1
        if math.type(value) ~= "integer" or type(text) ~= "string" then
            local key = type(value) == "string" and '["%s"]' or "[%s]"
            local fix = "It has numbers with texts: { [0] = \"Off\", [1] = \"On\" }."
            if type(value) == "string" and tonumber(value) then
                fix = ("Write the number without quotes: [%s] = %s."):format(value, shown(text))
            end
            key = key:format(tostring(value))
            fail(where, ("the list of states has %s = %s."):format(key, shown(text)), fix)
        elseif value < 0 or value > LARGEST_INDEX then
            fail(where, ("the state %d cannot be shown."):format(value),
                ("The ISY's lists go from 0 to %d: use values or map for others."):format(LARGEST_INDEX))
        end
        field_check.text(where, ("the text of state %d"):format(value), text, limits.state_name)
    end
    if count > limits.states then
        fail(where, ("the list has %d states."):format(count), ("Have at most %d."):format(limits.states))
    end
end

--- What a kind says -> unit, and for a list of states its texts { [number] = text } and their id in the
-- profile (own_id unless it is a list of types/names.lua). what: how the message calls the entry.
function kind_check.kind(where, what, kind, own_id, written)
    if type(kind) == "string" and units[kind:match("^unit%.(.*)$")] then
        fail(where, ("%s, %s, is a text."):format(what, shown(kind)),
            ("Write %s, without quotes."):format(kind))
    elseif type(kind) == "string" and not units[kind] then
        local list = name_lists[kind]
        if not list then
            local write = wording.did_you_mean(kind, name_lists, "\"%s\"", nil)
                or wording.did_you_mean(kind, units, "unit.%s",
                    "Use a list of types/names.lua such as \"off_on\","
                    .. " or write { [0] = \"Off\", [1] = \"On\" } here.", slips.unit)
            fail(where, ("%s, %s, is no unit and no list of states."):format(what, shown(kind)), write)
        end
        return STATES, list, kind:upper()
    elseif type(kind) == "table" and kind.watt ~= nil then
        fail(where, what .. " is unit, all units at once.", "Write one of them: unit.percent.")
    elseif type(kind) == "table" and units[kind[1]] and #kind == 1 then
        fail(where, ("%s is a table with unit.%s."):format(what, kind[1]),
            ("Write unit.%s, without { }."):format(kind[1]))
    elseif type(kind) == "table" and kind.name == nil and next(kind) ~= nil then
        check_names(where, kind)
        return STATES, kind, own_id
    end
    return check_unit(where, what, kind, written), nil, nil
end

function kind_check.places(where, places, unit)
    places = field_check.number(where, "places", places, unit.places)
    if math.type(places) ~= "integer" or places < 0 or places > 4 then
        fail(where, ("places is %s."):format(shown(places)),
            "It is how many decimals are shown, 0 to 4: places = 2.")
    end
    return places
end

function kind_check.no_limits(where, row)
    if row.min ~= nil or row.max ~= nil then
        fail(where, "min and max are not for a list of states.",
            "Remove them: the list says which there are.")
    end
end

return kind_check
