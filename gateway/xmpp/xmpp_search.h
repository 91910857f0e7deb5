/* SPDX-License-Identifier: MPL-2.0 */
/* Part of xmpp.h (include that one): searching for people (XEP-0055), page by page (XEP-0059). */
#ifndef SOJOURN_XMPP_SEARCH_H
#define SOJOURN_XMPP_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "xmpp_command.h"
#include "xmpp_page.h"

struct xmpp_search_in {
    const struct xmpp_from *from;
    const struct xmpp_values *values;
    bool as_form;                /* a form was submitted: so the results stand in one */
    struct xmpp_page page;
};
struct xmpp_found {
    const char *peer;
    const char *name;            /* or NULL */
};
struct xmpp_search_out {
    const struct xmpp_found *found;      /* those that cannot be addresses are passed over */
    size_t n;
    bool as_form;                /* as it came in */
    struct xmpp_page page;       /* as it came in */
};

/* Implemented by the session room; every member non-NULL. */
struct xmpp_in_search {
    /* Fills in instructions and inputs; strings live until the next call into the session room.
     * Fields named first, last, nick and email are asked for in the classic way too.
     * SJ_UNAVAILABLE: this network cannot be searched. */
    enum sj_status (*form)(void *ctx, const struct xmpp_from *, struct xmpp_form *out,
                           struct sj_error *);
    /* SJ_OK: xmpp_answer_search or xmpp_answer follows (maybe already called). */
    enum sj_status (*start)(void *ctx, const struct xmpp_search_in *, uint64_t req,
                            struct sj_error *);
};

/* Answers with what was found; where it does not fit a stanza, with the first part of it. */
void xmpp_answer_search(struct xmpp *, uint64_t req, const struct xmpp_search_out *);

#endif
