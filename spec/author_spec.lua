--- The lists for authors' editors name what the sandbox gives, no more and no less: the luacheck std, the
-- LuaCATS definitions, the sandbox of the fake host, and the authors' page.

local fake = require "spec.support.fake_host"
local known = require "check.hint_lists"
local members = require "check.members"
local units = require "types.units"

local function read_file(path)
    local file = assert(io.open(path))
    local text = file:read("a")
    file:close()
    return text
end

local function sorted(list)
    table.sort(list)
    return list
end

local function keys(tab)
    local list = {}
    for key in pairs(tab) do list[#list + 1] = key end
    return sorted(list)
end

--- All matches of a pattern, in order of the alphabet.
local function matches(text, pattern)
    local list = {}
    for name in text:gmatch(pattern) do list[#list + 1] = name end
    return sorted(list)
end

--- The texts of a C list: name[] = {"a", "b", NULL}
local function c_list(text, name)
    return matches(assert(text:match(name .. "%[%] = {([^}]*)}"), name), '"([%w_]+)"')
end

local function c_functions(text, name)
    return matches(assert(text:match(name .. "%[%] = {(.-);"), name), '{"([%w_]+)"')
end

local sandbox, api = read_file("host/lua/sandbox.c"), read_file("host/api/api_device.c")
local real = {
    string = sorted { "find", "rep", table.unpack(c_list(sandbox, "string_names")) },
    table = c_list(sandbox:match("static void open_table.-\n}"), "names"),
    vrm = c_functions(api, "vrm_functions"),
    timer = matches(read_file("scripts/tasks/timer.lua"), "function timer%.(%l+)"),
    node = sorted { "log", "write", table.unpack(c_list(api, "asked")) },
    unit = keys(units),
}
local about = read_file("host/api/api_ask.c")
real.globals = sorted { "setmetatable", "string", "table", "math",
    table.unpack(sorted(c_list(sandbox, "base_names"))) }
for _, list in ipairs { c_functions(api, "globals"), matches(about, '{"([%w_]+_of)"'),
                        matches(api .. read_file("host/api/api_rows.c"), 'declare_global%(L, "([%w_]+)"') } do
    table.move(list, 1, #list, #real.globals + 1, real.globals)
end
sorted(real.globals)

describe("the hints for names that are not there", function()
    it("know what is there", function()
        assert.same(real.globals, known.GLOBALS)
        for _, lib in ipairs { "string", "table", "vrm", "timer" } do
            assert.same(real[lib], known.FIELDS[lib])
        end
    end)
end)

describe("the luacheck std", function()
    local config = setmetatable({ stds = {}, files = {} }, { __index = _G })
    assert(load(read_file(".luacheckrc"), "luacheckrc", "t", config))()
    local globals = config.stds.device_script.read_globals

    it("has the sandbox's globals", function()
        local names = {}
        for key, value in pairs(globals) do names[#names + 1] = type(key) == "string" and key or value end
        assert.same(real.globals, sorted(names))
    end)

    for _, name in ipairs { "string", "table", "vrm", "timer", "unit" } do
        it("has the fields of " .. name, function()
            assert.same(real[name], sorted { table.unpack(globals[name].fields) })
        end)
    end
end)

local FUNCTIONS = { "device_of", "devices_of", "number", "print", "rows_of", "setting", "site_of", "sleep",
                    "use" }

describe("the definitions for editors", function()
    local meta = read_file("scripts/meta/device.lua")

    it("have the plugin's globals", function()
        assert.same({ "timer", "unit", "vrm" }, matches(meta, "\n(%l+) = {}"))
        assert.same(FUNCTIONS, matches(meta, "\nfunction ([%w_]+)%("))
        for _, name in ipairs { "timer", "unit", "vrm", table.unpack(FUNCTIONS) } do
            assert.truthy((" " .. table.concat(real.globals, " ") .. " "):find(" " .. name .. " ", 1, true))
        end
    end)

    it("have the functions of vrm and timer, the methods of node and the units", function()
        assert.same(real.vrm, matches(meta, "\nfunction vrm%.([%w_]+)"))
        assert.same(real.timer, matches(meta, "\nfunction timer%.([%w_]+)"))
        assert.same(real.node, matches(meta, "\nfunction node:([%w_]+)"))
        assert.same(real.unit, matches(meta:match("@class units\n(.-)\n\n"), "@field ([%w_]+) unit"))
    end)

    --- The fields of a class there; optional ones too.
    local function fields(class)
        return matches(meta:match("@class " .. class .. "\n(.-)\n\n") or meta:match("@class " .. class
            .. "\n(.*)$"), "@field ([%l_][%l%d_]*)%??")
    end

    for class, name in pairs { device = "table", match = "match", sample = "sample", row = "sample_row",
                               driver_row = "row", part = "part", step = "step", command = "command",
                               parameter = "parameter", setting_field = "setting",
                               sample_device = "other_device" } do
        it("have the fields of " .. class .. " that are accepted", function()
            assert.same(keys(members[name].members), fields(class))
        end)
    end
end)

describe("what comes with the plugin for editors", function()
    it("has the luacheck std that the plugin's own scripts are checked with", function()
        local function std(file)
            local config = setmetatable({ stds = {}, files = {} }, { __index = _G })
            assert(load(read_file(file), "luacheckrc", "t", config))()
            return config.stds.device_script
        end
        assert.same(std ".luacheckrc", std "scripts/meta/luacheckrc")
    end)

    it("names the folder of the definitions", function()
        local settings = assert(require("dkjson").decode(read_file("scripts/meta/luarc.json")))
        assert.same({ "scripts/meta" }, settings["workspace.library"])
        assert.equal("Lua 5.4", settings["runtime.version"])
    end)

    it("is installed where editors look for it", function()
        local cmake = read_file("CMakeLists.txt")
        for name, file in pairs { [".luarc.json"] = "luarc.json", [".luacheckrc"] = "luacheckrc" } do
            local line = ("install(FILES scripts/meta/%s DESTINATION . RENAME %s)"):format(file, name)
            assert.truthy(cmake:find(line, 1, true), line)
        end
    end)
end)

describe("the room for node.state", function()
    it("is the one that the definitions for editors name", function()
        local room = require("types.limits").state // 1024 .. " KiB"
        assert.truthy(read_file("scripts/meta/device.lua"):find(room .. " for all scripts", 1, true))
    end)
end)

describe("the fake host's sandbox", function()
    it("has no global that the real one lacks", function()
        local names = {}
        for name in pairs(fake.sandbox()) do names[name] = true end
        for _, name in ipairs(real.globals) do names[name] = nil end
        assert.same({}, names)
    end)

    it("has the functions of string and table", function()
        for _, name in ipairs { "string", "table" } do assert.same(real[name], keys(fake.sandbox()[name])) end
    end)
end)

describe("the authors' page", function()
    local page = read_file("docs/authors.md")
    local section = page:match("\n## What a script sees\n(.-)\n## ")

    it("names every global, function and method", function()
        for _, name in ipairs(real.globals) do
            assert.truthy(section:find("%f[%w_]" .. name .. "%f[^%w_]"), name)
        end
        for _, lib in ipairs { "string", "table" } do
            assert.truthy(section:find(table.concat(real[lib], " "), 1, true), lib)
        end
        for _, name in ipairs(real.node) do assert.truthy(section:find("node:" .. name, 1, true), name) end
        for _, name in ipairs(real.timer) do
            assert.truthy(section:find("timer." .. name, 1, true), name)
        end
    end)

    it("names every word of a device table", function()
        for _, level in ipairs(members.LEVELS) do
            for name in pairs(level.members) do
                local told = page:find("`" .. name .. "`", 1, true) or page:find("%f[%w_]" .. name .. " = ")
                    or page:find("[{,] " .. name .. "[ ,]")
                assert.truthy(told or name == "by_pg3", level.what .. ": " .. name)
            end
        end
    end)

    it("names every unit", function()
        for _, name in ipairs(real.unit) do
            assert.truthy(page:find("`unit." .. name .. "`", 1, true), name)
        end
    end)
end)
