/* SPDX-License-Identifier: MPL-2.0 */
/* Takes out records of messages that are too old, a few at a time, so that nobody waits.
 *
 * An owner's order begins with the oldest: a sweep looks at one entry of each owner, not at each
 * record. A step reads at most EXPIRY_OWNERS of them and removes at most EXPIRY_DROPS; while there
 * is more to do the next step follows soon, else in an hour. */
#include <string.h>

#include "message.h"

#define EXPIRY_OWNERS 256u
#define EXPIRY_DROPS 64u
#define EXPIRY_FIRST_MS 60000
#define EXPIRY_STEP_MS 200
#define EXPIRY_REST_MS 3600000

struct expiry_job {
    uint32_t before;                     /* days below this one go */
    unsigned drops;
};

static bool expiry_is_due(const struct store_found *at, uint32_t before)
{
    uint32_t day;
    return !order_day(at, &day) || day < before;     /* what makes no sense goes too */
}

/* The first possible key of the next owner. False: there can be none. */
static bool expiry_next_owner(uint8_t key[STORE_KEY_LEN])
{
    size_t i = STORE_PART_LEN;
    memset(key + STORE_PART_LEN, 0, STORE_KEY_LEN - STORE_PART_LEN);
    while (i > 0 && ++key[i - 1] == 0)
        i--;
    return i > 0;
}

/* Goes on to the next owner whose oldest record is due. SJ_NOTFOUND: that was all of them. */
static enum sj_status expiry_look(struct sj_store *s, uint32_t before, bool *due)
{
    struct store_found found;
    enum sj_status status = store_read_begin(s, NULL);
    *due = false;
    if (status != SJ_OK)
        return status;
    for (unsigned i = 0; status == SJ_OK && !*due && i < EXPIRY_OWNERS; i++) {
        status = s->engine->ops->seek(s->engine, STORE_MESSAGE_ORDER, s->expiry_at, &found, NULL);
        if (status != SJ_OK)
            break;
        memcpy(s->expiry_at, found.key, STORE_KEY_LEN);
        *due = expiry_is_due(&found, before);
        if (!*due && !expiry_next_owner(s->expiry_at))
            status = SJ_NOTFOUND;
    }
    store_read_end(s);
    return status;
}

/* Removes what is due from here on, of one owner. */
static enum sj_status expiry_change(struct sj_store *s, void *arg, struct sj_error *err)
{
    struct expiry_job *job = arg;
    for (job->drops = 0; job->drops < EXPIRY_DROPS; job->drops++) {
        struct store_found found;
        enum sj_status status = s->engine->ops->seek(s->engine, STORE_MESSAGE_ORDER, s->expiry_at,
                                                     &found, err);
        if (status == SJ_NOTFOUND ||
            (status == SJ_OK && (memcmp(found.key, s->expiry_at, STORE_PART_LEN) != 0 ||
                                 !expiry_is_due(&found, job->before))))
            return SJ_OK;
        if (status == SJ_OK)
            status = order_drop(s, &found, err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

static void expiry_step(void *arg)
{
    struct sj_store *s = arg;
    uint32_t today = (uint32_t)(calendar_now(s) / MESSAGE_DAY_MS);
    struct expiry_job job = {.before = today > s->message_days ? today - s->message_days : 0};
    int64_t wait = EXPIRY_STEP_MS;
    bool due = false;
    if (store_busy(s)) {                 /* nobody is to wait for the disk for this */
        sj_timer_start(s->loop, &s->expiry, STORE_BUSY_MS);
        return;
    }
    /* While records move to another key owners are in no order. */
    enum sj_status status = s->rekey ? SJ_NOTFOUND : expiry_look(s, job.before, &due);
    if (due)
        status = store_write(s, STORE_BEHIND, expiry_change, &job, NULL);
    if (status != SJ_OK) {               /* through, or a disk that must rest */
        memset(s->expiry_at, 0, sizeof s->expiry_at);
        wait = EXPIRY_REST_MS;
    }
    sj_timer_start(s->loop, &s->expiry, wait);
}

void expiry_start(struct sj_store *s, unsigned days)
{
    s->message_days = days > 0 ? days : SJ_STORE_DAYS;
    memset(s->expiry_at, 0, sizeof s->expiry_at);
    sj_timer_init(&s->expiry, expiry_step, s);
    sj_timer_start(s->loop, &s->expiry, EXPIRY_FIRST_MS);
}

void expiry_stop(struct sj_store *s)
{
    if (s->message_days > 0)
        sj_timer_stop(&s->expiry);
}
