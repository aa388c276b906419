--- victron-host --demo, --watch: the plugin without PG3, shown to a person. A terminal gets a screen that
-- obeys keys (screen.lua); a pipe, and a terminal without colours, a line for each change; with --once it is
-- one table when the first values are there. For programs: stream.lua.

local account = require "sources.account"
local console = require "tools.console"
local flow = require "tools.flow"
local pace = require "model.pace"
local paint = require "tools.paint"
local plugin_nodes = require "model.nodes"
local replay = require "tools.replay"
local screen = require "tools.screen"
local sorted_keys = require("types.lists").sorted_keys
local stand_in = require "tools.stand_in"
local timer = require "tasks.timer"
local writes = require "control.writes"

local TICK_SECONDS = 0.05           -- keys, the terminal's size and what changed are looked at so often
local QUIET_SECONDS = 1.2           -- --once: nothing new for so long means that everything is there
local MOST_LINES, MOST_SAMPLES = 200, 400
local ONCE_LINES, ONCE_NOTICES = 4, 8

local options = host.options
local TITLE = "Your installations"
if options.demo then
    TITLE = "Three made-up installations, a day in 4 minutes"
elseif options.replay then
    TITLE = ("The recording %s, faster than it was"):format(options.replay)
end
if options.record then TITLE = ("%s; recorded in %s"):format(TITLE, options.record) end

local in_place = host.colours and not options.once
local nodes = {}                    -- [address] = as console.refresh fills it
local histories = {}                -- [address of a gateway] = its samples: screen.lua
local world = { title = TITLE, sites = {}, notices = {}, log = {}, asks = not options.demo,
                timed = options.demo }      -- else PG3 is needed, which keeps what was before
local view = {}
local unordered = false             -- nodes came or changed their names
local notices = {}                  -- [key] = text
local touched = false               -- there is something to draw
local values = false                -- a device's were there

--------------------------------------------------------------------------------------------- showing

--- The end. code: see stand_in.leave.
local function leave(code)
    host.screen(false)
    local own = nodes[account.CONTROLLER]
    code = stand_in.leave(code)
    if code ~= 0 and in_place then
        host.print("System status: " .. (own and own.by.GV0.text or "unknown"))
        for _, text in ipairs(world.notices) do host.print(text) end
    end
end

--- Whether the owner lets values be set in the installation of a gateway.
local function is_controlled(address)
    local node = plugin_nodes.all[address]
    return node and node.site and writes.allowed(node.site) or false
end

