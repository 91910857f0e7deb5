/* SPDX-License-Identifier: MPL-2.0 */
/* What is kept of a room, in the real store: the ids that clients are shown are those it is found
 * by. */
#include <string.h>

#include "event.h"
#include "ids.h"
#include "room.h"
#include "session.h"
#include "sojourn/store_archive.h"
#include "sojourn/strbuf.h"
#include "world_room.h"

static struct event said(const struct world *w, const char *text)
{
    return (struct event){.kind = EVENT_MESSAGE, .at = sj_loop_utc_ms(w->loop),
                          .text = {[EVENT_NICK] = "juliet", [EVENT_BODY] = text,
                                   [EVENT_ID] = "m1"}};
}

Test(room_log, gives_messages_the_ids_by_which_they_are_found)
{
    struct world *w = wroom_ready(0, "juliet");
    struct session *s = session_find(&w->sessions->networks[0], ROMEO);
    struct room *r = room_find(s, "#a");
    struct sj_strbuf id, again, nick;
    const struct event first = said(w, "hark"), second = said(w, "what light");

    sj_strbuf_init(&id, 200);
    sj_strbuf_init(&again, 200);
    sj_strbuf_init(&nick, 200);
    for (int round = 0; round < 2; round++) {
        sj_strbuf_reset(&nick);
        cr_assert(room_log_put(r, round ? &second : &first, NULL, &id));
        cr_expect_eq(id.len, SJ_ARCHIVE_ID_SIZE - 1, "%s", id.s);
        room_log_speaker(r, id.s, &nick);
        cr_expect_str_eq(nick.s, "juliet");
    }
    cr_assert(room_log_put(r, &second, "n1", &id));
    cr_expect(room_log_find(r, "n1", &again));
    cr_expect_str_eq(again.s, id.s);
    cr_expect_not(room_log_put(r, &second, "n1", &again), "it is there already");
    cr_expect_str_eq(again.s, id.s);
    sj_strbuf_release(&nick);
    sj_strbuf_release(&again);
    sj_strbuf_release(&id);
    world_free(w);
}
