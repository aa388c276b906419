--- A command from the ISY: what it carries is checked against the script's declaration before the script
-- sees it. The script may rely on numbers within its limits, and on nothing missing.

local fields = require "types.fields"
local lists = require "types.lists"
local read = require "types.read"

local commands = {}

--- The command of a type as check.commands made it; nil if there is none of that id.
function commands.find(type_, cmd)
    return lists.with_id(type_.commands, cmd)
end

--- What PG3 sent -> { [parameter id] = { text, uom } } | nil, sentence. The unnamed parameter is `value` with
-- `uom`; others are in `query` as "LEVEL.uom51", from older cores as "LEVEL.51".
local function take_given(cmd, args)
    local given = {}
    if args.value ~= nil and args.value ~= "" then given[""] = { text = args.value, uom = args.uom } end
    for key, text in pairs(args.query or {}) do
        local id, uom = tostring(key):match("^(.-)%.uom(%d+)$")
        if not id then id, uom = tostring(key):match("^(.-)%.(%d+)$") end
        id = id or tostring(key)
        if given[id] then return nil, ("%s came with its parameter %s twice."):format(cmd, id) end
        given[id] = { text = text, uom = uom }
    end
    return given
end

local function title(param)
    local label = param.label or "Value"
    return param.id == "" and ("'" .. label .. "'") or ("%s ('%s')"):format(param.id, label)
end

local RAW = 56      -- "the raw value used by the device": a bare number

--- The number in the parameter's own unit, or nil when it came in one that is not declared.
local function in_own_unit(param, value, uom)
    uom = read.integer(uom) or 0
    if uom == 0 or uom == param.uom or uom == RAW then return value end
    local alt = param.alt
    if alt and uom == alt.uom then return (value - alt.offset) / alt.factor end
    return nil
end

local function rounded(value, places)
    local scale = 10 ^ places
    value = math.floor(value * scale + 0.5) / scale
    return math.tointeger(value) or value
end

--- One parameter -> its number | nil, what is wrong with it.
local function number_of(param, one)
    if not one then return nil, "is missing" end
    local value = (type(one.text) == "string" or type(one.text) == "number") and read.number(one.text)
    if not value then return nil, "is not a number" end
    value = in_own_unit(param, value, one.uom)
    if not value then return nil, ("came in unit %s instead of %d"):format(one.uom, param.uom) end
    if param.names then
        if param.names[math.tointeger(value)] then return value end
        return nil, ("is %s, which is none of its choices"):format(value)
    end
    value = rounded(value, param.places)
    if value < param.min or value > param.max then
        return nil, ("is %s, outside of %s to %s"):format(value, param.min, param.max)
    end
    return value
end

--- Checks what came with a command (see commands.find).
-- args = { value = text|nil, uom = text|nil, query = { [name] = text } | nil }
-- Returns { value = number of the unnamed parameter, NAME = number ... } in the declared units, or nil and
-- one sentence.
function commands.validate(command, args)
    local given, problem = take_given(command.id, args or {})
    if not given then return nil, problem end
    local values = {}
    for _, param in ipairs(command.params or {}) do
        local value, why = number_of(param, given[param.id])
        if not value then return nil, ("%s: the parameter %s %s."):format(command.id, title(param), why) end
        values[param.id == "" and "value" or param.id] = value
        given[param.id] = nil
    end
    local rest = {}
    for id in pairs(given) do rest[#rest + 1] = id == "" and "a value" or "a parameter " .. id end
    table.sort(rest)
    if #rest > 0 then return nil, ("%s came with %s, which it does not have."):format(command.id, rest[1]) end
    return values
end

--- The numbers of commands.validate as the functions of a type's commands are given them.
function commands.given(type_, values)
    local names = { "value" }
    for _, command in ipairs(type_.commands) do
        for _, param in ipairs(command.params or {}) do
            names[#names + 1] = param.id ~= "" and param.id or nil
        end
    end
    return setmetatable(values, fields.of("args", table.concat(names, " ")))
end

return commands
