--- What helps with Lua's own messages: what people write who know other languages, and slips of the pen.
-- check.hints loads it when there is a message to help with: it is large, and most plugins never need it.

local by_words = require("types.lists").by_words
local words = require("types.lists").words

local known = {}

known.KEYWORDS = words [[and break do else elseif end false for function goto if in local nil not or
    repeat return then true until while]]

--- What scripts have (docs/authors.md, What a script sees).
known.GLOBALS = words [[assert device_of devices_of error ipairs math next number pairs pcall print
    rawequal rawget rawlen rows_of select setmetatable setting site_of sleep string table timer tonumber
    tostring type unit use vrm]]
known.FIELDS = {
    string = words "byte char find format len lower pack packsize rep reverse sub unpack upper",
    table = words "concat insert remove sort unpack",
    timer = words "after cancel every",
    vrm = words "get",
    math = words "abs ceil cos exp floor fmod huge log max min modf pi sin sqrt tan tointeger type",
}
known.NO_METHODS = { address = "node.address?", name = "node.name?", state = "node.state?" }
known.OF_NODE = words "address event get log name notice param set state"

local ALONE = "A value alone does nothing: write return before it."
local COMMENT = "A comment begins with --."
local FIELD = "A field is written name = value, or [\"/Path\"] = value."
local FUNCTION = "Write function(rows) return ... end."
local IN_BRACES = "Tables, rows and lists stand in { }."
local ONE_SIGN = "A value is given by one =; == compares."
local FOR = "Write for i = 1, 3 do ... end."
local FOR_EACH = "Write for path, row in pairs(rows) do ... end."
local NUMBERED = "A number as the name of a field stands in [ ]: { [0] = \"Off\" }."
local NO_ARROW = "There is no -> in Lua: row.value, function(rows) return ... end."
local COLON = "A colon is for what is called, node:set(\"GV1\", 5); else there is a point: node.state,"
    .. " unit.volt."

local INVISIBLE = "There is a sign that is not seen, copied from a page perhaps: write the line anew."

-- A hint is { pattern in the message, pattern in the code (none: any code), what to write }. Of a list the
-- first that fits counts; NAME is what the first pattern captures. In BY_CODE <word> is a whole word.

