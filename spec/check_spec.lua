--- victron-host --check: what it prints for good and bad scripts, where it says a mistake is, its exit code;
-- and where check.lines finds things in a script's text.

local fake = require "spec.support.fake_host"
local lines = require "check.lines"
local tools = require "spec.support.tools"

local TANK = [[
-- A tank. { "GV9" } is not a row here.
return {
    api = 2,
    id = "MYTANK", name = "Tank",
    match = { service = "tank" },

    { "ST",  unit.percent, "Level", "/Level" },
    { "GV0", { [0] = "Fuel", [1] = "Water" }, "Fluid", "/FluidType" },

    commands = {
        FILL = function() end,
    },

    samples = {
        { rows = { ["/Level"] = 50 }, expect = { ST = 50 } },
        { rows   = { ["/Level"] = 7, ["/FluidType"] = 9 },
          expect = { ST = 7 } },
        { steps = { { command = "FILL", expect = { events = {} } } } },
    },
}
]]

--- Checks one file with this text -> what was printed, exit code.
local function check_text(text, name, options)
    name = name or "tank.lua"
    return tools.with_files({ [name] = text }, function(folder)
        options = options or {}
        options.args = { folder .. "/" .. name }
        local printed, code = tools.run("check", options)
        return (printed:gsub(folder:gsub("%p", "%%%0") .. "/", "")), code
    end)
end

local function has(text, part)
    assert.truthy(text:find(part, 1, true), part .. "\nis not in\n" .. text)
end

