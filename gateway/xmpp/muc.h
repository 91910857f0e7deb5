/* SPDX-License-Identifier: MPL-2.0 */
/* What the files about rooms (XEP-0045) share. */
#ifndef XMPP_MUC_H
#define XMPP_MUC_H

#include "room.h"
#include "router.h"

/* Texts that were made while reading, for as long as one event. */
#define MUC_KEPT_MAX (2u * XMPP_ROOM_ITEMS_MAX)
struct muc_kept {
    char *text[MUC_KEPT_MAX];
    size_t n;
};
void muc_kept_release(struct muc_kept *kept);

/* Somebody named by an address. */
struct muc_person {
    const char *peer;            /* a contact of the host, or... */
    const char *jid;             /* ...anybody else: bare */
    const char *room, *nick;     /* or a room of the host, and an occupant or NULL */
};
/* text: an address, or NULL. false: it is none, or the gateway itself. */
bool muc_person_read(struct inbound *in, const char *text, struct muc_kept *kept,
                     struct muc_person *out);
/* Sets the attribute to the address of a contact or to jid; both NULL: nothing. */
void muc_set_person(struct xmpp *x, unsigned host, xmpp_stanza_t *st, const char *attribute,
                    const char *peer, const char *jid);

/* affiliation and role as they are written; -1: no such one. */
const char *muc_affiliation_name(int affiliation);
const char *muc_role_name(int role);
int muc_affiliation_of(const char *name);
int muc_role_of(const char *name);
/* The text of the <reason/> below parent, or NULL. SJ_UNACCEPTABLE: too long. */
enum sj_status muc_read_reason(xmpp_stanza_t *parent, const char *ns, const char **out,
                               struct sj_error *err);

/* <x/> of muc#user. */
xmpp_stanza_t *muc_add_user(xmpp_stanza_t *st);
void muc_add_statuses(xmpp_stanza_t *user, uint32_t statuses);
/* Adds <item/> with what is there of it. */
void muc_add_item(struct xmpp *x, unsigned host, xmpp_stanza_t *parent,
                  const struct xmpp_room_item *item);
/* Completes an error: said by the room, and with another type than its condition has by itself, or
 * NULL (a full room is worth trying again, G045-24; to be outside cannot be mended, G410-02). */
void muc_finish_error(xmpp_stanza_t *error, const char *room_address, const char *type);

/* xmpp:ADDRESS, escaped by RFC 5122 §2.2. */
void muc_add_uri(struct sj_strbuf *uri, const char *address);

/* What an open request is answered with, and on which host; NULL: it is no longer open. */
xmpp_stanza_t *muc_result(struct xmpp *x, xmpp_req req, unsigned *host, enum request_card *kind);
/* Sends and releases it, and forgets the request. */
void muc_answer(struct xmpp *x, xmpp_req req, unsigned host, xmpp_stanza_t *result);

/* muc_iq.c: may an iq to an occupant be handled at all? Notes the place (G045-11). */
enum sj_status muc_admit(struct inbound *in, struct sj_error *err);
/* muc_presence_in.c: an error came back for a stanza of the room. */
void muc_handle_bounce(struct inbound *in, char kind, const char *condition);
/* muc_invite.c: a direct invitation that was sent to a contact. *told: it is one of our rooms, the
 * text with it is not to be sent; else uri is the address of the room, or empty. */
#define MUC_URI_MAX 8191u
enum sj_status muc_invite_contact(struct inbound *in, xmpp_stanza_t *x, struct sj_strbuf *uri,
                                  bool *told, struct sj_error *err);
/* muc_invite.c: invitations and answers to them in a message to a room; *told: there were any. */
enum sj_status muc_invite_room(struct inbound *in, bool *told, struct sj_error *err);

/* occupant_id.c: account NULL: nick. */
void occupant_id_add(struct xmpp *x, unsigned host, xmpp_stanza_t *st, const char *room,
                     const char *nick, const char *account);
/* presence.c */
const char *presence_show_name(int show);
enum xmpp_show presence_show_of(const char *text);
void presence_add_picture(xmpp_stanza_t *st, const struct xmpp_picture *picture);
/* message_out.c: the subject of a room, in a stanza with its addresses. */
void muc_add_subject(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                     const struct xmpp_subject_out *s);

#endif
