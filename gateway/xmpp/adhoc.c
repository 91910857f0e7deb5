/* SPDX-License-Identifier: MPL-2.0 */
/* Ad-hoc commands on the wire: lists them, reads each step, and writes the answers.
 *
 * Which commands there are, who may run them and what they do is the session room's business. The
 * id of a running command that clients see is its number, sealed for the one full JID that began
 * it: who has no seal hears bad-sessionid, and with a good seal a command that is gone was ended
 * (G050-08), without anything being remembered for it. Source: XEP-0050 §3 and §4, XEP-0030. */
#include "adhoc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bob.h"
#include "component.h"
#include "form.h"
#include "handlers.h"
#include "router.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

#define ADHOC_TITLE N_("Commands")
#define ADHOC_ID_SIZE (16 + 1 + OUTPUT_STABLE_ID_SIZE)
#define ADHOC_LANG_MAX 35u               /* RFC 5646 §4.4.1 */

/* ---- discovery ---- */

struct adhoc_list {
    xmpp_stanza_t *query;
    const char *jid;
};

static void adhoc_list_one(void *arg, const char *node, const char *title)
{
    const struct adhoc_list *list = arg;
    xmpp_stanza_t *item = stanza_add(list->query, "item", NULL);
    stanza_set(item, "jid", list->jid);              /* G050-14 */
    stanza_set(item, "node", node);
    stanza_set(item, "name", title);
}

void adhoc_add_items(struct inbound *in, xmpp_stanza_t *query)
{
    struct adhoc_list list = {query, in->x->options->hosts[in->host].name};
    in->x->in->command.list(in->x->ctx, &in->from, adhoc_list_one, &list);
}

enum sj_status adhoc_add_info(struct inbound *in, xmpp_stanza_t *query, const char *node,
                              struct sj_error *err)
{
    bool is_list = strcmp(node, NS_COMMANDS) == 0;
    const char *title = sj_translate(in->from.lang, ADHOC_TITLE);
    if (!is_list) {
        enum sj_status status =
            in->x->in->command.info(in->x->ctx, &in->from, node, &title, err);
        if (status != SJ_OK)
            return status;
    }
    xmpp_stanza_t *identity = stanza_add(query, "identity", NULL);
    stanza_set(identity, "category", "automation");
    stanza_set(identity, "type", is_list ? "command-list" : "command-node");
    stanza_set(identity, "name", title);
    stanza_set(stanza_add(query, "feature", NULL), "var", NS_INFO);      /* G030-02 */
    stanza_set(stanza_add(query, "feature", NULL), "var", NS_COMMANDS);
    if (!is_list)
        stanza_set(stanza_add(query, "feature", NULL), "var", NS_DATA);
    return SJ_OK;
}

bool adhoc_has_node(struct inbound *in, const char *node)
{
    const char *title;
    struct sj_error err = {.status = SJ_OK};
    return in->x->in->command.info(in->x->ctx, &in->from, node, &title, &err) == SJ_OK;
}

/* ---- ids ---- */

/* number-seal; the key lives as long as the process, so after a restart all are unknown. */
static void adhoc_seal(struct xmpp *x, char out[ADHOC_ID_SIZE], uint64_t run, const char *full)
{
    char number[17];
    char seal[OUTPUT_STABLE_ID_SIZE];
    snprintf(number, sizeof number, "%llx", (unsigned long long)run);
    output_stable_id(&x->output, seal, x->command_key, (const char *const[]){number, full}, 2);
    snprintf(out, ADHOC_ID_SIZE, "%s-%s", number, seal);
}

/* The number of a running command, 0: it is none of this asker's. */
static uint64_t adhoc_unseal(struct xmpp *x, const char *id, const char *full)
{
    char expected[ADHOC_ID_SIZE];
    char *end;
    if (!isxdigit((unsigned char)id[0]) || strlen(id) >= ADHOC_ID_SIZE)
        return 0;
    uint64_t run = strtoull(id, &end, 16);
    if (*end != '-')
        return 0;
    adhoc_seal(x, expected, run, full);
    size_t n = strlen(expected);
    return strlen(id) == n && sj_equal_secret(id, expected, n) ? run : 0;
}

/* ---- steps ---- */

