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

local codes = require "types.codes"
local fields = require "check.fields"
local form = require "types.form"
local members = require "check.members"
local wording = require "types.wording"

local set_check = {}

local fail, shown = fields.fail, wording.shown

--- What is never written, whoever's table it is: it would lock out the owner or the plugin.
local NEVER = { "^/Security/", "^/Tokens/", "^/Firmware/", "^/Device/Reboot", "^/Settings/Network/",
                "^/Settings/Services/Mqtt", "^/Settings/System/" }

--- The numbers of the row's list that may be chosen.
local function choices_of(place, set, names)
    if not set.choices then fields.member(place, members.set, "choices", nil) end
    local chosen = {}
    for _, state in ipairs(set.choices) do
        local number = codes.shown(state)
        if not names[number] then
            fail(place, ("choices has %s, which is no state of the list."):format(shown(state)),
                "Write numbers of the list.")
        end
        chosen[number] = names[number]
    end
    return chosen
end

--- A condition is for one choice alone, or (nil) for all.
local function check_choice(place, word, choice, choices)
    if choice == nil then return end
    for _, each in ipairs(choices or {}) do
        if each == choice then return end
    end
    fail(place, ("%s has the choice %s, which is none of its choices."):format(word, shown(choice)),
        "Write one of choices, or remove it: the condition is for all then.")
end

--- only = { { key, number or list of numbers, what is wrong otherwise } } -> guards.
local function guards_of(place, set)
    local guards = {}
    for _, word in ipairs { "only", "unless" } do
        for _, entry in ipairs(set[word] or {}) do
            local key, numbers, text = table.unpack(entry)
            local values = {}
            for _, number in ipairs(type(numbers) == "table" and numbers or { numbers }) do
                values[number] = true
            end
            fields.check(fields.within(place, ", " .. word), members.condition, entry)
            check_choice(place, word, entry.choice, set.choices)
            guards[#guards + 1] = { key = key, values = values, only = word == "only", text = text,
                                    choice = codes.shown(entry.choice) }
        end
    end
    return guards
end

--- What the value shown is times of what is written, by the unit that the device counts in.
local function factor_of(place, set, driver)
    local of_unit = 1
    if set.unit ~= nil then
        of_unit = driver.unit.vrm and driver.unit.vrm[set.unit]
        if not of_unit then
            fail(place, ("unit, %s, is not one the row's kind knows."):format(shown(set.unit)),
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
    for written, showing in pairs(driver.values or {}) do
        if type(written) == "number" then
            showing = driver.factor and showing * driver.factor or showing
            twice[showing] = sent[showing] ~= nil
            sent[showing] = written
        end
    end
    for showing, is in pairs(twice) do if is then sent[showing] = nil end end
    if driver.names and driver.names[codes.MOVED] then
        sent[codes.MOVED] = sent[codes.NO_DATA] or codes.NO_DATA
    end
    for showing, written in pairs(driver.names and codes.moved(send or {}) or send or {}) do
        sent[showing] = written
    end
    return next(sent) and sent or nil
end

--- What is written has to be shown as what was asked for; unless the row shows another path, or the table
-- says what the device makes of it.
local function check_way_back(place, driver, made)
    if made.path or made.becomes ~= nil then return end
    local values, send, written_for = driver.values or {}, made.send or {}, {}
    for number in pairs(made.choices or {}) do written_for[number] = send[number] or number end
    for written in pairs(made.min and values or {}) do
        local asked = type(written) == "number" and written / (made.factor or 1)
        local within = asked and asked >= made.min and asked <= made.max
        if within and not send[asked] then written_for[math.tointeger(asked) or asked] = written end
    end
    for asked, written in pairs(written_for) do
        local showing = codes.shown(values[written] or written)
        if made.min then showing = showing * (driver.factor or 1) end
        if showing ~= asked then
            fail(place, ("%s would be written as %s, and that is shown as %s."):format(asked, written,
                shown(showing)), ("Say what is written for it: send = { [%s] = ... }."):format(asked))
        end
    end
end

--- None of the paths that may be written is one that never is.
local function check_written(place, paths)
    for _, path in ipairs(paths) do
        for _, beginning in ipairs(NEVER) do
            if path:find(beginning) then
                fail(place, path .. " is never written.",
                    "A mistake there would lock you out; use the gateway.")
            end
        end
    end
end

--- What may be asked for is added to what is made of the word: choices, or numbers.
local function add_range(place, driver, made)
    local set = driver.set
    if driver.names then
        made.choices = choices_of(place, set, driver.names)
    elseif set.choices then
        fail(place, "choices is for a list of states.", "Write set = { min = 0, max = 100 }, or give the row"
            .. " a list as its kind.")
    else
        made.min, made.max = fields.limits(place, set, driver, nil, true)
        if made.min == made.max then
            fail(place, "min and max are the same.", "Write value = 1 for a single number.")
        end
        made.step = set.step
        made.places = set.places or set.step and set.step % 1 == 0 and 0 or driver.places
    end
    check_way_back(place, driver, made)
end

--- What the word `set` of a driver's row says -> see above.
local function built(place, driver)
    local set = driver.set
    fields.check(place, members.set, set)
    if (set.resend or set.release or set.timer) and not set.timed then
        fail(place, "resend, release and timer need timed.", "Write timed = \"only\".")
    end
    local path = set.path or not driver.from and driver.keys[1]
    if not form.is_path(path) then fields.member(place, members.set, "path", nil) end
    check_written(place, set.path and { set.path } or driver.keys)
    check_written(place, { set.timer })
    local made = { name = set.name or driver.label, guards = guards_of(place, set),
                   path = set.path, service = set.service, within = set.within, off = codes.shown(set.off),
                   value = set.value, becomes = set.becomes,
                   send = sent_for(driver, set.send), instead = set.instead, values = driver.values,
                   factor = factor_of(place, set, driver), stored = set.stored,
                   timed = set.timed, timer = set.timer, resend = set.resend, release = set.release }
    if made.stored == nil then made.stored = path:find "^/Settings/" ~= nil end
    if made.off and not (set.choices and driver.names and driver.names[made.off]) then
        fail(place, ("off is %s, no number of the row's list."):format(shown(made.off)),
            "Write off = 4, say.")
    end
    if made.value == nil then add_range(place, driver, made) end
    return made
end

--- What a function of a row surely reads: what the row writes, and what is asked before. So that is heard
-- live also place VRM does not send it.
local function asks_of(set)
    local asks = { set.path }
    for _, guard in ipairs(set.guards) do
        if form.is_path(guard.key) then asks[#asks + 1] = guard.key end
    end
    return asks
end

--- Puts what the word `set` says in its place.
function set_check.add(place, driver)
    if driver.set == nil then return end
    driver.set = built(fields.within(place, ", set"), driver)
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

--- The commands of a driver that may be written: SET_GV0, and FOR_GV0 place it may be for a time.
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