--- What a line's code tells of a message of the compiler's.
known.BY_CODE = {
    { "<\\%d+>", "\226\128[\139-\143]", INVISIBLE }, { "<\\%d+>", "\239\187\191", INVISIBLE },
    { ":1: unexpected symbol near '<'", "", "Is this a page of the web? Save the file itself." },
    { "near '[<=>][<=>]'", "^[<=>][<=>][<=>][<=>]", "Two versions were merged here: keep one of both." },
    { "near '`'", "^%s*```", "``` is of a page: save what stands between." },
    { "near '%+'", "^%+", "Is this a patch? Save the file itself, without + at the beginning of lines." },
    { "near '%d+'", "^%s*%d+:?%s", "Take the numbers of the lines off." },
    { "near", "^%s*class%s", "A script gives a table: return { api = 2, ... }." },
    { "near '=='", "==", ONE_SIGN }, { "near", "%?%?", "Write a or b for a ?? b." },
    { "near", "%?%.", "Write row and row.value for row?.value." }, { "'do' expected", "<in>", FOR_EACH },
    { "'in' expected", "<of>", FOR_EACH }, { "'do' expected", "<for>", FOR },
    { "near", "<async>", "There is no async: what may wait waits by itself." },
    { "near", "<await>", "There is no await: sleep(5) and vrm.get(...) wait by themselves." },
    { "near '[*+/%-]'", "function%s*%([%w_, ]*%)%s*[%w_]+%s*[*+/%-]", ALONE },
    { "near '[*+/%-]'", "function%s*%([%w_, ]*%)%s*[%w_]+%b[][%w_.]*%s*[*+/%-]", ALONE },
    { "near '[*+/%-]'", "^%s*[%w_]+%b[][%w_.]*%s*[*+/%-]", ALONE },
    { "'then' expected near '='", "=>", "Write >= for =>." }, { "near '='", "=<", "Write <= for =<." },
    { "near", "<return>.*=>", "Write >= for =>." },
    { "near '='", "%f[%w_]return%s*=", "Nothing stands between return and what is given: take the = off." },
    { "near '='", "match%s*=%s*service%s*=", "Write match = { service = \"tank\" }." },
    { "'}' expected near '='", "[\"']%s*=", "A text as a name stands in [ ], as in [\"/Level\"] = 79;"
        .. " else take the quotes off: ST = 79." },
    { "'=' expected near", "%[%s*[\"']+%s*%]%s*[,}]", "A path alone stands without [ ]." },
    { "near '>'", "%]%s*=>", FIELD }, { "near ':'", "%]%s*:", FIELD },
    { "'=' expected", "%[[^%]]*%]%s*[\"']", FIELD },
    { "'end' expected near '='", "<return>", "Compare with ==; a single = gives a value." },
    { "'%)' expected near '='", "%f[%w_]if%s*%(", "Compare with ==; a single = gives a value." },
    { "'%)' expected near '='", "[%w_]%s*%([^)]*[%w_]%s*=", "What a function is given has no name:"
        .. " timer.every(60, fn)." },
    { "near '[<>]=?'", "%f[%w_]and%s*[<>]", "Name it on both sides: x > 50 and x < 80." },
    { "near '[<>]=?'", "%f[%w_]or%s*[<>]", "Name it on both sides: x < 50 or x > 80." },
    { "',' expected", "<for>", FOR }, { "near", "<foreach>", FOR_EACH },
    { "near", "%f[%w_]for%s+each%f[^%w_]", FOR_EACH },
    { "near", "<while>[^{]*{", "There are no { } around what is done: while x > 0 do ... end." },
    { "near", "<endif>", "Write end for endif." },
    { "near", "%f[%w_]end%s+if%f[^%w_]", "Write end for end if." },
    { "near", "<when>", "Write if x > 0 then ... end." },
    { "near", "<begin>", "There is no begin: function(rows) ... end, if x > 0 then ... end." },
    { "near", "%->", NO_ARROW }, { "near ':'", "%)%s*:", "No : stands there; what is done ends with end." },
    { "<name> expected near 'function'", "%)%s*:", "What a function is given stands in its ( ):"
        .. " timer.every(60, function() ... end)." },
    { "<name> expected near 'function'", ":", FIELD }, { "near 'return'", "=%s*%(", FUNCTION },
    { "'}' expected", "[{,]%s*%u[%u%d_]*%s*%(", "Write RESET = function(node, args) ... end." },
    { "near '%('", "%d%s*%(", "Write * between what is multiplied." },
    { "near '%+'", "=%s*%+", "Write x = x + 1." },
    { "<eof> expected", "^%s*return%s*$", "The table after return begins with {." },
    { "function arguments expected", ":", COLON }, { "near", "!=", "Write ~= for \"is not\"." },
    { "near", "&&", "Write and for &&." }, { "near", "||", "Write or for ||." },
    { "near", "===", "Compare with ==." }, { "near", "<>", "Write ~= for <>." },
    { "near", "%*%*", "Write x ^ y for x ** y." },
    { "near", "[{,]%s*%-?%d+%s*[:=]", NUMBERED }, { "near", "^%s*%-?%d+%s*[:=]", NUMBERED },
    { "near", "=>", FUNCTION }, { "near", "//", COMMENT }, { "near", "/%*", COMMENT },
    { "near", "#%s", COMMENT }, { "near", "^%s*#", COMMENT }, { "near", "<lambda>", FUNCTION },
    { "near", "%f[%w_]func?%s*%(", FUNCTION }, { "near", "[%w_]%s*%-=", "Write x = x - 1." },
    { "near", "[%w_]%s*[%+%*/]=", "Write x = x + 1." }, { "near", "%+%+", "Write x = x + 1." },
    { "near", "<continue>", "Lua has no continue: if not x then ... end around the rest." },
    { "near", "<try>", "Lua has no try: local ok, result = pcall(fn, ...)." },
    { "symbol near '{'", "<function>[^{]*{", "There are no { } around what a function does:"
        .. " function(rows) ... end." },
    { "'%(' expected", "=%s*function%s+[%a_][%w_]*%s*%(", "A function in the table has no name of its"
        .. " own: update = function(node, rows) ... end." },
    { "'%(' expected", "^%s*function%s+[%a_]", "In a table it is update = function(node, rows) ... end." },
    { "symbol near '{'", "^%s*local%s+[%a_][%w_]*%s*{", "Is a = missing before it?" },
    { "near", "^%s*local%s+[%a_][%w_]*%s*%(", "Write local function name(...) ... end." },
    { "'%(' expected", "function", "function is followed by what it is given: function(rows) ... end." },
    { "<name> expected", "%.%s*[\"/]", "Write rows[\"/Path\"]." },
    { "near", "%f[%w_]number%s+[%a_]", "Write number(rows, \"/Path\")." },
    { "near", "%f[%w_]number%s*%[", "Write number(rows, \"/Path\")." },
    { "near", "%?", "Write a and b or c for a ? b : c." },
    { "near", "%d%%", "Write numbers without their unit." }, { "near", "=%s*%(", IN_BRACES },
    { "near", "^%s*%(", IN_BRACES }, { "near", "^%s*%[", IN_BRACES }, { "near", "=%s*%[%s*\"", IN_BRACES },
    { "near", "[\"%w_]%s*:%s*[\"'{%d%[]", FIELD }, { "near", "[\"%w_]%s*:%s*%a[%w_.]*%s*[,}]", FIELD },
    { "near", "<elif>", "Write elseif." },
    { "near", "%f[%w_]else%s+if%f[^%w_]", "Write elseif, or end both." },
    { "near", "^%s*def%f[^%w_]", "Write local function name(...) ... end." },
    { "near", "^%s*import%f[^%w_]", "Write local name = use \"name\"." },
    { "near", "^%s*from%s+%w+%s+import", "Write local name = use \"name\"." },
    { "near", "%f[%w_]use%s+[%a_]", "The name of a lib stands in quotes: use \"tools\"." },
    { "near", "^%s*export%s", "End the file with return { ... }." },
    { "near", "^%s*module%.", "End the file with return { ... }." },
}

