/* SPDX-License-Identifier: MPL-2.0 */
/* What happens when the records take more than the admin allows (sj_store_options.data_max_bytes).
 *
 * What grows for ever makes way: for each entry of an archive and each id of a message that comes,
 * two of the oldest of the same room or owner go (archive_wait.c, message_order.c), and nobody new
 * is registered. The rest is bounded or small and is kept in a reserve beyond the bound: the
 * journal, what users who are there have and change. When that is full too, the engine refuses
 * (lmdb_open.c). It is over when an eighth is free again. */
#include "store_priv.h"

#define SCARCE_LOG_PERIOD_MS 3600000

void scarce_look(struct sj_store *s)
{
    unsigned dropped = 0;
    uint64_t bound = s->scarce ? s->data_max / 8 * 7 : s->data_max;
    bool scarce = s->data_max > 0 && s->engine->ops->over(s->engine, bound);
    if (scarce == s->scarce)
        return;
    s->scarce = scarce;
    if (!sj_log_allow(&s->scarce_lines, sj_loop_now_ms(s->loop), 2, SCARCE_LOG_PERIOD_MS,
                      &dropped))
        return;
    if (scarce)
        sj_log_warn(&s->log, "store has reached its size, the oldest of archives and of ids go and "
                    "nobody new is registered data_max_mib=%llu suppressed=%u "
                    "hint=raise-data-max-bytes-or-lower-archive-days",
                    (unsigned long long)(s->data_max >> 20), dropped);
    else
        sj_log_info(&s->log, "store has room again suppressed=%u", dropped);
}

void scarce_start(struct sj_store *s, uint64_t data_max)
{
    s->data_max = data_max;
    scarce_look(s);
}

enum sj_status scarce_check_new(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                                struct sj_error *err)
{
    struct seal_key key;
    if (!s->scarce)
        return SJ_OK;
    enum sj_status status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = sealed_data_key(s, user, &key, NULL);
    store_read_end(s);
    seal_key_wipe(&key);
    return status == SJ_OK ? SJ_OK : sj_fail(err, SJ_LIMIT, "this gateway has no room for more "
                                                            "users at the moment");
}
