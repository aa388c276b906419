-- What readers of foreign texts cost: ten times the text, at most twelve times the work.

local cost = require "spec.support.cost"
local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local commands = require "types.commands"
local discovery = require "model.discovery"
local node_names = require "pg3.node_names"
local services = require "types.services"
local markdown = require "pg3.markdown"
local paint = require "tools.paint"
local params = require "pg3.params"
local answers = require "sources.answers"
local diagnostics = require "types.diagnostics"
local read = require "types.read"
local worlds = require "spec.support.worlds"

local TOKEN = "e03ec962d5209774e8b48e501396e2a8eddf073284dfb82086c6ba479a8b69a7"

--- Texts that make a pattern go back: one unit many times, between two ends.
local TEXTS = {
    { "", "1", "x" }, { "", "0", "" }, { "1.", "1", "e" }, { "", "-1", "" }, { "", "1e1", "" },
    { "", " ", "x" }, { "x", " ", "x" }, { "", "x ", "" }, { "x", "\t", "" }, { "x", " ", "" },
    { "", "é", "" },
    { "%", "0", "x" }, { "%", " ", "1" }, { "% ", "1", "" }, { "%.1F", " ", "V" }, { "%", "%", "" },
    { "", ".1", "" }, { "", ".uom1", "x" }, { "", "a.", "1" }, { "", "/", "x" }, { "", "<b>", "" },
    { "", "\0", "" }, { "", "\xFF", "" }, { "", TOKEN, "" }, { "", TOKEN:sub(1, 63), "" },
    { "", "[a](", "" }, { "", "**[", "" },
    { "", "#", "x" }, { "# x", " #", "x" }, { "- ", " ", "x" }, { "", "`", "" }, { "", "**", "" },
    { "", "```\n", "" }, { "", "1. ", "x" }, { "", "Token ", "" }, { "", "[a](https://", "" },
}

local function row(field)
    return function(text)
        local record = { code = "V", rawValue = 1, formatWithUnit = "%.1F h" }
        record[field] = text
        return diagnostics.row(record)
    end
end

local function in_each(fields, fn)
    return function(text)
        for _, field in ipairs(fields) do fn(field, text) end
    end
end