for _, word in ipairs(words "var let const int float double bool auto") do
    table.insert(known.BY_CODE, { "near", "<" .. word .. ">%s+[%a_]", ("Write local for %s."):format(word) })
end

for _, hint in ipairs(known.BY_CODE) do hint[2] = hint[2]:gsub("<(%a+)>", "%%f[%%w_]%1%%f[^%%w_]") end

--- What such a message alone tells.
known.BY_MESSAGE = {
    { "<\\226>", "Typographic quotes and dashes are no signs of Lua: write \" and -." },
    { "<\\194>", "There is a sign that is no blank, copied from a page perhaps: write a plain blank." },
    { "<\\195>", "Names have a to z, digits and _; write * for × and / for ÷." },
    { "<\\25[45]>", "Save the file as UTF-8." },
    { "<\\%d+>", "Outside of texts, Lua knows a to z, digits and plain signs only: write those." },
    { "binary chunk", "A script is a text; this is what luac made of one." },
    { "unfinished string", "A text ends with the quote it began with, on the same line." },
    { "unfinished long", "What begins with [[ ends with ]]." },
    { "invalid escape", "Write \\\\ for \\ in a text; paths of VRM have /." },
    { "malformed number", "Write numbers with a point and without a unit, and names not beginning with a"
        .. " digit." },
    { "near '|'", "Write or for ||." }, { "near '!'", "Write not for !." },
    { "'then' expected near 'is'", "Compare with ==, and with ~= for \"is not\"." },
    { "<name> expected near '='", "A value is given by one =: local x = 5." },
    { "'then' expected near '='", "Compare with ==; a single = gives a value." },
    { "'then' expected near '{'", "There are no { } around what is done: if x > 0 then ... end." },
    { "'then' expected", "if is followed by then: if x > 0 then ... end." },
    { "'do' expected", "Write for i = 1, 3 do ... end." },
    { "'=' or 'in' expected", "Write for i = 1, 3 do ... end." },
    { "'}' expected near '%['", "Is a comma missing before it, or a } ?" }, { "near '#'", COMMENT },
    { "near '%['", IN_BRACES }, { "near '`'", "Write texts in \" \"." },
    { "near '[@$]'", "Write names without it." }, { "near '%%'", "Write unit.percent." },
    { "near ';'", "Fields are parted by commas." },
    { "'}' expected near '[])]'", "What begins with { ends with }." },
    { "'}' expected near 'end'", "There is one end too many." },
    { "'}' expected %(.*near <eof>", "A } is missing: each { has one." },
    { "'}' expected %(.*near 'end'", "Is there an end too many, or is a comma missing at the end of the"
        .. " row above?" },
    { "'}' expected %(to close '{' at line", "Is a comma missing at the end of the row above, or a } ?" },
    { "'}' expected near '='", "A name of a field has no blanks; else write [\"...\"] = ." },
    { "'}' expected", "Is a comma missing before it, or a } ?" },
    { "'%)' expected near 'end'", "Is a ) missing?" },
    { "syntax error near ','", "Take the comma off: in a function nothing stands between what is done." },
    { "'%)' expected", "Is a comma missing before it, or a ) ?" },
    { "'=' expected", "A name in [ ] is followed by = and its value: [0] = \"Off\"." },
    { "'end' expected near '[xX]'", "Write * for x." },
    { "'end' expected near 'else", "There is an end too many before it, or an if too few." },
    { "'until' expected", "Write repeat ... until x > 5." },
    { "'end' expected", "Each function, if and for ends with end." },
    { "<eof> expected near 'end'", "There is one end too many." },
    { "<eof> expected near '}'", "There is one } too many." },
    { "<eof> expected near '[={]'", "The table ends above: is there a } too many, or a { missing?" },
    { "<eof> expected", "Nothing stands after the return of the table: move it above." },
    { "near <eof>", "The file is not complete: is a } or an end missing?" },
    { "unexpected symbol near '{'", "Begin the table with return." },
    { "unexpected symbol near 'local'", "In a table a field is name = value; variables are declared above"
        .. " it." },
    { "unexpected symbol near 'return'", "return begins what a function gives: return x or 0." },
    { "unexpected symbol near 'end'", "A value is missing before it." },
    { "unexpected symbol near ','", "There is a comma too many, or a value is missing before it." },
    { "unexpected symbol near '/'", "Write a path in quotes." },
    { "unexpected symbol near '}'", "A value is missing before it." },
    { "unexpected symbol near '='", "Compare with ==; a value is given as name = value." },
    { "unexpected symbol near '\"'", "A text alone does nothing: give it to a variable." },
    { "unexpected symbol near '%d", "A number alone does nothing: write return before it, or give it to a"
        .. " variable." },
    { "assign to const variable '([%w_]+)'", "Take <const> off, or give it another name." },
    { "no visible label 'continue'", "Lua has no continue: if not x then ... end around the rest." },
    { "unexpected symbol near '%.%.'", "A value alone does nothing: give it to a variable, or to print." },
    { "syntax error near 'end'", "A name alone does nothing: write return before what a function gives." },
    { "syntax error near", "Is a word misspelt, or a quote missing?" },
    { "ends with 'return", "Write return before the table, or return and its name at the end of the file." },
}

