--- The command line: what the program is asked to do, its help, and the completion for shells. The host runs
-- this before all else, in a state of its own (host/api/api_options.c), unless PG3 started it without a word.
-- Returns the exit code once everything was said, or what is asked for, host.options: demo, once, json, get:
-- whether; form, find, service, record, replay: a text or nil; params, args: lists of texts. What the host
-- itself wants to know of it: host/api/api.h.

local version, root = ...
local words = { select(3, ...) }

local WRONG_USE = 2
local NAMES = "victron-host victron-host-linux-amd64 victron-host-linux-arm64 victron-host-freebsd-amd64\n"

--- set: what an option says; into: where its value goes. Without help it is of no use to users; help has no
-- quotes, colons or brackets: shells read it, too. text: it is answered by that, and nothing else is done.
local OPTIONS = {
    { "demo", set = { demo = true }, help = "show made-up installations, with python3 and openssl" },
    { "watch", set = { mode = "watch" }, help = "show your own" },
    { "token-file", "FILE", into = "token_file", help = "take the access token from the first line of FILE" },
    { "param", "NAME=VALUE", help = "a parameter of the plugin, such as live=vrm" },
    { "once", set = { once = true }, help = "print what there is and leave" },
    { "json", set = { json = true }, help = "for programs, one line of JSON for each change" },
    { "record", "FILE", into = "record", help = "watch, and keep what came, anonymous" },
    { "replay", "FILE", into = "replay", help = "show what was recorded" },
    { "check", set = { mode = "check" }, help = "check the device scripts or folders that follow" },
    { "rows", set = { mode = "rows" }, help = "list what VRM, or a saved answer, offers" },
    { "find", "TEXT", into = "find", help = "with --rows, only what has this text" },
    { "lines", set = { form = "lines" }, help = "with --rows, what is not shown, as lines to paste" },
    { "new", "SERVICE", into = "service", set = { form = "new" },
      help = "with --rows, a whole script for that service" },
    { "write-profile", set = { mode = "profile" }, help = "write profile/ from the device scripts" },
    { "completion", "SHELL", help = "print the completion for bash or zsh" },
    { "version", letter = "V", help = "print the version" },
    { "help", letter = "h", help = "print this" },
    { "main", "FILE", into = "main_file" },
}

local HEAD = "victron-host " .. version .. [[: Victron Energy's VRM as nodes of PG3

PG3 starts it without options. By hand:
  victron-host --demo | --watch | --record FILE | --replay FILE
  victron-host get NODE.DRIVER   print one value

]]

local TAIL = [[

The access token is in VICTRON_VRM_TOKEN or in the file of --token-file.
--demo, --replay and --json also go with get and --rows.

Examples:
  victron-host --demo --once
  victron-host --watch --token-file token.txt
  victron-host --watch --json --token-file token.txt >> values.jsonl
  victron-host get 258l_bm289.BATLVL --token-file token.txt
  victron-host --record report.jsonl --param live=vrm --token-file token.txt
  victron-host --rows --replay report.jsonl
  eval "$(victron-host --completion bash)"

Exit codes:
  0  done
  1  it failed, or there were no values in time
  2  the command line is not understood
  3  get: the value is no data
  4  get: the value is old (it is printed)
]]

