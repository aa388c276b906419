--- The ISY's profile (docs/pg3.md, Profile files): node definitions, editors and texts, made of the types as
-- host.declare takes them.

local sorted_keys = require("types.lists").sorted_keys

local profile = {}

local MOST_BYTES = 1024 * 1024      -- of one file
local UOM_INDEX = 25                -- the one unit whose values have names everywhere
local NO_DATA, NO_DATA_NAMES = 101, "NODATA"        -- host/pg3/node.h

local written = {}                  -- all types of this run as profile.of writes them, in order
local by_id = {}                    -- [id] = its place there
local makers = {}                   -- [id] = what makes the declaration of one that was declared to the host
local made = setmetatable({}, { __mode = "v" })     -- [id] = that declaration, as long as somebody has it
local editors = {}                  -- [id] = its text as it was written last: types share them
local lists = {}                    -- [id] = the texts of a list of value names that were written last

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

local function put(pieces, form, ...) pieces[#pieces + 1] = form:format(...) end

------------------------------------------------------------------------------------------ editors

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

--- An editor's name says what it holds, so that the same numbers share one and ids never move. That of a list
-- does not say its values, which may be others in a new version of a script. lacks: the driver may be without
-- a value.
local function editor_id(driver, lacks)
    local id = driver.names_id
    if driver.all_names then
        id = ("%s_%s"):format(id, table.concat(sorted_keys(driver.names), "_"))
    elseif not driver.names then
        id = ("U%d_P%d_%.15g_%.15g"):format(driver.uom, driver.places, driver.min, driver.max)
        if driver.alt then id = ("%s_U%d"):format(id, driver.alt.uom) end
        if driver.step then id = ("%s_S%.15g"):format(id, driver.step) end
        id = id:upper():gsub("[-+.]", { ["-"] = "M", ["+"] = "X", ["."] = "D" })
    end
    return lacks and id .. "_ND" or id
end

local function put_range(pieces, unit, places, step)
    put(pieces, '    <range uom="%d" min="%.15g" max="%.15g" prec="%d"%s />\n', unit.uom, unit.min,
        unit.max, places, step and (' step="%.15g"'):format(step) or "")
end

--- The texts of a list of value names, which a type uses.
local function use_list(type_, id, names)
    local pieces = { "\n" }
    for _, value in ipairs(sorted_keys(names)) do
        put(pieces, "%s-%d = %s\n", id, value, nls(names[value]))
    end
    local text = table.concat(pieces)
    if lists[id] ~= text then lists[id] = text end      -- one string for all types
    type_.lists[id] = lists[id]
end

local function put_subset(pieces, id, names)
    put(pieces, '    <range uom="%d" subset="%s" nls="%s" />\n', UOM_INDEX, subset(sorted_keys(names)),
        xml(id))
end

local NO_DATA_ALONE = { [NO_DATA] = "No data" }

--- Those of a list and, unless one of them has that number, "No data".
local function with_no_data(names)
    local all = { [NO_DATA] = NO_DATA_ALONE[NO_DATA] }
    for value, name in pairs(names) do all[value] = name end
    return all
end

local function editor_text(id, driver, lacks)
    local pieces = {}
    put(pieces, '  <editor id="%s">\n', xml(id))
    if driver.names then
        put_subset(pieces, driver.names_id, lacks and with_no_data(driver.names) or driver.names)
    else
        put_range(pieces, driver, driver.places, driver.step)
        if driver.alt then put_range(pieces, driver.alt, driver.places) end
        if lacks then put_subset(pieces, NO_DATA_NAMES, NO_DATA_ALONE) end
    end
    put(pieces, "  </editor>\n")
    return table.concat(pieces)
end

--- The editor of a driver or parameter, which a type uses -> its id as an attribute. lacks: it may be without
-- a value.
local function use_editor(type_, driver, lacks)
    local id, names = editor_id(driver, lacks), driver.all_names or driver.names
    if names then use_list(type_, driver.names_id, with_no_data(names)) end
    if lacks and not driver.names then use_list(type_, NO_DATA_NAMES, NO_DATA_ALONE) end
    if names or not editors[id] then editors[id] = editor_text(id, driver, lacks) end
    table.insert(type_.editors, id)
    return xml(id)
end

------------------------------------------------------------------------------------ node definitions

local function put_status(type_, id, driver)
    local editor = use_editor(type_, driver, not driver.sure)
    put(type_.nodedef, '      <st id="%s" editor="%s" />\n', xml(driver.id), editor)
    put(type_.texts, "ST-%s-%s-NAME = %s\n", id, driver.id, nls(driver.label))
end

--- A command the node accepts, or an event it sends.
local function put_command(type_, id, command)
    local params, nodedef, texts = command.params or {}, type_.nodedef, type_.texts
    put(texts, "CMD-%s-%s-NAME = %s\n", id, command.id, nls(command.name))
    put(nodedef, '        <cmd id="%s"%s\n', xml(command.id), #params > 0 and ">" or " />")
    for _, param in ipairs(params) do
        local editor = use_editor(type_, param)
        local init = param.init and (' init="%s"'):format(xml(param.init)) or ""
        put(nodedef, '          <p id="%s" editor="%s"%s />\n', xml(param.id), editor, init)
    end
    if #params > 0 then put(nodedef, "        </cmd>\n") end
end

--- The names of the parameters of a type's commands. ISY has one name for a parameter, whichever command it
-- is of: one that is called differently has all its names.
local function put_params(texts, id, commands)
    local names, order, known = {}, {}, {}
    for _, command in ipairs(commands) do
        for _, param in ipairs(command.params or {}) do
            local label, key = param.label, ("%s\0%s"):format(param.id, param.label)
            if label and not known[key] then
                if not names[param.id] then names[param.id], order[#order + 1] = {}, param.id end
                known[key] = true
                table.insert(names[param.id], label)
            end
        end
    end
    for _, param in ipairs(order) do
        put(texts, "CMDPN-%s-%s-NAME = %s\n", id, param, nls(table.concat(names[param], " / ")))
    end
end

--- What the files have of a type, which is as host.declare takes it. It is much smaller than its declaration.
function profile.of(declaration)
    local nodedef, texts, id, events = {}, {}, declaration.id, declaration.events or {}
    local type_ = { id = id, nodedef = nodedef, texts = texts, editors = {}, lists = {} }
    put(nodedef, '  <nodeDef id="%s" nls="%s">\n    <editors />\n    <sts>\n', xml(id), xml(id))
    put(texts, "\nND-%s-NAME = %s\n", id, nls(declaration.name))
    if declaration.icon then put(texts, "ND-%s-ICON = %s\n", id, nls(declaration.icon)) end
    for _, driver in ipairs(declaration.drivers) do put_status(type_, id, driver) end
    put(nodedef, "    </sts>\n    <cmds>\n      <sends%s\n", #events > 0 and ">" or " />")
    for _, event in ipairs(events) do put_command(type_, id, event) end
    if #events > 0 then put(nodedef, "      </sends>\n") end
    put(nodedef, "      <accepts>\n")
    for _, command in ipairs(declaration.commands or {}) do put_command(type_, id, command) end
    put_params(texts, id, declaration.commands or {})
    put(nodedef, "      </accepts>\n    </cmds>\n  </nodeDef>\n")
    type_.nodedef, type_.texts = table.concat(nodedef), table.concat(texts)
    return type_
end

--------------------------------------------------------------------------------------------- the whole

local XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

local function new_file(folder, name, head)
    return { folder = folder, name = name, parts = { head } }
end

--- What of a type is not in the files yet. of: the type that has a list, by the list's id -> what is wrong.
local function put_type(files, type_, of)
    for _, id in ipairs(type_.editors) do
        if not files.there[id] then table.insert(files.editors.parts, editors[id]) end
        files.there[id] = true
    end
    for id, text in pairs(type_.lists) do
        local other = of[id]
        if other and other.lists[id] ~= text then
            return ("the value names %s are declared twice with different values, by the node types %s"
                .. " and %s"):format(id, other.id, type_.id)
        end
        of[id] = type_
    end
    table.insert(files.nodedefs.parts, type_.nodedef)
    table.insert(files.texts.parts, type_.texts)
end

--- The files of types as host.profile takes them | nil, what is wrong with the types. types: see profile.of.
function profile.files(types)
    local files, of = {
        nodedefs = new_file("nodedef", "nodedefs.xml", XML .. "<nodeDefs>\n"),
        editors = new_file("editor", "editors.xml", XML .. "<editors>\n"),
        texts = new_file("nls", "en_us.txt",
            "# Written by victron-host --write-profile from the device scripts.\n"),
        there = {},                 -- the ids of the editors written, as a set
    }, {}
    for _, type_ in ipairs(types) do
        local problem = put_type(files, type_, of)
        if problem then return nil, problem end
    end
    for _, id in ipairs(sorted_keys(of)) do table.insert(files.texts.parts, of[id].lists[id]) end
    table.insert(files.nodedefs.parts, "</nodeDefs>\n")
    table.insert(files.editors.parts, "</editors>\n")
    local list = { files.nodedefs, files.editors, files.texts }
    for _, file in ipairs(list) do
        local bytes = 0
        for _, part in ipairs(file.parts) do bytes = bytes + #part end
        if bytes > MOST_BYTES then
            return nil, ("the profile is larger than %d KiB"):format(MOST_BYTES // 1024)
        end
    end
    return list
end

--- A type as host.declare takes it is in the profile from now on while the plugin runs, also when its script
-- serves no more: there may be nodes of it.
function profile.add(declaration)
    local id = declaration.id
    by_id[id] = by_id[id] or #written + 1
    written[by_id[id]] = profile.of(declaration)
end

--- The same for the one that make() gives, and it is declared to the host: there may be nodes of it from now
-- on.
function profile.declare(make)
    local declaration = make()
    host.declare(declaration)
    profile.add(declaration)
    makers[declaration.id], made[declaration.id] = make, nil
end

--- Whether a driver that shows this number of this unit has no value.
function profile.is_no_data(driver, value, uom)
    return uom == UOM_INDEX and value == NO_DATA and not (driver.names and driver.names[NO_DATA])
end

--- The type declared to the host last under an id.
function profile.type(id)
    made[id] = made[id] or makers[id] and makers[id]() or nil
    return made[id]
end

--- Brings the profile up to date with the types -> whether it is another now | nil, why not.
function profile.write()
    local files, problem = profile.files(written)
    if not files then return nil, problem end
    return host.profile(files)
end

return profile
