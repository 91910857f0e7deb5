/* SPDX-License-Identifier: MPL-2.0 */
/* Making chats with people, entering and leaving them. */
#ifndef MX_CHAT_H
#define MX_CHAT_H

#include <stdbool.h>

struct mx_contact;
struct mx_link;

/* Makes a chat with that contact: ends in mx_send_chat_made. */
void mx_chat_make(struct mx_link *l, struct mx_contact *c);

#endif