--- What a function of a script raised.
known.ARGS = "args has the numbers of the command by the ids of its parameters, args.value for the id \"\"."
local IN_STATE = "What was never kept is nil: (node.state.x or 0) + 1."
local INTEGERS = "%d takes whole numbers: write %.1f, or math.floor(x)."
local NOT_SENT = "What VRM did not send is nil: if not x then return nil end."
local A_ROW = "A row is a table: its number is rows[\"/Path\"].value, or number(rows, \"/Path\")."
local ONE_AT_A_TIME = "One comparison at a time: 50 < x and x < 80; not (x > 50)."
local OF_MAP = "map is given the value, a number: map = function(value) return value * 2 end."
local ENDLESS = "Is there a loop, or a function that calls itself, without an end?"
local OF_FROM = "from is given the rows alone: from = function(rows) return ... end."
known.BY_VALUE = {
    { "rows expected, got number", "%f[%w_]map%s*=", OF_MAP },
    { "index a number value", "%f[%w_]map%s*=", OF_MAP },
    { "rows expected, got table", "%f[%w_]from%s*=%s*function%s*%(%s*node", OF_FROM },
    { "index a number value %(field 'time'", "time is unix seconds: site_of(node).clock.hour is the hour." },
    { "'next' %(table expected, got rows", "Write for path, row in pairs(rows) do ... end." },
    { "table expected, got rows", "Write for path, row in pairs(rows) do ... end." },
    { "call a table value %(global 'unit'", "Write unit.watt, with a point." },
    { "call a string value %(field '([%w_]+)'", "unit%.%s*NAME%s*%(", "Write unit.NAME, without ( )." },
    { "call a string value %(field '([%w_]+)'", "unit%.%s*NAME", "Is a comma missing after unit.NAME?" },
    { "compare boolean with", ONE_AT_A_TIME }, { "compare number with boolean", ONE_AT_A_TIME },
    { "compare .*clock", "clock is a table: site_of(node).clock.hour >= 6." },
    { "rows expected, got node", "The node is given first: update = function(node, rows) ... end." },
    { "argument #%d to 'number'", "rows_of%s*%(", "Write number(rows_of(node), \"/Path\")." },
    { "index a number value", "%f[%w_]for%s+[%w_]+%s+in%s+i?pairs", "The number comes first: for i,"
        .. " device in ipairs(devices_of(node)) do ... end." },
    { " nil value", "%f[%w_]start%s*=%s*function%s*%([%w_]+%s*,", "start is given the node alone; update"
        .. " = function(node, rows) ... end has the rows." },
    { "nil value %(local", "local%s+[%w_]+%s*,%s*[%w_]+%s*=%s*number", "number gives one number: the"
        .. " first of those that is there." },
    { "attempt to %a+ a .*'string'", "setting%s*%(", "The setting is a text: give it a number as its"
        .. " default, without quotes." },
    { "on an? args value", known.ARGS }, { " nil value", "%f[%w_]args%s*[%.%[]", known.ARGS },
    { "on a table value %(local 'args'%)", known.ARGS }, { "arithmetic on a row value", A_ROW },
    { "compare .*row", A_ROW }, { "concatenate a row", A_ROW }, { "expected, got row", A_ROW },
    { "arithmetic on a nil value %(field '([%w_]+)'", "node%.state%.NAME%f[^%w_]", IN_STATE },
    { "arithmetic on a nil value", "tonumber%s*%(%s*rows%s*%b[]%s*%)", A_ROW },
    { "compare %a+ with nil", "node%.state%.", IN_STATE }, { "compare nil with", "node%.state%.", IN_STATE },
    { "table expected, got nil", "node%.state%.", "Before it: node.state.x = node.state.x or {}." },
    { "arithmetic on a table value", A_ROW }, { "compare number with table", A_ROW },
    { "compare table with number", A_ROW }, { "concatenate a table", A_ROW },
    { "'set' %(number expected, got table", A_ROW },
    { "'set' %(number expected, got boolean", "Write x and 1 or 0." },
    { "attempt to concatenate a nil value %(field '([%w_]+)'", "Is NAME misspelt? tostring(x) takes what"
        .. " may be nil." },
    { "attempt to concatenate a nil", "Write tostring(x) for what may be nil." },
    { "arithmetic on a nil value", NOT_SENT }, { "compare nil with", NOT_SENT },
    { "compare %a+ with nil", NOT_SENT }, { "compare two nil", NOT_SENT },
    { "%(number expected, got nil", NOT_SENT },
    { "index a number value", "%f[%w_]number%s*%(", "number(...) is the number itself, or nil." },
    { "index a number value", ":cancel%s*%(", "Write timer.cancel(id)." },
    { "index a number value", "A number has no fields: take off what follows it." },
    { "call a number value %(method", "It is a number, no function: row.value, without ()." },
    { "call a string value %(method '([%w_]+)'", "It is a text, no function: .NAME, without ()." },
    { "a function cannot be passed on", "A function that is to be called is written with ()." },
    { "on a string value", "tonumber(text) makes a number of a text, .. joins texts." },
    { "attempt to %a+ a '.-' with a '.-'", "tonumber(text) makes a number of a text, .. joins texts; the"
        .. " unit of a driver is its row's." },
    { "attempt to call a number value$", "Is a * or a comma missing before the ( ?" },
    { "call a number value %(for iterator", "Write for i = 1, 3 do ... end." },
    { "call a table value %(for iterator", "Write for i, x in ipairs(list) do ... end." },
    { "call a %a+ value %(for iterator", "Write for path, row in pairs(rows) do ... end." },
    { "call a rows value", "Write rows[\"/Path\"], or number(rows, \"/Path\")." },
    { "has no driver (%u[%u%d_]*)%.?$", "Add a row: { \"NAME\", unit.count, \"Label\", by_script = true }." },
    { "has no driver", "A driver is called by its id, \"GV1\"; a row is read by number(rows, \"/Path\")." },
    { "the row of ([%w_]+) does not say by_script", "VRM fills NAME; what the script sets has a row of its"
        .. " own." },
    { "by code, not by number", "Write for path, row in pairs(rows) do ... end." },
    { "length of a rows value", "for path, row in pairs(rows) do ... end goes through them." },
    { "call a table value %(global 'timer'", "Write timer.every(60, function() ... end)." },
    { "call a clock value %(%a+ '([%w_]+)'", "NAME is a table, no function: write it without ()." },
    { "call a table value %(%a+ '([%w_]+)'", "NAME is a table, no function: write it without ()." },
    { "argument #1 to '([%a_]+)' %(a node, or", "Write NAME(node), or NAME(rows), with what the function is"
        .. " given." },
    { "argument #1 to 'log'", "The level is first: node:log(\"info\", \"...\"), or \"debug\","
        .. " \"warning\", \"error\"." },
    { "no integer representation", "format%s*%(", INTEGERS },
    { "no integer representation", ":log%s*%(", INTEGERS },
    { "argument #%d to '%?' %(no value", "The format has more % than there are values behind it." },
    { "argument #%d to '%?' %(%a+ expected, got no value", "The format has more % than there are values"
        .. " behind it." },
    { "calling 'get' on bad self", "Write vrm.get(\"/installations/1/stats\"), with a point." },
    { "index is nil", "What stands in [ ] is nil here." },
    { "index is NaN", "What stands in [ ] is 0 / 0 here, which is no number." },
    { "this call waits", "start, update, commands and timers may wait." },
    { "a userdata cannot be passed on", "number(rows, \"/Path\") gives the number of a row." },
    { "ran longer than its budget", ENDLESS }, { "needs more than its", ENDLESS },
}

