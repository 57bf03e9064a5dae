"""What can go wrong, for programs (code, reason) and for people (the message)."""

import re
from typing import Any, Iterable, Optional, Tuple

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory


class CrossdockError(Exception):
    """`code`: gRPC's, "PERMISSION_DENIED". `reason`: ours, "CONTENT_NOT_READY", empty when the orchestrator was not reached."""

    def __init__(self, code: str, reason: str, message: str):
        super().__init__(f"{message} [{reason or code}]")
        self.code = code
        self.reason = reason


def _message(name: str, *fields: Tuple[str, int, int, int]) -> Any:
    # google.rpc.Status and ErrorInfo are in no Debian package for Python; these are wire-compatible, under names of our own.
    file = descriptor_pb2.FileDescriptorProto(name=f"crossdock/errors/{name}.proto", package="crossdock.errors", syntax="proto3",
                                              dependency=["google/protobuf/any.proto"])
    message = file.message_type.add(name=name)
    for field, number, kind, label in fields:
        added = message.field.add(name=field, number=number, type=kind, label=label)
        if kind == descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE:
            added.type_name = ".google.protobuf.Any"
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName(f"crossdock.errors.{name}"))


_F = descriptor_pb2.FieldDescriptorProto
_Status = _message("Status", ("details", 3, _F.TYPE_MESSAGE, _F.LABEL_REPEATED))
_ErrorInfo = _message("ErrorInfo", ("reason", 1, _F.TYPE_STRING, _F.LABEL_OPTIONAL))


def reason_of(trailing_metadata: Optional[Iterable[Tuple[str, Any]]]) -> str:
    """The UPPER_SNAKE reason that an answer carries, or nothing."""
    for key, value in trailing_metadata or ():
        if key == "grpc-status-details-bin":
            for detail in _Status.FromString(value).details:
                if detail.type_url.endswith("/google.rpc.ErrorInfo"):
                    return _ErrorInfo.FromString(detail.value).reason
    return ""


def reason_in(message: str) -> Tuple[str, str]:
    """(reason, message) of what was refused before any handler ran: there the reason ends the message. The reason may be nothing."""
    found = re.fullmatch(r"(.*) \[([A-Z0-9_]+)\]", message, re.DOTALL)
    return (found[2], found[1]) if found else ("", message)
