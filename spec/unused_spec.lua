--- Files that their owner takes for device scripts, and that nobody looks for: they are named.

local script_world = require "spec.support.script_world"

local started, has = script_world.started, script_world.has
local MILL = script_world.MILL
local LONG = ("zone"):rep(14) .. ".lua"

after_each(function() _G.host = nil end)

local function world_with(files, other_names)
    local world = script_world.new { files = files }
    world.other_names = other_names
    local read = world.host.read
    world.host.read = function(path)
        return read((path:gsub("%.txt$", ".lua")))
    end
    world:start()
    world:run(15)
    return world
end

describe("a file that is not used", function()
    -- Fault: a script saved as tank.lua.txt, or beside the folder, did nothing, and nobody said why.
    -- Expected: a notice and a line in the log name it and say what to do; both go when it is mended.
    it("is named: its name, or its folder, is wrong", function()
        local world = world_with({ ["persist/windmill.lua"] = MILL, ["persist/scripts/new/mill.lua"] = MILL },
            { ["persist/scripts"] = { "tank.lua.txt", "GRID.LUA", "notes.txt", "tank.lua.bak", LONG } })
        local told = world.notices.unused
        has("persist/scripts/tank.lua.txt is not used: the name of a device script ends in .lua. Rename it.",
            told)
        has("persist/scripts/GRID.LUA is not used", told)
        has("persist/scripts/new/mill.lua is not used: move it to persist/scripts.", told)
        assert.equal(5, #world:logged(" is not used: "))
        has("persist/windmill.lua is not used: move it to persist/scripts.",
            table.concat(world:logged("warning"), "\n"))
        has(LONG .. " is not used: names are shorter than 60 characters. Rename it.",
            table.concat(world:logged("warning"), "\n"))
        assert.is_nil(table.concat(world:logged("warning"), "\n"):find("notes", 1, true))
        world.other_names = nil
        world:delete("persist/windmill.lua")
        world:delete("persist/scripts/new/mill.lua")
        world:run(61)
        assert.is_nil(world.notices.unused)
        assert.equal(5, #world:logged(" is not used: "))
    end)

    it("is named with another ending, if it is written as a script", function()
        local world = world_with({ ["persist/scripts/tank.lua"] = MILL, ["persist/scripts/notes.lua"] = "x" },
            { ["persist/scripts"] = { "tank.txt", "notes.txt" } })
        has("persist/scripts/tank.txt is not used: the name of a device script ends in .lua. Rename it.",
            world.notices.unused)
        assert.equal(1, #world:logged(" is not used: "))
    end)

    it("is none that serves, that helps others, or that is no script", function()
        local world = started { files = { ["persist/scripts/windmill.lua"] = MILL,
            ["persist/scripts/lib/tools.lua"] = "return {}", ["persist/scripts/.last-good/x.lua"] = MILL,
            ["persist/notes.lua"] = "return 5", ["data/old/notes.lua"] = "return {}" } }
        world:run(61)
        assert.is_nil(world.notices.unused)
        assert.equal(0, #world:logged(" is not used: "))
    end)

    it("is named when it comes while the plugin runs", function()
        local world = started()
        world:write("data/scripts/windmill.lua", MILL)
        world:run(61)
        has("data/scripts/windmill.lua is not used: move it to data.", world.notices.unused)
    end)
end)
