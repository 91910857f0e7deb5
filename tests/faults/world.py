# SPDX-License-Identifier: MPL-2.0
"""Everything that one round has: an XMPP server, a foreign one, the wires, sojournd behind them,
the people; and the faults that can be done to it, each a method that ends when the fault does."""
import asyncio
import pathlib
import re
import resource
import signal
import subprocess
import traceback

import clock
import servers
from daemon import Daemon
from ledger import Ledger
from networks import NETWORKS
from people import GATEWAY, XmppUser
from wire import StreamTap, Wire

SECRET, PASSWORD = "component-secret-faults", "xmpp-password-faults"
USERS = ("romeo", "benvolio", "mercutio", "tybalt", "paris")
PEOPLE = ("juliet", "nurse", "rosaline", "ursula", "helena")
NICK_TAIL = re.compile(r"[_\d]+$")
POLL = 0.05
STOP_SECONDS, BACK_SECONDS = 20, 20
DELAY_SECONDS, THROTTLE_BYTES, FEW_DESCRIPTORS = 0.4, 4000, 8
DAY_SECONDS = 86400
# A store that is full with little, and messages of which each takes two pages of its journal: as
# many as a user may have waiting, which are more than the reserve beyond the bound has room for.
SMALL_STORE, LONG, MANY, FULL_SECONDS = 1 << 20, "Two of the fairest stars " * 164, 58, 60
# Short waits, so that a round has many faults; what they are is said in docs/TESTING.md.
GATEWAY_KEYS = {"hold-time": "10s", "log-level": "debug"}


class Sojournd(Daemon):
    """Its log comes through a pipe, so that no limit of file sizes stops it."""
    log_task = None

    def begin(self):
        self.proc = subprocess.Popen([self.binary, "--config", str(self.config)],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, cwd=self.dir,
                                     env={**self.env(), **self.more_env})
        pipe, pid = self.proc.stdout, self.proc.pid
        loop = asyncio.get_running_loop()

        def copy():
            data = pipe.read1(1 << 16)
            if not data:
                loop.remove_reader(pipe)
                pipe.close()
                clock.tidy(pid)
                return
            with open(self.log_path, "ab") as log:
                log.write(data)
        loop.add_reader(pipe, copy)


# Servers of the users: the program of each, and what starts it with offline messages.
XMPP_SERVERS = {
    "prosody": ("prosody", lambda *what: servers.prosody(*what, ("offline",))),
    "ejabberd": ("ejabberdctl", servers.ejabberd),
}


