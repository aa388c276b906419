--- Copies of the user's scripts that worked, for a start at which the file or a lib of it is broken.

local folders = require "serve.folders"
local libs = require "serve.libs"

local copies = {}

local KEPT = ".last-good"           -- in the folder of the script
local LIBS = ".lib"                 -- ends the name of the folder there with the libs of a copy

--- Writes a text, if another one is there -> true | nil, why.
local function keep_text(folder, name, text)
    local path = folder .. "/" .. name .. ".lua"
    if host.read(path) == text then return true end
    local ok, why = host.make_folder(folder)
    if ok then ok, why = host.write(path, text) end
    return ok, why
end

--- Keeps a copy of a user's script that serves (see serve.scripts), with its libs. That it cannot be kept is
-- told.
function copies.keep(fresh, name)
    local folder = fresh.folder .. "/" .. KEPT
    local ok, why = keep_text(folder, name, fresh.text)
    for lib, text in pairs(fresh.libs) do
        if ok and text ~= "" then
            ok, why = keep_text(folder .. "/" .. name .. LIBS, lib, text)
        end
    end
    if ok then return end
    host.log("warning", ("No copy of %s could be kept in %s: %s. The script serves, but there is none to fall"
        .. " back on if its file is broken at a start. Check the folder's permissions and the disk's room.")
        :format(fresh.file, folder, tostring(why)))
end

--- The script whose file was at this place ended, for that is gone: what will be there is another one. Its
-- copy is empty from now on.
function copies.forget(place, name)
    local path = ("%s/%s/%s.lua"):format(place:match "^(.*)/", KEPT, name)
    if host.read(path) then host.write(path, "") end
end

--- The last good copy of a file (see folders.find), as such a file, whose place it takes; nil: there is none.
function copies.of(from, name)
    local folder = from.folder .. "/" .. KEPT
    for _, kept in ipairs(host.script_files(folder) or {}) do
        if kept.name == name and host.read(kept.path) ~= "" then
            local with = folder .. "/" .. name .. LIBS
            return { path = kept.path, stamp = kept.stamp, folder = folder, place = from.path,
                     file = folders.shown(folder, name),
                     libs = libs.of_copy(host.script_files(with) or {},
                         function(lib) return folders.shown(with, lib) end) }
        end
    end
    return nil
end

return copies
