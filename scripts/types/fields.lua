--- Tables that scripts are given and that have all there is to know: a field that is not among the known ones
-- is misspelt, and an error of the script that asks for it. The host sees to that in the script's state
-- (host/lua/fields.h); here such a table is like any other.

local lists = require "types.lists"

local fields = {}

--- The metatable of such tables. what: "a row"; names: of its fields, parted by blanks.
function fields.of(what, names)
    local list = lists.words(names)
    table.sort(list)
    return { __fields = what .. ": " .. table.concat(list, ", ") }
end

return fields
