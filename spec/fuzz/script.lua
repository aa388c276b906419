--- In place of main.lua for the fuzz target `script`: loads one device script, checks it, runs its samples.

local check = require "check.device"

host.on("check", function(path)
    local script = check.file(path, "devices/fuzz.lua", nil, true)
    assert(#script.problems == 0 or script.problem, "problems without a text")
    for _, problem in ipairs(script.problems) do assert(type(problem) == "string") end
    if script.type then
        host.declare(check.declaration(script.type))
    end
    if script.id then host.close_script(script.id) end
end)
