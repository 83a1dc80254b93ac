"""The service's workers: each claims a job, sees it through in a process of its own, and claims the next."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from api.jobs.child import Order
from api.jobs.process import JobProcess, Outcome
from api.jobs.roots import SourceRoots
from api.settings import ApiSettings
from api.transactions import Transactions
from retrieval.errors import StorageError
from retrieval.metadata import jobs
from retrieval.metadata.jobs import JobInfo, JobKind
from retrieval.overview import JobState
from retrieval.workspace import Workspace

LOOK_S = 0.5  # between two looks for a job
RENEW_S = 1.0  # between two renewals of a lease, which also write progress and notice that a job is to be cancelled
ASKED_FOR: Sequence[JobKind] = [kind for kind in jobs.KINDS if kind != "maintenance"]
_log = logging.getLogger(__name__)


class JobRunner:
    """Runs queued jobs until the service leaves; jobs that are at work then are stopped and queued again."""

    def __init__(
        self,
        workspace: Workspace,
        settings: ApiSettings,
        roots: SourceRoots,
        transactions: Transactions,
        leaving: asyncio.Event,
    ) -> None:
        self._workspace = workspace
        self._settings = settings
        self._roots = roots
        self._transactions = transactions
        self._leaving = leaving

    async def run(self) -> None:
        """Work until the service leaves. Maintenance has a worker of its own: neither holds up the other."""
        workers = [self._work(ASKED_FOR) for _ in range(self._settings.job_workers)]
        if self._settings.maintenance:
            workers.append(self._work(("maintenance",)))
        await asyncio.gather(*workers)

    async def _work(self, kinds: Sequence[JobKind]) -> None:
        while not self._leaving.is_set():
            owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(8)}"
            try:
                if job := await self._claim(kinds, owner):
                    await self._see_through(job, owner)
                    continue
            except StorageError as error:
                _log.warning("cannot reach the jobs, trying again: %s", error)
            except Exception:  # noqa: BLE001  a worker outlives what it did not expect
                _log.exception("a worker failed; it goes on with the next job")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), LOOK_S)

    async def _claim(self, kinds: Sequence[JobKind], owner: str) -> JobInfo | None:
        if not await self._transactions.read(partial(jobs.is_waiting, kinds=kinds)):
            return None
        return await self._transactions.write(
            partial(jobs.claim, owner=owner, lease_s=self._settings.job_lease_s, kinds=kinds)
        )

    async def _see_through(self, job: JobInfo, owner: str) -> None:
        _log.info("job %d (%s, %r): attempt %d", job.id, job.kind, job.collection, job.attempts)
        process = await JobProcess.start(self._order(job))
        try:
            state = await self._follow(job, owner, process)
            if state is None:
                _log.warning("job %d was taken over by another worker", job.id)
                return
            outcome = await process.outcome()
        finally:
            await process.close()
        if outcome.state == "cancelled" and state == "running":  # it was stopped because the service leaves
            await self._transactions.write(lambda connection: jobs.release(connection, job.id, owner=owner))
        else:
            await self._finish(job, owner, outcome, process.progress)
        _log.info("job %d: %s", job.id, outcome.state)

    async def _follow(self, job: JobInfo, owner: str, process: JobProcess) -> JobState | None:
        """Renew the lease until the process has ended or the lease is lost; the last state that was seen."""
        state: JobState | None = "running"
        grace_s = 0.0 if job.kind == "maintenance" else self._settings.job_stop_grace_s  # it has nothing to bring home
        while state is not None and not await process.has_ended(within_s=RENEW_S):
            with suppress(StorageError):  # should that go on, the lease runs out, and then somebody else has the job
                state = await self._renew(job, owner, process)
            if self._leaving.is_set():
                process.stop(grace_s=min(grace_s, self._settings.shutdown_grace_s))
            elif state == "cancelling":
                process.stop(grace_s=grace_s)
        return state

    async def _renew(self, job: JobInfo, owner: str, process: JobProcess) -> JobState | None:
        lease_s, progress = self._settings.job_lease_s, process.progress
        return await self._transactions.write(
            lambda connection: jobs.renew(connection, job.id, owner=owner, lease_s=lease_s, progress=progress)
        )

    async def _finish(self, job: JobInfo, owner: str, outcome: Outcome, progress: Mapping[str, Any]) -> None:
        await self._transactions.write(
            lambda connection: jobs.finish(
                connection,
                job.id,
                owner=owner,
                state=outcome.state,
                progress=progress,
                result=outcome.result,
                error=outcome.error,
            )
        )

    def _order(self, job: JobInfo) -> Order:
        settings = self._workspace.settings
        return Order(
            job_id=job.id,
            data_dir=str(self._workspace.data_dir),
            database_url=settings.resolved_database_url,
            device=settings.device,
            roots=self._roots.folders,
        )
