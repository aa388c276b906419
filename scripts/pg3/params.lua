--- The user's parameters, read leniently, with a sentence for each thing that is wrong.

local read = require "types.read"
local wording = require "types.wording"

local params = {}

--- What PG3 shows for the user to fill in.
local DEFAULTS = { vrm_token = "", temp_unit = "C", stale_values = "zero", battery_level = "", live = "off",
                   live_seconds = "2", push = "off", control = "off" }
local GX_DEFAULTS = { gx_host = "", gx_password = "" }              -- where live is gx

local TOKEN_NAMES = { "vrm_token", "api_key", "vrm_api_token" }     -- the first with a value counts
local NAMES = { "script_folder", "gx_host", "gx_password", "gx_fingerprint", "control_pause", "inverter_off",
                table.unpack(TOKEN_NAMES) }
for name in pairs(DEFAULTS) do      -- then it has all that there are
    if name ~= "vrm_token" then NAMES[#NAMES + 1] = name end
end
table.sort(NAMES)
local LONGEST_TOKEN, SHORTEST_PASTED = 512, 25

--- Blanks that are none in ASCII, some of which nobody sees, and typographic quotes, in UTF-8.
local FOREIGN_MARKS = { "\xC2[\xA0\xAB\xBB]", "\xE2\x80[\x80-\x8F\x98-\x9F\xAA-\xAF\xB9\xBA]",
                        "\xE2\x81\xA0", "\xEF\xBB\xBF" }

local HEX_TOKEN = 64                -- digits that VRM's tokens have

--- The only token in a text that has VRM's form, however often and among whatever it stands; nil: there is
-- none, or there are several.
local function only_token(text)
    local found
    for word in text:gmatch "%w+" do
        if #word == HEX_TOKEN and not word:find "%X" then
            if found and found ~= word then return nil end
            found = word
        end
    end
    return found
end

--- A pasted token without what came along with it: blanks, line ends, quotes, the words before it.
local function clean_token(text)
    local token = only_token(text)
    if token then return token end
    for _, marks in ipairs(FOREIGN_MARKS) do text = text:gsub(marks, " ") end
    text = text:gsub("[\"'`<>,;]", "")
    for _, words in ipairs { "^.*[Tt][Oo][Kk][Ee][Nn]:?%s+", "^%s*[Bb][Ee][Aa][Rr][Ee][Rr]%s+" } do
        text = text:gsub(words, "")
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
    elseif #token > LONGEST_TOKEN then
        return "it is too long"
    end
    return nil
end

--- What the user wrote, as a sentence can quote it.
function params.shown(text)
    return read.cut((text:gsub("[%c\"]", "")), 30)
end
local shown = params.shown

--- Parameters that are choices: what each word stands for, which they are, the usual one.
local CHOICES = {
    temp_unit = { { c = "C", celsius = "C", f = "F", fahrenheit = "F" }, "C or F", "C" },
    live = { { off = "off", vrm = "vrm", gx = "gx" }, "off, vrm or gx", "off" },
    push = { { off = "off", alarms = "alarms" }, "off or alarms", "off" },
    inverter_off = { { yes = "yes", no = "no" }, "yes or no", "no" },
    stale_values = { { zero = "zero", keep = "keep" }, "zero or keep", "zero" },
}

--- The choice given[name] stands for; unknown: a problem, and the usual one.
local function choice(given, name, problems)
    local words, listed, usual = table.unpack(CHOICES[name])
    local text = (given[name] or ""):gsub("[%s°º˚]", ""):lower()       -- what people take for a degree sign
    if text == "" then return usual end
    if words[text] then return words[text] end
    problems[#problems + 1] = ("The parameter %s does not know the value \"%s\"; %s is used. Choose %s.")
        :format(name, shown(given[name]), usual, listed)
    return usual
end

--- The user's folder for device scripts; "" if none is given.
local function folder(given, problems)
    local path = read.trim(given.script_folder or "")
    if path ~= "" and path:sub(1, 1) ~= "/" then
        problems[#problems + 1] = ("The parameter script_folder is \"%s\", which is not used."
            .. " Write the whole path, beginning with /."):format(shown(path))
        return ""
    end
    return path
end

--- Parameters that are numbers: what may stand behind one ("s", "sec", "seconds"), which there are, what it
-- is of, which one counts where none is given (nil: none does), whether it has to be a whole one.
local NUMBERS = {
    battery_level = { sign = "%%", least = 1, most = 99 },
    live_seconds = { sign = "[sS]%a*", least = 1, most = 3600, of = " of seconds", usual = 2 },
    control_pause = { sign = "[mM]%a*", least = 0, most = 1440, of = " of minutes", usual = 15,
                      is_whole = true },
}

--- The number of a parameter, "87,5 %"; what is none is a problem.
local function number(given, name, problems)
    local rule, text = NUMBERS[name], read.trim(given[name] or "")
    local digits = text:gsub("%s*" .. rule.sign .. "$", ""):gsub(",", ".")
    local value = digits:find(rule.is_whole and "^%d+$" or "^%d+%.?%d*$") and tonumber(digits)
    if value and value >= rule.least and value <= rule.most then return value end
    if text ~= "" then
        local instead = rule.usual and ("; %d is used"):format(rule.usual) or ", which is not used"
        problems[#problems + 1] = ("The parameter %s is \"%s\"%s. Write a number%s from %d to %d%s."):format(
            name, shown(text), instead, rule.of or "", rule.least, rule.most,
            rule.usual and "" or ", or nothing")
    end
    return rule.usual
end

local MOST_HOSTS = 100
local HOW_HOSTS = " Write the host name or the IPv4 address of the GX; for several installations write"
    .. " PORTALID=HOST for each, with blanks between them."

--- One word of gx_host -> { portal = text|nil, host, plain = without encryption } | nil, what is wrong.
local function gx_host(word)
    local portal, address = word:match "^(%w+)=(.*)$"
    if portal and not portal:find "^%x%x%x%x%x%x%x%x%x%x%x%x$" then
        return nil, ("\"%s\" is not a portal id, which has 12 digits and letters from a to f")
            :format(shown(portal))
    end
    address = (address or word):gsub("^%a+://", ""):gsub("/+$", "")
    local host, port = address:match "^([%w%.%-_]+):?(%d*)$"
    if not host or #host > 253 then return nil, ("\"%s\" is no host"):format(shown(word)) end
    if port ~= "" and port ~= "8883" and port ~= "1883" then
        return nil, ("a GX has no port %s: with encryption it is 8883, which need not be written, without"
            .. " 1883"):format(port)
    end
    return { portal = portal and portal:lower(), host = host:lower(), plain = port == "1883" }
end

--- Where the GX devices are: a list of what gx_host gives. One without a portal id stands alone.
local function gx_hosts(given, problems)
    local list, named = {}, {}
    for word in (given.gx_host or ""):gmatch "[^%s,;]+" do
        local one, problem = gx_host(word)
        if one and #list == MOST_HOSTS then one, problem = nil, "there are too many" end
        if one and named[one.portal or ""] then one, problem = nil, ("\"%s\" comes a second time, without a"
            .. " portal id of its own"):format(shown(word)) end
        if problem then
            problems[#problems + 1] = ("The parameter gx_host is used as far as it is understood: %s.%s")
                :format(problem, HOW_HOSTS)
        else
            list[#list + 1], named[one.portal or ""] = one, true
        end
    end
    return list
end

local LEAST_DIGITS = 16             -- of a fingerprint: half of it is as hard to meet as none

--- Certificates that the owner accepts: the beginnings of their fingerprints, { digits }.
local function gx_fingerprints(given, problems)
    local list = {}
    for word in (given.gx_fingerprint or ""):gmatch "[^%s,;]+" do
        local digits = word:gsub(":", ""):upper()
        if digits:find "^%x+$" and #digits >= LEAST_DIGITS then
            list[#list + 1] = digits
        else
            problems[#problems + 1] = ("The parameter gx_fingerprint has \"%s\", which is not used. Write"
                .. " the %d digits of the notice."):format(shown(word), LEAST_DIGITS)
        end
    end
    return list
end

--- The password of the GX devices. Without encryption none is sent, so that there must be none.
local function gx_password(given, hosts, problems)
    local password = read.trim(given.gx_password or "")
    for i = #hosts, 1, -1 do
        if hosts[i].plain and password ~= "" then
            problems[#problems + 1] = ("The parameter gx_host asks for port 1883 of %s, where everybody on"
                .. " the network could read the password: that host is not used. Write it without :1883,"
                .. " or, if the security profile of the GX is Unsecured, empty gx_password.")
                :format(hosts[i].host)
            table.remove(hosts, i)
        end
    end
    return password
end

--- For which installations the owner allows control: "on" for all, or their names or VRM's numbers, with
-- commas between. names: as typed, by the same in small letters.
local function control(given, live, problems)
    local text = read.trim(given.control or "")
    local allowed = { all = text:lower() == "on", names = {} }
    if text == "" or text:lower() == "off" then return allowed end
    if live == "off" then
        problems[#problems + 1] = "The parameter control needs live data: set live to vrm or gx, or control"
            .. " to off."
    end
    for name in (allowed.all and "" or text):gmatch "[^,]+" do
        name = read.trim(name)
        allowed.names[name:lower()] = name ~= "" and name or nil
    end
    return allowed
end

--- The names that control has and that none of the account's installations, a list with { id, name }, has.
function params.strangers(settings, list)
    local left = {}
    for key, name in pairs(settings.control.names) do left[key] = name end
    for _, record in ipairs(list) do
        left[record.name:lower()], left[tostring(record.id)] = nil, nil
    end
    local names = {}
    for _, name in pairs(left) do names[#names + 1] = shown(name) end
    table.sort(names)
    return names
end

local function folded(name)
    return (tostring(name):lower():gsub("[%s-]", "_"))
end

--- The parameter that a name stands for; nil and what may be meant (nil: nothing) if it is none. more: those
-- of device scripts, [name] = any; nil: none.
local function known(name, more)
    local key = folded(name)
    if more and more[key] then return key end
    for _, one in ipairs(NAMES) do
        if one == key then return one end
    end
    return nil, wording.near(key, NAMES) or key:find("token", 1, true) and "vrm_token" or nil
end

--- Whether a name is rather a token, in the wrong field.
local function looks_like_token(name)
    return #name >= SHORTEST_PASTED and not name:find "[%s_]"
end

local IS_TOKEN = {}
for _, name in ipairs(TOKEN_NAMES) do IS_TOKEN[name] = true end
local PASSWORD, FINGERPRINT = "gx_password", "gx_fingerprint"      -- which may have as many digits as a token

local SHORTEST_WORD, MOST_WORDS = 8, 4
--- What notices say of the token: typed in its place it is no secret, and has to stay readable there.
local OWN_WORDS = "https://vrm.victronenergy.com/access-tokens " .. table.concat(TOKEN_NAMES, " ")
    .. " Preferences, Integrations, Configuration"

--- The parts of a token that blanks have torn apart; not the words that came along with it.
local function add_words(secrets, text)
    local count = 0
    for word in text:gmatch "%S+" do
        local begins = word:sub(1, SHORTEST_WORD)       -- the log masks so much of a secret anywhere
        if #word >= SHORTEST_WORD and count < MOST_WORDS and not OWN_WORDS:find(begins, 1, true) then
            secrets[#secrets + 1], count = word, count + 1
        end
    end
end

--- Every token and password among the parameters, used or not, as typed and as cleaned; also under a misspelt
-- name, or in its place, and what has the form of a token in another's.
local function secrets_of(given)
    local secrets = {}
    for name, value in pairs(given) do
        local key, like = known(name)
        local misplaced = key ~= FINGERPRINT and type(value) == "string" and only_token(value)
        if misplaced then secrets[#secrets + 1] = misplaced end
        if looks_like_token(name) then secrets[#secrets + 1] = name end
        if (key or like) == PASSWORD and type(value) == "string" and value ~= "" then
            secrets[#secrets + 1], secrets[#secrets + 2] = value, read.trim(value)
        end
        if IS_TOKEN[key or like] and type(value) == "string" and value ~= "" then
            add_words(secrets, value)
            add_words(secrets, clean_token(value))
        end
    end
    return secrets
end

local MOST_UNKNOWN = 3              -- names that are told

local function about_unknown(name)
    if looks_like_token(name) then
        return "The name of a parameter looks like a token. Paste it as the value of vrm_token, and delete"
            .. " that parameter."
    end
    local _, like = known(name)
    return ("The parameter \"%s\" is unknown and not used.%s"):format(shown(name),
        like and (" Did you mean %s? Write its value there, and delete this one."):format(like)
        or " Delete it if it is not a note of yours.")
end

--- A sentence for each parameter that is none and has a value.
local function tell_unknown(given, more, problems)
    local names = {}
    for name, value in pairs(given) do
        local written = read.trim(tostring(value)) ~= ""
        if written and not known(name, more) then names[#names + 1] = tostring(name) end
    end
    table.sort(names)
    for i = 1, math.min(#names, MOST_UNKNOWN) do problems[#problems + 1] = about_unknown(names[i]) end
    if #names > MOST_UNKNOWN then
        problems[#problems + 1] = ("Unknown parameters beside these: %d."):format(#names - MOST_UNKNOWN)
    end
end

--- The user's parameters by the names they stand for: "VRM Token" is vrm_token. Of several that mean the same
-- one with a value counts, before all the one as it should be written. Returns { [name] = text } and a
-- sentence for each that does not count although it has a value of its own.
local function by_name(given)
    local typed = {}
    for name, value in pairs(given) do
        if type(value) == "string" then typed[#typed + 1] = tostring(name) end
    end
    table.sort(typed)
    local named, from, problems = {}, {}, {}
    for _, name in ipairs(typed) do
        local key, value = folded(name), given[name]
        local before = named[key]
        local better = before == nil or before == "" or (value ~= "" and name == key)
        if before and before ~= "" and value ~= "" and value ~= before then
            problems[#problems + 1] = ("The parameters %s and %s mean the same; %s is used."
                .. " Delete the other."):format(from[key], name, better and name or from[key])
        end
        if better then named[key], from[key] = value, name end
    end
    return named, problems
end

--- The same without the sentences.
function params.named(given) return (by_name(given)) end

function params.is_own(name)
    return (known(name)) == name
end

--- What the user should see beside what is given, so that the names need not be known: { name = default }.
-- more: those of device scripts.
function params.missing(given, more)
    local named, missing = by_name(given), {}
    local live = choice(named, "live", {})
    for _, list in ipairs { DEFAULTS, live == "gx" and GX_DEFAULTS or {}, more } do
        for name, value in pairs(list) do
            if named[name] == nil then missing[name] = value end
        end
    end
    return missing
end

--- given: PG3's { name = text }; more: the parameters of device scripts, [name] = any; nil: not known yet, so
-- no name counts as unknown. Returns { token = text ("" if none), token_problem = text|nil,
-- secrets = list of what must not be logged,
-- fahrenheit = bool, zero = bool, push = "off" or "alarms",
-- live = "off", "vrm" or "gx", live_seconds = between two live values of a
-- power, script_folder = path ("" if none),
-- gx = { hosts = list of { portal|nil, host, plain }, password = text ("" if none),
--        fingerprints = list of texts in upper case, beginnings },
-- battery_level = percent|nil, control = { all = bool, names = installations as typed, by small letters },
-- control_pause = minutes, inverter_off = bool,
-- problems = list of sentences }.
function params.read(given, more)
    local named, problems = by_name(given)
    if more then tell_unknown(given, more, problems) end
    local token = ""
    for _, name in ipairs(TOKEN_NAMES) do
        if token == "" then token = clean_token(named[name] or "") end
    end
    local live = choice(named, "live", problems)
    local of_gx = live == "gx" and problems or {}                   -- else they are not used
    local hosts = gx_hosts(named, of_gx)
    return {
        token = token,
        secrets = secrets_of(given), push = choice(named, "push", problems),
        token_problem = token ~= "" and token_problem(token) or nil,
        fahrenheit = choice(named, "temp_unit", problems) == "F",
        zero = choice(named, "stale_values", problems) == "zero",
        live = live,
        live_seconds = number(named, "live_seconds", problems),
        gx = { hosts = hosts, password = gx_password(named, hosts, of_gx),
               fingerprints = gx_fingerprints(named, of_gx) },
        script_folder = folder(named, problems),
        battery_level = number(named, "battery_level", problems),
        control = control(named, live, problems),
        control_pause = number(named, "control_pause", problems),
        inverter_off = choice(named, "inverter_off", problems) == "yes",
        problems = problems,
    }
end

--- Whether two readings want the same live data.
function params.same_live(a, b)
    local function text(settings)
        local parts = { settings.live, settings.gx.password, table.unpack(settings.gx.fingerprints) }
        for _, one in ipairs(settings.gx.hosts) do
            parts[#parts + 1] = ("%s=%s:%s"):format(one.portal, one.host, one.plain)
        end
        return table.concat(parts, "\n")
    end
    return text(a) == text(b)
end

return params
