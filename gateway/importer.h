/* SPDX-License-Identifier: MPL-2.0 */
/* Takes one account of a parcel (sojourn/store_parcel.h) into the running gateway, or into a store
 * without one. */
#ifndef SOJOURN_IMPORTER_H
#define SOJOURN_IMPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

struct config;
struct importer;
struct sessions;
struct sj_log;
struct sj_store;
struct sj_strbuf;

/* Appends a user's bare JID in the form that the store knows; false: text is none. */
bool importer_user(const char *text, struct sj_strbuf *out);

/* Never NULL; all are borrowed. sessions NULL: no gateway runs. */
struct importer *importer_new(const struct config *, const struct sj_log *, struct sj_store *,
                              struct sessions *, bool replace);
/* out receives a record (control.h) when the account is complete. SJ_UNAVAILABLE: the same item is
 * to come again, soon. After an error nothing more is taken. SJ_EXISTS: replace is not set;
 * SJ_LIMIT: not now. */
enum sj_status importer_item(struct importer *, const uint8_t *item, size_t n,
                             struct sj_strbuf *out, struct sj_error *);
/* Also breaks off. What was written counts: its user may log in. */
void importer_free(struct importer **);

#endif
