# SPDX-License-Identifier: MPL-2.0
"""The account of every numbered message: who wrote it, where it was seen on its way, who got it,
and what became of it in the end.

Each body begins with a mark, `x2i3n00042e`: writer, reader (or `ch`, the channel), number within
the conversation. Users of XMPP are x0..., people on IRC are i0...; the mark is also the id of the
stanza, so that an error names it. The wires (wire.py) tell which marks went into sojournd and came
out of it, and which ones a fault ate. Every pair of a message and a reader gets one verdict."""
import collections
import re

MARK = re.compile(rb"([xi])(\d)(?:([xi])(\d)|ch)n(\d{5})e")
CHANNEL = "ch"

# Verdicts in the order in which they are printed, and what they mean.
VERDICTS = {
    "delivered": "once, to its reader",
    "refused": "the writer got an error",
    "unsure": "the writer was told that it may not have arrived, and it did",
    "outside": "it never reached sojournd, or was lost behind it by a server that had taken it",
    "unknown": "sojournd had it when it was killed with SIGKILL, and nobody had confirmed it",
    "repeated": "delivered, and once more with the same id, by which clients know it",
    "lost": "sojournd had it, and nobody heard of it again",
    "doubled": "delivered twice",
    "wrong": "the writer was told that it was not sent, and it arrived",
}
# What must never be: with these, and with what is out of order or misrouted, a round has failed.
FAULTY = ("lost", "doubled", "wrong")
# What sojournd says when it cannot know.
UNSURE = re.compile("may or may not have arrived|may have arrived|may not have arrived")

# What sojournd has not ended after so many seconds is not open any more: a kill later than that
# is no excuse for it.
KILL_SECONDS = 15

TO_NETWORK, FROM_NETWORK, OWN = "to network", "from network", "own in room"


def find_mark(data):
    """(writer, reader, number) of the first mark, or None."""
    m = MARK.search(data)
    if not m:
        return None
    side, i, other, j, n = m.groups()
    reader = other.decode() + j.decode() if other else CHANNEL
    return side.decode() + i.decode(), reader, int(n)


def mark_text(writer, reader, number):
    return "%s%sn%05de" % (writer, reader, number)


class Hop:
    """One passage of a message over a wire, into sojournd or out of it; eaten until it is through,
    confirmed when the server there has said something that it says behind it only."""
    __slots__ = ("at", "eaten", "confirmed")

    def __init__(self, at):
        self.at, self.eaten, self.confirmed = at, True, None


class Message:
    def __init__(self, writer, reader, number, at):
        self.writer, self.reader, self.number, self.at = writer, reader, number, at
        self.got = collections.defaultdict(list)     # reader: ids under which it came
        self.archived = set()                        # readers who found it in the archive
        self.errors = []                             # texts
        # (wire, user of XMPP whose link or stream it is): Hops into sojournd and out of it
        self.into = collections.defaultdict(list)
        self.out = collections.defaultdict(list)
        self.misrouted = []

    @property
    def mark(self):
        return mark_text(self.writer, self.reader, self.number)

    @property
    def is_ours(self):
        """A user of XMPP wrote it."""
        return self.writer[0] == "x"


