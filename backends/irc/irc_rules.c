/* SPDX-License-Identifier: MPL-2.0 */
/* The tokens of RPL_ISUPPORT that channels need: PREFIX, CHANMODES, STATUSMSG, lengths and lists.
 *
 * A link has its own copy only while its server differs from the one that logged in before, which
 * is rare: the copy is compared at the end of the welcome and given up. The other tokens are taken
 * in irc_isupport.c. Source: modern.ircdocs.horse, "RPL_ISUPPORT Parameters"; defaults: RFC 2812
 * §3.2.3, RFC 2811 §4. */
#include "irc_rules.h"

#include <stddef.h>
#include <string.h>

#include "irc_link.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define MODES_DEFAULT 3u

static const struct irc_rules rules_default = {
    .modes_max = MODES_DEFAULT,
    .ranks = "ov",
    .signs = "@+",
    .modes = { "beI", "k", "l", "imnpstaqr" },
};

const struct irc_rules *irc_rules_of(const struct irc_link *l)
{
    return l->rules ? l->rules : &rules_default;
}

static uint16_t number_of(const char *s, uint16_t max)
{
    uint32_t v = 0;

    for (; *s >= '0' && *s <= '9' && v <= max; s++)
        v = v * 10 + (uint32_t)(*s - '0');
    return (uint16_t)(v > max ? max : v);
}

/* "(qaohv)~&@%+"; "" means that there are no ranks. */
static void take_prefix(struct irc_rules *r, const char *value)
{
    const char *signs = strchr(value, ')');
    size_t n = signs ? (size_t)(signs - value) - 1 : 0;

    if (*value && (*value != '(' || !signs || strlen(signs + 1) != n || n > IRC_RANKS_MAX))
        return;
    memset(r->ranks, 0, sizeof r->ranks);
    memset(r->signs, 0, sizeof r->signs);
    for (size_t i = 0; i < n; i++) {
        r->ranks[i] = value[1 + i];
        r->signs[i] = signs[1 + i];
    }
}

/* "A,B,C,D[,...]" */
static void take_modes(struct irc_rules *r, const char *value)
{
    memset(r->modes, 0, sizeof r->modes);
    for (size_t i = 0; i < IRC_MODE_TYPES; i++) {
        size_t n = strcspn(value, ",");
        memcpy(r->modes[i], value, n > IRC_MODES_MAX ? IRC_MODES_MAX : n);
        value += n + (value[n] == ',');
    }
}

static void take_text(char *out, size_t size, const char *value)
{
    memset(out, 0, size);
    sj_copy(out, size, value);
}

static void take_channel_length(struct irc_rules *r, const char *value)
{
    r->channel_length = number_of(value, IRC_CHANNEL_MAX);
}

static void take_topic_length(struct irc_rules *r, const char *value)
{
    r->topic_length = number_of(value, UINT16_MAX - 1);
}

static void take_kick_length(struct irc_rules *r, const char *value)
{
    r->kick_length = number_of(value, UINT16_MAX - 1);
}

/* Without a value: no limit. */
static void take_modes_max(struct irc_rules *r, const char *value)
{
    uint16_t n = *value ? number_of(value, 64) : 12;

    r->modes_max = n ? n : MODES_DEFAULT;
}

static void take_status_signs(struct irc_rules *r, const char *value)
{
    take_text(r->status_signs, sizeof r->status_signs, value);
}

static void take_elist(struct irc_rules *r, const char *value)
{
    take_text(r->elist, sizeof r->elist, value);
}

/* A mode is a letter; 0: it is none. */
static char mode_of(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ? c : 0;
}

static void take_invex(struct irc_rules *r, const char *value)
{
    r->invex = *value ? mode_of(*value) : 'I';
}

static void take_excepts(struct irc_rules *r, const char *value)
{
    r->excepts = *value ? mode_of(*value) : 'e';
}

static void take_bot(struct irc_rules *r, const char *value)
{
    r->bot = mode_of(*value);
}

static const struct {
    const char *key;
    void (*take)(struct irc_rules *r, const char *value);
    const char *unset;               /* the value that stands for none; NULL: no way back */
} rules_table[] = {
    { .key = "BOT", .take = take_bot, .unset = "" },
    { .key = "CHANMODES", .take = take_modes, .unset = "beI,k,l,imnpstaqr" },
    { .key = "CHANNELLEN", .take = take_channel_length, .unset = "" },
    { .key = "ELIST", .take = take_elist, .unset = "" },
    { .key = "EXCEPTS", .take = take_excepts },
    { .key = "INVEX", .take = take_invex },
    { .key = "KICKLEN", .take = take_kick_length, .unset = "" },
    { .key = "MODES", .take = take_modes_max, .unset = "3" },
    { .key = "PREFIX", .take = take_prefix, .unset = "(ov)@+" },
    { .key = "STATUSMSG", .take = take_status_signs, .unset = "" },
    { .key = "TOPICLEN", .take = take_topic_length, .unset = "" },
};

/* The link's own, to be written to. */
static struct irc_rules *rules_own(struct irc_link *l)
{
    if (!l->rules || l->rules->refs > 1) {
        struct irc_rules *own = sj_malloc(sizeof *own);
        memcpy(own, irc_rules_of(l), sizeof *own);
        irc_rules_release(l);
        own->refs = 1;
        l->rules = own;
    }
    return l->rules;
}

bool irc_rules_take(struct irc_link *l, const char *key, const char *value)
{
    size_t i = 0;

    while (i < sizeof rules_table / sizeof rules_table[0] &&
           strcmp(rules_table[i].key, key) != 0)
        i++;
    if (i == sizeof rules_table / sizeof rules_table[0])
        return false;
    if (!value)
        value = rules_table[i].unset;
    if (value && l->state < IRC_ONLINE)
        rules_table[i].take(rules_own(l), value);
    return true;
}

void irc_rules_share(struct irc_link *l)
{
    struct sj_net *net = l->base.net;
    const size_t head = offsetof(struct irc_rules, channel_length);

    if (!l->rules || l->rules == net->rules)
        return;
    if (net->rules && memcmp((char *)l->rules + head, (char *)net->rules + head,
                             sizeof *l->rules - head) == 0) {
        irc_rules_release(l);
        l->rules = net->rules;
    } else {
        irc_rules_forget(net);
        net->rules = l->rules;
    }
    l->rules->refs++;
}

static void rules_drop(struct irc_rules **r)
{
    if (*r && --(*r)->refs == 0)
        sj_free(*r);
    *r = NULL;
}

void irc_rules_release(struct irc_link *l)
{
    rules_drop(&l->rules);
}

void irc_rules_forget(struct sj_net *net)
{
    rules_drop(&net->rules);
}

enum irc_mode_type irc_rules_mode(const struct irc_rules *r, char mode)
{
    if (irc_rules_rank(r, mode))
        return IRC_MODE_RANK;
    for (int type = 0; mode && type < IRC_MODE_TYPES; type++) {
        if (strchr(r->modes[type], mode))
            return (enum irc_mode_type)type;
    }
    return IRC_MODE_UNKNOWN;
}

static uint8_t bit_of(const char *set, char c)
{
    const char *p = c ? strchr(set, c) : NULL;

    if (!p)
        return 0;
    return (uint8_t)(1u << (p - set));
}

uint8_t irc_rules_rank(const struct irc_rules *r, char mode)
{
    return bit_of(r->ranks, mode);
}

uint8_t irc_rules_sign(const struct irc_rules *r, char sign)
{
    return bit_of(r->signs, sign);
}
