-- Trusted scripts see the standard library and `host`; device scripts only what the sandbox gives them.
std = "lua54"
max_line_length = 110
exclude_files = { "build*", "dist", "bench/**/out" }

stds.host = { globals = {}, read_globals = { "host" } }
stds.device_script = {
    read_globals = {
        "assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen", "select",
        "setmetatable", "tonumber", "tostring", "type", "math", "sleep", "number", "use", "print", "setting",
        "site_of", "device_of", "devices_of", "rows_of",
        string = { fields = { "byte", "char", "find", "format", "len", "lower", "pack", "packsize", "rep",
                              "reverse", "sub", "unpack", "upper" } },
        table = { fields = { "concat", "insert", "remove", "sort", "unpack" } },
        timer = { fields = { "after", "cancel", "every" } },
        unit = { fields = { "amp_hours", "ampere", "celsius", "count", "counter", "cubic_meters",
                            "degree", "direction", "hectopascal", "hertz", "hours", "irradiance",
                            "kilometer", "kilopascal", "kilowatt", "kwh", "liter", "lux", "meter",
                            "meters_per_second", "micrograms", "minutes", "percent", "power_factor",
                            "ppm", "raw", "rpm", "seconds", "time", "va", "var", "volt", "watt" } },
        vrm = { fields = { "get" } },
    },
}

files["scripts"] = { std = "lua54+host" }
for _, name in ipairs { "account", "stand_in", "steps", "record", "replay" } do           -- in PG3's or VRM's place
    files["scripts/tools/" .. name .. ".lua"] = { std = "lua54", globals = { "host" } }
end
files["scripts/devices"] = { std = "device_script" }
files["scripts/examples"] = { std = "device_script" }
-- Declarations without bodies, for editors.
files["scripts/meta"] = {
    std = "none", globals = { "unit", "number", "vrm", "timer", "sleep", "use", "print", "setting",
    "site_of", "device_of", "devices_of", "rows_of" }, ignore = { "212", "241" },
}
files["spec"] = { std = "lua54+busted", globals = { "host" } }
files["bench/scripts.lua"] = { std = "lua54+host", globals = { "unit" } }
files["bench/scripts"] = { std = "device_script" }
