/* SPDX-License-Identifier: MPL-2.0 */
/* Files of messages and pictures of people, both ways. Used by the files of this backend only.
 *
 * Each has a request of its own that can be paused, so that a slow side holds nobody else. */
#ifndef MX_MEDIA_H
#define MX_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "mx_json.h"
#include "sojourn/backend.h"
#include "sojourn/http.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/strbuf.h"

struct mx_link;

#define MX_MXC_MAX 511u                  /* bytes of an address of the media repository */
#define MX_MEDIA_MAX (UINT64_C(1) << 32) /* bytes of one file */
#define MX_MEDIAS_MAX 32u                /* of one link at once */
#define MX_MEDIA_TOTAL_MS (60 * 60 * 1000)
#define MX_MEDIA_STALL_MS 60000

enum mx_media_way {
    MX_MEDIA_READ,                       /* a file of the network, to the gateway */
    MX_MEDIA_PICTURE,                    /* somebody's picture, to the gateway, in one piece */
    MX_MEDIA_SEND,                       /* a file of the user's, piece by piece */
    MX_MEDIA_OWN                         /* the user's own picture, in one piece */
};

/* One file on its way. Owner: its link; named by its operation. */
struct mx_media {
    struct sj_list list;                 /* in link->media */
    struct mx_link *link;
    enum mx_media_way way;
    sj_op op;
    uint64_t http;                       /* 0: none under way */
    bool old;                            /* asked by the way of servers before 1.11 */
    char *mxc;                           /* READ, PICTURE */
    char *contact;                       /* PICTURE: whose it is */
    char *type;                          /* PICTURE: as the server says */
    struct sj_strbuf bytes;              /* PICTURE */
    /* SEND, OWN */
    struct sj_defer ask;
    struct mx_body answer;
    int status;                          /* of the answer, 0: none yet */
    uint64_t size, at;
    size_t wanted;                       /* the gateway was asked for so many bytes */
    bool given;                          /* it gave all */
    char *peer;
    bool in_room;
    struct json_object *content;         /* of the message, but for the address */
};

/* "mxc://server/id", of safe characters only. */
bool mx_mxc_is(const char *uri);
/* The gateway's id of a picture that lies there; "": there is none that can be read. */
const char *mx_mxc_or_none(const char *uri);

/* What the content of a message or sticker says of a file; all borrowed from the tree. *caption: ""
 * if there is none. False: there is no file that can be read. */
bool mx_media_read(struct json_object *content, struct sj_file *file, const char **caption);
/* The kind of message ("m.image") for a media type, which may be NULL. */
const char *mx_media_msgtype(const char *media_type);

/* SJ_CAP_FILES: a message with a file. It becomes an event when all bytes are there. */
enum sj_status mx_media_send(struct mx_link *l, const struct sj_message *m, sj_op op,
                             struct sj_error *err);
void mx_file_data(struct sj_link *link, sj_op op, const void *data, size_t len);
enum sj_status mx_file_read(struct sj_link *link, const char *key, sj_op op, struct sj_error *err);
void mx_file_next(struct sj_link *link, sj_op op);
void mx_file_abort(struct sj_link *link, sj_op op);

/* A small form of the picture of a contact; the outcome is the operation's. */
enum sj_status mx_media_picture(struct mx_link *l, const char *contact, const char *mxc, sj_op op,
                                struct sj_error *err);
/* The user's own picture; mx_profile_uploaded is told where it lies. */
enum sj_status mx_media_own(struct mx_link *l, const struct sj_avatar *picture, sj_op op,
                            struct sj_error *err);

/* Every outcome that is owed: the link is lost. From the loop top. */
void mx_media_fail_all(struct mx_link *l);
/* Gives all up, silently. */
void mx_media_drop(struct mx_link *l);

/* mx_media.c, for the other files of the media: NULL: too many. */
struct mx_media *mx_media_new(struct mx_link *l, enum mx_media_way way, sj_op op,
                              struct sj_error *err);
struct mx_media *mx_media_find(const struct mx_link *l, sj_op op);
void mx_media_free(struct mx_media *f);
/* Ends it with this outcome. */
void mx_media_end(struct mx_media *f, const struct sj_error *err);
void mx_media_fail(struct mx_media *f, enum sj_status status, const char *text);
/* Starts a request for path with the token of the link; 0: err. */
uint64_t mx_media_request(struct mx_media *f, struct sj_http_request *q, const char *path,
                          const char *type, struct sj_error *err);
enum sj_status mx_media_down_start(struct mx_media *f, struct sj_error *err);

#endif
