"""A query on its way: what it was asked with, and what it has become once nothing has to be encoded any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retrieval.certificate import Modality
from retrieval.collection import Collection
from retrieval.metadata.lexical.query import LexicalQuery
from retrieval.search.cursor import fingerprint
from retrieval.search.query import Document, Text, Vector, Weighted
from retrieval.search.ranking import Sought


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that is still a file's bytes, or their base64 text."""

    data: bytes | str


@dataclass(frozen=True, slots=True)
class Clue:
    """A term of the query and how much it counts; its picture is not decoded yet."""

    term: Text | Picture | Document | Vector
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A query whose `terms` need no encoder any more (None where words alone are searched for).

    `timings` are the seconds that this took, by stage.
    """

    collection: Collection
    clues: Sequence[Clue]
    terms: Sequence[Weighted] | None
    words: LexicalQuery | None
    timings: Mapping[str, float]

    def fingerprint(self) -> bytes:
        """As `retrieval.search.cursor.fingerprint`, of what is not decoded."""
        return fingerprint(
            (_file(clue.term) if isinstance(clue.term, Picture) else clue.term, clue.weight) for clue in self.clues
        )

    @property
    def is_of_any_state(self) -> bool:
        """Whether it is the same query whatever is written; a document may be replaced by another."""
        return not any(isinstance(clue.term, Document) for clue in self.clues)

    def sought(self, fingerprint: bytes) -> Sought:
        """What the engine searches for. Raises what `Collection.embed_query` does."""
        if self.terms is None:
            return Sought(None, words=self.words, asked=fingerprint)
        return Sought(self.collection.embed_query(self.terms), _modality(self.clues), self.words, fingerprint)


def _file(picture: Picture) -> bytes:
    return picture.data.encode() if isinstance(picture.data, str) else picture.data


def _modality(clues: Sequence[Clue]) -> Modality | None:
    """As `retrieval.search.query.modality_of`, of what is not decoded."""
    if all(isinstance(clue.term, Text) for clue in clues):
        return "text"
    return "image" if all(isinstance(clue.term, Picture | Document) for clue in clues) else None
