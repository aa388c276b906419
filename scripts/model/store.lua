--- What is known of one installation: the rows VRM sent last, sorted to its devices, and what of them is new.
--
-- store = { rows = those of the last answer, homes = list: the gateway's, then those of devices,
--           owners = text, two bytes for each row: its home's place in homes, 0 = it has none. A hundred
--           installations have a hundred thousand rows: as a list it would take eight times as much,
--           devices = list of homes, gateway = home,
--           pages = those of the last answer, see vrm:diagnostics; nil: not known,
--           told = { [path] = row }: what the plugin was told beside those rows, as rows of the gateway,
--           told_all = that is all that there is; nil or false: some of it has ended, or is not known yet,
--           stamps = { [timestamp that the last answer gave to rows that had others] = for how many it is a
--           later one },
--           doubtful = an answer may have been taken by halves,
--           live, heard, unread, live_stamp = see model.overlay }
-- home  = what discovery.devices makes of a device or of the gateway, what model.freshness knows of it, and
--         { unshown = nothing of it has been shown yet,
--           changed = { [path or code] = true }: those whose rows are others than when it was shown,
--           again = it has to be looked at with the next answer,
--           told_at = when the newest of what was told live was measured, VRM's time; nil: never,
--           askers = set of the nodes of other homes whose script asked for its rows; nil: none did }
--
-- A row is the same table as long as its place is in the answers, and has the values of the last one. Rows
-- with one metatable are in the same place (diagnostics.place).

local discovery = require "model.discovery"
local overlay = require "model.overlay"

local store = {}
store.__index = store

store.TOLD = "/Energy/"             -- how the paths begin of what the plugin is told beside the answers

function store.new()
    return setmetatable({ rows = {}, homes = {}, owners = "", devices = {}, told = {}, stamps = {},
                          doubtful = false, live = {}, heard = {}, unread = 0 }, store)
end

local place_of = getmetatable       -- of a row
local byte = string.byte

local function home_at(self, place)
    local low, high = byte(self.owners, 2 * place - 1, 2 * place)
    return self.homes[low + 256 * high]
end

--- The home of the row at a place of store.rows; nil: it has none.
function store:home_at(place) return home_at(self, place) end

--- store.owners, of homes by place of rows.
local function packed(homes, of_rows, count)
    local numbers, parts = {}, {}
    for number, home in ipairs(homes) do numbers[home] = number end
    for place = 1, count do parts[place] = ("<I2"):pack(numbers[of_rows[place]] or 0) end
    return table.concat(parts)
end

--- Takes the contents of one row over to another -> whether they were the same.
local function assign(row, other)
    if row.value == other.value and row.timestamp == other.timestamp and row.text == other.text
        and row.unit == other.unit then
        return true
    end
    row.value, row.text, row.timestamp = other.value, other.text, other.timestamp
    row.unit = rawget(other, "unit")
    return false
end

--- Whether two answers have the same rows in the same places, whatever their values.
local function same_places(rows, before)
    if #rows ~= #before then return false end
    for i = 1, #rows do
        local row, old = rows[i], before[i]
        if row ~= old and place_of(row) ~= place_of(old) then return false end
    end
    return true
end

--- Notes that a row of a home has other contents.
local function changed(home, row, stamp)
    local path, code, id = discovery.keys_of(home, row)
    local keys = home.changed
    if path then keys[path] = true end
    if code then keys[code] = true end
    if id then keys[id] = true end
    if stamp and stamp > (home.newest or 0) then home.newest = stamp end
end

--- The rows that the plugin was told stand among those of the gateway.
local function put_told(self)
    for path, row in pairs(self.told) do self.gateway.rows[path] = row end
end

