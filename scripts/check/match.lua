--- The match of a device table: how it is written, what it fits of what VRM may send, what may be a mistake.
-- Functions are called, with one device of each service there is.

local services = require "types.services"
local by_words = require("types.lists").by_words
local fields = require "check.fields"
local hints = require "check.hints"
local lines = require "check.lines"
local matching = require "types.matching"
local members = require "check.members"
local shortage = require "tasks.shortage"
local wording = require "types.wording"

local match_check = {}

local function in_small_letters(words)
    local small = {}
    for i, word in ipairs(type(words) == "table" and words or { words }) do small[i] = word:lower() end
    return #small > 0 and small or nil
end

--- The match of a table -> that of a type, see check.device.
function match_check.built(place, match)
    if type(match) == "function" then return match end
    fields.check(place, members.match, match)
    if match.kind then return { kind = match.kind } end
    fields.member(place, members.match, "service", match.service)
    return { last = match.last or nil, service = in_small_letters(match.service),
             product = in_small_letters(match.product), type = in_small_letters(match.type) }
end

local NO_SERVICE = "noservice"      -- no device has it: what fits it fits everything

local function probe(service) return { service = service, instance = 0, product = "", type = "" } end

local function rank(type_, service)
    local ok, result = pcall(matching.rank, type_, probe(service))
    if ok then return result end
    shortage.pass_on(result)
    return nil, tostring(result)
end

--- How often a match function fits one of the known services, what it raises | nil.
local function fits(type_)
    local count = 0
    for _, service in ipairs(services.known()) do
        local its, problem = rank(type_, service)
        if problem then return count, problem end
        count = count + (its and 1 or 0)
    end
    return count
end

--- Why a type cannot be used for its match, with file and line; nil if it can.
function match_check.problem(type_, script)
    if type(type_.match) ~= "function" then return nil end
    local where = lines.at(script, { field = "match" })
    local _, problem = fits(type_)
    if problem then
        local told = hints.add(problem, type_.file, script.text or "")
        return told:find(type_.file, 1, true) == 1 and told or where .. ": " .. told
    end
    local its = rank(type_, NO_SERVICE)
    if not its or its < 1 then return nil end
    return ("%s: match returns %s for every device there is, so it would have those of all other scripts."
        .. " Write if found.service == \"tank\" then return 5 end, or return 0 for what no other fits.")
        :format(where, its)
end

--- What people write for services.
match_check.SLIPS = by_words {
    solarcharger = "mppt solar", battery = "batterymonitor bmv shunt smartshunt comvictronenergybattery"
        .. " batteries",
    vebus = "multiplus quattro", inverter = "phoenix", generator = "generators", grid = "meter gridmeter",
    pvinverter = "pv", temperature = "ruuvi", evcharger = "evcs wallbox", tank = "waterlevel level",
    dcdc = "orion", switch = "relay", meteo = "weather",
}

--- That nobody knows a service -> sentence without a full stop; nil: it is known.
function match_check.unknown(service)
    local known = services.known()
    if services.CODES[service] or services.is_gateway(service) then return nil end
    local short = service:match("^com%.victronenergy%.(.*)$")
    local meant = short or wording.near(service, known, match_check.SLIPS)
    local one, other = service:match("^(%l+)[^%l]+(%l+)$")
    local both = one and wording.same(one .. ".", known) and wording.same(other .. ".", known)
    local told = meant and ("is it \"%s\"? "):format(meant)
        or both and ("several are { \"%s\", \"%s\" }; "):format(one, other) or ""
    return ("the service \"%s\" is not one that is known; %s--rows shows how VRM calls it"):format(service,
        told)
end

--- Says what may be a mistake in a match and need not be one. written: the table's; body: the code of a match
-- function, nil: it is not found.
function match_check.doubt(say, type_, written, body)
    local match = type_.match
    if type_.kind then return end
    if type(match) == "function" then
        local count, problem = fits(type_)
        local looks_on = body and (body:find("%.product") or body:find("%.type"))
        if count == 0 and not (problem or looks_on) then
            say("match returns nil for each service that is known; it is given what was found, a table:"
                .. " return found.service == \"tank\" and 5 or nil")
        end
        return
    end
    for _, service in ipairs(match.service) do
        if services.is_gateway(service) then
            say("the service \"%s\" is of the gateway, and no device has it; a file gateway.lua with match ="
                .. " { kind = \"gateway\" } has its rows", service)
        elseif not match.last and match_check.unknown(service) then     -- the plugin's own are for such
            say("%s", match_check.unknown(service))
        end
    end
    for _, product in ipairs(type(written.product) == "table" and written.product or { written.product }) do
        if product:find("[%^$%%*]") then
            say("product has \"%s\", which is looked for as it is written; a part of the name is enough",
                product)
        end
    end
end

return match_check
