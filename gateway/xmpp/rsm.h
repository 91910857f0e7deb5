/* SPDX-License-Identifier: MPL-2.0 */
/* Lists page by page (XEP-0059). */
#ifndef XMPP_RSM_H
#define XMPP_RSM_H

#include <strophe.h>

#include "xmpp.h"

#define NS_RSM "http://jabber.org/protocol/rsm"

/* What query asks for; mark is borrowed from it. SJ_UNSUPPORTED: by index (G059-02). */
enum sj_status rsm_read(xmpp_stanza_t *query, struct xmpp_page *out, struct sj_error *err);

/* Rows first to end (exclusive) of n. */
struct rsm_rows {
    size_t first, end;
};
/* false: there is no row with that mark. */
bool rsm_choose(const struct xmpp_page *page, char *const *marks, size_t n, struct rsm_rows *out);
/* Says which rows these are of how many (G059-01); nothing when no page was asked for. */
void rsm_add(xmpp_stanza_t *query, const struct xmpp_page *page, char *const *marks, size_t n,
             const struct rsm_rows *rows);

#endif
