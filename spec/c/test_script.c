// script, sandbox: what a hostile or clumsy device script tries, and that the host stays well.
//
// Each case is a function body. It runs twice, in a process of its own: while its file is loaded,
// and as a function of the device table that main.lua calls. Both must end within 100 ms of CPU.
#include "api/api.h"
#include "check.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_S 0.25
#define HANGS_S 5 // after that much of wall time the case is killed

// The error contains `error`; "" = it must not raise; NULL = either, as long as it ends.
struct hostile {
    const char *name;
    const char *body;
    const char *error;
};

#define BUDGET "ran longer than its budget"
#define MEMORY "memory"
#define NO_GLOBAL "there is no global"
// A plain table whose length is a power of two and that has next to nothing in it: all in the hash
// part, so that Lua looks for the border by doubling.
#define BORDER_30                                                                                  \
    "{[1]=1,[2]=1,[1<<2]=1,[1<<3]=1,[1<<4]=1,[1<<5]=1,[1<<6]=1,[1<<7]=1,[1<<8]=1,[1<<9]=1,"        \
    "[1<<10]=1,[1<<11]=1,[1<<12]=1,[1<<13]=1,[1<<14]=1,[1<<15]=1,[1<<16]=1,[1<<17]=1,[1<<18]=1,"   \
    "[1<<19]=1,[1<<20]=1,[1<<21]=1,[1<<22]=1,[1<<23]=1,[1<<24]=1,[1<<25]=1,[1<<26]=1,[1<<27]=1,"   \
    "[1<<28]=1,[1<<29]=1,[1<<30]=1,"
#define BORDER_62                                                                                  \
    BORDER_30 "[1<<31]=1,[1<<32]=1,[1<<33]=1,[1<<34]=1,[1<<35]=1,[1<<36]=1,[1<<37]=1,[1<<38]=1,"   \
              "[1<<39]=1,[1<<40]=1,[1<<41]=1,[1<<42]=1,[1<<43]=1,[1<<44]=1,[1<<45]=1,[1<<46]=1,"   \
              "[1<<47]=1,[1<<48]=1,[1<<49]=1,[1<<50]=1,[1<<51]=1,[1<<52]=1,[1<<53]=1,[1<<54]=1,"   \
              "[1<<55]=1,[1<<56]=1,[1<<57]=1,[1<<58]=1,[1<<59]=1,[1<<60]=1,[1<<61]=1,[1<<62]=1}"

static const struct hostile endless[] = {
    {"endless loop", "while true do end", BUDGET},
    {"endless repeat", "repeat until false", BUDGET},
    {"endless goto", "::again:: goto again", BUDGET},
    {"integer for over 2^62", "for i = 1, 1 << 62 do end", BUDGET},
    {"float for that never arrives", "for i = 0.0, 1e300 do end", BUDGET},
    {"endless loop inside pcall", "pcall(function() while true do end end)", BUDGET},
    {"pcall in a loop swallows the budget error",
     "while true do pcall(function() while true do end end) end", BUDGET},
    {"pcall of pcall in a loop",
     "while true do pcall(pcall, pcall, function() while true do end end) end", BUDGET},
    {"loop in an iterator", "for _ in function() return 1 end do end", BUDGET},
    {"loop in __index",
     "return setmetatable({}, {__index = function(t, k) return t[k + 1] end})[1]", NULL},
    {"__index chain in a circle",
     "local a, b = {}, {} setmetatable(a, {__index = b}) setmetatable(b, {__index = a}) "
     "return a.x",
     "loop"},
    {"__newindex chain in a circle",
     "local a, b = {}, {} setmetatable(a, {__newindex = b}) setmetatable(b, {__newindex = a}) "
     "a.x = 1",
     "loop"},
    {"__call chain", "local t = {} for i = 1, 1000 do t = setmetatable({}, {__call = t}) end t()",
     NULL},
    {"__eq, __lt, __le, __concat while the budget is spent",
     "local mt = {} local function spin() while true do end end "
     "mt.__eq, mt.__lt, mt.__le, mt.__concat, mt.__len, mt.__unm = spin, spin, spin, spin, spin, "
     "spin "
     "local a, b = setmetatable({}, mt), setmetatable({}, mt) "
     "while true do pcall(function() return a == b end) pcall(function() return a < b end) "
     "pcall(function() return a <= b end) pcall(function() return a .. b end) "
     "pcall(function() return #a end) pcall(function() return -a end) end",
     BUDGET},
    {"__close handler after a budget kill",
     "local x <close> = setmetatable({}, {__close = function() while true do end end}) "
     "while true do end",
     BUDGET},
    {"__close handler after a budget kill inside pcall",
     "while true do pcall(function() local x <close> = setmetatable({}, "
     "{__close = function() while true do end end}) while true do end end) end",
     BUDGET},
    {"__close that opens the next __close",
     "local function nest() local x <close> = setmetatable({}, {__close = function() nest() end}) "
     "error('x') end nest()",
     NULL},
    {"to-be-closed loop variable",
     "for _ in function() return 1 end, nil, nil, setmetatable({}, "
     "{__close = function() while true do end end}) do end",
     BUDGET},
    {"tostring loop",
     "local t = {} setmetatable(t, {__tostring = function(x) return tostring(x) end}) "
     "return tostring(t)",
     NULL},
    {"__tostring that never ends",
     "return tostring(setmetatable({}, {__tostring = function() while true do end end}))", BUDGET},
    {"string.format with a hostile __tostring",
     "local t t = setmetatable({}, {__tostring = function() return string.format('%s', t) end}) "
     "return string.format('%s', t)",
     NULL},
    {"__tostring that is no text",
     "return tostring(setmetatable({}, {__tostring = function() return {} end}))",
     "'__tostring' must return a string"},
    {"__name of a megabyte",
     "local s = big('x', 100000) "
     "for i = 1, 1e6 do pcall(tostring, setmetatable({}, {__name = s})) end",
     NULL},
    {"error in error",
     "local function f(e) error(setmetatable({}, {__tostring = function() error(f) end})) end "
     "pcall(f) f()",
     "not a text"},
};

