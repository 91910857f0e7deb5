# SPDX-License-Identifier: MPL-2.0
"""A user of Matrix for the end-to-end tests: the client-server API over urllib, blocking. Every
wait is a long poll of /sync with a deadline."""
import hashlib
import hmac
import itertools
import json
import time
import urllib.error
import urllib.parse
import urllib.request

WAIT = 30
CLIENT = "/_matrix/client/v3"
_transactions = itertools.count(1)


def quote(part):
    return urllib.parse.quote(part, safe="")


class Refused(Exception):
    """The home server answered with an error: status, errcode, the whole body."""

    def __init__(self, status, body):
        super().__init__("%d %s" % (status, body))
        self.status, self.body = status, body
        self.errcode = body.get("errcode") if isinstance(body, dict) else None


class MatrixClient:
    def __init__(self, base, server_name):
        self.base, self.server_name = base, server_name
        self.token = self.user_id = self.since = None
        self.seen, self.queue = [], []       # (room id, "timeline", "state", ..., event)

    # requests

    def raw(self, method, path, data=None, kind=None, seconds=WAIT):
        """(headers, bytes) of the answer; Refused when it is an error."""
        request = urllib.request.Request(self.base + path, data=data, method=method)
        if self.token:
            request.add_header("Authorization", "Bearer " + self.token)
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as e:
            text = e.read()
            try:
                body = json.loads(text)
            except ValueError:
                body = text
            raise Refused(e.code, body) from None

    def call(self, method, path, body=None, seconds=WAIT):
        """The JSON of the answer; paths are those of /_matrix/client/v3 unless they are whole."""
        if not path.startswith("/_matrix"):
            path = CLIENT + path
        data = None if body is None and method == "GET" else json.dumps(body or {}).encode()
        return json.loads(self.raw(method, path, data, "application/json", seconds)[1])

    # accounts

    def register(self, user, password, shared_secret):
        """A new account, by the secret of the server's administrator."""
        path = "/_synapse/admin/v1/register"
        nonce = json.loads(self.raw("GET", path)[1])["nonce"]
        mac = hmac.new(shared_secret.encode(), "\0".join(
            (nonce, user, password, "notadmin")).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": user, "password": password, "admin": False,
                "mac": mac}
        self.raw("POST", path, json.dumps(body).encode(), "application/json")

    def login(self, user, password):
        self.login_with({"type": "m.login.password", "password": password,
                         "identifier": {"type": "m.id.user", "user": user}})

    def login_with(self, body):
        answer = self.call("POST", "/login", body)
        self.token, self.user_id = answer["access_token"], answer["user_id"]
        self.sync()

    def logout(self):
        self.call("POST", "/logout")
        self.token = None

    def devices(self):
        """Names of the account's devices."""
        return [d.get("display_name") for d in self.call("GET", "/devices")["devices"]]

    # sync

    def sync(self, timeout=0):
        """One poll of at most timeout seconds; what it brings is queued."""
        query = {"timeout": int(timeout * 1000)}
        if self.since:
            query["since"] = self.since
        answer = self.call("GET", "/sync?" + urllib.parse.urlencode(query), None, timeout + WAIT)
        self.since = answer["next_batch"]
        found = []
        for part in ("presence", "account_data", "to_device"):
            found += [(None, part, e) for e in answer.get(part, {}).get("events", [])]
        for kind, name in (("join", "state"), ("join", "timeline"), ("join", "ephemeral"),
                           ("join", "account_data"), ("invite", "invite_state"),
                           ("knock", "knock_state"), ("leave", "timeline")):
            for room, data in answer.get("rooms", {}).get(kind, {}).items():
                found += [(room, kind if kind in ("invite", "leave") else name, e)
                          for e in data.get(name, {}).get("events", [])]
        self.seen += found
        self.queue += found
        return answer

    def expect(self, want, what, seconds=WAIT):
        """The first (room, part, event) that want() accepts; those before it are dropped."""
        until = time.monotonic() + seconds
        while True:
            while self.queue:
                item = self.queue.pop(0)
                if want(*item):
                    return item
            left = until - time.monotonic()
            if left <= 0:
                raise AssertionError("%s: nothing came within %d s: %s\nthe last that came: %s" % (
                    self.user_id, seconds, what, "\n  ".join(
                        [""] + ["%s %s %s" % (r, p, json.dumps(e)) for r, p, e in self.seen[-8:]])))
            self.sync(min(left, 10))

    def event(self, room, kind, sender=None, seconds=WAIT, **content):
        """The next event of a room's timeline of this kind, with these members of its content."""
        return self.expect(
            lambda r, part, e: r == room and part in ("timeline", "leave") and
            e.get("type") == kind and (sender is None or e.get("sender") == sender) and
            all(e.get("content", {}).get(k) == v for k, v in content.items()),
            "%s in %s by %s with %s" % (kind, room, sender, content), seconds)[2]

    def message(self, room, body, sender=None, seconds=WAIT):
        return self.event(room, "m.room.message", sender, seconds, body=body)

    def invited(self, by=None, seconds=WAIT):
        """The id of the room of the next invitation."""
        return self.expect(lambda r, part, e: part == "invite" and
                           e.get("state_key") == self.user_id and
                           e["content"].get("membership") == "invite" and
                           (by is None or e["sender"] == by), "an invitation", seconds)[0]

    # rooms

    def create(self, **options):
        return self.call("POST", "/createRoom", options)["room_id"]

    def create_direct(self, other):
        room = self.create(invite=[other], is_direct=True, preset="trusted_private_chat")
        self.set_account_data("m.direct", {other: [room]})
        return room

    def join(self, room):
        return self.call("POST", "/join/%s" % quote(room))["room_id"]

    def leave(self, room):
        self.call("POST", "/rooms/%s/leave" % quote(room))

    def member(self, verb, room, user, reason=None):
        """verb: invite, kick, ban, unban."""
        body = {"user_id": user}
        if reason:
            body["reason"] = reason
        self.call("POST", "/rooms/%s/%s" % (quote(room), verb), body)

    def members(self, room):
        """User id to membership."""
        answer = self.call("GET", "/rooms/%s/members" % quote(room))
        return {e["state_key"]: e["content"]["membership"] for e in answer["chunk"]}

    def messages(self, room, limit=100):
        """What was said in a room, oldest first: (sender, body)."""
        answer = self.call("GET", "/rooms/%s/messages?dir=b&limit=%d" % (quote(room), limit))
        return [(e["sender"], e["content"]["body"]) for e in reversed(answer["chunk"])
                if e["type"] == "m.room.message" and "body" in e["content"]]

    def set_state(self, room, kind, content, key=""):
        return self.call("PUT", "/rooms/%s/state/%s/%s" % (quote(room), kind, quote(key)),
                         content)["event_id"]

    def state(self, room, kind, key=""):
        return self.call("GET", "/rooms/%s/state/%s/%s" % (quote(room), kind, quote(key)))

    def set_account_data(self, kind, content):
        self.call("PUT", "/user/%s/account_data/%s" % (quote(self.user_id), kind), content)

    def account_data(self, kind):
        return self.call("GET", "/user/%s/account_data/%s" % (quote(self.user_id), kind))

    # what is said

    def send_event(self, room, kind, content):
        """The id of the new event."""
        return self.call("PUT", "/rooms/%s/send/%s/t%d" % (
            quote(room), kind, next(_transactions)), content)["event_id"]

    def send(self, room, body, **more):
        return self.send_event(room, "m.room.message", {"msgtype": "m.text", "body": body, **more})

    def edit(self, room, event, body):
        return self.send(room, "* " + body, **{
            "m.new_content": {"msgtype": "m.text", "body": body},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event}})

    def react(self, room, event, key):
        return self.send_event(room, "m.reaction", {"m.relates_to": {
            "rel_type": "m.annotation", "event_id": event, "key": key}})

    def redact(self, room, event, reason=None):
        return self.call("PUT", "/rooms/%s/redact/%s/t%d" % (
            quote(room), quote(event), next(_transactions)),
            {"reason": reason} if reason else {})["event_id"]

    def typing(self, room, on=True):
        self.call("PUT", "/rooms/%s/typing/%s" % (quote(room), quote(self.user_id)),
                  {"typing": on, "timeout": 30000} if on else {"typing": False})

    def read(self, room, event):
        self.call("POST", "/rooms/%s/receipt/m.read/%s" % (quote(room), quote(event)))

    def presence(self, state, status=None):
        self.call("PUT", "/presence/%s/status" % quote(self.user_id),
                  {"presence": state, **({"status_msg": status} if status else {})})

    # profile and media

    def profile(self, user=None):
        return self.call("GET", "/profile/%s" % quote(user or self.user_id))

    def set_profile(self, name, value):
        """name: displayname or avatar_url."""
        self.call("PUT", "/profile/%s/%s" % (quote(self.user_id), name), {name: value})

    def upload(self, data, kind, name):
        """The mxc:// address of the file."""
        path = "/_matrix/media/v3/upload?filename=" + quote(name)
        return json.loads(self.raw("POST", path, data, kind)[1])["content_uri"]

    def download(self, mxc):
        """(content type, bytes), by authenticated media."""
        headers, data = self.raw("GET", "/_matrix/client/v1/media/download/" + mxc[len("mxc://"):])
        return headers.get("Content-Type"), data