--- The same where something is nil, or a node is asked for what it does not have.
local NO_DEVICE = "rows_of gives nil where there is no such device, or it is offline; number takes that as"
    .. " well: number(rows_of(rows, \"battery\"), \"/Soc\")."
local NO_ROW = "A row need not be there: number(rows, \"/Path\") gives its number, or nil."
known.BY_NIL = {
    { "", "%f[%w_]from%s*=%s*function%s*%(%s*rows%s*,", OF_FROM },
    { "call a nil value %(%a+ '", "%f[%w_]rows%s*[.:]", "Write number(rows, \"/Path\")." },
    { "call a nil value %(%a+ 'set'", "function%s*%(%s*self%s*,",
      "There is no self: update = function(node, rows) ... end." },
    { "to index a nil value", "rows%s*[%[.]", NO_ROW }, { "to index a nil value.*%(field '/", NO_ROW },
    { "to index a nil value", "rows_of%s*%(", NO_DEVICE },
    { "to index a nil value %(field '([^'?]+)'", "node%.state%.NAME%f[^%w_]",
      "Before it: node.state.NAME = node.state.NAME or {}." },
    { "to index a nil value %(local '([^'?]+)'", "timer%.%l+%s*%(.-function%s*%([^)]*%f[%w_]NAME",
      "A timer gives its function nothing: function() ... end, in which NAME of outside is there." },
    { "to index a nil value %(local '([^'?]+)'", "NAME is nil here: if not NAME then return end." },
    { "to index a nil value %(%a+ '([^'?]+)'", "There is no NAME: is it misspelt?" },
    { "to index a nil value", "What is before the . or [ is not there: look whether it is nil." },
    { "a node has no '", "function%s*%(%s*args%s*%)",
      "The node is given first: function(node, args) ... end." },
    { "a node has no '(GV%d+)'", "Write node:set(\"NAME\", 5)." },
}

