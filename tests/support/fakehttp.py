# SPDX-License-Identifier: MPL-2.0
"""The HTTP/1.1 side of a scripted server: requests come in whole, answers go out as well or as
badly as a scenario wants."""
import json
import re
import urllib.parse
import zlib

from reactor import Connection

HEAD_MAX = 65536
REASONS = {200: "OK", 201: "Created", 204: "No Content", 301: "Moved Permanently", 302: "Found",
           307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
           401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 413: "Payload Too Large",
           429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable", 504: "Gateway Timeout"}


def decoded(path):
    """A path for people: each segment percent-decoded, but for a slash in it."""
    return "/".join(urllib.parse.unquote(s, errors="surrogateescape").replace("/", "%2F")
                    for s in path.split("/"))


class Request:
    """One request: method, path (decoded), query, headers (names in lower case), body, and json
    when it is JSON."""

    def __init__(self, connection, method, target, headers, body):
        self.connection, self.method, self.headers, self.body = connection, method, headers, body
        path, _, query = target.partition("?")
        self.target, self.path = target, decoded(path)
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.json = self.fault = None
        self.auto = self.answered = False
        if headers.get("content-type", "").startswith("application/json") and body:
            try:
                self.json = json.loads(body)
            except ValueError as e:
                self.fault = "a body that is no JSON (%s): %r" % (e, body[:200])

    @property
    def open(self):
        """Does it still wait for its answer?"""
        return not self.answered and self.connection.alive

    def __str__(self):
        text = "%s %s" % (self.method, self.path)
        if self.query:
            text += "?" + "&".join("%s=%s" % (k, v if len(v) < 80 else v[:80] + "...")
                                   for k, v in self.query.items())
        if self.json is not None:
            return text + " " + json.dumps(self.json, ensure_ascii=False)
        return text + (" (%d bytes)" % len(self.body) if self.body else "")

    def answer(self, status, body=b"", headers=(), length=None, first=None):
        """body: bytes. length: what Content-Length says, when it lies. first: only so many bytes
        now; the rest at finish()."""
        if not self.open:
            return
        self.answered = True
        head = ["HTTP/1.1 %d %s" % (status, REASONS.get(status, "Unknown"))]
        names = {name.lower() for name, _ in headers}
        head += ["%s: %s" % h for h in headers]
        if "content-type" not in names:
            head.append("Content-Type: application/json")
        if "content-length" not in names:
            head.append("Content-Length: %d" % (len(body) if length is None else length))
        data = ("\r\n".join(head) + "\r\n\r\n").encode("utf-8", "surrogateescape")
        self.connection.write(data)
        self.rest = b"" if first is None else body[first:]
        self.connection.write(body if first is None else body[:first])

    def finish(self):
        self.connection.write(self.rest)
        self.rest = b""


class HttpConnection(Connection):
    """One connection; server.requested(request) is called for each request."""

    def __init__(self, server, sock):
        super().__init__(server.reactor, sock)
        self.server, self.buffer = server, b""

    def received(self, data):
        self.buffer += data
        while self.buffer and self._one():
            pass

    def _one(self):
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            if len(self.buffer) > HEAD_MAX:
                self.server.breach("a request's head without an end")
                self.drop()
            return False
        lines = head.decode("utf-8", "surrogateescape").split("\r\n")
        m = re.fullmatch(r"([A-Z]+) (/\S*) HTTP/1\.1", lines[0])
        if not m:
            self.server.breach("no request line: %r" % lines[0])
            self.drop()
            return False
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect") and not rest:
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body, rest = self._body(headers, rest)
        if body is None:
            return False
        self.buffer = rest
        self.server.requested(Request(self, m.group(1), m.group(2), headers, body))
        return self.alive

    @staticmethod
    def _body(headers, data):
        """(body, what follows), or (None, None) while it is not whole."""
        if headers.get("transfer-encoding", "").lower() != "chunked":
            size = int(headers.get("content-length", "0"))
            return (data[:size], data[size:]) if len(data) >= size else (None, None)
        body = b""
        while True:
            line, end, data = data.partition(b"\r\n")
            if not end:
                return None, None
            size = int(line.split(b";")[0], 16)
            if len(data) < size + 2:
                return None, None
            body, data = body + data[:size], data[size + 2:]
            if size == 0:
                return body, data

    def ended(self):
        self.server.connection_ended(self)


def bomb(size):
    """gzip of a JSON string of so many bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    out, piece = packer.compress(b'{"bomb":"'), b"x" * 65536
    for _ in range(size // len(piece)):
        out += packer.compress(piece)
    return out + packer.compress(b'"}') + packer.flush()


def gzip(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()
