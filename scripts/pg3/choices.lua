--- What the owner wants to see: installations and kinds of nodes, each a yes or no on PG3's configuration
-- page (typed parameters; docs/pg3.md, User data). What is not wanted is not asked for or has no values; its
-- address stays its own, so that all is as it was when it is wanted again.

local node_names = require "pg3.node_names"
local read = require "types.read"

local choices = {}

local sites, kinds = {}, {}         -- offered: [id of installation], [id of type] = what the page calls it
local hidden = {}                   -- [id of an installation], [id of a type] = true
local asked_for                     -- what the page has; nil: nothing yet

local LONGEST_TITLE = 60

local function site_name(id) return ("show_site_%d"):format(id) end
local function kind_name(type_id) return "show_kind_" .. type_id:lower() end

--- What a parameter is about: the id of an installation or of a type; nil for one of another.
local function meant(name)
    local site, kind = name:match "^show_site_(%d+)$", name:match "^show_kind_([%l%d_]+)$"
    return site and math.tointeger(site) or kind and kind:upper()
end

--- Whether a value of PG3's stands for no: a switch may come as a text or a number.
local function is_no(value)
    return value == false or value == 0 or value == "false" or value == "0" or value == "no"
end

--- given: PG3's { [name] = value }, nil: nothing was chosen yet -> whether something else is hidden now.
function choices.take(given)
    local before, changed = hidden, false
    hidden = {}
    for name, value in pairs(type(given) == "table" and given or {}) do
        local id = type(name) == "string" and is_no(value) and meant(name)
        if id then hidden[id] = true end
    end
    for id in pairs(hidden) do changed = changed or not before[id] end
    for id in pairs(before) do changed = changed or not hidden[id] end
    return changed
end

function choices.hides_kind(type_) return hidden[type_.id] == true end

--- The switches of a kind in the order of their titles.
local function switches(titles, name_of, form, desc)
    local list = {}
    for key, title in pairs(titles) do
        list[#list + 1] = { name = name_of(key), title = form:format(read.cut(title, LONGEST_TITLE)),
                            type = "BOOLEAN", defaultValue = true, desc = desc }
    end
    table.sort(list, function(a, b)
        if a.title ~= b.title then return a.title < b.title end
        return a.name < b.name
    end)
    return list
end

--- What the installations are called: as their nodes are, those of one name with their numbers.
local function titles_of(list)
    local titles, count = {}, {}
    for _, record in ipairs(list) do
        local title = node_names.clean_name(record.name)
        title = title ~= "" and title or tostring(record.id)
        titles[record.id], count[title] = title, (count[title] or 0) + 1
    end
    for id, title in pairs(titles) do
        if count[title] > 1 then titles[id] = ("%s (%d)"):format(title, id) end
    end
    return titles
end

--- Shows on the page what there is to choose, if that is more or called otherwise than before.
function choices.offer()
    local list = switches(sites, site_name, "Installation %s",
        "Off: it is not asked for, and its nodes show Offline. On again, it has the same nodes.")
    for _, switch in ipairs(switches(kinds, kind_name, "Nodes %s",
        "Off: nodes of this kind show Offline, in all installations. On again, they are the same.")) do
        list[#list + 1] = switch
    end
    local texts = {}
    for i, switch in ipairs(list) do texts[i] = switch.name .. "\0" .. switch.title end
    local text = table.concat(texts, "\0")
    if #list == 0 or text == asked_for then return end
    host.offer(list)
    asked_for = text
end

--- The installations of the account: a list with { id, name } -> those the owner wants.
function choices.of_sites(list)
    local wanted = {}
    sites = titles_of(list)
    for _, record in ipairs(list) do
        if not hidden[record.id] then wanted[#wanted + 1] = record end
    end
    return wanted
end

--- A type, or part of one, of which there is a node.
function choices.know_kind(type_)
    kinds[type_.id] = type_.name
end

return choices
