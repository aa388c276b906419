--- The contract of host: device scripts. See checks.lua.

return function(check, given, with)

local raises, names, with_node, eventually = with.raises, with.names, with.with_node, with.eventually

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

--- What the sandbox refuses: { [code] = what it says }.
local REFUSED = {
    ['("x"):gsub("x", "y")'] = "gsub", ['("x"):match("x")'] = "match", ['("x"):gmatch("x")'] = "gmatch",
    ['string.gsub("x", "x", "y")'] = "gsub", ['("").dump(print)'] = "dump",
    ['("x"):rep(5000)'] = "string.rep: the result would be longer than 4096 bytes",
    ['("x"):rep(100, ("y"):rep(100))'] = "string.rep: the result",
    ['local l = ("x"):rep(4096) string.find(l, l)'] = "string.find: texts of at most 65536 and 256 bytes",
    ['string.format(("x"):rep(257))'] = "a format has at most 256 bytes",
    ['("%d"):rep(200):format(1)'] = "a format has at most 256 bytes",
    ['string.packsize(("b"):rep(257))'] = "a format has at most 256 bytes",
    ['table.insert(setmetatable({}, {}), 1)'] = "this table function takes plain tables only",
    ['table.sort(setmetatable({}, {}))'] = "this table function takes plain tables only",
    ['table.sort({ 2, 1 }, rawequal)'] = "table.sort: compare by a function of your own",
    ['table.move({}, 1, 1, 1)'] = "move", ['table.pack()'] = "pack",
    ['setmetatable({}, { __gc = print })'] = "__gc and __mode are not available in scripts",
    ['setmetatable({}, { __mode = "k" })'] = "__gc and __mode are not available in scripts",
    ['math.pow(1, 1)'] = "pow",
}
-- Its length is 16384, says Lua, which looks for the end at twice the number each time.
REFUSED["table.concat { [1] = 1, [2] = 1, [4] = 1, [8] = 1, [16] = 1, [32] = 1, [64] = 1, [128] = 1,"
    .. " [256] = 1, [512] = 1, [1024] = 1, [2048] = 1, [4096] = 1, [8192] = 1, [16384] = 1 }"]
    = "tables of at most 8192 elements"
for name in ([[_G collectgarbage coroutine debug dofile getmetatable host io load loadfile os package rawset
    require utf8 warn xpcall]]):gmatch("%S+") do
    REFUSED["return " .. name] = "there is no global '" .. name .. "'"
end

check("load_script", "what the sandbox refuses raises in a function of the script, and in a lib", function()
    for code, said in pairs(REFUSED) do
        local script = load_text("return { try = function() " .. code .. " end }")
        names(raises(script.table.try), said)
        host.close_script(script.id)
        given.write("contract/refused.lua", code)
        given.write("contract/loaded.lua", "use 'refused' return {}")
        local none, why = host.load_script("contract/loaded.lua", "contract/loaded.lua",
            { refused = { path = "contract/refused.lua", file = "lib/refused.lua" } })
        assert(none == nil)
        names(why, said)
    end
end)

check("load_script", "a text is searched plainly; what else there is of texts and tables works", function()
    local script = load_text([[return { try = function()
        assert(("a.b"):find("%a") == nil and ("a.b"):find(".", 1, true) == 2)
        assert(string.find("abc", "c", -1) == 3)
        assert(("ab"):rep(2, "-") == "ab-ab" and ("%d"):format(3) == "3" and ("x"):upper() == "X")
        local t = { 3, 1, 2 }
        table.sort(t)
        table.insert(t, 4)
        return table.concat(t, " ") .. string.unpack("b", string.pack("b", 7))
    end }]])
    assert(script.table.try() == "1 2 3 47")
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

check("on", "script_asks: what setting and print ask main.lua", function()
    local settings, said = { limit = 5 }, {}
    local script = load_text [[return {
        limit = function() return setting("limit") end,
        none = function() local value = setting("none") return value end,
        say = function() print("a", 1, nil) end,
    }]]
    host.on("script_asks", function(what, id, file, value)
        assert(id == script.id and file == "contract/loaded.lua")
        if what == "print" then said[#said + 1] = value return end
        return settings[value] or error("no setting " .. value, 0)
    end)
    assert(script.table.limit() == 5)
    names(raises(script.table.none), "no setting none")
    assert(script.table.say() == nil and said[1] == "a 1 nil")
    host.close_script(script.id)
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

check("excess", "what the last run of a function's script took too much of", function()
    local script = load_text [[
        return { endless = function() while true do end end,
                 fail = function() error("ran longer than its budget of 50 ms") end }
    ]]
    local t = script.table
    local _, problems = host.call_all({ t.endless, t.fail }, {})
    assert(problems[1] and problems[1] == problems[2] and host.excess(t.fail) == "budget")
    assert(not pcall(t.fail) and host.excess(t.fail) == nil)
    assert(not pcall(t.endless) and host.excess(t.endless) == "budget")
    assert(host.excess() == nil and host.excess(print) == nil)
    host.close_script(script.id)
    assert(host.excess(t.fail) == nil)
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

-- Fault: a misspelt field of what a script is given is nil, and nobody says so
-- Expected: an error that names it and what there is; what was known to be there and is not is nil
check("call_all", "a field that no row has, nor what is passed on with its fields, is an error", function()
    local script = load_text [[return {
        row = function(rows) return rows["/A"].vlaue end,
        given = function(_, site) return site.hour end,
        known = function(rows, site) return rows["/A"].label == nil and site.zone == nil and site.name end,
        keeps = function(node, rows) node.state.row = rows["/A"] node:set("GV2", #node.state.row.path) end,
    }]]
    local t, site = script.table, setmetatable({ name = "Boat" }, { __fields = "a site: name, zone" })
    local results, problems = host.call_all({ t.row, t.given, t.known }, ROWS, site)
    names(problems[1], "contract/loaded.lua:2:", "a row has no 'vlaue'. It has code, ", "unit, value.")
    names(problems[2], "contract/loaded.lua:3:", "a site has no 'hour'. It has name, zone.")
    assert(results[3] == "Boat", problems[3])
    with_node()
    host.start_script(t.keeps, "contract", nil, { ["/A"] = { value = 1, path = "/A" } })
    eventually(function() return host.get("contract", "GV2") == 2 end)
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

end
