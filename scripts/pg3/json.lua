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

local encode

local function encode_table(tab, depth)
    if depth > DEPTH then error("it is nested too deep, or in itself", 0) end
    local parts, length = {}, array_length(tab)
    for i = 1, length or 0 do parts[i] = encode(tab[i], depth) end
    if length then return "[" .. table.concat(parts, ",") .. "]" end
    for key, member in pairs(tab) do
        if type(key) ~= "string" and type(key) ~= "number" then
            error(("a %s cannot be a key"):format(type(key)), 0)
        end
        parts[#parts + 1] = json.quote(tostring(key)) .. ":" .. encode(member, depth)
    end
    table.sort(parts)               -- what is the same has the same text
    return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value, depth)
    local kind = type(value)
    if kind == "table" then return encode_table(value, depth + 1) end
    if kind == "string" then return json.quote(value) end
    if kind == "nil" then return "null" end
    if math.type(value) == "integer" or kind == "boolean" then return tostring(value) end
    if kind == "number" and value - value == 0 then return ("%.14g"):format(value) end
    error(("%s cannot be kept"):format(kind == "number" and tostring(value) or "a " .. kind), 0)
end

--- Any value but functions and the like, and numbers that are not finite: these raise.
function json.encode(value) return encode(value, 0) end

return json
