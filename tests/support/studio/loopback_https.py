"""A double's HTTPS server on loopback, with a certificate of its own."""

import http.server
import ssl
import subprocess
import threading


def self_signed(directory, name="tls"):
    """Files (certificate, key) for 127.0.0.1; the certificate is also what to believe it by."""
    certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], capture_output=True, check=True)
    return certificate, key


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class LoopbackHttps:
    """`handler` as http.server takes it. `ca` is the file to believe it by; it serves from start() to stop()."""

    def __init__(self, directory, handler):
        self.ca, key = self_signed(directory)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.socket = server_context(self.ca, key).wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}"

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
