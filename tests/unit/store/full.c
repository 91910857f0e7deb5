/* SPDX-License-Identifier: MPL-2.0 */
/* An owner with a record in every table; see full.h. */
#include "full.h"

#include <criterion/criterion.h>

#include "said.h"
#include "sojourn/strbuf.h"

static const char full_state[] = "state of the link";
static const char *const full_reactions[] = {"\xf0\x9f\x91\x8d", "!"};

static void full_text(char *out, size_t size, const char *what, unsigned i, unsigned n)
{
    snprintf(out, size, "%s-%u-%u", what, i, n);
}

static void full_contacts(struct fixture *f, unsigned i)
{
    for (unsigned n = 0; n < FULL_CONTACTS; n++) {
        struct sj_error err = {.status = SJ_OK};
        char id[32];
        const struct sj_owner owner = fixture_owner(i);
        const struct sj_store_contact c = {.id = id, .name = "Juliet", .to = true, .from = n == 1,
                                           .name_told = n == 2};
        full_text(id, sizeof id, "juliet", i, n);
        cr_assert_eq(fixture_contact_put(f->store, &owner, &c, &err), SJ_OK, "%s", err.text);
    }
}

static void full_messages(struct fixture *f, unsigned i, struct full *out)
{
    const struct sj_owner owner = fixture_owner(i);
    struct sj_strbuf name;
    for (unsigned n = 0; n < FULL_MESSAGES; n++) {
        char id[32], network_id[32];
        full_text(id, sizeof id, "id", i, n);
        full_text(network_id, sizeof network_id, "net", i, n);
        sj_store_message_put(f->store, &owner, &(struct sj_store_message){
            .peer = "juliet", .network_id = network_id, .id = id,
            .other_id = n == 1 ? "second-name" : NULL, .at = 1700000000000, .own = true});
    }
    sj_store_reactions_put(f->store, &owner, "juliet", "net-x", full_reactions, 2);
    sj_strbuf_init(&name, sizeof out->name - 1);
    sj_store_message_name(f->store, &owner, "juliet", "from-there", false, "text", &name);
    snprintf(out->name, sizeof out->name, "%s", name.s);
    sj_strbuf_release(&name);
}

static void full_archive(struct fixture *f, unsigned i, struct full *out)
{
    for (unsigned n = 0; n < FULL_ENTRIES; n++) {
        char text[32], network_id[32], id[SJ_ARCHIVE_ID_SIZE];
        full_text(text, sizeof text, "said", i, n);
        full_text(network_id, sizeof network_id, "room", i, n);
        const struct sj_archive_entry e = {.time = said_now(f), .data = (const uint8_t *)text,
                                           .n = strlen(text),
                                           .network_id = n == 3 ? NULL : network_id};
        cr_assert_eq(said_put(f, i, SAID_ROOM, &e, true, id), SJ_OK);
        if (n == 0)
            snprintf(out->entry, sizeof out->entry, "%s", id);
    }
}

void full_put(struct fixture *f, unsigned i, struct full *out)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = fixture_owner(i);
    const struct sj_preferences set = {.n = 1, .values = {{"stay-online", "yes"}}};
    fixture_register(f, i);
    sj_store_online_put(f->store, &owner, true);
    full_contacts(f, i);
    sj_store_state_put(f->store, &owner, full_state, sizeof full_state);
    sj_store_position_put(f->store, &owner, "s1");
    sj_store_journal_put(f->store, &owner, 7, "sent", 4);
    cr_assert_eq(sj_store_preferences_put(f->store, &owner, &set, &err), SJ_OK, "%s", err.text);
    full_messages(f, i, out);
    full_archive(f, i, out);
    cr_assert_eq(sj_store_flush(f->store, &err), SJ_OK, "%s", err.text);
}

/* --- looking at it ------------------------------------------------------------------------ */

static char seen[256];

static void full_on_message(const struct sj_store_message *m, void *arg)
{
    (void)arg;
    snprintf(seen, sizeof seen, "%s %s", m->network_id, m->id ? m->id : "-");
}

static void full_on_reactions(const char *const *reactions, size_t n, void *arg)
{
    (void)arg;
    snprintf(seen, sizeof seen, "%zu %s", n, reactions[1]);
}

static void full_on_preferences(const struct sj_preferences *p, void *arg)
{
    (void)arg;
    snprintf(seen, sizeof seen, "%zu %s=%s", p->n, p->values[0].var, p->values[0].value);
}

