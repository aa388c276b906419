#include "api/api.h"
#include "base/day.h"

#include <lauxlib.h>
#include <math.h>

// host.midnight(zone, now) -> the last midnight of a time zone (an IANA name, or "UTC") and its
// next, unix seconds, which day of the month and of the year this is, from 1, and the seconds of
// its clock | nil: the zone is not known here. It changes the time zone of the whole process for a
// moment: a few times a day for each zone are enough.
static int host_midnight(lua_State *L) {
    const char *zone = luaL_checkstring(L, 1);
    double now = luaL_checknumber(L, 2);
    luaL_argcheck(L, now >= -1e12 && now <= 1e12, 2, "unix seconds expected");
    struct day day = {0};
    switch (day_of(zone, (int64_t)floor(now), &day)) {
    case DAY_NO_MEMORY:
        return vm_no_memory(L);
    case DAY_UNKNOWN_ZONE:
        lua_pushnil(L);
        return 1;
    default:
        lua_pushinteger(L, day.begins);
        lua_pushinteger(L, day.ends);
        lua_pushinteger(L, day.of_month);
        lua_pushinteger(L, day.of_year);
        lua_pushinteger(L, day.seconds);
        return 5;
    }
}

const luaL_Reg api_day_functions[] = {{"midnight", host_midnight}, {NULL, NULL}};
