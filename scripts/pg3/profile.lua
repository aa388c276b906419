--- The ISY's profile (docs/pg3.md, Profile files): node definitions, editors and texts, made of the types as
-- host.declare takes them.

local profile = {}

--- Called before each type that is written, so that the caller can let other work go on: there may be many.
profile.pause = function() end

local MOST_BYTES = 1024 * 1024      -- of one file
local UOM_INDEX = 25                -- the one unit whose values have names everywhere
local NO_DATA, NO_DATA_NAMES = 101, "NODATA"        -- host/pg3/node.h

local declared = {}                 -- what makes the declarations of all types of this run, in order
local by_id = {}                    -- [id] = its place there
local declarations = 0              -- how many there were

------------------------------------------------------------------------------------------- texts

--- Calls write(code) for each character of a text that is not printable ASCII, and puts its result there.
-- Bytes that are no UTF-8 count as one unknown character.
local function replace(text, write)
    return (text:gsub("[\0-\31\127-\255][\128-\191]*", function(bytes)
        if utf8.len(bytes) == 1 then return write(utf8.codepoint(bytes)) end
        local first = bytes:sub(1, 1)
        if first:find("[\0-\31\127]") then return " " .. write(0xFFFD) end
        return write(0xFFFD)
    end))
end

local ENTITIES = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;", ['"'] = "&quot;" }

local function xml_character(code) return code < 128 and " " or ("&#x%X;"):format(code) end

--- An attribute's value.
local function xml(text) return replace(text:gsub('[<>&"]', ENTITIES), xml_character) end

