-- The rules of the C host and of the scripts that a reader can check by looking at the text.

-- Every file of host/ in order: a file includes only headers of its own line and of those above.
local ORDER = [[
file
logfile
log
buf
bucket
timer
queue
node
loop
http
mqtt mqtt_link mqtt_pace
vm
task
json
walk
init
pairs
known
wire
pg3 pg3_state pg3_ask pg3_in pg3_records pg3_cert pg3_broker
profile
sandbox
script
api api_http api_node api_device api_script
console
demo
options
main
]]

-- Library headers, and the files that may know them (by the first name of their line above).
local LIBRARIES = {
    ["^curl/"] = { "loop", "http" },
    ["^MQTT"] = { "mqtt" },
    ["^openssl/"] = { "mqtt", "pg3" },
    ["^lua"] = { "vm", "task", "json", "pairs", "pg3", "sandbox", "script", "api" },
    ["^lauxlib"] = { "vm", "task", "json", "pairs", "pg3", "sandbox", "script", "api", "console" },
    ["^lualib"] = { "sandbox", "api" },
}

-- POSIX and C11; <spawn.h>, <poll.h> and the like are in both FreeBSD and Linux.
local SYSTEM = {}
for name in ([[
    ctype dirent errno fcntl inttypes limits math netdb poll pthread sched signal spawn stdarg stdatomic
    stdbool stddef stdint stdio stdlib string strings sys/resource sys/socket sys/stat sys/types sys/wait
    time unistd
]]):gmatch("%S+") do
    SYSTEM[name .. ".h"] = true
end

local BANNED = {
    "strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "atol", "atof", "gets", "alloca",
}

-- Not in FreeBSD, or not in POSIX.
local NOT_PORTABLE = {
    "epoll", "eventfd", "signalfd", "timerfd", "inotify", "/proc/", "_GNU_SOURCE", "asprintf", "memmem",
    "strchrnul", "strcasestr", "pipe2", "accept4", "program_invocation", "malloc_trim", "mallinfo", "qsort_r",
    "gettid", "prctl",
}

-- Of Victron are paths, services, codes, addresses and limits; these belong into the scripts.
local VICTRON = {
    "/Dc/", "/Yield", "/State", "/Soc", "solarcharger", "vebus", "battery", "inverter", "multi/", "vrmapi",
    "victronenergy", "system%-overview", "/diagnostics", "idSite", "users/me", "X%-Authorization", "dbusPath",
}

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("a")
    file:close()
    return text
end

