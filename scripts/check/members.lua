--- What a device table may have: each of its tables, their members, what each may be, how it is written, and
-- what people write for it. check.fields looks at a table by this. The definitions for editors (scripts/meta)
-- and docs/authors.md have the same members: spec/author_spec.lua.
--
-- members.row = { what = "a row", members = { [name] = { its rule (see check.values), example,
--                                                        not_with = { list of names, what to do }|nil } },
--                 told = those that scripts of users may have, needed = names that have to be there,
--                 entries = how many there may be without a name,
--                 meant = { [what people write] = the member that is meant, or a sentence } }

local about = require "types.about"
local alarms = require "types.alarms"
local is_path = require("types.form").is_path
local limits = require "types.limits"
local lists = require "types.lists"
local values = require "check.values"

local members = { LEVELS = {} }     -- LEVELS: the tables that messages have a name for

local one_of, number, entries, words = values.one_of, values.number, values.entries, lists.words
local is_number, is_table = values.is_number, values.is_table

local function is_text(value) return type(value) == "string" end

--- what: how messages call such a table, nil: they have no name for it; list: { [name] = { its rule,
-- example, what people write for it|nil, needed, ours = it is for scripts of the plugin, not_with = { names,
-- what to do } } };
-- sentences: { [sentence] = what people write where it helps }, numbers for what has no name.
local function level(what, list, sentences, at_most)
    local made = { what = what, members = list, told = {}, needed = {},
                   meant = lists.by_words(sentences or {}), entries = at_most or 0 }
    for name, member in pairs(list) do
        for word in (member[3] or ""):gmatch("%S+") do made.meant[word] = name end
        if member.needed then table.insert(made.needed, name) end
        made.told[name] = not member.ours or nil
        member[3], member.needed, member.ours = nil, nil, nil
    end
    table.sort(made.needed)
    if what then table.insert(members.LEVELS, made) end
    return made
end

local ROWS_HERE = "Rows stand in the table itself: { \"ST\", unit.watt, \"Label\", \"/Path\" }."
local A_COMMENT = "Write it into a comment: -- ..."

---------------------------------------------------------------------------------- the table, its parts

local ICONS = lists.set [[Alarm Arm DoorLock Electricity EnergyMonitor GenericCtl GenericRsp GenericRspCtl
    Input Irrigation Lamp LampAndSwitch MotionSensor Output PulseCounter Sensor Siren Switch SmokeSensor
    TempSensor Thermostat Weather]]

local MATCH = values.rule("a table or a function", function(value)
    return is_table(value) or type(value) == "function", nil,
        is_text(value) and ("Write match = { service = %q }."):format(value) or nil
end)

-- Also for those who know Zigbee2MQTT or ESPHome.
members.table = level("the table", {
    api = { values.rule("the form of tables that this plugin reads", function(value) return value == 2 end),
            "2", "version", needed = true },
    id = { values.id("MYTANK"), "\"MYTANK\"", "nodedef", needed = true },
    name = { values.NAME, "\"Tank\"", "title label", needed = true },
    icon = { one_of(ICONS, "an icon of the ISY's"), "\"Sensor\"" },
    match = { MATCH, "{ service = \"solarcharger\" }", needed = true },
    parts = { values.list("part", is_table, "part id"), "{ { part = \"t\", id = ..., name = ..., rows } }",
              "nodes children" },
    commands = { values.TABLE, "{ RESET = function(node, args) ... end }", "actions cmds tozigbee buttons" },
    events = { values.TABLE, "{ DON = \"Filled up\" }", "sends" },
    settings = { values.TABLE, "{ limit = 10 }" },
    samples = { values.list("sample", is_table, "rows expect steps"),
                "{ { rows = { ... }, expect = { ... } } }", "tests examples test" },
    start = { values.FUNCTION, "function(node) ... end", "init begin onstart setup onboot configure" },
    update = { values.FUNCTION, "function(node, rows) ... end",
               "poll onupdate loop refresh run query onvalue" },
}, {
    [ROWS_HERE] = "rows drivers values list exposes fromzigbee sensors sensor platform entities",
    ["Write match = { service = \"tank\" }; product and type stand in there, too."] = "service product type"
        .. " kind device model zigbeemodel models fingerprint",
    [A_COMMENT] = "description author vendor meta comment",
    ["VRM's data comes with the polls; timer.every(seconds, fn) in start runs in between."] =
        "interval updateinterval",
    ["What outlasts a restart is node.state, in functions; lists of states are the second entry of a row."] =
        "globals state states",
    ["A notice is shown by node:notice(\"full\", \"The tank is full\")."] = "notices",
    ["What the owner may set is settings = { pump_watts = 50 }."] = "parameters params config options"
        .. " substitutions",
    ["Write timer.every(60, function() ... end) in start."] = "timers timer",
    ["Nothing is to be done at the end: timers end with the script."] = "stop",
}, math.maxinteger)

