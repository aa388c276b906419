--- What --demo and --watch show on a terminal, as pure functions: from what is known (world) and what is
-- looked at (view) to the lines of a screen, and from a key to what is looked at next.
--
-- world = { title, own = the plugin's node or nil, sites = list of { address, name, nodes, history,
--   controlled = the owner lets values be set there },
--   notices = list of texts, log = list of lines, timed = commands for a time can be sent as well, asks =
--   before one is sent that is asked once more, sent = the last one, { title, text, colour } | nil }. nodes:
--   as console.refresh fills them, the gateway first.
--   history = { pv, load, soc }: samples of flow.powers, false where it was not known.
-- view = {}: what is looked at first, the only installation or all of them. It has name (of a page), first
-- (no key was pressed yet), site and node (addresses), top (the first line of what is scrolled), full (with
-- what has no data), back (the page before), line (of the commands), form (see tools.command_form).

local command_form = require "tools.command_form"
local flow = require "tools.flow"
local paint = require "tools.paint"

local screen = {}

local cut, padded, width = paint.cut, paint.padded, paint.width

-------------------------------------------------------------------------------------------- rows

-- A row is a list of parts, each a text or { text, colour }; right = parts at its end; chosen = the cursor is
-- on it. It knows no width: what does not fit is cut when it becomes a line.

-- Hebrew and Arabic letters, and a mark without a column, behind which all goes from left to right: a
-- terminal that turns such letters by itself turns the numbers that follow as well.
local RIGHT_TO_LEFT, LEFT_TO_RIGHT = "[\xD6-\xDF][\x80-\xBF]", "\u{200E}"

