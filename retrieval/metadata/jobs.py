"""Rows of `jobs`: long work that is queued, claimed under a lease, and ends as done, failed or cancelled.

    queued -> running -> done | failed
       |         |
       |         `-> cancelling -> cancelled
       `-> cancelled                             failed | cancelled -> queued, by a retry

Whoever claims a job holds it under a lease and renews that while the work goes on. A lease that has expired says that
its holder died: the job may be claimed again. Every later change by a holder is bound to the lease being its own, so
that one which comes back too late changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import Connection, Row, Select, and_, func, insert, null, or_, select, update

from retrieval.errors import ConflictError, NotFoundError
from retrieval.metadata.collections import own_name
from retrieval.metadata.tables import jobs
from retrieval.overview import ENDED, JobState

JobKind: TypeAlias = Literal["index", "evaluation", "maintenance", "snapshot", "restore"]

KINDS: tuple[JobKind, ...] = get_args(JobKind)
HELD: tuple[JobState, ...] = ("running", "cancelling")
MOST_ATTEMPTS = 5
"""How often a job whose process dies without a word is started again."""


@dataclass(frozen=True, slots=True)
class JobInfo:
    """One job. `attempts` counts its starts since it was last queued; `error` is a line for people."""

    id: int
    kind: JobKind
    collection: str
    config: Mapping[str, Any]
    state: JobState
    progress: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: str | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it, unless it is retried."""
        return self.state in ENDED


_SHOWN = [jobs.c[name] for name in JobInfo.__slots__]


def add(
    connection: Connection,
    *,
    kind: JobKind,
    collection: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, Any] | None = None,
) -> JobInfo:
    """Queue a job. `inputs` is what it works on beside `config`, and is not shown with it."""
    row = {
        "kind": kind,
        "collection": collection,
        "config": dict(config),
        "inputs": dict(inputs or {}),
        "state": "queued",
        "progress": {},
        "attempts": 0,
        "created_at": datetime.now(UTC),
    }
    return _info(connection.execute(insert(jobs).values(row).returning(*_SHOWN)).one())


def get(connection: Connection, job_id: int) -> JobInfo:
    """The job of that number; `NotFoundError` where there is none."""
    row = connection.execute(select(*_SHOWN).where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"no job {job_id}")
    return _info(row)


def inputs(connection: Connection, job_id: int) -> dict[str, Any]:
    """What the job was given to work on beside its config."""
    return dict(connection.execute(select(jobs.c.inputs).where(jobs.c.id == job_id)).scalar_one())


