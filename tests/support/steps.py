# SPDX-License-Identifier: MPL-2.0
"""What each step of a scenario does. Runner (runner.py) has what they rest on: the servers, the
daemon, waiting and matching."""
import re
import signal
import subprocess

import xmlmatch
from reactor import HOST


def repeat(text):
    """{repeat N TEXT}, innermost first, and {hex 0d0a}: bytes that a text file should not hold."""
    while True:
        new = re.sub(r"\{repeat (\d+) ([^{}]*)\}", lambda m: int(m[1]) * m[2], text)
        new = re.sub(r"\{hex ([0-9a-fA-F]+)\}",
                     lambda m: bytes.fromhex(m[1]).decode("utf-8", "surrogateescape"), new)
        if new == text:
            return text
        text = new


class Steps:
    def do(self, step):
        verb = {"C>": self.send_stanza, "C<": self.do_c_expect, "C~": self.do_c_ignore,
                "C": self.do_c, "I>": self.do_i_send, "I<": self.do_i_expect,
                "I~": self.do_i_ignore, "I": self.do_i, "M>": self.do_m_send,
                "M<": self.do_m_expect, "M~": self.do_m_ignore, "M": self.do_m,
                "matrix:": self.do_matrix, "config": self.do_config,
                "irc:": self.do_irc, "xmpp:": self.do_xmpp, "let": self.do_let,
                "log": self.do_log, "log?": self.do_log_maybe, "seen": self.do_seen,
                "daemon": self.do_daemon,
                "ctl": self.do_ctl, "deadline": self.do_deadline, "fence": self.do_fence,
                "secret": self.do_secret}
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

    def do_secret(self, step):
        self.secrets.add(xmlmatch.expand(step.text, self.vars))

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
        if (key, value) == ("backend", "matrix"):
            self.sections[section].setdefault("homeserver",
                                              "http://%s:%d" % (HOST, self.matrix.port))

    def do_irc(self, step):
        words = xmlmatch.expand(repeat(step.text), self.vars).split()
        irc, word = self.irc, words[0]
        if word == "caps":
            irc.caps = words[1:]
        elif word == "no-caps":
            irc.caps = None
        elif word == "sasl":
            irc.sasl = words[1:3]
            irc.mechanisms = words[3].split(",") if len(words) > 3 else ["PLAIN"]
        elif word == "scram":
            irc.scram_lies = "lies" in words
            irc.scram_rounds = int(words[1]) if words[1].isdigit() else irc.scram_rounds
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
        elif word == "pieces":
            for stream in self.xmpp.streams.get(host, []):
                stream.piece = int(rest)
        elif word in ("pause", "resume"):
            for stream in self.xmpp.streams.get(host, []):
                stream.pause(word == "pause")
        elif word == "late":
            self.xmpp.late.setdefault(host, []).append(xmlmatch.expand(rest, self.vars))
        elif word == "refuse":
            self.xmpp.listener.close()
        elif word == "listen":
            self.xmpp.listener.open()
        elif word == "burst":
            self.burst(host, *rest.split(None, 1))
        elif word == "sum":
            count, sender, text = repeat(rest).split(None, 2)
            for i in range(int(count)):
                self.take_stanza([xmlmatch.pattern(
                    "<message type='chat' from='%s' to='*'><body>%s %d</body>...</message>"
                    % (sender, text, i))], None)
        else:
            self.fail("C knows no %s" % word)

    def burst(self, host, count, text):
        """The stanza count times at once, %d being its number; all their answers, or, of N/M, M."""
        stream, text = self.xmpp.stream(host), repeat(xmlmatch.expand(text, self.vars))
        count, _, answers = count.partition("/")
        for i in range(int(count)):
            self.xmpp.send(stream, text.replace("%d", str(i)))
        left = {"b%d" % i for i in range(int(count))}
        silent = int(count) - int(answers or count)

        def done():
            for arrival in self.next_stanza():
                left.discard(arrival.node.get("id"))
                self.xmpp.queue.remove(arrival)
            return len(left) == silent
        self.wait(done, "all answers of the burst")

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
        elif word == "pieces":
            self.client_for(nick).piece = int(words[1])
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
            text = repeat(step.text.split(None, 2)[2])
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
                    list(self.matrix.connections) + \
                    [s for streams in self.xmpp.streams.values() for s in streams]:
                self.wait(lambda i=item: not i.alive, "the end of its connections")
            self.xmpp.queue.clear()
            self.irc.queue.clear()
            self.matrix.queue.clear()
            self.current, self.held = None, {}
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
