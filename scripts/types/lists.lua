--- Lists, which are tables with nothing but 1 to n, sets, and the keys of tables as lists.

local lists = {}

--- Whether something is one; {} is.
function lists.is_list(tab)
    if type(tab) ~= "table" then return false end
    local count = 0
    for key in pairs(tab) do
        if math.type(key) ~= "integer" then return false end
        count = count + 1
    end
    return count == #tab
end

--- The keys of a table in an order that is always the same: numbers, then all others as texts.
function lists.sorted_keys(tab)
    local keys = {}
    for key in pairs(tab) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b)
        local number, other = type(a) == "number", type(b) == "number"
        if number ~= other then return number end
        if number then return a < b end
        return tostring(a) < tostring(b)
    end)
    return keys
end

--- "a b" -> { "a", "b" }
function lists.words(text)
    local list = {}
    for word in text:gmatch("%S+") do list[#list + 1] = word end
    return list
end

--- "a b" -> { a = true, b = true }
function lists.set(text)
    local set = {}
    for word in text:gmatch("%S+") do set[word] = true end
    return set
end

--- { [1] = "a b", [2] = "c" } -> { a = 1, b = 1, c = 2 }
function lists.by_words(words_by)
    local by = {}
    for key, text in pairs(words_by) do
        for word in text:gmatch("%S+") do by[word] = key end
    end
    return by
end

--- The first of a list that has an id; nil: none has.
function lists.with_id(list, id)
    for _, one in ipairs(list) do
        if one.id == id then return one end
    end
    return nil
end

function lists.count(tab)
    local count = 0
    for _ in pairs(tab) do count = count + 1 end
    return count
end

--- Whether two values are the same, tables member by member.
function lists.same(a, b)
    if type(a) ~= "table" or type(b) ~= "table" then return a == b end
    for key, member in pairs(a) do
        if not lists.same(member, b[key]) then return false end
    end
    for key in pairs(b) do
        if a[key] == nil then return false end
    end
    return true
end

return lists
