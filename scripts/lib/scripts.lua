--- The device scripts: loads them once, keeps their errors to themselves.
-- An error is logged, shown as a notice and counted; the others go on. Three in a row suspend the script.

local check = require "lib.check"
local device = require "lib.device"

local scripts = { types = {}, by_id = {} }

local STRIKES = 3
local trouble = {}          -- [file] = { at = { [place] = { count, text, task } }, suspended = bool }

local function notice_key(file)
    return "script_" .. file:gsub("[^%w]", "_")
end

local function escape(text)
    return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function suspend(file, state)
    if state.suspended then return end
    state.suspended = true
    host.log("error", "Device script " .. file .. " is not used until it is corrected.")
end

--- An error in a script. place: the node's address, or "file" when it cannot be used at all.
-- task: it came from a task of the script (start, update, a command), which ends some time after its poll.
function scripts.failed(file, text, place, task)
    local state = trouble[file] or { at = {} }
    trouble[file] = state
    local here = state.at[place] or { count = 0 }
    state.at[place] = here
    if here.text ~= text then host.log("error", "Device script " .. file .. ": " .. text) end
    here.count, here.text, here.task = here.count + 1, text, task
    if place == "file" or here.count >= STRIKES then suspend(file, state) end
    host.notice(notice_key(file), ("The device script %s has an error%s: %s"):format(
        escape(file), state.suspended and " and is not used until it is corrected" or "", escape(text)))
end

--- A script set a node's drivers without an error. An error of its task is forgotten only the next time:
-- this poll's task has yet to run.
function scripts.worked(file, place)
    local state = trouble[file]
    local here = state and not state.suspended and state.at[place]
    if not here then return end
    if here.task then
        here.task = false
        return
    end
    state.at[place] = nil
    if next(state.at) then return end
    trouble[file] = nil
    host.notice(notice_key(file), nil)
    host.log("info", "Device script " .. file .. " works again.")
end

function scripts.suspended(type_)
    local state = trouble[type_.file]
    return state ~= nil and state.suspended == true
end

--- How many scripts are in trouble now (GV3 of the controller).
function scripts.in_trouble()
    local count = 0
    for _ in pairs(trouble) do count = count + 1 end
    return count
end

local function load_one(script)
    if not script.table then return script.error or "it could not be loaded" end
    local type_, problem = check.device(script.file, script.table)
    if not type_ then return problem end
    if scripts.by_id[type_.id] then
        return ("the id %s is already used by %s. Choose another id."):format(
            type_.id, scripts.by_id[type_.id].file)
    end
    if type_.kind and scripts[type_.kind] then
        return ("%s is the %s already. Remove match.kind."):format(scripts[type_.kind].file, type_.kind)
    end
    local samples = device.run_samples(type_)
    if #samples > 0 then return table.concat(samples, "; ") end
    local ok, err = pcall(host.declare, type_.declaration)
    if not ok then return tostring(err) end
    scripts.types[#scripts.types + 1] = type_
    scripts.by_id[type_.id] = type_
    if type_.kind then scripts[type_.kind] = type_ end
    return nil
end

--- Checks, proves and declares every script of the host.
function scripts.load()
    for _, script in ipairs(host.scripts()) do
        local problem = load_one(script)
        if problem then scripts.failed(script.file, problem, "file") end
    end
end

--- The type for what was found; suspended ones do not count. Conflicts come back as text.
function scripts.pick(found)
    local usable = {}
    for _, type_ in ipairs(scripts.types) do
        if not scripts.suspended(type_) then usable[#usable + 1] = type_ end
    end
    return device.pick(usable, found)
end

return scripts
