--- The mistakes of people who write device scripts, and what they are told: spec/mistakes.txt.
--
-- Each mistake is a block of lines: "- " and what is replaced in the script below, "+ " and what somebody
-- writes in its place, "= " and the message; or "> " and what is written before the samples and tried by
-- steps, which only --check runs, "= " and the message. A message with "note:" is of what may be a mistake:
-- the plugin uses the file. mistakes_spec.lua and test_mistakes.py hold them to
-- the program. `lua5.4 spec/mistakes.lua` prints docs/mistakes.md, `--write` writes it; `--files FOLDER`
-- writes a script for each that the plugin refuses, and prints their names and messages.

local mistakes = {}

local LIST, PAGE = "spec/mistakes.txt", "docs/mistakes.md"

mistakes.SCRIPT = [[
-- Tank sensor.
local FLUIDS = { [0] = "Fuel", [1] = "Fresh water" }

return {
    api = 2,
    id = "MYTANK", name = "Tank", icon = "Sensor",
    match = { service = "tank" },

    { "ST",  unit.percent, "Level",     "/Level", "tl" },
    { "GV0", unit.liter,   "Remaining", "/Remaining", "tr" },
    { "GV1", FLUIDS,       "Fluid",     "/FluidType", "tf" },

    samples = {
        { rows = { ["/Level"] = 79, ["/Remaining"] = 103, ["/FluidType"] = 1 },
          expect = { ST = 79, GV0 = 103, GV1 = 1 } },
    },
}
]]

local SAMPLES = "    samples = {"
local STEPS = '        { steps = { { rows = { ["/Level"] = 79 } } } },'
local WITH_COMMAND = '        { steps = { { rows = { ["/Level"] = 79 } }, { command = "RESET" } } },'

local HEAD = [[
# Mistakes, and what you are told

Written by `spec/mistakes.lua`; each line is a test. `--check`, the plugin's log and its notice say the same;
where there are several mistakes, the notice has the first and how many more there are. All lines are of this
script, `tank.lua`, in which what stands on the left was written in the place of what belongs there. Those of
the last section are of the script at work: `--check` finds them, if there is a sample with steps; the plugin
when it comes to that line.

```lua
%s```
]]

--- A script with a mistake in it.
local function with(one)
    local first, last = mistakes.SCRIPT:find(one.right, 1, true)
    assert(first, one.right .. " is not in the script")
    return mistakes.SCRIPT:sub(1, first - 1) .. one.wrong .. mistakes.SCRIPT:sub(last + 1)
end

--- Adds a line to what is there.
local function add(before, line) return before and before .. "\n" .. line or line end

--- The sections in their order: list of { title, list of { right, wrong, message, text = the script } }.
function mistakes.sections()
    local sections, one = {}, nil
    for line in io.lines(LIST) do
        local sign, rest = line:match("^([#%-+=>]) ?(.*)$")
        if sign == "#" then
            sections[#sections + 1] = { title = rest }
        elseif sign == "-" and (not one or one.message) then
            one = { right = rest }
            table.insert(sections[#sections], one)
        elseif sign == "-" then
            one.right = add(one.right, rest)
        elseif sign == ">" then
            local steps = rest:find("RESET", 1, true) and WITH_COMMAND or STEPS
            one = { right = SAMPLES, written = rest,
                    wrong = ("    %s\n%s\n%s"):format(rest, SAMPLES, steps) }
            table.insert(sections[#sections], one)
        elseif sign == "+" then
            one.wrong = add(one.wrong, rest)
        elseif sign == "=" then
            one.message = rest
            one.text = with(one)
        end
    end
    return sections
end

--- Whether the plugin refuses the file, and does not find it at work, or in doubt only.
local function is_refused(one) return not (one.written or one.message:find(": note: ", 1, true)) end

--- All mistakes in one list, each with its name: "m001".
function mistakes.all()
    local list = {}
    for _, section in ipairs(mistakes.sections()) do
        for _, one in ipairs(section) do
            list[#list + 1] = one
            one.name = ("m%03d"):format(#list)
            -- Only what serves has its id to itself.
            if not is_refused(one) then one.text = one.text:gsub("MYTANK", "MY" .. one.name:upper()) end
        end
    end
    return list
end

--- A text in a cell of a table, as code.
local function cell(text)
    return "`" .. text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""):gsub("|", "\\|") .. "`"
end

--- What stands on the left: what was written, or that something is missing.
local function written(one)
    if one.written then return cell(one.written) end
    if one.wrong:find("%S") then return cell(one.wrong) end
    return cell(one.right) .. " left out"
end

--- docs/mistakes.md.
function mistakes.page()
    local parts = { HEAD:format(mistakes.SCRIPT) }
    for _, section in ipairs(mistakes.sections()) do
        parts[#parts + 1] = ("\n## %s\n\n| Written | Told |\n| --- | --- |\n"):format(section.title)
        for _, one in ipairs(section) do
            parts[#parts + 1] = ("| %s | %s |\n"):format(written(one), cell(one.message))
        end
    end
    return table.concat(parts)
end

local function write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
end

--- Writes a script for each mistake that the plugin refuses into a folder, and prints them.
function mistakes.write_files(folder)
    for _, one in ipairs(mistakes.all()) do
        if is_refused(one) then
            write(folder .. "/" .. one.name .. ".lua", one.text)
            print(one.name, one.message)
        end
    end
end

if arg and arg[0] and arg[0]:find("mistakes.lua", 1, true) then
    if arg[1] == "--write" then
        write(PAGE, mistakes.page())
    elseif arg[1] == "--files" then
        mistakes.write_files(arg[2])
    else
        io.write(mistakes.page())
    end
end

return mistakes
