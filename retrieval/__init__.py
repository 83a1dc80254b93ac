"""Multimodal retrieval: search a catalogue of images by text, by image and by both.

    import retrieval

    with retrieval.open_collection("photos", model="bundled") as photos:
        photos.add([retrieval.CatalogRecord("beach", "beach.jpg", captions=("two people on a beach",))])
        for hit in photos.search("people by the sea", k=5).hits:
            print(hit.rank, hit.doc_id, hit.score)

Names below are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retrieval.collection import Collection as Collection
    from retrieval.errors import RetrievalError as RetrievalError
    from retrieval.opening import open_collection as open_collection
    from retrieval.settings import Settings as Settings
    from retrieval.types import CatalogRecord as CatalogRecord
    from retrieval.types import Hit as Hit
    from retrieval.types import SearchResult as SearchResult
    from retrieval.workspace import Workspace as Workspace

__version__ = "0.1.0"

_HOMES = {
    "CatalogRecord": "types",
    "Collection": "collection",
    "Hit": "types",
    "RetrievalError": "errors",
    "SearchResult": "types",
    "Settings": "settings",
    "Workspace": "workspace",
    "open_collection": "opening",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'retrieval' has no attribute {name!r}")
    return getattr(import_module(f"retrieval.{_HOMES[name]}"), name)
