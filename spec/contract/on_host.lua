--- Run by the program itself: victron-host --check --main spec/contract/on_host.lua
local checks = assert(load(assert(host.read(host.cwd .. "/spec/contract/checks.lua"))))()

local failed = 0
for _, check in ipairs(checks) do
    local ok, err = pcall(check.fn)
    if not ok then
        failed = failed + 1
        host.print("FAILED " .. check.name .. ": " .. tostring(err))
    end
end
host.print(failed == 0 and "contract holds" or failed .. " failed")
host.leave(failed == 0 and 0 or 1)
