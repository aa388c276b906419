// A question by UDP to a multicast group or one machine, and the answers of whoever hears it.
#ifndef SEARCH_H
#define SEARCH_H

#include "net/loop.h"
#include <stddef.h>

// One datagram; both texts have a NUL behind them.
struct search_answer {
    struct search_answer *next; // in the order of their coming
    char from[16];              // the sender's IPv4 address
    size_t len;
    char text[];
};

struct search;
// Called once, when the time is over, from the loop. The answers live until the call returns.
typedef void search_fn(void *ctx, const struct search_answer *answers);

// Sends the text twice, for datagrams get lost, and gathers answers for `ms`: at most 64, four of
// one sender, the first 2 KiB of each. to: an IPv4 address in numbers. NULL: it could not be sent;
// errno says why.
struct search *search_start(struct loop *l, const char *to, int port, const char *text, int64_t ms,
                            search_fn *fn, void *ctx);
// Ends it, without a call if there was none yet. NULL does nothing.
void search_free(struct search *s);

#endif
