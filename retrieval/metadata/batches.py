"""Long lists of bound parameters, cut to what both databases accept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

MOST_PARAMETERS = 10_000  # SQLite takes 32,766 in one statement, PostgreSQL 65,535


def batches(values: Sequence[T], size: int = MOST_PARAMETERS) -> Iterator[Sequence[T]]:
    """Consecutive parts of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))
