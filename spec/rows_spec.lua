--- victron-host --rows: what is offered, who shows it, from the account and from a saved answer.

local dkjson = require "dkjson"
local fixtures = require "spec.fixtures.vrm"
local tools = require "spec.support.tools"

local row = fixtures.row

local function has(text, part)
    assert.truthy(text:find(part, 1, true), part .. "\nis not in\n" .. text)
end

--- The line of the output that has a part in it.
local function line_with(text, part)
    for line in text:gmatch("[^\n]+") do
        if line:find(part, 1, true) then return line end
    end
    error("no line with " .. part .. " in\n" .. text)
end

local function boat()
    local site = fixtures.boat()
    site.rows = fixtures.join(site.rows, {
        row("battery", 288, "/Info/Windmill", "wnd", 120.5, { formatWithUnit = "%.1F A" }),
        row("battery", 288, "/Alarms/LowSoc", "ASoc", 0),
        row("battery", 288, "/Alarms/HighVoltage", "AH", 0),
        row("battery", 288, nil, nil, 5, { idDataAttribute = 777 }),
        row(nil, 0, nil, nil, 6, { idDataAttribute = 778 }),
        row("battery", 288, nil, "txt", "a\27[31m" .. ("x"):rep(60)),
        row("windmill", 20, "/Speed", "ws", 40, { timestamp = fixtures.NOW - 7200 * 24 }),
    })
    return site
end

local function account(sites, options)
    local vrm = fixtures.vrm(sites)
    options = options or {}
    options.env = options.env
        or { VICTRON_VRM_TOKEN = fixtures.TOKEN, VICTRON_VRM_URL = "https://vrm.test/v2" }
    options.answer = vrm.answer
    vrm.clock = function() return fixtures.NOW end
    for part, reply in pairs(options.fail or {}) do vrm.fail[part] = reply end
    return tools.run("rows", options)
end