--- Parts in at most so many columns -> a text, the columns it takes.
local function join(parts, columns, plain)
    local texts, used = {}, 0
    for _, part in ipairs(parts) do
        local text, colour = part, nil
        if type(part) == "table" then text, colour = part[1], part[2] end
        text = cut(text, columns - used)
        if not plain and text:find(RIGHT_TO_LEFT) then text = text .. LEFT_TO_RIGHT end
        used = used + width(text)
        texts[#texts + 1] = paint.colour(not plain and text ~= "" and colour or nil, text)
    end
    return table.concat(texts), used
end

--- A row as a line of a terminal with so many columns.
local function line_of(row, columns)
    local right, right_used = join(row.right or {}, columns, row.chosen)
    local left, left_used = join(row, columns - right_used - (right_used > 0 and 1 or 0), row.chosen)
    if right_used == 0 and not row.chosen then return left end
    local line = left .. (" "):rep(columns - left_used - right_used) .. right
    return row.chosen and paint.colour("reverse", line) or line
end

--- So many of the rows that the one at `chosen` is among them.
local function window(rows, chosen, room)
    local first = math.max(1, math.min(chosen - room // 2, #rows - room + 1))
    return table.move(rows, first, math.min(first + room - 1, #rows), 1, {})
end

--- Rows from view.top on, which is brought to where there is something to see.
local function scrolled(rows, view, room)
    view.top = math.max(0, math.min(view.top or 0, #rows - room))
    return table.move(rows, view.top + 1, math.min(view.top + room, #rows), 1, {})
end

--- A text as rows of so many columns, broken at blanks.
local function wrapped(text, columns, colour)
    local rows, line = {}, ""
    for word in text:gmatch("%S+") do
        if line ~= "" and width(line) + 1 + width(word) > columns - 2 then
            rows[#rows + 1], line = { " ", { line, colour } }, " "
        end
        line = line == "" and word or line .. " " .. word
    end
    rows[#rows + 1] = { " ", { line, colour } }
    return rows
end

local function append(rows, more, most)
    return table.move(more, 1, math.min(#more, most or #more), #rows + 1, rows)
end

--------------------------------------------------------------------------------- installations, nodes

local function index_of(list, address)
    for i, one in ipairs(list) do
        if one.address == address then return i end
    end
    return 1
end

local function site_of(world, view) return world.sites[index_of(world.sites, view.site)] end

--- The worst state of the nodes of an installation -> { text, colour }.
local function site_state(site)
    local worst = site.nodes[1].by.GV0 or {}
    worst = { text = worst.text or "", colour = worst.colour, rank = 0 }
    for _, node in ipairs(site.nodes) do
        if node.state.rank > worst.rank then worst = node.state end
    end
    return worst
end

--- An installation's line: its number, name, battery, state.
local function site_row(site, number, columns, with_power)
    local by = site.nodes[1].by
    local right = {}
    local function add(text, space, colour, to_right)
        if text then append(right, { { padded(text, space, to_right), colour }, "  " }) end
    end
    if with_power and columns >= 80 then
        local powers = flow.powers(site.nodes[1])
        add(powers.pv and "PV " .. padded(flow.watts(powers.pv), 8, true), 11)
        add(powers.load and "Load " .. padded(flow.watts(powers.load), 8, true), 13)
    end
    local soc, battery, state = by.BATLVL, by.GV5, site_state(site)
    local wide, charges = columns >= 60, battery and battery.number and battery.colour
    add(soc and soc.number and soc.text, 7, charges or "bold", true)
    add(wide and battery and battery.number and battery.text, 11, charges)
    add(state.text, wide and 11 or 7, state.colour)
    right[#right] = nil
    return { { (" %d "):format(number), "grey" }, { site.name, "bold" }, right = right }
end

--- Whether it is a further node of a device: its address has a letter more (docs/architecture.md).
local function is_part(node) return node.address:find("_%l+%d+%l+$") ~= nil end

--- A name in so many columns. Names differ at their end: of a long one the last words stay.
local function name_in(name, columns)
    local tail, rest = "", name
    while width(name) > columns do
        local before, word = rest:match("^(.+)( %S+)$")
        if not word or width(word .. tail) > columns * 2 // 3 then break end
        tail, rest = word .. tail, before
    end
    return cut(rest, columns - width(tail)) .. tail
end

--- A node's line: name, state, first value, then as many of the others as fit. A long first value takes
-- columns of the state: a number is not cut.
local function node_row(node, columns, indent)
    local names, states = math.max(14, math.min(columns * 3 // 8, 44)), math.max(12, columns // 6 - 1)
    local head = node.values[1]
    local before = is_part(node) and "   " or " "
    local name = padded(before .. name_in(node.name, names - indent - #before), names - indent)
    local first = head and head.number and not head.kind and head.text or ""
    local firsts = math.max(10, math.min(width(first), states + 4))
    local row = { (" "):rep(indent) .. name .. " ",
                  { padded(node.state.text or "", states + 10 - firsts), node.state.colour }, " ",
                  { padded(first, firsts, true), "bold" } }
    local used = names + states + 12
    for i = 2, columns >= 70 and #node.values or 0 do
        local value = node.values[i]
        local takes = width(value.label) + width(value.text) + 3
        local told = value.text == node.state.text or value.text == head.text
        if value.number and value.kind ~= "ALARM" and not told then
            if used + takes > columns then break end
            used = used + takes
            append(row, { { "  " .. value.label .. " ", "grey" }, value.text })
        end
    end
    return row
end

--- The values of a node in columns. full: with the drivers' ids, and what has no data; else that is counted.
local function value_rows(node, columns, full)
    local cells, without = {}, 0
    for _, value in ipairs(node.values) do
        if full or not value.without then cells[#cells + 1] = value else without = without + 1 end
    end
    local across = math.max(1, columns // (full and 46 or 38))
    local wide, down, rows = columns // across - 2, math.ceil(#cells / across), {}
    for i, value in ipairs(cells) do
        local id = full and padded(value.id, 8) or ""
        local text = cut(value.text, math.max(wide - 16, 8))
        local place = (i - 1) % down + 1
        rows[place] = append(rows[place] or {}, { " ", { id, "grey" },
            padded(value.label, wide - #id - width(text) - 1), " ",
            { text, value.without and "grey" or value.colour or "bold" }, " " })
    end
    if without > 0 then rows[#rows + 1] = { { (" %d more without data"):format(without), "grey" } } end
    return rows
end

local function title_row(node)
    local row = { { " ── " .. node.name .. " ", "bold" },
                  { ("%s, %s "):format(node.type, node.address), "grey" } }
    if node.data then row.right = { { node.data, node.data_colour }, " " .. (node.time or "") .. " " } end
    return row
end

------------------------------------------------------------------------------------------- the pages

local pages = {}

--- What the overview has of an installation: its flow, and so many of its nodes (0) in an order: [node] =
-- which one it is, devices before further nodes, and how many of both there are.
local function block_of(site, columns)
    local block = { flow = flow.rows(site, columns), order = {}, nodes = 0, devices = 0,
                    all = #site.nodes - 1 }
    for i = 2, #site.nodes do
        if not is_part(site.nodes[i]) then
            block.devices = block.devices + 1
            block.order[site.nodes[i]] = block.devices
        end
    end
    local last = block.devices
    for i = 2, #site.nodes do
        if is_part(site.nodes[i]) then last, block.order[site.nodes[i]] = last + 1, last + 1 end
    end
    return block
end

--- Gives blocks nodes in turn, devices before all further ones, until so much room is taken.
local function give_nodes(blocks, room)
    for _, most in ipairs { "devices", "all" } do
        local given = true
        while given and room > 0 do
            given = false
            for _, block in ipairs(blocks) do
                if room > 0 and block.nodes < block[most] then
                    block.nodes, room, given = block.nodes + 1, room - 1, true
                end
            end
        end
    end
end

--- All installations: as much of each as there is room for, the flow and nodes of the chosen one first.
function pages.overview(world, view, columns, room)
    local sites, blocks, taken = world.sites, {}, 0
    if #sites == 0 then
        local rows = { { { " Nothing is known of an installation yet.", "grey" } } }
        for _, text in ipairs(world.notices) do append(rows, wrapped(text, columns, "yellow")) end
        return rows
    end
    local chosen = index_of(sites, view.site)
    for i, site in ipairs(sites) do
        blocks[i] = block_of(site, columns)
        taken = taken + 1 + #blocks[i].flow
    end
    local flows = taken <= room
    local spare = flows and room - taken or room - #sites
    local gap = flows and spare >= #sites - 1
    local opened = not flows and #blocks[chosen].flow <= spare
    give_nodes(flows and blocks or opened and { blocks[chosen] } or {},
        spare - (gap and #sites - 1 or opened and #blocks[chosen].flow or 0))
    local rows, place = {}, 1
    for i, site in ipairs(sites) do
        local block = blocks[i]
        local with_flow = flows or opened and i == chosen
        local row = site_row(site, i, columns, not with_flow)
        rows[#rows + 1] = row
        if i == chosen then place, row.chosen = #rows, true end
        if with_flow then append(rows, block.flow) end
        for k = 2, #site.nodes do
            local node = site.nodes[k]
            if block.order[node] <= block.nodes then rows[#rows + 1] = node_row(node, columns, 2) end
        end
        if gap and i < #sites then rows[#rows + 1] = {} end
    end
    return window(rows, place, room)
end

local LEAST_ROWS = 3                -- of a further node: what it is, and some values

--- One installation: what flows, its nodes, and where there is room the values of the chosen one, then of
-- those below it.
function pages.site(world, view, columns, room)
    local site = site_of(world, view)
    local chosen, list = index_of(site.nodes, view.node), {}
    for i, node in ipairs(site.nodes) do list[i] = node_row(node, columns, 0) end
    list[chosen].chosen = true
    local rows = flow.rows(site, columns, room >= 18)
    room = room - #rows
    local node = site.nodes[chosen]
    local values = value_rows(node, columns)
    local for_list = math.min(#list, math.max(room - #values - 1, room // 2))
    if room < 12 or room - for_list < 4 then for_list = room end
    append(rows, window(list, chosen, for_list))
    local most, at = #rows + room - for_list, chosen
    while at <= #site.nodes and most - #rows >= (at == chosen and 1 or LEAST_ROWS) do
        rows[#rows + 1] = title_row(site.nodes[at])
        append(rows, at == chosen and values or value_rows(site.nodes[at], columns), most - #rows)
        at = at + 1
    end
    return rows
end

local function node_of(world, view)
    local nodes = view.site == "" and { world.own } or site_of(world, view).nodes
    return nodes[index_of(nodes, view.node)]
end

function pages.node(world, view, columns, room)
    local node = node_of(world, view)
    return append({ title_row(node) }, scrolled(value_rows(node, columns, view.full), view, room - 1))
end

local CONTROL_IS_OFF = "Nothing can be set here: control is off. Start the program with --param live=vrm and"
    .. " --param control=on, or control=NAME of the installation."

--- The commands of a node, and what became of the one that was sent last.
function pages.commands(world, view, columns, room)
    local node, list, below = node_of(world, view), {}, {}
    for i, command in ipairs(command_form.offered(node, world.timed)) do
        list[i] = command_form.row(node, command, columns)
    end
    view.line = math.max(1, math.min(view.line, #list))         -- a script may have come anew
    if #list > 0 then list[view.line].chosen = true else list[1] = { { " It has no commands.", "grey" } } end
    if view.site ~= "" and not site_of(world, view).controlled then
        append(below, append({ {} }, wrapped(CONTROL_IS_OFF, columns, "yellow")))
    elseif world.sent then
        append(below, { {}, { " ", { world.sent.title, "bold" } } })
        append(below, wrapped(world.sent.text, columns, world.sent.colour))
    end
    return append(append({ title_row(node) }, window(list, view.line, math.max(1, room - 1 - #below))), below)
end

function pages.command(world, view)
    local node, site = node_of(world, view), site_of(world, view)
    return append({ title_row(node) }, command_form.rows(view.form, node, site and site.name or world.title))
end

function pages.all(world, view, columns, room)
    local rows = {}
    for i, node in ipairs(site_of(world, view).nodes) do
        if i > 1 then rows[#rows + 1] = {} end
        rows[#rows + 1] = title_row(node)
        append(rows, value_rows(node, columns, true))
    end
    return scrolled(rows, view, room)
end

--- Notices, and the log's warnings and errors, the last ones first to be seen.
function pages.log(world, view, columns, room)
    local rows = {}
    for _, text in ipairs(world.notices) do append(rows, wrapped("Notice: " .. text, columns, "yellow")) end
    for _, text in ipairs(world.log) do
        append(rows, wrapped(text, columns, text:find("^%S+ %S+ ERROR ") and "red" or nil))
    end
    if #rows == 0 then return { { { " No notice, and no warning in the log.", "grey" } } } end
    return scrolled(rows, view, room)
end

local HINTS = {
    overview = { { "↑↓", "installation" }, { "Enter 1-9", "open" }, { "a", "all values" },
                 { "l", "log" }, { "0", "plugin" } },
    site = { { "↑↓", "node" }, { "Enter", "values" }, { "Esc", "back" }, { "←→", "next" },
             { "a", "all values" }, { "l", "log" } },
    node = { { "a", "all values" }, { "←→", "next node" }, { "Esc", "back" }, { "↑↓", "scroll" },
             { "l", "log" }, { "c", "commands" } },
    commands = { { "↑↓", "command" }, { "Enter", "choose" }, { "←→", "next node" }, { "Esc", "back" },
                 { "l", "log" } },
    command = { { "0-9 ↑↓", "value" }, { "Enter", "go on, send" }, { "Esc", "do not" } },
    all = { { "↑↓", "scroll" }, { "Esc", "back" }, { "←→", "next" }, { "l", "log" } },
    log = { { "↑↓", "scroll" }, { "Esc", "back" } },
}

local function hint_row(world, view, columns)
    local row, used = { " ", { "q", "bold" }, { " quit", "grey" } }, 7
    for _, hint in ipairs(HINTS[view.name]) do
        used = used + 3 + width(hint[1]) + #hint[2]
        if used > columns then break end
        local there = hint[1] ~= "c" or command_form.offered(node_of(world, view), world.timed)[1]
        if there then append(row, { "  ", { hint[1], "bold" }, { " " .. hint[2], "grey" } }) end
    end
    return row
end

local function width_of(parts) return select(2, join(parts, math.huge)) end

local LEAST_TITLE = 12              -- columns of a name before the place of its installation

--- What is looked at, and how the plugin gets on with VRM. A long name is cut before what follows it.
local function head_row(world, view, columns)
    local site, title, count = #world.sites > 0 and site_of(world, view), world.title, ""
    if view.name == "log" then
        title = "Log"
    elseif view.name ~= "overview" and view.site ~= "" and site then
        title = site.name
        count = (" (%d of %d)"):format(index_of(world.sites, view.site), #world.sites)
    end
    local own, right, state = world.own, nil, {}
    if own then
        local status, time = own.by.GV0, own.by.TIME
        local answered = columns >= 60 and time and (time.number or 0) > 0 and " " .. time.text or ""
        right = { { status.text, status.colour }, { answered, "grey" }, " " }
    end
    if view.name == "site" then
        state = append({ { "  " } }, site_row(site, 0, columns).right)
        state[#state][1] = state[#state][1]:gsub(" +$", "")
    end
    local room = columns - 2 - width_of(state) - width_of(right or {})
    if columns < 60 or room - #count < LEAST_TITLE then count = "" end
    room = room - #count
    return append({ { " " .. cut(title, math.max(room, 8)) .. count, "bold" }, right = right }, state)
end

--- The page that can be shown: there may be no installation yet, or none any more.
local function settle(world, view)
    if view.first or not view.name then
        view.first, view.name = true, #world.sites == 1 and "site" or "overview"
    end
    if view.name ~= "log" and view.site ~= "" and #world.sites == 0 then view.name = "overview" end
    if view.site == "" and not world.own then view.name, view.site = "overview", nil end
end

--- The lines of a screen of so many columns and rows; fewer where there is nothing more to show but the keys.
function screen.lines(world, view, columns, rows)
    settle(world, view)
    local notices = {}
    if view.name ~= "log" and #world.sites > 0 then         -- else the page shows them in full
        for i = 1, math.min(#world.notices, rows >= 16 and 2 or 1) do
            notices[i] = { { " ! " .. world.notices[i], "yellow" } }
        end
    end
    local room = math.max(rows - 2 - #notices, 1)
    local page = pages[view.name](world, view, columns, room)
    local shown = append({ head_row(world, view, columns) }, page, room)
    while #shown < room + 1 do shown[#shown + 1] = {} end
    append(append(shown, notices), { hint_row(world, view, columns) })
    local lines = {}
    for i = 1, math.min(rows, #shown) do lines[i] = line_of(shown[i], columns) end
    return lines
end

---------------------------------------------------------------------------------------------- keys

local NAMES = { ["[A"] = "up", ["[B"] = "down", ["[C"] = "right", ["[D"] = "left", OA = "up", OB = "down",
                OC = "right", OD = "left", ["[5~"] = "page up", ["[6~"] = "page down", ["[H"] = "home",
                ["[F"] = "end", OH = "home", OF = "end", ["[1~"] = "home", ["[4~"] = "end", ["[Z"] = "left" }
local BYTES = { ["\r"] = "enter", ["\n"] = "enter", ["\t"] = "right", ["\b"] = "backspace",
                ["\127"] = "backspace", k = "up", j = "down", h = "left", ["\f"] = "redraw" }

--- What a terminal sent -> list of keys: their names, or the character; and the beginning of a key at its
-- end, of which the rest is still to come. last: nothing more is to come, so that it is Esc.
function screen.keys(text, last)
    local keys, at = {}, 1
    while at <= #text do
        local code = text:match("^\27([%[O][%d;]*[%a~])", at)
        local begun = text:match("^\27[%[O]?[%d;]*$", at)
        if begun and not last then return keys, begun end
        if code then
            keys[#keys + 1] = NAMES[code]
            at = at + 1 + #code
        else
            local byte = text:sub(at, at)
            keys[#keys + 1] = byte == "\27" and "escape" or BYTES[byte] or byte
            at = at + (begun and #begun or 1)
        end
    end
    return keys, ""
end

--- The address that is `by` places from another one in a list.
local function neighbour(list, address, by)
    local place = math.max(1, math.min(#list, index_of(list, address) + by))
    return list[place] and list[place].address
end

local function go(view, name)
    if name == "log" and view.name ~= "log" then view.back = view.name end
    view.name, view.top = name, name == "log" and math.huge or 0
end

local BACK = { site = "overview", node = "site", all = "site", commands = "node", command = "commands" }
local STEPS = { up = -1, down = 1, ["page up"] = -10, ["page down"] = 10, home = -1e6, ["end"] = 1e6 }

--- Up, down and the like: to another line of a list, or the page scrolls.
local function step(world, view, by)
    if view.name == "overview" then
        view.site = neighbour(world.sites, view.site, by)
    elseif view.name == "site" then
        view.node = neighbour(site_of(world, view).nodes, view.node, by)
    elseif view.name == "commands" then
        local count = #command_form.offered(node_of(world, view), world.timed)
        view.line = math.max(1, math.min(view.line + math.tointeger(by), count))
    else
        view.top = (view.top or 0) + math.tointeger(by)
    end
end

--- The same page of the one before or after.
local function turn(world, view, by)
    if view.name == "log" or view.site == "" then return end
    if view.name == "node" or view.name == "commands" then
        view.node, view.line = neighbour(site_of(world, view).nodes, view.node, by), 1
    else
        view.site, view.node = neighbour(world.sites, view.site, by), nil
    end
    view.top = 0
end

local function open(world, view)
    if view.name == "overview" and #world.sites > 0 then
        view.site, view.node = site_of(world, view).address, nil
        go(view, "site")
    elseif view.name == "site" then
        view.node, view.full = neighbour(site_of(world, view).nodes, view.node, 0), false
        go(view, "node")
    elseif view.name == "commands" then
        local node = node_of(world, view)
        local command = command_form.offered(node, world.timed)[view.line]
        if not command or command.driver and not site_of(world, view).controlled then return end
        view.form = command_form.begin(node, command)
        go(view, "command")
    end
end

--- A key for the form -> the command, once it is to be sent: { address, id, args, title }.
local function fill_in(world, view, key)
    local form = view.form
    if not command_form.press(form, key, world.asks) then return nil end
    go(view, "commands")
    return { address = form.address, id = form.command.id, args = command_form.args(form),
             title = command_form.title(form) }
end

local function back(view)
    if view.name == "log" then
        go(view, view.back or "overview")
    elseif view.site == "" and view.name == "node" then
        view.site, view.node = nil, nil
        go(view, "overview")
    else
        go(view, BACK[view.name] or "overview")
    end
end

--- A key (screen.keys) changes what is looked at -> whether it asks for the end; the command that it sends,
-- see fill_in.
function screen.press(world, view, key)
    settle(world, view)
    if view.first and view.name == "site" then view.site = world.sites[1].address end
    view.first = nil
    local site = key:find("^[1-9]$") and world.sites[tonumber(key)]
    if key == "q" or key == "Q" then return true end
    if key == "backspace" and view.name ~= "command" then key = "escape" end
    if view.name == "command" and key ~= "escape" then return false, fill_in(world, view, key) end
    if site then
        view.site, view.node = site.address, nil
        go(view, "site")
    elseif key == "0" and world.own then
        view.site, view.node = "", world.own.address
        go(view, "node")
    elseif key == "l" then
        go(view, "log")
    elseif key == "a" and view.name == "node" then
        view.full = not view.full
    elseif key == "c" and (view.name == "node" or view.name == "site" and #world.sites > 0) then
        view.node, view.line = node_of(world, view).address, 1
        go(view, "commands")
    elseif key == "a" and view.name ~= "log" and view.site ~= "" and #world.sites > 0 then
        go(view, view.name == "all" and "site" or "all")
    elseif key == "enter" then
        open(world, view)
    elseif key == "escape" then
        back(view)
    elseif key == "left" or key == "right" then
        turn(world, view, key == "left" and -1 or 1)
    elseif STEPS[key] then
        step(world, view, STEPS[key])
    end
    return false
end

return screen
