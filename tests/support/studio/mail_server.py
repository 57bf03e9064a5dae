"""A mail server on loopback that takes mail after STARTTLS and a password, or misbehaves as it is told."""

import base64
import email
import queue
import socketserver
import ssl
import threading

from studio.loopback_https import self_signed, server_context


class MailServer:
    """`taken` holds (from, to, message) of each mail; `sessions` one (mood, commands in the clear) for each connection.

    The next connections go by `moods`: "clear" offers no STARTTLS, "stranger" shows a certificate that nobody believes, "full" takes
    no mail for now; without one it does as it should.
    """

    USER, PASSWORD = "crossdock", "a word that nobody says aloud"

    def __init__(self, directory):
        directory.mkdir()
        self.ca, key = self_signed(directory)
        own, stranger = server_context(self.ca, key), server_context(*self_signed(directory, "stranger"))
        self.taken, self.sessions, self.moods = queue.Queue(), [], []
        self._lock = threading.Lock()
        post = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 20

            def handle(self):
                self.secure, self.in_clear, self.signed_in, self.mood = False, [], False, post.next_mood()
                post.sessions.append((self.mood, self.in_clear))
                try:
                    self.say("220 mail.test")
                    self.talk()
                except (OSError, ssl.SSLError, ValueError):
                    pass  # whoever called has gone

            def finish(self):
                try:
                    super().finish()
                    self.connection.close()  # which STARTTLS has put in the place of the server's own
                except (OSError, ValueError):
                    pass

            def say(self, *lines):
                for line in lines:
                    self.wfile.write(line.encode() + b"\r\n")

            def hear(self):
                line = self.rfile.readline(1000)
                if not line:
                    raise OSError("gone")
                return line.decode().rstrip("\r\n")

            def talk(self):
                sender, to = None, []
                while True:
                    line = self.hear()
                    verb = line.split(" ")[0].upper()
                    if not self.secure:
                        self.in_clear.append(line)
                    if verb == "EHLO":
                        more = ["250-AUTH PLAIN"] if self.secure else ["250-STARTTLS"] if self.mood != "clear" else []
                        self.say("250-mail.test", *more, "250 8BITMIME")
                    elif verb == "STARTTLS":
                        self.say("220 go on")
                        context = stranger if self.mood == "stranger" else own
                        self.connection = context.wrap_socket(self.connection, server_side=True)
                        self.setup_streams()
                    elif verb == "AUTH":
                        words = line.split(" ")
                        if len(words) == 2:
                            self.say("334 ")
                        proof = base64.b64decode(words[2] if len(words) > 2 else self.hear())
                        self.signed_in = self.secure and proof == b"\0" + f"{post.USER}\0{post.PASSWORD}".encode()
                        self.say("235 welcome" if self.signed_in else "535 no")
                    elif verb == "MAIL":
                        sender = line
                        self.say("530 sign in first" if not self.signed_in else "452 full" if self.mood == "full" else "250 ok")
                    elif verb == "RCPT":
                        to.append(line)
                        self.say("250 ok")
                    elif verb == "DATA":
                        self.say("354 go on")
                        post.taken.put((sender, to, self.message()))
                        self.say("250 taken")
                    else:
                        self.say("221 bye")
                        return

            def setup_streams(self):
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                self.secure = True

            def message(self):
                lines = []
                while (line := self.hear()) != ".":
                    lines.append(line.removeprefix("."))
                return email.message_from_string("\r\n".join(lines))

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    def next_mood(self):
        with self._lock:
            return self.moods.pop(0) if self.moods else "well"

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
