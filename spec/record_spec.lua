--- victron-host --record and --replay: what an account answered as one file in which nobody is named, and
-- the nodes that it shows again.

local dkjson = require "dkjson"
local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local tools = require "spec.support.tools"
local worlds = require "spec.support.worlds"

local row = fixtures.row

--- What must not be in a recording, in whatever case. All of it is in the answers of `personal`.
local PERSONAL = {
    worlds.TOKEN, "ann@brown.example", "Ann Brown", "Windy Corner", "c0619ab123ff", "HQ2134ABCDE",
    "HQ9876ZYXWV", "Ann's bank", "Granny's cabin", "kitchen boiler", "51.50712", "-0.12345",
    "Europe/Berlin", "10.0.0.17",
    "+31 6 12 34 56", "mqtt99.victronenergy.com", "151734", "770077", "4711471147", "WVWZZZ1JZXW000001",
    "AnnsWifi", "Secret note", "Ann team", "Portishead", "Blue Lagoon",
}

--- An account with something personal wherever VRM has room for it.
local function personal()
    local site = fixtures.boat()
    site.name, site.timezone = "Windy Corner", "Europe/Berlin"
    site.identifier, site.mqtt_host = "c0619ab123ff", "mqtt99.victronenergy.com"
    site.extra = { phonenumber = "+31 6 12 34 56", notes = "Secret note", tags = { { name = "Ann team" } },
        geofence = { latitude = 51.50712, longitude = -0.12345, place = "Portishead" } }
    for _, device in ipairs(site.devices) do
        device.idSite = 151734
        if device.instance == 288 then device.customName = "Ann's bank" end
        if device.name == "Gateway" then
            device.machineSerialNumber, device.identifier = "HQ2134ABCDE", "c0619ab123ff"
            device.remoteOnLan = "10.0.0.17"
        end
    end
    site.rows = fixtures.join(site.rows, {
        row("battery", 288, "/Serial", "BSN", "HQ9876ZYXWV"),
        row("battery", 288, "/CustomName", nil, "Ann's bank"),
        row("solarcharger", 256, "/Serial", "ScSN", 4711471147),
        row("solarcharger", 256, "/Devices/HQ9876ZYXWV/Power", nil, 12.5, { formatWithUnit = "%.1F W" }),
        row("system", 0, "/SwitchableOutput/kitchen boiler/State", nil, 1,
            { description = "Granny's cabin state", formattedValue = "kitchen boiler" }),
        row("system", 0, "/SwitchableOutput/1/Settings/CustomName", nil, "Granny's cabin"),
        row("settings", 0, "/Settings/System/TimeZone", "tz", "Europe/Berlin"),
        row("settings", 0, "/Settings/Services/AccessPoint/Ssid", nil, "AnnsWifi"),
        row("gps", 0, "/Position/Latitude", "lt", 51.50712, { formatWithUnit = "%.5F LAT",
            formattedValue = "51.50712 LAT" }),
        row("gps", 0, "/Position/Longitude", "lg", -0.12345, { formatWithUnit = "%.5F LNG",
            formattedValue = "-0.12345 LNG" }),
        row(nil, 0, nil, "lg", -0.12345),
        row("ev", 3, "/VIN", nil, "WVWZZZ1JZXW000001"),
        row("windmill", 20, "/Speed", "ws", 40),
        row("windmill", 20, "/Operator", "wo", "Blue Lagoon"),
        row("platform", 0, "/Network/Address", nil, "10.0.0.17"),
        row("platform", 0, "/Notes", nil, "+31 6 12 34 56"),
    })
    return site
end