--- How the functions are written that scripts are given.
known.WRITTEN = {
    number = "number(rows, \"/Path\")", rows_of = "number(rows_of(rows, \"battery\"), \"/Soc\")",
    every = "timer.every(60, function() ... end)", after = "timer.after(60, function() ... end)",
    cancel = "timer.cancel(id), with the number that timer.every gave", sleep = "sleep(5)",
    setting = "setting(\"name\")", set = "node:set(\"GV1\", 5)", event = "node:event(\"NAME\")",
    notice = "node:notice(\"full\", \"The tank is full\")", log = "node:log(\"info\", \"The tank is full\")",
    param = "node:param(\"temp_unit\")", write = "node:write(\"/Relay/0/State\", 1)",
    get = "node:get(\"GV1\"), or vrm.get(\"/installations/1/stats\")",
}

local ONE_EQUALS = "A field is given by one =: NAME = ..."

--- What the code around a name that nobody declared tells, before it is compared with other names; and after.
known.BY_GLOBAL = {
    { "", "//", COMMENT }, { "", "[,}%s]#%s", COMMENT },
    { "", "^%s*NAME%s*==", ONE_EQUALS }, { "", "[{,]%s*NAME%s*==", ONE_EQUALS },
    { "", "setting%s*%(%s*NAME%s*%)", "Write setting(\"NAME\")." },
    { "", "%f[%w_]f[\"']", "Texts are joined by ..: \"Level: \" .. level" },
    { "'rows'", "function%s*%(%s*node%s*%)", "Write function(node, rows)." },
}
known.BY_OTHER_GLOBAL = {
    { "^[A-Z][A-Z0-9]?[A-Z0-9]?$", "The id of a driver stands in quotes: \"NAME\"." },
    { "^GV%d+$", "The id of a driver stands in quotes: \"NAME\"." },
    { "", "%f[%w_]NAME%s*%(", "Declare it above: local function NAME(...) ... end." },
    { "", "Declare it above with local, or write a text in quotes." },
}

