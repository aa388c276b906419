--- The D-Bus services of devices, and the addresses of nodes, which are made of them.

local sorted_keys = require("types.lists").sorted_keys

local services = {}

--- Services whose rows describe the gateway or the whole system. They never make a device.
local GATEWAY_SERVICES = { system = true, settings = true, platform = true, hub4 = true, gateway = true }

function services.is_gateway(service) return GATEWAY_SERVICES[service] or false end

--- Two letters for a service in a node address. FROZEN: a change gives users new nodes and breaks their
-- programs. Codes beginning with x, y or z are kept for services that are not here.
services.CODES = {
    gateway = "gw",
    battery = "bm", solarcharger = "sc", vebus = "vb", inverter = "iv", multi = "mr", acsystem = "as",
    pvinverter = "pv", grid = "gr", acload = "al", tank = "tk", temperature = "ts", genset = "gs",
    generator = "gn", evcharger = "ev", ev = "ec", dcsystem = "ds", dcload = "dl", dcsource = "dc",
    alternator = "at", dcdc = "dd", charger = "ch", accharger = "ac", motordrive = "md", fuelcell = "fc",
    meteo = "me", digitalinput = "di", pulsemeter = "pm", heatpump = "hp", switch = "sw", gps = "gp",
    bms = "bs", hub4 = "hb", modem = "mo", dcgenset = "dg", pump = "pu",
}

--- The services of devices that are known, in order.
function services.known()
    local list = {}
    for _, service in ipairs(sorted_keys(services.CODES)) do
        if not GATEWAY_SERVICES[service] then list[#list + 1] = service end
    end
    return list
end

local DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

function services.base36(number)
    local text = ""
    repeat
        local digit = number % 36 + 1
        text = DIGITS:sub(digit, digit) .. text
        number = number // 36
    until number == 0
    return text
end

--- The two letters of a service; for an unknown one x, y or z and a character, from a hash of its name.
function services.code(service)
    local known = services.CODES[service]
    if known then return known end
    local hash = 5381
    for i = 1, #service do hash = (hash * 33 + service:byte(i)) % 4294967296 end
    return ("xyz"):sub(hash % 3 + 1, hash % 3 + 1) .. services.base36(hash // 3 % 36)
end

--- The node address of a device, e.g. "3931i_bm288"; nil when it would be longer than ISY's 14 characters.
function services.address(site_id, service, instance)
    local address = services.base36(site_id) .. "_" .. services.code(service) .. instance
    return #address <= 14 and address or nil
end

--- The gateway of an installation has no instance in VRM; its address says 0.
function services.gateway_address(site_id)
    return services.base36(site_id) .. "_gw0"
end

return services
