/* SPDX-License-Identifier: MPL-2.0 */
/* Escapes network ids to localparts and back (XEP-0106 version 1.1.1).
 *
 * The two are inverse to each other: a localpart is accepted only when it is exactly what escaping
 * its id gives, so that two localparts never mean one contact and answers come from the address
 * that was asked (G106-06). Ids reach this file in the network's canonical form; one that a server
 * would change on its way (a capital letter, a ligature) is refused, never merged with another
 * (G106-12). Case mapping and schemes are the backend's business (G106-02, G106-11). */
#include "address.h"

#include <stdint.h>
#include <string.h>

#include "address_table.h"
#include "jid.h"
#include "sojourn/strbuf.h"

static const struct {
    char c;
    char hex[3];
} address_escapes[] = {
    {' ', "20"}, {'"', "22"}, {'&', "26"}, {'\'', "27"}, {'/', "2f"},
    {':', "3a"}, {'<', "3c"}, {'>', "3e"}, {'@', "40"},  {'\\', "5c"},
};
#define ADDRESS_SPECIAL " \"&'/:<>@\\"
#define ADDRESS_ESCAPES (sizeof address_escapes / sizeof *address_escapes)

/* The character that the escape sequence at p (behind its backslash) stands for, 0: none. */
static char address_sequence(const char *p)
{
    for (size_t i = 0; i < ADDRESS_ESCAPES; i++)
        if (p[0] == address_escapes[i].hex[0] && p[1] == address_escapes[i].hex[1])
            return address_escapes[i].c;
    return '\0';
}

static void address_add_byte(struct sj_strbuf *out, const char *p)
{
    if (*p == '\\' && (p[1] == '\0' || address_sequence(p + 1) == '\0')) {
        sj_strbuf_addc(out, '\\');
        return;
    }
    for (size_t i = 0; i < ADDRESS_ESCAPES; i++)
        if (*p == address_escapes[i].c) {
            sj_strbuf_addc(out, '\\');
            sj_strbuf_add(out, address_escapes[i].hex, 2);
            return;
        }
    sj_strbuf_addc(out, *p);
}

enum sj_status address_escape(struct sj_strbuf *out, const char *id)
{
    size_t n = strlen(id);
    if (n == 0 || n > JID_PART_MAX || id[0] == ' ' || id[n - 1] == ' ')
        return SJ_INVALID;
    if (strcspn(id, ADDRESS_SPECIAL) == n) {
        if (!address_is_stable(id, n))
            return SJ_INVALID;
        sj_strbuf_add(out, id, n);
        return sj_strbuf_ok(out) ? SJ_OK : SJ_INVALID;
    }
    struct sj_strbuf local;
    sj_strbuf_init(&local, JID_PART_MAX);
    for (const char *p = id; *p != '\0'; p++)
        address_add_byte(&local, p);
    bool ok = sj_strbuf_ok(&local) && address_is_stable(local.s, local.len);
    if (ok)
        sj_strbuf_add(out, local.s, local.len);
    sj_strbuf_release(&local);
    return ok && sj_strbuf_ok(out) ? SJ_OK : SJ_INVALID;
}

enum sj_status address_unescape(struct sj_strbuf *out, const char *local)
{
    if (strlen(local) > JID_PART_MAX)
        return SJ_INVALID;
    if (strpbrk(local, ADDRESS_SPECIAL) == NULL)
        return address_escape(out, local);
    struct sj_strbuf id;
    struct sj_strbuf again;
    sj_strbuf_init(&id, JID_PART_MAX);
    sj_strbuf_init(&again, JID_PART_MAX);
    for (const char *p = local; *p != '\0';) {
        char c = *p == '\\' && p[1] != '\0' ? address_sequence(p + 1) : '\0';
        sj_strbuf_addc(&id, c != '\0' ? c : *p);
        p += c != '\0' ? 3 : 1;
    }
    bool same = address_escape(&again, id.s) == SJ_OK && strcmp(again.s, local) == 0;
    if (same)
        sj_strbuf_add(out, id.s, id.len);
    sj_strbuf_release(&id);
    sj_strbuf_release(&again);
    return same && sj_strbuf_ok(out) ? SJ_OK : SJ_INVALID;
}
