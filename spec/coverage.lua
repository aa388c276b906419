--- Writes docs/coverage.md: of what Victron's devices are known to say, what has a driver, and why the rest
-- has none. `lua5.4 spec/coverage.lua DICTIONARY` prints the page, `--write` behind it writes it.
--
-- DICTIONARY lists values one a line, its columns parted by tabs and named by the first line: service, path,
-- meaning, type ... It is gathered from public sources and not a part of the plugin. The reasons stand in
-- spec/not_shown.tsv: service, path, reason.

package.path = "scripts/?.lua;./?.lua;" .. package.path
local fake = require "spec.support.fake_host"
local check = require "check.device"
local matching = require "types.matching"
local reading = require "types.reading"

local coverage = {}

local PAGE, REASONS = "docs/coverage.md", "spec/not_shown.tsv"
local MOST_INDICES = 48                 -- that {n} of a path may stand for
local GATEWAY = { system = true, settings = true, platform = true, gateway = true, hub4 = true }

local HEAD = [[
# What is shown

Written by `spec/coverage.lua` from a list of the values that Victron's devices are known to have, by D-Bus
service and path. Which of them a device sends, and VRM keeps, differs: a value that is not sent is No data,
and a part whose values are not sent has no node.

Services that are not in this list get a node with their first values all the same
([authors.md](authors.md#devices-that-no-script-knows)).
]]

local function lines_of(path)
    local list = {}
    for line in io.lines(path) do list[#list + 1] = line end
    return list
end

local function fields_of(line)
    local fields = {}
    for field in (line .. "\t"):gmatch "([^\t]*)\t" do fields[#fields + 1] = field end
    return fields
end

--- The rows of a table with named columns.
local function read_table(path)
    local lines, rows = lines_of(path), {}
    local names = fields_of(lines[1])
    for i = 2, #lines do
        local row = {}
        for k, field in ipairs(fields_of(lines[i])) do row[names[k]] = field end
        rows[#rows + 1] = row
    end
    return rows
end

--- The reasons, [service] = { [path] = reason }.
function coverage.reasons()
    local reasons = {}
    for _, row in ipairs(read_table(REASONS)) do
        reasons[row.service] = reasons[row.service] or {}
        reasons[row.service][row.path] = row.reason
    end
    return reasons
end

--- The shipped types: list of { type, text = of its file }.
local function shipped()
    local list = {}
    for _, name in ipairs(fake.DEVICES) do
        local file = assert(io.open(("scripts/devices/%s.lua"):format(name)))
        local script = fake.load_device(name)
        list[#list + 1] = { type = assert(check.device(script.file, script.table)), text = file:read "a" }
        file:close()
    end
    return list
end

local function entry_of(list, service)
    local best, best_rank
    for _, one in ipairs(list) do
        local rank
        if one.type.kind then
            rank = one.type.kind == "gateway" and GATEWAY[service] and 1 or nil
        else
            rank = matching.rank(one.type, { service = service, instance = 0, product = "", type = "" })
        end
        if rank and (not best_rank or rank > best_rank) then best, best_rank = one, rank end
    end
    return best
end

local scripts                           -- what shipped() gives

--- The script that shows devices of a service: { type, text }; nil for none.
function coverage.script_of(service)
    scripts = scripts or shipped()
    return entry_of(scripts, service)
end

--- Calls fn(path) for all paths that one with {phase} and {n} stands for, until fn returns true -> whether it
-- did.
local function each_path(path, fn)
    if path:find("{phase}", 1, true) then
        for n = 1, 3 do
            if each_path((path:gsub("{phase}", "L" .. n)), fn) then return true end
        end
        return false
    elseif path:find("{n}", 1, true) then
        for n = 0, MOST_INDICES do
            if each_path((path:gsub("{n}", tostring(n), 1)), fn) then return true end
        end
        return false
    end
    return fn(path)
end

local function in_keys(driver, path)
    for _, keys in ipairs { driver.keys, table.unpack(driver.terms or {}) } do
        for _, key in ipairs(keys) do
            if key == path then return true end
        end
    end
    return false
end

--- Whether a driver of a script shows a path or works with it.
function coverage.shows(script, path)
    return each_path(path, function(one)
        for _, type_ in ipairs(check.types(script.type)) do
            for _, driver in ipairs(type_.drivers) do
                if in_keys(driver, one) then return true end
                if driver.worst and reading.is_worst(driver, one) then return true end
            end
        end
        return script.text:find('"' .. one .. '"', 1, true) ~= nil        -- a function reads it
    end)
end

--- What the dictionary's rows come to: list of services in order, each { name, script|nil, values, shown,
-- left = { [reason] = list of paths }, open = list of paths without a driver or a reason }.
local function summarize(rows)
    local list, by_name, reasons = {}, {}, coverage.reasons()
    for _, row in ipairs(rows) do
        local one = by_name[row.service]
        if not one then
            one = { name = row.service, script = coverage.script_of(row.service), values = 0, shown = 0,
                    left = {}, open = {} }
            by_name[row.service], list[#list + 1] = one, one
        end
        one.values = one.values + 1
        local reason = (reasons[row.service] or {})[row.path]
        if one.script and coverage.shows(one.script, row.path) then
            one.shown = one.shown + 1
        elseif reason then
            one.left[reason] = one.left[reason] or {}
            table.insert(one.left[reason], row.path)
        else
            one.open[#one.open + 1] = row.path
        end
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
end

local function sorted_keys(set)
    local keys = {}
    for key in pairs(set) do keys[#keys + 1] = key end
    table.sort(keys)
    return keys
end

local function page_of(list)
    local out, values, shown = { HEAD }, 0, 0
    out[#out + 1] = "\n| Service | Device script | Values known | With a driver | Left out |\n"
        .. "| --- | --- | ---: | ---: | ---: |\n"
    for _, one in ipairs(list) do
        local script = one.script and ("`%s`"):format(one.script.type.file) or "none"
        out[#out + 1] = ("| [%s](#%s) | %s | %d | %d | %d |\n"):format(one.name, one.name, script, one.values,
            one.shown, one.values - one.shown)
        values, shown = values + one.values, shown + one.shown
    end
    out[#out + 1] = ("| **All** | | %d | %d | %d |\n\nWhat is left out, and why:\n"):format(values, shown,
        values - shown)
    for _, one in ipairs(list) do
        out[#out + 1] = ("\n## %s\n\n"):format(one.name)
        for _, reason in ipairs(sorted_keys(one.left)) do
            table.sort(one.left[reason])
            out[#out + 1] = ("- %s: `%s`\n"):format(reason, table.concat(one.left[reason], "`, `"))
        end
        for _, path in ipairs(one.open) do out[#out + 1] = ("- not decided: `%s`\n"):format(path) end
        if next(one.left) == nil and #one.open == 0 then out[#out + 1] = "Nothing.\n" end
    end
    return table.concat(out)
end

if arg and arg[0]:find("coverage.lua", 1, true) then
    local list = summarize(read_table(assert(arg[1], "which dictionary?")))
    local page = page_of(list)
    if arg[2] == "--write" then
        local file = assert(io.open(PAGE, "w"))
        file:write(page)
        file:close()
    else
        io.write(page)
    end
    for _, one in ipairs(list) do
        for _, path in ipairs(one.open) do
            io.stderr:write(("%s %s: no driver and no reason in %s\n"):format(one.name, path, REASONS))
        end
    end
end

return coverage
