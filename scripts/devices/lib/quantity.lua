-- Numbers for functions of rows, as the rows of a table take them: in W, V, A and kWh, whatever unit VRM
-- names, and without those that say "not available" (scripts/types/codes.lua).
local quantity = {}

local FACTORS = { kW = 1000, mV = 0.001, mA = 0.001, Wh = 0.001, MWh = 1000 }
local ALL_BITS = { 65535, 32767, -32768, 4294967295, 2147483647, -2147483648 }

local MOST = 1e7                                      -- no measurement of a row may be more either

--- Whether a register says so: all its bits are set, or all but the sign, with up to three decimals. So does
-- what no system measures.
local function says_none(value)
    if math.abs(value) < 32 then return false end                  -- nearly always, and cheap
    if math.abs(value) > MOST then return true end
    for _, full in ipairs(ALL_BITS) do
        for places = 0, 3 do
            if math.abs(value * 10 ^ places - full) < 0.01 then return true end
        end
    end
    return false
end

local function in_unit(rows, key, value)
    return value and value * (FACTORS[rows[key].unit] or 1)
end

--- The first measurement of some paths and codes; nil if there is none.
function quantity.measured(rows, ...)
    for _, key in ipairs { ... } do
        local value = number(rows, key)
        if value and not says_none(value) then return in_unit(rows, key, value) end
    end
    return nil
end

--- A counter of energy, which may stand at any number.
function quantity.counted(rows, key)
    return in_unit(rows, key, number(rows, key))
end

return quantity
