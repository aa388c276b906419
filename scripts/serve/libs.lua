--- Libs: files that device scripts share by `use "name"`. Where they are, and which of them a script was made
-- of.
--
-- They are in the folder lib of a folder of scripts. A user's script uses the first of a name, the built-in
-- one last; a built-in script uses built-in ones only, so that nothing of a user's keeps it from serving.

local sorted_keys = require("types.lists").sorted_keys

local libs = {}

local FOLDER = "lib"

local found = { users = {}, built_in = {} }     -- { [name] = { path, file, stamp } }, as host.load_script
                                                -- takes it

local function add(list, files, shown)
    for _, one in ipairs(files) do
        list[one.name] = list[one.name] or { path = one.path, stamp = one.stamp,
                                             file = shown(one.name) }
    end
end

function libs.folder_in(folder) return folder .. "/" .. FOLDER end

--- Looks for libs. places: folders of scripts in their order, { folder, user = whether it is a user's };
-- list(folder) -> its files as host.script_files gives them; shown(place, folder in it, name) -> how messages
-- name a file of it.
function libs.find(places, list, shown)
    found = { users = {}, built_in = {} }
    for _, place in ipairs(places) do
        local files = list(libs.folder_in(place.folder))
        local function name_of(name) return shown(place, FOLDER, name) end
        add(found.users, files, name_of)
        if not place.user then add(found.built_in, files, name_of) end
    end
end

function libs.of(user)
    return user and found.users or found.built_in
end

--- A text that is another when a lib is another. used: those the script asked for, { [name] = any }; nil: not
-- known yet.
function libs.stamp(user, used)
    local parts = {}
    for i, name in ipairs(sorted_keys(used or {})) do
        local lib = libs.of(user)[name]
        parts[i] = ("; %s %s"):format(name, lib and lib.path .. " " .. lib.stamp or "is not there")
    end
    return table.concat(parts)
end

--- The libs for the copy of a user's script: as they were when it worked. files: of that folder;
-- shown(name) -> how messages name one.
function libs.of_copy(files, shown)
    local list = {}
    add(list, files, shown)
    for name, lib in pairs(found.users) do list[name] = list[name] or lib end
    return list
end

return libs
