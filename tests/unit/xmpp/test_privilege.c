/* SPDX-License-Identifier: MPL-2.0 */
/* Privileges (XEP-0356): who may grant them, how long they last, and what is sent with them. */
#include <criterion/criterion.h>

#include "peer.h"
#include "privilege.h"
#include "room.h"
#include "stanza.h"

#define G0 "irc0.example.org"
#define S "example.org"
#define U "romeo@example.org"
#define V1 "urn:xmpp:privilege:1"
#define V2 "urn:xmpp:privilege:2"
#define FULL                                                                               \
    "<perm access='roster' type='both'/><perm access='message' type='outgoing'/>"          \
    "<perm access='presence' type='managed_entity'/>"

static struct peer *p;

static void setup(void)
{
    p = peer_new(2);
    peer_start(p);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(privilege, .init = setup, .fini = teardown);

static void announce(const char *from, const char *version, const char *perms)
{
    char text[4096];
    snprintf(text, sizeof text,
             "<message from='%s' to='" G0 "' id='12345'><privilege xmlns='%s'>%s</privilege>"
             "</message>", from, version, perms);
    peer_say(p, 0, text);
}

static void grant(const char *version)
{
    announce(S, version, FULL);
    peer_hears(p, "privileges 0 example.org: *");
}

/* G356-01, G356-07. */
Test(privilege, reads_both_versions)
{
    announce(S, V1, FULL);
    peer_hears(p, "privileges 0 example.org: read roster, change roster, message, presence");
    announce(S, V2, FULL);
    peer_hears(p, "privileges 0 example.org: read roster, change roster, roster pushes, message, "
                  "presence");
    announce(S, V2, "<perm access='roster' type='get' push='false'/>");
    peer_hears(p, "privileges 0 example.org: read roster");
    announce(S, V2, "<perm access='roster' type='set'/><perm access='presence' type='roster'/>");
    peer_hears(p, "privileges 0 example.org: change roster, presence");
    cr_expect_eq(xmpp_privileges(p->xmpp, 0, U), XMPP_MAY_SET_ROSTER | XMPP_SEES_PRESENCE);
    cr_expect_eq(xmpp_privileges(p->xmpp, 0, U "/orchard"),
                 XMPP_MAY_SET_ROSTER | XMPP_SEES_PRESENCE);
    peer_expect_nothing(p);
}

/* G356-03: the later one replaces the earlier one; G356-05: other servers, other networks. */
Test(privilege, belong_to_one_server_and_one_network)
{
    grant(V2);
    cr_expect_eq(xmpp_privileges(p->xmpp, 0, "romeo@example.net"), 0u);
    cr_expect_eq(xmpp_privileges(p->xmpp, 0, "example.org@example.net"), 0u);
    cr_expect_eq(xmpp_privileges(p->xmpp, 0, "romeo@sub.example.org"), 0u);
    cr_expect_eq(xmpp_privileges(p->xmpp, 1, U), 0u);
    announce(S, V2, "");
    peer_hears(p, "privileges 0 example.org: nothing");
    cr_expect_eq(xmpp_privileges(p->xmpp, 0, U), 0u);
}

/* G356-02. */
Test(privilege, are_believed_from_trusted_servers_only)
{
    static const char *const forged[] = {U, U "/o", "example.net", "example.org/r", "mallory.test",
                                         "org", "xexample.org"};
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        announce(forged[i], V2, FULL);
        peer_hears_nothing(p);
    }
    static const char *const domains[] = {"example.net", "m.lit"};
    p->options.privileged = domains;
    p->options.n_privileged = 2;
    announce(S, V2, FULL);
    peer_hears_nothing(p);
    announce("M.lit", V2, FULL);
    peer_hears(p, "privileges 0 m.lit: read roster, *");
    announce("example.net", V1, "");
    peer_hears(p, "privileges 0 example.net: *example.net: nothing*");
}

/* Nonsense grants nothing and breaks nothing. */
Test(privilege, passes_over_what_makes_no_sense)
{
    announce(S, V2, "text<perm/><x access='roster' type='both'/><perm access='roster'/>"
                    "<perm access='message' type='both'/><perm access='iq' type='get'/>"
                    "<perm access='iq'><namespace/><namespace ns='a'/><namespace type='get'/>"
                    "</perm><perm access='other' type='both'/>");
    peer_hears(p, "privileges 0 example.org: nothing");
    peer_say(p, 0, "<message from='example.org' to='" G0 "'><privilege xmlns='urn:other'/>"
                   "</message>");
    peer_hears_nothing(p);
}