def newest(
    connection: Connection,
    *,
    collection: str | None = None,
    state: JobState | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[JobInfo]:
    """At most `limit` jobs, the newest first, of those with a lower number than `before`."""
    query = select(*_SHOWN).order_by(jobs.c.id.desc()).limit(limit)
    if collection is not None:
        query = query.where(jobs.c.collection == own_name(connection, collection))
    if state is not None:
        query = query.where(jobs.c.state == state)
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [_info(row) for row in connection.execute(query)]


def count_by_state(connection: Connection) -> dict[tuple[JobKind, JobState], int]:
    """How many jobs there are of each kind in each state that some are in."""
    query = select(jobs.c.kind, jobs.c.state, func.count().label("number")).group_by(jobs.c.kind, jobs.c.state)
    return {(row.kind, row.state): row.number for row in connection.execute(query)}


def is_waiting(connection: Connection, kinds: Sequence[JobKind] = KINDS) -> bool:
    """Whether there is a job of these kinds to claim; a look that takes no lock."""
    return connection.execute(_claimable(kinds, datetime.now(UTC))).first() is not None


def claim(connection: Connection, *, owner: str, lease_s: float, kinds: Sequence[JobKind] = KINDS) -> JobInfo | None:
    """Take the oldest job of these kinds that waits, for `lease_s` seconds; None where none does.

    `owner` is a name of this one claim. A job that was to be cancelled when its holder died is cancelled now, and one
    that has died `MOST_ATTEMPTS` times has failed; neither is returned. An index job waits while another one works on
    the same collection.
    """
    while row := connection.execute(_claimable(kinds, datetime.now(UTC)).with_for_update(skip_locked=True)).first():
        if row.state == "cancelling":
            _end(connection, row.id, "cancelled")
        elif row.attempts >= MOST_ATTEMPTS:
            _end(
                connection, row.id, "failed", error=f"its process died {row.attempts} times: the server's log says how"
            )
        else:
            return _start(connection, row.id, owner, lease_s)
    return None


def renew(
    connection: Connection, job_id: int, *, owner: str, lease_s: float, progress: Mapping[str, Any]
) -> JobState | None:
    """Hold the job for `lease_s` more seconds and note how far it is; its state, None where it is not held any more."""
    values = {"lease_expires_at": _expiry(lease_s), "progress": dict(progress)}
    return connection.execute(_held_by(job_id, owner).values(values).returning(jobs.c.state)).scalar_one_or_none()


def finish(
    connection: Connection,
    job_id: int,
    *,
    owner: str,
    state: Literal["cancelled", "done", "failed"],
    progress: Mapping[str, Any],
    result: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> bool:
    """End a job; False where it is not held by `owner` any more, and nothing was changed."""
    values = {**_ended(state, error), "progress": dict(progress), "result": null() if result is None else dict(result)}
    return connection.execute(_held_by(job_id, owner).values(values)).rowcount == 1


def release(connection: Connection, job_id: int, *, owner: str) -> None:
    """Queue a job again that its holder stops working on, as if it had not been started."""
    values = {"state": "queued", "attempts": jobs.c.attempts - 1, "lease_owner": None, "lease_expires_at": None}
    connection.execute(_held_by(job_id, owner).where(jobs.c.state == "running").values(values))


def cancel(connection: Connection, job_id: int) -> JobInfo:
    """Cancel a job that waits, or have its holder cancel it. Raises `ConflictError` for one that has ended."""
    waiting = update(jobs).where(jobs.c.id == job_id, jobs.c.state == "queued")
    connection.execute(waiting.values(_ended("cancelled")))
    running = update(jobs).where(jobs.c.id == job_id, jobs.c.state == "running")
    connection.execute(running.values(state="cancelling"))
    job = get(connection, job_id)
    if job.state in ("done", "failed"):
        raise ConflictError(f"job {job_id} has ended: it is {job.state}")
    return job


def retry(connection: Connection, job_id: int) -> JobInfo:
    """Queue a job again that failed or was cancelled. Raises `ConflictError` for any other."""
    fresh = {
        "state": "queued",
        "progress": {},
        "result": null(),
        "error": None,
        "attempts": 0,
        "started_at": None,
        "finished_at": None,
    }
    ended = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(("failed", "cancelled")))
    if not connection.execute(ended.values(fresh)).rowcount:
        state = get(connection, job_id).state
        raise ConflictError(f"job {job_id} is {state}: only one that failed or was cancelled can be retried")
    return get(connection, job_id)


def _claimable(kinds: Sequence[JobKind], now: datetime) -> Select[tuple[int, JobState, int]]:
    """The oldest job of these kinds that waits or whose lease has expired."""
    at_work = jobs.alias()
    is_indexed = (
        select(at_work.c.id)
        .where(
            at_work.c.kind == "index",
            at_work.c.collection == jobs.c.collection,
            at_work.c.state.in_(HELD),
            at_work.c.lease_expires_at >= now,
        )
        .exists()
    )
    waits = and_(jobs.c.state == "queued", or_(jobs.c.kind != "index", ~is_indexed))
    is_orphan = and_(jobs.c.state.in_(HELD), jobs.c.lease_expires_at < now)
    found = select(jobs.c.id, jobs.c.state, jobs.c.attempts).where(jobs.c.kind.in_(kinds), or_(waits, is_orphan))
    return found.order_by(jobs.c.id).limit(1)


def _start(connection: Connection, job_id: int, owner: str, lease_s: float) -> JobInfo:
    values = {
        "state": "running",
        "attempts": jobs.c.attempts + 1,
        "lease_owner": owner,
        "lease_expires_at": _expiry(lease_s),
        "started_at": datetime.now(UTC),
    }
    return _info(connection.execute(update(jobs).where(jobs.c.id == job_id).values(values).returning(*_SHOWN)).one())


def _end(connection: Connection, job_id: int, state: JobState, *, error: str | None = None) -> None:
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(_ended(state, error)))


def _ended(state: JobState, error: str | None = None) -> dict[str, Any]:
    lease = {"lease_owner": None, "lease_expires_at": None}
    return {"state": state, "error": error, "finished_at": datetime.now(UTC), **lease}


def _held_by(job_id: int, owner: str) -> Any:
    return update(jobs).where(jobs.c.id == job_id, jobs.c.lease_owner == owner, jobs.c.state.in_(HELD))


def _expiry(lease_s: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=lease_s)


def _info(row: Row[Any]) -> JobInfo:
    return JobInfo(**row._mapping)