static const struct hostile c_loops[] = {
    {"string.rep giant", "return string.rep('x', 1 << 40)", "would be longer"},
    {"rep of the empty text", "return (''):rep(1 << 62)", "would be longer"},
    {"rep with a separator", "return (''):rep(1 << 62, 'x')", "would be longer"},
    {"rep with a separator, overflowing", "return ('x'):rep(math.maxinteger, ('y'):rep(100))",
     "would be longer"},
    {"rep negative", "return ('x'):rep(math.mininteger)", ""},
    {"rep over and over", "while true do local s = ('x'):rep(4096) end", BUDGET},
    {"table.insert, hostile __len",
     "table.insert(setmetatable({}, {__len = function() return 1 << 62 end}), 1, 1)",
     "plain tables"},
    {"table.insert, hostile __len beside known fields",
     "table.insert(setmetatable({}, {__fields = 'x: y', __len = function() return 1 << 62 end}), "
     "1, "
     "1)",
     "plain tables"},
    {"table.remove, hostile __len",
     "table.remove(setmetatable({}, {__len = function() return 1 << 62 end}), 1)", "plain tables"},
    {"table.concat, hostile __index",
     "table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, 1 << 62)",
     "plain tables"},
    {"table.unpack, hostile __index",
     "table.unpack(setmetatable({}, {__index = function() return '' end}), 1, 1 << 62)",
     "plain tables"},
    {"table.sort, hostile __len",
     "table.sort(setmetatable({}, {__len = function() return 1 << 62 end}))", "plain tables"},
    {"table.insert at a border of 2^62", "local t = " BORDER_62 " table.insert(t, 1, 1)", NULL},
    {"table.remove at a border of 2^62", "local t = " BORDER_62 " table.remove(t, 1)", NULL},
    {"table.sort at a border of 2^30, C comparator",
     "local t = " BORDER_30 "}  table.sort(t, pcall)", NULL},
    {"table.sort at a border of 2^30, rawequal",
     "local t = " BORDER_30 "}  table.sort(t, rawequal)", NULL},
    {"table.concat over nothing", "return table.concat({}, '', 1, 1 << 62)", "invalid value"},
    {"table.concat far away", "return table.concat({}, '', math.maxinteger - 1, math.maxinteger)",
     "invalid value"},
    {"table.unpack huge", "return table.unpack({}, 1, 1 << 62)", "too many results"},
    {"table.unpack overflowing", "return table.unpack({}, math.mininteger, math.maxinteger)",
     "too many results"},
    {"table.unpack of a million", "return table.unpack({}, 1, 999000)", NULL},
    {"select('#') with many", "return select('#', table.unpack({}, 1, 1000))", ""},
    {"select from many, over and over", "while true do select(2, table.unpack({}, 1, 1000)) end",
     BUDGET},
    {"varargs passed on and on",
     "local function f(...) return f(1, ...) end f(table.unpack({}, 1, 10000))", NULL},
    {"sort of long texts without a comparator",
     "local z = ('\\0'):rep(4096) local p = {} for i = 1, 24 do p[i] = z end "
     "local big = table.concat(p) local t = {} for i = 1, 4000 do t[i] = big end table.sort(t)",
     BUDGET},
    {"sort by a C function",
     "local t = {} for i = 1, 80 do t[i] = ('x'):rep(4000) end table.sort(t, string.packsize)",
     "by a function of your own"},
    {"sort by default is that of <",
     "local t = {'b', '', 'a', 'ab', 'aa'} table.sort(t) "
     "assert(table.concat(t, ',') == ',a,aa,ab,b') t = {3, 1.5, -2} table.sort(t) "
     "assert(t[1] == -2 and t[3] == 3) local m = setmetatable({}, {__lt = function() return false "
     "end}) "
     "table.sort({m, m, m})",
     ""},
    {"sort of what has no order", "table.sort({1, 'a', 2})", "attempt to compare"},
    {"a format with thousands of parts", "string.format(('%.0s'):rep(300), 'x')",
     "at most 256 bytes"},
    {"string.packsize of a long text", "string.packsize(('x'):rep(4000))", "at most 256 bytes"},
    {"comparing long texts in a loop",
     "local z = ('\\0'):rep(4096) local p = {} for i = 1, 24 do p[i] = z end "
     "local a, b = table.concat(p), table.concat(p) .. 'x' while true do local _ = a < b end",
     BUDGET},
    {"sort with a comparator that is always true",
     "local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() return true end)",
     NULL},
    {"sort with a comparator at random",
     "local t = {} for i = 1, 10000 do t[i] = i end "
     "table.sort(t, function() return math.random(2) == 1 end)",
     NULL},
    {"sort with a comparator that empties the table",
     "local t = {} for i = 1, 1000 do t[i] = i end "
     "table.sort(t, function(a, b) for i = 1, 1000 do t[i] = nil end return (a or 0) < (b or 0) "
     "end)",
     NULL},
    {"sort with a comparator that never ends",
     "table.sort({3, 1, 2}, function() while true do end end)", BUDGET},
    {"sort of many numbers",
     "local t = {} for i = 1, 120000 do t[i] = (i * 7919) % 120011 end "
     "while true do table.sort(t) end",
     NULL},
    {"sort with pcall for a comparator",
     "local t = {} for i = 1, 100000 do t[i] = i end while true do table.sort(t, pcall) end", NULL},
    {"sort of long texts that differ at their ends",
     "local t, s = {}, big('x', 60000) for i = 1, 50 do t[i] = s .. i end "
     "while true do table.sort(t) end",
     NULL},
    {"sort of few long texts, often repeated",
     "local a, b, t = big('\\0', 65000) .. 'a', big('\\0', 65000) .. 'b', {} "
     "for i = 1, 10000 do t[i] = i % 2 == 0 and a or b end table.sort(t)",
     NULL},
    {"comparing long texts of zeros",
     "local s = big('\\0', 100000) local a, b = s .. 'a', s .. 'b' "
     "local n = 0 while true do if a < b then n = n + 1 end end",
     NULL},
    {"equality of long texts",
     "local s = big('x', 100000) "
     "local a, b = s .. 'a', s .. 'a' local n = 0 while true do if a == b then n = n + 1 end end",
     NULL},
    {"joining long texts over and over",
     "local s = big('x', 100000) "
     "while true do local t = s .. 'a' end",
     NULL},
    {"find, quadratic",
     "local s = big('a', 100000) "
     "return s:find(s:sub(1, #s // 2) .. 'b')",
     NULL},
    {"find, quadratic, within what rep gives",
     "local s = big('a', 65536) local p = big('a', 32768) .. 'b' while true do s:find(p) end",
     NULL},
    {"find of the empty text far away", "return ('x'):find('', 1 << 62)", ""},
    {"find before the start", "return ('x'):find('x', math.mininteger)", ""},
    {"reverse, upper, sub of long texts",
     "local s = big('x', 100000) "
     "while true do s:reverse() s:upper() s:sub(2) end",
     NULL},
    {"tonumber of a long text", "local s = big(' ', 100000) while true do tonumber(s) end", NULL},
    {"tonumber with a base, long", "local s = big('z', 100000) while true do tonumber(s, 36) end",
     NULL},
    {"many digits as a number", "local s = big('9', 65536) while true do local n = s + 1 end",
     NULL},
    {"string.byte of everything", "local s = big('x', 65536) while true do s:byte(1, -1) end",
     NULL},
    {"string.char of many", "while true do string.char(table.unpack({}, 1, 10)) end", NULL},
    {"string.format wide",
     "while true do string.format(('%99d'):rep(200), table.unpack({}, 1, 200)) end", NULL},
    {"string.format, too wide", "return string.format('%1000000d', 1)", "invalid"},
    {"string.format precise", "return string.format('%.99f', 1e308)", ""},
    {"string.pack of giants", "return string.pack('!16 i16 Xi16 s8', 1, big('x', 65536))", ""},
    {"string.pack, overlong option", "return string.pack('c' .. (1 << 31), 'x')", NULL},
    {"string.packsize overflowing", "return string.packsize(('c2147483647'):rep(3))", NULL},
    {"string.unpack far away", "return string.unpack('s8', ('\\255'):rep(8))", "too short"},
    {"next through an emptied table",
     "local t = {} for i = 1, 40000 do t['k' .. i] = true end for i = 1, 40000 do t['k' .. i] = "
     "nil end "
     "while true do next(t) end",
     NULL},
    {"length of a strange table, over and over",
     "local t = " BORDER_62 "  local n = 0 while true do n = n + (#t & 1) "
     "end",
     BUDGET},
    {"chain of weak tables",
     "local n, t = 15000, setmetatable({}, {__mode = 'k'}) local k = {} for i = 1, n do k[i] = {} "
     "end "
     "local order = {} for i = 1, n do order[i] = i end "
     "for i = n, 2, -1 do local j = math.random(i) order[i], order[j] = order[j], order[i] end "
     "for i = 1, n - 1 do t[k[order[i]]] = k[order[i + 1]] end "
     "local first = k[order[1]] k = nil order = nil "
     "while true do local g = {{}, {}, {}, {}, first} end",
     NULL},
    {"weak mode set later",
     "local mt = {} local n, t = 15000, setmetatable({}, mt) mt.__mode = 'k' "
     "local k = {} for i = 1, n do k[i] = {} end local order = {} for i = 1, n do order[i] = i end "
     "for i = n, 2, -1 do local j = math.random(i) order[i], order[j] = order[j], order[i] end "
     "for i = 1, n - 1 do t[k[order[i]]] = k[order[i + 1]] end "
     "local first = k[order[1]] k = nil order = nil "
     "while true do local g = {{}, {}, {}, {}, first} end",
     NULL},
};

