--- Run by the program itself, in a folder that it may write into and that has the plugin's scripts/:
-- victron-host --check --main .../spec/contract/on_host.lua

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")

local function write(path, text)
    assert(host.make_folder(path:match("^(.*)/")))
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
end

local checks = assert(loadfile(HERE .. "/checks.lua"))() {
    write = write, vrm = host.env("VICTRON_VRM_URL"), broker = tonumber(host.env("CONTRACT_BROKER")),
}
local failed = 0

local function tell(name, problem)
    failed = failed + 1
    host.print("FAILED " .. name .. ": " .. problem)
end

local differences = checks.differences()
if differences ~= "" then tell("the functions of host", differences) end
for _, check in ipairs(checks) do
    local ok, err = pcall(check.fn)
    if not ok then tell(check.name, tostring(err)) end
end
host.print(failed == 0 and "contract holds" or failed .. " failed")
host.leave(failed == 0 and 0 or 1)
