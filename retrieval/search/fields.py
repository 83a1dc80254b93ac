"""What is told of a hit beside its doc_id, score and rank; the rest is not read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from retrieval.errors import InputError
from retrieval.types import Hit

ALWAYS = frozenset({"doc_id", "score", "rank"})
PREFIX = "attributes."


@dataclass(frozen=True, slots=True)
class Fields:
    """Whether captions and attributes are told, and which attributes: None for all of them."""

    captions: bool = True
    attributes: bool = True
    names: frozenset[str] | None = None

    @classmethod
    def named(cls, fields: Iterable[str] | None) -> Fields:
        """Of `captions`, `attributes`, and `attributes.NAME` for single ones; None for everything.

        Raises:
            InputError: a field that there is not.
        """
        if fields is None:
            return cls()
        wanted = set(fields) - ALWAYS
        names = frozenset(field.removeprefix(PREFIX) for field in wanted if field.startswith(PREFIX))
        unknown = sorted(field for field in wanted - {"captions", "attributes"} if not field.startswith(PREFIX))
        if unknown:
            there = "doc_id, score, rank, captions, attributes and attributes.NAME"
            raise InputError(f"no field {unknown[0][:100]!r}: there are {there}")
        whole = "attributes" in wanted
        return cls("captions" in wanted, whole or bool(names), None if whole else names)

    def of(self, hit: Hit) -> Hit:
        """The hit with these fields alone."""
        if self == ALL_FIELDS:
            return hit
        attributes = hit.attributes if self.attributes else {}
        if self.names is not None:
            attributes = {name: value for name, value in attributes.items() if name in self.names}
        return replace(hit, captions=hit.captions if self.captions else (), attributes=attributes)


ALL_FIELDS = Fields()
