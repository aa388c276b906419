--- Libs: what device scripts share by `use "name"`, and what becomes of those scripts when a lib changes.

local lfs = require "lfs"
local fixtures = require "spec.fixtures.vrm"
local script_world = require "spec.support.script_world"
local tools = require "spec.support.tools"
local worlds = require "spec.support.worlds"

local BATTERY, SOLAR = worlds.BATTERY, worlds.SOLAR
local USER, SECONDS = script_world.USER, script_world.SECONDS
local started, solar = script_world.started, script_world.solar
local has, well, in_trouble = script_world.has, script_world.well, script_world.in_trouble

local LIB, COPY = USER .. "lib/", USER .. ".last-good/"

--- A script for the solar charger whose GV20 is the battery's voltage by a helper of the lib tools.
local ROW = '{ "GV20", unit.volt, "Bus voltage", from = tools.volts, places = 1 }'
local SCRIPT = 'local tools = use "tools"\n' .. solar(ROW)

--- The lib, which adds something to the voltage.
local function tools_lib(plus)
    return ([[
local tools = {}
function tools.volts(rows)
    local volts = number(rows, "/Dc/0/Voltage", "ScV")
    return volts and volts + %s
end
return tools
]]):format(plus)
end

local function with_lib(more)
    local files = { [USER .. "solar_charger.lua"] = SCRIPT, [LIB .. "tools.lua"] = tools_lib(0) }
    for path, text in pairs(more or {}) do files[path] = text end
    return started { files = files }
end

