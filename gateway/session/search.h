/* SPDX-License-Identifier: MPL-2.0 */
/* Searching for people: one search of a user at a time, with bounds, for whoever asked. */
#ifndef SESSION_SEARCH_H
#define SESSION_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "xmpp.h"

#define SEARCH_MS 45000                  /* then what was found until then is the answer */

struct command_form;
struct search;
struct session;

/* struct xmpp_in_search */
enum sj_status search_form(void *ctx, const struct xmpp_from *, struct xmpp_form *out,
                           struct sj_error *);
enum sj_status search_start(void *ctx, const struct xmpp_search_in *, uint64_t req,
                            struct sj_error *);

/* The inputs of this network, at most SJ_FIELDS_MAX; labels in the user's language. */
size_t search_inputs(const struct sj_backend *, const char *lang, struct xmpp_input *out);
/* Searches for a run of a command; its outcome comes by command_outcome, and then
 * search_results holds until the next call here. SJ_LIMIT: a search is under way. */
enum sj_status search_for_run(struct session *, const struct xmpp_values *, uint64_t run,
                              struct sj_error *);
size_t search_results(const struct session *, struct xmpp_found out[SJ_FOUND_MAX]);
/* The run is gone: nobody wants to know any more. */
void search_abandon(struct session *, uint64_t run);

/* host.c, op.c */
void search_found(struct session *, sj_op, const struct sj_contact *);
void search_done(struct session *, sj_op, const struct sj_error *err);
/* Frees it without an answer. */
void search_free(struct session *);

#endif
