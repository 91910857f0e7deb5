#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Checks of the source tree: who may include what, banned functions, names, sizes, layout, and
documents that are generated. docs/HACKING.md explains the rules; each check is one test.

    lint.py [--build DIRECTORY] [--bin DIRECTORY] [--only PATTERN] [--list]

--build: a plain build (no sanitizer) whose objects are inspected; --bin: where sojournctl is."""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import conformance                                                   # noqa: E402
import report                                                        # noqa: E402

PRODUCT = ("gateway", "backends", "store", "include")
TOP = {"CMakeLists.txt", "gateway", "backends", "store", "include", "tests", "contrib", "docs",
       "README.md", "LICENSE"}

LIBRARY = re.compile(r"^(strophe\.h|expat\.h|event2/|curl/|lmdb\.h|sodium|openssl/|json-c/|json\.h"
                     r"|criterion/)")
# room (longest prefix of the path wins) to (library headers, folders whose own headers it may use)
ROOMS = {
    "include/sojourn": ((), ()),
    "gateway/base": (("event2/", "curl/", "sodium", "openssl/"), ("gateway/base",)),
    "gateway/xmpp": (("strophe.h", "expat.h"), ("gateway/xmpp",)),
    "gateway/session": ((), ("gateway/session", "gateway/xmpp/xmpp.h")),
    "gateway/ctl*.c": (("json-c/", "json.h"), ("gateway",)),
    "gateway": ((), ("gateway", "gateway/base", "gateway/xmpp/xmpp.h", "gateway/session",
                     "backends/registry.h")),
    "backends": ((), ("backends/registry.h", "backends/*")),
    "backends/*": (("json-c/", "json.h"), ("backends/*",)),
    "store": (("lmdb.h", "sodium"), ("store",)),
}
SODIUM_IN_BASE = {"gateway/base/random.c", "gateway/base/memory.c", "gateway/base/scram.c"}

BANNED = ("strcpy", "strcat", "strncpy", "strncat", "sprintf", "vsprintf", "strtok", "atoi",
          "atol", "gets", "ctime", "gmtime", "localtime", "rand", "srand", "alloca", "system",
          "popen", "fork", "vfork", "sleep", "usleep", "nanosleep", "select", "poll",
          "gethostbyname", "getaddrinfo", "tmpnam", "mktemp")
# files that may call one of them, and why
BANNED_ALLOWED = {
    "fork": ("store/store_lmdb.c",),     # at the start only: a child tries whether data can be read
    "poll": ("gateway/ctl_passphrase.c",),   # of sojournctl: the terminal, or a signal
}

# what is called a token in IRC and is none that lets anybody in
NO_SECRET = re.compile(r"WHO_TOKEN|isupport_table")

NETWORKS = ("irc", "ircd", "libera", "nickserv", "privmsg", "synapse", "sip", "kamailio",
            "oscar", "icq", "mattermost", "mastodon", "discord", "telegram", "whatsapp")

# objects in .data or .bss of the product, and why they may be there
MUTABLE = {
    "log_state": "level and sink of the log, the only process-wide state of base (house style)",
    "main_signal": "the signal flag",
    "prepared": "random.c: the library of random numbers was initialised",
    "key": "random.c: key of the hash of tables, drawn once",
    "drawn": "random.c: and whether it was",
    "pool": "random.c: bytes that are no secret, drawn many at a time",
    "pool_left": "random.c: how many of them",
    "pool_of": "random.c: and the process that drew them",
}


# what cppcheck says without reason: file and id, and why it is none
CPPCHECK_WRONG = {
    ("backends/irc/irc_format.c", "uninitvar"): "collect_edges fills what it counts",
    ("backends/loopback/loopback_room_people.c", "nullPointerRedundantCheck"): "see below",
    ("backends/loopback/loopback_room_people.c", "ctunullpointer"): "nobody is never an occupant",
    ("backends/matrix/mx_call.c", "autoVariables"): "the answer ends with the call",
    ("gateway/session/told.c", "identicalInnerCondition"): "what is between them changes it",
}


class Missing(Exception):
    """What a check needs is not there."""


def tracked():
    """Files of the tree: what git knows, and what it would take if it were added."""
    done = subprocess.run(["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-co",
                           "--exclude-standard"], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    names = done.stdout.decode().splitlines()
    if done.returncode != 0:                         # an unpacked archive
        names = [str(p.relative_to(ROOT)) for p in sorted(ROOT.rglob("*"))
                 if not re.match(r"(build[^/]*|\.git)(/|$)|.*__pycache__",
                                 str(p.relative_to(ROOT)))]
    return [f for f in names if (ROOT / f).is_file()]


FILES = tracked()


def product(*endings):
    return [f for f in FILES if f.startswith(tuple(p + "/" for p in PRODUCT)) and
            f.endswith(endings)]


def read(name):
    return (ROOT / name).read_text(errors="replace")


def without_comments(text):
    """C without comments and strings; line numbers stay."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def numbered(text):
    return enumerate(text.split("\n"), 1)


