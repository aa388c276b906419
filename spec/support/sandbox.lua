--- What a device script has of Lua on the fake host: the same as on the real one (host/lua/sandbox.c).

local sandbox = {}

--- host/base/limits.h: the C functions of a script have these.
local REP_MAX, FIND_MAX, FIND_WHAT_MAX, FORMAT_MAX, TABLE_MAX = 4096, 65536, 256, 256, 8192

local function pick(from, names)
    local result = {}
    for name in names:gmatch("%S+") do result[name] = from[name] end
    return result
end

----------------------------------------------------------------------------------------------- texts

local texts = pick(string, "byte char len lower reverse sub upper")

function texts.find(text, what, first)
    if string.len(text) > FIND_MAX or string.len(what) > FIND_WHAT_MAX then
        error(("string.find: texts of at most %d and %d bytes"):format(FIND_MAX, FIND_WHAT_MAX), 2)
    end
    return string.find(text, what, first, true)
end

function texts.rep(text, times, between)
    local count = tonumber(times) or 0
    local length = string.len(text) + string.len(between or "")
    if count > REP_MAX or count > 0 and length > REP_MAX // count then
        error(("string.rep: the result would be longer than %d bytes"):format(REP_MAX), 2)
    end
    return string.rep(text, times, between)
end

for _, name in ipairs { "format", "pack", "packsize", "unpack" } do
    texts[name] = function(format, ...)
        if string.len(format) > FORMAT_MAX then
            error(("a format has at most %d bytes"):format(FORMAT_MAX), 2)
        end
        return string[name](format, ...)
    end
end

local sources = {}          -- [source of a chunk] = it is a device script's: these are its texts' methods

local of_texts = getmetatable("")

--- The method of a text, by who asks for it.
local function method(_, name)
    return (sources[debug.getinfo(2, "S").source] and texts or string)[name]
end

local function ended(before, ...)
    of_texts.__index = before
    return ...
end

--- Calls what belongs to a device script, as pcall and coroutine.resume do: `by` is one of these.
function sandbox.run(by, ...)
    local before = of_texts.__index
    of_texts.__index = method
    return ended(before, by(...))
end

--------------------------------------------------------------------------------------------- tables

--- A function of table for plain tables and those with known fields, as rows are.
local function plain(fn)
    return function(tab, ...)
        local meta = type(tab) == "table" and debug.getmetatable(tab)
        if meta and not meta.__fields then
            error("this table function takes plain tables only (no metatable)", 2)
        elseif type(tab) == "table" and rawlen(tab) > TABLE_MAX then
            error(("this table function takes tables of at most %d elements"):format(TABLE_MAX), 2)
        end
        return fn(tab, ...)
    end
end

local tables = {}
for name, fn in pairs(pick(table, "insert remove concat sort unpack")) do tables[name] = plain(fn) end

function tables.sort(tab, before)
    if before and debug.getinfo(before, "S").what == "C" then
        error("table.sort: compare by a function of your own", 2)
    end
    return plain(table.sort)(tab, before)
end

local function safe_setmetatable(tab, meta)
    if type(meta) == "table" and (rawget(meta, "__gc") ~= nil or rawget(meta, "__mode") ~= nil) then
        error("setmetatable: __gc and __mode are not available in scripts", 2)
    end
    return setmetatable(tab, meta)
end

----------------------------------------------------------------------------------------- a script's own

--- Its globals, for what else it has to be put into.
function sandbox.globals()
    local env = pick(_G, [[assert error ipairs next pairs pcall rawequal rawget rawlen select tonumber
        tostring type]])
    env.setmetatable = safe_setmetatable
    env.math = pick(math, [[abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min
        mininteger modf pi rad random randomseed sin sqrt tan tointeger type ult]])
    env.string, env.table = {}, {}
    for name, fn in pairs(texts) do env.string[name] = fn end
    for name, fn in pairs(tables) do env.table[name] = fn end
    return setmetatable(env, {
        __index = function(_, name) error("there is no global '" .. tostring(name) .. "'", 2) end,
        __newindex = function(_, name) error("assignment to global '" .. tostring(name) .. "'", 2) end,
    })
end

--- Loads the text of a device script, or of a lib -> function | nil, why. file: what errors call it.
function sandbox.load(text, file, env)
    sources["@" .. file] = true
    return load(text, "@" .. file, "t", env)
end

return sandbox
