/* SPDX-License-Identifier: MPL-2.0 */
/* See world_prompt.h. */
#include "world_prompt.h"

#include <string.h>

#include "sojourn/memory.h"

#define COMMAND_REQ 9

void world_asks(struct world *w, enum sj_prompt_kind kind, const char *text)
{
    struct sj_prompt p = {.kind = kind, .text = text};

    world_asks_with(w, text ? &p : NULL);
}

void world_asks_with(struct world *w, const struct sj_prompt *p)
{
    w->link->host->prompt(w->link, p);
}

enum sj_status world_reply(struct sj_link *link, const char *value, struct sj_error *err)
{
    (void)link;
    if (strcmp(value, "bad") == 0)
        return sj_fail(err, SJ_UNACCEPTABLE, "that is bad");
    world_note("net reply %s", value);
    return SJ_OK;
}

void world_talk(struct world *w, const char *text)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    w->in->command.talk(w->sessions, &from, text, &err);
    world_run(w);
}

static enum sj_status command_step_as(struct world *w, const char *resource,
                                      struct xmpp_command_in *in)
{
    struct xmpp_from from = world_from(ROMEO, resource);
    enum xmpp_command_fault fault = XMPP_FAULT_NONE;
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;

    in->from = &from;
    status = w->in->command.step(w->sessions, in, COMMAND_REQ, &fault, &err);
    world_advance(w, 20);
    return status;
}

enum sj_status world_command(struct world *w, const char *resource, const char *node, uint64_t run,
                             const char *form)
{
    struct xmpp_values values = {.n = 0};
    struct xmpp_command_in in = {.node = node, .run = run, .values = form ? &values : NULL,
                                 .action = form ? XMPP_COMPLETE : XMPP_EXECUTE};
    char *copy = sj_strdup(form ? form : ""), *rest = copy, *pair;
    enum sj_status status;

    while ((pair = strtok_r(rest, "&", &rest)) != NULL) {
        char *equals = strchr(pair, '=');
        *equals = '\0';
        values.item[values.n].var = pair;
        values.item[values.n++].value = equals + 1;
    }
    status = command_step_as(w, resource, &in);
    sj_free(copy);
    return status;
}

enum sj_status world_command_cancel(struct world *w, const char *resource, const char *node,
                                    uint64_t run)
{
    struct xmpp_command_in in = {.node = node, .run = run, .action = XMPP_CANCEL};

    return command_step_as(w, resource, &in);
}
