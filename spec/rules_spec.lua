-- The rules of the C host and of the scripts that a reader can check by looking at the text.

-- Library headers, and the files that may know them: "mqtt" stands for mqtt_link and the like, too.
local OF_LUA = {
    "vm", "task", "json", "fields", "pg3", "sandbox", "script", "lib", "api",
}
local LIBRARIES = {
    ["^curl/"] = { "loop", "http" },
    ["^MQTT"] = { "mqtt" },
    ["^openssl/"] = { "mqtt", "pg3", "fingerprint" },
    ["^lua"] = OF_LUA,
    ["^lauxlib"] = OF_LUA,
    ["^lualib"] = { "sandbox", "api" },
}

-- POSIX and C11; <spawn.h>, <poll.h> and the like are in both FreeBSD and Linux.
local SYSTEM = {}
for name in ([[
    arpa/inet ctype dirent errno fcntl inttypes limits math netdb netinet/in poll pthread sched signal spawn
    stdarg stdatomic stdbool stddef stdint stdio stdlib string strings sys/ioctl sys/resource sys/socket
    sys/stat sys/time sys/types sys/wait termios time unistd
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

--- "mqtt_link" -> "mqtt"
local function group(name) return name:match("^%w+") end

--- "host/base/buf.c" -> "host/base", "buf"
local function parts(path) return path:match("^(.*)/([^/]+)%.%w$") end

-- docs/architecture.md: [folder of the host] = its place from the bottom, [folder/file] = true.
local place_of, on_page = {}, {}
do
    local folder, place = nil, 0
    each_line(read("docs/architecture.md"):match("\n## The host's files\n(.-)\n#"), function(line)
        local named = line:match("^%*%*`([%w/]+)`%*%*")
        if named then folder, place = named, place + 1 end
        if named then place_of[folder] = place end
        for name in (line:match("^| (`[^|]+) |") or ""):gmatch("`([%w_]+)`") do
            on_page[folder .. "/" .. name] = true
        end
    end)
end

local host = list("ls host/*.c host/*/*.c host/*/*.h")
local tests = list("ls spec/c/*.c spec/c/*.h")
local faults

local function fault(...) faults[#faults + 1] = string.format(...) end

local function none() assert.equal("", table.concat(faults, "\n")) end

describe("the C host", function()
    before_each(function() faults = {} end)

    it("has the files of docs/architecture.md", function()
        local there = {}
        for _, path in ipairs(host) do there[path:match("^(.*)%.%w$")] = true end
        assert.same(there, on_page)
    end)

    it("includes only headers of a file's own folder and of those before it on the page", function()
        for _, path in ipairs(host) do
            local folder = parts(path)
            for header in read(path):gmatch('#include "([^"]+)"') do
                local other = parts("host/" .. header)
                if not other or not place_of[other] then
                    fault("%s includes %s, which is in no folder of docs/architecture.md", path, header)
                elseif place_of[other] > place_of[folder] then
                    fault("%s includes %s, which is of a folder after its own", path, header)
                end
            end
        end
        none()
    end)

    it("keeps libraries where they belong, and has no system header beyond POSIX", function()
        for _, path in ipairs(host) do
            for header in read(path):gmatch("#include <([^>]+)>") do
                local known = SYSTEM[header]
                for pattern, names in pairs(LIBRARIES) do
                    if header:match(pattern) and not known then
                        for _, name in ipairs(names) do known = known or group(base(path)) == name end
                    end
                end
                if not known then fault("%s includes <%s>", path, header) end
            end
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

    it("require only files of a file's own folder and of those before it on the page", function()
        local places, last = {}, 0
        local listed = read("docs/architecture.md"):match("\n## What is where\n(.-)\n#")
        for name in listed:gmatch("\nscripts/([%w_]+)") do places[name], last = last, last + 1 end
        for _, path in ipairs(list("ls scripts/main.lua scripts/*/*.lua")) do
            local own = path:match("^scripts/([%w_]+)")
            for name in read(path):gmatch('%f[%w]require[ (]+"([^"]+)"') do
                local other = name:match("^[%w_]+")
                if not (places[other] and places[own] and places[other] <= places[own]) then
                    fault("%s requires %s, which docs/architecture.md does not have before it", path, name)
                end
            end
        end
        none()
    end)

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
