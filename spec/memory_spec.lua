--- What the plugin keeps of VRM's answers is bounded in bytes, whatever they hold.

local worlds = require "spec.support.worlds"

local KIB = 1024

--- Bytes more than before that are still in use after fn().
local function kept_by(fn)
    collectgarbage()
    collectgarbage()
    local before = collectgarbage("count")
    fn()
    collectgarbage()
    collectgarbage()
    return math.floor((collectgarbage("count") - before) * KIB)
end

local function long(i, bytes)
    return ("%07d"):format(i) .. ("x"):rep(bytes - 7)
end

describe("what is kept of VRM's answers", function()
    local read, answers, diagnostics

    before_each(function()
        for _, name in ipairs { "types.read", "types.diagnostics", "sources.answers" } do
            package.loaded[name] = nil
        end
        read, answers = require "types.read", require "sources.answers"
        diagnostics = require "types.diagnostics"
    end)

    -- Fault: 5000 different words of any length are kept: an answer can fill the memory for good
    -- Expected: the words kept take less than a MiB, and every word is still read right
    it("words", function()
        local bytes = kept_by(function()
            for i = 1, 5000 do assert.equal(long(i, 4096), read.word(long(i, 4096))) end
        end)
        assert.is_true(bytes < 1024 * KIB, bytes)
        bytes = kept_by(function()
            for i = 1, 50000 do read.word(" " .. i) end
        end)
        assert.is_true(bytes < 1024 * KIB, bytes)
        assert.equal("V", read.word(" V "))
    end)

    -- Fault: 5000 different formats of any length are kept
    -- Expected: they take less than 256 KiB, and every unit is still read right
    it("units", function()
        local bytes = kept_by(function()
            for i = 1, 5000 do
                assert.equal(long(i, 40), diagnostics.unit("%.1F " .. long(i, 40)))
                assert.is_nil(diagnostics.unit("%.1F " .. long(i, 4096)))
            end
        end)
        assert.is_true(bytes < 256 * KIB, bytes)
        assert.equal("kWh", diagnostics.unit("%.2F kWh"))
    end)

    local function record(id, bytes)
        return { idDataAttribute = id, dbusPath = "/State", rawValue = 1, dataAttributeEnumValues = {
            { valueEnum = 1, nameEnum = long(id, bytes) }, { valueEnum = 2, nameEnum = "Off" } } }
    end

    -- Fault: the names of 5000 attributes' values are kept, of any length
    -- Expected: they take less than 2 MiB; those of a real account are all kept
    it("names of values", function()
        local bytes = kept_by(function()
            for id = 1, 5000 do diagnostics.row(record(id, 4096)) end
        end)
        assert.is_true(bytes < 2048 * KIB, bytes)
    end)

    it("names of values of a real account, also when they change", function()
        for turn = 1, 50 do
            for id = 1, 500 do diagnostics.row(record(id, 20 + turn % 2)) end
        end
        for id = 1, 500 do assert.equal(long(id, 20), diagnostics.names({ id = id })[1]) end
    end)

    --- The answers of so many installations alike, each read as a text of its own.
    local function records_of(site, devices)
        local records = {}
        for instance = 1, devices do
            for id = 1, 30 do
                records[#records + 1] = { dbusServiceType = "battery", instance = instance, code = "C" .. id,
                    dbusPath = "/Path/Of/A/Row/" .. id, idDataAttribute = id, Device = "Battery Monitor",
                    formatWithUnit = "%.2F V", rawValue = site + id / 8, timestamp = 1776515900 + site,
                    formattedValue = ("%.2f V"):format(site + id / 8) }
            end
        end
        return records
    end

    -- Fault: each row says again what it is, with ten members: 90,000 rows are 70 MiB
    -- Expected: what it is stands once for all installations; a row is a table of its values
    it("a row, with what finds it", function()
        local store, SITES, DEVICES = require "model.store", 10, 30
        local type_ = { name = "Battery", keys = {}, parts = {} }
        local known, rows = {}, 0
        local function take(site)
            local answer = {}
            for i, one in ipairs(records_of(site, DEVICES)) do answer[i] = diagnostics.row(one) end
            rows = #answer
            known[site] = store.new()
            known[site]:sort(answer, {}, function() return type_ end)
            for home in known[site]:each() do store.was_shown(home) end
        end
        take(1)
        local bytes = kept_by(function()
            for site = 2, SITES + 1 do take(site) end
        end) / (SITES * rows)
        assert.is_true(bytes < 250, bytes)
        local one = known[2].devices[1].rows["/Path/Of/A/Row/8"]
        assert.same({ service = "battery", instance = 1, path = "/Path/Of/A/Row/8", code = "C8", id = 8,
            device = "Battery Monitor", unit = "V", value = 3, timestamp = 1776515902 },
            diagnostics.flat(one))
    end)

    -- Fault: the drivers of the device scripts take 2 KiB each, most of it room for what they do not have
    -- Expected: a type has what it says, and what only its check needs is not kept
    it("what device scripts mean", function()
        local fake = require "spec.support.fake_host"
        local world, types, loaded = fake.new {}, {}, {}
        local check = require "check.device"
        for i, name in ipairs(fake.DEVICES) do
            local script = fake.load_device(name)
            loaded[i] = { file = script.file, table = world:adopt(script.table) }
        end
        local bytes = kept_by(function()
            for i, script in ipairs(loaded) do types[i] = assert(check.device(script.file, script.table)) end
        end)
        local drivers = 0
        for _, main in ipairs(types) do
            for _, type_ in ipairs(check.types(main)) do drivers = drivers + #type_.drivers end
        end
        assert.is_true(bytes < 800 * drivers, bytes / drivers)
    end)

    -- Fault: what a row is is kept for ever, also if VRM sends another each time
    -- Expected: it goes with the last row that is there
    it("what rows are, as long as there are rows", function()
        local bytes = kept_by(function()
            for turn = 1, 50 do
                for i = 1, 200 do
                    assert(diagnostics.row { dbusServiceType = "battery", dbusPath = "/" .. turn,
                                      idDataAttribute = i, rawValue = 1 })
                end
            end
        end)
        assert.is_true(bytes < 1024 * KIB, bytes)
    end)

    -- Fault: names of devices are kept as long as VRM sends them
    -- Expected: 200 bytes of each are kept
    it("names of devices", function()
        local devices = answers.overview { records = { devices = {
            { name = long(1, 9000), customName = long(2, 9000), productName = long(3, 9000) } } } }
        assert.equal(200, #devices[1].type)
        assert.equal(200, #devices[1].custom_name)
        assert.equal(200, #devices[1].product)
    end)

    -- Fault: each device without a script is remembered as told: new ones in every answer fill the memory
    -- Expected: what is remembered of an installation is bounded
    it("devices that no script knows", function()
        local world = worlds.started()
        local rows = world.vrm.sites[151734].rows
        local count = #rows
        local function poll_with_new_devices(turn)
            for i = 1, 200 do
                rows[count + i] = { timestamp = world.now, dbusServiceType = long(turn * 1000 + i, 2000),
                                    instance = i, dbusPath = "/A", rawValue = 1, idDataAttribute = 5 }
            end
            worlds.next_poll(world, true)
            world.lines, world.requests, world.sets = {}, {}, {}
        end
        for turn = 1, 5 do poll_with_new_devices(turn) end
        local bytes = kept_by(function()
            for turn = 6, 20 do poll_with_new_devices(turn) end
        end)
        assert.is_true(bytes < 300 * KIB, bytes)
    end)
end)
