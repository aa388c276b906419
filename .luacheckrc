-- Trusted scripts see the standard library and `host`; device scripts only what the sandbox gives them.
std = "lua54"
max_line_length = 110
exclude_files = { "build*", "dist", "bench/**/out" }

stds.host = { globals = {}, read_globals = { "host" } }
stds.device_script = {
    read_globals = {
        "assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen", "select",
        "setmetatable", "tonumber", "tostring", "type", "math", "unit", "vrm", "timer", "sleep",
        string = { fields = { "byte", "char", "find", "format", "len", "lower", "rep", "reverse", "sub", "upper" } },
        table = { fields = { "insert", "remove", "concat", "sort", "unpack" } },
    },
}

files["scripts/main.lua"] = { std = "lua54+host" }
files["scripts/lib"] = { std = "lua54+host" }
files["scripts/devices"] = { std = "device_script" }
files["spec"] = { std = "lua54+busted", globals = { "host" } }
