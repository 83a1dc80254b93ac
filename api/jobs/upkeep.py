"""Collections that are worth compacting are seen here, and queued as jobs."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import asdict

from api.opened import OpenCollections
from api.transactions import Transactions
from api.workers import Workers
from retrieval.errors import RetrievalError
from retrieval.index.upkeep import Upkeep
from retrieval.metadata import collections, maintenance
from retrieval.metadata.collections import CollectionInfo

LOOK_S = 2.0
REST_S = 900.0
"""Between one that failed, or that somebody cancelled, and the next."""
_log = logging.getLogger(__name__)


class UpkeepWatch:
    """Looks at every collection now and then, until the service leaves. Any number of services may."""

    def __init__(
        self,
        upkeep: Upkeep,
        opened: OpenCollections,
        workers: Workers,
        transactions: Transactions,
        leaving: asyncio.Event,
    ) -> None:
        self._upkeep = upkeep
        self._opened = opened
        self._workers = workers
        self._transactions = transactions
        self._leaving = leaving
        self._looked_at: dict[int, int] = {}

    async def run(self) -> None:
        """Look until the service leaves."""
        while not self._leaving.is_set():
            try:
                for info in await self._transactions.read(collections.all_of_them):
                    if self._looked_at.get(info.id) != info.revision:
                        await self._look_at(info)
            except RetrievalError as error:
                _log.warning("cannot look after the collections, trying again: %s", error)
            except Exception:  # noqa: BLE001  it outlives what it did not expect
                _log.exception("looking after the collections failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), LOOK_S)

    async def _look_at(self, info: CollectionInfo) -> None:
        """Queue what is due. A collection that needs nothing is not looked at again before it has changed."""
        if not await self._workers.run(self._is_due, info.name):
            self._looked_at[info.id] = info.revision
            return
        config = asdict(self._upkeep)
        job = await self._transactions.write(
            lambda connection: maintenance.queue(connection, info, config=config, rest_s=REST_S)
        )
        if job:
            _log.info("job %d: maintenance of %r", job.id, info.name)

    def _is_due(self, name: str) -> bool:
        try:
            return self._upkeep.is_due(self._opened.get(name).collection.views.latest())
        except RetrievalError as error:
            _log.warning("cannot look after the collection %r: %s", name, error)
            return False
