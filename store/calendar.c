/* SPDX-License-Identifier: MPL-2.0 */
/* What time it is for everything that goes when it is too old.
 *
 * That is the machine's time of day, and somebody may set it: a time server that errs, or a wrong
 * hand, would remove the archives of everybody at the next sweep. So a jump ahead counts when the
 * clock has stayed there for a day; until then time goes on from where it was. A jump back counts
 * at once, since it removes nothing; only whether what lies ahead of it is wrong, or the clock, is
 * known after such a day. What happened while nobody ran is not known: at a start the clock is
 * believed, if nobody sets it before the first sweep. */
#include "store_priv.h"

#define CALENDAR_STEP_MS 3600000         /* less is no jump: clocks are set to the right time */
#define CALENDAR_PROOF_MS 86400000       /* so long the clock stays there */

static int64_t calendar_offset(const struct sj_store *s)
{
    return sj_loop_utc_ms(s->loop) - sj_loop_now_ms(s->loop);
}

void calendar_start(struct sj_store *s)
{
    s->calendar = (struct store_calendar){.offset_ms = calendar_offset(s),
                                          .since_ms = sj_loop_now_ms(s->loop)};
}

int64_t calendar_now(struct sj_store *s)
{
    struct store_calendar *c = &s->calendar;
    int64_t now = sj_loop_now_ms(s->loop);
    int64_t offset = calendar_offset(s), ahead = offset - c->offset_ms;
    bool proven = c->jumped && now - c->jumped_ms >= CALENDAR_PROOF_MS;
    if (ahead <= CALENDAR_STEP_MS || proven) {
        if (ahead < -CALENDAR_STEP_MS || proven)
            c->since_ms = proven ? c->jumped_ms : now;
        c->offset_ms = offset;
        c->jumped = false;
    } else if (!c->jumped) {
        c->jumped = true;
        c->jumped_ms = now;
        sj_log_warn(&s->log, "clock jumped ahead, what is kept by age goes by the old time for a "
                    "day seconds=%lld", (long long)(ahead / 1000));
    }
    return now + c->offset_ms;
}

bool calendar_is_proven(struct sj_store *s)
{
    calendar_now(s);
    return !s->calendar.jumped &&
           sj_loop_now_ms(s->loop) - s->calendar.since_ms >= CALENDAR_PROOF_MS;
}
