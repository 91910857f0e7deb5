# SPDX-License-Identifier: MPL-2.0
"""Starts the real servers of the end-to-end tests: own data directory, own loopback ports, as root
or as an ordinary user. What is started is ended by its own process id."""
import fcntl
import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from clients import Gone, IrcClient

HOST = "127.0.0.1"
SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def program(name):
    """Path of an installed program, or None."""
    return shutil.which(name, path=SBIN)


class Ports:
    """Ports that no other test run holds: a block is held by a lock on a file, which goes away with
    the process. All lie below the range the kernel lends out for outgoing connections."""
    FIRST, SIZE, BLOCKS = 20000, 32, 380

    def __init__(self):
        directory = pathlib.Path(tempfile.gettempdir()) / "sojourn-test-ports"
        if not directory.exists():
            directory.mkdir(exist_ok=True)
            directory.chmod(0o1777)
        for i in range(self.BLOCKS):
            n = (os.getpid() + i) % self.BLOCKS
            path = directory / str(n)
            try:
                self.lock = open(path, "r" if path.exists() else "x")
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            first = self.FIRST + n * self.SIZE
            if all(self._free(p) for p in range(first, first + self.SIZE)):
                self.left = list(range(first, first + self.SIZE))
                return
        raise RuntimeError("no free block of ports")

    @staticmethod
    def _free(port):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((HOST, port))
            except OSError:
                return False
        return True

    def take(self):
        return self.left.pop(0)


class Server:
    """One program; it can be stopped and started again with the same data."""

    def __init__(self, lab, name, argv, ready, env=None):
        self.lab, self.name, self.argv, self.ready, self.env = lab, name, argv, ready, env
        self.log = lab.dir / (name + ".log")
        self.proc = None
        self.start()

    def start(self, seconds=60):
        with open(self.log, "ab") as log:
            self.proc = subprocess.Popen(
                [str(a) for a in self.argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.lab.dir, env={**os.environ, **(self.env or {})})
        end = time.monotonic() + seconds
        while not self.ready():
            if self.proc.poll() is not None or time.monotonic() > end:
                raise RuntimeError("%s did not start: %s" % (self.name, self.tail()))
            time.sleep(0.02)

    def tail(self, size=3000):
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def stop(self, how=signal.SIGTERM):
        if self.proc is None or self.proc.poll() is not None:
            return
        self.proc.send_signal(how)
        try:
            self.proc.wait(15)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()


def accepts(*ports):
    def ready():
        for port in ports:
            try:
                socket.create_connection((HOST, port), 1).close()
            except OSError:
                return False
        return True
    return ready


class Lab:
    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sojourn-e2e-"))
        self.dir.chmod(0o711)
        self.ports, self.servers, self.closers = Ports(), [], []

    def start(self, name, argv, ready, env=None):
        server = Server(self, name, argv, ready, env)
        self.servers.append(server)
        return server

    def close(self, keep=False):
        for close in reversed(self.closers):
            close()
        for server in reversed(self.servers):
            server.stop()
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    def logs(self):
        return "\n".join("--- %s\n%s" % (s.name, s.tail()) for s in self.servers)


def certificate_authority(directory):
    """ca.crt and, signed by it, good.crt for irc.localhost and other.crt for another name."""
    directory.mkdir(parents=True, exist_ok=True)

    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, cwd=directory, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-days", "30", "-subj", "/CN=test authority", "-keyout",
            "ca.key", "-out", "ca.crt")
    for name, san in (("good", "DNS:localhost,IP:127.0.0.1"), ("other", "DNS:other.example")):
        (directory / (name + ".ext")).write_text("subjectAltName=%s\n" % san)
        openssl("req", *key, "-subj", "/CN=" + name, "-keyout", name + ".key", "-out",
                name + ".csr")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", "30", "-extfile", name + ".ext", "-out",
                name + ".crt")
    for path in directory.iterdir():
        path.chmod(0o644)
    return directory


