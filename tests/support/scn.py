# SPDX-License-Identifier: MPL-2.0
"""Reads scenario files: title, requirement IDs, steps. docs/TESTING.md describes the format."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1] / "scenario"
ID = re.compile(r"(?<![A-Za-z0-9])((?:G\d{3}|R\d{4}|GMSG|GFIL|GCAL)[-_]\d{2})(?!\d)")
KEYWORDS = {"config", "irc:", "xmpp:", "matrix:", "let", "use", "C>", "C<", "C~", "C", "I>", "I<",
            "I~", "I", "M>", "M<", "M~", "M", "{", "}", "fence", "log", "log?", "seen", "daemon",
            "ctl", "deadline", "secret"}


def ids(text):
    """Requirement IDs in a text, once each; names of C functions write G100_05."""
    return list(dict.fromkeys(found.replace("_", "-") for found in ID.findall(text)))


class ScenarioError(Exception):
    pass


class Step:
    __slots__ = ("verb", "where", "text", "file", "line")

    def __init__(self, verb, where, text, file, line):
        self.verb, self.where, self.text, self.file, self.line = verb, where, text, file, line

    @property
    def place(self):
        return "%s:%d" % (self.file, self.line)

    def __str__(self):
        where = "(%s)" % self.where if self.where else ""
        return "%s%s %s" % (self.verb, where, self.text)


_HEAD = re.compile(r"^([CIM])\(([^)]*)\)([<>~]?)\s?(.*)$|^([CIM][<>~])\s?(.*)$|"
                   r"^(\S+)(?:\s+(.*))?$", re.S)


def _step(text, file, line):
    m = _HEAD.match(text)
    if m.group(1):
        verb, where, rest = m.group(1) + m.group(3), m.group(2), m.group(4)
    elif m.group(5):
        verb, where, rest = m.group(5), "", m.group(6)
    else:
        verb, where, rest = m.group(7), "", m.group(8) or ""
    if verb not in KEYWORDS:
        raise ScenarioError("%s:%d: unknown step '%s'" % (file, line, verb))
    return Step(verb, where, rest, file, line)


def read_steps(path, shown):
    """Steps of a file; indented lines continue the one above, # begins a comment line."""
    steps, text, start = [], None, 0
    lines = path.read_text().split("\n")

    def flush():
        if text is not None:
            steps.append(_step(text, shown, start))

    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if line[0] in " \t" and text is not None and not text.startswith("{") and \
                not re.match(r"(?:[CIM](?:\([^)]*\))?[<>~]|\}$)", stripped):
            text += "\n" + stripped
            continue
        flush()
        text, start = stripped, number
    flush()
    return steps


class Scenario:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = "/".join(self.path.with_suffix("").parts[-2:])
        head = []
        for line in self.path.read_text().split("\n"):
            if not line.startswith("# ") or "SPDX-License-Identifier" in line:
                break
            head.append(line[2:].strip())
        if not head:
            raise ScenarioError("%s:1: the first line is '# Title  (ID, ID)'" % self.path)
        self.title = " ".join(head)
        self.ids = ids(self.title)
        self.steps = read_steps(self.path, self.name)


def all_scenarios():
    return [Scenario(p) for p in sorted(ROOT.glob("*/*.scn"))]
