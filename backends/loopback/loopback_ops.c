/* SPDX-License-Identifier: MPL-2.0 */
/* What users do on the loopback network: send, show themselves, ask for contacts and answer.
 *
 * Each operation checks, returns at once, and leaves its outcome in the queue. A status other than
 * SJ_OK means that nothing happened and no op_done follows. The gateway has validated what comes
 * down; what this network cannot carry is refused here all the same. */
#include <string.h>

#include "loopback_file.h"
#include "loopback_link.h"
#include "loopback_room.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* The gateway passes canonical ids; anything else is refused, not repaired. */
static enum sj_status ops_check_peer(const struct sj_net *net, const char *id,
                                     struct sj_error *err)
{
    char folded[LOOPBACK_ID_MAX + 1];
    bool known = loopback_is_room(net, id) ? loopback_room_fold(folded, id)
                                           : loopback_id_fold(folded, id);
    if (!known || strcmp(folded, id) != 0)
        return sj_fail(err, SJ_INVALID, "no username of this network");
    return SJ_OK;
}

static enum sj_status ops_check_id(const char *id, struct sj_error *err)
{
    char folded[LOOPBACK_ID_MAX + 1];
    if (!loopback_id_fold(folded, id) || strcmp(folded, id) != 0)
        return sj_fail(err, SJ_INVALID, "no username of this network");
    return SJ_OK;
}

/* --- messages ----------------------------------------------------------------------------- */

/* To another user. On the way the message and its operation belong to the reader's queue. */
static void ops_send_to_user(struct loopback_link *l, const struct sj_message *m, sj_op op)
{
    struct loopback_account *to = loopback_account_find(l->base.net, m->peer);
    const struct loopback_post post = {
        .from = l->id,
        .number = ++l->base.net->message,
        .sender = l,
        .op = op,
    };
    if (!to && !loopback_entry_find(l->account, m->peer))
        loopback_op_finish(l, op, SJ_NOTFOUND, "there is no such user");
    else if (!to || !to->link)
        loopback_op_finish(l, op, SJ_OFFLINE, "this user is offline");
    else if (loopback_queue_message(to->link, m, &post) != SJ_OK)
        loopback_op_finish(l, op, SJ_LIMIT, "too many messages wait for this user");
    else
        loopback_queue_named(l, m->peer, post.number, op);
}

void loopback_send_on(struct loopback_link *l, const struct sj_message *m, sj_op op)
{
    if (loopback_is_room(l->base.net, m->peer))
        loopback_room_send(l, m, op);
    else if (loopback_is_resident(m->peer))
        loopback_resident_message(l, m, ++l->base.net->message, op);
    else
        ops_send_to_user(l, m, op);
}

enum sj_status loopback_send_message(struct sj_link *base, const struct sj_message *m, sj_op op,
                                     struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    enum sj_status status = ops_check_peer(base->net, m->peer, err);
    if (status == SJ_OK)
        status = loopback_message_check(l, m, err);
    if (status == SJ_OK && m->file)
        return loopback_file_begin(l, m, op, err);
    if (status == SJ_OK)
        status = loopback_op_begin(l, op, err);
    if (status == SJ_OK)
        loopback_send_on(l, m, op);
    return status;
}

static void ops_mark_to_user(struct loopback_link *l, const struct sj_mark *m, sj_op op)
{
    struct loopback_account *to = loopback_account_find(l->base.net, m->peer);
    const struct loopback_post post = {.from = l->id};
    if (!to || !to->link)
        loopback_op_finish(l, op, SJ_OFFLINE, "this user is offline");
    else if (loopback_queue_mark(to->link, m, &post) != SJ_OK)
        loopback_op_finish(l, op, SJ_LIMIT, "too many messages wait for this user");
    else
        loopback_op_finish(l, op, SJ_OK, NULL);
}

/* For other clients of the user's, of which this network has none. */
static enum sj_status ops_mark_quietly(struct loopback_link *l, sj_op op, struct sj_error *err)
{
    enum sj_status status = loopback_op_begin(l, op, err);
    if (status == SJ_OK)
        loopback_op_finish(l, op, SJ_OK, NULL);
    return status;
}

