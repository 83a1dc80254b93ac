"""The process that does one job: `python -m api.jobs.child`.

Its standard input brings one line, an `Order`, and later perhaps another one, which asks it to stop. When the input
ends, the service is gone, and the process leaves at once. Its standard output carries messages, a JSON object a line:
`{"progress": ...}` any number of times, then one of `{"done": RESULT}`, `{"failed": MESSAGE}`, `{"cancelled": true}`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

from pydantic import TypeAdapter

from api.errors import message_of
from api.jobs.reporter import Reporter, StoppedError
from api.jobs.requests import EvaluationJobRequest, IndexJobRequest
from api.jobs.roots import SourceRoots
from retrieval.errors import RetrievalError, StorageError
from retrieval.metadata import jobs
from retrieval.settings import Settings
from retrieval.workspace import Workspace

NICENESS = 10  # searches come first
_EVALUATION: TypeAdapter[Any] = TypeAdapter(EvaluationJobRequest)
_log = logging.getLogger("api.jobs")


@dataclass(frozen=True, slots=True)
class Order:
    """Which job to do, and what the service is set up with."""

    job_id: int
    data_dir: str
    database_url: str
    device: str | None
    roots: list[str]

    def to_line(self) -> bytes:
        """The order as the child's input."""
        return json.dumps(asdict(self)).encode() + b"\n"


class Channel:
    """Messages to the service. What else writes to standard output goes to standard error from now on."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def send(self, **message: object) -> None:
        """Write one message."""
        self._out.write(json.dumps(message).encode() + b"\n")


def main() -> None:
    """Do one job."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    os.nice(NICENESS)
    channel, orders = Channel(), FileIO(sys.stdin.fileno(), closefd=False)  # not buffered: a thread waits for more
    order, stop = Order(**json.loads(orders.readline())), Event()
    Thread(target=_listen, args=(orders, stop), daemon=True).start()
    roots = SourceRoots(order.roots)
    tell = Reporter(lambda progress: channel.send(progress=progress), stop)
    try:
        result = _work(order, roots, tell)
    except StoppedError:
        message: dict[str, object] = {"cancelled": True}
    except StorageError as error:
        _log.error("job %d failed: %s", order.job_id, error)
        message = {"failed": "the disk or the database failed: the server's log says how; what was done is kept"}
    except RetrievalError as error:
        _log.warning("job %d failed: %s", order.job_id, error)
        message = {"failed": roots.hide(message_of(error))}
    except Exception as error:  # noqa: BLE001  the last resort: whoever waits for the job is told
        _log.exception("job %d failed", order.job_id)
        message = {"failed": message_of(error)}
    else:
        message = {"done": result}
    tell.flush()
    channel.send(**message)


def _listen(orders: FileIO, stop: Event) -> None:
    while orders.readline():
        stop.set()
    os._exit(1)  # the service is gone: another one will take the job up


def _work(order: Order, roots: SourceRoots, tell: Reporter) -> Mapping[str, Any]:
    settings = Settings(data_dir=Path(order.data_dir), database_url=order.database_url, device=order.device)
    with Workspace(settings) as workspace:
        with workspace.database.read() as connection:
            job, inputs = jobs.get(connection, order.job_id), jobs.inputs(connection, order.job_id)
        match job.kind:  # only what the job needs is imported
            case "index":
                from api.jobs.indexing import run_index

                return run_index(workspace, job.collection, IndexJobRequest.model_validate(job.config), roots, tell)
            case "evaluation":
                from api.jobs.evaluating import run_evaluation

                asked = _EVALUATION.validate_python({**job.config, **inputs})
                folder = workspace.data_dir / "evaluations" / f"job-{job.id}"
                return run_evaluation(workspace, job.collection, asked, roots, tell, folder=folder)
            case "maintenance":
                from api.jobs.maintaining import run_maintenance

                return run_maintenance(workspace, job.collection, job.config, tell)
            case "snapshot":
                from api.jobs.snapshots import run_snapshot

                return run_snapshot(workspace, job.collection, tell)
            case "restore":
                from api.jobs.snapshots import run_restore

                return run_restore(workspace, job.collection, job.config, tell)


if __name__ == "__main__":
    main()
