--- What helps with Lua's own messages: what people write who know other languages, and slips of the pen.

local drivers = require "types.drivers"
local is_word = require("check.fields").is_word
local slips = require "check.slips"
local units = require "types.units"
local words = require("types.lists").words
local wording = require "types.wording"

local hints = {}

local KEYWORDS = words [[and break do else elseif end false for function goto if in local nil not or
    repeat return then true until while]]

--- What scripts have (docs/authors.md, What a script sees).
hints.GLOBALS = words [[assert device_of devices_of error ipairs math next number pairs pcall print
    rawequal rawget rawlen rows_of select setmetatable setting site_of sleep string table timer tonumber
    tostring type unit use vrm]]
hints.FIELDS = {
    string = words "byte char find format len lower pack packsize rep reverse sub unpack upper",
    table = words "concat insert remove sort unpack",
    timer = words "after cancel every",
    vrm = words "get",
    math = words "abs ceil cos exp floor fmod huge log max min modf pi sin sqrt tan tointeger type",
}
local NO_METHODS = { address = "node.address?", name = "node.name?", state = "node.state?" }
local OF_NODE = words "address event get log name notice param set state"

local ALONE = "A value alone does nothing: write return before it."
local COMMENT = "A comment begins with --."
local FIELD = "A field is written name = value, or [\"/Path\"] = value."
local FUNCTION = "Write function(rows) return ... end."
local IN_BRACES = "Tables, rows and lists stand in { }."
local ONE_SIGN = "A value is given by one =; == compares."
local FOR = "Write for i = 1, 3 do ... end."
local FOR_EACH = "Write for path, row in pairs(rows) do ... end."
local NO_ARROW = "There is no -> in Lua: row.value, function(rows) return ... end."
local COLON = "A colon is for what is called, node:set(\"GV1\", 5); else there is a point: node.state,"
    .. " unit.volt."

local INVISIBLE = "There is a sign that is not seen, copied from a page perhaps: write the line anew."

-- A hint is { pattern in the message, pattern in the code (none: any code), what to write }. Of a list the
-- first that fits counts; NAME is what the first pattern captures. In BY_CODE <word> is a whole word.

