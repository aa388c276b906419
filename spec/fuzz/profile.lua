--- In place of main.lua for the fuzz target `profile`: makes types of bytes and writes their profile. Leaves
-- with the number of names and labels that must be in it, 0 where the types contradict each other.

local profile = require "pg3.profile"

local bytes, at

local function byte()
    at = at + 1
    return bytes:byte(at - 1) or 0
end

local function text()
    local length = byte()
    at = at + length
    return bytes:sub(at - length, at - 1)
end

local function number()
    local value = byte() * 256 + byte() - 32768
    for _ = 1, byte() % 16 do value = value / 10 end
    return value
end

local function unit() return { uom = byte(), min = number(), max = number(), factor = 1 } end

local function driver(id)
    local result = unit()
    result.id, result.label, result.places = id, text(), byte() % 7
    local what = byte()
    if what % 4 == 0 then result.alt = unit() end
    if what % 4 == 1 then
        result.names_id, result.names = "N" .. what // 4, {}
        local value = byte() - 128
        for _ = 1, 1 + byte() % 8 do
            result.names[value] = text()
            value = value + 1 + byte() % 3
        end
    end
    return result
end

--- -> list of drivers, parameters or commands that one(i) makes.
local function list(count, one)
    local result = {}
    for i = 1, count do result[i] = one(i) end
    return result
end

local function command(i)
    return { id = "C" .. i, name = text(),
             params = list(byte() % 3, function(k) return driver(k == 1 and "" or "P" .. k) end) }
end

local function node_type(i)
    return { id = "VIC" .. i, name = text(), icon = byte() % 2 == 0 and "EnergyMonitor" or nil,
             drivers = list(byte() % 6, function(k) return driver("GV" .. k) end),
             commands = list(byte() % 3, command), events = list(byte() % 3, command) }
end

local function lines(types)
    local count = 0
    for _, type_ in ipairs(types) do
        count = count + 1 + #type_.drivers
        local params = {}               -- one name for all commands of a type
        for _, one in ipairs(type_.commands) do
            for _, param in ipairs(one.params) do params[param.id] = true end
        end
        for _ in pairs(params) do count = count + 1 end
        count = count + #type_.commands + #type_.events
    end
    return count
end

host.on("types", function(input)
    bytes, at = input, 1
    local types, written = list(1 + byte() % 3, node_type), {}
    for i, type_ in ipairs(types) do
        host.declare(type_)
        written[i] = profile.of(type_)
    end
    local files, problem = profile.files(written)
    if not files then
        assert(problem:find("declared twice"), problem)
        return host.leave(0)
    end
    assert(host.profile(files) ~= nil)
    assert(host.profile(files) == false)
    host.leave(lines(types))
end)
