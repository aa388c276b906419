--- Text for a person at a terminal: colours, columns, paths. Used by the tools beside it.

local paint = {}

local CODES = { bold = "1", reverse = "7", red = "31", green = "32", yellow = "33", magenta = "35",
                cyan = "36", grey = "90" }

--- The text in a colour, when a terminal reads it; as it is with another reader or without a colour (nil).
function paint.colour(name, text)
    if not host.colours or not name then return text end
    return ("\27[%sm%s\27[0m"):format(CODES[name], text)
end

-- Characters that take two columns, and those that take none (first, last, columns): East Asian ones and
-- emoji (Unicode TR 11, "wide"); marks that stand on the one before, joiners and what chooses a variant.
local WIDE = {
    { 0x300, 0x36F, 0 }, { 0x591, 0x5BD, 0 }, { 0x64B, 0x65F, 0 }, { 0x1100, 0x115F, 2 },
    { 0x200B, 0x200F, 0 }, { 0x20D0, 0x20FF, 0 }, { 0x2E80, 0xA4CF, 2 }, { 0xAC00, 0xD7A3, 2 },
    { 0xF900, 0xFAFF, 2 }, { 0xFE00, 0xFE0F, 0 }, { 0xFE30, 0xFE6F, 2 }, { 0xFF00, 0xFF60, 2 },
    { 0xFFE0, 0xFFE6, 2 }, { 0x1F300, 0x1F64F, 2 }, { 0x1F680, 0x1F6FF, 2 }, { 0x1F900, 0x1F9FF, 2 },
    { 0x20000, 0x3FFFD, 2 },
}

local function columns_of(code)
    if code < 0x300 then return 1 end
    for _, range in ipairs(WIDE) do
        if code <= range[2] then return code >= range[1] and range[3] or 1 end
    end
    return 1
end

--- How many columns a text takes on the screen.
function paint.width(text)
    if not text:find("[\x80-\xFF]") then return #text end
    if not utf8.len(text) then return #text end
    local count = 0
    for _, code in utf8.codes(text) do count = count + columns_of(code) end
    return count
end
local width = paint.width

--- A text in at most so many columns; one that is cut ends with an ellipsis.
function paint.cut(text, columns)
    if width(text) <= columns then return text end
    if columns < 1 then return "" end
    local used, last = 0, 0
    for place, code in utf8.codes(text) do
        used = used + columns_of(code)
        if used > columns - 1 then break end
        last = utf8.offset(text, 2, place) - 1
    end
    return text:sub(1, last) .. "…"
end

--- A text in exactly so many columns, to the left or (right) to the right of them.
function paint.padded(text, columns, right)
    text = paint.cut(text, columns)
    local blanks = (" "):rep(columns - width(text))
    return right and blanks .. text or text .. blanks
end

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

--- What came from outside, on one line and without codes that a terminal would obey, also those that turn
-- the direction of what follows.
function paint.clean(text)
    text = tostring(text)
    if not utf8.len(text) then text = text:gsub("[\x80-\xFF]", "?") end
    return (text:gsub("%c", " "):gsub("\xC2[\x80-\x9F]", " ")
        :gsub("\xE2\x80[\xAA-\xAE]", ""):gsub("\xE2\x81[\xA6-\xA9]", ""))
end

local ESCAPED = { ['"'] = '\\"', ["\\"] = "\\\\" }

--- A text as JSON has it.
function paint.quoted(text) return '"' .. paint.clean(text):gsub('["\\]', ESCAPED) .. '"' end

--- A path as it was typed -> one from the root.
function paint.absolute(path)
    return path:sub(1, 1) == "/" and path or host.cwd .. "/" .. path
end

return paint
