"""From the body of a search to what it looks for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from api.searching.query import Clue, Picture
from api.wire.requests import SearchRequest, Term
from retrieval.search.query import Document, Text, Vector


def clues_of(body: SearchRequest) -> list[Clue]:
    """Text, image, doc_id and vector of the body, counting 1 each, and then its terms."""
    return [*_given(body, 1.0), *(clue for term in body.terms for clue in _given(term, term.weight))]


def _given(source: SearchRequest | Term, weight: float) -> Iterator[Clue]:
    if source.text is not None:
        yield Clue(Text(source.text), weight)
    if source.image is not None:
        yield Clue(Picture(source.image), weight)
    if source.doc_id is not None:
        yield Clue(Document(source.doc_id), weight)
    if source.vector is not None:
        yield Clue(Vector(np.array(source.vector, np.float32)), weight)
