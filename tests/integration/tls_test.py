"""What every port of a running studio speaks: TLS 1.3 with AES-256-GCM, no session twice; asked with OpenSSL from outside."""

import socket
import ssl
import subprocess
import unittest

from studio.case import StudioCase
from studio.studio import Studio

GOOD = "TLS_AES_256_GCM_SHA384"
OTHER_SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256")
RELAYS = ("lon-relay", "van-relay")


class TlsTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def ports(self, *programs):
        found = {name: self.studio.program(name).listening_ports() for name in programs}
        self.assertEqual({name: len(ports) for name, ports in found.items()}, dict.fromkeys(programs, 2))
        return [port for ports in found.values() for port in sorted(ports)]

    def shown(self):
        """A certificate that each port looks at: an agent's own."""
        agent = self.studio.directory / "lon" / "agent"
        return agent / "tls.pem", agent / "tls.key"

    def handshake(self, port, *options):
        """The suite that `openssl s_client` and the port agreed on, "(NONE)" when on none; `options` say what it offers."""
        certificate, key = self.shown()
        said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-alpn", "h2", "-cert", certificate, "-key", key, *options],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, check=False).stdout.decode(errors="replace")
        return said.rpartition("Cipher is ")[2].split()[0]

    def test_t01_every_port_speaks_one_suite_of_tls_1_3(self):
        for port in self.ports("orchestrator", *RELAYS):
            self.assertEqual(self.handshake(port, "-tls1_3"), GOOD, port)
            self.assertEqual(self.handshake(port, "-tls1_3", "-ciphersuites", ":".join((*OTHER_SUITES, GOOD))), GOOD)

    def test_t02_no_port_takes_another_suite_or_an_older_version(self):
        for port in self.ports("orchestrator", *RELAYS):
            for suite in OTHER_SUITES:
                self.assertEqual(self.handshake(port, "-tls1_3", "-ciphersuites", suite), "(NONE)", suite)
            for version in ("-tls1_2", "-tls1_1", "-tls1"):
                self.assertEqual(self.handshake(port, version, "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"), "(NONE)", version)

    def test_t07_no_relay_takes_a_session_up_again(self):
        certificate, key = self.shown()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(certificate, key)

        def connect(port, session=None):
            """The connection's session, with whatever came before the relay had waited long enough; and whether it was an earlier one."""
            with socket.create_connection(("127.0.0.1", port), timeout=1) as plain:
                with context.wrap_socket(plain, session=session) as connection:
                    try:
                        connection.recv(1)
                    except TimeoutError:
                        pass
                    return connection.session, connection.session_reused

        for port in self.ports(*RELAYS):
            first, _ = connect(port)
            self.assertFalse(first.has_ticket)
            _, again = connect(port, first)
            self.assertFalse(again)


if __name__ == "__main__":
    unittest.main()
