"""People who sign in by the studio's directory: what their tokens open, and what they do not."""

import ssl
import stat
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from studio.case import StudioCase
from studio.identity_provider import IdentityProvider
from studio.process import wait_until
from studio.studio import Studio


class SignInTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = IdentityProvider(cls.directory / "provider").start()
        cls.addClassCleanup(cls.provider.stop)
        cls.studio = Studio(cls.directory / "s", cls.account)
        cls.addClassCleanup(cls.studio.stop)
        ca = cls.account.write(cls.directory / "provider-ca.pem", cls.provider.ca.read_bytes())
        cls.studio.identity_providers = f"""identity_providers:
  - issuer: "{cls.provider.issuer}"
    audience: crossdock
    algorithms: [ES256]
    ca: {ca}
    second_factor: {{amr: [otp]}}
    groups:
      - {{name: operations, roles: [viewer, operator]}}
      - {{name: identity, roles: [viewer, identity-admin]}}
"""
        cls.studio.create().start_orchestrator()
        wait_until(lambda: "/keys" in cls.provider.asked, 20, lambda: "nobody asks the provider for its keys")

    def call(self, token, *arguments):
        """(whether it was let in, what it said)"""
        file = self.account.write(self.directory / "token", token)
        done = self.studio.run("crossdock", "--server", self.studio.server, "--ca", self.studio.admin / "ca.pem", "--token-file", file, *arguments,
                               check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def wait_until_taken(self, token):
        wait_until(lambda: self.call(token, "transfer", "list")[0], 20, lambda: self.call(token, "transfer", "list")[1])

    def test_a_group_of_the_directory_gives_its_roles_and_no_others(self):
        token = self.provider.token("ana", ["operations", "canteen"])
        self.wait_until_taken(token)
        allowed, said = self.call(token, "token", "list")
        self.assertFalse(allowed)
        self.assertIn(f"user:{self.provider.issuer}#ana may not", said)
        allowed, said = self.call(self.provider.token("ben", ["canteen"]), "transfer", "list")
        self.assertFalse(allowed)
        self.assertIn(f"user:{self.provider.issuer}#ben may not", said)

    def test_an_account_goes_by_the_name_of_the_person_whom_the_officers_tied_it_to(self):
        admin, studio = self.studio.admin, self.studio
        studio.offline("roster", "add-person", admin / "roster.yaml", "paula", "--name", "Paula P", "--sign-in", f"{self.provider.issuer}#pp")
        studio.offline("roster", "sign", admin / "roster.yaml", "--sign-with", admin / "olga.key", "--out", admin / "roster-2.signed")
        studio.cli("roster", "set", admin / "roster.yaml", admin / "roster-2.signed")
        token = self.provider.token("pp", ["operations"])
        wait_until(lambda: "user:paula may not" in self.call(token, "token", "list")[1], 20, lambda: self.call(token, "token", "list")[1])

    def test_what_says_who_may_do_what_needs_a_second_factor(self):
        weak = self.provider.token("ida", ["identity"])
        self.wait_until_taken(weak)
        allowed, said = self.call(weak, "token", "list")
        self.assertFalse(allowed)
        self.assertIn("second factor", said)
        allowed, said = self.call(self.provider.token("ida", ["identity"], amr=["pwd", "otp"]), "token", "list")
        self.assertTrue(allowed, said)

    def test_a_token_for_somebody_else_or_of_yesterday_opens_nothing(self):
        self.wait_until_taken(self.provider.token("ana", ["operations"]))
        for claims, words in (({"aud": "payroll"}, "for somebody else"), ({"exp": 1}, "expired"), ({"iss": "https://elsewhere.example"}, "issuer")):
            allowed, said = self.call(self.provider.token("ana", ["operations"], **claims), "transfer", "list")
            self.assertFalse(allowed)
            self.assertIn(words, said)
        token = self.provider.token("ana", ["operations"])
        allowed, said = self.call(token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"), "transfer", "list")
        self.assertFalse(allowed)
        self.assertIn("signature", said)

    def login(self, browse):
        """(exit code, standard error) of `crossdock login`; `browse` is given the address that it prints."""
        argv = [self.studio.binary("crossdock"), "login", "--issuer", self.provider.issuer, "--client-id", "crossdock", "--provider-ca",
                self.directory / "provider-ca.pem", "--out", self.studio.admin / "login.token"]
        with subprocess.Popen(self.account.command(argv, "KILL"), env=self.account.environment(self.directory), cwd=self.directory, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
            try:
                lines = []
                while not lines or "https://" not in lines[-1]:
                    lines.append(program.stderr.readline())
                    self.assertNotEqual(lines[-1], "", "".join(lines))
                browse(lines[-1].strip())
                rest = program.stderr.read()
                return program.wait(), rest
            finally:
                program.kill()

    def browse(self, address):
        context = ssl.create_default_context(cafile=str(self.provider.ca))
        with urllib.request.urlopen(address, context=context) as page:
            self.assertIn(b"see your terminal", page.read())

    def test_signing_in_by_the_browser_gives_a_token_that_is_taken(self):
        code, said = self.login(self.browse)
        self.assertEqual(code, 0, said)
        token = self.studio.admin / "login.token"
        self.assertEqual(stat.S_IMODE(token.stat().st_mode), 0o600)
        self.wait_until_taken(token.read_text())

    def test_what_the_provider_refuses_is_said_and_writes_no_token(self):
        (self.studio.admin / "login.token").unlink(missing_ok=True)
        self.provider.refusal = "you are not of this show"
        self.addCleanup(setattr, self.provider, "refusal", None)
        code, said = self.login(self.browse)
        self.assertEqual(code, 4, said)
        self.assertIn("you are not of this show", said)
        self.assertFalse((self.studio.admin / "login.token").exists())

    def test_whoever_guesses_the_port_cannot_end_the_sign_in(self):
        def browse(address):
            port = urllib.parse.parse_qs(urllib.parse.urlparse(address).query)["redirect_uri"][0].rpartition(":")[2].split("/")[0]
            for target in ("/callback?code=stolen&state=guessed", "/callback?error=access_denied", "/favicon.ico"):
                with self.assertRaises(urllib.error.HTTPError) as answer:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{target}")
                self.assertEqual(answer.exception.code, 404)
                answer.exception.close()
            self.browse(address)
        code, said = self.login(browse)
        self.assertEqual(code, 0, said)
