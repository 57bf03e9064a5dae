"""The Python package against a server that speaks the contract: what it sends, what it makes of answers, and a hook that cannot hurt."""

import json
import socket
import subprocess
import sys
import time
import unittest
from concurrent import futures
from datetime import datetime

from studio.case import BINARY, StudioCase, program_path

sys.path.insert(0, str(BINARY / "python"))

import grpc  # noqa: E402
import crossdock  # noqa: E402
from crossdock import hook  # noqa: E402
from crossdock.settings import Settings  # noqa: E402
from crossdock.studio.v1 import event_pb2, event_pb2_grpc, transfer_pb2, transfer_pb2_grpc  # noqa: E402

CERTIFICATES = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca -keyout ca.key -out ca.crt \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout server.key -out server.csr
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out server.crt -extfile server.ext
"""
EXTENSIONS = ("subjectAltName=DNS:localhost,URI:spiffe://demo.studio/orchestrator/one\nbasicConstraints=critical,CA:FALSE\n"
              "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n")
EVENT = {"source": "assets", "project": "nl", "entity_type": "Version", "entity_id": "4711"}


class Orchestrator(event_pb2_grpc.EventServiceServicer, transfer_pb2_grpc.TransferServiceServicer):
    """Remembers what it was asked; refuses with a reason; breaks a watch in the middle once."""

    def __init__(self):
        self.events, self.tokens, self.resumed_from = {}, [], []

    def PublishEvent(self, request, context):
        self.tokens.append(dict(context.invocation_metadata()).get("authorization"))
        known = request.event.external_id in self.events
        self.events.setdefault(request.event.external_id, request.event)
        return event_pb2.PublishEventResponse(duplicate=known)

    def ExplainTransfer(self, request, context):
        if request.transfer != "t-1":
            # google.rpc.Status with one ErrorInfo {reason: "NO_SUCH_TRANSFER"}
            info = b"\x0a\x10NO_SUCH_TRANSFER"
            url = b"type.googleapis.com/google.rpc.ErrorInfo"
            detail = b"\x0a" + bytes([len(url)]) + url + b"\x12" + bytes([len(info)]) + info
            context.set_trailing_metadata((("grpc-status-details-bin", b"\x08\x05\x1a" + bytes([len(detail)]) + detail),))
            context.abort(grpc.StatusCode.NOT_FOUND, "there is no transfer t-2")
        requirement = transfer_pb2.Requirement(requirement="production", count=1, **{"from": ["group:show-production"]})
        return transfer_pb2.ExplainTransferResponse(transfer=transfer_pb2.Transfer(transfer="t-1", state=5), reason="NEEDS_APPROVALS",
                                                    lines=["production has to approve"], requirements=[requirement])

    def WatchTransfers(self, request, context):
        self.resumed_from.append(request.resume_token)
        if not request.resume_token:
            yield self._change("running", "one")
            context.abort(grpc.StatusCode.UNAVAILABLE, "going away")
        yield transfer_pb2.WatchTransfersResponse(bookmark=transfer_pb2.Bookmark(), resume_token="two")
        yield self._change("closed", "three")

    @staticmethod
    def _change(state, token):
        number = transfer_pb2.TransferState.Value(f"TRANSFER_STATE_{state.upper()}")
        return transfer_pb2.WatchTransfersResponse(transfer=transfer_pb2.Transfer(transfer="t-1", state=number), resume_token=token)


class PythonClientTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.directory / "server.ext").write_text(EXTENSIONS)
        subprocess.run(["/bin/sh", "-e", "-c", CERTIFICATES], cwd=cls.directory, check=True, capture_output=True)
        (cls.directory / "token").write_text("cdt_secret\n")
        (cls.directory / "token").chmod(0o600)

    def setUp(self):
        self.orchestrator = Orchestrator()
        server = grpc.server(futures.ThreadPoolExecutor(4))
        event_pb2_grpc.add_EventServiceServicer_to_server(self.orchestrator, server)
        transfer_pb2_grpc.add_TransferServiceServicer_to_server(self.orchestrator, server)
        pair = ((self.directory / "server.key").read_bytes(), (self.directory / "server.crt").read_bytes())
        self.port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
        server.start()
        self.addCleanup(lambda: server.stop(None).wait())
        self.config = self.write_config(self.port)
        self.spool = self.directory / f"spool-{self.port}"

    def write_config(self, port):
        path = self.directory / f"cli-{port}.yaml"
        path.write_text(f"schema: crossdock/cli/v1\nserver: localhost:{port}   # the test's\nca: ca.crt\ntoken_file: token\n")
        return path

    def client(self):
        client = crossdock.Client.from_config(self.config, timeout=10)
        self.addCleanup(client.close)
        return client

    def test_an_event_is_published_once_with_the_token(self):
        published = [self.client().publish(external_id="e-1", kind="version.published", data={"a": 1}, **EVENT) for _ in range(2)]
        self.assertEqual(published, [True, False])
        self.assertEqual(json.loads(self.orchestrator.events["e-1"].data_json), {"a": 1})
        self.assertEqual(set(self.orchestrator.tokens), {"Bearer cdt_secret"})

    def test_an_explanation_names_who_can_change_it(self):
        explanation = self.client().explain("t-1")
        self.assertEqual((explanation.transfer.state, explanation.reason), ("awaiting_approval", "NEEDS_APPROVALS"))
        self.assertEqual(explanation.requirements[0].from_, ("group:show-production",))

    def test_an_error_has_a_code_a_reason_and_words(self):
        with self.assertRaises(crossdock.CrossdockError) as caught:
            self.client().explain("t-2")
        self.assertEqual((caught.exception.code, caught.exception.reason), ("NOT_FOUND", "NO_SUCH_TRANSFER"))
        self.assertIn("there is no transfer t-2", str(caught.exception))

    def test_a_watch_that_breaks_is_taken_up_where_it_ended(self):
        self.assertEqual([transfer.state for transfer in self.client().watch(transfer="t-1")], ["running", "closed"])
        self.assertEqual(self.orchestrator.resumed_from, ["", "one"])

    def test_a_token_that_others_may_read_is_refused(self):
        open_token = self.directory / "open"
        open_token.write_text("x")
        open_token.chmod(0o644)
        with self.assertRaisesRegex(PermissionError, "chmod 600"):
            crossdock.Client(Settings("localhost:1", self.directory / "ca.crt", open_token))

    def test_a_wrong_setting_is_named_with_its_line(self):
        path = self.directory / "wrong.yaml"
        path.write_text("schema: crossdock/cli/v1\nsever: x\n")
        with self.assertRaisesRegex(ValueError, "wrong.yaml:2: expected one of schema, server"):
            Settings.read(path)

    def test_the_hook_sends_and_leaves_nothing_behind(self):
        self.assertTrue(hook.status_changed(self.spool, config=self.config, deadline=10, data={"status": "rdy"}, **EVENT))
        (event,) = self.orchestrator.events.values()
        self.assertEqual((event.kind, event.entity_id, event.data_json), ("version.status_changed", "4711", '{"status": "rdy"}'))
        self.assertEqual(list(self.spool.iterdir()), [])

    def test_the_hook_returns_in_time_when_the_orchestrator_does_not_answer(self):
        with socket.create_server(("127.0.0.1", 0)) as deaf:  # accepts, and says nothing
            config = self.write_config(deaf.getsockname()[1])
            began = time.monotonic()
            self.assertFalse(hook.status_changed(self.spool, config=config, **EVENT))
            self.assertLess(time.monotonic() - began, hook.DEADLINE + 0.2)
        (file,) = self.spool.glob("*.json")
        spooled = json.loads(file.read_text())
        self.assertEqual({name: spooled[name] for name in EVENT}, EVENT)
        datetime.strptime(spooled["occurred"], "%Y-%m-%dT%H:%M:%S.%fZ")

    def test_the_hook_never_raises(self):
        (self.directory / "file").write_text("")
        for spool, config in ((self.directory / "file" / "below", self.config), (self.spool, self.directory / "none")):
            with self.subTest(spool=spool, config=config), self.assertLogs("crossdock.hook"):
                hook.status_changed(spool, config=config, deadline=5, **EVENT)

    def test_the_hook_takes_data_that_is_no_json(self):
        self.assertTrue(hook.status_changed(self.spool, config=self.config, deadline=10, data={"path": self.spool}, **EVENT))

    @unittest.skipUnless(program_path("crossdock").exists(), "the command is not built")
    def test_what_the_hook_spooled_is_flushed_by_the_command_once(self):
        none = self.directory / "none.yaml"
        self.assertFalse(hook.status_changed(self.spool, config=none, external_id="e-9", deadline=5, data={"status": "rdy"}, **EVENT))
        flush = [program_path("crossdock"), "--server", f"localhost:{self.port}", "--ca", self.directory / "ca.crt", "--token-file",
                 self.directory / "token", "--json", "event", "flush", self.spool]
        for sent in (1, 0):
            done = subprocess.run(flush, capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["sent"], sent)
        self.assertEqual(self.orchestrator.events["e-9"].entity_id, "4711")
        self.assertEqual(self.orchestrator.events["e-9"].data_json, '{"status": "rdy"}')


if __name__ == "__main__":
    unittest.main()
