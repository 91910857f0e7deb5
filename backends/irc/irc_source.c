/* SPDX-License-Identifier: MPL-2.0 */
/* Which local address a user connects from. Networks limit the connections from one address, so a
 * gateway may have several; users are spread over them by the number that stands for them, and keep
 * theirs as long as the list stays as it is, so that bans and limits stay about the same ones. */
#include "irc_source.h"

#include <string.h>

#include "sojourn/ipaddr.h"
#include "sojourn/memory.h"

static enum sj_status source_add(struct irc_sources *out, const char *word)
{
    struct sj_subnet subnet;

    if (strchr(word, '/') || sj_subnet_parse(&subnet, word, NULL) != SJ_OK ||
        out->n4 + out->n6 == IRC_SOURCES_MAX)
        return SJ_INVALID;
    if (strchr(word, ':'))
        out->v6[out->n6++] = word;
    else
        out->v4[out->n4++] = word;
    return SJ_OK;
}

enum sj_status irc_sources_init(struct irc_sources *out, const char *list, struct sj_error *err)
{
    char *rest, *word;

    *out = (struct irc_sources){ .text = sj_strdup(list ? list : "") };
    for (char *at = out->text; (word = strtok_r(at, ", \t", &rest)) != NULL; at = NULL) {
        if (source_add(out, word) == SJ_OK)
            continue;
        irc_sources_release(out);
        return sj_fail(err, SJ_INVALID, "source is a list of at most %u numeric addresses",
                       IRC_SOURCES_MAX);
    }
    return SJ_OK;
}

void irc_sources_release(struct irc_sources *sources)
{
    sj_free(sources->text);
    *sources = (struct irc_sources){ .text = NULL };
}

void irc_sources_pick(const struct irc_sources *sources, uint64_t user, const char *out[2])
{
    out[0] = sources->n4 ? sources->v4[user % sources->n4] : NULL;
    out[1] = sources->n6 ? sources->v6[user % sources->n6] : NULL;
}