static const struct hostile memory[] = {
    {"memory bomb: table", "local t = {} for i = 1, 1e9 do t[i] = i end", MEMORY},
    {"memory bomb: nested tables", "local t = {} while true do t = {t} end", NULL},
    {"memory bomb: text", "local s = 'x' while true do s = s .. s end", MEMORY},
    {"memory bomb: many texts", "local t = {} for i = 1, 1e9 do t[i] = big('x', 60000) .. i end",
     MEMORY},
    {"memory bomb: table.concat",
     "local t, s = {}, big('x', 65536) for i = 1, 1000 do t[i] = s end return table.concat(t)",
     MEMORY},
    {"memory bomb: string.format",
     "local s = big('x', 65536) return string.format(('%s'):rep(100), table.unpack((function() "
     "local t = {} for i = 1, 100 do t[i] = s end return t end)()))",
     MEMORY},
    {"memory bomb: closures", "local f while true do local g = f f = function() return g end end",
     NULL},
    {"memory bomb swallowed by pcall",
     "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end", NULL},
    {"full but for a little, then garbage",
     "local keep = {} pcall(function() for i = 1, 1e9 do keep[i] = {i} end end) "
     "for i = 1, 1500 do keep[#keep] = nil end while true do local x = {1} end",
     NULL},
    {"deep recursion", "local function f() return 1 + f() end f()", NULL},
    {"deep nested pcall", "local function f() return pcall(f) end f()", NULL},
    {"deep nested pcall with work after",
     "local function f() pcall(f) return 1 end f() while true do f() end", NULL},
    {"deep recursion of metamethods",
     "local t = {} setmetatable(t, {__index = function(x, k) return x[k] end}) return t.x", NULL},
    {"deep recursion of sort",
     "local function f() table.sort({1, 2, 3}, function(a, b) f() return a < b end) end f()", NULL},
    {"endless tail calls", "local function f() return f() end return f()", BUDGET},
};

