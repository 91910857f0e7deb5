/* SPDX-License-Identifier: MPL-2.0 */
/* Names of Matrix (spec appendix, "Common Identifier Format") and what the gateway calls them.
 *
 * A user @bob:example.org is the contact bob:example.org; rooms keep their sign:
 * #alias:example.org, !opaque:example.org (or without a server, from room version 12 on).
 * Addresses on the other side know no capital letters, and Matrix knows ids that differ only by
 * them. So a capital letter is written ^ and the small one, bytes beyond ASCII ^= and two
 * hexadecimal digits, and ^ itself ^^: no two ids become one, and each can be read back. */
#ifndef MX_ID_H
#define MX_ID_H

#include <stdbool.h>
#include <stddef.h>

struct sj_strbuf;

#define MX_ID_MAX 255u                   /* bytes of any id, by the specification */

/* "@local:server", "!opaque[:server]", "#alias:server", "$event": form and length only. */
bool mx_id_is_user(const char *id);
bool mx_id_is_room(const char *id);
bool mx_id_is_alias(const char *id);
bool mx_id_is_event(const char *id);
/* What follows the first colon, or "". */
const char *mx_id_server(const char *id);

/* Appends what the gateway calls that user, room or alias. */
void mx_id_encode(struct sj_strbuf *out, const char *id);
/* Back: appends the Matrix id. server: of a bare name ("bob"), or NULL: none is accepted. False:
 * no name of a user, room or alias. */
bool mx_id_decode(struct sj_strbuf *out, const char *name, const char *server);
/* Makes what somebody typed canonical. Applied to its own result it changes nothing. */
bool mx_id_canon(struct sj_strbuf *out, const char *typed, const char *server);

/* Appends pattern with each * replaced by the next text, percent-encoded as a part of a path. */
void mx_path(struct sj_strbuf *out, const char *pattern, ...);

#endif
