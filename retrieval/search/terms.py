"""The terms of a query from what users have at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from retrieval.images.decode import decode
from retrieval.images.read import read_image
from retrieval.search.query import Document, Image, Text, Vector, Weighted
from retrieval.types import DecodedImage, FloatArray

ImageInput = bytes | str | Path | DecodedImage


def terms_of(
    text: str | None = None,
    *,
    image: ImageInput | None = None,
    doc_id: str | None = None,
    vector: FloatArray | None = None,
) -> list[Weighted]:
    """A term for each of these that is given, counting 1; `ImageError` for a picture that cannot be read."""
    given: list[Weighted] = []
    if text is not None:
        given.append(Weighted(Text(text)))
    if image is not None:
        given.append(Weighted(Image(_decoded(image))))
    if doc_id is not None:
        given.append(Weighted(Document(doc_id)))
    if vector is not None:
        given.append(Weighted(Vector(np.asarray(vector, np.float32))))
    return given


def _decoded(image: ImageInput) -> DecodedImage:
    if isinstance(image, DecodedImage):
        return image
    return decode(image if isinstance(image, bytes) else read_image(str(image)))
