# SPDX-License-Identifier: MPL-2.0
"""A small web server for the end-to-end tests, on loopback: gives what a test tells it to give, and
can be as bad as servers are."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = b"x" * 65536


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        with self.server.changed:
            self.server.asked.append(self.path)
            self.server.changed.notify_all()
        name = self.path.strip("/").split(".")[0]
        try:
            getattr(self, "give_" + name, self.give_missing)()
        except OSError:
            self.close_connection = True         # the other side has had enough

    def head(self, size, kind="application/octet-stream"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if size is not None:
            self.send_header("Content-Length", str(size))
        self.end_headers()

    def give_missing(self):
        self.send_error(404)

    def give_large(self):
        size = self.server.large
        self.head(size)
        for _ in range(size // len(PIECE)):
            self.wfile.write(PIECE)

    def give_endless(self):
        """Does not say how much it is, and never ends."""
        self.head(None)
        while True:
            self.wfile.write(PIECE)

    def give_liar(self):
        """Says more than it gives."""
        self.head(1000)
        self.wfile.write(b"short")
        self.close_connection = True

    def give_turning(self):
        self.send_response(302)
        self.send_header("Location", "/turning.bin")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def give_silent(self):
        """Accepts the request and says nothing until the test is over."""
        self.server.over.wait()


class WebServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Handler)
        self.changed, self.over, self.asked, self.large = \
            threading.Condition(), threading.Event(), [], 0
        self.base = "http://127.0.0.1:%d/" % port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def requests(self, part):
        """What was asked for so far whose path and query hold the part, in order."""
        with self.changed:
            return [path for path in self.asked if part in path]

    def wait_for(self, path, seconds=30):
        """Until it has been asked for."""
        with self.changed:
            if not self.changed.wait_for(lambda: path in self.asked, seconds):
                raise AssertionError("nobody asked for %s within %d s" % (path, seconds))

    def close(self):
        self.over.set()
        self.shutdown()
        self.server_close()
