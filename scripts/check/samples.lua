--- The samples of a device table and their steps: what is wrong with how they are written. check.proof and
-- tools.steps run them.

local about = require "types.about"
local commands = require "types.commands"
local field_check = require "check.fields"
local limits = require "types.limits"
local lists = require "types.lists"
local slips = require "check.slips"
local wording = require "types.wording"

local sample_check = {}

local fail, set, shown = field_check.fail, lists.set, wording.shown
local is_path = require("types.form").is_path
local sorted_keys = lists.sorted_keys

local SAMPLE_FIELDS = field_check.words_of("a sample", "rows steps site device devices settings vrm expect")
-- What site_of gives, and what rows of the gateway and of the plugin's own node are given besides.
local SAMPLE_SITE_FIELDS = set(about.SITE_FIELDS .. " last_command timed settings_written status"
    .. " installations script_errors last_answer")
local SAMPLE_OWN_FIELDS = set(about.DEVICE_FIELDS)
local SAMPLE_DEVICE_FIELDS = set "service instance product name rows"
local SAMPLE_ROW_FIELDS = set "value unit timestamp text path code"

--- What is a text, and what a number, of rows, devices and installations.
local TEXTS = set "code name path product service text unit zone"
local NUMBERS = set "id instance interval midnight timestamp"

--- What a sample has beside rows and steps, and how that is written.
local BESIDE_ROWS = {
    site = "site = { online = true }", device = "device = { product = \"...\" }",
    devices = "devices = { { service = \"battery\", rows = { ... } } }",
    settings = "settings = { pump_watts = 10 }", vrm = "vrm = { [\"/installations/1/stats\"] = { ... } }",
}

local function check_texts_and_numbers(where, tab)
    for _, name in ipairs(sorted_keys(tab)) do
        if TEXTS[name] and type(tab[name]) ~= "string" then
            fail(where, ("%s is %s, which is no text."):format(name, shown(tab[name])), "Write it in quotes.")
        elseif NUMBERS[name] then
            field_check.number(where, name, tab[name])
        end
    end
end

--- A row: its value, or { value = , unit = , ... } as VRM's rows are.
local function check_row(where, row)
    local fields = type(row) == "table" and row or { value = row }
    field_check.fields(where, fields, SAMPLE_ROW_FIELDS)
    if fields.value ~= nil and type(fields.value) ~= "number" and type(fields.value) ~= "string" then
        fail(where, ("value is %s."):format(shown(fields.value)),
            "VRM sends numbers and texts: write one.")
    end
    check_texts_and_numbers(where, fields)
    if type(fields.value) == "string" and tonumber(fields.value) then
        fail(where, "the value is a text.", "Write the number without quotes: " .. fields.value .. ".")
    end
end

--- Rows by their paths or codes; nil for none.
local function check_rows(where, rows)
    if rows ~= nil and type(rows) ~= "table" then
        fail(where, ("rows is %s, not a table."):format(shown(rows)), "Write rows = { [\"/Soc\"] = 80 }.")
    end
    for _, key in ipairs(sorted_keys(rows or {})) do
        local row = rows[key]
        if math.type(key) == "integer" then
            fail(where, ("rows has %s without a path."):format(shown(row)),
                "Write rows = { [\"/Level\"] = 80 }: the path in [\" \"].")
        end
        check_row(where .. ", row " .. tostring(key), row)
    end
end

--- Another device of the installation, for devices_of and rows_of.
local function check_device(where, device)
    local is_table = type(device) == "table"
    if not is_table or type(device.service) ~= "string" then
        fail(where, is_table and ("service is %s."):format(shown(device.service))
            or ("it is %s, not a device."):format(shown(device)),
            "Write { service = \"battery\", rows = { [\"/Soc\"] = 80 } }.")
    end
    field_check.fields(where, device, SAMPLE_DEVICE_FIELDS)
    check_texts_and_numbers(where, device)
    check_rows(where, device.rows)
end

--- What a sample expects of one driver: a number, or "no data".
local function check_expected(where, id, expected)
    if type(expected) == "number" or expected == "no data" then return end
    local text, number = shown(expected), type(expected) == "string"
        and tonumber((expected:gsub(",", "."):match("^%s*%-?[%d.]+")))
    local write = number and ("Write the number without quotes: %s = %s."):format(id, number)
        or type(expected) == "string" and wording.same(expected, { "no data" }) and "Write \"no data\"."
        or expected == true and ("Values are numbers: write %s = 1."):format(id)
        or expected == false and ("Values are numbers: write %s = 0."):format(id)
        or type(expected) == "string" and "Write the number of the state, or \"no data\"."
        or "Write a number, or \"no data\"."
    fail(where, ("%s = %s is expected, which no driver can show."):format(id, text), write)
