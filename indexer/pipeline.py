"""source -> read -> decode -> embed -> segment -> publish -> verify, resumable at any instant.

Worker threads read and decode ahead while this thread embeds; every few thousand images one commit makes them durable
and searchable. What a kill loses is the work since the last commit; the next run finds it missing in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic

from indexer.changes import ChangeDetector
from indexer.config import IndexConfig
from indexer.prepare import Measured, Prepared, Rejected, Restated, Unchanged, in_order, prepare
from indexer.report import IndexReport
from retrieval.building import OnBuild
from retrieval.collection import Collection
from retrieval.embedding import DecodedRecord, embed_decoded, embedded_items
from retrieval.errors import SourceError
from retrieval.locks import exclusive
from retrieval.metadata import ledger
from retrieval.metadata.ledger import LedgerEntry
from retrieval.protocols import CatalogSource
from retrieval.types import CatalogRecord, PictureSize
from retrieval.verification import verify
from retrieval.writer import EmbeddedItem, WriteBatch

OnProgress = Callable[[IndexReport], None]

AHEAD = 256
"""Images that are read and decoded before the encoder asks for them."""
COMMIT_AFTER_S = 60.0
"""So that little is lost where the encoder is slow."""
LEDGER_ONLY = 10
"""So many times as many documents are committed together where nothing has to be embedded: these cost little."""


def index(
    source: CatalogSource,
    collection: Collection,
    *,
    config: IndexConfig | None = None,
    source_name: str = "",
    on_progress: OnProgress | None = None,
    on_build: OnBuild | None = None,
) -> IndexReport:
    """Bring a collection up to date with a source.

    Raises:
        SourceError: the source is malformed (nothing was written), or empty when vanished documents are to go.
        ConflictError: another bulk run is at work on the collection.
        StorageError: the disk is full or the database is gone; what was committed stays, the next run continues.
    """
    config = config or IndexConfig()
    total = source.check()
    busy = f"another run is indexing into {collection.name!r}: wait for it to finish"
    with exclusive(collection.folder.parent / "index.lock", wait_s=0, busy=busy):
        run = _Run(collection, config, source_name, on_progress)
        run.report.total = total
        return run.all_of(source, on_build)


class _Run:
    """The state of one run: what has been prepared and embedded, and not yet committed."""

    def __init__(
        self,
        collection: Collection,
        config: IndexConfig,
        source_name: str,
        on_progress: OnProgress | None,
    ) -> None:
        self.report = IndexReport()
        self._collection = collection
        self._database = collection.database
        self._config = config
        self._on_progress = on_progress
        self._started = self._committed = monotonic()
        self._to_embed: list[DecodedRecord] = []
        self._embedded: list[EmbeddedItem] = []
        self._ledger: list[LedgerEntry] = []
        self._sizes: dict[str, PictureSize] = {}
        with self._database.write() as connection:
            self._id = ledger.start_run(connection, collection.info.id, source=source_name)

    def all_of(self, source: CatalogSource, on_build: OnBuild | None) -> IndexReport:
        """Read the source to its end, commit, compact, verify; raises as `index` once the run is marked as failed."""
        try:
            self._read(source)
            if self._config.sync:
                self._remove_vanished()
            self._collection.compact(on_build=on_build)
            verify(self._collection, checksums=False)
        except BaseException as error:  # Ctrl-C and a job that is cancelled too: the run does not go on
            self._finish(str(error) or type(error).__name__)
            raise
        self._finish(None)
        return self.report

    def _read(self, source: CatalogSource) -> None:
        config, collection = self._config, self._collection
        detector = ChangeDetector(self._database, collection.info.id, run_id=self._id, mark=config.sync)
        work = partial(prepare, encoder=lambda: collection.encoder, run_id=self._id, checksum=config.checksum)
        with ThreadPoolExecutor(config.workers, thread_name_prefix="decode") as executor:
            try:
                for prepared in in_order(executor, work, detector.candidates(source.records()), ahead=AHEAD):
                    self._take(prepared)
                    self._tell()
            finally:
                executor.shutdown(wait=False, cancel_futures=True)
                self._commit()

    def _take(self, prepared: Prepared) -> None:
        match prepared:
            case Unchanged(entry):
                self.report.unchanged += 1
                self._ledger += [entry] if entry else []
            case Measured(doc_id, size):
                self.report.unchanged += 1
                self._sizes[doc_id] = size
            case Rejected(entry):
                self.report.reject(entry)
                self._ledger.append(entry)
            case Restated(record, entry):
                self._embedded += self._restated(record)
                self._ledger.append(entry)
                self.report.updated += 1
            case DecodedRecord():
                self._to_embed.append(prepared)
                if len(self._to_embed) >= self._config.batch_size:
                    self._embed()
        if self._is_time_to_commit:
            self._commit()

    @property
    def _is_time_to_commit(self) -> bool:
        most = self._config.commit_every
        enough = len(self._embedded) >= most or len(self._ledger) + len(self._sizes) >= LEDGER_ONLY * most
        return enough or monotonic() - self._committed > COMMIT_AFTER_S

    def _restated(self, record: CatalogRecord) -> list[EmbeddedItem]:
        collection = self._collection
        stored = collection.catalogue.stored(record.doc_id)
        return embedded_items(collection.encoder, [record], stored.image[None], [stored.item.size], collection.info)

    def _embed(self) -> None:
        batch, self._to_embed = self._to_embed, []
        if not batch:
            return
        self._embedded += embed_decoded(batch, self._collection.encoder, self._collection.info)
        self._ledger += [one.entry for one in batch]
        self.report.indexed += len(batch)

    def _commit(self) -> None:
        self._embed()
        if self._embedded or self._ledger or self._sizes:
            batch = WriteBatch(items=self._embedded, ledger=self._ledger, sizes=self._sizes)
            self._collection.writer.commit(batch)
            self._collection.compactor.fold()
        self._embedded, self._ledger, self._sizes = [], [], {}
        self._committed = monotonic()

    def _remove_vanished(self) -> None:
        if not self.report.done:
            raise SourceError("the source has no records, and --sync would delete the whole collection: check the path")
        while vanished := self._unseen():
            self.report.removed += self._collection.delete(vanished)

    def _unseen(self) -> list[str]:
        with self._database.read() as connection:
            return ledger.unseen(connection, self._collection.info.id, run_id=self._id, limit=5_000)

    def _tell(self) -> None:
        self.report.seconds = monotonic() - self._started
        if self._on_progress:
            self._on_progress(self.report)

    def _finish(self, error: str | None) -> None:
        self._tell()
        with self._database.write() as connection:
            ledger.finish_run(connection, self._id, counts=self.report.counts(), error=error)
