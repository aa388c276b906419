--- The owner's GX devices on the LAN -> the broker of each for sources.live. One needs an address (the
-- owner's, or by search), a certificate (the first that is seen is remembered, and no other is taken), and a
-- login (the owner's password, or a token that the GX gives while it is in pairing mode). docs/vrm.md, Live
-- data.
--
-- device = { portal, site, task = the one that gets what it lacks, tried_at, address = { host, plain },
--            blocked = the owner has to say which it is, searched = the address is by search, missing = it
--            was not found, offered = it shows another certificate than the remembered one, suspect = it may
--            show another, away = it may have another address, refused_at = when the login was refused,
--            worked = it was live, files = what was written: [name] = { path, text }, said,
--            told = what the notice says }

local health = require "sources.health"
local notices = require "pg3.notices"
local gx_search = require "sources.gx_search"
local state = require "serve.state"
local timer = require "tasks.timer"

local gx = {}

local TLS_PORT, PLAIN_PORT, WEB_PORT = 8883, 1883, 443
local USER = "pg3-victron"          -- a GX takes any, but token/...
local FOLDER = "persist"
local TRY_SECONDS = 30              -- between two tries to get what is missing; pairing mode lasts 120
local SEARCH_SECONDS = 300          -- between two searches
local REFUSED_SECONDS = 3600        -- until a login that was refused is tried again
local SHOWN_DIGITS = 16             -- of a fingerprint

local settings = { hosts = {}, password = "", fingerprints = {} }
local devices = {}                  -- [portal id] = device
local kept = {}                     -- [portal id] = { certificate = PEM, user, token = see hide }
local found = { at = nil, list = {}, said = "" }    -- by the last search
local looking                       -- the timer

--- Called with the site whose broker is known now, or another than before.
gx.ready = function() end

--- The password of a token as it is kept. What PG3 keeps is masked, so that no device script can put a secret
-- there; this one belongs there.
local function hide(password)
    return (password:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

local function unhide(text)
    return (text:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

state.keep("gx", function(from)
    for portal, its in pairs(from) do
        local whole = type(its) == "table" and type(its.certificate) == "string"
        local paired = whole and type(its.user) == "string" and type(its.token) == "string"
        if whole then kept[portal] = { certificate = its.certificate } end
        if paired then
            kept[portal].user, kept[portal].token = its.user, its.token
            host.mask(unhide(its.token))
        end
    end
end, function() return kept end)

----------------------------------------------------------------------------------------- what is told

local function show_notice()
    local troubles = {}
    local some = false                              -- are here; then others may be elsewhere
    for _, device in pairs(devices) do some = some or device.address ~= nil end
    for _, device in pairs(devices) do
        local wanted = device.told and not device.site.withdrawn and not (device.missing and some)
        if wanted then troubles[#troubles + 1] = { device.site.name, device.told } end
    end
    notices.live(troubles)
end

--- What keeps a GX from being live, for the notice, and once for the log; nil: nothing does.
local function tell(device, text, level)
    if text and level and device.said ~= text then
        host.log(level, ("%s: %s"):format(device.site.name, text))
    end
    if level or not text then device.said = text end
    device.told = text
    show_notice()
end

---------------------------------------------------------------------------------------------- address

--- The first portal id of the owner's that none of the account's installations has; nil: there is none.
local function stranger(sites, listed)
    local known = {}
    for _, list in ipairs { sites, listed } do
        for _, one in ipairs(list) do known[one.portal or ""] = true end
    end
    for _, one in ipairs(settings.hosts) do
        if one.portal and not known[one.portal] then return one.portal end
    end
    return nil
end

--- The owner's address of an installation's GX | nil, what is wrong; nil, nil: it is elsewhere. sites,
-- listed: see gx.broker_of.
local function given_address(site, sites, listed)
    local bare
    for _, one in ipairs(settings.hosts) do
        if one.portal == site.portal then return one end
        bare = bare or not one.portal and one
    end
    local strange = not bare and stranger(sites, listed)
    if strange then
        return nil, ("gx_host has the portal id %s, which is none of your installations'; that of this one is"
            .. " %s. Correct it, if that GX is meant."):format(strange, site.portal)
    end
    if not bare or #sites == 1 then return bare end
    local ids = {}
    for i, one in ipairs(sites) do ids[i] = ("%s=HOST for %s"):format(one.portal or "PORTALID", one.name) end
    return nil, ("gx_host does not say which of the installations has the GX at %s. Write %s, with blanks"
        .. " between them; what is not on this network may be left out."):format(bare.host,
        table.concat(ids, ", ", 1, math.min(#ids, 10)))
end

--- Once for each result: what was found, or why there was no search (list is nil).
local function say_found(list, why)
    local texts = {}
    for i, one in ipairs(list or {}) do
        texts[i] = ("%s (portal id %s) at %s"):format(one.name, one.portal, one.address)
    end
    local text = #texts > 0 and "GX devices found on the network: " .. table.concat(texts, "; ") .. "."
        or list and "No GX device was found on the network."
        or "The network cannot be searched for GX devices: " .. why .. "."
    if found.said ~= text then host.log(list and "info" or "warning", text) end
    found.said = text
end

--- Searches the network, for all devices that lack an address, but not all the time.
local function search()
    if host.running(found.task) then return host.await(found.task) end
    if found.at and host.steady() - found.at < SEARCH_SECONDS then return end
    found.at, found.task = host.steady(), coroutine.running()
    local list, why = gx_search.run()
    found.list = list or {}
    say_found(list, why)
end

--- Looks for a device by its portal id. One of which several say they are it is not used.
local function find(device)
    search()
    local own = {}
    for _, one in ipairs(found.list) do
        if one.portal == device.portal then own[#own + 1] = one.address end
    end
    device.missing = #own == 0 and not device.address
    if #own == 1 then
        device.address, device.searched = { host = own[1] }, true
        show_notice()
    elseif not device.address then
        tell(device, #own > 1 and ("%s all say that they are the GX of this installation. Write the address"
            .. " of the right one into the parameter gx_host."):format(table.concat(own, ", ")) or
            ("no GX with the portal id %s was found on the network. Write its address into the parameter"
            .. " gx_host, if it is on the same network as this controller."):format(device.portal), "warning")
    end
end

------------------------------------------------------------------------------------------ certificate

local function accepts(fingerprint)
    local digits = fingerprint:gsub(":", "")
    for _, wanted in ipairs(settings.fingerprints) do
        if digits:sub(1, #wanted) == wanted then return true end
    end
    return false
end

--- The certificate that a port shows -> { text, fingerprint } | nil, why, kind of failure.
local function ask_certificate(address, port)
    local answer, err = host.lan { url = ("https://%s:%d/"):format(address, port), certificate = true }
    local fingerprint = answer and host.fingerprint(answer.text)
    if fingerprint then return { text = answer.text, fingerprint = fingerprint } end
    return nil, err and err.text or "it shows no certificate", err and err.kind
end

local function remember(device, certificate)
    local its = kept[device.portal] or {}
    its.certificate, kept[device.portal], device.offered = certificate.text, its, nil
    state.save_soon()
    host.log("info", ("%s: from now on the GX at %s is taken only with the certificate that it shows now"
        .. " (fingerprint %s)."):format(device.site.name, device.address.host, certificate.fingerprint))
end

local function port_of(address)
    local name = address.plain and "VICTRON_GX_PLAIN_PORT" or "VICTRON_GX_PORT"
    return tonumber(host.env(name)) or (address.plain and PLAIN_PORT or TLS_PORT)
end

local function not_reached(device, kind)
    if kind == "dns" then
        return ("the name %s in gx_host is not known here. Write the IPv4 address of the GX."):format(
            device.address.host)
    end
    return ("the GX at %s is not reached. Look whether it is on, whether that is its address, and on the GX"
        .. " under Settings, Integrations, whether MQTT Access is on."):format(device.address.host)
end

local function not_valid(device)
    return ("no TLS connection to the GX at %s, though its certificate is the one that is remembered. Look at"
        .. " the date and the time of this controller and of the GX."):format(device.address.host)
end

--- Whether what a device answers counts: the owner has not changed the parameters since it was asked.
local function counts(device) return devices[device.portal] == device end

--- Remembers the first certificate of a device; another one later is refused until the owner accepts it.
local function look_at_certificate(device)
    local certificate, why, kind = ask_certificate(device.address.host, port_of(device.address))
    local its = kept[device.portal]
    if not counts(device) then return end
    if not certificate then
        host.log("debug", ("%s: %s"):format(device.site.name, why))
        if not device.worked then tell(device, not_reached(device, kind), "warning") end
    elseif its and host.fingerprint(its.certificate) == certificate.fingerprint then
        if not (device.offered or device.worked) then tell(device, not_valid(device), "warning") end
        device.offered = nil
    elseif not its or accepts(certificate.fingerprint) then
        remember(device, certificate)
    else
        device.offered = true
        tell(device, ("the GX at %s shows another certificate than before, so nothing is sent to it. A"
            .. " factory reset, a new GX or another device at that address does this, and so does somebody"
            .. " who is after the password. If you know the reason, write %s into the parameter"
            .. " gx_fingerprint and save.")
            :format(device.address.host, certificate.fingerprint:gsub(":", ""):sub(1, SHOWN_DIGITS)), "error")
    end
end

--- Writes a file -> its path | nil, a sentence. Without PG3 it stands elsewhere: tools.stand_in.
function gx.write(name, text)
    local path = FOLDER .. "/" .. name
    local ok, why = host.make_folder(FOLDER)
    if ok then ok, why = host.write(path, text) end
    if ok then return path end
    return nil, ("%s cannot be written: %s. Look at the folder of the plugin, and whether the disk is full.")
        :format(path, why)
end

--- The file that has a certificate of a device: which = "" the broker's, "_web" its web server's | nil.
local function file_of(device, which, text)
    local name = ("gx_%s%s.pem"):format(device.portal, which)
    local written = device.files[name]
    if written and written.text == text then return written.path end
    local path, problem = gx.write(name, text)
    device.files[name] = path and { path = path, text = text }
    if problem then tell(device, problem, "error") end
    return path
end

------------------------------------------------------------------------------------------------ login

local HOW_PAIRED = "Put the GX into pairing mode (on the GX under Settings, Integrations, or press its button"
    .. " twice): the plugin is paired within a minute. Or write the password of its security profile into the"
    .. " parameter gx_password."

--- The token of an answer -> user, password; nil: it is none.
local function read_token(text)
    local json = host.json(text)
    local user, password = type(json) == "table" and json.token_name, type(json) == "table" and json.password
    if type(user) ~= "string" or type(password) ~= "string" then return nil end
    if not (user:find "^token/[%w_]+/[%w_]+$" and #user <= 200) then return nil end
    return password:find "^[%w]+$" and #password >= 8 and #password <= 200 and user or nil, password
end

--- Asks the GX for a token, which it gives in pairing mode only. Its web server has another certificate than
-- its broker, which nothing vouches for. So nothing secret is sent; what comes has to prove itself there.
local function pair(device)
    local address, port = device.address.host, tonumber(host.env("VICTRON_GX_WEB_PORT")) or WEB_PORT
    local certificate, why = ask_certificate(address, port)
    local file = certificate and file_of(device, "_web", certificate.text)
    if certificate and not file then return end
    local its = kept[device.portal]
    local name = its.user and its.user:match "[%w_]+$" or
        ("victron%08x"):format(math.random(0, 0xFFFFFFFF))
    local answer, err
    if file then
        answer, err = host.lan { url = ("https://%s:%d/auth/generate-token/"):format(address, port),
                                 ca = file, post = "role=pg3&device_id=" .. name }
        why = err and err.text
    end
    if not counts(device) then return end
    local user, password
    if answer and answer.status == 200 then user, password = read_token(answer.text) end
    if user then
        host.mask(password)
        its.user, its.token, device.refused_at = user, hide(password), nil
        state.save_soon()
        return host.log("info", ("%s: the plugin is paired with the GX at %s as %s."):format(device.site.name,
            address, user))
    end
    host.log("debug", ("%s: the GX does not pair: %s"):format(device.site.name, why or
        (answer.status == 200 and "its answer is no token" or "HTTP status " .. answer.status)))
    tell(device, ("the GX at %s wants a login. %s"):format(address, HOW_PAIRED), "warning")
end

local function is_refused(device)
    return device.refused_at ~= nil and host.steady() - device.refused_at < REFUSED_SECONDS
end

--- The user and the password for a device; nil: there are none that may be tried now.
local function login_of(device)
    if is_refused(device) then return nil end
    if device.address.plain then return USER, "" end
    if settings.password ~= "" then return USER, settings.password end
    local its = kept[device.portal] or {}
    return its.user, its.token and unhide(its.token)
end

----------------------------------------------------------------------------------------------- broker

local start
local on_state = {}

local function refused_advice()
    if settings.password == "" then return "Its token may have been removed there. " .. HOW_PAIRED end
    return "Look whether gx_password is the password of its security profile. Where MQTT Access is for"
        .. " paired devices only, empty gx_password and pair the plugin."
end

-- What sources.live tells of a device's connection, see brokers.lua: told.

function on_state.alive(device)
    device.worked = true
    tell(device, nil)
end

function on_state.login(device)
    device.refused_at = host.steady()
    tell(device, ("the GX at %s refuses the login; it is not tried again for an hour, or until you change a"
        .. " parameter of live data. %s"):format(device.address.host, refused_advice()))
end
on_state.rights, on_state.id = on_state.login, on_state.login

function on_state.silent(device)
    tell(device, ("the GX at %s takes the login but tells nothing. Start it anew."):format(
        device.address.host))
end

function on_state.other(device)
    tell(device, ("the GX at %s is of another installation than %s. Correct the parameter gx_host.")
        :format(device.address.host, device.portal))
end

function on_state.tls(device)
    device.suspect, device.files = true, {}         -- or the file has been deleted
    if host.steady() - (device.tried_at or -math.huge) >= TRY_SECONDS then start(device) end
end

function on_state.unreachable(device)
    device.away = device.searched                   -- it may have another address by now
    if device.worked then return end
    tell(device, not_reached(device))
end

--- A device's broker, see brokers.lua; nil: something is missing.
local function broker_of(device)
    local address, its = device.address, kept[device.portal]
    if not address or device.offered or not (its or address.plain) then return nil end
    local user, password = login_of(device)
    if not user then return nil end
    local file = not address.plain and file_of(device, "", its.certificate) or nil
    if not (file or address.plain) then return nil end
    return {
        source = "gx", name = "GX " .. address.host,
        ways = { { host = address.host, port = port_of(address), tls = not address.plain, ca = file,
                   check_name = false, pin = its and its.certificate } },
        user = user, password = password, serial = true,
        silent = "Start it anew.", refused = refused_advice(),
        told = function(how)
            (on_state[how] or on_state.unreachable)(devices[device.portal] or device)
        end,
    }
end

--- Gets what a device lacks.
local function prepare(device)
    local suspect, away = device.suspect, device.away
    device.suspect, device.away = nil, nil
    if not device.address or away then find(device) end
    if device.address and not device.address.plain then
        if suspect or device.offered or not kept[device.portal] then look_at_certificate(device) end
        local ready = counts(device) and kept[device.portal] and not device.offered
        if ready and settings.password == "" and not login_of(device) then pair(device) end
    end
    local broker = broker_of(device)
    if broker and counts(device) then gx.ready(device.site) end
end

function start(device)
    if host.running(device.task) then return end
    device.tried_at = host.steady()
    device.task = host.spawn(health.attempt, prepare, device)
end

--- Whether there is something to do for a device.
local function lacks(device)
    if device.blocked then return false end
    if device.suspect or device.away or not device.address or device.offered then return true end
    return not device.address.plain and
        (not kept[device.portal] or settings.password == "" and not login_of(device))
end

local function look()
    for _, device in pairs(devices) do
        if lacks(device) and not device.site.withdrawn then start(device) end
    end
end

--- The broker of an installation's GX; nil: there is none (yet). sites: all installations; listed: VRM's list
-- of them, with those that the owner hides.
function gx.broker_of(site, sites, listed)
    if not site.portal then return nil end
    local address, problem = given_address(site, sites, listed)
    local device = devices[site.portal]
    if #settings.hosts > 0 and not (address or problem) then            -- it is elsewhere
        if device then tell(device, nil) end
        return nil
    end
    if not device then
        device = { portal = site.portal, site = site, address = address, files = {} }
        devices[site.portal] = device
    end
    device.site, device.address, device.blocked = site, address or device.address, problem ~= nil
    if problem then
        tell(device, problem, "warning")
        return nil
    end
    if lacks(device) then
        if not device.tried_at then start(device) end
        if device.offered or not device.address then return nil end
    end
    return broker_of(device)
end

--- The owner's parameters (see params.read): gx; nil: GX devices are not wanted. All is tried anew.
function gx.use(given)
    settings = given or { hosts = {}, password = "", fingerprints = {} }
    for _, device in pairs(devices) do
        if host.running(device.task) then host.drop(device.task) end
    end
    devices, found.at = {}, nil
    show_notice()
    timer.cancel(looking)
    looking = given and timer.every(TRY_SECONDS, look) or nil
end

return gx
