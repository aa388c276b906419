--- Files that their owner takes for device scripts and that are none: named so, or in a folder, that nobody
-- looks for. They are told, so that nobody waits for them.

local unused = {}

local USER_FOLDER = "persist/scripts"
--- Folders that a script might be put into by mistake: [folder] = what belongs there.
local WRONG = { ["."] = {}, persist = {}, scripts = { ["main.lua"] = true } }

local LARGEST = 32 * 1024
local LONGEST_NAME = 60             -- bytes; a script's name has fewer (host/api/api_file.c)

--- Whether a file is written as a device script.
local function is_script(path)
    local text = host.read(path, LARGEST)
    return text and text:find("%f[%w_]api%s*=%s*%d") and text:find("%f[%w_]match%s*=")
end

local function path_of(folder, name) return folder == "." and name or folder .. "/" .. name end

--- Why a file in a folder of scripts is no script; nil: it is one, or nobody would think so. name, path: its.
function unused.problem_of(name, path)
    local small = name:lower()
    local is_text = small:find("^[^./]+$") or small:find("^[^./]+%.txt$")
    if small:find("%.lua%.txt$") or small:find("%.lua$") and not name:find("%.lua$")
        or is_text and is_script(path) then
        return "the name of a device script ends in .lua. Rename it."
    elseif #name >= LONGEST_NAME and small:find("%.lua$") then
        return ("names are shorter than %d characters. Rename it."):format(LONGEST_NAME)
    end
    return nil
end

local function add_scripts(list, folder, but, advice)
    for _, name in ipairs(host.names(folder) or {}) do
        local path = path_of(folder, name)
        if name:find("%.lua$") and not but[name] and is_script(path) then
            list[#list + 1] = ("%s is not used: %s"):format(path, advice)
        end
    end
end

--- Those there are: list of sentences. folders: the owner's for scripts.
function unused.find(folders)
    local list, used = {}, {}
    for _, folder in ipairs(folders) do used[folder] = true end
    for _, folder in ipairs(folders) do
        for _, name in ipairs(host.names(folder) or {}) do
            local problem, inner = unused.problem_of(name, path_of(folder, name)), name:match("^(.*)/$")
            if problem then
                list[#list + 1] = ("%s is not used: %s"):format(path_of(folder, name), problem)
            elseif inner and inner ~= "lib" and not used[path_of(folder, inner)] then
                add_scripts(list, path_of(folder, inner), {}, ("move it to %s."):format(folder))
            end
        end
    end
    for folder, but in pairs(WRONG) do
        if not used[folder] then add_scripts(list, folder, but, ("move it to %s."):format(USER_FOLDER)) end
    end
    table.sort(list)
    return list
end

return unused
