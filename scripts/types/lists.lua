--- Lists: tables with nothing but 1 to n.

local lists = {}

--- Whether a table is one; {} is.
function lists.is_list(tab)
    local count = 0
    for key in pairs(tab) do
        if math.type(key) ~= "integer" then return false end
        count = count + 1
    end
    return count == #tab
end

return lists
