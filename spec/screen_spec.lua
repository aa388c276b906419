--- What a terminal shows of installations: that it fits, what is on it, and what keys do.

require("spec.support.fake_host").new {}
local console = require "tools.console"
local paint = require "tools.paint"
local screen = require "tools.screen"

before_each(function() host.colours = false end)

--- A value as console.refresh makes it; number nil: without data.
local function value(id, label, number, text, kind, colour)
    return { id = id, label = label, number = number, text = number and text or "no data", kind = kind,
             colour = colour, without = number == nil }
end

local function node(address, primary, name, values, state)
    local by = {}
    for _, one in ipairs(values) do by[one.id] = one end
    return { address = address, primary = primary, name = name, type = "Thing", values = values, by = by,
             state = state or { rank = 0 }, data = "Fresh", data_colour = "green", time = "12:00:00" }
end

--- A number of watts as a gateway has it.
local function watt(id, number) return value(id, id, number, ("%d W"):format(number or 0)) end

--- An installation with a battery and many values. powers: by driver id of the gateway.
local function site(prefix, name, powers, state)
    powers = powers or { GV6 = 1000, GV9 = -200, GV8 = 300, CPW = 500 }
    local values = { value("GV0", "System status", 1, "OK", "SYSTEM_STATUS", "green"),
                     value("BATLVL", "Battery charge", 61.5, "61.5 %"),
                     value("GV5", "Battery status", 1, "Charging", "BATTERY_STATE", "green") }
    for _, id in ipairs { "GV6", "GV7", "GV8", "GV9", "GV10", "GV11", "CPW" } do
        values[#values + 1] = watt(id, powers[id])
    end
    local gateway = prefix .. "_gw0"
    local bank = { value("ST", "State of charge", 61.5, "61.5 %"), value("GV2", "Starter", nil),
                   value("CV", "Battery voltage", 52.1, "52.10 V") }
    local cells = { value("ST", "Lowest", 3.2, "3.200 V") }
    return { address = gateway, name = name, controlled = true,
             history = { pv = { 0, 500, 1000 }, load = {}, soc = { 61 } },
             nodes = { node(gateway, gateway, name, values),
                       node(prefix .. "_bm1", gateway, "Bank", bank, state),
                       node(prefix .. "_bm1c", gateway, "Bank cells", cells) } }
end

local function world_of(sites, notices)
    local own = node("controller", "controller", "Victron Energy", {
        value("GV0", "System status", 1, "Connected", "SYSTEM_CONNECTION", "green"),
        value("TIME", "Last answer", 1, "12:00:01") })
    return { title = "Installations", own = own, sites = sites, notices = notices or {}, log = {} }
end

local function text_of(world, view, columns, rows)
    return table.concat(screen.lines(world, view, columns or 80, rows or 24), "\n")
end

local function has(text, part)
    assert.is_truthy(text:find(part, 1, true), part .. " is not in:\n" .. text)
end

local function has_not(text, part)
    assert.is_nil(text:find(part, 1, true), part .. " is in:\n" .. text)
end

local function press(world, view, ...)
    local ends
    for _, key in ipairs { ... } do
        text_of(world, view)
        ends = screen.press(world, view, key)
    end
    return ends
end

describe("a screen", function()
    -- Fault: each redraw scrolled the terminal, so that the first lines were never seen
    -- Expected: never more lines than the terminal has, none longer than it is wide, on every page
    it("fits into a terminal of any size", function()
        local many = {}
        for i = 1, 30 do many[i] = site("s" .. i, "Ein sehr langer Name 住所 " .. i) end
        for _, sites in ipairs { {}, { site("a", "A") }, { site("a", "A"), site("b", "B") }, many } do
            local world = world_of(sites, { "Something is wrong: " .. ("do this "):rep(20), "two", "three" })
            for _ = 1, 9 do world.log[#world.log + 1] = ("a long line of the log "):rep(9) end
            for _, size in ipairs { { 80, 24 }, { 120, 40 }, { 40, 12 }, { 300, 90 }, { 9, 3 }, { 1, 1 },
                { 80, 35 } } do
                for _, name in ipairs { "overview", "site", "node", "all", "log", "commands" } do
                    local lines = screen.lines(world, { name = name, line = 1 }, size[1], size[2])
                    assert.is_true(#lines <= size[2])
                    for _, line in ipairs(lines) do
                        assert.is_true(paint.width(line) <= size[1], name .. ": " .. line)
                    end
                end
            end
        end
    end)

    it("has the keys in its last line, and what they can do there", function()
        local world = world_of { site("a", "A") }
        for _, name in ipairs { "overview", "site", "node", "all", "log" } do
            local lines = screen.lines(world, { name = name }, 80, 24)
            assert.equal(24, #lines)
            has(lines[24], "q quit")
        end
    end)

    it("shows as many notices as there is room for", function()
        local world = world_of({ site("a", "A") }, { "first", "second", "third" })
        has(text_of(world, {}, 80, 24), "! second")
        has_not(text_of(world, {}, 80, 24), "! third")
        has_not(text_of(world, {}, 40, 12), "! second")
        has(text_of(world, { name = "log" }, 80, 24), "Notice: third")
    end)

    it("says so when nothing is known yet", function()
        has(text_of({ title = "T", sites = {}, notices = {}, log = {} }, {}), "Nothing is known")
        has(text_of(world_of {}, { name = "site" }), "Nothing is known")
        -- Fault: VRM cannot be reached, and the empty screen says only half a line of what to do.
        -- Expected: the whole notice.
        local notice = ("No connection. "):rep(9) .. "The end."
        has(text_of({ title = "T", sites = {}, notices = { notice }, log = {} }, {}), "The end.")
    end)
end)

describe("all installations", function()
    --- What is shown of them.
    local function shown(sites, rows) return text_of(world_of(sites), { name = "overview" }, 80, rows) end

    it("have what flows, the battery and the state", function()
        local text = shown({ site("a", "Harbour"), site("b", "Farm") }, 11)
        has(text, " 1 Harbour")
        has(text, " 2 Farm")
        has(text, "61.5 %  Charging     OK")
        has(text, " PV     1000 W ─▶─┬─▶─ Load       300 W")
        has(text, " Grid    200 W ─◀─┴─▶─ Battery    500 W")
        has(text, "▁▅█")
        has(text, "Bank ")
        has_not(text, "Bank cells")
    end)

    -- Fault: A power rose since the last sample, and the sparkline's max is less than what is shown.
    -- Expected: What is shown counts too.
    it("have sparklines whose max is not less than what is shown beside them", function()
        local sites = { site("a", "A") }
        sites[1].history.pv = { 0, 500, 900 }
        has(shown(sites), "▁▅▇ max 1000 W")
        sites[1].history.pv = { 0, 500, 2000 }
        has(shown(sites), "▁▃█ max 2000 W")
    end)

    it("show kilowatts, a generator that runs, and nothing of what there is not", function()
        local text = shown { site("a", "A", { GV6 = 20000, GV10 = 1500, GV8 = 0 }) }
        has(text, " PV    20.0 kW ─▶─┬─── Load")
        has(text, " Gen.   1500 W ─▶─┴─── Battery")
        has_not(text, "Grid")
        has(shown { site("a", "A", { GV9 = 7 }) }, " Grid      7 W ─▶───── Battery")
    end)

    it("tell the worst state of a node", function()
        for _, state in ipairs { { text = "Alarm", rank = 3 }, { text = "Offline", rank = 5 } } do
            has(shown { site("a", "A", nil, state) }, state.text)
        end
    end)

    it("are a line each where there are many, and the chosen one is among them", function()
        local sites = {}
        for i = 1, 100 do sites[i] = site("s" .. i, "Site " .. i) end
        local view = { name = "overview", site = "s77_gw0" }
        local text = text_of(world_of(sites), view)
        has(text, " 77 Site 77")
        has(text, "PV   1000 W")
        assert.equal(24, #screen.lines(world_of(sites), view, 80, 24))
    end)

    -- Fault: On a high terminal half the screen was empty.
    -- Expected: Where devices are all there, their further nodes are; of many installations the chosen one
    --           has its nodes.
    it("use the height there is", function()
        local function count(rows)
            return select(2, shown({ site("a", "A"), site("b", "B") }, rows):gsub("Bank", ""))
        end
        assert.equal(0, count(8))
        assert.equal(1, count(10))
        assert.equal(2, count(11))
        assert.equal(4, count(24))
        local sites = {}
        for i = 1, 30 do sites[i] = site("s" .. i, "Site " .. i) end
        local text = text_of(world_of(sites), { name = "overview", site = "s7_gw0" }, 80, 40)
        has(text, " 30 Site 30")
        assert.is_truthy(text:find " 7 Site 7 [^\n]*\n PV [^\n]*\n Grid [^\n]*\n   Bank [^\n]*\n +Bank cells")
        assert.equal(2, select(2, text:gsub("Bank", "")))
    end)
end)

describe("an installation", function()
    it("has its nodes, and the values of the chosen one", function()
        local text = text_of(world_of { site("a", "A") }, { name = "site", node = "a_bm1" })
        has(text, "A (1 of 1)   61.5 %  Charging     OK")
        has(text, "   Bank cells")
        has(text, "── Bank Thing, a_bm1")
        has(text, "State of charge")
        has(text, " 1 more without data")
        has_not(text, "no data")
    end)

    -- Fault: below the values of the chosen node a high terminal was empty.
    -- Expected: the nodes below it have theirs there, as far as there is room.
    it("has the values of the nodes below the chosen one where there is room", function()
        local world = world_of { site("a", "A") }
        local text = text_of(world, { name = "site", node = "a_bm1" }, 80, 24)
        assert.is_truthy(text:find "── Bank Thing.-State of charge.-── Bank cells Thing[^\n]*\n Lowest")
        has_not(text, "── A Thing")
        has_not(text_of(world, { name = "site", node = "a_bm1" }, 80, 14), "── Bank cells")
        assert.equal(24, #screen.lines(world, { name = "site", node = "a_gw0" }, 80, 24))
    end)

    -- Fault: above the nodes of an installation with a long name, or in a narrow window, its state was cut
    --   off, an alarm too; and where the state had few letters, "…" told that blanks behind it were cut.
    -- Expected: the name is cut, and nothing else.
    it("has its state behind its name, however long that is", function()
        local long = ("Name "):rep(8)
        for columns, head in pairs { [80] = "… (1 of 1)   61.5 %  Charging     Alarm Connected",
                                     [40] = "…   61.5 %  Alarm Connected" } do
            local world = world_of { site("a", long, nil, { text = "Alarm", rank = 3 }) }
            has(text_of(world, { name = "site" }, columns), head)
        end
        has(text_of(world_of { site("a", "Bare house") }, { name = "site" }, 60),
            " Bare house   61.5 %  Charging     OK ")
        has(text_of(world_of { site("a", "A") }, { name = "site" }, 48), " A   61.5 %  OK ")
        has_not(text_of(world_of { site("a", "A") }, { name = "site" }, 40, 12), "…")
    end)

    -- Fault: a counter of the first column lost its unit, with blanks beside it ("20141.55"); and in a window
    --   of 200 columns names and states were cut as in one of 80.
    -- Expected: a number is there as a whole; what is wide shows whole words.
    it("has whole numbers in its list, and in a wide window whole words", function()
        local a = site("a", "A")
        local state = { text = "Optimized without BatteryLife", rank = 0 }
        a.nodes[2] = node("a_vb1", "a_gw0", "Quattro 48-8000-110-100-100 inputs and", {
            value("ST", "Energy", 20141.55, "20141.55 kWh"),
            value("CV", "Voltage", 52.1, "52.10 V") }, state)
        has(text_of(world_of { a }, { name = "site" }, 80), "Optimized… 20141.55 kWh")
        has(text_of(world_of { a }, { name = "site" }, 200), "Quattro 48-8000-110-100-100 inputs and")
        has(text_of(world_of { a }, { name = "site" }, 200), "Optimized without BatteryLife")
    end)

    -- Fault: "Quattro 48-8000-110-100-10…" stood there three times: of energy, phases and settings.
    -- Expected: of a name that is too long the last words stay.
    it("has names that can be told apart", function()
        local a = site("a", "A")
        a.nodes[2].name = "SmartSolar Charger MPPT 150-35"
        a.nodes[3].name = "Quattro 48-8000-110-100-100 more energy"
        local text = text_of(world_of { a }, { name = "site" }, 80)
        has(text, "\n SmartSolar Charg… MPPT 150-35 ")
        has(text, "\n   Quattro 48-800… more energy ")
        has(text_of(world_of { a }, { name = "site" }, 40), "\n   Quat… energy ")
        a.nodes[2].name = ("x"):rep(40)
        has(text_of(world_of { a }, { name = "site" }, 80), "\n " .. ("x"):rep(28) .. "… ")
    end)

    it("has all values of all nodes on one page, which scrolls", function()
        local world, view = world_of { site("a", "A") }, { name = "all" }
        local text = text_of(world, view, 80, 12)
        has(text, "── A Thing, a_gw0")
        has_not(text, "── Bank cells")
        press(world, view, "end")
        text = text_of(world, view, 80, 12)
        has(text, "── Bank cells")
        has(text, "3.200 V")
    end)
end)

describe("a node", function()
    it("has its values, without data only when asked for, then with ids", function()
        local world, view = world_of { site("a", "A") }, { name = "node", node = "a_bm1" }
        local text = text_of(world, view)
        has(text, "52.10 V")
        has_not(text, "Starter")
        press(world, view, "a")
        text = text_of(world, view)
        has(text, " GV2     Starter")
        has(text, "no data")
    end)
end)

describe("the commands of a node", function()
    local MINIMUM = { id = "SET_GV0", name = "Set Minimum SoC", driver = {}, params = {
        { id = "", init = "CV", uom = 51, min = 0, max = 100, step = 5, places = 0 } } }
    local SWITCH = { id = "FOR_MODE", name = "Switch, for a time", driver = {}, timed = true, params = {
        { id = "VALUE", label = "Value", init = "GV2", uom = 25, names = { "On", [4] = "Off" } },
        { id = "MINUTES", label = "Minutes", uom = 45, min = 0, max = 1440, places = 0 } } }

    local function with_commands()
        local world = world_of { site("a", "A") }
        world.sites[1].nodes[2].commands = { { id = "QUERY", name = "Query" }, MINIMUM, SWITCH }
        return world, { name = "node", site = "a_gw0", node = "a_bm1" }
    end

    --- The last of some keys -> what it sends.
    local function sends(world, view, ...)
        local order
        for _, key in ipairs { ... } do
            text_of(world, view)
            order = select(2, screen.press(world, view, key))
        end
        return order
    end

    -- Fault: the key for commands is offered where there are none.
    -- Expected: only where there are.
    it("have their key in the last line where there are some", function()
        local world, view = with_commands()
        has(text_of(world, view), "c commands")
        has_not(text_of(world, { name = "node", site = "a_gw0", node = "a_bm1c" }), "c commands")
    end)

    it("are listed with what they take, and sent with what was entered", function()
        local world, view = with_commands()
        world.timed = true
        press(world, view, "c")
        local text = text_of(world, view)
        has(text, "Set Minimum SoC")
        has(text, "52.10 V  0 to 100 %, in steps of 5")
        has(text, "On, Off; 0 to 1440 min")
        has_not(text, "no data")
        has_not(text, "Query")
        local order = sends(world, view, "enter", "3", "x", "9", "backspace", "5", "enter")
        assert.same({ address = "a_bm1", id = "SET_GV0", args = { value = "35", query = {} },
                      title = "Set Minimum SoC: 35 %" }, order)
        assert.equal("commands", view.name)
        order = sends(world, view, "down", "enter", "down", "enter", "1", "0", "enter")
        assert.same({ address = "a_bm1", id = "FOR_MODE", args = { query = { VALUE = "4", MINUTES = "10" } },
                      title = "Switch, for a time: Off, 10 min" }, order)
        world.sent = { title = "Switch", text = "House, Switch: done." }
        has(text_of(world, view), "House, Switch: done.")
    end)

    it("say what cannot be sent, and send nothing when they are left", function()
        local world, view = with_commands()
        assert.is_nil(sends(world, view, "c", "enter", "1", "0", "1", "enter"))
        has(text_of(world, view), "is 101, outside of 0 to 100")
        assert.is_nil(sends(world, view, "escape"))
        assert.equal("commands", view.name)
        has_not(text_of(world, view), "for a time")
        press(world, view, "right")
        has(text_of(world, view), "It has no commands")
        assert.is_nil(sends(world, view, "enter"))
    end)

    it("are not sent where the owner does not allow control", function()
        local world, view = with_commands()
        world.sites[1].controlled = false
        assert.is_nil(sends(world, view, "c", "enter", "enter"))
        has(text_of(world, view), "control is off")
    end)

    -- Fault: a slip of the finger switches a real inverter off
    -- Expected: of an account of one's own it is asked once more, and only y sends it
    it("are asked once more where the device is real", function()
        local world, view = with_commands()
        world.asks = true
        for _, key in ipairs { "enter", "n", "escape" } do
            assert.is_nil(sends(world, view, "c", "enter", "4", "0", "enter"))
            has(text_of(world, view), "Press y to send it")
            assert.is_nil(sends(world, view, key))
            view.name = "node"
        end
        assert.equal("40", sends(world, view, "c", "enter", "4", "0", "enter", "y").args.value)
    end)
end)

describe("keys", function()
    it("are read from bytes, also when one comes in two parts", function()
        local keys, rest = screen.keys("q\27[A\27OB\r\27[5~\27x", false)
        assert.same({ "q", "up", "down", "enter", "page up", "escape", "x" }, keys)
        assert.equal("", rest)
        keys, rest = screen.keys("j\27[", false)
        assert.same({ "down" }, keys)
        assert.equal("\27[", rest)
        assert.same({ "down" }, (screen.keys(rest .. "B", false)))
        assert.same({ "escape" }, (screen.keys("\27", true)))
        assert.same({}, (screen.keys("\27[99x", false)))        -- one that nobody knows
    end)

    it("lead from page to page and back", function()
        local world = world_of { site("a", "A"), site("b", "B"), site("c", "C") }
        local view = {}
        press(world, view, "down", "enter")
        assert.same({ "site", "b_gw0" }, { view.name, view.site })
        press(world, view, "right", "down", "down", "up", "enter")
        assert.same({ "node", "c_gw0", "c_bm1" }, { view.name, view.site, view.node })
        press(world, view, "right")
        assert.equal("c_bm1c", view.node)
        press(world, view, "l")
        assert.equal("log", view.name)
        press(world, view, "escape")
        assert.equal("node", view.name)
        press(world, view, "escape", "a")
        assert.equal("all", view.name)
        press(world, view, "left")
        assert.same({ "all", "b_gw0" }, { view.name, view.site })
        press(world, view, "a", "escape", "escape", "up")
        assert.same({ "overview", "a_gw0" }, { view.name, view.site })
        press(world, view, "0")
        has(text_of(world, view), "── Victron Energy")
        press(world, view, "right", "escape", "3")
        assert.same({ "site", "c_gw0" }, { view.name, view.site })
        press(world, view, "9", "?", "up")
        assert.equal("c_gw0", view.site)
        assert.is_true(press(world, view, "q"))
    end)

    it("do nothing where there is nothing", function()
        local world = world_of {}
        for key in ("up down left right enter escape 1 a l end"):gmatch("%S+") do
            local view = {}
            assert.is_false(press(world, view, key, "enter", "down"))
        end
        -- The plugin's own node has no page of all nodes: that of the first installation came in its place.
        local view = {}
        press(world_of { site("a", "A"), site("b", "B") }, view, "0", "c", "a")
        assert.equal("commands", view.name)
    end)

    it("lead away from what is looked at first: the only installation, or all", function()
        local world, view = world_of { site("a", "A") }, {}
        has(text_of(world, view), "A (1 of 1)")
        world.sites[2] = site("b", "B")
        has(text_of(world, view), " 2 B")
        world.sites[2] = nil
        press(world, view, "escape")
        world.sites[2] = site("b", "B")
        has(text_of(world, view), " 1 A")
        world.sites[2] = nil
        has(text_of(world, view), " 1 A")
    end)

    it("keep to what is chosen when others come, and find another when it goes", function()
        local world, view = world_of { site("b", "B") }, {}
        press(world, view, "down")
        world.sites = { site("a", "A"), site("b", "B") }
        has(text_of(world, view), "B (2 of 2)")
        world.sites = { site("a", "A") }
        has(text_of(world, view), "A (1 of 1)")
    end)
end)

describe("the order", function()
    -- Fault: nodes were shown in the order in which VRM's answers came, another one at each start
    -- Expected: installations by name; each with gateway, devices by address, the gateway's further nodes
    it("does not depend on when nodes came", function()
        local function one(address, primary, name)
            return { address = address, primary = primary, name = name }
        end
        local list = { one("b_gw0e", "b_gw0", "x"), one("a_bm10", "a_gw0", "x"), one("a_gw0", "a_gw0", "zoo"),
                       one("controller", "controller", "Victron Energy"), one("b_sc2", "b_gw0", "x"),
                       one("a_bm9c", "a_gw0", "x"), one("b_gw0", "b_gw0", "Alm"), one("a_bm9", "a_gw0", "x") }
        local order = {}
        for i, its in ipairs(console.sort(list, "controller")) do order[i] = its.address end
        assert.same({ "controller", "b_gw0", "b_sc2", "b_gw0e", "a_gw0", "a_bm9", "a_bm9c", "a_bm10" }, order)
    end)

    -- Fault: of forty installations "Boat 10" to "Boat 19" stood between "Boat 1" and "Boat 2".
    -- Expected: numbers in names count as numbers, however long they are.
    it("counts as people do", function()
        local order, names = {}, { "Boat 2", "Boat 10", "Boat 123456789012345678901", "boat 1" }
        for i, name in ipairs(names) do
            order[i] = { address = "s" .. i .. "_gw0", primary = "s" .. i .. "_gw0", name = name }
        end
        for i, its in ipairs(console.sort(order, "controller")) do names[i] = its.name end
        assert.same({ "boat 1", "Boat 2", "Boat 10", "Boat 123456789012345678901" }, names)
    end)
end)

describe("colours", function()
    it("are those of states, and the chosen line is reversed", function()
        host.colours = true
        local alarm = { text = "Alarm", colour = "red", rank = 3 }
        local world = world_of { site("a", "A", nil, alarm), site("b", "B") }
        local lines = screen.lines(world, { site = "b_gw0" }, 80, 24)
        has(lines[2], "\27[31mAlarm")
        has(table.concat(lines, "\n"), "\27[7m 2 B")
    end)
end)

describe("a name", function()
    -- Fault: behind a name in Hebrew or Arabic, a terminal that turns it turned the numbers as well.
    -- Expected: a mark ends it, for which no column is taken.
    it("from right to left leaves what follows where it is", function()
        local name = "חווה"
        local line = screen.lines(world_of { site("a", "A"), site("b", name) }, {}, 80, 8)[5]
        has(line, " 2 " .. name .. "\u{200E} ")
        assert.equal(80, paint.width(line))
    end)
end)

describe("a text", function()
    -- Fault: behind "⚡ ⛵", or a name in Thai, the columns of the screen were not in line.
    -- Expected: each character has the columns that terminals give it.
    it("takes the columns that a terminal gives it", function()
        assert.equal(4, paint.width "住所")
        assert.equal(3, paint.width "a\u{301}bc")
        for text, columns in pairs { ["\u{1F600}"] = 2, ["⚡⛵⭐🟢🪫"] = 10, ["☀°µ🌡é"] = 5, ["ด้วยพลังงาน"] = 9,
                                     ["क्षेत्र"] = 4, ["שָׁלוֹם"] = 4, ["🇩🇪"] = 2, ["한국"] = 4 } do
            assert.equal(columns, paint.width(text), text)
        end
        assert.equal("住…", paint.cut("住所住所", 4))
        assert.equal("…", paint.cut("住所", 1))
        assert.equal("", paint.cut("住所", 0))
        assert.equal("ab", paint.cut("ab", 2))
        assert.equal("  ab", paint.padded("ab", 4, true))
        assert.equal("ab", paint.clean("a\u{202E}b\u{2066}"))
    end)
end)
