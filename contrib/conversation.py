#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""The narrated conversation of contrib/quickstart: Romeo, who uses XMPP, registers with the
gateway and talks to Juliet, who uses IRC. Both are bare protocol clients on sockets, so that
nothing but the gateway stands between them. Standard library only.

Ends with status 1 and a sentence when anything is not as it should be. Without --once Juliet stays
on IRC and answers whoever writes to her."""
import argparse
import base64
import itertools
import os
import select
import socket
import sys
import textwrap
import time
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

WAIT = 30
REGISTER = "jabber:iq:register"
INFO = "http://jabber.org/protocol/disco#info"


class Trouble(Exception):
    pass


def tag(element):
    return element.tag.rpartition("}")[2]


class Reader:
    """A socket from which one waits for something, with a deadline."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.arrived = []

    def feed(self, data):
        raise NotImplementedError

    def wait(self, want, what, seconds=WAIT):
        """The first arrival for which want() holds; the others are dropped."""
        end = time.monotonic() + seconds
        while True:
            while self.arrived:
                item = self.arrived.pop(0)
                if want(item):
                    return item
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                raise Trouble("%s did not come within %d seconds" % (what, seconds))
            data = self.sock.recv(65536)
            if not data:
                raise Trouble("the connection was closed instead of %s" % what)
            self.feed(data)


class XmppUser(Reader):
    def __init__(self, port, jid, password):
        super().__init__(port)
        self.user, _, self.domain = jid.partition("@")
        self.bare, self.ids = jid, itertools.count(1)
        self.open()
        login = base64.b64encode(("\0%s\0%s" % (self.user, password)).encode()).decode()
        self.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>"
                  % login)
        self.wait(lambda e: tag(e) == "success", "the log-in of " + jid)
        self.open()
        self.iq("set", None, "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                "<resource>quickstart</resource></bind>")
        self.iq("get", None, "<query xmlns='jabber:iq:roster'/>")
        self.presence()

    def open(self):
        self.parser, self.depth, self.root = ET.XMLPullParser(("start", "end")), 0, None
        self.send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
                  "xmlns:stream='http://etherx.jabber.org/streams' to='%s'>" % self.domain)
        self.wait(lambda e: tag(e) == "features", "the XMPP server's features")

    def send(self, text):
        self.sock.sendall(text.encode())

    def feed(self, data):
        self.parser.feed(data)
        for event, element in self.parser.read_events():
            if event == "start":
                self.root = element if self.depth == 0 else self.root
                self.depth += 1
                continue
            self.depth -= 1
            if self.depth == 1:
                self.arrived.append(element)
                self.root.remove(element)

    def iq(self, kind, to, payload):
        ident = "q%d" % next(self.ids)
        self.send("<iq type='%s' id='%s'%s>%s</iq>"
                  % (kind, ident, " to='%s'" % to if to else "", payload))
        answer = self.wait(lambda e: tag(e) == "iq" and e.get("id") == ident,
                           "the answer of %s" % (to or self.domain))
        if answer.get("type") == "error":
            texts = [e.text for e in answer.iter() if tag(e) == "text" and e.text]
            conditions = [tag(e) for e in answer.iter() if "xmpp-stanzas" in e.tag]
            raise Trouble("%s answered with an error: %s"
                          % (to or self.domain, " ".join(conditions[:1] + texts)))
        return answer

    def presence(self, to=None, kind=None):
        self.send("<presence%s%s/>" % (" to='%s'" % to if to else "",
                                       " type='%s'" % kind if kind else ""))

    def wait_presence(self, sender, kind, what):
        return self.wait(lambda e: tag(e) == "presence" and e.get("type") == kind and
                         (e.get("from") or "").split("/")[0] == sender, what)

    def say(self, to, body):
        self.send("<message to='%s' type='chat' id='m%d'><body>%s</body></message>"
                  % (to, next(self.ids), escape(body)))

    def wait_message(self, sender, what):
        got = self.wait(lambda e: tag(e) == "message" and e.find("{*}body") is not None and
                        (e.get("from") or "").split("/")[0] == sender, what)
        return got.find("{*}body").text


class IrcUser(Reader):
    def __init__(self, port, nick):
        super().__init__(port)
        self.nick, self.rest = nick, b""
        self.send("NICK %s" % nick)
        self.send("USER %s 0 * :%s" % (nick, nick))
        self.wait(lambda w: w[1] in ("376", "422"), "the IRC log-in of " + nick)

    def send(self, line):
        self.sock.sendall(line.encode() + b"\r\n")

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            words = self.parse(line.rstrip(b"\r").decode("utf-8", "replace"))
            if words[1] == "PING":
                self.send("PONG :" + words[-1])
            else:
                self.arrived.append(words)

    @staticmethod
    def parse(line):
        source = ""
        if line.startswith(":"):
            source, _, line = line[1:].partition(" ")
        head, colon, last = line.partition(" :")
        return [source] + head.split() + ([last] if colon else [])

    def wait_message(self, sender, what):
        got = self.wait(lambda w: w[1] == "PRIVMSG" and w[0].split("!")[0] == sender, what)
        return got[-1]

    def answer_for_ever(self):
        """Keeps the conversation going for whoever tries the gateway with a real client."""
        while True:
            words = self.wait(lambda w: w[1] == "PRIVMSG" and w[2] == self.nick, "a message",
                              10 ** 9)
            self.send("PRIVMSG %s :Here on IRC I read: %s"
                      % (words[0].split("!")[0], words[-1][:300]))