PROSODY = """
run_as_root = true
pidfile = "{dir}/prosody.pid"
data_path = "{dir}/data"
log = {{ {{ levels = {{ min = "info" }}, to = "console" }} }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s} }}
component_interfaces = {{ "127.0.0.1" }}
component_ports = {{ {component} }}
modules_enabled = {{ "roster", "saslauth", "disco", "presence", "message", "iq", "ping",
    "blocklist", "carbons"{modules} }}
modules_disabled = {{ "s2s" }}
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = false
limits = {{ }}
{globals}
VirtualHost "localhost"
{host}
{components}
"""
# XEP-0356, granted to every component
PROSODY_GRANTS = """    privileged_entities = {{ {names} }}
    modules_enabled = {{ "privilege" }}
"""
PROSODY_GRANT = """["{name}"] = {{ roster = "both"; message = "outgoing"; presence = "roster";
    iq = {{ ["http://jabber.org/protocol/pubsub"] = "both" }} }}"""
# XEP-0363
PROSODY_HTTP = """http_ports = {{ {http} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ }}
http_default_host = "localhost"
http_external_url = "http://127.0.0.1:{http}/"
"""
PROSODY_SHARE = """Component "share.localhost" "http_file_share"
    http_host = "localhost"
    http_file_share_size_limit = 1048576
"""


def prosody(lab, users, components, modules=(), privileged=False, share=False):
    """users: name to password; components: hostname to secret. share: has an upload service at
    share.localhost. Attributes c2s and component."""
    directory = lab.dir / "prosody"
    accounts = directory / "data" / "localhost" / "accounts"
    accounts.mkdir(parents=True)
    for name, password in users.items():
        (accounts / (name + ".dat")).write_text('return { ["password"] = "%s" };\n' % password)
    c2s, component = lab.ports.take(), lab.ports.take()
    config = directory / "prosody.cfg.lua"
    blocks = ['Component "%s"\n    component_secret = "%s"\n' % kv for kv in components.items()]
    host = ""
    if privileged:
        host = PROSODY_GRANTS.format(names=", ".join(
            PROSODY_GRANT.format(name=name) for name in components))
        blocks = [b + '    modules_enabled = { "privilege" }\n' for b in blocks]
    if share:
        blocks.append(PROSODY_SHARE)
    config.write_text(PROSODY.format(
        modules="".join(', "%s"' % m for m in modules), dir=directory, c2s=c2s,
        component=component, host=host, components="\n".join(blocks),
        globals=PROSODY_HTTP.format(http=lab.ports.take()) if share else ""))
    server = lab.start("prosody", [program("prosody"), "--config", config, "-F"],
                       accepts(c2s, component))
    server.c2s, server.component = c2s, component
    return server


EJABBERD = """
hosts: [localhost]
loglevel: info
language: en
auth_method: internal
auth_password_format: plain
listen:
  - {{port: {c2s}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: false, access: all}}
  - port: {component}
    ip: "127.0.0.1"
    module: ejabberd_service
    global_routes: false
    hosts: {{{components}}}
acl:
  gateways: {{server: [{names}]}}
access_rules:
  gateways: [{{allow: gateways}}]
api_permissions: {{}}
shaper: {{}}
shaper_rules: {{}}
modules:
  mod_adhoc: {{}}
  mod_blocking: {{}}
  mod_caps: {{}}
  mod_carboncopy: {{}}
  mod_disco: {{}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_privacy: {{}}
{grants}
  mod_roster: {{}}
"""
EJABBERD_GRANTS = """
  mod_privilege:
    roster: {both: gateways}
    message: {outgoing: gateways}
    presence: {managed_entity: gateways, roster: gateways}
"""


