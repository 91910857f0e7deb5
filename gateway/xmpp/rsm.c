/* SPDX-License-Identifier: MPL-2.0 */
/* Lists page by page: reads what is asked for, picks the rows, and says which they are.
 *
 * Rows are named by marks that mean the same at the next request (addresses), so nothing is kept
 * between two pages. By index is not offered (G059-02). Source: XEP-0059 §2. */
#include "rsm.h"

#include <stdio.h>
#include <string.h>

#include "sojourn/strbuf.h"
#include "stanza.h"

#define RSM_NUMBER_SIZE 24

enum sj_status rsm_read(xmpp_stanza_t *query, struct xmpp_page *out, struct sj_error *err)
{
    xmpp_stanza_t *set = stanza_child(query, "set", NS_RSM);
    *out = (struct xmpp_page){.max = XMPP_PAGE_MAX};
    if (set == NULL)
        return SJ_OK;
    out->wanted = true;
    if (stanza_child(set, "index", NS_RSM) != NULL)
        return sj_fail(err, SJ_UNSUPPORTED, "Pages are not numbered here.");
    xmpp_stanza_t *max = stanza_child(set, "max", NS_RSM);
    int64_t number = XMPP_PAGE_MAX;
    if (max != NULL && !sj_parse_int(stanza_text(max), 0, INT32_MAX, &number))
        return sj_fail(err, SJ_INVALID, "The size of a page is a number.");
    out->max = number < XMPP_PAGE_MAX ? (unsigned)number : XMPP_PAGE_MAX;
    xmpp_stanza_t *after = stanza_child(set, "after", NS_RSM);
    xmpp_stanza_t *before = stanza_child(set, "before", NS_RSM);
    if (after != NULL && before != NULL)
        return sj_fail(err, SJ_INVALID, "A page is after a row or before one, not both.");
    out->back = before != NULL;
    xmpp_stanza_t *row = after != NULL ? after : before;
    if (row != NULL && stanza_text(row)[0] != '\0')
        out->mark = stanza_text(row);
    return SJ_OK;
}

bool rsm_choose(const struct xmpp_page *page, char *const *marks, size_t n, struct rsm_rows *out)
{
    size_t at = page->back ? n : 0;
    *out = (struct rsm_rows){.first = 0, .end = n};
    if (!page->wanted)
        return true;
    if (page->mark != NULL) {
        for (at = 0; at < n && strcmp(marks[at], page->mark) != 0; at++)
            continue;
        if (at == n)
            return false;
        at += page->back ? 0 : 1;
    }
    if (page->back) {
        out->end = at;
        out->first = at > page->max ? at - page->max : 0;
    } else {
        out->first = at;
        out->end = n - at > page->max ? at + page->max : n;
    }
    return true;
}

static void rsm_number(char out[RSM_NUMBER_SIZE], size_t n)
{
    snprintf(out, RSM_NUMBER_SIZE, "%zu", n);
}

void rsm_add(xmpp_stanza_t *query, const struct xmpp_page *page, char *const *marks, size_t n,
             const struct rsm_rows *rows)
{
    char number[RSM_NUMBER_SIZE];
    if (!page->wanted)
        return;
    xmpp_stanza_t *set = stanza_add(query, "set", NS_RSM);
    if (rows->first < rows->end) {
        rsm_number(number, rows->first);
        stanza_set(stanza_add_with_text(set, "first", marks[rows->first]), "index", number);
        stanza_add_with_text(set, "last", marks[rows->end - 1]);
    }
    rsm_number(number, n);
    stanza_add_with_text(set, "count", number);
}

void rsm_add_page(xmpp_stanza_t *parent, const struct xmpp_page_out *page)
{
    char number[RSM_NUMBER_SIZE];
    xmpp_stanza_t *set = stanza_add(parent, "set", NS_RSM);
    if (page->first != NULL) {
        xmpp_stanza_t *first = stanza_add_with_text(set, "first", page->first);
        if (page->index >= 0) {
            rsm_number(number, (size_t)page->index);
            stanza_set(first, "index", number);
        }
        stanza_add_with_text(set, "last", page->last);
    }
    if (page->count >= 0) {
        rsm_number(number, (size_t)page->count);
        stanza_add_with_text(set, "count", number);
    }
}
