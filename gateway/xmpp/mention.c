/* SPDX-License-Identifier: MPL-2.0 */
/* References to people (XEP-0372) from and to the form in which the session room passes them on.
 *
 * From users they are what a client claims: places that are no places in the text, overlap, or are
 * out of order are left out, addresses of elsewhere are passed over, and both the contact's own
 * address and that of an occupant of the room will do (G372-03). Who is really there is for the
 * session room to find out. Offsets count code points there (G426-01), bytes here. */
#include "mention.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "jid.h"
#include "muc.h"
#include "sojourn/strbuf.h"
#include "stanza.h"

/* ---- from users ---- */

static int mention_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The address in "xmpp:address?query" (RFC 5122); clients forget to escape "#". */
static bool mention_read_uri(const char *uri, struct sj_strbuf *out)
{
    if (uri == NULL || sj_ascii_ncasecmp(uri, "xmpp:", 5) != 0)
        return false;
    for (uri += 5; *uri != '\0' && *uri != '?'; uri++) {
        int high = *uri == '%' ? mention_hex(uri[1]) : -1;
        int low = high >= 0 ? mention_hex(uri[2]) : -1;
        if (*uri == '%' && (low < 0 || high * 16 + low < 0x20))
            return false;
        sj_strbuf_addc(out, *uri == '%' ? (char)(high * 16 + low) : *uri);
        uri += *uri == '%' ? 2 : 0;
    }
    return sj_strbuf_ok(out) && sj_utf8_valid(out->s, out->len);
}

/* Whom the address means; false: nobody of ours. id is filled. */
static bool mention_read_person(const struct inbound *in, const char *text, struct jid *jid,
                                struct sj_strbuf *id, struct xmpp_mention *out)
{
    if (!jid_parse(jid, text, in->x->fold) || jid->local[0] == '\0' ||
        strcmp(jid->domain, in->x->options->hosts[in->host].name) != 0 ||
        address_unescape(id, jid->local) != SJ_OK)
        return false;
    bool here = in->room != NULL && strcmp(id->s, in->peer) == 0;
    if (here != (jid->resource[0] != '\0'))
        return false;
    out->kind = here ? XMPP_MENTION_OCCUPANT : XMPP_MENTION_CONTACT;
    out->name = here ? jid->resource : id->s;
    out->n_name = strlen(out->name);
    return true;
}

/* Moves *at over n code points; false: the text is shorter. */
static bool mention_skip(const char **at, int64_t n)
{
    for (; n > 0 && **at != '\0'; n--)
        do
            ++*at;
        while (((unsigned char)**at & 0xc0) == 0x80);
    return n == 0;
}

/* Its place behind the one before, which ended at `from` (code points) and *at; false: none. */
static bool mention_read_place(xmpp_stanza_t *ref, const char *body, const char **at, int64_t *from,
                               struct xmpp_mention *out)
{
    const char *begin = stanza_get(ref, "begin");
    const char *end = stanza_get(ref, "end");
    const char *place = *at;
    int64_t first = 0;
    int64_t last = 0;
    out->start = out->end = 0;
    if (begin == NULL && end == NULL)
        return true;
    if (begin == NULL || end == NULL || !sj_parse_int(begin, *from, INT32_MAX, &first) ||
        !sj_parse_int(end, first + 1, INT32_MAX, &last) || !mention_skip(&place, first - *from))
        return false;
    out->start = (uint32_t)(place - body);
    if (!mention_skip(&place, last - first))
        return false;
    out->end = (uint32_t)(place - body);
    *at = place;
    *from = last;
    return true;
}

