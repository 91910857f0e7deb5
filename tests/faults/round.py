# SPDX-License-Identifier: MPL-2.0
"""One round: everybody talks while the faults of the plan happen one after the other; then all
heals, each conversation gets a last message, and the account is drawn up."""
import asyncio
import bisect
import collections
import random

import ledger
from ledger import CHANNEL
from world import PEOPLE, USERS, World

WORDS = ("O Romeo, Romeo, wherefore art thou Romeo?", "It is the east.", "I take thee at thy word",
         "Call me but love, and I'll be new baptized; henceforth I never will be Romeo.",
         "caf\u00e9 \u6f22\u5b57 \u2665", "no", "*not bold* _nor this_ <nor> & this",
         "He jests at scars that never felt a wound. " * 6)
CHANNEL_SHARE = 0.3
AGAIN_SECONDS = 0.5                 # a person who got an error tries again
GAP_SECONDS = 1.0                   # after a fault, at least
WELL_SECONDS, LAST_SECONDS = 180, 60    # a back-off takes minutes after many faults
BEFORE_SECONDS = 1.0                # what was written so long before a fault is put to it


class Round:
    def __init__(self, options):
        """options: seed, server, network, binaries, faults (an iterable of plan.Fault), seconds
        (None: to the end of the faults), calm (seconds of talk before and after), patience (seconds
        for what is still open in the end), keep, say (printing), edit (of lines, for the
        self-check)."""
        self.options = options
        self.begins = []                 # (when, name) of each fault
        self.talking = True

    def target(self, rng, person):
        """Whom to write to next."""
        if rng.random() < CHANNEL_SHARE:
            return CHANNEL, None
        n = rng.randrange(len(USERS))
        return ("i%d" % n, PEOPLE[n]) if person.ident[0] == "x" else ("x%d" % n, USERS[n])

    async def talk(self, person, interval):
        rng = random.Random("%d %s" % (self.options.seed, person.ident))
        while True:
            await asyncio.sleep(interval * rng.uniform(0.5, 1.5))
            reader, name = self.target(rng, person)
            words = rng.choice(WORDS)
            if person.ident[0] == "x":
                words = words.replace("&", "&amp;").replace("<", "&lt;")
            person.say(reader, name, words)

    async def break_things(self, world):
        end = world.loop.time() + (self.options.seconds or float("inf"))
        for fault in self.options.faults:
            if world.loop.time() > end:
                return
            self.begins.append((world.ledger.clock(), fault.name))
            self.options.say("%7.1f  %-22s %.2f s" % (world.ledger.clock(), fault.name,
                                                    fault.seconds))
            await getattr(world, fault.method)(fault.place, fault.seconds)
            world.check(fault.name)
            await asyncio.sleep(GAP_SECONDS)
            if not await world.until(world.is_well, WELL_SECONDS):
                world.trouble.append("not well %d s after: %s (%s)"
                                     % (WELL_SECONDS, fault.name, world.state()))
            world.check(fault.name)

    async def last_words(self, world, person, reader, name):
        """A message that arrives: behind it nothing of the conversation is on its way any more."""
        end = world.loop.time() + LAST_SECONDS
        while world.loop.time() < end:
            try:
                await asyncio.wait_for(person.may_speak(reader), end - world.loop.time())
            except asyncio.TimeoutError:
                break
            if not person.say(reader, name, "at last"):
                continue                 # it went in between
            number = world.ledger.numbers[person.ident, reader]
            m = world.ledger.messages[person.ident, reader, number]
            readers = {p.ident for p in world.people + world.users} - {person.ident} \
                if reader == CHANNEL else {reader}
            done = await world.until(lambda m=m, r=readers: m.errors or r <= set(m.got), 15)
            if done and not m.errors:
                return
            await asyncio.sleep(AGAIN_SECONDS)
        world.trouble.append("%s to %s does not pass any more" % (person.ident, reader))

    async def settle(self, world):
        for wire in (world.xmpp, world.net):
            wire.heal()
        world.check("the end")
        if not await world.until(world.is_well, WELL_SECONDS):
            world.trouble.append("not well at the end: " + world.state())
        jobs = []
        for user in world.users:
            jobs += [self.last_words(world, user, "i%d" % i, n) for i, n in enumerate(PEOPLE)]
        for person in world.people:
            jobs += [self.last_words(world, person, "x%d" % i, n) for i, n in enumerate(USERS)]
        jobs += [self.last_words(world, p, CHANNEL, None) for p in world.users + world.people]
        await asyncio.gather(*jobs)
        await self.read_archives(world)
        await world.until(lambda: not world.ledger.open_pairs(),
                          self.options.patience)
        await self.read_archives(world)

    @staticmethod
    async def read_archives(world):
        for user in world.users:
            problem = await user.read_archive()
            if problem:
                world.trouble.append("the archive of %s: %s" % (user.name, problem))

    async def run(self):
        """The report."""
        loop = asyncio.get_running_loop()
        world = World(self.options.network, self.options.binaries, loop.time(),
                      self.options.server)
        self.world = world
        try:
            await world.start()
            world.net.edit = self.options.edit
            self.options.say("%7.1f  everybody is there" % world.ledger.clock())
            talkers = [loop.create_task(self.talk(p, world.network.interval))
                       for p in world.people + world.users]
            await asyncio.sleep(self.options.calm)
            await self.break_things(world)
            await asyncio.sleep(self.options.calm)
            for talker in talkers:
                talker.cancel()
            await asyncio.gather(*talkers, return_exceptions=True)
            world.net.edit = None
            await self.settle(world)
        except BaseException:
            self.log = world.daemon.log_text() if hasattr(world, "daemon") else ""
            await world.close(self.options.keep)
            raise
        await world.close(True)
        report = Report(self, world)
        if not self.options.keep:
            world.lab.close()
        return report

    def kind_of(self, at):
        """The fault to which a message of that time is put."""
        i = bisect.bisect_right([t - BEFORE_SECONDS for t, _ in self.begins], at)
        return self.begins[i - 1][1] if i else "calm"


