#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Runs scenarios: the real sojournd between a scripted XMPP server and scripted servers of the
networks.

    scenario.py --bin DIRECTORY [--only PATTERN] [--jobs N] [--keep] [--list] [FILE ...]

Each scenario has its own process, temporary directory and ephemeral ports. docs/TESTING.md
describes the format."""
import argparse
import os
import pathlib
import re
import shutil
import sys
import tempfile
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import report                                                        # noqa: E402
import scn                                                           # noqa: E402
from runner import Failed, Runner                                    # noqa: E402


def run_one(scenario, options):
    """None when it passed, else the text of the failure."""
    directory = tempfile.mkdtemp(prefix="sojourn-scn-")
    runner = None
    try:
        runner = Runner(scenario, options.bin, directory)
        runner.run()
        result = None
    except (Failed, scn.ScenarioError, KeyError, ValueError) as e:
        if isinstance(e, Failed):
            what = str(e)
        else:
            place = runner.step.place if runner and runner.step else scenario.name
            what = "%s: %s: %s" % (place, type(e).__name__, e)
        result = what
    except Exception:                                                # noqa: BLE001
        result = traceback.format_exc()
    if runner:
        runner.close()
    if result:
        out = [result, "transcript (C XMPP server, I IRC server, M home server; > to sojournd, "
               "< from it):"]
        out += ["  " + t for t in runner.transcript[-options.transcript:]] if runner else []
        if runner:
            log = runner.daemon.log_text().splitlines()[-options.transcript:]
            out += ["log of sojournd:"] + ["  " + line for line in log]
        if options.keep:
            out.append("kept in %s" % directory)
        result = "\n".join(out)
    if not options.keep:
        shutil.rmtree(directory, ignore_errors=True)
    return result


def run_all(scenarios, options, results):
    """A process for each scenario, options.jobs at a time."""
    waiting, running = list(scenarios), {}
    while waiting or running:
        while waiting and len(running) < options.jobs:
            scenario = waiting.pop(0)
            out = tempfile.TemporaryFile("w+", encoding="utf-8",
                                         errors="backslashreplace")
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    found = run_one(scenario, options)
                    out.write(found or "")
                    out.flush()
                    status = 1 if found else 0
                finally:
                    os._exit(status)
            running[pid] = (scenario, out)
        pid, status = os.wait()
        scenario, out = running.pop(pid)
        out.seek(0)
        text = out.read()
        out.close()
        name = "scenario %s: %s" % (scenario.name, scenario.title)
        if status == 0:
            results.passed(name)
        else:
            results.failed(name, text or "the runner itself died (status %d)" % status)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ap.add_argument("--bin", default="build-tests", help="where sojournd and sojournctl are")
    ap.add_argument("--only", default="", help="regular expression over name and title")
    ap.add_argument("--jobs", type=int, default=4)
    ap.add_argument("--keep", action="store_true", help="keep the temporary directories")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--results", help="file to append result lines to")
    ap.add_argument("--transcript", type=int, default=60, help="lines shown of a failure")
    ap.add_argument("files", nargs="*")
    options = ap.parse_args()
    options.bin = str(pathlib.Path(options.bin).resolve())
    scenarios = [scn.Scenario(f) for f in options.files] or scn.all_scenarios()
    scenarios = [s for s in scenarios if re.search(options.only, s.name + " " + s.title)]
    if options.list:
        for s in scenarios:
            print("scenario %s: %s" % (s.name, s.title))
        return 0
    results = report.Results(options.results, "scenarios")
    run_all(scenarios, options, results)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
