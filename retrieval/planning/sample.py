"""Vectors and queries to try plans on: a collection's own, or made ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.collection import Collection
from retrieval.errors import InputError
from retrieval.types import FloatArray, KeyArray
from retrieval.vectors import unit

ROWS = 10_000
ASKED = 300
TEXTS = 2_000
CLUSTERS = 50
SPECTRUM = 0.75
"""Exponent with which the variance of made vectors falls over their dimensions (about that of CLIP embeddings)."""


@dataclass(frozen=True, slots=True, eq=False)
class PlanSample:
    """What plans are tried on, all float32 of length 1.

    `vectors` (n, dim) are indexed; `tuning` (nq, dim) are queries to build with, None if there are none; `asked` are
    sets of queries to measure with, each (nq, dim), none of which is among the others.
    """

    vectors: FloatArray
    tuning: FloatArray | None
    asked: tuple[FloatArray, ...]


def made_sample(dim: int, *, rows: int = ROWS, seed: int = 0) -> PlanSample:
    """Clustered vectors with a falling spectrum, and texts: such vectors moved to another mean, and blurred."""
    rng = np.random.default_rng(seed)
    scale = np.arange(1, dim + 1) ** (-SPECTRUM / 2)
    centres = rng.standard_normal((CLUSTERS, dim)) * scale

    def draw(count: int) -> FloatArray:
        around = rng.standard_normal((count, dim)) * scale
        return np.asarray(0.6 * centres[rng.integers(CLUSTERS, size=count)] + 0.8 * around, np.float32)

    gap = (rng.standard_normal(dim) * scale).astype(np.float32)
    images = unit(draw(rows + ASKED))
    texts = unit(draw(TEXTS + ASKED) + 0.5 * gap + 0.3 * rng.standard_normal((TEXTS + ASKED, dim)) / np.sqrt(dim))
    return PlanSample(images[ASKED:], texts[ASKED:], (images[:ASKED], texts[:ASKED]))


def sample_of(collection: Collection, *, rows: int = ROWS) -> PlanSample:
    """Vectors of a collection drawn at random, and of its captions where it has enough of them.

    Raises:
        InputError: it has too few vectors to tell anything.
    """
    view = collection.views.latest()
    keys = _drawn(view.keys("image"), rows + ASKED)
    if len(keys) < 10 * ASKED:
        raise InputError(
            f"collection {collection.name!r} has {len(keys):,} vectors: at least {10 * ASKED:,} are needed to try "
            "plans on; leave it out, and they are tried on made ones"
        )
    images = view.vectors(keys)
    captions = view.keys("caption")
    if len(captions) < 2 * ASKED:
        return PlanSample(images[ASKED:], None, (images[:ASKED],))
    texts = view.vectors(_drawn(captions, TEXTS + ASKED))
    return PlanSample(images[ASKED:], texts[ASKED:], (images[:ASKED], texts[:ASKED]))


def _drawn(keys: KeyArray, most: int) -> KeyArray:
    """At most so many of the keys, in random order, always the same."""
    return np.random.default_rng(0).permutation(keys)[:most]
