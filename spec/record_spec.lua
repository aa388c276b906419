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
    "AnnsWifi", "Secret note", "Ann team", "Portishead", "Blue Lagoon", "90210",
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
        row("battery", 288, "/TimeToGo", "TTG", 240, { formatWithUnit = "%.1F h" }),
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
        row("windmill", 20, "/Home/Lat", "hl", 51.50712),
        row("windmill", 20, "/Home/X", "hx", -0.12345, { description = "Longitude of the mill" }),
        row("windmill", 20, "/Bluetooth/Pincode", "bp", 90210),
        row("platform", 0, "/Network/Address", nil, "10.0.0.17"),
        row("platform", 0, "/Notes", nil, "+31 6 12 34 56"),
    })
    return site
end

--- What his gateway tells at VRM's broker when it is asked for everything, by topics below the portal id.
local TOLD = {
    ["battery/288/Soc"] = '{"value":88,"min":0,"max":100}',
    ["battery/288/Dc/0/Power"] = '{"value":-512.5}',
    ["battery/288/TimeToGo"] = '{"value":864000}',
    ["battery/288/Serial"] = '{"value":"HQ9876ZYXWV"}',
    ["battery/288/CustomName"] = '{"value":"Ann\'s bank"}',
    ["battery/288/State"] = '{"value":null}',
    ["battery/288/Dc/1/Voltage"] = '{"value": []}',
    ["battery/288/Dc/0/Voltage"] = '{"value":NaN}',
    ["battery/HQ9876ZYXWV/Soc"] = '{"value":12}',
    ["solarcharger/256/Serial"] = '{"value":4711471147}',
    ["solarcharger/256/Devices/HQ9876ZYXWV/Power"] = '{"value":12.5}',
    ["system/0/Serial"] = '{"value":"C0619AB123FF"}',
    ["system/0/SwitchableOutput/kitchen boiler/State"] = '{"value":"Granny\'s cabin"}',
    ["system/0/Dc/ann@brown.example"] = '{"value":true}',
    ["settings/0/Settings/Services/AccessPoint/Ssid"] = '{"value":"AnnsWifi"}',
    ["settings/0/Settings/System/TimeZone"] = '{"value":"Europe/Berlin"}',
    ["gps/0/Position/Latitude"] = '{"value":51.50712}',
    ["gps/0/Position/Longitude"] = '{"value":-0.12345}',
    ["platform/0/Network/Address"] = '{"value":"10.0.0.17"}',
    ["platform/0/Network/Services"] = '{"value":{"wifi":["AnnsWifi","10.0.0.17"]}}',
    ["platform/0/Notes"] = "Secret note of Ann Brown",
    ["ev/3/VIN"] = '{"value":"WVWZZZ1JZXW000001"}',
    ["windmill/20/Operator"] = '{"value":"Blue Lagoon"}',
    ["keepalive"] = '{"value":1,"full-publish-completed-echo":"ann@brown.example"}',
}

