--- What the user reads in PG3: what is wrong, what to do, since when it is so, and where more of it stands.
-- Each notice is set when its text changes and cleared when the trouble is over. PG3 shows HTML; without its
-- tags the text reads as well.

local clock = require "tasks.clock"
local markdown = require "pg3.markdown"
local timer = require "tasks.timer"

local escape = markdown.escape

local notices = {}

--- Where more stands: { page, section }.
notices.PAGES = {
    token = { "README.md", "The token" },
    states = { "README.md", "States and what to do" },
    parameters = { "README.md", "Parameters" },
    nodes = { "docs/install.md", "Nodes come, go and stay" },
    polls = { "docs/install.md", "How fresh the numbers are" },
    trouble = { "docs/install.md", "Trouble" },
    folders = { "docs/authors.md", "Where scripts live" },
    mistakes = { "docs/authors.md", "What happens to a mistake" },
    live = { "docs/live.md", "Trouble" },
    control = { "docs/control.md", "What happens to a command" },
}
local PAGES = notices.PAGES

local shown = {}            -- [key] = { html, page, at = since when, whole = the same with what follows }
local other_devices = {}    -- what notices.devices was given last
local PROFILE_SECONDS = 3600
local CLOCK_SET = 1735689600    -- 2025: a clock that says less is wrong
local profile_timer
local profile_problem       -- why the last profile could not be written; nil: it could

local PORTAL = '<a href="https://vrm.victronenergy.com/access-tokens" target="_blank">'
    .. "vrm.victronenergy.com</a>"

--- Where a new token goes; another place in a terminal (tools.stand_in).
notices.place_of_token = "paste it into the parameter <b>vrm_token</b> of this plugin's Configuration and"
    .. " save. No restart is needed."

local function how_to_token()
    return "In VRM (" .. PORTAL .. ") open Preferences, Integrations, Access tokens, create a token, "
        .. notices.place_of_token
end

--- The address of the folder that README.md is in on the web, as the plugin's description for PG3 has it; nil
-- while that has none.
local HOME = (host.read("server.json") or ""):match('"docs"%s*:%s*"(https?://[^"]*/)README%.md"')

--- The section's name in an address, as pages of Markdown have it.
function notices.anchor(section)
    return (section:lower():gsub("[^%w%- ]", ""):gsub(" ", "-"))
end

--- "More: docs/install.md, Trouble.", a link where the pages have an address.
local function more(page)
    local text = ("%s, %s"):format(page[1], page[2])
    local link = HOME and ('<a href="%s%s#%s" target="_blank">%s</a>'):format(HOME, page[1],
        notices.anchor(page[2]), text)
    return (" More: %s."):format(link or text)
end

--- at: host.steady(). Nothing where the controller's clock was not set yet, as it may be at boot.
local function since(at)
    local date = clock.date(at)
    return date >= CLOCK_SET and os.date(" Since %Y-%m-%d %H:%M.", date) or ""
end

--- html: nil takes the notice away; page: of PAGES, nil: none helps; at: since when it is so, nil: since it
-- was set first, false: the text says it.
local function set(key, html, page, at)
    local before = shown[key]
    if at == nil then at = before and before.html == html and before.at or host.steady() end
    local whole = html and html .. (at and since(at) or "") .. (page and more(page) or "")
    if (before and before.whole) == whole then return end
    host.notice(key, whole)
    shown[key] = html and { html = html, page = page, at = at, whole = whole }
end

local REPORT = "If it stays, update the plugin or report this message."

--- What to do about a kind of failure (see sources.vrm); the network's own texts say it themselves.
local ADVICE = {
    forbidden = "Check in " .. PORTAL .. " that the token's account may see the installation.",
    rate = "Look for other programs that use the account.",
    server = "There is nothing to do here.",
    foreign = "Look for a login page, a proxy or a firewall between this controller and the internet.",
    refused = REPORT, bad_answer = REPORT, too_big = REPORT, bug = REPORT,
    memory = "Free memory on this controller.",
}

local MOST_PARTS, MOST_NAMES = 3, 3
local OUTAGE_SECONDS = 60           -- an outage's notice changes no more often, but at its beginning and end:
local BEGIN_SECONDS = 5             -- installations are asked one after the other, and the first fails alone
local outage_at                     -- when an outage's notice was set last; nil: none is shown
local outage_pause                  -- seconds from then to its next change

