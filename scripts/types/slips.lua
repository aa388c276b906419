--- What people write for what is meant: each table is { [what is written] = the word that is meant, or a
-- sentence }. Words are compared as they stand, and in small letters without blanks and signs
-- (types.wording).

local slips = {}

local ROWS_HERE = "Rows stand in the table itself: { \"ST\", unit.watt, \"Label\", \"/Path\" }."
local IN_MATCH = "Write match = { service = \"tank\" }; product and type stand in there, too."
local A_COMMENT = "Write it into a comment: -- ..."

--- Fields of a device table.
slips.table = {
    rows = ROWS_HERE, drivers = ROWS_HERE, values = ROWS_HERE, list = ROWS_HERE,
    service = IN_MATCH, product = IN_MATCH, type = IN_MATCH, kind = IN_MATCH, device = IN_MATCH,
    title = "name", label = "name", nodedef = "id", version = "api", description = A_COMMENT,
        author = A_COMMENT,
    nodes = "parts", children = "parts", tests = "samples", examples = "samples", test = "samples",
    actions = "commands", cmds = "commands", init = "start", begin = "start", onstart = "start",
        setup = "start",
    poll = "update", onupdate = "update", loop = "update", refresh = "update", run = "update",
        query = "update",
    interval = "VRM's data comes with the polls; timer.every(seconds, fn) in start runs in between.",
}

local AS_SETTING = "What the owner may set is settings = { pump_watts = 50 }."
local KEPT = "What outlasts a restart is node.state, in functions; lists of states are the second entry of a"
    .. " row."
local BY_TIMER = "Write timer.every(60, function() ... end) in start."

--- The same of those who know Zigbee2MQTT or ESPHome.
for word, meant in pairs {
    exposes = ROWS_HERE, fromzigbee = ROWS_HERE, sensors = ROWS_HERE, sensor = ROWS_HERE,
    platform = ROWS_HERE, entities = ROWS_HERE, tozigbee = "commands", buttons = "commands",
    onboot = "start", configure = "start",
    onvalue = "update", updateinterval = slips.table.interval, model = IN_MATCH, zigbeemodel = IN_MATCH,
    models = IN_MATCH, fingerprint = IN_MATCH, vendor = A_COMMENT, meta = A_COMMENT, comment = A_COMMENT,
    parameters = AS_SETTING, params = AS_SETTING, config = AS_SETTING, options = AS_SETTING,
    substitutions = AS_SETTING, globals = KEPT, state = KEPT, states = KEPT, timers = BY_TIMER,
    timer = BY_TIMER,
    stop = "Nothing is to be done at the end: timers end with the script.", sends = "events",
    notices = "A notice is shown by node:notice(\"full\", \"The tank is full\").",
} do
    slips.table[word] = meant
end

slips.match = {
    name = "product", model = "product", device = "product", services = "service",
    instance = "A script is for all devices of a kind; a function may look: match = function(found) return"
        .. " found.service == \"tank\" and found.instance == 20 and 5 end.",
}

local NOT_IN_PART = "A part has none of its own: write it in the table itself."

slips.part = {
    commands = NOT_IN_PART, events = NOT_IN_PART, samples = NOT_IN_PART, start = NOT_IN_PART,
    update = NOT_IN_PART, icon = NOT_IN_PART, match = NOT_IN_PART, parts = NOT_IN_PART, api = NOT_IN_PART,
    letter = "part", label = "name", title = "name", path = "when", rows = ROWS_HERE, drivers = ROWS_HERE,
}

slips.sample = { expected = "expect", expects = "expect", values = "rows", input = "rows", inputs = "rows",
                 output = "expect", result = "expect", results = "expect", name = A_COMMENT,
                 title = A_COMMENT, description = A_COMMENT }

slips.step = { expected = "expect", expects = "expect", values = "rows", wait = "after", sleep = "after",
               delay = "after", seconds = "after", time = "after", run = "command", call = "command" }

--- The installation of a sample.
slips.site = { time = "Write site = { clock = \"2026-04-18 06:30\" }.",
               now = "Write site = { clock = \"2026-04-18 06:30\" }." }

slips.command = { fn = "run", func = "run", call = "run", action = "run", handler = "run", execute = "run",
                  label = "name", title = "name", parameters = "params", args = "params",
                      arguments = "params" }

slips.param = { unit = "kind", uom = "kind", type = "kind", name = "label", title = "label", minimum = "min",
                maximum = "max", decimals = "places", precision = "places",
                step = "places = 0 rounds to whole numbers.", range = "Write min = 0, max = 100.",
                default = "A command is called with the numbers that the ISY sends." }

slips.setting = { value = "default", initial = "default", minimum = "min", maximum = "max",
                  unit = "A setting is a number or a text, without a unit." }

local ROW = ", without a name: { \"ST\", unit.watt, \"Label\", \"/Path\" }."
local FIRST, SECOND = "The driver is the first entry of a row" .. ROW,
    "The unit is the second entry of a row" .. ROW
local THIRD, FOURTH = "The label is the third entry of a row" .. ROW,
    "The path is the fourth entry of a row" .. ROW

local WORKED_OUT = "from = function(rows) ... end works out what no word of a row does."
local WRITABLE = "What may be written has the word set = { min = 0, max = 100 }."

