#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Runs the Criterion programs (test_*) and the corpus replays (replay_*) of a build directory.

    unit.py --build DIRECTORY [--only PATTERN] [--list] [--skip REASON]

Criterion passes a test whose memory leaks: here every report of a sanitizer is a failed test, and
a program that ends without its closing line is one as well."""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import conformance                                                   # noqa: E402
import report                                                        # noqa: E402

CLOSING = re.compile(r"Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+)")
SECONDS = 300


def is_of_criterion(report):
    """It is about leaks of what Criterion's runner allocated itself, 48 bytes in some runs of more
    than 250 tests, and nothing else. No suppression can name those: Criterion calls each test, so
    it would hide every leak (tests/unit/run does the same)."""
    allocated = re.findall(r"^ *#1 .*$", report, re.M)
    return bool(allocated) and all("libcriterion" in frame for frame in allocated) and \
        all("LeakSanitizer" in line for line in report.splitlines() if "ERROR: " in line)


def run(argv, directory):
    """(exit status or None at the deadline, output, sanitizer reports)."""
    env = dict(os.environ)
    env["ASAN_OPTIONS"] = "log_path=%s/sanitizer:detect_leaks=1" % directory
    env["UBSAN_OPTIONS"] = "log_path=%s/sanitizer:print_stacktrace=1" % directory
    env["LSAN_OPTIONS"] = "exitcode=0"           # the reports decide
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=env, cwd=directory, timeout=SECONDS,
                              check=False)
        status, out = done.returncode, done.stdout
    except subprocess.TimeoutExpired as e:
        status, out = None, e.stdout or b""
    reports = [p.read_text(errors="replace")
               for p in sorted(pathlib.Path(directory).glob("sanitizer.*"))]
    return status, out.decode("utf-8", "replace"), \
        "\n".join(r for r in reports if not is_of_criterion(r))


def criterion(program, results, only):
    name = "unit %s" % program.name[5:]
    with tempfile.TemporaryDirectory(prefix="sojourn-unit-") as directory:
        tap = pathlib.Path(directory) / "out.tap"
        argv = [str(program), "--tap=%s" % tap, "--jobs=2"]
        status, out, reports = run(argv, directory)
        lines = tap.read_text(errors="replace").splitlines() if tap.exists() else []
    passed = failed = 0
    for line in lines:
        m = re.match(r"(ok|not ok) - (\S+)(.*)", line)
        if not m:
            continue
        test = "unit " + m.group(2).replace("::", ".")
        if not re.search(only, test):
            passed, failed = passed + (m.group(1) == "ok" and "# SKIP" not in line), \
                failed + (m.group(1) != "ok")
            continue
        if "# SKIP" in line:
            results.skipped(test, m.group(3).partition("# SKIP")[2].strip() or "disabled")
        elif m.group(1) == "ok":
            passed += 1
            results.passed(test)
        else:
            failed += 1
            results.failed(test, failure_text(out, m.group(2)))
    closing = CLOSING.search(out)
    if status is None:
        results.failed(name, "did not end within %d s\n%s" % (SECONDS, out[-3000:]))
    elif not closing:
        results.failed(name, "ended with status %s without its closing line\n%s"
                       % (status, out[-3000:]))
    elif int(closing.group(3)) != failed or int(closing.group(1)) != passed + failed:
        # a parameterised test counts each of its rows
        for _ in range(int(closing.group(2)) - passed):
            results.passed(name + ": one more row of a parameterised test")
        if int(closing.group(3)) > failed:
            results.failed(name, out[-3000:])
    elif status != 0 and not failed:
        results.failed(name, "ended with status %d\n%s" % (status, out[-3000:]))
    if reports:
        results.failed(name + ": sanitizers", reports)


def failure_text(out, test):
    """What Criterion said of one test."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in out.splitlines()]
    end = next((i for i, line in enumerate(lines) if re.match(r"\[FAIL\] %s\b" % test, line)), None)
    if end is None:
        return "no words of it\n" + out[-1500:]
    start = end
    while start > 0 and lines[start - 1].startswith("[----]"):
        start -= 1
    said = [line[6:].strip() for line in lines[start:end] if line[6:].strip()]
    return "\n".join([" ".join(said[:2])] + said[2:40])


def replay(program, results):
    corpus = HERE.parents[0] / "fuzz" / "corpus" / program.name[7:]
    name = "fuzz corpus %s" % program.name[7:]
    if not corpus.is_dir():
        results.failed(name, "there is no corpus in %s" % corpus)
        return
    with tempfile.TemporaryDirectory(prefix="sojourn-fuzz-") as directory:
        status, out, reports = run([str(program), str(corpus)], directory)
    if status == 0 and not reports:
        results.passed(name)
    else:
        results.failed(name, "status %s\n%s\n%s" % (status, out[-2000:], reports))


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ap.add_argument("--build", default="build-tests")
    ap.add_argument("--only", default="")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--skip", help="skip all of them by name, for this reason")
    ap.add_argument("--results")
    options = ap.parse_args()
    results = report.Results(options.results, "unit")
    if options.list or options.skip:
        names = [n for n, _ in conformance.unit_tests()] + [
            "fuzz corpus %s" % p.stem[5:] for p in sorted(
                (HERE.parent / "fuzz").glob("fuzz_*.c"))]
        for name in names:
            if not re.search(options.only, name):
                continue
            if options.list:
                print(name)
            else:
                results.skipped(name, options.skip)
        return 0
    build = pathlib.Path(options.build).resolve()
    programs = sorted(build.glob("tests/test_*")) + sorted(build.glob("tests/**/replay_*"))
    programs = [p for p in programs if p.is_file() and os.access(p, os.X_OK)]
    for program in programs:
        if program.name.startswith("test_"):
            criterion(program, results, options.only)
        elif re.search(options.only, "fuzz corpus %s" % program.name[7:]):
            replay(program, results)
    if not programs:
        results.failed("unit", "no test programs in %s" % build)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
