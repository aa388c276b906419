--- What a person without PG3 sees of the nodes: each as values with their texts and colours, a line for a
-- change, a table of all. How a terminal shows them is in screen.lua.

local data_state = require "types.data_state"
local lists = require "types.lists"
local paint = require "tools.paint"
local profile = require "pg3.profile"

local console = {}

local width = paint.width

--- What came from outside as every terminal shows it: emoji that are joined to one, as families are, stand
-- apart, for not all terminals join them, and the columns behind them would not be in line.
local function clean(text)
    return (paint.clean(text):gsub("\u{200D}([\xE2\xF0])", "%1"):gsub("\u{FE0F}", ""))
end

--- How the numbers of a unit end (docs/pg3.md, Units).
local UNITS = { [1] = "A", [4] = "°C", [14] = "°", [17] = "°F", [20] = "h", [30] = "kW", [31] = "kPa",
                [33] = "kWh", [35] = "l", [45] = "min", [51] = "%", [58] = "s", [72] = "V",
                [73] = "W", [83] = "km", [89] = "rpm", [90] = "Hz", [119] = "Wh",
                [135] = "VA", [136] = "var", [8] = "m³", [36] = "lx", [38] = "m", [40] = "m/s",
                [54] = "ppm", [74] = "W/m²", [118] = "hPa", [122] = "µg/m³", [139] = "°" }
console.UNITS = UNITS
local UOM_TIME = 151
local NO_DATA = "no data"

--- A value as a person reads it. driver: as it was declared; then what host.shown gives.
local function value_text(driver, number, uom, text)
    local value = tonumber(number)
    if text and text ~= "" then return clean(text) end
    if profile.is_no_data(driver, value, uom) then return NO_DATA end
    if driver.names then return driver.names[math.tointeger(value)] or number end
    if uom == UOM_TIME then return value > 0 and os.date("%H:%M:%S", math.tointeger(value)) or NO_DATA end
    return UNITS[uom] and number .. " " .. UNITS[uom] or number
end

local function look_up(address)
    local node = host.node(address)
    return node, profile.type(node.type)
end

-------------------------------------------------------------------------------------------- a node

local CHARGES = { [3] = "green", [4] = "green", [5] = "green", [6] = "green", [7] = "green", [246] = "green",
                  [247] = "green" }
--- Colours of states, by the name of their list in types/names.lua.
local COLOURS = {
    ALARM = { [0] = "grey", "yellow", "red" }, GRID_ALARM = { "yellow", "red" }, OK_ERROR = { "red" },
    SYSTEM_STATUS = { "green", "yellow", "red" },
    DATA_STATE = { [0] = "grey", "green", "magenta", "red" },
    GATEWAY_STATUS = { [0] = "red", "green" }, VRM_CONNECTION = { [0] = "red", "green" },
    BATTERY_STATE = { "green", "cyan" }, CHARGE_STATE = CHARGES, SYSTEM_STATE = CHARGES,
}

local function colour_of(driver, number)
    if driver.names_id == "SYSTEM_CONNECTION" then
        return number == 1 and "green" or number == 3 and "yellow" or "red"
    end
    local colours = COLOURS[driver.names_id]
    if colours then return colours[number] end
    return driver.id == "ERR" and number ~= 0 and "red" or nil
end

local STALE = { [data_state.NO_DATA] = 1, [data_state.STALE] = 4, [data_state.OFFLINE] = 5 }
local BAD = { yellow = 2, red = 3 }

--- The state of a node in a word -> { text, colour, rank }: how old its data is, else the worst of its alarms
-- and errors (rank 2 and 3), else the first of its states (rank 0). The higher the rank, the worse.
local function state_of(values)
    local worst = { rank = 0 }
    for _, value in ipairs(values) do
        local age = value.kind == "DATA_STATE" and STALE[value.number]
        local rank = age or (value.id == "ERR" or value.kind == "ALARM" or value.kind == "SYSTEM_STATUS")
            and BAD[value.colour] or 0
        if rank > worst.rank then
            local text = not age and value.id ~= "ERR" and (rank == 3 and "Alarm" or "Warning") or value.text
            worst = { text = text, colour = value.colour, rank = rank }
        elseif not age and worst.rank == 0 and not worst.text and value.number
            and (value.kind or ""):find("_STAT[EU]S?$") and value.kind ~= "DATA_STATE" then
            worst = { text = value.text, colour = value.colour, rank = 0 }
        end
    end
    return worst
end

