/* SPDX-License-Identifier: MPL-2.0 */
/* One login on one IRC network. Used by the files of this backend only.
 *
 * Owner: the gateway (link_new, link_free). A link owns its conn, its login data, its contacts,
 * its queue and its ring of unconfirmed lines. Functions named irc_x_handle_y belong to the table
 * in irc_handlers.c; they run from the conn's data event, and must not touch the line after
 * irc_link_end. */
#ifndef IRC_LINK_H
#define IRC_LINK_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "irc_cap.h"
#include "irc_net.h"
#include "irc_ops.h"
#include "sojourn/backend.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/strbuf.h"

struct sj_conn;
struct sj_identity;
struct irc_line;
struct irc_login;
struct irc_queue;
struct irc_regain;
struct irc_rooms;
struct irc_rules;
struct irc_talk;
struct sj_scram;

#define IRC_LINK_MAGIC 0x69726331u
/* Input: 8191 bytes of tags and 512 of text is what servers may send (IRCv3 message tags). */
#define IRC_INPUT_LINE_MAX 16384u
#define IRC_LINES_PER_TURN 16u
/* The same, and for so long after the net was paused, so that all get their share. */
#define IRC_LINES_PRESSED 8u
#define IRC_PRESSED_MS 1000
/* Unwritten bytes towards a server that does not read: above, messages are refused; above the
 * second, the link ends. */
#define IRC_OUTPUT_MAX (1024u * 1024u)
#define IRC_OUTPUT_HARD_MAX (2u * 1024u * 1024u)
#define IRC_NICK_MAX 255u
/* How long a link waits for the server's goodbye, and for its last bytes to leave. */
#define IRC_CLOSING_MS 2000
#define IRC_FINISH_MS 2000
#define IRC_IDENTIFY_MS 10000
/* Unconfirmed lines that got no PING at once get one after this time, or, while others wait for
 * their turn, after so many times of it. */
#define IRC_CONFIRM_MS 1000
#define IRC_CONFIRM_ROUNDS 30u

/* Legal moves: each state leads to the next, WELCOMED may skip IDENTIFYING, LOGIN may lead back to
 * CONNECTING (irc_sts.c); every state leads to
 * CLOSING (disconnect) and DOWN (any end). Nothing leaves DOWN: the gateway makes a new link. */
enum irc_state {
    IRC_NEW,                         /* before connect */
    IRC_CONNECTING,
    IRC_LOGIN,                       /* connected; capabilities, password, nickname */
    IRC_WELCOMED,                    /* RPL_WELCOME seen, its follow-ups come */
    IRC_IDENTIFYING,                 /* waits for NickServ's verdict */
    IRC_ONLINE,                      /* reported as up */
    IRC_CLOSING,                     /* disconnect was called */
    IRC_DOWN,
    IRC_STATES
};

/* What one deferred call is to do. */
enum irc_todo {
    IRC_TODO_END = 1u << 0,          /* report the end: nothing was connected */
    IRC_TODO_CONTACTS = 1u << 1,     /* tell the server of new contacts */
    IRC_TODO_DONE = 1u << 2,         /* report done operations */
    IRC_TODO_ASKS = 1u << 3,         /* ask the next question */
};

