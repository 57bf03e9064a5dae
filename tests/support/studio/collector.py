"""A log collector: takes syslog over TLS (RFC 5425) and keeps what came."""

import contextlib
import queue
import socket
import ssl
import threading


class Collector:
    """`taken` holds each message. Believes its callers by `ca` and asks for a certificate of it."""

    def __init__(self, certificate, key, ca, port=0):
        self.taken = queue.Queue()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._context.load_verify_locations(ca)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._open = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listener.accept()
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    self._open.add(connection)
                    self._read(connection.makefile("rb"))
            except ssl.SSLError:
                continue  # a stranger
            except (OSError, ValueError):
                if self._listener.fileno() < 0:
                    return

    def _read(self, stream):
        while True:
            length = b""
            while not length.endswith(b" "):
                byte = stream.read(1)
                if not byte:
                    return
                length += byte
            message = stream.read(int(length))
            if len(message) < int(length):
                return
            self.taken.put(message.decode())

    def stop(self):
        """As if its host had gone."""
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):  # it had ended before
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def all(self):
        """What came until now, in order."""
        return [self.taken.get_nowait() for _ in range(self.taken.qsize())]
