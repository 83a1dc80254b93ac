"""The extension points. Each has at least two implementations and one contract test-suite that all of them pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from retrieval.rowset import RowSet
from retrieval.types import CatalogRecord, DecodedImage, EncoderSpec, FloatArray, KnnResult, PixelArray


@runtime_checkable
class Encoder(Protocol):
    """A dual tower: images and texts into one space. Implementations are safe to call from several threads."""

    @property
    def spec(self) -> EncoderSpec:
        """Identity; stored with every collection."""

    @property
    def image_size(self) -> int:
        """Side of the square, in pixels, that `preprocess` returns; a decoder may scale down to twice this."""

    def preprocess(self, image: DecodedImage) -> PixelArray:
        """Resize and crop one picture to uint8 (image_size, image_size, 3). Cheap, releases the GIL, no model."""

    def encode_images(self, pixels: PixelArray) -> FloatArray:
        """Embed preprocessed pictures, uint8 (n, s, s, 3) with s = image_size -> float32 (n, dim), rows of length 1."""

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Embed n texts -> float32 (n, dim), rows of length 1. A text too long for the model is cut to its context."""


@runtime_checkable
class VectorIndex(Protocol):
    """Nearest neighbours among an immutable set of unit vectors; labels are row numbers 0..rows-1."""

    @property
    def rows(self) -> int:
        """How many vectors there are."""

    def search(self, queries: FloatArray, *, k: int, ef_search: int, allowed: RowSet | None = None) -> KnnResult:
        """The k rows with the highest inner product for each query.

        `queries` is float32 (nq, dim) with rows of length 1; `allowed` is a set of its rows, None for all. Rows that
        are not allowed are never returned. An exact index takes `ef_search` and has no use for it.
        """


@runtime_checkable
class CatalogSource(Protocol):
    """Where catalogue records come from."""

    def check(self) -> int | None:
        """Read the source through once, without its images, and return how many records it has.

        None means that counting would cost as much as indexing. Raises `SourceError` with file, line and remedy on
        the first thing that is wrong, so that nothing is written from a broken source.
        """

    def records(self) -> Iterator[CatalogRecord]:
        """Yield every record once, in the same order on every call."""
