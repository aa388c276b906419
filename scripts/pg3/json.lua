--- Values as JSON text: what PG3 is to keep, what tools write.

local json = {}

local DEPTH = 32                    -- tables in tables, as the host reads them
local NAMED = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escaped(byte) return NAMED[byte] or ("\\u%04x"):format(byte:byte()) end

--- A text; U+FFFD stands for each byte that fits no character.
function json.quote(text)
    local _, at = utf8.len(text)
    while at do
        text = text:sub(1, at - 1) .. "\u{FFFD}" .. text:sub(at + 1)
        _, at = utf8.len(text, at + 3)
    end
    return '"' .. text:gsub('[%z\1-\31"\\]', escaped) .. '"'
end

--- How long a table is as an array, which may have holes; nil: it is an object.
local function array_length(tab)
    local most, count = 0, 0
    for key in pairs(tab) do
        if math.type(key) ~= "integer" or key < 1 then return nil end
        most, count = math.max(most, key), count + 1
    end
    return count > 0 and most <= math.max(10, 2 * count) and most or nil
end

-- The record of a large account has ten thousand values, and is written each minute: what is used on the way
-- is used again.
local PIECES = 256
local pieces, count, chunks = {}, 0, {}
local keys_at = {}                  -- [depth] = the keys of the object under way there

local function put(text)
    if count == PIECES then
        chunks[#chunks + 1], count = table.concat(pieces, "", 1, count), 0
    end
    count = count + 1
    pieces[count] = text
end

local function by_text(a, b) return tostring(a) < tostring(b) end

--- The keys of an object in order: what is the same has the same text. Until the next one at that depth.
local function keys_of(tab, depth)
    local keys, last = keys_at[depth] or {}, 0
    keys_at[depth] = keys
    for key in pairs(tab) do
        if type(key) ~= "string" and type(key) ~= "number" then
            error(("a %s cannot be a key"):format(type(key)), 0)
        end
        last = last + 1
        keys[last] = key
    end
    for i = last + 1, #keys do keys[i] = nil end
    table.sort(keys, by_text)
    return keys
end

local put_value

local function put_table(tab, depth)
    if depth > DEPTH then error("it is nested too deep, or in itself", 0) end
    local length = array_length(tab)
    put(length and "[" or "{")
    for i = 1, length or 0 do
        if i > 1 then put "," end
        put_value(tab[i], depth)
    end
    for i, key in ipairs(length and {} or keys_of(tab, depth)) do
        if i > 1 then put "," end
        put(json.quote(tostring(key)))
        put ":"
        put_value(tab[key], depth)
    end
    put(length and "]" or "}")
end

local function text_of(value)
    local kind = type(value)
    if kind == "string" then return json.quote(value) end
    if kind == "nil" then return "null" end
    if math.type(value) == "integer" or kind == "boolean" then return tostring(value) end
    if kind == "number" and value - value == 0 then return ("%.14g"):format(value) end
    error(("%s cannot be kept"):format(kind == "number" and tostring(value) or "a " .. kind), 0)
end

function put_value(value, depth)
    if type(value) == "table" then return put_table(value, depth + 1) end
    put(text_of(value))
end

--- Any value but functions and the like, and numbers that are not finite: these raise.
function json.encode(value)
    count, chunks = 0, {}
    put_value(value, 0)
    chunks[#chunks + 1] = table.concat(pieces, "", 1, count)
    return table.concat(chunks)
end

return json
