--- How the connection with VRM is as a whole: what the plugin's own node shows of it, and what fails, for the
-- notice. Both are told by the health of a session and of its installations (sources.account).

local connection = {}

--- Values of the controller's GV0. FROZEN.
local STATE = { DISCONNECTED = 0, CONNECTED = 1, AUTH_FAILED = 2, CONNECTING = 3, RATE_LIMITED = 4,
                UNREACHABLE = 5, VRM_ERROR = 6, NOTHING = 7, NO_ANSWER = 8, NOT_TRUSTED = 9, FOREIGN = 10,
                REFUSED = 11, TOO_LARGE = 12, NOT_UNDERSTOOD = 13, PLUGIN_ERROR = 14 }
connection.STATE = STATE

local STATE_OF = { auth = STATE.AUTH_FAILED, forbidden = STATE.NOTHING, rate = STATE.RATE_LIMITED,
                   server = STATE.VRM_ERROR, dns = STATE.UNREACHABLE, connect = STATE.UNREACHABLE,
                   timeout = STATE.NO_ANSWER, cut = STATE.NO_ANSWER, tls = STATE.NOT_TRUSTED,
                   foreign = STATE.FOREIGN, refused = STATE.REFUSED, too_big = STATE.TOO_LARGE,
                   bad_answer = STATE.NOT_UNDERSTOOD, bug = STATE.PLUGIN_ERROR,
                   memory = STATE.PLUGIN_ERROR }

local function state_of(source)
    return STATE_OF[source.kind] or STATE.UNREACHABLE
end

--- Everything that fails now, by kind, for one notice (see notices.connection); nil if nothing does.
function connection.outage(session)
    local parts, since = {}, nil
    local function add(source, name)
        if not (source:lost() or source.kind == "rate") then return end
        since = math.min(since or source.since, source.since)
        local part = parts[source.kind]
        if not part then
            part = { kind = source.kind, text = source.text, names = {} }
            parts[source.kind], parts[#parts + 1] = part, part
        end
        part.of_account = part.of_account or name == nil
        part.names[#part.names + 1] = name
    end
    if session.health.kind then add(session.health) end
    for _, site in ipairs(session.sites or {}) do
        if site.health.kind then add(site.health, site.name) end        -- of most nothing fails
    end
    for _, part in ipairs(parts) do
        if part.of_account or #part.names == #session.sites then part.names = nil end
    end
    return since and { since = since, parts = parts, refused = session.health:refused() } or nil
end

--- One of STATE. session: nil without a token, or one with a problem; held: VRM wants us to be quiet.
function connection.state(session, held, problem)
    if not session then return problem and STATE.AUTH_FAILED or STATE.DISCONNECTED end
    local whole, broken, answering, waiting = session.health, nil, false, false
    for _, site in ipairs(session.sites or {}) do
        local its = site.health
        broken = broken or its.kind and its
        answering = answering or its.answered and not its.kind
        waiting = waiting or not (its.answered or its.kind)
    end
    broken = whole.kind and whole or broken
    if whole:refused() then return state_of(whole) end          -- then nothing else counts
    if held then return STATE.RATE_LIMITED end
    if answering then return STATE.CONNECTED end
    if broken then return state_of(broken) end
    return session.sites and not waiting and STATE.NOTHING or STATE.CONNECTING
end

return connection
