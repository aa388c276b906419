--- Finds what helps with a message of Lua's, from the compiler or raised by a function of a script.

local drivers = require "types.drivers"
local is_word = require("check.fields").is_word
local lines = require "check.lines"
local row_check = require "check.rows"
local units = require "types.units"
local words = require("types.lists").words
local wording = require "types.wording"

local hints = {}

local known                         -- check.hint_lists, once there is a message to help with

--- What the first hint of a list that fits says; nil: none fits. word: what NAME is, nil: what is captured.
local function first_of(list, message, code, word)
    for _, hint in ipairs(list) do
        local found, _, captured = message:find(hint[1])
        local name = word or captured or "NAME"
        local in_code = (hint[3] and hint[2] or ""):gsub("NAME", (name:gsub("%p", "%%%%%0")))
        if found and code:find(in_code) then return (hint[#hint]:gsub("NAME", (name:gsub("%%", "%%%%")))) end
    end
    return nil
end

--- Texts of a line's code made blank, and its comment taken off, so that only signs of Lua are looked at.
local function bare(code)
    code = code:gsub("([\"'])(.-)%1", "%1%1")
    return (code:gsub("%-%-.*", ""))
end

--- A line of a text, the last one before it with code; "": there is none.
local function lines_at(text, number)
    local list, before = {}, number - 1
    for line in (text .. "\n"):gmatch("(.-)\n") do list[#list + 1] = line end
    while list[before] and (not list[before]:find("%S") or list[before]:find("^%s*%-%-")) do
        before = before - 1
    end
    return list[number] or "", list[before] or ""
end

local DECLARED = { "local%s+([%w_%s,]+)", "function%s+([%w_]+)", "function%s*[%w_]*%s*%(([%w_%s,]*)%)",
                   "for%s+([%w_%s,]+)%s" }

--- The names that a text declares, but for one.
local function declared(text, without)
    local names = {}
    for _, pattern in ipairs(DECLARED) do
        for list in text:gmatch("%f[%w_]" .. pattern) do
            for name in list:gmatch("[%a_][%w_]*") do names[name] = true end
        end
    end
    for _, word in ipairs(known.KEYWORDS) do names[word] = nil end
    names[without] = nil
    return names
end

--- A name that is given a value and was not declared.
local function of_assignment(name, text, code)
    if code:find("^%s*function%f[^%w_]") then return ("Write local function %s(...)."):format(name) end
    if name:find("^GV%d+$") or name == "ST" then
        return ("node:set(\"%s\", 5) shows a value."):format(name)
    end
    if not text:find("%f[%w_]return%s*{") and text:find("%f[%w_]" .. name .. "%s*=%s*{") then
        return ("Write return { for %s = {."):format(name)
    end
    local own = wording.near(name, declared(text, name))
    return own and ("Did you mean %s? Else declare it: local %s = ..."):format(own, name)
        or ("Declare it first: local %s = ..."):format(name)
end

--- A name that people give to `number`.
local function is_number(name)
    for _, part in ipairs { "num", "val", "get", "row", "read", "float" } do
        if name:lower():find(part, 1, true) then return true end
    end
    return false
end

--- A name that nobody declared: what was meant.
local function of_global(name, text, code)
    local told = first_of(known.BY_GLOBAL, "'" .. name .. "'", code, name)
    if told then return told end
    if is_word(name) and code:find("[{,]%s*" .. name .. "%s*[,}]") then
        return ("A field is given by one =: %s = ..."):format(name)
    end
    local keyword, global = wording.near(name, known.KEYWORDS), wording.near(name, known.GLOBALS)
    if code:find("^%s*" .. name .. "%s*{") and not keyword then
        return ("Is a = missing: %s = { ... }?"):format(name)
    end
    local there = wording.same(name, known.GLOBALS)
        or not known.SLIPS[name] and wording.same(name .. "of", known.GLOBALS)    -- site for site_of
        or wording.near(name, declared(text, name))
    if there then return ("Did you mean %s?"):format(there) end
    if code:find("%f[%w_]" .. name .. "%s*%(%s*rows%s*,") and not global and is_number(name) then
        return "Write number(rows, \"/Path\")."
    elseif text:find("%f[%w_]use%s*%(?%s*[\"']" .. name .. "[\"']") then
        return ("Write local %s = use \"%s\"."):format(name, name)
    elseif known.SLIPS[name] then
        return known.SLIPS[name]
    elseif known.WRITTEN[name] then
        return ("Write %s."):format(known.WRITTEN[name])
    elseif code:find("%[%s*" .. name .. "%s*%]") and not code:find("unit%s*%[") then
        return ("A name in [ ] stands in quotes: [\"%s\"]. Else declare it above with local."):format(name)
    elseif code:find("%f[%w_]" .. name .. "%s*=[^=]") then
        return of_assignment(name, text, code)
    elseif units[name:lower()] then
        return ("Write unit.%s."):format(name:lower())
    end
    local word = keyword or global
    return word and ("Did you mean %s?"):format(word) or first_of(known.BY_OTHER_GLOBAL, name, code, name)
end

--- What stands before a field that is nil: "string" of string.match; nil: nobody knows.
local function owner_of(field, code)
    return code:match("([%a_][%w_]*)%s*[.:]%s*" .. field:gsub("%p", "%%%0") .. "%f[^%w_]")
end

local function of_field(field, code)
    local owner = owner_of(field, code)
    local its, slip = owner and known.FIELDS[owner], known.FIELD_SLIPS[field]
    local meant = its and wording.near(field, its)
    if slip and not (meant and wording.same(field, its)) then return slip end
    if meant then return ("Did you mean %s.%s?"):format(owner, meant) end
    return its and ("%s has %s."):format(owner, wording.listed(its)) or slip
end

--- What is said of a function that was called where the table is to have it, as in update = update(): what it
-- is given, of which the message says that it is nil, is nothing there. nil: it was not.
local function of_called(why, text)
    local given = why:match("nil value %(local '([%w_]+)'%)")
    if not given then return nil end
    for field, name in text:gmatch("[{,]%s*([%a_][%w_]*)%s*=%s*([%a_][%w_]*)%s*%(%s*%)%s*[,}]") do
        local takes = text:match("%f[%w_]function%s+" .. name .. "%s*%(([^)]*)%)")
        if takes and takes:find("%f[%w_]" .. given .. "%f[^%w_]") then
            return ("%s is called there, and given nothing: write %s = %s."):format(name, field, name)
        end
    end
    return nil
end

--- Of a message that a function of a script raised.
local function of_value(why, code, line)
    if why:find("attempt to %a+ a 'string'") and line:find("[\"']/[^\"']*[\"']%s*[%*/%+%-]") then
        return "A path is a text: scale = 10 in a row multiplies, sum = { ... } adds up; in a function it is"
            .. " number(rows, \"/Path\") * 10."
    end
    local hint = first_of(known.BY_NIL, why, code)
    if hint then return hint end
    local field = why:match("attempt to call a nil value %(%a+ '([^']+)'%)")
    local of_node = why:match("a node has no '(.-)'")
    if field then return of_field(field, code) or ("There is no %s: is it misspelt?"):format(field) end
    if of_node then
        return wording.did_you_mean(of_node, known.OF_NODE, "node:%s", ("It has %s."):format(wording.listed(
            known.OF_NODE)), known.NODE_SLIPS):gsub("node:(%a+)%?", known.NO_METHODS)
    end
    local called = known.WRITTEN[why:match("argument #%d to '([%a_]+)'")
        or why:match("index a function value %(%a+ '([%a_]+)'")]
    return first_of(known.BY_VALUE, why, code) or called and ("Write %s."):format(called)
end

--- A word of the code that is nearly one of Lua's longer ones, or one in capitals.
local function misspelt(code)
    for word in code:gmatch("[%a_]+") do
        local small = word:lower()
        for _, keyword in ipairs(word ~= small and known.KEYWORDS or {}) do
            if small == keyword then return ("Write %s in small letters."):format(keyword) end
        end
        local meant = #word >= 4 and wording.near(word, { "function", "local", "return", "elseif", "while" })
        if meant and meant ~= word then return ("Did you mean %s?"):format(meant) end
    end
    return nil
end

--- How many blocks a line begins and does not end.
local function balance(code)
    local count = 0
    for word in code:gmatch("%f[%w_][%a_]+%f[^%w_]") do
        if word == "function" or word == "if" or word == "do" then count = count + 1 end
        if word == "end" then count = count - 1 end
    end
    return count
end

--- Of what the compiler says. line: that of the message, before: the one before it; as they are written.
local function of_syntax(why, line, before)
    local code, near = bare(line), why:find("near", 1, true)
    local token = why:match("near '(.-)'$")
    if token and not line:find("^%s*" .. token:gsub("%p", "%%%0")) then     -- the mistake is in this line
        why = why:gsub(" %(to close '.-' at line %d+%)", "")
    end
    local told = near and (misspelt(code) or first_of(known.BY_CODE, why, code)
        or first_of(known.BY_CODE, why, bare(before)))
    if told then return told end
    if why:find("near '[},]'") and balance(code) > 0 then
        return "An end is missing: each function, if and for has one."
    end
    if near and (line .. "\n" .. before):find("[%w_%)]%-%-") then
        return "-- begins a comment: write x = x - 1."
    end
    if near and not why:find("<", 1, true) and select(2, line:gsub('"', "")) % 2 == 1 then
        return "Is a quote missing in this line?"
    end
    if near and not why:find("unfinished", 1, true) and select(2, code:gsub("'", "")) % 2 == 1 then
        return "A text with ' in it stands in \" \"."
    end
    return first_of(known.BY_MESSAGE, why, code)
end

--- What was probably meant by a name that the table does not have -> sentence | nil.
local function of_name(why, text)
    for _, one in ipairs { { "the event (%S+) is not declared", "events" },
                           { "there is no setting '(.-)'", "settings" } } do
        local name, names = why:match(one[1]), {}
        local body = name and text:match("%f[%w_]" .. one[2] .. "%s*=%s*(%b{})") or ""
        for its in body:gmatch("([%a_][%w_]*)%s*=") do names[its] = true end
        local told = name and (names[name] and "It is there once the file is loaded: ask in a function."
            or wording.did_you_mean(name, names, "%s", nil))
        if told then return why:match("^(.-)%. Write") or why, told end
    end
    local id = why:match("has no driver ([%w_]+)")
    local told = id and not drivers[id] and wording.did_you_mean(id, drivers, "\"%s\"", nil,
        row_check.DRIVER_SLIPS)
    return told and why, told
end

--- A message of Lua's with what helps. file: the script's name at the message's beginning; text: the script's
-- text, "" where it is not known; libs: those there are for the script, { [name] = any }, may be nil.
function hints.add(why, file, text, libs)
    known = known or require "check.hint_lists"
    local number = why:sub(1, #file) == file and tonumber(why:match("^:(%d+):", #file + 1))
    local line, before = lines_at(text, number or 0)
    local name, assigned = why:match("there is no global '(.-)'"), why:match(": '(.-)' is not declared")
    local lib = why:match("there is no lib/([%w_-]+)%.lua")
    local shorter, hint = of_name(why, text)
    if why:find("a device script ends with", 1, true) and not lines.code({ text = text }):find("%S") then
        return ("%s: the file %s. Write the table into it: return { api = 2, ... }."):format(file,
            text:find("%S") and "has nothing but comments" or "is empty")
    end
    if text:find("\0", 1, true) then return why .. ". Save the file as UTF-8: there are zeros in it." end
    local told, of, unknown, fields = why:match("^(.-([%w ]+) has no '([^']*)')%. It has ([^.]*)%.$")
    if hint then
        why = shorter
    elseif unknown then
        hint = wording.did_you_mean(unknown, words((fields:gsub(",", ""))), "%s", nil,
            known.GIVEN_SLIPS[of:match("%S.*")])
        why = hint and told or why
        hint = hint or of:find("args$") and known.ARGS or nil
    elseif name then
        why, hint = why:gsub(" %(a misspelt local, or.-%?%)", ""), of_global(name, text, bare(line))
    elseif assigned then
        why, hint = why:gsub(": write 'local .-'", ""), of_assignment(assigned, text, bare(line))
    elseif lib then
        hint = wording.did_you_mean(lib, libs or {}, "use \"%s\"",
            "Libs stand in the folder lib beside the script.")
    else
        hint = of_called(why, text) or of_value(why, bare(line), line) or of_syntax(why, line, before)
    end
    why = why:gsub(" to '%?' %(", " (")         -- a function of the library that is called by one of ours
    return hint and why:gsub("%.$", "") .. ". " .. hint or why
end

return hints
