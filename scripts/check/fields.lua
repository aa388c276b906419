--- Checks fields of a device script's table. A mistake raises { text = where, what is wrong, what to write }.

local drivers = require "types.drivers"
local lists = require "types.lists"
local slips = require "check.slips"
local wording = require "types.wording"

local field_check = {}

local LARGEST_NUMBER, LONGEST_ID = 1e12, 16

local shown = wording.shown

--- What has words of its own: { what = "a row", words = set }.
local kinds = {}

--- Whether some table of a script has a field of that name.
function field_check.is_word(name)
    for _, kind in ipairs(kinds) do
        if kind.words[name] then return true end
    end
    return false
end

--- The words of a kind of table, as a set. what: "a row".
function field_check.words_of(what, text)
    local words = lists.set(text)
    kinds[#kinds + 1] = { what = what, words = words }
    table.sort(kinds, function(a, b) return a.what < b.what end)
    return words
end

--- Stops the check. where: the row or field ("" for the file as a whole); what: what is wrong; fix: what
-- to write; field: the name of the field in whose line it is, nil: that of the place that is checked.
function field_check.fail(where, what, fix, field)
    error({ text = (where ~= "" and where .. ": " or "") .. what .. " " .. fix, field = field }, 0)
end
local fail = field_check.fail

--- Of what else something is a word, as a sentence; nil: of nothing.
local function elsewhere(key, allowed)
    local list = {}
    for _, kind in ipairs(kinds) do
        list[#list + 1] = kind.words ~= allowed and kind.words[key] and kind.what or nil
    end
    return #list > 0 and ("It is a word of %s."):format(table.concat(list, ", of ")) or nil
end

--- What to write for a field that a table does not have. others: { [what people write] = a sentence, or the
-- field that is meant }, may be nil.
local function instead_of(key, allowed, others)
    local other = others and (others[key] or others[wording.plain(tostring(key))])
    if other and not allowed[other] then return other end
    local known = wording.listed(allowed)
    if known == "" then return "This is a list without names." end
    return wording.did_you_mean(key, allowed, "%s", elsewhere(key, allowed)
        or "Fields are: " .. known .. ".", others)
end

--- Raises if tab has a field that is not in `allowed`; whole numbers up to also_numbers may be there too.
-- others: see instead_of.
function field_check.fields(where, tab, allowed, also_numbers, others)
    local wrong = {}
    for key in pairs(tab) do
        local numbered = also_numbers and math.type(key) == "integer" and key <= also_numbers
        if not (numbered or allowed[key]) then wrong[key] = true end
    end
    local key = lists.sorted_keys(wrong)[1]
    if math.type(key) == "integer" then
        fail(where, ("%s stands there without the name of a field."):format(shown(tab[key])),
            instead_of(key, allowed, others))
    elseif key ~= nil then
        local is_row = others == slips.table and (drivers[key] ~= nil) and type(tab[key]) == "table"
        fail(where, "the field '" .. tostring(key) .. "' is unknown.", is_row
            and ("A row has no name, its driver is its first entry: { \"%s\", ... }."):format(key)
            or instead_of(key, allowed, others), tostring(key))
    end
end

--- Raises unless something is a table. what: it is to be; example: how one is written.
function field_check.table(where, value, what, example)
    if type(value) ~= "table" then
        fail(where, ("it is %s, not %s."):format(shown(value), what), ("Write %s."):format(example))
    end
end

--- Raises if there are more than there may be.
function field_check.at_most(where, count, most)
    if count > most then fail(where, ("there are %d."):format(count), ("Have at most %d."):format(most)) end
end

--- A word that is true or not there.
function field_check.flag(where, word, value)
    if value ~= nil and value ~= true then
        fail(where, ("%s is %s."):format(word, shown(value)), ("Write %s = true, or remove it."):format(word))
    end
    return value
end

--- Whether something is an id: up to 16 capitals, digits and _.
function field_check.is_id(id)
    return type(id) == "string" and #id <= LONGEST_ID and id:find("^[A-Z][A-Z0-9_]*$") ~= nil
end

--- What was written as such an id, else `example`.
function field_check.as_id(written, example)
    local id = type(written) == "string" and written:upper():gsub("[^%u%d_]", ""):gsub("^[%d_]+", "") or ""
    return id ~= "" and id:sub(1, LONGEST_ID) or example
end

--- Raises if a list has names or holes. A variable that is nil, or a misspelt one, leaves a hole.
function field_check.list(where, list)
    local last = 0
    for _, key in ipairs(lists.sorted_keys(list)) do
        if math.type(key) ~= "integer" or key < 1 then
            fail(where, "the field '" .. tostring(key) .. "' is unknown.",
                "This is a list of tables: " .. where .. " = { { ... }, { ... } }.")
        end
        last = math.max(last, key)
    end
    for i = 1, last do
        if list[i] == nil then
            fail(where, ("number %d of %d is nil."):format(i, last),
                "Write it, or remove the comma before it.")
        end
    end
end

--- A text on one line, of at most `longest` characters.
function field_check.text(where, field, value, longest)
    local length = type(value) == "string" and utf8.len(value)
    if value == nil then
        fail(where, field .. " is missing.", ("Write a text of 1 to %d characters in quotes."):format(
            longest))
    elseif type(value) ~= "string" then
        fail(where, ("%s is %s, which is no text."):format(field, shown(value)), "Write it in quotes.")
    elseif not length then
        fail(where, field .. " has letters that are not UTF-8.", "Save the file as UTF-8.")
    elseif not value:find("%S") then
        fail(where, field .. " is empty.", ("Write a text of 1 to %d characters."):format(longest))
    elseif length > longest then
        fail(where, ("%s, %s, has %d characters."):format(field, shown(value), length),
            ("It may have %d."):format(longest))
    elseif value:find("%c") then
        fail(where, ("%s, %s, is on several lines, or has a tab."):format(field, shown(value)),
            "Write it on one line.")
    end
    return value
end

--- A text or a list of texts -> a list of texts; nil -> an empty list.
function field_check.texts(where, field, value)
    if value == nil then return {} end
    local list = type(value) == "table" and value or { value }
    local count = 0
    for key, text in pairs(list) do
        count = count + 1
        if math.type(key) ~= "integer" or type(text) ~= "string" or text == "" then
            local what = math.type(key) == "integer" and shown(text) or ("the field '%s'"):format(key)
            fail(where, ("%s has %s: it is a text or a list of texts."):format(field, what),
                ("Write each in quotes: %s = { \"...\", \"...\" }."):format(field))
        end
    end
    if count ~= #list or count == 0 then
        fail(where, field .. " is an empty list or has holes.",
            "Name at least one, without nil between them.")
    end
    return list
end

--- A finite number, or `default` where there is none.
function field_check.number(where, field, value, default)
    if value == nil then return default end
    if type(value) ~= "number" or value ~= value then
        local number = type(value) == "string" and tonumber((value:gsub(",", ".")))
        fail(where, ("%s is not a number: it is %s."):format(field, shown(value)), number
            and ("Write %s = %s, without quotes."):format(field, number)
            or ("Write a number: %s = 1."):format(field))
    elseif math.abs(value) > LARGEST_NUMBER then
        fail(where, field .. " is too large.", "The ISY shows numbers up to 1e12.")
    end
    return value
end

return field_check