end

--- What is expected of drivers, and under their letters of parts; nil: nothing.
local function check_expect(where, expect, parts)
    for _, id in ipairs(sorted_keys(expect or {})) do
        local expected = expect[id]
        for its, one in pairs(parts[id] and type(expected) == "table" and expected or {}) do
            check_expected(where, ("%s.%s"):format(id, its), one)
        end
        if math.type(id) == "integer" then
            fail(where, ("%s is expected of no driver."):format(shown(expected)),
                "Write the driver: expect = { ST = 80 }.")
        elseif type(expected) ~= "table" then       -- of a table proof says that there is no such part
            check_expected(where, tostring(id), expected)
        end
    end
end

--- The settings of a sample are those of the table.
local function check_settings(where, given, declared)
    for name, value in pairs(given) do
        if type(declared) ~= "table" or declared[name] == nil then
            fail(where, ("the setting %s is none of the table's."):format(shown(name)),
                ("Write settings = { %s = 10 } in the table."):format(tostring(name)))
        elseif type(value) ~= "number" and type(value) ~= "string" then
            fail(where, ("the setting %s is %s, neither a number nor a text."):format(name, shown(value)),
                ("Write settings = { %s = 10 }."):format(name))
        end
    end
end

local function check_vrm(where, answers)
    local write = "Write " .. BESIDE_ROWS.vrm .. "."
    for _, path in ipairs(sorted_keys(answers)) do
        if type(path) ~= "string" then
            fail(where, ("vrm has %s without what vrm.get gives."):format(shown(answers[path])), write)
        elseif not is_path(path) then
            fail(where, ("vrm has %s, which is no path."):format(shown(path)), write)
        elseif type(answers[path]) ~= "table" then
            fail(where, ("vrm has %s for %s, and vrm.get gives tables."):format(shown(answers[path]), path),
                write)
        end
    end
end

--- A sample has rows and what they give, or steps.
local function check_form(where, sample)
    if type(sample) == "table" then
        for key in pairs(sample) do
            if is_path(key) then
                fail(where, key .. " stands outside of rows.",
                    ("Write rows = { [\"%s\"] = 80 }."):format(key))
            end
        end
        field_check.fields(where, sample, SAMPLE_FIELDS, nil, slips.sample)
    end
    if type(sample) == "table" and type(sample.steps) == "table" then
        field_check.list(where .. ", steps", sample.steps)
        if sample.rows ~= nil or sample.expect ~= nil then
            fail(where, "there are steps, and rows or expect beside them.", "Put those into a step.")
        end
    elseif type(sample) ~= "table" or type(sample.rows) ~= "table" or type(sample.expect) ~= "table" then
        local missing = type(sample) ~= "table" and "it is " .. shown(sample)
            or type(sample.rows) ~= "table" and "rows is " .. shown(sample.rows)
            or "expect is " .. shown(sample.expect)
        fail(where, missing .. ".", "Write { rows = { [\"/Soc\"] = 80 }, expect = { ST = 80 } }.")
    end
end

local function check_world(where, sample, settings)
    for _, field in ipairs(sorted_keys(BESIDE_ROWS)) do
        if sample[field] ~= nil and type(sample[field]) ~= "table" then
            fail(where, ("%s is %s, not a table."):format(field, shown(sample[field])),
                "Write " .. BESIDE_ROWS[field] .. ".")
        end
    end
    field_check.fields(where .. ", site", sample.site or {}, SAMPLE_SITE_FIELDS)
    field_check.fields(where .. ", device", sample.device or {}, SAMPLE_OWN_FIELDS)
    check_texts_and_numbers(where .. ", site", sample.site or {})
    check_texts_and_numbers(where .. ", device", sample.device or {})
    check_vrm(where, sample.vrm or {})
    check_settings(where, sample.settings or {}, settings)
    if sample.site and sample.site.clock ~= nil and not about.time_of(sample.site.clock) then
        fail(where, ("site.clock is %s, no time."):format(shown(sample.site.clock)),
            "Write site = { clock = \"2026-04-18 06:30\" }.")
    end
    if sample.devices and sample.devices.service ~= nil then
        fail(where, "devices is one device, not a list of them.",
            "Write " .. BESIDE_ROWS.devices .. ".")
    end
    field_check.list(where .. ", devices", sample.devices or {})
    for i, device in ipairs(sample.devices or {}) do
        check_device(("%s, device %d"):format(where, i), device)
    end
