# SPDX-License-Identifier: MPL-2.0
"""A scripted IRC server. By default it does what any server does with a quiet client: capabilities,
SASL, login, PING, USERHOST, ISON, MONITOR, WHOIS, AWAY, QUIT, so that a scenario names only the
lines that it is about. Every default can be taken away (`manual`).

It checks of every line: CR LF at the end and nowhere else, no NUL, at most 510 bytes without the
tags (RFC 2812 §2.3), tags at most 4094 bytes, and that a PRIVMSG or NOTICE still fits in 510 bytes
when it is relayed with the sender's prefix."""
import base64
import hashlib
import hmac

from reactor import Connection, Listener

LINE_MAX, TAGS_MAX = 510, 4094
SERVER = "irc.server.test"


def fold(nick):
    """CASEMAPPING rfc1459."""
    return nick.lower().translate(str.maketrans("[]\\~", "{}|^"))


def text_of(raw):
    return raw.decode("utf-8", "surrogateescape")


def bytes_of(text):
    return text.encode("utf-8", "surrogateescape")


class Line:
    """A parsed line: tags, source, command, parameters."""
    __slots__ = ("tags", "source", "command", "params", "auto", "raw")

    def __init__(self, raw):
        self.raw, self.tags, self.source, self.auto = raw, {}, None, False
        rest = raw
        if rest.startswith("@"):
            tags, _, rest = rest[1:].partition(" ")
            for tag in tags.split(";"):
                key, _, value = tag.partition("=")
                self.tags[key] = value
            rest = rest.lstrip(" ")
        if rest.startswith(":"):
            self.source, _, rest = rest[1:].partition(" ")
        rest, colon, last = (" " + rest).partition(" :")
        words = rest.split()
        self.params = words[1:] + ([last] if colon else [])
        self.command = words[0].upper() if words else ""


class Person:
    """A nick on the network that is not a connection of the daemon."""

    def __init__(self, nick):
        self.nick, self.online, self.away = nick, False, None
        self.user, self.host = nick.lower()[:9], "host.test"

    @property
    def prefix(self):
        return "%s!%s@%s" % (self.nick, self.user, self.host)


class Scram:
    """The server's half of one SCRAM-SHA-256 exchange."""
    SALT = b"a pinch of salt"

    def __init__(self, first, user, nonce, rounds):
        self.first, self.user, self.rounds, self.verdict = first, user, rounds, None
        self.nonce = nonce + "of-the-server"
        self.challenge = "r=%s,s=%s,i=%d" % (self.nonce, base64.b64encode(self.SALT).decode(),
                                             rounds)

    def check(self, final, password):
        """Is the proof right? The verdict is then our own proof."""
        def keyed(key, text):
            return hmac.new(key, text.encode(), hashlib.sha256).digest()
        bare, _, proof = final.rpartition(",p=")
        signed = ",".join([self.first, self.challenge, bare])
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), self.SALT, self.rounds)
        stored = hashlib.sha256(keyed(salted, "Client Key")).digest()
        mask = keyed(stored, signed)
        key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), mask))
        if bare != "c=biws,r=" + self.nonce or hashlib.sha256(key).digest() != stored:
            return False
        self.verdict = "v=" + base64.b64encode(
            keyed(keyed(salted, "Server Key"), signed)).decode()
        return True