def ejabberd(lab, users, components, privileged=False):
    """As prosody(). Without a node name: that would want one port of the whole machine."""
    directory = lab.dir / "ejabberd"
    (directory / "db").mkdir(parents=True)
    c2s, component, ready = lab.ports.take(), lab.ports.take(), directory / "ready"
    config = directory / "ejabberd.yml"
    config.write_text(EJABBERD.format(
        c2s=c2s, component=component, grants=EJABBERD_GRANTS if privileged else "",
        names=", ".join('"%s"' % name for name in components),
        components=", ".join('"%s": {password: "%s"}' % kv for kv in components.items())))
    accounts = "".join('ejabberd_auth:try_register(<<"%s">>,<<"localhost">>,<<"%s">>),' % user
                       for user in users.items())
    libraries = glob.glob("/usr/lib/*/ejabberd-*/ebin") + glob.glob("/usr/lib/ejabberd-*/ebin")

    def is_ready():
        """The file is of this start alone."""
        if not ready.exists():
            return False
        ready.unlink()
        return True
    server = lab.start("ejabberd", [
        program("erl"), "-noinput", "+K", "true", "+S", "2:2", "+sbwt", "none", "-mnesia", "dir",
        '"%s"' % (directory / "db"), "-s", "ejabberd", "-eval",
        '%s file:write_file("%s", "ok").' % (accounts, ready)], is_ready, {
            "ERL_LIBS": str(pathlib.Path(libraries[0]).parent.parent) if libraries else "",
            "EJABBERD_CONFIG_PATH": str(config), "HOME": str(directory),
            "EJABBERD_LOG_PATH": str(directory / "ejabberd.log"), "ERL_CRASH_DUMP_BYTES": "0"})
    server.c2s, server.component = c2s, component
    return server


NGIRCD = """
[Global]
Name = irc.test
Info = test
AdminInfo1 = test
Network = TestNet
Listen = 127.0.0.1
Ports = {irc}
MotdPhrase = test
Password = {password}
ServerUID = {uid}
ServerGID = {gid}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxNickLength = 30
MaxPenaltyTime = 0
PingTimeout = 120
PongTimeout = 20
[Options]
DNS = no
Ident = no
PAM = no
IncludeDir = {dir}/none
WebircPassword = {webirc}
[SSL]
{tls}
"""


def ngircd(lab, name="ngircd", password="", certs=None, cert="good", webirc=""):
    """Attributes irc and, with certs, ircs: the ports."""
    directory = lab.dir / name
    (directory / "none").mkdir(parents=True)
    directory.chmod(0o755)
    irc, ircs, tls = lab.ports.take(), None, ""
    if certs:
        ircs = lab.ports.take()
        tls = "CertFile = %s/%s.crt\nKeyFile = %s/%s.key\nPorts = %d\n" % (certs, cert, certs,
                                                                         cert, ircs)
    config = directory / "ngircd.conf"
    config.write_text(NGIRCD.format(dir=directory, irc=irc, password=password, tls=tls,
                                    webirc=webirc,
                                    uid=os.getuid() or 65534, gid=os.getgid() or 65534))
    config.chmod(0o644)
    server = lab.start(name, [program("ngircd"), "-n", "-f", config],
                       accepts(*filter(None, (irc, ircs))))
    server.irc, server.ircs = irc, ircs
    return server


INSPIRCD = """
<server name="irc.test" description="test" network="TestNet" id="1TE">
<admin name="test" nick="test" email="test@irc.test">
<path configdir="{dir}" datadir="{dir}" logdir="{dir}" runtimedir="{dir}" moduledir="{modules}">
<bind address="127.0.0.1" port="{irc}" type="clients">
<bind address="127.0.0.1" port="{link}" type="servers">
{tls}
<log method="stderr" type="* -USERINPUT -USEROUTPUT" level="default">
<connect name="main" allow="*" timeout="30" pingfreq="120" localmax="500" globalmax="500"
 recvq="262144" hardsendq="4M" softsendq="32K" threshold="10000" commandrate="100000"
 fakelag="no" resolvehostnames="no" useident="{ident}">
<limits maxnick="30" maxchan="64" maxmodes="20" maxident="11">
<options prefixquit="Quit: " announcets="no" defaultmodes="not">
{loads}
<uline server="services.test" silent="yes">
<link name="services.test" ipaddr="127.0.0.1" port="{link}" allowmask="127.0.0.1"
 sendpass="link" recvpass="link">
<sasl target="services.test" requiressl="no">
"""
# With TLS: clients may show certificates.
INSPIRCD_TLS = """
<bind address="127.0.0.1" port="{ircs}" type="clients" sslprofile="tls">
<sslprofile name="tls" provider="gnutls" certfile="{certs}/good.crt" keyfile="{certs}/good.key"
 requestclientcert="yes" hash="sha1">
<module name="ssl_gnutls">
<module name="sslinfo">
<module name="ircv3_sts">
<sts host="localhost" duration="5m" port="{ircs}">
"""
INSPIRCD_MODULES = """banexception cap inviteexception
 ircv3 ircv3_accounttag ircv3_batch ircv3_capnotify ircv3_chghost
 ircv3_ctctags ircv3_echomessage ircv3_labeledresponse ircv3_msgid ircv3_servertime namesx monitor
 setname sasl services_account servprotect spanningtree chghost deaf svshold globops
 hidechans"""

