--- The contract of host: requests, devices on the LAN, MQTT. See checks.lua.

return function(check, given, with)

local raises, names, eventually = with.raises, with.names, with.eventually

------------------------------------------------------------------------------------------- requests

check("http", "the body as it came, where it is asked for", function()
    if not given.vrm then return end
    local request = { url = given.vrm .. "/users/me", headers = { "X-Authorization: Token contract" },
                      ca_file = host.env("VICTRON_CA_FILE") }
    assert(assert(host.http(request)).text == nil)
    request.text = true
    local reply = assert(host.http(request))
    assert(host.json(reply.text).success == reply.json.success)
end)

local NOBODY = "https://127.0.0.1:1/v2/nobody"

--- So many requests that nobody answers, one after the other.
local function ask_nobody(times)
    for _ = 1, times do assert(host.http { url = NOBODY } == nil) end
end

check("http", "a failure is nil, its kind and a sentence", function()
    local reply, err = host.http { url = NOBODY, headers = { "Accept: application/json" }, timeout = 5 }
    assert(reply == nil and err.kind == "connect", err.kind)
    assert(#err.text > 10)
end)

check("http", "only https", function()
    local reply, err = host.http { url = "http://127.0.0.1:1/v2/nobody" }
    assert(reply == nil and err.kind == "other", err.kind)
    names(err.text, "https://")
end)

check("http", "mistakes raise", function()
    raises(host.http)
    raises(host.http, {})
    raises(host.http, { url = {} })
    raises(host.http, { url = NOBODY, headers = { {} } })
    raises(host.http, { url = NOBODY, timeout = "long" })
end)

check("http", "not where nothing can wait", function()
    names(raises(function() table.sort({ 1, 2 }, function() host.http { url = NOBODY } end) end), "waits")
end)

check("http", "an answer has its status, VRM's time and what its JSON is", function()
    if not given.vrm then return end
    local function ask(path, token, without)
        return assert(host.http { url = given.vrm .. path, ca_file = host.env("VICTRON_CA_FILE"),
            without = without, headers = { "X-Authorization: Token " .. token } })
    end
    local me = ask("/users/me", host.env("CONTRACT_TOKEN"))
    assert(me.status == 200 and me.json.success == true and me.json.user.id > 0)
    assert(math.type(me.date) == "integer" and math.abs(me.date - host.time()) < 100)
    assert(me.json_error == nil and me.retry_after == nil)
    local refused = ask("/users/me", "no-token-at-all")
    assert(refused.status == 401 and refused.json.success == false)
    local less = ask("/users/me", host.env("CONTRACT_TOKEN"), { "user" })
    assert(less.status == 200 and less.json.success == true and less.json.user == nil)
end)

check("http", "of a list comes what is not known of it", function()
    if not given.vrm then return end
    local token, taken = host.env("CONTRACT_TOKEN"), nil
    local list = { name = "records", place = { "idSite" }, content = { "name", "nothing" }, places = {},
                   take = function(...) taken[#taken + 1] = table.pack(...) end }
    local function ask()
        taken = {}
        return assert(host.http { url = given.vrm .. "/users/me/installations", list = list,
            ca_file = host.env("VICTRON_CA_FILE"), headers = { "X-Authorization: Token " .. token } })
    end
    local function is_left(reply, count)
        return #taken == count and reply.json.success == true and #reply.json.records == 0
    end
    local first = ask()
    local marks, count, one = first.marks, #taken, taken[1]
    assert(count > 1 and is_left(first, count) and taken[count][1] == count and first.count == count)
    assert(one.n == 5 and one[1] == 1 and one[2].idSite > 0 and one[2].name == nil)
    assert(math.type(one[3]) == "integer" and type(one[4]) == "string" and one[5] == nil)
    list.places[one[3]] = "here"
    assert(is_left(ask(), count))
    assert(taken[1][2] == "here" and taken[1][3] == nil and taken[1][4] == one[4])
    list.known = marks
    assert(is_left(ask(), 0))
    list.name = "nothing"
    local as_it_is = ask()
    assert(#taken == 0 and as_it_is.marks == nil and as_it_is.count == nil)
    assert(as_it_is.json.records[1].idSite == one[2].idSite)
end)

check("limit", "so many at once, then one in each interval", function()
    local began = host.steady()
    host.limit { depth = 2, interval_ms = 150 }
    ask_nobody(4)
    assert(host.steady() - began > 0.29)
    host.limit { depth = 1000, interval_ms = 1 }
end)

check("limit", "mistakes raise", function()
    raises(host.limit)
    raises(host.limit, {})
    raises(host.limit, { depth = 1 })
    raises(host.limit, { depth = "many", interval_ms = 100 })
end)

check("hold", "nothing leaves before; a shorter one shortens nothing; 0 ends it", function()
    local began = host.steady()
    host.hold(0.2)
    host.hold(0.05)
    host.hold(-1)
    ask_nobody(1)
    assert(host.steady() - began > 0.19)
    host.hold(3600)
    host.hold(0)
    ask_nobody(1)
    assert(host.steady() - began < 3000)
    raises(host.hold)
    raises(host.hold, "long")
end)

---------------------------------------------------------------------------------------- devices on the LAN

check("lan", "nobody there is nil and why; http without a certificate, else https", function()
    for _, request in ipairs { { url = "http://127.0.0.1:1/" },
                               { url = "https://127.0.0.1:1/", certificate = true } } do
        local reply, err = host.lan(request)
        assert(reply == nil and err.kind == "connect" and #err.text > 0, err.kind)
    end
    for _, request in ipairs { { url = "https://127.0.0.1:1/" }, { url = "file:///etc/passwd" },
                               { url = "http://127.0.0.1:1/", ca = "scripts/sources/victron-ca.crt" },
                               { url = "http://127.0.0.1:1/", certificate = true } } do
        local reply, err = host.lan(request)
        assert(reply == nil and err.kind == "other", err.kind)
    end
end)

check("lan", "it waits for no rate limit", function()
    host.hold(3600)
    assert(host.lan { url = "http://127.0.0.1:1/" } == nil)
    host.hold(0)
end)

check("lan", "a certificate is told, and another than that of the file is not taken", function()
    if not given.vrm then return end
    local reply = assert(host.lan { url = given.vrm .. "/", certificate = true })
    assert(host.fingerprint(reply.text))
    for _ = 1, 3 do
        assert(assert(host.lan { url = given.vrm .. "/", certificate = true }).text == reply.text)
    end
    local _, err = host.lan { url = given.vrm .. "/users/me", ca = "scripts/sources/victron-ca.crt" }
    assert(err.kind == "tls", err.kind)
end)

check("lan", "mistakes raise", function()
    raises(host.lan)
    raises(host.lan, {})
    raises(host.lan, { url = {} })
    raises(host.lan, { url = "http://127.0.0.1:1/", post = {} })
    raises(host.lan, { url = "http://127.0.0.1:1/", ca = {} })
end)

check("fingerprint", "of a certificate: 32 bytes; nil of anything else", function()
    local text = assert(host.read("scripts/sources/victron-ca.crt"))
    local fingerprint = host.fingerprint(text)
    assert(#fingerprint == 95 and fingerprint:find "^[%x:]+$" and fingerprint == fingerprint:upper())
    assert(fingerprint == host.fingerprint(text))
    for _, junk in ipairs { "", "certificate", "-----BEGIN CERTIFICATE-----", 5 } do
        assert(host.fingerprint(junk) == nil)
    end
    raises(host.fingerprint)
    raises(host.fingerprint, {})
end)

check("search", "a list after the time; nobody answers, or nil and why", function()
    local began = host.steady()
    local list, why = host.search("127.0.0.1", 9, "contract", 0.3)
    assert(list and #list == 0, why)
    assert(host.steady() - began > 0.25)
    list, why = host.search("nowhere.invalid", 9, "contract", 0.3)
    assert(list == nil and type(why) == "string")
end)

check("search", "mistakes raise", function()
    raises(host.search)
    raises(host.search, "127.0.0.1", 0, "x", 1)
    raises(host.search, "127.0.0.1", 9, {}, 1)
    raises(host.search, "127.0.0.1", 9, "x", 61)
    raises(host.search, "127.0.0.1", 9, "x", 0)
end)

------------------------------------------------------------------------------------------------- MQTT

local function broker(changes)
    local result = { name = "the contract's broker", host = "127.0.0.1", port = given.broker or 1,
                     tls = false, client_id = "contract" .. math.random(1 << 30), skip = 1,
                     members = { "value", "min" } }
    for key, value in pairs(changes or {}) do result[key] = value end
    return result
end

--- Opens a connection and has `events` filled with what comes of it, each as a text.
local function open_broker(events, changes)
    local id
    for _, event in ipairs { "mqtt_up", "mqtt_down", "mqtt_refused", "mqtt_lost" } do
        host.on(event, function(of, why)
            if of == id then table.insert(events, event .. (why and " " .. why or "")) end
        end)
    end
    host.on("mqtt_values", function(of)
        for is, rest, value, min in host.mqtt_read, of do
            table.insert(events, ("%s %s %s %s"):format(is, rest, value, min))
        end
    end)
    id = assert(host.mqtt_open(broker(changes)))
    return id
end

check("mqtt_open", "gives a number; that nobody listens is an event, not an error", function()
    local events = {}
    local id = open_broker(events, { port = 1 })
    assert(math.type(id) == "integer" and #events == 0)
    eventually(function() return #events > 0 end)
    assert(events[1] == "mqtt_down unreachable", events[1])
    host.mqtt_close(id)
end)

check("mqtt_open", "mistakes raise", function()
    raises(host.mqtt_open)
    raises(host.mqtt_open, {})
    for _, name in ipairs { "name", "host", "port", "client_id", "user", "password", "ca", "skip",
                            "members", "without", "gather" } do
        raises(host.mqtt_open, broker { [name] = print })
    end
    raises(host.mqtt_open, broker { port = -1 })
    raises(host.mqtt_open, broker { members = { {} } })
end)

check("mqtt_close", "nothing comes afterwards; twice and unknown ones are fine", function()
    local events = {}
    local id = open_broker(events, { port = 1 })
    host.mqtt_close(id)
    host.mqtt_close(id)
    host.mqtt_close(987654321)
    host.sleep(0.1)
    assert(#events == 0)
    raises(host.mqtt_close)
end)

check("mqtt_send", "says whether it leaves; not to one that is closed or not connected", function()
    local id = open_broker({}, { port = 1 })
    assert(host.mqtt_send(id, "contract/a", "x") == false)
    host.mqtt_close(id)
    assert(host.mqtt_send(id, "contract/a", "x") == false)
    raises(host.mqtt_send, id)
    raises(host.mqtt_send, id, "contract/a")
    raises(host.mqtt_send, id, "contract/a", {})
    raises(host.mqtt_send, "one", "contract/a", "x")
end)

check("mqtt_subscribe", "from now on, connected or not; not one that is closed", function()
    local id = open_broker({}, { port = 1 })
    for _ = 1, 2 do assert(host.mqtt_subscribe(id, "contract/#") == true) end
    host.mqtt_close(id)
    assert(host.mqtt_subscribe(id, "contract/#") == false)
    raises(host.mqtt_subscribe, id)
    raises(host.mqtt_subscribe, "one", "contract/#")
end)

check("mqtt_read", "nil where nothing waits", function()
    assert(host.mqtt_read(987654321) == nil)
    raises(host.mqtt_read)
end)

check("mqtt_read", "gives what a message is, its topic in parts, its members", function()
    if not given.broker then return end
    local events = {}
    local id = open_broker(events)
    assert(host.mqtt_subscribe(id, "contract/+/#"))
    eventually(function() return events[1] == "mqtt_up" end)
    local wanted = {}
    for _, one in ipairs {
        { "contract/a/1/Dc/0/V", '{"value":20.5,"min":-3.0}', "value /a/1/Dc/0/V 20.5 -3" },
        { "contract/a/2/x", ' {"min":true,"value":null}', "value /a/2/x nil true" },
        { "contract/a/3/x", '{"value":"text"}', "value /a/3/x text nil" },
        { "contract/a/4/x", '{"value":[1,2]}', "json /a/4/x [1,2] nil" },
        { "contract/a/5/x", "", "gone /a/5/x nil nil" },
        { "contract/a/6/x", "1", "text /a/6/x 1 nil" },
        { "contract/a/7/x", '{"value":', 'text /a/7/x {"value": nil' },
        { "contract/b", "{}", "value /b nil nil" },
        { "contract/b/c", "{}", "value /b/c nil nil" },
    } do
        assert(host.mqtt_send(id, one[1], one[2]) == true)
        wanted[#wanted + 1] = one[3]
    end
    assert(host.mqtt_send(id, "other/a/1/x", "1") == true)
    eventually(function() return #events > #wanted end)
    assert(table.concat(events, "\n", 2) == table.concat(wanted, "\n"), table.concat(events, "\n", 2))
    host.mqtt_close(id)
end)

check("mqtt_read", "gives the newest of a topic, without those that are not wanted", function()
    if not given.broker then return end
    local events = {}
    local id = open_broker(events, { without = { "/junk" }, gather = 3000 })
    host.mqtt_subscribe(id, "contract/#")
    eventually(function() return events[1] == "mqtt_up" end)
    for i = 1, 3 do
        host.mqtt_send(id, "contract/a/junk/x", '{"value":0}')
        host.mqtt_send(id, "contract/a/1/x", ('{"value":%d}'):format(i))
        if i == 1 then eventually(function() return events[2] end) end
    end
    eventually(function() return events[#events] == "value /a/1/x 3 nil" end)
    assert(events[2] == "value /a/1/x 1 nil" and not table.concat(events, "\n"):find("junk", 1, true))
    assert(#events == 3 or events[3] == "value /a/1/x 2 nil" and #events == 4)      -- of another turn
    host.mqtt_close(id)
end)

end
