local fake = require "spec.support.fake_host"

local unit = require "lib.units"
local check = require "lib.check"
local read = require "lib.vrm_read"
local device = require "lib.device"

--- A small right table; change(tab) makes it wrong.
local function table_with(change)
    local tab = {
        api = 1, id = "VICTANK", name = "Tank", match = { service = "tank" },
        drivers = {
            { "ST", unit.percent, "Level", path = "/Level", code = "tl" },
            { "GV0", unit.index, "Fluid", path = "/FluidType", names = { [1] = "Fuel", [2] = "Water" } },
        },
        samples = { { rows = { ["/Level"] = 50 }, expect = { ST = 50 } } },
    }
    if change then change(tab) end
    return tab
end

describe("the check of a device table", function()
    it("accepts a right one and adds data state and time", function()
        local type_ = assert(check.device("tank.lua", table_with()))
        local ids = {}
        for _, driver in ipairs(type_.declaration.drivers) do ids[#ids + 1] = driver.id end
        assert.same({ "ST", "GV0", "GV30", "TIME" }, ids)
        assert.same({ ["/Level"] = true, tl = true, ["/FluidType"] = true }, type_.keys)
        assert.equal("QUERY", type_.declaration.commands[1].id)
    end)

    it("declares what is momentary: measurements, and lists with a text for 0", function()
        local type_ = assert(check.device("x.lua", table_with(function(tab)
            tab.drivers[3] = { "GV1", unit.kwh, "Energy", path = "/E" }
            tab.drivers[4] = { "GV2", unit.index, "State", path = "/S", names = "charge_state" }
            tab.drivers[5] = { "GV3", unit.watt, "Peak", path = "/P", zero = false }
        end)))
        local zero = {}
        for _, driver in ipairs(type_.declaration.drivers) do zero[driver.id] = driver.zero end
        assert.same({ ST = true, GV0 = false, GV1 = false, GV2 = true, GV3 = false, GV30 = false,
            TIME = false }, zero)
        assert.equal("CHARGE_STATE", type_.declaration.drivers[4].names_id)
        assert.equal("VICTANK_GV0", type_.declaration.drivers[2].names_id)
    end)

    --- Each mistake, and words its message must hold beside the file's name.
    local mistakes = {
        { "unknown field 'driver'", function(t) t.driver = {} end },
        { "api is not 1", function(t) t.api = 2 end },
        { "id is not a node type id", function(t) t.id = "tank" end },
        { "name is not a text", function(t) t.name = nil end },
        { "icon 'Sun' is unknown", function(t) t.icon = "Sun" end },
        { "match is missing", function(t) t.match = nil end },
        { "match names no service", function(t) t.match = { product = "x" } end },
        { "'servce' is unknown", function(t) t.match = { servce = "tank" } end },
        { "match.kind is not", function(t) t.match = { kind = "cloud" } end },
        { "drivers is missing", function(t) t.drivers = nil end },
        { "drivers is missing", function(t) t.drivers = {} end },
        { "'ST' is unknown", function(t) t.drivers.ST = { "ST" } end },
        { "driver row 1: it is not a row", function(t) t.drivers[1] = 7 end },
        { "driver row 1: the first entry is not a driver id", function(t) t.drivers[1][1] = nil end },
        { "driver row 1: the driver id 'gv1' is not one ISY knows", function(t) t.drivers[1][1] = "gv1" end },
        { "driver row 1: the driver id 'GV31' is not one ISY knows",
            function(t) t.drivers[1][1] = "GV31" end },
        { "driver row 1: GV30 is kept", function(t) t.drivers[1][1] = "GV30" end },
        { "driver row 1: TIME is kept", function(t) t.drivers[1][1] = "TIME" end },
        { "driver row 2: the driver id is used twice", function(t) t.drivers[2][1] = "ST" end },
        { "driver row 1 (ST): the second entry is not a unit", function(t) t.drivers[1][2] = unit.wat end },
        { "driver row 1 (ST): the second entry is not a unit",
            function(t) t.drivers[1][2] = { uom = 51 } end },
        { "driver row 1 (ST): the label (third entry) is not a text",
            function(t) t.drivers[1][3] = ("x"):rep(41) end },
        { "driver row 1 (ST): the field 'pth' is unknown", function(t) t.drivers[1].pth = "/x" end },
        { "driver row 1 (ST): the field '4' is unknown", function(t) t.drivers[1][4] = "/x" end },
        { "driver row 1 (ST): nothing says where the value comes from", function(t)
            t.drivers[1].path, t.drivers[1].code = nil, nil
        end },
        { "driver row 1 (ST): there is more than one source", function(t) t.drivers[1].from = print end },
        { "driver row 1 (ST): from is not a function", function(t)
            t.drivers[1] = { "ST", unit.percent, "Level", from = "x" }
        end },
        { "driver row 1 (ST): map is not a function", function(t) t.drivers[1].map = {} end },
        { "driver row 1 (ST): the path 'Level' does not begin", function(t) t.drivers[1].path = "Level" end },
        { "driver row 1 (ST): path is an empty list", function(t) t.drivers[1].path = {} end },
        { "driver row 1 (ST): path is neither", function(t) t.drivers[1].path = { a = "/x" } end },
        { "driver row 1 (ST): sum is not a list", function(t)
            t.drivers[1] = { "ST", unit.percent, "Level", sum = "/x" }
        end },
        { "driver row 1 (ST): by_pg3 is for the controller", function(t) t.drivers[1].by_pg3 = true end },
        { "driver row 1 (ST): places is not", function(t) t.drivers[1].places = 1.5 end },
        { "driver row 1 (ST): max is not a number", function(t) t.drivers[1].max = "9" end },
        { "driver row 1 (ST): zero is not true or false", function(t) t.drivers[1].zero = 1 end },
        { "driver row 1 (ST): names is only for unit.index", function(t) t.drivers[1].names = "alarm" end },
        { "driver row 2 (GV0): the names list 'fluids' is unknown",
            function(t) t.drivers[2].names = "fluids" end },
        { "driver row 2 (GV0): unit.index needs names", function(t) t.drivers[2].names = nil end },
        { "driver row 2 (GV0): names is not { [number]", function(t) t.drivers[2].names = { a = "b" } end },
        { "samples is not a list", function(t) t.samples = 1 end },
        { "sample 1: rows or expect is missing", function(t) t.samples[1].expect = nil end },
        { "'QUERY' is no name for a command", function(t) t.commands = { QUERY = print } end },
        { "BOOST is not a function", function(t) t.commands = { BOOST = 1 } end },
        { "update is not a function", function(t) t.update = true end },
    }
    for i, mistake in ipairs(mistakes) do
        it(("tells mistake %d: %s"):format(i, mistake[1]), function()
            local words = mistake[1]:gsub("^unknown field ", "the field ")
            local type_, problem = check.device("tank.lua", table_with(mistake[2]))
            assert.is_nil(type_)
            assert.truthy(problem:find("tank.lua", 1, true), problem)
            assert.truthy(problem:find(words, 1, true), problem)
            assert.truthy(problem:find("%. %u.*%.$"), "no advice: " .. problem)
        end)
    end

    it("does not take a text or nil for a table", function()
        assert.is_nil((check.device("x.lua", nil)))
        assert.is_nil((check.device("x.lua", "text")))
    end)
end)

describe("matching", function()
    local function type_of(match, file)
        return { match = match, file = file or "a.lua", kind = type(match) == "table" and match.kind or nil }
    end
    local found = { service = "battery", instance = 288, product = "SmartShunt 500A/50mV",
        type = "Battery Monitor" }

    it("ranks the closer fit higher", function()
        local service = device.rank(type_of { service = { "vebus", "battery" } }, found)
        local by_type = device.rank(type_of { service = "battery", type = "battery monitor" }, found)
        local product = device.rank(type_of { service = "battery", product = "smartshunt" }, found)
        assert.is_true(service < by_type and by_type < product)
        assert.is_nil(device.rank(type_of { service = "battery", product = "BMV" }, found))
        assert.is_nil(device.rank(type_of { service = "batter" }, found))
        assert.is_nil(device.rank(type_of { kind = "gateway" }, found))
    end)

    it("takes a function's rank, and survives its error", function()
        assert.equal(9, device.rank(type_of(function(f) return f.instance == 288 and 9 end), found))
        assert.is_nil(device.rank(type_of(function() return false end), found))
        local good = type_of({ service = "battery" }, "good.lua")
        for _, fn in ipairs { function() error("oops") end, function() return 0 / 0 end,
                              function() return math.huge end, function() return true end } do
            local bad = type_of(fn, "bad.lua")
            for _, order in ipairs { { bad, good }, { good, bad } } do
                local best, problem, errors = device.pick(order, found)
                assert.equal(good, best)
                assert.is_nil(problem)
                assert.equal("string", type(errors[bad]))
            end
        end
    end)

    it("takes the closest, wherever it stands", function()
        local plain = type_of({ service = "battery" }, "a.lua")
        local close = type_of({ service = "battery", product = "SmartShunt" }, "b.lua")
        assert.equal(close, (device.pick({ plain, close }, found)))
        assert.equal(close, (device.pick({ close, plain }, found)))
    end)

    it("takes the first of equals and says so", function()
        local a, b = type_of({ service = "battery" }, "a.lua"), type_of({ service = "battery" }, "b.lua")
        local best, problem = device.pick({ a, b }, found)
        assert.equal(a, best)
        assert.truthy(problem:find("a.lua and b.lua", 1, true))
        assert.is_nil((device.pick({}, found)))
    end)
end)

describe("values", function()
    local function value(row, rows, site)
        local tab = table_with(function(t)
            row[1], row[3] = "ST", "Label"
            t.drivers, t.samples = { row }, nil
        end)
        local type_ = assert(check.device("x.lua", tab))
        return device.value(type_.drivers[1], rows, site)
    end
    local function rows_of(values)
        local rows = {}
        for key, one in pairs(values) do rows[key] = type(one) == "table" and one or { value = one } end
        return rows
    end

    it("come from the first alternative that has a number", function()
        local row = { nil, unit.volt, path = { "/a", "/b" }, code = { "c", "d" } }
        assert.equal(1, (value(row, rows_of { ["/a"] = 1, ["/b"] = 2, c = 3 })))
        assert.equal(2, (value(row, rows_of { ["/a"] = "n/a", ["/b"] = 2, c = 3 })))
        assert.equal(4, (value(row, rows_of { d = 4 })))
        assert.is_nil((value(row, rows_of { C = 4, D = 4 })))          -- codes differ by case
    end)

    it("outside the believable are no data", function()
        assert.is_nil((value({ nil, unit.ampere, path = "/a" }, rows_of { ["/a"] = 3276.7 })))
        assert.is_nil((value({ nil, unit.volt, path = "/a" }, rows_of { ["/a"] = 6553.5 })))
        assert.is_nil((value({ nil, unit.watt, path = "/a", max = 100 }, rows_of { ["/a"] = 101 })))
        assert.equal(-100, (value({ nil, unit.watt, path = "/a" }, rows_of { ["/a"] = -100 })))
        assert.is_nil((value({ nil, unit.watt, from = function() return 0 / 0 end }, {})))
        assert.is_nil((value({ nil, unit.watt, from = function() return "5" end }, {})))
    end)

    it("are converted from the unit VRM names", function()
        local row = { nil, unit.hours, path = "/a" }
        assert.equal(2, (value(row, rows_of { ["/a"] = { value = 7200, unit = "s" } })))
        assert.equal(2, (value(row, rows_of { ["/a"] = { value = 2, unit = "h" } })))
        assert.equal(2, (value(row, rows_of { ["/a"] = { value = 2 } })))
        assert.equal(1500, (value({ nil, unit.watt, path = "/a" }, rows_of { ["/a"] = { value = 1.5,
            unit = "kW" } })))
    end)

    it("are summed over what is there", function()
        local row = { nil, unit.watt, sum = { { "/a", "x" }, { "/b", "y" }, "/c" } }
        assert.equal(30, (value(row, rows_of { ["/a"] = 10, y = 20 })))
        assert.is_nil((value(row, {})))
    end)

    it("pass through map; from sees rows and site; true and false are 1 and 0", function()
        assert.equal(6, (value({ nil, unit.watt, path = "/a", map = function(v) return v * 2 end },
            rows_of { ["/a"] = 3 })))
        assert.equal(7, (value({ nil, unit.watt, from = function(rows,
            site) return rows.x.value + site.y end },
            rows_of { x = 3 }, { y = 4 })))
        assert.equal(1, (value({ nil, unit.index, from = function() return true end, names = "off_on" }, {})))
        assert.equal(0, (value({ nil, unit.index, from = function() return false end, names = "off_on" },
            {})))
    end)

    it("not in the list are told in text: VRM's own, else code N", function()
        local row = { nil, unit.index, path = "/a", names = "charge_state" }
        local number, text = value(row, rows_of { ["/a"] = 3 })
        assert.same({ 3 }, { number, text })
        number, text = value(row, rows_of { ["/a"] = 99 })
        assert.same({ 99, "code 99" }, { number, text })
        read.row { code = "S", dataAttributeEnumValues = { { valueEnum = 99, nameEnum = "New" } } }
        number, text = value(row, rows_of { ["/a"] = { value = 99, code = "S" } })
        assert.same({ 99, "New" }, { number, text })
        assert.is_nil((value(row, rows_of { ["/a"] = 3.5 })))
    end)
end)

describe("applying", function()
    it("goes on after a function that fails, and reports the newest momentary row", function()
        local world = fake.new {}
        local type_ = assert(check.device("x.lua", world:adopt(table_with(function(t)
            t.drivers[1] = { "ST", unit.watt, "Bad", from = function() error("oops") end }
            t.drivers[3] = { "GV1", unit.volt, "Voltage", path = "/V" }
            t.drivers[4] = { "GV2", unit.kwh, "Energy", path = "/E" }
        end))))
        world.host.declare(type_.declaration)
        world.host.add { address = "a", type = "VICTANK", name = "A", primary = "a" }
        local newest, problem = require("lib.device").apply(type_, "a", {
            ["/V"] = { value = 12.3, timestamp = 50 }, ["/E"] = { value = 1, timestamp = 99 },
            ["/FluidType"] = { value = 2, timestamp = 80 },          -- a state without 0 is not momentary
        })
        assert.equal(50, newest)
        assert.truthy(problem:find("oops", 1, true))
        assert.equal(12.3, world:value("a", "GV1"))
        assert.is_nil(world:value("a", "ST"))
    end)

    it("calls no other map after one that ran too long", function()
        local world, calls = fake.new {}, 0
        local function endless()
            calls = calls + 1
            error("x.lua:1: ran longer than its budget of 50 ms")
        end
        local type_ = assert(check.device("x.lua", table_with(function(t)
            t.drivers[1] = { "ST", unit.watt, "Bad", path = "/V", map = endless }
            t.drivers[3] = { "GV1", unit.volt, "Bad too", path = "/V", map = endless }
            t.drivers[4] = { "GV2", unit.volt, "Voltage", path = "/V" }
        end)))
        world.host.declare(type_.declaration)
        world.host.add { address = "a", type = "VICTANK", name = "A", primary = "a" }
        require("lib.device").apply(type_, "a", { ["/V"] = { value = 12.3, timestamp = 50 } })
        assert.equal(1, calls)
        assert.equal(12.3, world:value("a", "GV2"))
    end)
end)

describe("freshness", function()
    it("is judged by the gateway's logging interval", function()
        local function state(age, interval) return device.judge(1000000 - age, 1000000, interval) end
        assert.equal(device.FRESH, state(240, 60))
        assert.equal(device.STALE, state(241, 60))
        assert.equal(device.STALE, state(1200, 60))
        assert.equal(device.OFFLINE, state(1201, 60))
        assert.equal(device.FRESH, state(1920, 900))
        assert.equal(device.STALE, state(1921, 900))
        assert.equal(device.FRESH, state(-300, 60))
        assert.equal(device.NO_DATA, device.judge(nil, 1000000, 60))
    end)
end)

describe("samples", function()
    it("hold within the places shown, and failures are told", function()
        local function problems(change)
            return device.run_samples(assert(check.device("x.lua", table_with(change))))
        end
        assert.same({}, problems())
        assert.same({}, problems(function(t) t.samples[1].expect = { ST = 50.04, GV0 = "no data" } end))
        assert.equal(1, #problems(function(t) t.samples[1].expect = { ST = 50.2 } end))
        assert.equal(1, #problems(function(t) t.samples[1].expect = { ST = "no data" } end))
        assert.equal(1, #problems(function(t) t.samples[1].expect = { GV9 = 1 } end))
        assert.equal(1, #problems(function(t) t.drivers[1] = { "ST", unit.watt, "x", from = error } end))
    end)
end)
