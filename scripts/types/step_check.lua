--- The steps of a sample: what is wrong with how they are written. tools.steps runs them.

local commands = require "serve.commands"
local field_check = require "types.field_check"
local lists = require "types.lists"
local sample_check = require "types.sample_check"
local slips = require "types.slips"
local wording = require "types.wording"

local step_check = {}

local fail = field_check.fail

--- What a step can expect beside drivers.
step_check.BESIDE_DRIVERS = lists.set "events notices state"

local STEP_FIELDS = field_check.words_of("a step", "after rows command args expect")
local LONGEST_SECONDS = 1e7

local function check_beside(where, expect)
    if expect == nil then return end
    if type(expect) ~= "table" then
        fail(where, "expect is not a table.", "Write expect = { ST = 80, events = { \"FULL\" } }.")
    end
    for _, field in ipairs(lists.sorted_keys(step_check.BESIDE_DRIVERS)) do
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
function step_check.values(command, step)
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
    local _, problem = step_check.values(found, step)
    if problem then fail(where, problem, example) end
end

--- Raises what is wrong with a step, as field_check.fail does. type_: the type, with its commands; parts: the
-- letters of its parts, as a set.
function step_check.one(where, step, type_, parts)
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
    sample_check.rows(where, step.rows)
    check_command(where, step, type_)
    check_beside(where, step.expect)
    sample_check.expect(where, step.expect, parts)
end

return step_check
