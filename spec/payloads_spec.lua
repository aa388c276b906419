--- VRM's answers with the oddities that recorded ones show (spec/fixtures/answers: the recorded shapes with
-- made-up contents), and what the readers make of each.

local dkjson = require "dkjson"
local lfs = require "lfs"
local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local answers = require "sources.answers"
local diagnostics = require "types.diagnostics"
local read = require "types.read"

local FOLDER = "spec/fixtures/answers/"
local SITE, LOGGED = 88001, 1776600000              -- of the house; its newest time stamps

local function text_of(name)
    local file = assert(io.open(FOLDER .. name))
    local text = file:read("a")
    file:close()
    return text
end

local function answer(name) return (assert(dkjson.decode(text_of(name .. ".json")))) end

local function names_of_answers()
    local list = {}
    for name in lfs.dir(FOLDER) do
        if name:find("%.json$") then list[#list + 1] = name:gsub("%.json$", "") end
    end
    table.sort(list)
    return list
end

--- A started world whose VRM gives these replies; each a table of json, or { status, json }.
local function world_of(replies)
    local function reply(name, default)
        local one = replies[name] or default
        return one.status and one or { status = 200, json = one, date = LOGGED + 30 }
    end
    local world = fake.new {
        params = { vrm_token = fixtures.TOKEN },
        answer = function(request)
            if request.path == "/users/me" then return reply("me", answer "users-me") end
            if request.path:find("^/users") then
                return reply("installations", answer "installations-extended")
            end
            if request.path:find("overview", 1, true) then
                return reply("overview", answer "system-overview")
            end
            return reply("diagnostics", answer "diagnostics")
        end,
    }
    return world:start()
end

--- The rows of an answer as the plugin reads them: all with this path or code and, if given, instance.
local function rows(name, key, instance)
    local found = {}
    for _, record in ipairs(read.items(answer(name).records)) do
        local row = diagnostics.row(record)
        if row and (row.path == key or row.code == key) and (not instance or row.instance == instance) then
            found[#found + 1] = row
        end
    end
    return found
end

local function value(key, instance) return rows("diagnostics", key, instance)[1].value end

describe("VRM's answers", function()
    for _, name in ipairs(names_of_answers()) do
        it("are read in each other's place without an error: " .. name, function()
            local json = answer(name)
            answers.user(json); answers.installations(json); answers.overview(json)
            answers.error_text(json, ""); answers.energy(json); answers.forecast(json)
            for _, record in ipairs(read.items(json.records)) do
                diagnostics.row(record)
                for _, attribute in ipairs(read.items(record.extended)) do diagnostics.row(attribute) end
            end
            assert.same({}, world_of({ me = json }).errors)
            assert.same({}, world_of({ installations = json }).errors)
            assert.same({}, world_of({ overview = json }).errors)
            assert.same({}, world_of({ diagnostics = json }).errors)
        end)
    end
end)

describe("the account's answers:", function()
    it("the user, whose idAccessToken is null", function()
        assert.same({ id = 5150, email = "ada@example.org" }, answers.user(answer "users-me"))
    end)

    it("installations, today's fields and those of 2016", function()
        assert.same({ { id = SITE, name = "Mill Cottage", alarms = 0, zone = "Europe/Zurich",
                        created = 1600000000, portal = "0a1b2c3d4e5f" },
                      { id = 4242, name = "Pump house", alarms = 0, zone = "Africa/Nairobi",
                        portal = "0a1b2c3d4e60" } },
            answers.installations(answer "installations"))
    end)

    it("extended: alarms as objects, as texts or false; numbers as texts; false for no time", function()
        assert.same({
            { id = SITE, name = "Mill Cottage", alarms = 1, listed_alarms = { "81/289" },
              last_timestamp = LOGGED, zone = "Europe/Zurich", created = 1600000000,
              portal = "0a1b2c3d4e5f", mqtt_host = "mqtt7.victronenergy.com",
              mqtt_webhost = "webmqtt7.victronenergy.com" },
            { id = 4242, name = "Pump house", alarms = 2, last_timestamp = LOGGED - 3600,
              zone = "Africa/Nairobi", portal = "0a1b2c3d4e60", mqtt_host = "mqtt7.victronenergy.com",
              mqtt_webhost = "webmqtt7.victronenergy.com" },
            { id = 88003, name = "Installation 88003", unnamed = true, alarms = 0, zone = "Europe/Zurich",
              created = 1600000000, portal = "0a1b2c3d4e61", mqtt_host = "mqtt7.victronenergy.com",
              mqtt_webhost = "webmqtt7.victronenergy.com" },
        }, answers.installations(answer "installations-extended"))
    end)

    it("attributes of an installation: texts of 2021, no instance, summaries without an id", function()
        local records = answer "installations-extended".records
        local function attribute(site, code)
            for _, record in ipairs(records[site].extended) do
                if record.code == code then return diagnostics.row(record) end
            end
        end
        local voltage = attribute(2, "bv")
        assert.equal(26.18, voltage.value)
        assert.equal(0, voltage.instance)
        assert.is_nil(voltage.timestamp)
        assert.equal(0, attribute(2, "tw").value)
        assert.is_nil(attribute(1, "tl").instance)
        assert.is_nil(attribute(1, "tl").value)
        assert.equal(52, attribute(1, "tr").value)
        local summary = attribute(1, "consumption")
        assert.is_nil(summary.id)
        assert.equal(3120.57, math.floor(summary.value * 100 + 0.5) / 100)
        assert.is_nil(attribute(1, "generator").value)
        assert.is_nil(attribute(1, "generator").unit)
    end)
end)

describe("the energy of an installation:", function()
    it("totals of 2015, those of 2016 with false, and none", function()
        assert.same({ Pb = 2.5, Pc = 184.5, Gb = 9.25, Gc = 252, Pg = 64.75, Bc = 0.0182 }, answers.energy(
            answer "stats-kwh"))
        assert.same({ Bc = 0.637, Pc = 0.164 }, answers.energy(answer "stats-consumption"))
        assert.same({}, answers.energy { success = true, records = false, totals = false })
        assert.is_nil(answers.energy { success = true })
        assert.is_nil(answers.energy(answer "error-200"))
    end)

    it("the forecast by the hour, without what is no number; none", function()
        assert.same({ 1776600000, 120.5, 1776603600, 0 }, answers.forecast { records = {
            solar_yield_forecast = { { 1776600000000, "120.5" }, { 1776603600000, 0, 0, 0 },
                                     { 1776607200000, false }, {}, false, { "x", 1 }, { 1776610800000, -1 } },
            vrm_consumption_fc = false,
        } })
        for _, records in ipairs { false, {}, { solar_yield_forecast = false } } do
            assert.same({}, answers.forecast { records = records })
        end
        assert.is_nil(answers.forecast { success = true })
    end)
end)

describe("the devices of an installation:", function()
    local overview = answers.overview(answer "system-overview")

    local function device(type_, instance)
        for _, entry in ipairs(overview) do
            if entry.type == type_ and entry.instance == instance then return entry end
        end
    end

    it("the gateway has neither instance nor type, and the logging interval", function()
        local gateway = overview[1]
        assert.is_true(gateway.gateway)
        assert.is_nil(gateway.instance)
        assert.is_nil(gateway.type_id)
        assert.equal(60, gateway.interval)
        assert.equal("Cerbo GX", gateway.product)
        for i = 2, #overview do assert.is_false(overview[i].gateway) end
    end)

    -- Fault: Each device had a logging interval, false as that of a gateway that has none set: all were taken
    --        for gateways but one, and lost their names.
    -- Expected: What has an instance and a type is a device.
    it("a logging interval makes no gateway of a device", function()
        local json = answer "system-overview"
        for _, one in ipairs(json.records.devices) do
            if one.instance then one.loggingInterval = false end
        end
        assert.same(overview, answers.overview(json))
    end)

    it("an empty name of one's own is none, instance 0 is one, two kinds share an instance", function()
        assert.is_nil(device("VE.Bus System", 276).custom_name)
        assert.equal("Cellar bank", device("Battery Monitor", 0).custom_name)
        assert.equal(5, device("Tank", 20).type_id)
        assert.equal(17, device("Temperature sensor", 20).type_id)
    end)

    it("a time as text, and false for a device that never sent", function()
        assert.equal(LOGGED, device("DC System", 40).last_connection)
        assert.is_nil(device("PV Inverter", 23).last_connection)
    end)

    it("a product's name that VRM escaped twice is left as it is", function()
        assert.equal("SmartSolar Charger MPPT 75\\/10", device("Solar Charger", 289).product)
    end)
end)

describe("measurements:", function()
    it("numbers in texts are numbers", function()
        assert.equal(-24.9, value("/Dc/0/Current", 0))
        assert.equal(53.08, value("/Dc/0/Voltage", 289))
        assert.equal(97, value("/Remaining"))
    end)

    it("texts stay texts", function()
        assert.equal("v3.60", value "v")
        assert.equal("ESS", value "/SystemType")
    end)

    it("a state that comes as its text is its number; of several with this text the smallest", function()
        assert.equal(2, value "/Dc/Battery/State")
        assert.equal(0, value("ScS", 289))
    end)

    it("a translated text changes nothing about the number", function()
        local row = rows("diagnostics", "ScS", 288)[1]
        assert.equal(5, row.value)
        assert.equal("Flutuação", row.text)
        assert.equal("Float", diagnostics.names(row)[5])
    end)

    it("texts that stand for two numbers keep both", function()
        local names = diagnostics.names(rows("diagnostics", "S", 276)[1])
        assert.equal("Equalize", names[7])
        assert.equal("Equalize", names[247])
        assert.equal("Venus", diagnostics.names(rows("diagnostics", "gatewayID")[1])[2])
    end)

    it("null is no value, and zero is one", function()
        assert.is_nil(value("/Yield/Power", 289))
        assert.is_nil(value "/Dc/System/Power")
        assert.equal(0, value "/Ac/ActiveIn/L1/P")
        assert.equal(0, value "/Alarms/LowVoltage")
    end)

    it("units of each format: %d W, %.1F %%, none for %s and %d", function()
        assert.equal("W", rows("diagnostics", "OP1")[1].unit)
        assert.equal("%", rows("diagnostics", "SOC")[1].unit)
        assert.equal("ms", rows("diagnostics", "rtt")[1].unit)
        assert.is_nil(rows("diagnostics", "S")[1].unit)
        assert.is_nil(diagnostics.row({ code = "tst", rawValue = 2, formatWithUnit = "%d" }).unit)
    end)

    -- Fault: a charging time of 15,927 beside a format that names no unit was taken for minutes
    -- Expected: what D-Bus counts in seconds is seconds where VRM does not say
    it("a time without a unit is counted as on D-Bus, in seconds", function()
        assert.equal("s", rows("diagnostics", "evt")[1].unit)
        local function row(path, raw, format)
            local one = diagnostics.row { dbusPath = path, rawValue = raw, formatWithUnit = format }
            return one.value .. " " .. one.unit
        end
        assert.equal("15927 s", row("/ChargingTime", 15927, "%d"))
        assert.equal("138201 s", row("/Engine/OperatingHours", 138201, "%s"))
        assert.equal("3200 h", row("/Engine/OperatingHours", 3200, "%.0F h"))
        assert.equal("100.0 h", row("/ServiceCounter", 360000, "%.1F h"))
    end)

    it("a time to go that is sent in seconds beside a format in hours is hours", function()
        local row = rows("diagnostics", "/TimeToGo")[1]
        assert.equal(8.5, row.value)
        assert.equal("h", row.unit)
    end)

    it("degrees Fahrenheit of an account are degrees Celsius", function()
        local row = rows("diagnostics", "BT")[1]
        assert.near(21, row.value, 1e-9)
        assert.equal("°C", row.unit)
    end)

    it("without a path they have their code; without a time stamp none is made up", function()
        local watts = rows("diagnostics", "ScW")[1]
        assert.is_nil(watts.path)
        assert.is_nil(watts.service)
        assert.equal(288, watts.instance)
        assert.is_nil(rows("diagnostics", "lt")[1].timestamp)
    end)

    it("of 2017 have neither code nor raw value: known by their id or path, without a value", function()
        local all = read.items(answer "diagnostics-old".records)
        local first, second = diagnostics.row(all[1]), diagnostics.row(all[2])
        assert.equal(1, first.id)
        assert.is_nil(first.code)
        assert.is_nil(first.value)
        assert.equal("/Soc", second.path)
        assert.is_nil(second.value)
        assert.equal("88.0 %", second.text)
    end)
end)

describe("the house of these answers", function()
    local world, BATTERY, SOLAR, SHED, VEBUS, GATEWAY

    before_each(function()
local services = require "types.services"
        local function address(service, instance) return services.address(SITE, service, instance) end
        BATTERY, VEBUS = address("battery", 0), address("vebus", 276)
        SOLAR, SHED = address("solarcharger", 288), address("solarcharger", 289)
        GATEWAY = services.gateway_address(SITE)
        world = world_of {}
        assert.same({}, world.errors)
    end)

    it("has a node for each device of a known kind", function()
        local added = {}
        for _, node in ipairs(world.added) do added[node] = true end
        for _, node in ipairs { BATTERY, VEBUS, SOLAR, SHED, GATEWAY } do
            assert.is_true(added[node], node)
        end
        assert.equal("Cellar bank", world.nodes[BATTERY].name)
        assert.equal("Mill Cottage", world.nodes[GATEWAY].name)
        assert.is_nil(world.nodes[SHED].name:find("[\\/]"))
    end)

    it("shows of a row that comes twice the newer one", function()
        assert.equal(2, #rows("diagnostics", "SOC"))
        assert.equal(79.4, world:value(BATTERY, "ST"))
    end)

    it("gives the grid's alarm, which has the VE.Bus system's instance, to the gateway", function()
        assert.equal(0, world:value(GATEWAY, "GV13"))
    end)

    it("shows each oddity as a plain value", function()
        assert.equal(-24.9, world:value(BATTERY, "CC"))
        assert.equal(8.5, world:value(BATTERY, "TIMEREM"))
        assert.equal(21, world:value(BATTERY, "CLITEMP"))
        assert.near(52.61, world:value(VEBUS, "CV"), 0.001)
        assert.equal(2, world:value(GATEWAY, "GV5"))
        assert.equal(256, world:value(GATEWAY, "GV4"))
        assert.equal(0, world:value(SHED, "GV0"))
        assert.is_nil(world:value(SHED, "ST"))
    end)
end)

describe("VRM's errors:", function()
    --- What the user is told, and the kind, of an answer to the first question.
    local function told(reply)
        local world = world_of { me = reply }
        assert.same({}, world.errors)
        return world:value("controller", "GV0"), table.concat(world:logged("error"), "\n")
            .. table.concat(world:logged("warning"), "\n")
    end

    it("401 refuses the token", function()
        local state, text = told { status = 401, json = answer "error-401" }
        assert.equal(2, state)
        assert.truthy(text:find("Login required", 1, true), text)
    end)

    it("400 with an object of sentences, in the account's language", function()
        assert.equal("count deve ser um número; page em falta", answers.error_text(answer "error-400", ""))
        local state, text = told { status = 400, json = answer "error-400" }
        assert.equal(11, state)
        assert.truthy(text:find("count deve ser um número", 1, true), text)
    end)

    it("the key error for errors, and a list without a code", function()
        assert.equal("No search string has been provided", answers.error_text(answer "error-400-search", ""))
        assert.equal("No settings found for this site", answers.error_text(answer "error-200", ""))
        assert.equal(11, (told(answer "error-200")))
    end)

    it("403 with a page of another server is no refused token of VRM's words", function()
        local _, text = told { status = 403, body = text_of "error-403.html", json_error = "no JSON" }
        assert.truthy(text:find("403", 1, true), text)
        assert.is_nil(text:find("<", 1, true), text)
    end)
end)
