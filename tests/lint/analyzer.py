#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""analyzer.py [--write] < LOG: what gcc's analyzer says that is not known yet (analyzer.txt).

LOG is the output of a build with -fanalyzer (docs/HACKING.md). A warning is known by its file, its
function and its kind, as often as the list says, so that lines may move. Known ones that are gone
from a file that was built are told as well: take them out by --write."""
import collections
import pathlib
import re
import sys

KNOWN = pathlib.Path(__file__).with_suffix(".txt")
HEAD = """\
# SPDX-License-Identifier: MPL-2.0
# What gcc 12's analyzer says without reason: file, function, kind, how often. docs/HACKING.md says
# why; tests/lint/analyzer.py compares, and writes this list with --write.
"""
ROOMS = re.compile(r"(?:\.\./|.*/)??((?:gateway|store|backends)/[^:]+\.c)$")


def path_of(text):
    found = ROOMS.match(text)
    return found.group(1) if found else None


def warnings_of(log):
    """Each warning once, as (file, function, kind) to lines, and the files that were built."""
    said, built, place, function = collections.defaultdict(list), set(), None, "?"
    seen = set()
    for line in log:
        line = line.rstrip("\n")
        if unit := re.search(r"Building C object .*\.dir/(\S+\.c)\.o$", line):
            built.add(unit.group(1))
        elif inside := re.match(r"(\S+): In function ‘([^’]+)’:", line):
            place, function = inside.group(1), inside.group(2).split(".")[0]
        elif head := re.match(r"In function ‘([^’]+)’,", line):
            function = head.group(1).split(".")[0]
        elif from_ := re.search(r"inlined from ‘([^’]+)’ at (\S+?):\d+", line):
            function, place = from_.group(1).split(".")[0], from_.group(2)
        elif kind := re.match(r"(\S+?):\d+:\d+: warning: .*\[-Wanalyzer-([a-z-]+)\]$", line):
            if line in seen:
                continue
            seen.add(line)
            where = path_of(kind.group(1)) or path_of(place or "") or kind.group(1)
            said[where, function, kind.group(2)].append(line)
    return said, built


def known():
    rows = [line.split() for line in KNOWN.read_text().splitlines() if not line.startswith("#")]
    return {tuple(row[:3]): int(row[3]) for row in rows}


def main():
    said, built = warnings_of(sys.stdin)
    if "--write" in sys.argv:
        rows = [f"{' '.join(key)} {len(lines)}\n" for key, lines in sorted(said.items())]
        KNOWN.write_text(HEAD + "".join(rows))
        return 0
    old = known()
    fresh = {key: lines for key, lines in said.items() if len(lines) > old.get(key, 0)}
    for key, lines in sorted(fresh.items()):
        print(f"new in {key[1]} (known: {old.get(key, 0)}):", *lines, sep="\n  ")
    for key, times in sorted(old.items()):
        if key[0] in built and len(said.get(key, [])) < times:
            print("gone:", *key, times - len(said.get(key, [])))
    print(f"{sum(map(len, said.values()))} warnings, {len(fresh)} places with new ones")
    return 1 if fresh else 0


if __name__ == "__main__":
    sys.exit(main())