--- An answer of VRM's with such a text in it, through the client.
local function answered(reply)
    return function(text)
        local world = fake.new { answer = function() return reply(text) end }
        local client = assert(require("sources.vrm").new { token = TOKEN })
        world:spawn(function()
            client:me()
            client:installations(1)
        end)
        world:run(1)
        assert(#world.errors == 0, world.errors[1])
    end
end

local READERS = {
    ["a number"] = read.number,
    ["a text"] = read.text,
    ["a format"] = diagnostics.unit,
    ["the fields of a row"] = in_each({ "rawValue", "formattedValue", "formatWithUnit", "timestamp",
        "instance", "code", "dbusPath", "dbusServiceType", "Device", "valueEnum", "idDataAttribute" },
        function(field, text) row(field)(text) end),
    ["the names of a value"] = function(text)
        diagnostics.row { code = text:sub(1, 9), rawValue = text, dataAttributeEnumValues = {
            { nameEnum = text, valueEnum = "1" }, { nameEnum = "x", valueEnum = text } } }
    end,
    ["the fields of an installation"] = in_each({ "idSite", "name", "num_alarms", "last_timestamp" },
        function(field, text)
            answers.installations { records = { { idSite = 1, [field] = text } } }
        end),
    ["the fields of a device"] = in_each({ "idDeviceType", "instance", "loggingInterval", "name",
        "customName", "productName", "lastConnection" },
        function(field, text) answers.overview { records = { devices = { { [field] = text } } } } end),
    ["the keys of a list"] = function(text) read.items { [text] = {}, x = {} } end,
    ["an error"] = function(text)
        answers.error_text({ errors = text }, TOKEN)
        answers.error_text({ errors = { a = text, b = { text } } }, TOKEN)
        answers.error_text({ error_code = text }, TOKEN)
    end,
    ["a text with a secret"] = function(text) answers.without(text, TOKEN) end,
    ["an error through the client"] = answered(function(text)
        return { status = 400, json = { success = false, errors = text } }
    end),
    ["the address of VRM"] = function(text)
        require("sources.vrm").new { token = "", url = "https://" .. text }
    end,
    ["a name of a node"] = function(text) node_names.clean_name(text) end,
    ["a service"] = function(text) services.code(text) end,
    ["a parameter"] = in_each({ "vrm_token", "temp_unit", "stale_values", "script_folder", "x" },
        function(field, text) params.read { [field] = text } end),
    ["a parameter's name"] = function(text) params.read({ [text] = "x" }, {}) end,
    ["a command"] = function(text)
        local level = { id = "", label = "x", places = 0, min = 0, max = 9, uom = 56 }
        local set = { id = "SET", params = { level } }
        assert(not commands.validate(set, { value = text, uom = text }))
        assert(not commands.validate(set, { query = { [text] = "1" } }))
    end,
    ["a text as HTML"] = markdown.escape,
    ["a page"] = markdown.html,
    ["a cell of a table"] = function(text) paint.columns { { paint.clean(text), "x" }, { "", "" } } end,
}

local function text_of(parts, bytes)
    return parts[1] .. parts[2]:rep(bytes // #parts[2]) .. parts[3]
end

describe("a reader of foreign texts", function()
    for name, fn in pairs(READERS) do
        -- Fault: A text from outside takes minutes to read; the plugin hangs, and so does its stop.
        -- Expected: Reading any text costs no more than in proportion to its length.
        it("costs no more than in proportion: " .. name, function()
            fn("warm")
            local most = 0
            for _, parts in ipairs(TEXTS) do
                local text = text_of(parts, 1000)
                most = math.max(most, cost.of(function() fn(text) end))
            end
            for _, parts in ipairs(TEXTS) do
                local text = text_of(parts, 10000)
                local now = cost.of(function() fn(text) end)
                assert(now <= 12 * most, ("%q, %q, %q: %d; a tenth of it at most %d"):format(
                    parts[1], parts[2], parts[3], now // 1, most // 1))
            end
        end)
    end
end)

describe("the counter of costs", function()
    it("sees what patterns do", function()
        local function tried(pattern, bytes)
            local text = (" "):rep(bytes) .. "x"
            return cost.of(function() return text:find(pattern) end)
        end
        assert.is_true(tried("%s+$", 400) > 50 * tried("%s+$", 40))
        assert.is_true(tried("^%s*x", 400) < 12 * tried("^%s*x", 40))
    end)

    it("sees texts that are built piece by piece", function()
        local function built(count)
            return cost.of(function()
                local text = ""
                for _ = 1, count do text = text .. "0123456789" end
                return text
            end)
        end
        assert.is_true(built(5000) > 20 * built(500))
    end)
end)

describe("an answer with many parts", function()
    local function rows(count, fields)
        local list = {}
        for i = 1, count do list[i] = fields(i) end
        return list
    end

    local function growth(fn)
        local small, large = fn(200), fn(2000)
        local first, second = cost.of(small), cost.of(large)
        assert(second <= 12 * first, ("%d, ten times as many parts %d"):format(first // 1, second // 1))
    end

    -- Fault: An answer with thousands of devices is compared each with each; the plugin hangs.
    -- Expected: Sorting rows to their devices costs in proportion to the rows.
    it("is sorted to its devices in proportion", function()
        local type_ = { keys = { q = true } }
        local function pick() return type_ end
        growth(function(count)
            local all = rows(count, function(i)
                return { service = "battery", instance = i, code = "V", device = "Battery Monitor" }
            end)
            for i = 1, count do all[#all + 1] = { instance = i, code = "q", value = 1 } end
            local overview = rows(count, function(i)
                return { type = "Battery Monitor", type_id = 2, instance = i, gateway = false }
            end)
            return function() discovery.devices(all, overview, pick) end
        end)
        growth(function(count)
            local all = rows(count, function(i)
                return { service = "s" .. i, instance = 1, code = "V", value = 1, device = "X" }
            end)
            local overview = rows(count, function() return { type = "Y", instance = 1, gateway = false } end)
            return function() discovery.devices(all, overview, pick) end
        end)
    end)

    -- Fault: Each of many rows with a text for a value is compared with each of many names.
    -- Expected: The number behind a text is looked up.
    it("finds the numbers of texts in proportion", function()
        growth(function(count)
            local names = rows(count, function(i) return { nameEnum = "n" .. i, valueEnum = i } end)
            local records = rows(count, function()
                return { code = "many" .. count, rawValue = "none" }
            end)
            records[1].dataAttributeEnumValues = names
            return function()
                for _, record in ipairs(records) do diagnostics.row(record) end
            end
        end)
    end)

    -- Fault: An error text of a hundred thousand parts is sorted and joined before it is cut.
    -- Expected: Only so much of it is read as is shown.
    it("has an error of bounded length", function()
        growth(function(count)
            local errors = rows(count, function(i) return "word" .. i end)
            return function() answers.error_text({ errors = errors }, TOKEN) end
        end)
    end)
end)

describe("a poll of one of many installations", function()
    local STEP, FIRST_ID = 0.5, 151734          -- seconds from one installation's poll to the next
    local SETTLED = 900                         -- seconds after which all were asked for their energy

    --- fn's Lua instructions in the plugin's own files, those of the tasks that it starts included.
    local function instructions_of(fn)
        local EACH, counted, library = 97, 0, _G["coroutine"]
        local create = library.create
        local function count()
            if debug.getinfo(2, "S").source:find("scripts/", 1, true) then counted = counted + EACH end
            debug.sethook(count, "", EACH)          -- anew: Lua counts this function's instructions, too
        end
        library.create = function(body)
            local task = create(body)
            debug.sethook(task, count, "", EACH)
            return task
        end
        local ok, problem = pcall(fn, function() return counted end)
        library.create = create
        assert(ok, problem)
    end

    --- A boat with some solar chargers, and an alarm that comes and goes.
    local function boat()
        local site = fixtures.boat()
        for i = 1, 8 do site.rows = fixtures.join(site.rows, fixtures.solar(300 + i)) end
        site.rows = fixtures.join(site.rows, { fixtures.row("battery", 288, "/Alarms/LowSoc", "ASoc", 0) })
        return site
    end

    local function change(world, turn)
        world.vrm:refresh(SETTLED)
        for _, site in pairs(world.vrm.sites) do
            for _, one in ipairs(site.rows) do
                if one.dbusPath == "/Alarms/LowSoc" then
                    one.rawValue = turn % 2 * 2
                elseif math.type(one.rawValue) == "float" then
                    one.rawValue = one.rawValue + turn % 2 - 0.5
                end
            end
        end
    end

    --- Instructions of a poll and installation where there are so many.
    local function per_poll(sites_count)
        local sites, rounds, sum = {}, 1, 0
        for i = 1, sites_count do sites[FIRST_ID + i] = boat() end
        instructions_of(function(counted)
            local world = worlds.started { sites = sites }
            for turn = 1, rounds do
                world:run(SETTLED)
                change(world, turn)
                world:fire("shortpoll")
                local before = counted()
                world:run(sites_count * STEP)
                sum = sum + counted() - before
                assert(#world.errors == 0, world.errors[1])
            end
            assert(world:count("/diagnostics") >= (rounds + 1) * sites_count)
        end)
        _G.host = nil
        return sum / rounds / sites_count
    end

    -- Fault: For the answer of one installation something goes over all of them, or over all nodes.
    -- Expected: With a hundred of them each poll costs at most a tenth more than with ten.
    it("costs what it costs where there are few", function()
        local few, many = per_poll(10), per_poll(100)
        assert(many <= 1.1 * few, ("%d instructions with 10, %d with 100"):format(few // 1, many // 1))
    end)
end)
