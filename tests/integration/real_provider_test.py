"""Signing in by a provider that is not ours: npm's oidc-provider, certified by the OpenID Foundation, on loopback.

`./dev test` installs it where there is npm and its registry; where it is missing, this test says so and is left out.
"""

import http.cookiejar
import json
import shutil
import ssl
import subprocess
import sys
import unittest
import urllib.request

from studio.case import SOURCE, StudioCase
from studio.process import wait_until
from studio.studio import Studio

MODULES = SOURCE / "build" / "npm" / "node_modules"
SCRIPT = SOURCE / "tests" / "support" / "studio" / "real_provider.mjs"


class RealProviderTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        node = shutil.which("node")
        if node is None or not (MODULES / "oidc-provider").is_dir():
            print("LEFT OUT: signing in by a real provider: node or npm's oidc-provider is not here; ./dev test installs it", file=sys.stderr)
            raise unittest.SkipTest("node or npm's oidc-provider is not here")
        super().setUpClass()
        files = cls.directory / "provider"
        files.mkdir()
        cls.ca, key, cls.sign_in = files / "tls.pem", files / "tls.key", files / "sign_in.json"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cls.ca)], check=True, capture_output=True)
        cls.provider = subprocess.Popen([node, str(SCRIPT), str(MODULES), str(cls.ca), str(key), str(cls.sign_in)], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        cls.addClassCleanup(cls.stop_provider)
        cls.issuer = json.loads(cls.provider.stdout.readline())["issuer"]
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        cls.trusted = cls.account.write(cls.directory / "provider-ca.pem", cls.ca.read_bytes())
        cls.studio.identity_providers = f"""identity_providers:
  - issuer: "{cls.issuer}"
    audience: crossdock
    algorithms: [ES256]
    person_claim: preferred_username
    ca: {cls.trusted}
    second_factor: {{amr: [otp]}}
    groups:
      - {{name: operations, roles: [viewer, operator]}}
      - {{name: identity, roles: [identity-admin]}}
"""
        cls.studio.create().start_orchestrator()

    @classmethod
    def stop_provider(cls):
        cls.provider.kill()
        cls.provider.wait()
        cls.provider.stdout.close()

    def browse(self, address):
        """A browser: it keeps cookies and goes where it is sent, in the end to the program that waits."""
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(self.ca))),
                                             urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        with opener.open(address, timeout=20) as page:
            self.assertIn(b"see your terminal", page.read())

    def token(self, person, methods):
        """The file of a token that `crossdock login` got."""
        self.sign_in.write_text(json.dumps({"person": person, "methods": methods}), encoding="utf-8")
        file = self.studio.admin / f"{person}.{'-'.join(methods)}.token"
        argv = [self.studio.binary("crossdock"), "login", "--issuer", self.issuer, "--client-id", "crossdock", "--provider-ca", self.trusted, "--out", file]
        with subprocess.Popen(self.account.command(argv, "KILL"), env=self.account.environment(self.directory), cwd=self.directory, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
            try:
                lines = []
                while not lines or "https://" not in lines[-1]:
                    lines.append(program.stderr.readline())
                    self.assertNotEqual(lines[-1], "", "".join(lines))
                self.browse(lines[-1].strip())
                said = program.stderr.read()
                self.assertEqual(program.wait(), 0, said)
            finally:
                program.kill()
        return file

    def call(self, file, *arguments):
        """(whether it was let in, what it said)"""
        done = self.studio.run("crossdock", "--server", self.studio.server, "--ca", self.studio.admin / "ca.pem", "--token-file", file, *arguments,
                               check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def test_whoever_signs_in_there_has_the_roles_of_their_groups_and_the_strong_ones_by_a_second_factor(self):
        strong = self.token("ana", ["pwd", "otp"])
        wait_until(lambda: self.call(strong, "transfer", "list")[0], 30, lambda: self.call(strong, "transfer", "list")[1])
        self.assertTrue(*self.call(strong, "token", "list"))
        weak = self.token("ben", ["pwd"])
        self.assertTrue(*self.call(weak, "transfer", "list"))
        allowed, said = self.call(weak, "token", "list")
        self.assertFalse(allowed)
        self.assertIn("second factor", said)
        self.assertIn(f"user:{self.issuer}#ben may not", said)

    def test_a_token_of_that_provider_that_was_changed_opens_nothing(self):
        good = self.token("ana", ["pwd", "otp"])
        wait_until(lambda: self.call(good, "transfer", "list")[0], 30, lambda: self.call(good, "transfer", "list")[1])
        text = good.read_text(encoding="utf-8").strip()
        changed = self.account.write(self.directory / "changed.token", text[:-6] + ("AAAAAA" if not text.endswith("AAAAAA") else "BBBBBB"))
        allowed, said = self.call(changed, "transfer", "list")
        self.assertFalse(allowed)
        self.assertIn("signature", said)


if __name__ == "__main__":
    unittest.main()
