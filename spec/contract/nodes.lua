--- The contract of host: nodes, the profile, and the records that PG3 keeps. See checks.lua.

return function(check, _, with)

local raises, names, near, declaration, node, with_node =
    with.raises, with.names, with.near, with.declaration, with.node, with.with_node

---------------------------------------------------------------------------------------------- nodes

check("declare", "what cannot be a type raises", function()
    raises(host.declare)
    for _, bad in ipairs {
        { id = false }, { drivers = { { id = "ST", uom = 73 } } },
        { drivers = { { id = "ST", label = "x", uom = 73, places = 7 } } },
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
    raises(host.known, "", {})
end)

check("refused", "a list of its own; a node that was not refused is not in it", function()
    with_node()
    table.insert(host.refused(), { address = "x" })
    assert(#host.refused() == 0)
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
    for exact, rounded in pairs { [0.125] = "0.12", [0.375] = "0.38", [-0.125] = "-0.12" } do
        host.set("contract_show", "CV", exact)
        assert(host.shown("contract_show", "CV") == rounded)
    end
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

check("event", "whether it was told", function()
    host.declare { id = "CONTRACTEVENTS", name = "Contract", drivers = {
        { id = "ST", label = "Status", uom = 25, places = 0, names_id = "C", names = { [0] = "Off" } },
    }, events = { { id = "LOST", name = "Lost" } } }
    assert(host.add { address = "contract", type = "CONTRACTEVENTS", name = "C", primary = "contract" })
    assert(type(host.event("contract", "LOST")) == "boolean")
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
    assert(host.default_params { contract = "" } == true)
    assert(host.default_params {} == true)
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

check("unreadable", "nil where PG3 keeps nothing that is no JSON", function()
    assert(host.unreadable() == nil)
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

end
