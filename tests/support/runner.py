# SPDX-License-Identifier: MPL-2.0
"""Carries out the steps of one scenario between a scripted XMPP server and a scripted IRC server.

What holds always is checked by those servers and by finish(): every request answered, no stanza
or line that nobody expected, no warning in the log that was not declared, no secret in the log or
in the data directory, no report of a sanitizer, exit status 0 after SIGTERM."""
import pathlib
import re
import signal
import subprocess

import scn
import xmlmatch
from daemon import Daemon
from fakeirc import IrcServer, Line, fold
from fakexmpp import XmppServer
from reactor import HOST, Reactor

DEADLINE = 20.0
PREPARING = {"config", "irc:", "xmpp:", "let", "use", "deadline", "log", "log?", "C~", "I~"}
FENCE_USER = "fence@fence.test/runner"


class Failed(Exception):
    pass


def repeat(text):
    """{repeat N TEXT}, innermost first, and {hex 0d0a}: bytes that a text file should not hold."""
    while True:
        new = re.sub(r"\{repeat (\d+) ([^{}]*)\}", lambda m: int(m[1]) * m[2], text)
        new = re.sub(r"\{hex ([0-9a-fA-F]+)\}",
                     lambda m: bytes.fromhex(m[1]).decode("utf-8", "surrogateescape"), new)
        if new == text:
            return text
        text = new


def split_line(text):
    """An IRC pattern: (tags or None, source or None, command, parameters)."""
    line = Line(text)
    return text.split(" ", 1)[0] if text.startswith("@") else None, line


def irc_matches(pattern, line, variables):
    tags, want = split_line(pattern)
    trial = dict(variables)
    if tags is not None and not xmlmatch.glob(tags, line.raw.split(" ", 1)[0], trial):
        return False
    params = want.params
    if params and params[-1] == "...":               # any further parameters
        params = params[:-1]
    elif len(params) != len(line.params):
        return False
    if want.command != line.command or len(line.params) < len(params):
        return False
    for w, g in zip(params, line.params):
        if not xmlmatch.glob(w, g, trial):
            return False
    variables.update(trial)
    return True


