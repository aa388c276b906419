--- Nodes of devices that are gone or hidden: they stay in PG3, offline, until the owner has them removed.

local check = require "check.device"
local choices = require "pg3.choices"
local identity = require "model.identity"
local nodes = require "model.nodes"
local services = require "types.services"

local orphans = {}

local BATCH = 20                    -- nodes of one message: PG3 works on each with the ISY

--- The addresses that an installation's devices have now, those of their parts included.
local function addresses_of(site)
    local present = {}
    for home in site.store:each() do
        for _, type_ in ipairs(home.address and check.types(home.type) or {}) do
            if not choices.hides_kind(type_) then present[home.address .. (type_.part or "")] = true end
        end
    end
    return present
end

--- All addresses there are, in PG3 or here, but for the plugin's own node's and those the user disabled.
local function all_addresses()
    local list, known = {}, {}
    for _, node in ipairs(host.known()) do
        known[node.address] = true
        if node.enabled ~= false then list[#list + 1] = node.address end
    end
    for address in pairs(nodes.all) do
        if not known[address] then list[#list + 1] = address end
    end
    table.sort(list)
    return list
end

local function is_gateway(address) return address:find("_gw0$") ~= nil end

--- The addresses of nodes whose device is gone, gateways last: they are the primaries of the others; and how
-- many cannot be told because their installation does not answer.
-- sites: those of the account. answers(site): whether what VRM sent of it is whole and of now.
function orphans.find(sites, answers)
    local by_prefix, gone, doubtful = {}, {}, 0
    for _, site in ipairs(sites) do
        by_prefix[services.base36(site.id)] = { present = answers(site) and addresses_of(site) or nil }
    end
    for _, address in ipairs(all_addresses()) do
        local prefix = address:match("^(%w+)_%l%w%d+%l?$")
        local site = by_prefix[prefix]
        if prefix and site and not site.present then
            doubtful = doubtful + 1
        elseif prefix and not (site and site.present[address]) then
            gone[#gone + 1] = address
        end
    end
    table.sort(gone, function(a, b)
        if is_gateway(a) ~= is_gateway(b) then return is_gateway(b) end
        return a < b
    end)
    return gone, doubtful
end

--- Takes nodes out of PG3 -> how many are gone.
function orphans.remove(addresses)
    local removed = 0
    for first = 1, #addresses, BATCH do
        local batch = table.move(addresses, first, math.min(first + BATCH - 1, #addresses), 1, {})
        if not host.remove(batch) then break end
        for _, address in ipairs(batch) do
            nodes.forget(address)
            identity.forget(address)
        end
        removed = removed + #batch
    end
    return removed
end

return orphans
