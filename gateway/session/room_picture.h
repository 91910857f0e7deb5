/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures of rooms and of the people in them. */
#ifndef SESSION_ROOM_PICTURE_H
#define SESSION_ROOM_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "avatar.h"
#include "sojourn/map.h"
#include "xmpp.h"

struct occupant;
struct room;
struct session;

/* In rooms of at most so many people all pictures are fetched, in larger ones those of who speaks:
 * presence names a picture by its digest, so it has to be there first. */
#define ROOM_PICTURES_MAX 200u

/* A picture that the network has told of. Owned by the room or the occupant. */
struct room_picture {
    struct sj_list link;         /* in portfolio.pictures_wanted or _asked, or alone */
    struct room *room;           /* borrowed */
    struct occupant *occupant;   /* borrowed; NULL: it is the room's */
    bool settled;                /* it was fetched once: what follows is known */
    enum image_kind kind;        /* NONE: nothing that could be shown */
    uint8_t sha1[SJ_SHA1_LEN];   /* with a kind */
    char id[];                   /* the network's */
};

/* What the network tells; avatar NULL: nothing. Clients hear of the room's when it is there. */
void room_picture_told(struct room *, const char *avatar);
/* True: clients are to be told of this occupant anew. */
bool occupant_picture_told(struct room *, struct occupant *, const char *avatar);
/* Somebody in a large room is of interest now. */
void occupant_picture_wanted(const struct occupant *);
void room_picture_free(struct room_picture **);
/* For presence, disco and cards; the digest is borrowed. */
struct xmpp_picture room_picture_shown(const struct room_picture *);
/* A request waits for its bytes: true, they are on their way or will be. */
bool room_picture_ask(struct session *, struct room_picture *);
/* Fetches the next in the background. False: nothing waits, or there is no place for it now. */
bool room_pictures_fetch_next(struct session *);
/* A fetch has ended; a NULL: there is none that could be shown. */
void room_pictures_fetched(struct session *, const char *peer, const char *avatar,
                           const struct avatar *a, bool failed);
/* Nobody waits for any, since the session goes. */
void room_pictures_forget(struct session *);

#endif