class Runner:
    def __init__(self, scenario, binaries, directory):
        self.scenario, self.bin, self.dir = scenario, pathlib.Path(binaries), directory
        self.transcript, self.deadline = [], DEADLINE
        self.reactor = Reactor()
        self.irc = IrcServer(self.reactor, self.note)
        self.xmpp = XmppServer(self.reactor, {"irc.test": "sesame-irc"}, self.note)
        self.sections = {
            "gateway": {"server": HOST, "port": self.xmpp.port, "data-dir": directory + "/data",
                        "key-file": directory + "/store.key",
                        "control-socket": directory + "/control.sock", "allow": "*",
                        "log-level": "debug"},
            "irc.test": {"backend": "irc", "secret": "sesame-irc", "server": HOST,
                         "port": self.irc.port, "tls": "no", "send-rate": "0",
                         "login-rate": "0"}}
        self.vars = {"dir": directory, "iport": str(self.irc.port), "cport": str(self.xmpp.port),
                     "user": "romeo@montague.lit", "full": "romeo@montague.lit/orchard",
                     "nick": "romeo", "contact": "juliet"}
        self.daemon = Daemon(self.bin / "sojournd", directory)
        self.expected_logs, self.allowed_logs = [], []
        self.ignored_c, self.ignored_i = [], []
        self.secrets, self.private, self.fences, self.step = set(), set(), 0, None
        self.started_by_us, self.expect_exit = False, False

    # the transcript

    def note(self, side, direction, text):
        self.transcript.append("%7.3f %s%s %s" % (self.reactor.clock(), side, direction, text))

    def fail(self, text, got=None):
        self.reactor.drain()
        out = [text]
        if self.step:
            out.insert(0, "%s: %s" % (self.step.place, self.step))
        if got:
            out.append("got:      %s" % got)
        raise Failed("\n".join(out))

    # waiting

    def check_health(self):
        for breach in self.xmpp.breaches + self.irc.breaches:
            raise Failed("the daemon broke a rule that holds always: %s" % breach)
        if not self.expect_exit and self.daemon.proc and self.daemon.proc.poll() is not None:
            raise Failed("sojournd ended with status %s" % self.daemon.proc.returncode)

    def wait(self, done, what):
        def check():
            self.check_health()
            return done()
        if not self.reactor.run_until(check, self.deadline):
            self.fail("nothing came within %g s: %s" % (self.deadline, what))

    # XMPP side

    def next_stanza(self, host=None):
        """The next arrival that is not ignored, or None; it stays queued."""
        kept = []
        for arrival in list(self.xmpp.queue):
            if arrival.node.ns != xmlmatch.COMPONENT or \
                    any(xmlmatch.match(p, arrival.node, dict(self.vars)) is None
                        for p in self.ignored_c):
                self.xmpp.queue.remove(arrival)
            elif host in (None, "") or arrival.stream.host == host:
                kept.append(arrival)
        return kept

    def take_stanza(self, patterns, host):
        """Waits for the next stanza; it must match one of the patterns. Returns its index."""
        state = {}

        def done():
            for arrival in self.next_stanza(host):
                reasons = []
                for i, pattern in enumerate(patterns):
                    why = xmlmatch.match(pattern, arrival.node, self.vars)
                    if why is None:
                        self.xmpp.queue.remove(arrival)
                        state["index"] = i
                        return True
                    reasons.append(why)
                if not arrival.auto:
                    self.fail("another stanza came: %s" % "; ".join(reasons),
                              xmlmatch.format_node(arrival.node))
                self.xmpp.queue.remove(arrival)
            return False
        self.wait(done, "the stanza above")
        return state["index"]

    def stream_for(self, text, host):
        if not host:
            m = re.search(r"\sto=(['\"])(.*?)\1", text)
            host = self.xmpp.domain(m.group(2)) if m else "irc.test"
        host = host.replace("&apos;", "'").lower()
        if host not in self.xmpp.hosts:
            self.fail("no component is called %s; say C(HOST)>" % host)
        self.wait(lambda: self.xmpp.stream(host), "a component stream for %s" % host)
        return self.xmpp.stream(host)

    def send_stanza(self, step, raw=False):
        text = repeat(xmlmatch.expand(step.text, self.vars))
        for pattern in (r"<password>([^<]{4,})</password>",
                        r"var='(?:password|x-server-password)'[^>]*>\s*<value>([^<]{4,})<"):
            self.secrets.update(re.findall(pattern, text))
        self.xmpp.send(self.stream_for(text, step.where), text, raw)

    # IRC side

    def lines(self, nick):
        kept = []
        for item in list(self.irc.queue):
            client, line = item
            if any(irc_matches(p, line, dict(self.vars)) for p in self.ignored_i):
                self.irc.queue.remove(item)
            elif not nick or client.nick and fold(client.nick) == fold(nick):
                kept.append(item)
        return kept

    def take_line(self, patterns, nick):
        state = {}

        def done():
            for item in self.lines(nick):
                for i, pattern in enumerate(patterns):
                    if irc_matches(pattern, item[1], self.vars):
                        self.irc.queue.remove(item)
                        state["index"] = i
                        return True
                if not item[1].auto:
                    self.fail("another line came", item[1].raw)
                self.irc.queue.remove(item)
            return False
        self.wait(done, "the line above")
        return state["index"]

    def client_for(self, nick):
        nick = xmlmatch.expand(nick, self.vars) if nick else nick
        self.wait(lambda: self.irc.client(nick or None), "a connection%s" %
                  (" of " + nick if nick else ""))
        return self.irc.client(nick or None)

    # groups

    def take_group(self, items):
        """C< and I< in any order; all of them, and nothing else in between."""
        left = [(s, xmlmatch.pattern(repeat(s.text)) if s.verb == "C<"
                 else repeat(s.text)) for s in items]
        for s, _ in left:
            if s.verb not in ("C<", "I<"):
                self.fail("a group holds C< and I< only, not %s" % s.verb)

        def missing():
            return "; ".join(str(s) for s, _ in left)

        def done():
            self.take_for_group(left, "C<", self.xmpp.queue, self.next_stanza)
            self.take_for_group(left, "I<", self.irc.queue, lambda: self.lines(None))
            return not left
        try:
            self.wait(done, "all of the group")
        except Failed as e:
            raise Failed("%s\nmissing:  %s" % (e, missing())) from None

    def take_for_group(self, left, verb, queue, arrivals):
        """Takes what has come off the queue, as long as the group expects more of its kind."""
        for item in arrivals():
            wanted = [entry for entry in left if entry[0].verb == verb]
            if not wanted:
                return
            if verb == "C<":
                shown, auto = xmlmatch.format_node(item.node), item.auto
                hit = next((e for e in wanted
                            if xmlmatch.match(e[1], item.node, self.vars) is None), None)
            else:
                shown, auto = item[1].raw, item[1].auto
                hit = next((e for e in wanted if irc_matches(e[1], item[1], self.vars)), None)
            if hit:
                left.remove(hit)
            elif not auto:
                self.fail("not in this group", shown)
            queue.remove(item)

    # fences

    def fence_xmpp(self, host):
        stream = self.xmpp.stream(host)
        if not stream:
            return
        self.fences += 1
        ident = "fence-%d" % self.fences
        self.xmpp.send(stream, "<iq type='get' from='%s' to='%s' id='%s'>"
                       "<ping xmlns='urn:xmpp:ping'/></iq>" % (FENCE_USER, host, ident))
        pattern = xmlmatch.pattern("<iq type='result' from='%s' to='%s' id='%s'/>"
                                   % (host, FENCE_USER, ident))
        self.take_stanza([pattern], host)

    def fence_irc(self):
        for client in list(self.irc.clients):
            if not client.alive or not client.registered or client.silent or \
                    "PING" in self.irc.manual:
                continue
            self.fences += 1
            word = "fence-%d" % self.fences
            client.say("PING :%s" % word)
            self.wait(lambda c=client, w=word: (c, w) in self.irc.pongs or not c.alive,
                      "PONG %s" % word)
        for item in self.lines(None):
            if not item[1].auto:
                self.fail("a line that nobody expected", item[1].raw)
            self.irc.queue.remove(item)

    def fence(self):
        """Whatever the daemon was to say because of what came so far has arrived after this."""
        hosts = [h for h in self.xmpp.hosts if self.xmpp.stream(h)]
        for host in hosts:
            self.fence_xmpp(host)
        self.fence_irc()
        for host in hosts:
            self.fence_xmpp(host)
        for arrival in self.next_stanza():
            if not arrival.auto:
                self.fail("a stanza that nobody expected", xmlmatch.format_node(arrival.node))

    # steps

    def run(self):
        steps = self.unfold(self.scenario.steps)
        group = None
        for step in steps:
            self.step = step
            if step.verb not in PREPARING and not self.daemon.proc and step.verb != "daemon" and \
                    not self.daemon.exits:
                self.start_daemon()
                self.wait(lambda: all(self.xmpp.stream(h) for h in self.xmpp.hosts),
                          "a stream for each component")
            if step.verb == "{":
                group = []
            elif step.verb == "}":
                self.take_group(group)
                group = None
            elif group is not None:
                group.append(step)
            else:
                self.do(step)
        self.step = None
        self.finish()

    def unfold(self, steps):
        for step in steps:
            if step.verb != "use":
                yield step
                continue
            words = step.text.split()
            for word in words[1:]:
                key, _, value = word.partition("=")
                self.vars[key] = xmlmatch.expand(value, self.vars)
            path = scn.ROOT / "common" / (words[0] + ".inc")
            yield from self.unfold(scn.read_steps(path, "common/%s" % words[0]))

    def do(self, step):
        verb = {"C>": self.send_stanza, "C<": self.do_c_expect, "C~": self.do_c_ignore,
                "C": self.do_c, "I>": self.do_i_send, "I<": self.do_i_expect,
                "I~": self.do_i_ignore, "I": self.do_i, "config": self.do_config,
                "irc:": self.do_irc, "xmpp:": self.do_xmpp, "let": self.do_let,
                "log": self.do_log, "log?": self.do_log_maybe, "seen": self.do_seen,
                "daemon": self.do_daemon,
                "ctl": self.do_ctl, "deadline": self.do_deadline, "fence": self.do_fence}
        verb[step.verb](step)

    def do_fence(self, step):
        if step.text:
            self.fence_xmpp(step.text)
        else:
            self.fence()

    def do_c_expect(self, step):
        self.take_stanza([xmlmatch.pattern(repeat(step.text))], step.where)

    def do_c_ignore(self, step):
        self.ignored_c.append(xmlmatch.pattern(xmlmatch.bind(step.text, self.vars)))

    def do_i_expect(self, step):
        self.take_line([repeat(step.text)], step.where)

    def do_i_ignore(self, step):
        self.ignored_i.append(xmlmatch.bind(step.text, self.vars))

    def do_i_send(self, step):
        client = self.client_for(step.where)
        text = repeat(step.text).replace("$mynick", client.nick or "*")
        client.say(xmlmatch.expand(text, self.vars))

    def do_deadline(self, step):
        self.deadline = float(step.text.rstrip("s"))

    def do_let(self, step):
        name, _, value = step.text.partition("=")
        self.vars[name.strip()] = repeat(xmlmatch.expand(value.strip(), self.vars))

    def do_config(self, step):
        section, _, rest = step.text.partition(":")
        section, rest = section.strip(), xmlmatch.expand(rest.strip(), self.vars)
        if section not in self.sections:
            secret = "sesame-" + section.split(".")[0]
            self.sections[section] = {"backend": "irc", "secret": secret}
            self.xmpp.hosts[section] = secret
        key, _, value = rest.partition("=")
        key, value = key.strip(), value.strip()
        if key.startswith("-"):
            self.sections[section].pop(key[1:], None)
        elif key:
            self.sections[section][key] = value
        if self.sections[section].get("backend") == "irc":
            self.sections[section].setdefault("server", HOST)
            self.sections[section].setdefault("port", self.irc.port)
            self.sections[section].setdefault("tls", "no")
            self.sections[section].setdefault("send-rate", "0")
        else:
            for name in ("server", "port", "tls", "send-rate"):
                if section != "gateway":
                    self.sections[section].pop(name, None)

    def do_irc(self, step):
        words = xmlmatch.expand(repeat(step.text), self.vars).split()
        irc, word = self.irc, words[0]
        if word == "caps":
            irc.caps = words[1:]
        elif word == "no-caps":
            irc.caps = None
        elif word == "sasl":
            irc.sasl = words[1:3]
        elif word == "password":
            irc.password = words[1]
        elif word == "isupport":
            for token in words[1:]:
                key = token.split("=")[0]
                irc.isupport = [t for t in irc.isupport if t.split("=")[0] != key] + [token]
        elif word == "nick":
            away = " ".join(words[3:]) or "away" if words[2] == "away" else None
            irc.set_person(words[1], words[2] != "offline", away)
        elif word == "nick-max":
            irc.nick_max = int(words[1])
        elif word == "host":
            irc.client_host = words[1]
        elif word in ("manual", "show"):
            getattr(irc, word).update(words[1:])
        elif word == "auto":
            irc.manual -= set(words[1:])
            irc.show -= set(words[1:])
        else:
            self.fail("irc: knows no %s" % word)

    def do_xmpp(self, step):
        words = xmlmatch.expand(step.text, self.vars).split()
        xmpp, word = self.xmpp, words[0]
        if word == "features":
            xmpp.features[words[1]] = words[2:]
        elif word == "manual":
            xmpp.manual.update(words[1:])
        elif word == "auto":
            xmpp.manual -= set(words[1:])
        elif word == "refuse":
            xmpp.refuse[words[1]] = words[2]
        elif word == "accept":
            for held in (xmpp.refuse,):
                held.pop(words[1], None)
            xmpp.mute.discard(words[1])
            xmpp.withhold.discard(words[1])
        elif word in ("mute", "withhold"):
            getattr(xmpp, word).add(words[1])
        elif word == "stream-id":
            xmpp.stream_id = words[1]
        elif word == "secret":
            xmpp.hosts[words[1]] = words[2]
        else:
            self.fail("xmpp: knows no %s" % word)

    def do_c(self, step):
        words = step.text.split(None, 1)
        word, rest = words[0], words[1] if len(words) > 1 else ""
        host = step.where or "irc.test"
        if word == "raw":
            self.wait(lambda: self.xmpp.stream(host), "a component stream for %s" % host)
            self.xmpp.send(self.xmpp.stream(host), repeat(xmlmatch.expand(rest, self.vars)), True)
        elif word == "up":
            self.wait(lambda: self.xmpp.stream(host), "the stream of %s" % host)
        elif word == "down":
            self.wait(lambda: not self.xmpp.streams.get(host), "the end of %s" % host)
        elif word == "tried":
            self.wait(lambda: host in self.xmpp.tried, "a handshake of %s" % host)
            self.xmpp.tried.discard(host)
        elif word in ("cut", "reset"):
            for stream in list(self.xmpp.streams.get(host, [])):
                stream.drop(word == "reset")
        elif word == "error":
            for stream in list(self.xmpp.streams.get(host, [])):
                stream.fail(rest)
        elif word == "handshake":
            for stream in self.xmpp.streams.get(host, []):
                stream.accept()
        elif word in ("pause", "resume"):
            for stream in self.xmpp.streams.get(host, []):
                stream.pause(word == "pause")
        elif word == "refuse":
            self.xmpp.listener.close()
        elif word == "listen":
            self.xmpp.listener.open()
        elif word == "sum":
            count, sender, text = rest.split(None, 2)
            for i in range(int(count)):
                self.take_stanza([xmlmatch.pattern(
                    "<message type='chat' from='%s' to='*'><body>%s %d</body>...</message>"
                    % (sender, text, i))], None)
        else:
            self.fail("C knows no %s" % word)

    def do_i(self, step):
        words = xmlmatch.expand(step.text, self.vars).split()
        word, irc, nick = words[0], self.irc, step.where or None
        if word == "connect":
            count = int(words[1]) if len(words) > 1 else self.vars.get("_seen", 0) + 1
            self.wait(lambda: irc.total >= count, "connection %d" % count)
            self.vars["_seen"] = count
        elif word == "login":
            self.wait(lambda: irc.client(words[1]) and irc.client(words[1]).registered,
                      "the log-in of %s" % words[1])
        elif word in ("cut", "reset"):
            self.client_for(nick).drop(word == "reset")
        elif word == "error":
            self.client_for(nick).quit(" ".join(words[1:]))
        elif word == "welcome":
            self.client_for(nick).welcome()
        elif word == "silent":
            self.client_for(nick).silent = True
        elif word in ("pause", "resume"):
            self.client_for(nick).pause(word == "pause")
        elif word == "closed":
            self.wait(lambda: not irc.client(nick), "the end of the connection")
        elif word == "none":
            self.fence()
            if irc.client(nick):
                self.fail("a connection is there: %s" % irc.client(nick).label)
        elif word == "total":
            if irc.total != int(words[1]):
                self.fail("%d connections were made" % irc.total)
        elif word == "sum":
            self.sum_lines(words[1], words[2], step.text.split(None, 3)[3])
        elif word == "flood":
            text = step.text.split(None, 2)[2]
            for i in range(int(words[1])):
                self.client_for(nick).say("%s %d" % (text, i))
        elif word == "refuse":
            irc.listener.close()
        elif word == "listen":
            irc.listener.open()
        else:
            self.fail("I knows no %s" % word)

    def sum_lines(self, command, target, text):
        """The next lines to target add up to text; only their concatenation counts."""
        want, got = xmlmatch.expand(text, self.vars), ""
        while got != want:
            pattern = "%s %s :$part" % (command, target)
            saved, self.vars = self.vars, dict(self.vars)
            self.vars.pop("part", None)
            self.take_line([pattern], None)
            got, self.vars = got + self.vars["part"], saved
            if not want.startswith(got):
                self.fail("the parts do not add up", "%s (after %d characters)"
                          % (got[-80:], len(got)))

    def do_log(self, step):
        self.expected_logs.append(self.log_pattern(step))

    def do_log_maybe(self, step):
        self.allowed_logs.append(self.log_pattern(step))

    def do_seen(self, step):
        level, text = self.log_pattern(step)

        def there():
            return any(lv == level and xmlmatch.glob(text, t, dict(self.vars))
                       for lv, t in self.daemon.log_lines())
        self.wait(there, "this line in the log")

    @staticmethod
    def log_pattern(step):
        level, _, text = step.text.partition(":")
        return level.strip(), text.strip()

    # the daemon

    def start_daemon(self):
        self.daemon.write_config(self.sections)
        self.note(" ", " ", "--- sojournd starts")
        self.expect_exit = False
        self.daemon.start()

    def do_daemon(self, step):
        words = step.text.split()
        word = words[0]
        if word == "start":
            self.start_daemon()
        elif word == "kill":
            self.daemon.kill()
            self.note(" ", " ", "--- sojournd is killed")
            self.daemon.exits.append(-9)
            for item in [c for c in self.irc.clients if c.alive] + \
                    [s for streams in self.xmpp.streams.values() for s in streams]:
                self.wait(lambda i=item: not i.alive, "the end of its connections")
            self.xmpp.queue.clear()
            self.irc.queue.clear()
            self.xmpp.forget_questions()
        elif word == "stop":
            self.expect_exit = True
            self.note(" ", " ", "--- sojournd is told to stop")
            self.daemon.terminate()
        elif word == "reload":
            self.daemon.write_config(self.sections)
            self.daemon.signal(signal.SIGHUP)
        elif word == "exits":
            self.expect_exit = True
            self.wait(lambda: self.daemon.proc.poll() is not None, "the end of sojournd")
            self.reactor.drain()
            status = self.daemon.proc.returncode
            if status != int(words[1]):
                self.fail("its exit status is %d" % status)
            self.daemon.exits.append(status)
            self.daemon.proc = None
        else:
            self.fail("daemon knows no %s" % word)

    def do_ctl(self, step):
        command, _, want = xmlmatch.expand(step.text, self.vars).partition("=>")
        if not self.daemon.proc:
            self.daemon.write_config(self.sections)
        status, _, text = want.partition(":")
        with open(self.dir + "/ctl.out", "w+b") as out:
            proc = subprocess.Popen(
                [str(self.bin / "sojournctl"), "--config", str(self.daemon.config)] +
                command.split(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                cwd=self.dir, env=self.daemon.env())
            try:
                self.wait(lambda: proc.poll() is not None, "the end of sojournctl")
            finally:
                if proc.poll() is None:
                    proc.kill()
                    proc.wait()
            out.seek(0)
            said = out.read().decode("utf-8", "replace")
        self.note(" ", " ", "--- sojournctl %s: %d: %s" % (command, proc.returncode, said))
        if proc.returncode != int(status or "0") or \
                not xmlmatch.glob(text.strip() or "*", said.strip(), self.vars):
            self.fail("sojournctl ended with status %d" % proc.returncode, said)

    # the end

    def finish(self):
        if self.daemon.proc:
            self.fence()
            left = self.xmpp.unanswered()
            if left:
                self.fail("requests without an answer (R6120-01): %s" % ", ".join(left))
            self.expect_exit = True
            self.daemon.terminate()
            if not self.reactor.run_until(lambda: self.daemon.proc.poll() is not None,
                                          self.deadline):
                self.fail("sojournd does not stop")
            if self.daemon.proc.returncode != 0:
                self.fail("after SIGTERM its exit status is %d" % self.daemon.proc.returncode)
        self.check_health()
        self.check_files()

    def check_files(self):
        found = self.daemon.sanitizer_reports()
        if found:
            self.fail("a sanitizer reports:\n" + found)
        lines = self.daemon.log_lines()
        for level, text in self.expected_logs:
            if not any(lv == level and xmlmatch.glob(text, t, dict(self.vars))
                       for lv, t in lines):
                self.fail("the log lacks %s: %s" % (level, text))
        known = self.expected_logs + self.allowed_logs
        for level, text in lines:
            if level in ("error", "warn") and not any(
                    level == lv and xmlmatch.glob(p, text, dict(self.vars)) for lv, p in known):
                self.fail("the log holds %s: %s" % (level, text))
        log = self.daemon.log_text()
        for secret in self.secrets | {self.xmpp.hosts[h] for h in self.xmpp.hosts}:
            if secret in log:
                self.fail("the log holds the secret '%s' (G100-62)" % secret)
        self.check_data()

    def check_data(self):
        """At rest nothing is readable: no password, no address of a user (DESIGN, the store)."""
        words = {s.encode() for s in self.secrets} | {b"montague.lit"}
        for path in pathlib.Path(self.dir, "data").rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                for word in words:
                    if word in data:
                        self.fail("%s holds '%s' in clear" % (path.name, word.decode()))

    def close(self):
        if self.daemon.proc and self.daemon.proc.poll() is None:
            self.daemon.kill()
        self.xmpp.close()
        self.irc.close()
