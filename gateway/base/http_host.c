/* SPDX-License-Identifier: MPL-2.0 */
/* Hosts: a queue for each, served in turn so that one host's crowd does not stop the others, and
 * their addresses. Names are looked up by evdns and handed to libcurl, which never looks up
 * anything itself: its resolver takes a thread for each name, and giving such a request up would
 * wait for the thread. Requests for one name share a look-up. Judging addresses is left to
 * http_transfer.c, which sees those that are really connected to. */
#include <arpa/inet.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <string.h>

#include "conn_priv.h"
#include "http_priv.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define HTTP_HOSTS_IDLE_MAX 256u        /* hosts without requests whose addresses are kept */
#define HTTP_CONNECTING_MAX 8u          /* requests of one host that look up or connect at once:
                                           a crowd is to find the streams of the first connections,
                                           and handshakes are not to come in storms */
#define HTTP_ADDRESSES_MAX 8u           /* of each family */
#define HTTP_ADDRESSES_MS 60000         /* evdns does not tell how long they are good */

/* Outlives its host when it is given up: evdns answers a cancellation later. */
struct http_lookup {
    struct http_host *host;             /* NULL: nobody waits */
    struct evdns_getaddrinfo_request *request;
};

/* ---- look-up ---- */

static void host_add_addresses(struct sj_strbuf *out, const struct evutil_addrinfo *list,
                               int family)
{
    char text[SJ_IPADDR_TEXT_MAX];
    for (unsigned n = 0; list && n < HTTP_ADDRESSES_MAX; list = list->ai_next) {
        if (list->ai_family != family)
            continue;
        sj_strbuf_addf(out, family == AF_INET6 ? "%s[%s]" : "%s%s", out->len ? "," : "",
                       sj_ipaddr_text(text, list->ai_addr));
        n++;
    }
}

static void host_on_addresses(struct http_host *h, int result, const struct evutil_addrinfo *list)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, 2 * HTTP_ADDRESSES_MAX * (SJ_IPADDR_TEXT_MAX + 3));
    host_add_addresses(&text, list, AF_INET6);
    host_add_addresses(&text, list, AF_INET);
    sj_free(h->addresses);
    h->addresses = text.len ? sj_strbuf_take(&text) : NULL;
    h->expires_ms = sj_loop_now_ms(h->http->loop) + HTTP_ADDRESSES_MS;
    sj_strbuf_release(&text);
    while (!sj_list_empty(&h->looking)) {
        struct http_request *r = SJ_CONTAINER(h->looking.next, struct http_request, link);
        sj_list_remove(&r->link);
        if (h->addresses)
            http_work(r, HTTP_WORK_CONNECT);
        else
            http_fail(r, SJ_UNREACHABLE, "cannot look up %s: %s", h->name,
                      result ? evutil_gai_strerror(result) : N_("no address"));
    }
}

static void host_on_answer(int result, struct evutil_addrinfo *list, void *arg)
{
    struct http_lookup *lookup = arg;
    struct http_host *h = lookup->host;
    sj_free(lookup);
    if (h) {
        struct sj_http *http = h->http;
        http_enter(http);
        h->lookup = NULL;
        host_on_addresses(h, result, list);
        http_leave(http);
    }
    if (list)
        evutil_freeaddrinfo(list);
}

static void host_look_up(struct http_host *h)
{
    struct http_lookup *lookup = sj_calloc(1, sizeof *lookup);
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    lookup->host = h;
    h->lookup = lookup;
    struct evdns_getaddrinfo_request *request = evdns_getaddrinfo(
        conn_dns_get(h->http->loop), h->name, NULL, &hints, host_on_answer, lookup);
    if (request)            /* otherwise the answer has been given, and lookup is gone */
        lookup->request = request;
}

static void host_give_lookup_up(struct http_host *h)
{
    struct http_lookup *lookup = h->lookup;
    if (!lookup)
        return;
    h->lookup = NULL;
    lookup->host = NULL;
    evdns_getaddrinfo_cancel(lookup->request);
}

