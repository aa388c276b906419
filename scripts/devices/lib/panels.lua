-- The panels of a charger or an inverter that has one tracker or several: /Pv/V, or /Pv/0/V to /Pv/3/V.
local measured = use "quantity".measured

local panels = {}

-- Rows of a part for what each tracker yielded.
panels.YIELDS = {
    { "GV0 GV1 GV2 GV3",     unit.kwh,  "Tracker {n} yield today",
      "/History/Daily/0/Pv/{n-1}/Yield", daily = true, min = 0, max = 600 },
    { "GV4 GV5 GV6 GV7",     unit.kwh,  "Tracker {n} yield yesterday",
      "/History/Daily/1/Pv/{n-1}/Yield", daily = true, min = 0, max = 600 },
    { "GV8 GV9 GV10 GV11",   unit.watt, "Tracker {n} peak power today",
      "/History/Daily/0/Pv/{n-1}/MaxPower", daily = true, min = -0.5, max = 30000 },
    { "GV12 GV13 GV14 GV15", unit.watt, "Tracker {n} peak power yesterday",
      "/History/Daily/1/Pv/{n-1}/MaxPower", daily = true, min = -0.5, max = 30000 },
}

local TRACKERS = 4
local NO_PANELS = 5                                   -- volt: less is what an open input shows
local TOLERANCE = 0.1                                 -- of the power: trackers and their sum are rounded

--- A measurement within the limits of its own row, -0.5 to `most`; nil if there is none.
local function within(most, ...)
    local value = measured(...)
    return value and value >= -0.5 and value <= most and value or nil
end

local function watts(rows, n) return within(30000, rows, "/Pv/" .. n .. "/P", "PVP" .. n) end
local function volts(rows, n) return within(600, rows, "/Pv/" .. n .. "/V", "PVV" .. n) end

--- The voltage of the first tracker that has panels; at night that of the first that has one.
function panels.voltage(rows)
    local first
    for n = 0, TRACKERS - 1 do
        local here = volts(rows, n)
        if here and here >= NO_PANELS then return here end
        first = first or here
    end
    return first
end

--- The sum of the trackers' currents, power by voltage of each; nil unless that is the current of all power.
-- And whether there is any power of a tracker.
local function current_of_trackers(rows, all)
    local current, power
    for n = 0, TRACKERS - 1 do
        local here, voltage = watts(rows, n), volts(rows, n) or 0
        if here and here ~= 0 and voltage == 0 then return nil, true end
        if here then
            current, power = (current or 0) + (here == 0 and 0 or here / voltage), (power or 0) + here
        end
    end
    local whole = power and (not all or math.abs(all - power) <= TOLERANCE * math.abs(all) + 10)
    return whole and current or nil, power ~= nil
end

--- The current of all panels.
function panels.current(rows)
    local all = within(30000, rows, "/Yield/Power", "PVP")
    local current, several = current_of_trackers(rows, all)
    if current or several then return current end
    local voltage = within(600, rows, "/Pv/V", "PVV")  -- of a charger with one tracker
    if not (all and voltage) then return nil end
    if voltage == 0 then return all == 0 and 0 or nil end           -- at night
    return all / voltage
end

return panels
