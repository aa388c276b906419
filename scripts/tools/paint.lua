--- Text for a person at a terminal: colours, columns, paths. Used by the tools beside it.

local json = require "pg3.json"

local paint = {}

local CODES = { bold = "1", reverse = "7", red = "31", green = "32", yellow = "33", magenta = "35",
                cyan = "36", grey = "90" }

--- The text in a colour, when a terminal reads it; as it is with another reader or without a colour (nil).
function paint.colour(name, text)
    if not host.colours or not name then return text end
    return ("\27[%sm%s\27[0m"):format(CODES[name], text)
end

-- Characters that take two columns, and those that take none: East Asian ones and emoji (Unicode TR 11,
-- "wide"); marks that stand on the one before, joiners and what chooses a variant.
local WIDE = [[
    1100-115F 231A-231B 2329-232A 23E9-23EC 23F0 23F3 25FD-25FE 2614-2615 2648-2653 267F 2693 26A1
    26AA-26AB 26BD-26BE 26C4-26C5 26CE 26D4 26EA 26F2-26F3 26F5 26FA 26FD 2705 270A-270B 2728 274C 274E
    2753-2755 2757 2795-2797 27B0 27BF 2B1B-2B1C 2B50 2B55 2E80-303E 3041-A4CF A960-A97C AC00-D7A3
    F900-FAFF FE10-FE19 FE30-FE6F FF00-FF60 FFE0-FFE6 16FE0-1B2FF 1F004 1F0CF 1F18E 1F191-1F19A 1F200-1F320
    1F32D-1F335 1F337-1F37C 1F37E-1F393 1F3A0-1F3CA 1F3CF-1F3D3 1F3E0-1F3F0 1F3F4 1F3F8-1F43E 1F440
    1F442-1F4FC 1F4FF-1F53D 1F54B-1F54E 1F550-1F567 1F57A 1F595-1F596 1F5A4 1F5FB-1F64F 1F680-1F6C5 1F6CC
    1F6D0-1F6D2 1F6D5-1F6D7 1F6DC-1F6DF 1F6EB-1F6EC 1F6F4-1F6FC 1F7E0-1F7EB 1F7F0 1F90C-1F93A 1F93C-1F945
    1F947-1F9FF 1FA70-1FAFF 20000-3FFFD]]
local NONE = [[
    300-36F 483-489 591-5BD 5BF 5C1-5C2 5C4-5C5 5C7 610-61A 61C 64B-65F 670 6D6-6DC 6DF-6E4 6E7-6E8
    6EA-6ED 711 730-74A 900-902 93A 93C 941-948 94D 951-957 962-963 981 9BC 9C1-9C4 9CD 9E2-9E3 A01-A02 A3C
    A41-A42 A47-A48 A4B-A4D A70-A71 A81-A82 ABC AC1-AC8 ACD B01 B3C B3F B41-B44 B4D B82 BC0 BCD C00 C3E-C40
    C46-C56 CBC CBF CC6 CCC-CCD D00-D01 D41-D44 D4D DCA DD2-DD6 E31 E34-E3A E47-E4E EB1 EB4-EBC EC8-ECE
    102D-1030 1032-1037 1039-103A 103D-103E 1AB0-1AFF 1DC0-1DFF 200B-200F 2060-2064 20D0-20FF 302A-302D
    3099-309A FE00-FE0F FE20-FE2F FEFF E0100-E01EF]]

--- Adds to a list of ranges { first, last, columns } those of a text.
local function add_ranges(list, text, columns)
    for word in text:gmatch "%S+" do
        local first, last = word:match "^(%x+)-?(%x*)$"
        list[#list + 1] = { tonumber(first, 16), tonumber(last ~= "" and last or first, 16), columns }
    end
end

local RANGES = {}
add_ranges(RANGES, NONE, 0)
add_ranges(RANGES, WIDE, 2)
table.sort(RANGES, function(a, b) return a[2] < b[2] end)

local function columns_of(code)
    if code < 0x300 then return 1 end
    local low, high = 1, #RANGES + 1            -- of the first range that ends not before the code
    while low < high do
        local middle = (low + high) // 2
        if RANGES[middle][2] < code then low = middle + 1 else high = middle end
    end
    local range = RANGES[low]
    return range and code >= range[1] and range[3] or 1
end

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

--- A text that sorts as people count: "Boat 2" before "Boat 10".
function paint.by_number(text)
    return (text:gsub("%d+", function(digits) return ("0"):rep(12 - #digits) .. digits end))
end

--- A text as JSON has it, on one line of a terminal's, too.
function paint.quoted(text) return json.quote(paint.clean(text)) end

--- A path as it was typed -> one from the root.
function paint.absolute(path)
    return path:sub(1, 1) == "/" and path or host.cwd .. "/" .. path
end

return paint
