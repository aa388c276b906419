--- What is left out of the device scripts, and why: the list behind docs/coverage.md.

local coverage = require "spec.coverage"

describe("what is not shown", function()
    -- Fault: The page says that a value has no driver long after it got one.
    -- Expected: A reason stands only where no driver shows the value.
    it("has no reason where a driver shows it", function()
        local wrong = {}
        for service, reasons in pairs(coverage.reasons()) do
            local script = coverage.script_of(service)
            for path in pairs(reasons) do
                if script and coverage.shows(script, path) then wrong[#wrong + 1] = service .. " " .. path end
            end
        end
        assert.same({}, wrong)
    end)

    it("is decided of every known value", function()
        local file = assert(io.open("docs/coverage.md"))
        local page = file:read "a"
        file:close()
        assert.is_nil(page:find("not decided", 1, true))
        for service, reasons in pairs(coverage.reasons()) do
            for path in pairs(reasons) do
                assert.truthy(page:find("`" .. path .. "`", 1, true), service .. " " .. path)
            end
        end
    end)
end)
