/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses that users bring along from biboumi, which has all networks under one hostname and the
 * server in the address: #channel%server, nick%server, in old versions nick!server, and the server
 * alone for what is said to the server itself.
 *
 * A server is this network's when it is that of the configuration or one of server-names. Another
 * one must look like a hostname or an address: "#100%" and "#50%off" are channels like any other.
 * Source: biboumi's user documentation, "Addressing"; RFC 1123 §2.1. */
#include "irc_moved.h"

#include <string.h>

#include "irc_case.h"
#include "irc_chan.h"
#include "irc_net.h"
#include "irc_nick.h"
#include "irc_raw.h"
#include "sojourn/ipaddr.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define HOST_MAX 253u

static bool is_letter(char c)
{
    c = sj_ascii_lower(c);
    return c >= 'a' && c <= 'z';
}

/* A name of two labels or more, the last of which begins with a letter, or a numeric address. */
static bool is_host(const char *s)
{
    size_t n = strlen(s);
    const char *dot = strrchr(s, '.');
    struct sj_subnet ignored;

    if (n == 0 || n > HOST_MAX || strchr(s, '/'))
        return false;
    if (sj_subnet_parse(&ignored, s, NULL) == SJ_OK)
        return true;
    return dot && is_letter(dot[1]) && *s != '.' && !strstr(s, "..") &&
           s[strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.")] == '\0';
}

static bool is_ours(const struct sj_net *net, const char *server)
{
    if (sj_ascii_casecmp(server, net->server) == 0)
        return true;
    for (size_t i = 0; i < net->names.n; i++) {
        if (sj_ascii_casecmp(server, net->names.name[i]) == 0)
            return true;
    }
    return false;
}

/* What stands in front of the server; nothing is the gateway. */
static enum sj_status add_name(const struct sj_net *net, const char *id, size_t n,
                                 struct sj_strbuf *out)
{
    char name[IRC_NICK_MAX + 1];

    if (n >= sizeof name)
        return SJ_INVALID;
    memcpy(name, id, n);
    name[n] = '\0';
    if (n && !irc_nick_may_be_target(name) && !irc_chan_is_name(name))
        return SJ_INVALID;
    irc_case_fold(net->casemap, name);
    sj_strbuf_adds(out, name);
    return SJ_OK;
}

enum sj_status irc_moved_id(const struct sj_net *net, const char *id, struct sj_strbuf *out)
{
    const char *mark = strrchr(id, '%');

    if (!mark && !irc_chan_is_room(net, id))
        mark = strchr(id, '!');
    if (!mark) {
        if (!is_host(id) || !is_ours(net, id))
            return SJ_INVALID;
        sj_strbuf_adds(out, IRC_SERVER_ID);
        return SJ_OK;
    }
    if (!is_ours(net, mark + 1))
        return is_host(mark + 1) && mark > id ? SJ_NOTFOUND : SJ_INVALID;
    return add_name(net, id, (size_t)(mark - id), out);
}

enum sj_status irc_moved_init(struct irc_server_names *out, const char *list, struct sj_error *err)
{
    char *rest, *word;

    *out = (struct irc_server_names){ .text = sj_strdup(list ? list : "") };
    for (char *at = out->text; (word = strtok_r(at, ", \t", &rest)) != NULL; at = NULL) {
        if (out->n < IRC_SERVER_NAMES_MAX && !word[strcspn(word, "%!@#&/\"'<>")]) {
            out->name[out->n++] = word;
            continue;
        }
        irc_moved_release(out);
        return sj_fail(err, SJ_INVALID, "server-names is a list of at most %u names",
                       IRC_SERVER_NAMES_MAX);
    }
    return SJ_OK;
}

void irc_moved_release(struct irc_server_names *names)
{
    sj_free(names->text);
    *names = (struct irc_server_names){ .text = NULL };
}
