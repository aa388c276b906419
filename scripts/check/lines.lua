--- Where in the text of a device script something stands, so that a message can name the line.
--
-- The table that a script returns has no lines any more; they are looked up by what is written there.
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

local function without_texts(code)
    return (code:gsub("([\"'])([^\"'\n]*)(%1)", function(quote, text, last)
        return quote .. ("."):rep(#text) .. last
    end))
end

local function line_at(code, position)
    local line = 1
    for _ in code:sub(1, position - 1):gmatch("\n") do line = line + 1 end
    return line
end

local function nth_match(code, pattern, nth, from)
    local position = from
    for _ = 1, nth do
        local found = position and code:find(pattern, position)
        if not found then return nil end
        position = found + 1
    end
    return position - 1
end

local function field(code, name, nth, from)
    return nth_match(code, "%f[%w_]" .. name .. "%s*=[^=]", nth, from)
end

--- The position of the nth table (unnamed: those with a name do not count) in the table that begins after a
-- position; nil where there are fewer.
local function nth_table(code, nth, from, unnamed)
    local depth, count = 0, 0
    for equals, position, brace in without_texts(code):gmatch("(=?)%s*()([{}])", from) do
        if brace == "{" and depth == 1 and not (unnamed and equals == "=") then count = count + 1 end
        if brace == "{" and depth == 1 and count == nth then return position end
        depth = depth + (brace == "{" and 1 or -1)
        if depth == 0 then return nil end
    end
    return nil
end

--- How many of the first `last` rows of a table begin with these ids.
local function same_ids(tab, ids, last)
    local count = 0
    for i = 1, last do
        if type(tab[i]) == "table" and tab[i][1] == ids then count = count + 1 end
    end
    return count
end

--- Whether a part is written in the code. That of a lib is not: its id is not there.
local function is_here(code, part)
    local id = type(part) == "table" and part.id
    if type(id) ~= "string" then return true end
    return code:find(('"%s"'):format(id), 1, true) ~= nil or code:find(("'%s'"):format(id), 1, true) ~= nil
end

--- Those of the first `last` parts of a table that are written in the code.
local function parts_here(code, tab, last)
    local list = {}
    for i = 1, last do
        local part = type(tab.parts) == "table" and tab.parts[i]
        if is_here(code, part) then list[#list + 1] = part end
    end
    return list
end

local function escaped(word) return (word:gsub("%p", "%%%0")) end

--- The position of the nth table without a name in the table that is returned; nil where there are fewer.
local function nth_row(code, nth)
    local from = code:find("%f[%w_]return%s*{")
    return from and nth_table(code, nth, from, true)
end

--- Row number `row` of a table begins with its ids as a literal: { "GV1", ... }. Those that stand twice are
-- told apart by their order. part: number of the part the row is in, nil for none.
local function row_position(code, tab, part, row)
    local parts = type(tab.parts) == "table" and tab.parts or {}
    local rows = part and parts[part] or tab
    local ids = type(rows[row]) == "table" and rows[row][1]
    if type(rows[row]) == "string" then return code:find(('["\']%s["\']'):format(escaped(rows[row]))) end
    if type(ids) ~= "string" then return not part and nth_row(code, row) or nil end
    local nth = same_ids(rows, ids, row)
    for _, before in ipairs(parts_here(code, tab, (part or 0) - 1)) do
        if type(before) == "table" then nth = nth + same_ids(before, ids, #before) end
    end
    local from = field(code, part and "parts" or "api", 1, 1) or 1
    return nth_match(code, "[{(]%s*[\"']" .. escaped(ids) .. "[\"']", nth, from)
        or not part and ids:find("^%l") and nth_row(code, row) or nil       -- a unit stands there, say
end

local NAMED = { "part", "row", "command", "setting", "sample", "step" }

--- A place in a script: { row = n } | { part = n, row = n|nil } | { command = "NAME" } | { setting = "name" }
-- | { sample = n, step = n|nil } | { field = "match" } | { at = position in the code } | {}. It is given the
-- name that messages have for it: "part 1, row 2".
function lines.place(of)
    for _, what in ipairs(NAMED) do
        local name = of[what] and what .. " " .. of[what]
        of.name = name and of.name and of.name .. ", " .. name or name or of.name
    end
    return of
end

--- Where a place is in the code; nil if it cannot be found.
function lines.position(script, place)
    local code, tab, position = lines.code(script), script.table, place.at
    if position then return position end
    local parts = parts_here(code, tab, place.part or 0)
    if place.part and parts[#parts] ~= tab.parts[place.part] then return nil end
    if place.row then
        position = row_position(code, tab, place.part, place.row)
    elseif place.part then
        local list = field(code, "parts", 1, 1)
        position = field(code, "part", #parts, list or 1) or list
    elseif place.command then
        local commands = field(code, "commands", 1, 1)
        local named = place.command:find("^[%a_][%w_]*$")
        position = named and field(code, place.command, 1, commands or 1) or commands
    elseif place.sample then
        local samples = field(code, "samples", 1, 1)
        position = samples and (nth_table(code, place.sample, samples) or samples)
        local list = position and place.step and field(code, "steps", 1, position)
        position = list and nth_table(code, place.step, list) or position
    elseif place.setting or place.field then
        position = field(code, place.field or "settings", 1, 1)
    end
    return position or not (place.row or place.part or place.sample) and code:find("%f[%w_]return%s*{") or nil
end

--- Where a field begins in the table that begins at a position; nil: there is none of that name.
local function position_inside(code, position, name)
    local at = name:find("^[%w_]+$") and field(code, name, 1, position or 1)
    local whole = at and position and code:match("^%b{}", position)
    return not (whole and at > position + #whole) and at or nil
end

--- The line of a place, or of a field there (inside, may be nil); nil if it cannot be found (a table that was
-- put together by code).
function lines.line(script, place, inside)
    local code, position = lines.code(script), lines.position(script, place)
    position = inside and position_inside(code, position, inside) or position
    return position and line_at(code, position)
end

--- "tank.lua:12", or "tank.lua" when the line or the text is unknown.
function lines.at(script, place, inside)
    local line = script.text and lines.line(script, place, inside)
    return line and script.file .. ":" .. line or script.file
end

--- The code from a place on; "" if it cannot be found.
function lines.from(script, place)
    local position = lines.position(script, place)
    return position and lines.code(script):sub(position) or ""
end

--- Where the table begins that the code returns at its end; nil: nobody knows.
function lines.returned(code)
    local plain = without_texts(code)
    for at in plain:gmatch("%f[%w_]return%s*(){") do
        if plain:find("^%b{}[%s;]*$", at) then return at end
    end
    return nil
end

local OPENS = { ["function"] = 1, ["if"] = 1, ["do"] = 1, ["repeat"] = 1,
                ["end"] = -1, ["until"] = -1 }

--- Whether what stands before a position lets a field begin there.
local function begins_field(code, at)
    repeat at = at - 1 until not code:find("^%s", at)
    return code:find("^[{,;]", at) ~= nil
end

--- The fields of all tables of the code, from the table that it returns on: list of { name, depth = of the
-- table, 1: that which is returned, from = where that begins, nth = of this name there, at = for lines.line,
-- value = the variable that it is given, nil: something else }.
function lines.fields(code)
    code = without_texts(code)
    local tables, list = {}, {}
    local from = code:find("%f[%w_]return%s*{")
    for at, token in code:gmatch("()([%a_][%w_]*)", from or #code + 1) do
        for brace_at, brace in code:sub(from, at - 1):gmatch("()([{}])") do
            if brace == "{" then
                tables[#tables + 1] = { blocks = 0, seen = {}, from = from + brace_at - 1 }
            else
                tables[#tables] = nil
            end
        end
        from = at
        local here = tables[#tables]
        local named = here and here.blocks == 0 and code:find("^[%a_][%w_]*%s*=[^=]", at)
            and begins_field(code, at)
        if here then here.blocks = here.blocks + (OPENS[token] or 0) end
        if named then
            here.seen[token] = (here.seen[token] or 0) + 1
            list[#list + 1] = { name = token, depth = #tables, from = here.from, nth = here.seen[token],
                                at = at, value = code:match("^[%w_]+%s*=%s*([%a_][%w_.]*)%s*[,;}]", at) }
        end
    end
    return list
end

--- The code from a `function` on, up to its end.
local function body_from(code, from)
    local plain, depth = without_texts(code), 0
    for token, after in plain:gmatch("%f[%w_](%l+)%f[^%w_]()", from) do
        depth = depth + (OPENS[token] or 0)
        if depth == 0 and OPENS[token] then return code:sub(from, after - 1) end
    end
    return nil
end

--- The code of the function that a row has as a field, written there or above under its name; nil: it is not
-- found.
function lines.body_of(script, place, name)
    local code, at = lines.code(script), lines.position(script, place)
    local _, value = code:find("%f[%w_]" .. name .. "%s*=%s*", at or #code + 1)
    if not value then return nil end
    local of, called = code:match("^([%a_][%w_]*)%s*([({.%[\"':]?)", value + 1)
    if of == "function" then return body_from(code, value + 1) end
    if called ~= "" then return nil end                 -- what makes the function, not the function
    local from = of and code:find("%f[%w_]function%s+" .. of .. "%s*%(")
    return from and body_from(code, from)
end

local MOST_CALLED = 20              -- functions whose code is added; a script may have hundreds

--- The same with the code of functions of the script that it calls.
function lines.all_of(script, place, name)
    local code, body = lines.code(script), lines.body_of(script, place, name)
    if not body then return nil end
    local parts, called = { body }, {}
    for word in body:gmatch("%f[%w_]([%a_][%w_]*)%s*%(") do called[word] = true end
    for at, word in code:gmatch("%f[%w_]()function%s+([%a_][%w_]*)%s*%(") do
        if called[word] and #parts <= MOST_CALLED then parts[#parts + 1] = body_from(code, at) end
    end
    return table.concat(parts, "\n")
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

--- The states that stand more than once in a list of the code: list of { state, at = for lines.line }.
function lines.states_twice(code)
    local list = {}
    code = without_texts(code)
    for from, body in code:gmatch("{()([^{}]*)}") do
        local seen = {}
        for at, written in ("," .. body):gmatch("[,;]%s*()%[%s*(%-?%w+)%s*%]%s*=") do
            local state = tonumber(written)
            if state and seen[state] then list[#list + 1] = { state = state, at = from + at - 2 } end
            seen[state or written] = true
        end
    end
    return list
end

return lines
