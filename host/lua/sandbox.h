// The globals of a device script: a list of names, so that a newer Lua adds nothing by accident.
#ifndef SANDBOX_H
#define SANDBOX_H

#include <lua.h>

// The metatable of tables whose fields the host looks at; table functions take those, too.
#define SANDBOX_TABLE_META "script.watched"

// Gives a fresh state the allowed names and strict globals: reading or writing an undeclared one is
// an error that names it. Raises when memory is short; call it in protected mode. Further globals
// are set with lua_rawset on the globals table.
void sandbox_open(lua_State *L);

#endif
