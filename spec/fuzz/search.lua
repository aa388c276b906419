--- In place of main.lua for the fuzz target `search`: one search, whose result is judged.

local gx_search = require "sources.gx_search"

host.spawn(function()
    for _, device in ipairs(assert(gx_search.run())) do
        assert(device.address == "10.1.2.3")
        assert(device.portal:find "^%x%x%x%x%x%x%x%x%x%x%x%x$")
        assert(#device.name <= 60 and utf8.len(device.name) and not device.name:find "[%c<>&]")
    end
end)
