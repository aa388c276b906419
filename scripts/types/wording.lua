--- How messages to the authors of device scripts say what was written, and guess what was meant.

local lists = require "types.lists"

local wording = {}

local LONGEST = 40                  -- characters of a text that a message quotes

--- A value as a message shows it: "texts" in quotes, tables and functions by what they are.
function wording.shown(value)
    if type(value) == "table" then
        return next(value) == nil and "{}" or lists.is_list(value) and "a list of " .. #value or "a table"
    end
    if value == nil then return "nil" end
    if type(value) == "function" then return "a function" end
    if value ~= value then return "0 / 0" end                   -- "nan" or "-nan", by the machine
    if math.type(value) == "float" then return ("%.14g"):format(value) end
    if type(value) ~= "string" then return tostring(value) end
    local text = value:gsub("%c", " ")
    local cut = utf8.len(text) and utf8.offset(text, LONGEST + 1)
    return cut and cut <= #text and ('"%s..."'):format(text:sub(1, cut - 1)) or ('"%s"'):format(text)
end

--- A word as words are compared: without case, blanks and signs.
local function plain(word) return (word:lower():gsub("[%p%s]", "")) end

wording.plain = plain

--- How many letters have to be changed, added, left out or swapped with their neighbour to make one word of
-- the other.
local function distance(a, b)
    local rows = { [0] = {} }
    for j = 0, #b do rows[0][j] = j end
    for i = 1, #a do
        rows[i] = { [0] = i }
        for j = 1, #b do
            local cost = a:byte(i) == b:byte(j) and 0 or 1
            local least = math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
                least = math.min(least, rows[i - 2][j - 2] + 1)
            end
            rows[i][j] = least
        end
    end
    return rows[#a][#b]
end

--- Slips that a word of so many letters may have and still be meant.
local function slips(length)
    return length < 3 and 0 or length < 6 and 1 or length < 10 and 2 or 3
end

--- The words of a list, or of a set's keys, in order.
local function in_order(words)
    local list = {}
    for key, word in pairs(words) do
        local one = math.type(key) == "integer" and word or key
        if type(one) == "string" then list[#list + 1] = one end
    end
    table.sort(list)
    return list
end

--- A word with its parts in the order of the alphabet: "on_off" and "off_on" are alike.
local function in_parts(word)
    local parts = {}
    for part in word:lower():gmatch("%w+") do parts[#parts + 1] = part end
    table.sort(parts)
    return table.concat(parts, "_")
end

--- The one of some words (a list, or a set's keys) that is the same but for case, blanks and signs; nil:
-- none.
function wording.same(word, words)
    local wanted = plain(word)
    for _, one in ipairs(wanted ~= "" and in_order(words) or {}) do
        if one ~= word and plain(one) == wanted then return one end
    end
    return nil
end

--- The one of some words that was probably meant; nil: none is near. others: words people write for them,
-- { [in small letters, without blanks and signs] = one of the words }, may be nil.
function wording.near(word, words, others)
    if type(word) ~= "string" or #word > 200 then return nil end
    local same, wanted = wording.same(word, words), plain(word)
    local other = others and (others[wanted] or others[word])
    if same or other then return same or other end
    for _, one in ipairs(in_order(words)) do
        if in_parts(one) == in_parts(word) then return one end
    end
    local best, least = nil, slips(#wanted) + 1
    for _, one in ipairs(in_order(words)) do
        local numbered = one:gsub("%d", "") == word:gsub("%d", "")     -- GV1 is no slip of GV2
        local its = not numbered and one ~= word and math.abs(#one - #wanted) <= least and distance(wanted,
            plain(one))
        if its and its < least then best, least = one, its end
    end
    return best
end

--- The words of a part of a path: "MaxStarter" -> { "max", "starter" }.
local function words_in(part)
    local list = {}
    for word in part:gsub("%f[%u]", " "):gmatch("%w+") do list[#list + 1] = word:lower() end
    return list
end

--- Whether each word of a part of a path begins one of the other's, in their order: MaxStarter and
-- MaximumStarterVoltage. One word alone leaves no other out: Mode is not short for ModeIsAdjustable.
local function is_short_for(part, other)
    local words, at = words_in(part), 1
    local longer = words_in(other)
    if #words == 1 and #longer > 1 then return false end
    for _, word in ipairs(longer) do
        local its = words[at]
        if its and (word == its or #its >= 3 and word:sub(1, #its) == its) then at = at + 1 end
    end
    return at > #words
end

--- Whether a part of a path is another one with a single slip. What differs by its number is another thing.
local function is_slip(part, other)
    return #part >= 4 and part:gsub("%d", "") ~= other:gsub("%d", "")
        and distance(part:lower(), other:lower()) == 1
end

local function parts_of(path)
    local list = {}
    for part in path:gmatch("[^/]+") do list[#list + 1] = part end
    return list
end

--- Whether a path was probably meant by one that VRM does not send. Less is like it than by wording.near:
-- nobody knows that it is misspelt, and MinimumVoltage is no slip of MaximumVoltage.
function wording.near_path(path, other)
    local parts, its = parts_of(path), parts_of(other)
    local near = path ~= other and #parts == #its
    for i, part in ipairs(parts) do
        near = near and (part == its[i] or is_slip(part, its[i]) or is_short_for(part, its[i]))
    end
    return near
end

--- "Did you mean volt?" as a sentence, else `otherwise`. form: how the word is written, "unit.%s" for
-- example.
function wording.did_you_mean(word, words, form, otherwise, others)
    local meant = wording.near(word, words, others)
    return meant and ("Did you mean %s?"):format(form:format(meant)) or otherwise
end

--- The words of a list, or of a set's keys, in one line.
function wording.listed(words) return table.concat(in_order(words), ", ") end

return wording
