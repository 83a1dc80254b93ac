"""Both clients behind one face, so that each test is written once."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import contextmanager

from retrieval.client import AsyncClient, Client


class Driven:
    """An `AsyncClient` whose methods wait for their results; what it iterates over comes as a list."""

    def __init__(self, url: str, **options) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = AsyncClient(url, **options)

    def __getattr__(self, name: str):
        method = getattr(self._client, name)

        def call(*args, **kwargs):
            result = method(*args, **kwargs)
            work = result if inspect.iscoroutine(result) else _listed(result)
            return self._loop.run_until_complete(work)

        return call

    def stop(self) -> None:
        self._loop.run_until_complete(self._client.close())
        self._loop.close()


async def _listed(stream):
    return [one async for one in stream]


@contextmanager
def connected(kind: str, url: str, **options):
    """A client of one of the two kinds."""
    if kind == "blocking":
        with Client(url, **options) as client:
            yield client
    else:
        client = Driven(url, **options)
        try:
            yield client
        finally:
            client.stop()
