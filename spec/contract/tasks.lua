--- The contract of host: time, tasks and timers. See checks.lua.

return function(check, _, with)

local raises, names, eventually = with.raises, with.names, with.eventually

check("time", "unix seconds", function()
    assert(host.time() > 1700000000 and host.time() < 4000000000)
end)

check("steady", "seconds that go on as time does", function()
    local before = host.steady()
    host.sleep(0.05)
    local passed = host.steady() - before
    assert(before > 0 and passed >= 0.04 and passed < 60)
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
    local before = host.steady()
    assert(select("#", host.sleep(0.05)) == 0)
    assert(host.steady() - before >= 0.04)
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
    local before, order = host.steady(), {}
    for _, seconds in ipairs { 30, 10, 20 } do
        host.spawn(function()
            host.sleep(seconds)
            order[#order + 1] = ("%d at %d"):format(seconds, math.floor(host.steady() - before + 0.5))
        end)
    end
    host.sleep(60)
    assert(math.abs(host.steady() - before - 60) < 0.01)
    host.stand(false)
    assert(table.concat(order, ", ") == "10 at 10, 20 at 20, 30 at 30", table.concat(order, ", "))
    before = host.steady()
    host.sleep(0.05)
    assert(host.steady() - before >= 0.04)
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

end
