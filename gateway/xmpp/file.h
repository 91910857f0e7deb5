/* SPDX-License-Identifier: MPL-2.0 */
/* What of a message is a file: read from stanzas, and written into them. */
#ifndef XMPP_FILE_H
#define XMPP_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <strophe.h>

#include "sojourn/error.h"
#include "sojourn/file_name.h"
#include "sojourn/strbuf.h"
#include "xmpp_file.h"

#define NS_FILE_JINGLE "urn:xmpp:jingle:apps:file-transfer:5"
#define NS_FILE_METADATA "urn:xmpp:file:metadata:0"
#define NS_HASHES "urn:xmpp:hashes:2"
#define NS_REFERENCE "urn:xmpp:reference:0"
#define NS_SFS "urn:xmpp:sfs:0"
#define NS_SIMS "urn:xmpp:sims:1"
#define NS_URL_DATA "http://jabber.org/protocol/url-data"

#define FILE_URLS_MAX 16u                /* addresses in one message; more are refused */

enum file_found {
    FILE_NONE,                   /* the message is what its body says */
    FILE_ONE,
    FILE_MANY                    /* several: their links go as text */
};

/* A file of a message. Filled by file_find only when it finds one; then to be released. */
struct file_in {
    struct xmpp_file file;       /* FILE_ONE */
    struct sj_strbuf text;       /* what to say where files cannot be passed on: has every link */
    struct sj_strbuf caption;
    char name[SJ_FILE_NAME_MAX + 1];
    char media_type[SJ_MEDIA_TYPE_SIZE];
    uint8_t hash[SJ_DIGEST_MAX];
};

/* Looks for files in the order of GFIL-09: SFS, SIMS, OOB, a body that is one link. body: that of
 * the message, or NULL. SJ_UNACCEPTABLE: encrypted (GFIL-12), or too many. out lives
 * no longer than st. A message with text only costs a glance at its children. */
enum sj_status file_find(xmpp_stanza_t *st, const char *body, enum file_found *found,
                         struct file_in *out, struct sj_error *err);
void file_in_release(struct file_in *in);

/* Adds the body, which is the URL, and what tells clients of the file (GFIL-01, GFIL-02). */
void file_add(xmpp_stanza_t *st, const struct xmpp_file *f);

#endif
