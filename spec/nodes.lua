--- Writes docs/nodes.md from the device tables: every node, its values, their units, texts and where in VRM's
-- answer they come from. `lua5.4 spec/nodes.lua` prints the page, `--write` writes it.

package.path = "scripts/?.lua;./?.lua;" .. package.path
local fake = require "spec.support.fake_host"
local check = require "check.device"

local nodes = {}

--- The order of the page: from the whole to its parts.
local FIRST = { "controller", "gateway" }

local HEAD = [[
# Nodes and values

Written by `./dev docs` from the device tables (`scripts/devices`, `scripts/types/names.lua`); change those.

Each heading has the id of the node type, each row one value of it. Ids, numbers of states and addresses keep
their meaning in all later versions: programs of the ISY may rely on them.

- **Texts** are shown as words by the ISY; programs compare their numbers. A short list stands in the row, a
  longer one under [Texts](#texts). A number that is not in the list is shown as "code N".
- **Where from** is the D-Bus path that VRM names, and VRM's code, in the order in which they are looked for.
  Of a value that is worked out from several, those that are alternatives stand in parentheses.
  `{input}` is the number of the AC input that is active. Paths that begin with `/Energy/` are the plugin's
  own, of what VRM counts and expects: see [vrm.md](vrm.md#energy).
- A sum that has lost one of its parts is no data until that is back, for a week at most.
- What a device does not send shows **No data**, 101 of the unit index: see [install.md](install.md#no-data).
- A value **of its day** is no data from the installation's midnight on until VRM has one of the new day.
- **Data state** and **Last data** tell how old the values of a node are: see
  [README.md](../README.md#states-and-what-to-do).
- Which values are positive when: [install.md](install.md#signs).
]]

--- Words for the ISY's units of measure; 25 is a list of texts.
local UNITS = { [1] = "A", [4] = "°C or °F", [8] = "m³", [14] = "°", [20] = "hours", [30] = "kW",
    [31] = "kPa", [33] = "kWh", [35] = "liters", [36] = "lux", [38] = "m", [40] = "m/s",
    [45] = "minutes", [51] = "%", [53] = "power factor", [54] = "ppm", [56] = "number",
    [58] = "seconds", [72] = "V", [73] = "W", [74] = "W/m²", [83] = "km", [89] = "rpm", [90] = "Hz",
    [118] = "hPa", [122] = "µg/m³", [135] = "VA", [136] = "var", [139] = "°", [151] = "date and time" }

--- A list with more texts than this stands at the end of the page.
local MOST_IN_ROW = 4

local function code(text) return "`" .. text .. "`" end

local function numbers_of(list)
    local numbers = {}
    for number in pairs(list) do numbers[#numbers + 1] = number end
    table.sort(numbers, function(a, b)          -- names of services after numbers
        if type(a) == type(b) then return a < b end
        return type(a) == "number"
    end)
    return numbers
end

local SPELLED = { ac = "AC", ev = "EV", pv = "PV", pg3 = "PG3", vebus = "VE.Bus", vrm = "VRM" }

--- CHARGE_STATE -> "Charge state", the heading of a list, and its anchor.
local function title(names_id)
    local words = names_id:lower():gsub("%w+", SPELLED):gsub("_", " ")
    local heading = words:gsub("^%l", string.upper)
    return heading, (heading:lower():gsub("%.", ""):gsub(" ", "-"))
end

--- What the column "Unit or texts" says of a driver as host.declare takes it. long: lists that are too long
-- for a row are added there.
local function unit_or_texts(driver, long)
    if not driver.names then return UNITS[driver.uom] or "ISY's unit " .. driver.uom end
    local numbers = numbers_of(driver.names)
    if #numbers > MOST_IN_ROW then
        long[driver.names_id] = driver.names
        return ("[%s](#%s)"):format(title(driver.names_id))
    end
    for i, number in ipairs(numbers) do numbers[i] = ("%d %s"):format(number, driver.names[number]) end
    return table.concat(numbers, ", ")
end

--- The two paths of an AC input are one: {input} is the number of the active one.
local function keys_of(list)
    local words = {}
    for _, key in ipairs(list) do
        local input = list.inputs and list.inputs[key]
        if input and input.index == 0 then key = key:gsub("/In/1/", "/In/{input}/") end
        if not input or input.index == 0 then words[#words + 1] = code(key) end
    end
    return table.concat(words, ", ")
end

local OPERATORS = { sum = " + ", product = " × ", quotient = " ÷ " }

local function terms_of(list, count, op)
    local terms = {}
    for i = 1, count do
        local keys = list[i]
        local text = keys_of(keys)
        if keys.product then text = text .. ", else " .. terms_of(keys.product, 2, "product") end
        terms[i] = (#keys > 1 or keys.product) and "(" .. text .. ")" or text
    end
    return table.concat(terms, OPERATORS[op])
end

--- values = { [240] = 0 } -> "; 240 is shown as 0".
local function exchanged(values)
    local words = {}
    for _, number in ipairs(numbers_of(values or {})) do
        local other = values[number]
        words[#words + 1] = type(other) == "table" and ("%s of `%s`"):format(exchanged(other), number)
            or ("; %g is shown as %g"):format(number, other)
    end
    return table.concat(words)
end

--- What the column "Where from" says of a driver as check.device builds it.
local function where_from(driver)
    local ways = {}
    if #driver.keys > 0 then ways[1] = keys_of(driver.keys) end
    if driver.op then ways[#ways + 1] = terms_of(driver.terms, driver.added, driver.op) end
    if driver.fault then
        ways[#ways + 1] = ("the highest of `%s` and those of its phases or parts"):format(driver.worst)
    elseif driver.worst then
        ways[#ways + 1] = ("the highest of all `%s...`"):format(driver.worst)
    end
    if driver.from then ways[#ways + 1] = "worked out" end
    if driver.by_pg3 then ways[#ways + 1] = "PG3" end
    local day = driver.daily and "; of its day" or ""
    return table.concat(ways, ", else ") .. exchanged(driver.values) .. day
end

local function rows_of(type_, long)
    local by_id, rows = {}, { "| Driver | Shows | Unit or texts | Where from |", "| --- | --- | --- | --- |" }
    for _, driver in ipairs(type_.drivers) do by_id[driver.id] = driver end
    for _, driver in ipairs(check.declaration(type_).drivers) do
        rows[#rows + 1] = ("| `%s` | %s | %s | %s |"):format(driver.id, driver.label,
            unit_or_texts(driver, long), by_id[driver.id] and where_from(by_id[driver.id]) or "the plugin")
    end
    return table.concat(rows, "\n")
end

--- "Command: Query (`QUERY`)."
local function listed(word, list)
    local words = {}
    for _, one in ipairs(list) do words[#words + 1] = ("%s (%s)"):format(one.name, code(one.id)) end
    table.sort(words)
    return ("%s%s: %s."):format(word, #words == 1 and "" or "s", table.concat(words, ", "))
end

local function commands_of(type_)
    local commands = listed("Command", type_.commands)
    return #type_.events == 0 and commands or commands .. " " .. listed("Event", type_.events)
end

--- For which devices there is such a node.
local function found_as(type_)
    if type_.part then
        local when = type_.when and "one of " .. keys_of(type_.when) or "one of these values"
        local whose = type_.main.kind == "gateway" and "the gateway" or "a device"
        return ("A further node of %s, `%s` at the end of its address, once VRM sends %s.")
            :format(whose, type_.part, when)
    elseif type_.kind == "controller" then
        return "One node, the plugin itself: `controller`."
    elseif type_.kind == "gateway" then
        return "One node for each installation, with the totals of its system."
    end
    return ("One node for each device of %s."):format(keys_of(type_.match.service))
end

--- The built-in device types in the order of the page.
local function types()
    local order, known = {}, {}
    for _, name in ipairs(FIRST) do known[name] = true end
    table.move(FIRST, 1, #FIRST, 1, order)
    for _, name in ipairs(fake.DEVICES) do
        if not known[name] then order[#order + 1] = name end
    end
    local list = {}
    for _, name in ipairs(order) do
        local script = fake.load_device(name)
        local type_ = assert(check.device(script.file, script.table, script.text))
        table.move(check.types(type_), 1, #type_.parts + 1, #list + 1, list)
    end
    return list
end

local function texts(long)
    local parts, ids = { "## Texts\n" }, {}
    for id in pairs(long) do ids[#ids + 1] = id end
    table.sort(ids)
    for _, id in ipairs(ids) do
        local rows = { "### " .. (title(id)), "", "| Number | Text |", "| --- | --- |" }
        for _, number in ipairs(numbers_of(long[id])) do
            rows[#rows + 1] = ("| %d | %s |"):format(number, long[id][number])
        end
        parts[#parts + 1] = table.concat(rows, "\n") .. "\n"
    end
    return table.concat(parts, "\n")
end

--- The page.
function nodes.page()
    local parts, long = { HEAD }, {}
    for _, type_ in ipairs(types()) do
        parts[#parts + 1] = table.concat({ ("## %s (`%s`)"):format(type_.name, type_.id), "",
            found_as(type_) .. " " .. commands_of(type_), "", rows_of(type_, long), "" }, "\n")
    end
    parts[#parts + 1] = texts(long)
    return table.concat(parts, "\n")
end

local function write(path, text)
    local file = assert(io.open(path, "w"))
    assert(file:write(text))
    assert(file:close())
end

if arg and arg[0] and arg[0]:find("nodes%.lua$") then
    if arg[1] == "--write" then
        write("docs/nodes.md", nodes.page())
    else
        io.write(nodes.page())
    end
end

return nodes