--- Brings a node, a table with its address, to what is shown now: name, type (a text), primary, values = list
-- of { id, label, text, number (nil: without data), without, kind = list of its states, colour }, by = those
-- by id, state = see above, data = text of its state, data_colour, time = text of its data's, commands = of
-- its type. Returns it.
function console.refresh(node)
    local there, type_ = look_up(node.address)
    local values, by = {}, {}
    for i, driver in ipairs(type_.drivers) do
        local number, uom, text = host.shown(node.address, driver.id)
        local shown = value_text(driver, number, uom, text)
        local without = shown == NO_DATA
        local value = { id = driver.id, label = clean(driver.label), text = clean(shown),
                        kind = driver.names_id, without = without,
                        number = not without and tonumber(number) or nil }
        value.colour = value.number and colour_of(driver, math.tointeger(value.number))
        values[i], by[driver.id] = value, value
    end
    node.name, node.type, node.primary = clean(there.name), type_.name, there.primary
    node.commands = type_.commands
    node.values, node.by, node.state = values, by, state_of(values)
    local data, time = by.GV30, by.TIME
    if data and time then                       -- the last two; they are shown apart from the others
        values[#values], values[#values - 1] = nil, nil
    end
    node.data, node.data_colour = data and data.text, data and data.colour
    node.time = time and not time.without and time.text or nil
    return node
end

--- Nodes in the order in which they are shown: the plugin's own, then installations by name; each with its
-- gateway, its devices by address and their further nodes, then the gateway's further nodes.
-- nodes: list of nodes as above; it is sorted in place, and returned. own: the address of the plugin's own.
function console.sort(nodes, own)
    local keys, names = {}, {}
    for _, node in ipairs(nodes) do names[node.address] = paint.by_number(node.name:lower()) end
    for _, node in ipairs(nodes) do
        local rank = node.address == node.primary and 1 or node.address:find(node.primary, 1, true) and 3 or 2
        keys[node] = ("%d\0%s\0%s\0%d%s"):format(node.address == own and 0 or 1,
            names[node.primary] or "", node.primary, rank, paint.by_number(node.address))
    end
    table.sort(nodes, function(a, b) return keys[a] < keys[b] end)
    return nodes
end

local function padded(text, columns) return text .. (" "):rep(columns - width(text)) end

function console.change(address, id)
    local node, type_ = look_up(address)
    local driver = lists.with_id(type_.drivers, id)
    return ("%s %s %s %s: %s"):format(padded(address, 14), padded(clean(node.name), 24),
        padded(id, 7), driver.label, value_text(driver, host.shown(address, id)))
end

-------------------------------------------------------------------------------------------- the table

local GAP, INDENT = "   ", "    "

--- Adds parts, each { label, text, colour }, behind a line (nil: none is begun) and below it, as lines of at
-- most so many columns.
local function add_parts(lines, line, parts, columns)
    local used = line and width(line) or 0
    for _, part in ipairs(parts) do
        local takes = width(part[1]) + 1 + width(part[2])
        local fits = line and used + #GAP + takes <= columns
        if line and not fits then lines[#lines + 1] = line end
        line, used = fits and line .. GAP or INDENT, (fits and used + #GAP or #INDENT) + takes
        line = ("%s%s %s"):format(line, part[1], paint.colour(part[3] or "bold", part[2]))
    end
    lines[#lines + 1] = line
end

--- A node: its name with what is said of its data, then its values and how many have no data.
local function add_node(lines, node, columns)
    local head, without = {}, 0
    if node.data then head[1] = { "Data state", node.data, node.data_colour } end
    if node.data and node.time then head[2] = { "Last data", node.time } end
    local indent = node.primary ~= node.address and "  " or ""
    add_parts(lines, ("%s%s (%s, %s)"):format(indent, node.name, node.type, node.address), head, columns)
    local parts = {}
    for _, value in ipairs(node.values) do
        if value.without then without = without + 1 else parts[#parts + 1] = { value.label, value.text } end
    end
    if without > 0 then parts[#parts + 1] = { "Without data", tostring(without) } end
    add_parts(lines, nil, parts, columns)
end

--- The table of all nodes as a list of lines. view = { title, nodes = list of nodes as above, columns,
-- notices = list of texts, log = list of lines }
function console.table(view)
    local lines = { view.title }
    for _, node in ipairs(view.nodes) do add_node(lines, node, view.columns) end
    for _, text in ipairs(view.notices) do lines[#lines + 1] = "Notice: " .. clean(text) end
    for _, text in ipairs(view.log) do lines[#lines + 1] = "Log: " .. clean(text) end
    return lines
end

return console