members.KINDS = lists.set "controller gateway"

members.match = level("match", {
    service = { values.TEXTS, "\"tank\"", "services" },
    product = { values.TEXTS, "\"SmartSolar\"", "name model device" },
    type = { values.TEXTS, "\"Battery Monitor\"" },
    kind = { one_of(members.KINDS), "\"gateway\"",
             not_with = { words "service product type" } },
    last = { values.BOOLEAN, "true" },
}, {
    ["A script is for all devices of a kind; a function may look: match = function(found) return"
        .. " found.service == \"tank\" and found.instance == 20 and 5 end."] = "instance",
    ["Write match = { service = \"tank\" }, or service = { \"tank\", \"battery\" } for several."] = "1",
})

members.part = level("a part", {
    part = { values.rule("a small letter, which ends the node's address", function(value)
        return is_text(value) and value:find("^%l$") ~= nil
    end), "\"t\"", "letter", needed = true },
    id = { values.id("MYTANKT"), "\"MYTANKT\"", needed = true },
    name = { values.text(limits.part_name), "\"trackers\"", "label title", needed = true },
    when = { values.TEXTS, "\"/Pv/1/V\"", "path" },
}, {
    ["A part has none of its own: write it in the table itself."] = "commands events samples start update"
        .. " icon match parts api",
    [ROWS_HERE] = "rows drivers",
}, math.maxinteger)

----------------------------------------------------------------------------------------------- a row

local function is_two(value) return lists.is_list(value) and #value == 2 end

local function is_seconds(value) return value > 0 and value <= 86400 end

local FACTOR = number("a number other than 0", function(value) return value ~= 0 end)
local A_FACTOR = "0.1, with a point"
local AND_ALTERNATIVES = "; alternatives of one are a list of their own"
local SECONDS = number("a number of seconds up to 86400", is_seconds, values.BESIDE_PATH)
local BY_TIME = "by_script by_pg3 day_max day_min total rate held_for"

--- Words that look at time: none goes with another.
local function of_time(its, example, word)
    return { its, example, not_with = { words((BY_TIME:gsub(" " .. word, ""))) } }
end

local VALUES = entries("numbers for numbers", function(key, value)
    if is_text(key) and is_table(value) then return values.NUMBERS.is(value) end      -- of a service
    return is_number(key) and is_number(value)
end)

local WORST = values.rule("the beginning of paths, nor the path of an alarm", function(value)
    return is_path(value) and (alarms.fault(value) ~= nil or value:sub(-1) == "/")
end)

