--- --json and get: what the nodes show, for programs. A line of JSON for each value, and one value alone.

local console = require "tools.console"
local data_state = require "types.data_state"
local lists = require "types.lists"
local paint = require "tools.paint"
local profile = require "pg3.profile"
local wording = require "types.wording"

local values = {}

--- Exit codes of get beside 0 and 1.
values.NO_DATA, values.OLD = 3, 4

local STATES = { [data_state.NO_DATA] = "none", [data_state.FRESH] = "fresh", [data_state.STALE] = "stale",
                 [data_state.OFFLINE] = "offline" }
local STATE, TIME = "GV30", "TIME"
local UOM_TIME = 151
local LINES = 100                   -- that are told in one turn

local quoted = paint.quoted

local function text_or_null(text) return text and text ~= "" and quoted(text) or "null" end

local function stamp(seconds)
    return quoted(os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds)))
end

local function drivers_of(node) return profile.type(node.type).drivers end

--- What a driver shows now -> { node, driver, number = as text|nil for no data, uom, text|nil,
-- state = see STATES, nil for the plugin's own node, measured = unix|nil }; nil: there is no such driver.
local function look_up(address, id)
    local node = host.node(address)
    local driver = node and lists.with_id(drivers_of(node), id)
    if not driver then return nil end
    local number, uom, text = host.shown(address, id)
    local value = tonumber(number)
    local none = profile.is_no_data(driver, value, uom)
    local has_state = lists.with_id(drivers_of(node), STATE)
    local measured = has_state and tonumber((host.shown(address, TIME)))
    return {
        node = node, driver = driver, uom = uom, number = not none and number or nil,
        text = not none and (driver.names and driver.names[math.tointeger(value)] or text) or nil,
        state = has_state and STATES[math.tointeger(tonumber((host.shown(address, STATE))))],
        measured = measured and measured > 0 and measured or nil,
    }
end

--- One value as a line of JSON (docs/programs.md, Fields).
local function line_of(found)
    local node = found.node
    local site = host.node(node.primary) or node
    local number, is_time = found.number, found.uom == UOM_TIME
    if is_time and tonumber(number) == 0 then number = nil end
    return ('{"time":%s,"installation":%s,"node":%s,"name":%s,"driver":%s,"label":%s,"value":%s,"unit":%s,'
        .. '"text":%s,"state":%s,"measured":%s}'):format(
        stamp(host.time()), quoted(site.name), quoted(node.address), quoted(node.name),
        quoted(found.driver.id), quoted(found.driver.label), number or "null",
        text_or_null(console.UNITS[number and found.uom or found.driver.uom]),
        is_time and number and stamp(number) or text_or_null(found.text),
        text_or_null(found.state), found.measured and stamp(found.measured) or "null")
end

--- Gives the lines for these changes (see host.changes) to say(list of lines), some at a time: others have
-- their turn, too. A data state is part of every line of its node: where it changes, all of them are told.
function values.tell(changes, say)
    local whole, lines = {}, {}
    local function add(address, id)
        local found = look_up(address, id)
        lines[#lines + 1] = found and line_of(found)
        if #lines < LINES then return end
        say(lines)
        lines = {}
        host.sleep(0)
    end
    for _, change in ipairs(changes) do
        if change.driver == STATE then whole[change.address] = "due" end
    end
    for _, change in ipairs(changes) do
        local address = change.address
        if not whole[address] then
            add(address, change.driver)
        elseif whole[address] == "due" then
            whole[address] = "told"
            for _, driver in ipairs(drivers_of(host.node(address))) do add(address, driver.id) end
        end
    end
    say(lines)
end

--- The same for all values of these nodes.
function values.tell_all(addresses, say)
    local changes = {}
    for i, address in ipairs(addresses) do changes[i] = { address = address, driver = STATE } end
    values.tell(changes, say)
end

--- The value that NODE.DRIVER names, for get -> { text to print|nil, code = to leave with, problem = sentence
-- |nil }; nil: it is not there yet. last: nothing more comes. as_json: as a line of JSON.
function values.get(name, last, as_json)
    local address, id = name:match "^([%w_]+)%.(%w+)$"
    if not address then
        return { code = 2, problem = ("\"%s\" is no NODE.DRIVER, such as 258l_bm289.BATLVL; the ids are in"
            .. " docs/nodes.md."):format(name) }
    end
    local found = look_up(address, id)
    local waits = not found or found.state == "none" or not found.number
    if waits and not last then return nil end
    if not found then
        if host.node "controller" and host.get("controller", "GV0") ~= 1 then
            return { code = 1, problem = address .. " is not known: VRM cannot be asked." }
        end
        local node, all = host.node(address), "--watch --once --json lists all."
        if not node then return { code = 1, problem = ("there is no node %s. %s"):format(address, all) } end
        local ids = {}
        for i, driver in ipairs(drivers_of(node)) do ids[i] = driver.id end
        return { code = 1, problem = ("node %s has no driver %s. %s"):format(address, id,
            wording.did_you_mean(id, ids, "%s", all)) }
    end
    local result = { text = as_json and line_of(found) or found.number, code = 0 }
    local shown = address .. "." .. id
    if not found.number or found.state == "none" then
        result.code, result.problem = values.NO_DATA, shown .. " has no data."
        result.text = as_json and result.text or nil
    elseif found.state == "stale" or found.state == "offline" then
        result.code, result.problem = values.OLD, ("%s is old (%s)."):format(shown, found.state)
    end
    return result
end

return values
