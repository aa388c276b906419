--- Live data of GX devices on the LAN: how the owner's parameters, the search, certificates, passwords and
-- tokens come to a connection, and what is told when they do not. The connection itself is live_spec.lua's.

local dkjson = require "dkjson"
local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local worlds = require "spec.support.worlds"

local PORTAL, OTHER, HOST, PASSWORD = "c0619ab1d2e3", "c0619ab1d2e4", "192.168.1.5", "correct horse"
local GATEWAY = worlds.GATEWAY
local TOKEN = { token_name = "token/pg3/victron_1", password = "Abcdefgh12345678Abcdefgh12345678" }
local NEXT = { token_name = TOKEN.token_name, password = "anotherAnotherAnotherAnotherAnot" }

after_each(function() _G.host = nil end)

local function params_of(changes)
    local params = { vrm_token = worlds.TOKEN, live = "gx", gx_host = HOST, gx_password = PASSWORD }
    for name, value in pairs(changes or {}) do params[name] = value or nil end
    return params
end

--- An answer to the search, as a GX gives it, and its description.
local function answer_of(address, portal)
    return { from = address, text = table.concat({
        "HTTP/1.1 200 OK", "ST: urn:schemas-upnp-org:device:Basic:1",
        "LOCATION: http://" .. address .. ":80/upnp.xml",
        "USN: uuid:com.victronenergy.ccgx." .. portal:gsub("(%x%x)", "%1:", 5)
            .. "::urn:schemas-upnp-org:device:Basic:1", "", "" }, "\r\n") }
end

local function description(portal, name)
    return ("<root><device><friendlyName>%s</friendlyName><X_VrmPortalId>%s</X_VrmPortalId></device>"
        .. "</root>"):format(name, portal)
end