describe("--rows of an account", function()
    local printed, code, world = account { [151734] = boat() }

    it("groups the rows by device and leaves with 0", function()
        assert.equal(0, code)
        has(printed, "Boat (installation 151734)")
        has(printed, "battery/288 House bank, SmartShunt 500A  VICBATT, devices/battery_monitor.lua; "
            .. "shown: 6 of 9 rows; next free driver: GV17")
        has(printed, "gateway (system, settings, platform, hub4)  VICGW")
    end)

    it("lists the energy that is asked for beside the rows", function()
        local site = fixtures.boat()
        site.syscreated = 1767225600
        function site.stats(query)
            if query.type == "forecast" then return { success = true, records = false, totals = false } end
            return { success = true, records = {}, totals = { Pb = 1.5, Pc = 0.5 } }
        end
        local text, left = account { [151734] = site }
        assert.equal(0, left)
        assert.truthy(line_with(text, "/Energy/Today/Solar"):find("^  e%.ST +2 +kWh"))
        assert.truthy(line_with(text, "/Energy/Month/BatteryIn"):find("^  e%.GV9 +3 +kWh"))
        assert.truthy(line_with(text, "/Energy/Lifetime/Solar"):find("^  e%.TPW +6 +kWh"))
        assert.is_nil(text:find("/Energy/Forecast", 1, true))
    end)

    it("says that a value of a day is another day's", function()
        local site = fixtures.boat()
        site.timezone = "Europe/Berlin"
        site.rows = fixtures.join(site.rows, {
            row("solarcharger", 256, "/History/Daily/0/Yield", "YT", 1.2, { timestamp = 1776463199 }),
            row("solarcharger", 256, "/History/Daily/1/Yield", "YY", 2.4, { timestamp = 1776463200 }),
        })
        local daily = account { [151734] = site }
        has(line_with(daily, "/Daily/0/Yield"), "GV3 (another day's)")
        assert.truthy(line_with(daily, "/Daily/1/Yield"):find("^  GV5 +2.4"))
    end)

    it("says which driver shows a row, and - for none", function()
        assert.truthy(line_with(printed, "/Soc "):find("^  ST, BATLVL +87.5 +20 s +/Soc +SOC +Voltage$"))
        assert.truthy(line_with(printed, "/Info/Windmill"):find("^  %- +120.5 +A +20 s"))
        assert.truthy(line_with(printed, "/SystemState"):find("^  GV4 "))
    end)

    it("finds the rows a function works with", function()
        assert.truthy(line_with(printed, "/Dc/0/Current "):find("^  GV0, CC, CPW "))
        assert.truthy(line_with(printed, "/Alarms/HighVoltage"):find("^  ALARM, GV8, a%.ST "))
    end)

    it("has those that only VRM's number of the attribute names", function()
        assert.truthy(line_with(printed, "#777"):find("^  %- +5 "))
        assert.truthy(line_with(printed, "#778"):find("^  %- +6 "))
    end)

    it("says that no script shows a device", function()
        has(printed, "windmill/20   no script shows it; rows: 1")
        assert.truthy(line_with(printed, "/Speed"):find("2 days", 1, true))
    end)

    it("cuts long texts and lets no code through to the terminal", function()
        assert.is_nil(printed:find("\27", 1, true))
        has(line_with(printed, "txt"), '"a [31m' .. ("x"):rep(34) .. '"')
    end)

    it("asks within VRM's limits, never with the token in sight", function()
        assert.same(40, world.limit.depth)
        assert.same({ fixtures.TOKEN }, world.masked)
        assert.is_nil(printed:find(fixtures.TOKEN, 1, true))
    end)

    it("marks what nobody shows in colour", function()
        local coloured = account({ [1] = boat() }, { colours = true })
        has(line_with(coloured, "/Info/Windmill"), "\27[33m")
        assert.is_nil(line_with(coloured, "/Soc "):find("\27[33m", 1, true))
    end)

    it("shows the other installations when one fails, and leaves with 1", function()
        local text, exit = account({ [1] = boat(), [2] = boat() },
            { fail = { ["/installations/1/"] = { status = 403, json = { success = false } } } })
        assert.equal(1, exit)
        has(text, "Boat (installation 2)")
        has(text, "Boat: VRM gives this access token no permission (403).")
    end)

    it("has one sentence for a wrong token, none, no installation, and http", function()
        for _, case in ipairs {
            { "does not accept the access token (401)", {}, { VICTRON_VRM_TOKEN = "wrong-token" } },
            { "Your VRM access token is needed.", {}, {} },
            { "VRM lists no installation", {} },
            { "must begin with https://", {},
                { VICTRON_VRM_TOKEN = fixtures.TOKEN, VICTRON_VRM_URL = "http://x" } } } do
            local text, exit = account(case[2], { env = case[3] })
            assert.equal(1, exit)
            has(text, case[1])
            assert.is_nil(text:find("\n", 1, true))
        end
    end)
end)

describe("--rows of a saved answer", function()
    local function saved(text)
        return tools.with_files({ ["answer.json"] = text }, function(folder)
            local printed, code = tools.run("rows", { args = { folder .. "/answer.json" } })
            return printed, code
        end)
    end

    it("needs no token; ages count from its newest row", function()
        local printed, code = saved(dkjson.encode { success = true, records = boat().rows })
        assert.equal(0, code)
        assert.truthy(line_with(printed, "/Soc "):find(" 0 s ", 1, true))
        has(printed, "battery/288   VICBATT")
    end)

    it("that is none has one sentence", function()
        for _, case in ipairs { { "", "is not JSON" }, { "{", "is not JSON" }, { "[]", "no measurements" },
                                { '"x"', "is not JSON" }, { '{"records":false}', "no measurements" },
                                { '{"records":[{},5,{"code":true}]}', "no measurements" } } do
            local printed, code = saved(case[1])
            assert.equal(1, code)
            has(printed, case[2])
        end
        local printed, code = tools.run("rows", { args = { "/nowhere.json" } })
        assert.equal(1, code)
        has(printed, "/nowhere.json cannot be read.")
    end)
end)