enum sj_status loopback_send_mark(struct sj_link *base, const struct sj_mark *m, sj_op op,
                                  struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    if (m->quiet && l->state == LOOPBACK_ONLINE)
        return ops_mark_quietly(l, op, err);
    if (loopback_is_room(base->net, m->peer))
        return loopback_room_send_mark(l, m, op, err);
    enum sj_status status = ops_check_id(m->peer, err);
    if (status == SJ_OK)
        status = loopback_mark_check(l, m, err);
    if (status == SJ_OK)
        status = loopback_op_begin(l, op, err);
    if (status != SJ_OK)
        return status;
    if (loopback_is_resident(m->peer)) {
        loopback_resident_mark(l, m);
        loopback_op_finish(l, op, SJ_OK, NULL);
    } else {
        ops_mark_to_user(l, m, op);
    }
    return SJ_OK;
}

void loopback_set_typing(struct sj_link *base, const char *id, enum sj_typing typing)
{
    struct loopback_link *l = loopback_link_of(base);
    const struct loopback_account *to = loopback_account_find(base->net, id);
    if (l->state != LOOPBACK_ONLINE)
        return;
    if (loopback_is_room(base->net, id))
        loopback_room_set_typing(l, id, typing);
    else if (loopback_is_resident(id))
        loopback_resident_typing(l, id, typing);
    else if (to && to->link)
        loopback_queue_typing(to->link, l->id, typing);
}

/* --- presence ----------------------------------------------------------------------------- */

