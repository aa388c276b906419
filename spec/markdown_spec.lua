local markdown = require "pg3.markdown"
local worlds = require "spec.support.worlds"

local html = markdown.html

after_each(function() _G.host = nil end)

describe("markdown", function()
    it("knows headings and paragraphs", function()
        assert.equal("<h1>One</h1>\n<p>two three</p>\n<p>four</p>", html("# One\ntwo\nthree\n\n\nfour\n"))
        assert.equal("<h3>A # b</h3>", html("### A # b ##\r\n"))
        assert.equal("<p>#no heading</p>", html("#no heading"))
    end)

    it("knows lists; an indented line goes on with its item", function()
        assert.equal("<ul>\n<li>a b</li>\n<li>c</li>\n</ul>\n<p>d</p>", html("- a\n  b\n\n* c\nd"))
        assert.equal("<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n<ul>\n<li>c</li>\n</ul>", html("1. a\n2. b\n- c"))
    end)

    it("knows bold, code and links", function()
        assert.equal("<p><b>a <code>b</code>c</b> <code>**d**</code></p>", html("**a `b`c** `**d**`"))
        assert.equal('<p><a href="https://x.y/z?a=1&amp;b=2" target="_blank">the <b>z</b></a>.</p>',
            html("[the **z**](https://x.y/z?a=1&b=2)."))
    end)

    it("shows code in fences as it is, also without an end", function()
        assert.equal("<p>a</p>\n<pre>- &lt;b&gt;\n\n  **c**</pre>\n<p>d</p>",
            html("a\n```sh\n- <b>\n\n  **c**\n```\nd"))
        assert.equal("<pre>x\n</pre>", html("```\nx\n"))
    end)

    it("escapes everything else and leaves single marks alone", function()
        assert.equal("<p>&lt;script&gt; &amp; \"x\"</p>", html('<script> & "x"'))
        local marks = "2 * 3 ** 4 ` [x] [y](javascript:z) ["
        assert.equal("<p>" .. marks .. "</p>", html(marks))
        assert.equal('<p>[a](https://"&gt; b)</p>', html('[a](https://"> b)'))
        assert.equal('<p>[a](https://x"onclick)</p>', html('[a](https://x"onclick)'))
    end)

    -- Fault: a notice of a device script runs as HTML what a user or VRM wrote into a name.
    -- Expected: it is shown as it is written, but for bold, code and links to http and https.
    it("has one line without a block for the notices of scripts", function()
        assert.equal("&lt;img src=x onerror=alert(1)&gt; <b>low</b> \u{1F50B}",
            markdown.line("<img src=x onerror=alert(1)> **low** \u{1F50B}"))
        assert.equal('<a href="https://x.y" target="_blank">&lt;b&gt;</a> [a](javascript:x)',
            markdown.line("[<b>](https://x.y) [a](javascript:x)"))
    end)

    -- Fault: a name that turns the direction of writing turns the rest of a notice, too.
    -- Expected: it ends with the name.
    it("keeps a name's direction of writing and HTML within the name", function()
        assert.equal("<bdi>\u{202E}&lt;script&gt;</bdi>", markdown.name("\u{202E}<script>"))
        assert.equal("<bdi>\u{628}\u{637}</bdi>", markdown.name("\u{628}\u{637}"))
    end)

    it("takes anything", function()
        assert.equal("", html(""))
        assert.equal("", html("\n \n"))
        for _, value in ipairs { 12, false, {} } do assert.equal("", html(value)) end
        assert.equal("", html(nil))
        local characters = "`*[]()#-1. \n\r\t<&a\255\0https://"
        math.randomseed(7)
        for _ = 1, 2000 do
            local text = {}
            for i = 1, math.random(60) do
                local at = math.random(#characters)
                text[i] = characters:sub(at, at)
            end
            local result = html(table.concat(text)):gsub('<a href="[^"<>]*" [^>]*>', "")
            assert.is_nil(result:gsub("</?%l%w*>", ""):find("[<>]"), table.concat(text))
        end
    end)
end)

describe("POLYGLOT_CONFIG.md", function()
    it("goes to PG3 as HTML at the start, with no mark left", function()
        local page = worlds.started().doc
        assert.truthy(page:find("<h1>", 1, true))
        for _, name in ipairs { "vrm_token", "temp_unit", "stale_values", "battery_level" } do
            assert.truthy(page:find("<code>" .. name .. "</code>", 1, true), name)
        end
        local text = page:gsub("<pre>.-</pre>", ""):gsub("<code>.-</code>", "")
        for _, mark in ipairs { "**", "`", "](", "\n#", "|" } do
            assert.is_nil(text:find(mark, 1, true), mark)
        end
    end)
end)
