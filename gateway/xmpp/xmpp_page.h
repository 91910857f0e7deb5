/* SPDX-License-Identifier: MPL-2.0 */
/* Part of xmpp.h (include that one): pages of long lists (XEP-0059). */
#ifndef SOJOURN_XMPP_PAGE_H
#define SOJOURN_XMPP_PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Which part of a list is wanted. */
struct xmpp_page {
    bool wanted;                 /* false: the whole list, and no word about pages */
    bool back;                   /* before mark; without a mark: the last page */
    unsigned max;                /* rows, at most XMPP_PAGE_MAX; 0: only how many there are */
    const char *mark;            /* the row after or before which, by its address (of archives: by
                                    its id); or NULL */
};
#define XMPP_PAGE_MAX 200u

/* Which part is given. */
struct xmpp_page_out {
    const char *first, *last;    /* marks of its ends; NULL: it is empty */
    int64_t index;               /* of first among all; -1: not known */
    int64_t count;               /* of all; -1: not known */
};

#endif