--- Files of texts are ASCII; anything else is \uXXXX, as in Java.
local function nls_character(code)
    if code < 128 then return " " end
    if code < 0x10000 then return ("\\u%04X"):format(code) end
    code = code - 0x10000
    return ("\\u%04X\\u%04X"):format(0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
end

--- A backslash of the text itself would begin an escape.
local function nls(text) return replace(text:gsub("\\", "\\u005C"), nls_character) end

----------------------------------------------------------------------------------------- writing

local function new_file(folder, name, head)
    return { folder = folder, name = name, bytes = 0, parts = {}, pieces = { head } }
end

local function put(file, form, ...)
    local text = form:format(...)
    file.bytes = file.bytes + #text
    file.pieces[#file.pieces + 1] = text
    if file.bytes > MOST_BYTES then
        error({ problem = ("the profile is larger than %d KiB"):format(MOST_BYTES // 1024) }, 0)
    end
end

--- Joins what was put into a file since the last time: all its small texts would take twice the memory.
local function join(file)
    file.parts[#file.parts + 1] = table.concat(file.pieces)
    file.pieces = {}
end

------------------------------------------------------------------------------------------ editors

--- The values of a list in increasing order.
local function values_of(names)
    local values = {}
    for value in pairs(names) do values[#values + 1] = value end
    table.sort(values)
    return values
end

--- "0,2-7,245"
local function subset(values)
    local parts, i = {}, 1
    while i <= #values do
        local last = i
        while values[last + 1] == values[last] + 1 do last = last + 1 end
        parts[#parts + 1] = last > i and ("%d-%d"):format(values[i], values[last]) or ("%d"):format(values[i])
        i = last + 1
    end
    return table.concat(parts, ",")
end

--- An editor's name says what it holds, so that the same numbers share one and ids never move. lacks: the
-- driver may be without a value.
local function editor_id(driver, lacks)
    local id = driver.names_id
    if driver.all_names then
        id = ("%s_%s"):format(id, table.concat(values_of(driver.names), "_"))
    elseif not driver.names then
        id = ("U%d_P%d_%.15g_%.15g"):format(driver.uom, driver.places, driver.min, driver.max)
        if driver.alt then id = ("%s_U%d"):format(id, driver.alt.uom) end
        if driver.step then id = ("%s_S%.15g"):format(id, driver.step) end
        id = id:upper():gsub("[-+.]", { ["-"] = "M", ["+"] = "X", ["."] = "D" })
    end
    return lacks and id .. "_ND" or id
end

local function same_names(a, b)
    for value, name in pairs(a) do
        if b[value] ~= name then return false end
    end
    for value in pairs(b) do
        if a[value] == nil then return false end
    end
    return true
end

local function put_range(files, unit, places, step)
    put(files.editors, '    <range uom="%d" min="%.15g" max="%.15g" prec="%d"%s />\n', unit.uom, unit.min,
        unit.max, places, step and (' step="%.15g"'):format(step) or "")
end

--- The texts of a list, written unless they are there; raises if it is another one of the same name.
local function put_texts(files, id, names, type_)
    local other = files.lists[id]
    if other and not same_names(names, other.names) then
        error({ problem = ("the value names %s are declared twice with different values, by the node types"
            .. " %s and %s"):format(id, other.of, type_.id) }, 0)
    end
    if other then return end
    files.lists[id] = { names = names, of = type_.id }
    put(files.texts, "\n")
    for _, value in ipairs(values_of(names)) do
        put(files.texts, "%s-%d = %s\n", id, value, nls(names[value]))
    end
end

local function put_subset(files, id, names)
    put(files.editors, '    <range uom="%d" subset="%s" nls="%s" />\n', UOM_INDEX, subset(values_of(names)),
        xml(id))
end

local NO_DATA_ALONE = { [NO_DATA] = "No data" }

--- Those of a list and, unless one of them has that number, "No data".
local function with_no_data(names)
    local all = { [NO_DATA] = NO_DATA_ALONE[NO_DATA] }
    for value, name in pairs(names) do all[value] = name end
    return all
end

--- The editor of a driver or parameter, written unless it is there -> its id as an attribute. lacks: it may
-- be without a value.
local function editor(files, driver, type_, lacks)
    local id = editor_id(driver, lacks)
    local names = driver.all_names or driver.names
    if names then put_texts(files, driver.names_id, with_no_data(names), type_) end
    if files.editors_there[id] then return xml(id) end
    files.editors_there[id] = true
    put(files.editors, '  <editor id="%s">\n', xml(id))
    if driver.names then
        put_subset(files, driver.names_id, lacks and with_no_data(driver.names) or driver.names)
    else
        put_range(files, driver, driver.places, driver.step)
        if driver.alt then put_range(files, driver.alt, driver.places) end
        if lacks then
            put_texts(files, NO_DATA_NAMES, NO_DATA_ALONE, type_)
            put_subset(files, NO_DATA_NAMES, NO_DATA_ALONE)
        end
    end
    put(files.editors, "  </editor>\n")
    return xml(id)
end

------------------------------------------------------------------------------------ node definitions

local function put_status(files, type_, driver)
    local id = editor(files, driver, type_, not driver.sure)
    put(files.nodedefs, '      <st id="%s" editor="%s" />\n', xml(driver.id), id)
    put(files.texts, "ST-%s-%s-NAME = %s\n", type_.id, driver.id, nls(driver.label))
end

--- A command the node accepts, or an event it sends.
local function put_command(files, type_, command)
    local params = command.params or {}
    put(files.texts, "CMD-%s-%s-NAME = %s\n", type_.id, command.id, nls(command.name))
    put(files.nodedefs, '        <cmd id="%s"%s\n', xml(command.id), #params > 0 and ">" or " />")
    for _, param in ipairs(params) do
        local id = editor(files, param, type_)
        local init = param.init and (' init="%s"'):format(xml(param.init)) or ""
        put(files.nodedefs, '          <p id="%s" editor="%s"%s />\n', xml(param.id), id, init)
        if param.label then
            put(files.texts, "CMDPN-%s-%s-NAME = %s\n", type_.id, param.id, nls(param.label))
        end
    end
    if #params > 0 then put(files.nodedefs, "        </cmd>\n") end
end

local function put_type(files, type_)
    local nodedefs, events = files.nodedefs, type_.events or {}
    put(nodedefs, '  <nodeDef id="%s" nls="%s">\n    <editors />\n    <sts>\n', xml(type_.id), xml(type_.id))
    put(files.texts, "\nND-%s-NAME = %s\n", type_.id, nls(type_.name))
    if type_.icon then put(files.texts, "ND-%s-ICON = %s\n", type_.id, nls(type_.icon)) end
    for _, driver in ipairs(type_.drivers) do put_status(files, type_, driver) end
    put(nodedefs, "    </sts>\n    <cmds>\n      <sends%s\n", #events > 0 and ">" or " />")
    for _, event in ipairs(events) do put_command(files, type_, event) end
    if #events > 0 then put(nodedefs, "      </sends>\n") end
    put(nodedefs, "      <accepts>\n")
    for _, command in ipairs(type_.commands or {}) do put_command(files, type_, command) end
    put(nodedefs, "      </accepts>\n    </cmds>\n  </nodeDef>\n")
end

local XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

local function put_types(files, makers)
    for _, make in ipairs(makers) do
        profile.pause()
        put_type(files, make())
        for _, file in ipairs { files.nodedefs, files.editors, files.texts } do join(file) end
    end
    put(files.nodedefs, "</nodeDefs>\n")
    put(files.editors, "</editors>\n")
end

--------------------------------------------------------------------------------------------- the whole

--- The files of types as host.profile takes them | nil, what is wrong with the types. makers: a list of
-- functions that give what host.declare takes of a type; it is much, and needed for a moment.
function profile.files(makers)
    local files = {
        nodedefs = new_file("nodedef", "nodedefs.xml", XML .. "<nodeDefs>\n"),
        editors = new_file("editor", "editors.xml", XML .. "<editors>\n"),
        texts = new_file("nls", "en_us.txt",
            "# Written by victron-host --write-profile from the device scripts.\n"),
        editors_there = {},         -- as a set of ids
        lists = {},                 -- [id] = { names, of = id of the type that has them }
    }
    local ok, problem = pcall(put_types, files, makers)
    if not ok then
        if type(problem) == "table" and problem.problem then return nil, problem.problem end
        error(problem, 0)
    end
    local list = { files.nodedefs, files.editors, files.texts }
    for _, file in ipairs(list) do join(file) end
    return list
end

--- A type, which make() gives as host.declare takes it, is in the profile from now on while the plugin runs,
-- also when its script serves no more: there may be nodes of it.
function profile.add(id, make)
    by_id[id] = by_id[id] or #declared + 1
    declared[by_id[id]] = make
    declarations = declarations + 1
end

--- The same, and it is declared to the host: there may be nodes of it from now on.
function profile.declare(make)
    local type_ = make()
    host.declare(type_)
    profile.add(type_.id, make)
end

--- Whether a driver that shows this number of this unit has no value.
function profile.is_no_data(driver, value, uom)
    return uom == UOM_INDEX and value == NO_DATA and not (driver.names and driver.names[NO_DATA])
end

--- The type declared last under an id.
function profile.type(id) return by_id[id] and declared[by_id[id]]() end

--- Brings the profile up to date with the declared types -> whether it is another now | nil, why not.
function profile.write()
    local files, problem, of
    repeat                          -- until nothing was declared in a pause
        of = declarations
        files, problem = profile.files(declared)
    until declarations == of
    if not files then return nil, problem end
    return host.profile(files)
end

return profile