members.row = level("a row", {
    first = { values.TEXTS, "{ \"/Dc/0/Voltage\", \"V\" }", "fallback paths" },
    sum = { values.list("term", values.ANY.is), "{ \"/Ac/L1/Power\", \"/Ac/L2/Power\" }"
            .. AND_ALTERNATIVES, "add" },
    product = { values.rule("a list of two", is_two), "{ \"/Dc/0/Voltage\", \"/Dc/0/Current\" }"
                .. AND_ALTERNATIVES },
    quotient = { values.rule("a list of two", is_two), "{ \"/Yield/Power\", \"/Pv/V\" }" .. AND_ALTERNATIVES,
                 "divide ratio" },
    worst = { WORST, "\"/Alarms/\", or worst = \"/Alarms/Overload\"", "alarm" },
    from = { values.FUNCTION, "function(rows) return number(rows, \"/Path\") end",
             "fn func calc compute formula get value lambda" },
    by_script = { values.TRUE, "true", "script" },
    by_pg3 = { values.TRUE, "true", ours = true },
    values = { VALUES, "{ [240] = 0 }; texts are in a list of states" },
    scale = { FACTOR, A_FACTOR, "factor multiplier multiply" },
    sign = { FACTOR, "-1", "invert negate" },
    map = { values.FUNCTION, "function(value) return value + 10 end",
            "convert transform valuetemplate abs" },
    places = { values.PLACES, "2", "decimals precision digits round prec accuracydecimals" },
    min = { values.NUMBER, "0", "minimum valuemin" },
    max = { values.NUMBER, "100", "maximum valuemax" },
    zero = { values.BOOLEAN, "false" },
    measured = { values.TRUE, "true", not_with = { words "on_change", "Keep one: what is logged when it"
        .. " changes is not measured anew in each interval." } },
    while_negative = { values.TEXTS, "\"/Dc/0/Current\"" },
    on_change = { values.TRUE, "true" },
    daily = { values.TRUE, "true", not_with = { words "from worst by_script by_pg3 zero", "What counts"
        .. " for a day is a row of VRM's, which tells its day, or first, sum, product or quotient." } },
    day_max = of_time(values.TRUE, "true", "day_max"), day_min = of_time(values.TRUE, "true", "day_min"),
    total = of_time(values.TRUE, "true", "total"), rate = of_time(SECONDS, "3600", "rate"),
    held_for = of_time(SECONDS, "600", "held_for"),
    events = { values.TABLE, "{ [0] = \"STOPPED\", [1] = \"STARTED\" }", "event",
               not_with = { words "by_script by_pg3", "Report it with node:event." } },
    set = { values.TABLE, "{ min = 0, max = 100 }",
            not_with = { words("map daily " .. BY_TIME), "It is for rows with a path." } },
}, {
    ["The driver is the first entry of a row, without a name: { \"ST\", unit.watt, \"Label\", \"/Path\" }."] =
        "id driver",
    ["The unit is the second entry of a row, without a name: { \"ST\", unit.watt, \"Label\", \"/Path\" }."] =
        "unit uom kind type editor unitofmeasurement deviceclass stateclass",
    ["The label is the third entry of a row, without a name: { \"ST\", unit.watt, \"Label\", \"/Path\" }."] =
        "label name title",
    ["The path is the fourth entry of a row, without a name: { \"ST\", unit.watt, \"Label\", \"/Path\" }."] =
        "path dbus source key",
    ["VRM's code is the fifth entry of a row, without a name."] = "code",
    ["A list of states is the second entry of a row, with no name: { [0] = \"Off\", [1] = \"On\" }."] =
        "states",
    ["What may be written has the word set = { min = 0, max = 100 }."] = "access writable write settable",
    ["from = function(rows) ... end works out what no word of a row does."] = "difference minus subtract"
        .. " average mean",
    ["map = function(value) return value + 10 end adds."] = "offset calibrate",
    ["scale, map, min and max change a value."] = "filters",
    ["Where the path has no number, from = function(rows) return 0 end gives one."] = "default",
    ["Values come with VRM's polls; held_for = 60 waits until a state has settled."] = "throttle",
    ["Each value that VRM sends is looked at."] = "forceupdate",
}, 5)

local LEVELS = lists.set "battery_level"            -- parameters of the plugin (pg3.params)

local EVENT = values.rule("the name of an event", is_text)

members.events = level(nil, {
    level = { one_of(LEVELS, "a parameter of the plugin; node:event reports all else"), "\"battery_level\"",
              needed = true },
    below = { EVENT, "\"BATLOW\"", needed = true },
    above = { EVENT, "\"BATOK\"", needed = true },
})

------------------------------------------------------------------------------------- what may be written

local function is_name(value) return is_text(value) and value:find("^%l[%l%d]*$") ~= nil end