local function list(command)
    local pipe = assert(io.popen(command))
    local names = {}
    for name in pipe:lines() do names[#names + 1] = name end
    pipe:close()
    assert(#names > 0, command)
    return names
end

-- Without comments; line breaks stay. Good for code whose texts have comment marks in addresses only.
local function code(text)
    text = text:gsub("/%*.-%*/", function(comment) return comment:gsub("[^\n]", "") end)
    return (text:gsub("([^:\n])//[^\n]*", "%1"):gsub("\n//[^\n]*", "\n"):gsub("^//[^\n]*", ""))
end

local function each_line(text, fn)
    local number = 0
    for line in (text .. "\n"):gmatch("(.-)\n") do
        number = number + 1
        fn(line, number)
    end
end

local function base(path) return path:match("([^/]+)%.%w+$") end

local rank, group = {}, {}
do
    local number = 0
    for line in ORDER:gmatch("[^\n]+") do
        number = number + 1
        for name in line:gmatch("%S+") do
            rank[name] = number
            group[name] = line:match("%S+")
        end
    end
end

local host = list("ls host/*.c host/*.h")
local tests = list("ls spec/c/*.c spec/c/*.h")
local faults

local function fault(...) faults[#faults + 1] = string.format(...) end

local function none() assert.equal("", table.concat(faults, "\n")) end

describe("the C host", function()
    before_each(function() faults = {} end)

    it("has its files in an order, and includes only upwards", function()
        local seen = {}
        for _, path in ipairs(host) do
            local name = base(path)
            seen[name] = true
            if not rank[name] then fault("%s is not in the order of this spec", path) end
            for header in read(path):gmatch('#include "([^"]+)"') do
                local other = base(header)
                if not rank[other] then
                    fault("%s includes %s, which is not in the order", path, header)
                elseif rank[name] and rank[other] > rank[name] then
                    fault("%s includes %s, which stands below it", path, header)
                end
            end
        end
        for name in pairs(rank) do
            if not seen[name] then fault("%s is in the order, but there is no such file", name) end
        end
        none()
    end)

    it("keeps libraries where they belong, and has no system header beyond POSIX", function()
        for _, path in ipairs(host) do
            for header in read(path):gmatch("#include <([^>]+)>") do
                local known = SYSTEM[header]
                for pattern, names in pairs(LIBRARIES) do
                    if header:match(pattern) and not known then
                        for _, name in ipairs(names) do known = known or group[base(path)] == name end
                    end
                end
                if not known then fault("%s includes <%s>", path, header) end
            end
        end
        none()
    end)

    it("has its sources in CMakeLists.txt in the same order", function()
        local sources = read("CMakeLists.txt"):match("set%(HOST_SOURCES%s+(.-)%)")
        local last = 0
        for name in sources:gmatch("[%w_]+") do
            if not rank[name] then
                fault("%s", name)
            elseif rank[name] < last then
                fault("%s stands too low", name)
            end
            last = rank[name] or last
        end
        none()
    end)

    it("uses none of the banned functions", function()
        for _, paths in ipairs { host, tests } do
            for _, path in ipairs(paths) do
                each_line(code(read(path)), function(line, number)
                    for _, name in ipairs(BANNED) do
                        if line:find("%f[%w_]" .. name .. "%s*%(") then
                            fault("%s:%d uses %s", path, number, name)
                        end
                    end
                end)
            end
        end
        none()
    end)

    it("assigns nothing in conditions", function()
        for _, path in ipairs(host) do
            local text = code(read(path)):gsub('\\.', ""):gsub('"[^"\n]*"', ""):gsub("'[^'\n]*'", "")
            for word, condition in text:gmatch("%f[%w](%l+) (%b())") do
                if (word == "if" or word == "while") and condition:find("[^=!<>]=[^=]") then
                    fault("%s: %s %s", path, word, condition)
                end
            end
        end
        none()
    end)

    it("uses nothing that only Linux or GNU have", function()
        for _, path in ipairs(host) do
            each_line(code(read(path)), function(line, number)
                for _, word in ipairs(NOT_PORTABLE) do
                    if line:find(word, 1, true) then fault("%s:%d has %s", path, number, word) end
                end
            end)
        end
        none()
    end)

    it("knows nothing of Victron", function()
        for _, path in ipairs(host) do
            each_line(code(read(path)), function(line, number)
                for _, word in ipairs(VICTRON) do
                    if line:find(word) then fault("%s:%d has %s: %s", path, number, word, line) end
                end
            end)
        end
        none()
    end)

    it("has functions that fit a screen", function()
        for _, path in ipairs(host) do
            local started, name
            each_line(read(path), function(line, number)
                if line:match("^%a.*%) {$") or line:match("^ +.*%) {$") and not started then
                    started, name = started or number, line
                elseif line:match("^%a.*%($") or line:match("^%a[%w_ *]+%(.*,$") then
                    started, name = number, line
                elseif line == "}" or line == "};" then
                    if started and number - started + 1 > 60 then
                        fault("%s:%d: %d lines: %s", path, started, number - started + 1, name)
                    end
                    started = nil
                end
            end)
        end
        none()
    end)

    it("has no line over 100 columns", function()
        for _, paths in ipairs { host, tests } do
            for _, path in ipairs(paths) do
                each_line(read(path), function(line, number)
                    if utf8.len(line) and utf8.len(line) > 100 then fault("%s:%d", path, number) end
                end)
            end
        end
        none()
    end)
end)

describe("the scripts", function()
    before_each(function() faults = {} end)

    it("have no line over 110 columns, no tab and no space at an end", function()
        for _, path in ipairs(list("find scripts spec -name '*.lua'")) do
            each_line(read(path), function(line, number)
                if (utf8.len(line) or #line) > 110 then
                    fault("%s:%d is longer than 110 columns", path, number)
                end
                if line:find("\t") then fault("%s:%d has a tab", path, number) end
                if line:find("%s$") then fault("%s:%d ends with a space", path, number) end
            end)
        end
        none()
    end)
end)
