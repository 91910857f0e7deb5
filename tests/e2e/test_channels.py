# SPDX-License-Identifier: MPL-2.0
"""End to end with channels of ngIRCd and InspIRCd: raw XMPP and slixmpp's room client."""
import library
import servers
from e2ebase import GATEWAY, GatewayTest
from xmlmatch import format_node

MUC = "http://jabber.org/protocol/muc"
PEOPLE = 60


def room(name):
    return "%s@%s" % (name, GATEWAY)


class Channels:
    """What works on every server; a mixin of the classes below."""
    tells_server = True          # does WHOIS say on which server somebody is?

    def enter(self, client, name, nick, password=None):
        client.send("<presence to='%s/%s'><x xmlns='%s'>%s</x></presence>"
                    % (room(name), nick, MUC,
                       "<password>%s</password>" % password if password else ""))

    def entered(self, client, name, nick):
        """Until the subject, which ends a join; all presences of it."""
        self.enter(client, name, nick)
        start = len(client.seen)
        client.expect("<message type='groupchat' from='*' to='*' ...><subject>*</subject>..."
                      "</message>")
        return [n for n in client.seen[start:] if n.name == "presence" and
                n.get("from").startswith(room(name))]

    def opened(self, name, nick):
        """Somebody on IRC who has made the channel and is its operator."""
        person = self.irc(nick)
        person.send("JOIN " + name)
        person.expect("366")
        return person

    def say(self, client, name, body):
        client.send("<message type='groupchat' to='%s' id='%s'><body>%s</body></message>"
                    % (room(name), body, body))

    def heard(self, client, name, nick, body):
        client.expect("<message type='groupchat' from='%s/%s' to='*' ...><body>%s</body>..."
                      "</message>" % (room(name), nick, body))

    def test_round(self):
        """Join, talk, topic, nickname, rank, kick, and back again (G045-15, G045-37, G045-40,
        G045-51, G045-57, G045-59, G045-70, G045-72)"""
        juliet = self.opened("#verona", "juliet")
        juliet.send("TOPIC #verona :Two households")
        juliet.expect("TOPIC")
        romeo = self.go_online("romeo")
        presences = self.entered(romeo, "#verona", "romeo")
        self.assertEqual([p.get("from") for p in presences],
                         [room("#verona") + "/juliet", room("#verona") + "/romeo"])
        item = presences[0].find("x", MUC + "#user").find("item")
        self.assertEqual(item.get("role"), "moderator", format_node(item))
        juliet.expect("JOIN", "#verona", source="romeo")
        self.say(romeo, "#verona", "hello")
        juliet.expect("PRIVMSG", "#verona", "hello", source="romeo")
        self.heard(romeo, "#verona", "romeo", "hello")
        juliet.send("PRIVMSG #verona :\x01ACTION smiles\x01")
        self.heard(romeo, "#verona", "juliet", "/me smiles")
        juliet.send("TOPIC #verona :A rose")
        romeo.expect("<message type='groupchat' from='%s/juliet' to='*' ...>"
                     "<subject>A rose</subject>...</message>" % room("#verona"))
        self.nicks_and_ranks(romeo, juliet)

    def nicks_and_ranks(self, romeo, juliet):
        away = "<presence type='unavailable' from='%s/%s' to='*' ...><x xmlns='%s#user'>..." \
               "<status code='%s'/>...</x>...</presence>"
        juliet.send("NICK capulet")
        romeo.expect(away % (room("#verona"), "juliet", MUC, "303"))
        romeo.expect("<presence from='%s/capulet' ...>...</presence>" % room("#verona"))
        romeo.send("<presence to='%s/montague'/>" % room("#verona"))
        romeo.expect(away % (room("#verona"), "romeo", MUC, "303"))
        juliet.expect("NICK", "montague")
        juliet.send("MODE #verona +o montague")
        romeo.expect("<presence from='%s/montague' ...><x xmlns='%s#user'>..."
                     "<item affiliation='admin' role='moderator' .../>...</x>...</presence>"
                     % (room("#verona"), MUC))
        nurse = self.irc("nurse1")
        nurse.send("JOIN #verona")
        romeo.expect("<presence from='%s/nurse1' ...>...</presence>" % room("#verona"))
        self.assert_result(romeo.iq("set", room("#verona"), "<query xmlns='%s#admin'>"
                                    "<item nick='nurse1' role='none'><reason>peace</reason></item>"
                                    "</query>" % MUC))
        nurse.expect("KICK", "#verona", "nurse1", "peace", source="montague")
        juliet.send("KICK #verona montague :sorrow")
        romeo.expect(away % (room("#verona"), "montague", MUC, "307"))
        self.entered(romeo, "#verona", "montague")
        juliet.expect("JOIN", "#verona", source="montague")
        romeo.send("<presence type='unavailable' to='%s/montague'><status>good night</status>"
                   "</presence>" % room("#verona"))
        juliet.expect("PART", "#verona", source="montague")

    def test_doors(self):
        """Keys, invitations, limits and bans are told as what they are (G045-24, G045-26)"""
        friar = self.opened("#cell", "friar1")
        user = self.go_online("benvolio")

        def refused(condition, password=None):
            self.enter(user, "#cell", "benvolio", password)
            error = user.expect("<presence type='error' from='%s/benvolio' ...>...</presence>"
                                % room("#cell"))
            self.assertIsNotNone(error.find("error").find(condition), format_node(error))
        friar.send("MODE #cell +k sesame")
        friar.expect("MODE")
        refused("not-authorized")
        refused("not-authorized", "wrong")
        friar.send("MODE #cell -k sesame")
        friar.send("MODE #cell +i")
        friar.expect("MODE", "#cell", "+i")
        refused("registration-required")
        friar.send("MODE #cell -i")
        friar.send("MODE #cell +l 1")
        friar.expect("MODE", "#cell", "+l")
        refused("service-unavailable")
        friar.send("MODE #cell -l")
        friar.send("MODE #cell +b benvolio!*@*")
        friar.expect("MODE", "#cell", "+b")
        refused("forbidden")
        friar.send("MODE #cell -b benvolio!*@*")
        friar.send("MODE #cell +k sesame")
        friar.expect("MODE", "#cell", "+k")
        self.enter(user, "#cell", "benvolio", "sesame")
        friar.expect("JOIN", "#cell", source="benvolio")

    def test_many(self):
        """A channel whose names take many lines is entered in one piece (G045-27)"""
        for i in range(PEOPLE):
            self.opened("#crowd", "citizen%d" % i)
        user = self.go_online("mercutio")
        presences = self.entered(user, "#crowd", "mercutio")
        self.assertEqual(len(presences), PEOPLE + 1)
        self.assertEqual(presences[-1].get("from"), room("#crowd") + "/mercutio")

    def test_lists(self):
        """Public channels, those who are banned, and the modes (G045-02, G045-76, G045-90)"""
        paris = self.opened("#paris", "paris1")
        paris.send("TOPIC #paris :The count")
        user = self.go_online("tybalt")
        items = user.iq("get", GATEWAY, "<query xmlns='http://jabber.org/protocol/disco#items'/>")
        self.assertIn(room("#paris"), [i.get("jid") for i in items.find("query").children])
        self.entered(user, "#paris", "tybalt")
        paris.send("MODE #paris +o tybalt")
        user.expect("<presence from='%s/tybalt' ...><x xmlns='%s#user'>..."
                    "<item affiliation='admin' role='moderator' .../>...</x>...</presence>"
                    % (room("#paris"), MUC))
        self.assert_result(user.iq("set", room("#paris"), "<query xmlns='%s#admin'>"
                                   "<item jid='%s' affiliation='outcast'/></query>"
                                   % (MUC, "rosaline@" + GATEWAY)))
        paris.expect("MODE", "#paris", "+b", source="tybalt")
        answer = user.iq("get", room("#paris"), "<query xmlns='%s#admin'>"
                         "<item affiliation='outcast'/></query>" % MUC)
        self.assertEqual(len(answer.find("query").children), 1, format_node(answer))
        self.masks(user, paris)
        form = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>" \
               "http://jabber.org/protocol/muc#roomconfig</value></field>" \
               "<field var='muc#roomconfig_moderatedroom'><value>1</value></field></x>"
        self.assert_result(user.iq("set", room("#paris"), "<query xmlns='%s#owner'>%s</query>"
                                   % (MUC, form)))
        paris.expect("MODE", "#paris", "+m", source="tybalt")

    def masks(self, user, paris):
        """Who needs no invitation, and whom no ban keeps out."""
        address = "%s*!*\\40safe.test@" + GATEWAY
        for prefix, mode in (("", "I"), ("except\\3a", "e")):
            for affiliation, sign in (("member", "+"), ("none", "-")):
                self.assert_result(user.iq("set", room("#paris"), "<query xmlns='%s#admin'>"
                                           "<item jid='%s' affiliation='%s'/></query>"
                                           % (MUC, address % prefix, affiliation)))
                line = paris.expect("MODE", "#paris", source="tybalt")
                self.assertIn(sign, line.params[1])
                self.assertIn(mode, line.params[1])
                answer = user.iq("get", room("#paris"), "<query xmlns='%s#admin'>"
                                 "<item affiliation='member'/></query>" % MUC)
                jids = [i.get("jid") for i in answer.find("query").children]
                self.assertEqual(address % prefix in jids, affiliation == "member", jids)

    def test_profiles(self):
        """Who somebody is: WHOIS as a card of an occupant, and by the command (G054-01, G054-04)"""
        self.opened("#tomb", "rosaline1")
        user = self.go_online("sampson")
        self.entered(user, "#tomb", "sampson")
        card = user.iq("get", room("#tomb") + "/rosaline1", "<vCard xmlns='vcard-temp'/>")
        self.assert_result(card)
        text = card.find("vCard").find("DESC").text
        self.assertIn("User and host: ", text)
        self.assertEqual("Server: " in text, self.tells_server)
        self.assertIn("#tomb", text)
        user.send("<message type='chat' to='%s'><body>profile rosaline2</body></message>"
                  % GATEWAY)
        user.expect("<message type='chat' from='%s' ...><body>*knows nobody of this address*"
                    "</body>...</message>" % GATEWAY)

    @library.needs_slixmpp
    def test_slixmpp(self):
        """slixmpp's room client joins, talks and leaves (G045-15, G045-34, G045-60)"""
        self.wait_for_gateway(self.xmpp("rosaline"))
        library.run(self.slixmpp_round(self.opened("#mantua", "laura")))

    async def slixmpp_round(self, laura):
        user = await library.log_in(self.prosody.c2s, "nurse", 30, 4, 45, 77, 199)
        await library.register(user)
        muc, name = user["xep_0045"], room("#mantua")
        await muc.join_muc_wait(name, "nurse", timeout=30)
        self.assertEqual(sorted(muc.get_roster(name)), ["laura", "nurse"])
        user.send_message(name, "from slixmpp", mtype="groupchat")
        await library.in_thread(lambda: laura.expect("PRIVMSG", "#mantua", "from slixmpp"))
        self.assertEqual((await library.message_of(user, name, "slixmpp"))["body"],
                         "from slixmpp")
        laura.send("PRIVMSG #mantua :to slixmpp")
        self.assertEqual((await library.message_of(user, name, "to"))["body"], "to slixmpp")
        muc.leave_muc(name, "nurse", msg="bye")
        await library.in_thread(lambda: laura.expect("PART", "#mantua", source="nurse"))
        await user.disconnect()


class Ngircd(Channels, GatewayTest):
    """The plainest server: no capability but multi-prefix."""


class Inspircd(Channels, GatewayTest):
    """Labels, echoes, accounts, away."""
    programs = ("prosody", "inspircd", "atheme-services")

    @classmethod
    def network(cls, lab):
        server = servers.inspircd(lab)
        return server, {"server": "127.0.0.1", "port": server.irc, "tls": "no"}
