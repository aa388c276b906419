--- victron-host --write-profile: brings profile/ up to date with the built-in device scripts. Leaves with
-- 0, or with 1 and what is wrong.

local profile = require "pg3.profile"
local scripts = require "serve.scripts"

local function write()
    scripts.load_built_in()
    if scripts.in_trouble() > 0 or not scripts.controller then
        return nil, "a device script has a mistake or is missing"
    end
    return profile.write()
end

host.spawn(function()
    local changed, problem = write()
    if problem then
        host.log("error", "The profile was not written: " .. problem)
    else
        host.print(changed and "profile/ was written" or "profile/ was up to date")
    end
    host.leave(problem and 1 or 0)
end)
