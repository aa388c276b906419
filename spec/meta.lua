--- Writes scripts/meta/words.lua, which gives editors the words there are: lists of states, services,
-- drivers, paths and codes, from the tables of the plugin. `lua5.4 spec/meta.lua` prints it, `--write`
-- writes it.

package.path = "scripts/?.lua;./?.lua;" .. package.path
local fake = require "spec.support.fake_host"
local check = require "check.device"
local services = require "types.services"
local names = require "types.names"

local meta = { FILE = "scripts/meta/words.lua" }

local HEAD = [[
---@meta
-- Written by `./dev docs` from the plugin's own tables: words for device.lua, which an editor completes.

]]

local function sorted_keys(set)
    local keys = {}
    for key in pairs(set) do keys[#keys + 1] = key end
    table.sort(keys)
    return keys
end

--- An alias of texts. open: there are others, too.
local function alias(comment, name, set, open)
    local lines = { "--- " .. comment, "---@alias " .. name, open and "---| string" or nil }
    for _, word in ipairs(sorted_keys(set)) do lines[#lines + 1] = ("---| %q"):format(word) end
    return table.concat(lines, "\n") .. "\n"
end

--- The paths, the codes and the drivers of the built-in tables.
local function used()
    local paths, codes, drivers = {}, {}, {}
    for _, name in ipairs(fake.DEVICES) do
        local device = fake.load_device(name)
        local type_ = assert(check.device(device.file, device.table))
        for _, one in ipairs(check.types(type_)) do
            for key in pairs(one.keys) do
                if key:sub(1, 1) == "/" then paths[key] = true else codes[key] = true end
            end
            for _, driver in ipairs(one.drivers) do drivers[driver.id] = true end
        end
    end
    for n = 0, 29 do drivers["GV" .. n] = true end
    return paths, codes, drivers
end

--- The text of the file.
function meta.text()
    local paths, codes, drivers = used()
    return HEAD .. table.concat({
        alias("A list of states: types/names.lua.", "list_name", names),
        alias("What VRM calls a kind of device.", "service", services.CODES, true),
        alias("A driver id, or several with blanks between.", "driver_ids", drivers, true),
        alias("A D-Bus path that the plugin's own scripts show.", "path", paths, true),
        alias("VRM's code of a value, likewise.", "code", codes, true),
    }, "\n")
end

if arg and arg[0]:find("meta.lua", 1, true) then
    local out = arg[1] == "--write" and assert(io.open(meta.FILE, "w")) or io.stdout
    out:write(meta.text())
end

return meta
