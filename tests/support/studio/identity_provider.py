"""An identity provider of our own: HTTPS on loopback, tokens signed with a key of this moment. openssl does the mathematics."""

import base64
import http.server
import json
import ssl
import subprocess
import threading
import time
from pathlib import Path


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
    """start(), token(), rotate(), stop(). `documents` are what it serves, by path; a test may spoil them."""

    def __init__(self, directory, audience="crossdock"):
        self.directory, self.audience = Path(directory), audience
        self.directory.mkdir()
        self.ca = self.directory / "tls.pem"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                 "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.directory / "tls.key", "-out", self.ca)
        self.number, self.documents, self.asked = 0, {}, []
        self._server = None

    def start(self):
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked.append(self.path)
                document = provider.documents.get(self.path)
                self.send_response(200 if document else 404)
                self.end_headers()
                self.wfile.write(json.dumps(document or {}).encode())

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, self.directory / "tls.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.issuer = f"https://127.0.0.1:{self._server.server_port}"
        self.documents["/.well-known/openid-configuration"] = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        self.rotate()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

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
