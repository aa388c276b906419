--- Numbers that say "not available": all bits of a register set, or its largest number with a sign, at the
-- scale of the quantity: 655.35 V, 65.535 V, 3276.7 A, 65535 W. Most come as null; some gateways and drivers
-- pass them on. Such a measurement is taken for none. Energy and counters are not looked at: they may stand
-- at just that number for a night; their rows have limits.

local codes = {}

local FULL = { 65535, 32767, -32768, 4294967295, 2147483647, -2147483648 }

local thousandths = {}
for _, full in ipairs(FULL) do
    for scale = 0, 3 do thousandths[full * 10 ^ scale // 1 | 0] = true end
end

--- Units of measurements, as VRM writes them.
local MEASURED = { V = true, mV = true, A = true, mA = true, W = true, kW = true, VA = true, Hz = true,
                   Ah = true, ["%"] = true, ["°C"] = true, ["°F"] = true, F = true, L = true, l = true }

--- Whether a number is such a code.
function codes.is(value)
    local exact = value * 1000
    if exact > -32767 and exact < 32766 then return false end      -- nearly always, and cheap
    local near = math.tointeger((exact + 0.5) // 1)
    return near ~= nil and thousandths[near] == true and math.abs(exact - near) < 0.001
end

--- The same for a number with VRM's unit (nil: it names none, which says nothing).
function codes.is_in(value, unit)
    return unit ~= nil and MEASURED[unit] == true and codes.is(value)
end

--- What a state is that a device does not have.
codes.NO_STATE = { [255] = true, [65535] = true, [4294967295] = true, [32767] = true, [2147483647] = true }

return codes
