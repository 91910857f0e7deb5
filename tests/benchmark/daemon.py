# SPDX-License-Identifier: MPL-2.0
"""The sojournd that is measured: its configuration, its process, and what that takes."""
import os
import pathlib
import re
import subprocess

CONFIG = """[gateway]
server = 127.0.0.1
port = %d
data-dir = %s/data
key-file = %s/key
control-socket = %s/control
log-level = info
allow = *
%s"""


class Daemon:
    """Its data and its log lie in the folder."""

    def __init__(self, build, folder, port, rest):
        """port: of the XMPP server. rest: further keys of [gateway], then the networks."""
        self.folder = pathlib.Path(folder)
        conf = self.folder / "conf"
        conf.write_text(CONFIG % (port, *[folder] * 3, rest), encoding="utf-8")
        conf.chmod(0o600)
        with open(self.folder / "log", "ab") as log:
            self.proc = subprocess.Popen(
                [str(pathlib.Path(build) / "sojournd"), "--config", str(conf)], stdout=log,
                stderr=log)

    def _read(self, name):
        return pathlib.Path("/proc/%d/%s" % (self.proc.pid, name)).read_text(encoding="ascii")

    def rss(self):
        """KiB."""
        return int(re.search(r"VmRSS:\s+(\d+)", self._read("status"))[1])

    def private(self):
        """KiB of memory that is its own."""
        return sum(int(n) for n in re.findall(r"Private_\w+: +(\d+)", self._read("smaps_rollup")))

    def cpu(self):
        """Seconds, of all threads, in ticks of the system."""
        fields = self._read("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def loop_cpu(self):
        """Seconds, of the loop's thread alone, exactly."""
        return int(self._read("schedstat").split()[0]) / 1e9

    def log(self):
        """The last of it."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-1500:]

    def stop(self):
        if self.proc.poll() is None:
            self.proc.terminate()
            self.proc.wait(20)

    def kill(self):
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()
