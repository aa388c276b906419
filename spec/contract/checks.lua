--- What main.lua and lib may rely on, whoever provides `host`: run by busted on the fake host and by the
-- program itself on the real one (contract_spec.lua). A check raises when it does not hold. No network
-- and no PG3.

local checks = {}

local function check(name, fn)
    checks[#checks + 1] = { name = name, fn = fn }
end

local function raises(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "it should have raised")
    return tostring(err)
end

local TYPE = {
    id = "CONTRACT", name = "Contract", drivers = {
        { id = "ST", label = "Power", uom = 73, places = 0, min = -10, max = 1000, zero = true },
        { id = "CV", label = "Voltage", uom = 72, places = 2, min = 0, max = 100, zero = true },
        { id = "GV1", label = "State", uom = 25, places = 0, zero = false, names_id = "CONTRACT_STATE",
          names = { [0] = "Off", [3] = "On" } },
    },
    commands = { { id = "QUERY", name = "Query" } },
}

local function with_node()
    host.declare(TYPE)
    assert(host.add { address = "contract", type = "CONTRACT", name = "Contract", primary = "contract" })
end

check("time is unix seconds", function()
    assert(host.time() > 1700000000 and host.time() < 4000000000)
end)

check("an unset environment variable is nil", function()
    assert(host.env("VICTRON_NOT_SET_AT_ALL") == nil)
end)

check("version is a text", function() assert(host.version:find("^%d+%.%d+%.%d+$")) end)

check("log takes the four levels and no other", function()
    for _, level in ipairs { "debug", "info" } do host.log(level, "contract") end
    raises(host.log, "shout", "contract")
end)

check("a node is added once and found", function()
    with_node()
    with_node()
    local node = host.node("contract")
    assert(node.address == "contract" and node.type == "CONTRACT" and node.primary == "contract")
    assert(host.node("nobody") == nil)
end)

check("values are numbers of the base unit, rounded when shown", function()
    with_node()
    host.set("contract", "CV", 12.346)
    assert(math.abs(host.get("contract", "CV") - 12.346) < 0.01)
end)

check("nil is no data", function()
    with_node()
    host.set("contract", "ST", 5)
    host.set("contract", "ST", nil)
    assert(host.get("contract", "ST") == nil)
    host.set("contract", "ST", nil, "no data")
end)

check("an unknown node or driver raises and is named", function()
    with_node()
    assert(raises(host.set, "nobody", "ST", 1):find("nobody", 1, true))
    assert(raises(host.set, "contract", "GV9", 1):find("GV9", 1, true))
end)

check("an address that cannot be one is refused", function()
    host.declare(TYPE)
    local ok, added, why = pcall(host.add, { address = "Not An Address", type = "CONTRACT", name = "x",
                                             primary = "x" })
    assert(not ok or (not added and why))
end)

check("known nodes and parameters are tables", function()
    assert(type(host.known()) == "table" and type(host.params()) == "table")
end)

check("the choices of the user are taken", function()
    host.zero_stale(true)
    host.hold_nodes(true)
    host.hold_nodes(false)
    host.alt_units(false)
    with_node()
    host.stale("contract", true)
    host.stale("contract", false)
end)

check("script files of a folder have a name, a path and a stamp", function()
    local list = host.script_files("scripts/devices")
    assert(#list >= 5)
    for _, one in ipairs(list) do assert(one.name and one.path and one.stamp) end
    for i = 2, #list do assert(list[i - 1].name < list[i].name) end
end)

check("a folder that is not there has no scripts", function()
    assert(#(host.script_files("no/such/folder") or {}) == 0)
end)

check("a device script loads, its functions can be called, its errors have file and line", function()
    local file
    for _, one in ipairs(host.script_files("scripts/devices")) do
        if one.name == "battery_monitor" then file = one end
    end
    local script = assert(host.load_script(file.path, "devices/battery_monitor.lua"))
    assert(script.table.id == "VICBATT" and #script.text > 0)
    local from
    for _, row in ipairs(script.table) do from = from or row.from end
    assert(type(from) == "function")
    assert(from({}) == nil)
    assert(raises(from, 5):find("battery_monitor.lua:%d+:"))
    host.close_script(script.id)
end)

check("a file that is not there is a reason, no error", function()
    local script, why = host.load_script("no/such/file.lua", "file.lua")
    assert(script == nil and type(why) == "string")
end)

check("node.state is kept for each script", function()
    local file = host.script_files("scripts/devices")[1]
    local script = assert(host.load_script(file.path, "devices/" .. file.name .. ".lua"))
    host.script_state(script.id, { contract = { count = 3, name = "x", list = { 1, 2 } } })
    local state = host.script_state(script.id)
    assert(state.contract.count == 3 and state.contract.name == "x" and state.contract.list[2] == 2)
    assert(host.script_figures(script.id).memory > 0)
    host.close_script(script.id)
end)

check("notices and pages may be set at any time", function()
    host.notice("contract", "text")
    host.notice("contract", nil)
    host.doc("<p>x</p>")
end)

check("a timer can be cancelled", function()
    local id = host.after(3600, function() error("it rang") end)
    host.cancel(id)
    host.cancel(id)
end)

return checks
