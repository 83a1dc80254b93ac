"""Clients that search as fast as they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from time import perf_counter

import numpy as np

WORDS = ("red", "blue", "green", "old", "new", "small", "large", "wooden", "shirt", "shoe", "chair", "lamp", "dog")


def distinct(number: int) -> str:
    """A text of about ten tokens that no other number has."""
    chosen = [WORDS[(number * step) % len(WORDS)] for step in (1, 3, 7, 11)]
    return f"a photo of a {' '.join(chosen)} {number}"


async def load(
    clients: Sequence[Callable[[str], Awaitable[object]]], text: Callable[[int], str], *, seconds: float
) -> dict[str, float]:
    """Each client searches again as soon as it has its answer; rate, and latency in milliseconds."""
    numbers, latencies, until = count(), [], perf_counter() + seconds

    async def ask_on(search: Callable[[str], Awaitable[object]]) -> None:
        while (started := perf_counter()) < until:
            await search(text(next(numbers)))
            latencies.append(perf_counter() - started)

    began = perf_counter()
    await asyncio.gather(*map(ask_on, clients))
    rate = len(latencies) / (perf_counter() - began)
    p50, p99 = np.percentile(latencies, [50, 99]) * 1000
    return {"searches/s": round(rate, 1), "p50 ms": round(p50, 2), "p99 ms": round(p99, 2)}
