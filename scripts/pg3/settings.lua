--- Settings of device scripts: `settings` of a table are parameters on PG3's page, with defaults, and
-- setting(name) in the script.

local params = require "pg3.params"
local read = require "types.read"

local settings = {}

settings.of = {}                    -- [id of host.load_script] = { [name] = value }: what `setting` gives

local typed = {}                    -- [name] = text, as the owner wrote it

--- A text as the value of a setting -> value | nil, what to write.
local function value_of(setting, text)
    if type(setting.default) == "string" then return text end
    local digits = text:gsub(",", ".")
    local number = read.number(digits)
    if number and number >= setting.min and number <= setting.max then return number end
    return nil, ("Write a number from %s to %s"):format(setting.min, setting.max)
end

--- The values of a type's settings, and a sentence for each that cannot be used.
local function values_of(type_)
    local values, problems = {}, {}
    for name, setting in pairs(type_.settings) do
        local text, advice = read.trim(typed[name] or ""), nil
        values[name] = setting.default
        if text ~= "" then values[name], advice = value_of(setting, text) end
        if advice then
            values[name] = setting.default
            problems[#problems + 1] = ("The parameter %s of the device script %s is \"%s\", which is not"
                .. " used; %s is. %s, or nothing."):format(name, type_.file, params.shown(text),
                setting.default, advice)
        end
    end
    table.sort(problems)
    return values, problems
end

--- Gives a type's script what the owner wrote; id: of host.load_script -> list of sentences, whether anything
-- is another than before.
function settings.give(type_, id)
    if not type_.settings then return {}, false end
    local values, problems = values_of(type_)
    local before, changed = type_.given or {}, false
    for name, value in pairs(values) do changed = changed or before[name] ~= value end
    settings.of[id] = values
    type_.given = values
    return problems, changed
end

--- Gives a script the defaults, and what a sample says (nil: nothing).
function settings.try(type_, id, given)
    local values = {}
    for name, setting in pairs(type_.settings or {}) do values[name] = setting.default end
    for name, value in pairs(given or {}) do values[name] = value end
    if type_.settings then settings.of[id] = values end
end

--- That script is closed.
function settings.forget(id) settings.of[id] = nil end

--- Takes what the owner wrote, PG3's { name = text }, for the types in service: list of { type, id } ->
-- list of sentences, set of the types for which anything is another than before.
function settings.take(given, serving)
    local all, others = {}, {}
    typed = params.named(given)
    for _, one in ipairs(serving) do
        local problems, changed = settings.give(one.type, one.id)
        for _, problem in ipairs(problems) do all[#all + 1] = problem end
        others[one.type] = changed or nil
    end
    return all, others
end

--- The parameters that the page should show beside the plugin's own: { [name] = default as text }. types: in
-- service; of one name in several the first counts.
function settings.defaults(types)
    local defaults = {}
    for _, type_ in ipairs(types) do
        for name, setting in pairs(type_.settings or {}) do
            defaults[name] = defaults[name] or tostring(setting.default)
        end
    end
    return defaults
end

return settings
