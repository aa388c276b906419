--- What a row of a device table stands for: "GV1 GV2 GV3" is one driver for each id, with {n} counted on.
--
--   { "CPW GV1 GV2", unit.watt, "Power of tracker {n}", "/Pv/{n-1}/P" }
--
-- {n} is 1, 2, 3 ..., {n-1} begins with 0, {phase} is L1, L2, L3; {input} is the AC input that is active,
-- 1 or 2.

local words = require("types.lists").words

local form = {}

--- Whether a key of rows, or what stands in the place of one, is a path and no code.
function form.is_path(key) return type(key) == "string" and key:sub(1, 1) == "/" end

--- What is written out, as a set.
form.WORDS = { ["{n}"] = true, ["{n-1}"] = true, ["{phase}"] = true, ["{input}"] = true }

local PHASES = { "L1", "L2", "L3" }

--- The fields of a row in whose texts {n} and {phase} are written out: label, path, code and the words that
-- name keys of rows.
local WRITTEN_OUT = { 3, 4, 5, "first", "sum", "product", "quotient", "worst", "set" }

--- The ids of a row's first entry -> a list; empty if it is no text.
function form.ids(entry)
    return type(entry) == "string" and words(entry) or {}
end

--- A text, or the texts of a list and of lists in it, for number n.
local function write_out(value, n)
    if type(value) == "string" then
        if not value:find("{", 1, true) then return value end
        return (value:gsub("{n%-1}", n - 1):gsub("{n}", n):gsub("{phase}", PHASES[n] or "{phase}"))
    elseif type(value) ~= "table" then
        return value
    end
    local list = {}
    for key, part in pairs(value) do list[key] = write_out(part, n) end
    return list
end

--- The row of the nth of several ids.
function form.nth(row, id, n)
    local one = {}
    for key, value in pairs(row) do one[key] = value end
    for _, field in ipairs(WRITTEN_OUT) do one[field] = write_out(row[field], n) end
    one[1] = id
    return one
end

--- The first of what fn gives for a text, or for the texts of a list and of lists in it, but for nil.
local function of_texts(value, fn)
    if type(value) == "string" then return fn(value) end
    for _, part in pairs(type(value) == "table" and value or {}) do
        local found = of_texts(part, fn)
        if found then return found end
    end
    return nil
end

local function of_phase(text) return text:find("{phase}", 1, true) end

--- A sum's terms: one that has {phase} stands for one of each phase.
function form.terms(list)
    local terms = {}
    for _, term in ipairs(list) do
        if of_texts(term, of_phase) then
            for n = 1, #PHASES do terms[#terms + 1] = write_out(term, n) end
        else
            terms[#terms + 1] = term
        end
    end
    return terms
end

--- Paths and codes with {input} written out for both AC inputs. The list's `inputs` says of each such path
-- which input it is of, from 0, and what the path of the other one is.
function form.inputs(keys)
    local all, inputs = {}, {}
    for _, key in ipairs(keys) do
        local first, count = key:gsub("{input}", "1")
        all[#all + 1] = first
        if count > 0 then
            local second = key:gsub("{input}", "2")
            all[#all + 1] = second
            inputs[first], inputs[second] = { index = 0, other = second }, { index = 1, other = first }
            all.inputs = inputs
        end
    end
    return all
end

--- The first word in braces of a text but for {input}.
local function braced(text)
    for word in text:gmatch("{[^{}]*}") do
        if word ~= "{input}" then return word end
    end
    return nil
end

--- The first word in braces in a row that nothing writes out; nil if there is none. sum: its terms as
-- form.terms gave them, nil for none.
function form.left_over(row, sum)
    for _, field in ipairs(WRITTEN_OUT) do
        local word = of_texts(field == "sum" and sum or row[field], braced)
        if word then return word end
    end
    return nil
end

return form
