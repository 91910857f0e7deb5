#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Synapse, the Matrix home server of the end-to-end tests: no package of Debian 12, so it is
installed from PyPI into a virtual environment of its own, once for each state of synapse.txt.

    synapse.py          installs it; says where it is, or why it cannot be had (status 1)

Where tests/run could not install it, SOJOURN_NO_SYNAPSE holds the reason. One server is shared by
all test classes of a run: e2e.py starts it and says in SOJOURN_SYNAPSE where it is."""
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from matrixclient import MatrixClient                                # noqa: E402
from servers import HOST, accepts                                    # noqa: E402

PINS = pathlib.Path(__file__).resolve().with_suffix(".txt")
NAME = "matrix.localhost"            # of the home server: what stands behind the colon of its ids
SHARED_SECRET = "registration-secret-e2e"
SECONDS = 400                        # for an installation


def place():
    """Where the virtual environment of these pins is, or will be."""
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    state = PINS.read_bytes() + sys.version.encode()
    return pathlib.Path(cache) / "sojourn-tests" / \
        ("synapse-" + hashlib.sha256(state).hexdigest()[:16])


def python():
    return place() / "bin" / "python"


def missing():
    """A reason to skip when Synapse is not installed, else None."""
    if python().exists():
        return None
    return os.environ.get("SOJOURN_NO_SYNAPSE") or \
        "Synapse is not installed; tests/support/synapse.py does it"


def install():
    """None, or why it cannot be had. An installation that was cut short is not seen as one."""
    if python().exists():
        return None
    place().parent.mkdir(parents=True, exist_ok=True)
    with open(str(place()) + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if python().exists():                        # somebody else was faster
            return None
        fresh = pathlib.Path(str(place()) + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        for argv in (["/usr/bin/python3", "-m", "venv", str(fresh)],
                     [str(fresh / "bin" / "python"), "-m", "pip", "install", "--quiet",
                      "--disable-pip-version-check", "--no-input", "--timeout", "20", "--retries",
                      "1", "--only-binary", ":all:", "--no-deps", "-r", str(PINS)]):
            reason = _run(argv)
            if reason:
                shutil.rmtree(fresh, ignore_errors=True)
                return reason
        fresh.rename(place())
    return None


def _run(argv):
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as e:
        return "Synapse cannot be installed: %s" % e
    if done.returncode == 0:
        return None
    said = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["no words of it"]
    errors = [line for line in said if line.startswith("ERROR")]
    return "Synapse cannot be installed from PyPI: %s" % (errors or said)[-1]


# "limit: none" as Synapse wants it said; every other kind of request is under such a limit as well
_FREE = {"per_second": 100000, "burst_count": 100000}
_LIMITS = {name: _FREE for name in (
    "rc_message", "rc_registration", "rc_registration_token_validity", "rc_admin_redaction",
    "rc_joins_per_room", "rc_key_requests", "rc_3pid_validation", "rc_third_party_invite",
    "rc_media_create", "rc_delayed_event_mgmt", "rc_room_creation", "rc_reports",
    "rc_user_directory", "rc_profile")}
_LIMITS.update({
    "rc_login": {"address": _FREE, "account": _FREE, "failed_attempts": _FREE},
    "rc_joins": {"local": _FREE, "remote": _FREE},
    "rc_invites": {"per_room": _FREE, "per_user": _FREE, "per_issuer": _FREE},
    "rc_presence": {"per_user": _FREE}})


def _configuration(directory, port, more):
    return {
        "server_name": NAME, "public_baseurl": "http://%s:%d/" % (HOST, port),
        "pid_file": str(directory / "pid"),
        "listeners": [{"port": port, "bind_addresses": [HOST], "type": "http", "tls": False,
                       "resources": [{"names": ["client"], "compress": False}]}],
        "database": {"name": "sqlite3", "args": {"database": str(directory / "homeserver.db")}},
        "media_store_path": str(directory / "media"), "max_upload_size": "20M",
        "log_config": str(directory / "log.yaml"), "report_stats": False,
        "signing_key": "ed25519 a_test " + "A" * 43, "trusted_key_servers": [],
        "suppress_key_server_warning": True, "federation_domain_whitelist": [],
        "registration_shared_secret": SHARED_SECRET, "macaroon_secret_key": "macaroon-e2e",
        "form_secret": "form-e2e", "bcrypt_rounds": 4, "presence": {"enabled": True},
        "user_directory": {"enabled": True, "search_all_users": True},
        "room_list_publication_rules": [{"action": "allow"}], **_LIMITS, **more}


_LOG = {"version": 1, "formatters": {"line": {
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": "INFO", "handlers": ["out"]}}


class Shared:
    """Stands for a server that another process started: its port, its log, clients of it."""

    def __init__(self, port, log):
        self.port, self.log = int(port), pathlib.Path(log)
        self.base = "http://%s:%d" % (HOST, self.port)
        self.server = None               # of servers.py, where this process started it

    def client(self, user, password, register=True):
        """A user who is logged in; by default a new one."""
        client = MatrixClient(self.base, NAME)
        if register:
            client.register(user, password, SHARED_SECRET)
        client.login(user, password)
        return client

    def tail(self, size=3000):
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def words(self):
        """How SOJOURN_SYNAPSE tells it to other processes."""
        return "%d %s" % (self.port, self.log)


def start(lab, **more):
    """A server of this lab, new and empty; more: of its configuration."""
    directory, port = lab.dir / "synapse", lab.ports.take()
    directory.mkdir()
    (directory / "log.yaml").write_text(json.dumps(_LOG))            # JSON is YAML
    (directory / "homeserver.yaml").write_text(json.dumps(_configuration(directory, port, more)))
    server = lab.start("synapse", [python(), "-m", "synapse.app.homeserver", "--config-path",
                                   directory / "homeserver.yaml"], accepts(port))
    shared = Shared(port, server.log)
    shared.server = server
    return shared


def of_run(lab):
    """The server of this test run; one of the lab where nobody started one for the run."""
    words = os.environ.get("SOJOURN_SYNAPSE")
    return Shared(*words.split(" ", 1)) if words else start(lab)


def main():
    reason = install()
    print(reason or "Synapse is in %s" % place())
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
