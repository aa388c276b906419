--- What is released and never changes its meaning: each node type with its drivers, one file in spec/frozen.
-- `lua5.4 spec/frozen.lua --write` adds what is new; what it will not do is change or remove a line.

package.path = "scripts/?.lua;./?.lua;" .. package.path
local fake = require "spec.support.fake_host"
local check = require "check.device"

local frozen = {}

--- A node type as its file has it: one line for each driver, with its unit of measure and meaning.
local function text_of(type_)
    local lines = {}
    for _, driver in ipairs(check.declaration(type_).drivers) do
        lines[#lines + 1] = ("%-8s %3d %s\n"):format(driver.id, driver.uom, driver.label)
    end
    return table.concat(lines)
end

local function read(id)
    local file = io.open(("spec/frozen/%s.txt"):format(id))
    if not file then return nil end
    local text = file:read "a"
    file:close()
    return text
end

--- The node types of all shipped scripts, { [id] = text }.
function frozen.shipped()
    local texts = {}
    for _, name in ipairs(fake.DEVICES) do
        local script = fake.load_device(name)
        for _, one in ipairs(check.types(assert(check.device(script.file, script.table)))) do
            texts[one.id] = text_of(one)
        end
    end
    return texts
end

--- What was released, { [id] = text }.
function frozen.released()
    local texts, lfs = {}, require "lfs"
    for name in lfs.dir "spec/frozen" do
        local id = name:match "^(%w+)%.txt$"
        if id then texts[id] = read(id) end
    end
    return texts
end

--- The lines of a text that another text lacks.
function frozen.missing(text, other)
    local there, missing = {}, {}
    for line in (other or ""):gmatch "[^\n]+" do there[line] = true end
    for line in text:gmatch "[^\n]+" do
        if not there[line] then missing[#missing + 1] = line end
    end
    return missing
end

local function write()
    local released = frozen.released()
    for id, text in pairs(frozen.shipped()) do
        local lost = frozen.missing(released[id] or "", text)
        if #lost > 0 then
            io.stderr:write(("%s: spec/frozen/%s.txt has lines that the script has not:\n%s\n"):format(id, id,
                table.concat(lost, "\n")))
        else
            local file = assert(io.open(("spec/frozen/%s.txt"):format(id), "w"))
            file:write(text)
            file:close()
        end
    end
end

if arg and arg[0]:find("frozen.lua", 1, true) and arg[1] == "--write" then write() end

return frozen
