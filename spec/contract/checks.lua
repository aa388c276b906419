--- What main.lua and lib may rely on, whoever provides `host`: run by busted on the fake host and by the
-- program itself on the real one (contract_spec.lua), each check in a task of its own. A check raises when it
-- does not hold. No PG3, and no network but this machine's.
--
-- Returns list of { host = the function it is about, name, fn }, in order. Every function of host has one.
-- given.write(path, text) makes a file of a script; given.vrm = the URL of a stand-in of VRM, nil: none;
-- given.broker = the port of an MQTT broker on this machine, nil: none.

return function(given)

local checks = {}

local function check(of, name, fn)
    checks[#checks + 1] = { host = of, name = of .. ": " .. name, fn = fn }
end

--- fn(...) has to raise -> the error as text.
local function raises(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "it should have raised")
    return tostring(err)
end

--- Whether the text names all of these.
local function names(text, ...)
    for _, word in ipairs { ... } do assert(text:find(word, 1, true), word .. " is not in: " .. text) end
end

local function near(value, wanted) assert(math.abs(value - wanted) < 1e-9, value .. " is not " .. wanted) end

local function declaration(changes)
    local result = {
        id = "CONTRACT", drivers = {
            { id = "ST", label = "Power", uom = 73, places = 0, min = -10, max = 1000, zero = true },
            { id = "CV", label = "Voltage", uom = 72, places = 2, min = 0, max = 100, zero = true },
            { id = "GV1", label = "State", uom = 25, places = 0, zero = false,
              names = { [0] = "Off", [3] = "On" } },
            { id = "GV2", label = "Count", uom = 56, places = 0, min = 0, max = 100, by_script = true },
        },
    }
    for key, value in pairs(changes or {}) do result[key] = value end
    return result
end

local function node(changes)
    local result = { address = "contract", type = "CONTRACT", name = "Contract", primary = "contract" }
    for key, value in pairs(changes or {}) do result[key] = value ~= "none" and value or nil end
    return result
end

local function with_node()
    host.declare(declaration())
    assert(host.add(node()) == true)
end

--- Waits until fn gives something true, at most half a minute.
local function eventually(fn)
    for _ = 1, 3000 do
        if fn() then return end
        host.sleep(0.01)
    end
    error("it did not happen", 2)
end

------------------------------------------------------------------------------------- time and tasks

check("time", "unix seconds", function()
    assert(host.time() > 1700000000 and host.time() < 4000000000)
end)

check("midnight", "the last and the next, west and east, also where the clocks change", function()
    for _, day in ipairs {
        { "UTC", 1768519800.5, 1768435200, 1768521600 },
        { "Europe/Berlin", 1768519800, 1768518000, 1768604400 },
        { "Europe/Berlin", 1768517999, 1768431600, 1768518000 },
        { "Europe/Berlin", 1774785600, 1774738800, 1774821600 },                -- 23 hours
        { "America/Los_Angeles", 1793556000, 1793516400, 1793606400 },          -- 25 hours
    } do
        local last, next_one = host.midnight(day[1], day[2])
        assert(last == day[3] and next_one == day[4], ("%s: %s, %s"):format(day[1], last, next_one))
        assert(math.type(last) == "integer")
    end
end)

check("midnight", "the day of the month and of the year", function()
    for _, day in ipairs {
        { "UTC", 1768519800, 15, 15 }, { "Europe/Berlin", 1768519800, 16, 16 },
        { "UTC", 1767225600, 1, 1 }, { "America/Los_Angeles", 1767225600, 31, 365 },
        { "UTC", 1772323200, 1, 60 }, { "UTC", 1861833600, 31, 366 },
    } do
        local _, _, of_month, of_year = host.midnight(day[1], day[2])
        assert(of_month == day[3] and of_year == day[4], ("%s: %s, %s"):format(day[1], of_month, of_year))
    end
end)

check("midnight", "the seconds of the clock, also after it was changed", function()
    for _, time in ipairs {
        { "UTC", 1768519800.5, 23 * 3600 + 1800 }, { "Europe/Berlin", 1768519800, 1800 },
        { "Europe/Berlin", 1774785600, 14 * 3600 },                             -- a day of 23 hours
        { "America/Los_Angeles", 1793556000, 10 * 3600 },                       -- and of 25
    } do
        assert(select(5, host.midnight(time[1], time[2])) == time[3], time[1])
    end
end)

check("midnight", "nil where the zone is not known", function()
    assert(host.midnight("UTC", -1) == -86400)
    for _, zone in ipairs { "Europe/Nowhere", "", "/etc/passwd", "../UTC", "Europe" } do
        assert(host.midnight(zone, 1768519800) == nil)
    end
end)

check("midnight", "mistakes raise", function()
    raises(host.midnight)
    raises(host.midnight, "UTC")
    raises(host.midnight, {}, 1768519800)
    raises(host.midnight, "UTC", 1e13)
    raises(host.midnight, "UTC", 0 / 0)
end)

check("sleep", "waits, and gives nothing", function()
    local before = host.time()
    assert(select("#", host.sleep(0.05)) == 0)
    assert(host.time() - before >= 0.04)
    host.sleep(0)
end)

check("sleep", "mistakes raise", function()
    raises(host.sleep)
    raises(host.sleep, "soon")
    raises(host.sleep, -1)
    raises(host.sleep, 1e8)
end)

check("sleep", "not where nothing can wait", function()
    names(raises(function() table.sort({ 1, 2, 3 }, function() host.sleep(0) end) end), "waits")
end)

check("stand", "waits take no time, and end in order", function()
    host.stand(true)
    local before, order = host.time(), {}
    for _, seconds in ipairs { 30, 10, 20 } do
        host.spawn(function()
            host.sleep(seconds)
            order[#order + 1] = ("%d at %d"):format(seconds, math.floor(host.time() - before + 0.5))
        end)
    end
    host.sleep(60)
    assert(math.abs(host.time() - before - 60) < 0.01)
    host.stand(false)
    assert(table.concat(order, ", ") == "10 at 10, 20 at 20, 30 at 30", table.concat(order, ", "))
    before = host.time()
    host.sleep(0.05)
    assert(host.time() - before >= 0.04)
end)

check("stand", "mistakes raise", function()
    raises(host.stand)
    raises(host.stand, 1)
end)

check("spawn", "runs later, with its arguments, in order", function()
    local order = {}
    local function first(...) order[1] = table.concat({ ... }, ",") end
    host.spawn(first, 1, 2)
    host.spawn(function() order[#order + 1] = "second" end)
    assert(#order == 0)
    eventually(function() return #order == 2 end)
    assert(order[1] == "1,2" and order[2] == "second")
end)

check("spawn", "an error ends that task only", function()
    local after = false
    host.spawn(function() error("a task of the contract that fails") end)
    host.spawn(function() after = true end)
    eventually(function() return after end)
end)

check("spawn", "mistakes raise", function()
    raises(host.spawn)
    raises(host.spawn, "main")
end)

check("enter", "runs a task at once up to its first wait", function()
    local order = {}
    local task = host.enter(function(...)
        order[1] = table.concat({ ... }, ",")
        host.sleep(0.02)
        order[2] = "later"
        return "done"
    end, 1, 2)
    assert(#order == 1 and order[1] == "1,2" and host.running(task))
    local ok, value = host.await(task)
    assert(ok and value == "done" and order[2] == "later")
    ok, value = host.await(host.enter(function() return 5 end))
    assert(ok and value == 5)
    local problem = select(2, pcall(host.enter, function() error({ kind = "on purpose" }) end))
    assert(problem.kind == "on purpose")
    raises(host.enter)
    raises(host.enter, "main")
end)

check("ring", "starts a task, and gives nothing", function()
    local rung = false
    assert(select("#", host.ring(function()
        host.sleep(0)
        rung = true
    end)) == 0)
    assert(not rung)
    eventually(function() return rung end)
    raises(host.ring)
end)

check("await", "gives what a task returned, to each that waits, also when it has ended", function()
    local got = {}
    local task = host.spawn(function(a)
        host.sleep(0.02)
        return a, nil, "b"
    end, 7)
    local function take() table.insert(got, (table.pack(host.await(task)))) end
    host.spawn(take)
    host.spawn(take)
    take()
    take()
    eventually(function() return #got == 4 end)
    for _, one in ipairs(got) do
        assert(one.n == 4 and one[1] == true and one[2] == 7 and one[3] == nil and one[4] == "b")
    end
    assert(select("#", host.await(host.spawn(function() end))) == 1)
end)

check("await", "gives the error of a task that failed", function()
    local task = host.spawn(function() error({ kind = "on purpose" }) end)
    for _ = 1, 2 do
        local ok, problem = host.await(task)
        assert(ok == false and problem.kind == "on purpose")
    end
end)

check("await", "gives nothing when the time is over, and may be tried again", function()
    local task = host.spawn(function()
        host.sleep(0.1)
        return 5
    end)
    assert(select("#", host.await(task, 0)) == 0)
    assert(select("#", host.await(task, 0.01)) == 0)
    local ok, value = host.await(task, 20)
    assert(ok and value == 5)
    host.sleep(0.02)                    -- what was to end the wait does not end this one
end)

check("await", "a chain of tasks ends", function()
    local function wait_for(depth)
        if depth == 0 then return "deep" end
        return select(2, host.await(host.spawn(wait_for, depth - 1)))
    end
    local _, value = host.await(host.spawn(wait_for, 100))
    assert(value == "deep")
end)

check("await", "mistakes raise", function()
    raises(host.await)
    raises(host.await, print)
    raises(host.await, coroutine.running())
    raises(host.await, coroutine.create(print), -1)
    raises(host.await, coroutine.create(print), "soon")
end)

check("running", "until a task has ended", function()
    local task = host.spawn(function()
        host.sleep(0.02)
        return 1
    end)
    assert(host.running(task) == true and host.running(coroutine.running()) == true)
    host.await(task)
    assert(host.running(task) == false and host.running(nil) == false)
    raises(host.running, "main")
end)

check("drop", "ends what sleeps or awaits; who awaits it goes on", function()
    local went_on = false
    local function on() went_on = true end
    local function nap()
        host.sleep(0.05)
        on()
    end
    local asleep = host.spawn(nap)
    host.sleep(0)
    local awaiting = host.spawn(function()
        host.await(asleep)
        on()
    end)
    host.sleep(0)
    for _, task in ipairs { awaiting, asleep } do
        host.drop(task)
        assert(host.running(task) == false)
        local ok, problem = host.await(task)
        assert(ok == false and problem == "dropped")
    end
    local ended
    local waited_for = host.spawn(nap)
    host.spawn(function() ended = table.pack(host.await(waited_for)) end)
    host.sleep(0)
    host.drop(waited_for)
    eventually(function() return ended end)
    assert(ended[1] == false and ended[2] == "dropped")
    host.sleep(0.1)
    assert(not went_on)
end)

check("drop", "not what runs or has not begun; one that has ended is fine", function()
    local task = host.spawn(function() return 3 end)
    host.drop(task)
    assert(host.running(task) == true)
    host.await(task)
    host.drop(task)
    host.drop(coroutine.running())
    host.sleep(0)
    assert(select(2, host.await(task)) == 3)
    raises(host.drop)
    raises(host.drop, 5)
end)

--- scripts/tasks/timer.lua on this host.
local function timer() return require "tasks.timer" end

check("sleep", "timer.after rings once, in a task that may wait", function()
    local rung = 0
    local id = timer().after(0.01, function()
        host.sleep(0.01)
        rung = rung + 1
    end)
    assert(math.type(id) == "integer")
    assert(rung == 0)
    eventually(function() return rung == 1 end)
    timer().cancel(id)
    host.sleep(0.05)
    assert(rung == 1)
end)

check("sleep", "timer.after and timer.every: mistakes raise, and so does what would never end", function()
    names(raises(timer().after, 1), "#2 to 'after'", "function")
    names(raises(timer().after, -1, print), "#1 to 'after'", "seconds from 0 to 10 million")
    raises(timer().after, "soon", print)
    raises(timer().after, 0 / 0, print)
    names(raises(timer().every, 0, print), "#1 to 'every'", "seconds from 0.1 to 10 million")
    raises(timer().every, 0.05, print)
    raises(timer().every, 1)
end)

check("ring", "timer.every rings until it is cancelled, also from within, and after an error", function()
    local rung, id = 0, nil
    id = timer().every(0.1, function()
        rung = rung + 1
        if rung == 2 then timer().cancel(id) end
        error("a ring of the contract that fails")
    end)
    eventually(function() return rung == 2 end)
    host.sleep(0.3)
    assert(rung == 2)
end)

check("drop", "timer.cancel before it rings, from within; twice, unknown ones and nil are fine", function()
    local rung, done, within = false, false, nil
    local id = timer().after(0.02, function() rung = true end)
    timer().cancel(id)
    timer().cancel(id)
    timer().cancel(987654321)
    timer().cancel(nil)
    names(raises(timer().cancel, {}), "#1 to 'cancel'")
    within = timer().after(0, function()
        timer().cancel(within)
        host.sleep(0.01)
        done = true
    end)
    host.sleep(0.06)
    assert(not rung and done)
end)

-------------------------------------------------------------------------------------- small things

check("env", "nil where it is not set", function()
    assert(host.env("VICTRON_NOT_SET_AT_ALL") == nil)
    raises(host.env)
    raises(host.env, {})
end)

check("log", "the four levels and no other; without one it is info", function()
    for _, level in ipairs { "debug", "info", "warning", "error" } do host.log(level, "contract") end
    host.log(nil, "contract")
    raises(host.log, "shout", "contract")
    raises(host.log, "info")
    raises(host.log, "info", {})
end)

check("mask", "a text", function()
    host.mask("a-secret-of-the-contract")
    host.mask("")
    raises(host.mask)
    raises(host.mask, {})
end)

check("on", "one function for an event: the last", function()
    raises(host.on, "script_error")
    raises(host.on, nil, print)
    local first, last = 0, nil
    host.on("script_error", function() first = first + 1 end)
    host.on("script_error", function(...) last = { ... } end)
    given.write("contract/on.lua", "return { fail = function() error('on purpose') end }")
    local script = assert(host.load_script("contract/on.lua", "contract/on.lua"))
    with_node()
    host.start_script(script.table.fail, "contract")
    eventually(function() return last end)
    assert(first == 0 and last[1] == "contract/on.lua" and last[3] == "contract")
    names(last[2], "contract/on.lua:1:", "on purpose")
    host.close_script(script.id)
end)

check("read", "a file's text, nil where there is none", function()
    given.write("contract/read.lua", "return {}\n")
    assert(host.read("contract/read.lua") == "return {}\n")
    assert(host.read("scripts/main.lua"):find("^%-%-%-"))
    assert(host.read("no/such/file") == nil)
    raises(host.read)
end)

check("write", "a file's text in one step; nil and why where that cannot be", function()
    given.write("contract/write.lua", "return 1\n")
    assert(host.write("contract/write.lua", "return {}\n") == true)
    assert(host.read("contract/write.lua") == "return {}\n")
    local done, why = host.write("no/such/folder/file.lua", "x")
    assert(done == nil and type(why) == "string")
    raises(host.write)
    raises(host.write, "contract/write.lua")
    raises(host.write, "contract/write.lua", {})
end)

check("lines", "none where nobody watches", function()
    host.log("warning", "contract")
    assert(#host.lines() == 0)
end)

check("print", "a text; without one it says whether somebody may read", function()
    assert(type(host.print()) == "boolean")
    raises(host.print, {})
end)

check("size", "none where there is no terminal", function()
    assert(select("#", host.size()) == 0)
end)

check("screen", "none where there is no terminal", function()
    assert(host.screen(true) == false and host.screen(false) == false)
end)

check("keys", "none without a screen", function()
    assert(host.keys() == "")
end)

check("complain", "a text", function()
    raises(host.complain)
    raises(host.complain, {})
end)

check("json", "objects, lists, numbers; null is absent", function()
    local value = host.json('{"a":[1,2.5,"x"],"b":{"c":true,"d":false},"e":null}')
    assert(#value.a == 3 and value.a[1] == 1 and value.a[2] == 2.5 and value.a[3] == "x")
    assert(value.b.c == true and value.b.d == false and value.e == nil)
    assert(host.json('"\\u00e9"') == "é")
end)

check("json", "no JSON is nil and a reason", function()
    local value, why = host.json('{"a":')
    assert(value == nil and type(why) == "string")
    raises(host.json)
    raises(host.json, {})
end)

check("leave", "a number", function()
    raises(host.leave)
    raises(host.leave, "now")
end)

------------------------------------------------------------------------------------------- requests

check("http", "the body as it came, where it is asked for", function()
    if not given.vrm then return end
    local request = { url = given.vrm .. "/users/me", headers = { ["X-Authorization"] = "Token contract" },
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
    local reply, err = host.http { url = NOBODY, headers = { Accept = "application/json" }, timeout = 5 }
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
    raises(host.http, { url = NOBODY, headers = { Accept = {} } })
    raises(host.http, { url = NOBODY, timeout = "long" })
end)

check("http", "not where nothing can wait", function()
    names(raises(function() table.sort({ 1, 2 }, function() host.http { url = NOBODY } end) end), "waits")
end)

check("http", "an answer has its status, VRM's time and what its JSON is", function()
    if not given.vrm then return end
    local function ask(path, token, without)
        return assert(host.http { url = given.vrm .. path, ca_file = host.env("VICTRON_CA_FILE"),
            without = without, headers = { ["X-Authorization"] = "Token " .. token } })
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
            ca_file = host.env("VICTRON_CA_FILE"), headers = { ["X-Authorization"] = "Token " .. token } })
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
    local began = host.time()
    host.limit { depth = 2, interval_ms = 150 }
    ask_nobody(4)
    assert(host.time() - began > 0.29)
    host.limit { depth = 1000, interval_ms = 1 }
end)

check("limit", "mistakes raise", function()
    raises(host.limit)
    raises(host.limit, {})
    raises(host.limit, { depth = 1 })
    raises(host.limit, { depth = "many", interval_ms = 100 })
end)

check("hold", "nothing leaves before; a shorter one shortens nothing; 0 ends it", function()
    local began = host.time()
    host.hold(0.2)
    host.hold(0.05)
    host.hold(-1)
    ask_nobody(1)
    assert(host.time() - began > 0.19)
    host.hold(3600)
    host.hold(0)
    ask_nobody(1)
    assert(host.time() - began < 3000)
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
    local began = host.time()
    local list, why = host.search("127.0.0.1", 9, "contract", 0.3)
    assert(list and #list == 0, why)
    assert(host.time() - began > 0.25)
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
                     tls = false, client_id = "contract" .. math.random(1 << 30), skip = 1, levels = 2,
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
        for is, first, second, rest, value, min in host.mqtt_read, of do
            table.insert(events, ("%s %s %s %s %s %s"):format(is, first, second, rest, value, min))
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
    for _, name in ipairs { "name", "host", "port", "client_id", "user", "password", "keep_alive", "ca",
                            "skip", "levels", "members", "without", "gather" } do
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
        { "contract/a/1/Dc/0/V", '{"value":20.5,"min":-3.0}', "value a 1 /Dc/0/V 20.5 -3" },
        { "contract/a/2/x", ' {"min":true,"value":null}', "value a 2 /x nil true" },
        { "contract/a/3/x", '{"value":"text"}', "value a 3 /x text nil" },
        { "contract/a/4/x", '{"value":[1,2]}', "json a 4 /x [1,2] nil" },
        { "contract/a/5/x", "", "gone a 5 /x nil nil" },
        { "contract/a/6/x", "1", "text a 6 /x 1 nil" },
        { "contract/a/7/x", '{"value":', 'text a 7 /x {"value": nil' },
        { "contract/b", "{}", "value b nil nil nil nil" },
        { "contract/b/c", "{}", "value b c nil nil nil" },
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
    eventually(function() return events[3] end)
    assert(events[2] == "value a 1 /x 1 nil" and events[3] == "value a 1 /x 3 nil" and not events[4])
    host.mqtt_close(id)
end)

---------------------------------------------------------------------------------------------- nodes

check("declare", "what cannot be a type raises", function()
    raises(host.declare)
    for _, bad in ipairs {
        { id = false }, { drivers = { { id = "st", label = "x", uom = 73 } } },
        { drivers = { { id = "ST", uom = 73 } } },
        { drivers = { { id = "ST", label = "x", uom = 73, places = 7 } } }, { events = { { name = "x" } } },
        { drivers = { { id = "ST", label = "x", uom = 73 }, { id = "ST", label = "y", uom = 73 } } },
    } do
        names(raises(host.declare, declaration(bad)), "host.declare")
    end
end)

check("declare", "again: drivers of the same id and unit keep their value", function()
    with_node()
    host.set("contract", "ST", 5)
    host.set("contract", "CV", 12)
    local again = declaration()
    again.drivers[2].uom = 1
    table.remove(again.drivers, 3)
    host.declare(again)
    assert(host.get("contract", "ST") == 5 and host.get("contract", "CV") == nil)
    raises(host.get, "contract", "GV1")
end)

check("add", "once and again: its name, its primary and its type are the last ones", function()
    with_node()
    with_node()
    host.declare(declaration { id = "CONTRACT2" })
    assert(host.add(node { name = "Another", type = "CONTRACT2" }) == true)
    assert(host.node("contract").name == "Another" and host.node("contract").type == "CONTRACT2")
end)

check("add", "what cannot be a node is nil and a reason", function()
    host.declare(declaration())
    for _, bad in ipairs { { address = "Not An Address" }, { address = "a23456789012345" }, { address = "" },
                           { primary = "Not One" }, { type = "NO_SUCH_TYPE" } } do
        local added, why = host.add(node(bad))
        assert(added == nil and type(why) == "string")
    end
end)

check("add", "mistakes raise", function()
    host.declare(declaration())
    raises(host.add)
    for _, key in ipairs { "address", "type", "name", "primary" } do
        names(raises(host.add, node { [key] = "none" }), key)
    end
end)

check("node", "a copy of what it is, nil where there is none", function()
    with_node()
    local one = host.node("contract")
    assert(one.address == "contract" and one.type == "CONTRACT" and one.primary == "contract")
    assert(one.name == "Contract")
    for key in pairs(one) do assert(node()[key] ~= nil, key) end
    one.name = "Changed"
    assert(host.node("contract").name == "Contract")
    assert(host.node("nobody") == nil)
    raises(host.node)
end)

check("known", "a list of its own", function()
    table.insert(host.known(), { address = "x" })
    for _, one in ipairs(host.known()) do assert(one.address ~= "x") end
    assert(#host.known("no such address") == 0)
    raises(host.known, {})
end)

check("remove", "the nodes are not there any more; unknown ones are fine", function()
    with_node()
    assert(type(host.remove { "nobody" }) == "boolean")
    assert(host.node("contract"))
    raises(host.remove)
    raises(host.remove, { {} })
end)

check("rename", "an unknown node raises and is named; so do mistakes", function()
    with_node()
    host.rename("contract", "Contract")
    names(raises(host.rename, "nobody", "x"), "nobody")
    raises(host.rename, "contract")
    raises(host.rename, "contract", {})
end)

check("set", "a number, also as text; nil is no data, with or without a text", function()
    with_node()
    host.set("contract", "ST", 5, "five")
    assert(host.get("contract", "ST") == 5)
    host.set("contract", "ST", nil)
    assert(host.get("contract", "ST") == nil)
    host.set("contract", "ST", nil, "no data")
    host.set("contract", "ST", "7.5")
    assert(host.get("contract", "ST") == 7.5)
end)

check("set", "tells whether PG3 is to be told: a value that is shown as before is not", function()
    with_node()
    host.set("contract", "ST", 5.25)
    host.changes()
    assert(host.set("contract", "ST", 5.5) == true)
    host.changes()
    assert(host.set("contract", "ST", 5.5) == false)
    assert(host.set("contract", "ST", 5.501) == false)
    assert(host.set("contract", "ST", nil) == true)
end)

check("set", "what no ISY can show is no data", function()
    with_node()
    for _, value in ipairs { 0 / 0, math.huge, -math.huge, 1e16 } do
        host.set("contract", "ST", 1)
        host.set("contract", "ST", value)
        assert(host.get("contract", "ST") == nil)
    end
end)

check("set", "an unknown node or driver raises and is named; so do mistakes", function()
    with_node()
    names(raises(host.set, "nobody", "ST", 1), "nobody")
    names(raises(host.set, "contract", "GV9", 1), "GV9", "contract")
    raises(host.set, "contract", "ST", {})
    raises(host.set, "contract", "ST", "many")
    raises(host.set, "contract", "ST", 1, {})
    raises(host.set, "contract")
    raises(host.set)
end)

check("get", "the value as it was set: it is rounded only when shown", function()
    with_node()
    assert(host.get("contract", "CV") == nil)
    host.set("contract", "CV", 12.3456)
    near(host.get("contract", "CV"), 12.3456)
    names(raises(host.get, "nobody", "ST"), "nobody")
    names(raises(host.get, "contract", "GV9"), "GV9")
    raises(host.get)
end)

check("shown", "the number as PG3 is told it, its unit and its text", function()
    host.declare(declaration())
    host.add(node { address = "contract_show" })
    local number, uom, text = host.shown("contract_show", "CV")
    assert(number == "101" and uom == 25 and text == nil)      -- "No data", until there is some
    host.set("contract_show", "CV", 12.3456, "twelve")
    number, uom, text = host.shown("contract_show", "CV")
    assert(number == "12.35" and uom == 72 and text == "twelve")
    host.set("contract_show", "CV", nil)
    number, uom, text = host.shown("contract_show", "CV")
    assert(number == "101" and uom == 25 and text == nil)
    names(raises(host.shown, "nobody", "ST"), "nobody")
    names(raises(host.shown, "contract_show", "GV9"), "GV9")
    raises(host.shown)
end)

check("changes", "what is shown anew; all of a new node", function()
    local function changed()
        local list = {}
        for _, one in ipairs(host.changes()) do
            if one.address == "contract_new" then list[#list + 1] = one.driver end
        end
        return table.concat(list, " ")
    end
    host.declare(declaration())
    host.add(node { address = "contract_new" })
    host.set("contract_new", "CV", 12)
    assert(changed() == "ST CV GV1 GV2")
    assert(changed() == "")
    host.set("contract_new", "CV", 12.001)
    host.set("contract_new", "ST", 5)
    host.set("contract_new", "GV1", 3, "words")
    assert(changed() == "ST GV1")
    host.add(node { address = "contract_new", name = "Another" })
    assert(changed() == "")
end)

check("stale", "a node; its values stay", function()
    with_node()
    host.set("contract", "ST", 5)
    host.stale("contract", true)
    assert(host.get("contract", "ST") == 5)
    host.stale("contract", false)
    names(raises(host.stale, "nobody", true), "nobody")
    raises(host.stale)
end)

check("event", "of those the node's type declares; whether it was told", function()
    host.declare { id = "CONTRACTEVENTS", name = "Contract", drivers = {
        { id = "ST", label = "Status", uom = 25, places = 0, names_id = "C", names = { [0] = "Off" } },
    }, events = { { id = "LOST", name = "Lost" } } }
    assert(host.add { address = "contract", type = "CONTRACTEVENTS", name = "C", primary = "contract" })
    assert(type(host.event("contract", "LOST")) == "boolean")
    names(raises(host.event, "contract", "BACK"), "contract (CONTRACTEVENTS) has no event BACK")
    names(raises(host.event, "nobody", "LOST"), "nobody")
    raises(host.event, "contract")
end)

check("push", "a title and a text; whether it left", function()
    assert(type(host.push("contract", "text")) == "boolean")
    raises(host.push, "contract")
    raises(host.push, {}, "text")
end)

for _, choice in ipairs { "zero_stale", "alt_units", "hold_nodes" } do
    check(choice, "true, false, nothing", function()
        with_node()
        host.set("contract", "CV", 12)
        host[choice](true)
        host[choice](false)
        host[choice]()
        assert(host.get("contract", "CV") == 12)
    end)
end

local function files(text)
    return { { folder = "nodedef", name = "contract.xml", parts = { "<nodeDefs>", "</nodeDefs>" } },
             { folder = "nls", name = "contract.txt", parts = { text } } }
end

check("profile", "whether a file has another content now", function()
    local changed = host.profile(files "x")
    assert(type(changed) == "boolean")
    assert(host.profile(files "x") == false)
    assert(host.profile(files "y") == true)
    assert(host.profile(files "y") == false)
    assert(host.profile(files "") == true)
end)

check("profile", "mistakes raise", function()
    raises(host.profile)
    raises(host.profile, { "nls/en_us.txt" })
    for _, member in ipairs { "folder", "name", "parts" } do
        local bad = files "x"
        bad[2][member] = nil
        raises(host.profile, bad)
    end
    for _, parts in ipairs { {}, { true } } do
        raises(host.profile, { { folder = "nls", name = "contract.txt", parts = parts } })
    end
end)

---------------------------------------------------------------------------- parameters and records

check("params", "a table of its own", function()
    local params = host.params()
    params.contract = "x"
    assert(host.params().contract == nil)
end)

check("default_params", "names and texts", function()
    host.default_params { contract = "" }
    host.default_params {}
    raises(host.default_params)
    raises(host.default_params, "contract")
    raises(host.default_params, { contract = {} })
end)

check("notice", "a key and a text; nil takes it away", function()
    host.notice("contract", "text")
    host.notice("contract", nil)
    host.notice("contract")
    raises(host.notice)
    raises(host.notice, "contract", {})
end)

check("doc", "a text", function()
    host.doc("<p>x</p>")
    raises(host.doc)
    raises(host.doc, {})
end)

check("data", "nil, or a table of its own", function()
    local data = host.data()
    assert(data == nil or type(data) == "table")
    assert(data == nil or data ~= host.data())
end)

check("choices", "nil, or a table of its own", function()
    local chosen = host.choices()
    assert(chosen == nil or type(chosen) == "table" and chosen ~= host.choices())
end)

check("offer", "a list; what has no place in JSON raises", function()
    host.offer { { name = "contract", title = "Contract", type = "BOOLEAN", defaultValue = true } }
    raises(host.offer)
    raises(host.offer, "contract")
    names(raises(host.offer, { fn = function() end }), "host.offer")
end)

check("save", "whether it was taken", function()
    assert(type(host.save { contract = { 1, 2, name = nil } }) == "boolean")
end)

check("saved", "tells whether PG3 has what was saved last", function()
    assert(type(host.saved()) == "boolean")
end)

check("connected", "tells whether PG3 is there", function()
    assert(type(host.connected()) == "boolean")
end)

check("save", "what cannot be kept raises", function()
    raises(host.save)
    raises(host.save, "contract")
    names(raises(host.save, { fn = function() end }), "host.save")
    names(raises(host.save, { text = ("x"):rep(600000) }), "host.save")
end)

--------------------------------------------------------------------------------------------- scripts

--- Loads a script with this text -> it; close it with host.close_script(script.id).
local function load_text(text)
    given.write("contract/loaded.lua", text)
    return assert(host.load_script("contract/loaded.lua", "contract/loaded.lua"))
end

local COUNTING = [[
local KEPT_ROWS = {}
local function count(node, step)
    node.state.count = (node.state.count or 0) + step
    node:set("GV2", node.state.count)
end
local function slow(node)
    sleep(0.05)
    node:set("GV2", 99)
end
local function tick(node)
    for i = 1, 100 do
        node:set("GV2", i)
        sleep(0.02)
    end
end
return {
    count = count, slow = slow, tick = tick,
    nested = { { first = function(a, b) return a + b, "second" end } },
    not_its_own = function(node) node:set("ST", 1) end,
    fail = function() error("on purpose") end, refuse = function() return false end,
    timers = function()
        for _ = 1, 20 do timer.cancel(timer.after(1000, tick)) end
        for _ = 1, 20 do timer.after(1000, tick) end
    end,
    what = function(rows) return rows and rows.x end,
    sees = function(rows, site)
        local count, sum = 0, 0
        for key, row in pairs(rows) do count, sum = count + #key, sum + row.value end
        local row = rows["/A"]
        row.value = 7
        return table.concat({ number(rows, "/none", "t", "/A", "/B"), rows["/A"].value, rows["/A"].text,
            tostring(rows["/none"]), tostring(pcall(function() return rows[1] end)),
            tostring(pcall(number, rows, "/A", 0)), select("#", number(rows, "/none")), count, sum,
            site.name }, " ")
    end,
    changes = function(rows) rows["/A"] = { value = 1 } end,
    keep = function(rows) KEPT_ROWS[1] = rows end,
    kept = function() return KEPT_ROWS[1]["/A"].value end,
    show = function(node, rows)
        sleep(0.01)
        node:set("GV2", number(rows, "/B"))
    end,
}
]]

check("script_files", "a name, a path and a stamp each, by name", function()
    local list, why, left_out = host.script_files("scripts/devices")
    assert(#list >= 5 and why == nil and left_out == 0)
    for _, one in ipairs(list) do assert(one.name and one.path and one.stamp) end
    for i = 2, #list do assert(list[i - 1].name < list[i].name) end
    raises(host.script_files)
end)

check("script_files", "a folder that is not there is nil and a reason", function()
    local list, why = host.script_files("no/such/folder")
    assert(list == nil and type(why) == "string")
end)

check("folder_stamp", "another when a file of the folder is another, comes or goes", function()
    assert(host.folder_stamp("no/such/folder") == host.folder_stamp("no/such/folder"))
    assert(host.make_folder("contract/stamp"))
    local seen = { [host.folder_stamp("contract/stamp")] = true }
    for _, text in ipairs { "return {}\n", "return { 1 }\n" } do
        assert(host.write("contract/stamp/one.lua", text))
        local stamp = host.folder_stamp("contract/stamp")
        assert(math.type(stamp) == "integer" and not seen[stamp])
        assert(stamp == host.folder_stamp("contract/stamp"))
        seen[stamp] = true
    end
    raises(host.folder_stamp)
end)

check("script_files", "another stamp when the file is another", function()
    given.write("contract/stamp.lua", "return {}")
    local function stamp()
        for _, one in ipairs(host.script_files("contract")) do
            if one.name == "stamp" then return one.stamp end
        end
    end
    local before = stamp()
    assert(before and before == stamp())
    given.write("contract/stamp.lua", "return { 1 }")
    assert(stamp() ~= before)
end)

check("load_script", "a built-in one: its table, its text, functions that can be called", function()
    local path
    for _, one in ipairs(host.script_files("scripts/devices")) do
        if one.name == "controller" then path = one.path end
    end
    local script = assert(host.load_script(path, "devices/controller.lua"))
    assert(script.table.id == "VICCTRL" and #script.text > 0 and math.type(script.id) == "integer")
    host.close_script(script.id)
end)

check("load_script", "functions anywhere in the table, with arguments, results and errors", function()
    local script = load_text(COUNTING)
    local sum, second = script.table.nested[1].first(2, 3)
    assert(sum == 5 and second == "second")
    assert(script.table.what(nil) == nil)
    names(raises(script.table.fail), "contract/loaded.lua:20:", "on purpose")
    host.close_script(script.id)
end)

check("load_script", "what is no script is nil and a reason that names the file", function()
    for _, text in ipairs { "return {", "error('while loading')", "return 5", "", "x = 1",
                            "return { sleep(1) }" } do
        given.write("contract/bad.lua", text)
        local script, why = host.load_script("contract/bad.lua", "contract/bad.lua")
        assert(script == nil)
        names(why, "contract/bad.lua")
    end
    local script, why = host.load_script("no/such/file.lua", "file.lua")
    assert(script == nil)
    names(why, "file.lua")
    raises(host.load_script)
    raises(host.load_script, "contract/bad.lua")
end)

--- Loads a script that may use these libs, { [name] = text } -> what host.load_script gives.
local function load_with(text, texts)
    local libs = {}
    for name, lib in pairs(texts) do
        local path = "contract/lib/" .. name .. ".lua"
        given.write(path, lib)
        libs[name] = { path = path, file = path }
    end
    given.write("contract/user.lua", text)
    return host.load_script("contract/user.lua", "contract/user.lua", libs)
end

check("load_script", "libs: what they return, once; their texts are told", function()
    local inner, outer = "return { n = 40 }", 'local inner = use "inner"\ninner.n = inner.n + 1\nreturn inner'
    local script = assert(load_with('local a, b = use "outer", use "inner"\n'
        .. "return { n = function() return a.n, a == b end }", { inner = inner, outer = outer, other = "x" }))
    local n, same = script.table.n()
    assert(n == 41 and same == true)
    assert(script.libs.inner == inner and script.libs.outer == outer and script.libs.other == nil)
    host.close_script(script.id)
    script = load_text(COUNTING)
    assert(next(script.libs) == nil)
    host.close_script(script.id)
end)

check("load_script", "libs: what is wrong names their file; those asked for are told", function()
    for text, problem in pairs {
        ["return {"] = ":1:", ["\nerror('on purpose')"] = ":2: on purpose", ["x = 1"] = ":1:",
        ["local x"] = ": a lib ends with 'return'",
        ['local t = use "tools" return t'] = ":1: the lib tools is not ready",
        ["sleep(1) return 1"] = ":1: this call waits",
        ['local t = use "missing" return t'] = ":1: there is no lib/missing.lua in the folders",
    } do
        local script, why, later, libs = load_with('return { use "tools" }', { tools = text })
        assert(script == nil and later == false and libs.tools == text)
        assert(libs.missing == (text:find("missing") and "" or nil))
        names(why, "contract/lib/tools.lua" .. problem)
    end
    local wrong = { ["../x"] = "without folder", ["a.b"] = "without folder", none = "no lib/none.lua" }
    for name, problem in pairs(wrong) do
        local script, why = load_with(('return { use "%s" }'):format(name), {})
        assert(script == nil)
        names(why, "contract/user.lua:1:", problem)
    end
end)

check("load_script", "libs: not after the file was loaded; mistakes raise", function()
    local script = assert(load_with('return { late = function() return use "tools" end }',
        { tools = "return 1" }))
    names(raises(script.table.late), "at the top of the file")
    host.close_script(script.id)
    raises(host.load_script, "contract/user.lua", "x", "tools")
    raises(host.load_script, "contract/user.lua", "x", { "tools" })
    raises(host.load_script, "contract/user.lua", "x", { tools = {} })
    raises(host.load_script, "contract/user.lua", "x", { tools = { path = "x", file = {} } })
end)

check("close_script", "its functions raise from then on; an unknown one raises", function()
    local script = load_text(COUNTING)
    host.close_script(script.id)
    names(raises(script.table.what), "replaced")
    raises(host.close_script, script.id)
    raises(host.close_script)
end)

check("script_starved", "no, unless the plugin had no memory for it", function()
    local script = load_text(COUNTING)
    assert(host.script_starved(script.id) == false)
    host.close_script(script.id)
    raises(host.script_starved, script.id)
    raises(host.script_starved)
end)

check("stop_script", "its tasks end, it stays loaded", function()
    with_node()
    host.set("contract", "GV2", 0)
    local script = load_text(COUNTING)
    host.start_script(script.table.tick, "contract")
    eventually(function() return host.get("contract", "GV2") > 1 end)
    host.stop_script(script.id)
    local ticks = host.get("contract", "GV2")
    host.sleep(0.1)
    assert(host.get("contract", "GV2") == ticks)
    assert(script.table.what { x = 4 } == 4)
    host.close_script(script.id)
    raises(host.stop_script, script.id)
    raises(host.stop_script)
end)

check("stop_script", "its timers end, and count no more among those it may have", function()
    with_node()
    local failed
    host.on("script_error", function(_, problem) failed = problem end)
    local script = load_text(COUNTING)
    assert(host.run_script(script.table.timers, "contract") == true)
    assert(host.run_script(script.table.timers, "contract") == false)
    eventually(function() return failed end)
    names(failed, "contract/loaded.lua:", "20 timers at once")
    host.stop_script(script.id)
    assert(host.run_script(script.table.timers, "contract") == true)
    host.close_script(script.id)
end)

check("names", "of files and folders, in order, without hidden ones", function()
    assert(host.make_folder("contract/names/inner"))
    given.write("contract/names/b.lua", "x")
    given.write("contract/names/a.lua", "x")
    given.write("contract/names/inner/c.lua", "x")
    assert(table.concat(host.names("contract/names"), " ") == "a.lua b.lua inner/",
        table.concat(host.names("contract/names"), " "))
    local list, why = host.names("contract/nowhere")
    assert(list == nil and why == "No such file or directory")
    raises(host.names)
end)

check("make_folder", "with its parents; one that is there is fine", function()
    assert(host.make_folder("contract/deep/er") == true)
    assert(host.make_folder("contract/deep/er") == true)
    assert(#host.script_files("contract/deep/er") == 0)
    raises(host.make_folder)
end)

check("script_settings", "what setting gives", function()
    local script = load_text [[return {
        limit = function() return setting("limit") end,
        none = function() local value = setting("none") return value end,
    }]]
    names(raises(script.table.limit), "there is no setting 'limit'")
    assert(select("#", host.script_settings(script.id, { limit = 5, name = "x" })) == 0)
    assert(script.table.limit() == 5)
    host.script_settings(script.id, { limit = 6 })
    assert(script.table.limit() == 6)
    names(raises(script.table.none), "contract/loaded.lua:", "there is no setting 'none'")
    raises(host.script_settings, script.id)
    raises(host.script_settings, script.id, { limit = function() end })
    host.close_script(script.id)
    raises(host.script_settings, script.id, {})
end)

check("script_state", "copies go in and out", function()
    local script = load_text(COUNTING)
    assert(next(host.script_state(script.id)) == nil)
    local states = { contract = { count = 3, name = "x", list = { 1, 2 } } }
    assert(select("#", host.script_state(script.id, states)) == 0)
    states.contract.count = 4
    local state = host.script_state(script.id)
    assert(state.contract.count == 3 and state.contract.name == "x" and state.contract.list[2] == 2)
    state.contract.count = 5
    assert(host.script_state(script.id).contract.count == 3)
    raises(host.script_state, script.id, { contract = { fn = function() end } })
    host.close_script(script.id)
    raises(host.script_state, script.id)
    raises(host.script_state)
end)

check("script_figures", "memory, its peak, instructions", function()
    local script = load_text(COUNTING)
    local figures = host.script_figures(script.id)
    assert(figures.memory > 0 and figures.peak >= figures.memory and figures.instructions >= 0)
    host.close_script(script.id)
    raises(host.script_figures, script.id)
end)

check("call_all", "first results and errors by number", function()
    local script = load_text(COUNTING)
    local t = script.table
    local results, problems = host.call_all({ t.what, t.fail, t.what }, { x = { value = 6 } })
    assert(results[1].value == 6 and results[2] == nil and results[3].value == 6)
    assert(problems[1] == nil and problems[3] == nil)
    names(problems[2], "contract/loaded.lua:20:", "on purpose")
    results, problems = host.call_all({}, {})
    assert(next(results) == nil and next(problems) == nil)
    host.close_script(script.id)
    raises(host.call_all, { t.what }, {})
end)

local ROWS = { ["/A"] = { value = 2, text = "2 V" }, ["/B"] = { value = 3.5 }, odd = 5 }

check("call_all", "rows are read where they are, as copies, and cannot be changed", function()
    local script = load_text(COUNTING)
    local t = script.table
    local results, problems = host.call_all({ t.sees, t.changes, t.sees }, ROWS, { name = "Boat" })
    assert(results[1] == "2 2 2 V nil false false 1 4 5.5 Boat", results[1] or problems[1])
    assert(results[3] == results[1] and ROWS["/A"].value == 2)
    names(problems[2], "contract/loaded.lua:", "cannot be changed")
    host.close_script(script.id)
end)

check("on", "about: what scripts ask about nodes and rows", function()
    with_node()
    local asked, said = {}, nil
    local other = { ["/Soc"] = { value = 80 } }
    host.on("about", function(kind, of, service, instance)
        local what = type(of) == "table" and "rows" or of
        asked[#asked + 1] = ("%s %s %s %s"):format(kind, what, service, instance)
        return kind == "rows" and other or kind ~= "device" and { name = "Boat", list = { 1, 2 } } or nil
    end)
    host.on("script_error", function(_, problem) said = problem end)
    local script = load_text [[return {
        ask = function(rows)
            local one = rows_of(rows, "battery", 3)
            local none = number(nil, "/Soc") and 1000 or 0
            return number(one, "/Soc") + #site_of(rows).list + (device_of(rows) and 100 or 0) + none
        end,
        node = function(node)
            node:set("GV2", number(rows_of(node), "/Soc") + #devices_of(node, "x").list)
        end,
        wrong = function(node) site_of("contract") end,
    }]]
    local results, problems = host.call_all({ script.table.ask }, ROWS)
    assert(results[1] == 82, problems[1])
    host.start_script(script.table.node, "contract")
    eventually(function() return host.get("contract", "GV2") == 82 end)
    assert(table.concat(asked, ", ") == "rows rows battery 3, site rows nil nil, device rows nil nil, "
        .. "rows contract nil nil, devices contract x nil", table.concat(asked, ", "))
    host.start_script(script.table.wrong, "contract")
    eventually(function() return said end)
    names(said, "contract/loaded.lua:10", "a node, or the rows of a device, expected")
    host.on("about", function() error("oops") end)
    results, problems = host.call_all({ script.table.ask }, ROWS)
    assert(results[1] == nil and problems[1])
    host.close_script(script.id)
end)

check("call_all", "rows are there for one call", function()
    local script = load_text(COUNTING)
    local t = script.table
    assert(next(select(2, host.call_all({ t.keep }, ROWS))) == nil)
    local _, problems = host.call_all({ t.kept }, ROWS)
    names(problems[1], "contract/loaded.lua:", "keep the values, not the rows")
    host.close_script(script.id)
end)

check("call_all", "functions of one script and no others", function()
    local script = load_text(COUNTING)
    local other = load_text(COUNTING)
    raises(host.call_all)
    raises(host.call_all, { script.table.what })
    raises(host.call_all, { print }, {})
    raises(host.call_all, { script.table.what, other.table.what }, {})
    host.close_script(script.id)
    host.close_script(other.id)
end)

check("start_script", "a task with the node and its state, which may wait", function()
    with_node()
    local script = load_text(COUNTING)
    host.set("contract", "GV2", 0)
    host.start_script(script.table.count, "contract", 2)
    host.start_script(script.table.count, "contract", 3)
    assert(host.get("contract", "GV2") == 0)
    eventually(function() return host.get("contract", "GV2") == 5 end)
    assert(host.script_state(script.id).contract.count == 5)
    host.start_script(script.table.slow, "contract")
    eventually(function() return host.get("contract", "GV2") == 99 end)
    host.start_script(script.table.show, "contract", nil, ROWS)
    eventually(function() return host.get("contract", "GV2") == 3.5 end)
    host.close_script(script.id)
end)

check("start_script", "the node's rows that say by_script, within their limits", function()
    with_node()
    local failed, address, what
    host.on("script_error", function(_, ...) failed, address, what = ... end)
    local script = load_text(COUNTING)
    host.set("contract", "GV2", 1)
    host.start_script(script.table.count, "contract", 1000)
    eventually(function() return host.get("contract", "GV2") == nil end)
    assert(not failed, failed)
    host.start_script(script.table.not_its_own, "contract", nil, nil, "update")
    eventually(function() return failed end)
    names(failed, "by_script")
    assert(address == "contract" and what == "update")
    host.close_script(script.id)
end)

check("start_script", "node.state takes what can be kept, and tells anything else with its line", function()
    with_node()
    local failed
    host.on("script_error", function(_, problem) failed = problem end)
    local script = load_text([[
        return {
            keep = function(node)
                local state = node.state
                state.list = { 1, 2, { deep = true } }
                state.text, state.gone = "x", 5
                state.gone = nil
                state[1] = "first"
                local count = 0
                for _ in pairs(state) do count = count + 1 end
                assert(count == 3 and #state == 1 and next(state) ~= nil and next({}) == nil
                    and state == node.state)
                state[1] = nil
                state.list[1] = state.list[1] + 1
            end,
            whole = function(node) node.state = { a = 1 } assert(node.state.a == 1
                and node.state.text == nil) end,
            nan = function(node)
                node.state.good = 1
                node.state.bad = 0 / 0
            end,
            fn = function(node) node.state.bad = { in_it = function() end } end,
            key = function(node) node.state[17] = 1 end,
            node = function(node) node.state.bad = node end,
            table = function(node) node.state = { [true] = 1 } end,
        }]])
    local function fails(name, ...)
        failed = nil
        host.start_script(script.table[name], "contract")
        eventually(function() return failed end)
        for _, part in ipairs { ... } do names(failed, part) end
    end
    host.start_script(script.table.keep, "contract")
    eventually(function() return failed or (host.script_state(script.id).contract or {}).list end)
    assert(not failed, failed)
    local kept = host.script_state(script.id).contract
    assert(kept.list[1] == 2 and kept.list[3].deep and kept.text == "x" and kept.gone == nil)
    fails("nan", ":19: ", "node.state.bad would be no finite number")
    assert(host.script_state(script.id).contract.good == 1 and not host.script_state(script.id).contract.bad)
    fails("fn", "node.state.bad.in_it would be a function")
    fails("key", "node.state has the key 17", "tostring")
    fails("node", "node.state.bad would be a node")
    fails("table", "node.state has the key true")
    host.start_script(script.table.whole, "contract")
    eventually(function() return host.script_state(script.id).contract.a == 1 end)
    host.close_script(script.id)
end)

check("start_script", "mistakes raise", function()
    local script = load_text(COUNTING)
    raises(host.start_script)
    raises(host.start_script, print, "contract")
    raises(host.start_script, script.table.count)
    host.close_script(script.id)
    raises(host.start_script, script.table.count, "contract")
end)

check("run_script", "waits for the end: whether it returned, and not false", function()
    with_node()
    local script = load_text(COUNTING)
    host.set("contract", "GV2", 0)
    assert(host.run_script(script.table.slow, "contract") == true)
    assert(host.get("contract", "GV2") == 99)
    assert(host.run_script(script.table.count, "contract", 2) == true)
    assert(host.run_script(script.table.refuse, "contract") == false)
    assert(host.run_script(script.table.fail, "contract") == false)
    host.close_script(script.id)
end)

check("run_script", "is over when the script is stopped", function()
    with_node()
    local script = load_text(COUNTING)
    local task = host.spawn(host.run_script, script.table.tick, "contract")
    host.sleep(0.05)
    host.stop_script(script.id)
    local ok, done = host.await(task, 20)
    assert(ok == true and done == false)
    host.close_script(script.id)
    raises(host.run_script)
    raises(host.run_script, script.table.tick, "contract")
end)

check("answer", "to a question that nobody waits for: nothing", function()
    host.answer(987654321, { x = 1 })
    host.answer(987654321, nil, "no")
    raises(host.answer)
    raises(host.answer, "one")
end)

-------------------------------------------------------------------------------------------- the host

--- The names of host's functions that no check is about, and of checks about none; "" when they are the same.
function checks.differences()
    local about, found = {}, {}
    for _, one in ipairs(checks) do
        about[one.host] = true
        if type(rawget(host, one.host)) ~= "function" then found[#found + 1] = one.host .. " is missing" end
    end
    for name, value in pairs(host) do
        if type(value) == "function" and not about[name] then
            found[#found + 1] = name .. " is in no check"
        end
    end
    table.sort(found)
    return table.concat(found, ", ")
end

return checks

end