local OTHER_WORLD = "vrm.get asks VRM; scripts reach nothing else."
local A_LIB = "Write use \"name\" for the lib lib/name.lua beside the script."
local GIVEN_NODE = "start, update and commands are given the node: update = function(node, rows) ... end."
local GIVEN_ROWS = "A function is given the rows: number(rows, \"/Path\"); update the node, too:"
    .. " function(node, rows)."
local NAMED = "Functions of the table have no names of their own: write local function update(node, rows)"
    .. " ... end above it, and update = update in it."
local PATTERNS = "Scripts have no patterns; string.find(text, \"plain text\") finds a text, string.sub"
    .. " cuts it."

--- Names of other languages and of Lua's that scripts do not have.
known.SLIPS = by_words {
    ["Write nil."] = "null none None undefined NULL Nil", ["Write true."] = "True TRUE",
    ["Write false."] = "False FALSE", ["Write local."] = "var let const",
    ["Write print(...)."] = "logger ESP_LOGI ESP_LOGD debug echo printf console",
    ["Write print(...), or math.log(x)."] = "log", ["Write error(\"...\")."] = "throw raise",
    [OTHER_WORLD] = "mqtt http socket", ["vrm.get gives tables."] = "json JSON cjson",
    [A_LIB] = "require include import dofile", [GIVEN_NODE] = "node self this",
    [GIVEN_ROWS] = "msg payload meta", [NAMED] = "update start",
    ["A driver's value is node:get(\"GV1\"); a row's is number(rows, \"/Path\")."] = "id",
    ["End the file with return { ... }."] = "module exports",
    ["site_of(rows).time is now, site_of(rows).clock.hour the hour there."] = "os",
    ["site_of(node).time is now, site_of(node).clock.hour the hour there."] = "time",
    ["Scripts have no files: node.state keeps what has to outlast a restart."] = "io",
    ["start, update, commands and timers may wait: sleep(seconds)."] = "coroutine",
    ["A function is given the rows: from = function(rows) return number(rows, \"/Soc\") end."] = "rows",
    ["A command is given its numbers: function(node, args) ... end."] = "args",
    ["map is given the value: map = function(value) return ... end."] = "value",
    ["What outlasts a restart is node.state."] = "state", ["Write setting(\"name\")."] = "settings",
    ["Write sleep(seconds)."] = "wait delay", ["Write timer.after(seconds, fn)."] = "setTimeout",
    ["Write timer.every(seconds, fn)."] = "setInterval", ["Write a function."] = "load",
    ["Write if x == 1 then ... elseif x == 2 then ... end."] = "switch",
    ["Write string.sub, string.find and others of string."] = "utf8", ["Write local variables."] = "_G",
    ["Write pcall."] = "xpcall", ["Write table.unpack."] = "unpack",
    ["It is not there for scripts."] = "getmetatable", ["Write tostring(x)."] = "str",
    ["Write tonumber(x)."] = "float parseInt parseFloat", ["Write math.floor(x)."] = "int floor",
    ["Write #list, or #text."] = "len", ["places = 1 in the row rounds."] = "round",
    ["Write math.abs(x)."] = "abs", ["Write math.min(a, b)."] = "min", ["Write math.max(a, b)."] = "max",
    ["In a row it is a word: sum = { \"/Ac/L1/Power\", \"/Ac/L2/Power\" }."] = "sum",
    ["Write local function name(...)."] = "def", ["Write function(rows) return ... end."] = "lambda",
}

