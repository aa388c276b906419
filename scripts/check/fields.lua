--- Looks at the tables of a device table by what check.members says of them. A mistake is raised with its
-- place: { text = what is wrong, what to write; place, inside = name of the field in whose line it is|nil,
-- stray = whether it is of a number without a name }.

local drivers = require "types.drivers"
local members = require "check.members"
local wording = require "types.wording"

local fields = {}

local shown = wording.shown

--- Stops the check. place: see check.lines; what: what is wrong; fix: what to write; inside: the name of the
-- field in whose line it is, nil: that of the place; stray: it is of a number without a name.
function fields.fail(place, what, fix, inside, stray)
    local where = place.name and place.name .. ": " or ""
    error({ text = where .. what .. " " .. fix, place = place, inside = inside, stray = stray }, 0)
end
local fail = fields.fail

--- What is in a place: "row 1" and ", set" -> "row 1, set".
function fields.within(place, name)
    local one = {}
    for key, value in pairs(place) do one[key] = value end
    one.name = place.name .. name
    return one
end

--- Raises what is wrong with a value by its rule (see check.values). example: how it is written, may be nil;
-- inside: see fields.fail.
function fields.value(place, name, rule, value, example, inside)
    local good, is, fix = rule.is(value, name)
    if good then return end
    local write = example and ("%s = %s"):format(name, example) or rule.what
    if value == nil then
        is, fix = "is missing", example and ("Write %s, %s."):format(write, rule.what)
    end
    is = is or ("is %s, not %s"):format(shown(value), rule.what)
    inside = value ~= nil and inside or nil
    fail(place, ("%s %s."):format(name, is), fix or ("Write %s."):format(write), inside)
end

--- Whether some table of a script has a field of that name.
function fields.is_word(name)
    for _, level in ipairs(members.LEVELS) do
        if level.members[name] then return true end
    end
    return false
end

--- Of what tables something is a word, as a sentence; nil: of none.
local function elsewhere(name)
    local list = {}
    for _, level in ipairs(members.LEVELS) do list[#list + 1] = level.members[name] and level.what end
    table.sort(list)
    return #list > 0 and ("It is a word of %s."):format(table.concat(list, ", of ")) or nil
end

--- What to write for a field that a table does not have.
local function instead_of(level, name)
    local meant = level.meant[name] or level.meant[wording.plain(tostring(name))]
    if meant and not level.members[meant] then return meant end
    return wording.did_you_mean(name, level.told, "%s", elsewhere(name) or "Fields are: "
        .. wording.listed(level.told) .. ".", level.meant)
end

local function fail_unknown(place, level, name, value)
    if math.type(name) == "integer" then
        fail(place, ("%s stands there without the name of a field."):format(shown(value)),
            instead_of(level, name), nil, type(value) == "number")
    end
    local is_row = level == members.table and drivers[name] and type(value) == "table"
    fail(place, ("the field '%s' is unknown."):format(tostring(name)), is_row
        and ("A row has no name, its driver is its first entry: { \"%s\", ... }."):format(name)
        or instead_of(level, name), tostring(name))
end

--- Raises what is wrong with a member of a table, also if there is none of its name.
function fields.member(place, level, name, value)
    local member = level.members[name]
    if not member then fail_unknown(place, level, name, value) end
    fields.value(place, name, member[1], value, member[2], name)
end

--- The name of a member that is there and does not go with another; nil: there is none.
local function clash_of(member, tab)
    for _, other in ipairs(member.not_with[1]) do
        if tab[other] then return other end
    end
    return nil
end

--- The one of two names that is told, always the same.
local function first(one, other)
    return one ~= nil and tostring(one) < tostring(other) and one or other
end

--- Raises the first mistake in the members of a table.
function fields.check(place, level, tab)
    local unknown, wrong, clash
    for name, value in pairs(tab) do
        local member = level.members[name]
        if member then
            if not member[1].is(value, name) then wrong = first(wrong, name) end
            if member.not_with and value and clash_of(member, tab) then clash = first(clash, name) end
        elseif math.type(name) ~= "integer" or name > level.entries then
            unknown = first(unknown, name)
        end
    end
    if unknown ~= nil then fail_unknown(place, level, unknown, tab[unknown]) end
    if wrong ~= nil then fields.member(place, level, wrong, tab[wrong]) end
    for _, name in ipairs(level.needed) do
        if tab[name] == nil then fields.member(place, level, name, nil) end
    end
    if clash ~= nil then
        local member = level.members[clash]
        fail(place, ("%s does not go with %s."):format(clash, clash_of(member, tab)),
            member.not_with[2] or "Remove one of them.", clash)
    end
end

--- Raises if there are more than there may be.
function fields.at_most(place, count, most)
    if count > most then fail(place, ("there are %d."):format(count), ("Have at most %d."):format(most)) end
end

--- The limits of a table, by default the outer ones: of a unit, say. strict: both are needed, and inside the
-- outer ones. names: the texts of a list of states, which has no others; nil: it is none.
function fields.limits(place, tab, outer, names, strict)
    local min, max = tab.min or outer.min, tab.max or outer.max
    if names and (tab.min or tab.max) then
        fail(place, "min and max are not for a list of states.",
            "Remove them: the list says which there are.")
    elseif names then
        return min, max
    elseif strict and not (tab.min and tab.max) then
        fail(place, (tab.min and "max" or "min") .. " is missing.",
            "Write min = 0, max = 50: other numbers are refused.")
    elseif min > max then
        fail(place, ("min, %s, is greater than max, %s."):format(shown(min), shown(max)),
            tab.min and tab.max and "Swap them."
            or ("The unit's own %s is %s: write both."):format(tab.min and "max" or "min",
                shown(tab.min and max or min)))
    elseif strict and (min < outer.min or max > outer.max) then
        fail(place, ("the limits, %s to %s, are too wide."):format(shown(min), shown(max)),
            ("Stay within %s to %s."):format(shown(outer.min), shown(outer.max)))
    end
    return min, max
end

return fields
