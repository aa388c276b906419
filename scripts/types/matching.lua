--- Which device type fits what was found.

local fields = require "types.fields"
local shortage = require "tasks.shortage"
local wording = require "types.wording"

local matching = {}

local FOUND = fields.of("what was found", "instance product service type")

--- Whether a text is one of a list of words in small letters; within: or has one in it.
local function has(text, words, within)
    local small = (text or ""):lower()
    for _, word in ipairs(words) do
        if small == word or within and small:find(word, 1, true) then return true end
    end
    return false
end

--- Whether a type may fit devices of these D-Bus services: { [service] = true }.
function matching.serves(type_, services)
    for service in pairs(services) do
        if has(service, type_.match.service) then return true end
    end
    return false
end

--- How well a type fits what was found; nil = not at all, a higher number = closer.
-- found = { service, instance, product = name|"", type = VRM's device type name|"" }
function matching.rank(type_, found)
    local match = type_.match
    if type_.kind then return nil end
    if type(match) == "function" then
        local rank = match(setmetatable(found, FOUND))
        if rank == nil or rank == false then return nil end
        if type(rank) ~= "number" or rank ~= rank or math.abs(rank) == math.huge then
            error("match returned " .. wording.shown(rank)
                .. ". Return a number (higher is closer), or nil where it does not fit.", 0)
        end
        return rank
    end
    if not has(found.service, match.service) then return nil end
    if match.type and not has(found.type, match.type) then return nil end
    if match.product and not has(found.product, match.product, true) then return nil end
    return 1 + (match.type and 1 or 0) + (match.product and 2 or 0)
end

--- Whether a type gives way to others that fit as well.
local function is_last(type_) return type(type_.match) == "table" and type_.match.last or false end

--- Whether a goes before b; each is { type, rank, layer }.
local function before(a, b)
    if a.rank ~= b.rank then return a.rank > b.rank end
    if a.layer ~= b.layer then return a.layer > b.layer end
    return is_last(b.type) and not is_last(a.type)
end

--- The best fitting type of a list -> type | nil, problem text | nil, { [type] = error text } | nil.
-- Of those that fit equally well the one with the highest layer(type) is taken (nil: all have the same); of
-- several with that the first, and the text says so. A match function that raises does not fit. Raises when
-- the plugin has no memory for it.
function matching.pick(types, found, layer)
    local best, problem, errors
    for _, type_ in ipairs(types) do
        local ok, rank = pcall(matching.rank, type_, found)
        if not ok then
            shortage.pass_on(rank)
            errors = errors or {}
            errors[type_] = tostring(rank)
        elseif rank then
            local fit = { type = type_, rank = rank, layer = layer and layer(type_) or 0 }
            if not best or before(fit, best) then
                best, problem = fit, nil
            elseif not before(best, fit) then
                problem = ("%s and %s fit %s %s equally well; the first is used. Make one match closer.")
                    :format(best.type.file, type_.file, found.service, found.instance)
            end
        end
    end
    return best and best.type, problem, errors
end

return matching
