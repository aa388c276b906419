--- What time it is. The controller's clock may be wrong, and may be set at any moment. So ages and pauses are
-- counted by host.steady(), which goes on as time does, and VRM's clock, which is right, is known by how far
-- it is ahead of that: site.clock. host.time() is for dates: what people read, and what is kept over a
-- restart, after which host.steady() begins anew.

local clock = {}

local DRIFT_SECONDS = 5             -- less is no setting of the clock: a date does not change by a second

local ahead                         -- seconds that the controller's clock is ahead of host.steady()

local function difference()
    local now = host.time() - host.steady()
    if not ahead or math.abs(now - ahead) > DRIFT_SECONDS then ahead = now end
    return ahead
end

--- A moment of host.steady() as a date, unix seconds by the controller's clock as it stands now.
function clock.date(moment) return math.floor(moment + difference() + 0.5) end

--- The moment of host.steady() that a date is.
function clock.moment(date) return date - difference() end

--- VRM answered now, and it was so late by its clock.
function clock.set(site, date) site.clock = date - host.steady() end

--- VRM's time; before it has answered, the controller's.
function clock.of_vrm(site) return host.steady() + (site.clock or difference()) end

return clock
