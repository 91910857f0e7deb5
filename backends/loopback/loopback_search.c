/* SPDX-License-Identifier: MPL-2.0 */
/* Searching the loopback network: who is on it, residents and users, by a part of the username or
 * of the name. What is found waits in the queue like everything else, and the outcome behind it.
 *
 * A search tells that somebody is there and what they are called. Whether they are online is told
 * to those only who may see it, so "only who is online" counts residents, and users whom the
 * searcher may see. */
#include <string.h>

#include "loopback_link.h"
#include "sojourn/strbuf.h"

const struct sj_field loopback_search_fields[LOOPBACK_SEARCH_FIELDS] = {
    [LOOPBACK_SEARCH_NICK] = {
        .var = "nick",
        .label = N_("Username or name"),
    },
    [LOOPBACK_SEARCH_ONLINE] = {
        .var = "online",
        .label = N_("Only who is online"),
        .kind = SJ_FIELD_BOOL,
        .fallback = "0",
    },
};

/* What is searched for, and where what is found goes. */
struct search {
    struct loopback_link *link;
    const char *part;                /* "" for any */
    bool online;
    sj_op op;
    unsigned n;
};

bool loopback_text_holds(const char *text, const char *part)
{
    size_t n = strlen(part);
    for (; *text || n == 0; text++) {
        if (sj_ascii_ncasecmp(text, part, n) == 0)
            return true;
    }
    return false;
}

static bool search_sees(const struct search *s, const char *id)
{
    const struct loopback_entry *e = loopback_entry_find(s->link->account, id);
    return loopback_is_resident(id) || (e && e->facts & LOOPBACK_TO);
}

static void search_one(struct search *s, const char *id)
{
    const struct loopback_presence p = loopback_presence_of(s->link->base.net, id);
    if (s->n == SJ_FOUND_MAX || s->link->n_found == LOOPBACK_FOUND_MAX)
        return;
    if (!loopback_text_holds(id, s->part) &&
        !(p.name && loopback_text_holds(p.name, s->part)))
        return;
    if (s->online && (p.show == SJ_SHOW_OFFLINE || !search_sees(s, id)))
        return;
    struct loopback_event *e = loopback_queue_add(s->link, LOOPBACK_EVENT_FOUND);
    sj_copy(e->id, sizeof e->id, id);
    e->op = s->op;
    s->link->n_found++;
    s->n++;
}

enum sj_status loopback_search(struct sj_link *base, const char *const *values, size_t n, sj_op op,
                               struct sj_error *err)
{
    struct search s = {.link = loopback_link_of(base), .part = "", .op = op};
    const struct loopback_account *a;
    uint32_t at = 0;
    if (n > LOOPBACK_SEARCH_NICK && values[LOOPBACK_SEARCH_NICK])
        s.part = values[LOOPBACK_SEARCH_NICK];
    if (n > LOOPBACK_SEARCH_ONLINE && values[LOOPBACK_SEARCH_ONLINE])
        s.online = strcmp(values[LOOPBACK_SEARCH_ONLINE], "1") == 0;
    if (loopback_op_begin(s.link, op, err) != SJ_OK)
        return err->status;
    for (size_t i = 0; loopback_resident_at(i); i++)
        search_one(&s, loopback_resident_at(i));
    while ((a = sj_map_next(&base->net->accounts, &at)) != NULL) {
        if (a != s.link->account)
            search_one(&s, a->id);
    }
    loopback_op_finish(s.link, op, SJ_OK, NULL);
    return SJ_OK;
}

void loopback_search_tell(struct loopback_link *l, const struct loopback_event *e)
{
    const struct loopback_presence p = loopback_presence_of(l->base.net, e->id);
    const struct sj_contact c = {.id = e->id, .name = p.name};
    l->base.host->found(&l->base, e->op, &c);
}
