--- Markdown to HTML, as much of it as POLYGLOT_CONFIG.md and notices use: headings, paragraphs, lists, fenced
-- code, **bold**, `code`, [text](https://...). Everything else is text; HTML in it is shown, not run. Never
-- raises.

local read = require "types.read"

local markdown = {}

--- A text as HTML that shows it.
local function escape(text)
    return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end
markdown.escape = escape

--- One piece of a line from `at` on -> its HTML, where the next one begins.
local function piece(text, at, inline)
    local inner, after = text:match("^`([^`]+)`()", at)
    if inner then return "<code>" .. escape(inner) .. "</code>", after end
    inner, after = text:match("^%*%*([^*]+)%*%*()", at)
    if inner then return "<b>" .. inline(inner) .. "</b>", after end
    local label, url
    label, url, after = text:match("^%[([^%[%]]+)%]%((https?://[^%s()\"]+)%)()", at)
    if label then return ('<a href="%s" target="_blank">%s</a>'):format(escape(url), inline(label)), after end
    inner, after = text:match("^([^`*%[]+)()", at)
    if inner then return escape(inner), after end
    return text:sub(at, at), at + 1                -- a mark that belongs to no pair
end

local function inline(text)
    local out, at = {}, 1
    while at <= #text do
        out[#out + 1], at = piece(text, at, inline)
    end
    return table.concat(out)
end

--- One line, without a block around it: a device script's notice.
markdown.line = inline

--- A name as HTML that shows it. Its direction of writing, and marks in it that change that, end with it.
function markdown.name(text)
    return "<bdi>" .. escape(text) .. "</bdi>"
end

--- What a line begins -> tag of its block, text, tag around the block's items (lists).
local function begins(line)
    local marks, text = line:match("^(#+)%s+(.*)")
    if marks and #marks <= 6 then
        return "h" .. #marks, text:sub(1, read.last(text, "[%s#]"))
    end
    text = line:match("^[-*]%s+(.*)$")
    if text then return "li", text, "ul" end
    text = line:match("^%d+%.%s+(.*)$")
    if text then return "li", text, "ol" end
    return "p", line
end

--- text -> HTML. Anything but a text gives "".
function markdown.html(text)
    if type(text) ~= "string" then return "" end
    local out, block, list, fence = {}, nil, nil, nil
    local function close(next_list)                -- ends the block, and the list unless it goes on
        if block then
            out[#out + 1] = ("<%s>%s</%s>"):format(block.tag, inline(table.concat(block, " ")), block.tag)
        end
        if list and list ~= next_list then out[#out + 1] = "</" .. list .. ">" end
        if next_list and list ~= next_list then out[#out + 1] = "<" .. next_list .. ">" end
        block, list = nil, next_list
    end
    local function end_fence()
        out[#out + 1] = "<pre>" .. escape(table.concat(fence, "\n")) .. "</pre>"
        fence = nil
    end
    for line in text:gsub("\r\n?", "\n"):gmatch("[^\n]*") do
        local mark = line:find("^```")
        if fence and mark then
            end_fence()
        elseif fence then
            fence[#fence + 1] = line
        elseif mark then
            close()
            fence = {}
        elseif not line:find("%S") then
            close(list)
        else
            local tag, rest, kind = begins(line)
            local goes_on = tag == "p" and block and (block.tag == "p" or line:find("^%s"))
            if not goes_on then
                close(kind)
                block = { tag = tag }
            end
            block[#block + 1] = read.trim(rest)
            if tag:find("^h") then close() end
        end
    end
    if fence then end_fence() end
    close()
    return table.concat(out, "\n")
end

return markdown