class Client(Connection):
    """One connection of the daemon."""

    def __init__(self, server, sock):
        super().__init__(server.reactor, sock)
        self.server, self.buffer = server, b""
        self.nick = self.user = self.password = None
        self.caps, self.negotiating, self.registered = set(), False, False
        self.mechanism, self.account, self.away = None, None, None
        self.monitored, self.silent, self.number = {}, False, 0
        self.sasl_buffer, self.scram = "", None

    @property
    def prefix(self):
        return "%s!~%s@%s" % (self.nick, self.user, self.server.client_host)

    @property
    def label(self):
        return "%d%s" % (self.number, ":" + self.nick if self.nick else "")

    # bytes

    def received(self, data):
        self.buffer += data
        while b"\n" in self.buffer:
            raw, self.buffer = self.buffer.split(b"\n", 1)
            self._line(raw)
        if len(self.buffer) > 16384:
            self.server.breach("a line without an end: %r..." % self.buffer[:80])
            self.drop()

    def _line(self, raw):
        server = self.server
        if not raw.endswith(b"\r"):
            server.breach("a line does not end in CR LF: %r" % raw)
        raw = raw[:-1] if raw.endswith(b"\r") else raw
        server.note("I%s" % self.label, "<", text_of(raw))
        if b"\r" in raw or b"\0" in raw:
            server.breach("CR or NUL inside a line: %r" % raw)
        body = raw
        if raw.startswith(b"@"):
            tags, _, body = raw.partition(b" ")
            if len(tags) > TAGS_MAX:
                server.breach("%d bytes of tags" % len(tags))
        if len(body) > LINE_MAX:
            server.breach("a line of %d bytes: %r..." % (len(body), body[:60]))
        line = Line(text_of(raw))
        if line.command in ("PRIVMSG", "NOTICE") and \
                len(body) + len(bytes_of(":%s " % self.prefix)) > LINE_MAX:
            server.breach("relayed, the line would have %d bytes"
                          % (len(body) + len(bytes_of(":%s " % self.prefix))))
        line.auto = self._handle(line)
        server.queue.append((self, line))

    def say(self, text, label=None):
        if label is not None:
            text = "@label=%s %s" % (label, text)
        self.server.note("I%s" % self.label, ">", text)
        self.write(bytes_of(text) + b"\r\n")

    def numeric(self, number, text, label=None):
        self.say(":%s %s %s %s" % (SERVER, number, self.nick or "*", text), label)

    def ended(self):
        self.server.note("I%s" % self.label, "<", "connection ended")

    # commands

    def _handle(self, line):
        """Does the default; True when a scenario may pass over the line."""
        server, command = self.server, line.command
        if self.silent or command in server.manual:
            return command not in server.manual
        handler = getattr(self, "on_" + command.lower(), None)
        if not handler:
            return False
        auto = handler(line) is not False
        return auto and command not in server.show

    def on_cap(self, line):
        server, sub = self.server, line.params[0].upper() if line.params else ""
        if server.caps is None:
            self.numeric("421", "CAP :Unknown command")
        elif sub == "LS":
            self.negotiating = not self.registered
            names = list(server.caps)
            if server.sasl is not None and "sasl" not in [n.split("=")[0] for n in names]:
                names.append("sasl=" + ",".join(server.mechanisms))
            # a list that is cut in two exercises the continuation mark
            while len(names) > 12:
                self.say(":%s CAP * LS * :%s" % (SERVER, " ".join(names[:12])))
                names = names[12:]
            self.say(":%s CAP * LS :%s" % (SERVER, " ".join(names)))
        elif sub == "REQ":
            wanted = line.params[-1].split()
            have = [n.split("=")[0] for n in server.caps] + (["sasl"] if server.sasl is not None
                                                             else [])
            ok = all(w.lstrip("-") in have for w in wanted)
            if ok:
                self.caps |= set(wanted)
            self.say(":%s CAP %s %s :%s" % (SERVER, self.nick or "*", "ACK" if ok else "NAK",
                                            " ".join(wanted)))
        elif sub == "END":
            self.negotiating = False
            self._maybe_welcome()

    def on_authenticate(self, line):
        word = line.params[0] if line.params else ""
        if self.mechanism is None:
            if word.upper() not in self.server.mechanisms or self.server.sasl is None:
                self.numeric("908", "%s :are available SASL mechanisms"
                             % ",".join(self.server.mechanisms))
                self.numeric("904", ":SASL authentication failed")
                return
            self.mechanism = word.upper()
            self.say("AUTHENTICATE +")
            return
        self.sasl_buffer += "" if word == "+" else word
        if len(word) == 400:
            return                     # more follows
        data, self.sasl_buffer = self.sasl_buffer, ""
        if word == "*":
            self.mechanism = self.scram = None
            self.numeric("906", ":SASL authentication aborted")
            return
        if self.mechanism == "SCRAM-SHA-256":
            self._scram(base64.b64decode(data).decode())
            return
        self.mechanism = None
        try:
            _, user, password = base64.b64decode(data).split(b"\0")
            ok = [user.decode(), password.decode()] == self.server.sasl
        except ValueError:
            ok = False
        self._sasl_ends(ok)

    def _scram(self, text):
        """RFC 5802 §5, the server's side."""
        if self.scram is None:
            user, nonce = text.split(",")[2][2:], text.split(",")[3][2:]
            self.scram = Scram(text[3:], user, nonce, self.server.scram_rounds)
            self.say_base64(self.scram.challenge)
        elif self.scram.verdict is None:
            ok = self.scram.user == self.server.sasl[0] and \
                self.scram.check(text, self.server.sasl[1])
            if self.server.scram_lies:
                self.scram.verdict = "v=" + base64.b64encode(bytes(32)).decode()
            elif not ok:
                self.scram.verdict = "e=invalid-proof"
            self.say_base64(self.scram.verdict)
        else:
            ok = self.scram.verdict.startswith("v=")
            self.scram = self.mechanism = None
            self._sasl_ends(ok)

    def say_base64(self, text):
        data = base64.b64encode(text.encode()).decode()
        while len(data) >= 400:
            self.say("AUTHENTICATE " + data[:400])
            data = data[400:]
        self.say("AUTHENTICATE " + (data or "+"))

    def _sasl_ends(self, ok):
        if ok:
            self.account = self.server.sasl[0]
            self.numeric("900", "%s!*@* %s :You are now logged in" % (self.nick or "*",
                                                                     self.account))
            self.numeric("903", ":SASL authentication successful")
        else:
            self.numeric("904", ":SASL authentication failed")

    def on_pass(self, line):
        self.password = line.params[-1] if line.params else ""

    def on_nick(self, line):
        server, wanted = self.server, line.params[0] if line.params else ""
        change = self.registered
        if not self._nick_is_legal(wanted):
            self.numeric("432", "%s :Erroneous nickname" % wanted)
        elif server.taken(wanted, self):
            self.numeric("433", "%s :Nickname is already in use" % wanted)
        elif not self.registered:
            self.nick = wanted
            self._maybe_welcome()
        else:
            self.say(":%s NICK :%s" % (self.prefix, wanted))
            self.nick = wanted
        return not change

    def _nick_is_legal(self, nick):
        first = nick[:1]
        return nick != "" and len(nick) <= self.server.nick_max and \
            not (first.isdigit() or first == "-") and \
            all(c.isalnum() or c in "-_[]\\`^{|}" for c in nick)

    def on_user(self, line):
        self.user = (line.params[0] if line.params else "x")[:9]
        self._maybe_welcome()

    def _maybe_welcome(self):
        server = self.server
        if self.registered or self.negotiating or not self.nick or not self.user:
            return
        if "WELCOME" in server.manual:
            return
        if server.password is not None and self.password != server.password:
            self.numeric("464", ":Password incorrect")
            self.quit("Bad password")
            return
        self.welcome()

    def welcome(self):
        self.registered = True
        self.numeric("001", ":Welcome to TestNet, %s" % self.prefix)
        self.numeric("002", ":Your host is %s" % SERVER)
        self.numeric("003", ":This server was created for tests")
        self.numeric("004", "%s test-1 io nt" % SERVER)
        self.numeric("005", " ".join(self.server.isupport + ["NICKLEN=%d" % self.server.nick_max])
                     + " :are supported by this server")
        self.numeric("422", ":MOTD File is missing")

    def quit(self, reason):
        self.say("ERROR :Closing link: %s" % reason)
        self.drop()

    def on_ping(self, line):
        self.say(":%s PONG %s :%s" % (SERVER, SERVER, line.params[-1] if line.params else ""),
                 line.tags.get("label"))

    def on_pong(self, line):
        self.server.pongs.append((self, line.params[-1] if line.params else ""))

    def on_quit(self, line):
        self.quit(line.params[-1] if line.params else "")

    def on_away(self, line):
        self.away = line.params[-1] if line.params and line.params[-1] else None
        self.numeric("306" if self.away else "305", ":away" if self.away else ":no longer away",
                     line.tags.get("label"))

    def on_mode(self, line):
        pass

    def on_ison(self, line):
        online = [p.nick for p in map(self.server.person, " ".join(line.params).split())
                  if p and p.online]
        self.numeric("303", ":" + " ".join(online), line.tags.get("label"))

    def on_userhost(self, line):
        out = []
        for nick in line.params:
            if self.nick and fold(nick) == fold(self.nick):
                out.append("%s=+~%s@%s" % (self.nick, self.user, self.server.client_host))
                continue
            person = self.server.person(nick)
            if person and person.online:
                out.append("%s=%s%s@%s" % (person.nick, "-" if person.away else "+", person.user,
                                           person.host))
        self.numeric("302", ":" + " ".join(out), line.tags.get("label"))

    def on_whois(self, line):
        nick = line.params[-1] if line.params else ""
        person = self.server.person(nick)
        if not person or not person.online:
            self.numeric("401", "%s :No such nick" % nick)
        else:
            self.numeric("311", "%s %s %s * :%s" % (person.nick, person.user, person.host,
                                                    person.nick))
            if person.away:
                self.numeric("301", "%s :%s" % (person.nick, person.away))
        self.numeric("318", "%s :End of WHOIS" % nick)

    def on_who(self, line):
        mask = line.params[0] if line.params else ""
        person = self.server.person(mask)
        if person and person.online:
            flag = "G" if person.away else "H"
            if len(line.params) > 1 and line.params[1].startswith("%"):
                _, _, token = line.params[1].partition(",")
                fields = {"t": token, "c": "*", "u": person.user, "i": "255.255.255.255",
                          "h": person.host, "s": SERVER, "n": person.nick, "f": flag, "d": "0",
                          "l": "0", "a": "0", "r": ":" + person.nick}
                asked = line.params[1][1:].split(",")[0]
                self.numeric("354", " ".join(fields[f] for f in "tcuihsnfdlar" if f in asked))
            else:
                self.numeric("352", "* %s %s %s %s %s :0 %s" % (person.user, person.host, SERVER,
                                                                person.nick, flag, person.nick))
        self.numeric("315", "%s :End of WHO" % mask)

    def on_monitor(self, line):
        if not any(t.split("=")[0] == "MONITOR" for t in self.server.isupport):
            self.numeric("421", "MONITOR :Unknown command")
            return False
        sub = line.params[0] if line.params else ""
        nicks = line.params[1].split(",") if len(line.params) > 1 else []
        if sub == "+":
            for nick in nicks:
                self.monitored[fold(nick)] = nick
            self.tell_monitored(nicks)
        elif sub == "-":
            for nick in nicks:
                self.monitored.pop(fold(nick), None)
        elif sub == "C":
            self.monitored.clear()
        elif sub == "S":
            self.tell_monitored(list(self.monitored.values()))
        return True

    def tell_monitored(self, nicks):
        people = [(n, self.server.person(n)) for n in nicks]
        here = [p.prefix for _, p in people if p and p.online]
        gone = [n for n, p in people if not p or not p.online]
        for number, items in (("730", here), ("731", gone)):
            while items:
                self.numeric(number, ":" + ",".join(items[:8]))
                items = items[8:]

    def _relay(self, line):
        """PRIVMSG and NOTICE are always for the scenario; what a server adds comes here."""
        label = line.tags.get("label")
        target = line.params[0] if line.params else ""
        person = self.server.person(target)
        own = self.nick and fold(target) == fold(self.nick)
        # What is said in a channel is answered by the scenario, but for echoes.
        if not own and target[:1] != "#" and (not person or not person.online):
            if line.command == "PRIVMSG":
                self.numeric("401", "%s :No such nick/channel" % target, label)
            elif label is not None:
                self.say(":%s ACK" % SERVER, label)
            return False
        if "echo-message" in self.caps:
            self.say(":%s %s %s :%s" % (self.prefix, line.command, target, line.params[-1]), label)
        elif label is not None:
            self.say(":%s ACK" % SERVER, label)
        if person and person.away and line.command == "PRIVMSG":
            self.numeric("301", "%s :%s" % (person.nick, person.away))
        return False

    on_privmsg = on_notice = _relay


