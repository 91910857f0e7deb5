/* SPDX-License-Identifier: MPL-2.0 */
/* RPL_ISUPPORT (005): what this server can do and how long things may be.
 *
 * Only what we use is kept, as numbers in the link; what is of channels, in irc_rules.c. Tokens
 * are KEY, KEY=value or -KEY; modern.ircdocs.horse, "RPL_ISUPPORT Parameters". A case mapping that
 * changes once the link is up would change ids that the gateway holds, so it ends the link
 * (sojourn/backend.h). */
#include <stdint.h>
#include <string.h>

#include "irc_link.h"
#include "irc_parse.h"
#include "irc_rules.h"
#include "irc_self.h"
#include "irc_send.h"
#include "irc_tags.h"
#include "sojourn/log.h"
#include "sojourn/strbuf.h"

/* Decimal number at s, at most max; 0 when there is none. */
static uint32_t number_of(const char *s, uint32_t max)
{
    uint32_t v = 0;

    for (; *s >= '0' && *s <= '9'; s++) {
        v = v * 10 + (uint32_t)(*s - '0');
        if (v > max)
            return max;
    }
    return v;
}

static void set_casemapping(struct irc_link *l, const char *value)
{
    enum irc_casemap map = *value ? irc_casemap_parse(value, strlen(value)) : IRC_CASEMAP_RFC1459;

    l->base.net->casemap = map;
    if (map == (enum irc_casemap)l->casemap)
        return;
    if (l->state == IRC_ONLINE) {
        irc_link_end(l, SJ_END_RESTART, "the network changed how it compares names");
        return;
    }
    l->casemap = (uint8_t)map;
}

static void set_chantypes(struct irc_link *l, const char *value)
{
    sj_copy(l->chantypes, sizeof l->chantypes, value);
}

static void set_clienttagdeny(struct irc_link *l, const char *value)
{
    irc_tags_deny(l, value);
}

static void set_linelen(struct irc_link *l, const char *value)
{
    uint32_t n = number_of(value, IRC_LINE_MAX);

    l->line_max = (uint16_t)(n < IRC_LINE_MIN ? IRC_LINE_MIN : n);
}

static void set_monitor(struct irc_link *l, const char *value)
{
    uint32_t n = number_of(value, UINT16_MAX - 1);

    l->monitor_max = (uint16_t)(n ? n : UINT16_MAX);
}

static void set_nicklen(struct irc_link *l, const char *value)
{
    l->nick_length = (uint16_t)number_of(value, IRC_NICK_MAX);
}

static void set_utf8only(struct irc_link *l, const char *value)
{
    (void)value;
    l->utf8_only = true;
}

static void set_whox(struct irc_link *l, const char *value)
{
    (void)value;
    l->has_whox = true;
}

static void unset(struct irc_link *l, const char *key)
{
    if (strcmp(key, "MONITOR") == 0)
        l->monitor_max = 0;
    else if (strcmp(key, "UTF8ONLY") == 0)
        l->utf8_only = false;
    else if (strcmp(key, "WHOX") == 0)
        l->has_whox = false;
    else if (strcmp(key, "LINELEN") == 0)
        l->line_max = IRC_LINE_MIN;
    else if (strcmp(key, "CHANTYPES") == 0)
        set_chantypes(l, "#&");
    else if (strcmp(key, "CASEMAPPING") == 0)
        set_casemapping(l, "");
    else if (strcmp(key, "CLIENTTAGDENY") == 0)
        set_clienttagdeny(l, "");
}

static const struct {
    const char *key;
    void (*set)(struct irc_link *l, const char *value);
} isupport_table[] = {
    { .key = "CASEMAPPING", .set = set_casemapping },
    { .key = "CHANTYPES", .set = set_chantypes },
    { .key = "CLIENTTAGDENY", .set = set_clienttagdeny },
    { .key = "LINELEN", .set = set_linelen },
    { .key = "MONITOR", .set = set_monitor },
    { .key = "NICKLEN", .set = set_nicklen },
    { .key = "UTF8ONLY", .set = set_utf8only },
    { .key = "WHOX", .set = set_whox },
};

static void isupport_token(struct irc_link *l, char *token)
{
    if (*token == '-') {
        if (!irc_rules_take(l, token + 1, NULL))
            unset(l, token + 1);
        return;
    }
    char *value = strchr(token, '=');
    if (value)
        *value++ = '\0';
    else
        value = token + strlen(token);
    if (irc_rules_take(l, token, value))
        return;
    for (size_t i = 0; i < sizeof isupport_table / sizeof isupport_table[0]; i++) {
        if (strcmp(token, isupport_table[i].key) == 0) {
            isupport_table[i].set(l, value);
            return;
        }
    }
}

/* 005 <me> <token>... :are supported by this server */
void irc_isupport_handle(struct irc_link *l, struct irc_line *line)
{
    l->has_isupport = true;
    for (size_t i = 1; i + 1 < line->n_params && l->state != IRC_DOWN; i++)
        isupport_token(l, line->param[i]);
    if (l->state == IRC_ONLINE)
        irc_tags_settle(l);
}