--- Whether something is what a condition asks about: a path, one of another service, or a service.
local function is_asked(key)
    return values.is_path(key) or is_name(key) or is_text(key) and key:find("^%l[%l%d]*/%d+/%S+$") ~= nil
end

local NUMBERS_LIST = values.list("number", is_number)

local function is_condition(entry)
    if not is_table(entry) then return false end
    local key, of, why = table.unpack(entry)
    return is_asked(key) and (is_number(of) or NUMBERS_LIST.is(of)) and is_text(why)
end

local CONDITIONS = values.list("condition", is_condition)
local CONDITION = "{ { \"/Settings/Relay/Function\", 2, \"its function is not Manual\" } }"
local PATHS = values.list("path", values.is_path)
local BECOMES = values.rule("a number, nor a table of lists", function(value)
    return is_number(value) or values.NUMBERS_BY.is(value)
end)
local STORED = { [true] = true, [false] = true, counted = true }
local NEEDS_CHOICES = "Write choices = { 0, 1 } for a list of states, else min and max."

members.set = level("set", {
    min = { values.NUMBER, "0", not_with = { words "choices", NEEDS_CHOICES } },
    max = { values.NUMBER, "100", not_with = { words "choices", NEEDS_CHOICES } },
    step = { values.ABOVE_0, "5" },
    places = { values.PLACES, "0" },
    choices = { values.list("state", values.ANY.is), "{ 0, 1 }" },
    path = { values.PATH, "\"/Mode\"" },
    service = { values.rule("the name of a service", is_name), "\"hub4\"" },
    unit = { values.TEXT, "\"W\"" },
    send = { values.NUMBERS, "{ [99] = -7 }" },
    instead = { values.NUMBERS_BY, "{ [-7] = { [1] = -1 } }" },
    value = { values.NUMBER, "1" },
    becomes = { BECOMES, "0, or becomes = { [1] = { 1, 2 } }" },
    name = { values.NAME, "\"Limit\"" },
    stored = { values.rule("true, false or \"counted\"", function(value) return STORED[value] end), "true" },
    timed = { one_of(lists.set "also only"), "\"also\"" },
    timer = { values.PATH, "\"/ManualStartTimer\"" },
    resend = { number("a number of seconds", function(value) return value > 0 end), "30" },
    release = { values.rule("a number or null in quotes", function(value)
        return is_text(value) and (value == "null" or tonumber(value) ~= nil)
    end), "\"null\"" },
    only = { CONDITIONS, CONDITION },
    unless = { CONDITIONS, CONDITION },
    within = { values.rule("a list of two paths", function(value)
        return is_two(value) and PATHS.is(value)
    end), "{ \"/MinCurrent\", \"/MaxCurrent\" }" },
    off = { values.NUMBER, "4" },
})

members.condition = level("a condition", { choice = { values.NUMBER, "1" } }, nil, 3)

--------------------------------------------------------------------------------- commands and settings

members.command = level("a command", {
    name = { values.NAME, "\"Set limit\"", "label title" },
    params = { values.list("parameter", is_table, "id label kind"), "{ { id = \"\", label = ... } }",
               "parameters args arguments" },
    run = { values.FUNCTION, "function(node, args) ... end", "fn func call action handler execute" },
})

members.parameter = level("a parameter", {
    id = { values.rule("\"\" for the only parameter, else capitals and digits", function(value)
        return value == "" or values.is_id(value), nil,
            ("Write id = \"\", or id = \"%s\"."):format(values.as_id(value, "LEVEL"))
    end), "\"\"", needed = true },
    label = { values.NAME, "\"Limit\"", "name title", needed = true },
    kind = { values.ANY, "unit.ampere", "unit uom type" },
    min = { values.NUMBER, "0", "minimum" },
    max = { values.NUMBER, "50", "maximum" },
    places = { values.PLACES, "1", "decimals precision" },
}, {
    ["places = 0 rounds to whole numbers."] = "step", ["Write min = 0, max = 100."] = "range",
    ["A command is called with the numbers that the ISY sends."] = "default",
})

