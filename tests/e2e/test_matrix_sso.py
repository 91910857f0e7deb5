# SPDX-License-Identifier: MPL-2.0
"""Single sign-on, end to end: a Synapse of its own that leaves log-ins to a CAS server, which is a
stub of a few lines; the user's browser is this test."""
import html
import re
import threading
import types
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import synapse
from e2ebase import GATEWAY, REGISTER
from servers import HOST
from test_matrix import MatrixTest

WHO = "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'><cas:authenticationSuccess>" \
      "<cas:user>%s</cas:user></cas:authenticationSuccess></cas:serviceResponse>"


class Handler(BaseHTTPRequestHandler):
    """/login: the user is logged in and sent back with a ticket; /proxyValidate: whose that is."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/login":
            self.send_response(302)
            self.send_header("Location", query["service"][0] + "&ticket=" + self.server.user)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = (WHO % query["ticket"][0]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Cas(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, lab):
        super().__init__((HOST, 0), Handler)
        self.user = "nobody"
        self.url = "http://%s:%d" % (HOST, self.server_address[1])
        threading.Thread(target=self.serve_forever, daemon=True).start()
        lab.closers.append(self.stop)

    def stop(self):
        self.shutdown()
        self.server_close()


def browse(url):
    """What a browser shows behind that address; redirects are followed."""
    with urllib.request.urlopen(url, timeout=30) as page:
        return page.read().decode()


class SingleSignOn(MatrixTest):
    @classmethod
    def network(cls, lab):
        cls.cas = Cas(lab)
        server = synapse.start(lab, password_config={"enabled": False},
                               cas_config={"enabled": True, "server_url": cls.cas.url})
        return server, {"homeserver": server.base}

    def asked(self, client):
        """The address that the gateway tells the user to open."""
        told = client.wait(lambda n: n.name == "message" and n.get("from") == GATEWAY and
                           n.find("body") is not None and
                           "/login/sso/redirect" in n.find("body").text, "the address")
        return re.search(r"http://\S*/login/sso/redirect\S*", told.find("body").text).group()

    def say(self, client, text):
        client.send("<message type='chat' to='%s'><body>%s</body></message>" %
                    (GATEWAY, html.escape(text)))

    def test_login(self):
        """The home server takes no passwords: the user opens the address, logs in with the
        organisation, and gives back the address with the token in it; a used one is refused, and
        asked for again (G100-06, G100-09)"""
        user = self.name("romeo")
        self.cas.user = user
        client = self.xmpp("romeo")
        self.wait_for_gateway(client)
        client.send("<iq type='set' id='r1' to='%s'><query xmlns='%s'><username>@%s:%s</username>"
                    "</query></iq>" % (GATEWAY, REGISTER, user, synapse.NAME))
        url = self.asked(client)
        self.say(client, "http://localhost/sojourn?loginToken=syl_not_a_token")
        self.assertEqual(self.asked(client), url)
        back = html.unescape(re.search(r'href="(http://localhost/sojourn[^"]*loginToken=[^"]*)"',
                                       browse(url)).group(1))
        self.say(client, back)
        client.expect("<iq type='result' id='r1' from='%s' ...>...</iq>" % GATEWAY)
        self.approve(client)
        self.talk(client, user)

    def talk(self, client, user):
        """Somebody else of the organisation, whose client has a token of the same kind."""
        self.cas.user = self.name("juliet")
        base = "http://%s:%d" % (HOST, self.ircd.port)
        page = browse(base + "/_matrix/client/v3/login/sso/redirect?redirectUrl=http://x.test/")
        token = urllib.parse.unquote(re.search(r"loginToken=([^\"&]*)", page).group(1))
        juliet = synapse.MatrixClient(base, synapse.NAME)
        juliet.login_with({"type": "m.login.token", "token": html.unescape(token)})
        other = types.SimpleNamespace(user_id="@%s:%s" % (user, synapse.NAME))
        contact, room = self.befriended(client, other, juliet)
        juliet.send(room, "Art thou not Romeo?")
        self.assertEqual(client.expect_body(contact), "Art thou not Romeo?")
