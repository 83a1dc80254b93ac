"""What is read from a collection, by its name or alias."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from api.searching.again import again_if_gone
from api.service import Service
from retrieval.collection import Collection

T = TypeVar("T")


@again_if_gone
async def from_collection(service: Service, name: str, read: Callable[[Collection], T]) -> T:
    """Run `read` in a thread; `NotFoundError` where there is no such collection."""
    opened = await service.opened(name)
    return await service.workers.run(read, opened.collection)
