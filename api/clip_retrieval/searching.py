"""request -> query vector -> neighbours, and the metadata of the first of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from api.clip_retrieval.requests import KnnRequest
from api.pictures.fetched import fetched
from api.searching import search as searching
from api.searching.query import Clue, Picture
from api.service import Service
from retrieval.certificate import Modality
from retrieval.collection import Collection
from retrieval.errors import InputError, NotFoundError
from retrieval.search.neighbours import Neighbour, distinct, live_items, nearest_by_caption, nearest_by_image
from retrieval.search.query import Text, Vector
from retrieval.types import FloatArray, Item

SAME_PICTURE = 0.94
"""Cosine from which clip-retrieval takes two pictures for one (`get_non_uniques` in its clip_back.py)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Neighbours, best first, in a collection of this name, and the documents of those that are described."""

    collection: str
    neighbours: Sequence[Neighbour]
    items: Mapping[int, Item]


async def nearest(service: Service, asked: KnnRequest) -> Answer:
    """Answer a query. Raises what `searching.embedded` and `fetched` do, and `InputError` for what is not had here."""
    name = asked.indice_name or await _first_collection(service)
    clue, modality = await _clue(service, asked)
    collection, query = await searching.embedded(service, name, clue)
    return await service.workers.run(partial(_find, asked, service.settings.max_k), collection, query, modality)


async def names(service: Service) -> list[str]:
    """Names of all collections."""
    return [info.name for info in await service.workers.run(service.workspace.collections)]


async def describe(service: Service, name: str, keys: Sequence[int]) -> Mapping[int, Item]:
    """The documents that have these keys at present, by key."""
    opened = await service.opened(name)
    return await service.workers.run(live_items, opened.collection, keys)


async def _first_collection(service: Service) -> str:
    if not (found := await names(service)):
        raise NotFoundError("there is no collection yet")
    return found[0]


async def _clue(service: Service, asked: KnnRequest) -> tuple[Clue, Modality | None]:
    """What is looked for: a text that is not empty, else a picture, else a vector, as clip-retrieval has it."""
    if asked.text:
        if asked.use_mclip:
            raise InputError("use_mclip: there is no second model here: leave it out, or index with a multilingual one")
        return Clue(Text(asked.text)), "text"
    if asked.image is not None:
        return Clue(Picture(asked.image)), "image"
    if asked.image_url is not None:
        return Clue(Picture(await fetched(service, asked.image_url))), "image"
    if asked.embedding_input is not None:
        return Clue(Vector(np.array(asked.embedding_input, np.float32))), None
    raise InputError("nothing to search for: give a text, an image, an image_url or an embedding_input")


def _find(asked: KnnRequest, most: int, collection: Collection, query: FloatArray, modality: Modality | None) -> Answer:
    k = min(asked.num_images if asked.num_result_ids is None else asked.num_result_ids, most)
    find = nearest_by_caption if asked.modality == "text" else nearest_by_image
    found = find(collection, query, k=k, modality=modality)
    if asked.deduplicate:
        found = distinct(collection, found, min_score=SAME_PICTURE)
    described = live_items(collection, [one.key for one in found[: asked.num_images]])
    return Answer(collection.name, found, described)
