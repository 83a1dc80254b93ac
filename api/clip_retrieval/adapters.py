"""From neighbours and documents to clip-retrieval's bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from api.wire.adapters import Body
from retrieval.search.neighbours import Neighbour
from retrieval.types import Item


def knn_body(neighbours: Sequence[Neighbour], items: Mapping[int, Item], picture_url: str) -> list[Body]:
    """Results with the metadata of those that are described; `picture_url` ends where the query begins."""
    return [{**_described(one, items, picture_url), "id": one.key, "similarity": one.score} for one in neighbours]


def metadata_body(ids: Sequence[int], items: Mapping[int, Item], picture_url: str) -> list[Body]:
    """Metadata of the ids that are there."""
    return [{"id": key, "metadata": _metadata(items[key], picture_url)} for key in ids if key in items]


def _described(one: Neighbour, items: Mapping[int, Item], picture_url: str) -> Body:
    if one.key not in items:
        return {}
    found = {"caption": one.caption} if one.caption is not None else {}
    return {**_metadata(items[one.key], picture_url), **found}


def _metadata(item: Item, picture_url: str) -> Body:
    url = {"url": f"{picture_url}&{urlencode({'doc_id': item.doc_id})}"} if item.image_uri else {}
    caption = {"caption": item.captions[0]} if item.captions else {}
    return {**url, **caption, **item.attributes}
