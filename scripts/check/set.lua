--- Checks the word `set` of a row, which makes its value one that programs of the ISY may write to the device
-- (docs/authors.md, Control), and makes the commands of it.
--
--   set = { min = 0, max = 100, step = 5 }             a number
--   set = { choices = { 1, 9, 10 } }                   numbers of the row's list
--
-- driver.set = { name = of the command, min, max, step, places, or choices = { [number] = text },
--                path = what is written, nil: what the row reads; service = of the gateway it is of,
--                factor = what is written is the value shown, times that,
--                send = { [value shown] = number written },
--                instead = { [number written] = { [number that is there] = what is written instead } },
--                values = { [number of the device] = value shown }, of the row,
--                value = a fixed number to write,
--                becomes = the number that the row's path has to have then, or { [number written] = list of
--                those that it may have, for the device makes others of it },
--                within = paths of the device that have the least and the most that may be written,
--                off = the number after which loads have no power,
--                stored = true: it is kept in flash memory, "counted": that, but may change at any time,
--                timed = nil, "also": besides, a command for some minutes, "only": nothing but that,
--                timer = path of seconds after which the device itself ends it,
--                resend = seconds after which it is written again while its time runs,
--                release = the JSON of what ends it, nil: what was there before,
--                guards = { { key = path, topic or service, values = set, only = bool, text,
--                             choice = the number it is for, nil: for all } } }

local limits = require "types.limits"
local codes = require "types.codes"
local field_check = require "check.fields"
local form = require "types.form"
local is_list = require("types.lists").is_list
local kind_check = require "check.kinds"
local wording = require "types.wording"

local set_check = {}

local fail = field_check.fail

local FIELDS = field_check.words_of("set", [[min max step places choices path service unit send instead value
    becomes name stored timed timer resend release only unless within off]])

--- What is never written, whoever's table it is: it would lock out the owner or the plugin.
local NEVER = { "^/Security/", "^/Tokens/", "^/Firmware/", "^/Device/Reboot", "^/Settings/Network/",
                "^/Settings/Services/Mqtt", "^/Settings/System/" }

local EXAMPLE = "Write set = { min = 0, max = 100 }."
local GUARD = "Write %s = { { \"/Settings/Relay/Function\", 2, \"its function is not Manual\" } }."

local function check_table(where, driver)
    local set = driver.set
    if type(set) ~= "table" or next(set) == nil then
        fail(where, ("it is %s, not a table of what may be written."):format(type(set) == "table" and "empty"
            or wording.shown(set)), EXAMPLE)
    end
    field_check.fields(where, set, FIELDS)
    for _, word in ipairs { "by_script", "by_pg3", "map", "daily", "over" } do
        if driver[word] then
            fail(where, "set does not go with " .. word .. ".", "It is for rows with a path.")
        end
    end
    if driver.from and set.path == nil then
        fail(where, "set does not go with from alone.", "Say in set which path is written: path = \"/Mode\".")
    end
end

--- The numbers of the row's list that may be chosen.
local function choices_of(where, set, names)
    local chosen, count = {}, 0
    for _, state in ipairs(set.choices or {}) do
        local number = codes.shown(state)
        if not names[number] then
            fail(where, ("choices has %s, which is no state of the list."):format(wording.shown(state)),
                "Write numbers of the list.")
        end
        chosen[number], count = names[number], count + 1
    end
    if count == 0 then
        fail(where, "choices is missing.", "Write choices = { 0, 1 }: what may be chosen of the list.")
    end
    kind_check.no_limits(where, set)
    return chosen
end

--- The limits of a number: what would not be shown cannot be written.
local function limits_of(where, set, driver)
    local min, max = field_check.number(where, "min", set.min), field_check.number(where, "max", set.max)
    local step = field_check.number(where, "step", set.step)
    if not (min and max) then
        fail(where, (min and "max" or "min") .. " is missing.", EXAMPLE)
    elseif min >= max then
        fail(where, ("min, %s, is not below max, %s."):format(wording.shown(min), wording.shown(max)),
            EXAMPLE)
    elseif min < driver.min or max > driver.max then
        fail(where, "its limits are wider than the row's.",
            ("Stay within %s to %s."):format(driver.min, driver.max))
    elseif step and step <= 0 then
        fail(where, ("step is %s, not above 0."):format(wording.shown(step)), "Write step = 5.")
    end
    local whole = step and step == math.floor(step)
    local places = kind_check.places(where, set.places or (whole and 0 or driver.places), driver.unit)
    return min, max, step, places