--- The installations and the plugin's own node of all nodes, in the order of the screen -> all nodes, too.
local function order()
    local all, sites, by_address = {}, {}, {}
    for _, node in pairs(nodes) do all[#all + 1] = node end
    for _, node in ipairs(console.sort(all, account.CONTROLLER)) do
        local site = by_address[node.primary]
        if node.address == node.primary and node.address ~= account.CONTROLLER then
            histories[node.address] = histories[node.address] or { pv = {}, load = {}, soc = {} }
            site = { address = node.address, name = node.name, nodes = {}, history = histories[node.address],
                     controlled = is_controlled(node.address) }
            by_address[node.address], sites[#sites + 1] = site, site
        end
        if site then table.insert(site.nodes, node) end
    end
    world.sites, world.own, unordered = sites, nodes[account.CONTROLLER], false
    return all
end

local function last_of(list, count) return table.move(list, math.max(1, #list - count + 1), #list, 1, {}) end

local function draw_table()
    local columns = math.tointeger(tonumber(host.env("COLUMNS"))) or host.size() or 100
    host.print(table.concat(console.table {
        title = "victron-host: " .. TITLE, nodes = order(), columns = math.max(columns, 60),
        notices = table.move(world.notices, 1, ONCE_NOTICES, 1, {}), log = last_of(world.log, ONCE_LINES),
    }, "\n"))
end

local drawn = {}                    -- lines on the screen, and its size

--- Only the lines that are others than before are written.
local function draw()
    if unordered then order() end
    local lines, texts = screen.lines(world, view, drawn.columns, drawn.rows), {}
    for i = 1, drawn.rows do
        local line = lines[i] or ""
        if line ~= drawn[i] then texts[#texts + 1] = ("\27[%d;1H\27[K%s"):format(i, line) end
        drawn[i] = line
    end
    if #texts > 0 then host.print(table.concat(texts) .. "\27[H") end
end

--- What is new since the last time, into a pipe at once. The log's lines have their time already.
local function look()
    local stream = not in_place and not options.once
    for _, line in ipairs(host.lines()) do
        line = paint.clean(line)
        table.insert(world.log, line)
        if #world.log > MOST_LINES then table.remove(world.log, 1) end
        if stream then host.print(line) end
        touched = true
    end
    local changed = {}
    for _, change in ipairs(host.changes()) do
        values = values or change.address ~= account.CONTROLLER
        changed[change.address], touched = true, true
        if stream then
            host.print(os.date("%Y-%m-%d %H:%M:%S ", math.floor(host.time()))
                .. console.change(change.address, change.driver))
        end
    end
    for address in pairs(changed) do console.refresh(nodes[address]) end
end

--- What the sparklines show, one more of each.
local function sample()
    for address, history in pairs(histories) do
        local powers = flow.powers(nodes[address])
        for name, list in pairs(history) do
            list[#list + 1] = powers[name] or false
            if #list > MOST_SAMPLES then table.remove(list, 1) end
        end
    end
    touched = true
end

--- The terminal has another size, or its screen is to be drawn anew.
local function resize(anew)
    local columns, rows = host.size()
    columns, rows = columns or 80, rows or 24
    if anew or columns ~= drawn.columns or rows ~= drawn.rows then
        drawn, touched = { columns = columns, rows = rows }, true
        host.print "\27[2J"
    end
end

local function send(sending)
    local sent = { title = sending.title, text = "Under way. A write is looked at again after ten seconds.",
                   colour = "cyan" }
    world.sent = sent
    host.spawn(function()
        local text, done = stand_in.command(sending.address, sending.id, sending.args)
        sent.text = paint.clean(text or done and "Done." or "It was not done: the log says why.")
        sent.colour, touched = done and "green" or "red", true
    end)
end

local begun = ""                    -- of a key that has not come in whole

local function obey_keys()
    local more = host.keys()
    if more == "" and begun == "" then return end
    local keys
    keys, begun = screen.keys(begun .. more, more == "")
    touched = true
    for _, key in ipairs(keys) do
        if key == "redraw" then resize(true) end
        local ends, sending = screen.press(world, view, key)
        if ends then return leave() end
        if sending then send(sending) end
    end
end

--- A notice of PG3's, or of a recording; text nil: it is over.
local function note(key, text)
    notices[key] = text and paint.clean(text)
    world.notices, touched = {}, true
    for i, its in ipairs(sorted_keys(notices)) do world.notices[i] = notices[its] end
end

local quiet = 0                     -- seconds without anything new

local function show()
    look()
    quiet = touched and 0 or quiet + TICK_SECONDS
    if in_place then
        if options.replay and replay.over() and not notices.over then
            note("over", "The recording ends here.")
        end
        resize()
        obey_keys()
        if touched and not stand_in.left then draw() end
    end
    touched = false
    if not (in_place or stand_in.left or host.print()) then return leave(0) end
    if options.once and quiet >= QUIET_SECONDS and (values or next(notices)) then
        draw_table()
        leave()
    elseif options.replay and not in_place and replay.over() and quiet >= QUIET_SECONDS then
        leave()
    end
end

------------------------------------------------------------------------------------------- the course

--- The demo's gateways are behind a broker, too; what is printed for others to read has VRM's answers alone,
-- whose order does not depend on what came in between.
local LIVE_DEMO = { live = "vrm", control = "on", control_pause = "0", inverter_off = "yes" }

local started = stand_in.begin {
    params = in_place and options.demo and LIVE_DEMO or nil,
    added = function(address)
        nodes[address] = console.refresh { address = address }
        unordered, touched = true, true
    end,
    renamed = function(address)
        console.refresh(nodes[address])
        unordered, touched = true, true
    end,
    notice = note, seconds = TICK_SECONDS, look = show, leave = leave,
    late = options.once and function()
        draw_table()
        leave(1)
    end or nil,
}
if started and in_place then
    pace.unlimited()
    host.screen(true)
    timer.every(stand_in.SAMPLE, sample)
end
