--- What the sums of nodes were made of before (see reading.of): a part that is missing is known to be, also
-- after a restart. Of a node { [driver id] = "110" } is kept: for each part of the sum, as the table has
-- them, whether it was there, and behind it the day since which the sum is not whole; nothing of sums that
-- never had two parts.

local sums = {}

local GIVEN_UP = 7 * 86400          -- seconds after which a part that is gone was taken out for good

--- The keys, and the products, that a sum may be made of.
local function parts_of(driver)
    local list = {}
    for i = 1, driver.added do
        for _, key in ipairs(driver.terms[i]) do list[#list + 1] = key end
        list[#list + 1] = driver.terms[i].product
    end
    return list
end

--- Notes whether a sum is whole (value; nil: it is not). memory: of the node. What it was made of counts no
-- more when it has not been whole for a week: the days are those of its installation.
function sums.note(driver, value, memory)
    local id, today = driver.id, memory.midnight
    local short = memory.short
    if value or not today or next(memory.seen[id] or {}) == nil then
        if short then short[id] = nil end
        return
    end
    short = short or {}
    memory.short = short
    short[id] = short[id] or today
    if today - short[id] < GIVEN_UP then return end
    memory.seen[id], short[id] = nil, nil
end

--- What to keep of a node of a type; nil: nothing.
function sums.kept(type_, memory)
    local kept
    for _, driver in ipairs(next(memory.seen) and type_.drivers or {}) do
        local seen = driver.op == "sum" and memory.seen[driver.id]
        local first = seen and next(seen)
        if first and next(seen, first) then
            local list = parts_of(driver)
            for i, part in ipairs(list) do list[i] = seen[part] and "1" or "0" end
            kept = kept or {}
            local since = memory.short and memory.short[driver.id]
            kept[driver.id] = table.concat(list) .. (since and (" %d"):format(since) or "")
        end
    end
    return kept
end

--- Gives a node of a type what was kept, as far as it is of the sums that the type has.
function sums.take(type_, memory, kept)
    for _, driver in ipairs(type_.drivers) do
        local text = driver.op == "sum" and kept[driver.id]
        local bits, since = (type(text) == "string" and text or ""):match "^([01]+) ?(%d*)$"
        local list = bits and parts_of(driver) or {}
        if #list > 0 and #list == #bits then
            local seen = memory.seen[driver.id] or {}
            for i, part in ipairs(list) do seen[part] = seen[part] or bits:byte(i) == 49 or nil end     -- "1"
            memory.seen[driver.id], memory.short = seen, memory.short or {}
            memory.short[driver.id] = memory.short[driver.id] or math.tointeger(tonumber(since))
        end
    end
end

return sums
