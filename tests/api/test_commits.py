"""What waits for a commit is made as one, documents apart; one that is refused fails alone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from held_encoder import settle, started

from api.writing.commits import Commits
from retrieval.errors import BusyError, VectorError
from retrieval.writer import WriteBatch


class HeldWriter:
    """Commits when it is told to; refuses documents named `bad`, and all of them while `busy`."""

    def __init__(self) -> None:
        self.made: list[set[str]] = []
        self.busy = False
        self._turns = asyncio.Semaphore(0)
        self.commits = Commits(self, patience_s=60)
        self.collection = SimpleNamespace(info=SimpleNamespace(id=1), name="photos", writer=self)

    def delete(self, *doc_ids: str):
        return self.commits.commit(self.collection, WriteBatch(deletes=doc_ids))

    def commit(self, batch, *, wait_s):
        if self.busy:
            raise BusyError("others are writing")
        if "bad" in batch.deletes:
            raise VectorError("refused")
        self.made.append(set(batch.deletes))
        return frozenset(batch.deletes) - {"absent"}

    def fold(self) -> int:
        return 0

    async def write(self, work, *arguments):
        if work != self.fold:
            await self._turns.acquire()
        return work(*arguments)

    async def finish(self, commits: int) -> None:
        for _ in range(commits):
            self._turns.release()
            await settle()


def test_what_has_gathered_is_one_commit_but_for_the_same_documents():
    async def run() -> None:
        held = HeldWriter()
        (first,) = await started(held.delete("a"))
        others = await started(held.delete("b"), held.delete("c", "absent"), held.delete("b"))
        await held.finish(1)
        assert (first.done(), [one.done() for one in others]) == (True, [False] * 3)
        await held.finish(2)
        assert held.made == [{"a"}, {"b", "c", "absent"}, {"b"}]
        assert [one.result() for one in (first, *others)] == [{"a"}, {"b"}, {"c"}, {"b"}]

    asyncio.run(run())


def test_one_that_is_refused_fails_alone():
    async def run() -> None:
        held = HeldWriter()
        good, bad, other = await started(*map(held.delete, ("b", "bad", "c")))
        await held.finish(4)
        assert held.made == [{"b"}, {"c"}]
        assert (good.result(), other.result()) == ({"b"}, {"c"})
        with pytest.raises(VectorError):
            bad.result()

    asyncio.run(run())


def test_while_others_write_all_that_wait_are_told():
    async def run() -> None:
        held = HeldWriter()
        held.busy = True
        tasks = await started(*map(held.delete, ("a", "b", "c")))
        await held.finish(2)
        for task in tasks:
            with pytest.raises(BusyError):
                task.result()
        held.busy = False
        (again,) = await started(held.delete("a"))
        await held.finish(1)
        assert again.result() == {"a"}

    asyncio.run(run())


def test_one_that_is_given_up_is_not_made():
    async def run() -> None:
        held = HeldWriter()
        (first,) = await started(held.delete("a"))
        (second,) = await started(held.delete("b"))
        second.cancel()
        await held.finish(2)
        assert first.done()
        assert held.made == [{"a"}]

    asyncio.run(run())
