--- Text for a person at a terminal: colours, columns, paths. Used by check.lua, rows.lua and watch.lua.

local paint = {}

local CODES = { bold = "1", red = "31", green = "32", yellow = "33", grey = "90" }

--- The text in a colour, when a terminal reads it; as it is with another reader or without a colour (nil).
function paint.colour(name, text)
    if not host.colours or not name then return text end
    return ("\27[%sm%s\27[0m"):format(CODES[name], text)
end

--- How many characters a text has on the screen.
function paint.width(text)
    return utf8.len(text) or #text
end
local width = paint.width

--- A list of rows of texts -> a list of lines with aligned columns, without blanks at the end.
function paint.columns(rows)
    local widths, lines = {}, {}
    for _, row in ipairs(rows) do
        for i, text in ipairs(row) do widths[i] = math.max(widths[i] or 0, width(text)) end
    end
    for i, row in ipairs(rows) do
        local cells = {}
        for k, text in ipairs(row) do cells[k] = text .. (" "):rep(widths[k] - width(text)) end
        local line = table.concat(cells, "  ")
        local last = #line
        while line:byte(last) == 32 do last = last - 1 end
        lines[i] = line:sub(1, last)
    end
    return lines
end

--- What came from outside, on one line and without codes that a terminal would obey.
function paint.clean(text)
    text = tostring(text)
    if not utf8.len(text) then text = text:gsub("[\x80-\xFF]", "?") end
    return (text:gsub("%c", " "):gsub("\xC2[\x80-\x9F]", " "))
end

--- A path as it was typed -> one from the root.
function paint.absolute(path)
    return path:sub(1, 1) == "/" and path or host.cwd .. "/" .. path
end

return paint
