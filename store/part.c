/* SPDX-License-Identifier: MPL-2.0 */
/* Entries of archives, noted bit by bit for the commit that they go with.
 *
 * Rooms can be busy: a hundred entries that are sealed in one turn are a quarter of a millisecond
 * for which everybody waits. So the engine is given some of them as soon as they are enough for a
 * turn (ENGINE_PART, behind.h), and the commit has next to none. They go on waiting in their list,
 * where reads see them; nobody sees the notes. Whatever is written in between, or changes what is
 * noted, makes them void, and the group goes at once. */
#include "behind.h"
#include "group.h"

/* Entries a turn: some 20 us; more of those that have come while a commit was under way. */
#define PART_MIN 8u
#define PART_MAX 128u

static enum sj_status part_note(struct sj_store *s, void *arg, struct sj_error *err)
{
    const size_t *n = arg;
    return archive_waits_apply(s, *n, err);
}

static bool parts_possible(const struct sj_store *s)
{
    return s->behind && !s->rekey && !s->parts_spoilt;
}

static bool parts_wanted(const struct sj_store *s)
{
    return archive_waits_left(s) >= PART_MIN && parts_possible(s);
}

static bool part_write(struct sj_store *s, size_t n)
{
    return store_write(s, STORE_PART, part_note, &n, NULL) == SJ_OK;
}

static void part_next(void *arg)
{
    struct sj_store *s = arg;
    size_t n = archive_waits_left(s) / 2;
    if (s->parts_close) {
        group_write(s);
        return;
    }
    if (store_busy(s) || !parts_wanted(s))
        return;                          /* group_go_on when it is through */
    if (n < PART_MIN)
        n = PART_MIN;
    if (n > PART_MAX)
        n = PART_MAX;
    if (part_write(s, n))
        parts_soon(s);
}

bool parts_close(struct sj_store *s)
{
    size_t left = archive_waits_left(s);
    if (s->parts_close || s->n_archive_noted == 0 || left == 0 || left > PART_MAX ||
        !parts_possible(s) || !part_write(s, left))
        return false;
    s->parts_close = true;
    sj_loop_defer_next(s->loop, &s->parts);
    return true;
}

void parts_init(struct sj_store *s)
{
    sj_defer_init(&s->parts, part_next, s);
}

void parts_soon(struct sj_store *s)
{
    if (parts_wanted(s))
        sj_loop_defer_next(s->loop, &s->parts);
}

void parts_forget(struct sj_store *s)
{
    if (s->n_archive_noted == 0)
        return;
    archive_waits_forget_notes(s);
    if (s->behind)
        behind_forget_parts(s->behind);
    s->parts_spoilt = true;
}

void parts_end(struct sj_store *s)
{
    sj_defer_cancel(&s->parts);
    s->parts_spoilt = false;
    s->parts_close = false;
}
