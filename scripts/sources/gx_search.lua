--- Finds GX devices on the LAN by SSDP (docs/vrm.md, Live data): a question to everybody, and of each device
-- whose answer has a GX's mark its description. Anybody may answer anything: nothing is asked of another
-- address than the answer came from, and what is not as it should be is left out.

local read = require "types.read"

local gx_search = {}

local GROUP, PORT = "239.255.255.250", 1900
local SECONDS = 4
local QUESTION = table.concat({ "M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", 'MAN: "ssdp:discover"',
                                "MX: 2", "ST: urn:schemas-upnp-org:device:Basic:1", "", "" }, "\r\n")
local MARK = "uuid:com.victronenergy.ccgx."
local MOST_DEVICES = 16
local LONGEST_NAME = 60

--- The value of a header in an answer; nil: it has none.
local function header(text, name)
    for line in text:gmatch "[^\r\n]+" do
        local key, value = line:match "^([%w%-]+)%s*:(.*)$"
        if key and key:lower() == name then return read.trim(value) end
    end
    return nil
end

--- The portal id in a text that has it as 12 digits, or as the address of a network card.
local function portal_of(text)
    local digits = (text or ""):gsub(":", ""):lower():match "^%s*(%x+)"
    return digits and #digits == 12 and digits or nil
end

--- An answer -> { address, portal, url = of its description|nil }; nil: it is not of a GX.
local function read_answer(answer)
    local usn = header(answer.text, "usn") or ""
    if usn:sub(1, #MARK):lower() ~= MARK then return nil end
    local portal = portal_of(usn:sub(#MARK + 1))
    if not portal then return nil end
    local url = header(answer.text, "location") or ""
    local at = url:match "^http://([%d%.]+)[:/]"
    local own = at == answer.from and #url < 200 and not url:find "[%c%s]"
    return { address = answer.from, portal = portal, url = own and url or nil }
end

--- The text of an XML element that has no others in it, as far as it can be shown; nil: there is none.
local function element(xml, name)
    local _, begins = xml:find("<" .. name .. ">", 1, true)
    local ends = begins and xml:find("<", begins + 1, true)
    if not ends then return nil end
    local text = xml:sub(begins + 1, ends - 1):gsub("&%a+;", " "):gsub("[%c<>&]", " ")
    return utf8.len(text) and read.trim(read.cut(text, LONGEST_NAME)) or nil
end

--- Adds what a device's own description says.
local function describe(device)
    local answer = device.url and host.lan { url = device.url, timeout = 5 }
    local xml = answer and answer.status == 200 and answer.text or ""
    device.name = element(xml, "friendlyName") or "GX"
    device.portal = portal_of(element(xml, "X_VrmPortalId")) or device.portal
    device.url = nil
end

--- Searches; the caller's task waits some seconds -> list of { name, portal, address }, by address, each once
-- | nil, why.
function gx_search.run()
    local group = host.env("VICTRON_SSDP_ADDRESS") or GROUP
    local port = tonumber(host.env("VICTRON_SSDP_PORT")) or PORT
    local answers, why = host.search(group, port, QUESTION, SECONDS)
    if not answers then return nil, why end
    local list, seen = {}, {}
    for _, answer in ipairs(answers) do
        local device = #list < MOST_DEVICES and read_answer(answer)
        if device and not seen[device.address] then
            seen[device.address], list[#list + 1] = true, device
        end
    end
    for _, device in ipairs(list) do describe(device) end
    table.sort(list, function(a, b) return a.address < b.address end)
    return list
end

return gx_search
