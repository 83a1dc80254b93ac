"""What a good score is: the best hit of a query beside those that the catalogue's own captions and pictures find.

A bare cosine says little: it depends on the model, on the modality, and on the picture, some being near everything. So
the score of the best hit x for a query q is reduced by the mean score that x has with queries of q's modality, which
is its cosine with their mean: margin = (q - mean) . x. (Cohort normalisation of scores, as in speaker verification:
R. Auckenthaler et al., "Score normalization for text-independent speaker verification systems", Digital Signal
Processing, 2000; only the mean is used, for the deviation was measured to make it worse.) The place of the margin
among those of a sample of stored vectors of that modality is a conformal p-value (V. Vovk et al., "Algorithmic
learning in a random world", 2005): of queries that are like the catalogue's own captions, a share of `WEAK` is called
weak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

import numpy as np

from retrieval.certificate import Modality
from retrieval.index.generation import GenerationView
from retrieval.types import NO_KEY, FloatArray, KnnResult, Match, VectorKind

SAMPLE = 512
LEAST_SAMPLE = 100
"""Fewer stored vectors than this say nothing about what is usual."""
WEAK = 0.01
CHANGE = 0.2
"""Share by which a collection may grow or shrink before a new sample is drawn."""

KINDS: Mapping[Modality, VectorKind] = {"text": "caption", "image": "image"}
"""The stored vectors that queries of a modality are like."""

Nearest: TypeAlias = Callable[[FloatArray, int], KnnResult]
"""The k nearest image vectors to each of many unit vectors, float32 (nq, dim)."""


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """`mean` of a sample of queries, float32 (dim,), and the `margins` of their best hits, float32 (n,), ascending.

    `rows` is how many stored vectors the sample was drawn from.
    """

    mean: FloatArray
    margins: FloatArray
    rows: int

    def place(self, query: FloatArray, best: FloatArray) -> Match:
        """Where a query, float32 (dim,), with this best hit, float32 (dim,), stands."""
        margin = (query - self.mean) @ best
        below = int(np.searchsorted(self.margins, margin))
        percentile = below / len(self.margins)
        return Match(percentile, weak=percentile < WEAK)


class BackgroundCache:
    """The backgrounds of one collection, measured when first asked for and kept. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: dict[Modality, Background] = {}
        self._lock = Lock()

    def get(self, view: GenerationView, modality: Modality, nearest: Nearest) -> Background | None:
        """The background of queries of a modality; None where too few of that modality are stored."""
        rows = view.rows(KINDS[modality])
        if rows < LEAST_SAMPLE:
            return None
        with self._lock:
            kept = self._kept.get(modality)
            if kept is None or abs(rows - kept.rows) > CHANGE * kept.rows:
                kept = self._kept[modality] = measure(view, modality, nearest)
            return kept


def measure(view: GenerationView, modality: Modality, nearest: Nearest) -> Background:
    """Search for the best hits of a fixed random sample of stored vectors; a picture is no hit of its own."""
    keys = view.keys(KINDS[modality])
    sample = np.random.default_rng(0).choice(keys, min(SAMPLE, len(keys)), replace=False)
    queries = view.vectors(sample)
    found = nearest(queries, 2 if modality == "image" else 1).keys
    best = np.where(found[:, 0] == sample, found[:, -1], found[:, 0])
    there = best != NO_KEY
    mean = queries.mean(axis=0)
    margins = np.einsum("nd,nd->n", queries[there] - mean, view.vectors(best[there]))
    return Background(mean, np.sort(margins), len(keys))
