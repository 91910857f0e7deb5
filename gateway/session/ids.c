/* SPDX-License-Identifier: MPL-2.0 */
/* Ids of messages, between clients and the store (sojourn/store_message.h). */
#include "ids.h"

#include "session.h"
#include "sojourn/store_message.h"

void ids_init(struct ids_message *m)
{
    struct sj_strbuf *all[] = {&m->network_id, &m->id, &m->other_id, &m->resource};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sj_strbuf_init(all[i], SJ_STORE_NAME_MAX);
    m->at = 0;
    m->own = m->markable = m->wants_receipt = false;
}

void ids_release(struct ids_message *m)
{
    sj_strbuf_release(&m->network_id);
    sj_strbuf_release(&m->id);
    sj_strbuf_release(&m->other_id);
    sj_strbuf_release(&m->resource);
}

static void ids_keep(const struct sj_store_message *m, void *arg)
{
    struct ids_message *out = arg;

    sj_strbuf_adds(&out->network_id, m->network_id);
    sj_strbuf_adds(&out->id, m->id ? m->id : "");
    sj_strbuf_adds(&out->other_id, m->other_id ? m->other_id : "");
    sj_strbuf_adds(&out->resource, m->resource ? m->resource : "");
    out->at = m->at;
    out->own = m->own;
    out->markable = m->markable;
    out->wants_receipt = m->resource != NULL;
}

bool ids_find(struct session *s, const char *peer, const char *id, struct ids_message *out)
{
    struct sj_owner owner;

    session_owner(s, &owner);
    return sj_store_message_find(s->all->store, &owner, peer, id, ids_keep, out, NULL) == SJ_OK;
}

bool ids_find_network(struct session *s, const char *peer, const char *network_id,
                      struct ids_message *out)
{
    struct sj_owner owner;

    session_owner(s, &owner);
    return sj_store_message_find_network(s->all->store, &owner, peer, network_id, ids_keep, out,
                                         NULL) == SJ_OK;
}

void ids_name(struct session *s, const char *peer, const char *network_id, bool own,
              const char *version, struct sj_strbuf *out)
{
    struct sj_owner owner;

    session_owner(s, &owner);
    sj_store_message_name(s->all->store, &owner, peer, network_id, own, version, out);
}
