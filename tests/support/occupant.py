# SPDX-License-Identifier: MPL-2.0
"""An occupant of rooms with slixmpp: what its client hears of one room, in the order in which it
came, and what users do there."""
import asyncio
import contextlib
import io

import library
from e2ebase import GATEWAY

WAIT = 30
MUC_PLUGINS = (4, 30, 45, 59, 199, 203, 249, 313, 359)


def codes(stanza):
    """The status codes of a stanza of a room."""
    return set(stanza["muc"]["status_codes"])


def is_presence(nick, kind="available"):
    return lambda st: st.name == "presence" and st["from"].resource == nick and \
        (st["type"] == kind or (kind == "available" and st["type"] in st.showtypes))


def is_said(nick, text):
    return lambda st: st.name == "message" and st["type"] == "groupchat" and \
        st["from"].resource == nick and st["body"] == text


class Occupant:
    """user: of library.log_in with MUC_PLUGINS, registered and logged in to the network."""

    def __init__(self, user, channel, nick):
        self.user, self.nick = user, nick
        self.room = "%s@%s" % (channel, GATEWAY)
        self.heard, self.arrived = [], asyncio.Event()
        user.add_filter("in", self._hear)

    def _hear(self, stanza):
        if stanza.name in ("presence", "message") and stanza["from"].bare == self.room:
            self.heard.append(stanza)
            self.arrived.set()
        return stanza

    async def hear(self, want, what):
        """The first stanza of the room that want() accepts; it and those before it are taken."""
        async def wait():
            while True:
                for i, stanza in enumerate(self.heard):
                    if want(stanza):
                        self.before, self.heard = self.heard[:i], self.heard[i + 1:]
                        return stanza
                self.arrived.clear()
                await self.arrived.wait()
        try:
            return await asyncio.wait_for(wait(), WAIT)
        except asyncio.TimeoutError:
            raise AssertionError("%s did not come to %s in %s; what came:\n%s" % (
                what, self.user.boundjid, self.room, "\n".join(map(str, self.heard)))) from None

    async def presence(self, nick, kind="available"):
        return await self.hear(is_presence(nick, kind), "presence of %s, %s" % (nick, kind))

    async def said(self, nick, text):
        return await self.hear(is_said(nick, text), "%r by %s" % (text, nick))

    async def subject(self, text):
        return await self.hear(lambda st: st.name == "message" and st["subject"] == text and
                               not st["body"], "the subject %r" % text)

    async def join(self, password=None, **history):
        """The own presence, the subject, and all stanzas of the join in their order; raises
        PresenceError when it is refused."""
        self.heard = []
        muc = self.user["xep_0045"]
        with contextlib.redirect_stdout(io.StringIO()):      # slixmpp 1.8.3 prints history
            own, subject, _, _ = await muc.join_muc_wait(self.room, self.nick, password=password,
                                                         timeout=WAIT, **history)
        await self.hear(lambda st: st.name == "message" and st.xml.find("{*}subject") is not None,
                        "the subject of the join")
        return own, subject, self.before

    def leave(self):
        self.user["xep_0045"].leave_muc(self.room, self.nick)

    def say(self, text):
        self.user.send_message(self.room, text, mtype="groupchat")

    def rename(self, nick):
        self.nick = nick
        self.user.send_presence(pto="%s/%s" % (self.room, nick))

    async def self_ping(self):
        """XEP-0410: the ping to the own place; raises IqError where that is not in the room."""
        return await self.user["xep_0199"].send_ping("%s/%s" % (self.room, self.nick),
                                                     timeout=WAIT)
