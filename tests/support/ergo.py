#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Ergo, the IRC server that keeps history: no package of Debian, so it is built from its Go module,
once, into the user's cache directory.

    ergo.py          builds it; says where it is, or why it cannot be had (status 1)

Where tests/run could not build it, SOJOURN_NO_ERGO holds the reason."""
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from servers import accepts                                          # noqa: E402

MODULE, VERSION = "github.com/ergochat/ergo", "v2.16.0"
SECONDS = 400                        # for the build


def place():
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(cache) / "sojourn-tests" / ("ergo-" + VERSION)


def missing():
    """A reason to skip when Ergo is not built, else None."""
    if place().exists():
        return None
    return os.environ.get("SOJOURN_NO_ERGO") or "Ergo is not built; tests/support/ergo.py does it"


def build():
    """None, or why it cannot be had."""
    if place().exists():
        return None
    go = shutil.which("go")
    if not go:
        return "Ergo cannot be built: there is no Go compiler"
    place().parent.mkdir(parents=True, exist_ok=True)
    with open(str(place()) + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place().exists():                         # somebody else was faster
            return None
        with tempfile.TemporaryDirectory() as folder:
            return _build(go, folder)


def _build(go, folder):
    reason, said = _run([go, "mod", "download", "-json", "%s@%s" % (MODULE, VERSION)], folder)
    try:
        found = json.loads(said)
    except ValueError:
        found = {}
    if reason or "Dir" not in found:
        why = " ".join((found.get("Error") or reason or said).split())
        return "Ergo cannot be had from the Go proxy: %s" % why
    fresh = pathlib.Path(folder, "ergo")
    reason, said = _run([go, "build", "-mod=readonly", "-o", str(fresh), "."], found["Dir"])
    if reason:
        return "Ergo cannot be built: " + reason
    shutil.move(fresh, str(place()) + ".new")
    os.replace(str(place()) + ".new", place())
    return None


def _run(argv, folder):
    """(None or what went wrong, standard output)."""
    try:
        done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, timeout=SECONDS,
                              capture_output=True, check=False, env={**os.environ, "GOFLAGS": ""})
    except (OSError, subprocess.TimeoutExpired) as e:
        return str(e), ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no words of it"]
    return None if done.returncode == 0 else said[-1], done.stdout.decode("utf-8", "replace")


def _configuration(directory, port, together):
    return {
        "network": {"name": "ErgoTest"},
        "server": {
            "name": "ergo.test", "listeners": {"127.0.0.1:%d" % port: {}},
            "casemapping": "ascii", "enforce-utf8": True, "lookup-hostnames": False,
            "max-sendq": "1M", "ip-limits": {"count": False, "throttle": False},
            "ip-cloaking": {"enabled": False},
            "compatibility": {"force-trailing": True, "send-unprefixed-sasl": True}},
        "accounts": {
            "authentication-enabled": True, "advertise-scram": True,
            "login-via-pass-command": True,
            "registration": {"enabled": True, "allow-before-connect": True, "bcrypt-cost": 4,
                             "throttling": {"enabled": False}},
            "login-throttling": {"enabled": False},
            "nick-reservation": {"enabled": True, "method": "strict",
                                 "force-nick-equals-account": False},
            "multiclient": {"enabled": together, "allowed-by-default": True}},
        "channels": {"default-modes": "+nt", "max-channels-per-client": 100,
                     "registration": {"enabled": True}},
        "oper-classes": {}, "opers": {},
        "logging": [{"method": "stderr", "type": "*", "level": "info"}],
        "datastore": {"path": str(directory / "ircd.db"), "autoupgrade": True},
        "lock-file": str(directory / "ircd.lock"),
        "languages": {"enabled": False, "default": "en"},
        "limits": {"nicklen": 32, "identlen": 20, "realnamelen": 150, "channellen": 64,
                   "awaylen": 390, "kicklen": 390, "topiclen": 390, "monitor-entries": 100,
                   "whowas-entries": 100, "chan-list-modes": 100, "registration-messages": 1024,
                   "multiline": {"max-bytes": 4096, "max-lines": 100}},
        "fakelag": {"enabled": False},
        "history": {"enabled": True, "channel-length": 2048, "client-length": 256,
                    "autoresize-window": "0", "autoreplay-on-join": 0,
                    "chathistory-maxmessages": 100,
                    "restrictions": {"expire-time": "1w", "query-cutoff": "none"},
                    "retention": {"allow-individual-delete": True},
                    "tagmsg-storage": {"default": False, "whitelist": ["+draft/react"]}}}


def start(lab, together=False):
    """Attribute irc: the port. together: several clients of one account are one person."""
    directory = lab.dir / "ergo"
    directory.mkdir()
    port = lab.ports.take()
    config = directory / "ircd.yaml"                 # JSON is YAML
    config.write_text(json.dumps(_configuration(directory, port, together)))
    subprocess.run([place(), "initdb", "--conf", config, "--quiet"], check=True, cwd=directory,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    server = lab.start("ergo", [place(), "run", "--conf", config], accepts(port))
    server.irc = port
    return server


if __name__ == "__main__":
    why = build()
    print(why or place())
    sys.exit(1 if why else 0)
