/* SPDX-License-Identifier: MPL-2.0 */
/* The capabilities (IRCv3) that we ask for. */
#ifndef IRC_CAP_H
#define IRC_CAP_H

#include <stddef.h>
#include <stdint.h>

struct irc_link;
struct irc_line;

/* bit, name */
#define IRC_CAP_LIST(X)                            \
    X(SERVER_TIME, "server-time")                  \
    X(MESSAGE_TAGS, "message-tags")                \
    X(BATCH, "batch")                              \
    X(ECHO_MESSAGE, "echo-message")                \
    X(LABELED_RESPONSE, "labeled-response")        \
    X(STANDARD_REPLIES, "standard-replies")        \
    X(CAP_NOTIFY, "cap-notify")                    \
    X(ACCOUNT_NOTIFY, "account-notify")            \
    X(ACCOUNT_TAG, "account-tag")                  \
    X(AWAY_NOTIFY, "away-notify")                  \
    X(CHGHOST, "chghost")                          \
    X(SETNAME, "setname")                          \
    X(EXTENDED_JOIN, "extended-join")              \
    X(EXTENDED_MONITOR, "extended-monitor")        \
    X(CHATHISTORY, "draft/chathistory")            \
    X(EVENT_PLAYBACK, "draft/event-playback")      \
    X(INVITE_NOTIFY, "invite-notify")              \
    X(MULTI_PREFIX, "multi-prefix")                \
    X(USERHOST_IN_NAMES, "userhost-in-names")      \
    X(REDACTION, "draft/message-redaction")        \
    X(MULTILINE, "draft/multiline")                \
    X(READ_MARKER, "draft/read-marker")            \
    X(SASL, "sasl")

enum irc_cap_index {
#define IRC_CAP_INDEX(bit, name) IRC_CAP_INDEX_##bit,
    IRC_CAP_LIST(IRC_CAP_INDEX)
#undef IRC_CAP_INDEX
    IRC_CAP_COUNT
};
enum irc_cap {
#define IRC_CAP_BIT(bit, name) IRC_CAP_##bit = 1u << IRC_CAP_INDEX_##bit,
    IRC_CAP_LIST(IRC_CAP_BIT)
#undef IRC_CAP_BIT
};

/* Bytes of one CAP REQ line, without CR LF. */
#define IRC_CAP_REQ_MAX 500u

/* Bits of a list as servers send it, "name=value name"; unknown names are left out. */
uint32_t irc_cap_parse(const char *list);
/* Mechanisms of the sasl in such a list (enum irc_mechanism): those of its value, without one all
 * of them, without sasl none. */
unsigned irc_cap_mechanisms(const char *list);
/* Writes "CAP REQ :..." with the first of *caps that fit in size bytes (with the NUL), and takes
 * them out of *caps; at most `most` of them. Returns the length, 0 when none is left. */
size_t irc_cap_request(char *out, size_t size, uint32_t *caps, unsigned most);

void irc_cap_handle(struct irc_link *l, struct irc_line *line);
/* Ends the negotiation when nothing is open any more. */
void irc_cap_settle(struct irc_link *l);

#endif