void http_host_resolve(struct http_request *r)
{
    struct http_host *h = r->host;
    bool fresh = h->addresses && sj_loop_now_ms(h->http->loop) < h->expires_ms;
    if (h->numeric || fresh) {
        http_work(r, HTTP_WORK_CONNECT);
        return;
    }
    sj_list_append(&h->looking, &r->link);
    if (!h->lookup)
        host_look_up(h);
}

void http_host_distrust(struct http_host *h)
{
    h->expires_ms = 0;
}

/* ---- queues ---- */

static struct http_host *host_new(struct sj_http *http, const struct http_url *url)
{
    struct http_host *h = sj_calloc(1, sizeof *h);
    h->http = http;
    h->name = sj_strdup(url->host);
    h->numeric = url->numeric;
    sj_list_init(&h->link);
    sj_list_init(&h->waiting);
    sj_list_init(&h->looking);
    sj_map_put(&http->hosts, h->name, h);
    return h;
}

void http_host_free(struct http_host *h)
{
    host_give_lookup_up(h);
    sj_list_remove(&h->link);
    sj_map_remove(&h->http->hosts, h->name);
    sj_free(h->addresses);
    sj_free(h->name);
    sj_free(h);
}

static bool host_is_idle(const struct http_host *h)
{
    return !h->running && sj_list_empty(&h->waiting);
}

static bool host_may_start(const struct http_host *h)
{
    return !sj_list_empty(&h->waiting) && h->running < h->http->running_host_max &&
           h->connecting < HTTP_CONNECTING_MAX;
}

/* Puts h into the list where it belongs now, at its end; a place that it has already it keeps. */
static void host_file(struct http_host *h)
{
    struct sj_http *http = h->http;
    if (host_is_idle(h)) {
        host_give_lookup_up(h);
        sj_list_remove(&h->link);
        sj_list_append(&http->idle, &h->link);
        if (++http->n_idle > HTTP_HOSTS_IDLE_MAX) {
            http->n_idle--;
            http_host_free(SJ_CONTAINER(http->idle.next, struct http_host, link));
        }
    } else if (!host_may_start(h)) {
        sj_list_remove(&h->link);
    } else if (sj_list_empty(&h->link)) {
        sj_list_append(&http->ready, &h->link);
    }
}

void http_host_wait(struct http_request *r)
{
    struct sj_http *http = r->http;
    struct http_host *h = sj_map_find(&http->hosts, r->url.host);
    if (!h) {
        h = host_new(http, &r->url);
    } else if (host_is_idle(h)) {
        sj_list_remove(&h->link);
        http->n_idle--;
    }
    r->host = h;
    r->state = HTTP_WAITING;
    http->waiting++;
    sj_list_append(&h->waiting, &r->link);
    host_file(h);
}

struct http_request *http_host_next(struct sj_http *http)
{
    if (http->running >= http->running_max || sj_list_empty(&http->ready))
        return NULL;
    struct http_host *h = SJ_CONTAINER(http->ready.next, struct http_host, link);
    struct http_request *r = SJ_CONTAINER(h->waiting.next, struct http_request, link);
    sj_list_remove(&r->link);
    http->waiting--;
    http->running++;
    h->running++;
    h->connecting++;
    r->at_work = true;
    r->connecting = true;
    r->state = HTTP_LOOKING;
    sj_list_remove(&h->link);       /* others first */
    host_file(h);
    return r;
}

void http_host_on_connected(struct http_request *r)
{
    if (!r->connecting)
        return;
    r->connecting = false;
    r->host->connecting--;
    host_file(r->host);
    if (!sj_list_empty(&r->http->ready))
        sj_loop_defer(r->http->loop, &r->http->pump);
}

void http_host_leave(struct http_request *r)
{
    struct http_host *h = r->host;
    if (!h)
        return;
    http_host_on_connected(r);
    r->host = NULL;
    sj_list_remove(&r->link);
    if (r->at_work) {
        r->at_work = false;
        r->http->running--;
        h->running--;
    } else {
        r->http->waiting--;
    }
    host_file(h);
}