class Ledger:
    def __init__(self, clock, keeps=False):
        """keeps: the foreign server stores what it has taken, tells it until it was heard, and
        knows a repetition; so what was lost there, or on the way from there, has no excuse."""
        self.clock, self.keeps = clock, keeps
        self.messages = {}
        self.numbers = collections.Counter()
        self.highest = {}                # (reader, writer, where): number
        self.disorder = []
        self.strays = []                 # marks that nobody wrote
        self.kills = []                  # when sojournd was killed with SIGKILL
        self.restarts = {"xmpp": [], "net": []}

    # what happens

    def write(self, writer, reader):
        """A new message; its mark."""
        self.numbers[writer, reader] += 1
        number = self.numbers[writer, reader]
        self.messages[writer, reader, number] = Message(writer, reader, number, self.clock())
        return mark_text(writer, reader, number)

    def find(self, mark):
        message = self.messages.get(mark) if mark else None
        if mark and message is None:
            self.strays.append(mark)
        return message

    def got(self, person, data, ident, sender, room):
        """person received data under that id; sender: x0... or i0..., None: somebody else."""
        message = self.find(find_mark(data))
        if message is None:
            return
        right = sender == message.writer and room == (message.reader == CHANNEL) and \
            (room or message.reader == person)
        if not right:
            message.misrouted.append("%s got it from %s" % (person, sender))
            return
        if ident not in message.got[person] or ident is None:
            self._in_order(person, message)
        message.got[person].append(ident)

    def _in_order(self, person, message):
        key = person, message.writer, message.reader
        if message.number < self.highest.get(key, 0):
            self.disorder.append("%s got %s after number %d" % (person, message.mark,
                                                                self.highest[key]))
        self.highest[key] = max(message.number, self.highest.get(key, 0))

    def archived(self, person, data):
        message = self.find(find_mark(data))
        if message:
            message.archived.add(person)

    def error(self, mark, text):
        message = self.find(mark)
        if message:
            message.errors.append(text)

    # verdicts

    def _killed_after(self, hop):
        """sojournd was killed between this and its confirmation, or its end without one."""
        return any(hop.at <= kill <= (hop.confirmed or hop.at + KILL_SECONDS)
                   for kill in self.kills)

    def _taken(self, hops, server):
        """A server confirmed that it had it, and was restarted later."""
        return any(h.confirmed is not None and
                   any(at > h.at for at in self.restarts[server]) for h in hops)

    @staticmethod
    def _arrived(ids):
        if len(ids) < 2:
            return "delivered"
        return "repeated" if len(set(ids)) == 1 and ids[0] is not None else "doubled"

    def _missing(self, into, out, server):
        """The verdict on what did not arrive and was not refused; server: which had it last."""
        into = [h for h in into if not h.eaten]
        out = [h for h in out if not h.eaten]
        if not into or self._taken(out, server) and not (self.keeps and server == "net"):
            return "outside"
        hops = out if any(h.confirmed is not None for h in out) else into
        if any(self._killed_after(h) for h in hops):
            return "unknown"
        return "lost"

    def _to_network(self, m):
        """Of a message that a user wrote: in a channel the first who got it stands for all."""
        readers = [r for r in m.got if r[0] == "i"]
        worst = [self._arrived(m.got[r]) for r in readers]
        if "doubled" in worst:
            return "doubled"
        if readers and m.errors:
            return "unsure" if all(UNSURE.search(e) for e in m.errors) else "wrong"
        if readers:
            return "delivered"
        if m.errors:
            return "refused"
        return self._missing(m.into["xmpp", m.writer], m.out["net", m.writer], "net")

    def _own(self, m):
        """The room's copy for the writer."""
        if m.got[m.writer]:
            if m.errors:
                return "unsure" if all(UNSURE.search(e) for e in m.errors) else "wrong"
            return self._arrived(m.got[m.writer])
        if m.writer in m.archived and not m.errors:
            return "delivered"
        if m.errors:
            return "refused"
        return self._missing(m.into["xmpp", m.writer], m.out["xmpp", m.writer], "xmpp")

    def _from_network(self, m, user):
        if m.got[user]:
            return self._arrived(m.got[user])
        if user in m.archived:
            return "delivered"
        if m.errors and not m.is_ours:
            return "refused"
        if self.keeps and not self._taken(m.out["xmpp", user], "xmpp"):
            return "lost"
        return self._missing(m.into["net", user], m.out["xmpp", user], "xmpp")

    def verdicts(self):
        """(message, direction, reader, verdict) of every pair."""
        for m in self.messages.values():
            if m.is_ours:
                yield m, TO_NETWORK, m.reader, self._to_network(m)
                if m.reader == CHANNEL:
                    yield m, OWN, m.writer, self._own(m)
            elif m.reader != CHANNEL:
                yield m, FROM_NETWORK, m.reader, self._from_network(m, m.reader)
            if m.reader == CHANNEL:
                users = {u for wire, u in m.into if wire == "net" and u[0] == "x"} | \
                    {u for u in m.got if u[0] == "x"}
                for user in sorted(users - {m.writer}):
                    yield m, FROM_NETWORK, user, self._from_network(m, user)

    def open_pairs(self):
        """How many still have no good end."""
        return sum(v in ("lost", "unknown") for _, _, _, v in self.verdicts())
