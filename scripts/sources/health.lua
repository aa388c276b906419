--- Whether one source (the account, an installation) answers: counts failures, spaces the tries, and logs
-- each change once.

local shortage = require "tasks.shortage"

local health = {}
health.__index = health

local FIRST_DELAY, LONGEST_DELAY = 5, 300      -- seconds between tries: 5, 10, 20 ... 300

--- Lines of all sources together: so many in so many seconds. An outage of a hundred installations is told by
-- the first of them.
local MOST_LINES, LINES_SECONDS = 6, 600
local lines = { since = 0, count = 0 }

--- Who has several sources gives this one a name, which begins its log lines.
function health.new()
    return setmetatable({ failures = 0, answered = false }, health)
end

--- A line in the log about this source.
local function log(self, level, text)
    host.log(level, self.name and ("%s: %s"):format(self.name, text) or text)
end

--- The same, of which there are not too many -> whether it was written above the level debug.
function health:say(level, text)
    if host.steady() - lines.since >= LINES_SECONDS then
        lines = { since = host.steady(), count = 0 }
    end
    lines.count = lines.count + 1
    if lines.count > MOST_LINES and level ~= "error" then level = "debug" end
    if lines.count == MOST_LINES then
        text = text .. " (Further lines of this kind are left out for a while.)"
    end
    log(self, level, text)
    return level ~= "debug"
end

local function failure_of(problem)
    shortage.pass_on(problem)
    return { kind = "bug", text = "An error in the plugin: " .. tostring(problem) }
end

--- fn's results; an error of ours becomes a failure like any other, so that the next try comes.
function health.guarded(fn, ...)
    local ok, result, err = pcall(fn, ...)
    if ok then return result, err end
    local _, failure = pcall(failure_of, result)    -- without memory for a failure: that it was short
    return nil, failure
end

local OURS = { bug = true, memory = true }

--- guarded, for work whose failure no source counts: an error of ours is logged.
function health.attempt(fn, ...)
    local result, err = health.guarded(fn, ...)
    if err and OURS[err.kind] then host.log("error", err.text) end
    return result, err
end

--- The source answered. Logs it if it did not before.
function health:worked()
    if self.failures > 0 then
        local text = ("VRM answers again after %d failed %s."):format(
            self.failures, self.failures == 1 and "try" or "tries")
        if self.told then self:say("info", text) else log(self, "debug", text) end
    end
    self.failures, self.kind, self.text, self.repeats, self.since, self.told = 0, nil, nil, nil, nil, nil
    self.answered = true
end

--- The source failed. err = { kind, text }. A line in the log if the reason is a new one; repeats are
-- counted and told with the next change.
function health:failed(err)
    self.failures = self.failures + 1
    self.since = self.since or host.steady()
    if self.kind == err.kind then
        self.repeats = self.repeats + 1
        log(self, "debug", ("%s (failure %d)"):format(err.text, self.failures))
    else
        local before = (self.repeats or 0) > 0 and (" (The problem before it was repeated %d times.)")
            :format(self.repeats) or ""
        local told = self:say(err.kind == "auth" and "error" or "warning", err.text .. before)
        self.told = self.told or told
        self.repeats = 0
    end
    self.kind, self.text = err.kind, err.text
end

--- Seconds until the next try after the failures so far.
function health:delay()
    return math.min(FIRST_DELAY * 2 ^ math.min(self.failures - 1, 10), LONGEST_DELAY)
end

--- VRM does not want this token.
function health:refused() return self.kind == "auth" or self.kind == "forbidden" end

--- Values can no longer be believed: refused at once, otherwise after the second failure in a row.
function health:lost() return self.failures >= 2 or self:refused() end

return health
