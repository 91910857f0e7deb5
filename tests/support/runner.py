# SPDX-License-Identifier: MPL-2.0
"""Carries out the steps of one scenario between a scripted XMPP server and scripted servers of the
networks.

What holds always is checked by those servers and by finish(): every request answered, no stanza
or line that nobody expected, no warning in the log that was not declared, no secret in the log or
in the data directory, no report of a sanitizer, exit status 0 after SIGTERM."""
import pathlib
import re

import scn
import xmlmatch
from daemon import Daemon
from fakeirc import IrcServer, Line, fold
from fakematrix import MatrixServer
from fakexmpp import XmppServer
from reactor import HOST, Reactor
from steps import Steps, repeat
from steps_matrix import MatrixSteps, Wanted

DEADLINE = 20.0
PREPARING = {"config", "irc:", "xmpp:", "let", "use", "deadline", "log", "log?", "C~", "I~",
             "secret", "matrix:", "M~"}
SECRET_FIELDS = {"password", "x-server-password", "x-certificate-key", "answer", "x-answer"}
SECRET_SEALED = 6           # shorter words stand among sealed bytes by chance
FENCE_USER = "fence@fence.test/runner"


class Failed(Exception):
    pass


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


def tells(text, secret):
    """Does the text hold the word? A number only when it is not a part of another one."""
    if secret.isdigit():
        return re.search(r"(?<!\d)%s(?!\d)" % secret, text) is not None
    return secret in text


class Runner(Steps, MatrixSteps):
    repeat = staticmethod(repeat)

    def __init__(self, scenario, binaries, directory):
        self.scenario, self.bin, self.dir = scenario, pathlib.Path(binaries), directory
        self.transcript, self.deadline = [], DEADLINE
        self.reactor = Reactor()
        self.irc = IrcServer(self.reactor, self.note)
        self.matrix = MatrixServer(self.reactor, self.note)
        self.xmpp = XmppServer(self.reactor, {"irc.test": "sesame-irc"}, self.note)
        self.sections = {
            "gateway": {"server": HOST, "port": self.xmpp.port, "data-dir": directory + "/data",
                        "key-file": directory + "/store.key",
                        "control-socket": directory + "/control.sock", "allow": "*",
                        "locale-dir": self.bin / "locale",
                        "log-level": "debug"},
            "irc.test": {"backend": "irc", "secret": "sesame-irc", "server": HOST,
                         "port": self.irc.port, "tls": "no", "send-rate": "0",
                         "login-rate": "0"}}
        self.vars = {"dir": directory, "iport": str(self.irc.port), "cport": str(self.xmpp.port),
                     "mport": str(self.matrix.port),
                     "user": "romeo@montague.lit", "full": "romeo@montague.lit/orchard",
                     "nick": "romeo", "contact": "juliet"}
        self.daemon = Daemon(self.bin / "sojournd", directory)
        self.expected_logs, self.allowed_logs = [], []
        self.ignored_c, self.ignored_i, self.ignored_m = [], [], []
        self.current = self.unfinished = None        # requests of Matrix (MatrixSteps)
        self.held = {}
        self.secrets, self.private = set(), set(SECRET_FIELDS)       # words; names of fields
        self.fences, self.step = 0, None
        self.expect_exit = False

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
        for breach in self.xmpp.breaches + self.irc.breaches + self.matrix.breaches:
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
                        self.learn_private(arrival.node)
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

    def learn_private(self, node):
        """What is asked for hidden (a password, an answer) is a secret when it is given."""
        self.private.update(n.get("var") for n in node.walk()
                            if n.name == "field" and n.get("type") == "text-private")

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
        self.secrets.update(re.findall(r"<password>([^<]{4,})</password>", text))
        for var, value in re.findall(r"var='([^']*)'[^>]*>\s*<value>([^<]{4,})<", text):
            if var in self.private:
                self.secrets.add(value)
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
        """C<, I< and M< in any order; all of them, and nothing else in between."""
        read = {"C<": xmlmatch.pattern, "I<": str, "M<": Wanted}
        for s in items:
            if s.verb not in read:
                self.fail("a group holds C<, I< and M< only, not %s" % s.verb)
        left = [(s, read[s.verb](repeat(s.text))) for s in items]

        def missing():
            return "; ".join(str(s) for s, _ in left)

        def done():
            self.take_for_group(left, "C<", self.xmpp.queue, self.next_stanza)
            self.take_for_group(left, "I<", self.irc.queue, lambda: self.lines(None))
            self.take_for_group(left, "M<", self.matrix.queue, lambda: self.requests(None))
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
                self.learn_private(item.node)
            elif verb == "M<":
                shown, auto = str(item), item.auto
                hit = next((e for e in wanted if e[1].why_not(item, self.vars) is None), None)
                if hit:
                    self.answer_default(item)
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
        self.fence_matrix()
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
            if step.verb not in ("M", "M>"):
                self.settle()
            if not self.is_preparing(step) and not self.daemon.proc and not self.daemon.exits:
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

    @staticmethod
    def is_preparing(step):
        """Steps before sojournd is started by the first other one."""
        return step.verb in PREPARING or step.verb == "daemon" or \
            step.verb in ("C", "I", "M") and step.text in ("refuse", "listen")

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
        known = self.expected_logs + self.allowed_logs + self.daemon.tool_logs()
        for level, text in lines:
            if level in ("error", "warn") and not any(
                    level == lv and xmlmatch.glob(p, text, dict(self.vars)) for lv, p in known):
                self.fail("the log holds %s: %s" % (level, text))
        log = self.daemon.log_text()
        self.secrets |= self.matrix.tokens
        for secret in self.secrets | {self.xmpp.hosts[h] for h in self.xmpp.hosts}:
            if tells(log, secret):
                self.fail("the log holds the secret '%s' (G100-62)" % secret)
        self.check_data()

    def check_data(self):
        """At rest nothing is readable: no password, no address of a user (DESIGN, the store), and
        nothing at all by others."""
        words = {s.encode() for s in self.secrets if len(s) >= SECRET_SEALED} | {b"montague.lit"}
        for path in pathlib.Path(self.dir, "data").rglob("*"):
            if path.stat().st_mode & 0o077:
                self.fail("%s is for others, too: mode %04o" % (path.name,
                                                                path.stat().st_mode & 0o7777))
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
        self.matrix.close()