def room_of(name):
    best = None
    for room in ROOMS:
        pattern = "^" + re.escape(room).replace(r"\*", "[^/]+") + "(/|$)"
        if re.match(pattern, name) and (best is None or len(room) > len(best) or
                                        room.count("/") > best.count("/")):
            best = room
    if best == "backends/*" and name.count("/") == 1:
        best = "backends"
    return best


def include_problem(name, header, quoted):
    """Why this file may not include that header, or None."""
    room = room_of(name)
    libraries, folders = ROOMS[room]
    if header.startswith("sojourn/"):
        return None
    if not quoted:
        if not LIBRARY.match(header):
            return None                              # C and POSIX
        if not header.startswith(tuple(libraries) or ("\0",)):
            return "%s may not use <%s>" % (room, header)
        if header.startswith("sodium") and room == "gateway/base" and \
                name not in SODIUM_IN_BASE:
            return "sodium is for random, memory and scram only"
        return None
    home = pathlib.PurePosixPath(name).parent
    candidates = [home / header] + [pathlib.PurePosixPath(f) / header for f in
                                    ("gateway", "gateway/base", "gateway/xmpp", "gateway/session",
                                     "backends", "store")]
    found = next((str(c) for c in candidates if (ROOT / str(c)).is_file()), None)
    if found is None:
        return "\"%s\" is nowhere to be found" % header
    if room == "backends/*":
        mine = "/".join(name.split("/")[:2])
        return None if found.startswith(mine + "/") else "another room's header %s" % found
    for folder in folders:
        pattern = "^" + re.escape(folder).replace(r"\*", "[^/]+")
        if folder.endswith(".h") and found == folder or \
                re.match(pattern + "/[^/]+$", found) and not folder.endswith(".h"):
            return None
    return "%s may not use %s" % (room, found)


def check_includes():
    """Rooms include only what their row of the table allows"""
    for name in product(".c", ".h"):
        for number, line in numbered(read(name)):
            m = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
            why = m and include_problem(name, m.group(2), m.group(1) == '"')
            if why:
                yield "%s:%d: %s" % (name, number, why)


def check_headers_alone():
    """Each include/sojourn/*.h compiles alone, with gcc and clang"""
    compilers = [c for c in ("gcc", "clang-14") if shutil.which(c)]
    for name in product(".h"):
        if not name.startswith("include/"):
            continue
        source = '#include "%s"\n' % name.split("/", 1)[1]
        for compiler in compilers:
            done = subprocess.run(
                [compiler, "-x", "c", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-D_DEFAULT_SOURCE",
                 "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
                 "-Wstrict-prototypes", "-Werror", "-fsyntax-only", "-I", str(ROOT / "include"),
                 "-"], input=source.encode(), stderr=subprocess.PIPE, check=False)
            if done.returncode:
                yield "%s with %s: %s" % (name, compiler, done.stderr.decode().split("\n")[0])


def check_banned():
    """No banned function is called"""
    call = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
    for name in product(".c", ".h"):
        if name == "gateway/base/banned.h":
            continue
        for number, line in numbered(without_comments(read(name))):
            for m in call.finditer(line):
                if name not in BANNED_ALLOWED.get(m.group(1), ()):
                    yield "%s:%d: %s" % (name, number, m.group(1))


