/* SPDX-License-Identifier: MPL-2.0 */
/* Reading and building stanzas, and the one table of error conditions. */
#ifndef XMPP_STANZA_H
#define XMPP_STANZA_H

#include <stdbool.h>
#include <stdint.h>
#include <strophe.h>

#include "sojourn/error.h"

#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_MAM "urn:xmpp:mam:2"
#define NS_MUC "http://jabber.org/protocol/muc"
#define NS_MUC_ADMIN NS_MUC "#admin"
#define NS_MUC_OWNER NS_MUC "#owner"
#define NS_MUC_USER NS_MUC "#user"
#define NS_STREAMS "http://etherx.jabber.org/streams"
#define NS_COMPONENT "jabber:component:accept"
#define NS_AVATAR_DATA "urn:xmpp:avatar:data"
#define NS_AVATAR_METADATA "urn:xmpp:avatar:metadata"
#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define NS_BOB "urn:xmpp:bob"
#define NS_CAPS "http://jabber.org/protocol/caps"
#define NS_DATA "jabber:x:data"
#define NS_DELAY "urn:xmpp:delay"
#define NS_FALLBACK "urn:xmpp:fallback:0"
#define NS_GATEWAY "jabber:iq:gateway"
#define NS_IDLE "urn:xmpp:idle:1"
#define NS_INFO "http://jabber.org/protocol/disco#info"
#define NS_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_LAST "jabber:iq:last"
#define NS_MEDIA "urn:xmpp:media-element"
#define NS_NICK "http://jabber.org/protocol/nick"
#define NS_NOREPLY "urn:xmpp:noreply:0"
#define NS_OOB "jabber:x:oob"
#define NS_PING "urn:xmpp:ping"
#define NS_PUBSUB "http://jabber.org/protocol/pubsub"
#define NS_PUBSUB_ERRORS NS_PUBSUB "#errors"
#define NS_PUBSUB_EVENT NS_PUBSUB "#event"
#define NS_PUBSUB_OWNER NS_PUBSUB "#owner"
#define NS_CLIENT "jabber:client"
#define NS_CONFERENCE "jabber:x:conference"
#define NS_FORWARD "urn:xmpp:forward:0"
#define NS_OCCUPANT_ID "urn:xmpp:occupant-id:0"
#define NS_HATS "urn:xmpp:hats:0"
#define NS_RSM "http://jabber.org/protocol/rsm"
#define NS_REGISTER "jabber:iq:register"
#define NS_ROSTER "jabber:iq:roster"
#define NS_ROSTERX "http://jabber.org/protocol/rosterx"
#define NS_SEARCH "jabber:iq:search"
#define NS_SID "urn:xmpp:sid:0"
#define NS_TIME "urn:xmpp:time"
#define NS_VALIDATE "http://jabber.org/protocol/xdata-validate"
#define NS_VCARD "vcard-temp"
#define NS_VCARD4 "urn:ietf:params:xml:ns:vcard-4.0"
#define NS_VCARD4_NODE "urn:xmpp:vcard4"
#define NS_VCARD_UPDATE "vcard-temp:x:update"
#define NS_VERSION "jabber:iq:version"

/* Conditions of RFC 6120 §8.3.3 that we send: enum, element, default type, legacy code
 * (XEP-0086, for register errors only: G077-20). */
#define STANZA_CONDITIONS(X)                                                      \
    X(BAD_REQUEST, "bad-request", "modify", "400")                                \
    X(CONFLICT, "conflict", "cancel", "409")                                      \
    X(FEATURE_NOT_IMPLEMENTED, "feature-not-implemented", "cancel", "501")        \
    X(FORBIDDEN, "forbidden", "auth", "403")                                      \
    X(GONE, "gone", "cancel", "302")                                              \
    X(INTERNAL_SERVER_ERROR, "internal-server-error", "cancel", "500")            \
    X(ITEM_NOT_FOUND, "item-not-found", "cancel", "404")                          \
    X(JID_MALFORMED, "jid-malformed", "modify", "400")                            \
    X(NOT_ACCEPTABLE, "not-acceptable", "modify", "406")                          \
    X(NOT_ALLOWED, "not-allowed", "cancel", "405")                                \
    X(NOT_AUTHORIZED, "not-authorized", "auth", "401")                            \
    X(POLICY_VIOLATION, "policy-violation", "modify", "406")                      \
    X(REGISTRATION_REQUIRED, "registration-required", "auth", "407")              \
    X(REMOTE_SERVER_TIMEOUT, "remote-server-timeout", "wait", "504")              \
    X(RESOURCE_CONSTRAINT, "resource-constraint", "wait", "500")                  \
    X(SERVICE_UNAVAILABLE, "service-unavailable", "cancel", "503")

enum stanza_condition {
#define STANZA_ENUM(name, element, type, code) STANZA_##name,
    STANZA_CONDITIONS(STANZA_ENUM)
#undef STANZA_ENUM
    STANZA_CONDITION_COUNT
};

/* The one place where a status becomes a condition. */
enum stanza_condition stanza_condition_of(enum sj_status status);

/* ---- reading; all results are borrowed from the stanza ---- */

bool stanza_is(xmpp_stanza_t *st, const char *name, const char *ns);
xmpp_stanza_t *stanza_child(xmpp_stanza_t *parent, const char *name, const char *ns);
/* First element child, and the next one after a node; texts are skipped. NULL: none. */
xmpp_stanza_t *stanza_first(xmpp_stanza_t *parent);
xmpp_stanza_t *stanza_next(xmpp_stanza_t *node);
/* The text of an element, "" when it is empty. Text behind a child element does not count. */
const char *stanza_text(xmpp_stanza_t *st);
/* Value or NULL. */
const char *stanza_get(xmpp_stanza_t *st, const char *attribute);
/* Among several children of that name the one in lang, else the one without, else the first
 * (R6120-10). NULL: none. */
xmpp_stanza_t *stanza_child_in(xmpp_stanza_t *parent, const char *name, const char *lang);

/* Overwrites every text of the tree, of stanzas that came in and may hold secrets. */
void stanza_wipe(xmpp_stanza_t *st);

/* ---- building; what is added belongs to the parent, the return value is borrowed ---- */

/* A stanza of our own to release. id, type may be NULL. */
xmpp_stanza_t *stanza_new(xmpp_ctx_t *ctx, const char *name, const char *type, const char *id);
/* ns NULL: the parent's. */
xmpp_stanza_t *stanza_add(xmpp_stanza_t *parent, const char *name, const char *ns);
void stanza_add_text(xmpp_stanza_t *parent, const char *text);
xmpp_stanza_t *stanza_add_with_text(xmpp_stanza_t *parent, const char *name, const char *text);
/* value NULL: nothing happens. */
void stanza_set(xmpp_stanza_t *st, const char *attribute, const char *value);
/* <error/> for a stanza of type error (R6120-04), with the text of words in the language that it
 * says (R6120-10). words NULL, or without text: none. */
void stanza_add_error(xmpp_stanza_t *st, enum stanza_condition condition,
                      const struct sj_error *words, bool legacy_code);
/* <delay/> (XEP-0203): utc_ms is when it happened. */
void stanza_add_delay(xmpp_stanza_t *st, const char *from, long long utc_ms);

/* Writes a UTC time as CCYY-MM-DDThh:mm:ssZ, with milliseconds unless they are 0 (XEP-0082). */
#define STANZA_TIME_SIZE 40
void stanza_format_time(char out[STANZA_TIME_SIZE], long long utc_ms);

#endif