describe("a lib", function()
    it("gives a script what it returns", function()
        local world = with_lib()
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("that is saved has the scripts that use it loaded again, and no others", function()
        local world = with_lib { [USER .. "battery_monitor.lua"] = script_world.text "battery_monitor" }
        local battery, before = world:serving("battery_monitor").id, world:serving("solar_charger").id
        world:write(LIB .. "tools.lua", tools_lib(100))
        world:run(SECONDS)
        assert.equal(113.4, world:value(SOLAR, "GV20"))
        assert.equal(212, world:value(SOLAR, "ST"))
        assert.equal(battery, world:serving("battery_monitor").id)
        assert.are_not.equal(before, world:serving("solar_charger").id)
        well(world)
    end)

    it("that does not change loads nothing again", function()
        local world = with_lib()
        local before = world:serving("solar_charger").id
        world:run(60)
        assert.equal(before, world:serving("solar_charger").id)
    end)

    it("that is broken leaves the script as it was, until it is mended", function()
        local world = with_lib()
        for _, case in ipairs { { "return {\n\n", ":3: " }, { "\nerror 'on purpose'", ":2: on purpose" },
                                { "local x = 1", ": a lib ends with 'return'" } } do
            world:write(LIB .. "tools.lua", case[1])
            world:run(SECONDS)
            in_trouble(world, "persist/scripts/lib/tools.lua" .. case[2])
            has("Device script persist/scripts/solar_charger.lua", script_world.told(world))
            assert.equal(13.4, world:value(SOLAR, "GV20"))
        end
        world:write(LIB .. "tools.lua", tools_lib(1))
        world:run(SECONDS)
        assert.equal(14.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("that is not there is told, and used as soon as it is", function()
        local world = started { files = { [USER .. "solar_charger.lua"] = SCRIPT } }
        in_trouble(world, "persist/scripts/solar_charger.lua:1: there is no lib/tools.lua in the folders of"
            .. " scripts")
        assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
        world:write(LIB .. "tools.lua", tools_lib(0))
        world:run(SECONDS)
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("that vanishes is told, and the script serves on; when it is back all is well", function()
        local world = with_lib()
        world:delete(LIB .. "tools.lua")
        world:run(SECONDS)
        in_trouble(world, "there is no lib/tools.lua")
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        world:write(LIB .. "tools.lua", tools_lib(2))
        world:run(SECONDS)
        assert.equal(15.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("may use another lib, whose change counts as well", function()
        local outer = 'local inner = use "inner"\nreturn { volts = inner.volts }\n'
        local world = with_lib { [LIB .. "tools.lua"] = outer, [LIB .. "inner.lua"] = tools_lib(3) }
        assert.equal(16.4, world:value(SOLAR, "GV20"))
        world:write(LIB .. "inner.lua", tools_lib(4))
        world:run(SECONDS)
        assert.equal(17.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("is loaded once for a script, however often it is used", function()
        local twice = ('local a, b = use "tools", use "tools"\nassert(a == b)\n'):rep(2) .. SCRIPT
        local world = with_lib { [USER .. "solar_charger.lua"] = twice }
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("does not use itself, neither by way of others", function()
        for _, libs in ipairs { { tools = 'return use "tools"' },
                                { tools = 'return use "inner"', inner = 'return use "tools"' } } do
            local files = { [USER .. "solar_charger.lua"] = SCRIPT }
            for name, text in pairs(libs) do files[LIB .. name .. ".lua"] = text end
            local world = started { files = files }
            in_trouble(world, "the lib tools is not ready: it failed, or libs use each other in a circle")
            assert.equal(212, world:value(SOLAR, "ST"))
        end
    end)

    it("is named by a plain word, at the top of a file", function()
        for _, name in ipairs { "../solar_charger", "tools.lua", "lib/tools", "", ("x"):rep(60) } do
            local other = SCRIPT:gsub('"tools"', '"' .. name .. '"')
            local world = with_lib { [USER .. "solar_charger.lua"] = other }
            in_trouble(world, "solar_charger.lua:1: use: write the name of a lib without folder and .lua")
        end
        local late = solar('{ "GV20", unit.volt, "Volts", from = function() return use("tools").volts end }')
        in_trouble(with_lib { [USER .. "solar_charger.lua"] = late }, "at the top of the file")
    end)

    it("is no device script", function()
        local world = with_lib { [LIB .. "windmill.lua"] = script_world.MILL }
        assert.is_nil(world.types.MYMILL)
        well(world)
    end)
end)

describe("of libs with one name", function()
    it("the first folder's is used, in the order of the folders of scripts", function()
        local world = with_lib { ["/mine/lib/tools.lua"] = tools_lib(100),
                                 ["data/lib/tools.lua"] = tools_lib(200),
                                 ["scripts/devices/lib/tools.lua"] = tools_lib(300) }
        assert.equal(13.4, world:value(SOLAR, "GV20"))
        world.files["/mine"] = {}
        world:set_params { vrm_token = fixtures.TOKEN, script_folder = "/mine" }
        world:run(SECONDS)
        assert.equal(113.4, world:value(SOLAR, "GV20"))
        world:delete "/mine/lib/tools.lua"
        world:delete(LIB .. "tools.lua")
        world:run(SECONDS)
        assert.equal(213.4, world:value(SOLAR, "GV20"))
        world:delete "data/lib/tools.lua"
        world:run(SECONDS)
        assert.equal(313.4, world:value(SOLAR, "GV20"))
        well(world)
    end)

    it("built-in scripts use built-in ones only", function()
        local world = with_lib { [USER .. "solar_charger.lua"] = "return nil",
            ["scripts/devices/solar_charger.lua"] = SCRIPT,
            ["scripts/devices/lib/tools.lua"] = tools_lib(300), [LIB .. "tools.lua"] = "return {" }
        assert.equal(313.4, world:value(SOLAR, "GV20"))
        world:write("scripts/devices/lib/tools.lua", tools_lib(400))
        world:run(script_world.BUILT_IN_SECONDS)
        assert.equal(413.4, world:value(SOLAR, "GV20"))
    end)
end)

describe("at a start with a broken lib", function()
    it("a script goes on as it was, with the lib as it was, until that is mended", function()
        local world = with_lib { [LIB .. "tools.lua"] = 'return { volts = use("inner").volts }',
                                 [LIB .. "inner.lua"] = tools_lib(5) }
        assert.equal(18.4, world:value(SOLAR, "GV20"))
        local kept = {}
        for _, folder in ipairs { COPY:gsub("/$", ""), COPY .. "solar_charger.lib" } do
            for name, file in pairs(world.files[folder] or {}) do
                kept[folder .. "/" .. name .. ".lua"] = file.text
            end
        end
        assert.truthy(kept[COPY .. "solar_charger.lib/inner.lua"])
        kept[LIB .. "tools.lua"] = "return {"
        world = with_lib(kept)
        assert.equal(18.4, world:value(SOLAR, "GV20"))
        in_trouble(world, "persist/scripts/lib/tools.lua:1:")
        assert.equal(1, #world:logged("The last good copy of persist/scripts/solar_charger.lua serves"))
        world:run(60)
        assert.equal(18.4, world:value(SOLAR, "GV20"))
        world:write(LIB .. "tools.lua", tools_lib(6))
        world:run(SECONDS)
        assert.equal(19.4, world:value(SOLAR, "GV20"))
        well(world)
        has("volts + 6", world.files[COPY .. "solar_charger.lib"].tools.text)
    end)

    it("two scripts each have the lib that they worked with", function()
        local battery = 'local tools = use "tools"\n' .. script_world.text("battery_monitor"):gsub(
            "    samples = {\n", function(found) return ROW .. ",\n" .. found end)
        local world = with_lib {
            [USER .. "battery_monitor.lua"] = battery, [LIB .. "tools.lua"] = "return {",
            [COPY .. "solar_charger.lua"] = SCRIPT, [COPY .. "battery_monitor.lua"] = battery,
            [COPY .. "solar_charger.lib/tools.lua"] = tools_lib(7),
            [COPY .. "battery_monitor.lib/tools.lua"] = tools_lib(8),
        }
        assert.equal(20.4, world:value(SOLAR, "GV20"))
        assert.equal(34.3, world:value(BATTERY, "GV20"))
        in_trouble(world, "persist/scripts/lib/tools.lua:1:", 2)
    end)
end)

describe("--check", function()
    --- Runs it for windmill.lua in a folder with these libs -> what it printed, its exit code.
    local function run_check(libs)
        return tools.with_files({ ["windmill.lua"] = 'local tools = use "tools"\n'
            .. script_world.MILL:gsub('"/Speed"', "from = tools.level") }, function(folder)
            assert(lfs.mkdir(folder .. "/lib"))
            for name, text in pairs(libs) do
                local file = assert(io.open(folder .. "/lib/" .. name, "w"))
                file:write(text)
                file:close()
            end
            local printed, code = tools.run("check", { args = { folder .. "/windmill.lua" } })
            for name in pairs(libs) do os.remove(folder .. "/lib/" .. name) end
            lfs.rmdir(folder .. "/lib")
            return printed:gsub(folder:gsub("%p", "%%%0"), "my"), code
        end)
    end

    it("finds the libs beside a file", function()
        local printed, code = run_check { ["tools.lua"] = "return { level = function() return 7 end }" }
        assert.equal(0, code, printed)
        has("1 of 1 scripts good", printed)
    end)

    it("says what is wrong with them", function()
        local printed, code = run_check { ["tools.lua"] = "return {" }
        assert.equal(1, code)
        has("my/lib/tools.lua:1: ", printed)
        printed, code = run_check {}
        assert.equal(1, code)
        has("my/windmill.lua:1: there is no lib/tools.lua", printed)
    end)
end)
