/* SPDX-License-Identifier: MPL-2.0 */
/* Finds what a message carries beside its text.
 *
 * A payload counts by name and namespace; whatever is not in the table is passed over, and so
 * carbons, forwarded messages and privileges that some user made up have no effect (G280-03,
 * G356-02). What the payloads mean is left to message_in.c. Source: the XEPs in the table,
 * XEP-0428. */
#include "message_parts.h"

#include <string.h>

#include "mention.h"
#include "sojourn/strbuf.h"
#include "stanza.h"

struct part_row {
    const char *name, *ns;
    enum message_part part;
    enum xmpp_chat_state state;
};
static const struct part_row part_rows[] = {
    {"active", NS_CHATSTATES, PART_STATE, XMPP_STATE_ACTIVE},
    {"composing", NS_CHATSTATES, PART_STATE, XMPP_STATE_COMPOSING},
    {"paused", NS_CHATSTATES, PART_STATE, XMPP_STATE_PAUSED},
    {"inactive", NS_CHATSTATES, PART_STATE, XMPP_STATE_INACTIVE},
    {"gone", NS_CHATSTATES, PART_STATE, XMPP_STATE_GONE},
    {"request", NS_RECEIPTS, PART_REQUEST, XMPP_STATE_NONE},
    {"received", NS_RECEIPTS, PART_RECEIVED, XMPP_STATE_NONE},
    {"markable", NS_MARKERS, PART_MARKABLE, XMPP_STATE_NONE},
    {"displayed", NS_MARKERS, PART_DISPLAYED, XMPP_STATE_NONE},
    {"replace", NS_CORRECT, PART_REPLACE, XMPP_STATE_NONE},
    {"retract", NS_RETRACT, PART_RETRACT, XMPP_STATE_NONE},
    {"reactions", NS_REACTIONS, PART_REACTIONS, XMPP_STATE_NONE},
    {"reply", NS_REPLY, PART_REPLY, XMPP_STATE_NONE},
    {"reference", NS_REFERENCE, PART_REFERENCE, XMPP_STATE_NONE},
    {"origin-id", NS_SID, PART_ORIGIN, XMPP_STATE_NONE},
    {"attention", NS_ATTENTION, PART_ATTENTION, XMPP_STATE_NONE},
    {"unstyled", NS_STYLING, PART_UNSTYLED, XMPP_STATE_NONE},
    {"x", NS_CONFERENCE, PART_INVITATION, XMPP_STATE_NONE},
};

static const struct part_row *part_find(const char *name, const char *ns)
{
    for (size_t i = 0; i < sizeof part_rows / sizeof *part_rows; i++)
        if (part_rows[i].name[0] == name[0] && strcmp(part_rows[i].name, name) == 0 &&
            strcmp(part_rows[i].ns, ns) == 0)
            return &part_rows[i];
    return NULL;
}

/* The first letters of the names above: body and subject are none of them, and looking up a
 * namespace costs more than all the rest. */
#define PART_INITIALS "acdgimoprux"

/* Of the stream's own namespace. */
static const char *part_thread(xmpp_stanza_t *st, xmpp_stanza_t *c)
{
    const char *ns = xmpp_stanza_get_ns(c);
    const char *of = xmpp_stanza_get_ns(st);
    if (strcmp(xmpp_stanza_get_name(c), "thread") != 0 || ns == NULL || of == NULL ||
        strcmp(ns, of) != 0)
        return NULL;
    const char *text = stanza_text(c);
    bool usable = text != NULL && text[0] != '\0' &&
                  strnlen(text, XMPP_MESSAGE_ID_MAX + 1) <= XMPP_MESSAGE_ID_MAX;
    return usable ? text : NULL;
}

void message_parts_read(struct message_parts *out, xmpp_stanza_t *st)
{
    *out = (struct message_parts){.state = XMPP_STATE_NONE};
    for (xmpp_stanza_t *c = stanza_first(st); c != NULL; c = stanza_next(c)) {
        const char *name = xmpp_stanza_get_name(c);
        if (name[0] == 't' && out->thread == NULL)
            out->thread = part_thread(st, c);
        if (strchr(PART_INITIALS, name[0]) == NULL)
            continue;
        const char *ns = xmpp_stanza_get_ns(c);
        const struct part_row *row = ns != NULL ? part_find(name, ns) : NULL;
        if (row == NULL || out->part[row->part] != NULL)
            continue;
        out->part[row->part] = c;
        if (row->part == PART_STATE)
            out->state = row->state;
    }
}

const char *message_part_id(const struct message_parts *p, enum message_part part)
{
    const char *id = p->part[part] != NULL ? stanza_get(p->part[part], "id") : NULL;
    bool usable = id != NULL && id[0] != '\0' &&
                  strnlen(id, XMPP_MESSAGE_ID_MAX + 1) <= XMPP_MESSAGE_ID_MAX;
    return usable ? id : NULL;
}

/* ---- fallbacks ---- */

static xmpp_stanza_t *fallback_find(xmpp_stanza_t *st, const char *ns)
{
    for (xmpp_stanza_t *c = stanza_first(st); c != NULL; c = stanza_next(c)) {
        const char *of = stanza_get(c, "for");
        if (stanza_is(c, "fallback", NS_FALLBACK) && of != NULL && strcmp(of, ns) == 0)
            return c;
    }
    return NULL;
}

/* Bytes before the n-th code point; false: the text is shorter. */
static bool fallback_offset(const char *body, int64_t n, size_t *out)
{
    const char *at = body;
    for (; n > 0 && *at != '\0'; n--)
        do
            at++;
        while (((unsigned char)*at & 0xc0) == 0x80);
    *out = (size_t)(at - body);
    return n == 0;
}

bool message_fallback(xmpp_stanza_t *st, const char *ns, const char *body, size_t *start,
                      size_t *end)
{
    xmpp_stanza_t *fallback = fallback_find(st, ns);
    int64_t from = 0;
    int64_t to = 0;
    if (fallback == NULL)
        return false;
    *start = 0;
    *end = strlen(body);
    if (stanza_first(fallback) == NULL)
        return true;                     /* body and subject as a whole (G461-05) */
    xmpp_stanza_t *range = stanza_child(fallback, "body", NS_FALLBACK);
    if (range == NULL)
        return false;                    /* only the subject */
    const char *start_text = stanza_get(range, "start");
    const char *end_text = stanza_get(range, "end");
    if (start_text == NULL && end_text == NULL)
        return true;
    return (start_text == NULL || sj_parse_int(start_text, 0, INT32_MAX, &from)) &&
           fallback_offset(body, from, start) &&
           (end_text == NULL || (sj_parse_int(end_text, from, INT32_MAX, &to) &&
                                 fallback_offset(body, to, end)));
}
