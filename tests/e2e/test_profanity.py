# SPDX-License-Identifier: MPL-2.0
"""A client for people, profanity of Debian, in a terminal: what it shows of a channel. It knows
neither registration nor gateways, so everything begins with a chat."""
import re

from e2ebase import GATEWAY, PASSWORD, GatewayTest
from servers import program
from terminal import Terminal

ROOM = "#verona@" + GATEWAY
# Bells and desktop notifications are nothing for a test; times differ.
SETTINGS = """[ui]
splash=false
beep=false
flash=false
[notifications]
message=false
room=off
invite=false
sub=false
"""
ACCOUNT = """[romeo]
enabled=true
jid=romeo@localhost
password={password}
server=127.0.0.1
port={port}
resource=profanity
tls.policy=disable
muc.nick=romeo
"""


class Profanity(GatewayTest):
    programs = ("prosody", "ngircd", "profanity", "tmux")

    def profanity(self):
        """romeo's client, logged in to the XMPP server."""
        home = self.lab.dir / "profanity"
        for path, text in ((".config/profanity/profrc", SETTINGS),
                           (".local/share/profanity/accounts",
                            ACCOUNT.format(password=PASSWORD, port=self.prosody.c2s))):
            (home / path).parent.mkdir(parents=True)
            (home / path).write_text(text)
        screen = Terminal(home, [program("profanity"), "-a", "romeo"])
        self.clients.append(screen)
        screen.shows("romeo@localhost/profanity logged in successfully")
        return screen

    def register(self, screen):
        screen.type("/msg %s register romeo" % GATEWAY)
        screen.shows(GATEWAY + ": Password of your account there\\?")
        screen.type("..")
        screen.shows("You are registered with IRC \\(TestNet\\)", "Authorization request")
        screen.type("/sub request")
        screen.type("/sub allow")
        screen.shows(re.escape(GATEWAY) + r" \[online\]")

    def test_channel(self):
        """A person with profanity registers in a chat, joins a channel, talks once each, changes
        nick, sees others do so, is kicked, comes back to what was said, is banned, and leaves
        (G077-25, G045-12, G045-23, G045-24, G045-31, G045-51, G045-57, G045-59, G045-72,
        G359-02)"""
        self.wait_for_gateway(self.xmpp("sampson"))
        prince = self.irc("escalus")
        prince.send("JOIN #verona")
        prince.expect("366", None, "#verona")
        prince.send("TOPIC #verona :A public place")
        screen = self.profanity()
        self.register(screen)
        screen.type("/join " + ROOM)
        screen.shows("You have joined the room as romeo, role: participant",
                     r"\*escalus has set the room subject: A public place",
                     r"Moderators *\n.* escalus\b", r"Participants *\n.* romeo\b")
        self.talk(screen, prince)
        self.rename(screen, prince)
        self.kick(screen, prince)
        screen.type("/close")
        prince.expect("PART", "#verona", source="montague")

    def talk(self, screen, prince):
        prince.send("PRIVMSG #verona :Rebellious subjects, enemies to \u263a peace")
        screen.shows("- escalus: Rebellious subjects, enemies to \u263a peace")
        screen.type("Part, fools!")
        prince.expect("PRIVMSG", "#verona", "Part, fools!", source="romeo")
        screen.type("/me puts up his sword")
        prince.expect("PRIVMSG", "#verona", "\x01ACTION puts up his sword\x01", source="romeo")
        prince.send("PRIVMSG #verona :\x01ACTION leaves\x01")
        shown = screen.shows(r"- \*escalus leaves")
        for once in ("Part, fools!", "puts up his sword", "enemies to"):
            self.assertEqual(shown.count(once), 1, shown)

    def rename(self, screen, prince):
        prince.send("NICK prince")
        screen.shows(r"\*\* escalus is now known as prince", r"Moderators *\n.* prince\b")
        screen.type("/nick montague")
        prince.expect("NICK", "montague", source="romeo")
        # No line tells of it: profanity 0.13.1 completes the change before it looks for one.
        screen.shows(r"Participants.*\n.* montague\b", without=(r"Participants.*\n.* romeo\b",))

    def kick(self, screen, prince):
        """Kicked: back again, with what was said. Kicked behind a ban: no way back."""
        prince.send("KICK #verona montague :On pain of torture")
        screen.shows("Kicked from %s by prince, reason: On pain of torture" % ROOM)
        screen.type("/join " + ROOM)
        shown = screen.shows("You have joined the room as montague", "- romeo: Part, fools!",
                             r"- \*escalus leaves", r"\*\w+ has set the room subject")
        self.assertEqual(shown.count("Part, fools!"), 1, shown)
        prince.send("MODE #verona +b montague!*@*")
        prince.send("KICK #verona montague :On pain of death")
        screen.shows("Banned from %s by prince, reason: On pain of death" % ROOM)
        screen.type("/join " + ROOM)
        screen.shows("Error joining room %s, reason: forbidden" % ROOM)
        prince.send("MODE #verona -b montague!*@*")
        prince.expect("MODE", "#verona", "-b")
        screen.type("/join " + ROOM)
        screen.shows("You have joined the room as montague", r"Moderators *\n.* prince\b")
