# SPDX-License-Identifier: MPL-2.0
"""Where a home server is, by /.well-known/matrix/client over https with a certificate of an
authority of the test's own, end to end. The home servers are stubs: one that says where it is, and
what that answers; a Matrix address names its port."""
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from e2ebase import GatewayTest
from servers import certificate_authority

ACCOUNT = "matrix-password-discovery"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def give(self, status, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self):
        server = self.server
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        server.asked.append(path)
        if path == "/.well-known/matrix/client":
            self.give(*server.well_known[0], **server.well_known[1])
        elif path.startswith(server.below + "/_matrix/client/"):
            self.home_server(path[len(server.below) + len("/_matrix/client/"):])
        else:
            self.give(404, {"errcode": "M_UNRECOGNIZED", "error": "not here"})

    def home_server(self, call):
        user = "@romeo:%s" % self.server.name
        answers = {"versions": {"versions": ["v1.11"]},
                   "v3/login": {"flows": [{"type": "m.login.password"}], "user_id": user,
                                "access_token": "token-of-discovery", "device_id": "D"},
                   "v3/logout": {}, "v3/account/whoami": {"user_id": user}}
        if call == "v3/sync" and "since=" in self.path:
            self.server.over.wait(5)
        self.give(200, answers.get(call, {"next_batch": "s1"}))

    do_GET = do_POST = do_PUT = answer


class Stub(ThreadingHTTPServer):
    """A server on loopback with a certificate; below: the path at which its home server is."""
    daemon_threads = True

    def __init__(self, lab, certificate, below=""):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.below, self.over = [], below, threading.Event()
        self.well_known = (404, {}), {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(certificate) + ".crt", str(certificate) + ".key")
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
        self.name = "127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()
        lab.closers.append(self.stop)

    def stop(self):
        self.over.set()
        self.shutdown()
        self.server_close()

    def says(self, body, status=200, **headers):
        self.well_known = (status, body), headers


class Discovery(GatewayTest):
    programs = ("prosody", "openssl")
    backend = {"backend": "matrix", "name": "Matrix", "private-addresses": "yes"}
    secrets = GatewayTest.secrets + (ACCOUNT,)

    @classmethod
    def network(cls, lab):
        directory = certificate_authority(lab.dir / "ca")
        cls.domain = Stub(lab, directory / "good")
        cls.home = Stub(lab, directory / "good", "/matrix")
        cls.stranger = Stub(lab, directory / "other", "/matrix")
        cls.home.name = cls.stranger.name = cls.domain.name
        cls.home_port = cls.home.server_address[1]
        return cls.domain, {"tls-ca": directory / "ca.crt"}

    def setUp(self):
        super().setUp()
        self.domain.below = "/nowhere"
        for stub in (self.domain, self.home, self.stranger):
            stub.asked.clear()

    def register(self, user):
        client = self.xmpp(user)
        return self.submit(client, username="@romeo:" + self.domain.name, password=ACCOUNT)

    def where(self, stub, path="/matrix/"):
        return {"m.homeserver": {"base_url": "https://127.0.0.1:%d%s" % (
            stub.server_address[1], path)}}

    def test_told(self):
        """The server of the address says where its home server is; the password goes there
        alone (G100-06)"""
        self.domain.says(self.where(self.home))
        self.assert_result(self.register("romeo"))
        self.assertNotIn("/_matrix/client/v3/login", self.domain.asked)
        self.assertIn("/matrix/_matrix/client/v3/login", self.home.asked)

    def test_silent(self):
        """A server that says nothing is taken for the home server"""
        self.domain.says({}, 404)
        self.domain.below = ""
        self.assert_result(self.register("benvolio"))
        self.assertIn("/_matrix/client/v3/login", self.domain.asked)

    def test_nonsense(self):
        """What makes no sense, is no https, or leads to a certificate of another is refused, and
        no password is sent (G100-07)"""
        client = self.xmpp("mercutio")
        plain = {"m.homeserver": {"base_url": "http://127.0.0.1:%d/" % self.home_port}}
        for body in (b"no json", [], {"m.homeserver": 5}, {"m.homeserver": {"base_url": "x"}},
                     plain, self.where(self.home, "/?x=1"), self.where(self.home, "/wrong"),
                     self.where(self.stranger)):
            self.domain.says(body)
            answer = self.submit(client, username="@romeo:" + self.domain.name, password=ACCOUNT)
            self.assertEqual(answer.get("type"), "error", body)
        asked = self.domain.asked + self.home.asked + self.stranger.asked
        self.assertFalse([path for path in asked if path.endswith("/v3/login")], asked)
