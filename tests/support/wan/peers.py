"""Other people's programs on the same line, from Debian's packages: servers at van, clients at lon, all as the studio's account.

Everything over ssh is encrypted with AES-256-GCM where the client can (OpenSSH's own); GridFTP without certificates is in clear.
"""

import contextlib
import os
import resource
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from studio.process import Program, ProgramError, wait_until

from .measure import cpu_seconds

SSH_PORT = 2222
GRIDFTP_PORT = 2811
CIPHERS = "aes256-gcm@openssh.com"
# Debian's rclone knows AES-256 only in counter mode.
CIPHERS_OF_RCLONE = "aes256-ctr"
SSH_NAMES = ("rsync", "scp", "rclone sftp, 16 transfers")
NAMES = (*SSH_NAMES, "GridFTP 4x4, in clear", "GridFTP 16x2, in clear")


@dataclass
class Sent:
    """How a client fared. Processor seconds are its own and its children's; the server's are those of its sessions that have ended."""

    bytes: int  # at the target
    seconds: float
    ended: bool  # by itself; else it was cut
    client_cpu: float
    server_cpu: float


class Peers:
    """start() the servers, send(), stop(). `network` is a Network, or studio.Loopback for a run without a line. Not thread-safe."""

    def __init__(self, network, account, directory, ssh_port=SSH_PORT):
        self.network, self.account, self.ssh_port = network, account, ssh_port
        self.directory = account.make_directory(Path(directory))
        self.host = network.wan_host("van")
        self._servers = []

    def start_ssh(self):
        """Only what SSH_NAMES need."""
        self._write_system_files()
        self._write_ssh_files()
        self._serve("sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", self.directory / "sshd_config"], self.ssh_port)
        return self

    def start(self):
        self.start_ssh()
        self._serve("gridftp", ["/usr/sbin/globus-gridftp-server", "-p", GRIDFTP_PORT, "-aa", "-anonymous-user", self.account.name,
                                "-control-interface", self.host, "-data-interface", self.host, "-connections-max", 200], GRIDFTP_PORT)
        return self

    def stop(self):
        while self._servers:
            self._servers.pop().stop()

    def commands(self, source, target):
        """{name: how to send the directory `source` so that its files stand in `target`}"""
        ssh = self.directory / "ssh_config"
        remote = (f":sftp,host={self.host},port={self.ssh_port},user={self.account.name},key_file={self.directory}/client,"
                  f"known_hosts_file={self.directory}/known_hosts:{target}")
        gridftp = ["globus-url-copy", "-q", "-r", "-cd", "-pp"]
        urls = [f"file://{source}/", f"ftp://{self.host}:{GRIDFTP_PORT}{target}/"]
        return dict(zip(NAMES, (
            ["rsync", "-rt", "--whole-file", "-e", f"ssh -F {ssh}", f"{source}/", f"van:{target}/"],
            ["scp", "-q", "-r", "-F", ssh, source, f"van:{target}"],
            ["rclone", "copy", "--config", "/dev/null", "--transfers", 16, "--checkers", 16, source, remote],
            [*gridftp, "-p", 4, "-cc", 4, *urls],
            [*gridftp, "-p", 2, "-cc", 16, *urls])))

    def send(self, argv, target, cut):
        """Runs a client until it ends or `cut` seconds have passed; returns Sent."""
        self.account.make_directory(target.parent)
        account = self._account("lon")
        log = self.directory / "client.log"
        client_before, server_before = children_cpu(), self._server_cpu()
        began = time.monotonic()
        environment = {**account.environment(self.directory), "GLOBUS_HOSTNAME": "lon"}
        with open(log, "wb") as out, subprocess.Popen(account.command(argv, "KILL"), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                      cwd=self.directory, env=environment, start_new_session=True) as client:
            try:
                code = client.wait(cut)
                seconds = time.monotonic() - began
            except subprocess.TimeoutExpired:
                code, seconds = None, cut
            arrived = bytes_below(target)
            if code is None:
                os.killpg(client.pid, signal.SIGKILL)  # its own session: the ssh that it started too
        if code is None:
            self._cut_connections()
        if code:
            raise ProgramError(f"{argv[0]} ended with {code}:\n{log.read_text(errors='replace')[-2000:]}")
        self._wait_for_sessions()
        return Sent(arrived, seconds, code is not None, children_cpu() - client_before, self._server_cpu() - server_before)

    def _server_cpu(self):
        return sum(cpu_seconds(server.pid, children=True) for server in self._servers)

    def _wait_for_sessions(self):
        """Until the servers have no children: a session's processor time is known when it has ended."""
        def ended():
            return not any(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text() for server in self._servers)
        wait_until(ended, 10, lambda: "a server's session does not end")

    def _cut_connections(self):
        """Else the kernel would go on sending what a killed client has left in its buffers."""
        for site, other in (("lon", "van"), ("van", "lon")):
            subprocess.run(["nsenter", f"--net=/run/netns/{self.network.namespace(site)}", "ss", "-K", "-t", "dst", self.network.wan_host(other)],
                           stdout=subprocess.DEVNULL, check=True)

    def _serve(self, name, argv, port):
        server = Program(name, argv, self._account("van"), self.directory, self.directory, environment={"GLOBUS_HOSTNAME": "van"})
        self._servers.append(server.start())
        try:
            wait_until(lambda: self._is_listening(port), 10, lambda: f"{name} does not listen:\n" + "\n".join(server.lines()))
        except ProgramError:
            self.stop()
            raise

    def _is_listening(self, port):
        argv = self.network.account("van", self.account).command(["ss", "-tlnH", f"sport = :{port}"])
        return bool(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)

    def _account(self, site):
        account = self.network.account(site, self.account)
        if not account.drops:  # an account of a person's has what is written there
            return account
        for name in self._system_files:
            account = account.seeing(self.directory / name, f"/etc/{name}")
        return account

    def _write_system_files(self):
        """What the programs see of the system besides what is there. sshd wants its account to have a shell and no lock, which an account for
        programs has not; GridFTP wants its addresses to have names, and nobody is there to be asked for them."""
        me = self.account
        hosts = [("127.0.0.1", "localhost"), *((self.network.wan_host(site), site) for site in ("lon", "van"))]
        self._system_files = {"passwd": f"{me.name}:x:{me.uid}:{me.gid}::{self.directory}:/bin/sh\n", "shadow": f"{me.name}:NP:20000:0:99999:7:::\n",
                              "hosts": "".join(f"{address} {name}\n" for address, name in hosts)}
        for name, content in self._system_files.items():
            me.write(self.directory / name, content, 0o644)

    def _write_ssh_files(self):
        for name in ("host", "client"):
            self.account.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / name], self.directory)
        public = (self.directory / "host.pub").read_text()
        self.account.write(self.directory / "known_hosts", f"[{self.host}]:{self.ssh_port} {public}")
        self.account.write(self.directory / "authorized_keys", (self.directory / "client.pub").read_text())
        self.account.write(self.directory / "sshd_config", f"""Port {self.ssh_port}
ListenAddress {self.host}
HostKey {self.directory}/host
AuthorizedKeysFile {self.directory}/authorized_keys
Ciphers {CIPHERS},{CIPHERS_OF_RCLONE}
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
MaxStartups 100
Subsystem sftp /usr/lib/openssh/sftp-server
""")
        self.account.write(self.directory / "ssh_config", f"""Host van
HostName {self.host}
Port {self.ssh_port}
User {self.account.name}
IdentityFile {self.directory}/client
IdentitiesOnly yes
UserKnownHostsFile {self.directory}/known_hosts
BatchMode yes
Ciphers {CIPHERS}
""")


def children_cpu():
    """Of this process's children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bytes_below(directory):
    """Bytes of all files that have arrived, whole or not: of a file with holes only what is there."""
    total = 0
    for folder, _, files in os.walk(directory):
        for name in files:
            # What is still being received may get its own name meanwhile.
            with contextlib.suppress(FileNotFoundError):
                status = os.stat(os.path.join(folder, name), follow_symlinks=False)
                total += min(status.st_size, status.st_blocks * 512)
    return total
