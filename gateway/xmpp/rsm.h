/* SPDX-License-Identifier: MPL-2.0 */
/* Lists page by page (XEP-0059). */
#ifndef XMPP_RSM_H
#define XMPP_RSM_H

#include <strophe.h>

#include "stanza.h"
#include "xmpp.h"

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
/* The same of a page that was chosen elsewhere. */
void rsm_add_page(xmpp_stanza_t *parent, const struct xmpp_page_out *page);

#endif
