// JSON text to values, by lua-cjson in a state of its own that no script can reach.
#ifndef JSON_H
#define JSON_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct json;

// No text over this is decoded: cjson needs several times its size for a moment, and a decode that
// hits an allocator's limit would leak the text.
#define JSON_MAX (2u * 1024 * 1024)
// Digits of one number; the longest a double needs, written out, are 309 before or 1,074 after the
// point.
#define JSON_DIGITS 1100u

// NULL when memory is short; json_free of that does nothing.
struct json *json_new(void);
void json_free(struct json *j);

// Decodes and calls fn(L, ctx) with the value at index 1 of L. fn may read it with the functions
// below and vm_copy it into a protected call of another state; it must leave L's stack as deep as
// it was. False: not JSON, too large, or with a number that is too long, `error` says so in one
// sentence without quoting the text; or memory was short, see json_starved.
typedef void json_fn(lua_State *L, void *ctx);
bool json_read(struct json *j, const char *text, size_t len, json_fn *fn, void *ctx, char *error,
               size_t size);

// Decodes onto the top of `to`, another state, which must be protected: memory may run out there,
// and then it raises. False: nothing pushed, as json_read.
bool json_copy(struct json *j, const char *text, size_t len, lua_State *to, char *error,
               size_t size);

// Whether the last of these failed for want of memory: the text or value may well be good.
bool json_starved(const struct json *j);

// For reading within json_fn; `index` is absolute and may hold anything.
// Pushes the member (nil when there is none or the value is no object); the caller pops.
int json_push(lua_State *L, int index, const char *key); // returns its lua_type
// The member as text: a string, or a number written plainly, which it is from then on; `missing`
// otherwise. Lives until the document ends. Raises when memory is short.
const char *json_text(lua_State *L, int index, const char *key, const char *missing);
// The member as a whole number, also from a numeric text or a bool; `missing` otherwise.
long json_long(lua_State *L, int index, const char *key, long missing);

#endif
