"""Changes that are worked out from what is stored: of captions and attributes, whose picture is not embedded again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from retrieval.records import check_record
from retrieval.search.catalogue import StoredItem
from retrieval.types import AttributeValue, CatalogRecord, FloatArray, Item
from retrieval.writer import ChangedMeanwhileError, EmbeddedItem, WriteBatch

T = TypeVar("T")
TRIES = 5
"""How often a change is worked out because another one of the same documents came between."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What is to change: `attributes` is a JSON merge patch (RFC 7396), None removes one; no `captions`: they stay."""

    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    captions: tuple[str, ...] | None = None

    def applied_to(self, item: Item) -> CatalogRecord:
        """The document as it is to be. `RecordError` as of `check_record`."""
        captions = item.captions if self.captions is None else self.captions
        merged = {**item.attributes, **self.attributes}
        attributes = {name: value for name, value in merged.items() if value is not None}
        return check_record(CatalogRecord(item.doc_id, item.image_uri, captions, attributes))


def patched(stored: StoredItem, record: CatalogRecord, captions: FloatArray) -> WriteBatch:
    """The commit that replaces the version that was read, and no other one; `captions` are float32 (n, dim)."""
    item = EmbeddedItem(record, stored.image, captions, stored.item.size)
    return WriteBatch(items=[item], expected={record.doc_id: stored.item.key})


def settled(change: Callable[[], T]) -> T:
    """Read and commit, anew where other commits came between; `ChangedMeanwhileError` where they always do."""
    for _ in range(TRIES - 1):
        with suppress(ChangedMeanwhileError):
            return change()
    return change()
