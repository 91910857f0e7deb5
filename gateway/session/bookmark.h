/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms that the network has put the user into, brought to the user's clients (bookmark.c). */
#ifndef SESSION_BOOKMARK_H
#define SESSION_BOOKMARK_H

#include <stdbool.h>

struct network;
struct room;
struct session;

#define BOOKMARKS_AT_ONCE 16u            /* writes without an answer; the others follow */
#define BOOKMARKS_TOLD_MAX 300u          /* rooms that were told of once; the oldest is forgotten */

/* The account was put into r by the network: the user's clients are to learn of it, once. */
void bookmark_room(const struct room *r);
/* A client of the user's is in r: they know it. */
void bookmark_known(const struct room *r);
/* It is out of r for good. */
void bookmark_left(const struct room *r);
/* The network has told which rooms the account is in: bookmarks of ours of others go. */
void bookmarks_listed(struct session *);
void bookmarks_free(struct session *);
bool bookmarks_fit(const struct network *);

/* struct xmpp_in_privilege */
void bookmark_item(void *ctx, unsigned host, const char *user, const char *room);
void bookmarks_read(void *ctx, unsigned host, const char *user, bool ok);
void bookmark_written(void *ctx, unsigned host, const char *user, const char *room, bool ok);

#endif
