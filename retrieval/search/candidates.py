"""Candidates of one query on their way to being hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.types import NO_KEY, FloatArray, KeyArray, KnnResult


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Distinct `keys`, int64 (n,), and their `scores`, float32 (n,)."""

    keys: KeyArray
    scores: FloatArray

    @classmethod
    def of(cls, found: KnnResult) -> Candidates:
        """What was found for the first query, without empty slots, best first."""
        there = found.keys[0] != NO_KEY
        return cls(found.keys[0][there], found.scores[0][there])

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Sequence[int]) -> Candidates:
        """Those at these places, in this order."""
        chosen = np.asarray(rows, np.int64)
        return Candidates(self.keys[chosen], self.scores[chosen])

    def first(self, count: int) -> Candidates:
        """The first ones."""
        return Candidates(self.keys[:count], self.scores[:count])

    def without(self, keys: Sequence[int]) -> Candidates:
        """All but these."""
        others = ~np.isin(self.keys, keys)
        return Candidates(self.keys[others], self.scores[others])

    def at_least(self, score: float) -> Candidates:
        """Those that have this score or a better one."""
        good = self.scores >= score
        return Candidates(self.keys[good], self.scores[good])

    def ranked(self) -> list[tuple[int, int, float]]:
        """Rank from 1, key and score of each."""
        return list(zip(range(1, len(self) + 1), self.keys.tolist(), self.scores.tolist(), strict=True))
