/* SPDX-License-Identifier: MPL-2.0 */
/* Capability negotiation: the table of what we want, and CAP.
 *
 * IRCv3 capability negotiation 302. Nothing here is required: a server that knows no CAP answers
 * with an error or not at all, and the login goes on. sasl is asked for only when one of its
 * mechanisms can be used. */
#include "irc_cap.h"

#include <string.h>

#include "irc_link.h"
#include "irc_login.h"
#include "irc_multiline.h"
#include "irc_parse.h"
#include "irc_sasl.h"
#include "irc_send.h"
#include "irc_tags.h"
#include "sojourn/log.h"
#include "sojourn/strbuf.h"

static const struct {
    const char *name;
    uint32_t bit;
} cap_table[] = {
#define CAP_ROW(bit, name) { name, IRC_CAP_##bit },
    IRC_CAP_LIST(CAP_ROW)
#undef CAP_ROW
};

static uint32_t cap_find(const char *name, size_t n)
{
    for (size_t i = 0; i < IRC_CAP_COUNT; i++) {
        if (strlen(cap_table[i].name) == n && memcmp(cap_table[i].name, name, n) == 0)
            return cap_table[i].bit;
    }
    return 0;
}

uint32_t irc_cap_parse(const char *list)
{
    uint32_t caps = 0;

    while (*list) {
        size_t word = strcspn(list, " ");
        const char *value = memchr(list, '=', word);
        caps |= cap_find(list, value ? (size_t)(value - list) : word);
        list += word;
        list += strspn(list, " ");
    }
    return caps;
}

/* The value of a capability in such a list; NULL: none. */
static const char *cap_value(const char *list, const char *name, size_t *n)
{
    size_t length = strlen(name);

    while (*list) {
        size_t word = strcspn(list, " ");
        if (word > length && memcmp(list, name, length) == 0 && list[length] == '=') {
            *n = word - length - 1;
            return list + length + 1;
        }
        list += word;
        list += strspn(list, " ");
    }
    return NULL;
}

unsigned irc_cap_mechanisms(const char *list)
{
    static const char name[] = "sasl";
    const size_t n = sizeof name - 1;
    unsigned found = 0;

    while (*list) {
        size_t word = strcspn(list, " ");
        if (word == n && memcmp(list, name, n) == 0)
            found |= IRC_MECHANISMS_ALL;
        else if (word > n && memcmp(list, name, n) == 0 && list[n] == '=')
            found |= irc_sasl_parse(list + n + 1, word - n - 1);
        list += word;
        list += strspn(list, " ");
    }
    return found;
}

size_t irc_cap_request(char *out, size_t size, uint32_t *caps, unsigned most)
{
    static const char head[] = "CAP REQ :";
    size_t n = sizeof head - 1;

    if (!*caps)
        return 0;
    memcpy(out, head, sizeof head);
    for (size_t i = 0; i < IRC_CAP_COUNT && most; i++) {
        size_t length = strlen(cap_table[i].name);
        if (!(*caps & cap_table[i].bit) || n + length + 1 >= size)
            continue;
        memcpy(out + n, cap_table[i].name, length);
        n += length;
        out[n++] = ' ';
        *caps &= ~cap_table[i].bit;
        most--;
    }
    out[--n] = '\0';
    return n;
}

static void cap_send_requests(struct irc_link *l, uint32_t caps, unsigned most)
{
    char line[IRC_CAP_REQ_MAX + 1];

    while (irc_cap_request(line, sizeof line, &caps, most))
        irc_send_text(l, line, IRC_NOW);
}

void irc_cap_settle(struct irc_link *l)
{
    struct irc_login *login = l->login;

    if (!login || !login->negotiating || !login->listed || login->pending)
        return;
    if (login->sasl != IRC_SASL_NONE && login->sasl != IRC_SASL_DONE)
        return;
    login->negotiating = false;
    irc_send_text(l, "CAP END", IRC_NOW);
}

/* What values say beside the names. */
static void cap_learn(struct irc_link *l, const char *list)
{
    size_t n;
    const char *value = cap_value(list, "draft/multiline", &n);

    if (value)
        irc_multiline_learn(l->base.net, value, n);
}

