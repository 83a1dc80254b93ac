"""Where a search goes on: after what it has given.

A cursor names the documents that were given, each by six bytes of a digest, and the next page is the best of the
others. So no document comes twice, and none that is there throughout is left out, whatever is written meanwhile and
however the hits are ranked (docs/adr/0006-cursors-name-what-was-given.md).
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

from retrieval.errors import CursorError
from retrieval.search.fields import ALL_FIELDS
from retrieval.search.grouping import groups_of
from retrieval.search.options import FacetOptions, SearchOptions
from retrieval.search.query import Document, Image, Text, Vector
from retrieval.types import AttributeValue

DIGEST, COUNT, MARK = 16, 4, 6
"""Bytes of the search's digest, of the number of hits, and of a mark."""
NOT_THIS = "the cursor is not of this search: send it with the query and the options that it came with"

Mark: TypeAlias = bytes


@dataclass(frozen=True, slots=True)
class Cursor:
    """A search by its digest, how many `hits` it has given, and the marks of these and of their groups."""

    search: bytes
    hits: int = 0
    given: frozenset[Mark] = frozenset()

    @classmethod
    def read(cls, text: str) -> Cursor:
        """The cursor that has this `text`; `CursorError` where none has."""
        try:
            data = b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except ValueError:
            raise CursorError(NOT_THIS) from None
        marks = data[DIGEST + COUNT :]
        if len(data) < DIGEST + COUNT or len(marks) % MARK:
            raise CursorError(NOT_THIS)
        given = frozenset(marks[start : start + MARK] for start in range(0, len(marks), MARK))
        return cls(data[:DIGEST], int.from_bytes(data[DIGEST : DIGEST + COUNT]), given)

    @property
    def text(self) -> str:
        """Letters, digits, `-` and `_`."""
        data = b"".join([self.search, self.hits.to_bytes(COUNT), *sorted(self.given)])
        return urlsafe_b64encode(data).decode().rstrip("=")

    def after(self, doc_ids: Sequence[str], values: Iterable[AttributeValue] = ()) -> Cursor:
        """The cursor once these were given too, with the values that they were grouped by."""
        groups = (_mark("group", repr(group)) for value in values for group in groups_of(value))
        documents = (_mark("document", doc_id) for doc_id in doc_ids)
        return Cursor(self.search, self.hits + len(doc_ids), self.given.union(documents, groups))

    def has(self, doc_id: str) -> bool:
        """Whether a document was given."""
        return _mark("document", doc_id) in self.given

    def not_given(self, value: AttributeValue) -> AttributeValue:
        """A value to group by, without what stands for groups that were given."""
        if isinstance(value, list):
            return [one for one in value if self.not_given(one) is not None]
        given = any(_mark("group", repr(group)) in self.given for group in groups_of(value))
        return None if given else value


def fingerprint(terms: Iterable[tuple[Text | Image | Document | Vector | bytes, float]]) -> bytes:
    """A digest of what is looked for; bytes are those of a picture's file."""
    digest = blake2b(digest_size=DIGEST)
    for term, weight in terms:
        part = blake2b(_content(term), digest_size=DIGEST, person=type(term).__name__.encode())
        digest.update(part.digest() + repr(weight).encode())
    return digest.digest()


def search_digest(collection_id: int, asked: bytes, options: SearchOptions) -> bytes:
    """A digest of a search: everything but how many hits are wanted, and what else is told of them."""
    said = repr((collection_id, asked)) + _said(options)
    return blake2b(said.encode(), digest_size=DIGEST).digest()


@lru_cache
def _said(options: SearchOptions) -> str:
    same = replace(options, k=1, explain=False, fields=ALL_FIELDS, facets=FacetOptions(), cursor=None)
    return repr(sorted(asdict(same).items()))


def _content(term: Text | Image | Document | Vector | bytes) -> bytes:
    match term:
        case Text(text) | Document(text):
            return text.encode("utf-8", "surrogatepass")
        case Image(image):
            return image.pixels.tobytes()
        case Vector(vector):
            return vector.tobytes()
        case _:
            return term


def _mark(kind: str, name: str) -> Mark:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=MARK, person=kind.encode()).digest()
