--- Values as JSON text (scripts/pg3/json.lua).

local json = require "pg3.json"

describe("a value as JSON", function()
    it("is what it was, in the order of its keys", function()
        for text, value in pairs {
            ['[1,2,"x"]'] = { 1, 2, "x" }, ['{"a":{"b":true}}'] = { a = { b = true } }, ["{}"] = {},
            ['"a\\n\\"\\\\/\\u0001"'] = 'a\n"\\/\1', ['{"1000000":1}'] = { [1000000] = 1 },
            ['{"-5":1}'] = { [-5] = 1 }, ["[1,null,3]"] = { 1, nil, 3 }, ["1700000000"] = 1700000000,
            ["2.5"] = 2.5, ["-1e+300"] = -1e300, ['{"a":1,"b":2}'] = { b = 2, a = 1 },
            ['"\u{FFFD}x\u{FFFD}\u{E9}"'] = "\xffx\xc3\u{E9}",
        } do
            assert.equal(text, json.encode(value))
        end
        assert.equal("null", json.encode(nil))
    end)

    it("is whole however long it is", function()
        local list, parts = {}, {}
        for i = 1, 3000 do
            list[i] = { b = i, a = { i } }
            parts[i] = ('{"a":[%d],"b":%d}'):format(i, i)
        end
        assert.equal("[" .. table.concat(parts, ",") .. "]", json.encode(list))
        assert.equal("7", json.encode(7))
    end)

    it("raises what JSON has not", function()
        local round = {}
        round.round = round
        for _, value in ipairs { 0 / 0, { math.huge }, { print }, { [true] = 1 }, round } do
            assert.is_false((pcall(json.encode, value)))
            assert.equal('{"a":1}', json.encode { a = 1 })      -- nothing of it is left
        end
    end)
end)
