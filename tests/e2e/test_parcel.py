# SPDX-License-Identifier: MPL-2.0
"""A user's account moves to another gateway, with another key, while that one runs."""
import os
import subprocess

from daemon import Daemon
from e2ebase import GATEWAY, SECRET, GatewayTest

PASSPHRASE = "correct-horse-battery"


class ParcelTest(GatewayTest):
    secrets = GatewayTest.secrets + (PASSPHRASE, "network-secret")

    def ctl(self, daemon, *args, passphrase=PASSPHRASE):
        """Runs sojournctl with a passphrase at a descriptor; (status, output)."""
        read, write = os.pipe()
        os.write(write, passphrase.encode() + b"\n")
        os.close(write)
        try:
            done = subprocess.run(
                [str(self.bin / "sojournctl"), "--config", str(daemon.config),
                 "--passphrase-fd", str(read), *args], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=daemon.env(),
                pass_fds=(read,), timeout=120, check=False)
        finally:
            os.close(read)
        text = done.stdout.decode()
        self.assertNotIn(passphrase, text)
        return done.returncode, text

    def second(self, name):
        """Another gateway for the same hostname: other data, another key."""
        directory = self.lab.dir / name
        directory.mkdir()
        daemon = Daemon(self.bin / "sojournd", directory)
        daemon.write_config({
            "gateway": {"server": "127.0.0.1", "port": self.prosody.component,
                        "data-dir": directory / "data", "key-file": directory / "store.key",
                        "control-socket": directory / "control.sock", "log-level": "debug"},
            GATEWAY: {"secret": SECRET, **self.section({"server": "127.0.0.1",
                                                        "port": self.ircd.irc, "tls": "no"})}})
        return daemon

    def finish(self, daemon):
        """In good order, as stop_daemon."""
        daemon.terminate()
        self.assertEqual(daemon.wait(20), 0)
        self.assertEqual(daemon.sanitizer_reports(), "")
        for secret in self.secrets:
            self.assertNotIn(secret, daemon.log_text())

    def test_1_a_user_moves_to_another_gateway(self):
        parcel = str(self.lab.dir / "romeo.parcel")
        mercutio = self.irc("mercutio")
        romeo = self.go_online("romeo", username="romeo_nick", password="network-secret")
        contact = self.befriend(romeo, "mercutio")

        # While the first one runs: nothing is replaced, a typo is noticed.
        status, text = self.ctl(self.daemon, "export", "romeo@localhost", "--to", parcel)
        self.assertEqual(status, 0, text)
        self.assertIn(GATEWAY, text)
        self.assertEqual(os.stat(parcel).st_mode & 0o777, 0o600)
        self.assertEqual(self.ctl(self.daemon, "export", "romeo@localhost", "--to", parcel)[0], 1)
        status, text = self.ctl(self.daemon, "export", "nobody@localhost", "--to", parcel + "2")
        self.assertEqual(status, 1)
        self.assertIn("has no account here", text)
        self.assertFalse(os.path.exists(parcel + "2"))
        status, text = self.ctl(self.daemon, "import", parcel)
        self.assertEqual(status, 1)
        self.assertIn("--replace", text)
        status, text = self.ctl(self.daemon, "import", "--replace", parcel)
        self.assertEqual(status, 1)
        self.assertIn("is logged in", text)
        status, text = self.ctl(self.daemon, "import", parcel, passphrase="another-horse-battery")
        self.assertEqual(status, 1)
        self.assertIn("passphrase is wrong", text)
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(20), 0)
        romeo.expect("<presence type='unavailable' from='%s' ...>...</presence>" % GATEWAY)

        # The second one knows nobody; then romeo is there without having registered.
        other = self.second("other")
        other.start()
        try:
            self.wait_for_gateway(romeo)
            status, text = self.ctl(other, "import", parcel)
            self.assertEqual(status, 0, text)
            self.assertIn("imported", text)
            romeo.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY)
            romeo.expect("<presence from='%s' to='*'>...</presence>" % contact)
            romeo.message(contact, "from the other gateway")
            mercutio.expect("PRIVMSG", "mercutio", "from the other gateway", source="romeo_nick")
            status, text = other.control(self.bin / "sojournctl", "check-store")
            self.assertEqual(status, 0, text)
        finally:
            self.finish(other)

    def test_2_a_parcel_is_taken_without_a_daemon(self):
        parcel = str(self.lab.dir / "romeo.parcel")
        third = self.second("third")
        status, text = self.ctl(third, "import", parcel)
        self.assertEqual(status, 1)
        self.assertIn("start the daemon once", text)
        third.start()
        romeo = self.xmpp("romeo")
        self.wait_for_gateway(romeo)
        self.finish(third)
        status, text = self.ctl(third, "import", parcel)
        self.assertEqual(status, 0, text)
        status, text = self.ctl(third, "import", parcel)
        self.assertEqual(status, 1, text)
        status, text = self.ctl(third, "import", parcel, "--replace")
        self.assertEqual(status, 0, text)
        self.assertIn("replaced", text)
        third.start()
        try:
            romeo.expect("<presence from='%s' to='*'>...</presence>" % GATEWAY)
        finally:
            self.finish(third)
