"""What was dropped between the beginning of a search and its looking something up."""

from __future__ import annotations

from collections.abc import Sized

from retrieval.errors import StorageError
from retrieval.index.generation import GenerationView
from retrieval.types import FloatArray, KeyArray


class StaleViewError(StorageError):
    """A compaction has dropped what this search was about to look up; the next try sees the new state."""

    def __init__(self) -> None:
        super().__init__("the collection was compacted while it was searched: try again")


def vectors_of(view: GenerationView, keys: KeyArray) -> FloatArray:
    """The stored vectors of these keys, float32 (n, dim); `StaleViewError` where one is gone."""
    try:
        return view.vectors(keys)
    except KeyError as error:
        raise StaleViewError from error


def check_complete(wanted: Sized, rows: Sized) -> None:
    """`StaleViewError` where rows of the database are gone."""
    if len(rows) < len(wanted):
        raise StaleViewError
