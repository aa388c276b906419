--- What comes from outside: any value in, a plain one or nil out. They never raise.
--
-- Texts may be as long as an answer. Nothing here may cost more than in proportion to their length:
-- patterns are single classes, plain or at the beginning, so that they never go back and forth
-- (spec/cost_spec.lua counts).

local read = {}

local type, math_type, byte = type, math.type, string.byte      -- what is asked of each row at each poll

local LONGEST_TEXT = 4096       -- bytes; what is longer is cut
read.LONGEST_NUMBER = 64        -- bytes of a number as text, or of a format; what is longer is neither

--- A finite number from a number or a numeric text ("25.32"), else nil. false, "n/a", "0x10" are no data.
function read.number(value)
    local kind = math_type(value)
    if kind == "integer" or kind == "float" and value % 1 ~= 0 and value - value == 0 then return value end
    if type(value) == "string" and #value <= read.LONGEST_NUMBER and not value:find("[xX]") then
        value = tonumber(value)
    end
    if type(value) ~= "number" or value ~= value or value == math.huge or value == -math.huge then
        return nil
    end
    return math.tointeger(value) or value
end

--- A whole number, else nil.
function read.integer(value)
    if math_type(value) == "integer" then return value end
    return math.tointeger(read.number(value))
end

--- Where the text ends without the characters of a class ("[%s#]") at its end; 0 if there are no others.
function read.last(text, class)
    local last = #text
    while last > 0 and text:find("^" .. class, last) do last = last - 1 end
    return last
end

--- text without blanks at its beginning and end.
function read.trim(text)
    local first = text:find("%S")
    return first and text:sub(first, read.last(text, "%s")) or ""
end

--- A text that is not blank, trimmed and of 4,096 bytes at most, else nil.
function read.text(value)
    if type(value) ~= "string" then return nil end
    if #value > LONGEST_TEXT then value = read.cut(value, LONGEST_TEXT) end
    local first, last = byte(value, 1), byte(value, -1)
    if first and first > 32 and last > 32 then return value end     -- nearly always; patterns are slow
    local trimmed = read.trim(value)
    return trimmed ~= "" and trimmed or nil
end

local ENTRY_BYTES = 64              -- what an entry takes beside its texts, or a little more

--- reader(text), which remembers what it gave for texts that are not too long, so many bytes in all. What
-- comes when those are full is read anew each time.
function read.remembered(reader, longest, most_bytes)
    local known, bytes = {}, 0
    return function(value)
        local before = known[value]
        if before ~= nil then return before or nil end
        local result = reader(value)
        local takes = type(value) == "string" and #value <= longest and 2 * #value + ENTRY_BYTES
        if takes and bytes + takes <= most_bytes then known[value], bytes = result or false, bytes + takes end
        return result
    end
end

--- read.text of what is the same in every answer (services, paths, codes): each read once. A real account
-- needs a tenth of the bytes.
read.word = read.remembered(read.text, LONGEST_TEXT, 512 * 1024)

--- text in at most `bytes` bytes, no UTF-8 character cut in two.
function read.cut(text, bytes)
    if #text <= bytes then return text end
    local last = bytes
    while last > 0 and text:byte(last + 1) >= 0x80 and text:byte(last + 1) < 0xC0 do last = last - 1 end
    return text:sub(1, last)
end

--- The tables of a JSON list, in order: also with holes (null is absent), or with the indices as text, as
-- PHP writes a list that lost an element. Anything else gives an empty list.
function read.items(list)
    local keys, result = {}, {}
    if type(list) ~= "table" then return result end
    local count = #list
    for i = 1, count do                                   -- nearly always it is a plain list of tables
        if type(list[i]) ~= "table" then count = -1 break end
    end
    if count > 0 and next(list, count) == nil then return list end
    for key, value in pairs(list) do
        local index = read.integer(key)
        if index and type(value) == "table" then keys[#keys + 1] = { index, value } end
    end
    table.sort(keys, function(a, b) return a[1] < b[1] end)
    for i, pair in ipairs(keys) do result[i] = pair[2] end
    return result
end

return read
