"""candidate -> bytes -> pixels: what worker threads do ahead of the encoder."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from indexer.changes import Candidate
from retrieval.embedding import DecodedRecord, decode_record, indexed_entry, rejected_entry
from retrieval.errors import ImageError
from retrieval.images.decode import decode
from retrieval.images.read import read_image
from retrieval.metadata.ledger import LedgerEntry
from retrieval.protocols import Encoder
from retrieval.records import check_record
from retrieval.types import CatalogRecord, PictureSize

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing to do; `entry` is set when only the file's outside (its modification time, say) has changed."""

    entry: LedgerEntry | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Nothing to do but to say how large the picture is, which a release before did not keep."""

    doc_id: str
    size: PictureSize


@dataclass(frozen=True, slots=True)
class Restated:
    """The same picture with other captions or attributes: its vector is kept."""

    record: CatalogRecord
    entry: LedgerEntry


@dataclass(frozen=True, slots=True)
class Rejected:
    """A picture that cannot be indexed, and why."""

    entry: LedgerEntry


Prepared: TypeAlias = Unchanged | Measured | Restated | DecodedRecord | Rejected
"""What is to be done; a `DecodedRecord` is a new or changed picture, ready for the encoder."""


def prepare(candidate: Candidate, encoder: Callable[[], Encoder], *, run_id: int, checksum: bool) -> Prepared:
    """Do for one record all that comes before the model. Never raises for a bad image.

    `encoder` is asked for only for a new picture, so that a run without any does not wait for a model to load.
    """
    record, known = candidate.record, candidate.known
    if candidate.looks_unchanged and not checksum:
        return _measured(record) if candidate.lacks_size else Unchanged()
    try:
        data = read_image(check_record(record).image_uri)
        entry = indexed_entry(record, data, seen_run=run_id)
        if known and known.content_sha256 == entry.content_sha256:
            same_words = known.record_sha256 == entry.record_sha256
            return Unchanged(entry) if same_words else Restated(record, entry)
        return decode_record(record, data, encoder(), entry=entry)
    except ImageError as error:
        return Rejected(rejected_entry(record, error, seen_run=run_id))


def _measured(record: CatalogRecord) -> Measured | Unchanged:
    try:
        return Measured(record.doc_id, decode(read_image(record.image_uri), at_least=1).size)
    except ImageError:  # it stays as it was indexed
        return Unchanged()


def in_order(executor: Executor, work: Callable[[T], R], inputs: Iterable[T], *, ahead: int) -> Iterator[R]:
    """Map over inputs in parallel, yielding results in the order of the inputs, at most `ahead` of them unfetched."""
    waiting: deque[Future[R]] = deque()
    try:
        for value in inputs:
            waiting.append(executor.submit(work, value))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
