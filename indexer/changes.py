"""Which records of a source need work: each is compared with what the ledger knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from retrieval.metadata import items, ledger
from retrieval.metadata.database import Database
from retrieval.metadata.ledger import LedgerEntry
from retrieval.records import record_sha256
from retrieval.types import CatalogRecord

LOOK_UP = 500  # records compared in one query


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record, the digest of what it says, what is known of the document if it is indexed, and whether its picture
    was never measured.
    """

    record: CatalogRecord
    record_sha256: str
    known: LedgerEntry | None
    lacks_size: bool = False

    @property
    def looks_unchanged(self) -> bool:
        """Whether its words are the same and its file looks the same from outside."""
        known, signature = self.known, self.record.signature
        return (
            known is not None
            and signature is not None
            and (known.signature, known.record_sha256) == (signature, self.record_sha256)
        )


class ChangeDetector:
    """Pairs records with their ledger entries, and notes them as seen when the run is to remove vanished ones."""

    def __init__(self, database: Database, collection_id: int, *, run_id: int, mark: bool) -> None:
        self._database = database
        self._collection_id = collection_id
        self._run_id = run_id
        self._mark = mark

    def candidates(self, records: Iterable[CatalogRecord]) -> Iterator[Candidate]:
        """One candidate for each record, in order."""
        stream = iter(records)
        while part := list(islice(stream, LOOK_UP)):
            known, unmeasured = self._look_up([record.doc_id for record in part])
            for record in part:
                entry = known.get(record.doc_id)
                indexed = entry if entry and entry.state == "indexed" else None
                yield Candidate(record, record_sha256(record), indexed, record.doc_id in unmeasured)

    def _look_up(self, doc_ids: list[str]) -> tuple[dict[str, LedgerEntry], set[str]]:
        """What the ledger says of documents, and those whose pictures were never measured."""
        if self._mark:
            with self._database.write() as connection:
                ledger.mark_seen(connection, self._collection_id, doc_ids, run_id=self._run_id)
        with self._database.read() as connection:
            known = ledger.entries(connection, self._collection_id, doc_ids)
            return known, items.without_size(connection, self._collection_id, doc_ids)
