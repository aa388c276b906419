--- The samples of a device table and their steps: what is wrong with how they are written. check.proof and
-- tools.steps run them. A mistake is raised as by check.fields.

local commands = require "types.commands"
local fields = require "check.fields"
local is_path = require("types.form").is_path
local lists = require "types.lists"
local members = require "check.members"
local wording = require "types.wording"

local sample_check = {}

local fail, shown, sorted_keys = fields.fail, wording.shown, lists.sorted_keys

--- What a step can expect beside drivers.
sample_check.BESIDE_DRIVERS = members.beside_drivers.members

--- Rows by their paths or codes, nil for none: each is its value, or { value = , unit = , ... } as VRM's are.
local function check_rows(place, rows)
    for _, key in ipairs(sorted_keys(rows or {})) do
        local row = rows[key]
        if math.type(key) == "integer" then
            fail(place, ("rows has %s without a path."):format(shown(row)),
                "Write rows = { [\"/Level\"] = 80 }: the path in [\" \"].")
        end
        fields.check(fields.within(place, ", row " .. tostring(key)), members.sample_row,
            type(row) == "table" and row or { value = row })
    end
end

--- What a sample expects of one driver: a number, or "no data".
local function check_expected(place, id, expected)
    if type(expected) == "number" or expected == "no data" then return end
    local text, number = shown(expected), type(expected) == "string"
        and tonumber((expected:gsub(",", "."):match("^%s*%-?[%d.]+")))
    local write = number and ("Write the number without quotes: %s = %s."):format(id, number)
        or type(expected) == "string" and wording.same(expected, { "no data" }) and "Write \"no data\"."
        or expected == true and ("Values are numbers: write %s = 1."):format(id)
        or expected == false and ("Values are numbers: write %s = 0."):format(id)
        or type(expected) == "string" and "Write the number of the state, or \"no data\"."
        or "Write a number, or \"no data\"."
    fail(place, ("%s = %s is expected, which no driver can show."):format(id, text), write)
end

--- What is expected of drivers, and under their letters of parts; nil: nothing.
local function check_expect(place, expect, parts)
    for _, id in ipairs(sorted_keys(expect or {})) do
        local expected = expect[id]
        for its, one in pairs(parts[id] and type(expected) == "table" and expected or {}) do
            check_expected(place, ("%s.%s"):format(id, its), one)
        end
        if math.type(id) == "integer" then
            fail(place, ("%s is expected of no driver."):format(shown(expected)),
                "Write the driver: expect = { ST = 80 }.")
        elseif type(expected) ~= "table" then       -- of a table proof says that there is no such part
            check_expected(place, tostring(id), expected)
        end
    end
end

--- The settings of a sample are those of the table.
local function check_settings(place, given, declared)
    for _, name in ipairs(sorted_keys(given or {})) do
        local setting = type(declared) == "table" and declared[name]
        if setting == nil or setting == false then
            fail(place, ("the setting %s is none of the table's."):format(shown(name)),
                ("Write settings = { %s = 10 } in the table."):format(tostring(name)))
        end
        local rule, example = table.unpack(members.setting.members.default)
        fields.value(fields.within(place, ", settings"), name, rule, given[name], example)
    end
end

--- Raises what is wrong with a sample. parts: letters of the table's parts, as a set; settings: the table's.
function sample_check.one(place, sample, parts, settings)
    for key in pairs(sample) do
        if is_path(key) then
            fail(place, key .. " stands outside of rows.", ("Write rows = { [\"%s\"] = 80 }."):format(key))
        end
    end
    fields.check(place, members.sample, sample)
    for _, name in ipairs(sample.steps and {} or { "rows", "expect" }) do
        fields.member(place, members.sample, name, sample[name])
    end
    check_expect(place, sample.expect, parts)
    fields.check(fields.within(place, ", site"), members.site, sample.site or {})
    fields.check(fields.within(place, ", device"), members.sample_device, sample.device or {})
    for i, device in ipairs(sample.devices or {}) do
        local here = fields.within(place, ", device " .. i)
        fields.check(here, members.other_device, device)
        check_rows(here, device.rows)
    end
    check_settings(place, sample.settings, settings)
    check_rows(place, sample.rows)
end

----------------------------------------------------------------------------------------------- steps

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
local function check_command(place, step, type_)
    if step.command == nil then
        if step.args ~= nil then fail(place, "there are args, but no command.", "Add the command's name.") end
        return
    end
    local found, ids = commands.find(type_, step.command), {}
    if not (found and found.run) then
        for _, one in ipairs(type_.commands) do ids[#ids + 1] = one.run and one.id or nil end
        fail(place, ("the command %s is none of the table's."):format(step.command), wording.did_you_mean(
            step.command, ids, "%s", "Write command = \"RESET\", a name under commands."))
    end
    local _, problem = sample_check.values(found, step)
    if problem then fail(place, problem, "Write args = { value = 5 }, or args = { LEVEL = 5 }.") end
end

--- The same of a step. type_: the type, with its commands.
function sample_check.step(place, step, type_, parts)
    fields.check(place, members.step, step)
    check_rows(place, step.rows)
    check_command(place, step, type_)
    for _, name in ipairs(sorted_keys(step.expect or {})) do
        local beside = sample_check.BESIDE_DRIVERS[name]
        if beside then fields.value(place, "expect." .. name, beside[1], step.expect[name], beside[2]) end
    end
    check_expect(place, step.expect, parts)
end

return sample_check