static const struct hostile absent[] = {
    {"io", "return io.open", NO_GLOBAL " 'io'"},
    {"os", "return os.exit", NO_GLOBAL " 'os'"},
    {"package", "return package.path", NO_GLOBAL " 'package'"},
    {"debug", "return debug.sethook", NO_GLOBAL " 'debug'"},
    {"load", "return load('return 1')", NO_GLOBAL " 'load'"},
    {"loadstring", "return loadstring('return 1')", NO_GLOBAL " 'loadstring'"},
    {"loadfile", "return loadfile('/etc/passwd')", NO_GLOBAL " 'loadfile'"},
    {"dofile", "return dofile('/etc/passwd')", NO_GLOBAL " 'dofile'"},
    {"require", "return require('os')", NO_GLOBAL " 'require'"},
    {"warn", "warn('@on')", NO_GLOBAL " 'warn'"},
    {"utf8", "return utf8.char(1)", NO_GLOBAL " 'utf8'"},
    {"coroutine", "return coroutine.wrap(function() while true do end end)",
     NO_GLOBAL " 'coroutine'"},
    {"xpcall", "xpcall(function() while true do end end, function() while true do end end)",
     NO_GLOBAL " 'xpcall'"},
    {"getmetatable", "return getmetatable('').__index", NO_GLOBAL " 'getmetatable'"},
    {"rawset", "rawset({}, 1, 1)", NO_GLOBAL " 'rawset'"},
    {"collectgarbage", "collectgarbage('stop')", NO_GLOBAL " 'collectgarbage'"},
    {"_G", "return _G.io", NO_GLOBAL " '_G'"},
    {"host", "return host.http", NO_GLOBAL " 'host'"},
    {"string.dump", "return string.dump(function() end)", "'dump'"},
    {"string.match", "return ('x'):match('.-.-.-.-.-.-b')", "'match'"},
    {"string.gmatch", "return ('x'):gmatch('.')", "'gmatch'"},
    {"string.gsub", "return string.gsub('x', '.', '')", "'gsub'"},
    {"string.find with a pattern is plain",
     "assert(('a.b'):find('.') == 2 and not ('ab'):find('a.'))", ""},
    {"table.move", "table.move({}, 1, 1 << 52, 2, {})", "'move'"},
    {"table.pack", "return table.pack(1)", "'pack'"},
    {"undeclared global read", "return misspelt + 1", NO_GLOBAL " 'misspelt'"},
    {"undeclared global written", "misspelt = 1", "'misspelt' is not declared"},
    {"undeclared global function", "function misspelt() end", "'misspelt' is not declared"},
    {"undeclared global by _ENV", "return _ENV['mis' .. 'spelt']", NO_GLOBAL " 'misspelt'"},
    {"global with a hostile name",
     "return _ENV[setmetatable({}, {__tostring = function() while true do end end})]", BUDGET},
    {"bytecode in a text", "return load", NO_GLOBAL " 'load'"},
    {"__gc refused", "setmetatable({}, {__gc = function() while true do end end})", "__gc"},
    {"__gc refused, false", "setmetatable({}, {__gc = false})", "__gc"},
    {"__gc by __index of the metatable",
     "setmetatable({}, setmetatable({}, {__index = {__gc = function() while true do end end}}))",
     ""},
    {"__gc set later",
     "local mt = {} for i = 1, 1000 do setmetatable({}, mt) end "
     "mt.__gc = function() while true do end end for i = 1, 1e5 do local t = {} end",
     ""},
    {"the metatable of texts", "setmetatable('', {})", "table expected"},
    {"another metatable on the globals",
     "setmetatable(_ENV, {__index = function() while true do end end}) return x", BUDGET},
    {"libraries replaced", "string = {format = function() while true do end end} string.x = math",
     ""},
};

static const struct hostile values[] = {
    {"error with a table", "error({code = 1})", "not a text (table)"},
    {"error with nil", "error(nil)", "not a text (nil)"},
    {"error with nothing", "error()", "not a text (nil)"},
    {"error with a function", "error(function() end)", "not a text (function)"},
    {"error with a number", "error(42)", NULL},
    {"error with a hostile __tostring",
     "error(setmetatable({}, {__tostring = function() while true do end end}))",
     "not a text (table)"},
    {"error with a long text", "error(big('x', 65536))", "xxx"},
    {"error with zeros inside", "error('a\\0b', 0)", "a"},
    {"error names file and line", "\n\nerror('here')", "devices/hostile.lua:3: here"},
    {"assert", "assert(false, 'said so')", "said so"},
    {"assert without a text", "assert(nil)", "assertion failed"},
    {"waiting where nothing may wait", "sleep(1)", "waits"},
    {"waiting where nothing may wait, caught",
     "for i = 1, 1000 do pcall(sleep, 1) pcall(vrm.get, 'x') end", ""},
    {"waiting inside a comparator", "table.sort({1, 2, 3}, function() sleep(1) end)", "waits"},
    {"many timers", "for i = 1, 1e9 do timer.after(1e6, sleep) end", NULL},
    {"many timers that repeat", "for i = 1, 1e9 do timer.every(1e6, sleep) end", NULL},
    {"timer of no function", "timer.after(1, 'x')", "function expected"},
    {"timer of no time", "timer.after(0 / 0, sleep)", "seconds"},
    {"timer of a stranger", "for i = -10, 1000 do timer.cancel(i) end timer.cancel(1 << 62)", ""},
};

// What a script may return to main.lua; the value of the body is the result of the call.
static const struct hostile results[] = {
    {"a table that contains itself", "local t = {} t.t = t return t", "nested deeper"},
    {"a key that contains itself", "local t = {} t[t] = 1 return t", "nested deeper"},
    {"a table too deep", "local t = {} for i = 1, 1000 do t = {t} end return t", "nested deeper"},
    {"a function with upvalues", "local n = 0 return function() n = n + 1 return n end",
     "a function cannot be passed on"},
    {"a C function", "return sleep", "a function cannot be passed on"},
    {"many results", "return table.unpack({}, 1, 50000)", NULL},
    {"a border of 2^30", "local t = " BORDER_30 "}  return t", ""},
    {"a border of 2^62", "local t = " BORDER_62 "  return t", ""},
    {"one table a billion times over", "local t = {} for i = 1, 30 do t = {t, t} end return t",
     NULL},
    {"one table wide and deep",
     "local t = {} for i = 1, 8 do local u = {} for k = 1, 200 do u[k] = t end t = u end return t",
     NULL},
    {"strange keys", "return {[1.5] = 1, [true] = 2, [''] = 3, [-1] = 4, [math.huge] = 5}", ""},
    {"texts with zeros", "return {'a\\0b', ['\\0'] = big('x', 65536)}", ""},
    {"odd numbers", "return 0 / 0, -0.0, math.huge, 1 << 62, 2 ^ 53, 1e308", ""},
    {"a metatable is left behind",
     "return setmetatable({}, {__index = function() while true do end end, "
     "__pairs = function() while true do end end, __len = function() while true do end end})",
     ""},
};