static void full_on_position(const void *position, size_t len, void *arg)
{
    (void)arg;
    snprintf(seen, sizeof seen, "%.*s", (int)len, (const char *)position);
}

static void full_expect_messages(struct fixture *f, unsigned i)
{
    const struct sj_owner owner = fixture_owner(i);
    for (unsigned n = 0; n < FULL_MESSAGES; n++) {
        char id[32], network_id[32], both[80];
        full_text(id, sizeof id, "id", i, n);
        full_text(network_id, sizeof network_id, "net", i, n);
        snprintf(both, sizeof both, "%s %s", network_id, id);
        seen[0] = '\0';
        sj_store_message_find(f->store, &owner, "juliet", id, full_on_message, NULL, NULL);
        cr_expect_str_eq(seen, both, "by id");
        seen[0] = '\0';
        sj_store_message_find_network(f->store, &owner, "juliet", network_id, full_on_message,
                                      NULL, NULL);
        cr_expect_str_eq(seen, both, "by the network's id");
    }
    seen[0] = '\0';
    sj_store_message_find(f->store, &owner, "juliet", "second-name", full_on_message, NULL, NULL);
    cr_expect_neq(seen[0], '\0', "by the second name");
    seen[0] = '\0';
    sj_store_reactions_get(f->store, &owner, "juliet", "net-x", full_on_reactions, NULL, NULL);
    cr_expect_str_eq(seen, "2 !");
}

static void full_expect_archive(struct fixture *f, unsigned i)
{
    char text[200] = "";
    for (unsigned n = 0; n < FULL_ENTRIES; n++) {
        char network_id[32];
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "said-%u-%u ", i, n);
        full_text(network_id, sizeof network_id, "room", i, n);
        cr_expect_eq(said_find(f, i, network_id)[0] == '\0', n == 3, "entry %u", n);
    }
    cr_expect_str_eq(said_all(f, i), text);
    cr_expect_eq(said_count(f, i), FULL_ENTRIES);
}

static void full_expect_given(struct fixture *f, unsigned i, const struct full *given)
{
    const struct sj_owner owner = fixture_owner(i);
    char text[32];
    snprintf(text, sizeof text, "said-%u-0 ", i);
    cr_expect_str_eq(said_get(f, i, given->entry), text, "an id of the archive that was given out");
    seen[0] = '\0';
    sj_store_message_find(f->store, &owner, "juliet", given->name, full_on_message, NULL, NULL);
    cr_expect_str_eq(seen, "from-there -", "a name of a message that was given out");
}

static void full_expect_small(struct fixture *f, unsigned i, bool online)
{
    static struct copy copy;
    static struct contacts contacts;
    unsigned char state[64];
    char password[64];
    const struct sj_owner owner = fixture_owner(i);
    fixture_load(f, i, &copy);
    snprintf(password, sizeof password, "password=password-of-%u-secret", i);
    cr_expect(strstr(copy.text, password), "%s", copy.text);
    cr_expect_eq(copy.r.online, online);
    cr_expect_eq(fixture_contacts(f, i, &contacts), SJ_OK);
    cr_expect_eq(contacts.count, FULL_CONTACTS);
    cr_expect_eq(contacts.damaged, 0);
    cr_expect_eq(fixture_state(f, i, state, sizeof state), (long)sizeof full_state);
    seen[0] = '\0';
    sj_store_position_get(f->store, &owner, full_on_position, NULL, NULL);
    cr_expect_str_eq(seen, "s1");
    seen[0] = '\0';
    sj_store_preferences_get(f->store, &owner, full_on_preferences, NULL, NULL);
    cr_expect_str_eq(seen, "1 stay-online=yes");
}

void full_expect(struct fixture *f, unsigned i, const struct full *given)
{
    full_expect_small(f, i, true);
    full_expect_messages(f, i);
    full_expect_archive(f, i);
    if (given)
        full_expect_given(f, i, given);
}

void full_expect_moved(struct fixture *f, unsigned i, bool archives)
{
    const struct sj_owner owner = fixture_owner(i);
    full_expect_small(f, i, false);
    if (archives)
        full_expect_archive(f, i);
    else
        cr_expect_str_eq(said_all(f, i), "");
    cr_expect_eq(sj_store_message_find(f->store, &owner, "juliet", "second-name", full_on_message,
                                       NULL, NULL), SJ_NOTFOUND);
}
