--- What is wrong with device scripts: logged once, shown as a notice, counted on the controller, and gone
-- when it is mended. Three errors in a row at one place suspend a script until its file changes; those of its
-- `update` only that function, and those of a command, of which PG3 is told each, nothing.

local escape = require("pg3.markdown").escape
local limits = require "types.limits"
local lists = require "types.lists"
local notices = require "pg3.notices"
local script_api = require "serve.script_api"

local trouble = {}

local files = {}            -- [file] = { at = { [place] = { count, text, task } }, suspended = bool,
                            --            rests = bool }
local totals = {}           -- [file] = errors so far, mended ones too

--- The key of a file's notice: "script_persist_scripts_tank_lua". No two names have the same.
local function notice_key(file)
    return "script_" .. file:gsub("%.lua$", "_lua"):gsub("/", "_"):gsub("[^%w_]", function(character)
        return ("_%02X"):format(character:byte())
    end)
end

local SHORTAGE_SECONDS = 3600
local shortage_told         -- when it was told last

--- Device scripts had no memory left by the plugin: nobody's fault, and told once in a while.
function trouble.no_memory(problem)
    local now = host.steady()
    if shortage_told and now - shortage_told < SHORTAGE_SECONDS then return end
    shortage_told = now
    host.log("error", "Device scripts: " .. problem.text)
end

local function starts_with(text, beginning)
    return text:sub(1, #beginning) == beginning
end

local SUSPENDED = " is not used until it is corrected."
local RESTS = " is not called until it is corrected; all else of it goes on."

--- Errors of `update` and of commands are told apart from those of values.
local function place_of(place, what)
    return (what == "update" or what == "command") and place .. " " .. what or place
end

--- Places that are not of one device; of them those where nothing of the script runs.
local NO_DEVICE = { file = true, folder = true, state = true, timer = true, values = true }
local NOT_RUNNING = { file = true, folder = true, state = true }

--- An error in a script. place: the node's address, "values" for the controller's, "timer" when it came from
-- a timer, "match SERVICE/INSTANCE", "file" when the file cannot be used, "folder" when it is no script but a
-- folder of them, or "state" when node.state cannot be stored (which is no reason to suspend the script).
-- task: it came from a task of the script (start, update, a command), which ends some time after its poll;
-- what: from which, "update", "command", "start"; nil: another function.
-- Returns true when this error suspends the script.
function trouble.failed(file, text, place, task, what)
    local device = not NO_DEVICE[place] and place:match("%S*$")
    place = place_of(place, what)
    local state = files[file] or { at = {} }
    files[file] = state
    local here = state.at[place] or { count = 0 }
    state.at[place], here.time = here, host.steady()
    local told = notices.sentence(starts_with(text, file) and text or file .. ": " .. text)
    local of = place == "folder" and "The folder" or "Device script"
    if here.text ~= text then       -- the notice stays as it is while several nodes have it in turn
        local at = device and not told:find(device, 1, true) and (" It happened at %s."):format(device) or ""
        script_api.log(file, "error", ("%s %s%s"):format(of, told, at))
    end
    here.count, here.text, here.task = here.count + 1, text, task
    totals[file] = (totals[file] or 0) + 1
    local runs = not NOT_RUNNING[place] and what ~= "command"
    local enough = runs and here.count >= limits.strikes and not state.suspended
    if enough and what == "update" and not state.rests then
        state.rests = true
        host.log("error", ("update of device script %s%s"):format(file, RESTS))
    elseif enough and what ~= "update" then
        state.suspended = true
        host.log("error", ("Device script %s%s"):format(file, SUSPENDED))
    end
    notices.script(notice_key(file), ("%s %s%s"):format(of, escape(told), state.suspended
        and " It" .. SUSPENDED or state.rests and " Its update" .. RESTS or ""))
    return state.suspended == true and enough
end

local function clear(file)
    files[file] = nil
    notices.script(notice_key(file), nil)
end

--- A script did its work at a place without an error. An error of its task is forgotten only the next time:
-- this poll's task has yet to run.
function trouble.worked(file, place, what)
    local state = files[file]
    local here = state and not state.suspended and state.at[place_of(place, what)]
    if not here then return end
    if here.task then
        here.task = false
        return
    end
    state.at[place_of(place, what)] = nil
    if next(state.at) then return end
    clear(file)
    script_api.log(file, "info", "Device script " .. file .. " works again.")
end

local FORGIVEN_SECONDS = 3600

--- Nobody tells that a timer works again, or that a device will not be seen again: an error is forgotten
-- after an hour without another one at its place. What is wrong with a file is wrong until it is mended.
function trouble.forgive()
    for file, state in pairs(files) do
        for place, here in pairs(state.at) do
            local passed = host.steady() - here.time
            if place ~= "file" and place ~= "folder" and not state.rests and passed > FORGIVEN_SECONDS then
                here.task = false
                trouble.worked(file, place)
            end
        end
    end
end

--- The file was loaded anew, or is gone: what was wrong with it is over.
function trouble.forget(file)
    if files[file] then clear(file) end
end

function trouble.rests(file)
    return files[file] ~= nil and files[file].rests == true
end

function trouble.suspended(file)
    return files[file] ~= nil and files[file].suspended == true
end

--- Errors of a file so far, mended ones too.
function trouble.count(file)
    return totals[file] or 0
end

--- How many scripts are in trouble now (GV3 of the controller).
function trouble.scripts()
    return lists.count(files)
end

return trouble
