--- pg3.profile: the three files of the ISY's profile, their escaping, shared and contradicting editors, what
-- they cost; and that the program writes only what is another.

local lfs = require "lfs"
local fake = require "spec.support.fake_host"

local NODEDEFS, EDITORS, TEXTS = "nodedef/nodedefs.xml", "editor/editors.xml", "nls/en_us.txt"

local function driver(id, label, changes)
    local result = { id = id, label = label, uom = 73, places = 0, min = -100, max = 300.5 }
    for key, value in pairs(changes or {}) do result[key] = value end
    return result
end

local function list(id, label, names_id, names)
    return { id = id, label = label, uom = 25, places = 0, names_id = names_id, names = names }
end

local function node_type(id, name, drivers, changes)
    local result = { id = id, name = name, icon = "EnergyMonitor", drivers = drivers or {},
                     commands = { { id = "QUERY", name = "Query" } }, events = {} }
    for key, value in pairs(changes or {}) do result[key] = value end
    return result
end

local function files_of(types)
    local profile, written = require "pg3.profile", {}
    for i, type_ in ipairs(types) do written[i] = profile.of(type_) end
    return profile.files(written)
end

--- The files of these types: [path] = text; or nil and the problem.
local function texts_of(types)
    local files, problem = files_of(types)
    if not files then return nil, problem end
    local texts = {}
    for _, file in ipairs(files) do texts[file.folder .. "/" .. file.name] = table.concat(file.parts) end
    return texts
end

local function has(text, part)
    assert.is_truthy(text:find(part, 1, true), part .. " is not in:\n" .. text)
end

local function times(text, part)
    local count, at = 0, text:find(part, 1, true)
    while at do count, at = count + 1, text:find(part, at + 1, true) end
    return count
end

local function is_ascii(texts)
    for path, text in pairs(texts) do
        assert.is_nil(text:find("[^\n -~]"), path .. " is not ASCII:\n" .. text)
    end
end

