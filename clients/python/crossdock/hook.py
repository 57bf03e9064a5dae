"""The status-change hook: one line in the studio's tool, and it can neither hold up nor break the save that it is called from.

    import crossdock.hook
    crossdock.hook.status_changed("/var/spool/crossdock", source="assets", project="nl", entity_type="Version", entity_id="4711",
                                  data={"status": "rdy"})

The event is written to the spool directory first, then sent; what was sent is removed. Whatever goes wrong is logged, the call returns within
`deadline` all the same, and the event stays in the spool, where `crossdock event flush DIRECTORY` (from cron, say) sends it. Should even
the spool be out of reach, the orchestrator's reconcile still finds the entity ready.
"""

import json
import logging
import os
import threading
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Mapping, Optional, Union

DEADLINE = 0.3  # seconds
SPOOL_FILES_MAX = 100_000

_log = logging.getLogger("crossdock.hook")


def status_changed(spool: Union[str, Path], *, source: str, project: str, entity_type: str, entity_id: str,
                   kind: str = "version.status_changed", data: Optional[Mapping[str, Any]] = None, external_id: Optional[str] = None,
                   config: Optional[str] = None, deadline: float = DEADLINE) -> bool:
    """Tells Crossdock. True when the orchestrator has it; False when it is left to the flush. Never raises, never takes longer than
    `deadline` seconds, whatever hangs: the work is done by a thread of its own, and the caller waits for that long only."""
    result = []

    def work() -> None:
        try:
            now = datetime.now(timezone.utc)
            event = {"source": source, "external_id": external_id or str(uuid.uuid4()), "kind": kind, "project": project,
                     "entity_type": entity_type, "entity_id": entity_id, "occurred": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                     "data_json": json.dumps(data or {}, default=str)}
            file = _spool(Path(spool), now, event)
            _send(event, now, data, config, deadline)
            if file:
                file.unlink(missing_ok=True)
            result.append(True)
        except Exception as error:  # pylint: disable=broad-except  # an artist's save goes on, whatever it is
            _log.warning("the event for %s %s waits in the spool: %s", entity_type, entity_id, error)

    try:
        thread = threading.Thread(target=work, name="crossdock hook", daemon=True)
        thread.start()
        thread.join(deadline)
    except Exception as error:  # pylint: disable=broad-except
        _log.warning("the hook could not start: %s", error)
    return bool(result)


def _spool(directory: Path, now: datetime, event: Mapping[str, str]) -> Optional[Path]:
    """Writes the event; names begin with the time, which is the order of the flush. None when there is no room; then it is only sent."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if len(os.listdir(directory)) >= SPOOL_FILES_MAX:
            raise OSError(f"{directory} holds {SPOOL_FILES_MAX} files: is `crossdock event flush` run?")
        file = directory / f"{now.strftime('%Y%m%dT%H%M%S.%f')}-{uuid.uuid4().hex[:12]}.json"
        draft = file.with_suffix(".tmp")
        draft.write_text(json.dumps(event), encoding="utf-8")
        draft.rename(file)  # a flush never meets half a file
        return file
    except OSError as error:
        _log.warning("nothing was spooled: %s", error)
        return None


def _send(event: Mapping[str, str], now: datetime, data: Optional[Mapping[str, Any]], config: Optional[str], deadline: float) -> None:
    from .client import Client  # late: the event is safe before gRPC is loaded

    with Client.from_config(config, timeout=deadline) as client:
        client.publish(data=data, occurred=now, **{name: event[name] for name in ("source", "external_id", "kind", "project", "entity_type",
                                                                                  "entity_id")})