--- What form gives for each option that has help.
local function listed(form)
    local parts = {}
    for _, option in ipairs(OPTIONS) do
        if option.help then parts[#parts + 1] = form(option) end
    end
    return table.concat(parts)
end

local function help()
    return HEAD .. listed(function(option)
        local name = (option.letter and "-" .. option.letter .. ", " or "    ") .. "--" .. option[1]
        return ("  %-24s %s\n"):format(option[2] and name .. " " .. option[2] or name, option.help)
    end) .. TAIL
end

local function bash()
    return [[
_victron_host() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} IFS=$'\n'
    case $prev in
    --completion) COMPREPLY=($(compgen -W $'bash\nzsh' -- "$cur")); return ;;
    --token-file | --record | --replay) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --find | --new | --param) COMPREPLY=(); return ;;
    esac
    COMPREPLY=($(compgen -W $'get]] .. listed(function(option) return "\\n--" .. option[1] end)
        .. [[' -- "$cur") $(compgen -f -- "$cur"))
}
complete -o filenames -F _victron_host ]] .. NAMES
end

local OF_VALUES = { SHELL = ":shell:(bash zsh)", FILE = ":file:_files" }

local function zsh()
    return "#compdef victron-host\n_victron_host() {\n    _arguments" .. listed(function(option)
        local value = option[2] and (OF_VALUES[option[2]] or ":word:") or ""
        return (" \\\n        '--%s[%s]%s'"):format(option[1], option.help, value)
    end) .. " \\\n        '*:word:{compadd get; _files}'\n}\ncompdef _victron_host " .. NAMES
end

local function complain(sentence, ...)
    io.stderr:write("victron-host: ", sentence:format(...), "\n")
    return WRONG_USE
end

--- How many letters two words share at their beginnings and at their ends.
local function shared(a, b)
    local first, last, shorter = 0, 0, math.min(#a, #b)
    while first < shorter and a:byte(first + 1) == b:byte(first + 1) do first = first + 1 end
    while first + last < shorter and a:byte(-last - 1) == b:byte(-last - 1) do last = last + 1 end
    return first + last
end

--- Says the option that shares the most letters with the word, half of either's at least.
local function not_understood(word)
    local name, meant, most = word:match "^%-*([^=]*)", "", 0
    for _, option in ipairs(OPTIONS) do
        local letters = option.help and shared(name, option[1]) or 0
        if letters > most and 2 * letters >= math.max(#name, #option[1]) then
            meant, most = (" Did you mean --%s?"):format(option[1]), letters
        end
    end
    return complain('"%s" is not understood.%s Try --help.', word, meant)
end

--- The option of a word, and what stands behind its "=".
local function find(word)
    local dashes, name, value = word:match "^(%-+)([^=]*)=?(.*)$"
    for _, option in ipairs(OPTIONS) do
        if dashes == "--" and name == option[1] or word == "-" .. (option.letter or "-") then
            return option, word:find "=" and value or nil
        end
    end
    return nil
end

--- What is printed for an option that asks for a text and no more; nil: there is no such text.
local TEXTS = {
    version = function() return "victron-host " .. version .. "\n" end,
    help = help,
    completion = function(value) return value == "bash" and bash() or value == "zsh" and zsh() or nil end,
}

--- Takes an option with its value -> the exit code, if that was all.
local function take(asked, option, value)
    local name = option[1]
    if TEXTS[name] then
        local text = TEXTS[name](value)
        if not text then return complain('There is completion for bash and zsh, none for "%s".', value) end
        io.write(text)
        return 0
    elseif name == "param" then
        if not value:find "=" or #asked.params == 32 then
            return complain "--param wants NAME=VALUE behind it, and may be there 32 times. Try --help."
        end
        table.insert(asked.params, value)
    end
    for said, is in pairs(option.set or {}) do asked[said] = is end
    if option.into then asked[option.into] = value end
    return nil
end

local function read(asked)
    local i, plain = 0, false           -- plain: after "--"
    while i < #words do
        i = i + 1
        local word = words[i]
        if plain or word:sub(1, 1) ~= "-" then
            table.insert(asked.args, word)
        elseif word == "--" then
            plain = true
        else
            local option, value = find(word)
            if not option or value and not option[2] then return not_understood(word) end
            if option[2] and not value then
                i = i + 1
                value = words[i]
            end
            if option[2] and (value or "") == "" then
                return complain("--%s wants a %s behind it. Try --help.", option[1], option[2])
            end
            local code = take(asked, option, value)
            if code then return code end
        end
    end
    return nil
end

--- The mode that follows from what was said; an exit code: not all of it goes together.
local function settle(asked)
    local args, shows = asked.args, asked.demo or asked.replay or asked.record
    if not asked.mode and args[1] == "get" then
        asked.mode = "get"
        table.remove(args, 1)
    elseif not asked.mode and shows then
        asked.mode = "watch"
    end
    local mode = asked.mode
    local get, rows, watch = mode == "get", mode == "rows", mode == "watch"
    if get and #args ~= 1 then
        return complain "get wants one NODE.DRIVER, such as 258l_bm289.BATLVL. Try --help."
    elseif #args > 0 and (watch or not mode or mode == "profile") then
        return not_understood(args[1])
    elseif (asked.once or asked.record) and not watch then
        return complain "--once and --record go with --demo, --watch or --replay. Try --help."
    elseif #asked.params > 0 and not (watch or get) then
        return complain "--param goes with --demo, --watch, --replay or get. Try --help."
    elseif asked.json and not (watch or get or rows) then
        return complain "--json goes with --demo, --watch, --replay, get or --rows. Try --help."
    elseif not rows and (asked.form or asked.find) then
        return complain "--find, --lines and --new go with --rows. Try --help."
    elseif asked.replay and (asked.demo or asked.record) then
        return complain "--replay goes with neither --demo nor --record. Try --help."
    end
    if rows and asked.json then asked.form = "json" end
    asked.get, asked.watched = get, watch or get
    asked.by_hand, asked.checks = mode ~= nil, mode == "check"
    local tool = asked.watched and (get or asked.json) and "stream" or mode
    asked.script = asked.main_file or root .. "/scripts/" .. (tool and "tools/" .. tool or "main") .. ".lua"
    return nil
end

local asked = { params = {}, args = {} }
return read(asked) or settle(asked) or asked
