/* SPDX-License-Identifier: MPL-2.0 */
/* Options of a section, and what all links of it share: the HTTP client with its connections (one
 * HTTP/2 connection carries the polls of many users) and the budget for answers being read.
 *
 * A home server that the admin names is trusted to be where it is; one that users name must have a
 * public address, or users could make the gateway talk to the machines around it. */
#include "mx_net.h"

#include <string.h>
#include <unistd.h>

#include "mx_gone.h"
#include "sojourn/http.h"
#include "sojourn/ipaddr.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define NET_BLANKS ", \t"

const struct sj_option mx_options[] = {
    { .name = "homeserver", .kind = SJ_OPTION_TEXT, .max = 255,
      .help = "Address (https://matrix.example.org) of the one home server that users log in to; "
              "http:// only on this machine. Without it, users are served by the home server that "
              "their Matrix address names." },
    { .name = "allow-homeservers", .kind = SJ_OPTION_LIST, .max = 4095,
      .help = "Server names (the part of a Matrix address behind the colon) whose users may "
              "register; without it, all." },
    { .name = "private-addresses", .kind = SJ_OPTION_BOOL, .fallback = "no",
      .help = "Whether home servers that users name may have private addresses; the one that "
              "homeserver names always may." },
    { .name = "tls-ca", .kind = SJ_OPTION_FILE,
      .help = "File with the certificates (PEM) to trust in place of the system's, for a home "
              "server with a private one." },
    { .name = "poll-time", .kind = SJ_OPTION_DURATION, .fallback = "30s", .min = 1000,
      .max = 120000,
      .help = "How long a home server may hold the request for news when there is none." },
    { .name = "connections-max", .kind = SJ_OPTION_INT, .fallback = "16384", .min = 2,
      .max = MX_RUNNING_MAX,
      .help = "Requests to home servers at work at once; each user who is logged in needs one or "
              "two." },
    { .name = "client-page", .kind = SJ_OPTION_TEXT, .max = 255,
      .help = "Address (https://) of a page about this gateway. Home servers whose users log in by "
              "OAuth show it to them, and may insist on it." },
};
_Static_assert(sizeof mx_options / sizeof mx_options[0] == MX_OPTIONS, "their number");

/* Is the host of an http:// address this machine? */
static bool net_is_here(const char *url)
{
    static const char *const here[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *host = url + strlen("http://");
    for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
        size_t n = strlen(here[i]);
        if (strncmp(host, here[i], n) == 0 && (host[n] == ':' || host[n] == '/' || !host[n]))
            return true;
    }
    return false;
}

static enum sj_status net_read_homeserver(struct sj_net *net, const char *url,
                                          struct sj_error *err)
{
    if (!url)
        return SJ_OK;
    net->plain = strncmp(url, "http://", 7) == 0;
    if (!net->plain && strncmp(url, "https://", 8) != 0)
        return sj_fail(err, SJ_INVALID, "homeserver begins with https:// (or http:// for one on "
                                        "this machine)");
    if (net->plain && !net_is_here(url))
        return sj_fail(err, SJ_INVALID, "homeserver with http:// is for addresses of this machine "
                                        "only: passwords would cross the network in the clear");
    if (strpbrk(url, "?#@ \"'<>"))
        return sj_fail(err, SJ_INVALID, "homeserver is scheme, host, port and path only");
    net->homeserver = url;
    net->homeserver_len = strlen(url);
    while (net->homeserver_len > 0 && url[net->homeserver_len - 1] == '/')
        net->homeserver_len--;
    return SJ_OK;
}

static void net_open_http(struct sj_net *net, const struct sj_values *v)
{
    struct sj_subnet anywhere[2];
    unsigned most = (unsigned)sj_values_number(v, "connections-max");
    struct sj_http_options options = {
        .ca_file = sj_values_text(v, "tls-ca"), .running_max = most, .running_host_max = most,
        .waiting_max = MX_WAITING_MAX, .allowed = anywhere};
    if (net->private_ok) {
        (void)sj_subnet_parse(&anywhere[0], "0.0.0.0/0", NULL);
        (void)sj_subnet_parse(&anywhere[1], "::/0", NULL);
        options.n_allowed = 2;
    }
    net->http = sj_http_new(net->loop, net->log, &options);
}

enum sj_status mx_net_new(struct sj_net **out, struct sj_loop *loop, const struct sj_log *log,
                          const struct sj_values *values, struct sj_error *err)
{
    struct sj_net *net = sj_calloc(1, sizeof *net);
    net->loop = loop;
    net->log = log;
    mx_gone_init(net);
    sj_list_init(&net->parked);
    net->allowed = sj_values_text(values, "allow-homeservers");
    net->page = sj_values_text(values, "client-page");
    net->poll_ms = sj_values_number(values, "poll-time");
    if (net_read_homeserver(net, sj_values_text(values, "homeserver"), err) != SJ_OK) {
        sj_free(net);
        return SJ_INVALID;
    }
    if (net->page && strncmp(net->page, "https://", 8) != 0) {
        sj_free(net);
        return sj_fail(err, SJ_INVALID, "client-page begins with https://");
    }
    net->private_ok = net->homeserver || sj_values_number(values, "private-addresses");
    if (gethostname(net->host_name, sizeof net->host_name) != 0)
        net->host_name[0] = '\0';
    net->host_name[sizeof net->host_name - 1] = '\0';
    net_open_http(net, values);
    *out = net;
    return SJ_OK;
}

void mx_net_free(struct sj_net **net)
{
    if (!net || !*net)
        return;
    mx_gone_release(*net);
    sj_http_free(&(*net)->http);
    sj_free(*net);
    *net = NULL;
}

enum sj_wire mx_net_wire(const struct sj_net *net)
{
    return net->plain ? SJ_WIRE_PLAIN : SJ_WIRE_TLS;
}

bool mx_net_allows(const struct sj_net *net, const char *server)
{
    size_t n = strlen(server);
    if (!net->allowed)
        return true;
    for (const char *p = net->allowed; *p;) {
        size_t len = strcspn(p, NET_BLANKS);
        if (len == n && sj_ascii_ncasecmp(p, server, n) == 0)
            return true;
        p += len;
        p += strspn(p, NET_BLANKS);
    }
    return false;
}