end

--- Raises what is wrong with a sample, as field_check.fail does. parts: letters of the table's parts, as a
-- set; settings: the table's.
function sample_check.one(where, sample, parts, settings)
    check_form(where, sample)
    check_expect(where, sample.expect, parts)
    check_world(where, sample, settings)
    check_rows(where, sample.rows)
end

--- The same of a table's list of samples, but not what is in them.
function sample_check.list(samples)
    if type(samples) ~= "table" then
        fail("", ("samples is %s."):format(shown(samples)),
            "Write samples = { { rows = { ... }, expect = { ... } } }.")
    end
    if samples.rows ~= nil or samples.expect ~= nil then
        fail("samples", "rows and expect stand there without a table of their own.",
            "samples is a list: samples = { { rows = { ... }, expect = { ... } } }.", "rows")
    end
    field_check.list("samples", samples)
    field_check.at_most("samples", #samples, limits.samples)
end

----------------------------------------------------------------------------------------------- steps

--- What a step can expect beside drivers.
sample_check.BESIDE_DRIVERS = set "events notices state"

local STEP_FIELDS = field_check.words_of("a step", "after rows command args expect")
local LONGEST_SECONDS = 1e7

local function check_beside(where, expect)
    if expect == nil then return end
    if type(expect) ~= "table" then
        fail(where, "expect is not a table.", "Write expect = { ST = 80, events = { \"FULL\" } }.")
    end
    for _, field in ipairs(sorted_keys(sample_check.BESIDE_DRIVERS)) do
        if expect[field] ~= nil and type(expect[field]) ~= "table" then
            fail(where, ("expect.%s is not a table."):format(field), field == "events"
                and "Write events = { \"FULL\" }, or events = {} for none."
                or field == "notices" and "Write notices = { full = \"The tank is full.\" }, or {} for none."
                or "Write state = { count = 1 }.")
        end
    end
end

--- What a step says of a command's parameters, as the ISY would send it.
local function given_by(args)
    local given = { value = args.value, query = {} }
    for id, value in pairs(args) do given.query[id] = id ~= "value" and value or nil end
    return given
end

--- What the command of a step is given: see commands.validate.
function sample_check.values(command, step)
    return commands.validate(command, given_by(step.args or {}))
end

--- The command of a step must be one that the table has, with what the ISY may send.
local function check_command(where, step, type_)
    if step.command == nil then
        if step.args ~= nil then fail(where, "there are args, but no command.", "Add the command's name.") end
        return
    end
    local found = commands.find(type_, step.command)
    if not (found and found.run) then
        local ids = {}
        for _, one in ipairs(type_.commands) do ids[#ids + 1] = one.run and one.id or nil end
        fail(where, ("the command %s is none of the table's."):format(type(step.command) == "string"
            and step.command or wording.shown(step.command)),
            wording.did_you_mean(step.command, ids, "%s",
                "Write command = \"RESET\", a name under commands."))
    end
    local example = "Write args = { value = 5 }, or args = { LEVEL = 5 }."
    if step.args ~= nil and type(step.args) ~= "table" then fail(where, "args is not a table.", example) end
    for id, value in pairs(step.args or {}) do
        if type(value) ~= "number" then
            fail(where, ("args.%s is %s, not a number."):format(id, wording.shown(value)), example)
        end
    end
    local _, problem = sample_check.values(found, step)
    if problem then fail(where, problem, example) end
end

--- Raises what is wrong with a step, as field_check.fail does. type_: the type, with its commands; parts: the
-- letters of its parts, as a set.
function sample_check.step(where, step, type_, parts)
    if type(step) ~= "table" then fail(where, "it is not a step.", "Write { after = 60, expect = { } }.") end
    field_check.fields(where, step, STEP_FIELDS, nil, slips.step)
    local after = step.after or 0
    if type(after) == "number" and after > LONGEST_SECONDS then
        fail(where, ("after is %s, more than %d seconds."):format(wording.shown(after), LONGEST_SECONDS),
            "Write several steps.")
    elseif type(after) ~= "number" or after ~= after or after < 0 then
        fail(where, ("after is %s, not a number of seconds."):format(wording.shown(after)),
            "Write after = 3600 for an hour.")
    end
    check_rows(where, step.rows)
    check_command(where, step, type_)
    check_beside(where, step.expect)
    check_expect(where, step.expect, parts)
end

return sample_check