describe("the profile", function()
    before_each(function() fake.new {} end)

    it("has node definitions, editors and texts", function()
        local states = {}
        for _, value in ipairs { -1, 0, 2, 3, 4, 5, 7, 245, 247, 248 } do
            states[value] = "State ä " .. value
        end
        local texts = texts_of { node_type("VICSOLAR", 'Solar <Charger> & "more"', {
            driver("ST", "PV power"),
            driver("GV1", "Temp. ° € 🔋",
                { uom = 4, places = 1, alt = { uom = 17, min = -148, max = 572.9 } }),
            list("GV2", "State", "CHARGE", states),
            driver("GV3", "Line\nbreak\tand \1"),
        }, {
            commands = { { id = "QUERY", name = "Query" }, { id = "LIMIT", name = "Set limit", params = {
                driver("", "Limit", { uom = 1, places = 1, min = 0, max = 50 }) } } },
            events = { { id = "DON", name = "Is full" } },
        }) }
        is_ascii(texts)
        has(texts[NODEDEFS], '<nodeDef id="VICSOLAR" nls="VICSOLAR">')
        has(texts[NODEDEFS], '<st id="GV2" editor="CHARGE_ND" />')
        has(texts[NODEDEFS], '<cmd id="QUERY" />')
        has(texts[NODEDEFS], '<cmd id="LIMIT">\n          <p id="" editor="U1_P1_0_50" />\n        </cmd>')
        has(texts[NODEDEFS], '<sends>\n        <cmd id="DON" />\n      </sends>')
        has(texts[EDITORS], '<range uom="4" min="-100" max="300.5" prec="1" />\n'
            .. '    <range uom="17" min="-148" max="572.9" prec="1" />')
        has(texts[EDITORS], '<range uom="25" subset="-1-0,2-5,7,101,245,247-248" nls="CHARGE" />')
        assert.equal(1, times(texts[EDITORS], "U73_P0_M100_300D5_ND"))         -- shared by ST and GV3
        for _, line in ipairs {
            'ND-VICSOLAR-NAME = Solar <Charger> & "more"', "ND-VICSOLAR-ICON = EnergyMonitor",
            "ST-VICSOLAR-GV1-NAME = Temp. \\u00B0 \\u20AC \\uD83D\\uDD0B",
            "ST-VICSOLAR-GV3-NAME = Line break and  ", "CHARGE--1 = State \\u00E4 -1",
            "CHARGE-248 = State \\u00E4 248", "CMD-VICSOLAR-LIMIT-NAME = Set limit",
            "CMDPN-VICSOLAR--NAME = Limit", "CMD-VICSOLAR-DON-NAME = Is full",
        } do
            has(texts[TEXTS], line .. "\n")
        end
    end)

    -- Fault: A parameter that several commands of a node type have is named once for each of them, and if
    --        they call it differently, the ISY shows the name that stands last at all of them.
    -- Expected: Each key of the texts is there once; a parameter with several names has all of them.
    it("names a parameter once", function()
        local function command(id, ...) return { id = id, name = id, params = { ... } } end
        local texts = texts_of { node_type("VICSOLAR", "Charger", {}, { commands = {
            command("SET_A", driver("VALUE", "Value")), command("SET_B", driver("", "Limit")),
            command("FOR_A", driver("VALUE", "Value"), driver("MINUTES", "Minutes")),
            command("SET_C", driver("", "Level")),
        } }) }
        assert.equal(1, times(texts[TEXTS], "CMDPN-VICSOLAR-VALUE-NAME"))
        has(texts[TEXTS], "CMDPN-VICSOLAR-MINUTES-NAME = Minutes\n")
        has(texts[TEXTS], "CMDPN-VICSOLAR--NAME = Limit / Level\n")
    end)

    it("of the plugin has each key once", function()
        local seen = {}
        for line in io.lines("profile/nls/en_us.txt") do
            local key = line:match "^(%S+) = "
            assert.is_nil(key and seen[key], line)
            if key then seen[key] = true end
        end
    end)

    -- Fault: A value that a device does not send is 0 to the ISY's programs: a false 0 starts generators.
    -- Expected: Each driver that may be without a value has a second range for "No data", which no parameter
    --           of a command offers, nor a driver that always has a value.
    it("has a range for no data where there may be none", function()
        local states = { [0] = "Off", "On" }
        local sure = list("GV30", "Data state", "STATES", states)
        sure.sure = true
        local params = { list("", "State", "STATES", states), driver("P", "Power") }
        local texts = texts_of { node_type("VICX", "X", {
            driver("ST", "Power"), list("GV1", "State", "STATES", states), sure,
        }, { commands = { { id = "SET", name = "Set", params = params } } }) }
        has(texts[EDITORS], '<editor id="U73_P0_M100_300D5_ND">\n'
            .. '    <range uom="73" min="-100" max="300.5" prec="0" />\n'
            .. '    <range uom="25" subset="101" nls="NODATA" />\n')
        has(texts[EDITORS], '<editor id="STATES_ND">\n'
            .. '    <range uom="25" subset="0-1,101" nls="STATES" />\n')
        has(texts[EDITORS], '<editor id="STATES">\n    <range uom="25" subset="0-1" nls="STATES" />\n')
        has(texts[EDITORS], '<editor id="U73_P0_M100_300D5">\n'
            .. '    <range uom="73" min="-100" max="300.5" prec="0" />\n  </editor>\n')
        has(texts[NODEDEFS], '<st id="GV30" editor="STATES" />')
        has(texts[TEXTS], "NODATA-101 = No data\n")
        has(texts[TEXTS], "STATES-101 = No data\n")
    end)

    -- Fault: Half a surrogate pair, a code beyond Unicode or a DEL in a name spoils the ISY's texts.
    -- Expected: It shows as the replacement character or a space.
    it("shows what is no character as the replacement character", function()
        local texts = texts_of { node_type("VICX", "a\xED\xA0\x80b\xF7\xBF\xBF\xBFc\x7Fd\0e") }
        has(texts[TEXTS], "ND-VICX-NAME = a\\uFFFDb\\uFFFDc d e\n")
    end)

    -- Fault: A backslash in a name begins an escape, and the ISY shows another text or none.
    -- Expected: It is escaped itself.
    it("keeps a backslash", function()
        local texts = texts_of { node_type("VICX", "a\\u12") }
        has(texts[TEXTS], "ND-VICX-NAME = a\\u005Cu12\n")
    end)

    it("stays ASCII whatever bytes a text has", function()
        for _, odd in ipairs { "\xFF", "\xC3", "a\xE2\x82", "\x80x", "\xF0\x9F", "\xF7\xBF\xBF\xBF", "\1\x80",
                               "" } do
            is_ascii(texts_of { node_type("VICX", odd, { driver("ST", odd) }) })
        end
    end)

    it("has no id that ends an attribute or begins an element", function()
        local xml = texts_of { node_type('A"<&>é', "A", { list("ST", "State", 'N"<é', { [0] = "Off" }) }) }
        has(xml[NODEDEFS], '<nodeDef id="A&quot;&lt;&amp;&gt;&#xE9;" nls=')
        has(xml[NODEDEFS], '<st id="ST" editor="N&quot;&lt;&#xE9;_ND" />')
        has(xml[EDITORS], '<editor id="N&quot;&lt;&#xE9;_ND">')
    end)

    it("has one editor for the same numbers, and one for each second unit", function()
        local fahrenheit = { uom = 17, min = -148, max = 572 }
        for _, first in ipairs { "ST", "GV1" } do
            local drivers = {}
            for i, id in ipairs { "ST", "GV1" } do
                drivers[i] = driver(id, "Temp", { uom = 4, places = 1,
                                                  alt = id == first and fahrenheit or nil })
            end
            local texts = texts_of { node_type("VICA", "A", drivers) }
            assert.equal(1, times(texts[EDITORS], '"U4_P1_M100_300D5_ND"'))
            assert.equal(1, times(texts[EDITORS], '"U4_P1_M100_300D5_U17_ND"'))
            assert.equal(1, times(texts[EDITORS], 'uom="17"'))
        end
    end)

    it("has one list for the same texts; others under the same id are told", function()
        local function types(names)
            return { node_type("VICA", "A", { list("ST", "State", "STATE", { [0] = "is 0", "is 1" }),
                                              list("GV1", "Same", "STATE", { [0] = "is 0", "is 1" }) }),
                     node_type("VICB", "B", { list("ST", "State", "STATE", names) }) }
        end
        local texts = texts_of(types { [0] = "is 0", "is 1" })
        assert.equal(1, times(texts[EDITORS], 'id="STATE_ND"'))
        assert.equal(1, times(texts[TEXTS], "STATE-0 ="))
        for _, names in ipairs { { [0] = "is 0", "is 1", "is 2" }, { [0] = "is 0" },
                                 { [0] = "is 0", "was 1" } } do
            local none, problem = texts_of(types(names))
            assert.is_nil(none)
            assert.equal("the value names STATE are declared twice with different values, by the node types"
                .. " VICA and VICB", problem)
        end
    end)

    it("has as many editors as there are", function()
        local drivers = {}
        for i = 1, 600 do drivers[i] = driver("D" .. i, "Label", { min = i }) end
        assert.equal(600, times(texts_of({ node_type("VICA", "A", drivers) })[EDITORS], "<editor "))
    end)

    it("may be empty, but not endless", function()
        local texts = texts_of {}
        has(texts[NODEDEFS], "<nodeDefs>\n</nodeDefs>\n")
        has(texts[EDITORS], "<editors>\n</editors>\n")
        local label = ("x"):rep(2 * 1024 * 1024)
        local none, problem = texts_of { node_type("VICA", "A", { driver("ST", label) }) }
        assert.is_nil(none)
        assert.equal("the profile is larger than 1024 KiB", problem)
    end)

    --- The instructions of a function, and what it returns.
    local function cost(fn, ...)
        local hundreds, running = 0, coroutine.create(fn)
        debug.sethook(running, function() hundreds = hundreds + 1 end, "", 100)
        local ok, result, problem = coroutine.resume(running, ...)
        assert.is_true(ok, result)
        return hundreds * 100, result, problem
    end

    --- The most instructions that a step of making the files of so many full types takes, each with 60
    -- drivers, two in three a list; the files.
    local function instructions(count, texts)
        local types = {}
        for t = 1, count do
            local drivers = {}
            for d = 1, 60 do
                local names = {}
                for value = 1, texts do names[value] = "Zustand für " .. value end
                drivers[d] = d % 3 == 0 and driver("GV" .. d, "Größe", { min = t * 100 + d })
                    or list("GV" .. d, "Zustand", ("T%d_GV%d"):format(t, d), names)
            end
            types[t] = node_type("VIC" .. t, "Größe", drivers)
        end
        local profile, written, most = require "pg3.profile", {}, 0
        for i, type_ in ipairs(types) do        -- there is a pause before each
            local its
            its, written[i] = cost(profile.of, type_)
            most = math.max(most, its)
        end
        local last, files, problem = cost(profile.files, written)
        return math.max(most, last), files, problem
    end

    it("of many large types, or too many, costs a small part of what a task may take at once", function()
        local budget = 20000000         -- some 0.2 s: nothing else is served meanwhile
        local some, files = instructions(50, 8)
        assert.equal(3, #files)
        assert.is_true(some < budget / 5, some .. " instructions")
        local most, none, problem = instructions(50, 200)
        assert.is_nil(none)
        has(problem, "larger than")
        assert.is_true(most < budget / 2, most .. " instructions")
    end)

    it("keeps a type whose script serves no more, in its place", function()
        local world = fake.new {}
        local profile = require "pg3.profile"
        for _, id in ipairs { "VICA", "VICB", "VICA" } do
            profile.declare(function() return node_type(id, id, { driver("ST", "x") }) end)
        end
        assert.equal("VICB", profile.type("VICB").id)
        assert.is_nil(profile.type("VICC"))
        local text
        world.host.profile = function(files)
            text = table.concat(files[1].parts)
            return true
        end
        assert.is_true(profile.write())
        local a, b = text:find('id="VICA"', 1, true), text:find('id="VICB"', 1, true)
        assert.is_true(a < b and times(text, 'id="VICA"') == 1)
    end)
end)

describe("--write-profile", function()
    local program = os.getenv("VICTRON_HOST")
    local test = program and it or pending
    local folder

    before_each(function()
        folder = os.tmpname()
        os.remove(folder)
        assert(os.execute(("mkdir -p '%s' && cp -R scripts profile '%s'"):format(folder, folder)))
    end)
    after_each(function() os.execute(("rm -rf '%s'"):format(folder)) end)

    --- Runs it in the folder -> what it said, on both streams; whether it went well.
    local function run()
        local path = program:find("^/") and program or lfs.currentdir() .. "/" .. program
        local pipe = io.popen(("cd '%s' && '%s' --write-profile 2>&1"):format(folder, path))
        local said = pipe:read("a")
        return said, pipe:close() == true
    end

    local function change(path, fn)
        local file = assert(io.open(folder .. "/" .. path))
        local text = file:read("a")
        file:close()
        file = assert(io.open(folder .. "/" .. path, "w"))
        file:write((fn(text)))
        file:close()
    end

    --- The files that were written since all were made old.
    local function written()
        local names = {}
        for _, path in ipairs { EDITORS, TEXTS, NODEDEFS } do
            path = folder .. "/profile/" .. path
            if lfs.attributes(path, "modification") ~= 1000 then names[#names + 1] = path:match("[^/]+$") end
            lfs.touch(path, 1000, 1000)
        end
        return table.concat(names, " ")
    end

    test("writes the files that have another content, and no other", function()
        written()
        assert.same({ "profile/ was up to date\n", true }, { run() })
        assert.equal("", written())

        change("scripts/devices/inverter.lua", function(text)
            return text:gsub('name = "[^"]+"', 'name = "Other"', 1)
        end)
        assert.same({ "profile/ was written\n", true }, { run() })
        assert.equal("en_us.txt", written())

        change("scripts/devices/inverter.lua", function(text)
            return text:gsub("unit%.hertz", "unit.celsius", 1)
        end)
        assert.same({ "profile/ was written\n", true }, { run() })
        has(written(), "nodedefs.xml")

        local before = io.open(folder .. "/profile/" .. TEXTS):read("a")
        change("profile/" .. TEXTS, function(text) return text .. "x = y\n" end)
        assert.same({ "profile/ was written\n", true }, { run() })
        assert.equal(before, io.open(folder .. "/profile/" .. TEXTS):read("a"))
    end)

    test("writes nothing while a device script has a mistake", function()
        written()
        change("scripts/devices/inverter.lua", function(text) return text .. "}" end)
        local said, ok = run()
        assert.is_false(ok)
        has(said, "inverter.lua")
        assert.equal("", written())
    end)

    test("makes what is missing, and says what cannot be written", function()
        assert(os.execute(("rm -r '%s/profile'"):format(folder)))
        assert.same({ "profile/ was written\n", true }, { run() })
        assert(os.execute(("cd '%s' && rm -r profile && touch profile"):format(folder)))
        local said, ok = run()
        assert.is_false(ok)
        has(said, "cannot be written")
        assert.equal(1, times(said, "\n"))
    end)
end)