struct irc_link {
    struct sj_link base;             /* first */
    struct sj_conn *conn;            /* NULL: before connect, after the end */
    struct irc_login *login;         /* until the link is up */
    char *nick;                      /* own, as the server spells it; NULL before RPL_WELCOME */
    int64_t wait_ms;                 /* since when in the net's list: last input when online */
    int64_t confirm_ms;              /* the same for `confirm` */
    int64_t pace_ms;                 /* when all lines so far will have been paid for */
    struct sj_list wait, confirm, pace, poll;
    struct sj_defer defer;
    struct irc_queue *queue;         /* lines that wait for their turn; NULL: none */
    struct irc_ops ops;
    struct sj_map contacts;          /* struct irc_contact by id */
    struct irc_regain *regain;       /* the nickname that is wanted; NULL: we have it */
    struct irc_rules *rules;         /* of channels (irc_rules.h); NULL: the defaults */
    struct irc_rooms *rooms;         /* NULL: never was in a channel */
    struct irc_talk *talk;           /* NULL: messages were plain lines so far */
    sj_op *done;                     /* successful operations to report */
    uint32_t n_done;
    uint32_t n_monitored;
    uint32_t n_polled;
    uint32_t poll_at;                /* where in contacts the next poll goes on */
    uint32_t caps;                   /* enum irc_cap, acknowledged */
    uint32_t ctcp_at_s;              /* when all replies so far will have been paid for */
    uint32_t away;                   /* hash of the away text set, 0: not away */
    uint32_t ping_seq;               /* lines written before the outstanding PING */
    uint32_t raw_seq;                /* the user's last raw line (has_raw) */
    uint16_t line_max;               /* bytes of a line with CR LF */
    uint16_t nick_length;
    uint16_t monitor_max;            /* 0: no MONITOR; UINT16_MAX: no limit */
    uint8_t user_length, host_length;/* of our own mask, the longest seen; 0: unknown */
    uint8_t state;                   /* enum irc_state, set by irc_link_enter */
    uint8_t casemap;                 /* enum irc_casemap */
    uint8_t todo;                    /* enum irc_todo */
    uint8_t poll_lines;              /* of this round, sent */
    bool ping_out : 1;               /* a PING waits for its PONG */
    bool in_input : 1;               /* lines are being handled: the conn must not go */
    bool has_isupport : 1;
    bool utf8_only : 1;
    bool has_whox : 1;
    bool is_tls : 1;                 /* this connection */
    bool asked_ison : 1;             /* an ISON waits for its reply */
    bool has_raw : 1;
    bool is_parked : 1;              /* in net.parked: its conn is paused */
    bool is_slow : 1;                /* the server has warned: irc_send_slow_down */
    bool no_reply : 1, no_draft_reply : 1;   /* tags that the server does not pass on */
    bool no_react : 1, no_typing : 1;
    uint8_t ids_given : 2;           /* enum irc_ids_given, as settled */
    uint8_t n_lacks : 4;             /* how often lacks changed */
    uint8_t confirm_rounds : 5;      /* how often the PING was put off (irc_net.c) */
    char chantypes[8];
    uint32_t lacks;                  /* enum sj_cap, as the host was told */
};

/* What only the login needs; wiped and freed when the link is up. */
enum irc_sasl {
    IRC_SASL_NONE,
    IRC_SASL_REQUESTED,              /* the capability */
    IRC_SASL_STARTED,                /* a mechanism is named */
    IRC_SASL_FIRST,                  /* SCRAM: our first message is out */
    IRC_SASL_DERIVING,               /* SCRAM: works on the key */
    IRC_SASL_PROVED,                 /* SCRAM: our proof is out, the server's is due */
    IRC_SASL_ABORTED,                /* SCRAM: given up, a refusal comes; nothing is proved */
    IRC_SASL_SENT,                   /* everything is said: 903 or a refusal comes */
    IRC_SASL_DONE
};
/* Indices of the account's values: irc_fields in irc_backend.c. */
enum irc_field { IRC_FIELD_NICK, IRC_FIELD_PASSWORD, IRC_FIELD_LOGIN, IRC_FIELD_NAME,
                 IRC_FIELD_SERVER_PASSWORD, IRC_FIELD_CERTIFICATE, IRC_FIELD_CERTIFICATE_KEY,
                 IRC_FIELD_BOT, IRC_FIELDS };
