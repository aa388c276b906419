--- What a person without PG3 sees of the nodes: a line for a change, a table of all.

local paint = require "tools.paint"
local profile = require "pg3.profile"

local console = {}

local clean, width = paint.clean, paint.width

--- How the numbers of a unit end (docs/pg3.md, Units).
local UNITS = { [1] = "A", [4] = "°C", [14] = "°", [17] = "°F", [20] = "h", [30] = "kW", [31] = "kPa",
                [33] = "kWh", [35] = "l", [45] = "min", [51] = "%", [58] = "s", [72] = "V",
                [73] = "W", [83] = "km", [89] = "rpm", [90] = "Hz", [119] = "Wh",
                [135] = "VA", [136] = "var", [8] = "m³", [36] = "lx", [38] = "m", [40] = "m/s",
                [54] = "ppm", [74] = "W/m²", [118] = "hPa", [122] = "µg/m³", [139] = "°" }
local UOM_TIME = 151
local NO_DATA = "no data"

--- A value as a person reads it. driver: as it was declared; then what host.shown gives.
local function value_text(driver, number, uom, text)
    local value = tonumber(number)
    if text and text ~= "" then return clean(text) end
    if profile.is_no_data(driver, value, uom) then return NO_DATA end
    if driver.names then return driver.names[math.tointeger(value)] or number end
    if uom == UOM_TIME and value > 0 then return os.date("%H:%M:%S", math.tointeger(value)) end
    return UNITS[uom] and number .. " " .. UNITS[uom] or number
end

--- A node and its type as it was declared.
local function look_up(address)
    local node = host.node(address)
    return node, profile.type(node.type)
end

local function padded(text, columns) return text .. (" "):rep(columns - width(text)) end

--- The line that tells what a driver shows now.
function console.change(address, id)
    local node, type_ = look_up(address)
    for _, driver in ipairs(type_.drivers) do
        if driver.id == id then
            return ("%s %s %s %s: %s"):format(padded(address, 14), padded(clean(node.name), 24),
                padded(id, 6), driver.label, value_text(driver, host.shown(address, id)))
        end
    end
end

-------------------------------------------------------------------------------------------- the table

local GAP = "   "

local function trimmed(line) return (line:gsub(" +$", "")) end

--- "PV power 212 W   " for each of these drivers, and how many have no data -> list of { text, columns it
-- takes }.
local function cells_of(address, drivers, first, last)
    local cells, without = {}, 0
    local function add(label, value)
        cells[#cells + 1] = { text = ("%s %s%s"):format(label, paint.colour("bold", value), GAP),
                              columns = width(label) + 1 + width(value) + #GAP }
    end
    for i = first, last do
        local value = value_text(drivers[i], host.shown(address, drivers[i].id))
        if value == NO_DATA then without = without + 1 else add(drivers[i].label, value) end
    end
    if without > 0 then add("Without data", without) end
    return cells
end

--- Adds cells as lines of at most so many columns; most: of lines, nil for any number.
local function fold(lines, cells, columns, most)
    local line, used, count = nil, 0, 0
    for _, cell in ipairs(cells) do
        if not line or used + cell.columns > columns then
            if count == most then break end
            if line then lines[#lines + 1] = trimmed(line) end
            line, used, count = "    ", 4, count + 1
        end
        line, used = line .. cell.text, used + cell.columns
    end
    if line then lines[#lines + 1] = trimmed(line) end
end

--- A node: its name with what is said of its data, then its values.
local function add_node(lines, address, columns, most)
    local node, type_ = look_up(address)
    local drivers = type_.drivers
    local own = drivers[#drivers].id == "TIME" and drivers[#drivers - 1].id == "GV30" and #drivers - 2
        or #drivers
    local line = ("%s%s (%s, %s)%s"):format(node.primary ~= address and "  " or "", clean(node.name),
        type_.name, address, GAP)
    for _, cell in ipairs(cells_of(address, drivers, own + 1, #drivers)) do line = line .. cell.text end
    lines[#lines + 1] = trimmed(line)
    fold(lines, cells_of(address, drivers, 1, own), columns, most)
end

--- The picture of all nodes as a list of lines. view = { title, addresses = list, columns, rows = of the
-- terminal (nil: as many as it takes), notices = list of texts, log = list of lines }
function console.table(view)
    local lines, below, count = { view.title }, {}, #view.addresses
    for _, text in ipairs(view.notices) do below[#below + 1] = "Notice: " .. clean(text) end
    for _, text in ipairs(view.log) do below[#below + 1] = "Log: " .. clean(text) end
    local room = view.rows and view.rows - 2 - #below       -- for nodes: without the title and the last row
    local spare = room and math.max(room - count, 0)        -- for values; the first get what is left over
    for i, address in ipairs(view.addresses) do
        local most = spare and spare // count + (i <= spare % count and 1 or 0)
        add_node(lines, address, view.columns, most)
    end
    if room then
        while #lines > math.max(room, 0) + 1 do lines[#lines] = nil end
    end
    return table.move(below, 1, #below, #lines + 1, lines)
end

return console
