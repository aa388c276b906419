--- Which of some words was meant by one that is none of them.

local spelling = {}

local LONGEST = 40                  -- bytes; no word that is meant to be typed is longer
local LEAST_ALIKE = 3               -- a word of so many letters for each that is wrong

--- How many letters have to be put in, taken out, replaced or swapped with the next to make one word of
-- another.
local function steps(word, other)
    local above, row = {}, {}
    for j = 0, #other do row[j] = j end
    for i = 1, #word do
        local two_above
        two_above, above, row = above, row, { [0] = i }
        for j = 1, #other do
            local same = word:byte(i) == other:byte(j)
            local least = math.min(above[j - 1] + (same and 0 or 1), above[j] + 1, row[j - 1] + 1)
            local swapped = i > 1 and j > 1 and word:byte(i) == other:byte(j - 1)
                and word:byte(i - 1) == other:byte(j)
            row[j] = swapped and math.min(least, two_above[j - 2] + 1) or least
        end
    end
    return row[#other]
end

--- The word of a list that is most like one that is not in it; nil: none is like it.
function spelling.closest(word, words)
    if #word > LONGEST then return nil end
    local best, least
    for _, other in ipairs(words) do
        local count = steps(word, other)
        if count * LEAST_ALIKE <= #other and (not least or count < least) then best, least = other, count end
    end
    return best
end

return spelling
