--- The fake host for check.lua and rows.lua: the modes that talk to a person. Scripts are real files.

local lfs = require "lfs"
local fake = require "spec.support.fake_host"

local tools = {}

local MOST_MINUTES = 20 * 24 * 60

--- The *.lua files of a real folder, as host.script_files gives them.
local function script_files(folder)
    if lfs.attributes(folder, "mode") ~= "directory" then return nil, "not a folder" end
    local list = {}
    for name in lfs.dir(folder) do
        local path = folder .. "/" .. name
        if name:find("^[^.].*%.lua$") and lfs.attributes(path, "mode") == "file" then
            list[#list + 1] = { name = name:match("^(.*)%.lua$"), path = path,
                                stamp = tostring(lfs.attributes(path, "modification")) }
        end
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
end

--- The names in a real folder, as host.names gives them.
local function names_in(folder)
    if lfs.attributes(folder, "mode") ~= "directory" then return nil, "not a folder" end
    local list = {}
    for name in lfs.dir(folder) do
        local inner = lfs.attributes(folder .. "/" .. name, "mode") == "directory"
        if name:sub(1, 1) ~= "." then list[#list + 1] = name .. (inner and "/" or "") end
    end
    table.sort(list)
    return list
end

--- A world whose host has args and real folders; options as for fake.new, and args, colours,
-- form, find, service.
function tools.new(options)
    local world = fake.new(options)
    local host = world.host
    world.scripts = {}
    host.options = { form = options.form, find = options.find, service = options.service,
                     args = options.args or {}, params = {} }
    host.colours, host.cwd = options.colours or false, lfs.currentdir()
    host.script_files, host.names = script_files, names_in
    return world
end

--- Runs scripts/<name>.lua -> everything it printed, its exit code.
function tools.run(name, options)
    local world = tools.new(options)
    assert(loadfile("scripts/tools/" .. name .. ".lua", "t"))()
    for _ = 1, MOST_MINUTES do
        if not world.code then world:run(60) end
    end
    assert(#world.errors == 0, table.concat(world.errors, "\n"))
    return table.concat(world.printed, "\n") .. table.concat(world.complaints, "\n"), world.code, world
end

--- A folder with these files, for as long as fn runs; its results.
function tools.with_files(files, fn)
    local folder = os.tmpname()
    os.remove(folder)
    assert(lfs.mkdir(folder))
    for name, text in pairs(files) do
        local file = assert(io.open(folder .. "/" .. name, "w"))
        file:write(text)
        file:close()
    end
    local results = table.pack(pcall(fn, folder))
    for name in pairs(files) do os.remove(folder .. "/" .. name) end
    lfs.rmdir(folder)
    if not results[1] then error(results[2], 0) end
    return table.unpack(results, 2, results.n)
end

return tools
