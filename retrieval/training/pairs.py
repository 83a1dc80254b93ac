"""Which pairs a config asks for."""

from __future__ import annotations

from retrieval.encoders.preprocess import Preprocess
from retrieval.errors import InputError
from retrieval.protocols import CatalogSource
from retrieval.training.catalog_pairs import CatalogPairs
from retrieval.training.config import DEMO, TrainConfig
from retrieval.training.data import Pairs
from retrieval.training.demo_pairs import DemoPairs


def pairs_of(config: TrainConfig, source: CatalogSource | None, *, preprocess: Preprocess) -> Pairs:
    """The demo world, or the catalogue `source`; pictures as `preprocess` makes them.

    Raises `InputError` where the config and `source` do not agree, `SourceError` for a source without captions.
    """
    data, validation = config.data, config.validation
    if source is not None:
        return CatalogPairs.read(
            source,
            preprocess=preprocess,
            seed=data.seed,
            batch_size=config.optimiser.batch_size,
            held_out=validation.images,
            caption_weights=data.caption_weights,
        )
    if data.source != DEMO:
        raise InputError(f"data.source is {data.source!r}, and no catalogue was opened for it")
    return DemoPairs(
        size=preprocess.size,
        seed=data.seed,
        batch_size=config.optimiser.batch_size,
        gather=data.gather,
        alike=data.alike,
        held_out_seed=validation.seed,
        held_out_images=validation.images,
        caption_weights=data.caption_weights,
        tags=data.tags,
        plain=data.plain,
    )
