"""Work that is repeated where what it worked on has been replaced meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from retrieval.errors import GoneError

P = ParamSpec("P")
T = TypeVar("T")


def again_if_gone(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Once more from the start where the collection was deleted meanwhile: an alias may lead to another one by now."""

    @wraps(work)
    async def working(*args: P.args, **options: P.kwargs) -> T:
        try:
            return await work(*args, **options)
        except GoneError:
            return await work(*args, **options)

    return working
