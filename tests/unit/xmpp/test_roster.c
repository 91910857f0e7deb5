/* SPDX-License-Identifier: MPL-2.0 */
/* Rosters read and written with privileges: only our own items, and only as far as allowed. */
#include <criterion/criterion.h>

#include "peer.h"
#include "queries.h"
#include "stanza.h"
#include "stream.h"

#define G0 "irc0.example.org"
#define U "romeo@example.org"
#define ROSTER "jabber:iq:roster"

static struct peer *p;
static char id[64];

static void setup(void)
{
    p = peer_new(1);
    peer_start(p);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(roster, .init = setup, .fini = teardown);

static void grant(const char *type)
{
    char text[512];
    snprintf(text, sizeof text,
             "<message from='example.org' to='" G0 "'><privilege xmlns='urn:xmpp:privilege:2'>"
             "<perm access='roster' type='%s'/></privilege></message>", type);
    peer_say(p, 0, text);
    peer_hears(p, "privileges *");
}

static void take(const char *expected)
{
    char *got = peer_next(p, 0);
    cr_assert(got != NULL && peer_match(expected, got), "got %s", got != NULL ? got : "nothing");
    cr_assert_eq(sscanf(got, "<iq from='" G0 "' id='%63[^']'", id), 1);
    free(got);
}

static void answer(const char *type, const char *from, const char *payload)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 4 << 20);
    sj_strbuf_addf(&b, "<iq type='%s' id='%s' from='%s' to='" G0 "'>%s</iq>", type, id, from,
                   payload);
    peer_say(p, 0, b.s);
    sj_strbuf_release(&b);
}

#define FORBIDDEN \
    "<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"

/* G356-06, G356-09, G356-10. */
Test(roster, reads_our_own_items)
{
    cr_expect_not(xmpp_roster_read(p->xmpp, 0, U));
    grant("set");
    cr_expect_not(xmpp_roster_read(p->xmpp, 0, U));
    grant("get");
    cr_assert(xmpp_roster_read(p->xmpp, 0, U));
    take("<iq from='" G0 "' id='*' to='" U "' type='get'><query xmlns='" ROSTER "'/></iq>");
    answer("result", U,
           "<query xmlns='" ROSTER "'><item jid='bob@" G0 "' name='Bob' subscription='both'>"
           "<group>A</group><group/><group>B</group></item>"
           "<item jid='ann\\20smith@" G0 "' ask='subscribe'/><item jid='x@elsewhere.test'/>"
           "<item jid='" G0 "' name='Gateway'/><item/><item jid='@" G0 "'/>"
           "<item jid='c@" G0 "/r'/><item jid='d@" G0 "' subscription='remove'/>"
           "<item jid='e@" G0 "' subscription='what'/><other jid='f@" G0 "'/></query>");
    peer_hears(p, "item 0 " U ": bob 'Bob' both +A +B");
    peer_hears(p, "item 0 " U ": ann smith '' none asks");
    peer_hears(p, "item 0 " U ": e '' none");
    peer_hears(p, "read 0 " U " 1");
    peer_hears_nothing(p);
}

Test(roster, tells_when_it_cannot_be_read)
{
    grant("both");
    cr_assert(xmpp_roster_read(p->xmpp, 0, U));
    take("<iq *");
    answer("result", U "/o", "<query xmlns='" ROSTER "'><item jid='bob@" G0 "'/></query>");
    answer("result", "juliet@example.org", "<query xmlns='" ROSTER "'/>");
    peer_hears_nothing(p);
    answer("result", U, "");
    peer_hears(p, "read 0 " U " 0");
    cr_assert(xmpp_roster_read(p->xmpp, 0, U));
    take("<iq *");
    answer("error", U, FORBIDDEN);
    peer_hears(p, "privileges 0 example.org: nothing");
    peer_hears(p, "read 0 " U " 0");
    cr_expect_not(xmpp_roster_read(p->xmpp, 0, U));
}

/* One too large to be looked at is as good as none, and harms nobody else. */
Test(roster, bounds_what_it_reads)
{
    struct sj_strbuf b;
    grant("both");
    sj_strbuf_init(&b, 4 << 20);
    sj_strbuf_adds(&b, "<query xmlns='" ROSTER "'>");
    for (unsigned i = 0; i < STREAM_CHILDREN_MAX + 1; i++)
        sj_strbuf_addf(&b, "<item jid='u%u@" G0 "' subscription='both'/>", i);
    sj_strbuf_adds(&b, "</query>");
    cr_assert(xmpp_roster_read(p->xmpp, 0, U));
    take("<iq *");
    answer("result", U, b.s);
    peer_hears(p, "read 0 " U " 0");
    peer_hears_nothing(p);
    sj_strbuf_reset(&b);
    sj_strbuf_adds(&b, "<query xmlns='" ROSTER "'><item jid='bob@" G0 "' name='");
    for (unsigned i = 0; i <= XMPP_ROSTER_TEXT_MAX; i++)
        sj_strbuf_addc(&b, 'n');
    sj_strbuf_adds(&b, "'/><item jid='ann@" G0 "'>");
    for (unsigned i = 0; i <= XMPP_GROUPS_MAX; i++)
        sj_strbuf_adds(&b, "<group>g</group>");
    sj_strbuf_adds(&b, "</item></query>");
    cr_assert(xmpp_roster_read(p->xmpp, 0, U));
    take("<iq *");
    answer("result", U, b.s);
    peer_hears(p, "item 0 " U ": bob '' none cut");
    peer_hears(p, "item 0 " U ": ann '' none cut +g*");
    peer_hears(p, "read 0 " U " 1");
    sj_strbuf_release(&b);
}

