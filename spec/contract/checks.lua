--- What main.lua and lib may rely on, whoever provides `host`: run by busted on the fake host and by the
-- program itself on the real one (contract_spec.lua), each check in a task of its own. A check raises when it
-- does not hold. No PG3, and no network but this machine's.
--
-- Those of each subject stand in a file beside this one.
-- Returns list of { host = the function it is about, name, fn }, in order. Every function of host has one.
-- given.write(path, text) makes a file of a script; given.vrm = the URL of a stand-in of VRM, nil: none;
-- given.broker = the port of an MQTT broker on this machine, nil: none.

return function(given)

local checks = {}

local function check(of, name, fn)
    checks[#checks + 1] = { host = of, name = of .. ": " .. name, fn = fn }
end

--- What several subjects need.
local with = {}

--- fn(...) has to raise -> the error as text.
function with.raises(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "it should have raised")
    return tostring(err)
end

--- Whether the text names all of these.
function with.names(text, ...)
    for _, word in ipairs { ... } do assert(text:find(word, 1, true), word .. " is not in: " .. text) end
end

function with.near(value, wanted) assert(math.abs(value - wanted) < 1e-9, value .. " is not " .. wanted) end

function with.declaration(changes)
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

function with.node(changes)
    local result = { address = "contract", type = "CONTRACT", name = "Contract", primary = "contract" }
    for key, value in pairs(changes or {}) do result[key] = value ~= "none" and value or nil end
    return result
end

--- What main.lua answers scripts, with such a type for every node.
function with.serve()
    local script_api = require "serve.script_api"
    script_api.type_at = function() return with.declaration() end
    script_api.begin()
end

function with.with_node()
    with.serve()
    host.declare(with.declaration())
    assert(host.add(with.node()) == true)
end

--- Waits until fn gives something true, at most half a minute.
function with.eventually(fn)
    for _ = 1, 3000 do
        if fn() then return end
        host.sleep(0.01)
    end
    error("it did not happen", 2)
end

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")
for _, subject in ipairs { "tasks", "program", "network", "nodes", "scripts" } do
    assert(loadfile(HERE .. "/" .. subject .. ".lua"))()(check, given, with)
end

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
