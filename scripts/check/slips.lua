--- What people write for what is meant, beside members of a device table (check.members): each table is
-- { [what is written] = the word that is meant, or a sentence }. Words are compared as they stand, and in
-- small letters without blanks and signs (types.wording).

local slips = {}

--- { [what is meant] = "words that are written for it" } -> a table as above.
local function meant(words_by)
    local slip = {}
    for meaning, words in pairs(words_by) do
        for word in words:gmatch("%S+") do slip[word] = meaning end
    end
    return slip
end

slips.unit = meant {
    volt = "v volts mv voltage", ampere = "a amp amps ma current", watt = "w power", kilowatt = "kw",
    percent = "% pct soc", celsius = "c °c degc centigrade temperature temp f fahrenheit",
    hertz = "hz frequency", liter = "l gallon gallons gal litre litres", kwh = "wh energy",
    amp_hours = "ah amphour", seconds = "s sec", minutes = "mins", hours = "h hr", time = "timestamp date",
    hectopascal = "hpa mbar", kilopascal = "kpa bar pressure", meter = "m metre", kilometer = "km",
    meters_per_second = "ms speed", cubic_meters = "m3", lux = "lx", raw = "none number text",
}

slips.driver = meant {
    BATLVL = "soc", ST = "status state level", CV = "voltage volt", CC = "current", CPW = "power",
    CLITEMP = "temperature temp", CLIHUM = "humidity", FREQ = "frequency", TPW = "energy",
    BARPRES = "pressure", ERR = "error",
}

slips.service = meant {
    solarcharger = "mppt solar", battery = "batterymonitor bmv shunt smartshunt comvictronenergybattery"
        .. " batteries",
    vebus = "multiplus quattro", inverter = "phoenix", generator = "generators", grid = "meter gridmeter",
    pvinverter = "pv", temperature = "ruuvi", evcharger = "evcs wallbox", tank = "waterlevel level",
    dcdc = "orion", switch = "relay", meteo = "weather",
}

local OTHER_WORLD = "vrm.get asks VRM; scripts reach nothing else."
local A_LIB = "Write use \"name\" for the lib lib/name.lua beside the script."
local GIVEN_NODE = "start, update and commands are given the node: update = function(node, rows) ... end."
local GIVEN_ROWS = "A function is given the rows: number(rows, \"/Path\"); update the node, too:"
    .. " function(node, rows)."
local NAMED = "Functions of the table have no names of their own: write local function update(node, rows)"
    .. " ... end above it, and update = update in it."
local PATTERNS = "Scripts have no patterns; string.find(text, \"plain text\") finds a text, string.sub"
    .. " cuts it."

--- Names of other languages and of Lua's that scripts do not have.
slips.global = meant {
    ["Write nil."] = "null none None undefined NULL Nil", ["Write true."] = "True TRUE",
    ["Write false."] = "False FALSE", ["Write local."] = "var let const",
    ["Write print(...)."] = "logger ESP_LOGI ESP_LOGD debug echo printf console",
    ["Write print(...), or math.log(x)."] = "log", ["Write error(\"...\")."] = "throw raise",
    [OTHER_WORLD] = "mqtt http socket", ["vrm.get gives tables."] = "json JSON cjson",
    [A_LIB] = "require include import dofile", [GIVEN_NODE] = "node self this",
    [GIVEN_ROWS] = "msg payload meta", [NAMED] = "update start",
    ["A driver's value is node:get(\"GV1\"); a row's is number(rows, \"/Path\")."] = "id",
    ["End the file with return { ... }."] = "module exports",
    ["site_of(rows).time is now, site_of(rows).clock.hour the hour there."] = "os",
    ["site_of(node).time is now, site_of(node).clock.hour the hour there."] = "time",
    ["Scripts have no files: node.state keeps what has to outlast a restart."] = "io",
    ["start, update, commands and timers may wait: sleep(seconds)."] = "coroutine",
    ["A function is given the rows: from = function(rows) return number(rows, \"/Soc\") end."] = "rows",
    ["A command is given its numbers: function(node, args) ... end."] = "args",
    ["map is given the value: map = function(value) return ... end."] = "value",
    ["What outlasts a restart is node.state."] = "state", ["Write setting(\"name\")."] = "settings",
    ["Write sleep(seconds)."] = "wait delay", ["Write timer.after(seconds, fn)."] = "setTimeout",
    ["Write timer.every(seconds, fn)."] = "setInterval", ["Write a function."] = "load",
    ["Write if x == 1 then ... elseif x == 2 then ... end."] = "switch",
    ["Write string.sub, string.find and others of string."] = "utf8", ["Write local variables."] = "_G",
    ["Write pcall."] = "xpcall", ["Write table.unpack."] = "unpack",
    ["It is not there for scripts."] = "getmetatable", ["Write tostring(x)."] = "str",
    ["Write tonumber(x)."] = "float parseInt parseFloat", ["Write math.floor(x)."] = "int floor",
    ["Write #list, or #text."] = "len", ["places = 1 in the row rounds."] = "round",
    ["Write math.abs(x)."] = "abs", ["Write math.min(a, b)."] = "min", ["Write math.max(a, b)."] = "max",
    ["In a row it is a word: sum = { \"/Ac/L1/Power\", \"/Ac/L2/Power\" }."] = "sum",
    ["Write local function name(...)."] = "def", ["Write function(rows) return ... end."] = "lambda",
}

--- Functions that are not in a table of the sandbox.
slips.field = meant {
    [PATTERNS] = "match gmatch gsub split replace strip trim contains", ["Write a loop."] = "move",
    ["places = 1 in the row rounds; else math.floor(x + 0.5)."] = "round", ["Write x ^ y."] = "pow",
    ["It is not there for scripts."] = "dump", ["Write table.insert(list, x)."] = "append push",
    ["Write string.len(text), or #text."] = "length lenght",
    ["Write number(rows, \"/Path\")."] = "number",
}

--- What a node is asked for with a colon or a point.
slips.node = meant {
    get = "value getvalue getdriver", set = "setdriver setvalue publish publishstate",
    event = "report reportcmd send", log = "print warning info debug", notice = "notify",
}

--- Fields of what scripts are given (types.fields).
slips.given = {
    ["a site"] = meant { ["clock.hour"] = "hour", ["clock.minute"] = "minute", ["clock.second"] = "second",
                         ["clock.day"] = "day", ["clock.month"] = "month", ["clock.year"] = "year",
                         ["clock.weekday"] = "weekday", zone = "timezone tz", time = "now timestamp",
                         clock = "date localtime" },
    ["a clock"] = meant { hour = "hours", minute = "minutes min", second = "sec", weekday = "wday dow" },
    ["a device"] = meant { product = "model productname", service = "type", instance = "id deviceinstance",
                           name = "customname title" },
    ["a row"] = meant { value = "val number raw rawvalue state", timestamp = "time", path = "dbuspath",
                        text = "formatted formattedvalue string", label = "name description" },
    ["what was found"] = meant { product = "name model productname", instance = "id" },
}

return slips
