--- The user's parameters, read leniently, with a sentence for each thing that is wrong.

local read = require "lib.vrm_read"

local params = {}

--- What PG3 shows for the user to fill in.
params.DEFAULTS = { vrm_token = "", temp_unit = "C", stale_values = "zero" }

local TEMP_UNITS = { c = "C", celsius = "C", f = "F", fahrenheit = "F", choices = "C or F" }
local STALE_VALUES = { zero = "zero", keep = "keep", choices = "zero or keep" }

--- A pasted token without what came along with it: blanks, line ends, quotes, the word before it.
local function clean_token(text)
    text = text:gsub("[\"']", "")
    for _, word in ipairs { "^%s*[Tt][Oo][Kk][Ee][Nn]%s+", "^%s*[Bb][Ee][Aa][Rr][Ee][Rr]%s+" } do
        text = text:gsub(word, "")
    end
    return (text:gsub("%s", ""))
end

--- Why this cannot be an access token; nil if it can.
local function token_problem(token)
    if token:find("@", 1, true) then
        return "it looks like an e-mail address"
    elseif token:find("^%d+%.%d+%.%d+%.%d+$") then
        return "it looks like a network address"
    elseif token:find("^https?:") then
        return "it is a web address"
    elseif token:find("[^%w%.%-_~+/=]") then
        return "it contains a character no token has"
    elseif #token < 8 then
        return "it is too short"
    end
    return nil
end

--- The choice given[name] stands for; unknown: a problem, and the default.
local function choice(given, name, values, default, problems)
    local text = (given[name] or ""):gsub("[%s°]", ""):lower()
    if text == "" then return default end
    if text ~= "choices" and values[text] then return values[text] end
    local typed = read.cut((given[name]:gsub("[%c\"]", "")), 30)
    problems[#problems + 1] = ("The parameter %s does not know the value \"%s\"; %s is used. Choose %s.")
        :format(name, typed, default, values.choices)
    return default
end

--- The user's folder for device scripts; "" if none is given.
local function folder(given, problems)
    local path = (given.script_folder or ""):gsub("^%s+", ""):gsub("%s+$", "")
    if path ~= "" and path:sub(1, 1) ~= "/" then
        problems[#problems + 1] = "The parameter script_folder must begin with /; it is not used."
        return ""
    end
    return path
end

--- The user's names as they are meant: "VRM Token" is vrm_token. Of two that mean the same the one with a
-- value counts.
local function meant(given)
    local named = {}
    for name, value in pairs(given) do
        local key = tostring(name):lower():gsub("[%s-]", "_")
        if type(value) == "string" and (named[key] == nil or value ~= "") then named[key] = value end
    end
    return named
end

--- What the user should see beside what is given, so that the names need not be known: { name = default }.
function params.missing(given)
    local named, missing = meant(given), {}
    for name, value in pairs(params.DEFAULTS) do
        if named[name] == nil then missing[name] = value end
    end
    return missing
end

--- given: PG3's { name = text }. Returns { token = text ("" if none), token_problem = text|nil,
-- secrets = list of what must not be logged,
-- fahrenheit = bool, zero = bool, script_folder = path ("" if none), problems = list of sentences }.
function params.read(given)
    local named = meant(given)
    local problems, token, secrets = {}, "", {}
    for _, name in ipairs { "vrm_token", "api_key", "vrm_api_token" } do
        local typed = named[name] or ""
        local cleaned = clean_token(typed)
        for _, secret in ipairs { typed, cleaned } do
            if secret ~= "" then secrets[#secrets + 1] = secret end
        end
        if token == "" then token = cleaned end
    end
    return {
        token = token,
        secrets = secrets,
        token_problem = token ~= "" and token_problem(token) or nil,
        fahrenheit = choice(named, "temp_unit", TEMP_UNITS, "C", problems) == "F",
        zero = choice(named, "stale_values", STALE_VALUES, "zero", problems) == "zero",
        script_folder = folder(named, problems),
        problems = problems,
    }
end

return params
