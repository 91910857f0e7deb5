#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Stands in for sojournd when the scenario runner itself is tested: attaches its components,
answers pings, greets who registers, and breaks a rule when the message body says which."""
import hashlib
import html
import http.client
import json
import pathlib
import re
import signal
import socket
import sys

TOKEN = []                           # of the log-in with the home server


def main():
    config = pathlib.Path(sys.argv[2]).read_text()
    port = int(re.search(r"^port = (\d+)", config, re.M).group(1))
    host = re.search(r"^\[([a-z.]+)\]$\s*backend", config, re.M).group(1)
    secret = re.search(r"^secret = (.*)", config, re.M).group(1)
    irc_port = int(re.findall(r"^port = (\d+)", config, re.M)[1])
    signal.signal(signal.SIGTERM, lambda *a: sys.exit(0))
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(("<stream:stream xmlns='jabber:component:accept' xmlns:stream="
                  "'http://etherx.jabber.org/streams' to='%s'>" % host).encode())
    data = ""
    while "id='" not in data:
        data += sock.recv(4096).decode()
    ident = re.search(r"id='([^']*)'", data).group(1)
    sock.sendall(("<handshake>%s</handshake>"
                  % hashlib.sha1((ident + secret).encode()).hexdigest()).encode())
    data = ""
    while True:
        got = sock.recv(65536).decode()
        if not got:
            return 0
        data += got
        for m in re.finditer(r"<iq .*?</iq>|<message .*?</message>", data, re.S):
            handle(sock, m.group(0), host, irc_port)
        data = re.sub(r"<handshake/>|<iq .*?</iq>|<message .*?</message>", "", data, flags=re.S)


def attr(text, name):
    return re.search(r"%s='([^']*)'" % name, text).group(1)


def handle(sock, text, host, irc_port):
    if text.startswith("<iq type='get'") and "ping" in text:
        say(sock, "<iq type='result' id='%s' from='%s' to='%s'/>"
            % (attr(text, "id"), attr(text, "to"), attr(text, "from")))
    elif "jabber:iq:register" in text:
        say(sock, "<iq to='%s' type='result' from='%s' id='%s'><query xmlns='jabber:iq:register'>"
            "<username/><instructions>Hello, tell your nick.</instructions></query></iq>"
            % (attr(text, "from"), attr(text, "to"), attr(text, "id")))
    if "<password>" in text or "var=" in text:
        value = re.search(r"<(?:password|value)>(.*?)<", text).group(1)
        print("2026-01-01T00:00:00.000Z debug stub: given %s" % value, file=sys.stderr, flush=True)
    body = re.search(r"<body>(.*?)</body>", text)
    if not body:
        return
    word = body.group(1)
    if word == "twice":
        for _ in range(2):
            say(sock, "<iq type='result' id='q1' from='%s' to='a@b.test/c'/>" % host)
    elif word == "foreign":
        say(sock, "<message from='x@other.test' to='a@b.test'><body>hi</body></message>")
    elif word == "form":
        say(sock, "<message from='%s' to='a@b.test'><x xmlns='jabber:x:data' type='form'>"
            "<field var='riddle' type='text-private'/></x></message>" % host)
    elif word == "log":
        print("2026-01-01T00:00:00.000Z warn stub: something odd n=1", file=sys.stderr, flush=True)
    elif word.startswith("tell "):
        print("2026-01-01T00:00:00.000Z debug stub: heard %s n=147110" % word[5:],
              file=sys.stderr, flush=True)
    elif word.startswith(("keep ", "show ")):
        data = pathlib.Path("data")
        data.mkdir(exist_ok=True)
        (data / "data.mdb").write_text("\0\0%s\0" % word[5:])
        (data / "data.mdb").chmod(0o600 if word.startswith("keep ") else 0o640)
    elif word == "die":
        sys.exit(3)
    elif word == "irc":
        irc = socket.create_connection(("127.0.0.1", irc_port))
        irc.sendall(b"NICK romeo\r\nUSER r 0 * :Romeo\r\n")
        irc.recv(4096)
        irc.sendall(b"PRIVMSG juliet :a  b\r\nQUIT :bye\r\n")
        while irc.recv(4096):
            pass
    elif word.startswith("matrix "):
        tell(sock, host, ask_matrix(*word.split(" ", 4)[1:]))
    else:
        tell(sock, host, word)


def tell(sock, host, text):
    say(sock, "<message from='juliet@%s' to='a@b.test' type='chat' id='m9'><body>%s</body>"
        "</message>" % (host, text))


def ask_matrix(port, method, path, body=""):
    """One request to the home server: the answer's status, and its body if that is short."""
    conn = http.client.HTTPConnection("127.0.0.1", int(port))
    headers = {"Content-Type": "application/json"} if body else {}
    if TOKEN:
        headers["Authorization"] = "Bearer " + TOKEN[0]
    try:
        conn.request(method, path, html.unescape(body).encode() or None, headers)
        answer = conn.getresponse()
        text = answer.read().decode()
    except http.client.HTTPException as e:
        return type(e).__name__
    finally:
        conn.close()
    if path.endswith("/login") and method == "POST" and answer.status == 200:
        TOKEN[:] = [json.loads(text)["access_token"]]
    return html.escape("%d %s" % (answer.status, text if len(text) < 2000 else len(text)))


def say(sock, text):
    sock.sendall(text.encode())


if __name__ == "__main__":
    sys.exit(main())
