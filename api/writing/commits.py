"""Commits of one service: what has gathered for a collection while one commit was made is the next one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from time import monotonic

from api.workers import Workers
from retrieval.collection import Collection
from retrieval.errors import BusyError, RetrievalError
from retrieval.writer import WriteBatch

_log = logging.getLogger(__name__)

MOST_TOGETHER = 1_000
"""Documents of one commit, of several requests together."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    collection: Collection
    batch: WriteBatch
    doc_ids: frozenset[str]
    deadline: float
    answer: asyncio.Future[frozenset[str]]


class Commits:
    """Queues by collection, each emptied by a task; to be used from one event loop.

    Commits cost some milliseconds of syncing however little they change, so those that wait are made as one, each
    answered when it is durable. Where that fails, each is made by itself, so that one that is refused fails alone.
    """

    def __init__(self, workers: Workers, *, patience_s: float) -> None:
        """A change waits `patience_s` seconds at most for its turn, and as long for other processes that write."""
        self._workers = workers
        self._patience_s = patience_s
        self._waiting: dict[int, list[_Waiting]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._folding: dict[int, asyncio.Task[None]] = {}

    async def commit(self, collection: Collection, batch: WriteBatch) -> frozenset[str]:
        """Make a change durable and searchable; returns the documents that it replaced or deleted.

        Raises as `CollectionWriter.commit`; `BusyError` where its turn does not come in time.
        """
        number = collection.info.id
        answer: asyncio.Future[frozenset[str]] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(collection, batch, _doc_ids(batch), monotonic() + self._patience_s, answer)
        self._waiting.setdefault(number, []).append(waiting)
        if number not in self._tasks:
            self._tasks[number] = asyncio.create_task(self._work(number))
        return await answer

    async def _work(self, number: int) -> None:
        while group := self._next_group(number):
            await self._store(group)
            if number not in self._folding:  # merges go on beside commits
                self._folding[number] = asyncio.create_task(self._fold(group[0].collection))
        del self._tasks[number], self._waiting[number]

    def _next_group(self, number: int) -> list[_Waiting]:
        """The first ones in the queue that change different documents: of one, changes are made one after the other."""
        queue = [one for one in self._waiting[number] if not one.answer.done()]
        for late in (one for one in queue if one.deadline < monotonic()):
            late.answer.set_exception(BusyError("too much is being written to this collection: try again in a moment"))
        group: list[_Waiting] = []
        changed: set[str] = set()
        queue = [one for one in queue if not one.answer.done()]
        for one in queue:
            if group and (changed & one.doc_ids or len(changed) + len(one.doc_ids) > MOST_TOGETHER):
                break
            group.append(one)
            changed |= one.doc_ids
        self._waiting[number] = queue[len(group) :]
        return group

    async def _store(self, group: Sequence[_Waiting]) -> None:
        commit = partial(group[0].collection.writer.commit, wait_s=self._patience_s)
        try:
            there = await self._workers.write(commit, _together([one.batch for one in group]))
        except Exception as error:  # noqa: BLE001  it is for those who wait to handle
            if len(group) == 1 or isinstance(error, BusyError):
                _fail(group, error)
            else:
                for one in group:
                    await self._store([one])
        else:
            for one in group:
                if not one.answer.done():
                    one.answer.set_result(there & one.doc_ids)

    async def _fold(self, collection: Collection) -> None:
        try:
            await self._workers.write(collection.compactor.fold)
        except RetrievalError as error:
            _log.warning("small segments of %r are not merged: %s", collection.name, error)
        finally:
            del self._folding[collection.info.id]


def _together(batches: Sequence[WriteBatch]) -> WriteBatch:
    return WriteBatch(
        items=[item for batch in batches for item in batch.items],
        deletes=[doc_id for batch in batches for doc_id in batch.deletes],
        ledger=[entry for batch in batches for entry in batch.ledger],
        pictures=[picture for batch in batches for picture in batch.pictures],
        expected=dict(chain.from_iterable(batch.expected.items() for batch in batches)),
    )


def _doc_ids(batch: WriteBatch) -> frozenset[str]:
    return frozenset([*(item.record.doc_id for item in batch.items), *batch.deletes])


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for one in group:
        if not one.answer.done():
            one.answer.set_exception(error)
