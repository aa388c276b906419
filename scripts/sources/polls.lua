--- What VRM is asked about one installation: the names of its devices, their measurements, and what the list
-- of a large account does not say. A session (s) and a site are as sources.account has them.

local answers = require "sources.answers"
local choices = require "pg3.choices"
local clock = require "tasks.clock"
local health = require "sources.health"
local installation = require "model.installation"
local scripts = require "serve.scripts"

local polls = {}

local NAMELESS_TRIES = 3            -- failures of system-overview after which measurements come without it
local REFUSALS = { forbidden = true, refused = true, too_big = true }

--- VRM's time of an answer with this date; of one without, as it is known from those before, else the
-- controller's.
local function now_of(site, date) return date or site.dated and clock.of_vrm(site) or host.time() end

--- The names of an installation's devices. Measurements are worth more: VRM refusing or failing to give the
-- names does not keep them away, but for the first tries, so that nodes get their names. Returns an error if
-- the poll should end here.
local function ask_names(s, site, priority)
    local overview, err, date = s.client:overview(site.id, priority)
    if overview and #overview == 0 then                         -- VRM lists the gateway at least
        overview, err = nil, { kind = "bad_answer", text = "VRM lists no device of this installation." }
    end
    if overview then
        site.overview = answers.with_omitted(overview, site.overview)
        site.overview_at = now_of(site, date)
        site.nameless, site.said.overview = 0, nil
        return nil
    end
    if err.kind == "auth" or err.kind == "rate" then return err end
    site.nameless = (site.nameless or 0) + 1
    local refusal = REFUSALS[err.kind]
    if not (site.overview or refusal or site.nameless >= NAMELESS_TRIES) then return err end
    if site.said.overview ~= err.text then
        site.said.overview = err.text
        site.health:say("warning", "no device names: " .. err.text)
    end
    site.overview = site.overview or {}
    return nil
end

--- Whether an answer still counts: the token is the same, and the account has the installation.
function polls.counts(s, site)
    return not (s.over or site.withdrawn)
end

--- What the account's list says of the alarms and the data of an installation.
function polls.take_details(site, record)
    site.alarms, site.listed_alarms, site.alarms_unlisted = record.alarms, record.listed_alarms, nil
    site.last_timestamp = record.last_timestamp
end

--- What the list of a large account does not say about an installation, or says too seldom. It may fail: the
-- rows count alarms too. Returns nil and an error then.
function polls.ask_details(s, site, priority)
    local one, err = health.attempt(s.client.details, s.client, s.user_id, site.id, priority)
    if one and polls.counts(s, site) then polls.take_details(site, one) end
    return one, err
end

--- Asks VRM for one installation, on discovery its devices, always its measurements, and shows the answer ->
-- VRM's time | nil, error.
function polls.ask(s, site, discover, priority)
    if discover then
        local problem = ask_names(s, site, priority)
        if problem then return nil, problem end
    elseif (site.alarms_beyond or 0) > 0 then       -- no row will say when such an alarm is over
        local one, problem = polls.ask_details(s, site)
        if not one and problem and problem.kind == "rate" then return nil, problem end
    end
    if not polls.counts(s, site) then return nil end
    local answer, err = s.client:diagnostics(site.id, discover or false, site.store.pages, priority)
    if not answer or not polls.counts(s, site) then return nil, err end
    if #answer.rows == 0 and site.had_rows then
        return nil, { kind = "bad_answer", text = "VRM sent no measurements of this installation." }
    end
    site.had_rows = #answer.rows > 0
    if discover then
        scripts.prepare(answer.rows)
        if not polls.counts(s, site) then return nil end
    end
    site.dated = site.dated or answer.date ~= nil
    local now = now_of(site, answer.date)
    installation.show(site, answer, now, discover)
    if discover then choices.offer() end
    return now
end

return polls
