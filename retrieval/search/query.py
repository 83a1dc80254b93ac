"""What is looked for: one term, or a weighted mix of several ("like this one, but blue")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from retrieval.certificate import Modality
from retrieval.errors import InputError
from retrieval.types import DecodedImage, FloatArray
from retrieval.vectors import unit

MOST_HITS = 10_000


@dataclass(frozen=True, slots=True)
class Text:
    """Words to look for."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture to look for the like of."""

    image: DecodedImage


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document to look for the like of."""

    doc_id: str


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector from the collection's own encoder, float32 (dim,); its length does not matter."""

    vector: FloatArray


Term: TypeAlias = Text | Image | Document | Vector


@dataclass(frozen=True, slots=True)
class Weighted:
    """A term and how much it counts; negative to look away from it."""

    term: Term
    weight: float = 1.0


def modality_of(terms: Sequence[Weighted]) -> Modality | None:
    """What a query is made of; None for a mix of both, and for vectors, of which nothing is known."""
    if all(isinstance(weighted.term, Text) for weighted in terms):
        return "text"
    if all(isinstance(weighted.term, Image | Document) for weighted in terms):
        return "image"
    return None


def combine(vectors: FloatArray, weights: FloatArray) -> FloatArray:
    """The direction of the weighted sum of unit vectors: (n, dim) and (n,) -> float32 (1, dim), of length 1.

    Adding embeddings of one space is the usual way to compose image and text queries (Vo et al., CVPR 2019, "simple
    addition"; Baldrati et al., ICCV 2023).
    """
    if not np.isfinite(weights).all():
        raise InputError("a weight is not a finite number")
    total = (vectors * weights[:, None]).sum(axis=0, keepdims=True)
    if np.linalg.norm(total) < 1e-6:
        raise InputError("the terms of the query cancel one another out: change their weights")
    return unit(total)


def check_limits(k: int, ef_search: int | None) -> None:
    """`InputError` unless k is in 1..10,000, and ef_search likewise where it is given."""
    if not 1 <= k <= MOST_HITS:
        raise InputError(f"k is {k}: ask for 1 to {MOST_HITS:,} hits")
    if ef_search is not None and not 1 <= ef_search <= MOST_HITS:
        raise InputError(f"ef_search is {ef_search}: give 1 to {MOST_HITS:,}")
