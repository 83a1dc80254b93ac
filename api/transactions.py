"""The database from the event loop: each transaction runs on a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy import Connection

from api.workers import Workers
from retrieval.metadata.database import Database

T = TypeVar("T")


class Transactions:
    """Whole transactions, one function each."""

    def __init__(self, database: Database, workers: Workers) -> None:
        self._database = database
        self._workers = workers

    async def read(self, look: Callable[[Connection], T]) -> T:
        """What `look` finds in one committed state of the database."""
        return await self._workers.run(_inside, self._database.read, look)

    async def write(self, change: Callable[[Connection], T]) -> T:
        """Make a change, all of it or, where `change` raises, nothing."""
        return await self._workers.run(_inside, self._database.write, change)


def _inside(transaction: Callable[[], AbstractContextManager[Connection]], work: Callable[[Connection], T]) -> T:
    with transaction() as connection:
        return work(connection)
