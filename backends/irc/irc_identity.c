/* SPDX-License-Identifier: MPL-2.0 */
/* The client certificate that a user stored: two fields, both secret, certificate and key; both may
 * stand in the first. "-" takes it out again, since an empty secret means the one on file. PEM is
 * read in base (sojourn/conn.h); what the network thinks of it is SASL EXTERNAL's or NickServ's
 * business. The joined copy is locked and wiped. */
#include "irc_identity.h"

#include <stdio.h>
#include <string.h>

#include "irc_link.h"
#include "sojourn/conn.h"
#include "sojourn/memory.h"

static const char *identity_part(const struct sj_account *account, enum irc_field field)
{
    const char *value = field < account->n_values ? account->value[field] : NULL;

    return value && strcmp(value, "-") != 0 ? value : "";
}

enum sj_status irc_identity_of(struct sj_identity **out, const struct sj_net *net,
                               const struct sj_account *account, struct sj_error *err)
{
    const char *certificate = identity_part(account, IRC_FIELD_CERTIFICATE);
    const char *key = identity_part(account, IRC_FIELD_CERTIFICATE_KEY);

    *out = NULL;
    if (!*certificate && !*key)
        return SJ_OK;
    if (net && !net->tls && !net->sts.tls)
        return sj_fail(err, SJ_UNACCEPTABLE, "This network is reached without encryption, so no "
                                             "certificate can be shown to it.");
    size_t size = strlen(certificate) + strlen(key) + 2;
    char *pem = sj_locked_new(size);
    (void)snprintf(pem, size, "%s\n%s", certificate, key);
    enum sj_status status = sj_identity_new(out, pem, err);
    sj_locked_free(&pem);
    return status;
}