void mentions_read(const struct inbound *in, const char *body, struct sj_strbuf *out)
{
    const char *at = body;
    int64_t from = 0;
    unsigned n = 0;
    for (xmpp_stanza_t *c = stanza_first(in->stanza); c != NULL && n < XMPP_MENTIONS_MAX;
         c = stanza_next(c)) {
        const char *type = stanza_get(c, "type");
        struct xmpp_mention m;
        struct sj_strbuf address, id;
        struct jid jid;
        if (!stanza_is(c, "reference", NS_REFERENCE) || type == NULL ||
            strcmp(type, "mention") != 0)
            continue;
        n++;
        sj_strbuf_init(&address, JID_MAX);
        sj_strbuf_init(&id, JID_PART_MAX);
        if (mention_read_uri(stanza_get(c, "uri"), &address) &&
            mention_read_person(in, address.s, &jid, &id, &m) &&
            mention_read_place(c, body, &at, &from, &m))
            xmpp_mention_put(out, &m);
        sj_strbuf_release(&id);
        sj_strbuf_release(&address);
    }
}

void mentions_shift(struct sj_strbuf *mentions, size_t skipped)
{
    struct sj_strbuf moved;
    struct xmpp_mention m;
    const char *at = mentions->s;
    if (mentions->len == 0 || skipped == 0)
        return;
    sj_strbuf_init(&moved, XMPP_MENTIONS_BYTES_MAX);
    while (xmpp_mention_next(&at, &m)) {
        bool there = m.end > 0 && m.start >= skipped;
        m.start = there ? m.start - (uint32_t)skipped : 0;
        m.end = there ? m.end - (uint32_t)skipped : 0;
        xmpp_mention_put(&moved, &m);
    }
    sj_strbuf_reset(mentions);
    sj_strbuf_adds(mentions, moved.s);
    sj_strbuf_release(&moved);
}

/* ---- to users ---- */

/* Their address, put into out; false: it can be none. */
static bool mention_address(struct xmpp *x, unsigned host, const struct xmpp_message_out *m,
                            const struct xmpp_mention *who, struct sj_strbuf *out)
{
    struct sj_strbuf name;
    if (who->kind == XMPP_MENTION_USER) {
        sj_strbuf_add(out, m->to, strcspn(m->to, "/"));
        return true;
    }
    sj_strbuf_init(&name, JID_PART_MAX);
    sj_strbuf_add(&name, who->name, who->n_name);
    bool occupant = who->kind == XMPP_MENTION_OCCUPANT;
    bool ok = sj_strbuf_ok(&name) && (!occupant || (m->peer != NULL && m->speaker != NULL)) &&
              room_address(x, host, occupant ? m->peer : name.s, occupant ? name.s : NULL, out);
    sj_strbuf_release(&name);
    return ok;
}

static size_t mention_points(const char *from, const char *to)
{
    size_t n = 0;
    for (; from < to; from++)
        n += ((unsigned char)*from & 0xc0) != 0x80;
    return n;
}

static void mention_set_number(xmpp_stanza_t *st, const char *name, size_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", number);
    stanza_set(st, name, text);
}

void mentions_add(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                  const struct xmpp_message_out *m, size_t before)
{
    const char *at = m->mentions;
    size_t length = strlen(m->body);
    struct xmpp_mention who;
    while (xmpp_mention_next(&at, &who)) {
        struct sj_strbuf address, uri;
        sj_strbuf_init(&address, JID_MAX);
        sj_strbuf_init(&uri, MUC_URI_MAX);
        if (who.end <= length && mention_address(x, host, m, &who, &address)) {
            xmpp_stanza_t *ref = stanza_add(st, "reference", NS_REFERENCE);
            muc_add_uri(&uri, address.s);
            stanza_set(ref, "type", "mention");
            stanza_set(ref, "uri", uri.s);
            if (who.end > 0) {
                size_t start = before + mention_points(m->body, m->body + who.start);
                mention_set_number(ref, "begin", start);
                mention_set_number(ref, "end", start + mention_points(m->body + who.start,
                                                                      m->body + who.end));
            }
        }
        sj_strbuf_release(&uri);
        sj_strbuf_release(&address);
    }
}
