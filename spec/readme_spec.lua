-- README.md tells what each node shows. Its tables have to be those of the profile, which is made from the
-- device scripts. When one differs, the failure shows the table as it should be: paste it.

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("a")
    file:close()
    return text
end

--- Words for the units of measure that occur; 25 is a text, for which its names are shown if they are few.
local WORDS = { [1] = "A", [4] = "°C or °F", [20] = "hours", [33] = "kWh", [51] = "%", [56] = "number",
    [58] = "seconds", [72] = "V", [73] = "W", [90] = "Hz", [151] = "date and time" }
local MOST_NAMES = 4

--- Key = value of the NLS, and [prefix] = its texts in the order of the file.
local function read_nls()
    local values, lists = {}, {}
    for key, value in read("profile/nls/en_us.txt"):gmatch("([^\n=]-) = ([^\n]*)") do
        values[key] = value
        local list = key:match("^([%u_%d]+)%-%d+$")
        if list then
            lists[list] = lists[list] or {}
            table.insert(lists[list], value)
        end
    end
    return values, lists
end

--- [editor id] = words for its values.
local function read_editors(lists)
    local words = {}
    for id, ranges in read("profile/editor/editors.xml"):gmatch('<editor id="([^"]+)">(.-)</editor>') do
        local uom, list = tonumber(ranges:match('uom="(%d+)"')), ranges:match('nls="([^"]+)"')
        if uom ~= 25 then
            words[id] = WORDS[uom] or "uom " .. uom
        elseif #lists[list] > MOST_NAMES then
            words[id] = "text"
        else
            words[id] = table.concat(lists[list], ", ")
        end
    end
    return words
end

--- [node id] = { name, table = its rows as README.md writes them }
local function wanted()
    local values, lists = read_nls()
    local words = read_editors(lists)
    local nodes = {}
    for id, body in read("profile/nodedef/nodedefs.xml"):gmatch('<nodeDef id="([^"]+)"(.-)</nodeDef>') do
        local rows = { "| Driver | Shows | Unit or texts |", "| --- | --- | --- |" }
        for driver, editor in body:gmatch('<st id="([^"]+)" editor="([^"]+)"') do
            rows[#rows + 1] = ("| `%s` | %s | %s |"):format(driver,
                values["ST-" .. id .. "-" .. driver .. "-NAME"], words[editor])
        end
        nodes[id] = { name = values["ND-" .. id .. "-NAME"], table = table.concat(rows, "\n") }
    end
    return nodes
end

describe("README.md", function()
    local readme, nodes = read("README.md"), wanted()

    for id, node in pairs(nodes) do
        it("shows what node " .. id .. " shows", function()
            local heading = ("\n### %s (`%s`)\n"):format(node.name, id)
            local _, after = readme:find(heading, 1, true)
            assert.truthy(after, "README.md needs the heading" .. heading)
            local section = readme:sub(after + 1):match("^(.-)\n#") or ""
            assert.equal(node.table, section:match("|.*|") or "no table")
        end)
    end

    it("describes no node that is gone", function()
        for id in readme:gmatch("\n### [^\n]+%(`(%u+)`%)") do assert.truthy(nodes[id], id) end
    end)

    --- [file of the host] = row of README.md's table, and all files in the table's order.
    local function table_of_files()
        local row_of, order, row = {}, {}, 0
        local section = readme:match("\n### The host's files\n(.-)\n#") or ""
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
