"""A catalogue as training data: any source that the indexer reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.encoders.preprocess import Preprocess
from retrieval.errors import ImageError, SourceError
from retrieval.images.decode import decode
from retrieval.images.read import read_image
from retrieval.protocols import CatalogSource
from retrieval.training.data import Batch, Labelled, draw_caption, generator
from retrieval.types import CatalogRecord

LARGEST_HELD_OUT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class CatalogPairs:
    """Records with captions, each seen once in an epoch in an order of the epoch's own, with a caption at random.

    Which records are held out depends on their `doc_id` alone. A picture that cannot be read gives its place to the
    next one.
    """

    training: tuple[CatalogRecord, ...]
    validation: tuple[CatalogRecord, ...]
    preprocess: Preprocess
    seed: int
    batch_size: int
    caption_weights: tuple[float, ...] = ()

    @classmethod
    def read(
        cls,
        source: CatalogSource,
        *,
        preprocess: Preprocess,
        seed: int,
        batch_size: int,
        held_out: int,
        caption_weights: tuple[float, ...] = (),
    ) -> CatalogPairs:
        """Hold out `held_out` records, at most a tenth. Raises `SourceError` for too few records with captions."""
        records = sorted((r for r in source.records() if r.captions), key=_place)
        if not records:
            raise SourceError("the source has no captions: training needs at least one caption for each image")
        aside = max(1, min(held_out, int(len(records) * LARGEST_HELD_OUT_SHARE)))
        if len(records) - aside < batch_size:
            raise SourceError(
                f"the source has {len(records)} images with captions, {aside} of them held out: "
                f"too few for optimiser.batch_size = {batch_size}"
            )
        return cls(tuple(records[aside:]), tuple(records[:aside]), preprocess, seed, batch_size, caption_weights)

    def batch(self, step: int) -> Batch:
        """Batch number `step`."""
        rng = generator(self.seed, step)
        pictures = self._pictures(step * self.batch_size)
        drawn = [next(pictures) for _ in range(self.batch_size)]
        texts = [draw_caption(picture.captions, self.caption_weights, rng) for picture in drawn]
        return np.stack([picture.pixels for picture in drawn]), texts

    def held_out(self) -> Sequence[Labelled]:
        """The records that were held out and can be read. Raises `SourceError` if none can."""
        pictures = [picture for record in self.validation if (picture := _read(record, self.preprocess)) is not None]
        if not pictures:
            raise SourceError(f"none of the {len(self.validation)} held-out images of the source can be read")
        return pictures

    def _pictures(self, position: int) -> Iterator[Labelled]:
        """Readable pictures from a position in the endless sequence of epochs."""
        failed = 0
        while failed < len(self.training):
            epoch, place = divmod(position, len(self.training))
            record = self.training[generator(self.seed, epoch).permutation(len(self.training))[place]]
            position += 1
            picture = _read(record, self.preprocess)
            failed = 0 if picture else failed + 1
            if picture:
                yield picture
        raise SourceError(f"none of the {failed} images of the source can be read")


def _place(record: CatalogRecord) -> bytes:
    return hashlib.blake2b(record.doc_id.encode(), digest_size=8).digest()


def _read(record: CatalogRecord, preprocess: Preprocess) -> Labelled | None:
    try:
        image = decode(read_image(record.image_uri), at_least=2 * preprocess.size)
    except ImageError:
        return None
    return Labelled(preprocess(image), record.captions)
