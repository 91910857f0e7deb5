/* SPDX-License-Identifier: MPL-2.0 */
/* One configured network: which home servers are allowed, and the HTTP client that all its links
 * share. Used by the files of this backend only. */
#ifndef MX_NET_H
#define MX_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"

struct sj_http;

#define MX_OPTIONS 7u
extern const struct sj_option mx_options[];

/* Requests of all links at work: each link has a long poll, and something to send now and then. */
#define MX_RUNNING_MAX 16384u
#define MX_WAITING_MAX 16384u
/* Bytes of answers that are being read at once, of all links; a sync beyond it comes later. */
#define MX_NET_READING_MAX (96u * 1024u * 1024u)

/* Owner: the gateway (net_new, net_free). Borrows the configuration. */
struct sj_net {
    struct sj_loop *loop;
    const struct sj_log *log;
    struct sj_http *http;
    const char *homeserver;              /* fixed, without a slash at its end; NULL: the user's */
    size_t homeserver_len;
    const char *page;                    /* about this gateway, for users; or NULL */
    const char *allowed;                 /* list of server names; NULL: all */
    bool plain;                          /* homeserver is http:// */
    bool private_ok;                     /* addresses that are not public may be asked */
    int64_t poll_ms;
    uint64_t reading;                    /* bytes of unfinished answers */
    struct sj_list gone;                 /* struct mx_gone */
    struct sj_list parked;               /* links that wait while the net is paused */
    bool paused;
    struct sj_defer gone_turn;
    char host_name[65];                  /* of this machine, for the name of the device */
};

enum sj_status mx_net_new(struct sj_net **out, struct sj_loop *loop, const struct sj_log *log,
                          const struct sj_values *values, struct sj_error *err);
void mx_net_free(struct sj_net **net);
enum sj_wire mx_net_wire(const struct sj_net *net);
/* May users of that server name log in here? */
bool mx_net_allows(const struct sj_net *net, const char *server);

#endif
