--- The energy of installations: what VRM counted today, this month and so far, and the solar yield that it
-- expects. It is asked beside the polls and becomes rows of the gateway (model.store), PATHS.
--
-- A day, a month and a year begin at midnight of the installation. VRM is asked for spans that begin and end
-- there, so that it does not matter when its own days do (docs/vrm.md, Energy). Only today is asked for
-- often; the days of the month before it, the months before those and the years before those change seldom,
-- and the sums are made here.
--
-- site.energy = { day = the midnight that this is of,
--                 spans = { [name] = list of { from, to }: what is asked for; empty: there is no such time;
--                           nil: not known },
--                 month, tomorrow, after = when its month began, when the next day begins and ends,
--                 month_ends = that too, if it is the last of its month,
--                 asked = { [name] = { at = host.steady(), pause = seconds until the next time,
--                                      useless = how often in a row there was nothing,
--                                      failed = there was no answer } },
--                 answers = { [name] = { key = of its spans, codes = see answers.energy, at = VRM's time } },
--                 forecast = { hours = see answers.forecast, at = VRM's time }|nil,
--                 has = { [code] = true }: flows that VRM gave a number for, in any span,
--                 most = { [path] = { from = begin of its period, value } }: the largest so far,
--                 said = { ["energy totals" or "solar forecast"] = what was logged of a refusal } }

local clock = require "tasks.clock"
local health = require "sources.health"
local installation = require "model.installation"
local store = require "model.store"

local energy = {}

--- How all paths begin. A gateway's table that names none of them costs no question.
local PREFIX, FORECAST_PREFIX = store.TOLD, store.TOLD .. "Forecast/"

--- What is asked for, in this order; of each the interval in which VRM puts it together, and the seconds
-- until it is asked again: after an answer, after a failure or one without anything or with what cannot be,
-- and after the third of these in a row.
local QUESTIONS = { "day", "days", "forecast", "months", "years" }
local RULES = {
    day      = { interval = "hours", answered = 600, failed = 600, nothing = 3600 },
    days     = { interval = "days", answered = 21600, failed = 600, nothing = 86400 },
    forecast = { answered = 3600, failed = 3600, nothing = 86400 },
    months   = { interval = "months", answered = 86400, failed = 600, nothing = 86400 },
    years    = { interval = "years", answered = 86400, failed = 600, nothing = 86400 },
}
local MOST_USELESS = 3

--- Seconds that values live without a new answer: two tries that failed, and time for the third.
local LIFE, FORECAST_LIFE = 3 * RULES.day.answered + 120, 3 * RULES.forecast.answered + 120

--- Seconds between two questions, for each installation of the account, and at most: at a start and at a
-- midnight everything is due at once, and more than half of what VRM's limit lets through is the polls'.
local GAP, LONGEST_GAP = 0.01, 1
local LOOK_SECONDS = 10             -- when nothing is due, somebody looks again

local PERIODS = {
    { name = "Today", spans = { "day" } },
    { name = "Month", spans = { "day", "days" } },
    { name = "Lifetime", spans = { "day", "days", "months", "years" } },
}
local SUMS = {
    Solar = { "Pb", "Pc", "Pg" }, Consumption = { "Pc", "Gc", "gc", "Bc" },
    FromGrid = { "Gb", "Gc" }, ToGrid = { "Pg", "Bg" }, FromGenerator = { "gb", "gc" },
    BatteryIn = { "Pb", "Gb", "gb" }, BatteryOut = { "Bc", "Bg" },
}

local REFUSALS = { auth = true, forbidden = true, refused = true, bad_answer = true, too_big = true }

----------------------------------------------------------------------------------------- the calendar

local DAY, NOON = 86400, 43200
local FOUR_YEARS = 1461             -- days, from one first of January to another; VRM allows five years
local MOST_YEARS = 40               -- that an installation is old; VRM is younger

--- The midnight of a zone so many days before another one.
local function days_before(zone, midnight, days)
    return (host.midnight(zone, midnight + NOON - days * DAY))
end

--- The span from one time to another, none if that is no time.
local function span(from, to)
    return from < to and { { from = from, to = to } } or {}
end

--- The years from that in which an installation came to VRM up to a year's begin; nil: not known.
local function years(zone, created, year, tomorrow)
    if not created or created >= tomorrow or created <= year - MOST_YEARS * 366 * DAY then return nil end
    if created >= year then return {} end
    local midnight, _, _, of_year = host.midnight(zone, created)
    local from, list = days_before(zone, midnight, of_year - 1), {}
    while from < year do
        local to = math.min(days_before(zone, from, -FOUR_YEARS), year)
        list[#list + 1] = { from = from, to = to }
        from = to
    end
    return list
end

--- What is known of a site's energy; a new day has spans of its own, and everything is asked again.
local function known_of(site)
    local known = site.energy or { answers = {}, has = {}, most = {}, said = {} }
    site.energy = known
    if known.day == site.midnight and known.created == site.created then return known end
    local day = site.midnight
    local zone = host.midnight(site.zone, day) and site.zone or "UTC"       -- as model.installation has it
    local month, year = days_before(zone, day, site.of_month - 1), days_before(zone, day, site.of_year - 1)
    local _, after, of_month = host.midnight(zone, site.tomorrow + NOON)
    local young = site.created and site.created >= month
    known.spans = { day = span(day, site.tomorrow), days = span(month, day),
                    months = young and {} or span(year, month),
                    years = years(zone, site.created, year, site.tomorrow), forecast = span(day, after) }
    known.day, known.created, known.asked = day, site.created, {}
    known.month, known.tomorrow, known.after = month, site.tomorrow, after
    known.month_ends = of_month == 1 and site.tomorrow or math.huge
    return known
end

------------------------------------------------------------------------------------------- the values

local function key_of(spans)
    local parts = {}
    for i, one in ipairs(spans) do parts[i] = one.from .. "-" .. one.to end
    return table.concat(parts, " ")
end

--- What VRM counted in the spans of a name, see answers.energy; nil: not known.
local function counted(known, name)
    local spans, answer = known.spans[name], known.answers[name]
    if not spans then return nil end
    if #spans == 0 then return {} end
    return answer and answer.key == key_of(spans) and answer.codes or nil
end

--- One sum of a period -> kWh; nil: not known. VRM sends no number for a flow that there was none of: it
-- counts as 0 beside others. Where a whole sum has none, it is 0 only if the installation has such flows, and
-- others were counted. One that cannot be makes the sum unknown.
local function add_up(known, period, codes)
    local total, some, has = nil, false, false
    for _, name in ipairs(period.spans) do
        local numbers = counted(known, name)
        if not numbers then return nil end
        for _, number in pairs(numbers) do some = some or number ~= false end
        for _, code in ipairs(codes) do
            if numbers[code] == false then return nil end
            if numbers[code] then total = (total or 0) + numbers[code] end
            has = has or known.has[code]
        end
    end
    return total or (some and has and 0 or nil)
end

--- The larger of a value and the one before it in the same period: VRM may revise, or repeat, an older one.
local function not_falling(known, path, from, value)
    local most = known.most[path]
    if most and most.from == from then value = math.max(value, most.value) end
    known.most[path] = { from = from, value = value }
    return value
end

--- Adds a row that still holds at a time, VRM's.
local function add_row(rows, now, path, value, ends)
    if ends > now then rows[#rows + 1] = { path = path, value = value, unit = "kWh", ends = ends } end
end

local function add_counted(rows, known, now)
    local answer = known.answers.day
    local lives = answer and answer.at + LIFE or 0
    local from = { Today = known.day, Month = known.month, Lifetime = 0 }
    local to = { Today = known.tomorrow, Month = known.month_ends, Lifetime = math.huge }
    for _, period in ipairs(PERIODS) do
        local ends = math.min(lives, to[period.name])
        for flow, codes in pairs(SUMS) do
            local path, value = PREFIX .. period.name .. "/" .. flow, add_up(known, period, codes)
            if value then
                add_row(rows, now, path, not_falling(known, path, from[period.name], value), ends)
            end
        end
    end
end

local HOUR = 3600

--- The yield of hours (see answers.forecast), or parts of them, from one time to another in kWh; nil: none is
-- of that time.
local function expected(hours, from, to)
    local total
    for i = 1, #hours, 2 do
        local begins, yield = hours[i], hours[i + 1]
        if begins >= from and begins < to then
            total = (total or 0) + yield / 1000
        elseif begins < from and begins + HOUR > from then
            total = (total or 0) + yield / 1000 * (begins + HOUR - from) / HOUR
        end
    end
    return total
end

local function add_expected(rows, known, now)
    local forecast = known.forecast
    if not forecast then return end
    local ends = math.min(forecast.at + FORECAST_LIFE, known.tomorrow)
    local today = expected(forecast.hours, known.day, known.tomorrow)
    local values = { Today = today, Tomorrow = expected(forecast.hours, known.tomorrow, known.after),
                     Left = today and (expected(forecast.hours, now, known.tomorrow) or 0) }
    for name, value in pairs(values) do
        add_row(rows, now, FORECAST_PREFIX .. name, value, ends)
    end
end

--- What is known of a site at a time, VRM's, as rows for store:tell.
local function rows_of(known, now)
    local rows = {}
    add_counted(rows, known, now)
    add_expected(rows, known, now)
    return rows
end

-------------------------------------------------------------------------------------------- asking

local NOTHING = {}

--- Which questions the table of a site's gateway asks for, as a set. A function that works with such rows
-- does so in a table that names one.
local function wanted(site)
    local type_, set = site.store.gateway.type, {}
    if not type_ then return NOTHING end
    if type_.energy then return type_.energy end
    type_.energy = set
    for key in pairs(type_.keys) do
        if key:sub(1, #FORECAST_PREFIX) == FORECAST_PREFIX then
            set.forecast = true
        elseif key:sub(1, #PREFIX) == PREFIX then
            set.day, set.days, set.months, set.years = true, true, true, true
        end
    end
    return set
end

--- Asks VRM for the energy of one or several spans -> { [code] = kWh } of all together | nil, error.
local function ask_energy(client, site, name, spans, now)
    local codes, date = {}, nil
    for _, one in ipairs(spans) do
        local to = math.max(math.min(one.to, now // 1 | 0), one.from + 1)
        local numbers, err, at = client:energy(site.id, RULES[name].interval, one.from, to)
        if not numbers then return nil, err end
        for code, number in pairs(numbers) do
            codes[code] = number and codes[code] ~= false and (codes[code] or 0) + number
        end
        date = at
    end
    return codes, nil, date
end

--- Asks one question -> whether there was anything useful | nil, error.
local function ask(client, site, name, now)
    local known = known_of(site)
    local spans = known.spans[name]
    if name == "forecast" then
        local hours, err, date = client:forecast(site.id, spans[1].from, spans[1].to)
        if not hours then return nil, err end
        known.forecast = #hours > 0 and { hours = hours, at = date or now } or known.forecast
        return #hours > 0
    end
    local codes, err, date = ask_energy(client, site, name, spans, now)
    if not codes then return nil, err end
    local nothing, asked, are_believable = next(codes) == nil, known.asked[name], true
    for code, number in pairs(codes) do
        known.has[code] = known.has[code] or number ~= false or nil
        are_believable = are_believable and number ~= false
    end
    -- Nothing at all of months or years would make a lifetime of days: it is believed the third time.
    local doubtful = nothing and name ~= "day" and asked and asked.useless < MOST_USELESS - 1
    if not doubtful then
        known.answers[name] = { key = key_of(spans), codes = codes, at = date or now }
    end
    if name == "day" then return next(known.has) ~= nil end      -- of a day that begins there is nothing yet
    return not nothing and are_believable
end

--- Seconds until a question of a site is due; 0 or less: it is; nil: there is nothing to ask for.
local function seconds_until(site, name)
    local known = known_of(site)
    if #(known.spans[name] or {}) == 0 then return nil end
    local asked = known.asked[name]
    return asked and asked.pause - (host.steady() - asked.at) or -math.huge
end

--- Whether no question of a site is due, and the one that all totals need was answered or refused: what is
-- known then is all that there is.
local function is_through(site)
    local day = known_of(site).asked.day
    if day and day.failed then return false end
    for name in pairs(wanted(site)) do
        local seconds = seconds_until(site, name)
        if seconds and seconds <= 0 then return false end
    end
    return true
end

--- The question that is due for the longest time -> site, name, seconds until then.
local function next_question(sites)
    local found, its, soonest = nil, nil, math.huge
    for _, name in ipairs(QUESTIONS) do
        for _, site in ipairs(sites) do
            local seconds = wanted(site)[name] and seconds_until(site, name)
            if seconds and seconds < soonest then found, its, soonest = site, name, seconds end
            if soonest == -math.huge then return found, its, soonest end    -- at a start: none is before it
        end
    end
    return found, its, soonest
end

--- Plans when a question is asked again. A refusal is told once, until there is an answer; the same of
-- further installations is of interest to few.
local function note(work, site, name, asked, useful, err)
    local about = name == "forecast" and "solar forecast" or "energy totals"
    local refused, said = err and REFUSALS[err.kind], site.energy.said
    asked.useless = (useful or err and not refused) and 0 or asked.useless + 1
    asked.failed = err ~= nil and not refused
    asked.pause = useful and RULES[name].answered or RULES[name].failed
    if asked.useless >= MOST_USELESS then asked.pause = RULES[name].nothing end
    if refused and said[about] ~= err.text then
        local line = about .. err.text
        host.log(work.told[line] and "debug" or "info", ("%s: no %s: %s"):format(site.name, about, err.text))
        said[about], work.told[line] = err.text, true
    end
    if not err then said[about] = nil end
end

--- Asks one question and shows what is known then. work: see energy.serve.
local function put(work, site, name)
    local known = known_of(site)
    local asked = { at = host.steady(), pause = RULES[name].failed,
                    useless = (known.asked[name] or { useless = 0 }).useless }
    known.asked[name] = asked
    local useful, err = health.attempt(ask, work.client, site, name, clock.of_vrm(site))
    local counts, limited = work.knows(site), err and err.kind == "rate"
    if limited or not counts then known.asked[name] = nil end       -- it is asked again
    if not counts then return end
    if limited then return work.quiet(err) end
    note(work, site, name, asked, useful, err)
    local now = clock.of_vrm(site)
    local shows = site.store.told_all or is_through(site)      -- else some would be no data beside the rest
    if now < known.tomorrow and shows then installation.tell(site, rows_of(known, now)) end
end

--- One step of energy.serve -> seconds until the next.
local function step(work)
    local sites = work.sites()
    if #sites == 0 then return LONGEST_GAP end
    local site, name, seconds = next_question(sites)
    if seconds > 0 then return math.min(seconds, LOOK_SECONDS) end
    put(work, site, name)
    return math.min(#sites * GAP, LONGEST_GAP)
end

--- Asks what is due, one question after the other, until work.over(). work = { client, over, sites =
-- function that gives those that may be asked now, knows = function of a site: whether its answer still
-- counts, quiet = function of an error: VRM said 429 }.
function energy.serve(work)
    work.told = {}
    while not work.over() do
        host.sleep(health.attempt(step, work) or LOOK_SECONDS)
    end
end

--- Asks everything once, for those who want to see it: site = { id, zone, created, midnight, tomorrow,
-- of_month, of_year, clock, store }. Returns the rows.
function energy.all(client, site)
    for _, name in ipairs(QUESTIONS) do
        if wanted(site)[name] and seconds_until(site, name) then
            ask(client, site, name, clock.of_vrm(site))
        end
    end
    return rows_of(known_of(site), clock.of_vrm(site))
end

return energy
