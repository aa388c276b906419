local fake = require "spec.support.fake_host"

local unit = require "types.units"
local check = require "check.device"
local diagnostics = require "types.diagnostics"
local reading = require "types.reading"
local freshness = require "model.freshness"
local proof = require "check.proof"
local matching = require "types.matching"
local device = require "model.device"
local sums = require "model.sums"

--- A small right table; change(tab) makes it wrong.
local function table_with(change)
    local tab = {
        api = 2, id = "VICTANK", name = "Tank", match = { service = "tank" },
        { "ST", unit.percent, "Level", "/Level", "tl" },
        { "GV0", { [1] = "Fuel", [2] = "Water" }, "Fluid", "/FluidType" },
        samples = { { rows = { ["/Level"] = 50 }, expect = { ST = 50 } } },
    }
    if change then change(tab) end
    return tab
end

describe("the check of a device table", function()
    it("accepts a right one and adds data state and time", function()
        local type_ = assert(check.device("tank.lua", table_with()))
        local ids = {}
        for _, driver in ipairs(check.declaration(type_).drivers) do ids[#ids + 1] = driver.id end
        assert.same({ "ST", "GV0", "GV30", "TIME" }, ids)
        assert.same({ ["/Level"] = true, tl = true, ["/FluidType"] = true }, type_.keys)
        assert.equal("QUERY", check.declaration(type_).commands[1].id)
    end)

    it("counts the characters of a text, not its bytes", function()
        local type_ = assert(check.device("x.lua", table_with(function(tab)
            tab.name, tab[1][3] = ("ä"):rep(40), ("€"):rep(40)
        end)))
        assert.equal(("€"):rep(40), check.declaration(type_).drivers[1].label)
    end)

    it("declares what is momentary: measurements, and lists with a text for 0", function()
        local type_ = assert(check.device("x.lua", table_with(function(tab)
            tab[3] = { "GV1", unit.kwh, "Energy", "/E" }
            tab[4] = { "GV2", "charge_state", "State", "/S" }
            tab[5] = { "GV3", unit.watt, "Peak", "/P", zero = false }
        end)))
        local zero = {}
        for _, driver in ipairs(check.declaration(type_).drivers) do zero[driver.id] = driver.zero end
        assert.same({ ST = true, GV0 = false, GV1 = false, GV2 = true, GV3 = false, GV30 = false,
            TIME = false }, zero)
        assert.equal("CHARGE_STATE", check.declaration(type_).drivers[4].names_id)
        assert.equal("VICTANK_GV0", check.declaration(type_).drivers[2].names_id)
    end)

    --- Each mistake, and words its message must hold beside the file's name.
    local mistakes = {
        { "unknown field 'driver'", function(t) t.driver = {} end },
        { "api is 1, not the form of tables that this plugin reads.", function(t) t.api = 1 end },
        { "id is \"tank\", not an id of up to 16 capitals and digits. Write id = \"TANK\"",
          function(t) t.id = "tank" end },
        { "name is missing", function(t) t.name = nil end },
        { "icon is \"Sun\", not an icon of the ISY's. There are: Alarm, ", function(t) t.icon = "Sun" end },
        { "match is missing", function(t) t.match = nil end },
        { "match: service is missing", function(t) t.match = { product = "x" } end },
        { "'servce' is unknown", function(t) t.match = { servce = "tank" } end },
        { "match: kind is \"cloud\", not \"controller\" or \"gateway\"",
            function(t) t.match = { kind = "cloud" } end },
        { "match: kind does not go with service",
            function(t) t.match = { kind = "gateway", service = "tank" } end },
        { "there are no rows", function(t) t[1], t[2] = nil, nil end },
        { "the list of rows has nil as number 2 of 3",
            function(t) t[2], t[3] = nil, { "GV1", unit.watt, "Power", "/P" } end },
        { "'ST' is unknown", function(t) t.ST = { "ST" } end },
        { "row 1: it is 7, not a row", function(t) t[1] = 7 end },
        { "row 1: the first entry, nil, is not a driver id", function(t) t[1][1] = nil end },
        { "row 1: the first entry, \" \", is not a driver id", function(t) t[1][1] = " " end },
        { "row 1: the driver id 'gv1' is not one ISY knows", function(t) t[1][1] = "gv1" end },
        { "row 1: the driver id 'GV31' is not one ISY knows",
            function(t) t[1][1] = "GV31" end },
        { "row 1: GV30 is kept", function(t) t[1][1] = "GV30" end },
        { "row 1: TIME is kept", function(t) t[1][1] = "TIME" end },
        { "row 2: the driver id 'ST' is used twice", function(t) t[2][1] = "ST" end },
        { "row 2: the driver id 'GV1' is used twice", function(t) t[2][1] = "GV1 GV1" end },
        { "row 1 (ST): the kind (second entry) is missing", function(t) t[1][2] = unit.wat end },
        { "row 1 (ST): the kind (second entry) is a table without states",
            function(t) t[1][2] = { name = "wat" } end },
        { "row 1 (ST): the kind (second entry) is a table without states", function(t) t[1][2] = {} end },
        { "the label (third entry) is \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\", which has 41",
            function(t) t[1][3] = ("x"):rep(41) end },
        { "the label (third entry) is \"ääääääääääääääääääääääääääääääääääääääää...\", which has 41",
            function(t) t[1][3] = ("ä"):rep(41) end },
        { "row 1 (ST): the field 'pth' is unknown", function(t) t[1].pth = "/x" end },
        { "row 1 (ST): \"/x\" stands there without the name of a field", function(t) t[1][6] = "/x" end },
        { "without the name of a field. Fields are: by_script, daily", function(t) t[1][6] = 5 end },
        { "row 1 (ST): nothing says where the value comes from",
            function(t) t[1][4], t[1][5] = nil, nil end },
        { "row 1 (ST): there is more than one source",
            function(t) t[1].from, t[1].worst = print, "/Alarms/" end },
        { "row 1 (ST): there is more than one source", function(t) t[1].by_script = true end },
        { "row 1 (ST): from is \"x\"", function(t)
            t[1] = { "ST", unit.percent, "Level", from = "x" }
        end },
        { "row 1 (ST): map is {}, not a function. Write values = ", function(t) t[1].map = {} end },
        { "row 1 (ST): the path (fourth entry), \"Level\", does not begin with '/'", function(
            t) t[1][4] = "Level" end },
        { "row 1 (ST): the code (fifth entry), \"/Level\", is not one of VRM's", function(
            t) t[1][5] = "/Level" end },
        { "row 1 (ST): there are a path and first", function(t) t[1].first = { "/x" } end },
        { "row 1 (ST): first is {}, not a text or a list of texts",
            function(t) t[1] = { "ST", unit.percent, "Level", first = {} } end },
        { "row 1 (ST): first has the field 'a', and is a list",
            function(t) t[1] = { "ST", unit.percent, "Level", first = { a = "/x" } } end },
        { "row 1 (ST): sum is \"/x\", not a list of terms", function(t)
            t[1] = { "ST", unit.percent, "Level", sum = "/x" }
        end },
        { "row 1 (ST): product is a list of 1, not a list of two", function(t)
            t[1] = { "ST", unit.percent, "Level", product = { "/x" } }
        end },
        { "row 1 (ST): worst is \"Alarms\", not the beginning of paths, nor the path of an alarm", function(t)
            t[1] = { "ST", unit.percent, "Level", worst = "Alarms" }
        end },
        { "row 1 (ST): worst is \"/Alarms/LowSoc/Set\", not the beginning of paths", function(t)
            t[1] = { "ST", unit.percent, "Level", worst = "/Alarms/LowSoc/Set" }
        end },
        { "row 1 (ST): {n} stands for nothing: the first entry has one driver. Write one for each",
            function(t) t[1][4] = "/Tank/{n}" end },
        { "row 1 (ST): {phase} stands for nothing", function(t) t[1][3] = "Level of {phase}" end },
        { "row 1 (GV4): {phase} stands for nothing: there are three phases",
            function(t) t[1][1], t[1][3] = "GV1 GV2 GV3 GV4", "Level of {phase}" end },
        { "row 1 (ST): scale is 0", function(t) t[1].scale = 0 end },
        { "row 1 (ST): values is 240", function(t) t[1].values = 240 end },
        { "row 1 (ST): values has [240] = \"x\"",
            function(t) t[1].values = { [240] = "x" } end },
        { "row 1 (ST): values has [240] = \"x\"",
            function(t) t[1].values = { inverter = { [240] = "x" } } end },
        { "row 1 (ST): by_pg3 is for the controller", function(t) t[1].by_pg3 = true end },
        { "row 1 (ST): places is 1.5", function(t) t[1].places = 1.5 end },
        { "row 1 (ST): max is \"9\", not a number. Write max = 9, without quotes",
          function(t) t[1].max = "9" end },
        { "row 1 (ST): zero is 1", function(t) t[1].zero = 1 end },
        { "row 1 (ST): measured is 1", function(t) t[1].measured = 1 end },
        { "row 1 (ST): on_change is 1", function(t) t[1].on_change = 1 end },
        { "row 1 (ST): measured does not go with on_change. Keep one", function(t)
            t[1].measured, t[1].on_change = true, true
        end },
        { "row 2 (GV0): min and max are not for a list of states", function(t) t[2].max = 5 end },
        { "row 2 (GV0): the kind (second entry), \"fluids\", is no unit and no list of states",
            function(t) t[2][2] = "fluids" end },
        { "row 2 (GV0): the list of states has [\"a\"] = \"b\"", function(t) t[2][2] = { a = "b" } end },
        { "parts is \"t\"", function(t) t.parts = "t" end },
        { "parts has 1 as number 1, not a part", function(t) t.parts = { 1 } end },
        { "part 1: part is \"T\", not a small letter", function(t) t.parts = { { part = "T" } } end },
        { "part 1: id is \"x\", not an id of",
            function(t) t.parts = { { part = "t", id = "x" } } end },
        { "part 1: id \"VICTANK\" is used twice",
            function(t) t.parts = { { part = "t", id = "VICTANK", name = "x" } } end },
        { "part 1: name is missing", function(t) t.parts = { { part = "t", id = "T" } } end },
        { "part 1: the field 'rows' is unknown",
            function(t) t.parts = { { part = "t", id = "T", name = "x", rows = {} } } end },
        { "part 1: there are no rows", function(t) t.parts = { { part = "t", id = "T", name = "x" } } end },
        { "part 1: ST has by_script", function(t)
            t.parts = { { part = "t", id = "T", name = "x", { "ST", unit.watt, "P", by_script = true } } }
        end },
        { "part 1: nothing says when", function(t)
            t.parts = { { part = "t", id = "T", name = "x", { "ST", unit.watt, "P", from = print } } }
        end },
        { "row 1 (ST): sum has the number 5. Write scale = 5 for a", function(t) t[1] = { "ST", unit.watt,
            "P", sum = { 5 } } end },
        { "row 1 (ST): sum has nil as number 2 of 3. Write it", function(t)
            t[1] = { "ST", unit.watt, "P", sum = { "/a", nil, "/b" } }
        end },
        { "row 1 (ST): worst is a list of 1, not the beginning of paths, nor the path of an alarm",
            function(t) t[1] = { "ST", unit.watt, "P", worst = { 5 } } end },
        { "row 1 (ST): {n} stands for nothing", function(t)
            t[1] = { "ST", unit.watt, "P {n}", sum = { "/Ac/{phase}/P" } }
        end },
        { "parts has 5 as number 1, not a part", function(t)
            t.parts = { 5, { part = "t", id = "T", name = "x", { "gv1" } } }
        end },
        { "part 1, row 1 (gv1): the row has nothing but its driver",
            function(t) t.parts = { { part = "t", id = "T", name = "x", { "gv1" } } } end },
        { "samples is 1", function(t) t.samples = 1 end },
        { "sample 1: expect is missing. Write expect = { ST = 80 }, a table.",
          function(t) t.samples[1].expect = nil end },
        { "'QUERY' is no name for a command", function(t) t.commands = { QUERY = print } end },
        { "command BOOST: BOOST is 1, not a function. Write BOOST = function(node, args)",
          function(t) t.commands = { BOOST = 1 } end },
        { "update is true, not a function. Write update = function(node, rows)",
          function(t) t.update = true end },
    }
    for i, mistake in ipairs(mistakes) do
        it(("tells mistake %d: %s"):format(i, mistake[1]), function()
            local words = mistake[1]:gsub("^unknown field ", "the field ")
            local type_, problem = check.device("tank.lua", table_with(mistake[2]))
            assert.is_nil(type_)
            assert.truthy(problem:find("tank.lua", 1, true), problem)
            assert.truthy(problem:find(words, 1, true), problem)
            assert.truthy(problem:find("%. %u.*[.?]$"), "no advice: " .. problem)
        end)
    end

    it("does not take a text or nil for a table", function()
        assert.is_nil((check.device("x.lua", nil)))
        assert.is_nil((check.device("x.lua", "text")))
    end)
end)

describe("matching", function()
    local function type_of(match, file)
        return assert(check.device(file or "a.lua", table_with(function(tab) tab.match = match end)))
    end
    local found = { service = "battery", instance = 288, product = "SmartShunt 500A/50mV",
        type = "Battery Monitor" }

    it("ranks the closer fit higher", function()
        local service = matching.rank(type_of { service = { "vebus", "Battery" } }, found)
        local by_type = matching.rank(type_of { service = "battery", type = "battery monitor" }, found)
        local product = matching.rank(type_of { service = "battery", product = "smartshunt" }, found)
        assert.is_true(service < by_type and by_type < product)
        assert.is_nil(matching.rank(type_of { service = "battery", product = "BMV" }, found))
        assert.is_nil(matching.rank(type_of { service = "batter" }, found))
        assert.is_nil(matching.rank(type_of { kind = "gateway" }, found))
    end)

    it("takes a function's rank, and survives its error", function()
        assert.equal(9, matching.rank(type_of(function(f) return f.instance == 288 and 9 end), found))
        assert.is_nil(matching.rank(type_of(function() return false end), found))
        local good = type_of({ service = "battery" }, "good.lua")
        for _, fn in ipairs { function() error("oops") end, function() return 0 / 0 end,
                              function() return math.huge end, function() return true end } do
            local bad = type_of(fn, "bad.lua")
            for _, order in ipairs { { bad, good }, { good, bad } } do
                local best, problem, errors = matching.pick(order, found)
                assert.equal(good, best)
                assert.is_nil(problem)
                assert.equal("string", type(errors[bad]))
            end
        end
    end)

    it("takes the closest, wherever it stands", function()
        local plain = type_of({ service = "battery" }, "a.lua")
        local close = type_of({ service = "battery", product = "SmartShunt" }, "b.lua")
        assert.equal(close, (matching.pick({ plain, close }, found)))
        assert.equal(close, (matching.pick({ close, plain }, found)))
    end)

    it("takes the first of equals and says so", function()
        local a, b = type_of({ service = "battery" }, "a.lua"), type_of({ service = "battery" }, "b.lua")
        local best, problem = matching.pick({ a, b }, found)
        assert.equal(a, best)
        assert.truthy(problem:find("a.lua and b.lua", 1, true))
        assert.is_nil((matching.pick({}, found)))
    end)

    it("takes the higher layer of those that fit equally well, and only of those", function()
        local a, b = type_of({ service = "battery" }, "a.lua"), type_of({ service = "battery" }, "b.lua")
        local close = type_of({ service = "battery", product = "SmartShunt" }, "c.lua")
        local function pick(own, ...)
            return matching.pick({ ... }, found, function(type_) return own[type_] and 2 or 1 end)
        end
        for _, order in ipairs { { a, b }, { b, a } } do
            local best, problem = pick({ [b] = true }, table.unpack(order))
            assert.equal(b, best)
            assert.is_nil(problem)
        end
        assert.equal(close, (pick({ [b] = true }, a, b, close)))
        local best, problem = pick({ [a] = true, [b] = true }, close, b, a)
        assert.equal(close, best)
        assert.is_nil(problem)
        best, problem = pick({ [a] = true, [b] = true }, b, a)
        assert.equal(b, best)
        assert.truthy(problem:find("b.lua and a.lua", 1, true))
    end)
end)

describe("values", function()
    local function value(row, rows, site)
        local tab = table_with(function(t)
            row[1], row[3] = "ST", "Label"
            t[1], t[2], t.samples = row, nil, nil
        end)
        local type_ = assert(check.device("x.lua", fake.new {}:adopt(tab)))
        return reading.of(type_.drivers[1], rows, site)
    end
    local function rows_of(values)
        local rows = {}
        for key, one in pairs(values) do rows[key] = type(one) == "table" and one or { value = one } end
        return rows
    end

    it("come from the first alternative that has a number", function()
        local row = { nil, unit.volt, first = { "/a", "/b", "c", "d" } }
        assert.equal(1, (value(row, rows_of { ["/a"] = 1, ["/b"] = 2, c = 3 })))
        assert.equal(2, (value(row, rows_of { ["/a"] = "n/a", ["/b"] = 2, c = 3 })))
        assert.equal(4, (value(row, rows_of { d = 4 })))
        assert.is_nil((value(row, rows_of { C = 4, D = 4 })))          -- codes differ by case
    end)

    it("outside the believable are no data", function()
        assert.is_nil((value({ nil, unit.ampere, nil, "/a" }, rows_of { ["/a"] = 3276.7 })))
        assert.is_nil((value({ nil, unit.volt, nil, "/a" }, rows_of { ["/a"] = 6553.5 })))
        assert.is_nil((value({ nil, unit.watt, nil, "/a", max = 100 }, rows_of { ["/a"] = 101 })))
        assert.equal(-100, (value({ nil, unit.watt, nil, "/a" }, rows_of { ["/a"] = -100 })))
        assert.is_nil((value({ nil, unit.watt, from = function() return 0 / 0 end }, {})))
        assert.is_nil((value({ nil, unit.watt, from = function() return "5" end }, {})))
    end)

    -- Fault: 655.35 V, 65.535 V, 327.67 V, 65535 W, all bits of a register set, are shown as measured.
    -- Expected: Such a measurement is none, also in what is worked out of it: the next alternative counts.
    it("that say \"not available\" are no data", function()
        local volts, watts = { nil, unit.volt, first = { "/a", "/b" } }, { nil, unit.watt, nil, "/a" }
        for _, code in ipairs { 655.35, 65.535, 327.67, 32.767, -327.68, 655.3500000001 } do
            assert.is_nil((value(volts, rows_of { ["/a"] = code })))
            assert.equal(12, (value(volts, rows_of { ["/a"] = code, ["/b"] = 12 })))
        end
        for _, code in ipairs { 65535, 32767, -32768, 6553.5 } do
            assert.is_nil((value(watts, rows_of { ["/a"] = code })))
            assert.is_nil((value({ nil, unit.watt, sum = { "/a" } }, rows_of { ["/a"] = code })))
        end
        assert.is_nil((value({ nil, unit.celsius, nil, "/a" }, rows_of { ["/a"] = { value = 65.535,
            unit = "C" } })))
        for _, real in ipairs { 655.36, 65.5, 65.5354, 327.66, 255, 12.75 } do
            assert.equal(real, (value({ nil, unit.volt, first = { "/a" } }, rows_of { ["/a"] = real })))
        end
        assert.is_nil((value({ nil, unit.ampere, quotient = { "/P", "/V" } },
            rows_of { ["/P"] = 65535, ["/V"] = 655.35 })))
        assert.equal(655.35, (value({ nil, unit.kwh, nil, "/a" }, rows_of { ["/a"] = 655.35 })))
        assert.equal(65535, (value({ nil, unit.counter, nil, "/a" }, rows_of { ["/a"] = 65535 })))
    end)

    it("are converted from the unit VRM names", function()
        local row = { nil, unit.hours, nil, "/a" }
        assert.equal(2, (value(row, rows_of { ["/a"] = { value = 7200, unit = "s" } })))
        assert.equal(2, (value(row, rows_of { ["/a"] = { value = 2, unit = "h" } })))
        assert.equal(2, (value(row, rows_of { ["/a"] = { value = 2 } })))
        assert.equal(1500, (value({ nil, unit.watt, nil, "/a" }, rows_of { ["/a"] = { value = 1.5,
            unit = "kW" } })))
    end)

    it("are summed over what is there", function()
        local row = { nil, unit.watt, sum = { { "/a", "x" }, { "/b", "y" }, "/c" } }
        assert.equal(30, (value(row, rows_of { ["/a"] = 10, y = 20 })))
        assert.is_nil((value(row, {})))
    end)

    -- Fault: a sum that lost one of its parts was shown as if it were whole
    -- Expected: it has no value until the part is back; a part that never was is not missed
    it("are sums of all they were made of before, or nothing", function()
        local type_ = assert(check.device("x.lua", table_with(function(t)
            t[1] = { "ST", unit.watt, "Power", sum = { { "/Ac/{phase}/P", "P{n}" } } }
            t.samples = nil
        end)))
        local seen = {}
        local function sum(values)
            return (reading.of(type_.drivers[1], rows_of(values), nil, nil, { seen = seen }))
        end
        assert.equal(30, sum { ["/Ac/L1/P"] = 10, ["/Ac/L2/P"] = 20, ["/Ac/L3/P"] = {} })
        assert.is_nil(sum { ["/Ac/L1/P"] = 10, ["/Ac/L2/P"] = {} })
        assert.is_nil(sum { ["/Ac/L2/P"] = 20 })
        assert.is_nil(sum {})
        assert.equal(33, sum { ["/Ac/L1/P"] = 11, ["/Ac/L2/P"] = 22 })
        assert.equal(63, sum { ["/Ac/L1/P"] = 11, ["/Ac/L2/P"] = 22, P3 = 30 })
        assert.is_nil(sum { ["/Ac/L1/P"] = 11, ["/Ac/L2/P"] = 22 })
        assert.equal(20, (reading.of(type_.drivers[1], rows_of { ["/Ac/L2/P"] = 20 })))
    end)

    -- Fault: what a sum was made of is kept, its script is another one by then: parts are missed for ever.
    -- Expected: what was kept counts for a sum of as many parts, and is nothing else's.
    it("know over a restart what they were made of, while they are the same", function()
        local function type_of(...)
            local terms = { ... }
            return assert(check.device("x.lua", table_with(function(t)
                t[1], t.samples = { "ST", unit.watt, "Power", sum = terms }, nil
            end)))
        end
        local L2 = { "/Ac/L2/P", product = { "/Ac/L2/V", "/Ac/L2/I" } }
        local type_, memory = type_of("/Ac/L1/P", L2, "/Ac/L3/P"), { seen = {} }
        local function kept(values)
            local whole = reading.of(type_.drivers[1], rows_of(values), nil, nil, memory)
            sums.note(type_.drivers[1], whole, memory)
            return memory.sums
        end
        assert.is_nil(kept { ["/Ac/L1/P"] = 1 })
        assert.same({ ST = "1010" }, kept { ["/Ac/L1/P"] = 1, ["/Ac/L2/V"] = 2, ["/Ac/L2/I"] = 3 })
        memory.midnight = 86400
        assert.same({ ST = "1010 86400" }, kept { ["/Ac/L1/P"] = 1 })
        local function sum(other, before, values)
            memory = { seen = {} }
            sums.take(other, memory, before)
            return (reading.of(other.drivers[1], rows_of(values), nil, nil, memory))
        end
        assert.is_nil(sum(type_, { ST = "1010" }, { ["/Ac/L1/P"] = 1 }))
        assert.equal(7, sum(type_, { ST = "1010" }, { ["/Ac/L1/P"] = 1, ["/Ac/L2/P"] = 6 }))
        assert.equal(1, sum(type_of("/Ac/L1/P", "/Ac/L2/P"), { ST = "1110" }, { ["/Ac/L1/P"] = 1 }))
        for _, odd in ipairs { "", "x", "1010 x", 1010, {} } do
            assert.equal(1, sum(type_, { ST = odd }, { ["/Ac/L1/P"] = 1 }))
        end
        memory = { seen = { ST = { ["/Ac/L3/P"] = true } } }                    -- PG3 told it late
        sums.take(type_, memory, { ST = "1010" })
        assert.same({ ST = "1011" }, memory.sums)
    end)

    -- Fault: the grid is lost, and with its meter two of three phases; the consumption of the one that is
    --        left was no data.
    -- Expected: a phase of which the device says that it is not there is not missed.
    it("are sums of as many phases as there are said to be", function()
        local row = { nil, unit.watt, sum = { { "/Ac/{phase}/P", "P{n}" } } }
        local type_ = assert(check.device("x.lua", table_with(function(t)
            t[1], t.samples = { "ST", row[2], "Power", sum = row.sum }, nil
        end)))
        local seen = {}
        local function sum(values)
            return (reading.of(type_.drivers[1], rows_of(values), nil, nil, { seen = seen }))
        end
        local COUNT = "/Ac/NumberOfPhases"
        assert.equal(60, sum { ["/Ac/L1/P"] = 10, ["/Ac/L2/P"] = 20, ["/Ac/L3/P"] = 30, [COUNT] = 3 })
        assert.is_nil(sum { ["/Ac/L1/P"] = 11, [COUNT] = 3 })
        assert.is_nil(sum { ["/Ac/L1/P"] = 11, [COUNT] = 2 })
        assert.equal(11, sum { ["/Ac/L1/P"] = 11, [COUNT] = 1 })
        assert.is_nil(sum { ["/Ac/L2/P"] = 20, [COUNT] = 2 })
        assert.is_nil(sum { [COUNT] = 0 })
        assert.truthy(device.direct_readers(type_, { [COUNT] = true })[type_.drivers[1]])
    end)

    -- Fault: the first answer of all had two of three phases; what those took was the consumption.
    -- Expected: the phase that the device counts up to is there; one below may not be, as of a PV inverter on
    --           L3.
    it("are not sums without the last of the phases that there are said to be", function()
        local row = { nil, unit.watt, sum = { { "/Ac/{phase}/P", "P{n}" } } }
        local function sum(values) return (value(row, rows_of(values))) end
        local COUNT = "/Ac/NumberOfPhases"
        assert.is_nil(sum { ["/Ac/L1/P"] = 10, ["/Ac/L2/P"] = 20, [COUNT] = 3 })
        assert.equal(60, sum { ["/Ac/L1/P"] = 10, P2 = 20, P3 = 30, [COUNT] = 3 })
        assert.equal(30, sum { ["/Ac/L3/P"] = 30, [COUNT] = 3 })
        assert.equal(10, sum { ["/Ac/L1/P"] = 10, [COUNT] = 1 })
        assert.equal(10, sum { ["/Ac/L1/P"] = 10, [COUNT] = {} })
        row.sum = { { "/Ac/{phase}/P", product = { "/Ac/{phase}/V", "/Ac/{phase}/I" } } }
        assert.equal(50, sum { ["/Ac/L1/P"] = 10, ["/Ac/L2/V"] = 20, ["/Ac/L2/I"] = 2, [COUNT] = 2 })
        assert.is_nil(sum { ["/Ac/L1/P"] = 10, ["/Ac/L2/V"] = 20, [COUNT] = 2 })
        assert.is_nil(sum { ["/Ac/L1/P"] = 10, [COUNT] = 2 })
        assert.equal(100, (value({ nil, unit.watt, sum = { "/Ac/Out/{phase}/P" } },
            rows_of { ["/Ac/Out/L1/P"] = 100, ["/Ac/State/SplitPhaseL2L1OutSummed"] = 2 })))
    end)

    -- Fault: a MultiPlus-II of 2x120 V went from a shore of two phases to one, or to inverting. L1 has L2's
    --        power then, and the sum was no data until two phases came again.
    -- Expected: L2 is not missed while the device says that it does not tell of it alone.
    it("are sums without the L2 of a split phase while that is in L1, or not connected", function()
        local row = { nil, unit.watt, sum = { { "/Ac/Out/{phase}/P", "OP{n}" } } }
        local input = { nil, unit.watt, sum = { { "/Ac/ActiveIn/{phase}/P", "IP{n}" } } }
        local type_ = assert(check.device("x.lua", table_with(function(t)
            t[1], t.samples = { "ST", row[2], "Power", sum = row.sum }, nil
            t[2] = { "GV0", input[2], "Input power", sum = input.sum }
        end)))
        local SUMMED, PASSED = "/Ac/State/SplitPhaseL2L1OutSummed", "/Ac/State/SplitPhaseL2Passthru"
        for i, says in ipairs { { SUMMED, 1, 0, "/Ac/Out/L1/P", "OP2" },
                                { PASSED, 0, 1, "/Ac/ActiveIn/L1/P", "IP2" } } do
            local key, no, yes, l1, l2 = table.unpack(says)
            local seen = {}
            local function sum(values)
                return (reading.of(type_.drivers[i], rows_of(values), nil, nil, { seen = seen }))
            end
            assert.equal(300, sum { [l1] = 100, [l2] = 200, [key] = yes })
            assert.equal(310, sum { [l1] = 310, [key] = no })
            assert.is_nil(sum { [l1] = 310, [key] = yes })
            assert.is_nil(sum { [l1] = 310 })
            assert.is_nil(sum { [l2] = 200, [key] = no })
            assert.truthy(device.direct_readers(type_, { [key] = true })[type_.drivers[i]])
        end
    end)

    -- Fault: of a phase with a voltage and no current the power was left out of the sum
    -- Expected: a sum is whole or not at all: a product in it needs both of its parts, or one that is 0
    it("are sums of products where the paths of a term have no number", function()
        local row = { nil, unit.watt, sum = { { "/{phase}/P",
            product = { { "/{phase}/V", "V{n}" }, "/{phase}/I" } } } }
        local function sum(values) return (value(row, rows_of(values))) end
        assert.equal(300, sum { ["/L1/P"] = 70, V2 = 115, ["/L2/I"] = 2 })
        assert.is_nil(sum { ["/L1/P"] = 70, V2 = 115 })
        assert.is_nil(sum { ["/L1/P"] = 70, ["/L2/I"] = 2 })
        assert.equal(70, sum { ["/L1/P"] = 70, V2 = 0 })
        assert.equal(70, sum { ["/L1/P"] = 70, ["/L1/V"] = 115 })
        assert.is_nil(sum {})
    end)

    it("are added up over the phases that are there", function()
        local row = { nil, unit.watt, sum = { { "/Ac/{phase}/P", "P{n}" }, "/Dc/P" } }
        assert.equal(111, (value(row, rows_of { ["/Ac/L1/P"] = 1, P3 = 10, ["/Dc/P"] = 100 })))
    end)

    it("are the product or quotient of two, whole or not at all", function()
        local product = { nil, unit.watt, product = { { "/V", "v" }, "/I" } }
        assert.equal(60, (value(product, rows_of { v = 12, ["/I"] = 5 })))
        assert.is_nil((value(product, rows_of { v = 12 })))
        local quotient = { nil, unit.ampere, quotient = { "/P", "/V" } }
        assert.equal(5, (value(quotient, rows_of { ["/P"] = 60, ["/V"] = 12 })))
        assert.equal(0, (value(quotient, rows_of { ["/P"] = 0, ["/V"] = 0 })))
        assert.is_nil((value(quotient, rows_of { ["/P"] = 60, ["/V"] = 0 })))
        assert.is_nil((value(quotient, rows_of { ["/V"] = 12 })))
    end)

    it("are worked out only where their own path has no number", function()
        local row = { nil, unit.watt, nil, "/P", product = { "/V", "/I" } }
        assert.equal(59, (value(row, rows_of { ["/P"] = 59, ["/V"] = 12, ["/I"] = 5 })))
        assert.equal(60, (value(row, rows_of { ["/V"] = 12, ["/I"] = 5 })))
    end)

    it("are the worst of all whose paths begin alike", function()
        local row = { nil, "alarm", worst = "/Alarms/" }
        assert.equal(2, (value(row, rows_of { ["/Alarms/A"] = 1, ["/Alarms/B"] = 2, ["/AlarmsOff"] = 9 })))
        assert.equal(0, (value(row, rows_of { ["/Alarms/A"] = 0, ["/Alarms/B"] = "x" })))
        assert.is_nil((value(row, rows_of { ["/Soc"] = 1 })))
        assert.equal(9, (value({ nil, unit.count, worst = "/Errors/" }, rows_of { ["/Errors/A"] = 9 })))
    end)

    -- Fault: Phase 2 is overloaded, and the inverter's "Alarm: overload" says No alarm.
    -- Expected: The worst of what is told for all phases and for each.
    it("of one alarm are the worst of all phases", function()
        local row = { nil, "alarm", worst = "/Alarms/Overload" }
        assert.equal(2, (value(row, rows_of { ["/Alarms/Overload"] = 0, ["/Alarms/L2/Overload"] = 2,
            ["/Alarms/LowBattery"] = 1 })))
        assert.equal(1, (value(row, rows_of { eO = 1, ["/Alarms/L1/Overload"] = 65535 })))
        assert.is_nil((value(row, rows_of { ["/Alarms/OverloadDelay"] = 1, ["/Alarms/LowBattery"] = 2 })))
        local either = { nil, "alarm", nil, "/Alarms/LowVoltage", worst = "/Alarms/LowBattery" }
        assert.equal(2, (value(either, rows_of { ["/Alarms/LowVoltage"] = 65535,
            ["/Alarms/LowBattery"] = 2 })))
        assert.equal(2, (value({ nil, "alarm", nil, "/a", values = { [7] = 2 } }, rows_of { ["/a"] = 7 })))
    end)

    -- Fault: An alarm that a device does not have (65535), or what one is set to, is worse than an alarm.
    -- Expected: An alarm is 0, 1 or 2; all else is no data. Settings of alarms are none.
    it("of alarms are 0, 1 or 2", function()
        local all, one = { nil, "alarm", worst = "/Alarms/" }, { nil, "alarm", nil, "/Alarms/A" }
        assert.equal(1, (value(all, rows_of { ["/Alarms/A"] = 1, ["/Alarms/B"] = 65535,
            ["/Alarms/C"] = -1 })))
        assert.equal(0, (value(all, rows_of { ["/Alarms/A"] = 0, ["/Alarms/A/Set"] = 2,
            ["/Alarms/ADelay"] = 1 })))
        assert.equal(2, (value(all, rows_of { ["/Alarms/A"] = 0, ASoc = 2 })))
        assert.is_nil((value(all, rows_of { ["/Alarms/A"] = 65535 })))
        for _, code in ipairs { 3, 255, 65535, 4294967295, -1, 0.5 } do
            assert.is_nil((value(one, rows_of { ["/Alarms/A"] = code })))
            assert.is_nil((value({ nil, "grid_alarm", nil, "/Alarms/A" }, rows_of { ["/Alarms/A"] = code })))
        end
    end)

    -- Fault: A genset without an error code shows "AC power L3 too high", its state 101: the ISY's lists have
    -- "No data" at that number. Error 101 of a PV inverter shows "No data".
    -- Expected: 101 is "No data" alone; a state 101 is shown as 1101, by its name or as "code 101".
    it("101 are shown as 1101, for 101 is no data", function()
        local own = { nil, { [0] = "Off", [101] = "On" }, nil, "/a" }
        assert.same({ 1101, nil, false }, { value(own, rows_of { ["/a"] = 101 }) })
        assert.same({ 1101, nil, false }, { value({ nil, "genset_error", nil, "/a" },
            rows_of { ["/a"] = 101 }) })
        assert.same({ 1101, "code 101", true }, { value({ nil, "device_error", nil, "/a" },
            rows_of { ["/a"] = 101 }) })
        for name, list in pairs(require "types.names") do
            assert.is_nil(type(list) == "table" and list[101] or nil, name)
        end
    end)

    it("stand for others, are scaled and change their sign", function()
        assert.equal(0, (value({ nil, "active_input", nil, "/a", values = { [0] = 1, [240] = 0 } },
            rows_of { ["/a"] = 240 })))
        assert.equal(-1.5, (value({ nil, unit.volt, nil, "/a", scale = 0.001, sign = -1 },
            rows_of { ["/a"] = 1500 })))
    end)

    -- Fault: A Phoenix inverter that is on is shown as "Inverter only": its 2 is another than a MultiPlus's.
    -- Expected: Numbers stand for others in rows of one service alone.
    it("stand for others in rows of a service", function()
        local row = { nil, "inverter_mode", nil, "/Mode", values = { inverter = { [2] = 3 } } }
        local function mode(number, service)
            return (value(row, rows_of { ["/Mode"] = { value = number, service = service } }))
        end
        assert.same({ 3, 4, 5 }, { mode(2, "inverter"), mode(4, "inverter"), mode(5, "inverter") })
        assert.same({ 2, 2 }, { mode(2, "vebus"), mode(2) })
    end)

    it("of several ids are counted on", function()
        local type_ = assert(check.device("x.lua", table_with(function(t)
            t[1] = { "ST GV1 GV2", unit.watt, "Power {phase} of {n}", "/Pv/{n-1}/{phase}", "P{n}" }
            t.samples = nil
        end)))
        local third = type_.drivers[3]
        assert.same({ "GV2", "Power L3 of 3", { "/Pv/2/L3", "P3" } }, { third.id, third.label, third.keys })
        assert.equal("Power L1 of 1", type_.drivers[1].label)
        assert.is_true(type_.keys["/Pv/1/L2"])
    end)

    -- Fault: A charger begins; for one answer more the time to go is what it was.
    -- Expected: What the table says is no slip of VRM's. The rows that say so show the driver anew.
    it("are there while another is negative", function()
        local row = { nil, unit.hours, nil, "/TTG", while_negative = { "/I", "I" } }
        local ttg = { value = 5, unit = "h" }
        assert.equal(5, (value(row, rows_of { ["/TTG"] = ttg, I = -0.2 })))
        assert.is_nil((value(row, rows_of { ["/TTG"] = ttg, ["/I"] = 0, I = -0.2 })))
        assert.equal(5, (value(row, rows_of { ["/TTG"] = ttg, ["/I"] = {} })))
        local type_ = assert(check.device("x.lua", table_with(function(t)
            t[1] = { "ST", unit.percent, "Level", "/Level", while_negative = "/I" }
            t.samples = nil
        end)))
        assert.is_true(device.direct_readers(type_, { ["/I"] = true })[type_.drivers[1]])
    end)

    it("pass through map; from sees rows and site; true and false are 1 and 0", function()
        assert.equal(6, (value({ nil, unit.watt, nil, "/a", map = function(v) return v * 2 end },
            rows_of { ["/a"] = 3 })))
        assert.equal(7, (value({ nil, unit.watt, from = function(rows,
            site) return rows.x.value + site.y end },
            rows_of { x = 3 }, { y = 4 })))
        assert.equal(1, (value({ nil, "off_on", from = function() return true end }, {})))
        assert.equal(0, (value({ nil, "off_on", from = function() return false end },
            {})))
    end)

    it("not in the list are told in text: VRM's own, else code N", function()
        local row = { nil, "charge_state", nil, "/a" }
        local number, text = value(row, rows_of { ["/a"] = 3 })
        assert.same({ 3 }, { number, text })
        number, text = value(row, rows_of { ["/a"] = 99 })
        assert.same({ 99, "code 99" }, { number, text })
        diagnostics.row { code = "S", dataAttributeEnumValues = { { valueEnum = 99, nameEnum = "New" } } }
        number, text = value(row, rows_of { ["/a"] = { value = 99, code = "S" } })
        assert.same({ 99, "New" }, { number, text })
        assert.is_nil((value(row, rows_of { ["/a"] = 3.5 })))
    end)

    -- Fault: A state that a device does not have is shown as "code 65535".
    -- Expected: All bits set, or less than 0, are no data, unless the list names that number.
    it("that say there is no state are no data", function()
        local row = { nil, "charge_state", nil, "/a" }
        for _, code in ipairs { 255, 65535, 4294967295, -1 } do
            assert.is_nil((value(row, rows_of { ["/a"] = code })))
        end
        assert.equal(255, (value({ nil, { [255] = "Not there" }, nil, "/a" }, rows_of { ["/a"] = 255 })))
    end)
end)

describe("applying", function()
    it("goes on after a function that fails", function()
        local world = fake.new {}
        local type_ = assert(check.device("x.lua", world:adopt(table_with(function(t)
            t[1] = { "ST", unit.watt, "Bad", from = function() error("oops") end }
            t[3] = { "GV1", unit.volt, "Voltage", "/V" }
            t[4] = { "GV2", unit.kwh, "Energy", "/E" }
        end))))
        world.host.declare(check.declaration(type_))
        world.host.add { address = "a", type = "VICTANK", name = "A", primary = "a" }
        local problem = device.apply(type_, "a", {
            ["/V"] = { value = 12.3, timestamp = 50 }, ["/E"] = { value = 1, timestamp = 99 },
        }, nil, device.memory())
        assert.truthy(problem:find("oops", 1, true))
        assert.equal(12.3, world:value("a", "GV1"))
        assert.is_nil(world:value("a", "ST"))
    end)

    -- Fault: A function is called for nothing where its row's path has a number, live every two seconds.
    -- Expected: It is called where the path has none that can be shown.
    it("calls a function only where the path has no number", function()
        local world, calls = fake.new {}, 0
        local type_ = assert(check.device("x.lua", world:adopt(table_with(function(t)
            t[1] = { "ST", unit.watt, "Power", "/P", max = 100, from = function()
                calls = calls + 1
                return 7
            end }
        end))))
        world.host.declare(check.declaration(type_))
        world.host.add { address = "a", type = "VICTANK", name = "A", primary = "a" }
        local function shown(watts)
            device.apply(type_, "a", { ["/P"] = watts and { value = watts } }, nil, device.memory())
            return world:value("a", "ST")
        end
        assert.equal(5, shown(5))
        assert.equal(0, calls)
        assert.equal(7, shown(101))
        assert.equal(7, shown(nil))
        assert.equal(2, calls)
    end)

    -- Fault: A state that a new firmware brings is shown as a number, and nobody hears of it.
    -- Expected: It is shown as "code 99", and once in the log.
    it("tells a state without a text once", function()
        local world = fake.new {}
        local type_ = assert(check.device("x.lua", table_with()))
        world.host.declare(check.declaration(type_))
        world.host.add { address = "a", type = "VICTANK", name = "A", primary = "a" }
        local function told(state)
            device.apply(type_, "a", { ["/FluidType"] = { value = state } }, nil, device.memory())
            return #world:logged("info")
        end
        local before = told(2)
        assert.equal(before + 1, told(99))
        assert.equal(before + 1, told(99))
        assert.equal(before + 2, told(98))
        assert.truthy(table.concat(world:logged("info"), "\n"):find("code 99", 1, true))
        for state = 100, 200 do told(state) end
        assert.is_true(told(7) <= before + 50)
    end)

    -- Fault: An answer of VRM's of an hour ago sets a meter back, and a program counts its energy twice.
    -- Expected: A counter takes no smaller number that is older; a newer one it does: it began anew.
    it("sets no counter back by an older row", function()
        local world, memory = fake.new {}, device.memory()
        local type_ = assert(check.device("x.lua", table_with(function(t)
            t[3] = { "TPW", unit.kwh, "Energy", "/E" }
            t[4] = { "GV1", unit.counter, "Starts", "/N" }
        end)))
        world.host.declare(check.declaration(type_))
        world.host.add { address = "a", type = "VICTANK", name = "A", primary = "a" }
        local function show(energy, at, level)
            device.apply(type_, "a", { ["/E"] = { value = energy, timestamp = at },
                ["/N"] = { value = energy, timestamp = at }, ["/Level"] = { value = level, timestamp = at } },
                nil, memory)
            return { world:value("a", "TPW"), world:value("a", "GV1"), world:value("a", "ST") }
        end
        assert.same({ 500, 500, 40 }, show(500, 1000, 40))
        assert.same({ 500, 500, 30 }, show(480, 900, 30))
        assert.same({ 501, 501, 31 }, show(501, 900, 31))           -- a clock that was put back
        assert.same({ 3, 3, 32 }, show(3, 1100, 32))                -- another meter
        assert.same({ 2, 2, 33 }, show(2, nil, 33))
    end)

    it("calls no other map after one that ran too long", function()
        local world, calls = fake.new {}, 0
        local function endless()
            calls = calls + 1
            error("x.lua:1: too long")
        end
        world.host.excess = function(fn) return fn == endless and "budget" or nil end
        local type_ = assert(check.device("x.lua", table_with(function(t)
            t[1] = { "ST", unit.watt, "Bad", "/V", map = endless }
            t[3] = { "GV1", unit.volt, "Bad too", "/V", map = endless }
            t[4] = { "GV2", unit.volt, "Voltage", "/V" }
        end)))
        world.host.declare(check.declaration(type_))
        world.host.add { address = "a", type = "VICTANK", name = "A", primary = "a" }
        device.apply(type_, "a", { ["/V"] = { value = 12.3, timestamp = 50 } }, nil, device.memory())
        assert.equal(1, calls)
        assert.equal(12.3, world:value("a", "GV2"))
    end)
end)

describe("freshness", function()
    it("is judged by the gateway's logging interval", function()
        local function state(age, interval) return freshness.judge(1000000 - age, 1000000, interval) end
        assert.equal(freshness.FRESH, state(240, 60))
        assert.equal(freshness.STALE, state(241, 60))
        assert.equal(freshness.STALE, state(1200, 60))
        assert.equal(freshness.OFFLINE, state(1201, 60))
        assert.equal(freshness.FRESH, state(1920, 900))
        assert.equal(freshness.STALE, state(1921, 900))
        assert.equal(freshness.FRESH, state(-300, 60))
        assert.equal(freshness.NO_DATA, freshness.judge(nil, 1000000, 60))
    end)
end)

describe("samples", function()
    local function proved(change)
        local tab = table_with(change)
        return proof.run(assert(check.device("x.lua", tab)), { file = "x.lua", table = tab })
    end

    it("expect values of parts under their letter", function()
        local function problems(expect)
            return proved(function(t)
                t.parts = { { part = "t", id = "TANKT", name = "more", { "ST", unit.volt, "Supply", "/V" } } }
                t.samples = { { rows = { ["/V"] = 12 }, expect = expect } }
            end)
        end
        assert.same({}, problems { t = { ST = 12 } })
        assert.truthy(problems({ t = { ST = 13 } })[1]:find("sample 1: t: ST is 12, expected 13", 1, true))
        assert.truthy(problems({ u = { ST = 12 } })[1]:find("u is expected, but no row has", 1, true))
    end)

    it("hold within the places shown, and failures are told", function()
        local problems = proved
        assert.same({}, problems())
        assert.same({}, problems(function(t) t.samples[1].expect = { ST = 50.04, GV0 = "no data" } end))
        assert.equal(1, #problems(function(t) t.samples[1].expect = { ST = 50.2 } end))
        assert.equal(1, #problems(function(t) t.samples[1].expect = { ST = "no data" } end))
        assert.equal(1, #problems(function(t) t.samples[1].expect = { GV9 = 1 } end))
        assert.equal(1, #problems(function(t) t[1] = { "ST", unit.watt, "x", from = error } end))
    end)
end)
