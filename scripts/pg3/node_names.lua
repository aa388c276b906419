--- What nodes are called in PG3: names it takes, that tell the nodes apart.

local read = require "types.read"

local node_names = {}

local LONGEST_NAME, LONGEST_SUFFIX = 40, 20         -- bytes

--- In UTF-8: what has no width, and what turns the direction of writing (U+00AD, 061C, 200B, 200E, 200F, 202A
-- to 202E, 2060, 2066 to 2069, FEFF). A joiner (200D) is a part of emoji.
local INVISIBLE = { "\xE2\x80[\x8B\x8E\x8F\xAA-\xAE]", "\xE2\x81[\xA0\xA6-\xA9]", "\xEF\xBB\xBF", "\xD8\x9C",
                    "\xC2\xAD" }

--- The same of blanks of other kinds (U+00A0, 2000 to 200A, 2028, 2029, 202F, 205F, 3000): each is a blank.
local BLANKS = { "\xC2\xA0", "\xE2\x80[\x80-\x8A\xA8\xA9\xAF]", "\xE2\x81\x9F", "\xE3\x80\x80" }

--- A text as a node name: without the characters PG3 removes, without control characters, invisible ones and
-- broken UTF-8, at most `bytes` (40) long. "" if nothing is left.
function node_names.clean_name(text, bytes)
    text = tostring(text or "")
    if not utf8.len(text) then text = text:gsub("[\x80-\xFF]", "") end
    for _, characters in ipairs(INVISIBLE) do text = text:gsub(characters, "") end
    for _, characters in ipairs(BLANKS) do text = text:gsub(characters, " ") end
    text = text:gsub("/", "-"):gsub("%c", " "):gsub("[`<>~!@#$%%^&*(){}%[%]?\\;:\"']", " ")
    text = text:gsub("%s+", " "):gsub("^ ", "")
    return (read.cut(text, bytes or LONGEST_NAME):gsub(" $", ""))
end

--- A name in at most `bytes`. Names differ at their end: of a long one the words in the middle give way.
local function shorten(name, bytes)
    local from, at = #name + 1, #name
    while #name > bytes and at > 0 and #name - at <= bytes // 2 do
        if name:byte(at) == 32 then from = at end
        at = at - 1
    end
    local tail = name:sub(from)
    local head = node_names.clean_name(name, bytes - #tail)
    local cut = tail ~= "" and name:byte(#head + 1) ~= 32 and head:match("^.*() ")
    return (cut and head:sub(1, cut - 1) or head) .. tail
end

--- "Roof" and "trackers" -> "Roof trackers"; a long name gives way, a very long suffix is cut as well.
function node_names.with_suffix(base, suffix)
    suffix = node_names.clean_name(suffix, LONGEST_SUFFIX)
    if suffix == "" then return base end
    return shorten(base, LONGEST_NAME - #suffix - 1) .. " " .. suffix
end

--- The first usable one of the names that are wanted for a node; "" if none is.
function node_names.base_name(wanted)
    for _, text in ipairs(wanted) do
        local name = node_names.clean_name(text)
        if name ~= "" then return name end
    end
    return ""
end

--- Gives each node of a list its name. node = { address, wanted = list of texts (first usable one wins),
-- instance = number|nil, site = { name } }. used: { [name] = address } of the nodes there are
-- already; it is extended. Two that would be called alike both get their instance, then the installation,
-- and where that tells nothing, their address.
function node_names.give(nodes, used)
    local count = {}
    for _, node in ipairs(nodes) do
        node.name = node_names.base_name(node.wanted)
        count[node.name] = (count[node.name] or 0) + 1
    end
    for _, node in ipairs(nodes) do
        local base = node.name
        local function taken(name) return used[name] ~= nil and used[name] ~= node.address end
        local site = node_names.clean_name(node.site.name) ~= base and node.site.name or nil
        if count[base] > 1 or taken(base) then
            node.name = node_names.with_suffix(base, node.instance or site or node.address)
        end
        if taken(node.name) and site then node.name = node_names.with_suffix(node.name, site) end
        if taken(node.name) then node.name = node_names.with_suffix(base, node.address) end
        used[node.name] = node.address
    end
end

return node_names