--- Words of a row.
slips.row = {
    path = FOURTH, dbus = FOURTH, source = FOURTH, key = FOURTH,
    code = "VRM's code is the fifth entry of a row, without a name.",
    unit = SECOND, uom = SECOND, kind = SECOND, type = SECOND, editor = SECOND,
    states = "A list of states is the second entry of a row, with no name: { [0] = \"Off\", [1] = \"On\" }.",
    label = THIRD, name = THIRD, title = THIRD, id = FIRST, driver = FIRST,
    decimals = "places", precision = "places", digits = "places", round = "places", prec = "places",
    factor = "scale", multiplier = "scale", divide = "quotient", ratio = "quotient",
    add = "sum", minimum = "min", maximum = "max", convert = "map", transform = "map", fn = "from",
    func = "from", calc = "from", compute = "from", formula = "from", get = "from", value = "from",
    lambda = "from", accuracydecimals = "places", unitofmeasurement = SECOND, deviceclass = SECOND,
    stateclass = SECOND, filters = "scale, map, min and max change a value.", multiply = "scale",
    calibrate = "map = function(value) return value + 10 end adds.", valuetemplate = "map",
    valuemin = "min", valuemax = "max",
    throttle = "Values come with VRM's polls; held_for = 60 waits until a state has settled.",
    forceupdate = "Each value that VRM sends is looked at.", access = WRITABLE, writable = WRITABLE,
    write = WRITABLE, settable = WRITABLE, fallback = "first", paths = "first", script = "by_script",
    invert = "sign", negate = "sign",
    difference = WORKED_OUT, minus = WORKED_OUT, subtract = WORKED_OUT, average = WORKED_OUT,
    mean = WORKED_OUT, abs = "map",
    default = "Where the path has no number, from = function(rows) return 0 end gives one.",
    alarm = "worst", event = "events", offset = "map = function(value) return value + 10 end adds.",
}

slips.unit = {
    v = "volt", volts = "volt", mv = "volt", voltage = "volt", a = "ampere", amp = "ampere", amps = "ampere",
    ma = "ampere", current = "ampere", w = "watt", power = "watt", kw = "kilowatt", ["%"] = "percent",
    pct = "percent", soc = "percent", c = "celsius", ["°c"] = "celsius", degc = "celsius",
    centigrade = "celsius", temperature = "celsius", temp = "celsius", f = "celsius", fahrenheit = "celsius",
    hz = "hertz", frequency = "hertz", l = "liter", gallon = "liter", gallons = "liter",
    gal = "liter", litre = "liter", litres = "liter", wh = "kwh",
    energy = "kwh", ah = "amp_hours", amphour = "amp_hours", s = "seconds", sec = "seconds", h = "hours",
    hr = "hours", mins = "minutes", hpa = "hectopascal", mbar = "hectopascal", kpa = "kilopascal",
    bar = "kilopascal", pressure = "kilopascal", m = "meter", metre = "meter", km = "kilometer",
    ms = "meters_per_second", speed = "meters_per_second", lx = "lux", none = "raw", number = "raw",
    m3 = "cubic_meters", timestamp = "time", date = "time", text = "raw",
}

slips.driver = {
    soc = "BATLVL", status = "ST", state = "ST", voltage = "CV", volt = "CV", current = "CC", power = "CPW",
    temperature = "CLITEMP", temp = "CLITEMP", humidity = "CLIHUM", frequency = "FREQ", energy = "TPW",
    pressure = "BARPRES", level = "ST", error = "ERR",
}

slips.service = {
    mppt = "solarcharger", solar = "solarcharger", batterymonitor = "battery", bmv = "battery",
    shunt = "battery", smartshunt = "battery", multiplus = "vebus", quattro = "vebus", phoenix = "inverter",
    generators = "generator", meter = "grid", gridmeter = "grid", pv = "pvinverter", ruuvi = "temperature",
    evcs = "evcharger", wallbox = "evcharger", waterlevel = "tank", level = "tank", orion = "dcdc",
    relay = "switch", batteries = "battery", comvictronenergybattery = "battery", weather = "meteo",
}

--- What a node is asked for with a colon or a point.
slips.node = {
    value = "get", setdriver = "set", setvalue = "set", getvalue = "get", getdriver = "get", report = "event",
    reportcmd = "event", send = "event", print = "log", warning = "log", info = "log", debug = "log",
    notify = "notice", publish = "set", publishstate = "set",
}

--- Fields of what scripts are given (types.fields).
slips.given = {
    ["a site"] = { hour = "clock.hour", minute = "clock.minute", second = "clock.second", day = "clock.day",
                   month = "clock.month", year = "clock.year", weekday = "clock.weekday", timezone = "zone",
                   tz = "zone", now = "time", timestamp = "time", date = "clock", localtime = "clock" },
    ["a clock"] = { hours = "hour", minutes = "minute", min = "minute", sec = "second", wday = "weekday",
                    dow = "weekday" },
    ["a device"] = { model = "product", productname = "product", type = "service", id = "instance",
                     customname = "name", deviceinstance = "instance", title = "name" },
    ["a row"] = { val = "value", number = "value", raw = "value", rawvalue = "value", state = "value",
                  time = "timestamp", formatted = "text", formattedvalue = "text", string = "text",
                  name = "label", description = "label", dbuspath = "path" },
    ["what was found"] = { name = "product", model = "product", productname = "product", id = "instance" },
}

return slips
