--- The pages: what is generated is up to date, links lead somewhere, and comments in the code name pages and
-- sections that exist.

local meta = require "spec.meta"
local mistakes = require "spec.mistakes"
local nodes = require "spec.nodes"

local function read(path)
    local file = io.open(path, "rb")
    if not file then return nil end
    local text = file:read("a")
    file:close()
    return text
end

local function output_of(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read("a")
    assert(pipe:close(), command .. " failed")
    return text
end

local function lines_of(text)
    local lines = {}
    for line in (text .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
    return lines
end

--- Where two texts differ, and what to do about it; "" if they do not.
local function difference(path, wanted)
    local there, is = lines_of(wanted), lines_of(read(path) or "")
    for i = 1, math.max(#there, #is) do
        if there[i] ~= is[i] then
            return ("%s:%d is \"%s\" and has to be \"%s\": run ./dev docs, which writes it."):format(path, i,
                is[i] or "", there[i] or "")
        end
    end
    return ""
end

--- Files of the sources by a pattern of find's -name, without what is built.
local function files(pattern)
    local list = {}
    for path in output_of("find . -name '" .. pattern .. "' -not -path './build*' -not -path './.git/*' "
        .. "| sort"):gmatch("[^\n]+") do
        list[#list + 1] = path:sub(3)
    end
    assert(#list > 0, pattern)
    return list
end

--- "The host's files" -> "the-hosts-files", as GitHub makes anchors of headings.
local function anchor(heading)
    return (heading:lower():gsub("[^%w%s_-]", ""):gsub("%s", "-"))
end

--- A page without its blocks of code.
local function prose(text)
    return (("\n" .. text):gsub("\n```.-\n```", "\n"))
end

--- [anchor] = heading, and the headings themselves.
local function headings(text)
    local anchors, titles = {}, {}
    for heading in prose(text):gmatch("\n#+ ([^\n]+)") do
        anchors[anchor(heading)], titles[heading] = heading, true
    end
    return anchors, titles
end

local function folder_of(path) return path:match("^(.*/)") or "" end

--- "docs/" and "../README.md" -> "README.md"
local function joined(folder, target)
    local path = folder .. target
    local count
    repeat path, count = path:gsub("[^/]+/%.%./", "", 1) until count == 0
    return path
end

local pages = files("*.md")
local problems

local function problem(...) problems[#problems + 1] = string.format(...) end

local function none() assert.equal("", table.concat(problems, "\n")) end

describe("the pages", function()
    before_each(function() problems = {} end)

    it("have a docs/nodes.md that is made from today's device tables", function()
        assert.equal("", difference("docs/nodes.md", nodes.page()))
    end)

    it("have the words for editors from today's tables", function()
        assert.equal("", difference(meta.FILE, meta.text()))
    end)

    it("have a docs/faults.md that is made from today's tests", function()
        assert.equal("", difference("docs/faults.md", output_of("python3 -B spec/faults.py")))
    end)

    it("have a docs/mistakes.md that is made from today's list", function()
        assert.equal("", difference("docs/mistakes.md", mistakes.page()))
    end)

    it("lead to files and sections that exist", function()
        local count = 0
        for _, page in ipairs(pages) do
            for target in prose(read(page)):gmatch("%]%(([^)]+)%)") do
                if not target:find("^%a+:") then
                    count = count + 1
                    local file, section = target:match("^([^#]*)#?(.*)$")
                    local path = file == "" and page or joined(folder_of(page), file)
                    local text = read(path)
                    if not text then
                        problem("%s: there is no %s", page, path)
                    elseif section ~= "" and not headings(text)[section] then
                        problem("%s: %s has no section #%s", page, path, section)
                    end
                end
            end
        end
        assert.is_true(count > 50)
        none()
    end)

    -- Fault: The page for engineers sends its reader to a file that has another name since.
    -- Expected: Every file that it names by its whole path is there.
    it("name files of the sources that exist", function()
        local there, count = {}, 0                  -- also without scripts/ and without .lua, .c
        for path in output_of("find bench docs host release scripts spec .github"):gmatch "[^\n]+" do
            for _, name in ipairs { path, (path:gsub("^scripts/", "")) } do
                there[name], there[(name:gsub("%.%w+$", ""))] = true, true
            end
        end
        for name in read("docs/architecture.md"):gmatch "`([%l.]+/[%w_/.]+)`" do
            local other = name:find "^build/" or name:find("windmill", 1, true)
            count = count + 1
            if not (other or there[(name:gsub("/$", ""))]) then
                problem("docs/architecture.md: there is no %s", name)
            end
        end
        assert.is_true(count > 50)
        none()
    end)

    it("are all reachable from README.md", function()
        local seen, waiting = { ["README.md"] = true }, { "README.md" }
        while #waiting > 0 do
            local page = table.remove(waiting)
            for target in prose(read(page)):gmatch("%]%(([^)#:]+%.md)") do
                local path = joined(folder_of(page), target)
                if not seen[path] then
                    seen[path] = true
                    table.insert(waiting, path)
                end
            end
        end
        for _, page in ipairs(pages) do
            if page:find("^docs/") and not seen[page] then problem("nothing leads to %s", page) end
        end
        none()
    end)

    -- Fault: a program of the pages names a value, a state, an event or a command that no node has.
    -- Expected: for each node of a program there is a type that has all that is said of it.
    it("have programs of what nodes have", function()
        local types, texts, count = {}, { ["No data"] = true }, 0
        for line in read("profile/nls/en_us.txt"):gmatch "[^\n]+" do
            local what, id, text = line:match "^(%u+)%-(%w+)%-%w.*%-NAME = (.+)$"
            if what == "ST" or what == "CMD" then
                types[id] = types[id] or {}
                types[id][what .. text] = true
            end
            texts[line:match " = (.+)$" or ""] = true
        end
        local function said(page, node, list)
            for _, its in pairs(types) do
                local all = true
                for _, one in ipairs(list) do all = all and its[one] end
                if all then return end
            end
            problem("%s: no node has all that is said of %s: %s", page, node, table.concat(list, "; "))
        end
        for _, page in ipairs { "docs/install.md", "docs/control.md" } do
            for block in read(page):gmatch "\n```\n(If\n.-)\n```" do
                local about = {}
                local function add(node, what)
                    about[node] = about[node] or {}
                    table.insert(about[node], what)
                    count = count + 1
                end
                for line in block:gmatch "[^\n]+" do
                    line = line:gsub("^[%s(]+", ""):gsub("^And%s+", ""):gsub("^Or%s+", "")
                    local node, event = line:match "^Control '(.-)' is (.+)$"
                    local of, label, value = line:match "^'(.-)' (.-) is (.+)$"
                    local set, command = line:match "^Set '(.-)' (.-): "
                    if not of then of, label = line:match "^'(.-)' (.-) [<>]=? " end
                    value = value and value:gsub("^not ", "")
                    if value and not texts[value] then problem("%s: there is no %s", page, value) end
                    if node then add(node, "CMD" .. event) end
                    if of then add(of, "ST" .. label) end
                    if set then add(set, "CMD" .. command) end
                end
                for node, list in pairs(about) do said(page, node, list) end
            end
        end
        assert.is_true(count > 20)
        none()
    end)

    it("name no folder of somebody's machine", function()
        for _, page in ipairs(pages) do
            for folder in read(page):gmatch("[%s`(\"](/[%w_]+)/") do
                if (" /work /root /home /tmp /mnt /Users "):find(" " .. folder .. " ", 1, true) then
                    problem("%s names %s", page, folder)
                end
            end
        end
        none()
    end)

    it("have a README.md that fits three screens", function()
        assert.is_true(#lines_of(read("README.md")) <= 150)
    end)
end)

describe("comments in the code", function()
    --- What is cited as "docs/pg3.md, Start sequence": { name, section = with what follows it, or nil }. A
    -- citation may go on in the next line of the comment.
    local function citations(text)
        local flat = text
        for _, sign in ipairs { "%-%-%-?", "//", "#" } do flat = flat:gsub("\n%s*" .. sign .. "%s?", " ") end
        local found = {}
        for name, after in flat:gmatch("docs/([%w_]+%.md)()") do
            found[#found + 1] = { name = name, section = flat:match("^, (%u[^\n]*)", after) }
        end
        return found
    end

    --- Whether text begins with a heading of the page, and that is followed by the end of a word.
    local function begins_with_title(text, titles)
        for title in pairs(titles) do
            if text:sub(1, #title) == title and not text:sub(#title + 1):find("^[%w]") then return true end
        end
        return false
    end

    local sources = {}
    for _, pattern in ipairs { "*.c", "*.h", "*.lua", "*.py", "*.sh", "dev" } do
        for _, path in ipairs(files(pattern)) do
            if path ~= "spec/docs_spec.lua" then sources[#sources + 1] = path end
        end
    end

    before_each(function() problems = {} end)

    it("name pages that exist, and their sections", function()
        local count = 0
        for _, path in ipairs(sources) do
            for _, cited in ipairs(citations(read(path))) do
                local name, section = cited.name, cited.section
                local text = read("docs/" .. name)
                local _, titles = headings(text or "")
                count = count + 1
                if not text then
                    problem("%s: there is no docs/%s", path, name)
                elseif section and not begins_with_title(section, titles) then
                    problem("%s: docs/%s has no section \"%s\"", path, name, section:sub(1, 40))
                end
            end
        end
        assert.is_true(count > 20)
        none()
    end)

    it("name no document that is not in the repository", function()
        for _, path in ipairs(sources) do
            for name in read(path):gmatch("%f[%w_]([%u_]+%.md)") do
                if not read(name) then problem("%s names %s", path, name) end
            end
        end
        none()
    end)
end)
