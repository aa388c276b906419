--- Whose installations are shown where PG3 does not say: those of the demo's stand-in for VRM, which is
-- started here, or those of the owner's token.

local paint = require "tools.paint"

local account = {}

local options = host.options

local HERE = debug.getinfo(1, "S").source:match "^@(.*/)tools/"

local TOKEN_FILE_MOST, TOKEN_LONGEST = 64 * 1024, 255
local DEMO_SECONDS, LOOK_SECONDS = 10, 0.05     -- until the stand-in has begun | between two looks
local NOT_FOUND = 127               -- the shell's exit code

--- The stand-in's standard input: it ends with that, and so with this program.
local demo

--- The first line of a file that is being written; what there is of it when the time is over.
local function first_line(path)
    local text
    for _ = 1, DEMO_SECONDS / LOOK_SECONDS do
        local file = io.open(path)
        text = file and file:read "a" or ""
        if file then file:close() end
        if text:find "\n" then break end
        host.sleep(LOOK_SECONDS)
    end
    return text:match "^[^\n]*"
end

--- Starts the stand-in, HTTPS and MQTT on loopback, and takes the addresses that it tells -> its token | nil,
-- sentence. Ctrl-C reaches it as well: it must not go first, for without it the demo did not end well.
local function start_demo()
    local script, said = HERE .. "demo/vrm.py", os.tmpname()
    local quoted = script:gsub("'", "'\\''")
    demo = io.popen(("trap '' INT HUP; exec python3 -B '%s' >'%s' 2>&1"):format(quoted, said), "w")
    local line = first_line(said)
    os.remove(said)
    local told = host.json(line) or {}
    if not told.token then
        local _, _, code = demo:close()
        local why = code == NOT_FOUND and "The python3 command was not found: install the package python3."
            or line ~= "" and line or "it said nothing"
        return nil, ("The demo's stand-in for VRM (python3 %s) did not start: %s"):format(script, why)
    end
    local env = host.env
    local its = { VICTRON_VRM_URL = told.url, VICTRON_CA_FILE = told.ca, VICTRON_MQTT_CA = told.ca,
                  VICTRON_MQTT_PORT = tostring(told.mqtt_port) }
    function host.env(name) return its[name] or env(name) end
    return told.token
end

local function token_of_owner()
    local path, text = options.token_file, host.token
    if path then
        local why
        text, why = host.read(paint.absolute(path), TOKEN_FILE_MOST)
        if not text then return nil, ("The token's file %s %s."):format(path, why) end
    elseif not text or text == "" then
        return nil, "Your VRM access token is needed: in VICTRON_VRM_TOKEN, or in a file named with"
            .. " --token-file"
    end
    local token = text:match "^[^\r\n]*"
    if token ~= "" and #token <= TOKEN_LONGEST then return token end
    return nil, path and ("The first line of %s is no access token. Write the token there."):format(path)
        or "VICTRON_VRM_TOKEN holds no access token. Put the token there."
end

--- Sets host.token -> whether there is one | nil, sentence. Waits.
function account.take()
    local token, problem
    if options.demo then token, problem = start_demo() else token, problem = token_of_owner() end
    if not token then return nil, problem end
    host.mask(token)
    host.token = token
    return true
end

return account
