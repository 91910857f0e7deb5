# SPDX-License-Identifier: MPL-2.0
"""What the steps of the Matrix side of a scenario do: `matrix:`, `M<`, `M>`, `M~` and `M`."""
import json
import re

import fakehttp
import jsonmatch
import xmlmatch
from fakematrix import API, Room

_HEADER = re.compile(r"\(([A-Za-z][A-Za-z0-9-]*): ?([^()]*)\)\s*")
_PUSHES = ("sync", "event", "say", "member", "typing", "receipt", "presence", "invite")


def _headers(text):
    """([(name, value)], what follows)."""
    found = []
    while True:
        m = _HEADER.match(text)
        if not m:
            return found, text
        found.append((m.group(1), m.group(2)))
        text = text[m.end():]


class Wanted:
    """A pattern of a request: METHOD PATH?QUERY (HEADER: VALUE) BODY."""

    def __init__(self, text):
        words = text.split(None, 2)
        self.method, target = words[0], words[1]
        self.headers, body = _headers(words[2] if len(words) > 2 else "")
        self.path, _, query = target.partition("?")
        if not self.path.startswith(("/_", "/.", "*")):
            self.path = API + self.path
        self.query = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
        self.json = jsonmatch.pattern(body) if body[:1] in ("{", "[") else None
        self.body = body if self.json is None and body else None

    def why_not(self, request, variables):
        """None when the request matches, else why not; captures are added to variables."""
        trial = dict(variables)
        if request.method != self.method or not xmlmatch.glob(self.path, request.path, trial):
            return "another request"
        for name, value in self.query.items():
            if not xmlmatch.glob(value, request.query.get(name, ""), trial):
                return "%s is %r" % (name, request.query.get(name))
        for name, value in self.headers:
            if not xmlmatch.glob(value, request.headers.get(name.lower(), ""), trial):
                return "%s is %r" % (name, request.headers.get(name.lower()))
        if self.json is not None:
            why = jsonmatch.match(self.json, request.json, trial)
            if why:
                return why
        if self.body is not None and not xmlmatch.glob(
                self.body, request.body.decode("utf-8", "surrogateescape"), trial):
            return "another body"
        variables.update(trial)
        return None