--- What a line's code tells of a message of the compiler's.
local BY_CODE = {
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
    { "near", "[{,]%s*%-?%d+%s*[:=]", "A number as the name of a field stands in [ ]: { [0] = \"Off\" }." },
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
    table.insert(BY_CODE, { "near", "%f[%w_]" .. word .. "%s+[%a_]", ("Write local for %s."):format(word) })
end

for _, hint in ipairs(BY_CODE) do hint[2] = hint[2]:gsub("<(%a+)>", "%%f[%%w_]%1%%f[^%%w_]") end

--- What such a message alone tells.
local BY_MESSAGE = {
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
local ARGS = "args has the numbers of the command by the ids of its parameters, args.value for the id \"\"."
local IN_STATE = "What was never kept is nil: (node.state.x or 0) + 1."
local INTEGERS = "%d takes whole numbers: write %.1f, or math.floor(x)."
local NOT_SENT = "What VRM did not send is nil: if not x then return nil end."
local A_ROW = "A row is a table: its number is rows[\"/Path\"].value, or number(rows, \"/Path\")."
local ONE_AT_A_TIME = "One comparison at a time: 50 < x and x < 80; not (x > 50)."
local OF_MAP = "map is given the value, a number: map = function(value) return value * 2 end."
local ENDLESS = "Is there a loop, or a function that calls itself, without an end?"
local OF_FROM = "from is given the rows alone: from = function(rows) return ... end."
local BY_VALUE = {
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
    { "on an? args value", ARGS }, { " nil value", "%f[%w_]args%s*[%.%[]", ARGS },
    { "on a table value %(local 'args'%)", ARGS }, { "arithmetic on a row value", A_ROW },
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
local BY_NIL = {
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
local WRITTEN = {
    number = "number(rows, \"/Path\")", rows_of = "number(rows_of(rows, \"battery\"), \"/Soc\")",
    every = "timer.every(60, function() ... end)", after = "timer.after(60, function() ... end)",
    cancel = "timer.cancel(id), with the number that timer.every gave", sleep = "sleep(5)",
    setting = "setting(\"name\")", set = "node:set(\"GV1\", 5)", event = "node:event(\"NAME\")",
    notice = "node:notice(\"full\", \"The tank is full\")", log = "node:log(\"info\", \"The tank is full\")",
    param = "node:param(\"temp_unit\")", write = "node:write(\"/Relay/0/State\", 1)",
    get = "node:get(\"GV1\"), or vrm.get(\"/installations/1/stats\")",
}

--- What the first hint of a list that fits says; nil: none fits. word: what NAME is, nil: what is captured.
local function first_of(list, message, code, word)
    for _, hint in ipairs(list) do
        local found, _, captured = message:find(hint[1])
        local name = word or captured or "NAME"
        local in_code = (hint[3] and hint[2] or ""):gsub("NAME", (name:gsub("%p", "%%%%%0")))
        if found and code:find(in_code) then return (hint[#hint]:gsub("NAME", (name:gsub("%%", "%%%%")))) end
    end
    return nil
end

--- Texts of a line's code made blank, and its comment taken off, so that only signs of Lua are looked at.
local function bare(code)
    code = code:gsub("([\"'])(.-)%1", "%1%1")
    return (code:gsub("%-%-.*", ""))
end

local function line_of(text, number)
    local at = 0
    for line in (text .. "\n"):gmatch("(.-)\n") do
        at = at + 1
        if at == number then return line end
    end
    return ""
end

--- The last line with code before a line.
local function line_before(text, number)
    local line
    repeat
        number = number - 1
        line = line_of(text, number)
    until number < 1 or line:find("%S") and not line:find("^%s*%-%-")
    return line
end

local DECLARED = { "local%s+([%w_%s,]+)", "function%s+([%w_]+)", "function%s*[%w_]*%s*%(([%w_%s,]*)%)",
                   "for%s+([%w_%s,]+)%s" }

--- The names that a text declares, but for one.
local function declared(text, without)
    local names = {}
    for _, pattern in ipairs(DECLARED) do
        for list in text:gmatch("%f[%w_]" .. pattern) do
            for name in list:gmatch("[%a_][%w_]*") do names[name] = true end
        end
    end
    for _, word in ipairs(KEYWORDS) do names[word] = nil end
    names[without] = nil
    return names
end

--- A name that is given a value and was not declared.
local function of_assignment(name, text, code)
    if code:find("^%s*function%f[^%w_]") then return ("Write local function %s(...)."):format(name) end
    if name:find("^GV%d+$") or name == "ST" then
        return ("node:set(\"%s\", 5) shows a value."):format(name)
    end
    if not text:find("%f[%w_]return%s*{") and text:find("%f[%w_]" .. name .. "%s*=%s*{") then
        return ("Write return { for %s = {."):format(name)
    end
    local own = wording.near(name, declared(text, name))
    return own and ("Did you mean %s? Else declare it: local %s = ..."):format(own, name)
        or ("Declare it first: local %s = ..."):format(name)
end

local ONE_EQUALS = "A field is given by one =: NAME = ..."
local TO_NUMBER = "Write number(rows, \"/Path\")."

--- What the code around a name that nobody declared tells, before it is compared with other names; and after.
local BY_GLOBAL = {
    { "", "//", COMMENT }, { "", "[,}%s]#%s", COMMENT },
    { "", "^%s*NAME%s*==", ONE_EQUALS }, { "", "[{,]%s*NAME%s*==", ONE_EQUALS },
    { "", "setting%s*%(%s*NAME%s*%)", "Write setting(\"NAME\")." },
    { "", "%f[%w_]f[\"']", "Texts are joined by ..: \"Level: \" .. level" },
    { "'rows'", "function%s*%(%s*node%s*%)", "Write function(node, rows)." },
}
local BY_OTHER_GLOBAL = {
    { "^[A-Z][A-Z0-9]?[A-Z0-9]?$", "The id of a driver stands in quotes: \"NAME\"." },
    { "^GV%d+$", "The id of a driver stands in quotes: \"NAME\"." },
    { "", "%f[%w_]NAME%s*%(", "Declare it above: local function NAME(...) ... end." },
    { "", "Declare it above with local, or write a text in quotes." },
}

--- A name that people give to `number`.
local function is_number(name)
    for _, part in ipairs { "num", "val", "get", "row", "read", "float" } do
        if name:lower():find(part, 1, true) then return true end
    end
    return false
end

--- A name that nobody declared: what was meant.
local function of_global(name, text, code)
    local told = first_of(BY_GLOBAL, "'" .. name .. "'", code, name)
    if told then return told end
    if is_word(name) and code:find("[{,]%s*" .. name .. "%s*[,}]") then
        return (ONE_EQUALS:gsub("NAME", name))
    end
    local keyword, global = wording.near(name, KEYWORDS), wording.near(name, hints.GLOBALS)
    if code:find("^%s*" .. name .. "%s*{") and not keyword then
        return ("Is a = missing: %s = { ... }?"):format(name)
    end
    local there = wording.same(name, hints.GLOBALS)
        or not slips.global[name] and wording.same(name .. "of", hints.GLOBALS)    -- site for site_of
        or wording.near(name, declared(text, name))
    if there then return ("Did you mean %s?"):format(there) end
    if code:find("%f[%w_]" .. name .. "%s*%(%s*rows%s*,") and not global and is_number(name) then
        return TO_NUMBER
    elseif text:find("%f[%w_]use%s*%(?%s*[\"']" .. name .. "[\"']") then
        return ("Write local %s = use \"%s\"."):format(name, name)
    elseif slips.global[name] then
        return slips.global[name]
    elseif WRITTEN[name] then
        return ("Write %s."):format(WRITTEN[name])
    elseif code:find("%[%s*" .. name .. "%s*%]") and not code:find("unit%s*%[") then
        return ("A name in [ ] stands in quotes: [\"%s\"]. Else declare it above with local."):format(name)
    elseif code:find("%f[%w_]" .. name .. "%s*=[^=]") then
        return of_assignment(name, text, code)
    elseif units[name:lower()] then
        return ("Write unit.%s."):format(name:lower())
    end
    local word = keyword or global
    return word and ("Did you mean %s?"):format(word) or first_of(BY_OTHER_GLOBAL, name, code, name)
end

--- What stands before a field that is nil: "string" of string.match; nil: nobody knows.
local function owner_of(field, code)
    return code:match("([%a_][%w_]*)%s*[.:]%s*" .. field:gsub("%p", "%%%0") .. "%f[^%w_]")
end

local function of_field(field, code)
    local owner = owner_of(field, code)
    local known = owner and hints.FIELDS[owner]
    local meant = known and wording.near(field, known)
    if slips.field[field] and not (meant and wording.same(field, known)) then return slips.field[field] end
    if meant then return ("Did you mean %s.%s?"):format(owner, meant) end
    return known and ("%s has %s."):format(owner, wording.listed(known)) or slips.field[field]
end

--- Of a message that a function of a script raised.
local function of_value(why, code, line)
    if why:find("attempt to %a+ a 'string'") and line:find("[\"']/[^\"']*[\"']%s*[%*/%+%-]") then
        return "A path is a text: scale = 10 in a row multiplies, sum = { ... } adds up; in a function it is"
            .. " number(rows, \"/Path\") * 10."
    end
    local hint = first_of(BY_NIL, why, code)
    if hint then return hint end
    local field = why:match("attempt to call a nil value %(%a+ '([^']+)'%)")
    local of_node = why:match("a node has no '(.-)'")
    if field then return of_field(field, code) or ("There is no %s: is it misspelt?"):format(field) end
    if of_node then
        return wording.did_you_mean(of_node, OF_NODE, "node:%s", "It has " .. wording.listed(OF_NODE) .. ".",
            slips.node):gsub("node:(%a+)%?", NO_METHODS)
    end
    local called = WRITTEN[why:match("argument #%d to '([%a_]+)'")
        or why:match("index a function value %(%a+ '([%a_]+)'")]
    return first_of(BY_VALUE, why, code) or called and ("Write %s."):format(called)
end

--- A word of the code that is nearly one of Lua's longer ones, or one in capitals.
local function misspelt(code)
    for word in code:gmatch("[%a_]+") do
        local small = word:lower()
        for _, keyword in ipairs(word ~= small and KEYWORDS or {}) do
            if small == keyword then return ("Write %s in small letters."):format(keyword) end
        end
        local meant = #word >= 4 and wording.near(word, { "function", "local", "return", "elseif", "while" })
        if meant and meant ~= word then return ("Did you mean %s?"):format(meant) end
    end
    return nil
end

--- How many blocks a line begins and does not end.
local function balance(code)
    local count = 0
    for word in code:gmatch("%f[%w_][%a_]+%f[^%w_]") do
        if word == "function" or word == "if" or word == "do" then count = count + 1 end
        if word == "end" then count = count - 1 end
    end
    return count
end

--- Of what the compiler says. line: that of the message, before: the one before it; as they are written.
local function of_syntax(why, line, before)
    local code, near = bare(line), why:find("near", 1, true)
    local token = why:match("near '(.-)'$")
    if token and not line:find("^%s*" .. token:gsub("%p", "%%%0")) then     -- the mistake is in this line
        why = why:gsub(" %(to close '.-' at line %d+%)", "")
    end
    local told = near and (misspelt(code) or first_of(BY_CODE, why, code) or first_of(BY_CODE, why,
        bare(before)))
    if told then return told end
    if why:find("near '[},]'") and balance(code) > 0 then
        return "An end is missing: each function, if and for has one."
    end
    if near and (line .. "\n" .. before):find("[%w_%)]%-%-") then
        return "-- begins a comment: write x = x - 1."
    end
    if near and not why:find("<", 1, true) and select(2, line:gsub('"', "")) % 2 == 1 then
        return "Is a quote missing in this line?"
    end
    if near and not why:find("unfinished", 1, true) and select(2, code:gsub("'", "")) % 2 == 1 then
        return "A text with ' in it stands in \" \"."
    end
    return first_of(BY_MESSAGE, why, code)
end

--- What was probably meant by a name that the table does not have -> sentence | nil.
local function of_name(why, text)
    for _, one in ipairs { { "the event (%S+) is not declared", "events" },
                           { "there is no setting '(.-)'", "settings" } } do
        local name, names = why:match(one[1]), {}
        local body = name and text:match("%f[%w_]" .. one[2] .. "%s*=%s*(%b{})") or ""
        for known in body:gmatch("([%a_][%w_]*)%s*=") do names[known] = true end
        local told = name and (names[name] and "It is there once the file is loaded: ask in a function."
            or wording.did_you_mean(name, names, "%s", nil))
        if told then return why:match("^(.-)%. Write") or why, told end
    end
    local id = why:match("has no driver ([%w_]+)")
    local told = id and not drivers[id] and wording.did_you_mean(id, drivers, "\"%s\"", nil, slips.driver)
    return told and why, told
end

--- A message of Lua's with what helps. file: the script's name at the message's beginning; text: the script's
-- text, "" where it is not known; libs: those there are for the script, { [name] = any }, may be nil.
function hints.add(why, file, text, libs)
    local number = why:sub(1, #file) == file and tonumber(why:match("^:(%d+):", #file + 1))
    local line, before = number and line_of(text, number) or "", number and line_before(text, number) or ""
    local name, assigned = why:match("there is no global '(.-)'"), why:match(": '(.-)' is not declared")
    local lib = why:match("there is no lib/([%w_-]+)%.lua")
    local shorter, hint = of_name(why, text)
    if text:find("\0", 1, true) then return why .. ". Save the file as UTF-8: there are zeros in it." end
    local told, of, unknown, fields = why:match("^(.-([%w ]+) has no '([^']*)')%. It has ([^.]*)%.$")
    if hint then
        why = shorter
    elseif unknown then
        hint = wording.did_you_mean(unknown, words((fields:gsub(",", ""))), "%s", nil,
            slips.given[of:match("%S.*")])
        why = hint and told or why
        hint = hint or of:find("args$") and ARGS or nil
    elseif name then
        why, hint = why:gsub(" %(a misspelt local, or.-%?%)", ""), of_global(name, text, bare(line))
    elseif assigned then
        why, hint = why:gsub(": write 'local .-'", ""), of_assignment(assigned, text, bare(line))
    elseif lib then
        hint = wording.did_you_mean(lib, libs or {}, "use \"%s\"",
            "Libs stand in the folder lib beside the script.")
    else
        hint = of_value(why, bare(line), line) or of_syntax(why, line, before)
    end
    why = why:gsub(" to '%?' %(", " (")         -- a function of the library that is called by one of ours
    return hint and why:gsub("%.$", "") .. ". " .. hint or why
end

return hints
