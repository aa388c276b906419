--- Writes the table of docs/authors.md, Limits, from the comments beside the limits. `lua5.4 spec/limits.lua`
-- prints it, `--write` writes it.

local limits = {}

local SOURCES = { "host/base/limits.h", "scripts/types/limits.lua" }
local PAGE = "docs/authors.md"

local function read(path)
    local file = assert(io.open(path))
    local text = file:read("a")
    file:close()
    return text
end

local function with_commas(number)
    return (("%d"):format(number):reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""))
end

--- The lines of a file that define a limit -> list of { name, number, words|nil, unit }.
local function definitions(path)
    local list = {}
    for line in read(path):gmatch("[^\n]+") do
        local name, number, comment = line:match("^#define ([A-Z_]+) ([^/]+)(.*)")
        if not name then name, number, comment = line:match("^    ([a-z_]+) = ([^,]+),(.*)") end
        if name then
            local words, unit = comment:match("^%s*[-/]+ (.-) |%s*(.*)$")
            list[#list + 1] = { name = name, words = words, unit = unit,
                                number = assert(load("return " .. number:gsub("(%d)u", "%1")))() }
        end
    end
    assert(#list > 0, path)
    return list
end

local function shown(limit)
    if limit.unit == "KiB" then return with_commas(limit.number // 1024) .. " KiB" end
    return with_commas(limit.number) .. (limit.unit ~= "" and " " .. limit.unit or "")
end

--- The table as the page has it.
function limits.table()
    local rows = { "| | |", "| --- | --- |" }
    for _, path in ipairs(SOURCES) do
        local all, numbers = definitions(path), {}
        for _, limit in ipairs(all) do numbers[limit.name] = with_commas(limit.number) end
        for _, limit in ipairs(all) do
            local words = limit.words and limit.words:gsub("%w+_[%w_]+", numbers)
            if words then rows[#rows + 1] = ("| %s | %s |"):format(words, shown(limit)) end
        end
    end
    return table.concat(rows, "\n") .. "\n"
end

--- The page's text before the table, the table, and the text after it.
local function parts()
    return read(PAGE):match("^(.-\n## Limits\n\n)(.-\n)(\n.*)$")
end

--- The table that is in the page.
function limits.on_page()
    local _, present = parts()
    return present
end

if arg and arg[0]:find("limits.lua", 1, true) then
    if arg[1] == "--write" then
        local before, _, after = parts()
        local file = assert(io.open(PAGE, "w"))
        file:write(before, limits.table(), after)
        file:close()
    else
        io.write(limits.table())
    end
end

return limits
