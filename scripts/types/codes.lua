--- Numbers that say "not available": all bits of a register set, or its largest number with a sign, at the
-- scale of the quantity: 655.35 V, 65.535 V, 3276.7 A, 65535 W. Most come as null; some gateways and drivers
-- pass them on. Such a measurement is taken for none. Energy, counters and times may stand at 655.35 for a
-- night; of them only the numbers of 32 bits are taken for none.

local codes = {}

local FULL = { 65535, 32767, -32768, 4294967295, 2147483647, -2147483648 }

local thousandths, of_32_bits = {}, {}
for _, full in ipairs(FULL) do
    for scale = 0, 3 do
        local exact = full * 10 ^ scale // 1 | 0
        thousandths[exact] = true
        if full > 65535 then of_32_bits[exact] = true end
    end
end

--- Units of measurements, as VRM writes them.
local MEASURED = { V = true, mV = true, A = true, mA = true, W = true, kW = true, VA = true, Hz = true,
                   Ah = true, ["%"] = true, ["°C"] = true, ["°F"] = true, F = true, L = true, l = true }

local function is_one_of(set, exact)
    local near = math.tointeger((exact + 0.5) // 1)
    return near ~= nil and set[near] == true and math.abs(exact - near) < 0.001
end

--- Whether a number is such a code of a measurement.
function codes.is(value)
    local exact = value * 1000
    if exact > -32767 and exact < 32766 then return false end      -- nearly always, and cheap
    return is_one_of(thousandths, exact)
end

--- The same for energy, a counter or a time.
local function is_of_counter(value)
    local exact = value * 1000
    return exact > 2147483646 and is_one_of(of_32_bits, exact)
end

--- By what a unit says (types.units).
codes.OF = { measurement = codes.is, counter = is_of_counter }

--- The same for a number with VRM's unit (nil: it names none, which says nothing).
function codes.is_in(value, unit)
    return unit ~= nil and MEASURED[unit] == true and codes.is(value)
end

--- The ISY's lists have "No data" at this number (host/pg3/node.h): a state that has it is shown at another.
codes.NO_DATA, codes.MOVED = 101, 1101

--- The number that a state is shown as.
function codes.shown(state) return state == codes.NO_DATA and codes.MOVED or state end

--- A table by states, such as a list, by the numbers they are shown as.
function codes.moved(by_state)
    if by_state[codes.NO_DATA] == nil then return by_state end
    local moved = {}
    for state, of in pairs(by_state) do moved[codes.shown(state)] = of end
    return moved
end

--- What a state is that a device does not have.
codes.NO_STATE = { [255] = true, [65535] = true, [4294967295] = true, [32767] = true, [2147483647] = true }

return codes
