#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""docs/CONFORMANCE.md: which test covers which requirement; docs/sojourn.doap: the XEPs.

    conformance.py            writes both, and takes reasons out that have become untrue
    conformance.py --check    status 1 when something is stale, or a MUST has no test and no reason
    conformance.py --open     lists what has no test, with the reasons

Requirements stand in tests/scenario/requirements.txt, XEPs and their versions in xeps.txt beside
it. Tests name the IDs: scenarios in the title line, end-to-end tests in the docstring, unit tests
in the comment above or inside the test."""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import doap                                                          # noqa: E402
import scn                                                           # noqa: E402

ROOT = HERE.parents[1]
REQUIREMENTS = ROOT / "tests" / "scenario" / "requirements.txt"
DOCUMENT = ROOT / "docs" / "CONFORMANCE.md"
DOAP = ROOT / "docs" / "sojourn.doap"
GROUPS = {
    "G100": "XEP-0100 Gateway Interaction", "G077": "XEP-0077 In-Band Registration",
    "G106": "XEP-0106 JID Escaping", "G114": "XEP-0114 Component Protocol",
    "G030": "XEP-0030 Service Discovery", "G115": "XEP-0115 Entity Capabilities",
    "G004": "XEP-0004 Data Forms", "G050": "XEP-0050 Ad-Hoc Commands",
    "G133": "XEP-0133 Service Administration", "G144": "XEP-0144 Roster Item Exchange",
    "G356": "XEP-0356 Privileged Entity", "G321": "XEP-0321 Remote Roster Management",
    "G054": "XEP-0054 vcard-temp", "G153": "XEP-0153 vCard-Based Avatars",
    "G163": "XEP-0163 Personal Eventing", "G084": "XEP-0084 User Avatar",
    "G292": "XEP-0292 vCard4", "G172": "XEP-0172 User Nickname",
    "GMSG": "Messages in general", "G085": "XEP-0085 Chat States",
    "G184": "XEP-0184 Delivery Receipts", "G333": "XEP-0333 Displayed Markers",
    "G308": "XEP-0308 Last Message Correction", "G424": "XEP-0424 Message Retraction",
    "G425": "XEP-0425 Moderated Retraction", "G444": "XEP-0444 Reactions",
    "G461": "XEP-0461 Replies, XEP-0428 Fallback", "G359": "XEP-0359 Stanza IDs",
    "G334": "XEP-0334 Processing Hints", "G280": "XEP-0280 Carbons, XEP-0297 Forwarding",
    "G203": "XEP-0203 Delayed Delivery", "G490": "XEP-0490 Displayed Synchronization",
    "G380": "XEP-0380 Explicit Message Encryption", "G313": "XEP-0313 Archive Management",
    "G059": "XEP-0059 Result Sets", "G363": "XEP-0363 HTTP Upload", "GFIL": "Files in general",
    "G393": "XEP-0393 Styling", "G394": "XEP-0394 Markup", "G071": "XEP-0071 XHTML-IM",
    "G245": "XEP-0245 The /me Command", "G426": "XEP-0426 Character Counting",
    "G372": "XEP-0372 References", "G513": "XEP-0513 Mentions",
    "G452": "XEP-0452 Mention Notifications", "G012": "XEP-0012 Last Activity",
    "G092": "XEP-0092 Software Version", "G199": "XEP-0199 Ping", "G202": "XEP-0202 Entity Time",
    "G055": "XEP-0055 Search", "G191": "XEP-0191 Blocking", "G319": "XEP-0319 Last Interaction",
    "G256": "XEP-0256 Last Activity in Presence", "G157": "XEP-0157 Contact Addresses",
    "G128": "XEP-0128 Extended Info", "G224": "XEP-0224 Attention", "G506": "XEP-0506 No Reply",
    "G504": "XEP-0504 Data Policy", "G094": "XEP-0094 Agents", "G158": "XEP-0158 CAPTCHA Forms",
    "GCAL": "Calls", "R6120": "RFC 6120, stanzas and streams",
    "R6121": "RFC 6121, presence and messages", "R7622": "RFC 7622, addresses"}
TEST = re.compile(r"^(?:Test|ParameterizedTest|Theory)\(\s*(?:[^;{]*?,)??\s*(\w+)\s*,\s*(\w+)",
                  re.M)


def requirements():
    """ID to (level, summary, reason for no test or ""), in file order."""
    out, last = {}, None
    for line in REQUIREMENTS.read_text().splitlines():
        if line.lstrip().startswith("= ") and line[:1] == " ":
            out[last] = out[last][:2] + (line.strip()[2:],)
        elif line and not line.startswith("#"):
            last, level, summary = line.split(None, 2)
            if last in out or level not in ("MUST", "SHOULD", "MAY"):
                raise SystemExit("requirements.txt: %s stands twice, or its level" % last)
            out[last] = (level, summary, "")
    return out


def take_reasons_out(covered):
    """Whoever has a test needs no reason."""
    kept, ident = [], ""
    for line in REQUIREMENTS.read_text().splitlines(keepends=True):
        if line[:1] not in " #\n":
            ident = line.split(None, 1)[0]
        if not (line.startswith(" ") and covered.get(ident)):
            kept.append(line)
    REQUIREMENTS.write_text("".join(kept))


def unit_tests():
    """(name, text that may name IDs) for each Criterion test."""
    for path in sorted((ROOT / "tests/unit").rglob("*.c")):
        text = path.read_text()
        starts = []
        for m in TEST.finditer(text):
            above = re.search(r"/\*(?:[^*]|\*(?!/))*\*/\s*$", text[:m.start()])
            starts.append((above.start() if above else m.start(), m))
        for i, (start, m) in enumerate(starts):
            end = starts[i + 1][0] if i + 1 < len(starts) else len(text)
            yield "unit %s.%s" % (m.group(1), m.group(2)), text[start:end]


def e2e_tests():
    for path in sorted((ROOT / "tests/e2e").glob("test_*.py")):
        owner = ""
        for m in re.finditer(r'^class (\w+)|def (test_\w+)\(self\):\s+"""(.*?)"""',
                             path.read_text(), re.M | re.S):
            if m.group(1):
                owner = m.group(1)
            else:
                yield "e2e %s.%s" % (owner, m.group(2)), m.group(3)


def coverage():
    """ID to the names of its tests."""
    out = {}
    found = [(s.name, s.title) for s in scn.all_scenarios()]
    for name, text in found + list(unit_tests()) + list(e2e_tests()):
        for ident in scn.ids(text):
            out.setdefault(ident, []).append(name)
    return out


def shown(names, reason):
    if names:
        return ", ".join(n if n.startswith(("unit ", "e2e ")) else "`%s`" % n for n in names)
    return "not covered: %s" % reason if reason else "not covered"


def document(table, covered):
    out = ["# Conformance", "",
           "Generated by `tests/support/conformance.py`; do not edit. Which test shows which "
           "requirement: scenarios by", "their path under `tests/scenario`, `unit` and `e2e` tests "
           "by name. Levels are ours. What is not covered says", "why, if it is a MUST.", ""]
    groups = {}
    for ident in table:
        groups.setdefault(ident.rsplit("-", 1)[0], []).append(ident)
    for level in ("MUST", "SHOULD", "MAY"):
        idents = [i for i in table if table[i][0] == level]
        out.append("- %s: %d requirements, %d of them with a test" %
                   (level, len(idents), sum(1 for i in idents if covered.get(i))))
    out.append("")
    for group, idents in groups.items():
        out += ["## %s" % GROUPS.get(group, group), "",
                "| requirement | level | summary | tests |", "|---|---|---|---|"]
        for ident in idents:
            level, summary, reason = table[ident]
            out.append("| %s | %s | %s | %s |" %
                       (ident, level, summary, shown(covered.get(ident, []), reason)))
        out.append("")
    return "\n".join(out)


def problems():
    """What --check complains about."""
    table, covered = requirements(), coverage()
    out = ["%s (MUST) has neither a test nor a reason why not" % i
           for i, (level, _, reason) in table.items()
           if level == "MUST" and not covered.get(i) and not reason]
    out += ["%s has a test, its reason for none is untrue; run tests/support/conformance.py" % i
            for i, (_, _, reason) in table.items() if reason and covered.get(i)]
    out += ["%s is named by %s and is no requirement" % (i, ", ".join(names))
            for i, names in covered.items() if i not in table and not i.startswith("G045")]
    for path, text in ((DOCUMENT, document(table, covered)),
                       (DOAP, doap.document(table, covered))):
        if not path.exists() or path.read_text() != text:
            out.append("%s is stale; run tests/support/conformance.py" % path.relative_to(ROOT))
    return out


def main():
    if sys.argv[1:] == ["--check"]:
        found = problems()
        print("\n".join(found))
        return 1 if found else 0
    covered = coverage()
    if sys.argv[1:] == ["--open"]:
        for ident, (level, summary, reason) in requirements().items():
            if not covered.get(ident):
                print("%s %s %s: %s" % (ident, level, summary, reason or "no reason given"))
        return 0
    take_reasons_out(covered)
    DOCUMENT.write_text(document(requirements(), covered))
    DOAP.write_text(doap.document(requirements(), covered))
    return 0


if __name__ == "__main__":
    sys.exit(main())