describe("--rows for scripts and programs", function()
    local function saved(options)
        local site = boat()
        site.rows = fixtures.join(site.rows, {
            row("windmill", 20, "/Blade/10/Angle", nil, 3.5, { description = "Angle",
                formatWithUnit = "%.1F °" }),
            row("windmill", 20, "/Blade/2/Angle", nil, 4, { description = "Angle" }),
            row("windmill", 20, "/Mode", "wm", 1, { description = "Mode\27[31m", dataAttributeEnumValues = {
                { valueEnum = 0, nameEnum = "Off" }, { valueEnum = 1, nameEnum = 'On "fast"' } } }),
        })
        local text = dkjson.encode { success = true, records = site.rows }
        return tools.with_files({ ["answer.json"] = text }, function(folder)
            options.args = { folder .. "/answer.json" }
            return tools.run("rows", options)
        end)
    end

    it("shows what VRM calls a row, and its states, in natural order", function()
        local printed, code = saved {}
        assert.equal(0, code)
        assert.truthy(line_with(printed, " wm "):find('Mode %[31m: 0 Off, 1 On "fast"$'))
        local two, ten = printed:find("/Blade/2/", 1, true), printed:find("/Blade/10/", 1, true)
        assert.is_true(two < ten)
    end)

    it("finds rows and devices by a text", function()
        local printed = saved { find = "WINDMILL/" }
        has(printed, "/Speed")
        has(printed, "/Mode")
        assert.is_nil(printed:find("battery", 1, true))
        printed = saved { find = "angle" }
        has(printed, "windmill/20   no script shows it; rows: 4")
        has(printed, "/Blade/10/Angle")
        assert.is_nil(printed:find("/Speed", 1, true))
        printed = saved { find = "BATLVL" }
        assert.truthy(line_with(printed, "/Soc "):find("^  ST, BATLVL"))
        assert.is_nil(printed:find("/Dc/0/Voltage", 1, true))
        -- Fault: of what nothing has the title of each installation is shown, and 0 is the exit code.
        -- Expected: a sentence that says so, not among what goes into a file, and 1.
        local _, code, world = saved { find = "no such thing" }
        assert.equal(1, code)
        assert.same({ 'Nothing has "no such thing" in it. Without --find all is shown.' }, world.complaints)
    end)

    it("has what nobody shows as lines for a script", function()
        local printed, code = saved { form = "lines", find = "battery" }
        assert.equal(0, code)
        has(printed, '    { "GV17", unit.ampere, "Voltage", "/Info/Windmill", "wnd" },  -- 120.5 A')
        assert.is_nil(printed:find("/Soc", 1, true))
        has(saved { form = "lines" },
            '{ "GV1", { [0] = "Off", [1] = "On \\"fast\\"" }, "Mode [31m", "/Mode", "wm" },')
    end)

    -- Fault: A line for a value that VRM has for hours gave No data: it was taken for one of now.
    -- Expected: The line says that it is none, also where no row of now is among the lines.
    it("writes of what is logged seldom that it is no momentary value", function()
        local site = fixtures.boat()
        site.rows = fixtures.join(site.rows, { row("battery", 288, "/History/MaximumStarterVoltage", "H16",
            14.1, { formatWithUnit = "%.1F V", timestamp = fixtures.NOW - 5 * 3600 }) })
        has(account({ [151734] = site }, { form = "lines" }), '"H16", zero = false },  -- 14.1 V')
    end)

    -- Fault: --lines says nothing at all where drivers show every number already.
    -- Expected: a sentence, not among the lines; it is no failure.
    it("says that there is no line to write", function()
        local _, left, world = saved { form = "lines", find = "BATLVL" }
        assert.equal(0, left)
        assert.truthy(world.complaints[1]:find("^A driver shows every number already"), world.complaints[1])
    end)

    it("is JSON", function()
        local printed, code = saved { form = "json", find = "windmill/" }
        assert.equal(0, code)
        local list = assert(dkjson.decode(printed))
        assert.equal(1, #list)
        assert.equal("windmill", list[1].service)
        assert.equal(20, list[1].instance)
        assert.equal(4, #list[1].rows)
        local mode = list[1].rows[3]
        assert.same({ "/Mode", "wm", 1, { ["0"] = "Off", ["1"] = 'On "fast"' }, {} },
            { mode.path, mode.code, mode.value, mode.states, mode.shown_by })
        local soc = dkjson.decode((saved { form = "json", find = "/Soc" }))[1].rows[1]
        assert.same({ "ST", "BATLVL" }, soc.shown_by)
    end)

    -- Fault: a script for a device began with an empty page.
    -- Expected: a whole file, with a sample of what VRM sends, which passes --check as it is.
    it("is a whole script that passes --check", function()
        for service, part in pairs {
            windmill = '{ "GV0", unit.raw, "Blade 10 Angle", "/Blade/10/Angle", places = 2 },',
            battery = '["/Dc/0/Temperature"] = 20',
        } do
            local printed, code = saved { form = "new", service = service }
            assert.equal(0, code)
            has(printed, part)
            tools.with_files({ [service .. ".lua"] = printed }, function(folder)
                local checked, good = tools.run("check", { args = { folder } })
                assert.equal(0, good, checked)
                has(checked, "sample 1")
                has(checked, "1 of 1 scripts good")
            end)
        end
    end)

    -- Fault: lists of nodes show the kind of fluid of a tank, whose path comes first, and not its level.
    -- Expected: the first that is measured is ST.
    it("has what is measured as its headline", function()
        local text = dkjson.encode { success = true, records = {
            row("windmill", 1, "/Blades", nil, 3, { description = "Blades" }),
            row("windmill", 1, "/Speed", nil, 12, { formatWithUnit = "%.1F km/h", description = "Speed" }),
        } }
        local printed = tools.with_files({ ["answer.json"] = text }, function(folder)
            return (tools.run("rows", { args = { folder .. "/answer.json" }, form = "new",
                                        service = "windmill" }))
        end)
        has(printed, '{ "ST", unit.meters_per_second, "Speed", "/Speed" },')
        has(printed, '{ "GV0", unit.raw, "Blades", "/Blades" },')
    end)

    it("has one sentence for a service that VRM does not send", function()
        local printed, code = saved { form = "new", service = "pump" }
        assert.equal(1, code)
        has(printed, 'VRM sends no number of a device of the service "pump". There are: battery, ')
        has(saved { form = "new", service = "Batery" }, 'service "Batery". Did you mean battery?')
    end)

    it("makes no script longer than a node", function()
        local rows = {}
        for n = 1, 40 do rows[n] = row("windmill", 1, "/Cell/" .. n, nil, n) end
        local text = dkjson.encode { success = true, records = rows }
        local printed = tools.with_files({ ["answer.json"] = text }, function(folder)
            return (tools.run("rows", { args = { folder .. "/answer.json" }, form = "new",
                                        service = "windmill" }))
        end)
        has(printed, '{ "GV29", unit.raw, "Cell 31", "/Cell/31" },')
        has(printed, "-- VRM sends 9 numbers more than a node has drivers for: see --rows.")
    end)
end)

describe("the options of --rows", function()
    local program = os.getenv("VICTRON_HOST")
    local test = program and it or pending

    local function said(options)
        local run = io.popen(("'%s' %s 2>&1; echo $?"):format(program, options))
        local text = run:read("a")
        run:close()
        return text
    end

    test("go with --rows only, and want their words", function()
        for _, options in ipairs { "--check --lines", "--find x", "--new tank" } do
            assert.equal("victron-host: --find, --lines and --new go with --rows. Try --help.\n2\n",
                said(options))
        end
        has(said("--rows --find"), "--find wants a TEXT behind it. Try --help.")
    end)

    test("reach the tool in the real program", function()
        local text = dkjson.encode { success = true, records = boat().rows }
        tools.with_files({ ["answer.json"] = text }, function(folder)
            local file = "'" .. folder .. "/answer.json'"
            has(said("--rows --lines --find Windmill " .. file), '"/Info/Windmill", "wnd" },  -- 120.5 A')
            has(said("--rows --json " .. file), '"path": "/Info/Windmill"')
            has(said("--new windmill --rows " .. file), 'id = "MYWINDMILL"')
        end)
    end)
end)
