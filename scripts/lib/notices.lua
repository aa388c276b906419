--- What the user reads in PG3: what is wrong and what to do. Each notice is set when its text changes and
-- cleared when the trouble is over.

local escape = require("lib.markdown").escape

local notices = {}

local shown = {}            -- [key] = text
local PROFILE_SECONDS = 3600
local profile_timer, profile_problem

local PORTAL = '<a href="https://vrm.victronenergy.com/access-tokens" target="_blank">'
    .. "vrm.victronenergy.com</a>"
local HOW = "In VRM (" .. PORTAL .. ") open Preferences, Integrations, Access tokens, create a token,"
    .. " paste it into the parameter <b>vrm_token</b> of this plugin's Configuration and save."
    .. " No restart is needed."

local function set(key, html)
    if shown[key] == html then return end
    shown[key] = html
    host.notice(key, html)
end

local ADVICE = {
    [2] = HOW,
    [4] = "The plugin waits and goes on by itself.",
    [5] = "Check the internet connection of this controller. The plugin tries again by itself.",
    [6] = "The plugin tries again by itself.",
}

--- The connection's notice. state: the controller's GV0; text: the reason, nil = not worth a notice.
function notices.connection(state, text, settings)
    local html
    if settings.token == "" then
        html = "Victron Energy is disconnected: there is no VRM access token yet. " .. HOW
    elseif settings.token_problem then
        html = "The VRM access token cannot be right: " .. escape(settings.token_problem) .. ". " .. HOW
    elseif state == 7 then
        html = (text and escape(text) or "VRM lists no installation for this access token.")
            .. " Check in " .. PORTAL .. " that the token's account may see your installation."
    elseif ADVICE[state] and text then
        html = escape(text) .. " " .. ADVICE[state]
    end
    set("vrm", html)
end

--- One installation that does not answer while others do; nil = it does again.
function notices.site(site, text)
    set("site_" .. site.id, text and ("Installation %s: %s The plugin tries again by itself."):format(
        escape(site.name), escape(text)) or nil)
end

--- Parameters that were not understood; an empty list clears the notice.
function notices.params(problems)
    set("params", #problems > 0 and escape(table.concat(problems, " ")) or nil)
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
    if profile_timer then host.cancel(profile_timer) end
    profile_timer = host.after(PROFILE_SECONDS, function() set("profile", nil) end)
end

return notices