--- Some names as HTML, and how many more there are.
local function some(names)
    local parts = {}
    for i = 1, math.min(#names, MOST_NAMES) do parts[i] = markdown.name(names[i]) end
    local text = table.concat(parts, ", ")
    return #names > MOST_NAMES and ("%s and %d more"):format(text, #names - MOST_NAMES) or text
end

--- The first ones of a list as show gives them, and how many more the log has.
local function few(list, show)
    local texts = {}
    for i = 1, math.min(#list, MOST_PARTS) do texts[i] = show(list[i]) end
    if #list > MOST_PARTS then texts[#texts + 1] = ("%d more are in the log."):format(#list - MOST_PARTS) end
    return texts
end

--- One notice for everything that fails: what, where, what to do.
local function outage_html(outage)
    local parts = {}
    for i = 1, math.min(#outage.parts, MOST_PARTS) do
        local part = outage.parts[i]
        local many = part.names and #part.names > 1 and "s" or ""
        local where = part.names and ("Installation%s %s: "):format(many, some(part.names)) or ""
        parts[#parts + 1] = where .. escape(part.text)
        parts[#parts + 1] = part.kind == "auth" and how_to_token() or ADVICE[part.kind]
    end
    if not outage.refused then parts[#parts + 1] = "The plugin tries again by itself." end
    return table.concat(parts, " ")
end

local function show_outage(outage)
    local now = host.steady()
    if outage_at and not outage.refused and now - outage_at < outage_pause then return end
    outage_at, outage_pause = now, outage_at and OUTAGE_SECONDS or BEGIN_SECONDS
    set("vrm", outage_html(outage), outage.refused and PAGES.token or PAGES.states, outage.since)
end

--- A text as a sentence.
function notices.sentence(text) return text:find("[.!?]%s*$") and text or text .. "." end

--- The connection's notice. outage: what fails, nil = nothing worth a notice,
-- else { since = host.steady(), refused = the token is,
--        parts = list of { kind, text, names = the installations, nil: all } };
-- empty: VRM answers, but there is no installation; hidden: because the owner hides all of them.
function notices.connection(outage, settings, empty, hidden)
    local html, page = nil, PAGES.token
    if settings.token == "" then
        html = "Victron Energy is disconnected: there is no VRM access token yet. " .. how_to_token()
    elseif settings.token_problem then
        html = "The VRM access token cannot be right: " .. escape(settings.token_problem) .. ". "
            .. how_to_token()
    elseif outage then
        return show_outage(outage)
    elseif empty and hidden then
        page = PAGES.nodes
        html = "All installations are hidden. Choose in this plugin's Configuration which of them to show."
    elseif empty then
        page = PAGES.states
        html = "VRM lists no installation for this access token. " .. ADVICE.forbidden
    end
    outage_at = nil
    set("vrm", html, page)
end

local logged = {}           -- [key] = { [sentence] = true }: what the log has of what is so now

--- Has the log tell, once, what was not so before.
local function warn(key, sentences)
    local before, now = logged[key] or {}, {}
    for _, sentence in ipairs(sentences) do
        if not before[sentence] then host.log("warning", sentence) end
        now[sentence] = true
    end
    logged[key] = now
end

--- Parameters that were not understood; an empty list clears the notice.
function notices.params(problems)
    warn("params", problems)
    set("params", #problems > 0 and escape(table.concat(problems, " ")) or nil, PAGES.parameters)
end

--- Seconds between PG3's polls, where that is too long, math.huge: none come any more; nil: it is not.
function notices.polls(seconds)
    local text = seconds == math.huge and "PG3 sends this plugin no polls any more: VRM is not asked for new"
        .. " values, and nodes become Offline. Restart the plugin in PG3; if that does not help, restart PG3."
        or seconds and ("PG3 asks this plugin for new values every %d minutes only: in between, nodes"
        .. " show Stale or Offline. Set the short poll to 120 seconds."):format(seconds // 60)
    warn("polls", { text })
    set("polls", text, PAGES.polls)
end

--- Names in the parameter control that no installation has; an empty list clears the notice.
function notices.control_names(names)
    local sentences = {}
    for i = 1, math.min(#names, MOST_NAMES) do
        sentences[i] = ("The parameter control names \"%s\", which no installation of this account is called:"
            .. " it allows nothing."):format(names[i])
    end
    warn("control_names", sentences)
    sentences[#sentences + 1] = "Write on for all installations, off, or their names as in VRM with commas"
        .. " between."
    set("control_names", #names > 0 and escape(table.concat(sentences, " ")) or nil, PAGES.parameters)
end

--- Files that look like device scripts and are not used: list of sentences; an empty one clears the notice.
function notices.unused(list)
    warn("unused", list)
    set("unused", #list > 0 and table.concat(few(list, escape), "<br>") or nil, PAGES.folders)
end

--- Nodes that PG3 does not take: list of { name, address, why }, see host.refused; an empty one clears the
-- notice. The log has them already.
function notices.refused(list)
    local many = #list ~= 1
    local texts = few(list, function(node)
        local why = node.why ~= "" and node.why or "no reason given"
        return ("%s (%s): %s"):format(markdown.name(node.name), node.address, escape(notices.sentence(why)))
    end)
    table.insert(texts, 1, ("PG3 does not take %d node%s of this plugin."):format(#list, many and "s" or ""))
    texts[#texts + 1] = (many and "They are" or "It is")
        .. " tried again, every five minutes at most. If that does not help, restart PG3."
    set("refused", #list > 0 and table.concat(texts, " ") or nil, PAGES.trouble)
end

--- What was kept over a restart is lost; the notice goes with the plugin's next start.
function notices.kept(text)
    set("kept", escape(text), PAGES.trouble)
end

--- Devices that were replaced or have moved: list of { text, at = host.steady() when it was seen }, the
-- latest last; an empty one clears the notice.
function notices.devices(list)
    other_devices = list
    local texts, first = {}, math.max(#list - MOST_PARTS, 0) + 1
    for i = first, #list do texts[#texts + 1] = escape(list[i].text) .. since(list[i].at) end
    if first > 1 then texts[#texts + 1] = ("Earlier ones, %d, are in the log."):format(first - 1) end
    set("devices", #texts > 0 and table.concat(texts, "<br>") or nil, PAGES.nodes, false)
end

--- Sets again what has another date, for the controller's clock was set.
function notices.refresh()
    for key, one in pairs(shown) do set(key, one.html, one.page, one.at) end
    notices.devices(other_devices)
end

--- What keeps live data away: list of { name of the installation, sentence }; an empty one clears the notice.
-- What is so at several is said once.
function notices.live(troubles)
    table.sort(troubles, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[2] < b[2] end)
    local texts, names = {}, {}
    for _, one in ipairs(troubles) do
        local name, text = one[1], one[2]
        if not names[text] then texts[#texts + 1], names[text] = text, {} end
        table.insert(names[text], name)
    end
    local parts = few(texts, function(text) return ("%s: %s"):format(some(names[text]), escape(text)) end)
    set("live", #texts > 0 and "Live data: " .. table.concat(parts, "<br>") or nil, PAGES.live)
end

--- Why the log cannot be written; nil: it can.
function notices.log_file(why)
    set("log", why and ("The log of this plugin cannot be written: %s. Make room on the disk, or let the"
        .. " plugin's account write into the folder logs. The plugin goes on without."):format(escape(why)),
        PAGES.trouble)
end

--- Why the last command to an installation was not done; nil: it was.
function notices.control(site, text)
    set("control_" .. site.id, text and escape(text), PAGES.control, host.steady())
end

--- What is wrong with a device script, as HTML; nil: it is mended.
function notices.script(key, html)
    set(key, html, PAGES.mistakes)
end

--- What a device script itself has to say; nil: no more.
function notices.of_script(key, text)
    set(key, text and notices.sentence(markdown.line(text)))
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
            .. escape(problem) .. ". Check the plugin's folder. The plugin tries again every minute.",
            PAGES.trouble)
        return
    end
    if profile_problem then set("profile", nil) end
    profile_problem = nil
    if not changed then return end
    set("profile", "Device scripts changed what nodes can show. Close an open Admin Console and open it"
        .. " again to see it.", PAGES.trouble, host.steady())
    timer.cancel(profile_timer)
    profile_timer = timer.after(PROFILE_SECONDS, function() set("profile", nil) end)
end

return notices
