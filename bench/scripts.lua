--- Run by the program (victron-host --check --main bench/scripts.lua) and by plain lua5.4: what a device
-- script's function costs in each, and what a thousand reloads leave behind. Prints, judges nothing.

local PATH, CALLS, RELOADS = "bench/scripts/work.lua", 300, 1000

local function rows()
    local list = {}
    for i = 1, 10 do list[i] = { value = i * 1.5 } end
    return list
end

--- Median time of a call in microseconds.
local function time(fn)
    local times = {}
    local given = rows()
    for i = 1, CALLS do
        local began = os.clock()
        fn(given)
        times[i] = (os.clock() - began) * 1e6
    end
    table.sort(times)
    return times[CALLS // 2]
end

if not host then
    unit = setmetatable({}, { __index = function() return {} end })
    print(("a script's function in plain lua5.4            us   %.0f"):format(
        time(dofile(PATH)[1].from)))
    return
end

local function resident_kib()
    local statm = host.read("/proc/self/statm")
    return tonumber(statm:match("^%d+ (%d+)")) * 4
end

local function load() return assert(host.load_script(PATH, PATH)) end

local script = load()
host.print(("a script's function in the host                us   %.0f"):format(
    time(script.table[1].from)))
host.close_script(script.id)

local function reload(times)
    for _ = 1, times do
        local fresh = load()
        host.close_script(fresh.id)
    end
    collectgarbage()
end

reload(200)         -- the heap finds its size
local before = resident_kib()
local began = os.clock()
reload(RELOADS)
host.print(("%d reloads: resident memory before, after     KiB  %d, %d"):format(
    RELOADS, before, resident_kib()))
host.print(("one reload                                     us   %.0f"):format(
    (os.clock() - began) / RELOADS * 1e6))
host.leave(0)
