/* SPDX-License-Identifier: MPL-2.0 */
/* The text in which mentions are passed on: written here, and read again, also from archives that
 * are older than this program. What makes no sense ends it. */
#include <string.h>

#include "sojourn/strbuf.h"
#include "xmpp_mention.h"

void xmpp_mention_put(struct sj_strbuf *out, const struct xmpp_mention *m)
{
    if (memchr(m->name, '\n', m->n_name) != NULL)
        return;
    sj_strbuf_addf(out, "%u %u %c ", m->start, m->end, (char)m->kind);
    sj_strbuf_add(out, m->name, m->n_name);
    sj_strbuf_addc(out, '\n');
}

/* A number and the space behind it. */
static bool mention_take_number(const char **at, uint32_t *out)
{
    uint32_t n = 0;
    unsigned digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 9; digits++)
        n = n * 10 + (uint32_t)(*(*at)++ - '0');
    *out = n;
    return digits > 0 && *(*at)++ == ' ';
}

bool xmpp_mention_next(const char **at, struct xmpp_mention *out)
{
    const char *p = *at;
    if (p == NULL || *p == '\0' || !mention_take_number(&p, &out->start) ||
        !mention_take_number(&p, &out->end) || out->start > out->end || *p == '\0' ||
        strchr("ucn", *p) == NULL || p[1] != ' ')
        return false;
    out->kind = (enum xmpp_mention_kind)*p;
    out->name = p + 2;
    out->n_name = strcspn(out->name, "\n");
    *at = out->name + out->n_name;
    *at += **at == '\n';
    return true;
}
