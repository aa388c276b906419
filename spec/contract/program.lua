--- The contract of host: what the program says, reads, writes and knows. See checks.lua.

return function(check, given, with)

local raises, names, with_node, eventually = with.raises, with.names, with.with_node, with.eventually

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

check("log_problem", "nil where lines are written", function() assert(host.log_problem() == nil) end)

check("mask", "a text", function()
    host.mask("a-secret-of-the-contract")
    host.mask("")
    raises(host.mask)
    raises(host.mask, {})
end)

check("masks", "whether a text has a secret in it", function()
    host.mask("hidden-text-of-the-contract")
    assert(host.masks("x hidden-text-of-the-contract") == true and host.masks("x") == false)
    raises(host.masks)
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
    assert(host.read("contract/read.lua", 10) and not host.read("contract/read.lua", 9))
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

end