describe("--check of a good script", function()
    it("shows its drivers, its samples and its figures, and leaves with 0", function()
        local printed, code = check_text(TANK)
        assert.equal(0, code)
        has(printed, "tank.lua  Tank (MYTANK), for service tank")
        has(printed, "ST   percent  Level  /Level")
        has(printed, "ST  50.0  percent  expected 50")
        has(printed, "sample 1 (1 others: no data)")
        has(printed, "GV0  9 code 9")
        has(printed, "command FILL")
        has(printed, "memory 20 KiB, at most 40 KiB; 5000 instructions")
        has(printed, "1 of 1 scripts good")
        assert.is_nil(printed:find("note:", 1, true))
        assert.is_nil(printed:find("\27", 1, true))
    end)

    -- Fault: A path in other letters passes where no sample has it, and shows No data for ever.
    -- Expected: One that the plugin's own scripts read in other letters is noted, in its line.
    it("notes a path that is written in other letters", function()
        local printed, code = check_text((TANK:gsub('"Fluid", "/FluidType"', '"Fluid", "/fluidtype"')))
        assert.equal(0, code)
        has(printed, "tank.lua:8: note: the plugin's own scripts read /FluidType, not /fluidtype; VRM's paths"
            .. " are found as they are written")
    end)

    it("notes functions that no sample runs", function()
        local told = "tank.lua: note: no sample runs its %s, so nothing shows that this works; a sample with"
            .. " steps does"
        has((check_text((TANK:gsub("{ steps.-},\n", "")))), told:format "commands")
        local more = TANK:gsub("    commands = {", "start = print, update = print,\n%0")
        has((check_text((more:gsub("{ steps.-},\n", "")))), told:format "start and update and commands")
        assert.is_nil((check_text(more)):find("no sample runs", 1, true))
    end)

    it("is in colours on a terminal", function()
        local printed = check_text(TANK, nil, { colours = true })
        has(printed, "\27[32m")
    end)

    it("takes all scripts of a folder; those named like a built-in one replace it", function()
        local printed, code = tools.run("check", { args = { "scripts/devices/" } })
        assert.equal(0, code)
        has(printed, "scripts/devices/gateway.lua  Gateway (VICGW), for the gateway")
        has(printed, "GV0      list     System status")
        has(printed, ("%d of %d scripts good"):format(#fake.DEVICES, #fake.DEVICES))
        printed, code = tools.run("check", { args = { "scripts/devices", "scripts/examples" } })
        assert.equal(0, code)
        has(printed, ("%d of %d scripts good"):format(#fake.DEVICES + 4, #fake.DEVICES + 4))
    end)

    -- Fault: --check finds a script with an id of the plugin's good, if its folder is called scripts/devices.
    -- Expected: only in the plugin's own folder; elsewhere the plugin refuses it, and so does --check.
    it("may have an id of the plugin's in its own folder scripts/devices only", function()
        local folder = os.tmpname()
        os.remove(folder)
        assert(os.execute("mkdir -p " .. folder .. "/scripts/devices"))
        local file = assert(io.open(folder .. "/scripts/devices/mill.lua", "w"))
        file:write((TANK:gsub("MYTANK", "VICMILL")))
        file:close()
        local printed, code = tools.run("check", { args = { folder .. "/scripts/devices" } })
        os.execute("rm -r " .. folder)
        assert.equal(1, code, printed)
        has(printed, "the id VICMILL begins with VIC")
        assert.equal(0, select(2, tools.run("check", { args = { "scripts/devices/tank.lua" } })))
    end)

    it("notes files that the plugin would not use", function()
        tools.with_files({ ["tank.lua"] = TANK, ["a.lua.txt"] = TANK, ["B.LUA"] = TANK,
                           ["mill"] = TANK, ["notes"] = "a text" }, function(folder)
            local printed, code = tools.run("check", { args = { folder .. "/" } })
            assert.equal(0, code)
            has(printed, "note: the plugin does not use " .. folder .. "/a.lua.txt: the name of a device")
            has(printed, "note: the plugin does not use " .. folder .. "/B.LUA: the name of a device")
            has(printed, "note: the plugin does not use " .. folder .. "/mill: the name of a device")
            assert.is_nil(printed:find("notes", 1, true))
            has(printed, "1 of 1 scripts good")
            printed = tools.run("check", { args = { folder .. "/a.lua.txt" } })
            has(printed, "note: the plugin does not use " .. folder .. "/a.lua.txt: the name of a device"
                .. " script ends in .lua. Rename it.")
            for name, why in pairs { [".tank.lua"] = "names end in .lua and do not begin",
                ["tank.txt"] = "the name of a device script ends in .lua",
                [("a"):rep(56) .. ".lua"] = "names are shorter" } do
                local path = folder .. "/" .. name
                assert(os.execute(("cp %s/tank.lua %s"):format(folder, path)))
                printed = tools.run("check", { args = { path } })
                os.remove(path)
                has(printed, ("the plugin does not use %s: %s"):format(path, why))
            end
        end)
    end)

    -- Fault: A lib that is checked is told to have no api, id and match.
    -- Expected: Besides, that it is no script.
    it("notes a lib that is taken for a script", function()
        tools.with_files({ ["tank.lua"] = TANK }, function(folder)
            assert(os.execute(("mkdir %s/lib && cp %s/tank.lua %s/lib"):format(folder, folder, folder)))
            for _, given in ipairs { "/lib/tank.lua", "/lib", "/lib/" } do
                has((tools.run("check", { args = { folder .. given } })),
                    ("note: %s%s: what is in a folder lib is for scripts to use"):format(folder, given))
            end
            local printed = tools.run("check", { args = { folder .. "/tank.lua" } })
            assert.is_nil(printed:find("folder lib", 1, true))
            assert(os.execute(("rm -r %s/lib"):format(folder)))
        end)
    end)

    -- Fault: --check finds a script good whose match function fails in the plugin, or takes all devices.
    -- Expected: the function is called, and both are told; one that fits nothing that is known is noted.
    it("is not of one whose match function fails, or fits everything", function()
        local function with_match(code)
            return check_text((TANK:gsub('{ service = "tank" }', "function(found) " .. code .. " end")))
        end
        local printed, code = with_match "return found.servce:len()"
        assert.equal(1, code)
        has(printed, "tank.lua:5: what was found has no 'servce'. Did you mean service?")
        printed, code = with_match "return 3"
        assert.equal(1, code)
        has(printed, "tank.lua:5: match returns 3 for every device there is")
        printed, code = with_match "if found.service == 'thank' then return 3 end"
        assert.equal(0, code)
        has(printed, "note: match returns nil for each service that is known")
        for _, good in ipairs { "found.service == 'tank'", "found.product:find('Ruuvi')" } do
            printed, code = with_match(("return %s and 3 or nil"):format(good))
            assert.same({ 0, nil }, { code, printed:find("note: match", 1, true) })
        end
    end)

    -- Fault: a driver has no data in a sample, and nothing says why.
    -- Expected: the reason stands beside it, also where nothing was expected of it.
    it("shows why a driver has no data", function()
        local printed, code = check_text((TANK:gsub('"Level", "/Level"', '"Level", "/level"')
            :gsub("expect = { ST = 50 }", "expect = {}"):gsub("expect = { ST = 7 }", "expect = {}")))
        assert.equal(0, code)
        has(printed, "ST  no data  percent  there is no row /level; there is /Level")
        printed = check_text((TANK:gsub('"Level", "/Level"', '"Level", "/Level", max = 5')))
        has(printed, "tank.lua:15: sample 1: ST is no data, expected 50: 50 is above max 5.")
    end)

    it("notes a service nobody has seen, and a script without samples", function()
        local printed, code = check_text((TANK:gsub('"tank" }', '"tnak" }'):gsub("samples =", "local_ =")))
        assert.equal(1, code)               -- the unknown field
        has(printed, "the field 'local_' is unknown")
        printed, code = check_text((TANK:gsub('"tank" }', '"tnak" }'):gsub("    samples.*", "}")))
        assert.equal(0, code)
        has(printed, 'note: the service "tnak"')
        has(printed, "note: it has no samples")
    end)
end)

describe("--check of a bad script", function()
    local cases = {
        { "tank.lua:7: row 1 (ST): the kind (second entry), unit.percnt, is not a unit or a list. Did you",
          "unit.percent", "unit.percnt" },
        { "tank.lua:8: row 2: the driver id 'ST' is used twice", '"GV0"', '"ST"' },
        { "tank.lua:8: row 2: GV30 is kept", '"GV0"', '"GV30"' },
        { "tank.lua:5: match: the field 'servce' is unknown", "service", "servce" },
        { "tank.lua:2: name is missing. Write name = \"Tank\"",
          ', name = "Tank",\n(.-)FILL = function%(%) end',
          ',\n%1FILL = {\nname = "Fill", run = print }' },
        { "tank.lua:3: api is 1, not the form of tables that this plugin reads. Write api = 2.",
          "api = 2", "api = 1" },
        { "tank.lua:11: command FILL: FILL is 1, not a function", "function%(%) end", "1" },
        { "tank.lua:15: sample 1: ST is 50, expected 51.", "ST = 50", "ST = 51" },
        { "tank.lua:16: sample 2: ST is 7, expected no data.", "ST = 7", 'ST = "no data"' },
        { "tank.lua:16: sample 2: GV9 is expected, but no row has this driver.", "ST = 7", "GV9 = 7" },
        { "tank.lua:16: sample 2: expect is nil. Write {", "expect = { ST = 7 }", "" },
        { "tank.lua:4: the id VICBATT is already used by devices/battery_monitor.lua", "MYTANK", "VICBATT" },
        { "tank.lua:5: only gateway.lua may match the kind", 'service = "tank"', 'kind = "gateway"' },
        { "tank.lua:2: the list of rows has nil as number 2 of 3. Write it",
          "    { \"GV0\"", "    nil,\n%0" },
        { "tank.lua:14: samples is one sample, not a list of them. Write samples = { { rows",
          "samples = {\n", "%0 rows = {},\n" },
        { "tank.lua:7: row 1 (ST): the label (third entry) is empty. Write a text of 1 to 40", '"Level"',
            '""' },
        { "tank.lua:7: row 1 (ST): the label (third entry) has letters that are not UTF-8. Save the",
          '"Level"', '"L\xe4nge"' },
        { "tank.lua:8: row 2 (GV0): the state -1 cannot be shown. The ISY's lists go from 0 to 65535",
          "%[0%]", "[-1]" },
        { "tank.lua:7: row 1 (ST): max is too large. The ISY shows numbers up to 1e12.",
          '"/Level"', '"/Level", max = 5e15' },
        { "tank.lua:15: sample 1, row /Level: value is a text. Write the number without quotes: 50.",
          "= 50 }", '= "50" }' },
        { "tank.lua:15: sample 1, row /Level: timestamp is \"now\", not a number.",
          "= 50 }", '= { value = 50, timestamp = "now" } }' },
        { "tank.lua:15: sample 1, row /Level: value is a function, not a number or a text",
          "= 50 }", "= function() end }" },
        { "Is a comma missing at the end of the row above", '"/Level" },', '"/Level" }' },
        { "The id of a driver stands in quotes: \"GV0\".", '"GV0"', "GV0" },
        { "there is no global 'Unit'. Did you mean unit?", "unit.percent", "Unit.percent" },
        { "Begin the table with return.", "return {", "{" },
        { "The file is not complete", "},\n}\n$", "}," },
        { "Typographic quotes and dashes are no signs of Lua", '"Tank"', "\226\128\156Tank\226\128\157" },
        { "tank.lua:", "}\n$", "" },
    }
    for _, case in ipairs(cases) do
        it("says " .. case[1], function()
            local text, count = TANK:gsub(case[2], case[3], 1)
            assert.equal(1, count)
            local printed, code = check_text(text)
            assert.equal(1, code)
            if case[3] ~= "" then has(printed, case[1]) else assert.truthy(printed:find("tank.lua:%d+: ")) end
            has(printed, "0 of 1 scripts good")
        end)
    end

    it("tells every mistake, not only the first", function()
        local printed = check_text((TANK:gsub("unit.percent", "nil"):gsub('"/FluidType"', '"FluidType"')))
        has(printed, "tank.lua:7: ")
        has(printed, "tank.lua:8: ")
    end)

    it("shows a function that raises with its own line, expected or not", function()
        local raising = TANK:gsub('"Level", "/Level"', "'Level', from = function() error('oops') end")
        local printed, code = check_text(raising)
        assert.equal(1, code)
        has(printed, "tank.lua:7: sample 1: ST: oops.")
    end)

    it("says that a sample cannot expect what the script sets", function()
        local printed = check_text((TANK:gsub('"Level", "/Level"', '"Level", by_script = true')))
        has(printed, "ST is not set from rows")
    end)

    it("finds two files of the user with one id", function()
        tools.with_files({ ["a.lua"] = TANK, ["b.lua"] = TANK }, function(folder)
            local printed, code = tools.run("check", { args = { folder } })
            assert.equal(1, code)
            has(printed, "b.lua:4: the id MYTANK is already used by")
            has(printed, "1 of 2 scripts good")
        end)
    end)

    -- Fault: --check finds a script bad that the plugin puts into service.
    -- Expected: it is good, and a note says which of the two is used.
    it("notes two files of the user that fit equally well", function()
        local files = {}
        for letter in ("abcd"):gmatch(".") do
            files[letter .. ".lua"] = TANK:gsub("MYTANK", "MY" .. letter:upper())
        end
        tools.with_files(files, function(folder)
            local printed, code = tools.run("check", { args = { folder } })
            assert.equal(0, code)
            local told = "note: it fits tank as well as " .. folder .. "/a.lua does, and the first by"
            has(printed, told)
            assert.equal(3, select(2, printed:gsub("it fits tank as well as", "")))     -- each once
            has(printed, "4 of 4 scripts good")
        end)
    end)

    it("is not one that fits as well as a built-in one: it goes before it", function()
        local printed, code = check_text((TANK:gsub('"tank" }', '"battery" }')))
        assert.equal(0, code, printed)
    end)

    local PARTED = TANK:gsub('"MYTANK", name', '"%%s", name'):gsub("    commands",
        '    parts = { { part = "t", id = "%%s", name = "top", { "GV1", unit.volt, "Top", "/Top" } } },\n%0')

    -- Fault: --check finds a script good that the plugin refuses for its ids.
    -- Expected: The same sentence as in the plugin's log, with the line of the table or the part.
    it("tells the ids that the plugin refuses", function()
        local printed, code = check_text(PARTED:format("VICMILL", "MYTANKT"))
        assert.equal(1, code)
        has(printed, "tank.lua:4: the id VICMILL begins with VIC, as those of the plugin do. Choose another,"
            .. " MYMILL for")
        printed, code = check_text(PARTED:format("MYTANK", "VICBATT"))
        assert.equal(1, code)
        has(printed, "tank.lua:10: the id VICBATT is already used by devices/battery_monitor.lua.")
        printed, code = check_text(PARTED:format("MYTANK", "VICTOP"))
        assert.equal(1, code)
        has(printed, "tank.lua:10: the id VICTOP begins with VIC")
        assert.equal(0, select(2, check_text(PARTED:format("MYTANK", "MYTANKT"))))
    end)

    it("finds two files of the user with one id for their parts", function()
        local files = { ["a.lua"] = PARTED:format("MYA", "MYTOP"),
                        ["b.lua"] = PARTED:format("MYB", "MYTOP"):gsub('"tank" }', '"gps" }') }
        tools.with_files(files, function(folder)
            local printed, code = tools.run("check", { args = { folder } })
            assert.equal(1, code)
            has(printed, "b.lua:10: the id MYTOP is already used by " .. folder .. "/a.lua. Choose another")
            has(printed, "1 of 2 scripts good")
        end)
    end)

    it("is a built-in type's id though a script beside it takes that one's place", function()
        local solar = fake.load_device("solar_charger").text
        local files = { ["solar_charger.lua"] = solar:gsub("VICSOLAR", "MYSOLAR"),
                        ["tank.lua"] = TANK:gsub("MYTANK", "VICSOLAR") }
        tools.with_files(files, function(folder)
            local printed, code = tools.run("check", { args = { folder } })
            assert.equal(1, code)
            has(printed, "tank.lua:4: the id VICSOLAR is already used by devices/solar_charger.lua")
            has(printed, "1 of 2 scripts good")
        end)
    end)

    it("is a controller with another id", function()
        local controller = fake.load_device("controller").text
        assert.equal(0, select(2, check_text(controller, "controller.lua")))
        local printed, code = check_text((controller:gsub("VICCTRL", "MYCTRL")), "controller.lua")
        assert.equal(1, code)
        has(printed, 'the controller keeps its id. Write id = "VICCTRL".')
    end)

    it("wants the kind in a file that replaces the gateway", function()
        local printed, code = check_text(TANK, "gateway.lua")
        assert.equal(1, code)
        has(printed, "gateway.lua:5: it takes the place of the built-in gateway. Write match = { kind = ")
    end)

    it("is one that is not there, or no script at all", function()
        local printed, code = tools.run("check", { args = { "/nowhere/x.lua" } })
        assert.equal(1, code)
        has(printed, "/nowhere/x.lua cannot be read")
        for _, text in ipairs { "", "return 5", "return {", "io.open('x')", "x = 1" } do
            printed, code = check_text(text)
            assert.equal(1, code)
            has(printed, "tank.lua")
        end
    end)
end)

describe("--check of nothing", function()
    it("leaves with 2", function()
        local printed, code = tools.run("check", { args = {} })
        assert.equal(2, code)
        has(printed, "nothing to check")
        code = tools.with_files({}, function(folder)
            return (select(2, tools.run("check", { args = { folder } })))
        end)
        assert.equal(2, code)
    end)
end)

describe("lines in a script", function()
    local tab = { { "ST" }, { "GV0" }, { "ST" }, { 5 }, "x" }
    local text = [[
--[=[ api = 2, { "ST" } ]=]
--[[ samples = {
     { "ST" } ]].."]]"..[[

return { api = 2,
    { 'ST' }, -- { "GV0"
    row("GV0"), {
        "ST" },

samples = { { rows = {} },
    { rows = {} } } }]]

    it("are found for rows, fields and samples", function()
        assert.equal(5, lines.line({ text = text, table = tab }, { row = 1 }))
        assert.equal(6, lines.line({ text = text, table = tab }, { row = 2 }))
        assert.equal(6, lines.line({ text = text, table = tab }, { row = 3 }))
        assert.equal(9, lines.line({ text = text, table = tab }, { sample = 1 }))
        assert.equal(10, lines.line({ text = text, table = tab }, { sample = 2 }))
    end)

    it("are found for steps of samples, whatever is in their texts", function()
        local code = 'return { api = 2,\nsamples = {\n{ rows = { x = "}{" }, expect = {} },\n'
            .. '{ site = { a = 1 },\nsteps = {\n{ rows = {} },\n{ expect = { notices = { a = "{" } } },\n'
            .. '{ after = 5 },\n} },\n{ rows = {} } } }'
        assert.equal(3, lines.line({ text = code, table = {} }, { sample = 1 }))
        assert.equal(4, lines.line({ text = code, table = {} }, { sample = 2 }))
        assert.equal(6, lines.line({ text = code, table = {} }, { sample = 2, step = 1 }))
        assert.equal(8, lines.line({ text = code, table = {} }, { sample = 2, step = 3 }))
        assert.equal(10, lines.line({ text = code, table = {} }, { sample = 3 }))
        assert.equal(4, lines.line({ text = code, table = {} }, { sample = 2, step = 4 }))
    end)

    it("are found for rows of parts", function()
        local parted = { { "ST" }, parts = { { { "ST" }, { "GV1" } }, { { "ST" } } } }
        local code = 'return { api = 2,\n{ "ST" },\nparts = {\n{ part = "a",\n{ "ST" }, { "GV1" } },\n'
            .. '{ part = "b",\n{ "ST" } } } }'
        assert.equal(2, lines.line({ text = code, table = parted }, { row = 1 }))
        assert.equal(5, lines.line({ text = code, table = parted }, { part = 1, row = 1 }))
        assert.equal(7, lines.line({ text = code, table = parted }, { part = 2, row = 1 }))
        assert.equal(6, lines.line({ text = code, table = parted }, { part = 2 }))
    end)

    -- Fault: a mistake in a part that a lib gives was told with the line of another part's row.
    -- Expected: with the line where the lib's is named, and the lines of the parts beside it are right.
    it("of parts of libs are where these are named", function()
        local parted = { { "ST" }, parts = { { id = "A", { "ST" } }, { id = "B", { "ST" } } } }
        local code = 'return { api = 2,\n{ "ST" },\nparts = {\nlib.a,\n'
            .. '{ part = "b", id = "B",\n{ "ST" } } } }'
        assert.equal(4, lines.line({ text = code, table = parted }, { part = 1 }))
        assert.is_nil(lines.line({ text = code, table = parted }, { part = 1, row = 1 }))
        assert.equal(5, lines.line({ text = code, table = parted }, { part = 2 }))
        assert.equal(6, lines.line({ text = code, table = parted }, { part = 2, row = 1 }))
    end)

    it("are left out when nothing is found", function()
        for _, place in ipairs { { row = 4 }, { row = 5 }, { row = 9 } } do
            assert.is_nil(lines.line({ text = text, table = tab }, place))
        end
        assert.equal(9, lines.line({ text = text, table = tab }, { sample = 3 }))      -- that of the list
        for _, place in ipairs { { field = "match" }, { command = "FILL" }, { command = "(%b" }, {} } do
            assert.equal(4, lines.line({ text = text, table = tab }, place))       -- that of the table
        end
        assert.equal("x.lua", lines.at({ file = "x.lua", table = tab }, { row = 1 }))
        assert.equal("x.lua:5", lines.at({ file = "x.lua", text = text, table = tab }, { row = 1 }))
        assert.is_nil(lines.line({ text = "", table = {} }, { row = 1 }))
    end)
end)

-- Fault: a field that is pasted a second time puts aside what the first one had, and nothing says so.
-- Expected: it is told, with its line; what functions and rows have of that name is none.
it("a field that stands twice is told, with its line", function()
    local printed, code = check_text((TANK:gsub("    samples = {", "    samples = {},\n%0")))
    assert.equal(1, code)
    assert.truthy(printed:find("tank.lua:15: samples stands twice in the table, and Lua", 1, true), printed)
    local function twice(code_)
        local list = {}
        for _, tab in ipairs(lines.tables { text = code_ }) do
            for _, one in ipairs(tab.entries) do
                list[#list + 1] = one.again and { one.name, one.at } or nil
            end
        end
        return list
    end
    assert.same({ { "min", 46 } }, twice [[return { id = 1,
        min = 2, { min = 3, min = 4 },
        update = function(node, id) local a, min = 1, 2 if a == min then id = 3 end return { id = min } end,
        name = "id = 5, min = 6", -- id = 7
    }]])
    assert.equal(1, #twice "return { blocks = 1, seen = 2, id = 3, id = 4 }")
end)
