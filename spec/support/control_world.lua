--- A boat whose gateway is on VRM's broker and takes writes, on the virtual clock, for specs of control.
--
--   local world, gx = control_world.started { control = "on" }   parameters beside live
--   gx:set(topic, value)              it is so on the D-Bus, and told
--   gx.limits[topic] = { min, max }   are sent along, each unless it is nil; what is outside is refused
--   gx.most[topic] = number           what is more becomes that; gx.slow = seconds until a write takes effect
--   gx.refused[topic] = true          writes have no effect
--   gx.taken_back[topic] = seconds    until it is as before
--   gx.violations                     what a gateway must not be sent: sentences
--   gx.writes                         list of { topic, value, text, time }; gx.deaf: it answers nothing
--   world:command(address, cmd, { value = , query = }) -> whether PG3 is told that it was done, when it is

local dkjson = require "dkjson"
local fake = require "spec.support.fake_host"
local fixtures = require "spec.fixtures.vrm"
local worlds = require "spec.support.worlds"

local control_world = { PORTAL = "c0619ab1d2e3", ESS = "392u_gw0s", GATEWAY = worlds.GATEWAY,
                        VEBUS = worlds.INVERTER, SOLAR = worlds.SOLAR,
                        MINIMUM = "settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit" }

--- The rows of an ESS, as VRM has them; without: but for this path.
local function ess_rows(without)
    local row, rows = fixtures.row, {}
    for path, value in pairs { ["/Settings/CGwacs/BatteryLife/MinimumSocLimit"] = 20,
                               ["/Settings/CGwacs/BatteryLife/State"] = 10,
                               ["/Settings/CGwacs/Hub4Mode"] = 2,
                               ["/Settings/CGwacs/PreventFeedback"] = 0 } do
        rows[#rows + 1] = path ~= without and row("settings", 0, path, nil, value) or nil
    end
    return rows
end

--- What a gateway has and VRM does not tell of it.
local UNTOLD = { ["settings/0/Settings/Network/VrmPortal"] = 2, ["vebus/257/Ac/ActiveIn/ActiveInput"] = 0 }

local declared

--- The paths that the built-in tables say may be written, as a set.
local function declared_paths()
    if declared then return declared end
    local check, paths = require "check.device", {}
    for _, name in ipairs(fake.DEVICES) do
        local script = fake.load_device(name)
        for _, type_ in ipairs(check.types(assert(check.device(script.file, script.table)))) do
            for _, driver in ipairs(type_.drivers) do
                local set = driver.set
                for _, path in ipairs(set and (set.path and { set.path } or driver.keys) or {}) do
                    paths[path] = true
                end
                if set and set.timer then paths[set.timer] = true end
            end
        end
    end
    declared = paths
    return paths
end

local gx_methods = {}
gx_methods.__index = gx_methods

function gx_methods:send(topic, payload)
    local connection = self.world.connections[#self.world.connections]
    if connection and connection.up then
        self.world:mqtt_message(connection, "N/" .. control_world.PORTAL .. "/" .. topic, payload)
    end
end

function gx_methods:tell(topic)
    local value, limits = self.values[topic], self.limits[topic] or {}
    if value == nil then return end
    self:send(topic, dkjson.encode { value = value, min = limits[1], max = limits[2] })
end

function gx_methods:set(topic, value)
    if value == nil then value = dkjson.null end
    local before = self.values[topic]
    self.values[topic] = value
    if before ~= value then self:tell(topic) end
end

local function is_outside(value, limits)
    local min, max = tonumber(limits and limits[1]), tonumber(limits and limits[2])
    if max == 0 and not min then return false end               -- it does not know
    return min and value < min or max and value > max
end

function gx_methods:judge(topic, value)
    self.declared = self.declared or declared_paths()
    local function broken(text) table.insert(self.violations, topic .. ": " .. text) end
    if type(value) ~= "number" and value ~= dkjson.null then broken "no number" end
    if not self.declared[topic:match "^[^/]+/[^/]+(/.*)$"] then broken "no row declares it" end
end

function gx_methods:write(topic, message)
    local value = dkjson.decode(message.text, 1, dkjson.null).value
    table.insert(self.writes, { topic = topic, value = value, text = message.text, time = self.world.now })
    self:judge(topic, value)
    local limits, before = self.limits[topic], self.values[topic]
    if self.refused[topic] then return end
    if is_outside(value, limits) then return end
    if self.most[topic] then value = math.min(value, self.most[topic]) end
    if self.slow then
        self.world:at(self.slow, function() self:set(topic, value) end)
    else
        self:set(topic, value)
    end
    if self.taken_back[topic] then
        self.world:at(self.taken_back[topic], function() self:set(topic, before) end)
    end
end

function gx_methods:hear(message)
    local kind, topic = message.topic:match "^(%u)/%w+/(.+)$"
    if self.deaf then return end
    if kind == "W" then return self:write(topic, message) end
    if topic ~= "keepalive" then return self:tell(topic) end
    self.kept = self.world.now
    if message.text:find "suppress" then return end
    for each in pairs(self.values) do self:tell(each) end
    self:send("full_publish_completed", dkjson.encode {
        value = self.world.now,
        ["full-publish-completed-echo"] = message.text:match '"full%-publish%-completed%-echo":"(%w+)"' })
end

--- So many seconds with heartbeats and PG3's polls.
function gx_methods:live(seconds)
    for _ = 1, seconds do
        self.world:run(1)
        self.beat = self.beat + 1
        if self.beat % 3 == 0 and not self.deaf and self.world.now - (self.kept or 0) < 60 then
            self:send("heartbeat", dkjson.encode { value = self.world.now })
        end
        if self.beat % 120 == 0 then
            self.world.vrm:refresh(120)
            self.world:fire("shortpoll")
        end
    end
end

--- A command of PG3's, and so much time as it takes -> whether it was done.
local function command(world, address, cmd, args)
    world.asked = (world.asked or 0) + 1
    local id = "request " .. world.asked
    world:fire("command", address, cmd, args or {}, id)
    for _ = 1, 70 do
        for _, report in ipairs(world.reports) do
            if report.request == id then return report.success end
        end
        world.gx:live(1)
    end
    error("no report of " .. cmd)
end

--- A world and its gateway, started. params: beside token and live; options: of worlds.new, now,
-- clock_error, saved = what PG3 has kept, rows = further rows of VRM's, without = path of an ESS that VRM
-- does not send, values = of the gateway, gx = that of a world before.
function control_world.started(params, options)
    options = options or {}
    local site = fixtures.boat()
    site.identifier, site.mqtt_host = control_world.PORTAL:upper(), "mqtt7.victronenergy.com"
    site.rows = fixtures.join(site.rows, ess_rows(options.without), options.rows or {})
    local gx = options.gx or setmetatable({ limits = {}, refused = {}, taken_back = {}, most = {},
                                            violations = {}, writes = {}, values = {}, beat = 0 }, gx_methods)
    for _, row in ipairs(options.gx and {} or site.rows) do
        gx.values[("%s/%d%s"):format(row.dbusServiceType, row.instance, row.dbusPath)] = row.rawValue
    end
    for topic, value in pairs(options.gx and {} or UNTOLD) do gx.values[topic] = value end
    for topic, value in pairs(options.values or {}) do gx.values[topic] = value end
    local given = { vrm_token = worlds.TOKEN, live = "vrm" }
    for name, value in pairs(params or {}) do given[name] = value end
    local world = worlds.new {
        sites = { [151734] = site }, params = given, known = options.known,
        broker = function() return nil end,
        extra_scripts = options.extra_scripts, devices = options.devices,
        on_send = function(_, message) gx:hear(message) end,
    }
    world.saved, world.command, world.gx, gx.world = options.saved, command, gx, world
    if options.now then world.now = options.now end
    world.clock_error = options.clock_error or 0
    world:start()
    gx:live(20)
    assert(#world.errors == 0, table.concat(world.errors, "\n"))
    return world, gx
end

return control_world
