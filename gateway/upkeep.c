/* SPDX-License-Identifier: MPL-2.0 */
/* Tells whoever waits at the control socket how far the store is with its new key. The store does
 * the work (sojourn/store_tools.h), and goes on with it whether somebody waits or not. */
#include "upkeep.h"

#include <stdint.h>

#include "control.h"
#include "sojourn/loop.h"
#include "sojourn/memory.h"
#include "sojourn/store_tools.h"
#include "sojourn/strbuf.h"

#define UPKEEP_MS 500
#define UPKEEP_TEXT_MAX 512u

struct upkeep {
    struct sj_loop *loop;
    struct sj_store *store;
    struct control *control;     /* who is told; NULL: nobody yet */
    struct sj_timer timer;
};

static void upkeep_record(struct sj_strbuf *out, const struct sj_store_rekeying *state)
{
    sj_strbuf_adds(out, "rekey");
    control_text(out, "state", state->running ? state->failing ? "waits for the disk" : "runs"
                                              : "done");
    control_number(out, "done", (int64_t)state->done);
    control_number(out, "all", (int64_t)state->all);
    control_number(out, "dropped", (int64_t)state->dropped);
    sj_strbuf_addc(out, '\n');
}

static void upkeep_tell(void *arg)
{
    struct upkeep *u = arg;
    struct sj_store_rekeying state;
    struct sj_strbuf text;

    sj_store_rekeying(u->store, &state);
    sj_strbuf_init(&text, UPKEEP_TEXT_MAX);
    upkeep_record(&text, &state);
    if (state.running) {
        control_progress(u->control, text.s);
        sj_timer_start(u->loop, &u->timer, UPKEEP_MS);
    } else {
        control_followed(u->control, text.s);
    }
    sj_strbuf_release(&text);
}

struct upkeep *upkeep_new(struct sj_loop *loop, struct sj_store *store)
{
    struct upkeep *u = sj_calloc(1, sizeof *u);

    u->loop = loop;
    u->store = store;
    sj_timer_init(&u->timer, upkeep_tell, u);
    return u;
}

void upkeep_free(struct upkeep **upkeep)
{
    if (!*upkeep)
        return;
    sj_timer_stop(&(*upkeep)->timer);
    sj_free(*upkeep);
    *upkeep = NULL;
}

enum sj_status upkeep_rekey(struct upkeep *u, struct control *control, struct sj_error *err)
{
    enum sj_status status = sj_store_rekey(u->store, err);

    if (status != SJ_OK && status != SJ_EXISTS)
        return status;
    u->control = control;
    sj_timer_start(u->loop, &u->timer, 0);
    return SJ_OK;
}
