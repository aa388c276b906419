--- Checks what a value is: a unit, or a list of states. A mistake is raised as by check.fields.

local fields = require "check.fields"
local limits = require "types.limits"
local name_lists = require "types.names"
local lists = require "types.lists"
local units = require "types.units"
local values = require "check.values"
local wording = require "types.wording"

local kind_check = {}

local LARGEST_INDEX = 65535         -- of a list of the ISY's

local fail, shown = fields.fail, wording.shown

--- The unit of a list of states: IoX shows the text of a number.
local STATES = { name = "list", uom = 25, places = 0, min = 0, max = LARGEST_INDEX }

local STATE_NAME = values.text(limits.state_name)
local STATES_LIKE = "It has numbers with texts: { [0] = \"Off\", [1] = \"On\" }."

local function check_names(place, list)
    for _, value in ipairs(lists.sorted_keys(list)) do
        local text = list[value]
        if math.type(value) ~= "integer" or type(text) ~= "string" then
            local number = type(value) == "string" and tonumber(value)
            fail(place, ("the list of states has [%s] = %s."):format(shown(value), shown(text)), number
                and ("Write the number without quotes: [%s] = %s."):format(value, shown(text)) or STATES_LIKE)
        elseif value < 0 or value > LARGEST_INDEX then
            fail(place, ("the state %d cannot be shown."):format(value),
                ("The ISY's lists go from 0 to %d: use values or map for others."):format(LARGEST_INDEX))
        end
        fields.value(place, ("the text of state %d"):format(value), STATE_NAME, text)
    end
    fields.at_most(fields.within(place, ", the list of states"), lists.count(list), limits.states)
end

local function unit_of_number(uom)
    for _, name in ipairs(lists.sorted_keys(units)) do
        if units[name].uom == uom then return name end
    end
    return nil
end

--- What people write for units.
local UNIT_SLIPS = lists.by_words {
    volt = "v volts mv voltage", ampere = "a amp amps ma current", watt = "w power", kilowatt = "kw",
    percent = "% pct soc", celsius = "c °c degc centigrade temperature temp f fahrenheit",
    hertz = "hz frequency", liter = "l gallon gallons gal litre litres", kwh = "wh energy",
    amp_hours = "ah amphour", seconds = "s sec", minutes = "mins", hours = "h hr", time = "timestamp date",
    hectopascal = "hpa mbar", kilopascal = "kpa bar pressure", meter = "m metre", kilometer = "km",
    meters_per_second = "ms speed", cubic_meters = "m3", lux = "lx", raw = "none number text",
}

local OWN_LIST = "{ [0] = \"Off\", [1] = \"On\" }"

--- "Did you mean unit.volt?", or all that may be written.
local function unit_meant(name)
    local all = "Write one of unit." .. wording.listed(units):gsub(", ", ", unit.")
        .. ", a list of types/names.lua such as \"alarm\", or " .. OWN_LIST .. "."
    return wording.did_you_mean(name or "", units, "unit.%s", all, UNIT_SLIPS)
end

--- What is wrong with a kind that is nil, and what to write. text: of the row, "" where it is not known. Of
-- { "ST", unit.percnt, ... } and { "ST", STATES.pump, ... } nothing else is left.
local function of_nil(text)
    for name in text:gmatch("%f[%w_]unit%s*%.%s*([%w_]+)") do
        if not units[name] then
            return (", unit.%s, is not a unit or a list."):format(name), unit_meant(name)
        end
    end
    local variable = text:match("^{%s*[\"'][^\"']*[\"']%s*,%s*([%a_][%w_.]*)")
        or text:match("%f[%w_]kind%s*=%s*([%a_][%w_.]*)")
    if variable and variable ~= "nil" then
        return (" is nil: there is no %s."):format(variable), "Is it misspelt?"
    end
    return " is missing.", unit_meant(nil)
end

--- The same of other kinds that are none. declares: see rows.row.
local function of_other(kind, declares)
    local name = unit_of_number(kind)
    if type(kind) == "string" and units[kind:match("^unit%.(.*)$")] then
        return (", %s, is a text."):format(shown(kind)), ("Write %s, without quotes."):format(kind)
    elseif type(kind) == "string" and declares(kind) then
        return (", %s, is a text, and %s is a local."):format(shown(kind), kind),
            ("Write %s, without quotes."):format(kind)
    elseif type(kind) == "string" then
        return (", %s, is no unit and no list of states."):format(shown(kind)),
            wording.did_you_mean(kind, name_lists, "\"%s\"", nil) or wording.did_you_mean(kind, units,
                "unit.%s", "Use a list of types/names.lua such as \"off_on\", or write " .. OWN_LIST
                .. " here.", UNIT_SLIPS)
    elseif type(kind) == "table" then
        return " is a table without states.", unit_meant(nil)
    end
    return (", %s, is not a unit or a list."):format(shown(kind)), name and ("Write unit.%s."):format(name)
        or unit_meant(nil)
end

--- What a kind says -> unit, and for a list of states its texts { [number] = text } and their id in the
-- profile (own_id unless it is a list of types/names.lua). what: how the message calls the entry; of = {
-- written, declares }, see rows.row.
function kind_check.kind(place, what, kind, own_id, of)
    local is_table = type(kind) == "table"
    local unit = kind ~= nil and units[kind] or is_table and units[kind.name]
    if unit then return unit end
    if type(kind) == "string" and name_lists[kind] then return STATES, name_lists[kind], kind:upper() end
    if is_table and kind.watt ~= nil then
        fail(place, what .. " is unit, all units at once.", "Write one of them: unit.percent.")
    elseif is_table and units[kind[1]] and #kind == 1 then
        fail(place, ("%s is a table with unit.%s."):format(what, kind[1]),
            ("Write unit.%s, without { }."):format(kind[1]))
    elseif is_table and kind.name == nil and next(kind) ~= nil then
        check_names(place, kind)
        return STATES, kind, own_id
    end
    local is, fix
    if kind == nil then is, fix = of_nil(of.written()) else is, fix = of_other(kind, of.declares) end
    return fail(place, what .. is, fix)
end

return kind_check
