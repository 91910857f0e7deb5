/* SPDX-License-Identifier: MPL-2.0 */
/* Names of messages that hold the network's id, sealed. */
#ifndef SOJOURN_MESSAGE_NAME_H
#define SOJOURN_MESSAGE_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "message.h"
#include "sojourn/store_message.h"

struct message_name {
    bool own, later;
    bool hashed;                 /* the id was too long: there is a record */
    char id[SEAL_NAME_MAX + 1];  /* of the network; "" when hashed */
};
bool name_open(const struct sj_store *s, const uint8_t user[STORE_PART_LEN], const char *peer,
               const char *text, struct message_name *out);

/* message.c: records m (grouped). */
void message_record(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                    const struct sj_store_message *m);

#endif
