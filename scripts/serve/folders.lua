--- The folders of device scripts and the files in them: the user's go before the plugin's own. What cannot be
-- read now counts as it was, and is told.

local libs = require "serve.libs"
local trouble = require "serve.trouble"

local folders = { BUILT_IN = "scripts/devices" }

local USER_FOLDERS = { "persist/scripts", "data" }  -- PG3 keeps these when it updates or backs up a plugin
local LONGEST_NAME = 90                             -- bytes of a file's name in messages; the host cuts at 95

local user_folders = USER_FOLDERS
local chosen = ""       -- the folder of the user's choice
local listed = {}       -- [folder] = its files when it could be read last
local stamps = {}       -- [folder] = its host.folder_stamp when it was last looked at

--- "folder/name.lua" as messages show it, the end of it if it is long.
function folders.shown(folder, name)
    local file = folder .. "/" .. name .. ".lua"
    return #file <= LONGEST_NAME and file or "..." .. file:sub(3 - LONGEST_NAME)
end

--- The files of a folder; those it had last if it is there and cannot be read now (no file descriptor is
-- left, say).
local function list_files(folder)
    local list, why, more = host.script_files(folder)
    if not list and (more or folder == chosen) then
        local had = listed[folder] or {}
        local told = more and "%s cannot be read now (%s). It is tried again. Check its permissions, or close"
            .. " programs that have many files open.%s"
            or "%s, the parameter script_folder, cannot be read (%s). Create it, or correct the parameter.%s"
        local serve_on = #had > 0 and " Its scripts serve on." or ""
        trouble.failed(folder, told:format(folder, why, serve_on), "folder")
        return had
    elseif list and more and more > 0 then
        trouble.failed(folder, ("the last %d scripts by name are not used: a folder may have %d. Take the"
            .. " others out."):format(more, #list), "folder")
    else
        trouble.forget(folder)
    end
    listed[folder] = list
    return list or {}
end

--- The folders of scripts in their order: { folder, user, shown = how messages name it }.
local function places()
    local list = {}
    for i, folder in ipairs(user_folders) do list[i] = { folder = folder, user = true, shown = folder } end
    list[#list + 1] = { folder = folders.BUILT_IN, user = false, shown = "devices" }
    return list
end

--- Every script file: [name] = list of { path, file = as messages name it, own = its stamp, user, folder,
-- name }, the user's first. Libs are looked for as well.
function folders.find()
    local found = {}
    libs.find(places(), list_files, function(place, folder, name)
        return folders.shown(place.shown .. "/" .. folder, name)
    end)
    for _, place in ipairs(places()) do
        for _, one in ipairs(list_files(place.folder)) do
            found[one.name] = found[one.name] or {}
            table.insert(found[one.name], { path = one.path, own = one.stamp, user = place.user,
                folder = place.folder, name = one.name, file = folders.shown(place.shown, one.name) })
        end
    end
    return found
end

--- Whether a file of a place is another than when it was last looked at, or it cannot be read now.
local function differs(place)
    local same = true
    for _, folder in ipairs { place.folder, libs.folder_in(place.folder) } do
        local stamp = host.folder_stamp(folder)
        same = same and stamp and stamp == stamps[folder]
        stamps[folder] = stamp
    end
    return not same
end

--- Whether files of the user's are others than when this was last asked; built_in: or the plugin's own.
function folders.differ(built_in)
    local any = false
    for _, place in ipairs(places()) do
        any = (place.user or built_in) and differs(place) or any
    end
    return any
end

--- Takes the folder of the user's choice, "" for none -> whether it is another.
function folders.choose(folder)
    local was = chosen
    if was ~= folder then trouble.forget(was) end
    chosen = folder
    user_folders = folder ~= "" and { folder, table.unpack(USER_FOLDERS) } or USER_FOLDERS
    return was ~= folder
end

function folders.of_users() return user_folders end

return folders
