// PG3's messages about nodes, as text (docs/pg3.md, Adding a node and the sections after it).
#ifndef WIRE_H
#define WIRE_H

#include "base/buf.h"
#include "pg3/node.h"

// Largest message sent.
#define WIRE_MAX (1024u * 1024)

// Most nodes of an addnode message, and the bytes from which on it takes no more. PG3 answers when
// it is through with all of them, and what becomes of a message does so of all in it: ten nodes of
// twenty drivers keep the core of 2021, which hands the ISY 10 values a second, busy for 20 s.
#define WIRE_ADD_NODES 10
#define WIRE_ADD_FULL (32u * 1024)

// {"addnode":[...]} for the first of these nodes, with what their drivers show; their texts cannot
// go along. -> how many it holds; 0 and nothing to send when it does not fit or memory is short.
size_t wire_addnode(struct buf *b, struct node *const *nodes, size_t count);

// A set message that has grown so far is sent, the rest follows in the next.
#define WIRE_SET_FULL (256u * 1024)

// {"set":[...]} with every changed driver of every live node, except `skip_driver` of node
// `skip_address` (PG3's own). Clears their marks. False and nothing to send when nothing has
// changed. Each value is a line of the log at the level debug.
bool wire_set(struct buf *b, struct nodes *n, const char *skip_address, const char *skip_driver);

#endif
