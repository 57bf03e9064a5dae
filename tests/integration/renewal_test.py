"""Certificates end and are replaced while everything runs: no transfer notices, and what connects next takes the new ones."""

import json
import os
import ssl
import time
import unittest

from studio.case import StudioCase
from studio.process import wait_until
from studio.studio import Studio

LIFE = 10  # seconds
# Together they take half as long again as a certificate lives, and keep every data leg busy.
FILES = 12
FILE_BYTES = 625_000
CAP_MBIT = 4


def ends(certificate):
    """When a certificate ends, in seconds since 1970."""
    return ssl.cert_time_to_seconds(ssl._ssl._test_decode_cert(str(certificate))["notAfter"])


class RenewalTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studio = Studio(cls.directory / "s", cls.account, limits={"certificate_life": f"{LIFE}s"})
        cls.addClassCleanup(cls.studio.stop)
        cls.studio.create().start()

    def certificate(self, site):
        return self.studio.directory / site / "agent" / "tls.pem"

    def test_agents_renew_under_a_running_transfer(self):
        self.studio.cli("link", "set", "lon", "van", "--cap-mbit", CAP_MBIT)
        code = self.studio.add_version("renewed", files={f"f.{1001 + i}.exr": os.urandom(FILE_BYTES) for i in range(FILES)})
        self.studio.set_status(code, "ready")
        transfer = self.studio.transfer_of(code)["transfer"]
        self.studio.wait_for_state(transfer, "RUNNING")
        first = max(ends(self.certificate(site)) for site in self.studio.sites)
        # Until every certificate with which anything began has ended.
        wait_until(lambda: time.time() > first, LIFE + 20, lambda: "time stands still")
        shown = self.studio.cli_json("transfer", "show", transfer)
        self.assertEqual(shown["transfer"]["state"], "TRANSFER_STATE_RUNNING", "the transfer was over before a certificate was")
        self.studio.wait_for_state(transfer, "CLOSED")
        history = [entry["cause"] for entry in self.studio.cli_json("transfer", "show", transfer)["history"]]
        self.assertEqual(history.count("assigned"), 1, history)
        for site in self.studio.sites:
            self.assertGreater(ends(self.certificate(site)), first)
        refused = [record for record in self.studio.program("orchestrator").records() if "EXPIRED" in json.dumps(record)]
        self.assertEqual(refused, [], "somebody came with a certificate that had ended")

        # Whoever must connect again shows the new one.
        orchestrator = self.studio.program("orchestrator")
        orchestrator.kill()
        since = orchestrator.position()
        orchestrator.start()
        orchestrator.wait_for_record("orchestrator is ready", since=since)
        self.studio.wait_for_agents()
        again = self.studio.add_version("afterwards", files={"a": b"x"})
        self.studio.set_status(again, "ready")
        self.studio.wait_for_state(self.studio.transfer_of(again)["transfer"], "CLOSED")

    def test_the_orchestrator_takes_a_new_certificate_from_its_file(self):
        home = self.studio.directory / "orchestrator"
        shown = self.shown_certificate()
        self.assertEqual(shown, self.der(home / "tls.pem"))
        self.studio.issue_orchestrator(home / "next.key", home / "next.pem")
        os.rename(home / "next.key", home / "tls.key")
        os.rename(home / "next.pem", home / "tls.pem")
        wait_until(lambda: self.shown_certificate() == self.der(home / "tls.pem"), 40, lambda: "the old certificate is still shown")
        self.assertNotEqual(self.der(home / "tls.pem"), shown)

    def shown_certificate(self):
        """None when nobody gets in: the server looked between the two renames, has a key that does not fit, and looks again in a second."""
        try:
            return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", self.studio.api_port)))
        except ssl.SSLZeroReturnError:
            return None

    def der(self, path):
        return ssl.PEM_cert_to_DER_cert(path.read_text(encoding="ascii"))


if __name__ == "__main__":
    unittest.main()
