# SPDX-License-Identifier: MPL-2.0
"""The networks that a round can be made with: which servers and keys each needs, how its people,
rooms and accounts are called, and how its wire is read."""
import ergo
import servers
import synapse
from matrix import HttpTap, MatrixPerson, Setting
from people import GATEWAY, IrcPerson
from wire import IrcTap


class Irc:
    """program: the function of servers.py that starts it."""
    tap = IrcTap
    keeps = False                    # the server stores nothing, so nothing is told again
    interval = 0.4                   # seconds between two messages of one person, on average
    room = "#verona@" + GATEWAY

    def __init__(self, program, programs):
        self.program, self.programs = program, programs

    def missing(self):
        return None

    def start(self, lab):
        self.server = getattr(servers, self.program)(lab)
        self.port = self.server.irc

    def prepare(self, users, people):
        """Accounts and rooms, where the server wants them made."""

    def keys(self, port):
        return {"backend": "irc", "server": "127.0.0.1", "port": port, "tls": "no",
                "send-rate": 0, "presence-interval": "10s", "ping-interval": "5s",
                "ping-timeout": "3s", "connect-timeout": "5s"}

    def person(self, ident, name, ledger, people):
        return IrcPerson(ident, name, self.port, ledger, people)

    @staticmethod
    def account(name):
        """Fields of the registration."""
        return {"username": name}

    @staticmethod
    def contact(name):
        """The address of a person."""
        return "%s@%s" % (name, GATEWAY)


class Ergo(Irc):
    def missing(self):
        return ergo.missing()

    def start(self, lab):
        self.server = ergo.start(lab)
        self.port = self.server.irc


class Matrix:
    """A real Synapse; whatever it has taken has to arrive, however often anything is killed."""
    tap = HttpTap
    keeps = True
    interval = 2                     # what Synapse takes of ten people on a busy machine
    programs = ()

    def missing(self):
        return synapse.missing()

    def start(self, lab):
        self.home = synapse.start(lab)
        self.server, self.port = self.home.server, self.home.port

    def prepare(self, users, people):
        self.setting = Setting(self.home, users, people)
        self.room = "%s@%s" % (escaped(self.setting.room), GATEWAY)

    def keys(self, port):
        return {"backend": "matrix", "homeserver": "http://127.0.0.1:%d" % port,
                "poll-time": "5s"}

    def person(self, ident, name, ledger, people):
        return MatrixPerson(ident, name, self.setting, ledger, people)

    def account(self, name):
        return {"username": self.setting.address(name), "password": self.setting.password}

    def contact(self, name):
        return "%s@%s" % (escaped(self.setting.address(name)), GATEWAY)


def escaped(matrix_id):
    """A local part (docs/MATRIX.md)."""
    name = matrix_id[1:] if matrix_id.startswith("@") else matrix_id
    name = "".join("^" + c.lower() if c.isupper() else c for c in name.replace("^", "^^"))
    return name.replace(":", "\\3a")


NETWORKS = {"ngircd": lambda: Irc("ngircd", ("ngircd",)),
            "inspircd": lambda: Irc("inspircd", ("inspircd", "atheme-services")),
            "ergo": lambda: Ergo("ergo", ()), "synapse": Matrix}
