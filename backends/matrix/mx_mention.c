/* SPDX-License-Identifier: MPL-2.0 */
/* Mentions: over there a list of people beside the text (m.mentions), here places in the text. A
 * name that does not stand there is told without a place. A mention of everybody in the room is one
 * of the user. Source: Matrix client-server API, "User and room mentions". */
#include "mx_mention.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_id.h"
#include "mx_json.h"
#include "mx_link.h"
#include "mx_muc.h"
#include "mx_room.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* Where the name stands first, as no part of another word. */
static bool mention_find(const char *body, const char *name, struct sj_mention *m)
{
    size_t n = strlen(name);
    for (const char *at = n ? strstr(body, name) : NULL; at; at = strstr(at + 1, name)) {
        unsigned char after = (unsigned char)at[n];
        unsigned char before = at > body ? (unsigned char)at[-1] : ' ';
        bool word = (after >= '0' && after <= '9') ||
                    ((after | 0x20) >= 'a' && (after | 0x20) <= 'z');
        bool inside = (before | 0x20) >= 'a' && (before | 0x20) <= 'z';
        if (word || inside)
            continue;
        m->start = (uint32_t)(at - body);
        m->end = m->start + (uint32_t)n;
        return true;
    }
    return false;
}

static void mention_add(struct mx_mentions *out, struct mx_room *r, const char *user,
                        const char *body)
{
    const struct mx_member *member = mx_member_find(r, user);
    struct sj_mention *m = &out->list[out->n];
    struct sj_strbuf id;
    sj_strbuf_init(&id, SJ_ID_MAX);
    mx_id_encode(&id, user);
    *m = (struct sj_mention){.self = strcmp(user, r->link->user) == 0};
    m->id = out->id[out->n] = sj_strbuf_take(&id);
    if (r->entered && member && member->nick)
        m->nick = member->nick;
    if (!member || !mention_find(body, mx_member_name(member), m))
        mention_find(body, user, m);
    out->n++;
}

/* Sorted by their places, apart; of two at one place the second has none. */
static void mention_sort(struct mx_mentions *m)
{
    for (size_t i = 1; i < m->n; i++) {
        for (size_t k = i; k > 0 && m->list[k - 1].start > m->list[k].start; k--) {
            struct sj_mention other = m->list[k];
            m->list[k] = m->list[k - 1];
            m->list[k - 1] = other;
        }
    }
    uint32_t end = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (m->list[i].end > 0 && m->list[i].start < end)
            m->list[i].start = m->list[i].end = 0;
        else if (m->list[i].end > 0)
            end = m->list[i].end;
    }
}

void mx_mentions_read(struct mx_mentions *out, struct mx_room *r, struct json_object *content,
                      const char *body)
{
    struct json_object *mentions = mx_json_object(content, "m.mentions");
    struct json_object *users = mx_json_array(mentions, "user_ids");
    out->n = 0;
    for (size_t i = 0; i < mx_json_length(users) && out->n < SJ_MENTIONS_MAX; i++) {
        const char *user = mx_json_text_at(users, i, MX_ID_MAX);
        if (mx_id_is_user(user))
            mention_add(out, r, user, body);
    }
    if (mx_json_is_true(mentions, "room") && out->n < SJ_MENTIONS_MAX) {
        out->id[out->n] = NULL;
        out->list[out->n++] = (struct sj_mention){.self = true};
    }
    mention_sort(out);
}

void mx_mentions_release(struct mx_mentions *m)
{
    for (size_t i = 0; i < m->n; i++)
        sj_free(m->id[i]);
    m->n = 0;
}

void mx_mentions_put(struct mx_link *l, const struct sj_message *m, struct json_object *content)
{
    struct mx_room *r = m->in_room ? mx_room_find_name(l, m->peer) : NULL;
    struct json_object *users = NULL;
    for (size_t i = 0; i < m->n_mentions && i < SJ_MENTIONS_MAX; i++) {
        const struct sj_mention *one = &m->mentions[i];
        const struct mx_member *member = r && one->nick ? sj_map_find(&r->nicks, one->nick) : NULL;
        struct sj_strbuf user;
        sj_strbuf_init(&user, MX_ID_MAX);
        bool named = one->id && mx_id_decode(&user, one->id, mx_id_server(l->user)) &&
                     user.s[0] == '@';
        if (!users && (named || member))
            users = mx_json_put_array(mx_json_put_object(content, "m.mentions"), "user_ids");
        if (named || member)
            mx_json_add(users, named ? user.s : member->id);
        sj_strbuf_release(&user);
    }
}