--- VRM with that account.
local function world_of(options)
    local world = worlds.new { sites = { [151734] = personal() }, env = { VICTRON_VRM_TOKEN = worlds.TOKEN } }
    local answer = world.answer
    world.answer = function(request)
        local reply, err = answer(request)
        local json = reply and reply.json
        if request.path == "/users/me" and json then
            reply.json = { success = true, user = { id = 22, name = "Ann Brown", email = "ann@brown.example",
                                                    idAccessToken = 770077, country = "Portishead" } }
        elseif json and request.path:find "/installations%?" then
            for _, record in ipairs(json.records) do
                record.identifier, record.mqtt_host = "c0619ab123ff", "mqtt99.victronenergy.com"
                record.idUser = 22
                for name, value in pairs(world.vrm.sites[151734].extra) do record[name] = value end
            end
        end
        if options.changed then reply, err = options.changed(request, reply, err) end
        return reply, err
    end
    return world
end

--- A name for a file that is not there.
local function new_path()
    local path = os.tmpname()
    os.remove(path)
    return path
end

local function watch(world, asked, options)
    options = options or {}
    world.host.once, world.host.demo, world.host.colours = options.once or false, false, false
    world.host.asked, world.host.args, world.host.cwd = asked, {}, "/"
    package.loaded.main = nil
    assert(loadfile(asked.json and "scripts/tools/stream.lua" or "scripts/tools/watch.lua", "t"))()
    world:run(options.seconds or 120)
    assert.same({}, world.errors)
    return world
end

--- A recording of some minutes -> its path, its text, the world it was made in.
local function recorded(options)
    local path = new_path()
    local world = world_of(options or {})
    watch(world, { record = path, json = true }, options)
    local file = assert(io.open(path))
    local text = file:read "a"
    file:close()
    return path, text, world
end

--- The nodes' values by what a recording keeps: [node without its installation . driver] = value.
local function shown(world)
    local values = {}
    for address, node in pairs(world.nodes) do
        for id, value in pairs(node.values) do
            values[address:gsub("^%w+_", "") .. "." .. id] = value
        end
    end
    return values
end