ATHEME_MODULES = """protocol/inspircd backend/opensex crypto/posix nickserv/main nickserv/identify
 nickserv/register nickserv/logout nickserv/set_core nickserv/set_password nickserv/ghost
 nickserv/cert nickserv/enforce saslserv/main saslserv/plain saslserv/external operserv/main"""
ATHEME = """
{loads}
serverinfo {{ name = "services.test"; desc = "services"; numeric = "00A"; netname = "TestNet";
 hidehostsuffix = "users"; adminname = "test"; adminemail = "t@irc.test";
 registeremail = "s@irc.test"; auth = none; casemapping = ascii; recontime = 1; restarttime = 1;
 mta = "/bin/true"; maxlogins = 100; maxusers = 0; emaillimit = 1000; emailtime = 1;
 loglevel = {{ error; info; network; }}; maxcertfp = 10; }};
uplink "irc.test" {{ host = "127.0.0.1"; send_password = "link"; receive_password = "link";
 port = {link}; }};
nickserv {{ nick = "NickServ"; user = "NickServ"; host = "services.test"; real = "Nicks";
 maxnicks = 50; expire = 0; enforce_expire = 0; enforce_delay = 30; }};
saslserv {{ nick = "SaslServ"; user = "SaslServ"; host = "services.test"; real = "SASL"; }};
operserv {{ nick = "OperServ"; user = "OperServ"; host = "services.test"; real = "Oper"; }};
database {{ }};
general {{ commit_interval = 1; kline_time = 0; exempts {{ }}; flood_msgs = 0; }};
"""


def inspircd(lab, certs=None, sasl=True, ident=False):
    """With Atheme's services linked; ident: asks clients' hosts. Attributes irc and, with certs,
    ircs: the ports."""
    directory = lab.dir / "inspircd"
    directory.mkdir()
    irc, link, ircs = lab.ports.take(), lab.ports.take(), lab.ports.take()
    modules = (glob.glob("/usr/lib/inspircd/modules") +
               glob.glob("/usr/lib/*/inspircd/modules"))[0]
    config = directory / "inspircd.conf"
    config.write_text(INSPIRCD.format(
        dir=directory, irc=irc, link=link, modules=modules,
        tls=INSPIRCD_TLS.format(ircs=ircs, certs=certs) if certs else "",
        ident="yes" if ident else "no",
        loads="\n".join('<module name="%s">' % m for m in
                        INSPIRCD_MODULES.split() + (["ident"] if ident else [])
                        if sasl or m != "sasl")))
    root = ["--runasroot"] if os.getuid() == 0 else []
    server = lab.start("inspircd", [program("inspircd"), "--nofork", "--nopid", "--config",
                                    config] + root, accepts(irc, link))
    server.irc, server.link, server.ircs = irc, link, ircs
    atheme(lab, server)
    return server


def atheme(lab, ircd):
    directory = lab.dir / "atheme"
    directory.mkdir()
    config = directory / "atheme.conf"
    config.write_text(ATHEME.format(link=ircd.link, loads="\n".join(
        'loadmodule "modules/%s";' % m for m in ATHEME_MODULES.split())))
    probe = IrcClient(ircd.irc, "probe")

    def linked():
        try:
            return probe.is_online("SaslServ")
        except Gone:
            return False
    server = lab.start("atheme", [program("atheme-services"), "-n", "-c", config, "-D", directory,
                                  "-p", directory / "atheme.pid", "-l", directory / "services.log"],
                       linked)
    probe.close()
    return server
