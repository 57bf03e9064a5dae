"""A client's desk that is told of transfers by webhook, and checks each message as the Standard Webhooks specification says."""

import base64
import hashlib
import hmac
import http.server
import json
import queue
import secrets

from studio.loopback_https import LoopbackHttps


class Recipient:
    """`taken` holds (id, message) of what was rightly signed; the first `refusals` messages are answered with 503."""

    def __init__(self, directory):
        directory.mkdir()
        self.key = secrets.token_bytes(32)
        self.key_text = f"whsec_{base64.b64encode(self.key).decode()}\n"
        self.taken, self.refused, self.refusals = queue.Queue(), [], 0
        desk = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.send_response(desk.take(self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
                self.end_headers()

            def log_message(self, *_):
                pass

        self._https = LoopbackHttps(directory, Handler)
        self.ca, self.url = self._https.ca, f"{self._https.url}/hook"
        self.start, self.stop = self._https.start, self._https.stop

    def take(self, headers, body):
        """The answer's status."""
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.new(self.key, signed, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(expected, headers["webhook-signature"]):
            return 401
        message = (headers["webhook-id"], json.loads(body))
        if self.refusals > 0:
            self.refusals -= 1
            self.refused.append(message)
            return 503
        self.taken.put(message)
        return 204