class World:
    """network: of networks.py; server: of XMPP_SERVERS."""

    def __init__(self, network, binaries, started, server="prosody"):
        self.loop = asyncio.get_running_loop()
        self.start_xmpp = XMPP_SERVERS[server][1]
        self.lab, self.network = servers.Lab(), NETWORKS[network]()
        self.binaries = pathlib.Path(binaries).resolve()
        self.ledger = Ledger(lambda: self.loop.time() - started, self.network.keeps)
        self.names = {name: "x%d" % i for i, name in enumerate(USERS)}
        self.names.update({name: "i%d" % i for i, name in enumerate(PEOPLE)})
        self.trouble = []                # what has failed beside messages
        self.tasks = []

    def person(self, name):
        """x0... or i0... of a local part or nickname; sojournd adds to one that is taken."""
        name = name.partition("\\3a")[0]
        return self.names.get(name) or self.names.get(NICK_TAIL.sub("", name))

    def attend(self, task, whose):
        """Whoever stops because of a mistake of ours makes silence look like a loss."""
        def done(task):
            if not task.cancelled() and task.exception():
                self.trouble.append("%s stopped: %s" % (
                    whose, "".join(traceback.format_exception(task.exception()))))
        task.add_done_callback(done)
        return task

    # the beginning

    def start_servers(self):
        self.xmpp_server = self.start_xmpp(self.lab, {u: PASSWORD for u in USERS},
                                           {GATEWAY: SECRET})
        self.network.start(self.lab)
        self.network.prepare(USERS, PEOPLE)
        self.server = self.network.server
        self.xmpp = Wire("xmpp", self.lab.ports.take(), self.xmpp_server.component, self.ledger,
                         StreamTap, self.person)
        self.net = Wire("net", self.lab.ports.take(), self.network.port, self.ledger,
                        self.network.tap, self.person, lambda name: name in self.names)
        directory = self.lab.dir / "sojourn"
        directory.mkdir()
        self.daemon = Sojournd(self.binaries / "sojournd", directory)
        if not clock.missing():
            (directory / "data").mkdir(mode=0o700)
            self.clock = clock.Clock(directory / "data")
            self.daemon.more_env = self.clock.env()
            self.daemon.sanitizer = ":verify_asan_link_order=0"
        self.configure()

    def configure(self, **more):
        directory = self.daemon.dir
        self.daemon.write_config({
            "gateway": {"server": "127.0.0.1", "port": self.xmpp.port,
                        "data-dir": directory / "data", "key-file": directory / "store.key",
                        "control-socket": directory / "control.sock",
                        "locale-dir": self.binaries / "locale", **GATEWAY_KEYS, **more},
            GATEWAY: {"secret": SECRET, "name": "TestNet", "login-rate": 0,
                      **self.network.keys(self.net.port)}})

    async def start(self):
        """Until everybody is logged in and in the channel."""
        self.start_servers()
        self.xmpp.listen()
        self.net.listen()
        self.daemon.begin()
        self.people = [self.network.person("i%d" % i, name, self.ledger, self.person)
                       for i, name in enumerate(PEOPLE)]
        self.users = [XmppUser("x%d" % i, name, self.xmpp_server.c2s, self.ledger, PASSWORD,
                               self.network, self.person) for i, name in enumerate(USERS)]
        for person in self.people + self.users:
            task = person.start()
            if task:                     # people on Matrix are threads
                self.attend(task, person.ident)
        for user in self.users:
            await user.there.wait()
        await asyncio.gather(*(user.register() for user in self.users))
        self.tasks += [self.attend(self.loop.create_task(user.stay_in_room()), user.ident)
                       for user in self.users]
        await self.until(self.is_well, 60)
        if not self.is_well():
            raise RuntimeError("the round could not begin: " + self.state())

    def is_well(self):
        """Everybody is where they belong, and the links carry their own names."""
        names = set().union(*(pair.names for pair in self.net.living()))
        return self.daemon.running and any(pair.attached for pair in self.xmpp.living()) and \
            all(user.ident in names for user in self.users) and \
            all(p.there.is_set() and p.in_room.is_set() for p in self.people + self.users)

    def state(self):
        nicks = sorted((p.nick or " ".join(sorted(map(str, p.names)))) + " dead" * p.dead
                       for p in self.net.pairs)
        out = [p.name for p in self.people + self.users
               if not (p.there.is_set() and p.in_room.is_set())]
        return "component %s; links of %s; not there: %s; sojournd %s" % (
            "attached" if any(p.attached for p in self.xmpp.living()) else "not attached",
            ", ".join(nicks), ", ".join(out) or "nobody",
            "runs" if self.daemon.running else "does not run")

    async def until(self, done, seconds):
        """True when it is so; False after that time."""
        end = self.loop.time() + seconds
        while not done():
            if self.loop.time() > end:
                return False
            await asyncio.sleep(POLL)
        return True

    # faults

    def wire(self, place):
        return getattr(self, place)

    async def cut(self, place, seconds):
        self.wire(place).cut()
        await asyncio.sleep(seconds)

    async def reset(self, place, seconds):
        self.wire(place).reset()
        await asyncio.sleep(seconds)

    async def half_open(self, place, seconds):
        self.wire(place).half_open()
        await asyncio.sleep(seconds)
        self.wire(place).bury()

    async def hold(self, place, seconds):
        self.wire(place).hold(True)
        await asyncio.sleep(seconds)
        self.wire(place).hold(False)

    async def delay(self, place, seconds):
        self.wire(place).delay = DELAY_SECONDS
        await asyncio.sleep(seconds)
        self.wire(place).delay = 0

    async def throttle(self, place, seconds):
        self.wire(place).rate = THROTTLE_BYTES
        await asyncio.sleep(seconds)
        self.wire(place).rate = 0

    async def chop(self, place, seconds):
        self.wire(place).piece = 1
        await asyncio.sleep(seconds)
        self.wire(place).piece = 0

    async def refuse(self, place, seconds):
        wire = self.wire(place)
        wire.refuse()
        wire.cut()
        await asyncio.sleep(seconds)
        wire.listen()

    async def kill(self, _, seconds):
        self.daemon.signal(signal.SIGKILL)
        await self.loop.run_in_executor(None, self.daemon.proc.wait)
        self.note_death()
        await asyncio.sleep(seconds)
        self.daemon.begin()

    def note_death(self):
        """The wires may pass something on to the dead before they see it."""
        self.ledger.kills.append(self.ledger.clock() + POLL)

    async def stop(self, _, seconds):
        await self.end_daemon()
        await asyncio.sleep(seconds)
        self.daemon.begin()

    async def end_daemon(self):
        """In good order, which is exit status 0."""
        self.daemon.terminate()
        status = await self.loop.run_in_executor(None, self.daemon.wait, STOP_SECONDS)
        if status != 0:
            self.trouble.append("sojournd ended with status %s after SIGTERM" % status)
            self.daemon.kill()

    async def restart(self, place, seconds):
        """The foreign server is not reached again before its people are back: nobody reads what is
        said to an empty channel."""
        server = self.xmpp_server if place == "xmpp" else self.server
        if place == "net":
            self.net.refuse()
        await self.loop.run_in_executor(None, server.stop)
        self.ledger.restarts[place].append(self.ledger.clock())
        await asyncio.sleep(seconds)
        await self.loop.run_in_executor(None, server.start)
        if place == "net":
            await self.until(lambda: all(p.in_room.is_set() for p in self.people), BACK_SECONDS)
            self.net.listen()

    async def jump(self, days, seconds):
        """The clock jumps while the server has not confirmed what it was sent, and the stream ends;
        some time after there is a new one, it jumps back."""
        self.xmpp.hold(True)
        await asyncio.sleep(seconds / 2)
        self.clock.jump(days * DAY_SECONDS)
        self.xmpp.cut()
        self.xmpp.hold(False)
        await self.until(lambda: any(p.attached for p in self.xmpp.living()), BACK_SECONDS)
        await asyncio.sleep(seconds / 2)
        self.clock.jump(0)

    def limit(self, what, value):
        """Lowers a soft limit of the running sojournd; None: as it was."""
        _, hard = resource.prlimit(self.daemon.proc.pid, what)
        resource.prlimit(self.daemon.proc.pid, what, (hard if value is None else value, hard))

    async def disk_full(self, _, seconds):
        """The store's file grows no more."""
        data = self.daemon.dir / "data" / "data.mdb"
        self.limit(resource.RLIMIT_FSIZE, data.stat().st_size)
        await asyncio.sleep(seconds)
        if self.daemon.running:
            self.limit(resource.RLIMIT_FSIZE, None)

    async def store_full(self, _, seconds):
        """The admin allows less than there is, and links are away: the journal fills the map. Then
        links come back and the journal empties, and after that the admin allows more. Clients
        have read their archives before: of those the oldest go."""
        for user in self.users:
            await user.read_archive()
        await self.end_daemon()
        await self.pack_store()
        self.configure(**{"data-max-bytes": SMALL_STORE})
        self.daemon.begin()
        await self.until(self.is_well, BACK_SECONDS)
        seen = len(self.daemon.log_text())
        self.net.refuse()
        self.net.cut()
        for _ in range(MANY):
            for i, user in enumerate(self.users):
                user.say("i%d" % i, PEOPLE[i], LONG)
            await asyncio.sleep(POLL)
        await self.log_says(seen, "error", "store full", "hint=raise-data-max-bytes")
        await asyncio.sleep(seconds)
        self.net.listen()
        await self.log_says(seen, "info", "store works again")
        await self.until(self.is_well, BACK_SECONDS)
        await self.end_daemon()
        self.configure()
        self.daemon.begin()

    async def pack_store(self):
        """Gives its free pages back, of which there may be more than the journal can fill."""
        data = self.daemon.dir / "data"
        status, said = await self.loop.run_in_executor(
            None, self.daemon.control, self.binaries / "sojournctl", "backup",
            str(data / "packed"))
        if status == 0:
            (data / "packed").replace(data / "data.mdb")
        else:
            self.trouble.append("sojournctl backup: %s" % said)

    async def log_says(self, seen, level, *words):
        """Behind so many characters, once; trouble if it does not."""
        def lines():
            return [line for line in self.daemon.log_text()[seen:].splitlines()
                    if level in line and all(w in line for w in words)]
        await self.until(lines, FULL_SECONDS)
        if len(lines()) != 1:
            self.trouble.append("%d lines of the log have: %s" % (len(lines()), " ".join(words)))

    async def descriptors(self, _, seconds):
        """No new ones, and all links have to be made anew."""
        soft, _ = resource.prlimit(self.daemon.proc.pid, resource.RLIMIT_NOFILE)
        self.limit(resource.RLIMIT_NOFILE, FEW_DESCRIPTORS)
        self.net.cut()
        self.xmpp.cut()
        await asyncio.sleep(seconds)
        if self.daemon.running:
            self.limit(resource.RLIMIT_NOFILE, soft)

    def check(self, after):
        """That sojournd still runs; it is started again if not."""
        if self.daemon.running:
            return
        self.trouble.append("sojournd died (status %s) after: %s"
                            % (self.daemon.proc.returncode, after))
        self.note_death()
        self.daemon.begin()

    # the end

    async def close(self, keep):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if hasattr(self, "daemon") and self.daemon.running:
            await self.end_daemon()
        for person in getattr(self, "people", []) + getattr(self, "users", []):
            await person.close()
        for name in ("xmpp", "net"):
            if hasattr(self, name):
                self.wire(name).close()
        if hasattr(self, "daemon"):
            reports = self.daemon.sanitizer_reports()
            if reports:
                self.trouble.append("a sanitizer reports:\n" + reports)
        await self.loop.run_in_executor(None, self.lab.close, keep)
