-- docs/architecture.md names the host's files in their order, and the order holds.

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("a")
    file:close()
    return text
end

describe("docs/architecture.md", function()
    local page = read("docs/architecture.md")

    --- [file of the host] = row of the page's table, and all files in the table's order.
    local function table_of_files()
        local row_of, order, row = {}, {}, 0
        local section = page:match("\n## The host's files\n(.-)\n#") or ""
        for cell in section:gmatch("\n| ([^|]+) |") do
            row = row + 1
            for name in cell:gmatch("`([%w_]+)`") do
                row_of[name], order[#order + 1] = row, name
            end
        end
        return row_of, order
    end

    it("names every source file of the host, in the order of CMakeLists.txt", function()
        local sources = {}
        local listed = read("CMakeLists.txt"):match("set%(HOST_SOURCES%s+(.-)%)") .. " main"
        for name in listed:gmatch("%S+") do sources[#sources + 1] = name end
        local _, order = table_of_files()
        assert.same(sources, order)
    end)

    it("tells the order of the host's headers: nothing includes one from a lower row", function()
        local row_of, order = table_of_files()
        local function row(name) return row_of[name] or row_of[name:match("^(%w+)_")] end    -- pg3_state.h
        for _, name in ipairs(order) do
            for _, ending in ipairs { ".h", ".c" } do
                local file = io.open("host/" .. name .. ending)
                local text = "\n" .. (file and file:read("a") or "")
                if file then file:close() end
                for header in text:gmatch('\n#include "([%w_]+)%.h"') do
                    assert.is_true(row(header) ~= nil and row(header) <= row(name),
                        name .. ending .. " includes " .. header .. ".h")
                end
            end
        end
    end)
end)
