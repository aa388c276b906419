--- The same checks on the fake host and on the real one, so that specs on the fake mean something.
-- The real one needs the program: VICTRON_HOST names it (./dev scripts sets it).

local fake = require "spec.support.fake_host"
local checks = dofile("spec/contract/checks.lua")

describe("the contract of host holds on the fake host:", function()
    for _, one in ipairs(checks) do
        it(one.name, function()
            fake.new {}
            one.fn()
        end)
    end
end)

describe("the contract of host holds", function()
    local program = os.getenv("VICTRON_HOST")
    local test = program and it or pending
    test("on the real host", function()
        local run = io.popen(program .. " --check --main spec/contract/on_host.lua 2>&1")
        local said = run:read("a")
        run:close()
        assert.equal("contract holds\n", said)
    end)
end)
