--- What device scripts ask of the plugin, and are answered at once: node:set, get, param, log, notice and
-- event, print and setting. The host tells who asks: the id and the file of the script.

local about = require "types.about"
local limits = require "types.limits"
local lists = require "types.lists"
local notices = require "pg3.notices"
local settings = require "pg3.settings"

local script_api = {}

local MOST = 1e6                    -- of a number whose row names no limits, to both sides

--- The type of the node at an address. main and tools.steps set it.
script_api.type_at = function(_) return nil end

local function driver_of(address, id)
    local type_ = script_api.type_at(address)
    return type_ and lists.with_id(type_.drivers, id)
end

local function misused(name, number, expected, value)
    error(("bad argument #%d to '%s' (%s expected, got %s)"):format(number, name, expected,
        value == nil and "no value" or type(value)), 0)
end

------------------------------------------------------------------------------------------------ log

local lines = {}                    -- [file] = those that a script has caused in the minute under way

--- A line that a script causes: the log is the owner's.
function script_api.log(file, level, text, area)
    lines[file] = (lines[file] or 0) + 1
    if lines[file] <= limits.lines then host.log(level, text, area) end
end

--- Tells what was left out. For the minute's work, and before the end.
function script_api.tell_left_out()
    for file, count in pairs(lines) do
        if count > limits.lines then
            host.log("warning", ("%s: %d more lines were left out; a script has %d a minute.")
                :format(file, count - limits.lines, limits.lines), "script")
        end
    end
    lines = {}
end

--------------------------------------------------------------------------------------------- events

local reported = {}                 -- [script's id] = { level, at }: events that count, and since when

local function may_report(id)
    local now, its = host.steady(), reported[id] or { level = 0, at = 0 }
    local level = math.max(0, its.level - (now - its.at) / limits.event_seconds)
    if level > limits.events - 1 then return false end
    reported[id] = { level = level + 1, at = now }
    return true
end

-------------------------------------------------------------------------------------------- notices

local shown, all_shown = {}, 0      -- [script's id] = { [key] = true, count = } of those that it shows

local NOTICE_BYTES = 1000

local function show(id, key, text)
    local its = shown[id] or { keys = {}, count = 0 }
    local is_new, ends = text and not its.keys[key], not text and its.keys[key]
    if is_new and all_shown >= limits.all_notices then
        error(("node:notice: all scripts together can show %d notices"):format(limits.all_notices), 0)
    elseif is_new and its.count >= limits.notices then
        error(("node:notice: a script can show %d notices at once"):format(limits.notices), 0)
    end
    local more = is_new and 1 or ends and -1 or 0
    shown[id], its.count, all_shown = its, its.count + more, all_shown + more
    its.keys[key] = text and true or nil
    if text or ends then notices.of_script(key, text and text:sub(1, NOTICE_BYTES)) end
end

--- A script is stopped or closed: its notices go.
function script_api.ended(id)
    for key in pairs(shown[id] and shown[id].keys or {}) do show(id, key, nil) end
    shown[id], reported[id] = nil, nil
    settings.forget(id)
end

------------------------------------------------------------------------------------------- what is asked

--- [what] = function(id, file, ...) of the script; of a node its address follows.
local answers = {}

--- Whether a number fits its row, as those from VRM have to: else it is no data.
local function fits(driver, value)
    if driver.names then return driver.names[math.tointeger(value)] ~= nil end
    return value >= (driver.min or -MOST) and value <= (driver.max or MOST)
end

function answers.set(_, _, address, id, value, text)
    local driver = driver_of(address, id)
    if not driver then host.get(address, id) end        -- raises, but for those that every node has
    if not (driver and driver.by_script) then
        error(("node:set: the row of %s does not say by_script = true"):format(id), 0)
    end
    local number = tonumber(value)
    if value ~= nil and not number then misused("set", 2, "number", value) end
    if number and not fits(driver, number) then number = nil end
    host.set(address, id, number, text)
end

function answers.get(_, _, address, id) return host.get(address, id) end

--- Secrets stay with the host: a script asks VRM with vrm.get, which has the token.
function answers.param(_, _, _, name)
    if type(name) ~= "string" then misused("param", 1, "string", name) end
    local value = host.params()[name]
    return value and not host.masks(value) and value or nil
end

--- A field of a node that cannot be set.
function answers.assign(_, _, address, key)
    if key == "state" then error("node.state is a table: write node.state.count = 1", 0) end
    if driver_of(address, key) then error(('a driver is set by node:set("%s", 5)'):format(key), 0) end
    error("only node.state can be set: write node.state." .. key, 0)
end

function answers.log(_, file, address, level, text)
    script_api.log(file, level, ("%s: %s"):format(address, text), "script")
end

function answers.print(_, file, text)
    script_api.log(file, "info", ("%s: %s"):format(file, text), "script")
end

function answers.notice(id, _, address, key, text)
    if type(key) ~= "string" then misused("notice", 1, "string", key) end
    if key:find "[ \t\n]" then
        error(("node:notice: a key has no blanks. Write node:notice(\"full\", \"%s\")"):format(key), 0)
    end
    if text ~= nil and type(text) ~= "string" and type(text) ~= "number" then
        misused("notice", 2, "string", text)
    end
    show(id, ("%s_%s"):format(address, key), text and tostring(text))
end

function answers.event(id, _, address, event)
    if type(event) ~= "string" then misused("event", 1, "string", event) end
    local type_ = script_api.type_at(address)
    if not (type_ and lists.with_id(type_.events, event)) then
        error(("the event %s is not declared. Write events = { %s = \"...\" } in the table."):format(event,
            event), 0)
    end
    if not may_report(id) then
        error(("node:event: a script can report %d events at once, then one a second")
            :format(limits.events), 0)
    end
    host.event(address, event)
end

function answers.setting(id, _, name)
    local value = (settings.of[id] or {})[name]
    if value ~= nil then return value end
    error(("there is no setting '%s'. Write settings = { %s = 10 } in the table, and ask for it in a"
        .. " function."):format(name, name), 0)
end

--- Answers from now on, and what serve.about answers.
function script_api.begin()
    host.on("about", about.answer)
    host.on("script_asks", function(what, ...) return answers[what](...) end)
    host.on("script_ended", script_api.ended)
end

return script_api
