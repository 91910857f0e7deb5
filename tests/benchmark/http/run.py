#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Measures what a request that waits costs, over HTTP/1.1, HTTPS/1.1 and HTTP/2.

    run.py BUILD [NUMBER]

BUILD: a build with SOJOURN_BENCH. Serves by itself, on loopback, in a process of its own; the
HTTP/2 part of the server knows just the frames that it takes to keep requests waiting
(RFC 9113)."""
import asyncio
import multiprocessing
import pathlib
import ssl
import subprocess
import sys
import tempfile

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STREAMS = 100
SETTINGS, PING, ACK = 4, 6, 1


def frame(kind, flags, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + bytes(4) + payload


async def hold1(reader, writer):
    while await reader.read(65536):
        pass
    writer.close()


async def hold2(reader, writer):
    await reader.readexactly(len(PREFACE))
    writer.write(frame(SETTINGS, 0, b"\0\3" + STREAMS.to_bytes(4, "big")))
    try:
        while True:
            head = await reader.readexactly(9)
            payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
            if head[3] in (SETTINGS, PING) and not head[4] & ACK:
                writer.write(frame(head[3], ACK, payload if head[3] == PING else b""))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve(handler, context, pipe):
    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context, backlog=1024)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def server_main(handler, folder, protocol, pipe):
    context = None
    if protocol:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        context.set_alpn_protocols([protocol])
    asyncio.run(serve(handler, context, pipe))


def measure(build, number, folder, name, handler, protocol):
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=server_main, args=(handler, folder, protocol, theirs))
    server.start()
    try:
        scheme = "https" if protocol else "http"
        url = "%s://127.0.0.1:%d/poll" % (scheme, ours.recv())
        done = subprocess.run([str(build / "tests/benchmark/http/sojourn-bench-http"), url,
                               str(folder / "cert.pem"), str(number)], check=False,
                              stdout=subprocess.PIPE)
        print("%-10s %s" % (name, done.stdout.decode().strip()), flush=True)
        return done.returncode
    finally:
        server.terminate()
        server.join()


def main():
    build = pathlib.Path(sys.argv[1])
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=bench",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True,
                       stderr=subprocess.DEVNULL)
        return max(measure(build, number, folder, *row) for row in (
            ("HTTP/1.1", hold1, None), ("HTTPS/1.1", hold1, "http/1.1"), ("HTTP/2", hold2, "h2")))


if __name__ == "__main__":
    sys.exit(main())