// Bodies of a handler, run as a task with `node`: the device API. Here too either may happen, but
// what the host holds for a script stays small, and nothing of it is left when the script is gone.
static const struct hostile tasks_of_node[] = {
    {"handler: endless loop", "while true do end", BUDGET},
    {"handler: endless loop inside pcall",
     "while true do pcall(function() while true do end end) end", BUDGET},
    {"handler: waiting works", "sleep(0)", ""},
    {"handler: waiting in a comparator, then well",
     "pcall(table.sort, {2, 1}, function() sleep(0.01) end) sleep(0.02)", ""},
    {"handler: waiting in a metamethod called by C",
     "local t = setmetatable({}, {__tostring = function() sleep(0.01) return 'x' end}) "
     "pcall(tostring, t) for i = 1, 1000 do pcall(tostring, t) end sleep(0.02)",
     ""},
    {"handler: waiting inside pcall", "pcall(sleep, 0) pcall(pcall, sleep, 0)", ""},
    {"handler: waiting in __close",
     "local x <close> = setmetatable({}, {__close = function() sleep(0) end}) error('x')", NULL},
    {"handler: __close while it waits",
     "local x <close> = setmetatable({}, {__close = function() while true do end end}) sleep(1e6)",
     NULL},
    {"handler: timer at once, for ever",
     "local function again() timer.after(0, again) end again() again() sleep(0.01)", ""},
    {"handler: timers without end", "while true do timer.every(0.1, sleep) end", "timers"},
    {"handler: timers that fail", "for i = 1, 10 do timer.after(0, error) end sleep(0.01)", ""},
    {"handler: log in a loop", "while true do node:log('info', 'line %d', 1) end", BUDGET},
    {"handler: log with a hostile value",
     "node:log('info', '%s', setmetatable({}, {__tostring = function() while true do end end}))",
     BUDGET},
    {"handler: log with another format function",
     "string.format = function() return nil end node:log('info', 'x')", NULL},
    {"handler: asking in a loop, where nobody answers",
     "while true do pcall(rows_of, node) pcall(site_of, node) end", BUDGET},
    {"handler: asking about what is no node", "site_of({})", "a node, or the rows of a device"},
    {"handler: asking with a service that is none", "rows_of(node, {})", "string expected"},
    {"handler: a setting that is not there", "setting('x')", "there is no setting 'x'"},
    {"handler: print in a loop", "while true do print('line', 1, nil) end", BUDGET},
    {"handler: print of a table whose text never ends",
     "print(setmetatable({}, {__tostring = function() while true do end end}))", BUDGET},
    {"handler: print of a long text", "print(big('x', 100000))", ""},
    {"handler: log of a long text", "node:log('info', '%s', big('x', 100000))", ""},
    {"handler: notices in a loop",
     "local n = 0 while true do n = n + 1 node:notice('k' .. n, big('x', 1000)) end", NULL},
    {"handler: a value with a long text", "node:set('ST', 1, big('x', 100000))", NULL},
    {"handler: values in a loop", "local n = 0 while true do n = n + 1 node:set('ST', n) end",
     BUDGET},
    {"handler: odd values",
     "for _, v in ipairs {0 / 0, 1 / 0, -1 / 0, 1e300, math.mininteger, -0.0} do node:set('ST', v) "
     "end",
     ""},
    {"handler: a value out of its limits", "node:set('ST', 5e9) assert(node:get('ST') == nil)", ""},
    {"handler: a driver of the plugin's", "node:set('GV30', 1)", "does not say by_script = true"},
    {"handler: events in a loop", "while true do node:event('DON') end", "20 events at once"},
    {"handler: more notices than it may", "for i = 1, 6 do node:notice('k' .. i, 'x') end",
     "can show 5 notices at once"},
    {"handler: one notice again and again", "for i = 1, 100 do node:notice('k', 'x' .. i) end", ""},
    {"handler: string.format of its own",
     "string.format = function() return nil end node:log('info', '%d', 5)", ""},
    {"handler: a value that is none", "node:set('ST', {})", "number expected"},
    {"handler: a driver that is none", "node:set('NONE', 1)", "no driver NONE"},
    {"handler: a forged node",
     "local fake = setmetatable({address = 'none'}, {__index = node}) fake:set('ST', 1)", NULL},
    {"handler: methods on nothing", "node.set('ST', 1)", "not a node"},
    {"handler: node without its metatable", "setmetatable(node, nil)", "protected"},
    {"handler: state that holds itself", "node.state.x = node.state", "cannot be kept"},
    {"handler: state that holds a function", "node.state.x = function() end", "cannot be kept"},
    {"handler: a table in itself for the state", "local t = {} t.t = t node.state.x = t",
     "nested deeper"},
    {"handler: state with a list that is filled for ever",
     "while true do table.insert(node.state, {}) end", "memory"},
    {"handler: next on the state for ever", "node.state.a = 1 while true do next(node.state) end",
     BUDGET},
    {"handler: next after a key that the state does not have", "next(node.state, 'x')",
     "invalid key"},
    {"handler: state with a hostile metatable",
     "node.state.x = setmetatable({}, {__len = function() return 1 << 62 end})", "cannot be kept"},
    {"handler: vrm.get with nothing to ask", "vrm.get('x') error('unreachable')", NULL},
    {"handler: vrm.get with a query in itself", "local q = {} q.q = q vrm.get('x', q)", NULL},
};

// Whole files: what stands at their end is handed to main.lua.
static const struct hostile files[] = {
    {"a file with the mark of Windows", "\xef\xbb\xbfreturn {}", ""},
    {"UTF-16", "\xff\xferx", "save it as UTF-8"},
    {"UTF-16, the other way", "\xfe\xffxr", "save it as UTF-8"},
    {"an empty file", "", "ends with 'return"},
    {"no table", "return 42", "ends with 'return"},
    {"two tables", "return {}, {}", "ends with 'return"},
    {"not Lua", "return {", "expected"},
    {"bytecode", "\x1bLua", "binary"},
    {"a table that contains itself", "local t = {} t.t = t return t", "nested deeper"},
    {"one table wide and deep",
     "local t = {} for i = 1, 14 do local u = {} for k = 1, 50 do u[k] = t end t = u end return t",
     NULL},
    {"one function in many places",
     "local function f() end local t = {f = f} "
     "for i = 1, 10 do t = {t, t, t, t} end return t",
     NULL},
    {"a border of 2^62", "local t = " BORDER_62 "  return t", ""},
    {"functions as keys", "return {[function() end] = 1}", NULL},
    {"unit as the table", "return unit", ""},
};

static const char *only; // cases whose name has this; NULL = all
static struct api api;
static char folder[] = "/tmp/test_script_XXXXXX";
static char path[64];