static void cap_on_list(struct irc_link *l, const char *list, bool more)
{
    struct irc_login *login = l->login;

    if (!login || login->listed || l->state != IRC_LOGIN)
        return;
    size_t n;
    const char *sts = cap_value(list, "sts", &n);
    if (sts)
        irc_sts_on_offer(l, sts, n);
    if (l->state != IRC_LOGIN || (more && login->waits_for_tls))
        return;
    if (login->waits_for_tls) {
        irc_login_end_unsafe(l);
        return;
    }
    login->negotiating = true;
    login->offered |= irc_cap_parse(list);
    login->mechanisms |= (uint8_t)irc_cap_mechanisms(list);
    cap_learn(l, list);
    if (more)
        return;
    login->listed = true;
    uint32_t wanted = login->offered;
    if (!irc_sasl_is_possible(l))
        wanted &= ~(uint32_t)IRC_CAP_SASL;
    if (wanted & IRC_CAP_SASL)
        login->sasl = IRC_SASL_REQUESTED;
    login->pending = wanted;
    cap_send_requests(l, wanted, IRC_CAP_COUNT);
    irc_cap_settle(l);
}

/* ACK: "name" is on, "-name" is off. */
static void cap_on_ack(struct irc_link *l, const char *list)
{
    uint32_t off = 0;
    uint32_t on = irc_cap_parse(list);

    for (const char *p = list; *p;) {
        size_t word = strcspn(p, " ");
        if (*p == '-')
            off |= cap_find(p + 1, word - 1);
        p += word;
        p += strspn(p, " ");
    }
    l->caps = (l->caps | on) & ~off;
    if (!l->login)
        return;
    l->login->pending &= ~on;
    if (on & IRC_CAP_SASL && l->login->sasl == IRC_SASL_REQUESTED)
        irc_sasl_start(l);
    irc_cap_settle(l);
}

/* A list is refused as a whole: what was refused together is asked for one by one. */
static void cap_on_nak(struct irc_link *l, const char *list)
{
    struct irc_login *login = l->login;
    uint32_t refused = irc_cap_parse(list);

    if (!login)
        return;
    bool several = refused & (refused - 1);
    if (several && !login->single) {
        login->single = true;
        cap_send_requests(l, refused & login->pending, 1);
        return;
    }
    login->pending &= ~refused;
    if (refused & IRC_CAP_SASL && login->sasl == IRC_SASL_REQUESTED)
        login->sasl = IRC_SASL_NONE;
    irc_cap_settle(l);
}

/* What a server offers later (cap-notify). The password is gone by then, so sasl is not. */
static void cap_on_new(struct irc_link *l, const char *list)
{
    size_t n;
    const char *sts = cap_value(list, "sts", &n);

    if (sts && l->is_tls)
        irc_sts_on_offer(l, sts, n);
    if (l->login)
        return;
    cap_learn(l, list);
    cap_send_requests(l, irc_cap_parse(list) & ~(uint32_t)IRC_CAP_SASL & ~l->caps, IRC_CAP_COUNT);
}

/* CAP <nick or *> <subcommand> [*] :<list> */
void irc_cap_handle(struct irc_link *l, struct irc_line *line)
{
    const char *what = line->param[1];
    const char *list = line->param[line->n_params - 1];

    if (sj_ascii_casecmp(what, "LS") == 0)
        cap_on_list(l, list, line->n_params > 3 && strcmp(line->param[2], "*") == 0);
    else if (sj_ascii_casecmp(what, "ACK") == 0)
        cap_on_ack(l, list);
    else if (sj_ascii_casecmp(what, "NAK") == 0)
        cap_on_nak(l, list);
    else if (sj_ascii_casecmp(what, "NEW") == 0)
        cap_on_new(l, list);
    else if (sj_ascii_casecmp(what, "DEL") == 0)
        l->caps &= ~irc_cap_parse(list);
    if (l->state == IRC_ONLINE)
        irc_tags_settle(l);
}
