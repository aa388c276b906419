--- What all notices have: what is wrong, since when, and where more of it stands.

local fake = require "spec.support.fake_host"
local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"

local function text_of(path)
    local file = assert(io.open(path))
    local text = file:read("a")
    file:close()
    return text
end

--- pg3.notices by itself -> notices, world. docs: what server.json says; nil: as in the repository.
local function fresh(docs)
    local world = fake.new {}
    local read = world.host.read
    world.host.read = function(path)
        if docs and path == "server.json" then return ('{ "docs": "%s" }'):format(docs) end
        return read(path)
    end
    package.loaded["pg3.notices"] = nil
    return require "pg3.notices", world
end

local function since(at) return os.date("Since %Y-%m-%d %H:%M.", at) end

describe("a notice", function()
    after_each(function() package.loaded["pg3.notices"] = nil end)

    -- Fault: A device was replaced while the controller had no date, and its notice keeps the date of 1970.
    -- Expected: When the clock is set, each notice has the right date.
    it("has the right date once the clock is set", function()
        local notices, world = fresh()
        world.clock_error = -86400
        notices.params { "The parameter x is unknown." }
        notices.devices { { text = "Boat: another battery.", at = world.host.steady() } }
        world.clock_error = 0
        notices.refresh()
        for _, key in ipairs { "params", "devices" } do
            assert.truthy(world.notices[key]:find(since(world.now), 1, true), world.notices[key])
        end
    end)

    -- Fault: Who sees a notice the next morning does not know since when it is so, nor where to read on.
    -- Expected: Each says since when its text is so, and names the page and section that help.
    it("says since when it is so, and where more stands", function()
        local notices, world = fresh()
        local began = world.now
        notices.params { "The parameter x is unknown." }
        local text = world.notices.params
        assert.equal("The parameter x is unknown. " .. since(began) .. " More: README.md, Parameters.", text)
        world.now = world.now + 3600
        notices.params { "The parameter x is unknown." }
        assert.equal(text, world.notices.params)
        notices.params { "The parameter y is unknown." }
        assert.truthy(world.notices.params:find(since(began + 3600), 1, true))
        notices.params {}
        assert.is_nil(world.notices.params)
    end)

    it("of an outage says since when that is", function()
        local notices, world = fresh()
        local two_hours_ago = world.host.steady() - 7200
        notices.connection({ since = two_hours_ago, parts = { { kind = "server", text = "Bad." } } },
            { token = "x" })
        assert.truthy(world.notices.vrm:find(since(world.now - 7200), 1, true))
        assert.truthy(world.notices.vrm:find("More: README.md, States and what to do.", 1, true))
    end)

    -- Fault: A controller whose clock is not set when it boots tells of an outage since 1972, also later.
    -- Expected: A time before this plugin was made is no time: the notice goes without it.
    it("tells no time of a clock that was not set", function()
        local notices, world = fresh()
        local outage = { since = 1, parts = { { kind = "server", text = "Bad." } } }
        world.clock_error = -world.now
        notices.connection(outage, { token = "x" })
        assert.is_nil(world.notices.vrm:find("Since", 1, true))
        assert.truthy(world.notices.vrm:find("by itself. More: ", 1, true))
    end)

    -- Fault: Who has only the log, or was sent it, does not see which parameter was not understood.
    -- Expected: It has one line of it when it begins, and again when it comes back.
    it("of parameters is in the log too, once", function()
        local notices, world = fresh()
        for count = 1, 2 do
            for _ = 1, 2 do notices.params { "The parameter x is unknown." } end
            assert.equal(count, #world:logged "The parameter x is unknown.")
            notices.params {}
        end
    end)

    -- Fault: A node that PG3 does not take is named in the log only: its owner sees that a device is missing.
    -- Expected: One notice has which, why and what to do, and goes when PG3 has taken them.
    it("names the nodes that PG3 does not take, until it takes them", function()
        local notices, world = fresh()
        local function told(list)
            local nodes = {}
            for name, why in list:gmatch "(%S+) ([^;]*);" do
                nodes[#nodes + 1] = { address = "x_1", name = name, why = why }
            end
            notices.refused(nodes)
            return (world.notices.refused:gsub("</?bdi>", ""))
        end
        assert.equal("PG3 does not take 2 nodes of this plugin. A&lt;1&gt; (x_1): no &amp; no. B (x_1): no"
            .. " room. They are tried again, every five minutes at most. If that does not help, restart PG3."
            .. " " .. since(world.now) .. " More: docs/install.md, Trouble.", told
            "A<1> no & no; B no room.;")
        assert.truthy(told("A ; B no; C no; D no; E no;"):find("5 nodes of this plugin. A (x_1): no reason"
            .. " given. B (x_1): no. C (x_1): no. 2 more are in the log. They are", 1, true))
        assert.truthy(told("A no;"):find("1 node of this plugin. A (x_1): no. It is tried again", 1, true))
        notices.refused {}
        assert.is_nil(world.notices.refused)
    end)

    it("has a link where the pages have an address", function()
        local notices, world = fresh "https://example.com/victron/blob/v1.0.0/README.md"
        notices.params { "x." }
        assert.truthy(world.notices.params:find('More: <a href="https://example.com/victron/blob/v1.0.0/'
            .. 'README.md#parameters" target="_blank">README.md, Parameters</a>.', 1, true))
    end)

    it("names sections that are there", function()
        local notices = fresh()
        for _, page in pairs(notices.PAGES) do
            local path, section = table.unpack(page)
            local heading = "\n#+ " .. section:gsub("%p", "%%%0") .. "\n"
            assert.truthy(("\n" .. text_of(path)):find(heading), section)
        end
        assert.equal("nodes-come-go-and-stay", notices.anchor "Nodes come, go and stay")
    end)
end)

-- Fault: What a script tells in a notice has no time; one that it takes back and gives again has an old one.
-- Expected: As of all others.
it("a device script's notice says since when as well", function()
    local world = script_world.started { files = { [script_world.USER .. "solar_charger.lua"] =
        script_world.solar(nil, [[update = function(node, rows)
            local full = number(rows, "/Yield/Power") == 500
            node:notice("full", full and "**Full** power" or nil)
        end,]]) } }
    local function power(watts)
        for _, row in ipairs(world.vrm.sites[151734].rows) do
            if row.dbusPath == "/Yield/Power" then row.rawValue = watts end
        end
        worlds.next_poll(world)
        return world.notices[worlds.SOLAR .. "_full"]
    end
    assert.is_nil(power(400))
    local first = power(500)
    assert.truthy(first:find("^<b>Full</b> power%. Since %d%d%d%d%-%d%d%-%d%d %d%d:%d%d%.$"), first)
    assert.is_nil(power(400))
    world.now = world.now + 3600
    assert.not_equal(first, power(500))
    script_world.well(world)
end)
