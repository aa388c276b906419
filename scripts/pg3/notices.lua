--- What the user reads in PG3: what is wrong and what to do. Each notice is set when its text changes and
-- cleared when the trouble is over.

local markdown = require "pg3.markdown"
local timer = require "tasks.timer"

local escape = markdown.escape

local notices = {}

local shown = {}            -- [key] = text
local PROFILE_SECONDS = 3600
local profile_timer
local profile_problem       -- why the last profile could not be written; nil: it could

local PORTAL = '<a href="https://vrm.victronenergy.com/access-tokens" target="_blank">'
    .. "vrm.victronenergy.com</a>"
local HOW = "In VRM (" .. PORTAL .. ") open Preferences, Integrations, Access tokens, create a token,"
    .. " paste it into the parameter <b>vrm_token</b> of this plugin's Configuration and save."
    .. " No restart is needed."

local function set(key, html)
    if shown[key] == html then return end
    host.notice(key, html)
    shown[key] = html
end

local REPORT = "If it stays, update the plugin or report this message."

--- What to do about a kind of failure (see sources.vrm); the network's own texts say it themselves.
local ADVICE = {
    auth = HOW,
    forbidden = "Check in " .. PORTAL .. " that the token's account may see the installation.",
    rate = "Look for other programs that use the account.",
    server = "There is nothing to do here.",
    foreign = "Look for a login page, a proxy or a firewall between this controller and the internet.",
    refused = REPORT, bad_answer = REPORT, too_big = REPORT, bug = REPORT,
    memory = "Free memory on this controller.",
}

local MOST_PARTS, MOST_NAMES = 3, 3
local OUTAGE_SECONDS = 60           -- an outage's notice changes no more often, but for its beginning and end
local outage_at                     -- when an outage's notice was set last; nil: none is shown

--- Some names as HTML, and how many more there are.
local function some(names)
    local parts = {}
    for i = 1, math.min(#names, MOST_NAMES) do parts[i] = markdown.name(names[i]) end
    local text = table.concat(parts, ", ")
    return #names > MOST_NAMES and ("%s and %d more"):format(text, #names - MOST_NAMES) or text
end

--- One notice for everything that fails: what, where, what to do, since when.
local function outage_html(outage)
    local parts = {}
    for i = 1, math.min(#outage.parts, MOST_PARTS) do
        local part = outage.parts[i]
        local where = part.names and "Installation " .. some(part.names) .. ": " or ""
        parts[#parts + 1] = where .. escape(part.text)
        parts[#parts + 1] = ADVICE[part.kind]
    end
    if not outage.refused then parts[#parts + 1] = "The plugin tries again by itself." end
    parts[#parts + 1] = os.date("Since %Y-%m-%d %H:%M.", math.floor(outage.since))
    return table.concat(parts, " ")
end

local function show_outage(outage)
    local now = host.time()
    if outage_at and not outage.refused and math.abs(now - outage_at) < OUTAGE_SECONDS then return end
    outage_at = now
    set("vrm", outage_html(outage))
end

--- The connection's notice. outage: what fails, nil = nothing worth a notice,
-- else { since = unix, refused = the token is,
--        parts = list of { kind, text, names = the installations, nil: all } };
-- empty: VRM answers, but there is no installation; hidden: because the owner hides all of them.
function notices.connection(outage, settings, empty, hidden)
    local html
    if settings.token == "" then
        html = "Victron Energy is disconnected: there is no VRM access token yet. " .. HOW
    elseif settings.token_problem then
        html = "The VRM access token cannot be right: " .. escape(settings.token_problem) .. ". " .. HOW
    elseif outage then
        return show_outage(outage)
    elseif empty and hidden then
        html = "All installations are hidden. Choose in this plugin's Configuration which of them to show."
    elseif empty then
        html = "VRM lists no installation for this access token. " .. ADVICE.forbidden
    end
    outage_at = nil
    set("vrm", html)
end

--- Parameters that were not understood; an empty list clears the notice.
function notices.params(problems)
    set("params", #problems > 0 and escape(table.concat(problems, " ")) or nil)
end

local told_unused = {}              -- [sentence] = true: it is in the log

--- Files that look like device scripts and are not used: list of sentences; an empty one clears the notice.
function notices.unused(list)
    local texts = {}
    for i, text in ipairs(list) do
        if not told_unused[text] then host.log("warning", text) end
        told_unused[text] = true
        if i <= MOST_PARTS then texts[i] = escape(text) end
    end
    set("unused", #texts > 0 and table.concat(texts, "<br>") or nil)
end

--- Devices that were replaced or have moved: list of { text }, the latest last; an empty one clears the
-- notice.
function notices.devices(list)
    local texts, first = {}, math.max(#list - MOST_PARTS, 0) + 1
    for i = first, #list do texts[#texts + 1] = escape(list[i].text) end
    if first > 1 then texts[#texts + 1] = ("Earlier ones, %d, are in the log."):format(first - 1) end
    set("devices", #texts > 0 and table.concat(texts, "<br>") or nil)
end

--- What keeps live data away: list of sentences; an empty one clears the notice.
function notices.live(texts)
    local shown_texts = {}
    for i = 1, math.min(#texts, MOST_PARTS) do shown_texts[i] = escape(texts[i]) end
    if #texts > MOST_PARTS then
        shown_texts[#shown_texts + 1] = ("%d more are in the log."):format(#texts - MOST_PARTS)
    end
    set("live", #texts > 0 and "Live data: " .. table.concat(shown_texts, "<br>") or nil)
end

--- Why the last command to an installation was not done; nil: it was.
function notices.control(site, text)
    set("control_" .. site.id, text and escape(text))
end

--- Whether the last profile could not be written.
function notices.profile_fails()
    return profile_problem ~= nil
end

--- PG3 was given another profile while the plugin runs; problem: it could not be written.
function notices.profile(changed, problem)
    if problem then
        if profile_problem ~= problem then
            host.log("error", "The profile could not be brought up to date: " .. problem)
        end
        profile_problem = problem
        set("profile", "The node definitions could not be brought up to date, nodes may look wrong: "
            .. escape(problem) .. ". Check the plugin's folder. The plugin tries again every minute.")
        return
    end
    if profile_problem then set("profile", nil) end
    profile_problem = nil
    if not changed then return end
    set("profile", "Device scripts changed what nodes can show. Close an open Admin Console and open it"
        .. " again to see it.")
    if profile_timer then timer.cancel(profile_timer) end
    profile_timer = timer.after(PROFILE_SECONDS, function() set("profile", nil) end)
end

return notices
