--- The brokers of live data: where each is and how to log in. sources.live speaks with all of them alike.
--
-- broker = { source = what tells of it on the gateway's node, see names.data_source,
--            name = as a sentence of the log calls it,
--            ways = list of { host, port, websocket = true: MQTT in one, tls = false: none, ca = PEM file of
--                   who may have signed its certificate, or that certificate itself, or "system": who the
--                   system trusts; nil: it is not checked, check_name = false: it may be for another name,
--                   pin = the text of the ca file where it may change }; the first is the best,
--            user, password = texts|nil,
--            silent, refused = what to look at if it tells nothing, or takes no login: sentences,
--            serial = it tells whose it is at once, so that one of another installation is noticed,
--            kept = false: what it keeps is left out, for it may be of a gateway or a device that is away,
--            told = function(how) that wants to know how it goes: "alive", "silent", "other" = it is of
--                   another installation, or why there is no connection (host.mqtt_open); nil: nobody }

local brokers = {}

local PORT, WEB_PORT = 8883, 443    -- the second goes through firewalls that let nothing but web pages pass
local CA = "scripts/sources/victron-ca.crt"

--- Where VRM has no host name for an installation: the brokers are numbered, by the portal id.
local function host_of(portal)
    local sum = 0
    for i = 1, #portal do sum = sum + portal:byte(i) end
    return ("mqtt%d.victronenergy.com"):format(sum % 128)
end

--- What the tests put in the place of a port or an authority.
local function given(name, usual)
    return tonumber(host.env(name)) or host.env(name) or usual
end

--- VRM's broker of an installation, for an account. nil and why: something of it is not known.
function brokers.of_vrm(site, email, token)
    local lacks = not email and "the e-mail of this account; look at your profile there"
        or not site.portal and "its portal id; look at its settings there"
    if lacks then return nil, ("no live data: VRM does not tell %s."):format(lacks) end
    local address = site.mqtt_host or host_of(site.portal)
    return {
        source = "vrm", name = "VRM's broker",
        ways = { { host = address, port = given("VICTRON_MQTT_PORT", PORT),
                   ca = given("VICTRON_MQTT_CA", CA) },
                 { host = site.mqtt_webhost or "web" .. address,
                   port = given("VICTRON_MQTT_WEB_PORT", WEB_PORT), websocket = true,
                   ca = given("VICTRON_MQTT_CA", host.env("VICTRON_CA_FILE") or "system") } },
        user = email, password = "Token " .. token, kept = false,
        silent = "Look whether it is online, whether its setting VRM portal is Off, and what this account may"
            .. " do with it in VRM.",
        refused = "Look whether the token is still listed in VRM, under Integrations, Access tokens.",
    }
end

--- Whether two of them are one: a connection to the one serves for the other.
function brokers.same(a, b)
    local same = a.source == b.source and a.user == b.user and a.password == b.password and #a.ways == #b.ways
    for i, way in ipairs(a.ways) do
        for _, field in ipairs { "host", "port", "websocket", "tls", "ca", "check_name", "pin" } do
            same = same and way[field] == b.ways[i][field]
        end
    end
    return same
end

return brokers
