--- A boat whose values come live: the fake host, a small VRM, and a gateway of a few lines that keeps the
-- rules of docs/vrm.md, Live data, on the virtual clock.

local assert = require "luassert"
local dkjson = require "dkjson"
local fixtures = require "spec.fixtures.vrm"
local script_world = require "spec.support.script_world"
local worlds = require "spec.support.worlds"

local live_world = { PORTAL = "c0619ab1d2e3" }

local PORTAL = live_world.PORTAL

--- A boat whose gateway is on VRM's broker, and that gateway: gx.values, gx:tell(path, value),
-- gx:live(seconds). gx.lag: seconds that an answer takes. gx.old: how many all is old at VRM. gx.selects: it
-- takes options of a keepalive for topics, as before Venus 3.20. options: fields of gx, and rows = list of
-- further rows of VRM's, params, files = { [path] = text } of device scripts.
function live_world.boat(live, options)
    local site = fixtures.boat()
    site.identifier, site.mqtt_host = PORTAL:upper(), "mqtt7.victronenergy.com"
    local gx = { asked = {}, all = 0, heart = true, ends = true, values = {}, refuse = nil }
    for key, value in pairs(options or {}) do gx[key] = value end
    site.rows = fixtures.join(site.rows, gx.rows or {})
    for _, row in ipairs(site.rows) do row.timestamp = row.timestamp - (gx.old or 0) end
    for _, device in ipairs(site.devices) do
        device.lastConnection = device.lastConnection and device.lastConnection - (gx.old or 0)
    end
    local world
    function gx.send(path, payload)
        for _, connection in ipairs(world.connections) do
            if connection.up and not connection.closed then
                world:mqtt_message(connection, "N/" .. PORTAL .. "/" .. path, payload)
            end
        end
    end
    function gx:tell(path, value)
        self.values[path] = value
        self.send(path, dkjson.encode({ value = value == nil and dkjson.null or value }))
    end
    function gx:live(seconds)
        for _ = 1, seconds do
            world:run(1)
            self.beat = (self.beat or 0) + 1
            local kept = world.now - (self.kept or -math.huge) < 60
            if self.heart and kept and self.beat % 3 == 0 then
                self.send("heartbeat", dkjson.encode { value = world.now })
            end
            if self.beat % 120 == 0 then
                world.vrm:refresh(120)
                world:fire("shortpoll")
            end
        end
        assert.same({}, world.errors)
    end
    local params = { vrm_token = worlds.TOKEN, live = live or "vrm" }
    for name, value in pairs(gx.params or {}) do params[name] = value end
    world = (gx.files and script_world or worlds).new {
        sites = { [151734] = site }, params = params, files = gx.files, devices = gx.devices,
        broker = function(connection)
            if type(gx.refuse) == "function" then return gx.refuse(connection) end
            return gx.refuse
        end,
        on_send = function(_, message)
            gx.asked[#gx.asked + 1] = message
            local keepalive = "R/" .. PORTAL .. (gx.selects and "/system/0/Serial" or "/keepalive")
            local was_kept = gx.kept and world.now - gx.kept < 60
            if not gx.selects or message.topic == keepalive then gx.kept = world.now end
            local asked = message.topic:match("^R/" .. PORTAL .. "/(.+/.+)")
            if asked and gx.values[asked] then
                world:at(gx.lag or 0, function() gx:tell(asked, gx.values[asked]) end)
            end
            local is_quiet
            if gx.selects then is_quiet = was_kept else is_quiet = message.text:find "suppress" end
            if message.topic == keepalive and not is_quiet then
                gx.all = gx.all + 1
                for path, value in pairs(gx.values) do gx:tell(path, value) end
                local echo = message.text:match '"full%-publish%-completed%-echo":"(%w+)"'
                if gx.ends then
                    gx.send("full_publish_completed", dkjson.encode {
                        value = world.now, ["full-publish-completed-echo"] = echo })
                end
            end
        end,
    }
    world:start()
    world:run(15)
    return world, gx, world.connections[1]
end

return live_world