--- A boat, and a GX that keeps the rules of docs/vrm.md: gx.certificate, gx.pairing = it gives tokens,
-- gx.gone, gx.passwords = { [user or "*"] = password }, gx.serial, gx.others = { [address] = certificate of
-- what is there in its place }, gx.slow = seconds until a certificate is shown. Returns world, gx.
local function boat(changes, options)
    options = options or {}
    local site = fixtures.boat()
    site.identifier = PORTAL:upper()
    local gx = { certificate = "one", web = "web", passwords = { ["*"] = PASSWORD }, serial = PORTAL,
                 heart = true, names = {}, others = {}, token = TOKEN }
    for key, value in pairs(options) do gx[key] = value end
    local world
    local function lan(request)
        local nobody = { kind = "connect", text = "No connection can be made." }
        if gx.gone then return nil, nobody end
        if gx.nameless then return nil, { kind = "dns", text = "The name does not resolve." } end
        local address = request.url:match "^%a+://([%d%.]+)"
        if request.url:find "upnp.xml" then
            return { status = 200, text = gx.names[address] or description(PORTAL, "Boat &amp; GX") }
        elseif request.certificate then
            local name = request.url:find ":443/" and gx.web or gx.certificate
            if gx.slow then world:park(gx.slow) end
            return { status = 200, text = fake.certificate(gx.others[address] or name) }
        end
        assert.equal(fake.certificate(gx.web), world.written[request.ca])
        if not gx.pairing then return { status = 403, text = "" } end
        if type(gx.token) == "string" then return { status = 200, text = gx.token } end
        gx.passwords[gx.token.token_name] = gx.token.password
        return { status = 200, text = dkjson.encode(gx.token) }
    end
    local function broker(connection)
        local config = connection.config
        if gx.gone or config.host ~= (gx.address or HOST) then return "unreachable" end
        if config.tls ~= false then
            assert.is_false(config.check_name)
            local right = world.written[config.ca] == fake.certificate(gx.certificate)
            if not right or gx.broken then return "tls" end
        end
        local user = gx.passwords[config.user] and config.user or "*"
        if gx.passwords[user] ~= config.password then return "rights" end
        world:at(0.01, function()
            world:mqtt_message(connection, "N/" .. gx.serial .. "/system/0/Serial",
                dkjson.encode { value = gx.serial })
        end)
    end
    function gx:live(seconds)
        for second = 1, seconds do
            world:run(1)
            local connection = world.connections[#world.connections]
            if self.heart and connection and connection.up and second % 3 == 0 and not self.gone then
                world:mqtt_message(connection, "N/" .. self.serial .. "/heartbeat", '{"value":1}')
            end
            if second % 120 == 0 then
                world.vrm:refresh(120)
                world:fire "shortpoll"
            end
        end
        assert.same({}, world.errors)
    end
    local sites = { [151734] = site }
    for id, one in pairs(options.sites or {}) do sites[id] = one end
    world = worlds.new { sites = sites, params = params_of(changes), lan = lan, broker = broker,
                         found = options.found, saved = options.saved }
    world:start()
    gx:live(20)
    return world, gx
end

local function notice(world) return world.notices.live or "" end

local function logins(world)
    local count = 0
    for _, connection in ipairs(world.connections) do count = count + connection.logins end
    return count
end

describe("live data of a GX", function()
    it("comes with its address and the password, by TLS with the certificate that it showed first", function()
        local world = boat()
        local config = world.connections[1].config
        assert.equal(1, #world.connections)
        assert.equal(HOST, config.host)
        assert.equal(8883, config.port)
        assert.is_true(config.tls)
        assert.equal(fake.certificate "one", world.written[config.ca])
        assert.is_nil(config.user:find "^token/")
        assert.equal(PASSWORD, config.password)
        assert.equal(3, world:value(GATEWAY, "GV17"))
        assert.equal(1, #world:logged "is taken only with the certificate")
        assert.equal("", notice(world))
        assert.equal(0, world.searches)
    end)

    -- Fault: The password stands in the log, where the owner shows it to somebody who helps.
    -- Expected: It is masked; so is the token of a pairing.
    it("keeps the password and the token out of the log", function()
        local world = boat { gx_password = " " .. PASSWORD .. " " }
        local paired = boat({ gx_password = "" }, { pairing = true })
        local masked = table.concat(world.masked, "\n") .. table.concat(paired.masked, "\n")
        assert.truthy(masked:find(PASSWORD, 1, true))
        assert.truthy(masked:find(TOKEN.password, 1, true))
        for _, line in ipairs(world.lines) do assert.is_nil(line.text:find(PASSWORD, 1, true)) end
        for _, line in ipairs(paired.lines) do assert.is_nil(line.text:find(TOKEN.password, 1, true)) end
    end)

    it("ends and begins with the parameter", function()
        local world, gx = boat()
        world:set_params(params_of { live = "off" })
        assert.is_true(world.connections[1].closed)
        gx:live(5)
        assert.equal(1, world:value(GATEWAY, "GV17"))
        world:set_params(params_of())
        gx:live(10)
        assert.equal(3, world:value(GATEWAY, "GV17"))
        assert.equal(2, #world.connections)
    end)

    it("offers its parameters where it is wanted", function()
        local world = boat { gx_host = false, gx_password = false }
        assert.equal("", world.defaults.gx_host)
        assert.equal("", world.defaults.gx_password)
    end)

    describe("certificate", function()
        -- Fault: Another device takes the place of the GX and is told the password.
        -- Expected: Another certificate is refused, also after a restart; nothing is sent, and a notice says
        -- how to accept it.
        it("is remembered; another one is refused until the owner accepts it", function()
            local world, gx = boat()
            gx:live(70)
            gx.certificate = "two"
            world:mqtt_state(world.connections[1], "lost")
            gx:live(60)
            assert.equal(1, world:value(GATEWAY, "GV17"))
            assert.truthy(notice(world):find("another certificate than before", 1, true))
            assert.equal(1, #world:logged "another certificate than before")
            local digits = notice(world):match "write (%x+) into"
            assert.equal(host.fingerprint(fake.certificate "two"):gsub(":", ""):sub(1, 16), digits)
            world:fire "stop"

            local again, its = boat(nil, { certificate = "two", saved = world.saved })
            its:live(30)
            assert.equal(1, again:value(GATEWAY, "GV17"))
            assert.truthy(notice(again):find(digits, 1, true))
            again:set_params(params_of { gx_fingerprint = digits })
            its:live(30)
            assert.equal(3, again:value(GATEWAY, "GV17"))
            assert.equal("", notice(again))
            again:set_params(params_of())
            its:live(20)
            assert.equal(3, again:value(GATEWAY, "GV17"))
        end)

        -- Fault: the certificate of an address that the owner has corrected meanwhile is remembered, and the
        --        GX at the right one is refused
        -- Expected: nothing is learned from the answer
        it("of an address that is not the owner's any more is not remembered", function()
            local world, gx = boat({ gx_host = "192.168.1.9" }, { slow = 25,
                                     others = { ["192.168.1.9"] = "a printer's" } })
            gx.slow = 10
            world:set_params(params_of())
            gx:live(60)
            assert.same({}, world:logged "shows another certificate")
            assert.equal(fake.certificate "one", world.saved.gx[PORTAL].certificate)
            assert.equal(3, world:value(GATEWAY, "GV17"))
        end)

        it("that comes back needs no acceptance", function()
            local world, gx = boat()
            gx.certificate = "two"
            world:mqtt_state(world.connections[1], "lost")
            gx:live(50)
            gx.certificate = "one"
            gx:live(60)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal("", notice(world))
        end)

        it("that is right but not valid now is told with what to look at", function()
            local world, gx = boat(nil, { broken = true })
            gx:live(60)
            assert.truthy(notice(world):find("Look at the date and the time", 1, true))
            gx.broken = false
            gx:live(30)
            assert.equal("", notice(world))
            assert.equal(1, #world:logged "is taken only with the certificate")
        end)

        -- Fault: the file with the certificate is deleted, and no connection can be made until a restart.
        -- Expected: it is written anew with the certificate that is remembered.
        it("whose file was deleted is written anew", function()
            local world, gx = boat()
            world.written[world.connections[1].config.ca] = nil
            world:mqtt_state(world.connections[1], "lost")
            gx:live(60)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal("", notice(world))
            assert.equal(1, #world:logged "is taken only with the certificate")
        end)

        it("is that of the GX, not of the address", function()
            local world, gx = boat()
            gx.address = "192.168.1.9"
            world:set_params(params_of { gx_host = "192.168.1.9" })
            gx:live(20)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal(1, #world:logged "is taken only with the certificate")
        end)

        it("junk that was kept is no certificate", function()
            local world = boat(nil, { saved = { gx = { [PORTAL] = "junk", other = { certificate = 5 } } } })
            assert.equal(3, world:value(GATEWAY, "GV17"))
        end)
    end)

    describe("password", function()
        -- Fault: A wrong password is tried every ten seconds, and the GX locks everybody out.
        -- Expected: Once; again after an hour, or when the owner changes it; not because of a poll or of
        -- another parameter.
        it("that is refused is tried once an hour", function()
            local world, gx = boat { gx_password = "wrong" }
            gx:live(1800)
            world:fire "discover"
            gx:live(1000)
            assert.equal(1, logins(world))
            assert.truthy(notice(world):find("refuses the login", 1, true))
            assert.equal(1, #world:logged "refuses the login")
            gx:live(1200)
            assert.equal(2, logins(world))
            world:set_params(params_of())
            gx:live(10)
            assert.equal(3, logins(world))
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal("", notice(world))
        end)

        it("is not tried again because something else was changed", function()
            local world, gx = boat { gx_password = "wrong" }
            world:set_params(params_of { gx_password = "wrong", temp_unit = "F" })
            gx:live(300)
            assert.equal(1, logins(world))
            world:set_params(params_of { gx_password = "wrong", vrm_token = "another token" })
            world:run(5)
            world:set_params(params_of { gx_password = "wrong" })
            gx:live(300)
            assert.equal(1, logins(world))
        end)
    end)

    describe("pairing", function()
        it("waits for the owner, then is remembered", function()
            local world, gx = boat { gx_password = "" }
            gx:live(100)
            assert.equal(0, #world.connections)
            assert.truthy(notice(world):find("pairing mode", 1, true))
            assert.equal(1, #world:logged "wants a login")
            gx.pairing = true
            gx:live(45)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal(TOKEN.token_name, world.connections[1].config.user)
            assert.equal(TOKEN.password, world.connections[1].config.password)
            assert.equal("", notice(world))
            local posts = 0
            for _, request in ipairs(world.lan_requests) do
                if request.post then
                    posts = posts + 1
                    assert.truthy(request.post:find "^role=pg3&device_id=[%w_]+$")
                end
            end
            assert.is_true(posts >= 2 and posts <= 7, posts)
            gx:live(70)
            world:fire "stop"
            local again = boat({ gx_password = "" }, { saved = world.saved,
                passwords = { [TOKEN.token_name] = TOKEN.password } })
            assert.equal(3, again:value(GATEWAY, "GV17"))
        end)

        it("a token that was removed is tried once; a new one replaces it", function()
            local world, gx = boat({ gx_password = "" }, { pairing = true })
            gx.pairing, gx.passwords, gx.token = false, {}, NEXT
            world:mqtt_state(world.connections[1], "lost")
            gx:live(300)
            assert.equal(2, logins(world))
            assert.truthy(notice(world):find("pairing mode", 1, true))
            gx.pairing = true
            gx:live(45)
            assert.equal(3, world:value(GATEWAY, "GV17"))
        end)

        it("what is no token is none", function()
            for _, text in ipairs { "", "<html>", "[]", '{"token_name":"admin","password":"12345678"}',
                                    '{"token_name":"token/a/b","password":"x y\\n12345678"}',
                                    '{"token_name":"token/a/b"}' } do
                local world, gx = boat({ gx_password = "" }, { pairing = true, token = text })
                gx:live(40)
                assert.equal(0, #world.connections, text)
                assert.truthy(notice(world):find("pairing mode", 1, true))
            end
        end)
    end)

    describe("without encryption", function()
        it("only at port 1883, only where the owner writes it, without a password", function()
            local open = { passwords = { ["*"] = "" } }
            local world = boat({ gx_host = HOST .. ":1883", gx_password = "" }, open)
            local config = world.connections[1].config
            assert.equal(1883, config.port)
            assert.is_false(config.tls)
            assert.equal("", config.password)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal(0, #world.lan_requests)
        end)

        it("no password is sent", function()
            local world = boat({ gx_host = "mqtt://" .. HOST .. ":1883/" }, { found = {} })
            assert.equal(0, #world.connections)
            assert.truthy(world.notices.params:find("could read the password", 1, true))
        end)
    end)

    describe("search", function()
        it("finds the GX by its portal id, and says what it found", function()
            local world = boat({ gx_host = "" }, { found = { answer_of(HOST, PORTAL),
                answer_of("192.168.1.6", OTHER) }, names = { ["192.168.1.6"] = description(OTHER, "Van") } })
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal(HOST, world.connections[1].config.host)
            local line = world:logged "GX devices found on the network"[1]
            assert.truthy(line:find("Boat   GX (portal id c0619ab1d2e3) at 192.168.1.5; Van (portal id"
                .. " c0619ab1d2e4) at 192.168.1.6", 1, true), line)
        end)

        it("says that there is none, and how to go on", function()
            local world, gx = boat({ gx_host = "" }, { found = {} })
            assert.truthy(notice(world):find("no GX with the portal id c0619ab1d2e3 was found", 1, true))
            assert.equal(1, #world:logged "No GX device was found")
            gx:live(1200)
            assert.is_true(world.searches >= 3 and world.searches <= 5, world.searches)
            assert.equal(1, #world:logged "No GX device was found")
            world.found = { answer_of(HOST, PORTAL) }
            gx:live(330)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal("", notice(world))
        end)

        -- Fault: Another device on the network says it is the GX and gets the password.
        -- Expected: Where two say so, none is used, and the notice names both.
        it("takes none where several say they are it", function()
            local world = boat({ gx_host = "" }, { found = { answer_of(HOST, PORTAL),
                answer_of("192.168.1.66", PORTAL) } })
            assert.equal(0, #world.connections)
            assert.truthy(notice(world):find("192.168.1.5, 192.168.1.66 all say", 1, true))
        end)

        it("finds it again at another address, and with the same certificate only", function()
            local world, gx = boat({ gx_host = "" }, { found = { answer_of(HOST, PORTAL) } })
            gx.address, world.found = "192.168.1.8", { answer_of("192.168.1.8", PORTAL) }
            gx:live(300)
            world:mqtt_state(world.connections[1], "lost")
            gx:live(340)
            assert.equal("192.168.1.8", world.connections[#world.connections].config.host)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal(1, #world:logged "is taken only with the certificate")
        end)

        -- Fault: Who answers a search chooses what the plugin asks of whom, or ends it.
        -- Expected: What is not as a GX answers is left out; only the sender itself is asked for more.
        it("believes nothing", function()
            local good = answer_of(HOST, PORTAL)
            local bad = { { from = HOST, text = "" }, { from = HOST, text = ("x"):rep(2048) },
                          { from = HOST, text = ("USN:"):rep(500) }, { from = HOST, text = "\0\255\n:\n" } }
            for _, change in ipairs { { "http://192%.168%.1%.5:80", "http://10.0.0.1:80" },
                { "http://", "https://" }, { "http://192", "http://user@192" }, { "/upnp.xml", "/ upnp.xml" },
                { "LOCATION", "NOWHERE" } } do
                bad[#bad + 1] = { from = HOST, text = (good.text:gsub(change[1], change[2])) }
            end
            math.randomseed(7)
            for i = 1, 300 do
                local at = math.random(#good.text)
                bad[#bad + 1] = { from = "192.168.2." .. i % 250,
                    text = good.text:sub(1, at - 1) .. string.char(math.random(0, 255))
                        .. good.text:sub(at + 1) }
            end
            local name
            local world = fake.new { lan = function()
                return { status = 200, text = description("nonsense", name) }
            end }
            local search = require("sources.gx_search").run
            for i, one in ipairs(bad) do
                local list
                name, world.found, world.lan_requests = ("&lt;\0\255"):rep(i % 90), { one }, {}
                host.spawn(function() list = search() end)
                world:run(60)
                assert.same({}, world.errors)
                for _, request in ipairs(world.lan_requests) do
                    assert.equal("http://" .. one.from, request.url:match "^http://[%d.]+")
                end
                for _, device in ipairs(list) do
                    assert.equal(one.from, device.address)
                    assert.truthy(device.portal:find "^%x%x%x%x%x%x%x%x%x%x%x%x$")
                    assert.is_true(#device.name <= 60 and utf8.len(device.name) ~= nil)
                end
            end
        end)
    end)

    describe("of several installations", function()
        local function van()
            local site = fixtures.boat()
            site.identifier, site.name = OTHER, "Van"
            return { [151735] = site }
        end

        it("one host alone is not enough; the notice says what to write", function()
            local world, gx = boat(nil, { sites = van() })
            assert.equal(0, #world.connections)
            assert.truthy(notice(world):find("c0619ab1d2e3=HOST for", 1, true))
            assert.truthy(notice(world):find("c0619ab1d2e4=HOST for Van", 1, true))
            local _, times = notice(world):gsub("gx_host does not say", "")
            assert.equal(1, times, "what is so at both is said once")
            gx:live(130)
            assert.equal(0, world.searches)
            world:set_params(params_of { gx_host = PORTAL:upper() .. "=" .. HOST })
            gx:live(20)
            assert.equal(1, #world.connections)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal("", notice(world))
            assert.equal(0, world.searches)
        end)

        -- Fault: The portal id in gx_host was mistyped, or of a GX that was replaced: nothing was live, and
        --        nothing said why.
        -- Expected: A notice, with the right one. What is elsewhere has none, nor what the owner hides.
        it("a portal id that is none of theirs is told", function()
            local world, gx = boat({ gx_host = "c0619ab1d2e9=" .. HOST })
            assert.equal(0, #world.connections)
            assert.truthy(notice(world):find("c0619ab1d2e9, which is none of your installations'", 1, true))
            assert.truthy(notice(world):find("that of this one is c0619ab1d2e3", 1, true), notice(world))
            world:set_params(params_of { gx_host = PORTAL .. "=" .. HOST })
            gx:live(20)
            assert.equal("", notice(world))
            world = boat({ gx_host = PORTAL .. "=" .. HOST }, { sites = van() })
            assert.equal("", notice(world))
            world, gx = boat({ gx_host = OTHER .. "=" .. HOST }, { sites = van(), serial = OTHER })
            world.chosen = { show_site_151735 = false }
            world:fire("params")
            gx:live(60)
            assert.is_true(world.connections[1].closed)
            assert.equal("", notice(world))
        end)

        it("by search, those that are not here are no trouble", function()
            local world = boat({ gx_host = "" }, { sites = van(), found = { answer_of(HOST, PORTAL) } })
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal("", notice(world))
            assert.equal(1, world.searches)
        end)

        it("the GX of another one is noticed", function()
            local world, gx = boat(nil, { serial = OTHER })
            gx:live(30)
            assert.equal(1, world:value(GATEWAY, "GV17"))
            assert.truthy(notice(world):find("is of another installation than c0619ab1d2e3", 1, true))
            assert.equal(1, #world:logged "its portal id is c0619ab1d2e4, not c0619ab1d2e3")
        end)

        -- Fault: A GX that keeps the serial of another one, too, and is silent just now, was told to be of
        --        another installation.
        -- Expected: It is the right one if its own serial is among them.
        it("the serial of another one beside its own is none", function()
            local world, gx = boat(nil, { heart = false })
            world:mqtt_message(world.connections[1], "N/" .. OTHER .. "/system/0/Serial",
                '{"value":"' .. OTHER .. '"}')
            gx:live(100)
            assert.equal(0, #world:logged "its portal id is")
            assert.truthy(notice(world):find("tells nothing", 1, true), notice(world))
        end)
    end)

    describe("that is away", function()
        it("is told once; the polls go on, and it comes back by itself", function()
            local world, gx = boat()
            gx.gone = true
            gx:live(30)
            world:mqtt_state(world.connections[1], "lost")
            gx:live(600)
            assert.equal(1, world:value(GATEWAY, "GV17"))
            assert.equal(1, #world:logged "live data has stopped")
            assert.equal(0, #world:logged "is not reached")
            assert.equal("", notice(world))
            gx.gone = false
            gx:live(30)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal(2, #world:logged "values come live now")
        end)

        it("from the start, is told with what to look at", function()
            local world, gx = boat(nil, { gone = true })
            gx:live(300)
            assert.truthy(notice(world):find("is not reached", 1, true))
            assert.equal(1, #world:logged "is not reached")
            gx.gone = false
            gx:live(45)
            assert.equal(3, world:value(GATEWAY, "GV17"))
            assert.equal("", notice(world))
        end)
    end)

    it("a name that is not known here is told as that", function()
        local world = boat({ gx_host = "venus.local" }, { nameless = true })
        assert.truthy(notice(world):find("the name venus.local in gx_host is not known here", 1, true))
    end)

    it("a full disk is told", function()
        local world, gx = boat(nil, { gone = true })
        world.no_copies, gx.gone = true, false
        gx:live(45)
        assert.truthy(notice(world):find("No space left on device", 1, true))
        world.no_copies = nil
        gx:live(130)
        assert.equal(3, world:value(GATEWAY, "GV17"))
    end)

    describe("parameters", function()
        local function problem_of(changes)
            local world = fake.new {}
            local settings = require("pg3.params").read(params_of(changes))
            assert.same({}, world.errors)
            return table.concat(settings.problems, " "), settings.gx
        end

        it("each misuse has its sentence", function()
            for text, words in pairs {
                ["192.168.1.5:1234"] = "no port 1234", ["c0619=192.168.1.5"] = '"c0619" is not a portal id',
                ["a b"] = '"b" comes a second time', ["fe80::1"] = "is no host", ["<b>"] = "is no host",
                ["192.168.1.5/path"] = "is no host",
                ["c0619ab1d2e3=a c0619ab1d2e3=b"] = "comes a second time",
            } do
                local problem = problem_of { gx_host = text }
                assert.truthy(problem:find(words, 1, true), text .. ": " .. problem)
                assert.truthy(problem:find("PORTALID=HOST", 1, true))
            end
            assert.truthy(problem_of { gx_fingerprint = "12:34" }:find("16 digits", 1, true))
            assert.truthy(problem_of { live = "local" }:find("Choose off, vrm or gx", 1, true))
            assert.equal("", (problem_of { live = "off", gx_host = "<b>", gx_fingerprint = "x" }))
        end)

        it("are read leniently", function()
            local problem, gx = problem_of {
                gx_host = " C0619AB1D2E3=https://Venus.Local/ ,c0619ab1d2e4=10.0.0.1;",
                gx_fingerprint = "ab:cd:ef:01:23:45:67:89:ff" }
            assert.equal("", problem)
            assert.same({ { portal = PORTAL, host = "venus.local", plain = false },
                          { portal = OTHER, host = "10.0.0.1", plain = false } }, gx.hosts)
            assert.same({ "ABCDEF0123456789FF" }, gx.fingerprints)
        end)
    end)
end)