--- His gateway behind VRM's broker: gx.tell(topic, payload), gx.beat(seconds) lets so many pass with
-- heartbeats. All that it tells comes, whatever was asked for.
local function gateway()
    local gx = {}
    function gx.tell(topic, payload)
        local connection = gx.world.connections[#gx.world.connections]
        if connection and connection.up then
            gx.world:mqtt_message(connection, "N/c0619ab123ff/" .. topic, payload)
        end
    end
    function gx.broker(connection)
        connection.topics["N/c0619ab123ff/#"] = true
        return gx.refuse
    end
    function gx.on_send(_, message)
        if not message.text:find("full-publish", 1, true) then return end
        for topic, payload in pairs(TOLD) do
            if topic ~= "keepalive" then gx.tell(topic, payload) end
        end
        local echo = message.text:match '"full%-publish%-completed%-echo":"(%x+)"'
        gx.tell("full_publish_completed",
            ('{"value":%d,"full-publish-completed-echo":"%s"}'):format(gx.world.now // 1, echo))
    end
    function gx.beat(seconds)
        for i = 1, seconds do
            gx.world:run(1)
            if i % 3 == 0 then gx.tell("heartbeat", ('{"value":%d}'):format(gx.world.now // 1)) end
        end
    end
    return gx
end

--- VRM with that account.
local function world_of(options)
    local gx = options.gx or {}
    local world = worlds.new { sites = { [151734] = personal() }, env = { VICTRON_VRM_TOKEN = worlds.TOKEN },
                               broker = gx.broker, on_send = gx.on_send, lan = gx.lan }
    gx.world = world
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
    asked.once, asked.params, asked.args = options.once, asked.params or {}, {}
    world.host.options, world.host.colours, world.host.cwd = asked, false, "/"
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

    -- Fault: on a terminal nothing tells that the recording is over: one waits for more.
    -- Expected: a notice does.
    it("played on a terminal, says when it is over", function()
        local again = worlds.new { env = {} }
        again.host.options = { replay = path, params = {}, args = {} }
        again.host.colours, again.size, again.host.cwd = true, { 80, 24 }, "/"
        package.loaded.main = nil
        assert(loadfile("scripts/tools/watch.lua", "t"))()
        again:run(60)
        assert.is_truthy(table.concat(again.printed):find("! The recording ends here.", 1, true))
        assert.same({ {}, nil }, { again.errors, again.code })
    end)

    it("played into --rows lists what VRM offered", function()
        local once = tools.new { env = {} }
        once.host.options.replay = path
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

--- What a driver of a node showed: list of { seconds since a time, value }, without repetitions. speed: of
-- the time.
local function course(world, since, speed, node, driver)
    local list, last = {}, nil
    for _, set in ipairs(world.sets) do
        if set.address:find(node .. "$") and set.driver == driver and set.value ~= last then
            last = set.value
            list[#list + 1] = { math.floor((set.time - since) * speed + 0.5), last }
        end
    end
    return list
end

describe("a recording of what comes live", function()
    local path, text, world, began

    setup(function()
        local gx = gateway()
        path, world = new_path(), world_of { gx = gx }
        began = world.now
        watch(world, { record = path, json = true, params = { "live=vrm" } }, { seconds = 20 })
        gx.beat(20)
        gx.tell("battery/288/Dc/0/Power", '{"value":1234}')
        gx.tell("keepalive", TOLD.keepalive)
        gx.beat(30)
        gx.tell("battery/288/Soc", "")
        world:run(60)                           -- its heart stands still
        gx.beat(30)
        gx.refuse = "unreachable"
        world:mqtt_state(world.connections[1], "lost")
        world:run(30)
        gx.refuse = nil
        world:run(20)
        gx.beat(60)
        local file = assert(io.open(path))
        text = file:read "a"
        file:close()
    end)
    teardown(function() os.remove(path) end)

    local function lines_with(part)
        local list = {}
        for line in text:gmatch "[^\n]+" do
            if line:find(part, 1, true) then list[#list + 1] = dkjson.decode(line) end
        end
        return list
    end

    --- The payload that a topic below the portal id had.
    local function payload(topic)
        local line = lines_with(('"topic":"N/000000000001/%s"'):format(topic))[1]
        return assert(line, topic).payload
    end

    -- Fault: who reports a fault of live data gives away where he lives and what he owns
    -- Expected: no name, serial, portal id, network, address, position or e-mail is in a topic or payload
    it("names nobody and nothing of his, in topics neither", function()
        assert.is_true(#lines_with '"topic":' > 2 * #TOLD)
        local lower = text:lower()
        for _, part in ipairs(PERSONAL) do
            assert.is_nil(lower:find(part:lower(), 1, true), part)
        end
    end)

    it("keeps what was measured, by the names of VRM's answers", function()
        assert.same({ value = 88, min = 0, max = 100 }, payload "battery/288/Soc")
        assert.same({ value = -512.5 }, payload "battery/288/Dc/0/Power")
        assert.same({ value = 864000 }, payload "battery/288/TimeToGo")
        assert.same({ value = text:match '"dbusPath":"/Serial".-"rawValue":"(SN%d+)"' },
            payload "battery/288/Serial")
        assert.same({ value = text:match '"customName":"(Name %d+)"' }, payload "battery/288/CustomName")
        assert.same({ value = "000000000001" }, payload "system/0/Serial")
        assert.same({ value = 0 }, payload "gps/0/Position/Latitude")
        assert.same({ value = {} }, payload "platform/0/Network/Services")
        assert.same({}, payload "battery/288/Dc/1/Voltage")         -- of which it says that it has none
        assert.same({}, payload "battery/288/Dc/0/Voltage")
        assert.truthy(text:find('"identifier":"000000000001"', 1, true))
        assert.equal("own", payload "full_publish_completed"["full-publish-completed-echo"])
        assert.equal("other", payload "keepalive"["full-publish-completed-echo"])
        assert.is_true(#lines_with(('"bytes":%d}'):format(#TOLD["platform/0/Notes"])) > 0)
        assert.equal("N/000000000001/battery/288/Soc", lines_with '"bytes":0'[1].topic)
        local events = {}
        for i, line in ipairs(lines_with '"event":') do events[i] = line.event .. (line.why or "") end
        assert.same({ "mqtt_up", "mqtt_downlost", "mqtt_downunreachable" }, table.move(events, 1, 3, 1, {}))
        assert.equal("mqtt_up", events[#events])
    end)

    -- Fault: a fault of live data cannot be seen again: what came too late, a connection that was lost
    -- Expected: played, each message and event comes at its time, and nodes show then what they showed
    it("played, goes as it went", function()
        local again = worlds.new { env = {} }
        again.now = again.now + 1e8
        local since = again.now
        watch(again, { replay = path, json = true }, { seconds = 30 })
        assert.equal(0, again.code)
        for _, place in ipairs { { "bm288", "CPW" }, { "bm288", "BATLVL" }, { "gw0", "GV17" } } do
            local before = course(world, began, 1, table.unpack(place))
            local after = course(again, since, 10, table.unpack(place))
            assert.equal(#before, #after)
            for i, one in ipairs(before) do
                assert.equal(one[2], after[i][2])
                assert.is_true(math.abs(one[1] - after[i][1]) <= 2, dkjson.encode { before, after })
            end
        end
    end)
end)

describe("a recording of what comes live in the demo, which asks all the time", function()
    -- Fault: played, less is asked for than was recorded: it shows older answers than it had, and never ends.
    -- Expected: a question gets what VRM had answered by then, and it ends with the recording.
    it("ends, with the last of its answers", function()
        local gx, path = gateway(), new_path()
        local world = world_of { gx = gx }
        watch(world, { record = path, json = true, demo = true, params = { "live=vrm" } }, { seconds = 20 })
        for _ = 1, 40 do
            world.vrm:refresh(2)
            gx.beat(2)
        end
        local asked = #world.requests
        local again = worlds.new { env = {} }
        watch(again, { replay = path, json = true }, { seconds = 60 })
        os.remove(path)
        assert.is_true(asked > 40)
        assert.equal(0, again.code)
    end)
end)

describe("a recording of what a GX on the LAN tells", function()
    local HOST, PASSWORD, CERTIFICATE = "192.168.77.5", "correct horse", "MIIDcertificate"
    local path, text, world

    setup(function()
        local gx, file = gateway(), os.tmpname()
        function gx.lan(request)
            return request.certificate and { status = 200, text = fake.certificate(CERTIFICATE) }
        end
        local secret = assert(io.open(file, "w"))
        secret:write(PASSWORD, "\n")
        secret:close()
        path, world = new_path(), world_of { gx = gx }
        watch(world, { record = path, json = true, params = { "live=gx", "gx_host=" .. HOST,
            "gx_password=@" .. file } }, { seconds = 20 })
        os.remove(file)
        gx.beat(20)
        gx.tell("battery/288/Dc/0/Power", '{"value":1234}')
        gx.beat(30)
        gx.refuse = "rights"
        world:mqtt_state(world.connections[1], "lost")
        world:run(60)
        local recording = assert(io.open(path))
        text = recording:read "a"
        recording:close()
    end)
    teardown(function() os.remove(path) end)

    it("comes by its certificate and the password of a file, past the files of a plugin", function()
        local config = world.connections[1].config
        assert.equal(HOST, config.host)
        assert.equal(PASSWORD, config.password)
        assert.equal(fake.certificate(CERTIFICATE), world.written[config.ca])
        for name in pairs(world.written) do assert.is_nil(name:find("persist", 1, true)) end
    end)

    -- Fault: who reports a fault of the GX gives away where it is and how to get in
    -- Expected: no address, certificate, fingerprint, password, portal id or serial is in the file
    it("names nobody and nothing of his, nor the GX", function()
        assert.is_truthy(text:find('"topic":"N/000000000001/battery/288/Dc/0/Power"', 1, true))
        local lower, certificate = text:lower(), fake.certificate(CERTIFICATE)
        local fingerprint = host.fingerprint(certificate):lower()
        for _, part in ipairs { HOST, PASSWORD, certificate:match "\n(%S+)", fingerprint:sub(1, 11),
                                fingerprint:gsub(":", ""):sub(1, 8), table.unpack(PERSONAL) } do
            assert.is_nil(lower:find(part:lower(), 1, true), part)
        end
    end)

    -- Fault: a recording of a GX is played as if it came from VRM, or not at all
    -- Expected: played, values, their source and what was told of the GX are those of the recording
    it("played, goes as it went", function()
        local again = worlds.new { env = {} }
        again.now = again.now + 1e8
        local since = again.now
        watch(again, { replay = path, json = true }, { seconds = 30 })
        assert.equal(0, again.code)
        assert.equal(0, #again.connections)
        local function values_of(list)
            for i, one in ipairs(list) do list[i] = one[2] end
            return list
        end
        assert.same({ 1, 3, 1 }, values_of(course(again, since, 10, "gw0", "GV17")))
        local powers = values_of(course(again, since, 10, "bm288", "CPW"))
        assert.equal(1234, powers[#powers])
        assert.is_truthy(table.concat(again.complaints, "\n"):find("refuses the login", 1, true))
    end)
end)

describe("--param", function()
    -- Fault: a password on the command line is read by others on the machine
    -- Expected: it is taken of a file only; what is wrong is one sentence
    it("takes a password of a file, and nothing secret itself", function()
        for word, says in pairs { ["gx_password=horse"] = "--param gx_password=@FILE",
                                  ["gx_password=@/nowhere"] = "/nowhere",
                                  ["vrm_token=horse"] = "--token-file" } do
            local world = watch(world_of {}, { json = true, params = { word } }, { seconds = 1 })
            assert.equal(1, world.code)
            assert.equal(1, #world.complaints)
            assert.is_truthy(world.complaints[1]:find(says, 1, true), world.complaints[1])
        end
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

    -- Fault: what cannot be written is no sentence: "/x: No such file or directory cannot be written".
    -- Expected: It says what cannot be written, and why.
    it("writes over no file, and says where it cannot write", function()
        local path = os.tmpname()
        local world = watch(world_of {}, { record = path }, { seconds = 1 })
        os.remove(path)
        assert.equal(1, world.code)
        assert.equal(path .. " is there already. Name another file.", world.complaints[1])
        world = watch(world_of {}, { record = "/nowhere/x.jsonl" }, { seconds = 1 })
        assert.equal(1, world.code)
        assert.equal("The file cannot be written: /nowhere/x.jsonl: No such file or directory. Choose another"
            .. " place.", world.complaints[1])
    end)
end)

describe("a spec", function()
    it("plays live data on its own clock", function()
        local gx, path = gateway(), new_path()
        watch(world_of { gx = gx }, { record = path, json = true, params = { "live=vrm" } }, { seconds = 20 })
        gx.beat(30)
        gx.tell("battery/288/Dc/0/Power", '{"value":1234}')
        gx.beat(10)
        local world = fake.new {}
        world.host.cwd = "/"
        local replay = require "tools.replay"
        assert(replay.begin(path, 1))
        os.remove(path)
        world:set_params { vrm_token = world.host.token, live = replay.params().live }
        local since = world.now
        world:start()
        world:run(60)
        assert.same({}, world.errors)
        local list = course(world, since, 1, "bm288", "CPW")
        assert.same({ -512, 1234 }, { list[#list - 1][2], list[#list][2] })
        assert.is_true(math.abs(list[#list][1] - 50) <= 1, dkjson.encode(list))
    end)
end)

describe("a recording of a flood", function()
    -- Fault: a gateway that tells a flood of values fills the disk with a recording
    -- Expected: at its limit one sentence says that it ends; the plugin goes on
    it("ends with a sentence at the limit of the file", function()
        local gx, path = gateway(), new_path()
        local world = world_of { gx = gx }
        local record = require "tools.record"
        record.MOST_BYTES = 400000
        watch(world, { record = path, json = true, params = { "live=vrm" } }, { seconds = 20 })
        for round = 1, 20 do
            for i = 1, 300 do gx.tell("battery/288/Dc/" .. i .. "/Power", ('{"value":%d}'):format(round)) end
            world:run(1)
        end
        gx.tell("battery/288/Dc/0/Power", '{"value":1234}')
        world:run(5)
        local size = require "lfs".attributes(path, "size")
        os.remove(path)
        assert.is_true(size > 390000 and size <= 400000, size)
        assert.same({ path .. " takes no more; the recording ends here." }, world.complaints)
        assert.equal(1234, world:value("392u_bm288", "CPW"))
    end)
end)

describe("--replay", function()
    it("of what is no recording has one sentence", function()
        for _, path in ipairs { "/nowhere.jsonl", "README.md", "spec" } do
            local full = path:sub(1, 1) == "/" and path or require "lfs".currentdir() .. "/" .. path
            local world = watch(worlds.new { env = {} }, { replay = full }, { seconds = 1 })
            assert.equal(1, world.code)
            assert.equal(1, #world.complaints)
            assert.is_truthy(world.complaints[1]:find(path, 1, true))
        end
    end)
end)

describe("--replay", function()
    --- Plays lines -> the world.
    local function played(lines)
        local path = os.tmpname()
        local file = assert(io.open(path, "w"))
        file:write(table.concat(lines, "\n"), "\n")
        file:close()
        local world = watch(worlds.new { env = {} }, { replay = path, json = true }, { seconds = 30 })
        os.remove(path)
        return world
    end

    -- Fault: of a recording that was cut, or changed by hand, an error of the plugin's own is told.
    -- Expected: one sentence says how many lines are left out; all others are played.
    it("leaves out lines that say nothing", function()
        local path, text = recorded()
        os.remove(path)
        local lines = {}
        for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
        local count = #lines
        for _, wrong in ipairs { '{"at":17765158,"path":"/users/me"}', '{"at":1776515800,"path":"/users/me",',
            '{"at":17765158,"path":"/users/me","status":"x"}', '{"at":17765158,"topic":"N/a/b","payload":5}',
            '{"at":17765158,"portal":"a"}', "Ann", "[]", lines[count]:sub(1, 500) } do
            table.insert(lines, 2, wrong)
        end
        local world = played(lines)
        assert.equal(0, world.code)
        assert.equal(1, #world.complaints, table.concat(world.complaints, "\n"))
        assert.is_truthy(world.complaints[1]:find("are left out: 8.", 1, true), world.complaints[1])
        assert.is_truthy(table.concat(world.printed, "\n"):find('"state":"fresh"', 1, true))
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

    -- Fault: what says who and where he is stands where VRM has a number, a word or a sentence of its own, in
    --        other letters, in a JSON text or in pieces: it is kept.
    -- Expected: nothing of it is in the file, wherever it stands; what is VRM's own stays.
    it("leaves out what tells of somebody, wherever that stands", function()
        local telling = { "ann@brown.example", "10.0.0.17", "aa:bb:cc:dd:ee:ff", "AABBCCDDEEFF",
            "C0619AB123FF", "+31 6 12 34 56 78", "(020) 624-1111", "51.50712", "51.50712, -0.12345",
            "51°30'26\"N", "https://ann.example/boat", "c0619ab123ff", "4711471147",
            '{"lat":51.50712,"name":"bob"}', "2001:db8::1:17", "151734", "BOB'S boiler",
            "windy corner", "Mrs. Brown" }
        answer('{"user":{"id":22,"name":"Ann Brown","email":"ann@brown.example"}}', "/users/me")
        answer('{"records":[{"idSite":151734,"name":"Windy Corner"}]}', "/users/22/installations")
        answer('{"records":[{"customName":"Bob"}]}')
        host.sleep = function() end
        local fields = { ['{"records":[{"%s":%s,"rawValue":1,"dbusPath":"/Dc/0/Voltage"}]}'] = { "timestamp",
                "instance", "idDataAttribute", "description", "formatWithUnit", "valueEnum", "dataType",
                "idDeviceType", "Device", "dbusServiceType", "idSite", "textValue", "formattedValue",
                "rawValue" },
            ['{"records":[{"rawValue":1,"dataAttributeEnumValues":[{"%s":%s}]}]}'] = { "nameEnum",
                "valueEnum" },
            ['{"records":{"devices":[{"%s":%s,"productCode":"A381"}]}}'] = { "productName", "productId",
                "lastConnection", "loggingInterval", "instance", "idDeviceType", "firmwareVersion", "vmc",
                "name" },
            ['{"records":[{"%s":%s}]}'] = { "syscreated", "last_timestamp", "alarm", "num_alarms" },
            ['{"records":[{"current_alarms":[{"%s":%s}]}]}'] = { "started", "description", "nameEnum",
                "device" },
            ['{"%s":%s}'] = { "success", "error_code", "num_records", "errors" } }
        local paths = { [1] = "/installations/1/diagnostics", [2] = "/installations/1/system-overview",
            [3] = "/users/22/installations" }
        for form, names in pairs(fields) do
            for _, name in ipairs(names) do
                for _, text in ipairs(telling) do
                    local json = form:format(name, dkjson.encode("At " .. text .. " here"))
                    local bare = form:format(name, dkjson.encode(text))
                    for _, path in ipairs(paths) do
                        local measured = name:find "Value$" and tonumber(text)      -- a number is one there
                        for _, one in ipairs { json, not measured and bare or nil } do
                            local got = assert(answer(one, path), one):lower()
                            local part = (text:match "51%.50712" or text:match "[Bb][Oo][Bb]" or text):lower()
                            assert.is_nil(got:find(part, 1, true), one .. "\n" .. got)
                        end
                    end
                end
            end
        end
        local kept = '{"records":[{"description":"Battery voltage L1","formatWithUnit":"%.2F V",'
            .. '"rawValue":26.31,"timestamp":1776515900,"instance":288,"dataAttributeEnumValues":'
            .. '[{"nameEnum":"Bulk (3)","valueEnum":3}]}]}'
        assert.equal(kept, answer(kept))
        kept = '{"records":{"devices":[{"productName":"Quattro 48/15000/200-2x100 rev2",'
            .. '"productCode":"A381","firmwareVersion":"v3.13","lastConnection":1776515900,'
            .. '"loggingInterval":60}]}}'
        assert.equal(kept, answer(kept, "/installations/1/system-overview"))
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
