/* SPDX-License-Identifier: MPL-2.0 */
/* Tags (IRCv3 message-tags): which of them the server passes on, and writing them.
 *
 * What a login lacks follows from the capabilities, from CLIENTTAGDENY, and from whether messages
 * have ids, which no server announces: it is believed until a message of a person comes without
 * one. By then nothing could have been referred to. Links of a net share that knowledge. A server
 * that changes its mind all the time is told of IRC_LACKS_MAX times; from then on what was lacking
 * once is lacking. */
#include "irc_tags.h"

#include <stdio.h>
#include <string.h>

#include "irc_ids.h"
#include "irc_link.h"
#include "irc_parse.h"
#include "irc_send.h"

#define IRC_LACKS_MAX 8u

static bool item_is(const char *item, size_t n, const char *name)
{
    return strlen(name) == n && memcmp(item, name, n) == 0;
}

/* CLIENTTAGDENY=a,b or =*,-a,-b (IRCv3 message-tags, RPL_ISUPPORT Tokens). */
static bool is_denied(const char *list, const char *name)
{
    bool denied = false;

    for (const char *item = list; *item;) {
        size_t n = strcspn(item, ",");
        if (item == list && item_is(item, n, "*"))
            denied = true;
        else if (item_is(item, n, name))
            denied = true;
        else if (n > 0 && *item == '-' && item_is(item + 1, n - 1, name))
            denied = false;
        item += n;
        item += *item == ',';
    }
    return denied;
}

void irc_tags_deny(struct irc_link *l, const char *value)
{
    l->no_reply = is_denied(value, "reply");
    l->no_draft_reply = is_denied(value, "draft/reply");
    l->no_react = is_denied(value, "draft/react") || is_denied(value, "draft/unreact");
    l->no_typing = is_denied(value, "typing");
}

uint32_t irc_tags_lacks(const struct irc_link *l)
{
    bool has_ids = irc_cap_has(l, IRC_CAP_MESSAGE_TAGS) &&
                   l->base.net->ids_given != IRC_IDS_MISSING;
    uint32_t lacks = 0;

    if (!has_ids || (l->no_reply && l->no_draft_reply))
        lacks |= SJ_CAP_REPLY | SJ_CAP_REACT;
    if (l->no_react)
        lacks |= SJ_CAP_REACT;
    if (l->no_typing || !irc_cap_has(l, IRC_CAP_MESSAGE_TAGS))
        lacks |= SJ_CAP_TYPING;
    if (!has_ids || !irc_cap_has(l, IRC_CAP_ECHO_MESSAGE | IRC_CAP_REDACTION))
        lacks |= SJ_CAP_RETRACT;
    if (!has_ids || !irc_cap_has(l, IRC_CAP_READ_MARKER | IRC_CAP_SERVER_TIME))
        lacks |= SJ_CAP_READ_SYNC;
    return lacks;
}

void irc_tags_settle(struct irc_link *l)
{
    uint32_t lacks = irc_tags_lacks(l);

    if (l->n_lacks >= IRC_LACKS_MAX)
        lacks |= l->lacks;
    if (lacks == l->lacks)
        return;
    l->lacks = lacks;
    if (l->n_lacks < IRC_LACKS_MAX)
        l->n_lacks++;
    l->base.host->lacks(&l->base, lacks);
}

void irc_tags_note(struct irc_link *l, const struct irc_line *line)
{
    uint8_t *given = &l->base.net->ids_given;

    if (!irc_cap_has(l, IRC_CAP_MESSAGE_TAGS))
        return;
    if (line->tags.msgid)
        *given = IRC_IDS_GIVEN;
    else if (*given == IRC_IDS_UNKNOWN)
        *given = IRC_IDS_MISSING;
    if (l->ids_given == *given)
        return;
    l->ids_given = *given & 3u;
    irc_tags_settle(l);
}

static void tag_escape(struct irc_out *o, const char *value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        switch (value[i]) {
        case ';':
            irc_out_adds(o, "\\:");
            break;
        case ' ':
            irc_out_adds(o, "\\s");
            break;
        case '\\':
            irc_out_adds(o, "\\\\");
            break;
        case '\r':
            irc_out_adds(o, "\\r");
            break;
        case '\n':
            irc_out_adds(o, "\\n");
            break;
        default:
            irc_out_add(o, value + i, 1);
            break;
        }
    }
}

void irc_tag_add_n(struct irc_out *o, const char *key, const char *value, size_t n)
{
    irc_out_adds(o, o->n ? ";" : "@");
    irc_out_adds(o, key);
    if (!value)
        return;
    irc_out_adds(o, "=");
    tag_escape(o, value, n);
}

void irc_tag_add(struct irc_out *o, const char *key, const char *value)
{
    irc_tag_add_n(o, key, value, strlen(value));
}

void irc_tag_end(struct irc_out *o)
{
    if (o->n)
        irc_out_adds(o, " ");
}

/* Both names: clients of today know either. */
void irc_tag_add_reply(const struct irc_link *l, struct irc_out *o, const char *id)
{
    size_t n;
    const char *first = irc_ids_next(&id, &n);

    if (!l->no_draft_reply)
        irc_tag_add_n(o, "+draft/reply", first, n);
    if (!l->no_reply)
        irc_tag_add_n(o, "+reply", first, n);
}

void irc_tag_add_label(const struct irc_link *l, struct irc_out *o, uint32_t number)
{
    char label[12];

    if (!irc_cap_has(l, IRC_CAP_LABELED_RESPONSE | IRC_CAP_BATCH))
        return;
    (void)snprintf(label, sizeof label, "%x", (unsigned)number);
    irc_tag_add(o, "label", label);
}