static bool write_file(const char *text) {
    FILE *f = fopen(path, "wb");
    bool ok = f != NULL && fputs(text, f) >= 0;
    return f != NULL && fclose(f) == 0 && ok;
}

static double cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void no_function(lua_State *to, struct script *s, int number) {
    (void)s, (void)number;
    lua_pushboolean(to, 1);
}

struct call {
    struct script *s;
    int number; // of the function; 0 = hand over the table
    int results;
    lua_Integer answer;
};

static int call_protected(lua_State *L) {
    struct call *c = lua_touserdata(L, 1);
    if (c->number == 0) {
        script_push_table(c->s, L, no_function);
        return 0;
    }
    c->results = script_call(c->s, c->number, L, 0);
    c->answer = lua_tointeger(L, -1);
    return 0;
}

static bool call(struct script *s, int number, lua_Integer *answer, char *error, size_t size) {
    struct call c = {s, number, 0, 0};
    int top = lua_gettop(api.main->L);
    bool ok = vm_protect(api.main, call_protected, &c, error, size);
    CHECK(lua_gettop(api.main->L) == top);
    if (answer != NULL)
        *answer = c.answer;
    return ok;
}

static size_t sent_bytes; // to PG3

static bool link_send(void *ctx, const char *kind, const char *text, size_t len) {
    (void)ctx, (void)kind, (void)text;
    sent_bytes += len;
    return true;
}

static void nothing(void *ctx, const char *event) { (void)ctx, (void)event; }

// PG3, past the start sequence.
static void open_pg3(void) {
    struct pg3_link link = {link_send, NULL};
    struct pg3_events events = {.event = nothing};
    api.pg3 = pg3_new(api.loop, api.json, api.nodes, "1", &link, &events);
    pg3_up(api.pg3);
    pg3_message(api.pg3, "{\"config\":{},\"getAll\":[]}", 25);
}

static void turn_pg3(void) {
    pg3_turn(api.pg3);
    pg3_sent(api.pg3);
}

// main.lua's part of the device API, with one type for all nodes.
static int begin_api(lua_State *L) {
    if (luaL_dostring(L, "local script_api = require 'serve.script_api'\n"
                         "local type = { drivers = { { id = 'ST', by_script = true } },\n"
                         "               events = { { id = 'DON' } } }\n"
                         "function script_api.type_at() return type end\n"
                         "script_api.begin()\n") != LUA_OK) {
        return lua_error(L);
    }
    return 0;
}

// Parts of the host as main.c makes them, with a PG3 that takes everything.
static bool open_host(void) {
    memset(&api, 0, sizeof api);
    snprintf(api.root, sizeof api.root, "%s", SOURCE_DIR);
    api.loop = loop_new();
    api.json = json_new();
    api.nodes = nodes_new();
    api.tasks = tasks_new(api.loop);
    open_pg3();
    return api.loop != NULL && api.json != NULL && api.nodes != NULL && api_open(&api) &&
           vm_protect(api.main, begin_api, NULL, NULL, 0);
}

static void close_host(void) {
    api_close(&api);
    tasks_free(api.tasks);
    pg3_free(api.pg3);
    nodes_free(api.nodes);
    json_free(api.json);
    loop_free(api.loop);
}

static void json_seen(lua_State *L, void *ctx) { *(bool *)ctx = lua_type(L, 1) == LUA_TTABLE; }

// Another script, main.lua and JSON work as if nothing had happened.
static void check_health(void) {
    lua_Integer answer = 0;
    char error[512] = "";
    bool seen = false;
    CHECK(write_file("local n = 41 return {f = function() n = n + 1 return n end}"));
    struct script *s = script_load(path, "devices/good.lua", NULL, api_script_setup, &api);
    CHECK(s != NULL && s->vm != NULL);
    CHECK(call(s, 1, &answer, error, sizeof error) && answer == 42);
    CHECK(call(s, 1, &answer, error, sizeof error) && answer == 43);
    CHECK(json_read(api.json, "{}", 2, json_seen, &seen, error, sizeof error) && seen);
    script_free(s);
}

static void check_ended(const struct hostile *h, const char *when, bool ok, const char *error,
                        double took) {
    bool slow = strstr(error, " ms") != NULL; // a busy machine ends what would have ended by itself
    bool right = h->error == NULL ||
                 (h->error[0] == '\0' ? ok || slow : !ok && strstr(error, h->error) != NULL);
    if (!right)
        fprintf(stderr, "%s (%s): expected \"%s\", got %s\n", h->name, when, h->error,
                ok ? "no error" : error);
    CHECK(right);
    if (took > LIMIT_S)
        fprintf(stderr, "%s (%s): took %.0f ms\n", h->name, when, took * 1000);
    CHECK(took <= LIMIT_S);
}

static void check_memory(const struct script *s) {
    CHECK(s->vm == NULL || (s->vm->used <= SCRIPT_MEMORY && s->vm->peak <= SCRIPT_MEMORY));
    CHECK(api.main->peak <= MAIN_MEMORY);
}

// Kept until the host closes, as the host does: timers of the script may still be there.
static struct script *load(const char *text) {
    CHECK(write_file(text));
    struct script *s = script_load(path, "devices/hostile.lua", NULL, api_script_setup, &api);
    api.scripts = calloc(1, sizeof *api.scripts);
    api.scripts[api.script_count++] = s;
    return s;
}

static void attack_load(const struct hostile *h, const char *text) {
    CHECK(open_host());
    double start = cpu_s();
    struct script *s = load(text);
    char error[512];
    bool ok = s->vm != NULL;
    snprintf(error, sizeof error, "%s", s->error);
    if (ok)
        ok = call(s, 0, NULL, error, sizeof error);
    check_ended(h, "loading", ok, error, cpu_s() - start);
    check_memory(s);
    check_health();
    close_host();
}

static void attack_call(const struct hostile *h, const char *text) {
    CHECK(open_host());
    struct script *s = load(text);
    CHECK(s->vm != NULL);
    for (int i = 0; s->vm != NULL && i < 2; i++) { // twice: the state is used again after an error
        char error[512] = "";
        double start = cpu_s();
        bool ok = call(s, 1, NULL, error, sizeof error);
        check_ended(h, i == 0 ? "calling" : "calling again", ok, error, cpu_s() - start);
        check_memory(s);
    }
    double start = cpu_s();
    for (int i = 0; i < 10; i++) { // its timers and tasks, if it could start any
        loop_turn(api.loop, 1);
        tasks_run(api.tasks);
    }
    CHECK(cpu_s() - start <= LIMIT_S && tasks_count(api.tasks) <= 20);
    check_health();
    close_host();
}

