--- What the fake host takes for its arguments: mistakes raise, as in the real one. A number counts as a text,
-- a numeric text as a number.

local arguments = {}

function arguments.check_type(value, wanted)
    assert(type(value) == wanted, wanted .. " expected")
end

function arguments.text_of(value, what)
    if type(value) == "number" then return tostring(value) end
    return type(value) == "string" and value or error((what or "value") .. ": string expected", 0)
end

function arguments.number_of(value)
    return tonumber(value) or error("number expected", 0)
end

function arguments.integer_of(value)
    return math.tointeger(tonumber(value)) or error("whole number expected", 0)
end

function arguments.seconds_of(value)
    local seconds = arguments.number_of(value)
    assert(seconds >= 0 and seconds <= 1e7, "seconds from 0 to 10 million expected")
    return seconds
end

return arguments
