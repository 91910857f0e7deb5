/* SPDX-License-Identifier: MPL-2.0 */
/* Owners who leave: registration, data key and all that is under it go in one commit of its own,
 * for all who leave at the same time, and whoever asked is told when it is on the disk.
 *
 * Alone, because whoever leaves must be able to while a full disk keeps others' values waiting; and
 * seen by nobody before it is durable, so that there is nothing to take back when it cannot be
 * made: all is there as before. Of a large archive 2,000 records go along, the rest, which nobody
 * can read any more, is left to archive_expiry.c. */
#include <string.h>

#include "behind.h"
#include "group.h"
#include "record.h"
#include "sojourn/memory.h"

enum leave_stage { LEAVE_WAITS, LEAVE_HANDED, LEAVE_OVER };

struct leave {
    struct sj_list list;
    uint8_t user[STORE_PART_LEN];
    enum leave_stage stage;
    bool left;                           /* more of archives than goes at once */
    struct sj_error err;                 /* SJ_OK: nothing is wrong so far */
    void (*done)(void *arg, uint64_t ticket, const struct sj_error *err);
    void *arg;
    uint64_t ticket;
};

static struct leave *leave_find(const struct sj_store *s, enum leave_stage stage)
{
    for (struct sj_list *l = s->leaving.next; l != &s->leaving; l = l->next) {
        struct leave *leave = SJ_CONTAINER(l, struct leave, list);
        if (leave->stage == stage)
            return leave;
    }
    return NULL;
}

static void leave_free(struct leave *leave)
{
    sj_list_remove(&leave->list);
    sj_free(leave);
}

/* Whoever is told may call the store. */
static void leaves_tell(struct sj_store *s)
{
    struct leave *leave;
    while ((leave = leave_find(s, LEAVE_OVER)) != NULL) {
        struct leave l = *leave;
        leave_free(leave);
        if (l.done)
            l.done(l.arg, l.ticket, l.err.status == SJ_OK ? NULL : &l.err);
    }
}

static enum sj_status leaves_change(struct sj_store *s, void *arg, struct sj_error *err)
{
    (void)arg;
    for (struct sj_list *l = s->leaving.next; l != &s->leaving; l = l->next) {
        struct leave *leave = SJ_CONTAINER(l, struct leave, list);
        if (leave->stage != LEAVE_HANDED)
            continue;
        leave->left = false;
        leave->err = (struct sj_error){.status = SJ_OK};
        enum sj_status status = registration_erase_all(s, leave->user, err);
        if (status == SJ_OK)
            status = archive_leave(s, leave->user, &leave->left, err);
        if (status == SJ_NOTFOUND)
            sj_fail(&leave->err, SJ_NOTFOUND, "no such registration");
        else if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

static void leave_settle(struct sj_store *s, struct leave *leave, enum sj_status status)
{
    leave->stage = LEAVE_OVER;
    if (leave->err.status != SJ_OK)
        return;
    if (status != SJ_OK) {
        sj_fail(&leave->err, status, status == SJ_LIMIT ? "the disk of the store is full"
                                                        : "the store failed");
        return;
    }
    group_drop(s, leave->user);
    if (leave->left)
        archive_expiry_soon(s);
}

void leaves_settle(struct sj_store *s, enum sj_status status)
{
    for (struct sj_list *l = s->leaving.next; l != &s->leaving; l = l->next) {
        struct leave *leave = SJ_CONTAINER(l, struct leave, list);
        if (leave->stage == LEAVE_HANDED)
            leave_settle(s, leave, status);
    }
    leaves_go_on(s);
}

static void leaves_run(struct sj_store *s)
{
    struct sj_error err = {.status = SJ_OK};
    if (!leave_find(s, LEAVE_WAITS) || (s->behind && behind_works(s->behind)))
        return;                          /* leaves_go_on when that is through */
    for (struct sj_list *l = s->leaving.next; l != &s->leaving; l = l->next) {
        struct leave *leave = SJ_CONTAINER(l, struct leave, list);
        if (leave->stage == LEAVE_WAITS)
            leave->stage = LEAVE_HANDED;
    }
    enum sj_status status = store_write(s, STORE_LEAVE, leaves_change, NULL, &err);
    if (status != SJ_OK || !s->behind || !behind_works(s->behind))
        leaves_settle(s, status);
}

static void leaves_on_defer(void *arg)
{
    struct sj_store *s = arg;
    leaves_tell(s);
    leaves_run(s);
}

void leaves_go_on(struct sj_store *s)
{
    if (!sj_list_empty(&s->leaving))
        sj_loop_defer(s->loop, &s->leave);
}

void leaves_finish(struct sj_store *s)
{
    while (!sj_list_empty(&s->leaving)) {
        if (s->behind)
            behind_wait(s->behind);
        leaves_run(s);
        if (s->behind)
            behind_wait(s->behind);
        leaves_tell(s);
    }
}

void sj_store_registration_remove(struct sj_store *s, const struct sj_owner *owner,
                                  void (*done)(void *arg, uint64_t ticket,
                                               const struct sj_error *err),
                                  void *arg, uint64_t ticket)
{
    struct leave *leave = sj_calloc(1, sizeof *leave);
    leave->done = done;
    leave->arg = arg;
    leave->ticket = ticket;
    if (record_check_owner(owner, &leave->err) == SJ_OK)
        seal_user_part(s->seal, owner, leave->user);
    else
        leave->stage = LEAVE_OVER;
    sj_list_init(&leave->list);
    sj_list_append(&s->leaving, &leave->list);
    leaves_go_on(s);
}

void leaves_init(struct sj_store *s)
{
    sj_list_init(&s->leaving);
    sj_defer_init(&s->leave, leaves_on_defer, s);
}

void leaves_release(struct sj_store *s)
{
    sj_defer_cancel(&s->leave);
    while (!sj_list_empty(&s->leaving))
        leave_free(SJ_CONTAINER(s->leaving.next, struct leave, list));
}
