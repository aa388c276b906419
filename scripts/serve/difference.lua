--- What is another in a new version of a device script, in words for its author.

local check = require "check.device"

local difference = {}

local MOST = 6              -- differences named

--- The same text for values of the same content; functions are all alike. Left out is which drivers show a
-- key (own, see check.device): each of them is compared by itself.
local function signature(value)
    if type(value) == "function" then return "function" end
    if type(value) ~= "table" then return tostring(value) end
    local parts = {}
    for key, member in pairs(value) do
        parts[#parts + 1] = key ~= "own" and tostring(key) .. "=" .. signature(member) or nil
    end
    table.sort(parts)
    return "{" .. table.concat(parts, ";") .. "}"
end

--- What is told of a driver, and the fields of it that it stands for.
local ASPECTS = {
    { "label", { "label" } }, { "unit", { "unit" } }, { "states", { "names" } },
    { "source", { "keys", "op", "terms", "worst", "from", "by_script", "by_pg3" } },
    { "limits", { "min", "max" } },
    { "words", { "places", "zero", "measured", "on_change", "while_negative", "map", "values", "factor",
        "daily", "events", "over", "seconds", "set" } },
}

--- The drivers of a type and its parts by their ids: "GV1", "t.GV1" -> driver; and the ids in order.
local function drivers_of(type_)
    local drivers, ids = {}, {}
    for _, one in ipairs(check.types(type_)) do
        for _, driver in ipairs(one.drivers) do
            local id = one.part and one.part .. "." .. driver.id or driver.id
            drivers[id], ids[#ids + 1] = driver, id
        end
    end
    return drivers, ids
end

--- What differs between two drivers: "label, unit"; "" for nothing.
local function aspects(old, new)
    local list = {}
    for _, aspect in ipairs(ASPECTS) do
        for _, field in ipairs(aspect[2]) do
            if signature(old[field]) ~= signature(new[field]) and list[#list] ~= aspect[1] then
                list[#list + 1] = aspect[1]
            end
        end
    end
    return table.concat(list, ", ")
end

local function add_drivers(list, old, new)
    local before, old_ids = drivers_of(old)
    local after, ids = drivers_of(new)
    for _, id in ipairs(ids) do
        local driver = after[id]
        local what = before[id] and aspects(before[id], driver)
        if not what then
            list[#list + 1] = ("new %s (%s)"):format(id, driver.label)
        elseif what ~= "" then
            list[#list + 1] = ("%s has another %s"):format(id, what)
        end
    end
    for _, id in ipairs(old_ids) do
        if not after[id] then list[#list + 1] = ("%s (%s) is gone"):format(id, before[id].label) end
    end
end

--- Fields of a type beside its drivers.
local HEAD = { "id", "name", "icon", "match", "commands", "events", "settings", "start", "update" }

--- What is another in a new type -> "new GV20 (Bus voltage), GV1 has another label"; "" if the tables say the
-- same.
function difference.of(old, new)
    local list = {}
    for _, field in ipairs(HEAD) do
        if signature(old[field]) ~= signature(new[field]) then list[#list + 1] = "another " .. field end
    end
    add_drivers(list, old, new)
    local more = #list - MOST
    if more > 0 then list[MOST + 1] = ("and %d more"):format(more) end
    return table.concat(list, ", ", 1, math.min(#list, MOST + 1))
end

return difference
