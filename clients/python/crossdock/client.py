"""The client: typed answers, one exception, deadlines on every call."""

import json
import subprocess
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

import grpc

from .errors import CrossdockError, reason_in, reason_of
from .settings import Settings
from .studio.v1 import event_pb2, event_pb2_grpc, transfer_pb2, transfer_pb2_grpc

MESSAGE_BYTES_MAX = 16 << 20
ENDED = frozenset(("closed", "denied", "superseded", "expired", "cancelled", "failed"))


@dataclass(frozen=True)
class Transfer:
    """One package of files to one destination, as it was when it was asked for."""

    transfer: str  # its id, "t-…"
    state: str  # "awaiting_approval"
    reason: str  # why it is in this state, for programs
    detail: str  # the same for people
    paused: bool
    client: str
    project: str
    name: str
    version: str
    source_site: str
    destination_site: str
    volume: str
    path: bytes  # file names are bytes
    purpose: str
    files: int
    bytes_total: int
    files_done: int
    bytes_done: int
    bytes_per_second: float

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class Requirement:
    requirement: str
    count: int
    have: int
    from_: Sequence[str]
    approved_by: Sequence[str]


@dataclass(frozen=True)
class Explanation:
    """Why a transfer is where it is."""

    transfer: Transfer
    reason: str
    lines: Sequence[str]
    requirements: Sequence[Requirement]