class Report:
    """Counts by direction and fault, and what is wrong."""

    def __init__(self, done, world):
        book = world.ledger
        self.counts = collections.defaultdict(collections.Counter)
        self.wrong = []
        for m, direction, reader, verdict in book.verdicts():
            kind = done.kind_of(m.at)
            self.counts[direction, kind][verdict] += 1
            if verdict in ledger.FAULTY:
                self.wrong.append("%s: %s to %s, written at %.2f (%s)%s%s" % (
                    verdict, m.mark, reader, m.at, kind, self._way(m, reader),
                    "; told: " + m.errors[0] if m.errors else ""))
        self.disorder, self.trouble = book.disorder, world.trouble
        self.misrouted = ["%s: %s" % (m.mark, w) for m in book.messages.values()
                          for w in m.misrouted] + ["nobody wrote %s" % (s,) for s in book.strays]
        self.directory = world.lab.dir

    @staticmethod
    def _way(m, reader):
        """Where it was seen: into sojournd and out of it, when, and whether that was confirmed."""
        whose = {m.writer, reader}
        return "".join("; %s %s wire at %.2f%s%s" % (
            way, wire, h.at, " eaten" * h.eaten,
            "" if h.confirmed is None else " confirmed at %.2f" % h.confirmed)
            for way, hops in (("into, by the", m.into), ("out, by the", m.out))
            for (wire, user), passed in hops.items() if user in whose for h in passed)

    @property
    def passed(self):
        return not (self.wrong or self.disorder or self.misrouted or self.trouble)

    def total(self, verdict):
        return sum(c[verdict] for c in self.counts.values())

    def lines(self):
        shown = list(ledger.VERDICTS)
        yield "%-12s %-22s %6s" % ("direction", "fault", "sent") + \
            "".join(" %9s" % v for v in shown)
        for direction in (ledger.TO_NETWORK, ledger.FROM_NETWORK, ledger.OWN):
            rows = sorted((k, c) for (d, k), c in self.counts.items() if d == direction)
            whole = collections.Counter()
            for kind, count in rows:
                whole.update(count)
                yield self._row(direction, kind, count, shown)
            yield self._row(direction, "all", whole, shown)
        yield "out of order: %d, misrouted: %d" % (len(self.disorder), len(self.misrouted))
        for problem in self.trouble + self.misrouted + self.disorder + self.wrong:
            yield "WRONG  " + problem

    @staticmethod
    def _row(direction, kind, count, shown):
        return "%-12s %-22s %6d" % (direction, kind, sum(count.values())) + \
            "".join(" %9s" % (count[v] or "-") for v in shown)