/* Prosody's announcement nests the namespaces; and there may be too many. */
Test(privilege, reads_nested_namespaces_boundedly)
{
    struct sj_strbuf b;
    announce(S, V2, "<perm access='iq'><namespace ns='a' type='get'><namespace ns='b' type='both'/>"
                    "</namespace></perm>");
    peer_hears(p, "privileges 0 example.org: of 2 kinds of requests");
    sj_strbuf_init(&b, 4000);
    sj_strbuf_adds(&b, "<perm access='iq'>");
    for (unsigned i = 0; i < PRIVILEGE_IQ_MAX + 10; i++)
        sj_strbuf_addf(&b, "<namespace ns='n%u' type='get'/>", i);
    sj_strbuf_adds(&b, "</perm>");
    announce(S, V2, b.s);
    sj_strbuf_release(&b);
    peer_hears(p, "privileges 0 example.org: of 32 kinds of requests");
}

/* G356-03: gone with the stream. */
Test(privilege, end_with_the_stream)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 100);
    grant(V2);
    peer_say(p, 0, "</stream:stream>");
    peer_hears(p, "down 0");
    cr_expect_eq(xmpp_privileges(p->xmpp, 0, U), 0u);
    xmpp_privileges_text(p->xmpp, 0, &b);
    cr_expect_str_eq(b.s, "nothing");
    sj_strbuf_release(&b);
}

static enum sj_status speak(const char *user, const char *peer, char id[XMPP_OWN_ID_SIZE])
{
    struct xmpp_message_out m = {.peer = peer, .to = user, .body = "hello"};
    return xmpp_send_as_user(p->xmpp, 0, &m, id);
}

/* G356-11, G356-15. */
Test(privilege, speaks_in_the_users_name)
{
    char id[XMPP_OWN_ID_SIZE];
    char want[1024];
    cr_expect_eq(speak(U, "bob", id), SJ_DENIED);
    announce(S, V2, "<perm access='roster' type='both'/>");
    peer_hears(p, "privileges *");
    cr_expect_eq(speak(U, "bob", id), SJ_DENIED);
    grant(V2);
    cr_expect_eq(speak("romeo@example.net", "bob", id), SJ_DENIED);
    cr_expect_eq(speak(U "/orchard", "bob", id), SJ_DENIED);
    cr_expect_eq(speak(U, NULL, id), SJ_INVALID);
    cr_expect_eq(speak(U, "Not Canonical", id), SJ_INVALID);
    cr_expect_eq(speak(U, "ann smith", id), SJ_OK);
    snprintf(want, sizeof want,
             "<message from='" G0 "' id='*' to='example.org'><privilege xmlns='" V2 "'>"
             "<forwarded xmlns='urn:xmpp:forward:0'><message from='" U "' id='%s' "
             "to='ann\\20smith@" G0 "' type='chat' xmlns='jabber:client'><body>hello</body>"
             "<origin-id id='%s' xmlns='urn:xmpp:sid:0'/></message></forwarded></privilege>"
             "</message>", id, id);
    peer_expect(p, want);
    grant(V1);
    cr_expect_eq(speak(U, "bob", id), SJ_OK);
    peer_expect(p, "<message *><privilege xmlns='" V1 "'>*");
    peer_expect_nothing(p);
}

static void come_back(const char *from, const char *to, const char *id)
{
    char text[1024];
    snprintf(text, sizeof text,
             "<message type='chat' from='%s' to='%s' id='another'><body>hello</body>"
             "<origin-id xmlns='urn:xmpp:sid:0' id='%s'/></message>", from, to, id);
    peer_say(p, 0, text);
}

/* G356-14: by the origin-id, whatever the message's id; nothing else passes for it. */
Test(privilege, knows_the_echo)
{
    char id[XMPP_OWN_ID_SIZE];
    char other[XMPP_OWN_ID_SIZE];
    grant(V2);
    cr_assert_eq(speak(U, "bob", id), SJ_OK);
    peer_expect(p, "<message *");
    come_back(U, "bob@" G0, id);
    peer_hears_nothing(p);
    come_back(U, "ann@" G0, id);
    peer_hears(p, "message 0 " U " to ann: hello origin=*");
    come_back("juliet@example.org", "bob@" G0, id);
    peer_hears(p, "message 0 juliet@example.org to bob: hello origin=*");
    come_back(U "/orchard", "bob@" G0, id);
    peer_hears(p, "message 0 " U "/orchard to bob: hello origin=*");
    memcpy(other, id, sizeof other);
    other[0] = other[0] == 'a' ? 'b' : 'a';
    come_back(U, "bob@" G0, other);
    peer_hears(p, "message 0 " U " to bob: hello origin=*");
    come_back(U, "bob@" G0, "-0123456789abcdef");
    peer_hears(p, "message 0 " U " to bob: hello origin=*");
    come_back(U, "bob@" G0, "");
    peer_hears(p, "message 0 " U " to bob: hello");
}