class Narrator:
    def __init__(self):
        colour = bool(os.environ.get("SOJOURN_COLOUR"))
        self.codes = {"romeo": "\x1b[36m", "juliet": "\x1b[35m", "note": "\x1b[2m",
                      "end": "\x1b[0m"} if colour else {}

    def tell(self, text):
        print("    " + text)

    def line(self, who, network, text):
        print("%s%8s, %s  %s%s" % (self.codes.get(who, ""), who, network, text,
                                    self.codes.get("end", "")))

    def note(self, text):
        for part in textwrap.wrap(text, 70) or [""]:
            print("%s%18s%s%s" % (self.codes.get("note", ""), "", part,
                                  self.codes.get("end", "")))


def wait_for_gateway(romeo, gateway):
    """The component attaches a moment after its start."""
    end = time.monotonic() + WAIT
    while True:
        try:
            return romeo.iq("get", gateway, "<query xmlns='%s'/>" % INFO)
        except Trouble:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)


def register(romeo, gateway, nick, n):
    info = wait_for_gateway(romeo, gateway)
    identity = info.find(".//{%s}identity" % INFO)
    n.tell("Romeo asks %s what it is: a %s to %s, \"%s\"." % (
        gateway, identity.get("category"), identity.get("type").upper(), identity.get("name")))
    form = romeo.iq("get", gateway, "<query xmlns='%s'/>" % REGISTER)
    text = form.find(".//{%s}instructions" % REGISTER)
    n.tell("He asks what it takes to register. The gateway says:")
    n.note("\"%s\"" % (text.text if text is not None else ""))
    romeo.iq("set", gateway, "<query xmlns='%s'><username>%s</username></query>"
             % (REGISTER, nick))
    n.tell("He gives the nickname %s. The gateway tried it on IRC and says: registered." % nick)
    romeo.wait_presence(gateway, "subscribe", "the gateway's wish to see Romeo's presence")
    romeo.presence(gateway, "subscribed")
    romeo.presence(gateway, "subscribe")
    romeo.wait_presence(gateway, None, "the gateway's presence")
    n.tell("The gateway stands in his roster now and is available: he is logged in to IRC.")


def meet(romeo, juliet, contact, n):
    juliet.send("WHOIS romeo")
    who = juliet.wait(lambda w: w[1] in ("311", "401"), "what IRC knows of romeo")
    if who[1] != "311":
        raise Trouble("IRC does not know romeo")
    juliet.wait(lambda w: w[1] == "318", "the end of WHOIS")
    n.tell("Juliet, on IRC, sees an ordinary user: %s!%s@%s." % tuple(who[3:6]))
    romeo.presence(contact, "subscribe")
    romeo.wait_presence(contact, "subscribed", "the consent to add Juliet")
    n.tell("Romeo adds %s to his roster." % contact)
    romeo.wait_presence(contact, None, "Juliet's presence")
    n.tell("Juliet is shown as online.")


def talk(romeo, juliet, contact, n):
    lines = [("romeo", "Art thou there, Juliet?"), ("juliet", "I am, and I can read thee."),
             ("romeo", "Even from XMPP? Caf\u00e9, \u6f22\u5b57 and \U0001f339 too?"),
             ("juliet", "Every sign of it: \U0001f339.")]
    for who, text in lines:
        if who == "romeo":
            romeo.say(contact, text)
            got = juliet.wait_message("romeo", "Romeo's message on IRC")
            n.line("romeo", "XMPP", text)
            n.note("IRC: PRIVMSG juliet :%s" % got)
        else:
            juliet.send("PRIVMSG romeo :" + text)
            got = romeo.wait_message(contact, "Juliet's message on XMPP")
            n.line("juliet", "IRC ", text)
            n.note("XMPP: message from %s: %s" % (contact, got))
        if got != text:
            raise Trouble("the message arrived as \"%s\"" % got)
    romeo.say(contact, "/me waves")
    got = juliet.wait_message("romeo", "Romeo's action on IRC")
    if got != "\x01ACTION waves\x01":
        raise Trouble("/me arrived as %r" % got)
    n.line("romeo", "XMPP", "/me waves")
    n.note("IRC: * romeo waves")


def explain(options):
    host = "127.0.0.1"
    print("""
Now it is your turn; everything stays up until Ctrl-C.
    XMPP account    %s, password %s
    server          %s, port %d (set it by hand; the certificate is self-signed)
    gateway         %s
    IRC server      %s, port %d, without TLS: any IRC client, any nickname
  Romeo is registered already: write to juliet@%s, she is still on IRC and answers.
  Gajim: add the account (advanced settings: host and port); Accounts, Discover Services shows the
    gateway, where the registration can be changed or removed.
  profanity: /connect %s server %s port %d tls trust
             /msg juliet@%s hello
""" % (options.user, options.password, host, options.xmpp_port, options.gateway, host,
          options.irc_port, options.gateway, options.user, host, options.xmpp_port,
          options.gateway))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--xmpp-port", type=int, required=True)
    ap.add_argument("--irc-port", type=int, required=True)
    ap.add_argument("--gateway", required=True)
    ap.add_argument("--user", required=True)
    ap.add_argument("--password", required=True)
    ap.add_argument("--once", action="store_true")
    options = ap.parse_args()
    n, contact = Narrator(), "juliet@" + options.gateway
    try:
        romeo = XmppUser(options.xmpp_port, options.user, options.password)
        n.tell("Romeo logs in to his XMPP server as %s." % romeo.bare)
        register(romeo, options.gateway, "romeo", n)
        juliet = IrcUser(options.irc_port, "juliet")
        meet(romeo, juliet, contact, n)
        talk(romeo, juliet, contact, n)
        romeo.presence(kind="unavailable")
        n.tell("Every line arrived as it was written, both ways.")
    except (Trouble, OSError) as e:
        print("    This went wrong: %s." % e, file=sys.stderr)
        return 1
    if not options.once:
        explain(options)
        romeo.sock.close()
        juliet.answer_for_ever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
