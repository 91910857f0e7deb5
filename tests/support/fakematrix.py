# SPDX-License-Identifier: MPL-2.0
"""A scripted home server of Matrix: the client-server API, as far as a scenario does not say
otherwise. By default it does what any server does with a quiet client: discovery, versions, log-in,
filter, a first sync of the rooms that were declared, profiles and members, so that a scenario names
only the requests that it is about. Every default can be taken away (`manual`). A long poll stays
open until the scenario answers it.

It checks of every request: JSON where the API has JSON, a token that was given and stands in the
header and never in the address, one poll at a time for each log-in, a `since` that was given, no
transaction twice with another content. A breach is kept in `breaches` and fails the scenario."""
import json
import re

from fakehttp import HttpConnection
from reactor import HOST, Listener

SERVER = "hs.test"
API = "/_matrix/client/v3"
BODY_MAX = 65536                     # of a JSON request
OPEN_TO_ALL = ("well-known", "versions", "flows", "auth-metadata", "login", "refresh", "register")

# (name, method, path below API or whole): what is answered by default
ROUTES = [(name, method, re.compile(path if path.startswith(("/\\.", "/_")) else API + path))
          for name, method, path in (
              ("well-known", "GET", r"/\.well-known/matrix/client"),
              ("versions", "GET", "/_matrix/client/versions"),
              ("auth-metadata", "GET", "/_matrix/client/v1/auth_metadata"),
              ("flows", "GET", "/login"), ("login", "POST", "/login"),
              ("refresh", "POST", "/refresh"), ("logout", "POST", "/logout"),
              ("whoami", "GET", "/account/whoami"), ("capabilities", "GET", "/capabilities"),
              ("pushrules", "GET", "/pushrules/.*"),
              ("filter", "POST", "/user/([^/]+)/filter"), ("sync", "GET", "/sync"),
              ("account-data", "GET", "/user/([^/]+)/account_data/([^/]+)"),
              ("presence", "PUT", "/presence/([^/]+)/status"),
              ("profile", "GET", "/profile/([^/]+)(/[^/]+)?"),
              ("event", "GET", "/rooms/([^/]+)/event/([^/]+)"),
              ("members", "GET", "/rooms/([^/]+)/(?:joined_)?members"),
              ("state", "GET", "/rooms/([^/]+)/state"))]


class Login:
    """What one access token is for. since: tokens of sync that were given to it."""

    def __init__(self, user, device, token):
        self.user, self.device, self.token = user, device, token
        self.refresh, self.expired, self.alive = None, None, True
        self.poll, self.since, self.transactions = None, [], {}


class Room:
    """A joined room of the first sync: its state. The user's own membership, which differs by who
    asks, is made when it is asked for."""

    def __init__(self, ident, first=0):
        self.id, self.state, self.members, self.first = ident, [], [], first

    def own(self, user):
        """The event by which the user is in it."""
        room = Room(self.id, 1000)
        room.join(user)
        return room.state[0]

    def add(self, kind, content, sender, key=""):
        self.state.append({"type": kind, "state_key": key, "sender": sender, "content": content,
                           "event_id": "$s%d-%s" % (self.first + len(self.state),
                                                     self.id[1:].split(":")[0]),
                           "origin_server_ts": 1600000000000 + self.first + len(self.state)})

    def join(self, user, name=None):
        self.members.append(user)
        self.add("m.room.member", {"membership": "join",
                                   "displayname": name or user[1:].split(":")[0]}, user, user)


