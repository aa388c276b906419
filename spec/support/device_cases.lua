--- Cases of one device each: its rows as VRM sends them, and what the ISY shows then.

local assert = require "luassert"
local fake = require "spec.support.fake_host"
local worlds = require "spec.support.worlds"
local fixtures = require "spec.fixtures.vrm"
local services = require "types.services"

local device_cases = { NONE = "no data" }

--- Rows of one device: { [path or code] = number or { number, format, what VRM shows, other fields } }.
function device_cases.rows_of(service, instance, values)
    local rows = {}
    for key, one in pairs(values) do
        local is_path = key:sub(1, 1) == "/"
        local value = type(one) == "table" and one or { one }
        local extra = { formatWithUnit = value[2] or "%s", formattedValue = value[3] }
        for name, field in pairs(value[4] or {}) do extra[name] = field end
        rows[#rows + 1] = fixtures.row(service, instance, is_path and key or nil, not is_path and key or nil,
            value[1], extra)
    end
    return rows
end

--- A world with an installation for each of some cases { service, rows }, and the address of each device.
function device_cases.world_of(cases)
    local sites, addresses = {}, {}
    for i, case in ipairs(cases) do
        local service = case[1]
        local of_gateway = service == "system" or service == "settings"
        local devices = { fixtures.gateway() }
        if not of_gateway then devices[2] = fixtures.device(service, 99, i, "") end
        sites[i] = { name = "Boat " .. i, timezone = "UTC", devices = devices,
            rows = device_cases.rows_of(service, of_gateway and 0 or i, case[2]) }
        addresses[i] = of_gateway and services.gateway_address(i) or services.address(i, service, i)
    end
    local world = worlds.started { sites = sites, devices = fake.DEVICES }
    for i, address in ipairs(addresses) do
        assert(world.nodes[address], cases[i][1])
        assert.equal(1, world:value(address, "GV30"))
    end
    return world, addresses
end

--- Cases { service, rows, what the drivers show, by part ("" for the device's own node) }.
function device_cases.check(cases)
    local world, addresses = device_cases.world_of(cases)
    for i, case in ipairs(cases) do
        for part, drivers in pairs(case[3]) do
            if type(drivers) ~= "table" then part, drivers = "", { [part] = drivers } end
            for driver, value in pairs(drivers) do
                assert.equal(value, world:value(addresses[i] .. part, driver) or device_cases.NONE,
                    ("case %d, %s %s %s"):format(i, case[1], part, driver))
            end
        end
    end
end

--- What a list's driver shows in words.
function device_cases.text(world, address, driver)
    local node = world.nodes[address]
    for _, one in ipairs(world.types[node.type].drivers) do
        if one.id == driver then return node.texts[driver] or one.names[node.values[driver]] end
    end
end

return device_cases
