// PG3's messages about nodes, as text (docs/pg3.md, Adding a node and the sections after it).
#ifndef WIRE_H
#define WIRE_H

#include "base/buf.h"
#include "pg3/node.h"

// Largest message sent.
#define WIRE_MAX (1024u * 1024)

// {"addnode":[...]} for one node with the values PG3 has of it already: new ones follow by set.
bool wire_addnode(struct buf *b, const struct node *node);
// A set message that has grown so far is sent, the rest follows in the next.
#define WIRE_SET_FULL (256u * 1024)

// {"set":[...]} with every changed driver of every live node, except `skip_driver` of node
// `skip_address` (PG3's own). Clears their marks. False and nothing to send when nothing has
// changed.
bool wire_set(struct buf *b, struct nodes *n, const char *skip_address, const char *skip_driver);

#endif