static const char *const adhoc_actions[] = {
    [XMPP_EXECUTE] = "execute",   [XMPP_PREV] = "prev",     [XMPP_NEXT] = "next",
    [XMPP_COMPLETE] = "complete", [XMPP_CANCEL] = "cancel",
};

static bool adhoc_read_action(const char *text, enum xmpp_action *out)
{
    *out = XMPP_EXECUTE;                             /* G050-03: missing means execute */
    if (text == NULL)
        return true;
    for (size_t i = 0; i < sizeof adhoc_actions / sizeof *adhoc_actions; i++)
        if (strcmp(text, adhoc_actions[i]) == 0) {
            *out = (enum xmpp_action)i;
            return true;
        }
    return false;
}

/* Could it be a language tag at all (RFC 5646 §2.1)? */
static bool adhoc_is_lang(const char *lang)
{
    size_t part = 0;
    if (strlen(lang) > ADHOC_LANG_MAX)
        return false;
    for (const char *p = lang; *p != '\0'; p++) {
        if (*p == '-' ? part == 0 : !isalnum((unsigned char)*p) || part == 8)
            return false;
        part = *p == '-' ? 0 : part + 1;
    }
    return part > 0;
}

/* Elements and conditions of XEP-0050 §4.5 (table 3): what goes into the error. */
static enum sj_status adhoc_fail(struct inbound *in, enum xmpp_command_fault fault,
                                 enum sj_status status)
{
    static const struct {
        const char *detail;
        enum stanza_condition condition;
    } rows[] = {
        [XMPP_FAULT_BAD_SESSION] = {"bad-sessionid", STANZA_BAD_REQUEST},
        [XMPP_FAULT_EXPIRED] = {"session-expired", STANZA_NOT_ALLOWED},
        [XMPP_FAULT_BAD_ACTION] = {"bad-action", STANZA_BAD_REQUEST},
        [XMPP_FAULT_BAD_PAYLOAD] = {"bad-payload", STANZA_BAD_REQUEST},
        [XMPP_FAULT_BAD_LOCALE] = {"bad-locale", STANZA_BAD_REQUEST},
        [XMPP_FAULT_MALFORMED_ACTION] = {"malformed-action", STANZA_BAD_REQUEST},
        [XMPP_FAULT_NOT_ALLOWED] = {NULL, STANZA_NOT_ALLOWED},
    };
    if (fault == XMPP_FAULT_NONE)
        return status;
    in->has_condition = true;
    in->condition = rows[fault].condition;
    in->detail = rows[fault].detail;
    return status != SJ_OK ? status : SJ_INVALID;
}

/* The form that came along; <x type='cancel'/> counts as a submission (G050-13). */
static bool adhoc_read_form(struct inbound *in, struct form_values *out, bool *given)
{
    xmpp_stanza_t *x = stanza_child(in->payload, "x", NS_DATA);
    *given = x != NULL;
    if (x == NULL)
        return true;
    const char *type = stanza_get(x, "type");
    if (type == NULL || (strcmp(type, "submit") != 0 && strcmp(type, "cancel") != 0))
        return false;
    return form_read(out, x);
}

static enum sj_status adhoc_pass_on(struct inbound *in, struct xmpp_command_in *step,
                                    struct sj_error *err)
{
    struct form_values values = {.n_joined = 0};
    enum xmpp_command_fault fault = XMPP_FAULT_NONE;
    bool given;
    enum sj_status status;
    if (adhoc_read_form(in, &values, &given)) {
        step->values = given ? &values.values : NULL;
        status = router_defer(in, false, err);
        if (status == SJ_OK)
            status = in->x->in->command.step(in->x->ctx, step, in->request, &fault, err);
    } else {
        fault = XMPP_FAULT_BAD_PAYLOAD;
        status = sj_fail(err, SJ_INVALID, "The form makes no sense.");
    }
    form_values_wipe(&values);
    return adhoc_fail(in, fault, status);
}

