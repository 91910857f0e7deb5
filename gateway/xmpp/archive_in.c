/* SPDX-License-Identifier: MPL-2.0 */
/* Questions to the archives of rooms.
 *
 * A question is read and checked as a whole: fields that are not offered are refused, so that
 * nobody takes a page for an answer to what was not understood (G313-08, G313-15). What it selects,
 * and who may ask, is the session room's business; archive_out.c writes.
 * Source: XEP-0313 §4 and §5, XEP-0059. */
#include <string.h>

#include "datetime.h"
#include "form.h"
#include "handlers.h"
#include "muc.h"
#include "rsm.h"

/* What the fields of a form say while they are read. */
struct archive_reading {
    struct xmpp_archive_query query;
    const char *ids[XMPP_ARCHIVE_IDS_MAX];
    struct muc_kept kept;
};

static enum sj_status archive_read_time(const char *value, int64_t *out, struct sj_error *err)
{
    if (value != NULL && datetime_parse(out, value))
        return SJ_OK;
    return sj_fail(err, SJ_INVALID, "This is not a time.");
}

static enum sj_status archive_read_id(const char *value, const char **out, struct sj_error *err)
{
    if (value == NULL || value[0] == '\0' || strlen(value) > XMPP_ARCHIVE_ID_MAX)
        return sj_fail(err, SJ_NOTFOUND, "There is no such message.");
    *out = value;
    return SJ_OK;
}

static enum sj_status archive_read_ids(struct archive_reading *r, xmpp_stanza_t *field,
                                       struct sj_error *err)
{
    r->query.ids = r->ids;
    for (xmpp_stanza_t *c = stanza_first(field); c != NULL; c = stanza_next(c)) {
        if (!stanza_is(c, "value", NS_DATA))
            continue;
        if (r->query.n_ids == XMPP_ARCHIVE_IDS_MAX)
            return sj_fail(err, SJ_UNACCEPTABLE, "At most %u messages can be asked for at once.",
                           XMPP_ARCHIVE_IDS_MAX);
        enum sj_status status =
            archive_read_id(stanza_text(c), &r->ids[r->query.n_ids++], err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

/* An occupant, a contact, or somebody's address; the room itself is everybody. */
static enum sj_status archive_read_with(struct inbound *in, struct archive_reading *r,
                                        const char *value, struct sj_error *err)
{
    struct muc_person who;
    if (!muc_person_read(in, value, &r->kept, &who) ||
        (who.room != NULL && strcmp(who.room, in->peer) != 0))
        return router_fail(in, STANZA_JID_MALFORMED, err, "This address is nobody's here.");
    r->query.with_nick = who.nick;
    r->query.with_peer = who.peer;
    r->query.with_jid = who.jid;
    return SJ_OK;
}

static enum sj_status archive_read_field(struct inbound *in, struct archive_reading *r,
                                         xmpp_stanza_t *field, struct sj_error *err)
{
    const char *var = stanza_get(field, "var");
    const char *value = form_value(field);
    if (var == NULL)
        return sj_fail(err, SJ_INVALID, "A field has no name.");
    if (strcmp(var, "FORM_TYPE") == 0)
        return SJ_OK;
    if (strcmp(var, "with") == 0)
        return archive_read_with(in, r, value, err);
    if (strcmp(var, "start") == 0)
        return archive_read_time(value, &r->query.start, err);
    if (strcmp(var, "end") == 0)
        return archive_read_time(value, &r->query.end, err);
    if (strcmp(var, "after-id") == 0)
        return archive_read_id(value, &r->query.after, err);
    if (strcmp(var, "before-id") == 0)
        return archive_read_id(value, &r->query.before, err);
    if (strcmp(var, "ids") == 0)
        return archive_read_ids(r, field, err);
    return sj_fail(err, SJ_UNSUPPORTED, "There is no such filter here: %s.", var);
}

static enum sj_status archive_read(struct inbound *in, struct archive_reading *r,
                                   struct sj_error *err)
{
    xmpp_stanza_t *form = stanza_child(in->payload, "x", NS_DATA);
    const char *type = form != NULL ? form_type(form) : NULL;
    enum sj_status status = rsm_read(in->payload, &r->query.page, err);
    if (status == SJ_OK && form != NULL && (type == NULL || strcmp(type, NS_MAM) != 0))
        status = sj_fail(err, SJ_INVALID, "This is not the form of an archive.");
    xmpp_stanza_t *field = form != NULL ? form_first(form) : NULL;
    for (; status == SJ_OK && field != NULL; field = form_next(field))
        status = archive_read_field(in, r, field, err);
    return status;
}

enum sj_status archive_handle_query(struct inbound *in, struct sj_error *err)
{
    const char *query_id = stanza_get(in->payload, "queryid");
    struct archive_reading r = {
        .query = {.room = in->peer, .query_id = query_id, .start = -1, .end = -1}};
    if (query_id != NULL && strlen(query_id) > XMPP_ARCHIVE_ID_MAX)
        return sj_fail(err, SJ_INVALID, "The name of the question is too long.");
    r.query.flip = stanza_child(in->payload, "flip-page", NS_MAM) != NULL;
    enum sj_status status = archive_read(in, &r, err);
    if (status == SJ_OK)
        status = router_defer(in, false, err);
    if (status == SJ_OK)
        status = in->x->in->archive.query(in->x->ctx, &in->from, &r.query, in->request, err);
    muc_kept_release(&r.kept);
    return status;
}

/* Which filters there are; ids of any text (XEP-0122). */
enum sj_status archive_handle_form(struct inbound *in, struct sj_error *err)
{
    static const struct {
        const char *type, *var;
    } fields[] = {
        {"jid-single", "with"},      {"text-single", "start"},    {"text-single", "end"},
        {"text-single", "before-id"}, {"text-single", "after-id"}, {"list-multi", "ids"},
    };
    (void)err;
    xmpp_stanza_t *result = router_result(in);
    xmpp_stanza_t *form = form_add(stanza_add(result, "query", NS_MAM), NS_MAM, NULL, NULL);
    xmpp_stanza_t *field = NULL;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        field = stanza_add(form, "field", NULL);
        stanza_set(field, "type", fields[i].type);
        stanza_set(field, "var", fields[i].var);
    }
    xmpp_stanza_t *validate = stanza_add(field, "validate", NS_VALIDATE);
    stanza_set(validate, "datatype", "xs:string");
    stanza_add(validate, "open", NULL);
    router_answer(in, result);
    return SJ_OK;
}

enum sj_status archive_handle_metadata(struct inbound *in, struct sj_error *err)
{
    enum sj_status status = router_defer(in, false, err);
    if (status != SJ_OK)
        return status;
    return in->x->in->archive.ends(in->x->ctx, &in->from, in->peer, in->request, err);
}
