--- node.state of a device script, in the script's own state: tables whose fields are looked at when they are
-- set, so that what could not be kept over a restart is told with its line.

-- The metatable of such tables, by which the sandbox knows them; whether a table is a plain one, as what this
-- host made of rows is; { states = { [address] = what is kept } }.
local meta, is_plain, kept = ...
local error, huge, next, rawlen, tostring, type = error, math.huge, next, rawlen, tostring, type
local math_type, setmetatable = math.type, setmetatable      -- a script may set its globals

local DEPTH = 16                    -- tables in tables, as in serve/state.lua

local node_state = {}
local objects, address_of = {}, {}  -- [address] = object; [object] = address

--- What is kept for the node that an object stands for.
local function state_of(address)
    local states = kept.states
    states[address] = states[address] or {}
    return states[address]
end

--- A key has to be a text, or of a list -> what is wrong with it | nil.
local function key_fault(key, length)
    if type(key) == "string" or math_type(key) == "integer" and key >= 1 and key <= length then return nil end
    return " has the key " .. tostring(key) .. ", which cannot be kept. Use texts, tostring(key), or 1 to n"
        .. " without holes."
end

--- What keeps a value from being kept -> where in it (".a.b"), and why | nil.
local function fault(value, depth)
    local kind = type(value)
    if kind == "number" and (value ~= value or value == huge or value == -huge) then
        return "", " would be no finite number, as 0 / 0 is none. Look whether it is divided by 0."
    elseif kind == "table" and is_plain(value) then
        if depth > DEPTH then return "", " is nested deeper than " .. DEPTH .. " tables, or in itself" end
        local length = rawlen(value)
        for key, member in next, value do
            local why, where = key_fault(key, length), ""
            if not why then
                where, why = fault(member, depth + 1)
                where = why and "." .. key .. where
            end
            if why then return where, why end
        end
    elseif kind == "table" or kind == "function" or kind == "userdata" or kind == "thread" then
        return "", " would be a " .. (kind == "table" and "node, or another table with a metatable" or kind)
            .. ", which cannot be kept. Use numbers, texts, true, false, and tables of them."
    end
end

function meta.__index(object, key) return state_of(address_of[object])[key] end

function meta.__newindex(object, key, value)
    local state = state_of(address_of[object])
    local why = key_fault(key, #state + 1)
    if why then error("node.state" .. why, 2) end
    local where, problem = fault(value, 1)
    if problem then error("node.state." .. key .. where .. problem, 2) end
    state[key] = value
end

function meta.__len(object) return #state_of(address_of[object]) end

--- next(table [, key]), also for node.state.
function node_state.next(tab, key)
    local address = address_of[tab]
    return next(address and state_of(address) or tab, key)
end

function meta.__pairs(object) return node_state.next, object, nil end

meta.__metatable = false

--- The object that stands for the state of a node.
function node_state.of(address)
    local object = objects[address]
    if not object then
        object = setmetatable({}, meta)
        objects[address], address_of[object] = object, address
    end
    return object
end

--- Makes a table the state of a node -> what keeps it from being that | nil.
function node_state.set(address, value)
    local other = address_of[value]
    local where, problem
    if not other then where, problem = fault(value, 0) end
    if problem then return "node.state" .. where .. problem end
    kept.states[address] = other and state_of(other) or value
end

return node_state
