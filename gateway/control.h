/* SPDX-License-Identifier: MPL-2.0 */
/* The control socket: one line asks, records answer. Mode 0600: who may connect may administer.
 *
 * Request: COMMAND [ARGUMENT ...] LF. Answer: "ok" or "error TEXT", then for status one line a
 * record (kind TAB key=value TAB ...; values percent-escaped), then an empty line. Before the
 * answer to what takes a while, any number of lines "progress" TAB record. After "import" and
 * "import replace" an account follows, in lines "more HEX" and "item HEX" (control_item.h); an
 * error may come before all of it is sent. */
#ifndef SOJOURN_CONTROL_H
#define SOJOURN_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/error.h"

struct control;
struct sj_log;
struct sj_loop;
struct sj_strbuf;

/* What the daemon answers with. */
struct control_calls {
    /* Appends the records of `status`. */
    void (*status)(void *ctx, struct sj_strbuf *out);
    /* Begins; control_unregistered(ticket) follows exactly once, maybe before this returns. */
    void (*unregister)(void *ctx, const char *user, const char *host, uint64_t ticket);
    /* Begins, or goes on; control_followed comes later, control_progress before it. SJ_NOTFOUND:
     * there is no new key. */
    enum sj_status (*rekey)(void *ctx, struct sj_error *err);
    /* An account comes in, item by item (importer.h). item appends the record that is the answer
     * when it is complete; SJ_UNAVAILABLE: the same one again, soon. end follows in any case. */
    void *(*import_begin)(void *ctx, bool replace);
    enum sj_status (*import_item)(void *ctx, void *import, const uint8_t *item, size_t n,
                                  struct sj_strbuf *out, struct sj_error *err);
    void (*import_end)(void *ctx, void *import);
};

enum sj_status control_new(struct control **out, struct sj_loop *, const struct sj_log *,
                           const char *path, const struct control_calls *, void *ctx,
                           struct sj_error *);
void control_free(struct control **);
void control_unregistered(struct control *, uint64_t ticket, const struct sj_error *err);

/* To all who follow what takes a while: a record (a line) of how far it is; the last one. */
void control_progress(struct control *c, const char *record);
void control_followed(struct control *c, const char *record);

/* Appends TAB key=value with the value escaped. */
void control_text(struct sj_strbuf *out, const char *key, const char *value);
void control_number(struct sj_strbuf *out, const char *key, int64_t value);

#endif
