/* SPDX-License-Identifier: MPL-2.0 */
/* Occupant ids: the same person in the same room has the same id under every nick, and nobody can
 * tell from it who that is, or that it is the same person in another room.
 *
 * The key comes from the installation and outlives the process (G421-05). A nick and an account are
 * told apart, so nobody becomes somebody by taking a nick that is the other's account.
 * Source: XEP-0421 §3. */
#include "muc.h"
#include "sojourn/digest.h"

void occupant_id_add(struct xmpp *x, unsigned host, xmpp_stanza_t *st, const char *room,
                     const char *nick, const char *account)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t mac[SJ_DIGEST_SHA256_SIZE];
    char id[2 * sizeof mac + 1];
    struct sj_strbuf b;
    sj_strbuf_init(&b, SIZE_MAX / 2);
    sj_strbuf_add(&b, x->options->hosts[host].name, strlen(x->options->hosts[host].name) + 1);
    sj_strbuf_add(&b, room, strlen(room) + 1);
    sj_strbuf_addc(&b, account != NULL ? 'a' : 'n');
    sj_strbuf_adds(&b, account != NULL ? account : nick);
    sj_hmac_sha256(mac, x->options->occupant_key, sizeof x->options->occupant_key, b.s, b.len);
    sj_strbuf_release(&b);
    for (size_t i = 0; i < sizeof mac; i++) {
        id[2 * i] = digits[mac[i] >> 4];
        id[2 * i + 1] = digits[mac[i] & 15];
    }
    id[sizeof id - 1] = '\0';
    stanza_set(stanza_add(st, "occupant-id", NS_OCCUPANT_ID), "id", id);
}