class MatrixServer:
    def __init__(self, reactor, note):
        self.reactor, self.note = reactor, note
        self.queue, self.breaches, self.connections, self.logins = [], [], [], []
        self.total, self.events, self.syncs = 0, 0, 0
        self.manual, self.accounts, self.rooms, self.direct = set(), {}, {}, {}
        self.versions, self.flows = ["v1.1", "v1.11"], ["m.login.password"]
        self.initial, self.profiles, self.lifetime = {}, {}, None
        self.listener = Listener(reactor, self._accepted)

    @property
    def port(self):
        return self.listener.port

    @property
    def tokens(self):
        """Words that must stay secret."""
        return {w for one in self.logins for w in (one.token, one.refresh) if w}

    def breach(self, text):
        self.note("M", "!", text)
        self.breaches.append(text)

    def _accepted(self, sock):
        self.total += 1
        self.connections.append(HttpConnection(self, sock))

    def connection_ended(self, connection):
        self.connections.remove(connection)
        for one in self.logins:
            if one.poll and one.poll.connection is connection:
                one.poll = None

    def close(self):
        self.listener.close()
        for connection in list(self.connections):
            connection.drop()

    # requests

    def requested(self, request):
        self.note("M", "<", str(request))
        request.login = self._login_of(request)
        request.user = request.login.user if request.login else None
        name, match = self._route(request)
        request.name = name
        self._check(request)
        if request.login and request.login.expired is not None and name not in OPEN_TO_ALL:
            request.auto = True
            self.refuse(request, 401, "M_UNKNOWN_TOKEN", soft_logout=request.login.expired)
        elif name and name not in self.manual:
            request.auto = True
            getattr(self, "on_" + name.replace("-", "_"))(request, match)
        self.queue.append(request)

    @staticmethod
    def _route(request):
        for name, method, path in ROUTES:
            match = path.fullmatch(request.path)
            if match and request.method == method:
                return name, match
        return None, None

    def _login_of(self, request):
        bearer = request.headers.get("authorization", "")
        token = bearer[len("Bearer "):] if bearer.startswith("Bearer ") else None
        return next((one for one in self.logins if one.alive and one.token == token), None)

    def _check(self, request):
        if request.fault:
            self.breach(request.fault)
        if "access_token" in request.query:
            self.breach("a token in the address: %s" % request)
        if request.headers.get("host") != "%s:%d" % (HOST, self.port):
            self.breach("Host is %s" % request.headers.get("host"))
        if request.login is None and request.name not in OPEN_TO_ALL + ("whoami",) and \
                request.path.startswith("/_matrix/"):
            self.breach("without a token that is good: %s" % request)
        if request.json is not None and len(request.body) > BODY_MAX:
            self.breach("%d bytes of JSON" % len(request.body))
        if request.method in ("PUT", "POST") and request.json is None and \
                request.path.startswith("/_matrix/client/"):
            self.breach("no JSON in %s" % request)
        m = re.fullmatch(API + r"/rooms/[^/]+/(?:send|redact)/[^/]+/([^/]+)", request.path)
        if m and request.login:
            known = request.login.transactions.setdefault(m.group(1), (request.path, request.json))
            if known != (request.path, request.json):
                self.breach("transaction %s twice, with another content" % m.group(1))

    def answer(self, request, status, body, **more):
        """body: JSON, or bytes."""
        if isinstance(body, bytes):
            data, shown = body, "(%d bytes)" % len(body)
        else:
            data = shown = json.dumps(body, ensure_ascii=False)
            data = data.encode("utf-8", "surrogatepass")
        self.note("M", ">", "%d %s" % (status, shown[:2000] + "..." * (len(shown) > 2000)))
        request.answer(status, data, **more)

    def refuse(self, request, status, errcode, **more):
        self.answer(request, status, {"errcode": errcode, "error": "refused", **more})

    # the defaults

    def on_well_known(self, request, _):
        self.answer(request, 200, {"m.homeserver": {"base_url": "http://%s:%d" % (HOST,
                                                                                 self.port)}})

    def on_versions(self, request, _):
        self.answer(request, 200, {"versions": self.versions, "unstable_features": {}})

    def on_auth_metadata(self, request, _):
        self.refuse(request, 404, "M_UNRECOGNIZED")

    def on_flows(self, request, _):
        self.answer(request, 200, {"flows": [{"type": t} for t in self.flows]})

    def on_login(self, request, _):
        body = request.json if isinstance(request.json, dict) else {}
        user = body.get("identifier", {}).get("user") or "nobody"
        local = user.lstrip("@").split(":")[0]
        if body.get("type") not in self.flows or \
                (self.accounts and self.accounts.get(local) != body.get("password")):
            self.refuse(request, 403, "M_FORBIDDEN")
            return
        number = len(self.logins) + 1
        one = Login("@%s:%s" % (local, SERVER), body.get("device_id") or "DEVICE%d" % number,
                    "token-of-access-%d" % number)
        self.logins.append(one)
        out = {"user_id": one.user, "access_token": one.token, "device_id": one.device}
        if self.lifetime and body.get("refresh_token"):
            one.refresh = "token-of-refresh-%d" % number
            out.update(refresh_token=one.refresh, expires_in_ms=self.lifetime)
        self.answer(request, 200, out)

    def give_token(self, user, token, refresh=None):
        """A token that is good, however it was got."""
        one = Login(user, "DEVICE%d" % (len(self.logins) + 1), token)
        one.refresh = refresh
        one.since = next((o.since for o in self.logins if o.user == user), one.since)
        self.logins.append(one)

    def on_refresh(self, request, _):
        given = (request.json or {}).get("refresh_token")
        one = next((o for o in self.logins if o.alive and o.refresh == given), None)
        if not one:
            self.refuse(request, 401, "M_UNKNOWN_TOKEN")
            return
        one.token, one.refresh = one.token + "n", one.refresh + "n"
        one.expired = None
        self.answer(request, 200, {"access_token": one.token, "refresh_token": one.refresh,
                                   "expires_in_ms": self.lifetime})

    def on_logout(self, request, _):
        request.login.alive = False
        self.answer(request, 200, {})

    def on_whoami(self, request, _):
        if request.login is None:        # which is a way to learn whether a token is good
            self.refuse(request, 401, "M_UNKNOWN_TOKEN")
            return
        self.answer(request, 200, {"user_id": request.user, "device_id": request.login.device})

    def on_capabilities(self, request, _):
        self.answer(request, 200, {"capabilities": {}})

    def on_pushrules(self, request, _):
        self.answer(request, 200, {})

    def on_filter(self, request, _):
        self.answer(request, 200, {"filter_id": "filter1"})

    def on_presence(self, request, _):
        self.answer(request, 200, {})

    def on_account_data(self, request, match):
        if match.group(2) == "m.direct" and self.direct:
            self.answer(request, 200, self.direct)
        else:
            self.refuse(request, 404, "M_NOT_FOUND")

    def on_profile(self, request, match):
        user = match.group(1)
        found = self.profiles.get(user, {"displayname": user[1:].split(":")[0]})
        wanted = (match.group(2) or "")[1:]
        self.answer(request, 200, {wanted: found[wanted]} if wanted in found else
                    {} if wanted else found)

    def on_event(self, request, match):
        self.refuse(request, 404, "M_NOT_FOUND")

    def on_members(self, request, match):
        room = self.rooms.get(match.group(1)) or Room(match.group(1))
        events = [e for e in room.state if e["type"] == "m.room.member"] + \
            [room.own(request.user)]
        if "joined_members" in request.path:
            self.answer(request, 200, {"joined": {e["state_key"]: {
                "display_name": e["content"]["displayname"]} for e in events}})
        else:
            self.answer(request, 200, {"chunk": [dict(e, room_id=room.id) for e in events]})

    def on_state(self, request, match):
        room = self.rooms.get(match.group(1)) or Room(match.group(1))
        self.answer(request, 200, [dict(e, room_id=room.id) for e in room.state])

    # sync

    def on_sync(self, request, _):
        one, since = request.login, request.query.get("since")
        if one is None:
            self.refuse(request, 401, "M_UNKNOWN_TOKEN", soft_logout=False)
        elif since is None or request.query.get("full_state") == "true":
            if "first-sync" in self.manual:
                request.auto = False
            else:
                self.answer(request, 200, self.first_sync(one))
        else:
            if since not in one.since:
                self.breach("since=%s was never given" % since)
            if one.poll and one.poll.open:
                self.breach("a second poll while one is open: %s" % request)
            one.poll = request

    def next_batch(self, login):
        self.syncs += 1
        login.since.append("s%d" % self.syncs)
        return login.since[-1]

    def first_sync(self, login):
        """Also what is answered when somebody wants the full state again."""
        out = {"next_batch": self.next_batch(login), "rooms": {"join": {}}}
        for room in self.rooms.values():
            out["rooms"]["join"][room.id] = {
                "summary": {"m.joined_member_count": len(room.members) + 1,
                            "m.invited_member_count": 0, "m.heroes": room.members[:5]},
                "state": {"events": room.state + [room.own(login.user)]},
                "timeline": {"events": [], "limited": False, "prev_batch": "p0"}}
        if self.direct:
            out["account_data"] = {"events": [{"type": "m.direct", "content": self.direct}]}
        return merge(out, self.initial)

    def poll(self, user=None):
        """The open long poll of that user (a localpart), or the newest; else None."""
        for one in reversed(self.logins):
            if one.poll and one.poll.open and (user is None or
                                               one.user.split(":")[0] == "@" + user):
                return one.poll
        return None

    def push(self, poll, body):
        """Answers a long poll."""
        login = poll.login
        self.answer(poll, 200, merge({"next_batch": self.next_batch(login)}, body))

    def event(self, kind, content, sender, **more):
        """An event as it stands in a timeline, with an id of its own unless more has one."""
        self.events += 1
        return {"type": kind, "sender": sender, "content": content,
                "event_id": "$e%d" % self.events,
                "origin_server_ts": 1700000000000 + 1000 * self.events, **more}

    def expire(self, soft):
        """All tokens are of the past, as those who poll learn at once."""
        for one in self.logins:
            one.expired = soft
            if one.poll and one.poll.open:
                self.refuse(one.poll, 401, "M_UNKNOWN_TOKEN", soft_logout=soft)


def merge(into, more):
    """into, with the members of more added; objects are merged, arrays joined."""
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            merge(into[name], value)
        elif isinstance(value, list) and isinstance(into.get(name), list):
            into[name] = into[name] + value
        else:
            into[name] = value
    return into
