-- A device script with one function that computes, for bench/scripts.lua: some 50 thousand instructions, with
-- tables, texts and arithmetic as handlers have them.
local function work(rows)
    local sum, parts = 0, {}
    for i = 1, 2000 do
        local row = rows[i % 10 + 1]
        sum = sum + row.value * (i % 7) / 3
        if i % 20 == 0 then parts[#parts + 1] = string.format("%.2f", sum) end
    end
    return sum, #table.concat(parts, ",")
end

return {
    api = 2, id = "BENCH", name = "Bench", match = { service = "bench" },
    { "ST", unit.watt, "Sum", from = work },
}
