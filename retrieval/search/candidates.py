"""Candidates of one query on their way to being hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.types import NO_KEY, BoolArray, FloatArray, KeyArray, KnnResult


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Distinct `keys`, int64 (n,), and their `scores`, float32 (n,).

    `ranks`, int64 (n, 2), are those that each has in the vector and in the lexical ranking, from 1 (0: it has none);
    None where there are not two.
    """

    keys: KeyArray
    scores: FloatArray
    ranks: KeyArray | None = None

    @classmethod
    def of(cls, found: KnnResult) -> Candidates:
        """What was found for the first query, without empty slots, best first."""
        there = found.keys[0] != NO_KEY
        return cls(found.keys[0][there], found.scores[0][there])

    @classmethod
    def joined(cls, parts: Sequence[tuple[KeyArray, FloatArray]]) -> Candidates:
        """Keys and scores, part after part."""
        keys = np.concatenate([np.empty(0, np.int64), *(keys for keys, _ in parts)])
        return cls(keys, np.concatenate([np.empty(0, np.float32), *(scores for _, scores in parts)]))

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Sequence[int] | KeyArray | BoolArray) -> Candidates:
        """Those at these places, in this order, or those that a mask is true for."""
        chosen = np.asarray(rows, None if len(rows) else np.int64)
        ranks = None if self.ranks is None else self.ranks[chosen]
        return Candidates(self.keys[chosen], self.scores[chosen], ranks)

    def first(self, count: int) -> Candidates:
        """The first ones."""
        return self.take(np.arange(min(count, len(self))))

    def without(self, keys: Sequence[int]) -> Candidates:
        """All but these."""
        return self.take(~np.isin(self.keys, keys))

    def at_least(self, score: float) -> Candidates:
        """Those that have this score or a better one."""
        return self.take(self.scores >= score)

    def ranked(self, first: int = 1) -> list[tuple[int, int, float]]:
        """Rank, the first one's being `first`, key and score of each."""
        return list(zip(range(first, first + len(self)), self.keys.tolist(), self.scores.tolist(), strict=True))

    def ranks_by_ranking(self) -> list[dict[str, int] | None]:
        """The ranks of each by the name of the ranking."""
        if self.ranks is None:
            return [None] * len(self)
        return [
            {name: rank for name, rank in zip(("vector", "lexical"), ranks, strict=True) if rank}
            for ranks in self.ranks.tolist()
        ]
