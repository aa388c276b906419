--- node.state: a table a script keeps for each node, which outlives reload and restart (in PG3's customdata).

local scripts = require "lib.scripts"

local state = {}

local MAX = 60 * 1024       -- bytes for all scripts together; the host refuses a record over 64 KiB
local kept = {}             -- [script name] = { [address] = table }, what is or will be stored

--- Bytes the value takes as JSON, closely enough.
local function size(value)
    if type(value) ~= "table" then return #tostring(value) + 4 end
    local sum = 4
    for key, member in pairs(value) do sum = sum + size(key) + size(member) end
    return sum
end

local function used(states)
    local result = {}
    for address, value in pairs(states) do
        if next(value) ~= nil then result[address] = value end
    end
    return next(result) and result or nil
end

--- Gives every script what PG3 kept for it.
function state.restore()
    local data = host.data()
    kept = type(data) == "table" and type(data.state) == "table" and data.state or {}
    scripts.each(function(name, id)
        if type(kept[name]) == "table" then host.script_state(id, kept[name]) end
    end)
end

--- Stores what changed. A script whose state cannot be kept, or takes too much, keeps its earlier one there.
function state.save()
    local total, fresh, files = 0, {}, {}
    for name, states in pairs(kept) do fresh[name] = states end     -- also of scripts that are not here now
    scripts.each(function(name, id, file)
        local ok, states = pcall(host.script_state, id)
        files[name] = file
        if ok then
            fresh[name] = used(states)
            scripts.worked(file, "state")
        else
            scripts.failed(file, "node.state cannot be kept: " .. tostring(states), "state")
        end
    end)
    local largest
    for name, states in pairs(fresh) do
        local bytes = size(states)
        total = total + bytes
        if files[name] and (not largest or bytes > size(fresh[largest])) then largest = name end
    end
    if total > MAX and largest then
        scripts.failed(files[largest], ("node.state takes %d KiB; all scripts together may keep %d KiB."
            .. " Keep less."):format(size(fresh[largest]) // 1024, MAX // 1024), "state")
        return
    end
    kept = fresh
    if next(kept) or host.data() then host.save { state = kept } end
end

return state