struct irc_login {
    struct irc_link *link;
    int64_t since_ms;                /* loop time at which it began */
    char *nick;                      /* as configured by the user */
    char *account;                   /* NULL: the nick */
    char *realname;
    char *password;                  /* of the account; NULL: none; locked */
    char *server_password;           /* the same */
    struct sj_identity *identity;    /* client certificate; NULL: none */
    uint32_t offered;                /* enum irc_cap, from CAP LS */
    uint32_t pending;                /* requested, not answered */
    struct sj_scram *scram;          /* between FIRST and SENT */
    struct sj_list deriving;         /* in the net's list while DERIVING */
    struct sj_strbuf sasl_input;     /* pieces of what the server says */
    uint8_t sasl;                    /* enum irc_sasl */
    uint8_t mechanisms;              /* enum irc_mechanism, offered and not tried */
    uint8_t mechanism;               /* the one that is tried */
    uint8_t attempt;                 /* alternative nicknames tried */
    bool negotiating;                /* the server answered CAP LS; END is owed */
    bool listed;                     /* CAP LS is complete */
    bool single;                     /* after a NAK, capabilities are asked for one by one */
    bool own_server_password;        /* the user's, not the configuration's */
    bool waits_for_tls;              /* only CAP LS is out: will the server offer STS? */
    bool asks_services;              /* IDENTIFY is out */
    bool certificate_refused;        /* SASL EXTERNAL did not work */
    bool identified;                 /* NickServ or SASL accepted the password */
    bool is_bot;                     /* the user says so */
    const char *unused;              /* why the password was not used, or NULL */
};

static inline struct irc_link *irc_link_of(struct sj_link *base)
{
    assert(base && base->magic == IRC_LINK_MAGIC);
    return (struct irc_link *)base;
}
static inline bool irc_cap_has(const struct irc_link *l, uint32_t cap)
{
    return (l->caps & cap) == cap;
}
/* May a password be sent as it is on this connection, whatever the next one will be? */
static inline bool irc_link_keeps_secrets(const struct irc_link *l)
{
    return l->is_tls || l->base.net->is_local || l->base.net->clear_passwords;
}
/* Charset for what is no UTF-8. */
static inline const struct irc_charset *irc_link_charset(const struct irc_link *l)
{
    return l->utf8_only ? NULL : l->base.net->charset;
}

/* irc_link.c: the life cycle. */
struct sj_link *irc_link_new(const struct sj_link *base, const struct sj_account *account,
                             const void *blob, size_t len);
void irc_link_free(struct sj_link **link);
enum sj_status irc_link_connect(struct sj_link *base, struct sj_error *err);
void irc_link_disconnect(struct sj_link *base, const char *reason);
/* The only writer of state. */
void irc_link_enter(struct irc_link *l, enum irc_state state);
/* Ends the link: operations fail, the host hears of it. From the loop top only; does nothing when
 * it is over already. why: clean text, may be NULL. */
void irc_link_end(struct irc_link *l, enum sj_end end, const char *why);
/* Logged in: tells the host, forgets the secrets. */
void irc_link_up(struct irc_link *l);
/* Has op reported as a success at the end of the turn; 0: nobody waits. */
void irc_link_done(struct irc_link *l, sj_op op);
/* Takes the next n bytes, one line without its end; s[n] is NUL and s is writable. */
void irc_link_line(struct irc_link *l, char *s, size_t n);
/* Has the deferred call do this as well. */
void irc_link_defer(struct irc_link *l, enum irc_todo todo);
/* The network's text, cleaned and cut, for an error or a log line. */
struct irc_words {
    char s[SJ_ERROR_TEXT_MAX];
};
const char *irc_words_of(struct irc_words *out, const struct irc_link *l, const char *text);
#define IRC_WORDS(l, text) irc_words_of(&(struct irc_words){{0}}, (l), (text))
/* A line for the user; from: who says so, or NULL. */
void irc_link_notice(struct irc_link *l, const char *from, const char *text);

/* irc_handlers.c */
void irc_handle(struct irc_link *l, struct irc_line *line);

#endif
