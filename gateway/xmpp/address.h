/* SPDX-License-Identifier: MPL-2.0 */
/* Network ids as localparts: XEP-0106. */
#ifndef XMPP_ADDRESS_H
#define XMPP_ADDRESS_H

#include <stdbool.h>

#include "sojourn/error.h"

struct sj_strbuf;

/* Appends the localpart of a contact id. SJ_INVALID: this id cannot be one: empty, a space at an
 * end (G106-04), longer than 1023 bytes when escaped (G106-13), or not left alone by both Nodeprep
 * and PRECIS (capital letters, compatibility characters; R7622-03). */
enum sj_status address_escape(struct sj_strbuf *out, const char *id);

/* Appends the id of a prepared localpart. SJ_INVALID: no id of ours gives this localpart. */
enum sj_status address_unescape(struct sj_strbuf *out, const char *local);

#endif