members.setting = level("a setting", {
    default = { values.rule("a number or a text", function(value)
        return is_number(value) or is_text(value)
    end), "10", "value initial", needed = true },
    min = { values.NUMBER, "1", "minimum" },
    max = { values.NUMBER, "100", "maximum" },
}, { ["A setting is a number or a text, without a unit."] = "unit" })

--------------------------------------------------------------------------------------------- samples

local ROWS = "{ [\"/Soc\"] = 80 }"
local AS_IN_TABLE = "{ pump_watts = 10 }"
local NOTHING_ELSE = { words "rows expect", "Put those into a step." }

members.sample = level("a sample", {
    rows = { values.TABLE, ROWS, "values input inputs" },
    expect = { values.TABLE, "{ ST = 80 }", "expected expects output result results" },
    steps = { values.list("step", is_table, "rows expect after command"),
              "{ { rows = { ... }, expect = { ... } } }", not_with = NOTHING_ELSE },
    site = { values.TABLE, "{ online = true }" },
    device = { values.TABLE, "{ product = \"...\" }" },
    devices = { values.list("device", is_table, "service rows"),
                "{ { service = \"battery\", rows = { ... } } }" },
    settings = { values.TABLE, AS_IN_TABLE },
    vrm = { entries("tables by paths that begin with /", function(path, answer)
        return values.is_path(path) and is_table(answer)
    end), "{ [\"/installations/1/stats\"] = { ... } }" },
}, { [A_COMMENT] = "name title description" })

members.sample_row = level(nil, {
    value = { values.rule("a number or a text, as VRM sends them", function(value)
        if is_text(value) and tonumber(value) then
            return false, "is a text", ("Write the number without quotes: %s."):format(value)
        end
        return is_text(value) or type(value) == "number"
    end), "80" },
    unit = { values.TEXT, "\"V\"" }, text = { values.TEXT, "\"80 %\"" }, path = { values.TEXT, "\"/Soc\"" },
    code = { values.TEXT, "\"SOC\"" }, timestamp = { values.NUMBER, "1776463200" },
})

local function device_fields(more)
    more.instance, more.product = { values.NUMBER, "0" }, { values.TEXT, "\"SmartShunt\"" }
    more.name = { values.TEXT, "\"House\"" }
    return more
end

members.sample_device = level(nil, device_fields { service = { values.TEXT, "\"battery\"" } })

members.other_device = level(nil, device_fields {
    service = { values.TEXT, "\"battery\"", needed = true }, rows = { values.TABLE, ROWS },
})

--- What site_of gives, and what rows of the gateway and of the plugin's own node are given besides.
local function site_fields()
    local list = {}
    for _, name in ipairs(lists.words(about.SITE_FIELDS .. " last_command timed settings_written status"
        .. " installations script_errors last_answer")) do
        list[name] = { values.ANY }
    end
    for _, name in ipairs { "id", "interval", "midnight" } do list[name] = { values.NUMBER, "1776463200" } end
    list.name, list.zone = { values.TEXT, "\"Boat\"" }, { values.TEXT, "\"Europe/Berlin\"" }
    list.clock = { values.rule("a time", about.time_of), "\"2026-04-18 06:30\"" }
    return list
end

members.site = level(nil, site_fields())

members.step = level("a step", {
    after = { number("a number of seconds up to 10000000", function(value)
        return value >= 0 and value <= 1e7
    end), "3600; a longer time is several steps", "wait sleep delay seconds time" },
    rows = { values.TABLE, ROWS, "values" },
    command = { values.TEXT, "\"RESET\"", "run call" },
    args = { entries("numbers by the ids of parameters", function(id, value)
        return is_text(id) and is_number(value)
    end), "{ value = 5 }, or args = { LEVEL = 5 }" },
    expect = { values.TABLE, "{ ST = 80, events = { \"FULL\" } }", "expected expects" },
})

--- What a step can expect beside drivers.
members.beside_drivers = level(nil, {
    events = { values.TABLE, "{ \"FULL\" }, or {} for none" },
    notices = { values.TABLE, "{ full = \"The tank is full.\" }, or {} for none" },
    state = { values.TABLE, "{ count = 1 }" },
})

return members
