--- Where in the text of a device script something stands, so that a message can name the line.
--
-- The table that a script returns has no lines any more; they are looked up in the tables that are written in
-- its text.
-- script = { file = its name for messages, text, nil: not known, table = what it returned }

local lines = {}

--- The text without its comments; lines keep their numbers.
local function without_comments(text)
    local parts, from = {}, 1
    local first, after = text:find("--[[", 1, true)
    while first do
        local _, last = text:find("]]", after, true)
        if not last then break end
        parts[#parts + 1] = text:sub(from, first - 1)
        parts[#parts + 1] = text:sub(first, last):gsub("[^\n]", "")
        from = last + 1
        first, after = text:find("--[[", from, true)
    end
    parts[#parts + 1] = text:sub(from)
    return (table.concat(parts):gsub("%-%-[^\n]*", ""))
end

--- A script's text without its comments; "" where it is not known.
function lines.code(script)
    script.code = script.code or without_comments(script.text or "")
    return script.code
end

--- Code with a point for each letter of its texts.
local function without_texts(code)
    return (code:gsub("\\[^\n]", ".."):gsub("([\"'])([^\n]-)%1", function(quote, text)
        return quote .. ("."):rep(#text) .. quote
    end))
end

--- Whether a script has a local of a name.
function lines.declares(script, name)
    for list in lines.code(script):gmatch("%f[%w_]local%s+([%w_%s,]+)=") do
        for its in list:gmatch("[%w_]+") do
            if its == name then return true end
        end
    end
    return false
end

local function line_at(code, position)
    local line = 1
    for _ in code:sub(1, position - 1):gmatch("\n") do line = line + 1 end
    return line
end

------------------------------------------------------------------------------------- what is written

local OPENS = { ["function"] = 1, ["if"] = 1, ["do"] = 1, ["repeat"] = 1, ["end"] = -1, ["until"] = -1 }

--- Notes the entry of a table that begins at a position with a word or a sign.
local function begin_entry(tab, plain, at, word)
    local name = word ~= "" and plain:match("^%s*=[^=]", at + #word) and word
    local key = plain:match("^%[%s*(%-?%w+)%s*%]%s*=", at)
    local entry = { at = at, name = name or nil, key = tonumber(key) }
    if name then
        local first = tab.fields[name] or entry
        first.times = (first.times or 0) + 1
        entry.again = first.times == 2
        entry.value = plain:match("^[%w_]+%s*=%s*([%a_][%w_.]*)%s*[,;}]", at)
        entry.called = plain:match("^[%w_]+%s*=%s*([%a_][%w_.]*)%s*%b()%s*[,;}]", at)
        tab.fields[name] = first
    elseif not plain:find("^%[.-%]%s*=", at) then
        table.insert(tab.items, entry)
    end
    table.insert(tab.entries, entry)
    return entry
end

--- What is written in code -> tables, by where they begin: { at, entries = list of { at, name, key = number
-- of [0] = ..., again = it is the second of its name, value = the variable that it is given, called = the
-- function that gives it its value, tab = the table that it is given }, fields = the first of each name,
-- items = those without name and key }; where functions end, by where they begin.
local function parts_of(plain)
    local tables, functions, stack, blocks = {}, {}, { { blocks = 0 } }, {}
    for at, word, sign in plain:gmatch("%s*()([%a_]?[%w_]*)([^%w_%s]?)") do
        local here = stack[#stack]
        local begins = here.entries and here.blocks == 0 and not here.entry
        if begins and (word ~= "" or not sign:find("^[},;]?$")) then
            here.entry = begin_entry(here, plain, at, word)
        end
        here.blocks = here.blocks + (OPENS[word] or 0)
        if OPENS[word] == 1 then
            blocks[#blocks + 1] = at
        elseif OPENS[word] and #blocks > 0 then
            functions[table.remove(blocks)] = at + #word - 1
        end
        at = at + #word
        if sign == "{" then
            local tab = { at = at, blocks = 0, entries = {}, fields = {}, items = {} }
            tables[at] = tab
            if here.entry and here.blocks == 0 then here.entry.tab = here.entry.tab or tab end
            stack[#stack + 1] = tab
        elseif sign == "(" then
            stack[#stack + 1] = { blocks = 0 }
        elseif (sign == "}" or sign == ")") and #stack > 1 then
            stack[#stack] = nil
        elseif sign:find("^[,;]$") and here.blocks == 0 then
            here.entry = nil
        end
    end
    return tables, functions
end

--- The table that code returns at its end, there or under a name; nil: it is not written in it.
local function returned(plain, tables)
    for at in plain:gmatch("%f[%w_]return%s*(){") do
        if plain:find("^%b{}[%s;]*$", at) then return tables[at] end
    end
    local name = plain:match("%f[%w_]return%s+([%a_][%w_]*)[%s;]*$")
    return tables[name and plain:match("%f[%w_]" .. name .. "%s*=%s*(){")]
end

--- What is written in a script: { tables, functions, root = the table that it returns|nil }.
local function written(script)
    if not script.written then
        local plain = without_texts(lines.code(script))
        local tables, functions = parts_of(plain)
        script.written = { tables = tables, functions = functions, root = returned(plain, tables) }
    end
    return script.written
end

--- The tables that are written in a script, in order.
function lines.tables(script)
    local list = {}
    for _, tab in pairs(written(script).tables) do list[#list + 1] = tab end
    table.sort(list, function(a, b) return a.at < b.at end)
    return list
end

---------------------------------------------------------------------------------------------- places

local NAMED = { "part", "row", "command", "setting", "sample", "step" }

--- A place in a script: { row = n } | { part = n, row = n|nil } | { command = "NAME" } | { sample = n, step =
-- n|nil } | { field = "match" } | { at = position in the code } | {}. It is given the name that messages have
-- for it: "part 1, row 2".
function lines.place(of)
    for _, what in ipairs(NAMED) do
        local name = of[what] and what .. " " .. of[what]
        of.name = name and of.name and of.name .. ", " .. name or name or of.name
    end
    return of
end

--- The entry of a list that is a field of another entry's table -> the entry, or that of the list.
local function item_of(entry, name, number)
    local list = entry and entry.tab and entry.tab.fields[name]
    return list and list.tab and list.tab.items[number] or nil, list
end

--- The entry of the code where a place is; nil if it cannot be found.
local function entry_of(script, place)
    local tab = written(script).root
    if not tab or place.at then return place.at and { at = place.at } end
    local root = { at = tab.at, tab = tab }
    if place.sample then
        local sample, list = item_of(root, "samples", place.sample)
        return place.step and item_of(sample, "steps", place.step) or sample or list
    elseif place.command then
        local list = tab.fields.commands
        return list and list.tab and list.tab.fields[place.command] or list or root
    elseif place.part or place.row then
        local of = root
        if place.part then of = item_of(root, "parts", place.part) end
        return of and of.tab and place.row and of.tab.items[place.row] or not place.row and of or nil
    end
    return tab.fields[place.field] or root
end

--- The first field of a name in a table, or in the tables of its fields; nil: there is none.
local function field_in(tab, name)
    if tab.fields[name] then return tab.fields[name] end
    for _, entry in ipairs(tab.entries) do
        local found = entry.name and entry.tab and field_in(entry.tab, name)
        if found then return found end
    end
    return nil
end

--- The table that is written at a place; nil: none is.
function lines.table_at(script, place)
    local entry = entry_of(script, place)
    return entry and entry.tab
end

--- The line of a place, or of a field there (inside, may be nil); nil if it cannot be found (a table that was
-- put together by code).
function lines.line(script, place, inside)
    local entry = entry_of(script, place)
    entry = inside and entry and entry.tab and field_in(entry.tab, inside) or entry
    return entry and line_at(lines.code(script), entry.at)
end

--- "tank.lua:12", or "tank.lua" when the line or the text is unknown.
function lines.at(script, place, inside)
    local line = script.text and lines.line(script, place, inside)
    return line and script.file .. ":" .. line or script.file
end

--- The code from a place on; "" if it cannot be found.
function lines.from(script, place)
    local entry = entry_of(script, place)
    return entry and lines.code(script):sub(entry.at) or ""
end

--- A number with a comma that a field is given in a table or in those of its fields -> "max = 16,5"; nil:
-- there is none.
function lines.comma(script, place)
    local tab = lines.table_at(script, place)
    local code = tab and without_texts(lines.code(script)):match("^%b{}", tab.at) or ""
    return code:match("([%a_][%w_]*%s*=%s*%-?%d+%s*,%s*%d+)%s*[,}]")
end

------------------------------------------------------------------------------------------- functions

--- The code of the function that begins at a position; nil: none does.
local function body_from(script, from)
    local last = from and written(script).functions[from]
    return last and lines.code(script):sub(from, last)
end

--- The code of the function that a row has as a field, written there or above under its name; nil: it is not
-- found.
function lines.body_of(script, place, name)
    local code, tab = lines.code(script), lines.table_at(script, place)
    local entry = tab and tab.fields[name]
    if not entry then return nil end
    local _, value = code:find("^[%w_]+%s*=%s*", entry.at)
    local of, called = code:match("^([%a_][%w_]*)%s*([({.%[\"':]?)", value + 1)
    if of == "function" then return body_from(script, value + 1) end
    if called ~= "" then return nil end                 -- what makes the function, not the function
    return body_from(script, of and code:find("%f[%w_]function%s+" .. of .. "%s*%("))
end

local MOST_CALLED = 20              -- functions whose code is added; a script may have hundreds

--- The same with the code of functions of the script that it calls.
function lines.all_of(script, place, name)
    local code, body = lines.code(script), lines.body_of(script, place, name)
    if not body then return nil end
    local parts, called = { body }, {}
    for word in body:gmatch("%f[%w_]([%a_][%w_]*)%s*%(") do called[word] = true end
    for at, word in code:gmatch("%f[%w_]()function%s+([%a_][%w_]*)%s*%(") do
        if called[word] and #parts <= MOST_CALLED then parts[#parts + 1] = body_from(script, at) end
    end
    return table.concat(parts, "\n")
end

--- What may be a number with a comma in code, "17,62"; nil: nothing. What stands alone between what a
-- function is given, or in a list, is no such number: math.max(0,5).
function lines.comma_in(code)
    local plain = without_texts(code)
    for from, number, after in plain:gmatch("()%f[%w_.](%d+,%d+)%f[^%w_.]%s*(.?)") do
        local alone = after:find("^[)},]") and plain:sub(1, from - 1):find("[({,]%s*$")
        if not alone then return number end
    end
    return nil
end

--- What a function returns, if it is more than one value, as it is written in its code; nil: it is not.
function lines.results_of(body)
    local plain, blocks, functions = without_texts(body), {}, 0
    for token, after in plain:gmatch("%f[%w_](%l+)%f[^%w_]()") do
        if OPENS[token] == 1 then
            blocks[#blocks + 1] = token
            functions = functions + (token == "function" and 1 or 0)
        elseif OPENS[token] then
            functions = functions - (table.remove(blocks) == "function" and 1 or 0)
        end
        if token == "return" and functions == 1 then
            local last = plain:find("%f[%w_]e[nl][ds]%l*%f[^%w_]", after) or #plain + 1      -- end, else
            local given = body:sub(after, last - 1)
            local bare = without_texts(given):gsub("%b()", ""):gsub("%b{}", ""):gsub("%b[]", "")
            if bare:find(",", 1, true) then return (given:gsub("%s+", " "):match("^ ?(.-) ?$")) end
        end
    end
    return nil
end

return lines