--- Homes that have one key several times, or rows older than those before (a gateway's clock was put back):
-- their rows are put together again, so that the newest is found.
local function settle(self, homes)
    for home in pairs(homes) do home.rows, home.newest = {}, nil end
    for i, row in ipairs(self.rows) do
        local home = home_at(self, i)
        if home and homes[home] then discovery.put(home, row) end
    end
    if homes[self.gateway] then put_told(self) end
end

--- An answer was not shown to its end (memory was short, say): the next one is sorted, so that nothing of
-- this one is missed. Which of its values were taken is not known.
function store:doubt()
    self.doubtful, self.pages = true, nil
end

--- Notes that a row has another timestamp than before.
local function note(stamps, stamp, before)
    if stamp then stamps[stamp] = (stamps[stamp] or 0) + (stamp > (before or 0) and 1 or 0) end
end

--- Takes the rows of an answer, if they are those it has, with other contents or the same; in their list
-- stand the rows that were there, then. False: they are not, and store:sort has to sort them.
function store:take(rows)
    local before, unsettled = self.rows, {}
    if self.doubtful or not same_places(rows, before) then return false end
    overlay.uncover(self)
    self.rows, self.stamps = rows, {}
    for i = 1, #rows do
        local row, old = rows[i], before[i]
        if row ~= old then
            local stamp, old_stamp = row.timestamp, old.timestamp
            if stamp ~= old_stamp then note(self.stamps, stamp, old_stamp) end
            rows[i] = old
            local home = not assign(old, row) and home_at(self, i)
            if home then
                changed(home, old, stamp)
                if home.ambiguous or (stamp or 0) < (old_stamp or 0) then unsettled[home] = true end
            end
        end
    end
    if next(unsettled) then settle(self, unsettled) end
    overlay.cover(self)
    return true
end

--- The timestamps (see store.stamps) of rows that had others before; of all rows if there were none.
local function new_stamps(rows, before)
    local stamps, places = {}, {}
    for _, row in ipairs(before) do
        local place, stamp = place_of(row), row.timestamp or 0
        local known = places[place] or { newest = stamp }
        known.newest, known[stamp], places[place] = math.max(known.newest, stamp), true, known
    end
    for _, row in ipairs(rows) do
        local known = places[place_of(row)]
        if known and not known[row.timestamp or 0] or #before == 0 then
            note(stamps, row.timestamp, known and known.newest)
        end
    end
    return stamps
end

--- Sorts the rows of an answer to devices; everything of them is new then. See discovery.devices.
function store:sort(rows, overview, pick, gateway_type)
    local before = {}
    for home in self:each() do before[overlay.key_of(home)] = home end
    self.stamps = new_stamps(rows, self.rows)
    self.rows = rows
    local of_rows
    self.devices, self.gateway, of_rows = discovery.devices(rows, overview, pick, gateway_type)
    self.homes = table.move(self.devices, 1, #self.devices, 2, { self.gateway })
    self.owners = packed(self.homes, of_rows, #rows)
    for home in self:each() do
        local old = before[overlay.key_of(home)] or {}
        home.stamp, home.seen, home.told_at = old.stamp, old.seen, old.told_at
        home.unshown, home.changed = true, {}
    end
    put_told(self)
    overlay.adopt(self)
    overlay.cover(self)
    self.doubtful = false
end

local function set_told(self, path, row)
    local before, gateway = self.told[path], self.gateway
    self.told[path] = row
    if not gateway then return end
    gateway.rows[path] = row
    if (before and before.value) ~= (row and row.value) then gateway.changed[path] = true end
end

--- Takes what the plugin was told beside the answers: rows of the gateway, each { path, value, unit, ends =
-- VRM's time from which on it is no data }. Those with other paths stay. They are all that there is.
function store:tell(rows)
    self.told_all = true
    for _, row in ipairs(rows) do set_told(self, row.path, row) end
end

--- Takes away what has ended at a time, VRM's. Returns the seconds until the next of them ends; math.huge:
-- there is none.
function store:end_told(now)
    local ended, soonest = {}, math.huge
    for path, row in pairs(self.told) do
        if row.ends <= now then ended[#ended + 1] = path else soonest = math.min(soonest, row.ends - now) end
    end
    for _, path in ipairs(ended) do set_told(self, path, nil) end
    self.told_all = self.told_all and #ended == 0
    return soonest
end

--- Iterates over the homes: the gateway's, then the devices'.
function store:each()
    local homes, place = self.homes, 0
    return function()
        place = place + 1
        return homes[place]
    end
end

--- Whether something of a home has to be shown.
function store.is_new(home)
    return home.unshown or home.again or next(home.changed) ~= nil
end

--- What is new of a home was shown. again: something of it has to be shown with the next answer, too;
-- unshown: everything.
function store.was_shown(home, again, unshown)
    home.changed, home.again, home.unshown = {}, again, unshown
end

return store
