/* SPDX-License-Identifier: MPL-2.0 */
/* A recorder on a Matrix net whose home server is fake_matrix, for tests that read like a
 * transcript: what the server tells, what the gateway hears, what the server was asked. */
#ifndef TEST_MX_WORLD_H
#define TEST_MX_WORLD_H

#include "fake_matrix.h"
#include "recorder.h"

#define MX_ROMEO "username=@romeo:hs.test password=sesame"
#define MX_API "/_matrix/client/v3"

struct mx_world {
    struct fake_matrix *server;
    struct recorder *r;
};

void mx_world_open(struct mx_world *w);
void mx_world_close(struct mx_world *w);
/* Logs romeo in; the first sync is this (NULL: one chat, with @echo:hs.test). */
void mx_world_log_in(struct mx_world *w, const char *first);
/* One more sync, which has been worked off when this returns; position: its next_batch. */
void mx_world_sync(struct mx_world *w, const char *position, const char *rest);
/* The same with events (JSON, divided by commas) in the timeline of a joined room. */
void mx_world_say(struct mx_world *w, const char *position, const char *room, const char *events);
/* A first sync with the room !r:hs.test: state events (JSON), "a chat with juliet" when direct. */
const char *mx_first_chat(void);
/* Waits for a request that begins with this. */
void mx_world_asked(struct mx_world *w, const char *request, unsigned times);
/* The last request that begins with `request` holds `text`. */
void mx_world_told(struct mx_world *w, const char *request, const char *text);

#endif
