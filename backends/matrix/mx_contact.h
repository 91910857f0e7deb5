/* SPDX-License-Identifier: MPL-2.0 */
/* People with whom the user has a chat, or whose presence is known. Used by the files of this
 * backend only. */
#ifndef MX_CONTACT_H
#define MX_CONTACT_H

#include <stdbool.h>
#include <stdint.h>

#include "mx_link.h"
#include "sojourn/backend.h"

struct json_object;
struct mx_room;

#define MX_CONTACTS_MAX 5000u            /* of one user */

/* Owner: its link. */
struct mx_contact {
    char *user;                          /* "@bob:example.org" */
    char *name;                          /* display name or NULL */
    char *status;
    char *invite;                        /* room to which it has invited the user, or NULL */
    struct mx_room *room;                /* the chat that is written to; NULL: none yet */
    int64_t idle_since;
    uint32_t n_rooms;                    /* chats with this contact */
    uint8_t show;                        /* enum sj_show */
    bool has_presence : 1;
    bool listed : 1;                     /* the gateway was told that it is in the list */
    bool asked : 1;                      /* the user has asked it, consent is awaited */
    bool busy : 1;                       /* a message is on its way, or a chat is being made */
    char id[];                           /* as the gateway calls it */
};

struct mx_contact *mx_contact_find(const struct mx_link *l, const char *id);
struct mx_contact *mx_contact_find_user(const struct mx_link *l, const char *user);
/* NULL: there are too many. */
struct mx_contact *mx_contact_add(struct mx_link *l, const char *user);
void mx_contacts_release(struct mx_link *l);

/* A room has become a chat with it, or is one no longer. */
void mx_contact_gains(struct mx_contact *c, struct mx_room *r);
void mx_contact_loses(struct mx_contact *c, struct mx_room *r);
/* Tells the gateway what is known of it, if it is in the list. From the loop top. */
void mx_contact_tell(struct mx_contact *c);
/* The list is complete. */
void mx_contacts_listed(struct mx_link *l);

/* An m.presence event. */
void mx_contact_presence(struct mx_link *l, struct json_object *event);
/* Somebody invites the user to a chat. */
void mx_contact_invited(struct mx_link *l, const char *room, const char *user, const char *name);
void mx_contact_uninvited(struct mx_link *l, const char *room);

enum sj_status mx_contact_request(struct sj_link *link, const char *id, sj_op op,
                                  struct sj_error *err);
enum sj_status mx_contact_drop(struct sj_link *link, const char *id, sj_op op,
                               struct sj_error *err);
enum sj_status mx_contact_answer(struct sj_link *link, const char *id, bool accept, sj_op op,
                                 struct sj_error *err);
enum sj_status mx_set_presence(struct sj_link *link, enum sj_show show, const char *status,
                               struct sj_error *err);

#endif