class MatrixSteps:
    """Part of Runner: it has matrix (MatrixServer), vars, wait(), fail(), and of its own current
    (the request that was expected last and waits for its answer) and held (name to request)."""

    def user_name(self, word):
        return word if word.startswith("@") else "@%s:hs.test" % word

    def json_of(self, text):
        return jsonmatch.expand(json.loads(text), self.vars) if text.strip() else {}

    # matrix:

    def do_matrix(self, step):
        words = self.words_of(step)
        matrix, word, rest = self.matrix, words[0], words[1:]
        if word == "room":
            self.declare_room(rest[0], rest[1], rest[2:])
        elif word == "direct":
            self.declare_room(rest[1], None, rest[:1])
            matrix.direct.setdefault(self.user_name(rest[0]), []).append(rest[1])
        elif word == "state":
            room, kind, key, text = step.text.split(None, 4)[1:]
            room, key = (xmlmatch.expand(t, self.vars) for t in (room, key))
            matrix.rooms[room].add(kind, self.json_of(text), "@owner:hs.test",
                                   "" if key == "-" else key)
        elif word == "initial":
            matrix.initial = self.json_of(step.text.split(None, 1)[1])
        elif word == "account":
            matrix.accounts[rest[0]] = rest[1]
            self.secrets.add(rest[1])
        elif word == "token":
            matrix.give_token(self.user_name(rest[0]), *rest[1:])
        elif word == "profile":
            matrix.profiles[self.user_name(rest[0])] = self.json_of(step.text.split(None, 2)[2])
        elif word in ("versions", "flows"):
            setattr(matrix, word, rest)
        elif word == "lifetime":
            matrix.lifetime = int(rest[0])
        elif word == "expire":
            matrix.expire(rest[0] == "soft")
        elif word == "manual":
            matrix.manual.update(rest)
        elif word == "auto":
            matrix.manual -= set(rest)
        else:
            self.fail("matrix: knows no %s" % word)

    def words_of(self, step):
        """Words of a step whose JSON, if it has some, is left alone."""
        head = re.split(r"[{\[]", step.text, maxsplit=1)[0]
        return xmlmatch.expand(head, self.vars).split()

    def declare_room(self, ident, name, members):
        room = self.matrix.rooms.setdefault(ident, Room(ident))
        owner = self.user_name(members[0]) if members else "@owner:hs.test"
        room.add("m.room.create", {"room_version": "10"}, owner)
        if name:
            room.add("m.room.name", {"name": name.replace("_", " ")}, owner)
        for member in members:
            room.join(self.user_name(member))

    # what comes

    def requests(self, user):
        """Those that have come and are not passed over."""
        kept = []
        for request in list(self.matrix.queue):
            if any(w.why_not(request, dict(self.vars)) is None for w in self.ignored_m):
                self.matrix.queue.remove(request)
                self.answer_default(request)
            elif not user or request.user == self.user_name(user):
                kept.append(request)
        return kept

    def do_m_expect(self, step):
        self.take_request([Wanted(self.repeat(step.text))], step.where)

    def do_m_ignore(self, step):
        self.ignored_m.append(Wanted(self.repeat(xmlmatch.bind(step.text, self.vars))))

    def take_request(self, wanted, user):
        def done():
            for request in self.requests(user):
                why = [w.why_not(request, self.vars) for w in wanted]
                if None in why:
                    self.matrix.queue.remove(request)
                    self.current = request
                    return True
                if not request.auto:
                    self.fail("another request came: %s" % "; ".join(why), str(request))
                self.matrix.queue.remove(request)
            return False
        self.wait(done, "the request above")

    def answer_default(self, request):
        """What a server says to which no scenario puts other words into the mouth."""
        if not request.open or request is getattr(request.login, "poll", None):
            return
        body = {}
        if "/send/" in request.path or "/redact/" in request.path or "/state/" in request.path:
            self.matrix.events += 1
            body = {"event_id": "$e%d" % self.matrix.events}
            self.vars["event"] = body["event_id"]
        elif request.path.endswith("/join") or "/v3/join/" in request.path:
            body = {"room_id": request.path.split("/")[5]}
        self.matrix.answer(request, 200, body)

    def settle(self):
        """The scenario goes on without an answer: it is the usual one."""
        current, self.current = self.current, None
        if current:
            self.answer_default(current)

    # what is said

    def do_m_send(self, step):
        word = step.text.split(None, 1)[0]
        if word.isdigit():
            self.answer_request(step)
            return
        self.settle()
        if word not in _PUSHES:
            self.fail("M> knows no %s" % word)
        user = step.where or None
        self.wait(lambda: self.matrix.poll(user), "a poll%s" % (" of " + user if user else ""))
        poll = self.matrix.poll(user)
        if word == "sync":
            text = step.text[len("sync"):].strip()
            if text[:1].isdigit():
                self.say_answer(poll, text)
            else:
                self.say_answer(poll, "200 " + text)
        else:
            self.matrix.push(poll, getattr(self, "push_" + word)(poll, step))

    def answer_request(self, step):
        request = self.held.pop(step.where, None) if step.where else self.current
        if not step.where:
            self.current = None
        if not request:
            self.fail("there is no request to be answered")
        if not request.open:
            self.fail("the request has been answered by itself, or its connection is gone")
        self.say_answer(request, step.text)

    def say_answer(self, request, text):
        """text: STATUS (HEADER: VALUE) MODE BODY. See docs/TESTING.md."""
        status, _, rest = text.partition(" ")
        headers, rest = _headers(rest.strip())
        mode, _, tail = rest.partition(" ")
        if rest[:1] in ("{", "[", ""):
            mode, tail = "", rest
        more = {"headers": headers}
        number = int(tail.split(None, 1)[0]) if mode in ("cut", "part", "pad", "bomb",
                                                         "nested") else 0
        if number:
            tail = tail.partition(" ")[2]
        if mode == "raw":
            body = self.repeat(xmlmatch.expand(tail, self.vars)).encode("utf-8", "surrogateescape")
        elif mode == "bomb":
            body = fakehttp.bomb(number)
            headers.append(("Content-Encoding", "gzip"))
        elif mode == "nested":
            body = b'{"x":' * number + b"1" + b"}" * number
        else:
            body = self.json_of(self.repeat(tail))
            if request.name == "sync" and status == "200":
                self.note_batch(request.login, body)
            if mode == "pad":
                body["pad"] = "x" * number
            body = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if mode == "gzip":
            body = fakehttp.gzip(body)
            headers.append(("Content-Encoding", "gzip"))
        if mode == "part":
            more["first"], self.unfinished = number, request
        if mode == "cut":
            more["first"] = number
        self.matrix.answer(request, int(status), body, **more)
        if mode == "cut":
            request.connection.drop()

    def note_batch(self, login, body):
        """A sync has a next_batch, whose return is then right; null leaves it out."""
        if "next_batch" not in body:
            body["next_batch"] = self.matrix.next_batch(login)
        elif body["next_batch"] is None:
            del body["next_batch"]
        else:
            login.since.append(body["next_batch"])

    # events, one to a sync

    @staticmethod
    def timeline(room, event, **more):
        return {"rooms": {"join": {room: {"timeline": {
            "events": [event], "limited": False, "prev_batch": "p1"}, **more}}}}

    def new_event(self, *args, **more):
        event = self.matrix.event(*args, **more)
        self.vars["event"] = event["event_id"]
        return event

    def push_event(self, _, step):
        _, room, text = step.text.split(None, 2)
        given = self.json_of(self.repeat(text))
        event = self.new_event(given.pop("type", "m.room.message"), given.pop("content", {}),
                               given.pop("sender", "@owner:hs.test"), **given)
        return self.timeline(xmlmatch.expand(room, self.vars), event)

    def push_say(self, _, step):
        _, room, user, text = xmlmatch.expand(self.repeat(step.text), self.vars).split(None, 3)
        return self.timeline(room, self.new_event(
            "m.room.message", {"msgtype": "m.text", "body": text}, self.user_name(user)))

    def push_member(self, poll, step):
        """ROOM USER MEMBERSHIP [by USER] [REASON]"""
        words = xmlmatch.expand(step.text, self.vars).split()[1:]
        room, user, membership = words[0], self.user_name(words[1]), words[2]
        sender, reason = user, words[3:]
        if reason[:1] == ["by"]:
            sender, reason = self.user_name(reason[1]), reason[2:]
        content = {"membership": membership}
        if membership == "join":
            content["displayname"] = user[1:].split(":")[0]
        if reason:
            content["reason"] = " ".join(reason)
        body = self.timeline(room, self.new_event("m.room.member", content, sender,
                                                  state_key=user))
        if user == poll.user and membership in ("leave", "ban"):
            body["rooms"]["leave"] = body["rooms"].pop("join")
        return body

    def push_invite(self, poll, step):
        """ROOM USER [direct] [NAME]"""
        words = xmlmatch.expand(step.text, self.vars).split()[1:]
        room, sender, rest = words[0], self.user_name(words[1]), words[2:]
        content = {"membership": "invite"}
        if rest[:1] == ["direct"]:
            content["is_direct"], rest = True, rest[1:]
        events = [{"type": "m.room.member", "state_key": poll.user, "sender": sender,
                   "content": content},
                  {"type": "m.room.member", "state_key": sender, "sender": sender,
                   "content": {"membership": "join", "displayname": sender[1:].split(":")[0]}}]
        if rest:
            events.append({"type": "m.room.name", "state_key": "", "sender": sender,
                           "content": {"name": " ".join(rest)}})
        return {"rooms": {"invite": {room: {"invite_state": {"events": events}}}}}

    def push_typing(self, _, step):
        words = xmlmatch.expand(step.text, self.vars).split()[1:]
        return self.ephemeral(words[0], "m.typing",
                              {"user_ids": [self.user_name(w) for w in words[1:]]})

    def push_receipt(self, _, step):
        """ROOM USER EVENT"""
        _, room, user, event = xmlmatch.expand(step.text, self.vars).split()
        return self.ephemeral(room, "m.receipt", {event: {"m.read": {
            self.user_name(user): {"ts": 1700000000000}}}})

    @staticmethod
    def ephemeral(room, kind, content):
        return {"rooms": {"join": {room: {"ephemeral": {"events": [
            {"type": kind, "content": content}]}}}}}

    def push_presence(self, _, step):
        """USER online|unavailable|offline [STATUS]"""
        words = xmlmatch.expand(step.text, self.vars).split()[1:]
        content = {"presence": words[1], "currently_active": words[1] == "online"}
        if words[2:]:
            content["status_msg"] = " ".join(words[2:])
        return {"presence": {"events": [{"type": "m.presence", "sender": self.user_name(words[0]),
                                         "content": content}]}}

    # connections

    def do_m(self, step):
        words = xmlmatch.expand(step.text, self.vars).split()
        word, matrix = words[0], self.matrix
        if word == "hold":
            self.held[words[1]], self.current = self.current, None
            return
        if word == "cut" and self.current:
            self.current.connection.drop()
            self.current = None
            return
        self.settle()
        if word == "cut":
            for connection in list(matrix.connections):
                connection.drop()
        elif word == "rest":
            self.unfinished.finish()
        elif word == "refuse":
            matrix.listener.close()
        elif word == "listen":
            matrix.listener.open()
        elif word == "poll":
            self.wait(lambda: matrix.poll(words[1] if words[1:] else None), "a poll")
        elif word == "closed":
            self.wait(lambda: not matrix.connections, "the end of all connections")
        elif word == "none":
            self.fence()
            if any(one.poll and one.poll.open for one in matrix.logins):
                self.fail("a poll is open")
        else:
            self.fail("M knows no %s" % word)

    def fence_matrix(self):
        """Each poll is answered with nothing, twice; what was to be asked because of what came so
        far has been asked when the third is open."""
        self.settle()
        for _ in range(2):
            for one in self.matrix.logins:
                poll = one.poll
                if not poll or not poll.open:
                    continue
                self.matrix.push(poll, {})
                self.wait(lambda o=one, p=poll: not o.alive or o.poll not in (None, p),
                          "the next poll of %s" % one.user)
        for request in self.requests(None):
            if not request.auto:
                self.fail("a request that nobody expected", str(request))
            self.matrix.queue.remove(request)