--- Functions that are not in a table of the sandbox.
known.FIELD_SLIPS = by_words {
    [PATTERNS] = "match gmatch gsub split replace strip trim contains", ["Write a loop."] = "move",
    ["places = 1 in the row rounds; else math.floor(x + 0.5)."] = "round", ["Write x ^ y."] = "pow",
    ["It is not there for scripts."] = "dump", ["Write table.insert(list, x)."] = "append push",
    ["Write string.len(text), or #text."] = "length lenght",
    ["Write number(rows, \"/Path\")."] = "number",
}

--- What a node is asked for with a colon or a point.
known.NODE_SLIPS = by_words {
    get = "value getvalue getdriver", set = "setdriver setvalue publish publishstate",
    event = "report reportcmd send", log = "print warning info debug", notice = "notify",
}

--- Fields of what scripts are given (types.fields).
known.GIVEN_SLIPS = {
    ["a site"] = by_words { ["clock.hour"] = "hour", ["clock.minute"] = "minute", ["clock.second"] = "second",
                         ["clock.day"] = "day", ["clock.month"] = "month", ["clock.year"] = "year",
                         ["clock.weekday"] = "weekday", zone = "timezone tz", time = "now timestamp",
                         clock = "date localtime" },
    ["a clock"] = by_words { hour = "hours", minute = "minutes min", second = "sec", weekday = "wday dow" },
    ["a device"] = by_words { product = "model productname", service = "type", instance = "id deviceinstance",
                           name = "customname title" },
    ["a row"] = by_words { value = "val number raw rawvalue state", timestamp = "time", path = "dbuspath",
                        text = "formatted formattedvalue string", label = "name description" },
    ["what was found"] = by_words { product = "name model productname", instance = "id" },
}

return known
