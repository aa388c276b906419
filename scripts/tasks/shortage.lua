--- Errors of the plugin's own memory. The host raises them as one value, { kind = "memory", text = }:
-- neither a script nor an answer is to blame, and what was being done is tried again.

local shortage = {}

function shortage.is(problem)
    return type(problem) == "table" and problem.kind == "memory"
end

--- Raises such an error again; anything else is left to the caller.
function shortage.pass_on(problem)
    if shortage.is(problem) then error(problem, 0) end
end

return shortage