/* G356-06, G356-08, G106-09. */
Test(roster, writes_one_item)
{
    struct xmpp_roster_item item = {.peer = "ann smith", .name = "Ann", .sub = XMPP_ROSTER_BOTH,
                                    .asks = true, .n_groups = 2, .group = {"A", "B"}};
    cr_expect_not(xmpp_roster_write(p->xmpp, 0, U, &item));
    grant("both");
    cr_expect_not(xmpp_roster_write(p->xmpp, 0, "romeo@example.net", &item));
    cr_assert(xmpp_roster_write(p->xmpp, 0, U, &item));
    take("<iq from='" G0 "' id='*' to='" U "' type='set'><query xmlns='" ROSTER "'>"
         "<item jid='ann\\20smith@" G0 "' name='Ann' subscription='both'><group>A</group>"
         "<group>B</group></item></query></iq>");
    answer("result", U, "");
    peer_hears(p, "written 0 " U " ann smith 1");
    item = (struct xmpp_roster_item){.peer = "bob"};
    cr_assert(xmpp_roster_write(p->xmpp, 0, U, &item));
    take("<iq *<item jid='bob@" G0 "'/></query></iq>");
    answer("error", U, "<error type='wait'><internal-server-error "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
    peer_hears(p, "written 0 " U " bob 0");
    cr_expect(xmpp_privileges(p->xmpp, 0, U) & XMPP_MAY_SET_ROSTER);
    item.cut = true;
    cr_expect_not(xmpp_roster_write(p->xmpp, 0, U, &item));
    item = (struct xmpp_roster_item){.peer = "Not Canonical"};
    cr_expect_not(xmpp_roster_write(p->xmpp, 0, U, &item));
    cr_expect(xmpp_roster_remove(p->xmpp, 0, U, "bob"));
    take("<iq *<item jid='bob@" G0 "' subscription='remove'/></query></iq>");
    answer("result", U, "");
    peer_hears_nothing(p);
}

/* G356-06: forbidden takes the permission away. */
Test(roster, stops_writing_when_forbidden)
{
    struct xmpp_roster_item item = {.peer = "bob"};
    grant("both");
    cr_assert(xmpp_roster_write(p->xmpp, 0, U, &item));
    take("<iq *");
    answer("error", U, FORBIDDEN);
    peer_hears(p, "privileges 0 example.org: read roster, roster pushes");
    peer_hears(p, "written 0 " U " bob 0");
    cr_expect_not(xmpp_roster_write(p->xmpp, 0, U, &item));
    cr_expect_not(xmpp_roster_remove(p->xmpp, 0, U, "bob"));
}

#define PUSH(from, payload)                                                                \
    "<iq type='set' id='p1' from='" from "' to='" G0 "'>" payload "</iq>"
#define ITEM "<query xmlns='" ROSTER "'><item jid='bob@" G0 "' name='B' subscription='to'/></query>"
#define RESULT(to) "<iq from='" G0 "' id='p1' to='" to "' type='result'/>"
#define UNKNOWN "<iq * type='error'><error type='cancel'><service-unavailable *"

/* G356-07; forged ones are answered as if we knew no rosters. */
Test(roster, believes_pushes_of_the_server_only)
{
    peer_say(p, 0, PUSH(U, ITEM));
    peer_expect(p, UNKNOWN);
    grant("both");
    peer_say(p, 0, PUSH(U "/orchard", ITEM));
    peer_expect(p, UNKNOWN);
    peer_say(p, 0, PUSH("romeo@example.net", ITEM));
    peer_expect(p, UNKNOWN);
    peer_hears_nothing(p);
    peer_say(p, 0, PUSH(U, ITEM));
    peer_hears(p, "pushed 0 " U ": bob 'B' to");
    peer_expect(p, RESULT(U));
    peer_say(p, 0, PUSH(U, "<query xmlns='" ROSTER "'><item jid='bob@" G0 "' "
                           "subscription='remove'/></query>"));
    peer_hears(p, "pushed 0 " U ": bob '' remove");
    peer_expect(p, RESULT(U));
    peer_say(p, 0, PUSH(U, "<query xmlns='" ROSTER "'><item jid='x@elsewhere.test'/></query>"));
    peer_expect(p, RESULT(U));
    peer_say(p, 0, PUSH(U, "<query xmlns='" ROSTER "'/>"));
    peer_expect(p, "<iq * type='error'><error type='modify'><bad-request *");
    peer_say(p, 0, PUSH(U, "<query xmlns='" ROSTER "'><item jid='a@" G0 "'/><item jid='b@" G0
                           "'/></query>"));
    peer_expect(p, "<iq * type='error'><error type='modify'><bad-request *");
    peer_hears_nothing(p);
}
