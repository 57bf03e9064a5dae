"""An identity provider of our own: HTTPS on loopback, tokens signed with a key of this moment. openssl does the mathematics."""

import base64
import hashlib
import http.server
import json
import subprocess
import time
import urllib.parse
from pathlib import Path

from studio.loopback_https import LoopbackHttps


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _openssl(*argv, data=None):
    return subprocess.run(["openssl", *map(str, argv)], input=data, capture_output=True, check=True).stdout


def _pair_of(der):
    """The two numbers of an ECDSA signature, 32 bytes each."""
    numbers, at = [], 2
    for _ in range(2):
        size = der[at + 1]
        numbers.append(der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0"))
        at += 2 + size
    return b"".join(numbers)


class IdentityProvider:
    """start(), token(), rotate(), stop(). `documents` are what it serves, by path; a test may spoil them.

    Whoever comes to /authorize is signed in as `person` at once; `refusal` is said instead when it is set.
    """

    person, groups, refusal = "ana", ("operations",), None

    def __init__(self, directory, audience="crossdock"):
        self.directory, self.audience = Path(directory), audience
        self.directory.mkdir()
        self.number, self.documents, self.asked = 0, {}, []
        self._codes = {}
        self._https = None

    def start(self):
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked.append(self.path)
                path, _, query = self.path.partition("?")
                if path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(dict(urllib.parse.parse_qsl(query))))
                    self.end_headers()
                    return
                self.answer(provider.documents.get(path))

            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(provider.redeem(dict(urllib.parse.parse_qsl(form))))

            def answer(self, document):
                self.send_response(404 if document is None else 400 if "error" in document else 200)
                self.end_headers()
                self.wfile.write(json.dumps(document or {}).encode())

            def log_message(self, *_):
                pass

        self._https = LoopbackHttps(self.directory, Handler)
        self.ca, self.issuer = self._https.ca, self._https.url
        self.documents["/.well-known/openid-configuration"] = {
            "issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token"}
        self.rotate()
        self._https.start()
        return self

    def stop(self):
        self._https.stop()

    def authorize(self, query):
        """Where the browser is sent: back, with a code that is good once."""
        back = {"state": query["state"]}
        if self.refusal:
            back.update(error="access_denied", error_description=self.refusal)
        else:
            back["code"] = f"code {len(self._codes)}/+"  # needs escaping
            self._codes[back["code"]] = query
        return f"{query['redirect_uri']}?{urllib.parse.urlencode(back)}"

    def redeem(self, form):
        """The token for a code, to whoever can show that it asked for it."""
        query = self._codes.pop(form.get("code"), None)
        challenge = _base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if query is None or query["code_challenge_method"] != "S256" or query["code_challenge"] != challenge or any(
                form.get(name) != query[name] for name in ("client_id", "redirect_uri")):
            return {"error": "invalid_grant"}
        return {"token_type": "Bearer", "id_token": self.token(self.person, list(self.groups), nonce=query["nonce"])}

    def rotate(self):
        """A new key, and the old one is withdrawn."""
        self.number += 1
        _openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", self.key)
        point = _openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")[-64:]
        self.documents["/keys"] = {"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "kid": str(self.number), "x": _base64url(point[:32]),
                                             "y": _base64url(point[32:])}]}

    @property
    def key(self):
        return self.directory / f"{self.number}.key"

    def token(self, person, groups, **claims):
        """Good for ten minutes, unless `claims` say otherwise."""
        now = int(time.time())
        body = {"iss": self.issuer, "aud": self.audience, "sub": person, "groups": groups, "iat": now, "exp": now + 600, **claims}
        text = ".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "ES256", "kid": str(self.number)}, body))
        return f"{text}.{_base64url(_pair_of(_openssl('dgst', '-sha256', '-sign', self.key, data=text.encode())))}"
