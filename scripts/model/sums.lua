--- What the sums of nodes were made of before (see reading.of): a part that is missing is known to be, also
-- after a restart. Of a node { [driver id] = "110" } is kept: for each part of the sum, as the table has
-- them, whether it was there, and behind it the day since which the sum is not whole; nothing of sums that
-- never had two parts. It stands in memory.sums, so that nothing has to be worked out where all is stored.

local sums = {}

local NONE = {}
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

--- What is kept of a sum: of which so many parts were there, and that is not whole since a day (nil: it is).
local function text_of(driver, seen, count, since)
    if count < 2 then return nil end
    local list = parts_of(driver)
    for i, part in ipairs(list) do list[i] = seen[part] and "1" or "0" end
    return table.concat(list) .. (since and (" %d"):format(since) or "")
end

--- Notes that a sum was made of so many parts, and since when it is not whole, if that is news.
local function keep(driver, memory, count, since)
    local id = driver.id
    local sum = memory.sum and memory.sum[id]
    if not sum and count < 2 and not since then return end
    sum = sum or {}
    if sum.count == count and sum.since == since then return end
    sum.count, sum.since = count, since
    memory.sum, memory.sums = memory.sum or {}, memory.sums or {}
    memory.sum[id], memory.sums[id] = sum, text_of(driver, memory.seen[id], count, since)
end

--- Notes whether a sum is whole (value; nil: it is not). memory: of the node. What it was made of counts no
-- more when it has not been whole for a week: the days are those of its installation.
function sums.note(driver, value, memory)
    local id, today = driver.id, memory.midnight
    local sum, count, since = memory.sum and memory.sum[id], 0, nil
    for _ in pairs(memory.seen[id] or NONE) do count = count + 1 end
    if not value and today and count > 0 then since = sum and sum.since or today end
    if since and today - since >= GIVEN_UP then memory.seen[id], count, since = nil, 0, nil end
    keep(driver, memory, count, since)
end

--- Gives a node of a type what was kept, as far as it is of the sums that the type has.
function sums.take(type_, memory, kept)
    for _, driver in ipairs(next(kept) and type_.drivers or {}) do
        local text = driver.op == "sum" and kept[driver.id]
        local bits, since = (type(text) == "string" and text or ""):match "^([01]+) ?(%d*)$"
        local list = bits and parts_of(driver) or {}
        if #list > 0 and #list == #bits then
            local seen, count = memory.seen[driver.id] or {}, 0
            for i, part in ipairs(list) do seen[part] = seen[part] or bits:byte(i) == 49 or nil end     -- "1"
            for _ in pairs(seen) do count = count + 1 end
            memory.seen[driver.id] = seen
            keep(driver, memory, count, math.tointeger(tonumber(since)))
        end
    end
end

return sums
