local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local dkjson = require "dkjson"
local units = require "types.units"

--- Runs fn(client) in a task of a fresh world; returns what fn returns.
local function ask(answer, fn)
    local world = fake.new { answer = answer }
    local vrm = require "sources.vrm"
    local result
    world:spawn(function()
        local client = assert(vrm.new { token = fixtures.TOKEN })
        result = table.pack(fn(client))
    end)
    world:run(60)
    assert.same({}, world.errors)
    return table.unpack(result, 1, result.n)
end

local function json(text) return { status = 200, json = (dkjson.decode(text)) } end
local function refusal(status) return { status = status, json = { success = false, errors = "No." } } end
local function measurements(client) return client:diagnostics(7) end

describe("the VRM client", function()
    it("sends the token as VRM wants it, to https only", function()
        local seen
        ask(function(request) seen = request; return json '{"success":true,"user":{"id":22}}' end,
            function(client) return client:me() end)
        assert.equal("Token " .. fixtures.TOKEN, seen.headers["X-Authorization"])
        assert.equal("/users/me", seen.path)
        local vrm = require "sources.vrm"
        local client, problem = vrm.new { token = "x", url = "http://vrmapi.victronenergy.com/v2" }
        assert.is_nil(client)
        assert.truthy(problem:find("https", 1, true))
    end)

    it("stays well below VRM's window of 200 requests, one forgotten each 0.33 s", function()
        local limit = require("sources.vrm").LIMIT
        assert.is_true(limit.depth <= 100 and limit.interval_ms >= 330)
    end)

    it("tells each failure by its kind and one sentence", function()
        local cases = {
            { refusal(401), "auth" }, { refusal(403), "forbidden" }, { refusal(404), "refused" },
            { { status = 429, retry_after = 7 }, "rate" }, { { status = 500 }, "server" },
            { { status = 503, body = "<html>" }, "server" }, { { status = 204 }, "foreign" },
            { { status = 200, json = "text" }, "bad_answer" }, { json '{"success":false}', "refused" },
            { json '{"success":true,"user":[]}', "bad_answer" }, { json '{"success":true}', "bad_answer" },
            { json '{"success":true,"user":false}', "bad_answer" },
        }
        for _, case in ipairs(cases) do
            local user, err = ask(function() return case[1] end, function(client) return client:me() end)
            assert.is_nil(user)
            assert.equal(case[2], err.kind)
            assert.truthy(err.text:find("%.$"))
        end
        local _, err = ask(function() return { status = 429, retry_after = 7 } end, measurements)
        assert.equal(7, err.retry_after)
    end)

    -- Fault: A page of a proxy or a login page (403, 401, 302, 200) counts as VRM's answer.
    -- Expected: Only an answer in VRM's form says something about the token; the rest is trouble on the way.
    it("knows VRM's answers from those of something on the way", function()
        for _, status in ipairs { 302, 307, 400, 401, 403, 404, 407, 451, 511 } do
            for _, said in ipairs { { json_error = "invalid token" }, { json = {} },
                { json = { error = 1020 } }, { json = { success = true } }, { json = "x" } } do
                local _, err = ask(function() return { status = status, json = said.json,
                    json_error = said.json_error } end, measurements)
                assert.equal("foreign", err.kind)
                assert.truthy(err.text:find(tostring(status), 1, true))
            end
        end
        local _, err = ask(function() return { status = 200, json_error = "invalid token" } end, measurements)
        assert.equal("foreign", err.kind)
    end)

    -- Fault: An error text that is cut within the token shows its first half.
    -- Expected: The token is taken out before the text is cut.
    it("shows no part of the token at the end of a long text", function()
        local words = ("x"):rep(190) .. fixtures.TOKEN
        local _, err = ask(function() return { status = 400, json = { success = false, errors = words } } end,
            measurements)
        assert.is_nil(err.text:find(fixtures.TOKEN:sub(1, 8), 1, true))
    end)

    it("hands on the network's failures", function()
        local answer, err = ask(function() return nil, { kind = "dns", text = "No such host." } end,
            measurements)
        assert.is_nil(answer)
        assert.same({ kind = "dns", text = "No such host." }, err)
    end)

    -- Fault: a device script leaves the API's address with a path like /../../x.
    -- Expected: VRM is not asked; the script gets nil and a sentence.
    it("asks for nothing above or beside the API's address for a script", function()
        for _, path in ipairs {
            "/../x", "/../../x", "/users/../../x", "/users/..", "/users/.", "/./users", "//evil.test/x",
            "//", "/users//me",
            "/%2e%2e/x", "/users/%2E%2E/x", "\\\\evil.test", "/users\\..\\x", "/x?y=1", "/x#y", "/",
            "https://evil.test/", "",
            "/x\r\nX-Evil: 1", "/x\0", "users", "/x@evil.test", " /x",
            "/installations/7/Diagnostics" } do
            local asked = 0
            local answer, err = ask(function() asked = asked + 1; return json '{"success":true}' end,
                function(client) return client:get_for_script("a.lua", path) end)
            assert.is_nil(answer)
            assert.equal("misuse", err.kind, path)
            assert.equal(0, asked, path)
        end
        local seen
        ask(function(request) seen = request.path; return json '{"success":true}' end, function(client)
            return client:get_for_script("a.lua", "/installations/7/stats.v1", { ["a/../b"] = "&c=#?/.." })
        end)
        assert.equal("/installations/7/stats.v1?a%2F..%2Fb=%26c%3D%23%3F%2F..", seen)
    end)

    -- Fault: a query that is written as a text is left out, and VRM answers something else than was asked.
    -- Expected: nothing is asked, and what to write is said.
    it("does not leave out a query that is no table", function()
        local asked = 0
        local answer, err = ask(function() asked = asked + 1; return json '{"success":true}' end,
            function(client) return client:get_for_script("a.lua", "/installations/7/stats", "type=kwh") end)
        assert.is_nil(answer)
        assert.truthy(err.text:find("the query is a table", 1, true), err.text)
        assert.equal(0, asked)
    end)

    -- Fault: VRM repeats the token where its text is cut, so that most of it is left and not recognised.
    -- Expected: it is taken out before the cut; none of it is left.
    it("shows nothing of a token that stands across the end of what is shown", function()
        for before = 0, 210 do
            local _, err = ask(function()
                return json(('{"success":false,"errors":"%s%s"}'):format(("x"):rep(before), fixtures.TOKEN))
            end, measurements)
            assert.is_nil(err.text:find(fixtures.TOKEN:sub(1, 4), 1, true), err.text)
        end
    end)

    it("shows VRM's own words, whatever their shape, and never the token", function()
        for body, words in pairs {
            ['{"success":false,"errors":["No settings found"]}'] = "No settings found",
            ['{"success":false,"error_code":"missing","errors":"ResetType em falta"}'] = "ResetType em falta",
            ['{"success":false,"errors":{"site":"unknown","user":["a","b"]}}'] = "unknown; a; b",
            ['{"success":false,"error":["Query too short"]}'] = "Query too short",
        } do
            local _, err = ask(function() return json(body) end, measurements)
            assert.truthy(err.text:find(words, 1, true), err.text)
        end
        local _, err = ask(function()
            return json('{"success":false,"errors":"' .. fixtures.TOKEN .. ' and ' .. fixtures.TOKEN .. '"}')
        end, measurements)
        assert.is_nil(err.text:find(fixtures.TOKEN, 1, true))
    end)

    -- Fault: An alarm that was cleared an hour ago is still in VRM's list, and counts.
    -- Expected: It does not, also where VRM counts it or still says that there is an alarm.
    it("counts the alarms of an installation that are not over", function()
        local reader = require "sources.answers"
        local function count(site)
            site.idSite = 1
            local one = reader.installations({ records = { site } })[1]
            return { one.alarms, one.listed_alarms }
        end
        local on, over = { idDataAttribute = 123, instance = "288" }, { cleared = 1776586000 }
        assert.same({ 0 }, count { current_alarms = { over }, num_alarms = 0, alarm = false })
        assert.same({ 0 }, count { current_alarms = { over }, num_alarms = 1, alarm = true })
        assert.same({ 0 }, count { current_alarms = { { cleared = "1776586000" }, { ended = true } } })
        assert.same({ 1, { "123/288" } },
            count { current_alarms = { over, on }, num_alarms = 2, alarm = true })
        assert.same({ 1 }, count { current_alarms = { { cleared = false }, over }, num_alarms = 1 })
        assert.same({ 4 }, count { current_alarms = { { cleared = 0 }, { cleared = "0" }, { cleared = "" },
                                                      { cleared = "0000-00-00 00:00:00" } } })
        assert.same({ 0 }, count { current_alarms = { { cleared = "2026-04-18 11:20:00" } } })
        assert.same({ 2 }, count { current_alarms = {}, num_alarms = 2 })
        assert.same({ 1 }, count { alarm = true })
    end)

    -- Fault: A battery whose current is 3276.7 A, "not available", is charging for a script's own function.
    -- Expected: The row has no number for anybody; energy and what has no unit may be just that.
    it("reads a register's \"not available\" as no number", function()
        local reader = require "types.diagnostics"
        local function value(raw, format)
            return reader.row({ code = "x", rawValue = raw, formatWithUnit = format }).value
        end
        assert.is_nil(value(3276.7, "%.1F A"))
        assert.is_nil(value("655.35", "%.2F V"))
        assert.is_nil(value(6553.5, "%.1F °F"))
        assert.equal(655.35, value(655.35, "%.2F kWh"))
        assert.equal(65535, value(65535, "%s"))
        assert.equal(3276.6, value(3276.6, "%.1F A"))
    end)

    it("reads installations with strings for numbers, holes and rubbish", function()
        local list = ask(function()
            return json [[{"success":true,"records":[{"idSite":"151734","name":" 35ft Yacht ",
                "timezone":"Europe/Berlin","num_alarms":"2","current_alarms":["a"],"images":false,
                "tags":false},
                null,false,{"name":"no id"},{"idSite":151734},
                {"idSite":5,"name":null,"current_alarms":[{"idAlarm":1},{"idAlarm":2},{"idAlarm":3}]},
                {"idSite":6,"alarm":true,"last_timestamp":false}]}]]
        end, function(client) return client:installations(22) end)
        assert.equal(3, #list)
        assert.same({ id = 151734, name = "35ft Yacht", alarms = 2, zone = "Europe/Berlin" }, list[1])
        assert.same({ id = 5, name = "Installation 5", unnamed = true, alarms = 3 }, list[2])
        assert.equal(1, list[3].alarms)
        for _, body in ipairs { '{"success":true,"records":[]}', '{"success":true,"records":false}',
            '{"success":true}' } do
            assert.same({}, ask(function() return json(body) end,
                function(client) return client:installations(22) end))
        end
    end)

    it("reads a system-overview: the gateway's interval, devices with instance 0", function()
        local devices = ask(function()
            return json [[{"success":true,"records":{"devices":[
                {"name":"Gateway","customName":null,"productName":"Cerbo GX","loggingInterval":60,
                 "lastConnection":5},
                {"name":"Battery Monitor","customName":"","instance":0,"idDeviceType":2,"lastConnection":"9"},
                false, "x"],"unconfigured_devices":false}}]]
        end, function(client) return client:overview(7) end)
        assert.same({ { type = "Gateway", product = "Cerbo GX", interval = 60, last_connection = 5,
            gateway = true },
            { type = "Battery Monitor", instance = 0, type_id = 2, last_connection = 9, gateway = false } },
                devices)
        for _, body in ipairs { '{"records":false}', '{"records":[]}', '{"records":{"devices":false}}',
            '[]' } do
            assert.same({}, ask(function() return json(body) end,
                function(client) return client:overview(7) end))
        end
    end)
end)

describe("diagnostics", function()
    local function pages(total, size, claimed)
        local asked = {}
        local answer = function(request)
            asked[#asked + 1] = request.path
            local records = {}
            for i = (request.page - 1) * size + 1, math.min(request.page * size, total) do
                records[#records + 1] = { code = "c" .. i, rawValue = i, id = i }
            end
            return { status = 200, json = { success = true, records = records, num_records = claimed } }
        end
        local result, err = ask(answer, measurements)
        return result, asked, err
    end

    it("asks once, with a large count", function()
        local result, asked = pages(343, 1000, 343)
        assert.equal(343, #result.rows)
        assert.same({ "/installations/7/diagnostics?count=1000&page=1" }, asked)
    end)

    it("asks for further pages if VRM says there are more rows", function()
        local result, asked = pages(250, 100, "250")
        assert.equal(250, #result.rows)
        assert.equal(3, #asked)
    end)

    it("stops on an empty page, and if num_records is missing or wrong", function()
        local result, asked = pages(150, 100, 5000)
        assert.equal(150, #result.rows)
        assert.equal(3, #asked)
        for _, claimed in ipairs { false, "many", {} } do
            result, asked = pages(150, 100, claimed)
            assert.equal(100, #result.rows)
            assert.equal(1, #asked)
        end
    end)

    -- Fault: VRM did not say how many rows there are; of more than a thousand the first thousand were read.
    -- Expected: A page that is full is followed by the next.
    it("asks for further pages after a full one if VRM does not say how many rows there are", function()
        local result, asked = pages(1343, 1000, nil)
        assert.equal(1343, #result.rows)
        assert.equal(2, #asked)
        result, asked = pages(2000, 1000, nil)
        assert.equal(2000, #result.rows)
        assert.equal(3, #asked)
        result, asked = pages(1000, 1000, 1000)
        assert.equal(1000, #result.rows)
        assert.equal(1, #asked)
    end)

    it("stops when a page comes again", function()
        local count = 0
        local result = ask(function()
            count = count + 1
            return { status = 200, json = { records = { { code = "V", rawValue = 1 } }, num_records = 50 } }
        end, measurements)
        assert.equal(2, count)
        assert.equal(1, #result.rows)
    end)

    -- Fault: a server that ignores `page` has measured anew in between: every row is there twice.
    -- Expected: a page of the same rows in the same places is the same page.
    it("stops when a page comes again with other values", function()
        local count = 0
        local result = ask(function()
            count = count + 1
            return { status = 200, json = { num_records = 50, records = {
                { code = "V", instance = 1, rawValue = count, formattedValue = count .. " V" } } } }
        end, measurements)
        assert.equal(2, count)
        assert.equal(1, #result.rows)
        assert.equal(1, result.rows[1].value)
    end)

    it("fails as a whole when a later page fails", function()
        local result, err = ask(function(request)
            if request.page == 2 then return { status = 502 } end
            return { status = 200, json = { records = { { code = "V", rawValue = 1 } }, num_records = 2 } }
        end, measurements)
        assert.is_nil(result)
        assert.equal("server", err.kind)
    end)

    it("takes VRM's clock from the answer", function()
        local result = ask(function() return { status = 200, json = { records = {} }, date = 1234 } end,
            measurements)
        assert.equal(1234, result.date)
    end)

    it("knows an answer without rows from rubbish", function()
        assert.same({}, ask(function() return json '{"records":[],"num_records":0}' end, measurements).rows)
        assert.same({}, ask(function() return json '{"records":false}' end, measurements).rows)
        local result, err = ask(function() return json '{"success":true}' end, measurements)
        assert.is_nil(result)
        assert.equal("bad_answer", err.kind)
    end)
end)

describe("a row of diagnostics", function()
    local answers = require "sources.answers"
    local diagnostics = require "types.diagnostics"
    local read = require "types.read"

    local function value(raw, extra)
        local record = { code = "V", rawValue = raw }
        for key, field in pairs(extra or {}) do record[key] = field end
        return diagnostics.row(record).value
    end

    it("has a number, also when VRM sends it as text", function()
        assert.equal(25.32, value("25.32"))
        assert.equal(78, value("78"))
        assert.equal("integer", math.type(value(78.0)))
        assert.equal(-0.5, value("-.5"))
    end)

    -- Fault: A measurement that comes as a text with a decimal comma, as an account in German writes it, was
    --        no data.
    -- Expected: It is the number. "1,234" may be a thousand, and a text without a unit a list: both are none.
    it("has a number, also with a decimal comma where VRM names a unit", function()
        local volts = { formatWithUnit = "%.2F V" }
        for raw, number in pairs { ["52,1"] = 52.1, ["-3,25"] = -3.25, ["0,0"] = 0 } do
            assert.equal(number, value(raw, volts))
        end
        for _, raw in ipairs { "1,234", "1.234,5", ",5", "1,2,3", "5,", "5,x" } do
            assert.equal(raw, value(raw, volts))
        end
        assert.equal("0,1", value("0,1", { formatWithUnit = "%s" }))
        assert.equal(20, value("68,0", { formatWithUnit = "%.1F °F", formattedValue = "68,0 °F" }))
    end)

    it("has no data for false, null, not-a-number and infinity", function()
        for _, raw in ipairs { false, true, {}, "", " ", 0 / 0, math.huge, "1e999" } do
            assert.is_not.equal("number", type(value(raw)))
        end
        assert.is_nil(diagnostics.row({ code = "V" }).value)
        assert.equal("0x10", value("0x10"))
        assert.equal("HQ2031ABC", value("HQ2031ABC"))
    end)

    it("resolves an enum's text through the row's own table", function()
        local enum = { dataAttributeEnumValues = { { nameEnum = "Off", valueEnum = 0 }, { nameEnum = "Bulk",
            valueEnum = "3" },
            { nameEnum = "Equalize", valueEnum = 247 }, { nameEnum = "Equalize", valueEnum = 7 }, false,
                {} } }
        assert.equal(3, value("Bulk", enum))
        assert.equal(3, value("bulk ", enum))
        assert.equal(7, value("Equalize", enum))
        assert.equal(244, value(244, enum))
        assert.equal("Inativo", value("Inativo", enum))
        assert.equal(3, value("Massa", { valueEnum = "3" }))
        assert.equal("Bulk", diagnostics.names(diagnostics.row({ code = "S",
            dataAttributeEnumValues = enum.dataAttributeEnumValues }))[3])
    end)

    it("takes the unit from the format and turns Fahrenheit into Celsius", function()
        for format, unit in pairs { ["%.2F V"] = "V", ["%.1F %%"] = "%", ["%.1F °C"] = "°C", ["%d W"] = "W",
                                    ["%.1F C"] = "C", ["%.0F"] = false, ["%s"] = false, ["x"] = false } do
            assert.equal(unit, diagnostics.unit(format) or false)
        end
        assert.is_nil(diagnostics.unit(false))
        local row = diagnostics.row { code = "BT", rawValue = 77, formatWithUnit = "%.1F °F" }
        assert.near(25, row.value, 0.001)
        assert.equal("°C", row.unit)
        local function celsius(raw, format)
            return diagnostics.row({ code = "BT", rawValue = raw, formatWithUnit = format }).value
        end
        assert.near(25, celsius("77", "%.1F F"), 0.001)
        assert.near(25, celsius(298.15, "%.1F K"), 0.001)
        assert.equal(77, celsius(77, "%.1F C"))
    end)

    it("finds out whether a time to go is in hours or seconds", function()
        local function hours(raw, formatted)
            return diagnostics.row({ code = "TTG", rawValue = raw, formatWithUnit = "%.2F h",
                formattedValue = formatted }).value
        end
        assert.equal(51.5, hours(51.5, "51.50 h"))
        assert.equal(51.5, hours(185400, "51.50 h"))
        assert.equal(240, hours(864000))
        assert.equal(12, hours(12))
        assert.equal(900, hours(900, "900.00 h"))
    end)

    --- Number and unit of a row: { path or code, format, text that VRM shows, raw value }.
    local function number_of(key, format, text, raw)
        local row = diagnostics.row { dbusPath = key:find("/", 1, true) and key, code = key, rawValue = raw,
            formatWithUnit = format, formattedValue = text }
        return row.value, row.unit
    end

    -- Fault: a temperature in °C beside a text in °F was converted once more; of one battery two services
    --        gave two temperatures
    -- Expected: the text that VRM shows tells in which unit the number is; both give the same
    it("finds out in which unit a temperature is", function()
        for _, case in ipairs {
            { "%.1F °F", "50.9 °F", 50.9 }, { "%.1F °F", "50.9 °F", 10.5 }, { "%.1F °F", "50.9", 10.5 },
            { "%.0F °F", "51 °F", 10.5 }, { "%.1F °C", "50.9 °F", 50.9 }, { "%.1F °C", "50.9 °F", 10.5 },
            { "%.1F °C", "10.5 °C", 10.5 }, { "%.1F C", "10.5 C", 10.5 }, { "%.1F °F", "10.5 °C", 50.9 },
            { "%.1F °F", "10.5 °C", 10.5 }, { "%s", "50.9 °F", 50.9 }, { "%s", "50.9 °F", 10.5 },
            { "%.1F °F", "50,9 °F", 10.5 }, { "%.1F °F", nil, 50.9 }, { "%.1F °F", "", 50.9 },
            { "%.1F °F", "50.9 °F", "10.5" }, { "%s", "10.5", 10.5 },
            { "%.1F &deg;F", "50.9 &deg;F", 50.9 }, { "%.1F ºF", "50,9 ºF", 10.5 },      -- the same sign
        } do
            for _, path in ipairs { "/Dc/0/Temperature", "/Dc/Battery/Temperature" } do
                assert.near(10.5, (number_of(path, case[1], case[2], case[3])), 0.001,
                    table.concat({ case[1], case[2] or "nil", case[3] }, " | "))
            end
        end
        assert.near(-12, (number_of("BT", "%.1F °F", "10.4 °F", -12)), 0.001)
        assert.near(-12, (number_of("BT", "%.1F °F", "10.4 °F", 10.4)), 0.001)
    end)

    -- Fault: seconds of D-Bus whose format names no unit were shown as hours; 51.5 h beside the text "2d 3h"
    --        were 0.86 h
    -- Expected: where VRM names no unit, a time is in that of its D-Bus path, unless its text says otherwise;
    --           a text of several numbers says nothing
    it("knows that times without a unit are seconds, as on D-Bus", function()
        local function same(wanted, unit, ...)
            local got, its_unit = number_of(...)
            assert.near(wanted, got, 0.001)
            assert.equal(unit, its_unit)
        end
        same(82800, "s", "/History/TimeSinceLastFullCharge", "%s", "82800", 82800)
        same(82800, "s", "H9", nil, nil, "82800")
        same(9000, "s", "/TimeToGo", "%s", "9000", 9000)
        same(9000, "s", "/Dc/Battery/TimeToGo", "%.0F", "9000", 9000)
        same(9000, "s", "bt", "%s", "", 9000)
        same(2.5, "h", "/TimeToGo", "%s", "2.50 h", 9000)
        same(2.5, "h", "/TimeToGo", "%s", "2.50 h", 2.5)
        same(9000, "s", "/TimeToGo", "%d s", "9000 s", 9000)
        same(150, "min", "/TimeToGo", "%d min", "150 min", 9000)
        same(0.25, "h", "/TimeToGo", "%.0F h", "0 h", 0.25)
        same(1234.5, "h", "/Something", "%.2F h", "1.234,50 h", 1234.5)
        same(4.25, "h", "/TimeToGo", "%.2F h", "4,25 h", 15300)
        same(15300, "s", "/TimeToGo", "%s", "4:15 h", 15300)
        for _, text in ipairs { "2d 3h", "2 d 3.5 h", "51:30", "51h 30m", "51 h 30", "2d3h" } do
            same(51.5, "h", "/TimeToGo", "%.2F h", text, 51.5)
            same(51.5, "h", "/TimeToGo", "%.2F h", text, 185400)
        end
        same(900, "s", "/TimeToGo", "%s", "15 m", 900)
        same(9000, nil, "/Something", "%s", "9000", 9000)
        same(9000, "h", "/Something", "%.0F h", nil, 9000)
        assert.is_nil(number_of("/TimeToGo", "%.2F h", "", nil))
    end)

    -- Fault: Between number and unit stood a space that does not break, as French and German have it: the
    --        unit was none, 1.5 kW were 1.5 W.
    -- Expected: It is a space.
    it("knows a unit behind a space that does not break", function()
        local space = "\u{A0}"
        assert.equal("kW", diagnostics.unit("%.1F" .. space .. "kW"))
        assert.same({ 1.5, "kW" },
            { number_of("/Power", "%.1F" .. space .. "kW", "1,5" .. space .. "kW", 1.5) })
        assert.near(10.5, (number_of("BT", "%s", "50,9" .. space .. "°F", 50.9)), 0.001)
        assert.near(10.5, (number_of("BT", "%s", "50,9\u{202F}°F", 10.5)), 0.001)
    end)

    it("finds out in which unit a volume is", function()
        assert.same({ 78, "L" }, { number_of("/Remaining", "%.0F L", "78 L", "78") })
        assert.same({ 78, "L" }, { number_of("/Remaining", "%.0F L", "78 L", 0.078) })
        assert.same({ 0.078, "m³" }, { number_of("/Remaining", "%.3F m³", "0.078 m³", 0.078) })
        assert.same({ 27, "gal" }, { number_of("/Remaining", "%.0F gal", "27 gal", "27") })
        local gallons, unit = number_of("/Remaining", "%.0F gal", "27 gal", 0.1022)
        assert.near(27, gallons, 0.01)
        assert.equal("gal", unit)
        assert.same({ 230.1, "V" }, { number_of("V", "%.1F V", "230.1 V", 230.1) })
    end)

    -- Fault: 22 imperial gallons were 22 L; 78 L of a tank of which VRM named no unit were 78,000.
    -- Expected: Gallons that are named so are imperial ones. More m³ than a tank has are liters.
    it("knows imperial gallons, and liters without their name", function()
        for _, name in ipairs { "imp gal", "gal (imp)", "UK gal", "gal (UK)" } do
            assert.same({ 22, name }, { number_of("/Remaining", "%.0F " .. name, "22 " .. name, "22") })
            local gallons = number_of("/Remaining", "%.0F " .. name, "22 " .. name, 0.1)
            assert.near(21.997, gallons, 0.01)
            assert.near(100, 22 * units.liter.vrm[name], 0.1)
            assert.near(0.1, 22 * units.cubic_meters.vrm[name], 0.001)
        end
        -- Other names of the same units: 0.2 m³ beside "44 gal (imperial)" were 0 L.
        for name, liters in pairs { ["gal (imperial)"] = 4.54609, ["imperial gal"] = 4.54609,
                                    gallons = 3.785411784, liters = 1, Liter = 1 } do
            local number, unit = number_of("/Remaining", "%.1F " .. name,
                ("%.1f %s"):format(200 / liters, name), 0.2)
            assert.equal(name, unit)
            assert.near(200, number * units.liter.vrm[name], 0.001)
            assert.near(0.2, number * units.cubic_meters.vrm[name], 0.001)
        end
        for _, key in ipairs { "/Remaining", "tr", "/Capacity" } do
            assert.same({ 78, "L" }, { number_of(key, "%s", "78", "78") })
            assert.same({ 20, "m3" }, { number_of(key, "%s", "20", 20) })
        end
        assert.same({ 1234, "m3" }, { number_of("/Aggregate", "%s", "1234", 1234) })
    end)

    -- Fault: a tank's volume in m³, as D-Bus has it, without a unit was shown as liters: 0 for 0.103 m³
    -- Expected: where VRM names no unit, a volume of a tank or a meter is in m³
    it("knows that volumes without a unit are m³, as on D-Bus", function()
        for _, key in ipairs { "/Remaining", "tr", "/Capacity", "/Aggregate" } do
            assert.same({ 0.103, "m3" }, { number_of(key, "%s", "0.103", 0.103) })
            assert.same({ 103, "L" }, { number_of(key, "%s", "103 L", 103) })
        end
    end)

    it("keeps instance 0 and instances above 255, code and path as they are", function()
        local row = diagnostics.row { code = "S", dbusPath = "State", dbusServiceType = "vebus", instance = 0,
            rawValue = 1,
                               timestamp = "1776515873", idDataAttribute = "40" }
        assert.equal(0, row.instance)
        assert.equal("/State", row.path)
        assert.equal("S", row.code)
        assert.equal(1776515873, row.timestamp)
        assert.equal(40, row.id)
        assert.equal(512, diagnostics.row({ code = "V", instance = "512" }).instance)
        assert.is_nil(diagnostics.row({ code = "V", instance = false, timestamp = 0 }).timestamp)
        assert.is_nil(diagnostics.row {})
    end)

    it("keeps no more of a forecast than there are hours to come", function()
        local hours = {}
        for i = 1, 10000 do hours[i] = { i * 3600000, 1 } end
        assert.equal(400, #answers.forecast { records = { solar_yield_forecast = hours } })
    end)

    it("never raises, whatever the fields are", function()
        local rubbish = { false, true, 0, -1, 1.5, "", "x", {}, { 1 }, { false }, { { {} } } }
        local fields = { "code", "dbusPath", "dbusServiceType", "instance", "rawValue", "formattedValue",
            "timestamp",
                         "formatWithUnit", "dataAttributeEnumValues", "idDataAttribute", "Device" }
        for _, field in ipairs(fields) do
            for _, one in ipairs(rubbish) do
                local record = { code = "V", rawValue = 1, formatWithUnit = "%.1F h" }
                record[field] = one
                assert.has_no.errors(function() diagnostics.row(record) end)
            end
        end
        for _, one in ipairs(rubbish) do
            assert.has_no.errors(function()
                answers.installations { records = one }; answers.overview { records = one }
                answers.overview { records = { devices = one } }; answers.error_text({ errors = one }, "x")
                answers.user { user = one }; read.items(one)
                answers.energy { totals = one }; answers.energy { totals = { Pb = one } }
                answers.forecast { records = one }
                answers.forecast { records = { solar_yield_forecast = one } }
                answers.forecast { records = { solar_yield_forecast = { { one, one } } } }
                answers.installations { records = { { idSite = 1, current_alarms = one, name = one,
                    num_alarms = one } } }
            end)
        end
    end)
end)