/* The id of what the network names derives from that, so a repetition has the same. */
Test(privilege, derives_ids_from_the_networks)
{
    char id[2][XMPP_OWN_ID_SIZE];
    grant(V2);
    struct xmpp_message_out m = {.peer = "bob", .to = U, .body = "hello", .network_id = "n1"};
    cr_assert_eq(xmpp_send_as_user(p->xmpp, 0, &m, id[0]), SJ_OK);
    cr_assert_eq(xmpp_send_as_user(p->xmpp, 0, &m, id[1]), SJ_OK);
    cr_expect_str_eq(id[0], id[1]);
    peer_expect(p, "<message *");
    peer_expect(p, "<message *");
    come_back(U, "bob@" G0, id[0]);
    peer_hears_nothing(p);
}

#define REFUSAL(from, condition)                                                            \
    "<message type='error' id='x' from='" from "' to='" G0 "'><error type='cancel'>"        \
    "<" condition " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"

/* G356-12. */
Test(privilege, are_dropped_when_the_server_refuses)
{
    grant(V2);
    peer_say(p, 0, REFUSAL(U, "forbidden"));
    peer_hears(p, "bounce " U " *");
    peer_say(p, 0, REFUSAL("example.org", "service-unavailable"));
    peer_hears(p, "bounce example.org *");
    cr_expect(xmpp_privileges(p->xmpp, 0, U) & XMPP_MAY_SPEAK);
    peer_say(p, 0, REFUSAL("example.org", "forbidden"));
    peer_hears(p, "privileges 0 example.org: read roster, change roster, roster pushes, presence");
    peer_hears(p, "bounce example.org *");
    peer_expect_nothing(p);
}

/* ---- requests in the user's name ---- */

static char told[256];

static void on_answer(struct xmpp *x, const struct query_reply *r)
{
    (void)x;
    xmpp_stanza_t *c = r->iq != NULL ? stanza_first(r->iq) : NULL;
    snprintf(told, sizeof told, "%s %d %s", r->to, r->ok, c ? xmpp_stanza_get_name(c) : "-");
}

static bool ask(const char *user, const char *ns, bool set)
{
    told[0] = '\0';
    xmpp_stanza_t *payload = stanza_new(p->xmpp->output.ctx, "pubsub", NULL, NULL);
    xmpp_stanza_set_ns(payload, ns);
    return privilege_send_iq(p->xmpp, &(struct privilege_request){.user = user, .set = set,
                                                                  .payload = payload,
                                                                  .answer = on_answer});
}

static void take_id(char id[64])
{
    char *got = peer_next(p, 0);
    cr_assert(got != NULL && sscanf(got, "<iq from='" G0 "' id='%63[^']'", id) == 1, "%s", got);
    cr_assert_not_null(strstr(got, "<privileged_iq xmlns='" V2 "'><iq id="), "%s", got);
    cr_assert_not_null(strstr(got, "to='" U "' type='set' xmlns='jabber:client'>"), "%s", got);
    free(got);
}

static void answer(const char *id, const char *inner)
{
    char text[1024];
    snprintf(text, sizeof text,
             "<iq type='result' from='" U "' to='" G0 "' id='%s'><privilege xmlns='" V2 "'>"
             "<forwarded xmlns='urn:xmpp:forward:0'>%s</forwarded></privilege></iq>", id, inner);
    peer_say(p, 0, text);
}

/* G356-16, G356-17, G356-18. */
Test(privilege, asks_in_the_users_name)
{
    char id[64];
    char inner[512];
    cr_expect_not(ask(U, "urn:a", true));
    announce(S, V2, "<perm access='iq'><namespace ns='urn:a' type='set'/>"
                    "<namespace ns='urn:b' type='get'/></perm>");
    peer_hears(p, "privileges *");
    cr_expect_not(ask(U, "urn:a", false));
    cr_expect_not(ask(U, "urn:b", true));
    cr_expect_not(ask(U "/orchard", "urn:a", true));
    cr_expect_not(ask("romeo@example.net", "urn:a", true));
    cr_assert(ask(U, "urn:a", true));
    take_id(id);
    snprintf(inner, sizeof inner, "<iq xmlns='jabber:client' type='result' id='%s'><done/></iq>",
             id);
    answer(id, inner);
    cr_expect_str_eq(told, U " 1 done");
    cr_assert(ask(U, "urn:a", true));
    take_id(id);
    snprintf(inner, sizeof inner, "<iq xmlns='jabber:client' type='error' id='%s'><error/></iq>",
             id);
    answer(id, inner);
    cr_expect_str_eq(told, U " 0 error");
    cr_assert(ask(U, "urn:a", true));
    take_id(id);
    answer(id, "<iq xmlns='jabber:client' type='result' id='other'/>");
    cr_expect_str_eq(told, U " 0 -");
    cr_assert(ask(U, "urn:a", true));
    take_id(id);
    snprintf(inner, sizeof inner, "<iq type='error' from='" U "' to='" G0 "' id='%s'><error "
             "type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
             id);
    peer_say(p, 0, inner);
    cr_expect_str_eq(told, U " 0 error");
}