enum sj_status loopback_set_presence(struct sj_link *base, enum sj_show show, const char *status,
                                     struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    if (l->state != LOOPBACK_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    if (show == SJ_SHOW_OFFLINE)
        return sj_fail(err, SJ_INVALID, "offline is shown by logging out");
    if (status && strnlen(status, SJ_STATUS_MAX + 1) > SJ_STATUS_MAX)
        return sj_fail(err, SJ_INVALID, "a status has at most %u bytes", SJ_STATUS_MAX);
    struct loopback_account *a = l->account;
    a->show = show;
    sj_free(a->status);
    a->status = status && *status ? sj_strdup(status) : NULL;
    loopback_account_announce(l->base.net, a);
    loopback_rooms_presence(l->base.net, a);
    return SJ_OK;
}

void loopback_set_idle(struct sj_link *base, sj_msec since)
{
    struct loopback_link *l = loopback_link_of(base);
    if (l->state != LOOPBACK_ONLINE || l->account->idle_since == since)
        return;
    l->account->idle_since = since;
    loopback_account_announce(l->base.net, l->account);
}

/* --- contacts ----------------------------------------------------------------------------- */

/* From here on the user sees the other. */
static void ops_grant(struct loopback_account *a, struct loopback_entry *e)
{
    e->facts = (uint8_t)((e->facts & ~LOOPBACK_ASKED_OUT) | LOOPBACK_TO);
    loopback_queue_news(a, e, LOOPBACK_NEWS_CONTACT);
    loopback_queue_save(a);
}

/* Takes facts away. gone: the user must hear of it, for this reason. */
static void ops_take_away(struct loopback_account *a, struct loopback_entry *e, unsigned facts,
                          const char *gone)
{
    e->facts &= (uint8_t)~facts;
    if (gone) {
        e->why = gone;
        loopback_queue_news(a, e, LOOPBACK_NEWS_GONE);
    }
    loopback_queue_save(a);
    loopback_entry_tidy(a, e);
}

/* Asks another user, who may be offline. mine: the asker's entry. */
static enum sj_status ops_ask_user(struct loopback_link *l, struct loopback_account *other,
                                   struct loopback_entry *mine, const char **why)
{
    struct loopback_entry *theirs = loopback_entry_get_asked(other, l->id);
    if (!theirs) {
        *why = "too many requests wait for this user";
        return SJ_LIMIT;
    }
    if (theirs->facts & LOOPBACK_FROM) {         /* granted earlier */
        ops_grant(l->account, mine);
        return SJ_OK;
    }
    mine->facts |= LOOPBACK_ASKED_OUT;
    theirs->facts |= LOOPBACK_ASKED_IN;
    loopback_queue_news(other, theirs, LOOPBACK_NEWS_REQUEST);
    loopback_queue_save(other);
    loopback_queue_save(l->account);
    return SJ_OK;
}

static enum sj_status ops_add(struct loopback_link *l, const char *id, const char **why)
{
    struct loopback_account *other = loopback_account_find(l->base.net, id);
    struct loopback_entry *mine = loopback_entry_find(l->account, id);
    bool resident = loopback_is_resident(id);
    if (mine && mine->facts & LOOPBACK_TO) {     /* idempotent: told again, nothing changes */
        loopback_queue_news(l->account, mine, LOOPBACK_NEWS_CONTACT);
        return SJ_OK;
    }
    if (!resident && !other) {
        *why = "there is no such user";
        return SJ_NOTFOUND;
    }
    mine = loopback_entry_get(l->account, id);
    if (!mine) {
        *why = "your list is full";
        return SJ_LIMIT;
    }
    enum sj_status status = SJ_OK;
    if (resident)
        loopback_resident_asked(l, mine);
    else
        status = ops_ask_user(l, other, mine, why);
    loopback_entry_tidy(l->account, mine);
    return status;
}

/* Success says that the request is out. Consent comes as contact, refusal as contact_gone. */
enum sj_status loopback_contact_add(struct sj_link *base, const char *id, sj_op op,
                                    struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    const char *why = NULL;
    enum sj_status status = ops_check_id(id, err);
    if (status == SJ_OK && strcmp(id, l->id) == 0)
        status = sj_fail(err, SJ_INVALID, "this is your own username");
    if (status == SJ_OK)
        status = loopback_op_begin(l, op, err);
    if (status != SJ_OK)
        return status;
    status = ops_add(l, id, &why);
    loopback_op_finish(l, op, status, why);
    return SJ_OK;
}

/* The user no longer wants to see the other. What the other may see is not touched. */
enum sj_status loopback_contact_remove(struct sj_link *base, const char *id, sj_op op,
                                       struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    enum sj_status status = ops_check_id(id, err);
    if (status == SJ_OK)
        status = loopback_op_begin(l, op, err);
    if (status != SJ_OK)
        return status;
    struct loopback_entry *mine = loopback_entry_find(l->account, id);
    struct loopback_account *other = loopback_account_find(l->base.net, id);
    struct loopback_entry *theirs = other ? loopback_entry_find(other, l->id) : NULL;
    if (mine)
        ops_take_away(l->account, mine, LOOPBACK_TO | LOOPBACK_ASKED_OUT, NULL);
    if (theirs)
        ops_take_away(other, theirs, LOOPBACK_FROM | LOOPBACK_ASKED_IN, NULL);
    loopback_op_finish(l, op, SJ_OK, NULL);      /* also when there was none: idempotent */
    return SJ_OK;
}

static void ops_accept(struct loopback_link *l, struct loopback_entry *mine,
                       struct loopback_account *other, struct loopback_entry *theirs)
{
    mine->facts = (uint8_t)((mine->facts & ~LOOPBACK_ASKED_IN) | LOOPBACK_FROM);
    loopback_queue_save(l->account);
    if (theirs && theirs->facts & LOOPBACK_ASKED_OUT)
        ops_grant(other, theirs);
}

/* Refuses a request, or withdraws a consent. The latter ends the relation both ways: for the
 * other's gateway a contact that is gone is gone altogether. */
static void ops_refuse(struct loopback_link *l, struct loopback_entry *mine,
                       struct loopback_account *other, struct loopback_entry *theirs)
{
    bool withdrawn = theirs && theirs->facts & LOOPBACK_TO;
    bool seen = withdrawn && mine->facts & LOOPBACK_TO;
    ops_take_away(l->account, mine,
                  LOOPBACK_FROM | LOOPBACK_ASKED_IN | (seen ? LOOPBACK_TO : 0u),
                  seen ? "you have withdrawn your consent" : NULL);
    if (withdrawn)
        ops_take_away(other, theirs, LOOPBACK_FACTS, "this user has withdrawn the consent");
    else if (theirs && theirs->facts & LOOPBACK_ASKED_OUT)
        ops_take_away(other, theirs, LOOPBACK_ASKED_OUT, "this user has refused");
}

enum sj_status loopback_contact_answer(struct sj_link *base, const char *id, bool accept, sj_op op,
                                       struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    enum sj_status status = ops_check_id(id, err);
    if (status == SJ_OK)
        status = loopback_op_begin(l, op, err);
    if (status != SJ_OK)
        return status;
    struct loopback_entry *mine = loopback_entry_find(l->account, id);
    struct loopback_account *other = loopback_account_find(l->base.net, id);
    struct loopback_entry *theirs = other ? loopback_entry_find(other, l->id) : NULL;
    if (!mine) {
        loopback_op_finish(l, op, SJ_NOTFOUND, "this user has not asked");
        return SJ_OK;
    }
    if (accept)
        ops_accept(l, mine, other, theirs);
    else
        ops_refuse(l, mine, other, theirs);
    loopback_op_finish(l, op, SJ_OK, NULL);
    return SJ_OK;
}
