# SPDX-License-Identifier: MPL-2.0
"""A new master key and backups while users write, and while sojournd and sojournctl are killed at
moments that a seed chooses: counted in messages that came back, not in time."""
import json
import random
import shutil
import subprocess

from daemon import Daemon
from e2ebase import GATEWAY, LoopbackTest

SEED = 11
FILL = 1200                      # messages in the archive before it begins
BATCH = 50                       # messages on their way at the same time
ROOM = "#verona@" + GATEWAY
KILLED = ("tool", "nobody", "tool", "daemon", "both", "daemon")


class RekeyTest(LoopbackTest):
    keys = {"archive-messages": "100000"}

    def setUp(self):
        super().setUp()
        self.dice, self.said, self.lost = random.Random(SEED), 0, 0
        self.ctl = self.bin / "sojournctl"
        self.key = self.daemon.dir / "store.key"
        self.romeo = self.go_online("romeo")

    def enter(self):
        """The user is logged in, and in the room."""
        self.wait_for_gateway(self.romeo)
        self.romeo.send("<presence/>")
        self.romeo.heard("<presence from='%s' to='*'>...</presence>" % GATEWAY)
        self.romeo.send("<presence to='%s/Romeo'><x xmlns='http://jabber.org/protocol/muc'>"
                        "<history maxstanzas='0'/></x></presence>" % ROOM)
        self.romeo.expect("<message from='%s*' type='groupchat' ...><subject>*</subject>..."
                          "</message>" % ROOM)

    def say(self, n):
        """n messages; each has come back, and so stands in the archive, or soon will. Not all at
        once: of so many at the same time some are refused where the machine is busy."""
        while n > 0:
            self.say_some(min(n, BATCH))
            n -= BATCH

    def say_some(self, n):
        for i in range(self.said, self.said + n):
            self.romeo.send("<message to='%s' type='groupchat' id='w%d'><body>word %d</body>"
                            "</message>" % (ROOM, i, i))
        self.said += n
        last = "word %d" % (self.said - 1)
        self.romeo.wait(lambda m: m.name == "message" and m.find("body") is not None and
                        m.find("body").text == last, last)

    def tool(self, *args):
        """sojournctl rekey, and what becomes of it."""
        return subprocess.Popen([str(self.ctl), "--config", str(self.daemon.config), *args],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env=self.daemon.env())

    def begun(self):
        """How often the store began to take a new key."""
        return self.daemon.log_text().count("new key is taken")

    def restart(self):
        self.romeo.seen.clear()
        written = self.daemon.log_path.stat().st_size
        self.daemon.start()
        # Before, the server may still give stanzas to the stream of a daemon that was killed.
        self.daemon.wait_log("component attached", after=written)
        self.enter()

    def finish(self):
        """Until the tool says that the store is under a new key."""
        status, text = self.daemon.control(self.ctl, "rekey", seconds=120)
        self.assertEqual(status, 0, text)
        self.assertFalse(self.key.with_name("store.key.new").exists())

    def look(self, daemon):
        """Every record is sound; how many entries the archives have."""
        status, text = daemon.control(self.ctl, "check-store", "--json", seconds=120)
        self.assertEqual(status, 0, text)
        report = json.loads(text)
        self.assertEqual(report["total"]["damaged"], 0)
        return {t["table"]: t["records"] for t in report["tables"]}["archive"]

    def look_at_backup(self, name, old_key):
        """It opens with the key of now and no other, and all of it is sound."""
        directory = self.lab.dir / name
        (directory / "data").mkdir(parents=True, mode=0o700)
        directory.chmod(0o700)
        status, text = self.daemon.control(self.ctl, "backup", str(directory / "data" / "data.mdb"))
        self.assertEqual(status, 0, text)
        other = Daemon(self.bin / "sojournd", directory)
        shutil.copy(self.key, directory / "store.key")
        (directory / "store.key").chmod(0o600)
        other.write_config({"gateway": {"data-dir": directory / "data",
                                        "key-file": directory / "store.key",
                                        "control-socket": directory / "control.sock"},
                            GATEWAY: {"secret": "s", "backend": "loopback"}})
        entries = self.look(other)
        status, text = other.control(self.ctl, "--key-file", str(old_key), "check-store")
        self.assertEqual(status, 1, text)
        self.assertIn("is not the key", text)
        return entries

    def round(self, number, killed):
        old_key = self.lab.dir / ("old-key-%d" % number)
        shutil.copy(self.key, old_key)
        old_key.chmod(0o600)
        begun, written = self.begun(), self.daemon.log_path.stat().st_size
        tool = self.tool("rekey")
        while self.begun() == begun:
            self.say(1)
        self.daemon.wait_log("new key is taken", after=written)
        self.say(self.dice.randint(1, 40))
        # A kill costs what a group of writes held: of what was said last, at most this.
        self.lost += 41 if killed in ("daemon", "both") else 0
        known = self.said - 41 - self.lost
        if killed in ("tool", "both"):
            tool.kill()
        if killed in ("daemon", "both"):
            self.daemon.kill()
        text = tool.communicate()[0].decode()
        if killed == "nobody":
            self.assertEqual(tool.returncode, 0, text)
        if not self.daemon.running:
            self.restart()
        self.say(self.dice.randint(1, 40))
        backup = self.tool("backup", str(self.lab.dir / ("half-%d" % number)))
        self.say(self.dice.randint(1, 40))
        text = backup.communicate()[0].decode()
        if backup.returncode != 0:       # only for this reason
            self.assertIn("taking a new key", text)
        if killed != "nobody":
            self.finish()
        self.assertNotEqual(self.key.read_bytes(), old_key.read_bytes())
        self.assertGreaterEqual(self.look(self.daemon), known)
        self.assertGreaterEqual(self.look_at_backup("backup-%d" % number, old_key), known)

    def test_a_new_key_survives_kills_under_traffic(self):
        self.enter()
        self.say(FILL)
        for number, killed in enumerate(KILLED):
            self.round(number, killed)
        # The daemon opens it as well, and nobody has to register again.
        self.daemon.terminate()
        self.assertEqual(self.daemon.wait(30), 0)
        self.restart()
        log = self.daemon.log_text()
        self.assertNotIn("record damaged", log)
        self.assertIn("taking the new key goes on", log)
