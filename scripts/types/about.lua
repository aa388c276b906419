--- What device scripts ask about a node or about rows that they were given: site_of, device_of, devices_of,
-- rows_of. A source is a node of model.nodes, or what check.proof and tools.steps make of a sample:
-- { sample = true, site = its `site`, device, devices = list of devices with rows, rows, now() = its time }.

local clock = require "tasks.clock"
local fields = require "types.fields"

local about = {}

local DAY, HOUR, MINUTE = 86400, 3600, 60

local of_rows = setmetatable({}, { __mode = "k" })      -- [rows] = source
local rows_now, source_now          -- those that functions of rows are called with

--- The node of an address; nil: there is none. model.nodes sets it.
about.node_at = function(_) return nil end

--- The rows of a device that can be believed; nil: it is offline. model.nodes sets it.
about.living = function(_, _) return nil end

--- Rows that scripts may ask about later are of this source.
function about.note(rows, source) of_rows[rows] = source end

--- And these, until others come: functions of rows ask at once, and most devices have some.
function about.serve(rows, source) rows_now, source_now = rows, source end

------------------------------------------------------------------------------------------------ time

--- The date of a day that begins at a midnight, as os.date has it. of_month: which day of the month it is;
-- by it east and west are told apart.
local function date_of(midnight, of_month)
    local east = -midnight % DAY
    local date = os.date("!*t", midnight + east)
    return date.day == of_month and date or os.date("!*t", midnight + east - DAY)
end

--- The local time of an installation, { year, month, day, weekday (1 is Monday), hour, minute, second }, and
-- the midnight at which its day began. site = { zone, midnight, tomorrow, of_month } as far as known.
local function clock_at(site, time)
    local midnight, tomorrow, of_month = site.midnight, site.tomorrow, site.of_month
    local known = midnight and tomorrow and time >= midnight and time < tomorrow
    local seconds = known and tomorrow - midnight == DAY and time - midnight
    if not seconds then                     -- another day by now, or one at which the clocks are changed
        local zone, _ = host.midnight(site.zone or "UTC", time) and site.zone or "UTC", nil
        midnight, _, of_month, _, seconds = host.midnight(zone, time)
    end
    local date = date_of(midnight, of_month)
    return { year = date.year, month = date.month, day = date.day, weekday = (date.wday + 5) % 7 + 1,
             hour = seconds // HOUR, minute = seconds % HOUR // MINUTE, second = seconds % MINUTE }, midnight
end

--- The time of a clock as a sample writes it, "2026-04-18 06:30", in UTC; nil: it is none.
function about.time_of(text)
    local year, month, day, hour, minute
    if type(text) == "string" then
        year, month, day, hour, minute = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d) (%d%d):(%d%d)$")
    end
    if not year or month + 0 < 1 or month + 0 > 12 or day + 0 > 31 or hour + 0 > 23 or minute + 0 > 59 then
        return nil
    end
    local before = (14 - month) // 12
    local years, months = year + 4800 - before, month + 12 * before - 3     -- of the Julian day number
    local days = day + (153 * months + 2) // 5 + 365 * years + years // 4 - years // 100 + years // 400
        - 32045 - 2440588
    return days * DAY + hour * HOUR + minute * MINUTE
end

local FIRST = "2026-06-15 12:00"

function about.begin_of(site)
    return site and about.time_of(site.clock) or about.time_of(FIRST)
end

------------------------------------------------------------------------------------------- the answers

--- What there is to know of an installation, and of a device.
about.SITE_FIELDS = [[alarms clock connected delay devices id interval midnight name online source time
    vrm_alarms warnings zone]]
about.DEVICE_FIELDS = "instance name product service"

local SITE = fields.of("a site", about.SITE_FIELDS)
local CLOCK = fields.of("a clock", "day hour minute month second weekday year")
local DEVICE = fields.of("a device", about.DEVICE_FIELDS)

local function site_of(source)
    local site = source.site
    if not site then return nil end
    local time = source.sample and source.now() or math.floor(clock.of_vrm(site))
    local record = {}
    for name, value in pairs(source.sample and site or site.facts or {}) do record[name] = value end
    record.id, record.name, record.zone = site.id, site.name, site.zone
    record.time = time
    record.clock, record.midnight = clock_at(source.sample and {} or site, time)
    setmetatable(record.clock, CLOCK)
    return setmetatable(record, SITE)
end

local function record_of(home, site)
    local entry = home.entry or {}
    local name = (entry.custom_name or "") ~= "" and entry.custom_name or entry.product
    if not home.service then name = site.name end
    return { service = home.service or "gateway", instance = home.instance or 0,
             product = entry.product or "", name = name or home.service .. " " .. home.instance }
end

local function device_of(source)
    local device = source.device
    if not source.sample then
        device = source.home and source.site and record_of(source.home, source.site)
    end
    return device and setmetatable(device, DEVICE)
end

--- The devices of an installation, the gateway too: list of { record, rows() }.
local function all_of(source)
    local list, site = {}, source.site
    if source.sample then
        for i, one in ipairs(source.devices) do
            list[i] = { record = one.record, rows = function() return one.rows end }
        end
    elseif site and site.store.gateway then
        for home in site.store:each() do
            list[#list + 1] = { record = record_of(home, site), home = home,
                                rows = function() return about.living(site, home) end }
        end
    end
    return list
end

local function devices_of(source, _, service)
    local list = {}
    for _, one in ipairs(all_of(source)) do
        local record = setmetatable(one.record, DEVICE)
        if not service or record.service == service then list[#list + 1] = record end
    end
    table.sort(list, function(a, b)
        if a.service ~= b.service then return a.service < b.service end
        return a.instance < b.instance
    end)
    return list
end

--- A function of a node's rows reads those of another device, whose changes it follows from now on.
local function note_asker(node, home)
    if not (home and node.home) or home == node.home then return end
    home.askers = home.askers or {}
    home.askers[node] = true
end

local function rows_of(source, by_rows, service, instance)
    if not service and source.sample then return source.rows end
    if not service then return source.home and about.living(source.site, source.home) end
    local best
    for _, one in ipairs(all_of(source)) do
        local record = one.record
        if record.service == service and (not instance or record.instance == instance)
            and (not best or record.instance < best.record.instance) then
            best = one
        end
    end
    if best and by_rows then note_asker(source, best.home) end
    local rows = best and best.rows()
    if rows then about.note(rows, source) end
    return rows
end

local ANSWERS = { site = site_of, device = device_of, devices = devices_of, rows = rows_of }

--- What a script asks: of = address of a node, or rows that it was given -> table | nil.
function about.answer(kind, of, service, instance)
    local source = of == rows_now and source_now or of_rows[of]
    if type(of) == "string" then source = about.node_at(of) end
    local answer = source and ANSWERS[kind](source, type(of) ~= "string", service, instance) or nil
    return answer or kind == "devices" and {} or nil
end

return about
