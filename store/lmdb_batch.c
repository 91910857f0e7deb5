/* SPDX-License-Identifier: MPL-2.0 */
/* A batch of changes in one transaction of LMDB on the writer's thread (behind.c).
 *
 * What runs there uses the environment, which LMDB allows beside a reader on the loop's thread, and
 * nothing else of the engine; what its outcome means for the engine is done on the loop. */
#include "lmdb_priv.h"
#include "overlay.h"

enum sj_status lmdb_prepare(struct engine *e, struct sj_error *err)
{
    struct lmdb_engine *l = lmdb_of(e);
    enum sj_status status = lmdb_ready(l, err);
    if (status == SJ_OK)
        lmdb_make_room(l);
    return status;
}

static int lmdb_change(const struct lmdb_engine *l, MDB_txn *txn, const struct overlay_node *node)
{
    MDB_val key = lmdb_val(overlay_key(node), STORE_KEY_LEN);
    MDB_val value = lmdb_val(node->value.p, node->value.n);
    if (!node->removed)
        return mdb_put(txn, l->dbi[overlay_table(node)], &key, &value, 0);
    int rc = mdb_del(txn, l->dbi[overlay_table(node)], &key, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_write(struct engine *e, const struct overlay *changes)
{
    const struct lmdb_engine *l = lmdb_of(e);
    MDB_txn *txn = NULL;
    int rc = l->env ? mdb_txn_begin(l->env, NULL, 0, &txn) : MDB_PANIC;
    if (rc != 0)
        return rc;
    const struct overlay_node *node = overlay_first(changes);
    for (; rc == 0 && node; node = overlay_next(node))
        rc = lmdb_change(l, txn, node);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

enum sj_status lmdb_written(struct engine *e, int rc, struct sj_error *err)
{
    return lmdb_end(lmdb_of(e), rc, err);
}