def check_cppcheck(options):
    """cppcheck finds nothing (the first time takes a minute, later what has changed)"""
    if not shutil.which("cppcheck"):
        raise Missing("cppcheck is not installed")
    cache = pathlib.Path(options.bin) / "cppcheck"
    cache.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["cppcheck", "--quiet", "-j2", "--enable=warning,portability", "-I", "include",
         "--cppcheck-build-dir=%s" % cache.resolve(),
         "--template={file}:{line}: {id}: {message}", "gateway", "store", "backends"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    for line in done.stdout.decode(errors="replace").splitlines():
        m = re.match(r"([^:\s]+):(\d+): (\w+): ", line)
        if m and (m.group(1), m.group(3)) not in CPPCHECK_WRONG:
            yield line
    if done.returncode:
        yield "cppcheck ended with status %d" % done.returncode


def check_secret_comparisons():
    """Secrets and what proves them are compared by sj_equal_secret, whose time tells nothing"""
    call = re.compile(r"\b(?:str|strn|mem|sj_ascii_case|sj_ascii_ncase)cmp\s*\(([^;{}]*?)\)\s*"
                      r"(?:[!=<>]=?\s*0|[;&|)])", re.S)
    word = re.compile(r"\b\w*(secret|password|passphrase|passwd|proof|token|signature|hmac|"
                      r"credential)s?\b", re.I)
    for name in product(".c", ".h"):
        text = without_comments(read(name))
        for m in call.finditer(text):
            if word.search(m.group(1)) and not NO_SECRET.search(m.group(1)):
                yield "%s:%d: %s" % (name, text.count("\n", 0, m.start()) + 1,
                                     " ".join(m.group(0).split()))


def check_network_names():
    """No network's name in gateway, store and include (comments count)"""
    word = re.compile(r"(?<![A-Za-z])((?i:%s)|Matrix|Slack)(?![A-Za-z])" % "|".join(NETWORKS))
    for name in product(".c", ".h"):
        if name.startswith("backends/"):
            continue
        for number, line in numbered(read(name)):
            m = word.search(line.replace("irc.example.org", ""))
            if m:
                yield "%s:%d: %s" % (name, number, m.group(1))


def check_backends_know_no_xmpp():
    """No XML, JID or XEP number in backends"""
    word = re.compile(r"\b(XEP-\d|jid|JID|stanza|strophe|jabber)")
    for name in product(".c", ".h"):
        if name.startswith("backends/"):
            for number, line in numbered(read(name)):
                m = word.search(line)
                if m:
                    yield "%s:%d: %s" % (name, number, m.group(1))


def check_xml_is_not_text():
    """No XML in format strings"""
    call = re.compile(r'(printf|addf|write)\s*\([^;]*"[^"\n]*<[a-z/?]', re.S)
    for name in product(".c"):
        for number, line in numbered(read(name)):
            if call.search(line) and "sojournctl" not in line:
                yield "%s:%d: %s" % (name, number, line.strip())


def check_mutable_data(options):
    """No mutable data at file scope outside the list"""
    objects = sorted(pathlib.Path(options.build).rglob("CMakeFiles/*.dir/**/*.o"))
    objects = [o for o in objects if re.search(r"/(gateway|backends|store)/", str(o))]
    if not objects:
        yield "no objects in %s" % options.build
    for path in objects:
        out = subprocess.run(["objdump", "-t", str(path)], stdout=subprocess.PIPE,
                             check=True).stdout.decode()
        for line in out.splitlines():
            m = re.match(r"\S+ .{7} (\.data|\.bss|\.tdata|\.tbss|\*COM\*)(\S*)\s+([0-9a-f]+)\s+"
                         r"(?:\.hidden )?(\S+)$", line)
            if not m or m.group(2).startswith(".rel.ro") or int(m.group(3), 16) == 0:
                continue
            symbol = re.sub(r"\.\d+$", "", m.group(4))
            if symbol not in MUTABLE:
                yield "%s: %s in %s" % (path.name, symbol, m.group(1))


def check_spdx():
    """Every source file begins with its SPDX line"""
    kinds = (".c", ".h", ".py", ".sh", ".scn", ".inc", ".service", ".cmake", ".yml", ".lua",
             ".txt", ".conf")
    for name in FILES:
        if "/corpus/" in name or name in ("LICENSE", "contrib/sojourn.conf"):
            continue
        script = "." not in name.rsplit("/", 1)[-1] and not name.startswith(".")
        if name.endswith(kinds) or script or name.startswith(".ci/"):
            head = "\n".join(read(name).split("\n")[:8 if name.endswith(".scn") else 2])
            if "SPDX-License-Identifier: MPL-2.0" not in head:
                yield name


def check_opening_comment():
    """Each .c says at its top what it is responsible for"""
    for name in product(".c"):
        lines = read(name).split("\n")
        if len(lines) < 3 or not lines[1].startswith("/*"):
            yield name


def check_columns():
    """No line is longer than 100 columns, none ends in blanks or holds a tab"""
    for name in FILES:
        if not name.endswith((".c", ".h", ".py", ".sh", ".scn", ".inc", "CMakeLists.txt")) or \
                "/corpus/" in name:
            continue
        for number, line in numbered(read(name)):
            if len(line) > 100:
                yield "%s:%d: %d columns" % (name, number, len(line))
            if line != line.rstrip() or "\t" in line:
                yield "%s:%d: blanks at the end, or a tab" % (name, number)


def check_sizes():
    """Headers of at most 300 lines, files of at most 1200"""
    for name in FILES:
        if not name.endswith((".c", ".h", ".py", ".sh")):
            continue
        lines = read(name).count("\n")
        if lines > (300 if name.endswith(".h") else 1200):
            yield "%s: %d lines" % (name, lines)


def check_top_level():
    """The top level holds what it is to hold, and nothing else"""
    there = {f.split("/", 1)[0] for f in FILES}
    for name in sorted(there - TOP):
        if not name.startswith("."):
            yield "%s does not belong there" % name
    for name in sorted(TOP - there):
        yield "%s is missing" % name


def generated(options, command, name):
    program, path = pathlib.Path(options.bin) / "sojournctl", ROOT / name
    if not program.exists():
        yield "%s is not there" % program
        return
    done = subprocess.run([str(program), command], stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        yield "sojournctl %s ended with status %d" % (command, done.returncode)
    elif not path.exists() or path.read_bytes() != done.stdout:
        yield "%s is stale; run: sojournctl %s > %s" % (name, command, name)


def check_config_docs(options):
    """docs/CONFIG.md is what sojournctl docs prints"""
    yield from generated(options, "docs", "docs/CONFIG.md")


def check_config_sample(options):
    """contrib/sojourn.conf is what sojournctl sample prints"""
    yield from generated(options, "sample", "contrib/sojourn.conf")


def check_scripts():
    """Shell scripts and Python files can be parsed"""
    for name in FILES:
        head = read(name).split("\n", 1)[0] if not name.startswith("tests/fuzz/corpus") else ""
        if name.endswith(".sh") or head.startswith(("#!/bin/bash", "#!/bin/sh")):
            done = subprocess.run(["bash", "-n", str(ROOT / name)], stderr=subprocess.PIPE,
                                  check=False)
            if done.returncode:
                yield "%s: %s" % (name, done.stderr.decode().strip())
        elif name.endswith(".py"):
            try:
                compile(read(name), name, "exec")
            except SyntaxError as e:
                yield "%s:%s: %s" % (name, e.lineno, e.msg)


def check_conformance():
    """Each MUST has a test or a reason; docs/CONFORMANCE.md and docs/sojourn.doap are fresh"""
    yield from conformance.problems()


def check_no_machine_paths():
    """No path or name of the machine that a file was written on"""
    word = re.compile(r"/home/[a-z]|/root/")
    for name in FILES:
        if name == "tests/lint/lint.py" or "/corpus/" in name:
            continue
        for number, line in numbered(read(name)):
            if word.search(line):
                yield "%s:%d: %s" % (name, number, line.strip()[:80])


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ap.add_argument("--build", default="build-plain")
    ap.add_argument("--bin", default="build-plain")
    ap.add_argument("--only", default="")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--results")
    options = ap.parse_args()
    results = report.Results(options.results, "lint")
    for key, check in list(globals().items()):
        name = "lint %s: %s" % (key[6:], check.__doc__) if key.startswith("check_") else None
        if not name or not re.search(options.only, name):
            continue
        if options.list:
            print(name)
            continue
        wants = check.__code__.co_argcount
        try:
            found = list(check(options) if wants else check())
        except Missing as e:
            results.skipped(name, str(e))
            continue
        if found:
            results.failed(name, "\n".join(found))
        else:
            results.passed(name)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
