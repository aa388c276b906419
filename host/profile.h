// The ISY profile (docs/pg3.md, Profile files) from the declared node types.
#ifndef PROFILE_H
#define PROFILE_H

#include "node.h"
#include <stdbool.h>

// Brings dir/nodedef/nodedefs.xml, dir/editor/editors.xml and dir/nls/en_us.txt up to date with the
// types; a file whose content is right is not touched. `hash` (17 bytes) tells one profile from
// another. *changed: a file was written. False, and one sentence in `error`, when the types
// contradict each other (two lists of value names under one id) or a file cannot be written; no
// file is half-written then, but one may be newer than another.
bool profile_write(const struct nodes *nodes, const char *dir, char *hash, bool *changed,
                   char *error, size_t size);

#endif