describe("a recording", function()
    local path, text, world

    setup(function() path, text, world = recorded() end)
    teardown(function() os.remove(path) end)

    -- Fault: who reports a fault gives away where he lives and what he owns
    -- Expected: no name, serial, id, place, address, e-mail or token of the account is in the file
    it("names nobody and nothing of his", function()
        local lower = text:lower()
        for _, part in ipairs(PERSONAL) do
            assert.is_nil(lower:find(part:lower(), 1, true), part)
            assert.is_nil(lower:find(part:lower():gsub("/", "\\/"), 1, true), part)
        end
        assert.is_nil(text:find '/users/22%f[%D]')
        assert.is_nil(text:find('"id":22,', 1, true))
    end)

    it("is a line of JSON for each answer, in their order", function()
        local last = 0
        local count = 0
        for line in text:gmatch "[^\n]+" do
            local value, _, problem = dkjson.decode(line)
            assert.is_nil(problem, line)
            assert.is_true((value.at or last) >= last)
            last, count = value.at or last, count + 1
        end
        assert.is_true(count > 5)
        assert.is_true(count - 1 <= #world.requests + #world.beside)
        assert.equal('{"victron-host":"0.0.0"}', text:match "^[^\n]+")
    end)

    it("keeps what was measured, and what it is", function()
        local found = {}
        for line in text:gmatch "[^\n]+" do
            local value = dkjson.decode(line)
            if (value.path or ""):find "/diagnostics" then
                for _, record in ipairs(value.answer.records) do
                    found[("%s %s"):format(record.dbusServiceType, record.dbusPath or record.code)] = record
                end
            end
        end
        assert.equal(26.31, found["battery /Dc/0/Voltage"].rawValue)
        assert.equal("V", found["battery /Dc/0/Voltage"].code)
        assert.equal("v3.72", found["nil v"].rawValue)
        assert.equal(40, found["windmill /Speed"].rawValue)
        assert.equal(0, found["gps /Position/Latitude"].rawValue)
        assert.is_truthy(found["battery /Serial"].rawValue:find "^SN%d+$")
        assert.equal(found["battery /CustomName"].rawValue, text:match '"customName":"(Name %d+)"')
        assert.is_truthy(text:find('/Devices/Part', 1, true))
    end)

    -- Fault: a recording does not show what was seen, or only while it is new
    -- Expected: years later every node has the values it had, whatever the clock says
    it("played, shows what was seen", function()
        local again = worlds.new { env = {} }
        again.now = again.now + 1e8
        watch(again, { replay = path, json = true }, { seconds = 30 })
        local before, after = shown(world), shown(again)
        local missing = {}
        for key, value in pairs(before) do
            -- The time moves on, and a place is told to nobody.
            if after[key] ~= value and not key:find "%.TIME$" and not key:find "^gp0" then
                missing[#missing + 1] = ("%s %s %s"):format(key, value, tostring(after[key]))
            end
        end
        table.sort(missing)
        assert.equal("", table.concat(missing, "\n"))
        assert.equal(0, again.code)                 -- all of it was played
        assert.equal(0, #again.requests)
        local lines = table.concat(again.printed, "\n")
        assert.is_truthy(lines:find('"state":"fresh"', 1, true))
        assert.is_nil(lines:gsub('{"time":"2026%-04%-18T', ""):find('{"time"', 1, true))
    end)

    it("played into --rows lists what VRM offered", function()
        local once = tools.new { env = {} }
        once.host.asked = { replay = path }
        assert(loadfile("scripts/tools/rows.lua", "t"))()
        once:run(60)
        assert.equal(0, once.code)
        local list = table.concat(once.printed, "\n")
        assert.is_truthy(list:find("installation 1001", 1, true), list)
        assert.is_truthy(list:find("/Soc", 1, true))
    end)

    it("is a spec: main.lua runs by it on the virtual clock", function()
        local spec_world = fake.new {}
        spec_world.host.cwd = "/"
        assert(require("tools.replay").begin(path))
        spec_world:set_params { vrm_token = spec_world.host.token }
        spec_world:start()
        spec_world:run(5)
        local charge
        for address, node in pairs(spec_world.nodes) do
            if address:find "bm288$" then charge = node.values.BATLVL end
        end
        assert.equal(87.5, charge)
    end)
end)

describe("--record", function()
    it("keeps failures, pages that are not VRM's and answers that are too long", function()
        local n = 0
        local path, text = recorded { changed = function(request, reply, err)
            if request.path:find "/diagnostics" then
                n = n + 1
                if n == 1 then return nil, { kind = "timeout", text = "proxy.ann.example is silent." } end
                if n == 2 then return { status = 502, text = "<html>proxy.ann.example</html>" } end
                local refusal = { success = false, errors = "Ann Brown may not" }
                if n == 3 then return { status = 403, json = refusal } end
            end
            return reply, err
        end, seconds = 600 }
        os.remove(path)
        assert.is_truthy(text:find('"error":"timeout"', 1, true))
        assert.is_truthy(text:find('"status":502,"bytes":30', 1, true))
        assert.is_truthy(text:find('"status":403', 1, true))
        assert.is_nil(text:find("ann.example", 1, true))
        assert.is_nil(text:find("Ann Brown", 1, true))
    end)

    it("writes over no file, and says where it cannot write", function()
        local path = os.tmpname()
        local world = watch(world_of {}, { record = path }, { seconds = 1 })
        os.remove(path)
        assert.equal(1, world.code)
        assert.equal(path .. " is there already. Name another file.", world.complaints[1])
        world = watch(world_of {}, { record = "/nowhere/x.jsonl" }, { seconds = 1 })
        assert.equal(1, world.code)
        assert.is_truthy(world.complaints[1]:find("/nowhere/x.jsonl", 1, true))
    end)
end)

describe("--replay", function()
    it("of what is no recording has one sentence", function()
        for _, path in ipairs { "/nowhere.jsonl", "README.md" } do
            local full = path:sub(1, 1) == "/" and path or require "lfs".currentdir() .. "/" .. path
            local world = watch(worlds.new { env = {} }, { replay = full }, { seconds = 1 })
            assert.equal(1, world.code)
            assert.equal(1, #world.complaints)
            assert.is_truthy(world.complaints[1]:find(path, 1, true))
        end
    end)
end)

describe("an answer without what is personal", function()
    local made

    before_each(function()
        fake.new {}
        made = require("tools.anonymous").new("secret-token")
    end)

    local function answer(text, path)
        return made:answer(path or "/installations/1/diagnostics", text)
    end

    it("is JSON again, with numbers as they came", function()
        assert.equal('{"totals":{"Pb":1.50,"x":-0,"kwh":[[1,2e3],[3,null]]}}',
            answer('{ "totals" : {"Pb":1.50, "x":-0,"kwh":[[1,2e3],[3, null]]} }', "/installations/1/stats"))
        assert.equal('{"success":true,"records":[]}', answer '{"success":true,"records":[]}')
        assert.equal('{"records":{}}', answer '{"records":{ } }')
    end)

    it("is nothing where there is no JSON", function()
        for _, text in ipairs { "", "<html>", "{", "[1,", '{"a"', '{"a":}', '{"a":1}x', '"a', '{"a":nan}',
                                "[1 2]", ("["):rep(100), '{1:2}' } do
            assert.is_nil(answer(text), text)
        end
    end)

    it("takes whatever stands in the place of a row, a device or a value", function()
        for _, odd in ipairs { "5", "null", "false", '"Ann Brown"', "[]", "{}", "[[1]]", '{"records":5}' } do
            for _, text in ipairs { odd, '{"records":%s}', '{"records":[%s]}', '{"records":{"devices":%s}}',
                '{"records":{"devices":[%s]}}', '{"records":[{"rawValue":%s,"dbusPath":"/Serial"}]}',
                '{"records":[{"rawValue":1,"dbusPath":%s,"code":%s}]}', '{"user":%s}', '{"user":{"id":%s}}',
                '{"records":[{"idSite":%s,"timezone":%s}]}' } do
                text = text:gsub("%%s", odd)
                for _, path in ipairs { "/users/me", "/users/1/installations", "/installations/1/diagnostics",
                    "/installations/1/system-overview", "/installations/1/stats", "/whatever" } do
                    local got = assert(answer(text, path), text)
                    assert.is_nil(select(3, dkjson.decode(got, 1, dkjson.null)), got)
                    assert.is_nil(got:find("Ann Brown", 1, true), text .. path)
                end
            end
        end
    end)

    it("has escapes read before they are judged", function()
        local got = answer('{"records":[{"rawValue":"A\\u006en \\"Brown\\"","dbusPath":"/CustomName"},'
            .. '{"description":"Ann \\"Brown\\" temperature"}]}')
        assert.is_nil(got:find("Brown", 1, true), got)
        assert.is_truthy(got:find('"description":"Name 1 temperature"', 1, true), got)
    end)

    it("is the same for the same, and another for another", function()
        local got = answer('{"records":[{"rawValue":"A1234567","dbusPath":"/Serial"},{"rawValue":"B1234567",'
            .. '"dbusPath":"/Serial"},{"rawValue":"A1234567","dbusPath":"/Serial"}]}')
        local serials = {}
        for serial in got:gmatch '"rawValue":"([^"]+)"' do serials[#serials + 1] = serial end
        assert.same({ "SN000001", "SN000002", "SN000001" }, serials)
        assert.equal("/users/501/installations?extended=1&idSite=1001",
            made:path "/users/22/installations?extended=1&idSite=151734")
        assert.equal("/installations/1001/stats?type=kwh&start=1776463200",
            made:path "/installations/151734/stats?type=kwh&start=1776463200")
    end)
end)