end

local function is_path(value)
    return type(value) == "string" and value:find("^/[^%s\\]*[^%s\\/]$") ~= nil
end

local function is_number(value) return type(value) == "number" and value == value end     -- nor 0 / 0

--- Whether all keys and values of a table are such; it has one at least.
local function all_are(tab, is_key, is_value)
    if type(tab) ~= "table" or next(tab) == nil then return false end
    for key, value in pairs(tab) do
        if not (is_key(key) and is_value(value)) then return false end
    end
    return true
end

local function is_numbers(value) return all_are(value, is_number, is_number) end

local function is_numbers_by(value) return all_are(value, is_number, is_numbers) end

local function is_two_paths(value)
    return is_list(value) and #value == 2 and all_are(value, is_number, is_path)
end

local function is_name(value) return type(value) == "string" and value:find("^%l[%l%d]*$") ~= nil end

--- Words and what they have to be: whether a value is that, how it is called, how it is written. What shows
-- at the first write to a device only is too late.
local WORDS = {
    { "path", is_path, "a path", 'path = "/Mode"' },
    { "timer", is_path, "a path", 'timer = "/ManualStartTimer"' },
    { "within", is_two_paths, "a list of two paths", 'within = { "/MinCurrent", "/MaxCurrent" }' },
    { "service", is_name, "the name of a service", 'service = "hub4"' },
    { "value", is_number, "a number", 'value = 1' },
    { "choices", is_list, "a list", 'choices = { 0, 1 }' },
    { "send", is_numbers, "a table of numbers for numbers", 'send = { [99] = -7 }' },
    { "instead", is_numbers_by, "a table of tables of numbers", 'instead = { [-7] = { [1] = -1 } }' },
    { "becomes", function(value) return is_number(value) or is_numbers_by(value) end,
      "a number, nor a table of lists", 'becomes = 0, or becomes = { [1] = { 1, 2 } }' },
    { "stored", function(value) return type(value) == "boolean" or value == "counted" end,
      'true, false or "counted"', 'stored = true' },
    { "resend", function(value) return is_number(value) and value > 0 end, "a number of seconds",
      'resend = 30' },
    { "release", function(value) return type(value) == "string" and (value == "null" or tonumber(value)) end,
      "a number or null in quotes", 'release = "null"' },
}

local function check_words(where, set)
    for _, word in ipairs(WORDS) do
        local name, is_such, what, example = table.unpack(word)
        local value = set[name]
        if value ~= nil and not is_such(value) then
            local is = type(value) == "table" and "is not" or "is " .. wording.shown(value) .. ", not"
            fail(where, ("%s %s %s."):format(name, is, what), "Write " .. example .. ".")
        end
    end
end

--- Whether something is what a condition asks about: a path, one of another service, or a service.
local function is_asked(key)
    return is_path(key) or is_name(key) or type(key) == "string" and key:find("^%l[%l%d]*/%d+/%S+$") ~= nil
end

local CONDITION_FIELDS = field_check.words_of("a condition", "choice")      -- the others are by position

--- A condition is for one choice alone, or (nil) for all.
local function check_choice(where, word, choice, choices)
    local one_of_them = false
    for _, each in ipairs(choices or {}) do one_of_them = one_of_them or each == choice end
    if choice ~= nil and not one_of_them then
        fail(where, ("%s has the choice %s, which is none of its choices."):format(word,
            wording.shown(choice)), "Write one of choices, or remove it: the condition is for all then.")
    end
end

