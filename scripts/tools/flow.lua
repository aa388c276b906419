--- Where the energy of an installation comes from and goes to, and sparklines of it, as rows for screen.lua.

local paint = require "tools.paint"

local flow = {}

local padded = paint.padded

local BARS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }
-- Where the lines of a source and of a load meet: in the only, the first, a middle, the last row.
local JOINTS = { both = { "─", "┬", "┼", "┴" }, left = { "─", "┐", "┤", "┘" },
                 right = { "─", "┌", "├", "└" } }
local FLOW_COLUMNS = 42
local FORWARD, BACKWARD, STILL = { "─▶─", "green" }, { "─◀─", "green" }, { "───", "grey" }

function flow.watts(value)
    if not value then return "no data" end
    value = math.abs(value)
    return value < 9999.5 and ("%.0f W"):format(value) or ("%.1f kW"):format(value / 1000)
end

local function sum(a, b) return (a or b) and (a or 0) + (b or 0) end

--- What flows at an installation in watts, nil: not known. Its gateway's drivers: docs/nodes.md.
function flow.powers(gateway)
    local function number(id) return gateway.by[id] and gateway.by[id].number end
    return { pv = sum(number "GV6", number "GV7"), grid = number "GV9", generator = number "GV10",
             load = sum(number "GV8", number "GV11"), battery = number "CPW", soc = number "BATLVL" }
end

local function arrow(value)
    if not value or value == 0 then return STILL end
    return value > 0 and FORWARD or BACKWARD
end

--- The last samples as bars between 0 and `top`; blank where they are not known.
local function bars(samples, count, top)
    local texts = {}
    for i = #samples - count + 1, #samples do
        local value = samples[i]
        local height = value and math.floor(value / top * 7 + 0.5)
        texts[#texts + 1] = value and BARS[1 + math.max(0, math.min(7, height))] or " "
    end
    return table.concat(texts)
end

--- The last samples as a sparkline with its name and, behind it, what its top stands for.
-- most: the top where it is fixed, else it is the highest of them and of what is shown now.
local function sparkline(name, samples, now, columns, most)
    local count, top = columns - 19, most or math.max(now or 0, 1)
    for i = math.max(1, #samples - count + 1), most and 0 or #samples do
        top = math.max(top, samples[i] or 0)
    end
    return { "   ", ("%-5s"):format(name), { bars(samples, count, top), most and "green" or "yellow" },
             { " max " .. (most and most .. " %" or flow.watts(top)), "grey" } }
end

--- The sparklines of which something is known.
local function sparklines(history, powers, columns)
    local list = {}
    for _, one in ipairs { { "PV", "pv" }, { "SoC", "soc", 100 }, { "Load", "load" } } do
        local samples, known = history[one[2]], false
        for i = 1, #samples do known = known or samples[i] end
        if known then
            list[#list + 1] = sparkline(one[1], samples, powers[one[2]], columns, one[3])
        end
    end
    return list
end

--- What gives and what takes -> two lists of { name, watts }.
local function ends(powers)
    local sources, loads = {}, {}
    local function add(list, name, value, there)
        if there then list[#list + 1] = { name, value } end
    end
    add(sources, "PV", powers.pv, powers.pv)
    add(sources, "Grid", powers.grid, powers.grid)
    add(sources, "Gen.", powers.generator, (powers.generator or 0) ~= 0)
    add(loads, "Load", powers.load, powers.load)
    add(loads, "Battery", powers.battery, powers.battery or powers.soc)
    return sources, loads
end

--- A row of the flow: a source (nil: none), a load (nil: none), the row's place of so many.
local function flow_row(from, to, place, last)
    local joint = JOINTS[from and to and "both" or from and "left" or "right"]
    local shape = last == 1 and 1 or place == 1 and 2 or place == last and 4 or 3
    return { from and (" %-4s %s "):format(from[1], padded(flow.watts(from[2]), 8, true)) or (" "):rep(15),
             from and arrow(from[2]) or "   ", { joint[shape], "grey" }, to and arrow(to[2]) or "   ",
             to and (" %-7s %s"):format(to[1], padded(flow.watts(to[2]), 8, true)) or (" "):rep(17) }
end

--- Where energy comes from and goes to, with sparklines where there is room for them. all: with rows for all
-- of them.
function flow.rows(site, columns, all)
    local powers = flow.powers(site.nodes[1])
    local sources, loads = ends(powers)
    local last, rows = math.max(#sources, #loads), {}
    local room = columns - FLOW_COLUMNS
    local sparks = room >= 24 and sparklines(site.history, powers, room) or {}
    if last == 0 then return { { { "   no data", "grey" } } } end
    for i = 1, all and math.max(last, #sparks) or last do
        rows[i] = i <= last and flow_row(sources[i], loads[i], i, last) or { (" "):rep(FLOW_COLUMNS - 3) }
        local spark = sparks[i] or {}
        table.move(spark, 1, #spark, #rows[i] + 1, rows[i])
    end
    return rows
end

return flow
