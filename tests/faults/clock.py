# SPDX-License-Identifier: MPL-2.0
"""The time of day as sojournd sees it: libfaketime adds to the machine's what a file says. What
measures durations (CLOCK_MONOTONIC) is left alone, as by a real jump."""
import pathlib

LIBRARIES = "/usr/lib/*/faketime/libfaketime.so.1"
SHARED = pathlib.Path("/dev/shm")


def library():
    return next(map(str, sorted(pathlib.Path("/").glob(LIBRARIES[1:]))), None)


def missing():
    """A reason why the clock cannot jump, else None."""
    return None if library() else "libfaketime is not installed"


def tidy(pid):
    """Removes what the library leaves behind of a process that is confined, or was killed."""
    for name in ("sem.faketime_sem_%d", "faketime_shm_%d"):
        (SHARED / (name % pid)).unlink(missing_ok=True)


class Clock:
    def __init__(self, data_dir):
        """data_dir: sojournd reads no other directory once it is confined."""
        self.file = data_dir / "clock"
        self.jump(0)

    def env(self):
        return {"LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(self.file),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}

    def jump(self, seconds):
        """So far from the machine's time it is from now on."""
        new = self.file.with_suffix(".new")
        new.write_text("%+d" % seconds)
        new.rename(self.file)
