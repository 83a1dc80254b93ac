"""Whose fault is a miss? Each stage between the ideal search and the served one may lose a relevant document.

The stages run from the ideal to the served search, each adding one thing by which a right answer may be lost: exact
search with fp32 embeddings ("model"), with the encoder's own precision ("precision"), among the documents that a filter
allows ("filter"), by codes in the vectors' place ("storage"), through the graph ("index"). A query that is a miss at
the end is put down to the stage from which on it was missed: to the model if even the ideal search misses it. Queries
that a later stage finds by luck, where the ideal search misses them, are counted apart, so that the figures add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from retrieval.errors import InputError
from retrieval.types import BoolArray


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Of `queries` at cut-off `k`: `misses` in all, and how many of them each stage is to blame for.

    `lucky` hits are those of the served search that the ideal one misses. misses == sum(blame.values()), and
    misses == misses of the ideal search - lucky + what later stages lost.
    """

    k: int
    queries: int
    misses: int
    blame: Mapping[str, int]
    lucky: int


def decompose(hits: Mapping[str, BoolArray], *, k: int) -> Decomposition:
    """Blame each miss on a stage.

    `hits` maps stage names, from ideal to served, to bool (nq,): whether the stage has a relevant document among its
    first k.

    >>> ideal = np.array([True, True, False, False])
    >>> served = np.array([True, False, False, True])
    >>> decompose({"model": ideal, "index": served}, k=10).blame
    {'model': 1, 'index': 1}
    """
    if not hits:
        raise InputError("no stages to decompose: give at least the ideal search")
    names, found = list(hits), np.array(list(hits.values()), np.bool_)
    missed = ~found[-1]
    # The stage after the last one that still had a hit; 0, the model, when none had.
    last_hit = np.where(found.any(axis=0), len(names) - 1 - found[::-1].argmax(axis=0), -1)
    guilty = np.bincount((last_hit + 1)[missed], minlength=len(names))
    return Decomposition(
        k=k,
        queries=found.shape[1],
        misses=int(missed.sum()),
        blame={name: int(count) for name, count in zip(names, guilty, strict=False)},
        lucky=int((found[-1] & ~found[0]).sum()),
    )
