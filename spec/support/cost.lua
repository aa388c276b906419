--- What a function costs, counted and not timed: the same on every machine.
--
-- The sum of Lua's instructions, the bytes that were allocated (copying a text costs its length) and what
-- the library's text functions do inside, which no instruction hook sees: for patterns the steps of a matcher
-- that goes back as Lua's own does, for the others the bytes they read.

local cost = {}

local MOST = 5e6                        -- more is endless; the count stops there
local library = _G["string"]            -- replaced while something is measured
local find, byte, sub = string.find, string.byte, string.sub

local steps                             -- of the library's functions so far

local function charge(count)
    steps = steps + count
    if steps > MOST then error("costs more than " .. MOST .. " steps", 0) end
end

----------------------------------------------------------------------------- a matcher that counts

--- Where the single class at `p` ends.
local function class_end(pattern, p)
    local first = sub(pattern, p, p)
    if first == "%" then return p + 2 end
    if first ~= "[" then return p + 1 end
    local at = p + 1
    if sub(pattern, at, at) == "^" then at = at + 1 end
    repeat
        at = at + (sub(pattern, at, at) == "%" and 2 or 1)
    until sub(pattern, at, at) == "]"
    return at + 1
end

local parsed = {}

--- A pattern as the list of its classes { [byte] = fits, mark = "*" | "+" | "-" | "?" | "" }; captures cost
-- nothing. At the end { last = true } for "$".
local function parse(pattern)
    if parsed[pattern] then return parsed[pattern] end
    local items, p = { anchored = sub(pattern, 1, 1) == "^" }, 1
    if items.anchored then p = 2 end
    while p <= #pattern do
        local two = sub(pattern, p, p + 1)
        if two == "%b" or two == "%f" or find(two, "^%%%d") then error("not counted: " .. pattern, 0) end
        local first = sub(two, 1, 1)
        if first == "(" or first == ")" then
            p = p + 1
        elseif first == "$" and p == #pattern then
            items[#items + 1], p = { last = true }, p + 1
        else
            local after = class_end(pattern, p)
            local mark = sub(pattern, after, after)
            local item = { mark = find(mark, "^[*+?-]") and mark or "" }
            for one = 0, 255 do
                item[one] = find(string.char(one), "^" .. sub(pattern, p, after - 1)) ~= nil
            end
            items[#items + 1], p = item, after + #item.mark
        end
    end
    parsed[pattern] = items
    return items
end

--- Where the classes from `i` on end when they begin at `at`; nil if they do not fit.
local function match(text, at, items, i)
    charge(1)
    local item = items[i]
    if not item then return at end
    if item.last then return at == #text + 1 and at or nil end
    local mark = item.mark
    if mark == "" then
        return item[byte(text, at) or -1] and match(text, at + 1, items, i + 1) or nil
    elseif mark == "?" then
        return item[byte(text, at) or -1] and match(text, at + 1, items, i + 1)
            or match(text, at, items, i + 1)
    elseif mark == "-" then
        while true do
            local found = match(text, at, items, i + 1)
            if found or not item[byte(text, at) or -1] then return found end
            at = at + 1
        end
    end
    local last = at
    while item[byte(text, last) or -1] do last = last + 1 end
    charge(last - at)
    for one = last, mark == "+" and at + 1 or at, -1 do
        local found = match(text, one, items, i + 1)
        if found then return found end
    end
    return nil
end

local instructions                      -- of Lua so far
local own_bytes                         -- what the matcher allocated: no part of the cost

local function count_one()
    instructions = instructions + 1
    if instructions > MOST then error("costs more than " .. MOST .. " instructions", 0) end
end

--- Charges what searching costs: for the first match, or for all (gsub, gmatch).
local function search(text, pattern, at, all)
    local before = collectgarbage("count")
    debug.sethook()
    local items = parse(pattern)
    repeat
        local found = match(text, at, items, 1)
        if found and not all then break end
        at = found and found > at and found or at + 1
    until items.anchored or at > #text + 1
    debug.sethook(count_one, "", 1)
    own_bytes = own_bytes + (collectgarbage("count") - before) * 1024
end

------------------------------------------------------------------------------------------ measuring

local function counted(name, all)
    local original = string[name]
    return function(text, pattern, third, plain)
        text = tostring(text)
        if name == "find" and plain then
            local from, to = original(text, pattern, third, plain)
            charge((to or #text) - (third or 1) + 1)
            return from, to
        end
        search(text, pattern, not all and third or 1, all)
        return original(text, pattern, third, plain)
    end
end

local function reading(name)
    local original = string[name]
    return function(text, ...)
        charge(#tostring(text))
        return original(text, ...)
    end
end

--- fn's cost. It may not be more than 5 million of a kind.
function cost.of(fn)
    local originals, original_tonumber = {}, tonumber
    for name, original in pairs(string) do originals[name] = original end
    for name, all in pairs { find = false, match = false, gmatch = true, gsub = true } do
        library[name] = counted(name, all)
    end
    for _, name in ipairs { "lower", "upper", "reverse" } do library[name] = reading(name) end
    _G.tonumber = function(value, ...)
        if type(value) == "string" then charge(#value) end
        return original_tonumber(value, ...)
    end
    collectgarbage("stop")
    steps, instructions, own_bytes = 0, 0, 0
    local before = collectgarbage("count")
    local running = coroutine.create(fn)
    debug.sethook(running, count_one, "", 1)
    local ok, problem = coroutine.resume(running)
    local bytes = (collectgarbage("count") - before) * 1024 - own_bytes
    collectgarbage("restart")
    for name, original in pairs(originals) do library[name] = original end
    _G.tonumber = original_tonumber
    assert(ok, problem)
    return instructions + steps + bytes
end

return cost