class IrcServer:
    def __init__(self, reactor, note):
        self.reactor, self.note = reactor, note
        self.clients, self.breaches, self.pongs, self.people = [], [], [], {}
        self.queue = []                # (client, line) in the order of arrival
        self.total = 0
        self.caps, self.sasl, self.password = [], None, None
        self.mechanisms, self.scram_rounds, self.scram_lies = ["PLAIN"], 4096, False
        self.isupport = ["CASEMAPPING=rfc1459", "CHANTYPES=#", "NETWORK=TestNet"]
        self.nick_max, self.client_host = 30, "client.host.test"
        self.manual, self.show = set(), set()
        self.listener = Listener(reactor, self._accepted)

    @property
    def port(self):
        return self.listener.port

    def breach(self, text):
        self.note("I", "!", text)
        self.breaches.append(text)

    def _accepted(self, sock):
        client = Client(self, sock)
        self.total += 1
        client.number = self.total
        self.clients.append(client)
        self.note("I%s" % client.label, "<", "connection accepted")

    def client(self, nick=None):
        """The connection with that nick, or the newest one that lives."""
        for client in reversed(self.clients):
            if client.alive and (nick is None or
                                 client.nick and fold(client.nick) == fold(nick)):
                return client
        return None

    def close(self):
        self.listener.close()
        for client in self.clients:
            client.drop()

    # people

    def person(self, nick):
        return self.people.get(fold(nick))

    def taken(self, nick, by):
        person = self.person(nick)
        return person and person.online or any(
            c is not by and c.alive and c.nick and fold(c.nick) == fold(nick)
            for c in self.clients)

    def set_person(self, nick, online, away=None):
        """Changes who is there, and tells the connections that asked to know."""
        person = self.people.setdefault(fold(nick), Person(nick))
        was_online, was_away = person.online, person.away
        person.online, person.away = online, away if online else None
        for client in self.clients:
            if not client.alive or fold(nick) not in client.monitored:
                continue
            if online != was_online:
                client.tell_monitored([nick])
            if online and away != was_away and {"away-notify", "extended-monitor"} <= client.caps:
                client.say(":%s AWAY%s" % (person.prefix, " :" + away if away else ""))
