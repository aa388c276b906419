--- What a person sends a node from the screen: the node's commands, and what is entered for one of them. Rows
-- are those of screen.lua; what is entered is checked as what comes from the ISY.
--
-- form = { address = of the node, command = see check.device, at = the field that is filled,
--          fields = list of { param, text = what was typed, or choices = list of { number, name } with
--          chosen = which of them }, problem = what is wrong with it|nil, asking = whether it is to be sent }

local commands = require "types.commands"
local console = require "tools.console"
local lists = require "types.lists"
local paint = require "tools.paint"

local command_form = {}

--- The commands of a node that can be sent. timed: also those for a time.
function command_form.offered(node, timed)
    local list = {}
    for _, command in ipairs(node.commands or {}) do
        if (command.run or command.driver) and (timed or not command.timed) then
            list[#list + 1] = command
        end
    end
    return list
end

local function choices_of(param)
    local choices = {}
    for i, number in ipairs(lists.sorted_keys(param.names)) do
        choices[i] = { number = number, name = param.names[number] }
    end
    return choices
end

local function range_of(param)
    if param.names then
        local names = {}
        for i, choice in ipairs(choices_of(param)) do names[i] = choice.name end
        return table.concat(names, ", ")
    end
    local unit = console.UNITS[param.uom]
    local range = ("%.10g to %.10g%s"):format(param.min, param.max, unit and " " .. unit or "")
    return param.step and param.step ~= 1 and ("%s, in steps of %.10g"):format(range, param.step) or range
end

--- What a node shows now of what a parameter sets; "": nothing.
local function present(node, param)
    local value = node.by[param and param.init or ""]
    return value and not value.without and value.text or ""
end

--- A command's line: its name, what there is now, what it takes.
function command_form.row(node, command, columns)
    local params = command.params or {}
    local ranges = {}
    for i, param in ipairs(params) do ranges[i] = range_of(param) end
    return { " ", paint.padded(command.name, columns // 2 - 4), " ",
             { paint.padded(present(node, params[1]), 14, true), "bold" },
             { "  " .. table.concat(ranges, "; "), "grey" } }
end

function command_form.begin(node, command)
    local form = { address = node.address, command = command, at = 1, fields = {} }
    for i, param in ipairs(command.params or {}) do
        local field = { param = param, text = "" }
        if param.names then
            field.choices, field.chosen = choices_of(param), 1
            for k, choice in ipairs(field.choices) do
                if choice.name == present(node, param) then field.chosen = k end
            end
        end
        form.fields[i] = field
    end
    return form
end

--- What was entered of a field, as a person reads it.
local function entered(field)
    local unit = console.UNITS[field.param.uom]
    return field.choices and field.choices[field.chosen].name
        or field.text .. (unit and field.text ~= "" and " " .. unit or "")
end

function command_form.title(form)
    local texts = {}
    for i, field in ipairs(form.fields) do texts[i] = entered(field) end
    return form.command.name .. (#texts > 0 and ": " .. table.concat(texts, ", ") or "")
end

local function add_field(rows, node, field, is_filled)
    local label = paint.padded(field.param.label or "Value", 24)
    local now = present(node, field.param)
    now = now ~= "" and ", now " .. now or ""
    if field.choices and is_filled then
        rows[#rows + 1] = { " ", label, { "choose" .. now, "grey" } }
        for i, choice in ipairs(field.choices) do
            rows[#rows + 1] = { "    ", choice.name, chosen = i == field.chosen }
        end
    elseif is_filled then
        rows[#rows + 1] = { " ", label, { field.text .. "_", "bold" },
                            { ("   %s%s"):format(range_of(field.param), now), "grey" } }
    else
        rows[#rows + 1] = { " ", label, { entered(field), "bold" } }
    end
end

--- The form as rows. site: the name of the installation.
function command_form.rows(form, node, site)
    local rows = { { " ", { form.command.name, "bold" } }, {} }
    for i, field in ipairs(form.fields) do
        if i <= form.at then add_field(rows, node, field, i == form.at and not form.asking) end
    end
    if form.problem then
        rows[#rows + 1] = { " ", { form.problem, "red" } }
    elseif form.asking then
        rows[#rows + 1] = {}
        rows[#rows + 1] = { " ", { ("%s: this is a real device. Press y to send it, any other key if not.")
            :format(site), "yellow" } }
    end
    return rows
end

--- What was entered, as a command carries it (see types.commands).
function command_form.args(form)
    local args = { query = {} }
    for _, field in ipairs(form.fields) do
        local text = field.choices and tostring(field.choices[field.chosen].number) or field.text
        if field.param.id == "" then args.value = text else args.query[field.param.id] = text end
    end
    return args
end

--- A field is done: the next one, or all is -> whether it can be sent.
local function go_on(form)
    if form.at < #form.fields then
        form.at = form.at + 1
        return false
    end
    local values, problem = commands.validate(form.command, command_form.args(form))
    form.problem = problem
    return values ~= nil
end

local function fill(field, key)
    if field.choices then
        local by = key == "up" and -1 or key == "down" and 1 or 0
        field.chosen = math.max(1, math.min(field.chosen + by, #field.choices))
    elseif key == "backspace" then
        field.text = field.text:sub(1, -2)
    elseif key:find "^[%d.,-]$" and #field.text < 12 then
        field.text = field.text .. (key == "," and "." or key)
    end
end

--- A key changes a form -> whether it is to be sent. asks: that is asked once more.
function command_form.press(form, key, asks)
    if form.asking then
        form.asking = false
        return key == "y"
    elseif key == "enter" then
        local complete = go_on(form)
        form.asking = complete and asks
        return complete and not asks
    end
    form.problem = nil
    if form.fields[form.at] then fill(form.fields[form.at], key) end
    return false
end

return command_form
