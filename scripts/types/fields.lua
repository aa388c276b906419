--- Tables that scripts are given and that have all there is to know: a field that is not among the known ones
-- is misspelt, and an error of the script that asks for it. The host keeps this over to the script's state
-- (host/lua/fields.h).

local fields = {}

--- The metatable of such tables. what: "a row"; names: of its fields, parted by blanks.
function fields.of(what, names)
    local known, list = {}, {}
    for name in names:gmatch("%S+") do known[name], list[#list + 1] = true, name end
    table.sort(list)
    local listed = table.concat(list, ", ")
    return {
        __name = what:gsub("^a ", ""),
        __fields = what .. ": " .. listed,
        __index = function(_, name)
            if known[name] then return nil end
            error(("%s has no '%s'. It has %s."):format(what, tostring(name), listed), 2)
        end,
    }
end

return fields
