/* SPDX-License-Identifier: MPL-2.0 */
/* The table of commands; irc_handle stands in irc_link.h. */
#ifndef IRC_HANDLERS_H
#define IRC_HANDLERS_H

#include <stddef.h>
#include <stdint.h>

struct irc_link;
struct irc_line;

struct irc_handler {
    const char *command;
    uint8_t params_min;
    uint8_t states;                  /* bits by enum irc_state */
    void (*handle)(struct irc_link *l, struct irc_line *line);
};
extern const struct irc_handler irc_handlers[];
extern const size_t irc_handlers_n;

#endif
