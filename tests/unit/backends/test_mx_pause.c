/* SPDX-License-Identifier: MPL-2.0 */
/* While the net is paused nothing is asked for, and what has come is worked off later. */
#include <criterion/criterion.h>

#include "mx_net.h"
#include "mx_sync.h"
#include "mx_world.h"

TestSuite(mx_pause, .timeout = 60);

#define POLL "GET " MX_API "/sync"

static unsigned open_paused(struct mx_world *w)
{
    mx_world_open(w);
    mx_world_log_in(w, mx_first_chat());
    recorder_forget(w->r);
    unsigned polls = fake_matrix_count(w->server, POLL);
    mx_sync_pause(recorder_net(w->r), true);
    fake_matrix_sync(w->server,
                     "{\"next_batch\":\"s2\",\"rooms\":{\"join\":{\"!r:hs.test\":{\"timeline\":"
                     "{\"events\":[{\"type\":\"m.room.message\",\"event_id\":\"$1\","
                     "\"sender\":\"@juliet:hs.test\","
                     "\"content\":{\"msgtype\":\"m.text\",\"body\":\"hello\"}}]}}}}}");
    for (unsigned i = 0; i < 1000 && sj_list_empty(&recorder_net(w->r)->parked); i++)
        recorder_advance(w->r, 16);
    cr_assert(!sj_list_empty(&recorder_net(w->r)->parked));
    return polls;
}

Test(mx_pause, goes_on_where_it_stopped)
{
    struct mx_world w;
    unsigned polls = open_paused(&w);

    recorder_advance(w.r, 2000);
    cr_expect_not(recorder_heard(w.r, "1 message juliet:hs.test hello"));
    cr_expect_eq(fake_matrix_count(w.server, POLL), polls);
    mx_sync_pause(recorder_net(w.r), false);
    recorder_hears(w.r, "1 message juliet:hs.test hello");
    mx_world_asked(&w, POLL, polls + 1);
    mx_world_close(&w);
}

Test(mx_pause, may_end_with_its_link)
{
    struct mx_world w;

    open_paused(&w);
    recorder_disconnect(w.r, 1);
    recorder_free_link(w.r, 1);
    cr_expect(sj_list_empty(&recorder_net(w.r)->parked));
    mx_sync_pause(recorder_net(w.r), false);
    mx_world_close(&w);
}