class Client:
    """A connection to the orchestrator, made by the first call. Thread-safe. Every call raises CrossdockError and nothing else of gRPC's."""

    def __init__(self, settings: Settings, timeout: float = 30.0):
        """`timeout`: seconds that one call may take, unless it says otherwise."""
        self._settings = settings
        self._timeout = timeout
        self._metadata = []
        certificate = key = None
        if settings.cert and settings.key:
            certificate, key = settings.cert.read_bytes(), settings.key.read_bytes()
        token = settings.token()
        if token:
            self._metadata = [("authorization", f"Bearer {token}")]
        credentials = grpc.ssl_channel_credentials(settings.ca.read_bytes(), key, certificate)
        self._channel = grpc.secure_channel(settings.server, credentials, options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX), ("grpc.enable_http_proxy", 0)])
        self._events = event_pb2_grpc.EventServiceStub(self._channel)
        self._transfers = transfer_pb2_grpc.TransferServiceStub(self._channel)

    @staticmethod
    def from_config(path: Optional[str] = None, timeout: float = 30.0) -> "Client":
        return Client(Settings.read(path), timeout)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        self._channel.close()

    def publish(self, *, source: str, kind: str, project: str, entity_type: str, entity_id: str, external_id: Optional[str] = None,
                data: Optional[Mapping[str, Any]] = None, occurred: Optional[datetime] = None, timeout: Optional[float] = None) -> bool:
        """Says that something happened. True when it is new, False when the same external_id was known already; durable either way."""
        event = event_pb2.Event(source=source, external_id=external_id or str(uuid.uuid4()), kind=kind, project=project,
                                entity_type=entity_type, entity_id=entity_id, data_json=json.dumps(data or {}, default=str))
        event.occurred.FromDatetime((occurred or datetime.now(timezone.utc)).astimezone(timezone.utc).replace(tzinfo=None))
        return not self._call(self._events.PublishEvent, event_pb2.PublishEventRequest(event=event), timeout).duplicate

    def create(self, *, client: str, project: str, source_site: str, destination_site: str, volume: str, path: bytes, purpose: str,
               destination_path: bytes = b"", name: str = "", version: str = "", classification: str = "", priority: int = 0,
               merge: str = "", replace: bool = False, ready: str = "", request_id: Optional[str] = None, validate_only: bool = False) -> Transfer:
        """Makes a transfer without an event; the policy decides over it like over any other. A repeated request_id makes nothing new."""
        request = transfer_pb2.CreateTransferRequest(
            request_id=request_id or str(uuid.uuid4()), validate_only=validate_only, project=project, source_site=source_site,
            destination_site=destination_site, volume=volume, path=path, destination_path=destination_path, purpose=purpose,
            priority=priority, merge=merge, replace=replace, ready=ready, entity=transfer_pb2.Entity(client=client, project=project, name=name, version=version,
                                                          classification=classification))
        return _transfer(self._call(self._transfers.CreateTransfer, request).transfer)

    def transfer(self, transfer: str) -> Transfer:
        return _transfer(self._call(self._transfers.GetTransfer, transfer_pb2.GetTransferRequest(transfer=transfer)).transfer)

    def transfers(self, *, project: str = "", client: str = "", destination_site: str = "", live_only: bool = False) -> Iterator[Transfer]:
        """All that match, newest pages fetched as they are needed."""
        request = transfer_pb2.ListTransfersRequest(page_size=500, project=project, client=client, destination_site=destination_site,
                                                    live_only=live_only)
        while True:
            page = self._call(self._transfers.ListTransfers, request)
            yield from map(_transfer, page.transfers)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def explain(self, transfer: str) -> Explanation:
        """Why is it not there yet: what it waits for, and who can change that."""
        answer = self._call(self._transfers.ExplainTransfer, transfer_pb2.ExplainTransferRequest(transfer=transfer))
        requirements = [Requirement(r.requirement, r.count, r.have, tuple(getattr(r, "from")), tuple(r.approved_by))
                        for r in answer.requirements]
        return Explanation(_transfer(answer.transfer), answer.reason, tuple(answer.lines), tuple(requirements))

    def watch(self, *, project: str = "", transfer: str = "") -> Iterator[Transfer]:
        """First every live transfer as it is, then each change. With one transfer named it ends when that one has ended; otherwise never.
        A broken stream is taken up where it ended; the error of the tenth break in a row is raised."""
        request = transfer_pb2.WatchTransfersRequest(project=project, transfer=transfer)
        breaks = 0
        while True:
            try:
                for message in self._transfers.WatchTransfers(request, metadata=self._metadata, wait_for_ready=breaks > 0):
                    breaks = 0
                    request.resume_token = message.resume_token
                    if message.HasField("transfer"):
                        change = _transfer(message.transfer)
                        yield change
                        if transfer and change.ended:
                            return
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE or breaks >= 9:
                    raise _translated(error) from None
            breaks += 1
            if breaks >= 10:
                raise CrossdockError("UNAVAILABLE", "", "the watch ended ten times in a row")

    def approve(self, transfer: str, *, approver: str, sign_with: str, requirement: str = "", listing: str = "", deny: bool = False,
                command: str = "crossdock") -> Dict[str, Any]:
        """Signs a person's yes or no, through the `crossdock` command: it fetches the manifest, computes what is signed from what
        it got, and is the one program that touches an approver's key. `listing` binds the yes to the digest that was looked at."""
        s = self._settings
        flags: List[str] = ["--server", s.server, "--ca", str(s.ca), "--json"]
        for name, value in (("--cert", s.cert), ("--key", s.key), ("--token-file", s.token_file)):
            flags += [name, str(value)] if value else []
        arguments = [command, *flags, "approval", "deny" if deny else "approve", transfer, "--approver", approver, "--sign-with", sign_with,
                     "--yes"]
        arguments += ["--requirement", requirement] if requirement else []
        arguments += ["--listing", listing] if listing else []
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=self._timeout * 4, check=False)
        if done.returncode != 0:
            raise CrossdockError("FAILED_PRECONDITION", "", done.stderr.strip() or f"{command} ended with {done.returncode}")
        return json.loads(done.stdout)

    def _call(self, method: Any, request: Any, timeout: Optional[float] = None) -> Any:
        try:
            return method(request, timeout=timeout or self._timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _translated(error) from None


def _translated(error: Any) -> CrossdockError:
    reason, message = reason_of(error.trailing_metadata()), error.details() or "no answer"
    if not reason:
        reason, message = reason_in(message)
    return CrossdockError(error.code().name, reason, message)


def _transfer(message: Any) -> Transfer:
    state = transfer_pb2.TransferState.Name(message.state)[len("TRANSFER_STATE_"):].lower()
    entity = message.entity
    return Transfer(transfer=message.transfer, state=state, reason=message.reason, detail=message.detail, paused=message.paused,
                    client=entity.client, project=entity.project, name=entity.name, version=entity.version,
                    source_site=message.source_site, destination_site=message.destination_site, volume=message.volume, path=message.path,
                    purpose=message.purpose, files=message.files, bytes_total=message.bytes, files_done=message.files_done,
                    bytes_done=message.bytes_done, bytes_per_second=message.bytes_per_second)