static enum sj_status adhoc_read_step(struct inbound *in, struct sj_error *err)
{
    xmpp_stanza_t *command = in->payload;
    const char *id = stanza_get(command, "sessionid");
    const char *lang = stanza_get(command, "xml:lang");
    struct xmpp_from from = in->from;
    struct xmpp_command_in step = {.from = &from, .node = stanza_get(command, "node")};
    if (lang != NULL)
        from.lang = lang;
    else if (from.lang == NULL)
        from.lang = stanza_get(in->stanza, "xml:lang");       /* too long for the router */
    if (step.node == NULL)
        return sj_fail(err, SJ_INVALID, "No command was named.");
    if (!adhoc_read_action(stanza_get(command, "action"), &step.action))
        return adhoc_fail(in, XMPP_FAULT_MALFORMED_ACTION,
                          sj_fail(err, SJ_INVALID, "There is no such action."));
    if (from.lang != NULL && !adhoc_is_lang(from.lang))
        return adhoc_fail(in, XMPP_FAULT_BAD_LOCALE,
                          sj_fail(err, SJ_INVALID, "That is no language."));
    if (id != NULL && (step.run = adhoc_unseal(in->x, id, in->from.full)) == 0)
        return adhoc_fail(in, XMPP_FAULT_BAD_SESSION,
                          sj_fail(err, SJ_INVALID, "There is no such running command."));
    return adhoc_pass_on(in, &step, err);
}

enum sj_status adhoc_handle_set(struct inbound *in, struct sj_error *err)
{
    enum sj_status status = adhoc_read_step(in, err);
    stanza_wipe(in->payload);
    component_wipe(in->stream);
    return status;
}

/* ---- answers ---- */

/* G050-04; a single stage is told, too, since "execute" alone is ambiguous. */
static void adhoc_add_actions(xmpp_stanza_t *command, const struct xmpp_command_out *out)
{
    if (out->status != XMPP_EXECUTING || (!out->may_next && !out->may_complete && !out->may_prev))
        return;
    xmpp_stanza_t *actions = stanza_add(command, "actions", NULL);
    stanza_set(actions, "execute", out->may_next ? "next" : out->may_complete ? "complete" : NULL);
    if (out->may_prev)
        stanza_add(actions, "prev", NULL);
    if (out->may_next)
        stanza_add(actions, "next", NULL);
    if (out->may_complete)
        stanza_add(actions, "complete", NULL);
}

static void adhoc_add_command(struct xmpp *x, xmpp_stanza_t *iq, const struct request *q,
                              const struct xmpp_command_out *out)
{
    struct bob_form kept;
    static const char *const states[] = {
        [XMPP_EXECUTING] = "executing", [XMPP_COMPLETED] = "completed",
        [XMPP_CANCELED] = "canceled",
    };
    static const char *const notes[] = {
        [XMPP_NOTE_INFO] = "info", [XMPP_NOTE_WARN] = "warn", [XMPP_NOTE_ERROR] = "error",
    };
    char id[ADHOC_ID_SIZE];
    adhoc_seal(x, id, out->run, q->from);
    xmpp_stanza_t *command = stanza_add(iq, "command", NS_COMMANDS);
    stanza_set(command, "node", out->node);
    stanza_set(command, "sessionid", id);
    stanza_set(command, "status", states[out->status]);
    stanza_set(command, "xml:lang", out->lang);      /* G050-15 */
    adhoc_add_actions(command, out);
    if (out->form != NULL)
        form_add_all(command, bob_in_form(&kept, x, q->host, q->user->user, out->form),
                     out->status == XMPP_COMPLETED);
    else if (out->table != NULL)
        form_add_table(command, out->table);
    if (out->note != NULL)
        stanza_set(stanza_add_with_text(command, "note", out->note), "type",
                   notes[out->note_kind]);
}

void xmpp_answer_command(struct xmpp *x, uint64_t req, const struct xmpp_command_out *out)
{
    const struct request *q = requests_find(&x->requests, req);
    struct sj_error err;
    if (q == NULL)
        return;
    xmpp_stanza_t *iq = stanza_new(x->output.ctx, "iq", "result", q->id);
    stanza_set(iq, "from", q->to);
    stanza_set(iq, "to", q->from);
    adhoc_add_command(x, iq, q, out);
    if (room_send_status(x, q->host, iq) != SJ_UNACCEPTABLE) {
        requests_drop(&x->requests, req);
        return;
    }
    sj_fail(&err, SJ_LIMIT, "The answer is too large.");
    xmpp_answer(x, req, &err);
}