--- only = { { key, number or list of numbers, what is wrong otherwise } } -> guards are added to a list.
local function add_guards(where, word, set, guards)
    local list, choices = set[word], set.choices
    if list == nil then return end
    for _, entry in ipairs(is_list(list) and #list > 0 and list or { false }) do
        local key, values, text = table.unpack(type(entry) == "table" and entry or {})
        local numbers = {}
        if type(values) ~= "table" then values = { values } end
        if not (is_asked(key) and all_are(values, type, is_number) and type(text) == "string") then
            fail(where, word .. " has something that is no condition.", GUARD:format(word))
        end
        for _, value in pairs(values) do numbers[value] = true end
        field_check.fields(where .. ", " .. word, entry, CONDITION_FIELDS, 3)
        check_choice(where, word, entry.choice, choices)
        guards[#guards + 1] = { key = key, values = numbers, only = word == "only", text = text,
                                choice = codes.shown(entry.choice) }
    end
end

--- What the value shown is times of what is written, by the unit that the device counts in.
local function factor_of(where, set, driver)
    local of_unit = 1
    if set.unit ~= nil then
        of_unit = driver.unit.vrm and driver.unit.vrm[set.unit]
        if not of_unit then
            fail(where, ("unit, %s, is not one the row's kind knows."):format(wording.shown(set.unit)),
                driver.unit.vrm and "There are: " .. wording.listed(driver.unit.vrm) .. "."
                or "Remove it: the device counts as the row does.")
        end
    end
    local factor = (driver.factor or 1) * of_unit
    return factor ~= 1 and 1 / factor or nil
end

--- The numbers that are written for others: those of send, else what the row's values say, the other way
-- round, where one number alone is shown so.
local function sent_for(driver, send)
    local sent, twice = {}, {}
    for written, shown in pairs(driver.values or {}) do
        if type(written) == "number" then
            shown = driver.factor and shown * driver.factor or shown
            twice[shown] = sent[shown] ~= nil
            sent[shown] = written
        end
    end
    for shown, is in pairs(twice) do if is then sent[shown] = nil end end
    if driver.names and driver.names[codes.MOVED] then
        sent[codes.MOVED] = sent[codes.NO_DATA] or codes.NO_DATA
    end
    for shown, written in pairs(driver.names and codes.moved(send or {}) or send or {}) do
        sent[shown] = written
    end
    return next(sent) and sent or nil
end

--- What is written for a choice has to be shown as that.
local function check_choices(where, driver, made)
    for number in pairs(made.choices) do
        local written = made.send and made.send[number] or number
        local shown = codes.shown(driver.values and driver.values[written] or written)
        if shown ~= number then
            fail(where, ("choices has %d, which would be written as %s, and that is shown as %s.")
                :format(number, written, shown),
                ("Say what is written for it: send = { [%d] = ... }."):format(number))
        end
    end
end

--- The same of numbers: none that may be asked for is written as one that stands for another.
local function check_numbers(where, driver, made)
    for written, stands_for in pairs(driver.values or {}) do
        local asked = type(written) == "number" and written / (made.factor or 1)
        local shown = asked and driver.factor and stands_for * driver.factor or stands_for
        local within = asked and asked >= made.min and asked <= made.max
        if within and shown ~= asked and not (made.send and made.send[asked]) then
            fail(where, ("%s would be written as %s, and that is shown as %s."):format(
                wording.shown(math.tointeger(asked) or asked), written, wording.shown(shown)),
                "Give set other limits, or say what is written for it with send.")
        end
    end
end

--- What is written has to be shown as what was asked for; unless the row shows another path, or the table
-- says what the device makes of it.
local function check_way_back(where, driver, made)
    if made.path or made.becomes ~= nil then return end
    (made.choices and check_choices or check_numbers)(where, driver, made)
end

local TIMED = { also = true, only = true }

local function check_times(where, set)
    if set.timed ~= nil and not TIMED[set.timed] then
        fail(where, ("timed is %s, neither \"also\" nor \"only\"."):format(wording.shown(set.timed)),
            "Write timed = \"also\", or remove it.")
    elseif (set.resend or set.release or set.timer) and not set.timed then
        fail(where, "resend, release and timer need timed.", "Write timed = \"only\".")
    end
end

--- None of the paths that may be written is one that never is.
local function check_written(where, paths)
    for _, path in ipairs(paths) do
        for _, beginning in ipairs(NEVER) do
            if path:find(beginning) then
                fail(where, path .. " is never written.",
                    "A mistake there would lock you out; use the gateway.")
            end
        end
    end
end

--- What the word `set` of a driver's row says -> see above.
local function built(where, driver)
    check_table(where, driver)
    local set, guards = driver.set, {}
    check_words(where, set)
    check_times(where, set)
    add_guards(where, "only", set, guards)
    add_guards(where, "unless", set, guards)
    local made = { name = field_check.text(where, "name", set.name or driver.label, limits.name),
                   path = set.path, service = set.service, within = set.within, off = codes.shown(set.off),
                   value = set.value, becomes = set.becomes,
                   send = sent_for(driver, set.send), instead = set.instead, values = driver.values,
                   factor = factor_of(where, set, driver),
                   timed = set.timed, timer = set.timer, resend = set.resend, release = set.release,
                   guards = guards }
    local path = set.path or driver.keys[1]
    if not form.is_path(path) then
        fail(where, "nothing says which path is written.", "Write path = \"/Mode\".")
    end
    check_written(where, set.path and { set.path } or driver.keys)
    check_written(where, { set.timer })
    made.stored = set.stored
    if made.stored == nil then made.stored = path:find "^/Settings/" ~= nil end
    if made.off and not (set.choices and driver.names and driver.names[made.off]) then
        fail(where, ("off is %s, no number of the row's list."):format(wording.shown(made.off)),
            "Write off = 4, say.")
    end
    if made.value ~= nil then return made end
    if driver.names then
        made.choices = choices_of(where, set, driver.names)
    elseif set.choices ~= nil then
        fail(where, "choices is for a list of states.", "Write set = { min = 0, max = 100 }, or give the row"
            .. " a list as its kind.")
    else
        made.min, made.max, made.step, made.places = limits_of(where, set, driver)
    end
    check_way_back(where, driver, made)
    return made
end

--- What a function of a row surely reads: what the row writes, and what is asked before. So that is heard
-- live also where VRM does not send it.
local function asks_of(set)
    local asks = { set.path }
    for _, guard in ipairs(set.guards) do
        if form.is_path(guard.key) then asks[#asks + 1] = guard.key end
    end
    return asks
end

--- Puts what the word `set` says in its place.
function set_check.add(where, driver)
    if driver.set == nil then return end
    driver.set = built(where .. ", set", driver)
    driver.asks = driver.from and asks_of(driver.set) or nil
end

--------------------------------------------------------------------------------------------- commands

--- A parameter that takes what the driver shows.
local function param_of(driver, id, label)
    local set = driver.set
    return { id = id, label = label, uom = driver.unit.uom, alt = driver.unit.alt, unit = driver.unit,
             init = driver.id, min = set.min or 0, max = set.max or 0, step = set.step,
             places = set.places or 0, names = set.choices, names_id = driver.names_id,
             all_names = driver.names }
end

--- Up to a day: what lasts longer is no command for a time.
local MINUTES = { id = "MINUTES", label = "Minutes, 0 ends it", uom = 45, min = 0, max = 1440, places = 0,
                  unit = { uom = 45 } }

--- The commands of a driver that may be written: SET_GV0, and FOR_GV0 where it may be for a time.
function set_check.commands(driver)
    local set, list = driver.set, {}
    if set.timed ~= "only" then
        list[1] = { id = "SET_" .. driver.id, name = set.value ~= nil and set.name or "Set " .. set.name,
                    driver = driver, params = set.value == nil and { param_of(driver, "", nil) } or nil }
    end
    if set.timed then
        local value = set.value == nil and param_of(driver, "VALUE", "Value") or nil
        list[#list + 1] = { id = "FOR_" .. driver.id, name = set.name .. ", for a time", driver = driver,
                            timed = true, params = { value or MINUTES, value and MINUTES } }
    end
    return list
end

return set_check
