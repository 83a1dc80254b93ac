"""What the routes share: one of these lives from start-up to shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from api.encoding.bulk import BulkEncoder
from api.encoding.queries import Encode, EncoderQueues, QueryEncoder, Queue
from api.jobs.roots import SourceRoots
from api.jobs.runner import JobRunner
from api.jobs.upkeep import UpkeepWatch
from api.observing.metrics import Metrics
from api.opened import OpenCollections, Opened
from api.pictures.thumbnails import ThumbnailCache
from api.process.readiness import Readiness
from api.searching.admission import Admission
from api.searching.answers import AnswerCache
from api.searching.finding import Find, Finder, Finders, Found
from api.searching.query import Prepared
from api.settings import ApiSettings
from api.transactions import Transactions
from api.workers import Workers
from api.writing.commits import Commits
from api.writing.items import ItemWriter
from retrieval.images.decode import DecodeLimits
from retrieval.images.room import PixelRoom
from retrieval.index.upkeep import Upkeep
from retrieval.settings import Settings
from retrieval.types import FloatArray
from retrieval.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Service:
    """An open workspace with its collections, and the threads and processes that work on them.

    `leaving` is set when the service is about to stop: what would go on for long ends then.
    """

    settings: ApiSettings
    workspace: Workspace
    collections: OpenCollections
    workers: Workers
    admission: Admission
    decode_limits: DecodeLimits
    queries: QueryEncoder
    finders: Finders
    items: ItemWriter
    metrics: Metrics
    thumbnails: ThumbnailCache
    readiness: Readiness
    source_roots: SourceRoots
    transactions: Transactions
    jobs: JobRunner
    upkeep: UpkeepWatch
    leaving: asyncio.Event

    @classmethod
    def open(cls, settings: Settings, api_settings: ApiSettings, metrics: Metrics) -> Service:
        """Open the data folder; no collection and no model yet. `StorageError` when it cannot be opened."""
        workspace, leaving = Workspace(settings), asyncio.Event()
        workers = Workers(
            api_settings.threads,
            encoder_threads=api_settings.encoder_threads,
            text_lanes=api_settings.text_lanes,
        )
        encoders = _encoders(api_settings, workers, metrics)
        transactions, roots = Transactions(workspace.database, workers), SourceRoots(api_settings.source_roots)
        collections = OpenCollections(workspace)
        decode_limits = DecodeLimits(max_pixels=api_settings.max_pixels, room=PixelRoom(api_settings.decode_pixels))
        upkeep = Upkeep(api_settings.maintenance_tail, api_settings.maintenance_dead)
        return cls(
            settings=api_settings,
            workspace=workspace,
            collections=collections,
            workers=workers,
            decode_limits=decode_limits,
            admission=Admission(most=api_settings.searches, timeout_s=api_settings.request_timeout_s, metrics=metrics),
            queries=_query_encoder(api_settings, encoders, metrics),
            finders=_finders(api_settings, workers, collections, metrics),
            items=_item_writer(api_settings, workers, encoders, metrics, decode_limits),
            metrics=metrics,
            thumbnails=ThumbnailCache(workspace.data_dir / "thumbnails"),
            readiness=Readiness(),
            source_roots=roots,
            transactions=transactions,
            jobs=JobRunner(workspace, api_settings, roots, transactions, leaving),
            upkeep=UpkeepWatch(upkeep, collections, workers, transactions, leaving),
            leaving=leaving,
        )

    async def opened(self, name: str) -> Opened:
        """A collection, with or without its encoder."""
        return await self.workers.run(self.collections.get, name)

    async def opened_with_encoder(self, name: str) -> Opened:
        """A collection with its encoder, which is loaded now if nothing has needed it before."""
        opened = await self.opened(name)
        return opened if opened.encoder else await self.workers.load(self.collections.get_with_encoder, name)

    def close(self) -> None:
        """Let threads and database connections go."""
        self.workers.close()
        self.workspace.close()


def _encoders(settings: ApiSettings, workers: Workers, metrics: Metrics) -> EncoderQueues:
    async def texts(encode: Encode, items: Sequence[object]) -> Sequence[FloatArray]:
        metrics.batch(len(items))
        return list(await workers.encode_texts(encode, items))

    async def images(encode: Encode, items: Sequence[object]) -> Sequence[FloatArray]:
        metrics.batch(len(items))
        return list(await workers.encode_images(encode, items))

    most = settings.encoder_queue
    queues = EncoderQueues(
        Queue(texts, most_waiting=most, at_once=settings.text_lanes), Queue(images, most_waiting=most)
    )
    metrics.watch_queue(lambda: len(queues))
    return queues


def _finders(settings: ApiSettings, workers: Workers, collections: OpenCollections, metrics: Metrics) -> Finders:
    answers = AnswerCache(most_bytes=settings.answer_cache_mb * 2**20, watch=metrics.answer_cached)
    finder = Finder(collections, answers)

    async def run(work: Find, queries: Sequence[Prepared]) -> Sequence[Found]:
        return await workers.run(finder.find, work, queries)

    return Finders(run, most_waiting=settings.searches * settings.max_batch, at_once=settings.threads)


def _query_encoder(settings: ApiSettings, encoders: EncoderQueues, metrics: Metrics) -> QueryEncoder:
    return QueryEncoder(encoders, metrics, most_kept=settings.query_cache, patience_s=settings.encoder_patience_s)


def _item_writer(
    settings: ApiSettings, workers: Workers, encoders: EncoderQueues, metrics: Metrics, decode_limits: DecodeLimits
) -> ItemWriter:
    patience_s = settings.write_patience_s
    share = max(1, settings.encoder_queue // 4)
    return ItemWriter(
        workers,
        BulkEncoder(encoders, metrics, most_waiting=share, patience_s=patience_s),
        Commits(workers, patience_s=patience_s),
        decode_limits,
        decoding=max(1, settings.threads // 2),
    )
