/* SPDX-License-Identifier: MPL-2.0 */
/* The loopback network's memory: accounts, their lists, and who may see whom.
 *
 * On other networks this is what the server does, and the backend only speaks to it. Everything is
 * bounded, because users of a gateway are strangers: names that nobody uses are forgotten when
 * there are too many, lists and requests have an end. Nothing here calls the host. */
#include "loopback_net.h"

#include <string.h>

#include "loopback_file.h"
#include "loopback_link.h"
#include "loopback_room.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

enum sj_status loopback_net_new(struct sj_net **out, struct sj_loop *loop,
                                const struct sj_log *log, const struct sj_values *values,
                                struct sj_error *err)
{
    struct sj_net *net = sj_calloc(1, sizeof *net);
    (void)err;                       /* the values cannot contradict each other */
    net->loop = loop;
    net->log = log;
    net->password = sj_values_text(values, "password");
    net->latency_ms = sj_values_number(values, "latency");
    net->login_steps = (enum loopback_steps)sj_values_number(values, "login-steps");
    net->confirm_ms = sj_values_number(values, "login-confirm");
    net->period_ms = sj_values_number(values, "residents-period");
    /* The ids of a former process are kept by others, and do not come again: a millisecond has
     * room for a thousand. */
    net->message = (uint64_t)sj_loop_utc_ms(loop) * 1000;
    sj_map_init(&net->accounts);
    sj_idmap_init(&net->links);
    sj_list_init(&net->files);
    net->big_room = (uint32_t)sj_values_number(values, "big-room");
    loopback_residents_init(net);
    loopback_rooms_open(net);
    *out = net;
    return SJ_OK;
}

static void account_free(struct sj_net *net, struct loopback_account *a)
{
    struct loopback_entry *e;
    uint32_t at = 0;
    while ((e = sj_map_next(&a->entries, &at)) != NULL)
        loopback_entry_free(e);
    sj_map_release(&a->entries);
    loopback_heard_release(a);
    sj_free(a->status);
    loopback_own_release(net, &a->own);
    sj_free(a);
}

void loopback_net_free(struct sj_net **net)
{
    struct loopback_account *a;
    uint32_t at = 0;
    if (!net || !*net)
        return;
    loopback_residents_stop(*net);
    while ((a = sj_map_next(&(*net)->accounts, &at)) != NULL)
        account_free(*net, a);
    sj_map_release(&(*net)->accounts);
    sj_idmap_release(&(*net)->links);
    loopback_rooms_release(*net);
    loopback_files_release(*net);
    sj_free(*net);
    *net = NULL;
}

bool loopback_id_fold(char out[LOOPBACK_ID_MAX + 1], const char *id)
{
    size_t n = strlen(id);
    if (n == 0 || n > LOOPBACK_ID_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = sj_ascii_lower(id[i]);
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!word && c != '.' && c != '_' && c != '-')
            return false;
        out[i] = c;
    }
    out[n] = '\0';
    return true;
}

/* --- accounts ----------------------------------------------------------------------------- */

struct loopback_account *loopback_account_find(const struct sj_net *net, const char *id)
{
    return sj_map_find(&net->accounts, id);
}

/* Forgets who is offline. What they had in their lists comes back with their next login. */
static void accounts_sweep(struct sj_net *net)
{
    struct loopback_account *a;
    uint32_t at = 0;
    while ((a = sj_map_next(&net->accounts, &at)) != NULL) {
        if (a->logins > 0)
            continue;
        sj_map_remove(&net->accounts, a->id);
        account_free(net, a);
    }
    sj_log_info(net->log, "accounts that are offline forgotten left=%u", net->accounts.used);
}

struct loopback_account *loopback_account_get(struct sj_net *net, const char *id)
{
    struct loopback_account *a = loopback_account_find(net, id);
    if (a)
        return a;
    if (net->accounts.used >= LOOPBACK_ACCOUNTS_MAX)
        accounts_sweep(net);
    if (net->accounts.used >= LOOPBACK_ACCOUNTS_MAX)
        return NULL;
    a = sj_calloc(1, sizeof *a);
    sj_copy(a->id, sizeof a->id, id);
    sj_map_init(&a->entries);
    sj_list_init(&a->heard);
    a->heard_at = (uint64_t)sj_loop_utc_ms(net->loop) * 1000;
    sj_map_put(&net->accounts, a->id, a);
    return a;
}

struct loopback_presence loopback_presence_of(const struct sj_net *net, const char *id)
{
    struct loopback_presence p = {.show = SJ_SHOW_OFFLINE};
    const struct loopback_account *a = loopback_account_find(net, id);
    if (!loopback_resident_presence(net, id, &p) && a) {
        p.name = a->own.nick;
        p.show = a->link ? a->show : SJ_SHOW_OFFLINE;
        p.status = a->link ? a->status : NULL;
        p.idle_since = a->link ? a->idle_since : 0;
    }
    loopback_avatar_of(net, id, p.avatar);
    return p;
}

void loopback_account_announce(struct sj_net *net, const struct loopback_account *a)
{
    struct loopback_entry *e;
    uint32_t at = 0;
    while ((e = sj_map_next(&a->entries, &at)) != NULL) {
        struct loopback_account *other = loopback_account_find(net, e->id);
        struct loopback_entry *theirs = other ? loopback_entry_find(other, a->id) : NULL;
        if ((e->facts & LOOPBACK_FROM) && theirs && (theirs->facts & LOOPBACK_TO))
            loopback_queue_news(other, theirs, LOOPBACK_NEWS_CONTACT);
    }
}

/* --- entries ------------------------------------------------------------------------------ */

struct loopback_entry *loopback_entry_find(const struct loopback_account *a, const char *id)
{
    return sj_map_find(&a->entries, id);
}

struct loopback_entry *loopback_entry_get(struct loopback_account *a, const char *id)
{
    struct loopback_entry *e = loopback_entry_find(a, id);
    if (e || a->entries.used >= LOOPBACK_LIST_MAX)
        return e;
    e = sj_calloc(1, sizeof *e);
    sj_copy(e->id, sizeof e->id, id);
    sj_map_put(&a->entries, e->id, e);
    return e;
}

struct loopback_entry *loopback_entry_get_asked(struct loopback_account *a, const char *id)
{
    struct loopback_entry *e = loopback_entry_find(a, id);
    unsigned asked = 0;
    uint32_t at = 0;
    if (e)
        return e;
    while ((e = sj_map_next(&a->entries, &at)) != NULL)
        asked += e->facts == LOOPBACK_ASKED_IN;
    return asked < LOOPBACK_REQUESTS_MAX ? loopback_entry_get(a, id) : NULL;
}

void loopback_entry_free(struct loopback_entry *e)
{
    sj_free(e->name);
    sj_free(e->group);
    sj_free(e);
}

void loopback_entry_tidy(struct loopback_account *a, struct loopback_entry *e)
{
    if (e->facts || e->news || e->queued)
        return;
    sj_map_remove(&a->entries, e->id);
    loopback_entry_free(e);
}
