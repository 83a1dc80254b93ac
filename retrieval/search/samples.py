"""Queries to tune an index with and, apart from them, queries to measure it with.

Texts are asked of images, so captions stand for text queries, and the other way round. A sample of real queries, given
by `retrieval tune`, comes first; where there are no captions either, prompts made of attribute values stand for them.
One caption or image in HELD_OUT is kept for measuring alone, told by its key, so that it stays so in every later
generation; of the others, which are fewer, more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from retrieval.certificate import Modality
from retrieval.index.crossings import mixes
from retrieval.index.generation import GenerationView
from retrieval.search.prompts import Prompts
from retrieval.types import BoolArray, FloatArray, KeyArray, VectorKind

HELD_OUT, MOST_HELD_OUT = 50, 4
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2**64 by the golden ratio."""
MEASURED = 300
"""Most queries of a modality that are measured with."""
MOST_TUNED = 200_000
TUNED_SHARE = 0.2
"""Queries to tune with, as a share of the vectors that they are asked of."""
FEWEST = 20
"""Below so many held-out queries a figure would mean nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Queries, float32 (nq, dim). `keys` int64 (nq,) where they are stored vectors of the kind that is searched.

    `mixes`, float32 (n, dim), are directions between them: such as nobody has asked yet, None where there are none.
    """

    vectors: FloatArray
    keys: KeyArray | None = None
    mixes: FloatArray | None = None


class QuerySamples:
    """The queries that can be had for one view; `asked` float32 (n, dim) are text queries that people gave.

    `make_prompts` is called at most once, where there is nothing else to ask of images.
    """

    def __init__(
        self, view: GenerationView, asked: FloatArray, make_prompts: Callable[[], Prompts | None] = lambda: None
    ) -> None:
        self._view = view
        self._asked = asked
        self._aside = given_held_out(len(asked))
        self._make_prompts = make_prompts

    def tuning(self, kind: VectorKind) -> FloatArray | None:
        """Queries from the other tower, none of them held out; None if there are none."""
        given = self._given(kind)
        keys = self.tuning_keys(kind)
        queries = np.concatenate([given, self._view.vectors(keys)]) if len(keys) else given
        if kind == "image" and not len(queries) and self._prompts:
            queries = self._prompts.vectors[~self._prompts.held_out]
        return queries if len(queries) else None

    def tuning_keys(self, kind: VectorKind) -> KeyArray:
        """Those of the tuning queries that are stored vectors, ascending int64 (n,)."""
        keys = self._view.keys(_other(kind))
        return _drawn(keys[~held_out(keys)], self._most(kind) - len(self._given(kind)))

    def measuring(self, kind: VectorKind) -> dict[Modality, Sample]:
        """Held-out queries of both modalities, as far as there are enough; those from the other tower mixed too."""
        samples = {_modality_like(kind): self._own(kind)}
        other = self._other_tower(kind)
        if len(other) >= FEWEST:
            unlike = mixes(other, len(other), np.random.default_rng(0))
            samples[_modality_like(_other(kind))] = Sample(other, mixes=unlike)
        return samples

    def _most(self, kind: VectorKind) -> int:
        return min(MOST_TUNED, max(1_000, int(TUNED_SHARE * self._view.rows(kind))))

    def _given(self, kind: VectorKind) -> FloatArray:
        return self._asked[~self._aside][: self._most(kind)] if kind == "image" else self._asked[:0]

    @cached_property
    def _prompts(self) -> Prompts | None:
        return None if self._view.rows("caption") or len(self._asked) else self._make_prompts()

    def _own(self, kind: VectorKind) -> Sample:
        keys = _drawn(self._view.keys(kind), MEASURED)
        return Sample(self._view.vectors(keys), keys)

    def _other_tower(self, kind: VectorKind) -> FloatArray:
        if kind == "image":
            given = self._asked[self._aside]
            if len(given) >= FEWEST:
                return given[:MEASURED]
            if self._prompts:
                return self._prompts.vectors[self._prompts.held_out][:MEASURED]
        keys = self._view.keys(_other(kind))
        return self._view.vectors(_drawn(keys[held_out(keys)], MEASURED))


def held_out(keys: KeyArray) -> BoolArray:
    """Which keys are kept for measuring: one in HELD_OUT, however the keys of a kind follow one another.

    Multiplicative hashing (Knuth, The Art of Computer Programming 3, section 6.4): a remainder alone would keep none
    where, say, all captions have odd keys.
    """
    return np.asarray(keys.astype(np.uint64) * GOLDEN < 2**64 // HELD_OUT)


def given_held_out(count: int) -> BoolArray:
    """Which of so many queries that people gave are kept for measuring: enough of them, but no more than a quarter."""
    return np.asarray(np.arange(count) % min(HELD_OUT, max(MOST_HELD_OUT, count // MEASURED)) == 0)


def _modality_like(kind: VectorKind) -> Modality:
    """What a query was made from whose vector is like the vectors of a kind."""
    return "image" if kind == "image" else "text"


def _other(kind: VectorKind) -> VectorKind:
    return "caption" if kind == "image" else "image"


def _drawn(keys: KeyArray, most: int) -> KeyArray:
    """At most so many of the keys, ascending, always the same ones."""
    if len(keys) <= most:
        return keys
    return np.sort(np.random.default_rng(0).choice(keys, most, replace=False))