// A text of more than half of n bytes, for every case.
#define BIG "local function big(c, n) repeat c = c .. c until #c * 2 > n return c end "

static char task_error[512];
static int task_ends;

static void task_ended(void *ctx, struct vm *vm, const char *error) {
    (void)ctx, (void)vm;
    task_ends++;
    if (error != NULL && error != task_dropped)
        snprintf(task_error, sizeof task_error, "%s", error);
}

static int start_protected(lua_State *L) {
    struct call *c = lua_touserdata(L, 1);
    script_push_function(c->s, 1);
    api_push_node(L, "x_1");
    if (!task_start(api.tasks, c->s->vm, 1, SCRIPT_TASK_BUDGET, task_ended, NULL))
        return luaL_error(L, "out of memory");
    return 0;
}

static void add_node(void) {
    const char *why;
    struct node_type *t = node_type_new();
    t->id = strdup("VICX");
    t->drivers = calloc(2, sizeof *t->drivers);
    t->drivers[t->driver_count++] =
        (struct driver_decl){.id = strdup("ST"), .label = strdup("S"), .unit = {73, 1, 0}};
    t->drivers[t->driver_count++] = (struct driver_decl){
        .id = strdup("GV30"), .label = strdup("Data state"), .unit = {25, 1, 0}};
    CHECK(nodes_declare(api.nodes, t) == NULL);
    CHECK(nodes_add(api.nodes, "x_1", "VICX", "Name", "x_1", &why) != NULL);
}

static void attack_task(const struct hostile *h, const char *text) {
    CHECK(open_host());
    add_node();
    struct script *s = load(text);
    struct call c = {s, 1, 0, 0};
    for (int i = 0; i < 20; i++)
        turn_pg3();
    node_is(api.nodes, nodes_find(api.nodes, "x_1"), NODE_LIVE);
    sent_bytes = 0;
    task_error[0] = '\0';
    task_ends = 0;
    CHECK(s->vm != NULL && vm_protect(s->vm, start_protected, &c, NULL, 0));
    double start = cpu_s();
    for (int i = 0; i < 60 && task_ends == 0; i++) {
        tasks_run(api.tasks);
        loop_turn(api.loop, 1);
    }
    check_ended(h, "as a task", task_error[0] == '\0', task_error, cpu_s() - start);
    check_memory(s);
    for (int i = 0; i < 300; i++)
        turn_pg3();
    CHECK(sent_bytes < 64 * 1024); // a flood is bounded
    check_health();
    close_host();
    CHECK(task_ends == 1);
}

enum where { BODY, RESULT, TASK, WHOLE };

static void run_case(const struct hostile *h, enum where where) {
    size_t size = strlen(h->body) + sizeof BIG + 100;
    char *text = malloc(size);
    if (where == WHOLE) {
        attack_load(h, h->body);
    } else if (where == TASK) {
        snprintf(text, size, BIG "local function f(node) %s end return {f = f}", h->body);
        attack_task(h, text);
    } else {
        snprintf(text, size, BIG "local function f() %s end f() return {f = f}", h->body);
        if (where == BODY)
            attack_load(h, text);
        snprintf(text, size, BIG "local function f() %s end return {f = f}", h->body);
        attack_call(h, text);
    }
    free(text);
}

// In a process of its own, so that a case that hangs or crashes is one failure.
static void fork_case(const struct hostile *h, enum where where) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        check_passed = check_failed = 0;
        alarm(HANGS_S);
        run_case(h, where);
        exit(check_failed == 0 ? 0 : 1); // with its leaks
    }
    int status = -1;
    waitpid(pid, &status, 0);
    bool ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!ended_well)
        fprintf(stderr, "FAILED case: %s%s\n", h->name,
                WIFSIGNALED(status) ? " (hung or crashed)" : "");
    CHECK(ended_well);
}

static void fork_cases(const struct hostile *all, size_t count, enum where where) {
    for (size_t i = 0; i < count; i++)
        if (only == NULL || strstr(all[i].name, only) != NULL)
            fork_case(&all[i], where);
}

// A file as large as may be, made of one text many times with something before and after it.
static void fork_file(const char *name, const char *before, const char *part, const char *after,
                      const char *error) {
    struct buf b;
    buf_init(&b, 2 * SCRIPT_FILE_MAX);
    buf_puts(&b, before);
    for (unsigned i = 0; b.len + strlen(part) + strlen(after) + 8 < SCRIPT_FILE_MAX; i++)
        buf_printf(&b, part, i);
    buf_puts(&b, after);
    CHECK(!b.failed);
    struct hostile h = {name, buf_text(&b), error};
    fork_cases(&h, 1, WHOLE);
    buf_free(&b);
}

// Functions in each other, full of locals, and a name looked up through all of them.
static void fork_nested(void) {
    enum { DEPTH = 100, LOCALS = 100 };
    struct buf before, after;
    buf_init(&before, SCRIPT_FILE_MAX);
    buf_init(&after, SCRIPT_FILE_MAX);
    for (int i = 0; i < DEPTH; i++) {
        buf_puts(&before, "local function f() local a");
        for (int k = 0; k < LOCALS; k++)
            buf_puts(&before, ",a");
        buf_puts(&before, " ");
        buf_puts(&after, " end");
    }
    buf_puts(&after, " return {}");
    fork_file("names looked up through many functions", buf_text(&before), "x=x ", buf_text(&after),
              NULL);
    buf_free(&before);
    buf_free(&after);
}

