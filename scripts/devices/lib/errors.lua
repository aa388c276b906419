-- The error of a device: its number, or what a GX tells as texts of one of another make, "fischerpanda:e-26".
local errors = {}

local MOST = 8                                        -- texts of one device

--- Where the number of an error or a warning begins in a text; nil for what is neither.
local function number_at(text)
    local colon = text:find(":e-", 1, true) or text:find(":w-", 1, true)
    return colon and colon + 3
end

--- A function of rows -> the number of the error or warning, 0 if there is none. Of texts only those of one
-- make have a number, for a list of errors has those of one: an error of another make is neither it nor none.
function errors.of(make)
    return function(rows)
        local code, other = number(rows, "/ErrorCode"), false
        if code and code > 0 then return code end
        for n = 0, MOST - 1 do
            local row = rows["/Error/" .. n .. "/Id"]
            local text = row and row.value
            local at = type(text) == "string" and number_at(text)
            if at and text:sub(1, at - 4):lower() == make then return tonumber(text:sub(at)) end
            if at then other = true end
            if text == "" then code = code or 0 end
        end
        return not other and code or nil
    end
end

return errors
