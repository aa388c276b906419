--- A device script that is renamed, deleted or fits less than before, and what is said at each save.

local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"
local fixtures = require "spec.fixtures.vrm"

local USER, SECONDS, GONE = script_world.USER, script_world.SECONDS, script_world.GONE
local KEPT = USER .. ".last-good/"
local MILL, started, saved = script_world.MILL, script_world.started, script_world.saved
local well, has = script_world.well, script_world.has
local solar, VOLTS = script_world.solar, script_world.VOLTS
local in_trouble = script_world.in_trouble

--- A boat with a windmill.
local function with_mill(options)
    options = options or {}
    local world = script_world.new(options)
    table.insert(world.vrm.sites[151734].rows, fixtures.row("windmill", 20, "/Speed", "ws", 42))
    world:start()
    return world
end

local function node_of(world, type_id)
    for address, node in pairs(world.nodes) do
        if node.type == type_id then return node, address end
    end
end

local COUNTING = MILL:gsub("}\n$", [[
    { "GV0", unit.counter, "Polls", by_script = true },
    update = function(node)
        node.state.polls = (node.state.polls or 0) + 1
        node:set("GV0", node.state.polls)
    end,
}
]])

describe("a file that is renamed", function()
    -- Fault: a renamed script is refused, because the file that it was has its id until a restart.
    -- Expected: it goes on under its new name with its nodes and node.state, within three seconds.
    it("goes on with its nodes and node.state", function()
        local world = with_mill { files = { [USER .. "mill.lua"] = COUNTING } }
        worlds.next_poll(world)
        worlds.next_poll(world)
        local node, address = node_of(world, "MYMILL")
        local polls = node.values.GV0
        assert.is_true(polls >= 2)
        world:delete(USER .. "mill.lua")
        saved(world, "windmill", COUNTING)
        well(world)
        assert.is_nil(world:serving("mill"))
        assert.is_true(world:serving("windmill").states[address].polls >= polls)
        assert.equal(1, #world:logged("persist/scripts/windmill.lua is in use (save 1): in the place of"
            .. " persist/scripts/mill.lua"))
        assert.same({}, world.readded)
        worlds.next_poll(world)
        assert.is_true(world:value(address, "GV0") > polls)
        world:run(120)
        local data = world.saves[#world.saves].data.state
        assert.is_nil(data.mill)
        assert.is_true(data.windmill[address].polls > polls)
        assert.equal(42, world:value(address, "ST"))
        well(world)
    end)

    it("while the plugin does not run has its node.state at the next start", function()
        local world = with_mill { files = { [USER .. "mill.lua"] = COUNTING } }
        local node, address = node_of(world, "MYMILL")
        worlds.next_poll(world)
        world:run(120)
        local polls, data = node.values.GV0, world.saves[#world.saves].data
        world = with_mill { files = { [USER .. "windmill.lua"] = COUNTING }, saved = data }
        worlds.next_poll(world)
        assert.is_true(world:value(address, "GV0") > polls)
        world:run(120)
        assert.is_nil(world.saves[#world.saves].data.state.mill)
        well(world)
    end)

    it("goes on if it sorts before its old name, too", function()
        local world = with_mill { files = { [USER .. "windmill.lua"] = MILL } }
        world:delete(USER .. "windmill.lua")
        saved(world, "a_mill", MILL)
        assert.is_nil(world:serving("windmill"))
        local _, address = node_of(world, "MYMILL")
        worlds.next_poll(world)
        assert.equal(42, world:value(address, "ST"))
        well(world)
    end)

    it("gives the name of a built-in one back to that", function()
        local own = solar(VOLTS):gsub("VICSOLAR", "MYSOLAR")
        local world = started { files = { [USER .. "solar_charger.lua"] = own } }
        world:delete(USER .. "solar_charger.lua")
        saved(world, "sun", own)
        assert.equal("persist/scripts/sun.lua", world:serving("sun").file)
        world:run(GONE)
        assert.truthy(node_of(world, "MYSOLAR"))
        world:delete(USER .. "sun.lua")
        world:run(GONE)
        worlds.next_poll(world)
        assert.equal("devices/solar_charger.lua", world:serving("solar_charger").file)
        assert.truthy(node_of(world, "VICSOLAR"))
        well(world)
    end)

    -- Fault: a broken file, whose copy serves since the start, is mended under another name, and refused for
    --        its id until a restart
    -- Expected: it takes over from the copy
    it("while its copy serves goes on under its new name", function()
        local world = with_mill { files = { [USER .. "mill.lua"] = "return {", [KEPT .. "mill.lua"] = MILL } }
        has("last-good", world:serving("mill").file)
        world:delete(USER .. "mill.lua")
        saved(world, "windmill", MILL)
        well(world)
        assert.equal("persist/scripts/windmill.lua", world:serving("windmill").file)
        worlds.next_poll(world)
        assert.equal(42, node_of(world, "MYMILL").values.ST)
    end)

    it("cannot have the id of one that is still there", function()
        local world = with_mill { files = { [USER .. "mill.lua"] = MILL } }
        saved(world, "windmill", MILL)
        in_trouble(world, "the id MYMILL is already used by persist/scripts/mill.lua. Choose another id.")
        world:delete(USER .. "mill.lua")
        world:run(GONE)
        world:fire("command", "controller", "RELOAD", {})
        world:run(SECONDS)
        assert.truthy(world:serving("windmill"))
        well(world)
    end)
end)

describe("a file that is deleted", function()
    it("leaves nodes that show Offline and can be removed", function()
        local world = with_mill { files = { [USER .. "mill.lua"] = COUNTING } }
        local _, address = node_of(world, "MYMILL")
        worlds.next_poll(world)
        world:write(USER .. "generic_windmill.lua", "return {")     -- nothing else is to serve it
        world:run(SECONDS)
        world:delete(USER .. "mill.lua")
        world:run(GONE)
        assert.equal(3, world:value(address, "GV30"))
        world:fire("command", address, "QUERY", {})
        worlds.next_poll(world)
        assert.equal(3, world:value(address, "GV30"))
        world:delete(USER .. "generic_windmill.lua")
        saved(world, "mill", COUNTING)
        worlds.next_poll(world)
        assert.equal(1, world:value(address, "GV30"))
        assert.is_true(world:value(address, "GV0") >= 2)            -- what it counted is kept
        well(world)
    end)

    -- Fault: a broken file is deleted whose copy serves since the start: that serves until a restart
    -- Expected: it ends with its file
    it("takes its copy with it", function()
        local world = with_mill { files = { [USER .. "mill.lua"] = "return {", [KEPT .. "mill.lua"] = MILL } }
        has("last-good", world:serving("mill").file)
        world:delete(USER .. "mill.lua")
        world:run(GONE)
        well(world)
        assert.is_nil(world:serving("mill"))
        assert.equal(1, #world:logged("persist/scripts/mill.lua was deleted and serves no more"))
    end)

    it("is not gone while the folder that it was in cannot be found", function()
        local world = script_world.new { params = { vrm_token = fixtures.TOKEN, script_folder = "/mine" },
                                         files = { ["/mine/mill.lua"] = MILL } }
        world:start()
        world:run(SECONDS)
        assert.truthy(world:serving("mill"))
        world.files["/mine"] = nil
        world:run(GONE)
        assert.truthy(world:serving("mill"))
        in_trouble(world, "Create it, or correct the parameter. Its scripts serve on.")
    end)
end)

describe("a new version", function()
    -- Fault: a slip in match takes a script's devices away, and nothing says so.
    -- Expected: the old one serves on, and the notice names a device that would be lost.
    it("that would lose devices does not take over", function()
        local world = with_mill { files = { [USER .. "mill.lua"] = MILL } }
        local _, address = node_of(world, "MYMILL")
        saved(world, "mill", (MILL:gsub('"windmill"', '"windmil"'):gsub("Speed", "Pace")))
        in_trouble(world, "match does not fit windmill 20")
        has("such as match = { service = \"windmill\" }", script_world.told(world))
        has("Speed", world:serving("mill").text)
        worlds.next_poll(world)
        assert.equal(42, world:value(address, "ST"))
        assert.equal(1, world:value(address, "GV30"))
        saved(world, "mill", MILL)
        well(world)
    end)

    -- Fault: a slip in match that was refused takes the devices away at the next start.
    -- Expected: the copy of what served goes on until the devices are known; then the slip is refused again.
    it("that would lose devices does not take over at a start either", function()
        local slip = MILL:gsub('"windmill"', '"windmil"'):gsub("Speed", "Pace")
        local world = with_mill { files = { [USER .. "mill.lua"] = slip, [KEPT .. "mill.lua"] = MILL } }
        worlds.next_poll(world)
        in_trouble(world, "match does not fit windmill 20")
        has("Speed", world:serving("mill").text)
        local _, address = node_of(world, "MYMILL")
        assert.equal(42, world:value(address, "ST"))
        assert.is_nil(world.files["persist/scripts"].generic_windmil)
        has("Speed", world.files["persist/scripts/.last-good"].mill.text)
        saved(world, "mill", MILL)
        well(world)
    end)

    -- Fault: a good file that was changed while the plugin did not run waits for a restart.
    -- Expected: it takes over once VRM has told the devices, and the log says what changed.
    it("that was saved while the plugin did not run takes over when the devices are known", function()
        local files = { [USER .. "mill.lua"] = MILL:gsub("Speed", "Pace"), [KEPT .. "mill.lua"] = MILL }
        local world = with_mill { files = files }
        assert.equal(1, #world:logged("its last good copy serves until the devices are known."))
        worlds.next_poll(world)
        has("Pace", world:serving("mill").text)
        assert.equal(1, #world:logged("mill.lua is in use (save 1): ST has another label"))
        well(world)
    end)

    it("that was saved while the plugin did not run takes over after ten minutes without VRM", function()
        local files = { [USER .. "mill.lua"] = MILL:gsub("Speed", "Pace"), [KEPT .. "mill.lua"] = MILL }
        local world = script_world.new { files = files }
        world.vrm.fail[worlds.DIAGNOSTICS] = { status = 502, body = "<html>" }
        world:start()
        world:run(590)
        has("Speed", world:serving("mill").text)
        world:run(20)
        has("Pace", world:serving("mill").text)
    end)

    it("may leave devices to another script that fits them", function()
        local own = solar(VOLTS):gsub("VICSOLAR", "MYSOLAR")
        local world = started { files = { [USER .. "sun.lua"] = own } }
        saved(world, "sun", (own:gsub('service = "solarcharger"', '%0, product = "No such thing"')))
        well(world)
        assert.truthy(node_of(world, "VICSOLAR"))
        assert.is_nil((node_of(world, "MYSOLAR")))
    end)
end)

describe("each save", function()
    -- Fault: the log counts "is in use" as a repeat of the line before, so that an author sees nothing.
    -- Expected: each save has a line of its own, which says what changed.
    it("is told with what changed", function()
        local world = started()
        local path = "Device script persist/scripts/solar_charger.lua is in use (save "
        local function told(number, what)
            local lines = world:logged(path .. number .. "): ")
            assert.equal(1, #lines)
            has(what, lines[1])
        end
        saved(world, "solar_charger", solar(VOLTS))
        told(1, "in the place of devices/solar_charger.lua: new GV20 (Bus voltage).")
        local rail = solar((VOLTS:gsub("Bus", "Rail"):gsub("places = 1", "places = 2")))
        saved(world, "solar_charger", rail)
        told(2, "GV20 has another label, words.")
        saved(world, "solar_charger", rail .. "-- x")
        told(3, "its code or comments changed.")
        saved(world, "solar_charger", rail .. "-- x")
        told(4, "its text is the same.")
        saved(world, "solar_charger", (solar():gsub('name = "[^"]*"', 'name = "Sun"', 1)))
        told(5, "another name, ")
        saved(world, "mill", MILL)
        assert.equal(1, #world:logged("mill.lua is in use (save 1): a new type of node, MYMILL."))
        well(world)
    end)

    -- Fault: a sum of phases was told to have another source at each save; settings and set to be code.
    -- Expected: what the table says, not what was noted of it at work.
    it("is told with what changed in words that are noted at work, or are beside the rows", function()
        local world = started()
        local function news(row, more, what)
            saved(world, "sun", ('return { api = 2, id = "MYSUN", name = "Sun", '
                .. 'match = { service = "solarcharger" }, %s %s }'):format(row, more))
            worlds.next_poll(world)
            local lines = world:logged("is in use")
            has(what, lines[#lines])
        end
        local sum = '{ "GV20", unit.watt, "Sum", sum = { "/Ac/L1/Power", "/Yield/Power" }%s },'
        news(sum:format "", "", "a new type of node, MYSUN.")
        news("--[[x]] " .. sum:format "", "", "its code or comments changed.")
        news(sum:format ", day_max = true", "", "GV20 has another words.")
        news(sum:format ', set = { path = "/Mode", min = 0, max = 9 }', "", "GV20 has another words.")
        news(sum:format "", "settings = { pump = 5 },", "another commands, another settings")
        well(world)
    end)

    -- Fault: a driver shows No data, and nothing says that its path is misspelt, or its limit too low.
    -- Expected: once in the log, with what is there.
    it("of rows that give no data is told with the reason, once", function()
        local world = started()
        local row = '{ "GV20", unit.volt, "Bus", "/dc/0/voltage" },\n'
            .. '{ "GV21", unit.watt, "Small", "/Yield/Power", max = 50 },\n'
            .. '{ "GV22", unit.watt, "Text", from = function() return "much" end },\n'
            .. '{ "GV23", unit.watt, "Sun", from = function(rows) return number(rows, "/yield/power") end }'
        saved(world, "solar_charger", solar(row))
        worlds.next_poll(world)
        worlds.next_poll(world)
        local lines = world:logged("shows no data")
        assert.equal(4, #lines, table.concat(lines, "\n"))
        local all = table.concat(lines, "\n")
        has("GV20 (Bus) of 392u_sc256 shows no data: there is no row /dc/0/voltage; there is /Dc/0/V", all)
        has("GV21 (Small) of 392u_sc256 shows no data: 212 is above max 50.", all)
        has('GV22 (Text) of 392u_sc256 shows no data: from returned "much"; a number', all)
        has("GV23 (Sun) of 392u_sc256 shows no data: there is no row /yield/power; there is /Yield/Power.",
            all)
        well(world)
    end)

    --- What is told of a mill whose rows have these paths and codes, if VRM sends those -> text, how many.
    local function told_of(sent, read)
        local world, rows = script_world.new(), {}
        for i, one in ipairs(sent) do
            local is_path = one:find("^/")
            local path, code = is_path and one or "/P" .. i, is_path and "w" .. i or one
            table.insert(world.vrm.sites[151734].rows, fixtures.row("windmill", 20, path, code, 42))
        end
        for i, one in ipairs(read) do
            rows[i] = ('{ "GV%d", unit.count, "N%d", %s%q },'):format(i, i, one:find("^/") and "" or "nil, ",
                one)
        end
        world:write(USER .. "mill.lua", (MILL:gsub("}\n$", table.concat(rows, "\n") .. "\n}\n")))
        world:start()
        worlds.next_poll(world)
        worlds.next_poll(world)
        well(world)
        local lines = world:logged("shows no data")
        return table.concat(lines, "\n"), #lines
    end

    -- Fault: a path or a code is misspelt, the driver shows No data, and neither log nor notice says why.
    -- Expected: what is near it, is sent and read by nobody is told once.
    it("of rows that give no data is told with what is near and nobody reads", function()
        local told, count = told_of({ "/History/MaximumStarterVoltage", "H16", "/Temperature" },
            { "/History/MaxStarter", "h16", "/Temprature" })
        assert.equal(3, count, told)
        has("there is no row /History/MaxStarter; there is /History/MaximumStarterVoltage.", told)
        has('there is no row "h16"; there is "H16".', told)
        has("there is no row /Temprature; there is /Temperature.", told)
    end)

    -- Expected: a row that VRM does not send is no slip because one is like it that is read, has another
    -- number, or is the other end of a scale.
    it("of rows that VRM does not send is not told with others that are there", function()
        assert.equal("", (told_of({ "/Ac/L2/Power", "/History/MaximumVoltage", "/Soc", "/ModeIsAdjustable",
            "/Ac/Out/V", "S", "/Temperature" }, { "/Ac/L1/Power", "/History/MinimumVoltage", "/Soh", "/Mode",
            "/Ac/Out/P", "s", "S", "/Temprature", "/Temperature" })))
    end)

    it("whose update asks for a path in other letters is told so, once", function()
        local world = started()
        saved(world, "solar_charger", solar(VOLTS,
            'update = function(node, rows) node.state.x = number(rows, "/yield/power") end,'))
        worlds.next_poll(world)
        local told = "update at 392u_sc256: there is no row /yield/power; there is /Yield/Power."
        assert.equal(1, #world:logged(told), table.concat(world:logged("warning"), "\n"))
        well(world)
    end)

    it("is told with what may be a mistake", function()
        local world = started()
        saved(world, "mill", (MILL:gsub('"windmill"', '"solar charger"'):gsub("MYMILL", "MYSUN")))
        assert.equal(1, #world:logged('the service "solar charger" is not one that is known; is it'))
        well(world)
    end)
end)