static void test_big_files(void) {
    fork_file("many labels", "", "::l%x::", " return {}", NULL);
    fork_file("many gotos and labels", "do ", "goto z ::l%x::", " end return {}", NULL);
    fork_nested();
    fork_file("brackets without end", "return ", "{", "", "devices/hostile.lua:");
    fork_file("brackets around a number", "return ", "(", "1", "devices/hostile.lua:");
    fork_file("minus signs", "return ", "- ", "1", "devices/hostile.lua:");
    fork_file("blocks in blocks", "", "do ", "", "devices/hostile.lua:");
    fork_file("joined texts", "return 1", "..1", "", "devices/hostile.lua:");
    fork_file("a number of many digits", "return {", "9", "}", NULL);
    fork_file("a condition of many parts", "local a local b = a", " or a", " return {}", NULL);
    fork_file("many constants", "return {", "%x.5,", "}", NULL);
    fork_file("many locals", "", "local a ", "return {}", "too many local");
    fork_file("a long comment", "--", "x", "\nreturn {}", NULL);

    char *text = malloc(SCRIPT_FILE_MAX + 2);
    memset(text, ' ', SCRIPT_FILE_MAX + 1);
    text[SCRIPT_FILE_MAX + 1] = '\0';
    fork_cases(&(struct hostile){"a file over the limit", text, "is larger than"}, 1, WHOLE);
    free(text);
}

static void no_file(void) {
    CHECK(open_host());
    struct script *s = script_load("/tmp", "devices/x.lua", NULL, api_script_setup, &api);
    CHECK(s->vm == NULL && strstr(s->error, "devices/x.lua cannot be read") != NULL);
    script_free(s);
    s = script_load("/nowhere/x.lua", "devices/x.lua", NULL, api_script_setup, &api);
    CHECK(s->vm == NULL && strstr(s->error, "No such file") != NULL);
    script_free(s);
    script_free(NULL);
    close_host();
}

// What libs do, they do as a part of the script that uses them.
static const struct hostile in_lib[] = {
    {"an endless loop", "while true do end", BUDGET},
    {"an endless loop, swallowed", "pcall(function() while true do end end) return 1", BUDGET},
    {"tables until memory is full", "local t = {} while true do t = {t, {}} end", MEMORY},
    {"a text of all its memory", "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(4096) .. i end",
     MEMORY},
    {"waiting", "sleep(1) return 1", "this call waits"},
    {"a global", "x = 1 return 1", "is not declared"},
    {"bytecode", "\033Lua", "attempt to load a binary chunk"},
    {"UTF-16", "\xff\xfer\\0e\\0", "lib/tools.lua: is saved as UTF-16"},
    {"an error that is no text", "error({})", "not a text"},
    {"nothing", "", "a lib ends with 'return'"},
    {"false is something", "return false", ""},
    {"itself", "local t = use 'tools' return t", "in a circle"},
    {"a mark at its beginning", "\xef\xbb\xbfreturn 1", ""},
    {"libs without end", "for i = 1, 100 do pcall(use, 'x' .. i) end local t = use 'more' return t",
     "a script can use 16 libs"},
};

static void use_libs(const struct hostile *h) {
    static char lib[sizeof path + 4];
    snprintf(lib, sizeof lib, "%s.lib", path);
    const struct script_lib one = {"tools", lib, "devices/lib/tools.lua"};
    CHECK(open_host());
    FILE *f = fopen(lib, "w");
    CHECK(f != NULL && fputs(h->body, f) >= 0 && fclose(f) == 0);
    CHECK(write_file("local t = use 'tools' return {f = function() return t, use 'tools' end}"));
    double start = cpu_s();
    struct script *s = script_load(path, "devices/hostile.lua", &(struct script_libs){&one, 1},
                                   api_script_setup, &api);
    check_ended(h, "in a lib", s->vm != NULL, s->error, cpu_s() - start);
    check_memory(s);
    CHECK(s->used_count > 0 && strcmp(s->used[0].text, h->body) == 0);
    char error[512] = "";
    if (s->vm != NULL) {
        CHECK(!call(s, 1, NULL, error, sizeof error) && strstr(error, "at the top") != NULL);
    }
    script_free(s);
    check_health();
    close_host();
    remove(lib);
}

// A lib that cannot be read now may be there later.
static void unreadable_libs(void) {
    const struct script_lib folder_lib = {"tools", folder, "devices/lib/tools.lua"};
    const struct script_lib gone = {"tools", "/nowhere/tools.lua", "devices/lib/tools.lua"};
    CHECK(open_host());
    CHECK(write_file("local t = use 'tools' return {}"));
    struct script *s = script_load(path, "devices/x.lua", &(struct script_libs){&folder_lib, 1},
                                   api_script_setup, &api);
    CHECK(s->vm == NULL && !s->later &&
          strstr(s->error, "devices/x.lua:1: devices/lib/tools.lua cannot"));
    script_free(s);
    s = script_load(path, "devices/x.lua", &(struct script_libs){&gone, 1}, api_script_setup, &api);
    CHECK(s->vm == NULL && !s->later && strstr(s->error, "No such file"));
    script_free(s);
    s = script_load(path, "devices/x.lua", NULL, api_script_setup, &api);
    CHECK(s->vm == NULL && strstr(s->error, "devices/x.lua:1: there is no lib/tools.lua"));
    CHECK(s->used_count == 1 && s->used[0].text == NULL);
    script_free(s);
    close_host();
}

// A script that is closed leaves no task behind that sleeps for years, nor its timer.
static void closed_while_asleep(void) {
    CHECK(open_host());
    add_node();
    struct script *s = load("local function f(node) sleep(9e6) end return {f = f}");
    struct call c = {s, 1, 0, 0};
    CHECK(s->vm != NULL && vm_protect(s->vm, start_protected, &c, NULL, 0));
    tasks_run(api.tasks);
    CHECK(tasks_count(api.tasks) == 1);
    task_cancel_vm(api.tasks, s->vm);
    CHECK(tasks_count(api.tasks) == 0);
    close_host();
}

#define ALL(cases) cases, sizeof cases / sizeof cases[0]

int main(int argc, char **argv) {
    only = argc > 1 ? argv[1] : NULL;
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/script.lua", folder);
    no_file();
    for (size_t i = 0; i < sizeof in_lib / sizeof in_lib[0]; i++) {
        use_libs(&in_lib[i]);
    }
    unreadable_libs();
    closed_while_asleep();
    fork_cases(ALL(endless), BODY);
    fork_cases(ALL(c_loops), BODY);
    fork_cases(ALL(memory), BODY);
    fork_cases(ALL(absent), BODY);
    fork_cases(ALL(values), BODY);
    fork_cases(ALL(results), RESULT);
    fork_cases(ALL(tasks_of_node), TASK);
    fork_cases(ALL(files), WHOLE);
    test_big_files();
    remove(path);
    rmdir(folder);
    return check_end();
}
