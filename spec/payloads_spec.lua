--- Recorded answers of VRM, where the folder is there (it is not part of the repository): nothing raises,
-- and the devices in them are found.

local dkjson = require "dkjson"
local lfs = require "lfs"
local fake = require "spec.support.fake_host"
local read = require "lib.vrm_read"

local FOLDER = "../shared/vrm/payloads/"

local function decode(path)
    local file = assert(io.open(path))
    local text = file:read("a")
    file:close()
    local json = dkjson.decode(text)
    return json
end

local function recorded(name) return decode(FOLDER .. name .. ".json") end

local function files(folder)
    local list = {}
    for name in lfs.dir(folder) do
        if name:find("%.json$") then list[#list + 1] = folder .. name end
    end
    table.sort(list)
    return list
end

if lfs.attributes(FOLDER, "mode") ~= "directory" then
    describe("recorded answers", function() pending("the folder " .. FOLDER .. " is not here") end)
    return
end

local function token_ok(json) return { status = 200, json = json } end

--- A world whose VRM gives this diagnostics answer for one site.
local function world_of(site, diagnostics, overview)
    local world = fake.new {
        params = { vrm_token = ("a"):rep(64) },
        answer = function(request)
            if request.path == "/users/me" then return token_ok { user = { id = 22 } } end
            if request.path:find("^/users") then return token_ok { records = { { idSite = site,
                name = "Recorded" } } } end
            if request.path:find("overview", 1,
                true) then return token_ok(overview or { records = { devices = {} } }) end
            return token_ok(diagnostics)
        end,
    }
    return world:start()
end

describe("recorded answers", function()
    for _, path in ipairs(files(FOLDER)) do
        it("are read without raising: " .. path:match("[^/]+$"), function()
            local json = decode(path)
            if type(json) ~= "table" then return end
            assert.has_no.errors(function()
                read.user(json); read.installations(json); read.overview(json); read.error_text(json)
                for _, record in ipairs(read.items(json.records)) do
                    read.row(record)
                    for _, attribute in ipairs(read.items(record.extended)) do read.row(attribute) end
                end
            end)
            world_of(1, json, json)
            assert.same({}, world_of(1, json, json).errors)
        end)
    end

    it("of the account and its installations are understood", function()
        assert.equal(22, read.user(decode(FOLDER .. "users-me__lubosstrejcek-demo-2026-04.json")).id)
        assert.equal(7,
            #read.installations(decode(FOLDER .. "installations-extended__lubosstrejcek-demo-2026-04.json")))
        local alarmed = read.installations(recorded "installations-extended-active-alarm__OLeier-2025-05")
        assert.equal(1, alarmed[1].alarms)
        local overview = read.overview(recorded "system-overview__lubosstrejcek-demo-35ft-yacht-2026-04")
        assert.equal(9, #overview)
        assert.equal(60, overview[1].interval)
        assert.equal("SmartShunt 500A", overview[3].product)
    end)

    for site, nodes in pairs {
        [151734] = { "392u_gw0", "392u_vb257", "392u_bm288" }, [219742] = { "4pjy_gw0", "4pjy_vb276" },
        [374891] = { "819n_gw0", "819n_vb276", "819n_bm1" },
    } do
        it("in the shape of diagnostics become nodes: " .. site, function()
            local name = "derived/NOT-RECORDED__diagnostics-shape-from-extended-site" .. site
            local world = world_of(site, recorded(name))
            assert.same({}, world.errors)
            table.remove(world.added, 1)
            table.sort(world.added)
            table.sort(nodes)
            assert.same(nodes, world.added)
            assert.equal(1, world:value("controller", "GV0"))
            assert.equal("number", type(world:value(world.added[1], "GV30")))
        end)
    end
end)
