// Tables of which a script is told everything there is to know: a field that is not among the known
// ones is misspelt, and an error of the script that asks for it.
#ifndef FIELDS_H
#define FIELDS_H

#include <lua.h>
#include <stdbool.h>

// In the metatable of such a table, in main.lua's state (scripts/types/fields.lua) and in a
// script's: what it is and its fields, as in "a row: code, path, value".
#define FIELDS_KEY "__fields"

// Makes the table on top such a one. Raises when memory is short.
void fields_watch(lua_State *L, const char *known);

// Whether the value at `index` is a table that was made one in this state; what a script made to
// look like one is none.
bool fields_are_watched(lua_State *L, int index);

#endif
