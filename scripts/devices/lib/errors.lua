-- The error of a device of another make, which a GX tells as a text: "fischerpanda:e-26".
local errors = {}

-- A function of rows -> the number of an error or warning, 0 if there is none. Of one make only: a list of
-- errors has the numbers of one. Those of others are alarms, without a number.
function errors.of(make)
    local error_form, warning_form = make .. ":e-", make .. ":w-"
    return function(rows)
        local row = rows["/Error/0/Id"]
        local text = row and row.value
        if text == "" then return 0 end
        if type(text) ~= "string" then return nil end
        local form = text:sub(1, #error_form):lower()
        if form ~= error_form and form ~= warning_form then return nil end
        return tonumber(text:sub(#form + 1))
    end
end

return errors
