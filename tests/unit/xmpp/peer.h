/* SPDX-License-Identifier: MPL-2.0 */
/* Both neighbours of the XMPP room, for its tests: a server that accepts component streams over
 * loopback sockets in this process, and a session room that writes down what it hears.
 *
 * Stanzas are compared in a canonical text: attributes sorted, namespaces named where they change.
 * In expected texts '*' stands for anything. */
#ifndef TEST_XMPP_PEER_H
#define TEST_XMPP_PEER_H

#include <strophe.h>

#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/strbuf.h"
#include "xmpp.h"

#define PEER_HOSTS_MAX 300
#define PEER_LINES_MAX 16384

struct peer_lines {
    char *line[PEER_LINES_MAX];
    size_t first, end;
};

struct peer;
/* The server's end of one component stream. */
struct peer_link {
    struct peer *peer;
    unsigned host;
    int fd;
    struct stream *stream;
    struct peer_lines sent;      /* by the room, canonical */
    bool opened, closed;
    size_t bytes;                /* received */
};

struct peer {
    struct sj_loop *loop;
    struct sj_log log;
    struct xmpp_host hosts[PEER_HOSTS_MAX];
    char names[PEER_HOSTS_MAX][32];
    struct xmpp_options options;
    struct xmpp *xmpp;
    int listener;
    struct peer_link link[PEER_HOSTS_MAX];
    struct peer_lines heard;     /* by the session room */
    unsigned accepted;
    unsigned marks;
    /* how the session room behaves */
    enum sj_status status;       /* of everything that may fail */
    const char *text;            /* of its errors */
    struct xmpp_form_out form;
    struct xmpp_peer contact;
    struct xmpp_person person;
    const struct xmpp_card *card;    /* answer requests for cards at once with this */
    const struct xmpp_found *found;   /* answer searches at once with these */
    size_t n_found;
    xmpp_req request;            /* the newest */
    const struct sj_error *answer;    /* answer requests at once with this */
    bool answer_at_once;
    enum xmpp_command_fault fault;           /* of command steps */
    const struct xmpp_command_out *command;  /* answer them at once with this */
    const char *prompt_id;       /* what in->prompt gives */
    unsigned rooms_asked;        /* how often in->muc.is_room was */
    const char *own_nick;        /* of everybody, in all rooms; NULL: nobody is in any */
    struct xmpp_place_info place_info;
    void (*on_message)(struct peer *p, const struct xmpp_message_in *m);
    bool stopped;
    bool shows_questions;        /* pings to servers about what they have handled; else they are
                                    passed over, and not answered */
};

/* A room with n networks: irc0.example.org, ...; nothing is connected yet. */
struct peer *peer_new(unsigned n);
void peer_free(struct peer **p);
/* Starts all streams and takes each through the handshake. */
void peer_start(struct peer *p);
/* Waits for the next connection and returns its link (reused by number of host). */
struct peer_link *peer_accept(struct peer *p, unsigned host);
/* Answers the header and waits for the digest; then <handshake/>. */
void peer_handshake(struct peer *p, unsigned host);

/* Turns of the loop until nothing moves. */
void peer_settle(struct peer *p);
/* Sends text to the room, as the server. */
void peer_say(struct peer *p, unsigned host, const char *text);
void peer_say_n(struct peer *p, unsigned host, const char *text, size_t n);
/* Next stanza that came from the room: canonical, NULL when none comes. The caller frees it. */
char *peer_next(struct peer *p, unsigned host);
/* The room must send this next, or nothing (proved by a ping whose answer comes next). */
void peer_expect_at(struct peer *p, unsigned host, const char *expected, const char *file,
                    int line);
void peer_expect_nothing_at(struct peer *p, unsigned host, const char *file, int line);
/* The session room must hear this next, or nothing (nor may the room have sent anything). */
void peer_hears_at(struct peer *p, const char *expected, const char *file, int line);
void peer_hears_nothing_at(struct peer *p, const char *file, int line);
#define peer_expect(p, expected) peer_expect_at(p, 0, expected, __FILE__, __LINE__)
#define peer_expect_nothing(p) peer_expect_nothing_at(p, 0, __FILE__, __LINE__)
#define peer_hears(p, expected) peer_hears_at(p, expected, __FILE__, __LINE__)
#define peer_hears_nothing(p) peer_hears_nothing_at(p, __FILE__, __LINE__)

/* Writes down a line. */
void peer_heard(struct peer *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* '*' matches anything. */
bool peer_match(const char *pattern, const char *text);
/* Canonical text of a tree; parent_ns NULL: the component namespace is taken for granted. */
void peer_canon(struct sj_strbuf *out, xmpp_stanza_t *st, const char *parent_ns);
/* The contract of the session room, writing down what it hears. */
extern const struct xmpp_in peer_session;

#endif
