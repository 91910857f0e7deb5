/* SPDX-License-Identifier: MPL-2.0 */
/* The client's side of SCRAM-SHA-256, without channel binding: proves that we know a password
 * without telling it, and has the server prove that it knows it, too. Source: RFC 5802, RFC 7677.
 *
 * The key is derived in slices, because servers choose how much work that is and the loop has
 * other users to serve. All that is secret lies in locked memory and is wiped by sj_scram_free. */
#ifndef SOJOURN_SCRAM_H
#define SOJOURN_SCRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "sojourn/error.h"

/* Bytes of a user name and of a password. */
#define SJ_SCRAM_NAME_MAX 1023u
/* Bytes of one message of the server. */
#define SJ_SCRAM_MESSAGE_MAX 1536u
/* Rounds that a server may ask for: fewer would make a stolen exchange cheap to break (RFC 7677
 * §4), more would cost us more than a login is worth. */
#define SJ_SCRAM_ROUNDS_MIN 4096u
#define SJ_SCRAM_ROUNDS_MAX 600000u
/* Rounds of one slice: about a millisecond. */
#define SJ_SCRAM_SLICE 1024u

struct sj_scram;

/* NULL when a text is too long or empty. Both are copied. */
struct sj_scram *sj_scram_new(const char *user, const char *password);
void sj_scram_free(struct sj_scram **s);           /* wipes; NULL and pointer to NULL are fine */

/* The four messages, in this order; texts are valid until the next call. */
const char *sj_scram_first(struct sj_scram *s);
/* Takes the server's answer. SJ_DENIED with text for people: it is malformed, or asks for what we
 * do not do. */
enum sj_status sj_scram_challenge(struct sj_scram *s, const char *text, struct sj_error *err);
/* Derives the key, at most so many rounds at once. True: done, sj_scram_final may be asked for. */
bool sj_scram_derive(struct sj_scram *s, unsigned rounds);
const char *sj_scram_final(struct sj_scram *s);
/* Takes the server's last message. SJ_DENIED with text: the server refused us, or could not prove
 * that it knows the password. */
enum sj_status sj_scram_verify(struct sj_scram *s, const char *text, struct sj_error *err);
/* After a refusal by sj_scram_verify: did the server say that the password is wrong? */
bool sj_scram_was_wrong(const struct sj_scram *s);

#endif
