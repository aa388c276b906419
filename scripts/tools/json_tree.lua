--- JSON as a tree in which nothing changes that nobody changes: null, and numbers as they came.

local paint = require "tools.paint"

local json_tree = {}

local MOST_DEPTH = 40
local TURN = 2000                           -- values that are read without a pause

-- A value is { text = }, { list = values }, { members = list of { key, value } }, or the JSON of a number or
-- a literal as it came. kept: see json_tree.write.

local function text_at(json, at)
    local found = json:find('["\\]', at + 1)
    while found and json:byte(found) == 92 do found = json:find('["\\]', found + 2) end
    if not found then return nil end
    local text = json:sub(at + 1, found - 1)
    if text:find("\\", 1, true) then text = host.json(json:sub(at, found)) end
    return text, found + 1
end

local value_at

--- Others have their turn, too. state: has a count of values.
function json_tree.pause(state)
    state.count = state.count + 1
    if state.count % TURN == 0 then host.sleep(0) end
end

--- What stands between two brackets, one(at) for each -> where it ends; nil: it is no JSON.
local function each_at(json, at, bracket, one)
    at = json:find("%S", at + 1)
    if not at then return nil end
    if json:byte(at) == bracket then return at + 1 end
    while true do
        at = one(at)
        at = at and json:find("%S", at)
        local sign = at and json:byte(at)
        if sign == bracket then return at + 1 end
        at = sign == 44 and json:find("%S", at + 1)
        if not at then return nil end
    end
end

local function object_at(json, at, state)
    local members = {}
    local last = each_at(json, at, 125, function(place)
        if json:byte(place) ~= 34 then return nil end
        local key, after = text_at(json, place)
        local colon = key and json:find("%S", after)
        if not colon or json:byte(colon) ~= 58 then return nil end
        local value, ends = value_at(json, json:find("%S", colon + 1), state)
        members[#members + 1] = { key, value }
        return ends
    end)
    return { members = members }, last
end

local function list_at(json, at, state)
    local list = {}
    local last = each_at(json, at, 93, function(place)
        local value, ends = value_at(json, place, state)
        list[#list + 1] = value
        return ends
    end)
    return { list = list }, last
end

--- The value that begins at a place -> it, where it ends; nil: it is no JSON.
function value_at(json, at, state)
    local sign = at and json:byte(at)
    if not sign or state.depth > MOST_DEPTH then return nil end
    json_tree.pause(state)
    if sign == 34 then
        local text, last = text_at(json, at)
        if text then return { text = text }, last end
        return nil
    end
    if sign == 123 or sign == 91 then
        state.depth = state.depth + 1
        local value, last = (sign == 123 and object_at or list_at)(json, at, state)
        state.depth = state.depth - 1
        if last then return value, last end
        return nil
    end
    local raw = json:match("^[-+.%w]+", at)
    if raw and (tonumber(raw) or raw == "null" or raw == "true" or raw == "false") then
        return raw, at + #raw
    end
    return nil
end

--- Adds a value as JSON to a list of texts. keep(text) gives what is written of a text that is kept.
function json_tree.write(value, parts, keep)
    if type(value) == "string" then
        parts[#parts + 1] = value
    elseif value.text then
        parts[#parts + 1] = paint.quoted(value.kept and keep(value.text) or value.text)
    elseif value.list then
        for i, one in ipairs(value.list) do
            parts[#parts + 1] = i == 1 and "[" or ","
            json_tree.write(one, parts, keep)
        end
        parts[#parts + 1] = value.list[1] and "]" or "[]"
    else
        for i, member in ipairs(value.members) do
            parts[#parts + 1] = (i == 1 and "{" or ",") .. paint.quoted(member[1]) .. ":"
            json_tree.write(member[2], parts, keep)
        end
        parts[#parts + 1] = value.members[1] and "}" or "{}"
    end
end

--- A text as a tree; nil: it is no JSON.
function json_tree.read(text)
    local value, last = value_at(text, text:find "%S", { depth = 0, count = 0 })
    return last and not text:find("%S", last) and value or nil
end

return json_tree
