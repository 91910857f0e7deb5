#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Writes address_ranges.h: code points beyond ASCII that may stand in a localpart of ours.

A code point is taken when both generations of servers allow it and leave it alone: Nodeprep
(RFC 6122 appendix A, Unicode 3.2) and UsernameCaseMapped (RFC 8265, IdentifierClass of RFC 8264).
Characters with context rules are left out, and so are those that may compose with the one before
them, except where that one can be named (the pairs).

Usage: ./address_ranges.py > address_ranges.h"""
import stringprep
import sys
import unicodedata

DISALLOWED = {0x0640, 0x07FA, 0x302E, 0x302F, 0x303B} | set(range(0x3031, 0x3036))
ALLOWED = {0x06FD, 0x06FE, 0x0F0B, 0x3007}
CONTEXT = {0x00B7, 0x0375, 0x05F3, 0x05F4, 0x30FB, 0x200C, 0x200D}
CONTEXT |= set(range(0x0660, 0x066A)) | set(range(0x06F0, 0x06FA))
PROHIBITED = (stringprep.in_table_c11, stringprep.in_table_c12, stringprep.in_table_c21,
              stringprep.in_table_c22, stringprep.in_table_c3, stringprep.in_table_c4,
              stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7,
              stringprep.in_table_c8, stringprep.in_table_c9)


def nodeprep_keeps(c):
    if stringprep.in_table_a1(c) or stringprep.in_table_b1(c):
        return False
    if any(check(c) for check in PROHIBITED):
        return False
    return (stringprep.map_table_b2(c) == c and
            unicodedata.ucd_3_2_0.normalize("NFKC", c) == c)


def precis_keeps(c):
    cp = ord(c)
    if cp in DISALLOWED or cp in CONTEXT:
        return False
    if 0x1100 <= cp <= 0x11FF or 0xA960 <= cp <= 0xA97F or 0xD7B0 <= cp <= 0xD7FF:
        return False                    # old Hangul Jamo
    if cp not in ALLOWED and unicodedata.category(c) not in ("Ll", "Lo", "Lm", "Nd", "Mn", "Mc"):
        return False
    return (unicodedata.normalize("NFKC", c) == c and unicodedata.normalize("NFC", c) == c and
            c.lower() == c and c.casefold() == c)


def compositions():
    """Second character -> set of first characters."""
    found = {}
    for cp in range(0x80, 0x110000):
        c = chr(cp)
        parts = unicodedata.decomposition(c).split()
        if len(parts) != 2 or parts[0].startswith("<"):
            continue
        if unicodedata.normalize("NFC", c) == c:
            found.setdefault(int(parts[1], 16), set()).add(int(parts[0], 16))
    return found


def main():
    seconds = compositions()
    rows = []
    pairs = []
    for cp in range(0x80, 0x110000):
        c = chr(cp)
        if 0xD800 <= cp <= 0xDFFF or not nodeprep_keeps(c) or not precis_keeps(c):
            continue
        ccc = unicodedata.combining(c)
        if cp in seconds:
            if ccc != 0 or len(seconds[cp]) > 4:
                continue
            pairs += [(first, cp) for first in sorted(seconds[cp])]
        kind = 0
        if stringprep.in_table_d1(c) or unicodedata.bidirectional(c) in ("R", "AL"):
            kind = 1
        elif stringprep.in_table_d2(c) or unicodedata.bidirectional(c) == "L":
            kind = 2
        if rows and rows[-1][1] == cp - 1 and rows[-1][2:] == (ccc, kind):
            rows[-1] = (rows[-1][0], cp, ccc, kind)
        else:
            rows.append((cp, cp, ccc, kind))
    out = ["/* SPDX-License-Identifier: MPL-2.0 */",
           "/* Written by address_ranges.py with Unicode %s; do not edit."
           % unicodedata.unidata_version,
           " * Rows: first, last, combining class, direction (0 neutral, 1 right to left, 2 left",
           " * to right). Pairs: the second must not follow the first, they would compose. */",
           "#define ADDRESS_RANGES \\"]
    line = "    "
    for row in rows:
        text = "{0x%x, 0x%x, %d, %d}, " % row
        if len(line) + len(text) > 97:
            out.append(line.rstrip() + " \\")
            line = "    "
        line += text
    out.append(line.rstrip())
    out.append("#define ADDRESS_PAIRS \\")
    line = "    "
    for pair in pairs:
        text = "{0x%x, 0x%x}, " % pair
        if len(line) + len(text) > 97:
            out.append(line.rstrip() + " \\")
            line = "    "
        line += text
    out.append(line.rstrip())
    sys.stdout.write("\n".join(out) + "\n")


main()
